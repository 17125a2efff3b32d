/* SPDX-License-Identifier: ISC */

/*
 * What differs between two rule sets.  A thing is its fields as text: times,
 * categories and pools by what they are, not by where they stand in a set.
 */

#include "change_int.h"

#include <stdlib.h>
#include <string.h>

/* The longest value: a list of POLICY_LIST_MAX schedules. */
enum { VALUE_MAX = POLICY_LIST_MAX * 600 };

/* One thing of one side. */
struct item {
	const char *name;
	const struct policy_set *set;
	const void *what;
};

/* Two values, to be compared. */
struct change {
	const struct policy_change_ops *ops;
	void *arg;
	enum policy_thing thing;
	char *have;
	char *want;
};

const char *
policy_thing_text(enum policy_thing thing)
{
	static const char *const texts[POLICY_THING_COUNT] = {
		[POLICY_THING_DEFAULT] = "default",
		[POLICY_THING_POOL] = "pool",
		[POLICY_THING_CATEGORY] = "category",
		[POLICY_THING_RULE] = "rule",
	};

	return texts[thing];
}

/* ---- fields -------------------------------------------------------------- */

static const char *
default_field(const struct policy_set *set, size_t i, struct text *value)
{
	if (i > 0)
		return NULL;
	text_add(value, policy_default_text(set->default_why));
	return "default";
}

/* The i-th field of an item that may be missing; NULL past the last. */
static const char *
field_of(enum policy_thing thing, const struct item *item, size_t i, char *text)
{
	struct text value = text_over(text, VALUE_MAX);
	const struct policy_set *set = item->set;
	const void *what = item->what;

	switch (thing) {
	case POLICY_THING_DEFAULT:
		return default_field(set, i, &value);
	case POLICY_THING_POOL:
		return policy_pool_field(
			(const struct policy_pool *)what, i, &value);
	case POLICY_THING_CATEGORY:
		return policy_category_field(
			set, (const struct policy_category *)what, i, &value);
	case POLICY_THING_RULE:
		return policy_rule_field(
			set, (const struct policy_rule *)what, i, &value);
	case POLICY_THING_COUNT:
		break;
	}
	return NULL;
}

/* The i-th field of both; a side that is missing has "". */
static const char *
fields_of(const struct change *c, const struct item *have,
	const struct item *want, size_t i)
{
	const char *key = NULL;

	c->have[0] = '\0';
	c->want[0] = '\0';
	if (have)
		key = field_of(c->thing, have, i, c->have);
	if (want)
		key = field_of(c->thing, want, i, c->want);
	return key;
}

static bool
same(const struct change *c, const struct item *have, const struct item *want)
{
	for (size_t i = 0; fields_of(c, have, want, i); i++)
		if (strcmp(c->have, c->want) != 0)
			return false;
	return true;
}

static void
tell(const struct change *c, enum diff_kind kind, const struct item *have,
	const struct item *want)
{
	const char *key;

	if (kind == DIFF_SAME || (kind == DIFF_CHANGED && same(c, have, want)))
		return;
	c->ops->thing(c->arg, c->thing, kind, have ? have->name : want->name);
	for (size_t i = 0; (key = fields_of(c, have, want, i)); i++)
		if (strcmp(c->have, c->want) != 0)
			c->ops->field(c->arg, key, c->have, c->want);
}

/* ---- the walk ------------------------------------------------------------ */

static int
compare_items(const void *a, const void *b)
{
	return strcmp(
		((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Whether they are is seen when they are told. */
static bool
never_equal(const void *have, const void *want)
{
	(void)have; /* as above */
	(void)want; /* as above */
	return false;
}

static void
tell_items(void *arg, enum diff_kind kind, const void *have, const void *want)
{
	tell((const struct change *)arg, kind, (const struct item *)have,
		(const struct item *)want);
}

static size_t
count_of(const struct policy_set *set, enum policy_thing thing)
{
	if (thing == POLICY_THING_POOL)
		return set->n_pools;
	return thing == POLICY_THING_CATEGORY ? set->n_categories
					      : set->n_rules;
}

static struct item
item_at(const struct policy_set *set, enum policy_thing thing, size_t i)
{
	if (thing == POLICY_THING_POOL)
		return (struct item){ set->pools[i].name, set, &set->pools[i] };
	if (thing == POLICY_THING_CATEGORY)
		return (struct item){ set->categories[i].name, set,
			&set->categories[i] };
	return (struct item){ set->rules[i]->name, set, set->rules[i] };
}

/* By name; NULL for lack of memory. */
static struct item *
sorted(const struct policy_set *set, enum policy_thing thing, size_t *ret_count)
{
	size_t n = count_of(set, thing);
	struct item *items =
		(struct item *)alloc_get(set->alloc, (n + 1) * sizeof(*items));

	for (size_t i = 0; items && i < n; i++)
		items[i] = item_at(set, thing, i);
	if (items)
		qsort(items, n, sizeof(*items), compare_items);
	*ret_count = n;
	return items;
}

static bool
walk(struct change *c, const struct policy_set *have,
	const struct policy_set *want)
{
	static const struct diff_ops ops = { compare_items, never_equal,
		tell_items };
	struct diff_side h = { .size = sizeof(struct item) };
	struct diff_side w = { .size = sizeof(struct item) };
	struct item *old = sorted(have, c->thing, &h.count);
	struct item *new = sorted(want, c->thing, &w.count);
	bool good = old && new;

	h.records = old;
	w.records = new;
	if (good)
		diff_walk(&h, &w, &ops, c);
	alloc_put(have->alloc, old);
	alloc_put(want->alloc, new);
	return good;
}

bool
policy_change_list(const struct policy_set *have, const struct policy_set *want,
	const struct policy_change_ops *ops, void *arg)
{
	const struct item old = { "", have, have };
	const struct item new = { "", want, want };
	struct change c = { .ops = ops,
		.arg = arg,
		.have = (char *)alloc_get(have->alloc, VALUE_MAX),
		.want = (char *)alloc_get(have->alloc, VALUE_MAX) };
	bool good = c.have && c.want;

	if (good) {
		c.thing = POLICY_THING_DEFAULT;
		tell(&c, DIFF_CHANGED, &old, &new);
	}
	for (c.thing = POLICY_THING_POOL; good && c.thing < POLICY_THING_COUNT;
		c.thing++)
		good = walk(&c, have, want);
	alloc_put(have->alloc, c.have);
	alloc_put(have->alloc, c.want);
	return good;
}
