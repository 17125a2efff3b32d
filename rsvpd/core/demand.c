/* SPDX-License-Identifier: ISC */

/*
 * What an outgoing interface should carry for a session, recomputed from the
 * reservations each time (RFC 2209, UPDATE TRAFFIC CONTROL), and the loop that
 * decides what waits and then makes the kernel follow.
 */

#include "core_int.h"

#include <string.h>

#include "gs.h"
#include "link.h"
#include "merge.h"

/* ---- life ---------------------------------------------------------------- */

struct demand *
demand_new(struct rsvp_core *core, struct iface *iface,
	const struct session_key *key)
{
	struct demand *demand =
		(struct demand *)core_get(core, sizeof(*demand));

	if (!demand)
		return NULL;
	demand->iface = iface;
	demand->key = *key;
	demand->born = ++core->next_demand;
	demand->slot = FLOWSLOT_ABSENT;
	demand->wait.kind = TIMER_DEMAND;
	TAILQ_INIT(&demand->rsbs);
	LIST_INSERT_HEAD(&iface->demands, demand, of_iface);
	return demand;
}

struct demand *
demand_find(const struct session *session, uint32_t ifindex,
	const struct wire_filter *filter)
{
	struct demand *demand;

	TAILQ_FOREACH (demand, &session->demands, next) {
		if (demand->iface->conf.ifindex != ifindex ||
			demand->shared != (filter == NULL))
			continue;
		if (!filter || wire_filter_equal(&demand->filter, filter))
			return demand;
	}
	return NULL;
}

struct demand *
demand_make(struct rsvp_core *core, struct session *session,
	struct iface *iface, const struct wire_filter *filter)
{
	struct demand *demand =
		demand_find(session, iface->conf.ifindex, filter);

	if (demand)
		return demand;
	demand = demand_new(core, iface, &session->key);
	if (!demand)
		return NULL;
	demand->session = session;
	demand->shared = filter == NULL;
	if (filter)
		demand->filter = *filter;
	TAILQ_INSERT_TAIL(&session->demands, demand, next);
	return demand;
}

void
demand_free(struct rsvp_core *core, struct demand *demand)
{
	struct iface *iface = demand->iface;

	demand_unlink_flow(core, demand);
	timer_stop(core, &demand->wait);
	if (demand->session)
		TAILQ_REMOVE(&demand->session->demands, demand, next);
	LIST_REMOVE(demand, of_iface);
	core_put(core, demand);
	iface_settle(core, iface);
}

/* ---- what it should carry ------------------------------------------------ */

static bool
same_police(const struct image *a, const struct image *b)
{
	return a->police == b->police || a->police == POLICE_UNKNOWN ||
	       b->police == POLICE_UNKNOWN;
}

/* An adopted flow that is reshaped may be because the kernel cannot demote. */
static bool
same_excess(const struct image *a, const struct image *b)
{
	return a->token_Bps == b->token_Bps ||
	       (a->police == POLICE_UNKNOWN && a->token_Bps == 0) ||
	       (b->police == POLICE_UNKNOWN && b->token_Bps == 0);
}

bool
image_equal(const struct image *a, const struct image *b)
{
	return a->service == b->service && a->rate_Bps == b->rate_Bps &&
	       a->peak_Bps == b->peak_Bps &&
	       a->bucket_bytes == b->bucket_bytes &&
	       a->max_packet_bytes == b->max_packet_bytes &&
	       a->min_packet_bytes == b->min_packet_bytes &&
	       a->buffer_bytes == b->buffer_bytes && same_police(a, b) &&
	       same_excess(a, b) && image_same_filters(a, b);
}

bool
image_same_filters(const struct image *a, const struct image *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (wire_filter_compare(&a->filters[i], &b->filters[i]) != 0)
			return false;
	return true;
}

