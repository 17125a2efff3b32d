/* SPDX-License-Identifier: ISC */

/*
 * Kernels, traffic control and policy of the simulated nodes, and the oracle:
 * what the kernel has, and what it is being asked for, summed anew.
 */

#include "sim_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- policy -------------------------------------------------------------- */

void
sim_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct node *node = (struct node *)arg;
	bool deny = node->sim->deny > 0 &&
		    sim_random(node->sim, 1000) < node->sim->deny;

	*ret = (struct rsvp_policy_answer){ .allowed = !deny };
	if (deny)
		return;
	if (query->claim == 0)
		node->claims++;
	ret->claim = ++node->last_claim;
}

void
sim_policy_end(void *arg, uint32_t claim)
{
	struct node *node = (struct node *)arg;

	if (claim == 0 || node->claims == 0)
		sim_problem(node->sim, "node %zu: claim %u ends, %u in force",
			node->index, claim, node->claims);
	else
		node->claims--;
}

/* ---- the oracle ---------------------------------------------------------- */

uint64_t
sim_kernel_Bps(const struct sim *s, size_t node, uint32_t ifindex)
{
	const struct kernel_flow *f;
	uint64_t sum = 0;

	for (f = s->nodes[node].flows; f; f = f->next) {
		if (f->flow.ifindex != ifindex)
			continue;
		sum += f->in_flight > 0 && f->asked_Bps > f->flow.rate_Bps
			       ? f->asked_Bps
			       : f->flow.rate_Bps;
	}
	return sum;
}

void
sim_check_node(struct sim *s, size_t index)
{
	const struct node *node = &s->nodes[index];
	struct rsvp_iface_info info = { 0 };
	struct rsvp_totals totals;
	uint32_t after = 0;

	/* While traffic control is away nobody knows what the kernel did last;
	 * nothing is admitted then. */
	while (!node->tc_down &&
		rsvp_core_iface_after(node->core, after, &info)) {
		uint64_t sum;

		after = info.conf.ifindex;
		sum = sim_kernel_Bps(s, index, after);
		if (info.reserved_Bps != sum)
			sim_problem(s,
				"node %zu if %u: ledger %llu, oracle %llu",
				index, after,
				(unsigned long long)info.reserved_Bps,
				(unsigned long long)sum);
		if (sum > s->conf.reservable_Bps)
			sim_problem(s, "node %zu if %u: sold %llu of %llu",
				index, after, (unsigned long long)sum,
				(unsigned long long)s->conf.reservable_Bps);
	}
	rsvp_core_totals(node->core, &totals);
	if (node->claims > totals.resvs + totals.paths)
		sim_problem(s, "node %zu has %u claims for %zu requests", index,
			node->claims, totals.resvs + totals.paths);
	if (rsvp_core_counter(node->core, RSVP_C_BUG) != 0)
		sim_problem(s, "node %zu counted a bug", index);
}

/* ---- requests ------------------------------------------------------------ */

static struct kernel_flow *
find_flow(const struct node *node, uint32_t id)
{
	struct kernel_flow *f;

	for (f = node->flows; f; f = f->next)
		if (f->flow.id == id)
			return f;
	return NULL;
}

static struct kernel_flow *
make_flow(struct node *node, const struct rsvp_flow *flow)
{
	struct kernel_flow *f =
		(struct kernel_flow *)sim_must_have(calloc(1, sizeof(*f)));

	f->flow = *flow;
	f->flow.rate_Bps = 0;
	f->next = node->flows;
	node->flows = f;
	return f;
}

static void
forget_flow(struct node *node, struct kernel_flow *gone)
{
	struct kernel_flow **at = &node->flows;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (*at)
		*at = gone->next;
	free(gone);
}

void
sim_kernel_free(struct node *node)
{
	while (node->flows)
		forget_flow(node, node->flows);
}

void
sim_ask_kernel(
	struct sim *s, struct node *node, const struct rsvp_flow_request *r)
{
	struct kernel_flow *f = find_flow(node, r->flow.id);
	struct event *e = sim_event(EVENT_ANSWER, node->index, 0);

	if (!f)
		f = make_flow(node, &r->flow);
	if (node->tc_down)
		sim_problem(
			s, "node %zu asks a dead traffic control", node->index);
	if (f->in_flight > 0)
		sim_problem(s, "node %zu: two requests for flow %u",
			node->index, f->flow.id);
	if ((r->op == RSVP_FLOW_ADD) != (f->flow.rate_Bps == 0))
		sim_problem(s, "node %zu: operation %d does not fit flow %u",
			node->index, r->op, f->flow.id);
	f->in_flight++;
	f->asked_Bps = r->op == RSVP_FLOW_DEL ? 0 : r->flow.rate_Bps;
	e->tc_life = node->tc_lives;
	e->request = *r;
	e->answer.serial = r->serial;
	if (sim_random(s, 1000) < s->refuse)
		e->answer.error = ENOBUFS;
	if (node->kernel_busy.us < s->now.us)
		node->kernel_busy = s->now;
	node->kernel_busy.us += 50 + (int64_t)sim_random(s, 3000);
	sim_schedule(s, e, node->kernel_busy);
}

