/* SPDX-License-Identifier: ISC */

/*
 * Classification by u32 in hash tables, so that a packet meets a handful of
 * nodes however many flows there are.
 *
 *	preference 10, IPv4				preference 11, IPv6
 *	root	control: RSVP				RSVP, ND
 *		one node a header length, not a		one node
 *		fragment -> 10: by port			-> 110: by port
 *						 	-> 112: by flow label
 *		-> 11: by destination			-> 111: by destination
 *	10:i	-> 20+i: by destination			110:i -> 120+i: by dst.
 *	20+i:d, 11:d	leaf nodes			120+i:d, 111:d, 112:l
 *
 * i: low 4 bits of the destination port (of the SPI of ESP; 0 for AH), d: low
 *octet of the destination address, l: low octet of the flow label.  Filters
 *with ports live below 10: (110:), filters of a whole protocol in 11: (111:).
 *
 * A bucket that becomes long has a further table: see split.c.  What comes by
 * without ports that can be seen is counted: see filter_hidden.c.
 *
 * IPv4 options move the ports.  A link node's hash key is read before its own
 * offset is added, so there is one root node for each header length; from it on
 * the header length floats along, and port keys count from it.  The base itself
 * stays (no EAT), or the addresses would be at offsets that depend on options.
 *
 * Behind what it matches, each leaf node carries keys with mask 0: they always
 * match, and the kernel dumps them back.  The first is the flow's id; five more
 * hold the counters of the class at the time of installation, if any.
 */

#include "classifier_int.h"

#include <netinet/in.h>

#include "base/buf.h"
#include "hidden_int.h"

_Static_assert(TC_CLASS_CONTROL == (TC_MAJOR << 16 | TC_MINOR_CONTROL),
	"the class that other programs know");

#define OFFLOAD_MARK 0x5253564fu /* "RSVO" */

enum {
	PORT_BUCKETS = 16,
	BYTE_BUCKETS = 256,
	RULE_TABLES = 2 * TC_RULE_PLACES,
	NOTE_FIXED = 1,   /* notes of flows' classes have higher numbers */
	OFFLOAD_KEYS = 5, /* mark; original and set: two each */
	WORD_BITS = 32,
	MARK_KEYS = 1,     /* id */
	MARK_ALL_KEYS = 6, /* id, octets, packets: two each, drops */
	IHL_MIN = 5,
	IHL_MAX = 15
};

/* Tables, each family its own: they are shared by all preferences. */
enum {
	V4_PORT = 0x010,
	V4_ANY = 0x011,
	V4_LEAVES = 0x020,
	V4_RULES = 0x030, /* RULE_TABLES of them, without hash */
	NOTES = 0x040,    /* nothing leads there */
	V6_PORT = 0x110,
	V6_ANY = 0x111,
	V6_LABEL = 0x112,
	V6_LEAVES = 0x120,
	V6_RULES = 0x130,
	ARP_TABLE = 0x210 /* empty: it makes the preference */
};

/* Offsets in the two headers. */
enum {
	V4_PROTO = 8, /* the word that holds it */
	V4_SRC = 12,
	V4_DST = 16,
	V6_NEXT = 4, /* the word that holds the next header */
	V6_SRC = 8,
	V6_DST = 24,
	V6_PORTS = 40,
	AH_SPI = 4 /* behind next header, length and reserved bits */
};

/* ---- leaf nodes ---------------------------------------------------------- */

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE;
}

/* RFC 2207: IPsec hides the ports behind its Security Parameter Index. */
static bool
has_spi(uint8_t proto)
{
	return proto == IPPROTO_ESP || proto == IPPROTO_AH;
}

const char *
tc_filter_problem(const struct tc_filter *f)
{
	if (f->dst.family != ADDR_V4 && f->dst.family != ADDR_V6)
		return "a filter without destination";
	if (f->src.family != ADDR_NONE && f->src.family != f->dst.family)
		return "a filter with addresses of two families";
	if (f->by_label && f->dst.family != ADDR_V6)
		return "a flow label in a filter for IPv4";
	if (f->by_label && f->src_port != 0)
		return "a filter with flow label and source port";
	if (f->flow_label > 0xfffff || (!f->by_label && f->flow_label != 0))
		return "a flow label out of place or above 20 bits";
	if (f->proto == 0)
		return "a filter without protocol";
	if (f->src_port != 0 && f->dst_port == 0)
		return "a filter with a source port alone";
	if (f->dst_port != 0 && !f->by_label && !has_ports(f->proto))
		return "a filter with ports for a protocol without them";
	if (f->spi != 0 && (!has_spi(f->proto) || f->by_label))
		return "a filter with SPI for a protocol other than ESP and AH";
	return NULL;
}

