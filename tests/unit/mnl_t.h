/* SPDX-License-Identifier: ISC */
#ifndef MNL_T_H
#define MNL_T_H

/*
 * libmnl's sockets, with a test in the place of the kernel; for unit tests and
 * fuzzers.  There is one kernel, whatever the socket.
 */

#include <stddef.h>
#include <sys/types.h>

struct mnl_t {
	int fd;         /* what is told of each socket; 0: some socket */
	unsigned port;  /* ours */
	int open_error; /* errno, or 0 */
	int bind_error; /* the same, where groups are asked for */
	int send_error;
	/* NULL: it takes all, and has nothing to say (EAGAIN). */
	void (*asked)(const void *request, size_t size);
	ssize_t (*say)(void *buf, size_t size);
	/* What was done with the sockets. */
	size_t opened;
	size_t closed;
	int bus;
	unsigned groups;
	/* Which of the calls that open one or ask for groups fails, besides; 0:
	 * none. */
	size_t fail_at;
	size_t calls;
};

extern struct mnl_t mnl_t;

#endif /* MNL_T_H */
