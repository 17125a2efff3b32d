/* SPDX-License-Identifier: ISC */

/* A plan on its way to tcctl: what is refused, and what is asked again. */

#include <errno.h>

#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"
#include "t.h"
#include "t_heap.h"
#include "t_log.h"

enum { IFINDEX = 3, RULES = 2, RATE_BPS = 1000, NOW_US = 7000 };

static struct rules rules;
static struct engine engine;
static struct {
	size_t asked; /* how often */
	size_t count; /* rules, the last time */
	uint32_t ids[RULES];
	bool guaranteed[RULES];
	tc_client_rules_fn *done;
	void *arg;
	size_t timers;
	struct mono timer;
} tc;

/* The capacity of the interface, and what is held of it. */
static struct {
	uint64_t room_Bps;
	uint64_t held_Bps[RULES + 1]; /* by id */
} ledger;

static int64_t unix_ms;
static size_t warnings;
static char warning[512];

/* ---- the parts around it ------------------------------------------------- */

void
tc_client_rules(struct tc_client *client, uint32_t ifindex,
	const struct tc_rule *const *list, size_t count,
	tc_client_rules_fn *done, void *arg)
{
	(void)client;
	T_EQ(ifindex, IFINDEX);
	T_CHECK(count <= RULES, "%zu rules", count);
	tc.asked++;
	tc.count = count;
	for (size_t i = 0; i < count; i++) {
		tc.ids[i] = list[i]->id;
		tc.guaranteed[i] = list[i]->guaranteed;
	}
	tc.done = done;
	tc.arg = arg;
}

struct managed *
rules_iface(struct rules *all, uint32_t ifindex)
{
	return ifindex == IFINDEX ? &all->ifaces[0] : NULL;
}

void
rules_arbitrate(struct instance *one)
{
	one->settled = true;
}

static uint64_t
held_Bps(void)
{
	uint64_t sum = 0;

	for (size_t i = 1; i <= RULES; i++)
		sum += ledger.held_Bps[i];
	return sum;
}

bool
rsvp_core_rule_hold(struct rsvp_core *core, uint32_t ifindex, uint64_t rate_Bps,
	uint32_t *id, char reason[RSVP_REASON])
{
	(void)core;
	T_EQ(ifindex, IFINDEX);
	T_CHECK(*id <= RULES, "rule %u is not held", *id);
	if (held_Bps() - ledger.held_Bps[*id] + rate_Bps > ledger.room_Bps) {
		(void)text_copy(reason, RSVP_REASON, "no room");
		return false;
	}
	for (uint32_t i = 1; *id == 0; i++)
		if (ledger.held_Bps[i] == 0)
			*id = i;
	ledger.held_Bps[*id] = rate_Bps;
	return true;
}

void
rsvp_core_rule_release(struct rsvp_core *core, uint32_t id)
{
	(void)core;
	T_CHECK(id <= RULES, "rule %u is not held", id);
	ledger.held_Bps[id] = 0;
}

int64_t
account_now_ms(void)
{
	return unix_ms;
}

struct mono
loop_now(void)
{
	return (struct mono){ NOW_US };
}

void
loop_timer_set(struct loop_timer *timer, struct mono when)
{
	T_CHECK(timer == rules.retry, "another timer");
	tc.timers++;
	tc.timer = when;
}

T_LOG_KEEP(warn, warning, warnings)

/* ---- a bench ------------------------------------------------------------- */

/* Another plan of as many rules, that drop at this rate. */
static void
set_plan(uint64_t rate_Bps)
{
	static struct instance rooms[RULES];
	static struct instance *all[RULES];
	struct managed *iface = &rules.ifaces[0];

	for (size_t i = 0; i < RULES; i++) {
		rooms[i] = (struct instance){ .ifindex = IFINDEX,
			.info.state = RULES_WAITING,
			.info.name = "r",
			.rule.id = (uint32_t)i + 7,
			.rule.rate_Bps = rate_Bps };
		all[i] = &rooms[i];
	}
	iface->plan.all = all;
	iface->plan.count = RULES;
	iface->pending = true;
}

/* As if it were another turn. */
static void
force(void)
{
	rules.ifaces[0].pending = true;
	rules_force(&rules, &rules.ifaces[0]);
	T_EQ(rules.ifaces[0].pending, false);
}

/* A plan that nothing is asked for yet. */
static struct managed *
prepare(void)
{
	memset(&rules, 0, sizeof(rules));
	memset(&tc, 0, sizeof(tc));
	memset(&ledger, 0, sizeof(ledger));
	unix_ms = 1;
	warnings = 0;
	rules.engine = &engine;
	rules.retry = (struct loop_timer *)(void *)&rules;
	rules.iface_count = 1;
	rules.ifaces[0] = (struct managed){
		.ifindex = IFINDEX, .name = "eth3", .ready = true
	};
	set_plan(RATE_BPS);
	return &rules.ifaces[0];
}

