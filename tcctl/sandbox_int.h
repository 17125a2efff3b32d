/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_INT_H
#define SANDBOX_INT_H

#include <stddef.h>

/* System calls that this kind of build needs besides: none, or those of the
 * sanitizers' run-time (the makefile chooses the file). */
const int *tc_sandbox_extra(size_t *ret_count);

#endif /* SANDBOX_INT_H */
