/* SPDX-License-Identifier: ISC */

/*
 * What in a rule set looks like a mistake: rules that are never reached, that
 * overlap with nothing but their names to tell which wins, whose time never
 * comes; categories that nobody uses or that grant nothing.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/source.h"

enum {
	PACKET_USUAL = 1500,
	PAIRS_MAX = 5000 /* rules among which each pair is looked at */
};

static void
warn_category(const struct policy_set *set, size_t i, bool used,
	struct source_report *notes)
{
	const struct policy_category *c = &set->categories[i];

	if (!used)
		source_report_add(notes, "warning",
			"category \"%s\" is used by no rule", c->name);
	if (c->max_flows == 0 || c->max_rate_Bps == 0 || c->aggregate_Bps == 0)
		source_report_add(notes, "warning",
			"category \"%s\" has a limit of 0: nothing is ever "
			"granted",
			c->name);
	if (c->aggregate_Bps < c->max_rate_Bps &&
		c->max_rate_Bps != POLICY_UNLIMITED)
		source_report_add(notes, "warning",
			"category \"%s\": maxRatePerFlow is above "
			"aggregateRate and can never be had",
			c->name);
	if (c->max_bucket_bytes < PACKET_USUAL)
		source_report_add(notes, "warning",
			"category \"%s\": maxBucketPerFlow is smaller than a "
			"packet of %d octets",
			c->name, PACKET_USUAL);
	if (c->bucket_bytes < PACKET_USUAL)
		source_report_add(notes, "warning",
			"category \"%s\": maxTokenBucket is smaller than a "
			"packet of %d octets",
			c->name, PACKET_USUAL);
}

/* They decide differently. */
static bool
differ(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->denies != b->denies || a->category != b->category;
}

/* What decides between two rules of one priority. */
static const char *
tie_break(const struct policy_rule *a, const struct policy_rule *b)
{
	static const char *const parts[POLICY_RANK_COUNT] = {
		[POLICY_RANK_WHO] = "who",
		[POLICY_RANK_DST] = "destination",
		[POLICY_RANK_SRC] = "source",
		[POLICY_RANK_PROTO] = "protocol",
		[POLICY_RANK_DST_PORT] = "destination port",
		[POLICY_RANK_SRC_PORT] = "source port",
		[POLICY_RANK_IFACE] = "interface",
		[POLICY_RANK_SERVICE] = "service",
		[POLICY_RANK_TIME] = "time",
		[POLICY_RANK_ROLE] = "role",
		[POLICY_RANK_REST] = "number of other conditions",
	};

	for (size_t i = 0; i < POLICY_RANK_COUNT; i++)
		if (a->rank[i] != b->rank[i])
			return parts[i];
	return a->origin != b->origin ? "origin" : "name";
}

/* True: the rule is never reached. */
static bool
warn_shadowed(
	const struct policy_set *set, size_t i, struct source_report *notes)
{
	const struct policy_rule *r = set->rules[i];

	for (size_t k = 0; k < i; k++)
		if (policy_rule_covers(set->rules[k], r)) {
			source_report_add(notes, "warning",
				"rule \"%s\" is never reached: rule \"%s\" is "
				"tried before it and matches all it matches",
				r->name, set->rules[k]->name);
			return true;
		}
	return false;
}

/* A narrower rule before a wider one is what the order is for. */
static void
warn_overlaps(
	const struct policy_set *set, size_t i, struct source_report *notes)
{
	const struct policy_rule *r = set->rules[i];

	for (size_t k = 0; k < i; k++) {
		const struct policy_rule *first = set->rules[k];

		if (first->priority == r->priority && !first->goes_on &&
			!r->goes_on && differ(first, r) &&
			policy_rule_overlaps(first, r) &&
			!policy_rule_covers(r, first))
			source_report_add(notes, "warning",
				"rules \"%s\" and \"%s\" overlap at priority "
				"%d: the first is tried first, by its %s",
				first->name, r->name, r->priority,
				tie_break(first, r));
	}
}

static void
warn_rule(const struct policy_set *set, size_t i, struct source_report *notes)
{
	const struct policy_rule *r = set->rules[i];
	bool empty = r->own_when != POLICY_NO_WHEN &&
		     policy_when_empty(&set->times.whens[r->own_when]);

	if (empty)
		source_report_add(notes, "warning",
			"rule \"%s\" never applies: its time never comes",
			r->name);
	if (r->goes_on && r->denies)
		source_report_add(notes, "warning",
			"rule \"%s\" continues, so that it denies nothing",
			r->name);
	if (r->scope == POLICY_SCOPE_RSVP &&
		r->spans[POLICY_SPAN_DSCP].count > 0)
		source_report_add(notes, "warning",
			"rule \"%s\" never applies: a reservation has no dscp",
			r->name);
}

static void
warn_schedules(const struct policy_set *set, struct source_report *notes)
{
	for (size_t i = 0; i < set->times.n_whens; i++) {
		const struct policy_when *w = &set->times.whens[i];

		if (w->name[0] != '\0' && policy_when_empty(w))
			source_report_add(notes, "warning",
				"schedule \"%s\" is empty: its time never "
				"comes",
				w->name);
	}
}

static void
warn_categories(const struct policy_set *set, struct source_report *notes)
{
	bool *used = (bool *)calloc(set->n_categories + 1, sizeof(bool));

	for (size_t i = 0; used && i < set->n_rules; i++)
		if (set->rules[i]->category != POLICY_NO_CATEGORY)
			used[set->rules[i]->category] = true;
	for (size_t i = 0; used && i < set->n_categories; i++)
		warn_category(set, i, used[i], notes);
	free(used);
}

void
source_warn(const struct policy_set *set, struct source_report *notes)
{
	if (set->n_rules == 0)
		source_report_add(notes, "warning", "there is no rule");
	warn_schedules(set, notes);
	warn_categories(set, notes);
	for (size_t i = 0; i < set->n_rules; i++)
		warn_rule(set, i, notes);
	if (set->n_rules > PAIRS_MAX) {
		source_report_add(notes, "warning",
			"more than %d rules: not looked at in pairs",
			PAIRS_MAX);
		return;
	}
	for (size_t i = 0; i < set->n_rules; i++)
		if (!warn_shadowed(set, i, notes))
			warn_overlaps(set, i, notes);
}
