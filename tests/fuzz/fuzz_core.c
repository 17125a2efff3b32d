/* SPDX-License-Identifier: ISC */

/*
 * The protocol machine under any sequence of what can happen to it: messages
 * that nearly make sense, mutated ones, octets that nobody meant, time, routes
 * and interfaces that change, a kernel that refuses or dies, policy that says
 * no, applications, and memory that is short once.  What holds always is
 * checked after each step (core_world.c); in the end time runs until all state
 * is gone.  With FUZZ_TRACE in the environment each step is told.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/core_gen.h"
#include "tests/fuzz/core_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 400, RAW_MAX = 600 };

static struct world world;
static uint8_t octets[65536];

/* ---- for people ---------------------------------------------------------- */

static void
trace(const struct world *w, const char *what)
{
	if (getenv("FUZZ_TRACE"))
		fprintf(stderr, "%.3f %s\n", (double)w->now.us / 1e6, what);
}

static void
trace_message(uint32_t ifindex, const struct wire_msg *msg)
{
	char line[1000];
	struct text t = text_over(line, sizeof(line));

	if (!getenv("FUZZ_TRACE"))
		return;
	wire_msg_print(&t, msg);
	fprintf(stderr, "      on %u: %s\n", ifindex, line);
}

/* ---- messages ------------------------------------------------------------ */

/* Length and checksum made right: what is behind them is to be reached. */
static void
mend(uint8_t *bytes, size_t len)
{
	uint16_t checksum;

	if (len < WIRE_HEADER)
		return;
	bytes[0] = (uint8_t)(0x10 | (bytes[0] & 0xf));
	bytes[2] = 0;
	bytes[3] = 0;
	bytes[6] = (uint8_t)(len >> 8);
	bytes[7] = (uint8_t)len;
	checksum = wire_checksum(bytes, len);
	bytes[2] = (uint8_t)(checksum >> 8);
	bytes[3] = (uint8_t)checksum;
}

/* Where a message comes in follows from its hop, mostly. */
static void
deliver(struct world *w, struct feed *f, size_t len)
{
	static struct wire_msg msg;
	const unsigned pick = feed_u8(f);
	struct rsvp_packet packet = { .ifindex = pick % 5,
		.ttl = pick & 0x40 ? 1 : 60,
		.dst_local = (pick & 0x80) == 0,
		.msg = &msg,
		.bytes = octets,
		.len = len };

	packet.fault = wire_msg_decode(octets, len, &msg);
	if (packet.fault != WIRE_OK && packet.fault != WIRE_UNKNOWN_CLASS &&
		packet.fault != WIRE_UNKNOWN_CTYPE)
		return; /* the daemon drops and counts it */
	if (packet.ifindex == 0)
		packet.ifindex = msg.type == WIRE_PATH ||
						 msg.type == WIRE_PATH_TEAR ||
						 msg.type == WIRE_RESV_ERR
					 ? 1
					 : 2;
	packet.src = msg.has & WIRE_HAS_HOP
			     ? msg.hop.addr
			     : world_addr(msg.session.dst.family, 2, 2);
	packet.dst = msg.session.dst;
	packet.bytes = octets;
	packet.len = len;
	w->given = octets;
	w->given_len = len;
	trace_message(packet.ifindex, &msg);
	rsvp_core_packet(w->core, w->now, &packet);
}

static size_t
encode_one(struct feed *f)
{
	static struct wire_msg msg;
	struct buf_writer out = buf_writer(octets, sizeof(octets));

	gen_message(f, &msg);
	return wire_msg_encode(&out, &msg) ? buf_written(&out) : 0;
}

static void
on_message(struct world *w, struct feed *f)
{
	const size_t len = encode_one(f);

	if (len > 0)
		deliver(w, f, len);
}

static void
on_mutated(struct world *w, struct feed *f)
{
	const size_t len = encode_one(f);
	const unsigned count = feed_below(f, 4) + 1;

	if (len == 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		const size_t at = feed_u16(f) % len;

		octets[at] = feed_u8(f);
	}
	mend(octets, len);
	deliver(w, f, len);
}

