/* SPDX-License-Identifier: ISC */
#ifndef TC_BRING_FIXTURE_H
#define TC_BRING_FIXTURE_H

/* A kernel that refuses at step n, or into which another program comes then,
 * and trees to go from and to. */

#include "tc_tree.h"

#define MAJOR 0xffff0000u

/* A kernel of objects alone.  It refuses what the real one refuses for the same
 * reasons, numbers the tables of u32 as it does, and can be told to refuse. */
struct fake {
	struct tc_objects objects;
	uint32_t tables; /* root tables made so far */
	size_t steps;
	size_t refuse_at; /* 1: the first; 0: never */
	bool go_on_refusing;
	/* Another program: comes with the step that is refused, or with that
	 * look at a place after it (from 1 on). */
	void (*intrude)(struct fake *k);
	size_t intrude_look; /* 0: with the step */
	size_t looks;
	size_t came; /* objects that it has put there */
};

static inline struct tc_object *
find_handle(struct fake *k, uint32_t handle)
{
	for (size_t i = 0; i < k->objects.count; i++)
		if (k->objects.all[i].type != TC_FILTER &&
			k->objects.all[i].handle == handle)
			return &k->objects.all[i];
	return NULL;
}

/* What it put there, once; 0: nothing yet. */
static inline size_t
count_foreign(struct fake *k)
{
	static const uint32_t handles[] = { 0x70000, 0x770000 };
	const struct tc_object *class = find_handle(k, 0x10010);
	const struct tc_object *root = find_handle(k, 0x10000);
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		n += find_handle(k, handles[i]) != NULL;
	for (size_t i = 0; i < k->objects.count; i++)
		n += k->objects.all[i].type == TC_FILTER &&
		     k->objects.all[i].pref == 999;
	n += root && root->kind == &tc_kind_htb_root && root->root.r2q == 77;
	n += class && class->kind == &tc_kind_htb_class &&
	     class->htb.rate_Bps == 4711;
	return n;
}

static inline void
intrude(struct fake *k)
{
	k->intrude(k);
	k->came = count_foreign(k);
}

static inline struct tc_object *
find(struct fake *k, const struct tc_object *like)
{
	for (size_t i = 0; i < k->objects.count; i++) {
		struct tc_object *o = &k->objects.all[i];

		if (like->type == TC_FILTER
				? o->type == TC_FILTER &&
					  o->parent == like->parent &&
					  o->pref == like->pref &&
					  o->handle == like->handle
				: o->type == like->type &&
					  o->handle == like->handle)
			return o;
	}
	return NULL;
}

static inline bool
has_place(struct fake *k, const struct tc_object *o)
{
	const struct tc_object *major = find_handle(k, o->parent & MAJOR);

	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return true;
	if (!major)
		return false;
	/* A class of htb; a band of prio; either side of clsact. */
	return find_handle(k, o->parent) || major->kind == &tc_kind_prio ||
	       major->kind == &tc_kind_clsact;
}

static inline struct tc_object *
table_of(struct fake *k, const struct tc_object *f)
{
	for (size_t i = 0; i < k->objects.count; i++) {
		struct tc_object *o = &k->objects.all[i];

		if (o->type == TC_FILTER && o->parent == f->parent &&
			o->pref == f->pref && o->kind == &tc_kind_u32 &&
			o->u32.divisor != 0)
			return o;
	}
	return NULL;
}

/* The kernel numbers it; its table comes with the first of a preference. */
static inline int
number(struct fake *k, struct tc_object *f)
{
	struct tc_object *table = table_of(k, f);
	uint32_t base;

	if (f->kind != &tc_kind_u32)
		return 0;
	if (!table) {
		if (!f->any_handle)
			return EINVAL; /* of a table that is not there */
		table = tc_objects_add(&k->objects);
		table->type = TC_FILTER;
		table->parent = f->parent;
		table->pref = f->pref;
		table->protocol = f->protocol;
		table->kind = &tc_kind_u32;
		table->u32.divisor = 1;
		table->handle = (0x800 + k->tables++) << TC_U32_TABLE_SHIFT;
	}
	if (!f->any_handle)
		return tc_u32_table(f->handle) == tc_u32_table(table->handle)
			       ? 0
			       : EINVAL;
	base = table->handle;
	f->handle = base | 0x800;
	while (find(k, f))
		f->handle++;
	f->any_handle = false;
	return 0;
}

