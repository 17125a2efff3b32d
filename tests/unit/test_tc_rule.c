/* SPDX-License-Identifier: ISC */
#include "tc_fixture.h"
#include "tc_layer.h"

#include <errno.h>

/* A kernel that refuses one step, and a marker that notes what it was told. */
struct rig {
	struct layer layer;
	struct fix *f;
	size_t calls;
	size_t refuse; /* counted from 1; 0: none */
	bool full;     /* the kernel has the actions */
	uint32_t qlen;
	struct tc_marker marker;
	bool mark_refuses;
	size_t mark_calls;
	size_t marked; /* rules of the last call */
	size_t reserved;
	struct tc_mark_count count;
};

static int
rig_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct rig *g = (struct rig *)arg;

	for (size_t i = 0; i < count; i++) {
		if (ops[i].kind == TC_OP_ADD && ops[i].want.extra &&
			ops[i].want.extra->action_count > 0 && !g->full) {
			ret_results[i].error = ENOENT;
			ret_results[i].text[0] = '\0';
			continue;
		}
		if (++g->calls == g->refuse) {
			ret_results[i].error = ENOSPC;
			ret_results[i].text[0] = '\0';
			continue;
		}
		layer_one(g, &ops[i], &ret_results[i]);
	}
	return 0;
}

static int
rig_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	struct rig *g = (struct rig *)arg;
	int error = layer_stats(g, ifindex, classids, count, ret_stats);

	for (size_t i = 0; i < count; i++) {
		ret_stats[i].qlen = g->qlen;
		ret_stats[i].bytes = 7000;
		ret_stats[i].packets = 7;
		ret_stats[i].drops = 3;
	}
	return error;
}

static int
rig_mark(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	struct rig *g = (struct rig *)arg;

	g->mark_calls++;
	if (g->mark_refuses) {
		(void)text_copy(text, TC_TEXT, "nftables: no");
		return EOPNOTSUPP;
	}
	g->marked = 0;
	g->reserved = set->reserved_count;
	for (size_t i = 0; i < set->count; i++)
		g->marked += tc_rule_is_marked(&set->rules[i]);
	return 0;
}

static void
rig_counts(void *arg, const struct tc_iface *iface, tc_mark_count_fn *tell,
	void *tell_arg)
{
	struct rig *g = (struct rig *)arg;

	(void)iface;
	tell(tell_arg, &g->count);
}

static struct rig *
rig_new(void)
{
	struct rig *g = (struct rig *)calloc(1, sizeof(*g));
	const struct tc_iface iface = fix_iface();

	T_CHECK(g != NULL, "memory");
	g->f = fix_new();
	g->marker = (struct tc_marker){
		.arg = g, .apply = rig_mark, .counts = rig_counts
	};
	g->f->kernel = layer_over(&g->layer, g->f->kernel);
	g->f->kernel.run = rig_run;
	g->f->kernel.stats = rig_stats;
	g->f->kernel.marker = &g->marker;
	T_EQ(fix_open(g->f, &iface), 0);
	return g;
}

static void
rig_free(struct rig *g)
{
	fix_free(g->f);
	free(g);
}

static struct tc_done
put(struct rig *g, const struct tc_rule *rules, size_t count)
{
	struct tc_done done = { 0 };

	for (size_t i = 0; i < count; i++)
		tc_rules_stage(g->f->link, 3, &rules[i]);
	tc_rules_stage_for(g->f->link, 3);
	T_EQ(tc_rules_apply(g->f->link, &g->f->kernel, g->f->now, &done), 0);
	return done;
}

static uint32_t
class_of(const struct rig *g, uint32_t id)
{
	for (size_t i = 0; i < g->f->dry.objects.count; i++) {
		const struct tc_object *o = &g->f->dry.objects.all[i];

		if (tc_rule_of(o) == id && o->u32.link == 0)
			return o->u32.classid;
	}
	return 0;
}

