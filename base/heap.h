/* SPDX-License-Identifier: ISC */
#ifndef HEAP_H
#define HEAP_H

/*
 * Timers: a binary heap of embedded nodes, ordered by deadline.  The heap
 * borrows the nodes; their owner removes a node before it frees the block that
 * holds it (heap_remove() of a node that is not queued is fine).
 */

#include <stdbool.h>
#include <stddef.h>

#include "alloc.h"
#include "mono.h"

struct heap_node {
	struct mono deadline;
	size_t index; /* 1-based place in the heap; 0: not queued */
};

/* The deadline stands here too: to look for a place touches no node, and thus
 * no memory that is not in the cache. */
struct heap_slot {
	struct mono deadline;
	struct heap_node *node;
};

struct heap {
	const struct alloc *alloc;
	struct heap_slot *slots;
	size_t count;
	size_t room;
};

void heap_init(struct heap *h, const struct alloc *alloc);
/* Frees the array; the nodes must be gone (asserted). */
void heap_done(struct heap *h);

/*
 * Queue the node for that deadline, or move it if it is queued.  False only
 * when a new place could not be allocated; a queued node always moves.
 */
bool heap_set(struct heap *h, struct heap_node *node, struct mono deadline);
void heap_remove(struct heap *h, struct heap_node *node);

static inline bool
heap_queued(const struct heap_node *node)
{
	return node->index != 0;
}

/* The node with the earliest deadline, or NULL. */
static inline struct heap_node *
heap_first(const struct heap *h)
{
	return h->count > 0 ? h->slots[0].node : NULL;
}

#endif /* HEAP_H */
