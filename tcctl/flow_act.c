/* SPDX-License-Identifier: ISC */

/*
 * What the nodes of a flow do besides leading to its class, where the kernel
 * has the actions:
 *
 *	police		when something exceeds its token bucket (excess.c)
 *	DSCP, pass	what conforms
 *	DSCP, continue	what exceeds: of a guaranteed flow to best effort, else
 *			as the rest
 *
 * The police jumps to the third line.  Pure.
 */

#include <linux/if_ether.h>
#include <string.h>

#include "link_int.h"

static void
add_verdict(struct tc_extra *x, int32_t control)
{
	x->actions[x->action_count++] =
		(struct tc_action){ .kind = &tc_action_gact,
			.control = control };
}

static bool
has_police(const struct tc_extra *x)
{
	return x->action_count > 0 && x->actions[0].kind == &tc_action_police;
}

void
tc_flow_act(
	const struct tc_marking *as, bool v6, bool demoted, struct tc_extra *x)
{
	struct tc_action *police = has_police(x) ? &x->actions[0] : NULL;
	int32_t exceeds = demoted ? TC_VERDICT_CONTINUE : TC_VERDICT_OK;

	x->action_count = police ? 1 : 0;
	if (police) {
		police->control = exceeds;
		police->police.conform =
			as->marks ? TC_VERDICT_PIPE : TC_VERDICT_OK;
	}
	if (as->marks)
		tc_act_dscp(x, v6, as->dscp);
	if (!police || !as->marks_out)
		return;
	if (as->marks)
		add_verdict(x, TC_VERDICT_OK);
	police->control = TC_VERDICT_JUMP | x->action_count;
	tc_act_dscp(x, v6, as->dscp_out);
	add_verdict(x, exceeds);
}

/* What the actions say; whether they are ours is another question. */
static struct tc_marking
read_marking(const struct tc_extra *x, bool *ret_demoted)
{
	struct tc_marking as = { 0 };
	size_t at = has_police(x) ? 1 : 0;
	size_t n = tc_act_dscp_of(x, at, &as.dscp);
	const struct tc_action *last =
		x->action_count > 0 ? &x->actions[x->action_count - 1] : NULL;
	bool jumps = at > 0 && (x->actions[0].control & TC_VERDICT_JUMP) != 0 &&
		     x->actions[0].control > 0;

	*ret_demoted = last && at > 0 && last->control == TC_VERDICT_CONTINUE;
	if (!jumps) {
		as.marks = n > 0;
		if (at > 0)
			*ret_demoted =
				x->actions[0].control == TC_VERDICT_CONTINUE;
		return as;
	}
	as.marks = n > 0 && at + n < x->action_count &&
		   x->actions[at + n].control == TC_VERDICT_OK &&
		   at + n + 1 < x->action_count;
	if (!as.marks)
		as.dscp = 0;
	as.marks_out =
		tc_act_dscp_of(x, as.marks ? at + n + 1 : at, &as.dscp_out) > 0;
	return as;
}

bool
tc_flow_act_decode(const struct tc_extra *x, bool v6, struct tc_marking *ret_as)
{
	struct tc_extra same = { 0 };
	bool demoted = false;
	struct tc_marking as = read_marking(x, &demoted);

	if (x->old_police || x->mark_mask != 0)
		return false;
	tc_extra_copy(&same, x);
	tc_flow_act(&as, v6, demoted, &same);
	if (same.action_count != x->action_count)
		return false;
	for (size_t i = 0; i < x->action_count; i++) {
		const struct tc_action *a = &x->actions[i];
		const struct tc_action *b = &same.actions[i];

		if (a->kind != b->kind || a->control != b->control ||
			!a->kind->equal(a, b))
			return false;
	}
	*ret_as = as;
	return true;
}

bool
tc_flow_acts(const struct tc_marking *as)
{
	return as->marks || as->marks_out;
}

bool
tc_flow_marks_out(const struct tc_record *record)
{
	return record->as.marks_out && record->acts && has_police(record->acts);
}

bool
tc_filters_are_v6(const struct tc_record *r)
{
	return r->node_count > 0 && r->nodes[0].filter.dst.family == ADDR_V6;
}
