/* SPDX-License-Identifier: ISC */

/* IP headers around RSVP messages: rsvpd/net_packet.c. */

#include "rsvpd/net_packet.h"

#include "t_addr.h"

/* Path of 12 octets from 10.1.0.1 to 10.2.0.9, TTL 63, Router Alert. */
static const uint8_t packet4[] = { 0x46, 0xc0, 0x00,
	0x24,                   /* version 4, 6 words, CS6, 36 octets */
	0x12, 0x34, 0x40, 0x00, /* id, DF */
	0x3f, 0x2e, 0xab, 0xcd, /* TTL, protocol 46, checksum */
	0x0a, 0x01, 0x00, 0x01, /* source */
	0x0a, 0x02, 0x00, 0x09, /* destination */
	0x94, 0x04, 0x00, 0x00, /* Router Alert */
	0x10, 0x01, 0x00, 0x00, /* RSVP 1, Path */
	0x3f, 0x00, 0x00, 0x0c, /* Send_TTL, 12 octets */
	0xde, 0xad, 0xbe, 0xef };

/* The same in IPv6, 2001:db8:1::1 to 2001:db8:2::9. */
static const uint8_t packet6[] = { 0x6c, 0x00, 0x00, 0x00, /* version 6, CS6 */
	0x00, 0x14, 0x00, 0x3f, /* 20 octets, hop-by-hop follows, hop limit */
	0x20, 0x01, 0x0d, 0xb8, 0x00, 0x01, 0x00, 0x00, /* source */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8,
	0x00, 0x02, 0x00, 0x00, /* destination */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x2e, 0x00, 0x05, 0x02,
	0x00, 0x01, 0x01, 0x00, /* Router Alert, PadN */
	0x10, 0x01, 0x00, 0x00, /* RSVP 1, Path */
	0x3f, 0x00, 0x00, 0x0c, 0xde, 0xad, 0xbe, 0xef };

static void
check_addr(const struct addr *got, const char *want)
{
	char text[ADDR_TEXT];

	T_STR(addr_format(got, text), want);
}

static void
an_ipv4_path_is_taken_apart(void)
{
	struct net_packet p;

	T_EQ(net_packet_parse4(packet4, sizeof(packet4), &p), NET_PACKET_OK);
	check_addr(&p.src, "10.1.0.1");
	check_addr(&p.dst, "10.2.0.9");
	T_EQ(p.ttl, 63);
	T_EQ(p.tos, 0xc0);
	T_EQ(p.alert, true);
	T_EQ(p.len, 12);
	T_CHECK(p.message == packet4 + 24, "message at another place");
}

static void
an_ipv6_path_is_taken_apart(void)
{
	struct net_packet p;

	T_EQ(net_packet_parse6(packet6, sizeof(packet6), &p), NET_PACKET_OK);
	check_addr(&p.src, "2001:db8:1::1");
	check_addr(&p.dst, "2001:db8:2::9");
	T_EQ(p.ttl, 63);
	T_EQ(p.tos, 0xc0);
	T_EQ(p.alert, true);
	T_EQ(p.len, 12);
	T_CHECK(p.message == packet6 + 48, "message at another place");
}

static void
every_truncation_is_refused(void)
{
	struct net_packet p;

	for (size_t len = 0; len < sizeof(packet4); len++) {
		/* A copy, so that a sanitizer sees reading past its end. */
		uint8_t *copy = (uint8_t *)malloc(len + 1);

		memcpy(copy, packet4, len);
		T_EQ(net_packet_parse4(copy, len, &p), NET_PACKET_SHORT);
		free(copy);
	}
	for (size_t len = 0; len < sizeof(packet6); len++) {
		uint8_t *copy = (uint8_t *)malloc(len + 1);

		memcpy(copy, packet6, len);
		T_EQ(net_packet_parse6(copy, len, &p), NET_PACKET_SHORT);
		free(copy);
	}
}

static void
padding_behind_the_datagram_is_left_out(void)
{
	uint8_t padded[sizeof(packet6) + 14] = { 0 };
	struct net_packet p;

	memcpy(padded, packet4, sizeof(packet4));
	T_EQ(net_packet_parse4(padded, sizeof(packet4) + 10, &p),
		NET_PACKET_OK);
	T_EQ(p.len, 12);
	memcpy(padded, packet6, sizeof(packet6));
	T_EQ(net_packet_parse6(padded, sizeof(padded), &p), NET_PACKET_OK);
	T_EQ(p.len, 12);
}

