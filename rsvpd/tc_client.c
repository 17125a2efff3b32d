/* SPDX-License-Identifier: ISC */

/*
 * The conversation with tcctl serve.  Requests are numbered here and remembered
 * until they are answered; what is asked within one turn of the loop travels in
 * one datagram.  When the connection is lost the open requests are forgotten:
 * the core knows what it wants and asks again once the next tcctl is ready.
 */

#include "rsvpd/tc_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/tc_flow.h"
#include "rsvpd/tc_managed.h"
#include "rsvpd/tc_queue.h"
#include "rsvpd/tc_write.h"

enum request_kind {
	REQUEST_IFACE,
	REQUEST_IFACE_OFF,
	REQUEST_FLOW,
	REQUEST_COUNTERS,
	REQUEST_RULES,
	REQUEST_RULE_COUNTERS,
	REQUEST_FLOW_MARK
};

struct request {
	UT_hash_handle hh;
	uint32_t serial; /* ours */
	enum request_kind kind;
	uint32_t id; /* FLOW: the core's serial; IFACE: the ifindex */
	tc_client_counter_fn *tell;
	tc_client_rule_counter_fn *rule_tell;
	tc_client_rules_fn *rules_done;
	void *arg;
	bool ends; /* REQUEST_FLOW: its last counters come before the answer */
	uint8_t classifier; /* IFACE: that was asked for */
	uint32_t gso_segs;  /* as above */
};

enum { RETRY_MS = 2000 };

struct tc_client {
	struct engine *engine;
	int fd; /* owned; -1: none */
	struct loop_fd *watch;
	struct loop_timer *flush; /* at the end of this turn of the loop */
	struct loop_timer *retry; /* of interfaces that are not managed */
	struct tc_queue queue;
	struct request *requests;
	struct tc_managed *ifaces;
	struct tc_managed *leaving; /* given back, and no tcctl said yet */
	uint32_t serial;
	bool unmarked; /* the last mark was refused */
	tc_client_ready_fn *ready;
	void *ready_arg;
	uint8_t in[MSG_DATAGRAM_MAX];
};

/* ---- requests ------------------------------------------------------------ */

static struct request *
find_request(struct tc_client *tc, uint32_t serial)
{
	struct request *request;

	HASH_FIND(hh, tc->requests, &serial, sizeof(serial), request);
	return request;
}

static void
forget_request(struct tc_client *tc, struct request *request)
{
	HASH_DEL(tc->requests, request);
	free(request);
}

/* Not 0 (that is for what nobody asked), and not in use. */
static uint32_t
next_serial(struct tc_client *tc)
{
	do
		tc->serial++;
	while (tc->serial == 0 || find_request(tc, tc->serial));
	return tc->serial;
}

/* Queue it under its serial and remember it.  0 or a negative errno. */
static int
ask_under(struct tc_client *tc, struct request what, tc_queue_put_fn *put,
	const void *message)
{
	struct request *request;
	int error;

	if (tc->fd < 0)
		return -ENOTCONN;
	request = (struct request *)calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	*request = what;
	HASH_ADD(hh, tc->requests, serial, sizeof(request->serial), request);
	if (!hash_added(request->hh)) {
		free(request);
		return -ENOMEM;
	}
	error = tc_queue_add(&tc->queue, put, request->serial, message);
	if (error < 0) {
		forget_request(tc, request);
		return error;
	}
	loop_timer_set(tc->flush, loop_now());
	return 0;
}

/* The same under the next serial. */
static int
ask(struct tc_client *tc, struct request what, tc_queue_put_fn *put,
	const void *message)
{
	what.serial = next_serial(tc);
	return ask_under(tc, what, put, message);
}

/* ---- connection ---------------------------------------------------------- */

