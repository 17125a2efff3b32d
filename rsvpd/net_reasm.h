/* SPDX-License-Identifier: ISC */
#ifndef NET_REASM_H
#define NET_REASM_H

/*
 * Puts fragments of IPv6 datagrams together (RFC 8200 4.5): those in transit
 * and those to groups reach us as they were sent.  Pure; memory is bounded
 * whatever arrives, and what is not completed makes room for what is newer.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/mono.h"
#include "rsvpd/net_packet.h"

struct net_reasm;

enum {
	NET_REASM_PENDING = 16,    /* datagrams at a time, 64 KiB each */
	NET_REASM_OF_SOURCE = 4,   /* of one source on an interface */
	NET_REASM_WAIT_MS = 60000, /* RFC 8200 4.5 */
};

/* NULL only for lack of memory. */
struct net_reasm *net_reasm_new(void);
void net_reasm_free(struct net_reasm *reasm);

enum net_reasm_result {
	NET_REASM_WAIT,  /* for the others */
	NET_REASM_WHOLE, /* *packet has become the whole one */
	NET_REASM_BAD    /* it makes no sense, and nor does its datagram */
};

/*
 * Take a fragment (a packet with NET_PACKET_FRAGMENT) that arrived on the
 * interface.  The whole packet has the hop limit of its first fragment, and its
 * bytes are valid until the next call.
 */
enum net_reasm_result net_reasm_add(struct net_reasm *reasm, struct mono now,
	uint32_t ifindex, struct net_packet *packet);

/* How many datagrams were given up since the last question. */
uint64_t net_reasm_lost(struct net_reasm *reasm);

#endif /* NET_REASM_H */
