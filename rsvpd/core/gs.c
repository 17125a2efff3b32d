/* SPDX-License-Identifier: ISC */

/*
 * Guaranteed Service mathematics (RFC 2212, "End-to-End Behavior" and
 * "Guidelines for Implementors").  Seconds and octets inside, microseconds
 * outside.
 *
 * A conforming flow sends at most M + min(pT, rT + b - M) octets in any time T.
 * Its peak rate matters for T up to (b - M)/(p - r), then the bucket does.  A
 * depth below M is read as M: a packet of M octets is as much as ever comes at
 * once, and the bounds stay on the safe side.
 */

#include "gs.h"

#include <math.h>

static const double us_per_s = 1e6;

static double
depth(const struct wire_tspec *t)
{
	return (double)t->b >= (double)t->M ? (double)t->b : (double)t->M;
}

/* The longest time that a burst comes at the peak rate; p is finite. */
static double
burst_time(const struct wire_tspec *t)
{
	if (!(t->p > t->r))
		return INFINITY;
	return (depth(t) - t->M) / ((double)t->p - t->r);
}

double
rsvp_gs_bound_us(
	const struct wire_tspec *tspec, double R, uint32_t Ctot, uint32_t Dtot)
{
	double backlog; /* octets in front of the last one of a burst */

	if (!(tspec->r > 0) || !(R >= tspec->r))
		return INFINITY;
	if (isinf(tspec->p))
		backlog = depth(tspec);
	else if (tspec->p > R)
		backlog = tspec->M + burst_time(tspec) * (tspec->p - R);
	else
		backlog = tspec->M;
	return (backlog + Ctot) / R * us_per_s + Dtot;
}

double
rsvp_gs_rate(const struct wire_tspec *tspec, double bound_us, uint32_t Ctot,
	uint32_t Dtot)
{
	const double q = (bound_us - Dtot) / us_per_s;
	double R;

	if (!(tspec->r > 0) || !(q > 0))
		return INFINITY;
	if (isinf(tspec->p)) {
		R = (depth(tspec) + Ctot) / q;
	} else {
		const double T = burst_time(tspec);

		R = ((double)tspec->p * T + tspec->M + Ctot) / (q + T);
		if (!(R < tspec->p)) /* also when p = r and T is infinite */
			R = ((double)tspec->M + Ctot) / q;
	}
	return R > tspec->r ? R : tspec->r;
}

double
gs_buffer_bytes(const struct wire_flowspec *spec, uint32_t Csum, uint32_t Dsum)
{
	const struct wire_tspec *t = &spec->tspec;
	/* Slack left to the nodes before us lets them clump the flow more. */
	const double late_s = ((double)Dsum + spec->S) / us_per_s;
	const double late = Csum / (double)spec->R + late_s;

	if (isinf(t->p))
		return depth(t) + late * spec->R;
	if (!(t->p > t->r)) /* the burst never ends, so X = p */
		return t->M + late * t->p;

	const double T = burst_time(t);
	double X = t->p;

	if (T < late)
		X = t->r;
	else if (t->p > spec->R)
		X = spec->R;
	return t->M + T * (t->p - X) + late * X;
}
