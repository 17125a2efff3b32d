/* SPDX-License-Identifier: ISC */

/*
 * What the reservations of a session amount to for each of its senders (RFC
 * 2209, RESV REFRESH): computed for all senders in one pass over the requests,
 * then dealt out to the previous hops.  The senders are sorted once, so that
 * each filter finds its sender, and a full session costs little more than its
 * filters.
 *
 * Requests that blockade state is in the way of are left out as long as there
 * is another one; with no other, the greatest flowspec that is in all of them
 * is asked for (RFC 2205 3.5).
 */

#include "core_int.h"

#include <stdlib.h>
#include <string.h>

#include "merge.h"

enum { ROOM_LEAST = 8 };

/* ---- room ---------------------------------------------------------------- */

void
wish_done(struct rsvp_core *core)
{
	core_put(core, core->wish_parts);
	core_put(core, core->wish_sorted);
	core_put(core, core->wish_flows);
	core->wish_parts = NULL;
	core->wish_sorted = NULL;
	core->wish_flows = NULL;
	core->wish_room = 0;
}

static bool
make_room(struct rsvp_core *core, size_t count)
{
	size_t room = core->wish_room > 0 ? core->wish_room : ROOM_LEAST;

	if (count <= core->wish_room)
		return true;
	while (room < count)
		room *= 2;
	wish_done(core);
	core->wish_parts = (struct wish_part *)core_get(
		core, room * sizeof(*core->wish_parts));
	core->wish_sorted = (struct wish_part **)core_get(
		core, room * sizeof(struct wish_part *));
	core->wish_flows = (struct wire_flow *)core_get(
		core, room * sizeof(*core->wish_flows));
	if (!core->wish_parts || !core->wish_sorted || !core->wish_flows) {
		wish_done(core);
		return false;
	}
	core->wish_room = room;
	return true;
}

/* ---- which senders ------------------------------------------------------- */

static int
compare_parts(const void *a, const void *b)
{
	const struct wish_part *x = *(struct wish_part *const *)a;
	const struct wish_part *y = *(struct wish_part *const *)b;

	return wire_filter_compare(&x->psb->sender, &y->psb->sender);
}

/* The first of the sorted ones that is not below the filter. */
static size_t
lower_bound(const struct rsvp_core *core, size_t count,
	const struct wire_filter *filter)
{
	size_t from = 0;

	while (from < count) {
		size_t middle = from + (count - from) / 2;

		if (wire_filter_compare(&core->wish_sorted[middle]->psb->sender,
			    filter) < 0)
			from = middle + 1;
		else
			count = middle;
	}
	return from;
}

/* Path state that only keeps reservations until another comes asks nobody. */
static bool
counts(const struct rsb *rsb, const struct psb *psb)
{
	return rsb->ifindex == 0 || !psb->local_only;
}

typedef void visit_fn(struct wish_part *part, const struct rsb *rsb);

static void
visit_filter(struct rsvp_core *core, const struct rsb *rsb,
	const struct wire_filter *filter, visit_fn *visit)
{
	size_t count = rsb->session->psb_count;

	for (size_t i = lower_bound(core, count, filter); i < count; i++) {
		struct wish_part *part = core->wish_sorted[i];

		if (!wire_filter_equal(&part->psb->sender, filter))
			return;
		if ((rsb_sees(rsb, part->psb) && counts(rsb, part->psb)) ||
			psb_left(part->psb, rsb))
			visit(part, rsb);
	}
}

/* Each sender that a request in force reserves for. */
static void
visit_senders(struct rsvp_core *core, const struct rsb *rsb, visit_fn *visit)
{
	if (!rsb->now)
		return;
	if (rsb->style != WIRE_STYLE_WF) {
		for (size_t i = 0; i < rsb->now->count; i++)
			visit_filter(
				core, rsb, &rsb->now->filters[i].filter, visit);
		return;
	}
	for (size_t i = 0; i < rsb->session->psb_count; i++)
		if (rsb_reserves_for(rsb, core->wish_parts[i].psb) &&
			counts(rsb, core->wish_parts[i].psb))
			visit(&core->wish_parts[i], rsb);
}

/* ---- merging ------------------------------------------------------------- */

static bool
in_its_way(const struct wish_part *part, const struct rsb *rsb)
{
	const struct wire_flowspec spec = spec_forwarded(rsb->now);

	return part->bsb && bsb_blockades(&part->bsb->flowspec, &spec);
}

/*
 * None of several requests may be what failed, and together they are it again.
 * Those go on that came first; the others are left out.
 */
static bool
fails_again(const struct bsb *bsb, const struct wire_flowspec *merged)
{
	return bsb && bsb_blockades(&bsb->flowspec, merged);
}

static void
merge(struct wish_part *part, const struct rsb *rsb)
{
	const struct wire_flowspec spec = spec_forwarded(rsb->now);
	struct wire_flowspec lub;

	if (part->bsb)
		part->glb =
			part->reserved ? merge_glb(&part->glb, &spec) : spec;
	part->reserved = true;
	if (in_its_way(part, rsb))
		return;
	lub = part->free ? merge_lub(&part->lub, &spec) : spec;
	if (part->free && fails_again(part->bsb, &lub))
		return;
	part->lub = lub;
	part->free = true;
}

/* It was left out, for itself or for what it is with others. */
static bool
left_out(const struct wish_part *part, const struct rsb *rsb)
{
	const struct wire_flowspec spec = spec_forwarded(rsb->now);
	enum merge_order order;

	if (!part->bsb)
		return false;
	if (in_its_way(part, rsb))
		return true;
	order = merge_compare(&part->lub, &spec);
	return part->free && order != MERGE_EQUAL && order != MERGE_GREATER;
}

