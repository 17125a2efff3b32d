/* SPDX-License-Identifier: ISC */
#ifndef T_POLICY_H
#define T_POLICY_H

/*
 * Rule sets by hand, and a policy that has loaded them the way the engine
 * does: through a snapshot.
 */

#include "policy/index_int.h"
#include "policy/load_int.h"
#include "policy/rule_int.h"
#include "policy/snapshot_int.h"
#include "t_addr.h"

enum { T_RULES = 4096, T_CATEGORIES = 16, T_LIST = 8 };

static inline void *
t_zeroed(size_t size)
{
	void *p = alloc_get(alloc_heap(), size);

	T_CHECK(p != NULL, "no memory");
	return p;
}

static inline struct policy_set *
t_set(void)
{
	struct policy_set *set =
		(struct policy_set *)t_zeroed(sizeof(struct policy_set));

	set->alloc = alloc_heap();
	set->rules = (struct policy_rule **)t_zeroed(
		T_RULES * sizeof(struct policy_rule *));
	set->categories = (struct policy_category *)t_zeroed(
		T_CATEGORIES * sizeof(struct policy_category));
	set->pools = (struct policy_pool *)t_zeroed(
		T_LIST * sizeof(struct policy_pool));
	set->default_why = POLICY_DEFAULT_DENY;
	set->generation = 7;
	set->made_unix_s = 1234567;
	(void)text_copy(set->source, sizeof(set->source), "test");
	return set;
}

static inline struct policy_category *
t_category(struct policy_set *set, const char *name)
{
	struct policy_category *c = &set->categories[set->n_categories++];

	T_CHECK(set->n_categories <= T_CATEGORIES, "too many");
	policy_category_init(c);
	(void)text_copy(c->name, sizeof(c->name), name);
	return c;
}

static inline struct policy_pool *
t_pool(struct policy_set *set, const char *name)
{
	struct policy_pool *p = &set->pools[set->n_pools++];

	p->rate_Bps = POLICY_UNLIMITED;
	p->max_flows = POLICY_UNLIMITED;
	p->soft_percent = POLICY_UNLIMITED;
	(void)text_copy(p->name, sizeof(p->name), name);
	return p;
}

/* A rule for reservations that matches all and allows it; with a category
 * when one of that name is there. */
static inline struct policy_rule *
t_rule(struct policy_set *set, const char *name, const char *category)
{
	struct policy_rule *r =
		(struct policy_rule *)t_zeroed(sizeof(struct policy_rule));

	T_CHECK(set->n_rules < T_RULES, "too many");
	set->rules[set->n_rules++] = r;
	(void)text_copy(r->name, sizeof(r->name), name);
	r->scope = POLICY_SCOPE_RSVP;
	r->category = POLICY_NO_CATEGORY;
	r->own_when = POLICY_NO_WHEN;
	for (uint32_t i = 0; category && i < set->n_categories; i++)
		if (strcmp(set->categories[i].name, category) == 0)
			r->category = i;
	return r;
}

static inline void
t_span(struct policy_rule *r, enum policy_span_kind kind, uint32_t lo,
	uint32_t hi)
{
	struct policy_spans *list = &r->spans[kind];

	if (!list->at)
		list->at = (struct policy_span *)t_zeroed(
			T_LIST * sizeof(*list->at));
	T_CHECK(list->count < T_LIST, "too many");
	list->at[list->count++] = (struct policy_span){ lo, hi };
}

static inline void
t_range(struct policy_rule *r, enum policy_addr_kind kind, const char *lo,
	const char *hi)
{
	struct policy_addr_spans *list = &r->addrs[kind];

	if (!list->at)
		list->at = (struct policy_addr_span *)t_zeroed(
			T_LIST * sizeof(*list->at));
	T_CHECK(list->count < T_LIST, "too many");
	list->at[list->count++] =
		(struct policy_addr_span){ t_addr(lo), t_addr(hi) };
}

static inline void
t_iface_of(struct policy_rule *r, enum policy_iface_kind kind, const char *glob)
{
	struct policy_ifaces *list = &r->ifaces[kind];

	if (!list->at)
		list->at = (struct policy_iface *)t_zeroed(
			T_LIST * sizeof(*list->at));
	(void)text_copy(list->at[list->count++].glob, POLICY_IFACE, glob);
}

static inline void
t_iface(struct policy_rule *r, const char *glob)
{
	t_iface_of(r, POLICY_IFACE_ANY, glob);
}

static inline void
t_name(struct policy_rule *r, enum policy_name_kind kind, const char *text)
{
	struct policy_globs *list = &r->names[kind];

	if (!list->at)
		list->at = (struct policy_glob *)t_zeroed(
			T_LIST * sizeof(*list->at));
	(void)text_copy(list->at[list->count++].text, POLICY_GLOB, text);
}

