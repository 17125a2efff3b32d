/* SPDX-License-Identifier: ISC */

/*
 * Ranges as masked blocks: each block is all values that share their upper
 * bits.  A range of ports takes 30 of them at most, one of IPv4 addresses 62,
 * one of IPv6 addresses 254.  The nodes of a match are the product of its
 * blocks.
 */

#include "match_int.h"

#include "base/buf.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

enum {
	BLOCKS_MAX = 254,
	WORD_BITS = 32,
	V4_FRAGMENT = 4, /* offset of the word that holds the field */
	V4_PROTO = 8,
	V4_SRC = 12,
	V4_DST = 16,
	V6_NEXT = 4,
	V6_SRC = 8,
	V6_DST = 24,
	V6_PORTS = 40
};

/* ---- blocks -------------------------------------------------------------- */

/* Up to 128 bits. */
struct wide {
	uint64_t high;
	uint64_t low;
};

struct block {
	struct wide value;
	unsigned loose; /* so many lower bits are any */
};

struct blocks {
	size_t count;
	struct block all[BLOCKS_MAX];
};

static bool
wide_above(struct wide a, struct wide b)
{
	return a.high != b.high ? a.high > b.high : a.low > b.low;
}

/* The last value of the block of so many bits that begins there. */
static struct wide
block_end(struct wide first, unsigned loose)
{
	struct wide end = first;

	if (loose >= 64) {
		end.low = UINT64_MAX;
		loose -= 64;
		end.high |=
			loose == 64 ? UINT64_MAX : (UINT64_C(1) << loose) - 1;
	} else {
		end.low |= (UINT64_C(1) << loose) - 1;
	}
	return end;
}

/* So many bits are free above a value that is a multiple of their block. */
static unsigned
alignment(struct wide v, unsigned bits)
{
	unsigned zeros = 0;

	while (zeros < bits &&
		((zeros < 64 ? v.low >> zeros : v.high >> (zeros - 64)) & 1) ==
			0)
		zeros++;
	return zeros;
}

static void
split_range(
	struct wide first, struct wide last, unsigned bits, struct blocks *ret)
{
	struct wide end;

	ret->count = 0;
	for (;;) {
		unsigned loose = alignment(first, bits);

		while (wide_above(block_end(first, loose), last))
			loose--;
		assert(ret->count < BLOCKS_MAX);
		ret->all[ret->count++] =
			(struct block){ .value = first, .loose = loose };
		end = block_end(first, loose);
		if (!wide_above(last, end))
			return;
		first = (struct wide){ end.high + (end.low == UINT64_MAX),
			end.low + 1 };
	}
}

static struct wide
wide_of(const struct addr *a)
{
	struct buf_reader r = buf_reader(a->b, addr_size(a->family));

	uint64_t words[4];

	if (a->family == ADDR_V4)
		return (struct wide){ 0, buf_get_u32be(&r) };
	for (size_t i = 0; i < 4; i++)
		words[i] = buf_get_u32be(&r);
	return (struct wide){ words[0] << WORD_BITS | words[1],
		words[2] << WORD_BITS | words[3] };
}

static void
split_addrs(
	const struct tc_addr_range *range, uint8_t family, struct blocks *ret)
{
	unsigned bits = 8 * (unsigned)addr_size(family);

	*ret = (struct blocks){ .count = 1, .all[0] = { .loose = bits } };
	if (range->first.family != ADDR_NONE)
		split_range(wide_of(&range->first), wide_of(&range->last), bits,
			ret);
}

static bool
any_port(const struct tc_port_range *r)
{
	return r->first == 0 && (r->last == 0 || r->last == UINT16_MAX);
}

static void
split_ports(const struct tc_port_range *range, struct blocks *ret)
{
	enum { PORT_BITS = 16 };

	*ret = (struct blocks){ .count = 1, .all[0] = { .loose = PORT_BITS } };
	if (!any_port(range))
		split_range((struct wide){ 0, range->first },
			(struct wide){ 0, range->last }, PORT_BITS, ret);
}

