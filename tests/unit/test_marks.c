/* SPDX-License-Identifier: ISC */

/* Which flows tcctl is told to mark, and what is said of them: rsvpd/marks.c,
 * with a policy of two rules. */

#include "rsvpd/marks.h"

#include "rsvpd/daemon.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules_plan.h"
#include "rsvpd/tc_client.h"
#include "t.h"
#include "t_heap.h"

enum { EF = 46, AF41 = 34, CS1 = 8 };

static struct {
	struct engine engine;
	struct marks *marks;
	struct policy_marking gold; /* the rule of that name; "plain": none */
	size_t asked;
	size_t told;
	struct tc_flow_mark last;
} b;

/* ---- what is around it --------------------------------------------------- */

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

bool
policy_rule_marking(const struct policy *policy, const char *name,
	struct policy_marking *ret)
{
	(void)policy;
	b.asked++;
	*ret = b.gold;
	return strcmp(name, "gold") == 0;
}

struct tc_marking
rules_marking(const struct policy_marking *from)
{
	return (struct tc_marking){ .marks = from->marks,
		.dscp = from->dscp,
		.marks_out = from->excess == POLICY_EXCESS_MARK,
		.dscp_out = from->dscp_out };
}

void
tc_client_flow_mark(struct tc_client *tc, const struct tc_flow_mark *mark)
{
	(void)tc;
	b.told++;
	b.last = *mark;
}

static void
begin(void)
{
	memset(&b, 0, sizeof(b));
	b.gold = (struct policy_marking){ .marks = true, .dscp = EF };
	b.marks = marks_new(&b.engine);
	T_CHECK(b.marks, "no memory");
}

static void
flow(uint32_t id, const char *rule, bool adopted)
{
	struct rsvp_account what = { .adopted = adopted,
		.flow = { .id = id, .ifindex = 3 } };

	snprintf(what.rule, sizeof(what.rule), "%s", rule);
	marks_effect(b.marks, &what);
}

static void
ends(uint32_t id)
{
	const struct rsvp_account what = { .ended = true,
		.flow = { .id = id } };

	marks_effect(b.marks, &what);
}

/* ---- cases --------------------------------------------------------------- */

static void
a_flow_is_marked_by_its_rule(void)
{
	begin();
	flow(1, "gold", false);
	T_EQ(b.told, 1);
	T_EQ(b.last.flow_id, 1);
	T_EQ(b.last.ifindex, 3);
	T_CHECK(b.last.as.marks && b.last.as.dscp == EF, "EF");
	flow(2, "plain", false);
	flow(3, "", false);
	flow(1, "gold", false); /* the same again */
	T_EQ(b.told, 1);
	T_EQ(b.asked, 2); /* once a rule */
	flow(1, "plain", false);
	T_EQ(b.told, 2);
	T_CHECK(!b.last.as.marks, "marked");
	marks_free(b.marks);
}

static void
other_rules_change_what_differs(void)
{
	begin();
	flow(1, "gold", false);
	flow(2, "gold", false);
	marks_policy(b.marks);
	T_EQ(b.told, 2);
	b.gold.dscp = AF41;
	marks_policy(b.marks);
	T_EQ(b.told, 4);
	T_EQ(b.last.as.dscp, AF41);
	b.gold.excess = POLICY_EXCESS_MARK;
	b.gold.dscp_out = CS1;
	marks_policy(b.marks);
	T_EQ(b.told, 6);
	T_EQ(b.last.as.dscp_out, CS1);
	b.gold.dscp_out = AF41;
	marks_policy(b.marks);
	T_EQ(b.told, 8);
	/* No more than what is in profile, and what is not. */
	b.gold.marks = false;
	marks_policy(b.marks);
	T_EQ(b.told, 10);
	T_CHECK(!b.last.as.marks && b.last.as.marks_out, "in profile");
	b.gold.excess = POLICY_EXCESS_DROP;
	marks_policy(b.marks);
	T_EQ(b.told, 12);
	T_CHECK(!b.last.as.marks_out, "out of profile");
	marks_policy(b.marks);
	T_EQ(b.told, 12);
	marks_free(b.marks);
}

