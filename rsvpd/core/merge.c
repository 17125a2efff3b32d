/* SPDX-License-Identifier: ISC */

/*
 * Algebra of Tspecs and flowspecs.  Floats come from the network: they are
 * judged by their bits before anything is computed with them (RFC 2211 5 and
 * 2215 3.3, notes), and everything but the two _valid() functions expects
 * values that were found valid.
 *
 * CL may ignore the peak rate, whatever it holds.  So that a NaN there cannot
 * spoil a comparison, a peak rate that is no number of the permitted range is
 * read as "not known", which is infinity (RFC 2212).
 */

#include "merge.h"

#include <math.h>
#include <string.h>

/* RFC 2211 5, 2212: octets a second, and octets. */
#define RATE_MAX  40e12f
#define DEPTH_MAX 250e9f

enum {
	EXPONENT_ONE = 127, /* of the numbers 1.0 to 2.0 */
	EXPONENT_INFINITE = 255,
	PACKET_UNKNOWN = 0x7fffffff /* what deployed routers send as M */
};

static const uint32_t bits_infinity = 0x7f800000;

static uint32_t
bits_of(float f)
{
	uint32_t bits;

	_Static_assert(sizeof(bits) == sizeof(f), "IEEE 754 single precision");
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* 1 to max, sign bit clear, exponent neither below 127 nor 255. */
static bool
in_range(float f, float max)
{
	const uint32_t bits = bits_of(f);
	const uint32_t exponent = bits >> 23; /* with the sign on top */

	return exponent >= EXPONENT_ONE && exponent < EXPONENT_INFINITE &&
	       f <= max;
}

static bool
peak_valid(float p)
{
	return bits_of(p) == bits_infinity || in_range(p, RATE_MAX);
}

static bool
bucket_valid(const struct wire_tspec *t)
{
	return in_range(t->r, RATE_MAX) && in_range(t->b, DEPTH_MAX) &&
	       t->m > 0 && t->m <= t->M;
}

bool
merge_tspec_valid(const struct wire_tspec *tspec)
{
	return bucket_valid(tspec) && peak_valid(tspec->p) &&
	       tspec->p >= tspec->r;
}

bool
merge_flowspec_valid(const struct wire_flowspec *spec)
{
	if (spec->service == WIRE_SERVICE_CL)
		return bucket_valid(&spec->tspec);
	return spec->service == WIRE_SERVICE_GS &&
	       merge_tspec_valid(&spec->tspec) && in_range(spec->R, RATE_MAX) &&
	       spec->R >= spec->tspec.r;
}

bool
merge_packet_size_unknown(uint32_t max_packet)
{
	return max_packet == 0 || max_packet >= PACKET_UNKNOWN;
}

void
merge_tspec_normalise(
	struct wire_tspec *tspec, uint32_t assumed_min_packet, uint32_t mtu)
{
	const bool sensible =
		tspec->m <= tspec->M || merge_packet_size_unknown(tspec->M);

	if (tspec->m == 0)
		tspec->m = assumed_min_packet;
	if (tspec->M == 0 || tspec->M > mtu)
		tspec->M = mtu;
	if (sensible && tspec->m > tspec->M)
		tspec->m = tspec->M;
}

static float
larger(float a, float b)
{
	return a >= b ? a : b;
}

static float
smaller(float a, float b)
{
	return a <= b ? a : b;
}

static uint32_t
larger_u32(uint32_t a, uint32_t b)
{
	return a >= b ? a : b;
}

static uint32_t
smaller_u32(uint32_t a, uint32_t b)
{
	return a <= b ? a : b;
}

/* 0 stands for "not known" and is no smaller than what is (merge.h). */
static uint32_t
smaller_packet(uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return larger_u32(a, b);
	return smaller_u32(a, b);
}

struct wire_tspec
merge_tspec_sum(const struct wire_tspec *a, const struct wire_tspec *b)
{
	return (struct wire_tspec){
		.r = a->r + b->r,
		.b = a->b + b->b,
		.p = a->p + b->p,
		.m = smaller_u32(a->m, b->m),
		.M = larger_u32(a->M, b->M),
	};
}

struct wire_tspec
merge_tspec_lub(const struct wire_tspec *a, const struct wire_tspec *b)
{
	return (struct wire_tspec){
		.r = larger(a->r, b->r),
		.b = larger(a->b, b->b),
		.p = larger(a->p, b->p),
		.m = smaller_u32(a->m, b->m),
		.M = smaller_packet(a->M, b->M),
	};
}

/* a is a substitute for b, M left out. */
static bool
tspec_covers(const struct wire_tspec *a, const struct wire_tspec *b)
{
	return a->r >= b->r && a->b >= b->b && a->p >= b->p && a->m <= b->m;
}

struct wire_tspec
merge_tspec_min(const struct wire_tspec *a, const struct wire_tspec *b)
{
	if (tspec_covers(a, b) && a->M >= b->M)
		return *b;
	if (tspec_covers(b, a) && b->M >= a->M)
		return *a;
	return (struct wire_tspec){
		.r = smaller(a->r, b->r),
		.b = larger(a->b, b->b), /* RFC 2211 8, 2212 */
		.p = smaller(a->p, b->p),
		.m = smaller_u32(a->m, b->m),
		.M = smaller_u32(a->M, b->M),
	};
}

/* The flowspec with a peak rate that can be computed with. */
static struct wire_flowspec
with_peak(const struct wire_flowspec *spec)
{
	struct wire_flowspec s = *spec;

	if (!peak_valid(s.tspec.p)) /* of GS it always is */
		s.tspec.p = INFINITY;
	return s;
}

static bool
spec_covers(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	if (!tspec_covers(&a->tspec, &b->tspec))
		return false;
	return a->service != WIRE_SERVICE_GS || (a->R >= b->R && a->S <= b->S);
}

enum merge_order
merge_compare(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	const struct wire_flowspec x = with_peak(a);
	const struct wire_flowspec y = with_peak(b);

	if (x.service != y.service)
		return MERGE_INCOMPATIBLE;

	const bool over = spec_covers(&x, &y);
	const bool under = spec_covers(&y, &x);

	if (over && under)
		return MERGE_EQUAL;
	if (over)
		return MERGE_GREATER;
	return under ? MERGE_LESS : MERGE_INCOMPARABLE;
}

bool
merge_equal(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	const struct wire_tspec *x = &a->tspec;
	const struct wire_tspec *y = &b->tspec;

	return a->service == b->service && bits_of(x->r) == bits_of(y->r) &&
	       bits_of(x->b) == bits_of(y->b) &&
	       bits_of(x->p) == bits_of(y->p) && x->m == y->m && x->M == y->M &&
	       bits_of(a->R) == bits_of(b->R) && a->S == b->S;
}

struct wire_flowspec
merge_lub(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	const struct wire_flowspec x = with_peak(a);
	const struct wire_flowspec y = with_peak(b);

	if (x.service != y.service)
		return *a;
	return (struct wire_flowspec){
		.service = x.service,
		.tspec = merge_tspec_lub(&x.tspec, &y.tspec),
		.R = larger(x.R, y.R),
		.S = smaller_u32(x.S, y.S),
	};
}

struct wire_flowspec
merge_glb(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	const struct wire_flowspec x = with_peak(a);
	const struct wire_flowspec y = with_peak(b);

	if (x.service != y.service)
		return *a;

	const uint32_t M = smaller_packet(x.tspec.M, y.tspec.M);

	return (struct wire_flowspec){
		.service = x.service,
		.tspec = {
			.r = smaller(x.tspec.r, y.tspec.r),
			.b = smaller(x.tspec.b, y.tspec.b),
			.p = smaller(x.tspec.p, y.tspec.p),
			/* The larger m may be above the smaller M. */
			.m = smaller_u32(M, larger_u32(x.tspec.m, y.tspec.m)),
			.M = M,
		},
		.R = smaller(x.R, y.R),
		.S = larger_u32(x.S, y.S),
	};
}

struct wire_flowspec
merge_effective(
	const struct wire_flowspec *spec, const struct wire_tspec *path_te)
{
	struct wire_flowspec s = with_peak(spec);

	s.tspec = merge_tspec_min(path_te, &s.tspec);
	return s;
}
