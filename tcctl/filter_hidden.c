/* SPDX-License-Identifier: ISC */

/*
 * The part of the u32 tree that counts packets whose ports are hidden.  It
 * stands behind all nodes of flows, so that a packet with a reservation never
 * comes here, and before the static rules behind them; its leaves count and let
 * the packet go on.
 *
 *	IPv4	root -> 61: -> 62: -> 63:	by the bits of the fragment
 *		61:x, 62:x, 63:x -> 60:		field, the highest first; x: any
 *						but 0, a fragment
 *		60:d				leaves, by destination
 *	IPv6	root -> 160:			by a fragment header
 *		root -> 162:			by hop-by-hop and destination
 *						options and routing header
 *		162: -> 160:, 161:		what is behind that one
 *		160:d, 161:d			leaves: fragments; others
 *
 * u32 compares for equality only, and a fragment is what is not 0 in 14 bits:
 * by three hashes a packet that is none passes after as many nodes.  Of
 * extension headers two are followed: which one comes behind the second is not
 * seen, and the packet not counted.
 */

#include "hidden_int.h"

#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "classifier_int.h"

enum {
	V4_LEAVES = 0x060,
	V4_LEVELS, /* LEVELS of them */
	LEVELS = 3,
	V6_FRAGMENTS = 0x160,
	V6_EXTENSIONS,
	V6_CHAIN,
	BYTE_BUCKETS = 256,
	NODE_FIRST = 0x28 /* of the root, behind whole protocols */
};

/* Offsets in the two headers. */
enum {
	V4_FRAGMENT = 4, /* the word that holds it */
	V4_PROTO = 8,
	V4_SRC = 12,
	V4_DST = 16,
	V6_NEXT = 4,
	V6_SRC = 8,
	V6_DST = 24,
	V6_BEHIND = 40 /* the first extension header */
};

/* Numbers of actions: 5 bits that are ours, 14 of the interface, 12 of the
 * place, one of the kind. */
enum { INDEX_MARK = 0x0d, MARK_SHIFT = 27, IFINDEX_SHIFT = 13 };
enum { IFINDEX_MAX = 0x3fff };

static const uint8_t extensions[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING,
	IPPROTO_DSTOPTS };

/* Of "more fragments" and the offset, 14 bits together. */
static const struct {
	uint32_t mask;
	uint16_t buckets;
} levels[LEVELS] = { { 0x3e00, 32 }, { 0x01f0, 32 }, { 0x000f, 16 } };

/* ---- leaves -------------------------------------------------------------- */

bool
tc_hidden_can(const struct tc_filter *f)
{
	/* A label is in every fragment and ahead of every header; IPv4 says its
	 * protocol in every fragment. */
	return !f->by_label &&
	       (f->dst.family == ADDR_V6 || f->dst_port != 0 || f->spi != 0);
}

struct tc_hidden_pair
tc_hidden_pair_of(const struct tc_filter *f)
{
	return (struct tc_hidden_pair){ f->dst, f->src, f->proto };
}

bool
tc_hidden_has(const struct tc_hidden_pair *pair, enum tc_hidden_kind kind)
{
	return kind == TC_HIDDEN_FRAGMENT || pair->dst.family == ADDR_V6;
}

bool
tc_hidden_numbered(uint32_t ifindex)
{
	return ifindex <= IFINDEX_MAX;
}

static uint32_t
index_of(uint32_t ifindex, uint32_t place, enum tc_hidden_kind kind)
{
	return (uint32_t)INDEX_MARK << MARK_SHIFT | ifindex << IFINDEX_SHIFT |
	       place << 1 | (uint32_t)kind;
}

bool
tc_hidden_index_of(uint32_t index, uint32_t ifindex, uint32_t *ret_place,
	enum tc_hidden_kind *ret_kind)
{
	const uint32_t first = index_of(ifindex, 0, TC_HIDDEN_FRAGMENT);

	if (index - first >= 2 * TC_HIDDEN_MAX)
		return false;
	*ret_place = (index - first) / 2;
	*ret_kind = (enum tc_hidden_kind)((index - first) % 2);
	return true;
}

static void
make_action(uint32_t index, enum tc_hidden_means means, struct tc_extra *extra)
{
	struct tc_action *a = &extra->actions[0];

	memset(extra, 0, sizeof(*extra));
	extra->action_count = 1;
	a->kind =
		means == TC_HIDDEN_MIRRED ? &tc_action_mirred : &tc_action_gact;
	a->control = TC_VERDICT_CONTINUE;
	a->index = index;
	if (means == TC_HIDDEN_MIRRED)
		a->mirred = (struct tc_act_mirred){ .way = TC_MIRRED_MIRROR,
			.nobody = true };
}

