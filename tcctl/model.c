/* SPDX-License-Identifier: ISC */

/* Records of kernel objects: order, names, arrays. */

#include "model_int.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "stab_int.h"

static bool
other_equal(const struct tc_object *have, const struct tc_object *want)
{
	return strncmp(have->name, want->name, sizeof(have->name)) == 0;
}

static bool
other_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* we do not know what it is */
	(void)want;
	return false;
}

static void
other_print(struct text *t, const struct tc_object *o)
{
	text_printf(t, "%s (foreign)", o->name);
}

const struct tc_kind tc_kind_other = {
	.name = "other",
	.equal = other_equal,
	.changeable = other_changeable,
	.print = other_print,
};

const struct tc_kind *
tc_kind_find(enum tc_type type, const char *name)
{
	static const struct tc_kind *const qdiscs[] = { &tc_kind_htb_root,
		&tc_kind_bfifo, &tc_kind_pfifo, &tc_kind_fq_codel, &tc_kind_tbf,
		&tc_kind_prio, &tc_kind_sfq, &tc_kind_pfifo_fast, NULL };
	static const struct tc_kind *const classes[] = { &tc_kind_htb_class,
		NULL };
	static const struct tc_kind *const ingress[] = { &tc_kind_ingress,
		&tc_kind_clsact, NULL };
	static const struct tc_kind *const filters[] = { &tc_kind_u32,
		&tc_kind_fw, &tc_kind_matchall, &tc_kind_flower, NULL };
	static const struct tc_kind *const *const by_type[] = {
		[TC_QDISC_ROOT] = qdiscs,
		[TC_CLASS] = classes,
		[TC_QDISC_LEAF] = qdiscs,
		[TC_QDISC_INGRESS] = ingress,
		[TC_FILTER] = filters,
	};

	for (const struct tc_kind *const *k = by_type[type]; *k; k++)
		if (strcmp((*k)->name, name) == 0)
			return *k;
	return &tc_kind_other;
}

static int
order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static bool
is_table(const struct tc_object *o)
{
	return o->kind == &tc_kind_u32 && o->u32.divisor != 0;
}

/* The order of objects as numbers: tens of thousands are sorted by them without
 * a look at the objects, which are large. */
struct sort_key {
	uint64_t parent; /* filters are last */
	uint64_t pref;   /* and chain */
	uint64_t handle; /* and what comes before it */
	size_t at;
};

static struct sort_key
key_of(const struct tc_object *o, size_t at)
{
	enum { FILTER = 32, CHAIN = 16, NODE = 32, DEPTH = 40, TYPE = 32 };

	if (o->type != TC_FILTER)
		return (struct sort_key){ 0, 0,
			(uint64_t)o->depth << DEPTH |
				(uint64_t)o->type << TYPE | o->handle,
			at };
	return (struct sort_key){ UINT64_C(1) << FILTER | o->parent,
		(uint64_t)o->chain << CHAIN | o->pref,
		(uint64_t)!is_table(o) << NODE | o->handle, at };
}

static int
compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = (const struct sort_key *)a;
	const struct sort_key *y = (const struct sort_key *)b;

	if (x->parent != y->parent)
		return order(x->parent, y->parent);
	if (x->pref != y->pref)
		return order(x->pref, y->pref);
	return order(x->handle, y->handle);
}

int
tc_object_compare(const void *a, const void *b)
{
	const struct sort_key x = key_of((const struct tc_object *)a, 0);
	const struct sort_key y = key_of((const struct tc_object *)b, 0);

	return compare_keys(&x, &y);
}

static void
add_handle(struct text *t, uint32_t handle)
{
	text_printf(t, "%x:", handle >> 16);
	if ((handle & 0xffff) != 0)
		text_printf(t, "%x", handle & 0xffff);
}

