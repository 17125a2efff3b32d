/* SPDX-License-Identifier: ISC */

/* What several rules grant together: users, pools, shared categories, soft
 * limits, duration, priorities, what is lowered. */

#include <time.h>

#include "t_policy.h"

static struct policy_verdict
ask_at(struct policy *p, uint32_t uid, uint64_t rate_Bps, uint32_t claim,
	int64_t now_s)
{
	struct policy_request q = t_request();

	q.uid = uid;
	q.rate_Bps = rate_Bps;
	q.now_unix_s = now_s;
	return t_decide(p, &q, claim);
}

static struct policy_verdict
ask(struct policy *p, uint32_t uid, uint64_t rate_Bps, uint32_t claim)
{
	return ask_at(p, uid, rate_Bps, claim, 0);
}

static void
each_user_has_bounds_of_its_own(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy *p;
	struct policy_verdict first;
	struct policy_verdict v;

	c->user_flows = 1;
	c->user_Bps = 100;
	t_rule(set, "r", "c");
	p = t_policy(set);
	first = ask(p, 1, 100, 0);
	T_CHECK(first.allowed, "%s", first.reason);
	v = ask(p, 1, 10, 0);
	T_STR(v.reason, "rule r: 2 flows of uid 1 exceed maxFlowsPerUser 1");
	T_STR(v.limit, "maxFlowsPerUser");
	T_EQ(v.value, 4);
	T_CHECK(ask(p, 2, 100, 0).allowed, "another user");
	v = ask(p, 3, 101, 0);
	T_STR(v.reason, "rule r: aggregate rate 808 bit/s of uid 3 exceeds "
			"aggregateRatePerUser 800 bit/s");
	policy_end(p, first.claim);
	T_CHECK(ask(p, 1, 100, 0).allowed, "given back");
	policy_free(p);
}

static void
a_shared_category_counts_for_all_its_rules(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy *p;

	c->max_flows = 2;
	c->share = 1;
	t_span(t_rule(set, "one", "c"), POLICY_SPAN_USER, 1, 1);
	t_span(t_rule(set, "two", "c"), POLICY_SPAN_USER, 2, 2);
	p = t_policy(set);
	T_CHECK(ask(p, 1, 1, 0).allowed, "one");
	T_CHECK(ask(p, 2, 1, 0).allowed, "two");
	T_STR(ask(p, 2, 1, 0).reason, "category c: 3 flows exceed maxFlows 2");
	policy_free(p);
}

static void
buckets_add_up(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy *p;
	struct policy_verdict v;

	c->aggregate_bucket_bytes = 5999;
	t_rule(set, "r", "c");
	p = t_policy(set);
	T_CHECK(ask(p, 1, 1, 0).allowed, "3000 of 5999");
	v = ask(p, 1, 1, 0);
	T_STR(v.limit, "aggregateBucket");
	T_CHECK(strstr(v.reason, "aggregate bucket 6 kB exceeds"), "%s",
		v.reason);
	policy_free(p);
}

static void
a_pool_keeps_its_headroom_for_priority(void)
{
	struct policy_set *set = t_set();
	struct policy_category *plain = t_category(set, "plain");
	struct policy_category *urgent = t_category(set, "urgent");
	struct policy_pool *pool = t_pool(set, "hall");
	struct policy_pool_info info;
	struct policy *p;

	pool->rate_Bps = 1000;
	pool->max_flows = 4;
	pool->headroom_percent = 50;
	plain->pool = 0;
	urgent->pool = 0;
	urgent->admission_priority = 1;
	t_span(t_rule(set, "one", "plain"), POLICY_SPAN_USER, 1, 1);
	t_span(t_rule(set, "two", "urgent"), POLICY_SPAN_USER, 2, 2);
	p = t_policy(set);
	T_STR(ask(p, 1, 501, 0).reason,
		"pool hall: aggregate rate 4.008 kbit/s exceeds rate 4 kbit/s");
	T_CHECK(ask(p, 1, 100, 0).allowed, "one flow");
	T_CHECK(ask(p, 1, 400, 0).allowed, "two flows");
	T_STR(ask(p, 1, 0, 0).reason, "pool hall: 3 flows exceed maxFlows 2");
	T_CHECK(ask(p, 2, 500, 0).allowed, "the rest");
	T_STR(ask(p, 2, 1, 0).limit, "rate");
	T_CHECK(policy_pool_at(p, 0, &info), "a pool");
	T_STR(info.name, "hall");
	T_EQ(info.flows, 3);
	T_EQ(info.rate_Bps, 1000);
	T_EQ(info.max_flows, 4);
	T_EQ(info.max_Bps, 1000);
	T_CHECK(!policy_pool_at(p, 1, &info), "no other");
	policy_free(p);
}

