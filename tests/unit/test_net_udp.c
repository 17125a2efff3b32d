/* SPDX-License-Identifier: ISC */

/* RSVP in UDP: the tables of RFC 2205 Appendix C, and who needs it. */

#include "rsvpd/net_udp.h"

#include "t.h"

static const struct hash_key key = { 3, 5 };
static const struct mono start = { 1000000000 };

/* ---- figures 13 and 14 --------------------------------------------------- */

#define AUTO CONF_UDP_AUTO
#define ON   CONF_UDP_ON
#define OFF  CONF_UDP_OFF

struct row {
	const char *what;
	struct net_udp_case c;
	bool raw;
	enum net_udp_to udp;
};

/* clang-format off */
static const struct row rows[] = {
	{ "Hu, unicast D on its network: UDP(D, Pu)",
	  { .mode = AUTO, .to_end = true, .on_link = true },
	  false, NET_UDP_TO_NODE },
	{ "Hu, unicast D further away: UDP(Ra, Pu)",
	  { .mode = AUTO, .to_end = true }, false, NET_UDP_TO_ROUTER },
	{ "Hu, the same where UDP is always on",
	  { .mode = ON, .to_end = true }, false, NET_UDP_TO_ROUTER },
	{ "Hu, to its neighbour: UDP(H, Pu)",
	  { .mode = AUTO }, false, NET_UDP_TO_NODE },
	{ "Hu, to a neighbour on its network: the same",
	  { .mode = ON, .on_link = true }, false, NET_UDP_TO_NODE },
	{ "Hu, multicast: UDP(G*, Pu)",
	  { .mode = AUTO, .to_end = true, .multicast = true },
	  false, NET_UDP_TO_ALL },
	{ "Hu where UDP is off: nothing is left",
	  { .mode = OFF, .to_end = true, .multicast = true },
	  false, NET_UDP_TO_NONE },
	{ "Hr and R, unicast D, nobody heard: Raw(D)",
	  { .raw = true, .mode = AUTO, .to_end = true },
	  true, NET_UDP_TO_NONE },
	{ "Hr and R, unicast D, UDP heard: and UDP(D, Pu')",
	  { .raw = true, .mode = AUTO, .to_end = true, .seen = true },
	  true, NET_UDP_TO_HOST },
	{ "Hr and R, unicast D, by configuration: the same",
	  { .raw = true, .mode = ON, .to_end = true },
	  true, NET_UDP_TO_HOST },
	{ "Hr and R, multicast D, nobody heard: Raw(D, Tr)",
	  { .raw = true, .mode = AUTO, .to_end = true, .multicast = true },
	  true, NET_UDP_TO_NONE },
	{ "Hr and R, multicast D, UDP heard: and UDP(D, Pu')",
	  { .raw = true, .mode = AUTO, .to_end = true, .multicast = true,
	    .seen = true }, true, NET_UDP_TO_HOST },
	{ "Hr and R, multicast D, by configuration: the same",
	  { .raw = true, .mode = ON, .to_end = true, .multicast = true },
	  true, NET_UDP_TO_HOST },
	{ "UDP is off, whoever was heard: Raw(D)",
	  { .raw = true, .mode = OFF, .to_end = true, .seen = true },
	  true, NET_UDP_TO_NONE },
	{ "to a neighbour that speaks raw: Raw(H)",
	  { .raw = true, .mode = AUTO, .seen = true },
	  true, NET_UDP_TO_NONE },
	{ "the same where UDP is always on",
	  { .raw = true, .mode = ON }, true, NET_UDP_TO_NONE },
	{ "to a neighbour that needs UDP: UDP(H, Pu')",
	  { .raw = true, .mode = AUTO, .neighbour = NET_UDP_NEEDS_IT },
	  false, NET_UDP_TO_HOST },
	{ "the same where UDP is always on",
	  { .raw = true, .mode = ON, .seen = true, .neighbour = NET_UDP_NEEDS_IT },
	  false, NET_UDP_TO_HOST },
	{ "to a neighbour that may not need UDP at all: both",
	  { .raw = true, .mode = AUTO, .neighbour = NET_UDP_DOUBTFUL },
	  true, NET_UDP_TO_HOST },
	{ "to a neighbour that needed UDP before it was off: Raw(H)",
	  { .raw = true, .mode = OFF, .seen = true, .neighbour = NET_UDP_NEEDS_IT },
	  true, NET_UDP_TO_NONE },
};
/* clang-format on */

