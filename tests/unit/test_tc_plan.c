/* SPDX-License-Identifier: ISC */
#include "t_alloc.h"
#include "tc_fixture.h"
#include "tcctl/nl_attr.h"

#include <linux/rtnetlink.h>

/* A plan as text, against a file in tests/golden/tc.  With TC_GOLDEN_WRITE in
 * the environment the file is written instead: read the difference then. */
static void
check_golden(const char *name, const struct tc_ops *ops)
{
	enum { SIZE = 65536 };
	char *got = (char *)malloc(SIZE);
	char *want = (char *)calloc(1, SIZE);
	struct text t = text_over(got, SIZE);
	char path[512];
	FILE *f;

	T_CHECK(!ops->failed, "out of memory");
	for (size_t i = 0; i < ops->count; i++) {
		tc_op_print(&t, &ops->all[i], "eth0");
		text_add(&t, "\n");
	}
	T_CHECK(!t.cut, "too long");
	snprintf(path, sizeof(path), "%s/%s.ok", GOLDEN_DIR, name);
	if (getenv("TC_GOLDEN_WRITE")) {
		f = fopen(path, "w");
		T_CHECK(f != NULL, "%s", path);
		fputs(got, f);
		fclose(f);
	}
	f = fopen(path, "r");
	T_CHECK(f != NULL, "%s is missing", path);
	T_CHECK(fread(want, 1, SIZE - 1, f) < SIZE - 1, "too long");
	fclose(f);
	T_STR(got, want);
	free(got);
	free(want);
}

static const struct tc_roots roots = { 0x80000000, 0x80100000, 0x80200000 };

static struct tc_ops
plan(const struct tc_objects *have, const struct tc_objects *want)
{
	struct tc_ops ops = { .alloc = alloc_heap() };

	tc_plan((struct tc_span){ have->all, have->count },
		(struct tc_span){ want->all, want->count }, &ops);
	return ops;
}

static struct tc_objects
none(void)
{
	return (struct tc_objects){ .alloc = alloc_heap() };
}

static struct tc_objects
tree(const struct tc_iface *iface, const struct tc_kind *best)
{
	struct tc_objects list = none();
	const struct tc_shape shape = { .roots = roots, .best = best };

	tc_want_tree(iface, &shape, &list);
	return list;
}

static void
check_plan(const char *name, struct tc_objects have, struct tc_objects want)
{
	struct tc_ops ops = plan(&have, &want);

	check_golden(name, &ops);
	tc_ops_done(&ops);
	tc_objects_done(&have);
	tc_objects_done(&want);
}

static void
new_tree(void)
{
	const struct tc_iface iface = fix_iface();

	check_plan("new-tree", none(), tree(&iface, &tc_kind_fq_codel));
}

static void
same_tree(void)
{
	const struct tc_iface iface = fix_iface();

	check_plan("same-tree", tree(&iface, &tc_kind_pfifo),
		tree(&iface, &tc_kind_pfifo));
}

static void
faster_link(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_iface faster = iface;

	/* Beyond 32 bits: the RATE64 attributes. */
	faster.link_Bps = 12500000000;
	faster.best_effort_Bps = 5000000000;
	check_plan("faster-link", tree(&iface, &tc_kind_pfifo),
		tree(&faster, &tc_kind_pfifo));
}

/* What was booked in cells is what the kernel charges: it makes cells of the
 * frame itself. */
static void
cells_are_left_to_the_kernel(void)
{
	struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(1, 5004);
	struct tc_flow back = { 0 };
	struct tc_object class;
	struct tc_object leaf;

	iface.header_bytes = 0;
	iface.overhead_bytes = 32;
	iface.min_frame_bytes = 0;
	iface.atm = true;
	T_EQ(tc_mtu_octets(&iface), 32 * 53); /* 1532 octets */
	flow.min_packet_bytes = 3 * 53;
	tc_want_flow(&iface, &flow, 0x100, &class, &leaf);
	T_CHECK(class.htb.atm, "no cells");
	T_EQ(class.htb.overhead, 32);
	T_EQ(class.htb.mpu, 3 * 48);
	tc_flow_of(&iface, &class, &leaf, &back);
	T_EQ(back.min_packet_bytes, flow.min_packet_bytes);
	tc_want_idle(&iface, TC_CL, 0x101, &class, &leaf);
	T_CHECK(class.htb.atm, "an idle class");
	iface.atm = false;
	tc_want_flow(&iface, &flow, 0x100, &class, &leaf);
	T_CHECK(!class.htb.atm, "cells");
	T_EQ(class.htb.mpu, 3 * 53);
}