static void
on_octets(struct world *w, struct feed *f)
{
	const uint8_t *bytes;
	const size_t len = feed_bytes(f, feed_u16(f) % RAW_MAX, &bytes);

	if (len > 0)
		memcpy(octets, bytes, len);
	mend(octets, len);
	deliver(w, f, len);
}

/* The same message again, as a refresh: what was sent last. */
static void
on_again(struct world *w, struct feed *f)
{
	const size_t len = (size_t)octets[6] << 8 | octets[7];

	deliver(w, f, len);
}

/* ---- time, kernel, routes, interfaces ------------------------------------ */

static void
on_time(struct world *w, struct feed *f)
{
	static const int64_t steps_ms[] = { 0, 1, 100, 1000, 2000, 7000, 31000,
		160000, 3600000 };
	const unsigned pick = feed_u8(f);

	world_run(w, steps_ms[(pick & 0x7f) % 9] * 1000, pick < 0x80);
}

static void
on_answer(struct world *w, struct feed *f)
{
	static const int errors[] = { 0, 0, 0, ENOBUFS, ENOENT, EINVAL };
	const unsigned pick = feed_u8(f);

	world_answer(w, pick >> 4, errors[pick % 6]);
}

static void
on_answers(struct world *w, struct feed *f)
{
	(void)f; /* yes to all */
	for (size_t n = w->request_count; n > 0; n--)
		world_answer(w, 0, 0);
}

static void
on_tc(struct world *w, struct feed *f)
{
	const unsigned pick = feed_u8(f);

	if (pick % 3 == 0)
		world_tc_lost(w, feed_u8(f));
	for (uint32_t i = 1; pick % 3 == 1 && i <= WORLD_IFACES; i++)
		world_tc_ready(w, i, 0);
	if (pick % 3 == 2)
		world_tc_ready(w, pick / 3 % WORLD_IFACES + 1,
			pick & 0x80 ? ENODEV : 0);
}

static void
on_routes(struct world *w, struct feed *f)
{
	const unsigned pick = feed_u8(f);
	const unsigned dst = pick & 7;
	const struct addr_prefix prefix = { world_dst(gen_family(f), dst), 24 };

	w->route_out[dst] = feed_u8(f) & 0x1e;
	w->route_local[dst] = (pick & 0x10) != 0;
	if (pick & 0x20)
		w->route_in = (uint8_t)(pick >> 6);
	rsvp_core_routes_changed(w->core, w->now, pick & 8 ? &prefix : NULL);
}

static void
on_iface(struct world *w, struct feed *f)
{
	const unsigned pick = feed_u8(f);
	const uint32_t ifindex = pick % WORLD_IFACES + 1;
	struct rsvp_iface *iface = &w->ifaces[ifindex];

	switch (pick >> 2 & 7) {
	case 0:
		world_iface_gone(w, ifindex);
		return;
	case 1:
		iface->up = !iface->up;
		break;
	case 2:
		iface->enabled = !iface->enabled;
		break;
	case 3:
		iface->traffic_control = !iface->traffic_control;
		break;
	case 4:
		iface->mtu = feed_u16(f);
		break;
	case 5:
		iface->reservable_Bps = feed_u16(f) * 20u;
		iface->max_flows = feed_below(f, 8);
		break;
	case 6:
		iface->v4 = world_addr(ADDR_V4, ifindex, feed_below(f, 3) + 1);
		break;
	case 7:
		iface->refresh_ms = pick & 0x80 ? 1000 : 300000;
		iface->lives = feed_below(f, 10) + 1;
		break;
	}
	world_set_iface(w, ifindex);
}

static void
on_policy(struct world *w, struct feed *f)
{
	w->deny = (uint8_t)feed_below(f, 6);
	rsvp_core_policy_changed(w->core, w->now);
}

