/* SPDX-License-Identifier: ISC */

/* Packets on their way: over one link, or routed to a node further away. */

#include "sim_int.h"

#include <string.h>

enum { COPIES_MAX = 64, LATE_US = 5000000 };

/* ---- what can be seen of a message --------------------------------------- */

enum {
	CLASS_SESSION = 1,
	CLASS_HOP = 3,
	CLASS_SENDER = 11,
	CLASS_CONFIRM = 15
};

static unsigned
u16_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

void
sim_peek(const uint8_t *bytes, size_t len, struct peek *ret)
{
	*ret = (struct peek){ .type = bytes[1] };
	for (size_t at = WIRE_HEADER; at + 4 <= len;) {
		size_t object = u16_at(bytes + at);
		const struct wire_view view = { bytes + at, object };

		if (object < 4 || object > len - at)
			return;
		switch (bytes[at + 2]) {
		case CLASS_SESSION:
			ret->session = view;
			ret->dst_port =
				(uint16_t)u16_at(bytes + at + object - 2);
			break;
		case CLASS_HOP:
			ret->hop = view;
			break;
		case CLASS_SENDER:
			ret->sender = view;
			break;
		case CLASS_CONFIRM:
			ret->confirm = true;
			break;
		default:
			break;
		}
		at += object;
	}
}

struct wire_session
sim_peek_session(const struct peek *peek)
{
	const uint8_t *at = peek->session.bytes + 4;
	bool v6 = peek->session.len > 12;

	return (struct wire_session){ .dst = v6 ? addr_v6(at) : addr_v4(at),
		.proto = at[v6 ? 16 : 4],
		.dst_port = peek->dst_port };
}

/* ---- leaving ------------------------------------------------------------- */

static bool
lost(struct sim *s, struct node *node, uint8_t type)
{
	if (node->drop_next != 0 && node->drop_next == type) {
		node->drop_next = 0;
		return true;
	}
	return sim_random(s, 1000) < s->weather.loss;
}

static int64_t
delay_us(struct sim *s)
{
	const struct sim_weather *w = &s->weather;

	if (sim_random(s, 1000) < w->late)
		return (int64_t)sim_random(s, LATE_US);
	return w->least_us +
	       (int64_t)sim_random(s, w->most_us - w->least_us + 1);
}

uint32_t
sim_port_towards(struct sim *s, const struct node *node, const struct addr *dst)
{
	uint32_t to, ifindex;
	const struct link *link;

	if (!sim_owner(s, dst, &to, &ifindex) || to == node->index)
		return 0;
	/* The other end of a link of this node, if that is up here. */
	link = &s->links[s->nodes[to].port[ifindex].link];
	for (unsigned side = 0; side < 2; side++) {
		const struct port *own = &node->port[link->ifindex[side]];

		if (link->node[side] == node->index && !own->gone && !own->down)
			return link->ifindex[side];
	}
	return sim_next_port(s, node->index, to);
}

/* RSVP looks at it wherever it comes past, where there is RSVP. */
static bool
stops(const struct sim *s, const struct rsvp_send *send,
	const struct node *node)
{
	uint32_t to, ifindex;

	if (node->plain)
		return false;
	if (send->router_alert || addr_is_multicast(&send->dst))
		return true;
	return sim_owner(s, &send->dst, &to, &ifindex) && to == node->index;
}

static void
deliver(struct sim *s, const struct rsvp_send *send, uint32_t node,
	uint32_t ifindex)
{
	struct event *e = sim_event(s, EVENT_PACKET, node);
	uint32_t to, owner_port;

	e->port = ifindex;
	e->len = send->len;
	memcpy(e->bytes, send->bytes, send->len);
	e->packet = (struct rsvp_packet){ .ifindex = ifindex,
		.src = send->src,
		.dst = send->dst,
		.ttl = send->ttl };
	if (addr_is_multicast(&send->dst))
		e->packet.dst_local = sim_is_member(s, &send->dst, node);
	else
		e->packet.dst_local =
			sim_owner(s, &send->dst, &to, &owner_port) &&
			to == node;
	sim_schedule(s, e, (struct mono){ s->now.us + delay_us(s) });
}

/* A copy on its way. */
struct copy {
	const struct node *at;
	uint32_t out;
	uint8_t ttl;
};

/* Over one link.  False: it is lost, or there. */
static bool
pass(struct sim *s, const struct rsvp_send *send, struct copy *c)
{
	const struct port *port = &c->at->port[c->out];
	struct link *link = &s->links[port->link];
	struct rsvp_send arrived = *send;
	uint32_t ifindex = link->ifindex[1 - port->side];

	if (!sim_link_works(s, link))
		return false;
	if (send->type == WIRE_RESV)
		link->resvs++;
	c->at = &s->nodes[link->node[1 - port->side]];
	if (!stops(s, send, c->at))
		return --c->ttl > 0;
	arrived.ttl = c->ttl;
	deliver(s, &arrived, c->at->index, ifindex);
	if (sim_random(s, 1000) < s->weather.doubled)
		deliver(s, &arrived, c->at->index, ifindex);
	return false;
}

/* All ports that a plain node sends it on. */
static size_t
fan_out(struct sim *s, const struct rsvp_send *send, const struct copy *c,
	struct copy *copies, size_t room)
{
	uint32_t ports;
	size_t count = 0;

	if (!addr_is_multicast(&send->dst)) {
		copies[0] = *c;
		copies[0].out = sim_port_towards(s, c->at, &send->dst);
		return copies[0].out != 0;
	}
	ports = sim_group_ports(s, &send->dst, &send->src, c->at->index);
	for (uint32_t p = 1; p <= c->at->ports && count < room; p++)
		if (ports >> p & 1) {
			copies[count] = *c;
			copies[count++].out = p;
		}
	return count;
}

void
sim_transmit(struct sim *s, struct node *node, const struct rsvp_send *send)
{
	struct copy copies[COPIES_MAX] = { { node, send->ifindex, send->ttl } };
	size_t count = 1;

	s->counts.messages++;
	s->counts.sent[send->type & 7]++;
	if (send->len > EVENT_BYTES) {
		sim_problem(s, "a message of %zu octets", send->len);
		return;
	}
	if (copies[0].out == 0)
		copies[0].out = sim_port_towards(s, node, &send->dst);
	if (copies[0].out == 0 || lost(s, node, send->type))
		return; /* no route now */
	while (count > 0) {
		struct copy c = copies[--count];

		if (pass(s, send, &c))
			count += fan_out(s, send, &c, copies + count,
				COPIES_MAX - count);
	}
}

/* ---- arriving ------------------------------------------------------------ */

bool
sim_arrive(struct sim *s, struct event *e)
{
	struct node *node = &s->nodes[e->node];
	const struct port *port = &node->port[e->port];

	if (e->len == 0 || !mono_reached(node->away_until, s->now) ||
		!sim_link_works(s, &s->links[port->link]))
		return false;
	e->packet.fault = wire_msg_decode(e->bytes, e->len, &s->msg);
	e->packet.msg = &s->msg;
	e->packet.bytes = e->bytes;
	e->packet.len = e->len;
	if (e->packet.fault != WIRE_OK)
		sim_problem(s, "node %u: %s", e->node,
			wire_fault_text(e->packet.fault));
	sim_about(s, &s->msg.session);
	sim_check_arrived(s, e);
	rsvp_core_packet(node->core, sim_node_now(node), &e->packet);
	return true;
}
