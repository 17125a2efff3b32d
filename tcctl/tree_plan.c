/* SPDX-License-Identifier: ISC */

/*
 * What turns the tree that an interface has into the one that is wanted.  The
 * ordinary difference (plan.c) does it, once three things have been seen to:
 *
 *  - What is not ours to touch is left out: kinds that we do not know and what
 *    hangs on them, and the side that is not described.
 *  - What cannot be changed in place goes first, with all that hangs on it or
 *    points to it.
 *  - Filters that the kernel numbers by itself are paired with those there are:
 *    the longest beginning that is the same, or can be changed, keeps its
 *    numbers; what follows comes behind the last.
 *
 * The kernel keeps a preference of u32 whose last node goes, empty, as long as
 * the qdisc has another: it would refuse it to any other kind or protocol.  So
 * the last node takes the preference along, and one that is empty goes.
 */

#include "tree_int.h"

#include <string.h>

enum mark {
	KEPT,
	ALONE,  /* not ours to touch */
	DOOMED, /* removed before anything is made */
	GONE,   /* goes with what it hangs on */
	SEEN    /* first of a preference that has been judged */
};

/* What an index of objects is asked for. */
enum by {
	BY_HANDLE, /* what is no filter */
	BY_PLACE,  /* a qdisc, by its parent */
	BY_PARENT, /* a class, by its parent */
	BY_PREF    /* a filter, by its parent and preference */
};

struct planning {
	const struct tc_objects *have;
	struct tc_objects *want;
	struct tree_index had; /* of have */
	struct tree_index wanted;
	uint8_t *marks; /* of have */
	bool shared;    /* TREE_SHARED */
};

#define MAJOR 0xffff0000u

unsigned
tree_side_of(const struct tc_object *o)
{
	bool incoming = o->type == TC_QDISC_INGRESS ||
			(o->type == TC_FILTER && (o->parent & MAJOR) == MAJOR);

	return incoming ? TREE_INCOMING : TREE_OUTGOING;
}

static bool
is_qdisc(const struct tc_object *o)
{
	return o->type == TC_QDISC_ROOT || o->type == TC_QDISC_LEAF ||
	       o->type == TC_QDISC_INGRESS;
}

static void
index_objects(const struct tc_objects *list, struct tree_index *ret)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];

		if (o->type == TC_FILTER)
			tree_index_add(ret, BY_PREF, tree_pref_key(o), i);
		else
			tree_index_add(ret, BY_HANDLE, o->handle, i);
		if (is_qdisc(o))
			tree_index_add(ret, BY_PLACE, o->parent, i);
		if (o->type == TC_CLASS)
			tree_index_add(ret, BY_PARENT, o->parent, i);
	}
	tree_index_sort(ret);
}

static const struct tc_object *
first_of(const struct tc_objects *list, const struct tree_index *index,
	enum by by, uint64_t key)
{
	const size_t at = tree_index_from(index, by, key, 0);

	return at == TREE_NOWHERE ? NULL : &list->all[at];
}

static const struct tc_object *
find_had(const struct planning *p, uint32_t handle)
{
	return first_of(p->have, &p->had, BY_HANDLE, handle);
}

static const struct tc_object *
find_wanted(const struct planning *p, uint32_t handle)
{
	return first_of(p->want, &p->wanted, BY_HANDLE, handle);
}

/* The qdisc at a place, which its parent is. */
static const struct tc_object *
wanted_at(const struct planning *p, uint32_t parent)
{
	return first_of(p->want, &p->wanted, BY_PLACE, parent);
}

static bool
wants_class_below(const struct planning *p, uint32_t parent)
{
	return first_of(p->want, &p->wanted, BY_PARENT, parent) != NULL;
}

/* Index of what have[i] hangs on; count: of nothing that is there. */
static size_t
parent_index(const struct planning *p, size_t i)
{
	const struct tc_object *o = &p->have->all[i];
	const struct tc_object *parent;

	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return p->have->count;
	if (o->type == TC_FILTER && tree_side_of(o) == TREE_INCOMING)
		parent =
			first_of(p->have, &p->had, BY_PLACE, TC_INGRESS_PARENT);
	else {
		parent = find_had(p, o->parent);
		if (!parent)
			parent = find_had(p, o->parent & MAJOR);
	}
	return parent ? (size_t)(parent - p->have->all) : p->have->count;
}

static uint32_t
class_of(const struct tc_object *f)
{
	if (f->kind == &tc_kind_u32)
		return f->u32.classid;
	if (f->kind == &tc_kind_fw)
		return f->fw.classid;
	if (f->kind == &tc_kind_matchall)
		return f->matchall.classid;
	return f->kind == &tc_kind_flower ? f->flower.classid : 0;
}

/* ---- what is not ours ---------------------------------------------------- */

/* A preference has one kind and one protocol. */
static bool
is_pref_kept(const struct planning *p, const struct tc_object *o)
{
	const struct tc_object *want =
		first_of(p->want, &p->wanted, BY_PREF, tree_pref_key(o));

	return want && want->kind == o->kind && want->protocol == o->protocol;
}

