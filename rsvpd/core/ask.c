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

void
ask_free(struct rsvp_core *core, struct ask *ask)
{
	struct psb *psb;

	TAILQ_FOREACH (psb, &ask->session->psbs, next)
		if (psb->ask == ask)
			psb->ask = NULL;
	timer_stop(core, &ask->refresh);
	TAILQ_REMOVE(&ask->session->asks, ask, next);
	core_put(core, ask->flows);
	core_put(core, ask);
}

/* ---- previous hops ------------------------------------------------------- */

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

/* Let each sender know its previous hop.  One that no path state leads to any
 * more is forgotten: its own timer, or the PathTear that we just had from it,
 * removes what it keeps for us. */
static void
link_hops(struct rsvp_core *core, struct session *session)
{
	struct ask *ask, *next;
	struct psb *psb;

	TAILQ_FOREACH (ask, &session->asks, next)
		ask->wish.present = false;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		if (psb->ask && !concerns(psb->ask, psb))
			psb->ask = NULL;
		if (!psb->ask)
			psb->ask = find_ask(psb);
		if (psb->ask)
			psb->ask->wish.present = true;
	}
	TAILQ_FOREACH_SAFE (ask, &session->asks, next, next)
		if (!ask->wish.present)
			ask_free(core, ask);
}

/* Compute what is wanted of each previous hop.  False: no memory. */
static bool
compute(struct rsvp_core *core, struct session *session)
{
	struct psb *psb;
	size_t i = 0;

	link_hops(core, session);
	if (!wish_compute(core, session))
		return false;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		if (core->wish_parts[i++].reserved && !psb->ask)
			psb->ask = find_ask(psb);
		if (core->wish_parts[i - 1].reserved && !psb->ask)
			psb->ask = make_ask(core, psb); /* or at the next */
	}
	wish_deal(core, session);
	return true;
}

static uint8_t
style_of(const struct ask *ask)
{
	const struct rsb *rsb = TAILQ_FIRST(&ask->session->rsbs);

	return rsb ? rsb->style : 0;
}

/* ---- confirmations (RFC 2205 2.6) ---------------------------------------- */

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

/* Only the largest request and its RESV_CONFIRM go on; that of a blockaded one
 * is dropped (3.1.4). */
static void
place_confirm(struct rsvp_core *core, struct rsb *rsb)
{
	struct ask *ask;

	wish_place(core, rsb);
	TAILQ_FOREACH (ask, &rsb->session->asks, next) {
		if (!ask->wish.present)
			continue;
		if (ask->wish.blockaded) {
			rsb->settled = true;
		} else if (!ask->local && !ask->wish.smaller &&
			   (rsb->local || ask->wish.carries)) {
			attach_confirm(rsb, &ask->wish);
		} else {
			rsb->settled = true;
			if (rsb->local)
				local_confirm(core, rsb);
			else
				out_resv_conf(core, rsb);
		}
	}
}

static bool
owes(const struct session *session)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->owed.family != ADDR_NONE)
			return true;
	return false;
}

static void
place_confirms(struct rsvp_core *core, struct session *session)
{
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->owed.family != ADDR_NONE)
			place_confirm(core, rsb);
}

/* Forget what is settled; true: somebody still waits for his turn. */
static bool
settle_confirms(struct session *session)
{
	bool waiting = false;
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next) {
		if (!rsb->now)
			rsb->owed = (struct addr){ 0 };
		else if (rsb->settled)
			rsb->owed = spec_take_confirm(rsb->now);
		if (rsb->owed.family != ADDR_NONE)
			waiting = true;
		rsb->settled = false;
	}
	return waiting;
}

/* ---- telling the difference ---------------------------------------------- */

/* The flow for the same sender; at is where it is likely to be. */
static const struct wire_flow *
find_flow(const struct wire_flow *flows, size_t count, size_t at,
	const struct wire_flow *like)
{
	if (!like->has_filter)
		return count > 0 && !flows[0].has_filter ? &flows[0] : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct wire_flow *flow = &flows[(at + i) % count];

		if (flow->has_filter &&
			wire_filter_equal(&flow->filter, &like->filter))
			return flow;
	}
	return NULL;
}

/* What to ask for now, against what was asked last. */
struct news {
	uint8_t style;
	size_t count;
	const struct wire_flow *flows; /* in the core */
	bool same;
};

