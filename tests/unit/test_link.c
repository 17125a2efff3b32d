/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/link.h"

#include <math.h>

#include "t.h"
#include "t_random.h"

/* 100 Mbit/s Ethernet: header 14; FCS, preamble and gap 24; 84 at least. */
static const struct rsvp_iface ether = {
	.mtu = 1500,
	.link_Bps = 12500000,
	.budget_bytes = 200000,
	.header_bytes = 14,
	.overhead_bytes = 24,
	.min_frame_bytes = 84,
	.timer_us = 200,
	.device_bytes = 3076,
};

static const struct rsvp_iface bare = { .mtu = 1500, .timer_us = 200 };

static void
packets_grow_by_header_and_overhead(void)
{
	T_EQ(link_packet_bytes(&ether, 1500), 1538);
	T_EQ(link_packet_bytes(&ether, 47), 85);
	T_EQ(link_packet_bytes(&ether, 46), 84);
	T_EQ(link_packet_bytes(&ether, 45), 84);
	T_EQ(link_packet_bytes(&ether, 0), 84);
	T_EQ(link_packet_bytes(&bare, 45), 45);
	T_CHECK(link_packet_bytes(&ether, UINT64_MAX - 1) == UINT64_MAX,
		"no saturation");
}

/* Whatever sizes of m or more it sends, they take no more than was booked; and
 * one of them takes all of it. */
static void
cells_are_booked_at_their_worst(void)
{
	static const struct {
		uint32_t overhead;
		uint32_t smallest;
	} rows[] = { { 0, 0 }, { 16, 0 }, { 40, 0 }, { 40, 106 }, { 7, 48 } };

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++)
		for (uint32_t m = 1; m < 300; m++) {
			const struct rsvp_iface atm = { .mtu = 1500,
				.overhead_bytes = rows[n].overhead,
				.min_frame_bytes = rows[n].smallest,
				.atm = true };
			uint64_t most = 0;

			for (uint64_t x = m; x <= 1500; x++) {
				const uint64_t octets = 1500 * x;
				const uint64_t wire =
					1500 * link_packet_bytes(&atm, x);
				const uint64_t booked =
					link_wire_bytes(&atm, octets, m);

				T_CHECK(booked >= wire, "m %u, %" PRIu64, m, x);
				most = booked == wire ? x : most;
			}
			T_CHECK(most != 0, "m %u: nothing takes so much", m);
		}
}

static void
cells_are_53_octets(void)
{
	const struct rsvp_iface atm = {
		.mtu = 1500, .overhead_bytes = 8, .atm = true
	};

	T_EQ(link_packet_bytes(&atm, 40), 53);
	T_EQ(link_packet_bytes(&atm, 41), 106);
	T_EQ(link_packet_bytes(&atm, 1500), 32 * 53);
	T_CHECK(link_packet_bytes(&atm, UINT64_MAX) == UINT64_MAX, "overflow");
	T_CHECK(link_ip_bytes(&atm, link_wire_bytes(&atm, 100000, 64), 64) >=
			100000,
		"and back");
}

static void
rates_are_inflated_for_the_smallest_packet(void)
{
	static const struct {
		uint64_t ip;
		uint32_t m;
		uint64_t want;
	} rows[] = {
		{ 0, 64, 0 }, { 1500, 1500, 1538 }, { 64, 64, 102 },
		{ 150000, 64, 239063 },  /* 239062.5 */
		{ 128000, 128, 166000 }, /* exact */
		{ 128001, 128, 166002 }, /* 166001.3 */
		{ 1000, 0, 84000 },      /* m = 0 is read as 1 */
		{ 1000, 1, 84000 }, { 40000000000000, 1, 3360000000000000 },
		{ UINT64_MAX, 1500, UINT64_MAX },
		{ 65535, UINT32_MAX, 65573 }, /* m above any packet */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t got =
			link_wire_bytes(&ether, rows[i].ip, rows[i].m);

		T_CHECK(got == rows[i].want, "row %zu: %" PRIu64, i, got);
	}
	T_CHECK(link_wire_bytes(&bare, 123457, 7) == 123457, "bare");
}

static void
headers_of_any_size_do_not_overflow(void)
{
	const struct rsvp_iface odd = { .header_bytes = UINT32_MAX,
		.overhead_bytes = UINT32_MAX,
		.min_frame_bytes = UINT32_MAX };

	T_CHECK(link_wire_bytes(&odd, 1, 1) == 2ull * UINT32_MAX + 1, "one");
	T_CHECK(link_wire_bytes(&odd, UINT64_MAX, 1) == UINT64_MAX, "many");
	T_CHECK(link_ip_bytes(&odd, UINT64_MAX, 65535) < UINT64_MAX, "back");
}