/* ---- what is to be compared ---------------------------------------------- */

static const uint8_t port_protocols[] = { IPPROTO_TCP, IPPROTO_UDP,
	IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_UDPLITE };

static bool
by_ports(const struct tc_match *m)
{
	return !any_port(&m->src_ports) || !any_port(&m->dst_ports);
}

static void
split_protocol(const struct tc_match *m, struct blocks *ret)
{
	*ret = (struct blocks){ .count = 1,
		.all[0] = { .value.low = m->proto } };
	if (m->proto != 0 || !by_ports(m))
		return;
	ret->count = sizeof(port_protocols);
	for (size_t i = 0; i < ret->count; i++)
		ret->all[i].value.low = port_protocols[i];
}

static const char *
addrs_problem(const struct tc_addr_range *r, uint8_t family)
{
	if (r->first.family == ADDR_NONE)
		return NULL;
	if (r->first.family != family || r->last.family != family)
		return "a match with addresses of another family";
	if (addr_compare(&r->first, &r->last) > 0)
		return "a range of addresses that ends before it begins";
	return NULL;
}

/* The fields of which a match is the product. */
enum { SRC, DST, PROTOCOL, SRC_PORTS, DST_PORTS, FIELDS };

static void
split_field(const struct tc_match *m, int field, struct blocks *ret)
{
	switch (field) {
	case SRC:
		split_addrs(&m->src, m->family, ret);
		break;
	case DST:
		split_addrs(&m->dst, m->family, ret);
		break;
	case PROTOCOL:
		split_protocol(m, ret);
		break;
	case SRC_PORTS:
		split_ports(&m->src_ports, ret);
		break;
	case DST_PORTS:
		split_ports(&m->dst_ports, ret);
		break;
	}
}

struct tc_addr_range
tc_addr_range_of(const struct addr_prefix *prefix)
{
	struct tc_addr_range r = { prefix->addr, prefix->addr };

	for (size_t bit = prefix->len; bit < 8 * addr_size(r.last.family);
		bit++)
		r.last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return r;
}

const char *
tc_match_problem(const struct tc_match *m)
{
	enum { DSCP_MAX = 0x3f };
	const char *problem;
	struct blocks blocks;
	size_t count = 1;

	if (m->family != ADDR_V4 && m->family != ADDR_V6)
		return "a match for no family of addresses";
	problem = addrs_problem(&m->src, m->family);
	if (!problem)
		problem = addrs_problem(&m->dst, m->family);
	if (problem)
		return problem;
	if (m->src_ports.first > m->src_ports.last ||
		m->dst_ports.first > m->dst_ports.last)
		return "a range of ports that ends before it begins";
	if (by_ports(m) && m->proto != 0 &&
		!memchr(port_protocols, m->proto, sizeof(port_protocols)))
		return "a match with ports for a protocol without them";
	if (m->dscp > DSCP_MAX || m->dscp_mask > DSCP_MAX ||
		(m->dscp & ~m->dscp_mask) != 0)
		return "a DSCP above 6 bits or outside of its mask";
	for (int field = SRC; field < FIELDS; field++) {
		split_field(m, field, &blocks);
		count *= blocks.count;
		if (count > TC_MATCH_NODES_MAX)
			return "a match that takes more than 512 filter nodes; "
			       "narrow its ranges or make prefixes of them";
	}
	return NULL;
}

/* ---- nodes --------------------------------------------------------------- */

static struct tc_key *
add_key(struct tc_u32 *u, uint32_t mask, uint32_t value, int off)
{
	struct tc_key *key = &u->keys[u->key_count];

	if (mask == 0)
		return key; /* says nothing */
	*key = (struct tc_key){
		.mask = mask, .value = value & mask, .off = (int16_t)off
	};
	u->key_count++;
	return key;
}

/* A word of which so many lower bits are any. */
static uint32_t
tight_mask(unsigned loose)
{
	return loose >= WORD_BITS ? 0 : UINT32_MAX << loose;
}

