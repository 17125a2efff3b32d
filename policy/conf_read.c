/* SPDX-License-Identifier: ISC */

/* policy.conf as text. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main_int.h"

enum { CONF_MAX = 64 * 1024 * 1024 };

/* A NUL would hide all that follows it.  What stands for it is no part of the
 * syntax either. */
static void
show_nuls(char *text, size_t len)
{
	for (char *nul; (nul = (char *)memchr(text, '\0', len));) {
		len -= (size_t)(nul - text);
		text = nul;
		*nul = '\1';
	}
}

int
conf_read_fd(int fd, char **ret_text)
{
	struct stat st;
	char *text;
	size_t done = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > CONF_MAX)
		return -EFBIG;
	text = (char *)malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (done < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + done, (size_t)st.st_size - done,
			(off_t)done);

		if (n < 0 && errno != EINTR) {
			int rc = -errno;

			free(text);
			return rc;
		}
		if (n == 0)
			break; /* it shrank */
		if (n > 0)
			done += (size_t)n;
	}
	text[done] = '\0';
	show_nuls(text, done);
	*ret_text = text;
	return 0;
}

int
conf_read_path(const char *path, char **ret_text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;

	int rc = conf_read_fd(fd, ret_text);

	close(fd);
	return rc;
}

const char *
conf_read_problem(int rc)
{
	return rc == -EINVAL ? "not a regular file" : strerror(-rc);
}
