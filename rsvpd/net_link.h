/* SPDX-License-Identifier: ISC */
#ifndef NET_LINK_H
#define NET_LINK_H

/*
 * Interfaces, addresses and routes from rtnetlink, with notifications; who
 * holds a local port from sock_diag.  No privilege needed.
 */

#include "rsvpd/core/rsvp.h"

struct engine;
struct net_link;

/* Opens its sockets.  NULL and a log line when it cannot. */
struct net_link *net_link_new(struct engine *engine);
void net_link_free(struct net_link *link);

/* Read links and addresses, tell the core and tcctl about each interface; the
 * same after a reload.  0 or a negative errno. */
int net_link_sync(struct net_link *link);

/* Say which interfaces of the configuration the host does not have. */
void net_link_warn_missing(const struct net_link *link);

/* The core's route hook. */
void net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route);

/* Is it an address of this host?  Answered from what notifications told. */
bool net_link_is_local(const struct net_link *link, const struct addr *addr);
/* Interface that owns the address, 0: none. */
uint32_t net_link_owner(const struct net_link *link, const struct addr *addr);
/* An address of this host to use as source towards dst.  False: no route. */
bool net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src);
/* The next hop towards dst; ADDR_NONE: dst is on a network of ours, or there is
 * no route. */
struct addr net_link_gateway(struct net_link *link, const struct addr *dst);
/* "" when there is no such interface. */
const char *net_link_name(const struct net_link *link, uint32_t ifindex);
/* What comes in on it is shaped to that, in octets a second; 0: it is not. */
uint64_t net_link_ingress(const struct net_link *link, uint32_t ifindex);

/* What this host treats as one packet there, and to what tcctl is to limit it
 * (0: it is not). */
struct net_offloads {
	uint32_t gso_segs; /* handed down as one; 0: the kernel does not tell */
	uint32_t gso_limit;
	uint32_t gro_octets; /* put together on receipt; as above */
	uint32_t gro_limit;
};
struct net_offloads net_link_offloads(
	const struct net_link *link, uint32_t ifindex);
/* tcctl has changed, or may have changed, what the kernel does not tell by
 * itself: read the links again, soon. */
void net_link_read_again(struct net_link *link);

/*
 * Which user holds the UDP, TCP or SCTP port of a local address (sock_diag):
 * 1 and the uid, 0 when nobody does, or a negative errno.
 */
int net_link_port_owner(struct net_link *link, uint8_t proto,
	const struct addr *addr, uint16_t port, uint32_t *ret_uid);

#endif /* NET_LINK_H */