/* One octet changed, and what it makes of the packet. */
struct change {
	size_t at;
	uint8_t value;
	enum net_packet_fault fault;
};

static void
malformed_ipv4_headers_are_told_apart(void)
{
	static const struct change changes[] = {
		{ 0, 0x56, NET_PACKET_VERSION },  /* version 5 */
		{ 0, 0x66, NET_PACKET_VERSION },  /* version 6 */
		{ 0, 0x44, NET_PACKET_VERSION },  /* 16 octets of header */
		{ 0, 0x4a, NET_PACKET_SHORT },    /* header past the end */
		{ 3, 0x13, NET_PACKET_SHORT },    /* total below the header */
		{ 3, 0x25, NET_PACKET_SHORT },    /* total above the packet */
		{ 6, 0x60, NET_PACKET_FRAGMENT }, /* more fragments */
		{ 7, 0x01, NET_PACKET_FRAGMENT }, /* an offset */
		{ 6, 0x10, NET_PACKET_FRAGMENT }, /* a large offset */
		{ 6, 0x00, NET_PACKET_OK },       /* no DF */
		{ 9, 0x11, NET_PACKET_OTHER }     /* UDP */
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t bytes[sizeof(packet4)];
		struct net_packet p;

		memcpy(bytes, packet4, sizeof(bytes));
		bytes[changes[i].at] = changes[i].value;
		T_EQ(net_packet_parse4(bytes, sizeof(bytes), &p),
			changes[i].fault);
	}
}

static void
malformed_ipv6_headers_are_told_apart(void)
{
	static const struct change changes[] = { { 0, 0x4c,
							 NET_PACKET_VERSION },
		{ 5, 0x15, NET_PACKET_SHORT },    /* more than there is */
		{ 5, 0x07, NET_PACKET_SHORT },    /* less than hop-by-hop */
		{ 6, 0x2c, NET_PACKET_FRAGMENT }, /* fragment header */
		{ 6, 0x3c, NET_PACKET_OTHER },    /* destination options */
		{ 40, 0x2c, NET_PACKET_OTHER },   /* of another protocol */
		{ 40, 0x11, NET_PACKET_OTHER },   /* UDP behind it */
		{ 40, 0x00, NET_PACKET_OTHER },   /* hop-by-hop again */
		{ 41, 0x02, NET_PACKET_SHORT },   /* longer than the rest */
		{ 41, 0xff, NET_PACKET_SHORT } };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t bytes[sizeof(packet6)];
		struct net_packet p;

		memcpy(bytes, packet6, sizeof(bytes));
		bytes[changes[i].at] = changes[i].value;
		T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p),
			changes[i].fault);
	}
}

/* Eight octets of IPv4 options, and whether Router Alert is among them. */
static void
router_alert_is_found_among_ipv4_options(void)
{
	static const struct {
		uint8_t options[8];
		bool alert;
	} rows[] = { { { 0x94, 4, 0, 0, 0, 0, 0, 0 }, true },
		{ { 1, 1, 1, 1, 0x94, 4, 0, 0 }, true },
		{ { 7, 3, 4, 1, 0x94, 4, 0, 0 }, true },  /* record route */
		{ { 0, 0x94, 4, 0, 0, 0, 0, 0 }, false }, /* behind the end */
		{ { 7, 8, 4, 0x94, 4, 0, 0, 0 }, false }, /* inside another */
		{ { 7, 0, 0x94, 4, 0, 0, 0, 0 }, false }, /* length 0 */
		{ { 7, 1, 0x94, 4, 0, 0, 0, 0 }, false },
		{ { 7, 200, 0x94, 4, 0, 0, 0, 0 }, false },
		{ { 1, 1, 1, 1, 1, 1, 1, 7 }, false }, /* cut off */
		{ { 0 }, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[sizeof(packet4) + 4];
		struct net_packet p;

		memcpy(bytes, packet4, 20);
		memcpy(bytes + 20, rows[i].options, 8);
		memcpy(bytes + 28, packet4 + 24, 12);
		bytes[0] = 0x47;
		bytes[3] = sizeof(bytes);
		T_EQ(net_packet_parse4(bytes, sizeof(bytes), &p),
			NET_PACKET_OK);
		T_EQ(p.alert, rows[i].alert);
		T_EQ(p.len, 12);
	}
}

static void
router_alert_is_found_among_hop_by_hop_options(void)
{
	static const struct {
		uint8_t options[14]; /* of a header of two units */
		bool alert;
	} rows[] = { { { 5, 2, 0, 1, 1, 8 }, true },
		{ { 0, 0, 5, 2, 0, 1, 1, 6 }, true }, /* behind two Pad1 */
		{ { 1, 4, 0, 0, 0, 0, 5, 2, 0, 1 }, true }, /* behind PadN */
		{ { 1, 12, 5, 2, 0, 1 }, false },           /* inside PadN */
		{ { 1, 200, 5, 2, 0, 1 }, false },          /* past the end */
		{ { 0 }, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[sizeof(packet6) + 8];
		struct net_packet p;

		memcpy(bytes, packet6, 42);
		bytes[5] = 0x1c;
		bytes[41] = 1; /* 16 octets */
		memcpy(bytes + 42, rows[i].options, 14);
		memcpy(bytes + 56, packet6 + 48, 12);
		T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p),
			NET_PACKET_OK);
		T_EQ(p.alert, rows[i].alert);
		T_EQ(p.len, 12);
		T_CHECK(p.message == bytes + 56, "message at another place");
	}
}

