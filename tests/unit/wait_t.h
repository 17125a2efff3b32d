/* SPDX-License-Identifier: ISC */
#ifndef WAIT_T_H
#define WAIT_T_H

/*
 * Waits of a thread that pass at once, and are kept, for a program that is
 * linked with --wrap=pthread_cond_timedwait and clock_t.c.
 */

#include <stdint.h>

enum { T_WAITS = 64 };

extern unsigned t_turns; /* that pass before it waits for us */
extern int64_t t_waits_us[T_WAITS];
extern unsigned t_n_waits;

void t_wait_stopped(void); /* until it does */

#endif /* WAIT_T_H */
