/* SPDX-License-Identifier: ISC */

/*
 * What the engine is told by `tcctl serve`: gathered in datagrams, which wait
 * until it takes them.
 */

#include "serve_int.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Queue what has been written as one datagram. */
static void
close_datagram(struct tc_serve *s)
{
	size_t len = buf_written(&s->w);
	struct tc_serve_out *out;

	s->w = buf_writer(s->answers, sizeof(s->answers));
	if (len == 0)
		return;
	out = (struct tc_serve_out *)alloc_get(s->alloc, sizeof(*out) + len);
	if (!out) {
		s->untold = true;
		return;
	}
	out->len = len;
	memcpy(out->bytes, s->answers, len);
	TAILQ_INSERT_TAIL(&s->outs, out, entry);
}

/* Writes one message; called again when the first datagram is full. */
typedef void put_fn(struct buf_writer *w, uint32_t serial, const void *message);

static void
answer(struct tc_serve *s, put_fn *put, uint32_t serial, const void *message)
{
	uint8_t *before = s->w.pos;

	put(&s->w, serial, message);
	if (!s->w.failed)
		return;
	s->w.pos = before;
	s->w.failed = false;
	close_datagram(s);
	put(&s->w, serial, message); /* an empty one has room for any */
}

static void
put_done(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_done(w, serial, (const struct tc_done *)message);
}

static void
put_adopted(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_flow(w, TC_MSG_ADOPTED, serial, (const struct tc_flow *)message);
}

static void
put_counter(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_counter(w, serial, (const struct tc_counter *)message);
}

static void
put_note(struct buf_writer *w, uint32_t serial, const void *message)
{
	(void)serial; /* nobody asked */
	tc_put_note(w, (const char *)message);
}

static void
put_lost(struct buf_writer *w, uint32_t serial, const void *message)
{
	(void)serial; /* nobody asked */
	tc_put_lost(w, (const struct tc_lost *)message);
}

static void
put_drift(struct buf_writer *w, uint32_t serial, const void *message)
{
	(void)serial; /* nobody asked */
	tc_put_drift(w, (const struct tc_drift_report *)message);
}

static void
on_done(void *arg, uint32_t serial, const struct tc_done *done)
{
	answer((struct tc_serve *)arg, put_done, serial, done);
}

static void
on_adopted(void *arg, uint32_t serial, const struct tc_flow *flow)
{
	answer((struct tc_serve *)arg, put_adopted, serial, flow);
}

static void
on_counter(void *arg, uint32_t serial, const struct tc_counter *counter)
{
	answer((struct tc_serve *)arg, put_counter, serial, counter);
}

static void
put_rule_counter(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_rule_counter(w, serial, (const struct tc_rule_counter *)message);
}

static void
on_rule_counter(
	void *arg, uint32_t serial, const struct tc_rule_counter *counter)
{
	answer((struct tc_serve *)arg, put_rule_counter, serial, counter);
}

/* The engine logs what it is told: its log has the level that is asked for. */
static void
on_note(void *arg, const char *text)
{
	answer((struct tc_serve *)arg, put_note, 0, text);
}

static void
on_drift(void *arg, const struct tc_drift_report *report)
{
	answer((struct tc_serve *)arg, put_drift, 0, report);
}

void
tc_serve_lost(struct tc_serve *s, const struct tc_lost *lost)
{
	answer(s, put_lost, 0, lost);
}

void
tc_serve_refuse(
	struct tc_serve *s, uint32_t serial, int error, const char *text)
{
	struct tc_done done = { .error = error };

	(void)text_copy(done.text, sizeof(done.text), text);
	on_done(s, serial, &done);
}

void
tc_serve_flush(struct tc_serve *s)
{
	struct tc_serve_out *out;

	close_datagram(s);
	if (s->untold) /* the engine asks the next tcctl */
		s->error = -ENOMEM;
	while ((out = TAILQ_FIRST(&s->outs))) {
		ssize_t n = send(s->fds[TC_SERVE_REQUEST].fd, out->bytes,
			out->len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			s->stopping = true; /* the engine has gone */
		TAILQ_REMOVE(&s->outs, out, entry);
		alloc_put(s->alloc, out);
	}
}

void
tc_serve_answers_init(struct tc_serve *s)
{
	s->listener = (struct tc_listener){ .arg = s,
		.adopted = on_adopted,
		.done = on_done,
		.counter = on_counter,
		.note = on_note,
		.rule_counter = on_rule_counter,
		.drift = on_drift };
	s->w = buf_writer(s->answers, sizeof(s->answers));
	TAILQ_INIT(&s->outs);
}

void
tc_serve_answers_done(struct tc_serve *s)
{
	struct tc_serve_out *out;

	while ((out = TAILQ_FIRST(&s->outs))) {
		TAILQ_REMOVE(&s->outs, out, entry);
		alloc_put(s->alloc, out);
	}
}
