/* SPDX-License-Identifier: ISC */

/*
 * What a new plan changes on an interface: what goes gives its capacity back
 * and is accounted for, what stays keeps what it holds and its place.
 */

#include <stdlib.h>
#include <string.h>

#include "base/diff.h"
#include "base/log.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"

static int
compare_keys(const void *a, const void *b)
{
	const struct instance *x = *(struct instance *const *)a;
	const struct instance *y = *(struct instance *const *)b;

	return strcmp(x->info.name, y->info.name);
}

static bool
same_rule(const void *have, const void *want)
{
	const struct instance *x = *(struct instance *const *)have;
	const struct instance *y = *(struct instance *const *)want;

	return x->digest == y->digest && x->admit == y->admit &&
	       (x->info.state == RULES_INACTIVE) ==
		       (y->info.state == RULES_INACTIVE);
}

static void
go(struct rules *rules, const struct instance *old)
{
	rsvp_core_rule_release(rules->engine->core, old->held);
	rules_end(rules, old, "removed");
	log_info(LOG_POLICY, "%s: rule %s: removed", old->info.ifname,
		old->info.name);
}

static void
tell_difference(
	void *arg, enum diff_kind kind, const void *have, const void *want)
{
	struct rules *rules = (struct rules *)arg;
	struct instance *old = have ? *(struct instance *const *)have : NULL;
	struct instance *new = want ? *(struct instance *const *)want : NULL;

	if (!old)
		return; /* added */
	if (kind == DIFF_REMOVED || !new) {
		go(rules, old);
		return;
	}
	new->held = old->held;
	new->settled = old->settled && old->arbitration == new->arbitration;
	new->rule.before = old->rule.before;
	new->info.violation = old->info.violation;
	(void)text_copy(new->told, sizeof(new->told), old->told);
	if (new->info.state == RULES_INACTIVE)
		rules_end(rules, old, "time");
	else if (new->info.state == RULES_REFUSED)
		rules_end(rules, old, "refused");
	else
		new->since_unix_ms = old->since_unix_ms;
	if (kind == DIFF_CHANGED)
		log_info(LOG_POLICY, "%s: rule %s: changed", new->info.ifname,
			new->info.name);
	else if (old->info.state == RULES_INSTALLED)
		new->info.state = RULES_INSTALLED;
}

static struct instance **
sorted_copy(const struct plan *plan)
{
	struct instance **copy =
		(struct instance **)calloc(plan->count + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	if (plan->count > 0) {
		memcpy(copy, plan->all, plan->count * sizeof(*copy));
		qsort(copy, plan->count, sizeof(*copy), compare_keys);
	}
	return copy;
}

bool
rules_take(struct rules *rules, struct managed *iface)
{
	static const struct diff_ops ops = { .compare = compare_keys,
		.equal = same_rule,
		.tell = tell_difference };
	struct instance **have = sorted_copy(&iface->plan);
	struct instance **want = sorted_copy(&iface->draft);
	const struct diff_side old = { have, iface->plan.count, sizeof(*have) };
	const struct diff_side new = { want, iface->draft.count,
		sizeof(*want) };
	bool ok = have && want;

	if (ok) {
		diff_walk(&old, &new, &ops, rules);
		rules_plan_free(&iface->plan);
		iface->plan = iface->draft;
		iface->draft = (struct plan){ 0 };
	}
	free(have);
	free(want);
	return ok;
}

void
rules_drop(struct rules *rules, struct managed *iface)
{
	for (size_t i = 0; i < iface->plan.count; i++)
		go(rules, iface->plan.all[i]);
	rules_plan_free(&iface->plan);
	rules_plan_free(&iface->draft);
}
