/* SPDX-License-Identifier: ISC */

/* The books rebuilt from the kernel: tcctl/adopt.c. */

#include "tc_busy.h"

#include <errno.h>

static void
flows_are_adopted(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow gs = fix_flow(7, 5004);
	struct tc_flow cl = fix_flow(8, 5006);

	gs.filter_count = 2;
	gs.filters[1] = fix_filter("2001:db8::2", "", 5004, 0);
	cl.service = TC_SERVICE_CL;
	cl.peak_Bps = 500000;
	cl.bucket_bytes = 10000;
	T_EQ(fix_add(f, &gs).error, 0);
	T_EQ(fix_add(f, &cl).error, 0);
	fix_idle(f);

	char *before = fix_picture(f);

	restart(f);
	T_EQ(f->ear.adopted_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct tc_flow *got = &f->ear.adopted[i];
		const struct tc_flow *want = got->id == 7 ? &gs : &cl;

		T_EQ(got->ifindex, FIX_IFINDEX);
		T_EQ(got->service, want->service);
		T_EQ(got->rate_Bps, want->rate_Bps);
		T_EQ(got->peak_Bps, want->peak_Bps);
		T_EQ(got->max_packet_bytes, want->max_packet_bytes);
		T_EQ(got->buffer_bytes, want->buffer_bytes);
		T_EQ(got->filter_count, want->filter_count);
		for (size_t n = 0; n < want->filter_count; n++)
			T_CHECK(tc_filter_equal(
					&got->filters[n], &want->filters[n]),
				"filter %zu of %u", n, got->id);
	}
	T_EQ(f->link->reserved_Bps[TC_GS], 100000);
	T_EQ(f->link->reserved_Bps[TC_CL], 100000);
	T_EQ(pooled(f), 8); /* 6, and two were made for the next */
	fix_idle(f);

	char *after = fix_picture(f);

	T_STR(after, before);
	/* Told again by the engine: nothing to do. */
	T_EQ(fix_add(f, &gs).error, 0);
	T_CHECK(fix_del(f, 7) && fix_del(f, 8), "not ours");
	free(before);
	free(after);
	fix_free(f);
}

/* Made by a version that left no room for a late timer: adopted as it is, and
 * enlarged in place when the engine asks for the flow again. */
static void
smaller_leaf_is_enlarged(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;
	char *before = fix_picture(f);
	char *after;

	for (size_t i = 0; i < f->dry.objects.count; i++) {
		struct tc_object *o = &f->dry.objects.all[i];

		if (o->type == TC_QDISC_LEAF && o->parent == classid)
			o->fifo.limit = 20000;
	}
	restart(f);
	T_EQ(f->ear.adopted_count, 1);
	T_EQ(f->ear.adopted[0].buffer_bytes, 20000 - FIX_BESIDE);
	T_EQ(fix_find(f, TC_QDISC_LEAF, classid << 16)->fifo.limit, 20000);
	T_EQ(fix_add(f, &flow).classid, classid);
	after = fix_picture(f);
	T_STR(after, before);
	free(before);
	free(after);
	fix_free(f);
}

static void
orphans_return_to_the_pool(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;

	/* As killed between class and filter. */
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == TC_FILTER &&
			f->dry.objects.all[i].u32.classid == classid)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	restart(f);
	T_EQ(f->ear.adopted_count, 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 0); /* nobody asked */
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.rate_Bps, 125000);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
idle_class_with_a_queue_is_drained_first(void)
{
	struct busy b;
	struct fix *f = opened(&b);

	b.classid = tc_classid(TC_MINOR_FIRST);
	b.stats.qlen = 3;
	restart(f);
	T_EQ(pooled(f), 7);
	b.stats.qlen = 0;
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(pooled(f), 8);
	b.stats.tokens_ticks = -15625; /* a debt of 1 ms */
	restart(f);
	T_EQ(pooled(f), 7);
	fix_free(f);
}

