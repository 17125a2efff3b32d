/* SPDX-License-Identifier: ISC */

/*
 * What tc(8) and the kernel put in where nothing was said, so that a tree that
 * was described for us comes out as the commands of old made it.
 */

#include "model_int.h"

#include <string.h>

#include "rate_int.h"

enum {
	QUANTUM_MIN = 1000,
	QUANTUM_MAX = 200000,
	PREF_FIRST = 0xc000,
	BANDS = 3,
	US_PER_S = 1000000
};

/* Whole microseconds first, by way of floating point, then ticks. */
uint32_t
tc_burst_ticks(uint64_t bytes, uint64_t rate_Bps)
{
	double us = US_PER_S * ((double)bytes / (double)rate_Bps);

	if (rate_Bps == 0 || us >= (double)UINT32_MAX)
		return UINT32_MAX;

	uint64_t ticks = (uint64_t)us * 1000 / 64;

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

uint64_t
tc_htb_burst_default(uint64_t rate_Bps, uint32_t mtu, uint64_t hz)
{
	return (hz > 0 ? rate_Bps / hz : 0) + (mtu > 0 ? mtu : TC_HTB_MTU);
}

uint32_t
tc_htb_quantum_default(uint64_t rate_Bps, uint32_t r2q)
{
	uint64_t quantum = rate_Bps / (r2q > 0 ? r2q : TC_HTB_R2Q);

	if (quantum < QUANTUM_MIN)
		return QUANTUM_MIN;
	return quantum > QUANTUM_MAX ? QUANTUM_MAX : (uint32_t)quantum;
}

static double
waiting(uint64_t rate_Bps, uint32_t latency_us, uint32_t burst)
{
	return (double)rate_Bps * latency_us / US_PER_S + burst;
}

uint32_t
tc_tbf_limit_of_latency(const struct tc_tbf *tbf, uint32_t latency_us)
{
	double limit = waiting(tbf->rate_Bps, latency_us, tbf->burst_bytes);
	double peak = waiting(tbf->peak_Bps, latency_us, tbf->mtu_bytes);

	if (tbf->peak_Bps != 0 && peak < limit)
		limit = peak;
	return limit >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
}

void
tc_prio_default(struct tc_prio *ret_prio)
{
	static const uint8_t map[TC_PRIORITIES] = { 1, 2, 2, 2, 1, 2, 0, 0, 1,
		1, 1, 1, 1, 1, 1, 1 };

	ret_prio->bands = BANDS;
	memcpy(ret_prio->map, map, sizeof(ret_prio->map));
}

uint16_t
tc_pref_auto(uint16_t lowest)
{
	return lowest == 0 ? PREF_FIRST : (uint16_t)(lowest - 1);
}
