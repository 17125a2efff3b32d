/* SPDX-License-Identifier: ISC */
#ifndef TC_FLOW_H
#define TC_FLOW_H

#include "rsvpd/core/rsvp.h"
#include "tcctl/tcctl.h"

struct tc_flow tc_flow_of(const struct rsvp_flow *flow);
/* A flow that tcctl found in the kernel.  All its filters are for one session;
 * the codec has seen to it that there is one. */
struct rsvp_flow tc_flow_to_rsvp(const struct tc_flow *flow);

#endif /* TC_FLOW_H */
