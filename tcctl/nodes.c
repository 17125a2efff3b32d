/* SPDX-License-Identifier: ISC */

/* Which node numbers of the hash buckets are in use.  A bucket takes memory
 * from its first node on. */

#include "link_int.h"

enum { WORDS = (TC_NODE_MAX + 1) / 64 };

struct tc_bucket {
	uint32_t next;        /* where the search begins */
	uint64_t used[WORDS]; /* number 0 is the bucket itself */
};

void
tc_nodes_done(struct tc_nodes *nodes)
{
	for (size_t i = 0; i < TC_U32_BUCKETS; i++) {
		alloc_put(nodes->alloc, nodes->buckets[i]);
		nodes->buckets[i] = NULL;
	}
}

static struct tc_bucket *
bucket_of(struct tc_nodes *nodes, uint32_t handle)
{
	uint32_t index = tc_u32_bucket_index(handle);

	if (index == TC_U32_BUCKETS)
		return NULL;
	if (!nodes->buckets[index]) {
		struct tc_bucket *b =
			(struct tc_bucket *)alloc_get(nodes->alloc, sizeof(*b));

		if (!b)
			return NULL;
		b->next = 1;
		b->used[0] = 1;
		nodes->buckets[index] = b;
	}
	return nodes->buckets[index];
}

static bool
is_used(const struct tc_bucket *b, uint32_t node)
{
	return (b->used[node / 64] >> node % 64 & 1) != 0;
}

uint32_t
tc_nodes_take(struct tc_nodes *nodes, uint32_t bucket)
{
	struct tc_bucket *b = bucket_of(nodes, bucket);

	if (!b)
		return 0;
	for (uint32_t tried = 0; tried <= TC_NODE_MAX; tried++) {
		uint32_t node = (b->next + tried) & TC_NODE_MAX;

		if (is_used(b, node))
			continue;
		b->used[node / 64] |= UINT64_C(1) << node % 64;
		b->next = (node + 1) & TC_NODE_MAX;
		return (bucket & ~(uint32_t)TC_NODE_MAX) | node;
	}
	return 0;
}

bool
tc_nodes_claim(struct tc_nodes *nodes, uint32_t handle)
{
	struct tc_bucket *b = bucket_of(nodes, handle);
	uint32_t node = handle & TC_NODE_MAX;

	if (!b || is_used(b, node))
		return false;
	b->used[node / 64] |= UINT64_C(1) << node % 64;
	return true;
}

void
tc_nodes_give(struct tc_nodes *nodes, uint32_t handle)
{
	uint32_t index = tc_u32_bucket_index(handle);
	uint32_t node = handle & TC_NODE_MAX;

	if (index < TC_U32_BUCKETS && nodes->buckets[index] && node != 0)
		nodes->buckets[index]->used[node / 64] &=
			~(UINT64_C(1) << node % 64);
}
