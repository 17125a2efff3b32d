/* SPDX-License-Identifier: ISC */

/* Which pairs of addresses have a counter of packets whose ports are hidden:
 * tcctl/hidden.c. */

#include "tc_refusing.h"

enum { MOST = 64 };

struct rig {
	struct layer layer;
	struct fix *f;
	bool no_gact;
	bool no_mirred;
	bool refuses; /* all that counts */
	size_t runs;  /* of nodes that count */
	size_t looks;
	/* What the kernel has counted. */
	uint32_t indexes[MOST];
	uint64_t packets[MOST];
	size_t count;
};

static int
rig_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct rig *g = (struct rig *)arg;

	for (size_t i = 0; i < count; i++) {
		const struct tc_object *o = tc_op_object(&ops[i]);
		bool counts = tc_is_hidden_node(o);
		const struct tc_action_kind *kind =
			counts ? o->extra->actions[0].kind : NULL;

		g->runs += counts;
		if ((kind == &tc_action_gact && g->no_gact) ||
			(kind == &tc_action_mirred && g->no_mirred) ||
			(counts && g->refuses)) {
			ret_results[i] = (struct tc_result){ ENOSPC, "no" };
			continue;
		}
		layer_one(g, &ops[i], &ret_results[i]);
	}
	return 0;
}

static int
rig_acts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	struct rig *g = (struct rig *)arg;

	T_CHECK(kind == (g->no_gact ? &tc_action_mirred : &tc_action_gact),
		"of kind %s", kind->name);
	g->looks++;
	for (size_t i = 0; i < g->count; i++) {
		const struct tc_gact_count c = { g->indexes[i], 9,
			g->packets[i] };

		tell(tell_arg, &c);
	}
	return 0;
}

static void
rig_init(struct rig *g)
{
	const struct tc_iface iface = fix_iface();

	*g = (struct rig){ .f = fix_new() };
	g->f->kernel = layer_over(&g->layer, tc_dry_kernel(&g->f->dry));
	g->f->kernel.run = rig_run;
	g->f->kernel.acts = rig_acts;
	T_EQ(fix_open(g->f, &iface), 0);
	fix_idle(g->f);
}

