/* SPDX-License-Identifier: ISC */

/* What other programs do to our tree, over a kernel that only remembers. */

#include "t_alloc.h"
#include "tc_busy.h"
#include "tc_drift_t.h"
#include "tcctl/serve_int.h"

#include <errno.h>

enum { STEP_MS = 100 };

/* ---- what is repaired ---------------------------------------------------- */

/* Each object of the tree, deleted by itself: it comes back, alone, and a look
 * at the rest of the tree is not needed. */
static void
every_object_comes_back(void)
{
	struct fix *f = with_flows();
	char *before = fix_picture(f);
	size_t count = f->dry.objects.count;
	struct counted c;

	count_on(f, &c);
	for (size_t i = 0; i < count; i++) {
		/* The picture has sorted them. */
		const struct tc_object o = f->dry.objects.all[i];
		char *after;

		if (o.type == TC_QDISC_ROOT ||
			(o.type == TC_FILTER && o.u32.divisor == 1))
			continue;
		f->now = mono_add_ms(f->now, 70000);
		somebody_deletes(f, (enum tc_type)o.type, o.handle);
		c.ops = c.dumps = 0;
		settle(f);
		after = fix_picture(f);
		T_STR(after, before);
		free(after);
		T_CHECK(c.ops == 1 && c.dumps == 0,
			"%zu operations, %zu dumps for %u %x", c.ops, c.dumps,
			o.type, o.handle);
		T_CHECK(f->ear.drift_count > 0, "not told");
		T_EQ(f->ear.drifts[f->ear.drift_count - 1].error, 0);
		f->ear.drift_count = 0;
	}
	free(before);
	fix_free(f);
}

