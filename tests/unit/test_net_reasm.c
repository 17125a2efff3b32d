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

/* ---- memory -------------------------------------------------------------- */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

enum {
	BLOCKS = 64,
	GUARD = 32, /* octets behind each block that nobody may touch */
	A_DATAGRAM = 80 * 1024
};

static struct {
	uint8_t *at;
	size_t size;
} blocks[BLOCKS];
static size_t held;
static size_t held_before; /* the case */
static bool refuse;

void *
__wrap_calloc(size_t count, size_t size)
{
	uint8_t *at;
	size_t i = 0;

	if (refuse)
		return NULL;
	size *= count;
	T_CHECK(size <= A_DATAGRAM, "%zu octets", size);
	at = (uint8_t *)__real_calloc(1, size + GUARD);
	T_CHECK(at != NULL, "no memory");
	while (blocks[i].at)
		T_CHECK(++i < BLOCKS, "too much at a time");
	blocks[i].at = at;
	blocks[i].size = size;
	held++;
	return at;
}

void
__wrap_free(void *memory)
{
	static const uint8_t untouched[GUARD];

	for (size_t i = 0; memory && i < BLOCKS; i++) {
		if (blocks[i].at != memory)
			continue;
		T_EQ(memcmp(blocks[i].at + blocks[i].size, untouched, GUARD),
			0);
		blocks[i].at = NULL;
		held--;
		__real_free(memory);
		return;
	}
	T_CHECK(!memory, "freed twice");
}

static struct net_reasm *
begin(void)
{
	struct net_reasm *r;

	held_before = held;
	r = net_reasm_new();
	T_CHECK(r != NULL, "no memory");
	return r;
}

static void
end(struct net_reasm *r)
{
	net_reasm_free(r);
	T_EQ(held, held_before);
}

/* ---- fragments ----------------------------------------------------------- */

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
	struct net_reasm *r = begin();

	for (size_t i = 0; i < 6; i++) {
		const struct net_packet parts[3] = { piece(7, 0, 800, true),
			piece(7, 800, 16, true), piece(7, 816, 5, false) };

		T_EQ(add(r, parts[orders[i][0]]), NET_REASM_WAIT);
		T_EQ(add(r, parts[orders[i][1]]), NET_REASM_WAIT);
		check_whole(r, parts[orders[i][2]], 821);
	}
	T_EQ(net_reasm_lost(r), 0);
	end(r);
}

static void
the_largest_datagram_is_taken(void)
{
	struct net_reasm *r = begin();
	size_t at = 0;

	for (; at + 1448 < LARGEST; at += 1448)
		T_EQ(add(r, piece(1, at, 1448, true)), NET_REASM_WAIT);
	check_whole(r, piece(1, at, LARGEST - at, false), LARGEST);
	end(r);
}

static void
a_repeated_fragment_changes_nothing(void)
{
	struct net_reasm *r = begin();

	for (int i = 0; i < 3; i++)
		T_EQ(add(r, piece(7, 8, 13, false)), NET_REASM_WAIT);
	check_whole(r, piece(7, 0, 8, true), 21);
	/* Its datagram is gone: this is the first one of another. */
	T_EQ(add(r, piece(7, 8, 13, false)), NET_REASM_WAIT);
	end(r);
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
		{ "more behind the end",
			{ { 8, 8, false, false }, { 8, 8, true, false } } },
		{ "an end right before what is there",
			{ { 16, 8, true, false }, { 8, 8, false, false } } },
		{ "an end that is no whole unit before it",
			{ { 16, 8, true, false }, { 8, 5, false, false } } },
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
		struct net_reasm *r = begin();
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
		end(r);
	}
}

static void
a_senseless_fragment_begins_nothing(void)
{
	struct net_reasm *r = begin();

	T_EQ(add(r, piece(7, 0, 0, true)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 0, 12, true)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 65528, 8, false)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 65528, 7, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 0);
	end(r);
}

static void
datagrams_are_told_apart(void)
{
	struct net_reasm *r = begin();
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
	end(r);
}