static void
what_is_free_is_told_in_ip_octets(void)
{
	T_EQ(link_ip_bytes(&ether, 166000, 128), 128000);
	T_EQ(link_ip_bytes(&ether, 165999, 128), 127999);
	T_EQ(link_ip_bytes(&ether, 0, 128), 0);
	T_EQ(link_ip_bytes(&bare, 77, 1), 77);
}

static void
wire_and_ip_octets_agree(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 100000; i++) {
		const uint64_t ip =
			t_random(&random) >> (18 + t_below(&random, 40));
		const uint32_t m = 1 + t_below(&random, 1500);
		const uint64_t wire = link_wire_bytes(&ether, ip, m);
		const uint64_t w = link_packet_bytes(&ether, m);

		/* wire - 1 < ip w / m <= wire, in long arithmetic */
		__extension__ typedef unsigned __int128 wide;
		const wide exact = (wide)ip * w;

		T_CHECK((wide)wire * m >= exact, "rounded down");
		T_CHECK((wide)wire * m < exact + m, "rounded up too far");
		T_CHECK(link_ip_bytes(&ether, wire, m) >= ip, "lost");
		T_CHECK(link_wire_bytes(&ether, link_ip_bytes(&ether, wire, m),
				m) <= wire,
			"promised too much");
	}
}

static void
check_terms(const struct rsvp_iface *iface, uint32_t want_C, uint32_t want_D)
{
	uint32_t C;
	uint32_t D;

	link_gs_terms(iface, &C, &D);
	T_EQ(C, want_C);
	T_EQ(D, want_D);
}

static void
error_terms_by_hand(void)
{
	struct rsvp_iface i = ether;

	/* (200000 + 1538 + 3076) / 12.5e6 = 16369.12 us, and the timer */
	check_terms(&i, 1538, 16370 + 200);
	i.budget_bytes -= 4614 - 12; /* 200012 in all: 16000.96 */
	check_terms(&i, 1538, 16001 + 200);
	i.budget_bytes -= 12; /* 16000 exactly */
	check_terms(&i, 1538, 16000 + 200);
	i.link_Bps = 1250000;
	check_terms(&i, 1538, 160000 + 200);
}

static void
error_terms_stay_in_their_range(void)
{
	const struct rsvp_iface nothing = { .link_Bps = UINT64_MAX };
	struct rsvp_iface i = ether;

	check_terms(&nothing, 1, 1);
	i.link_Bps = 0;
	check_terms(&i, 1538, 1 << 28);
	i.link_Bps = 1;
	i.budget_bytes = UINT64_MAX;
	i.mtu = UINT32_MAX;
	i.timer_us = UINT32_MAX;
	check_terms(&i, 1 << 28, 1 << 28);
	/* 40 TB/s: above what is divided exactly, still rounded up. */
	i = ether;
	i.link_Bps = 40000000000000;
	i.budget_bytes = 4000000000000000 - 4614;
	check_terms(&i, 1538, 100000000 + 200);
	i.budget_bytes++;
	check_terms(&i, 1538, 100000000 + 1 + 200);
}

static void
flow_of(const struct rsvp_iface *iface, const struct wire_flowspec *spec,
	uint32_t Csum, uint32_t Dsum, struct rsvp_flow *flow)
{
	const struct link_arrival arrival = { Csum, Dsum, false };

	link_flow(iface, spec, &arrival, flow);
}

static const struct wire_flowspec gs_spec = {
	WIRE_SERVICE_GS,
	{ 125000, 16000, 250000, 100, 1500 },
	150000,
	0,
};

static void
a_guaranteed_flow_by_hand(void)
{
	struct rsvp_flow f = { .id = 7, .ifindex = 3, .dst_port = 5 };
	struct wire_flowspec less = gs_spec;

	flow_of(&ether, &gs_spec, 1500, 1200, &f);
	T_EQ(f.service, WIRE_SERVICE_GS);
	T_EQ(f.rate_Bps, 207000);  /* 150000 * 138/100 */
	T_EQ(f.token_Bps, 172500); /* 125000 * 138/100 */
	less.R = 100000; /* below r: nothing is kept that R does not carry */
	flow_of(&ether, &less, 1500, 1200, &f);
	T_EQ(f.token_Bps, f.rate_Bps);
	flow_of(&ether, &gs_spec, 1500, 1200, &f);
	T_EQ(f.peak_Bps, 345000);
	T_EQ(f.bucket_bytes, 22080);
	T_EQ(f.max_packet_bytes, 1538);
	T_EQ(f.min_packet_bytes, 138);
	T_EQ(f.buffer_bytes, 20397); /* 14780 * 1.38 = 20396.4 */
	T_CHECK(f.id == 7 && f.ifindex == 3 && f.dst_port == 5, "changed");
	/* 2 * 1538 + 207000 * 200e-6 = 3117.4 */
	T_EQ(link_gs_burst_bytes(&ether, &f), 3118);
}