static void
class_without_its_leaf_is_mended(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;

	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == TC_QDISC_LEAF &&
			f->dry.objects.all[i].parent == classid)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	restart(f);
	T_EQ(f->ear.adopted_count, 0);
	T_EQ(fix_nodes(f, classid), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(fix_find(f, TC_QDISC_LEAF, classid << 16), "no leaf");
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
nodes_that_make_no_sense_go(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;
	const struct tc_filter filter = fix_filter("10.0.0.9", "", 5010, 0);
	const struct tc_mark marks[] = {
		{ 9, tc_classid(0x4711), { 0, 0, 0 } }, /* no such class */
		{ 9, tc_classid(5), { 0, 0, 0 } },      /* best effort */
	};
	struct tc_object *o;

	for (size_t i = 0; i < 2; i++) {
		o = tc_objects_add(&f->dry.objects);
		T_CHECK(o != NULL, "memory");
		tc_u32_node(FIX_IFINDEX,
			tc_u32_bucket(&filter) | (uint32_t)(50 + i), &filter,
			&marks[i], o);
	}
	o = tc_objects_add(&f->dry.objects);
	T_CHECK(o != NULL, "memory");
	tc_u32_node(FIX_IFINDEX, tc_u32_bucket(&filter) | 60, &filter,
		&marks[0], o);
	o->u32.key_count = 0; /* matches everything */
	restart(f);
	T_EQ(f->ear.adopted_count, 1);
	T_EQ(f->ear.adopted[0].id, 7);
	T_EQ(fix_nodes(f, classid), 1);
	T_EQ(fix_nodes(f, tc_classid(0x4711)), 0);
	T_EQ(fix_nodes(f, tc_classid(5)), 0);
	fix_free(f);
}

static void
class_of_two_flows_is_nobodys(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;
	const struct tc_filter filter = fix_filter("10.0.0.9", "", 5010, 0);
	const struct tc_mark mark = { 9, classid, { 0, 0, 0 } };
	struct tc_object *o = tc_objects_add(&f->dry.objects);

	T_CHECK(o != NULL, "memory");
	tc_u32_node(
		FIX_IFINDEX, tc_u32_bucket(&filter) | 50, &filter, &mark, o);
	restart(f);
	T_EQ(f->ear.adopted_count, 0);
	T_EQ(fix_nodes(f, classid), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

/* As killed in the middle of a change from as many filters as there may be to
 * as many others: the new nodes are there, the old ones still. */
static void
no_more_filters_are_adopted_than_there_may_be(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);
	struct tc_mark mark = { .flow_id = 7 };

	flow.filter_count = TC_FILTERS_MAX;
	for (uint16_t i = 0; i < TC_FILTERS_MAX; i++)
		flow.filters[i] = fix_filter(
			"10.0.0.2", "10.0.0.1", 5004, (uint16_t)(6000 + i));
	mark.classid = fix_add(f, &flow).classid;
	for (uint16_t i = 0; i < TC_FILTERS_MAX; i++) {
		struct tc_object *o = tc_objects_add(&f->dry.objects);

		T_CHECK(o != NULL, "memory");
		flow.filters[i].src_port = (uint16_t)(7000 + i);
		tc_u32_node(FIX_IFINDEX,
			tc_u32_bucket(&flow.filters[i]) | (uint32_t)(100 + i),
			&flow.filters[i], &mark, o);
	}
	restart(f);
	T_EQ(f->ear.adopted_count, 1);
	T_EQ(f->ear.adopted[0].filter_count, TC_FILTERS_MAX);
	T_EQ(fix_nodes(f, mark.classid), TC_FILTERS_MAX);
	/* The change comes again. */
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(fix_nodes(f, mark.classid), TC_FILTERS_MAX);
	restart(f);
	T_EQ(f->ear.adopted_count, 1);
	T_CHECK(f->ear.adopted[0].filters[0].src_port >= 7000, "an old one");
	fix_free(f);
}

/* The numbers of what was adopted are not given to what is new. */
static void
numbers_of_the_adopted_are_taken(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_add(f, &flow).error, 0);
	restart(f);
	/* More than are idle, and more in the same bucket. */
	for (uint32_t id = 8; id < 30; id++) {
		flow = fix_flow(id, 5004);
		flow.filters[0].src_port = (uint16_t)(6000 + id);
		T_EQ(fix_add(f, &flow).error, 0);
	}
	fix_free(f);
}

static void
foreign_filters_are_left_alone(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_object *o = tc_objects_add(&f->dry.objects);

	T_CHECK(o != NULL, "memory");
	*o = (struct tc_object){ .type = TC_FILTER,
		.ifindex = FIX_IFINDEX,
		.handle = 0x80400001,
		.parent = TC_ROOT_HANDLE,
		.pref = 99,
		.kind = &tc_kind_other,
		.name = "bpf" };

	char *before = fix_picture(f);

	restart(f);

	char *after = fix_picture(f);

	T_STR(after, before);
	free(before);
	free(after);
	fix_free(f);
}

static void
set_root(struct fix *f, uint32_t handle, const struct tc_kind *kind,
	uint32_t r2q)
{
	struct tc_object *o = tc_objects_add(&f->dry.objects);

	T_CHECK(o != NULL, "memory");
	*o = (struct tc_object){ .type = TC_QDISC_ROOT,
		.ifindex = FIX_IFINDEX,
		.handle = handle,
		.parent = TC_PARENT_ROOT,
		.kind = kind };
	if (kind == &tc_kind_htb_root) {
		o->root.r2q = r2q;
		o->root.default_minor = TC_MINOR_BEST;
	} else {
		(void)text_copy(o->name, sizeof(o->name), "cake");
	}
}

/* An upgrade: what the older layout lacks is added to it, what is there stays,
 * and so does its mark, which cannot be changed. */
static void
tree_of_an_older_layout_is_completed(void)
{
	const struct tc_iface iface = fix_iface();
	const struct tc_flow flow = fix_flow(7, 5004);

	for (uint32_t layout = 1; layout <= TC_LAYOUT_VERSION; layout++) {
		struct fix *f = fix_new();
		const struct tc_object *root;
		uint32_t classid;

		T_EQ(fix_open(f, &iface), 0);
		classid = fix_add(f, &flow).classid;
		for (size_t i = f->dry.objects.count; i-- > 0;) {
			struct tc_object *o = &f->dry.objects.all[i];

			if (o->type == TC_QDISC_ROOT)
				o->root.r2q = TC_LAYOUT_MARK | layout;
			if (o->handle == tc_classid(TC_MINOR_CONTROL) ||
				o->handle == tc_leaf_handle(TC_MINOR_CONTROL))
				*o = f->dry.objects.all[--f->dry.objects.count];
		}
		T_CHECK(!fix_find(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL)),
			"still there");
		T_EQ(fix_open(f, &iface), 0);
		T_CHECK(fix_find(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL)),
			"not added");
		T_EQ(f->ear.adopted_count, 1);
		T_EQ(f->ear.adopted[0].id, 7);
		T_EQ(fix_nodes(f, classid), 1);
		root = fix_find(f, TC_QDISC_ROOT, TC_ROOT_HANDLE);
		T_CHECK(root != NULL, "no root");
		T_EQ(root->root.r2q, TC_LAYOUT_MARK | layout);
		fix_free(f);
	}
}

