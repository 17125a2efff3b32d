/* SPDX-License-Identifier: ISC */
#include "policy/limits_int.h"
#include "t_alloc.h"
#include "t_policy.h"

/* Two rules with the same category: instances of their own. */
static struct policy_set *
two_rules_set(uint64_t max_flows, uint64_t aggregate_Bps)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");

	c->max_flows = max_flows;
	c->aggregate_Bps = aggregate_Bps;
	t_span(t_rule(set, "one", "gold"), POLICY_SPAN_USER, 1000, 1000);
	t_span(t_rule(set, "two", "gold"), POLICY_SPAN_USER, 2000, 2000);
	return set;
}

static struct policy *
two_rules(uint64_t max_flows, uint64_t aggregate_Bps)
{
	return t_policy(two_rules_set(max_flows, aggregate_Bps));
}

static struct policy_verdict
ask(struct policy *p, uint32_t uid, uint64_t rate_Bps, uint32_t claim)
{
	struct policy_request q = t_request();

	q.uid = uid;
	q.rate_Bps = rate_Bps;
	return t_decide(p, &q, claim);
}

static void
expect_use(struct policy *p, const char *rule, uint64_t flows, uint64_t rate)
{
	struct policy_rule_info info;
	size_t i = 0;

	while (policy_rule_at(p, i, &info) && strcmp(info.name, rule) != 0)
		i++;
	T_STR(info.name, rule);
	T_EQ(info.flows, flows);
	T_EQ(info.rate_Bps, rate);
}

static void
flows_are_counted_and_given_back(void)
{
	struct policy *p = two_rules(2, POLICY_UNLIMITED);
	struct policy_verdict a = ask(p, 1000, 10, 0);
	struct policy_verdict b = ask(p, 1000, 20, 0);
	struct policy_verdict c = ask(p, 1000, 30, 0);

	T_CHECK(a.allowed && b.allowed && a.claim != b.claim, "two flows");
	T_CHECK(!c.allowed, "%s", c.reason);
	T_EQ(c.value, 4);
	T_STR(c.reason, "rule one: 3 flows exceed maxFlows 2");
	expect_use(p, "one", 2, 30);
	policy_end(p, a.claim);
	expect_use(p, "one", 1, 20);
	c = ask(p, 1000, 30, 0);
	T_CHECK(c.allowed, "%s", c.reason);
	expect_use(p, "one", 2, 50);
	policy_end(p, b.claim);
	policy_end(p, c.claim);
	expect_use(p, "one", 0, 0);
	policy_free(p);
}

static void
rules_with_one_category_count_apart(void)
{
	struct policy *p = two_rules(1, 100);

	T_CHECK(ask(p, 1000, 100, 0).allowed, "one");
	T_CHECK(ask(p, 2000, 100, 0).allowed, "two");
	T_CHECK(!ask(p, 2000, 0, 0).allowed, "two again");
	expect_use(p, "one", 1, 100);
	expect_use(p, "two", 1, 100);
	policy_free(p);
}

static void
the_aggregate_is_exact(void)
{
	struct policy *p = two_rules(POLICY_UNLIMITED, 125000);
	struct policy_verdict a = ask(p, 1000, 100000, 0);
	struct policy_verdict b = ask(p, 1000, 25001, 0);

	T_CHECK(a.allowed, "%s", a.reason);
	T_CHECK(!b.allowed, "%s", b.reason);
	T_EQ(b.value, 4);
	T_STR(b.reason, "rule one: aggregate rate 1 Mbit/s exceeds "
			"aggregateRate 1 Mbit/s");
	b = ask(p, 1000, 25000, 0);
	T_CHECK(b.allowed, "%s", b.reason);
	T_CHECK(!ask(p, 1000, 1, 0).allowed, "one octet more");
	T_CHECK(!ask(p, 1000, UINT64_MAX, 0).allowed, "more than can be added");
	expect_use(p, "one", 2, 125000);
	policy_free(p);
}