static void
every_row_of_the_figures_is_sent_as_it_says(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_udp_way way = net_udp_way(&rows[i].c);

		T_CHECK(way.raw == rows[i].raw && way.udp == rows[i].udp,
			"%s: raw %d, UDP %d", rows[i].what, way.raw, way.udp);
	}
}

/* Every combination, against what no row may do. */
static void
nothing_is_sent_raw_without_raw_sockets_nor_twice_to_a_hop(void)
{
	for (unsigned bits = 0; bits < 96 * 3; bits++) {
		const struct net_udp_case c = { .raw = bits & 1,
			.seen = bits >> 1 & 1,
			.to_end = bits >> 2 & 1,
			.multicast = bits >> 3 & 1,
			.on_link = bits >> 4 & 1,
			.neighbour = (enum net_udp_need)(bits / 32 % 3),
			.mode = (enum conf_udp)(bits / 96) };
		const struct net_udp_way way = net_udp_way(&c);

		T_CHECK(c.raw || !way.raw, "%u: raw", bits);
		T_CHECK(c.mode != OFF || way.udp == NET_UDP_TO_NONE,
			"%u: off, and sent", bits);
		T_CHECK(way.raw || way.udp != NET_UDP_TO_NONE ||
				(!c.raw && c.mode == OFF),
			"%u: lost", bits);
		T_CHECK(!way.raw || way.udp == NET_UDP_TO_NONE || c.to_end ||
				c.neighbour == NET_UDP_DOUBTFUL,
			"%u: twice to a hop", bits);
		T_CHECK(!c.raw || way.udp == NET_UDP_TO_NONE ||
				way.udp == NET_UDP_TO_HOST,
			"%u: as if it were a host", bits);
	}
}

struct arrival_row {
	const char *what;
	bool raw;
	enum conf_udp mode;
	uint16_t port;
	uint32_t dst;
	bool heard;
};

enum { OWN = 0x0a010101 };

static const struct arrival_row arrivals[] = {
	{ "R: UDP(Ra, Pu)", true, AUTO, 1698, OWN, true },
	{ "R: UDP(G*, Pu)", true, AUTO, 1698, NET_UDP_GROUP, true },
	{ "R: the same where it is on", true, ON, 1698, NET_UDP_GROUP, true },
	{ "R: UDP(D, Pu) is no row", true, AUTO, 1698, 0xef010101, false },
	{ "R: (Ignore Pu')", true, AUTO, 1699, OWN, false },
	{ "R: (Ignore Pu'), a group", true, ON, 1699, 0xef010101, false },
	{ "R: (Ignore Pu'), all", true, ON, 1699, NET_UDP_GROUP, false },
	{ "R: off", true, OFF, 1698, OWN, false },
	{ "R: off, all", true, OFF, 1698, NET_UDP_GROUP, false },
	{ "Hu: UDP(D, Pu)", false, AUTO, 1698, OWN, true },
	{ "Hu: UDP(D, Pu')", false, AUTO, 1699, OWN, true },
	{ "Hu: UDP(G*, Pu)", false, AUTO, 1698, NET_UDP_GROUP, true },
	{ "Hu: UDP(D, Pu'), a group", false, AUTO, 1699, 0xef010101, true },
	{ "Hu: UDP(G*, Pu') is no row", false, AUTO, 1699, NET_UDP_GROUP,
		false },
	{ "Hu: UDP(D, Pu), a group, is no row", false, AUTO, 1698, 0xef010101,
		false },
	{ "Hu: off", false, OFF, 1699, OWN, false },
};

