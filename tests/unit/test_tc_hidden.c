/* SPDX-License-Identifier: ISC */

/* What finds packets whose ports are hidden: tcctl/filter_hidden.c. */

#include "tc_walk.h"

#include <netinet/in.h>

/* ---- what a packet meets ------------------------------------------------- */

static struct tc_extra the_extra;

static void
add_counter(struct walk *w, const struct tc_filter *f, enum tc_hidden_kind kind,
	uint32_t place)
{
	const struct tc_hidden_leaf leaf = { tc_hidden_pair_of(f), kind, place,
		TC_HIDDEN_GACT };
	struct tc_object *o = tc_objects_add(&w->tree);

	T_CHECK(o != NULL, "memory");
	tc_hidden_node(FIX_IFINDEX, &leaf, &the_extra, o);
}

static unsigned
counted(struct walk *w, const uint8_t *bytes, size_t len, uint32_t classid)
{
	T_EQ(class_of(w, bytes, len), classid);
	return w->counted;
}

static void
each_fragment_of_ipv4_is_counted_once(void)
{
	struct walk w = new_walk();
	const struct tc_filter f =
		fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
	uint8_t bytes[128];

	add_filter(&w, &f, 0x520100);
	add_counter(&w, &f, TC_HIDDEN_FRAGMENT, 5);
	for (unsigned field = 0; field <= 0xffff; field += 0x4000)
		T_EQ(counted(&w, bytes, packet4(bytes, &f, 0, (uint16_t)field),
			     0x520100),
			0);
	for (unsigned field = 1; field <= 0x3fff; field++)
		T_EQ(counted(&w, bytes,
			     packet4(bytes, &f, field % 11,
				     (uint16_t)(field | field << 14)),
			     0),
			1);
	T_EQ(w.counter, 0x06002006);
	tc_objects_done(&w.tree);
}

static void
of_other_hosts_and_protocols_are_not(void)
{
	struct walk w = new_walk();
	const struct tc_filter f =
		fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
	const struct tc_filter anyone = fix_filter("10.0.0.3", "", 5004, 0);
	struct tc_filter other;
	uint8_t bytes[128];

	add_counter(&w, &f, TC_HIDDEN_FRAGMENT, 0);
	add_counter(&w, &anyone, TC_HIDDEN_FRAGMENT, 1);
	for (unsigned i = 0; i < 4; i++) {
		other = f;
		other.dst.b[i] ^= 0x40;
		T_EQ(counted(&w, bytes, packet4(bytes, &other, 0, 1), 0), 0);
		other = f;
		other.src.b[i] ^= 0x40;
		T_EQ(counted(&w, bytes, packet4(bytes, &other, 0, 1), 0), 0);
		other.dst = anyone.dst;
		T_EQ(counted(&w, bytes, packet4(bytes, &other, 0, 1), 0), 1);
	}
	other = f;
	other.proto = 6;
	T_EQ(counted(&w, bytes, packet4(bytes, &other, 0, 1), 0), 0);
	other = f;
	other.dst_port = 7; /* whole, and another flow */
	T_EQ(counted(&w, bytes, packet4(bytes, &other, 0, 0), 0), 0);
	tc_objects_done(&w.tree);
}

/* Header by header: number, octets. */
struct header {
	uint8_t number;
	uint8_t octets;
};

static size_t
chain6(uint8_t *bytes, const struct tc_filter *f, const struct header *headers,
	size_t count)
{
	size_t len = packet6(bytes, f);
	uint8_t *next = bytes + 6;
	size_t at = 40;

	memset(bytes + at, 0xee, 128 - at);
	for (size_t i = 0; i < count; i++) {
		*next = headers[i].number;
		next = bytes + at;
		bytes[at + 1] = headers[i].number == IPPROTO_FRAGMENT
					? 0
					: headers[i].octets / 8 - 1;
		at += headers[i].octets;
	}
	*next = f->proto;
	return len + at - 40;
}

static const struct {
	struct header headers[3];
	size_t count;
	unsigned fragments;
	unsigned extensions;
} chains[] = {
	{ { { 0, 0 } }, 0, 0, 0 },
	{ { { 44, 8 } }, 1, 1, 0 },
	{ { { 0, 8 } }, 1, 0, 1 },
	{ { { 43, 24 } }, 1, 0, 1 },
	{ { { 60, 16 } }, 1, 0, 1 },
	{ { { 0, 24 }, { 44, 8 } }, 2, 1, 0 },
	{ { { 60, 8 }, { 44, 8 } }, 2, 1, 0 },
	{ { { 43, 8 }, { 44, 8 } }, 2, 1, 0 },
	{ { { 0, 8 }, { 60, 16 } }, 2, 0, 1 },
	{ { { 60, 32 }, { 43, 8 } }, 2, 0, 1 },
	{ { { 0, 8 }, { 60, 8 }, { 43, 8 } }, 3, 0, 0 },
	{ { { 135, 8 } }, 1, 0, 0 },
};

