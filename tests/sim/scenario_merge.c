/* SPDX-License-Identifier: ISC */

/*
 * What goes upstream of a merge point does not grow with the receivers behind
 * it (RFC 2205 2.2): a sender, two routers, ten routers behind the second, ten
 * hosts behind each of these; 1, 10 and 100 of the hosts reserve.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

enum { WIDE = 10, NODES = 3 + WIDE + WIDE * WIDE, HOST = 3 + WIDE };
enum { TRUNK = 1 /* the link between the two routers */, PERIODS = 40 };

struct tree {
	struct sim *s;
	struct wire_session session;
	uint32_t sender;
};

static struct tree
make_tree(uint8_t family)
{
	struct sim_link links[NODES] = { { { 0, 1 }, { 1, 1 } },
		{ { 1, 2 }, { 1, 1 } } };
	struct sim_conf conf = { .seed = 5,
		.nodes = NODES,
		.link_count = NODES - 1,
		.links = links,
		.reservable_Bps = 10000000,
		.refresh_ms = 30000,
		.full_checks = true };
	const struct wire_tspec tspec = { 50000, 5000, INFINITY, 128, 1000 };
	struct tree t;

	for (uint32_t i = 0; i < WIDE; i++)
		links[2 + i] = (struct sim_link){ { 2, 3 + i }, { 1, 1 } };
	for (uint32_t i = 0; i < WIDE * WIDE; i++)
		links[2 + WIDE + i] =
			(struct sim_link){ { 3 + i / WIDE, HOST + i },
				{ 1, 1 } };
	t.s = sim_new(&conf);
	t.session = (struct wire_session){
		.dst = sim_group(1, family), .proto = 17, .dst_port = 5000
	};
	sim_run(t.s, 1);
	t.sender = sim_open(t.s, 0, &t.session);
	sim_send(t.s, t.sender, 4000, &tspec);
	return t;
}

static void
join(const struct tree *t, uint32_t host, uint8_t style, uint8_t family)
{
	const struct wire_flow flow = { .has_flowspec = true,
		.has_filter = style != WIRE_STYLE_WF,
		.filter = { .src = sim_addr(t->s, 0, family),
			.src_port = 4000 },
		.flowspec = { .service = WIRE_SERVICE_CL,
			.tspec = { 20000, 5000, INFINITY, 128, 1000 } } };
	const struct rsvp_local_reserve request = {
		.style = style, .flow_count = 1, .flows = &flow
	};
	uint32_t app = sim_open(t->s, HOST + host, &t->session);

	sim_join(t->s, app, true);
	sim_reserve(t->s, app, &request);
}

/* Resv messages on the trunk in 40 refresh periods, with so many receivers. */
static uint64_t
upstream(unsigned receivers, uint8_t style, uint8_t family, bool *ok)
{
	struct tree t = make_tree(family);
	uint64_t before;

	for (uint32_t i = 0; i < receivers; i++)
		join(&t, i * (WIDE * WIDE / receivers), style, family);
	sim_run(t.s, 300000);
	sim_expect_converged(t.s, true);
	sim_expect_refreshes(t.s, true);
	before = sim_link_resvs(t.s, TRUNK);
	sim_run(t.s, PERIODS * 30000);
	before = sim_link_resvs(t.s, TRUNK) - before;
	if (sim_rate(t.s, 1, 5000) == 0 || sim_problems(t.s) > 0)
		*ok = false;
	sim_free(t.s);
	return before;
}

static bool
is_constant(uint8_t style, uint8_t family, unsigned number)
{
	bool ok = true;
	uint64_t one = upstream(1, style, family, &ok);
	uint64_t ten = upstream(10, style, family, &ok);
	uint64_t hundred = upstream(100, style, family, &ok);

	/* One a period, uniform in half to one and a half of it. */
	if (one < PERIODS * 8 / 10 || one > PERIODS * 12 / 10 ||
		ten > PERIODS * 12 / 10 || hundred > PERIODS * 12 / 10 ||
		ten < PERIODS * 8 / 10 || hundred < PERIODS * 8 / 10)
		ok = false;
	printf("%s %u - %s IPv%u: %llu, %llu and %llu Resv upstream in %d "
	       "periods for 1, 10 and 100 receivers\n",
		ok ? "ok" : "not ok", number, wire_style_text(style), family,
		(unsigned long long)one, (unsigned long long)ten,
		(unsigned long long)hundred, PERIODS);
	return ok;
}

int
main(void)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_SE,
		WIRE_STYLE_WF };
	bool ok = true;

	printf("1..6\n");
	for (unsigned i = 0; i < 6; i++)
		ok = is_constant(
			     styles[i / 2], i % 2 ? ADDR_V6 : ADDR_V4, i + 1) &&
		     ok;
	return ok ? 0 : 1;
}
