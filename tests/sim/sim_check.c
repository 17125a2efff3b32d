/* SPDX-License-Identifier: ISC */

/*
 * What holds after every input: the ledger is the sum of what the kernel has
 * and is asked for, nothing goes back where it came from, nothing is repeated
 * without a cause, work is bounded.
 */

#include "sim_int.h"

#include <string.h>

enum {
	EFFECTS_PACKET = 600, /* that come of one message at most */
	REPAIR_US = 5000000   /* Paths may be repeated so long after a change */
};

static const uint64_t TORN = 1; /* contents of what was torn down */

uint64_t
sim_hash(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (; len > 0; at += 8) {
		size_t n = len < 8 ? len : 8;
		uint64_t word = n;

		memcpy(&word, at, n);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
		len -= n;
	}
	return hash;
}

/* ---- messages seen before ------------------------------------------------ */

static uint64_t
start_key(const struct node *node, uint8_t type, uint32_t port)
{
	const uint64_t who[] = { node->index, node->lives, type, port };

	return sim_hash(1, who, sizeof(who));
}

static uint64_t
add_view(uint64_t key, struct wire_view view)
{
	return view.len > 0 ? sim_hash(key, view.bytes, view.len) : key;
}

/* A session's flags are no part of it. */
static uint64_t
add_session(uint64_t key, struct wire_view view)
{
	struct wire_view end = view, start = view;

	if (view.len < 8)
		return key;
	start.len -= 3;
	end.bytes += view.len - 2;
	end.len = 2;
	return add_view(add_view(key, start), end);
}

static struct seen *
slot(struct seen *table, uint64_t key)
{
	return &table[key % SEEN_SLOTS];
}

static uint64_t
mark_key(const struct node *node, const struct wire_session *session)
{
	uint64_t key = start_key(node, 0, 0);

	key = sim_hash(key, &session->dst, sizeof(session->dst));
	return sim_hash(key, &session->dst_port, sizeof(session->dst_port));
}

void
sim_mark(struct sim *s, struct node *node, const struct wire_session *session)
{
	uint64_t key = mark_key(node, session);

	*slot(s->marks, key) =
		(struct seen){ .key = key, .event = s->counts.events };
}

/* Path state of the session may have changed since. */
static bool
marked_since(struct sim *s, const struct node *node,
	const struct wire_session *session, uint64_t event)
{
	uint64_t key = mark_key(node, session);
	const struct seen *mark = slot(s->marks, key);

	/* Another session's mark hides an older one of this: no accusation. */
	return mark->key != key ? mark->key != 0 : mark->event >= event;
}

/* ---- arriving ------------------------------------------------------------ */

void
sim_check_arrived(struct sim *s, const struct event *e)
{
	struct node *node = &s->nodes[e->node];
	struct cause *c = &s->cause;
	uint64_t key, contents;
	struct seen *seen;
	bool fresh;

	sim_peek(e->bytes, e->len, &c->in);
	c->in_port = e->port;
	if (c->in.type == WIRE_RESV_ERR)
		sim_mark(s, node, &s->msg.session);
	if (c->in.type != WIRE_PATH && c->in.type != WIRE_PATH_TEAR)
		return;
	/* One for a neighbour may come by any way. */
	if (!addr_equal(&e->packet.dst, &s->msg.session.dst))
		c->in_port = 0;
	/* Unicast: it may come from elsewhere now. */
	key = start_key(node, WIRE_PATH,
		addr_is_multicast(&s->msg.session.dst) ? e->port : 0);
	key = add_view(add_session(key, c->in.session), c->in.sender);
	contents = c->in.type == WIRE_PATH
			   ? sim_hash(2 + e->port, e->bytes, e->len)
			   : TORN;
	seen = slot(s->arrived, key);
	/* Well before it could have timed out here. */
	fresh = seen->key != key || seen->contents != contents ||
		sim_node_now(node).us - seen->when.us >
			s->msg.refresh_ms * 3000LL;
	*seen = (struct seen){ .key = key,
		.contents = contents,
		.when = sim_node_now(node),
		.event = s->counts.events };
	if (fresh)
		sim_mark(s, node, &s->msg.session);
}

