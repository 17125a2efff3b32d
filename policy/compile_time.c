/* SPDX-License-Identifier: ISC */

/*
 * The times of a rule set: schedules by name, what rules say themselves, and
 * the zones of both, each once.
 */

#include <stdlib.h>
#include <string.h>

#include "compile_int.h"
#include "zone_int.h"

enum { NEAR = 4, LOOK_BACK = 64 };

/* A larger copy of a list that is full; false for lack of memory. */
static bool
grow(void **array, size_t *room, size_t count, size_t size)
{
	size_t more = *room == 0 ? 8 : *room * 2;
	void *p;

	if (count < *room)
		return true;
	p = alloc_get(alloc_heap(), more * size);
	if (!p)
		return false;
	if (count > 0)
		memcpy(p, *array, count * size);
	alloc_put(alloc_heap(), *array);
	*array = p;
	*room = more;
	return true;
}

/* Index of the zone, loaded once; false and the error said. */
static bool
need_zone(
	struct compiling *c, const char *name, const char *where, uint32_t *ret)
{
	struct policy_times *times = &c->set->times;
	void *array = times->zones;
	char said[512];
	struct text why = text_over(said, sizeof(said));

	for (size_t i = 0; i < times->n_zones; i++)
		if (strcmp(times->zones[i].name, name) == 0) {
			*ret = (uint32_t)i;
			return true;
		}
	if (times->n_zones == POLICY_ZONES_MAX ||
		!grow(&array, &c->zones_room, times->n_zones,
			sizeof(*times->zones))) {
		source_report_add(
			c->errors, where, "no room for one more time zone");
		return false;
	}
	times->zones = (struct policy_zone *)array;
	if (!zone_load(name, &times->zones[times->n_zones], &why)) {
		source_report_add(
			c->errors, where, "zone: \"%s\" %s", name, said);
		return false;
	}
	*ret = (uint32_t)times->n_zones++;
	return true;
}

/* Index of the condition, one of the last few if it is the same. */
static bool
need_when(struct compiling *c, const struct source_when *own, const char *name,
	const char *where, uint32_t *ret)
{
	struct policy_times *times = &c->set->times;
	struct policy_when when = own->when;
	void *array = times->whens;

	if (!need_zone(c, own->zone[0] != '\0' ? own->zone : ZONE_LOCAL, where,
		    &when.zone))
		return false;
	(void)text_copy(when.name, sizeof(when.name), name); /* valid */
	for (size_t i = times->n_whens, n = 0; i > 0 && n < LOOK_BACK; i--, n++)
		if (strcmp(times->whens[i - 1].name, name) == 0 &&
			policy_when_same(&times->whens[i - 1], &when)) {
			*ret = (uint32_t)(i - 1);
			return true;
		}
	if (times->n_whens == POLICY_WHENS_MAX ||
		!grow(&array, &c->whens_room, times->n_whens,
			sizeof(*times->whens))) {
		source_report_add(
			c->errors, where, "no room for one more time");
		return false;
	}
	times->whens = (struct policy_when *)array;
	*ret = (uint32_t)times->n_whens;
	times->whens[times->n_whens++] = when;
	return true;
}

static const struct policy_when *
find_schedule(const struct policy_times *times, const char *name)
{
	for (size_t i = 0; i < times->n_whens; i++)
		if (strcmp(times->whens[i].name, name) == 0)
			return &times->whens[i];
	return NULL;
}

bool
compile_schedules(struct compiling *c, const struct source_draft *draft)
{
	for (size_t i = 0; i < draft->n_schedules; i++) {
		const struct source_schedule *s = &draft->schedules[i];
		uint32_t at;

		if (s->name[0] == '\0')
			continue; /* said where it was read */
		if (find_schedule(&c->set->times, s->name)) {
			source_report_add(c->errors, s->where,
				"schedule \"%s\" is defined twice (rename "
				"one)",
				s->name);
			continue;
		}
		if (!need_when(c, &s->own, s->name, s->where, &at))
			return false;
	}
	return true;
}

static void
say_unknown(struct compiling *c, const struct source_rule *r, const char *name)
{
	const struct policy_times *times = &c->set->times;
	const char *near = NULL;
	size_t best = NEAR;

	for (size_t i = 0; i < times->n_whens; i++) {
		size_t d = text_distance(name, times->whens[i].name, best);

		if (times->whens[i].name[0] != '\0' && d < best) {
			best = d;
			near = times->whens[i].name;
		}
	}
	source_report_add(c->errors, r->where,
		"rule \"%s\" refers to schedule \"%s\", which does not exist "
		"(%s%s%s)",
		r->rule->name, name,
		near ? "did you mean \"" : "define it in schedules",
		near ? near : "", near ? "\"?" : "");
}

bool
compile_times(struct compiling *c, const struct source_rule *r)
{
	struct policy_whens *whens = &r->rule->whens;
	size_t n = r->schedules.count;

	if (r->own.set &&
		!need_when(c, &r->own, "", r->where, &r->rule->own_when))
		return false;
	if (n == 0)
		return true;
	whens->at = (uint32_t *)alloc_get(alloc_heap(), n * sizeof(*whens->at));
	if (!whens->at)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *name = r->schedules.at[i].text;
		const struct policy_when *w =
			find_schedule(&c->set->times, name);

		if (!w) {
			say_unknown(c, r, name);
			continue;
		}
		whens->at[whens->count++] = (uint32_t)(w - c->set->times.whens);
	}
	return true;
}
