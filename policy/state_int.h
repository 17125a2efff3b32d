/* SPDX-License-Identifier: ISC */
#ifndef STATE_INT_H
#define STATE_INT_H

/* Files of the state directory, 0600: read whole, replaced as a whole. */

#include <stddef.h>
#include <stdint.h>

struct state_part {
	const void *bytes;
	size_t len;
};

/* The whole file, to be free()d.  0,
 * or negative errno: -EFBIG when it is larger than most. */
int state_read(const char *dir, const char *name, size_t most,
	uint8_t **ret_bytes, size_t *ret_len, int64_t *ret_changed_unix_s);
/* As many octets of its beginning as there are, up to size. */
int state_read_head(const char *dir, const char *name, void *bytes, size_t size,
	size_t *ret_len);

/* Written beside, synced, renamed, directory synced.  Time of modification:
 * that second, or now for INT64_MAX.  0 or negative errno. */
int state_write(const char *dir, const char *name,
	const struct state_part *parts, size_t n_parts, int64_t changed_unix_s);
/* Made anew and not synced, which takes the time of a copy: it outlives the
 * process, not the host, after a crash of which it may be there in part.  Until
 * it is whole there is the one before. */
int state_write_quick(
	const char *dir, const char *name, const void *bytes, size_t len);
/* The file was written as it is now. */
int state_touch(const char *dir, const char *name);
/* After a crash of the host it may be there again. */
int state_remove_quick(const char *dir, const char *name);
/* 0 also when there is none. */
int state_remove(const char *dir, const char *name);

#endif /* STATE_INT_H */
