/* SPDX-License-Identifier: ISC */

/*
 * Links, addresses and routing: shortest paths to every node that has an
 * application, trees of multicast groups along the reverse paths of their
 * sources, and who is to be told when they change.
 */

#include "sim_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NOTIFY_MS = 400 };

/* ---- addresses ----------------------------------------------------------- */

/* 10.0.0.0/8 or 2001:db8::/64: a link's number and which end of it. */
static struct addr
end_addr(uint32_t link, unsigned side, uint8_t family)
{
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t number = link << 2 | (side + 1);

	if (family == ADDR_V4)
		return addr_v4_u32(10u << 24 | number);
	for (int i = 0; i < 4; i++)
		v6[15 - i] = (uint8_t)(number >> 8 * i);
	return addr_v6(v6);
}

static uint32_t
low_bits(const struct addr *addr)
{
	size_t end = addr_size(addr->family);
	uint32_t number = 0;

	for (size_t i = addr->family == ADDR_V4 ? 1 : 12; i < end; i++)
		number = number << 8 | addr->b[i];
	return number;
}

struct addr
sim_port_addr(
	const struct sim *s, size_t node, uint32_t ifindex, uint8_t family)
{
	const struct port *port = &s->nodes[node].port[ifindex];

	return end_addr(port->link, port->side, family);
}

struct addr
sim_addr(const struct sim *s, size_t node, uint8_t family)
{
	return sim_port_addr(s, node, 1, family);
}

bool
sim_owner(const struct sim *s, const struct addr *addr, uint32_t *ret_node,
	uint32_t *ret_ifindex)
{
	uint32_t number = low_bits(addr);
	uint32_t link = number >> 2, side = (number & 3) - 1;

	if (addr_is_multicast(addr) || link >= s->link_count || side > 1)
		return false;
	*ret_node = s->links[link].node[side];
	*ret_ifindex = s->links[link].ifindex[side];
	return true;
}

struct addr
sim_group(unsigned group, uint8_t family)
{
	uint8_t v6[16] = { 0xff, 0x0e };

	if (family == ADDR_V4)
		return addr_v4_u32(239u << 24 | 1u << 16 | group);
	v6[14] = (uint8_t)(group >> 8);
	v6[15] = (uint8_t)group;
	return addr_v6(v6);
}

static struct group *
find_group(const struct sim *s, const struct addr *addr)
{
	uint32_t number = low_bits(addr) & 0xffff;

	return addr_is_multicast(addr) && number < SIM_GROUPS
		       ? &s->groups[number]
		       : NULL;
}

/* ---- making -------------------------------------------------------------- */

static void
attach(struct sim *s, uint32_t link, unsigned side)
{
	struct link *l = &s->links[link];
	struct node *node = &s->nodes[l->node[side]];
	struct port *port;

	assert(node->ports < SIM_PORTS);
	port = &node->port[++node->ports];
	port->link = link;
	port->side = (uint8_t)side;
	l->ifindex[side] = node->ports;
}

static void *
make(size_t count, size_t size)
{
	return sim_must_have(calloc(count + 1, size));
}

void
sim_topo_init(struct sim *s)
{
	size_t nodes = s->conf.nodes;

	s->link_count = s->conf.links ? s->conf.link_count : nodes - 1;
	s->links = (struct link *)make(s->link_count, sizeof(*s->links));
	s->trees = (struct tree *)make(nodes, sizeof(*s->trees));
	s->sort = (uint64_t *)make(4 * s->link_count + 4, sizeof(*s->sort));
	s->far = (uint32_t *)make(nodes, sizeof(*s->far));
	s->new_mask = (uint32_t *)make(nodes, sizeof(*s->new_mask));
	s->moved = (bool *)make(nodes, sizeof(*s->moved));
	s->groups = (struct group *)make(SIM_GROUPS, sizeof(*s->groups));
	s->topology = 1;
	for (uint32_t i = 0; i < s->link_count; i++) {
		struct link *l = &s->links[i];
		const struct sim_link in_line = { { i, i + 1 }, { 1, 1 } };
		const struct sim_link *from =
			s->conf.links ? &s->conf.links[i] : &in_line;

		l->routed = true;
		for (unsigned side = 0; side < 2; side++) {
			l->node[side] = from->node[side];
			l->cost[side] = from->cost[side] ? from->cost[side] : 1;
			attach(s, i, side);
		}
	}
}

void
sim_topo_free(struct sim *s)
{
	for (size_t i = 0; i < s->conf.nodes; i++)
		free(s->trees[i].port);
	for (size_t i = 0; i < SIM_GROUPS; i++) {
		for (size_t b = 0; b < s->groups[i].branch_count; b++)
			free(s->groups[i].branches[b].mask);
		free(s->groups[i].members);
	}
	free(s->links);
	free(s->trees);
	free(s->sort);
	free(s->far);
	free(s->new_mask);
	free(s->moved);
	free(s->groups);
}

