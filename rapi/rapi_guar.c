/* SPDX-License-Identifier: ISC */

/*
 * Guaranteed Service arithmetic for receivers (RFC 2212 section 4 and
 * RFC 2215): the delay that a rate bounds, and the rate that a delay needs.
 * Octets, octets a second, seconds.
 */

#include <math.h>

#include "rapi_ext.h"
#include "rapi_int.h"

struct guar {
	double r, b, p, M;
	double Ctot; /* octets */
	double Dtot; /* seconds */
};

static bool
is_sane(const struct guar *g)
{
	return g->r > 0 && g->b > 0 && g->p >= g->r && !isinf(g->r) &&
	       !isinf(g->b);
}

static int
read_objects(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	struct guar *ret_guar)
{
	uint8_t bytes[RAPI_ADSPEC_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct wire_adspec a;
	struct wire_tspec t;

	if (rapi_obj_is_empty(tspec) || rapi_obj_is_empty(adspec))
		return rapi_fail(
			RAPI_ERR_INVAL, "no Tspec, or the path has no Adspec");
	if (rapi_tspec_in(tspec, &t) != RAPI_ERR_OK ||
		rapi_adspec_in(adspec, &w) != RAPI_ERR_OK)
		return RAPI_ERR_INVAL;

	const struct wire_view view = { bytes, buf_written(&w) };

	if (!wire_adspec_decode(view, &a))
		return rapi_fail(RAPI_ERR_INVAL, "the Adspec is not readable");

	const struct wire_adspec_service *gs =
		wire_adspec_find(&a, WIRE_SERVICE_GS);

	if (!gs || !gs->gs_terms || gs->broken)
		return rapi_fail(RAPI_ERR_INVAL,
			"the path does not offer Guaranteed Service all the "
			"way");
	*ret_guar = (struct guar){ .r = t.r,
		.b = t.b,
		.p = t.p,
		.M = t.M,
		.Ctot = gs->Ctot,
		.Dtot = gs->Dtot / 1e6 };
	if (!is_sane(ret_guar))
		return rapi_fail(RAPI_ERR_INVAL,
			"the Tspec makes no sense: r and b above 0 and p at "
			"least r are needed");
	return RAPI_ERR_OK;
}

/* Queueing delay that R bounds; R >= r. */
static double
delay_of(const struct guar *g, double R)
{
	const double fixed = (g->M + g->Ctot) / R + g->Dtot;

	if (R >= g->p || g->b <= g->M)
		return fixed;

	const double share = isinf(g->p) ? 1 : (g->p - R) / (g->p - g->r);

	return (g->b - g->M) / R * share + fixed;
}

/* The rate at which delay_of() is delay_s, not less than r; delay_s > Dtot. */
static double
rate_of(const struct guar *g, double delay_s)
{
	const double T = delay_s - g->Dtot;
	const double burst = g->b > g->M ? g->b - g->M : 0;
	double R = (g->M + g->Ctot) / T;

	if (R < g->p) {
		/* T = K (p - R) / R + (M + Ctot) / R, K = burst / (p - r) */
		if (isinf(g->p)) {
			R = (burst + g->M + g->Ctot) / T;
		} else if (g->p > g->r) {
			const double K = burst / (g->p - g->r);

			R = (K * g->p + g->M + g->Ctot) / (T + K);
		}
	}
	return R > g->r ? R : g->r;
}

int
rapi_ext_guar_delay(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	float32_t R, double *ret_delay_s)
{
	struct guar g = { 0 };
	const int rc = read_objects(tspec, adspec, &g);

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!(R >= g.r) || isinf(R))
		return rapi_fail(RAPI_ERR_INVAL,
			"R = %g is less than r = %g, or not finite", (double)R,
			g.r);
	*ret_delay_s = delay_of(&g, R);
	return RAPI_ERR_OK;
}

int
rapi_ext_guar_rate(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	double delay_s, float32_t *ret_R, uint32_t *ret_S)
{
	struct guar g = { 0 };
	const int rc = read_objects(tspec, adspec, &g);

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!(delay_s > g.Dtot))
		return rapi_fail(RAPI_ERR_INVAL,
			"no rate bounds the delay to %.0f us: %.0f us of it do "
			"not depend on the rate",
			delay_s * 1e6, g.Dtot * 1e6);

	const double want = rate_of(&g, delay_s);

	if (!(want <= TB_MAX_RATE))
		return rapi_fail(RAPI_ERR_INVAL,
			"a delay of %.0f us needs %g octets a second, more "
			"than can be said",
			delay_s * 1e6, want);

	/* Rounding to a single must not break the promise. */
	float32_t R = (float32_t)want;

	while (R < want || delay_of(&g, R) > delay_s)
		R = nextafterf(R, HUGE_VALF);

	const double slack_us = (delay_s - delay_of(&g, R)) * 1e6;

	*ret_R = R;
	if (ret_S)
		*ret_S =
			slack_us < UINT32_MAX ? (uint32_t)slack_us : UINT32_MAX;
	return RAPI_ERR_OK;
}
