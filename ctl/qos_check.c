/* SPDX-License-Identifier: ISC */

/*
 * Would policyd take a text?  Its own reader is asked, as a child, so that the
 * file that is written and the policy that is read cannot differ.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/policyd.h"
#include "ctl/qos.h"

enum { NOT_FOUND = 127, PATH = 4096 };

/* The text in a memory file, as a path for the child; -1 for none. */
static int
lend(const char *text)
{
	int fd = memfd_create("policyd.conf", 0);
	size_t len = strlen(text);

	while (fd >= 0 && len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fd;
}

static int
run(const char *path, int fd, const char *name)
{
	char file[32];
	struct text t = text_over(file, sizeof(file));
	int status = 0;
	pid_t pid;

	text_printf(&t, "/dev/fd/%d", fd);
	pid = fork();
	if (pid == 0) {
		(void)execl(path, "policyd", "check", "--quiet", "--format",
			"aix", "--name", name, file, (char *)NULL);
		_exit(NOT_FOUND);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return NOT_FOUND;
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_FOUND;
}

bool
qos_check(const struct qos *qos, const char *text)
{
	char path[PATH];
	int fd;
	int status;

	if (!policyd_find(path, sizeof(path))) {
		qos_complain(
			qos, "policyd is not installed in %s", CTL_SBINDIR);
		return false;
	}
	fd = lend(text);
	if (fd < 0) {
		qos_complain(
			qos, "no memory for the text: %s", strerror(errno));
		return false;
	}
	status = run(path, fd, qos->file);
	close(fd);
	if (status == NOT_FOUND)
		qos_complain(qos, "%s cannot be run", path);
	else if (status != 0)
		qos_complain(qos, "%s is left as it was", qos->file);
	return status == 0;
}
