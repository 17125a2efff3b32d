/* SPDX-License-Identifier: ISC */
#ifndef TC_CLIENT_T_H
#define TC_CLIENT_T_H

/* The frame of tests of tc_client.c: a core that only notes what it is told,
 * the real loop, and tcctl's end of a real socket pair. */

#include "tc_client_core_t.h"

enum { DEADLINE_MS = 5000 };

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
