/* SPDX-License-Identifier: ISC */

/*
 * The control socket.  Each connection has one question at a time; its answer
 * is written a datagram a turn of the loop, so that a listing of any length
 * never holds signalling up, and a tool that does not read costs one buffer.
 */

#include "rsvpd/ctl_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "rsvpd/ctl_facts.h"
#include "rsvpd/ctl_int.h"
#include "rsvpd/daemon.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"

enum {
	CLIENTS_MAX = 32,
	BATCH = 60000,   /* octets of one datagram */
	QUESTION = 8192, /* at most, of a question */
	STUCK_MS = 10000 /* an answer that is not read */
};

uint8_t *
ctl_record(struct ctl_client *c, struct buf_writer *w)
{
	return msg_begin(w, CTL_RECORD, c->serial);
}

static bool
step_iface(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct rsvp_iface_info info;

	if (!rsvp_core_iface_after(
		    c->server->engine->core, (uint32_t)c->cursor, &info))
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_iface(w, &info);
	ctl_facts_udp(w, c->server->engine, info.conf.ifindex);
	ctl_facts_tc(w, c->server->engine, info.conf.ifindex);
	ctl_facts_drift(w, c->server->engine, info.conf.ifindex);
	ctl_facts_hidden(w, ctl_count_of_iface(c, info.conf.ifindex));
	msg_end(w, m);
	*ret_next = info.conf.ifindex;
	return true;
}

static size_t
at_most(size_t n)
{
	return n < CTL_PER_SESSION ? n : CTL_PER_SESSION;
}

static bool
step_session(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct ctl_server *s = c->server;
	struct ctl_part part;

	if (!ctl_part_find(s, c->cursor, &part))
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_session(w, &part.info.session);
	for (size_t i = 0; i < at_most(part.paths); i++) {
		uint8_t *nest = msg_nest(w, CTL_F_PATHS);

		ctl_facts_path(w, s->engine, &s->paths[i]);
		msg_nest_end(w, nest);
	}
	for (size_t i = 0; i < at_most(part.resvs); i++) {
		uint8_t *nest = msg_nest(w, CTL_F_RESVS);

		ctl_facts_resv(w, s->engine, &s->resvs[i], NULL);
		msg_nest_end(w, nest);
	}
	msg_end(w, m);
	part.at = part.paths + part.resvs;
	*ret_next = ctl_part_cursor(&part);
	return true;
}

/* A reservation of a session. */
static void
put_resv(
	struct ctl_client *c, struct buf_writer *w, const struct ctl_part *part)
{
	const struct rsvp_resv_info *resv;
	uint8_t *m;
	uint8_t *nest;

	if (part->at < part->paths)
		return;
	resv = &c->server->resvs[part->at - part->paths];
	m = ctl_record(c, w);
	nest = msg_nest(w, CTL_F_SESSION);
	ctl_facts_session(w, &part->info.session);
	msg_nest_end(w, nest);
	ctl_facts_resv(
		w, c->server->engine, resv, ctl_count_of(c, resv->flow_id));
	msg_end(w, m);
}

static bool
step_resv(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	return ctl_part_step(c, w, put_resv, ret_next);
}

/* A listing that goes on after a change of policy would be of two. */
static bool
is_one_generation(struct ctl_client *c, const struct policy *policy,
	struct policy_status *ret_status)
{
	policy_status(policy, ret_status);
	if (c->cursor == 0)
		c->generation = ret_status->generation;
	if (ret_status->generation == c->generation)
		return true;
	c->error = "the policy has changed meanwhile: ask again";
	return false;
}

static bool
step_policy(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy_client *client = c->server->engine->policy;
	const struct policy *policy = policy_client_policy(client);
	struct policy_rule_info rule;
	struct policy_status status;
	uint8_t *m;

	if (!is_one_generation(c, policy, &status))
		return false;
	if (c->cursor == 0) {
		m = ctl_record(c, w);
		ctl_facts_policy(w, &status, client, c->server->engine->rules);
	} else {
		if (!policy_rule_at(policy, (size_t)c->cursor - 1, &rule))
			return false;
		m = ctl_record(c, w);
		ctl_facts_rule(w, &rule);
	}
	msg_end(w, m);
	*ret_next = c->cursor + 1;
	return true;
}

