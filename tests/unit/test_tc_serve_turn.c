/* SPDX-License-Identifier: ISC */

/* Turns of `tcctl serve`: what it waits for, answers that find no room, start
 * and end. */

#include "tc_serve_t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WATCH_MS = 500 };

/* ---- waiting ------------------------------------------------------------- */

static void
without_an_interface_it_sleeps(void)
{
	struct bench *b = b_new();

	b->s->watch_due = os_now();
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, -1);
	T_EQ(t_poll_events[TC_SERVE_REQUEST], POLLIN);
	b_free(b);
}

/* Never before what is due next, and not much later. */
static void
it_sleeps_until_something_is_due(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, WATCH_MS + 1);
	t_clock_add_us(999);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, WATCH_MS);
	t_clock_add_ms(WATCH_MS - 1);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, 1);
	T_EQ(b->calls[CALL_ROOT], 0);
	t_clock_add_us(1);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, 0);
	T_EQ(b->calls[CALL_ROOT], 1);
	b_free(b);
}

/* What can wait, and what one of the interfaces has to do, count as well. */
static void
it_wakes_for_whatever_is_first(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	b->s->idle_due = mono_add_ms(os_now(), 7);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, 8);
	b->s->idle_due = MONO_NEVER;
	tc_drift_event(link, NULL, os_now());
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, 101);
	b_free(b);
}

/* Who has just been answered gets to ask for more; where it waits for
 * something he has the processor anyway. */
static void
it_lets_others_run_before_it_goes_on_at_once(void)
{
	struct bench *b = b_new();

	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, -1);
	T_EQ(t_poll_yields, 0);
	b_open(b);
	T_EQ(b_add(b, 1, 5004), 0);
	t_clock_add_ms(TC_SERVE_IDLE_MS);
	tc_serve_turn(b->s); /* a class is to be made in its place */
	T_EQ(t_poll_ms, 0);
	T_EQ(t_poll_yields, 1);
	b_calm(b);
	T_CHECK(t_poll_ms > 0, "%d", t_poll_ms);
	T_EQ(t_poll_yields, 0);
	b_free(b);
}

static void
an_interrupted_wait_says_nothing(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	t_poll_error = EINTR;
	tc_serve_turn(b->s);
	T_CHECK(!b->s->stopping, "it stops");
	T_EQ(b->s->error, 0);
	T_EQ(b->calls[CALL_ROOT], 0);
	b_free(b);
}

static void
a_signal_and_the_end_of_the_supervisor_are_the_end(void)
{
	for (int fd = TC_SERVE_LIFE; fd <= TC_SERVE_SIGNAL; fd++) {
		struct bench *b = b_new();

		b_calm_link(b);
		tc_put_iface_off(&b->w, 5, FIX_IFINDEX);
		b_send(b);
		t_poll_ready = fd;
		b_turn(b);
		t_poll_ready = -1;
		T_CHECK(b->s->stopping, "it goes on");
		T_EQ(b->count, 0);
		T_CHECK(tc_links_find(&b->s->links, FIX_IFINDEX), "given back");
		b_free(b);
	}
}

static void
the_end_of_the_engine_is_the_end(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	tc_serve_turn(b->s);
	T_CHECK(!b->s->stopping, "it stops");
	shutdown(b->engine, SHUT_RDWR);
	tc_serve_turn(b->s);
	T_CHECK(b->s->stopping, "it goes on");
	T_CHECK(b->dry.objects.count > 0, "the kernel stays as it is");
	b_free(b);
}

/* ---- answers ------------------------------------------------------------- */

/* Requests that are refused, until the answer to one finds no room: returns
 * its serial. */
static uint32_t
ask_until_full(struct bench *b)
{
	for (uint32_t serial = 1; serial < 5000; serial++) {
		tc_put_counters(&b->w, serial,
			&(struct tc_counters_query){ .flow_id = serial });
		b_send(b);
		tc_serve_turn(b->s);
		if (!TAILQ_EMPTY(&b->s->outs))
			return serial;
	}
	T_CHECK(false, "the socket takes everything");
	return 0;
}

