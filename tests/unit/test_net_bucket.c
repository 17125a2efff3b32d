/* SPDX-License-Identifier: ISC */

/* Limits of interfaces and sources: rsvpd/net_bucket.c. */

#include "rsvpd/net_bucket.h"

#include "t.h"

static const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
static const struct mono start = { 1000000000 };

static struct mono
after_ms(int64_t ms)
{
	return mono_add_ms(start, ms);
}

static struct addr
host(uint32_t n)
{
	return addr_v4_u32(0x0a000000 + n);
}

static struct net_limit *
new_limit(void)
{
	struct net_limit *limit = net_limit_new(&key);

	T_CHECK(limit != NULL, "no memory");
	return limit;
}

/* How many of n packets of one source pass at once. */
static unsigned
burst(struct net_limit *limit, uint32_t ifindex, uint32_t source, unsigned n,
	struct mono now)
{
	const struct addr src = host(source);
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++)
		passed += net_limit_admit(limit, ifindex, &src, 100, now);
	return passed;
}

/* How many of n packets pass, each from a source of its own. */
static unsigned
flood(struct net_limit *limit, uint32_t first, unsigned n, struct mono now)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++)
		passed += burst(limit, 1, first + i, 1, now);
	return passed;
}

/* 100 a second: one source has half of it, once as a stranger and from then on
 * as itself. */
static void
one_source_gets_half_of_the_interface(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(burst(limit, 1, 7, 200, start), 51);
	T_EQ(burst(limit, 1, 7, 200, start), 0);
	net_limit_free(limit);
}

static void
tokens_flow_in_with_time(void)
{
	struct net_limit *limit = new_limit();

	(void)burst(limit, 1, 7, 200, start);
	T_EQ(burst(limit, 1, 7, 10, after_ms(19)), 0);
	T_EQ(burst(limit, 1, 7, 10, after_ms(20)), 1);
	T_EQ(burst(limit, 1, 7, 10, after_ms(60)), 2);
	/* Never more than a second's worth. */
	T_EQ(burst(limit, 1, 7, 200, after_ms(3600000)), 50);
	net_limit_free(limit);
}

/* Looking often must not lose fractions of a packet. */
static void
impatience_costs_no_tokens(void)
{
	struct net_limit *limit = new_limit();
	unsigned passed = 0;

	(void)burst(limit, 1, 7, 200, start);
	for (int64_t us = 1; us <= 1000000; us += 333)
		passed += burst(limit, 1, 7, 1, (struct mono){ start.us + us });
	T_CHECK(passed >= 49 && passed <= 50, "%u packets", passed);
	net_limit_free(limit);
}

static void
the_interface_limits_all_sources_together(void)
{
	struct net_limit *limit = new_limit();
	unsigned passed = 0;

	for (uint32_t source = 1; source <= 4; source++)
		passed += burst(limit, 1, source, 60, start);
	T_EQ(passed, 100);
	net_limit_free(limit);
}

static void
interfaces_do_not_share(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(burst(limit, 1, 7, 200, start), 51);
	T_EQ(burst(limit, 2, 7, 200, start), 51);
	/* Some of so many have their place in the same set. */
	for (uint32_t i = 3; i < 300; i++)
		T_EQ(burst(limit, i, 7, 60, start), 51);
	net_limit_free(limit);
}

static void
families_do_not_share(void)
{
	static const uint8_t v6[16] = { 10, 0, 0, 7 };
	struct net_limit *limit = new_limit();
	const struct addr src = addr_v6(v6);

	T_EQ(burst(limit, 1, 7, 200, start), 51);
	T_EQ(net_limit_admit(limit, 1, &src, 100, start), true);
	net_limit_free(limit);
}

/* Ten thousand forged sources: half of the interface remains for a source that
 * is known, and it stays known. */
static void
strangers_leave_half_to_the_known(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(burst(limit, 1, 7, 2, start), 2);
	T_EQ(flood(limit, 1000, 10000, after_ms(1000)), 50);
	T_EQ(burst(limit, 1, 7, 200, after_ms(1000)), 50);
	net_limit_free(limit);
}

static void
a_long_flood_does_not_push_out_the_known(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(burst(limit, 1, 7, 2, start), 2);
	/* 250 s of forged sources, many times the places there are. */
	for (uint32_t s = 1; s <= 250; s++)
		(void)flood(limit, s * 1000, 400, after_ms(s * 1000));
	T_EQ(flood(limit, 1, 6, after_ms(250000)), 0);
	T_EQ(burst(limit, 1, 7, 200, after_ms(250000)), 50);
	net_limit_free(limit);
}

/* After a flood a newcomer finds a place, and has tokens of its own. */
static void
sources_heard_once_make_room(void)
{
	struct net_limit *limit = new_limit();
	const uint32_t fast = 1000000;

	for (uint32_t i = 0; i < 20 * NET_LIMIT_SOURCES; i++) {
		const struct addr src = host(i);

		(void)net_limit_admit(limit, 1, &src, fast, start);
	}
	T_EQ(burst(limit, 1, 0x900000, 1, after_ms(2000)), 1);
	(void)flood(limit, 0xa00000, 100, after_ms(2000));
	T_EQ(burst(limit, 1, 0x900000, 100, after_ms(2000)), 50);
	net_limit_free(limit);
}

