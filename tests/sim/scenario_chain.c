/* SPDX-License-Identifier: ISC */

/*
 * Ten nodes in line.  Set-ups and tears at random, between random nodes, over
 * links that lose a fifth of all messages; afterwards nothing may be left
 * anywhere, and at no moment may a ledger differ from its oracle.
 *
 * Even seeds have room for all flows: what is open must be installed with its
 * rate on the whole way.  Odd ones have not, and trouble besides: kernels and
 * policies that refuse, restarts of traffic control and of cores, interfaces
 * that go and come.
 *
 * scenario_chain [SEEDS [FLOWS [FIRST_SEED]]]; make check runs 20 seeds of 500,
 * make check-sim 20 seeds of 10000.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

enum { NODES = 10, LOSS = 200, OPEN_MAX = 64, PROTO = 17, PACKET = 128 };

struct app_flow {
	uint16_t number; /* 0: not in use */
	size_t from, to;
	uint32_t rate;
	uint32_t sender, receiver; /* applications; 0: closed */
};

struct run {
	struct sim *s;
	uint8_t family;
	struct app_flow flows[OPEN_MAX];
	struct app_flow last[OPEN_MAX]; /* the one before; some come back */
	uint16_t next;
	unsigned made;
	bool troubled;
};

/* ---- one flow ------------------------------------------------------------ */

static uint32_t
open_app(struct run *r, const struct app_flow *f, size_t node)
{
	struct wire_session session = { .dst = sim_addr(r->s, f->to, r->family),
		.proto = PROTO,
		.dst_port = f->number };

	return sim_open(r->s, node, &session);
}

static void
send(struct run *r, struct app_flow *f)
{
	const struct wire_tspec tspec = {
		.r = 100000, .b = 20000, .p = INFINITY, .m = PACKET, .M = 1500
	};

	if (f->sender == 0)
		f->sender = open_app(r, f, f->from);
	sim_send(r->s, f->sender, f->number, &tspec);
}

static void
reserve(struct run *r, struct app_flow *f)
{
	const struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.filter = { .src = sim_addr(r->s, f->from, r->family),
			.src_port = f->number },
		.flowspec = { .service = WIRE_SERVICE_CL,
			.tspec = { .r = (float)f->rate,
				.b = 20000,
				.p = INFINITY,
				.m = PACKET,
				.M = 1500 } } };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};

	if (f->receiver == 0)
		f->receiver = open_app(r, f, f->to);
	sim_reserve(r->s, f->receiver, &request);
}

static void
set_up(struct run *r, struct app_flow *f)
{
	const struct app_flow *last = &r->last[f - r->flows];

	*f = (struct app_flow){ .from = sim_random(r->s, NODES),
		.rate = 10000 + (uint32_t)sim_random(r->s, 90000) };
	do
		f->to = sim_random(r->s, NODES);
	while (f->to == f->from);
	if (last->number != 0 && sim_random(r->s, 3) == 0) {
		f->number = last->number;
		f->from = last->from;
		f->to = last->to;
	} else {
		f->number = ++r->next;
	}
	if (sim_random(r->s, 4) == 0) { /* the receiver may be first */
		reserve(r, f);
		sim_run(r->s, (int64_t)sim_random(r->s, 500));
		send(r, f);
	} else {
		send(r, f);
		sim_run(r->s, (int64_t)sim_random(r->s, 500));
		reserve(r, f);
	}
	r->made++;
}

static void
change(struct run *r, struct app_flow *f)
{
	if (f->receiver == 0)
		return;
	f->rate = 10000 + (uint32_t)sim_random(r->s, 90000);
	reserve(r, f);
}

static void
close_app(struct run *r, uint32_t *app)
{
	sim_close(r->s, *app);
	*app = 0;
}

static void
tear_down(struct run *r, struct app_flow *f)
{
	bool receiver_first = sim_random(r->s, 2) == 0;

	if (f->receiver != 0 && (receiver_first || f->sender == 0))
		close_app(r, &f->receiver);
	else
		close_app(r, &f->sender);
	if (f->sender == 0 && f->receiver == 0) {
		r->last[f - r->flows] = *f;
		f->number = 0;
	}
}

/* ---- many ---------------------------------------------------------------- */

