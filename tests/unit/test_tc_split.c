/* SPDX-License-Identifier: ISC */

/* Hash buckets that are split while packets go through: tcctl/hash.c, nodes.c
 * and split.c. */

#include "tc_walk.h"

#include <errno.h>

enum { FLOWS = 120 };

/* A link with flows that all begin in one bucket, and a kernel that stops
 * (as tcctl would when killed) or refuses after so many operations. */
struct world {
	struct fix *f;
	struct tc_filter filters[FLOWS];
	uint32_t classids[FLOWS];
	size_t count;
	size_t steps;      /* done so far */
	size_t dies_after; /* 0: never */
	size_t refuses_at; /* 0: never */
	size_t refuses;    /* so many more after it */
	size_t checked;
	size_t notes;
	bool broken; /* not to be checked before it is repaired */
	size_t adopted;
	struct tc_kernel inner;
	struct tc_roots roots;
};

static void
check_flow(struct walk *w, const struct world *world, size_t i)
{
	uint8_t bytes[128];
	const struct tc_filter *f = &world->filters[i];
	struct tc_filter other = *f;

	T_EQ(class_of(w, bytes,
		     f->dst.family == ADDR_V4
			     ? packet4(bytes, f, (unsigned)i % 11, 0)
			     : packet6(bytes, f)),
		world->classids[i]);
	other.proto = 6;
	T_EQ(class_of(w, bytes,
		     f->dst.family == ADDR_V4 ? packet4(bytes, &other, 0, 0)
					      : packet6(bytes, &other)),
		0);
}

/* Every flow's packets go where they belong. */
static void
check_world(const struct world *world)
{
	struct walk w = { .tree = { .alloc = alloc_heap() },
		.roots = world->roots };

	for (size_t i = 0; i < world->f->dry.objects.count; i++) {
		const struct tc_object *o = &world->f->dry.objects.all[i];
		struct tc_object *copy =
			o->type == TC_FILTER ? tc_objects_add(&w.tree) : NULL;

		if (copy)
			*copy = *o;
	}
	w.sorted = true;
	tc_objects_sort(&w.tree);
	for (size_t i = 0; i < world->count; i++)
		check_flow(&w, world, i);
	tc_objects_done(&w.tree);
}

static int
run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct world *w = (struct world *)arg;

	for (size_t i = 0; i < count; i++) {
		if (w->dies_after != 0 && w->steps == w->dies_after)
			return -EPIPE;
		w->steps++;
		if (w->refuses_at != 0 && w->steps >= w->refuses_at &&
			w->steps - w->refuses_at <= w->refuses) {
			ret_results[i] = (struct tc_result){ .error = EPERM };
			continue;
		}
		T_EQ(w->inner.run(w->inner.arg, &ops[i], 1, &ret_results[i]),
			0);
		if (!w->broken && w->checked++ % 7 == 0)
			check_world(w);
	}
	return 0;
}

static int
dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct world *w = (const struct world *)arg;

	return w->inner.dump(w->inner.arg, ifindex, into);
}

static int
stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	const struct world *w = (const struct world *)arg;

	return w->inner.stats(
		w->inner.arg, ifindex, classids, count, ret_stats);
}

static int
stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	const struct world *w = (const struct world *)arg;

	return w->inner.stats_all(w->inner.arg, ifindex, tell, tell_arg);
}

static void
count_adopted(void *arg, uint32_t serial, const struct tc_flow *flow)
{
	struct world *w = (struct world *)arg;

	(void)serial;
	w->adopted++;
	T_EQ(flow->filter_count, 1);
}

static void
no_more(void *arg, uint32_t serial, const struct tc_done *done)
{
	(void)arg;
	(void)serial;
	(void)done;
}

static void
count_note(void *arg, const char *text)
{
	struct world *w = (struct world *)arg;

	T_CHECK(text[0] != '\0', "a note of nothing");
	w->notes++;
}

