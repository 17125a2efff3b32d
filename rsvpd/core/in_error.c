/* SPDX-License-Identifier: ISC */

/*
 * ResvErr and ResvConf on their way to the receivers (RFC 2205 3.1.8, 3.1.9;
 * RFC 2209, RESV ERROR and RESV CONFIRM).
 */

#include "core_int.h"

#include "merge.h"

/* The descriptor for one next hop: its own filters that the error names, and
 * the flowspec that failed (RFC 2205 3.1.8). */
static size_t
shared_flows(const struct rsb *rsb, const struct wire_msg *msg,
	struct wire_flow flows[WIRE_FLOWS_MAX])
{
	struct spec *spec = rsb_latest(rsb);
	size_t count = 0;

	if (rsb->style != msg->style)
		return 0;
	if (msg->style == WIRE_STYLE_WF) {
		flows[0] = msg->flows[0];
		return 1;
	}
	for (size_t i = 0; i < msg->flow_count; i++)
		if (spec_find(spec, &msg->flows[i].filter))
			flows[count++] = msg->flows[i];
	return count;
}

/*
 * Whether this next hop had a part in the failure.  An admission failure with
 * the old reservation in place is no matter of those who asked for less than
 * what failed (RFC 2205 3.5).
 */
static bool
guilty(const struct rsb *rsb, const struct wire_msg *msg)
{
	return merge_compare(&msg->flows[0].flowspec,
		       &rsb_latest(rsb)->flowspec) != MERGE_GREATER;
}

/* Senders of a wildcard error that route to that interface (RFC 2205 3.4). */
static bool
in_scope(const struct rsb *rsb, const struct wire_msg *msg)
{
	const struct scope_pick pick = { .session = rsb->session,
		.in = msg->scope_view,
		.out_ifindex = rsb->ifindex };
	uint8_t bytes[SCOPE_BYTES];

	return msg->scope_view.len == 0 || scope_collect(&pick, bytes) > 0;
}

static void
pass_error(struct rsvp_core *core, const struct rsb *rsb,
	const struct wire_msg *msg)
{
	struct wire_flow flows[WIRE_FLOWS_MAX];
	struct out_error err = { .session = msg->session,
		.ifindex = rsb->ifindex,
		.hop = rsb->hop.addr,
		.error = msg->error,
		.style = msg->style,
		.flows = flows,
		.scope = msg->scope_view };
	bool in_place = (msg->error.flags & WIRE_ERROR_IN_PLACE) != 0;

	err.count = shared_flows(rsb, msg, flows);
	if (err.count == 0)
		return;
	if (msg->error.code == WIRE_E_ADMISSION && in_place &&
		!guilty(rsb, msg) && !rsb->local)
		return;
	if (rsb->local) {
		if (!guilty(rsb, msg))
			err.error.flags |= WIRE_ERROR_NOT_GUILTY;
		local_resv_error(core, rsb, &err, "");
		return;
	}
	err.error.flags &= (uint8_t)~WIRE_ERROR_NOT_GUILTY;
	if (in_scope(rsb, msg))
		out_resv_err(core, &err);
}

void
in_resv_err(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	const struct session *session = session_find(core, &msg->session);
	const struct rsb *rsb;

	if (!session || session->psb_count == 0 || msg->flow_count == 0) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	core_count(core, RSVP_C_ERROR_IN);
	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->ifindex != packet->ifindex)
			pass_error(core, rsb, msg);
}

void
in_resv_conf(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;

	/* RFC 2205 Appendix B. */
	if (!addr_equal(&packet->dst, &msg->confirm)) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	core_count(core, RSVP_C_CONFIRM_IN);
	if (packet->dst_local)
		local_confirm_msg(core, msg);
	else
		out_pass_on(core, packet);
}