bool
sim_link_works(const struct sim *s, const struct link *link)
{
	if (link->cut)
		return false;
	for (unsigned side = 0; side < 2; side++) {
		const struct port *port =
			&s->nodes[link->node[side]].port[link->ifindex[side]];

		if (port->gone || port->down)
			return false;
	}
	return true;
}

/* Routing knows an interface that is gone, and not a link that is cut. */
static bool
routed(const struct sim *s, const struct link *link)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct port *port =
			&s->nodes[link->node[side]].port[link->ifindex[side]];

		if (port->gone || port->down)
			return false;
	}
	return link->routed;
}

/* ---- shortest paths ------------------------------------------------------ */

static void
sort_up(uint64_t *heap, size_t at)
{
	uint64_t entry = heap[at];

	for (; at > 0 && heap[(at - 1) / 2] > entry; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = entry;
}

static uint64_t
sort_pop(uint64_t *heap, size_t *count)
{
	uint64_t first = heap[0], entry = heap[--*count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= *count)
			break;
		if (child + 1 < *count && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= entry)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = entry;
	return first;
}

/* Whoever is behind that port of a node reaches the root through it. */
static void
relax(struct sim *s, struct tree *tree, uint32_t node, uint32_t p,
	size_t *count)
{
	const struct port *port = &s->nodes[node].port[p];
	const struct link *link = &s->links[port->link];
	unsigned there = 1u - port->side;
	uint32_t other = link->node[there];
	uint32_t far = s->far[node] + link->cost[there];

	if (!routed(s, link) || far >= s->far[other])
		return;
	s->far[other] = far;
	tree->port[other] = (uint8_t)link->ifindex[there];
	s->sort[(*count)++] = (uint64_t)far << 32 | other;
	sort_up(s->sort, *count - 1);
}

/* Dijkstra from the root, with the costs of going towards it. */
static void
compute(struct sim *s, uint32_t root)
{
	struct tree *tree = &s->trees[root];
	size_t count = 0;

	if (!tree->port)
		tree->port = (uint8_t *)make(s->conf.nodes, 1);
	memset(tree->port, 0, s->conf.nodes);
	memset(s->far, 0xff, s->conf.nodes * sizeof(*s->far));
	tree->version = s->topology;
	s->far[root] = 0;
	s->sort[count++] = root;
	while (count > 0) {
		uint64_t first = sort_pop(s->sort, &count);
		uint32_t node = (uint32_t)first;

		if (first >> 32 != s->far[node])
			continue;
		for (uint32_t p = 1; p <= s->nodes[node].ports; p++)
			relax(s, tree, node, p, &count);
	}
}

uint32_t
sim_next_port(struct sim *s, uint32_t node, uint32_t to)
{
	if (s->trees[to].version != s->topology)
		compute(s, to);
	return s->trees[to].port[node];
}

/* ---- multicast ----------------------------------------------------------- */

/* From a member up to the source, or to where the tree is already. */
static void
grow(struct sim *s, uint32_t root, uint32_t node)
{
	while (node != root) {
		uint32_t p = sim_next_port(s, node, root);
		const struct port *port = &s->nodes[node].port[p];
		const struct link *link = &s->links[port->link];
		unsigned there = 1u - port->side;
		uint32_t bit = 1u << link->ifindex[there];

		if (p == 0)
			return; /* a part without way to the source */
		node = link->node[there];
		if (s->new_mask[node] & bit)
			return;
		s->new_mask[node] |= bit;
	}
}

static void
replant(struct sim *s, const struct group *g, struct branch *branch)
{
	memset(s->new_mask, 0, s->conf.nodes * sizeof(*s->new_mask));
	for (size_t i = 0; i < g->member_count; i++)
		grow(s, branch->root, g->members[i].node);
	for (size_t i = 0; i < s->conf.nodes; i++)
		if (branch->mask[i] != s->new_mask[i])
			s->moved[i] = true;
	memcpy(branch->mask, s->new_mask, s->conf.nodes * sizeof(*s->new_mask));
}

void
sim_notify(struct sim *s, size_t node)
{
	if (s->nodes[node].notified)
		return;
	s->nodes[node].notified = true;
	sim_schedule(s, sim_event(s, EVENT_NOTIFY, node),
		mono_add_ms(s->now, (int64_t)sim_random(s, NOTIFY_MS)));
}

static void
tell_moved(struct sim *s)
{
	for (size_t i = 0; i < s->conf.nodes; i++) {
		if (s->moved[i])
			sim_notify(s, i);
		s->moved[i] = false;
	}
}

static void
group_changed(struct sim *s, struct group *g)
{
	for (size_t i = 0; i < g->branch_count; i++)
		replant(s, g, &g->branches[i]);
}

void
sim_topo_changed(struct sim *s)
{
	uint8_t *old = (uint8_t *)make(s->conf.nodes, 1);

	s->topology++;
	for (uint32_t root = 0; root < s->conf.nodes; root++) {
		struct tree *tree = &s->trees[root];

		if (tree->refs == 0 || !tree->port)
			continue;
		memcpy(old, tree->port, s->conf.nodes);
		compute(s, root);
		for (size_t i = 0; i < s->conf.nodes; i++)
			if (old[i] != tree->port[i])
				s->moved[i] = true;
	}
	free(old);
	for (size_t i = 0; i < SIM_GROUPS; i++)
		group_changed(s, &s->groups[i]);
	tell_moved(s);
}

void
sim_tree_ref(struct sim *s, uint32_t node, bool more)
{
	s->trees[node].refs += more ? 1 : -1u;
}

static struct branch *
find_branch(struct group *g, uint32_t root)
{
	for (size_t i = 0; i < g->branch_count; i++)
		if (g->branches[i].root == root)
			return &g->branches[i];
	return NULL;
}

void
sim_group_source(
	struct sim *s, const struct addr *addr, uint32_t node, bool more)
{
	struct group *g = find_group(s, addr);
	struct branch *b = g ? find_branch(g, node) : NULL;

	if (!g)
		return;
	if (more && b) {
		b->refs++;
	} else if (more) {
		assert(g->branch_count < SIM_FLOWS);
		b = &g->branches[g->branch_count++];
		b->root = node;
		b->refs = 1;
		b->mask = (uint32_t *)make(s->conf.nodes, sizeof(*b->mask));
		replant(s, g, b);
	} else if (--b->refs == 0) {
		free(b->mask);
		*b = g->branches[--g->branch_count];
	}
	tell_moved(s);
}

void
sim_group_member(
	struct sim *s, const struct addr *addr, uint32_t node, bool more)
{
	struct group *g = find_group(s, addr);
	size_t i = 0;

	if (!g)
		return;
	while (i < g->member_count && g->members[i].node != node)
		i++;
	if (more && i == g->member_count) {
		g->members = (struct member *)sim_must_have(realloc(g->members,
			(g->member_count + 1) * sizeof(*g->members)));
		g->members[g->member_count++] = (struct member){ node, 0 };
	}
	g->members[i].refs += more ? 1 : -1u;
	if (g->members[i].refs == 0)
		g->members[i] = g->members[--g->member_count];
	group_changed(s, g);
	tell_moved(s);
}

bool
sim_is_member(const struct sim *s, const struct addr *addr, uint32_t node)
{
	const struct group *g = find_group(s, addr);

	for (size_t i = 0; g && i < g->member_count; i++)
		if (g->members[i].node == node)
			return true;
	return false;
}

/* ---- what the core asks -------------------------------------------------- */

static void
route_group(struct sim *s, const struct node *node, uint32_t root,
	struct group *g, struct rsvp_route *ret)
{
	const struct branch *b = find_branch(g, root);

	if (root != node->index)
		ret->in_ifindex = sim_next_port(s, node->index, root);
	for (uint32_t p = 1; b && p <= node->ports; p++)
		if (b->mask[node->index] & 1u << p)
			ret->out_ifindex[ret->count++] = p;
}

uint32_t
sim_group_ports(struct sim *s, const struct addr *group, const struct addr *src,
	uint32_t node)
{
	struct group *g = find_group(s, group);
	const struct branch *b;
	uint32_t root, ifindex;

	if (!g || !sim_owner(s, src, &root, &ifindex))
		return 0;
	b = find_branch(g, root);
	return b ? b->mask[node] : 0;
}

void
sim_route(
	void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	struct node *node = (struct node *)arg;
	struct sim *s = node->sim;
	uint32_t to = node->index, ifindex;
	struct group *g = find_group(s, &query->dst);

	*ret = (struct rsvp_route){ 0 };
	if (g) {
		if (query->src.family == ADDR_NONE ||
			sim_owner(s, &query->src, &to, &ifindex))
			route_group(s, node, to, g, ret);
		return;
	}
	if (!sim_owner(s, &query->dst, &to, &ifindex))
		return;
	if (to == node->index) {
		ret->local = true;
		return;
	}
	ret->out_ifindex[0] = sim_next_port(s, node->index, to);
	ret->count = ret->out_ifindex[0] != 0;
}
