/* SPDX-License-Identifier: ISC */

/* Orders, numbers and values that nobody said. */

#include "t_alloc.h"
#include "tc_objects_t.h"
#include "tcctl/model_int.h"

static struct tc_objects
none(void)
{
	return (struct tc_objects){ .alloc = alloc_heap() };
}

/* ---- order --------------------------------------------------------------- */

/* A tree whose handles say nothing about it, in the wrong order. */
static void
parents_come_before_children(void)
{
	static const uint32_t handles[] = { 0x90000, TC_INGRESS_HANDLE, 0x50000,
		0x50020, 0x50001, 0x20000, 0x10000 };
	struct tc_objects list = none();

	put_object(&list, TC_FILTER, &tc_kind_fw, 1, 0x50020);
	put_object(&list, TC_QDISC_LEAF, &tc_kind_pfifo, 0x10000, 0x20001);
	put_object(&list, TC_QDISC_LEAF, &tc_kind_prio, 0x20000, 0x50001);
	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x50001, 0x50020);
	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x50020, 0x50000);
	put_object(&list, TC_QDISC_INGRESS, &tc_kind_ingress, TC_INGRESS_HANDLE,
		TC_INGRESS_PARENT);
	put_object(&list, TC_QDISC_LEAF, &tc_kind_htb_root, 0x50000, 0x90002);
	put_object(
		&list, TC_QDISC_ROOT, &tc_kind_prio, 0x90000, TC_PARENT_ROOT);
	tc_objects_rank(&list);
	tc_objects_sort(&list);
	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
		T_EQ(list.all[i].handle, handles[i]);
	T_EQ(list.all[7].type, TC_FILTER);
	T_EQ(list.all[0].depth, 1);
	T_EQ(list.all[6].depth, 6);
	tc_objects_done(&list);
}

static void
a_circle_ends(void)
{
	struct tc_objects list = none();

	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x10001, 0x10002);
	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x10002, 0x10001);
	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x10003, 0x10003);
	put_object(&list, TC_CLASS, &tc_kind_htb_class, 0x10004, 0x77777);
	tc_objects_rank(&list);
	T_EQ(list.all[0].depth, 64);
	T_EQ(list.all[2].depth, 64);
	T_EQ(list.all[3].depth, 1);
	tc_objects_done(&list);
}

static void
filters_are_ordered_by_their_place(void)
{
	static const struct tc_object base = { .type = TC_FILTER,
		.kind = &tc_kind_u32,
		.parent = 0x10000,
		.chain = 2,
		.pref = 7,
		.handle = 0x80000801u };
	struct tc_object later[5];

	for (size_t i = 0; i < 5; i++)
		later[i] = base;
	later[0].parent++;
	later[1].chain++;
	later[2].pref++;
	later[3].handle++;
	later[4].handle = 0x200000; /* a node after the table below */
	for (size_t i = 0; i < 4; i++) {
		T_CHECK(tc_object_compare(&base, &later[i]) < 0, "%zu", i);
		T_CHECK(tc_object_compare(&later[i], &base) > 0, "%zu", i);
	}

	struct tc_object table = base;

	table.u32.divisor = 16;
	table.handle = 0x300000;
	T_CHECK(tc_object_compare(&table, &later[4]) < 0, "tables first");
	T_EQ(tc_object_compare(&base, &base), 0);
}

/* ---- arrays -------------------------------------------------------------- */

static void
what_an_object_has_besides_is_copied(void)
{
	struct tc_objects from = none();
	struct tc_objects to = none();
	struct tc_object *o = put_object(
		&from, TC_QDISC_ROOT, &tc_kind_pfifo, 1, TC_PARENT_ROOT);
	struct tc_extra *extra = tc_objects_extra(&from, o);

	T_CHECK(extra != NULL, "memory");
	extra->has_stab = true;
	extra->stab.mpu = 64;
	T_CHECK(tc_objects_copy(&to, o) != NULL, "memory");
	tc_objects_done(&from);
	T_EQ(to.all[0].extra->stab.mpu, 64);
	T_CHECK(to.all[0].extra == to.extras && !to.extras->next, "one");
	tc_objects_done(&to);
	T_CHECK(!to.extras, "nothing is left");
}