static bool
step_data(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy *policy =
		policy_client_policy(c->server->engine->policy);
	struct policy_data_rule rule;
	struct policy_status status;
	uint8_t *m;

	if (!is_one_generation(c, policy, &status) ||
		!policy_data_at(policy, (size_t)c->cursor, time(NULL), &rule))
		return false;
	m = ctl_record(c, w);
	ctl_facts_data(w, &rule);
	msg_end(w, m);
	*ret_next = c->cursor + 1;
	return true;
}

static bool
step_counter(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct engine *engine = c->server->engine;
	const size_t at = (size_t)c->cursor;
	const char *name;
	const char *help;
	uint64_t value;

	if (at < STATS_COUNTER_COUNT) {
		name = stats_name((enum stats_counter)at);
		help = stats_help((enum stats_counter)at);
		value = engine->stats->count[at];
	} else if (at < (size_t)STATS_COUNTER_COUNT + RSVP_COUNTER_COUNT) {
		const enum rsvp_counter i =
			(enum rsvp_counter)(at - STATS_COUNTER_COUNT);

		name = rsvp_counter_name(i);
		help = rsvp_counter_help(i);
		value = rsvp_core_counter(engine->core, i);
	} else {
		return false;
	}

	uint8_t *m = ctl_record(c, w);

	ctl_put_text(w, CTL_F_NAME, name);
	ctl_put_text(w, CTL_F_HELP, help);
	ctl_put_number(w, CTL_F_VALUE, value);
	msg_end(w, m);
	*ret_next = c->cursor + 1;
	return true;
}

static bool
step_explain(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct rsvp_refusal refusal;

	if (!rsvp_core_refusal_before(
		    c->server->engine->core, c->cursor, &refusal))
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_refusal(w, c->server->engine, &refusal, loop_now());
	msg_end(w, m);
	*ret_next = refusal.serial;
	return true;
}

static bool
step_status(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	if (c->cursor > 0)
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_status(w, c->server->engine, loop_now());
	msg_end(w, m);
	*ret_next = 1;
	return true;
}

static bool
step_directory(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy_client *client = c->server->engine->policy;

	if (c->cursor > 0)
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_directory(w, policy_client_directory(client),
		policy_client_sources(client), (uint64_t)time(NULL));
	ctl_facts_held(w, client);
	msg_end(w, m);
	*ret_next = 1;
	return true;
}

static bool
step_rule(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct rules_info info;

	if (!rules_at(c->server->engine->rules, (size_t)c->cursor, &info))
		return false;

	uint8_t *m = ctl_record(c, w);

	ctl_facts_data_rule(w, &info);
	msg_end(w, m);
	*ret_next = c->cursor + 1;
	return true;
}

/* What a question lists. */
static ctl_step_fn *
step_of(uint16_t ask)
{
	static ctl_step_fn *const steps[] = {
		[CTL_ASK_INTERFACES] = step_iface,
		[CTL_ASK_SESSIONS] = step_session,
		[CTL_ASK_RESERVATIONS] = step_resv,
		[CTL_ASK_POLICY] = step_policy,
		[CTL_ASK_COUNTERS] = step_counter,
		[CTL_ASK_EXPLAIN] = step_explain,
		[CTL_ASK_STATUS] = step_status,
		[CTL_ASK_DIRECTORY] = step_directory,
		[CTL_ASK_DATA] = step_data,
		[CTL_ASK_RULES] = step_rule,
		[CTL_ASK_SNAPSHOT] = ctl_step_snapshot,
		[CTL_ASK_REQUESTS] = ctl_step_request,
		[CTL_ASK_LOAD] = ctl_step_answer,
		[CTL_ASK_CANDIDATE] = ctl_step_answer,
		[CTL_ASK_CANDIDATE_DIRECTORY] = ctl_step_answer,
		[CTL_ASK_ROLLBACK] = ctl_step_answer,
		[CTL_ASK_HISTORY] = ctl_step_history,
		[CTL_ASK_WHY] = ctl_step_why,
		[CTL_ASK_REFUSED] = ctl_step_refused,
	};

	return ask < sizeof(steps) / sizeof(steps[0]) ? steps[ask] : NULL;
}

static void
close_out_fd(struct ctl_client *c)
{
	if (c->out_fd >= 0)
		(void)close(c->out_fd); /* was only read, or sent */
	c->out_fd = -1;
}

