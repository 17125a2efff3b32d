/* SPDX-License-Identifier: ISC */
#ifndef NET_RAW_INT_H
#define NET_RAW_INT_H

/*
 * Private to the files behind net_raw.h:
 *
 *	net_raw.c    the sockets
 *	net_recv.c   packets in: limits, decoder, core
 *	net_batch.c  as many of them as one call receives
 *	net_send.c   packets out
 *	net_udp.c    who needs UDP, and which way a message goes (pure)
 *	net_udp_io.c messages in UDP
 *	net_packet.c IP headers as bytes (pure)
 *	net_bucket.c the limits (pure)
 *	net_reasm.c  fragments of IPv6 (pure)
 *	net_tap.c    opens the packet socket for IPv6 multicast
 *	net_guard.c  opens what keeps the kernel from forwarding
 */

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rsvpd/daemon.h"
#include "rsvpd/net_bucket.h"
#include "rsvpd/net_packet.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/net_reasm.h"
#include "rsvpd/net_udp.h"

enum net_raw_role {
	NET_RAW4,   /* IPv4, transit and local, header included */
	NET_RAW6,   /* IPv6 to our addresses, payload only */
	NET_ALERT6, /* IPv6 transit and all sending, header included */
	NET_TAP6,   /* IPv6 multicast, header included */
	NET_GUARD,  /* never read: the kernel does not forward while it is open
		     */
	NET_UDP,    /* IPv4 in UDP, port 1698, and all sending in UDP */
	NET_UDP_HOST, /* IPv4 in UDP, port 1699 */
	NET_ROLE_COUNT
};

struct net_batch;

struct net_port {
	struct net_raw *raw;
	enum net_raw_role role;
	int fd; /* owned; -1: none yet */
	struct loop_fd *watch;
	struct loop_timer *more; /* of what is left in the batch */
	struct net_batch *batch; /* of this socket; owned */
};

struct net_raw {
	struct engine *engine;
	struct net_port ports[NET_ROLE_COUNT];
	int64_t computed;   /* microseconds of ours when last looked at */
	struct mono looked; /* when that was */
	struct net_limit *limit;
	struct wire_msg msg; /* the one in hand: too large for the stack */
	uint32_t fragment_id;
	struct net_udp *udp;
	struct net_reasm *reasm; /* of IPv6 in transit */
};

/* Where a datagram is from. */
union net_name {
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_ll ll;
};

struct net_batch *net_batch_new(void);
void net_batch_free(struct net_batch *batch); /* NULL is fine */
/* Receive what waits, as far as there is room, unless some of the last call is
 * left.  0 or a negative errno. */
int net_batch_receive(struct net_batch *batch, int fd);
size_t net_batch_left(const struct net_batch *batch);
/* The next one, which stays until the next call that receives; NULL: none is
 * left. */
struct mmsghdr *net_batch_take(struct net_batch *batch);

/* Ready to read: a turn (loop_fd_fn; arg is a struct net_port). */
void net_recv_ready(void *arg, int fd, unsigned ready);
/* Another turn, with what the last one left (loop_timer_fn). */
void net_recv_more(void *arg);

/* See to it that a port's next turn comes: when there is more to read, or at
 * once when some is left; not before the engine listens. */
void net_raw_watch(struct net_port *port);

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
/* Fill in interface and source where they are open.  0 or a negative errno. */
int net_send_complete(struct net_raw *raw, struct net_output *out);
/* 0 or a negative errno; counted and logged. */
int net_send_packet(struct net_raw *raw, const struct net_output *out);

struct net_iface;

static inline bool
net_role_is_udp(enum net_raw_role role)
{
	return role == NET_UDP || role == NET_UDP_HOST;
}

/* The socket of port 1698 came, or an interface did or changed. */
void net_udp_ready(struct net_raw *raw);
void net_udp_iface(struct net_raw *raw, const struct net_iface *iface);
/* Send a message in UDP if it has to be; counted and logged.  True when it has
 * to leave in an IP packet of its own as well, or instead.  Its interface is
 * filled in. */
bool net_udp_send(
	struct net_raw *raw, const struct net_output *out, uint8_t type);
/* Is a datagram that arrived there, sent to dst, for us? */
bool net_udp_takes(const struct net_raw *raw, enum net_raw_role role,
	const struct net_iface *iface, const struct addr *dst);
/* The message in hand came in UDP: remember who needs it, and set what the IP
 * header would have told. */
void net_udp_unwrap(struct net_raw *raw, const struct net_iface *iface,
	struct net_packet *packet);
/* It came in an IP packet of its own: its hop has raw sockets. */
void net_udp_not(struct net_raw *raw, const struct net_iface *iface);

#endif /* NET_RAW_INT_H */
