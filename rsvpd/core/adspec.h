/* SPDX-License-Identifier: ISC */
#ifndef ADSPEC_H
#define ADSPEC_H

/*
 * Composition of ADSPECs: what a Path message gathers about the path when it
 * leaves through an interface of this node (RFC 2210 3.3, 2215 2 and 3).
 */

#include <stdbool.h>
#include <stdint.h>

#include "rsvpd/wire/wire.h"

/* This node and its outgoing interface, as one element of the path. */
struct adspec_local {
	bool non_rsvp_hop;      /* a node without RSVP was passed before us */
	bool intserv;           /* integrated services are provided there */
	bool gs, cl;            /* of them, these */
	bool reshapes;          /* the flow leaves in its own shape again */
	uint64_t available_Bps; /* IP octets a second; 0: not known */
	uint32_t latency_us;    /* smallest; WIRE_LATENCY_UNKNOWN: not known */
	uint32_t mtu;
	uint32_t C; /* GS error terms of the interface: octets */
	uint32_t D; /* and microseconds */
	/* Where a service offers less than the interface (RFC 2210 3.3.5). */
	struct wire_general gs_override;
	struct wire_general cl_override;
};

/*
 * General parameters all there and in range, fragments in increasing order,
 * overrides in range.  Else refuse with code 21 value 5.
 */
bool adspec_valid(const struct wire_adspec *adspec);

/* Compose the local element into a valid ADSPEC. */
void adspec_update(
	struct wire_adspec *adspec, const struct adspec_local *local);

/*
 * What a local sender starts with when its application gave none (RFC 2210
 * 2.1): nothing passed yet, GS and CL offered.  It still has to be composed
 * with the interface it leaves by.
 */
struct wire_adspec adspec_default(void);

#endif /* ADSPEC_H */