static void
a_change_replaces_and_a_refused_change_does_not(void)
{
	struct policy *p = two_rules(1, 1000);
	struct policy_verdict a = ask(p, 1000, 400, 0);
	struct policy_verdict b = ask(p, 1000, 1000, a.claim);

	T_CHECK(b.allowed, "%s", b.reason);
	expect_use(p, "one", 1, 1000);
	a = ask(p, 1000, 1001, b.claim);
	T_CHECK(!a.allowed, "%s", a.reason);
	T_EQ(a.claim, 0);
	expect_use(p, "one", 1, 1000);
	a = ask(p, 1000, 10, b.claim);
	T_CHECK(a.allowed, "%s", a.reason);
	expect_use(p, "one", 1, 10);
	policy_end(p, a.claim);
	expect_use(p, "one", 0, 0);
	policy_free(p);
}

static void
a_change_may_move_to_another_rule(void)
{
	struct policy *p = two_rules(1, 1000);
	struct policy_verdict a = ask(p, 1000, 400, 0);
	struct policy_verdict b = ask(p, 2000, 500, a.claim);
	struct policy_verdict c = ask(p, 1000, 600, 0);

	T_CHECK(b.allowed, "%s", b.reason);
	T_CHECK(c.allowed, "%s", c.reason);
	expect_use(p, "one", 1, 600);
	expect_use(p, "two", 1, 500);
	/* The other rule is full: this one stays where it is. */
	a = ask(p, 1000, 1, b.claim);
	T_CHECK(!a.allowed, "%s", a.reason);
	expect_use(p, "two", 1, 500);
	policy_free(p);
}

static void
a_claim_that_is_gone_harms_nobody(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict a = ask(p, 1000, 400, 0);
	struct policy_verdict b;

	policy_end(p, 0);
	policy_end(p, 12345);
	policy_end(p, UINT32_MAX);
	policy_end(p, a.claim);
	b = ask(p, 1000, 300, 0);
	policy_end(p, a.claim);
	expect_use(p, "one", 1, 300);
	/* A claim that is gone does not make room. */
	T_CHECK(ask(p, 1000, 700, a.claim).allowed, "within the aggregate");
	expect_use(p, "one", 2, 1000);
	policy_end(p, b.claim);
	policy_free(p);
}

/* The next snapshot: the same rules, other bounds. */
static void
put_bounds(struct policy *p, uint64_t max_flows, uint64_t aggregate_Bps)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");

	c->max_flows = max_flows;
	c->aggregate_Bps = aggregate_Bps;
	t_span(t_rule(set, "one", "gold"), POLICY_SPAN_USER, 1000, 1000);
	t_put(p, set);
}

static void
counters_survive_a_new_snapshot(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict a = ask(p, 1000, 400, 0);
	struct policy_verdict b = ask(p, 2000, 300, 0);
	struct policy_rule_info info;

	put_bounds(p, 5, 600);
	expect_use(p, "one", 1, 400);
	T_CHECK(policy_rule_at(p, 0, &info), "no rule");
	T_EQ(info.allowed, 1);
	T_CHECK(!ask(p, 1000, 201, 0).allowed, "beyond the new bound");
	T_CHECK(ask(p, 1000, 200, 0).allowed, "within it");
	/* The rule of the other claim is gone; giving it back is fine. */
	policy_end(p, b.claim);
	policy_end(p, a.claim);
	expect_use(p, "one", 1, 200);
	policy_free(p);
}

/* A rule that goes and comes back while its claim is held still counts it. */
static void
a_held_claim_outlives_its_rule(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict b = ask(p, 2000, 300, 0);
	struct policy_set *set = t_set();

	put_bounds(p, 5, 1000);
	t_span(t_rule(set, "two", NULL), POLICY_SPAN_USER, 2000, 2000);
	t_put(p, set);
	expect_use(p, "two", 1, 300);
	policy_end(p, b.claim);
	expect_use(p, "two", 0, 0);
	policy_free(p);
}

