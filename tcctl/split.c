/* SPDX-License-Identifier: ISC */

/*
 * Hash buckets that have become long are split while traffic runs, a little at
 * a time: a further table with a better key, or one that others have already,
 * linked behind the nodes that are there, and then node by node first added
 * below and then removed above.  A packet meets one or the other, and both say
 * the same class.  An empty table goes again.
 *
 * Whoever is killed in between leaves a layout that adoption understands: what
 * is on a filter's way is in place, and a node that is there twice goes once.
 */

#include "link_int.h"

#include <errno.h>

enum {
	MOVES_MAX = 32,
	SHARED_NODES = 4 * TC_SPLIT_BUCKETS, /* more get a table of their own */
	SHARED_WAY = 6,   /* nodes that a packet may meet there */
	OTHERS_EACH = 8,  /* filters of a bucket that may come to share, */
	OTHERS_MAX = 2048 /* and of all */
};

static void
refused(struct tc_link *link, const char *text,
	const struct tc_listener *listener)
{
	link->nodes.long_ones = false; /* until there is reason to try again */
	if (listener)
		listener->note(listener->arg, text);
}

/* ---- a further table ----------------------------------------------------- */

/* The flow's node that has that number; NULL: not now. */
static struct tc_node *
node_of(const struct tc_link *link, const struct tc_bucket *b, size_t i,
	struct tc_record **ret_record)
{
	struct tc_record *r = tc_record_find(link, b->used[i].flow_id);

	for (size_t n = 0; r && !r->busy && n < r->node_count; n++)
		if (r->nodes[n].handle == (b->handle | b->used[i].number)) {
			*ret_record = r;
			return &r->nodes[n];
		}
	return NULL;
}

/* Filters of one bucket, and behind them some of others. */
struct filters {
	const struct tc_filter **all;
	size_t count;
	size_t others;
};

/* Up to so many of the bucket, from all over it. */
static size_t
take_filters(const struct tc_link *link, const struct tc_bucket *b, size_t max,
	const struct tc_filter **ret)
{
	size_t count = b->count < max ? b->count : max;
	struct tc_record *r;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct tc_node *node =
			node_of(link, b, i * b->count / count, &r);

		if (node)
			ret[n++] = &node->filter;
	}
	return n;
}

/* Those that will soon need a table too: it had better suit them all. */
static size_t
take_others(const struct tc_link *link, const struct tc_bucket *b,
	const struct tc_filter **ret)
{
	const struct tc_bucket *o;
	size_t cursor = 0;
	size_t n = 0;

	while (n + OTHERS_EACH <= OTHERS_MAX &&
		(o = tc_nodes_next(&link->nodes, &cursor)))
		if (o != b && !o->split && o->count >= o->limit / 2 &&
			tc_nodes_alike(&link->nodes, o->handle, b->handle))
			n += take_filters(link, o, OTHERS_EACH, ret + n);
	return n;
}

/* Packets for these would meet few nodes more in that table. */
static bool
has_room(const struct tc_split *s, const struct filters *f)
{
	size_t cells[TC_SPLIT_BUCKETS] = { 0 };
	size_t met = 0;
	uint32_t index;

	if (s->nodes + f->count > SHARED_NODES)
		return false;
	for (size_t i = 0; i < f->count; i++)
		if (tc_hash_index(f->all[i], &s->hash, &index))
			cells[index]++;
		else
			met += f->count; /* it stays */
	for (size_t i = 0; i < TC_SPLIT_BUCKETS; i++)
		met += cells[i] *
		       (cells[i] + (s->buckets[i] ? s->buckets[i]->count : 0));
	return met <= SHARED_WAY * f->count;
}

/* NULL: none. */
static const struct tc_split *
find_shared(const struct tc_nodes *nodes, const struct tc_bucket *b,
	const struct filters *f)
{
	for (size_t i = 0; i < TC_SPLITS; i++) {
		const struct tc_split *s = nodes->splits[i];

		if (s && tc_nodes_may_share(nodes, b->handle, s) &&
			has_room(s, f))
			return s;
	}
	return NULL;
}

/* A table that is there, or a new one, and its key; 0: neither. */
static uint32_t
choose(const struct tc_link *link, const struct tc_bucket *b,
	struct tc_hash *ret_hash)
{
	const size_t room = b->count + OTHERS_MAX;
	struct filters f = { .all = (const struct tc_filter **)alloc_get(
				     link->alloc,
				     room * sizeof(const struct tc_filter *)) };
	const struct tc_split *s;
	uint32_t table = 0;

