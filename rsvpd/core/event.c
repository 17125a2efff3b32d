/* SPDX-License-Identifier: ISC */

/* Upcalls: what local applications are told (RFC 2205 3.11.1). */

#include "core_int.h"

#include <string.h>

enum { ITEMS_MAX = 64 };

/* An event being put together; items are copied by post(). */
struct event {
	struct rsvp_local_event head;
	struct rsvp_event_item items[ITEMS_MAX];
};

static void
post(struct rsvp_core *core, const struct event *event)
{
	size_t count = event->head.item_count;
	size_t bytes = count * sizeof(event->items[0]);
	struct rsvp_local_event *body;
	struct rsvp_event_item *items;
	uint8_t *at;

	for (size_t i = 0; i < count; i++)
		bytes += event->items[i].adspec_view.len;
	body = (struct rsvp_local_event *)effect_push(
		core, RSVP_EFFECT_EVENT, bytes);
	if (!body)
		return;
	items = (struct rsvp_event_item *)(void *)(body + 1);
	at = (uint8_t *)(items + count);
	*body = event->head;
	body->items = items;
	for (size_t i = 0; i < count; i++) {
		struct wire_view *view = &items[i].adspec_view;

		items[i] = event->items[i];
		if (view->len == 0)
			continue;
		memcpy(at, view->bytes, view->len);
		view->bytes = at;
		at += view->len;
	}
}

/* ---- senders ------------------------------------------------------------- */

/* As delivered here: a node without RSVP before us breaks it (RFC 2210 3.3). */
static struct wire_view
delivered_adspec(const struct psb *psb, struct buf_writer *scratch)
{
	struct wire_adspec adspec;
	const uint8_t *start = scratch->pos;

	if (!psb->non_rsvp || !psb_adspec(psb, &adspec))
		return blob_view(psb->adspec);
	adspec.broken = true;
	if (!wire_adspec_encode(scratch, &adspec))
		return (struct wire_view){ NULL, 0 };
	return (struct wire_view){ start, (size_t)(scratch->pos - start) };
}

void
local_tell_paths(struct rsvp_core *core, struct local *local)
{
	struct buf_writer scratch = buf_writer(core->buf, sizeof(core->buf));
	struct event event = { .head = { .id = local->id,
				       .kind = RSVP_PATH_EVENT } };
	const struct psb *psb;

	TAILQ_FOREACH (psb, &local->session->psbs, next) {
		struct rsvp_event_item *item =
			&event.items[event.head.item_count];

		if (psb->local == local || !psb_reaches_local(psb) ||
			event.head.item_count == ITEMS_MAX)
			continue;
		*item = (struct rsvp_event_item){ .has_filter = true,
			.filter = psb->sender,
			.has_tspec = true,
			.tspec = psb->tspec,
			.adspec_view = delivered_adspec(psb, &scratch) };
		event.head.item_count++;
	}
	if (event.head.item_count == 0 && !local->told_paths)
		return;
	local->told_paths = event.head.item_count > 0;
	post(core, &event);
}

void
local_path_event(struct rsvp_core *core, struct session *session)
{
	struct local *local;

	TAILQ_FOREACH (local, &session->locals, next)
		local_tell_paths(core, local);
}

void
local_path_error(struct rsvp_core *core, const struct local *local,
	const struct wire_filter *sender, const struct wire_error *error,
	const char *reason)
{
	struct event event = { .head = { .id = local->id,
				       .kind = RSVP_PATH_ERROR,
				       .error = *error,
				       .item_count = 1 } };

	event.items[0] = (struct rsvp_event_item){ .has_filter = true,
		.filter = *sender };
	(void)text_copy(event.head.reason, sizeof(event.head.reason), reason);
	post(core, &event);
}

/* ---- reservations -------------------------------------------------------- */

static void
add_flows(struct event *event, const struct wire_flow *flows, size_t count)
{
	for (size_t i = 0; i < count && i < ITEMS_MAX; i++)
		event->items[event->head.item_count++] =
			(struct rsvp_event_item){ .has_filter =
							  flows[i].has_filter,
				.filter = flows[i].filter,
				.has_flowspec = flows[i].has_flowspec,
				.flowspec = flows[i].flowspec };
}

void
local_resv_event(struct rsvp_core *core, const struct local *local,
	uint8_t style, size_t count, const struct wire_flow *flows)
{
	struct event event = { .head = { .id = local->id,
				       .kind = RSVP_RESV_EVENT,
				       .style = style } };

	add_flows(&event, flows, count);
	post(core, &event);
}

void
local_resv_error(struct rsvp_core *core, const struct rsb *rsb,
	const struct out_error *err, const char *reason)
{
	struct event event = { .head = { .id = rsb->local->id,
				       .kind = RSVP_RESV_ERROR,
				       .style = err->style,
				       .error = err->error } };

	add_flows(&event, err->flows, err->count);
	if (event.head.error.node.family == ADDR_NONE)
		event.head.error.node = local_receiver(core, rsb->local);
	(void)text_copy(event.head.reason, sizeof(event.head.reason), reason);
	post(core, &event);
}

void
local_confirm(struct rsvp_core *core, const struct rsb *rsb)
{
	struct wire_flow flows[WIRE_FLOWS_MAX];
	struct event event = { .head = { .id = rsb->local->id,
				       .kind = RSVP_RESV_CONFIRM,
				       .style = rsb->style,
				       .error = { .node = rsb->owed } } };

	const size_t count = spec_flows(rsb->now, rsb->style, flows);

	add_flows(&event, flows, count);
	post(core, &event);
}

static bool
confirms(const struct wire_msg *msg, const struct rsb *rsb)
{
	if (rsb->style != msg->style)
		return false;
	if (msg->style == WIRE_STYLE_WF)
		return true;
	for (size_t i = 0; i < msg->flow_count; i++)
		if (spec_find(rsb_latest(rsb), &msg->flows[i].filter))
			return true;
	return false;
}

void
local_confirm_msg(struct rsvp_core *core, const struct wire_msg *msg)
{
	const struct session *session = session_find(core, &msg->session);
	const struct rsb *rsb;

	if (!session) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	TAILQ_FOREACH (rsb, &session->rsbs, next) {
		struct event event = { .head = { .kind = RSVP_RESV_CONFIRM,
					       .style = msg->style,
					       .error = msg->error } };

		if (!rsb->local || !confirms(msg, rsb))
			continue;
		event.head.id = rsb->local->id;
		add_flows(&event, msg->flows, msg->flow_count);
		post(core, &event);
	}
}
