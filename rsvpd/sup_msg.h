/* SPDX-License-Identifier: ISC */
#ifndef SUP_MSG_H
#define SUP_MSG_H

/*
 * What the supervisor and its workers say to each other, over descriptor 4 of
 * the worker: one message of base/msg.h a datagram, with at most one descriptor
 * beside it.
 *
 *	supervisor -> worker
 *	SUP_PING	answer with SUP_PONG and the same serial
 *	SUP_RELOAD	a descriptor: the configuration, fresh
 *			(engine: rsvpd.conf, policyd: policy.conf); serial 0
 *			when nobody asked
 *	SUP_FD		a descriptor of a role (engine only)
 *	SUP_START	all descriptors of the start have been sent (engine
 *			only)
 *
 *	worker -> supervisor
 *	SUP_PONG	alive
 *	SUP_NEED	wants a network socket of a role (engine only)
 *	SUP_READY	serves; what the supervisor must know (engine only)
 *	SUP_RELOADED	a reload was applied or refused, and why
 *	SUP_POLICY	wants policy.conf as it is now (policyd only); the
 *			SUP_RELOAD has its serial, and says why there is none
 */

#include <stdbool.h>
#include <stdint.h>

enum sup_msg_type {
	SUP_PING = 1,
	SUP_PONG,
	SUP_RELOAD,
	SUP_FD,
	SUP_READY,
	SUP_RELOADED,
	SUP_START,
	SUP_NEED,
	SUP_POLICY
};

enum { SUP_WORKER_FD = 4, SUP_GROUP = 32, SUP_TEXT = 400 };

struct sup_msg {
	uint16_t type; /* enum sup_msg_type */
	uint32_t serial;
	uint8_t role;          /* SUP_FD, SUP_NEED: enum sup_fd */
	bool ok;               /* SUP_RELOADED: applied */
	uint32_t watchdog_ms;  /* SUP_READY, SUP_RELOADED; 0: as before */
	char group[SUP_GROUP]; /* of the control socket; "": as before */
	char text[SUP_TEXT];   /* SUP_RELOADED, SUP_RELOAD: why not; SUP_START:
				* the name of   the   configuration file */
	int fd;                /* -1: none */
};

/* Never waits.  The descriptor stays the caller's.  0 or a negative errno. */
int sup_msg_send(int sock, const struct sup_msg *msg);

/*
 * Take the next message.  1 and the message; 0 when the other end is closed;
 * -EAGAIN when there is none; another negative errno when it is malformed.
 * With take_fd the descriptor beside it becomes the caller's, without it none
 * is accepted.
 */
int sup_msg_recv(int sock, bool take_fd, struct sup_msg *ret_msg);

#endif /* SUP_MSG_H */