/* The nodes that a packet meets at that place, in order: ids of the rules. */
static size_t
ids_at(const struct rig *g, enum tc_rule_place place, uint32_t ids[16])
{
	struct tc_objects *all = &g->f->dry.objects;
	const struct tc_object *link;
	size_t n = 0;

	tc_objects_sort(all);
	link = fix_find(g->f, TC_FILTER,
		tc_rule_link(g->f->link->shape.roots.v4, place));
	for (size_t i = 0; link && i < all->count; i++)
		if (all->all[i].type == TC_FILTER &&
			all->all[i].u32.divisor == 0 &&
			tc_u32_table(all->all[i].handle) ==
				tc_u32_table(link->u32.link) &&
			all->all[i].pref == TC_PREF_V4)
			ids[n++] = tc_rule_of(&all->all[i]);
	return n;
}

static void
a_shaped_rule_has_a_class_and_a_node(void)
{
	struct rig *g = rig_new();
	const struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000) };
	const struct tc_object *class;
	uint32_t ids[16];

	T_EQ(put(g, rules, 2).error, 0);
	T_EQ(class_of(g, 4), tc_classid(TC_MINOR_BEST));
	class = fix_find(g->f, TC_CLASS, class_of(g, 8));
	T_CHECK(class != NULL, "no class");
	T_EQ(class->parent, tc_classid(TC_MINOR_POLICY));
	T_EQ(class->htb.ceil_Bps, 50000);
	T_EQ(class->htb.rate_Bps, 8000); /* not admitted: borrowed */
	T_EQ(tc_clock_bytes(class->htb.cbuffer_ticks, 50000), 10000);
	T_EQ(class->htb.overhead, 24);
	T_EQ(class->htb.mpu, 84);
	T_EQ(fix_find(g->f, TC_QDISC_LEAF, tc_leaf_handle(class->handle))
			->fifo.limit,
		10000 + 25000);
	T_EQ(ids_at(g, TC_RULES_AFTER, ids), 2);
	T_EQ(ids[0], 4);
	T_EQ(ids[1], 8);
	T_EQ(ids_at(g, TC_RULES_BEFORE, ids), 0);
	rig_free(g);
}

static void
what_a_class_may_send_follows_from_the_rule(void)
{
	static const struct {
		uint8_t excess;
		bool guaranteed;
		uint64_t rate_Bps;
		uint64_t ceil_Bps;
		uint32_t limit;
	} rows[] = {
		{ TC_EXCESS_DELAY, true, 50000, 50000, 35000 },
		{ TC_EXCESS_DROP, false, 8000, 50000, 1538 },
		{ TC_EXCESS_DROP, true, 50000, 50000, 1538 },
		{ TC_EXCESS_MARK, true, 50000, 1250000, 35000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *g = rig_new();
		struct tc_rule r = fix_shaped(4, 2000, 50000);
		const struct tc_object *class;

		r.excess = rows[i].excess;
		r.guaranteed = rows[i].guaranteed;
		T_EQ(put(g, &r, 1).error, 0);
		class = fix_find(g->f, TC_CLASS, class_of(g, 4));
		T_CHECK(class != NULL, "row %zu: no class", i);
		T_EQ(class->htb.rate_Bps, rows[i].rate_Bps);
		T_EQ(class->htb.ceil_Bps, rows[i].ceil_Bps);
		/* The bucket is that of the rate by right, or of the bound. */
		T_EQ(tc_clock_bytes(class->htb.buffer_ticks,
			     class->htb.rate_Bps) == 10000,
			rows[i].guaranteed);
		T_EQ(tc_clock_bytes(class->htb.cbuffer_ticks,
			     class->htb.ceil_Bps) == 10000,
			rows[i].excess != TC_EXCESS_MARK);
		T_EQ(fix_find(
			     g->f, TC_QDISC_LEAF, tc_leaf_handle(class->handle))
				->fifo.limit,
			rows[i].limit);
		rig_free(g);
	}
}

static void
a_rule_stands_ahead_of_reservations_or_behind(void)
{
	struct rig *g = rig_new();
	struct tc_rule rules[] = { fix_rule(4, 1000), fix_rule(8, 1001) };
	uint32_t ids[16];

	rules[1].before = true;
	T_EQ(put(g, rules, 2).error, 0);
	T_EQ(ids_at(g, TC_RULES_BEFORE, ids), 1);
	T_EQ(ids[0], 8);
	T_EQ(ids_at(g, TC_RULES_AFTER, ids), 1);
	T_EQ(ids[0], 4);
	/* Behind the control filters, ahead of the flows' tables. */
	T_CHECK((tc_rule_link(0, TC_RULES_BEFORE) & 0xfff) > 5 &&
			(tc_rule_link(0, TC_RULES_BEFORE) & 0xfff) < 0x10 &&
			(tc_rule_link(0, TC_RULES_AFTER) & 0xfff) > 0x20,
		"order");
	rig_free(g);
}

static void
an_equal_set_touches_nothing(void)
{
	struct rig *g = rig_new();
	const struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000) };
	size_t calls;

	T_EQ(put(g, rules, 2).error, 0);
	calls = g->calls;
	T_EQ(put(g, rules, 2).error, 0);
	T_EQ(g->calls, calls);
	rig_free(g);
}

