/* SPDX-License-Identifier: ISC */
#ifndef NET_PACKET_H
#define NET_PACKET_H

/*
 * IP headers around RSVP messages, as bytes: taken apart on arrival, written
 * for sending (RFC 791, 8200; Router Alert of RFC 2113 and RFC 2711).  Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	NET_PACKET_PROTO = 46,  /* RSVP, RFC 2205 3.3 */
	NET_PACKET_TOS = 0xc0,  /* DSCP CS6: routers prefer it */
	NET_PACKET_MAX = 65535, /* octets of an IP datagram */
	/* IPv6, hop-by-hop and fragment header. */
	NET_PACKET_HEAD_MAX = 40 + 8 + 8,
	/* RSVP message: what an IPv4 datagram holds beside a header with Router
	 * Alert. */
	NET_PACKET_PAYLOAD_MAX = NET_PACKET_MAX - 24
};

/* Why a packet is not one whole RSVP message. */
#define NET_PACKET_FAULTS(X)                                                   \
	X(NET_PACKET_OK, "ok")                                                 \
	X(NET_PACKET_SHORT, "shorter than its IP header says")                 \
	X(NET_PACKET_VERSION, "wrong IP version or header length")             \
	X(NET_PACKET_FRAGMENT, "a fragment")                                   \
	X(NET_PACKET_OTHER, "another protocol behind Router Alert")

enum net_packet_fault {
#define X(name, text) name,
	NET_PACKET_FAULTS(X)
#undef X
		NET_PACKET_FAULT_COUNT
};

const char *net_packet_fault_text(enum net_packet_fault fault);

struct net_packet {
	struct addr src;
	struct addr dst;
	uint8_t ttl;
	uint8_t tos;            /* or traffic class */
	bool alert;             /* carries Router Alert */
	const uint8_t *message; /* borrowed from the packet */
	size_t len;
	/* IPv6 and NET_PACKET_FRAGMENT: the message is this part of one. */
	uint32_t fragment_id;
	size_t fragment_offset;
	bool fragment_more; /* others follow it */
};

/* A packet from its IP header on; the version field decides.  On a fault
 * *ret_packet holds the addresses if they were there, else ADDR_NONE. */
enum net_packet_fault net_packet_parse4(
	const uint8_t *bytes, size_t len, struct net_packet *ret_packet);
enum net_packet_fault net_packet_parse6(
	const uint8_t *bytes, size_t len, struct net_packet *ret_packet);

/* What to write; src and dst are of one family. */
struct net_packet_spec {
	struct addr src;
	struct addr dst;
	uint8_t ttl;
	uint8_t tos;
	bool alert;   /* IPv6: written always, RFC 2711 3.0 */
	uint32_t mtu; /* of the outgoing interface; 0: do not fragment */
	uint32_t id;  /* of the fragments of one message; not 0 */
	size_t len;   /* of the message */
};

/* One IP datagram: its header, and the part of the message behind it. */
struct net_packet_piece {
	uint8_t head[NET_PACKET_HEAD_MAX];
	size_t head_len;
	size_t offset;
	size_t len;
};

/*
 * The datagram that carries the message from offset on.  The caller starts at
 * 0 and goes on at offset + len until that is spec->len.  IPv4 checksums are
 * left to the kernel.  False when the message is too long, the families differ
 * or the MTU leaves no room.
 */
bool net_packet_build(const struct net_packet_spec *spec, size_t offset,
	struct net_packet_piece *ret_piece);

#endif /* NET_PACKET_H */
