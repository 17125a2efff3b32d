/* SPDX-License-Identifier: ISC */

/*
 * Which rules apply to which interface, in the order of decision, found in
 * slices: there may be a hundred thousand rules.  An interface has a thousand
 * of them at most, since each is filters that all its packets pass, and what
 * its counters and reservations are compared with.  What is beyond is counted.
 */

#include <stdlib.h>

#include "rsvpd/rules_int.h"
#include "rsvpd/rules_plan.h"

enum {
	SLICE = 4000,  /* looks at a rule for an interface, in one turn */
	ONE_COSTS = 20 /* as many looks, where it applies */
};

uint64_t
rules_digest_begin(void)
{
	return UINT64_C(14695981039346656037);
}

uint64_t
rules_digest(struct draft *draft, uint64_t digest, const struct tc_rule *rule)
{
	struct buf_writer w = buf_writer(draft->bytes, sizeof(draft->bytes));

	tc_put_rule(&w, 0, rule);
	for (size_t i = 0; i < buf_written(&w); i++)
		digest = (digest ^ draft->bytes[i]) * UINT64_C(1099511628211);
	return digest;
}

void
rules_plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->all[i]);
	free(plan->all);
	*plan = (struct plan){ 0 };
}

/* NULL: out of memory. */
static struct instance *
plan_add(struct plan *plan)
{
	struct instance *one;

	if (plan->count == plan->room) {
		size_t room = plan->room * 2 + 16;
		struct instance **more = (struct instance **)realloc(
			plan->all, room * sizeof(*more));

		if (!more)
			return NULL;
		plan->all = more;
		plan->room = room;
	}
	one = (struct instance *)calloc(1, sizeof(*one));
	if (one)
		plan->all[plan->count++] = one;
	return one;
}

static bool
has_id(const struct plan *plan, uint32_t id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->all[i]->rule.id == id)
			return true;
	return false;
}

struct instance *
rules_find(struct managed *iface, uint32_t id)
{
	const struct plan *plan = &iface->plan;

	/* Mostly the one after the last. */
	for (size_t i = 0; i < plan->count; i++) {
		size_t at = (iface->hint + i) % plan->count;

		if (plan->all[at]->rule.id != id)
			continue;
		iface->hint = at + 1;
		return plan->all[at];
	}
	return NULL;
}

static void
describe(struct instance *one, const struct policy_data_rule *rule,
	const struct managed *iface)
{
	struct rules_info *info = &one->info;

	(void)text_copy(info->name, sizeof(info->name), rule->name);
	(void)text_copy(info->category, sizeof(info->category), rule->category);
	(void)text_copy(info->ifname, sizeof(info->ifname), iface->name);
	info->priority = rule->priority;
	one->ifindex = iface->ifindex;
	one->admit = rule->admit && rule->rate_Bps != 0 && !rule->deny;
	one->arbitration = rule->arbitration;
}

/* One rule on one interface; false: out of memory. */
static bool
add_instance(struct draft *draft, const struct policy_data_rule *rule,
	struct managed *iface)
{
	struct instance *one = plan_add(&iface->draft);
	uint32_t salt = 0;
	uint32_t id;
	bool sound;

	if (!one)
		return false;
	describe(one, rule, iface);
	sound = rules_plan(
		rule, iface->mtu, draft->links, &one->rule, one->info.reason);
	draft->by_incoming = draft->by_incoming || rule->in.count > 0;
	one->info.state = rule->active ? sound ? RULES_WAITING : RULES_REFUSED
				       : RULES_INACTIVE;
	do
		id = rules_id(rule->name, iface->name, salt++);
	while (has_id(&iface->draft, id));
	one->rule.id = id;
	one->rule.ifindex = iface->ifindex;
	one->digest = rules_digest(draft, rules_digest_begin(), &one->rule);
	return true;
}

enum rules_drafted
rules_draft(struct draft *draft, const struct policy *policy,
	struct managed *ifaces, size_t count)
{
	struct policy_data_rule rule;

	for (size_t cost = 0; cost < SLICE; draft->next++, cost += count + 1) {
		if (!policy_data_at(policy, draft->next, draft->now_s, &rule))
			return RULES_DONE;
		for (size_t i = 0; i < count; i++) {
			struct plan *plan = &ifaces[i].draft;

			if (!rules_applies(&rule, ifaces[i].name))
				continue;
			if (plan->count == RULES_MAX) {
				plan->beyond++;
				continue;
			}
			if (!add_instance(draft, &rule, &ifaces[i]))
				return RULES_NO_MEMORY;
			cost += ONE_COSTS;
		}
	}
	return RULES_MORE;
}