bool
wish_compute(struct rsvp_core *core, struct session *session)
{
	const struct rsb *rsb = TAILQ_FIRST(&session->rsbs);
	uint8_t style = rsb ? rsb->style : 0;
	const struct psb *psb;
	size_t count = 0;

	if (!make_room(core, session->psb_count))
		return false;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		core->wish_parts[count] = (struct wish_part){ .psb = psb,
			.bsb = bsb_find(psb, style) };
		core->wish_sorted[count] = &core->wish_parts[count];
		count++;
	}
	if (count > 1)
		qsort(core->wish_sorted, count, sizeof(struct wish_part *),
			compare_parts);
	TAILQ_FOREACH (rsb, &session->rsbs, next)
		visit_senders(core, rsb, merge);
	return true;
}

/* ---- who is the largest -------------------------------------------------- */

/* It is all that is asked for that sender. */
static bool
is_all(const struct wish_part *part, const struct rsb *rsb)
{
	const struct wire_flowspec spec = spec_forwarded(rsb->now);

	return merge_compare(&spec, &part->lub) == MERGE_EQUAL;
}

static void
rank(struct wish_part *part, const struct rsb *rsb)
{
	if (is_all(part, rsb))
		part->top++;
}

void
wish_rank(struct rsvp_core *core, const struct session *session)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next)
		visit_senders(core, rsb, rank);
}

/* A request is larger than all others if it equals what they amount to
 * together and no other does. */
static void
place(struct wish_part *part, const struct rsb *rsb)
{
	struct wish *wish = part->psb->ask ? &part->psb->ask->wish : NULL;

	if (!wish)
		return;
	if (!wish->present)
		wish->blockaded = true;
	wish->present = true;
	if (!part->free || !left_out(part, rsb))
		wish->merged = true;
	if (left_out(part, rsb))
		return;
	wish->blockaded = false;
	if (part->top != 1 || !is_all(part, rsb))
		wish->smaller = true;
}

void
wish_place(struct rsvp_core *core, const struct rsb *rsb)
{
	struct ask *ask;

	TAILQ_FOREACH (ask, &rsb->session->asks, next) {
		ask->wish.present = false;
		ask->wish.smaller = false;
		ask->wish.blockaded = false;
		ask->wish.merged = false;
	}
	visit_senders(core, rsb, place);
}

/* ---- for one previous hop ------------------------------------------------ */

void
wish_deal(struct rsvp_core *core, const struct session *session)
{
	struct ask *ask;

	TAILQ_FOREACH (ask, &session->asks, next)
		ask->wish = (struct wish){ 0 };
	for (size_t i = session->psb_count; i-- > 0;) {
		struct wish_part *part = &core->wish_parts[i];
		struct wish *wish =
			part->psb->ask ? &part->psb->ask->wish : NULL;

		if (!wish || !part->reserved)
			continue;
		part->next = wish->first;
		wish->first = part;
		if (part->free && part->bsb && part->bsb->struck)
			wish->hurry = true;
	}
}

static const struct wire_flowspec *
flowspec_of(const struct wish_part *part)
{
	return part->free ? &part->lub : &part->glb;
}

static bool
fails_for_some(const struct wish *wish, const struct wire_flowspec *merged)
{
	const struct wish_part *part;

	for (part = wish->first; part; part = part->next)
		if (part->free && fails_again(part->bsb, merged))
			return true;
	return false;
}

/* One flowspec for all that share.  What is blockaded for its sender does not
 * count as long as something is not. */
static struct wire_flowspec
shared_flowspec(const struct wish *wish)
{
	const struct wish_part *part;
	struct wire_flowspec spec = { 0 }, lub;
	bool any = false, free = false;

	for (part = wish->first; part; part = part->next)
		if (part->free)
			free = true;
	for (part = wish->first; part; part = part->next) {
		if (free != part->free)
			continue;
		lub = any ? merge_lub(&spec, flowspec_of(part))
			  : *flowspec_of(part);
		if (any && !free)
			spec = merge_glb(&spec, &part->glb);
		else if (!any || !fails_for_some(wish, &lub))
			spec = lub;
		any = true;
	}
	return spec;
}

size_t
wish_flows(struct rsvp_core *core, const struct wish *wish, uint8_t style)
{
	struct wire_flowspec shared = { 0 };
	const struct wish_part *part;
	size_t count = 0;

	if (style != WIRE_STYLE_FF)
		shared = shared_flowspec(wish);
	for (part = wish->first; part; part = part->next) {
		struct wire_flow *flow = &core->wish_flows[count++];

		*flow = (struct wire_flow){ .has_flowspec = true };
		flow->flowspec =
			style == WIRE_STYLE_FF ? *flowspec_of(part) : shared;
		if (style == WIRE_STYLE_WF)
			return count;
		flow->has_filter = true;
		flow->filter = part->psb->sender;
	}
	return count;
}

size_t
wish_scope(
	const struct rsvp_core *core, const struct wish *wish, uint8_t *bytes)
{
	const struct addr *last = NULL;
	size_t len = 0, count;

	if (!wish->first)
		return 0;
	count = wish->first->psb->session->psb_count;
	for (size_t i = 0; i < count; i++) {
		const struct wish_part *part = core->wish_sorted[i];
		const struct addr *src = &part->psb->sender.src;
		const struct ask *ask = part->psb->ask;
		size_t size = addr_size(src->family);

		if (!part->reserved || !ask || &ask->wish != wish ||
			(last && addr_equal(last, src)))
			continue;
		if (len + size > SCOPE_BYTES)
			break;
		memcpy(bytes + len, src->b, size);
		len += size;
		last = src;
	}
	return len;
}