static void
headers_of_ipv6_are_followed(void)
{
	const struct tc_filter f =
		fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	struct tc_filter other;
	uint8_t bytes[128];

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		for (int k = 0; k < TC_HIDDEN_KINDS; k++) {
			struct walk w = new_walk();
			enum tc_hidden_kind kind = (enum tc_hidden_kind)k;
			size_t len;

			add_counter(&w, &f, kind, 9);
			len = chain6(
				bytes, &f, chains[i].headers, chains[i].count);
			T_EQ(counted(&w, bytes, len, 0),
				kind == TC_HIDDEN_FRAGMENT
					? chains[i].fragments
					: chains[i].extensions);
			other = f;
			other.proto = 6;
			len = chain6(bytes, &other, chains[i].headers,
				chains[i].count);
			T_EQ(counted(&w, bytes, len, 0), 0);
			for (size_t b = 0; b < 16; b++) {
				other = f;
				other.dst.b[b] ^= 0x10;
				other.src.b[15 - b] ^= 0x10;
				len = chain6(bytes, &other, chains[i].headers,
					chains[i].count);
				T_EQ(counted(&w, bytes, len, 0), 0);
			}
			tc_objects_done(&w.tree);
		}
}

static void
what_can_hide(void)
{
	static const struct {
		const char *dst;
		uint16_t port;
		uint32_t spi;
		bool label;
		bool can;
	} rows[] = {
		{ "10.0.0.2", 5004, 0, false, true },
		{ "10.0.0.2", 0, 0, false, false },
		{ "10.0.0.2", 0, 9, false, true },
		{ "2001:db8::2", 5004, 0, false, true },
		{ "2001:db8::2", 0, 0, false, true },
		{ "2001:db8::2", 5004, 0, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_filter f = fix_filter(rows[i].dst, "", 0, 0);

		f.dst_port = rows[i].port;
		f.spi = rows[i].spi;
		f.by_label = rows[i].label;
		T_EQ(tc_hidden_can(&f), rows[i].can);
	}
}

/* ---- nodes read back ----------------------------------------------------- */

static void
nodes_are_read_back(void)
{
	static const char *const addrs[][2] = { { "10.0.0.2", "10.0.0.1" },
		{ "10.0.0.2", "" }, { "2001:db8::2", "2001:db8::1" },
		{ "2001:db8::2", "" } };

	for (size_t i = 0; i < 16; i++) {
		const struct tc_filter f =
			fix_filter(addrs[i / 4][0], addrs[i / 4][1], 5004, 0);
		enum tc_hidden_kind kind = i % 2 && f.dst.family == ADDR_V6
						   ? TC_HIDDEN_EXTENSION
						   : TC_HIDDEN_FRAGMENT;
		enum tc_hidden_means means =
			i % 4 < 2 ? TC_HIDDEN_GACT : TC_HIDDEN_MIRRED;
		const struct tc_hidden_leaf leaf = { tc_hidden_pair_of(&f),
			kind, 4093, means };
		struct tc_hidden_leaf got;
		enum tc_hidden_kind got_kind;
		struct tc_object o;
		struct tc_object odd;
		uint32_t place;

		tc_hidden_node(FIX_IFINDEX, &leaf, &the_extra, &o);
		T_CHECK(tc_is_hidden_node(&o) &&
				tc_hidden_place_of(o.handle, &place),
			"no node");
		T_EQ(place, 4093);
		T_CHECK(tc_hidden_decode(&o, &got), "row %zu", i);
		T_CHECK(memcmp(&got.pair, &leaf.pair, sizeof(got.pair)) == 0,
			"row %zu", i);
		T_EQ(got.kind, kind);
		T_EQ(got.means, means);
		T_EQ(got.place, 4093);
		T_CHECK(tc_hidden_index_of(the_extra.actions[0].index,
				FIX_IFINDEX, &place, &got_kind),
			"no index");
		T_EQ(place, 4093);
		T_EQ(got_kind, kind);
		T_CHECK(!tc_hidden_index_of(the_extra.actions[0].index,
				FIX_IFINDEX + 1, &place, &got_kind),
			"of another interface");
		/* Whatever else it says. */
		for (size_t k = 0; k < o.u32.key_count; k++) {
			odd = o;
			odd.u32.keys[k].mask ^= 0x01000000;
			T_CHECK(!tc_hidden_decode(&odd, &got),
				"mask of key %zu", k);
		}
		odd = o;
		odd.u32.classid = tc_classid(6);
		T_CHECK(!tc_hidden_decode(&odd, &got), "a class");
		odd = o;
		odd.handle ^= 0x1000;
		T_CHECK(!tc_hidden_decode(&odd, &got), "another bucket");
		odd = o;
		odd.protocol ^= 1;
		T_CHECK(!tc_hidden_decode(&odd, &got), "another protocol");
		/* It lets the packet go on, to no class. */
		T_EQ(the_extra.actions[0].control, TC_VERDICT_CONTINUE);
		T_EQ(the_extra.action_count, 1);
		T_EQ(o.u32.classid, 0);
		odd = o;
		odd.extra = NULL;
		T_CHECK(!tc_hidden_decode(&odd, &got), "without an action");
		the_extra.actions[0].control = TC_VERDICT_DROP;
		T_CHECK(!tc_hidden_decode(&o, &got), "that drops");
	}
}

static struct t_case cases[] = {
	{ "each fragment of IPv4 is counted once",
		each_fragment_of_ipv4_is_counted_once },
	{ "those of other hosts and protocols are not",
		of_other_hosts_and_protocols_are_not },
	{ "headers of IPv6 are followed", headers_of_ipv6_are_followed },
	{ "which filters packets can hide from", what_can_hide },
	{ "nodes are read back", nodes_are_read_back },
};

T_MAIN(cases)
