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

#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

enum { NODES = 10, LOSS = 200, OPEN_MAX = 64 };

struct app_flow {
	uint16_t number; /* 0: not in use */
	size_t from, to;
	uint32_t rate;
	bool sending, receiving;
};

struct run {
	struct sim *s;
	struct app_flow flows[OPEN_MAX];
	struct app_flow last[OPEN_MAX]; /* the one before; some come back */
	uint16_t next;
	unsigned made;
	bool troubled;
};

static void
set_up(struct run *r, struct app_flow *f)
{
	const struct app_flow *last = &r->last[f - r->flows];
	float rate;

	*f = (struct app_flow){ .from = sim_random(r->s, NODES),
		.rate = 10000 + (uint32_t)sim_random(r->s, 90000),
		.sending = true,
		.receiving = true };
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
	rate = (float)f->rate;
	if (sim_random(r->s, 4) == 0) { /* the receiver may be first */
		sim_reserve(r->s, f->number, f->to, f->from, rate);
		sim_run(r->s, (int64_t)sim_random(r->s, 500));
		sim_send(r->s, f->number, f->from, f->to);
	} else {
		sim_send(r->s, f->number, f->from, f->to);
		sim_run(r->s, (int64_t)sim_random(r->s, 500));
		sim_reserve(r->s, f->number, f->to, f->from, rate);
	}
	r->made++;
}

static void
change(struct run *r, struct app_flow *f)
{
	if (!f->receiving)
		return;
	f->rate = 10000 + (uint32_t)sim_random(r->s, 90000);
	sim_reserve(r->s, f->number, f->to, f->from, (float)f->rate);
}

static void
tear_down(struct run *r, struct app_flow *f)
{
	bool receiver_first = sim_random(r->s, 2) == 0;

	if (f->receiving && (receiver_first || !f->sending)) {
		sim_close(r->s, f->number, f->to);
		f->receiving = false;
	} else {
		sim_close(r->s, f->number, f->from);
		f->sending = false;
	}
	if (!f->sending && !f->receiving) {
		r->last[f - r->flows] = *f;
		f->number = 0;
	}
}

/* What librapi does when the engine is back. */
static void
replay(struct run *r, size_t node)
{
	for (size_t i = 0; i < OPEN_MAX; i++) {
		const struct app_flow *f = &r->flows[i];

		if (f->number == 0)
			continue;
		if (f->sending && f->from == node)
			sim_send(r->s, f->number, f->from, f->to);
		if (f->receiving && f->to == node)
			sim_reserve(r->s, f->number, f->to, f->from,
				(float)f->rate);
	}
}

