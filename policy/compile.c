/* SPDX-License-Identifier: ISC */

/*
 * From drafts to a rule set: one entry for each name, every reference
 * resolved, rules in the order of decision.
 *
 * Of two entries with one name the directory's wins over the file's, and in
 * the directory the one with the earlier tag.  Twice in the file is an error.
 */

#include <stdlib.h>
#include <string.h>

#include "compile_int.h"
#include "policy/load_int.h"
#include "policy/snapshot_int.h"

enum { NEAR = 4 };

/* What decides between two entries with one name. */
struct claim {
	const char *name;
	const char *where;
	uint8_t origin;
	unsigned tag;
};

/* The first of a run of equal names is the one to keep. */
static int
compare_claims(const struct claim *a, const struct claim *b)
{
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	if (a->origin != b->origin)
		return a->origin > b->origin ? -1 : 1;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	return strcmp(a->where, b->where);
}

static struct claim
claim_of_category(const struct source_category *c)
{
	return (struct claim){ c->category.name, c->where, c->category.origin,
		c->tag };
}

static struct claim
claim_of_rule(const struct source_rule *r)
{
	return (struct claim){ r->rule->name, r->where, r->rule->origin,
		r->tag };
}

static int
compare_categories(const void *a, const void *b)
{
	struct claim x =
		claim_of_category(*(const struct source_category *const *)a);
	struct claim y =
		claim_of_category(*(const struct source_category *const *)b);

	return compare_claims(&x, &y);
}

static int
compare_rule_names(const void *a, const void *b)
{
	struct claim x = claim_of_rule(*(struct source_rule *const *)a);
	struct claim y = claim_of_rule(*(struct source_rule *const *)b);

	return compare_claims(&x, &y);
}

/* The name is taken: an error in one file, a note elsewhere. */
static void
say_double(struct compiling *c, const char *what, const struct claim *kept,
	const struct claim *lost)
{
	if (lost->origin == POLICY_FROM_FILE &&
		kept->origin == POLICY_FROM_FILE)
		source_report_add(c->errors, lost->where,
			"%s \"%s\" is defined twice, first at %s (rename one)",
			what, lost->name, kept->where);
	else
		source_report_add(c->notes, lost->where,
			"%s \"%s\" is not used: %s defines it too and wins",
			what, lost->name, kept->where);
}

/* ---- categories --------------------------------------------------------- */

static uint32_t
pool_at(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_pools; i++)
		if (strcmp(set->pools[i].name, name) == 0)
			return (uint32_t)i;
	return POLICY_NO_POOL;
}

static uint32_t
find_pool(struct compiling *c, const struct source_category *from)
{
	uint32_t at = POLICY_NO_POOL;

	if (from->pool[0] == '\0')
		return at;
	at = pool_at(c->set, from->pool);
	if (at == POLICY_NO_POOL)
		source_report_add(c->errors, from->where,
			"category \"%s\" refers to pool \"%s\", which does not "
			"exist (define it in pools)",
			from->category.name, from->pool);
	return at;
}

/* FlowServiceType says what becomes of packets beyond the rate, and the
 * service that a reservation may have. */
static void
settle_flow_service(struct compiling *c, const struct source_category *from,
	struct policy_category *to)
{
	if (from->flow_service == POLICY_SERVICE_ANY)
		return;
	if (to->max_service == POLICY_UNLIMITED)
		to->max_service = from->flow_service;
	if (from->flow_service == POLICY_SERVICE_GS && to->rate_Bps == 0) {
		source_report_add(c->errors, from->where,
			"category \"%s\": Guaranteed without MaxRate: there "
			"is no rate to shape to (set MaxRate, or take "
			"ControlledLoad)",
			to->name);
		return;
	}
	if (to->excess == POLICY_UNLIMITED && to->rate_Bps != POLICY_UNLIMITED)
		to->excess = from->flow_service == POLICY_SERVICE_GS
				     ? POLICY_EXCESS_DELAY
				     : POLICY_EXCESS_BEST_EFFORT;
}

