/* SPDX-License-Identifier: ISC */

/*
 * What this node asks of each previous hop (RFC 2209, RESV REFRESH): computed
 * from the reservations in force, compared with what was asked last, and only
 * the difference is told (RFC 2205 2.3).  An application that sends from here
 * is a previous hop too; it gets an event instead of a message.
 */

#include "core_int.h"

#include <string.h>

#include "merge.h"

/* Messages to one previous hop for different RESV_CONFIRMs at once; others wait
 * for the next change or refresh. */
enum { CONFIRMS_MAX = 8 };

/* What a previous hop should be asked for now. */
struct wish {
	uint8_t style;
	struct addr confirm; /* of the strictly largest request in it */
	size_t count;
	struct wire_flow flows[WIRE_FLOWS_MAX];
};

void
ask_free(struct rsvp_core *core, struct ask *ask)
{
	timer_stop(core, &ask->refresh);
	TAILQ_REMOVE(&ask->session->asks, ask, next);
	core_put(core, ask->flows);
	core_put(core, ask);
}

static bool
concerns(const struct ask *ask, const struct psb *psb)
{
	return ask->local == psb->local && ask->ifindex == psb->in_ifindex &&
	       ask->hop.lih == psb->hop.lih &&
	       addr_equal(&ask->hop.addr, &psb->hop.addr);
}

static struct ask *
find_ask(const struct psb *psb)
{
	struct ask *ask;

	TAILQ_FOREACH (ask, &psb->session->asks, next)
		if (concerns(ask, psb))
			return ask;
	return NULL;
}

static struct ask *
make_ask(struct rsvp_core *core, const struct psb *psb)
{
	struct ask *ask = (struct ask *)core_get(core, sizeof(*ask));

	if (!ask)
		return NULL;
	ask->session = psb->session;
	ask->hop = psb->hop;
	ask->local = psb->local;
	ask->ifindex = psb->in_ifindex;
	ask->refresh.kind = TIMER_RESV_REFRESH;
	TAILQ_INSERT_TAIL(&ask->session->asks, ask, next);
	return ask;
}

/* ---- what is wanted ------------------------------------------------------ */

static struct wire_flow *
find_flow(struct wire_flow *flows, size_t count, const struct wire_flow *like)
{
	for (size_t i = 0; i < count; i++) {
		if (flows[i].has_filter != like->has_filter)
			continue;
		if (!like->has_filter ||
			wire_filter_equal(&flows[i].filter, &like->filter))
			return &flows[i];
	}
	return NULL;
}

static void
merge_into(struct wish *wish, const struct wire_flow *flow)
{
	struct wire_flow *same = find_flow(wish->flows, wish->count, flow);

	if (same)
		same->flowspec = merge_lub(&same->flowspec, &flow->flowspec);
	else if (wish->count < WIRE_FLOWS_MAX)
		wish->flows[wish->count++] = *flow;
}

static void
add_reservations(const struct psb *psb, struct wish *wish)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next) {
		struct wire_flow flow = { .has_flowspec = true };

		if (!rsb_reserves_for(rsb, psb))
			continue;
		wish->style = rsb->style;
		flow.flowspec = rsb->now->flowspec;
		if (rsb->style != WIRE_STYLE_WF) {
			flow.has_filter = true;
			flow.filter = psb->sender;
		}
		merge_into(wish, &flow);
	}
}

/* One flowspec for all filters of a shared reservation. */
static void
share_flowspec(struct wish *wish)
{
	for (size_t i = 1; i < wish->count; i++)
		wish->flows[0].flowspec = merge_lub(
			&wish->flows[0].flowspec, &wish->flows[i].flowspec);
	for (size_t i = 1; i < wish->count; i++)
		wish->flows[i].flowspec = wish->flows[0].flowspec;
}

static bool
in_wish(const struct rsb *rsb, const struct ask *ask)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &ask->session->psbs, next)
		if (concerns(ask, psb) && rsb_reserves_for(rsb, psb))
			return true;
	return false;
}