/* All or none of the counters. */
static void
what_is_refused_counts_nowhere(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy_pool_info info;
	struct policy_rule_info rule;
	struct policy *p;

	t_pool(set, "hall")->max_flows = 1;
	c->pool = 0;
	c->user_flows = 5;
	t_rule(set, "r", "c");
	p = t_policy(set);
	T_CHECK(ask(p, 1, 7, 0).allowed, "the first");
	for (uint32_t uid = 2; uid < 50; uid++)
		T_CHECK(!ask(p, uid, 7, 0).allowed, "the pool is full");
	T_CHECK(policy_pool_at(p, 0, &info) && info.flows == 1 &&
			info.rate_Bps == 7,
		"%llu", (unsigned long long)info.flows);
	T_CHECK(policy_rule_at(p, 0, &rule) && rule.flows == 1 &&
			rule.rate_Bps == 7 && rule.allowed == 1 &&
			rule.refused == 48,
		"%llu", (unsigned long long)rule.flows);
	policy_free(p);
}

static void
a_soft_limit_is_told_once_it_is_passed(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy *p;

	c->max_flows = 10;
	c->aggregate_Bps = 1000;
	c->aggregate_bucket_bytes = 12000;
	c->soft_percent = 50;
	t_rule(set, "r", "c");
	p = t_policy(set);
	T_STR(ask(p, 1, 500, 0).soft, "");
	T_STR(ask(p, 1, 1, 0).soft, "rule r: over 50 % of aggregateRate");
	T_STR(ask(p, 1, 1, 0).soft, "rule r: over 50 % of aggregateBucket");
	policy_free(p);
}

static void
continued_rules_add_what_they_set_first(void)
{
	struct policy_set *set = t_set();
	struct policy_category *a = t_category(set, "a");
	struct policy_category *b = t_category(set, "b");
	struct policy_rule *all = t_rule(set, "all", "a");
	const char *rule;
	const char *why;
	struct policy_request q = t_request();
	struct policy_verdict v;
	struct policy *p;

	a->max_flows = 2;
	all->goes_on = true;
	all->priority = 9;
	b->max_flows = 100;
	b->max_rate_Bps = 500;
	t_span(t_rule(set, "one", "b"), POLICY_SPAN_USER, 1, 1);
	t_span(t_rule(set, "two", "b"), POLICY_SPAN_USER, 2, 2);
	p = t_policy(set);
	v = ask(p, 1, 501, 0);
	T_STR(v.reason,
		"rule one: rate per flow 4.008 kbit/s exceeds maxRatePerFlow "
		"4 kbit/s");
	T_STR(v.rule, "one");
	T_CHECK(ask(p, 1, 500, 0).allowed, "one");
	v = ask(p, 2, 500, 0);
	T_STR(v.reason, "rule two allows (category b)");
	v = ask(p, 1, 1, 0);
	T_STR(v.reason, "rule all: 3 flows exceed maxFlows 2");
	T_STR(v.rule, "one");
	q.uid = 2;
	T_CHECK(policy_tried_at(p, 0, &q, &rule, &why), "the first");
	T_STR(rule, "all");
	T_STR(why, "");
	T_CHECK(policy_tried_at(p, 1, &q, &rule, &why), "the second");
	T_STR(rule, "one");
	T_STR(why, "who: somebody else");
	T_CHECK(!policy_tried_at(p, 3, &q, &rule, &why), "no more");
	policy_free(p);
}

