/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/adspec.h"

#include <math.h>

#include "t.h"
#include "t_random.h"

static const struct adspec_local here = {
	.intserv = true,
	.gs = true,
	.cl = true,
	.available_Bps = 9375000,
	.latency_us = 5,
	.mtu = 1500,
	.C = 1538,
	.D = 16570,
};

static struct wire_adspec
arriving(void)
{
	return (struct wire_adspec){
		.general = { WIRE_GENERAL_ALL, 3, 10000000, 40, 4000 },
		.service_count = 3,
		.services = {
			{ .service = WIRE_SERVICE_GS, .gs_terms = true,
				.Ctot = 100, .Dtot = 200, .Csum = 30,
				.Dsum = 40 },
			{ .service = WIRE_SERVICE_CL },
			{ .service = 9 },
		},
	};
}

static const struct wire_adspec_service *
service(struct wire_adspec *a, uint8_t number)
{
	for (size_t i = 0; i < a->service_count; i++)
		if (a->services[i].service == number)
			return &a->services[i];
	T_CHECK(false, "no fragment of service %u", number);
	return NULL;
}

static void
check_general(const struct wire_general *g, uint32_t hops, float bandwidth,
	uint32_t latency, uint32_t mtu)
{
	T_EQ(g->hops, hops);
	T_CHECK(g->bandwidth_Bps == bandwidth, "bandwidth %g",
		(double)g->bandwidth_Bps);
	T_EQ(g->latency_us, latency);
	T_EQ(g->mtu, mtu);
}

static void
check_gs(const struct wire_adspec_service *s, uint32_t Ctot, uint32_t Dtot,
	uint32_t Csum, uint32_t Dsum)
{
	T_EQ(s->Ctot, Ctot);
	T_EQ(s->Dtot, Dtot);
	T_EQ(s->Csum, Csum);
	T_EQ(s->Dsum, Dsum);
}

static void
every_parameter_is_composed(void)
{
	struct wire_adspec a = arriving();

	adspec_update(&a, &here);
	T_CHECK(!a.broken, "global break bit");
	check_general(&a.general, 4, 9375000, 45, 1500);
	T_EQ(a.general.present, WIRE_GENERAL_ALL);
	check_gs(service(&a, WIRE_SERVICE_GS), 1638, 16770, 1568, 16610);
	T_CHECK(!service(&a, WIRE_SERVICE_GS)->broken, "GS break bit");
	T_CHECK(!service(&a, WIRE_SERVICE_CL)->broken, "CL break bit");
	T_CHECK(!service(&a, WIRE_SERVICE_CL)->gs_terms, "terms in CL");
	T_EQ(a.service_count, 3);
	T_EQ(service(&a, WIRE_SERVICE_GS)->overrides.present, 0);
}

static void
the_smaller_value_of_the_path_stays(void)
{
	struct wire_adspec a = arriving();

	a.general.mtu = 1280;
	a.general.bandwidth_Bps = 1000;
	adspec_update(&a, &here);
	check_general(&a.general, 4, 1000, 45, 1280);
}

static void
unknown_values_stay_unknown(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local dark = here;

	a.general.bandwidth_Bps = 0;
	a.general.latency_us = WIRE_LATENCY_UNKNOWN;
	adspec_update(&a, &here);
	check_general(&a.general, 4, 0, WIRE_LATENCY_UNKNOWN, 1500);
	a = arriving();
	dark.available_Bps = 0;
	dark.latency_us = WIRE_LATENCY_UNKNOWN;
	adspec_update(&a, &dark);
	check_general(&a.general, 4, 0, WIRE_LATENCY_UNKNOWN, 1500);
}