static void
add_filter(struct text *t, const struct tc_object *o)
{
	text_printf(t, "filter %u ", o->pref);
	if (o->kind != &tc_kind_u32) {
		text_printf(t, "handle %x", o->handle);
	} else {
		text_printf(t, "%x:", tc_u32_table(o->handle));
		if (o->u32.divisor == 0)
			text_printf(t, "%x:%x",
				(o->handle >> TC_U32_BUCKET_SHIFT) & 0xff,
				o->handle & TC_NODE_MAX);
	}
	if (o->chain != 0)
		text_printf(t, " chain %u", o->chain);
	if (o->parent == TC_ROOT_HANDLE)
		return; /* a tree of ours has no others */
	text_add(t, " of ");
	if (o->parent == TC_CLSACT_INGRESS || o->parent == TC_CLSACT_EGRESS)
		text_add(t,
			o->parent == TC_CLSACT_EGRESS ? "egress" : "ingress");
	else
		add_handle(t, o->parent);
}

void
tc_object_name(struct text *t, const struct tc_object *o, const char *name)
{
	switch ((enum tc_type)o->type) {
	case TC_QDISC_ROOT:
	case TC_QDISC_LEAF:
	case TC_QDISC_INGRESS:
		text_add(t, "qdisc ");
		add_handle(t, o->handle);
		break;
	case TC_CLASS:
		text_add(t, "class ");
		add_handle(t, o->handle);
		break;
	case TC_FILTER:
		add_filter(t, o);
		break;
	}
	if (name)
		text_printf(t, " on %s", name);
	else
		text_printf(t, " on interface %u", o->ifindex);
}

void
tc_object_print(struct text *t, const struct tc_object *o, const char *name)
{
	tc_object_name(t, o, name);
	if (o->type == TC_CLASS || o->type == TC_QDISC_LEAF) {
		text_add(t, " parent ");
		if (o->parent == TC_PARENT_ROOT)
			text_add(t, "root");
		else
			add_handle(t, o->parent);
	}
	if (o->kind != &tc_kind_other)
		text_printf(t, " %s", o->kind->name);
	text_add(t, " ");
	o->kind->print(t, o);
	if (o->type != TC_FILTER && o->extra && o->extra->has_stab)
		tc_stab_print(t, &o->extra->stab);
}

/* ---- contents ------------------------------------------------------------ */

static bool
stab_equal(const struct tc_object *a, const struct tc_object *b)
{
	static const struct tc_extra none = { 0 };
	const struct tc_extra *x = a->extra ? a->extra : &none;
	const struct tc_extra *y = b->extra ? b->extra : &none;
	const struct tc_stab *s = &x->stab;
	const struct tc_stab *t = &y->stab;

	if (!x->has_stab || !y->has_stab)
		return x->has_stab == y->has_stab;
	return s->cell_log == t->cell_log && s->size_log == t->size_log &&
	       s->cell_align == t->cell_align && s->overhead == t->overhead &&
	       s->linklayer == t->linklayer && s->mpu == t->mpu &&
	       s->mtu == t->mtu && s->tsize == t->tsize;
}

static bool
actions_equal(const struct tc_object *a, const struct tc_object *b)
{
	static const struct tc_extra none = { 0 };
	const struct tc_extra *x = a->extra ? a->extra : &none;
	const struct tc_extra *y = b->extra ? b->extra : &none;

	if (x->action_count != y->action_count ||
		x->old_police != y->old_police)
		return false;
	for (size_t i = 0; i < x->action_count; i++) {
		const struct tc_action *p = &x->actions[i];
		const struct tc_action *q = &y->actions[i];

		if (p->kind != q->kind || p->control != q->control ||
			!p->kind->equal(p, q))
			return false;
	}
	return true;
}

bool
tc_object_equal(const struct tc_object *have, const struct tc_object *want)
{
	if (have->kind != want->kind || !want->kind->equal(have, want))
		return false;
	if (want->type == TC_FILTER)
		return have->protocol == want->protocol &&
		       have->hw == want->hw && actions_equal(have, want);
	return have->parent == want->parent && stab_equal(have, want);
}