/* Whoever waits for counters learns that none will come. */
static void
forget_requests(struct tc_client *tc)
{
	struct request *request, *next;

	/* None is left in the table: telling may ask again. */
	hash_dissolve(hh, tc->requests, request);
	for (; request; request = next) {
		next = (struct request *)request->hh.next;
		if (request->kind == REQUEST_COUNTERS)
			request->tell(request->arg, NULL);
		if (request->kind == REQUEST_RULE_COUNTERS)
			request->rule_tell(request->arg, NULL);
		if (request->kind == REQUEST_RULES)
			request->rules_done(request->arg, request->id, NULL);
		free(request);
	}
}

static void
hang_up(struct tc_client *tc)
{
	loop_fd_del(tc->watch);
	tc->watch = NULL;
	if (tc->fd >= 0)
		(void)close(tc->fd); /* what it did not take is asked again */
	tc->fd = -1;
	tc_queue_clear(&tc->queue);
	forget_requests(tc);
}

static void
tell_ready(struct tc_client *tc, uint32_t ifindex, enum tc_client_state state)
{
	if (tc->ready)
		tc->ready(tc->ready_arg, ifindex, state);
}

static void
lose(struct tc_client *tc, const char *why)
{
	log_warn(LOG_TC, "tcctl: connection lost (%s)", why);
	hang_up(tc);
	tell_ready(tc, 0, TC_CLIENT_AWAY);
	rsvp_core_tc_lost(tc->engine->core, loop_now());
	effect_run(tc->engine);
}

static void
flush(void *arg)
{
	struct tc_client *tc = (struct tc_client *)arg;
	int error;

	if (tc->fd < 0)
		return;
	error = tc_queue_send(&tc->queue, tc->fd);
	if (error == 0)
		loop_fd_set(tc->watch, LOOP_READ);
	else if (error == -EAGAIN)
		loop_fd_set(tc->watch, LOOP_READ | LOOP_WRITE);
	else
		lose(tc, strerror(-error));
}

/* ---- answers ------------------------------------------------------------- */

static void
set_failed(struct tc_client *tc, struct tc_managed *m, bool failed)
{
	m->failed = failed;
	if (failed)
		loop_timer_set(tc->retry, mono_add_ms(loop_now(), RETRY_MS));
}

static void
announce(struct tc_client *tc, const struct tc_iface *iface)
{
	const struct request request = { .kind = REQUEST_IFACE,
		.id = iface->ifindex,
		.classifier = iface->classifier,
		.gso_segs = iface->gso_segs };
	int error = ask(tc, request, tc_write_iface, iface);

	/* Not connected: it is announced to the next one. */
	if (error < 0 && error != -ENOTCONN)
		log_err(LOG_TC, "%s: not announced to tcctl (%s)", iface->name,
			strerror(-error));
}

/* What is treated as one packet there is as it is now. */
static void
set_gso(struct tc_client *tc, struct tc_managed *m, uint32_t segs)
{
	if (segs != 0 || m->gso_segs != 0 || m->iface.gro_octets != 0)
		net_link_read_again(tc->engine->link);
	m->gso_segs = segs;
}

/* The answer is the last word on it. */
static void
settle(struct tc_client *tc, struct tc_managed *m, const struct tc_done *done)
{
	if (done->error != 0 && !m->failed) /* said once */
		log_warn(LOG_TC, "%s: cannot be managed (%s: %s)",
			m->iface.name, strerror(done->error), done->text);
	if (done->error == 0)
		log_info(LOG_TC, "%s: ready", m->iface.name);
	set_failed(tc, m, done->error != 0);
	m->answered = true;
	rsvp_core_tc_ready(tc->engine->core, loop_now(), m->ifindex,
		done->error, done->text);
	tell_ready(tc, m->ifindex,
		done->error == 0 ? TC_CLIENT_READY : TC_CLIENT_AWAY);
	engine_adopted(tc->engine);
}

