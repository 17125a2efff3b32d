/* SPDX-License-Identifier: ISC */
#include "rsvpd/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t.h"

struct seen {
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct loop_timer *other;
	int calls;
	int signo;
	unsigned ready;
	struct mono when;
	char text[32];
	int peer; /* of what is watched */
};

/* A loop that ends by itself should the expected thing never come. */
static void
time_out(void *arg)
{
	struct seen *s = (struct seen *)arg;

	s->calls = -1;
	loop_stop(s->loop);
}

static struct seen
begin(struct seen *s)
{
	*s = (struct seen){ .loop = loop_new() };
	T_CHECK(s->loop != NULL, "no loop");
	return *s;
}

static void
guard(struct seen *s)
{
	loop_timer_set(loop_timer_add(s->loop, time_out, s),
		mono_add_ms(loop_now(), 5000));
}

static void
read_all(void *arg, int fd, unsigned ready)
{
	struct seen *s = (struct seen *)arg;
	const ssize_t n = read(fd, s->text, sizeof(s->text) - 1);

	s->ready = ready;
	s->text[n > 0 ? n : 0] = '\0';
	s->calls++;
	loop_stop(s->loop);
}

static void
readable_descriptor_is_told(void)
{
	struct seen s = begin(&s);
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s.watch = loop_fd_add(s.loop, fds[0], LOOP_READ, read_all, &s);
	guard(&s);
	T_EQ(write(fds[1], "ping", 4), 4);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	T_EQ(s.ready, LOOP_READ);
	T_STR(s.text, "ping");
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void
note_ready(void *arg, int fd, unsigned ready)
{
	struct seen *s = (struct seen *)arg;

	(void)fd;
	s->ready = ready;
	s->calls++;
	loop_stop(s->loop);
}

static void
stop_loop(void *arg)
{
	struct seen *s = (struct seen *)arg;

	s->when = loop_now();
	loop_stop(s->loop);
}

static void
what_is_watched_can_change(void)
{
	struct seen s = begin(&s);
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	T_EQ(write(fds[1], "x", 1), 1);
	s.watch = loop_fd_add(s.loop, fds[0], LOOP_WRITE, note_ready, &s);
	guard(&s);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.ready, LOOP_WRITE);
	loop_fd_set(s.watch, LOOP_READ | LOOP_WRITE);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.ready, LOOP_READ | LOOP_WRITE);
	loop_fd_set(s.watch, LOOP_READ);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.ready, LOOP_READ);
	T_EQ(s.calls, 3);
	/* Nothing: it is readable, and nobody is told. */
	loop_fd_set(s.watch, 0);
	s.timer = loop_timer_add(s.loop, stop_loop, &s);
	loop_timer_set(s.timer, mono_add_ms(loop_now(), 20));
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 3);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void
watch_added_for_nothing_is_silent_until_set(void)
{
	struct seen s = begin(&s);
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	T_EQ(write(fds[1], "x", 1), 1);
	s.watch = loop_fd_add(s.loop, fds[0], 0, note_ready, &s);
	s.timer = loop_timer_add(s.loop, stop_loop, &s);
	loop_timer_set(s.timer, mono_add_ms(loop_now(), 10));
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 0);
	guard(&s);
	loop_fd_set(s.watch, LOOP_READ);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void
delete_itself(void *arg, int fd, unsigned ready)
{
	struct seen *s = (struct seen *)arg;

	(void)fd;
	(void)ready;
	s->calls++;
	loop_fd_del(s->watch);
	s->watch = NULL;
	loop_stop(s->loop);
}

static void
watch_may_delete_itself(void)
{
	struct seen s = begin(&s);
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s.watch = loop_fd_add(s.loop, fds[0], LOOP_WRITE, delete_itself, &s);
	guard(&s);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	/* Gone: only the timer comes. */
	s.timer = loop_timer_add(s.loop, stop_loop, &s);
	loop_timer_set(s.timer, mono_add_ms(loop_now(), 10));
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	loop_fd_del(NULL);
	loop_timer_del(NULL);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void
timer_fires_once_and_never_early(void)
{
	struct seen s = begin(&s);

	s.timer = loop_timer_add(s.loop, stop_loop, &s);
	guard(&s);
	for (int ms = 0; ms < 12; ms++) {
		const struct mono deadline = mono_add_ms(loop_now(), ms);

		loop_timer_set(s.timer, deadline);
		T_EQ(loop_run(s.loop), 0);
		T_CHECK(mono_reached(deadline, s.when), "%d ms: early", ms);
	}
	loop_free(s.loop);
}

/* Work for 20 ms, then want a timer 10 ms from now: the time of the loop's
 * turn is stale by then. */
static void
work_and_set(void *arg)
{
	struct seen *s = (struct seen *)arg;
	const struct mono until = mono_add_ms(loop_now(), 20);

	while (!mono_reached(until, loop_now()))
		;
	s->when = mono_add_ms(loop_now(), 10);
	loop_timer_set(s->other, s->when);
}

static void
note_earliness(void *arg)
{
	struct seen *s = (struct seen *)arg;

	s->calls = mono_reached(s->when, loop_now()) ? 1 : 2;
	loop_stop(s->loop);
}

static void
timer_set_after_long_work_is_not_early(void)
{
	struct seen s = begin(&s);

	s.other = loop_timer_add(s.loop, note_earliness, &s);
	s.timer = loop_timer_add(s.loop, work_and_set, &s);
	guard(&s);
	loop_timer_set(s.timer, loop_now());
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	loop_free(s.loop);
}

static void
count_call(void *arg)
{
	((struct seen *)arg)->calls++;
}

static void
timer_can_be_stopped_moved_and_put_off_for_ever(void)
{
	struct seen s = begin(&s);
	struct loop_timer *stopped = loop_timer_add(s.loop, count_call, &s);
	struct loop_timer *never = loop_timer_add(s.loop, count_call, &s);
	struct loop_timer *moved = loop_timer_add(s.loop, count_call, &s);
	struct loop_timer *end = loop_timer_add(s.loop, stop_loop, &s);

	loop_timer_set(stopped, loop_now());
	loop_timer_stop(stopped);
	loop_timer_set(never, loop_now());
	loop_timer_set(never, MONO_NEVER);
	loop_timer_set(moved, mono_add_ms(loop_now(), 3600 * 1000));
	loop_timer_set(moved, loop_now());
	loop_timer_set(end, mono_add_ms(loop_now(), 30));
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 1);
	loop_free(s.loop);
}

