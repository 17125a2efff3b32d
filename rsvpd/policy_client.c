/* SPDX-License-Identifier: ISC */

/*
 * Policy in the engine: snapshots from policyd are checked, indexed in slices
 * between packets, and switched; the core's questions are translated.
 *
 * A snapshot is a memory descriptor.  It must be sealed, or policyd (which
 * reads what a directory sends) could change or shorten it under us.
 */

#include "rsvpd/policy_client.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/msg.h"
#include "base/os.h"
#include "rsvpd/api_server.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/rules.h"

enum {
	LOOK_S = 60, /* a clock that is set is seen so soon */
	SLICE = 500, /* rules looked at in one turn of the loop */
	SOURCES_MAX = 1024,
	PROBLEM_MAX = 300,
	DATAGRAM_MAX = 8192,
	SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
};

/* A snapshot on its way into force. */
struct snapshot {
	uint64_t generation;
	void *bytes; /* mapped; NULL: none */
	size_t len;
	struct policy_load *load;
	int fd; /* the same memory; -1: none */
};

struct policy_client {
	struct engine *engine;
	int fd; /* owned; -1: none */
	struct loop_fd *watch;
	struct loop_timer *slice;
	struct loop_timer *boundary; /* when a verdict may become another */
	int64_t boundary_s;          /* by the wall clock; INT64_MAX: never */
	struct policy *policy;
	struct snapshot snapshot;
	int in_force_fd;     /* memory of the rules in force; -1: none */
	uint64_t generation; /* of them; 0: none */
	char sources[SOURCES_MAX];
	struct policy_client_file file;
	struct policy_directory directory;
	struct policy_history history;
	uint64_t release; /* of the generation entries, as policyd last said */
	struct policy_orders *orders;
};

/* What a message of policyd holds. */
struct offer {
	uint64_t generation;
	uint64_t size;
	char text[SOURCES_MAX];
	struct policy_client_file file;
	struct policy_directory directory;
	struct policy_history history;
	uint64_t release;
};

/* ---- answers to policyd -------------------------------------------------- */

static void
hang_up(struct policy_client *client)
{
	loop_fd_del(client->watch);
	client->watch = NULL;
	if (client->fd >= 0)
		(void)close(client->fd); /* policyd sends all again */
	client->fd = -1;
	if (client->orders)
		policy_orders_fail(client->orders,
			"policyd has ended; look at policy show for what is "
			"in force");
}

static void
lose(struct policy_client *client, const char *why)
{
	log_warn(LOG_POLICY,
		"policyd: connection lost (%s), the rules stay in force", why);
	hang_up(client);
}