static void
add_addr(struct tc_u32 *u, const struct block *b, bool v4, int off)
{
	const uint32_t words[4] = { (uint32_t)(b->value.high >> 32),
		(uint32_t)b->value.high, (uint32_t)(b->value.low >> 32),
		(uint32_t)b->value.low };

	for (unsigned i = v4 ? 3 : 0; i < 4; i++, off += 4) {
		unsigned below = (3 - i) * WORD_BITS;

		add_key(u, tight_mask(b->loose > below ? b->loose - below : 0),
			words[i], off);
	}
}

static void
add_port(struct tc_u32 *u, const struct block *b, bool v4, unsigned shift)
{
	uint32_t mask = (tight_mask(b->loose) & 0xffff) << shift;
	struct tc_key *key = add_key(
		u, mask, (uint32_t)b->value.low << shift, v4 ? 0 : V6_PORTS);

	key->floating = v4 && mask != 0;
}

static void
add_field(struct tc_u32 *u, const struct block *b, bool v4, int field)
{
	uint32_t low = (uint32_t)b->value.low;

	switch (field) {
	case SRC:
		add_addr(u, b, v4, v4 ? V4_SRC : V6_SRC);
		break;
	case DST:
		add_addr(u, b, v4, v4 ? V4_DST : V6_DST);
		break;
	case PROTOCOL:
		if (low != 0 && v4)
			add_key(u, 0x00ff0000, low << 16, V4_PROTO);
		else if (low != 0)
			add_key(u, 0x0000ff00, low << 8, V6_NEXT);
		break;
	case SRC_PORTS:
		add_port(u, b, v4, 16);
		break;
	case DST_PORTS:
		add_port(u, b, v4, 0);
		break;
	}
}

/* Each node once for each block. */
static size_t
multiply(struct tc_u32 *nodes, size_t count, const struct blocks *blocks,
	bool v4, int field)
{
	for (size_t b = blocks->count; b-- > 0;)
		for (size_t i = 0; i < count; i++) {
			struct tc_u32 *u = &nodes[b * count + i];

			*u = nodes[i];
			add_field(u, &blocks->all[b], v4, field);
		}
	return count * blocks->count;
}

static void
want_first(const struct tc_match *m, bool v4, struct tc_u32 *u)
{
	*u = (struct tc_u32){ .flags = TC_U32_FLAG_TERMINAL };
	if (m->in[0] != '\0') {
		memcpy(u->in, m->in, sizeof(u->in));
		/* Says nothing; the kernel keeps the number, and a new
		 * interface may have the name. */
		u->keys[u->key_count++] =
			(struct tc_key){ .value = m->in_ifindex };
	}
	add_key(u, (uint32_t)m->dscp_mask << (v4 ? 18 : 22),
		(uint32_t)m->dscp << (v4 ? 18 : 22), 0);
	if (v4 && by_ports(m))
		add_key(u, 0x00001fff, 0, V4_FRAGMENT);
}

size_t
tc_u32_match_nodes(
	const struct tc_match *m, struct tc_u32 ret_nodes[TC_MATCH_NODES_MAX])
{
	bool v4 = m->family == ADDR_V4;
	struct blocks blocks;
	size_t count = 1;

	assert(!tc_match_problem(m));
	want_first(m, v4, &ret_nodes[0]);
	for (int field = SRC; field < FIELDS; field++) {
		split_field(m, field, &blocks);
		count = multiply(ret_nodes, count, &blocks, v4, field);
	}
	for (size_t i = 0; i < count; i++)
		if (ret_nodes[i].key_count == 0) /* the kernel wants one */
			ret_nodes[i].key_count = 1;
	return count;
}

void
tc_u32_match_link(uint8_t family, uint32_t table, struct tc_u32 *ret_link)
{
	*ret_link = (struct tc_u32){ .link = table, .key_count = 1 };
	if (family != ADDR_V4)
		return;
	ret_link->flags = TC_U32_FLAG_VAROFFSET;
	ret_link->offmask = 0x0f00;
	ret_link->offshift = 6;
}
