/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/merge.h"

#include <math.h>

#include "t.h"
#include "t_random.h"

static float
from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static const struct wire_tspec good = { 125000, 16000, 250000, 64, 1500 };

static struct wire_flowspec
gs(struct wire_tspec t, float R, uint32_t S)
{
	return (struct wire_flowspec){ WIRE_SERVICE_GS, t, R, S };
}

static struct wire_flowspec
cl(struct wire_tspec t)
{
	return (struct wire_flowspec){ .service = WIRE_SERVICE_CL, .tspec = t };
}

/* What the bits of a float say about it as a rate, a depth and a peak. */
static const struct {
	const char *what;
	uint32_t bits;
	bool rate, depth, peak;
} floats[] = {
	{ "zero", 0x00000000, false, false, false },
	{ "negative zero", 0x80000000, false, false, false },
	{ "smallest denormal", 0x00000001, false, false, false },
	{ "largest denormal", 0x007fffff, false, false, false },
	{ "just below one", 0x3f7fffff, false, false, false },
	{ "one", 0x3f800000, true, true, true },
	{ "minus one", 0xbf800000, false, false, false },
	{ "250e9", 0x5268d4a5, true, true, true },
	{ "just above 250e9", 0x5268d4a6, true, false, true },
	{ "40e12", 0x561184e7, true, false, true },
	{ "just above 40e12", 0x561184e8, false, false, false },
	{ "largest finite", 0x7f7fffff, false, false, false },
	{ "infinity", 0x7f800000, false, false, true },
	{ "negative infinity", 0xff800000, false, false, false },
	{ "signalling NaN", 0x7f800001, false, false, false },
	{ "quiet NaN", 0x7fc00000, false, false, false },
	{ "negative NaN", 0xffc00000, false, false, false },
};
enum { FLOATS = sizeof(floats) / sizeof(floats[0]) };

static void
rates_are_judged_by_their_bits(void)
{
	for (int i = 0; i < FLOATS; i++) {
		struct wire_tspec t = good;

		t.r = from_bits(floats[i].bits);
		t.p = INFINITY;
		T_CHECK(merge_tspec_valid(&t) == floats[i].rate, "r is %s",
			floats[i].what);
	}
}

static void
depths_are_judged_by_their_bits(void)
{
	for (int i = 0; i < FLOATS; i++) {
		struct wire_tspec t = good;

		t.b = from_bits(floats[i].bits);
		T_CHECK(merge_tspec_valid(&t) == floats[i].depth, "b is %s",
			floats[i].what);
	}
}

static void
peaks_are_judged_by_their_bits(void)
{
	for (int i = 0; i < FLOATS; i++) {
		struct wire_tspec t = good;
		struct wire_flowspec spec;

		t.r = 1;
		t.p = from_bits(floats[i].bits);
		T_CHECK(merge_tspec_valid(&t) == floats[i].peak, "p is %s",
			floats[i].what);
		spec = gs(t, 1, 0);
		T_CHECK(merge_flowspec_valid(&spec) == floats[i].peak,
			"GS, p is %s", floats[i].what);
		spec = cl(t);
		T_CHECK(merge_flowspec_valid(&spec), "CL looked at p, %s",
			floats[i].what);
	}
}

static void
reserved_rates_are_judged_by_their_bits(void)
{
	struct wire_tspec t = good;

	t.r = 1;
	for (int i = 0; i < FLOATS; i++) {
		const struct wire_flowspec spec =
			gs(t, from_bits(floats[i].bits), 0);

		T_CHECK(merge_flowspec_valid(&spec) == floats[i].rate,
			"R is %s", floats[i].what);
	}
}

