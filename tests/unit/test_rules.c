/* SPDX-License-Identifier: ISC */

/*
 * When static rules are planned, in which stages, and on which interfaces:
 * rsvpd/rules.c.  What a stage does only says that it was there.
 */

#include <time.h>

#include "base/text.h"
#include "loop_t.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"
#include "t.h"

enum { ETH = 7, OUT = 8, ID = 20 };

static struct {
	struct engine engine;
	struct rules *rules;
	char done[512]; /* stages and what they did */
	struct text text;
	uint64_t generation;
	int64_t next_s; /* from now; the policy changes */
	size_t drafts;  /* turns of a draft; then it is done */
	bool by_incoming;
	bool no_memory_to[3]; /* list, draft, take */
	tc_client_ready_fn *ready;
	tc_client_rule_counter_fn *counter;
	size_t counted;
	size_t told;
	size_t marked;
	struct instance one;
	struct instance *all[1];
} w;

/* ---- the stages ---------------------------------------------------------- */

static void
note(const char *what)
{
	text_printf(&w.text, "%s%s", w.text.len > 0 ? " " : "", what);
}

bool
rules_list_links(struct rules *rules)
{
	T_CHECK(rules == w.rules, "of others");
	note("list");
	return !w.no_memory_to[0];
}

enum rules_drafted
rules_draft(struct draft *draft, const struct policy *policy,
	struct managed *ifaces, size_t count)
{
	(void)policy;
	T_CHECK(ifaces == w.rules->ifaces, "of others");
	T_EQ(count, w.rules->iface_count);
	T_CHECK(draft->links == &w.rules->links, "links of others");
	T_CHECK(draft->now_s > 0, "at no time");
	if (draft->next == 0)
		T_CHECK(!draft->by_incoming, "of the one before");
	note("draft");
	draft->next++;
	draft->by_incoming = w.by_incoming;
	if (w.no_memory_to[1])
		return RULES_NO_MEMORY;
	return draft->next < w.drafts ? RULES_MORE : RULES_DONE;
}

bool
rules_take(struct rules *rules, struct managed *iface)
{
	char text[32];

	(void)rules;
	(void)snprintf(text, sizeof(text), "take%u", iface->ifindex);
	note(text);
	return !w.no_memory_to[2];
}

void
rules_look(struct rules *rules)
{
	rules->looking = true;
	note("look");
}

void
rules_look_turn(void *arg)
{
	(void)arg;
}

/* The reservations have been looked at. */
static void
look_ends(void)
{
	w.rules->looking = false;
	rules_looked(w.rules);
}

void
rules_ask_ended(struct rules *rules)
{
	(void)rules;
	note("ended");
}

void
rules_force(struct rules *rules, struct managed *iface)
{
	char text[32];

	(void)rules;
	T_CHECK(iface->pending, "not taken");
	iface->pending = false;
	(void)snprintf(text, sizeof(text), "force%u", iface->ifindex);
	note(text);
}

void
rules_drop(struct rules *rules, struct managed *iface)
{
	(void)rules;
	iface->plan = (struct plan){ .count = 0 };
	note("drop");
}

void
rules_plan_free(struct plan *plan)
{
	*plan = (struct plan){ .count = 0 };
}

void
rules_forget_ended(struct rules *rules)
{
	(void)rules;
}

struct instance *
rules_find(struct managed *iface, uint32_t id)
{
	return iface->plan.count > 0 && id == ID ? iface->plan.all[0] : NULL;
}

/* ---- the rest of the engine ---------------------------------------------- */

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

void
policy_status(const struct policy *policy, struct policy_status *ret)
{
	(void)policy;
	*ret = (struct policy_status){ .generation = w.generation };
}

int64_t
policy_next_change(const struct policy *policy, int64_t now_unix_s)
{
	(void)policy;
	return w.next_s == INT64_MAX ? INT64_MAX : now_unix_s + w.next_s;
}

void
tc_client_on_ready(struct tc_client *tc, tc_client_ready_fn *ready, void *arg)
{
	(void)tc, (void)arg;
	w.ready = ready;
}

void
tc_client_rule_counters(
	struct tc_client *tc, tc_client_rule_counter_fn *tell, void *arg)
{
	(void)tc;
	T_CHECK(arg == w.rules, "for others");
	w.counter = tell;
	w.counted++;
}

