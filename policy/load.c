/* SPDX-License-Identifier: ISC */

/*
 * Loading a snapshot in slices: digest, categories, rules, each step bounded.
 * What comes out is a set that holds whatever the engine relies on: records in
 * range, names unique, rules in the order of decision.
 */

#include "load_int.h"

#include <stdio.h>

#include "snapshot_int.h"

enum phase {
	PHASE_DIGEST,
	PHASE_COUNTS,
	PHASE_ZONES,
	PHASE_WHENS,
	PHASE_POOLS,
	PHASE_CATEGORIES,
	PHASE_RULES,
	PHASE_READY,
	PHASE_REFUSED
};

enum {
	DIGEST_SLICE = 256, /* octets digested for one rule of the budget */
	RECORD_LEAST = 12   /* octets: every record has more */
};

struct policy_load {
	const struct alloc *alloc;
	enum phase phase;
	struct buf_reader undigested;
	struct buf_reader body;
	uint64_t want_digest;
	uint64_t digest;
	size_t zones; /* announced */
	size_t whens;
	size_t pools;
	size_t categories;
	size_t rules;
	struct policy_set *set; /* counts what is there so far */
	struct policy_index *index;
	char problem[POLICY_REASON];
};

static void
refuse(struct policy_load *load, const char *problem)
{
	(void)text_copy(load->problem, sizeof(load->problem), problem);
	load->phase = PHASE_REFUSED;
}

/* The set and index to fill; false for lack of memory. */
static bool
prepare(struct policy_load *load, const struct policy_head *head)
{
	struct policy_set *set =
		(struct policy_set *)alloc_get(load->alloc, sizeof(*set));

	load->set = set;
	load->index = policy_index_new(load->alloc);
	if (set)
		set->alloc = load->alloc;
	if (!set || !load->index)
		return false;
	set->generation = head->generation;
	set->made_unix_s = head->made_unix_s;
	set->source_key = head->source_key;
	(void)text_copy(set->source, sizeof(set->source), head->source);
	return true;
}

struct policy_load *
policy_load_begin(const struct alloc *alloc, const void *bytes, size_t len)
{
	struct policy_load *load =
		(struct policy_load *)alloc_get(alloc, sizeof(*load));
	struct policy_head head;

	if (!load)
		return NULL;
	load->alloc = alloc;
	load->digest = POLICY_DIGEST_START;

	const char *problem = policy_head_read(bytes, len, &head);

	if (problem) {
		refuse(load, problem);
		return load;
	}
	load->body = head.body;
	load->undigested = head.body;
	load->want_digest = head.body_digest;
	if (!prepare(load, &head))
		refuse(load, "no memory for the snapshot");
	return load;
}

static void
step_digest(struct policy_load *load, size_t budget)
{
	size_t n = buf_left(&load->undigested);

	if (budget < n / DIGEST_SLICE)
		n = budget * DIGEST_SLICE;
	load->digest =
		policy_digest(load->digest, buf_take(&load->undigested, n), n);
	if (buf_left(&load->undigested) > 0)
		return;
	if (load->digest != load->want_digest)
		refuse(load, "the body of the snapshot is damaged");
	else
		load->phase = PHASE_COUNTS;
}

static bool
counts_fit(const struct policy_load *load)
{
	return load->zones <= POLICY_ZONES_MAX &&
	       load->whens <= POLICY_WHENS_MAX &&
	       load->pools <= POLICY_POOLS_MAX &&
	       load->categories <= POLICY_CATEGORIES_MAX &&
	       load->rules <= POLICY_RULES_MAX &&
	       ((size_t)load->zones + load->whens + load->pools +
		       load->categories + load->rules) *
			       RECORD_LEAST <=
		       buf_left(&load->body);
}

/* One more of each, so that none is not lack of memory. */
static bool
make_room(struct policy_load *load)
{
	const struct alloc *alloc = load->alloc;
	struct policy_set *set = load->set;
	struct policy_times *times = &set->times;

	times->zones = (struct policy_zone *)alloc_get(
		alloc, (load->zones + 1) * sizeof(*times->zones));
	times->whens = (struct policy_when *)alloc_get(
		alloc, (load->whens + 1) * sizeof(*times->whens));
	set->pools = (struct policy_pool *)alloc_get(
		alloc, (load->pools + 1) * sizeof(*set->pools));
	set->categories = (struct policy_category *)alloc_get(
		alloc, (load->categories + 1) * sizeof(*set->categories));
	set->rules = (struct policy_rule **)alloc_get(
		alloc, (load->rules + 1) * sizeof(struct policy_rule *));
	set->data = (uint32_t *)alloc_get(
		alloc, (load->rules + 1) * sizeof(*set->data));
	return times->zones && times->whens && set->pools && set->categories &&
	       set->rules && set->data;
}

