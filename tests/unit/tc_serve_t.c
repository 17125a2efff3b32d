/* SPDX-License-Identifier: ISC */

/* Both ends of `tcctl serve`; see tc_serve_t.h. */

#include "tc_serve_t.h"

#include <errno.h>
#include <unistd.h>

#include "tcctl/life_int.h"
#include "tcctl/nl_conn.h"

int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_sched_yield(void);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);
void __real_tc_life_rest(struct tc_life *life);
void __wrap_tc_life_rest(struct tc_life *life);
void __real_tc_life_go(struct tc_life *life);
void __wrap_tc_life_go(struct tc_life *life);
int __wrap_nl_watch_read(struct nl_watch *watch, nl_watch_fn *tell, void *arg);
struct nl_watch *__real_nl_watch_new(const struct nl_conn *conn);
struct nl_watch *__wrap_nl_watch_new(const struct nl_conn *conn);
bool __real_tc_sandbox(void);
bool __wrap_tc_sandbox(void);

/* ---- the kernel ---------------------------------------------------------- */

static bool
wants_action(const struct tc_op *op)
{
	const struct tc_extra *x = op->want.extra;

	return op->kind != TC_OP_DEL && x && x->action_count > 0;
}

static int
bench_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct bench *b = (struct bench *)arg;

	if (b->calls[CALL_RUN] < RUNS_MAX)
		b->in_run[b->calls[CALL_RUN]] = count;
	b->calls[CALL_RUN]++;
	b->ops += count;
	if (b->fail[CALL_RUN] != 0)
		return b->fail[CALL_RUN];
	t_clock_add_us(b->takes_us);
	for (size_t i = 0; i < count; i++) {
		if (b->refuse != 0)
			ret_results[i] = (struct tc_result){ b->refuse, "no" };
		else if (!b->acts && wants_action(&ops[i]))
			ret_results[i] =
				(struct tc_result){ ENOENT, "no such action" };
		else
			layer_one(b, &ops[i], &ret_results[i]);
	}
	return 0;
}

static int
bench_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct bench *b = (struct bench *)arg;

	b->calls[CALL_DUMP]++;
	t_clock_add_us(b->takes_us);
	return b->fail[CALL_DUMP] != 0 ? b->fail[CALL_DUMP]
				       : layer_dump(b, ifindex, into);
}

static int
bench_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	struct bench *b = (struct bench *)arg;

	b->calls[CALL_STATS]++;
	return b->fail[CALL_STATS] != 0
		       ? b->fail[CALL_STATS]
		       : layer_stats(b, ifindex, classids, count, ret_stats);
}

static int
bench_stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	struct bench *b = (struct bench *)arg;

	b->calls[CALL_STATS]++;
	return b->fail[CALL_STATS] != 0
		       ? b->fail[CALL_STATS]
		       : layer_stats_all(b, ifindex, tell, tell_arg);
}

static int
bench_root(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	struct bench *b = (struct bench *)arg;
	uint8_t octet;

	b->told_first =
		__real_recv(b->engine, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
	if (b->calls[CALL_ROOT] < 8)
		b->roots[b->calls[CALL_ROOT]] = ifindex;
	b->calls[CALL_ROOT]++;
	return b->fail[CALL_ROOT] != 0 ? b->fail[CALL_ROOT]
				       : layer_root(b, ifindex, ret_handle);
}

static int
bench_get(void *arg, const struct tc_object *keys, size_t count,
	struct tc_objects *into)
{
	struct bench *b = (struct bench *)arg;

	b->calls[CALL_GET]++;
	return b->fail[CALL_GET] != 0 ? b->fail[CALL_GET]
				      : layer_get(b, keys, count, into);
}

void
b_forget_calls(struct bench *b)
{
	memset(b->calls, 0, sizeof(b->calls));
	b->ops = 0;
}

/* ---- the engine ---------------------------------------------------------- */

struct bench *
b_new(void)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));
	int ends[2];

	T_CHECK(b && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0,
		"no bench");
	t_clock_begin();
	t_poll_ready = -1;
	b->ration.left = SIZE_MAX;
	b->alloc = t_ration_alloc(&b->ration);
	b->engine = ends[0];
	b->w = buf_writer(b->batch, sizeof(b->batch));
	tc_dry_init(&b->dry, alloc_heap());
	b->s = (struct tc_serve *)calloc(1, sizeof(*b->s));
	T_CHECK(b->s, "memory");
	b->s->alloc = &b->alloc;
	b->s->kernel = layer_over(&b->layer, tc_dry_kernel(&b->dry));
	b->s->kernel.run = bench_run;
	b->s->kernel.dump = bench_dump;
	b->s->kernel.stats = bench_stats;
	b->s->kernel.stats_all = bench_stats_all;
	b->s->kernel.root = bench_root;
	b->s->kernel.get = bench_get;
	b->s->batch = (struct tc_batch *)calloc(1, sizeof(*b->s->batch));
	T_CHECK(b->s->batch, "memory");
	b->s->batch->alloc = b->s->batch->ops.alloc = alloc_heap();
	tc_links_init(&b->s->links, alloc_heap());
	tc_serve_answers_init(b->s);
	b->s->idle_due = MONO_NEVER;
	b->s->watch_due = MONO_NEVER;
	for (int i = 0; i < TC_SERVE_FDS; i++)
		b->s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	b->s->fds[TC_SERVE_REQUEST].fd = ends[1];
	return b;
}