static void
check_excess(struct compiling *c, const struct source_category *from,
	const struct policy_category *to)
{
	bool rate = to->rate_Bps != POLICY_UNLIMITED && to->rate_Bps != 0;

	if (to->excess == POLICY_EXCESS_MARK &&
		to->dscp_out == POLICY_UNLIMITED)
		source_report_add(c->errors, from->where,
			"category \"%s\": outProfileAction mark without a "
			"mark (set outProfileDscp)",
			to->name);
	if (to->excess == POLICY_EXCESS_DELAY && !rate)
		source_report_add(c->errors, from->where,
			"category \"%s\": outProfileAction delay without a "
			"rate to shape to (set maxRate)",
			to->name);
	if (rate && to->bucket_bytes == 0)
		source_report_add(c->errors, from->where,
			"category \"%s\": maxTokenBucket 0 lets no packet "
			"through (a packet of the largest size must fit)",
			to->name);
}

/* Both or none, and a flow that can push others out is as hard to push out. */
static void
settle_priorities(struct compiling *c, const struct source_category *from,
	struct policy_category *to)
{
	if (to->preemption == POLICY_UNLIMITED &&
		to->defending != POLICY_UNLIMITED)
		to->preemption = 0;
	if (to->defending == POLICY_UNLIMITED)
		to->defending = to->preemption;
	if (to->defending >= to->preemption)
		return;
	source_report_add(c->errors, from->where,
		"category \"%s\": defending %u is below preemption %u (a flow "
		"that can push others out must be as hard to push out)",
		to->name, (unsigned)to->defending, (unsigned)to->preemption);
}

/* What not every kernel does. */
static void
note_idle(struct compiling *c, const struct source_category *from)
{
	const struct policy_category *to = &from->category;
	const struct idle {
		const char *key;
		uint64_t value;
	} keys[] = {
		{ "peakRate", to->peak_Bps },
		{ "minPolicedUnit", to->min_unit_bytes },
	};
	bool marked = to->excess == POLICY_UNLIMITED ||
		      to->excess == POLICY_EXCESS_MARK ||
		      to->excess == POLICY_EXCESS_BEST_EFFORT;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && marked; i++)
		if (keys[i].value != POLICY_UNLIMITED)
			source_report_add(c->notes, from->where,
				"category \"%s\": %s is in force only where "
				"the kernel has act_police, since what exceeds "
				"is marked (ask tcctl probe; with "
				"outProfileAction drop or delay it is "
				"everywhere)",
				to->name, keys[i].key);
}

static void
settle_category(struct compiling *c, const struct source_category *from,
	struct policy_category *to)
{
	*to = from->category;
	to->pool = find_pool(c, from);
	settle_priorities(c, from, to);
	settle_flow_service(c, from, to);
	check_excess(c, from, to);
	note_idle(c, from);
}

static bool
gather_pools(struct compiling *c, struct source_draft *const drafts[2])
{
	size_t most = drafts[0]->n_pools + drafts[1]->n_pools;
	struct policy_set *set = c->set;

	set->pools = (struct policy_pool *)alloc_get(
		alloc_heap(), (most + 1) * sizeof(*set->pools));
	if (!set->pools)
		return false;
	for (int d = 0; d < 2; d++)
		for (size_t i = 0; i < drafts[d]->n_pools; i++) {
			const struct source_pool *p = &drafts[d]->pools[i];

			if (pool_at(set, p->pool.name) != POLICY_NO_POOL)
				source_report_add(c->errors, p->where,
					"pool \"%s\" is defined twice (rename "
					"one)",
					p->pool.name);
			else if (p->pool.name[0] != '\0')
				set->pools[set->n_pools++] = p->pool;
		}
	return true;
}