static void
iface_done(struct tc_client *tc, const struct request *request,
	const struct tc_done *done)
{
	struct tc_managed *m = tc_managed_find(tc->ifaces, request->id);

	if (!m)
		return; /* given up in the meantime */
	switch (tc_managed_answer(m, request->classifier, done)) {
	case TC_MANAGED_SETTLED:
		set_gso(tc, m, done->error == 0 ? request->gso_segs : 0);
		settle(tc, m, done);
		break;
	case TC_MANAGED_AGAIN:
		log_err(LOG_TC,
			"%s: the classifier stays as it is, and so do the "
			"reservations (%s)",
			m->iface.name, m->refused);
		announce(tc, &m->iface);
		break;
	case TC_MANAGED_STALE:
		break;
	}
}

/* What is installed there is not any more, and may not be again: somebody else
 * wants the interface otherwise. */
static bool
take_lost(struct tc_client *tc, const struct msg *m)
{
	struct tc_lost lost;
	struct tc_managed *iface;

	if (!tc_get_lost(m, &lost))
		return false;
	iface = tc_managed_find(tc->ifaces, lost.ifindex);
	if (!iface)
		return true; /* given up in the meantime */
	log_err(LOG_TC, "%s: not managed any more (%s)", iface->iface.name,
		lost.text);
	set_failed(tc, iface, true);
	set_gso(tc, iface, 0);
	iface->in_force = false;
	rsvp_core_tc_ready(
		tc->engine->core, loop_now(), lost.ifindex, EBUSY, lost.text);
	tell_ready(tc, lost.ifindex, TC_CLIENT_AWAY);
	return true;
}

static void
forget_leaving(struct tc_client *tc, uint32_t ifindex)
{
	struct tc_managed *m = tc_managed_find(tc->leaving, ifindex);

	if (m)
		tc_managed_drop(&tc->leaving, m);
}

static void
iface_off_done(
	struct tc_client *tc, uint32_t ifindex, const struct tc_done *done)
{
	forget_leaving(tc, ifindex);
	/* ENODEV: it left before we could. */
	if (done->error != 0 && done->error != ENODEV)
		log_warn(LOG_TC, "interface %u: not given back (%s: %s)",
			ifindex, strerror(done->error), done->text);
}

static void
flow_done(struct tc_client *tc, uint32_t serial, const struct tc_done *done)
{
	const struct rsvp_installed result = {
		.serial = serial, .error = done->error, .text = done->text
	};

	if (done->error != 0)
		tc->engine->stats->count[STATS_TC_REFUSED]++;
	rsvp_core_installed(tc->engine->core, loop_now(), &result);
}

/* A flow that has gone meanwhile needs no mark. */
static void
mark_done(struct tc_client *tc, uint32_t flow_id, const struct tc_done *done)
{
	bool bad = done->error != 0 && done->error != ENOENT &&
		   done->error != ENODEV;

	if (bad && !tc->unmarked) /* said once */
		log_warn(LOG_TC, "a reservation is not marked (%s: %s)",
			strerror(done->error), done->text);
	tc->unmarked = bad;
	marks_done(tc->engine->marks, flow_id, done->error);
}

static bool
take_done(struct tc_client *tc, const struct msg *m)
{
	struct request *found = find_request(tc, m->serial);
	struct request request;
	struct tc_done done;

	if (!found || !tc_get_done(m, &done))
		return false;
	request = *found;
	forget_request(tc, found);
	switch (request.kind) {
	case REQUEST_IFACE:
		iface_done(tc, &request, &done);
		break;
	case REQUEST_IFACE_OFF:
		iface_off_done(tc, request.id, &done);
		break;
	case REQUEST_FLOW:
		flow_done(tc, request.id, &done);
		break;
	case REQUEST_COUNTERS:
		request.tell(request.arg, NULL);
		break;
	case REQUEST_RULES:
		request.rules_done(request.arg, request.id, &done);
		break;
	case REQUEST_RULE_COUNTERS:
		request.rule_tell(request.arg, NULL);
		break;
	case REQUEST_FLOW_MARK:
		mark_done(tc, request.id, &done);
		break;
	}
	return true;
}