/* A zone that is so far from UTC before and after the moment. */
static inline uint32_t
t_zone(struct policy_set *set, const char *name, int32_t offset_s, int64_t at_s,
	int32_t then_s)
{
	struct policy_times *times = &set->times;
	struct policy_zone *zone;

	if (!times->zones)
		times->zones = (struct policy_zone *)t_zeroed(
			T_LIST * sizeof(*times->zones));
	zone = &times->zones[times->n_zones];
	(void)text_copy(zone->name, sizeof(zone->name), name);
	zone->offset_s = offset_s;
	zone->changes = (struct policy_zone_change *)t_zeroed(
		T_LIST * sizeof(*zone->changes));
	zone->count = 1;
	zone->changes[0] = (struct policy_zone_change){ at_s, then_s };
	return (uint32_t)times->n_zones++;
}

/* A condition on time that always holds, to be narrowed. */
static inline struct policy_when *
t_when(struct policy_set *set, const char *name)
{
	struct policy_times *times = &set->times;
	struct policy_when *w;

	if (!times->whens)
		times->whens = (struct policy_when *)t_zeroed(
			T_LIST * sizeof(*times->whens));
	w = &times->whens[times->n_whens++];
	policy_when_init(w);
	(void)text_copy(w->name, sizeof(w->name), name);
	return w;
}

static inline void
t_whens(struct policy_rule *r, uint32_t at)
{
	if (!r->whens.at)
		r->whens.at =
			(uint32_t *)t_zeroed(T_LIST * sizeof(*r->whens.at));
	r->whens.at[r->whens.count++] = at;
}

static inline int
t_compare_rules(const void *a, const void *b)
{
	return policy_rule_compare(*(struct policy_rule *const *)a,
		*(struct policy_rule *const *)b);
}

static inline void
t_sort(struct policy_set *set)
{
	for (size_t i = 0; i < set->n_rules; i++)
		policy_rule_settle(set->rules[i],
			set->rules[i]->category == POLICY_NO_CATEGORY
				? NULL
				: &set->categories[set->rules[i]->category]);
	qsort(set->rules, set->n_rules, sizeof(struct policy_rule *),
		t_compare_rules);
}

/* Load bytes in slices of that budget and switch. */
static inline void
t_load(struct policy *policy, const uint8_t *bytes, size_t len, size_t budget)
{
	struct policy_load *load = policy_load_begin(alloc_heap(), bytes, len);
	enum policy_load_state state = POLICY_LOAD_MORE;

	T_CHECK(load != NULL, "no memory");
	while (state == POLICY_LOAD_MORE)
		state = policy_load_step(load, budget);
	T_STR(policy_load_problem(load), "");
	T_EQ(state, POLICY_LOAD_READY);
	policy_load_switch(policy, load);
}

/* Sort the set and put it in force; frees it. */
static inline void
t_put(struct policy *policy, struct policy_set *set)
{
	uint8_t *bytes = NULL;
	size_t len = 0;

	t_sort(set);
	T_CHECK(policy_snapshot_write(set, &bytes, &len), "not written");
	t_load(policy, bytes, len, 3);
	alloc_put(alloc_heap(), bytes);
	policy_set_free(set);
}

static inline struct policy *
t_policy(struct policy_set *set)
{
	struct policy *p = policy_new(alloc_heap());

	T_CHECK(p != NULL, "no memory");
	t_put(p, set);
	return p;
}

/* 1 Mbit/s of controlled load by user 1000 to 10.20.0.1 port 5004. */
static inline struct policy_request
t_request(void)
{
	return (struct policy_request){ .message = POLICY_RESV,
		.role = POLICY_RECEIVER,
		.who_known = true,
		.uid = 1000,
		.gid = 100,
		.proto = 17,
		.dst = t_addr("10.20.0.1"),
		.dst_port = 5004,
		.src = t_addr("10.1.0.1"),
		.src_port = 4000,
		.service = POLICY_SERVICE_CL,
		.rate_Bps = 125000,
		.bucket_bytes = 3000,
		.peak_Bps = 250000,
		.max_packet = 1500,
		.iface = "eth0" };
}

static inline struct policy_verdict
t_decide(struct policy *policy, const struct policy_request *q, uint32_t claim)
{
	struct policy_verdict v;

	policy_decide(policy, q, claim, &v);
	return v;
}

/* A small generator, so that random cases can be repeated. */
static inline uint32_t
t_random(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

#endif /* T_POLICY_H */