/* And no more of them than there are. */
static void
actions_are_copied_whole(void)
{
	struct tc_objects from = none();
	struct tc_objects to = none();
	struct tc_object *o = put_object(&from, TC_FILTER, &tc_kind_u32, 1, 1);
	struct tc_extra *extra = tc_objects_extra(&from, o);
	struct tc_extra whole = { .next = extra, .action_count = 8 };

	T_CHECK(extra != NULL, "memory");
	extra->mark = 5;
	extra->action_count = 2;
	extra->actions[0].kind = &tc_action_police;
	extra->actions[1].kind = &tc_action_gact;
	extra->actions[1].control = TC_VERDICT_DROP;
	extra->actions[2].control = TC_VERDICT_PIPE;
	for (int i = 0; i < 2; i++)
		T_CHECK(tc_objects_copy(&to, o) != NULL, "memory");
	T_CHECK(tc_object_equal(&to.all[0], o), "the copy");
	T_CHECK(to.all[1].extra == to.extras &&
			to.extras->next == to.all[0].extra,
		"a list of its own");
	tc_extra_copy(&whole, to.all[1].extra);
	T_CHECK(whole.next == extra, "where it stands");
	T_EQ(whole.action_count, 2);
	T_EQ(whole.mark, 5);
	T_EQ(whole.actions[1].control, TC_VERDICT_DROP);
	T_EQ(whole.actions[2].control, 0);
	tc_objects_done(&to);
	tc_objects_done(&from);
}

static void
room_is_made_ahead(void)
{
	struct t_ration ration = { .left = 2 };
	const struct alloc alloc = t_ration_alloc(&ration);
	struct tc_objects list = { .alloc = &alloc };

	put_object(&list, TC_CLASS, &tc_kind_htb_class, 7, 1);
	tc_objects_expect(&list, 100);
	for (uint32_t i = 0; i < 100; i++)
		put_object(&list, TC_CLASS, &tc_kind_htb_class, 8 + i, 1);
	T_EQ(list.all[0].handle, 7);
	T_EQ(list.all[100].handle, 107);
	tc_objects_expect(&list, 1); /* no memory: as it was */
	T_CHECK(!list.failed, "not yet");
	T_EQ(list.count, 101);
	tc_objects_done(&list);
	T_EQ(ration.held, 0);
}

static void
no_memory_is_noted(void)
{
	for (size_t n = 0; n < 3; n++) {
		struct t_ration ration = { .left = n };
		const struct alloc alloc = t_ration_alloc(&ration);
		struct tc_objects from = none();
		struct tc_objects to = { .alloc = &alloc };
		struct tc_object *o = put_object(&from, TC_QDISC_ROOT,
			&tc_kind_pfifo, 1, TC_PARENT_ROOT);

		T_CHECK(tc_objects_extra(&from, o) != NULL, "memory");
		(void)tc_objects_copy(&to, o);
		if (!to.failed)
			tc_objects_rank(&to);
		T_CHECK(to.failed, "%zu", n);
		T_EQ(to.count, n == 2 ? 1 : 0);
		tc_objects_done(&to);
		tc_objects_done(&from);
		T_EQ(ration.held, 0);
	}
}

/* ---- numbers ------------------------------------------------------------- */

static struct tc_object *
add_filter(struct tc_objects *list, const struct tc_kind *kind, uint16_t pref,
	uint32_t handle, uint32_t classid)
{
	struct tc_object *o =
		put_object(list, TC_FILTER, kind, handle, 0x10000);

	o->pref = pref;
	if (kind == &tc_kind_u32)
		o->u32.classid = classid;
	if (kind == &tc_kind_flower)
		o->flower.classid = classid;
	return o;
}