static void
trouble(struct run *r)
{
	size_t node = sim_random(r->s, NODES);

	switch (sim_random(r->s, 100)) {
	case 0:
		sim_tc_restart(r->s, node);
		break;
	case 1:
		sim_core_restart(r->s, node, 0);
		break;
	case 2:
		sim_iface_flap(r->s, node, 1, true);
		break;
	case 3:
		sim_policy_change(r->s, node);
		break;
	case 4:
		sim_notify(r->s, node);
		break;
	default:
		break;
	}
}

static void
one_step(struct run *r, unsigned flows)
{
	struct app_flow *f = &r->flows[sim_random(r->s, OPEN_MAX)];

	if (r->troubled)
		trouble(r);
	if (f->number == 0) {
		if (r->made < flows)
			set_up(r, f);
	} else if (sim_random(r->s, 3) == 0) {
		change(r, f);
	} else {
		tear_down(r, f);
	}
	sim_run(r->s, (int64_t)sim_random(r->s, 2000));
}

/* Packets of 128 octets at least, each with 38 more. */
static uint64_t
on_wire(uint32_t rate)
{
	return ((uint64_t)rate * (PACKET + 38) + PACKET - 1) / PACKET;
}

static struct sim_weather
weather(unsigned loss, unsigned no)
{
	return (struct sim_weather){ .loss = loss,
		.least_us = 100,
		.most_us = 50000,
		.refuse = no,
		.deny = no };
}

/* Without losses what is open must be installed on the whole way soon. */
static void
expect_installed(struct run *r)
{
	const struct sim_weather fair = weather(0, 0);

	sim_weather(r->s, &fair);
	/* the longest chain of refreshes that were lost: one hop a period */
	sim_run(r->s, 45000 * (NODES + 1));
	for (size_t i = 0; i < OPEN_MAX; i++) {
		const struct app_flow *f = &r->flows[i];
		size_t low = f->from < f->to ? f->from : f->to + 1;
		size_t high = f->from < f->to ? f->to : f->from + 1;

		if (f->number == 0 || f->sender == 0 || f->receiver == 0)
			continue;
		for (size_t n = low; n < high; n++)
			if (sim_rate(r->s, n, f->number) != on_wire(f->rate))
				sim_problem(r->s,
					"flow %u from %zu to %zu has %llu of "
					"%llu at node %zu",
					f->number, f->from, f->to,
					(unsigned long long)sim_rate(
						r->s, n, f->number),
					(unsigned long long)on_wire(f->rate),
					n);
	}
	sim_expect_converged(r->s, true);
}

static bool
any_open(const struct run *r)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (r->flows[i].number != 0)
			return true;
	return false;
}

static void
report(const struct run *r, uint64_t seed, unsigned long number)
{
	struct sim_counts c = sim_counts(r->s);

	printf("%s %lu - seed %llu: %u flows, %llu messages, %llu errors "
	       "told, %llu kernel refusals\n",
		sim_problems(r->s) == 0 ? "ok" : "not ok", number,
		(unsigned long long)seed, r->made,
		(unsigned long long)c.messages,
		(unsigned long long)c.told[RSVP_RESV_ERROR],
		(unsigned long long)c.refused);
}

/* Number 0: without a report. */
static unsigned
run_seed(uint64_t seed, unsigned flows, unsigned long number,
	uint64_t *ret_trace)
{
	bool narrow = seed % 2 == 1;
	struct sim_conf conf = { .seed = seed,
		.nodes = NODES,
		.reservable_Bps = narrow ? 500000 : 50000000,
		.refresh_ms = 30000,
		.full_checks = true };
	struct run r = { .s = sim_new(&conf),
		.family = seed % 4 < 2 ? ADDR_V4 : ADDR_V6,
		.troubled = narrow };
	struct sim_weather w = weather(LOSS, narrow ? 20 : 0);
	unsigned problems;

	sim_run(r.s, 1);
	sim_weather(r.s, &w);
	while (r.made < flows && sim_problems(r.s) == 0)
		one_step(&r, flows);
	if (!narrow)
		expect_installed(&r);
	sim_weather(r.s, &w);
	while (any_open(&r) && sim_problems(r.s) == 0)
		one_step(&r, flows);
	w.refuse = 0; /* one that never removes would keep all */
	sim_weather(r.s, &w);
	/* Tears are lost too; each hop may wait for its own timer. */
	sim_run(r.s, 160000 * (2 * NODES));
	sim_expect_empty(r.s);
	problems = sim_problems(r.s);
	*ret_trace = sim_trace(r.s);
	if (number != 0)
		report(&r, seed, number);
	sim_free(r.s);
	return problems;
}

