/* SPDX-License-Identifier: ISC */

/* Preferences of u32 that nothing is left in: tree_plan.c, tree_spare.c. */

#include <linux/if_ether.h>

#include "t.h"
#include "tcctl/tree_int.h"

enum {
	QDISC = 0x10000,
	OUT = TREE_OUTGOING,
	/* Tables and nodes, by handle. */
	TABLE = 0,
	NODE = 0x800
};

/* A line is a filter of "1:": preference, protocol, table, node, chain. */
struct filter {
	uint16_t pref;
	uint16_t protocol;
	uint16_t table;
	uint16_t node;
	uint32_t chain;
	bool flower;
};

enum { FILTERS = 5 };

static struct tc_objects
list(const struct filter *f)
{
	struct tc_objects all = { .alloc = alloc_heap() };
	struct tc_object *o = tc_objects_add(&all);

	o->type = TC_QDISC_ROOT;
	o->parent = TC_PARENT_ROOT;
	o->handle = QDISC;
	o->kind = &tc_kind_htb_root;
	for (size_t i = 0; i < FILTERS && f[i].pref != 0; i++) {
		o = tc_objects_add(&all);
		o->type = TC_FILTER;
		o->parent = QDISC;
		o->pref = f[i].pref;
		o->protocol = f[i].protocol;
		o->chain = f[i].chain;
		o->handle =
			(uint32_t)f[i].table << TC_U32_TABLE_SHIFT | f[i].node;
		o->kind = f[i].flower ? &tc_kind_flower : &tc_kind_u32;
		if (f[i].flower)
			continue;
		if (f[i].node == TABLE)
			o->u32.divisor = 1;
		else
			o->u32.flags = TC_U32_FLAG_TERMINAL;
	}
	tc_objects_rank(&all);
	tc_objects_sort(&all);
	return all;
}

/* "-5t " a table; "-5n " a node, "-5n! " with its preference; "+5 ". */
static void
print(const struct tc_ops *ops, char ret[64])
{
	struct text t = text_over(ret, 64);

	for (size_t i = 0; i < ops->count; i++) {
		const struct tc_op *op = &ops->all[i];
		const struct tc_object *o = tc_op_object(op);

		if (o->type != TC_FILTER)
			continue;
		if (op->kind == TC_OP_DEL)
			text_printf(&t, "-%u%s%s ", o->pref,
				o->kind != &tc_kind_u32 ? "f"
				: o->u32.divisor != 0   ? "t"
							: "n",
				o->any_handle ? "!" : "");
		else
			text_printf(&t, "%s%u ",
				op->kind == TC_OP_ADD ? "+" : "~", o->pref);
	}
}

#define IP  ETH_P_IP
#define IP6 ETH_P_IPV6
#define F(pref, protocol, table, node)                                         \
	{                                                                      \
		pref, protocol, table, node, 0, false                          \
	}

static void
a_preference_is_planned_to_go_when_it_is_left_empty(void)
{
	static const struct {
		const char *name;
		struct filter have[FILTERS];
		struct filter want[FILTERS];
		unsigned sides;
		const char *plan;
	} rows[] = {
		{ "the only node",
			{ F(3, IP, 0x800, 0), F(3, IP, 0x800, NODE),
				F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ F(3, IP, 0, NODE) }, OUT, "-5n! " },
		{ "the last of two",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				F(5, IP, 0x801, NODE + 1) },
			{ { 0 } }, OUT, "-5n -5n! " },
		{ "one of two",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				F(5, IP, 0x801, NODE + 1) },
			{ F(5, IP, 0, NODE) }, OUT, "-5n " },
		{ "both preferences",
			{ F(3, IP, 0x800, 0), F(3, IP, 0x800, NODE),
				F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ { 0 } }, OUT, "-5n! -3n! " },
		{ "another protocol",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ F(5, IP6, 0, NODE) }, OUT, "-5n! +5 " },
		{ "another kind", { F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ { 5, IP, 0, 1, 0, true } }, OUT, "-5n! +5 " },
		{ "empty already", { F(5, IP, 0x801, 0) }, { { 0 } }, OUT,
			"-5t! " },
		{ "the other side's matter", { F(5, IP, 0x801, 0) }, { { 0 } },
			TREE_INCOMING, "" },
		{ "empty, and another wanted", { F(5, IP, 0x801, 0) },
			{ F(3, IP, 0, NODE) }, OUT, "+3 -5t! " },
		{ "empty, in the way of another protocol",
			{ F(5, IP, 0x801, 0) }, { F(5, IP6, 0, NODE) }, OUT,
			"-5t! +5 " },
		{ "empty, in the way of another kind", { F(5, IP, 0x801, 0) },
			{ { 5, IP, 0, 1, 0, true } }, OUT, "-5t! +5 " },
		{ "empty, and wanted", { F(5, IP, 0x801, 0) },
			{ F(5, IP, 0, NODE) }, OUT, "+5 " },
		{ "with a table of others before it",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				F(5, IP, 9, 0) },
			{ { 0 } }, OUT, "-5n " },
		{ "with a table of others behind it",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				F(5, IP, 0x901, 0) },
			{ { 0 } }, OUT, "-5n " },
		{ "empty but for a table of others",
			{ F(5, IP, 0x801, 0), F(5, IP, 9, 0) }, { { 0 } }, OUT,
			"" },
		{ "only in another chain", { { 5, IP, 0x801, 0, 7, false } },
			{ { 0 } }, OUT, "" },
		{ "another chain has it too",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				{ 5, IP, 0x802, 0, 7, false },
				{ 5, IP, 0x802, NODE, 7, false } },
			{ { 0 } }, OUT, "-5n! " },
		{ "beside others",
			{ F(3, IP, 0x800, 0), F(5, IP, 0x801, 0),
				F(5, IP, 0x801, NODE) },
			{ { 0 } }, OUT | TREE_SHARED, "-5n " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_objects have = list(rows[i].have);
		struct tc_objects want = list(rows[i].want);
		struct tc_ops ops = { .alloc = alloc_heap() };
		char plan[64];

		tree_plan(&have, &want, rows[i].sides, &ops);
		print(&ops, plan);
		T_CHECK(strcmp(plan, rows[i].plan) == 0, "%s: %s", rows[i].name,
			plan);
		tc_ops_done(&ops);
		tc_objects_done(&have);
		tc_objects_done(&want);
	}
}

