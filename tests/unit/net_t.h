/* SPDX-License-Identifier: ISC */
#ifndef NET_T_H
#define NET_T_H

/*
 * The network side of rsvpd (net_raw.c and what is behind it) between a kernel
 * and a core that are the test: what arrives in its sockets and what they are
 * told, what it hands over, what it sends and joins.  The loop is loop_t.h; the
 * program is linked with NET_T_WRAPS of rsvpd_net.mk.
 */

#include <netinet/in.h>
#include <sys/socket.h>

#include "loop_t.h"
#include "rsvpd/net_link_int.h"
#include "rsvpd/net_raw_int.h"
#include "t_addr.h"

enum {
	NET_T_ETH = 7, /* 10.0.0.9, 2001:db8::9; packets are from here */
	NET_T_OUT = 8, /* 10.0.1.9, 2001:db8:1::9 */
	NET_T_SENT = 16,
	NET_T_OCTETS = 4096
};

/* What the kernel tells with a datagram. */
struct net_t_mark {
	union net_name name;
	char control[256];
	size_t control_len;
	int flags;
};

/* A datagram that was sent. */
struct net_t_sent {
	int role; /* of the socket */
	union net_name name;
	uint32_t ifindex;
	struct addr from; /* that the kernel is to give it */
	int ttl;          /* 0: the socket's */
	uint8_t bytes[NET_T_OCTETS];
	size_t len;
};

struct net_t_group {
	int option;
	uint32_t ifindex;
	struct in_addr group;
};

struct net_t {
	struct engine engine;
	struct stats stats;
	struct conf conf;
	struct net_link link;
	struct net_iface ifaces[2];
	struct net_addr addrs[4]; /* ours */
	/* What the kernel answers, and was asked last. */
	struct rsvp_route route;
	struct addr source;
	struct addr gateway;
	struct rsvp_route_query query;
	/* What the decoder makes of the next messages. */
	enum wire_fault fault;
	struct wire_msg msg;
	int receive_error; /* errno of the next call, or 0 */
	/* What was handed over, the last of it, and what to do then. */
	size_t handed;
	struct rsvp_packet packet;
	void (*on_packet)(const struct rsvp_packet *packet);
	void (*on_effects)(void);
	int64_t computed_us;
	/* What was sent. */
	int send_error; /* errno of the next, or 0 */
	size_t sent;
	struct net_t_sent out[NET_T_SENT];
	/* What was joined and left. */
	int group_error;
	size_t group_count;
	struct net_t_group groups[8];
	size_t warnings;
	char warning[256];        /* the last */
	int fds[SUP_FD_COUNT][2]; /* theirs, ours */
	size_t open_fds;          /* at the beginning */
};

extern struct net_t net_t;

/* An engine that listens, with a network side and no socket. */
void net_t_begin(void);
void net_t_end(void);
/* A socket of that role comes (SUP_FD_RAW4 ...). */
void net_t_open(int role);

/* Marks of a datagram: from that address, by that interface to that address,
 * with that hop limit. */
struct net_t_mark net_t_from(const char *src, uint16_t port);
void net_t_by4(struct net_t_mark *mark, uint32_t ifindex, const char *dst);
void net_t_by6(struct net_t_mark *mark, uint32_t ifindex, const char *dst);
void net_t_hops(struct net_t_mark *mark, int hops);
void net_t_control(struct net_t_mark *mark, int level, int type,
	const void *data, size_t len);

/* It waits in the socket. */
void net_t_arrive(
	int role, const struct net_t_mark *mark, const void *bytes, size_t len);
/* All that wait are taken. */
void net_t_take(void);
uint64_t net_t_count(enum stats_counter counter);

#endif /* NET_T_H */
