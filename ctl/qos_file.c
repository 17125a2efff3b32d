/* SPDX-License-Identifier: ISC */

/*
 * policyd.conf on disk: one editor at a time, and a reader sees the text before
 * the edit or the one after it, whatever happens in between.
 */

#include "ctl/qos.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { FILE_MAX = 64 * 1024 * 1024, TRIES = 1000 };

static bool
failed(const struct qos *qos, const char *path)
{
	qos_complain(qos, "%s: %s", path, strerror(errno));
	return false;
}

/* A link to the file stays one. */
static bool
find_path(const struct qos *qos, char path[PATH_MAX])
{
	struct stat st;

	if (realpath(qos->file, path))
		return true;
	if (errno != ENOENT)
		return failed(qos, qos->file);
	if (lstat(qos->file, &st) == 0) {
		qos_complain(qos,
			"%s: a link to a file that is not there (make the "
			"file, or remove the link)",
			qos->file);
		return false;
	}
	if (text_copy(path, PATH_MAX, qos->file))
		return true;
	errno = ENAMETOOLONG;
	return failed(qos, qos->file);
}

/* The descriptor is still the file of that name: nobody replaced it while we
 * waited for the lock. */
static bool
is_current(int fd, const char *path)
{
	struct stat held;
	struct stat named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Descriptor of the locked file, or -1 with errno. */
static int
open_locked(const char *path, bool *ret_created)
{
	*ret_created = false;
	for (int i = 0; i < TRIES; i++) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

		if (fd < 0 && errno == ENOENT) {
			fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				0644);
			*ret_created = fd >= 0;
			if (fd < 0 && errno == EEXIST)
				continue;
		}
		if (fd < 0 || (flock(fd, LOCK_EX) == 0 && is_current(fd, path)))
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

static bool
read_all(const struct qos *qos, struct qos_file *file)
{
	struct stat st;
	size_t done = 0;

	if (fstat(file->fd, &st) < 0)
		return failed(qos, file->path);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		qos_complain(qos, "%s: %s", file->path,
			S_ISREG(st.st_mode) ? "larger than 64 MiB"
					    : "not a regular file");
		return false;
	}
	file->text = (char *)malloc((size_t)st.st_size + 1);
	if (!file->text)
		return failed(qos, file->path);
	while (done < (size_t)st.st_size) {
		ssize_t n = pread(file->fd, file->text + done,
			(size_t)st.st_size - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return failed(qos, file->path);
		if (n == 0)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	file->text[done] = '\0';
	if (strlen(file->text) == done)
		return true;
	qos_complain(
		qos, "%s: a NUL character (is it a text file?)", file->path);
	return false;
}

bool
qos_file_open(const struct qos *qos, struct qos_file *file)
{
	*file = (struct qos_file){ .fd = -1 };
	if (!find_path(qos, file->path))
		return false;
	file->fd = open_locked(file->path, &file->created);
	if (file->fd < 0)
		return failed(qos, file->path);
	if (read_all(qos, file))
		return true;
	qos_file_done(file);
	return false;
}

bool
qos_file_read(const struct qos *qos, struct qos_file *file)
{
	*file = (struct qos_file){ .fd = -1 };
	if (!find_path(qos, file->path))
		return false;
	/* A pipe would wait for a writer before it is refused. */
	file->fd =
		open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0 && errno == ENOENT) {
		file->text = strdup("");
		return file->text != NULL;
	}
	if (file->fd < 0)
		return failed(qos, file->path);
	if (read_all(qos, file))
		return true;
	qos_file_done(file);
	return false;
}

static bool
write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0;
}

/* The name must last as well as the text. */
static bool
sync_directory(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd;
	bool good;

	(void)text_copy(dir, sizeof(dir), path); /* fits */
	slash = strrchr(dir, '/');
	if (slash == dir)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	close(fd);
	return good;
}

bool
qos_file_replace(const struct qos *qos, struct qos_file *file, const char *text)
{
	char path[PATH_MAX];
	struct text t = text_over(path, sizeof(path));
	struct stat st;
	int fd;

	text_printf(&t, "%s.XXXXXX", file->path);
	if (t.cut || fstat(file->fd, &st) < 0)
		return failed(qos, file->path);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return failed(qos, path);
	if (flock(fd, LOCK_EX) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0 &&
		fchmod(fd, st.st_mode & 07777) == 0 && write_all(fd, text) &&
		rename(path, file->path) == 0) {
		close(file->fd);
		file->fd = fd;
		return sync_directory(file->path) || failed(qos, file->path);
	}
	(void)failed(qos, path); /* false */
	close(fd);
	(void)unlink(path); /* nothing more to be done */
	return false;
}

void
qos_file_done(struct qos_file *file)
{
	struct stat st;

	/* What was made for an edit that did not come about. */
	if (file->created && fstat(file->fd, &st) == 0 && st.st_size == 0 &&
		is_current(file->fd, file->path))
		(void)unlink(file->path); /* an empty file is no harm */
	if (file->fd >= 0)
		close(file->fd);
	free(file->text);
	file->text = NULL;
	file->fd = -1;
}