static void
every_row_of_the_figures_is_heard_as_it_says(void)
{
	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
		const struct arrival_row *row = &arrivals[i];
		const struct net_udp_arrival a = { .raw = row->raw,
			.mode = row->mode,
			.port = row->port,
			.dst = addr_v4_u32(row->dst) };

		T_CHECK(net_udp_hears(&a) == row->heard, "%s", row->what);
	}
}

/* ---- who needs it -------------------------------------------------------- */

static struct net_udp_heard
heard_from(uint32_t ifindex, uint32_t hop, bool path, int64_t lifetime_ms)
{
	return (struct net_udp_heard){ .ifindex = ifindex,
		.hop = addr_v4_u32(hop),
		.path = path,
		.lifetime_ms = lifetime_ms };
}

static struct mono
after_ms(int64_t ms)
{
	return mono_add_ms(start, ms);
}

static void
hear(struct net_udp *udp, struct net_udp_heard heard, int64_t ms)
{
	T_EQ(net_udp_heard(udp, &heard, after_ms(ms)), true);
}

static bool
needs(const struct net_udp *udp, uint32_t ifindex, uint32_t hop, int64_t ms)
{
	const struct addr addr = addr_v4_u32(hop);

	return net_udp_need(udp, ifindex, &addr, after_ms(ms)) ==
	       NET_UDP_NEEDS_IT;
}

static void
a_neighbour_needs_udp_for_a_lifetime(void)
{
	struct net_udp *udp = net_udp_new(&key);

	T_EQ(net_udp_is_idle(udp), true);
	hear(udp, heard_from(2, OWN, true, 5250), 0);
	T_EQ(net_udp_is_idle(udp), false);
	T_EQ(needs(udp, 2, OWN, 5249), true);
	T_EQ(needs(udp, 2, OWN, 5250), false);
	T_EQ(needs(udp, 3, OWN, 0), false);
	T_EQ(needs(udp, 2, OWN + 1, 0), false);
	T_EQ(net_udp_seen(udp, 2, after_ms(5249)), true);
	T_EQ(net_udp_seen(udp, 2, after_ms(5250)), false);
	T_EQ(net_udp_seen(udp, 3, after_ms(0)), false);
	/* Again: longer. */
	hear(udp, heard_from(2, OWN, true, 5250), 1000);
	T_EQ(needs(udp, 2, OWN, 6249), true);
	T_EQ(net_udp_seen(udp, 2, after_ms(6249)), true);
	T_EQ(needs(udp, 2, OWN, 6250), false);
	T_EQ(net_udp_seen(udp, 2, after_ms(6250)), false);
	net_udp_free(udp);
}

static void
whoever_was_heard_in_any_way_is_work(void)
{
	struct net_udp *udp = net_udp_new(&key);

	/* A neighbour without a place, whom another message does not count
	 * twice. */
	hear(udp, heard_from(2, OWN, false, 5250), 0);
	hear(udp, heard_from(2, OWN, false, 5250), 10);
	T_EQ(net_udp_is_idle(udp), false);
	net_udp_forget(udp, 2);
	T_EQ(net_udp_is_idle(udp), true);
	/* And a place whose neighbour is gone: it was heard for longer. */
	hear(udp, heard_from(3, OWN, true, 9000), 2000);
	hear(udp, heard_from(3, OWN, false, 1000), 2000);
	hear(udp, heard_from(4, OWN, false, 1000), 5000);
	hear(udp, heard_from(4, OWN, false, 1000), 9000);
	net_udp_forget(udp, 4);
	T_EQ(net_udp_is_idle(udp), false);
	net_udp_free(udp);
}

