/* SPDX-License-Identifier: ISC */

/*
 * IP headers around RSVP messages.  Everything here is bytes in, bytes out.
 *
 * The kernel never fragments a datagram whose header we wrote, and RSVP has no
 * fragmentation of its own (RFC 2205 3.3: IP does it), so messages larger than
 * the MTU are cut here.  Router Alert is in every fragment: the IPv4 option has
 * its copied flag set, the IPv6 hop-by-hop header is not fragmentable.
 */

#include "rsvpd/net_packet.h"

#include "base/buf.h"

enum {
	HEAD4 = 20,
	HEAD4_MAX = 60,
	HEAD6 = 40,
	HOPOPT = 8,   /* the hop-by-hop header we write */
	FRAGMENT = 8, /* IPv6 fragment header */
	MIN_MTU6 = 1280
};

enum { /* IPv4 options, RFC 791 3.1 and RFC 2113 2.1 */
	OPTION4_END = 0,
	OPTION4_NOP = 1,
	OPTION4_ALERT = 148
};
static const uint8_t alert4[4] = { OPTION4_ALERT, 4, 0, 0 };

enum { /* IPv6 next headers and options, RFC 8200 and RFC 2711 2.1 */
	NEXT_HOPOPT = 0,
	NEXT_FRAGMENT = 44,
	OPTION6_PAD1 = 0,
	OPTION6_ALERT = 5
};

enum { FRAG_MORE4 = 0x2000, FRAG_OFFSET4 = 0x1fff, FRAG_MORE6 = 1 };

const char *
net_packet_fault_text(enum net_packet_fault fault)
{
	static const char *const texts[NET_PACKET_FAULT_COUNT] = {
#define X(name, text) [name] = text,
		NET_PACKET_FAULTS(X)
#undef X
	};

	return texts[fault];
}

static struct addr
get_addr4(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 4);

	return p ? addr_v4(p) : (struct addr){ 0 };
}

static struct addr
get_addr6(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 16);

	return p ? addr_v6(p) : (struct addr){ 0 };
}

/* Is Router Alert among the options?  A malformed list ends the search: the
 * kernel let the packet through, and nothing else here depends on it. */
static bool
find_alert4(struct buf_reader options)
{
	while (buf_left(&options) > 0) {
		uint8_t type = buf_get_u8(&options);

		if (type == OPTION4_END)
			return false;
		if (type == OPTION4_NOP)
			continue;
		if (type == OPTION4_ALERT)
			return true;

		uint8_t len = buf_get_u8(&options);

		if (len < 2)
			return false;
		(void)buf_take(&options, (size_t)len - 2);
	}
	return false;
}

/* The same for the options of a hop-by-hop header. */
static bool
find_alert6(struct buf_reader options)
{
	while (buf_left(&options) > 0) {
		uint8_t type = buf_get_u8(&options);

		if (type == OPTION6_PAD1)
			continue;
		if (type == OPTION6_ALERT)
			return true;

		uint8_t len = buf_get_u8(&options);

		(void)buf_take(&options, len);
	}
	return false;
}

enum net_packet_fault
net_packet_parse4(
	const uint8_t *bytes, size_t len, struct net_packet *ret_packet)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct net_packet p = { 0 };
	uint8_t first = buf_get_u8(&r);

	p.tos = buf_get_u8(&r);

	size_t total = buf_get_u16be(&r);

	(void)buf_take(&r, 2); /* identification */

	uint16_t frag = buf_get_u16be(&r);

	p.ttl = buf_get_u8(&r);

	uint8_t proto = buf_get_u8(&r);

	(void)buf_take(&r, 2); /* checksum: the kernel judged it */
	p.src = get_addr4(&r);
	p.dst = get_addr4(&r);
	*ret_packet = p;

	size_t head = (size_t)(first & 0xf) * 4;

	if (r.failed)
		return NET_PACKET_SHORT;
	if (first >> 4 != 4 || head < HEAD4)
		return NET_PACKET_VERSION;
	if (total < head || total > len)
		return NET_PACKET_SHORT;
	if ((frag & (FRAG_MORE4 | FRAG_OFFSET4)) != 0)
		return NET_PACKET_FRAGMENT;
	if (proto != NET_PACKET_PROTO)
		return NET_PACKET_OTHER;
	ret_packet->alert = find_alert4(buf_split(&r, head - HEAD4));
	ret_packet->message = bytes + head;
	ret_packet->len = total - head;
	return NET_PACKET_OK;
}

/* What a fragment is part of (RFC 8200 4.5). */
static uint8_t
read_fragment(struct buf_reader *r, struct net_packet *p)
{
	uint8_t next = buf_get_u8(r);
	uint16_t offset;

	(void)buf_get_u8(r);
	offset = buf_get_u16be(r);
	p->fragment_offset = offset & ~(size_t)7;
	p->fragment_more = (offset & FRAG_MORE6) != 0;
	p->fragment_id = buf_get_u32be(r);
	return next;
}

/* Walk the extension headers to the message: hop-by-hop only, RFC 2711, and
 * fragments. */
static enum net_packet_fault
walk6(struct buf_reader *r, uint8_t next, struct net_packet *p)
{
	if (next == NEXT_HOPOPT) {
		next = buf_get_u8(r);

		size_t units = buf_get_u8(r);
		struct buf_reader options = buf_split(r, units * 8 + 6);

		if (r->failed)
			return NET_PACKET_SHORT;
		p->alert = find_alert6(options);
	}
	if (next == NEXT_FRAGMENT) {
		next = read_fragment(r, p);
		if (r->failed)
			return NET_PACKET_SHORT;
	}
	if (next != NET_PACKET_PROTO)
		return NET_PACKET_OTHER;
	p->len = buf_left(r);
	p->message = buf_take(r, p->len);
	return p->fragment_more || p->fragment_offset > 0 ? NET_PACKET_FRAGMENT
							  : NET_PACKET_OK;
}

