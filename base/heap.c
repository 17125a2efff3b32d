/* SPDX-License-Identifier: ISC */

/* A binary min-heap of embedded timer nodes; see heap.h. */

#include "heap.h"

#include <assert.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

void
heap_init(struct heap *h, const struct alloc *alloc)
{
	*h = (struct heap){ .alloc = alloc };
}

void
heap_done(struct heap *h)
{
	assert(h->count == 0);
	alloc_put(h->alloc, h->slots);
	h->slots = NULL;
	h->room = 0;
}

static void
place(struct heap *h, size_t at, struct heap_node *node)
{
	h->slots[at] = (struct heap_slot){ node->deadline, node };
	node->index = at + 1;
}

/* Into a place from another; what is written of the node is not waited for. */
static void
move(struct heap *h, size_t at, size_t from)
{
	h->slots[at] = h->slots[from];
	h->slots[at].node->index = at + 1;
}

static void
sift_up(struct heap *h, size_t at, struct heap_node *node)
{
	while (at > 0) {
		size_t parent = (at - 1) / 2;

		if (h->slots[parent].deadline.us <= node->deadline.us)
			break;
		move(h, at, parent);
		at = parent;
	}
	place(h, at, node);
}

static void
sift_down(struct heap *h, size_t at, struct heap_node *node)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count && h->slots[child + 1].deadline.us <
						    h->slots[child].deadline.us)
			child++;
		if (node->deadline.us <= h->slots[child].deadline.us)
			break;
		move(h, at, child);
		at = child;
	}
	place(h, at, node);
}

static bool
grow(struct heap *h)
{
	size_t room = h->room > 0 ? h->room * 2 : FIRST_ROOM;
	struct heap_slot *slots =
		(struct heap_slot *)alloc_get(h->alloc, room * sizeof(*slots));

	if (!slots)
		return false;
	if (h->count > 0)
		memcpy(slots, h->slots, h->count * sizeof(*slots));
	alloc_put(h->alloc, h->slots);
	h->slots = slots;
	h->room = room;
	return true;
}

/* Put a node where it belongs, starting from a place that is free for it. */
static void
settle(struct heap *h, size_t at, struct heap_node *node)
{
	if (at > 0 && h->slots[(at - 1) / 2].deadline.us > node->deadline.us)
		sift_up(h, at, node);
	else
		sift_down(h, at, node);
}

bool
heap_set(struct heap *h, struct heap_node *node, struct mono deadline)
{
	if (!heap_queued(node)) {
		if (h->count == h->room && !grow(h))
			return false;
		node->index = ++h->count;
	}
	node->deadline = deadline;
	settle(h, node->index - 1, node);
	return true;
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	if (!heap_queued(node))
		return;

	size_t at = node->index - 1;
	struct heap_node *last = h->slots[--h->count].node;

	node->index = 0;
	if (last != node)
		settle(h, at, last);
}
