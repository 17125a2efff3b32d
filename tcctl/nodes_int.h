/* SPDX-License-Identifier: ISC */
#ifndef NODES_INT_H
#define NODES_INT_H

/*
 * Where the filter nodes of flows are.  A bucket of the fixed tables that has
 * become long gets a further table, keyed by eight other bits of the packet;
 * so may the buckets of that one.  Filters that do not say those bits stay.
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
 * The key that spreads the filters best, all of one family; false: none makes
 * a bucket of them much shorter.
 */
bool tc_hash_choose(const struct tc_filter *const *filters, size_t count,
	struct tc_hash *ret_hash);
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
	struct tc_bucket *parent; /* NULL: no link leads here any more */
	size_t nodes;             /* in its buckets */
	size_t splits;            /* of its buckets */
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
	size_t closing; /* further tables without parent */
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
struct tc_bucket *tc_nodes_next(struct tc_nodes *nodes, size_t *cursor);
/* Longer than it should be. */
bool tc_nodes_is_long(
	const struct tc_nodes *nodes, const struct tc_bucket *bucket);
/* A free number of a further table, as a handle; 0: none. */
uint32_t tc_nodes_free_table(const struct tc_nodes *nodes, bool v4);
/* A further table for a bucket; NULL: it has one, the table is in use or none,
 * or no memory. */
struct tc_split *tc_nodes_split(struct tc_nodes *nodes, uint32_t bucket,
	uint32_t table, const struct tc_hash *hash);
/* The one with that table; NULL: none. */
struct tc_split *tc_nodes_find_split(
	const struct tc_nodes *nodes, uint32_t table);
/* A table was found: unless a link leads to it, it is to be removed.  False: no
 * memory. */
bool tc_nodes_close(struct tc_nodes *nodes, uint32_t table);
/* No link leads to it any more; and: it is gone. */
void tc_nodes_unlink(struct tc_nodes *nodes, struct tc_split *split);
void tc_nodes_unsplit(struct tc_nodes *nodes, struct tc_split *split);
/* Append the tables that have a parent, and the links to them. */
void tc_nodes_objects(const struct tc_nodes *nodes, uint32_t ifindex,
	struct tc_objects *into);

#endif /* NODES_INT_H */
