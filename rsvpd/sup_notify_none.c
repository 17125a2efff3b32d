/* SPDX-License-Identifier: ISC */
/* No service manager to tell: a build without libsystemd. */
#include "sup_int.h"

void
sup_notify(const char *state)
{
	(void)state;
}
