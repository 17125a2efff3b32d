/* SPDX-License-Identifier: ISC */
#ifndef ENGINE_STOP_H
#define ENGINE_STOP_H

#include "rsvpd/daemon.h"

/* End the loop as the configuration's stop says: at once, or when everything
 * is withdrawn, within four seconds. */
void engine_stop(struct engine *engine);

#endif /* ENGINE_STOP_H */
