/* SPDX-License-Identifier: ISC */

/*
 * What applications ask for, as calls of the core's local functions, and what
 * is refused before it gets there, as events (code 20).
 */

#include "rsvpd/api_int.h"

#include <stdlib.h>

#include "base/text.h"

/* ---- sessions by their two names ----------------------------------------- */

static struct api_session *
find_handle(const struct api_client *c, uint64_t handle)
{
	struct api_session *s;

	HASH_FIND_BYHASHVALUE(by_handle, c->sessions, &handle, sizeof(handle),
		hash_bytes(&c->server->key, &handle, sizeof(handle)), s);
	return s;
}

static bool
index_session(struct api_session *s)
{
	struct api_server *api = s->client->server;

	HASH_ADD_BYHASHVALUE(by_handle, s->client->sessions, handle,
		sizeof(s->handle),
		hash_bytes(&api->key, &s->handle, sizeof(s->handle)), s);
	if (!hash_added(s->by_handle))
		return false;
	HASH_ADD_BYHASHVALUE(by_id, api->sessions, id, sizeof(s->id),
		hash_bytes(&api->key, &s->id, sizeof(s->id)), s);
	if (hash_added(s->by_id))
		return true;
	HASH_DELETE(by_handle, s->client->sessions, s);
	return false;
}

void
api_session_free(struct api_session *session)
{
	struct api_client *c = session->client;
	struct api_out *out;

	TAILQ_FOREACH (out, &c->queue, entry)
		if (out->session == session)
			out->session = NULL;
	HASH_DELETE(by_handle, c->sessions, session);
	HASH_DELETE(by_id, c->server->sessions, session);
	free(session);
}

void
api_session_close(struct api_session *session)
{
	struct engine *engine = session->client->server->engine;

	rsvp_local_close(engine->core, loop_now(), session->id);
	effect_run(engine);
	api_session_free(session);
}

/* ---- refusals ------------------------------------------------------------ */

struct refusal {
	uint64_t handle;
	uint8_t kind; /* enum rsvp_event_kind */
	uint8_t style;
	uint8_t family;
	uint8_t code;
	uint16_t value;
	const char *text;
};

static struct addr
loopback(uint8_t family)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 };
	static const uint8_t v6[16] = { [15] = 1 };

	return family == ADDR_V6 ? addr_v6(v6) : addr_v4(v4);
}

/* Tell the client; items: what of its request is in error. */
static void
tell_refusal(struct api_client *c, const struct refusal *r,
	const struct rapi_msg_item *items, size_t item_count)
{
	struct buf_writer w = buf_writer(c->server->out, MSG_DATAGRAM_MAX);
	struct rapi_msg_event event = {
		.handle = r->handle,
		.kind = r->kind,
		.style = r->style,
		.error = { .node = loopback(r->family),
			.code = r->code,
			.value = r->value },
	};

	(void)text_copy(event.text, sizeof(event.text), r->text); /* or cut */

	uint8_t *start = rapi_msg_begin_event(&w, &event);

	for (size_t i = 0; i < item_count; i++)
		rapi_msg_put_item(&w, &items[i]);
	rapi_msg_end_event(&w, start);
	api_client_send(c, &w, NULL, NULL);
}

/* How the core's answers look to an application. */
static void
of_result(enum rsvp_local_result result, struct refusal *r)
{
	r->code = WIRE_E_API;
	switch (result) {
	case RSVP_LOCAL_OK:
		break;
	case RSVP_LOCAL_LIMIT:
		r->value = API_MAXSESS;
		r->text = "too many sessions or senders (limits.sessions, "
			  "sessionsPerUser, senders)";
		break;
	case RSVP_LOCAL_MEMORY:
		r->value = API_MEMFULL;
		r->text = "the daemon has no memory left";
		break;
	case RSVP_LOCAL_UNKNOWN:
		r->value = API_BADSID;
		r->text = "the session is not known to the daemon";
		break;
	case RSVP_LOCAL_BUSY:
		r->value = API_INVAL;
		r->text = "another application of this host announces the "
			  "same sender";
		break;
	case RSVP_LOCAL_PORTS:
		r->code = r->kind == RSVP_RESV_ERROR ? WIRE_E_DST_PORTS
						     : WIRE_E_SRC_PORTS;
		r->value = 0;
		r->text = "ports conflict with another session or sender "
			  "(RFC 2205 3.2)";
		break;
	}
}

/* ---- requests ------------------------------------------------------------ */

static void
refuse_open(struct api_client *c, const struct rapi_msg_request *q,
	enum rsvp_local_result result)
{
	struct refusal r = { .handle = q->handle,
		.kind = RSVP_PATH_ERROR,
		.family = q->session.session.dst.family };

	of_result(result, &r);
	if (result == RSVP_LOCAL_PORTS)
		r.code = WIRE_E_DST_PORTS;
	tell_refusal(c, &r, NULL, 0);
}

static bool
on_open(struct api_client *c, const struct rapi_msg_request *q,
	const char **ret_why)
{
	struct engine *engine = c->server->engine;

	if (find_handle(c, q->handle)) {
		*ret_why = "a handle used twice";
		return false;
	}

	struct api_session *s = (struct api_session *)calloc(1, sizeof(*s));

	if (!s) {
		refuse_open(c, q, RSVP_LOCAL_MEMORY);
		return true;
	}
	s->client = c;
	s->handle = q->handle;
	s->id = ++c->server->last_id;
	s->want = q->session;
	if (!index_session(s)) {
		free(s);
		refuse_open(c, q, RSVP_LOCAL_MEMORY);
		return true;
	}

	const enum rsvp_local_result result = rsvp_local_open(
		engine->core, loop_now(), s->id, &s->want.session, &c->who);

	if (result != RSVP_LOCAL_OK) {
		api_session_free(s);
		refuse_open(c, q, result);
	}
	effect_run(engine);
	return true;
}

