/* SPDX-License-Identifier: ISC */

/*
 * Resv and ResvTear arriving (RFC 2205 3.1.4, 3.1.6; RFC 2209, RESV MESSAGE
 * ARRIVES): which path state they match, what changes in the reservation state.
 * The decision about a request is admit.c's.
 */

#include "core_int.h"

#include <string.h>

#include "merge.h"

/* Of one session.  Work for a message grows with both. */
enum { RSBS_MAX = 4096, FILTERS_MAX = 4096 };

/* One Resv or ResvTear and what it refers to here. */
struct resv_in {
	const struct wire_msg *msg;
	struct iface *iface;     /* outgoing: the one its LIH names */
	struct wire_hop hop;     /* next hop, with our own handle */
	struct session *session; /* NULL without path state */
	int64_t lifetime_ms;
	/* of the requests that the session has, by what was asked last */
	size_t gs, cl, filters;
};

/* The descriptor being worked on: one flow of FF, all of SE or WF. */
struct descriptor {
	const struct wire_flow *flows;
	size_t count;
	struct rsb *own; /* that the next hop has for it, or NULL */
};

bool
style_known(uint8_t style)
{
	return style == WIRE_STYLE_FF || style == WIRE_STYLE_SE ||
	       style == WIRE_STYLE_WF;
}

/*
 * The LIH is ours (RFC 2205 2.9); one that we never gave out is dropped.  Zero:
 * the interface that the packet was addressed to.
 */
static bool
find_context(struct rsvp_core *core, const struct rsvp_packet *packet,
	struct resv_in *in)
{
	const struct wire_msg *msg = packet->msg;

	in->msg = msg;
	in->iface = iface_usable(core, msg->hop.lih);
	if (msg->hop.lih == 0)
		in->iface = iface_of_addr(core, &packet->dst, packet->ifindex);
	if (!in->iface || !addr_is_unicast(&msg->hop.addr) ||
		iface_of_addr(core, &msg->hop.addr, packet->ifindex))
		return false;
	in->hop = (struct wire_hop){ msg->hop.addr, in->iface->conf.ifindex };
	in->session = session_find(core, &msg->session);
	if (in->session && in->session->psb_count == 0)
		in->session = NULL;
	in->lifetime_ms =
		rsvp_lifetime_ms(msg->refresh_ms, in->iface->conf.lives);
	return true;
}

/* ---- refusing ------------------------------------------------------------ */

static struct rsb *
find_rsb(const struct resv_in *in, const struct descriptor *d)
{
	if (!in->session || d->count == 0)
		return NULL;
	return rsb_find(
		in->session, &in->hop, in->msg->style, &d->flows[0].filter);
}

/* Something is in force there for what the request would increase (RFC 2209,
 * UPDATE TRAFFIC CONTROL), whoever asked for it. */
static bool
in_place(const struct resv_in *in, const struct descriptor *d)
{
	const struct demand *demand;

	if (!in->session || d->count == 0)
		return false;
	demand = demand_find(in->session, in->hop.lih,
		in->msg->style == WIRE_STYLE_FF ? &d->flows[0].filter : NULL);
	return demand && demand_in_force(demand);
}

static void
refuse(struct rsvp_core *core, const struct resv_in *in,
	const struct descriptor *d, const struct refusal *why)
{
	const struct wire_msg *msg = in->msg;
	const struct rsb *rsb = find_rsb(in, d);
	struct rsvp_refusal r = { .message = WIRE_RESV,
		.session = msg->session,
		.style = msg->style,
		.ifindex = in->hop.lih,
		.neighbour = in->hop.addr,
		.code = why->code,
		.value = why->value };
	struct out_error err = { .session = msg->session,
		.ifindex = in->hop.lih,
		.hop = in->hop.addr,
		.error = { .code = why->code, .value = why->value },
		.style = msg->style,
		.count = d->count,
		.flows = d->flows,
		.scope = msg->scope_view,
		.other_count = msg->other_count,
		.others = msg->others };

	if (d->count > 0) {
		r.flowspec = d->flows[0].flowspec;
		r.sender = d->flows[0].filter;
	}
	(void)text_copy(r.reason, sizeof(r.reason), why->reason);
	if ((rsb && rsb->now) ||
		(why->code == WIRE_E_ADMISSION && in_place(in, d)))
		err.error.flags = WIRE_ERROR_IN_PLACE;
	refusal_record(core, &r);
	out_resv_err(core, &err);
}

