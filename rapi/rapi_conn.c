/* SPDX-License-Identifier: ISC */

/* The connection machine; see rapi_conn.h. */

#include "rapi_conn.h"

#include <stdlib.h>

#include "rapi.h"

/* What the daemon may have to be told about a session. */
enum {
	TELL_OPEN = 1,
	TELL_SENDER = 2,
	TELL_RESERVE = 4,
	TELL_CLOSE = 8 /* alone: the session is only kept to say so */
};

void
rapi_conn_init(struct rapi_conn *conn)
{
	*conn = (struct rapi_conn){ .settle = MONO_NEVER,
		.retry = MONO_NEVER,
		.retry_ms = CONN_RETRY_MIN_MS };
	TAILQ_INIT(&conn->queue);
}

/* ---- what the application wants ------------------------------------------ */

static void
body_free(struct conn_body *body)
{
	free(body->bytes);
	*body = (struct conn_body){ 0 };
}

static bool
body_copy(struct conn_body *body, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = (uint8_t *)malloc(len > 0 ? len : 1);

	if (!copy)
		return false;
	if (len > 0)
		memcpy(copy, bytes, len);
	body_free(body);
	*body = (struct conn_body){ .bytes = copy, .len = len };
	return true;
}

static void
session_free(struct conn_session *s)
{
	if (!s)
		return;
	body_free(&s->open);
	body_free(&s->sender);
	body_free(&s->reserve);
	free(s);
}

static void
tell(struct rapi_conn *conn, struct conn_session *s, unsigned what)
{
	if (conn->state == CONN_DOWN)
		return;
	if (s->untold == 0)
		TAILQ_INSERT_TAIL(&conn->queue, s, waiting);
	s->untold |= what;
}

static void
untell(struct rapi_conn *conn, struct conn_session *s)
{
	if (s->untold != 0)
		TAILQ_REMOVE(&conn->queue, s, waiting);
	s->untold = 0;
}

static bool
grow_slots(struct rapi_conn *conn)
{
	const uint32_t count = conn->slot_count > 0 ? conn->slot_count * 2 : 16;
	struct conn_slot *slots = (struct conn_slot *)realloc(
		conn->slots, count * sizeof(*slots));

	if (!slots)
		return false;
	conn->slots = slots;
	for (uint32_t i = conn->slot_count; i < count; i++)
		slots[i] =
			(struct conn_slot){ .next_free =
						    i + 1 < count ? i + 2 : 0 };
	conn->free_first = conn->slot_count + 1;
	conn->free_last = count;
	conn->slot_count = count;
	return true;
}

static uint32_t
take_sid(struct rapi_conn *conn)
{
	if (conn->free_first == 0 && !grow_slots(conn))
		return 0;

	const uint32_t sid = conn->free_first;
	struct conn_slot *slot = &conn->slots[sid - 1];

	conn->free_first = slot->next_free;
	if (conn->free_first == 0)
		conn->free_last = 0;
	slot->next_free = 0;
	slot->generation++;
	return sid;
}

static void
put_sid(struct rapi_conn *conn, uint32_t sid)
{
	conn->slots[sid - 1].session = NULL;
	if (conn->free_last != 0)
		conn->slots[conn->free_last - 1].next_free = sid;
	else
		conn->free_first = sid;
	conn->free_last = sid;
}

int
rapi_conn_open(struct rapi_conn *conn, void *app,
	const struct rapi_msg_body *body, struct conn_session **ret_session)
{
	if (conn->sessions >= CONN_SESSIONS_MAX)
		return RAPI_ERR_MAXSESS;

	struct conn_session *s = (struct conn_session *)calloc(1, sizeof(*s));

	if (!s || !body_copy(&s->open, body->bytes, body->len)) {
		session_free(s);
		return RAPI_ERR_MEMFULL;
	}

	const uint32_t sid = take_sid(conn);

	if (sid == 0) {
		session_free(s);
		return RAPI_ERR_MEMFULL;
	}

	struct conn_slot *slot = &conn->slots[sid - 1];

	slot->session = s;
	s->handle = (uint64_t)slot->generation << 32 | sid;
	s->app = app;
	conn->sessions++;
	tell(conn, s, TELL_OPEN);
	*ret_session = s;
	return RAPI_ERR_OK;
}

struct conn_session *
rapi_conn_find(const struct rapi_conn *conn, uint32_t sid)
{
	if (sid == 0 || sid > conn->slot_count)
		return NULL;
	return conn->slots[sid - 1].session;
}

int
rapi_conn_sender(struct rapi_conn *conn, struct conn_session *session,
	const struct rapi_msg_body *body)
{
	if (!body) {
		body_free(&session->sender);
		session->had_resv = false;
		session->stale_resv = false;
	} else if (!body_copy(&session->sender, body->bytes, body->len)) {
		return RAPI_ERR_MEMFULL;
	}
	tell(conn, session, TELL_SENDER);
	return RAPI_ERR_OK;
}

