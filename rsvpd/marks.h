/* SPDX-License-Identifier: ISC */
#ifndef MARKS_H
#define MARKS_H

/*
 * The DS field of reservations: the rule that allowed one may say how its
 * packets are marked, in and out of profile.
 */

#include "rsvpd/core/rsvp.h"
#include "tcctl/tcctl.h"

struct engine;
struct marks;

struct marks *marks_new(struct engine *engine);
void marks_free(struct marks *marks);

/* A flow is there, is another's now, or has ended. */
void marks_effect(struct marks *marks, const struct rsvp_account *what);
/* tcctl has answered for its mark; error 0: it is in force. */
void marks_done(struct marks *marks, uint32_t flow_id, int error);
/* How its packets are marked; NULL: they are not. */
const struct tc_marking *marks_of(const struct marks *marks, uint32_t flow_id);
/* The rules are others. */
void marks_policy(struct marks *marks);
/* A new tcctl manages the interface. */
void marks_ready(struct marks *marks, uint32_t ifindex);

#endif /* MARKS_H */
