/* SPDX-License-Identifier: ISC */

/* Kernels, traffic control and policy of the simulated nodes. */

#include "sim_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- policy -------------------------------------------------------------- */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ULL;
	return x ^ x >> 32;
}

/* The same question has the same answer until the policy changes. */
static bool
denied(const struct node *node, const struct rsvp_policy_query *query)
{
	uint64_t what = node->sim->conf.seed;

	what = mix(what + node->index) + node->policy;
	what = mix(what) + query->session.dst_port;
	what = mix(what) + (uint64_t)query->flowspec.tspec.r;
	return mix(what) % 1000 < node->sim->weather.deny;
}

void
sim_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct node *node = (struct node *)arg;

	*ret = (struct rsvp_policy_answer){ .allowed = !denied(node, query) };
	if (!ret->allowed)
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
		sim_problem(node->sim, "node %u: claim %u ends, %u in force",
			node->index, claim, node->claims);
	else
		node->claims--;
}

void
sim_policy_change(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];

	node->policy++;
	sim_begin(s, node, EVENT_CALL);
	rsvp_core_policy_changed(node->core, sim_node_now(node));
	sim_settle(s, node);
}

/* ---- flows --------------------------------------------------------------- */

struct kernel_flow *
sim_find_flow(const struct node *node, uint32_t id)
{
	struct kernel_flow *f;

	HASH_FIND(hh, node->flows, &id, sizeof(id), f);
	return f;
}

static struct kernel_flow *
make_flow(struct node *node, uint32_t id, uint32_t ifindex)
{
	struct kernel_flow *f =
		(struct kernel_flow *)sim_must_have(calloc(1, sizeof(*f)));

	f->id = id;
	f->flow.ifindex = ifindex;
	HASH_ADD(hh, node->flows, id, sizeof(f->id), f);
	return f;
}

/* Keeps the sum of its port: the larger of what is there and what is asked. */
static void
charge(struct node *node, struct kernel_flow *f)
{
	uint64_t *sum = &node->port[f->flow.ifindex].kernel_Bps;
	uint64_t have = f->live ? f->flow.rate_Bps : 0;
	uint64_t asked =
		f->in_flight > 0 && f->asked_live ? f->asked.rate_Bps : 0;

	*sum -= f->charged_Bps;
	f->charged_Bps = have > asked ? have : asked;
	*sum += f->charged_Bps;
}

/* It is as it should be now; gone if there is nothing. */
static void
settle_flow(struct node *node, struct kernel_flow *f)
{
	charge(node, f);
	if (f->live || f->in_flight > 0)
		return;
	HASH_DELETE(hh, node->flows, f);
	free(f);
}

static void
drop_flow(struct node *node, struct kernel_flow *f)
{
	f->live = false;
	f->in_flight = 0;
	settle_flow(node, f);
}

void
sim_kernel_free(struct node *node)
{
	struct kernel_flow *f, *next;

	HASH_ITER (hh, node->flows, f, next)
		drop_flow(node, f);
}

void
sim_forget_port_flows(struct node *node, uint32_t ifindex)
{
	struct kernel_flow *f, *next;

	HASH_ITER (hh, node->flows, f, next)
		if (f->flow.ifindex == ifindex)
			drop_flow(node, f);
}

/* ---- requests ------------------------------------------------------------ */

static void
check_request(struct sim *s, const struct node *node,
	const struct kernel_flow *f, const struct rsvp_flow_request *r)
{
	if (node->tc_down)
		sim_problem(
			s, "node %u asks a dead traffic control", node->index);
	if (f->in_flight > 0)
		sim_problem(s, "node %u: two requests for flow %u", node->index,
			f->id);
	if ((r->op == RSVP_FLOW_ADD) == f->live)
		sim_problem(s, "node %u: operation %d does not fit flow %u",
			node->index, (int)r->op, f->id);
}

void
sim_ask_kernel(
	struct sim *s, struct node *node, const struct rsvp_flow_request *r)
{
	struct kernel_flow *f = sim_find_flow(node, r->flow.id);
	struct event *e = sim_event(s, EVENT_ANSWER, node->index);

