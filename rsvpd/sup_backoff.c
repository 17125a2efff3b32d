/* SPDX-License-Identifier: ISC */
/* When a worker that died is started again. */
#include "sup_int.h"

#include <string.h>

enum { FIRST_DELAY_MS = 50, LAST_DELAY_MS = 5000, FORGIVEN_MS = 1000 };

static void
forget_old(struct sup_deaths *deaths, struct mono now)
{
	size_t old = 0;

	while (old < deaths->count &&
		mono_ms_between(deaths->when[old], now) >= SUP_DEATHS_WINDOW_MS)
		old++;
	deaths->count -= old;
	memmove(deaths->when, deaths->when + old,
		deaths->count * sizeof(deaths->when[0]));
}

int
sup_deaths_add(struct sup_deaths *deaths, struct mono now)
{
	int delay_ms = FIRST_DELAY_MS;

	forget_old(deaths, now);
	if (deaths->count + 1 >= SUP_DEATHS_MAX)
		return -1;
	for (size_t i = 0; i < deaths->count && delay_ms < LAST_DELAY_MS; i++)
		delay_ms *= 2;
	deaths->when[deaths->count++] = now;
	return delay_ms < LAST_DELAY_MS ? delay_ms : LAST_DELAY_MS;
}

void
sup_deaths_forgive(struct sup_deaths *deaths, struct mono now)
{
	if (deaths->count > 0 &&
		mono_ms_between(deaths->when[deaths->count - 1], now) <=
			FORGIVEN_MS)
		deaths->count--;
}
