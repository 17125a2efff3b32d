/* SPDX-License-Identifier: ISC */
#include "base/buf.h"
#include "t.h"
#include "tcctl/match_int.h"

/* A packet, and what a match says of it: the definition, not the blocks. */
struct packet {
	struct addr src;
	struct addr dst;
	uint8_t proto;
	uint8_t dscp;
	uint16_t sport;
	uint16_t dport;
	unsigned options; /* words, IPv4 */
	uint16_t fragment;
};

static bool
in_addrs(const struct tc_addr_range *r, const struct addr *a)
{
	return r->first.family == ADDR_NONE ||
	       (addr_compare(&r->first, a) <= 0 &&
		       addr_compare(a, &r->last) <= 0);
}

static bool
any_port(const struct tc_port_range *r)
{
	return r->first == 0 && (r->last == 0 || r->last == 65535);
}

static bool
in_ports(const struct tc_port_range *r, uint16_t port)
{
	return any_port(r) || (port >= r->first && port <= r->last);
}

static bool
expected(const struct tc_match *m, const struct packet *p)
{
	bool ports = !any_port(&m->src_ports) || !any_port(&m->dst_ports);
	bool has = p->proto == 6 || p->proto == 17 || p->proto == 33 ||
		   p->proto == 132 || p->proto == 136;

	if (!in_addrs(&m->src, &p->src) || !in_addrs(&m->dst, &p->dst) ||
		((p->dscp ^ m->dscp) & m->dscp_mask) != 0 ||
		(m->proto != 0 && m->proto != p->proto))
		return false;
	return !ports || (has && (p->fragment & 0x1fff) == 0 &&
				 in_ports(&m->src_ports, p->sport) &&
				 in_ports(&m->dst_ports, p->dport));
}

static size_t
bytes_of(const struct packet *p, uint8_t bytes[128])
{
	struct buf_writer w = buf_writer(bytes, 128);
	uint8_t tos = (uint8_t)(p->dscp << 2 | 1); /* the ECN bits do not count
						    */
	if (p->src.family == ADDR_V4) {
		buf_put_u8(&w, (uint8_t)(0x45 + p->options));
		buf_put_u8(&w, tos);
		buf_put_u32be(&w, 0x0064abcd);
		buf_put_u16be(&w, p->fragment);
		buf_put_u8(&w, 64);
		buf_put_u8(&w, p->proto);
		buf_put_u16be(&w, 0x1234);
	} else {
		buf_put_u32be(&w, 0x60000000u | (uint32_t)tos << 20 | 0xabcde);
		buf_put_u16be(&w, 8);
		buf_put_u8(&w, p->proto);
		buf_put_u8(&w, 64);
	}
	buf_put_bytes(&w, p->src.b, addr_size(p->src.family));
	buf_put_bytes(&w, p->dst.b, addr_size(p->src.family));
	for (unsigned i = 0; i < p->options; i++)
		buf_put_u32be(&w, 0x01010101);
	buf_put_u16be(&w, p->sport);
	buf_put_u16be(&w, p->dport);
	buf_put_u32be(&w, 0);
	return buf_written(&w);
}

/* The kernel's comparison. */
static bool
matches(const struct tc_u32 *u, const uint8_t *bytes, int floating)
{
	for (size_t i = 0; i < u->key_count; i++) {
		const struct tc_key *k = &u->keys[i];
		struct buf_reader r = buf_reader(
			bytes + k->off + (k->floating ? floating : 0), 4);

		if (((buf_get_u32be(&r) ^ k->value) & k->mask) != 0)
			return false;
	}
	return true;
}

static void
check(const struct tc_match *m, const struct tc_u32 *nodes, size_t count,
	const struct packet *p)
{
	uint8_t bytes[128];
	struct tc_u32 link;
	int floating;
	unsigned hits = 0;

	(void)bytes_of(p, bytes);
	tc_u32_match_link(m->family, 0x3000000, &link);
	T_CHECK(link.link == 0x3000000 && matches(&link, bytes, 0), "link");
	floating = ((bytes[link.offoff] << 8 | bytes[link.offoff + 1]) &
			   link.offmask) >>
		   link.offshift;
	T_CHECK((floating == 0) == ((link.flags & 4) == 0), "offset");
	for (size_t i = 0; i < count; i++)
		hits += matches(&nodes[i], bytes, floating);
	T_EQ(hits, expected(m, p) ? 1 : 0);
}

static uint32_t seed = 12345;