static bool
gather_categories(struct compiling *c, struct source_draft *const drafts[2])
{
	size_t most = drafts[0]->n_categories + drafts[1]->n_categories;
	const struct source_category **all =
		(const struct source_category **)calloc(
			most + 1, sizeof(struct source_category *));
	size_t n = 0;

	c->categories = all;
	c->set->categories = (struct policy_category *)alloc_get(
		alloc_heap(), (most + 1) * sizeof(*c->set->categories));
	if (!all || !c->set->categories)
		return false;
	for (int d = 0; d < 2; d++)
		for (size_t i = 0; i < drafts[d]->n_categories; i++)
			all[n++] = &drafts[d]->categories[i];
	qsort(all, n, sizeof(struct source_category *), compare_categories);

	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct claim now = claim_of_category(all[i]);
		struct claim before = { 0 };

		if (kept > 0)
			before = claim_of_category(all[kept - 1]);
		if (now.name[0] == '\0')
			continue; /* said where it was read */
		if (kept > 0 && strcmp(before.name, now.name) == 0) {
			say_double(c, "category", &before, &now);
			continue;
		}
		all[kept] = all[i];
		settle_category(c, all[i], &c->set->categories[kept]);
		kept++;
	}
	c->set->n_categories = kept;
	return true;
}

static int
compare_name_to_category(const void *name, const void *category)
{
	return strcmp((const char *)name,
		((const struct policy_category *)category)->name);
}

static void
resolve(struct compiling *c, struct source_rule *r)
{
	const struct policy_set *set = c->set;
	const char *near = NULL;
	size_t best = NEAR;

	if (r->category[0] == '\0')
		return;

	const struct policy_category *found =
		(const struct policy_category *)bsearch(r->category,
			set->categories, set->n_categories,
			sizeof(*set->categories), compare_name_to_category);

	if (found) {
		r->rule->category = (uint32_t)(found - set->categories);
		return;
	}
	/* No search for what will not be printed. */
	for (size_t i = 0;
		i < set->n_categories && c->errors->count < SOURCE_LINES; i++) {
		size_t d = text_distance(
			r->category, set->categories[i].name, best);

		if (d < best) {
			best = d;
			near = set->categories[i].name;
		}
	}
	source_report_add(c->errors, r->where,
		"rule \"%s\" refers to category \"%s\", which does not exist "
		"(%s%s%s)",
		r->rule->name, r->category,
		near ? "did you mean \"" : "define it", near ? near : "",
		near ? "\"?" : "");
}

/* ---- rules -------------------------------------------------------------- */

static int
compare_rules(const void *a, const void *b)
{
	return policy_rule_compare(*(struct policy_rule *const *)a,
		*(struct policy_rule *const *)b);
}

static const struct policy_category *
category_of(const struct policy_set *set, const struct policy_rule *rule)
{
	return rule->category == POLICY_NO_CATEGORY
		       ? NULL
		       : &set->categories[rule->category];
}

/* The category is for data traffic: nobody forgot the scope. */
static bool
grants_data(const struct policy_set *set, const struct policy_rule *rule)
{
	const struct policy_category *c = category_of(set, rule);

	return c && (c->rate_Bps != POLICY_UNLIMITED ||
			    c->dscp_in != POLICY_UNLIMITED);
}

/* Conditions and grants that its scope makes of no effect. */
static void
note_scope(struct compiling *c, const struct source_rule *r)
{
	const struct policy_rule *rule = r->rule;
	const struct policy_category *category = category_of(c->set, rule);
	bool data = (rule->scope & POLICY_SCOPE_DATA) != 0;

	if (!data && category && category->rate_Bps != POLICY_UNLIMITED &&
		category->rate_Bps != 0)
		source_report_add(c->notes, r->where,
			"rule \"%s\": maxRate of category \"%s\" bounds no "
			"reservation (set maxRatePerFlow or aggregateRate)",
			rule->name, category->name);
}

