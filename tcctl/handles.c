/* SPDX-License-Identifier: ISC */

/* Numbers of flower filters: taken in turn, so that one that was given back
 * rests, from a set that grows as it is used. */

#include "nodes_int.h"

#include <string.h>

enum {
	WORD = 64,
	FIRST_WORDS = 16,
	/* 65 000 flows with 64 filters each; and far below the handles of u32,
	 * so that a number alone says which it is. */
	WORDS_MAX = TC_HANDLES_MAX / WORD
};

static bool
grow(struct tc_handles *h, size_t words)
{
	uint64_t *used;

	if (words <= h->words)
		return true;
	if (words > WORDS_MAX)
		return false;
	used = (uint64_t *)alloc_get(h->alloc, words * sizeof(*used));
	if (!used)
		return false;
	if (h->words > 0)
		memcpy(used, h->used, h->words * sizeof(*used));
	alloc_put(h->alloc, h->used);
	h->used = used;
	h->words = words;
	return true;
}

static bool
is_used(const struct tc_handles *h, uint32_t handle)
{
	return h->used[handle / WORD] >> handle % WORD & 1;
}

static void
use(struct tc_handles *h, uint32_t handle)
{
	h->used[handle / WORD] |= (uint64_t)1 << handle % WORD;
	h->count++;
}

void
tc_handles_done(struct tc_handles *h)
{
	alloc_put(h->alloc, h->used);
	*h = (struct tc_handles){ .alloc = h->alloc };
}

uint32_t
tc_handles_take(struct tc_handles *h)
{
	size_t words = h->words > 0 ? h->words * 2 : FIRST_WORDS;

	/* At most half in use, so that the next free one is near. */
	if (2 * h->count + 1 >= h->words * WORD && words <= WORDS_MAX &&
		!grow(h, words))
		return 0;
	if (h->count + 1 >= h->words * WORD) /* without 0 */
		return 0;
	do
		h->next = (uint32_t)((h->next + 1) % (h->words * WORD));
	while (h->next == 0 || is_used(h, h->next));
	use(h, h->next);
	return h->next;
}

bool
tc_handles_claim(struct tc_handles *h, uint32_t handle)
{
	size_t words = h->words > 0 ? h->words : FIRST_WORDS;

	if (handle == 0 || handle >= TC_HANDLES_MAX)
		return false;
	while (words * WORD <= handle)
		words *= 2;
	if (!grow(h, words) || is_used(h, handle))
		return false;
	use(h, handle);
	return true;
}

void
tc_handles_give(struct tc_handles *h, uint32_t handle)
{
	if (handle / WORD >= h->words || !is_used(h, handle))
		return;
	h->used[handle / WORD] &= ~((uint64_t)1 << handle % WORD);
	h->count--;
}
