/* SPDX-License-Identifier: ISC */

/*
 * Arithmetic of Guaranteed Service (RFC 2212, "End-to-End Behavior", "Ordering
 * and Merging", "Guidelines for Implementors").  Seconds inside, microseconds
 * outside.
 *
 * A conforming flow sends at most M + min(pT, rT + b - M) octets in any time T.
 * Its peak rate matters for T up to (b - M)/(p - r), then the bucket does.  A
 * depth below M is read as M: a packet of M octets is as much as ever comes at
 * once, and the bounds stay on the safe side.
 */

#include "intserv.h"

#include <math.h>

static const double us_per_s = 1e6;

static double
depth(const struct intserv_flow *f)
{
	return f->b >= f->M ? f->b : f->M;
}

/* The longest time that a burst comes at the peak rate; p is finite. */
static double
burst_time(const struct intserv_flow *f)
{
	if (!(f->p > f->r))
		return INFINITY;
	return (depth(f) - f->M) / (f->p - f->r);
}

double
intserv_bound_us(
	const struct intserv_flow *f, double R, uint32_t Ctot, uint32_t Dtot)
{
	double backlog; /* octets in front of the last one of a burst */

	if (!(f->r > 0) || !(R >= f->r))
		return INFINITY;
	if (isinf(f->p))
		backlog = depth(f);
	else if (f->p > R)
		backlog = f->M + burst_time(f) * (f->p - R);
	else
		backlog = f->M;
	return (backlog + Ctot) / R * us_per_s + Dtot;
}

double
intserv_rate(const struct intserv_flow *f, double bound_us, uint32_t Ctot,
	uint32_t Dtot)
{
	const double q = (bound_us - Dtot) / us_per_s;
	double R;

	if (!(f->r > 0) || !(q > 0))
		return INFINITY;
	if (isinf(f->p)) {
		R = (depth(f) + Ctot) / q;
	} else {
		const double T = burst_time(f);

		R = (f->p * T + f->M + Ctot) / (q + T);
		if (!(R < f->p)) /* also when p = r and T is infinite */
			R = (f->M + Ctot) / q;
	}
	return R > f->r ? R : f->r;
}

double
intserv_buffer(const struct intserv_flow *f, double R, double Csum, double Dsum)
{
	const double late = Csum / R + Dsum / us_per_s;

	if (isinf(f->p))
		return depth(f) + late * R;
	if (!(f->p > f->r)) /* the burst never ends, so X = p */
		return f->M + late * f->p;

	const double T = burst_time(f);
	double X = f->p;

	if (T < late)
		X = f->r;
	else if (f->p > R)
		X = R;
	return f->M + T * (f->p - X) + late * X;
}

double
intserv_reshaper(const struct intserv_flow *f, double Csum, double Dsum)
{
	return depth(f) + Csum + Dsum / us_per_s * f->r;
}

double
intserv_slack_us(
	const struct intserv_flow *f, double Rin, double Rout, uint32_t Ctot)
{
	const double octets = depth(f) + Ctot;

	return (octets / Rout - octets / Rin) * us_per_s;
}

double
intserv_slack_rate(const struct intserv_flow *f, double Rin, double slack_us,
	uint32_t Ctot)
{
	const double octets = depth(f) + Ctot;
	const double R = octets / (slack_us / us_per_s + octets / Rin);

	return R > f->r ? R : f->r;
}
