/* SPDX-License-Identifier: ISC */

/* The simulator; see sim.h. */

#include "sim_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
sim_problem(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->problems++ >= SHOWN)
		return;
	fprintf(stderr,
		"# seed %llu at %lld ms: ", (unsigned long long)s->conf.seed,
		(long long)(s->now.us / 1000));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void *
sim_must_have(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

uint64_t
sim_random(struct sim *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random % below;
}

/* ---- addresses and routes ------------------------------------------------ */

/* Link j joins node j (host 1) and node j + 1 (host 2). */
static struct addr
link_addr(const struct sim *s, size_t link, unsigned host)
{
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (s->conf.family == ADDR_V4)
		return addr_v4_u32(
			10u << 24 | (uint32_t)(link + 1) << 8 | host);
	v6[6] = (uint8_t)(link + 1);
	v6[15] = (uint8_t)host;
	return addr_v6(v6);
}

struct addr
sim_addr(const struct sim *s, size_t node)
{
	return node == 0 ? link_addr(s, 0, 1) : link_addr(s, node - 1, 2);
}

/* Which node has that address; the number of nodes: none. */
static size_t
owner(const struct sim *s, const struct addr *addr)
{
	for (size_t i = 0; i + 1 < s->conf.nodes; i++) {
		struct addr left = link_addr(s, i, 1);
		struct addr right = link_addr(s, i, 2);

		if (addr_equal(addr, &left))
			return i;
		if (addr_equal(addr, &right))
			return i + 1;
	}
	return s->conf.nodes;
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	const struct node *node = (const struct node *)arg;
	size_t to = owner(node->sim, &query->dst);

	*ret = (struct rsvp_route){ 0 };
	if (to == node->sim->conf.nodes)
		return;
	if (to == node->index) {
		ret->local = true;
		return;
	}
	ret->count = 1;
	ret->out_ifindex[0] = to < node->index ? SIM_LEFT : SIM_RIGHT;
}

/* ---- events -------------------------------------------------------------- */

struct event *
sim_event(enum event_kind kind, size_t node, size_t len)
{
	struct event *e =
		(struct event *)sim_must_have(calloc(1, sizeof(*e) + len));

	e->kind = kind;
	e->node = node;
	e->len = len;
	return e;
}

void
sim_schedule(struct sim *s, struct event *e, struct mono when)
{
	if (!heap_set(&s->events, &e->heap, when))
		abort();
}

/* ---- effects ------------------------------------------------------------- */

static bool
lost(struct sim *s, struct node *node, uint8_t type)
{
	if (node->drop_next == type) {
		node->drop_next = 0;
		return true;
	}
	return sim_random(s, 1000) < s->loss;
}

static void
transmit(struct sim *s, size_t from, const struct rsvp_send *send)
{
	uint32_t ifindex = send->ifindex;
	size_t to = owner(s, &send->dst);
	struct event *e;

	s->messages++;
	if (ifindex == 0)
		ifindex = to < from ? SIM_LEFT : SIM_RIGHT;
	if (to == s->conf.nodes || to == from) {
		sim_problem(
			s, "node %zu sends type %u nowhere", from, send->type);
		return;
	}
	if (lost(s, &s->nodes[from], send->type))
		return;
	if (ifindex == s->nodes[from].gone)
		return; /* by route, out of what is not there */
	e = sim_event(EVENT_PACKET, ifindex == SIM_LEFT ? from - 1 : from + 1,
		send->len);
	memcpy(e->bytes, send->bytes, send->len);
	e->packet =
		(struct rsvp_packet){ .ifindex = ifindex == SIM_LEFT ? SIM_RIGHT
								     : SIM_LEFT,
			.src = send->src,
			.dst = send->dst,
			.ttl = send->ttl,
			.dst_local = to == e->node };
	sim_schedule(s, e,
		(struct mono){
			s->now.us + s->least_us +
			(int64_t)sim_random(s, s->most_us - s->least_us + 1) });
}

/* FNV-1a. */
static void
trace(struct sim *s, const void *bytes, size_t len)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (size_t i = 0; i < len; i++)
		s->trace = (s->trace ^ at[i]) * 0x100000001b3ULL;
}