/* A timer that is 10 ms late holds back what comes at R, and no packet of a
 * whole token bucket behind it is lost. */
static void
late_timer_finds_room(void)
{
	static const struct {
		uint64_t rate_Bps;
		uint64_t buffer;
		uint32_t packet;
		uint32_t limit;
		uint64_t back;
	} rows[] = {
		{ 1000000, 20000, 1000, 30000, 20000 },
		{ 250000, 16000, 1538, 16000 + 3076, 16000 },
		{ 307600, 16000, 1538, 16000 + 3076, 16000 },
		{ 307601, 16000, 1538, 16000 + 3077, 16000 },
		{ 1, 1538, 1538, 3 * 1538, 1538 },
		/* Less than a packet is a packet. */
		{ 1000, 1, 1538, 3 * 1538, 1538 },
		/* None given: the bucket and two packets. */
		{ 1000000, 0, 1000, 15000, 5000 },
		{ 1000000, UINT32_MAX, 1000, UINT32_MAX, UINT32_MAX - 10000 },
	};
	struct tc_iface iface = fix_iface();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_flow flow = fix_flow(1, 5004);
		struct tc_flow back = { 0 };
		struct tc_object class;
		struct tc_object leaf;

		flow.rate_Bps = rows[i].rate_Bps;
		flow.buffer_bytes = rows[i].buffer;
		flow.max_packet_bytes = rows[i].packet;
		tc_want_flow(&iface, &flow, 0x100, &class, &leaf);
		T_EQ(leaf.fifo.limit, rows[i].limit);
		tc_flow_of(&iface, &class, &leaf, &back);
		T_EQ(back.buffer_bytes, rows[i].back);
		/* Of an older version: a packet at least. */
		leaf.fifo.limit = rows[i].limit - (uint32_t)rows[i].back + 1;
		tc_flow_of(&iface, &class, &leaf, &back);
		T_EQ(back.buffer_bytes, rows[i].packet);
	}
}

static void
controlled_load_has_its_buffer_alone(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(1, 5004);
	struct tc_flow back = { 0 };
	struct tc_object class;
	struct tc_object leaf;

	flow.service = TC_SERVICE_CL;
	for (uint64_t buffer = 1538; buffer < 6000; buffer += 1234) {
		flow.buffer_bytes = buffer;
		tc_want_flow(&iface, &flow, 0x100, &class, &leaf);
		T_EQ(leaf.fifo.limit, buffer);
		tc_flow_of(&iface, &class, &leaf, &back);
		T_EQ(back.buffer_bytes, buffer);
	}
}

static void
another_leaf(void)
{
	const struct tc_iface iface = fix_iface();

	/* The same handle: what is there goes first. */
	check_plan("another-leaf", tree(&iface, &tc_kind_pfifo),
		tree(&iface, &tc_kind_fq_codel));
}

static void
damaged_tree(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_objects have = tree(&iface, &tc_kind_pfifo);
	struct tc_object *stranger = tc_objects_add(&have);

	T_CHECK(stranger != NULL, "memory");
	*stranger = have.all[1];
	stranger->handle = tc_classid(0x77);
	tc_objects_sort(&have);
	for (size_t i = 0; i < have.count; i++) {
		struct tc_object *o = &have.all[i];

		if (o->type == TC_CLASS &&
			o->handle == tc_classid(TC_MINOR_CONTROL))
			o->parent = TC_ROOT_HANDLE; /* cannot be moved */
		if (o->handle == (roots.v4 | 1))
			o->u32.keys[0].value = 0; /* cannot be changed */
		if (o->handle == (roots.v6 | 1))
			o->u32.classid = 0; /* can */
	}
	have.count--; /* the ARP filter is missing */
	check_plan("damaged-tree", have, tree(&iface, &tc_kind_pfifo));
}