static void
sums_saturate(void)
{
	struct wire_adspec a = arriving();
	struct wire_adspec_service *gs = &a.services[0];

	a.general.hops = UINT32_MAX;
	a.general.latency_us = UINT32_MAX - 6;
	gs->Ctot = UINT32_MAX - 1538;
	gs->Dtot = UINT32_MAX - 16569;
	gs->Csum = gs->Dsum = UINT32_MAX;
	adspec_update(&a, &here);
	/* 2^32 - 2 is the largest latency that is one */
	check_general(&a.general, UINT32_MAX, 9375000, UINT32_MAX - 1, 1500);
	check_gs(gs, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	adspec_update(&a, &here);
	T_EQ(a.general.latency_us, WIRE_LATENCY_UNKNOWN);
}

static void
an_empty_guaranteed_fragment_is_expanded(void)
{
	struct wire_adspec a = arriving();
	struct wire_adspec_service *gs = &a.services[0];

	*gs = (struct wire_adspec_service){ .service = WIRE_SERVICE_GS,
		.broken = true,
		.Ctot = 9, /* left over; not there */
		.Dsum = 9 };
	adspec_update(&a, &here);
	T_CHECK(gs->gs_terms, "not expanded");
	T_CHECK(gs->broken, "break bit lost");
	check_gs(gs, 1538, 16570, 1538, 16570);
}

static void
an_absent_fragment_stays_absent(void)
{
	struct wire_adspec a = arriving();

	a.service_count = 0;
	adspec_update(&a, &here);
	T_EQ(a.service_count, 0);
}

static void
a_service_not_known_here_is_broken(void)
{
	struct wire_adspec a = arriving();
	static const uint8_t data[4] = { 1, 2, 3, 4 };

	a.services[2].data_view = (struct wire_view){ data, 4 };
	adspec_update(&a, &here);
	T_CHECK(a.services[2].broken, "break bit");
	T_CHECK(a.services[2].data_view.bytes == data, "data changed");
	T_EQ(a.services[2].data_view.len, 4);
	T_CHECK(!a.services[2].gs_terms, "terms in service 9");
}

static void
without_traffic_control_everything_is_broken(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local plain = here;

	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 2000 };
	plain.intserv = false;
	adspec_update(&a, &plain);
	T_CHECK(a.broken, "global break bit");
	for (size_t i = 0; i < 3; i++)
		T_CHECK(a.services[i].broken, "fragment %zu", i);
	check_gs(&a.services[0], 100, 200, 30, 40);
	T_EQ(a.services[0].overrides.mtu, 2000);
	/* Not a hop of integrated services; the rest is known. */
	check_general(&a.general, 3, 9375000, 45, 1500);
}

static void
an_empty_fragment_is_not_expanded_without_the_service(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local plain = here;

	a.services[0].gs_terms = false;
	plain.intserv = false;
	adspec_update(&a, &plain);
	T_CHECK(!a.services[0].gs_terms, "expanded");
}

static void
a_hop_without_rsvp_breaks_the_path_only(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local after_gap = here;

	after_gap.non_rsvp_hop = true;
	adspec_update(&a, &after_gap);
	T_CHECK(a.broken, "global break bit");
	T_CHECK(!a.services[0].broken && !a.services[1].broken, "services");
	check_general(&a.general, 4, 9375000, 45, 1500);
	/* It stays set. */
	adspec_update(&a, &here);
	T_CHECK(a.broken, "global break bit was cleared");
}

static void
arriving_overrides_meet_our_defaults(void)
{
	struct wire_adspec a = arriving();

	a.services[1].overrides = (struct wire_general){
		WIRE_GENERAL_BANDWIDTH | WIRE_GENERAL_MTU, 0, 500, 0, 9000
	};
	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_HOPS | WIRE_GENERAL_LATENCY,
			7, 0, 50, 0 };
	adspec_update(&a, &here);
	T_EQ(a.services[1].overrides.present,
		WIRE_GENERAL_BANDWIDTH | WIRE_GENERAL_MTU);
	check_general(&a.services[1].overrides, 0, 500, 0, 1500);
	T_EQ(a.services[0].overrides.present,
		WIRE_GENERAL_HOPS | WIRE_GENERAL_LATENCY);
	check_general(&a.services[0].overrides, 8, 0, 55, 0);
	check_general(&a.general, 4, 9375000, 45, 1500);
}