static void
trace_effect(struct sim *s, size_t node, const struct rsvp_effect *effect)
{
	const uint64_t head[] = { (uint64_t)s->now.us, node, effect->kind };

	trace(s, head, sizeof(head));
	switch (effect->kind) {
	case RSVP_EFFECT_SEND:
		trace(s, effect->send.bytes, effect->send.len);
		break;
	case RSVP_EFFECT_FLOW:
		trace(s, &effect->flow.serial, sizeof(effect->flow.serial));
		trace(s, &effect->flow.flow.id, sizeof(effect->flow.flow.id));
		trace(s, &effect->flow.flow.rate_Bps,
			sizeof(effect->flow.flow.rate_Bps));
		break;
	case RSVP_EFFECT_EVENT:
		trace(s, &effect->event.id, sizeof(effect->event.id));
		trace(s, &effect->event.kind, sizeof(effect->event.kind));
		break;
	case RSVP_EFFECT_NOTE:
		trace(s, effect->note.text, strlen(effect->note.text));
		break;
	}
}

uint64_t
sim_trace(const struct sim *s)
{
	return s->trace;
}

void
sim_settle(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];
	struct rsvp_effect effect;

	while (rsvp_core_take(node->core, &effect)) {
		trace_effect(s, index, &effect);
		switch (effect.kind) {
		case RSVP_EFFECT_SEND:
			transmit(s, index, &effect.send);
			break;
		case RSVP_EFFECT_FLOW:
			sim_ask_kernel(s, node, &effect.flow);
			break;
		case RSVP_EFFECT_EVENT:
			s->told[effect.event.kind]++;
			break;
		case RSVP_EFFECT_NOTE:
			break;
		}
	}
	sim_check_node(s, index);
	if (!heap_set(&s->ticks, &node->tick, rsvp_core_next(node->core)))
		abort();
}

/* ---- running ------------------------------------------------------------- */

static void
arrive(struct sim *s, struct event *e)
{
	e->packet.fault = wire_msg_decode(e->bytes, e->len, &s->msg);
	e->packet.msg = &s->msg;
	if (e->packet.fault != WIRE_OK)
		sim_problem(s, "node %zu: %s", e->node,
			wire_fault_text(e->packet.fault));
	rsvp_core_packet(s->nodes[e->node].core, s->now, &e->packet);
}

static void
iface_back(struct sim *s, struct node *node)
{
	uint32_t ifindex = node->gone;

	node->gone = 0;
	sim_add_iface(s, node->index, ifindex);
	if (!node->tc_down)
		rsvp_core_tc_ready(node->core, s->now, ifindex, 0, NULL);
}

static void
run_event(struct sim *s, struct event *e)
{
	heap_remove(&s->events, &e->heap);
	switch (e->kind) {
	case EVENT_PACKET:
		arrive(s, e);
		break;
	case EVENT_ANSWER:
		(void)sim_answer(s, e); /* to nobody, if he died */
		break;
	case EVENT_TC:
		sim_tc_back(s, &s->nodes[e->node]);
		break;
	case EVENT_IFACE:
		iface_back(s, &s->nodes[e->node]);
		break;
	}
	sim_settle(s, e->node);
	free(e);
}

static void
run_tick(struct sim *s, struct heap_node *tick)
{
	struct node *node =
		(struct node *)(void *)((char *)tick -
					offsetof(struct node, tick));

	rsvp_core_tick(node->core, s->now);
	sim_settle(s, node->index);
}

void
sim_run(struct sim *s, int64_t ms)
{
	struct mono end = mono_add_ms(s->now, ms);

	for (;;) {
		struct heap_node *event = heap_first(&s->events);
		struct heap_node *tick = heap_first(&s->ticks);
		struct mono next = tick ? tick->deadline : MONO_NEVER;
		bool is_event = event && event->deadline.us <= next.us;

		if (is_event)
			next = event->deadline;
		if (next.us > end.us)
			break;
		if (next.us > s->now.us)
			s->now = next;
		if (is_event)
			run_event(s, (struct event *)(void *)event);
		else
			run_tick(s, tick);
	}
	s->now = end;
}

