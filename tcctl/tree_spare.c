/* SPDX-License-Identifier: ISC */

/*
 * Undoing beside others.  What there is by now and was neither there before nor
 * made by us belongs to another program: no step of the way back may touch it,
 * remove what it is in, or make something in its place or below it.
 */

#include "tree_int.h"

#include <string.h>

enum mark {
	OURS,
	FOREIGN,
	HOLDING /* something foreign is in it */
};

enum by { BY_HANDLE, BY_PLACE, BY_PREF };

enum { BEFORE, MADE, LISTS, MAJORS = 65536 };

#define MAJOR 0xffff0000u

struct sparing {
	const struct tc_objects *now;
	unsigned sides;
	struct tree_index index;
	const struct tc_objects *lists[LISTS];
	struct tree_index indexes[LISTS];
	uint8_t *marks; /* of now */
	/* By major: nothing is made below such a qdisc. */
	uint64_t closed[MAJORS / 64];
};

static void
index_objects(const struct tc_objects *list, struct tree_index *ret)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];

		if (o->type == TC_FILTER) {
			tree_index_add(ret, BY_PREF, tree_pref_key(o), i);
			continue;
		}
		tree_index_add(ret, BY_HANDLE, o->handle, i);
		if (o->type != TC_CLASS)
			tree_index_add(ret, BY_PLACE, o->parent, i);
	}
	tree_index_sort(ret);
}

/* ---- whose it is --------------------------------------------------------- */

/* The kernel tells a class that has got classes otherwise than before. */
static bool
is_same(const struct tc_object *o, const struct tc_object *known)
{
	if (o->type != known->type || o->kind != known->kind ||
		o->parent != known->parent)
		return false;
	if (o->type == TC_FILTER)
		return o->pref == known->pref && o->chain == known->chain &&
		       (o->kind != &tc_kind_fw || o->handle == known->handle) &&
		       tc_object_equal(o, known);
	return o->handle == known->handle &&
	       (o->type == TC_CLASS || tc_object_equal(o, known));
}

static bool
is_in(const struct sparing *s, size_t list, const struct tc_object *o)
{
	const bool filter = o->type == TC_FILTER;
	const uint64_t major = filter ? BY_PREF : BY_HANDLE;
	const uint64_t minor = filter ? tree_pref_key(o) : o->handle;
	size_t at = tree_index_from(&s->indexes[list], major, minor, 0);

	while (at != TREE_NOWHERE && !is_same(o, &s->lists[list]->all[at]))
		at = tree_index_from(&s->indexes[list], major, minor, at + 1);
	return at != TREE_NOWHERE;
}

static size_t
at_handle(const struct sparing *s, uint32_t handle)
{
	return tree_index_from(&s->index, BY_HANDLE, handle, 0);
}

/* What it hangs on; TREE_NOWHERE: the interface. */
static size_t
parent_of(const struct sparing *s, const struct tc_object *o)
{
	size_t at;

	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return TREE_NOWHERE;
	if (o->type == TC_FILTER && tree_side_of(o) == TREE_INCOMING)
		return tree_index_from(
			&s->index, BY_PLACE, TC_INGRESS_PARENT, 0);
	at = at_handle(s, o->parent);
	return at != TREE_NOWHERE ? at : at_handle(s, o->parent & MAJOR);
}

/* Of a preference of u32 nothing is there but its root table. */
static bool
is_strange_preference(const struct sparing *s, size_t i)
{
	const uint64_t key = tree_pref_key(&s->now->all[i]);

	if (!tree_is_empty_preference(s->now, i))
		return false;
	for (size_t list = 0; list < LISTS; list++)
		if (tree_index_from(&s->indexes[list], BY_PREF, key, 0) !=
			TREE_NOWHERE)
			return false;
	return true;
}

static bool
is_foreign(const struct sparing *s, size_t i)
{
	const struct tc_object *o = &s->now->all[i];

	if ((tree_side_of(o) & s->sides) == 0)
		return false;
	if (tree_is_automatic(o))
		return (s->sides & TREE_SHARED) == 0 &&
		       is_strange_preference(s, i);
	return !is_in(s, BEFORE, o) && !is_in(s, MADE, o);
}

static void
mark_all(struct sparing *s)
{
	for (size_t i = 0; i < s->now->count; i++) {
		size_t above;

		if (!is_foreign(s, i))
			continue;
		s->marks[i] = FOREIGN;
		for (above = parent_of(s, &s->now->all[i]);
			above != TREE_NOWHERE && s->marks[above] == OURS;
			above = parent_of(s, &s->now->all[above]))
			s->marks[above] = HOLDING;
	}
}

/* ---- which steps --------------------------------------------------------- */

static bool
is_closed(const struct sparing *s, uint32_t handle)
{
	const uint32_t major = handle >> 16;

	return (s->closed[major / 64] >> major % 64 & 1) != 0;
}

