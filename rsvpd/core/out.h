/* SPDX-License-Identifier: ISC */
#ifndef OUT_H
#define OUT_H

/* Messages that the core sends.  Part of core_int.h. */

#include "rsvpd/core/rsvp.h"

struct psb;
struct rsb;
struct session;
struct wish;

void out_path(struct rsvp_core *core, const struct psb *psb, uint32_t ifindex);
void out_path_tear(
	struct rsvp_core *core, const struct psb *psb, uint32_t ifindex);
void out_path_tear_to(struct rsvp_core *core, const struct psb *psb,
	uint32_t ifindex, const struct addr *next_hop);
/* Answer to a Path that just came. */
void out_path_err(struct rsvp_core *core, const struct rsvp_packet *packet,
	uint8_t code, uint16_t value);
/* A PathErr from downstream that came with that TTL, on to the previous hop
 * with one less. */
void out_path_err_on(struct rsvp_core *core, const struct psb *psb,
	const struct wire_msg *in, uint8_t ttl);
struct out_resv {
	struct session *session;
	struct wire_hop hop; /* previous hop */
	uint32_t ifindex;
	uint8_t style;
	struct addr confirm;
	size_t count;
	const struct wire_flow *flows;
	struct wish *wish; /* what it carries; NULL in a tear */
};
void out_resv(struct rsvp_core *core, const struct out_resv *resv);
void out_resv_tear(struct rsvp_core *core, const struct out_resv *resv);
struct out_error {
	struct wire_session session;
	uint32_t ifindex;        /* of the next hop */
	struct addr hop;         /* next hop */
	struct wire_error error; /* node NONE: this one */
	uint8_t style;
	size_t count;
	const struct wire_flow *flows;
	struct wire_view scope; /* WF: addresses, as they came; may be empty */
	size_t other_count;     /* objects that go with it (3.10) */
	const struct wire_view *others;
	size_t policy_count;
	const struct wire_view *policies;
};
void out_resv_err(struct rsvp_core *core, const struct out_error *err);
/* A ResvConf of this node for a request of that RSB. */
void out_resv_conf(struct rsvp_core *core, const struct rsb *rsb);
/* A message for another node, one hop further. */
void out_pass_on(struct rsvp_core *core, const struct rsvp_packet *packet);

#endif /* OUT_H */
