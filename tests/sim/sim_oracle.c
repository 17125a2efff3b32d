/* SPDX-License-Identifier: ISC */

/*
 * The slow oracle: what an interface should carry (RFC 2205 2.2; RFC 2209,
 * UPDATE TRAFFIC CONTROL) and what should be asked of each previous hop
 * (RFC 2205 3.5, RFC 2209, RESV REFRESH), written anew from the RFCs and
 * computed from the views of path and reservation state alone.
 */

#include "sim_int.h"

#include <math.h>
#include <string.h>

enum { PACKET_OVERHEAD = 14 + 24, FRAME_MIN = 84, MTU = 1500, TIMER_US = 200 };

/* ---- looking ------------------------------------------------------------- */

bool
sim_look(const struct node *node, const struct rsvp_session_info *info,
	struct look *look)
{
	struct mono now = sim_node_now(node);

	look->session = info->session;
	look->path_count = rsvp_core_paths(
		node->core, now, info->serial, look->paths, LOOK_MAX);
	look->resv_count = rsvp_core_resvs(
		node->core, now, info->serial, look->resvs, LOOK_MAX);
	look->ask_count =
		rsvp_core_asks(node->core, info->serial, look->asks, LOOK_MAX);
	return look->path_count <= LOOK_MAX && look->resv_count <= LOOK_MAX &&
	       look->ask_count <= LOOK_MAX;
}

static bool
has_filter(const struct rsvp_resv_info *resv, const struct wire_filter *filter)
{
	for (size_t i = 0; i < resv->filter_count && i < SIM_FLOWS; i++)
		if (wire_filter_equal(&resv->filters[i], filter))
			return true;
	return false;
}

static bool
in_scope(const struct rsvp_resv_info *resv, const struct addr *src)
{
	size_t size = addr_size(src->family);

	for (size_t at = 0; at + size <= resv->scope_view.len; at += size)
		if (memcmp(resv->scope_view.bytes + at, src->b, size) == 0)
			return true;
	return resv->scope_view.len == 0;
}

static bool
goes_to(const struct rsvp_path_info *path, uint32_t ifindex)
{
	for (size_t i = 0; i < path->out_count; i++)
		if (path->out_ifindex[i] == ifindex)
			return true;
	return false;
}

/* Of several path states of a sender (ifindex 0: the one that routing has). */
static bool
another(const struct look *look, const struct rsvp_path_info *path,
	uint32_t ifindex)
{
	for (size_t i = 0; i < look->path_count; i++) {
		const struct rsvp_path_info *other = &look->paths[i];

		if (wire_filter_equal(&other->sender, &path->sender) &&
			(ifindex == 0 ? !other->local_only
				      : other->in_ifindex == ifindex))
			return true;
	}
	return false;
}

/* An application receives on the interface that it named, or by route, else on
 * any (RFC 2205 3.9). */
static bool
reaches_app(const struct look *look, const struct rsvp_path_info *path,
	uint32_t named)
{
	if (!path->to_local && !addr_is_multicast(&look->session.dst))
		return false;
	if (path->in_ifindex == 0 || path->in_ifindex == named)
		return true;
	if (path->local_only)
		return !another(look, path, 0);
	return named == 0 || !another(look, path, named);
}

/* In force, and for that sender. */
bool
sim_resv_matches(const struct look *look, const struct rsvp_resv_info *resv,
	const struct rsvp_path_info *path)
{
	if (!resv->in_force ||
		(resv->ifindex == 0 ? !reaches_app(look, path, resv->in_ifindex)
				    : !goes_to(path, resv->ifindex)))
		return false;
	if (resv->style == WIRE_STYLE_WF)
		return in_scope(resv, &path->sender.src);
	return has_filter(resv, &path->sender);
}

/* ---- arithmetic ---------------------------------------------------------- */

static float
most(float a, float b)
{
	return a > b ? a : b;
}

static float
least(float a, float b)
{
	return a < b ? a : b;
}

static uint32_t
least_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* RFC 2210 2.3.2, 2211 8, 2212: the least that satisfies both. */
static struct wire_flowspec
lub(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	struct wire_flowspec c = *a;

	c.tspec.r = most(a->tspec.r, b->tspec.r);
	c.tspec.b = most(a->tspec.b, b->tspec.b);
	c.tspec.p = most(a->tspec.p, b->tspec.p);
	c.tspec.m = least_u32(a->tspec.m, b->tspec.m);
	c.tspec.M = least_u32(a->tspec.M, b->tspec.M);
	c.R = most(a->R, b->R);
	c.S = least_u32(a->S, b->S);
	return c;
}

