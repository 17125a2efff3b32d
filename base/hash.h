/* SPDX-License-Identifier: ISC */
#ifndef HASH_H
#define HASH_H

/*
 * uthash with a keyed hash function.  A peer chooses session addresses and
 * ports; with an unkeyed hash it could choose them to collide.  The key is
 * passed in by whoever owns the table (pure code has no randomness of its
 * own):
 *
 *	HASH_FIND_BYHASHVALUE(hh, table, &key, sizeof(key),
 *		hash_bytes(&hash_key, &key, sizeof(key)), found);
 *
 * Lack of memory in uthash marks the element instead of ending the program:
 * after HASH_ADD check with hash_added().
 */

#include <stddef.h>
#include <stdint.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

/* SipHash-1-3 of the bytes, folded to the width uthash uses. */
unsigned hash_bytes(const struct hash_key *key, const void *bytes, size_t n);

/* True when HASH_ADD found memory for the element. */
#define hash_added(hh_of_element) ((hh_of_element).tbl != NULL)

/* The end of a table whose elements go with it: they stay linked by hh.next
 * from `first` on, and each may be freed. */
#define hash_dissolve(hh, table, first)                                        \
	do {                                                                   \
		(first) = (table);                                             \
		HASH_CLEAR(hh, table);                                         \
	} while (0)

#endif /* HASH_H */