/* Nothing below that qdisc either. */
static void
close_below(struct sparing *s, uint32_t handle)
{
	const uint32_t major = handle >> 16;

	s->closed[major / 64] |= UINT64_C(1) << major % 64;
}

static enum mark
mark_at(const struct sparing *s, size_t at)
{
	return at == TREE_NOWHERE ? OURS : (enum mark)s->marks[at];
}

static bool
may_add(const struct sparing *s, const struct tc_object *o)
{
	if (o->type != TC_FILTER && o->type != TC_CLASS &&
		mark_at(s, tree_index_from(
				   &s->index, BY_PLACE, o->parent, 0)) != OURS)
		return false;
	if (mark_at(s, parent_of(s, o)) == FOREIGN)
		return false;
	return o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS ||
	       !is_closed(s, o->parent);
}

/* The object of now that is meant. */
static size_t
meant(const struct sparing *s, const struct tc_object *o)
{
	size_t at;

	if (o->type != TC_FILTER)
		return at_handle(s, o->handle);
	at = tree_index_from(&s->index, BY_PREF, tree_pref_key(o), 0);
	while (at != TREE_NOWHERE && s->now->all[at].handle != o->handle)
		at = tree_index_from(
			&s->index, BY_PREF, tree_pref_key(o), at + 1);
	return at;
}

/* Something of others is in the preference. */
static bool
is_shared(const struct sparing *s, const struct tc_object *f)
{
	const uint64_t key = tree_pref_key(f);
	size_t at = tree_index_from(&s->index, BY_PREF, key, 0);

	while (at != TREE_NOWHERE && s->marks[at] != FOREIGN)
		at = tree_index_from(&s->index, BY_PREF, key, at + 1);
	return at != TREE_NOWHERE;
}

/* It was there before, and as empty as now. */
static bool
was_empty(const struct sparing *s, const struct tc_object *table)
{
	const struct tc_objects *before = s->lists[BEFORE];
	size_t at = tree_index_from(
		&s->indexes[BEFORE], BY_PREF, tree_pref_key(table), 0);

	return at != TREE_NOWHERE && tree_is_empty_preference(before, at) &&
	       before->all[at].handle == table->handle &&
	       before->all[at].protocol == table->protocol;
}

static bool
may_delete(const struct sparing *s, struct tc_object *o)
{
	if (o->type == TC_FILTER && tree_is_automatic(o) && was_empty(s, o))
		return false;
	if (o->any_handle && is_shared(s, o))
		o->any_handle = false; /* not as a whole */
	return mark_at(s, meant(s, o)) == OURS;
}

static bool
may_run(struct sparing *s, struct tc_op *op)
{
	const bool qdisc = tc_op_object(op)->type != TC_FILTER &&
			   tc_op_object(op)->type != TC_CLASS;
	bool may = true;

	switch (op->kind) {
	case TC_OP_ADD:
		may = may_add(s, &op->want);
		break;
	case TC_OP_CHANGE:
		return mark_at(s, meant(s, &op->have)) != FOREIGN;
	case TC_OP_DEL:
		return may_delete(s, &op->have);
	}
	if (!may && qdisc)
		close_below(s, op->want.handle);
	return may;
}

static void
tell_spared(const struct sparing *s, struct tree_spared *ret)
{
	*ret = (struct tree_spared){ 0 };
	for (size_t i = s->now->count; i-- > 0;)
		if (s->marks[i] == FOREIGN) {
			ret->count++;
			ret->first = s->now->all[i];
		} else if (s->marks[i] == HOLDING) {
			ret->holding = true;
		}
}

bool
tree_spare(const struct tc_objects *now, const struct tc_objects *before,
	const struct tc_objects *made, unsigned sides, struct tc_ops *ops,
	struct tree_spared *ret_spared)
{
	const struct alloc *alloc = now->alloc;
	struct sparing *s = (struct sparing *)alloc_get(alloc, sizeof(*s));
	size_t kept = 0;
	bool ok = s != NULL;

	if (!ok)
		return false;
	*s = (struct sparing){ .now = now,
		.sides = sides,
		.lists = { before, made },
		.marks = (uint8_t *)alloc_get(alloc, now->count + 1) };
	index_objects(now, &s->index);
	for (size_t i = 0; i < LISTS; i++)
		index_objects(s->lists[i], &s->indexes[i]);
	ok = s->marks && !s->index.failed && !s->indexes[BEFORE].failed &&
	     !s->indexes[MADE].failed;
	if (ok) {
		memset(s->marks, OURS, now->count + 1);
		mark_all(s);
		for (size_t i = 0; i < ops->count; i++)
			if (may_run(s, &ops->all[i]))
				ops->all[kept++] = ops->all[i];
		ops->count = kept;
		tell_spared(s, ret_spared);
	}
	tree_index_done(&s->index);
	for (size_t i = 0; i < LISTS; i++)
		tree_index_done(&s->indexes[i]);
	alloc_put(alloc, s->marks);
	alloc_put(alloc, s);
	return ok;
}
