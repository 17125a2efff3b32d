/* SPDX-License-Identifier: ISC */

/*
 * What the protocol machine alone costs, without sockets and kernel: CPU
 * microseconds a set-up (Path, Resv, the kernel's yes) and a refresh (Path and
 * Resv come again, and go out again by the timers) with so many sessions.
 *
 * usage: bench_core SESSIONS	(prints "setup US" and "refresh US")
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rsvpd/core/adspec.h"
#include "rsvpd/core/rsvp.h"

enum {
	UP = 1,
	DOWN = 2,
	REFRESH_MS = 30000,
	LEAST = 60000, /* set-ups, and refreshes, that are timed */
	OCTETS = 512
};

struct bench {
	struct rsvp_core *core;
	struct mono now;
	unsigned long sent;
};

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	(void)arg, (void)query;
	*ret = (struct rsvp_route){ .count = 1, .out_ifindex = { DOWN } };
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	(void)arg, (void)query;
	*ret = (struct rsvp_policy_answer){ .allowed = true };
}

static void
policy_end(void *arg, uint32_t claim)
{
	(void)arg, (void)claim;
}

static void
add_iface(struct bench *b, uint32_t ifindex)
{
	const struct rsvp_iface iface = { .ifindex = ifindex,
		.name = "eth",
		.up = true,
		.enabled = true,
		.traffic_control = true,
		.v4 = addr_v4_u32(10u << 24 | ifindex << 8 | 1),
		.mtu = 1500,
		.refresh_ms = REFRESH_MS,
		.lives = 3,
		.link_Bps = 12500000000,
		.reservable_Bps = 10000000000,
		.budget_bytes = 1000000000,
		.max_flows = 100000,
		.assumed_min_packet = 128 };

	rsvp_core_iface(b->core, b->now, &iface);
	rsvp_core_tc_ready(b->core, b->now, ifindex, 0, NULL);
}

static void
begin(struct bench *b)
{
	struct rsvp_core_conf conf = rsvp_core_defaults();

	conf.max_sessions_neighbour = 1000000;
	conf.hooks = (struct rsvp_hooks){ NULL, route, policy, policy_end };
	*b = (struct bench){ .core = rsvp_core_new(&conf), .now = { 1000000 } };
	if (!b->core)
		exit(1);
	add_iface(b, UP);
	add_iface(b, DOWN);
}

/* All effects; the kernel says yes. */
static void
settle(struct bench *b)
{
	struct rsvp_effect e;

	while (rsvp_core_take(b->core, &e)) {
		struct rsvp_installed yes = { .serial = e.flow.serial };

		b->sent += e.kind == RSVP_EFFECT_SEND;
		if (e.kind == RSVP_EFFECT_FLOW)
			rsvp_core_installed(b->core, b->now, &yes);
	}
}

static void
feed(struct bench *b, uint32_t ifindex, const struct wire_msg *msg)
{
	static struct wire_msg decoded;
	uint8_t bytes[OCTETS];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct rsvp_packet packet = { .ifindex = ifindex,
		.src = msg->hop.addr,
		.dst = msg->session.dst,
		.ttl = 60,
		.dst_local = true,
		.msg = &decoded };

	if (!wire_msg_encode(&w, msg) ||
		wire_msg_decode(bytes, buf_written(&w), &decoded) != WIRE_OK)
		exit(1);
	rsvp_core_packet(b->core, b->now, &packet);
	settle(b);
}

/* Path and Resv of the i-th session. */
static void
signal_one(struct bench *b, unsigned i)
{
	static struct wire_msg msg;
	const struct wire_tspec tspec = { 1000, 1500, 2000, 64, 1500 };
	const struct wire_filter sender = { .src = addr_v4_u32(0x0a080808),
		.src_port = (uint16_t)(i % 60000 + 1) };

	msg = (struct wire_msg){ .type = WIRE_PATH,
		.send_ttl = 60,
		.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		       WIRE_HAS_SENDER | WIRE_HAS_TSPEC | WIRE_HAS_ADSPEC,
		.session = { .dst = addr_v4_u32(0x0a090000 + i % 250),
			.proto = 17,
			.dst_port = (uint16_t)(i / 250 + 1) },
		.hop = { addr_v4_u32(0x0a000102), 7 },
		.refresh_ms = REFRESH_MS,
		.sender = sender,
		.tspec = tspec,
		.adspec = adspec_default() };
	feed(b, UP, &msg);
	msg.type = WIRE_RESV;
	msg.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		  WIRE_HAS_STYLE;
	msg.hop = (struct wire_hop){ addr_v4_u32(0x0a000202), DOWN };
	msg.style = WIRE_STYLE_FF;
	msg.style_vector = WIRE_STYLE_FF;
	msg.flow_count = 1;
	msg.flows[0] = (struct wire_flow){ .has_flowspec = true,
		.has_filter = true,
		.flowspec = { .service = WIRE_SERVICE_CL, .tspec = tspec },
		.filter = sender };
	feed(b, DOWN, &msg);
}

static void
tick_until(struct bench *b, struct mono until)
{
	while (mono_reached(rsvp_core_next(b->core), until)) {
		b->now = rsvp_core_next(b->core);
		rsvp_core_tick(b->core, b->now);
		settle(b);
	}
	b->now = until;
}

/* One period, in which each session is refreshed once both ways. */
static void
refresh_all(struct bench *b, unsigned count)
{
	const struct mono start = b->now;

	for (unsigned i = 0; i < count; i++) {
		tick_until(b,
			(struct mono){ start.us + (int64_t)REFRESH_MS * 1000 *
							  i / count });
		signal_one(b, i);
	}
	tick_until(b, mono_add_ms(start, REFRESH_MS));
}

/* They are all there, and only refreshes were sent. */
static void
check(const struct bench *b, unsigned count)
{
	struct rsvp_totals totals;

	rsvp_core_totals(b->core, &totals);
	if (totals.resvs == count && totals.flows == count &&
		b->sent >= 2ul * count)
		return;
	fprintf(stderr, "bench_core: %zu of %u sessions\n", totals.resvs,
		count);
	exit(1);
}

int
main(int argc, char **argv)
{
	const unsigned count =
		argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 400;
	const unsigned rounds = count < LEAST ? (LEAST + count - 1) / count : 1;
	struct bench b = { 0 };
	double setup = 0, refresh;

	for (unsigned i = 0; i < rounds; i++) {
		double start;

		rsvp_core_free(b.core);
		begin(&b);
		start = cpu_us();
		for (unsigned k = 0; k < count; k++)
			signal_one(&b, k);
		setup += cpu_us() - start;
	}
	refresh_all(&b, count); /* the timers come apart */
	refresh = -cpu_us();
	for (unsigned i = 0; i < rounds; i++)
		refresh_all(&b, count);
	refresh += cpu_us();
	check(&b, count);
	printf("setup %.3f\n", setup / rounds / count);
	printf("refresh %.3f\n", refresh / rounds / count);
	rsvp_core_free(b.core);
	return 0;
}