static void
on_limits(struct world *w, struct feed *f)
{
	w->conf.max_sessions = feed_below(f, 16) + 1;
	w->conf.max_paths = feed_below(f, 32) + 1;
	w->conf.max_senders = feed_below(f, 8) + 1;
	w->conf.tc_wait_ms = feed_u16(f);
	rsvp_core_reconf(w->core, &w->conf);
}

static void
on_memory(struct world *w, struct feed *f)
{
	w->fail_at = w->allocations + 1 + feed_below(f, 40);
}

/* ---- applications -------------------------------------------------------- */

static uint8_t local_family[WORLD_LOCALS + 1];

static void
local_open(struct world *w, struct feed *f, uint64_t id)
{
	const uint8_t family = gen_family(f);
	const struct wire_session session = gen_session(f, family);
	const struct rsvp_who who = { true, feed_below(f, 2), 0, 1 };

	if (rsvp_local_open(w->core, w->now, id, &session, &who) !=
		RSVP_LOCAL_OK)
		return;
	w->locals[id] = true;
	local_family[id] = family;
}

static void
local_send(struct world *w, struct feed *f, uint64_t id)
{
	const struct rsvp_local_sender sender = { .sender = gen_filter(
							  f, local_family[id]),
		.tspec = gen_tspec(f),
		.ttl = feed_u8(f),
		.ifindex = feed_below(f, 6) };

	(void)rsvp_local_send(w->core, w->now, id, &sender); /* any answer */
}

static void
local_reserve(struct world *w, struct feed *f, uint64_t id)
{
	static struct wire_flow flows[WIRE_FLOWS_MAX];
	struct rsvp_local_reserve request = { .style = gen_style(f),
		.confirm = (feed_u8(f) & 1) != 0,
		.flows = flows };

	if (!wire_style_known(request.style))
		return; /* the server refuses it */
	gen_flows(
		f, local_family[id], request.style, flows, &request.flow_count);
	(void)rsvp_local_reserve(w->core, w->now, id, &request); /* any */
}

static void
on_local(struct world *w, struct feed *f)
{
	const unsigned pick = feed_u8(f);
	const uint64_t id = pick % WORLD_LOCALS + 1;

	if (!w->locals[id]) {
		/* Its PATH_EVENT may be there at once. */
		local_open(w, f, id);
		return;
	}
	switch (pick >> 4 & 7) {
	case 0:
	case 1:
		local_send(w, f, id);
		break;
	case 2:
	case 3:
		local_reserve(w, f, id);
		break;
	case 4:
		rsvp_local_unsend(w->core, w->now, id);
		break;
	case 5:
		rsvp_local_unreserve(w->core, w->now, id);
		break;
	default:
		rsvp_local_close(w->core, w->now, id);
		w->locals[id] = false;
		break;
	}
}

/* ---- the sequence -------------------------------------------------------- */

static void
step(struct world *w, struct feed *f)
{
	static const struct {
		const char *name;
		void (*run)(struct world *, struct feed *);
	} steps[] = { { "message", on_message }, { "message", on_message },
		{ "message", on_message }, { "message", on_message },
		{ "message", on_message }, { "message", on_message },
		{ "answer", on_answer }, { "answers", on_answers },
		{ "time", on_time }, { "time", on_time }, { "local", on_local },
		{ "local", on_local }, { "mutated", on_mutated },
		{ "octets", on_octets }, { "again", on_again }, { "tc", on_tc },
		{ "routes", on_routes }, { "iface", on_iface },
		{ "policy", on_policy }, { "limits", on_limits },
		{ "memory", on_memory } };
	const unsigned pick = feed_below(f, sizeof(steps) / sizeof(steps[0]));

	trace(w, steps[pick].name);
	steps[pick].run(w, f);
	world_settle(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = { data, data + size };
	const bool drop = size > 0 && (data[0] & 0x80) != 0;

	memset(octets, 0, 8);
	world_begin(&world, &f);
	for (int i = 0; i < STEPS && !feed_empty(&f); i++)
		step(&world, &f);
	if (drop)
		world_drop(&world);
	else
		world_end(&world);
	return 0;
}