/* False when an object of the list was of a C-Type that is not known: what is
 * left of it is no list that a ResvErr could carry. */
static bool
flows_are_whole(const struct wire_msg *msg)
{
	for (size_t i = 0; i < msg->flow_count; i++) {
		const struct wire_flow *flow = &msg->flows[i];
		bool filtered = msg->style != WIRE_STYLE_WF;

		if (!flow->has_flowspec || flow->has_filter != filtered)
			return false;
	}
	return true;
}

/* The whole message; FF has an error message for each descriptor (3.1.8). */
static void
refuse_message(struct rsvp_core *core, const struct resv_in *in,
	const struct refusal *why)
{
	const struct wire_msg *msg = in->msg;
	struct descriptor d = { msg->flows, msg->flow_count, NULL };

	if (!style_known(msg->style) || !flows_are_whole(msg))
		d.count = 0;
	if (msg->style != WIRE_STYLE_FF || d.count == 0) {
		refuse(core, in, &d, why);
		return;
	}
	d.count = 1;
	for (size_t i = 0; i < msg->flow_count; i++) {
		d.flows = &msg->flows[i];
		refuse(core, in, &d, why);
	}
}

void
in_resv_refuse(struct rsvp_core *core, const struct rsvp_packet *packet,
	uint8_t code, uint16_t value)
{
	const struct refusal why = { code, value, "",
		"the message has an object that is not known" };
	struct resv_in in = { 0 };

	if (!(packet->msg->has & WIRE_HAS_STYLE))
		return; /* a ResvErr needs it */
	if (find_context(core, packet, &in))
		refuse_message(core, &in, &why);
}

/* ---- checks -------------------------------------------------------------- */

/* RFC 2205 3.2, rule 2. */
static bool
ports_are_sane(const struct wire_msg *msg)
{
	for (size_t i = 0; i < msg->flow_count; i++)
		if (!ports_sane(&msg->session, &msg->flows[i].filter))
			return false;
	return true;
}

/* Mistakes of whoever built the message: nobody is told (Appendix B). */
static bool
is_well_formed(struct rsvp_core *core, const struct rsvp_packet *packet,
	struct resv_in *in)
{
	const char *why = NULL;

	if (!find_context(core, packet, in))
		why = "RSVP_HOP is not valid here";
	else if (!ports_are_sane(packet->msg))
		why = "source port without destination port";
	if (!why)
		return true;
	core_drop_bad(core, packet, why);
	return false;
}

static const struct rsb *
other_style(const struct session *session, uint8_t style)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &session->rsbs, next)
		if (rsb->style != style)
			return rsb;
	return NULL;
}

/*
 * We have just started and the Resv came before the Path: the flow is in the
 * kernel and waits for both.  An error would only alarm the receiver, whose
 * next refresh finds the Path.
 */
static bool
came_early(struct rsvp_core *core, const struct resv_in *in)
{
	const struct session_key key = session_key_of(&in->msg->session);

	if (in->session ||
		!demand_awaits_claim(core, in->iface->conf.ifindex, &key))
		return false;
	core_count(core, RSVP_C_DROP_STATE);
	return true;
}

