/* SPDX-License-Identifier: ISC */
#include "t.h"
#include "tcctl/model_int.h"

static void
ticks_are_64_ns(void)
{
	T_EQ(tc_clock_ticks(0, 1000), 0);
	/* 125 000 B/s: 8 us an octet, 125 ticks. */
	T_EQ(tc_clock_ticks(1, 125000), 125);
	T_EQ(tc_clock_ticks(1538, 125000), 1538 * 125);
	/* 1 s at any rate is 15 625 000 ticks. */
	T_EQ(tc_clock_ticks(12500000, 12500000), 15625000);
	T_EQ(tc_clock_ticks(4000000000, 4000000000), 15625000);
}

static void
ticks_are_rounded_up(void)
{
	T_EQ(tc_clock_ticks(1, 1000000000), 1); /* 0.0156 ticks */
	T_EQ(tc_clock_ticks(3, 15625000), 3);
	T_EQ(tc_clock_ticks(3, 15624999), 4);
	T_EQ(tc_clock_ticks(3, 15625001), 3);
}

static void
ticks_end_at_32_bits(void)
{
	T_EQ(tc_clock_ticks(274, 1), 274u * 15625000u);
	T_EQ(tc_clock_ticks(275, 1), UINT32_MAX);
	T_EQ(tc_clock_ticks(UINT64_MAX, 1), UINT32_MAX);
	T_EQ(tc_clock_ticks(UINT64_MAX, UINT64_MAX), UINT32_MAX);
	T_EQ(tc_clock_ticks(1500, 0), UINT32_MAX);
}

static void
octets_come_back(void)
{
	static const uint64_t rates[] = { 1, 1000, 125000, 1250000, 15625000,
		UINT32_MAX, 12500000000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (uint64_t bytes = 0; bytes < 200; bytes += 7) {
			uint32_t ticks = tc_clock_ticks(bytes, rates[i]);
			uint64_t back = tc_clock_bytes(ticks, rates[i]);

			/* At most what passes in one tick too many. */
			T_CHECK(back >= bytes &&
					back <= bytes + rates[i] / 15625000 + 1,
				"%" PRIu64 " at %" PRIu64 " came back as "
				"%" PRIu64,
				bytes, rates[i], back);
		}
	T_EQ(tc_clock_bytes(UINT32_MAX, UINT64_MAX) == UINT64_MAX, 1);
	T_EQ(tc_clock_bytes(0, UINT64_MAX), 0);
}

static void
earnings_are_rounded_up(void)
{
	T_EQ(tc_clock_earned(125000, 200), 25);
	T_EQ(tc_clock_earned(1250001, 200), 251);
	T_EQ(tc_clock_earned(1, 1), 1);
	T_EQ(tc_clock_earned(0, 200), 0);
	T_EQ(tc_clock_earned(125000, 0), 0);
	T_EQ(tc_clock_earned(125000000000, 200), 25000000);
	T_EQ(tc_clock_earned(UINT64_MAX, UINT32_MAX) == UINT64_MAX, 1);
}

static void
ticks_as_microseconds(void)
{
	T_EQ(tc_clock_us(0), 0);
	T_EQ(tc_clock_us(1), 1);
	T_EQ(tc_clock_us(125), 8);
	T_EQ(tc_clock_us(126), 9);
	T_EQ(tc_clock_us(UINT32_MAX), 274877907);
}

static struct t_case cases[] = {
	{ "a tick is 64 ns", ticks_are_64_ns },
	{ "ticks are rounded up", ticks_are_rounded_up },
	{ "ticks end at 32 bits", ticks_end_at_32_bits },
	{ "octets come back from ticks", octets_come_back },
	{ "what a rate earns is rounded up", earnings_are_rounded_up },
	{ "ticks as microseconds", ticks_as_microseconds },
};

T_MAIN(cases)
