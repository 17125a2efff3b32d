/* SPDX-License-Identifier: ISC */
#ifndef LINK_H
#define LINK_H

/*
 * IP quantities to quantities on the wire of one interface.  A packet of x IP
 * octets costs w(x) = max(x + header + overhead, smallest frame) there; a rate
 * or depth of IP octets costs w(m)/m times as much at worst, m being the
 * smallest packet the Tspec speaks of.  All results are rounded up and saturate
 * at the largest number of their type.
 */

#include <stdbool.h>
#include <stdint.h>

#include "rsvpd/core/rsvp.h"

/* w(x): octets on the wire of one packet. */
uint64_t link_packet_bytes(const struct rsvp_iface *iface, uint64_t ip_bytes);

/* Octets (or octets a second) on the wire for that many IP octets in packets
 * of at least min_packet octets. */
uint64_t link_wire_bytes(
	const struct rsvp_iface *iface, uint64_t ip_bytes, uint32_t min_packet);

/* IP octets (a second) that certainly fit in that many on the wire, in packets
 * of min_packet octets; rounded down.  For the ADSPEC. */
uint64_t link_ip_bytes(const struct rsvp_iface *iface, uint64_t wire_bytes,
	uint32_t min_packet);

/* The error terms of RFC 2212 that the interface exports, each in 1..2^28. */
void link_gs_terms(const struct rsvp_iface *iface, uint32_t *ret_C_bytes,
	uint32_t *ret_D_us);

/* How a guaranteed flow comes here. */
struct link_arrival {
	uint32_t Csum, Dsum; /* of the arriving ADSPEC */
	bool reshape;        /* flows merge here, or less goes on than comes */
};

/*
 * Fill in what the kernel must do for a reservation: service, rates, bucket,
 * packet sizes and buffer.  id, ifindex, addresses and filters are left alone.
 * The flowspec is valid (merge.h), with m and M known.  A peak rate that is
 * there is never below the rate.
 */
void link_flow(const struct rsvp_iface *iface,
	const struct wire_flowspec *effective,
	const struct link_arrival *arrival, struct rsvp_flow *flow);

/*
 * What leaves by the class of that flow has the shape of its token bucket
 * again: the class' rate is r and no packet may cost less on the wire than m
 * makes of it.  A class of a larger rate lets a burst through.
 */
bool link_reshapes(
	const struct rsvp_iface *iface, const struct wire_flowspec *effective);

/*
 * The most that one flow may have queued.  What a Tspec, a slack or an ADSPEC
 * can demand is beyond any memory; a request whose flow has a larger
 * buffer_bytes cannot be supported and is refused (RFC 2211 5).
 */
#define LINK_BUFFER_MAX_BYTES (UINT64_C(256) << 20)

/*
 * What a GS flow counts against the interface's budget: its burst in the kernel
 * plus one packet, where burst = packet + rate * timer.  0 for another service.
 */
uint64_t link_gs_burst_bytes(
	const struct rsvp_iface *iface, const struct rsvp_flow *flow);

#endif /* LINK_H */
