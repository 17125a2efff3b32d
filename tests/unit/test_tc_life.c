/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/msg.h"
#include "t.h"
#include "tcctl/life_int.h"

enum { PING = 1, PONG = 2, LONG_MS = 10000, SILENCE_MS = 200 };

struct asker {
	int fd;
	int theirs;
	uint32_t serial;
	struct tc_life *life;
};

static struct asker
new_asker(int64_t most_ms)
{
	struct asker a = { 0 };
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	a.fd = pair[0];
	a.theirs = pair[1];
	a.life = tc_life_new(a.theirs, most_ms);
	T_CHECK(a.life, "no thread");
	return a;
}

static void
done(struct asker *a)
{
	tc_life_free(a->life);
	(void)close(a->fd);
	(void)close(a->theirs);
}

static void
ask(struct asker *a, uint16_t type)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	msg_end(&w, msg_begin(&w, type, ++a->serial));
	T_EQ(send(a->fd, bytes, buf_written(&w), 0), buf_written(&w));
}

static bool
readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* The last question is answered, by itself. */
static void
answered(const struct asker *a)
{
	uint8_t bytes[64];
	struct buf_reader r;
	struct msg m;
	ssize_t n;

	T_CHECK(readable(a->fd, LONG_MS), "no answer");
	n = recv(a->fd, bytes, sizeof(bytes), 0);
	r = buf_reader(bytes, (size_t)n);
	T_CHECK(n > 0 && msg_next(&r, &m), "no message");
	T_EQ(m.type, PONG);
	T_EQ(m.serial, a->serial);
	T_CHECK(!readable(a->fd, 0), "one more");
}

static void
not_answered(const struct asker *a)
{
	T_CHECK(!readable(a->fd, SILENCE_MS), "an answer");
}

static void
at_rest_and_in_a_call(void)
{
	struct asker a = new_asker(LONG_MS);

	tc_life_rest(a.life);
	ask(&a, PING);
	answered(&a);
	tc_life_go(a.life);
	tc_life_wait(a.life);
	for (int i = 0; i < 3; i++) {
		ask(&a, PING);
		answered(&a);
	}
	done(&a);
}

static void
rest_may_last(void)
{
	struct asker a = new_asker(0);

	tc_life_rest(a.life);
	ask(&a, PING);
	answered(&a);
	done(&a);
}

static void
at_work_it_takes_a_step(void)
{
	struct asker a = new_asker(LONG_MS);

	tc_life_wait(a.life);
	tc_life_go(a.life); /* a step before the question does not count */
	ask(&a, PING);
	not_answered(&a);
	ask(&a, PING); /* another question is not a step */
	not_answered(&a);
	tc_life_wait(a.life);
	tc_life_go(a.life);
	answered(&a); /* it came between two questions, or two looks */
	ask(&a, PING);
	not_answered(&a);
	done(&a);
}

static void
a_call_without_end(void)
{
	struct asker a = new_asker(0);

	tc_life_wait(a.life);
	ask(&a, PING);
	not_answered(&a);
	tc_life_rest(a.life);
	answered(&a);
	done(&a);
}

static void
something_else_is_no_question(void)
{
	struct asker a = new_asker(LONG_MS);

	tc_life_rest(a.life);
	ask(&a, PONG);
	T_EQ(send(a.fd, "?", 1, 0), 1);
	not_answered(&a);
	ask(&a, PING);
	answered(&a);
	done(&a);
}

static void
the_end_is_told(void)
{
	struct asker a = new_asker(LONG_MS);

	T_CHECK(!readable(tc_life_fd(a.life), 0), "gone at once");
	T_EQ(shutdown(a.fd, SHUT_RDWR), 0);
	T_CHECK(readable(tc_life_fd(a.life), LONG_MS), "not told");
	done(&a);
}

static void
nobody_asks(void)
{
	tc_life_wait(NULL);
	tc_life_go(NULL);
	tc_life_rest(NULL);
	tc_life_free(NULL);
}

static struct t_case cases[] = {
	{ "at rest and in a call of the kernel it answers",
		at_rest_and_in_a_call },
	{ "there may be nothing to do for however long", rest_may_last },
	{ "at work it answers once it has made a step",
		at_work_it_takes_a_step },
	{ "a call that lasts too long is no life", a_call_without_end },
	{ "what is no question is not answered",
		something_else_is_no_question },
	{ "that whoever asks has gone is told", the_end_is_told },
	{ "without one who asks all does nothing", nobody_asks },
};
T_MAIN(cases)