static struct tc_listener
listener_of(struct world *w)
{
	return (struct tc_listener){ .arg = w,
		.adopted = count_adopted,
		.done = no_more,
		.note = count_note };
}

typedef struct tc_filter filter_fn(size_t i);

static struct tc_filter
by_source(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);

	f.src.b[2] = (uint8_t)i;
	return f;
}

static struct tc_filter
by_port(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);

	f.dst_port = (uint16_t)(i * 16 + 4);
	return f;
}

/* Some with any source: they stay where they are. */
static struct tc_filter
by_source_port(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 5004, 0);

	f.src_port = (uint16_t)(1000 + i);
	if (i % 10 != 0)
		return f;
	f.src_port = 0;
	f.src = (struct addr){ 0 };
	f.dst.b[1] = (uint8_t)(i + 1);
	return f;
}

static struct tc_filter
by_v6_source(size_t i)
{
	struct tc_filter f =
		fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);

	f.src.b[5] = (uint8_t)i;
	return f;
}

static struct tc_filter
by_v6_port(size_t i)
{
	struct tc_filter f =
		fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);

	f.dst_port = (uint16_t)(i * 16 + 4);
	return f;
}

/* One key is not enough: no eight bits have more than four values. */
static struct tc_filter
by_two_octets(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);

	f.src.b[0] = (uint8_t)(i % 4);
	f.dst.b[0] = (uint8_t)(i / 4 % 4);
	f.src_port = (uint16_t)(i / 48 << 14 | (i / 16 % 3 + 1));
	return f;
}

/* Four buckets, of one key. */
static struct tc_filter
to_four_hosts(size_t i)
{
	struct tc_filter f = by_source(i / 4);

	f.dst.b[3] = (uint8_t)(i % 4);
	return f;
}

/* The third octet tells apart what is in each, the one across it all. */
static struct tc_filter
to_four_subnets(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.0", "10.0.0.1", 5004, 6000);

	f.dst.b[2] = (uint8_t)(i / 4);
	f.dst.b[3] = (uint8_t)(i % 4 << 4);
	return f;
}

/* By what no key sees. */
static struct tc_filter
by_protocol(size_t i)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 0, 0);

	f.proto = (uint8_t)(7 + i);
	return f;
}

/* Of two: what tells apart what is in one, does not in the other. */
static struct tc_filter
to_two_unlike_hosts(size_t i)
{
	struct tc_filter f = i % 2 ? by_source(i / 2) : by_port(i / 2);

	f.dst.b[3] = (uint8_t)(i % 2);
	return f;
}

/* Two buckets, of one key, but what comes to one has no ports. */
static struct tc_filter
by_two_ways(size_t i)
{
	struct tc_filter f = by_source(i / 2);

	if (i % 2)
		f.src_port = f.dst_port = 0;
	return f;
}

static filter_fn *const patterns[] = { by_source, by_port, by_source_port,
	by_v6_source, by_v6_port, by_two_octets, to_four_hosts,
	to_two_unlike_hosts, by_two_ways };

static void
add(struct world *w, size_t i, filter_fn *pattern)
{
	struct tc_flow flow = fix_flow((uint32_t)i + 1, 0);
	struct tc_done done;

	flow.rate_Bps = 1000;
	flow.filters[0] = pattern(i);
	done = fix_add(w->f, &flow);
	T_EQ(done.error, 0);
	w->filters[i] = flow.filters[0];
	w->classids[i] = done.classid;
	w->count = i + 1;
}

static struct world *
new_world(filter_fn *pattern)
{
	struct world *w = (struct world *)calloc(1, sizeof(*w));
	const struct tc_iface conf = fix_iface();

	T_CHECK(w != NULL, "memory");
	w->f = fix_new();
	T_EQ(fix_open(w->f, &conf), 0);
	for (size_t i = 0; i < FLOWS; i++)
		add(w, i, pattern);
	w->roots = w->f->link->shape.roots;
	w->inner = w->f->kernel;
	w->f->kernel = (struct tc_kernel){ .arg = w,
		.run = run,
		.dump = dump,
		.stats = stats,
		.stats_all = stats_all,
		.root = w->inner.root };
	return w;
}