static struct managed *
begin(void)
{
	struct managed *iface = prepare();

	rules_force(&rules, iface);
	T_EQ(tc.asked, 1);
	T_EQ(tc.count, RULES);
	return iface;
}

static void
answer(int error, uint32_t id)
{
	struct tc_done done = { .error = error, .flow_id = id };

	(void)text_copy(done.text, sizeof(done.text), error ? "no" : "");
	tc.done(tc.arg, IFINDEX, &done);
}

/* ---- cases --------------------------------------------------------------- */

static void
what_is_refused_is_left_out(void)
{
	struct managed *iface = begin();

	answer(EINVAL, 8);
	T_EQ(iface->plan.all[1]->info.state, RULES_REFUSED);
	T_STR(iface->plan.all[1]->info.reason, "no");
	T_EQ(tc.asked, 2);
	T_EQ(tc.count, 1);
	answer(0, 0);
	T_EQ(iface->plan.all[0]->info.state, RULES_INSTALLED);
	T_EQ(iface->plan.all[1]->info.state, RULES_REFUSED);
	T_EQ(tc.timers, 0);
}

/* It has the same number, and may be mended. */
static void
what_is_refused_is_no_rule_of_a_newer_plan(void)
{
	struct managed *iface = begin();

	set_plan(2000);
	rules_force(&rules, iface);
	T_EQ(tc.asked, 1);
	answer(EINVAL, 8);
	T_EQ(iface->plan.all[1]->info.state, RULES_WAITING);
	T_EQ(tc.asked, 2);
	T_EQ(tc.count, RULES);
	answer(0, 0);
	T_EQ(iface->plan.all[1]->info.state, RULES_INSTALLED);

	/* Nor of one that is not asked for yet. */
	iface = begin();
	set_plan(2000);
	answer(EINVAL, 8);
	T_EQ(iface->plan.all[1]->info.state, RULES_WAITING);
	T_EQ(tc.asked, 1);
	rules_force(&rules, iface);
	T_EQ(tc.asked, 2);
	T_EQ(tc.count, RULES);
	answer(EINVAL, 8);
	T_EQ(iface->plan.all[1]->info.state, RULES_REFUSED);
}

static void
a_failure_of_all_is_tried_again(void)
{
	struct managed *iface = begin();

	answer(EIO, 0);
	T_EQ(tc.asked, 1);
	T_EQ(tc.timers, 1);
	T_STR(iface->plan.all[0]->info.reason, "no");
	/* Of what is asked anew at once it is none. */
	iface = begin();
	set_plan(2000);
	rules_force(&rules, iface);
	answer(EIO, 0);
	T_EQ(tc.asked, 2);
	T_EQ(tc.timers, 0);
	T_STR(iface->plan.all[0]->info.reason, "");
}

/* ---- whom it asks for what ----------------------------------------------- */

static void
rules_go_in_their_order(void)
{
	const size_t before = t_heap_held;
	struct managed *iface = begin();

	T_EQ(t_heap_held, before);
	T_EQ(tc.ids[0], 7);
	T_EQ(tc.ids[1], 8);
	T_CHECK(!tc.guaranteed[0] && !tc.guaranteed[1], "nothing is held");
	T_EQ(held_Bps(), 0);
	for (size_t i = 0; i < RULES; i++) {
		T_CHECK(iface->plan.all[i]->settled, "before whom is not said");
		T_EQ(iface->plan.all[i]->info.state, RULES_WAITING);
	}
}

/* Their time has come when they are in force first, and stays that. */
static void
what_is_taken_is_in_force(void)
{
	struct managed *iface = begin();

	iface->plan.all[1]->info.state = RULES_INACTIVE;
	unix_ms = 50;
	answer(0, 0);
	T_EQ(iface->plan.all[0]->info.state, RULES_INSTALLED);
	T_EQ(iface->plan.all[0]->since_unix_ms, 50);
	T_EQ(iface->plan.all[1]->info.state, RULES_INACTIVE);
	T_EQ(iface->plan.all[1]->since_unix_ms, 0);
	unix_ms = 60;
	iface->plan.all[0]->info.state = RULES_WAITING;
	iface->plan.all[1]->info.state = RULES_WAITING;
	force();
	answer(0, 0);
	T_EQ(iface->plan.all[0]->since_unix_ms, 50);
	T_EQ(iface->plan.all[1]->since_unix_ms, 60);
}