/* ---- leaving ------------------------------------------------------------- */

static void
check_way_back(struct sim *s, const struct node *node, const struct peek *out,
	uint32_t port)
{
	const struct cause *c = &s->cause;
	bool same =
		c->in.session.len == out->session.len &&
		c->in.session.len > 0 &&
		add_session(0, c->in.session) == add_session(0, out->session);

	if (c->kind != EVENT_PACKET || c->in.type != out->type || !same ||
		port != c->in_port)
		return;
	if ((out->type == WIRE_PATH || out->type == WIRE_PATH_TEAR) &&
		add_view(0, c->in.sender) == add_view(0, out->sender))
		sim_problem(s, "node %u: a %s from %u goes back there",
			node->index, wire_type_text(out->type), port);
}

/* The LIH: a Resv may come by another interface than the one it is for. */
static uint32_t
handle(const struct peek *in)
{
	const uint8_t *at = in->hop.bytes + in->hop.len - 4;

	return in->hop.len < 8 ? 0
			       : (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
					 (uint32_t)at[2] << 8 | at[3];
}

/* Unless something else was waiting to be told. */
static void
check_resv_back(struct sim *s, const struct node *node, const struct peek *out,
	const struct seen *last, uint32_t port)
{
	const struct cause *c = &s->cause;

	if (c->kind != EVENT_PACKET || c->in.type != WIRE_RESV ||
		out->type != WIRE_RESV || port != handle(&c->in) ||
		c->in.confirm || out->confirm ||
		add_session(0, c->in.session) != add_session(0, out->session))
		return;
	if (!last || !marked_since(s, node, &s->sent_session, last->event))
		sim_problem(s, "node %u: a Resv from %u goes back there",
			node->index, port);
}

static int64_t
least_refresh_us(const struct node *node)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t p = 1; p <= node->ports; p++)
		if (node->port[p].refresh_ms < least)
			least = node->port[p].refresh_ms;
	return least * 500LL;
}

/* A path state that times out without a way on is no message, but a change. */
static uint64_t
expired(const struct node *node)
{
	return rsvp_core_counter(node->core, RSVP_C_PATH_EXPIRED);
}

/* After a time of doing nothing all that is due comes together. */
static struct mono
last_change(const struct node *node)
{
	return node->stalled_until.us > node->changed.us ? node->stalled_until
							 : node->changed;
}

static void
check_repeated(struct sim *s, struct node *node, const struct seen *seen,
	const struct peek *out)
{
	const struct wire_session *session = &s->sent_session;
	struct mono now = sim_node_now(node);

	/* RFC 2209, RERR MESSAGE ARRIVES: what may succeed is asked at once. */
	if (out->type == WIRE_RESV && s->cause.in.type == WIRE_RESV_ERR)
		return;
	/* What was torn while an interface was down could not be told. */
	if (seen->event < node->back)
		return;
	if (now.us - seen->when.us >= least_refresh_us(node) ||
		s->now.us - last_change(node).us < REPAIR_US ||
		seen->expired != expired(node) ||
		marked_since(s, node, session, seen->event))
		return;
	/* RFC 2205 3.5, rule 4: whatever may succeed, at once. */
	if (s->cause.kind == EVENT_PACKET && out->type == WIRE_RESV &&
		s->cause.in.type == WIRE_RESV_ERR)
		return;
	sim_problem(s, "node %u repeats a %s after %lld ms", node->index,
		wire_type_text(out->type),
		(long long)(now.us - seen->when.us) / 1000);
}

static bool
is_state(uint8_t type)
{
	return type == WIRE_PATH || type == WIRE_RESV ||
	       type == WIRE_PATH_TEAR || type == WIRE_RESV_TEAR;
}