static void
unclaimed_counters_of_gone_rules_are_forgotten(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_set *set = t_set();
	struct policy_rule_info info;

	policy_end(p, ask(p, 2000, 300, 0).claim);
	put_bounds(p, 5, 1000);
	t_span(t_rule(set, "two", NULL), POLICY_SPAN_USER, 2000, 2000);
	t_put(p, set);
	T_CHECK(policy_rule_at(p, 0, &info), "no rule");
	T_EQ(info.allowed, 0);
	policy_free(p);
}

/* Rules r00, r01 and so on, of the users of that number. */
static void
put_numbered(struct policy *p, uint32_t count)
{
	struct policy_set *set = t_set();

	t_category(set, "c")->user_flows = 5;
	for (uint32_t i = 0; i < count; i++) {
		char name[POLICY_NAME];

		(void)snprintf(name, sizeof(name), "r%02u", i);
		t_span(t_rule(set, name, "c"), POLICY_SPAN_USER, i, i);
	}
	t_put(p, set);
}

/* A flow that is held and one that is not, of rules that stay and that go. */
static void
tidying_may_take_its_time(void)
{
	enum { RULES = 40 };
	struct policy *p = policy_new(alloc_heap());
	struct policy_rule_info info;
	uint32_t held = 0;
	size_t steps = 0;

	for (uint32_t round = 0; round < 3; round++) {
		/* The last quarter of the rules before goes. */
		put_numbered(p, RULES - 10 * round);
		if (round > 0) {
			/* Others come to be counted, and end, meanwhile. */
			for (; policy_tidy(p, 1); steps++)
				policy_end(
					p, ask(p, (uint32_t)(steps % 20), 1, 0)
						   .claim);
			T_CHECK(!policy_tidy(p, 1), "it is tidy");
			T_CHECK(steps >= 100 * round, "%zu steps", steps);
			continue;
		}
		for (uint32_t i = 0; i < RULES; i++) {
			struct policy_verdict v = ask(p, i, 10, 0);

			if (i == RULES - 1)
				held = v.claim;
			else
				policy_end(p, v.claim);
		}
	}
	for (size_t i = 0; policy_rule_at(p, i, &info); i++)
		T_CHECK(info.allowed > 0, "%s was forgotten", info.name);
	/* Those that went, but for the one that is held, are. */
	put_numbered(p, RULES);
	for (size_t i = 0; policy_rule_at(p, i, &info); i++)
		T_CHECK((info.allowed == 0) ==
				(strcmp(info.name, "r20") >= 0 &&
					strcmp(info.name, "r39") != 0),
			"%s: %" PRIu64, info.name, info.allowed);
	policy_end(p, held);
	policy_free(p);
}

static void
lowered_bounds_let_a_flow_shrink(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict a = ask(p, 1000, 500, 0);
	struct policy_verdict b = ask(p, 1000, 500, 0);

	put_bounds(p, 1, 300);
	T_CHECK(!ask(p, 1000, 501, a.claim).allowed, "growing");
	T_CHECK(ask(p, 1000, 500, a.claim).allowed, "staying");
	T_CHECK(ask(p, 1000, 100, b.claim).allowed, "shrinking");
	T_CHECK(!ask(p, 1000, 0, 0).allowed, "a new one");
	expect_use(p, "one", 2, 600);
	policy_free(p);
}

static void
the_default_ends_a_claim(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict a = ask(p, 1000, 500, 0);
	struct policy_set *set = t_set();

	set->default_why = POLICY_DEFAULT_ALLOW;
	t_span(t_rule(set, "one", NULL), POLICY_SPAN_USER, 1, 1);
	t_put(p, set);
	a = ask(p, 1000, 500, a.claim);
	T_CHECK(a.allowed, "%s", a.reason);
	T_EQ(a.claim, 0);
	expect_use(p, "one", 0, 0);
	policy_free(p);
}

static void
a_denial_leaves_the_claim(void)
{
	struct policy *p = two_rules(5, 1000);
	struct policy_verdict a = ask(p, 1000, 500, 0);

	T_CHECK(!ask(p, 3000, 500, a.claim).allowed, "by default");
	expect_use(p, "one", 1, 500);
	policy_free(p);
}