static void
ipv6_without_hop_by_hop_is_taken_too(void)
{
	uint8_t bytes[sizeof(packet6)];
	struct net_packet p;

	memcpy(bytes, packet6, 40);
	memcpy(bytes + 40, packet6 + 48, 12);
	bytes[5] = 12;
	bytes[6] = 46;
	T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p), NET_PACKET_OK);
	T_EQ(p.alert, false);
	T_EQ(p.len, 12);
}

/* ---- building ------------------------------------------------------------ */

static struct net_packet_spec
spec4(size_t len)
{
	return (struct net_packet_spec){ .src = t_addr("10.1.0.1"),
		.dst = t_addr("10.2.0.9"),
		.ttl = 63,
		.tos = NET_PACKET_TOS,
		.alert = true,
		.mtu = 1500,
		.id = 0x9abcdef1,
		.len = len };
}

static struct net_packet_spec
spec6(size_t len)
{
	struct net_packet_spec spec = spec4(len);

	spec.src = t_addr("2001:db8:1::1");
	spec.dst = t_addr("2001:db8:2::9");
	return spec;
}

static void
check_bytes(const uint8_t *got, const uint8_t *want, size_t len)
{
	for (size_t i = 0; i < len; i++)
		T_CHECK(got[i] == want[i], "octet %zu: %02x, not %02x", i,
			got[i], want[i]);
}

static void
an_ipv4_header_is_written_as_it_was_read(void)
{
	const struct net_packet_spec spec = spec4(12);
	struct net_packet_piece piece;
	uint8_t want[24];

	memcpy(want, packet4, sizeof(want));
	memset(want + 4, 0, 4);  /* id: the kernel's; no DF, no offset */
	memset(want + 10, 0, 2); /* checksum: the kernel's */
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	T_EQ(piece.head_len, sizeof(want));
	T_EQ(piece.len, 12);
	check_bytes(piece.head, want, sizeof(want));
}

static void
without_router_alert_the_ipv4_header_has_no_options(void)
{
	struct net_packet_spec spec = spec4(12);
	struct net_packet_piece piece;

	spec.alert = false;
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	T_EQ(piece.head_len, 20);
	T_EQ(piece.head[0], 0x45);
	T_EQ(piece.head[3], 32);
}

static void
an_ipv6_header_is_written_as_it_was_read(void)
{
	struct net_packet_spec spec = spec6(12);
	struct net_packet_piece piece;

	spec.alert = false; /* RFC 2711 3.0: in all RSVP messages */
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	T_EQ(piece.head_len, 48);
	T_EQ(piece.len, 12);
	check_bytes(piece.head, packet6, 48);
}

/* Build all datagrams of the message; how many there are. */
static size_t
build_all(const struct net_packet_spec *spec, struct net_packet_piece *pieces,
	size_t max)
{
	size_t n = 0;

	for (size_t at = 0; at < spec->len; at += pieces[n++].len) {
		T_CHECK(n < max, "more than %zu fragments", max);
		T_EQ(net_packet_build(spec, at, &pieces[n]), true);
		T_EQ(pieces[n].offset, at);
		T_CHECK(pieces[n].head_len + pieces[n].len <= spec->mtu,
			"a fragment of %zu octets",
			pieces[n].head_len + pieces[n].len);
	}
	return n;
}