static void
free_world(struct world *w)
{
	fix_free(w->f);
	free(w);
}

/* Until there is no more to do; an error when the kernel went away. */
static int
settle(struct world *w)
{
	const struct tc_listener ear = listener_of(w);
	bool more = true;

	for (int i = 0; i < 10000 && more; i++) {
		int error;

		more = false;
		error = tc_split_step(w->f->link, &w->f->kernel, &ear, &more);
		if (error != 0)
			return error;
	}
	T_CHECK(!more, "no end");
	return 0;
}

static size_t
longest(const struct world *w)
{
	struct tc_bucket *b;
	size_t cursor = 0;
	size_t most = 0;

	while ((b = tc_nodes_next(&w->f->link->nodes, &cursor)))
		most = b->count > most ? b->count : most;
	return most;
}

static size_t
tables(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		const struct tc_object *o = &w->f->dry.objects.all[i];

		n += o->type == TC_FILTER && o->u32.divisor != 0 &&
		     tc_hash_is_split(o->handle);
	}
	return n;
}

static void
a_long_bucket_is_split_without_a_gap(void)
{
	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
		struct world *w = new_world(patterns[p]);

		T_CHECK(longest(w) >= FLOWS / 4, "spread from the start");
		T_EQ(settle(w), 0);
		T_CHECK(longest(w) <= 16, "%zu nodes by pattern %zu",
			longest(w), p);
		T_CHECK(tables(w) > (patterns[p] == by_two_octets ? 1 : 0),
			"no table");
		check_world(w);
		free_world(w);
	}
}

static void
empty_tables_go(void)
{
	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
		struct world *w = new_world(patterns[p]);

		T_EQ(settle(w), 0);
		w->count = 0;
		for (uint32_t id = 1; id <= FLOWS; id++)
			(void)fix_del(w->f, id);
		T_EQ(settle(w), 0);
		T_EQ(settle(w), 0); /* tables whose links went last */
		T_EQ(tables(w), 0);
		T_EQ(w->f->link->nodes.count, 0);
		/* And it begins again. */
		for (size_t i = 0; i < FLOWS; i++)
			add(w, i, patterns[p]);
		T_EQ(settle(w), 0);
		T_CHECK(longest(w) <= 16, "%zu nodes", longest(w));
		check_world(w);
		free_world(w);
	}
}

static void
restart(struct world *w)
{
	const struct tc_iface conf = fix_iface();
	const struct tc_listener ear = listener_of(w);
	struct tc_done done;

	w->dies_after = w->refuses_at = 0;
	w->adopted = 0;
	tc_link_free(w->f->link);
	w->f->link = tc_link_new(alloc_heap(), &conf);
	T_CHECK(w->f->link != NULL, "memory");
	T_EQ(tc_link_open(w->f->link, &w->f->kernel, 1, &ear, &done), 0);
	T_CHECK(done.error == 0, "%s", done.text);
}

static void
check_restarted(struct world *w)
{
	restart(w);
	w->broken = false;
	T_EQ(w->adopted, FLOWS);
	T_EQ(w->f->link->nodes.count, FLOWS);
	check_world(w);
	T_EQ(settle(w), 0);
	T_EQ(settle(w), 0);
	T_CHECK(longest(w) <= 16, "%zu nodes", longest(w));
	T_EQ(w->f->link->nodes.closing, 0);
	check_world(w);
}