/* A request for a session whose opening was refused. */
static void
refuse_unknown(struct api_client *c, const struct rapi_msg_request *q)
{
	struct refusal r = { .handle = q->handle,
		.kind = q->type == RAPI_MSG_RESERVE ? RSVP_RESV_ERROR
						    : RSVP_PATH_ERROR,
		.family = ADDR_V4 };

	of_result(RSVP_LOCAL_UNKNOWN, &r);
	tell_refusal(c, &r, NULL, 0);
}

/* The core takes what it can read only. */
static bool
adspec_is_right(struct wire_view view, struct api_denial *ret_denial)
{
	struct wire_adspec adspec;

	if (view.len == 0 || wire_adspec_decode(view, &adspec))
		return true;
	*ret_denial = (struct api_denial){ .value = API_INTSERV,
		.text = "the Adspec is not readable" };
	return false;
}

static void
on_sender(struct api_session *s, const struct rapi_msg_sender *want)
{
	struct engine *engine = s->client->server->engine;
	struct api_denial denial = { 0 };
	struct rsvp_local_sender sender = {
		.sender = want->sender,
		.tspec = want->tspec,
		.adspec_view = want->adspec_view,
		.ttl = want->ttl,
		.ifindex = want->ifindex != 0 ? want->ifindex : s->want.ifindex,
	};
	struct refusal r = { .handle = s->handle,
		.kind = RSVP_PATH_ERROR,
		.family = s->want.session.dst.family,
		.code = WIRE_E_API };

	if (!adspec_is_right(want->adspec_view, &denial) ||
		!api_auth_sender(s, &sender.sender, &denial)) {
		r.value = denial.value;
		r.text = denial.text;
	} else {
		const enum rsvp_local_result result = rsvp_local_send(
			engine->core, loop_now(), s->id, &sender);

		if (result != RSVP_LOCAL_OK)
			of_result(result, &r);
		effect_run(engine);
	}
	if (r.text) {
		const struct rapi_msg_item item = { .has_filter = true,
			.filter = sender.sender,
			.has_tspec = true,
			.tspec = want->tspec };

		tell_refusal(s->client, &r, &item, 1);
	}
}

static void
tell_reserve_refusal(struct api_session *s, const struct refusal *r,
	const struct rapi_msg_reserve *want)
{
	struct rapi_msg_item items[WIRE_FLOWS_MAX] = { 0 };

	for (size_t i = 0; i < want->flow_count; i++) {
		const struct wire_flow *flow = &want->flows[i];

		items[i].has_filter = flow->has_filter;
		items[i].filter = flow->filter;
		items[i].has_flowspec = true;
		items[i].flowspec = flow->flowspec;
	}
	tell_refusal(s->client, r, items, want->flow_count);
}

static void
on_reserve(struct api_session *s, const struct rapi_msg_request *q)
{
	const struct rapi_msg_reserve *want = &q->reserve;
	struct engine *engine = s->client->server->engine;
	struct api_denial denial = { 0 };
	const struct rsvp_local_reserve reserve = {
		.style = want->style,
		.confirm = q->confirm,
		.receiver = want->receiver,
		.flow_count = want->flow_count,
		.flows = want->flows,
	};
	struct refusal r = { .handle = s->handle,
		.kind = RSVP_RESV_ERROR,
		.style = want->style,
		.family = s->want.session.dst.family,
		.code = WIRE_E_API };

	if (!api_auth_receiver(s, &want->receiver, &denial)) {
		r.value = denial.value;
		r.text = denial.text;
	} else {
		const enum rsvp_local_result result = rsvp_local_reserve(
			engine->core, loop_now(), s->id, &reserve);

		if (result != RSVP_LOCAL_OK)
			of_result(result, &r);
		effect_run(engine);
	}
	if (r.text)
		tell_reserve_refusal(s, &r, want);
}

static void
on_withdrawal(struct api_session *s, enum rapi_msg_type type)
{
	struct engine *engine = s->client->server->engine;

	if (type == RAPI_MSG_CLOSE) {
		api_session_close(s);
		return;
	}
	if (type == RAPI_MSG_UNSEND)
		rsvp_local_unsend(engine->core, loop_now(), s->id);
	else
		rsvp_local_unreserve(engine->core, loop_now(), s->id);
	effect_run(engine);
}

bool
api_request(struct api_client *client, const struct rapi_msg_request *request,
	const char **ret_why)
{
	const struct rapi_msg_request *q = request;
	struct api_session *s;

	if (q->type == RAPI_MSG_OPEN)
		return on_open(client, q, ret_why);
	s = find_handle(client, q->handle);
	if (q->type != RAPI_MSG_SENDER && q->type != RAPI_MSG_RESERVE) {
		if (s) /* else its opening was refused: nothing to do */
			on_withdrawal(s, q->type);
	} else if (!s) {
		refuse_unknown(client, q);
	} else if (q->type == RAPI_MSG_SENDER) {
		on_sender(s, &q->sender);
	} else {
		on_reserve(s, q);
	}
	return true;
}