/* Many claims against a plain table of what is held. */
static void
random_claims_add_up(void)
{
	enum { FLOWS = 300, STEPS = 30000 };
	struct {
		uint32_t claim;
		uint32_t uid;
		uint64_t rate;
	} held[FLOWS] = { { 0 } };
	struct policy *p = two_rules(80, 40000);
	uint64_t seed = 5;
	size_t refused = 0;

	for (int i = 0; i < STEPS; i++) {
		size_t f = t_random(&seed, FLOWS);
		uint32_t uid = t_random(&seed, 2) ? 1000 : 2000;
		uint64_t rate = t_random(&seed, 1000);
		struct policy_verdict v;

		if (t_random(&seed, 3) == 0) {
			policy_end(p, held[f].claim);
			held[f].claim = 0;
			continue;
		}
		v = ask(p, uid, rate, held[f].claim);
		refused += !v.allowed;
		if (!v.allowed)
			continue;
		held[f].claim = v.claim;
		held[f].uid = uid;
		held[f].rate = rate;
	}
	for (uint32_t uid = 1000; uid <= 2000; uid += 1000) {
		uint64_t flows = 0;
		uint64_t rate = 0;

		for (size_t f = 0; f < FLOWS; f++)
			if (held[f].claim != 0 && held[f].uid == uid) {
				flows++;
				rate += held[f].rate;
			}
		T_CHECK(flows <= 80 && rate <= 40000, "beyond the bounds");
		expect_use(p, uid == 1000 ? "one" : "two", flows, rate);
	}
	T_CHECK(refused > 1000, "only %zu refused", refused);
	for (size_t f = 0; f < FLOWS; f++)
		policy_end(p, held[f].claim);
	expect_use(p, "one", 0, 0);
	expect_use(p, "two", 0, 0);
	policy_free(p);
}

/* ---- lack of memory ----------------------------------------------------- */

/* Each allocation fails once: a refusal or nothing, and no leak. */
static void
lack_of_memory_refuses(void)
{
	bool done = false;

	for (size_t n = 0; !done; n++) {
		struct t_ration b = { n, 0 };
		const struct alloc alloc = t_ration_alloc(&b);
		struct policy_limits *l = policy_limits_new(&alloc);
		struct policy_outcome o;
		const struct policy_hold holds[] = {
			{ POLICY_COUNTS_RULE, "one", "", 10, 10, 10, 100 },
			{ POLICY_COUNTS_RULE_USER, "one", "uid 1", 10, 10, 10,
				100 },
		};
		struct policy_ask a = { .holds = holds,
			.n_holds = 2,
			.rate_Bps = 5,
			.terms.duration_s = POLICY_UNLIMITED };

		if (!l)
			continue;
		if (policy_limits_take(l, &a, &o) == POLICY_TAKEN) {
			done = true;
			T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE, "one", "")
					.flows,
				1);
		} else {
			T_EQ(o.claim, 0);
			T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE, "one", "")
					.flows,
				0);
		}
		policy_limits_note(l, "another", NULL);
		policy_limits_free(l);
		T_EQ(b.held, 0);
	}
}

/* A place is free, and there is no memory for a counter of it. */
static void
a_place_without_its_counters_is_not_given(void)
{
	struct t_ration b = { 1000, 0 };
	const struct alloc alloc = t_ration_alloc(&b);
	struct policy_limits *l = policy_limits_new(&alloc);
	struct policy_hold hold = { POLICY_COUNTS_RULE, "one", "", 10, 10, 10,
		100 };
	const struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	policy_limits_end(l, o.claim);
	hold.name = "two";
	b.left = 0;
	T_EQ(policy_limits_take(l, &a, &o), POLICY_NO_MEMORY);
	T_EQ(o.claim, 0);
	b.left = 1000;
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	policy_limits_free(l);
	T_EQ(b.held, 0);
}