static void
a_new_rate_changes_the_class_alone(void)
{
	struct rig *g = rig_new();
	struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000) };
	uint32_t classid;
	size_t calls;

	T_EQ(put(g, rules, 2).error, 0);
	classid = class_of(g, 8);
	calls = g->calls;
	rules[1].rate_Bps = 60000;
	T_EQ(put(g, rules, 2).error, 0);
	T_EQ(g->calls, calls + 2); /* class and leaf */
	T_EQ(class_of(g, 8), classid);
	T_EQ(fix_find(g->f, TC_CLASS, classid)->htb.ceil_Bps, 60000);
	rig_free(g);
}

/* Every packet meets a whole list: the new one is complete in the other table
 * before the link is turned, and the old one goes after. */
struct watcher {
	struct rig *g;
	size_t turned; /* step at which the link changed */
	size_t steps;
	size_t added_last;
	size_t removed_first;
};

static void
watch_step(void *arg, const struct tc_op *op)
{
	struct watcher *w = (struct watcher *)arg;
	const struct tc_object *o = tc_op_object(op);

	w->steps++;
	if (o->type != TC_FILTER)
		return;
	if (op->kind == TC_OP_CHANGE && o->u32.link != 0)
		w->turned = w->steps;
	if (op->kind == TC_OP_ADD)
		w->added_last = w->steps;
	if (op->kind == TC_OP_DEL && w->removed_first == 0)
		w->removed_first = w->steps;
}

static void
another_list_is_complete_before_it_is_used(void)
{
	struct rig *g = rig_new();
	struct watcher w = { .g = g };
	const struct tc_rule rules[] = { fix_rule(4, 1000), fix_rule(8, 1001),
		fix_rule(12, 1002) };
	uint32_t ids[16];

	T_EQ(put(g, rules, 2).error, 0);
	g->f->dry.tell = watch_step;
	g->f->dry.arg = &w;
	T_EQ(put(g, rules + 1, 2).error, 0);
	T_CHECK(w.added_last > 0 && w.turned > w.added_last &&
			w.removed_first > w.turned,
		"%zu %zu %zu", w.added_last, w.turned, w.removed_first);
	T_EQ(ids_at(g, TC_RULES_AFTER, ids), 2);
	T_EQ(ids[0], 8);
	T_EQ(ids[1], 12);
	rig_free(g);
}

