/* SPDX-License-Identifier: ISC */
#ifndef FRAMING_H
#define FRAMING_H

/*
 * What a link adds to packets on their way through the bottleneck, by the name
 * of its layer.
 */

#include <stdint.h>

#include "rsvpd/conf.h"

struct rsvp_iface;

/* Overhead, smallest frame and cells for an interface whose header_bytes are
 * known; what the section says itself goes first. */
void framing_apply(const struct conf_iface *section, struct rsvp_iface *iface);
/* What of a line's rate is left for octets of packets. */
uint64_t framing_rate(enum conf_link_layer layer, uint64_t line_Bps);

#endif /* FRAMING_H */