static unsigned
u16_at(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void
a_long_message_becomes_ipv4_fragments(void)
{
	const struct net_packet_spec spec = spec4(3000);
	struct net_packet_piece pieces[8];

	/* 1476 is what is left of 1500; 1472 the multiple of 8 below it. */
	T_EQ(build_all(&spec, pieces, 8), 3);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *h = pieces[i].head;

		T_EQ(u16_at(h + 2), 24 + pieces[i].len);
		T_EQ(u16_at(h + 4), 0xdef1);
		T_EQ(u16_at(h + 6), 1472 * i / 8 | (i < 2 ? 0x2000u : 0));
		check_bytes(h + 20, packet4 + 20, 4);
	}
	T_EQ(pieces[0].len, 1472);
	T_EQ(pieces[1].len, 1472);
	T_EQ(pieces[2].len, 56);
}

static void
a_long_message_becomes_ipv6_fragments(void)
{
	const struct net_packet_spec spec = spec6(3000);
	struct net_packet_piece pieces[8];

	/* 1500 - 40 - 8 - 8 = 1444, 1440 the multiple of 8 below it. */
	T_EQ(build_all(&spec, pieces, 8), 3);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *h = pieces[i].head;

		T_EQ(pieces[i].head_len, 56);
		T_EQ(u16_at(h + 4), 16 + pieces[i].len);
		T_EQ(h[40], 44); /* a fragment header follows, */
		T_EQ(h[48], 46); /* then RSVP */
		T_EQ(u16_at(h + 50), 1440 * i | (i < 2 ? 1u : 0));
		T_EQ(u16_at(h + 52), 0x9abc);
		T_EQ(u16_at(h + 54), 0xdef1);
	}
	T_EQ(pieces[2].len, 120);
}

/* The largest message that goes in one datagram, and one octet more. */
static void
a_message_that_just_fits_is_not_cut(void)
{
	struct net_packet_piece pieces[2];
	struct net_packet_spec spec = spec4(1476);

	T_EQ(build_all(&spec, pieces, 2), 1);
	T_EQ(u16_at(pieces[0].head + 6), 0);
	spec.len++;
	T_EQ(build_all(&spec, pieces, 2), 2);
	spec = spec6(1452);
	T_EQ(build_all(&spec, pieces, 2), 1);
	T_EQ(pieces[0].head_len, 48);
	spec.len++;
	T_EQ(build_all(&spec, pieces, 2), 2);
}

static void
impossible_packets_are_not_built(void)
{
	struct net_packet_piece piece;
	struct net_packet_spec spec = spec4(NET_PACKET_MAX - 24);

	spec.mtu = 0;
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	T_EQ(piece.len, NET_PACKET_MAX - 24);
	spec.len++;
	T_EQ(net_packet_build(&spec, 0, &piece), false);
	spec = spec6(NET_PACKET_MAX - 8);
	spec.mtu = 0;
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	spec.len++;
	T_EQ(net_packet_build(&spec, 0, &piece), false);
	spec = spec4(100);
	spec.mtu = 31; /* leaves 7 octets */
	T_EQ(net_packet_build(&spec, 0, &piece), false);
	spec.mtu = 32;
	T_EQ(net_packet_build(&spec, 0, &piece), true);
	T_EQ(piece.len, 8);
	spec = spec6(100);
	spec.mtu = 1279; /* RFC 8200 5 */
	T_EQ(net_packet_build(&spec, 0, &piece), false);
	spec = spec4(100);
	spec.src = t_addr("2001:db8::1");
	T_EQ(net_packet_build(&spec, 0, &piece), false);
	spec = spec4(100);
	T_EQ(net_packet_build(&spec, 101, &piece), false);
	spec.src = spec.dst = (struct addr){ 0 };
	T_EQ(net_packet_build(&spec, 0, &piece), false);
}

static void
what_was_built_is_read_back(void)
{
	const struct net_packet_spec specs[] = { spec4(12), spec6(12) };

	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[NET_PACKET_HEAD_MAX + 12] = { 0 };
		struct net_packet_piece piece;
		struct net_packet p;
		size_t len;

		T_EQ(net_packet_build(&specs[i], 0, &piece), true);
		memcpy(bytes, piece.head, piece.head_len);
		len = piece.head_len + piece.len;
		T_EQ(i == 0 ? net_packet_parse4(bytes, len, &p)
			    : net_packet_parse6(bytes, len, &p),
			NET_PACKET_OK);
		T_EQ(addr_equal(&p.src, &specs[i].src), true);
		T_EQ(addr_equal(&p.dst, &specs[i].dst), true);
		T_EQ(p.ttl, 63);
		T_EQ(p.alert, true);
		T_EQ(p.len, 12);
	}
}