static void
what_finds_no_room_waits_and_nothing_more_is_asked(void)
{
	struct bench *b = b_new();
	uint32_t last;
	size_t count;

	b_open(b);
	b->s->watch_due = mono_add_ms(os_now(), WATCH_MS);
	last = ask_until_full(b);
	tc_put_counters(&b->w, last + 1,
		&(struct tc_counters_query){ .flow_id = last + 1 });
	b_send(b);
	b->s->idle_due = os_now();
	b_forget_calls(b);
	tc_serve_turn(b->s);
	T_EQ(t_poll_events[TC_SERVE_REQUEST], POLLOUT);
	T_EQ(t_poll_ms, WATCH_MS + 1); /* nor does it keep us awake */
	t_clock_add_ms(WATCH_MS);
	tc_serve_turn(b->s);
	/* What is due is done, what can wait waits. */
	T_EQ(b->calls[CALL_ROOT], 1);
	T_EQ(b->s->idle_due.us, os_now().us - WATCH_MS * 1000);
	b_hear(b);
	count = b->count;
	T_EQ(count, last - 1);
	for (uint32_t i = 0; i < count; i++)
		T_EQ(b->heard[i].serial, i + 1);
	b_turn(b); /* there is room again */
	T_EQ(b->count, 1);
	T_EQ(b_done(b, last)->flow_id, last);
	b_turn(b);
	T_EQ(t_poll_events[TC_SERVE_REQUEST], POLLIN);
	T_EQ(b_done(b, last + 1)->flow_id, last + 1);
	b_free(b);
}

static void
an_interrupted_answer_is_sent_again(void)
{
	static const int errors[] = { EINTR, EAGAIN };
	struct bench *b = b_new();

	for (int i = 0; i < 2; i++) {
		tc_put_iface_off(&b->w, 5, 9);
		b_send(b);
		tc_serve_receive(b->s);
		t_send_error = errors[i];
		tc_serve_flush(b->s);
		T_CHECK(!b->s->stopping, "it stops");
		b_hear(b);
		T_EQ(b->count, 0);
		tc_serve_flush(b->s);
		b_hear(b);
		T_EQ(b->count, 1);
		tc_serve_flush(b->s);
		b_hear(b);
		T_EQ(b->datagrams, 0);
	}
	b_free(b);
}

static void
an_engine_that_takes_no_answer_has_gone(void)
{
	struct bench *b = b_new();

	tc_put_iface_off(&b->w, 5, 9);
	b_send(b);
	tc_serve_receive(b->s);
	t_send_error = EPIPE;
	tc_serve_flush(b->s);
	T_CHECK(b->s->stopping, "it goes on");
	T_CHECK(TAILQ_EMPTY(&b->s->outs), "kept");
	b_free(b);
}

enum { FLOWS = 500 };

/* An interface is asked for, and what is told of it needs two datagrams. */
static void
ask_what_needs_two(struct bench *b)
{
	struct tc_iface iface = fix_iface();

	iface.pool_low = iface.pool_high = FLOWS;
	T_EQ(b_iface(b, &iface), 0);
	b_settle(b);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct tc_flow flow = fix_flow(7 + i, (uint16_t)(5 + i));

		flow.rate_Bps = 1000;
		tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
		if (i % 250 == 249)
			b_ask(b);
	}
	tc_links_done(&b->s->links);
	tc_put_iface(&b->w, 6, &iface);
	b_send(b);
}

/* Messages are whole, whatever the number. */
static void
more_answers_than_a_datagram_holds_are_two(void)
{
	struct bench *b = b_new();
	size_t first = 0;

	ask_what_needs_two(b);
	b_turn(b);
	T_EQ(b_count(b, TC_MSG_ADOPTED), FLOWS);
	T_EQ(b->count, FLOWS + 1);
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(b->heard[FLOWS].type, TC_MSG_DONE);
	T_EQ(b->datagrams, 2);
	for (size_t i = 0; i < b->count; i++)
		first += b->heard[i].datagram == 0;
	/* The first one is full. */
	T_CHECK(first > FLOWS / 2 && first < FLOWS, "%zu in the first", first);
	b_free(b);
}