int
rapi_conn_reserve(struct rapi_conn *conn, struct conn_session *session,
	const struct rapi_msg_body *body)
{
	if (!body)
		body_free(&session->reserve);
	else if (!body_copy(&session->reserve, body->bytes, body->len))
		return RAPI_ERR_MEMFULL;
	session->confirm = body && body->confirm;
	tell(conn, session, TELL_RESERVE);
	return RAPI_ERR_OK;
}

void
rapi_conn_close(struct rapi_conn *conn, struct conn_session *session)
{
	put_sid(conn, rapi_conn_sid(session));
	conn->sessions--;
	untell(conn, session);
	if (!session->told || conn->state == CONN_DOWN) {
		session_free(session);
		return;
	}
	body_free(&session->open);
	body_free(&session->sender);
	body_free(&session->reserve);
	session->app = NULL;
	tell(conn, session, TELL_CLOSE);
}

void
rapi_conn_done(struct rapi_conn *conn)
{
	rapi_conn_lost(conn, (struct mono){ 0 });
	for (uint32_t i = 0; i < conn->slot_count; i++)
		session_free(conn->slots[i].session);
	free(conn->slots);
	rapi_conn_init(conn);
}

/* ---- the connection ------------------------------------------------------ */

void
rapi_conn_up(struct rapi_conn *conn)
{
	conn->state = CONN_GREETING;
	conn->hello_untold = true;
	conn->in = (struct buf_reader){ 0 };
	conn->settle = MONO_NEVER;
	for (uint32_t i = 0; i < conn->slot_count; i++) {
		struct conn_session *s = conn->slots[i].session;

		if (!s)
			continue;
		s->told = false;
		s->stale_path = s->had_path;
		s->stale_resv = s->had_resv;
		tell(conn, s,
			TELL_OPEN | (s->sender.bytes ? TELL_SENDER : 0u) |
				(s->reserve.bytes ? TELL_RESERVE : 0u));
	}
}

void
rapi_conn_lost(struct rapi_conn *conn, struct mono now)
{
	struct conn_session *s;
	struct conn_session *next;

	TAILQ_FOREACH_SAFE (s, &conn->queue, waiting, next) {
		const bool closing = s->untold == TELL_CLOSE;

		untell(conn, s);
		if (closing)
			session_free(s);
	}
	conn->state = CONN_DOWN;
	conn->in = (struct buf_reader){ 0 };
	conn->settle = MONO_NEVER;
	conn->retry = mono_add_ms(now, conn->retry_ms);
	conn->retry_ms *= 2;
	if (conn->retry_ms > CONN_RETRY_MAX_MS)
		conn->retry_ms = CONN_RETRY_MAX_MS;
}

bool
rapi_conn_retry_due(const struct rapi_conn *conn, struct mono now)
{
	return conn->state == CONN_DOWN && conn->sessions > 0 &&
	       mono_reached(conn->retry, now);
}

struct mono
rapi_conn_deadline(const struct rapi_conn *conn)
{
	if (conn->sessions == 0)
		return MONO_NEVER;
	return conn->state == CONN_DOWN ? conn->retry : conn->settle;
}

/* ---- output -------------------------------------------------------------- */

static void
put_body(struct buf_writer *w, const struct conn_session *s,
	enum rapi_msg_type type, const struct conn_body *body)
{
	const struct rapi_msg_body b = { .bytes = body->bytes,
		.len = body->len,
		.confirm = type == RAPI_MSG_RESERVE && s->confirm };

	rapi_msg_put_request(w, type, s->handle, &b);
}

/* Write the first thing that is untold; which one it was. */
static unsigned
put_first(struct buf_writer *w, const struct conn_session *s)
{
	const struct conn_body nothing = { 0 };

	if (s->untold & TELL_OPEN) {
		put_body(w, s, RAPI_MSG_OPEN, &s->open);
		return TELL_OPEN;
	}
	if (s->untold & TELL_SENDER) {
		put_body(w, s,
			s->sender.bytes ? RAPI_MSG_SENDER : RAPI_MSG_UNSEND,
			&s->sender);
		return TELL_SENDER;
	}
	if (s->untold & TELL_RESERVE) {
		put_body(w, s,
			s->reserve.bytes ? RAPI_MSG_RESERVE
					 : RAPI_MSG_UNRESERVE,
			&s->reserve);
		return TELL_RESERVE;
	}
	put_body(w, s, RAPI_MSG_CLOSE, &nothing);
	return TELL_CLOSE;
}

/* All that is untold about one session; false: the datagram is full. */
static bool
put_session(struct buf_writer *w, struct conn_session *s)
{
	while (s->untold != 0) {
		uint8_t *const before = w->pos;
		const unsigned what = put_first(w, s);

		if (w->failed) { /* the next datagram takes it */
			w->pos = before;
			w->failed = false;
			return false;
		}
		s->untold &= ~what;
		s->told = what != TELL_CLOSE;
	}
	return true;
}

