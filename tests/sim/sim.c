/* SPDX-License-Identifier: ISC */

/* The simulator: its life, its clock, what comes out of the cores; see sim.h.
 */

#include "sim_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/t_iface.h"

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

/* ---- problems ------------------------------------------------------------ */

static const char *const kind_names[EVENT_KINDS] = { "tick", "call", "packet",
	"answer of the kernel", "traffic control is back", "interface is back",
	"routes changed", "application comes back" };

static void
show_entry(const struct log_entry *l)
{
	fprintf(stderr, "#   event %llu at %lld.%06lld: node %u: %s",
		(unsigned long long)l->number,
		(long long)(l->when.us / 1000000),
		(long long)(l->when.us % 1000000), l->node,
		kind_names[l->kind]);
	if (l->type != 0)
		fprintf(stderr, " %s on %u", wire_type_text(l->type), l->port);
	if (l->dst_port != 0)
		fprintf(stderr, " of session %u", l->dst_port);
	fputc('\n', stderr);
}

/* What happened to the node or to the session, the oldest first. */
static void
show_log(const struct sim *s)
{
	uint64_t first = s->counts.events > LOG_EVENTS
				 ? s->counts.events - LOG_EVENTS
				 : 0;
	uint64_t shown[LOG_SHOWN];
	size_t count = 0;

	for (uint64_t i = s->counts.events + 1; i-- > first;) {
		const struct log_entry *l = &s->log[i % LOG_EVENTS];
		bool here = s->cause.node && l->node == s->cause.node->index;
		bool its = s->cause.has_session &&
			   l->dst_port == s->cause.session.dst_port;

		if (l->number != i || (s->cause.has_session ? !its : !here))
			continue;
		shown[count++] = i;
		if (count == LOG_SHOWN)
			break;
	}
	while (count-- > 0)
		show_entry(&s->log[shown[count] % LOG_EVENTS]);
}

void
sim_problem(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->problems++ > 0)
		return;
	fprintf(stderr, "# seed %llu, event %llu, %lld ms",
		(unsigned long long)s->conf.seed,
		(unsigned long long)s->counts.events,
		(long long)(s->now.us / 1000));
	if (s->cause.has_session)
		fprintf(stderr, ", session %u", s->cause.session.dst_port);
	fputs(": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	show_log(s);
}

static void
log_event(struct sim *s)
{
	const struct cause *c = &s->cause;
	struct log_entry l = { .number = s->counts.events,
		.when = s->now,
		.node = c->node->index,
		.kind = c->kind,
		.type = c->in.type,
		.port = c->in_port };

	if (c->has_session)
		l.dst_port = c->session.dst_port;
	s->log[l.number % LOG_EVENTS] = l;
}

void
sim_watch(struct sim *s, uint16_t dst_port)
{
	s->watched = dst_port;
}

static void
show_sent(struct sim *s, const struct node *node, const struct rsvp_send *send)
{
	char bytes[800];
	struct text t = text_over(bytes, sizeof(bytes));

	if (wire_msg_decode(send->bytes, send->len, &s->shown) != WIRE_OK ||
		s->shown.session.dst_port != s->watched)
		return;
	wire_msg_print(&t, &s->shown);
	fprintf(stderr, "# %llu %lld.%06lld node %u out %u: %s\n",
		(unsigned long long)s->counts.events,
		(long long)(s->now.us / 1000000),
		(long long)(s->now.us % 1000000), node->index, send->ifindex,
		bytes);
}

static void
show_flow(const struct sim *s, const struct node *node,
	const struct rsvp_flow_request *r)
{
	if (r->op == RSVP_FLOW_DEL || r->flow.dst_port == s->watched)
		fprintf(stderr,
			"# %llu node %u: flow %u op %d on %u rate %llu\n",
			(unsigned long long)s->counts.events, node->index,
			r->flow.id, (int)r->op, r->flow.ifindex,
			(unsigned long long)r->flow.rate_Bps);
}

/* ---- events -------------------------------------------------------------- */

