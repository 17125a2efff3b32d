/* SPDX-License-Identifier: ISC */
#ifndef HISTORY_INT_H
#define HISTORY_INT_H

/*
 * The last generations that were in force, each whole in a file of its own,
 * STATE-DIR/policy.history.0 to .9, and which of them a rollback holds:
 * STATE-DIR/policy.rollback.
 *
 *	kept := magic u32 | layout u16 | generation u64 | made u64 | rules u32 |
 *	        source (u16, bytes) | snapshot length u64 | digest u64 |
 *snapshot held := magic u32 | layout u16 | generation u64 | since u64 | digest
 *u64
 *
 * All little-endian; the digest is of what stands before it, the snapshot has
 * its own.  A damaged file is as good as none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

enum {
	HISTORY_MOST = 10,
	HISTORY_OCTETS = 512 * 1024 * 1024 /* of all of them */
};

struct history_entry {
	uint64_t generation;
	int64_t made_unix_s;
	uint32_t rules;
	size_t len; /* of its snapshot */
	char source[POLICY_REASON];
	unsigned slot; /* the number of its file */
};

struct history {
	const char *state_dir;                 /* NULL: nothing is kept */
	struct history_entry at[HISTORY_MOST]; /* newest first */
	size_t count;
	size_t octets_most; /* of all; HISTORY_OCTETS */
	uint64_t needed;    /* this generation never goes; 0: any may */
};

/* What is there; the newest generation, 0: none. */
uint64_t history_open(struct history *history, const char *state_dir);
/* Keep that too, the oldest goes; nothing to do when it is kept already.
 * 0 or negative errno. */
int history_keep(struct history *history, const uint8_t *snapshot, size_t len);
const struct history_entry *history_find(
	const struct history *history, uint64_t generation);
/* The newest of those before that generation, or NULL. */
const struct history_entry *history_before(
	const struct history *history, uint64_t generation);
/* Its snapshot, to be given back to alloc_heap().  NULL, or what is wrong. */
const char *history_load(const struct history *history, uint64_t generation,
	uint8_t **ret_snapshot, size_t *ret_len);

/* Remember, past the end of policyd, that it is held since then; 0: none is.
 * 0 or negative errno. */
int history_hold(
	const struct history *history, uint64_t generation, int64_t since_s);
/* Generation 0: none is.  0, or negative errno; -EBADMSG: damaged. */
int history_held(const struct history *history, uint64_t *ret_generation,
	int64_t *ret_since_s);

#endif /* HISTORY_INT_H */
