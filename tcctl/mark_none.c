/* SPDX-License-Identifier: ISC */

/* A build without libnftables marks nothing. */

#include "tc_rule_int.h"

bool
tc_marker_open(struct tc_marker *ret_marker, struct tc_life *life)
{
	(void)life;
	(void)ret_marker;
	return false;
}

void
tc_marker_close(struct tc_marker *marker)
{
	(void)marker;
}