bool
sim_spec_equal(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	return a->service == b->service && a->tspec.r == b->tspec.r &&
	       a->tspec.b == b->tspec.b && a->tspec.p == b->tspec.p &&
	       a->tspec.m == b->tspec.m && a->tspec.M == b->tspec.M &&
	       a->R == b->R && a->S == b->S;
}

/* a can stand for b (RFC 2211 8), M included. */
static bool
stands_for(const struct wire_tspec *a, const struct wire_tspec *b)
{
	return a->r >= b->r && a->b >= b->b && a->p >= b->p && a->m <= b->m &&
	       a->M >= b->M;
}

/* min(Path_Te, Resv_Te): of unordered ones the smaller r, p, m, M and the
 * larger b (RFC 2211 8, 2212). */
static struct wire_tspec
smaller_of(const struct wire_tspec *a, const struct wire_tspec *b)
{
	if (stands_for(a, b))
		return *b;
	if (stands_for(b, a))
		return *a;
	return (struct wire_tspec){ least(a->r, b->r), most(a->b, b->b),
		least(a->p, b->p), least_u32(a->m, b->m),
		least_u32(a->M, b->M) };
}

static uint64_t
wire_packet(uint32_t ip)
{
	return ip + PACKET_OVERHEAD > FRAME_MIN ? ip + PACKET_OVERHEAD
						: FRAME_MIN;
}

/* If all packets were the smallest ones. */
static uint64_t
on_wire(float x, uint32_t m)
{
	uint64_t ip = (uint64_t)ceil((double)x);

	return (ip * wire_packet(m) + m - 1) / m; /* figures are small here */
}

/* ---- demand -------------------------------------------------------------- */

struct expected {
	struct wire_flowspec spec;
	struct wire_tspec path_te;
	size_t resvs, senders;
	bool wild;
	const struct rsvp_path_info *from[LOOK_MAX];
};

static bool
same_flow(const struct rsvp_resv_info *a, const struct rsvp_resv_info *b)
{
	if (a->ifindex != b->ifindex || a->style != b->style)
		return false;
	return a->style != WIRE_STYLE_FF ||
	       wire_filter_equal(&a->filters[0], &b->filters[0]);
}

static bool
any_matches(const struct look *look, const struct rsvp_resv_info *like,
	const struct rsvp_path_info *path)
{
	for (size_t i = 0; i < look->resv_count; i++)
		if (same_flow(like, &look->resvs[i]) &&
			sim_resv_matches(look, &look->resvs[i], path))
			return true;
	return false;
}

static void
add_path(struct expected *e, const struct rsvp_path_info *path)
{
	const struct wire_tspec *t = &path->tspec;

	e->from[e->senders++] = path;
	if (e->senders == 1) {
		e->path_te = *t;
		return;
	}
	e->path_te.r += t->r;
	e->path_te.b += t->b;
	e->path_te.p += t->p;
	e->path_te.m = least_u32(e->path_te.m, t->m);
	if (t->M > e->path_te.M)
		e->path_te.M = t->M;
}

/* What all reservations for the same flow as that one amount to. */
static void
expect_flow(const struct look *look, const struct rsvp_resv_info *like,
	struct expected *e)
{
	memset(e, 0, offsetof(struct expected, from));
	e->wild = like->style == WIRE_STYLE_WF;
	for (size_t i = 0; i < look->resv_count; i++) {
		const struct rsvp_resv_info *resv = &look->resvs[i];

		if (!resv->in_force || !same_flow(like, resv))
			continue;
		e->spec = e->resvs++ == 0 ? resv->forwarded
					  : lub(&e->spec, &resv->forwarded);
	}
	for (size_t i = 0; i < look->path_count; i++)
		if (any_matches(look, like, &look->paths[i]))
			add_path(e, &look->paths[i]);
	e->spec.tspec = smaller_of(&e->path_te, &e->spec.tspec);
}

static bool
has_sender(const struct rsvp_flow *flow, const struct wire_filter *sender)
{
	for (size_t i = 0; i < flow->filter_count; i++)
		if (addr_equal(&flow->filters[i].src, &sender->src) &&
			flow->filters[i].src_port == sender->src_port)
			return true;
	return false;
}