/* Keep the first of each name; the set takes its rule. */
static void
keep_rules(struct compiling *c, struct source_rule **all, size_t n)
{
	struct policy_set *set = c->set;
	const struct source_rule *kept = NULL;

	for (size_t i = 0; i < n; i++) {
		struct claim now = claim_of_rule(all[i]);
		struct claim before = { 0 };

		if (kept)
			before = (struct claim){
				set->rules[set->n_rules - 1]->name, kept->where,
				set->rules[set->n_rules - 1]->origin, kept->tag
			};
		if (now.name[0] == '\0')
			continue; /* said where it was read */
		if (kept && strcmp(before.name, now.name) == 0) {
			say_double(c, "rule", &before, &now);
			continue;
		}
		resolve(c, all[i]);
		if (!compile_times(c, all[i]))
			source_report_add(c->errors, all[i]->where,
				"rule \"%s\": its times cannot be kept",
				all[i]->rule->name);
		policy_rule_settle(
			all[i]->rule, category_of(set, all[i]->rule));
		if (!all[i]->scope_set &&
			all[i]->rule->origin == POLICY_FROM_FILE &&
			!grants_data(set, all[i]->rule))
			source_report_add(c->notes, all[i]->where,
				"rule \"%s\" has no scope and governs data "
				"traffic only (add scope = \"RSVP\" to decide "
				"on reservations)",
				all[i]->rule->name);
		note_scope(c, all[i]);
		set->rules[set->n_rules++] = all[i]->rule;
		all[i]->rule = NULL;
		kept = all[i];
	}
	qsort(set->rules, set->n_rules, sizeof(struct policy_rule *),
		compare_rules);
}

static bool
gather_rules(struct compiling *c, struct source_draft *const drafts[2])
{
	size_t most = drafts[0]->n_rules + drafts[1]->n_rules;
	struct source_rule **all = (struct source_rule **)calloc(
		most + 1, sizeof(struct source_rule *));
	size_t n = 0;

	c->set->rules = (struct policy_rule **)alloc_get(
		alloc_heap(), (most + 1) * sizeof(struct policy_rule *));
	if (!all || !c->set->rules) {
		free(all);
		return false;
	}
	for (int d = 0; d < 2; d++)
		for (size_t i = 0; i < drafts[d]->n_rules; i++)
			all[n++] = &drafts[d]->rules[i];
	qsort(all, n, sizeof(struct source_rule *), compare_rule_names);
	keep_rules(c, all, n);
	free(all);
	return true;
}

static uint8_t
choose_default(const struct policy_set *set, uint8_t default_set, bool blind)
{
	if (default_set == SOURCE_DEFAULT_ALLOW)
		return POLICY_DEFAULT_ALLOW;
	if (default_set == SOURCE_DEFAULT_DENY)
		return POLICY_DEFAULT_DENY;
	if (blind)
		return POLICY_DEFAULT_NO_DIRECTORY;
	for (size_t i = 0; i < set->n_rules; i++)
		if ((set->rules[i]->scope & POLICY_SCOPE_RSVP) != 0)
			return POLICY_DEFAULT_RULES;
	return POLICY_DEFAULT_NO_RULES;
}

/* What the reader of the file noticed. */
static void
pass_notes(const struct source_report *from, struct source_report *notes)
{
	for (size_t i = 0; i < from->count && i < SOURCE_LINES; i++)
		if (from->lines[i])
			source_report_add_line(notes, from->lines[i]);
}

struct policy_set *
source_compile(struct source_draft *file, struct source_draft *directory,
	bool expected, struct source_report *errors,
	struct source_report *notes)
{
	struct source_draft none = { 0 };
	struct source_draft *const drafts[2] = { file,
		directory ? directory : &none };
	struct compiling c = { .errors = errors, .notes = notes };
	size_t before = errors->count;

