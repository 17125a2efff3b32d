/* SPDX-License-Identifier: ISC */
#ifndef MIRROR_INT_H
#define MIRROR_INT_H

/*
 * What the directory holds for us: entries as they came, by their entryUUID,
 * so that a renamed entry is the same one.  No I/O, no libldap.
 *
 * A refresh (RFC 4533 3.3) is kept aside until it is complete and then takes
 * effect as a whole; one that breaks off has changed nothing.
 *
 *	entry     := name (u16, bytes) | attribute*
 *	attribute := name (u8, bytes) | values u16 | value*
 *	value     := length u16, bytes         (0xffff: left out, too long)
 *
 * All little-endian.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

enum {
	MIRROR_ID = 16,          /* octets of an entryUUID */
	MIRROR_TOO_LONG = 0xffff /* length of a value that was left out */
};

struct mirror;

/* key: random.  NULL for lack of memory. */
struct mirror *mirror_new(
	const struct hash_key *key, size_t entries_max, size_t octets_max);
void mirror_free(struct mirror *mirror);
size_t mirror_count(const struct mirror *mirror);

enum mirror_answer {
	MIRROR_SAME,
	MIRROR_CHANGED,
	MIRROR_FULL, /* a limit; nothing was changed */
	MIRROR_NO_MEMORY
};

/* One change, at once. */
enum mirror_answer mirror_put(struct mirror *mirror,
	const uint8_t id[MIRROR_ID], const void *entry, size_t len);
enum mirror_answer mirror_remove(
	struct mirror *mirror, const uint8_t id[MIRROR_ID]);

/* whole: there is no cookie, and what is not mentioned is gone. */
void mirror_refresh_begin(struct mirror *mirror, bool whole);
enum mirror_answer mirror_refresh_put(struct mirror *mirror,
	const uint8_t id[MIRROR_ID], const void *entry, size_t len);
void mirror_refresh_present(struct mirror *mirror, const uint8_t id[MIRROR_ID]);
void mirror_refresh_remove(struct mirror *mirror, const uint8_t id[MIRROR_ID]);
/* A present phase ends: what it did not mention is gone. */
void mirror_refresh_present_end(struct mirror *mirror);
/* The end.  FULL, NO_MEMORY: the mirror is as it was before. */
enum mirror_answer mirror_refresh_commit(struct mirror *mirror);
void mirror_refresh_drop(struct mirror *mirror);

/* Each entry in turn, NULL to begin with; NULL past the last. */
struct mirror_entry;
const struct mirror_entry *mirror_next(
	const struct mirror *mirror, const struct mirror_entry *entry);
const uint8_t *mirror_entry_id(const struct mirror_entry *entry);
struct buf_reader mirror_entry_bytes(const struct mirror_entry *entry);

/* All of it as bytes, and back.  False: no room, or not such bytes. */
size_t mirror_size(const struct mirror *mirror);
bool mirror_write(const struct mirror *mirror, struct buf_writer *w);
bool mirror_read(struct mirror *mirror, struct buf_reader *r);

#endif /* MIRROR_INT_H */
