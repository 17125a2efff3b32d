/* SPDX-License-Identifier: ISC */

/* Rates as the kernel counts them. */

#include "rate_int.h"

#include "model_int.h"

enum { NS_PER_TICK_LOG = 6 };

struct tc_ratespec
tc_rate_spec(const struct tc_rate *rate)
{
	/* linklayer set, cell_log 0: no rate tables are needed, and what is
	 * dumped equals what was sent. */
	return (struct tc_ratespec){
		.linklayer =
			rate->atm ? TC_LINKLAYER_ATM : TC_LINKLAYER_ETHERNET,
		.overhead = rate->overhead,
		.mpu = rate->mpu,
		.rate = rate->Bps > UINT32_MAX ? UINT32_MAX
					       : (uint32_t)rate->Bps,
	};
}

struct tc_rate
tc_rate_of(const struct tc_ratespec *spec, struct nl_view wide)
{
	uint8_t layer = spec->linklayer & TC_LINKLAYER_MASK;

	return (struct tc_rate){ .Bps = wide.data ? nl_u64(wide) : spec->rate,
		.overhead = spec->overhead,
		.mpu = spec->mpu,
		.atm = layer == TC_LINKLAYER_ATM };
}

void
tc_rate_put_wide(
	struct buf_writer *w, uint16_t type, const struct tc_rate *rate)
{
	if (rate->Bps >= UINT32_MAX)
		nl_put_u64(w, type, rate->Bps);
}

uint32_t
tc_rate_cells(uint32_t bytes, bool atm)
{
	uint64_t cells =
		((uint64_t)bytes + TC_ATM_PAYLOAD - 1) / TC_ATM_PAYLOAD;

	return atm ? (uint32_t)(cells * TC_ATM_CELL) : bytes;
}

/* The kernel multiplies by a reciprocal of 32 bits. */
uint32_t
tc_rate_ticks(const struct tc_rate *rate, uint32_t bytes)
{
	uint64_t factor = UINT64_C(1000000000);
	uint64_t len = (uint64_t)bytes + rate->overhead;
	uint64_t mult;
	unsigned shift = 0;

	if (rate->Bps == 0)
		return 0;
	mult = factor / rate->Bps;
	while ((mult & (UINT64_C(1) << 31)) == 0 && factor >> 63 == 0) {
		factor <<= 1;
		shift++;
		mult = factor / rate->Bps;
	}
	len = len < rate->mpu ? rate->mpu : len;
	if (rate->atm)
		len = (len + TC_ATM_PAYLOAD - 1) / TC_ATM_PAYLOAD * TC_ATM_CELL;
	len = len * (uint32_t)mult >> shift >> NS_PER_TICK_LOG;
	return len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
}

uint32_t
tc_rate_bytes(const struct tc_rate *rate, uint32_t ticks)
{
	uint32_t low = 0;
	uint32_t high = UINT32_MAX >> 1; /* more would not fit in the ticks */

	if (rate->Bps == 0)
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (tc_rate_ticks(rate, middle) <= ticks)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

uint8_t
tc_rate_cell_log(uint32_t mtu)
{
	uint8_t log = 0;

	if (mtu == 0)
		mtu = TC_RATE_MTU;
	while (mtu >> log >= TC_RATE_CELLS)
		log++;
	return log;
}

void
tc_rate_put_table(struct buf_writer *w, uint16_t type, uint32_t mtu,
	const struct tc_rate *rate, struct tc_ratespec *spec)
{
	uint8_t *start = nl_begin(w, type);
	uint8_t log = tc_rate_cell_log(mtu);

	for (uint32_t i = 0; i < TC_RATE_CELLS; i++) {
		uint32_t size = (i + 1) << log;
		uint32_t ticks;

		size = size < rate->mpu ? rate->mpu : size;
		ticks = tc_clock_ticks(
			tc_rate_cells(size, rate->atm), rate->Bps);
		buf_put_bytes(w, &ticks, sizeof(ticks));
	}
	nl_end(w, start);
	spec->cell_log = log;
	spec->cell_align = -1;
}
