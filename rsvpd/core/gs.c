/* SPDX-License-Identifier: ISC */

/* Guaranteed Service flowspecs at this node (RFC 2212). */

#include "gs.h"

#include <math.h>
#include <string.h>

#include "base/intserv.h"

static struct intserv_flow
flow_of(const struct wire_tspec *t)
{
	return (struct intserv_flow){ t->r, t->b, t->p, t->M };
}

double
gs_buffer_bytes(const struct wire_flowspec *spec, uint32_t Csum, uint32_t Dsum,
	bool reshape)
{
	const struct intserv_flow flow = flow_of(&spec->tspec);
	/* Slack left to the nodes before us lets them clump the flow more. */
	const double late_us = (double)Dsum + spec->S;
	const double here = intserv_buffer(&flow, spec->R, Csum, late_us);
	const double shaped = intserv_reshaper(&flow, Csum, late_us);

	return reshape && shaped > here ? shaped : here;
}

/* The largest single that is not above a positive number. */
static float
single_below(double x)
{
	float f = (float)x;
	uint32_t bits;

	if ((double)f <= x)
		return f;
	memcpy(&bits, &f, sizeof(bits));
	bits--; /* the next smaller one of a positive number */
	memcpy(&f, &bits, sizeof(f));
	return f;
}

bool
gs_spend_slack(const struct wire_flowspec *in, uint32_t Ctot, double rate_Bps,
	struct wire_flowspec *ret_out)
{
	const struct intserv_flow flow = flow_of(&in->tspec);
	float R;
	double spent_us;

	if (in->service != WIRE_SERVICE_GS || !(rate_Bps > 0))
		return false;
	R = single_below(rate_Bps);
	if (!(R >= intserv_slack_rate(&flow, in->R, in->S, Ctot)) ||
		!(R < in->R))
		return false;
	spent_us = ceil(intserv_slack_us(&flow, in->R, R, Ctot));
	if (spent_us > in->S)
		return false;
	*ret_out = *in;
	ret_out->R = R;
	ret_out->S = in->S - (uint32_t)spent_us;
	return true;
}
