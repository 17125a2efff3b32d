/* SPDX-License-Identifier: ISC */
#ifndef RAPI_DAEMON_H
#define RAPI_DAEMON_H

/*
 * A scripted daemon at a socket of its own, in the process of the test: it
 * takes connections, shows what the library said, and says what it is told to.
 */

#include <stdbool.h>
#include <stdint.h>

#include "rapi/rapi_msg.h"

enum { RAPI_DAEMON_MS = 5000 /* how long anything may take */ };

struct rapi_daemon {
	char dir[32];
	char path[64];
	int listener;
	int fd; /* the connection, or -1 */
	size_t len;
	struct buf_reader left; /* of the latest datagram */
	uint8_t bytes[MSG_DATAGRAM_MAX];
};

/* Listen, and make the library connect there. */
void rapi_daemon_start(struct rapi_daemon *d);
void rapi_daemon_stop(struct rapi_daemon *d);

/* Close the connection and the socket, as a killed daemon; and be back. */
void rapi_daemon_die(struct rapi_daemon *d);
void rapi_daemon_back(struct rapi_daemon *d);

/* Take a connection and its HELLO; answer WELCOME. */
void rapi_daemon_accept(struct rapi_daemon *d);
void rapi_daemon_accept_settling(struct rapi_daemon *d, uint32_t settle_ms);

/* The next request; the test fails when none comes, or another type. */
struct rapi_msg_request rapi_daemon_next(
	struct rapi_daemon *d, enum rapi_msg_type type);
/* Is anything there to read? */
bool rapi_daemon_silent(const struct rapi_daemon *d);

/* An event with n items. */
void rapi_daemon_event(struct rapi_daemon *d,
	const struct rapi_msg_event *event, const struct rapi_msg_item *items,
	size_t n);
void rapi_daemon_send(struct rapi_daemon *d, const struct buf_writer *w);

/* Wait until a descriptor is readable; false after RAPI_DAEMON_MS. */
bool rapi_daemon_readable(int fd);

#endif /* RAPI_DAEMON_H */