/* Both reserve for a sender behind that previous hop. */
static bool
compete(const struct rsb *a, const struct rsb *b, const struct ask *ask)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &ask->session->psbs, next)
		if (concerns(ask, psb) && rsb_reserves_for(a, psb) &&
			rsb_reserves_for(b, psb))
			return true;
	return false;
}

/* RFC 2205 2.6: only the largest request and its RESV_CONFIRM go on. */
static bool
strictly_largest(const struct rsb *rsb, const struct ask *ask)
{
	const struct rsb *other;

	TAILQ_FOREACH (other, &ask->session->rsbs, next) {
		if (other == rsb || !other->now || !compete(rsb, other, ask))
			continue;
		if (merge_compare(&rsb->now->flowspec, &other->now->flowspec) !=
			MERGE_GREATER)
			return false;
	}
	return true;
}

/* A Resv carries one RESV_CONFIRM; whoever finds it taken by another receiver
 * has the next message. */
static void
attach_confirm(struct rsb *rsb, struct wish *wish)
{
	if (wish->confirm.family == ADDR_NONE)
		wish->confirm = rsb->owed;
	if (addr_equal(&wish->confirm, &rsb->owed))
		rsb->settled = true;
}

static void
choose_confirm(struct rsvp_core *core, const struct ask *ask, struct wish *wish)
{
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &ask->session->rsbs, next) {
		if (rsb->owed.family == ADDR_NONE || !in_wish(rsb, ask))
			continue;
		if (!ask->local && strictly_largest(rsb, ask)) {
			attach_confirm(rsb, wish);
			continue;
		}
		rsb->settled = true;
		if (rsb->local)
			local_confirm(core, rsb);
		else
			out_resv_conf(core, rsb);
	}
}

static void
compute(const struct ask *ask, struct wish *wish)
{
	const struct psb *psb;

	memset(wish, 0, sizeof(*wish));
	TAILQ_FOREACH (psb, &ask->session->psbs, next)
		if (concerns(ask, psb))
			add_reservations(psb, wish);
	if (wish->style == WIRE_STYLE_SE)
		share_flowspec(wish);
}

/* ---- telling the difference ---------------------------------------------- */

static bool
same_flows(const struct ask *ask, struct wish *wish)
{
	if (ask->count != wish->count || ask->style != wish->style)
		return false;
	for (size_t i = 0; i < ask->count; i++) {
		const struct wire_flow *flow =
			find_flow(wish->flows, wish->count, &ask->flows[i]);

		if (!flow ||
			!merge_equal(&flow->flowspec, &ask->flows[i].flowspec))
			return false;
	}
	return true;
}

static struct out_resv
message(const struct ask *ask)
{
	return (struct out_resv){ .session = ask->session,
		.hop = ask->hop,
		.ifindex = ask->ifindex,
		.style = ask->style };
}

/* What it was asked for and should not keep. */
static void
tear_rest(struct rsvp_core *core, const struct ask *ask, struct wish *wish)
{
	struct wire_flow torn[WIRE_FLOWS_MAX];
	struct out_resv tear = message(ask);

	for (size_t i = 0; i < ask->count; i++)
		if (wish->style != ask->style ||
			!find_flow(wish->flows, wish->count, &ask->flows[i]))
			torn[tear.count++] = ask->flows[i];
	tear.flows = torn;
	if (tear.count > 0)
		out_resv_tear(core, &tear);
}

static bool
remember(struct rsvp_core *core, struct ask *ask, const struct wish *wish)
{
	struct wire_flow *flows = NULL;

	if (wish->count > 0) {
		flows = (struct wire_flow *)core_get(
			core, wish->count * sizeof(*flows));
		if (!flows)
			return false;
		memcpy(flows, wish->flows, wish->count * sizeof(*flows));
	}
	core_put(core, ask->flows);
	ask->flows = flows;
	ask->count = wish->count;
	ask->style = wish->style;
	return true;
}