static void
nothing_lasts_longer_than_it_may(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy *p;
	struct policy_verdict v;
	uint32_t held;

	c->max_duration_s = 100;
	c->on_change = POLICY_RENEGOTIATE;
	c->grace_s = 7;
	t_rule(set, "r", "c");
	p = t_policy(set);
	T_EQ(policy_next_change(p, 0), INT64_MAX);
	v = ask_at(p, 1, 10, 0, 1000);
	T_EQ(v.until_unix_s, 1100);
	T_EQ(policy_next_change(p, 1000), 1100);
	T_EQ(policy_next_change(p, 1099), 1100);
	T_EQ(policy_next_change(p, 1100), INT64_MAX);
	/* A change does not begin anew. */
	v = ask_at(p, 1, 20, v.claim, 1050);
	T_CHECK(v.allowed && v.until_unix_s == 1100, "%s", v.reason);
	held = v.claim;
	T_CHECK(ask_at(p, 1, 20, held, 1099).allowed, "the last second");
	v = ask_at(p, 1, 20, held, 1100);
	T_STR(v.reason, "rule r: it has lasted 100 s, maxDuration is 100 s");
	T_EQ(v.change, POLICY_RENEGOTIATE);
	T_EQ(v.grace_s, 7);
	/* Another one begins anew, and the first of two ends first. */
	T_CHECK(ask_at(p, 1, 20, 0, 1070).allowed, "another");
	T_EQ(policy_next_change(p, 1101), 1170);
	T_EQ(policy_next_change(p, 1050), 1100);
	/* What is given back ends no more. */
	policy_end(p, held);
	T_EQ(policy_next_change(p, 1050), 1170);
	policy_free(p);
}

static void
the_category_of_a_rule_is_told_by_name(void)
{
	struct policy_set *set = t_set();
	char category[POLICY_NAME] = "?";
	struct policy *p;

	t_category(set, "c");
	t_category(set, "d");
	t_rule(set, "plain", NULL);
	t_rule(set, "r", "d");
	p = t_policy(set);
	T_CHECK(policy_rule_category(p, "r", category), "a rule");
	T_STR(category, "d");
	T_CHECK(policy_rule_category(p, "plain", category), "a rule");
	T_STR(category, "");
	T_CHECK(!policy_rule_category(p, "s", category), "no rule");
	policy_free(p);
}

static int64_t
time_of_looks(const struct policy *p, const char *name)
{
	char category[POLICY_NAME];
	struct policy_marking marking;
	clock_t begin = clock();

	for (int i = 0; i < 5000; i++) {
		T_CHECK(policy_rule_category(p, name, category), "%s", name);
		T_CHECK(!policy_rule_marking(p, name, &marking), "%s", name);
	}
	return (int64_t)(clock() - begin) * 1000000 / CLOCKS_PER_SEC;
}

/* The engine asks for each rule that has flows when a policy is switched. */
static void
the_last_of_many_rules_is_found_as_fast_as_the_first(void)
{
	struct policy_set *set = t_set();
	char name[16];
	struct policy *p;
	int64_t first_us;
	int64_t last_us;

	for (int i = 0; i < T_RULES; i++) {
		(void)snprintf(name, sizeof(name), "r%04d", i);
		t_rule(set, name, NULL);
	}
	p = t_policy(set);
	first_us = time_of_looks(p, "r0000");
	last_us = time_of_looks(p, name);
	T_CHECK(last_us < 10 * first_us + 10000, "%" PRId64 " and %" PRId64,
		first_us, last_us);
	policy_free(p);
}

