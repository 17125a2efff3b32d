/* SPDX-License-Identifier: ISC */

/*
 * IP quantities to quantities on the wire.  Whatever is reserved is rounded up
 * and whatever is promised to others is rounded to the safe side, in integers
 * that saturate: a rate of 40 TB/s in packets of one octet behind a header of
 * 38 still fits, and absurd requests end at the largest number, which no link
 * can carry.
 */

#include "link.h"

#include <math.h>

#include "rsvpd/core/gs.h"

enum {
	PACKET_MAX = 65535, /* no smaller m makes anything better */
	TERM_MAX = 1 << 28, /* RFC 2212: of one element's C and D */
	US_PER_S = 1000000,
	CL_QUEUE_MS = 200,    /* CL: bursts that clear in this are not lost */
	CL_QUEUE_PACKETS = 4, /* and never fewer full packets */
	RATE_EXACT_LOG2 = 40  /* US_PER_S times more than this fits 64 bits */
};

static uint64_t
add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t
multiply(uint64_t a, uint64_t b)
{
	return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a >= b ? a : b;
}

/* x * times / by, rounded up; times * by must fit 64 bits. */
static uint64_t
scale_up(uint64_t x, uint64_t times, uint64_t by)
{
	const uint64_t rest = x % by * times;

	return add(multiply(x / by, times), rest / by + (rest % by != 0));
}

static uint64_t
scale_down(uint64_t x, uint64_t times, uint64_t by)
{
	return add(multiply(x / by, times), x % by * times / by);
}

static uint64_t
round_up(double x)
{
	if (!(x > 0))
		return 0;
	if (x >= 18446744073709551616.0) /* 2^64 */
		return UINT64_MAX;

	const uint64_t whole = (uint64_t)x;

	return (double)whole < x ? whole + 1 : whole;
}

static uint32_t
clamp_term(uint64_t x)
{
	if (x < 1)
		return 1;
	return x > TERM_MAX ? TERM_MAX : (uint32_t)x;
}

static uint32_t
clamp_u32(uint64_t x)
{
	return x > UINT32_MAX ? UINT32_MAX : (uint32_t)x;
}

/* Microseconds to send that much, rounded up. */
static uint64_t
sending_us(uint64_t wire_bytes, uint64_t rate_Bps)
{
	if (rate_Bps == 0)
		return UINT64_MAX;
	while (rate_Bps >> RATE_EXACT_LOG2 != 0) {
		rate_Bps >>= 1;
		wire_bytes = (wire_bytes >> 1) + (wire_bytes & 1);
	}
	return scale_up(wire_bytes, US_PER_S, rate_Bps);
}

/* ATM: whole cells, as the kernel counts them too. */
static uint64_t
cells(const struct rsvp_iface *iface, uint64_t bytes)
{
	enum { PAYLOAD = 48, CELL = 53 };

	if (!iface->atm)
		return bytes;
	bytes = bytes / PAYLOAD + (bytes % PAYLOAD != 0);
	return bytes > UINT64_MAX / CELL ? UINT64_MAX : bytes * CELL;
}

uint64_t
link_packet_bytes(const struct rsvp_iface *iface, uint64_t ip_bytes)
{
	const uint64_t extra =
		(uint64_t)iface->header_bytes + iface->overhead_bytes;

	return cells(
		iface, larger(add(ip_bytes, extra), iface->min_frame_bytes));
}

static uint64_t
smallest_packet(uint32_t min_packet)
{
	if (min_packet == 0)
		return 1;
	return min_packet > PACKET_MAX ? PACKET_MAX : min_packet;
}

/*
 * The packet of m octets or more that takes most on the wire for its size: the
 * smallest, or in cells the one that just needs one cell more.  Beyond it the
 * ratio only falls.
 */
static uint64_t
worst_packet(const struct rsvp_iface *iface, uint32_t min_packet)
{
	const uint64_t m = smallest_packet(min_packet);
	const uint64_t wire = link_packet_bytes(iface, m);
	uint64_t more = m;

	if (!iface->atm)
		return m;
	while (link_packet_bytes(iface, more) == wire)
		more++;
	/* wire / m against the other: all are far below 2^32. */
	return link_packet_bytes(iface, more) * m > wire * more ? more : m;
}

uint64_t
link_wire_bytes(
	const struct rsvp_iface *iface, uint64_t ip_bytes, uint32_t min_packet)
{
	const uint64_t m = worst_packet(iface, min_packet);

	return scale_up(ip_bytes, link_packet_bytes(iface, m), m);
}

uint64_t
link_ip_bytes(const struct rsvp_iface *iface, uint64_t wire_bytes,
	uint32_t min_packet)
{
	const uint64_t m = worst_packet(iface, min_packet);

	return scale_down(wire_bytes, m, link_packet_bytes(iface, m));
}