bool
tc_filter_equal(const struct tc_filter *a, const struct tc_filter *b)
{
	return addr_equal(&a->dst, &b->dst) && addr_equal(&a->src, &b->src) &&
	       a->proto == b->proto && a->dst_port == b->dst_port &&
	       a->src_port == b->src_port && a->by_label == b->by_label &&
	       a->flow_label == b->flow_label && a->spi == b->spi;
}

uint32_t
tc_u32_bucket(const struct tc_filter *f)
{
	bool v4 = f->dst.family == ADDR_V4;
	uint32_t low = f->dst.b[addr_size(f->dst.family) - 1];
	uint32_t first;

	if (f->by_label)
		return tc_u32_place(V6_LABEL, f->flow_label & 0xff);
	if (f->dst_port == 0 && f->spi == 0)
		return tc_u32_place(v4 ? V4_ANY : V6_ANY, low);
	/* The first word: ports, or the SPI of ESP; of AH 16 reserved bits. */
	first = f->proto == IPPROTO_AH ? 0 : f->dst_port | f->spi;
	return tc_u32_place(
		(uint32_t)(v4 ? V4_LEAVES : V6_LEAVES) + first % PORT_BUCKETS,
		low);
}

/* Tables of leaf nodes. */
static const struct {
	uint32_t first;
	uint32_t count;
} ways[TC_U32_WAYS] = { { V4_LEAVES, PORT_BUCKETS }, { V4_ANY, 1 },
	{ V6_LEAVES, PORT_BUCKETS }, { V6_ANY, 1 }, { V6_LABEL, 1 } };

unsigned
tc_u32_way(uint32_t handle)
{
	uint32_t id = tc_u32_table(handle);
	unsigned way = 0;

	while (way < TC_U32_WAYS &&
		(id < ways[way].first ||
			id - ways[way].first >= ways[way].count))
		way++;
	return way;
}

uint32_t
tc_u32_bucket_index(uint32_t handle)
{
	unsigned way = tc_u32_way(handle);
	uint32_t index = handle >> TC_U32_BUCKET_SHIFT & 0xff;

	if (way == TC_U32_WAYS)
		return TC_U32_BUCKETS;
	index += (tc_u32_table(handle) - ways[way].first) * BYTE_BUCKETS;
	while (way-- > 0)
		index += ways[way].count * BYTE_BUCKETS;
	return index;
}

/* Ports first: in one bucket they differ most. */
static void
add_ports(struct tc_u32 *u, const struct tc_filter *f)
{
	bool v4 = f->dst.family == ADDR_V4;

	if (f->dst_port == 0 || f->by_label)
		return;
	tc_u32_match(u, f->src_port != 0 ? UINT32_MAX : 0xffff,
		(uint32_t)f->src_port << 16 | f->dst_port, v4 ? 0 : V6_PORTS);
	u->keys[u->key_count - 1].floating = v4;
}

static void
add_spi(struct tc_u32 *u, const struct tc_filter *f)
{
	bool v4 = f->dst.family == ADDR_V4;

	if (f->spi == 0)
		return;
	tc_u32_match(u, UINT32_MAX, f->spi,
		(v4 ? 0 : V6_PORTS) + (f->proto == IPPROTO_AH ? AH_SPI : 0));
	u->keys[u->key_count - 1].floating = v4;
}