static bool
take_adopted(struct tc_client *tc, const struct msg *m)
{
	struct tc_flow found;

	if (!tc_get_flow(m, &found))
		return false;

	const struct rsvp_flow flow = tc_flow_to_rsvp(&found);

	if (tc_managed_find(tc->leaving, found.ifindex))
		return true; /* it goes with the tree */
	rsvp_core_adopt(tc->engine->core, loop_now(), &flow);
	return true;
}

static bool
take_counter(struct tc_client *tc, const struct msg *m)
{
	const struct request *request = find_request(tc, m->serial);
	struct tc_counter counter;

	if (request && request->ends && tc_get_counter(m, &counter)) {
		account_counter(tc->engine->account, &counter);
		return true;
	}
	if (!request || request->kind != REQUEST_COUNTERS ||
		!tc_get_counter(m, &counter))
		return false;
	request->tell(request->arg, &counter);
	return true;
}

static bool
take_rule_counter(struct tc_client *tc, const struct msg *m)
{
	const struct request *request = find_request(tc, m->serial);
	struct tc_rule_counter counter;

	if (!request || request->kind != REQUEST_RULE_COUNTERS ||
		!tc_get_rule_counter(m, &counter))
		return false;
	request->rule_tell(request->arg, &counter);
	return true;
}

static bool
take_note(const struct msg *m)
{
	char text[TC_TEXT];

	if (!tc_get_note(m, text))
		return false;
	log_warn(LOG_TC, "%s", text);
	return true;
}

/* Others changed what is ours: repaired, or a flow is lost. */
static bool
take_drift(struct tc_client *tc, const struct msg *m)
{
	struct tc_drift_report report;
	struct tc_managed *iface;

	if (!tc_get_drift(m, &report))
		return false;
	log_warn(LOG_TC, "%s", report.text);
	iface = tc_managed_find(tc->ifaces, report.ifindex);
	if (!iface)
		return true; /* given up in the meantime */
	iface->drifts++;
	set_gso(tc, iface, iface->gso_segs);
	(void)text_copy(iface->drift, sizeof(iface->drift), report.text);
	if (report.error != 0)
		rsvp_core_flow_lost(tc->engine->core, loop_now(),
			report.flow_id, report.error, report.text);
	return true;
}

/* False when it makes no sense: tcctl and we are not of one mind. */
static bool
take_message(struct tc_client *tc, const struct msg *m)
{
	if (m->version != MSG_VERSION)
		return false;
	switch (m->type) {
	case TC_MSG_DONE:
		return take_done(tc, m);
	case TC_MSG_ADOPTED:
		return take_adopted(tc, m);
	case TC_MSG_COUNTER:
		return take_counter(tc, m);
	case TC_MSG_RULE_COUNTER:
		return take_rule_counter(tc, m);
	case TC_MSG_NOTE:
		return take_note(m);
	case TC_MSG_LOST:
		return take_lost(tc, m);
	case TC_MSG_DRIFT:
		return take_drift(tc, m);
	default:
		return false;
	}
}

static void
take_datagram(struct tc_client *tc, size_t len)
{
	struct buf_reader r = buf_reader(tc->in, len);
	struct msg m;

	while (msg_next(&r, &m)) {
		if (!take_message(tc, &m)) {
			lose(tc, "a message that makes no sense");
			return;
		}
	}
	effect_run(tc->engine);
	if (r.failed)
		lose(tc, "a malformed message");
}

