/* SPDX-License-Identifier: ISC */

/* Trees drawn, with what they have counted: tcctl/tree_show.c. */

#include "tc_objects_t.h"

#include "tcctl/tree_show.h"

enum { ROOM = 8192, COUNTS = 8 };

static struct tc_object *
add_filter(struct tc_objects *list, uint32_t parent, uint16_t pref)
{
	struct tc_object *o = put_object(
		list, TC_FILTER, &tc_kind_matchall, 0x80000800u | pref, parent);

	o->pref = pref;
	o->protocol = 3;
	return o;
}

/* A class of htb, with so many kbit/s. */
static void
add_class(struct tc_objects *list, uint32_t handle, uint32_t parent, unsigned k)
{
	struct tc_object *o =
		put_object(list, TC_CLASS, &tc_kind_htb_class, handle, parent);

	o->htb.rate_Bps = o->htb.ceil_Bps = k * 125;
}

static void
expect(struct tc_objects *list, const struct tree_counts *counts,
	const char *want)
{
	static char got[ROOM];
	struct tree_drawing d = { .objects = list, .counts = counts };

	memset(got, 0, sizeof(got));
	tc_objects_rank(list);
	tc_objects_sort(list);
	d.out = fmemopen(got, sizeof(got), "w");
	T_CHECK(d.out != NULL, "memory");
	tree_draw(&d);
	T_EQ(fclose(d.out), 0);
	T_CHECK(strcmp(got, want) == 0, "got\n%s\nnot\n%s", got, want);
	tc_objects_done(list);
}

static const struct tree_counts nothing;

/* ---- cases --------------------------------------------------------------- */

static void
each_level_is_two_columns_deeper(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tc_object *o;

	o = put_object(&list, TC_QDISC_ROOT, &tc_kind_htb_root, 0x10000,
		TC_PARENT_ROOT);
	o->root.r2q = 10;
	o->root.default_minor = 0x10;
	add_class(&list, 0x10001, 0x10000, 1000);
	add_class(&list, 0x10010, 0x10001, 600);
	add_class(&list, 0x10020, 0x10001, 400);
	o = put_object(&list, TC_QDISC_LEAF, &tc_kind_pfifo, 0xa0000, 0x10010);
	o->fifo.limit = 5;
	o = put_object(&list, TC_QDISC_LEAF, &tc_kind_prio, 0x200000, 0x10020);
	tc_prio_default(&o->prio);
	/* Below the band of a prio, which is no object. */
	o = put_object(
		&list, TC_QDISC_LEAF, &tc_kind_bfifo, 0x300000, 0x200002);
	o->fifo.limit = 3000;
	o = put_object(
		&list, TC_QDISC_LEAF, &tc_kind_other, 0x400000, 0x200003);
	(void)text_copy(o->name, sizeof(o->name), "cake");
	o = add_filter(&list, 0x10000, 7);
	o->matchall.classid = 0x10010;
	o = add_filter(&list, 0x10020, 8);
	o->matchall.classid = 0x10010;
	/* What the kernel makes by itself is not drawn. */
	o = put_object(&list, TC_FILTER, &tc_kind_u32, 0x80000000u, 0x10000);
	o->pref = 9;
	o->u32.divisor = 1;
	expect(&list, &nothing,
		"  1: htb default 10 r2q 10\n"
		"    filter 7 matchall to 1:10\n"
		"    1:1 htb rate 1 Mbit/s ceil 1 Mbit/s burst 0 cburst 0 "
		"quantum 0 prio 0 overhead 0 mpu 0\n"
		"      1:10 htb rate 600 kbit/s ceil 600 kbit/s burst 0 cburst "
		"0 "
		"quantum 0 prio 0 overhead 0 mpu 0\n"
		"        a: pfifo limit 5 packets\n"
		"      1:20 htb rate 400 kbit/s ceil 400 kbit/s burst 0 cburst "
		"0 "
		"quantum 0 prio 0 overhead 0 mpu 0\n"
		"        filter 8 matchall to 1:10\n"
		"        20: prio bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 "
		"1 1\n"
		"          30: bfifo limit 3000 B\n"
		"          40: cake (foreign)\n");
}

