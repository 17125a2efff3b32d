/* SPDX-License-Identifier: ISC */

/* What befalls nodes and links. */

#include "sim_int.h"

enum { FLAP_MS = 10000 };

void
sim_core_restart(struct sim *s, size_t index, int64_t away_ms)
{
	struct node *node = &s->nodes[index];

	rsvp_core_free(node->core);
	if (node->claims != 0)
		sim_problem(s, "node %zu: %u claims outlive the core", index,
			node->claims);
	if (node->blocks != 0)
		sim_problem(s, "node %zu: %ld blocks outlive the core", index,
			node->blocks);
	node->claims = 0;
	node->blocks = 0;
	node->away_until = mono_add_ms(s->now, away_ms);
	node->changed = node->away_until;
	sim_tc_dies(s, node);
	sim_start_core(s, node);
	sim_begin(s, node, EVENT_CALL);
	sim_settle(s, node);
	sim_apps_lost(s, node);
}

void
sim_iface_flap(struct sim *s, size_t index, uint32_t ifindex, bool gone)
{
	struct node *node = &s->nodes[index];
	struct port *port = &node->port[ifindex];
	struct event *e;

	if (port->gone || port->down || ifindex > node->ports)
		return;
	port->gone = gone;
	port->down = !gone;
	node->changed = s->now;
	sim_begin(s, node, EVENT_CALL);
	if (gone) {
		sim_forget_port_flows(node, ifindex);
		rsvp_core_iface_gone(node->core, sim_node_now(node), ifindex);
	} else {
		sim_add_port(s, node, ifindex);
	}
	e = sim_event(s, EVENT_PORT, index);
	e->port = ifindex;
	sim_schedule(
		s, e, mono_add_ms(s->now, 1 + (int64_t)sim_random(s, FLAP_MS)));
	sim_settle(s, node);
	sim_topo_changed(s);
}

void
sim_stall(struct sim *s, size_t index, int64_t ms)
{
	struct node *node = &s->nodes[index];

	if (!mono_reached(node->stalled_until, s->now))
		return;
	node->stalled_from = s->now;
	node->stalled_until = mono_add_ms(s->now, ms);
	node->changed = node->stalled_until; /* what is due comes together */
	if (!heap_set(&s->ticks, &node->tick,
		    node->tick.deadline.us > node->stalled_until.us
			    ? node->tick.deadline
			    : node->stalled_until))
		node->stalled_until = s->now; /* it is queued: cannot fail */
}

void
sim_clock_leap(struct sim *s, size_t index, int64_t ms)
{
	struct node *node = &s->nodes[index];

	node->skew_us += ms * 1000;
	sim_begin(s, node, EVENT_TICK);
	rsvp_core_tick(node->core, sim_node_now(node));
	sim_settle(s, node);
}

void
sim_link_cost(struct sim *s, size_t link, unsigned side, uint32_t cost)
{
	s->links[link].cost[side] = cost;
	sim_topo_changed(s);
}

void
sim_link_routed(struct sim *s, size_t link, bool routed)
{
	if (s->links[link].routed == routed)
		return;
	s->links[link].routed = routed;
	sim_topo_changed(s);
}

void
sim_link_cut(struct sim *s, size_t link, bool cut)
{
	s->links[link].cut = cut;
}

void
sim_drop_next(struct sim *s, size_t node, uint8_t type)
{
	s->nodes[node].drop_next = type;
}

void
sim_heal(struct sim *s)
{
	for (size_t i = 0; i < s->link_count; i++) {
		s->links[i].cut = false;
		s->links[i].routed = true;
	}
	sim_topo_changed(s);
}