static void
trouble(struct run *r)
{
	size_t node = sim_random(r->s, NODES);

	switch (sim_random(r->s, 100)) {
	case 0:
		sim_tc_restart(r->s, node);
		break;
	case 1:
		sim_core_restart(r->s, node);
		replay(r, node);
		break;
	case 2:
		sim_iface_flap(r->s, node, node == 0 ? SIM_RIGHT : SIM_LEFT);
		break;
	case 3:
		rsvp_core_policy_changed(sim_core(r->s, node), sim_now(r->s));
		sim_settle(r->s, node);
		break;
	case 4:
		rsvp_core_routes_changed(
			sim_core(r->s, node), sim_now(r->s), NULL);
		sim_settle(r->s, node);
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
	return ((uint64_t)rate * (128 + 38) + 127) / 128;
}

/* Without losses what is open must be installed on the whole way soon. */
static void
expect_installed(struct run *r)
{
	sim_links(r->s, 0, 100, 20000);
	sim_kernels(r->s, 0);
	/* the longest chain of refreshes that were lost: one hop a period */
	sim_run(r->s, 45000 * (NODES + 1));
	for (size_t i = 0; i < OPEN_MAX; i++) {
		const struct app_flow *f = &r->flows[i];
		size_t low = f->from < f->to ? f->from : f->to + 1;
		size_t high = f->from < f->to ? f->to : f->from + 1;

		if (f->number == 0 || !f->sending || !f->receiving)
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
	printf("%s %lu - seed %llu: %u flows, %llu messages, %llu errors "
	       "told, %llu kernel refusals\n",
		sim_problems(r->s) == 0 ? "ok" : "not ok", number,
		(unsigned long long)seed, r->made,
		(unsigned long long)sim_messages(r->s),
		(unsigned long long)sim_events(r->s, RSVP_RESV_ERROR),
		(unsigned long long)sim_refused(r->s));
}

/* Number 0: without a report. */
static unsigned
run_seed(uint64_t seed, unsigned flows, unsigned long number,
	uint64_t *ret_trace)
{
	bool narrow = seed % 2 == 1;
	struct sim_conf conf = { .seed = seed,
		.nodes = NODES,
		.family = seed % 4 < 2 ? ADDR_V4 : ADDR_V6,
		.reservable_Bps = narrow ? 500000 : 50000000,
		.refresh_ms = 30000 };
	struct run r = { .s = sim_chain(&conf) };
	unsigned problems;

	sim_run(r.s, 1);
	sim_links(r.s, LOSS, 100, 50000);
	sim_kernels(r.s, narrow ? 20 : 0);
	sim_policies(r.s, narrow ? 20 : 0);
	r.troubled = narrow;
	while (r.made < flows)
		one_step(&r, flows);
	if (!narrow)
		expect_installed(&r);
	sim_links(r.s, LOSS, 100, 50000);
	while (any_open(&r))
		one_step(&r, flows);
	sim_kernels(r.s, 0); /* one that never removes would keep all */
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

/* A Resv lost between the routers is repaired by the next refresh. */
static bool
lost_resv_is_repaired(void)
{
	struct sim_conf conf = { .seed = 3,
		.nodes = 4,
		.family = ADDR_V4,
		.reservable_Bps = 10000000,
		.refresh_ms = 30000 };
	struct sim *s = sim_chain(&conf);
	bool ok;

	sim_run(s, 1);
	sim_send(s, 7, 0, 3);
	sim_run(s, 100);
	sim_drop_next(s, 2, WIRE_RESV);
	sim_reserve(s, 7, 3, 0, 100000);
	sim_run(s, 5000);
	ok = sim_carries(s, 2, 7) && !sim_carries(s, 1, 7);
	sim_run(s, 45000); /* one jittered refresh period */
	ok = ok && sim_carries(s, 1, 7) && sim_carries(s, 0, 7);
	ok = ok && sim_events(s, RSVP_RESV_EVENT) == 1;
	ok = ok && sim_problems(s) == 0;
	sim_free(s);
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
a_tear_clears_the_way(size_t closer)
{
	struct sim_conf conf = { .seed = 4,
		.nodes = 5,
		.family = ADDR_V6,
		.reservable_Bps = 10000000,
		.refresh_ms = 30000 };
	struct sim *s = sim_chain(&conf);
	bool ok;

	sim_run(s, 1);
	sim_send(s, 7, 0, 4);
	sim_run(s, 100);
	sim_reserve(s, 7, 4, 0, 100000);
	sim_run(s, 100);
	ok = sim_carries(s, 0, 7) && sim_carries(s, 3, 7);
	sim_close(s, 7, closer);
	sim_run(s, 100);
	ok = ok && !any_flow(s, conf.nodes) && sim_problems(s) == 0;
	sim_free(s);
	return ok;
}

/* The same to the last bit, with all troubles; another seed is not. */
static bool
one_seed_one_history(void)
{
	const struct sim_conf small = {
		.seed = 1, .nodes = 7, .family = ADDR_V4, .refresh_ms = 30000
	};
	uint64_t first = 0, again = 0, other = 0;
	struct sim *bystander;
	unsigned problems = run_seed(3, 100, 0, &first);

	/* One that is alive at the same time keeps memory from being the
	 * same. */
	bystander = sim_chain(&small);
	problems += run_seed(3, 100, 0, &again);
	sim_free(bystander);
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
	cleared = a_tear_clears_the_way(0) && a_tear_clears_the_way(4);
	printf("%s %lu - a tear clears the way at once\n",
		cleared ? "ok" : "not ok", seeds + 3);
	return problems == 0 && same && repaired && cleared ? 0 : 1;
}