/* Eight octets of IPv4 options. */
static void
check_options4(const uint8_t options[8], bool alert)
{
	uint8_t bytes[sizeof(packet4) + 4];
	struct net_packet p;

	memcpy(bytes, packet4, 20);
	bytes[0] = 0x47;
	bytes[3] = sizeof(bytes);
	memcpy(bytes + 20, options, 8);
	memcpy(bytes + 28, packet4 + 24, 12);
	T_EQ(net_packet_parse4(bytes, sizeof(bytes), &p), NET_PACKET_OK);
	T_EQ(p.alert, alert);
	T_EQ(p.len, 12);
}

static void
router_alert_is_found_among_other_options(void)
{
	/* RFC 791 3.1: what is behind the end is none. */
	check_options4((uint8_t[8]){ 7, 4, 4, 0, 148, 4, 0, 0 }, true);
	check_options4((uint8_t[8]){ 1, 1, 1, 1, 148, 4, 0, 0 }, true);
	check_options4((uint8_t[8]){ 0, 4, 0, 0, 148, 4, 0, 0 }, false);
	check_options4((uint8_t[8]){ 7, 0, 148, 4, 0, 0, 0, 0 }, false);
}

static void
router_alert_is_found_behind_single_padding(void)
{
	static const uint8_t options[] = { 0, 5, 2, 0, 0, 0 };
	uint8_t bytes[sizeof(packet6)];
	struct net_packet p;

	memcpy(bytes, packet6, sizeof(bytes));
	memcpy(bytes + 42, options, sizeof(options));
	T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p), NET_PACKET_OK);
	T_EQ(p.alert, true);
}

/* RFC 8200 4.5: 13 bits of offset, 2 reserved, 1 for more. */
static void
fragment_headers_are_taken_apart(void)
{
	static const uint8_t first[] = { 46, 0, 0, 0x01, 0, 0, 0, 9 };
	static const uint8_t last[] = { 46, 0, 0, 0x0e, 0, 0, 0, 9 };
	uint8_t bytes[sizeof(packet6)];
	struct net_packet p;

	memcpy(bytes, packet6, sizeof(bytes));
	bytes[6] = 44;
	memcpy(bytes + 40, first, sizeof(first));
	T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p), NET_PACKET_FRAGMENT);
	T_EQ(p.fragment_offset, 0);
	T_EQ(p.fragment_more, true);
	memcpy(bytes + 40, last, sizeof(last));
	T_EQ(net_packet_parse6(bytes, sizeof(bytes), &p), NET_PACKET_FRAGMENT);
	T_EQ(p.fragment_offset, 8);
	T_EQ(p.fragment_more, false);
	T_EQ(p.fragment_id, 9);
}

static struct t_case cases[] = {
	{ "Router Alert is found among other options",
		router_alert_is_found_among_other_options },
	{ "Router Alert is found behind single padding",
		router_alert_is_found_behind_single_padding },
	{ "fragment headers are taken apart",
		fragment_headers_are_taken_apart },
	{ "an IPv4 Path is taken apart", an_ipv4_path_is_taken_apart },
	{ "an IPv6 Path is taken apart", an_ipv6_path_is_taken_apart },
	{ "every truncation is refused", every_truncation_is_refused },
	{ "padding behind the datagram is left out",
		padding_behind_the_datagram_is_left_out },
	{ "malformed IPv4 headers are told apart",
		malformed_ipv4_headers_are_told_apart },
	{ "malformed IPv6 headers are told apart",
		malformed_ipv6_headers_are_told_apart },
	{ "Router Alert is found among IPv4 options",
		router_alert_is_found_among_ipv4_options },
	{ "Router Alert is found among hop-by-hop options",
		router_alert_is_found_among_hop_by_hop_options },
	{ "IPv6 without hop-by-hop header is taken too",
		ipv6_without_hop_by_hop_is_taken_too },
	{ "an IPv4 header is written as it was read",
		an_ipv4_header_is_written_as_it_was_read },
	{ "without Router Alert the IPv4 header has no options",
		without_router_alert_the_ipv4_header_has_no_options },
	{ "an IPv6 header is written as it was read",
		an_ipv6_header_is_written_as_it_was_read },
	{ "a long message becomes IPv4 fragments",
		a_long_message_becomes_ipv4_fragments },
	{ "a long message becomes IPv6 fragments",
		a_long_message_becomes_ipv6_fragments },
	{ "a message that just fits is not cut",
		a_message_that_just_fits_is_not_cut },
	{ "impossible packets are not built",
		impossible_packets_are_not_built },
	{ "what was built is read back", what_was_built_is_read_back },
};
T_MAIN(cases)
