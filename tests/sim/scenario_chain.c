/* SPDX-License-Identifier: ISC */

/*
 * Ten nodes in line.  Set-ups and tears at random, between random nodes, over
 * links that lose a fifth of all messages; afterwards nothing may be left
 * anywhere, and at no moment may a ledger differ from its oracle.
 *
 * scenario_chain [SEEDS [FLOWS [FIRST_SEED]]]; make check runs 20 seeds of 500.
 */

#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

enum { NODES = 10, LOSS = 200, OPEN_MAX = 64 };

struct app_flow {
	uint16_t number; /* 0: not in use */
	size_t from, to;
	bool sending, receiving;
};

struct run {
	struct sim *s;
	struct app_flow flows[OPEN_MAX];
	uint16_t next;
	unsigned made;
};

static void
set_up(struct run *r, struct app_flow *f)
{
	float rate = (float)(10000 + sim_random(r->s, 90000));

	*f = (struct app_flow){ .number = ++r->next,
		.from = sim_random(r->s, NODES),
		.sending = true,
		.receiving = true };
	do
		f->to = sim_random(r->s, NODES);
	while (f->to == f->from);
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
	if (f->receiving)
		sim_reserve(r->s, f->number, f->to, f->from,
			(float)(10000 + sim_random(r->s, 90000)));
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
	if (!f->sending && !f->receiving)
		f->number = 0;
}

static void
one_step(struct run *r, unsigned flows)
{
	struct app_flow *f = &r->flows[sim_random(r->s, OPEN_MAX)];

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
			if (!sim_carries(r->s, n, f->number))
				sim_problem(r->s,
					"flow %u from %zu to %zu is missing "
					"at node %zu",
					f->number, f->from, f->to, n);
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

static unsigned
run_seed(uint64_t seed, unsigned flows)
{
	bool narrow = seed % 2 == 1; /* then some are refused */
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
	while (r.made < flows)
		one_step(&r, flows);
	if (!narrow)
		expect_installed(&r);
	sim_links(r.s, LOSS, 100, 50000);
	while (any_open(&r))
		one_step(&r, flows);
	/* Tears are lost too; each hop may wait for its own timer. */
	sim_run(r.s, 160000 * (2 * NODES));
	sim_expect_empty(r.s);
	problems = sim_problems(r.s);
	printf("%s %llu - seed %llu: %u flows, %llu messages, %llu errors "
	       "told, %llu kernel refusals\n",
		problems == 0 ? "ok" : "not ok", (unsigned long long)seed,
		(unsigned long long)seed, r.made,
		(unsigned long long)sim_messages(r.s),
		(unsigned long long)sim_events(r.s, RSVP_RESV_ERROR),
		(unsigned long long)sim_refused(r.s));
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

int
main(int argc, char **argv)
{
	unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
	unsigned long flows = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
	unsigned long first = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	unsigned problems = 0;

	if (seeds < 1 || flows < 1 || flows > 60000) {
		fprintf(stderr, "usage: scenario_chain [SEEDS [FLOWS "
				"[FIRST_SEED]]] (at most 60000 flows)\n");
		return 2;
	}
	printf("1..%lu\n", seeds + 1);
	for (unsigned long i = 0; i < seeds; i++)
		problems += run_seed(first + i, (unsigned)flows);
	if (!lost_resv_is_repaired())
		problems++;
	printf("%s %lu - a lost Resv is repaired by the next refresh\n",
		problems == 0 ? "ok" : "not ok", first + seeds);
	return problems == 0 ? 0 : 1;
}