/* Of those heard once, the one that was heard longest ago. */
static void
the_longest_silent_makes_room_first(void)
{
	enum { FIRST = 4 * NET_LIMIT_SOURCES, SECOND = 40, THIRD = 512 };
	struct net_limit *limit = new_limit();
	const uint32_t fast = 1000000;
	unsigned known = 0;

	for (uint32_t i = 0; i < FIRST + SECOND + THIRD; i++) {
		const struct addr src = host(i);
		const int64_t ms =
			i < FIRST ? 0 : (i < FIRST + SECOND ? 1000 : 2000);

		(void)net_limit_admit(limit, 1, &src, fast, after_ms(ms));
	}
	/* From here on strangers have no tokens left. */
	(void)flood(limit, 0x800000, 100, after_ms(2000));
	for (uint32_t i = 0; i < SECOND; i++)
		known += burst(limit, 1, FIRST + i, 1, after_ms(2000));
	T_CHECK(known >= SECOND - 2, "%u of %d are known", known, SECOND);
	net_limit_free(limit);
}

/* Every place belongs to somebody heard twice; minutes later they are free. */
static void
a_quiet_source_is_forgotten(void)
{
	struct net_limit *limit = new_limit();
	const uint32_t fast = 1000000;
	unsigned known = 0;

	for (uint32_t i = 0; i < 20 * NET_LIMIT_SOURCES; i++) {
		const struct addr src = host(i);

		(void)net_limit_admit(limit, 1, &src, fast, start);
		(void)net_limit_admit(limit, 1, &src, fast, start);
	}
	/* A newcomer finds no place: it stays a stranger, with the others. */
	(void)flood(limit, 0x800000, 100, after_ms(2000));
	T_EQ(burst(limit, 1, 0x800000, 1, after_ms(2000)), 0);
	/* Later it does, and then has tokens of its own. */
	T_EQ(burst(limit, 1, 0x900000, 1, after_ms(302001)), 1);
	(void)flood(limit, 0xa00000, 100, after_ms(302001));
	known = burst(limit, 1, 0x900000, 100, after_ms(302001));
	T_EQ(known, 50);
	net_limit_free(limit);
}

static void
a_lower_limit_acts_at_once(void)
{
	struct net_limit *limit = new_limit();
	const struct addr src = host(7);
	unsigned passed = 0;

	T_EQ(net_limit_admit(limit, 1, &src, 1000000, start), true);
	for (unsigned i = 0; i < 50; i++)
		passed += net_limit_admit(limit, 1, &src, 10, start);
	T_EQ(passed, 5);
	net_limit_free(limit);
}

static void
a_limit_of_one_lets_one_pass(void)
{
	struct net_limit *limit = new_limit();
	const struct addr src = host(7);

	T_EQ(net_limit_admit(limit, 1, &src, 1, start), true);
	T_EQ(net_limit_admit(limit, 1, &src, 1, start), false);
	T_EQ(net_limit_admit(limit, 1, &src, 1, after_ms(1000)), true);
	/* By now it has a bucket of its own, which fills too. */
	T_EQ(net_limit_admit(limit, 1, &src, 1, after_ms(1999)), false);
	T_EQ(net_limit_admit(limit, 1, &src, 1, after_ms(2000)), true);
	net_limit_free(limit);
}

/* Every bucket holds a packet, whatever the rate. */
static void
a_limit_of_nothing_lets_one_pass_in_all(void)
{
	struct net_limit *limit = new_limit();
	const struct addr src = host(7);

	T_EQ(net_limit_admit(limit, 1, &src, 0, start), true);
	T_EQ(net_limit_admit(limit, 1, &src, 0, start), false);
	net_limit_free(limit);
}

/* The time since the last packet times the rate is more than 63 bits. */
static void
a_long_silence_fills_the_buckets(void)
{
	struct net_limit *limit = new_limit();
	const struct addr src = host(7);
	const uint32_t fast = 10000000;

	for (int i = 0; i < 3; i++)
		T_EQ(net_limit_admit(
			     limit, 1, &src, fast, after_ms(i * 922337204LL)),
			true);
	net_limit_free(limit);
}

static void
time_that_does_not_pass_costs_no_tokens(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(burst(limit, 1, 7, 2, start), 2);
	T_EQ(burst(limit, 1, 7, 1, after_ms(-1000)), 1);
	T_EQ(burst(limit, 1, 7, 200, start), 48);
	net_limit_free(limit);
}