static void
what_is_never_completed_is_given_up(void)
{
	struct net_reasm *r = begin();
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
	end(r);
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
	struct net_reasm *r = begin();

	T_EQ(add(r, from(1, 1, false)), NET_REASM_WAIT);
	for (uint32_t id = 0; id < 100; id++)
		T_EQ(add(r, from(2, id, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 100 - NET_REASM_OF_SOURCE);
	T_EQ(add(r, from(2, 95, true)), NET_REASM_WAIT); /* was displaced */
	T_EQ(add(r, from(2, 99, true)), NET_REASM_WHOLE);
	T_EQ(add(r, from(1, 1, true)), NET_REASM_WHOLE);
	end(r);
}

static void
many_sources_displace_the_oldest(void)
{
	struct net_reasm *r = begin();

	for (uint8_t source = 0; source < NET_REASM_PENDING + 2; source++)
		T_EQ(add(r, from(source, 1, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 2);
	for (uint8_t source = 2; source < NET_REASM_PENDING + 2; source++)
		T_EQ(add(r, from(source, 1, true)), NET_REASM_WHOLE);
	T_EQ(add(r, from(1, 1, true)), NET_REASM_WAIT);
	end(r);
}

/* Its first fragment from each source of a range. */
static void
begin_all(struct net_reasm *r, uint8_t first, uint8_t until)
{
	for (uint8_t source = first; source < until; source++)
		T_EQ(add(r, from(source, 1, false)), NET_REASM_WAIT);
}

static void
end_all(struct net_reasm *r, uint8_t first, uint8_t until)
{
	for (uint8_t source = first; source < until; source++)
		T_EQ(add(r, from(source, 1, true)), NET_REASM_WHOLE);
}

static void
one_that_is_complete_leaves_the_others_in_their_order(void)
{
	enum { ALL = NET_REASM_PENDING, MIDDLE = ALL / 2 };
	struct net_reasm *r = begin();

	begin_all(r, 0, ALL);
	T_EQ(add(r, from(MIDDLE, 1, true)), NET_REASM_WHOLE);
	begin_all(r, ALL, ALL + 2);
	T_EQ(net_reasm_lost(r), 1);
	end_all(r, 1, MIDDLE);
	end_all(r, MIDDLE + 1, ALL + 2);
	T_EQ(add(r, from(0, 1, true)), NET_REASM_WAIT); /* the oldest */
	end(r);
}

static void
what_begins_nothing_displaces_nothing(void)
{
	struct net_reasm *r = begin();

	begin_all(r, 0, NET_REASM_PENDING);
	T_EQ(add(r, piece(7, 0, 12, true)), NET_REASM_BAD);
	T_EQ(add(r, piece(7, 65528, 8, false)), NET_REASM_BAD);
	T_EQ(net_reasm_lost(r), 0);
	end_all(r, 0, NET_REASM_PENDING);
	end(r);
}

static void
each_has_a_time_of_its_own(void)
{
	static const int64_t at_ms[] = { 0, 10, 20 };
	struct net_reasm *r = begin();
	struct net_packet p;

	for (uint8_t i = 0; i < 3; i++) {
		p = from(i, 1, false);
		T_EQ(net_reasm_add(
			     r, mono_add_ms(start, at_ms[i]), IFINDEX, &p),
			NET_REASM_WAIT);
	}
	p = from(2, 1, true);
	T_EQ(net_reasm_add(r, mono_add_ms(start, NET_REASM_WAIT_MS + 15),
		     IFINDEX, &p),
		NET_REASM_WHOLE);
	T_EQ(net_reasm_lost(r), 2);
	end(r);
}

static void
without_memory_it_is_not_begun(void)
{
	struct net_reasm *r = begin();

	begin_all(r, 0, 1);
	refuse = true;
	T_EQ(add(r, from(1, 1, false)), NET_REASM_BAD);
	T_CHECK(!net_reasm_new(), "of nothing");
	refuse = false;
	T_EQ(add(r, from(1, 1, true)), NET_REASM_WAIT); /* the first of it */
	end_all(r, 0, 1);
	end(r);
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
	struct net_reasm *r = begin();

	T_EQ(add_on(r, 7, from(1, 1, false)), NET_REASM_WAIT);
	T_EQ(add_on(r, 7, from(2, 1, false)), NET_REASM_WAIT);
	for (uint8_t source = 0; source < 200; source++)
		T_EQ(add_on(r, 8, from(source, 1, false)), NET_REASM_WAIT);
	for (uint32_t id = 0; id < 100; id++)
		T_EQ(add_on(r, 8, from(1, id, false)), NET_REASM_WAIT);
	T_EQ(add_on(r, 7, from(3, 1, false)), NET_REASM_WAIT);
	for (uint8_t source = 1; source <= 3; source++)
		T_EQ(add_on(r, 7, from(source, 1, true)), NET_REASM_WHOLE);
	end(r);
}

static void
of_as_many_interfaces_each_has_one(void)
{
	struct net_reasm *r = begin();

	for (uint32_t ifindex = 1; ifindex <= NET_REASM_PENDING + 3; ifindex++)
		T_EQ(add_on(r, ifindex, from(1, 1, false)), NET_REASM_WAIT);
	T_EQ(net_reasm_lost(r), 3);
	T_EQ(add_on(r, 4, from(1, 1, true)), NET_REASM_WHOLE);
	T_EQ(add_on(r, 3, from(1, 1, true)), NET_REASM_WAIT); /* displaced */
	end(r);
}

static void
the_interface_with_most_makes_room(void)
{
	static const struct {
		uint8_t count[3];
		uint8_t newcomer;
		uint8_t loser;
	} rows[] = {
		{ { 16, 0, 0 }, 1, 0 },
		{ { 2, 8, 6 }, 0, 1 },
		{ { 2, 6, 8 }, 0, 2 },
		{ { 8, 6, 2 }, 2, 0 },
		{ { 6, 8, 2 }, 2, 1 },
		{ { 6, 9, 1 }, 0, 1 },
		{ { 7, 8, 1 }, 2, 1 },
		/* It would have as many as any: its own. */
		{ { 7, 8, 1 }, 0, 0 },
		{ { 8, 7, 1 }, 1, 1 },
		{ { 8, 8, 0 }, 1, 1 },
		/* Two have most: the first that is found. */
		{ { 8, 8, 0 }, 2, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_reasm *r = begin();

		for (uint8_t f = 0; f < 3; f++)
			for (uint8_t n = 0; n < rows[i].count[f]; n++)
				T_EQ(add_on(r, f, from(n, 1, false)),
					NET_REASM_WAIT);
		T_EQ(add_on(r, rows[i].newcomer, from(99, 1, false)),
			NET_REASM_WAIT);
		T_EQ(net_reasm_lost(r), 1);
		T_EQ(add_on(r, rows[i].newcomer, from(99, 1, true)),
			NET_REASM_WHOLE);
		for (uint8_t f = 0; f < 3; f++)
			for (uint8_t n = f == rows[i].loser;
				n < rows[i].count[f]; n++)
				T_EQ(add_on(r, f, from(n, 1, true)),
					NET_REASM_WHOLE);
		T_EQ(add_on(r, rows[i].loser, from(0, 1, true)),
			NET_REASM_WAIT);
		end(r);
	}
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
	{ "one that is complete leaves the others in their order",
		one_that_is_complete_leaves_the_others_in_their_order },
	{ "what begins nothing displaces nothing",
		what_begins_nothing_displaces_nothing },
	{ "each has a time of its own", each_has_a_time_of_its_own },
	{ "without memory it is not begun", without_memory_it_is_not_begun },
	{ "interfaces displace nothing of each other",
		interfaces_displace_nothing_of_each_other },
	{ "of as many interfaces each has one",
		of_as_many_interfaces_each_has_one },
	{ "the interface with most makes room",
		the_interface_with_most_makes_room },
};

T_MAIN(cases)