struct event *
sim_event(struct sim *s, enum event_kind kind, size_t node)
{
	struct event *e = s->free_events;

	if (e) {
		s->free_events = e->next;
	} else {
		e = (struct event *)sim_must_have(malloc(sizeof(*e)));
		if (++s->made_events > MADE_EVENTS_MAX)
			sim_problem(s, "a storm: %zu events are under way",
				s->made_events);
	}
	memset(e, 0, offsetof(struct event, bytes));
	e->kind = (uint8_t)kind;
	e->node = (uint32_t)node;
	return e;
}

void
sim_schedule(struct sim *s, struct event *e, struct mono when)
{
	if (!heap_set(&s->events, &e->heap, when))
		abort();
}

struct mono
sim_node_now(const struct node *node)
{
	return (struct mono){ node->sim->now.us + node->skew_us };
}

/* ---- effects ------------------------------------------------------------- */

static void
trace(struct sim *s, const void *bytes, size_t len)
{
	s->trace = sim_hash(s->trace, bytes, len);
}

static void
trace_effect(struct sim *s, const struct node *node,
	const struct rsvp_effect *effect)
{
	const uint64_t head[] = { (uint64_t)s->now.us, node->index,
		effect->kind };

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
	case RSVP_EFFECT_ACCOUNT:
		break;
	case RSVP_EFFECT_NOTE:
		trace(s, effect->note.text, strlen(effect->note.text));
		break;
	}
}

static void
carry_out(struct sim *s, struct node *node, const struct rsvp_effect *effect)
{
	switch (effect->kind) {
	case RSVP_EFFECT_SEND:
		if (s->watched != 0)
			show_sent(s, node, &effect->send);
		sim_check_sent(s, node, &effect->send);
		sim_transmit(s, node, &effect->send);
		break;
	case RSVP_EFFECT_FLOW:
		if (s->watched != 0)
			show_flow(s, node, &effect->flow);
		sim_ask_kernel(s, node, &effect->flow);
		break;
	case RSVP_EFFECT_EVENT:
		s->counts.told[effect->event.kind & 7]++;
		sim_app_told(s, node, &effect->event);
		break;
	case RSVP_EFFECT_NOTE:
	case RSVP_EFFECT_ACCOUNT:
		break;
	}
}

/* ---- inputs -------------------------------------------------------------- */

void
sim_begin(struct sim *s, struct node *node, enum event_kind kind)
{
	s->cause = (struct cause){ .kind = (uint8_t)kind, .node = node };
	s->counts.events++;
}

void
sim_about(struct sim *s, const struct wire_session *session)
{
	s->cause.has_session = true;
	s->cause.session = *session;
}

static void
set_tick(struct sim *s, struct node *node)
{
	struct mono next = rsvp_core_next(node->core);

	if (next.us != MONO_NEVER.us)
		next.us -= node->skew_us;
	if (next.us < node->stalled_until.us)
		next = node->stalled_until;
	if (!heap_set(&s->ticks, &node->tick, next))
		abort();
}

void
sim_settle(struct sim *s, struct node *node)
{
	struct rsvp_effect effect;

	log_event(s);
	while (rsvp_core_take(node->core, &effect)) {
		trace_effect(s, node, &effect);
		s->cause.effects++;
		carry_out(s, node, &effect);
	}
	set_tick(s, node);
	sim_check_touched(s);
	if (s->counts.events < s->next_round)
		return;
	s->next_round = s->counts.events + ROUND_EVENTS;
	sim_check_all(s);
}

/* ---- running ------------------------------------------------------------- */

static void
back(struct sim *s, struct node *node, uint32_t ifindex)
{
	node->port[ifindex].gone = false;
	node->port[ifindex].down = false;
	node->changed = s->now;
	node->back = s->counts.events;
	sim_add_port(s, node, ifindex);
	if (!node->tc_down)
		rsvp_core_tc_ready(
			node->core, sim_node_now(node), ifindex, 0, NULL);
	sim_topo_changed(s);
}

static void
notify(struct sim *s, struct node *node)
{
	node->notified = false;
	node->changed = s->now;
	rsvp_core_routes_changed(node->core, sim_node_now(node), NULL);
}