/* Into its place among the sorted ones, once. */
static void
add_filter(struct rsvp_flow *flow, const struct wire_filter *filter)
{
	size_t at = 0;

	if (flow->filter_count == RSVP_FLOW_FILTERS_MAX)
		return; /* max_senders may be larger; the rest is best effort */
	while (at < flow->filter_count &&
		wire_filter_compare(&flow->filters[at], filter) < 0)
		at++;
	if (at < flow->filter_count &&
		wire_filter_compare(&flow->filters[at], filter) == 0)
		return;
	memmove(&flow->filters[at + 1], &flow->filters[at],
		(flow->filter_count - at) * sizeof(*filter));
	flow->filters[at] = *filter;
	flow->filter_count++;
}

struct image *
image_of_flow(struct rsvp_core *core, const struct iface *iface,
	const struct rsvp_flow *flow)
{
	struct rsvp_flow sorted = { 0 };
	struct image *image;

	for (size_t i = 0; i < flow->filter_count; i++)
		add_filter(&sorted, &flow->filters[i]);
	image = (struct image *)core_get(
		core, sizeof(*image) +
			      sorted.filter_count * sizeof(image->filters[0]));
	if (!image)
		return NULL;
	image->service = flow->service;
	image->rate_Bps = flow->rate_Bps;
	image->peak_Bps = flow->peak_Bps;
	image->bucket_bytes = flow->bucket_bytes;
	image->max_packet_bytes = flow->max_packet_bytes;
	image->min_packet_bytes = flow->min_packet_bytes;
	image->buffer_bytes = flow->buffer_bytes;
	image->token_Bps = flow->token_Bps;
	image->count = sorted.filter_count;
	memcpy(image->filters, sorted.filters,
		image->count * sizeof(image->filters[0]));
	image->amount = (struct ledger_amount){ .service = flow->service,
		.rate_Bps = flow->rate_Bps,
		.burst_bytes = link_gs_burst_bytes(&iface->conf, flow) };
	return image;
}

/* What the reservations of a demand amount to. */
struct sum {
	bool any; /* there is a reservation */
	struct wire_flowspec flowspec;
	size_t senders;
	struct wire_tspec path_te;
	uint32_t Ctot; /* of the senders, the largest */
	struct link_arrival arrival;
	struct wire_flowspec effective;
	struct rsvp_flow flow; /* its filters */
};

const struct spec *
demand_spec(const struct demand *demand, const struct rsb *rsb)
{
	return rsb == demand->trying ? rsb->trying : rsb->now;
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a >= b ? a : b;
}

static void
add_sender(const struct iface *iface, const struct psb *psb, struct sum *sum)
{
	struct wire_tspec tspec = psb->tspec;
	struct wire_adspec adspec;
	const struct wire_adspec_service *gs = NULL;

	merge_tspec_normalise(
		&tspec, iface->conf.assumed_min_packet, iface->conf.mtu);
	sum->path_te = sum->senders == 0
			       ? tspec
			       : merge_tspec_sum(&sum->path_te, &tspec);
	sum->senders++;
	if (psb_adspec(psb, &adspec))
		gs = wire_adspec_find(&adspec, WIRE_SERVICE_GS);
	if (!gs) /* an empty fragment has zeros */
		return;
	sum->Ctot = larger(sum->Ctot, gs->Ctot);
	sum->arrival.Csum = larger(sum->arrival.Csum, gs->Csum);
	sum->arrival.Dsum = larger(sum->arrival.Dsum, gs->Dsum);
}

static void
add_reservation(
	const struct rsvp_iface *conf, const struct spec *spec, struct sum *sum)
{
	struct wire_flowspec one = spec_forwarded(spec);

	merge_tspec_normalise(&one.tspec, conf->assumed_min_packet, conf->mtu);
	sum->flowspec = sum->any ? merge_lub(&sum->flowspec, &one) : one;
	sum->any = true;
}

static bool
is_for(const struct demand *demand, const struct psb *psb)
{
	return demand->shared ||
	       wire_filter_equal(&demand->filter, &psb->sender);
}

bool
demand_is_branch(const struct demand *demand, const struct demand *other)
{
	return other->iface != demand->iface &&
	       wire_filter_equal(&other->filter, &demand->filter);
}