/* False: refused as a whole. */
static bool
check_message(struct rsvp_core *core, const struct resv_in *in)
{
	struct refusal why = { 0, 0, "", "" };
	const struct rsb *other;

	if (came_early(core, in))
		return false;
	if (!in->session) {
		why.code = WIRE_E_NO_PATH;
		if (session_port_conflict(core, &in->msg->session))
			why.code = WIRE_E_DST_PORTS;
	} else if (!style_known(in->msg->style)) {
		why.code = WIRE_E_STYLE_UNKNOWN;
	} else {
		other = other_style(in->session, in->msg->style);
		if (!other)
			return true;
		why.code = WIRE_E_STYLE_CONFLICT;
		why.value = other->style;
	}
	why.reason = wire_error_text(why.code);
	refuse_message(core, in, &why);
	return false;
}

/* Counted once for all descriptors of a message; afterwards kept up. */
static void
count_request(struct resv_in *in, const struct spec *spec, int sign)
{
	const size_t one = (size_t)sign; /* wraps round when it goes down */

	if (!spec)
		return;
	if (spec->flowspec.service == WIRE_SERVICE_GS)
		in->gs += one;
	else
		in->cl += one;
	in->filters += one * spec->count;
}

static void
count_requests(struct resv_in *in)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &in->session->rsbs, next)
		count_request(in, rsb_latest(rsb), 1);
}

/* All receivers of a session choose the same service (RFC 2210 2.2). */
static bool
service_conflict(
	const struct resv_in *in, const struct rsb *own, uint8_t service)
{
	size_t others = service == WIRE_SERVICE_GS ? in->cl : in->gs;

	if (own && rsb_latest(own)->flowspec.service != service)
		others--;
	return others > 0;
}

static struct refusal
tc_refusal(uint16_t value)
{
	return (struct refusal){ WIRE_E_TC, value, "",
		wire_error_value_text(WIRE_E_TC, value) };
}

/* They were small enough when it was made: the MTU is smaller now, and packets
 * above it get no more than best effort, as any that do not conform. */
static bool
has_such_packets(const struct rsb *rsb, uint32_t M)
{
	return rsb && rsb_latest(rsb) && rsb_latest(rsb)->flowspec.tspec.M >= M;
}

/* Code 0: fine. */
static struct refusal
judge_flowspec(const struct resv_in *in, const struct descriptor *d)
{
	const struct wire_flow *flow = &d->flows[0];
	const struct rsvp_iface *conf = &in->iface->conf;
	struct wire_flowspec spec = flow->flowspec;
	uint32_t M = spec.tspec.M;

	if (in->msg->flowspec_malformed && flow->flowspec_view.len > 0)
		return tc_refusal(WIRE_TC_FLOWSPEC);
	if (spec.service != WIRE_SERVICE_GS && spec.service != WIRE_SERVICE_CL)
		return tc_refusal(WIRE_TC_UNSUPPORTED);
	merge_tspec_normalise(&spec.tspec, conf->assumed_min_packet, conf->mtu);
	if (!merge_flowspec_valid(&spec))
		return tc_refusal(WIRE_TC_FLOWSPEC);
	if (service_conflict(in, d->own, spec.service))
		return tc_refusal(WIRE_TC_CONFLICT);
	if (M > conf->mtu && !merge_packet_size_unknown(M) &&
		!has_such_packets(d->own, M))
		return (struct refusal){ WIRE_E_ADMISSION, WIRE_ADMISSION_MTU,
			"", "packets larger than the MTU of the interface" };
	return (struct refusal){ 0, 0, "", "" };
}

/* ---- state --------------------------------------------------------------- */

static bool
sender_on(const struct resv_in *in, const struct wire_filter *filter)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &in->session->psbs, next)
		if (psb_routes_to(psb, in->hop.lih) &&
			(!filter || wire_filter_equal(&psb->sender, filter)))
			return true;
	return false;
}

static void
add_filter(struct spec *spec, const struct wire_filter *filter,
	struct mono expires)
{
	struct spec_filter *at = spec_find(spec, filter);