/* The kernel does what it was asked, if that flow's interface is there. */
static void
carry_out(struct node *node, const struct rsvp_flow_request *r, int error)
{
	struct kernel_flow *f = find_flow(node, r->flow.id);

	if (!f)
		return;
	f->in_flight = 0;
	if (error == 0 && r->op == RSVP_FLOW_DEL)
		f->flow.rate_Bps = 0;
	else if (error == 0)
		f->flow = r->flow;
	if (f->flow.rate_Bps == 0)
		forget_flow(node, f);
}

bool
sim_answer(struct sim *s, struct event *e)
{
	struct node *node = &s->nodes[e->node];

	if (e->tc_life != node->tc_lives)
		return false; /* see abort_requests() */
	if (!find_flow(node, e->request.flow.id))
		e->answer.error = ENODEV;
	else if (e->answer.error != 0)
		s->refused++;
	carry_out(node, &e->request, e->answer.error);
	rsvp_core_installed(node->core, s->now, &e->answer);
	return true;
}

/* ---- traffic control that dies ------------------------------------------- */

/* Half of what was in flight is done, half is not. */
static void
abort_requests(struct sim *s, struct node *node)
{
	struct kernel_flow *f, *next;

	for (f = node->flows; f; f = next) {
		next = f->next;
		if (f->in_flight > 0 && sim_random(s, 2) == 0)
			f->flow.rate_Bps = f->asked_Bps;
		f->in_flight = 0;
		if (f->flow.rate_Bps == 0)
			forget_flow(node, f);
	}
}

static void
tc_dies(struct sim *s, struct node *node)
{
	abort_requests(s, node);
	node->tc_lives++;
	if (!node->tc_down)
		sim_schedule(s, sim_event(EVENT_TC, node->index, 0),
			mono_add_ms(s->now, (int64_t)sim_random(s, 4000)));
	node->tc_down = true;
}

void
sim_tc_restart(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];

	tc_dies(s, node);
	rsvp_core_tc_lost(node->core, s->now);
	sim_settle(s, index);
}

void
sim_tc_back(struct sim *s, struct node *node)
{
	struct kernel_flow *f;

	node->tc_down = false;
	for (f = node->flows; f; f = f->next)
		if (f->flow.ifindex != node->gone)
			rsvp_core_adopt(node->core, s->now, &f->flow);
	for (uint32_t i = SIM_LEFT; i <= SIM_RIGHT; i++)
		if (i != node->gone)
			rsvp_core_tc_ready(node->core, s->now, i, 0, NULL);
}

void
sim_core_restart(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];

	rsvp_core_free(node->core);
	if (node->claims != 0)
		sim_problem(s, "node %zu: %u claims outlive the core", index,
			node->claims);
	node->claims = 0;
	tc_dies(s, node);
	sim_start_core(s, index);
	sim_settle(s, index);
}

/* ---- interfaces that go -------------------------------------------------- */

void
sim_iface_flap(struct sim *s, size_t index, uint32_t ifindex)
{
	struct node *node = &s->nodes[index];
	struct kernel_flow *f, *next;

	if (node->gone != 0)
		return;
	node->gone = ifindex;
	for (f = node->flows; f; f = next) {
		next = f->next;
		if (f->flow.ifindex == ifindex)
			forget_flow(node, f);
	}
	rsvp_core_iface_gone(node->core, s->now, ifindex);
	sim_schedule(s, sim_event(EVENT_IFACE, index, 0),
		mono_add_ms(s->now, (int64_t)sim_random(s, 10000)));
	sim_settle(s, index);
}

/* ---- looking ------------------------------------------------------------- */

bool
sim_carries(const struct sim *s, size_t node, uint16_t flow)
{
	return sim_rate(s, node, flow) > 0;
}

uint64_t
sim_rate(const struct sim *s, size_t node, uint16_t flow)
{
	const struct kernel_flow *f;

	for (f = s->nodes[node].flows; f; f = f->next)
		if (f->flow.dst_port == flow && f->flow.rate_Bps > 0)
			return f->flow.rate_Bps;
	return 0;
}

size_t
sim_kernel_flows(const struct sim *s, size_t node)
{
	const struct kernel_flow *f;
	size_t count = 0;

	for (f = s->nodes[node].flows; f; f = f->next)
		count++;
	return count;
}