static void
the_same_list_is_asked_for_once(void)
{
	struct managed *iface = begin();

	answer(0, 0);
	force();
	T_EQ(tc.asked, 1);
	/* A rule that waits again is in that list, and in force. */
	iface->plan.all[0]->info.state = RULES_WAITING;
	force();
	T_EQ(tc.asked, 1);
	T_EQ(iface->plan.all[0]->info.state, RULES_INSTALLED);
	iface->plan.all[1]->info.state = RULES_INACTIVE;
	force();
	T_EQ(tc.asked, 2);
	T_EQ(tc.count, 1);
	T_EQ(tc.ids[0], 7);
	answer(0, 0);
	iface->plan.all[0]->rule.rate_Bps++;
	force();
	T_EQ(tc.asked, 3);
}

/* By a tcctl that has gone, or that refused: nothing is known then. */
static void
a_list_that_is_not_in_force_is_asked_for_again(void)
{
	struct managed *iface = begin();

	tc.done(tc.arg, IFINDEX, NULL);
	T_EQ(iface->busy, false);
	T_EQ(iface->plan.all[0]->info.state, RULES_WAITING);
	force();
	T_EQ(tc.asked, 2);
	answer(EIO, 0);
	force();
	T_EQ(tc.asked, 3);
	answer(0, 0);
	force();
	T_EQ(tc.asked, 3);
	/* The interface is none of ours any more. */
	tc.done(tc.arg, IFINDEX + 1, &(struct tc_done){ .error = EIO });
	T_EQ(tc.asked, 3);
	T_EQ(tc.timers, 1);
}

static void
nothing_is_asked_before_the_interface_is_ready(void)
{
	struct managed *iface = prepare();

	iface->ready = false;
	force();
	T_EQ(tc.asked, 0);
	iface->ready = true;
	force();
	T_EQ(tc.asked, 1);
	T_EQ(tc.count, RULES);
}

/* While it is asked, what is new waits; what is old by then is in force. */
static void
one_list_is_asked_for_at_a_time(void)
{
	struct managed *iface = begin();

	force();
	T_EQ(tc.asked, 1);
	T_EQ(iface->again, true);
	answer(0, 0);
	T_EQ(tc.asked, 1); /* the same */
	T_EQ(iface->again, false);
	T_EQ(iface->plan.all[0]->info.state, RULES_INSTALLED);
	set_plan(2 * RATE_BPS);
	force();
	T_EQ(tc.asked, 2);
	T_EQ(iface->again, false);
}

static void
a_failure_is_shown_with_what_waits(void)
{
	struct managed *iface = begin();

	iface->plan.all[0]->info.state = RULES_INSTALLED;
	answer(EIO, 0);
	T_STR(iface->plan.all[0]->info.reason, "");
	T_STR(iface->plan.all[1]->info.reason, "no");
	T_EQ(iface->plan.all[1]->info.state, RULES_WAITING);
	T_EQ(tc.timers, 1);
	T_EQ(mono_ms_between(loop_now(), tc.timer), 5000);
}

static void
without_heap_it_is_tried_again(void)
{
	struct managed *iface = prepare();

	t_heap_fail_at = 1;
	force();
	T_EQ(t_heap_fail_at, 0);
	T_EQ(tc.asked, 0);
	T_EQ(tc.timers, 1);
	T_STR(iface->plan.all[0]->info.reason, "no memory");
	force();
	T_EQ(tc.asked, 1);
}

/* ---- capacity ------------------------------------------------------------ */

/* A plan of which the rules need capacity, of which there is so much. */
static struct managed *
prepare_admitted(uint64_t room_Bps)
{
	struct managed *iface = prepare();

	for (size_t i = 0; i < RULES; i++)
		iface->plan.all[i]->admit = true;
	ledger.room_Bps = room_Bps;
	return iface;
}

static void
what_asks_for_capacity_holds_it(void)
{
	struct managed *iface = prepare_admitted((uint64_t)RULES * RATE_BPS);

	iface->plan.all[1]->admit = false;
	force();
	T_EQ(held_Bps(), RATE_BPS);
	T_CHECK(tc.guaranteed[0] && !tc.guaranteed[1], "the first alone");
	/* Once, however often. */
	answer(0, 0);
	force();
	T_EQ(held_Bps(), RATE_BPS);
	T_EQ(iface->plan.all[0]->held, 1);
	/* Where it is not to be in force it holds nothing. */
	iface->plan.all[0]->info.state = RULES_INACTIVE;
	force();
	T_EQ(held_Bps(), 0);
	T_EQ(iface->plan.all[0]->held, 0);
	T_CHECK(!iface->plan.all[0]->rule.guaranteed, "of nothing");
	T_EQ(warnings, 0);
}