void
b_free(struct bench *b)
{
	tc_links_done(&b->s->links);
	tc_serve_answers_done(b->s);
	T_EQ(b->ration.held, 0);
	tc_batch_done(b->s->batch);
	free(b->s->batch);
	close(b->engine);
	close(b->s->fds[TC_SERVE_REQUEST].fd);
	free(b->s);
	tc_dry_done(&b->dry);
	free(b);
}

void
b_send(struct bench *b)
{
	const size_t len = buf_written(&b->w);

	T_CHECK(!b->w.failed, "too much for one datagram");
	T_EQ(__real_send(b->engine, b->batch, len, MSG_DONTWAIT), (ssize_t)len);
	b->w = buf_writer(b->batch, sizeof(b->batch));
}

void
b_put_malformed(struct bench *b, uint16_t type, uint32_t serial)
{
	static const uint8_t attr[] = { 1, 0, 200, 0 };
	uint8_t *at = msg_begin(&b->w, type, serial);

	buf_put_bytes(&b->w, attr, sizeof(attr));
	msg_end(&b->w, at);
}

static void
keep(struct bench *b, const struct msg *m)
{
	struct heard *h = &b->heard[b->count++];
	struct tc_flow flow;
	bool ok = true;

	T_CHECK(b->count < HEARD_MAX, "too many messages");
	T_EQ(m->version, MSG_VERSION);
	*h = (struct heard){
		.type = m->type, .serial = m->serial, .datagram = b->datagrams
	};
	if (m->type == TC_MSG_DONE)
		ok = tc_get_done(m, &h->done);
	else if (m->type == TC_MSG_COUNTER)
		ok = tc_get_counter(m, &h->counter);
	else if (m->type == TC_MSG_RULE_COUNTER)
		ok = tc_get_rule_counter(m, &h->rule_counter);
	else if (m->type == TC_MSG_NOTE)
		ok = tc_get_note(m, h->note);
	else if (m->type == TC_MSG_LOST)
		ok = tc_get_lost(m, &h->lost);
	else if (m->type == TC_MSG_DRIFT)
		ok = tc_get_drift(m, &h->drift);
	else if (m->type == TC_MSG_ADOPTED) {
		ok = tc_get_flow(m, &flow);
		h->adopted = flow.id;
	} else
		T_CHECK(false, "a message of type %u", m->type);
	T_CHECK(ok, "malformed, of type %u", m->type);
}

void
b_hear(struct bench *b)
{
	static uint8_t datagram[MSG_DATAGRAM_MAX + 1];
	ssize_t n;

	b->count = 0;
	for (b->datagrams = 0;; b->datagrams++) {
		struct buf_reader r;
		struct msg m;

		n = __real_recv(
			b->engine, datagram, sizeof(datagram), MSG_DONTWAIT);
		if (n <= 0)
			break;
		T_CHECK(n <= MSG_DATAGRAM_MAX, "%zd octets", n);
		r = buf_reader(datagram, (size_t)n);
		while (msg_next(&r, &m))
			keep(b, &m);
		T_CHECK(!r.failed, "a cut message");
	}
}

void
b_ask(struct bench *b)
{
	b_send(b);
	tc_serve_receive(b->s);
	tc_serve_flush(b->s);
	b_hear(b);
}

const struct tc_done *
b_done(const struct bench *b, uint32_t serial)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->heard[i].type == TC_MSG_DONE &&
			b->heard[i].serial == serial)
			return &b->heard[i].done;
	T_CHECK(false, "no answer to %u", serial);
	return NULL;
}

size_t
b_count(const struct bench *b, uint16_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		n += b->heard[i].type == type;
	return n;
}

int
b_iface(struct bench *b, const struct tc_iface *iface)
{
	tc_put_iface(&b->w, 900, iface);
	b_ask(b);
	return b_done(b, 900)->error;
}

