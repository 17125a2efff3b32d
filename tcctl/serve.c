/* SPDX-License-Identifier: ISC */

/*
 * The helper of the engine: wishes in, acknowledgements out.  One loop, which
 * uses the time without requests for what can wait; the supervisor's question
 * whether we are alive is answered beside it (life.c).
 *
 * When the conversation with the kernel itself fails, nothing is known about
 * what was done: the process ends, and the next one adopts what there is.
 */

#include "serve_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "ingress_int.h"
#include "life_int.h"
#include "links_int.h"
#include "nl_conn.h"
#include "nl_host.h"

enum { WATCH_MS = 500 };
/* The longest call that is taken for one: a tree of 60 000 classes that another
 * program deletes holds the kernel's lock for 25 s. */
enum { CALL_MOST_MS = 60000 };
enum { IDLE_MS = 20 }; /* after requests, of which more may come */

/* A datagram that waits for the engine to read. */
struct out {
	TAILQ_ENTRY(out) entry;
	size_t len;
	uint8_t bytes[];
};

enum { FD_REQUEST, FD_LIFE, FD_SIGNAL, FD_EVENT, FD_COUNT };

struct serve {
	const struct alloc *alloc;
	struct tc_life *life; /* NULL: nobody asks */
	struct nl_conn *conn;
	struct nl_watch *watch;
	struct nl_host *host;
	struct tc_ifbs ifbs;
	struct tc_offloading offloads;
	struct tc_kernel kernel;
	struct tc_marker marker;
	struct tc_listener listener;
	struct tc_links links;
	struct tc_batch *batch;
	struct pollfd fds[FD_COUNT];
	struct mono watch_due;
	struct mono idle_due; /* work in the background; MONO_NEVER: none */
	bool stopping;
	int error; /* of the conversation with the kernel */
	TAILQ_HEAD(serve_outs, out) outs;
	struct buf_writer w; /* over answers */
	uint8_t answers[MSG_DATAGRAM_MAX];
	uint8_t request[MSG_DATAGRAM_MAX];
};

/* ---- answers ------------------------------------------------------------- */

/* Queue what has been written as one datagram. */
static void
close_datagram(struct serve *s)
{
	size_t len = buf_written(&s->w);
	struct out *out;

	s->w = buf_writer(s->answers, sizeof(s->answers));
	if (len == 0)
		return;
	out = (struct out *)alloc_get(s->alloc, sizeof(*out) + len);
	if (!out) {
		/* An answer lost: the engine asks the next tcctl. */
		s->error = -ENOMEM;
		return;
	}
	out->len = len;
	memcpy(out->bytes, s->answers, len);
	TAILQ_INSERT_TAIL(&s->outs, out, entry);
}

/* Writes one message; called again when the first datagram is full. */
typedef void put_fn(struct buf_writer *w, uint32_t serial, const void *message);

static void
answer(struct serve *s, put_fn *put, uint32_t serial, const void *message)
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
	answer((struct serve *)arg, put_done, serial, done);
}

static void
on_adopted(void *arg, uint32_t serial, const struct tc_flow *flow)
{
	answer((struct serve *)arg, put_adopted, serial, flow);
}

static void
on_counter(void *arg, uint32_t serial, const struct tc_counter *counter)
{
	answer((struct serve *)arg, put_counter, serial, counter);
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
	answer((struct serve *)arg, put_rule_counter, serial, counter);
}

/* The engine logs what it is told: its log has the level that is asked for. */
static void
on_note(void *arg, const char *text)
{
	answer((struct serve *)arg, put_note, 0, text);
}

static void
on_drift(void *arg, const struct tc_drift_report *report)
{
	answer((struct serve *)arg, put_drift, 0, report);
}

static void
refuse(struct serve *s, uint32_t serial, int error, const char *text)
{
	struct tc_done done = { .error = error };

	(void)text_copy(done.text, sizeof(done.text), text);
	on_done(s, serial, &done);
}