bool
tc_object_changeable(const struct tc_object *have, const struct tc_object *want)
{
	if (have->kind != want->kind || !want->kind->changeable(have, want))
		return false;
	/* The kernel says yes to another parent of a class, and does nothing;
	 * a qdisc cannot move, and a preference has one protocol. */
	if (want->type == TC_FILTER)
		return have->protocol == want->protocol && have->hw == want->hw;
	return have->parent == want->parent;
}

/* ---- depth --------------------------------------------------------------- */

enum { DEPTH_MAX = 64 }; /* against circles */

static int
compare_handles(const void *a, const void *b)
{
	const struct tc_object *const *x = (const struct tc_object *const *)a;
	const struct tc_object *const *y = (const struct tc_object *const *)b;

	return order((*x)->handle, (*y)->handle);
}

struct handles {
	struct tc_object **all; /* qdiscs and classes, by handle */
	size_t count;
};

static struct tc_object *
find_handle(const struct handles *h, uint32_t handle)
{
	const struct tc_object like = { .handle = handle };
	const struct tc_object *key = &like;
	struct tc_object **found = (struct tc_object **)bsearch(
		&key, h->all, h->count, sizeof(h->all[0]), compare_handles);

	return found ? *found : NULL;
}

/* What it hangs on.  Bands of a prio and the like are nobody's objects: then
 * the qdisc that has them. */
static struct tc_object *
parent_of(const struct handles *h, const struct tc_object *o)
{
	struct tc_object *parent;

	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return NULL;
	parent = find_handle(h, o->parent);
	return parent ? parent : find_handle(h, o->parent & 0xffff0000u);
}

void
tc_objects_rank(struct tc_objects *list)
{
	size_t size = (list->count > 0 ? list->count : 1) *
		      sizeof(struct tc_object *);
	struct handles h = { .all = (struct tc_object **)alloc_get(
				     list->alloc, size) };

	if (!h.all) {
		list->failed = true;
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type != TC_FILTER && list->all[i].handle != 0)
			h.all[h.count++] = &list->all[i];
	qsort(h.all, h.count, sizeof(h.all[0]), compare_handles);
	for (size_t i = 0; i < list->count; i++) {
		struct tc_object *o = &list->all[i];
		const struct tc_object *at = o;

		if (o->type == TC_FILTER)
			continue;
		for (o->depth = 0; at && o->depth < DEPTH_MAX; o->depth++)
			at = parent_of(&h, at);
	}
	alloc_put(list->alloc, h.all);
}

/* ---- arrays -------------------------------------------------------------- */

struct room {
	size_t count; /* in use */
	size_t size;  /* of each */
	size_t *room;
};

/* Room for so many; false: out of memory. */
static bool
make_room(const struct alloc *alloc, void **all, const struct room *r,
	size_t want)
{
	void *fresh = alloc_get(alloc, want * r->size);

	if (!fresh)
		return false;
	if (r->count > 0)
		memcpy(fresh, *all, r->count * r->size);
	alloc_put(alloc, *all);
	*all = fresh;
	*r->room = want;
	return true;
}

/* Room for one more; false: out of memory. */
static bool
grow(const struct alloc *alloc, void **all, const struct room *r)
{
	enum { FIRST_ROOM = 8 };

	return r->count < *r->room ||
	       make_room(
		       alloc, all, r, *r->room > 0 ? *r->room * 2 : FIRST_ROOM);
}

void
tc_objects_done(struct tc_objects *list)
{
	while (list->extras) {
		struct tc_extra *extra = list->extras;

		list->extras = extra->next;
		alloc_put(list->alloc, extra);
	}
	alloc_put(list->alloc, list->all);
	*list = (struct tc_objects){ .alloc = list->alloc };
}

void
tc_objects_expect(struct tc_objects *list, size_t more)
{
	const struct room r = { list->count, sizeof(*list->all), &list->room };
	void *all = list->all;

	/* Without it now there is another try when they come. */
	if (list->count + more > list->room &&
		make_room(list->alloc, &all, &r, list->count + more))
		list->all = (struct tc_object *)all;
}