/* Until nothing is left but a look later on. */
static void
settle(struct rig *g)
{
	struct fix *f = g->f;

	for (int i = 0;; i++) {
		struct mono due = tc_hidden_next(f->link);

		T_CHECK(i < 200, "without end");
		if (due.us > f->now.us + 9000000)
			return;
		f->now = mono_reached(due, f->now) ? f->now : due;
		T_EQ(tc_hidden_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
}

static void
look(struct rig *g)
{
	g->f->now = mono_add_ms(g->f->now, 10000);
	T_EQ(tc_hidden_step(
		     g->f->link, &g->f->kernel, g->f->now, &g->f->listener),
		0);
}

static size_t
nodes_in(const struct rig *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->f->dry.objects.count; i++)
		n += tc_is_hidden_node(&g->f->dry.objects.all[i]);
	return n;
}

/* The kernel counts so many for the i-th node. */
static void
hits(struct rig *g, size_t nth, uint64_t packets)
{
	for (size_t i = 0, n = 0; i < g->f->dry.objects.count; i++) {
		const struct tc_object *o = &g->f->dry.objects.all[i];

		if (!tc_is_hidden_node(o) || n++ != nth)
			continue;
		g->indexes[g->count] = o->extra->actions[0].index;
		g->packets[g->count++] = packets;
		return;
	}
	T_CHECK(false, "no node %zu", nth);
}

static const struct tc_counter *
counter_of(struct rig *g, uint32_t flow_id)
{
	struct fix_ear *ear = &g->f->ear;

	ear->counter_count = 0;
	T_EQ(tc_link_counters(g->f->link, &g->f->kernel, 1, 0, &g->f->listener),
		0);
	for (size_t i = 0; i < ear->counter_count; i++)
		if (ear->counters[i].flow_id == flow_id)
			return &ear->counters[i];
	T_CHECK(false, "no flow %u", flow_id);
	return NULL;
}

static void
expect(struct rig *g, uint32_t flow_id, uint64_t fragments, uint64_t extensions)
{
	const struct tc_counter *c = counter_of(g, flow_id);

	T_CHECK(c->hidden_counted, "flow %u is not counted", flow_id);
	T_EQ(c->hidden_fragments, fragments);
	T_EQ(c->hidden_extensions, extensions);
}

static struct tc_flow
flow6(uint32_t id)
{
	struct tc_flow flow = fix_flow(id, 5004);

	flow.filters[0] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	return flow;
}

static void
pairs_come_and_go_behind_their_flows(void)
{
	struct rig g;
	struct tc_flow flow = fix_flow(7, 5004);
	struct mono began;

	rig_init(&g);
	T_EQ(tc_hidden_next(g.f->link).us, MONO_NEVER.us);
	began = g.f->now;
	T_EQ(fix_add(g.f, &flow).error, 0);
	T_EQ(mono_ms_between(began, tc_hidden_next(g.f->link)), 500);
	T_EQ(nodes_in(&g), 0);
	T_CHECK(!counter_of(&g, 7)->hidden_counted, "already");
	settle(&g);
	T_EQ(nodes_in(&g), 1);
	/* Another of the pair: no further node. */
	flow = fix_flow(8, 5005);
	T_EQ(fix_add(g.f, &flow).error, 0);
	settle(&g);
	T_EQ(nodes_in(&g), 1);
	flow = flow6(9);
	T_EQ(fix_add(g.f, &flow).error, 0);
	settle(&g);
	T_EQ(nodes_in(&g), 3);
	T_CHECK(fix_del(g.f, 7), "del");
	settle(&g);
	T_EQ(nodes_in(&g), 3);
	T_CHECK(fix_del(g.f, 8) && fix_del(g.f, 9), "del");
	settle(&g);
	T_EQ(nodes_in(&g), 0);
	T_EQ(tc_hidden_next(g.f->link).us, MONO_NEVER.us);
	fix_free(g.f);
}

static void
counts_are_those_of_the_pair_and_of_the_interface(void)
{
	struct rig g;
	struct tc_flow flow = fix_flow(7, 5004);

	rig_init(&g);
	flow.filter_count = 3; /* two of them between the same hosts */
	flow.filters[1] = flow.filters[0];
	flow.filters[1].dst_port = 5006;
	flow.filters[2] = flow6(0).filters[0];
	T_EQ(fix_add(g.f, &flow).error, 0);
	flow = flow6(8);
	flow.filters[0].dst_port = 5007;
	T_EQ(fix_add(g.f, &flow).error, 0);
	settle(&g);
	T_EQ(nodes_in(&g), 3);
	expect(&g, 7, 0, 0);
	hits(&g, 0, 5);
	hits(&g, 1, 20);
	hits(&g, 2, 300);
	/* Not ours: of rules, of other interfaces, of a place without a pair.
	 */
	g.indexes[g.count] = 77;
	g.packets[g.count++] = 1;
	g.indexes[g.count] = g.indexes[0] + (1 << 13);
	g.packets[g.count++] = 1;
	g.indexes[g.count] = g.indexes[0] + 200;
	g.packets[g.count++] = 1;
	expect(&g, 7, 25, 300);
	expect(&g, 8, 20, 300);
	expect(&g, 0, 25, 300);
	/* Made again by somebody: it goes on. */
	g.packets[0] = 2;
	expect(&g, 7, 27, 300);
	/* What was counted for one that is gone is the interface's. */
	T_CHECK(fix_del(g.f, 7), "del");
	settle(&g);
	expect(&g, 0, 27, 300);
	expect(&g, 8, 20, 300);
	fix_free(g.f);
}

static void
each_kind_is_told_once(void)
{
	struct rig g;
	struct tc_flow flow = flow6(7);

	rig_init(&g);
	T_EQ(fix_add(g.f, &flow).error, 0);
	settle(&g);
	look(&g);
	T_EQ(g.f->ear.notes, 0);
	hits(&g, 0, 1);
	look(&g);
	T_EQ(g.f->ear.notes, 1);
	T_STR(g.f->ear.note,
		"eth0: flow 7: fragments from 2001:db8::1 to 2001:db8::2, "
		"protocol 17, go as best effort: they show no ports; the "
		"sender should keep packets within the path MTU (M of its "
		"Tspec)");
	g.packets[0] = 9;
	look(&g);
	T_EQ(g.f->ear.notes, 1);
	hits(&g, 1, 4);
	look(&g);
	T_EQ(g.f->ear.notes, 2);
	T_STR(g.f->ear.note,
		"eth0: flow 7: packets with extension headers from "
		"2001:db8::1 to 2001:db8::2, protocol 17, go as best effort: "
		"their ports are not where the kernel looks; reserve by flow "
		"label");
	look(&g);
	T_EQ(g.f->ear.notes, 2);
	fix_free(g.f);
}

/* Flows to as many hosts. */
static void
add_flows(struct rig *g, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		struct tc_flow flow = fix_flow(i + 1, 5004);

		flow.rate_Bps = 1000;
		flow.filters[0].dst.b[1] = (uint8_t)(i >> 8);
		flow.filters[0].dst.b[3] = (uint8_t)i;
		T_EQ(fix_add(g->f, &flow).error, 0);
		fix_idle(g->f);
	}
}