static void
step_counts(struct policy_load *load)
{
	struct policy_set *set = load->set;

	set->default_why = buf_get_u8(&load->body);
	load->zones = buf_get_u32le(&load->body);
	load->whens = buf_get_u32le(&load->body);
	load->pools = buf_get_u32le(&load->body);
	load->categories = buf_get_u32le(&load->body);
	load->rules = buf_get_u32le(&load->body);
	if (load->body.failed || set->default_why >= POLICY_DEFAULT_NOT_YET)
		refuse(load, "the counts of the snapshot are malformed");
	else if (!counts_fit(load))
		refuse(load, "the snapshot announces more than it holds");
	else if (!make_room(load))
		refuse(load, "no memory for the snapshot");
	else
		load->phase = PHASE_ZONES;
}

static void
step_zone(struct policy_load *load)
{
	struct policy_times *times = &load->set->times;

	if (times->n_zones == load->zones) {
		load->phase = PHASE_WHENS;
		return;
	}

	const char *problem = policy_zone_read(
		load->alloc, &load->body, &times->zones[times->n_zones++]);

	if (problem)
		refuse(load, problem);
}

static void
step_when(struct policy_load *load)
{
	struct policy_times *times = &load->set->times;

	if (times->n_whens == load->whens) {
		load->phase = PHASE_POOLS;
		return;
	}

	const char *problem = policy_when_read(
		&load->body, times->n_zones, &times->whens[times->n_whens]);

	if (problem)
		refuse(load, problem);
	else
		times->n_whens++;
}

static void
step_pool(struct policy_load *load)
{
	struct policy_set *set = load->set;

	if (set->n_pools == load->pools) {
		load->phase = PHASE_CATEGORIES;
		return;
	}

	const char *problem =
		policy_pool_read(&load->body, &set->pools[set->n_pools]);

	if (problem)
		refuse(load, problem);
	else
		set->n_pools++;
}

static void
step_category(struct policy_load *load)
{
	struct policy_set *set = load->set;

	if (set->n_categories == load->categories) {
		load->phase = PHASE_RULES;
		return;
	}

	const char *problem = policy_category_read(
		&load->body, set->n_pools, &set->categories[set->n_categories]);

	if (problem)
		refuse(load, problem);
	else
		set->n_categories++;
}

static void
step_rule(struct policy_load *load)
{
	struct policy_set *set = load->set;
	size_t n = set->n_rules;

	if (n == load->rules) {
		if (buf_complete(&load->body))
			load->phase = PHASE_READY;
		else
			refuse(load, "the snapshot has octets left over");
		return;
	}

	const char *problem =
		policy_rule_read(&load->body, set, &set->rules[n]);
	bool known = false;

	if (problem) {
		refuse(load, problem);
		return;
	}
	set->n_rules++;
	if ((set->rules[n]->scope & POLICY_SCOPE_DATA) != 0)
		set->data[set->n_data++] = (uint32_t)n;
	if (n > 0 && policy_rule_compare(set->rules[n - 1], set->rules[n]) >= 0)
		refuse(load, "the rules are not in the order of decision");
	else if (!policy_index_add(
			 load->index, set->rules[n], (uint32_t)n, &known))
		refuse(load, known ? "two rules have one name"
				   : "no memory for the index");
}

enum policy_load_state
policy_load_step(struct policy_load *load, size_t budget)
{
	static void (*const steps[PHASE_READY])(struct policy_load *) = {
		[PHASE_COUNTS] = step_counts,
		[PHASE_ZONES] = step_zone,
		[PHASE_WHENS] = step_when,
		[PHASE_POOLS] = step_pool,
		[PHASE_CATEGORIES] = step_category,
		[PHASE_RULES] = step_rule,
	};

	if (load->phase == PHASE_DIGEST) {
		step_digest(load, budget);
		budget = 0;
	}
	for (; budget > 0 && load->phase < PHASE_READY; budget--)
		steps[load->phase](load);
	if (load->phase == PHASE_READY)
		return POLICY_LOAD_READY;
	return load->phase == PHASE_REFUSED ? POLICY_LOAD_REFUSED
					    : POLICY_LOAD_MORE;
}

const char *
policy_load_problem(const struct policy_load *load)
{
	return load->problem;
}

bool
policy_load_ready(const struct policy_load *load)
{
	return load->phase == PHASE_READY;
}

void
policy_load_drop(struct policy_load *load)
{
	if (!load)
		return;
	policy_index_free(load->index);
	policy_set_free(load->set);
	alloc_put(load->alloc, load);
}

struct policy_set *
policy_load_take_set(struct policy_load *load)
{
	struct policy_set *set = load->set;

	load->set = NULL;
	return set;
}

struct policy_index *
policy_load_take_index(struct policy_load *load)
{
	struct policy_index *index = load->index;

	load->index = NULL;
	return index;
}
