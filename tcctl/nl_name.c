/* SPDX-License-Identifier: ISC */

/* What interfaces are called that filters send packets to.  Not for tcctl
 * serve, which may open no socket to ask. */

#include <net/if.h>

#include "nl_conn.h"

_Static_assert(TC_NAME >= IF_NAMESIZE, "a name fits");

static void
name_target(struct tc_action *a)
{
	if (a->kind == &tc_action_mirred && !a->mirred.nobody &&
		!if_indextoname(a->mirred.ifindex, a->mirred.name))
		a->mirred.name[0] = '\0'; /* it has gone: its number is told */
}

void
nl_name_targets(struct tc_objects *list, size_t first)
{
	for (size_t i = first; i < list->count; i++) {
		struct tc_extra *extra = list->all[i].extra;

		for (size_t k = 0; extra && k < extra->action_count; k++)
			name_target(&extra->actions[k]);
	}
}