static void
many_are_told_a_few_at_a_time(void)
{
	struct rig g;

	rig_init(&g);
	add_flows(&g, 0, 20);
	settle(&g);
	for (size_t i = 0; i < 20; i++)
		hits(&g, i, 1);
	look(&g);
	T_EQ(g.f->ear.notes, 8);
	look(&g);
	T_EQ(g.f->ear.notes, 16);
	look(&g);
	T_EQ(g.f->ear.notes, 20);
	look(&g);
	T_EQ(g.f->ear.notes, 20);
	fix_free(g.f);
}

/* Each flow that comes or goes makes a look of its own. */
static void
coming_and_going_makes_no_more_lines(void)
{
	struct rig g;

	rig_init(&g);
	for (uint32_t turn = 0; turn < 30; turn++) {
		add_flows(&g, 0, 1);
		settle(&g);
		hits(&g, 0, 1);
		T_CHECK(fix_del(g.f, 1), "del");
		settle(&g);
	}
	T_CHECK(g.f->ear.notes >= 8, "some are told: %zu", g.f->ear.notes);
	T_CHECK(g.f->ear.notes <= 24, "not all: %zu", g.f->ear.notes);
	fix_free(g.f);
}

static void
many_are_made_in_steps(void)
{
	struct rig g;

	rig_init(&g);
	add_flows(&g, 0, 150);
	g.f->now = mono_add_ms(g.f->now, 60000);
	g.runs = 0;
	for (size_t want = 64;; want += 64) {
		T_EQ(tc_hidden_step(
			     g.f->link, &g.f->kernel, g.f->now, &g.f->listener),
			0);
		T_EQ(nodes_in(&g), want < 150 ? want : 150);
		if (want >= 150)
			break;
		T_EQ(tc_hidden_next(g.f->link).us, g.f->now.us);
	}
	T_EQ(mono_ms_between(g.f->now, tc_hidden_next(g.f->link)), 10000);
	T_EQ(g.runs, 152); /* two to find out whether it can */
	/* With a look before the first alone. */
	for (uint32_t id = 1; id <= 150; id++)
		T_CHECK(fix_del(g.f, id), "del %u", id);
	g.f->now = mono_add_ms(g.f->now, 60000);
	g.looks = 0;
	T_EQ(tc_hidden_step(g.f->link, &g.f->kernel, g.f->now, &g.f->listener),
		0);
	T_EQ(g.looks, 1);
	T_EQ(nodes_in(&g), 150);
	T_EQ(tc_hidden_next(g.f->link).us, g.f->now.us);
	settle(&g);
	T_EQ(g.looks, 1);
	T_EQ(nodes_in(&g), 0);
	/* Others later have one of their own. */
	add_flows(&g, 0, 1);
	settle(&g);
	T_EQ(g.looks, 1);
	look(&g);
	T_EQ(g.looks, 2);
	fix_free(g.f);
}