/* Hand over what the engine takes now. */
static void
flush_answers(struct serve *s)
{
	struct out *out;

	close_datagram(s);
	while ((out = TAILQ_FIRST(&s->outs))) {
		ssize_t n = send(SERVE_FD, out->bytes, out->len,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			s->stopping = true; /* the engine has gone */
		TAILQ_REMOVE(&s->outs, out, entry);
		alloc_put(s->alloc, out);
	}
}

/* ---- requests ------------------------------------------------------------ */

static void
run_batch(struct serve *s)
{
	int error = tc_batch_run(s->batch, &s->kernel, os_now(), &s->listener);

	if (error != 0)
		s->error = error;
}

static void
handle_iface(struct serve *s, const struct msg *m)
{
	struct tc_iface conf;
	const struct tc_announcement a = { .conf = &conf,
		.serial = m->serial,
		.kernel = &s->kernel,
		.listener = &s->listener };
	struct tc_done done = { 0 };

	if (!tc_get_iface(m, &conf)) {
		refuse(s, m->serial, EBADMSG, "malformed interface");
		return;
	}
	s->error = tc_links_announce(&s->links, &a, &done);
	on_done(s, m->serial, &done);
}

static void
handle_iface_off(struct serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_done done = { 0 };

	if (!tc_get_iface_off(m, &ifindex)) {
		refuse(s, m->serial, EBADMSG, "malformed interface");
		return;
	}
	s->error = tc_links_give_back(&s->links, &s->kernel, ifindex, &done);
	on_done(s, m->serial, &done);
}

/* The link of a flow, or NULL when the request has been refused. */
static struct tc_link *
flow_link(struct serve *s, uint32_t serial, const struct tc_flow *flow)
{
	struct tc_link *link = tc_links_find(&s->links, flow->ifindex);
	struct tc_done done = { .error = ENODEV, .flow_id = flow->id };

	if (link && !link->lost)
		return link;
	(void)text_copy(done.text, sizeof(done.text),
		link ? "the tree of the interface was removed"
		     : "the interface is not managed");
	on_done(s, serial, &done);
	return NULL;
}

static void
handle_flow(struct serve *s, const struct msg *m)
{
	struct tc_flow flow;
	struct tc_done done = { 0 };
	const struct tc_record *known;
	struct tc_link *link = NULL;

	if (!tc_get_flow(m, &flow)) {
		refuse(s, m->serial, EBADMSG, "malformed flow");
		return;
	}
	link = flow_link(s, m->serial, &flow);
	if (!link)
		return;
	known = tc_record_find(link, flow.id);
	if (s->batch->count == TC_BATCH_MAX || (known && known->busy)) {
		run_batch(s);
		known = tc_record_find(link, flow.id);
	}
	done.flow_id = flow.id;
	if (flow.token_Bps != 0 && s->error == 0)
		s->error = tc_excess_try(link, &s->kernel);
	if (m->type != TC_MSG_FLOW_DEL)
		done.error = tc_batch_flow(
			s->batch, link, m->serial, &flow, done.text);
	else if (known)
		done.error = tc_batch_del(
			s->batch, link, m->serial, flow.id, done.text);
	/* Removing what is not there is done already. */
	if (done.error != 0 || (m->type == TC_MSG_FLOW_DEL && !known))
		on_done(s, m->serial, &done);
}

static void
handle_flow_mark(struct serve *s, const struct msg *m)
{
	struct tc_flow_mark mark;
	struct tc_done done = { 0 };
	const struct tc_record *known;
	struct tc_link *link = NULL;
	bool ready = true;

	if (!tc_get_flow_mark(m, &mark)) {
		refuse(s, m->serial, EBADMSG, "malformed mark");
		return;
	}
	done.flow_id = mark.flow_id;
	link = flow_link(s, m->serial,
		&(const struct tc_flow){
			.id = mark.flow_id, .ifindex = mark.ifindex });
	if (!link)
		return;
	known = tc_record_find(link, mark.flow_id);
	if (s->batch->count == TC_BATCH_MAX || (known && known->busy))
		run_batch(s);
	if (s->error == 0)
		s->error = tc_rules_try(link, &s->kernel);
	if (s->error == 0 && !tc_rules_can_mark(link, &s->kernel)) {
		refuse(s, m->serial, EOPNOTSUPP,
			"marks need act_pedit or nftables, which this kernel "
			"or build lacks");
		return;
	}
	if (s->error == 0)
		done.error = tc_batch_mark(
			s->batch, link, m->serial, &mark, &ready, done.text);
	if (!ready)
		return;
	tc_rules_flows(link, os_now());
	on_done(s, m->serial, &done);
}

static void
handle_counters(struct serve *s, const struct msg *m)
{
	struct tc_counters_query query;
	struct tc_done done = { 0 };
	struct tc_link *link = NULL;

	if (!tc_get_counters(m, &query)) {
		refuse(s, m->serial, EBADMSG, "malformed query");
		return;
	}
	TAILQ_FOREACH (link, &s->links.all, entry) {
		if ((query.ifindex != 0 &&
			    query.ifindex != link->conf.ifindex) ||
			link->lost || s->error != 0)
			continue;
		s->error = tc_link_counters(link, &s->kernel, m->serial,
			query.flow_id, &s->listener);
	}
	done.flow_id = query.flow_id;
	on_done(s, m->serial, &done);
}

/* One more for TC_MSG_RULES; a malformed one spoils the answer to that. */
static void
handle_rule(struct serve *s, const struct msg *m)
{
	struct tc_rule rule;
	struct tc_link *link = NULL;

	if (!tc_get_rule(m, &rule)) {
		refuse(s, 0, EBADMSG, "malformed rule");
		return;
	}
	link = tc_links_find(&s->links, rule.ifindex);
	if (link && !link->lost)
		tc_rules_stage(link, m->serial, &rule);
}

static void
handle_rules(struct serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_link *link = NULL;
	struct tc_done done = { 0 };

	if (!tc_get_rules(m, &ifindex)) {
		refuse(s, m->serial, EBADMSG, "malformed set of rules");
		return;
	}
	link = tc_links_find(&s->links, ifindex);
	if (!link || link->lost) {
		refuse(s, m->serial, ENODEV, "the interface is not managed");
		return;
	}
	tc_rules_stage_for(link, m->serial);
	s->error = tc_rules_apply(link, &s->kernel, os_now(), &done);
	on_done(s, m->serial, &done);
}

static void
handle_rule_counters(struct serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_link *link = NULL;
	struct tc_done done = { 0 };

	if (!tc_get_rules(m, &ifindex)) {
		refuse(s, m->serial, EBADMSG, "malformed query");
		return;
	}
	TAILQ_FOREACH (link, &s->links.all, entry)
		if ((ifindex == 0 || ifindex == link->conf.ifindex) &&
			!link->lost && s->error == 0)
			s->error = tc_rules_counters(
				link, &s->kernel, m->serial, &s->listener);
	on_done(s, m->serial, &done);
}

static void
handle(struct serve *s, const struct msg *m)
{
	if (m->version != MSG_VERSION) {
		refuse(s, m->serial, EPROTONOSUPPORT,
			"message of another version");
		return;
	}
	/* Flows are gathered; everything else comes after them. */
	if (m->type != TC_MSG_FLOW_ADD && m->type != TC_MSG_FLOW_CHANGE &&
		m->type != TC_MSG_FLOW_DEL && m->type != TC_MSG_FLOW_MARK)
		run_batch(s);
	switch (m->type) {
	case TC_MSG_IFACE:
		handle_iface(s, m);
		break;
	case TC_MSG_IFACE_OFF:
		handle_iface_off(s, m);
		break;
	case TC_MSG_FLOW_ADD:
	case TC_MSG_FLOW_CHANGE:
	case TC_MSG_FLOW_DEL:
		handle_flow(s, m);
		break;
	case TC_MSG_FLOW_MARK:
		handle_flow_mark(s, m);
		break;
	case TC_MSG_COUNTERS:
		handle_counters(s, m);
		break;
	case TC_MSG_RULE:
		handle_rule(s, m);
		break;
	case TC_MSG_RULES:
		handle_rules(s, m);
		break;
	case TC_MSG_RULE_COUNTERS:
		handle_rule_counters(s, m);
		break;
	default:
		refuse(s, m->serial, EOPNOTSUPP, "unknown request");
		break;
	}
}

static void
receive_requests(struct serve *s)
{
	ssize_t n = recv(SERVE_FD, s->request, sizeof(s->request),
		MSG_DONTWAIT | MSG_TRUNC);
	struct buf_reader r;
	struct msg m;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->stopping = true;
		return;
	}
	if ((size_t)n > sizeof(s->request)) {
		refuse(s, 0, EMSGSIZE, "datagram too long");
		return;
	}
	r = buf_reader(s->request, (size_t)n);
	while (s->error == 0 && msg_next(&r, &m))
		handle(s, &m);
	if (s->error == 0)
		run_batch(s);
	s->idle_due = mono_earlier(s->idle_due, mono_add_ms(os_now(), IDLE_MS));
	if (r.failed)
		refuse(s, 0, EBADMSG, "malformed datagram");
}