static void
a_refusal_for_memory_says_so(void)
{
	struct t_ration one = { 1, 0 };
	const struct alloc too_little = t_ration_alloc(&one);
	struct t_ration b = { 1000, 0 };
	const struct alloc alloc = t_ration_alloc(&b);
	struct policy *p = policy_new(&alloc);
	struct policy_set *set = t_set();
	struct policy_verdict v;

	T_CHECK(policy_new(&too_little) == NULL, "half a policy");
	T_EQ(one.held, 0);
	(void)t_rule(set, "one", NULL);
	t_put(p, set);
	b.left = 0;
	v = ask(p, 1, 1, 0);
	T_STR(v.reason, "rule one: no memory to count the flow");
	T_EQ(v.value, 15);
	policy_free(p);
	T_EQ(b.held, 0);
}

/* Flows come and go for years: the places of those that went are used again. */
static void
places_are_used_again(void)
{
	struct policy *p = two_rules(POLICY_UNLIMITED, POLICY_UNLIMITED);

	for (int i = 0; i < 1000; i++) {
		struct policy_verdict a = ask(p, 1000, 10, 0);
		struct policy_verdict b = ask(p, 2000, 10, 0);

		T_CHECK((a.claim & 0xffffff) <= 64, "claim %x", a.claim);
		T_CHECK((b.claim & 0xffffff) <= 64, "claim %x", b.claim);
		policy_end(p, a.claim);
		policy_end(p, b.claim);
	}
	expect_use(p, "one", 0, 0);
	policy_free(p);
}

/* Two users of two rules whose names run together count apart. */
static void
counters_are_told_apart_by_rule_and_user(void)
{
	struct policy_limits *l = policy_limits_new(alloc_heap());
	const struct policy_hold hold = { POLICY_COUNTS_RULE_USER, "ab", "c",
		10, 10, 10, 100 };
	struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE_USER, "ab", "c").flows, 1);
	T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE_USER, "a", "bc").flows, 0);
	T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE, "ab", "c").flows, 0);
	policy_limits_free(l);
}

static void
a_sum_that_cannot_be_is_over_any_bound(void)
{
	struct policy_limits *l = policy_limits_new(alloc_heap());
	const struct policy_hold hold = { POLICY_COUNTS_RULE, "one", "", 10,
		UINT64_MAX - 1, 10, 100 };
	struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = UINT64_MAX - 10,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	a.rate_Bps = 11;
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TOO_MUCH);
	T_CHECK(o.would_be.rate_Bps == UINT64_MAX, "as much as there can be");
	a.rate_Bps = 9;
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	policy_limits_free(l);
}

/* Thousands of flows, and nothing of them is left. */
static void
room_for_more_claims_is_given_back(void)
{
	struct t_ration b = { 100000, 0 };
	const struct alloc alloc = t_ration_alloc(&b);
	struct policy_limits *l = policy_limits_new(&alloc);
	const struct policy_hold hold = { POLICY_COUNTS_RULE, "one", "",
		POLICY_UNLIMITED, POLICY_UNLIMITED, POLICY_UNLIMITED, 100 };
	struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	for (int i = 0; i < 3000; i++)
		T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	T_EQ(policy_limits_use(l, POLICY_COUNTS_RULE, "one", "").rate_Bps,
		15000);
	policy_limits_free(l);
	T_EQ(b.held, 0);
}

/* A user that is refused, or whose flow moves to another rule, leaves nothing:
 * peers come under any number of addresses. */