/* Of several pools it is in the first, as with all that is granted. */
static void
the_first_pool_counts(void)
{
	struct policy_set *set = t_set();
	struct policy_pool_info info;
	struct policy *p;
	struct policy_rule *first;

	t_pool(set, "one");
	t_pool(set, "two");
	t_category(set, "none");
	t_category(set, "c")->pool = 1;
	t_category(set, "d")->pool = 0;
	first = t_rule(set, "first", "none");
	first->goes_on = true;
	first->priority = 9;
	first = t_rule(set, "second", "c");
	first->goes_on = true;
	first->priority = 8;
	t_rule(set, "r", "d");
	p = t_policy(set);
	T_CHECK(ask_at(p, 1, 10, 0, 0).allowed, "a flow");
	T_CHECK(policy_pool_at(p, 1, &info), "a pool");
	T_EQ(info.flows, 1);
	T_CHECK(policy_pool_at(p, 0, &info), "the other");
	T_EQ(info.flows, 0);
	policy_free(p);
}

/* Each user by itself, whichever of the two bounds there is. */
static void
either_bound_counts_by_user(void)
{
	for (int rate = 0; rate < 2; rate++) {
		struct policy_set *set = t_set();
		struct policy_category *c = t_category(set, "c");
		struct policy *p;

		if (rate)
			c->user_Bps = 10;
		else
			c->user_flows = 1;
		t_rule(set, "r", "c");
		p = t_policy(set);
		T_CHECK(ask_at(p, 1, 10, 0, 0).allowed, "one");
		T_CHECK(ask_at(p, 2, 10, 0, 0).allowed, "another");
		T_STR(ask_at(p, 2, 1, 0, 0).reason,
			rate ? "rule r: aggregate rate 88 bit/s of uid 2 "
			       "exceeds aggregateRatePerUser 80 bit/s"
			     : "rule r: 2 flows of uid 2 exceed "
			       "maxFlowsPerUser 1");
		policy_free(p);
	}
}

/* A Path is counted nowhere: how it ends is said when it is allowed. */
static void
a_path_is_told_how_it_will_end(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy_request q = t_request();
	struct policy_verdict v;
	struct policy *p;

	c->on_change = POLICY_KEEP;
	t_category(set, "d")->grace_s = 9;
	t_rule(set, "first", "c")->goes_on = true;
	t_rule(set, "r", "d");
	p = t_policy(set);
	q.message = POLICY_PATH;
	v = t_decide(p, &q, 0);
	T_CHECK(v.allowed && v.claim == 0, "%s", v.reason);
	T_EQ(v.change, POLICY_KEEP);
	T_EQ(v.grace_s, 9);
	policy_free(p);

	set = t_set();
	t_rule(set, "r", NULL);
	p = t_policy(set);
	v = t_decide(p, &q, 0);
	T_EQ(v.change, POLICY_TEAR);
	T_EQ(v.grace_s, 0);
	policy_free(p);
}

static void
what_begins_next_is_known(void)
{
	struct policy_set *set = t_set();
	struct policy *p;

	(void)t_zone(set, "UTC", 0, 1, 0);
	t_when(set, "a")->valid_from_s = 500;
	t_when(set, "b")->valid_from_s = 300;
	t_whens(t_rule(set, "r", NULL), 0);
	p = t_policy(set);
	T_EQ(policy_next_change(p, 0), 300);
	T_EQ(policy_next_change(p, 300), 500);
	T_EQ(policy_next_change(p, 500), INT64_MAX);
	policy_free(p);
}

static void
claims_to_priority_are_bounded(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy_request q = t_request();
	struct policy_verdict v;
	struct policy *p;

	c->max_preemption = 5;
	c->preemption = 1;
	c->defending = 2;
	t_rule(set, "r", "c");
	p = t_policy(set);
	v = t_decide(p, &q, 0);
	T_EQ(v.preemption * 100 + v.defending, 102);
	q.claims_priority = true;
	q.preemption = 4;
	q.defending = 3;
	v = t_decide(p, &q, 0);
	T_EQ(v.preemption * 100 + v.defending, 404);
	q.preemption = 1;
	v = t_decide(p, &q, 0);
	T_EQ(v.preemption * 100 + v.defending, 103);
	q.preemption = 9;
	q.defending = 9;
	v = t_decide(p, &q, 0);
	T_EQ(v.preemption * 100 + v.defending, 505);
	policy_free(p);
}