static struct tc_flow
gs_flow(void)
{
	struct tc_flow flow = fix_flow(7, 5004);

	flow.filter_count = 3;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	flow.filters[2] = fix_filter("10.0.0.2", "", 0, 0);
	return flow;
}

/* The plans of a flow, as the batch makes them. */
static void
check_flow(const char *name, const struct tc_flow *first,
	const struct tc_flow *second)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	char text[TC_TEXT];

	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	if (first)
		T_EQ(fix_add(f, first).error, 0);
	if (second)
		T_EQ(tc_batch_flow(f->batch, f->link, 9, second, text), 0);
	else
		T_EQ(tc_batch_del(f->batch, f->link, 9, first->id, text), 0);
	check_golden(name, &f->batch->ops);
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	fix_free(f);
}

static void
flow_set_up(void)
{
	const struct tc_flow gs = gs_flow();
	struct tc_flow cl = fix_flow(8, 5006);

	check_flow("flow-gs", NULL, &gs);
	cl.service = TC_SERVICE_CL;
	cl.bucket_bytes = 10000;
	check_flow("flow-cl", NULL, &cl);
	cl.peak_Bps = 250000;
	cl.buffer_bytes = 0;
	check_flow("flow-cl-peak", NULL, &cl);
}

static void
flow_changed(void)
{
	const struct tc_flow gs = gs_flow();
	struct tc_flow other = gs;

	other.rate_Bps *= 2;
	other.filters[1] = fix_filter("10.0.0.2", "10.0.0.1", 5005, 6000);
	check_flow("flow-change", &gs, &other);
	other = gs;
	other.buffer_bytes = 40000;
	check_flow("flow-change-buffer", &gs, &other);
	check_flow("flow-same", &gs, &gs);
	other = gs;
	other.service = TC_SERVICE_CL;
	check_flow("flow-change-service", &gs, &other);
}

static void
flow_removed(void)
{
	const struct tc_flow gs = gs_flow();

	check_flow("flow-remove", &gs, NULL);
}

static void
every_operation_has_a_reverse(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_iface other = iface;
	struct tc_objects have = tree(&iface, &tc_kind_pfifo);
	struct tc_objects want;
	struct tc_ops there;
	struct tc_ops back = { .alloc = alloc_heap() };

	other.link_Bps *= 3;
	want = tree(&other, &tc_kind_fq_codel);
	there = plan(&have, &want);
	T_CHECK(there.count > 4, "%zu operations", there.count);
	for (size_t i = there.count; i-- > 0;) {
		struct tc_op *op = tc_ops_add(&back, TC_OP_ADD);

		T_CHECK(op != NULL, "memory");
		tc_op_reverse(&there.all[i], op);
	}
	check_golden("reverse", &back);
	tc_ops_done(&there);
	tc_ops_done(&back);
	tc_objects_done(&have);
	tc_objects_done(&want);
}

static void
check_attributes(const struct tc_object *o)
{
	static const struct nl_want wants[] = { { TCA_OPTIONS, 0 } };
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object back = { .type = o->type, .parent = o->parent };
	struct nl_view got[1];

	o->kind->fill(&w, o);
	T_CHECK(!w.failed, "no room");
	T_CHECK(nl_parse((struct nl_view){ bytes, buf_written(&w) }, wants, 1,
			got) &&
			o->kind->parse(&got[0], &back),
		"%s is malformed", o->kind->name);
	T_CHECK(o->kind->equal(o, &back), "%s differs", o->kind->name);
	for (size_t len = 0; len < got[0].len; len++) {
		struct nl_view cut = { got[0].data, len };

		(void)o->kind->parse(&cut, &back); /* never past the end */
	}
	for (size_t room = 0; room < buf_written(&w); room++) {
		struct buf_writer small = buf_writer(bytes, room);

		o->kind->fill(&small, o);
		T_CHECK(small.failed, "%zu octets were enough", room);
	}
}