static uint32_t
leaves_of(const struct tc_hidden_leaf *leaf)
{
	if (leaf->pair.dst.family == ADDR_V4)
		return V4_LEAVES;
	return leaf->kind == TC_HIDDEN_FRAGMENT ? V6_FRAGMENTS : V6_EXTENSIONS;
}

void
tc_hidden_node(uint32_t ifindex, const struct tc_hidden_leaf *leaf,
	struct tc_extra *extra, struct tc_object *ret)
{
	const struct tc_hidden_pair *pair = &leaf->pair;
	bool v4 = pair->dst.family == ADDR_V4;
	uint32_t low = pair->dst.b[addr_size(pair->dst.family) - 1];
	struct tc_u32 *u = &ret->u32;

	tc_u32_begin(ifindex,
		tc_u32_place(leaves_of(leaf), low) | (leaf->place + 1),
		pair->dst.family, ret);
	u->flags = TC_U32_FLAG_TERMINAL;
	tc_u32_match_addr(u, &pair->dst, v4 ? V4_DST : V6_DST);
	tc_u32_match_addr(u, &pair->src, v4 ? V4_SRC : V6_SRC);
	if (v4) {
		tc_u32_match(
			u, 0x00ff0000, (uint32_t)pair->proto << 16, V4_PROTO);
	} else { /* behind the first header, or behind the second */
		tc_u32_match(
			u, 0xff000000, (uint32_t)pair->proto << 24, V6_BEHIND);
		u->keys[u->key_count - 1].floating = true;
	}
	make_action(
		index_of(ifindex, leaf->place, leaf->kind), leaf->means, extra);
	ret->extra = extra;
}

bool
tc_hidden_place_of(uint32_t handle, uint32_t *ret_place)
{
	uint32_t id = tc_u32_table(handle);
	uint32_t node = handle & TC_NODE_MAX;

	if ((id != V4_LEAVES && id != V6_FRAGMENTS && id != V6_EXTENSIONS) ||
		node == 0 || node > TC_HIDDEN_MAX)
		return false;
	*ret_place = node - 1;
	return true;
}

bool
tc_is_hidden_node(const struct tc_object *o)
{
	uint32_t place;

	return o->type == TC_FILTER && o->kind == &tc_kind_u32 &&
	       o->u32.divisor == 0 &&
	       (o->pref == TC_PREF_V4 || o->pref == TC_PREF_V6) &&
	       tc_hidden_place_of(o->handle, &place);
}

static void
take_addr(const struct tc_key *k, int from, struct addr *to, uint8_t family)
{
	int at = k->off - from;

	if (k->floating || at < 0 || (size_t)at + 4 > addr_size(family))
		return;

	struct buf_writer w = buf_writer(to->b + at, 4);

	to->family = family;
	buf_put_u32be(&w, k->value);
}

static struct tc_hidden_pair
read_pair(const struct tc_u32 *u, bool v4)
{
	struct tc_hidden_pair pair = { .proto = 0 };
	uint8_t family = v4 ? ADDR_V4 : ADDR_V6;

	for (size_t i = 0; i < u->key_count; i++) {
		const struct tc_key *k = &u->keys[i];

		take_addr(k, v4 ? V4_DST : V6_DST, &pair.dst, family);
		take_addr(k, v4 ? V4_SRC : V6_SRC, &pair.src, family);
		if (v4 && k->off == V4_PROTO)
			pair.proto = (uint8_t)(k->value >> 16);
		if (!v4 && k->off == V6_BEHIND)
			pair.proto = (uint8_t)(k->value >> 24);
	}
	return pair;
}

bool
tc_hidden_decode(const struct tc_object *node, struct tc_hidden_leaf *ret_leaf)
{
	struct tc_hidden_leaf leaf = { .kind = TC_HIDDEN_FRAGMENT,
		.means = TC_HIDDEN_GACT };
	struct tc_object again;
	struct tc_extra extra;

	if (!tc_is_hidden_node(node) || !node->extra ||
		!tc_hidden_place_of(node->handle, &leaf.place))
		return false;
	if (tc_u32_table(node->handle) == V6_EXTENSIONS)
		leaf.kind = TC_HIDDEN_EXTENSION;
	if (node->extra->action_count > 0 &&
		node->extra->actions[0].kind == &tc_action_mirred)
		leaf.means = TC_HIDDEN_MIRRED;
	leaf.pair = read_pair(&node->u32, node->pref == TC_PREF_V4);
	if (leaf.pair.dst.family == ADDR_NONE)
		return false;
	tc_hidden_node(node->ifindex, &leaf, &extra, &again);
	if (tc_object_compare(node, &again) != 0 ||
		node->protocol != again.protocol ||
		!tc_object_equal(node, &again))
		return false;
	*ret_leaf = leaf;
	return true;
}