static void
relations_inside_a_tspec_are_checked(void)
{
	static const struct {
		const char *what;
		struct wire_tspec t;
		bool tspec, cl;
	} rows[] = {
		{ "good", { 125000, 16000, 250000, 64, 1500 }, true, true },
		{ "m = 0", { 125000, 16000, 250000, 0, 1500 }, false, false },
		{ "M = 0", { 125000, 16000, 250000, 0, 0 }, false, false },
		{ "m = 1", { 125000, 16000, 250000, 1, 1500 }, true, true },
		{ "m = M", { 125000, 16000, 250000, 1500, 1500 }, true, true },
		{ "m > M", { 125000, 16000, 250000, 1501, 1500 }, false,
			false },
		{ "p = r", { 125000, 16000, 125000, 64, 1500 }, true, true },
		{ "p < r", { 125000, 16000, 124999, 64, 1500 }, false, true },
		{ "b < M", { 125000, 100, 250000, 64, 1500 }, true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wire_flowspec c = cl(rows[i].t);
		const struct wire_flowspec g = gs(rows[i].t, 250000, 0);

		T_CHECK(merge_tspec_valid(&rows[i].t) == rows[i].tspec, "%s",
			rows[i].what);
		T_CHECK(merge_flowspec_valid(&c) == rows[i].cl, "CL, %s",
			rows[i].what);
		T_CHECK(merge_flowspec_valid(&g) == rows[i].tspec, "GS, %s",
			rows[i].what);
	}
}

static void
a_reserved_rate_below_the_token_rate_is_refused(void)
{
	struct wire_flowspec spec = gs(good, 124999, 0);

	T_CHECK(!merge_flowspec_valid(&spec), "R < r");
	spec = gs(good, 125000, UINT32_MAX);
	T_CHECK(merge_flowspec_valid(&spec), "R = r");
	spec.service = WIRE_SERVICE_GENERAL;
	T_CHECK(!merge_flowspec_valid(&spec), "service 1");
	spec.service = 6; /* Null Service */
	T_CHECK(!merge_flowspec_valid(&spec), "service 6");
}

static void
unknown_packet_sizes_are_read_as_what_the_link_has(void)
{
	static const struct {
		uint32_t m, M, want_m, want_M;
		bool unknown;
	} rows[] = {
		{ 64, 1500, 64, 1500, false },
		{ 0, 0, 128, 1500, true },
		{ 0, 0x7fffffff, 128, 1500, true },
		{ 0, 100, 100, 100, false }, /* not above M */
		{ 64, 1499, 64, 1499, false },
		{ 64, 1501, 64, 1500, false },
		{ 2000, 9000, 1500, 1500, false },
		{ 2000, 0, 1500, 1500, true },
		{ 600, 500, 600, 500, false }, /* m > M stays wrong */
		{ 64, 0x7ffffffe, 64, 1500, false },
		{ 64, UINT32_MAX, 64, 1500, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_tspec t = good;

		t.m = rows[i].m;
		t.M = rows[i].M;
		merge_tspec_normalise(&t, 128, 1500);
		T_CHECK(t.m == rows[i].want_m && t.M == rows[i].want_M,
			"row %zu: m %u M %u", i, t.m, t.M);
		T_EQ(merge_packet_size_unknown(rows[i].M), rows[i].unknown);
	}
}

static void
check_tspec(struct wire_tspec got, struct wire_tspec want)
{
	T_CHECK(got.r == want.r, "%g, not %g", (double)got.r, (double)want.r);
	T_CHECK(got.b == want.b, "%g, not %g", (double)got.b, (double)want.b);
	T_CHECK(got.p == want.p, "%g, not %g", (double)got.p, (double)want.p);
	T_EQ(got.m, want.m);
	T_EQ(got.M, want.M);
}

static const struct wire_tspec one = { 1000, 9000, 4000, 100, 1500 };
static const struct wire_tspec two = { 2000, 5000, 3000, 200, 1400 };

static void
tspecs_are_summed(void)
{
	struct wire_tspec endless = two;

	check_tspec(merge_tspec_sum(&one, &two),
		(struct wire_tspec){ 3000, 14000, 7000, 100, 1500 });
	endless.p = INFINITY;
	check_tspec(merge_tspec_sum(&one, &endless),
		(struct wire_tspec){ 3000, 14000, INFINITY, 100, 1500 });
}

static void
tspecs_are_merged_with_the_smallest_packet(void)
{
	check_tspec(merge_tspec_lub(&one, &two),
		(struct wire_tspec){ 2000, 9000, 4000, 100, 1400 });
}

/* Deployed receivers send M = 0, which says nothing: others' M stands. */
static void
an_unknown_packet_size_is_not_the_smallest(void)
{
	struct wire_tspec unknown = one;
	struct wire_flowspec a = { .service = WIRE_SERVICE_CL };
	struct wire_flowspec b = { .service = WIRE_SERVICE_CL, .tspec = two };

	unknown.M = 0;
	a.tspec = unknown;
	T_EQ(merge_tspec_lub(&unknown, &two).M, two.M);
	T_EQ(merge_tspec_lub(&two, &unknown).M, two.M);
	T_EQ(merge_glb(&a, &b).tspec.M, two.M);
	T_EQ(merge_lub(&b, &a).tspec.M, two.M);
	T_EQ(merge_tspec_lub(&unknown, &unknown).M, 0);
	unknown.M = 0x7fffffff;
	T_EQ(merge_tspec_lub(&unknown, &two).M, two.M);
}

static void
the_minimum_of_unordered_tspecs_has_the_larger_depth(void)
{
	check_tspec(merge_tspec_min(&one, &two),
		(struct wire_tspec){ 1000, 9000, 3000, 100, 1400 });
	check_tspec(merge_tspec_min(&two, &one),
		(struct wire_tspec){ 1000, 9000, 3000, 100, 1400 });
}

static void
the_minimum_of_ordered_tspecs_is_the_smaller_one(void)
{
	/* Smaller in each respect: also its m, the larger number. */
	const struct wire_tspec less = { 900, 8000, 3000, 300, 1400 };
	struct wire_tspec more_packet = less;

	check_tspec(merge_tspec_min(&one, &less), less);
	check_tspec(merge_tspec_min(&less, &one), less);
	/* M alone makes them unordered. */
	more_packet.M = 1600;
	check_tspec(merge_tspec_min(&one, &more_packet),
		(struct wire_tspec){ 900, 9000, 3000, 100, 1500 });
	check_tspec(merge_tspec_min(&more_packet, &one),
		(struct wire_tspec){ 900, 9000, 3000, 100, 1500 });
}

static enum merge_order
against_good(struct wire_tspec t, float R, uint32_t S)
{
	const struct wire_flowspec a = gs(t, R, S);
	const struct wire_flowspec b = gs(good, 150000, 100);

	return merge_compare(&a, &b);
}

static void
each_parameter_alone_decides_the_order(void)
{
	struct wire_tspec t = good;

	T_EQ(against_good(t, 150000, 100), MERGE_EQUAL);
	T_EQ(against_good(t, 150001, 100), MERGE_GREATER);
	T_EQ(against_good(t, 149999, 100), MERGE_LESS);
	T_EQ(against_good(t, 150000, 99), MERGE_GREATER);
	T_EQ(against_good(t, 150000, 101), MERGE_LESS);
	T_EQ(against_good(t, 150001, 101), MERGE_INCOMPARABLE);
	t.r = 125001;
	T_EQ(against_good(t, 150000, 100), MERGE_GREATER);
	T_EQ(against_good(t, 149999, 100), MERGE_INCOMPARABLE);
	t = good;
	t.b = 15999;
	T_EQ(against_good(t, 150000, 100), MERGE_LESS);
	t = good;
	t.p = INFINITY;
	T_EQ(against_good(t, 150000, 100), MERGE_GREATER);
	t = good;
	t.m = 63;
	T_EQ(against_good(t, 150000, 100), MERGE_GREATER);
	t.m = 65;
	T_EQ(against_good(t, 150000, 100), MERGE_LESS);
	t.r = 125001;
	T_EQ(against_good(t, 150000, 100), MERGE_INCOMPARABLE);
}

static void
the_largest_packet_is_left_out_of_the_order(void)
{
	struct wire_tspec t = good;

	t.M = 1400;
	T_EQ(against_good(t, 150000, 100), MERGE_EQUAL);
	T_EQ(against_good(t, 150001, 100), MERGE_GREATER);
}

static void
services_are_not_merged(void)
{
	const struct wire_flowspec a = gs(good, 150000, 100);
	const struct wire_flowspec b = cl(one);
	const struct wire_flowspec up = merge_lub(&a, &b);
	const struct wire_flowspec down = merge_glb(&b, &a);

	T_EQ(merge_compare(&a, &b), MERGE_INCOMPATIBLE);
	T_CHECK(merge_equal(&up, &a), "not a");
	T_CHECK(merge_equal(&down, &b), "not a");
}

static void
rspecs_do_not_matter_to_cl(void)
{
	struct wire_flowspec a = cl(one);
	const struct wire_flowspec b = cl(one);

	a.R = 5;
	T_EQ(merge_compare(&a, &b), MERGE_EQUAL);
}

static void
flowspecs_are_merged(void)
{
	const struct wire_flowspec a = gs(one, 5000, 70);
	const struct wire_flowspec b = gs(two, 6000, 60);
	const struct wire_flowspec up = merge_lub(&a, &b);
	const struct wire_flowspec down = merge_glb(&a, &b);
	const struct wire_flowspec want_up = gs(
		(struct wire_tspec){ 2000, 9000, 4000, 100, 1400 }, 6000, 60);
	const struct wire_flowspec want_down = gs(
		(struct wire_tspec){ 1000, 5000, 3000, 200, 1400 }, 5000, 70);

	T_CHECK(merge_equal(&up, &want_up), "LUB");
	T_CHECK(merge_equal(&down, &want_down), "GLB");
}

static void
a_lower_bound_keeps_its_packet_sizes_in_order(void)
{
	const struct wire_flowspec a =
		cl((struct wire_tspec){ 10, 10, 10, 1000, 1500 });
	const struct wire_flowspec b =
		cl((struct wire_tspec){ 10, 10, 10, 64, 500 });
	const struct wire_flowspec down = merge_glb(&a, &b);

	T_EQ(down.tspec.m, 500);
	T_EQ(down.tspec.M, 500);
}

static void
equality_looks_at_every_field(void)
{
	const struct wire_flowspec a = gs(good, 150000, 100);
	struct wire_flowspec b[9];

	for (size_t i = 0; i < 9; i++)
		b[i] = a;
	b[0].service = WIRE_SERVICE_CL;
	b[1].tspec.r++;
	b[2].tspec.b++;
	b[3].tspec.p++;
	b[4].tspec.m++;
	b[5].tspec.M++;
	b[6].R++;
	b[7].S++;
	for (size_t i = 0; i < 8; i++)
		T_CHECK(!merge_equal(&a, &b[i]), "field %zu", i);
	T_CHECK(merge_equal(&a, &b[8]), "the same");
	b[8].tspec.p = b[7].tspec.p = from_bits(0x7fc00000);
	b[7].S = b[8].S;
	T_CHECK(merge_equal(&b[7], &b[8]), "the same NaN");
}

static void
a_peak_that_is_no_number_is_unknown_to_cl(void)
{
	for (int i = 0; i < FLOATS; i++) {
		struct wire_flowspec a = cl(one);
		const struct wire_flowspec b = cl(two);

		a.tspec.p = from_bits(floats[i].bits);

		const float want = floats[i].peak ? a.tspec.p : INFINITY;
		const struct wire_flowspec up = merge_lub(&a, &b);
		const struct wire_flowspec down = merge_glb(&b, &a);
		const struct wire_flowspec left = merge_effective(&a, &two);

		T_CHECK(up.tspec.p == (want > 3000 ? want : 3000), "%s",
			floats[i].what);
		T_CHECK(down.tspec.p == (want < 3000 ? want : 3000), "%s",
			floats[i].what);
		T_CHECK(left.tspec.p == (want < 3000 ? want : 3000), "%s",
			floats[i].what);
		T_EQ(merge_compare(&a, &a), MERGE_EQUAL);
	}
}

static void
what_is_reserved_is_no_more_than_the_senders_send(void)
{
	const struct wire_flowspec spec = gs(good, 200000, 7);
	const struct wire_tspec less = { 1000, 2000, 3000, 100, 1000 };
	const struct wire_flowspec got = merge_effective(&spec, &less);
	const struct wire_flowspec want = gs(less, 200000, 7);
	struct wire_tspec more = good;

	T_CHECK(merge_equal(&got, &want), "sender sends less");
	more.r *= 3;
	more.b *= 3;
	more.p *= 3;

	const struct wire_flowspec same = merge_effective(&spec, &more);

	T_CHECK(merge_equal(&same, &spec), "senders send more");
}

/* ---- laws, on random flowspecs ------------------------------------------ */

/* Few values, so that equal and ordered ones are met. */
static struct wire_flowspec
any_flowspec(uint64_t *random)
{
	struct wire_tspec t = {
		.r = (float)(1 + t_below(random, 4)),
		.b = (float)(1 + t_below(random, 4)),
		.m = 1 + t_below(random, 4),
	};

	t.M = t.m + t_below(random, 4);
	t.p = t_below(random, 5) == 0 ? INFINITY
				      : t.r + (float)t_below(random, 4);
	if (t_below(random, 2) == 0)
		return cl(t);
	return gs(t, t.r + (float)t_below(random, 4), t_below(random, 3));
}

static struct wire_flowspec
of_service(uint64_t *random, uint8_t service)
{
	struct wire_flowspec s;

	do
		s = any_flowspec(random);
	while (s.service != service);
	return s;
}

/* By the words of RFC 2211 8 and 2212, once more. */
static bool
oracle_covers(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	if (a->tspec.r < b->tspec.r || a->tspec.b < b->tspec.b)
		return false;
	if (a->tspec.p < b->tspec.p || a->tspec.m > b->tspec.m)
		return false;
	if (a->service == WIRE_SERVICE_CL)
		return true;
	return !(a->R < b->R) && !(a->S > b->S);
}

static enum merge_order
oracle_order(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	if (oracle_covers(a, b))
		return oracle_covers(b, a) ? MERGE_EQUAL : MERGE_GREATER;
	return oracle_covers(b, a) ? MERGE_LESS : MERGE_INCOMPARABLE;
}

static bool
at_least(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	const enum merge_order order = merge_compare(a, b);

	return order == MERGE_EQUAL || order == MERGE_GREATER;
}

typedef struct wire_flowspec merge_fn(
	const struct wire_flowspec *a, const struct wire_flowspec *b);

static void
check_laws(merge_fn *merge, const struct wire_flowspec *a,
	const struct wire_flowspec *b, const struct wire_flowspec *c)
{
	const struct wire_flowspec ab = merge(a, b);
	const struct wire_flowspec ba = merge(b, a);
	const struct wire_flowspec bc = merge(b, c);
	const struct wire_flowspec ab_c = merge(&ab, c);
	const struct wire_flowspec a_bc = merge(a, &bc);
	const struct wire_flowspec aa = merge(a, a);

	T_CHECK(merge_equal(&ab, &ba), "not commutative");
	T_CHECK(merge_equal(&ab_c, &a_bc), "not associative");
	T_CHECK(merge_equal(&aa, a), "not idempotent");
	T_CHECK(merge_flowspec_valid(&ab), "not valid");
}

static void
merging_obeys_the_laws_of_bounds(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct wire_flowspec a = any_flowspec(&random);
		const struct wire_flowspec b = of_service(&random, a.service);
		const struct wire_flowspec c = of_service(&random, a.service);
		const struct wire_flowspec up = merge_lub(&a, &b);
		const struct wire_flowspec down = merge_glb(&a, &b);

		T_EQ(merge_compare(&a, &b), oracle_order(&a, &b));
		check_laws(merge_lub, &a, &b, &c);
		check_laws(merge_glb, &a, &b, &c);
		T_CHECK(at_least(&up, &a) && at_least(&up, &b),
			"LUB is below a part");
		T_CHECK(up.tspec.M <= a.tspec.M && up.tspec.M <= b.tspec.M,
			"LUB has a larger packet");
		if (at_least(&c, &a) && at_least(&c, &b))
			T_CHECK(at_least(&c, &up), "LUB is not the least");
		if (a.tspec.m <= b.tspec.M && b.tspec.m <= a.tspec.M) {
			T_CHECK(at_least(&a, &down) && at_least(&b, &down),
				"GLB is above a part");
			if (at_least(&a, &c) && at_least(&b, &c))
				T_CHECK(at_least(&down, &c),
					"GLB is not the greatest");
		}
		if (at_least(&a, &b))
			T_CHECK(at_least(&up, &a) && at_least(&a, &up),
				"LUB of ordered ones is not the larger");
	}
}

static void
sums_and_minima_obey_their_laws(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < 50000; i++) {
		const struct wire_tspec a = any_flowspec(&random).tspec;
		const struct wire_tspec b = any_flowspec(&random).tspec;
		const struct wire_tspec sum = merge_tspec_sum(&a, &b);
		const struct wire_tspec min = merge_tspec_min(&a, &b);

		check_tspec(sum, merge_tspec_sum(&b, &a));
		check_tspec(min, merge_tspec_min(&b, &a));
		T_CHECK(merge_tspec_valid(&sum), "sum is not valid");
		T_CHECK(merge_tspec_valid(&min), "minimum is not valid");
		T_CHECK(sum.r == a.r + b.r && sum.b == a.b + b.b, "sum");
		T_CHECK(min.r <= a.r && min.r <= b.r && min.p <= a.p &&
				min.p <= b.p && min.M <= a.M && min.M <= b.M,
			"minimum is not below both");
		T_CHECK(min.b == a.b || min.b == b.b, "b from nowhere");
		check_tspec(merge_tspec_min(&a, &a), a);
		/* A sum is larger than its parts in every respect. */
		check_tspec(merge_tspec_min(&a, &sum), a);
	}
}

