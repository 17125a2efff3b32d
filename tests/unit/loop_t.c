/* SPDX-License-Identifier: ISC */

/* An event loop on a clock of its own; see loop_t.h. */

#include "tests/unit/loop_t.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WATCHES = 64, TIMERS = 64 };

struct loop {
	bool stopped;
};

struct loop_fd {
	int fd;
	unsigned ready;
	loop_fd_fn *fn; /* NULL: free */
	void *arg;
};

struct loop_timer {
	bool set;
	struct mono deadline;
	loop_timer_fn *fn; /* NULL: free */
	void *arg;
};

static struct mono now;
static bool refusing;
static struct loop the_loop;
static struct loop_fd watches[WATCHES];
static struct loop_timer timers[TIMERS];

struct loop *
loop_t_begin(struct mono at)
{
	now = at;
	refusing = false;
	the_loop.stopped = false;
	memset(watches, 0, sizeof(watches));
	memset(timers, 0, sizeof(timers));
	return &the_loop;
}

size_t
loop_t_left(void)
{
	size_t left = 0;

	for (size_t i = 0; i < WATCHES; i++)
		left += watches[i].fn != NULL;
	for (size_t i = 0; i < TIMERS; i++)
		left += timers[i].fn != NULL;
	return left;
}

void
loop_t_go_on(int64_t us)
{
	now.us += us;
}

bool
loop_t_stopped(void)
{
	const bool stopped = the_loop.stopped;

	the_loop.stopped = false;
	return stopped;
}

void
loop_t_refuse(bool refuse)
{
	refusing = refuse;
}

struct mono
loop_now(void)
{
	return now;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

/* ---- descriptors --------------------------------------------------------- */

/* Whoever uses more of them is out of hand. */
static void
give_up(const char *what)
{
	fprintf(stderr, "loop: too many %s\n", what);
	abort();
}

struct loop_fd *
loop_fd_add(
	struct loop *loop, int fd, unsigned ready, loop_fd_fn *fn, void *arg)
{
	(void)loop;
	for (size_t i = 0; i < WATCHES && !refusing; i++) {
		if (watches[i].fn)
			continue;
		watches[i] = (struct loop_fd){ fd, ready, fn, arg };
		return &watches[i];
	}
	if (!refusing)
		give_up("descriptors");
	return NULL;
}

void
loop_fd_set(struct loop_fd *watch, unsigned ready)
{
	watch->ready = ready;
}

void
loop_fd_urgent(struct loop_fd *watch)
{
	(void)watch;
}

void
loop_fd_del(struct loop_fd *watch)
{
	if (watch)
		*watch = (struct loop_fd){ .fd = -1 };
}

bool
loop_t_call_fds(void)
{
	bool called = false;

	for (size_t i = 0; i < WATCHES; i++) {
		struct loop_fd *w = &watches[i];
		struct pollfd p = { .fd = w->fd };

		if (!w->fn || w->ready == 0)
			continue;
		p.events = (short)((w->ready & LOOP_READ ? POLLIN : 0) |
				   (w->ready & LOOP_WRITE ? POLLOUT : 0));
		if (poll(&p, 1, 0) <= 0)
			continue;
		w->fn(w->arg, w->fd,
			(p.revents & POLLOUT ? LOOP_WRITE : 0u) |
				(p.revents & ~POLLOUT ? LOOP_READ : 0u));
		called = true;
	}
	return called;
}

unsigned
loop_t_ready(int fd)
{
	unsigned ready = 0;

	for (size_t i = 0; i < WATCHES; i++)
		if (watches[i].fn && watches[i].fd == fd)
			ready |= watches[i].ready;
	return ready;
}

/* ---- timers -------------------------------------------------------------- */

struct loop_timer *
loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	(void)loop;
	for (size_t i = 0; i < TIMERS && !refusing; i++) {
		if (timers[i].fn)
			continue;
		timers[i] = (struct loop_timer){ .fn = fn, .arg = arg };
		return &timers[i];
	}
	if (!refusing)
		give_up("timers");
	return NULL;
}

void
loop_timer_set(struct loop_timer *timer, struct mono deadline)
{
	timer->set = true;
	timer->deadline = deadline;
}

void
loop_timer_stop(struct loop_timer *timer)
{
	timer->set = false;
}

void
loop_timer_del(struct loop_timer *timer)
{
	if (timer)
		*timer = (struct loop_timer){ 0 };
}

bool
loop_t_call_timers(void)
{
	bool called = false;

	for (size_t i = 0; i < TIMERS; i++) {
		struct loop_timer *t = &timers[i];

		if (!t->set || !mono_reached(t->deadline, now))
			continue;
		t->set = false;
		t->fn(t->arg);
		called = true;
	}
	return called;
}

size_t
loop_t_timers(void)
{
	size_t set = 0;

	for (size_t i = 0; i < TIMERS; i++)
		set += timers[i].set;
	return set;
}

struct mono
loop_t_next(void)
{
	struct mono next = MONO_NEVER;

	for (size_t i = 0; i < TIMERS; i++)
		if (timers[i].set && timers[i].deadline.us < next.us)
			next = timers[i].deadline;
	return next;
}