const struct rsb *
demand_carries(const struct demand *demand, const struct psb *psb)
{
	const struct rsb *rsb;

	if (!is_for(demand, psb))
		return NULL; /* and none of the requests is looked at */
	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		if (rsb_matches(rsb, demand_spec(demand, rsb), psb))
			return rsb;
	return NULL;
}

static void
add_senders(const struct demand *demand, struct sum *sum)
{
	static const struct wire_filter any = { 0 };
	const struct psb *psb;

	TAILQ_FOREACH (psb, &demand->session->psbs, next) {
		const struct rsb *rsb = demand_carries(demand, psb);

		if (!rsb)
			continue;
		add_sender(demand->iface, psb, sum);
		add_filter(&sum->flow,
			rsb->style == WIRE_STYLE_WF ? &any : &psb->sender);
	}
}

/* a is a substitute for b, rates of Rspecs left out. */
static bool
tspec_covers(const struct wire_tspec *a, const struct wire_tspec *b)
{
	const struct wire_flowspec x = { .service = WIRE_SERVICE_CL,
		.tspec = *a };
	const struct wire_flowspec y = { .service = WIRE_SERVICE_CL,
		.tspec = *b };
	const enum merge_order order = merge_compare(&x, &y);

	return order == MERGE_EQUAL || order == MERGE_GREATER;
}

/* Some reservation in that demand lets more come than goes on here. */
static bool
lets_more_come(const struct demand *other, const struct sum *sum)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &other->rsbs, of_demand) {
		struct wire_flowspec spec;

		if (!rsb->now)
			continue;
		spec = spec_forwarded(rsb->now);
		spec = merge_effective(&spec, &sum->path_te);
		if (!tspec_covers(&sum->effective.tspec, &spec.tspec))
			return true;
	}
	return false;
}

/* The same senders' data leave by another interface too, with more reserved
 * for them there (RFC 2212, Policing: a heterogeneous source branch point).
 * Shared ones have no filter, all the same. */
static bool
branches(const struct demand *demand, const struct sum *sum)
{
	const struct demand *other;

	TAILQ_FOREACH (other, &demand->session->demands, next)
		if (demand_is_branch(demand, other) &&
			lets_more_come(other, sum))
			return true;
	return false;
}

/* False: nothing, for want of a reservation or a sender. */
static bool
add_up(const struct demand *demand, struct sum *sum)
{
	const struct rsvp_iface *conf = &demand->iface->conf;
	const struct rsb *rsb;

	*sum = (struct sum){ 0 };
	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand) {
		const struct spec *one = demand_spec(demand, rsb);

		if (one)
			add_reservation(conf, one, sum);
	}
	if (sum->any)
		add_senders(demand, sum);
	if (sum->senders == 0)
		return false;
	sum->effective = merge_effective(&sum->flowspec, &sum->path_te);
	sum->arrival.reshape = sum->senders > 1 || branches(demand, sum);
	return true;
}

/* Less than what runs is never refused, though a lower rate can need a longer
 * queue (RFC 2211 5, 2212). */
static bool
is_reduction(const struct image *live, const struct rsvp_flow *flow)
{
	return live && flow->rate_Bps <= live->rate_Bps &&
	       flow->bucket_bytes <= live->bucket_bytes;
}

bool
demand_image(struct rsvp_core *core, const struct demand *demand,
	struct image **ret_image)
{
	const struct rsvp_iface *conf = &demand->iface->conf;
	struct sum sum;

	*ret_image = NULL;
	if (!add_up(demand, &sum))
		return true;
	link_flow(conf, &sum.effective, &sum.arrival, &sum.flow);
	if (is_reduction(demand->live, &sum.flow) &&
		sum.flow.buffer_bytes > LINK_BUFFER_MAX_BYTES)
		sum.flow.buffer_bytes = LINK_BUFFER_MAX_BYTES;
	*ret_image = image_of_flow(core, demand->iface, &sum.flow);
	if (!*ret_image)
		return false;
	(*ret_image)->reshapes = link_reshapes(conf, &sum.effective);
	(*ret_image)->police = police_flags(demand);
	/* Where traffic merges or branches what exceeds may have conformed:
	 * there it is reshaped, and only there (RFC 2212, Policing). */
	if ((*ret_image)->police != RSVP_POLICE_E)
		(*ret_image)->token_Bps = 0;
	return true;
}