static inline int
add(struct fake *k, const struct tc_object *want)
{
	struct tc_object o = *want;
	struct tc_object *place;
	int error;

	if (!has_place(k, want))
		return ENOENT;
	for (size_t i = 0; i < k->objects.count; i++) {
		const struct tc_object *there = &k->objects.all[i];

		if (o.type == TC_FILTER && there->type == TC_FILTER &&
			there->parent == o.parent && there->pref == o.pref &&
			(there->protocol != o.protocol ||
				there->kind != o.kind))
			return EINVAL;
		/* A class with classes takes no queue, and the other way. */
		if (o.type == TC_QDISC_LEAF && there->type == TC_CLASS &&
			there->parent == o.parent)
			return EINVAL;
		if (o.type != TC_FILTER && o.type != TC_CLASS &&
			there->type == o.type && there->parent == o.parent)
			return EEXIST;
	}
	error = o.type == TC_FILTER ? number(k, &o) : 0;
	if (error == 0 && find(k, &o))
		error = EEXIST;
	if (error != 0)
		return error;
	t_settle(&o);
	place = tc_objects_copy(&k->objects, &o);
	return place ? 0 : ENOMEM;
}

static inline bool
hangs_on(struct fake *k, const struct tc_object *o, const struct tc_object *on)
{
	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return false;
	if (o->parent == on->handle)
		return true;
	return on->type != TC_CLASS && on->type != TC_FILTER &&
	       (o->parent & MAJOR) == on->handle &&
	       (o->type != TC_QDISC_LEAF || !find_handle(k, o->parent));
}

static inline void
drop(struct fake *k, size_t i)
{
	k->objects.all[i] = k->objects.all[--k->objects.count];
}

/* With all that hangs on it, again and again until nothing hangs on nothing. */
static inline void
drop_orphans(struct fake *k)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < k->objects.count; i++)
			if (!has_place(k, &k->objects.all[i])) {
				drop(k, i);
				again = true;
				break;
			}
	}
}

static inline uint32_t
class_of(const struct tc_object *f)
{
	return f->kind == &tc_kind_u32        ? f->u32.classid
	       : f->kind == &tc_kind_fw       ? f->fw.classid
	       : f->kind == &tc_kind_flower   ? f->flower.classid
	       : f->kind == &tc_kind_matchall ? f->matchall.classid
					      : 0;
}

static inline int
del(struct fake *k, const struct tc_object *have)
{
	struct tc_object *o = find(k, have);
	struct tc_object copy;

	if (!o)
		return ENOENT;
	copy = *o;
	for (size_t i = 0; i < k->objects.count && copy.type == TC_CLASS; i++) {
		const struct tc_object *by = &k->objects.all[i];

		if ((by->type == TC_CLASS && by->parent == copy.handle) ||
			(by->type == TC_FILTER &&
				(by->parent & MAJOR) == (copy.handle & MAJOR) &&
				class_of(by) == copy.handle))
			return EBUSY;
	}
	drop(k, (size_t)(o - k->objects.all));
	if (copy.type == TC_FILTER && copy.kind == &tc_kind_u32) {
		struct tc_object *table = table_of(k, &copy);
		size_t n = 0;

		for (size_t i = 0; i < k->objects.count; i++) {
			o = &k->objects.all[i];
			n += tree_is_same_preference(o, &copy) ||
			     (!have->any_handle && o->parent == copy.parent &&
				     tree_is_automatic(o));
		}
		if (table && n == 1)
			drop(k, (size_t)(table - k->objects.all));
	}
	for (size_t i = k->objects.count; i-- > 0;)
		if (copy.type != TC_FILTER &&
			hangs_on(k, &k->objects.all[i], &copy))
			drop(k, i);
	drop_orphans(k);
	return 0;
}

static inline int
change(struct fake *k, const struct tc_op *op)
{
	struct tc_object *o = find(k, &op->want);

	if (!o)
		return ENOENT;
	if (!tc_object_changeable(o, &op->want))
		return 0; /* it says yes and does nothing */
	*o = op->want;
	return 0;
}

