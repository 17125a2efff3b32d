/* SPDX-License-Identifier: ISC */

/* The default allocator: the C library's heap. */

#include "alloc.h"

#include <malloc.h>
#include <stdlib.h>

static void *
heap_get(void *arg, size_t size)
{
	(void)arg; /* the heap needs no context */
	return calloc(1, size);
}

static void
heap_put(void *arg, void *memory)
{
	(void)arg; /* as above */
	free(memory);
}

/* With what the heap itself keeps beside each block. */
static size_t
heap_size(void *arg, void *memory)
{
	(void)arg; /* as above */
	return malloc_usable_size(memory) + sizeof(size_t);
}

const struct alloc *
alloc_heap(void)
{
	static const struct alloc heap = { heap_get, heap_put, NULL,
		heap_size };

	return &heap;
}