/* IP octets a second that the interface still has for this demand. */
static double
room(const struct rsvp_core *core, const struct demand *demand, uint32_t m)
{
	const struct rsvp_iface *conf = &demand->iface->conf;
	struct ledger_amount held = { 0 };
	struct ledger_sums sums;

	if (!ledger_sums(core->ledger, conf->ifindex, &sums))
		return 0;
	(void)ledger_committed(core->ledger, demand->id, &held); /* or none */
	return (double)link_ip_bytes(conf, sums.free_Bps + held.rate_Bps, m);
}

bool
demand_spend_slack(struct rsvp_core *core, struct demand *demand,
	struct rsb *rsb, struct image **image)
{
	struct spec *spec = rsb->trying;
	struct wire_flowspec asked = spec_forwarded(spec);
	struct wire_flowspec lowered;
	struct image *other;
	struct sum sum;
	uint32_t C, D;
	uint32_t kept = 0; /* of its slack, by policy */

	if (!demand->iface->conf.use_slack || spec->lowered ||
		!add_up(demand, &sum))
		return false;
	link_gs_terms(&demand->iface->conf, &C, &D);
	C = C > UINT32_MAX - sum.Ctot ? UINT32_MAX : sum.Ctot + C;
	if (spec->bounds_slack && asked.S > spec->max_slack_us) {
		kept = asked.S - spec->max_slack_us;
		asked.S = spec->max_slack_us;
	}
	if (!gs_spend_slack(&asked, C,
		    room(core, demand, sum.effective.tspec.m), &lowered))
		return false;
	spec->lowered = true;
	spec->R_out = lowered.R;
	spec->S_out = lowered.S + kept;
	if (!demand_image(core, demand, &other) || !other)
		return false; /* it goes with its request */
	core_put(core, *image);
	*image = other;
	return true;
}

bool
demand_reshapes(const struct psb *psb, uint32_t ifindex)
{
	const struct demand *demand;

	TAILQ_FOREACH (demand, &psb->session->demands, next)
		if (demand->iface->conf.ifindex == ifindex &&
			demand->reshapes && is_for(demand, psb))
			return true;
	return false;
}

/* ---- running ------------------------------------------------------------- */

static bool
has_requests(const struct demand *demand)
{
	return !TAILQ_EMPTY(&demand->rsbs);
}

bool
demand_in_force(const struct demand *demand)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		if (rsb->now)
			return true;
	return false;
}

static struct rsb *
first_waiting(const struct demand *demand)
{
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		if (rsb->wanted)
			return rsb;
	return NULL;
}

/* The interface cannot be used any more: nobody behind it can be told.  Where
 * it is only down local repair mends that (RFC 2205 3.6), and nobody need be.
 */
static void
drop_requests(struct rsvp_core *core, struct demand *demand)
{
	struct rsb *rsb, *next;

	psb_leave_down(core, demand->session, demand->iface->conf.ifindex);
	TAILQ_FOREACH_SAFE (rsb, &demand->rsbs, of_demand, next)
		if (!rsb_is_left(rsb))
			rsb_free(core, rsb);
}

/* Refuse what waits and revoke what is in force. */
static void
refuse_all(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal, bool revoke)
{
	struct rsb *rsb, *next;

	TAILQ_FOREACH_SAFE (rsb, &demand->rsbs, of_demand, next) {
		if (revoke)
			admit_revoke(core, rsb, refusal);
		else if (rsb->wanted)
			admit_refuse(core, rsb, refusal);
	}
}

void
demand_revoke(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal)
{
	struct rsb *rsb, *next;

	TAILQ_FOREACH_SAFE (rsb, &demand->rsbs, of_demand, next)
		if (rsb->now)
			admit_revoke(core, rsb, refusal);
}

