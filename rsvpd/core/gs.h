/* SPDX-License-Identifier: ISC */
#ifndef GS_H
#define GS_H

/*
 * Guaranteed Service mathematics (RFC 2212).  The delay bound and the rate for
 * a bound are in rsvp.h, since applications need them too.
 */

#include <stdint.h>

#include "rsvpd/core/rsvp.h"

/*
 * IP octets that a conforming flow can have queued at an element, Csum octets
 * and Dsum microseconds behind the last reshaping point (RFC 2212, Guidelines
 * for Implementors).  The flowspec must be valid.
 */
double gs_buffer_bytes(
	const struct wire_flowspec *spec, uint32_t Csum, uint32_t Dsum);

#endif /* GS_H */
