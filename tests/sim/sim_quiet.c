/* SPDX-License-Identifier: ISC */

/*
 * What has to be true when nothing has changed for some lifetimes and nothing
 * was lost: path state along the routes, what each node asks in force at its
 * previous hop, and nothing else.
 */

#include "sim_int.h"

#include <string.h>

void
sim_expect_refreshes(struct sim *s, bool only)
{
	s->refreshes_only = only;
}

/* Whose address that is, and which of its interfaces. */
static const struct node *
owner(struct sim *s, const struct addr *addr, uint32_t *ret_ifindex)
{
	uint32_t node;

	return sim_owner(s, addr, &node, ret_ifindex) ? &s->nodes[node] : NULL;
}

/* ---- reservations -------------------------------------------------------- */

static bool
names(const struct rsvp_resv_info *resv, const struct wire_flow *flow)
{
	if (!flow->has_filter)
		return resv->style == WIRE_STYLE_WF;
	for (size_t i = 0; i < resv->filter_count && i < SIM_FLOWS; i++)
		if (wire_filter_equal(&resv->filters[i], &flow->filter))
			return true;
	return false;
}

/* Of a next hop, NULL: of an application. */
static const struct rsvp_resv_info *
find_resv(const struct look *look, uint32_t ifindex, const struct addr *hop,
	const struct wire_flow *flow)
{
	for (size_t i = 0; i < look->resv_count; i++)
		if (look->resvs[i].ifindex == ifindex &&
			(!hop || addr_equal(&look->resvs[i].hop.addr, hop)) &&
			names(&look->resvs[i], flow))
			return &look->resvs[i];
	return NULL;
}

static void
check_ask(struct sim *s, const struct node *node,
	const struct rsvp_ask_info *ask, bool ample)
{
	uint32_t ifindex;
	const struct node *up = owner(s, &ask->hop.addr, &ifindex);
	const struct addr own = sim_port_addr(
		s, node->index, ask->ifindex, ask->hop.addr.family);
	struct rsvp_session_info info;
	struct look *look = &s->other_look;

	if (!up ||
		!rsvp_core_session_find(up->core, &s->cause.session, &info) ||
		!sim_look(up, &info, look)) {
		sim_problem(s, "node %u asks node %u, which knows nothing",
			node->index, up ? up->index : SIM_NOWHERE);
		return;
	}
	for (size_t i = 0; i < ask->flow_count; i++) {
		const struct rsvp_resv_info *resv =
			find_resv(look, ifindex, &own, &ask->flows[i]);
		bool there = resv && resv->in_force &&
			     sim_spec_equal(
				     &resv->flowspec, &ask->flows[i].flowspec);

		if (there || (!ample && !there))
			continue;
		sim_problem(s,
			"node %u asks node %u for %.0f on %u, where %.0f is in "
			"force",
			node->index, up->index,
			(double)ask->flows[i].flowspec.tspec.r, ifindex,
			resv && resv->in_force ? (double)resv->flowspec.tspec.r
					       : 0.0);
	}
}

static bool
asks_for(const struct rsvp_ask_info *ask, const struct rsvp_resv_info *resv)
{
	for (size_t i = 0; i < ask->flow_count; i++)
		if (names(resv, &ask->flows[i]))
			return true;
	return false;
}

/* Whoever is behind a reservation asks for it still. */
static void
check_asked(struct sim *s, const struct node *node,
	const struct rsvp_resv_info *resv)
{
	uint32_t ifindex;
	const struct node *down = owner(s, &resv->hop.addr, &ifindex);
	struct rsvp_session_info info;
	struct look *look = &s->other_look;

	if (down &&
		rsvp_core_session_find(down->core, &s->cause.session, &info) &&
		sim_look(down, &info, look))
		for (size_t i = 0; i < look->ask_count; i++)
			if (look->asks[i].ifindex == ifindex &&
				asks_for(&look->asks[i], resv))
				return;
	sim_problem(s, "node %u keeps a reservation that node %u does not ask",
		node->index, down ? down->index : SIM_NOWHERE);
}