static void
kinds_survive_the_attributes(void)
{
	struct tc_iface iface = fix_iface();
	struct tc_objects list = tree(&iface, &tc_kind_fq_codel);

	/* Rates below, at and above what 32 bits hold. */
	iface.link_Bps = 12500000000;
	for (uint64_t rate = UINT32_MAX - 1ull; rate <= UINT32_MAX + 2ull;
		rate++) {
		struct tc_object *o = tc_objects_add(&list);

		T_CHECK(o != NULL, "memory");
		tc_want_subtree(&iface, TC_CL, rate, o);
		T_EQ(o->htb.rate_Bps, rate);
	}
	for (size_t i = 0; i < list.count; i++) {
		if (list.all[i].type == TC_CLASS)
			list.all[i].htb.inner = false; /* compare it all */
		check_attributes(&list.all[i]);
	}
	tc_objects_done(&list);
}

static void
foreign_objects_are_shown_as_such(void)
{
	const struct tc_object o = { .type = TC_QDISC_ROOT,
		.ifindex = 3,
		.handle = 0x70000,
		.kind = &tc_kind_other,
		.name = "cake" };
	char buf[200];
	struct text t = text_over(buf, sizeof(buf));

	tc_object_print(&t, &o, NULL);
	T_STR(buf, "qdisc 7: on interface 3 cake (foreign)");
	T_CHECK(tc_kind_find(TC_QDISC_ROOT, "cake") == &tc_kind_other, "kind");
	T_CHECK(tc_kind_find(TC_QDISC_LEAF, "htb") == &tc_kind_htb_root,
		"kind");
	T_CHECK(tc_kind_find(TC_CLASS, "prio") == &tc_kind_other, "kind");
	T_CHECK(tc_kind_find(TC_CLASS, "htb") == &tc_kind_htb_class, "kind");
}

/* The same number and the same limit, but octets and not packets. */
static void
another_kind_of_leaf_is_made_anew(void)
{
	const struct tc_object leaf = { .type = TC_QDISC_LEAF,
		.ifindex = FIX_IFINDEX,
		.handle = tc_leaf_handle(0x100),
		.parent = tc_classid(0x100),
		.kind = &tc_kind_pfifo,
		.fifo = { .limit = 1000 } };
	struct tc_objects have = none();
	struct tc_objects want = none();
	struct tc_ops ops;

	*tc_objects_add(&have) = leaf;
	*tc_objects_add(&want) = leaf;
	want.all[0].kind = &tc_kind_bfifo;
	ops = plan(&have, &want);
	T_EQ(ops.count, 2);
	T_EQ(ops.all[0].kind, TC_OP_DEL);
	T_CHECK(tc_op_object(&ops.all[0])->kind == &tc_kind_pfifo, "the old");
	T_EQ(ops.all[1].kind, TC_OP_ADD);
	T_CHECK(tc_op_object(&ops.all[1])->kind == &tc_kind_bfifo, "the new");
	tc_ops_done(&ops);
	tc_objects_done(&have);
	tc_objects_done(&want);
}

/* Half a plan must not be taken for a whole one. */
static void
plan_without_memory_says_so(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_objects want = tree(&iface, &tc_kind_pfifo);

	for (size_t n = 0; n < 4; n++) {
		struct t_ration ration = { n, 0 };
		const struct alloc alloc = t_ration_alloc(&ration);
		struct tc_ops ops = { .alloc = &alloc };

		tc_plan((struct tc_span){ want.all, 0 },
			(struct tc_span){ want.all, want.count }, &ops);
		T_CHECK(ops.failed, "with %zu allocations", n);
		tc_ops_done(&ops);
	}
	tc_objects_done(&want);
}