/* What no plan need deal with: the kernel makes it, or takes it away. */
static bool
is_left_to_kernel(const struct planning *p, size_t i)
{
	const struct tc_object *o = &p->have->all[i];

	return tree_is_automatic(o) &&
	       (p->shared || !tree_is_empty_preference(p->have, i) ||
		       is_pref_kept(p, o));
}

static void
mark_alone(struct planning *p, unsigned sides)
{
	for (size_t i = 0; i < p->have->count; i++) {
		const struct tc_object *o = &p->have->all[i];
		size_t parent = parent_index(p, i);

		if (is_left_to_kernel(p, i) || !tree_is_known(o) ||
			(tree_side_of(o) & sides) == 0 ||
			(parent < p->have->count && p->marks[parent] == ALONE))
			p->marks[i] = ALONE;
	}
}

/* ---- what cannot stay ---------------------------------------------------- */

static bool
qdisc_must_go(const struct planning *p, const struct tc_object *o)
{
	const struct tc_object *want = wanted_at(p, o->parent);

	if (!want)
		return o->type == TC_QDISC_LEAF &&
		       wants_class_below(p, o->parent);
	return o->handle != want->handle ||
	       (!tc_object_equal(o, want) && !tc_object_changeable(o, want));
}

static bool
class_must_go(const struct planning *p, const struct tc_object *o)
{
	const struct tc_object *want = find_wanted(p, o->handle);
	const struct tc_object *parent = find_wanted(p, o->parent);

	if (!want)
		return wanted_at(p, o->parent) != NULL && parent != NULL &&
		       parent->type == TC_CLASS;
	return !tc_object_equal(o, want) && !tc_object_changeable(o, want);
}

static bool
filter_must_go(const struct planning *p, const struct tc_object *o)
{
	return !is_pref_kept(p, o) &&
	       first_of(p->want, &p->wanted, BY_PREF, tree_pref_key(o)) != NULL;
}

/* What goes with its parent, or must go before it. */
static uint8_t
mark_below(const struct planning *p, size_t i)
{
	const struct tc_object *o = &p->have->all[i];
	size_t parent = parent_index(p, i);
	uint8_t above = parent < p->have->count ? p->marks[parent] : KEPT;

	if (above == GONE)
		return GONE;
	if (above != DOOMED)
		return p->marks[i];
	/* The kernel does not remove a class that has classes. */
	return o->type == TC_CLASS && p->have->all[parent].type == TC_CLASS
		       ? DOOMED
		       : GONE;
}

/* The kernel does not remove a class that a filter points to. */
static bool
points_to_doomed(const struct planning *p, const struct tc_object *f)
{
	const struct tc_object *class = find_had(p, class_of(f));

	return class && class->type == TC_CLASS &&
	       p->marks[class - p->have->all] == DOOMED;
}

/* Sorted: what hangs on something stands behind it, filters last. */
static void
mark_doomed(struct planning *p)
{
	for (size_t i = 0; i < p->have->count; i++) {
		const struct tc_object *o = &p->have->all[i];
		bool must_go;

		/* What we do not know makes way where its place is wanted. */
		if (p->marks[i] == ALONE && (!is_qdisc(o) || o->handle == 0 ||
						    !wanted_at(p, o->parent)))
			continue;
		if (o->type == TC_FILTER)
			must_go =
				filter_must_go(p, o) || points_to_doomed(p, o);
		else
			must_go = is_qdisc(o) ? qdisc_must_go(p, o)
					      : class_must_go(p, o);
		if (must_go)
			p->marks[i] = DOOMED;
		p->marks[i] = mark_below(p, i);
	}
}

/* ---- numbers of filters -------------------------------------------------- */

static bool
is_numbered(const struct tc_object *o)
{
	return o->type == TC_FILTER &&
	       (o->kind == &tc_kind_u32 || o->kind == &tc_kind_flower);
}

/* The next filter of the same place and preference that stays. */
static size_t
next_there(const struct planning *p, size_t from, const struct tc_object *like)
{
	const uint64_t key = tree_pref_key(like);
	size_t i = tree_index_from(&p->had, BY_PREF, key, from);

	while (i != TREE_NOWHERE && p->marks[i] != KEPT)
		i = tree_index_from(&p->had, BY_PREF, key, i + 1);
	return i;
}

/* want[first] and those behind it in the same place and preference: how many */
static size_t
group_size(const struct tc_objects *want, size_t first)
{
	size_t n = 1;

	while (first + n < want->count &&
		want->all[first + n].parent == want->all[first].parent &&
		want->all[first + n].pref == want->all[first].pref)
		n++;
	return n;
}

static bool
is_last_node(const struct tc_object *o, uint32_t handle)
{
	return o->kind == &tc_kind_u32 && (handle & TC_NODE_MAX) == TC_NODE_MAX;
}

