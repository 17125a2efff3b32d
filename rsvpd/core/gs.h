/* SPDX-License-Identifier: ISC */
#ifndef GS_H
#define GS_H

/*
 * Guaranteed Service flowspecs at this node: what they may have queued and what
 * becomes of their slack (RFC 2212).  The arithmetic is base/intserv's; the
 * flowspecs are valid ones (merge.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "rsvpd/wire/wire.h"

/*
 * IP octets that a conforming flow can have queued here, Csum octets and Dsum
 * microseconds behind the last reshaping point (Guidelines for Implementors);
 * with reshape at least what a reshaper needs (Policing).
 */
double gs_buffer_bytes(const struct wire_flowspec *spec, uint32_t Csum,
	uint32_t Dsum, bool reshape);

/*
 * Take as much of the slack as makes a rate of at most rate_Bps do, with Ctot
 * up to and including this node: the flowspec to reserve here and to ask of the
 * nodes before us (Ordering and Merging).  False, nothing is written: there is
 * not as much slack, the rate is below r, or there is nothing to lower.
 */
bool gs_spend_slack(const struct wire_flowspec *in, uint32_t Ctot,
	double rate_Bps, struct wire_flowspec *ret_out);

#endif /* GS_H */
