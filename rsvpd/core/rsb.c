/* SPDX-License-Identifier: ISC */

/*
 * Reservation requests: one block for each next hop of a session and, for FF,
 * each filter (RFC 2209 1).  A request exists in up to three forms: what is in
 * force, what the kernel is being asked for, and what came after that.
 */

#include "core_int.h"

#include <string.h>

#include "merge.h"

/* ---- specs --------------------------------------------------------------- */

struct spec *
spec_new(struct rsvp_core *core, size_t count)
{
	struct spec *spec = (struct spec *)core_get(
		core, sizeof(*spec) + count * sizeof(spec->filters[0]));

	if (spec)
		spec->count = count;
	return spec;
}

struct spec_filter *
spec_find(struct spec *spec, const struct wire_filter *filter)
{
	if (!spec)
		return NULL;
	for (size_t i = 0; i < spec->count; i++)
		if (wire_filter_equal(&spec->filters[i].filter, filter))
			return &spec->filters[i];
	return NULL;
}

bool
spec_has(const struct spec *spec, const struct wire_filter *filter)
{
	for (size_t i = 0; i < spec->count; i++)
		if (wire_filter_equal(&spec->filters[i].filter, filter))
			return true;
	return false;
}

struct wire_flowspec
spec_forwarded(const struct spec *spec)
{
	struct wire_flowspec forwarded =
		spec->cut ? spec->granted : spec->flowspec;

	if (spec->lowered) {
		forwarded.R = spec->R_out;
		forwarded.S = spec->S_out;
	}
	return forwarded;
}

void
spec_keep_slack(struct spec *spec, const struct spec *old)
{
	if (!old || !merge_equal(&spec->flowspec, &old->flowspec))
		return;
	spec->cut = old->cut;
	spec->granted = old->granted;
	spec->bounds_slack = old->bounds_slack;
	spec->max_slack_us = old->max_slack_us;
	if (!old->lowered)
		return;
	spec->lowered = true;
	spec->R_out = old->R_out;
	spec->S_out = old->S_out;
}

/* More than there is room for are not told: nothing promises it (2.6). */
static void
add_confirm(struct spec *spec, const struct addr *receiver)
{
	if (receiver->family == ADDR_NONE)
		return;
	for (size_t i = 0; i < spec->confirm_count; i++)
		if (addr_equal(&spec->confirms[i], receiver))
			return;
	if (spec->confirm_count < SPEC_CONFIRMS)
		spec->confirms[spec->confirm_count++] = *receiver;
}

bool
spec_keep_confirms(struct spec *spec, const struct spec *old)
{
	enum merge_order order;

	if (!old)
		return false;
	order = merge_compare(&spec->flowspec, &old->flowspec);
	if (order != MERGE_EQUAL && order != MERGE_GREATER)
		return false;
	for (size_t i = 0; i < old->confirm_count; i++)
		add_confirm(spec, &old->confirms[i]);
	return true;
}

struct addr
spec_take_confirm(struct spec *spec)
{
	struct addr first = { 0 };

	if (spec->confirm_count == 0)
		return first;
	first = spec->confirms[0];
	spec->confirm_count--;
	memmove(spec->confirms, spec->confirms + 1,
		spec->confirm_count * sizeof(first));
	return first;
}

bool
spec_covers(const struct spec *a, const struct spec *b)
{
	if (!a || !merge_equal(&a->flowspec, &b->flowspec))
		return false;
	for (size_t i = 0; i < b->count; i++)
		if (!spec_has(a, &b->filters[i].filter))
			return false;
	return true;
}

static void
spec_drop(struct spec *spec, const struct wire_filter *filter)
{
	struct spec_filter *at = spec_find(spec, filter);

	if (at)
		*at = spec->filters[--spec->count];
}

static struct wire_flow
make_flow(const struct spec *spec, const struct wire_filter *filter)
{
	struct wire_flow flow = { .has_flowspec = true,
		.flowspec = spec->flowspec };

	if (filter) {
		flow.has_filter = true;
		flow.filter = *filter;
	}
	return flow;
}

size_t
spec_flows(const struct spec *spec, uint8_t style,
	struct wire_flow flows[WIRE_FLOWS_MAX])
{
	size_t count = 0;

	if (style == WIRE_STYLE_WF) {
		flows[0] = make_flow(spec, NULL);
		return 1;
	}
	for (size_t i = 0; i < spec->count && count < WIRE_FLOWS_MAX; i++)
		flows[count++] = make_flow(spec, &spec->filters[i].filter);
	return count;
}

/* ---- life ---------------------------------------------------------------- */

struct spec *
rsb_latest(const struct rsb *rsb)
{
	if (rsb->wanted)
		return rsb->wanted;
	return rsb->trying ? rsb->trying : rsb->now;
}

bool
rsb_confirm(struct rsb *rsb, const struct addr *receiver)
{
	struct spec *latest = rsb_latest(rsb);

	add_confirm(latest, receiver);
	if (latest != rsb->now)
		return false;
	if (rsb->owed.family == ADDR_NONE)
		rsb->owed = spec_take_confirm(latest);
	return true;
}

/* What one next hop of an interface wants of that demand. */
static struct rsb *
find_in(const struct demand *demand, const struct wire_hop *hop, uint8_t style)
{
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		if (rsb->style == style &&
			addr_equal(&rsb->hop.addr, &hop->addr))
			return rsb;
	return NULL;
}

struct rsb *
rsb_find(const struct session *session, const struct wire_hop *hop,
	uint8_t style, const struct wire_filter *filter)
{
	const struct demand *demand = demand_find(
		session, hop->lih, style == WIRE_STYLE_FF ? filter : NULL);

	return demand ? find_in(demand, hop, style) : NULL;
}