static bool
same_flows(const struct ask *ask, const struct news *news)
{
	if (ask->count != news->count || ask->style != news->style)
		return false;
	for (size_t i = 0; i < ask->count; i++) {
		const struct wire_flow *flow =
			find_flow(news->flows, news->count, i, &ask->flows[i]);

		if (!flow ||
			!merge_equal(&flow->flowspec, &ask->flows[i].flowspec))
			return false;
	}
	return true;
}

static struct news
look(struct rsvp_core *core, const struct ask *ask)
{
	struct news news = { .style = style_of(ask) };

	news.count = wish_flows(core, &ask->wish, news.style);
	news.flows = core->wish_flows;
	news.same = same_flows(ask, &news);
	return news;
}

static struct out_resv
message(const struct ask *ask)
{
	return (struct out_resv){ .session = ask->session,
		.hop = ask->hop,
		.ifindex = ask->ifindex,
		.style = ask->style };
}

/* The sender has another previous hop now (RFC 2205 3.6).  The old one is not
 * told, as it is not when all its senders move: a tear would overtake what the
 * new one has yet to reserve, and end it where both ways part. */
static bool
has_moved(const struct ask *ask, const struct wire_flow *flow)
{
	const struct psb *psb;
	bool elsewhere = false;

	TAILQ_FOREACH (psb, &ask->session->psbs, next) {
		if (!flow->has_filter ||
			!wire_filter_equal(&psb->sender, &flow->filter))
			continue;
		if (concerns(ask, psb))
			return false;
		elsewhere = true;
	}
	return elsewhere;
}

/* What it was asked for and should not keep. */
static void
tear_rest(
	struct rsvp_core *core, const struct ask *ask, const struct news *news)
{
	struct wire_flow torn[WIRE_FLOWS_MAX];
	struct out_resv tear = message(ask);

	tear.flows = torn;
	for (size_t i = 0; i < ask->count; i++) {
		if (news->style == ask->style &&
			find_flow(news->flows, news->count, i, &ask->flows[i]))
			continue;
		if (has_moved(ask, &ask->flows[i]))
			continue;
		torn[tear.count++] = ask->flows[i];
		if (tear.count < WIRE_FLOWS_MAX)
			continue;
		out_resv_tear(core, &tear);
		tear.count = 0;
	}
	if (tear.count > 0)
		out_resv_tear(core, &tear);
}

static bool
remember(struct rsvp_core *core, struct ask *ask, const struct news *news)
{
	struct wire_flow *flows = NULL;

	if (news->count > 0) {
		flows = (struct wire_flow *)core_get(
			core, news->count * sizeof(*flows));
		if (!flows)
			return false;
		memcpy(flows, news->flows, news->count * sizeof(*flows));
	}
	core_put(core, ask->flows);
	ask->flows = flows;
	ask->count = news->count;
	ask->style = news->style;
	return true;
}

/* More flow descriptors than one message holds go in several: a previous hop
 * adds up what it is sent (RFC 2205 3.1.4).  The period comes first: what is
 * sent says how long it is. */
static void
send_now(struct rsvp_core *core, struct ask *ask)
{
	struct iface *iface = iface_find(core, ask->ifindex);
	uint32_t period = iface ? iface_refresh_ms(core, iface) : 0;
	struct out_resv resv = message(ask);

	resv.confirm = ask->wish.confirm;
	if (resv.confirm.family != ADDR_NONE)
		ask->confirm_at = mono_add_ms(core->now, period);
	resv.wish = &ask->wish;
	for (size_t at = 0; at < ask->count; at += resv.count) {
		resv.count = ask->count - at;
		if (resv.count > WIRE_FLOWS_MAX)
			resv.count = WIRE_FLOWS_MAX;
		resv.flows = ask->flows + at;
		out_resv(core, &resv);
		resv.confirm = (struct addr){ 0 };
	}
	period = timer_quick_ms(period, &ask->quick);
	if (iface &&
		!timer_set(core, &ask->refresh, timer_jitter_ms(core, period)))
		core_count(core, RSVP_C_DROP_MEMORY);
}

static void
tell_hop(struct rsvp_core *core, struct ask *ask, const struct news *news,
	bool anyway)
{
	if (!news->same)
		tear_rest(core, ask, news);
	if (!news->same && !remember(core, ask, news))
		return; /* the next refresh finds the difference again */
	if (!news->same)
		ask->quick = iface_quick(core, ask->ifindex);
	if (ask->count > 0 && (!news->same || anyway))
		send_now(core, ask);
}

static void
tell_sender(struct rsvp_core *core, struct ask *ask, const struct news *news)
{
	if (remember(core, ask, news))
		local_resv_event(
			core, ask->local, ask->style, ask->count, ask->flows);
}