static void
changes_are_changed_back(void)
{
	struct fix *f = with_flows();
	char *before = fix_picture(f);
	char *after;
	struct tc_object *o = object(f, TC_CLASS, class_of(f, 7));
	uint32_t node = record(f, 7)->nodes[0].handle;

	o->htb.rate_Bps = 1;
	told_of(f, o, false);
	o = object(f, TC_QDISC_LEAF, class_of(f, 8) << 16);
	o->fifo.limit = 1;
	told_of(f, o, false);
	o = object(f, TC_FILTER, node);
	o->u32.classid = tc_classid(TC_MINOR_BEST);
	told_of(f, o, false);
	o = object(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	o->htb.prio = 7;
	told_of(f, o, false);
	settle(f);
	after = fix_picture(f);
	T_STR(after, before);
	/* Class and node of one flow are one matter. */
	T_EQ(f->ear.drift_count, 3);
	T_CHECK(strstr(f->ear.drifts[0].text, "netlink port 4711"), "%s",
		f->ear.drifts[0].text);
	T_CHECK(strstr(f->ear.drifts[0].text, "flow 7: change class"), "%s",
		f->ear.drifts[0].text);
	T_CHECK(strstr(f->ear.drifts[0].text, "and 1 more"), "%s",
		f->ear.drifts[0].text);
	T_EQ(f->ear.drifts[0].flow_id, 7);
	T_EQ(f->ear.drifts[0].ifindex, FIX_IFINDEX);
	free(before);
	free(after);
	fix_free(f);
}

/* A leaf under another handle is in place of ours: one operation. */
static void
replaced_leaf_is_replaced(void)
{
	struct fix *f = with_flows();
	char *before = fix_picture(f);
	char *after;
	struct tc_object *o = object(f, TC_QDISC_LEAF, class_of(f, 7) << 16);
	struct counted c;

	count_on(f, &c);
	o->handle = 0x77770000;
	o->kind = &tc_kind_pfifo;
	told_of(f, o, false);
	settle(f);
	after = fix_picture(f);
	T_STR(after, before);
	T_EQ(c.ops, 1);
	free(before);
	free(after);
	fix_free(f);
}

/* A class that is made again counts from 0, and its filter says so. */
static void
counters_begin_with_the_class(void)
{
	struct fix *f = with_flows();
	const struct tc_base none = { 0 };
	struct tc_record *r = record(f, 7);
	struct tc_mark mark;
	struct tc_filter filter;
	uint32_t classid = class_of(f, 7);

	for (size_t i = 0; i < r->node_count; i++)
		somebody_deletes(f, TC_FILTER, r->nodes[i].handle);
	somebody_deletes(f, TC_CLASS, classid);
	r->base = (struct tc_base){ 1000, 10, 1 };
	settle(f);
	T_CHECK(memcmp(&r->base, &none, sizeof(none)) == 0, "not from 0");
	T_CHECK(tc_u32_decode(object(f, TC_FILTER, r->nodes[0].handle), &filter,
			&mark),
		"no node of ours");
	T_EQ(mark.base.bytes, 0);
	/* Deleted and made again by somebody: the same. */
	r->base = (struct tc_base){ 1000, 10, 1 };
	told_of(f, object(f, TC_CLASS, classid), true);
	settle(f);
	T_EQ(r->base.bytes, 0);
	/* Touched only: it counts on. */
	r->base = (struct tc_base){ 1000, 10, 1 };
	told_of(f, object(f, TC_CLASS, classid), false);
	settle(f);
	T_EQ(r->base.bytes, 1000);
	fix_free(f);
}

/* ---- strangers ----------------------------------------------------------- */

static struct tc_object
stranger(uint16_t pref, uint32_t handle)
{
	return (struct tc_object){ .type = TC_FILTER,
		.ifindex = FIX_IFINDEX,
		.handle = handle,
		.parent = TC_ROOT_HANDLE,
		.pref = pref,
		.protocol = 0x800,
		.kind = &tc_kind_u32,
		.u32 = { .classid = 0x520005 } };
}

static void
strangers_in_the_way_go(void)
{
	struct fix *f = with_flows();
	struct tc_object o = stranger(TC_PREF_V4, 0x02d00003);
	char *before = fix_picture(f);
	char *after;
	char *now;

	somebody_adds(f, &o);
	settle(f);
	after = fix_picture(f);
	T_STR(after, before);
	T_CHECK(strstr(f->ear.drifts[0].text, "delete filter 10 2d:0:3"), "%s",
		f->ear.drifts[0].text);
	o = stranger(TC_PREF_ARP + 1, 0x90000001);
	somebody_adds(f, &o);
	now = fix_picture(f);
	settle(f);
	free(after);
	after = fix_picture(f);
	T_STR(after, now);
	T_CHECK(strstr(f->ear.drifts[1].text, "left alone: filter 13"), "%s",
		f->ear.drifts[1].text);
	/* That is told once. */
	told_of(f, &o, false);
	settle(f);
	T_EQ(f->ear.drift_count, 2);
	free(before);
	free(after);
	free(now);
	fix_free(f);
}

static void
foreign_class_keeps_its_number(void)
{
	struct fix *f = with_flows();
	struct tc_object o = *object(f, TC_CLASS, class_of(f, 7));

	o.handle = tc_classid(0x4711);
	somebody_adds(f, &o);
	settle(f);
	T_CHECK(object(f, TC_CLASS, o.handle) != NULL, "removed");
	T_CHECK(strstr(f->ear.drifts[0].text, "left alone: class 52:4711"),
		"%s", f->ear.drifts[0].text);
	T_CHECK(!tc_minors_claim(&f->link->minors, 0x4711), "given twice");
	fix_free(f);
}

static void
other_matters_are_not_ours(void)
{
	struct fix *f = with_flows();
	struct tc_object o = { .type = TC_CLASS, .handle = 0x10001 };

	told_of(f, &o, false); /* of a leaf with classes of its own */
	o = (struct tc_object){ .type = TC_QDISC_ROOT, .handle = 0x520000 };
	told_of(f, &o, true);
	o = (struct tc_object){ .type = TC_QDISC_LEAF, .parent = 0xfffffff1 };
	told_of(f, &o, true);
	o = (struct tc_object){ .type = TC_FILTER, .parent = 0xffff0000 };
	told_of(f, &o, true);
	T_EQ(tc_drift_next(f->link).us, MONO_NEVER.us);
	fix_free(f);
}

/* ---- when ---------------------------------------------------------------- */

static void
pause_doubles_and_ends(void)
{
	struct fix *f = with_flows();
	uint32_t node = record(f, 7)->nodes[0].handle;
	int64_t pause = STEP_MS;

	for (int i = 0; i < 5; i++, pause *= 2) {
		struct mono seen = f->now;

		somebody_deletes(f, TC_FILTER, node);
		T_EQ(mono_ms_between(seen, tc_drift_next(f->link)), pause);
		/* More of it does not put it off. */
		f->now = mono_add_ms(seen, pause / 2);
		tc_drift_event(f->link,
			&(struct tc_event){ .type = TC_FILTER,
				.handle = node,
				.parent = TC_ROOT_HANDLE,
				.pref = TC_PREF_V4 },
			f->now);
		T_EQ(mono_ms_between(seen, tc_drift_next(f->link)), pause);
		settle(f);
		T_EQ(f->ear.drift_count, i + 1);
		T_EQ(f->ear.drifts[i].error, 0);
	}
	somebody_deletes(f, TC_FILTER, node);
	settle(f);
	T_EQ(f->ear.drift_count, 6);
	T_EQ(f->ear.drifts[5].error, EIO);
	T_EQ(f->ear.drifts[5].flow_id, 7);
	T_CHECK(strstr(f->ear.drifts[5].text, "more than 5 times"), "%s",
		f->ear.drifts[5].text);
	T_CHECK(!tc_record_find(f->link, 7), "still known");
	T_CHECK(tc_record_find(f->link, 8), "the other one, too");
	T_EQ(f->link->reserved_Bps[TC_GS], 0);
	fix_free(f);
}

static void
after_a_minute_it_is_forgotten(void)
{
	struct fix *f = with_flows();
	uint32_t node = record(f, 7)->nodes[0].handle;

	for (int i = 0; i < 20; i++) {
		f->now = mono_add_ms(f->now, 15000);
		somebody_deletes(f, TC_FILTER, node);
		settle(f);
		T_EQ(f->ear.drifts[i].error, 0);
	}
	T_EQ(f->ear.drift_count, 20);
	fix_free(f);
}

/* Somebody insists on the fixed part: the interface is lost. */
static void
fixed_part_is_given_up(void)
{
	struct fix *f = with_flows();

	for (int i = 0; i < 5; i++) {
		somebody_deletes(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
		settle(f);
		T_CHECK(!f->link->lost, "lost");
	}
	somebody_deletes(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	settle(f);
	T_CHECK(f->link->lost, "not lost");
	T_CHECK(strstr(f->ear.drifts[5].text, "not repaired"), "%s",
		f->ear.drifts[5].text);
	fix_free(f);
}

/* What the kernel does not let us repair is told at once. */
static void
refused_repair_is_told(void)
{
	struct fix *f = with_flows();
	uint32_t node = record(f, 7)->nodes[0].handle;
	struct counted c;

	count_on(f, &c);
	somebody_deletes(f, TC_FILTER, node);
	c.refuse = 1;
	settle(f);
	T_EQ(f->ear.drift_count, 1);
	T_EQ(f->ear.drifts[0].flow_id, 7);
	T_EQ(f->ear.drifts[0].error, EIO);
	T_CHECK(strstr(f->ear.drifts[0].text, "(kernel: no room)"), "%s",
		f->ear.drifts[0].text);
	T_CHECK(!tc_record_find(f->link, 7), "still known");
	/* The fixed part is tried again, all of it. */
	somebody_deletes(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	c.refuse = 1;
	settle(f);
	T_EQ(c.dumps, 1);
	T_CHECK(object(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL)), "no class");
	T_CHECK(!f->link->lost, "lost");
	fix_free(f);
}

/* An idle class that cannot be put right is given to nobody. */
static void
broken_idle_class_is_not_used(void)
{
	struct fix *f = with_flows();
	size_t before = f->link->pools[TC_GS].count;
	uint32_t minor = tc_pool_at(&f->link->pools[TC_GS], 1)->minor;
	struct counted c;

	count_on(f, &c);
	somebody_deletes(f, TC_CLASS, tc_classid(minor));
	c.refuse = 1;
	settle(f);
	T_EQ(f->link->pools[TC_GS].count, before - 1);
	for (size_t i = 0; i < before - 1; i++)
		T_CHECK(tc_pool_at(&f->link->pools[TC_GS], i)->minor != minor,
			"still there");
	T_CHECK(!tc_minors_claim(&f->link->minors, minor), "free again");
	fix_free(f);
}

/* A class on its way to the pool is looked at when it has arrived. */
static void
draining_class_is_looked_at_later(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	struct tc_object *o;

	f->kernel.get = tc_dry_kernel(&f->dry).get;
	f->kernel.arg = &b;
	b.classid = fix_add(f, &flow).classid;
	b.stats.qlen = 1;
	T_CHECK(!fix_del(f, 7), "answered");
	o = object(f, TC_CLASS, b.classid);
	told_of(f, o, false);
	f->kernel.arg = &f->dry;
	f->kernel = tc_dry_kernel(&f->dry);
	f->now = tc_drift_next(f->link);
	T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(mono_ms_between(f->now, tc_drift_next(f->link)), 100);
	T_EQ(f->ear.drift_count, 0);
	fix_free(f);
}

/* ---- the whole tree ------------------------------------------------------ */

/* Events were lost: everything is compared, and only what differs is made. */
static void
lost_events_are_made_good(void)
{
	struct fix *f = with_flows();
	char *before = fix_picture(f);
	char *after;
	struct tc_object o = stranger(TC_PREF_V4, 0x02d00003);
	struct counted c;

	somebody_deletes(f, TC_FILTER, record(f, 7)->nodes[1].handle);
	somebody_deletes(f, TC_CLASS, tc_classid(TC_MINOR_BEST));
	somebody_deletes(f, TC_QDISC_LEAF, tc_leaf_handle(TC_MINOR_BEST));
	somebody_adds(f, &o);
	object(f, TC_CLASS, class_of(f, 8))->htb.prio = 3;
	memset(&f->link->drift, 0, sizeof(f->link->drift));
	tc_drift_event(f->link, NULL, f->now);
	count_on(f, &c);
	settle(f);
	after = fix_picture(f);
	T_STR(after, before);
	T_EQ(c.ops, 5);
	T_EQ(c.dumps, 1);
	/* Again: nothing is left to do, and nothing is told. */
	f->ear.drift_count = 0;
	tc_drift_event(f->link, NULL, f->now);
	settle(f);
	T_EQ(c.ops, 5);
	T_EQ(f->ear.drift_count, 0);
	free(before);
	free(after);
	fix_free(f);
}

/* Of what waits for longer there is nothing left to see. */
static void
a_look_at_the_tree_is_one_at_all(void)
{
	struct fix *f = with_flows();
	struct counted c;

	for (int i = 0; i < 2; i++) { /* the third pause is a longer one */
		object(f, TC_CLASS, class_of(f, 8))->htb.prio = 3;
		told_of(f, object(f, TC_CLASS, class_of(f, 8)), false);
		settle(f);
	}
	object(f, TC_CLASS, class_of(f, 8))->htb.prio = 3;
	told_of(f, object(f, TC_CLASS, class_of(f, 8)), false);
	tc_drift_event(f->link, NULL, f->now);
	count_on(f, &c);
	f->now = tc_drift_next(f->link);
	T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(c.ops, 1);
	T_EQ(c.dumps, 1);
	T_EQ(tc_drift_next(f->link).us, MONO_NEVER.us);
	fix_free(f);
}

/* How much a look at everything finds. */
static size_t
looks(struct fix *f)
{
	f->ear.drift_count = 0;
	tc_drift_event(f->link, NULL, f->now);
	settle(f);
	return f->ear.drift_count;
}

/* A whole preference: all its flows in one go, and few words. */
static void
whole_preference_comes_back(void)
{
	struct fix *f = with_flows();
	struct tc_objects further = { .alloc = alloc_heap() };
	char *before;
	char *after;

	/* More than go in one batch, and a bucket so long that it is split. */
	for (uint32_t id = 100; id < 500; id++) {
		struct tc_flow flow = fix_flow(id, (uint16_t)(16 * id));

		flow.rate_Bps = 100;
		T_EQ(fix_add(f, &flow).error, 0);
	}
	fix_idle(f);
	tc_nodes_objects(&f->link->nodes, FIX_IFINDEX, &further);
	T_CHECK(further.count > 0, "no further table");
	tc_objects_done(&further);
	T_EQ(looks(f), 0);
	before = fix_picture(f);
	for (size_t i = f->dry.objects.count; i-- > 0;)
		if (f->dry.objects.all[i].type == TC_FILTER &&
			f->dry.objects.all[i].pref == TC_PREF_V4)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	f->dry.next_root = 0; /* the number that it had */
	tc_drift_event(f->link,
		&(struct tc_event){ .type = TC_FILTER,
			.gone = true,
			.parent = TC_ROOT_HANDLE,
			.pref = TC_PREF_V4 },
		f->now);
	settle(f);
	after = fix_picture(f);
	T_STR(after, before);
	T_CHECK(f->ear.drift_count < 12, "%zu lines", f->ear.drift_count);
	T_CHECK(strstr(f->ear.drifts[f->ear.drift_count - 1].text,
			"more like these"),
		"%s", f->ear.drifts[f->ear.drift_count - 1].text);
	free(before);
	free(after);
	fix_free(f);
}

/* More suspects than we remember are the tree's. */
static void
too_many_suspects_are_the_tree(void)
{
	struct fix *f = with_flows();
	struct counted c;

	count_on(f, &c);
	for (uint32_t i = 1; i < 100; i++)
		tc_drift_event(f->link,
			&(struct tc_event){ .type = TC_CLASS,
				.handle = tc_classid(0x1000 + i) },
			f->now);
	T_CHECK(f->link->drift.count <= TC_SUSPECTS_MAX, "too many");
	settle(f);
	T_EQ(c.dumps, 1);
	/* After a minute the places are free again. */
	f->now = mono_add_ms(f->now, 61000);
	tc_drift_event(f->link,
		&(struct tc_event){
			.type = TC_CLASS, .handle = tc_classid(0x2000) },
		f->now);
	settle(f);
	T_EQ(c.dumps, 1);
	fix_free(f);
}

/* A look at the whole tree takes time: then there is rest. */
static void
looks_at_the_tree_are_spaced(void)
{
	struct fix *f = with_flows();

	tc_drift_event(f->link, NULL, f->now);
	f->now = tc_drift_next(f->link);
	T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener), 0);
	tc_drift_took(f->link, f->now, mono_add_ms(f->now, 200));
	f->now = mono_add_ms(f->now, 200);
	tc_drift_event(f->link, NULL, f->now);
	T_EQ(mono_ms_between(f->now, tc_drift_next(f->link)), 2000);
	T_EQ(tc_drift_step(f->link, &f->kernel, mono_add_ms(f->now, 1999),
		     &f->listener),
		0);
	T_EQ(mono_ms_between(f->now, tc_drift_next(f->link)), 2000);
	fix_free(f);
}

/* ---- the tree as a whole ------------------------------------------------- */

static void
somebody_removes_the_tree(struct fix *f)
{
	tc_objects_done(&f->dry.objects);
	f->dry.next_root = 0;
}

/* Of an interface as a whole, and no flow's end. */
static const char *
last_report(const struct fix *f)
{
	const struct tc_drift_report *r;

	T_CHECK(f->ear.drift_count > 0, "nothing is reported");
	r = &f->ear.drifts[f->ear.drift_count - 1];
	T_EQ(r->ifindex, FIX_IFINDEX);
	T_EQ(r->flow_id, 0);
	T_EQ(r->error, 0);
	return r->text;
}

static void
removed_tree_is_made_again(void)
{
	struct fix *f = with_flows();
	uint32_t classid = class_of(f, 7);

	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.drift_count, 0);
	for (size_t i = 1; i <= 5; i++) {
		somebody_removes_the_tree(f);
		T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
		T_EQ(f->ear.drift_count, i);
		T_CHECK(strstr(last_report(f), "made again (2 flows)"), "%s",
			last_report(f));
		T_EQ(fix_nodes(f, classid), 2);
		T_CHECK(!f->link->lost, "lost");
	}
	/* A minute later it counts anew. */
	f->now = mono_add_ms(f->now, 60000);
	somebody_removes_the_tree(f);
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(!f->link->lost, "lost");
	for (size_t i = 0; i < 5; i++) {
		somebody_removes_the_tree(f);
		T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	}
	T_CHECK(f->link->lost, "not lost");
	T_CHECK(strstr(last_report(f),
			"given up (2 flows, removed more than 5"),
		"%s", last_report(f));
	T_EQ(f->dry.objects.count, 0);
	/* Then it is left in peace. */
	f->ear.drift_count = 0;
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.drift_count, 0);
	fix_free(f);
}

