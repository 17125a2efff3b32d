/* SPDX-License-Identifier: ISC */

/*
 * Keys of hash tables.  The kernel takes eight bits of a word at an offset from
 * the IP header; the ports of IPv4 are at one that the header length decides,
 * so the way to a table keyed by them is a link node for each length.
 */

#include "nodes_int.h"

#include <linux/if_ether.h>

enum {
	V4_SRC = 12,
	V4_DST = 16,
	V6_SRC = 8,
	V6_DST = 24,
	V6_PORTS = 40,
	IHL_MIN = 5,
	IHL_MAX = 15,
	LINK_FLOATING = TC_LEAF_NODE_MAX + 1, /* the first of 11 */
	LINK_FIXED = TC_NODE_MAX,
	SAMPLE = 256 /* filters that are looked at */
};

static uint32_t
fold(uint32_t value, uint32_t mask)
{
	return (value & mask) >> __builtin_ctz(mask);
}

static bool
index_of(const struct tc_u32 *u, const struct tc_hash *h, uint32_t *ret_index)
{
	for (size_t i = 0; i < u->key_count; i++) {
		const struct tc_key *k = &u->keys[i];

		if (k->off != h->off || k->floating != h->floating ||
			(k->mask & h->mask) != h->mask)
			continue;
		*ret_index = fold(k->value, h->mask);
		return true;
	}
	return false;
}

bool
tc_hash_equal(const struct tc_hash *a, const struct tc_hash *b)
{
	return a->mask == b->mask && a->off == b->off &&
	       a->floating == b->floating;
}

bool
tc_hash_index(const struct tc_filter *filter, const struct tc_hash *hash,
	uint32_t *ret_index)
{
	const struct tc_mark none = { 0 };
	struct tc_object node;

	tc_u32_node(0, 0, filter, &none, &node);
	return index_of(&node.u32, hash, ret_index);
}

/* ---- choice -------------------------------------------------------------- */

struct sample {
	struct tc_object nodes[SAMPLE];
	size_t count;
};

struct choice {
	struct sample own;
	struct sample all; /* of whom the table may come to serve */
	struct tc_hash best;
	double cost;
};

/* Nodes that a packet for one of them meets by that key: those of its own
 * bucket, and those that stay. */
static double
cost_of(const struct sample *s, const struct tc_hash *h)
{
	size_t cells[TC_SPLIT_BUCKETS] = { 0 };
	size_t stay = 0;
	size_t met = 0;
	uint32_t index;

	for (size_t i = 0; i < s->count; i++)
		if (index_of(&s->nodes[i].u32, h, &index))
			cells[index]++;
		else
			stay++;
	for (size_t i = 0; i < TC_SPLIT_BUCKETS; i++)
		met += cells[i] * cells[i];
	met += stay * s->count;
	return (double)met / (double)s->count;
}

/* A key is worth its table when it halves the way at least. */
static void
try_hash(struct choice *c, const struct tc_hash *h)
{
	double own = cost_of(&c->own, h);
	double cost = own + cost_of(&c->all, h);

	if (own > (double)c->own.count / 2 ||
		(c->best.mask != 0 && cost >= c->cost))
		return;
	c->cost = cost;
	c->best = *h;
}

/* All windows of eight bits of a word, at distances of four. */
static void
try_word(struct choice *c, int off, bool floating)
{
	for (unsigned shift = 0; shift <= 24; shift += 4) {
		const struct tc_hash h = { 0xffu << shift, (int16_t)off,
			floating };

		try_hash(c, &h);
	}
}

static void
try_all(struct choice *c, bool v4)
{
	/* Ports, or the SPI of ESP; the SPI of AH. */
	try_word(c, v4 ? 0 : V6_PORTS, v4);
	try_word(c, v4 ? 4 : V6_PORTS + 4, v4);
	if (v4) {
		try_word(c, V4_DST, false);
		try_word(c, V4_SRC, false);
		return;
	}
	try_word(c, 0, false); /* flow label */
	for (int off = 12; off >= 0; off -= 4) {
		try_word(c, V6_DST + off, false);
		try_word(c, V6_SRC + off, false);
	}
}

static void
take_sample(
	struct sample *s, const struct tc_filter *const *filters, size_t count)
{
	static const struct tc_mark none = { 0 };