static void
only_a_path_makes_an_interface_need_udp(void)
{
	struct net_udp *udp = net_udp_new(&key);

	hear(udp, heard_from(2, OWN, false, 1000), 0);
	T_EQ(needs(udp, 2, OWN, 0), true);
	T_EQ(net_udp_seen(udp, 2, start), false);
	net_udp_free(udp);
}

static void
an_interface_needs_udp_as_long_as_any_of_its_senders(void)
{
	struct net_udp *udp = net_udp_new(&key);

	hear(udp, heard_from(2, OWN, true, 9000), 0);
	hear(udp, heard_from(2, OWN + 1, true, 1000), 0);
	T_EQ(net_udp_seen(udp, 2, after_ms(8999)), true);
	T_EQ(net_udp_count(udp, 2, start), 2);
	T_EQ(net_udp_count(udp, 2, after_ms(1000)), 1);
	T_EQ(net_udp_count(udp, 3, start), 0);
	net_udp_free(udp);
}

static void
hear_raw(struct net_udp *udp, struct net_udp_heard heard, int64_t ms)
{
	net_udp_heard_raw(udp, &heard, after_ms(ms));
}

static bool
doubtful(const struct net_udp *udp, uint32_t ifindex, uint32_t hop, int64_t ms)
{
	const struct addr addr = addr_v4_u32(hop);

	return net_udp_need(udp, ifindex, &addr, after_ms(ms)) ==
	       NET_UDP_DOUBTFUL;
}

/* Nothing is kept from it by a datagram in its name, nor from a host without
 * raw sockets by a forged packet. */
static void
a_neighbour_heard_in_both_ways_is_in_doubt_for_a_lifetime(void)
{
	struct net_udp *udp = net_udp_new(&key);

	hear_raw(udp, heard_from(2, OWN, true, 5000), 0);
	T_EQ(net_udp_is_idle(udp), true);
	T_EQ(needs(udp, 2, OWN, 0) || doubtful(udp, 2, OWN, 0), false);
	T_EQ(net_udp_seen(udp, 2, start), false);
	hear(udp, heard_from(2, OWN, false, 9000), 0);
	hear(udp, heard_from(2, OWN + 1, false, 9000), 0);
	T_EQ(doubtful(udp, 2, OWN, 4999), true);
	T_EQ(net_udp_count(udp, 2, after_ms(4999)), 1);
	T_EQ(doubtful(udp, 2, OWN, 5000), false);
	T_EQ(needs(udp, 2, OWN, 5000), true);
	T_EQ(needs(udp, 2, OWN + 1, 0), true);
	hear_raw(udp, heard_from(3, OWN, true, 5000), 5000);
	T_EQ(needs(udp, 2, OWN, 5000), true);
	hear_raw(udp, heard_from(2, OWN, true, 9000), 5000);
	T_EQ(doubtful(udp, 2, OWN, 8999), true);
	/* The claim is over. */
	T_EQ(doubtful(udp, 2, OWN, 9000), false);
	hear_raw(udp, heard_from(2, OWN, true, 9000), 9000);
	T_EQ(net_udp_is_idle(udp), true);
	net_udp_free(udp);
}

static void
an_interface_that_goes_takes_its_neighbours_along(void)
{
	struct net_udp *udp = net_udp_new(&key);

	hear(udp, heard_from(2, OWN, true, 9000), 0);
	hear(udp, heard_from(3, OWN, true, 9000), 0);
	net_udp_forget(udp, 2);
	T_EQ(needs(udp, 2, OWN, 0), false);
	T_EQ(net_udp_seen(udp, 2, start), false);
	T_EQ(needs(udp, 3, OWN, 0), true);
	T_EQ(net_udp_seen(udp, 3, start), true);
	net_udp_forget(udp, 3);
	T_EQ(net_udp_is_idle(udp), true);
	net_udp_free(udp);
}

/* As many as there may be; a refresh of one that is there needs no room, and
 * when their time is up there is room again. */