static void
a_guaranteed_flow_on_a_bare_link_keeps_its_numbers(void)
{
	struct rsvp_flow f = { 0 };

	flow_of(&bare, &gs_spec, 1500, 1200, &f);
	T_EQ(f.rate_Bps, 150000);
	T_EQ(f.peak_Bps, 250000);
	T_EQ(f.bucket_bytes, 16000);
	T_EQ(f.max_packet_bytes, 1500);
	T_EQ(f.min_packet_bytes, 100);
	T_EQ(f.buffer_bytes, 14780);
	T_EQ(link_gs_burst_bytes(&bare, &f), 3030);
}

static void
guaranteed_flows_at_the_edges(void)
{
	struct wire_flowspec s = gs_spec;
	struct rsvp_flow f = { 0 };

	s.tspec.p = INFINITY;
	flow_of(&bare, &s, 1500, 1200, &f);
	T_EQ(f.peak_Bps, 0);
	T_EQ(f.buffer_bytes, 17680);
	s.tspec.p = 125000;
	flow_of(&bare, &s, 1500, 1200, &f);
	T_EQ(f.peak_Bps, 150000); /* never below the rate */
	s.tspec.b = 100;
	flow_of(&bare, &s, 0, 0, &f);
	T_EQ(f.bucket_bytes, 1500); /* nor the bucket below a packet */
	T_EQ(f.buffer_bytes, 1500);
	s.R = 40e12f;
	s.tspec.p = INFINITY;
	s.tspec.b = 250e9f;
	s.S = UINT32_MAX;
	flow_of(&ether, &s, UINT32_MAX, UINT32_MAX, &f);
	T_EQ(f.rate_Bps, 55199999050384); /* 39999999311872 * 1.38 = ...83.36 */
	T_CHECK(f.buffer_bytes > LINK_BUFFER_MAX_BYTES, "supported");
	s.tspec.M = UINT32_MAX;
	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.max_packet_bytes, UINT32_MAX);
}

static void
a_reshaper_holds_what_came_together(void)
{
	const struct link_arrival merged = { 1500, 1200, true };
	struct rsvp_flow f = { 0 };

	link_flow(&bare, &gs_spec, &merged, &f);
	T_EQ(f.buffer_bytes, 17650); /* 16000 + 1500 + 0.0012 * 125000 */
	T_EQ(f.rate_Bps, 150000);
	T_EQ(f.bucket_bytes, 16000);
	link_flow(&ether, &gs_spec, &merged, &f);
	T_EQ(f.buffer_bytes, 24357); /* 17650 * 1.38 */
}

/* Only a class of the token rate, on a link that charges each octet alike. */
static void
a_class_of_the_token_rate_reshapes(void)
{
	struct wire_flowspec s = gs_spec;
	struct rsvp_iface padded = bare;

	T_CHECK(!link_reshapes(&bare, &s), "R > r lets bursts through");
	s.R = s.tspec.r;
	T_CHECK(link_reshapes(&bare, &s), "R = r");
	T_CHECK(!link_reshapes(&ether, &s), "large packets cost less there");
	s.tspec.m = s.tspec.M;
	T_CHECK(link_reshapes(&ether, &s), "all packets cost the same");
	s.tspec.m = 0;
	T_CHECK(link_reshapes(&bare, &s), "m = 0 is read as 1");
	padded.min_frame_bytes = 101;
	s.tspec.m = 100;
	T_CHECK(!link_reshapes(&padded, &s), "a padded packet");
	s.tspec.m = 101;
	T_CHECK(link_reshapes(&padded, &s), "none is padded");
	s.service = WIRE_SERVICE_CL;
	T_CHECK(!link_reshapes(&bare, &s), "CL borrows");
}

static struct wire_flowspec
cl_spec(struct wire_tspec t)
{
	return (struct wire_flowspec){ .service = WIRE_SERVICE_CL, .tspec = t };
}