static void
what_finds_no_capacity_is_refused(void)
{
	struct managed *iface = prepare_admitted(RATE_BPS);

	force();
	T_EQ(iface->plan.all[0]->info.state, RULES_WAITING);
	T_EQ(iface->plan.all[1]->info.state, RULES_REFUSED);
	T_STR(iface->plan.all[1]->info.reason, "no room");
	T_EQ(tc.count, 1);
	T_EQ(tc.ids[0], 7);
	T_CHECK(tc.guaranteed[0], "it has room");
	T_EQ(warnings, 1);
	T_CHECK(strstr(warning, "rule r: not in force (no room)"), "%s",
		warning);
	/* A larger one: what it held is free again. */
	answer(0, 0);
	iface->plan.all[0]->rule.rate_Bps++;
	force();
	T_EQ(iface->plan.all[0]->info.state, RULES_REFUSED);
	T_EQ(iface->plan.all[0]->held, 0);
	T_CHECK(!iface->plan.all[0]->rule.guaranteed, "of nothing");
	T_EQ(held_Bps(), 0);
	T_EQ(tc.count, 0);
}

static void
what_tcctl_refuses_holds_nothing(void)
{
	struct managed *iface = prepare_admitted((uint64_t)RULES * RATE_BPS);

	force();
	T_EQ(held_Bps(), RULES * RATE_BPS);
	answer(EINVAL, 7);
	T_EQ(held_Bps(), RATE_BPS);
	T_EQ(iface->plan.all[0]->held, 0);
	T_EQ(tc.count, 1);
	T_EQ(tc.ids[0], 8);
	T_EQ(warnings, 1);
}

/* ---- what is said -------------------------------------------------------- */

static void
a_refusal_is_said_once_for_each_reason(void)
{
	struct managed *iface = prepare_admitted(RATE_BPS);
	struct instance *bad = iface->plan.all[1];

	for (int i = 0; i < 3; i++) {
		bad->info.state = RULES_WAITING;
		force();
		T_EQ(bad->info.state, RULES_REFUSED);
		T_EQ(warnings, 1);
		answer(0, 0);
	}
	(void)text_copy(bad->info.reason, sizeof(bad->info.reason), "another");
	force();
	T_EQ(warnings, 2);
	T_STR(bad->told, "another");
	(void)text_copy(bad->info.reason, sizeof(bad->info.reason), "a");
	force();
	T_EQ(warnings, 3);
}

static void
rules_beyond_the_limit_are_said_once_for_each_number(void)
{
	static const struct {
		size_t beyond;
		size_t warnings;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 1, 1 }, { 3, 2 }, { 0, 2 },
		{ 3, 3 } };
	struct managed *iface = prepare();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		iface->plan.beyond = rows[i].beyond;
		force();
		T_EQ(warnings, rows[i].warnings);
	}
	T_CHECK(strstr(warning, "eth3: 5 rules on data traffic") &&
			strstr(warning, "the last 3 are not"),
		"%s", warning);
}

static struct t_case cases[] = {
	{ "what is refused is left out", what_is_refused_is_left_out },
	{ "what is refused is no rule of a newer plan",
		what_is_refused_is_no_rule_of_a_newer_plan },
	{ "a failure of all is tried again", a_failure_of_all_is_tried_again },
	{ "rules go in their order", rules_go_in_their_order },
	{ "what is taken is in force", what_is_taken_is_in_force },
	{ "the same list is asked for once", the_same_list_is_asked_for_once },
	{ "a list that is not in force is asked for again",
		a_list_that_is_not_in_force_is_asked_for_again },
	{ "nothing is asked before the interface is ready",
		nothing_is_asked_before_the_interface_is_ready },
	{ "one list is asked for at a time", one_list_is_asked_for_at_a_time },
	{ "a failure is shown with what waits",
		a_failure_is_shown_with_what_waits },
	{ "without memory it is tried again", without_heap_it_is_tried_again },
	{ "what asks for capacity holds it", what_asks_for_capacity_holds_it },
	{ "what finds no capacity is refused",
		what_finds_no_capacity_is_refused },
	{ "what tcctl refuses holds nothing",
		what_tcctl_refuses_holds_nothing },
	{ "a refusal is said once for each reason",
		a_refusal_is_said_once_for_each_reason },
	{ "rules beyond the limit are said once for each number",
		rules_beyond_the_limit_are_said_once_for_each_number },
};

T_MAIN(cases)
