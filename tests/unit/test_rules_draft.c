/* SPDX-License-Identifier: ISC */

/* Which rules apply to which interface, found in slices. */

#include "rsvpd/rules_int.h"
#include "t_policy.h"

enum { MANY = 3000 };

static const struct rules_links no_links;

struct drafted {
	struct policy *policy;
	struct draft draft;
	struct managed ifaces[2];
	size_t turns;
	size_t most; /* rules that applied, in one turn */
};

static size_t
drafted_count(const struct drafted *d)
{
	return d->ifaces[0].draft.count + d->ifaces[1].draft.count;
}

static struct drafted *
drafted(struct policy_set *set)
{
	struct drafted *d = (struct drafted *)t_zeroed(sizeof(*d));
	enum rules_drafted more = RULES_MORE;

	d->policy = t_policy(set);
	d->draft.links = &no_links;
	for (uint32_t i = 0; i < 2; i++) {
		struct managed *iface = &d->ifaces[i];

		iface->ifindex = 3 + i;
		iface->mtu = 1514;
		(void)text_copy(iface->name, sizeof(iface->name),
			i == 0 ? "eth0" : "eth1");
	}
	while (more == RULES_MORE) {
		size_t before = drafted_count(d);

		more = rules_draft(&d->draft, d->policy, d->ifaces, 2);
		d->turns++;
		if (drafted_count(d) - before > d->most)
			d->most = drafted_count(d) - before;
	}
	T_EQ(more, RULES_DONE);
	return d;
}

static void
drafted_free(struct drafted *d)
{
	for (size_t i = 0; i < 2; i++) {
		rules_plan_free(&d->ifaces[i].draft);
		rules_plan_free(&d->ifaces[i].plan);
	}
	policy_free(d->policy);
	alloc_put(alloc_heap(), d);
}

static struct policy_rule *
data_rule(struct policy_set *set, size_t i)
{
	char name[16];
	struct text t = text_over(name, sizeof(name));
	struct policy_rule *r;

	text_printf(&t, "rule-%04zu", i);
	r = t_rule(set, name, NULL);
	r->scope = POLICY_SCOPE_DATA;
	r->priority = (int32_t)(MANY - i);
	return r;
}

static void
interface_has_so_many_and_the_rest_is_counted(void)
{
	struct policy_set *set = t_set();
	struct drafted *d;

	for (size_t i = 0; i < MANY; i++)
		data_rule(set, i);
	d = drafted(set);
	for (size_t n = 0; n < 2; n++) {
		const struct plan *plan = &d->ifaces[n].draft;

		T_EQ(plan->count, RULES_MAX);
		T_EQ(plan->beyond, MANY - RULES_MAX);
		/* The first in the order of decision, and in it. */
		for (size_t i = 0; i < plan->count; i++) {
			T_EQ(plan->all[i]->info.priority, MANY - i);
			T_STR(plan->all[i]->info.ifname, d->ifaces[n].name);
			T_EQ(plan->all[i]->ifindex, 3 + n);
			T_EQ(plan->all[i]->rule.ifindex, 3 + n);
		}
	}
	drafted_free(d);
}

static void
turns_are_short(void)
{
	struct policy_set *set = t_set();
	struct drafted *d;

	for (size_t i = 0; i < MANY; i++)
		data_rule(set, i);
	d = drafted(set);
	T_CHECK(d->turns > 2 * RULES_MAX / 200, "%zu turns", d->turns);
	T_CHECK(d->most <= 202, "%zu in one turn", d->most);
	drafted_free(d);

	/* Also when none applies. */
	set = t_set();
	for (size_t i = 0; i < MANY; i++)
		t_iface_of(data_rule(set, i), POLICY_IFACE_OUT, "ppp*");
	d = drafted(set);
	T_EQ(drafted_count(d), 0);
	T_EQ(d->ifaces[0].draft.beyond, 0);
	T_CHECK(d->turns >= MANY * 3 / 4000, "%zu turns", d->turns);
	T_CHECK(d->turns <= MANY * 3 / 4000 + 1, "%zu turns", d->turns);
	drafted_free(d);
}

static void
rules_of_other_interfaces_take_no_place(void)
{
	struct policy_set *set = t_set();
	struct drafted *d;

	for (size_t i = 0; i < MANY; i++)
		t_iface_of(data_rule(set, i), POLICY_IFACE_OUT,
			i % 3 == 0 ? "eth0" : "eth1");
	d = drafted(set);
	T_EQ(d->ifaces[0].draft.count, MANY / 3);
	T_EQ(d->ifaces[0].draft.beyond, 0);
	T_EQ(d->ifaces[1].draft.count, RULES_MAX);
	T_EQ(d->ifaces[1].draft.beyond, MANY / 3 * 2 - RULES_MAX);
	drafted_free(d);
}

static void
numbers_are_each_used_once(void)
{
	struct policy_set *set = t_set();
	struct drafted *d;
	struct managed *iface;

	for (size_t i = 0; i < MANY; i++)
		data_rule(set, i);
	d = drafted(set);
	iface = &d->ifaces[1];
	iface->plan = iface->draft;
	iface->draft = (struct plan){ 0 };
	/* Forwards, as counters come, and backwards. */
	for (size_t i = 0; i < RULES_MAX; i++)
		T_CHECK(rules_find(iface, iface->plan.all[i]->rule.id) ==
				iface->plan.all[i],
			"rule %zu", i);
	for (size_t i = RULES_MAX; i-- > 0;)
		T_CHECK(rules_find(iface, iface->plan.all[i]->rule.id) ==
				iface->plan.all[i],
			"rule %zu", i);
	T_CHECK(!rules_find(iface, 0), "none has 0");
	T_CHECK(!rules_find(&d->ifaces[0], iface->plan.all[0]->rule.id),
		"an interface without a plan");
	drafted_free(d);
}

static struct t_case cases[] = {
	{ "an interface has so many rules, the rest is counted",
		interface_has_so_many_and_the_rest_is_counted },
	{ "turns are short", turns_are_short },
	{ "rules of other interfaces take no place",
		rules_of_other_interfaces_take_no_place },
	{ "numbers are each used once", numbers_are_each_used_once },
};

T_MAIN(cases)
