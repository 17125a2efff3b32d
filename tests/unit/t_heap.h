/* SPDX-License-Identifier: ISC */
#ifndef T_HEAP_H
#define T_HEAP_H

/*
 * All memory of the code under test, of a program that is linked with
 * $(t_heap_flags): what it holds is counted, and one allocation may fail.
 * For code that allocates by itself, as the hash tables do; see t_alloc.h for
 * what is given its allocator.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static size_t t_heap_held;    /* pieces */
static size_t t_heap_fail_at; /* from now on the n-th fails; 0: none */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

static inline bool
t_heap_fails(void)
{
	return t_heap_fail_at > 0 && --t_heap_fail_at == 0;
}

static inline void *
t_heap_count(void *memory)
{
	t_heap_held += memory != NULL;
	return memory;
}

/* Compilers make one calloc() of a malloc() and a memset(). */
void *
__wrap_malloc(size_t size)
{
	return t_heap_fails() ? NULL : t_heap_count(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return t_heap_fails() ? NULL : t_heap_count(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	void *memory = t_heap_fails() ? NULL : __real_realloc(old, size);

	return old ? memory : t_heap_count(memory);
}

void
__wrap_free(void *memory)
{
	t_heap_held -= memory != NULL;
	__real_free(memory);
}

#endif /* T_HEAP_H */