struct rsb *
rsb_find_local(const struct session *session, const struct local *local,
	uint8_t style, const struct wire_filter *filter)
{
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->local == local && rsb->style == style &&
			(style != WIRE_STYLE_FF ||
				spec_has(rsb_latest(rsb), filter)))
			return rsb;
	return NULL;
}

struct rsb *
rsb_new(struct rsvp_core *core, struct session *session)
{
	struct rsb *rsb = (struct rsb *)core_get(core, sizeof(*rsb));

	if (!rsb)
		return NULL;
	rsb->session = session;
	rsb->expiry.kind = TIMER_RESV_EXPIRY;
	TAILQ_INSERT_TAIL(&session->rsbs, rsb, next);
	session->rsb_count++;
	core->rsb_count++;
	return rsb;
}

void
rsb_free(struct rsvp_core *core, struct rsb *rsb)
{
	timer_stop(core, &rsb->expiry);
	if (rsb->demand)
		rsb->demand->end = (uint8_t)core->cause;
	if (rsb->demand && rsb->demand->trying == rsb)
		rsb->demand->trying = NULL;
	rsb_attach(rsb, NULL);
	if (rsb->claim != 0)
		core->conf.hooks.policy_end(core->conf.hooks.arg, rsb->claim);
	TAILQ_REMOVE(&rsb->session->rsbs, rsb, next);
	rsb->session->rsb_count--;
	core->rsb_count--;
	core_put(core, rsb->now);
	core_put(core, rsb->trying);
	core_put(core, rsb->wanted);
	core_put(core, rsb->why);
	/* Emptying cannot fail. */
	(void)blob_set(core, &rsb->policies, NULL, 0);
	(void)blob_set(core, &rsb->others, NULL, 0);
	(void)blob_set(core, &rsb->scope, NULL, 0);
	core_put(core, rsb);
}

void
rsb_attach(struct rsb *rsb, struct demand *demand)
{
	if (rsb->demand)
		TAILQ_REMOVE(&rsb->demand->rsbs, rsb, of_demand);
	rsb->demand = demand;
	if (demand)
		TAILQ_INSERT_TAIL(&demand->rsbs, rsb, of_demand);
}

void
rsb_drop_empty(struct rsvp_core *core, struct rsb *rsb)
{
	struct spec **specs[] = { &rsb->now, &rsb->trying, &rsb->wanted };

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		if (!*specs[i] || (*specs[i])->count > 0)
			continue;
		core_put(core, *specs[i]);
		*specs[i] = NULL;
	}
	if (!rsb->trying && rsb->demand && rsb->demand->trying == rsb)
		rsb->demand->trying = NULL;
}

bool
rsb_drop_filter(
	struct rsvp_core *core, struct rsb *rsb, const struct wire_filter *f)
{
	spec_drop(rsb->now, f);
	spec_drop(rsb->trying, f);
	spec_drop(rsb->wanted, f);
	rsb_drop_empty(core, rsb);
	return rsb_latest(rsb) == NULL;
}

/* ---- which senders ------------------------------------------------------- */

bool
rsb_sees(const struct rsb *rsb, const struct psb *psb)
{
	return rsb->ifindex == 0 ? psb_serves(psb, rsb->local->in_ifindex)
				 : psb_routes_to(psb, rsb->ifindex);
}

bool
rsb_matches(
	const struct rsb *rsb, const struct spec *spec, const struct psb *psb)
{
	if (!spec || !rsb_sees(rsb, psb))
		return false;
	if (rsb->style != WIRE_STYLE_WF)
		return spec_has(spec, &psb->sender);
	return !rsb->scope ||
	       scope_has(blob_view(rsb->scope), &psb->sender.src);
}

bool
rsb_reserves_for(const struct rsb *rsb, const struct psb *psb)
{
	return rsb_matches(rsb, rsb->now, psb) || psb_left(psb, rsb);
}

bool
rsb_is_left(const struct rsb *rsb)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &rsb->session->psbs, next)
		if (psb_left(psb, rsb))
			return true;
	return false;
}

/* ---- timer --------------------------------------------------------------- */

bool
rsb_arm(struct rsvp_core *core, struct rsb *rsb)
{
	const struct spec *specs[] = { rsb->now, rsb->trying, rsb->wanted };
	struct mono first = MONO_NEVER;

	if (rsb->style == WIRE_STYLE_WF)
		first = rsb->expires;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		for (size_t j = 0; specs[i] && j < specs[i]->count; j++)
			first = mono_earlier(
				first, specs[i]->filters[j].expires);
	return timer_set_at(core, &rsb->expiry, first);
}

/* ---- why it was admitted ------------------------------------------------- */

void
rsb_set_why(struct rsvp_core *core, struct rsb *rsb, const char *rule,
	const char *reason)
{
	size_t rule_size = strlen(rule) + 1;
	size_t reason_size = strlen(reason) + 1;
	char *why = (char *)core_get(core, rule_size + reason_size);

	core_put(core, rsb->why);
	rsb->why = why;
	if (!why)
		return; /* nobody can be told why; that is all */
	memcpy(why, rule, rule_size);
	memcpy(why + rule_size, reason, reason_size);
}

const char *
rsb_rule(const struct rsb *rsb)
{
	return rsb->why ? rsb->why : "";
}

const char *
rsb_reason(const struct rsb *rsb)
{
	return rsb->why ? rsb->why + strlen(rsb->why) + 1 : "";
}