/* ---- the way there ------------------------------------------------------- */

/* A link for what has the value there; NULL: no memory. */
static struct tc_u32 *
want_link(const struct tc_u32_maker *m, uint32_t handle, struct tc_u32_to to,
	const struct tc_key *key)
{
	struct tc_u32 *u = tc_u32_make_link(m, handle, to);

	if (u)
		tc_u32_match(u, key->mask, key->value, key->off);
	return u;
}

/* Floating keys count from here on. */
static void
float_from(struct tc_u32 *u, bool behind_first)
{
	if (!u)
		return;
	u->flags = TC_U32_FLAG_OFFSET;
	if (!behind_first)
		return;
	/* (length + 1) * 8 octets (RFC 8200 4.3); the length is the second
	 * octet, and the kernel reads two from there. */
	u->flags = TC_U32_FLAG_VAROFFSET;
	u->off = 8;
	u->offoff = V6_BEHIND + 1;
	u->offmask = 0xff00;
	u->offshift = 5;
}

static const struct tc_key always = { 0 };

/* What has none of a level's bits goes to the next, from the last nowhere. */
static void
want_v4_level(const struct tc_u32_maker *m, uint32_t level)
{
	const struct tc_u32_to leaves = { V4_LEAVES, V4_DST, 0xff };
	uint32_t id = V4_LEVELS + level;

	if (level + 1 < LEVELS)
		(void)want_link(m, tc_u32_place(id, 0) | 1,
			(struct tc_u32_to){
				id + 1, V4_FRAGMENT, levels[level + 1].mask },
			&always);
	for (uint32_t i = 1; i < levels[level].buckets; i++)
		(void)want_link(m, tc_u32_place(id, i) | 1, leaves, &always);
}

static void
want_v4(const struct tc_u32_maker *m, uint32_t root)
{
	tc_u32_make_table(m, V4_LEAVES, BYTE_BUCKETS);
	for (uint32_t i = 0; i < LEVELS; i++)
		tc_u32_make_table(m, V4_LEVELS + i, levels[i].buckets);
	for (uint32_t i = 0; i < LEVELS; i++)
		want_v4_level(m, i);
	if (root != 0)
		(void)want_link(m, root | NODE_FIRST,
			(struct tc_u32_to){
				V4_LEVELS, V4_FRAGMENT, levels[0].mask },
			&always);
}

static void
want_v6_chain(const struct tc_u32_maker *m)
{
	const struct tc_u32_to fragments = { V6_FRAGMENTS, V6_DST + 12, 0xff };
	const struct tc_u32_to others = { V6_EXTENSIONS, V6_DST + 12, 0xff };
	struct tc_key second = { .mask = 0xff000000,
		.value = (uint32_t)IPPROTO_FRAGMENT << 24,
		.off = V6_BEHIND };
	uint32_t handle = tc_u32_place(V6_CHAIN, 0) | 1;

	(void)want_link(m, handle++, fragments, &second);
	second.value = (uint32_t)IPPROTO_ROUTING << 24;
	(void)want_link(m, handle++, others, &second);
	second.value = (uint32_t)IPPROTO_DSTOPTS << 24;
	(void)want_link(m, handle++, others, &second);
	/* None: the first is the last. */
	float_from(want_link(m, handle, others, &always), false);
}

static void
want_v6(const struct tc_u32_maker *m, uint32_t root)
{
	const struct tc_u32_to fragments = { V6_FRAGMENTS, V6_DST + 12, 0xff };
	const struct tc_u32_to chain = { V6_CHAIN, 0, 0 };
	struct tc_key first = { .mask = 0x0000ff00,
		.value = (uint32_t)IPPROTO_FRAGMENT << 8,
		.off = V6_NEXT };

	tc_u32_make_table(m, V6_FRAGMENTS, BYTE_BUCKETS);
	tc_u32_make_table(m, V6_EXTENSIONS, BYTE_BUCKETS);
	tc_u32_make_table(m, V6_CHAIN, 1);
	want_v6_chain(m);
	if (root == 0)
		return;
	float_from(want_link(m, root | NODE_FIRST, fragments, &first), false);
	for (uint32_t i = 0; i < sizeof(extensions); i++) {
		first.value = (uint32_t)extensions[i] << 8;
		float_from(want_link(m, root | (NODE_FIRST + 1 + i), chain,
				   &first),
			true);
	}
}

void
tc_want_hidden(
	uint32_t ifindex, bool v6, uint32_t root, struct tc_objects *into)
{
	const struct tc_u32_maker m = { ifindex, v6 ? ADDR_V6 : ADDR_V4, into };

	if (v6)
		want_v6(&m, root);
	else
		want_v4(&m, root);
}