bool
rapi_conn_output(struct rapi_conn *conn, struct buf_writer *w)
{
	struct conn_session *s;
	struct conn_session *next;

	if (conn->state == CONN_DOWN)
		return false;
	if (conn->hello_untold)
		rapi_msg_put_hello(w);
	conn->hello_untold = false;
	TAILQ_FOREACH_SAFE (s, &conn->queue, waiting, next) {
		if (!put_session(w, s))
			break;
		TAILQ_REMOVE(&conn->queue, s, waiting);
		if (!s->told) /* it was closed */
			session_free(s);
	}
	return buf_written(w) > 0;
}

/* ---- input --------------------------------------------------------------- */

void
rapi_conn_input(struct rapi_conn *conn, const uint8_t *bytes, size_t len)
{
	conn->in = buf_reader(bytes, len);
}

static bool
first_has_flowspec(struct buf_reader items)
{
	struct rapi_msg_item item;

	return rapi_msg_next_item(&items, &item) && item.has_flowspec;
}

/* Remember what the application is about to believe. */
static void
note_event(struct conn_session *s, const struct rapi_msg_answer *answer)
{
	switch (answer->event.kind) {
	case RAPI_PATH_EVENT:
		s->had_path = answer->item_count > 0;
		s->stale_path = false;
		break;
	case RAPI_RESV_EVENT:
		s->had_resv = first_has_flowspec(answer->items);
		s->stale_resv = false;
		break;
	case RAPI_RESV_CONFIRM:
		s->confirm = false;
		break;
	default:
		break;
	}
}

static struct conn_session *
find_handle(const struct rapi_conn *conn, uint64_t handle)
{
	struct conn_session *s = rapi_conn_find(conn, (uint32_t)handle);

	return s && s->handle == handle ? s : NULL;
}

static void
welcome(struct rapi_conn *conn, struct mono now)
{
	conn->state = CONN_UP;
	conn->retry_ms = CONN_RETRY_MIN_MS;
	conn->settle = mono_add_ms(now, conn->answer.settle_ms);
	conn->settle_cursor = 0;
}

/*
 * After a reconnection: what the application believes to exist and nobody has
 * told of since is gone, and it must hear so.
 */
static enum conn_news
next_gone(struct rapi_conn *conn, struct conn_session **ret_session)
{
	while (conn->settle_cursor < conn->slot_count) {
		struct conn_session *s =
			conn->slots[conn->settle_cursor].session;
		struct rapi_msg_event event = { 0 };

		if (s && s->stale_path)
			event.kind = RAPI_PATH_EVENT;
		else if (s && s->stale_resv)
			event.kind = RAPI_RESV_EVENT;
		if (event.kind == 0) {
			conn->settle_cursor++;
			continue;
		}
		event.handle = s->handle;
		conn->answer = (struct rapi_msg_answer){ .type = RAPI_MSG_EVENT,
			.event = event };
		note_event(s, &conn->answer);
		*ret_session = s;
		return CONN_EVENT;
	}
	conn->settle = MONO_NEVER;
	return CONN_NOTHING;
}

static enum conn_news
on_answer(struct rapi_conn *conn, struct mono now,
	struct conn_session **ret_session)
{
	switch (conn->answer.type) {
	case RAPI_MSG_WELCOME:
		if (conn->answer.protocol != RAPI_MSG_PROTOCOL)
			return CONN_BAD;
		welcome(conn, now);
		return CONN_NOTHING;
	case RAPI_MSG_REFUSE:
		return CONN_REFUSED;
	case RAPI_MSG_EVENT:
		*ret_session = find_handle(conn, conn->answer.event.handle);
		if (!*ret_session) /* released meanwhile */
			return CONN_NOTHING;
		note_event(*ret_session, &conn->answer);
		return CONN_EVENT;
	case RAPI_MSG_HELLO:
	case RAPI_MSG_OPEN:
	case RAPI_MSG_SENDER:
	case RAPI_MSG_UNSEND:
	case RAPI_MSG_RESERVE:
	case RAPI_MSG_UNRESERVE:
	case RAPI_MSG_CLOSE:
		break;
	}
	return CONN_BAD;
}

enum conn_news
rapi_conn_next(struct rapi_conn *conn, struct mono now,
	struct conn_session **ret_session)
{
	struct msg msg;

	while (msg_next(&conn->in, &msg)) {
		if (rapi_msg_decode_answer(&msg, &conn->answer) != RAPI_MSG_OK)
			return CONN_BAD;

		const enum conn_news news = on_answer(conn, now, ret_session);

		if (news != CONN_NOTHING)
			return news;
	}
	if (conn->in.failed)
		return CONN_BAD;
	if (conn->state == CONN_UP && mono_reached(conn->settle, now))
		return next_gone(conn, ret_session);
	return CONN_NOTHING;
}
