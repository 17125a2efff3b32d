/* SPDX-License-Identifier: ISC */

/* Fragments of IPv6 datagrams: rsvpd/net_reasm.c. */

#include "rsvpd/net_reasm.h"

#include "t.h"

enum { IFINDEX = 3, LARGEST = NET_PACKET_MAX };

static const struct mono start = { 1000000 };

/* Octet i of every datagram here. */
static uint8_t
octet(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

static uint8_t data[LARGEST];

static struct net_packet
piece(uint32_t id, size_t offset, size_t len, bool more)
{
	static const uint8_t src[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	static const uint8_t dst[16] = { 0xff, 0x1e, [15] = 9 };

	for (size_t i = 0; i < LARGEST; i++)
		data[i] = octet(i);
	return (struct net_packet){ .src = addr_v6(src),
		.dst = addr_v6(dst),
		.ttl = (uint8_t)(offset == 0 ? 60 : 50),
		.message = data + offset,
		.len = len,
		.fragment_id = id,
		.fragment_offset = offset,
		.fragment_more = more };
}

static enum net_reasm_result
add(struct net_reasm *r, struct net_packet p)
{
	return net_reasm_add(r, start, IFINDEX, &p);
}

static void
check_whole(struct net_reasm *r, struct net_packet last, size_t len)
{
	T_EQ(net_reasm_add(r, start, IFINDEX, &last), NET_REASM_WHOLE);
	T_EQ(last.len, len);
	T_EQ(last.ttl, 60);
	for (size_t i = 0; i < len; i++)
		T_CHECK(last.message[i] == octet(i), "octet %zu", i);
}

static void
fragments_in_any_order_become_the_datagram(void)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 },
		{ 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct net_reasm *r = net_reasm_new();

	for (size_t i = 0; i < 6; i++) {
		const struct net_packet parts[3] = { piece(7, 0, 800, true),
			piece(7, 800, 16, true), piece(7, 816, 5, false) };

		T_EQ(add(r, parts[orders[i][0]]), NET_REASM_WAIT);
		T_EQ(add(r, parts[orders[i][1]]), NET_REASM_WAIT);
		check_whole(r, parts[orders[i][2]], 821);
	}
	T_EQ(net_reasm_lost(r), 0);
	net_reasm_free(r);
}

static void
the_largest_datagram_is_taken(void)
{
	struct net_reasm *r = net_reasm_new();
	size_t at = 0;

	for (; at + 1448 < LARGEST; at += 1448)
		T_EQ(add(r, piece(1, at, 1448, true)), NET_REASM_WAIT);
	check_whole(r, piece(1, at, LARGEST - at, false), LARGEST);
	net_reasm_free(r);
}

static void
a_repeated_fragment_changes_nothing(void)
{
	struct net_reasm *r = net_reasm_new();

	for (int i = 0; i < 3; i++)
		T_EQ(add(r, piece(7, 8, 13, false)), NET_REASM_WAIT);
	check_whole(r, piece(7, 0, 8, true), 21);
	/* Its datagram is gone: this is the first one of another. */
	T_EQ(add(r, piece(7, 8, 13, false)), NET_REASM_WAIT);
	net_reasm_free(r);
}

/* Three fragments; the last of them ends the datagram. */
struct conflict {
	const char *what;
	struct {
		size_t offset;
		size_t len;
		bool more;
		bool other; /* octets than the datagram's */
	} part[2];
};

static void
fragments_that_contradict_end_the_datagram(void)
{
	static const struct conflict rows[] = {
		{ "an overlap in part",
			{ { 0, 16, true, false }, { 8, 16, true, false } } },
		{ "an overlap the other way",
			{ { 8, 16, true, false }, { 0, 16, true, false } } },
		{ "the same place with other octets",
			{ { 0, 16, true, false }, { 0, 16, true, true } } },
		{ "beyond the end",
			{ { 16, 8, false, false }, { 24, 8, true, false } } },
		{ "an end before what is there",
			{ { 24, 8, true, false }, { 8, 8, false, false } } },
		{ "another end",
			{ { 8, 8, false, false }, { 16, 8, false, false } } },
		{ "empty", { { 0, 16, true, false }, { 16, 0, true, false } } },
		{ "no whole units, and not the last",
			{ { 0, 16, true, false }, { 16, 9, true, false } } },
		{ "too large", { { 0, 16, true, false },
				       { 65528, 8, false, false } } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conflict *c = &rows[i];
		static const uint8_t other[64] = { 0xee };
		struct net_reasm *r = net_reasm_new();
		struct net_packet second = piece(
			7, c->part[1].offset, c->part[1].len, c->part[1].more);

		if (c->part[1].other)
			second.message = other;
		T_EQ(add(r, piece(7, c->part[0].offset, c->part[0].len,
				    c->part[0].more)),
			NET_REASM_WAIT);
		T_CHECK(add(r, second) == NET_REASM_BAD, "%s", c->what);
		/* Nothing is left of it. */
		T_EQ(add(r, piece(7, 0, 8, true)), NET_REASM_WAIT);
		check_whole(r, piece(7, 8, 8, false), 16);
		net_reasm_free(r);
	}
}

static void
a_senseless_fragment_begins_nothing(void)
{
	struct net_reasm *r = net_reasm_new();

	T_EQ(add(r, piece(7, 0, 0, true)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 0, 12, true)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 65528, 8, false)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 65528, 7, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 0);
	net_reasm_free(r);
}

static void
datagrams_are_told_apart(void)
{
	struct net_reasm *r = net_reasm_new();
	struct net_packet last = piece(7, 8, 8, false);
	struct net_packet other;

	T_EQ(add(r, piece(7, 0, 8, true)), NET_REASM_WAIT);
	other = last;
	other.fragment_id = 8;
	T_EQ(add(r, other), NET_REASM_WAIT);
	other = last;
	other.src.b[15] = 2;
	T_EQ(add(r, other), NET_REASM_WAIT);
	other = last;
	other.dst.b[15] = 2;
	T_EQ(add(r, other), NET_REASM_WAIT);
	other = last;
	T_EQ(net_reasm_add(r, start, IFINDEX + 1, &other), NET_REASM_WAIT);
	check_whole(r, last, 16);
	net_reasm_free(r);
}

static void
what_is_never_completed_is_given_up(void)
{
	struct net_reasm *r = net_reasm_new();
	struct net_packet first = piece(7, 0, 8, true);
	struct net_packet last = piece(7, 8, 8, false);

	T_EQ(net_reasm_add(r, start, IFINDEX, &first), NET_REASM_WAIT);
	T_EQ(net_reasm_add(r, mono_add_ms(start, NET_REASM_WAIT_MS - 1),
		     IFINDEX, &last),
		NET_REASM_WHOLE);
	first = piece(7, 0, 8, true);
	last = piece(7, 8, 8, false);
	T_EQ(net_reasm_add(r, start, IFINDEX, &first), NET_REASM_WAIT);
	T_EQ(net_reasm_add(
		     r, mono_add_ms(start, NET_REASM_WAIT_MS), IFINDEX, &last),
		NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 1);
	T_EQ(net_reasm_lost(r), 0);
	net_reasm_free(r);
}

static struct net_packet
from(uint8_t source, uint32_t id, bool last)
{
	struct net_packet p = piece(id, last ? 8 : 0, 8, !last);

	p.src.b[15] = source;
	return p;
}

static void
a_source_has_its_share(void)
{
	struct net_reasm *r = net_reasm_new();

	T_EQ(add(r, from(1, 1, false)), NET_REASM_WAIT);
	for (uint32_t id = 0; id < 100; id++)
		T_EQ(add(r, from(2, id, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 100 - NET_REASM_OF_SOURCE);
	T_EQ(add(r, from(2, 95, true)), NET_REASM_WAIT); /* was displaced */
	T_EQ(add(r, from(2, 99, true)), NET_REASM_WHOLE);
	T_EQ(add(r, from(1, 1, true)), NET_REASM_WHOLE);
	net_reasm_free(r);
}

static void
many_sources_displace_the_oldest(void)
{
	struct net_reasm *r = net_reasm_new();

	for (uint8_t source = 0; source < NET_REASM_PENDING + 2; source++)
		T_EQ(add(r, from(source, 1, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 2);
	for (uint8_t source = 2; source < NET_REASM_PENDING + 2; source++)
		T_EQ(add(r, from(source, 1, true)), NET_REASM_WHOLE);
	T_EQ(add(r, from(1, 1, true)), NET_REASM_WAIT);
	net_reasm_free(r);
}

static enum net_reasm_result
add_on(struct net_reasm *r, uint32_t ifindex, struct net_packet p)
{
	return net_reasm_add(r, start, ifindex, &p);
}

/* Whoever makes up sources, or takes another's, does it on one interface. */
static void
interfaces_displace_nothing_of_each_other(void)
{
	struct net_reasm *r = net_reasm_new();

	T_EQ(add_on(r, 7, from(1, 1, false)), NET_REASM_WAIT);
	T_EQ(add_on(r, 7, from(2, 1, false)), NET_REASM_WAIT);
	for (uint8_t source = 0; source < 200; source++)
		T_EQ(add_on(r, 8, from(source, 1, false)), NET_REASM_WAIT);
	for (uint32_t id = 0; id < 100; id++)
		T_EQ(add_on(r, 8, from(1, id, false)), NET_REASM_WAIT);
	T_EQ(add_on(r, 7, from(3, 1, false)), NET_REASM_WAIT);
	for (uint8_t source = 1; source <= 3; source++)
		T_EQ(add_on(r, 7, from(source, 1, true)), NET_REASM_WHOLE);
	net_reasm_free(r);
}

static void
of_as_many_interfaces_each_has_one(void)
{
	struct net_reasm *r = net_reasm_new();

	for (uint32_t ifindex = 1; ifindex <= NET_REASM_PENDING + 3; ifindex++)
		T_EQ(add_on(r, ifindex, from(1, 1, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 3);
	T_EQ(add_on(r, 4, from(1, 1, true)), NET_REASM_WHOLE);
	T_EQ(add_on(r, 3, from(1, 1, true)), NET_REASM_WAIT); /* displaced */
	net_reasm_free(r);
}

static struct t_case cases[] = {
	{ "fragments in any order become the datagram",
		fragments_in_any_order_become_the_datagram },
	{ "the largest datagram is taken", the_largest_datagram_is_taken },
	{ "a repeated fragment changes nothing",
		a_repeated_fragment_changes_nothing },
	{ "fragments that contradict end the datagram",
		fragments_that_contradict_end_the_datagram },
	{ "a senseless fragment begins nothing",
		a_senseless_fragment_begins_nothing },
	{ "datagrams are told apart", datagrams_are_told_apart },
	{ "what is never completed is given up",
		what_is_never_completed_is_given_up },
	{ "a source has its share", a_source_has_its_share },
	{ "many sources displace the oldest",
		many_sources_displace_the_oldest },
	{ "interfaces displace nothing of each other",
		interfaces_displace_nothing_of_each_other },
	{ "of as many interfaces each has one",
		of_as_many_interfaces_each_has_one },
};

T_MAIN(cases)
