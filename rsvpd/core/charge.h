/* SPDX-License-Identifier: ISC */
#ifndef CHARGE_H
#define CHARGE_H

/* Telling whoever keeps accounts who is charged for a flow. */

#include <stdint.h>

#include "rsvpd/core/rsvp.h"

struct demand;

/* The flow is in the kernel, as it is charged from now on. */
void account_flow(struct rsvp_core *core, const struct demand *demand);
/* It is still described by what is live, and about to be forgotten. */
void account_end(struct rsvp_core *core, const struct demand *demand);
/* What a refusal of what was in force means for it. */
enum rsvp_end account_cause(uint8_t code);

#endif /* CHARGE_H */
