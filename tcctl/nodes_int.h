/* SPDX-License-Identifier: ISC */
#ifndef NODES_INT_H
#define NODES_INT_H

/*
 * Where the filter nodes of flows are.  A bucket of the fixed tables that has
 * become long gets a further table, keyed by eight other bits of the packet;
 * so may the buckets of that one.  Filters that do not say those bits stay.
 *
 * Buckets share a further table where its key suits them all: the kernel looks
 * for the table of each node in a list of all tables, so that few of them are
 * worth more than the shortest buckets.
 */

#include "model_int.h"

/* ---- hash keys (hash.c) -------------------------------------------------- */

enum {
	TC_SPLIT_BUCKETS = 256,
	TC_SPLIT_LINKS = 11,    /* header lengths of IPv4 */
	TC_SPLIT_FIRST = 0x280, /* tables: 640 of IPv4, then as many of IPv6 */
	TC_SPLIT_FAMILY = 640,
	TC_SPLITS = 2 * TC_SPLIT_FAMILY,
	TC_LEAF_NODE_MAX = 0xfef /* above: links to a further table */
};

/* Eight bits of a word of the packet. */
struct tc_hash {
	uint32_t mask;
	int16_t off;
	bool floating; /* off counts from the transport header */
};

/* The bucket for what the filter says there; false: it does not say. */
bool tc_hash_index(const struct tc_filter *filter, const struct tc_hash *hash,
	uint32_t *ret_index);
/*
 * The key that spreads the filters best, count of one bucket and behind them
 * those of others that may share the table, all of one family; false: none
 * makes the bucket much shorter.
 */
bool tc_hash_choose(const struct tc_filter *const *filters, size_t count,
	size_t others, struct tc_hash *ret_hash);
bool tc_hash_equal(const struct tc_hash *a, const struct tc_hash *b);
/* The table (a handle). */
void tc_hash_table(
	uint32_t ifindex, bool v4, uint32_t table, struct tc_object *ret_table);
/* The nodes that lead from a bucket to it; returns their number. */
size_t tc_hash_links(uint32_t ifindex, uint32_t bucket, uint32_t table,
	const struct tc_hash *hash, struct tc_object ret_links[TC_SPLIT_LINKS]);
/* Back again; false when it is no node that tc_hash_links() makes. */
bool tc_hash_decode(const struct tc_object *link, struct tc_hash *ret_hash);

/* Of a table, a bucket or a node: a further table, or in one. */
bool tc_hash_is_split(uint32_t handle);
/* Of any of ours. */
bool tc_hash_is_v4(uint32_t handle);

/* ---- buckets (nodes.c) --------------------------------------------------- */

struct tc_used {
	uint32_t flow_id;
	uint16_t number;
};

struct tc_split;

struct tc_bucket {
	uint32_t handle;
	uint16_t next;  /* where the search for a number begins */
	uint16_t limit; /* longer is too long */
	size_t count;
	size_t room;
	struct tc_used *used;
	struct tc_split *split; /* NULL: none */
};

struct tc_split {
	uint32_t table; /* handle */
	struct tc_hash hash;
	unsigned way;   /* of tc_u32_way() */
	unsigned depth; /* further tables on it, this one too */
	size_t parents; /* buckets with links; 0: none leads here any more */
	size_t nodes;   /* in its buckets */
	size_t splits;  /* of its buckets */
	struct tc_bucket *buckets[TC_SPLIT_BUCKETS];
};

enum { TC_HANDLES_MAX = 1 << 22 };

/* Numbers of flower filters, 1 to TC_HANDLES_MAX - 1 (handles.c). */
struct tc_handles {
	const struct alloc *alloc;
	uint64_t *used;
	size_t words;
	size_t count;
	uint32_t next;
};

struct tc_nodes {
	const struct alloc *alloc;
	size_t count;   /* of all nodes */
	bool long_ones; /* there may be something to split or to move */
	bool urgent;    /* and soon, or numbers run out */
	size_t closing; /* further tables without parents */
	struct tc_bucket *buckets[TC_U32_BUCKETS];
	struct tc_split *splits[TC_SPLITS];
	struct tc_handles flower;
};

void tc_handles_done(struct tc_handles *handles);
/* 0: none is left, or no memory. */
uint32_t tc_handles_take(struct tc_handles *handles);
/* False: it is taken already or too large, or no memory. */
bool tc_handles_claim(struct tc_handles *handles, uint32_t handle);
void tc_handles_give(struct tc_handles *handles, uint32_t handle);

/* All members are 0. */
void tc_nodes_init(struct tc_nodes *nodes, const struct alloc *alloc);
void tc_nodes_done(struct tc_nodes *nodes);
/* The bucket where the filter's node belongs. */
uint32_t tc_nodes_place(
	const struct tc_nodes *nodes, const struct tc_filter *filter);
/* The kernel meets that bucket too on the filter's way. */
bool tc_nodes_on_way(const struct tc_nodes *nodes,
	const struct tc_filter *filter, uint32_t bucket);
/* A handle in that bucket, or 0: it is full, or no memory. */
uint32_t tc_nodes_take(
	struct tc_nodes *nodes, uint32_t bucket, uint32_t flow_id);
/* Mark a handle as used; false: it is already, or no memory. */
bool tc_nodes_claim(struct tc_nodes *nodes, uint32_t handle, uint32_t flow_id);
void tc_nodes_give(struct tc_nodes *nodes, uint32_t handle);

/* Buckets in use, one after the other; *cursor is 0 first.  NULL: no more. */
struct tc_bucket *tc_nodes_next(const struct tc_nodes *nodes, size_t *cursor);
/* Longer than it should be. */
bool tc_nodes_is_long(
	const struct tc_nodes *nodes, const struct tc_bucket *bucket);
/* A free number of a further table, as a handle; 0: none. */
uint32_t tc_nodes_free_table(const struct tc_nodes *nodes, bool v4);
/* Packets come to both buckets the same way. */
bool tc_nodes_alike(const struct tc_nodes *nodes, uint32_t a, uint32_t b);
/* Links from that bucket may lead to it too: its packets come the same way. */
bool tc_nodes_may_share(const struct tc_nodes *nodes, uint32_t bucket,
	const struct tc_split *split);
/* A further table for a bucket, perhaps with others; NULL: it has one, the
 * table is none, is about to go or cannot be shared with it by that key, or no
 * memory. */
struct tc_split *tc_nodes_split(struct tc_nodes *nodes, uint32_t bucket,
	uint32_t table, const struct tc_hash *hash);
/* The one that the bucket of that handle leads to; NULL: none. */
struct tc_split *tc_nodes_split_of(
	const struct tc_nodes *nodes, uint32_t handle);
/* A table was found: unless a link leads to it, it is to be removed.  False: no
 * memory. */
bool tc_nodes_close(struct tc_nodes *nodes, uint32_t table);
/* The bucket's link is gone: without parents its table is to be removed. */
void tc_nodes_unlink(struct tc_nodes *nodes, struct tc_bucket *bucket);
/* A table without parents is gone. */
void tc_nodes_unsplit(struct tc_nodes *nodes, struct tc_split *split);
/* Append the tables that have parents, and the links to them. */
void tc_nodes_objects(const struct tc_nodes *nodes, uint32_t ifindex,
	struct tc_objects *into);

#endif /* NODES_INT_H */
