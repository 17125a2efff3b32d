/* SPDX-License-Identifier: ISC */

/*
 * One application: its socket, what it says, and what waits for it to read.
 *
 * Nothing here is torn down in the middle of the core's effects: a client that
 * must go is doomed, and closed from the loop.
 *
 * A datagram has room for a thousand requests, each of which may cost a
 * question to the kernel.  So clients stand in line, and in one turn of the
 * loop the first of them has a few requests done and goes to the end: neither
 * packets and timers nor other clients wait long, whatever one of them says.
 */

#include "rsvpd/api_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum {
	REQUESTS = 16, /* done for one client in one turn of the loop */
	DATAGRAMS = 8, /* written to one client in one turn of the loop */
	BATCH = 64     /* messages of one datagram */
};

/* Whoever is in line is read from when his turn comes. */
static void
watch_for_more(struct api_client *c)
{
	loop_fd_set(
		c->watch, (c->waiting ? 0u : LOOP_READ) |
				  (TAILQ_EMPTY(&c->queue) ? 0u : LOOP_WRITE));
}

/* ---- out ----------------------------------------------------------------- */

static void
out_free(struct api_client *c, struct api_out *out)
{
	struct api_session *s = out->session;

	if (s && s->path_state == out)
		s->path_state = NULL;
	if (s && s->resv_state == out)
		s->resv_state = NULL;
	TAILQ_REMOVE(&c->queue, out, entry);
	c->queue_bytes -= sizeof(*out) + out->len;
	free(out);
}

