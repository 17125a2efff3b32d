/* SPDX-License-Identifier: ISC */
/* Tells the service manager, through libsystemd. */
#include "sup_int.h"

#include <systemd/sd-daemon.h>

void
sup_notify(const char *state)
{
	/* Not started by one: nobody to tell. */
	(void)sd_notify(0, state);
}