enum net_packet_fault
net_packet_parse6(
	const uint8_t *bytes, size_t len, struct net_packet *ret_packet)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct net_packet p = { 0 };
	uint32_t first = buf_get_u32be(&r);
	size_t payload = buf_get_u16be(&r);
	uint8_t next = buf_get_u8(&r);

	p.tos = (uint8_t)(first >> 20);
	p.ttl = buf_get_u8(&r);
	p.src = get_addr6(&r);
	p.dst = get_addr6(&r);
	*ret_packet = p;
	if (r.failed)
		return NET_PACKET_SHORT;
	if (first >> 28 != 6)
		return NET_PACKET_VERSION;

	struct buf_reader body = buf_split(&r, payload);

	if (r.failed)
		return NET_PACKET_SHORT;
	return walk6(&body, next, ret_packet);
}

/* How much of the message goes into the datagram at offset, when its headers
 * (with those that fragments need) take that much. */
static size_t
piece_len(const struct net_packet_spec *spec, size_t offset, size_t head)
{
	size_t left = spec->len - offset;
	size_t room = spec->mtu > head ? (size_t)spec->mtu - head : 0;

	if (spec->mtu == 0 || left <= room)
		return left;
	return room & ~(size_t)7; /* offsets count units of 8 octets */
}

static bool
build4(const struct net_packet_spec *spec, size_t offset,
	struct net_packet_piece *piece)
{
	struct buf_writer w = buf_writer(piece->head, sizeof(piece->head));
	size_t head = spec->alert ? HEAD4 + sizeof(alert4) : HEAD4;

	if (spec->len > (size_t)NET_PACKET_MAX - head)
		return false;
	piece->len = piece_len(spec, offset, head);
	if (piece->len == 0 && spec->len > 0)
		return false;

	bool more = offset + piece->len < spec->len;
	bool whole = offset == 0 && !more;

	buf_put_u8(&w, (uint8_t)(4 << 4 | head / 4));
	buf_put_u8(&w, spec->tos);
	buf_put_u16be(&w, (uint16_t)(head + piece->len));
	buf_put_u16be(&w, whole ? 0 : (uint16_t)spec->id); /* 0: the kernel's */
	buf_put_u16be(&w, (uint16_t)(offset / 8 | (more ? FRAG_MORE4 : 0)));
	buf_put_u8(&w, spec->ttl);
	buf_put_u8(&w, NET_PACKET_PROTO);
	buf_put_u16be(&w, 0);
	buf_put_bytes(&w, spec->src.b, 4);
	buf_put_bytes(&w, spec->dst.b, 4);
	if (spec->alert)
		buf_put_bytes(&w, alert4, sizeof(alert4));
	piece->head_len = buf_written(&w);
	return !w.failed;
}

/* Hop-by-hop header with Router Alert value 1, "contains an RSVP message",
 * padded to 8 octets by an empty PadN. */
static void
put_hopopt(struct buf_writer *w, uint8_t next)
{
	static const uint8_t rest[HOPOPT - 1] = { 0, OPTION6_ALERT, 2, 0, 1, 1,
		0 };

	buf_put_u8(w, next);
	buf_put_bytes(w, rest, sizeof(rest));
}

static bool
build6(const struct net_packet_spec *spec, size_t offset,
	struct net_packet_piece *piece)
{
	struct buf_writer w = buf_writer(piece->head, sizeof(piece->head));
	size_t mtu = spec->mtu;

	/* The payload length counts the extension headers. */
	if (spec->len > NET_PACKET_MAX - HOPOPT)
		return false;
	if (mtu > 0 && mtu < MIN_MTU6)
		return false;

	bool whole = mtu == 0 || spec->len + HEAD6 + HOPOPT <= mtu;
	size_t extra = whole ? HOPOPT : HOPOPT + FRAGMENT;

	piece->len = whole ? spec->len : piece_len(spec, offset, HEAD6 + extra);

	bool more = offset + piece->len < spec->len;

	buf_put_u32be(&w, 6u << 28 | (uint32_t)spec->tos << 20);
	buf_put_u16be(&w, (uint16_t)(extra + piece->len));
	buf_put_u8(&w, NEXT_HOPOPT);
	buf_put_u8(&w, spec->ttl);
	buf_put_bytes(&w, spec->src.b, 16);
	buf_put_bytes(&w, spec->dst.b, 16);
	put_hopopt(&w, whole ? NET_PACKET_PROTO : NEXT_FRAGMENT);
	if (!whole) {
		buf_put_u8(&w, NET_PACKET_PROTO);
		buf_put_u8(&w, 0);
		buf_put_u16be(&w, (uint16_t)(offset | (more ? FRAG_MORE6 : 0)));
		buf_put_u32be(&w, spec->id);
	}
	piece->head_len = buf_written(&w);
	return !w.failed;
}

bool
net_packet_build(const struct net_packet_spec *spec, size_t offset,
	struct net_packet_piece *ret_piece)
{
	struct net_packet_piece piece = { .offset = offset };
	bool ok = false;

	if (spec->src.family != spec->dst.family || offset > spec->len)
		return false;
	if (spec->dst.family == ADDR_V4)
		ok = build4(spec, offset, &piece);
	else if (spec->dst.family == ADDR_V6)
		ok = build6(spec, offset, &piece);
	if (ok)
		*ret_piece = piece;
	return ok;
}
