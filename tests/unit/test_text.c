/* SPDX-License-Identifier: ISC */
#include <math.h>

#include "base/text.h"
#include "t.h"

static void
text_is_cut_and_marked(void)
{
	char buf[8];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "%s", "1234567");
	T_STR(buf, "1234567");
	T_CHECK(!t.cut, "cut early");
	text_add(&t, "8");
	T_STR(buf, "1234567");
	T_CHECK(t.cut, "not marked");
}

static void
rates_and_sizes_parse(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} rates[] = { { "2 Mbit", 250000 }, { "2Mbit/s", 250000 },
		{ "64 kbit", 8000 }, { "1.5 Mbit/s", 187500 },
		{ "100 Gbit", 12500000000 }, { "125000", 125000 },
		{ "125 kB/s", 125000 }, { "0", 0 } };
	static const struct {
		const char *text;
		uint64_t want;
	} sizes[] = { { "16 kB", 16000 }, { "1500", 1500 }, { "64 kbit", 8000 },
		{ "1500 B", 1500 } };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t got = 1;

		T_CHECK(text_parse_rate(rates[i].text, &got), "%s",
			rates[i].text);
		T_EQ(got, rates[i].want);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t got = 1;

		T_CHECK(text_parse_size(sizes[i].text, &got), "%s",
			sizes[i].text);
		T_EQ(got, sizes[i].want);
	}
}

static void
other_quantities_are_refused(void)
{
	static const char *const bad[] = { "", "Mbit", "-1", "1 Xbit", "1e30",
		"2 Mbit/h", "nan", "inf", "1 kB extra" };
	/* Bits to some, octets to others. */
	static const char *const either[] = { "2 Mbps", "2 MBps", "2 Mb",
		"2 Mb/s", "2 bps", "64 kb" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		T_CHECK(!text_parse_rate(bad[i], &v), "%s", bad[i]);
	for (size_t i = 0; i < sizeof(either) / sizeof(either[0]); i++) {
		T_CHECK(!text_parse_rate(either[i], &v), "%s", either[i]);
		T_CHECK(!text_parse_size(either[i], &v), "%s", either[i]);
	}
	T_CHECK(!text_parse_size("1 kB/s", &v), "a rate is no size");
}

static void
rates_print_with_units(void)
{
	char buf[32];
	struct text t = text_over(buf, sizeof(buf));

	text_add_rate(&t, 250000);
	T_STR(buf, "2 Mbit/s");
	t = text_over(buf, sizeof(buf));
	text_add_rate(&t, (double)INFINITY);
	T_STR(buf, "infinite bit/s");
	t = text_over(buf, sizeof(buf));
	text_add_size(&t, 1500);
	T_STR(buf, "1.5 kB");
}

static void
distance_is_counted_in_edits(void)
{
	T_EQ(text_distance("refresh", "refresh", 9), 0);
	T_EQ(text_distance("refresh", "refersh", 9), 2);
	T_EQ(text_distance("enabled", "enable", 9), 1);
	T_EQ(text_distance("abc", "xyz", 2), 2);
}

static void
bytes_from_outside_are_escaped(void)
{
	char buf[32];
	struct text t = text_over(buf, sizeof(buf));

	text_add_escaped(&t, "a\n\\\xff", 4);
	T_STR(buf, "a\\x0a\\x5c\\xff");
}

static void
a_terminal_obeys_nothing_in_it(void)
{
	char buf[] = "a\x1b[2J\n\t\x7f\x01z \xc3\xbc";

	text_tame(buf);
	T_STR(buf, "a [2J    z \xc3\xbc");
}

static struct t_case cases[] = {
	{ "what does not fit is cut and marked", text_is_cut_and_marked },
	{ "rates and sizes parse with units", rates_and_sizes_parse },
	{ "other quantities are refused", other_quantities_are_refused },
	{ "rates print with units", rates_print_with_units },
	{ "distance is counted in edits", distance_is_counted_in_edits },
	{ "bytes from outside are escaped", bytes_from_outside_are_escaped },
	{ "a terminal obeys nothing in it", a_terminal_obeys_nothing_in_it },
};

T_MAIN(cases)
