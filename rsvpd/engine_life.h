/* SPDX-License-Identifier: ISC */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

/* When the engine begins to listen, and how it ends. */

#include "rsvpd/daemon.h"

/* At the start: neighbours and applications wait until rules are in force, so
 * that nothing is decided without them, and until what tcctl found in the
 * kernel is known, so that nobody whose flow is there is told that it is not;
 * for two seconds at most, then all is refused until rules come.  False: no
 * memory. */
bool engine_hold(struct engine *engine);
/* Rules are in force. */
void engine_open(struct engine *engine);
/* tcctl has answered for an interface. */
void engine_adopted(struct engine *engine);
/* End the loop as the configuration's stop says: at once, or when everything
 * is withdrawn, within four seconds. */
void engine_stop(struct engine *engine);

#endif /* ENGINE_LIFE_H */