/* A place rests, since its action may live on for a moment. */
static void
places_come_round(void)
{
	struct rig g;
	uint32_t first;

	rig_init(&g);
	add_flows(&g, 0, 1);
	settle(&g);
	first = g.f->link->hidden.all->place;
	T_CHECK(fix_del(g.f, 1), "del");
	settle(&g);
	for (uint32_t i = 1; i < TC_HIDDEN_MAX; i++) {
		add_flows(&g, i % 4, 1);
		settle(&g);
		T_EQ(g.f->link->hidden.all->place, (first + i) % TC_HIDDEN_MAX);
		T_CHECK(fix_del(g.f, i % 4 + 1), "del");
		settle(&g);
	}
	fix_free(g.f);
}

/* A flow from many senders. */
static void
add_senders(struct rig *g, uint32_t id)
{
	struct tc_flow flow = fix_flow(id, 5004);

	flow.rate_Bps = 1000;
	flow.filter_count = TC_FILTERS_MAX;
	for (uint32_t i = 0; i < TC_FILTERS_MAX; i++) {
		flow.filters[i] = flow.filters[0];
		flow.filters[i].dst.b[2] = (uint8_t)id;
		flow.filters[i].src.b[3] = (uint8_t)(i + 1);
	}
	T_EQ(fix_add(g->f, &flow).error, 0);
	fix_idle(g->f);
}

/* Places that come free are for those that had found none. */
static void
those_without_a_place_wait_for_one(void)
{
	enum { FLOWS = TC_HIDDEN_MAX / TC_FILTERS_MAX + 1 };
	struct rig g;

	rig_init(&g);
	for (uint32_t i = 0; i < FLOWS; i++)
		add_senders(&g, i + 1);
	settle(&g);
	T_EQ(nodes_in(&g), TC_HIDDEN_MAX);
	T_CHECK(fix_del(g.f, 1), "del");
	settle(&g);
	look(&g);
	settle(&g);
	T_EQ(nodes_in(&g), (FLOWS - 1) * TC_FILTERS_MAX);
	fix_free(g.f);
}

static void
means_are_found_out(void)
{
	static const struct {
		bool no_gact;
		bool no_mirred;
		enum tc_hidden_means means;
	} rows[] = { { false, false, TC_HIDDEN_GACT },
		{ true, false, TC_HIDDEN_MIRRED },
		{ true, true, TC_HIDDEN_NONE } };

	for (size_t i = 0; i < 3; i++) {
		const struct tc_flow flow = fix_flow(7, 5004);
		const struct tc_flow other = fix_flow(8, 5005);
		bool can = rows[i].means != TC_HIDDEN_NONE;
		struct rig g;

		rig_init(&g);
		g.no_gact = rows[i].no_gact;
		g.no_mirred = rows[i].no_mirred;
		T_EQ(fix_add(g.f, &flow).error, 0);
		settle(&g);
		T_EQ(g.f->link->hidden.means, rows[i].means);
		T_EQ(nodes_in(&g), can);
		T_EQ(counter_of(&g, 7)->hidden_counted, can);
		T_EQ(counter_of(&g, 0)->hidden_counted, can);
		T_EQ(g.f->ear.notes, 0);
		T_CHECK(!g.f->link->unclean, "something is left");
		/* It is not asked again. */
		g.runs = 0;
		T_EQ(fix_add(g.f, &other).error, 0);
		settle(&g);
		T_EQ(g.runs, 0);
		fix_free(g.f);
	}
}

static void
refused_one_is_told_once_and_tried_again(void)
{
	struct rig g;

	rig_init(&g);
	add_flows(&g, 0, 1);
	settle(&g);
	g.refuses = true;
	add_flows(&g, 1, 3);
	settle(&g);
	T_EQ(nodes_in(&g), 1);
	T_EQ(g.f->ear.notes, 1);
	T_CHECK(strstr(g.f->ear.note, "no") != NULL, "%s", g.f->ear.note);
	/* Not at each look, but when the flows are others. */
	g.runs = 0;
	look(&g);
	T_EQ(g.runs, 0);
	g.refuses = false;
	add_flows(&g, 4, 1);
	settle(&g);
	T_EQ(nodes_in(&g), 5);
	fix_free(g.f);
}