/* One datagram a call: the loop calls again while there is more. */
static void
receive(struct tc_client *tc)
{
	struct iovec iov = { .iov_base = tc->in, .iov_len = sizeof(tc->in) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len = recvmsg(tc->fd, &m, MSG_DONTWAIT);

	if (len > 0 && (m.msg_flags & MSG_TRUNC) == 0)
		take_datagram(tc, (size_t)len);
	else if (len > 0)
		lose(tc, "a message that is too long");
	else if (len == 0)
		lose(tc, "it has gone");
	else if (errno != EAGAIN && errno != EINTR)
		lose(tc, strerror(errno));
}

static void
handle(void *arg, int fd, unsigned ready)
{
	struct tc_client *tc = (struct tc_client *)arg;

	(void)fd;
	if ((ready & LOOP_WRITE) != 0)
		flush(tc);
	if ((ready & LOOP_READ) != 0 && tc->fd >= 0)
		receive(tc);
}

/* ---- interface ----------------------------------------------------------- */

/* Whoever stood in the way may have left. */
static void
retry(void *arg)
{
	struct tc_client *tc = (struct tc_client *)arg;
	struct tc_managed *m, *next;

	HASH_ITER (hh, tc->ifaces, m, next)
		if (m->failed)
			announce(tc, &m->iface);
}

struct tc_client *
tc_client_new(struct engine *engine)
{
	struct tc_client *tc = (struct tc_client *)calloc(1, sizeof(*tc));

	if (!tc)
		return NULL;
	tc->engine = engine;
	tc->fd = -1;
	tc_queue_init(&tc->queue);
	tc->flush = loop_timer_add(engine->loop, flush, tc);
	tc->retry = loop_timer_add(engine->loop, retry, tc);
	if (!tc->flush || !tc->retry) {
		loop_timer_del(tc->flush);
		loop_timer_del(tc->retry);
		free(tc);
		return NULL;
	}
	return tc;
}

void
tc_client_free(struct tc_client *tc)
{
	if (!tc)
		return;
	hang_up(tc);
	loop_timer_del(tc->flush);
	loop_timer_del(tc->retry);
	tc_managed_drop_all(&tc->ifaces);
	tc_managed_drop_all(&tc->leaving);
	free(tc);
}

static void
give_back(struct tc_client *tc, uint32_t ifindex)
{
	const struct request request = { .kind = REQUEST_IFACE_OFF,
		.id = ifindex };
	int error = ask(tc, request, tc_write_iface_off, &ifindex);

	/* Not connected: the next one is asked. */
	if (error < 0 && error != -ENOTCONN)
		log_err(LOG_TC, "interface %u: not given back (%s)", ifindex,
			strerror(-error));
}

void
tc_client_socket(struct tc_client *tc, int fd)
{
	struct tc_managed *m, *next;

	if (tc->fd >= 0)
		lose(tc, "replaced");
	tc->fd = fd;
	tc->watch = loop_fd_add(tc->engine->loop, fd, LOOP_READ, handle, tc);
	if (!tc->watch) {
		lose(tc, "no memory to watch it");
		return;
	}
	/* It has to know what it is to give back. */
	HASH_ITER (hh, tc->leaving, m, next) {
		announce(tc, &m->iface);
		give_back(tc, m->ifindex);
	}
	HASH_ITER (hh, tc->ifaces, m, next)
		announce(tc, &m->iface);
}

/* The core hears of it at once; what follows is taken by the effect_run() that
 * called us. */
static void
refuse(struct tc_client *tc, uint32_t serial, int error)
{
	const struct rsvp_installed result = { .serial = serial,
		.error = -error,
		.text = "traffic control is not there or too busy" };

	tc->engine->stats->count[STATS_TC_REFUSED]++;
	rsvp_core_installed(tc->engine->core, loop_now(), &result);
	effect_run(tc->engine);
}

void
tc_client_flow(struct tc_client *tc, const struct rsvp_flow_request *request)
{
	const struct request what = { .kind = REQUEST_FLOW,
		.id = request->serial,
		.ends = request->op == RSVP_FLOW_DEL };
	int error = ask(tc, what, tc_write_flow, request);

	tc->engine->stats->count[STATS_TC_REQUESTS]++;
	if (error < 0)
		refuse(tc, request->serial, error);
}

void
tc_client_flow_mark(struct tc_client *tc, const struct tc_flow_mark *mark)
{
	const struct request what = { .kind = REQUEST_FLOW_MARK,
		.id = mark->flow_id };
	int error = ask(tc, what, tc_write_flow_mark, mark);

	/* Not connected: the next one is told. */
	if (error < 0 && error != -ENOTCONN)
		log_err(LOG_TC, "flow %u: not marked (%s)", mark->flow_id,
			strerror(-error));
}

void
tc_client_iface(struct tc_client *tc, const struct tc_iface *iface)
{
	forget_leaving(tc, iface->ifindex);
	if (!tc_managed_put(&tc->ifaces, iface))
		log_err(LOG_TC, "%s: no memory", iface->name);
	else
		announce(tc, iface);
}

/* Who is asked may end before he has done it. */
void
tc_client_iface_off(struct tc_client *tc, uint32_t ifindex)
{
	struct tc_managed *m = tc_managed_find(tc->ifaces, ifindex);

	if (!m)
		return;
	m->iface.take_over = false; /* what is another's by then stays */
	if (!tc_managed_put(&tc->leaving, &m->iface))
		log_err(LOG_TC, "%s: no memory", m->iface.name);
	tc_managed_drop(&tc->ifaces, m);
	tell_ready(tc, ifindex, TC_CLIENT_OFF);
	engine_adopted(tc->engine);
	give_back(tc, ifindex);
}

bool
tc_client_settled(const struct tc_client *tc)
{
	return tc_managed_settled(tc->ifaces);
}

void
tc_client_counters(struct tc_client *tc, const struct tc_counters_query *query,
	tc_client_counter_fn *tell, void *arg)
{
	const struct request request = {
		.kind = REQUEST_COUNTERS, .tell = tell, .arg = arg
	};

	if (ask(tc, request, tc_write_counters, query) < 0)
		tell(arg, NULL);
}

uint64_t
tc_client_drift(
	const struct tc_client *tc, uint32_t ifindex, char text[TC_TEXT])
{
	const struct tc_managed *m = tc_managed_find(tc->ifaces, ifindex);

	(void)text_copy(text, TC_TEXT, m ? m->drift : ""); /* same size */
	return m ? m->drifts : 0;
}

void
tc_client_again(struct tc_client *tc)
{
	struct tc_managed *m, *next;

	HASH_ITER (hh, tc->ifaces, m, next)
		if (tc_managed_again(m))
			announce(tc, &m->iface);
}

uint32_t
tc_client_gso(const struct tc_client *tc, uint32_t ifindex)
{
	const struct tc_managed *m = tc_managed_find(tc->ifaces, ifindex);

	return m ? m->gso_segs : 0;
}

const char *
tc_client_refused(const struct tc_client *tc, uint32_t ifindex)
{
	const struct tc_managed *m = tc_managed_find(tc->ifaces, ifindex);

	return m ? m->refused : "";
}

void
tc_client_on_ready(struct tc_client *tc, tc_client_ready_fn *ready, void *arg)
{
	tc->ready = ready;
	tc->ready_arg = arg;
}

/* All of them, then what puts them in force: without the last, nothing is. */
static int
queue_rules(struct tc_client *tc, const struct request *what,
	const struct tc_rule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = tc->fd < 0 ? -ENOTCONN
				       : tc_queue_add(&tc->queue, tc_write_rule,
						 what->serial, rules[i]);

		if (error < 0)
			return error;
	}
	return ask_under(tc, *what, tc_write_rules, &what->id);
}

void
tc_client_rules(struct tc_client *tc, uint32_t ifindex,
	const struct tc_rule *const *rules, size_t count,
	tc_client_rules_fn *done, void *arg)
{
	const struct request what = { .kind = REQUEST_RULES,
		.serial = next_serial(tc),
		.id = ifindex,
		.rules_done = done,
		.arg = arg };

	if (queue_rules(tc, &what, rules, count) < 0)
		done(arg, ifindex, NULL);
}

void
tc_client_rule_counters(
	struct tc_client *tc, tc_client_rule_counter_fn *tell, void *arg)
{
	const struct request request = {
		.kind = REQUEST_RULE_COUNTERS, .rule_tell = tell, .arg = arg
	};
	const uint32_t all = 0;

	if (ask(tc, request, tc_write_rule_counters, &all) < 0)
		tell(arg, NULL);
}
