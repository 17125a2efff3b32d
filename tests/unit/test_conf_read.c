/* SPDX-License-Identifier: ISC */

/* policy.conf as text: policy/conf_read.c. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/main_int.h"
#include "t.h"

enum { MOST = 64 << 20 };

static int
file_of(const char *text, size_t len)
{
	int fd = memfd_create("t", 0);

	T_EQ(write(fd, text, len), (ssize_t)len);
	return fd;
}

static void
the_whole_is_read_from_its_begin(void)
{
	int fd = file_of("one\ntwo\n", 8);
	char *text;

	T_EQ(conf_read_fd(fd, &text), 0); /* the offset is at the end */
	T_STR(text, "one\ntwo\n");
	free(text);
	close(fd);
	fd = file_of("", 0);
	T_EQ(conf_read_fd(fd, &text), 0);
	T_STR(text, "");
	free(text);
	close(fd);
}

static void
a_nul_hides_nothing(void)
{
	int fd = file_of("\0a\0\0b\0", 6);
	char *text;

	T_EQ(conf_read_fd(fd, &text), 0);
	T_STR(text, "\1a\1\1b\1");
	free(text);
	close(fd);
}

static void
it_has_64_mib_at_most(void)
{
	int fd = memfd_create("t", 0);
	char *text;

	T_EQ(ftruncate(fd, MOST), 0);
	T_EQ(conf_read_fd(fd, &text), 0);
	T_EQ(strlen(text), MOST);
	free(text);
	T_EQ(ftruncate(fd, MOST + 1), 0);
	T_EQ(conf_read_fd(fd, &text), -EFBIG);
	close(fd);
}

static void
what_is_no_file_is_refused(void)
{
	int before = open("/dev/null", O_RDONLY);
	char *text;

	T_EQ(conf_read_path("/nowhere/to/be/found", &text), -ENOENT);
	T_EQ(conf_read_path("/", &text), -EINVAL);
	T_STR(conf_read_problem(-EINVAL), "not a regular file");
	T_STR(conf_read_problem(-ENOENT), strerror(ENOENT));
	T_EQ(conf_read_path("/dev/null", &text), -EINVAL);
	/* Nothing stays open. */
	close(before);
	before = open("/proc/self/exe", O_RDONLY | O_PATH);
	T_EQ(conf_read_fd(before, &text), -EBADF);
	close(before);
	T_EQ(open("/dev/null", O_RDONLY), before);
	close(before);
}

static struct t_case cases[] = {
	{ "the whole is read, from its begin",
		the_whole_is_read_from_its_begin },
	{ "a NUL hides nothing", a_nul_hides_nothing },
	{ "it has 64 MiB at most", it_has_64_mib_at_most },
	{ "what is no file is refused", what_is_no_file_is_refused },
};
T_MAIN(cases)
