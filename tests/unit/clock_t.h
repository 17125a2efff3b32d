/* SPDX-License-Identifier: ISC */
#ifndef CLOCK_T_H
#define CLOCK_T_H

/*
 * Clocks that stand until they are moved, and what is logged, for a program
 * that is linked with $(clock_t_flags).  It ends when it unlocks what it had
 * not locked.
 */

#include <stdbool.h>
#include <stdint.h>

void t_clock_begin(void);
void t_clock_add_ms(int64_t ms);
void t_clock_add_us(int64_t us);
/* The clocks go as they should. */
void t_clock_go(void);
/* Was that said since it was asked last?  Forgets all. */
bool t_said(const char *text);

#endif /* CLOCK_T_H */
