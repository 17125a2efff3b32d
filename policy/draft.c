/* SPDX-License-Identifier: ISC */

/* Drafts and reports: growing, and letting go. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/snapshot_int.h"
#include "policy/source.h"

/* UTF-8 by its first octet, with the limits of the second (RFC 3629 4); without
 * what a terminal acts on, C0 and C1. */
static const struct lead {
	unsigned char first, last, low, high;
	size_t size;
} leads[] = {
	{ 0x20, 0x7e, 0, 0, 1 },
	{ 0xc2, 0xc2, 0xa0, 0xbf, 2 },
	{ 0xc3, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static const struct lead *
lead_of(unsigned char c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

/* Octets of the character at p; 0 for what is none, or not to be shown. */
static size_t
printable(const unsigned char *p)
{
	const struct lead *lead = lead_of(p[0]);

	if (!lead || lead->size == 1)
		return lead ? 1 : 0;
	if (p[1] < lead->low || p[1] > lead->high)
		return 0;
	for (size_t i = 2; i < lead->size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return lead->size;
}

void
source_report_add(
	struct source_report *report, const char *where, const char *fmt, ...)
{
	char line[SOURCE_WHERE + 512];
	struct text t = text_over(line, sizeof(line));
	va_list ap;

	text_printf(&t, "%s: ", where);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	/* Values come from outside: a terminal must not act on them, and JSON
	 * takes nothing but UTF-8. */
	for (char *p = line; *p != '\0';) {
		const size_t n = printable((const unsigned char *)p);

		if (n == 0)
			*p = '?';
		p += n > 0 ? n : 1;
	}
	source_report_add_line(report, line);
}

void
source_report_add_line(struct source_report *report, const char *line)
{
	if (report->count < SOURCE_LINES)
		report->lines[report->count] = strdup(line);
	report->count++;
}

void
source_report_done(struct source_report *report)
{
	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		free(report->lines[i]);
	*report = (struct source_report){ 0 };
}

const char *
source_report_wrong(const struct source_report *errors, char text[SOURCE_WRONG])
{
	struct text t = text_over(text, SOURCE_WRONG);

	if (errors->count == 0)
		text_add(&t, "needs more memory than there is");
	else
		text_printf(&t, "has %zu error%s", errors->count,
			errors->count == 1 ? "" : "s");
	return text;
}

uint64_t
source_report_digest(const struct source_report *report)
{
	uint64_t d = POLICY_DIGEST_START;

	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		if (report->lines[i])
			d = policy_digest(d, report->lines[i],
				strlen(report->lines[i]) + 1);
	return policy_digest(d, &report->count, sizeof(report->count));
}

/* Room for one more of size octets; false for lack of memory. */
static bool
grow(void **array, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;

	size_t more = *room == 0 ? 16 : *room * 2;
	void *p = reallocarray(*array, more, size);

	if (!p)
		return false;
	*array = p;
	*room = more;
	return true;
}

struct source_rule *
source_draft_rule(struct source_draft *draft, const char *where)
{
	void *array = draft->rules;
	bool room = grow(&array, &draft->rules_room, draft->n_rules,
		sizeof(*draft->rules));

	draft->rules = (struct source_rule *)array;
	if (!room)
		return NULL;

	struct source_rule *r = &draft->rules[draft->n_rules];

	*r = (struct source_rule){ .where = strdup(where) };
	r->rule =
		(struct policy_rule *)alloc_get(alloc_heap(), sizeof(*r->rule));
	if (!r->rule || !r->where) {
		policy_rule_free(alloc_heap(), r->rule);
		free(r->where);
		return NULL;
	}
	r->rule->scope = POLICY_SCOPE_DATA;
	r->rule->category = POLICY_NO_CATEGORY;
	r->rule->own_when = POLICY_NO_WHEN;
	policy_when_init(&r->own.when);
	draft->n_rules++;
	return r;
}

struct source_category *
source_draft_category(struct source_draft *draft, const char *where)
{
	void *array = draft->categories;
	bool room = grow(&array, &draft->categories_room, draft->n_categories,
		sizeof(*draft->categories));

	draft->categories = (struct source_category *)array;
	if (!room)
		return NULL;

	struct source_category *c = &draft->categories[draft->n_categories];

	*c = (struct source_category){ .where = strdup(where) };
	if (!c->where)
		return NULL;
	policy_category_init(&c->category);
	draft->n_categories++;
	return c;
}

struct source_schedule *
source_draft_schedule(struct source_draft *draft, const char *where)
{
	void *array = draft->schedules;
	bool room = grow(&array, &draft->schedules_room, draft->n_schedules,
		sizeof(*draft->schedules));

	draft->schedules = (struct source_schedule *)array;
	if (!room)
		return NULL;

	struct source_schedule *s = &draft->schedules[draft->n_schedules];

	*s = (struct source_schedule){ .where = strdup(where) };
	if (!s->where)
		return NULL;
	policy_when_init(&s->own.when);
	draft->n_schedules++;
	return s;
}

struct source_pool *
source_draft_pool(struct source_draft *draft, const char *where)
{
	void *array = draft->pools;
	bool room = grow(&array, &draft->pools_room, draft->n_pools,
		sizeof(*draft->pools));

	draft->pools = (struct source_pool *)array;
	if (!room)
		return NULL;

	struct source_pool *p = &draft->pools[draft->n_pools];

	*p = (struct source_pool){ .where = strdup(where),
		.pool = { .rate_Bps = POLICY_UNLIMITED,
			.max_flows = POLICY_UNLIMITED,
			.soft_percent = POLICY_UNLIMITED } };
	if (!p->where)
		return NULL;
	draft->n_pools++;
	return p;
}

void
source_draft_undo_rule(struct source_draft *draft)
{
	struct source_rule *r = &draft->rules[--draft->n_rules];

	policy_rule_free(alloc_heap(), r->rule);
	free(r->where);
	free(r->schedules.at);
}

void
source_draft_undo_category(struct source_draft *draft)
{
	free(draft->categories[--draft->n_categories].where);
}

void
source_draft_done(struct source_draft *draft)
{
	while (draft->n_rules > 0)
		source_draft_undo_rule(draft);
	while (draft->n_categories > 0)
		source_draft_undo_category(draft);
	while (draft->n_schedules > 0)
		free(draft->schedules[--draft->n_schedules].where);
	free(draft->schedules);
	while (draft->n_pools > 0)
		free(draft->pools[--draft->n_pools].where);
	free(draft->pools);
	free(draft->rules);
	free(draft->categories);
	source_report_done(&draft->notes);
	*draft = (struct source_draft){ 0 };
}