static void
new_filters_are_numbered_in_turn(void)
{
	struct tc_objects have = none();
	struct tc_objects want = none();

	for (size_t i = 0; i < 2; i++) {
		add_filter(&want, &tc_kind_u32, 5, 0, 1);
		add_filter(&want, &tc_kind_u32, 6, 0, 1);
		add_filter(&want, &tc_kind_flower, 7, 0, 1);
	}
	add_filter(&want, &tc_kind_matchall, 8, 0, 0);
	add_filter(&want, &tc_kind_fw, 9, 0, 0);
	tc_filters_number(&want, &have);
	for (size_t i = 0; i < want.count; i++)
		T_EQ(want.all[i].any_handle, want.all[i].kind == &tc_kind_u32);
	T_EQ(want.all[0].handle & 0xfff, 0x800);
	T_EQ(want.all[3].handle & 0xfff, 0x801);
	T_EQ(want.all[0].handle >> 20, want.all[3].handle >> 20);
	T_CHECK(want.all[0].handle != want.all[1].handle, "keys");
	T_EQ(want.all[2].handle, 1);
	T_EQ(want.all[5].handle, 2);
	T_EQ(want.all[6].handle, 1);
	T_EQ(want.all[7].handle, 0); /* a mark */
	tc_objects_done(&want);
}

static void
what_is_there_keeps_its_number(void)
{
	struct tc_objects have = none();
	struct tc_objects want = none();

	add_filter(&have, &tc_kind_u32, 5, 0x80700000u, 0)->u32.divisor = 1;
	add_filter(&have, &tc_kind_u32, 5, 0x80700803u, 1);
	add_filter(&have, &tc_kind_u32, 5, 0x80700807u, 2);
	add_filter(&want, &tc_kind_u32, 5, 0, 9); /* can be changed */
	add_filter(&want, &tc_kind_u32, 5, 0, 2); /* equal */
	add_filter(&want, &tc_kind_u32, 5, 0, 4); /* new */
	add_filter(&want, &tc_kind_u32, 5, 0, 5)->chain = 1;
	add_filter(&want, &tc_kind_u32, 5, 0, 5)->parent = 0x10001;
	tc_filters_number(&want, &have);
	T_EQ(want.all[0].handle, 0x80700803u);
	T_EQ(want.all[1].handle, 0x80700807u);
	T_EQ(want.all[2].handle, 0x80700808u);
	T_CHECK(!want.all[0].any_handle && !want.all[2].any_handle, "known");
	T_CHECK(want.all[3].any_handle, "another chain");
	T_CHECK(want.all[4].any_handle, "another parent");
	T_CHECK(tc_object_is_automatic(&have.all[0]), "root table");
	T_CHECK(!tc_object_is_automatic(&have.all[1]), "node");
	tc_objects_done(&want);
	tc_objects_done(&have);
}

/* The kernel numbers from 800 to fff, then what is free below. */
static void
numbers_begin_again_below(void)
{
	struct tc_objects have = none();
	struct tc_objects want = none();

	add_filter(&have, &tc_kind_u32, 5, 0x80000fffu, 1)->u32.hmask = 1;
	add_filter(&have, &tc_kind_u32, 5, 0x80000001u, 1)->u32.hmask = 1;
	add_filter(&have, &tc_kind_u32, 5, 0x80000002u, 1)->u32.hmask = 1;
	have.count--; /* which has gone */
	add_filter(&want, &tc_kind_u32, 5, 0, 1);
	add_filter(&want, &tc_kind_u32, 5, 0, 1);
	tc_filters_number(&want, &have);
	T_EQ(want.all[0].handle, 0x80000002u);
	T_EQ(want.all[1].handle, 0x80000003u);
	tc_objects_done(&want);
	tc_objects_done(&have);
}

