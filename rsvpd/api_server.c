/* SPDX-License-Identifier: ISC */

/*
 * The RAPI socket: who may connect, who it is, and which client an event of
 * the core is for.
 */

#include "rsvpd/api_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/api_int.h"

enum {
	ACCEPTS = 16,               /* in one turn of the loop */
	GROUPS_MAX_SIZE = 65536 * 4 /* octets: NGROUPS_MAX of them */
};

/* ---- connections --------------------------------------------------------- */

static uint32_t
clients_of(const struct api_server *api, uint32_t uid)
{
	const struct api_client *c;
	uint32_t n = 0;

	TAILQ_FOREACH (c, &api->clients, entry)
		n += c->who.uid == uid;
	return n;
}

/* Why one more client of this user is too many, or NULL. */
static const char *
too_many(const struct api_server *api, uint32_t uid)
{
	const struct conf *conf = api->engine->conf;

	if (api->client_count >= conf->max_clients)
		return "too many applications are connected (limits.clients)";
	if (clients_of(api, uid) >= conf->max_clients_uid)
		return "too many applications of this user are connected "
		       "(limits.clientsPerUser)";
	return NULL;
}

static void
turn_away(struct api_server *api, int fd, const char *why)
{
	uint8_t bytes[RAPI_MSG_TEXT + 64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	api->engine->stats->count[STATS_API_REFUSED]++;
	log_remote(LOG_API, "application turned away (%s)", why);
	rapi_msg_put_refuse(&w, API_MAXSESS, why);
	/* Courtesy only: it may be gone already. */
	(void)send(fd, bytes, buf_written(&w), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

/* The kernel's word for it, as for uid and gid; an allocated list. */
static bool
read_groups(int fd, uint32_t **ret_groups, size_t *ret_count)
{
	socklen_t len = 0;
	uint32_t *groups = NULL;

	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "as the list has it");
	*ret_groups = NULL;
	*ret_count = 0;
	/* With no room it tells how much it takes. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0)
		return true;
	if (errno == ENOPROTOOPT) /* a kernel before 4.13 */
		return true;
	if (errno != ERANGE || len > GROUPS_MAX_SIZE)
		return false;
	groups = (uint32_t *)calloc(1, len);
	if (!groups ||
		getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
		free(groups);
		return false;
	}
	*ret_groups = groups;
	*ret_count = len / sizeof(*groups);
	return true;
}

static void
welcome(struct api_server *api, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		turn_away(api, fd, "its credentials cannot be read");
		return;
	}

	const struct rsvp_who who = { .known = true,
		.uid = cred.uid,
		.gid = cred.gid,
		.pid = (uint32_t)cred.pid };
	const char *why = too_many(api, who.uid);

	if (why) {
		turn_away(api, fd, why);
		return;
	}
	uint32_t *groups;
	size_t n_groups;

	if (!read_groups(fd, &groups, &n_groups)) {
		turn_away(api, fd, "its groups cannot be read");
		return;
	}
	api->engine->stats->count[STATS_API_CLIENTS]++;

	struct api_client *client = api_client_new(api, fd, &who);

	if (!client) {
		log_remote(LOG_API, "no memory for an application");
		free(groups);
		return;
	}
	client->groups = groups;
	client->n_groups = n_groups;
}

size_t
api_server_groups(const struct api_server *api, const struct rsvp_who *who,
	const uint32_t **ret_groups)
{
	const struct api_client *c;

	TAILQ_FOREACH (c, &api->clients, entry)
		if (who->known && c->who.pid == who->pid &&
			c->who.uid == who->uid) {
			*ret_groups = c->groups;
			return c->n_groups;
		}
	*ret_groups = NULL;
	return 0;
}

static void
keep_spare(struct api_server *api)
{
	if (api->spare < 0)
		api->spare = fcntl(api->fd, F_DUPFD_CLOEXEC, 0);
}

/*
 * All descriptors are in use.  The waiting connection keeps the listening
 * socket ready for ever, so take it with the spare one and turn it away.
 * False: not even that helped.
 */
static bool
use_spare(struct api_server *api)
{
	if (api->spare < 0)
		return false;
	(void)close(api->spare);
	api->spare = -1;

	const int fd =
		accept4(api->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		turn_away(api, fd, "the daemon has no descriptor left");
	keep_spare(api);
	return fd >= 0;
}

static void
on_accept(void *arg, int listener, unsigned ready)
{
	struct api_server *api = (struct api_server *)arg;

	(void)ready;
	for (int i = 0; i < ACCEPTS; i++) {
		const int fd = accept4(
			listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(api, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if ((errno == EMFILE || errno == ENFILE) && use_spare(api))
			continue;
		if (errno != EAGAIN)
			log_remote(LOG_API, "accept: %s", strerror(errno));
		return;
	}
}

static void
serve_line(void *arg)
{
	api_client_serve((struct api_server *)arg);
}

static void
reap(void *arg)
{
	struct api_server *api = (struct api_server *)arg;
	struct api_client *c;
	struct api_client *next;

	TAILQ_FOREACH_SAFE (c, &api->clients, entry, next)
		if (c->doomed)
			api_client_close(c);
}

/* ---- events -------------------------------------------------------------- */

static struct rapi_msg_item
item_of(const struct rsvp_event_item *from, bool with_adspec)
{
	return (struct rapi_msg_item){
		.has_filter = from->has_filter,
		.filter = from->filter,
		.has_tspec = from->has_tspec,
		.tspec = from->tspec,
		.has_flowspec = from->has_flowspec,
		.flowspec = from->flowspec,
		.adspec_view = with_adspec ? from->adspec_view
					   : (struct wire_view){ 0 },
	};
}

static bool
put_event(struct buf_writer *w, const struct rapi_msg_event *head,
	const struct rsvp_local_event *event, bool with_adspec)
{
	uint8_t *start = rapi_msg_begin_event(w, head);

	for (size_t i = 0; i < event->item_count; i++) {
		const struct rapi_msg_item item =
			item_of(&event->items[i], with_adspec);

		rapi_msg_put_item(w, &item);
	}
	rapi_msg_end_event(w, start);
	return !w->failed;
}

void
api_server_event(struct api_server *api, const struct rsvp_local_event *event)
{
	struct buf_writer w = buf_writer(api->out, sizeof(api->out));
	struct api_session *s;

	HASH_FIND_BYHASHVALUE(by_id, api->sessions, &event->id,
		sizeof(event->id),
		hash_bytes(&api->key, &event->id, sizeof(event->id)), s);
	if (!s)
		return;

	struct rapi_msg_event head = { .handle = s->handle,
		.kind = (uint8_t)event->kind,
		.style = event->style,
		.error = event->error };
	struct api_out **slot = NULL;

	(void)text_copy(head.text, sizeof(head.text), event->reason); /* fits */
	/* Adspecs that do not fit into a datagram are left out: receivers of
	 * so many senders can still reserve Controlled-Load. */
	if (!put_event(&w, &head, event, true)) {
		w = buf_writer(api->out, sizeof(api->out));
		(void)put_event(&w, &head, event, false); /* checked in send */
	}
	if (event->kind == RSVP_PATH_EVENT)
		slot = &s->path_state;
	else if (event->kind == RSVP_RESV_EVENT)
		slot = &s->resv_state;
	api_client_send(s->client, &w, s, slot);
}

/* ---- life ---------------------------------------------------------------- */

struct api_server *
api_server_new(struct engine *engine)
{
	struct api_server *api = (struct api_server *)calloc(1, sizeof(*api));

	if (!api)
		return NULL;
	api->engine = engine;
	api->fd = -1;
	api->spare = -1;
	TAILQ_INIT(&api->clients);
	TAILQ_INIT(&api->line);
	api->reaper = loop_timer_add(engine->loop, reap, api);
	api->server = loop_timer_add(engine->loop, serve_line, api);
	if (!api->reaper || !api->server ||
		getrandom(&api->key, sizeof(api->key), 0) !=
			(ssize_t)sizeof(api->key)) {
		api_server_free(api);
		return NULL;
	}
	return api;
}

static void
close_listener(struct api_server *api)
{
	loop_fd_del(api->watch);
	api->watch = NULL;
	if (api->fd >= 0)
		(void)close(api->fd);
	if (api->spare >= 0)
		(void)close(api->spare);
	api->fd = -1;
	api->spare = -1;
}

/* The core and the kernel keep their state: we only stop talking. */
void
api_server_free(struct api_server *api)
{
	struct api_client *c;

	if (!api)
		return;
	while ((c = TAILQ_FIRST(&api->clients)))
		api_client_drop(c);
	close_listener(api);
	loop_timer_del(api->reaper);
	loop_timer_del(api->server);
	free(api);
}

static unsigned
wanted(const struct api_server *api)
{
	return api->engine->listening ? LOOP_READ : 0;
}

void
api_server_listen(struct api_server *api)
{
	if (api->watch)
		loop_fd_set(api->watch, wanted(api));
}

void
api_server_socket(struct api_server *api, int fd)
{
	close_listener(api);
	api->fd = fd;
	keep_spare(api);
	api->watch =
		loop_fd_add(api->engine->loop, fd, wanted(api), on_accept, api);
	if (!api->watch)
		log_err(LOG_API, "no memory to listen for applications");
}