	if (!f.all)
		return 0;
	f.count = take_filters(link, b, b->count, f.all);
	s = f.count > 0 ? find_shared(&link->nodes, b, &f) : NULL;
	if (s) {
		table = s->table;
		*ret_hash = s->hash;
	} else {
		f.others = take_others(link, b, f.all + f.count);
		if (tc_hash_choose(f.all, f.count, f.others, ret_hash))
			table = tc_nodes_free_table(
				&link->nodes, tc_hash_is_v4(b->handle));
	}
	alloc_put(link->alloc, (void *)f.all);
	return table;
}

static void
plan_table(const struct tc_link *link, const struct tc_bucket *b,
	const struct tc_split *s, struct tc_ops *ops)
{
	struct tc_object want[1 + TC_SPLIT_LINKS];
	size_t count = 0;

	if (s->parents == 1)
		tc_hash_table(link->conf.ifindex, tc_hash_is_v4(s->table),
			s->table, &want[count++]);
	count += tc_hash_links(link->conf.ifindex, b->handle, s->table,
		&s->hash, want + count);
	tc_plan((struct tc_span){ want, 0 }, (struct tc_span){ want, count },
		ops);
}

/* No key is better, or no table is left: not again before it has doubled. */
static void
leave_long(struct tc_bucket *b)
{
	b->limit = (uint16_t)(b->count < TC_NODE_MAX / 2 ? 2 * b->count
							 : TC_NODE_MAX);
}

static int
split_bucket(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_bucket *b, const struct tc_listener *listener)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_hash hash = { 0 };
	uint32_t table = choose(link, b, &hash);
	struct tc_split *split = table != 0 ? tc_nodes_split(&link->nodes,
						      b->handle, table, &hash)
					    : NULL;
	struct tc_group group;
	int error;

	if (!split) {
		leave_long(b);
		return 0;
	}
	plan_table(link, b, split, &ops);
	error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	if (error == 0 && group.error == 0)
		return 0;
	leave_long(b);
	tc_nodes_unlink(&link->nodes, b);
	/* What could not be taken back is removed as an empty table. */
	if (group.clean && split->parents == 0)
		tc_nodes_unsplit(&link->nodes, split);
	if (error == 0)
		refused(link, group.text, listener);
	return error;
}

/* ---- nodes --------------------------------------------------------------- */

struct move {
	struct tc_record *record;
	struct tc_node *node;
	uint32_t to;
};

enum move_part { MOVE_ADD, MOVE_DEL, MOVE_BACK };

static void
plan_move(const struct tc_link *link, const struct move *m, enum move_part part,
	struct tc_ops *ops)
{
	const struct tc_mark mark = { .flow_id = m->record->id,
		.classid = tc_classid(m->record->minor),
		.base = m->record->base };
	struct tc_op *op =
		tc_ops_add(ops, part == MOVE_ADD ? TC_OP_ADD : TC_OP_DEL);

	if (!op)
		return;

	struct tc_object *o = part == MOVE_ADD ? &op->want : &op->have;

	tc_u32_node(link->conf.ifindex,
		part == MOVE_DEL ? m->node->handle : m->to, &m->node->filter,
		&mark, o);
	o->extra = m->record->acts;
}

static int
run_moves(struct tc_link *link, const struct tc_kernel *kernel,
	const struct move *moves, size_t count, enum move_part part,
	struct tc_group *ret_group)
{
	struct tc_ops ops = { .alloc = link->alloc };
	int error;

	for (size_t i = 0; i < count; i++)
		plan_move(link, &moves[i], part, &ops);
	error = tc_link_group(link, kernel, &ops, ret_group);
	tc_ops_done(&ops);
	return error;
}

/* What of a bucket can go on to its further table, up to MOVES_MAX. */
static size_t
find_moves(struct tc_link *link, const struct tc_bucket *b,
	struct move ret[MOVES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < b->count && n < MOVES_MAX; i++) {
		struct move *m = &ret[n];
		uint32_t place;

		m->node = node_of(link, b, i, &m->record);
		if (!m->node)
			continue;
		place = tc_nodes_place(&link->nodes, &m->node->filter);
		if (place == b->handle)
			continue;
		m->to = tc_nodes_take(&link->nodes, place, m->record->id);
		if (m->to != 0)
			n++;
	}
	return n;
}

static void
moved(struct tc_link *link, const struct move *moves, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tc_nodes_give(&link->nodes, moves[i].node->handle);
		moves[i].node->handle = moves[i].to;
	}
}

