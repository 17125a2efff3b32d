/* SPDX-License-Identifier: ISC */

/* What the engine asks of `tcctl serve` besides flows: their marks, counters,
 * static rules. */

#include "tc_serve_t.h"

#include <errno.h>

/* ---- marks of flows ------------------------------------------------------ */

static void
ask_mark(struct bench *b, uint32_t serial, uint32_t id, uint8_t dscp)
{
	const struct tc_flow_mark mark = { id, FIX_IFINDEX,
		{ .marks = true, .dscp = dscp } };

	tc_put_flow_mark(&b->w, serial, &mark);
}

static void
without_means_a_mark_is_refused(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	T_EQ(b_add(b, 7, 5004), 0);
	ask_mark(b, 5, 7, 46);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, EOPNOTSUPP);
	T_CHECK(strstr(b_done(b, 5)->text, "act_pedit or nftables"), "%s",
		b_done(b, 5)->text);
	T_CHECK(!tc_record_find(link, 7)->as.marks, "marked");
	b_free(b);
}

static void
a_flow_is_marked_in_the_batch_and_not_twice(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	b->acts = true;
	T_EQ(b_add(b, 7, 5004), 0);
	b_forget_calls(b);
	ask_mark(b, 5, 7, 46);
	ask_mark(b, 6, 7, 34);
	b_ask(b);
	T_EQ(b->count, 2);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(b_done(b, 6)->flow_id, 7);
	T_EQ(tc_record_find(link, 7)->as.dscp, 34);
	/* The question what the kernel has, and a batch each. */
	T_EQ(b->calls[CALL_RUN], 3);
	ask_mark(b, 7, 7, 34);
	b_ask(b);
	T_EQ(b_done(b, 7)->error, 0);
	T_EQ(b_done(b, 7)->flow_id, 7);
	T_EQ(b->calls[CALL_RUN], 3);
	ask_mark(b, 8, 9, 34);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 8)->error, ENOENT);
	T_EQ(b_done(b, 8)->flow_id, 9);
	T_STR(b_done(b, 8)->text, "no such flow");
	b_free(b);
}

static int
mark_nothing(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	(void)set;
	(void)text;
	++*(size_t *)arg;
	return 0;
}

static void
no_counts(void *arg, const struct tc_iface *iface, tc_mark_count_fn *tell,
	void *tell_arg)
{
	(void)arg;
	(void)iface;
	(void)tell;
	(void)tell_arg;
}

/* Through nftables all flows are marked at once, soon. */
static void
marks_by_nftables_are_made_in_the_background(void)
{
	struct bench *b = b_new();
	size_t applied = 0;
	const struct tc_marker marker = {
		.arg = &applied, .apply = mark_nothing, .counts = no_counts
	};

	b->s->kernel.marker = &marker;
	b_open(b);
	T_EQ(b_add(b, 7, 5004), 0);
	applied = 0;
	ask_mark(b, 5, 7, 46);
	b_ask(b);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(applied, 0);
	t_clock_add_ms(10000);
	tc_serve_due(b->s);
	T_EQ(applied, 1);
	b_free(b);
}

/* A batch that is full is run before one more is put there. */
static void
more_marks_than_a_batch_holds_are_two(void)
{
	struct bench *b = b_new();
	struct tc_iface iface = fix_iface();

	b->acts = true;
	iface.pool_low = iface.pool_high = TC_BATCH_MAX + 8;
	T_EQ(b_iface(b, &iface), 0);
	b_settle(b);
	for (uint32_t i = 0; i <= TC_BATCH_MAX; i++) {
		struct tc_flow flow = fix_flow(7 + i, (uint16_t)(5 + i));

		flow.rate_Bps = 1000;
		tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 20, &flow);
	}
	b_ask(b);
	ask_mark(b, 5, 7, 46); /* from now on it is known what there is */
	b_ask(b);
	b_forget_calls(b);
	for (uint32_t i = 0; i <= TC_BATCH_MAX; i++)
		ask_mark(b, 20 + i, 7 + i, 34);
	b_ask(b);
	T_EQ(b->count, TC_BATCH_MAX + 1);
	T_EQ(b->calls[CALL_RUN], 2);
	T_EQ(b_done(b, 20 + TC_BATCH_MAX)->error, 0);
	b_free(b);
}

/* ---- counters ------------------------------------------------------------ */

static size_t
ask_counters(struct bench *b, uint32_t ifindex, uint32_t flow_id)
{
	tc_put_counters(
		&b->w, 5, &(struct tc_counters_query){ ifindex, flow_id });
	b_ask(b);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(b_done(b, 5)->flow_id, flow_id);
	T_EQ(b->heard[b->count - 1].type, TC_MSG_DONE);
	for (size_t i = 0; i + 1 < b->count; i++)
		T_EQ(b->heard[i].serial, 5);
	return b_count(b, TC_MSG_COUNTER);
}