static void
a_guarantee_is_lowered_to_what_it_would_send(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "c");
	struct policy_request q = t_request();
	struct policy_verdict v;
	struct policy *p;

	c->max_service = POLICY_SERVICE_CL;
	c->on_exceed = POLICY_LOWER;
	c->max_bucket_bytes = 1000;
	c->max_peak_Bps = 2000;
	c->max_packet_bytes = 900;
	c->max_slack_us = 77;
	t_rule(set, "r", "c");
	p = t_policy(set);
	q.service = POLICY_SERVICE_GS;
	q.tspec_rate_Bps = 500;
	q.peak_Bps = 0;
	v = t_decide(p, &q, 0);
	T_CHECK(v.allowed && v.lowered, "%s", v.reason);
	T_EQ(v.service, POLICY_SERVICE_CL);
	T_EQ(v.rate_Bps, 500);
	T_EQ(v.bucket_bytes, 1000);
	T_EQ(v.peak_Bps, 2000);
	T_EQ(v.max_packet, 900);
	T_EQ(v.max_slack_us, 77);
	T_STR(v.reason,
		"rule r allows (category c), lowered to what it grants");
	policy_free(p);
}

static void
overlaps_are_seen(void)
{
	static const struct {
		const char *a;
		const char *b;
		bool meet;
	} rows[] = { { "eth*", "*0", true }, { "eth0", "eth1", false },
		{ "eth?", "eth1", true }, { "a*b", "ac*", true },
		{ "a*b", "c*", false }, { "*", "", true }, { "?", "", false },
		{ "ab", "a", false }, { "?b", "a?", true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		T_EQ(policy_globs_meet(rows[i].a, rows[i].b), rows[i].meet);
		T_EQ(policy_globs_meet(rows[i].b, rows[i].a), rows[i].meet);
	}
}

static void
a_grant_has_its_most(void)
{
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);

	for (size_t i = 0; i < n; i++) {
		const struct policy_grant *g = &grants[i];
		const bool counts = g->unit <= POLICY_UNIT_DSCP;

		T_CHECK(!policy_grant_valid(g, POLICY_UNLIMITED), "%s", g->key);
		T_CHECK(!counts || g->most >= POLICY_UNLIMITED - 1 ||
				!policy_grant_valid(g, g->most + 1),
			"%s", g->key);
		T_CHECK(!counts || g->most == POLICY_UNLIMITED ||
				policy_grant_valid(g, g->most),
			"%s", g->key);
		T_CHECK(counts || !policy_grant_valid(g, 99), "%s", g->key);
	}
}

static struct t_case cases[] = {
	{ "each user has bounds of its own", each_user_has_bounds_of_its_own },
	{ "a shared category counts for all its rules",
		a_shared_category_counts_for_all_its_rules },
	{ "buckets add up", buckets_add_up },
	{ "a pool keeps its headroom for priority",
		a_pool_keeps_its_headroom_for_priority },
	{ "what is refused counts nowhere", what_is_refused_counts_nowhere },
	{ "a soft limit is told once it is passed",
		a_soft_limit_is_told_once_it_is_passed },
	{ "continued rules add what they set first",
		continued_rules_add_what_they_set_first },
	{ "nothing lasts longer than it may",
		nothing_lasts_longer_than_it_may },
	{ "the category of a rule is told by name",
		the_category_of_a_rule_is_told_by_name },
	{ "the last of many rules is found as fast as the first",
		the_last_of_many_rules_is_found_as_fast_as_the_first },
	{ "the first pool counts", the_first_pool_counts },
	{ "either bound counts by user", either_bound_counts_by_user },
	{ "a Path is told how it will end", a_path_is_told_how_it_will_end },
	{ "what begins next is known", what_begins_next_is_known },
	{ "claims to priority are bounded", claims_to_priority_are_bounded },
	{ "a guarantee is lowered to what it would send",
		a_guarantee_is_lowered_to_what_it_would_send },
	{ "a grant has its most", a_grant_has_its_most },
	{ "overlaps are seen", overlaps_are_seen },
};
T_MAIN(cases)
