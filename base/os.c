/* SPDX-License-Identifier: ISC */

/* What every program at the rim asks of the system. */

#include "base/os.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

static int64_t
read_us(clockid_t clock)
{
	struct timespec ts = { 0 };

	/* Cannot fail: the clock exists and ts is ours. */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct mono
os_now(void)
{
	return (struct mono){ read_us(CLOCK_MONOTONIC) };
}

int64_t
os_computed_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}

bool
os_is_seqpacket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

int
os_send(int socket, const void *bytes, size_t len, int fd)
{
	struct iovec iov = { .iov_len = len };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	/* sendmsg() only reads what its type lets it write. */
	memcpy(&iov.iov_base, &bytes, sizeof(iov.iov_base));
	if (fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);

		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
								    : 0;
}