/* ---- trees --------------------------------------------------------------- */

/* The engine must know when a tree was given up: what it has promised on that
 * interface is not kept.  That an interface has gone it knows by itself. */
static void
tell_lost(struct serve *s, const struct tc_link *link, bool was_lost)
{
	struct tc_lost lost = { .ifindex = link->conf.ifindex };

	if (!link->lost || link->gone || was_lost)
		return;
	(void)text_copy(lost.text, sizeof(lost.text),
		"the tree was removed or changed by another program");
	answer(s, put_lost, 0, &lost); /* the text fits */
}

/* Is the tree still there? */
static void
watch(struct serve *s, struct tc_link *link, struct mono now)
{
	const bool was_lost = link->lost;

	s->error = tc_watch(link, &s->kernel, now, &s->listener);
	tell_lost(s, link, was_lost);
}

/* What others changed in it. */
static void
repair(struct serve *s, struct tc_link *link, struct mono now)
{
	const bool was_lost = link->lost;

	s->error = tc_drift_step(link, &s->kernel, now, &s->listener);
	tc_drift_took(link, now, os_now());
	tell_lost(s, link, was_lost);
}

/* Another program did something, or some of what it did is lost. */
static void
on_event(void *arg, const struct tc_event *event)
{
	struct serve *s = (struct serve *)arg;
	struct mono now = os_now();

	if (tc_links_event(&s->links, event, now))
		s->watch_due = now;
}

