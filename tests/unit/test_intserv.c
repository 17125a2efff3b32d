/* SPDX-License-Identifier: ISC */
#include "base/intserv.h"

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

static const struct intserv_flow flow = { 125000, 16000, 250000, 1500 };

static void
bounds_by_hand(void)
{
	static const struct {
		const char *what;
		struct intserv_flow f;
		double R;
		uint32_t C, D;
		double want_us;
	} rows[] = {
		/* 14500/150000 * 100000/125000 s + 3000/150000 s + 1200 */
		{ "p > R", { 125000, 16000, 250000, 1500 }, 150000, 1500, 1200,
			98533.333333 },
		/* (16000 + 1500)/125000 s + 1200: no peak counts at R = r */
		{ "R = r", { 125000, 16000, 250000, 1500 }, 125000, 1500, 1200,
			141200 },
		/* 3000/250000 s + 1200 */
		{ "R = p", { 125000, 16000, 250000, 1500 }, 250000, 1500, 1200,
			13200 },
		{ "R > p", { 125000, 16000, 250000, 1500 }, 500000, 1500, 1200,
			7200 },
		/* 17500/150000 s + 1200 */
		{ "no peak", { 125000, 16000, INFINITY, 1500 }, 150000, 1500,
			1200, 117866.666667 },
		{ "p = r = R", { 125000, 16000, 125000, 1500 }, 125000, 1500, 0,
			24000 },
		{ "p = r < R", { 125000, 16000, 125000, 1500 }, 250000, 1500, 0,
			12000 },
		/* b counts as M */
		{ "b < M", { 125000, 100, 250000, 1500 }, 150000, 1500, 0,
			20000 },
		{ "b < M, no peak", { 125000, 100, INFINITY, 1500 }, 150000,
			1500, 0, 20000 },
		{ "sums at their ends", { 1, 1, 1, 1 }, 1, UINT32_MAX,
			UINT32_MAX, 4294967296e6 + 4294967295.0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(intserv_bound_us(
			     &rows[i].f, rows[i].R, rows[i].C, rows[i].D),
			rows[i].want_us, 1e-3, rows[i].what);
}

static void
no_bound_without_the_rate(void)
{
	struct intserv_flow nothing = { 0 };
	struct intserv_flow odd = flow;

	near(intserv_bound_us(&flow, 124999, 0, 0), INFINITY, 0, "R < r");
	near(intserv_bound_us(&flow, 0, 0, 0), INFINITY, 0, "R = 0");
	near(intserv_bound_us(&flow, -1, 0, 0), INFINITY, 0, "R = -1");
	near(intserv_bound_us(&flow, (double)NAN, 0, 0), INFINITY, 0, "NaN");
	near(intserv_bound_us(&nothing, 0, 0, 0), INFINITY, 0, "r = 0");
	odd.r = (double)NAN;
	near(intserv_bound_us(&odd, 1, 0, 0), INFINITY, 0, "r is NaN");
}

static void
rates_by_hand(void)
{
	static const struct {
		const char *what;
		struct intserv_flow f;
		double bound_us;
		uint32_t C, D;
		double want;
	} rows[] = {
		{ "p > R", { 125000, 16000, 250000, 1500 }, 98533.333333333,
			1500, 1200, 150000 },
		{ "R > p", { 125000, 16000, 250000, 1500 }, 7200, 1500, 1200,
			500000 },
		{ "R = p", { 125000, 16000, 250000, 1500 }, 13200, 1500, 1200,
			250000 },
		{ "slack: R = r", { 125000, 16000, 250000, 1500 }, 1e6, 1500,
			1200, 125000 },
		{ "no peak", { 125000, 16000, INFINITY, 1500 },
			117866.666666667, 1500, 1200, 150000 },
		{ "no peak, slack", { 125000, 16000, INFINITY, 1500 }, 1e9,
			1500, 1200, 125000 },
		{ "p = r", { 125000, 16000, 125000, 1500 }, 12000, 1500, 0,
			250000 },
		{ "p = r, slack", { 125000, 16000, 125000, 1500 }, 48000, 1500,
			0, 125000 },
		{ "p = r, any bound", { 125000, 16000, 125000, 1500 }, INFINITY,
			1500, 0, 125000 },
		{ "any bound", { 125000, 16000, 250000, 1500 }, INFINITY, 1500,
			0, 125000 },
		{ "b < M", { 125000, 100, 250000, 1500 }, 20000, 1500, 0,
			150000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(intserv_rate(&rows[i].f, rows[i].bound_us, rows[i].C,
			     rows[i].D),
			rows[i].want, 1e-3, rows[i].what);
}

static void
no_rate_keeps_a_bound_below_the_fixed_delay(void)
{
	const struct intserv_flow nothing = { 0 };

	near(intserv_rate(&flow, 1200, 1500, 1200), INFINITY, 0, "= D");
	near(intserv_rate(&flow, 1199, 1500, 1200), INFINITY, 0, "< D");
	near(intserv_rate(&flow, -1, 0, 0), INFINITY, 0, "negative");
	near(intserv_rate(&flow, (double)NAN, 0, 0), INFINITY, 0, "NaN");
	near(intserv_rate(&nothing, 1, 0, 0), INFINITY, 0, "r = 0");
}

static struct intserv_flow
any_flow(uint64_t *random)
{
	struct intserv_flow f = {
		.r = 1 + t_below(random, 10000000),
		.b = 1 + t_below(random, 200000),
		.M = 64 + t_below(random, 9000),
	};

	switch (t_below(random, 3)) {
	case 0:
		f.p = (double)INFINITY;
		break;
	case 1:
		f.p = f.r;
		break;
	default:
		f.p = f.r * (1 + t_below(random, 1000)) / 100;
		f.p = f.p < f.r ? f.r : f.p;
	}
	return f;
}

/* The backlog in front of a server of rate R by looking at every moment the
 * arrival curve M + min(pT, rT + b - M) can bend. */
static double
oracle_backlog(const struct intserv_flow *f, double R)
{
	const double b = f->b > f->M ? f->b : f->M;

	if (isinf(f->p))
		return b;

	double most = f->M; /* at once */
	const double bend = f->p > f->r ? (b - f->M) / (f->p - f->r) : 0;
	const double there = f->M + f->p * bend - R * bend;

	if (there > most)
		most = there;
	return most;
}

static void
bounds_agree_with_the_arrival_curve(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct intserv_flow f = any_flow(&random);
		const double R = f.r * (1 + t_below(&random, 4000) / 1000.0);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double want = (oracle_backlog(&f, R) + C) / R * 1e6 + D;

		near(intserv_bound_us(&f, R, C, D), want, want * 1e-9, "Q");
	}
}

static void
the_rate_is_the_smallest_that_keeps_the_bound(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct intserv_flow f = any_flow(&random);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double want = D + 1 + t_below(&random, 10000000);
		const double R = intserv_rate(&f, want, C, D);

		T_CHECK(R >= f.r && R < INFINITY, "R = %g", R);
		T_CHECK(intserv_bound_us(&f, R * (1 + 1e-9), C, D) <= want,
			"the bound is not kept");
		if (R > f.r * (1 + 1e-3))
			T_CHECK(intserv_bound_us(&f, R * (1 - 1e-4), C, D) >
					want,
				"a smaller rate does");
	}
}

static void
buffers_by_hand(void)
{
	struct intserv_flow f = flow;

	/* T = 0.116 s > 0.0112 s, p > R: 1500 + 11600 + 1680 */
	near(intserv_buffer(&f, 150000, 1500, 1200), 14780, 1e-6, "X = R");
	/* R >= p: 1500 + (1500/500000 + 0.0012) * 250000 */
	near(intserv_buffer(&f, 500000, 1500, 1200), 2550, 1e-6, "X = p");
	near(intserv_buffer(&f, 250000, 1500, 1200), 3300, 1e-6, "X = p = R");
	/* 0.21 s > 0.116 s: b + (1500/150000 + 0.2) * 125000 */
	near(intserv_buffer(&f, 150000, 1500, 200000), 42250, 1e-6, "X = r");
	/* T = 0.116 s = C/R + D: still R */
	near(intserv_buffer(&f, 150000, 1500, 106000), 1500 + 11600 + 17400,
		1e-6, "X at its edge");
	f.p = (double)INFINITY; /* b + C + D R */
	near(intserv_buffer(&f, 150000, 1500, 1200), 17680, 1e-6, "no peak");
	f.p = f.r; /* 1500 + (1500/150000 + 0.0012) * 125000 */
	near(intserv_buffer(&f, 150000, 1500, 1200), 2900, 1e-6, "p = r");
	f.p = 250000;
	f.b = 100; /* T = 0: 1500 + 0.0112 * 125000 */
	near(intserv_buffer(&f, 150000, 1500, 1200), 2900, 1e-6, "b < M");
}

static void
reshapers_by_hand(void)
{
	struct intserv_flow f = flow;

	/* 16000 + 1500 + 0.0012 * 125000, whatever the peak rate */
	near(intserv_reshaper(&f, 1500, 1200), 17650, 1e-6, "peak");
	f.p = (double)INFINITY;
	near(intserv_reshaper(&f, 1500, 1200), 17650, 1e-6, "no peak");
	f.b = 100; /* counts as M */
	near(intserv_reshaper(&f, 1500, 1200), 3150, 1e-6, "b < M");
	near(intserv_reshaper(&flow, 0, 0), 16000, 1e-6, "nothing gathered");
}

static void
no_buffer_is_above_that_without_a_peak(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		struct intserv_flow f = any_flow(&random);
		const double R = f.r * (1 + t_below(&random, 4000) / 1000.0);
		const uint32_t C = t_below(&random, 100000);
		const uint32_t D = t_below(&random, 1000000);
		const double with = intserv_buffer(&f, R, C, D);
		const double at_r = intserv_buffer(&f, f.r, C, D);
		const double shaper = intserv_reshaper(&f, C, D);

		/* A class of the token rate is a reshaper. */
		if (f.p > f.r)
			near(at_r, shaper, shaper * 1e-9, "R = r");
		T_CHECK(at_r <= shaper * (1 + 1e-9), "%g, shaper %g", at_r,
			shaper);
		f.p = (double)INFINITY;

		const double without = intserv_buffer(&f, R, C, D);

		T_CHECK(with >= f.M && with <= without * (1 + 1e-9),
			"%g, without %g", with, without);
	}
}

static void
slack_by_hand(void)
{
	/* (16000 + 1500) (1/125000 - 1/150000) s */
	near(intserv_slack_us(&flow, 150000, 125000, 1500), 23333.333333, 1e-3,
		"to r");
	near(intserv_slack_us(&flow, 150000, 150000, 1500), 0, 0, "nothing");
	near(intserv_slack_rate(&flow, 150000, 23333.333333, 1500), 125000,
		1e-3, "all that helps");
	/* 17500 / (0.01 + 17500/150000) */
	near(intserv_slack_rate(&flow, 150000, 10000, 1500), 138157.894737,
		1e-3, "a part");
	near(intserv_slack_rate(&flow, 150000, 0, 1500), 150000, 1e-6, "none");
	near(intserv_slack_rate(&flow, 150000, 1e9, 1500), 125000, 0,
		"never below r");
}

static void
slack_keeps_the_delay_constraint(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct intserv_flow f = any_flow(&random);
		const double Rin = f.r * (1 + t_below(&random, 4000) / 1000.0);
		const uint32_t C = t_below(&random, 100000);
		const double s = t_below(&random, 1000000);
		const double b = f.b > f.M ? f.b : f.M;
		const double Rout = intserv_slack_rate(&f, Rin, s, C);
		const double in = (b + C) / Rin;

		/* Sout + b/Rout + C/Rout <= Sin + b/Rin + C/Rin, Sout = 0 */
		T_CHECK((b + C) / Rout <= (s / 1e6 + in) * (1 + 1e-9),
			"R = %g is too little", Rout);
		T_CHECK(Rout >= f.r && Rout <= Rin * (1 + 1e-9), "R = %g",
			Rout);
		if (Rout > f.r * (1 + 1e-6))
			near(intserv_slack_us(&f, Rin, Rout, C), s,
				s * 1e-6 + 1e-3, "and back");
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
	{ "reshapers agree with sums by hand", reshapers_by_hand },
	{ "slack agrees with sums by hand", slack_by_hand },
	{ "slack keeps the delay constraint",
		slack_keeps_the_delay_constraint },
	{ "no buffer is above that without a peak rate",
		no_buffer_is_above_that_without_a_peak },
};

T_MAIN(cases)