	if (!at) {
		at = &spec->filters[spec->count++];
		at->filter = *filter;
	}
	at->expires = expires;
}

/*
 * The request as it would be in force: filters of SE that match no sender are
 * left out (RFC 2209), those of earlier messages stay until they time out.
 * NULL without *ret_refused: no memory.
 */
static struct spec *
make_spec(struct rsvp_core *core, const struct resv_in *in,
	const struct descriptor *d, const struct rsb *rsb)
{
	const struct spec *old = rsb ? rsb_latest(rsb) : NULL;
	struct mono expires = mono_add_ms(core->now, in->lifetime_ms);
	struct spec *spec = spec_new(core, d->count + (old ? old->count : 0));

	if (!spec)
		return NULL;
	spec->count = 0;
	spec->flowspec = d->flows[0].flowspec;
	spec_keep_slack(spec, old);
	if (in->msg->style == WIRE_STYLE_WF)
		return spec;
	for (size_t i = 0; i < d->count; i++)
		if (sender_on(in, &d->flows[i].filter))
			add_filter(spec, &d->flows[i].filter, expires);
	for (size_t i = 0; old && i < old->count; i++)
		if (!spec_find(spec, &old->filters[i].filter))
			add_filter(spec, &old->filters[i].filter,
				old->filters[i].expires);
	return spec;
}

/* The senders that a SCOPE names; octets, 0 without one. */
static size_t
scope_senders(const struct resv_in *in, uint32_t out_ifindex,
	uint8_t bytes[SCOPE_BYTES])
{
	const struct scope_pick pick = { .session = in->session,
		.in = in->msg->scope_view,
		.out_ifindex = out_ifindex };

	return in->msg->scope_view.len > 0 ? scope_collect(&pick, bytes) : 0;
}

static bool
any_sender(const struct resv_in *in, const struct descriptor *d)
{
	uint8_t scope[SCOPE_BYTES];

	if (in->msg->style == WIRE_STYLE_WF && in->msg->scope_view.len > 0)
		return scope_senders(in, in->hop.lih, scope) > 0;
	if (in->msg->style == WIRE_STYLE_WF)
		return sender_on(in, NULL);
	for (size_t i = 0; i < d->count; i++)
		if (sender_on(in, &d->flows[i].filter))
			return true;
	return false;
}

/* The next hop said again that it wants these. */
static void
extend(struct rsvp_core *core, const struct resv_in *in, struct rsb *rsb,
	const struct descriptor *d)
{
	struct spec *specs[] = { rsb->now, rsb->trying, rsb->wanted };
	struct mono expires = mono_add_ms(core->now, in->lifetime_ms);

	rsb->expires = expires;
	rsb->refresh_ms = timer_sane_refresh(in->msg->refresh_ms);
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++)
		for (size_t i = 0; i < d->count; i++) {
			struct spec_filter *at =
				spec_find(specs[s], &d->flows[i].filter);

			if (at)
				at->expires = expires;
		}
}

/*
 * Objects that travel with the request, in the next Resv that there is reason
 * for.  An old copy that could not be replaced is as good as a lost message:
 * the next refresh brings them again.  True: it is for other senders now.
 */
static bool
keep_objects(struct rsvp_core *core, const struct resv_in *in, struct rsb *rsb)
{
	const struct wire_msg *msg = in->msg;
	uint8_t bytes[SCOPE_BYTES];
	const struct wire_view scope = { bytes, scope_senders(in, 0, bytes) };

	(void)blob_update(core, &rsb->others, msg->others, msg->other_count);
	(void)blob_update(
		core, &rsb->policies, msg->policies, msg->policy_count);
	return blob_update(core, &rsb->scope, &scope, scope.len > 0 ? 1 : 0);
}

