/* SPDX-License-Identifier: ISC */

/* What a managed interface has done while nobody waits: idle classes made ahead
 * or removed, the classes above the flows brought up to date. */

#include "link_int.h"

#include <errno.h>
#include <string.h>

/* The class above the flows of a service shows their sum. */
static int
tell_sums(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_done done = { 0 };
	int error;

	for (int s = TC_GS; s < TC_SUBTREES; s++) {
		struct tc_object have;
		struct tc_object want;

		tc_want_subtree(&link->conf, (enum tc_subtree)s,
			link->shape.sums_Bps[s], &have);
		tc_want_subtree(&link->conf, (enum tc_subtree)s,
			link->reserved_Bps[s], &want);
		tc_plan((struct tc_span){ &have, 1 },
			(struct tc_span){ &want, 1 }, &ops);
	}
	error = tc_link_run(link, kernel, &ops, &done);
	/* It is tried again twice a second. */
	if (error == 0 && done.error != 0 && !link->sums_refused)
		listener->note(listener->arg, done.text);
	link->sums_refused = done.error != 0;
	if (error == 0 && done.error == 0)
		memcpy(link->shape.sums_Bps, link->reserved_Bps,
			sizeof(link->shape.sums_Bps));
	tc_ops_done(&ops);
	return error;
}

/* One class more; false: no number or memory is left. */
static bool
plan_new_idle(struct tc_link *link, enum tc_subtree subtree, struct tc_ops *ops,
	struct tc_idle *ret_idle)
{
	struct tc_object want[2];

	*ret_idle = (struct tc_idle){ .minor = tc_minors_take(&link->minors) };
	if (ret_idle->minor == 0)
		return false;
	(void)tc_drift_was_removed(link, ret_idle->minor); /* another's */
	tc_want_idle(&link->conf, subtree, ret_idle->minor, &want[0], &want[1]);
	tc_plan((struct tc_span){ want, 0 }, (struct tc_span){ want, 2 }, ops);
	return true;
}

enum { POOL_STEP_MAX = 64 };

static int
grow_pool(struct tc_link *link, const struct tc_kernel *kernel,
	enum tc_subtree subtree, int count, const struct tc_listener *listener)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_idle idle[POOL_STEP_MAX];
	struct tc_group group;
	int error;
	int n = 0;

	while (n < count && n < POOL_STEP_MAX &&
		plan_new_idle(link, subtree, &ops, &idle[n]))
		n++;
	if (n == 0)
		return ENOSPC; /* no more of it now */
	error = tc_link_group(link, kernel, &ops, &group);
	/* What could not be taken back keeps its number until a restart, and so
	 * does what there is no memory to remember. */
	for (int i = 0; i < n && error == 0; i++)
		if (group.error == 0)
			(void)tc_pool_put(&link->pools[subtree], &idle[i]);
		else if (group.clean)
			tc_minors_give(&link->minors, idle[i].minor);
	/* It is tried again twice a second. */
	if (error == 0 && group.error != 0 && !link->growth_refused)
		listener->note(listener->arg, group.text);
	link->growth_refused = group.error != 0;
	tc_ops_done(&ops);
	return error != 0 ? error : group.error;
}

/* Classes that could not be removed are there as before, but some were made
 * anew by the undo: which, their totals will tell on the way to the pool. */
static void
take_back(struct tc_link *link, enum tc_subtree subtree,
	const struct tc_idle *idle, int count)
{
	for (int i = 0; i < count; i++) {
		struct tc_object have[2];

		tc_idle_objects(&link->conf, subtree, &idle[i], have);
		/* Without memory the class waits for a restart. */
		(void)tc_drain_orphan(link, subtree, &have[0], &have[1]);
	}
}

static int
shrink_pool(struct tc_link *link, const struct tc_kernel *kernel,
	enum tc_subtree subtree, int count, const struct tc_listener *listener)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_idle idle[POOL_STEP_MAX];
	struct tc_group group;
	int error;
	int n = 0;

	while (n < count && n < POOL_STEP_MAX &&
		tc_pool_take(&link->pools[subtree], &idle[n])) {
		struct tc_object have[2];

		tc_idle_objects(&link->conf, subtree, &idle[n++], have);
		tc_plan((struct tc_span){ have, 2 },
			(struct tc_span){ have, 0 }, &ops);
	}
	error = tc_link_group(link, kernel, &ops, &group);
	/* What could be neither removed nor put back keeps its number until a
	 * restart. */
	for (int i = 0; i < n && error == 0 && group.error == 0; i++)
		tc_minors_give(&link->minors, idle[i].minor);
	if (error == 0 && group.error != 0) {
		listener->note(listener->arg, group.text);
		link->stay_large = true;
		if (group.clean)
			take_back(link, subtree, idle, n);
	}
	tc_ops_done(&ops);
	return error != 0 ? error : group.error;
}

int
tc_link_idle(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, bool *ret_more)
{
	int error = 0;

	*ret_more = false;
	if (link->lost)
		return 0;
	error = tell_sums(link, kernel, listener);
	for (int i = 0; i < TC_SUBTREES && error == 0 && !*ret_more; i++) {
		int t = (link->pool_turn + i) % TC_SUBTREES;
		int count = tc_pool_step(
			&link->pools[t], &link->conf, link->step, link->busy);

		if (count == 0 || (count < 0 && link->stay_large))
			continue;
		link->pool_turn = t + 1;
		error = count > 0
				? grow_pool(link, kernel, (enum tc_subtree)t,
					  count, listener)
				: shrink_pool(link, kernel, (enum tc_subtree)t,
					  -count, listener);
		*ret_more = error == 0;
	}
	if (error >= 0)
		error = tc_split_step(link, kernel, listener, ret_more);
	return error < 0 ? error : 0;
}
