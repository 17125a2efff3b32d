/* SPDX-License-Identifier: ISC */
#ifndef RATE_INT_H
#define RATE_INT_H

/* A rate with what is charged per packet: as the kernel counts, and as its
 * attributes have it.  Pure. */

#include <linux/pkt_sched.h>

#include "kinds_int.h"
#include "nl_attr.h"

struct tc_rate {
	uint64_t Bps;
	uint16_t overhead;
	uint16_t mpu;
	bool atm;
};

/* The attribute; what does not fit in 32 bits is sent as ~0, with a 64-bit
 * attribute beside it. */
struct tc_ratespec tc_rate_spec(const struct tc_rate *rate);
/* Back again; wide: the 64-bit attribute, or none. */
struct tc_rate tc_rate_of(const struct tc_ratespec *spec, struct nl_view wide);
/* The 64-bit attribute, if the rate needs it. */
void tc_rate_put_wide(
	struct buf_writer *w, uint16_t type, const struct tc_rate *rate);

/* Ticks that the kernel reckons for a packet of so many octets. */
uint32_t tc_rate_ticks(const struct tc_rate *rate, uint32_t bytes);
/* The most octets that take these ticks. */
uint32_t tc_rate_bytes(const struct tc_rate *rate, uint32_t ticks);

enum { TC_RATE_CELLS = 256, TC_RATE_MTU = 2047 };

/* Append the table that old kernels looked rates up in, and note its cell size
 * in the specification.  mtu 0: TC_RATE_MTU. */
void tc_rate_put_table(struct buf_writer *w, uint16_t type, uint32_t mtu,
	const struct tc_rate *rate, struct tc_ratespec *spec);
/* Logarithm of the cell that such a table has. */
uint8_t tc_rate_cell_log(uint32_t mtu);
/* A cell of ATM, and what of it is payload. */
enum { TC_ATM_CELL = 53, TC_ATM_PAYLOAD = 48 };
/* Octets on the wire, by the link layer (a multiple of 53 for ATM). */
uint32_t tc_rate_cells(uint32_t bytes, bool atm);

#endif /* RATE_INT_H */
