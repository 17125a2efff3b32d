/* SPDX-License-Identifier: ISC */

/* The policy cache: written beside, synced, renamed, directory synced. */

#include "cache_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "policy/policy.h"

#define CACHE_NAME "policy.cache"

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

int
cache_load(const char *state_dir, uint8_t **ret_bytes, size_t *ret_len,
	int64_t *ret_age_s)
{
	char path[PATH_MAX];
	struct stat st;
	uint8_t *bytes = NULL;
	int rc = path_in(state_dir, CACHE_NAME, path);

	if (rc < 0)
		return rc;

	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
		 st.st_size > POLICY_SNAPSHOT_MAX)
		rc = -EINVAL;
	else
		bytes = (uint8_t *)malloc((size_t)st.st_size);
	if (rc == 0)
		rc = bytes ? read_all(fd, bytes, (size_t)st.st_size) : -ENOMEM;
	close(fd);
	if (rc < 0) {
		free(bytes);
		return rc;
	}
	*ret_bytes = bytes;
	*ret_len = (size_t)st.st_size;
	*ret_age_s = (int64_t)(time(NULL) - st.st_mtime);
	return 0;
}

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

int
cache_save(const char *state_dir, const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX];
	char temp[PATH_MAX];
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
	rc = write_all(fd, bytes, len);
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
