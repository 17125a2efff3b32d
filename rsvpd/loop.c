/* SPDX-License-Identifier: ISC */
/*
 * libevent behind loop.h.  A watch, a timer and a signal are one kind of
 * record here: an event in a list of the loop, so that loop_free() finds what
 * is left.  Each callback's last act is the user's function, which may delete
 * the very record that called it.
 */
#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/os.h"

/* Of libevent, which gives everything the one in the middle. */
enum { URGENT, ORDINARY, PRIORITIES };

struct loop_fd {
	LIST_ENTRY(loop_fd) link;
	struct loop *loop;
	struct event *event;
	unsigned ready;
	bool urgent;
	loop_fd_fn *fn;
	void *arg;
};

struct loop_timer {
	LIST_ENTRY(loop_timer) link;
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
};

struct loop_signal {
	LIST_ENTRY(loop_signal) link;
	struct event *event;
	loop_signal_fn *fn;
	void *arg;
};

struct loop {
	struct event_base *base;
	bool stopped;
	LIST_HEAD(fd_list, loop_fd) fds;
	LIST_HEAD(timer_list, loop_timer) timers;
	LIST_HEAD(signal_list, loop_signal) signals;
};

struct mono
loop_now(void)
{
	return os_now();
}

static void
log_libevent(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn(LOG_MAIN, "loop: %s", text);
}

/* Without precise timers epoll rounds up to whole milliseconds, and with a
 * cached time a timer that is set after long work is early.  Without the
 * interval whoever is urgent waits until all others have had their turn. */
static bool
configure(struct event_config *config)
{
	const struct timeval turn = { .tv_usec = LOOP_TURN_MS * 1000L };
	const int flags = EVENT_BASE_FLAG_PRECISE_TIMER |
			  EVENT_BASE_FLAG_NO_CACHE_TIME |
			  EVENT_BASE_FLAG_IGNORE_ENV;

	return event_config_set_flag(config, flags) == 0 &&
	       event_config_set_max_dispatch_interval(
		       config, &turn, -1, ORDINARY) == 0;
}

struct loop *
loop_new(void)
{
	struct loop *loop = (struct loop *)calloc(1, sizeof(*loop));
	struct event_config *config = event_config_new();

	if (!loop || !config)
		goto fail;
	event_set_log_callback(log_libevent);
	LIST_INIT(&loop->fds);
	LIST_INIT(&loop->timers);
	LIST_INIT(&loop->signals);
	if (!configure(config))
		goto fail;
	loop->base = event_base_new_with_config(config);
	if (!loop->base ||
		event_base_priority_init(loop->base, PRIORITIES) != 0)
		goto fail;
	event_config_free(config);
	return loop;
fail:
	if (config)
		event_config_free(config);
	if (loop && loop->base)
		event_base_free(loop->base);
	free(loop);
	return NULL;
}

static void
free_signal(struct loop_signal *sig)
{
	LIST_REMOVE(sig, link);
	event_free(sig->event);
	free(sig);
}

void
loop_free(struct loop *loop)
{
	struct loop_fd *fd;
	struct loop_fd *next_fd;
	struct loop_timer *timer;
	struct loop_timer *next_timer;
	struct loop_signal *sig;
	struct loop_signal *next_sig;

	if (!loop)
		return;
	LIST_FOREACH_SAFE (fd, &loop->fds, link, next_fd)
		loop_fd_del(fd);
	LIST_FOREACH_SAFE (timer, &loop->timers, link, next_timer)
		loop_timer_del(timer);
	LIST_FOREACH_SAFE (sig, &loop->signals, link, next_sig)
		free_signal(sig);
	event_base_free(loop->base);
	free(loop);
}

int
loop_run(struct loop *loop)
{
	int ret = 0;

	while (!loop->stopped && ret == 0)
		if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			ret = -EIO;
	loop->stopped = false;
	return ret;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
	/* Fails only when there is no base. */
	(void)event_base_loopbreak(loop->base);
}

static void
fd_ready(evutil_socket_t fd, short what, void *arg)
{
	const struct loop_fd *watch = (const struct loop_fd *)arg;
	unsigned ready = 0;

	if (what & EV_READ)
		ready |= LOOP_READ;
	if (what & EV_WRITE)
		ready |= LOOP_WRITE;
	watch->fn(watch->arg, fd, ready);
}