/* problem "": in force. */
static void
answer(struct policy_client *client, uint64_t generation, const char *problem)
{
	uint8_t bytes[PROBLEM_MAX + 64];
	char text[PROBLEM_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start;

	if (client->fd < 0)
		return;
	(void)text_copy(text, sizeof(text), problem); /* cut is fine */
	start = msg_begin(&w, POLICY_MSG_LOADED, 0);
	msg_put_u64(&w, POLICY_ATTR_GENERATION, generation);
	msg_put_text(&w, POLICY_ATTR_TEXT, text);
	msg_end(&w, start);
	if (send(client->fd, bytes, buf_written(&w),
		    MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_warn(LOG_POLICY, "policyd: not answered: %s",
			strerror(errno));
}

/* What is in force instead. */
static void
put_stays(const struct policy_client *client, struct text *t)
{
	if (client->generation != 0)
		text_printf(t, "generation %" PRIu64 " stays in force",
			client->generation);
	else
		text_add(t, "nothing was in force before it");
}

/* The one line about it: policyd, which is told, logs none. */
static void
refuse(struct policy_client *client, uint64_t generation, uint64_t size,
	const char *problem)
{
	char buf[64];
	struct text stays = text_over(buf, sizeof(buf));

	put_stays(client, &stays);
	client->engine->stats->count[STATS_POLICY_BAD]++;
	log_err(LOG_POLICY,
		"generation %" PRIu64 " from policyd, %" PRIu64
		" octets: refused (%s), %s; restart rsvpd if it and policyd "
		"are of two releases, or load a smaller policy (at most %d "
		"octets, and what memory there is)",
		generation, size, problem, buf, POLICY_SNAPSHOT_MAX);
	answer(client, generation, problem);
	policy_orders_loaded(client->orders, generation, problem);
}

/* ---- loading ------------------------------------------------------------- */

static void
close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* of memory: nothing to lose */
}

static void
unmap(struct snapshot *snapshot)
{
	if (snapshot->bytes)
		(void)munmap(snapshot->bytes, snapshot->len); /* our mapping */
	close_fd(snapshot->fd);
	*snapshot = (struct snapshot){ .fd = -1 };
}

static void
drop_load(struct policy_client *client)
{
	policy_load_drop(client->snapshot.load);
	unmap(&client->snapshot);
}

/* ---- times that begin and end -------------------------------------------- */

/* Wake at that moment of the wall clock, or earlier to see whether somebody
 * has set it. */
static void
wake_at(struct policy_client *client, int64_t at_s, int64_t now_s)
{
	int64_t wait_s = at_s - now_s;

	client->boundary_s = at_s;
	if (at_s == INT64_MAX)
		return;
	if (wait_s > LOOK_S)
		wait_s = LOOK_S;
	loop_timer_set(client->boundary,
		mono_add_ms(loop_now(), wait_s > 0 ? wait_s * 1000 : 0));
}

static void
judge_again(struct policy_client *client)
{
	struct engine *engine = client->engine;
	int64_t now_s = (int64_t)time(NULL);

	rsvp_core_policy_changed(engine->core, loop_now());
	effect_run(engine);
	rules_replan(engine->rules);
	marks_policy(engine->marks);
	wake_at(client, policy_next_change(client->policy, now_s), now_s);
}

static void
on_boundary(void *arg)
{
	struct policy_client *client = (struct policy_client *)arg;
	int64_t now_s = (int64_t)time(NULL);

	if (now_s < client->boundary_s) {
		wake_at(client, policy_next_change(client->policy, now_s),
			now_s);
		return;
	}
	log_info(LOG_POLICY, "a time of the policy begins or ends");
	judge_again(client);
}

static void
put_in_force(struct policy_client *client)
{
	struct engine *engine = client->engine;
	uint64_t generation = client->snapshot.generation;
	struct policy_status status;

	policy_load_switch(client->policy, client->snapshot.load);
	close_fd(client->in_force_fd);
	client->in_force_fd = client->snapshot.fd;
	client->generation = generation;
	client->snapshot.fd = -1;
	unmap(&client->snapshot);
	engine->stats->count[STATS_POLICY_LOADS]++;
	policy_status(client->policy, &status);
	log_info(LOG_POLICY, "generation %" PRIu64 ": in force, %zu rules (%s)",
		generation, status.rules, status.source);
	answer(client, generation, "");
	judge_again(client);
	engine_open(engine);
	loop_timer_set(client->slice, loop_now()); /* what was before goes */
	policy_orders_loaded(client->orders, generation, "");
}

static void
load_slice(void *arg)
{
	struct policy_client *client = (struct policy_client *)arg;
	struct snapshot *snapshot = &client->snapshot;

	if (policy_tidy(client->policy, SLICE)) {
		loop_timer_set(client->slice, loop_now());
		return;
	}
	if (!snapshot->load)
		return;
	switch (policy_load_step(snapshot->load, SLICE)) {
	case POLICY_LOAD_MORE:
		loop_timer_set(client->slice, loop_now());
		break;
	case POLICY_LOAD_READY:
		put_in_force(client);
		break;
	case POLICY_LOAD_REFUSED:
		refuse(client, snapshot->generation, snapshot->len,
			policy_load_problem(snapshot->load));
		drop_load(client);
		break;
	}
}

/* Why the descriptor is no snapshot, or NULL. */
static const char *
check_descriptor(int fd, uint64_t size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0)
		return "its descriptor is not a memory file";
	if ((seals & SEALS) != SEALS)
		return "its memory is not sealed";
	if (fstat(fd, &st) < 0)
		return "its size cannot be had";
	if (size == 0 || size > POLICY_SNAPSHOT_MAX)
		return "its size is out of range";
	if (st.st_size < 0 || (uint64_t)st.st_size != size)
		return "its size is not the stated one";
	return NULL;
}

static const char *
begin_load(struct policy_client *client, int fd, const struct offer *offer)
{
	const char *problem = check_descriptor(fd, offer->size);
	struct snapshot next = { .generation = offer->generation, .fd = -1 };
	void *bytes;

	if (problem)
		return problem;
	bytes = mmap(NULL, (size_t)offer->size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return "it cannot be mapped";
	next.bytes = bytes;
	next.len = (size_t)offer->size;
	next.load = policy_load_begin(alloc_heap(), next.bytes, next.len);
	if (!next.load) {
		unmap(&next);
		return "no memory";
	}
	/* For tools that look at it; without one they cannot. */
	next.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (client->snapshot.load) {
		answer(client, client->snapshot.generation,
			"replaced by a newer one while it was loaded");
		policy_orders_replaced(client->orders,
			client->snapshot.generation, next.generation);
		drop_load(client);
	}
	client->snapshot = next;
	loop_timer_set(client->slice, loop_now());
	return NULL;
}

/* ---- messages from policyd ----------------------------------------------- */

/* Of the directory; what a later version adds is left out. */
static void
read_directory(struct msg_attr *a, struct policy_directory *d)
{
	uint64_t *const numbers[] = {
		[POLICY_ATTR_ENTRIES] = &d->entries,
		[POLICY_ATTR_SKIPPED] = &d->skipped,
		[POLICY_ATTR_COOKIE_TIME] = &d->cookie_s,
		[POLICY_ATTR_CHANGE_TIME] = &d->change_s,
		[POLICY_ATTR_ANSWER_TIME] = &d->answer_s,
		[POLICY_ATTR_CACHE_TIME] = &d->cache_s,
		[POLICY_ATTR_RETRY_TIME] = &d->retry_s,
	};

	if (a->type == POLICY_ATTR_SERVER)
		msg_get_text(a, d->server, sizeof(d->server));
	else if (a->type == POLICY_ATTR_MODE)
		msg_get_text(a, d->mode, sizeof(d->mode));
	else if (a->type == POLICY_ATTR_CONNECTED)
		d->connected = msg_get_u8(a) != 0;
	else if (a->type == POLICY_ATTR_WAITING)
		d->waiting = msg_get_u8(a) != 0;
	else if (a->type < sizeof(numbers) / sizeof(numbers[0]) &&
		 numbers[a->type])
		*numbers[a->type] = msg_get_u64(a);
	else
		return;
	d->known = true;
}

/* One more of those that are kept; more than there is room for are left out. */
static void
read_kept(struct msg_attr *kept, struct policy_history *history)
{
	struct policy_kept one = { 0 };
	struct msg_attr a;

	while (msg_attr_next(&kept->body, &a)) {
		if (a.type == POLICY_ATTR_GENERATION)
			one.generation = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_MADE_TIME)
			one.made_s = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_RULES)
			one.rules = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_TEXT)
			msg_get_text(&a, one.source, sizeof(one.source));
		if (a.body.failed)
			kept->body.failed = true;
	}
	if (history->count < POLICY_KEPT_MAX)
		history->kept[history->count++] = one;
}

