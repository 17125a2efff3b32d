/* SPDX-License-Identifier: ISC */

/* Which node numbers of which hash bucket are in use, and whose they are.  A
 * bucket takes memory from its first node on. */

#include "nodes_int.h"

#include <string.h>

enum {
	FIRST_ROOM = 8,
	LONG = 16,     /* nodes that a packet may well be compared with */
	SPREAD = 4096, /* buckets for filters with ports, of a family */
	URGENT = 1024,
	DEPTH_MAX = 6 /* further tables on one way: the kernel follows 8 links,
		       * and two lead to the fixed tables */
};

/* ---- buckets ------------------------------------------------------------- */

static void
drop_bucket(struct tc_nodes *nodes, struct tc_bucket *b)
{
	if (!b)
		return;
	alloc_put(nodes->alloc, b->used);
	alloc_put(nodes->alloc, b);
}

static void
drop_split(struct tc_nodes *nodes, struct tc_split *s)
{
	for (size_t i = 0; s && i < TC_SPLIT_BUCKETS; i++)
		drop_bucket(nodes, s->buckets[i]);
	alloc_put(nodes->alloc, s);
}

void
tc_nodes_init(struct tc_nodes *nodes, const struct alloc *alloc)
{
	nodes->alloc = alloc;
	nodes->flower.alloc = alloc;
}

void
tc_nodes_done(struct tc_nodes *nodes)
{
	const struct alloc *alloc = nodes->alloc;

	for (size_t i = 0; i < TC_U32_BUCKETS; i++)
		drop_bucket(nodes, nodes->buckets[i]);
	for (size_t i = 0; i < TC_SPLITS; i++)
		drop_split(nodes, nodes->splits[i]);
	tc_handles_done(&nodes->flower);
	memset(nodes, 0, sizeof(*nodes));
	tc_nodes_init(nodes, alloc);
}

static struct tc_split *
split_at(const struct tc_nodes *nodes, uint32_t handle)
{
	return tc_hash_is_split(handle)
		       ? nodes->splits[tc_u32_table(handle) - TC_SPLIT_FIRST]
		       : NULL;
}

/* Where the bucket is kept; NULL: none of ours. */
static struct tc_bucket *const *
find_slot(const struct tc_nodes *nodes, uint32_t handle)
{
	const struct tc_split *s = split_at(nodes, handle);
	uint32_t index = tc_u32_bucket_index(handle);

	if (s)
		return &s->buckets[handle >> TC_U32_BUCKET_SHIFT & 0xff];
	return index < TC_U32_BUCKETS ? &nodes->buckets[index] : NULL;
}

static struct tc_bucket *
find_bucket(const struct tc_nodes *nodes, uint32_t handle)
{
	struct tc_bucket *const *slot = find_slot(nodes, handle);

	return slot ? *slot : NULL;
}

static struct tc_bucket *
make_bucket(struct tc_nodes *nodes, uint32_t handle)
{
	struct tc_split *s = split_at(nodes, handle);
	uint32_t index = tc_u32_bucket_index(handle);
	struct tc_bucket *b = find_bucket(nodes, handle);

	if (b || (!s && index == TC_U32_BUCKETS))
		return b;
	b = (struct tc_bucket *)alloc_get(nodes->alloc, sizeof(*b));
	if (!b)
		return NULL;
	b->handle = handle & ~(uint32_t)TC_NODE_MAX;
	b->next = 1;
	b->limit = LONG;
	if (s)
		s->buckets[handle >> TC_U32_BUCKET_SHIFT & 0xff] = b;
	else
		nodes->buckets[index] = b;
	return b;
}

static bool
make_room(const struct tc_nodes *nodes, struct tc_bucket *b)
{
	size_t room = b->room > 0 ? b->room * 2 : FIRST_ROOM;
	struct tc_used *used;

	if (b->count < b->room)
		return true;
	used = (struct tc_used *)alloc_get(nodes->alloc, room * sizeof(*used));
	if (!used)
		return false;
	if (b->count > 0)
		memcpy(used, b->used, b->count * sizeof(*used));
	alloc_put(nodes->alloc, b->used);
	b->used = used;
	b->room = room;
	return true;
}

static size_t
find_number(const struct tc_bucket *b, uint32_t number)
{
	size_t i = 0;

	while (i < b->count && b->used[i].number != number)
		i++;
	return i;
}

bool
tc_nodes_is_long(const struct tc_nodes *nodes, const struct tc_bucket *b)
{
	/* Where all buckets are long, more tables make the way no shorter. */
	return b->count > b->limit + nodes->count / SPREAD;
}