static void
our_overrides_meet_arriving_values(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local strict = here;

	strict.gs_override =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 1400 };
	strict.cl_override = (struct wire_general){ WIRE_GENERAL_BANDWIDTH, 0,
		20000000, 0, 0 };
	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 1300 };
	adspec_update(&a, &strict);
	/* override with override: 1300 and 1400 */
	T_EQ(a.services[0].overrides.mtu, 1300);
	/* ours with the arriving default: 20e6 and 10e6, not our 9.375e6 */
	T_EQ(a.services[1].overrides.present, WIRE_GENERAL_BANDWIDTH);
	T_CHECK(a.services[1].overrides.bandwidth_Bps == 10000000, "CL %g",
		(double)a.services[1].overrides.bandwidth_Bps);
	check_general(&a.general, 4, 9375000, 45, 1500);
	a.services[0].overrides.mtu = 4000;
	adspec_update(&a, &strict);
	T_EQ(a.services[0].overrides.mtu, 1400);
}

static void
a_service_that_is_not_offered_is_broken(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local partly = here;

	partly.gs = false;
	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 2000 };
	adspec_update(&a, &partly);
	T_CHECK(a.services[0].broken, "GS");
	check_gs(&a.services[0], 100, 200, 30, 40);
	T_EQ(a.services[0].overrides.mtu, 2000);
	T_CHECK(!a.services[1].broken && !a.broken, "CL, or the path");
	check_general(&a.general, 4, 9375000, 45, 1500);
	a = arriving();
	partly.gs = true;
	partly.cl = false;
	adspec_update(&a, &partly);
	T_CHECK(a.services[1].broken, "CL");
	T_CHECK(!a.services[0].broken && !a.broken, "GS, or the path");
	check_gs(&a.services[0], 1638, 16770, 1568, 16610);
}

static void
sums_restart_where_the_flow_is_reshaped(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local shaper = here;

	shaper.reshapes = true;
	adspec_update(&a, &shaper);
	check_gs(&a.services[0], 1638, 16770, 1538, 16570);
	adspec_update(&a, &here);
	check_gs(&a.services[0], 3176, 33340, 3076, 33140);
}

static void
no_service_has_larger_packets_than_the_path(void)
{
	struct wire_adspec a = arriving();
	struct adspec_local jumbo = here;

	jumbo.mtu = 9000;
	jumbo.cl_override =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 9500 };
	a.general.mtu = 1280;
	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 4000 };
	adspec_update(&a, &jumbo);
	T_EQ(a.services[0].overrides.mtu, 1280);
	T_EQ(a.services[1].overrides.mtu, 1280);
	a = arriving();
	a.services[1].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, 20000 };
	jumbo.mtu = 3000;
	adspec_update(&a, &jumbo);
	T_EQ(a.services[1].overrides.mtu, 3000);
	T_EQ(a.general.mtu, 3000);
}

/* Our override meets the arriving default of each parameter, or its override.
 */
static void
each_override_meets_its_own_default(void)
{
	struct adspec_local strict = here;
	struct wire_adspec a = arriving();

	strict.gs_override =
		(struct wire_general){ WIRE_GENERAL_ALL, 2, 5000, 9, 1400 };
	a.services[0].overrides =
		(struct wire_general){ WIRE_GENERAL_HOPS | WIRE_GENERAL_LATENCY,
			7, 0, 50, 0 };
	adspec_update(&a, &strict);
	T_EQ(a.services[0].overrides.present, WIRE_GENERAL_ALL);
	check_general(&a.services[0].overrides, 9, 5000, 59, 1400);
	check_general(&a.general, 4, 9375000, 45, 1500);
	T_EQ(a.services[1].overrides.present, 0);
	a = arriving();
	adspec_update(&a, &strict);
	check_general(&a.services[0].overrides, 5, 5000, 49, 1400);
}

static void
a_local_sender_starts_with_nothing_passed(void)
{
	struct wire_adspec a = adspec_default();

	T_CHECK(adspec_valid(&a), "not valid");
	check_general(&a.general, 0, 40e12f, 0, 65535);
	adspec_update(&a, &here);
	T_CHECK(adspec_valid(&a), "not valid afterwards");
	T_EQ(a.service_count, 2);
	check_general(&a.general, 1, 9375000, 5, 1500);
	check_gs(service(&a, WIRE_SERVICE_GS), 1538, 16570, 1538, 16570);
	T_CHECK(!a.broken && !a.services[0].broken && !a.services[1].broken,
		"broken");
	T_EQ(a.services[1].service, WIRE_SERVICE_CL);
}

