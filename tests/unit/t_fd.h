/* SPDX-License-Identifier: ISC */
#ifndef T_FD_H
#define T_FD_H

/* Whether descriptors are left open. */

#include <unistd.h>

#include "t.h"

/* The one that would be opened next. */
static inline int
t_free_fd(void)
{
	const int fd = dup(STDOUT_FILENO);

	T_CHECK(fd >= 0, "no descriptor");
	(void)close(fd);
	return fd;
}

#endif /* T_FD_H */