static bool
read_offer(const struct msg *m, struct offer *ret_offer)
{
	struct buf_reader r = m->body;
	struct msg_attr a;
	bool ok = true;

	memset(ret_offer, 0, sizeof(*ret_offer));
	while (ok && msg_attr_next(&r, &a)) {
		switch (a.type) {
		case POLICY_ATTR_GENERATION:
			ret_offer->generation = msg_get_u64(&a);
			break;
		case POLICY_ATTR_SIZE:
			ret_offer->size = msg_get_u64(&a);
			break;
		case POLICY_ATTR_TEXT:
			msg_get_text(
				&a, ret_offer->text, sizeof(ret_offer->text));
			break;
		case POLICY_ATTR_FILE_DIGEST:
			ret_offer->file.digest = msg_get_u64(&a);
			break;
		case POLICY_ATTR_FILE_GENERATION:
			ret_offer->file.generation = msg_get_u64(&a);
			break;
		case POLICY_ATTR_FILE_PROBLEM:
			msg_get_text(&a, ret_offer->file.problem,
				sizeof(ret_offer->file.problem));
			break;
		case POLICY_ATTR_HELD:
			ret_offer->history.held = msg_get_u64(&a);
			break;
		case POLICY_ATTR_HELD_TIME:
			ret_offer->history.held_s = msg_get_u64(&a);
			break;
		case POLICY_ATTR_RELEASE:
			ret_offer->release = msg_get_u64(&a);
			break;
		case POLICY_ATTR_KEPT:
			read_kept(&a, &ret_offer->history);
			break;
		default:
			read_directory(&a, &ret_offer->directory);
			break;
		}
		ok = !a.body.failed;
	}
	return ok && !r.failed;
}