static void
an_answer_without_memory_is_the_end(void)
{
	struct bench *b = b_new();

	tc_put_iface_off(&b->w, 5, 9);
	b_send(b);
	tc_serve_receive(b->s);
	b->ration.left = 0;
	tc_serve_flush(b->s);
	T_EQ(b->s->error, -ENOMEM);
	b_free(b);
}

/* There is memory for the rest of them again. */
static void
a_part_of_the_answers_is_none(void)
{
	struct bench *b = b_new();

	ask_what_needs_two(b);
	b->ration.left = 0;
	tc_serve_receive(b->s);
	b->ration.left = SIZE_MAX;
	tc_serve_flush(b->s);
	T_EQ(b->s->error, -ENOMEM);
	b_free(b);
}

static void
what_waits_is_forgotten_at_the_end(void)
{
	struct bench *b = b_new();

	(void)ask_until_full(b);
	T_CHECK(b->ration.held > 0, "nothing waits");
	tc_serve_answers_done(b->s);
	T_EQ(b->ration.held, 0);
	b_free(b);
}

/* ---- from start to end --------------------------------------------------- */

/* `tcctl serve` as the supervisor starts it; its exit status. */
struct child {
	pid_t pid;
	int engine;
	int supervisor;
};

static struct child
serve_in_child(int type, bool with_life)
{
	struct child c;
	int ends[2];
	int life[2];

	T_EQ(socketpair(AF_UNIX, type, 0, ends), 0);
	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, life), 0);
	c.pid = fork();
	T_CHECK(c.pid >= 0, "no process");
	if (c.pid == 0) {
		const int engine = dup2(ends[1], 40);
		const int supervisor = dup2(life[1], 41);

		t_poll_real = true;
		t_spare_sandbox = true;
		t_clock_go();
		for (int fd = 3; fd < 40; fd++)
			close(fd);
		if (dup2(engine, SERVE_FD) < 0 ||
			(with_life && dup2(supervisor, SERVE_LIFE_FD) < 0))
			_exit(99);
		close(engine);
		close(supervisor);
		_exit(tc_serve());
	}
	close(ends[1]);
	close(life[1]);
	c.engine = ends[0];
	c.supervisor = life[0];
	return c;
}

