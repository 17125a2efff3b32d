/* SPDX-License-Identifier: ISC */

/*
 * ADSPECs over whole random paths, against an oracle that looks at all elements
 * at once: a value at the end is the minimum, sum or OR over those that
 * the RFCs name, not the outcome of steps (RFC 2210 3.3, 2212, 2215 2 and 3).
 * Between two elements the ADSPEC is bytes, as on the wire.
 */

#include "rsvpd/core/adspec.h"

#include "t.h"
#include "t_random.h"

enum { HOPS_MAX = 12, OTHER_SERVICE = 6, PATHS = 30000 };

/* What a sender may start with, or an element may say of itself. */
static struct wire_general
random_general(uint64_t *random, uint8_t present)
{
	static const float bandwidths[] = { 0, 1, 1000.5f, 1e6f, 40e12f };
	struct wire_general g = { .present = present };

	if (present & WIRE_GENERAL_HOPS)
		g.hops = t_below(random, 20);
	if (present & WIRE_GENERAL_BANDWIDTH)
		g.bandwidth_Bps = bandwidths[t_below(random, 5)];
	if (present & WIRE_GENERAL_LATENCY)
		g.latency_us =
			t_below(random, 8) == 0
				? WIRE_LATENCY_UNKNOWN - t_below(random, 9)
				: t_below(random, 100000);
	if (present & WIRE_GENERAL_MTU)
		g.mtu = 68 + t_below(random, 9000);
	return g;
}

static struct adspec_local
random_element(uint64_t *random)
{
	struct adspec_local l = {
		.non_rsvp_hop = t_below(random, 20) == 0,
		.reshapes = t_below(random, 4) == 0,
		.available_Bps =
			t_below(random, 9) == 0 ? 0 : t_below(random, 1 << 24),
		.latency_us = t_below(random, 15) == 0
				      ? WIRE_LATENCY_UNKNOWN
				      : t_below(random, 100000),
		.mtu = 68 + t_below(random, 9000),
		.C = 1 + t_below(random, 1u << 28),
		.D = 1 + t_below(random, 1u << 28),
	};

	if (t_below(random, 3) == 0)
		l.gs_override = random_general(
			random, (uint8_t)t_below(random, WIRE_GENERAL_ALL + 1));
	if (t_below(random, 3) == 0)
		l.cl_override = random_general(
			random, (uint8_t)t_below(random, WIRE_GENERAL_ALL + 1));
	return l;
}

static struct wire_adspec
random_start(uint64_t *random)
{
	struct wire_adspec a = { .broken = t_below(random, 30) == 0,
		.general = random_general(random, WIRE_GENERAL_ALL) };

	for (unsigned s = WIRE_SERVICE_GS; s <= OTHER_SERVICE; s++) {
		struct wire_adspec_service *f = &a.services[a.service_count];

		if (s != WIRE_SERVICE_GS && s != WIRE_SERVICE_CL &&
			s != OTHER_SERVICE)
			continue;
		if (t_below(random, 5) == 0)
			continue; /* not wanted */
		*f = (struct wire_adspec_service){ .service = (uint8_t)s,
			.broken = t_below(random, 20) == 0 };
		a.service_count++;
		if (s == OTHER_SERVICE)
			continue;
		f->overrides = random_general(random,
			t_below(random, 2) == 0 ? 0
						: (uint8_t)t_below(random, 16));
		f->gs_terms = s == WIRE_SERVICE_GS && t_below(random, 4) != 0;
		if (f->gs_terms) {
			f->Ctot = (uint32_t)t_random(random);
			f->Dtot = t_below(random, 100000);
			f->Csum = t_below(random, 100000);
			f->Dsum = (uint32_t)t_random(random);
		}
	}
	return a;
}

/* ---- the oracle ---------------------------------------------------------- */

struct path {
	struct wire_adspec start;
	struct adspec_local elements[HOPS_MAX];
	size_t count;
};

static bool
offers(const struct adspec_local *l, uint8_t service)
{
	if (!l->intserv)
		return false;
	return (service == WIRE_SERVICE_GS && l->gs) ||
	       (service == WIRE_SERVICE_CL && l->cl);
}

static uint32_t
clamped(uint64_t x)
{
	return x > UINT32_MAX ? UINT32_MAX : (uint32_t)x;
}

/* The value of element i for a service (0: for all), of one parameter.  -1 is
 * the sender. */
