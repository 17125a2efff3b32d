/* SPDX-License-Identifier: ISC */

/* Where things stand in a list, found by their keys; see tree_int.h. */

#include "tree_int.h"

#include <stdlib.h>

void
tree_index_add(struct tree_index *x, uint64_t major, uint64_t minor, size_t at)
{
	enum { FIRST = 256 };
	struct tree_place *bigger;

	if (x->count == x->room && !x->failed) {
		const size_t room = x->room > 0 ? 2 * x->room : FIRST;

		bigger = (struct tree_place *)realloc(
			x->all, room * sizeof(*bigger));
		x->failed = bigger == NULL;
		if (bigger) {
			x->all = bigger;
			x->room = room;
		}
	}
	if (!x->failed)
		x->all[x->count++] = (struct tree_place){ major, minor, at };
}

static int
compare(const void *a, const void *b)
{
	const struct tree_place *x = (const struct tree_place *)a;
	const struct tree_place *y = (const struct tree_place *)b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void
tree_index_sort(struct tree_index *x)
{
	if (x->count > 0)
		qsort(x->all, x->count, sizeof(x->all[0]), compare);
}

/* The first of the index that is not before the key. */
static size_t
not_before(const struct tree_index *x, const struct tree_place *key)
{
	size_t low = 0;
	size_t high = x->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare(&x->all[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
tree_index_from(
	const struct tree_index *x, uint64_t major, uint64_t minor, size_t from)
{
	const struct tree_place key = { major, minor, from };
	const size_t i = not_before(x, &key);

	return i < x->count && x->all[i].major == major &&
			       x->all[i].minor == minor
		       ? x->all[i].at
		       : TREE_NOWHERE;
}

size_t
tree_index_before(const struct tree_index *x, uint64_t major, uint64_t minor,
	size_t before)
{
	const struct tree_place first = { major, minor, 0 };
	const struct tree_place last = { major, minor, before };

	return not_before(x, &last) - not_before(x, &first);
}

void
tree_index_done(struct tree_index *x)
{
	free(x->all);
	*x = (struct tree_index){ 0 };
}