static void
every_refused_step_is_undone(void)
{
	struct rig *g = rig_new();
	struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000), fix_shaped(12, 3000, 1000) };
	struct tc_rule other[] = { fix_shaped(8, 2000, 90000),
		fix_rule(4, 1005), fix_shaped(16, 3000, 7000) };
	struct tc_done done = { 0 };
	size_t n = 0;

	T_EQ(put(g, rules, 3).error, 0);
	do {
		char *before = fix_picture(g->f);
		char *after;

		g->calls = 0;
		g->refuse = ++n;
		done = put(g, other, 3);
		after = fix_picture(g->f);
		if (done.error != 0) {
			T_EQ(done.error, ENOSPC);
			T_CHECK(strstr(done.text, "undone"), "%s", done.text);
			T_STR(after, before);
			T_EQ(g->f->link->rules.count, 3);
			T_EQ(g->f->link->rules.all[0].id, 4);
		}
		free(before);
		free(after);
	} while (done.error != 0);
	T_CHECK(n > 8, "%zu steps", n);
	rig_free(g);
}

static void
refused_marks_take_the_filters_back(void)
{
	struct rig *g = rig_new();
	struct tc_rule r = fix_shaped(4, 1000, 50000);
	struct tc_done done;
	char *before;
	char *after;

	r.marks = true;
	r.dscp = 46;
	before = fix_picture(g->f);
	g->mark_refuses = true;
	done = put(g, &r, 1);
	T_EQ(done.error, EOPNOTSUPP);
	T_STR(done.text, "nftables: no; undone");
	after = fix_picture(g->f);
	T_STR(after, before);
	g->mark_refuses = false;
	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(g->marked, 1);
	free(before);
	free(after);
	rig_free(g);
}

static void
marks_are_kept_off_reservations(void)
{
	struct rig *g = rig_new();
	struct tc_flow flow = fix_flow(7, 1000);
	struct tc_rule r = fix_rule(4, 1000);
	struct mono due;

	r.marks = true;
	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(g->reserved, 0);
	T_EQ(fix_add(g->f, &flow).error, 0);
	due = tc_rules_next(g->f->link);
	T_CHECK(due.us != MONO_NEVER.us, "nobody looks");
	T_EQ(tc_rules_step(g->f->link, &g->f->kernel, due, &g->f->listener), 0);
	T_EQ(g->reserved, 1);
	T_EQ(tc_rules_next(g->f->link).us, MONO_NEVER.us);
	/* What no rule covers is no reason to write all again. */
	flow = fix_flow(8, 2000);
	g->mark_calls = 0;
	T_EQ(fix_add(g->f, &flow).error, 0);
	due = tc_rules_next(g->f->link);
	T_EQ(tc_rules_step(g->f->link, &g->f->kernel, due, &g->f->listener), 0);
	T_EQ(g->mark_calls, 0);
	/* Ahead of reservations a rule has what it matches. */
	r.before = true;
	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(g->reserved, 0);
	rig_free(g);
}

static void
without_a_marker_marks_are_refused(void)
{
	struct rig *g = rig_new();
	struct tc_rule r = fix_rule(4, 1000);

	g->f->kernel.marker = NULL;
	T_EQ(put(g, &r, 1).error, 0);
	r.marks = true;
	T_EQ(put(g, &r, 1).error, EOPNOTSUPP);
	T_EQ(g->f->link->rules.all[0].marks, false);
	rig_free(g);
}

static void
rules_are_adopted(void)
{
	struct rig *g = rig_new();
	struct tc_iface iface = fix_iface();
	const struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000) };
	uint32_t classid;
	size_t calls;

	T_EQ(put(g, rules, 2).error, 0);
	classid = class_of(g, 8);
	T_EQ(fix_open(g->f, &iface), 0); /* another tcctl */
	calls = g->calls;
	T_EQ(put(g, rules, 2).error, 0);
	T_EQ(g->calls, calls + 1); /* a new one asks for the actions */
	T_EQ(class_of(g, 8), classid);
	/* Its number is not given to anybody else. */
	for (int i = 0; i < 2000; i++)
		T_CHECK(tc_minors_take(&g->f->link->minors) !=
				(classid & 0xffff),
			"taken twice");
	rig_free(g);
}