static void
take_signal(void *arg, int signo)
{
	struct seen *s = (struct seen *)arg;

	s->signo = signo;
	s->calls++;
	loop_stop(s->loop);
}

static void
signal_is_told_each_time(void)
{
	struct seen s = begin(&s);

	T_EQ(loop_signal_add(s.loop, SIGUSR1, take_signal, &s), 0);
	guard(&s);
	raise(SIGUSR1);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.signo, SIGUSR1);
	raise(SIGUSR1);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 2);
	T_CHECK(loop_signal_add(s.loop, 12345, take_signal, &s) < 0,
		"accepted a signal that does not exist");
	loop_free(s.loop);
}

static void
stop_before_run_is_not_lost(void)
{
	struct seen s = begin(&s);

	guard(&s);
	loop_stop(s.loop);
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.calls, 0);
	loop_free(s.loop);
	loop_free(NULL);
}

static void
file_that_cannot_be_watched_is_refused(void)
{
	struct seen s = begin(&s);
	FILE *file = tmpfile();

	T_CHECK(file != NULL, "no temporary file");
	T_CHECK(!loop_fd_add(s.loop, fileno(file), LOOP_READ, note_ready, &s),
		"epoll does not take a regular file");
	fclose(file);
	loop_free(s.loop);
}

/* Work for a moment, and let the first have somebody ask. */
static void
dawdle(void *arg)
{
	struct seen *s = (struct seen *)arg;
	const struct mono end = mono_add_ms(loop_now(), 1);

	if (s->calls++ == 0)
		T_EQ(write(s->peer, "ping", 4), 4);
	while (!mono_reached(end, loop_now()))
		continue;
}

static void
stop_at_once(void *arg, int fd, unsigned ready)
{
	struct seen *s = (struct seen *)arg;

	s->ready = ready;
	T_EQ(read(fd, s->text, sizeof(s->text)), 4);
	loop_stop(s->loop);
}

enum { BUSY = 20 * LOOP_TURN_MS };

/* How many of those that are ready come before one more. */
static int
come_before(bool urgent, bool set_again)
{
	struct seen s = begin(&s);
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s.peer = fds[1];
	s.watch = loop_fd_add(s.loop, fds[0], LOOP_READ, stop_at_once, &s);
	if (urgent)
		loop_fd_urgent(s.watch);
	if (set_again) {
		loop_fd_set(s.watch, 0);
		loop_fd_set(s.watch, LOOP_READ);
	}
	for (int i = 0; i < BUSY; i++)
		loop_timer_set(loop_timer_add(s.loop, dawdle, &s), loop_now());
	T_EQ(loop_run(s.loop), 0);
	T_EQ(s.ready, LOOP_READ);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
	return s.calls;
}

static void
urgent_watch_does_not_wait_for_all_others(void)
{
	T_EQ(come_before(false, false), BUSY);
	T_CHECK(come_before(true, false) < BUSY / 2, "it waited");
	T_CHECK(come_before(true, true) < BUSY / 2, "it waited");
}

static struct t_case cases[] = {
	{ "a readable descriptor is told", readable_descriptor_is_told },
	{ "what is watched can change", what_is_watched_can_change },
	{ "a watch added for nothing is silent until set",
		watch_added_for_nothing_is_silent_until_set },
	{ "a watch may delete itself", watch_may_delete_itself },
	{ "an urgent watch does not wait for all others",
		urgent_watch_does_not_wait_for_all_others },
	{ "a timer fires once and never early",
		timer_fires_once_and_never_early },
	{ "a timer set after long work is not early",
		timer_set_after_long_work_is_not_early },
	{ "a timer can be stopped, moved and put off for ever",
		timer_can_be_stopped_moved_and_put_off_for_ever },
	{ "a signal is told each time", signal_is_told_each_time },
	{ "a stop before the run is not lost", stop_before_run_is_not_lost },
	{ "a file that cannot be watched is refused",
		file_that_cannot_be_watched_is_refused },
};
T_MAIN(cases)