static void
add_match(struct tc_u32 *u, const struct tc_filter *f)
{
	bool v4 = f->dst.family == ADDR_V4;

	if (f->by_label)
		tc_u32_match(u, 0xfffff, f->flow_label, 0);
	add_ports(u, f);
	add_spi(u, f);
	tc_u32_match_addr(u, &f->dst, v4 ? V4_DST : V6_DST);
	tc_u32_match_addr(u, &f->src, v4 ? V4_SRC : V6_SRC);
	if (v4)
		tc_u32_match(u, 0x00ff0000, (uint32_t)f->proto << 16, V4_PROTO);
	else if (!f->by_label)
		tc_u32_match(u, 0x0000ff00, (uint32_t)f->proto << 8, V6_NEXT);
	else
		/* A label is there to spare us the way to the last header
		 * (RFC 6437): protocol and port are only noted. */
		tc_u32_match(u, 0,
			(uint32_t)f->dst_port << 16 | (uint32_t)f->proto << 8,
			V6_NEXT);
}

static void
add_mark(struct tc_u32 *u, const struct tc_mark *m)
{
	const struct tc_base *b = &m->base;

	tc_u32_match(u, 0, m->flow_id, 0);
	if (b->bytes == 0 && b->packets == 0 && b->drops == 0)
		return;
	tc_u32_match(u, 0, (uint32_t)(b->bytes >> 32), 0);
	tc_u32_match(u, 0, (uint32_t)b->bytes, 0);
	tc_u32_match(u, 0, (uint32_t)(b->packets >> 32), 0);
	tc_u32_match(u, 0, (uint32_t)b->packets, 0);
	tc_u32_match(u, 0, b->drops, 0);
}

void
tc_u32_node(uint32_t ifindex, uint32_t handle, const struct tc_filter *filter,
	const struct tc_mark *mark, struct tc_object *ret_node)
{
	tc_u32_begin(ifindex, handle, filter->dst.family, ret_node);
	ret_node->u32.flags = TC_U32_FLAG_TERMINAL;
	ret_node->u32.classid = mark->classid;
	add_match(&ret_node->u32, filter);
	add_mark(&ret_node->u32, mark);
}

/* The keys that match, by where they look. */
static void
take_key(const struct tc_key *k, bool v4, struct tc_filter *f)
{
	const struct {
		int from;
		struct addr *to;
	} addrs[] = { { v4 ? V4_DST : V6_DST, &f->dst },
		{ v4 ? V4_SRC : V6_SRC, &f->src } };
	int size = v4 ? 4 : 16;

	if (k->off == (v4 ? V4_PROTO : V6_NEXT)) {
		f->proto = (uint8_t)(k->value >> (v4 ? 16 : 8));
		if (f->by_label)
			f->dst_port = (uint16_t)(k->value >> 16);
		return;
	}
	if (k->floating || (!v4 && k->off >= V6_PORTS)) {
		f->src_port = (uint16_t)(k->value >> 16);
		f->dst_port = (uint16_t)k->value;
		return;
	}
	if (!v4 && k->off == 0) {
		f->by_label = true;
		f->flow_label = k->value;
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		int at = k->off - addrs[i].from;

		if (at < 0 || at >= size)
			continue;

		struct buf_writer w = buf_writer(addrs[i].to->b + at, 4);

		addrs[i].to->family = v4 ? ADDR_V4 : ADDR_V6;
		buf_put_u32be(&w, k->value);
	}
}

/* Behind protocols without ports it is no ports that were there. */
static void
take_spi(struct tc_filter *f)
{
	if (!has_spi(f->proto) || f->by_label)
		return;
	f->spi = (uint32_t)f->src_port << 16 | f->dst_port;
	f->src_port = f->dst_port = 0;
}

/* What the keys with mask 0 at offset 0 hold. */
static bool
take_mark(const struct tc_key *k, size_t count, struct tc_mark *m)
{
	if (count != MARK_KEYS && count != MARK_ALL_KEYS)
		return false;
	m->flow_id = k[0].value;
	if (count == MARK_KEYS)
		return true;
	m->base.bytes = (uint64_t)k[1].value << 32 | k[2].value;
	m->base.packets = (uint64_t)k[3].value << 32 | k[4].value;
	m->base.drops = k[5].value;
	return true;
}

bool
tc_u32_decode(const struct tc_object *node, struct tc_filter *ret_filter,
	struct tc_mark *ret_mark)
{
	const struct tc_u32 *u = &node->u32;
	bool v4 = node->pref == TC_PREF_V4;
	struct tc_filter f = { 0 };
	struct tc_mark m = { .classid = u->classid };
	struct tc_object again;
	size_t n = 0;

