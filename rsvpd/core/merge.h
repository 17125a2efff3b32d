/* SPDX-License-Identifier: ISC */
#ifndef MERGE_H
#define MERGE_H

/*
 * Algebra of Tspecs and flowspecs: which are valid, which is larger, and what
 * several of them amount to (RFC 2210 2.3.2, 2211 5 and 8, 2212, 2215 3.6).
 * Pure functions on values.
 */

#include <stdbool.h>
#include <stdint.h>

#include "rsvpd/wire/wire.h"

enum merge_order {
	MERGE_EQUAL,
	MERGE_GREATER, /* a is a substitute for b and differs from it */
	MERGE_LESS,
	MERGE_INCOMPARABLE, /* neither; a LUB exists */
	MERGE_INCOMPATIBLE  /* different services: nothing to merge */
};

/* Ranges of RFC 2211 5 and 2212; floats are judged by their bits first.
 * Refuse with code 21 value 4 (Tspec) or 3 (flowspec). */
bool merge_tspec_valid(const struct wire_tspec *tspec);
/* Also wants R >= r for GS; does not look at p for CL (RFC 2211 5).  False for
 * a service that is not known here. */
bool merge_flowspec_valid(const struct wire_flowspec *spec);

/*
 * Deployed routers send m = 0, and M = 0 or M = 2^31 - 1, for "not known".
 * Read m = 0 as the assumed size and M outside 1..mtu as the mtu, before
 * validity is judged.  m is never made larger than M by it.  Use it on what is
 * reserved here, with M > mtu only where that is no admission error (Path_Te;
 * RFC 2210 2.3.2); what is forwarded stays as it came.
 */
void merge_tspec_normalise(
	struct wire_tspec *tspec, uint32_t assumed_min_packet, uint32_t mtu);

/*
 * M of a request that stands for "not known" (0, 2^31 - 1): to be read as the
 * mtu.  Any other M above the mtu is refused with code 1 value 3.
 */
bool merge_packet_size_unknown(uint32_t max_packet);

/* r, b, p summed; smallest m; largest M: Path_Te over senders. */
struct wire_tspec merge_tspec_sum(
	const struct wire_tspec *a, const struct wire_tspec *b);
/* Largest r, b, p; smallest m and smallest M. */
struct wire_tspec merge_tspec_lub(
	const struct wire_tspec *a, const struct wire_tspec *b);
/* The smaller one; of unordered ones smallest r, p, m, M and largest b. */
struct wire_tspec merge_tspec_min(
	const struct wire_tspec *a, const struct wire_tspec *b);

/*
 * Order of two flowspecs by r, b, p, m and R, S.  M is left out: merging takes
 * the smallest M, so that with M the LUB would not be larger than its parts.
 */
enum merge_order merge_compare(
	const struct wire_flowspec *a, const struct wire_flowspec *b);
/* The same in every field, M and floats bit for bit. */
bool merge_equal(const struct wire_flowspec *a, const struct wire_flowspec *b);

/* Least flowspec that satisfies both; greatest that both satisfy (for blockade,
 * RFC 2205 3.5).  The services must be the same, else a is returned. */
struct wire_flowspec merge_lub(
	const struct wire_flowspec *a, const struct wire_flowspec *b);
struct wire_flowspec merge_glb(
	const struct wire_flowspec *a, const struct wire_flowspec *b);

/* What is reserved: min(Path_Te, Resv_Te) with the R and S asked for
 * (RFC 2205 2.2, 2210 2.3.2). */
struct wire_flowspec merge_effective(
	const struct wire_flowspec *spec, const struct wire_tspec *path_te);

#endif /* MERGE_H */