/* The kernel looks for the table of a node in a list of all of them. */
static void
buckets_share_a_table_whose_key_suits_them(void)
{
	static const struct {
		filter_fn *pattern;
		size_t tables;
		size_t parents;
	} wanted[] = { { by_source, 1, 1 }, { to_four_hosts, 1, 4 },
		{ to_two_unlike_hosts, 2, 1 }, { by_two_ways, 2, 1 } };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct world *w = new_world(wanted[i].pattern);

		T_EQ(settle(w), 0);
		T_EQ(tables(w), wanted[i].tables);
		T_EQ(w->f->link->nodes.splits[0]->parents, wanted[i].parents);
		/* Killed, it finds them so. */
		check_restarted(w);
		T_EQ(tables(w), wanted[i].tables);
		T_EQ(w->f->link->nodes.splits[0]->parents, wanted[i].parents);
		free_world(w);
	}
}

static void
the_key_suits_those_that_will_share_it(void)
{
	struct world *w = new_world(to_four_subnets);
	const struct tc_split *s;

	T_EQ(settle(w), 0);
	T_EQ(tables(w), 1);
	s = w->f->link->nodes.splits[0];
	T_EQ(s->parents, 4);
	T_EQ(s->nodes, FLOWS);
	T_EQ(s->hash.off, 16);
	T_EQ(s->hash.mask, 0xff0);
	free_world(w);
}

/* And nobody asks again before it has doubled. */
static void
without_a_better_key_a_bucket_stays_long(void)
{
	struct world *w = new_world(by_protocol);
	size_t cursor = 0;

	T_EQ(settle(w), 0);
	T_EQ(tables(w), 0);
	T_EQ(longest(w), FLOWS);
	T_EQ(tc_nodes_next(&w->f->link->nodes, &cursor)->limit, 2 * FLOWS);
	T_EQ(w->notes, 0);
	free_world(w);
}

/* While others have nodes there, their links stay; with the last, all go. */
static void
a_shared_table_goes_with_its_last_node(void)
{
	struct world *w = new_world(to_four_hosts);
	const struct tc_split *s;

	T_EQ(settle(w), 0);
	s = w->f->link->nodes.splits[0];
	w->count = 0;
	for (uint32_t id = 1; id < FLOWS; id++)
		(void)fix_del(w->f, id);
	T_EQ(settle(w), 0);
	T_EQ(tables(w), 1);
	T_EQ(s->nodes, 1);
	(void)fix_del(w->f, FLOWS);
	T_EQ(settle(w), 0);
	T_EQ(settle(w), 0);
	T_EQ(tables(w), 0);
	T_EQ(w->f->link->nodes.closing, 0);
	free_world(w);
}

static size_t
fill(struct fix *f, uint32_t first_id, uint32_t count, uint8_t host)
{
	const struct tc_listener ear = fix_listener(&f->ear);
	struct tc_flow flow = fix_flow(1, 5004);
	size_t found = 0;
	bool more = true;

	flow.rate_Bps = 1000;
	for (uint32_t i = 0; i < count; i++) {
		flow.id = first_id + i;
		flow.filters[0] = by_source(i % 256);
		flow.filters[0].dst.b[3] = host;
		flow.filters[0].src.b[1] = (uint8_t)(i / 256);
		T_EQ(fix_add(f, &flow).error, 0);
	}
	while (more) {
		more = false;
		T_EQ(tc_split_step(f->link, &f->kernel, &ear, &more), 0);
	}
	for (size_t i = 0; i < TC_SPLITS; i++)
		found += f->link->nodes.splits[i] != NULL;
	return found;
}

static void
a_full_table_is_not_shared(void)
{
	struct fix *f = fix_new();
	const struct tc_iface conf = fix_iface();

	T_EQ(fix_open(f, &conf), 0);
	T_EQ(fill(f, 1, 1000, 1), 1);
	T_EQ(f->link->nodes.splits[0]->nodes, 1000);
	T_EQ(fill(f, 2001, 24, 2), 1);  /* 1 024: there is room */
	T_EQ(fill(f, 3001, 17, 3), 2);  /* no more */
	T_EQ(fill(f, 4001, 100, 4), 2); /* in the second */
	T_EQ(f->link->nodes.splits[1]->nodes, 117);
	fix_free(f);
}