/*
 * The shaper lets a packet go when its bucket is not negative, so against a
 * fluid server a packet is late by one packet at most: C.  Then all that may be
 * eligible at the same time, one foreign packet, and what is below the shaper
 * can be in front of it, and the shaper's timer can be late: D.
 */
void
link_gs_terms(const struct rsvp_iface *iface, uint32_t *ret_C_bytes,
	uint32_t *ret_D_us)
{
	const uint64_t packet = link_packet_bytes(iface, iface->mtu);
	const uint64_t before =
		add(add(iface->budget_bytes, packet), iface->device_bytes);

	*ret_C_bytes = clamp_term(packet);
	*ret_D_us = clamp_term(
		add(sending_us(before, iface->link_Bps), iface->timer_us));
}

/* IP octets a second, or octets, of this flow on the wire. */
static uint64_t
on_wire(const struct rsvp_iface *iface, const struct wire_tspec *t, double x)
{
	return link_wire_bytes(iface, round_up(x), t->m);
}

static uint64_t
in_timer(const struct rsvp_iface *iface, uint64_t rate_Bps)
{
	return scale_up(rate_Bps, iface->timer_us, US_PER_S);
}

static void
fill_gs(const struct rsvp_iface *iface, const struct wire_flowspec *spec,
	double buffer_bytes, struct rsvp_flow *flow)
{
	const struct wire_tspec *t = &spec->tspec;

	flow->rate_Bps = on_wire(iface, t, spec->R);
	flow->token_Bps = on_wire(iface, t, t->r);
	if (flow->token_Bps > flow->rate_Bps)
		flow->token_Bps = flow->rate_Bps;
	flow->bucket_bytes =
		larger(on_wire(iface, t, t->b), flow->max_packet_bytes);
	/* R may be above p: then the class may as well send at R. */
	flow->peak_Bps =
		isinf(t->p) ? 0
			    : larger(on_wire(iface, t, t->p), flow->rate_Bps);
	flow->buffer_bytes = on_wire(iface, t, buffer_bytes); /* M or more */
}

/*
 * The bucket is also the burst in the kernel, so it must not be smaller than
 * what the shaper needs to reach the rate.  A peak rate that leaves no room for
 * a burst to clear is ignored, as RFC 2211 5 permits (RFC 2211 4).
 */
static void
fill_cl(const struct rsvp_iface *iface, const struct wire_tspec *t,
	struct rsvp_flow *flow)
{
	const uint64_t mtu_w = link_packet_bytes(iface, iface->mtu);
	const uint64_t rate = on_wire(iface, t, t->r);

	flow->rate_Bps = rate;
	flow->bucket_bytes = larger(on_wire(iface, t, t->b),
		add(flow->max_packet_bytes, in_timer(iface, rate)));
	flow->peak_Bps =
		isfinite(t->p) && t->p > t->r ? on_wire(iface, t, t->p) : 0;
	flow->buffer_bytes = larger(
		add(flow->bucket_bytes, scale_up(rate, CL_QUEUE_MS, 1000)),
		multiply(mtu_w, CL_QUEUE_PACKETS));
	/* The bucket has to have room, what is beyond may. */
	if (flow->buffer_bytes > LINK_BUFFER_MAX_BYTES)
		flow->buffer_bytes =
			larger(flow->bucket_bytes, LINK_BUFFER_MAX_BYTES);
}

void
link_flow(const struct rsvp_iface *iface, const struct wire_flowspec *effective,
	const struct link_arrival *arrival, struct rsvp_flow *flow)
{
	const struct wire_tspec *t = &effective->tspec;

	flow->service = effective->service;
	flow->max_packet_bytes = clamp_u32(link_packet_bytes(iface, t->M));
	flow->min_packet_bytes = clamp_u32(link_packet_bytes(iface, t->m));
	if (effective->service == WIRE_SERVICE_GS)
		fill_gs(iface, effective,
			gs_buffer_bytes(effective, arrival->Csum, arrival->Dsum,
				arrival->reshape),
			flow);
	else
		fill_cl(iface, t, flow);
}

bool
link_reshapes(
	const struct rsvp_iface *iface, const struct wire_flowspec *effective)
{
	const struct wire_tspec *t = &effective->tspec;
	const uint64_t smallest = smallest_packet(t->m);

	return effective->service == WIRE_SERVICE_GS && effective->R <= t->r &&
	       (smallest >= t->M ||
		       link_packet_bytes(iface, smallest) == smallest);
}

uint64_t
link_gs_burst_bytes(
	const struct rsvp_iface *iface, const struct rsvp_flow *flow)
{
	if (flow->service != WIRE_SERVICE_GS)
		return 0;
	return add(multiply(flow->max_packet_bytes, 2),
		in_timer(iface, flow->rate_Bps));
}