/* The period comes first: what is sent says how long it is. */
static void
send_now(struct rsvp_core *core, struct ask *ask, const struct addr *confirm)
{
	struct iface *iface = iface_find(core, ask->ifindex);
	uint32_t period = iface ? iface_refresh_ms(core, iface) : 0;
	struct out_resv resv = message(ask);

	resv.confirm = *confirm;
	resv.count = ask->count;
	resv.flows = ask->flows;
	out_resv(core, &resv);
	period = timer_quick_ms(period, &ask->quick);
	if (iface &&
		!timer_set(core, &ask->refresh, timer_jitter_ms(core, period)))
		core_count(core, RSVP_C_DROP_MEMORY);
}

/* Robustness after a change (RFC 2205 3.7 item 6). */
static void
be_quick(const struct rsvp_core *core, struct ask *ask)
{
	const struct iface *iface = iface_find(core, ask->ifindex);

	if (iface)
		ask->quick = (uint8_t)iface->conf.quick_refreshes;
}

static void
tell_hop(struct rsvp_core *core, struct ask *ask, struct wish *wish, bool same)
{
	if (!same)
		tear_rest(core, ask, wish);
	if (!same && !remember(core, ask, wish))
		return; /* the next refresh finds the difference again */
	if (!same)
		be_quick(core, ask);
	if (ask->count > 0 && (!same || wish->confirm.family != ADDR_NONE))
		send_now(core, ask, &wish->confirm);
}

static void
tell_sender(struct rsvp_core *core, struct ask *ask, struct wish *wish)
{
	if (remember(core, ask, wish))
		local_resv_event(
			core, ask->local, ask->style, ask->count, ask->flows);
}

static void
sync_one(struct rsvp_core *core, struct ask *ask, enum session_mode mode)
{
	struct wish wish;
	bool same;

	compute(ask, &wish);
	same = same_flows(ask, &wish);
	if (mode == SESSION_TELL)
		choose_confirm(core, ask, &wish);
	if (ask->local && !same)
		tell_sender(core, ask, &wish);
	else if (mode == SESSION_QUIET && !same)
		(void)remember(core, ask, &wish); /* a refresh repairs it */
	else if (!ask->local)
		tell_hop(core, ask, &wish, same);
}

/* No path state leads there any more: its own timer, or the PathTear that we
 * just had from it, removes what it keeps for us. */
static bool
lost_its_path(const struct ask *ask)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &ask->session->psbs, next)
		if (concerns(ask, psb))
			return false;
	return true;
}

static void
sync_all(
	struct rsvp_core *core, struct session *session, enum session_mode mode)
{
	struct ask *ask, *next;

	TAILQ_FOREACH_SAFE (ask, &session->asks, next, next) {
		sync_one(core, ask, mode);
		if (ask->count == 0)
			ask_free(core, ask);
	}
}

/* Forget what is settled; true: somebody still waits for his turn. */
static bool
settle_confirms(struct session *session)
{
	bool waiting = false;
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next) {
		if (rsb->settled || !rsb->now)
			rsb->owed = (struct addr){ 0 };
		else if (rsb->owed.family != ADDR_NONE)
			waiting = true;
		rsb->settled = false;
	}
	return waiting;
}

void
ask_sync(
	struct rsvp_core *core, struct session *session, enum session_mode mode)
{
	struct ask *ask, *next;
	const struct psb *psb;

	TAILQ_FOREACH_SAFE (ask, &session->asks, next, next)
		if (lost_its_path(ask))
			ask_free(core, ask);
	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb_is_reserved(psb) && !find_ask(psb))
			(void)make_ask(core, psb); /* or at the next sync */
	sync_all(core, session, mode);
	for (int i = 0; i < CONFIRMS_MAX && mode == SESSION_TELL &&
			settle_confirms(session);
		i++)
		sync_all(core, session, mode);
}

void
ask_refresh(struct rsvp_core *core, struct ask *ask)
{
	static const struct addr none;
	struct wish wish;

	compute(ask, &wish);
	if (!same_flows(ask, &wish)) {
		tell_hop(core, ask, &wish, false);
		return;
	}
	send_now(core, ask, &none);
}
