/* SPDX-License-Identifier: ISC */

/*
 * Which flows are in the kernel, by which rule, and how tcctl was told to mark
 * them.  The core says by which rule a flow is charged, as for accounts; a flow
 * is marked as soon as it is there.  What a tcctl finds in the kernel stays as
 * it is until a reservation claims it.
 */

#include "rsvpd/marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "rsvpd/daemon.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules_plan.h"
#include "rsvpd/tc_client.h"

struct marked {
	uint32_t flow_id;
	uint32_t ifindex;
	bool told;    /* tcctl was, or may know something from before */
	bool refused; /* it said no the last time */
	struct tc_marking as;
	char rule[RSVP_RULE];
	UT_hash_handle hh;
};

/* What a rule says; many flows have one rule, and it is slow to find. */
struct known {
	struct tc_marking as;
	char rule[RSVP_RULE];
	UT_hash_handle hh;
};

struct marks {
	struct engine *engine;
	struct marked *flows;
	struct known *rules; /* of the policy in force */
};

struct marks *
marks_new(struct engine *engine)
{
	struct marks *marks = (struct marks *)calloc(1, sizeof(*marks));

	if (marks)
		marks->engine = engine;
	return marks;
}

static void
forget_rules(struct marks *marks)
{
	struct known *one, *next;

	hash_dissolve(hh, marks->rules, one);
	for (; one; one = next) {
		next = (struct known *)one->hh.next;
		free(one);
	}
}

void
marks_free(struct marks *marks)
{
	struct marked *one, *next;

	if (!marks)
		return;
	forget_rules(marks);
	hash_dissolve(hh, marks->flows, one);
	for (; one; one = next) {
		next = (struct marked *)one->hh.next;
		free(one);
	}
	free(marks);
}

static struct tc_marking
ask(const struct marks *marks, const char *rule)
{
	struct policy_marking marking;

	if (!policy_rule_marking(policy_client_policy(marks->engine->policy),
		    rule, &marking))
		return (struct tc_marking){ 0 };
	return rules_marking(&marking);
}

static struct tc_marking
wanted(struct marks *marks, const struct marked *one)
{
	struct known *known;

	if (one->rule[0] == '\0')
		return (struct tc_marking){ 0 };
	HASH_FIND_STR(marks->rules, one->rule, known);
	if (known)
		return known->as;
	known = (struct known *)calloc(1, sizeof(*known));
	if (!known)
		return ask(marks, one->rule); /* slowly */
	known->as = ask(marks, one->rule);
	memcpy(known->rule, one->rule, sizeof(known->rule));
	HASH_ADD_STR(marks->rules, rule, known);
	if (!hash_added(known->hh)) {
		const struct tc_marking as = known->as;

		free(known);
		return as;
	}
	return known->as;
}

static bool
same(const struct tc_marking *a, const struct tc_marking *b)
{
	return a->marks == b->marks && a->dscp == b->dscp &&
	       a->marks_out == b->marks_out && a->dscp_out == b->dscp_out;
}

static void
tell(struct marks *marks, struct marked *one)
{
	const struct tc_flow_mark mark = {
		.flow_id = one->flow_id, .ifindex = one->ifindex, .as = one->as
	};

	one->told = true;
	tc_client_flow_mark(marks->engine->tc, &mark);
}

/* What the rule says now. */
static void
follow(struct marks *marks, struct marked *one, bool anyway)
{
	const struct tc_marking as = wanted(marks, one);

	if (!anyway && same(&as, &one->as))
		return;
	one->as = as;
	tell(marks, one);
}

static struct marked *
find(const struct marks *marks, uint32_t flow_id)
{
	struct marked *one;

	HASH_FIND(hh, marks->flows, &flow_id, sizeof(flow_id), one);
	return one;
}

/* NULL: out of memory. */
static struct marked *
add(struct marks *marks, uint32_t flow_id)
{
	struct marked *one = (struct marked *)calloc(1, sizeof(*one));

	if (!one)
		return NULL;
	one->flow_id = flow_id;
	HASH_ADD(hh, marks->flows, flow_id, sizeof(one->flow_id), one);
	if (hash_added(one->hh))
		return one;
	free(one);
	return NULL;
}

void
marks_effect(struct marks *marks, const struct rsvp_account *what)
{
	struct marked *one = find(marks, what->flow.id);
	bool fresh = !one;

	if (what->ended) {
		if (one)
			HASH_DEL(marks->flows, one);
		free(one);
		return;
	}
	if (!one)
		one = add(marks, what->flow.id);
	if (!one) {
		log_err(LOG_TC, "flow %u: not marked, no memory",
			what->flow.id);
		return;
	}
	one->ifindex = what->flow.ifindex;
	(void)text_copy(one->rule, sizeof(one->rule), what->rule);
	follow(marks, one, fresh && what->adopted);
}

void
marks_done(struct marks *marks, uint32_t flow_id, int error)
{
	struct marked *one = find(marks, flow_id);

	if (one)
		one->refused = error != 0;
}

const struct tc_marking *
marks_of(const struct marks *marks, uint32_t flow_id)
{
	const struct marked *one = find(marks, flow_id);
	bool marked = one && (one->as.marks || one->as.marks_out);

	return marked && !one->refused ? &one->as : NULL;
}

void
marks_policy(struct marks *marks)
{
	struct marked *one, *next;

	forget_rules(marks);
	HASH_ITER (hh, marks->flows, one, next)
		follow(marks, one, false);
}

void
marks_ready(struct marks *marks, uint32_t ifindex)
{
	struct marked *one, *next;

	HASH_ITER (hh, marks->flows, one, next)
		if (one->ifindex == ifindex && one->told)
			tell(marks, one);
}