/* Rings of several, one alone, and what differs in one number of the order. */
static const struct tc_object mixed[] = {
	{ .type = TC_FILTER, .parent = 2, .kind = &tc_kind_u32 },
	{ .type = TC_FILTER, .parent = 1, .chain = 1, .kind = &tc_kind_u32 },
	{ .type = TC_FILTER, .parent = 1, .pref = 7, .kind = &tc_kind_u32 },
	{ .type = TC_FILTER, .parent = 1, .handle = 9, .kind = &tc_kind_u32 },
	{ .type = TC_FILTER,
		.parent = 1,
		.handle = UINT32_MAX,
		.kind = &tc_kind_u32,
		.u32.divisor = 1 },
	{ .type = TC_CLASS, .depth = 1, .handle = 1 },
	{ .type = TC_QDISC_LEAF, .handle = 1 },
	{ .type = TC_CLASS, .handle = UINT32_MAX },
	{ .type = TC_CLASS, .handle = 3 },
};
enum { MIXED = sizeof(mixed) / sizeof(mixed[0]), MIXED_FILTERS = 5 };

/* The order of them by tc_object_compare(): by its comment, not by its code. */
static const size_t mixed_order[MIXED] = { 8, 7, 6, 5, 4, 3, 2, 1, 0 };

static bool
is_mixed(const struct tc_object *o, size_t n)
{
	return o->type == mixed[n].type && o->depth == mixed[n].depth &&
	       o->parent == mixed[n].parent && o->chain == mixed[n].chain &&
	       o->pref == mixed[n].pref && o->handle == mixed[n].handle;
}

/* Turned by so many places; 0 allocations: sorted in another way. */
static void
sort_mixed(size_t turned, size_t allocations)
{
	struct tc_object all[MIXED];
	struct t_ration ration = { allocations, 0 };
	const struct alloc alloc = t_ration_alloc(&ration);
	struct tc_objects list = { .alloc = &alloc, .all = all };

	for (; list.count < MIXED; list.count++)
		all[list.count] = mixed[(list.count + turned) % MIXED];
	tc_objects_sort(&list);
	for (size_t i = 0; i < MIXED; i++)
		T_CHECK(is_mixed(&all[i], mixed_order[i]), "%zu turned %zu", i,
			turned);
	T_EQ(ration.left, 0);
	T_EQ(ration.held, 0);
}

static void
filters_are_found_in_a_sorted_list(void)
{
	struct tc_object all[MIXED];

	for (size_t i = 0; i < MIXED; i++)
		all[i] = mixed[mixed_order[i]];
	for (size_t from = 0; from <= MIXED; from++)
		for (size_t to = from; to <= MIXED; to++) {
			const struct tc_objects part = { .all = all + from,
				.count = to - from };
			const size_t others = MIXED - MIXED_FILTERS;
			size_t first = others > from ? others - from : 0;

			if (first > part.count)
				first = part.count;
			T_EQ(tc_first_filter(&part), first);
		}
}

static void
lists_are_sorted_in_the_order_of_creation(void)
{
	for (size_t turned = 0; turned < MIXED; turned++)
		for (size_t allocations = 0; allocations < 2; allocations++)
			sort_mixed(turned, allocations);
}

static struct t_case cases[] = {
	{ "lists are sorted in the order of creation",
		lists_are_sorted_in_the_order_of_creation },
	{ "filters are found in a sorted list",
		filters_are_found_in_a_sorted_list },
	{ "a new tree is made from the root to the filters", new_tree },
	{ "an equal tree needs nothing", same_tree },
	{ "a faster link changes classes in place", faster_link },
	{ "cells are left to the kernel", cells_are_left_to_the_kernel },
	{ "a late timer finds room", late_timer_finds_room },
	{ "Controlled Load has its buffer alone",
		controlled_load_has_its_buffer_alone },
	{ "another kind of leaf goes over the old one", another_leaf },
	{ "a damaged tree is repaired and strangers go", damaged_tree },
	{ "a flow takes an idle class", flow_set_up },
	{ "a change of a flow: new nodes before old ones go", flow_changed },
	{ "a removal takes the filters first", flow_removed },
	{ "every operation has a reverse", every_operation_has_a_reverse },
	{ "every kind survives the kernel's attributes",
		kinds_survive_the_attributes },
	{ "foreign objects are shown as such",
		foreign_objects_are_shown_as_such },
	{ "another kind of leaf is made anew",
		another_kind_of_leaf_is_made_anew },
	{ "a plan without memory says so", plan_without_memory_says_so },
};

T_MAIN(cases)
