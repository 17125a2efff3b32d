/* SPDX-License-Identifier: ISC */
#ifndef TC_CLIENT_T_H
#define TC_CLIENT_T_H

/* The frame of tests of tc_client.c: a core that only notes what it is told,
 * the real loop, and tcctl's end of a real socket pair. */

#include "rsvpd/tc_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "t.h"

enum { TOLD_MAX = 16, DEADLINE_MS = 5000 };

/* What the core and the asker of counters were told, and tcctl's end. */
struct rsvp_core {
	size_t installed_count;
	struct rsvp_installed installed[TOLD_MAX];
	char text[TC_TEXT];
	size_t adopted_count;
	struct rsvp_flow adopted;
	size_t ready_count;
	uint32_t ready_ifindex;
	int ready_error;
	size_t lost_count;
	size_t flow_lost_count;
	uint32_t flow_lost;
	int flow_error;
	size_t effects; /* calls of effect_run() */
	size_t counter_count;
	struct tc_counter counter;
	size_t counter_ends;
	size_t mark_count; /* answers for marks */
	uint32_t marked;
	int mark_error;
	size_t adopted_calls; /* of engine_adopted() */
	size_t read_agains;   /* calls of net_link_read_again() */
	size_t account_count; /* last counters of flows */
	struct tc_counter account;
};

struct bench {
	struct engine engine;
	struct stats stats;
	struct rsvp_core core;
	struct loop_timer *deadline;
	struct loop_fd *watch;
	int peer; /* tcctl's end */
	size_t turns;
	size_t len;
	uint8_t datagram[MSG_DATAGRAM_MAX];
};

void
marks_done(struct marks *marks, uint32_t flow_id, int error)
{
	struct rsvp_core *core = (struct rsvp_core *)(void *)marks;

	core->mark_count++;
	core->marked = flow_id;
	core->mark_error = error;
}

/* The core stands for all that is told. */
void
net_link_read_again(struct net_link *link)
{
	((struct rsvp_core *)(void *)link)->read_agains++;
}

void
engine_adopted(struct engine *engine)
{
	engine->core->adopted_calls++;
}

void
effect_run(struct engine *engine)
{
	engine->core->effects++;
	loop_stop(engine->loop);
}

void
rsvp_core_installed(struct rsvp_core *core, struct mono now,
	const struct rsvp_installed *result)
{
	(void)now;
	T_CHECK(core->installed_count < TOLD_MAX, "too many answers");
	core->installed[core->installed_count++] = *result;
	(void)text_copy(core->text, sizeof(core->text), result->text);
}

void
rsvp_core_adopt(
	struct rsvp_core *core, struct mono now, const struct rsvp_flow *flow)
{
	(void)now;
	core->adopted_count++;
	core->adopted = *flow;
}

void
rsvp_core_tc_ready(struct rsvp_core *core, struct mono now, uint32_t ifindex,
	int error, const char *text)
{
	(void)now;
	core->ready_count++;
	core->ready_ifindex = ifindex;
	core->ready_error = error;
	(void)text_copy(core->text, sizeof(core->text), text);
}

void
rsvp_core_flow_lost(struct rsvp_core *core, struct mono now, uint32_t id,
	int error, const char *text)
{
	(void)now;
	core->flow_lost_count++;
	core->flow_lost = id;
	core->flow_error = error;
	(void)text_copy(core->text, sizeof(core->text), text);
}

void
rsvp_core_tc_lost(struct rsvp_core *core, struct mono now)
{
	(void)now;
	core->lost_count++;
}

void
account_counter(struct account *account, const struct tc_counter *counter)
{
	struct rsvp_core *core = (struct rsvp_core *)(void *)account;

	core->account_count++;
	core->account = *counter;
}

static inline void
note_counter(void *arg, const struct tc_counter *counter)
{
	struct rsvp_core *core = (struct rsvp_core *)arg;

	if (!counter) {
		core->counter_ends++;
		return;
	}
	core->counter_count++;
	core->counter = *counter;
}

/* ---- the bench ----------------------------------------------------------- */

static inline void
too_late(void *arg)
{
	(void)arg;
	T_CHECK(false, "nothing happened for %d ms", DEADLINE_MS);
}

static inline void
hear(void *arg, int fd, unsigned ready)
{
	struct bench *b = (struct bench *)arg;
	ssize_t n = recv(fd, b->datagram, sizeof(b->datagram), MSG_DONTWAIT);

	(void)ready;
	T_CHECK(n > 0, "recv: %s", strerror(errno));
	b->len = (size_t)n;
	loop_stop(b->engine.loop);
}

