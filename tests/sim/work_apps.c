/* SPDX-License-Identifier: ISC */

/* What the applications of a world do. */

#include "work_int.h"

#include <math.h>
#include <string.h>

enum { SENDERS = 4, PROTO = 17 };

/* ---- figures ------------------------------------------------------------- */

static uint64_t
draw(struct work *w, uint64_t below)
{
	return sim_random(w->s, below);
}

static struct wire_tspec
draw_tspec(struct work *w)
{
	struct wire_tspec t = { .r = (float)(10000 + draw(w, 90000)),
		.b = (float)(1500 + draw(w, 20000)),
		.p = INFINITY,
		.m = 64 + (uint32_t)draw(w, 400),
		.M = 500 + (uint32_t)draw(w, 1000) };

	if (draw(w, 2) == 0)
		t.p = t.r + (float)draw(w, 100000);
	return t;
}

static struct wire_flowspec
draw_flowspec(struct work *w, uint8_t service)
{
	struct wire_flowspec spec = { .service = service,
		.tspec = draw_tspec(w) };

	/* A killer: more than a narrow link has. */
	if (!w->ample && draw(w, 30) == 0)
		spec.tspec.r *= 20;
	if (spec.tspec.p < spec.tspec.r)
		spec.tspec.p = spec.tspec.r;
	if (service == WIRE_SERVICE_GS) {
		spec.R = spec.tspec.r + (float)draw(w, 50000);
		spec.S = (uint32_t)draw(w, 1000);
	}
	return spec;
}

/* Hosts mostly. */
uint32_t
work_node(struct work *w)
{
	size_t hosts = w->nodes - w->routers;
	uint32_t router = (uint32_t)draw(w, w->routers);

	if (draw(w, 8) == 0 && !w->plain[router])
		return router;
	return (uint32_t)(w->routers + draw(w, hosts));
}

/* ---- sessions ------------------------------------------------------------ */

static void
make_slot(struct work *w, size_t index)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_WF,
		WIRE_STYLE_SE };
	uint8_t family = draw(w, 2) == 0 ? ADDR_V4 : ADDR_V6;
	struct slot *slot = &w->slots[index];

	*slot = (struct slot){ .used = true,
		.multicast = draw(w, 5) < 3,
		.style = styles[draw(w, 3)],
		.service = draw(w, 2) == 0 ? WIRE_SERVICE_GS : WIRE_SERVICE_CL,
		.to = work_node(w) };
	if (++w->next_port == 0)
		w->next_port = 1;
	slot->session = (struct wire_session){ .proto = PROTO,
		.dst_port = w->next_port,
		.dst = slot->multicast ? sim_group((unsigned)index, family)
				       : sim_addr(w->s, slot->to, family) };
}

static size_t
senders(const struct slot *slot)
{
	size_t count = 0;

	for (size_t i = 0; i < slot->count; i++)
		count += slot->apps[i].sending;
	return count;
}

static struct slot_app *
add_app(struct work *w, struct slot *slot, uint32_t node)
{
	struct slot_app *app = &slot->apps[slot->count++];

	*app = (struct slot_app){ .node = node,
		.number = sim_open(w->s, node, &slot->session) };
	return app;
}

static void
start_sending(struct work *w, struct slot_app *app)
{
	struct wire_tspec tspec = draw_tspec(w);
	uint16_t port = (uint16_t)(1000 + app->number % 50000);

	app->sending = true;
	app->sender = (struct wire_filter){ .src_port = port };
	sim_send(w->s, app->number, port, &tspec);
}

static void
add_sender(struct work *w, struct slot *slot)
{
	uint32_t node = work_node(w);

	if (senders(slot) == SENDERS || (!slot->multicast && node == slot->to))
		return;
	start_sending(w, add_app(w, slot, node));
}

/* ---- receivers ----------------------------------------------------------- */

static struct wire_filter
filter_of(struct work *w, const struct slot *slot, const struct slot_app *from)
{
	struct wire_filter filter = from->sender;

	filter.src = sim_addr(w->s, from->node, slot->session.dst.family);
	return filter;
}

/* Some of the senders there are; FF asks for each on its own. */
static size_t
choose_flows(struct work *w, const struct slot *slot, uint8_t service,
	struct wire_flow flows[SIM_FLOWS])
{
	struct wire_flowspec spec = draw_flowspec(w, service);
	size_t count = 0;