static void
client_free(struct ctl_client *c)
{
	ctl_policy_drop(c);
	free(c->counters);
	free(c);
}

static bool
is_for_policyd(uint16_t ask)
{
	return ask >= CTL_ASK_LOAD && ask <= CTL_ASK_ROLLBACK;
}

/* Cut the connection; memory stays while a callback may still come. */
static void
client_close(struct ctl_client *c)
{
	TAILQ_REMOVE(&c->server->clients, c, entry);
	c->server->client_count--;
	loop_fd_del(c->watch);
	(void)close(c->fd); /* nothing to lose */
	close_out_fd(c);
	c->fd = -1;
	if (is_for_policyd(c->ask)) {
		policy_client_forget(c->server->engine->policy, c);
		c->counting = false;
	}
	if (!c->counting)
		client_free(c);
}

static void
put_end(struct ctl_client *c, struct buf_writer *w, const char *error)
{
	uint8_t *m = msg_begin(w, CTL_END, c->serial);

	if (error)
		ctl_put_text(w, CTL_F_ERROR, error);
	msg_end(w, m);
	c->ask = 0;
}

/* Fill one datagram with what comes next, or nothing when that takes too long
 * to find: of thousands of sessions none may be in the list. */
static void
fill(struct ctl_client *c)
{
	const struct mono end = mono_add_ms(loop_now(), LOOP_TURN_MS);
	ctl_step_fn *step = step_of(c->ask);
	struct buf_writer w = buf_writer(c->out, BATCH);

	while (c->ask != 0) {
		uint8_t *before = w.pos;
		uint64_t next = c->cursor;

		if (!step(c, &w, &next)) {
			w.end = c->out + sizeof(c->out);
			put_end(c, &w, c->error);
			break;
		}
		if (w.failed) {
			w.pos = before;
			w.failed = false;
			if (before != c->out)
				break; /* it goes into the next datagram */
			put_end(c, &w, "a record is larger than a message");
			break;
		}
		c->cursor = next;
		if (mono_reached(end, loop_now()))
			break;
	}
	c->out_len = buf_written(&w);
}

/* Send what is ready; false when the connection is gone. */
static bool
flush(struct ctl_client *c)
{
	if (c->out_len == 0)
		return true;

	const int rc = os_send(c->fd, c->out, c->out_len, c->out_fd);

	if (rc < 0) {
		if (rc == -EAGAIN || rc == -ENOBUFS)
			return true;
		client_close(c);
		return false;
	}
	close_out_fd(c);
	c->out_len = 0;
	c->moved_at = loop_now();
	return true;
}

static void
pump(struct ctl_client *c)
{
	if (c->out_len == 0 && c->ask != 0 && !c->counting)
		fill(c);
	if (!flush(c))
		return;

	const bool more = c->out_len > 0 || (c->ask != 0 && !c->counting);

	loop_fd_set(c->watch, more ? LOOP_WRITE : LOOP_READ);
}

/* What was waited for has come; the loop goes on, unless nobody listens any
 * more. */
void
ctl_resume(struct ctl_client *c)
{
	c->counting = false;
	if (c->fd < 0)
		client_free(c);
	else
		loop_fd_set(c->watch, LOOP_WRITE);
}

static bool
is_counted(uint16_t ask)
{
	return ask == CTL_ASK_RESERVATIONS || ask == CTL_ASK_INTERFACES ||
	       ask == CTL_ASK_RULES;
}

/* Goes on in ctl_resume(). */
static void
begin_order(struct ctl_client *c, const struct msg *m)
{
	struct buf_writer w = buf_writer(c->out, sizeof(c->out));
	const char *problem;

	c->counting = true;
	loop_fd_set(c->watch, 0);
	problem = ctl_policy_begin(c, m);
	if (!problem)
		return;
	c->counting = false;
	put_end(c, &w, problem);
	c->out_len = buf_written(&w);
	pump(c);
}