static void
a_class_without_a_rule_goes_when_it_is_empty(void)
{
	struct rig *g = rig_new();
	const struct tc_rule r = fix_shaped(4, 2000, 50000);
	uint32_t classid;
	struct mono later;

	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(tc_rules_next(g->f->link).us, MONO_NEVER.us);
	classid = class_of(g, 4);
	T_EQ(put(g, NULL, 0).error, 0);
	T_CHECK(fix_find(g->f, TC_CLASS, classid), "its queue is lost");
	g->qlen = 2;
	later = tc_rules_next(g->f->link);
	T_CHECK(later.us != MONO_NEVER.us, "nobody looks");
	T_EQ(tc_rules_step(g->f->link, &g->f->kernel, later, &g->f->listener),
		0);
	T_CHECK(fix_find(g->f, TC_CLASS, classid), "its queue is lost");
	g->qlen = 0;
	later = tc_rules_next(g->f->link);
	T_EQ(tc_rules_step(g->f->link, &g->f->kernel, later, &g->f->listener),
		0);
	T_CHECK(!fix_find(g->f, TC_CLASS, classid), "still there");
	T_EQ(tc_rules_next(g->f->link).us, MONO_NEVER.us);
	rig_free(g);
}

static void
a_queue_that_does_not_empty_goes_in_the_end(void)
{
	struct rig *g = rig_new();
	const struct tc_rule r = fix_shaped(4, 2000, 50000);

	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(put(g, NULL, 0).error, 0);
	g->qlen = 2;
	T_EQ(tc_rules_step(g->f->link, &g->f->kernel,
		     mono_add_ms(g->f->now, 3000), &g->f->listener),
		0);
	T_EQ(class_of(g, 4), 0);
	T_EQ(tc_rules_next(g->f->link).us, MONO_NEVER.us);
	rig_free(g);
}

static void
new_settings_reach_the_classes(void)
{
	struct rig *g = rig_new();
	struct tc_iface iface = fix_iface();
	const struct tc_rule r = fix_shaped(4, 2000, 50000);
	struct tc_done done;

	T_EQ(put(g, &r, 1).error, 0);
	iface.overhead_bytes = 40;
	T_EQ(tc_link_change(g->f->link, &g->f->kernel, &iface, &done), 0);
	T_EQ(done.error, 0);
	T_EQ(fix_find(g->f, TC_CLASS, class_of(g, 4))->htb.overhead, 40);
	rig_free(g);
}

static struct tc_rule_counter heard[4];
static size_t heard_count;

static void
hear(void *arg, uint32_t serial, const struct tc_rule_counter *counter)
{
	(void)arg;
	T_EQ(serial, 9);
	heard[heard_count++] = *counter;
}

static void
counters_come_from_marks_and_classes(void)
{
	struct rig *g = rig_new();
	struct tc_rule rules[] = { fix_rule(4, 1000),
		fix_shaped(8, 2000, 50000) };

	rules[0].marks = true;
	g->f->listener.rule_counter = hear;
	g->count = (struct tc_mark_count){ 4, 100, 1, 200, 2 };
	T_EQ(put(g, rules, 2).error, 0);
	heard_count = 0;
	T_EQ(tc_rules_counters(g->f->link, &g->f->kernel, 9, &g->f->listener),
		0);
	T_EQ(heard_count, 2);
	T_EQ(heard[0].rule_id, 4);
	T_EQ(heard[0].in_bytes, 100);
	T_EQ(heard[0].in_packets, 1);
	T_EQ(heard[0].out_bytes, 200);
	T_EQ(heard[0].out_packets, 2);
	T_EQ(heard[0].classid, 0);
	T_EQ(heard[1].rule_id, 8);
	T_EQ(heard[1].in_bytes, 7000 - 7 * 14); /* without the link's header */
	T_EQ(heard[1].in_packets, 7);
	T_EQ(heard[1].out_packets, 3);
	T_EQ(heard[1].classid, class_of(g, 8));
	rig_free(g);
}