	if (node->type != TC_FILTER || node->kind != &tc_kind_u32 ||
		(!v4 && node->pref != TC_PREF_V6))
		return false;
	for (; n < u->key_count; n++) {
		if (u->keys[n].mask == 0 && u->keys[n].off == 0)
			break;
		take_key(&u->keys[n], v4, &f);
	}
	take_spi(&f);
	if (!take_mark(&u->keys[n], u->key_count - n, &m) ||
		tc_filter_problem(&f) || m.flow_id == 0)
		return false;
	/* Whatever else the node may hold: it must be what we would make. */
	tc_u32_node(node->ifindex, node->handle, &f, &m, &again);
	if (!tc_kind_u32.equal(node, &again) ||
		node->protocol != again.protocol ||
		(tc_hash_is_split(node->handle)
				? tc_hash_is_v4(node->handle) != v4
				: tc_u32_bucket(&f) !=
					  (node->handle &
						  ~(uint32_t)TC_NODE_MAX)))
		return false;
	*ret_filter = f;
	*ret_mark = m;
	return true;
}

/* ---- notes --------------------------------------------------------------- */

static uint32_t
note_handle(uint32_t classid)
{
	uint32_t minor = classid & 0xffff;

	return tc_u32_place(NOTES, minor % BYTE_BUCKETS) |
	       (minor / BYTE_BUCKETS + 1);
}

void
tc_note_node(
	uint32_t ifindex, const struct tc_mark *mark, struct tc_object *ret)
{
	tc_u32_begin(ifindex, note_handle(mark->classid), ADDR_V4, ret);
	ret->u32.flags = TC_U32_FLAG_TERMINAL;
	ret->u32.classid = mark->classid;
	add_mark(&ret->u32, mark);
}

bool
tc_is_note_of(uint32_t handle, uint32_t minor)
{
	return handle == note_handle(minor);
}

bool
tc_is_note(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->kind == &tc_kind_u32 &&
	       o->pref == TC_PREF_V4 && o->u32.divisor == 0 &&
	       tc_u32_table(o->handle) == NOTES &&
	       (o->handle & TC_NODE_MAX) != NOTE_FIXED;
}

bool
tc_note_decode(const struct tc_object *note, struct tc_mark *ret_mark)
{
	const struct tc_u32 *u = &note->u32;
	struct tc_mark m = { .classid = u->classid };
	struct tc_object again;

	if (!tc_is_note(note) || note->handle != note_handle(m.classid) ||
		!take_mark(u->keys, u->key_count, &m) || m.flow_id == 0)
		return false;
	tc_note_node(note->ifindex, &m, &again);
	if (!tc_object_equal(note, &again))
		return false;
	*ret_mark = m;
	return true;
}

/* Two places for each kind. */
static uint32_t
offload_handle(enum tc_offload_kind kind, uint8_t place)
{
	return tc_u32_place(NOTES, 2 * (uint32_t)kind + place) | NOTE_FIXED;
}

static void
add_words(struct tc_u32 *u, uint64_t value)
{
	tc_u32_match(u, 0, (uint32_t)(value >> WORD_BITS), 0);
	tc_u32_match(u, 0, (uint32_t)value, 0);
}

static uint64_t
take_words(const struct tc_key keys[2])
{
	return (uint64_t)keys[0].value << WORD_BITS | keys[1].value;
}

void
tc_offload_note(uint32_t ifindex, enum tc_offload_kind kind,
	const struct tc_offload *offload, struct tc_object *ret)
{
	tc_u32_begin(
		ifindex, offload_handle(kind, offload->place), ADDR_V4, ret);
	ret->u32.flags = TC_U32_FLAG_TERMINAL;
	ret->u32.classid = tc_classid(TC_MINOR_LINK);
	tc_u32_match(&ret->u32, 0, OFFLOAD_MARK, 0);
	add_words(&ret->u32, offload->original);
	add_words(&ret->u32, offload->set);
}