/* What the kernel tells for two classes of one qdisc, sorted out. */
static void
tables_in_one_pot_are_told_apart(void)
{
	struct tc_objects list = none();
	static const uint32_t parents[] = { 0x10000, 0x10002 };

	put_object(&list, TC_QDISC_ROOT, &tc_kind_htb_root, 0x10000,
		TC_PARENT_ROOT);
	for (size_t i = 0; i < 2; i++) {
		static const uint32_t handles[] = { 0x80000000u, 0x80000800u,
			0x80100000u, 0x80100800u, 0x00300000u, 0x00301800u };

		for (size_t k = 0; k < 6; k++) {
			struct tc_object *o = put_object(&list, TC_FILTER,
				&tc_kind_u32, handles[k], parents[i]);

			o->pref = 7;
			o->u32.divisor = k % 2 == 0 ? 1 : 0;
		}
	}
	T_CHECK(tc_filters_have_two_roots(&list, &list.all[1]), "two");
	tc_filters_keep_root(&list, &list.all[1], 0x80000000u);
	T_EQ(list.count, 11);
	T_CHECK(!tc_filters_have_two_roots(&list, &list.all[1]), "one");
	tc_filters_keep_root(&list, &list.all[5], 0x80100000u);
	T_EQ(list.count, 9);
	tc_filters_drop_repeated(&list, 0);
	T_EQ(list.count, 7);
	T_EQ(list.all[4].handle, 0x00301800u);
	T_EQ(list.all[4].parent, 0x10000);
	T_EQ(list.all[5].handle, 0x80100000u);
	T_EQ(list.all[6].handle, 0x80100800u);
	T_EQ(list.all[6].parent, 0x10002);
	tc_objects_done(&list);
}

/* ---- values that nobody said --------------------------------------------- */

/* Each figure is what tc(8) of iproute2 6.1 made of the words. */
static void
tbf_holds_what_waits_that_long(void)
{
	struct tc_tbf t = { .rate_Bps = 27500, .burst_bytes = 1540 };

	T_EQ(tc_tbf_limit_of_latency(&t, 50000), 2915);
	t = (struct tc_tbf){ .rate_Bps = 125000,
		.burst_bytes = 10240,
		.peak_Bps = 250000,
		.mtu_bytes = 1540 };
	T_EQ(tc_tbf_limit_of_latency(&t, 50000), 14040);
	t.peak_Bps = 1000000;
	T_EQ(tc_tbf_limit_of_latency(&t, 50000), 16490);
	t.rate_Bps = UINT64_MAX;
	t.peak_Bps = 0;
	T_EQ(tc_tbf_limit_of_latency(&t, UINT32_MAX), UINT32_MAX);
}

static void
htb_is_filled_in(void)
{
	T_EQ(tc_htb_burst_default(750000, 0, 1000000000), 1600);
	T_EQ(tc_htb_burst_default(750000, 0, 100), 9100);
	T_EQ(tc_htb_burst_default(750000, 9000, 250), 12000);
	T_EQ(tc_htb_burst_default(750000, 0, 0), 1600);
	T_EQ(tc_htb_burst_default(750000, 1, 1), 750001);
	T_EQ(tc_htb_quantum_default(154320, 10), 15432);
	T_EQ(tc_htb_quantum_default(154320, 0), 15432);
	T_EQ(tc_htb_quantum_default(125, 10), 1000);
	T_EQ(tc_htb_quantum_default(12500000, 10), 200000);
	T_EQ(tc_htb_quantum_default(1500000, 10), 150000);
}