static void
nothing_is_kept_of_a_user_without_flows(void)
{
	struct t_ration b = { 1000, 0 };
	const struct alloc alloc = t_ration_alloc(&b);
	struct policy_limits *l = policy_limits_new(&alloc);
	struct policy_hold holds[] = {
		{ POLICY_COUNTS_RULE, "one", "", 1, 10, 10, 100 },
		{ POLICY_COUNTS_RULE_USER, "one", "", 1, 10, 10, 100 },
		{ POLICY_COUNTS_RULE_USER, "two", "", 1, 1, 10, 100 },
	};
	struct policy_ask a = { .holds = holds,
		.n_holds = 2,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;
	char user[16];
	size_t held;

	holds[1].user = user;
	holds[2].user = user;
	(void)snprintf(user, sizeof(user), "uid 0");
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	held = b.held;
	a.claim = o.claim;
	for (int i = 1; i < 50; i++) {
		(void)snprintf(user, sizeof(user), "uid %d", i);
		T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
		T_EQ(b.held, held);
		a.n_holds = 3;
		T_EQ(policy_limits_take(l, &a, &o), POLICY_TOO_MUCH);
		T_EQ(b.held, held);
		a.n_holds = 2;
	}
	policy_limits_free(l);
	T_EQ(b.held, 0);
}

static struct policy_rule_info
info_of(struct policy *p, const char *rule)
{
	struct policy_rule_info info;
	size_t i = 0;

	while (policy_rule_at(p, i, &info) && strcmp(info.name, rule) != 0)
		i++;
	T_STR(info.name, rule);
	return info;
}

static void
refusals_are_counted_by_reason(void)
{
	struct policy *p = two_rules(1, 100);
	struct policy_rule_info info;
	struct policy_status status;

	T_CHECK(ask(p, 1000, 100, 0).allowed, "one");
	for (int i = 0; i < 3; i++)
		T_CHECK(!ask(p, 1000, 1, 0).allowed, "one too many");
	T_CHECK(ask(p, 2000, 50, 0).allowed, "of another rule");
	T_CHECK(!ask(p, 3000, 1, 0).allowed, "the default");
	info = info_of(p, "one");
	T_EQ(info.matched, 4);
	T_EQ(info.allowed, 1);
	T_EQ(info.refused, 3);
	T_EQ(info.n_refusals, 1);
	T_STR(info.refusals[0].reason, "maxFlows");
	T_EQ(info.refusals[0].count, 3);
	T_EQ(info_of(p, "two").n_refusals, 0);
	policy_status(p, &status);
	T_EQ(status.allowed, 0);
	T_EQ(status.refused, 1);
	policy_free(p);
}

/* What counts stays with the name, whatever else a new policy says. */
static void
counts_outlive_a_policy_that_has_the_rule(void)
{
	struct policy *p = two_rules(1, 100);
	struct policy_set *set;
	struct policy_rule *r;
	struct policy_status status;
	struct policy_rule_info info;

	T_CHECK(ask(p, 1000, 100, 0).allowed, "one");
	T_CHECK(!ask(p, 1000, 1, 0).allowed, "one too many");
	T_CHECK(ask(p, 2000, 1, 0).allowed, "two");
	T_CHECK(!ask(p, 3000, 1, 0).allowed, "the default");
	set = t_set();
	r = t_rule(set, "one", NULL);
	t_span(r, POLICY_SPAN_USER, 1000, 1000);
	r->deny = true;
	t_put(p, set);
	while (policy_tidy(p, 1000))
		;
	info = info_of(p, "one");
	T_EQ(info.allowed, 1);
	T_EQ(info.refused, 1);
	T_CHECK(!ask(p, 1000, 1, 0).allowed, "it denies");
	info = info_of(p, "one");
	T_EQ(info.n_refusals, 2);
	T_STR(info.refusals[1].reason, "denied");
	T_EQ(info.refusals[1].count, 1);
	policy_status(p, &status);
	T_EQ(status.refused, 1);
	policy_free(p);
}

static void
a_rule_that_continues_has_matched_and_not_decided(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "log", NULL);
	struct policy *p;
	struct policy_rule_info info;

	r->goes_on = true;
	r->priority = 5;
	(void)t_rule(set, "last", NULL);
	p = t_policy(set);
	T_CHECK(ask(p, 1000, 1, 0).allowed, "the last");
	T_CHECK(ask(p, 1000, 1, 0).allowed, "the last");
	info = info_of(p, "log");
	T_EQ(info.matched, 2);
	T_EQ(info.allowed, 0);
	T_EQ(info.refused, 0);
	T_EQ(info_of(p, "last").matched, 2);
	policy_free(p);
}

