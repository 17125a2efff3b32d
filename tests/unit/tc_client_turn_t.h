/* SPDX-License-Identifier: ISC */
#ifndef TC_CLIENT_TURN_T_H
#define TC_CLIENT_TURN_T_H

/* Another frame of tests of tc_client.c: the same core, a loop that the test
 * turns (loop_t.h), and memory that may run out (t_heap.h). */

#include "base/log.h"
#include "loop_t.h"
#include "t_heap.h"
#include "t_log.h"
#include "tc_client_core_t.h"

enum { HEARD_MAX = 32, TURNS_MAX = 100 };

/* A message to tcctl. */
struct heard {
	uint16_t type;
	uint32_t serial;
	uint32_t ifindex; /* IFACE, IFACE_OFF, RULES, RULE_COUNTERS */
	uint32_t rule;    /* RULE */
	struct tc_iface iface;
};

/* What who waits for interfaces was told. */
struct ready_note {
	size_t count;
	uint32_t ifindex;
	enum tc_client_state state;
};

static struct turn_bench {
	struct engine engine;
	struct stats stats;
	struct rsvp_core core;
	struct ready_note ready;
	int peer; /* tcctl's end */
	size_t held;
	size_t errors; /* in the log */
	size_t warnings;
	char said[512]; /* the last of them */
	size_t count;
	struct heard heard[HEARD_MAX];
	int recv_error; /* the next reading fails with it; 0: it does not */
} b;

T_LOG_KEEP(err, b.said, b.errors)
T_LOG_KEEP(warn, b.said, b.warnings)

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	errno = b.recv_error;
	b.recv_error = 0;
	return errno != 0 ? -1 : __real_recvmsg(fd, m, flags);
}

static inline void
note_ready(void *arg, uint32_t ifindex, enum tc_client_state state)
{
	struct ready_note *note = (struct ready_note *)arg;

	note->count++;
	note->ifindex = ifindex;
	note->state = state;
}

/* All that is due now. */
static inline void
turn(void)
{
	bool more = true;

	for (int i = 0; more; i++) {
		T_CHECK(i < TURNS_MAX, "no end");
		more = loop_t_call_timers();
		more = loop_t_call_fds() || more;
	}
}

static inline void
plug_in(void)
{
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (b.peer >= 0)
		(void)close(b.peer); /* of the test */
	b.peer = pair[1];
	tc_client_socket(b.engine.tc, pair[0]);
}

static inline void
begin(bool connected)
{
	memset(&b, 0, sizeof(b));
	t_heap_fail_at = 0;
	b.held = t_heap_held;
	b.peer = -1;
	b.engine.loop = loop_t_begin((struct mono){ 1000000 });
	b.engine.core = &b.core;
	b.engine.stats = &b.stats;
	b.engine.marks = (struct marks *)(void *)&b.core;
	b.engine.link = (struct net_link *)(void *)&b.core;
	b.engine.account = (struct account *)(void *)&b.core;
	b.engine.tc = tc_client_new(&b.engine);
	T_CHECK(b.engine.tc != NULL, "no memory");
	tc_client_on_ready(b.engine.tc, note_ready, &b.ready);
	if (connected)
		plug_in();
}

/* tcctl goes. */
static inline void
unplug(void)
{
	(void)close(b.peer); /* of the test */
	b.peer = -1;
	turn();
}

static inline void
end(void)
{
	tc_client_free(b.engine.tc);
	if (b.peer >= 0)
		(void)close(b.peer); /* of the test */
	T_EQ(loop_t_left(), 0);
	T_EQ(t_heap_held, b.held);
}

static inline void
keep_heard(const struct msg *m)
{
	struct heard *h = &b.heard[b.count++];
	struct tc_rule rule = { 0 };

	T_CHECK(b.count < HEARD_MAX, "too many messages");
	*h = (struct heard){ .type = m->type, .serial = m->serial };
	if (m->type == TC_MSG_IFACE) {
		T_EQ(tc_get_iface(m, &h->iface), true);
		h->ifindex = h->iface.ifindex;
	} else if (m->type == TC_MSG_IFACE_OFF) {
		T_EQ(tc_get_iface_off(m, &h->ifindex), true);
	} else if (m->type == TC_MSG_RULE) {
		T_EQ(tc_get_rule(m, &rule), true);
		h->rule = rule.id;
	} else if (m->type == TC_MSG_RULES || m->type == TC_MSG_RULE_COUNTERS) {
		T_EQ(tc_get_rules(m, &h->ifindex), true);
	}
}

/* What tcctl has got since: how many messages. */
static inline size_t
hear(void)
{
	static uint8_t datagram[MSG_DATAGRAM_MAX];
	ssize_t n;

	turn();
	b.count = 0;
	while ((n = recv(b.peer, datagram, sizeof(datagram), MSG_DONTWAIT)) >
		0) {
		struct buf_reader r = buf_reader(datagram, (size_t)n);
		struct msg m;

		while (msg_next(&r, &m))
			keep_heard(&m);
		T_EQ(buf_complete(&r), true);
	}
	return b.count;
}

/* The only one: its serial. */
static inline uint32_t
hear_one(uint16_t type, uint32_t ifindex)
{
	T_EQ(hear(), 1);
	T_EQ(b.heard[0].type, type);
	T_EQ(b.heard[0].ifindex, ifindex);
	return b.heard[0].serial;
}

static inline void
post(const struct buf_writer *w)
{
	T_CHECK(!w->failed, "does not fit");
	T_EQ(send(b.peer, w->start, buf_written(w), 0), buf_written(w));
}

static inline void
say(const struct buf_writer *w)
{
	post(w);
	turn();
}

static inline void
say_done(uint32_t serial, int error)
{
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct tc_done done = { .error = error, .text = "what it says" };

	tc_put_done(&w, serial, &done);
	say(&w);
}

/* One that lacks the end of an attribute. */
static inline void
say_malformed(uint16_t type, uint32_t serial)
{
	static const uint8_t attr[] = { 1, 0, 200, 0 };
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *at = msg_begin(&w, type, serial);

	buf_put_bytes(&w, attr, sizeof(attr));
	msg_end(&w, at);
	say(&w);
}

static inline struct tc_iface
iface(uint32_t ifindex)
{
	struct tc_iface i = { .ifindex = ifindex,
		.name = "eth0",
		.link_Bps = 1250000,
		.take_over = true,
		.classifier = TC_CLASSIFIER_U32 };

	i.name[3] = (char)('0' + ifindex);
	return i;
}

/* Announced: the serial. */
static inline uint32_t
announce(const struct tc_iface *i)
{
	tc_client_iface(b.engine.tc, i);
	return hear_one(TC_MSG_IFACE, i->ifindex);
}

/* And taken. */
static inline void
manage(uint32_t ifindex)
{
	const struct tc_iface i = iface(ifindex);

	say_done(announce(&i), 0);
	T_EQ(b.ready.state, TC_CLIENT_READY);
	T_EQ(b.ready.ifindex, ifindex);
}

#endif /* TC_CLIENT_TURN_T_H */