static void
check_quiet(struct sim *s, const struct node *node, const struct seen *seen,
	uint64_t contents, uint8_t type)
{
	if (!s->refreshes_only)
		return;
	if (type != WIRE_PATH && type != WIRE_RESV)
		sim_problem(s, "node %u sends a %s in the quiet", node->index,
			wire_type_text(type));
	else if (seen && seen->contents != contents)
		sim_problem(s, "node %u changes a %s in the quiet", node->index,
			wire_type_text(type));
}

/* The interface whose address the message has as its hop. */
static uint32_t
own_port(const struct sim *s, const struct peek *out)
{
	uint32_t node, ifindex = 0;
	struct addr addr;

	if (out->hop.len < 12)
		return 0;
	addr = out->hop.len > 12 ? addr_v6(out->hop.bytes + 4)
				 : addr_v4(out->hop.bytes + 4);
	return sim_owner(s, &addr, &node, &ifindex) ? ifindex : 0;
}

void
sim_check_sent(struct sim *s, struct node *node, const struct rsvp_send *send)
{
	struct peek out;
	uint64_t key, contents = TORN;
	struct seen *seen;
	uint32_t port = send->ifindex;
	bool path;

	sim_peek(send->bytes, send->len, &out);
	if (port == 0 && is_state(out.type))
		port = own_port(s, &out);
	/* What a path left is told by unicast. */
	if (addr_is_multicast(&send->dst) || send->router_alert)
		check_way_back(s, node, &out, port);
	if (!is_state(out.type)) {
		check_quiet(s, node, NULL, 0, out.type);
		return;
	}
	path = out.type == WIRE_PATH || out.type == WIRE_PATH_TEAR;
	if (out.type == WIRE_PATH || out.type == WIRE_RESV)
		contents = sim_hash(2, send->bytes, send->len);
	key = start_key(node, path ? WIRE_PATH : WIRE_RESV, path ? port : 0);
	key = add_view(add_session(key, out.session), out.sender);
	key = sim_hash(key, &send->dst, sizeof(send->dst));
	seen = slot(s->sent, key);
	s->sent_session = sim_peek_session(&out);
	/* Where another message hides the last one: no accusation. */
	if (seen->key == key || seen->key == 0)
		check_resv_back(
			s, node, &out, seen->key == key ? seen : NULL, port);
	check_quiet(
		s, node, seen->key == key ? seen : NULL, contents, out.type);
	if (seen->key == key && seen->contents == contents && !out.confirm &&
		out.type != WIRE_RESV_TEAR)
		check_repeated(s, node, seen, &out);
	if (out.type == WIRE_PATH_TEAR)
		sim_mark(s, node, &s->sent_session);
	*seen = (struct seen){ .key = key,
		.contents = contents,
		.when = sim_node_now(node),
		.event = s->counts.events,
		.expired = expired(node) };
}

/* ---- the node ------------------------------------------------------------ */

static void
check_port(struct sim *s, struct node *node, uint32_t p)
{
	const struct port *port = &node->port[p];
	struct rsvp_iface_info info;

	/* While traffic control is away nobody knows what the kernel did last;
	 * nothing is admitted then. */
	if (node->tc_down || port->gone)
		return;
	if (!rsvp_core_iface_after(node->core, p - 1, &info) ||
		info.conf.ifindex != p) {
		sim_problem(s, "node %u does not know interface %u",
			node->index, p);
		return;
	}
	if (info.reserved_Bps != port->kernel_Bps)
		sim_problem(s, "node %u if %u: ledger %llu, kernel %llu",
			node->index, p, (unsigned long long)info.reserved_Bps,
			(unsigned long long)port->kernel_Bps);
	if (port->kernel_Bps > s->conf.reservable_Bps)
		sim_problem(s, "node %u if %u: sold %llu of %llu", node->index,
			p, (unsigned long long)port->kernel_Bps,
			(unsigned long long)s->conf.reservable_Bps);
}

