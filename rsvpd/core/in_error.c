/* SPDX-License-Identifier: ISC */

/*
 * ResvErr and ResvConf on their way to the receivers (RFC 2205 3.1.8, 3.1.9;
 * RFC 2209, RESV ERROR and RESV CONFIRM).
 */

#include "core_int.h"

/* Bit u of Error Value: the message only informs (RFC 2205 Appendix B). */
enum { ADMISSION_INFORMS = 0x2000 };

/* It is the previous hop of that sender that tells of the error.  What another
 * hop says may be about states that it alone still has, and where such
 * leftovers close a circle it would come round for ever. */
static bool
is_of_sender(const struct rsb *rsb, const struct wire_msg *msg,
	const struct wire_filter *sender)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &rsb->session->psbs, next)
		if (wire_filter_equal(&psb->sender, sender) &&
			addr_equal(&psb->hop.addr, &msg->hop.addr))
			return true;
	return false;
}

/* The descriptor for one next hop: its own filters that the error names, and
 * the flowspec that failed (RFC 2205 3.1.8). */
static size_t
shared_flows(const struct rsb *rsb, const struct wire_msg *msg,
	struct wire_flow flows[WIRE_FLOWS_MAX])
{
	size_t count = 0;

	if (rsb->style != msg->style)
		return 0;
	if (msg->style == WIRE_STYLE_WF) {
		flows[0] = msg->flows[0];
		return 1;
	}
	for (size_t i = 0; i < msg->flow_count; i++)
		if (spec_find(rsb->now, &msg->flows[i].filter) &&
			is_of_sender(rsb, msg, &msg->flows[i].filter))
			flows[count++] = msg->flows[i];
	return count;
}

/* Whether this next hop had a part in the failure: it did not ask for less than
 * what failed. */
static bool
guilty(const struct rsb *rsb, const struct wire_msg *msg)
{
	const struct wire_flowspec asked = spec_forwarded(rsb->now);

	return bsb_blockades(&msg->flows[0].flowspec, &asked);
}

/* An admission failure with the old reservation in place is no matter of those
 * who asked for less than what failed (RFC 2205 3.5, rule 5). */
static bool
spared(const struct rsb *rsb, const struct wire_msg *msg)
{
	return msg->error.code == WIRE_E_ADMISSION &&
	       (msg->error.flags & WIRE_ERROR_IN_PLACE) != 0 &&
	       !guilty(rsb, msg);
}

/*
 * Senders that a wildcard error is about.  Without SCOPE they are those behind
 * the hop that it comes from; from here on it has one, for elsewhere there may
 * be others behind the next hop, and the error would go round where the paths
 * of several senders make a loop (RFC 2205 3.4).
 */
static struct wire_view
scope_of(const struct session *session, const struct wire_msg *msg,
	uint8_t bytes[SCOPE_BYTES])
{
	const struct scope_pick pick = { .session = session,
		.hop = &msg->hop.addr };

	if (msg->style != WIRE_STYLE_WF || msg->scope_view.len > 0)
		return msg->scope_view;
	return (struct wire_view){ bytes, scope_collect(&pick, bytes) };
}

/* Some of them route to that interface. */
static bool
in_scope(const struct rsb *rsb, struct wire_view scope)
{
	const struct scope_pick pick = { .session = rsb->session,
		.in = scope,
		.out_ifindex = rsb->ifindex };
	uint8_t bytes[SCOPE_BYTES];

	return scope.len > 0 && scope_collect(&pick, bytes) > 0;
}

static void
pass_error(struct rsvp_core *core, const struct rsb *rsb,
	const struct wire_msg *msg, struct wire_view scope)
{
	struct wire_flow flows[WIRE_FLOWS_MAX];
	struct out_error err = { .session = msg->session,
		.ifindex = rsb->ifindex,
		.hop = rsb->hop.addr,
		.error = msg->error,
		.style = msg->style,
		.flows = flows,
		.scope = scope,
		.other_count = msg->other_count,
		.others = msg->others,
		.policy_count = msg->policy_count,
		.policies = msg->policies };

	err.count = shared_flows(rsb, msg, flows);
	if (err.count == 0 || spared(rsb, msg))
		return;
	/* For an application only (Appendix A.5). */
	err.error.flags &= (uint8_t)~WIRE_ERROR_NOT_GUILTY;
	if (!rsb->local) {
		if (rsb->style != WIRE_STYLE_WF || in_scope(rsb, scope))
			out_resv_err(core, &err);
		return;
	}
	if (!guilty(rsb, msg))
		err.error.flags |= WIRE_ERROR_NOT_GUILTY;
	local_resv_error(core, rsb, &err, "");
}

/* RFC 2205 3.5: remember what failed, ask for what may succeed. */
static void
blockade(struct rsvp_core *core, struct session *session,
	const struct wire_msg *msg)
{
	const struct rsb *rsb = TAILQ_FIRST(&session->rsbs);

	if (msg->error.code != WIRE_E_ADMISSION ||
		(msg->error.value & ADMISSION_INFORMS) != 0 || !rsb ||
		rsb->style != msg->style)
		return;
	bsb_strike(core, session, msg);
	ask_hurry(core, session);
}

/* Only who was asked has errors to tell: neither a hop that the path left,
 * which does not know yet, nor somebody who makes them up, as a receiver might
 * whom others outbid: they do not come from where the data go to. */
static bool
is_previous_hop(const struct session *session, const struct rsvp_packet *packet)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &session->psbs, next)
		if (addr_equal(&psb->hop.addr, &packet->msg->hop.addr) &&
			!psb_routes_to(psb, packet->ifindex))
			return true;
	return false;
}

void
in_resv_err(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	struct session *session = session_find(core, &msg->session);
	uint8_t bytes[SCOPE_BYTES];
	struct wire_view scope;
	const struct rsb *rsb;

	if (!session || msg->flow_count == 0 ||
		!is_previous_hop(session, packet)) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	core_count(core, RSVP_C_ERROR_IN);
	scope = scope_of(session, msg, bytes);
	blockade(core, session, msg);
	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->ifindex != packet->ifindex && rsb->now)
			pass_error(core, rsb, msg, scope);
}

void
in_resv_conf(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;

	/* RFC 2205 Appendix B. */
	if (!addr_equal(&packet->dst, &msg->confirm)) {
		core_drop_bad(
			core, packet, "it is addressed to another receiver");
		return;
	}
	core_count(core, RSVP_C_CONFIRM_IN);
	if (packet->dst_local)
		local_confirm_msg(core, msg);
	else
		out_pass_on(core, packet);
}