/* What there is of it from before nobody knows. */
static void
an_adopted_flow_is_told_of_in_any_case(void)
{
	begin();
	flow(1, "plain", true);
	T_EQ(b.told, 1);
	T_CHECK(!b.last.as.marks, "marked");
	flow(1, "plain", true);
	T_EQ(b.told, 1);
	marks_free(b.marks);
}

static void
a_new_tcctl_hears_of_what_was_told(void)
{
	begin();
	flow(1, "gold", false);
	flow(2, "plain", false);
	marks_ready(b.marks, 4);
	T_EQ(b.told, 1);
	marks_ready(b.marks, 3);
	T_EQ(b.told, 2);
	T_EQ(b.last.flow_id, 1);
	ends(1);
	marks_ready(b.marks, 3);
	T_EQ(b.told, 2);
	ends(1); /* twice does no harm */
	marks_free(b.marks);
}

static void
what_is_shown_is_what_is_in_force(void)
{
	begin();
	flow(1, "gold", false);
	flow(2, "plain", false);
	T_CHECK(marks_of(b.marks, 1), "marked");
	T_EQ(marks_of(b.marks, 1)->dscp, EF);
	T_CHECK(!marks_of(b.marks, 2), "not marked");
	T_CHECK(!marks_of(b.marks, 9), "no flow");
	marks_done(b.marks, 1, 95);
	T_CHECK(!marks_of(b.marks, 1), "refused");
	marks_done(b.marks, 1, 0);
	T_CHECK(marks_of(b.marks, 1), "in force");
	marks_done(b.marks, 9, 95); /* which has gone */
	/* Out of profile alone. */
	b.gold = (struct policy_marking){ .excess = POLICY_EXCESS_MARK,
		.dscp_out = CS1 };
	marks_policy(b.marks);
	T_CHECK(marks_of(b.marks, 1), "marked");
	T_CHECK(!marks_of(b.marks, 1)->marks, "in profile");
	marks_free(b.marks);
}

/* What is forgotten one by one, and what is left at the end. */
static void
it_keeps_no_memory(void)
{
	const size_t before = t_heap_held;

	begin();
	flow(1, "gold", false);
	flow(2, "plain", false);
	marks_policy(b.marks);
	flow(3, "gold", true);
	ends(2);
	marks_free(b.marks);
	T_EQ(t_heap_held, before);
	marks_free(NULL);
	T_EQ(t_heap_held, before);
}

/* A flow needs three pieces, what its rule says is kept in three more: without
 * those it is asked for each time. */
static void
without_heap_a_flow_is_marked_later(void)
{
	enum { FLOW = 3, RULE = 6 };
	const size_t before = t_heap_held;

	for (size_t n = 1; n <= RULE; n++) {
		begin();
		t_heap_fail_at = n;
		flow(1, "gold", false);
		T_EQ(t_heap_fail_at, 0);
		T_EQ(b.told, n > FLOW);
		T_EQ(marks_of(b.marks, 1) != NULL, n > FLOW);
		flow(1, "gold", false);
		flow(2, "gold", false);
		T_EQ(b.told, 2);
		T_EQ(b.asked, n > FLOW ? 2 : 1);
		T_CHECK(b.last.as.marks && b.last.as.dscp == EF, "EF");
		marks_free(b.marks);
		T_EQ(t_heap_held, before);
	}
}

static struct t_case cases[] = {
	{ "a flow is marked by its rule", a_flow_is_marked_by_its_rule },
	{ "other rules change what differs", other_rules_change_what_differs },
	{ "an adopted flow is told of in any case",
		an_adopted_flow_is_told_of_in_any_case },
	{ "a new tcctl hears of what was told",
		a_new_tcctl_hears_of_what_was_told },
	{ "what is shown is what is in force",
		what_is_shown_is_what_is_in_force },
	{ "it keeps no memory", it_keeps_no_memory },
	{ "without memory a flow is marked later",
		without_heap_a_flow_is_marked_later },
};
T_MAIN(cases)
