/* SPDX-License-Identifier: ISC */

/* Files of the state directory; see state_int.h. */

#include "state_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static int
path_in(const char *dir, const char *name, const char *suffix,
	char path[PATH_MAX])
{
	struct text t = text_over(path, PATH_MAX);

	text_printf(&t, "%s/%s%s", dir, name, suffix);
	return t.cut ? -ENAMETOOLONG : 0;
}

/* ---- reading ------------------------------------------------------------- */

static int
open_file(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int rc = path_in(dir, name, "", path);
	int fd;

	if (rc < 0)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Up to size octets; how many, or negative errno. */
static ssize_t
read_up_to(int fd, uint8_t *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, bytes + done, size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

static int
read_whole(int fd, size_t most, uint8_t **ret_bytes, size_t *ret_len,
	int64_t *ret_changed_unix_s)
{
	struct stat st;
	uint8_t *bytes;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return -EINVAL;
	if ((uint64_t)st.st_size > most)
		return -EFBIG;
	bytes = (uint8_t *)malloc((size_t)st.st_size);
	if (!bytes)
		return -ENOMEM;
	n = read_up_to(fd, bytes, (size_t)st.st_size);
	if (n != (ssize_t)st.st_size) {
		free(bytes);
		return n < 0 ? (int)n : -EIO; /* it shrank */
	}
	*ret_bytes = bytes;
	*ret_len = (size_t)n;
	*ret_changed_unix_s = (int64_t)st.st_mtime;
	return 0;
}

int
state_read(const char *dir, const char *name, size_t most, uint8_t **ret_bytes,
	size_t *ret_len, int64_t *ret_changed_unix_s)
{
	int fd = open_file(dir, name);
	int rc;

	if (fd < 0)
		return fd;
	rc = read_whole(fd, most, ret_bytes, ret_len, ret_changed_unix_s);
	close(fd);
	return rc;
}

int
state_read_head(const char *dir, const char *name, void *bytes, size_t size,
	size_t *ret_len)
{
	int fd = open_file(dir, name);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read_up_to(fd, (uint8_t *)bytes, size);
	close(fd);
	if (n < 0)
		return (int)n;
	*ret_len = (size_t)n;
	return 0;
}

/* ---- writing ------------------------------------------------------------- */

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

static int
fill(int fd, const struct state_part *parts, size_t n_parts,
	int64_t changed_unix_s)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = changed_unix_s } };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n_parts; i++)
		rc = write_all(
			fd, (const uint8_t *)parts[i].bytes, parts[i].len);
	if (rc == 0 && changed_unix_s != INT64_MAX && futimens(fd, times) < 0)
		rc = -errno;
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	return rc;
}

int
state_write(const char *dir, const char *name, const struct state_part *parts,
	size_t n_parts, int64_t changed_unix_s)
{
	char path[PATH_MAX];
	char temp[PATH_MAX];
	int rc = path_in(dir, name, "", path);

	if (rc == 0)
		rc = path_in(dir, name, ".new", temp);
	if (rc < 0)
		return rc;
	if (unlink(temp) < 0 && errno != ENOENT)
		return -errno;

	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		S_IRUSR | S_IWUSR);

	if (fd < 0)
		return -errno;
	rc = fill(fd, parts, n_parts, changed_unix_s);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlink(temp); /* of no use; the next one tries again */
		return rc;
	}
	return sync_directory(dir);
}

int
state_write_quick(
	const char *dir, const char *name, const void *bytes, size_t len)
{
	char path[PATH_MAX];
	char temp[PATH_MAX];
	int rc = path_in(dir, name, "", path);
	int fd;

	if (rc == 0)
		rc = path_in(dir, name, ".new", temp);
	if (rc < 0)
		return rc;
	/* ext4 writes a file that is cut to nothing and closed, or that takes
	 * the name of another, to the disk at once; one that is new in its own
	 * time. */
	(void)unlink(temp); /* else opening it fails */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, (const uint8_t *)bytes, len);
	close(fd);
	if (rc == 0) {
		(void)unlink(path); /* else renaming fails, or is slow */
		rc = rename(temp, path) < 0 ? -errno : 0;
	}
	if (rc < 0)
		(void)unlink(temp); /* it is of no use, and takes room */
	return rc;
}

int
state_touch(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int rc = path_in(dir, name, "", path);

	if (rc < 0)
		return rc;
	return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
									: 0;
}

int
state_remove_quick(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int rc = path_in(dir, name, "", path);

	if (rc < 0)
		return rc;
	return unlink(path) < 0 ? -errno : 0;
}

int
state_remove(const char *dir, const char *name)
{
	int rc = state_remove_quick(dir, name);

	if (rc == -ENOENT)
		return 0;
	return rc < 0 ? rc : sync_directory(dir);
}