static void
bandwidth_is_rounded_to_the_safe_side(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 10000; i++) {
		struct wire_adspec a = adspec_default();
		struct adspec_local l = here;
		double got;

		l.available_Bps =
			t_random(&random) >> (19 + t_below(&random, 44));
		adspec_update(&a, &l);
		got = (double)a.general.bandwidth_Bps;
		T_CHECK(got <= (double)l.available_Bps, "%g is more", got);
		T_CHECK((double)nextafterf(a.general.bandwidth_Bps, INFINITY) >
					(double)l.available_Bps ||
				got == (double)40e12f,
			"%g is too little", got);
	}
}

static void
what_makes_no_sense_is_refused(void)
{
	static const float bad[] = { -1.0f, -0.0f, INFINITY, -INFINITY, NAN };
	struct wire_adspec a = arriving();

	T_CHECK(adspec_valid(&a), "good one");
	a.general.bandwidth_Bps = 0;
	T_CHECK(adspec_valid(&a), "bandwidth unknown");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = arriving();
		a.general.bandwidth_Bps = bad[i];
		T_CHECK(!adspec_valid(&a), "bandwidth %g", (double)bad[i]);
		a = arriving();
		a.services[1].overrides.bandwidth_Bps = bad[i];
		T_CHECK(adspec_valid(&a), "an override that is not there");
		a.services[1].overrides.present = WIRE_GENERAL_BANDWIDTH;
		T_CHECK(!adspec_valid(&a), "override %g", (double)bad[i]);
	}
	for (unsigned bit = 1; bit < WIRE_GENERAL_ALL; bit <<= 1) {
		a = arriving();
		a.general.present = (uint8_t)(WIRE_GENERAL_ALL & ~bit);
		T_CHECK(!adspec_valid(&a), "without parameter bit %u", bit);
	}
	a = arriving();
	a.general.mtu = 0;
	T_CHECK(!adspec_valid(&a), "MTU 0");
}

static void
fragments_out_of_order_are_refused(void)
{
	struct wire_adspec a = arriving();

	a.services[1].service = WIRE_SERVICE_GS;
	T_CHECK(!adspec_valid(&a), "twice");
	a.services[1].service = 10;
	T_CHECK(!adspec_valid(&a), "10 before 9");
	a = arriving();
	a.services[0].service = WIRE_SERVICE_GENERAL;
	T_CHECK(!adspec_valid(&a), "service 1 again");
	a = arriving();
	a.service_count = WIRE_SERVICES_MAX + 1;
	T_CHECK(!adspec_valid(&a), "too many");
}

static struct t_case cases[] = {
	{ "every parameter is composed", every_parameter_is_composed },
	{ "the smaller value of the path stays",
		the_smaller_value_of_the_path_stays },
	{ "unknown values stay unknown", unknown_values_stay_unknown },
	{ "sums saturate", sums_saturate },
	{ "an empty guaranteed fragment is expanded",
		an_empty_guaranteed_fragment_is_expanded },
	{ "an absent fragment stays absent", an_absent_fragment_stays_absent },
	{ "a service not known here is marked broken and kept",
		a_service_not_known_here_is_broken },
	{ "without traffic control everything is marked broken",
		without_traffic_control_everything_is_broken },
	{ "an empty fragment is not expanded without the service",
		an_empty_fragment_is_not_expanded_without_the_service },
	{ "a hop without RSVP breaks the path, not the services",
		a_hop_without_rsvp_breaks_the_path_only },
	{ "arriving overrides meet our defaults",
		arriving_overrides_meet_our_defaults },
	{ "our overrides meet arriving values",
		our_overrides_meet_arriving_values },
	{ "a service that is not offered is marked broken",
		a_service_that_is_not_offered_is_broken },
	{ "sums restart where the flow is reshaped",
		sums_restart_where_the_flow_is_reshaped },
	{ "no service has larger packets than the path",
		no_service_has_larger_packets_than_the_path },
	{ "each override meets its own default",
		each_override_meets_its_own_default },
	{ "a local sender starts with nothing passed",
		a_local_sender_starts_with_nothing_passed },
	{ "bandwidth is rounded to the safe side",
		bandwidth_is_rounded_to_the_safe_side },
	{ "what makes no sense is refused", what_makes_no_sense_is_refused },
	{ "fragments out of order are refused",
		fragments_out_of_order_are_refused },
};

T_MAIN(cases)
