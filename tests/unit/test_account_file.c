/* SPDX-License-Identifier: ISC */

/* The file of accounting records: rsvpd/account_file.c. */

#include "rsvpd/account_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "t.h"

static void
add(struct account_file *file, const char *line)
{
	T_EQ(account_file_add(file, line, strlen(line)), true);
}

static void
has(int fd, const char *text)
{
	char buf[256] = "";
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	T_CHECK(n >= 0, "cannot read");
	T_STR(buf, text);
}

static void
lines_wait_for_a_file(void)
{
	struct account_file file;
	int fd = memfd_create("t", 0);

	account_file_init(&file);
	add(&file, "one\n");
	T_EQ(account_file_write(&file), false);
	T_EQ(file.error, 0);
	account_file_open(&file, dup(fd));
	add(&file, "two\n");
	T_EQ(account_file_write(&file), false);
	has(fd, "one\ntwo\n");
	T_EQ(file.written, 2);
	T_EQ(file.len, 0);
	account_file_done(&file);
	T_EQ(file.fd, -1);
	T_CHECK(file.waiting == NULL, "what was freed");
	close(fd);
}

static void
a_full_file_keeps_them_until_it_has_room(void)
{
	struct account_file file;
	int fd = memfd_create("t", 0);

	account_file_init(&file);
	account_file_open(&file, open("/dev/full", O_WRONLY));
	add(&file, "one\n");
	T_EQ(account_file_write(&file), false);
	T_EQ(file.error, ENOSPC);
	T_EQ(file.written, 0);
	account_file_open(&file, dup(fd));
	T_EQ(account_file_write(&file), false);
	T_EQ(file.error, 0);
	has(fd, "one\n");
	account_file_done(&file);
	close(fd);
}

static void
a_line_cut_in_two_is_whole_in_the_next_file(void)
{
	struct account_file file;
	int pipe_fds[2];
	int fd = memfd_create("t", 0);
	static char big[6000];

	T_EQ(pipe2(pipe_fds, O_NONBLOCK), 0);
	T_CHECK(fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096) >= 0, "no small pipe");
	memset(big, 'x', sizeof(big) - 2);
	big[sizeof(big) - 2] = '\n';
	account_file_init(&file);
	account_file_open(&file, pipe_fds[1]);
	add(&file, "one\n");
	add(&file, big);
	while (account_file_write(&file))
		continue;
	T_EQ(file.error, EAGAIN);
	T_EQ(file.written, 1);
	T_CHECK(file.done > 0 && file.done < sizeof(big), "not cut in two");
	account_file_open(&file, dup(fd));
	add(&file, "end\n");
	while (account_file_write(&file))
		continue;
	T_EQ(lseek(fd, 0, SEEK_END), (off_t)strlen(big) + 4);
	T_EQ(file.written, 3);
	account_file_done(&file);
	close(pipe_fds[0]);
	close(fd);
}

static void
what_goes_beyond_the_room_is_lost_and_counted(void)
{
	static char line[1000];
	struct account_file file;
	size_t added = 0;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	account_file_init(&file);
	while (account_file_add(&file, line, sizeof(line)))
		added++;
	T_EQ(added, ACCOUNT_FILE_ROOM / sizeof(line));
	T_EQ(file.lost, 1);
	T_EQ(account_file_add(&file, line, sizeof(line)), false);
	T_EQ(file.lost, 2);
	T_CHECK(file.room <= ACCOUNT_FILE_ROOM, "%zu", file.room);
	account_file_done(&file);
}

static void
a_long_queue_is_written_in_parts(void)
{
	static char line[1000];
	struct account_file file;
	int fd = memfd_create("t", 0);
	int turns = 1;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	account_file_init(&file);
	account_file_open(&file, dup(fd));
	for (int i = 0; i < 200; i++)
		T_EQ(account_file_add(&file, line, sizeof(line)), true);
	while (account_file_write(&file))
		turns++;
	T_EQ(turns, 4);
	T_EQ(file.written, 200);
	T_EQ(lseek(fd, 0, SEEK_END), 200000);
	account_file_done(&file);
	close(fd);
}

static void
an_older_file_is_closed_and_so_is_the_last(void)
{
	struct account_file file;
	int older = memfd_create("t", 0), newer = memfd_create("t", 0);

	account_file_init(&file);
	account_file_open(&file, older);
	account_file_open(&file, newer);
	T_EQ(fcntl(older, F_GETFD), -1);
	T_CHECK(fcntl(newer, F_GETFD) >= 0, "the file in use was closed");
	account_file_done(&file);
	T_EQ(fcntl(newer, F_GETFD), -1);
}

static struct t_case cases[] = {
	{ "lines wait for a file", lines_wait_for_a_file },
	{ "a full file keeps them until it has room",
		a_full_file_keeps_them_until_it_has_room },
	{ "a line cut in two is whole in the next file",
		a_line_cut_in_two_is_whole_in_the_next_file },
	{ "what goes beyond the room is lost and counted",
		what_goes_beyond_the_room_is_lost_and_counted },
	{ "a long queue is written in parts",
		a_long_queue_is_written_in_parts },
	{ "an older file is closed, and so is the last",
		an_older_file_is_closed_and_so_is_the_last },
};
T_MAIN(cases)