bool
tc_offload_note_decode(const struct tc_object *note,
	enum tc_offload_kind *ret_kind, struct tc_offload *ret_offload)
{
	const struct tc_key *keys = note->u32.keys;
	const uint32_t which =
		note->handle >> TC_U32_BUCKET_SHIFT & (BYTE_BUCKETS - 1);
	const enum tc_offload_kind kind = (enum tc_offload_kind)(which / 2);
	struct tc_offload offload;
	struct tc_object again;

	if (note->type != TC_FILTER || note->kind != &tc_kind_u32 ||
		note->pref != TC_PREF_V4 || note->u32.divisor != 0 ||
		note->u32.key_count != OFFLOAD_KEYS || kind >= TC_OFFLOADS)
		return false;
	offload = (struct tc_offload){ take_words(keys + 1),
		take_words(keys + 3), which % 2 };
	tc_offload_note(note->ifindex, kind, &offload, &again);
	if (offload.original == 0 || note->handle != again.handle ||
		!tc_object_equal(note, &again))
		return false;
	*ret_kind = kind;
	*ret_offload = offload;
	return true;
}

/* ---- tables and links ---------------------------------------------------- */

/* All packets that come there are led on. */
static void
want_link(const struct tc_u32_maker *m, uint32_t handle, struct tc_u32_to to)
{
	struct tc_u32 *u = tc_u32_make_link(m, handle, to);

	if (u)
		tc_u32_match(u, 0, 0, 0);
}

/* The second level: from the port to the destination. */
static void
want_leaf_tables(const struct tc_u32_maker *m, uint32_t port_table,
	uint32_t leaves, int16_t hoff)
{
	tc_u32_make_table(m, port_table, PORT_BUCKETS);
	for (uint32_t i = 0; i < PORT_BUCKETS; i++) {
		tc_u32_make_table(m, leaves + i, BYTE_BUCKETS);
		want_link(m, tc_u32_place(port_table, i) | 1,
			(struct tc_u32_to){ leaves + i, hoff, 0xff });
	}
}

struct match {
	uint32_t mask;
	uint32_t value;
	int off;
};

/* A node of the root table that leads to the control class. */
static void
want_control(const struct tc_u32_maker *m, uint32_t handle, struct match first,
	struct match second)
{
	struct tc_u32 *u = tc_u32_make(m, handle);

	if (!u)
		return;
	u->flags = TC_U32_FLAG_TERMINAL;
	u->classid = tc_classid(TC_MINOR_CONTROL);
	tc_u32_match(u, first.mask, first.value, first.off);
	if (second.mask != 0)
		tc_u32_match(u, second.mask, second.value, second.off);
}

enum {
	NODE_RSVP = 1,
	NODE_RULES_BEFORE = 0x08,
	NODE_FIRST_LENGTH = 0x10,
	NODE_ANY = 0x20,
	NODE_RULES_AFTER = 0x30
};

uint32_t
tc_rule_table(bool v6, enum tc_rule_place place, unsigned which)
{
	return tc_u32_place((uint32_t)(v6 ? V6_RULES : V4_RULES) +
				    2 * (uint32_t)place + which,
		0);
}

uint32_t
tc_rule_link(uint32_t root, enum tc_rule_place place)
{
	return root | (uint32_t)(place == TC_RULES_BEFORE ? NODE_RULES_BEFORE
							  : NODE_RULES_AFTER);
}

bool
tc_is_rule_filter(const struct tc_object *o)
{
	uint32_t id = tc_u32_table(o->handle);
	uint32_t node = o->handle & TC_NODE_MAX;

	if (o->type != TC_FILTER || o->kind != &tc_kind_u32 ||
		o->u32.divisor != 0 ||
		(o->pref != TC_PREF_V4 && o->pref != TC_PREF_V6))
		return false;
	return (id >= V4_RULES && id < V4_RULES + RULE_TABLES) ||
	       (id >= V6_RULES && id < V6_RULES + RULE_TABLES) ||
	       (tc_u32_is_root(o->handle) &&
		       (node == NODE_RULES_BEFORE || node == NODE_RULES_AFTER));
}

static void
want_rule_tables(const struct tc_u32_maker *m, uint32_t first)
{
	for (uint32_t i = 0; i < RULE_TABLES; i++)
		tc_u32_make_table(m, first + i, 1);
}