/* want[0 .. count): as many as can take the numbers of those there are. */
static void
number_group(struct planning *p, struct tc_object *want, size_t count)
{
	size_t there = next_there(p, 0, want);
	uint32_t last = 0;
	size_t n = 0;

	while (n < count && there != TREE_NOWHERE &&
		tc_object_changeable(&p->have->all[there], &want[n])) {
		last = p->have->all[there].handle;
		want[n].any_handle = false;
		want[n++].handle = last;
		there = next_there(p, there + 1, want);
	}
	for (; there != TREE_NOWHERE; there = next_there(p, there + 1, want))
		last = p->have->all[there].handle;
	for (; n < count; n++) {
		want[n].any_handle = last == 0 && want[n].kind == &tc_kind_u32;
		if (last == 0)
			continue;
		/* Behind the last node would be the next table. */
		want[n].handle = is_last_node(&want[n], last) ? 0 : last + 1;
		if (want[n].handle == 0)
			return;
		last = want[n].handle;
	}
}

const struct tc_object *
tree_without_number(const struct tc_objects *want)
{
	for (size_t i = 0; i < want->count; i++)
		if (is_numbered(&want->all[i]) && want->all[i].handle == 0 &&
			!want->all[i].any_handle)
			return &want->all[i];
	return NULL;
}

static void
number_filters(struct planning *p)
{
	for (size_t i = 0; i < p->want->count;) {
		size_t n = 1;

		if (is_numbered(&p->want->all[i])) {
			n = group_size(p->want, i);
			number_group(p, &p->want->all[i], n);
		}
		i += n;
	}
}

/* ---- the plan ------------------------------------------------------------ */

static void
plan_doomed(const struct planning *p, struct tc_ops *ops)
{
	for (size_t i = p->have->count; i-- > 0;) {
		struct tc_op *op = p->marks[i] == DOOMED
					   ? tc_ops_add(ops, TC_OP_DEL)
					   : NULL;

		if (op)
			op->have = p->have->all[i];
	}
}

/* All that is in the preference, which begins with have[first], is planned to
 * go: its root table, and nodes there. */
static bool
goes_whole(const struct planning *p, size_t first)
{
	const struct tc_object *root = &p->have->all[first];

	if (p->shared || !tree_is_automatic(root) || root->chain != 0 ||
		is_pref_kept(p, root))
		return false;
	for (size_t i = first + 1; i < p->have->count; i++) {
		if (!tree_is_same_preference(&p->have->all[i], root))
			break;
		if (p->marks[i] != KEPT && p->marks[i] != DOOMED)
			return false;
	}
	return true;
}

/* The last step for each preference. */
static void
take_preferences(struct planning *p, struct tc_ops *ops, size_t first)
{
	for (size_t i = ops->count; i-- > first;) {
		struct tc_op *op = &ops->all[i];
		struct tc_object *o = &op->have;
		size_t at;

		if (op->kind != TC_OP_DEL || o->type != TC_FILTER ||
			o->kind != &tc_kind_u32)
			continue;
		at = tree_index_from(&p->had, BY_PREF, tree_pref_key(o), 0);
		if (at == TREE_NOWHERE || p->marks[at] == SEEN)
			continue;
		o->any_handle = goes_whole(p, at);
		p->marks[at] = SEEN;
	}
}

unsigned
tree_sides(const struct tc_objects *list)
{
	unsigned sides = 0;

	for (size_t i = 0; i < list->count; i++)
		sides |= tree_side_of(&list->all[i]);
	return sides;
}

static void
plan_marked(struct planning *p, struct tc_ops *ops)
{
	struct tc_objects kept = { .alloc = p->have->alloc };
	const size_t first = ops->count;

	for (size_t i = 0; i < p->have->count; i++) {
		struct tc_object *o =
			p->marks[i] == KEPT ? tc_objects_add(&kept) : NULL;

		if (o)
			*o = p->have->all[i]; /* borrows what it has besides */
	}
	plan_doomed(p, ops);
	tc_plan((struct tc_span){ kept.all, kept.count },
		(struct tc_span){ p->want->all, p->want->count }, ops);
	take_preferences(p, ops, first);
	ops->failed |= kept.failed;
	tc_objects_done(&kept);
}

void
tree_plan(const struct tc_objects *have, struct tc_objects *want,
	unsigned sides, struct tc_ops *ops)
{
	struct planning p = { .have = have,
		.want = want,
		.shared = (sides & TREE_SHARED) != 0,
		.marks = (uint8_t *)alloc_get(have->alloc, have->count + 1) };

	index_objects(have, &p.had);
	index_objects(want, &p.wanted);
	if (!p.marks || p.had.failed || p.wanted.failed) {
		ops->failed = true;
	} else {
		memset(p.marks, KEPT, have->count + 1);
		mark_alone(&p, sides);
		mark_doomed(&p);
		number_filters(&p);
		plan_marked(&p, ops);
	}
	tree_index_done(&p.had);
	tree_index_done(&p.wanted);
	alloc_put(have->alloc, p.marks);
}