static void
foreign_trees_are_refused(void)
{
	static const struct {
		uint32_t handle;
		bool htb;
		uint32_t r2q;
		const char *word;
	} trees[] = { { 0x70000, false, 0, "cake 7:" },
		{ 0x520000, true, 10, "htb 52:" },
		{ 0x10000, true, 0x52535601, "htb 1:" },
		{ 0x520000, true, TC_LAYOUT_MARK, "another version" },
		{ 0x520000, true, TC_LAYOUT_MARK | (TC_LAYOUT_VERSION + 1),
			"another version" } };
	const struct tc_iface iface = fix_iface();

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct fix *f = fix_new();

		set_root(f, trees[i].handle,
			trees[i].htb ? &tc_kind_htb_root : &tc_kind_other,
			trees[i].r2q);
		T_EQ(fix_open(f, &iface), EBUSY);
		T_CHECK(strstr(f->ear.note, trees[i].word) != NULL, "%s",
			f->ear.note);
		T_EQ(f->dry.objects.count, 1);
		fix_free(f);
	}
}

/* The mark of ours, but what matches no filter goes elsewhere. */
static void
tree_with_another_default_is_refused(void)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	set_root(f, TC_ROOT_HANDLE, &tc_kind_htb_root,
		TC_LAYOUT_MARK | TC_LAYOUT_VERSION);
	f->dry.objects.all[0].root.default_minor = TC_MINOR_CONTROL;
	T_EQ(fix_open(f, &iface), EBUSY);
	T_EQ(f->dry.objects.count, 1);
	fix_free(f);
}

static void
default_qdisc_is_not_foreign(void)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	set_root(f, 0, &tc_kind_other, 0);
	T_EQ(fix_open(f, &iface), 0);
	fix_free(f);
}

static struct t_case cases[] = {
	{ "flows are adopted as they are", flows_are_adopted },
	{ "a smaller leaf is enlarged when its flow is asked for",
		smaller_leaf_is_enlarged },
	{ "orphans return to the pool", orphans_return_to_the_pool },
	{ "an idle class with a queue is drained first",
		idle_class_with_a_queue_is_drained_first },
	{ "a class without its leaf is mended",
		class_without_its_leaf_is_mended },
	{ "nodes that make no sense go", nodes_that_make_no_sense_go },
	{ "a class of two flows is nobody's", class_of_two_flows_is_nobodys },
	{ "no more filters are adopted than there may be",
		no_more_filters_are_adopted_than_there_may_be },
	{ "numbers of the adopted are taken",
		numbers_of_the_adopted_are_taken },
	{ "foreign filters are left alone", foreign_filters_are_left_alone },
	{ "a tree of an older layout is completed",
		tree_of_an_older_layout_is_completed },
	{ "foreign trees are refused", foreign_trees_are_refused },
	{ "a tree with another default is refused",
		tree_with_another_default_is_refused },
	{ "the kernel's default qdisc is not foreign",
		default_qdisc_is_not_foreign },
};

T_MAIN(cases)