static void
take_snapshot(struct policy_client *client, int fd, const struct offer *offer)
{
	const char *problem = fd < 0 ? "it came without a descriptor"
				     : begin_load(client, fd, offer);

	if (problem)
		refuse(client, offer->generation, offer->size, problem);
}

/* False when it makes no sense.  fd: what came with the datagram, or -1. */
static bool
take_message(struct policy_client *client, const struct msg *m, int fd)
{
	struct offer offer;

	if (m->version != MSG_VERSION)
		return false;
	if (m->type == POLICY_MSG_DONE)
		return policy_orders_answered(client->orders, m, fd,
			client->snapshot.load ? client->snapshot.generation
					      : 0);
	if (!read_offer(m, &offer))
		return false;
	switch (m->type) {
	case POLICY_MSG_SNAPSHOT:
		take_snapshot(client, fd, &offer);
		return true;
	case POLICY_MSG_STATUS:
		memcpy(client->sources, offer.text, sizeof(client->sources));
		client->file = offer.file;
		client->directory = offer.directory;
		client->history = offer.history;
		client->release = offer.release;
		return true;
	default:
		return false;
	}
}

static void
take_datagram(struct policy_client *client, struct buf_reader r, int fd)
{
	struct msg m;

	while (msg_next(&r, &m)) {
		if (!take_message(client, &m, fd)) {
			lose(client, "a message that makes no sense");
			return;
		}
		/* It was for the first snapshot of the datagram. */
		if (m.type == POLICY_MSG_SNAPSHOT)
			fd = -1;
	}
	if (r.failed)
		lose(client, "a malformed message");
}

/* The first descriptor that came; any other is closed.  -1: none. */
static int
take_descriptor(struct msghdr *m)
{
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len;
			at += sizeof(int)) {
			int fd;

			memcpy(&fd, (const uint8_t *)c + at, sizeof(fd));
			if (first < 0)
				first = fd;
			else
				(void)close(fd); /* never used */
		}
	}
	return first;
}

static void
receive(void *arg, int socket, unsigned ready)
{
	struct policy_client *client = (struct policy_client *)arg;
	uint8_t bytes[DATAGRAM_MAX];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd;

	(void)ready;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0) {
		lose(client, strerror(errno));
		return;
	}
	fd = take_descriptor(&m);
	if (len == 0)
		lose(client, "it has gone");
	else if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		lose(client, "a message that is too long");
	else
		take_datagram(client, buf_reader(bytes, (size_t)len), fd);
	if (fd >= 0)
		(void)close(fd); /* a mapping keeps the memory */
}

/* ---- questions of the core ----------------------------------------------- */

/* What is granted in the place of what was asked for. */
static struct wire_flowspec
granted_of(
	const struct wire_flowspec *asked, const struct policy_verdict *verdict)
{
	struct wire_flowspec granted = *asked;
	struct wire_tspec *tspec = &granted.tspec;

	if (verdict->service == POLICY_SERVICE_CL) {
		granted.service = WIRE_SERVICE_CL;
		granted.R = 0;
		granted.S = 0;
	}
	tspec->r = fminf(tspec->r, (float)verdict->rate_Bps);
	tspec->b = fminf(tspec->b, (float)verdict->bucket_bytes);
	if (verdict->peak_Bps != 0)
		tspec->p = fminf(tspec->p, (float)verdict->peak_Bps);
	if (verdict->max_packet < tspec->M)
		tspec->M = verdict->max_packet;
	if (tspec->m > tspec->M)
		tspec->m = tspec->M;
	return granted;
}

static void
fill_answer(const struct rsvp_policy_query *query,
	const struct policy_verdict *verdict, struct rsvp_policy_answer *ret)
{
	static const enum rsvp_policy_end ends[] = { [POLICY_KEEP] =
							     RSVP_POLICY_KEEP,
		[POLICY_RENEGOTIATE] = RSVP_POLICY_TELL,
		[POLICY_TEAR] = RSVP_POLICY_TEAR };

	*ret = (struct rsvp_policy_answer){ .allowed = verdict->allowed,
		.value = verdict->value,
		.claim = verdict->claim,
		.preemption = verdict->preemption,
		.defending = verdict->defending,
		.lowered = verdict->lowered,
		.bounds_slack =
			verdict->max_slack_us<UINT32_MAX,
				.max_slack_us = (uint32_t)verdict->max_slack_us,
				.ends = ends[verdict->change],
				.grace_ms = verdict->grace_s>
						UINT32_MAX /
					1000
				? UINT32_MAX
				: verdict->grace_s * 1000 };
	if (verdict->lowered)
		ret->granted = granted_of(&query->flowspec, verdict);
	(void)text_copy(ret->rule, sizeof(ret->rule), verdict->rule);
	(void)text_copy(ret->reason, sizeof(ret->reason), verdict->reason);
}