/* On the way back. */
static void
what_others_have_emptied_or_filled_stays(void)
{
	static const struct {
		const char *name;
		struct filter now[FILTERS];
		struct filter before[FILTERS];
		struct filter made[FILTERS];
		unsigned sides;
		size_t foreign;
		const char *plan;
	} rows[] = {
		{ "made", { F(5, IP, 0x801, 0) }, { { 0 } },
			{ F(5, IP, 0, NODE) }, OUT, 0, "-5t! " },
		{ "nobody's", { F(5, IP, 0x801, 0) }, { { 0 } }, { { 0 } }, OUT,
			1, "" },
		{ "with a node of others, told once",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ { 0 } }, { { 0 } }, OUT, 1, "" },
		{ "nobody's, where others are", { F(5, IP, 0x801, 0) },
			{ { 0 } }, { { 0 } }, OUT | TREE_SHARED, 0, "" },
		{ "empty before", { F(5, IP, 0x801, 0) },
			{ F(5, IP, 0x801, 0) }, { { 0 } }, OUT, 0, "" },
		{ "empty before, and another by now", { F(5, IP, 0x802, 0) },
			{ F(5, IP, 0x801, 0) }, { { 0 } }, OUT, 0, "-5t! " },
		{ "filled before", { F(5, IP, 0x801, 0) },
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE) },
			{ { 0 } }, OUT, 0, "-5t! " },
		{ "of another protocol before", { F(5, IP6, 0x801, 0) },
			{ F(5, IP, 0x801, 0) }, { F(5, IP6, 0, NODE) }, OUT, 0,
			"-5t! " },
		{ "with two of ours",
			{ F(5, IP, 0x801, 0), F(5, IP, 0x801, NODE),
				F(5, IP, 0x801, NODE + 1) },
			{ { 0 } }, { F(5, IP, 0, NODE) }, OUT, 0, "-5n -5n! " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct filter nothing[FILTERS] = { { 0 } };
		struct tc_objects now = list(rows[i].now);
		struct tc_objects before = list(rows[i].before);
		struct tc_objects made = list(rows[i].made);
		struct tc_objects want = list(nothing);
		struct tc_ops ops = { .alloc = alloc_heap() };
		struct tree_spared spared;
		char plan[64];

		tree_plan(&now, &want, rows[i].sides, &ops);
		T_CHECK(tree_spare(&now, &before, &made, rows[i].sides, &ops,
				&spared),
			"memory");
		print(&ops, plan);
		T_CHECK(strcmp(plan, rows[i].plan) == 0, "%s: %s", rows[i].name,
			plan);
		T_CHECK(spared.count == rows[i].foreign, "%s: %zu",
			rows[i].name, spared.count);
		tc_ops_done(&ops);
		tc_objects_done(&now);
		tc_objects_done(&before);
		tc_objects_done(&made);
		tc_objects_done(&want);
	}
}

/* Theirs has another class: ours goes alone. */
static void
a_preference_with_a_node_of_others_does_not_go_as_a_whole(void)
{
	static const struct filter both[FILTERS] = { F(5, IP, 0x801, 0),
		F(5, IP, 0x801, NODE), F(5, IP, 0x801, NODE + 1) };
	static const struct filter one[FILTERS] = { F(5, IP, 0, NODE) };
	static const struct filter nothing[FILTERS] = { { 0 } };

	for (size_t theirs = 0; theirs < 2; theirs++) {
		struct tc_objects now = list(both);
		struct tc_objects before = list(nothing);
		struct tc_objects made = list(one);
		struct tc_objects want = list(nothing);
		struct tc_ops ops = { .alloc = alloc_heap() };
		struct tree_spared spared;
		char plan[64];

		/* Qdisc, table, nodes. */
		now.all[2 + theirs].u32.classid = QDISC | 7;
		tree_plan(&now, &want, OUT, &ops);
		T_CHECK(tree_spare(&now, &before, &made, OUT, &ops, &spared),
			"memory");
		print(&ops, plan);
		T_STR(plan, "-5n ");
		T_EQ(spared.count, 1);
		tc_ops_done(&ops);
		tc_objects_done(&now);
		tc_objects_done(&before);
		tc_objects_done(&made);
		tc_objects_done(&want);
	}
}

static struct t_case cases[] = {
	{ "a preference is planned to go when it is left empty",
		a_preference_is_planned_to_go_when_it_is_left_empty },
	{ "what others have emptied or filled stays",
		what_others_have_emptied_or_filled_stays },
	{ "a preference with a node of others does not go as a whole",
		a_preference_with_a_node_of_others_does_not_go_as_a_whole },
};
T_MAIN(cases)
