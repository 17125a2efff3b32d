/* SPDX-License-Identifier: ISC */

/* An ordinary build needs nothing besides; see sandbox.c. */

#include "sandbox_int.h"

const int *
tc_sandbox_extra(size_t *ret_count)
{
	*ret_count = 0;
	return NULL;
}