static void
killed_at_any_step_it_is_adopted(void)
{
	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++)
		for (size_t n = 1;; n += n < 30 ? 1 : 13) {
			struct world *w = new_world(patterns[p]);
			bool over;

			w->dies_after = n;
			over = settle(w) == 0;
			check_restarted(w);
			free_world(w);
			if (over)
				break;
		}
}

/* Each flow has its node once. */
static size_t
leaf_nodes(const struct world *w)
{
	struct tc_filter filter;
	struct tc_mark mark;
	size_t n = 0;

	for (size_t i = 0; i < w->f->dry.objects.count; i++)
		n += tc_u32_decode(&w->f->dry.objects.all[i], &filter, &mark);
	return n;
}

static void
refused_at_any_step_nothing_is_lost(void)
{
	for (size_t p = 0; p < 2; p++)
		for (size_t n = 1;; n += n < 16 ? 1 : 17) {
			struct world *w = new_world(patterns[p]);
			bool over;

			w->refuses_at = n;
			T_EQ(settle(w), 0);
			over = w->steps < n;
			check_world(w);
			T_EQ(leaf_nodes(w), FLOWS);
			T_EQ(w->f->link->nodes.count, FLOWS);
			T_EQ(w->notes, over ? 0 : 1);
			check_restarted(w);
			free_world(w);
			if (over)
				break;
		}
}

/* Nor that what was done be undone: it stays, and its number with it. */
static void
what_cannot_be_undone_is_not_used_again(void)
{
	for (size_t n = 1;; n += 3) {
		struct world *w = new_world(patterns[0]);
		size_t notes;
		bool over;

		w->refuses_at = n;
		w->refuses = 40;
		w->broken = true; /* a packet finds its class twice */
		T_EQ(settle(w), 0);
		over = w->steps < n;
		w->refuses_at = 0;
		notes = w->notes;
		w->f->link->nodes.long_ones = true;
		T_EQ(settle(w), 0);
		T_EQ(w->notes, notes);
		check_restarted(w);
		free_world(w);
		if (over)
			break;
	}
}

/* A table that is still in use is no reason to say anything, a link that cannot
 * be removed is. */
static void
refusals_at_the_end_of_a_table_are_told(void)
{
	size_t told = 0;
	bool over = false;

	for (size_t n = 1; !over; n++) {
		struct world *w = new_world(patterns[0]);

		T_EQ(settle(w), 0);
		w->count = 0;
		for (uint32_t id = 1; id <= FLOWS; id++)
			(void)fix_del(w->f, id);
		w->steps = 0;
		w->refuses_at = n;
		T_EQ(settle(w), 0);
		T_EQ(settle(w), 0);
		over = w->steps < n;
		told += w->notes;
		w->refuses_at = 0;
		w->f->link->nodes.long_ones = true; /* a reason to look again */
		T_EQ(settle(w), 0);
		T_EQ(settle(w), 0);
		T_EQ(tables(w), 0);
		free_world(w);
	}
	T_CHECK(told > 0, "nothing was told");
}

/* Somebody removed links, or put one where it makes no sense. */
static void
links_are_repaired_at_adoption(void)
{
	struct world *w = new_world(by_port);
	const struct tc_hash hash = { 0xff, 12, false };
	struct tc_object all[TC_SPLIT_LINKS];
	struct tc_object *bad;
	size_t links = 0;

	T_EQ(settle(w), 0);
	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		struct tc_object *o = &w->f->dry.objects.all[i];

		if (o->type != TC_FILTER || !tc_hash_is_split(o->u32.link) ||
			links++ % 3 == 0)
			continue;
		*o = w->f->dry.objects.all[--w->f->dry.objects.count];
		i--;
	}
	T_EQ(links, TC_SPLIT_LINKS);
	bad = tc_objects_add(&w->f->dry.objects);
	T_CHECK(bad != NULL, "memory");
	(void)tc_hash_links(FIX_IFINDEX, 0x02005000,
		(TC_SPLIT_FIRST + 9) << TC_U32_TABLE_SHIFT, &hash, all);
	*bad = all[0];
	bad = tc_objects_add(&w->f->dry.objects);
	T_CHECK(bad != NULL, "memory");
	*bad = all[0];
	bad->handle = 0x02006000 | TC_NODE_MAX;
	bad->u32.hmask = 0x7f; /* none of ours */
	w->broken = true;
	check_restarted(w);
	T_CHECK(fix_find(w->f, TC_FILTER, 0x02006000 | TC_NODE_MAX) == NULL,
		"it stayed");
	free_world(w);
}

