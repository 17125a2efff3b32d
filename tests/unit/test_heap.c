/* SPDX-License-Identifier: ISC */
#include "base/heap.h"
#include "t.h"

enum { NODES = 500 };

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Earliest deadline by looking at all: the oracle. */
static int64_t
earliest(const struct heap_node *nodes)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < NODES; i++)
		if (heap_queued(&nodes[i]) && nodes[i].deadline.us < best)
			best = nodes[i].deadline.us;
	return best;
}

static void
first_is_always_the_earliest(void)
{
	static struct heap_node nodes[NODES];
	struct heap h;
	uint32_t seed = 1;

	heap_init(&h, alloc_heap());
	for (int step = 0; step < 20000; step++) {
		struct heap_node *n = &nodes[next_random(&seed) % NODES];

		if (next_random(&seed) % 4 == 0)
			heap_remove(&h, n);
		else
			T_CHECK(heap_set(&h, n,
					(struct mono){ next_random(&seed) }),
				"no memory");
		if (heap_first(&h))
			T_EQ(heap_first(&h)->deadline.us, earliest(nodes));
		else
			T_EQ(earliest(nodes), INT64_MAX);
	}
	for (int i = 0; i < NODES; i++)
		heap_remove(&h, &nodes[i]);
	T_CHECK(!heap_first(&h), "not empty");
	heap_done(&h);
}

static void *
never(void *arg, size_t size)
{
	(void)arg;
	(void)size;
	return NULL;
}

static void
nothing(void *arg, void *memory)
{
	(void)arg;
	(void)memory;
}

static void
lack_of_memory_is_told(void)
{
	const struct alloc none = { never, nothing, NULL, NULL };
	struct heap_node node = { 0 };
	struct heap h;

	heap_init(&h, &none);
	T_CHECK(!heap_set(&h, &node, (struct mono){ 1 }), "queued");
	T_CHECK(!heap_queued(&node), "queued");
	heap_done(&h);
}

static struct t_case cases[] = {
	{ "the first node is always the earliest",
		first_is_always_the_earliest },
	{ "lack of memory is told", lack_of_memory_is_told },
};

T_MAIN(cases)
