/* SPDX-License-Identifier: ISC */
#ifndef LOOP_H
#define LOOP_H

/*
 * The event loop: descriptors, timers, signals.  The one place that knows
 * libevent.  Level-triggered; a callback does one bounded batch of work and
 * returns, the loop calls it again while there is more.  Where the cost of what
 * is in a batch is not known, it is bounded by time as well.
 */

#include <stdbool.h>

#include "base/mono.h"

struct loop;
struct loop_fd;
struct loop_timer;

/* What a callback may take, and at most one piece of work more. */
enum { LOOP_TURN_MS = 10 };

enum loop_ready { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_fd_fn(void *arg, int fd, unsigned ready);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo);

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* frees what is still registered */
/* Until loop_stop().  0, or a negative errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

struct mono loop_now(void); /* CLOCK_MONOTONIC, fresh */

/* Watch a descriptor (borrowed).  NULL for lack of memory. */
struct loop_fd *loop_fd_add(
	struct loop *loop, int fd, unsigned ready, loop_fd_fn *fn, void *arg);
void loop_fd_set(struct loop_fd *watch, unsigned ready); /* 0: nothing */
void loop_fd_del(struct loop_fd *watch);                 /* NULL is fine */
/* It does not wait for all others that are ready: when their callbacks have
 * taken as much as one may, it comes next. */
void loop_fd_urgent(struct loop_fd *watch);

/* A one-shot timer, created stopped. */
struct loop_timer *loop_timer_add(
	struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *timer, struct mono deadline);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_del(struct loop_timer *timer); /* NULL is fine */

/* 0, or a negative errno. */
int loop_signal_add(
	struct loop *loop, int signo, loop_signal_fn *fn, void *arg);

#endif /* LOOP_H */
