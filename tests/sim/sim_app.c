/* SPDX-License-Identifier: ISC */

/* Applications of the simulated nodes.  They come back when the core of their
 * node was away, as librapi does it. */

#include "sim_int.h"

#include <stdlib.h>
#include <string.h>

enum { BACK_MS = 5000, FIRST_ROOM = 256 };

struct app *
sim_app(struct sim *s, uint32_t number)
{
	if (number == 0 || number > s->app_room || !s->apps[number - 1].used)
		return NULL;
	return &s->apps[number - 1];
}

static uint64_t
id_of(const struct sim *s, const struct app *app)
{
	return (uint64_t)app->serial << 32 | (uint64_t)(app - s->apps + 1);
}

static void
more_room(struct sim *s)
{
	size_t room = s->app_room == 0 ? FIRST_ROOM : 2 * s->app_room;

	s->apps = (struct app *)sim_must_have(
		realloc(s->apps, room * sizeof(*s->apps)));
	memset(s->apps + s->app_room, 0,
		(room - s->app_room) * sizeof(*s->apps));
	s->app_first = s->app_room;
	s->app_room = room;
}

static struct app *
make_app(struct sim *s)
{
	while (s->app_first < s->app_room && s->apps[s->app_first].used)
		s->app_first++;
	if (s->app_first == s->app_room)
		more_room(s);
	return &s->apps[s->app_first];
}

static struct node *
begin(struct sim *s, const struct app *app)
{
	struct node *node = &s->nodes[app->node];

	sim_begin(s, node, EVENT_CALL);
	sim_about(s, &app->session);
	sim_mark(s, node, &app->session);
	return node;
}

static void
expect_ok(struct sim *s, const struct app *app, enum rsvp_local_result result,
	const char *what)
{
	if (result != RSVP_LOCAL_OK)
		sim_problem(s, "node %u: %s returns %d", app->node, what,
			(int)result);
}

/* ---- calls to the core --------------------------------------------------- */

static void
call_open(struct sim *s, struct app *app)
{
	static const struct rsvp_who nobody;
	struct node *node = begin(s, app);

	app->open = true;
	expect_ok(s, app,
		rsvp_local_open(node->core, sim_node_now(node), id_of(s, app),
			&app->session, &nobody),
		"open");
	sim_settle(s, node);
}

static void
call_send(struct sim *s, struct app *app)
{
	struct rsvp_local_sender sender = { .sender = app->sender,
		.tspec = app->tspec };
	struct node *node = begin(s, app);

	expect_ok(s, app,
		rsvp_local_send(
			node->core, sim_node_now(node), id_of(s, app), &sender),
		"send");
	sim_settle(s, node);
}

static void
call_reserve(struct sim *s, struct app *app)
{
	struct rsvp_local_reserve request = { .style = app->style,
		.confirm = app->confirm,
		.flow_count = app->count,
		.flows = app->flows };
	struct node *node = begin(s, app);

	app->refused = false;
	/* RESV_CONFIRM needs an address of this node. */
	if (addr_is_multicast(&app->session.dst))
		request.receiver =
			sim_addr(s, app->node, app->session.dst.family);
	expect_ok(s, app,
		rsvp_local_reserve(node->core, sim_node_now(node),
			id_of(s, app), &request),
		"reserve");
	sim_settle(s, node);
}

/* ---- what scenarios do --------------------------------------------------- */

static void
ref_destination(struct sim *s, const struct app *app, bool more)
{
	uint32_t node, ifindex;

	if (sim_owner(s, &app->session.dst, &node, &ifindex))
		sim_tree_ref(s, node, more);
}

uint32_t
sim_open(struct sim *s, size_t node, const struct wire_session *session)
{
	struct app *app = make_app(s);

	*app = (struct app){ .used = true,
		.node = (uint32_t)node,
		.serial = ++s->app_serial,
		.session = *session };
	ref_destination(s, app, true);
	if (mono_reached(s->nodes[node].away_until, s->now))
		call_open(s, app);
	return (uint32_t)(app - s->apps) + 1;
}