static void
another_tree_is_not_touched(void)
{
	struct fix *f = with_flows();
	struct tc_object *o;

	somebody_removes_the_tree(f);
	o = tc_objects_add(&f->dry.objects);
	o->type = TC_QDISC_ROOT;
	o->ifindex = FIX_IFINDEX;
	o->handle = 0x70000;
	o->parent = TC_PARENT_ROOT;
	o->kind = &tc_kind_other;
	(void)text_copy(o->name, sizeof(o->name), "cake");
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(f->link->lost, "not lost");
	T_CHECK(strstr(last_report(f), "cake 7:"), "%s", last_report(f));
	T_EQ(f->dry.objects.count, 1);
	fix_free(f);
}

/* As that of a ppp session does: its tree was taken by nobody. */
static void
interface_that_goes_is_nobodys_doing(void)
{
	struct fix *f = with_flows();
	struct counted c;

	count_on(f, &c);
	c.error = ENODEV;
	c.refuse = 1;
	somebody_removes_the_tree(f);
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(strcmp(f->ear.note, "eth0: the interface has gone (2 flows)") ==
			0,
		"%s", f->ear.note);
	T_CHECK(f->link->lost && f->link->gone, "still there");
	fix_free(f);
	/* Any other refusal is told as one. */
	f = with_flows();
	count_on(f, &c);
	c.refuse = 1;
	somebody_removes_the_tree(f);
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(strstr(last_report(f), "given up"), "%s", last_report(f));
	T_CHECK(f->link->lost && !f->link->gone, "gone");
	fix_free(f);
}