struct tc_object *
tc_objects_add(struct tc_objects *list)
{
	const struct room r = { list->count, sizeof(*list->all), &list->room };
	void *all = list->all;

	if (!grow(list->alloc, &all, &r)) {
		list->failed = true;
		return NULL;
	}
	list->all = (struct tc_object *)all;

	struct tc_object *o = &list->all[list->count++];

	memset(o, 0, sizeof(*o));
	return o;
}

static struct tc_extra *
add_extra(struct tc_objects *list, struct tc_object *object, size_t size)
{
	struct tc_extra *extra =
		(struct tc_extra *)alloc_get(list->alloc, size);

	if (!extra) {
		list->failed = true;
		return NULL;
	}
	extra->next = list->extras;
	list->extras = extra;
	object->extra = extra;
	return extra;
}

struct tc_extra *
tc_objects_extra(struct tc_objects *list, struct tc_object *object)
{
	return add_extra(list, object, sizeof(struct tc_extra));
}

static size_t
used_size(const struct tc_extra *extra)
{
	return offsetof(struct tc_extra, actions) +
	       extra->action_count * sizeof(extra->actions[0]);
}

void
tc_extra_copy(struct tc_extra *to, const struct tc_extra *from)
{
	struct tc_extra *next = to->next;

	memcpy(to, from, used_size(from));
	to->next = next;
}

struct tc_object *
tc_objects_copy(struct tc_objects *list, const struct tc_object *from)
{
	struct tc_object *o = tc_objects_add(list);

	if (!o)
		return NULL;
	*o = *from;
	o->extra = NULL;
	if (!from->extra)
		return o;
	if (!add_extra(list, o, used_size(from->extra))) {
		list->count--;
		return NULL;
	}
	tc_extra_copy(o->extra, from->extra);
	return o;
}

/* Each to the place that its key has; one that is moved away has its hole
 * filled until the ring closes. */
static void
put_in_order(struct tc_object *all, struct sort_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tc_object first;
		size_t hole = i;

		if (keys[i].at == i)
			continue;
		first = all[i];
		while (keys[hole].at != i) {
			size_t from = keys[hole].at;

			all[hole] = all[from];
			keys[hole].at = hole;
			hole = from;
		}
		all[hole] = first;
		keys[hole].at = hole;
	}
}

void
tc_objects_sort(struct tc_objects *list)
{
	struct sort_key *keys;

	if (list->count < 2)
		return;
	keys = (struct sort_key *)alloc_get(
		list->alloc, list->count * sizeof(*keys));
	if (!keys) { /* it takes longer */
		qsort(list->all, list->count, sizeof(*list->all),
			tc_object_compare);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		keys[i] = key_of(&list->all[i], i);
	qsort(keys, list->count, sizeof(*keys), compare_keys);
	put_in_order(list->all, keys, list->count);
	alloc_put(list->alloc, keys);
}

size_t
tc_first_filter(const struct tc_objects *sorted)
{
	size_t first = 0;
	size_t end = sorted->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (sorted->all[middle].type == TC_FILTER)
			end = middle;
		else
			first = middle + 1;
	}
	return first;
}

bool
tc_objects_have_root(const struct tc_objects *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type == TC_QDISC_ROOT &&
			list->all[i].handle == TC_ROOT_HANDLE)
			return true;
	return false;
}

void
tc_ops_done(struct tc_ops *list)
{
	alloc_put(list->alloc, list->all);
	*list = (struct tc_ops){ .alloc = list->alloc };
}

struct tc_op *
tc_ops_add(struct tc_ops *list, enum tc_op_kind kind)
{
	const struct room r = { list->count, sizeof(*list->all), &list->room };
	void *all = list->all;

	if (!grow(list->alloc, &all, &r)) {
		list->failed = true;
		return NULL;
	}
	list->all = (struct tc_op *)all;

	struct tc_op *op = &list->all[list->count++];

	op->kind = kind;
	op->told = NULL;
	return op;
}
