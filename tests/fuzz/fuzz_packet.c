/* SPDX-License-Identifier: ISC */

/*
 * IP headers under octets that nobody meant.  A packet that is accepted lies
 * inside its octets; what is built from what was read is read again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsvpd/net_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what)
{
	fprintf(stderr, "fuzz_packet: %s\n", what);
	abort();
}

static void
check_fields(const struct net_packet *a, const struct net_packet *b)
{
	if (!addr_equal(&a->src, &b->src) || !addr_equal(&a->dst, &b->dst) ||
		a->ttl != b->ttl || a->tos != b->tos)
		give_up("another header than was meant");
}

/* One whole message, headed anew, is the same message. */
static void
build(const struct net_packet *packet)
{
	static uint8_t bytes[NET_PACKET_HEAD_MAX + NET_PACKET_MAX];
	const struct net_packet_spec spec = { .src = packet->src,
		.dst = packet->dst,
		.ttl = packet->ttl,
		.tos = packet->tos,
		.alert = packet->alert,
		.id = 1,
		.len = packet->len };
	struct net_packet_piece piece;
	struct net_packet again;
	enum net_packet_fault fault;

	if (!net_packet_build(&spec, 0, &piece)) {
		if (packet->len <= NET_PACKET_PAYLOAD_MAX)
			give_up("not built");
		return;
	}
	if (piece.offset != 0 || piece.len != packet->len)
		give_up("cut without an MTU");
	memcpy(bytes, piece.head, piece.head_len);
	if (piece.len > 0)
		memcpy(bytes + piece.head_len, packet->message, piece.len);
	fault = packet->src.family == ADDR_V4
			? net_packet_parse4(
				  bytes, piece.head_len + piece.len, &again)
			: net_packet_parse6(
				  bytes, piece.head_len + piece.len, &again);
	if (fault != NET_PACKET_OK || again.len != packet->len ||
		(again.len > 0 &&
			memcmp(again.message, packet->message, again.len) != 0))
		give_up("another message than was meant");
	check_fields(packet, &again);
}

/* The pieces of a message tile it. */
static void
build_pieces(const struct net_packet *packet, uint32_t mtu)
{
	const struct net_packet_spec spec = { .src = packet->src,
		.dst = packet->dst,
		.ttl = packet->ttl,
		.mtu = mtu,
		.id = 7,
		.len = packet->len };
	struct net_packet_piece piece;
	const size_t most = mtu != 0 ? mtu : 65536;
	size_t offset = 0;

	while (net_packet_build(&spec, offset, &piece)) {
		if (piece.offset != offset || offset + piece.len > spec.len ||
			piece.head_len > sizeof(piece.head) ||
			piece.head_len + piece.len > most)
			give_up("a piece in the wrong place");
		offset += piece.len;
		if (offset == spec.len)
			return;
		if (piece.len == 0)
			give_up("an empty piece");
	}
}

static void
try_packet(const uint8_t *data, size_t size,
	enum net_packet_fault (*parse)(
		const uint8_t *, size_t, struct net_packet *))
{
	struct net_packet packet;

	if (parse(data, size, &packet) != NET_PACKET_OK)
		return;
	if (packet.message < data || packet.len > size ||
		packet.message + packet.len > data + size)
		give_up("a message outside its packet");
	build(&packet);
	if (packet.len == 0)
		return;
	build_pieces(&packet, 1500);
	build_pieces(&packet, data[size - 1] * 8u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_packet(data, size, net_packet_parse4);
	try_packet(data, size, net_packet_parse6);
	return 0;
}