static struct t_case cases[] = {
	{ "rates are judged by their bits", rates_are_judged_by_their_bits },
	{ "depths are judged by their bits", depths_are_judged_by_their_bits },
	{ "peak rates are judged by their bits, and CL ignores them",
		peaks_are_judged_by_their_bits },
	{ "reserved rates are judged by their bits",
		reserved_rates_are_judged_by_their_bits },
	{ "m, M and p are checked against each other",
		relations_inside_a_tspec_are_checked },
	{ "a reserved rate below the token rate is refused",
		a_reserved_rate_below_the_token_rate_is_refused },
	{ "unknown packet sizes are read as what the link has",
		unknown_packet_sizes_are_read_as_what_the_link_has },
	{ "Tspecs are summed", tspecs_are_summed },
	{ "Tspecs are merged with the smallest packet",
		tspecs_are_merged_with_the_smallest_packet },
	{ "an unknown packet size is not the smallest",
		an_unknown_packet_size_is_not_the_smallest },
	{ "the minimum of unordered Tspecs has the larger depth",
		the_minimum_of_unordered_tspecs_has_the_larger_depth },
	{ "the minimum of ordered Tspecs is the smaller one",
		the_minimum_of_ordered_tspecs_is_the_smaller_one },
	{ "each parameter alone decides the order",
		each_parameter_alone_decides_the_order },
	{ "the largest packet is left out of the order",
		the_largest_packet_is_left_out_of_the_order },
	{ "different services are not merged", services_are_not_merged },
	{ "Rspecs do not matter to CL", rspecs_do_not_matter_to_cl },
	{ "flowspecs are merged", flowspecs_are_merged },
	{ "a lower bound keeps its packet sizes in order",
		a_lower_bound_keeps_its_packet_sizes_in_order },
	{ "equality looks at every field", equality_looks_at_every_field },
	{ "a peak rate that is no number is unknown to CL",
		a_peak_that_is_no_number_is_unknown_to_cl },
	{ "what is reserved is no more than the senders send",
		what_is_reserved_is_no_more_than_the_senders_send },
	{ "merging obeys the laws of bounds",
		merging_obeys_the_laws_of_bounds },
	{ "sums and minima obey their laws", sums_and_minima_obey_their_laws },
};

T_MAIN(cases)