/* In floating point 1600 octets at 1 MB/s may take 1599 us. */
static void
buckets_are_whole_microseconds(void)
{
	T_EQ(tc_burst_ticks(7777, 154320), 787421);
	T_EQ(tc_burst_ticks(1000003, 124999999), 125000);
	T_EQ(tc_burst_ticks(15360, 750000), 320000);
	T_EQ(tc_burst_ticks(1, 1), 15625000);
	T_EQ(tc_burst_ticks(275, 1), UINT32_MAX);
	T_EQ(tc_burst_ticks(5000, 1), UINT32_MAX);
	T_EQ(tc_burst_ticks(1600, 0), UINT32_MAX);
	T_EQ(tc_burst_ticks(0, 1000), 0);
}

static void
the_classic_map(void)
{
	static const uint8_t map[] = { 1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1,
		1, 1 };
	struct tc_prio p;

	tc_prio_default(&p);
	T_EQ(p.bands, 3);
	T_CHECK(memcmp(p.map, map, sizeof(map)) == 0, "the map");
	T_EQ(tc_pref_auto(0), 49152);
	T_EQ(tc_pref_auto(49152), 49151);
	T_EQ(tc_pref_auto(7), 6);
}

static void
size_tables_are_completed(void)
{
	struct tc_stab s = { .overhead = 10,
		.linklayer = TC_LAYER_ATM,
		.mpu = 64,
		.mtu = 2048,
		.tsize = 128 };

	tc_stab_complete(&s);
	T_EQ(s.cell_log, 5);
	T_EQ(s.size_log, 0);
	T_EQ(s.cell_align, -1);
	s = (struct tc_stab){ .linklayer = TC_LAYER_ATM };
	tc_stab_complete(&s);
	T_EQ(s.mtu, 2047);
	T_EQ(s.tsize, 512);
	T_EQ(s.cell_log, 2);
	s = (struct tc_stab){
		.mpu = 64, .mtu = 200000, .tsize = 64, .linklayer = TC_LAYER_ATM
	};
	tc_stab_complete(&s);
	T_EQ(s.cell_log, 12);
	T_EQ(s.size_log, 3); /* 262144 octets are 289486 in cells */
	s = (struct tc_stab){ .overhead = 4,
		.mtu = 1500,
		.tsize = 9,
		.linklayer = TC_LAYER_ETHERNET };
	tc_stab_complete(&s);
	T_EQ(s.mtu, 0);
	T_EQ(s.tsize, 0);
	T_EQ(s.overhead, 4);
	s.tsize = TC_STAB_TSIZE_MAX + 1;
	T_CHECK(tc_stab_problem(&s) != NULL, "too large");
	s.tsize = 0;
	s.mtu = TC_STAB_MTU_MAX + 1;
	T_CHECK(tc_stab_problem(&s) != NULL, "giants");
	s.mtu = 0;
	s.linklayer = 3;
	T_CHECK(tc_stab_problem(&s) != NULL, "layer");
	s.linklayer = TC_LAYER_ATM;
	T_CHECK(!tc_stab_problem(&s), "fine");
}

static struct t_case cases[] = {
	{ "parents come before children", parents_come_before_children },
	{ "a circle of parents ends", a_circle_ends },
	{ "filters are ordered by their place",
		filters_are_ordered_by_their_place },
	{ "what an object has besides is copied",
		what_an_object_has_besides_is_copied },
	{ "actions are copied, and no more", actions_are_copied_whole },
	{ "room is made ahead", room_is_made_ahead },
	{ "no memory is noted", no_memory_is_noted },
	{ "new filters are numbered in turn",
		new_filters_are_numbered_in_turn },
	{ "what is there keeps its number", what_is_there_keeps_its_number },
	{ "numbers begin again below", numbers_begin_again_below },
	{ "tables in one pot are told apart",
		tables_in_one_pot_are_told_apart },
	{ "tbf holds what waits that long", tbf_holds_what_waits_that_long },
	{ "htb is filled in", htb_is_filled_in },
	{ "buckets are whole microseconds", buckets_are_whole_microseconds },
	{ "the classic map, and preferences", the_classic_map },
	{ "size tables are completed", size_tables_are_completed },
};

T_MAIN(cases)