/* ---- life ---------------------------------------------------------------- */

void
sim_add_iface(struct sim *s, size_t node, uint32_t ifindex)
{
	struct rsvp_iface iface = { .ifindex = ifindex,
		.up = true,
		.enabled = true,
		.traffic_control = true,
		.mtu = 1500,
		.refresh_ms = s->conf.refresh_ms,
		.lives = 3,
		.link_Bps = s->conf.reservable_Bps,
		.reservable_Bps = s->conf.reservable_Bps,
		.budget_bytes = 1000000000,
		.max_flows = 100000,
		.header_bytes = 14,
		.overhead_bytes = 24,
		.min_frame_bytes = 84,
		.assumed_min_packet = 128,
		.timer_us = 200,
		.repair_wait_ms = 2000,
		.slew_percent = 30 };
	struct addr addr = ifindex == SIM_LEFT ? link_addr(s, node - 1, 2)
					       : link_addr(s, node, 1);

	snprintf(iface.name, sizeof(iface.name), "if%u", ifindex);
	if (addr.family == ADDR_V4)
		iface.v4 = addr;
	else
		iface.v6 = addr;
	rsvp_core_iface(s->nodes[node].core, s->now, &iface);
}

void
sim_start_core(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];
	struct rsvp_core_conf conf = rsvp_core_defaults();

	conf.seed = s->conf.seed * 1000 + index + 100 * node->lives++;
	conf.hooks =
		(struct rsvp_hooks){ node, route, sim_policy, sim_policy_end };
	node->core = (struct rsvp_core *)sim_must_have(rsvp_core_new(&conf));
	if (index > 0 && node->gone != SIM_LEFT)
		sim_add_iface(s, index, SIM_LEFT);
	if (index + 1 < s->conf.nodes && node->gone != SIM_RIGHT)
		sim_add_iface(s, index, SIM_RIGHT);
}

static void
start_node(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];

	node->sim = s;
	node->index = index;
	sim_start_core(s, index);
	sim_tc_back(s, node);
	sim_settle(s, index);
}

struct sim *
sim_chain(const struct sim_conf *conf)
{
	struct sim *s = (struct sim *)sim_must_have(calloc(1, sizeof(*s)));

	s->conf = *conf;
	s->random = conf->seed * 0x9e3779b97f4a7c15ULL + 1;
	s->now.us = 1000000;
	s->least_us = 100;
	s->most_us = 100;
	heap_init(&s->events, alloc_heap());
	heap_init(&s->ticks, alloc_heap());
	s->nodes = (struct node *)sim_must_have(
		calloc(conf->nodes, sizeof(*s->nodes)));
	for (size_t i = 0; i < conf->nodes; i++)
		start_node(s, i);
	return s;
}

void
sim_free(struct sim *s)
{
	struct heap_node *event;

	while ((event = heap_first(&s->events))) {
		heap_remove(&s->events, event);
		free(event); /* first member of struct event */
	}
	for (size_t i = 0; i < s->conf.nodes; i++) {
		heap_remove(&s->ticks, &s->nodes[i].tick);
		rsvp_core_free(s->nodes[i].core);
		sim_kernel_free(&s->nodes[i]);
	}
	heap_done(&s->events);
	heap_done(&s->ticks);
	free(s->nodes);
	free(s);
}

void
sim_links(struct sim *s, unsigned loss, uint32_t least_us, uint32_t most_us)
{
	s->loss = loss;
	s->least_us = least_us;
	s->most_us = most_us;
}

void
sim_kernels(struct sim *s, unsigned refuse)
{
	s->refuse = refuse;
}

void
sim_policies(struct sim *s, unsigned deny)
{
	s->deny = deny;
}