static short
event_flags(unsigned ready)
{
	short flags = EV_PERSIST;

	if (ready & LOOP_READ)
		flags |= EV_READ;
	if (ready & LOOP_WRITE)
		flags |= EV_WRITE;
	return flags;
}

struct loop_fd *
loop_fd_add(
	struct loop *loop, int fd, unsigned ready, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *watch = (struct loop_fd *)calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	*watch = (struct loop_fd){
		.loop = loop, .ready = ready, .fn = fn, .arg = arg
	};
	watch->event =
		event_new(loop->base, fd, event_flags(ready), fd_ready, watch);
	if (!watch->event ||
		(ready != 0 && event_add(watch->event, NULL) != 0)) {
		if (watch->event)
			event_free(watch->event);
		free(watch);
		return NULL;
	}
	LIST_INSERT_HEAD(&loop->fds, watch, link);
	return watch;
}

static void
set_priority(struct loop_fd *watch)
{
	/* Fails for one whose callback is due, which has it the next time. */
	if (watch->urgent)
		(void)event_priority_set(watch->event, URGENT);
}

void
loop_fd_set(struct loop_fd *watch, unsigned ready)
{
	const evutil_socket_t fd = event_get_fd(watch->event);

	if (watch->ready == ready)
		return;
	watch->ready = ready;
	/* The descriptor was accepted before and memory is in place, so neither
	 * step has a reason to fail. */
	(void)event_del(watch->event);
	(void)event_assign(watch->event, watch->loop->base, fd,
		event_flags(ready), fd_ready, watch);
	set_priority(watch);
	if (ready != 0)
		(void)event_add(watch->event, NULL);
}

void
loop_fd_urgent(struct loop_fd *watch)
{
	watch->urgent = true;
	set_priority(watch);
}

void
loop_fd_del(struct loop_fd *watch)
{
	if (!watch)
		return;
	LIST_REMOVE(watch, link);
	event_free(watch->event);
	free(watch);
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	const struct loop_timer *timer = (const struct loop_timer *)arg;

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
}

struct loop_timer *
loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer =
		(struct loop_timer *)calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	*timer = (struct loop_timer){ .fn = fn, .arg = arg };
	timer->event = event_new(loop->base, -1, 0, timer_due, timer);
	if (!timer->event) {
		free(timer);
		return NULL;
	}
	LIST_INSERT_HEAD(&loop->timers, timer, link);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, struct mono deadline)
{
	const struct mono now = loop_now();
	const int64_t us =
		mono_reached(deadline, now) ? 0 : deadline.us - now.us;
	const struct timeval tv = { .tv_sec = us / 1000000,
		.tv_usec = us % 1000000 };

	if (deadline.us == MONO_NEVER.us) {
		loop_timer_stop(timer);
		return;
	}
	/* Needs memory only to grow the heap, once; a failure would be seen as
	 * a timer that never fires and is left to the watchdog. */
	(void)event_add(timer->event, &tv);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	/* Fine when it is not pending. */
	(void)event_del(timer->event);
}

void
loop_timer_del(struct loop_timer *timer)
{
	if (!timer)
		return;
	LIST_REMOVE(timer, link);
	event_free(timer->event);
	free(timer);
}

static void
signal_came(evutil_socket_t signo, short what, void *arg)
{
	const struct loop_signal *sig = (const struct loop_signal *)arg;

	(void)what;
	sig->fn(sig->arg, signo);
}

int
loop_signal_add(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	struct loop_signal *sig = (struct loop_signal *)calloc(1, sizeof(*sig));

	if (!sig)
		return -ENOMEM;
	*sig = (struct loop_signal){ .fn = fn, .arg = arg };
	sig->event = evsignal_new(loop->base, signo, signal_came, sig);
	if (!sig->event || event_add(sig->event, NULL) != 0) {
		if (sig->event)
			event_free(sig->event);
		free(sig);
		return -EINVAL;
	}
	LIST_INSERT_HEAD(&loop->signals, sig, link);
	return 0;
}
