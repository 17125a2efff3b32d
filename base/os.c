/* SPDX-License-Identifier: ISC */

/* What every program at the rim asks of the system. */

#include "base/os.h"

#include <sys/socket.h>
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