/* The watch over a tree, its rules, and classes that drain. */
static void
do_link(struct serve *s, struct tc_link *link, struct mono now, bool due)
{
	if (s->error == 0 && due)
		watch(s, link, now);
	if (s->error == 0 && mono_reached(tc_rules_next(link), now))
		s->error = tc_rules_step(link, &s->kernel, now, &s->listener);
	if (s->error == 0 && mono_reached(tc_hidden_next(link), now))
		s->error = tc_hidden_step(link, &s->kernel, now, &s->listener);
	tc_drift_unclean(link, now);
	if (s->error == 0 && mono_reached(tc_drift_next(link), now))
		repair(s, link, now);
	if (s->error != 0 || !mono_reached(tc_drain_next(link), now))
		return;
	s->error = tc_drain_step(link, &s->kernel, now, &s->listener);
	s->idle_due = mono_earlier(s->idle_due, mono_add_ms(now, IDLE_MS));
}

static void
do_due(struct serve *s)
{
	struct mono now = os_now();
	bool due = mono_reached(s->watch_due, now);
	struct tc_link *link = NULL;

	if (due) {
		s->watch_due = mono_add_ms(now, WATCH_MS);
		s->idle_due = mono_earlier(s->idle_due, now);
	}
	TAILQ_FOREACH (link, &s->links.all, entry) {
		if (s->error == 0 && mono_reached(tc_ingress_next(link), now))
			s->error = tc_ingress_step(
				link, &s->kernel, now, &s->listener);
		do_link(s, link, now, due);
		if (link->ingress.ifb)
			do_link(s, link->ingress.ifb, now, due);
	}
}

/*
 * Nobody waits: one step, of one link.  Whoever asks in the meantime waits for
 * its end, so there is one in a turn; the links take turns.
 */
static void
do_idle(struct serve *s)
{
	struct tc_link *link = NULL;
	struct tc_link *last = NULL;
	struct mono before = os_now();
	bool more = false;

	s->idle_due = MONO_NEVER;
	TAILQ_FOREACH (link, &s->links.all, entry) {
		last = link;
		s->error = tc_link_idle(link, &s->kernel, &s->listener, &more);
		if (s->error != 0 || more)
			break;
	}
	if (s->error != 0 || !more)
		return;
	s->idle_due = os_now();
	last->step = tc_pool_pace(last->step, s->idle_due.us - before.us);
	TAILQ_REMOVE(&s->links.all, last, entry);
	TAILQ_INSERT_TAIL(&s->links.all, last, entry);
}

/* Who asks meanwhile waits for a step: for one only, so that it waits while
 * there is something due. */
static bool
is_idle(const struct serve *s, struct mono now)
{
	return mono_reached(s->idle_due, now) &&
	       !mono_reached(tc_links_next(&s->links), now);
}

static int
timeout_ms(const struct serve *s)
{
	struct mono next = mono_earlier(s->watch_due, s->idle_due);
	struct mono now = os_now();

	next = mono_earlier(next, tc_links_next(&s->links));
	if (TAILQ_EMPTY(&s->links.all))
		return -1;
	return mono_reached(next, now) ? 0
				       : (int)mono_ms_between(now, next) + 1;
}

