/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/gs.h"

#include <math.h>

#include "t.h"
#include "t_random.h"

static const struct wire_flowspec spec = { WIRE_SERVICE_GS,
	{ 125000, 16000, 250000, 64, 1500 }, 150000, 0 };

static void
near(double got, double want, const char *what)
{
	const double error = got > want ? got - want : want - got;

	T_CHECK(error <= 1e-6, "%s: %.9g, not %.9g", what, got, want);
}

static void
buffers_agree_with_sums_by_hand(void)
{
	struct wire_flowspec s = spec;

	/* 1500 + 11600 + 0.0112 * 150000 */
	near(gs_buffer_bytes(&s, 1500, 1200, false), 14780, "in between");
	/* 16000 + 1500 + 0.0012 * 125000 */
	near(gs_buffer_bytes(&s, 1500, 1200, true), 17650, "a reshaper");
	s.tspec.p = INFINITY; /* 16000 + 1500 + 0.0012 * 150000 */
	near(gs_buffer_bytes(&s, 1500, 1200, false), 17680, "no peak");
	near(gs_buffer_bytes(&s, 1500, 1200, true), 17680, "the larger one");
}

static void
slack_left_to_others_needs_buffer(void)
{
	struct wire_flowspec s = spec;

	s.S = 1000;
	near(gs_buffer_bytes(&s, 1500, 200, false), 14780, "S like Dsum");
	near(gs_buffer_bytes(&s, 1500, 200, true), 17650, "in a reshaper");
}

static void
slack_buys_a_smaller_rate(void)
{
	struct wire_flowspec in = spec, out;

	/* (16000 + 1500) (1/140000 - 1/150000) s = 8333.33 us */
	in.S = 10000;
	T_CHECK(gs_spend_slack(&in, 1500, 140000, &out), "not had");
	T_CHECK(out.R == 140000, "R = %g", (double)out.R);
	T_EQ(out.S, 10000 - 8334);
	T_CHECK(out.service == WIRE_SERVICE_GS && out.tspec.r == 125000 &&
			out.tspec.b == 16000 && out.tspec.p == 250000 &&
			out.tspec.m == 64 && out.tspec.M == 1500,
		"the Tspec was changed");
	in.S = 8334;
	T_CHECK(gs_spend_slack(&in, 1500, 140000, &out), "all of it");
	T_EQ(out.S, 0);
	in.S = 8333;
	T_CHECK(!gs_spend_slack(&in, 1500, 140000, &out), "too little");
	/* More C before us makes the same step dearer: 31000 (...) */
	in.S = 14761;
	T_CHECK(!gs_spend_slack(&in, 15000, 140000, &out), "too little for C");
	in.S = 14762;
	T_CHECK(gs_spend_slack(&in, 15000, 140000, &out), "enough for C");
}

static void
what_slack_cannot_buy(void)
{
	struct wire_flowspec in = spec, out = { 0 };

	in.S = UINT32_MAX;
	T_CHECK(!gs_spend_slack(&in, 1500, 124999, &out), "below r");
	T_CHECK(!gs_spend_slack(&in, 1500, 150000, &out), "the same rate");
	T_CHECK(!gs_spend_slack(&in, 1500, 1e6, &out), "more");
	T_CHECK(!gs_spend_slack(&in, 1500, 0, &out), "nothing");
	T_CHECK(!gs_spend_slack(&in, 1500, (double)NAN, &out), "NaN");
	T_EQ(out.service, 0);
	in.service = WIRE_SERVICE_CL;
	T_CHECK(!gs_spend_slack(&in, 1500, 140000, &out), "CL");
	in = spec;
	T_CHECK(!gs_spend_slack(&in, 1500, 149999, &out), "no slack");
	in.S = UINT32_MAX;
	T_CHECK(gs_spend_slack(&in, 1500, 125000, &out), "r itself");
	T_CHECK(out.R == 125000, "R = %g", (double)out.R);
}

/* Sout + b/Rout + Ctot/Rout <= Sin + b/Rin + Ctot/Rin, r <= Rout <= Rin. */
static void
the_delay_constraint_holds(void)
{
	uint64_t random = t_seed();
	unsigned had = 0;

	for (int i = 0; i < 50000; i++) {
		const float r = (float)(1 + t_below(&random, 10000000));
		const struct wire_flowspec in = { WIRE_SERVICE_GS,
			{ r, (float)(1500 + t_below(&random, 200000)), INFINITY,
				64, 1500 },
			r * (1 + (float)t_below(&random, 4000) / 1000),
			t_below(&random, 1000000) };
		const uint32_t C = t_below(&random, 100000);
		const double wanted =
			(double)in.R * (500 + t_below(&random, 500)) / 1000;
		const double octets = (double)in.tspec.b + C;
		struct wire_flowspec out;

		if (!gs_spend_slack(&in, C, wanted, &out))
			continue;
		had++;
		T_CHECK(out.R >= r && out.R < in.R, "R = %g", (double)out.R);
		T_CHECK((double)out.R <= wanted, "more than there is");
		T_CHECK((double)nextafterf(out.R, INFINITY) > wanted,
			"less than there is");
		T_CHECK(out.S + octets / (double)out.R * 1e6 <=
				in.S + octets / (double)in.R * 1e6,
			"the delay has grown");
		T_CHECK(out.S + 1 + octets / (double)out.R * 1e6 >
				in.S + octets / (double)in.R * 1e6,
			"slack was lost");
	}
	T_CHECK(had > 1000, "%u tried", had);
}

static struct t_case cases[] = {
	{ "buffers agree with sums by hand", buffers_agree_with_sums_by_hand },
	{ "slack left to other nodes needs buffer",
		slack_left_to_others_needs_buffer },
	{ "slack buys a smaller rate", slack_buys_a_smaller_rate },
	{ "what slack cannot buy is left alone", what_slack_cannot_buy },
	{ "the delay constraint holds", the_delay_constraint_holds },
};

T_MAIN(cases)
