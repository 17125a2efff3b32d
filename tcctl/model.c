/* SPDX-License-Identifier: ISC */

/* Records of kernel objects: order, names, arrays. */

#include "model_int.h"

#include <stdlib.h>
#include <string.h>

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
	static const struct {
		enum tc_type type;
		const struct tc_kind *kind;
	} kinds[] = {
		{ TC_QDISC_ROOT, &tc_kind_htb_root },
		{ TC_CLASS, &tc_kind_htb_class },
		{ TC_QDISC_LEAF, &tc_kind_bfifo },
		{ TC_QDISC_LEAF, &tc_kind_pfifo },
		{ TC_QDISC_LEAF, &tc_kind_fq_codel },
		{ TC_FILTER, &tc_kind_u32 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type &&
			strcmp(kinds[i].kind->name, name) == 0)
			return kinds[i].kind;
	return &tc_kind_other;
}

static int
order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int
tc_object_compare(const void *a, const void *b)
{
	const struct tc_object *x = (const struct tc_object *)a;
	const struct tc_object *y = (const struct tc_object *)b;

	if (x->type != y->type)
		return order(x->type, y->type);
	if (x->type == TC_FILTER && x->pref != y->pref)
		return order(x->pref, y->pref);
	if (x->type == TC_FILTER && x->kind == y->kind &&
		x->kind == &tc_kind_u32 &&
		(x->u32.divisor != 0) != (y->u32.divisor != 0))
		return x->u32.divisor != 0 ? -1 : 1;
	return order(x->handle, y->handle);
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
	text_printf(t, "filter %u %x:", o->pref, tc_u32_table(o->handle));
	if (o->kind == &tc_kind_u32 && o->u32.divisor != 0)
		return;
	text_printf(t, "%x:%x", (o->handle >> TC_U32_BUCKET_SHIFT) & 0xff,
		o->handle & TC_NODE_MAX);
}

void
tc_object_name(struct text *t, const struct tc_object *o, const char *name)
{
	switch ((enum tc_type)o->type) {
	case TC_QDISC_ROOT:
	case TC_QDISC_LEAF:
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
}

/* Room for one more of that size; false: out of memory. */
static bool
grow(const struct alloc *alloc, void **all, size_t count, size_t *room,
	size_t size)
{
	enum { FIRST_ROOM = 8 };

	if (count < *room)
		return true;

	size_t bigger = *room > 0 ? *room * 2 : FIRST_ROOM;
	void *fresh = alloc_get(alloc, bigger * size);

	if (!fresh)
		return false;
	if (count > 0)
		memcpy(fresh, *all, count * size);
	alloc_put(alloc, *all);
	*all = fresh;
	*room = bigger;
	return true;
}

void
tc_objects_done(struct tc_objects *list)
{
	alloc_put(list->alloc, list->all);
	*list = (struct tc_objects){ .alloc = list->alloc };
}

struct tc_object *
tc_objects_add(struct tc_objects *list)
{
	void *all = list->all;

	if (!grow(list->alloc, &all, list->count, &list->room,
		    sizeof(*list->all))) {
		list->failed = true;
		return NULL;
	}
	list->all = (struct tc_object *)all;

	struct tc_object *o = &list->all[list->count++];

	memset(o, 0, sizeof(*o));
	return o;
}

void
tc_objects_sort(struct tc_objects *list)
{
	if (list->count > 1)
		qsort(list->all, list->count, sizeof(*list->all),
			tc_object_compare);
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
	void *all = list->all;

	if (!grow(list->alloc, &all, list->count, &list->room,
		    sizeof(*list->all))) {
		list->failed = true;
		return NULL;
	}
	list->all = (struct tc_op *)all;

	struct tc_op *op = &list->all[list->count++];

	op->kind = kind;
	return op;
}