static void
weighing_says_the_same_and_changes_nothing(void)
{
	struct policy_set *set = two_rules_set(1, 100);
	struct policy_rule *log = t_rule(set, "log", NULL);
	struct policy *p;
	struct policy_request q = t_request();
	struct policy_rule_info before;
	struct policy_rule_info after;
	struct policy_verdict v;

	log->goes_on = true;
	log->priority = 5;
	p = t_policy(set);
	q.rate_Bps = 60;
	for (int i = 0; i < 3; i++) {
		policy_weigh(p, &q, NULL, &v);
		T_CHECK(v.allowed, "%s", v.reason);
		T_STR(v.rule, "one");
		T_EQ(v.claim, 0);
	}
	T_EQ(info_of(p, "one").matched, 0);
	T_CHECK(ask(p, 1000, 60, 0).allowed, "in earnest");
	before = info_of(p, "one");
	policy_weigh(p, &q, NULL, &v);
	T_CHECK(!v.allowed, "one more");
	T_STR(v.limit, "maxFlows");
	T_STR(v.reason, "rule one: 2 flows exceed maxFlows 1");
	T_EQ(v.value, 4);
	/* The one that stands counts for itself once. */
	policy_weigh(p, &q, "one", &v);
	T_CHECK(v.allowed, "%s", v.reason);
	/* By another rule it is one more here. */
	policy_weigh(p, &q, "two", &v);
	T_CHECK(!v.allowed, "stands by another");
	/* Nor does a rule that continues count it. */
	T_EQ(info_of(p, "log").matched, 1);
	after = info_of(p, "one");
	T_CHECK(memcmp(&before, &after, sizeof(before)) == 0, "counted");
	policy_free(p);
}

static struct t_case cases[] = {
	{ "refusals are counted by reason", refusals_are_counted_by_reason },
	{ "counts outlive a policy that has the rule",
		counts_outlive_a_policy_that_has_the_rule },
	{ "a rule that continues has matched and not decided",
		a_rule_that_continues_has_matched_and_not_decided },
	{ "weighing says the same and changes nothing",
		weighing_says_the_same_and_changes_nothing },
	{ "flows are counted and given back",
		flows_are_counted_and_given_back },
	{ "rules with one category count apart",
		rules_with_one_category_count_apart },
	{ "the aggregate is exact", the_aggregate_is_exact },
	{ "a change replaces and a refused change does not",
		a_change_replaces_and_a_refused_change_does_not },
	{ "a change may move to another rule",
		a_change_may_move_to_another_rule },
	{ "a claim that is gone harms nobody",
		a_claim_that_is_gone_harms_nobody },
	{ "counters survive a new snapshot", counters_survive_a_new_snapshot },
	{ "a held claim outlives its rule", a_held_claim_outlives_its_rule },
	{ "unclaimed counters of gone rules are forgotten",
		unclaimed_counters_of_gone_rules_are_forgotten },
	{ "counters are told apart by rule and user",
		counters_are_told_apart_by_rule_and_user },
	{ "a sum that cannot be is over any bound",
		a_sum_that_cannot_be_is_over_any_bound },
	{ "room for more claims is given back",
		room_for_more_claims_is_given_back },
	{ "tidying may take its time", tidying_may_take_its_time },
	{ "lowered bounds let a flow shrink",
		lowered_bounds_let_a_flow_shrink },
	{ "the default ends a claim", the_default_ends_a_claim },
	{ "a denial leaves the claim", a_denial_leaves_the_claim },
	{ "random claims add up", random_claims_add_up },
	{ "places are used again", places_are_used_again },
	{ "lack of memory refuses", lack_of_memory_refuses },
	{ "a place without its counters is not given",
		a_place_without_its_counters_is_not_given },
	{ "a refusal for memory says so", a_refusal_for_memory_says_so },
	{ "nothing is kept of a user without flows",
		nothing_is_kept_of_a_user_without_flows },
};
T_MAIN(cases)