/* False: it was of no interest to anybody. */
static bool
feed(struct sim *s, struct node *node, struct event *e)
{
	switch (e->kind) {
	case EVENT_PACKET:
		return sim_arrive(s, e);
	case EVENT_ANSWER:
		return sim_answer(s, e);
	case EVENT_TC:
		node->changed = s->now;
		sim_tc_back(s, node);
		s->cause.touched = (1ULL << (node->ports + 1)) - 2;
		return true;
	case EVENT_PORT:
		back(s, node, e->port);
		return true;
	case EVENT_NOTIFY:
		notify(s, node);
		return true;
	case EVENT_REPLAY:
		return sim_app_replay(s, e);
	default:
		return false;
	}
}

/* What comes while a node does nothing waits for it, in order. */
static bool
stalled(struct sim *s, const struct node *node, struct event *e)
{
	struct mono later = node->stalled_until;

	if (mono_reached(node->stalled_until, s->now))
		return false;
	later.us += (e->heap.deadline.us - node->stalled_from.us) / 8;
	sim_schedule(s, e, later);
	return true;
}

static void
run_event(struct sim *s, struct event *e)
{
	struct node *node = &s->nodes[e->node];

	if (stalled(s, node, e))
		return;
	heap_remove(&s->events, &e->heap);
	sim_begin(s, node, (enum event_kind)e->kind);
	if (feed(s, node, e))
		sim_settle(s, node);
	else
		s->counts.events--;
	e->next = s->free_events;
	s->free_events = e;
}

static void
run_tick(struct sim *s, struct heap_node *tick)
{
	struct node *node =
		(struct node *)(void *)((char *)tick -
					offsetof(struct node, tick));

	sim_begin(s, node, EVENT_TICK);
	rsvp_core_tick(node->core, sim_node_now(node));
	sim_settle(s, node);
}

/* False: nothing happens before the end. */
static bool
step(struct sim *s, struct mono end)
{
	struct heap_node *event = heap_first(&s->events);
	struct heap_node *tick = heap_first(&s->ticks);
	struct mono next = tick ? tick->deadline : MONO_NEVER;
	bool is_event = event && event->deadline.us <= next.us;

	if (is_event)
		next = event->deadline;
	if (next.us > end.us || next.us == MONO_NEVER.us || s->problems > 0)
		return false;
	if (next.us > s->now.us)
		s->now = next;
	if (is_event)
		run_event(s, (struct event *)(void *)event);
	else
		run_tick(s, tick);
	return true;
}

void
sim_run(struct sim *s, int64_t ms)
{
	struct mono end = mono_add_ms(s->now, ms);

	while (step(s, end))
		continue;
	s->now = end;
}

/* ---- life ---------------------------------------------------------------- */

static void *
get_counted(void *arg, size_t size)
{
	struct node *node = (struct node *)arg;
	void *memory = calloc(1, size);

	node->blocks += memory != NULL;
	return memory;
}

static void
put_counted(void *arg, void *memory)
{
	struct node *node = (struct node *)arg;

	node->blocks -= memory != NULL;
	free(memory);
}

void
sim_add_port(struct sim *s, struct node *node, uint32_t ifindex)
{
	const struct port *port = &node->port[ifindex];
	struct rsvp_iface iface = { .ifindex = ifindex,
		.up = !port->down,
		.enabled = true,
		.traffic_control = true,
		.mtu = 1500,
		.refresh_ms = port->refresh_ms,
		.lives = 3,
		.link_Bps = s->conf.reservable_Bps,
		.reservable_Bps = s->conf.reservable_Bps,
		.budget_bytes = 1000000000,
		.max_flows = 100000,
		T_IFACE_ETHERNET,
		.latency_us = 100,
		.use_slack = s->conf.use_slack };

	snprintf(iface.name, sizeof(iface.name), "if%u", ifindex);
	iface.v4 = sim_port_addr(s, node->index, ifindex, ADDR_V4);
	iface.v6 = sim_port_addr(s, node->index, ifindex, ADDR_V6);
	rsvp_core_iface(node->core, sim_node_now(node), &iface);
}