static void
want_v4(uint32_t ifindex, uint32_t root, struct tc_objects *into)
{
	static const struct match rsvp = { 0x00ff0000, 46 << 16, V4_PROTO };
	const struct tc_u32_maker m = { ifindex, ADDR_V4, into };

	want_leaf_tables(&m, V4_PORT, V4_LEAVES, V4_DST);
	tc_u32_make_table(&m, V4_ANY, BYTE_BUCKETS);
	want_rule_tables(&m, V4_RULES);
	tc_u32_make_table(&m, NOTES, BYTE_BUCKETS);
	tc_want_hidden(ifindex, false, root, into);
	if (root == 0)
		return;
	want_control(&m, root | NODE_RSVP, rsvp, (struct match){ 0 });
	for (uint32_t n = IHL_MIN; n <= IHL_MAX; n++) {
		const struct tc_u32_to ports = { V4_PORT, (int16_t)(4 * n),
			PORT_BUCKETS - 1 };
		struct tc_u32 *u = tc_u32_make_link(
			&m, root | (NODE_FIRST_LENGTH + n), ports);

		if (!u)
			return;
		tc_u32_match(u, 0x0f000000, n << 24, 0);
		tc_u32_match(u, 0x00003fff, 0, 4); /* neither fragment nor MF */
		u->flags = TC_U32_FLAG_VAROFFSET;
		u->offmask = 0x0f00;
		u->offshift = 6;
	}
	want_link(&m, root | NODE_ANY,
		(struct tc_u32_to){ V4_ANY, V4_DST, 0xff });
}

static void
want_v6(uint32_t ifindex, uint32_t root, struct tc_objects *into)
{
	enum { NODE_PORT = 0x10, NODE_LABEL = 0x11 };
	/* RSVP, also behind a Router Alert option; neighbour discovery by its
	 * types 133 to 137, as masked blocks (RFC 4861). */
	static const struct {
		struct match first;
		struct match second;
	} control[] = {
		{ { 0x0000ff00, 46 << 8, V6_NEXT }, { 0, 0, 0 } },
		{ { 0x0000ff00, 0, V6_NEXT },
			{ 0xff000000, 0x2e000000, V6_PORTS } },
		{ { 0x0000ff00, 58 << 8, V6_NEXT },
			{ 0xff000000, 0x85000000, V6_PORTS } },
		{ { 0x0000ff00, 58 << 8, V6_NEXT },
			{ 0xfe000000, 0x86000000, V6_PORTS } },
		{ { 0x0000ff00, 58 << 8, V6_NEXT },
			{ 0xfe000000, 0x88000000, V6_PORTS } },
	};
	const struct tc_u32_maker m = { ifindex, ADDR_V6, into };

	want_leaf_tables(&m, V6_PORT, V6_LEAVES, V6_DST + 12);
	tc_u32_make_table(&m, V6_ANY, BYTE_BUCKETS);
	tc_u32_make_table(&m, V6_LABEL, BYTE_BUCKETS);
	want_rule_tables(&m, V6_RULES);
	tc_want_hidden(ifindex, true, root, into);
	if (root == 0)
		return;
	for (uint32_t i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		want_control(&m, root | (NODE_RSVP + i), control[i].first,
			control[i].second);
	want_link(&m, root | NODE_PORT,
		(struct tc_u32_to){ V6_PORT, V6_PORTS, PORT_BUCKETS - 1 });
	want_link(
		&m, root | NODE_LABEL, (struct tc_u32_to){ V6_LABEL, 0, 0xff });
	want_link(&m, root | NODE_ANY,
		(struct tc_u32_to){ V6_ANY, V6_DST + 12, 0xff });
}

void
tc_want_filters(
	uint32_t ifindex, const struct tc_roots *roots, struct tc_objects *into)
{
	const struct tc_u32_maker arp = { ifindex, ADDR_NONE, into };

	want_v4(ifindex, roots->v4, into);
	want_v6(ifindex, roots->v6, into);
	tc_u32_make_table(&arp, ARP_TABLE, 1);
	if (roots->arp != 0)
		want_control(&arp, roots->arp | NODE_RSVP,
			(struct match){ 0, 0, 0 }, (struct match){ 0 });
}