static bool
filters_fit(const struct expected *e, const struct rsvp_flow *flow)
{
	if (e->wild)
		return flow->filter_count == 1 &&
		       flow->filters[0].src.family == ADDR_NONE;
	for (size_t i = 0; i < e->senders; i++)
		if (!has_sender(flow, &e->from[i]->sender))
			return false;
	return flow->filter_count == e->senders;
}

static bool
flow_fits(const struct expected *e, const struct rsvp_flow *flow)
{
	const struct wire_tspec *t = &e->spec.tspec;
	bool gs = e->spec.service == WIRE_SERVICE_GS;

	return flow->service == e->spec.service &&
	       flow->rate_Bps == on_wire(gs ? e->spec.R : t->r, t->m) &&
	       flow->bucket_bytes >= on_wire(t->b, t->m) &&
	       flow->max_packet_bytes == wire_packet(t->M) &&
	       flow->min_packet_bytes == wire_packet(t->m);
}

/* Traffic control has just come back: what waited is decided in that tick. */
static bool
is_due(const struct node *node)
{
	return rsvp_core_next(node->core).us <= sim_node_now(node).us;
}

static void
check_flow(struct sim *s, const struct node *node, const struct look *look,
	const struct rsvp_resv_info *resv)
{
	const struct kernel_flow *f = sim_find_flow(node, resv->flow_id);
	struct expected e;

	expect_flow(look, resv, &e);
	/* It is being changed, or the change was refused. */
	if (resv->stuck || (f && f->in_flight > 0))
		return;
	if (e.senders == 0 && f)
		sim_problem(s, "node %u if %u flow %u: for no sender",
			node->index, resv->ifindex, f->id);
	else if (e.senders == 0)
		return; /* routes went elsewhere; it has to time out */
	else if (!f && is_due(node))
		return;
	else if (!f)
		sim_problem(s, "node %u if %u: in force without a flow",
			node->index, resv->ifindex);
	else if (!filters_fit(&e, &f->flow))
		sim_problem(s,
			"node %u if %u flow %u: %zu filters, %zu senders",
			node->index, resv->ifindex, f->id, f->flow.filter_count,
			e.senders);
	else if (!flow_fits(&e, &f->flow))
		sim_problem(s,
			"node %u if %u flow %u: carries service %u rate %llu, "
			"expected service %u r %.0f R %.0f b %.0f m %u M %u",
			node->index, resv->ifindex, f->id, f->flow.service,
			(unsigned long long)f->flow.rate_Bps, e.spec.service,
			(double)e.spec.tspec.r, (double)e.spec.R,
			(double)e.spec.tspec.b, e.spec.tspec.m, e.spec.tspec.M);
}

static void
check_flows(struct sim *s, const struct node *node, const struct look *look)
{
	if (node->tc_down)
		return;
	for (size_t i = 0; i < look->resv_count; i++) {
		const struct rsvp_resv_info *resv = &look->resvs[i];
		const struct port *port = &node->port[resv->ifindex];
		bool done = port->gone || port->down;

		for (size_t j = 0; j < i; j++)
			done = done ||
			       (look->resvs[j].in_force &&
				       same_flow(resv, &look->resvs[j]));
		if (resv->in_force && resv->ifindex != 0 && !done)
			check_flow(s, node, look, resv);
	}
}

/* ---- asks ---------------------------------------------------------------- */

static bool
same_hop(const struct rsvp_ask_info *ask, const struct rsvp_path_info *path)
{
	return ask->ifindex == path->in_ifindex &&
	       ask->local_id == path->local_id &&
	       ask->hop.lih == path->hop.lih &&
	       addr_equal(&ask->hop.addr, &path->hop.addr);
}

/* What the path left is asked for until the new way is reserved. */
static bool
held(const struct rsvp_resv_info *resv, const struct rsvp_path_info *path)
{
	return path->left_ifindex != 0 && resv->in_force &&
	       resv->ifindex == path->left_ifindex &&
	       (resv->style == WIRE_STYLE_WF ||
		       has_filter(resv, &path->sender));
}

/* What is kept until a Path comes from elsewhere asks nobody. */
static bool
asks(const struct look *look, const struct rsvp_resv_info *resv,
	const struct rsvp_path_info *path)
{
	return sim_resv_matches(look, resv, path) &&
	       (resv->ifindex == 0 || !path->local_only);
}

/* What failed does not keep from being asked for what is less (RFC 2205 3.5).
 * Of unordered ones neither is less. */
