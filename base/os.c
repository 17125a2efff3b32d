/* SPDX-License-Identifier: ISC */

/* What every program at the rim asks of the system. */

#include "base/os.h"

#include <sys/socket.h>
#include <time.h>

struct mono
os_now(void)
{
	struct timespec ts = { 0 };

	/* Cannot fail: the clock exists and ts is ours. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ (int64_t)ts.tv_sec * 1000000 +
			      ts.tv_nsec / 1000 };
}

bool
os_is_seqpacket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}