static void
impossible_rules_are_refused_with_their_id(void)
{
	struct rig *g = rig_new();
	struct tc_rule bad[7];
	struct tc_done done;

	for (size_t i = 0; i < 7; i++)
		bad[i] = fix_shaped((uint32_t)(100 + i), 2000, 50000);
	bad[0].rate_Bps = 1250001;
	bad[1].dscp = 64;
	bad[2].dscp_out = 64;
	bad[3].excess = TC_EXCESS_COUNT;
	bad[4].rate_Bps = 0;
	bad[5].matches[0].family = 5;
	bad[6].bucket_bytes = (uint64_t)UINT32_MAX + 1;
	for (size_t i = 0; i < 7; i++) {
		done = put(g, &bad[i], 1);
		T_CHECK(done.error == EINVAL, "rule %zu", i);
		T_EQ(done.flow_id, 100 + i);
		T_CHECK(done.text[0] != '\0', "no reason");
	}
	T_EQ(put(g, NULL, 0).error, 0);
	rig_free(g);
}

/* The actions of the nodes of a rule, in order, as text. */
static void
actions_of(const struct rig *g, uint32_t id, char *buf, size_t size)
{
	struct text t = text_over(buf, size);

	tc_objects_sort(&g->f->dry.objects);
	for (size_t i = 0; i < g->f->dry.objects.count; i++) {
		const struct tc_object *o = &g->f->dry.objects.all[i];

		if (tc_rule_of(o) != id || o->u32.link != 0 ||
			o->pref != TC_PREF_V4)
			continue;
		for (size_t k = 0; k < o->extra->action_count; k++)
			text_printf(&t, "%s%s", k > 0 ? " " : "",
				o->extra->actions[k].kind->name);
		text_add(&t, "; ");
	}
}

static void
a_full_kernel_marks_and_polices_in_the_filters(void)
{
	static const struct {
		struct tc_rule rule;
		const char *actions;
		bool class;
	} rows[] = {
		{ { .marks = true }, "pedit csum gact; ", false },
		{ { .deny = true }, "gact gact; ", false },
		{ { 0 }, "gact; ", false },
		{ { .marks = true,
			  .rate_Bps = 1000,
			  .bucket_bytes = 5000,
			  .marks_out = true },
			"police pedit csum gact; pedit csum gact; ", false },
		{ { .rate_Bps = 1000,
			  .bucket_bytes = 5000,
			  .marks_out = true, /* of no use: it is dropped */
			  .excess = TC_EXCESS_DROP },
			"police gact; gact gact; ", false },
		{ { .rate_Bps = 1000,
			  .bucket_bytes = 5000,
			  .guaranteed = true,
			  .excess = TC_EXCESS_DROP },
			"police gact; gact gact; ", true },
		{ { .marks = true,
			  .rate_Bps = 1000,
			  .bucket_bytes = 5000,
			  .excess = TC_EXCESS_DELAY },
			"pedit csum gact; ", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *g = rig_new();
		struct tc_rule r = rows[i].rule;
		char buf[256];

		g->full = true;
		r.id = 4;
		r.ifindex = FIX_IFINDEX;
		r.match_count = 1;
		r.matches[0].family = ADDR_V4;
		T_EQ(put(g, &r, 1).error, 0);
		actions_of(g, 4, buf, sizeof(buf));
		T_STR(buf, rows[i].actions);
		T_EQ(class_of(g, 4) != tc_classid(TC_MINOR_BEST),
			rows[i].class);
		T_EQ(g->mark_calls, 0);
		rig_free(g);
	}
}

static int
gacts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	const struct tc_gact_count counts[] = {
		{ tc_rule_counter(4, TC_RULE_IN), 100, 1 },
		{ tc_rule_counter(4, TC_RULE_OUT), 200, 2 },
		{ 77, 300, 3 },
	};

	(void)arg;
	T_CHECK(kind == &tc_action_gact, "%s", kind->name);
	for (size_t i = 0; i < 3; i++)
		tell(tell_arg, &counts[i]);
	return 0;
}

