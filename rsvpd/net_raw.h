/* SPDX-License-Identifier: ISC */
#ifndef NET_RAW_H
#define NET_RAW_H

/*
 * RSVP packets in and out: raw sockets of both families with Router Alert
 * (RFC 2205 3.3, RFC 2113, RFC 2711).  Takes a packet from the kernel through
 * the token bucket of its interface and source, the decoder and into the core.
 */

#include "rsvpd/conf.h"
#include "rsvpd/core/rsvp.h"

struct engine;
struct net_iface;
struct net_raw;

/* NULL for lack of memory.  No descriptor yet. */
struct net_raw *net_raw_new(struct engine *engine);
void net_raw_free(struct net_raw *raw);

/* Does the configuration in force need a socket of that role that is not there?
 * One that it does not need is closed. */
bool net_raw_lacks(struct net_raw *raw, int role);
/* Take over a descriptor of role SUP_FD_RAW4, _RAW6, _ALERT6, _TAP6, _GUARD,
 * _UDP or _UDP_HOST (closes the one before). */
void net_raw_socket(struct net_raw *raw, int role, int fd);

/* The engine began, or ceased, to listen: what comes waits in the sockets. */
void net_raw_listen(struct net_raw *raw);

/* Send one message.  0 or a negative errno; counted either way. */
int net_raw_send(struct net_raw *raw, const struct rsvp_send *send);

/* An interface is gone: forget what was counted for it.  NULL is fine. */
void net_raw_iface_gone(struct net_raw *raw, uint32_t ifindex);

/* An interface is new or has changed. */
void net_raw_iface(struct net_raw *raw, const struct net_iface *iface);

/* RSVP in UDP on an interface. */
struct net_raw_udp {
	enum conf_udp mode;
	bool seen;         /* a host that needs it sends there */
	size_t neighbours; /* that need it */
};
void net_raw_udp(const struct net_raw *raw, uint32_t ifindex,
	struct net_raw_udp *ret_udp);

#endif /* NET_RAW_H */
