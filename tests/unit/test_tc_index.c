/* SPDX-License-Identifier: ISC */
#include "t.h"
#include "tcctl/tree_int.h"

enum { PLACES = 3000, KEYS = 5 };

struct place {
	uint64_t major;
	uint64_t minor;
};

/* Few keys, so that many places share one; no order. */
static struct place
place_of(size_t at)
{
	return (struct place){ at * 2654435761u % KEYS,
		(at * 40503u >> 3) % KEYS };
}

static bool
is_at(size_t at, uint64_t major, uint64_t minor)
{
	const struct place p = place_of(at);

	return p.major == major && p.minor == minor;
}

static size_t
next_of(size_t from, uint64_t major, uint64_t minor)
{
	while (from < PLACES && !is_at(from, major, minor))
		from++;
	return from < PLACES ? from : TREE_NOWHERE;
}

static void
what_is_found_is_what_a_look_at_all_finds(void)
{
	struct tree_index x = { 0 };

	for (size_t i = PLACES; i-- > 0;) {
		const struct place p = place_of(i);

		tree_index_add(&x, p.major, p.minor, i);
	}
	tree_index_sort(&x);
	T_CHECK(!x.failed, "no memory");
	/* One key of each more than there are. */
	for (uint64_t major = 0; major <= KEYS; major++)
		for (uint64_t minor = 0; minor <= KEYS; minor++) {
			size_t count = 0;

			for (size_t from = 0; from <= PLACES; from++) {
				T_EQ(tree_index_before(&x, major, minor, from),
					count);
				T_EQ(tree_index_from(&x, major, minor, from),
					next_of(from, major, minor));
				count += is_at(from, major, minor) &&
					 from < PLACES;
			}
		}
	tree_index_done(&x);
}

static void
an_empty_one_finds_nothing(void)
{
	struct tree_index x = { 0 };

	tree_index_sort(&x);
	T_CHECK(tree_index_from(&x, 0, 0, 0) == TREE_NOWHERE, "found");
	T_EQ(tree_index_before(&x, 0, 0, 7), 0);
	tree_index_done(&x);
}

static struct t_case cases[] = {
	{ "what is found is what a look at all finds",
		what_is_found_is_what_a_look_at_all_finds },
	{ "an empty one finds nothing", an_empty_one_finds_nothing },
};
T_MAIN(cases)