static const struct wire_general *
said(const struct path *p, int i, uint8_t service, uint8_t bit)
{
	const struct wire_general *own = NULL;

	for (size_t k = 0; i < 0 && k < p->start.service_count; k++)
		if (p->start.services[k].service == service)
			own = &p->start.services[k].overrides;
	if (i >= 0 && service == WIRE_SERVICE_GS)
		own = &p->elements[i].gs_override;
	if (i >= 0 && service == WIRE_SERVICE_CL)
		own = &p->elements[i].cl_override;
	return own && (own->present & bit) ? own : NULL;
}

/*
 * A service's value is that of all elements that offer it, each its own or its
 * default; where the service is not offered its fragment is left alone.
 */
struct expected {
	uint64_t hops, latency;
	double bandwidth;
	uint32_t mtu;
};

static void
meet(struct expected *e, const struct expected *x)
{
	e->hops += x->hops;
	e->latency += x->latency;
	if (x->bandwidth < e->bandwidth)
		e->bandwidth = x->bandwidth;
	if (x->mtu < e->mtu)
		e->mtu = x->mtu;
}

static struct expected
default_of(const struct path *p, int i)
{
	const struct adspec_local *l = &p->elements[i < 0 ? 0 : i];
	const struct wire_general *g = &p->start.general;

	if (i < 0)
		return (struct expected){ g->hops, g->latency_us,
			(double)g->bandwidth_Bps, g->mtu };
	return (struct expected){ l->intserv ? 1 : 0, l->latency_us,
		(double)l->available_Bps, l->mtu };
}

static struct expected
default_until(const struct path *p, int last)
{
	struct expected e = default_of(p, -1);

	for (int i = 0; i <= last; i++) {
		const struct expected x = default_of(p, i);

		meet(&e, &x);
	}
	return e;
}

static void
check_value(const char *what, uint64_t got, uint64_t want)
{
	T_CHECK(got == want, "%s: %" PRIu64 ", not %" PRIu64, what, got, want);
}

static void
check_general(const struct path *p, const struct wire_adspec *got)
{
	const struct expected e = default_until(p, (int)p->count - 1);
	bool broken = p->start.broken;

	for (size_t i = 0; i < p->count; i++)
		if (p->elements[i].non_rsvp_hop || !p->elements[i].intserv)
			broken = true;
	check_value("global break", got->broken, broken);
	check_value("hops", got->general.hops, e.hops);
	check_value("latency", got->general.latency_us, clamped(e.latency));
	T_CHECK((double)got->general.bandwidth_Bps == e.bandwidth,
		"bandwidth %g", (double)got->general.bandwidth_Bps);
	check_value("mtu", got->general.mtu, e.mtu);
}

/* With one override of a parameter the service has its own value of it. */
static bool
has_own(const struct path *p, uint8_t service, uint8_t bit)
{
	bool own = said(p, -1, service, bit) != NULL;

	for (int i = 0; i < (int)p->count; i++)
		if (offers(&p->elements[i], service) &&
			said(p, i, service, bit))
			own = true;
	return own;
}

static int
last_offer(const struct path *p, uint8_t service)
{
	int last = -1;

	for (int i = 0; i < (int)p->count; i++)
		if (offers(&p->elements[i], service))
			last = i;
	return last;
}

static struct expected
own_of(const struct path *p, int i, uint8_t service)
{
	struct expected e = default_of(p, i);
	const struct wire_general *g;

	if ((g = said(p, i, service, WIRE_GENERAL_HOPS)) != NULL)
		e.hops = g->hops;
	if ((g = said(p, i, service, WIRE_GENERAL_BANDWIDTH)) != NULL)
		e.bandwidth = (double)g->bandwidth_Bps;
	if ((g = said(p, i, service, WIRE_GENERAL_LATENCY)) != NULL)
		e.latency = g->latency_us;
	if ((g = said(p, i, service, WIRE_GENERAL_MTU)) != NULL)
		e.mtu = g->mtu;
	return e;
}

static void
check_overrides(const struct path *p, const struct wire_adspec_service *got)
{
	const int last = last_offer(p, got->service);
	const uint32_t any = default_until(p, last).mtu;
	struct expected e = own_of(p, -1, got->service);

	for (int i = 0; i <= last; i++) {
		const struct expected x = own_of(p, i, got->service);

		meet(&e, &x);
	}
	if (last >= 0 && e.mtu > any) /* RFC 2215 3.5 */
		e.mtu = any;
	for (unsigned bit = 1; bit < WIRE_GENERAL_ALL; bit <<= 1)
		check_value("override there",
			(got->overrides.present & bit) != 0,
			has_own(p, got->service, (uint8_t)bit));
	if (got->overrides.present & WIRE_GENERAL_HOPS)
		check_value("own hops", got->overrides.hops, e.hops);
	if (got->overrides.present & WIRE_GENERAL_LATENCY)
		check_value("own latency", got->overrides.latency_us,
			clamped(e.latency));
	if (got->overrides.present & WIRE_GENERAL_BANDWIDTH)
		T_CHECK((double)got->overrides.bandwidth_Bps == e.bandwidth,
			"own bandwidth %g",
			(double)got->overrides.bandwidth_Bps);
	if (got->overrides.present & WIRE_GENERAL_MTU)
		check_value("own mtu", got->overrides.mtu, e.mtu);
}