/* A millisecond of work each. */
static unsigned
costly(struct net_limit *limit, uint32_t first, unsigned step, unsigned n,
	struct mono now)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct addr src = host(first + i * step);

		if (!net_limit_admit(limit, 1, &src, 1000000, now))
			continue;
		net_limit_charge(limit, 1, &src, 1000, now);
		passed++;
	}
	return passed;
}

/* Half a second of work in one go, afterwards a quarter of the time; the first
 * packet was a stranger's. */
static void
costly_packets_of_one_source_are_limited(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(costly(limit, 7, 0, 2000, start), 502);
	T_EQ(costly(limit, 7, 0, 2000, start), 0);
	T_EQ(costly(limit, 7, 0, 2000, after_ms(1000)), 250);
	T_EQ(costly(limit, 7, 0, 2000, after_ms(90000)), 501);
	net_limit_free(limit);
}

static void
costly_packets_of_strangers_are_limited_and_leave_some_to_the_known(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(costly(limit, 7, 0, 2, start), 2);
	T_EQ(costly(limit, 1000, 1, 4000, start), 500);
	T_EQ(costly(limit, 7, 0, 100, start), 100);
	net_limit_free(limit);
}

static unsigned
cheap(struct net_limit *limit, uint32_t source, unsigned n)
{
	const struct addr src = host(source);
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++)
		passed += net_limit_admit(limit, 1, &src, 1000000, start);
	return passed;
}

static void
costly_packets_of_all_are_limited(void)
{
	struct net_limit *limit = new_limit();
	unsigned passed = 0;

	T_EQ(cheap(limit, 10, 2), 2);
	for (uint32_t source = 1; source <= 8; source++)
		passed += costly(limit, source, 0, 300, start);
	T_EQ(passed, 1001);
	T_EQ(costly(limit, 9, 0, 10, start), 0); /* a stranger */
	T_EQ(cheap(limit, 10, 2), 2);            /* not to blame */
	T_EQ(costly(limit, 10, 0, 2, start), 1);
	T_EQ(burst(limit, 2, 7, 1, start), 1); /* elsewhere */
	passed = costly(limit, 1, 0, 200, after_ms(1000));
	for (uint32_t source = 2; source <= 8; source++)
		passed += costly(limit, source, 0, 200, after_ms(1000));
	T_EQ(passed, 500);
	net_limit_free(limit);
}

static void
cheap_packets_owe_nothing(void)
{
	struct net_limit *limit = new_limit();
	const struct addr src = host(7);
	unsigned passed = 0;

	for (unsigned i = 0; i < 100000; i++) {
		passed += net_limit_admit(limit, 1, &src, 1000000, start);
		net_limit_charge(
			limit, 1, &src, NET_LIMIT_COSTLY_US - 1, start);
	}
	T_EQ(passed, 100000);
	net_limit_charge(limit, 2, &src, 1000000, start); /* nobody knows it */
	net_limit_free(limit);
}

static void
a_forgotten_interface_starts_afresh(void)
{
	struct net_limit *limit = new_limit();

	T_EQ(flood(limit, 1, 200, start), 50);
	net_limit_forget(limit, 1);
	net_limit_forget(limit, 99); /* nobody knows it */
	T_EQ(flood(limit, 1000, 200, start), 50);
	net_limit_free(limit);
	net_limit_free(NULL);
}

static struct t_case cases[] = {
	{ "one source gets half of the interface",
		one_source_gets_half_of_the_interface },
	{ "tokens flow in with time", tokens_flow_in_with_time },
	{ "impatience costs no tokens", impatience_costs_no_tokens },
	{ "the interface limits all sources together",
		the_interface_limits_all_sources_together },
	{ "interfaces do not share", interfaces_do_not_share },
	{ "families do not share", families_do_not_share },
	{ "strangers leave half to the known",
		strangers_leave_half_to_the_known },
	{ "a long flood does not push out the known",
		a_long_flood_does_not_push_out_the_known },
	{ "sources heard once make room", sources_heard_once_make_room },
	{ "the longest silent makes room first",
		the_longest_silent_makes_room_first },
	{ "a quiet source is forgotten", a_quiet_source_is_forgotten },
	{ "a lower limit acts at once", a_lower_limit_acts_at_once },
	{ "a limit of one lets one pass", a_limit_of_one_lets_one_pass },
	{ "a limit of nothing lets one pass in all",
		a_limit_of_nothing_lets_one_pass_in_all },
	{ "costly packets of one source are limited",
		costly_packets_of_one_source_are_limited },
	{ "costly packets of strangers are limited and leave some to the known",
		costly_packets_of_strangers_are_limited_and_leave_some_to_the_known },
	{ "costly packets of all are limited",
		costly_packets_of_all_are_limited },
	{ "cheap packets owe nothing", cheap_packets_owe_nothing },
	{ "a long silence fills the buckets",
		a_long_silence_fills_the_buckets },
	{ "time that does not pass costs no tokens",
		time_that_does_not_pass_costs_no_tokens },
	{ "a forgotten interface starts afresh",
		a_forgotten_interface_starts_afresh },
};
T_MAIN(cases)