static void
use(struct tc_nodes *nodes, struct tc_bucket *b, uint32_t number,
	uint32_t flow_id)
{
	struct tc_split *s = split_at(nodes, b->handle);

	b->used[b->count++] = (struct tc_used){ .flow_id = flow_id,
		.number = (uint16_t)number };
	nodes->count++;
	if (s)
		s->nodes++;
	if (b->split || tc_nodes_is_long(nodes, b))
		nodes->long_ones = true;
	if (!b->split && b->count > URGENT && tc_nodes_is_long(nodes, b))
		nodes->urgent = true;
}

uint32_t
tc_nodes_take(struct tc_nodes *nodes, uint32_t bucket, uint32_t flow_id)
{
	struct tc_bucket *b = make_bucket(nodes, bucket);
	uint32_t number;

	if (!b || b->count == TC_LEAF_NODE_MAX || !make_room(nodes, b))
		return 0;
	number = b->next;
	while (find_number(b, number) < b->count)
		number = number % TC_LEAF_NODE_MAX + 1;
	b->next = (uint16_t)(number % TC_LEAF_NODE_MAX + 1);
	use(nodes, b, number, flow_id);
	return b->handle | number;
}

bool
tc_nodes_claim(struct tc_nodes *nodes, uint32_t handle, uint32_t flow_id)
{
	uint32_t number = handle & TC_NODE_MAX;
	struct tc_bucket *b;

	if (number == 0)
		return false;
	b = make_bucket(nodes, handle);
	if (!b || find_number(b, number) < b->count || !make_room(nodes, b))
		return false;
	use(nodes, b, number, flow_id);
	return true;
}

void
tc_nodes_give(struct tc_nodes *nodes, uint32_t handle)
{
	struct tc_bucket *b = find_bucket(nodes, handle);
	struct tc_split *s = split_at(nodes, handle);
	size_t i;

	if (!b)
		return;
	i = find_number(b, handle & TC_NODE_MAX);
	if (i == b->count)
		return;
	b->used[i] = b->used[--b->count];
	nodes->count--;
	if (s && --s->nodes == 0)
		nodes->long_ones = true; /* the table may go */
}

struct tc_bucket *
tc_nodes_next(const struct tc_nodes *nodes, size_t *cursor)
{
	enum { ALL = TC_U32_BUCKETS + TC_SPLITS * TC_SPLIT_BUCKETS };

	while (*cursor < ALL) {
		size_t i = (*cursor)++;
		struct tc_split *s;

		if (i < TC_U32_BUCKETS) {
			if (nodes->buckets[i])
				return nodes->buckets[i];
			continue;
		}
		i -= TC_U32_BUCKETS;
		s = nodes->splits[i / TC_SPLIT_BUCKETS];
		if (!s)
			*cursor += TC_SPLIT_BUCKETS - 1;
		else if (s->buckets[i % TC_SPLIT_BUCKETS])
			return s->buckets[i % TC_SPLIT_BUCKETS];
	}
	return NULL;
}

/* ---- further tables ------------------------------------------------------ */

/* The bucket that the filter goes on to; 0: it stays. */
static uint32_t
step(const struct tc_nodes *nodes, const struct tc_filter *f, uint32_t bucket)
{
	const struct tc_bucket *b = find_bucket(nodes, bucket);
	uint32_t index = 0;

	if (!b || !b->split || !tc_hash_index(f, &b->split->hash, &index))
		return 0;
	return b->split->table | index << TC_U32_BUCKET_SHIFT;
}

uint32_t
tc_nodes_place(const struct tc_nodes *nodes, const struct tc_filter *filter)
{
	uint32_t bucket = tc_u32_bucket(filter);
	uint32_t next;

	while ((next = step(nodes, filter, bucket)) != 0)
		bucket = next;
	return bucket;
}

bool
tc_nodes_on_way(const struct tc_nodes *nodes, const struct tc_filter *filter,
	uint32_t bucket)
{
	uint32_t at = tc_u32_bucket(filter);

	while (at != 0 && at != bucket)
		at = step(nodes, filter, at);
	return at == bucket;
}

uint32_t
tc_nodes_free_table(const struct tc_nodes *nodes, bool v4)
{
	uint32_t first = v4 ? 0 : TC_SPLIT_FAMILY;

	for (uint32_t i = first; i < first + TC_SPLIT_FAMILY; i++)
		if (!nodes->splits[i])
			return (TC_SPLIT_FIRST + i) << TC_U32_TABLE_SHIFT;
	return 0;
}

/* Further tables on the way to that bucket. */
static unsigned
depth_of(const struct tc_nodes *nodes, uint32_t bucket)
{
	const struct tc_split *s = split_at(nodes, bucket);

	return s ? s->depth : 0;
}

