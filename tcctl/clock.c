/* SPDX-License-Identifier: ISC */

/*
 * Rates and buckets in the kernel's units.  HTB keeps a bucket as the time in
 * which its rate would fill it, counted in ticks of 64 ns (/proc/net/psched).
 */

#include "model_int.h"

enum { TICKS_PER_S = 1000000000 / 64, NS_PER_TICK = 64 };

uint32_t
tc_clock_ticks(uint64_t bytes, uint64_t rate_Bps)
{
	if (rate_Bps == 0 || bytes > (UINT64_MAX - rate_Bps) / TICKS_PER_S)
		return UINT32_MAX;

	uint64_t ticks = (bytes * TICKS_PER_S + rate_Bps - 1) / rate_Bps;

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

uint64_t
tc_clock_bytes(uint32_t ticks, uint64_t rate_Bps)
{
	uint64_t whole = rate_Bps / TICKS_PER_S;
	uint64_t part = rate_Bps % TICKS_PER_S * ticks / TICKS_PER_S;

	if (ticks > 0 && whole > (UINT64_MAX - part) / ticks)
		return UINT64_MAX;
	return whole * ticks + part;
}

uint64_t
tc_clock_earned(uint64_t rate_Bps, uint32_t us)
{
	enum { US_PER_S = 1000000 };
	uint64_t whole = rate_Bps / US_PER_S;
	uint64_t part = (rate_Bps % US_PER_S * us + US_PER_S - 1) / US_PER_S;

	if (us > 0 && whole > (UINT64_MAX - part) / us)
		return UINT64_MAX;
	return whole * us + part;
}

int64_t
tc_clock_us(uint32_t ticks)
{
	return ((int64_t)ticks * NS_PER_TICK + 999) / 1000;
}