	if (!f)
		f = make_flow(node, r->flow.id, r->flow.ifindex);
	check_request(s, node, f, r);
	f->in_flight++;
	f->asked_live = r->op != RSVP_FLOW_DEL;
	if (f->asked_live)
		f->asked = r->flow;
	charge(node, f);
	s->cause.touched |= 1ULL << f->flow.ifindex;
	e->life = node->tc_lives;
	e->op = (uint8_t)r->op;
	e->which = f->id;
	e->serial = r->serial;
	if (sim_random(s, 1000) < s->weather.refuse)
		e->error = ENOBUFS;
	if (node->kernel_busy.us < s->now.us)
		node->kernel_busy = s->now;
	node->kernel_busy.us += 50 + (int64_t)sim_random(s, 3000);
	sim_schedule(s, e, node->kernel_busy);
}

/* The kernel does what it was asked. */
static void
carry_out(struct node *node, struct kernel_flow *f, int error)
{
	f->in_flight = 0;
	if (error == 0 && !f->asked_live)
		f->live = false;
	if (error == 0 && f->asked_live) {
		f->flow = f->asked;
		f->live = true;
	}
	settle_flow(node, f);
}

bool
sim_answer(struct sim *s, struct event *e)
{
	struct node *node = &s->nodes[e->node];
	struct rsvp_installed answer = { .serial = e->serial,
		.error = e->error };
	struct kernel_flow *f;

	if (e->life != node->tc_lives)
		return false; /* see abort_requests() */
	f = sim_find_flow(node, e->which);
	if (!f)
		answer.error = ENODEV; /* with its interface */
	else if (answer.error != 0)
		s->counts.refused++;
	if (f) {
		sim_about(s, &(struct wire_session){ .dst = f->asked.dst,
				     .proto = f->asked.proto,
				     .dst_port = f->asked.dst_port });
		s->cause.touched |= 1ULL << f->flow.ifindex;
		carry_out(node, f, answer.error);
	}
	rsvp_core_installed(node->core, sim_node_now(node), &answer);
	return true;
}

/* ---- traffic control that dies ------------------------------------------- */

/* Half of what was in flight is done, half is not. */
static void
abort_requests(struct sim *s, struct node *node)
{
	struct kernel_flow *f, *next;

	HASH_ITER (hh, node->flows, f, next)
		if (f->in_flight > 0)
			carry_out(node, f, (int)sim_random(s, 2));
}

void
sim_tc_dies(struct sim *s, struct node *node)
{
	abort_requests(s, node);
	node->tc_lives++;
	if (!node->tc_down)
		sim_schedule(s, sim_event(s, EVENT_TC, node->index),
			mono_add_ms(s->now, (int64_t)sim_random(s, 4000)));
	node->tc_down = true;
}

void
sim_tc_restart(struct sim *s, size_t index)
{
	struct node *node = &s->nodes[index];

	sim_tc_dies(s, node);
	sim_begin(s, node, EVENT_CALL);
	rsvp_core_tc_lost(node->core, sim_node_now(node));
	sim_settle(s, node);
}

void
sim_tc_back(struct sim *s, struct node *node)
{
	struct kernel_flow *f, *next;
	struct mono now = sim_node_now(node);

	(void)s; /* as its neighbours here */
	node->tc_down = false;
	HASH_ITER (hh, node->flows, f, next)
		rsvp_core_adopt(node->core, now, &f->flow);
	for (uint32_t p = 1; p <= node->ports; p++)
		if (!node->port[p].gone)
			rsvp_core_tc_ready(node->core, now, p, 0, NULL);
}

/* ---- looking ------------------------------------------------------------- */

uint64_t
sim_rate(const struct sim *s, size_t node, uint16_t dst_port)
{
	const struct kernel_flow *f, *next;

	HASH_ITER (hh, s->nodes[node].flows, f, next)
		if (f->live && f->flow.dst_port == dst_port)
			return f->flow.rate_Bps;
	return 0;
}

size_t
sim_kernel_flows(const struct sim *s, size_t node)
{
	return HASH_COUNT(s->nodes[node].flows);
}
