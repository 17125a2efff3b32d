/* SPDX-License-Identifier: ISC */
#ifndef T_ALLOC_H
#define T_ALLOC_H

/* An allocator that refuses once its allocations are used up, and counts what
 * is not given back. */

#include "base/alloc.h"

struct t_ration {
	size_t left; /* allocations until the first refusal */
	size_t held; /* not given back */
};

static inline void *
t_ration_get(void *arg, size_t size)
{
	struct t_ration *r = (struct t_ration *)arg;
	void *memory;

	if (r->left == 0)
		return NULL;
	r->left--;
	memory = alloc_get(alloc_heap(), size);
	r->held += memory != NULL;
	return memory;
}

static inline void
t_ration_put(void *arg, void *memory)
{
	struct t_ration *r = (struct t_ration *)arg;

	r->held -= memory != NULL;
	alloc_put(alloc_heap(), memory);
}

static inline struct alloc
t_ration_alloc(struct t_ration *ration)
{
	return (struct alloc){ t_ration_get, t_ration_put, ration, NULL };
}

#endif /* T_ALLOC_H */