static void
a_controlled_load_flow_by_hand(void)
{
	const struct wire_flowspec s = cl_spec(
		(struct wire_tspec){ 125000, 16000, 250000, 100, 1500 });
	struct rsvp_flow f = { 0 };

	flow_of(&ether, &s, UINT32_MAX, UINT32_MAX, &f);
	T_EQ(f.service, WIRE_SERVICE_CL);
	T_EQ(f.rate_Bps, 172500);
	T_EQ(f.peak_Bps, 345000);
	T_EQ(f.bucket_bytes, 22080);
	T_EQ(f.buffer_bytes, 22080 + 34500);
	T_EQ(f.max_packet_bytes, 1538);
	T_EQ(f.min_packet_bytes, 138);
	T_EQ(link_gs_burst_bytes(&ether, &f), 0);
}

static void
controlled_load_flows_at_the_edges(void)
{
	struct wire_flowspec s =
		cl_spec((struct wire_tspec){ 1000, 100, 1000, 100, 1500 });
	struct rsvp_flow f = { 0 };

	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.rate_Bps, 1380);
	T_EQ(f.peak_Bps, 0); /* p = r leaves no room for a burst to clear */
	T_EQ(f.bucket_bytes, 1539); /* a packet and 0.276 octets of timer */
	T_EQ(f.buffer_bytes, 4 * 1538);
	s.tspec.p = (float)NAN;
	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.peak_Bps, 0);
	s.tspec.p = INFINITY;
	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.peak_Bps, 0);
	s.tspec.p = 1001;
	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.peak_Bps, 1382); /* 1381.38 */
	s.tspec.r = 1.5f;       /* 2 * 1.38 */
	flow_of(&ether, &s, 0, 0, &f);
	T_EQ(f.rate_Bps, 3);
	s.tspec.b = 250e9f;
	flow_of(&ether, &s, 0, 0, &f);
	T_CHECK(f.buffer_bytes > LINK_BUFFER_MAX_BYTES, "supported");
	/* 2.5 GB in 200 ms: more queue than anybody needs */
	s.tspec.r = 12.5e9f;
	s.tspec.b = 16000;
	flow_of(&bare, &s, 0, 0, &f);
	T_EQ(f.buffer_bytes, LINK_BUFFER_MAX_BYTES);
}

/* RFC 2212: D does not depend on what fits 64 bits on the way. */
static void
terms_of_huge_links_are_exact(void)
{
	const struct rsvp_iface huge = {
		.mtu = 1500, .link_Bps = 1ull << 50, .budget_bytes = 1ull << 49
	};
	uint32_t C, D;

	link_gs_terms(&huge, &C, &D);
	T_EQ(C, 1500);
	T_EQ(D, 500001);
}

static void
absurd_rates_end_at_the_largest_number(void)
{
	const struct wire_flowspec spec = { .service = WIRE_SERVICE_GS,
		.tspec = { 3e19f, 1000, INFINITY, 100, 1500 },
		.R = 3e19f };
	const struct link_arrival arrival = { 0 };
	struct rsvp_flow flow = { 0 };

	link_flow(&bare, &spec, &arrival, &flow);
	T_CHECK(flow.rate_Bps == UINT64_MAX, "%" PRIu64, flow.rate_Bps);
}

static struct t_case cases[] = {
	{ "terms of huge links are exact", terms_of_huge_links_are_exact },
	{ "absurd rates end at the largest number",
		absurd_rates_end_at_the_largest_number },
	{ "packets grow by header and overhead",
		packets_grow_by_header_and_overhead },
	{ "cells are booked at their worst", cells_are_booked_at_their_worst },
	{ "cells are 53 octets", cells_are_53_octets },
	{ "rates are inflated for the smallest packet",
		rates_are_inflated_for_the_smallest_packet },
	{ "headers of any size do not overflow",
		headers_of_any_size_do_not_overflow },
	{ "what is free is told in IP octets",
		what_is_free_is_told_in_ip_octets },
	{ "wire octets and IP octets agree", wire_and_ip_octets_agree },
	{ "error terms agree with sums by hand", error_terms_by_hand },
	{ "error terms stay in 1 to 2^28", error_terms_stay_in_their_range },
	{ "a guaranteed flow agrees with sums by hand",
		a_guaranteed_flow_by_hand },
	{ "a guaranteed flow on a bare link keeps its numbers",
		a_guaranteed_flow_on_a_bare_link_keeps_its_numbers },
	{ "guaranteed flows at the edges saturate",
		guaranteed_flows_at_the_edges },
	{ "a reshaper holds what came together",
		a_reshaper_holds_what_came_together },
	{ "a class of the token rate reshapes",
		a_class_of_the_token_rate_reshapes },
	{ "a controlled-load flow agrees with sums by hand",
		a_controlled_load_flow_by_hand },
	{ "controlled-load flows at the edges leave room for bursts",
		controlled_load_flows_at_the_edges },
};

T_MAIN(cases)