static bool
is_less(const struct wire_flowspec *a, const struct wire_flowspec *than)
{
	const struct wire_tspec *x = &a->tspec, *y = &than->tspec;
	bool differ = x->r != y->r || x->b != y->b || x->p != y->p ||
		      x->m != y->m || a->R != than->R || a->S != than->S;

	return x->r <= y->r && x->b <= y->b && x->p <= y->p && x->m >= y->m &&
	       a->R <= than->R && a->S >= than->S && differ &&
	       a->service == than->service;
}

/* What is in force for a sender, merged: of the requests that are free of a
 * blockade, or else all of them. */
struct wanted {
	bool any, free;
	struct wire_flowspec lub;
};

static struct wanted
wanted(const struct look *look, const struct rsvp_path_info *path)
{
	struct wanted w = { 0 };

	for (size_t i = 0; i < look->resv_count; i++) {
		const struct rsvp_resv_info *resv = &look->resvs[i];
		const struct wire_flowspec *spec = &resv->forwarded;
		struct wire_flowspec merged;

		if (!asks(look, resv, path) && !held(resv, path))
			continue;
		w.any = true;
		if (path->blockaded && !is_less(spec, &path->blockade))
			continue;
		merged = w.free ? lub(&w.lub, spec) : *spec;
		if (path->blockaded && !is_less(&merged, &path->blockade))
			continue; /* together they would fail again */
		w.lub = merged;
		w.free = true;
	}
	return w;
}

/* For none of the senders behind that hop it is what failed. */
static bool
may_succeed(const struct look *look, const struct rsvp_ask_info *ask,
	const struct wire_flowspec *spec)
{
	for (size_t i = 0; i < look->path_count; i++) {
		const struct rsvp_path_info *path = &look->paths[i];

		if (same_hop(ask, path) && path->blockaded &&
			wanted(look, path).free &&
			!is_less(spec, &path->blockade))
			return false;
	}
	return true;
}

/* False: all for some sender is blockaded; that may be asked for or not. */
static bool
expect_ask(const struct look *look, const struct rsvp_path_info *hop,
	struct rsvp_ask_info *e)
{
	const uint8_t style = look->resv_count > 0 ? look->resvs[0].style : 0;
	struct wire_flowspec all = { 0 }, merged = { 0 };
	bool any = false, certain = true;

	*e = (struct rsvp_ask_info){ .ifindex = hop->in_ifindex,
		.hop = hop->hop,
		.local_id = hop->local_id,
		.style = style };
	for (size_t i = 0; i < look->path_count; i++) {
		const struct rsvp_path_info *path = &look->paths[i];
		struct wanted w = wanted(look, path);
		struct wire_flow flow = { .has_flowspec = true,
			.has_filter = style != WIRE_STYLE_WF,
			.flowspec = w.lub,
			.filter = path->sender };

		if (!same_hop(e, path) || !w.any)
			continue;
		if (w.free && any)
			merged = lub(&all, &w.lub);
		else if (w.free)
			merged = w.lub;
		if (w.free && (!any || may_succeed(look, e, &merged)))
			all = merged;
		any = any || w.free;
		certain = certain && w.free;
		if (e->flow_count < SIM_FLOWS)
			e->flows[e->flow_count++] = flow;
	}
	if (e->flow_count > 0 && style == WIRE_STYLE_WF)
		e->flow_count = 1;
	for (size_t i = 0; i < e->flow_count && style != WIRE_STYLE_FF; i++)
		e->flows[i].flowspec = all;
	return certain && (any || e->flow_count == 0);
}

static bool
flow_asked(const struct rsvp_ask_info *ask, const struct wire_flow *flow)
{
	for (size_t i = 0; i < ask->flow_count; i++) {
		const struct wire_flow *a = &ask->flows[i];

		if (flow->has_filter &&
			!wire_filter_equal(&a->filter, &flow->filter))
			continue;
		return a->has_filter == flow->has_filter &&
		       sim_spec_equal(&a->flowspec, &flow->flowspec);
	}
	return false;
}

static bool
ask_fits(const struct rsvp_ask_info *ask, const struct rsvp_ask_info *e)
{
	if (ask->flow_count != e->flow_count || ask->style != e->style)
		return false;
	for (size_t i = 0; i < e->flow_count; i++)
		if (!flow_asked(ask, &e->flows[i]))
			return false;
	return true;
}