void
policy_client_ask(struct policy_client *client,
	const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret_answer)
{
	const struct policy_request request =
		policy_client_request(client->engine, query);
	struct policy_verdict verdict;

	policy_decide(client->policy, &request, query->claim, &verdict);
	fill_answer(query, &verdict, ret_answer);
	if (verdict.soft[0] != '\0')
		log_remote(LOG_POLICY, "soft limit: %s", verdict.soft);
	if (verdict.allowed && verdict.until_unix_s < client->boundary_s)
		wake_at(client, verdict.until_unix_s, request.now_unix_s);
}

void
policy_client_end(struct policy_client *client, uint32_t claim)
{
	policy_end(client->policy, claim);
}

/* ---- interface ----------------------------------------------------------- */

struct policy_client *
policy_client_new(struct engine *engine)
{
	struct policy_client *client =
		(struct policy_client *)calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->engine = engine;
	client->fd = -1;
	client->in_force_fd = -1;
	client->snapshot.fd = -1;
	client->boundary_s = INT64_MAX;
	client->slice = loop_timer_add(engine->loop, load_slice, client);
	client->boundary = loop_timer_add(engine->loop, on_boundary, client);
	client->policy = policy_new(alloc_heap());
	client->orders = policy_orders_new(engine);
	if (client->slice && client->boundary && client->policy &&
		client->orders)
		return client;
	policy_client_free(client);
	return NULL;
}

void
policy_client_free(struct policy_client *client)
{
	if (!client)
		return;
	hang_up(client);
	loop_timer_del(client->slice);
	loop_timer_del(client->boundary);
	drop_load(client);
	close_fd(client->in_force_fd);
	policy_orders_free(client->orders);
	policy_free(client->policy);
	free(client);
}

/*
 * What is in force, or on its way there, goes on being so under a new policyd,
 * whose cache may be older: it begins with ours.  What the one before it last
 * said of a rollback and of its directory goes with it.
 */
static void
greet(struct policy_client *client)
{
	const struct snapshot *next = &client->snapshot;
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_IN_FORCE, 0);
	int rc;

	msg_put_u64(&w, POLICY_ATTR_GENERATION,
		next->load ? next->generation : client->generation);
	msg_put_u64(&w, POLICY_ATTR_HELD, client->history.held);
	msg_put_u64(&w, POLICY_ATTR_HELD_TIME, client->history.held_s);
	msg_put_u64(&w, POLICY_ATTR_ANSWER_TIME, client->directory.answer_s);
	msg_put_u64(&w, POLICY_ATTR_RELEASE, client->release);
	msg_end(&w, start);
	rc = os_send(client->fd, w.start, buf_written(&w),
		next->load ? next->fd : client->in_force_fd);
	if (rc < 0)
		log_warn(LOG_POLICY, "policyd: not told what is in force (%s)",
			strerror(-rc));
}

void
policy_client_socket(struct policy_client *client, int fd)
{
	hang_up(client);
	client->fd = fd;
	greet(client);
	client->watch = loop_fd_add(
		client->engine->loop, fd, LOOP_READ, receive, client);
	if (!client->watch)
		lose(client, "no memory to watch it");
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	return client->policy;
}

const char *
policy_client_sources(const struct policy_client *client)
{
	return client->sources;
}

const struct policy_client_file *
policy_client_file(const struct policy_client *client)
{
	return &client->file;
}

const struct policy_directory *
policy_client_directory(const struct policy_client *client)
{
	return &client->directory;
}

int
policy_client_snapshot(const struct policy_client *client)
{
	return client->in_force_fd;
}

bool
policy_client_order(struct policy_client *client,
	const struct policy_wish *wish, const char **ret_why)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	*ret_why = "policyd does not run at this moment";
	if (client->fd < 0)
		return false;
	*ret_why = "too many commands wait for policyd";
	if (!policy_orders_add(client->orders, wish, &w))
		return false;
	if (send(client->fd, bytes, buf_written(&w),
		    MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	*ret_why = "policyd does not listen";
	policy_orders_drop(client->orders);
	return false;
}

void
policy_client_forget(struct policy_client *client, const void *arg)
{
	policy_orders_forget(client->orders, arg);
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	return &client->history;
}