	s->count = count < SAMPLE ? count : SAMPLE;
	for (size_t i = 0; i < s->count; i++)
		tc_u32_node(0, 0, filters[i * count / s->count], &none,
			&s->nodes[i]);
}

bool
tc_hash_choose(const struct tc_filter *const *filters, size_t count,
	size_t others, struct tc_hash *ret_hash)
{
	struct choice c = { .best = { 0 } };

	if (count == 0)
		return false;
	take_sample(&c.own, filters, count);
	take_sample(&c.all, filters, count + others);
	try_all(&c, filters[0]->dst.family == ADDR_V4);
	if (c.best.mask == 0)
		return false;
	*ret_hash = c.best;
	return true;
}

/* ---- tables and links ---------------------------------------------------- */

bool
tc_hash_is_split(uint32_t handle)
{
	uint32_t id = tc_u32_table(handle);

	return id >= TC_SPLIT_FIRST && id < TC_SPLIT_FIRST + TC_SPLITS;
}

bool
tc_hash_is_v4(uint32_t handle)
{
	enum { V6_FIRST = 0x100 };
	uint32_t id = tc_u32_table(handle);

	return tc_hash_is_split(handle) ? id < TC_SPLIT_FIRST + TC_SPLIT_FAMILY
					: id < V6_FIRST;
}

static void
make(uint32_t ifindex, bool v4, uint32_t handle, struct tc_object *ret)
{
	*ret = (struct tc_object){ .type = TC_FILTER,
		.ifindex = ifindex,
		.handle = handle,
		.parent = TC_ROOT_HANDLE,
		.pref = v4 ? TC_PREF_V4 : TC_PREF_V6,
		.protocol = v4 ? ETH_P_IP : ETH_P_IPV6,
		.kind = &tc_kind_u32 };
}

void
tc_hash_table(
	uint32_t ifindex, bool v4, uint32_t table, struct tc_object *ret_table)
{
	make(ifindex, v4, table, ret_table);
	ret_table->u32.divisor = TC_SPLIT_BUCKETS;
}

size_t
tc_hash_links(uint32_t ifindex, uint32_t bucket, uint32_t table,
	const struct tc_hash *hash, struct tc_object ret_links[TC_SPLIT_LINKS])
{
	bool v4 = tc_hash_is_v4(bucket);
	size_t count = hash->floating ? TC_SPLIT_LINKS : 1;

	for (size_t i = 0; i < count; i++) {
		uint32_t length = IHL_MIN + (uint32_t)i;
		uint32_t number = hash->floating ? LINK_FLOATING + (uint32_t)i
						 : LINK_FIXED;
		struct tc_u32 *u = &ret_links[i].u32;

		make(ifindex, v4, bucket | number, &ret_links[i]);
		u->link = table;
		u->hmask = hash->mask;
		u->hoff = hash->off;
		u->key_count = 1; /* always matches, but for ... */
		if (!hash->floating)
			continue;
		u->hoff = (int16_t)(hash->off + 4 * (int)length);
		u->keys[0] = (struct tc_key){ .mask = 0x0f000000,
			.value = length << 24 };
	}
	return count;
}

bool
tc_hash_decode(const struct tc_object *link, struct tc_hash *ret_hash)
{
	const struct tc_u32 *u = &link->u32;
	uint32_t number = link->handle & TC_NODE_MAX;
	bool floating = number != LINK_FIXED;
	struct tc_object again[TC_SPLIT_LINKS];
	struct tc_hash h = { u->hmask, u->hoff, floating };
	uint32_t i = 0;

	if (link->type != TC_FILTER || link->kind != &tc_kind_u32 ||
		!tc_hash_is_split(u->link) || u->hmask == 0 ||
		u->hmask >> __builtin_ctz(u->hmask) != TC_SPLIT_BUCKETS - 1 ||
		number < LINK_FLOATING)
		return false;
	if (floating) {
		i = number - LINK_FLOATING;
		h.off = (int16_t)(u->hoff - 4 * (int)(i + IHL_MIN));
	}
	if (i + IHL_MIN > IHL_MAX)
		return false;
	(void)tc_hash_links(link->ifindex,
		link->handle & ~(uint32_t)TC_NODE_MAX, u->link, &h, again);
	if (!tc_kind_u32.equal(link, &again[i]) || link->pref != again[i].pref)
		return false;
	*ret_hash = h;
	return true;
}