/*
 * A RESV_CONFIRM goes on with what is new there.  With what is in place already
 * that of a next hop does so once a period, and is answered here otherwise
 * (2.6): where the
 * trees of several senders close a circle, what each node adds to the senders
 * of a shared reservation would lead it round and round, doubled at each fork.
 */
static void
look_who_carries(struct rsvp_core *core, struct session *session)
{
	struct ask *ask;

	TAILQ_FOREACH (ask, &session->asks, next)
		ask->wish.carries = mono_reached(ask->confirm_at, core->now) ||
				    !look(core, ask).same;
}

static void
sync_one(struct rsvp_core *core, struct ask *ask, enum session_mode mode)
{
	const struct news news = look(core, ask);

	if (ask->local && !news.same)
		tell_sender(core, ask, &news);
	else if (mode == SESSION_QUIET && !news.same && ask->count > 0)
		(void)remember(core, ask, &news); /* a refresh repairs it */
	else if (!ask->local)
		tell_hop(core, ask, &news,
			ask->wish.confirm.family != ADDR_NONE);
}

static void
sync_all(
	struct rsvp_core *core, struct session *session, enum session_mode mode)
{
	struct ask *ask;

	TAILQ_FOREACH (ask, &session->asks, next) {
		sync_one(core, ask, mode);
		ask->wish.confirm = (struct addr){ 0 };
	}
}

static void
drop_idle(struct rsvp_core *core, struct session *session)
{
	struct ask *ask, *next;

	TAILQ_FOREACH_SAFE (ask, &session->asks, next, next)
		if (ask->count == 0)
			ask_free(core, ask);
}

void
ask_sync(
	struct rsvp_core *core, struct session *session, enum session_mode mode)
{
	bool confirms = mode == SESSION_TELL && owes(session);

	if (TAILQ_EMPTY(&session->asks) && TAILQ_EMPTY(&session->rsbs))
		return;
	if (!compute(core, session))
		return;
	if (confirms) {
		wish_rank(core, session);
		look_who_carries(core, session);
	}
	for (int i = 0; i <= CONFIRMS_MAX; i++) {
		if (confirms)
			place_confirms(core, session);
		sync_all(core, session, mode);
		confirms = confirms && settle_confirms(session);
		if (!confirms)
			break;
	}
	drop_idle(core, session);
}

void
ask_resend(struct rsvp_core *core, struct ask *ask)
{
	const struct iface *iface = iface_find(core, ask->ifindex);
	struct news news;

	if (compute(core, ask->session)) {
		news = look(core, ask);
		tell_hop(core, ask, &news, true);
	} else if (iface) { /* as if the message had been lost */
		(void)timer_set(core, &ask->refresh,
			timer_jitter_ms(core, iface->conf.refresh_ms));
	}
}

void
ask_refresh(struct rsvp_core *core, struct ask *ask)
{
	struct session *session = ask->session;

	ask_resend(core, ask);
	drop_idle(core, session);
}

/* It is what failed: the next refresh is early enough. */
static bool
is_hopeless(const struct ask *ask, const struct news *news)
{
	const struct wish_part *part;
	size_t i = 0;

	for (part = ask->wish.first; part; part = part->next) {
		const struct wire_flow *flow = &news->flows[i];

		if (part->bsb &&
			bsb_blockades(&part->bsb->flowspec, &flow->flowspec))
			return true;
		if (i + 1 < news->count)
			i++;
	}
	return false;
}

/* What did not change is repeated at once when it may succeed, but not again
 * within a refresh period: two that contradict each other would never rest. */
static bool
may_repeat(struct rsvp_core *core, struct ask *ask, const struct news *news)
{
	struct iface *iface = iface_find(core, ask->ifindex);

	if (!iface || is_hopeless(ask, news) ||
		!mono_reached(ask->hurry_at, core->now))
		return false;
	ask->hurry_at = mono_add_ms(core->now, iface_refresh_ms(core, iface));
	return true;
}

void
ask_hurry(struct rsvp_core *core, struct session *session)
{
	struct bsb *bsb;
	struct ask *ask;
	struct news news;

	if (!compute(core, session))
		return;
	TAILQ_FOREACH (ask, &session->asks, next) {
		if (!ask->wish.hurry)
			continue;
		news = look(core, ask);
		tell_hop(core, ask, &news,
			news.same && may_repeat(core, ask, &news));
	}
	LIST_FOREACH (bsb, &session->bsbs, next)
		bsb->struck = false;
}
