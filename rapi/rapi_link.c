/* SPDX-License-Identifier: ISC */

/* The descriptors of librapi; see rapi_link.h. */

#include "rapi_link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/msg.h"

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
watch(struct rapi_link *link, int op, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(link->epoll, op, fd, &ev) == 0 ? 0 : -errno;
}

static int
open_parts(struct rapi_link *link)
{
	link->out = (uint8_t *)malloc(MSG_DATAGRAM_MAX);
	link->in = (uint8_t *)malloc(MSG_DATAGRAM_MAX);
	if (!link->out || !link->in)
		return -ENOMEM;
	link->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (link->epoll < 0)
		return -errno;
	link->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (link->timer < 0)
		return -errno;
	link->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->bell < 0)
		return -errno;

	const int rc = watch(link, EPOLL_CTL_ADD, link->timer, EPOLLIN);

	return rc == 0 ? watch(link, EPOLL_CTL_ADD, link->bell, EPOLLIN) : rc;
}

int
rapi_link_open(struct rapi_link *link)
{
	*link = (struct rapi_link)RAPI_LINK_CLOSED;

	const int rc = open_parts(link);

	if (rc != 0)
		rapi_link_close(link);
	return rc;
}

void
rapi_link_close(struct rapi_link *link)
{
	close_fd(&link->sock);
	close_fd(&link->timer);
	close_fd(&link->bell);
	close_fd(&link->epoll);
	free(link->out);
	free(link->in);
	*link = (struct rapi_link)RAPI_LINK_CLOSED;
}

/* Connecting waits for a place in the listener's queue; bound that wait. */
static int
connect_within(int fd, const struct sockaddr_un *sun, int wait_ms)
{
	const struct timeval wait = { .tv_sec = wait_ms / 1000,
		.tv_usec = (suseconds_t)(wait_ms % 1000) * 1000 };
	const struct timeval forever = { 0 };

	if (wait_ms > 0)
		(void)setsockopt(/* then it waits for ever: no worse */
			fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0)
		return -errno;
	(void)setsockopt(/* sends never wait, by MSG_DONTWAIT */
		fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
	return 0;
}

int
rapi_link_connect(struct rapi_link *link, const char *path, int wait_ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC |
			 (wait_ms > 0 ? 0 : SOCK_NONBLOCK);

	if (!text_copy(sun.sun_path, sizeof(sun.sun_path), path))
		return -ENAMETOOLONG;
	link->sock = socket(AF_UNIX, type, 0);
	if (link->sock < 0)
		return -errno;

	int rc = connect_within(link->sock, &sun, wait_ms);

	if (rc == 0)
		rc = watch(link, EPOLL_CTL_ADD, link->sock, EPOLLIN);
	if (rc != 0) {
		close_fd(&link->sock);
		return rc;
	}
	link->watch_write = false;
	link->broken = false;
	link->out_len = 0;
	return 0;
}

void
rapi_link_disconnect(struct rapi_link *link)
{
	if (link->sock >= 0)
		(void)watch(link, EPOLL_CTL_DEL, link->sock, 0); /* it is in */
	close_fd(&link->sock);
}

/* EPOLLOUT only while something could not be sent. */
static void
want_write(struct rapi_link *link, bool wanted)
{
	if (wanted == link->watch_write)
		return;
	if (watch(link, EPOLL_CTL_MOD, link->sock,
		    EPOLLIN | (wanted ? EPOLLOUT : 0u)) == 0)
		link->watch_write = wanted;
}

static bool
send_one(struct rapi_link *link)
{
	ssize_t n;

	do
		n = send(link->sock, link->out, link->out_len,
			MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		link->out_len = 0;
		return true;
	}
	/* Anything but a full socket ends the connection; the reading side
	 * notices, after it has read what the daemon said last. */
	if (errno != EAGAIN && errno != ENOBUFS)
		link->broken = true;
	return false;
}

void
rapi_link_flush(struct rapi_link *link, struct rapi_conn *conn)
{
	if (link->sock < 0 || link->broken)
		return;
	for (;;) {
		if (link->out_len == 0) {
			struct buf_writer w =
				buf_writer(link->out, MSG_DATAGRAM_MAX);

			if (!rapi_conn_output(conn, &w))
				break;
			link->out_len = buf_written(&w);
		}
		if (!send_one(link))
			break;
	}
	want_write(link, link->out_len > 0 && !link->broken);
}

ssize_t
rapi_link_receive(struct rapi_link *link)
{
	for (;;) {
		const ssize_t n = recv(
			link->sock, link->in, MSG_DATAGRAM_MAX, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			return -EAGAIN;
		/* ECONNRESET is said once, before what the daemon sent last:
		 * it closed without reading all of ours. */
		if (errno != EINTR && errno != ECONNRESET)
			return 0;
	}
}

void
rapi_link_alarm(struct rapi_link *link, struct mono deadline)
{
	struct itimerspec when = { 0 };

	if (deadline.us != MONO_NEVER.us) {
		const int64_t us = deadline.us > 0 ? deadline.us : 1;

		when.it_value.tv_sec = us / 1000000;
		when.it_value.tv_nsec = us % 1000000 * 1000;
	}
	(void)timerfd_settime(/* cannot fail: the value is valid */
		link->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void
rapi_link_ring(struct rapi_link *link)
{
	const uint64_t one = 1;

	(void)!write(link->bell, &one, sizeof(one)); /* full: it rings anyway */
}

void
rapi_link_quiet(struct rapi_link *link)
{
	uint64_t count;

	(void)!read(link->bell, &count, sizeof(count)); /* may be silent */
	(void)!read(link->timer, &count, sizeof(count));
}