/* ---- another start ------------------------------------------------------- */

static void
restart(struct rig *g)
{
	const struct tc_iface iface = g->f->link->conf;

	memset(&g->f->ear, 0, sizeof(g->f->ear));
	T_EQ(fix_open(g->f, &iface), 0);
}

static void
counters_are_adopted(void)
{
	struct rig g;
	const struct tc_flow flow = flow6(7);
	uint32_t place;
	char *before;
	char *after;

	rig_init(&g);
	T_EQ(fix_add(g.f, &flow).error, 0);
	add_flows(&g, 20, 1);
	settle(&g);
	hits(&g, 0, 3);
	hits(&g, 1, 4);
	hits(&g, 2, 5);
	fix_idle(g.f);
	before = fix_picture(g.f);
	restart(&g);
	g.runs = 0;
	T_EQ(tc_hidden_next(g.f->link).us, 0);
	settle(&g);
	T_EQ(g.runs, 0);
	fix_idle(g.f);
	after = fix_picture(g.f);
	T_STR(after, before);
	expect(&g, 0, 8, 4);
	expect(&g, 7, 3, 4);
	expect(&g, 21, 5, 0);
	for (place = 0;
		g.f->link->hidden.places[place]->pair.dst.family != ADDR_V6;
		place++)
		;
	/* Its flow is nobody's, and goes. */
	T_CHECK(fix_del(g.f, 7), "del");
	settle(&g);
	T_EQ(nodes_in(&g), 1);
	/* The next place is another one, and not that which has just been given
	 * back. */
	add_flows(&g, 30, 1);
	settle(&g);
	T_EQ(nodes_in(&g), 2);
	T_CHECK(!g.f->link->hidden.places[place], "at once");
	free(before);
	free(after);
	fix_free(g.f);
}

/* The name of a flow, or nothing. */
static void
what_is_adopted_is_told_with_its_flow(void)
{
	const char want[] = "eth0: flow 7: fragments from 10.0.0.1 ";
	struct rig g;
	const struct tc_flow flow = fix_flow(7, 5004);

	rig_init(&g);
	T_EQ(fix_add(g.f, &flow).error, 0);
	add_flows(&g, 20, 1);
	settle(&g);
	hits(&g, 0, 3);
	fix_idle(g.f);
	restart(&g);
	settle(&g);
	T_EQ(g.f->ear.notes, 1);
	T_CHECK(strncmp(g.f->ear.note, want, sizeof(want) - 1) == 0, "%s",
		g.f->ear.note);
	fix_free(g.f);
}

static struct tc_object *
nth_node(struct rig *g, size_t nth)
{
	for (size_t i = 0, n = 0; i < g->f->dry.objects.count; i++)
		if (tc_is_hidden_node(&g->f->dry.objects.all[i]) && n++ == nth)
			return &g->f->dry.objects.all[i];
	T_CHECK(false, "no node %zu", nth);
	return NULL;
}

/* A half that was left, one that says something else, one that is there
 * twice. */
static void
rests_are_cleared_away(void)
{
	for (int what = 0; what < 3; what++) {
		struct rig g;
		const struct tc_flow flow = flow6(7);
		struct tc_object *o;
		char *before;
		char *after;

		rig_init(&g);
		T_EQ(fix_add(g.f, &flow).error, 0);
		add_flows(&g, 20, 1);
		settle(&g);
		fix_idle(g.f);
		before = fix_picture(g.f);
		o = nth_node(&g, 1);
		if (what == 0) {
			*o = g.f->dry.objects.all[--g.f->dry.objects.count];
		} else if (what == 1) {
			o->u32.keys[0].value ^= 1;
		} else {
			const struct tc_object one = *nth_node(&g, 0);
			struct tc_object *twin =
				tc_objects_copy(&g.f->dry.objects, &one);

			twin->handle += 9;
			twin->extra->actions[0].index += 18;
			tc_objects_sort(&g.f->dry.objects);
		}
		restart(&g);
		settle(&g);
		fix_idle(g.f);
		T_EQ(nodes_in(&g), 3);
		after = fix_picture(g.f);
		if (what == 2)
			T_STR(after, before);
		T_EQ(look_at_all(g.f), 0);
		free(before);
		free(after);
		fix_free(g.f);
	}
}