static void
each_side_is_told(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tc_object *o;

	(void)put_object(&list, TC_QDISC_INGRESS, &tc_kind_clsact,
		TC_INGRESS_HANDLE, TC_INGRESS_PARENT);
	o = add_filter(&list, TC_CLSACT_INGRESS, 7);
	o->matchall.classid = 0x10010;
	(void)add_filter(&list, TC_CLSACT_EGRESS, 8);
	expect(&list, &nothing,
		"  ffff: clsact both ways\n"
		"    ingress:\n"
		"    filter 7 matchall to 1:10\n"
		"    egress:\n"
		"    filter 8 matchall \n");

	list = (struct tc_objects){ .alloc = alloc_heap() };
	(void)put_object(&list, TC_QDISC_INGRESS, &tc_kind_ingress,
		TC_INGRESS_HANDLE, TC_INGRESS_PARENT);
	(void)add_filter(&list, TC_INGRESS_HANDLE, 7);
	expect(&list, &nothing,
		"  ffff: ingress incoming\n"
		"    filter 7 matchall \n");
}

static void
the_defaults_of_the_kernel_are_not_drawn(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };

	(void)put_object(
		&list, TC_QDISC_ROOT, &tc_kind_pfifo_fast, 0, TC_PARENT_ROOT);
	expect(&list, &nothing, "");
}

/* Of one below the other, with no end. */
static void
a_drawing_has_a_bottom(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	static char got[ROOM];
	struct tree_drawing d = { .objects = &list, .counts = &nothing };
	size_t lines = 0;

	(void)put_object(&list, TC_QDISC_ROOT, &tc_kind_htb_root, 0x10000,
		TC_PARENT_ROOT);
	for (uint32_t i = 1; i <= TREE_DEPTH_MAX + 1; i++)
		add_class(&list, 0x10000 + i, 0x10000 + i - 1, 1);
	tc_objects_rank(&list);
	tc_objects_sort(&list);
	d.out = fmemopen(got, sizeof(got), "w");
	T_CHECK(d.out != NULL, "memory");
	tree_draw(&d);
	T_EQ(fclose(d.out), 0);
	for (const char *at = got; *at != '\0'; at++)
		lines += *at == '\n';
	T_EQ(lines, TREE_DEPTH_MAX + 1);
	tc_objects_done(&list);
}

static void
what_was_counted_is_told(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tree_count all[COUNTS] = { /* Alike but for one thing. */
		{ .is_class = true, .handle = 0x10000, .parent = UINT32_MAX },
		{ .handle = 0x10000, .parent = 0x10000 },
		{ .handle = 0x20000, .parent = UINT32_MAX },
		{ .handle = 0x10000,
			.parent = UINT32_MAX,
			.bytes = 2000,
			.packets = 3,
			.drops = 1,
			.overlimits = 4,
			.backlog_bytes = 1500 },
		{ .handle = 0x10001, .parent = 0x10000, .packets = 77 },
		{ .is_class = true,
			.handle = 0x10001,
			.parent = 0x10000,
			.packets = 5 },
		{ .is_class = true,
			.handle = 0x10002,
			.parent = 0x10000,
			.overlimits = 1,
			.backlog_bytes = 1 },
		{ .is_class = false,
			.handle = 0x80000807u,
			.parent = 0x10000,
			.packets = 9 }
	};
	const struct tree_counts counts = { COUNTS, all };
	struct tc_object *o;

	o = put_object(
		&list, TC_QDISC_ROOT, &tc_kind_other, 0x10000, TC_PARENT_ROOT);
	(void)text_copy(o->name, sizeof(o->name), "hfsc");
	add_class(&list, 0x10001, 0x10000, 8);
	add_class(&list, 0x10002, 0x10000, 8);
	add_class(&list, 0x10003, 0x10000, 8);
	(void)add_filter(&list, 0x10000, 7);
	expect(&list, &counts,
		"  1: hfsc (foreign): 3 packets, 2 kB, 1 dropped, 4 times over "
		"the "
		"limit, waiting 1.5 kB\n"
		"    filter 7 matchall \n"
		"    1:1 htb rate 8 kbit/s ceil 8 kbit/s burst 0 cburst 0 "
		"quantum 0 prio 0 overhead 0 mpu 0: 5 packets, 0 B, 0 dropped\n"
		"    1:2 htb rate 8 kbit/s ceil 8 kbit/s burst 0 cburst 0 "
		"quantum 0 prio 0 overhead 0 mpu 0: 0 packets, 0 B, 0 dropped, "
		"1 times over "
		"the limit, waiting 1 B\n"
		"    1:3 htb rate 8 kbit/s ceil 8 kbit/s burst 0 cburst 0 "
		"quantum 0 prio 0 overhead 0 mpu 0\n");
}

static struct t_case all_cases[] = {
	{ "each level is two columns deeper",
		each_level_is_two_columns_deeper },
	{ "each side is told", each_side_is_told },
	{ "the defaults of the kernel are not drawn",
		the_defaults_of_the_kernel_are_not_drawn },
	{ "a drawing has a bottom", a_drawing_has_a_bottom },
	{ "what was counted is told", what_was_counted_is_told },
};
T_MAIN(all_cases)
