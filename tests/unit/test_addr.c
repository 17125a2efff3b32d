/* SPDX-License-Identifier: ISC */
#include "base/addr.h"
#include "t_addr.h"

static void
text_round_trips(void)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1",
		"::", "0.0.0.0", "255.255.255.255" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr a;
		char buf[ADDR_TEXT];

		T_CHECK(addr_parse(texts[i], &a), "%s", texts[i]);
		T_STR(addr_format(&a, buf), texts[i]);
	}
}

static void
other_text_is_refused(void)
{
	static const char *const texts[] = { "", "1.2.3", "1.2.3.4.5",
		"1.2.3.256", "host", "1.2.3.4 ", "2001:db8::1%eth0" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr a;

		T_CHECK(!addr_parse(texts[i], &a), "%s", texts[i]);
	}
}

static void
prefixes_match_by_bits(void)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool in;
	} rows[] = {
		{ "10.20.0.0/16", "10.20.255.255", true },
		{ "10.20.0.0/16", "10.21.0.0", false },
		{ "10.20.0.0/15", "10.21.0.0", true },
		{ "0.0.0.0/0", "10.21.0.0", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "2001:db8:20::/48", "2001:db8:20:ffff::1", true },
		{ "2001:db8:20::/48", "2001:db8:21::1", false },
		{ "2001:db8:20::/47", "2001:db8:21::1", true },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr_prefix p;
		struct addr a = t_addr(rows[i].addr);

		T_CHECK(addr_prefix_parse(rows[i].prefix, &p), "%s",
			rows[i].prefix);
		T_CHECK(addr_in_prefix(&a, &p) == rows[i].in, "%s in %s",
			rows[i].addr, rows[i].prefix);
	}
}

static void
bad_prefixes_are_refused(void)
{
	static const char *const texts[] = { "10.0.0.1/8", "10.0.0.0/33",
		"2001:db8::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
		"10.0.0.0/8 ", "/8" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr_prefix p;

		T_CHECK(!addr_prefix_parse(texts[i], &p), "%s", texts[i]);
	}
}

static void
kinds_are_told_apart(void)
{
	const struct addr any4 = t_addr("0.0.0.0");
	const struct addr group4 = t_addr("239.1.1.1");
	const struct addr top = t_addr("223.255.255.255");
	const struct addr broadcast = t_addr("255.255.255.255");
	const struct addr group6 = t_addr("ff02::1");
	const struct addr local6 = t_addr("fe80::1");
	const struct addr loop4 = t_addr("127.1.2.3");
	const struct addr loop6 = t_addr("::1");

	T_CHECK(addr_is_zero(&any4) && !addr_is_unicast(&any4), "0.0.0.0");
	T_CHECK(addr_is_multicast(&group4) && !addr_is_unicast(&group4), "239");
	T_CHECK(!addr_is_multicast(&top) && addr_is_unicast(&top), "223");
	T_CHECK(!addr_is_unicast(&broadcast), "broadcast");
	T_CHECK(addr_is_multicast(&group6), "ff02::1");
	T_CHECK(addr_is_link_local(&local6) && addr_is_unicast(&local6),
		"fe80");
	T_CHECK(addr_is_loopback(&loop4) && addr_is_loopback(&loop6), "loop");
	T_CHECK(!addr_is_loopback(&top), "223");
}

static void
order_is_by_family_then_value(void)
{
	const struct addr a = t_addr("9.0.0.0");
	const struct addr b = t_addr("10.0.0.0");
	const struct addr c = t_addr("::");

	T_CHECK(addr_compare(&a, &b) < 0, "9 < 10");
	T_CHECK(addr_compare(&b, &a) > 0, "10 > 9");
	T_CHECK(addr_compare(&b, &c) < 0, "v4 < v6");
	T_CHECK(addr_equal(&a, &a) && !addr_equal(&a, &b), "equal");
}

static struct t_case cases[] = {
	{ "an address survives parse and format", text_round_trips },
	{ "text that is no address is refused", other_text_is_refused },
	{ "prefixes match by bits", prefixes_match_by_bits },
	{ "bad prefixes are refused", bad_prefixes_are_refused },
	{ "kinds of address are told apart", kinds_are_told_apart },
	{ "order is by family, then value", order_is_by_family_then_value },
};

T_MAIN(cases)
