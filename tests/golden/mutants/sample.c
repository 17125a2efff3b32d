/* SPDX-License-Identifier: ISC */

/* Read by tests/mutants alone: a little of each that it changes. */

#include <stdbool.h>
#include <stdlib.h>

enum { MOST = 16 };

static const int table[2] = { 3, 0 };

static bool
is_in(const struct range *r, int v)
{
	return r->lo <= v && v < r->hi;
}

struct range *
range_new(int lo, int hi)
{
	struct range *r = malloc(sizeof(*r));

	if (!r)
		return NULL; /* no test makes it fail */
	r->lo = lo;
	log_info("range of %d", lo);
	swap(lo, hi);
	return r;
}

static int
kind_of(const struct range *r, unsigned kind)
{
	switch (kind) {
	case 1:
	case 2:
		return is_in(r, MOST);
	case 3:
		count++;
		break;
	}
	if (!r || kind > MOST)
		return -1;
	else
		stop(r, "a < b");
	while (more())
		continue;
	return 0;
}
