/* SPDX-License-Identifier: ISC */

/*
 * One application: its socket, what it says, and what waits for it to read.
 *
 * Nothing here is torn down in the middle of the core's effects: a client that
 * must go is doomed, and closed from the loop.
 */

#include "rsvpd/api_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum {
	DATAGRAMS = 8, /* read of one client in one turn of the loop */
	BATCH = 64     /* messages of one datagram */
};

static void
watch_for_more(struct api_client *c)
{
	loop_fd_set(c->watch,
		LOOP_READ | (TAILQ_EMPTY(&c->queue) ? 0u : LOOP_WRITE));
}

/* ---- out --------------------------------------------------------------------
 */

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
	TAILQ_FOREACH_SAFE(out, &c->queue, entry, next)
	{
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

/* ---- in ---------------------------------------------------------------------
 */

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

static void
on_datagram(struct api_client *c, size_t len)
{
	struct buf_reader r = buf_reader(c->server->in, len);
	struct msg msg;

	while (!c->doomed && msg_next(&r, &msg))
		on_message(c, &msg);
	if (r.failed && !c->doomed)
		bad(c, rapi_msg_fault_text(RAPI_MSG_FRAMING));
}

/* False: the client has gone. */
static bool
read_some(struct api_client *c)
{
	for (int i = 0; i < DATAGRAMS && !c->doomed; i++) {
		/* With MSG_TRUNC the true length comes back. */
		const ssize_t n = recv(c->fd, c->server->in, MSG_DATAGRAM_MAX,
			MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		if (n > MSG_DATAGRAM_MAX)
			bad(c, "a datagram longer than 65536 octets");
		else
			on_datagram(c, (size_t)n);
	}
	return true;
}

static void
on_ready(void *arg, int fd, unsigned ready)
{
	struct api_client *c = (struct api_client *)arg;

	(void)fd; /* c->fd */
	if ((ready & LOOP_READ) && !c->doomed && !read_some(c)) {
		api_client_close(c);
		return;
	}
	if (c->doomed)
		api_client_close(c);
	else if (ready & LOOP_WRITE)
		flush(c);
}

/* ---- life -------------------------------------------------------------------
 */

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

	TAILQ_FOREACH_SAFE(out, &c->queue, entry, next)
	out_free(c, out);
}

void
api_client_drop(struct api_client *client)
{
	struct api_session *s;
	struct api_session *next;

	empty_queue(client);
	HASH_ITER(by_handle, client->sessions, s, next)
	api_session_free(s);
	TAILQ_REMOVE(&client->server->clients, client, entry);
	client->server->client_count--;
	loop_fd_del(client->watch);
	(void)close(client->fd);
	free(client);
}

void
api_client_close(struct api_client *client)
{
	struct api_session *s;
	struct api_session *next;

	client->doomed = true; /* what is told to it now goes nowhere */
	empty_queue(client);
	HASH_ITER(by_handle, client->sessions, s, next)
	api_session_close(s);
	log_debug(LOG_API, "uid %u pid %u: gone", client->who.uid,
		client->who.pid);
	api_client_drop(client);
}
