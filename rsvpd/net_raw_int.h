/* SPDX-License-Identifier: ISC */
#ifndef NET_RAW_INT_H
#define NET_RAW_INT_H

/*
 * Private to the files behind net_raw.h:
 *
 *	net_raw.c    the sockets
 *	net_recv.c   packets in: limits, decoder, core
 *	net_send.c   packets out
 *	net_packet.c IP headers as bytes (pure)
 *	net_bucket.c the limits (pure)
 *	net_tap.c    opens the packet socket for IPv6 multicast
 *	net_guard.c  opens what keeps the kernel from forwarding
 */

#include "rsvpd/daemon.h"
#include "rsvpd/net_bucket.h"
#include "rsvpd/net_packet.h"
#include "rsvpd/net_raw.h"

enum net_raw_role {
	NET_RAW4,   /* IPv4, transit and local, header included */
	NET_RAW6,   /* IPv6 to our addresses, payload only */
	NET_ALERT6, /* IPv6 transit and all sending, header included */
	NET_TAP6,   /* IPv6 multicast, header included */
	NET_GUARD,  /* never read: the kernel does not forward while it is open
		     */
	NET_ROLE_COUNT
};

struct net_batch; /* buffers of one receive call */

struct net_port {
	struct net_raw *raw;
	enum net_raw_role role;
	int fd; /* owned; -1: none yet */
	struct loop_fd *watch;
};

struct net_raw {
	struct engine *engine;
	struct net_port ports[NET_ROLE_COUNT];
	struct net_batch *batch;
	struct net_limit *limit;
	struct wire_msg msg; /* the one in hand: too large for the stack */
	uint32_t fragment_id;
};

struct net_batch *net_batch_new(void);
void net_batch_free(struct net_batch *batch);

/* Ready to read: one batch (loop_fd_fn; arg is a struct net_port). */
void net_recv_batch(void *arg, int fd, unsigned ready);

/* What an IP packet is sent with, beside struct rsvp_send. */
struct net_output {
	uint32_t ifindex; /* 0: by route */
	struct addr src;
	struct addr dst;
	uint8_t ttl;
	uint8_t tos;
	bool alert;
	const uint8_t *bytes;
	size_t len;
};
/* 0 or a negative errno; counted and logged. */
int net_send_packet(struct net_raw *raw, const struct net_output *out);

#endif /* NET_RAW_INT_H */
