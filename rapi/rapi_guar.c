/* SPDX-License-Identifier: ISC */

/*
 * What a receiver makes of a delivered Tspec and Adspec: the delay that a rate
 * bounds, the rate that a delay needs (RFC 2212), the packets that the path
 * carries and the time it takes at least (RFC 2210 2.3.2, 2215).
 */

#include <math.h>

#include "base/intserv.h"
#include "rapi_ext.h"
#include "rapi_int.h"

struct guar {
	struct intserv_flow flow;
	uint32_t Ctot, Dtot;
};

static bool
is_sane(const struct intserv_flow *f)
{
	return f->r > 0 && f->b > 0 && f->p >= f->r && !isinf(f->r) &&
	       !isinf(f->b);
}

static int
read_adspec(const rapi_adspec_t *adspec, struct wire_adspec *ret_adspec)
{
	uint8_t bytes[RAPI_ADSPEC_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	if (rapi_obj_is_empty(adspec))
		return rapi_fail(RAPI_ERR_INVAL, "the path has no Adspec");
	if (rapi_adspec_in(adspec, &w) != RAPI_ERR_OK)
		return RAPI_ERR_INVAL;

	const struct wire_view view = { bytes, buf_written(&w) };

	if (!wire_adspec_decode(view, ret_adspec))
		return rapi_fail(RAPI_ERR_INVAL, "the Adspec is not readable");
	return RAPI_ERR_OK;
}

static int
read_objects(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	struct guar *ret_guar)
{
	struct wire_adspec a = { 0 };
	struct wire_tspec t;
	const struct wire_adspec_service *gs;
	int rc;

	if (rapi_obj_is_empty(tspec))
		return rapi_fail(RAPI_ERR_INVAL, "no Tspec");
	if (rapi_tspec_in(tspec, &t) != RAPI_ERR_OK)
		return RAPI_ERR_INVAL;
	rc = read_adspec(adspec, &a);
	if (rc != RAPI_ERR_OK)
		return rc;
	/* RFC 2210 2.3.1: the sums are not those of the whole path. */
	if (a.broken)
		return rapi_fail(RAPI_ERR_INVAL,
			"a node of the path has no reservations, so that "
			"nothing bounds the delay");
	gs = wire_adspec_find(&a, WIRE_SERVICE_GS);
	if (!gs || !gs->gs_terms || gs->broken)
		return rapi_fail(RAPI_ERR_INVAL,
			"the path does not offer Guaranteed Service all the "
			"way");
	*ret_guar = (struct guar){ .flow = { t.r, t.b, t.p, t.M },
		.Ctot = gs->Ctot,
		.Dtot = gs->Dtot };
	if (!is_sane(&ret_guar->flow))
		return rapi_fail(RAPI_ERR_INVAL,
			"the Tspec makes no sense: r and b above 0 and p at "
			"least r are needed");
	return RAPI_ERR_OK;
}

static double
bound_us(const struct guar *g, double R)
{
	return intserv_bound_us(&g->flow, R, g->Ctot, g->Dtot);
}

int
rapi_ext_guar_delay(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	float32_t R, double *ret_delay_s)
{
	struct guar g = { 0 };
	const int rc = read_objects(tspec, adspec, &g);

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!(R >= g.flow.r) || isinf(R))
		return rapi_fail(RAPI_ERR_INVAL,
			"R = %g is less than r = %g, or not finite", (double)R,
			g.flow.r);
	*ret_delay_s = bound_us(&g, R) / 1e6;
	return RAPI_ERR_OK;
}

int
rapi_ext_guar_rate(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	double delay_s, float32_t *ret_R, uint32_t *ret_S)
{
	struct guar g = { 0 };
	const int rc = read_objects(tspec, adspec, &g);
	const double delay_us = delay_s * 1e6;

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!(delay_us > g.Dtot))
		return rapi_fail(RAPI_ERR_INVAL,
			"no rate bounds the delay to %.0f us: %u us of it do "
			"not depend on the rate",
			delay_us, (unsigned)g.Dtot);

	const double want = intserv_rate(&g.flow, delay_us, g.Ctot, g.Dtot);

	if (!(want <= TB_MAX_RATE))
		return rapi_fail(RAPI_ERR_INVAL,
			"a delay of %.0f us needs %g octets a second, more "
			"than can be said",
			delay_us, want);

	/* Rounding to a single must not break the promise. */
	float32_t R = (float32_t)want;

	while (R < want || bound_us(&g, R) > delay_us)
		R = nextafterf(R, HUGE_VALF);

	const double slack_us = delay_us - bound_us(&g, R);

	*ret_R = R;
	if (ret_S)
		*ret_S =
			slack_us < UINT32_MAX ? (uint32_t)slack_us : UINT32_MAX;
	return RAPI_ERR_OK;
}

/* ---- general parameters -------------------------------------------------- */

static uint8_t
service_number(rapi_qos_service_t service)
{
	return service == RAPI_QOS_GUARANTEED ? WIRE_SERVICE_GS
					      : WIRE_SERVICE_CL;
}

int
rapi_ext_path_mtu(const rapi_adspec_t *adspec, rapi_qos_service_t service,
	uint32_t *ret_mtu)
{
	struct wire_adspec a = { 0 };
	const int rc = read_adspec(adspec, &a);

	if (rc == RAPI_ERR_OK)
		*ret_mtu = wire_adspec_mtu(&a, service_number(service));
	return rc;
}

int
rapi_ext_path_latency(const rapi_adspec_t *adspec, rapi_qos_service_t service,
	uint32_t *ret_latency_us)
{
	struct wire_adspec a = { 0 };
	const int rc = read_adspec(adspec, &a);
	uint32_t us;

	if (rc != RAPI_ERR_OK)
		return rc;
	us = wire_adspec_latency(&a, service_number(service));
	if (a.broken || us == WIRE_LATENCY_UNKNOWN)
		return rapi_fail(RAPI_ERR_INVAL,
			"not every node of the path knows the latency of its "
			"link");
	*ret_latency_us = us;
	return RAPI_ERR_OK;
}