/* A flow over a few nodes, nothing lost. */
static struct run
short_chain(uint64_t seed, size_t nodes, uint8_t family, struct app_flow *f)
{
	struct sim_conf conf = { .seed = seed,
		.nodes = nodes,
		.reservable_Bps = 10000000,
		.refresh_ms = 30000,
		.full_checks = true };
	struct run r = { .s = sim_new(&conf), .family = family };

	*f = (struct app_flow){ .number = 7, .to = nodes - 1, .rate = 100000 };
	sim_run(r.s, 1);
	send(&r, f);
	sim_run(r.s, 100);
	return r;
}

/* A Resv lost between the routers is repaired by the next refresh. */
static bool
lost_resv_is_repaired(void)
{
	struct app_flow f;
	struct run r = short_chain(3, 4, ADDR_V4, &f);
	bool ok;

	sim_drop_next(r.s, 2, WIRE_RESV);
	reserve(&r, &f);
	sim_run(r.s, 5000);
	ok = sim_rate(r.s, 2, 7) > 0 && sim_rate(r.s, 1, 7) == 0;
	sim_run(r.s, 45000); /* one jittered refresh period */
	ok = ok && sim_rate(r.s, 1, 7) > 0 && sim_rate(r.s, 0, 7) > 0;
	ok = ok && sim_counts(r.s).told[RSVP_RESV_EVENT] == 1;
	ok = ok && sim_problems(r.s) == 0;
	sim_free(r.s);
	return ok;
}

static bool
any_flow(const struct sim *s, size_t nodes)
{
	for (size_t i = 0; i < nodes; i++)
		if (sim_kernel_flows(s, i) > 0)
			return true;
	return false;
}

/* Where nothing is lost, what is not wanted is gone in no time. */
static bool
a_tear_clears_the_way(bool sender_closes)
{
	struct app_flow f;
	struct run r = short_chain(4, 5, ADDR_V6, &f);
	bool ok;

	reserve(&r, &f);
	sim_run(r.s, 100);
	ok = sim_rate(r.s, 0, 7) > 0 && sim_rate(r.s, 3, 7) > 0;
	close_app(&r, sender_closes ? &f.sender : &f.receiver);
	sim_run(r.s, 100);
	ok = ok && !any_flow(r.s, 5) && sim_problems(r.s) == 0;
	sim_free(r.s);
	return ok;
}

/* The same to the last bit, with all troubles; another seed is not. */
static bool
one_seed_one_history(void)
{
	uint64_t first = 0, again = 0, other = 0;
	struct app_flow f;
	struct run bystander;
	unsigned problems = run_seed(3, 100, 0, &first);

	/* One that is alive at the same time keeps memory from being the
	 * same. */
	bystander = short_chain(1, 7, ADDR_V4, &f);
	problems += run_seed(3, 100, 0, &again);
	sim_free(bystander.s);
	problems += run_seed(5, 100, 0, &other);
	return problems == 0 && first == again && first != other;
}

int
main(int argc, char **argv)
{
	unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
	unsigned long flows = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
	unsigned long first = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	unsigned problems = 0;
	uint64_t trace = 0;
	bool same, repaired, cleared;

	if (seeds < 1 || flows < 1 || flows > 60000) {
		fprintf(stderr, "usage: scenario_chain [SEEDS [FLOWS "
				"[FIRST_SEED]]] (at most 60000 flows)\n");
		return 2;
	}
	printf("1..%lu\n", seeds + 3);
	for (unsigned long i = 0; i < seeds; i++)
		problems += run_seed(first + i, (unsigned)flows, i + 1, &trace);
	same = one_seed_one_history();
	printf("%s %lu - one seed, one history\n", same ? "ok" : "not ok",
		seeds + 1);
	repaired = lost_resv_is_repaired();
	printf("%s %lu - a lost Resv is repaired by the next refresh\n",
		repaired ? "ok" : "not ok", seeds + 2);
	cleared = a_tear_clears_the_way(true) && a_tear_clears_the_way(false);
	printf("%s %lu - a tear clears the way at once\n",
		cleared ? "ok" : "not ok", seeds + 3);
	return problems == 0 && same && repaired && cleared ? 0 : 1;
}
