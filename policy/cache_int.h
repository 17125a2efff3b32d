/* SPDX-License-Identifier: ISC */
#ifndef CACHE_INT_H
#define CACHE_INT_H

/*
 * The last good snapshot on disk: STATE-DIR/policy.cache, 0600, replaced as a
 * whole.  Its time of modification is when the sources last confirmed it.
 */

#include <stddef.h>
#include <stdint.h>

/* 0 and bytes to free(), or negative errno.  ret_age_s: since confirmed. */
int cache_load(const char *state_dir, uint8_t **ret_bytes, size_t *ret_len,
	int64_t *ret_age_s);
int cache_save(const char *state_dir, const uint8_t *bytes, size_t len);
/* The same content was confirmed now. */
int cache_confirm(const char *state_dir);

#endif /* CACHE_INT_H */
