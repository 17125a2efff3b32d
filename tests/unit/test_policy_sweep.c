/* SPDX-License-Identifier: ISC */

/* Counters of rules that are gone: policy/limits.c. */

#include "policy/limits_int.h"
#include "policy/rule_int.h"
#include "t.h"

static bool
is_kept(const void *arg, const char *rule)
{
	return strcmp((const char *)arg, rule) == 0;
}

static uint64_t
counted(const struct policy_limits *l, const char *rule)
{
	return policy_limits_use(l, POLICY_COUNTS_RULE, rule, "").allowed;
}

static bool
sweep(struct policy_limits *l, size_t budget, const char *kept)
{
	return policy_limits_sweep(l, budget, is_kept, kept);
}

static void
counters_of_rules_that_are_gone_are_forgotten_in_slices(void)
{
	struct policy_limits *l = policy_limits_new(alloc_heap());
	struct policy_hold hold = { POLICY_COUNTS_RULE, "held", "", 10, 10, 10,
		100 };
	const struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	for (const char *const *rule =
			(const char *const[]){ "", "a", "b", "c", NULL };
		*rule; rule++)
		policy_limits_note(l, *rule, NULL);
	policy_limits_note(l, "held", NULL);
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	T_CHECK(!sweep(l, 9, "b"), "before it has begun");
	policy_limits_sweep_begin(l);
	T_CHECK(sweep(l, 0, "b"), "nothing was looked at");
	T_EQ(counted(l, "a"), 1);
	T_CHECK(sweep(l, 2, "b"), "that is not all");
	T_EQ(counted(l, "a"), 0);
	T_EQ(counted(l, "c"), 1);
	T_CHECK(!sweep(l, 3, "b"), "that is all");
	T_EQ(counted(l, ""), 1);
	T_EQ(counted(l, "b"), 1);
	T_EQ(counted(l, "c"), 0);
	T_EQ(counted(l, "held"), 1); /* it counts for somebody */
	policy_limits_end(l, o.claim);
	policy_limits_sweep_begin(l);
	T_CHECK(!sweep(l, 9, "b"), "that is all");
	T_EQ(counted(l, "held"), 0);
	policy_limits_free(l);
}

/* The one that is next goes by itself in between. */
static void
a_sweep_goes_on_behind_what_went(void)
{
	struct policy_limits *l = policy_limits_new(alloc_heap());
	struct policy_hold hold = { POLICY_COUNTS_RULE_USER, "a", "uid 1", 10,
		10, 10, 100 };
	const struct policy_ask a = { .holds = &hold,
		.n_holds = 1,
		.rate_Bps = 5,
		.terms.duration_s = POLICY_UNLIMITED };
	struct policy_outcome o;

	policy_limits_note(l, "a", NULL);
	T_EQ(policy_limits_take(l, &a, &o), POLICY_TAKEN);
	policy_limits_note(l, "c", NULL);
	policy_limits_sweep_begin(l);
	T_CHECK(sweep(l, 1, "b"), "that is not all");
	policy_limits_end(l, o.claim);
	T_CHECK(!sweep(l, 1, "b"), "that is all");
	T_EQ(counted(l, "c"), 0);
	policy_limits_free(l);
}

static struct t_case cases[] = {
	{ "counters of rules that are gone are forgotten in slices",
		counters_of_rules_that_are_gone_are_forgotten_in_slices },
	{ "a sweep goes on behind what went",
		a_sweep_goes_on_behind_what_went },
};
T_MAIN(cases)
