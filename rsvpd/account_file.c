/* SPDX-License-Identifier: ISC */

/* Appending lines to a file that may be full, see account_file.h. */

#include "rsvpd/account_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITE_MAX = 65536, ROOM_LEAST = 16384 };

void
account_file_init(struct account_file *file)
{
	*file = (struct account_file){ .fd = -1 };
}

void
account_file_done(struct account_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd); /* every write was looked at */
	free(file->waiting);
	account_file_init(file);
}

void
account_file_open(struct account_file *file, int fd)
{
	if (file->fd >= 0)
		(void)close(file->fd); /* as above */
	file->fd = fd;
	file->done = 0;
}

static bool
make_room(struct account_file *file, size_t len)
{
	size_t room = file->room < ROOM_LEAST ? ROOM_LEAST : file->room;
	char *more;

	if (len > ACCOUNT_FILE_ROOM - file->len)
		return false;
	while (room < file->len + len)
		room *= 2;
	if (room == file->room)
		return true;
	more = (char *)realloc(file->waiting, room);
	if (!more)
		return false;
	file->waiting = more;
	file->room = room;
	return true;
}

bool
account_file_add(struct account_file *file, const char *line, size_t len)
{
	if (!make_room(file, len)) {
		file->lost++;
		return false;
	}
	memcpy(file->waiting + file->len, line, len);
	file->len += len;
	return true;
}

/* Lines that are in the file as a whole are forgotten. */
static void
forget_written(struct account_file *file)
{
	size_t whole = 0;

	for (size_t i = 0; i < file->done; i++)
		if (file->waiting[i] == '\n') {
			whole = i + 1;
			file->written++;
		}
	if (whole == 0)
		return;
	memmove(file->waiting, file->waiting + whole, file->len - whole);
	file->len -= whole;
	file->done -= whole;
}

bool
account_file_write(struct account_file *file)
{
	size_t left = file->len - file->done;
	ssize_t n;

	if (file->fd < 0 || left == 0)
		return false;
	n = write(file->fd, file->waiting + file->done,
		left < WRITE_MAX ? left : WRITE_MAX);
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		file->error = n < 0 ? errno : ENOSPC;
		return false;
	}
	file->error = 0;
	file->done += (size_t)n;
	forget_written(file);
	return file->len > file->done;
}
