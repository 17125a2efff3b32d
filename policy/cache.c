/* SPDX-License-Identifier: ISC */

/* The policy cache: written beside, synced, renamed, directory synced. */

#include "cache_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "policy/snapshot_int.h"

#define CACHE_NAME "policy.cache"

enum {
	MAGIC = 0x43414351, /* "QCAC" */
	LAYOUT = 1,
	HEAD_MAX = 128 + SOURCE_TEXT + DIR_COOKIE,
	MIRROR_MAX = (SOURCE_ENTRIES_MIB + 8) * 1024 * 1024
};

static int
path_in(const char *dir, const char *name, char path[PATH_MAX])
{
	struct text t = text_over(path, PATH_MAX);

	text_printf(&t, "%s/%s", dir, name);
	return t.cut ? -ENAMETOOLONG : 0;
}

static int
read_all(int fd, uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO; /* it shrank */
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int
write_all(int fd, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

/* The whole file; 0 and bytes to free(), or negative errno. */
static int
read_file(int fd, uint8_t **ret_bytes, size_t *ret_len, int64_t *ret_unix_s)
{
	struct stat st;
	uint8_t *bytes;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
		st.st_size > (off_t)POLICY_SNAPSHOT_MAX + MIRROR_MAX)
		return -EINVAL;
	bytes = (uint8_t *)malloc((size_t)st.st_size);
	if (!bytes)
		return -ENOMEM;
	rc = read_all(fd, bytes, (size_t)st.st_size);
	if (rc < 0) {
		free(bytes);
		return rc;
	}
	*ret_bytes = bytes;
	*ret_len = (size_t)st.st_size;
	*ret_unix_s = (int64_t)st.st_mtime;
	return 0;
}

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
	char path[PATH_MAX];
	struct cache cache = { 0 };
	size_t len = 0;
	int64_t confirmed_unix_s = 0;
	int rc = path_in(state_dir, CACHE_NAME, path);

	if (rc < 0)
		return rc;

	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	rc = read_file(fd, &cache.bytes, &len, &confirmed_unix_s);
	close(fd);
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

static int
sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int rc = fsync(fd) < 0 ? -errno : 0;

	close(fd);
	return rc;
}

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
static int
write_cache(int fd, const struct cache *c)
{
	uint8_t head[HEAD_MAX];
	uint8_t tail[sizeof(uint64_t)];
	struct buf_writer h = buf_writer(head, sizeof(head));
	struct buf_writer t = buf_writer(tail, sizeof(tail));
	size_t mirror_len = buf_left(&c->memory.mirror);
	uint64_t digest;
	int rc;

	put_head(&h, c);
	if (h.failed)
		return -ENAMETOOLONG;
	digest = policy_digest(POLICY_DIGEST_START, head, buf_written(&h));
	digest = policy_digest(digest, c->snapshot, c->snapshot_len);
	digest = policy_digest(digest, c->memory.mirror.pos, mirror_len);
	buf_put_u64le(&t, digest);
	rc = write_all(fd, head, buf_written(&h));
	if (rc == 0)
		rc = write_all(fd, c->snapshot, c->snapshot_len);
	if (rc == 0)
		rc = write_all(fd, c->memory.mirror.pos, mirror_len);
	return rc == 0 ? write_all(fd, tail, sizeof(tail)) : rc;
}

int
cache_save(const char *state_dir, const struct cache *cache)
{
	char path[PATH_MAX];
	char temp[PATH_MAX];
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = cache->confirmed_unix_s } };
	int rc = path_in(state_dir, CACHE_NAME, path);

	if (rc == 0)
		rc = path_in(state_dir, CACHE_NAME ".new", temp);
	if (rc < 0)
		return rc;
	if (unlink(temp) < 0 && errno != ENOENT)
		return -errno;

	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		S_IRUSR | S_IWUSR);

	if (fd < 0)
		return -errno;
	rc = write_cache(fd, cache);
	if (rc == 0 && futimens(fd, times) < 0)
		rc = -errno;
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlink(temp); /* of no use; the next save tries again */
		return rc;
	}
	return sync_directory(state_dir);
}

int
cache_confirm(const char *state_dir)
{
	char path[PATH_MAX];
	int rc = path_in(state_dir, CACHE_NAME, path);

	if (rc < 0)
		return rc;
	return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
									: 0;
}
