/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/gs.h"

#include <float.h>
#include <math.h>

#include "t.h"
#include "t_random.h"

static void
near(double got, double want, double tolerance, const char *what)
{
	const double error = got > want ? got - want : want - got;

	T_CHECK(got == want || error <= tolerance, "%s: %.9g, not %.9g", what,
		got, want);
}

static const struct wire_tspec tspec = { 125000, 16000, 250000, 64, 1500 };

static void
bounds_by_hand(void)
{
	static const struct {
		const char *what;
		struct wire_tspec t;
		double R;
		uint32_t C, D;
		double want_us;
	} rows[] = {
		/* 14500/150000 * 100000/125000 s + 3000/150000 s + 1200 */
		{ "p > R", { 125000, 16000, 250000, 64, 1500 }, 150000, 1500,
			1200, 98533.333333 },
		/* (16000 + 1500)/125000 s + 1200: no peak counts at R = r */
		{ "R = r", { 125000, 16000, 250000, 64, 1500 }, 125000, 1500,
			1200, 141200 },
		/* 3000/250000 s + 1200 */
		{ "R = p", { 125000, 16000, 250000, 64, 1500 }, 250000, 1500,
			1200, 13200 },
		{ "R > p", { 125000, 16000, 250000, 64, 1500 }, 500000, 1500,
			1200, 7200 },
		/* 17500/150000 s + 1200 */
		{ "no peak", { 125000, 16000, INFINITY, 64, 1500 }, 150000,
			1500, 1200, 117866.666667 },
		{ "p = r = R", { 125000, 16000, 125000, 64, 1500 }, 125000,
			1500, 0, 24000 },
		{ "p = r < R", { 125000, 16000, 125000, 64, 1500 }, 250000,
			1500, 0, 12000 },
		/* b counts as M */
		{ "b < M", { 125000, 100, 250000, 64, 1500 }, 150000, 1500, 0,
			20000 },
		{ "b < M, no peak", { 125000, 100, INFINITY, 64, 1500 }, 150000,
			1500, 0, 20000 },
		{ "sums at their ends", { 1, 1, 1, 1, 1 }, 1, UINT32_MAX,
			UINT32_MAX, 4294967296e6 + 4294967295.0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(rsvp_gs_bound_us(
			     &rows[i].t, rows[i].R, rows[i].C, rows[i].D),
			rows[i].want_us, 1e-3, rows[i].what);
}

static void
no_bound_without_the_rate(void)
{
	struct wire_tspec nothing = { 0 };
	struct wire_tspec odd = tspec;

	near(rsvp_gs_bound_us(&tspec, 124999, 0, 0), INFINITY, 0, "R < r");
	near(rsvp_gs_bound_us(&tspec, 0, 0, 0), INFINITY, 0, "R = 0");
	near(rsvp_gs_bound_us(&tspec, -1, 0, 0), INFINITY, 0, "R = -1");
	near(rsvp_gs_bound_us(&tspec, (double)NAN, 0, 0), INFINITY, 0, "NaN");
	near(rsvp_gs_bound_us(&nothing, 0, 0, 0), INFINITY, 0, "r = 0");
	odd.r = (float)NAN;
	near(rsvp_gs_bound_us(&odd, 1, 0, 0), INFINITY, 0, "r is NaN");
}

static void
rates_by_hand(void)
{
	static const struct {
		const char *what;
		struct wire_tspec t;
		double bound_us;
		uint32_t C, D;
		double want;
	} rows[] = {
		{ "p > R", { 125000, 16000, 250000, 64, 1500 }, 98533.333333333,
			1500, 1200, 150000 },
		{ "R > p", { 125000, 16000, 250000, 64, 1500 }, 7200, 1500,
			1200, 500000 },
		{ "R = p", { 125000, 16000, 250000, 64, 1500 }, 13200, 1500,
			1200, 250000 },
		{ "slack: R = r", { 125000, 16000, 250000, 64, 1500 }, 1e6,
			1500, 1200, 125000 },
		{ "no peak", { 125000, 16000, INFINITY, 64, 1500 },
			117866.666666667, 1500, 1200, 150000 },
		{ "no peak, slack", { 125000, 16000, INFINITY, 64, 1500 }, 1e9,
			1500, 1200, 125000 },
		{ "p = r", { 125000, 16000, 125000, 64, 1500 }, 12000, 1500, 0,
			250000 },
		{ "p = r, slack", { 125000, 16000, 125000, 64, 1500 }, 48000,
			1500, 0, 125000 },
		{ "p = r, any bound", { 125000, 16000, 125000, 64, 1500 },
			INFINITY, 1500, 0, 125000 },
		{ "any bound", { 125000, 16000, 250000, 64, 1500 }, INFINITY,
			1500, 0, 125000 },
		{ "b < M", { 125000, 100, 250000, 64, 1500 }, 20000, 1500, 0,
			150000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(rsvp_gs_rate(&rows[i].t, rows[i].bound_us, rows[i].C,
			     rows[i].D),
			rows[i].want, 1e-3, rows[i].what);
}

static void
no_rate_keeps_a_bound_below_the_fixed_delay(void)
{
	const struct wire_tspec nothing = { 0 };

	near(rsvp_gs_rate(&tspec, 1200, 1500, 1200), INFINITY, 0, "= D");
	near(rsvp_gs_rate(&tspec, 1199, 1500, 1200), INFINITY, 0, "< D");
	near(rsvp_gs_rate(&tspec, -1, 0, 0), INFINITY, 0, "negative");
	near(rsvp_gs_rate(&tspec, (double)NAN, 0, 0), INFINITY, 0, "NaN");
	near(rsvp_gs_rate(&nothing, 1, 0, 0), INFINITY, 0, "r = 0");
}

static struct wire_tspec
any_tspec(uint64_t *random)
{
	struct wire_tspec t = {
		.r = (float)(1 + t_below(random, 10000000)),
		.m = 64,
		.M = 64 + t_below(random, 9000),
	};

	t.b = (float)(1 + t_below(random, 200000));
	switch (t_below(random, 3)) {
	case 0:
		t.p = INFINITY;
		break;
	case 1:
		t.p = t.r;
		break;
	default:
		t.p = t.r * (float)(1 + t_below(random, 1000)) / 100;
		t.p = t.p < t.r ? t.r : t.p;
	}
	return t;
}

/* The backlog in front of a server of rate R by looking at every moment the
 * arrival curve M + min(pT, rT + b - M) can bend. */
static double
oracle_backlog(const struct wire_tspec *t, double R)
{
	const double b = t->b > (float)t->M ? (double)t->b : t->M;

	if (isinf(t->p))
		return b;

	double most = t->M; /* at once */
	const double bend =
		t->p > t->r ? (b - t->M) / ((double)t->p - t->r) : 0;
	const double there = t->M + (double)t->p * bend - R * bend;

	if (there > most)
		most = there;
	return most;
}

static void
bounds_agree_with_the_arrival_curve(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct wire_tspec t = any_tspec(&random);
		const double R =
			(double)t.r * (1 + t_below(&random, 4000) / 1000.0);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double want = (oracle_backlog(&t, R) + C) / R * 1e6 + D;

		near(rsvp_gs_bound_us(&t, R, C, D), want, want * 1e-9, "Q");
	}
}

static void
the_rate_is_the_smallest_that_keeps_the_bound(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct wire_tspec t = any_tspec(&random);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double want = D + 1 + t_below(&random, 10000000);
		const double R = rsvp_gs_rate(&t, want, C, D);

		T_CHECK(R >= (double)t.r && R < INFINITY, "R = %g", R);
		T_CHECK(rsvp_gs_bound_us(&t, R * (1 + 1e-9), C, D) <= want,
			"the bound is not kept");
		if (R > (double)t.r * (1 + 1e-3))
			T_CHECK(rsvp_gs_bound_us(&t, R * (1 - 1e-4), C, D) >
					want,
				"a smaller rate does");
	}
}

static double
buffer(struct wire_tspec t, float R, uint32_t S, uint32_t C, uint32_t D)
{
	const struct wire_flowspec spec = { WIRE_SERVICE_GS, t, R, S };

	return gs_buffer_bytes(&spec, C, D);
}

static void
buffers_by_hand(void)
{
	struct wire_tspec t = tspec;

	/* T = 0.116 s > 0.0112 s, p > R: 1500 + 11600 + 1680 */
	near(buffer(t, 150000, 0, 1500, 1200), 14780, 1e-6, "X = R");
	/* R >= p: 1500 + (1500/500000 + 0.0012) * 250000 */
	near(buffer(t, 500000, 0, 1500, 1200), 2550, 1e-6, "X = p");
	near(buffer(t, 250000, 0, 1500, 1200), 3300, 1e-6, "X = p = R");
	/* 0.21 s > 0.116 s: b + (1500/150000 + 0.2) * 125000 */
	near(buffer(t, 150000, 0, 1500, 200000), 42250, 1e-6, "X = r");
	/* T = 0.116 s = C/R + D: still R */
	near(buffer(t, 150000, 0, 1500, 106000), 1500 + 11600 + 17400, 1e-6,
		"X at its edge");
	t.p = INFINITY; /* b + C + D R */
	near(buffer(t, 150000, 0, 1500, 1200), 17680, 1e-6, "no peak");
	t.p = t.r; /* 1500 + (1500/150000 + 0.0012) * 125000 */
	near(buffer(t, 150000, 0, 1500, 1200), 2900, 1e-6, "p = r");
	t.p = 250000;
	t.b = 100; /* T = 0: 1500 + 0.0112 * 125000 */
	near(buffer(t, 150000, 0, 1500, 1200), 2900, 1e-6, "b < M");
}

static void
slack_left_to_others_needs_buffer(void)
{
	near(buffer(tspec, 150000, 1000, 1500, 200),
		buffer(tspec, 150000, 0, 1500, 1200), 1e-6, "S like Dsum");
}

static void
no_buffer_is_above_that_without_a_peak(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		struct wire_tspec t = any_tspec(&random);
		const float R =
			t.r * (1 + (float)t_below(&random, 4000) / 1000);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double with = buffer(t, R, 0, C, D);

		t.p = INFINITY;

		const double without = buffer(t, R, 0, C, D);

		T_CHECK(with >= t.M && with <= without * (1 + 1e-9),
			"%g, without %g", with, without);
	}
}

static struct t_case cases[] = {
	{ "delay bounds agree with sums by hand", bounds_by_hand },
	{ "there is no bound for a rate below the token rate",
		no_bound_without_the_rate },
	{ "rates for a bound agree with sums by hand", rates_by_hand },
	{ "no rate keeps a bound below the fixed delay",
		no_rate_keeps_a_bound_below_the_fixed_delay },
	{ "bounds agree with the arrival curve",
		bounds_agree_with_the_arrival_curve },
	{ "the rate is the smallest that keeps the bound",
		the_rate_is_the_smallest_that_keeps_the_bound },
	{ "buffers agree with sums by hand", buffers_by_hand },
	{ "slack left to other nodes needs buffer",
		slack_left_to_others_needs_buffer },
	{ "no buffer is above that without a peak rate",
		no_buffer_is_above_that_without_a_peak },
};

T_MAIN(cases)
