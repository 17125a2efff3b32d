/* SPDX-License-Identifier: ISC */

/* Packets on their way: over one link, or routed to a node further away. */

#include "sim_int.h"

#include <string.h>

enum { HOPS_MAX = 64, LATE_US = 5000000 };

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

/* One that RSVP looks at wherever it comes past. */
static bool
stops(const struct sim *s, const struct rsvp_send *send, uint32_t node)
{
	uint32_t to, ifindex;

	if (send->router_alert || addr_is_multicast(&send->dst))
		return true;
	return sim_owner(s, &send->dst, &to, &ifindex) && to == node;
}

static void
deliver(struct sim *s, const struct rsvp_send *send, uint32_t node,
	uint32_t ifindex)
{
	struct event *e = sim_event(s, EVENT_PACKET, node);
	uint32_t to, owner_port;

	if (send->len > sizeof(e->bytes)) {
		sim_problem(s, "a message of %zu octets", send->len);
		send = NULL;
	}
	e->port = ifindex;
	if (send) {
		memcpy(e->bytes, send->bytes, send->len);
		e->len = send->len;
		e->packet = (struct rsvp_packet){ .ifindex = ifindex,
			.src = send->src,
			.dst = send->dst,
			.ttl = send->ttl };
		if (addr_is_multicast(&send->dst))
			e->packet.dst_local =
				sim_is_member(s, &send->dst, node);
		else
			e->packet.dst_local =
				sim_owner(s, &send->dst, &to, &owner_port) &&
				to == node;
	}
	sim_schedule(s, e, (struct mono){ s->now.us + delay_us(s) });
}

void
sim_transmit(struct sim *s, struct node *node, const struct rsvp_send *send)
{
	struct node *at = node;
	uint32_t out = send->ifindex;

	s->counts.messages++;
	s->counts.sent[send->type & 7]++;
	if (lost(s, node, send->type))
		return;
	for (int hops = 0; hops < HOPS_MAX; hops++) {
		const struct port *port;
		struct link *link;

		if (out == 0)
			out = sim_port_towards(s, at, &send->dst);
		if (out == 0)
			return; /* no route now */
		port = &at->port[out];
		link = &s->links[port->link];
		if (!sim_link_works(s, link))
			return;
		if (send->type == WIRE_RESV)
			link->resvs++;
		at = &s->nodes[link->node[1 - port->side]];
		if (stops(s, send, at->index)) {
			deliver(s, send, at->index,
				link->ifindex[1 - port->side]);
			if (sim_random(s, 1000) < s->weather.doubled)
				deliver(s, send, at->index,
					link->ifindex[1 - port->side]);
			return;
		}
		out = 0;
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
