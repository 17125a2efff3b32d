/* SPDX-License-Identifier: ISC */

/*
 * Receives test traffic on some ports until SIGTERM and writes one record a
 * packet (traffic.h) to a file; prints "ready" when all ports are bound.
 */

#include "tests/clients/traffic.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

enum { PORTS_MAX = 32 };

static volatile sig_atomic_t stopped;

static void
stop(int signo)
{
	(void)signo;
	stopped = 1;
}

static int
listen_on(const char *addr, const char *port)
{
	const int on = 1;
	const int room = 4 * 1024 * 1024;
	struct sockaddr_storage sa;
	socklen_t len;

	if (!traffic_sockaddr(addr,
		    (uint16_t)traffic_number("port", port, 1, 65535), &sa,
		    &len)) {
		fprintf(stderr, "%s: not an address\n", addr);
		exit(2);
	}

	int fd = socket(
		sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0)
		traffic_die("bind");
	traffic_join(fd, addr);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		traffic_die("SO_TIMESTAMPNS");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

static uint64_t
stamp_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec t;

		if (c->cmsg_level != SOL_SOCKET ||
			c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	}
	return traffic_now_ns();
}

/* False when nothing is left to read. */
static bool
take_one(int fd, FILE *out)
{
	uint8_t bytes[TRAFFIC_PAYLOAD_MAX];
	uint8_t control[256];
	uint8_t record[TRAFFIC_RECORD];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return false;

	struct buf_reader r = buf_reader(bytes, (size_t)n);

	if (buf_get_u32le(&r) != (uint32_t)TRAFFIC_MAGIC)
		return true;

	struct buf_writer w = buf_writer(record, sizeof(record));
	uint32_t flow = buf_get_u32le(&r);
	uint64_t number = buf_get_u64le(&r);
	uint64_t sent_ns = buf_get_u64le(&r);

	buf_put_u32le(&w, flow);
	buf_put_u32le(&w, 0);
	buf_put_u64le(&w, number);
	buf_put_u64le(&w, sent_ns);
	buf_put_u64le(&w, stamp_of(&m));
	if (!r.failed && fwrite(record, sizeof(record), 1, out) != 1)
		traffic_die("write");
	return true;
}

int
main(int argc, char **argv)
{
	struct pollfd fds[PORTS_MAX];
	const int ports = argc - 3;

	if (ports < 1 || ports > PORTS_MAX) {
		fprintf(stderr, "usage: traffic_recv FILE ADDRESS PORT...\n");
		return 2;
	}

	FILE *out = fopen(argv[1], "we");

	if (!out)
		traffic_die(argv[1]);
	for (int i = 0; i < ports; i++)
		fds[i] = (struct pollfd){ .fd = listen_on(argv[2], argv[3 + i]),
			.events = POLLIN };
	(void)signal(SIGTERM, stop);
	(void)signal(SIGINT, stop);
	printf("ready\n");
	fflush(stdout);
	while (!stopped) {
		int ready = poll(fds, (nfds_t)ports, 200);

		if (ready < 0 && errno != EINTR)
			traffic_die("poll");
		if (ready == 0) /* so that the file tells that all is there */
			(void)fflush(out); /* fclose() finds an error too */
		for (int i = 0; i < ports; i++)
			while (!stopped && take_one(fds[i].fd, out))
				;
	}
	for (int i = 0; i < ports; i++) /* what came until now */
		while (take_one(fds[i].fd, out))
			;
	return fclose(out) == 0 ? 0 : 1;
}