static const struct rsvp_ask_info *
find_ask(const struct look *look, const struct rsvp_path_info *path)
{
	for (size_t i = 0; i < look->ask_count; i++)
		if (same_hop(&look->asks[i], path))
			return &look->asks[i];
	return NULL;
}

static void
check_asks(struct sim *s, const struct node *node, const struct look *look)
{
	size_t known = 0;

	for (size_t i = 0; i < look->path_count; i++) {
		const struct rsvp_path_info *path = &look->paths[i];
		const struct rsvp_ask_info *ask = find_ask(look, path);
		struct rsvp_ask_info e;
		bool first = true, certain;

		certain = expect_ask(look, path, &e);
		for (size_t j = 0; j < i; j++)
			first = first && !same_hop(&e, &look->paths[j]);
		known += first && ask != NULL;
		if (first && certain &&
			(ask ? !ask_fits(ask, &e) : e.flow_count > 0))
			sim_problem(s,
				"node %u asks for %zu flows (%.0f) on %u, "
				"expected %zu (%.0f)",
				node->index, ask ? ask->flow_count : 0,
				ask && ask->flow_count > 0
					? (double)ask->flows[0].flowspec.tspec.r
					: 0.0,
				path->in_ifindex, e.flow_count,
				(double)e.flows[0].flowspec.tspec.r);
	}
	if (known != look->ask_count)
		sim_problem(s, "node %u asks %zu hops, knows %zu", node->index,
			look->ask_count, known);
}

/* ---- state --------------------------------------------------------------- */

static void
check_paths(struct sim *s, const struct node *node, const struct look *look)
{
	for (size_t i = 0; i < look->path_count; i++) {
		const struct rsvp_path_info *path = &look->paths[i];

		if (path->in_ifindex != 0 && goes_to(path, path->in_ifindex))
			sim_problem(s, "node %u: a path goes back to %u",
				node->index, path->in_ifindex);
		for (size_t j = 0; j < i; j++)
			if (wire_filter_equal(
				    &look->paths[j].sender, &path->sender) &&
				look->paths[j].in_ifindex == path->in_ifindex)
				sim_problem(s, "node %u: a path twice",
					node->index);
	}
}

/* Both in force, and for the same flow. */
static bool
merged(const struct rsvp_resv_info *a, const struct rsvp_resv_info *b)
{
	return a->in_force && b->in_force && same_flow(a, b);
}

/* It goes with the path state (RFC 2205 3.1.5). */
static bool
lacks_path(const struct look *look, const struct rsvp_resv_info *resv)
{
	for (size_t i = 0; i < resv->filter_count && i < SIM_FLOWS; i++) {
		bool any = false;

		for (size_t p = 0; p < look->path_count; p++)
			if (wire_filter_equal(
				    &look->paths[p].sender, &resv->filters[i]))
				any = true;
		if (!any)
			return true;
	}
	return look->path_count == 0;
}

static void
check_resvs(struct sim *s, const struct node *node, const struct look *look)
{
	const struct rsvp_resv_info *first = NULL;

	for (size_t i = 0; i < look->resv_count; i++) {
		const struct rsvp_resv_info *resv = &look->resvs[i];

		if (!resv->in_force)
			continue;
		if (!first)
			first = resv;
		if (resv->ifindex != 0 && lacks_path(look, resv))
			sim_problem(s,
				"node %u: reserves for a sender without "
				"path state",
				node->index);
		if (resv->style != first->style)
			sim_problem(s, "node %u: styles mixed in force",
				node->index);
		/* With FF different senders do not meet. */
		for (size_t j = 0; j < i; j++)
			if (merged(resv, &look->resvs[j]) &&
				resv->flowspec.service !=
					look->resvs[j].flowspec.service)
				sim_problem(s, "node %u: services mixed",
					node->index);
	}
}

void
sim_check_session(
	struct sim *s, struct node *node, const struct rsvp_session_info *info)
{
	struct look *look = &s->look;

	sim_about(s, &info->session);
	if (!sim_look(node, info, look)) {
		sim_problem(s, "node %u: more state than there can be",
			node->index);
		return;
	}
	if (look->path_count != info->paths || look->resv_count != info->resvs)
		sim_problem(s, "node %u: counts of session state", node->index);
	/* What lost tears left behind goes by itself; meanwhile there are more
	 * senders than a view shows. */
	if (look->path_count > SIM_FLOWS)
		return;
	check_paths(s, node, look);
	check_resvs(s, node, look);
	check_flows(s, node, look);
	check_asks(s, node, look);
}