static void
the_number_of_neighbours_is_bounded(void)
{
	struct net_udp *udp = net_udp_new(&key);
	const struct net_udp_heard more =
		heard_from(2, OWN + NET_UDP_NEIGHBOURS_MAX, false, 5000);

	for (uint32_t i = 0; i < 2 * NET_UDP_NEIGHBOURS_MAX; i++)
		hear(udp, heard_from(2, OWN + i / 2, false, 5000), 0);
	T_EQ(net_udp_heard(udp, &more, after_ms(4999)), false);
	hear(udp, heard_from(2, OWN, false, 5000), 4999);
	T_EQ(net_udp_count(udp, 2, after_ms(4999)), NET_UDP_NEIGHBOURS_MAX);
	T_EQ(net_udp_heard(udp, &more, after_ms(5999)), true);
	T_EQ(net_udp_count(udp, 2, after_ms(5999)), 2);
	net_udp_free(udp);
}

static void
what_was_heard_once_makes_room_and_no_other(void)
{
	struct net_udp *udp = net_udp_new(&key);
	const uint32_t flood = 3 * NET_UDP_NEIGHBOURS_MAX;

	hear(udp, heard_from(2, OWN, false, 5000), 0);
	hear(udp, heard_from(2, OWN, false, 5000), 1);
	for (uint32_t i = 1; i <= flood; i++)
		hear(udp, heard_from(2, OWN + i, false, 5000), 2);
	T_EQ(net_udp_count(udp, 2, after_ms(2)), NET_UDP_NEIGHBOURS_MAX);
	T_EQ(needs(udp, 2, OWN, 2), true);
	T_EQ(needs(udp, 2, OWN + flood, 2), true);
	T_EQ(needs(udp, 2, OWN + 1, 2), false);
	/* The oldest first. */
	T_EQ(needs(udp, 2, OWN + flood - NET_UDP_NEIGHBOURS_MAX + 1, 2), false);
	T_EQ(needs(udp, 2, OWN + flood - NET_UDP_NEIGHBOURS_MAX + 2, 2), true);
	net_udp_free(udp);
}

static void
what_is_over_takes_no_memory(void)
{
	struct net_udp *udp = net_udp_new(&key);

	hear(udp, heard_from(2, OWN, true, 1000), 0);
	hear(udp, heard_from(3, OWN, false, 9000), 2000);
	net_udp_forget(udp, 3);
	T_EQ(net_udp_is_idle(udp), true);
	net_udp_free(udp);
}

static struct t_case cases[] = {
	{ "whoever was heard in any way is work",
		whoever_was_heard_in_any_way_is_work },
	{ "every row of the figures is sent as it says",
		every_row_of_the_figures_is_sent_as_it_says },
	{ "nothing is sent raw without raw sockets, nor twice to a hop",
		nothing_is_sent_raw_without_raw_sockets_nor_twice_to_a_hop },
	{ "every row of the figures is heard as it says",
		every_row_of_the_figures_is_heard_as_it_says },
	{ "a neighbour needs UDP for a lifetime",
		a_neighbour_needs_udp_for_a_lifetime },
	{ "only a Path makes an interface need UDP",
		only_a_path_makes_an_interface_need_udp },
	{ "an interface needs UDP as long as any of its senders",
		an_interface_needs_udp_as_long_as_any_of_its_senders },
	{ "a neighbour heard in both ways is in doubt for a lifetime",
		a_neighbour_heard_in_both_ways_is_in_doubt_for_a_lifetime },
	{ "an interface that goes takes its neighbours along",
		an_interface_that_goes_takes_its_neighbours_along },
	{ "the number of neighbours is bounded",
		the_number_of_neighbours_is_bounded },
	{ "what was heard once makes room, and no other",
		what_was_heard_once_makes_room_and_no_other },
	{ "what is over takes no memory", what_is_over_takes_no_memory },
};
T_MAIN(cases)