void
sim_start_core(struct sim *s, struct node *node)
{
	struct rsvp_core_conf conf = rsvp_core_defaults();

	node->alloc = (struct alloc){ get_counted, put_counted, node, NULL };
	conf.alloc = &node->alloc;
	conf.seed = s->conf.seed * 100000 + node->index +
		    10000000ULL * node->lives++;
	conf.hooks = (struct rsvp_hooks){ node, sim_route, sim_policy,
		sim_policy_end };
	node->core = (struct rsvp_core *)sim_must_have(rsvp_core_new(&conf));
	for (uint32_t p = 1; p <= node->ports; p++)
		if (!node->port[p].gone)
			sim_add_port(s, node, p);
}

static void
start_node(struct sim *s, uint32_t index)
{
	struct node *node = &s->nodes[index];

	node->sim = s;
	node->index = index;
	node->plain = s->conf.plain && s->conf.plain[index];
	for (uint32_t p = 1; p <= node->ports; p++) {
		uint32_t faster = s->conf.mixed_refresh
					  ? 1 + (uint32_t)sim_random(s, 6)
					  : 1;

		node->port[p].refresh_ms = s->conf.refresh_ms / faster;
	}
	sim_start_core(s, node);
	sim_begin(s, node, EVENT_TC);
	sim_tc_back(s, node);
	sim_settle(s, node);
}

static void *
make(size_t count, size_t size)
{
	return sim_must_have(calloc(count, size));
}

struct sim *
sim_new(const struct sim_conf *conf)
{
	struct sim *s = (struct sim *)make(1, sizeof(*s));

	s->conf = *conf;
	s->random = conf->seed * 0x9e3779b97f4a7c15ULL + 1;
	s->now.us = 1000000;
	s->weather = (struct sim_weather){ .least_us = 100, .most_us = 100 };
	heap_init(&s->events, alloc_heap());
	heap_init(&s->ticks, alloc_heap());
	s->nodes = (struct node *)make(conf->nodes, sizeof(*s->nodes));
	s->log = (struct log_entry *)make(LOG_EVENTS, sizeof(*s->log));
	s->sent = (struct seen *)make(SEEN_SLOTS, sizeof(*s->sent));
	s->arrived = (struct seen *)make(SEEN_SLOTS, sizeof(*s->arrived));
	s->marks = (struct seen *)make(SEEN_SLOTS, sizeof(*s->marks));
	s->next_round = UINT64_MAX;
	sim_topo_init(s);
	for (uint32_t i = 0; i < conf->nodes; i++)
		start_node(s, i);
	s->next_round = s->counts.events + ROUND_EVENTS;
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
	while (s->free_events) {
		struct event *e = s->free_events;

		s->free_events = e->next;
		free(e);
	}
	for (size_t i = 0; i < s->conf.nodes; i++) {
		heap_remove(&s->ticks, &s->nodes[i].tick);
		rsvp_core_free(s->nodes[i].core);
		if (s->nodes[i].blocks != 0)
			sim_problem(s, "node %zu leaks %ld blocks", i,
				s->nodes[i].blocks);
		sim_kernel_free(&s->nodes[i]);
	}
	heap_done(&s->events);
	heap_done(&s->ticks);
	sim_topo_free(s);
	free(s->nodes);
	free(s->apps);
	free(s->log);
	free(s->sent);
	free(s->arrived);
	free(s->marks);
	free(s);
}

/* ---- looking ------------------------------------------------------------- */

void
sim_weather(struct sim *s, const struct sim_weather *weather)
{
	s->weather = *weather;
}

struct mono
sim_now(const struct sim *s)
{
	return s->now;
}

uint64_t
sim_trace(const struct sim *s)
{
	return s->trace;
}

unsigned
sim_problems(const struct sim *s)
{
	return s->problems;
}

struct sim_counts
sim_counts(const struct sim *s)
{
	return s->counts;
}

uint64_t
sim_states(const struct sim *s)
{
	struct rsvp_totals t;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->conf.nodes; i++) {
		rsvp_core_totals(s->nodes[i].core, &t);
		sum += t.paths + t.resvs;
	}
	return sum;
}

uint64_t
sim_link_resvs(const struct sim *s, size_t link)
{
	return s->links[link].resvs;
}