static void
check_terms(const struct path *p, const struct wire_adspec_service *start,
	const struct wire_adspec_service *got)
{
	uint64_t Ctot = 0, Dtot = 0, Csum = 0, Dsum = 0;
	bool terms = start->gs_terms;

	if (terms) {
		Ctot = start->Ctot, Dtot = start->Dtot;
		Csum = start->Csum, Dsum = start->Dsum;
	}
	for (size_t i = 0; i < p->count; i++) {
		const struct adspec_local *l = &p->elements[i];

		if (!offers(l, WIRE_SERVICE_GS))
			continue;
		terms = true;
		Ctot += l->C, Dtot += l->D;
		Csum = l->reshapes ? l->C : Csum + l->C;
		Dsum = l->reshapes ? l->D : Dsum + l->D;
	}
	check_value("terms", got->gs_terms, terms);
	if (!terms)
		return;
	check_value("Ctot", got->Ctot, clamped(Ctot));
	check_value("Dtot", got->Dtot, clamped(Dtot));
	check_value("Csum", got->Csum, clamped(Csum));
	check_value("Dsum", got->Dsum, clamped(Dsum));
}

static void
check_service(const struct path *p, const struct wire_adspec_service *start,
	const struct wire_adspec_service *got)
{
	bool broken = start->broken;

	check_value("service", got->service, start->service);
	for (size_t i = 0; i < p->count; i++)
		if (!offers(&p->elements[i], start->service))
			broken = true;
	check_value("break bit", got->broken, broken);
	if (start->service == OTHER_SERVICE)
		return;
	check_overrides(p, got);
	if (start->service == WIRE_SERVICE_GS)
		check_terms(p, start, got);
}

/* ---- running ------------------------------------------------------------- */

/* To bytes and back. */
static struct wire_adspec
carried(const struct wire_adspec *a, uint8_t *bytes, size_t size)
{
	struct buf_writer w = buf_writer(bytes, size);
	struct wire_adspec back;

	assert_true(wire_adspec_encode(&w, a));
	assert_true(wire_adspec_decode(
		(struct wire_view){ bytes, buf_written(&w) }, &back));
	return back;
}

static void
walk(const struct path *p)
{
	uint8_t bytes[2][512];
	struct wire_adspec a = carried(&p->start, bytes[0], sizeof(bytes[0]));

	T_CHECK(adspec_valid(&a), "the start is not valid");
	for (size_t i = 0; i < p->count; i++) {
		adspec_update(&a, &p->elements[i]);
		T_CHECK(adspec_valid(&a), "not valid after %zu", i);
		a = carried(&a, bytes[(i + 1) % 2], sizeof(bytes[0]));
	}
	check_general(p, &a);
	T_EQ(a.service_count, p->start.service_count);
	for (size_t i = 0; i < a.service_count; i++)
		check_service(p, &p->start.services[i], &a.services[i]);
}

/* Up to where the path offers something; mostly to its end.  Behind a gap
 * nothing of a service counts, so that paths without one say it all. */
static size_t
random_end(uint64_t *random, size_t count)
{
	return t_below(random, 3) == 0 ? t_below(random, (uint32_t)count + 1)
				       : count;
}

static struct path
random_path(uint64_t *random)
{
	struct path p = { .start = random_start(random),
		.count = t_below(random, HOPS_MAX + 1) };
	const size_t intserv = random_end(random, p.count);
	const size_t gs = random_end(random, p.count);
	const size_t cl = random_end(random, p.count);

	for (size_t i = 0; i < p.count; i++) {
		p.elements[i] = random_element(random);
		p.elements[i].intserv = i < intserv;
		p.elements[i].gs = i < gs;
		p.elements[i].cl = i < cl;
	}
	return p;
}

static void
paths_agree_with_the_oracle(void)
{
	uint64_t random = t_seed();

	for (int i = 0; i < PATHS; i++) {
		const struct path p = random_path(&random);

		walk(&p);
	}
}

static struct t_case cases[] = {
	{ "ADSPECs of random paths agree with an oracle",
		paths_agree_with_the_oracle },
};

T_MAIN(cases)
