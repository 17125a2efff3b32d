/* SPDX-License-Identifier: ISC */
#ifndef NET_UDP_H
#define NET_UDP_H

/*
 * RSVP in UDP, for hosts that have no raw sockets (RFC 2205 Appendix C, IPv4
 * alone): what is sent where, what is heard, and which neighbours need it.
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/mono.h"
#include "rsvpd/conf.h"

enum {
	NET_UDP_PORT = 1698,      /* Pu: what hosts without raw sockets send */
	NET_UDP_HOST_PORT = 1699, /* Pu': what is sent to them */
};
#define NET_UDP_GROUP UINT32_C(0xe000000e) /* G*: 224.0.0.14 */

/* ---- figures 13 and 14 --------------------------------------------------- */

/* Does a neighbour need UDP?  Doubtful: it was heard both in UDP and without.
 */
enum net_udp_need { NET_UDP_NEEDS_NONE, NET_UDP_DOUBTFUL, NET_UDP_NEEDS_IT };

/* A message that is to be sent. */
struct net_udp_case {
	bool raw;           /* this node has raw sockets */
	enum conf_udp mode; /* of the interface */
	bool seen;          /* a Path in UDP was heard there lately */
	bool to_end;        /* Path, PathTear, ResvConf: for the end of the
			     * path; else for the next node on it */
	bool multicast;     /* its destination is a group */
	bool on_link;       /* its destination is on the interface's network */
	enum net_udp_need neighbour; /* of its destination */
};

enum net_udp_to {
	NET_UDP_TO_NONE,
	NET_UDP_TO_HOST,   /* UDP(D, Pu'): a host, from one with raw sockets */
	NET_UDP_TO_NODE,   /* UDP(D, Pu): any node, from a host without */
	NET_UDP_TO_ROUTER, /* UDP(Ra, Pu): the first router, likewise */
	NET_UDP_TO_ALL     /* UDP(G*, Pu): all on this network, likewise */
};

struct net_udp_way {
	bool raw;
	enum net_udp_to udp;
};

struct net_udp_way net_udp_way(const struct net_udp_case *c);

/* A datagram that arrived. */
struct net_udp_arrival {
	bool raw;           /* this node has raw sockets */
	enum conf_udp mode; /* of the interface */
	uint16_t port;      /* it was sent to */
	struct addr dst;    /* one of ours, or a group */
};

/* Is it for us?  Port Pu' is not for a node that has raw sockets: it has got
 * the same message in an IP packet. */
bool net_udp_hears(const struct net_udp_arrival *a);

/* ---- who needs it -------------------------------------------------------- */

struct net_udp;

enum { NET_UDP_NEIGHBOURS_MAX = 4096 };

/* NULL for lack of memory. */
struct net_udp *net_udp_new(const struct hash_key *key);
void net_udp_free(struct net_udp *udp);

/*
 * A message in UDP came from that previous or next hop: it needs UDP for a
 * lifetime (rsvp_lifetime_ms).  After a Path so does the interface.  False when
 * it cannot be remembered: there are too many, or no memory.  A neighbour that
 * was heard once only makes room.
 */
struct net_udp_heard {
	uint32_t ifindex;
	struct addr hop;
	bool path;
	int64_t lifetime_ms;
};
bool net_udp_heard(struct net_udp *udp, const struct net_udp_heard *heard,
	struct mono now);
/* The hop was heard without UDP: for a lifetime, whoever says that it needs UDP
 * may be somebody else. */
void net_udp_heard_raw(struct net_udp *udp, const struct net_udp_heard *heard,
	struct mono now);

/* Nobody needs UDP anywhere: nothing else has to be asked. */
bool net_udp_is_idle(const struct net_udp *udp);
bool net_udp_seen(const struct net_udp *udp, uint32_t ifindex, struct mono now);
enum net_udp_need net_udp_need(const struct net_udp *udp, uint32_t ifindex,
	const struct addr *hop, struct mono now);
/* How many neighbours of an interface need it, beyond doubt. */
size_t net_udp_count(
	const struct net_udp *udp, uint32_t ifindex, struct mono now);
/* The interface is gone. */
void net_udp_forget(struct net_udp *udp, uint32_t ifindex);

#endif /* NET_UDP_H */