static inline void
connect_peer(struct bench *b)
{
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (b->peer >= 0) {
		loop_fd_del(b->watch);
		(void)close(b->peer); /* of the test */
	}
	b->peer = pair[1];
	b->watch = loop_fd_add(b->engine.loop, b->peer, LOOP_READ, hear, b);
	tc_client_socket(b->engine.tc, pair[0]);
}

static inline struct bench *
new_bench(bool connected)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));

	T_CHECK(b != NULL, "no memory");
	b->peer = -1;
	b->engine.loop = loop_new();
	b->engine.core = &b->core;
	b->engine.stats = &b->stats;
	b->engine.marks = (struct marks *)(void *)&b->core;
	b->engine.link = (struct net_link *)(void *)&b->core;
	b->engine.tc = tc_client_new(&b->engine);
	T_CHECK(b->engine.tc != NULL, "no memory");
	b->deadline = loop_timer_add(b->engine.loop, too_late, b);
	if (connected)
		connect_peer(b);
	return b;
}

static inline void
free_bench(struct bench *b)
{
	tc_client_free(b->engine.tc);
	if (b->peer >= 0)
		(void)close(b->peer); /* of the test */
	loop_free(b->engine.loop);
	free(b);
}

/* Until somebody stops the loop: a datagram at tcctl's end, or an answer that
 * was handled. */
static inline void
run(struct bench *b)
{
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	T_EQ(loop_run(b->engine.loop), 0);
}

static inline void
run_until(struct bench *b, const size_t *count, size_t value)
{
	while (*count < value)
		run(b);
}

static inline void
turn_over(void *arg)
{
	struct bench *b = (struct bench *)arg;

	b->turns++;
	loop_stop(b->engine.loop);
}

/* Everything that is due now. */
static inline void
one_turn(struct bench *b)
{
	struct loop_timer *end = loop_timer_add(b->engine.loop, turn_over, b);
	const size_t before = b->turns;

	loop_timer_set(end, loop_now());
	run_until(b, &b->turns, before + 1);
	loop_timer_del(end);
}

/* The next datagram at tcctl's end. */
static inline struct buf_reader
hear_datagram(struct bench *b)
{
	b->len = 0;
	while (b->len == 0)
		run(b);
	return buf_reader(b->datagram, b->len);
}

static inline void
say(struct bench *b, const struct buf_writer *w)
{
	T_CHECK(!w->failed, "does not fit");
	T_EQ(send(b->peer, w->start, buf_written(w), 0), buf_written(w));
}

static inline void
say_done(struct bench *b, uint32_t serial, int error, const char *text)
{
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_done done = { .error = error };

	(void)text_copy(done.text, sizeof(done.text), text);
	tc_put_done(&w, serial, &done);
	say(b, &w);
}

static inline struct rsvp_flow_request
request(uint32_t serial, enum rsvp_flow_op op)
{
	struct rsvp_flow_request r = { .serial = serial, .op = op };

	r.flow = (struct rsvp_flow){ .id = 1000 + serial,
		.ifindex = 7,
		.service = WIRE_SERVICE_GS,
		.dst = addr_v4_u32(0x0a020009),
		.proto = 17,
		.dst_port = 5004,
		.rate_Bps = 125000,
		.peak_Bps = 250000,
		.bucket_bytes = 3000,
		.max_packet_bytes = 1538,
		.min_packet_bytes = 84,
		.buffer_bytes = 20000,
		.token_Bps = 100000,
		.filter_count = 2 };
	r.flow.filters[0] =
		(struct wire_filter){ .src = addr_v4_u32(0x0a010001),
			.form = WIRE_FILTER_PORT,
			.src_port = 4000,
			.flow_label = 99 /* is none in this form */ };
	r.flow.filters[1] =
		(struct wire_filter){ .form = WIRE_FILTER_FLOW_LABEL,
			.flow_label = 0x12345 };
	return r;
}

/* The next message of the datagram that tcctl got. */
static inline struct msg
next_message(struct buf_reader *r, uint16_t type)
{
	struct msg m = { 0 };

	T_EQ(msg_next(r, &m), true);
	T_EQ(m.version, MSG_VERSION);
	T_EQ(m.type, type);
	T_CHECK(m.serial != 0, "serial 0");
	return m;
}

static uint32_t
hear_iface(struct bench *b, uint32_t ifindex, uint64_t link_Bps)
{
	struct buf_reader r;
	struct tc_iface iface;
	struct msg m;

	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_IFACE);
	T_EQ(tc_get_iface(&m, &iface), true);
	T_EQ(buf_complete(&r), true);
	T_EQ(iface.ifindex, ifindex);
	T_EQ(iface.link_Bps, link_Bps);
	return m.serial;
}

#endif /* TC_CLIENT_T_H */
