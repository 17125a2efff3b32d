/* SPDX-License-Identifier: ISC */

/* What another rule set does to what stands. */

#include "policy/effect_int.h"
#include "t_policy.h"

/* All that was told, a line each. */
struct told {
	char text[4096];
	struct text t;
};

static void
flow(void *arg, const struct effect *e)
{
	text_printf(&((struct told *)arg)->t, "%u %s %s>%s [%s] [%s]\n",
		e->flow->request.uid, effect_kind_text(e->kind),
		e->flow->before, e->verdict->rule, e->how, e->grants);
}

static void
data(void *arg, const struct effect_data *e)
{
	text_printf(&((struct told *)arg)->t, "%s%s [%s] [%s]\n", e->rule,
		e->marks ? " remarked" : "", e->have, e->want);
}

static const struct effect_ops ops = { flow, data };

static struct policy_rule *
rule_of(struct policy_set *set, const char *name, const char *category,
	uint32_t uid)
{
	struct policy_rule *r = t_rule(set, name, category);

	t_span(r, POLICY_SPAN_USER, uid, uid);
	return r;
}

/* A flow of that user. */
static void
add(struct effect_flows *flows, uint32_t uid, enum policy_message message)
{
	struct policy_request q = t_request();
	const uint32_t groups[] = { 7, 8 };

	q.uid = uid;
	q.message = message;
	q.groups = groups;
	q.n_groups = 2;
	q.principal = "somebody";
	T_CHECK(effect_flow_add(flows, &q) != NULL, "no memory");
}

/* Frees all of it. */
static void
expect(struct policy_set *have, struct policy_set *want,
	struct effect_flows *flows, const char *lines)
{
	struct told told = { .text = "" };

	told.t = text_over(told.text, sizeof(told.text));
	t_sort(have);
	t_sort(want);
	T_CHECK(effect_judge(have, want, flows, 1000, &ops, &told),
		"no memory");
	T_STR(told.text, lines);
	effect_flows_done(flows);
	policy_set_free(have);
	policy_set_free(want);
}

/* ---- cases --------------------------------------------------------------- */

static void
each_kind_of_effect_is_told(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct effect_flows flows = { 0 };
	struct policy_category *c;

	(void)t_category(have, "c");
	(void)rule_of(have, "same", "c", 1);
	(void)rule_of(have, "gone", NULL, 2);
	(void)rule_of(have, "old", NULL, 3);
	(void)rule_of(have, "less", "c", 4);
	(void)rule_of(have, "sender", NULL, 6);
	c = t_category(want, "c");
	(void)rule_of(want, "same", "c", 1);
	(void)rule_of(want, "new", NULL, 3);
	c = t_category(want, "lower");
	c->max_rate_Bps = 1000;
	c->max_bucket_bytes = 2000;
	c->on_exceed = POLICY_LOWER;
	(void)rule_of(want, "less", "lower", 4);
	/* Not allowed now, and stands: it was kept. */
	(void)rule_of(want, "again", NULL, 5);
	for (uint32_t uid = 1; uid <= 5; uid++)
		add(&flows, uid, POLICY_RESV);
	add(&flows, 6, POLICY_PATH);
	/* Refused by both: nothing changes. */
	add(&flows, 7, POLICY_RESV);
	expect(have, want, &flows,
		"2 refused gone> [torn] []\n"
		"3 governed old>new [] []\n"
		"4 regranted less>less [] [rate 1 Mbit/s -> 8 kbit/s, bucket "
		"3 kB -> 2 kB]\n"
		"5 admitted >again [] []\n"
		"6 refused sender> [withdrawn] []\n");
}

