/* SPDX-License-Identifier: ISC */

/* The policy cache: written beside, synced, renamed, directory synced. */

#include "cache_int.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/snapshot_int.h"
#include "policy/state_int.h"

#define CACHE_NAME "policy.cache"

enum {
	MAGIC = 0x43414351, /* "QCAC" */
	LAYOUT = 1,
	HEAD_MAX = 128 + SOURCE_TEXT + DIR_COOKIE,
	MIRROR_MAX = (SOURCE_ENTRIES_MIB + 8) * 1024 * 1024
};

static void
get_memory(struct buf_reader *r, struct dir_memory *memory)
{
	size_t len = buf_get_u16le(r);

	if (len < sizeof(memory->uri))
		buf_get_bytes(r, memory->uri, len);
	else
		r->failed = true;
	len = buf_get_u16le(r);
	if (len <= sizeof(memory->cookie)) {
		buf_get_bytes(r, memory->cookie, len);
		memory->cookie_len = len;
	} else {
		r->failed = true;
	}
}

/* Views of the bytes; false when they are no cache of this layout. */
static bool
parse(const uint8_t *bytes, size_t len, struct cache *cache)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct buf_reader end = r;

	if (len < sizeof(uint64_t) || buf_get_u32le(&r) != MAGIC ||
		buf_get_u16le(&r) != LAYOUT)
		return false;
	(void)buf_take(&end, len - sizeof(uint64_t)); /* it has that many */
	if (buf_get_u64le(&end) != policy_digest(POLICY_DIGEST_START, bytes,
					   len - sizeof(uint64_t)))
		return false;
	cache->saved_unix_s = (int64_t)buf_get_u64le(&r);
	cache->max_age_s = buf_get_u32le(&r);
	cache->stale = buf_get_u8(&r);
	cache->view = buf_get_u64le(&r);
	cache->release = buf_get_u64le(&r);
	cache->memory.cookie_unix_s = (int64_t)buf_get_u64le(&r);
	get_memory(&r, &cache->memory);
	cache->snapshot_len = (size_t)buf_get_u64le(&r);

	size_t mirror_len = (size_t)buf_get_u64le(&r);

	cache->snapshot = buf_take(&r, cache->snapshot_len);
	cache->memory.mirror = buf_split(&r, mirror_len);
	(void)buf_get_u64le(&r); /* the digest */
	return buf_complete(&r);
}

int
cache_load(const char *state_dir, struct cache *ret_cache)
{
	struct cache cache = { 0 };
	size_t len = 0;
	int64_t confirmed_unix_s = 0;
	int rc = state_read(state_dir, CACHE_NAME,
		(size_t)POLICY_SNAPSHOT_MAX + MIRROR_MAX, &cache.bytes, &len,
		&confirmed_unix_s);

	if (rc < 0)
		return rc;
	if (!parse(cache.bytes, len, &cache)) {
		free(cache.bytes);
		return -EBADMSG;
	}
	cache.age_s = (int64_t)time(NULL) - confirmed_unix_s;
	if (cache.age_s < 0)
		cache.age_s = 0; /* the clock was put back */
	*ret_cache = cache;
	return 0;
}

/* ---- writing ------------------------------------------------------------- */

static void
put_head(struct buf_writer *w, const struct cache *c)
{
	size_t uri = strlen(c->memory.uri);

	buf_put_u32le(w, MAGIC);
	buf_put_u16le(w, LAYOUT);
	buf_put_u64le(w, (uint64_t)c->saved_unix_s);
	buf_put_u32le(w, c->max_age_s);
	buf_put_u8(w, c->stale);
	buf_put_u64le(w, c->view);
	buf_put_u64le(w, c->release);
	buf_put_u64le(w, (uint64_t)c->memory.cookie_unix_s);
	buf_put_u16le(w, (uint16_t)uri);
	buf_put_bytes(w, c->memory.uri, uri);
	buf_put_u16le(w, (uint16_t)c->memory.cookie_len);
	buf_put_bytes(w, c->memory.cookie, c->memory.cookie_len);
	buf_put_u64le(w, c->snapshot_len);
	buf_put_u64le(w, buf_left(&c->memory.mirror));
}

/* Head, snapshot, mirror, and the digest of all three. */
int
cache_save(const char *state_dir, const struct cache *c)
{
	uint8_t head[HEAD_MAX];
	uint8_t tail[sizeof(uint64_t)];
	struct buf_writer h = buf_writer(head, sizeof(head));
	struct buf_writer t = buf_writer(tail, sizeof(tail));
	size_t mirror_len = buf_left(&c->memory.mirror);
	uint64_t digest;

	put_head(&h, c);
	if (h.failed)
		return -ENAMETOOLONG;
	digest = policy_digest(POLICY_DIGEST_START, head, buf_written(&h));
	digest = policy_digest(digest, c->snapshot, c->snapshot_len);
	digest = policy_digest(digest, c->memory.mirror.pos, mirror_len);
	buf_put_u64le(&t, digest);

	const struct state_part parts[] = { { head, buf_written(&h) },
		{ c->snapshot, c->snapshot_len },
		{ c->memory.mirror.pos, mirror_len }, { tail, sizeof(tail) } };

	return state_write(state_dir, CACHE_NAME, parts,
		sizeof(parts) / sizeof(parts[0]), c->confirmed_unix_s);
}

int
cache_confirm(const char *state_dir)
{
	return state_touch(state_dir, CACHE_NAME);
}