static void
a_tree_made_again_has_its_tables(void)
{
	struct world *w = new_world(by_port);
	const struct tc_listener ear = listener_of(w);
	struct tc_done done;

	T_EQ(settle(w), 0);
	w->f->dry.objects.count = 0;
	w->f->kernel = w->inner;
	T_EQ(tc_link_rebuild(w->f->link, &w->f->kernel, &ear, &done), 0);
	T_EQ(done.error, 0);
	w->roots = w->f->link->shape.roots;
	check_world(w);
	T_CHECK(tables(w) > 0, "no table");
	free_world(w);
}

static void
counters_go_along(void)
{
	struct world *w = new_world(by_port);
	struct tc_record *r = tc_record_find(w->f->link, 5);
	struct tc_filter filter;
	struct tc_mark mark;
	size_t found = 0;

	r->base = (struct tc_base){ 1000, 10, 1 };
	T_EQ(settle(w), 0);
	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		if (!tc_u32_decode(&w->f->dry.objects.all[i], &filter, &mark) ||
			mark.flow_id != 5)
			continue;
		found++;
		T_EQ(mark.base.bytes, 1000);
		T_EQ(mark.base.packets, 10);
	}
	T_EQ(found, 1);
	free_world(w);
}

/* More in one burst than a bucket has numbers. */
static void
a_burst_is_relieved_at_once(void)
{
	struct fix *f = fix_new();
	const struct tc_iface conf = fix_iface();
	struct tc_flow flow = fix_flow(1, 5004);

	T_EQ(fix_open(f, &conf), 0);
	flow.filter_count = TC_FILTERS_MAX;
	for (uint32_t id = 1; id <= 70; id++) {
		flow.id = id;
		for (size_t i = 0; i < TC_FILTERS_MAX; i++) {
			flow.filters[i] = by_source(id);
			flow.filters[i].src_port = (uint16_t)(i + 1);
		}
		T_EQ(fix_add(f, &flow).error, 0);
	}
	T_EQ(f->link->nodes.count, 70 * TC_FILTERS_MAX);
	fix_free(f);
}

static struct t_case cases[] = {
	{ "a long bucket is split without a gap",
		a_long_bucket_is_split_without_a_gap },
	{ "buckets share a table whose key suits them",
		buckets_share_a_table_whose_key_suits_them },
	{ "the key suits those that will share it",
		the_key_suits_those_that_will_share_it },
	{ "without a better key a bucket stays long",
		without_a_better_key_a_bucket_stays_long },
	{ "a shared table goes with its last node",
		a_shared_table_goes_with_its_last_node },
	{ "a full table is not shared", a_full_table_is_not_shared },
	{ "empty tables go", empty_tables_go },
	{ "killed at any step it is adopted",
		killed_at_any_step_it_is_adopted },
	{ "refused at any step nothing is lost",
		refused_at_any_step_nothing_is_lost },
	{ "what cannot be undone is not used again",
		what_cannot_be_undone_is_not_used_again },
	{ "refusals at the end of a table are told",
		refusals_at_the_end_of_a_table_are_told },
	{ "links are repaired at adoption", links_are_repaired_at_adoption },
	{ "a tree made again has its tables",
		a_tree_made_again_has_its_tables },
	{ "counters go along", counters_go_along },
	{ "a burst is relieved at once", a_burst_is_relieved_at_once },
};
T_MAIN(cases)
