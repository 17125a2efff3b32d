/* SPDX-License-Identifier: ISC */

/* A plan on its way to tcctl: what is refused, and what is asked again. */

#include <errno.h>

#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"
#include "t.h"

enum { IFINDEX = 3, RULES = 2 };

static struct rules rules;
static struct engine engine;
static struct {
	size_t asked; /* how often */
	size_t count; /* rules, the last time */
	tc_client_rules_fn *done;
	void *arg;
	size_t timers;
} tc;

/* ---- the parts around it ------------------------------------------------- */

void
tc_client_rules(struct tc_client *client, uint32_t ifindex,
	const struct tc_rule *const *list, size_t count,
	tc_client_rules_fn *done, void *arg)
{
	(void)client, (void)list;
	T_EQ(ifindex, IFINDEX);
	tc.asked++;
	tc.count = count;
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
	(void)one;
}

bool
rsvp_core_rule_hold(struct rsvp_core *core, uint32_t ifindex, uint64_t rate_Bps,
	uint32_t *held, char reason[RSVP_REASON])
{
	(void)core, (void)ifindex, (void)rate_Bps, (void)held, (void)reason;
	return true;
}

void
rsvp_core_rule_release(struct rsvp_core *core, uint32_t held)
{
	(void)core, (void)held;
}

int64_t
account_now_ms(void)
{
	return 1;
}

struct mono
loop_now(void)
{
	return (struct mono){ 1 };
}

void
loop_timer_set(struct loop_timer *timer, struct mono when)
{
	(void)timer, (void)when;
	tc.timers++;
}

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
			.rule.id = (uint32_t)i + 7,
			.rule.rate_Bps = rate_Bps };
		all[i] = &rooms[i];
	}
	iface->plan.all = all;
	iface->plan.count = RULES;
	iface->pending = true;
}

static struct managed *
begin(void)
{
	memset(&rules, 0, sizeof(rules));
	memset(&tc, 0, sizeof(tc));
	rules.engine = &engine;
	rules.iface_count = 1;
	rules.ifaces[0] = (struct managed){ .ifindex = IFINDEX, .ready = true };
	set_plan(1000);
	rules_force(&rules, &rules.ifaces[0]);
	T_EQ(tc.asked, 1);
	T_EQ(tc.count, RULES);
	return &rules.ifaces[0];
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

static struct t_case cases[] = {
	{ "what is refused is left out", what_is_refused_is_left_out },
	{ "what is refused is no rule of a newer plan",
		what_is_refused_is_no_rule_of_a_newer_plan },
	{ "a failure of all is tried again", a_failure_of_all_is_tried_again },
};

T_MAIN(cases)
