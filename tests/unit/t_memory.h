/* SPDX-License-Identifier: ISC */
#ifndef T_MEMORY_H
#define T_MEMORY_H

/* The memory of jansson, which ends where the test says. */

#include <jansson.h>

#include "t.h"

static size_t t_memory_left;    /* allocations until the first refusal */
static size_t t_memory_lacking; /* that are refused then */
static size_t t_memory_held;    /* not given back */
static bool t_memory_refused;

static inline void *
t_memory_get(size_t size)
{
	void *memory;

	if (t_memory_left == 0 && t_memory_lacking > 0) {
		t_memory_lacking--;
		t_memory_refused = true;
		return NULL;
	}
	t_memory_left -= t_memory_left > 0;
	memory = malloc(size);
	t_memory_held += memory != NULL;
	return memory;
}

static inline void
t_memory_give_back(void *memory)
{
	t_memory_held -= memory != NULL;
	free(memory);
}

static inline void
t_memory_begin(size_t left, size_t lacking)
{
	t_memory_left = left;
	t_memory_lacking = lacking;
	t_memory_held = 0;
	t_memory_refused = false;
	json_set_alloc_funcs(t_memory_get, t_memory_give_back);
}

/* All of it was given back.  Was any refused? */
static inline bool
t_memory_end(void)
{
	json_set_alloc_funcs(malloc, free);
	T_EQ(t_memory_held, 0);
	return t_memory_refused;
}

/*
 * Print with one allocation refused, whichever it is, and then with all after
 * it: print() says whether it succeeds, and does just where it prints the whole
 * text.  Returns how often it did not.
 */
static inline size_t
t_memory_try(bool (*print)(const char **ret_text), const char *whole)
{
	static const size_t lacking[] = { 1, SIZE_MAX };
	size_t failures = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *text;
		bool refused = true;

		for (size_t left = 0; refused; left++) {
			bool good;

			t_memory_begin(left, lacking[i]);
			good = print(&text);
			refused = t_memory_end();
			T_CHECK(good == (strcmp(text, whole) == 0),
				"%d after %zu allocations: %s", good, left,
				text);
			T_CHECK(good || refused, "for nothing: %s", text);
			failures += !good;
		}
	}
	return failures;
}

#endif /* T_MEMORY_H */