void
api_client_doom(struct api_client *client, uint32_t code, const char *why)
{
	uint8_t bytes[RAPI_MSG_TEXT + 64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	if (client->doomed)
		return;
	client->doomed = true;
	log_remote(LOG_API, "uid %u pid %u: cut off (%s)", client->who.uid,
		client->who.pid, why);
	if (code != 0) {
		rapi_msg_put_refuse(&w, code, why);
		/* Courtesy only: it may have gone, or not be reading. */
		(void)send(client->fd, bytes, buf_written(&w),
			MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	loop_timer_set(client->server->reaper, loop_now());
}

void
api_client_send(struct api_client *client, const struct buf_writer *w,
	struct api_session *session, struct api_out **slot)
{
	struct engine *engine = client->server->engine;
	const size_t len = buf_written(w);
	struct api_out *out = (struct api_out *)malloc(sizeof(*out) + len);

	if (client->doomed || !out || w->failed) {
		free(out);
		if (!client->doomed)
			api_client_doom(client, 0, "no memory for an event");
		return;
	}
	out->session = slot ? session : NULL;
	out->len = len;
	memcpy(out->bytes, w->start, len);
	if (slot && *slot)
		out_free(client, *slot);
	if (slot)
		*slot = out;
	TAILQ_INSERT_TAIL(&client->queue, out, entry);
	client->queue_bytes += sizeof(*out) + len;
	if (client->queue_bytes > engine->conf->client_queue_bytes) {
		engine->stats->count[STATS_API_SLOW]++;
		api_client_doom(client, 0, "it does not read its events");
		return;
	}
	watch_for_more(client);
}

/* As many messages as fit into one datagram; false: the socket is full, or the
 * client has gone (which reading will tell). */
static bool
send_batch(struct api_client *c)
{
	struct iovec iov[BATCH];
	struct msghdr msg = { .msg_iov = iov };
	struct api_out *out;
	struct api_out *next;
	size_t n = 0;
	size_t bytes = 0;

	TAILQ_FOREACH (out, &c->queue, entry) {
		if (n == BATCH || bytes + out->len > MSG_DATAGRAM_MAX)
			break;
		iov[n++] = (struct iovec){ .iov_base = out->bytes,
			.iov_len = out->len };
		bytes += out->len;
	}
	msg.msg_iovlen = n;
	if (sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == EINTR;
	TAILQ_FOREACH_SAFE (out, &c->queue, entry, next) {
		if (n-- == 0)
			break;
		out_free(c, out);
	}
	return true;
}

static void
flush(struct api_client *c)
{
	for (int i = 0; i < DATAGRAMS && !TAILQ_EMPTY(&c->queue); i++)
		if (!send_batch(c))
			break;
	watch_for_more(c);
}

/* ---- in ------------------------------------------------------------------ */

static void
bad(struct api_client *c, const char *why)
{
	c->server->engine->stats->count[STATS_API_BAD]++;
	api_client_doom(c, API_PROTO, why);
}

/* State that exists in the network is told again by the neighbours' refreshes
 * within 1.5 R of our start (RFC 2205 3.7); some slack for the way to here. */
static uint32_t
settle_ms(const struct engine *engine)
{
	const int64_t up_ms = mono_ms_between(engine->started, loop_now());
	int64_t longest_ms = 0;

	for (size_t i = 0; i < engine->conf->iface_count; i++) {
		const struct conf_iface *iface = &engine->conf->ifaces[i];

		if (iface->enabled && iface->refresh_ms > longest_ms)
			longest_ms = iface->refresh_ms;
	}

	const int64_t left_ms = longest_ms * 3 / 2 + 5000 - up_ms;

	return (uint32_t)(left_ms > 0 ? left_ms : 0) + 2000;
}

static void
greet(struct api_client *c, const struct rapi_msg_request *hello)
{
	struct buf_writer w = buf_writer(c->server->out, MSG_DATAGRAM_MAX);

	if (hello->protocol_min > RAPI_MSG_PROTOCOL ||
		hello->protocol_max < RAPI_MSG_PROTOCOL) {
		bad(c, "no protocol version in common");
		return;
	}
	c->greeted = true;
	rapi_msg_put_welcome(&w, settle_ms(c->server->engine));
	api_client_send(c, &w, NULL, NULL);
}

static void
on_message(struct api_client *c, const struct msg *msg)
{
	struct rapi_msg_request request;
	const enum rapi_msg_fault fault =
		rapi_msg_decode_request(msg, &request);
	const char *why;

	if (fault != RAPI_MSG_OK)
		bad(c, rapi_msg_fault_text(fault));
	else if ((request.type == RAPI_MSG_HELLO) == c->greeted)
		bad(c, c->greeted ? "a second greeting" : "no greeting");
	else if (request.type == RAPI_MSG_HELLO)
		greet(c, &request);
	else if (!api_request(c, &request, &why))
		bad(c, why);
}

/* As much of the datagram as one turn allows; *left is how many requests are
 * still allowed.  False: there is more of it. */
static bool
on_datagram(struct api_client *c, size_t len, int *left)
{
	const uint8_t *start = c->server->in + c->taken;
	struct buf_reader r = buf_reader(start, len - c->taken);
	struct msg msg;

	while (!c->doomed && *left > 0 && msg_next(&r, &msg)) {
		on_message(c, &msg);
		--*left;
	}
	if (r.failed && !c->doomed)
		bad(c, rapi_msg_fault_text(RAPI_MSG_FRAMING));
	c->taken += (size_t)(r.pos - start);
	return c->doomed || buf_left(&r) == 0;
}

/* Off the socket with a datagram that is done with. */
static void
next_datagram(struct api_client *c)
{
	c->taken = 0;
	/* It was there when it was looked at. */
	(void)recv(c->fd, c->server->in, 1, MSG_DONTWAIT);
}

enum serve { SERVE_GONE, SERVE_MORE, SERVE_ALL };

static enum serve
serve_some(struct api_client *c)
{
	int left = REQUESTS;

	while (left > 0 && !c->doomed) {
		/* With MSG_TRUNC the true length comes back. */
		const ssize_t n = recv(c->fd, c->server->in, MSG_DATAGRAM_MAX,
			MSG_DONTWAIT | MSG_TRUNC | MSG_PEEK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return SERVE_ALL;
		if (n <= 0)
			return SERVE_GONE;
		if (n > MSG_DATAGRAM_MAX) {
			bad(c, "a datagram longer than 65536 octets");
			break;
		}
		left--; /* an empty message costs too */
		if (on_datagram(c, (size_t)n, &left))
			next_datagram(c);
	}
	return SERVE_MORE;
}

static void
get_in_line(struct api_client *c)
{
	if (TAILQ_EMPTY(&c->server->line))
		loop_timer_set(c->server->server, loop_now());
	TAILQ_INSERT_TAIL(&c->server->line, c, turn);
	c->waiting = true;
	watch_for_more(c);
}

static void
leave_line(struct api_client *c)
{
	if (c->waiting)
		TAILQ_REMOVE(&c->server->line, c, turn);
	c->waiting = false;
}

void
api_client_serve(struct api_server *api)
{
	struct api_client *c = TAILQ_FIRST(&api->line);
	enum serve what;

	if (!c)
		return;
	leave_line(c);
	if (!TAILQ_EMPTY(&api->line))
		loop_timer_set(api->server, loop_now());
	what = c->doomed ? SERVE_GONE : serve_some(c);
	if (c->doomed || what == SERVE_GONE)
		api_client_close(c);
	else if (what == SERVE_MORE)
		get_in_line(c);
	else
		watch_for_more(c);
}

static void
on_ready(void *arg, int fd, unsigned ready)
{
	struct api_client *c = (struct api_client *)arg;

	(void)fd; /* c->fd */
	if (c->doomed) {
		api_client_close(c);
		return;
	}
	if ((ready & LOOP_READ) && !c->waiting)
		get_in_line(c);
	if (ready & LOOP_WRITE)
		flush(c);
}

/* ---- life ---------------------------------------------------------------- */

struct api_client *
api_client_new(struct api_server *api, int fd, const struct rsvp_who *who)
{
	struct api_client *c = (struct api_client *)calloc(1, sizeof(*c));

	if (!c) {
		(void)close(fd);
		return NULL;
	}
	c->server = api;
	c->fd = fd;
	c->who = *who;
	TAILQ_INIT(&c->queue);
	c->watch = loop_fd_add(api->engine->loop, fd, LOOP_READ, on_ready, c);
	if (!c->watch) {
		(void)close(fd);
		free(c);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&api->clients, c, entry);
	api->client_count++;
	return c;
}

static void
empty_queue(struct api_client *c)
{
	struct api_out *out;
	struct api_out *next;

	TAILQ_FOREACH_SAFE (out, &c->queue, entry, next)
		out_free(c, out);
}

void
api_client_drop(struct api_client *client)
{
	struct api_session *s;
	struct api_session *next;

	empty_queue(client);
	leave_line(client);
	HASH_ITER (by_handle, client->sessions, s, next)
		api_session_free(s);
	TAILQ_REMOVE(&client->server->clients, client, entry);
	client->server->client_count--;
	loop_fd_del(client->watch);
	(void)close(client->fd);
	free(client->groups);
	free(client);
}

void
api_client_close(struct api_client *client)
{
	struct api_session *s;
	struct api_session *next;

	client->doomed = true; /* what is told to it now goes nowhere */
	empty_queue(client);
	HASH_ITER (by_handle, client->sessions, s, next)
		api_session_close(s);
	log_debug(LOG_API, "uid %u pid %u: gone", client->who.uid,
		client->who.pid);
	api_client_drop(client);
}