bool
rsvp_core_iface_after(const struct rsvp_core *core, uint32_t after,
	struct rsvp_iface_info *ret_info)
{
	(void)core;
	/* All but one have the index that is asked for. */
	*ret_info = (struct rsvp_iface_info){
		.conf = { .ifindex = after + (after == 40 ? 2 : 1),
			.name = "eth",
			.mtu = 1500,
			.header_bytes = 14,
			.overhead_bytes = 4 }
	};
	return after < 1000;
}

void
marks_ready(struct marks *marks, uint32_t ifindex)
{
	(void)marks, (void)ifindex;
	w.marked++;
}

/* ---- scene --------------------------------------------------------------- */

static void
begin(void)
{
	memset(&w, 0, sizeof(w));
	w.text = text_over(w.done, sizeof(w.done));
	w.engine.loop = loop_t_begin((struct mono){ INT64_C(1) << 40 });
	w.generation = 1;
	w.next_s = INT64_MAX;
	w.drafts = 1;
	w.rules = rules_new(&w.engine);
	T_CHECK(w.rules != NULL, "no memory");
	w.all[0] = &w.one;
}

static void
end(void)
{
	rules_free(w.rules);
	rules_free(NULL);
	T_EQ(loop_t_left(), 0);
}

static void
become(uint32_t ifindex, enum tc_client_state state)
{
	w.ready(w.rules, ifindex, state);
}

/* All that is due; what was done then. */
static void
expect(const char *want)
{
	while (loop_t_call_timers())
		;
	T_STR(w.done, want);
	w.text = text_over(w.done, sizeof(w.done));
}

static void
wait_ms(int64_t ms)
{
	loop_t_go_on(ms * 1000);
}

static struct managed *
iface_of(uint32_t ifindex)
{
	return rules_iface(w.rules, ifindex);
}

/* The plan of an interface has one rule. */
static void
give_rule(uint32_t ifindex, enum rules_state state)
{
	w.one.info.state = state;
	iface_of(ifindex)->plan =
		(struct plan){ .all = w.all, .count = 1, .beyond = 3 };
}

/* ---- stages -------------------------------------------------------------- */

static void
a_plan_goes_through_its_stages(void)
{
	begin();
	w.drafts = 3;
	w.by_incoming = true;
	become(ETH, TC_CLIENT_READY);
	become(OUT, TC_CLIENT_READY);
	T_EQ(w.marked, 2);
	expect("list draft draft draft take7 take8 look");
	T_CHECK(w.rules->by_incoming, "as the draft has it");
	T_EQ(rules_settled(w.rules), 0);
	look_ends();
	expect("ended force7 force8");
	T_EQ(rules_settled(w.rules), 1);
	/* Looked at again it is not put in force again. */
	look_ends();
	expect("");
	end();
}

static void
a_bit_is_done_in_each_turn(void)
{
	begin();
	w.drafts = 2;
	become(ETH, TC_CLIENT_READY);
	(void)loop_t_call_timers();
	T_CHECK(strstr(w.done, "take") == NULL, "%s", w.done);
	expect("list draft draft take7 look");
	end();
}

static void
without_a_policy_nothing_is_planned(void)
{
	begin();
	w.generation = 0;
	become(ETH, TC_CLIENT_READY);
	expect("");
	w.generation = 2;
	rules_replan(w.rules);
	expect("list draft take7 look");
	look_ends();
	expect("ended force7");
	T_EQ(rules_settled(w.rules), 2);
	/* One that was answered for is settled. */
	iface_of(ETH)->busy = true;
	T_EQ(rules_settled(w.rules), 0);
	end();
}

static void
what_changes_meanwhile_begins_a_new_plan(void)
{
	begin();
	w.drafts = 2;
	become(ETH, TC_CLIENT_READY);
	become(OUT, TC_CLIENT_READY);
	(void)loop_t_call_timers();
	for (size_t i = 0; i < 2; i++)
		w.rules->ifaces[i].draft.count = 9;
	rules_replan(w.rules);
	for (size_t i = 0; i < 2; i++)
		T_EQ(w.rules->ifaces[i].draft.count, 0);
	w.text = text_over(w.done, sizeof(w.done));
	w.done[0] = '\0';
	expect("list draft draft take7 take8 look");
	/* What is looked at is not for the plan before. */
	rules_replan(w.rules);
	look_ends();
	expect("list draft draft take7 take8 look");
	end();
}

static void
without_memory_it_is_tried_again(void)
{
	static const char *const done[] = { "list", "list draft",
		"list draft take7" };

	for (size_t i = 0; i < 3; i++) {
		begin();
		w.no_memory_to[i] = true;
		become(ETH, TC_CLIENT_READY);
		expect(done[i]);
		w.no_memory_to[i] = false;
		wait_ms(4999);
		expect("");
		wait_ms(1);
		expect("list draft take7 look");
		end();
	}
}