void
b_settle(struct bench *b)
{
	t_clock_add_ms(TC_SERVE_IDLE_MS); /* nobody asks any more */
	b->s->idle_due = os_now();
	for (int i = 0; b->s->idle_due.us != MONO_NEVER.us; i++) {
		T_CHECK(i < 100, "idle without end");
		tc_serve_idle(b->s);
	}
	b_forget_calls(b);
}

struct tc_link *
b_open(struct bench *b)
{
	const struct tc_iface iface = fix_iface();

	T_EQ(b_iface(b, &iface), 0);
	b_settle(b);
	return tc_links_find(&b->s->links, FIX_IFINDEX);
}

struct tc_link *
b_other(struct bench *b, uint32_t ifindex)
{
	struct tc_iface iface = fix_iface();

	iface.ifindex = ifindex;
	iface.name[3] = (char)('0' + ifindex);
	iface.pool_low = 0;
	T_EQ(b_iface(b, &iface), 0);
	b_settle(b);
	return tc_links_find(&b->s->links, ifindex);
}

int
b_add(struct bench *b, uint32_t id, uint16_t port)
{
	const struct tc_flow flow = fix_flow(id, port);

	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 901, &flow);
	b_ask(b);
	T_EQ(b_done(b, 901)->flow_id, id);
	return b_done(b, 901)->error;
}

void
b_calm(struct bench *b)
{
	for (int i = 0; i < 100; i++) {
		tc_serve_turn(b->s);
		if (t_poll_ms != 0 && b->s->idle_due.us == MONO_NEVER.us)
			break;
	}
	T_CHECK(t_poll_ms != 0, "no end");
	b_hear(b);
	b_forget_calls(b);
}

struct tc_link *
b_calm_link(struct bench *b)
{
	struct tc_link *link = b_open(b);

	b->s->watch_due = os_now();
	b_calm(b);
	return link;
}

void
b_turn(struct bench *b)
{
	tc_serve_turn(b->s);
	b_hear(b);
}

/* ---- what the system does ------------------------------------------------ */

int t_send_error;
int t_recv_error;
int t_poll_error;
int t_poll_ms;
short t_poll_events[TC_SERVE_FDS];
size_t t_polls;
size_t t_poll_yields;
bool t_poll_real;
int t_poll_ready = -1;
const struct tc_event *t_event;
bool t_event_any;
int t_event_error;
size_t t_event_reads;
bool t_no_watch;
bool t_no_sandbox;
bool t_spare_sandbox;

static bool rests;    /* as life.c is told */
static size_t yields; /* since the last poll() */

/* The next call is to fail. */
static bool
fails(int *error)
{
	errno = *error;
	*error = 0;
	return errno != 0;
}

int
__wrap_sched_yield(void)
{
	T_CHECK(rests, "it is asked for signs of life meanwhile");
	yields++;
	return 0;
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	int ready;

	if (t_poll_real || n != TC_SERVE_FDS)
		return __real_poll(fds, n, ms);
	T_CHECK(rests, "it waits, and is asked for signs of life");
	t_polls++;
	t_poll_ms = ms;
	t_poll_yields = yields;
	yields = 0;
	for (int i = 0; i < TC_SERVE_FDS; i++)
		t_poll_events[i] = fds[i].events;
	if (fails(&t_poll_error)) {
		for (int i = 0; i < TC_SERVE_FDS; i++)
			fds[i].revents = POLLIN; /* not to be believed */
		return -1;
	}
	ready = __real_poll(fds, n, 0);
	if (t_poll_ready >= 0) {
		fds[t_poll_ready].revents = POLLIN;
		ready++;
	}
	return ready;
}

ssize_t
__wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	if (fails(&t_send_error))
		return -1;
	return __real_send(fd, bytes, len, flags);
}

ssize_t
__wrap_recv(int fd, void *bytes, size_t len, int flags)
{
	T_CHECK(!rests || t_poll_real, "it works as if nobody waited");
	if (fails(&t_recv_error))
		return -1;
	return __real_recv(fd, bytes, len, flags);
}

void
__wrap_tc_life_rest(struct tc_life *life)
{
	rests = true;
	__real_tc_life_rest(life);
}

void
__wrap_tc_life_go(struct tc_life *life)
{
	rests = false;
	__real_tc_life_go(life);
}

int
__wrap_nl_watch_read(struct nl_watch *watch, nl_watch_fn *tell, void *arg)
{
	(void)watch;
	t_event_reads++;
	if (t_event || t_event_any)
		tell(arg, t_event);
	return t_event_error;
}

struct nl_watch *
__wrap_nl_watch_new(const struct nl_conn *conn)
{
	errno = EMFILE;
	return t_no_watch ? NULL : __real_nl_watch_new(conn);
}

bool
__wrap_tc_sandbox(void)
{
	if (t_no_sandbox)
		return false;
	return t_spare_sandbox || __real_tc_sandbox();
}
