/* SPDX-License-Identifier: ISC */
#ifndef LIFE_INT_H
#define LIFE_INT_H

/*
 * Signs of life while one call lasts.  The kernel does all of a request within
 * the call that sends it, and first waits for its lock, which others may hold
 * for many seconds (25 s for a tree of 60 000 classes that is deleted); nobody
 * can be answered there, and a process that is killed there is not gone before
 * the call ends.  So a thread answers the supervisor: as long as the thread
 * that serves waits for the kernel, and else when it has made a step since the
 * question.  One that goes round in circles makes none and is silent.
 */

#include <stdint.h>

struct tc_life;

/*
 * Answer what is asked on fd, which stays the caller's; a wait that lasts
 * longer than most_ms is no life any more.  The thread has all signals that are
 * blocked now blocked, and needs nothing but poll, recv, send, write and exit
 * once this returns.  NULL with errno set when that cannot be had.
 */
struct tc_life *tc_life_new(int fd, int64_t most_ms);
void tc_life_free(struct tc_life *life);
/* Readable when whoever asks has gone. */
int tc_life_fd(const struct tc_life *life);

/* The thread that serves is about to wait for the kernel; has waited.  These
 * are steps.  NULL: nobody asks. */
void tc_life_wait(struct tc_life *life);
void tc_life_go(struct tc_life *life);
/* It is about to wait for something to do, for however long; up to
 * tc_life_go. */
void tc_life_rest(struct tc_life *life);

#endif /* LIFE_INT_H */