static void
turn(struct serve *s)
{
	bool waiting = !TAILQ_EMPTY(&s->outs);

	/* As long as answers wait nothing more is asked of us. */
	s->fds[FD_REQUEST].events = waiting ? POLLOUT : POLLIN;
	tc_life_rest(s->life);

	const int ready = poll(s->fds, FD_COUNT, timeout_ms(s));

	tc_life_go(s->life);
	if (ready < 0)
		return; /* EINTR: again */
	if (s->fds[FD_SIGNAL].revents != 0 || s->fds[FD_LIFE].revents != 0) {
		s->stopping = true;
		return;
	}
	if ((s->fds[FD_REQUEST].revents & POLLIN) != 0 ||
		(s->fds[FD_REQUEST].revents & (POLLHUP | POLLERR)) != 0)
		receive_requests(s);
	else if (!waiting && is_idle(s, os_now()))
		do_idle(s);
	flush_answers(s); /* nobody waits for what is due */
	if (s->error == 0 && s->fds[FD_EVENT].revents != 0)
		s->error = nl_watch_read(s->watch, on_event, s);
	if (s->error == 0)
		do_due(s);
	flush_answers(s);
}

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Behind open_signals(): they are for the loop. */
static bool
start_life(struct serve *s)
{
	s->fds[FD_LIFE] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (!os_is_seqpacket(SERVE_LIFE_FD))
		return true;
	s->life = tc_life_new(SERVE_LIFE_FD, CALL_MOST_MS);
	if (!s->life)
		return false;
	s->fds[FD_LIFE].fd = tc_life_fd(s->life);
	nl_conn_live(s->conn, s->life);
	nl_host_live(s->host, s->life);
	return true;
}

static bool
start(struct serve *s)
{
	int signals = open_signals();

	s->conn = nl_conn_new();
	s->watch = s->conn ? nl_watch_new(s->conn) : NULL;
	s->batch = (struct tc_batch *)alloc_get(s->alloc, sizeof(*s->batch));
	s->host = nl_host_new();
	if (signals < 0 || !s->watch || !s->batch || !s->host ||
		!start_life(s)) {
		log_err(LOG_MAIN, "cannot start: %s", strerror(errno));
		return false;
	}
	s->batch->alloc = s->alloc;
	s->batch->ops.alloc = s->alloc;
	s->kernel = nl_conn_kernel(s->conn);
	s->ifbs = nl_host_ifbs(s->host);
	s->offloads = nl_host_offloads(s->host);
	s->kernel.ifbs = &s->ifbs;
	s->kernel.offloads = &s->offloads;
	if (tc_marker_open(&s->marker, s->life))
		s->kernel.marker = &s->marker;
	s->listener = (struct tc_listener){ .arg = s,
		.adopted = on_adopted,
		.done = on_done,
		.counter = on_counter,
		.note = on_note,
		.rule_counter = on_rule_counter,
		.drift = on_drift };
	s->w = buf_writer(s->answers, sizeof(s->answers));
	s->idle_due = MONO_NEVER;
	TAILQ_INIT(&s->outs);
	s->fds[FD_REQUEST] = (struct pollfd){ .fd = SERVE_FD };
	s->fds[FD_SIGNAL] = (struct pollfd){ .fd = signals, .events = POLLIN };
	s->fds[FD_EVENT] = (struct pollfd){ .fd = nl_watch_fd(s->watch),
		.events = POLLIN };
	if (!tc_sandbox()) {
		log_err(LOG_MAIN, "cannot install the system call filter");
		return false;
	}
	return true;
}

/* The kernel stays as it is. */
static void
stop(struct serve *s)
{
	struct out *out;

	tc_links_done(&s->links);
	while ((out = TAILQ_FIRST(&s->outs))) {
		TAILQ_REMOVE(&s->outs, out, entry);
		alloc_put(s->alloc, out);
	}
	if (s->batch)
		tc_batch_done(s->batch);
	alloc_put(s->alloc, s->batch);
	tc_marker_close(&s->marker);
	nl_watch_free(s->watch);
	nl_host_free(s->host);
	nl_conn_free(s->conn);
	tc_life_free(s->life);
}

int
tc_serve(void)
{
	const struct alloc *alloc = alloc_heap();
	struct serve *s;
	int status = 1;

	if (!os_is_seqpacket(SERVE_FD)) {
		log_err(LOG_MAIN,
			"descriptor %d is not a SOCK_SEQPACKET socket; the "
			"supervisor starts tcctl serve",
			SERVE_FD);
		return 2;
	}
	s = (struct serve *)alloc_get(alloc, sizeof(*s));
	if (!s)
		return 1;
	s->alloc = alloc;
	tc_links_init(&s->links, alloc);
	TAILQ_INIT(&s->outs);
	if (start(s)) {
		while (!s->stopping && s->error == 0)
			turn(s);
		status = s->error == 0 ? 0 : 1;
	}
	if (s->error != 0)
		log_err(LOG_TC,
			"the conversation with the kernel failed (%s); a new "
			"tcctl adopts what there is",
			strerror(-s->error));
	stop(s);
	alloc_put(alloc, s);
	return status;
}
