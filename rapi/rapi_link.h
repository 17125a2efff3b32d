/* SPDX-License-Identifier: ISC */
#ifndef RAPI_LINK_H
#define RAPI_LINK_H

/*
 * The descriptors of librapi: the socket to the daemon, a timer and a bell,
 * all behind one epoll descriptor that stays the same however often the
 * connection comes and goes.  Never blocks, but for the first connect.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mono.h"
#include "rapi_conn.h"

struct rapi_link {
	int epoll; /* what the application watches; -1: closed */
	int sock;  /* -1: no connection */
	int timer;
	int bell;         /* rung when a dispatch left work behind */
	bool watch_write; /* the socket was full */
	bool broken;      /* a send failed; what came in is still read */
	size_t out_len;   /* of a datagram that could not be sent yet */
	uint8_t *out;     /* MSG_DATAGRAM_MAX octets each, owned */
	uint8_t *in;
};

#define RAPI_LINK_CLOSED                                                       \
	{                                                                      \
		.epoll = -1, .sock = -1, .timer = -1, .bell = -1               \
	}

/* 0 or a negative errno; then the link is closed. */
int rapi_link_open(struct rapi_link *link);
void rapi_link_close(struct rapi_link *link);

/* Connect to the daemon: wait_ms is how long a daemon that is there but busy
 * may take to accept (0: no wait).  0 or a negative errno. */
int rapi_link_connect(struct rapi_link *link, const char *path, int wait_ms);
void rapi_link_disconnect(struct rapi_link *link);

/* Send what the machine has to say, as far as the socket takes it. */
void rapi_link_flush(struct rapi_link *link, struct rapi_conn *conn);

/* Octets of the next datagram, in link->in; 0: the daemon is gone; -EAGAIN:
 * nothing there. */
ssize_t rapi_link_receive(struct rapi_link *link);

void rapi_link_alarm(struct rapi_link *link, struct mono deadline);
/* Make the epoll descriptor readable now, as a new edge. */
void rapi_link_ring(struct rapi_link *link);
/* Take back what bell and timer said. */
void rapi_link_quiet(struct rapi_link *link);

#endif /* RAPI_LINK_H */