/* ---- time ---------------------------------------------------------------- */

/* A plan that is in force, with a rule or without. */
static void
settle(bool rule)
{
	become(ETH, TC_CLIENT_READY);
	expect("list draft take7 look");
	if (rule)
		give_rule(ETH, RULES_INSTALLED);
	look_ends();
	expect("ended force7");
}

static void
the_plan_is_made_anew_when_a_time_begins(void)
{
	static const struct {
		int64_t next_s;
		int64_t wait_s;
	} rows[] = { { 5, 5 }, { 60, 60 }, { 61, 60 }, { INT64_MAX, 60 },
		{ 0, 1 }, { -9, 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		w.next_s = rows[i].next_s;
		settle(true);
		wait_ms(rows[i].wait_s * 1000 - 1);
		expect("");
		wait_ms(1);
		expect("list draft take7 look");
		end();
	}
	begin();
	w.next_s = 5;
	settle(false);
	wait_ms(100000);
	expect(""); /* there is no rule that could begin */
	end();
}

/* ---- interfaces ---------------------------------------------------------- */

static void
an_interface_is_known_when_tcctl_manages_it(void)
{
	begin();
	become(ETH, TC_CLIENT_READY);
	T_STR(iface_of(ETH)->name, "eth");
	T_EQ(iface_of(ETH)->mtu, 1518);
	T_CHECK(iface_of(ETH)->ready, "not ready");
	/* The core knows no such interface. */
	become(41, TC_CLIENT_READY);
	become(1001, TC_CLIENT_READY);
	T_EQ(w.rules->iface_count, 1);
	/* A new tcctl has to be told all of it. */
	iface_of(ETH)->asked = 5;
	become(ETH, TC_CLIENT_READY);
	T_EQ(w.rules->iface_count, 1);
	T_EQ(iface_of(ETH)->asked, 0);
	end();
}

static void
as_many_interfaces_are_known_as_there_is_room(void)
{
	begin();
	for (uint32_t i = 0; i < 300; i++)
		become(100 + i, TC_CLIENT_READY);
	T_EQ(w.rules->iface_count, 256);
	T_CHECK(iface_of(355) && !iface_of(356), "another");
	end();
}

static void
rules_of_an_interface_that_is_away_wait(void)
{
	begin();
	become(ETH, TC_CLIENT_READY);
	become(OUT, TC_CLIENT_READY);
	give_rule(ETH, RULES_INSTALLED);
	become(OUT, TC_CLIENT_AWAY);
	T_CHECK(!iface_of(OUT)->ready && iface_of(ETH)->ready, "the other");
	T_EQ(w.one.info.state, RULES_INSTALLED);
	become(0, TC_CLIENT_AWAY); /* all */
	T_CHECK(!iface_of(ETH)->ready, "not all");
	T_EQ(w.one.info.state, RULES_WAITING);
	/* What was refused stays so. */
	give_rule(ETH, RULES_REFUSED);
	become(ETH, TC_CLIENT_AWAY);
	T_EQ(w.one.info.state, RULES_REFUSED);
	end();
}

static void
an_interface_that_is_given_up_is_forgotten(void)
{
	begin();
	become(ETH, TC_CLIENT_READY);
	become(OUT, TC_CLIENT_READY);
	expect("list draft take7 take8 look");
	become(ETH, TC_CLIENT_OFF);
	T_EQ(w.rules->iface_count, 1);
	T_CHECK(!iface_of(ETH) && iface_of(OUT), "the other");
	expect("drop list draft take8 look");
	become(ETH, TC_CLIENT_OFF); /* it was none */
	T_EQ(w.rules->iface_count, 1);
	end();
}

/* ---- for the tool -------------------------------------------------------- */

static void
count_told(void *arg)
{
	T_CHECK(arg == &w, "for others");
	w.told++;
}

static void
whoever_asks_waits_for_counters_and_reservations(void)
{
	const struct tc_rule_counter counter = { .ifindex = ETH,
		.rule_id = ID,
		.classid = 1,
		.in_bytes = 2,
		.in_packets = 3,
		.out_bytes = 4,
		.out_packets = 5,
		.backlog_bytes = 6 };
	struct tc_rule_counter other = counter;
	const struct rules_info *info = &w.one.info;

	begin();
	settle(true);
	rules_count(w.rules, count_told, &w);
	rules_count(w.rules, count_told, &w);
	expect("look");
	T_EQ(w.counted, 1); /* once for both */
	other.ifindex = OUT;
	w.counter(w.rules, &other);
	other.ifindex = ETH;
	other.rule_id = ID + 1;
	w.counter(w.rules, &other);
	T_EQ(info->classid, 0);
	w.counter(w.rules, &counter);
	T_EQ(info->classid, 1);
	T_EQ(info->in_bytes, 2);
	T_EQ(info->in_packets, 3);
	T_EQ(info->out_bytes, 4);
	T_EQ(info->out_packets, 5);
	T_EQ(info->backlog_bytes, 6);
	w.counter(w.rules, NULL); /* all were told */
	T_EQ(w.told, 0);
	look_ends();
	T_EQ(w.told, 2);
	/* Or the other way round. */
	rules_count(w.rules, count_told, &w);
	T_EQ(w.counted, 2);
	look_ends();
	T_EQ(w.told, 2);
	w.counter(w.rules, NULL);
	T_EQ(w.told, 3);
	end();
}

static void
rules_are_listed_interface_by_interface(void)
{
	const struct tc_rule rule = { .before = true,
		.guaranteed = true,
		.deny = true,
		.marks = true,
		.dscp = 1,
		.marks_out = true,
		.dscp_out = 2,
		.excess = 3,
		.rate_Bps = 4,
		.bucket_bytes = 5,
		.peak_Bps = 6,
		.min_packet_bytes = 7,
		.max_packet_bytes = 8 };
	static struct instance second;
	static struct instance *seconds[1] = { &second };
	struct rules_info info;

	begin();
	become(ETH, TC_CLIENT_READY);
	become(30, TC_CLIENT_READY); /* it has none */
	become(OUT, TC_CLIENT_READY);
	give_rule(ETH, RULES_INSTALLED);
	w.one.rule = rule;
	second = (struct instance){ .info.classid = 9 };
	iface_of(OUT)->plan =
		(struct plan){ .all = seconds, .count = 1, .beyond = 2 };
	T_CHECK(rules_at(w.rules, 0, &info), "the first");
	T_EQ(info.state, RULES_INSTALLED);
	T_CHECK(info.before && info.guaranteed && info.deny && info.marks &&
			info.marks_out,
		"what it is");
	T_EQ(info.dscp, 1);
	T_EQ(info.dscp_out, 2);
	T_EQ(info.excess, 3);
	T_EQ(info.rate_Bps, 4);
	T_EQ(info.bucket_bytes, 5);
	T_EQ(info.peak_Bps, 6);
	T_EQ(info.min_packet_bytes, 7);
	T_EQ(info.max_packet_bytes, 8);
	T_CHECK(rules_at(w.rules, 1, &info), "the second");
	T_EQ(info.classid, 9);
	T_CHECK(!info.before, "of the first");
	T_CHECK(!rules_at(w.rules, 2, &info), "no more");
	T_EQ(rules_beyond(w.rules), 5);
	end();
}

static void
without_timers_there_are_no_rules(void)
{
	begin();
	loop_t_refuse(true);
	T_CHECK(rules_new(&w.engine) == NULL, "rules");
	end();
}

static struct t_case cases[] = {
	{ "a plan goes through its stages", a_plan_goes_through_its_stages },
	{ "a bit is done in each turn", a_bit_is_done_in_each_turn },
	{ "without a policy nothing is planned",
		without_a_policy_nothing_is_planned },
	{ "what changes meanwhile begins a new plan",
		what_changes_meanwhile_begins_a_new_plan },
	{ "without memory it is tried again",
		without_memory_it_is_tried_again },
	{ "the plan is made anew when a time begins",
		the_plan_is_made_anew_when_a_time_begins },
	{ "an interface is known when tcctl manages it",
		an_interface_is_known_when_tcctl_manages_it },
	{ "as many interfaces are known as there is room",
		as_many_interfaces_are_known_as_there_is_room },
	{ "rules of an interface that is away wait",
		rules_of_an_interface_that_is_away_wait },
	{ "an interface that is given up is forgotten",
		an_interface_that_is_given_up_is_forgotten },
	{ "whoever asks waits for counters and reservations",
		whoever_asks_waits_for_counters_and_reservations },
	{ "rules are listed interface by interface",
		rules_are_listed_interface_by_interface },
	{ "without timers there are no rules",
		without_timers_there_are_no_rules },
};
T_MAIN(cases)