/* Room for a request with so many filters, besides what others have. */
static bool
has_room(const struct rsvp_core *core, const struct resv_in *in,
	const struct rsb *own, size_t filters)
{
	const size_t old = own ? rsb_latest(own)->count : 0;

	if (!own && (in->session->rsb_count >= RSBS_MAX ||
			    core->rsb_count >= core->conf.max_paths))
		return false;
	return in->filters - old + filters <= FILTERS_MAX;
}

static struct rsb *
make_rsb(struct rsvp_core *core, const struct resv_in *in,
	const struct descriptor *d)
{
	struct rsb *rsb;

	rsb = rsb_new(core, in->session);
	if (!rsb)
		return NULL;
	rsb->hop = in->hop;
	rsb->ifindex = in->hop.lih;
	rsb->style = in->msg->style;
	rsb_attach(
		rsb, demand_make(core, in->session, in->iface,
			     rsb->style == WIRE_STYLE_FF ? &d->flows[0].filter
							 : NULL));
	if (rsb->demand)
		return rsb;
	rsb_free(core, rsb);
	return NULL;
}

/* RESV_CONFIRM makes any request worth forwarding, once (2.6). */
static bool
take_confirm(struct rsb *rsb, const struct wire_msg *msg)
{
	return (msg->has & WIRE_HAS_CONFIRM) != 0 &&
	       addr_is_unicast(&msg->confirm) &&
	       rsb_confirm(rsb, &msg->confirm);
}

/* What the request is from now on; takes the spec.  True: it is another. */
static bool
replace_request(struct rsvp_core *core, struct rsb *rsb, struct spec *spec)
{
	if (!rsb_latest(rsb) || !spec_covers(rsb_latest(rsb), spec)) {
		(void)spec_keep_confirms(spec, rsb->wanted);
		core_put(core, rsb->wanted);
		rsb->wanted = spec;
		return true;
	}
	core_put(core, spec);
	if (!rsb->trying && !rsb->wanted)
		rsb->failed = rsb->demand->stuck;
	return false;
}

/* True: something follows from it.  A refresh is none of that, so that it costs
 * little however many share the session. */
static bool
put_request(
	struct rsvp_core *core, struct resv_in *in, const struct descriptor *d)
{
	struct rsb *rsb = d->own;
	struct spec *spec = make_spec(core, in, d, rsb);
	bool changed;

	if (!spec)
		return false;
	if (!has_room(core, in, rsb, spec->count)) {
		core_count(core, RSVP_C_DROP_LIMIT);
		core_put(core, spec);
		return false;
	}
	if (rsb)
		count_request(in, rsb_latest(rsb), -1);
	else
		rsb = make_rsb(core, in, d);
	if (!rsb) {
		core_put(core, spec);
		return true;
	}
	changed = replace_request(core, rsb, spec);
	count_request(in, rsb_latest(rsb), 1);
	extend(core, in, rsb, d);
	if (take_confirm(rsb, in->msg))
		changed = true;
	if (keep_objects(core, in, rsb))
		changed = true;
	if (rsb_arm(core, rsb))
		return changed;
	core_count(core, RSVP_C_DROP_MEMORY);
	count_request(in, rsb_latest(rsb), -1);
	rsb_free(core, rsb);
	return true;
}

/* Refreshed from where the route led before: it does not know yet.  That is no
 * error of the receiver, who is behind the new route; the state times out. */
static bool
came_late(const struct descriptor *d)
{
	return d->own && rsb_is_left(d->own);
}

/* The route led there once, and the tear did not arrive: that node still tells
 * others of the path. */
static void
tear_stale(struct rsvp_core *core, const struct resv_in *in,
	const struct descriptor *d)
{
	const struct psb *psb;

	if (!addr_is_unicast(&in->session->key.dst))
		return;
	for (size_t i = 0; i < d->count; i++) {
		psb = d->flows[i].has_filter
			      ? psb_find(in->session, &d->flows[i].filter, 0)
			      : TAILQ_FIRST(&in->session->psbs);
		if (psb && psb->in_ifindex != in->hop.lih)
			psb_tear_stale(core, psb, in->hop.lih, &in->hop.addr);
	}
}