/* What others remove, change or put between them. */
static void
drift_is_repaired(void)
{
	for (int what = 0; what < 4; what++) {
		struct rig g;
		const struct tc_flow flow = flow6(7);
		struct tc_object *o;
		struct tc_event event = { .ifindex = FIX_IFINDEX,
			.type = TC_FILTER,
			.parent = TC_ROOT_HANDLE,
			.pref = TC_PREF_V6,
			.protocol = 0x86dd };
		char *before;
		char *after;

		rig_init(&g);
		T_EQ(fix_add(g.f, &flow).error, 0);
		settle(&g);
		fix_idle(g.f);
		before = fix_picture(g.f);
		o = nth_node(&g, 1);
		event.handle = o->handle;
		if (what == 0) {
			event.gone = true;
			*o = g.f->dry.objects.all[--g.f->dry.objects.count];
		} else if (what == 1) {
			o->extra->actions[0].control = TC_VERDICT_DROP;
		} else if (what == 2) {
			struct tc_object stranger = *o;

			stranger.handle++;
			event.handle++;
			*tc_objects_add(&g.f->dry.objects) = stranger;
			tc_objects_sort(&g.f->dry.objects);
		}
		tc_drift_event(g.f->link, what == 3 ? NULL : &event, g.f->now);
		while (tc_drift_next(g.f->link).us != MONO_NEVER.us) {
			g.f->now = tc_drift_next(g.f->link);
			T_EQ(tc_drift_step(g.f->link, &g.f->kernel, g.f->now,
				     &g.f->listener),
				0);
		}
		after = fix_picture(g.f);
		T_STR(after, before);
		T_EQ(g.f->ear.drift_count, what == 3 ? 0 : 1);
		free(before);
		free(after);
		fix_free(g.f);
	}
}

/* The tree was removed and is made again. */
static void
new_tree_has_them_again(void)
{
	struct rig g;
	struct tc_done done;
	const struct tc_flow flow = flow6(7);

	rig_init(&g);
	T_EQ(fix_add(g.f, &flow).error, 0);
	settle(&g);
	hits(&g, 0, 8);
	expect(&g, 7, 8, 0);
	tc_objects_done(&g.f->dry.objects);
	g.f->dry.next_root = 0;
	g.count = 0;
	T_EQ(tc_link_rebuild(g.f->link, &g.f->kernel, &g.f->listener, &done),
		0);
	T_EQ(done.error, 0);
	T_EQ(nodes_in(&g), 0);
	settle(&g);
	T_EQ(nodes_in(&g), 2);
	hits(&g, 0, 2);
	expect(&g, 7, 10, 0);
	T_EQ(tc_link_close(g.f->link, &g.f->kernel, &done), 0);
	T_EQ(done.error, 0);
	T_CHECK(!g.f->link->hidden.all, "still in the books");
	fix_free(g.f);
}

static struct t_case cases[] = {
	{ "pairs come and go behind their flows",
		pairs_come_and_go_behind_their_flows },
	{ "counts are those of the pair and of the interface",
		counts_are_those_of_the_pair_and_of_the_interface },
	{ "each kind is told once", each_kind_is_told_once },
	{ "many are told a few at a time", many_are_told_a_few_at_a_time },
	{ "coming and going makes no more lines",
		coming_and_going_makes_no_more_lines },
	{ "many are made in steps", many_are_made_in_steps },
	{ "places come round", places_come_round },
	{ "those without a place wait for one",
		those_without_a_place_wait_for_one },
	{ "means are found out", means_are_found_out },
	{ "a refused one is told once and tried again",
		refused_one_is_told_once_and_tried_again },
	{ "counters are adopted", counters_are_adopted },
	{ "what is adopted is told with its flow",
		what_is_adopted_is_told_with_its_flow },
	{ "rests are cleared away", rests_are_cleared_away },
	{ "drift is repaired", drift_is_repaired },
	{ "a new tree has them again", new_tree_has_them_again },
};

T_MAIN(cases)
