/* SPDX-License-Identifier: ISC */

/* Undoing beside others: tcctl/tree_spare.c. */

#include <string.h>

#include "t.h"
#include "tcctl/tree_int.h"

enum { BOTH = TREE_OUTGOING | TREE_INCOMING };

#define ROOT(k, h)                                                             \
	{                                                                      \
		TC_QDISC_ROOT, &(k), h, TC_PARENT_ROOT, 0, 0                   \
	}
#define LEAF(k, h, p)                                                          \
	{                                                                      \
		TC_QDISC_LEAF, &(k), h, p, 0, 0                                \
	}
#define CLASS(h, p)                                                            \
	{                                                                      \
		TC_CLASS, &tc_kind_htb_class, h, p, 0, 0                       \
	}
#define FILTER(k, h, p, pref)                                                  \
	{                                                                      \
		TC_FILTER, &(k), h, p, pref, 0                                 \
	}

struct thing {
	enum tc_type type;
	const struct tc_kind *kind;
	uint32_t handle;
	uint32_t parent;
	uint16_t pref;
	uint32_t chain;
};

static struct tc_object
object(const struct thing *t)
{
	struct tc_object o = { .type = (uint8_t)t->type,
		.kind = t->kind,
		.handle = t->handle,
		.parent = t->parent,
		.pref = t->pref };

	if (t->type == TC_FILTER)
		o.chain = t->chain;
	return o;
}

static struct tc_objects
list(const struct thing *things, size_t count)
{
	struct tc_objects all = { .alloc = alloc_heap() };

	for (size_t i = 0; i < count; i++) {
		const struct tc_object o = object(&things[i]);

		(void)tc_objects_copy(&all, &o);
	}
	tc_objects_rank(&all);
	tc_objects_sort(&all);
	return all;
}

/* May that step be taken, of these? */
struct step {
	enum tc_op_kind kind;
	struct thing thing;
	bool may;
};

static void
each_step(const struct tc_objects *now, const struct tc_objects *made,
	const struct step *steps, size_t count)
{
	const struct tc_objects none = { .alloc = alloc_heap() };
	struct tc_ops ops = { .alloc = alloc_heap() };
	struct tree_spared spared;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct tc_op *op = tc_ops_add(&ops, steps[i].kind);

		if (steps[i].kind != TC_OP_ADD)
			op->have = object(&steps[i].thing);
		if (steps[i].kind != TC_OP_DEL)
			op->want = object(&steps[i].thing);
	}
	T_CHECK(tree_spare(now, &none, made, BOTH, &ops, &spared), "memory");
	for (size_t i = 0; i < count; i++) {
		const struct tc_op *op =
			kept < ops.count ? &ops.all[kept] : NULL;
		const struct thing *t = &steps[i].thing;
		const struct tc_object *o = op ? tc_op_object(op) : NULL;
		bool is = op && op->kind == steps[i].kind &&
			  o->handle == t->handle && o->type == t->type &&
			  o->parent == t->parent;

		T_CHECK(is == steps[i].may, "step %zu", i);
		kept += is;
	}
	T_EQ(kept, ops.count);
	tc_ops_done(&ops);
}

static void
no_step_touches_a_queue_of_others(void)
{
	static const struct thing ours[] = { ROOT(tc_kind_htb_root, 0x10000),
		CLASS(0x10010, 0x10000), CLASS(0x10020, 0x10000) };
	static const struct thing theirs[] = { ROOT(tc_kind_htb_root, 0x10000),
		CLASS(0x10010, 0x10000), CLASS(0x10020, 0x10000),
		LEAF(tc_kind_htb_root, 0x770000, 0x10010),
		CLASS(0x770001, 0x770000) };
	static const struct step steps[] = {
		{ TC_OP_DEL, CLASS(0x770001, 0x770000), false },
		{ TC_OP_CHANGE, CLASS(0x770001, 0x770000), false },
		{ TC_OP_DEL, LEAF(tc_kind_htb_root, 0x770000, 0x10010), false },
		{ TC_OP_DEL, CLASS(0x10010, 0x10000), false },
		{ TC_OP_CHANGE, CLASS(0x10010, 0x10000), true },
		{ TC_OP_DEL, CLASS(0x10020, 0x10000), true },
		{ TC_OP_DEL, ROOT(tc_kind_htb_root, 0x10000), false },
		/* In its place, and below what is not made there. */
		{ TC_OP_ADD, LEAF(tc_kind_htb_root, 0x100000, 0x10010), false },
		{ TC_OP_ADD, CLASS(0x100001, 0x100000), false },
		{ TC_OP_ADD, LEAF(tc_kind_bfifo, 0x110000, 0x100001), false },
		{ TC_OP_ADD, FILTER(tc_kind_u32, 1, 0x100000, 1), false },
		/* In it. */
		{ TC_OP_ADD, CLASS(0x770002, 0x770000), false },
		{ TC_OP_ADD, LEAF(tc_kind_bfifo, 0x120000, 0x770001), false },
		{ TC_OP_ADD, FILTER(tc_kind_u32, 1, 0x770000, 1), false },
		/* Beside it. */
		{ TC_OP_ADD, CLASS(0x10030, 0x10000), true },
		{ TC_OP_ADD, LEAF(tc_kind_bfifo, 0x200000, 0x10020), true },
		{ TC_OP_ADD, FILTER(tc_kind_u32, 1, 0x10000, 1), true },
	};
	struct tc_objects made = list(ours, 3);
	struct tc_objects now = list(theirs, 5);

	each_step(&now, &made, steps, sizeof(steps) / sizeof(steps[0]));
	tc_objects_done(&made);
	tc_objects_done(&now);
}