static void
counters_of_a_full_kernel_are_those_of_its_actions(void)
{
	struct rig *g = rig_new();
	const struct tc_rule r = fix_rule(4, 1000);

	g->full = true;
	g->f->kernel.acts = gacts;
	g->f->listener.rule_counter = hear;
	T_EQ(put(g, &r, 1).error, 0);
	heard_count = 0;
	T_EQ(tc_rules_counters(g->f->link, &g->f->kernel, 9, &g->f->listener),
		0);
	T_EQ(heard_count, 1);
	T_EQ(heard[0].in_bytes, 100 - 14);
	T_EQ(heard[0].in_packets, 1);
	T_EQ(heard[0].out_bytes, 200 - 2 * 14);
	T_EQ(heard[0].out_packets, 2);
	rig_free(g);
}

/* One of the nodes of a rule asks for that. */
static bool
asks_for(const struct rig *g, uint32_t id, uint32_t value, uint32_t mask)
{
	for (size_t i = 0; i < g->f->dry.objects.count; i++) {
		const struct tc_object *o = &g->f->dry.objects.all[i];

		if (tc_rule_of(o) != id || o->u32.link != 0)
			continue;
		for (size_t k = 0; k < o->u32.key_count; k++)
			if (o->u32.keys[k].value == value &&
				o->u32.keys[k].mask == mask)
				return true;
	}
	return false;
}

/* A range takes several nodes, and so do several matches. */
static void
all_of_a_range_goes_to_the_class(void)
{
	struct rig *g = rig_new();
	struct tc_rule r = fix_shaped(7, 80, 100000);
	const uint16_t lasts[] = { 80, 82, 86 };
	const size_t nodes[] = { 1, 2, 3 };

	for (size_t i = 0; i < 3; i++) {
		r.matches[0].dst_port_last = lasts[i];
		T_EQ(put(g, &r, 1).error, 0);
		T_EQ(fix_nodes(g->f, class_of(g, 7)), nodes[i]);
		T_CHECK(asks_for(g, 7, 80,
				i == 0   ? 0xffff
				: i == 1 ? 0xfffe
					 : 0xfffc),
			"to %u", lasts[i]);
	}
	r.match_count = 2;
	r.matches[1] = r.matches[0];
	r.matches[1].proto = 6;
	T_EQ(put(g, &r, 1).error, 0);
	T_EQ(fix_nodes(g->f, class_of(g, 7)), 6);
	rig_free(g);
}

static struct t_case cases[] = {
	{ "all of a range goes to the class",
		all_of_a_range_goes_to_the_class },
	{ "a shaped rule has a class and a node",
		a_shaped_rule_has_a_class_and_a_node },
	{ "what a class may send follows from the rule",
		what_a_class_may_send_follows_from_the_rule },
	{ "a rule stands ahead of reservations or behind",
		a_rule_stands_ahead_of_reservations_or_behind },
	{ "an equal set touches nothing", an_equal_set_touches_nothing },
	{ "a new rate changes the class alone",
		a_new_rate_changes_the_class_alone },
	{ "another list is complete before it is used",
		another_list_is_complete_before_it_is_used },
	{ "every refused step is undone", every_refused_step_is_undone },
	{ "refused marks take the filters back",
		refused_marks_take_the_filters_back },
	{ "marks are kept off reservations", marks_are_kept_off_reservations },
	{ "without a marker marks are refused",
		without_a_marker_marks_are_refused },
	{ "rules are adopted", rules_are_adopted },
	{ "a class without a rule goes when it is empty",
		a_class_without_a_rule_goes_when_it_is_empty },
	{ "a queue that does not empty goes in the end",
		a_queue_that_does_not_empty_goes_in_the_end },
	{ "new settings reach the classes", new_settings_reach_the_classes },
	{ "counters come from marks and classes",
		counters_come_from_marks_and_classes },
	{ "impossible rules are refused with their id",
		impossible_rules_are_refused_with_their_id },
	{ "a full kernel marks and polices in the filters",
		a_full_kernel_marks_and_polices_in_the_filters },
	{ "counters of a full kernel are those of its actions",
		counters_of_a_full_kernel_are_those_of_its_actions },
};
T_MAIN(cases)