static void
check_hops(struct sim *s, struct node *node, bool ample)
{
	struct rsvp_session_info info;
	struct look *look = &s->look;
	uint64_t after = 0;

	while (rsvp_core_session_after(node->core, after, &info)) {
		after = info.serial;
		sim_about(s, &info.session);
		if (!sim_look(node, &info, look))
			continue;
		for (size_t i = 0; i < look->ask_count; i++)
			if (look->asks[i].ifindex != 0)
				check_ask(s, node, &look->asks[i], ample);
		for (size_t i = 0; i < look->resv_count; i++) {
			if (look->resvs[i].ifindex != 0 &&
				look->resvs[i].in_force)
				check_asked(s, node, &look->resvs[i]);
			if (ample && !look->resvs[i].in_force)
				sim_problem(s,
					"node %u leaves a request on %u "
					"undecided",
					node->index, look->resvs[i].ifindex);
		}
	}
}

/* ---- paths --------------------------------------------------------------- */

static const struct rsvp_path_info *
find_path(const struct look *look, const struct app *sender)
{
	for (size_t i = 0; i < look->path_count; i++)
		if (wire_filter_equal(&look->paths[i].sender, &sender->sender))
			return &look->paths[i];
	return NULL;
}

/* From where the sender is reached, up to it: each node has its path state,
 * with the right previous hop. */
static void
check_way(struct sim *s, const struct app *sender, uint32_t at)
{
	for (int hops = 0; at != sender->node && hops < 1000; hops++) {
		const struct node *node = &s->nodes[at];
		const struct rsvp_path_info *path = NULL;
		struct rsvp_session_info info;
		const struct node *up;
		uint32_t expected, theirs;

		if (rsvp_core_session_find(
			    node->core, &sender->session, &info) &&
			sim_look(node, &info, &s->look))
			path = find_path(&s->look, sender);
		if (!path) {
			sim_problem(s,
				"node %u has no path state for the sender of "
				"node %u",
				at, sender->node);
			return;
		}
		expected = path->in_ifindex;
		if (addr_is_multicast(&sender->session.dst))
			expected = sim_next_port(s, at, sender->node);
		if (path->in_ifindex != expected || expected == 0) {
			sim_problem(s, "node %u: path from %u, expected %u", at,
				path->in_ifindex, expected);
			return;
		}
		up = owner(s, &path->hop.addr, &theirs);
		if (!up)
			return;
		at = up->index;
	}
}

/* What its request says of that path state's sender. */
static bool
is_for_app(const struct look *look, const struct rsvp_path_info *path,
	const struct app *app, size_t flow)
{
	if (!path->to_local && !addr_is_multicast(&look->session.dst))
		return false;
	return app->style == WIRE_STYLE_WF ||
	       wire_filter_equal(&path->sender, &app->flows[flow].filter);
}

/* The application has what it asked for. */
static void
check_receiver(struct sim *s, const struct app *app)
{
	const struct node *node = &s->nodes[app->node];
	struct rsvp_session_info info;
	struct look *look = &s->look;

	if (!rsvp_core_session_find(node->core, &app->session, &info) ||
		!sim_look(node, &info, look)) {
		sim_problem(s, "node %u forgets an application", app->node);
		return;
	}
	for (size_t i = 0; i < app->count; i++) {
		const struct rsvp_resv_info *resv =
			find_resv(look, 0, NULL, &app->flows[i]);
		bool sent = false;

		for (size_t p = 0; p < look->path_count; p++)
			if (is_for_app(look, &look->paths[p], app, i))
				sent = true;
		if (sent && (!resv || !resv->in_force))
			sim_problem(s,
				"node %u has no reservation of its application",
				app->node);
	}
}

static void
check_sender(struct sim *s, const struct app *sender)
{
	uint32_t to, ifindex;

	if (sim_owner(s, &sender->session.dst, &to, &ifindex)) {
		check_way(s, sender, to);
		return;
	}
	for (size_t i = 0; i < s->app_room; i++) {
		const struct app *app = &s->apps[i];

		if (app->used && app->joined &&
			wire_session_equal(&app->session, &sender->session))
			check_way(s, sender, app->node);
	}
}

void
sim_expect_converged(struct sim *s, bool ample)
{
	for (size_t i = 0; i < s->conf.nodes; i++) {
		s->cause = (struct cause){ .node = &s->nodes[i] };
		check_hops(s, &s->nodes[i], ample);
	}
	for (size_t i = 0; i < s->app_room && s->problems == 0; i++) {
		const struct app *app = &s->apps[i];

		if (!app->used || !app->open)
			continue;
		s->cause = (struct cause){ .node = &s->nodes[app->node] };
		sim_about(s, &app->session);
		if (app->sending && !app->refused)
			check_sender(s, app);
		if (app->reserving && !app->refused && ample)
			check_receiver(s, app);
	}
}