static void
begin(struct ctl_client *c, const struct msg *m)
{
	/* The list begins with who has not asked for longest. */
	TAILQ_REMOVE(&c->server->clients, c, entry);
	TAILQ_INSERT_TAIL(&c->server->clients, c, entry);
	c->moved_at = loop_now();
	c->ask = m->type;
	c->serial = m->serial;
	c->cursor = 0;
	c->counter_count = 0;
	c->error = NULL;
	ctl_policy_drop(c);
	if (m->version != MSG_VERSION || !step_of(m->type)) {
		struct buf_writer w = buf_writer(c->out, sizeof(c->out));

		put_end(c, &w,
			m->version != MSG_VERSION
				? "version of the question not supported"
				: "question not known to this daemon");
		c->out_len = buf_written(&w);
	}
	if (is_counted(c->ask)) {
		c->counting = true;
		loop_fd_set(c->watch, 0);
		if (ctl_count_begin(c))
			return; /* goes on in ctl_resume() */
		c->counting = false;
		c->error = "counters are missing: no memory";
	}
	if (is_for_policyd(c->ask)) {
		begin_order(c, m);
		return;
	}
	if (c->ask == CTL_ASK_WHY)
		c->error = ctl_why_begin(c, m);
	pump(c);
}

static void
client_ready(void *arg, int fd, unsigned ready)
{
	struct ctl_client *c = (struct ctl_client *)arg;
	uint8_t bytes[QUESTION];

	if ((ready & LOOP_WRITE) != 0) {
		pump(c);
		return;
	}

	const ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;

	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	struct msg m;

	if (n <= 0 || !msg_next(&r, &m)) {
		client_close(c);
		return;
	}
	begin(c, &m);
}

/* It wants nothing, or does not read what it wanted. */
static bool
may_give_way(const struct ctl_client *c)
{
	if (c->ask == 0 && c->out_len == 0)
		return true;
	return !c->counting &&
	       mono_ms_between(c->moved_at, loop_now()) >= STUCK_MS;
}

/* Room for one more, if need be at the cost of who has been idle longest. */
static bool
make_room(struct ctl_server *s)
{
	struct ctl_client *c;

	if (s->client_count < CLIENTS_MAX)
		return true;
	TAILQ_FOREACH (c, &s->clients, entry) {
		if (!may_give_way(c))
			continue;
		log_remote(LOG_CTL,
			"control: an idle connection gives way (%d are open)",
			CLIENTS_MAX);
		client_close(c);
		return true;
	}
	return false;
}

static void
accept_ready(void *arg, int fd, unsigned ready)
{
	struct ctl_server *s = (struct ctl_server *)arg;
	const int client_fd =
		accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready; /* only reading is watched */
	if (client_fd < 0)
		return;

	struct ctl_client *c =
		make_room(s) ? (struct ctl_client *)calloc(1, sizeof(*c))
			     : NULL;

	if (c)
		c->watch = loop_fd_add(
			s->engine->loop, client_fd, LOOP_READ, client_ready, c);
	if (!c || !c->watch) {
		log_remote(LOG_CTL,
			"control: connection refused (%zu of %d open)",
			s->client_count, CLIENTS_MAX);
		free(c);
		(void)close(client_fd);
		return;
	}
	c->server = s;
	c->fd = client_fd;
	c->out_fd = -1;
	c->moved_at = loop_now();
	TAILQ_INSERT_TAIL(&s->clients, c, entry);
	s->client_count++;
	s->engine->stats->count[STATS_CTL_CLIENTS]++;
}

struct ctl_server *
ctl_server_new(struct engine *engine)
{
	struct ctl_server *s = (struct ctl_server *)calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->engine = engine;
	s->fd = -1;
	TAILQ_INIT(&s->clients);
	return s;
}

void
ctl_server_free(struct ctl_server *ctl)
{
	struct ctl_client *c;
	struct ctl_client *next;

	if (!ctl)
		return;
	TAILQ_FOREACH_SAFE (c, &ctl->clients, entry, next)
		client_close(c);
	loop_fd_del(ctl->watch);
	if (ctl->fd >= 0)
		(void)close(ctl->fd);
	free(ctl->paths);
	free(ctl->resvs);
	free(ctl);
}

void
ctl_server_socket(struct ctl_server *ctl, int fd)
{
	loop_fd_del(ctl->watch);
	if (ctl->fd >= 0)
		(void)close(ctl->fd);
	ctl->fd = fd;
	ctl->watch = loop_fd_add(
		ctl->engine->loop, fd, LOOP_READ, accept_ready, ctl);
	if (!ctl->watch)
		log_err(LOG_CTL, "control: no memory to listen");
}