static uint32_t
any(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

/* Addresses of a small world, so that matches and misses both happen. */
static struct addr
some_addr(uint8_t family)
{
	uint8_t b[16] = { 10, 0, (uint8_t)any(2), (uint8_t)any(256) };

	if (family == ADDR_V4)
		return addr_v4(b);
	b[7] = (uint8_t)any(2);
	b[15] = (uint8_t)any(256);
	return addr_v6(b);
}

static struct tc_addr_range
some_range(uint8_t family)
{
	struct tc_addr_range r = { some_addr(family), some_addr(family) };

	if (any(3) == 0)
		return (struct tc_addr_range){ 0 };
	if (addr_compare(&r.first, &r.last) > 0)
		return (struct tc_addr_range){ r.last, r.first };
	return r;
}

static struct tc_port_range
some_ports(uint32_t below)
{
	struct tc_port_range r = { (uint16_t)any(below), (uint16_t)any(below) };

	if (any(2) == 0)
		return (struct tc_port_range){ 0, any(2) ? 0 : 65535 };
	if (r.first > r.last)
		return (struct tc_port_range){ r.last, r.first };
	return r;
}

static struct packet
some_packet(uint8_t family)
{
	static const uint8_t protos[] = { 6, 17, 33, 132, 136, 1, 50 };

	return (struct packet){ .src = some_addr(family),
		.dst = some_addr(family),
		.proto = protos[any(sizeof(protos))],
		.dscp = any(2) ? 46 : (uint8_t)any(64),
		.sport = (uint16_t)any(64),
		.dport = (uint16_t)any(65536),
		.options = family == ADDR_V4 ? any(11) : 0,
		.fragment = family == ADDR_V4 && any(4) == 0 ? 0x2010 : 0 };
}

static void
any_match_says_of_any_packet_what_it_means(void)
{
	static struct tc_u32 nodes[TC_MATCH_NODES_MAX];
	unsigned possible = 0;

	for (int i = 0; i < 1500; i++) {
		uint8_t family = any(2) ? ADDR_V4 : ADDR_V6;
		struct tc_match m = { .family = family,
			.src = some_range(family),
			.dst = some_range(family),
			.proto = any(2) ? 0 : 17,
			.src_ports = some_ports(64),
			.dst_ports = some_ports(65536),
			.dscp = any(2) ? 46 : 0,
			.dscp_mask = 0x3f };
		size_t count;

		if (m.dscp == 0)
			m.dscp_mask = 0;
		if (tc_match_problem(&m))
			continue;
		possible++;
		count = tc_u32_match_nodes(&m, nodes);
		for (int k = 0; k < 60; k++) {
			const struct packet p = some_packet(family);

			check(&m, nodes, count, &p);
		}
	}
	T_CHECK(possible > 300, "%u matches", possible);
}

static void
each_port_of_a_range_is_in_one_block(void)
{
	static struct tc_u32 nodes[TC_MATCH_NODES_MAX];
	static const struct {
		struct tc_port_range range;
		size_t blocks;
	} cases[] = { { { 1, 65534 }, 30 }, { { 0, 65534 }, 16 },
		{ { 1, 65535 }, 16 }, { { 80, 80 }, 1 }, { { 0, 1023 }, 1 },
		{ { 1024, 65535 }, 6 }, { { 5060, 5061 }, 1 },
		{ { 65535, 65535 }, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tc_match m = { .family = ADDR_V4,
			.proto = 17,
			.dst_ports = cases[i].range };
		struct packet p = some_packet(ADDR_V4);

		T_EQ(tc_u32_match_nodes(&m, nodes), cases[i].blocks);
		p.proto = 17;
		p.fragment = 0;
		for (unsigned port = 0; port < 65536; port++) {
			p.dport = (uint16_t)port;
			check(&m, nodes, cases[i].blocks, &p);
		}
	}
}

static struct tc_addr_range
range_of(const char *text)
{
	struct addr_prefix prefix;

	T_CHECK(addr_prefix_parse(text, &prefix), "prefix %s", text);
	return tc_addr_range_of(&prefix);
}

static void
a_prefix_is_one_node(void)
{
	static struct tc_u32 nodes[TC_MATCH_NODES_MAX];
	static const struct {
		const char *text;
		unsigned keys;
	} cases[] = { { "10.1.0.0/16", 1 }, { "10.1.2.3/32", 1 },
		{ "2001:db8::/32", 1 }, { "2001:db8:1::/48", 2 },
		{ "2001:db8::1/128", 4 }, { "::/0", 0 }, { "0.0.0.0/0", 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tc_addr_range r = range_of(cases[i].text);
		struct tc_match m = {
			.family = r.first.family, .dst = r, .proto = 17
		};

		T_CHECK(tc_match_problem(&m) == NULL, "%s", cases[i].text);
		T_EQ(tc_u32_match_nodes(&m, nodes), 1);
		T_EQ(nodes[0].key_count, cases[i].keys + 1);
		T_EQ(nodes[0].flags, TC_U32_FLAG_TERMINAL);
	}
}

/* All 16 octets, also those that the family does not have. */
static void
a_prefix_ends_with_its_last_address(void)
{
	static const struct {
		const char *text;
		struct addr last;
	} cases[] = { { "10.1.2.3/32",
			      { .family = ADDR_V4, .b = { 10, 1, 2, 3 } } },
		{ "10.1.2.0/23",
			{ .family = ADDR_V4, .b = { 10, 1, 3, 255 } } },
		{ "10.0.0.0/9",
			{ .family = ADDR_V4, .b = { 10, 127, 255, 255 } } },
		{ "2001:db8::/127",
			{ .family = ADDR_V6,
				.b = { 0x20, 1, 0xd, 0xb8, [15] = 1 } } } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tc_addr_range r = range_of(cases[i].text);

		T_CHECK(memcmp(&r.last, &cases[i].last, sizeof(r.last)) == 0,
			"%s", cases[i].text);
	}
}

static void
each_node_asks_for_the_incoming_interface(void)
{
	static struct tc_u32 nodes[TC_MATCH_NODES_MAX];
	const struct tc_match m = { .family = ADDR_V4,
		.proto = 17,
		.dst_ports = { 80, 82 },
		.in = "ppp0",
		.in_ifindex = 77 };

	T_EQ(tc_u32_match_nodes(&m, nodes), 2);
	for (size_t i = 0; i < 2; i++) {
		T_STR(nodes[i].in, "ppp0");
		/* A key that says nothing but which one of that name. */
		T_EQ(nodes[i].keys[0].mask, 0);
		T_EQ(nodes[i].keys[0].value, 77);
	}
}

static void
what_matches_all_has_a_key_for_the_kernel(void)
{
	static struct tc_u32 nodes[TC_MATCH_NODES_MAX];
	const struct tc_match m = { .family = ADDR_V6 };

	T_EQ(tc_u32_match_nodes(&m, nodes), 1);
	T_EQ(nodes[0].key_count, 1);
	T_EQ(nodes[0].keys[0].mask, 0);
}

static void
impossible_matches_are_refused(void)
{
	const struct tc_match good = { .family = ADDR_V4,
		.src = range_of("10.0.0.0/8"),
		.proto = 17,
		.dst_ports = { 80, 90 } };
	struct tc_match bad = good;

	T_CHECK(tc_match_problem(&good) == NULL, "the good one");
	bad.family = ADDR_NONE;
	T_CHECK(tc_match_problem(&bad) != NULL, "no family");
	bad = good;
	bad.family = ADDR_V6;
	T_CHECK(tc_match_problem(&bad) != NULL, "family of the source");
	bad = good;
	bad.dst = range_of("2001:db8::/32");
	T_CHECK(tc_match_problem(&bad) != NULL, "family of the destination");
	bad = good;
	bad.src.first.b[0] = 11;
	T_CHECK(tc_match_problem(&bad) != NULL, "addresses backwards");
	bad = good;
	bad.dst_ports.first = 91;
	T_CHECK(tc_match_problem(&bad) != NULL, "ports backwards");
	bad = good;
	bad.src_ports = (struct tc_port_range){ 2, 1 };
	T_CHECK(tc_match_problem(&bad) != NULL, "source ports backwards");
	bad = good;
	bad.proto = 50;
	T_CHECK(tc_match_problem(&bad) != NULL, "ports of ESP");
	bad = good;
	bad.dscp = 46;
	T_CHECK(tc_match_problem(&bad) != NULL, "DSCP without mask");
	bad.dscp_mask = 0x7f;
	T_CHECK(tc_match_problem(&bad) != NULL, "DSCP of 7 bits");
	bad = good;
	bad.dst_ports = (struct tc_port_range){ 1, 65534 };
	bad.src_ports = (struct tc_port_range){ 1, 65534 };
	T_CHECK(tc_match_problem(&bad) != NULL, "900 nodes");
	bad.src_ports = (struct tc_port_range){ 1, 16383 };
	T_CHECK(tc_match_problem(&bad) == NULL, "30 times 14 nodes: %s",
		tc_match_problem(&bad));
}

static struct t_case all_cases[] = {
	{ "each node asks for the incoming interface",
		each_node_asks_for_the_incoming_interface },
	{ "any match says of any packet what it means",
		any_match_says_of_any_packet_what_it_means },
	{ "each port of a range is in one block",
		each_port_of_a_range_is_in_one_block },
	{ "a prefix is one node", a_prefix_is_one_node },
	{ "a prefix ends with its last address",
		a_prefix_ends_with_its_last_address },
	{ "what matches all has a key for the kernel",
		what_matches_all_has_a_key_for_the_kernel },
	{ "impossible matches are refused", impossible_matches_are_refused },
};
T_MAIN(all_cases)