static void
no_step_touches_an_incoming_side_of_others(void)
{
	static const struct thing ours[] = { { TC_QDISC_INGRESS,
		&tc_kind_ingress, TC_INGRESS_HANDLE, TC_INGRESS_PARENT, 0,
		0 } };
	static const struct thing theirs[] = { { TC_QDISC_INGRESS,
		&tc_kind_clsact, TC_INGRESS_HANDLE, TC_INGRESS_PARENT, 0, 0 } };
	static const struct step steps[] = {
		{ TC_OP_ADD, FILTER(tc_kind_u32, 1, TC_INGRESS_HANDLE, 1),
			false },
		{ TC_OP_ADD,
			{ TC_QDISC_INGRESS, &tc_kind_ingress, TC_INGRESS_HANDLE,
				TC_INGRESS_PARENT, 0, 0 },
			false },
		{ TC_OP_ADD, ROOT(tc_kind_htb_root, 0x10000), true },
	};
	struct tc_objects made = list(ours, 1);
	struct tc_objects now = list(theirs, 1);

	each_step(&now, &made, steps, sizeof(steps) / sizeof(steps[0]));
	tc_objects_done(&made);
	tc_objects_done(&now);
}

/* One thing differs from what we know: it is of others. */
static void
what_is_ours_is_so_in_everything(void)
{
	static const struct thing known[] = { ROOT(tc_kind_htb_root, 0x10000),
		CLASS(0x10010, 0x10000), CLASS(0x10020, 0x10000),
		LEAF(tc_kind_bfifo, 0x100000, 0x10010),
		FILTER(tc_kind_fw, 7, 0x10000, 3),
		FILTER(tc_kind_matchall, 1, 0x10000, 4) };
	static const struct {
		struct thing instead;
		size_t of;
		size_t foreign;
		bool holding;
	} rows[] = {
		{ ROOT(tc_kind_htb_root, 0x10000), 0, 0, false },
		{ ROOT(tc_kind_pfifo, 0x10000), 0, 1, false },
		{ CLASS(0x10020, 0x10010), 2, 1, true },
		{ CLASS(0x10021, 0x10000), 2, 1, true },
		{ LEAF(tc_kind_pfifo, 0x100000, 0x10010), 3, 1, true },
		{ LEAF(tc_kind_bfifo, 0x100000, 0x10020), 3, 1, true },
		{ LEAF(tc_kind_bfifo, 0x110000, 0x10010), 3, 1, true },
		{ FILTER(tc_kind_fw, 8, 0x10000, 3), 4, 1, true },
		{ FILTER(tc_kind_fw, 7, 0x10010, 3), 4, 1, true },
		{ FILTER(tc_kind_fw, 7, 0x10000, 5), 4, 1, true },
		{ FILTER(tc_kind_flower, 7, 0x10000, 3), 4, 1, true },
		/* The kernel numbers it. */
		{ FILTER(tc_kind_matchall, 2, 0x10000, 4), 5, 0, false },
		{ { TC_FILTER, &tc_kind_matchall, 1, 0x10000, 4, 9 }, 5, 1,
			true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_objects before = list(known, 6);
		const struct tc_objects none = { .alloc = alloc_heap() };
		struct tc_ops ops = { .alloc = alloc_heap() };
		struct tree_spared spared;
		struct thing there[6];
		struct tc_objects now;

		memcpy(there, known, sizeof(there));
		there[rows[i].of] = rows[i].instead;
		now = list(there, 6);
		T_CHECK(tree_spare(&now, &before, &none, BOTH, &ops, &spared),
			"memory");
		T_CHECK(spared.count == rows[i].foreign, "row %zu: %zu", i,
			spared.count);
		T_CHECK(spared.holding == rows[i].holding, "row %zu", i);
		if (spared.count > 0) {
			T_EQ(spared.first.handle, rows[i].instead.handle);
			T_CHECK(spared.first.kind == rows[i].instead.kind,
				"row %zu", i);
		}
		/* What is of the other side is nobody's matter. */
		T_CHECK(tree_spare(&now, &before, &none, TREE_INCOMING, &ops,
				&spared),
			"memory");
		T_EQ(spared.count, 0);
		tc_objects_done(&before);
		tc_objects_done(&now);
	}
}

static struct t_case cases[] = {
	{ "no step touches a queue of others",
		no_step_touches_a_queue_of_others },
	{ "no step touches an incoming side of others",
		no_step_touches_an_incoming_side_of_others },
	{ "what is ours is so in everything",
		what_is_ours_is_so_in_everything },
};
T_MAIN(cases)
