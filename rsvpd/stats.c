/* SPDX-License-Identifier: ISC */

/* The table of the daemon's own counters: names and help. */

#include "rsvpd/stats.h"

struct row {
	const char *name;
	const char *help;
};

static const struct row rows[STATS_COUNTER_COUNT] = {
#define X(id, name, help) [id] = { name, help },
	STATS_COUNTERS(X)
#undef X
};

const char *
stats_name(enum stats_counter counter)
{
	return rows[counter].name;
}

const char *
stats_help(enum stats_counter counter)
{
	return rows[counter].help;
}
