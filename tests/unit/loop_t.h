/* SPDX-License-Identifier: ISC */
#ifndef LOOP_T_H
#define LOOP_T_H

/*
 * The event loop of rsvpd/loop.h on a clock that a test sets, for unit tests
 * and fuzzers: nothing is called but by the functions here.
 */

#include <stddef.h>

#include "rsvpd/loop.h"

/* Nothing is watched, no timer runs, and it is that time. */
struct loop *loop_t_begin(struct mono now);
/* Descriptors and timers that are left. */
size_t loop_t_left(void);

void loop_t_go_on(int64_t us);
/* Whether loop_stop() was called since the last time this was asked. */
bool loop_t_stopped(void);

/* Each descriptor that is ready, or timer that is due, once.  False: none was.
 */
bool loop_t_call_fds(void);
bool loop_t_call_timers(void);

/* Nothing more can be watched: lack of memory. */
void loop_t_refuse(bool refuse);

/* What a descriptor is watched for; 0: nothing. */
unsigned loop_t_ready(int fd);
/* Timers that are set, and when the first of them is due. */
size_t loop_t_timers(void);
struct mono loop_t_next(void);

#endif /* LOOP_T_H */