/* True: something follows from it. */
static bool
one_descriptor(struct rsvp_core *core, struct resv_in *in, struct descriptor *d)
{
	struct refusal why = { WIRE_E_NO_SENDER, 0, "",
		wire_error_text(WIRE_E_NO_SENDER) };

	d->own = find_rsb(in, d);
	if (any_sender(in, d)) {
		why = judge_flowspec(in, d);
	} else if (came_late(d)) {
		core_count(core, RSVP_C_DROP_STATE);
		return false;
	} else {
		tear_stale(core, in, d);
	}
	if (why.code == 0)
		return put_request(core, in, d);
	refuse(core, in, d, &why);
	return false;
}

void
in_resv(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	struct resv_in in = { 0 };
	struct descriptor d = { msg->flows, msg->flow_count, NULL };
	bool changed = false;

	if (!is_well_formed(core, packet, &in))
		return;
	if (msg->flow_count == 0) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	if (!check_message(core, &in))
		return;
	core_count(core, RSVP_C_RESV_IN);
	count_requests(&in);
	if (msg->style != WIRE_STYLE_FF) {
		changed = one_descriptor(core, &in, &d);
	} else {
		d.count = 1;
		for (size_t i = 0; i < msg->flow_count; i++) {
			d.flows = &msg->flows[i];
			if (one_descriptor(core, &in, &d))
				changed = true;
		}
	}
	if (changed || in.session->unsettled)
		session_sync(core, in.session, SESSION_TELL);
}

/* ---- ResvTear ------------------------------------------------------------ */

/* True: there was something to tear. */
static bool
tear(struct rsvp_core *core, const struct resv_in *in,
	const struct wire_flow *flow)
{
	const struct descriptor d = { flow, 1, NULL };
	struct rsb *rsb = find_rsb(in, &d);

	if (!rsb)
		return false;
	if (rsb->style == WIRE_STYLE_WF) {
		rsb_free(core, rsb);
		return true;
	}
	if (!spec_find(rsb_latest(rsb), &flow->filter))
		return false;
	if (rsb_drop_filter(core, rsb, &flow->filter))
		rsb_free(core, rsb);
	return true;
}

void
in_resv_tear(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	struct resv_in in = { 0 };
	bool any = false;

	if (!is_well_formed(core, packet, &in))
		return;
	for (size_t i = 0; in.session && i < msg->flow_count; i++)
		if (tear(core, &in, &msg->flows[i]))
			any = true;
	if (!any) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	core_count(core, RSVP_C_TEAR_IN);
	core->tearing = msg;
	session_sync(core, in.session, SESSION_TELL);
	core->tearing = NULL;
}

/* ---- time ---------------------------------------------------------------- */

static void
drop_expired(struct rsvp_core *core, struct rsb *rsb)
{
	struct spec *specs[] = { rsb->now, rsb->trying, rsb->wanted };

	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++)
		for (size_t i = specs[s] ? specs[s]->count : 0; i-- > 0;)
			if (mono_reached(
				    specs[s]->filters[i].expires, core->now))
				specs[s]->filters[i] =
					specs[s]->filters[--specs[s]->count];
	rsb_drop_empty(core, rsb);
}

void
resv_expired(struct rsvp_core *core, struct rsb *rsb)
{
	struct session *session = rsb->session;

	core_count(core, RSVP_C_RESV_EXPIRED);
	if (rsb->style != WIRE_STYLE_WF)
		drop_expired(core, rsb);
	if (rsb->style == WIRE_STYLE_WF || !rsb_latest(rsb))
		rsb_free(core, rsb);
	else if (!rsb_arm(core, rsb))
		core_count(core, RSVP_C_DROP_MEMORY);
	session_sync(core, session, SESSION_TELL);
}
