/* SPDX-License-Identifier: ISC */
#ifndef DIFF_H
#define DIFF_H

/*
 * The difference of two keyed, sorted record arrays: the only one there is.
 * Configuration reload, policy change and kernel state all use it.
 */

#include <stdbool.h>
#include <stddef.h>

enum diff_kind {
	DIFF_ADDED,   /* only in want */
	DIFF_REMOVED, /* only in have */
	DIFF_CHANGED, /* in both, contents differ */
	DIFF_SAME     /* in both, equal */
};

struct diff_side {
	const void *records; /* sorted by key, keys unique */
	size_t count;
	size_t size; /* octets of one record */
};

struct diff_ops {
	/* Order of the keys of two records: <0, 0, >0. */
	int (*compare)(const void *a, const void *b);
	/* Equal contents, given equal keys. */
	bool (*equal)(const void *have, const void *want);
	/* Told once for each key, in key order; have is NULL for ADDED, want
	 * is NULL for REMOVED. */
	void (*tell)(void *arg, enum diff_kind kind, const void *have,
		const void *want);
};

/* Walk both sides once.  Reads only; O(have + want). */
void diff_walk(const struct diff_side *have, const struct diff_side *want,
	const struct diff_ops *ops, void *arg);

#endif /* DIFF_H */
