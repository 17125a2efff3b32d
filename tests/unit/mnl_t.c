/* SPDX-License-Identifier: ISC */

/* The kernel behind libmnl's sockets; see mnl_t.h. */

#include "tests/unit/mnl_t.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

struct mnl_t mnl_t;

static int the_socket; /* its address is the handle */

/* 0, or -1 and errno. */
static int
result_of(int error)
{
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

/* The same for one of the calls that are counted. */
static int
opening(int error)
{
	return result_of(++mnl_t.calls == mnl_t.fail_at ? ENOMEM : error);
}

struct mnl_socket *
mnl_socket_open2(int bus, int flags)
{
	(void)flags;
	mnl_t.bus = bus;
	if (opening(mnl_t.open_error) != 0)
		return NULL;
	mnl_t.opened++;
	return (struct mnl_socket *)(void *)&the_socket;
}

int
mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl, (void)pid;
	mnl_t.groups = groups;
	return opening(groups != 0 ? mnl_t.bind_error : 0);
}

int
mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	mnl_t.closed++;
	return 0;
}

/* One that takes the options of a socket. */
int
mnl_socket_get_fd(const struct mnl_socket *nl)
{
	static int some = -1;

	(void)nl;
	if (some < 0)
		some = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return mnl_t.fd != 0 ? mnl_t.fd : some;
}

unsigned int
mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return mnl_t.port;
}

int
mnl_socket_setsockopt(
	const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl, (void)type, (void)buf, (void)len;
	return opening(0);
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t size)
{
	(void)nl;
	if (result_of(mnl_t.send_error) != 0)
		return -1;
	if (mnl_t.asked)
		mnl_t.asked(req, size);
	return (ssize_t)size;
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	(void)nl;
	if (mnl_t.say)
		return mnl_t.say(buf, size);
	return result_of(EAGAIN);
}