static void
stayed(struct tc_link *link, const struct move *moves, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tc_nodes_give(&link->nodes, moves[i].to);
}

/* In two transactions: what is refused in one is undone after all of it was
 * tried, and in between no packet may be without a node. */
static int
move_nodes(struct tc_link *link, const struct tc_kernel *kernel,
	const struct move *moves, size_t count,
	const struct tc_listener *listener)
{
	struct tc_group added;
	struct tc_group removed = { 0 };
	struct tc_group back = { .clean = true };
	int error = run_moves(link, kernel, moves, count, MOVE_ADD, &added);

	if (error == 0 && added.error == 0)
		error = run_moves(
			link, kernel, moves, count, MOVE_DEL, &removed);
	if (error == 0 && removed.error != 0)
		error = run_moves(link, kernel, moves, count, MOVE_BACK, &back);
	if (error != 0)
		return error;
	if (added.error == 0 && removed.error == 0) {
		moved(link, moves, count);
		return 0;
	}
	/* What is left in the kernel keeps its number. */
	if (added.error != 0 ? added.clean : back.error == 0)
		stayed(link, moves, count);
	refused(link, added.error != 0 ? added.text : removed.text, listener);
	return 0;
}

/* ---- the end of a table -------------------------------------------------- */

static int
unlink_bucket(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_bucket *b, const struct tc_listener *listener)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_object links[TC_SPLIT_LINKS];
	struct tc_group group;
	int error;
	size_t count = tc_hash_links(link->conf.ifindex, b->handle,
		b->split->table, &b->split->hash, links);

	tc_plan((struct tc_span){ links, count }, (struct tc_span){ links, 0 },
		&ops);
	error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	if (error == 0 && group.error == 0)
		tc_nodes_unlink(&link->nodes, b);
	else if (error == 0)
		refused(link, group.text, listener);
	return error;
}

/* For some milliseconds the kernel still says that the table is in use. */
static int
remove_tables(struct tc_link *link, const struct tc_kernel *kernel)
{
	for (size_t i = 0; i < TC_SPLITS && link->nodes.closing > 0; i++) {
		struct tc_ops ops = { .alloc = link->alloc };
		struct tc_split *s = link->nodes.splits[i];
		struct tc_group group;
		struct tc_op *op;
		int error;

		if (!s || s->parents > 0)
			continue;
		op = tc_ops_add(&ops, TC_OP_DEL);
		if (op)
			tc_hash_table(link->conf.ifindex,
				tc_hash_is_v4(s->table), s->table, &op->have);
		error = tc_link_group(link, kernel, &ops, &group);
		tc_ops_done(&ops);
		if (error != 0)
			return error;
		if (group.error == 0 || group.error == ENOENT)
			tc_nodes_unsplit(&link->nodes, s);
	}
	return 0;
}

/* ---- steps --------------------------------------------------------------- */

int
tc_split_relieve(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	struct tc_bucket *b;
	size_t cursor = 0;
	int error = 0;

	if (!link->nodes.urgent)
		return 0;
	link->nodes.urgent = false;
	while (error == 0 && (b = tc_nodes_next(&link->nodes, &cursor)))
		if (!b->split && tc_nodes_is_long(&link->nodes, b))
			error = split_bucket(link, kernel, b, listener);
	return error;
}

/* One thing to do for that bucket; *ret_done: there was one. */
static int
tend(struct tc_link *link, const struct tc_kernel *kernel, struct tc_bucket *b,
	const struct tc_listener *listener, bool *ret_done)
{
	struct move moves[MOVES_MAX];
	size_t count;

	*ret_done = true;
	if (!b->split && tc_nodes_is_long(&link->nodes, b))
		return split_bucket(link, kernel, b, listener);
	count = b->split ? find_moves(link, b, moves) : 0;
	if (count > 0)
		return move_nodes(link, kernel, moves, count, listener);
	if (b->split && b->split->nodes == 0 && b->split->splits == 0)
		return unlink_bucket(link, kernel, b, listener);
	*ret_done = false;
	return 0;
}

int
tc_split_step(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, bool *ret_more)
{
	struct tc_bucket *b;
	size_t cursor = 0;
	bool done = false;
	int error = remove_tables(link, kernel);

	if (error != 0 || !link->nodes.long_ones)
		return error;
	while (error == 0 && !done &&
		(b = tc_nodes_next(&link->nodes, &cursor)))
		error = tend(link, kernel, b, listener, &done);
	if (!done)
		link->nodes.long_ones = false;
	*ret_more = *ret_more || link->nodes.long_ones;
	return error;
}
