/* SPDX-License-Identifier: ISC */

/*
 * Blockade state (RFC 2205 3.5; RFC 2209, RERR MESSAGE ARRIVES): what admission
 * control refused upstream is remembered for Kb refresh periods, for each
 * sender or, with WF, each previous hop.  In that time it does not keep smaller
 * requests from being asked for; the request itself stays where it is.
 *
 * There is blockade state only where there is path state, so whoever sends
 * errors cannot make more of it than there are senders.
 */

#include "core_int.h"

#include "merge.h"

void
bsb_free(struct rsvp_core *core, struct bsb *bsb)
{
	timer_stop(core, &bsb->expiry);
	LIST_REMOVE(bsb, next);
	core_put(core, bsb);
}

void
bsb_expired(struct rsvp_core *core, struct bsb *bsb)
{
	struct session *session = bsb->session;

	bsb_free(core, bsb);
	session_sync(core, session, SESSION_TELL);
}

static bool
concerns(const struct bsb *bsb, const struct psb *psb)
{
	if (bsb->wild)
		return addr_equal(&bsb->hop, &psb->hop.addr);
	return wire_filter_equal(&bsb->sender, &psb->sender);
}

static struct bsb *
find(const struct psb *psb, uint8_t style)
{
	struct bsb *bsb;

	LIST_FOREACH (bsb, &psb->session->bsbs, next)
		if (bsb->wild == (style == WIRE_STYLE_WF) && concerns(bsb, psb))
			return bsb;
	return NULL;
}

const struct bsb *
bsb_find(const struct psb *psb, uint8_t style)
{
	return find(psb, style);
}

/*
 * RFC 2205 reads "strictly greater" by an example, in which each component is.
 * Requests usually differ in some components only, and with the example's
 * reading a smaller rate with the same bucket would be in the way of itself;
 * so it is the order of the flowspecs that counts, as in 3.11.6.
 */
bool
bsb_blockades(
	const struct wire_flowspec *failed, const struct wire_flowspec *request)
{
	return merge_compare(failed, request) != MERGE_GREATER;
}

static bool
has_path(const struct bsb *bsb)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &bsb->session->psbs, next)
		if (concerns(bsb, psb))
			return true;
	return false;
}

void
bsb_purge(struct rsvp_core *core, struct session *session)
{
	struct bsb *bsb, *next;

	LIST_FOREACH_SAFE (bsb, &session->bsbs, next, next)
		if (!has_path(bsb))
			bsb_free(core, bsb);
}

/* ---- being told ---------------------------------------------------------- */

/* Kb times R, the longest period of what keeps the request alive: ours towards
 * the previous hop, and those of the next hops. */
static int64_t
lifetime_ms(const struct rsvp_core *core, const struct psb *psb)
{
	const struct iface *iface = iface_find(core, psb->in_ifindex);
	uint32_t refresh_ms = iface ? iface->conf.refresh_ms : 0;
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next)
		if (rsb->refresh_ms > refresh_ms && rsb_reserves_for(rsb, psb))
			refresh_ms = rsb->refresh_ms;
	return (int64_t)timer_sane_refresh(refresh_ms) *
	       core->conf.blockade_multiple;
}

static struct bsb *
make(struct rsvp_core *core, const struct psb *psb, bool wild)
{
	struct bsb *bsb = (struct bsb *)core_get(core, sizeof(*bsb));

	if (!bsb)
		return NULL;
	bsb->session = psb->session;
	bsb->wild = wild;
	bsb->expiry.kind = TIMER_BLOCKADE;
	if (wild)
		bsb->hop = psb->hop.addr;
	else
		bsb->sender = psb->sender;
	LIST_INSERT_HEAD(&psb->session->bsbs, bsb, next);
	core_count(core, RSVP_C_BLOCKADES);
	return bsb;
}

/*
 * That more fails than what is known to fail is no news.  Taken as the latest
 * word, it would let what has just failed be asked for again at once; with
 * errors of two nodes upstream each Resv would bring two of them, and each of
 * those another Resv, without end.
 */
static bool
is_known(const struct bsb *bsb, const struct wire_flowspec *failed)
{
	return merge_compare(failed, &bsb->flowspec) == MERGE_GREATER;
}

static void
strike(struct rsvp_core *core, const struct psb *psb,
	const struct wire_msg *msg)
{
	struct bsb *bsb = find(psb, msg->style);

	if (bsb && is_known(bsb, &msg->flows[0].flowspec))
		return;
	if (!bsb)
		bsb = make(core, psb, msg->style == WIRE_STYLE_WF);
	if (!bsb)
		return; /* as if the message had been lost */
	bsb->flowspec = msg->flows[0].flowspec;
	bsb->struck = true;
	if (timer_set(core, &bsb->expiry, lifetime_ms(core, psb)))
		return;
	core_count(core, RSVP_C_DROP_MEMORY);
	bsb_free(core, bsb);
}

/* Does the error say something about that sender?  Its previous hop alone may:
 * no other was asked for it. */
static bool
is_hit(const struct psb *psb, const struct wire_msg *msg)
{
	if (psb->local || !addr_equal(&psb->hop.addr, &msg->hop.addr))
		return false;
	if (msg->style == WIRE_STYLE_WF)
		return true;
	for (size_t i = 0; i < msg->flow_count; i++)
		if (wire_filter_equal(&msg->flows[i].filter, &psb->sender))
			return true;
	return false;
}

/* Floats from outside, before anything is compared with them. */
static bool
is_sane(const struct wire_flow *flow)
{
	struct wire_flowspec known = flow->flowspec;

	merge_tspec_normalise(&known.tspec, 1, UINT32_MAX);
	return flow->has_flowspec && flow->flowspec_view.len == 0 &&
	       merge_flowspec_valid(&known);
}

void
bsb_strike(struct rsvp_core *core, struct session *session,
	const struct wire_msg *msg)
{
	const struct psb *psb;

	bsb_purge(core, session);
	if (!is_sane(&msg->flows[0])) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	TAILQ_FOREACH (psb, &session->psbs, next)
		if (is_hit(psb, msg))
			strike(core, psb, msg);
}