	c.set = (struct policy_set *)alloc_get(alloc_heap(), sizeof(*c.set));
	if (!c.set)
		return NULL;
	c.set->alloc = alloc_heap();
	pass_notes(&file->notes, notes);
	for (int d = 0; d < 2; d++)
		if (!compile_schedules(&c, drafts[d]))
			source_report_add(
				errors, "policy", "schedules cannot be kept");
	if (!gather_pools(&c, drafts) || !gather_categories(&c, drafts) ||
		!gather_rules(&c, drafts))
		source_report_add(errors, "policy", "no memory");
	free(c.categories);
	if (errors->count != before) {
		policy_set_free(c.set);
		return NULL;
	}
	c.set->default_why = choose_default(
		c.set, file->default_set, expected && !directory);
	return c.set;
}

/* ---- the directory's part of a snapshot --------------------------------- */

/* Times by name, and in the words of the rule. */
static bool
copy_times(const struct policy_times *times, const struct policy_rule *from,
	struct source_rule *to)
{
	size_t n = from->whens.count;

	if (from->own_when != POLICY_NO_WHEN) {
		to->own.set = true;
		to->own.when = times->whens[from->own_when];
		(void)text_copy(to->own.zone, sizeof(to->own.zone),
			times->zones[to->own.when.zone].name); /* as large */
	}
	if (n == 0)
		return true;
	to->schedules.at =
		(struct source_name *)calloc(n, sizeof(*to->schedules.at));
	if (!to->schedules.at)
		return false;
	to->schedules.count = n;
	for (size_t i = 0; i < n; i++)
		(void)text_copy(to->schedules.at[i].text, POLICY_NAME,
			times->whens[from->whens.at[i]].name); /* as large */
	return true;
}

static bool
copy_directory_part(struct policy_set *set, struct source_draft *draft)
{
	for (size_t i = 0; i < set->n_categories; i++) {
		const struct policy_category *from = &set->categories[i];

		if (from->origin != POLICY_FROM_DIRECTORY)
			continue;

		struct source_category *c =
			source_draft_category(draft, "last known directory");

		if (!c)
			return false;
		c->category = *from;
		if (from->pool != POLICY_NO_POOL)
			(void)text_copy(c->pool, sizeof(c->pool),
				set->pools[from->pool].name); /* as large */
	}
	for (size_t i = 0; i < set->n_rules; i++) {
		struct policy_rule *from = set->rules[i];

		if (from->origin != POLICY_FROM_DIRECTORY)
			continue;

		struct source_rule *r =
			source_draft_rule(draft, "last known directory");

		if (!r)
			return false;
		if (from->category != POLICY_NO_CATEGORY)
			(void)text_copy(r->category, POLICY_NAME,
				set->categories[from->category].name);
		if (!copy_times(&set->times, from, r))
			return false;
		/* The draft takes the rule; the set keeps an empty one. */
		set->rules[i] = r->rule;
		r->rule = from;
		r->rule->category = POLICY_NO_CATEGORY;
		r->rule->own_when = POLICY_NO_WHEN;
		alloc_put(alloc_heap(), r->rule->whens.at);
		r->rule->whens = (struct policy_whens){ 0 };
		r->scope_set = true;
	}
	return true;
}

bool
source_from_snapshot(
	const void *bytes, size_t len, uint64_t key, struct source_draft *draft)
{
	struct policy_head head;
	struct policy_load *load;
	bool done = false;

	if (!bytes || policy_head_read(bytes, len, &head) ||
		head.source_key != key)
		return false;
	load = policy_load_begin(alloc_heap(), bytes, len);
	if (!load)
		return false;
	while (policy_load_step(load, SIZE_MAX / 2) == POLICY_LOAD_MORE)
		;
	if (policy_load_ready(load)) {
		policy_index_free(policy_load_take_index(load));

		struct policy_set *set = policy_load_take_set(load);

		done = copy_directory_part(set, draft);
		policy_set_free(set);
	}
	policy_load_drop(load);
	return done;
}