/* -1: it was killed. */
static int
status_of(struct child *c)
{
	int status = 0;

	T_EQ(waitpid(c->pid, &status, 0), c->pid);
	close(c->engine);
	close(c->supervisor);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It answers: it has started. */
static void
expect_answer(const struct child *c)
{
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;
	struct tc_done done;
	struct msg m;
	ssize_t n;

	tc_put_iface_off(&w, 77, 0x7fffffff);
	T_EQ(send(c->engine, bytes, buf_written(&w), 0),
		(ssize_t)buf_written(&w));
	n = recv(c->engine, bytes, sizeof(bytes), 0);
	T_CHECK(n > 0, "no answer");
	r = buf_reader(bytes, (size_t)n);
	T_CHECK(msg_next(&r, &m) && tc_get_done(&m, &done), "malformed");
	T_EQ(m.serial, 77);
	T_EQ(done.error, 0);
}

static void
it_serves_until_the_engine_closes_its_end(void)
{
	struct child c = serve_in_child(SOCK_SEQPACKET, false);

	expect_answer(&c);
	expect_answer(&c);
	shutdown(c.engine, SHUT_RDWR);
	T_EQ(status_of(&c), 0);
}

static void
it_serves_until_it_is_told_to_stop(void)
{
	static const int signals[] = { SIGTERM, SIGINT };

	for (int i = 0; i < 2; i++) {
		struct child c = serve_in_child(SOCK_SEQPACKET, false);

		expect_answer(&c);
		T_EQ(kill(c.pid, signals[i]), 0);
		T_EQ(status_of(&c), 0);
	}
}

static void
it_serves_until_the_supervisor_has_gone(void)
{
	struct child c = serve_in_child(SOCK_SEQPACKET, true);

	expect_answer(&c);
	shutdown(c.supervisor, SHUT_RDWR);
	T_EQ(status_of(&c), 0);
}

static void
it_serves_nobody_but_the_supervisor(void)
{
	struct child c = serve_in_child(SOCK_STREAM, false);

	T_EQ(status_of(&c), 2);
}

/* Serve somebody who has gone; the status. */
static int
serve_nobody(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
		_exit(99);
	close(ends[0]);
	if (dup2(ends[1], SERVE_FD) < 0)
		_exit(99);
	if (ends[1] != SERVE_FD)
		close(ends[1]);
	return tc_serve();
}

/* What a process that only serves once returns to. */
static int
in_child(int (*run)(void))
{
	int status = 0;
	const pid_t pid = fork();

	T_CHECK(pid >= 0, "no process");
	if (pid == 0) {
		t_poll_real = true;
		t_spare_sandbox = true;
		t_clock_go();
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		_exit(run());
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
serve_without_watch(void)
{
	t_no_watch = true;
	return serve_nobody();
}

static int
serve_without_sandbox(void)
{
	t_no_sandbox = true;
	return serve_nobody();
}

static void
without_events_or_its_filter_it_does_not_serve(void)
{
	T_EQ(in_child(serve_nobody), 0);
	T_EQ(in_child(serve_without_watch), 1);
	T_EQ(in_child(serve_without_sandbox), 1);
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Libraries keep what they have set up when they are used first. */
static int
serve_twice(void)
{
	size_t memory;
	int fds;

	if (serve_nobody() != 0)
		return 1;
	memory = mallinfo2().uordblks;
	fds = open_fds();
	if (serve_nobody() != 0)
		return 2;
	if (open_fds() != fds || fds != 4)
		return 3;
	/* libnftables leaves some 400 octets behind each time, and malloc()
	 * keeps some ready. */
	return mallinfo2().uordblks > memory + 16000 ? 4 : 0;
}

static void
nothing_is_left_at_the_end(void)
{
	T_EQ(in_child(serve_twice), 0);
}

static struct t_case cases[] = {
	{ "without an interface it sleeps", without_an_interface_it_sleeps },
	{ "it sleeps until something is due",
		it_sleeps_until_something_is_due },
	{ "it wakes for whatever is first", it_wakes_for_whatever_is_first },
	{ "it lets others run before it goes on at once",
		it_lets_others_run_before_it_goes_on_at_once },
	{ "an interrupted wait says nothing",
		an_interrupted_wait_says_nothing },
	{ "a signal and the end of the supervisor are the end",
		a_signal_and_the_end_of_the_supervisor_are_the_end },
	{ "the end of the engine is the end",
		the_end_of_the_engine_is_the_end },
	{ "what finds no room waits, and nothing more is asked",
		what_finds_no_room_waits_and_nothing_more_is_asked },
	{ "an interrupted answer is sent again",
		an_interrupted_answer_is_sent_again },
	{ "an engine that takes no answer has gone",
		an_engine_that_takes_no_answer_has_gone },
	{ "more answers than a datagram holds are two",
		more_answers_than_a_datagram_holds_are_two },
	{ "an answer without memory is the end",
		an_answer_without_memory_is_the_end },
	{ "a part of the answers is none", a_part_of_the_answers_is_none },
	{ "what waits is forgotten at the end",
		what_waits_is_forgotten_at_the_end },
	{ "it serves until the engine closes its end",
		it_serves_until_the_engine_closes_its_end },
	{ "it serves until it is told to stop",
		it_serves_until_it_is_told_to_stop },
	{ "it serves until the supervisor has gone",
		it_serves_until_the_supervisor_has_gone },
	{ "without events or its filter it does not serve",
		without_events_or_its_filter_it_does_not_serve },
	{ "nothing is left at the end", nothing_is_left_at_the_end },
	{ "it serves nobody but the supervisor",
		it_serves_nobody_but_the_supervisor },
};
T_MAIN(cases)