	for (size_t i = 0; i < slot->count; i++) {
		const struct slot_app *from = &slot->apps[i];

		if (!from->sending || count == SIM_FLOWS || draw(w, 5) == 0)
			continue;
		if (slot->style == WIRE_STYLE_FF)
			spec = draw_flowspec(w, service);
		flows[count++] = (struct wire_flow){ .has_flowspec = true,
			.has_filter = true,
			.flowspec = spec,
			.filter = filter_of(w, slot, from) };
	}
	return count;
}

static void
reserve(struct work *w, const struct slot *slot, struct slot_app *app)
{
	struct wire_flow flows[SIM_FLOWS] = { 0 };
	struct rsvp_local_reserve request = {
		.style = slot->style, .confirm = draw(w, 2) == 0, .flows = flows
	};
	uint8_t service = slot->service;

	/* Some disagree with the others. */
	if (!w->ample && draw(w, 50) == 0)
		request.style = WIRE_STYLE_WF;
	if (!w->ample && draw(w, 50) == 0)
		service = WIRE_SERVICE_CL;
	if (request.style == WIRE_STYLE_WF) {
		request.flow_count = 1;
		flows[0].has_flowspec = true;
		flows[0].flowspec = draw_flowspec(w, service);
	} else {
		request.flow_count = choose_flows(w, slot, service, flows);
	}
	if (request.flow_count == 0)
		return;
	app->receiving = true;
	sim_reserve(w->s, app->number, &request);
}

static void
add_receiver(struct work *w, struct slot *slot)
{
	uint32_t node = slot->multicast ? work_node(w) : slot->to;
	struct slot_app *app = add_app(w, slot, node);

	sim_join(w->s, app->number, slot->multicast);
	reserve(w, slot, app);
}

static void
close_app(struct work *w, struct slot *slot, size_t i)
{
	sim_close(w->s, slot->apps[i].number);
	slot->apps[i] = slot->apps[--slot->count];
	slot->used = slot->count > 0;
}

static void
change_sender(struct work *w, struct slot_app *app)
{
	if (draw(w, 3) > 0) {
		struct wire_tspec tspec = draw_tspec(w);

		sim_send(w->s, app->number, app->sender.src_port, &tspec);
		return;
	}
	app->sending = false;
	sim_unsend(w->s, app->number);
}

static void
change_receiver(struct work *w, const struct slot *slot, struct slot_app *app)
{
	switch (draw(w, 8)) {
	case 0:
		sim_unreserve(w->s, app->number);
		app->receiving = false;
		break;
	case 1:
		sim_join(w->s, app->number, draw(w, 2) == 0 && slot->multicast);
		break;
	default:
		reserve(w, slot, app);
		break;
	}
}

static void
change_app(struct work *w, struct slot *slot)
{
	struct slot_app *app = &slot->apps[draw(w, slot->count)];

	if (app->sending)
		change_sender(w, app);
	else if (app->receiving || draw(w, 2) == 0 ||
		 (!slot->multicast && app->node == slot->to))
		change_receiver(w, slot, app);
	else if (senders(slot) < SENDERS)
		start_sending(w, app);
}

void
work_act(struct work *w)
{
	size_t index = draw(w, w->slot_count);
	struct slot *slot = &w->slots[index];
	uint64_t what = draw(w, 10);

	if (!slot->used) {
		make_slot(w, index);
		add_sender(w, slot);
		if (slot->count < SLOT_APPS)
			add_receiver(w, slot);
	} else if (what < 2 && slot->count < SLOT_APPS) {
		add_sender(w, slot);
	} else if (what < 5 && slot->count < SLOT_APPS) {
		add_receiver(w, slot);
	} else if (what < 7) {
		close_app(w, slot, draw(w, slot->count));
	} else {
		change_app(w, slot);
	}
}

bool
work_close_one(struct work *w)
{
	size_t first = draw(w, w->slot_count);

	for (size_t i = 0; i < w->slot_count; i++) {
		struct slot *slot = &w->slots[(first + i) % w->slot_count];

		if (!slot->used)
			continue;
		close_app(w, slot, draw(w, slot->count));
		return true;
	}
	return false;
}