static unsigned
way_of(const struct tc_nodes *nodes, uint32_t bucket)
{
	const struct tc_split *s = split_at(nodes, bucket);

	return s ? s->way : tc_u32_way(bucket);
}

bool
tc_nodes_alike(const struct tc_nodes *nodes, uint32_t a, uint32_t b)
{
	return way_of(nodes, a) == way_of(nodes, b) &&
	       depth_of(nodes, a) == depth_of(nodes, b);
}

/* One that hangs deeper by one than the bucket: no way leads round. */
bool
tc_nodes_may_share(const struct tc_nodes *nodes, uint32_t bucket,
	const struct tc_split *split)
{
	return split->parents > 0 && split->way == way_of(nodes, bucket) &&
	       split->depth == depth_of(nodes, bucket) + 1;
}

static struct tc_split *
make_split(struct tc_nodes *nodes, uint32_t bucket, uint32_t table,
	const struct tc_hash *hash)
{
	struct tc_split *s;

	if (depth_of(nodes, bucket) == DEPTH_MAX)
		return NULL;
	s = (struct tc_split *)alloc_get(nodes->alloc, sizeof(*s));
	if (!s)
		return NULL;
	s->table = table;
	s->hash = *hash;
	s->way = way_of(nodes, bucket);
	s->depth = depth_of(nodes, bucket) + 1;
	nodes->splits[tc_u32_table(table) - TC_SPLIT_FIRST] = s;
	return s;
}

struct tc_split *
tc_nodes_split(struct tc_nodes *nodes, uint32_t bucket, uint32_t table,
	const struct tc_hash *hash)
{
	struct tc_bucket *b = make_bucket(nodes, bucket);
	struct tc_split *above = split_at(nodes, bucket);
	struct tc_split *s = split_at(nodes, table);

	if (!b || b->split || !tc_hash_is_split(table))
		return NULL;
	if (s && (!tc_nodes_may_share(nodes, bucket, s) ||
			 !tc_hash_equal(&s->hash, hash)))
		return NULL;
	if (!s)
		s = make_split(nodes, bucket, table, hash);
	if (!s)
		return NULL;
	s->parents++;
	b->split = s;
	if (above)
		above->splits++;
	nodes->long_ones = true;
	return s;
}

void
tc_nodes_unlink(struct tc_nodes *nodes, struct tc_bucket *bucket)
{
	struct tc_split *above = split_at(nodes, bucket->handle);

	if (above)
		above->splits--;
	if (--bucket->split->parents == 0)
		nodes->closing++;
	bucket->split = NULL;
}

void
tc_nodes_unsplit(struct tc_nodes *nodes, struct tc_split *split)
{
	nodes->closing--;
	nodes->splits[tc_u32_table(split->table) - TC_SPLIT_FIRST] = NULL;
	drop_split(nodes, split);
}

struct tc_split *
tc_nodes_split_of(const struct tc_nodes *nodes, uint32_t handle)
{
	const struct tc_bucket *b = find_bucket(nodes, handle);

	return b ? b->split : NULL;
}

bool
tc_nodes_close(struct tc_nodes *nodes, uint32_t table)
{
	struct tc_split *s;

	if (split_at(nodes, table))
		return true;
	s = (struct tc_split *)alloc_get(nodes->alloc, sizeof(*s));
	if (!s)
		return false;
	s->table = table;
	nodes->splits[tc_u32_table(table) - TC_SPLIT_FIRST] = s;
	nodes->closing++;
	return true;
}

static void
add_links(const struct tc_bucket *b, uint32_t ifindex, struct tc_objects *into)
{
	struct tc_object links[TC_SPLIT_LINKS];
	size_t count = tc_hash_links(
		ifindex, b->handle, b->split->table, &b->split->hash, links);

	for (size_t i = 0; i < count; i++) {
		struct tc_object *o = tc_objects_add(into);

		if (o)
			*o = links[i];
	}
}

void
tc_nodes_objects(
	const struct tc_nodes *nodes, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_bucket *b;
	size_t cursor = 0;

	for (size_t i = 0; i < TC_SPLITS; i++) {
		const struct tc_split *s = nodes->splits[i];
		struct tc_object *o =
			s && s->parents > 0 ? tc_objects_add(into) : NULL;

		if (o)
			tc_hash_table(
				ifindex, tc_hash_is_v4(s->table), s->table, o);
	}
	while ((b = tc_nodes_next(nodes, &cursor)))
		if (b->split)
			add_links(b, ifindex, into);
}
