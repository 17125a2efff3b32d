/* SPDX-License-Identifier: ISC */

/*
 * Numbers for filters that have none.  The kernel numbers in the order of
 * creation; who describes a tree does not care.  A filter that is there already
 * keeps its number, so that nothing is done about it; a new one gets the next
 * that is free, as the kernel would give it.
 *
 * The root table of a u32 preference is numbered by the kernel in a way that
 * depends on its past.  So a node of a new preference has a number here only to
 * be told from others (any_handle), and the kernel is not asked for it.
 */

#include "model_int.h"

#include <string.h>

enum { FIRST_NODE = 0x800, FIRST_HANDLE = 1, ROOT_SHIFT = TC_U32_TABLE_SHIFT };

/* One preference: where the filter is, of which kind, for what protocol. */
static bool
same_place(const struct tc_object *a, const struct tc_object *b)
{
	return a->type == TC_FILTER && b->type == TC_FILTER &&
	       a->ifindex == b->ifindex && a->parent == b->parent &&
	       a->chain == b->chain && a->pref == b->pref &&
	       a->kind == b->kind && a->protocol == b->protocol;
}

static bool
is_taken(const struct tc_objects *list, const struct tc_object *o,
	uint32_t handle)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].handle == handle &&
			same_place(&list->all[i], o))
			return true;
	return false;
}

typedef bool fits_fn(
	const struct tc_object *have, const struct tc_object *want);

/* Give each filter without a number that of one that is there and fits. */
static void
adopt(struct tc_objects *want, const struct tc_objects *have, fits_fn *fits)
{
	for (size_t i = 0; i < want->count; i++) {
		struct tc_object *o = &want->all[i];

		if (o->type != TC_FILTER || o->handle != 0)
			continue;
		for (size_t j = 0; j < have->count && o->handle == 0; j++) {
			const struct tc_object *there = &have->all[j];

			if (same_place(there, o) && fits(there, o) &&
				!tc_object_is_automatic(there) &&
				!is_taken(want, o, there->handle))
				o->handle = there->handle;
		}
	}
}

/* The root table of a u32 preference that is there; 0: it is not. */
static uint32_t
root_of(const struct tc_objects *have, const struct tc_object *o)
{
	for (size_t i = 0; i < have->count; i++)
		if (same_place(&have->all[i], o) &&
			tc_u32_is_root(have->all[i].handle))
			return have->all[i].handle >> ROOT_SHIFT << ROOT_SHIFT;
	return 0;
}

/* A table number that no root has here: by the preference. */
static uint32_t
stand_in(const struct tc_object *o)
{
	return (0x800u | (o->pref & 0x7ffu)) << ROOT_SHIFT;
}

/* The highest number in the place that is not below first; 0: none is. */
static uint32_t
highest(const struct tc_objects *list, const struct tc_object *o,
	uint32_t first)
{
	uint32_t found = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *other = &list->all[i];

		if (other->handle >= first && other->handle > found &&
			other->handle - first <= TC_NODE_MAX - FIRST_NODE &&
			same_place(other, o))
			found = other->handle;
	}
	return found;
}

/* The number behind all others, or when those are used up a free one. */
static uint32_t
next_free(const struct tc_objects *want, const struct tc_objects *have,
	const struct tc_object *o, uint32_t first)
{
	uint32_t a = highest(want, o, first);
	uint32_t b = highest(have, o, first);
	uint32_t handle = a > b ? a : b;

	if (handle == 0)
		return first;
	if (handle - first < TC_NODE_MAX - FIRST_NODE)
		return handle + 1;
	handle = first & ~(uint32_t)TC_NODE_MAX;
	do
		handle++;
	while (is_taken(want, o, handle) || is_taken(have, o, handle));
	return handle;
}

static void
number(struct tc_objects *want, const struct tc_objects *have,
	struct tc_object *o)
{
	if (o->kind == &tc_kind_u32) {
		uint32_t root = root_of(have, o);

		o->any_handle = root == 0;
		o->handle = next_free(want, have, o,
			(root != 0 ? root : stand_in(o)) | FIRST_NODE);
	} else {
		o->handle = next_free(want, have, o, FIRST_HANDLE);
	}
}

bool
tc_filters_have_two_roots(
	const struct tc_objects *list, const struct tc_object *root)
{
	for (size_t i = 0; i < list->count; i++)
		if (same_place(&list->all[i], root) &&
			tc_object_is_automatic(&list->all[i]) &&
			list->all[i].handle != root->handle)
			return true;
	return false;
}

void
tc_filters_keep_root(
	struct tc_objects *list, const struct tc_object *like, uint32_t root)
{
	const struct tc_object place = *like; /* it may move */
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];
		bool others = same_place(o, &place) &&
			      tc_u32_is_root(o->handle) &&
			      tc_u32_table(o->handle) != tc_u32_table(root);

		if (!others)
			list->all[kept++] = *o;
	}
	list->count = kept;
}

/* The same table or node of the same qdisc, told at another place. */
static bool
is_repeated(const struct tc_object *a, const struct tc_object *b)
{
	return a->type == TC_FILTER && b->type == TC_FILTER &&
	       a->kind == &tc_kind_u32 && b->kind == &tc_kind_u32 &&
	       a->ifindex == b->ifindex && a->handle == b->handle &&
	       a->parent >> 16 == b->parent >> 16 && a->pref == b->pref &&
	       (a->parent != b->parent || a->chain != b->chain) &&
	       !tc_u32_is_root(a->handle);
}

/* Two root tables of one preference at two places of a qdisc: only then can
 * anything be repeated. */
static bool
may_repeat(const struct tc_objects *list, size_t first)
{
	for (size_t i = first; i < list->count; i++) {
		const struct tc_object *a = &list->all[i];

		if (!tc_object_is_automatic(a))
			continue;
		for (size_t j = first; j < i; j++) {
			const struct tc_object *b = &list->all[j];

			if (tc_object_is_automatic(b) && a->pref == b->pref &&
				a->parent >> 16 == b->parent >> 16)
				return true;
		}
	}
	return false;
}

void
tc_filters_drop_repeated(struct tc_objects *list, size_t first)
{
	size_t kept = first;

	if (!may_repeat(list, first))
		return;

	for (size_t i = first; i < list->count; i++) {
		bool repeated = false;

		for (size_t j = first; j < kept && !repeated; j++)
			repeated = is_repeated(&list->all[i], &list->all[j]);
		if (!repeated)
			list->all[kept++] = list->all[i];
	}
	list->count = kept;
}

bool
tc_object_is_automatic(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->kind == &tc_kind_u32 &&
	       o->u32.divisor != 0 && tc_u32_is_root(o->handle);
}

void
tc_filters_number(struct tc_objects *want, const struct tc_objects *have)
{
	adopt(want, have, tc_object_equal);
	adopt(want, have, tc_object_changeable);
	for (size_t i = 0; i < want->count; i++) {
		struct tc_object *o = &want->all[i];

		if (o->type == TC_FILTER && o->handle == 0 &&
			o->kind != &tc_kind_fw)
			number(want, have, o);
	}
}