void
sim_join(struct sim *s, uint32_t number, bool joined)
{
	struct app *app = sim_app(s, number);

	if (!app || app->joined == joined)
		return;
	app->joined = joined;
	sim_group_member(s, &app->session.dst, app->node, joined);
}

static void
ref_source(struct sim *s, const struct app *app, bool more)
{
	sim_tree_ref(s, app->node, more);
	sim_group_source(s, &app->session.dst, app->node, more);
}

void
sim_send(struct sim *s, uint32_t number, uint16_t port,
	const struct wire_tspec *tspec)
{
	struct app *app = sim_app(s, number);

	app->sender = (struct wire_filter){ .src = sim_addr(s, app->node,
						    app->session.dst.family),
		.src_port = port };
	app->tspec = *tspec;
	if (!app->sending)
		ref_source(s, app, true);
	app->sending = true;
	if (app->open)
		call_send(s, app);
}

void
sim_unsend(struct sim *s, uint32_t number)
{
	struct app *app = sim_app(s, number);
	struct node *node;

	if (!app->sending)
		return;
	app->sending = false;
	if (app->open) {
		node = begin(s, app);
		rsvp_local_unsend(
			node->core, sim_node_now(node), id_of(s, app));
		sim_settle(s, node);
	}
	ref_source(s, app, false);
}

void
sim_reserve(struct sim *s, uint32_t number,
	const struct rsvp_local_reserve *request)
{
	struct app *app = sim_app(s, number);

	app->reserving = true;
	app->style = request->style;
	app->confirm = request->confirm;
	app->count = request->flow_count;
	memcpy(app->flows, request->flows,
		request->flow_count * sizeof(app->flows[0]));
	if (app->open)
		call_reserve(s, app);
}

void
sim_unreserve(struct sim *s, uint32_t number)
{
	struct app *app = sim_app(s, number);
	struct node *node;

	app->reserving = false;
	app->refused = false;
	if (!app->open)
		return;
	node = begin(s, app);
	rsvp_local_unreserve(node->core, sim_node_now(node), id_of(s, app));
	sim_settle(s, node);
}

void
sim_close(struct sim *s, uint32_t number)
{
	struct app *app = sim_app(s, number);
	struct node *node;

	if (app->open) {
		app->open = false;
		node = begin(s, app);
		rsvp_local_close(node->core, sim_node_now(node), id_of(s, app));
		sim_settle(s, node);
	}
	sim_join(s, number, false);
	if (app->sending)
		ref_source(s, app, false);
	ref_destination(s, app, false);
	app->used = false;
	if (number - 1 < s->app_first)
		s->app_first = number - 1;
}

/* ---- what befalls them --------------------------------------------------- */

void
sim_app_told(
	struct sim *s, struct node *node, const struct rsvp_local_event *event)
{
	struct app *app = sim_app(s, (uint32_t)event->id);

	if (!app || app->serial != event->id >> 32 ||
		app->node != node->index || !app->open) {
		sim_problem(s, "node %u tells an application that is closed",
			node->index);
		return;
	}
	if (event->kind == RSVP_RESV_ERROR || event->kind == RSVP_PATH_ERROR)
		app->refused = true;
}

void
sim_apps_lost(struct sim *s, struct node *node)
{
	for (size_t i = 0; i < s->app_room; i++) {
		struct app *app = &s->apps[i];
		struct event *e;

		if (!app->used || app->node != node->index)
			continue;
		app->open = false;
		e = sim_event(s, EVENT_REPLAY, node->index);
		e->which = (uint32_t)i + 1;
		e->life = app->serial;
		sim_schedule(s, e,
			mono_add_ms(node->away_until,
				1 + (int64_t)sim_random(s, BACK_MS)));
	}
}

bool
sim_app_replay(struct sim *s, struct event *e)
{
	struct app *app = sim_app(s, e->which);

	if (!app || app->serial != e->life || app->open)
		return false;
	/* Dead again; its next return is on its way. */
	if (!mono_reached(s->nodes[e->node].away_until, s->now))
		return false;
	call_open(s, app);
	if (app->sending)
		call_send(s, app);
	if (app->reserving)
		call_reserve(s, app);
	return false;
}