void
sim_drop_next(struct sim *s, size_t node, uint8_t type)
{
	s->nodes[node].drop_next = type;
}

struct mono
sim_now(const struct sim *s)
{
	return s->now;
}

struct rsvp_core *
sim_core(struct sim *s, size_t node)
{
	return s->nodes[node].core;
}

/* ---- applications -------------------------------------------------------- */

static struct wire_session
session_of(const struct sim *s, uint16_t flow, size_t to)
{
	return (struct wire_session){
		.dst = sim_addr(s, to), .proto = 17, .dst_port = flow
	};
}

static struct wire_filter
sender_of(const struct sim *s, uint16_t flow, size_t from)
{
	return (struct wire_filter){ .src = sim_addr(s, from),
		.src_port = flow };
}

static void
open_flow(struct sim *s, uint16_t flow, size_t node, size_t to)
{
	struct wire_session session = session_of(s, flow, to);
	struct rsvp_who who = { .known = false };

	if (rsvp_local_open(s->nodes[node].core, s->now, flow, &session,
		    &who) != RSVP_LOCAL_OK)
		sim_problem(s, "node %zu: flow %u not opened", node, flow);
}

void
sim_send(struct sim *s, uint16_t flow, size_t from, size_t to)
{
	struct rsvp_local_sender sender = { .sender = sender_of(s, flow, from),
		.tspec = { 1e6f, 10000, 2e6f, 128, 1400 } };

	open_flow(s, flow, from, to);
	if (rsvp_local_send(s->nodes[from].core, s->now, flow, &sender) !=
		RSVP_LOCAL_OK)
		sim_problem(s, "node %zu: flow %u not sent", from, flow);
	sim_settle(s, from);
}

void
sim_reserve(struct sim *s, uint16_t flow, size_t to, size_t from, float rate)
{
	struct wire_flow want = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = { .service = WIRE_SERVICE_CL,
			.tspec = { rate, 10000, 2 * rate, 128, 1400 } },
		.filter = sender_of(s, flow, from) };
	struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &want
	};

	if (rsvp_local_reserve(s->nodes[to].core, s->now, flow, &request) ==
		RSVP_LOCAL_UNKNOWN) {
		open_flow(s, flow, to, to);
		(void)rsvp_local_reserve(
			s->nodes[to].core, s->now, flow, &request);
	}
	sim_settle(s, to);
}

void
sim_close(struct sim *s, uint16_t flow, size_t node)
{
	rsvp_local_close(s->nodes[node].core, s->now, flow);
	sim_settle(s, node);
}

/* ---- looking ------------------------------------------------------------- */

uint64_t
sim_events(const struct sim *s, enum rsvp_event_kind kind)
{
	return s->told[kind];
}

uint64_t
sim_messages(const struct sim *s)
{
	return s->messages;
}

uint64_t
sim_refused(const struct sim *s)
{
	return s->refused;
}

unsigned
sim_problems(const struct sim *s)
{
	return s->problems;
}

void
sim_expect_empty(struct sim *s)
{
	for (size_t i = 0; i < s->conf.nodes; i++) {
		struct rsvp_totals t;

		rsvp_core_totals(s->nodes[i].core, &t);
		if (t.sessions + t.paths + t.resvs + t.flows != 0)
			sim_problem(s,
				"node %zu keeps %zu sessions, %zu paths, %zu "
				"reservations, %zu flows",
				i, t.sessions, t.paths, t.resvs, t.flows);
		if (sim_kernel_flows(s, i) != 0)
			sim_problem(s, "kernel of node %zu keeps %zu flows", i,
				sim_kernel_flows(s, i));
		if (s->nodes[i].claims != 0)
			sim_problem(s, "node %zu keeps %u claims of policy", i,
				s->nodes[i].claims);
		if (rsvp_core_next(s->nodes[i].core).us != MONO_NEVER.us)
			sim_problem(s, "node %zu keeps a timer", i);
		sim_check_node(s, i);
	}
}