/* As it was promised when it was admitted. */
static void
the_end_is_that_of_the_rule_that_admitted(void)
{
	static const struct {
		enum policy_change change;
		uint64_t grace_s;
		const char *end;
	} rows[] = { { POLICY_KEEP, 5, "kept until it ends or asks for more" },
		{ POLICY_RENEGOTIATE, 5, "told, and torn after 5 s" },
		{ POLICY_TEAR, 5, "torn after 5 s" },
		{ POLICY_TEAR, POLICY_UNLIMITED, "torn" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_set *have = t_set();
		struct policy_set *want = t_set();
		struct effect_flows flows = { 0 };
		struct policy_category *c = t_category(have, "c");
		char lines[128];

		c->on_change = rows[i].change;
		c->grace_s = rows[i].grace_s;
		(void)t_rule(have, "r", "c");
		add(&flows, 1, POLICY_RESV);
		(void)snprintf(lines, sizeof(lines), "1 refused r> [%s] []\n",
			rows[i].end);
		expect(have, want, &flows, lines);
	}
}

/* As in the engine: who is in stays when a bound on all is lowered. */
static void
limits_are_those_of_all_that_stand(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct effect_flows flows = { 0 };

	t_category(have, "c")->max_flows = 3;
	(void)t_rule(have, "r", "c");
	t_category(want, "c")->max_flows = 2;
	(void)t_rule(want, "r", "c");
	add(&flows, 1, POLICY_RESV);
	add(&flows, 2, POLICY_RESV);
	add(&flows, 3, POLICY_RESV);
	/* A claim that is held is kept when a bound is lowered. */
	expect(have, want, &flows, "");
}

static void
marks_of_reservations_and_of_data_are_told(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct effect_flows flows = { 0 };
	struct policy_category *c;

	t_category(have, "c")->dscp_in = 34;
	(void)t_rule(have, "r", "c");
	t_rule(have, "d", "c")->scope = POLICY_SCOPE_DATA;
	t_rule(have, "e", "c")->scope = POLICY_SCOPE_DATA;
	c = t_category(want, "c");
	c->dscp_in = 46;
	(void)t_rule(want, "r", "c");
	t_rule(want, "d", "c")->scope = POLICY_SCOPE_DATA;
	c = t_category(want, "shape");
	c->dscp_in = 34;
	c->rate_Bps = 125000;
	c->bucket_bytes = 3000;
	c->excess = POLICY_EXCESS_DROP;
	t_rule(want, "e", "shape")->scope = POLICY_SCOPE_DATA;
	add(&flows, 1, POLICY_RESV);
	add(&flows, 2, POLICY_PATH);
	expect(have, want, &flows,
		"1 regranted r>r [] [re-marked AF41 -> EF]\n"
		"d remarked [marked AF41] [marked EF]\n"
		"e [marked AF41] [marked AF41 at 1 Mbit/s (bucket 3 kB), "
		"excess dropped]\n");
}

static struct policy_set *
bounded(uint64_t peak_Bps, uint64_t min, uint64_t max)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");

	c->rate_Bps = 125000;
	c->peak_Bps = peak_Bps;
	c->min_unit_bytes = (uint32_t)min;
	c->packet_bytes = (uint32_t)max;
	t_rule(set, "d", "c")->scope = POLICY_SCOPE_DATA;
	return set;
}

static void
bounds_of_data_are_told(void)
{
	struct effect_flows flows = { 0 };

	expect(bounded(0, 0, 0), bounded(250000, 200, 1000), &flows,
		"d [as it comes at 1 Mbit/s, excess best effort] [as it comes "
		"at 1 Mbit/s, peak 2 Mbit/s, counted as 200 B at least, "
		"packets up to 1 kB, excess best effort]\n");
}

/* Nothing is granted to who is refused, nor was to who was. */
static void
grants_are_of_those_that_stand_before_and_after(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct effect_flows flows = { 0 };
	struct policy_category *c = t_category(have, "c");

	c->dscp_in = 34;
	c->preemption = 7;
	c->defending = 9;
	(void)rule_of(have, "gone", "c", 1);
	(void)rule_of(have, "stays", "c", 3);
	c = t_category(want, "c");
	c->dscp_in = 46;
	c->preemption = 8;
	c->defending = 9;
	(void)rule_of(want, "comes", "c", 2);
	(void)rule_of(want, "stays", "c", 3);
	for (uint32_t uid = 1; uid <= 3; uid++)
		add(&flows, uid, POLICY_RESV);
	expect(have, want, &flows,
		"1 refused gone> [torn] []\n"
		"2 admitted >comes [] []\n"
		"3 regranted stays>stays [] [preemption 7 -> 8, re-marked "
		"AF41 -> EF]\n");
}

static void
rules_on_data_come_and_go(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct effect_flows flows = { 0 };

	t_category(have, "c")->dscp_in = 34;
	t_category(want, "c")->dscp_in = 34;
	t_rule(have, "a", "c")->scope = POLICY_SCOPE_DATA;
	t_rule(want, "b", "c")->scope = POLICY_SCOPE_BOTH;
	t_rule(have, "same", "c")->scope = POLICY_SCOPE_DATA;
	t_rule(want, "same", "c")->scope = POLICY_SCOPE_DATA;
	expect(have, want, &flows,
		"a remarked [marked AF41] []\nb remarked [] [marked AF41]\n");
}

static struct t_case cases[] = {
	{ "each kind of effect is told", each_kind_of_effect_is_told },
	{ "the end is that of the rule that admitted",
		the_end_is_that_of_the_rule_that_admitted },
	{ "limits are those of all that stand",
		limits_are_those_of_all_that_stand },
	{ "bounds of data are told", bounds_of_data_are_told },
	{ "marks of reservations and of data are told",
		marks_of_reservations_and_of_data_are_told },
	{ "grants are of those that stand before and after",
		grants_are_of_those_that_stand_before_and_after },
	{ "rules on data come and go", rules_on_data_come_and_go },
};

T_MAIN(cases)