void
demand_stick(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal)
{
	struct rsb *rsb;

	demand->stuck = true;
	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		admit_complain(core, rsb, refusal);
}

void
demand_ask_again(struct session *session)
{
	struct demand *demand;

	TAILQ_FOREACH (demand, &session->demands, next)
		demand->stuck = false;
}

static bool
tc_wait(struct rsvp_core *core, struct demand *demand)
{
	if (!demand->iface->conf.traffic_control || demand->iface->tc_ready)
		return false;
	if (!heap_queued(&demand->wait.node) &&
		!timer_set(core, &demand->wait, core->conf.tc_wait_ms))
		core_count(core, RSVP_C_DROP_MEMORY);
	return true;
}

void
demand_await(struct rsvp_core *core, struct demand *demand)
{
	if (demand->session && first_waiting(demand))
		(void)tc_wait(core, demand); /* nobody goes on from here */
}

/* What is in force does not fit any more after a change of the path, or the
 * kernel lost it and there is no room now. */
static void
unaffordable(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal)
{
	if (demand->slot == FLOWSLOT_LIVE)
		demand_stick(core, demand, refusal);
	else
		refuse_all(core, demand, refusal, true);
}

/*
 * The kernel has the class of that image.  Nodes behind us sized their queues
 * by what the ADSPEC said; they are told at once when a flow is not shaped here
 * any more, and with the next refresh when it is.
 */
static void
take_shape(struct rsvp_core *core, struct demand *demand, bool reshapes)
{
	const struct psb *psb;
	bool lost = demand->reshapes && !reshapes;

	demand->reshapes = reshapes;
	TAILQ_FOREACH (psb, &demand->session->psbs, next)
		if (lost && is_for(demand, psb) &&
			psb_routes_to(psb, demand->iface->conf.ifindex))
			out_path(core, psb, demand->iface->conf.ifindex);
}

static void
follow(struct rsvp_core *core, struct demand *demand)
{
	struct image *image;
	struct admit_figures figures;

	if (!demand->iface->tc_ready || !demand_image(core, demand, &image))
		return;
	if (!image) {
		demand->reshapes = false;
		demand->end = (uint8_t)core->cause;
		demand_remove(core, demand);
		return;
	}
	if (demand->live &&
		(demand->stuck || image_equal(demand->live, image))) {
		take_shape(core, demand, !demand->stuck && image->reshapes);
		core_put(core, image);
		return;
	}
	if (!admit_hold(core, demand, image, &figures)) {
		core_put(core, image);
		unaffordable(core, demand, &figures.refusal);
		return;
	}
	demand_put(core, demand, image);
}

void
demand_run(struct rsvp_core *core, struct demand *demand)
{
	static const struct refusal no_tc = { WIRE_E_TC_SYSTEM, 0, "",
		"traffic control cannot manage the interface" };

	if (!iface_usable(core, demand->iface->conf.ifindex))
		drop_requests(core, demand);
	else if (demand->iface->conf.traffic_control && demand->iface->tc_error)
		refuse_all(core, demand, &no_tc, true);
	while (has_requests(demand)) {
		struct rsb *rsb = first_waiting(demand);

		if (flowslot_busy(demand->slot))
			return;
		if (!rsb) {
			follow(core, demand);
			if (has_requests(demand))
				return;
			break;
		}
		if (tc_wait(core, demand))
			return;
		demand = admit_request(core, demand, rsb);
	}
	demand_abandon(core, demand);
}

void
demand_expired(struct rsvp_core *core, struct demand *demand)
{
	static const struct refusal late = { WIRE_E_TC_SYSTEM, 0, "",
		"traffic control is not there" };

	if (!demand->session) {
		/* Its time begins anew when traffic control has found it. */
		if (demand->adopted)
			demand->end = RSVP_END_UNCLAIMED;
		if (!demand->adopted || demand->iface->tc_ready)
			demand_abandon(core, demand);
		return;
	}
	refuse_all(core, demand, &late, false);
	session_sync(core, demand->session, SESSION_TELL);
}
