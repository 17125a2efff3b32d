/* SPDX-License-Identifier: ISC */

/*
 * Links that break in a ring of six routers, where there is always another way
 * or soon will be again: no sender hears that its reservation ended (RFC 2205
 * 3.6), and when all is quiet everything is reserved on one way and nothing is
 * held on the other.
 *
 *	    8 - 2 --- 3
 *	       /       \
 *	0 --- 1         4 --- 7
 *	       \       /
 *	        6 --- 5
 *
 * scenario_ring [SEEDS [BREAKS]]; make check runs 10 seeds of 200 for each
 * style that names its senders.  What a wildcard reservation is for, its SCOPE,
 * goes upstream with the next refresh only.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

enum { NODES = 9, RECEIVER = 7, SENDERS = 2, RING = 6, PORT = 5000 };
enum { DOWN_MS = 10000 /* at most */, LIFETIME_MS = 157500 };

struct ring {
	struct sim *s;
	uint8_t style, family;
	size_t senders;
	struct wire_session session;
	uint32_t apps[SENDERS + 1];
};

static const uint32_t sender_nodes[SENDERS] = { 0, 8 };

static struct ring
make_ring(uint64_t seed, uint8_t style, uint8_t family)
{
	/* The first interface of a router is none of the ring's: its address is
	 * that of the node. */
	static const struct sim_link links[] = { { { 0, 1 }, { 1, 1 } },
		{ { 8, 2 }, { 1, 1 } }, { { 7, 4 }, { 1, 1 } },
		{ { 1, 2 }, { 1, 1 } }, { { 2, 3 }, { 1, 1 } },
		{ { 3, 4 }, { 1, 1 } }, { { 4, 5 }, { 2, 1 } },
		{ { 5, 6 }, { 2, 1 } }, { { 6, 1 }, { 2, 1 } } };
	const struct sim_conf conf = { .seed = seed,
		.nodes = NODES,
		.link_count = sizeof(links) / sizeof(links[0]),
		.links = links,
		.reservable_Bps = 10000000,
		.refresh_ms = 30000,
		.full_checks = true };
	const struct sim_weather fair = { .least_us = 100, .most_us = 10000 };
	struct ring r = { .s = sim_new(&conf),
		.style = style,
		.family = family,
		.senders = style == WIRE_STYLE_FF ? 1 : SENDERS };

	sim_weather(r.s, &fair);
	sim_run(r.s, 1);
	r.session =
		(struct wire_session){ .dst = sim_addr(r.s, RECEIVER, family),
			.proto = 17,
			.dst_port = PORT };
	return r;
}

static void
reserve(struct ring *r)
{
	const struct wire_tspec tspec = { 50000, 5000, INFINITY, 128, 1000 };
	struct wire_flow flows[SENDERS] = { 0 };
	const struct rsvp_local_reserve request = {
		.style = r->style, .flow_count = r->senders, .flows = flows
	};

	for (size_t i = 0; i < r->senders; i++) {
		r->apps[i] = sim_open(r->s, sender_nodes[i], &r->session);
		sim_send(r->s, r->apps[i], PORT, &tspec);
		flows[i].has_flowspec = true;
		flows[i].flowspec.service = WIRE_SERVICE_CL;
		flows[i].flowspec.tspec = tspec;
		flows[i].has_filter = true;
		flows[i].filter.src =
			sim_addr(r->s, sender_nodes[i], r->family);
		flows[i].filter.src_port = PORT;
	}
	sim_run(r->s, 1000);
	r->apps[SENDERS] = sim_open(r->s, RECEIVER, &r->session);
	sim_reserve(r->s, r->apps[SENDERS], &request);
	sim_run(r->s, 1000);
}

/* Each sender has heard of its reservation once.  A receiver may hear an error:
 * what is behind a broken link is not told that the path left it, and for the
 * time it has it goes on telling its next hop, who believes the last Path. */
static void
expect_silence(struct ring *r, unsigned breaks)
{
	struct sim_counts c = sim_counts(r->s);

	if (c.told[RSVP_RESV_EVENT] != r->senders)
		sim_problem(r->s,
			"after %u breaks: senders were told %llu times", breaks,
			(unsigned long long)c.told[RSVP_RESV_EVENT]);
}

/* An interface of the ring goes down, and now and then a second one before it
 * is back.  Where the way begins, at a router that knows the other, it may also
 * be deleted. */
static void
break_links(struct ring *r, unsigned breaks)
{
	for (unsigned i = 0; i < breaks && sim_problems(r->s) == 0; i++) {
		bool alone = sim_random(r->s, 3) > 0;
		size_t node = 1 + sim_random(r->s, RING);
		uint32_t port = 1 + (uint32_t)sim_random(r->s, 2);

		if (node == 1 || node == 2 || node == 4)
			port++;
		sim_iface_flap(r->s, node, port,
			alone && node == 1 && r->senders == 1 &&
				sim_random(r->s, 2) == 0);
		sim_run(r->s, (alone ? DOWN_MS : 0) +
				      (int64_t)sim_random(r->s, DOWN_MS));
		if (!alone) {
			sim_iface_flap(
				r->s, 1 + sim_random(r->s, RING), 2, false);
			sim_run(r->s, 2 * DOWN_MS);
		}
		expect_silence(r, i + 1);
	}
}

static void
close_all(struct ring *r)
{
	for (size_t i = 0; i <= SENDERS; i++)
		if (r->apps[i] != 0)
			sim_close(r->s, r->apps[i]);
}

static bool
run(uint64_t seed, uint8_t style, uint8_t family, unsigned breaks)
{
	struct ring r = make_ring(seed, style, family);
	bool ok;

	reserve(&r);
	expect_silence(&r, 0);
	break_links(&r, breaks);
	sim_run(r.s, 3 * LIFETIME_MS);
	if (sim_problems(r.s) == 0)
		sim_expect_converged(r.s, true);
	if (sim_rate(r.s, 1, PORT) == 0)
		sim_problem(r.s, "nothing is reserved in the end");
	close_all(&r);
	sim_run(r.s, 3 * LIFETIME_MS);
	if (sim_problems(r.s) == 0)
		sim_expect_empty(r.s);
	ok = sim_problems(r.s) == 0;
	sim_free(r.s);
	return ok;
}

int
main(int argc, char **argv)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_SE };
	unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 10;
	unsigned long breaks = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
	bool all = true;

	printf("1..2\n");
	for (unsigned i = 0; i < 2; i++) {
		bool ok = true;

		for (unsigned long seed = 1; seed <= seeds && ok; seed++)
			ok = run(seed, styles[i],
				seed % 2 == 0 ? ADDR_V6 : ADDR_V4,
				(unsigned)breaks);
		printf("%s %u - %s: %lu rings, %lu breaks each\n",
			ok ? "ok" : "not ok", i + 1, wire_style_text(styles[i]),
			seeds, breaks);
		all = all && ok;
	}
	return all ? 0 : 1;
}