static inline int
run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct fake *k = (struct fake *)arg;

	for (size_t i = 0; i < count; i++) {
		bool refuse = ++k->steps == k->refuse_at ||
			      (k->go_on_refusing && k->refuse_at != 0 &&
				      k->steps > k->refuse_at);

		ret_results[i] = (struct tc_result){ 0 };
		if (k->intrude && k->steps == k->refuse_at &&
			k->refuse_at != 0 && k->intrude_look == 0)
			intrude(k);
		if (refuse)
			ret_results[i].error = ENOSPC;
		else if (ops[i].kind == TC_OP_ADD)
			ret_results[i].error = add(k, &ops[i].want);
		else if (ops[i].kind == TC_OP_DEL)
			ret_results[i].error = del(k, &ops[i].have);
		else
			ret_results[i].error = change(k, &ops[i]);
	}
	return 0;
}

static inline int
dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct fake *k = (struct fake *)arg;

	(void)ifindex; /* there is one */
	for (size_t i = 0; i < k->objects.count; i++)
		(void)tc_objects_copy(into, &k->objects.all[i]);
	tc_objects_rank(into);
	tc_objects_sort(into);
	return 0;
}

static inline int
place(void *arg, uint32_t ifindex, uint32_t parent, struct tc_objects *into)
{
	struct fake *k = (struct fake *)arg;

	(void)ifindex; /* there is one */
	if (k->intrude && k->steps >= k->refuse_at &&
		++k->looks == k->intrude_look)
		intrude(k);
	for (size_t i = 0; i < k->objects.count; i++) {
		const struct tc_object *o = &k->objects.all[i];

		if (o->type != TC_FILTER && o->type != TC_CLASS &&
			o->parent == parent)
			(void)tc_objects_copy(into, o);
	}
	return 0;
}

/* ---- trees --------------------------------------------------------------- */

#define WHOLE "../../../tests/golden/tree/whole/"

/* Of one interface each, by file and number in it. */
static const struct {
	const char *file;
	size_t n;
} trees[] = { { "htb", 0 }, { "cbq", 0 }, { "cbq-defmap", 0 }, { "prio", 0 },
	{ "tbf", 0 }, { "router", 0 }, { "router", 1 }, { "nas", 0 },
	{ "nas-by-address", 0 }, { "dscp-by-port", 0 }, { WHOLE "filters", 0 },
	{ WHOLE "filters", 1 }, { WHOLE "filters", 2 }, { WHOLE "qdiscs", 0 },
	{ WHOLE "qdiscs", 2 } };

enum {
	TREES = sizeof(trees) / sizeof(trees[0]),
	NOTHING = TREES,
	EXAMPLES = 10 /* the first are those of published texts */
};

static inline void
load(size_t i, struct tc_objects *into)
{
	static char text[T_FILE];
	char path[512];

	if (i == NOTHING)
		return;
	(void)snprintf(
		path, sizeof(path), "%s/%s.conf", EXAMPLES_DIR, trees[i].file);
	t_load(path, text);
	t_build(text, trees[i].n, into);
}

/* What the two have in common to see: all but the kernel's own numbers. */
static inline void
print(const struct tc_objects *list, struct text *t)
{
	for (size_t i = 0; i < list->count; i++) {
		struct tc_object o = list->all[i];

		if (tree_is_automatic(&o) && !tree_is_empty_preference(list, i))
			continue;
		if (o.type == TC_FILTER && o.kind == &tc_kind_u32)
			o.handle = 0;
		o.ifindex = 0;
		tc_object_print(t, &o, "it");
		text_add(t, "\n");
	}
}

static inline const char *
state_of(struct fake *k)
{
	static char buf[4][T_FILE];
	static size_t turn;
	char *at = buf[turn++ % 4];
	struct text t = text_over(at, T_FILE);
	struct tc_objects list = { .alloc = alloc_heap() };

	dump_tree(k, 0, &list);
	print(&list, &t);
	tc_objects_done(&list);
	return at;
}

static const enum { BOTH = TREE_OUTGOING | TREE_INCOMING } both = BOTH;

/* sides: 0 for those that the tree has. */
static inline struct tree_outcome
bring(struct fake *k, size_t tree, unsigned sides)
{
	const struct tc_kernel kernel = {
		.arg = k, .run = run, .dump_tree = dump_tree, .place = place
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	load(tree, &want);
	sides = sides != 0 ? sides : tree_sides(&want);
	T_EQ(tree_bring(&b, &want, sides, &outcome), 0);
	tc_objects_done(&want);
	return outcome;
}

#endif /* TC_BRING_FIXTURE_H */
