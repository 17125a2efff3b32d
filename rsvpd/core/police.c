/* SPDX-License-Identifier: ISC */

/*
 * Where a flow may have to be policed or reshaped (RFC 2205 3.8; RFC 2209,
 * UPDATE TRAFFIC CONTROL): the services say whether it is (RFC 2211 7, 2212).
 */

#include "core_int.h"

#include "merge.h"

/* An application here is before the first node that can police. */
bool
police_entry(const struct psb *psb)
{
	return psb->e_police || psb->local;
}

static uint8_t
of_senders(const struct demand *demand)
{
	const struct psb *psb;
	size_t count = 0;
	uint8_t flags = 0;

	TAILQ_FOREACH (psb, &demand->session->psbs, next) {
		if (!demand_carries(demand, psb))
			continue;
		if (police_entry(psb))
			flags |= RSVP_POLICE_E;
		count++;
	}
	if (demand->shared && count > 1)
		flags |= RSVP_POLICE_M;
	return flags;
}

static bool
lub(const struct demand *demand, struct wire_flowspec *ret_lub)
{
	const struct rsb *rsb;
	bool any = false;

	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand) {
		const struct spec *spec = demand_spec(demand, rsb);
		struct wire_flowspec one;

		if (!spec)
			continue;
		one = spec_forwarded(spec);
		*ret_lub = any ? merge_lub(ret_lub, &one) : one;
		any = true;
	}
	return any;
}

/* Both reserve for one sender at least. */
static bool
share_sender(const struct demand *demand, const struct rsb *other)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &other->session->psbs, next)
		if (rsb_reserves_for(other, psb) && demand_carries(demand, psb))
			return true;
	return false;
}

/* A request of another interface takes more than that, or other. */
static bool
takes_more(const struct demand *demand, const struct wire_flowspec *spec,
	const struct rsb *rsb)
{
	struct wire_flowspec other;
	enum merge_order order;

	if (!rsb->now)
		return false;
	other = spec_forwarded(rsb->now);
	order = merge_compare(spec, &other);
	return order != MERGE_EQUAL && order != MERGE_GREATER &&
	       share_sender(demand, rsb);
}

/* More than it carries may come, for another interface or for this host. */
static bool
is_branch(const struct demand *demand)
{
	const struct session *session = demand->session;
	const struct demand *other;
	struct wire_flowspec spec;
	const struct rsb *rsb;

	if (!lub(demand, &spec))
		return false;
	TAILQ_FOREACH (other, &session->demands, next) {
		if (!demand_is_branch(demand, other))
			continue;
		TAILQ_FOREACH (rsb, &other->rsbs, of_demand)
			if (takes_more(demand, &spec, rsb))
				return true;
	}
	if (TAILQ_EMPTY(&session->locals))
		return false;
	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->local && takes_more(demand, &spec, rsb))
			return true;
	return false;
}

uint8_t
police_flags(const struct demand *demand)
{
	uint8_t flags = of_senders(demand);

	if (is_branch(demand))
		flags |= RSVP_POLICE_B;
	return flags;
}
