/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_INT_H
#define SANDBOX_INT_H

/* No new privileges, and from here on only the listed system calls, in every
 * thread to come.  0 or negative errno. */
int sandbox_enter(void);

#endif /* SANDBOX_INT_H */
