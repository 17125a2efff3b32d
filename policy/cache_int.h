/* SPDX-License-Identifier: ISC */
#ifndef CACHE_INT_H
#define CACHE_INT_H

/*
 * What outlives policyd: STATE-DIR/policy.cache, 0600, replaced as a whole.
 * Its time of modification is when the directory last confirmed it, whenever it
 * was written.
 *
 *	cache := magic u32 | layout u16 | saved u64 | max age u32 | stale u8 |
 *	         view u64 | release u64 | cookie time u64 | server (u16, bytes)
 *| cookie (u16, bytes) | snapshot length u64 | mirror length u64 | snapshot |
 *mirror | digest u64
 *
 * All little-endian.  The snapshot is what was in force; the mirror, entries
 * as the directory sent them, is what the cookie stands for.  Nothing of it
 * is merged with anything: a directory that goes on from the cookie sends what
 * changed since, and only the whole of that takes effect.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dir_int.h"

struct cache {
	int64_t saved_unix_s;
	int64_t confirmed_unix_s; /* to be written: a server's last answer */
	int64_t age_s;            /* since then; read only */
	uint32_t max_age_s;       /* as it was configured; 0: any */
	uint8_t stale;            /* enum source_stale, likewise */
	uint64_t view;            /* source_directory_view() of the mirror */
	uint64_t release;         /* of the generation entries; 0: none */
	const uint8_t *snapshot;
	size_t snapshot_len;
	struct dir_memory memory;
	uint8_t *bytes; /* what the views are of, when read; to be free()d */
};

/* 0, or negative errno; -EBADMSG: damaged, or of another version. */
int cache_load(const char *state_dir, struct cache *ret_cache);
int cache_save(const char *state_dir, const struct cache *cache);
/* The same content was confirmed now. */
int cache_confirm(const char *state_dir);

#endif /* CACHE_INT_H */
