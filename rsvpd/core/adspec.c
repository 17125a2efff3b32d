/* SPDX-License-Identifier: ISC */

/*
 * Composition of ADSPECs (RFC 2210 3.3, 2215 2 and 3).
 *
 * A general parameter of a service has the value of the service if there is
 * one and the default of service 1 otherwise, on our side as on that of the
 * arriving ADSPEC; hence overrides are composed before the defaults change.
 * Unknown is the smallest bandwidth and the largest latency, so that minimum
 * and saturating sum keep it unknown by themselves.
 */

#include "adspec.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* RFC 2215 3.3: 40 TB/s, the identity of the minimum; and 3.5. */
#define BANDWIDTH_MAX 40e12f
enum { IP_PACKET_MAX = 65535 };

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a <= b ? a : b;
}

static uint32_t
add(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Not above what it stands for: rounded towards zero. */
static float
bandwidth_of(uint64_t rate_Bps)
{
	float f = (float)rate_Bps;
	uint32_t bits;

	if ((double)f <= (double)rate_Bps)
		return f;
	memcpy(&bits, &f, sizeof(bits));
	bits--; /* the next smaller one of a positive number */
	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* A non-negative number: not negative zero, infinite or NaN (RFC 2215 3.3). */
static bool
bandwidth_valid(float f)
{
	return !signbit(f) && isfinite(f);
}

static bool
general_valid(const struct wire_general *g)
{
	const bool bandwidth = (g->present & WIRE_GENERAL_BANDWIDTH) == 0 ||
			       bandwidth_valid(g->bandwidth_Bps);
	const bool mtu = (g->present & WIRE_GENERAL_MTU) == 0 || g->mtu > 0;

	return bandwidth && mtu;
}

bool
adspec_valid(const struct wire_adspec *adspec)
{
	unsigned last = WIRE_SERVICE_GENERAL;

	if (adspec->general.present != WIRE_GENERAL_ALL ||
		!general_valid(&adspec->general))
		return false;
	for (size_t i = 0; i < adspec->service_count; i++) {
		const struct wire_adspec_service *s = &adspec->services[i];

		if (s->service <= last || !general_valid(&s->overrides))
			return false;
		last = s->service;
	}
	return true;
}

/* Our own general parameters, in the form they travel in. */
static struct wire_general
local_defaults(const struct adspec_local *local)
{
	return (struct wire_general){
		.present = WIRE_GENERAL_ALL,
		.hops = local->intserv ? 1 : 0,
		.bandwidth_Bps = bandwidth_of(local->available_Bps),
		.latency_us = local->latency_us,
		.mtu = local->mtu,
	};
}

/* All parameters of g composed with all of ours. */
static void
compose(struct wire_general *g, const struct wire_general *ours)
{
	g->hops = add(g->hops, ours->hops);
	if (ours->bandwidth_Bps < g->bandwidth_Bps)
		g->bandwidth_Bps = ours->bandwidth_Bps;
	g->latency_us = add(g->latency_us, ours->latency_us);
	g->mtu = smaller(g->mtu, ours->mtu);
}

/* The values of base, but those that over holds from over. */
static struct wire_general
overridden(const struct wire_general *base, const struct wire_general *over)
{
	struct wire_general g = *base;

	if (over->present & WIRE_GENERAL_HOPS)
		g.hops = over->hops;
	if (over->present & WIRE_GENERAL_BANDWIDTH)
		g.bandwidth_Bps = over->bandwidth_Bps;
	if (over->present & WIRE_GENERAL_LATENCY)
		g.latency_us = over->latency_us;
	if (over->present & WIRE_GENERAL_MTU)
		g.mtu = over->mtu;
	return g;
}

/*
 * Those that arrived and those that we have are there afterwards.  No packet
 * of a service is larger than any packet (RFC 2215 3.5), whatever arrived.
 */
static void
compose_overrides(struct wire_adspec_service *s,
	const struct wire_general *arrived, const struct wire_general *ours,
	const struct wire_general *our_overrides)
{
	const uint8_t present = s->overrides.present | our_overrides->present;
	const struct wire_general local = overridden(ours, our_overrides);
	struct wire_general g = overridden(arrived, &s->overrides);

	compose(&g, &local);
	g.mtu = smaller(g.mtu, smaller(arrived->mtu, ours->mtu));
	g.present = present;
	s->overrides = overridden(&(struct wire_general){ 0 }, &g);
	s->overrides.present = present;
}

/*
 * RFC 2210 3.3.3, 2212; an empty fragment has four zeros.  Behind a reshaping
 * point the sums since the last one begin with our own: the packets still wait
 * for others after they were shaped.
 */
static void
compose_gs(struct wire_adspec_service *s, const struct adspec_local *local)
{
	if (!s->gs_terms) {
		s->gs_terms = true;
		s->Ctot = s->Dtot = s->Csum = s->Dsum = 0;
	}
	if (local->reshapes)
		s->Csum = s->Dsum = 0;
	s->Ctot = add(s->Ctot, local->C);
	s->Dtot = add(s->Dtot, local->D);
	s->Csum = add(s->Csum, local->C);
	s->Dsum = add(s->Dsum, local->D);
}

static void
compose_service(struct wire_adspec_service *s,
	const struct wire_general *arrived, const struct adspec_local *local)
{
	const struct wire_general ours = local_defaults(local);

	if (s->service == WIRE_SERVICE_GS && local->intserv && local->gs) {
		compose_gs(s, local);
		compose_overrides(s, arrived, &ours, &local->gs_override);
	} else if (s->service == WIRE_SERVICE_CL && local->intserv &&
		   local->cl) {
		compose_overrides(s, arrived, &ours, &local->cl_override);
	} else {
		s->broken = true;
	}
}

void
adspec_update(struct wire_adspec *adspec, const struct adspec_local *local)
{
	const struct wire_general ours = local_defaults(local);

	for (size_t i = 0; i < adspec->service_count; i++)
		compose_service(&adspec->services[i], &adspec->general, local);
	compose(&adspec->general, &ours);
	if (local->non_rsvp_hop || !local->intserv)
		adspec->broken = true;
}

struct wire_adspec
adspec_default(void)
{
	return (struct wire_adspec){
		.general = {
			.present = WIRE_GENERAL_ALL,
			.bandwidth_Bps = BANDWIDTH_MAX,
			.mtu = IP_PACKET_MAX,
		},
		.service_count = 2,
		.services = {
			{ .service = WIRE_SERVICE_GS, .gs_terms = true },
			{ .service = WIRE_SERVICE_CL },
		},
	};
}