void
sim_check_touched(struct sim *s)
{
	struct cause *c = &s->cause;
	struct rsvp_session_info info;

	for (uint32_t p = 1; c->touched >> p != 0; p++)
		if (c->touched >> p & 1)
			check_port(s, c->node, p);
	if (rsvp_core_counter(c->node->core, RSVP_C_BUG) != 0)
		sim_problem(s, "node %u counted a bug", c->node->index);
	if (c->effects > EFFECTS_PACKET && c->kind != EVENT_TICK)
		sim_problem(s, "node %u: %u effects of one input",
			c->node->index, c->effects);
	if (s->conf.full_checks && c->has_session &&
		rsvp_core_session_find(c->node->core, &c->session, &info))
		sim_check_session(s, c->node, &info);
}

static void
check_sums(struct sim *s, struct node *node)
{
	uint64_t sums[SIM_PORTS + 1] = { 0 };
	const struct kernel_flow *f, *next;

	HASH_ITER (hh, node->flows, f, next) {
		uint64_t have = f->live ? f->flow.rate_Bps : 0;
		uint64_t asked = f->in_flight > 0 && f->asked_live
					 ? f->asked.rate_Bps
					 : 0;

		sums[f->flow.ifindex] += have > asked ? have : asked;
	}
	for (uint32_t p = 1; p <= node->ports; p++)
		if (sums[p] != node->port[p].kernel_Bps)
			sim_problem(s, "node %u if %u: the simulator's sum",
				node->index, p);
}

static void
check_sessions(
	struct sim *s, struct node *node, const struct rsvp_totals *totals)
{
	struct rsvp_session_info info;
	size_t sessions = 0, paths = 0, resvs = 0;
	uint64_t after = 0;

	while (rsvp_core_session_after(node->core, after, &info)) {
		after = info.serial;
		sessions++;
		paths += info.paths;
		resvs += info.resvs;
		if (s->conf.full_checks)
			sim_check_session(s, node, &info);
	}
	s->cause.has_session = false;
	if (sessions != totals->sessions || paths != totals->paths ||
		resvs != totals->resvs)
		sim_problem(s,
			"node %u counts %zu sessions, %zu paths, %zu resvs; "
			"has %zu, %zu, %zu",
			node->index, totals->sessions, totals->paths,
			totals->resvs, sessions, paths, resvs);
}

void
sim_check_node(struct sim *s, struct node *node)
{
	struct rsvp_totals totals;

	s->cause = (struct cause){ .node = node };
	for (uint32_t p = 1; p <= node->ports; p++)
		check_port(s, node, p);
	check_sums(s, node);
	rsvp_core_totals(node->core, &totals);
	if (node->claims > totals.resvs + totals.paths)
		sim_problem(s, "node %u has %u claims for %zu requests",
			node->index, node->claims, totals.resvs + totals.paths);
	check_sessions(s, node, &totals);
}

void
sim_check_all(struct sim *s)
{
	s->counts.rounds++;
	for (size_t i = 0; i < s->conf.nodes && s->problems == 0; i++)
		sim_check_node(s, &s->nodes[i]);
}

/* ---- the end ------------------------------------------------------------- */

void
sim_expect_empty(struct sim *s)
{
	for (size_t i = 0; i < s->conf.nodes; i++) {
		struct node *node = &s->nodes[i];
		struct rsvp_totals t;

		s->cause = (struct cause){ .node = node };
		rsvp_core_totals(node->core, &t);
		if (t.sessions + t.paths + t.resvs + t.flows != 0)
			sim_problem(s,
				"node %zu keeps %zu sessions, %zu paths, %zu "
				"reservations, %zu flows",
				i, t.sessions, t.paths, t.resvs, t.flows);
		if (sim_kernel_flows(s, i) != 0)
			sim_problem(s, "kernel of node %zu keeps %zu flows", i,
				sim_kernel_flows(s, i));
		if (node->claims != 0)
			sim_problem(s, "node %zu keeps %u claims of policy", i,
				node->claims);
		if (rsvp_core_next(node->core).us != MONO_NEVER.us)
			sim_problem(s, "node %zu keeps a timer", i);
		sim_check_node(s, node);
	}
}
