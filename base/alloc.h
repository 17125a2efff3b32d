/* SPDX-License-Identifier: ISC */
#ifndef ALLOC_H
#define ALLOC_H

/*
 * The allocator as a parameter of the pure folders, so that a test can count
 * allocations and make the n-th one fail.
 */

#include <stddef.h>

struct alloc {
	void *(*get)(void *arg, size_t size); /* zeroed memory, or NULL */
	void (*put)(void *arg, void *memory); /* NULL is fine */
	void *arg;
	/* What a block takes of memory; NULL: that is not known. */
	size_t (*size)(void *arg, void *memory);
};

/* The C library's heap. */
const struct alloc *alloc_heap(void);

static inline void *
alloc_get(const struct alloc *a, size_t size)
{
	return a->get(a->arg, size);
}

static inline void
alloc_put(const struct alloc *a, void *memory)
{
	a->put(a->arg, memory);
}

static inline size_t
alloc_size(const struct alloc *a, void *memory)
{
	return a->size && memory ? a->size(a->arg, memory) : 0;
}

#endif /* ALLOC_H */