static void
counters_are_of_one_interface_or_of_all(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	b_other(b, 4);
	T_EQ(b_add(b, 7, 5004), 0);
	/* Best effort of each, and the flow. */
	T_EQ(ask_counters(b, 0, 0), 3);
	T_EQ(ask_counters(b, FIX_IFINDEX, 0), 2);
	T_EQ(b->heard[0].counter.ifindex, FIX_IFINDEX);
	T_EQ(ask_counters(b, 4, 0), 1);
	T_EQ(b->heard[0].counter.ifindex, 4);
	T_EQ(ask_counters(b, 0, 7), 1);
	T_EQ(b->heard[0].counter.flow_id, 7);
	T_EQ(ask_counters(b, 9, 0), 0);
	link->lost = true;
	T_EQ(ask_counters(b, 0, 0), 1);
	T_EQ(b->heard[0].counter.ifindex, 4);
	b_free(b);
}

/* ---- static rules -------------------------------------------------------- */

static void
put_rule(struct bench *b, uint32_t serial, uint32_t id, uint32_t ifindex)
{
	struct tc_rule rule = fix_shaped(id, (uint16_t)(6000 + id), 50000);

	rule.ifindex = ifindex;
	tc_put_rule(&b->w, serial, &rule);
}

static void
rules_come_as_a_set(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	put_rule(b, 5, 1, FIX_IFINDEX);
	put_rule(b, 5, 2, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->count, 0); /* so far nothing is asked */
	T_EQ(link->rules.count, 0);
	tc_put_rules(&b->w, TC_MSG_RULES, 5, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(link->rules.count, 2);
	/* What was put under another serial is not of the set. */
	put_rule(b, 6, 3, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 7, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b_done(b, 7)->error, 0);
	T_EQ(link->rules.count, 0);
	b_free(b);
}

/* All of it or nothing of it. */
static void
a_malformed_rule_spoils_its_set(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	put_rule(b, 5, 1, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 5, FIX_IFINDEX);
	b_ask(b);
	put_rule(b, 6, 2, FIX_IFINDEX);
	b_put_malformed(b, TC_MSG_RULE, 6);
	put_rule(b, 6, 3, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->count, 1); /* whoever hears of what it did not ask hangs up */
	T_EQ(b_done(b, 6)->error, EBADMSG);
	T_STR(b_done(b, 6)->text, "a rule of the set is malformed");
	T_EQ(link->rules.count, 1);
	T_EQ(link->rules.all[0].id, 1);
	/* The next set is another one. */
	put_rule(b, 7, 3, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 7, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b_done(b, 7)->error, 0);
	T_EQ(link->rules.all[0].id, 3);
	b_free(b);
}

static void
rules_need_a_managed_interface(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	put_rule(b, 5, 1, 9);
	tc_put_rules(&b->w, TC_MSG_RULES, 5, 9);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, ENODEV);
	T_STR(b_done(b, 5)->text, "the interface is not managed");
	link->lost = true;
	put_rule(b, 6, 1, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b_done(b, 6)->error, ENODEV);
	T_EQ(link->rules.staged_count, 0);
	b_free(b);
}

static size_t
ask_rule_counters(struct bench *b, uint32_t ifindex)
{
	tc_put_rules(&b->w, TC_MSG_RULE_COUNTERS, 8, ifindex);
	b_ask(b);
	T_EQ(b_done(b, 8)->error, 0);
	T_EQ(b->heard[b->count - 1].type, TC_MSG_DONE);
	for (size_t i = 0; i + 1 < b->count; i++)
		T_EQ(b->heard[i].serial, 8);
	return b_count(b, TC_MSG_RULE_COUNTER);
}

static void
counters_of_rules_are_of_one_interface_or_of_all(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);

	b_other(b, 4);
	put_rule(b, 5, 1, FIX_IFINDEX);
	tc_put_rules(&b->w, TC_MSG_RULES, 5, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b_done(b, 5)->error, 0);
	put_rule(b, 6, 2, 4);
	put_rule(b, 6, 3, 4);
	tc_put_rules(&b->w, TC_MSG_RULES, 6, 4);
	b_ask(b);
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(ask_rule_counters(b, 0), 3);
	T_EQ(ask_rule_counters(b, FIX_IFINDEX), 1);
	T_EQ(b->heard[0].rule_counter.rule_id, 1);
	T_EQ(ask_rule_counters(b, 4), 2);
	T_EQ(ask_rule_counters(b, 9), 0);
	link->lost = true;
	T_EQ(ask_rule_counters(b, 0), 2);
	b_free(b);
}

static struct t_case cases[] = {
	{ "without means a mark is refused", without_means_a_mark_is_refused },
	{ "a flow is marked in the batch, and not twice",
		a_flow_is_marked_in_the_batch_and_not_twice },
	{ "marks by nftables are made in the background",
		marks_by_nftables_are_made_in_the_background },
	{ "more marks than a batch holds are two",
		more_marks_than_a_batch_holds_are_two },
	{ "counters are of one interface or of all",
		counters_are_of_one_interface_or_of_all },
	{ "rules come as a set", rules_come_as_a_set },
	{ "a malformed rule spoils its set", a_malformed_rule_spoils_its_set },
	{ "rules need a managed interface", rules_need_a_managed_interface },
	{ "counters of rules are of one interface or of all",
		counters_of_rules_are_of_one_interface_or_of_all },
};
T_MAIN(cases)