static struct t_case cases[] = {
	{ "a removed tree is made again", removed_tree_is_made_again },
	{ "another tree is not touched", another_tree_is_not_touched },
	{ "every object comes back", every_object_comes_back },
	{ "changes are changed back", changes_are_changed_back },
	{ "a replaced leaf is replaced", replaced_leaf_is_replaced },
	{ "counters begin with the class", counters_begin_with_the_class },
	{ "strangers in the way go", strangers_in_the_way_go },
	{ "a foreign class keeps its number", foreign_class_keeps_its_number },
	{ "other matters are not ours", other_matters_are_not_ours },
	{ "the pause doubles and ends", pause_doubles_and_ends },
	{ "after a minute it is forgotten", after_a_minute_it_is_forgotten },
	{ "the fixed part is given up", fixed_part_is_given_up },
	{ "an interface that goes is nobody's doing",
		interface_that_goes_is_nobodys_doing },
	{ "a refused repair is told", refused_repair_is_told },
	{ "a broken idle class is not used", broken_idle_class_is_not_used },
	{ "a draining class is looked at later",
		draining_class_is_looked_at_later },
	{ "lost events are made good", lost_events_are_made_good },
	{ "a look at the tree is one at all",
		a_look_at_the_tree_is_one_at_all },
	{ "a whole preference comes back", whole_preference_comes_back },
	{ "too many suspects are the tree", too_many_suspects_are_the_tree },
	{ "looks at the tree are spaced", looks_at_the_tree_are_spaced },
};

T_MAIN(cases)
