/* SPDX-License-Identifier: ISC */

/*
 * What local applications asked for (RFC 2205 3.11.1): senders become path
 * state without a previous hop, reservations become requests without a next
 * hop as soon as there is path state to match them.
 */

#include "core_int.h"

#include <string.h>

#include "adspec.h"
#include "merge.h"

enum { DATA_TTL = 63 };

/* A sender that policy refused: it may come to allow it. */
struct held_sender {
	struct rsvp_local_sender sender; /* its view is of the bytes here */
	uint8_t adspec[];
};

static struct local *
find(const struct rsvp_core *core, uint64_t id)
{
	struct local *local;

	HASH_FIND_BYHASHVALUE(hh, core->locals, &id, sizeof(id),
		hash_bytes(&core->conf.hash_key, &id, sizeof(id)), local);
	return local;
}

/* ---- opening and closing ------------------------------------------------- */

static void
drop_held(struct rsvp_core *core, struct local *local)
{
	core_put(core, local->held);
	local->held = NULL;
}

void
local_free(struct rsvp_core *core, struct local *local)
{
	drop_held(core, local);
	HASH_DELETE(hh, core->locals, local);
	TAILQ_REMOVE(&local->session->locals, local, next);
	maker_discharge(core, local->maker);
	core_put(core, local->flows);
	core_put(core, local);
}

static bool
charge(struct rsvp_core *core, struct local *local, const struct rsvp_who *who)
{
	const struct maker_key user = { .uid = who->uid };

	if (!who->known)
		return true;
	local->maker = maker_charge(core, &user, core->conf.max_sessions_uid);
	return local->maker != NULL;
}

static struct local *
make(struct rsvp_core *core, uint64_t id, const struct wire_session *wire,
	const struct rsvp_who *who)
{
	static const struct addr nobody;
	struct local *local = (struct local *)core_get(core, sizeof(*local));

	if (!local)
		return NULL;
	local->id = id;
	local->who = *who;
	if (!charge(core, local, who))
		goto fail;
	local->session = session_make(core, wire, &nobody, 0);
	if (!local->session)
		goto fail;
	HASH_ADD_BYHASHVALUE(hh, core->locals, id, sizeof(id),
		hash_bytes(&core->conf.hash_key, &id, sizeof(id)), local);
	if (!hash_added(local->hh)) {
		core_count(core, RSVP_C_DROP_MEMORY);
		session_sync(core, local->session, SESSION_QUIET);
		goto fail;
	}
	TAILQ_INSERT_TAIL(&local->session->locals, local, next);
	return local;

fail:
	maker_discharge(core, local->maker);
	core_put(core, local);
	return NULL;
}

/* Which of the two it was, when something could not be made. */
static enum rsvp_local_result
limit_or_memory(const struct rsvp_core *core, uint64_t limits_before)
{
	return core->counters[RSVP_C_DROP_LIMIT] != limits_before
		       ? RSVP_LOCAL_LIMIT
		       : RSVP_LOCAL_MEMORY;
}

enum rsvp_local_result
rsvp_local_open(struct rsvp_core *core, struct mono now, uint64_t id,
	const struct wire_session *session, const struct rsvp_who *who)
{
	uint64_t limits = core->counters[RSVP_C_DROP_LIMIT];
	struct local *local;

	core_begin(core, now);
	if (id == 0 || find(core, id))
		return RSVP_LOCAL_BUSY;
	if (session_port_conflict(core, session))
		return RSVP_LOCAL_PORTS;
	local = make(core, id, session, who);
	if (!local)
		return limit_or_memory(core, limits);
	local_tell_paths(core, local);
	return RSVP_LOCAL_OK;
}

static void
drop_rsbs(struct rsvp_core *core, const struct local *local)
{
	struct rsb *rsb, *next;

	TAILQ_FOREACH_SAFE (rsb, &local->session->rsbs, next, next)
		if (rsb->local == local)
			rsb_free(core, rsb);
}

static void
stop_reserving(struct rsvp_core *core, struct local *local)
{
	drop_rsbs(core, local);
	core_put(core, local->flows);
	local->flows = NULL;
	local->count = 0;
	local->reserving = false;
}

static void
stop_sending(struct rsvp_core *core, struct local *local)
{
	struct session *session = local->session;

	if (!local->psb)
		return;
	psb_tear(core, local->psb);
	local_path_event(core, session);
}

void
rsvp_local_close(struct rsvp_core *core, struct mono now, uint64_t id)
{
	struct local *local = find(core, id);
	struct session *session;
	bool sent;

	core_begin(core, now);
	if (!local)
		return;
	session = local->session;
	stop_reserving(core, local);
	sent = local->psb != NULL;
	if (sent)
		psb_tear(core, local->psb);
	local_free(core, local);
	if (sent)
		local_path_event(core, session); /* to the others */
	session_sync(core, session, SESSION_TELL);
}

/* ---- sending ------------------------------------------------------------- */

static void
sender_refused(struct rsvp_core *core, const struct local *local,
	const struct rsvp_local_sender *sender, const struct refusal *why)
{
	struct wire_error error = { .node = sender->sender.src,
		.code = why->code,
		.value = why->value };
	struct rsvp_refusal r = { .message = WIRE_PATH,
		.session = session_wire(local->session),
		.sender = sender->sender,
		.flowspec = { .service = WIRE_SERVICE_GENERAL,
			.tspec = sender->tspec },
		.who = local->who,
		.code = why->code,
		.value = why->value };

	(void)text_copy(r.rule, sizeof(r.rule), why->rule); /* for people */
	(void)text_copy(r.reason, sizeof(r.reason), why->reason);
	refusal_record(core, &r);
	local_path_error(core, local, &sender->sender, &error, why->reason);
}

static bool
contents_fine(struct rsvp_core *core, const struct local *local,
	const struct rsvp_local_sender *sender)
{
	struct refusal why = { WIRE_E_TC, 0, "", "" };
	struct wire_adspec adspec;

	if (!tspec_acceptable(NULL, &sender->tspec))
		why.value = WIRE_TC_TSPEC;
	else if (sender->adspec_view.len > 0 &&
		 (!wire_adspec_decode(sender->adspec_view, &adspec) ||
			 !adspec_valid(&adspec)))
		why.value = WIRE_TC_ADSPEC;
	if (why.value == 0)
		return true;
	why.reason = wire_error_value_text(why.code, why.value);
	sender_refused(core, local, sender, &why);
	return false;
}

/* Allowed: *claim is replaced, and how it will end is kept. */
static void
ask_policy(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender, uint32_t *claim,
	struct rsvp_policy_answer *ret_answer)
{
	struct rsvp_policy_query query = { .message = WIRE_PATH,
		.role = RSVP_ROLE_SENDER,
		.who = local->who,
		.session = session_wire(local->session),
		.sender = sender->sender,
		.flowspec = { .service = WIRE_SERVICE_GENERAL,
			.tspec = sender->tspec },
		.claim = *claim };

	*ret_answer = (struct rsvp_policy_answer){ 0 };
	core->conf.hooks.policy(core->conf.hooks.arg, &query, ret_answer);
	if (!ret_answer->allowed)
		return;
	*claim = ret_answer->claim;
	local->ends = ret_answer->ends;
	local->grace_ms = ret_answer->grace_ms;
}

static void
policy_refused(struct rsvp_core *core, const struct local *local,
	const struct rsvp_local_sender *sender,
	const struct rsvp_policy_answer *answer)
{
	const struct refusal why = { WIRE_E_POLICY,
		answer->value != 0 ? answer->value : WIRE_POLICY_REJECT,
		answer->rule, answer->reason };

	sender_refused(core, local, sender, &why);
}

/* False: it has been told. */
static bool
policy_allows(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender, uint32_t *claim)
{
	struct rsvp_policy_answer answer;

	ask_policy(core, local, sender, claim, &answer);
	if (!answer.allowed)
		policy_refused(core, local, sender, &answer);
	return answer.allowed;
}

/* Without memory for it the application has to say it again. */
static void
hold(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender)
{
	const struct wire_view adspec = sender->adspec_view;
	struct held_sender *held = (struct held_sender *)core_get(
		core, sizeof(*held) + adspec.len);

	drop_held(core, local);
	if (!held)
		return;
	held->sender = *sender;
	if (adspec.len > 0)
		memcpy(held->adspec, adspec.bytes, adspec.len);
	held->sender.adspec_view =
		(struct wire_view){ held->adspec, adspec.len };
	local->held = held;
}

/* Policy allows it no more: as with a reservation, it has to go when its grace
 * is over; true: that is now. */
static bool
sender_leaves(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender,
	const struct rsvp_policy_answer *answer)
{
	if (local->ends == RSVP_POLICY_KEEP)
		return false;
	if (!local->leaving) {
		local->leaving = true;
		local->leaves = mono_add_ms(core->now, local->grace_ms);
		if (local->ends == RSVP_POLICY_TELL && local->grace_ms > 0)
			policy_refused(core, local, sender, answer);
	}
	if (mono_reached(local->leaves, core->now))
		return true;
	walk_policies(core, (local->leaves.us - core->now.us + 999) / 1000);
	return false;
}

bool
local_sender_stays(struct rsvp_core *core, struct local *local)
{
	const struct psb *psb = local->psb;
	struct rsvp_local_sender sender = { .sender = psb->sender,
		.tspec = psb->tspec,
		.adspec_view = blob_view(psb->adspec),
		.ttl = psb->ttl,
		.ifindex = local->ifindex };
	struct rsvp_policy_answer answer;

	ask_policy(core, local, &sender, &local->psb->claim, &answer);
	if (answer.allowed) {
		local->leaving = false;
		return true;
	}
	if (!sender_leaves(core, local, &sender, &answer))
		return true;
	policy_refused(core, local, &sender, &answer);
	if (!local->held) /* what was to replace it is newer */
		hold(core, local, &sender);
	return false;
}

static bool
set_adspec(struct rsvp_core *core, struct psb *psb, struct wire_view given)
{
	struct buf_writer w = buf_writer(core->buf, sizeof(core->buf));
	struct wire_adspec adspec = adspec_default();

	if (given.len > 0)
		return blob_set(core, &psb->adspec, &given, 1);
	if (!wire_adspec_encode(&w, &adspec))
		return false;
	given = (struct wire_view){ core->buf, buf_written(&w) };
	return blob_set(core, &psb->adspec, &given, 1);
}

static void
start_sending(struct rsvp_core *core, struct psb *psb)
{
	(void)psb_route(core, psb); /* all is told below */
	demand_ask_again(psb->session);
	psb_forward(core, psb);
	local_path_event(core, psb->session);
	session_sync(core, psb->session, SESSION_TELL);
}

static bool
same_sender(const struct local *local, const struct rsvp_local_sender *sender)
{
	return local->psb &&
	       wire_filter_equal(&local->psb->sender, &sender->sender);
}

/* The path state that this application's sender becomes. */
static enum rsvp_local_result
take_psb(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender)
{
	uint64_t limits = core->counters[RSVP_C_DROP_LIMIT];
	struct psb *psb;

	if (same_sender(local, sender))
		return RSVP_LOCAL_OK;
	stop_sending(core, local);
	psb = psb_new(core, local->session, &sender->sender);
	if (!psb)
		return limit_or_memory(core, limits);
	psb->local = local;
	local->psb = psb;
	return RSVP_LOCAL_OK;
}

static enum rsvp_local_result
check_sender(struct rsvp_core *core, const struct local *local,
	const struct rsvp_local_sender *sender)
{
	struct wire_session session = session_wire(local->session);
	const struct psb *other = psb_find(local->session, &sender->sender, 0);

	if (session_port_conflict(core, &session) ||
		!ports_sane(&session, &sender->sender))
		return RSVP_LOCAL_PORTS;
	if (ports_conflict(local->session, &sender->sender))
		return RSVP_LOCAL_PORTS;
	if (other && other != local->psb)
		return RSVP_LOCAL_BUSY;
	return RSVP_LOCAL_OK;
}

/* It has passed all questions; takes the claim. */
static enum rsvp_local_result
announce(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_sender *sender, uint32_t claim)
{
	enum rsvp_local_result result;

	if (local->psb)
		local->psb->claim = 0; /* the new one replaces it */
	result = take_psb(core, local, sender);
	if (result == RSVP_LOCAL_OK &&
		!set_adspec(core, local->psb, sender->adspec_view)) {
		psb_free(core, local->psb);
		result = RSVP_LOCAL_MEMORY;
	}
	if (result != RSVP_LOCAL_OK) {
		if (claim != 0)
			core->conf.hooks.policy_end(
				core->conf.hooks.arg, claim);
		session_sync(core, local->session, SESSION_QUIET);
		return result;
	}
	local->psb->claim = claim;
	local->psb->tspec = sender->tspec;
	local->psb->ttl = sender->ttl != 0 ? sender->ttl : DATA_TTL;
	local->ifindex = sender->ifindex;
	local->leaving = false;
	start_sending(core, local->psb);
	return RSVP_LOCAL_OK;
}

enum rsvp_local_result
rsvp_local_send(struct rsvp_core *core, struct mono now, uint64_t id,
	const struct rsvp_local_sender *sender)
{
	struct local *local = find(core, id);
	enum rsvp_local_result result;
	uint32_t claim = local && local->psb ? local->psb->claim : 0;

	core_begin(core, now);
	if (!local)
		return RSVP_LOCAL_UNKNOWN;
	result = check_sender(core, local, sender);
	if (result != RSVP_LOCAL_OK)
		return result;
	drop_held(core, local);
	if (!contents_fine(core, local, sender))
		return RSVP_LOCAL_OK; /* told as an event */
	if (policy_allows(core, local, sender, &claim))
		return announce(core, local, sender, claim);
	hold(core, local, sender);
	return RSVP_LOCAL_OK; /* told as an event */
}

void
local_resend(struct rsvp_core *core, struct local *local)
{
	struct held_sender *held = local->held;
	uint32_t claim = local->psb ? local->psb->claim : 0;

	/* Its ports may be in conflict with others' now: that may pass too. */
	if (!held ||
		check_sender(core, local, &held->sender) != RSVP_LOCAL_OK ||
		!policy_allows(core, local, &held->sender, &claim))
		return;
	local->held = NULL;
	/* The one who could be told of a limit has no call here. */
	if (announce(core, local, &held->sender, claim) == RSVP_LOCAL_OK)
		core_put(core, held);
	else
		local->held = held; /* for the next time */
}

void
rsvp_local_unsend(struct rsvp_core *core, struct mono now, uint64_t id)
{
	struct local *local = find(core, id);

	core_begin(core, now);
	if (!local)
		return;
	drop_held(core, local);
	if (!local->psb)
		return;
	stop_sending(core, local);
	session_sync(core, local->session, SESSION_QUIET);
}

/* ---- reserving ----------------------------------------------------------- */

static bool
keep_request(struct rsvp_core *core, struct local *local,
	const struct rsvp_local_reserve *request)
{
	struct local_flow *flows = (struct local_flow *)core_get(
		core, request->flow_count * sizeof(*flows));
	const struct iface *iface;

	if (!flows)
		return false;
	for (size_t i = 0; i < request->flow_count; i++)
		flows[i].flow = request->flows[i];
	core_put(core, local->flows);
	local->flows = flows;
	local->count = request->flow_count;
	local->style = request->style;
	local->confirm = request->confirm;
	local->receiver = request->receiver;
	iface = iface_of_addr(core, &request->receiver, 0);
	local->in_ifindex = iface ? iface->conf.ifindex : 0;
	local->reserving = true;
	return true;
}

/* A sender that an application here receives from and that the filter names. */
static const struct psb *
sender_here(const struct session *session, const struct wire_filter *filter)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb_reaches_local(psb) &&
			(!filter || wire_filter_equal(&psb->sender, filter)))
			return psb;
	return NULL;
}

struct addr
local_receiver(const struct rsvp_core *core, const struct local *local)
{
	const struct psb *psb;
	const struct iface *iface;

	if (local->receiver.family != ADDR_NONE)
		return local->receiver;
	if (addr_is_unicast(&local->session->key.dst))
		return local->session->key.dst;
	psb = sender_here(local->session, NULL);
	iface = psb ? iface_find(core, psb->in_ifindex) : NULL;
	return iface ? iface_addr(iface, local->session->key.dst.family)
		     : (struct addr){ 0 };
}

/* Asked again for the same: one more confirmation (RFC 2205 2.6). */
static void
confirm_again(struct rsvp_core *core, const struct local *local)
{
	const struct addr receiver = local_receiver(core, local);
	struct rsb *rsb;

	TAILQ_FOREACH (rsb, &local->session->rsbs, next)
		if (rsb->local == local && local->confirm)
			(void)rsb_confirm(rsb, &receiver); /* session_sync() */
}

/* Somebody here or elsewhere has reserved with another style (code 5). */
static bool
style_conflict(const struct local *local)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &local->session->rsbs, next)
		if (rsb->style != local->style) /* its own have this one */
			return true;
	return false;
}

enum rsvp_local_result
rsvp_local_reserve(struct rsvp_core *core, struct mono now, uint64_t id,
	const struct rsvp_local_reserve *request)
{
	struct local *local = find(core, id);

	core_begin(core, now);
	if (!local)
		return RSVP_LOCAL_UNKNOWN;
	if (request->flow_count == 0 || request->flow_count > WIRE_FLOWS_MAX)
		return RSVP_LOCAL_LIMIT;
	if (local->reserving && local->style != request->style)
		stop_reserving(core, local);
	if (!keep_request(core, local, request))
		return RSVP_LOCAL_MEMORY;
	confirm_again(core, local);
	session_sync(core, local->session, SESSION_TELL);
	return RSVP_LOCAL_OK;
}

void
rsvp_local_unreserve(struct rsvp_core *core, struct mono now, uint64_t id)
{
	struct local *local = find(core, id);

	core_begin(core, now);
	if (!local || !local->reserving)
		return;
	stop_reserving(core, local);
	session_sync(core, local->session, SESSION_TELL);
}

/* The part of a request that has path state: descriptor i alone for FF. */
static struct spec *
make_spec(struct rsvp_core *core, const struct local *local, size_t i)
{
	bool explicit_style = local->style != WIRE_STYLE_WF;
	size_t last = local->style == WIRE_STYLE_SE ? local->count : i + 1;
	struct spec *spec = spec_new(core, last - i);

	if (!spec)
		return NULL;
	spec->count = 0;
	spec->flowspec = local->flows[i].flow.flowspec;
	for (; explicit_style && i < last; i++) {
		const struct wire_filter *filter = &local->flows[i].flow.filter;

		if (!sender_here(local->session, filter) ||
			spec_find(spec, filter))
			continue;
		spec->filters[spec->count++].filter = *filter;
	}
	if (!explicit_style || spec->count > 0)
		mtu_of_request(local->session, spec);
	return spec;
}

static struct rsb *
make_rsb(struct rsvp_core *core, struct local *local)
{
	struct rsb *rsb = rsb_new(core, local->session);

	if (!rsb)
		return NULL;
	rsb->local = local;
	rsb->style = local->style;
	return rsb;
}

static struct refusal
judge(const struct local *local, const struct spec *spec)
{
	struct wire_flowspec known = spec->flowspec;
	struct refusal why = { WIRE_E_TC, 0, "", "" };
	const struct rsb *rsb;

	merge_tspec_normalise(&known.tspec, 1, UINT32_MAX);
	if (known.service != WIRE_SERVICE_GS &&
		known.service != WIRE_SERVICE_CL)
		why.value = WIRE_TC_UNSUPPORTED;
	else if (!merge_flowspec_valid(&known))
		why.value = WIRE_TC_FLOWSPEC;
	TAILQ_FOREACH (rsb, &local->session->rsbs, next)
		if (rsb->local != local && rsb_latest(rsb) && why.value == 0 &&
			rsb_latest(rsb)->flowspec.service != known.service)
			why.value = WIRE_TC_CONFLICT;
	if (why.value == 0)
		why.code = 0;
	if (style_conflict(local))
		why = (struct refusal){ WIRE_E_STYLE_CONFLICT, 0, "",
			wire_error_text(WIRE_E_STYLE_CONFLICT) };
	else
		why.reason = wire_error_value_text(why.code, why.value);
	return why;
}

/* Takes the spec. */
static void
want(struct rsvp_core *core, struct local *local, struct rsb *rsb,
	struct spec *spec)
{
	struct refusal why = judge(local, spec);
	struct addr receiver;

	if (!rsb)
		rsb = make_rsb(core, local);
	if (!rsb) {
		core_put(core, spec);
		return;
	}
	core_put(core, rsb->wanted);
	rsb->wanted = spec;
	rsb->owed = (struct addr){ 0 }; /* it is of this request, or of none */
	if (local->confirm) {
		receiver = local_receiver(core, local);
		(void)rsb_confirm(rsb, &receiver); /* not in force yet */
	}
	if (why.code != 0)
		admit_refuse(core, rsb, &why);
	else
		admit_local(core, rsb);
}

static void
sync_descriptor(struct rsvp_core *core, struct local *local, size_t i)
{
	const struct local_flow *flow = &local->flows[i];
	const struct wire_filter *filter =
		local->style == WIRE_STYLE_FF ? &flow->flow.filter : NULL;
	struct rsb *rsb;
	struct spec *spec;

	if (flow->refused)
		return;
	rsb = rsb_find_local(
		local->session, local, local->style, &flow->flow.filter);
	if (!rsb && !sender_here(local->session, filter))
		return;
	spec = make_spec(core, local, i);
	if (!spec)
		return;
	if ((local->style == WIRE_STYLE_WF || spec->count > 0) &&
		!(rsb && spec_covers(rsb_latest(rsb), spec) &&
			spec_covers(spec, rsb_latest(rsb)))) {
		want(core, local, rsb, spec);
		return;
	}
	core_put(core, spec);
}

static bool
still_asked(const struct rsb *rsb)
{
	const struct local *local = rsb->local;
	struct spec *spec = rsb_latest(rsb);

	if (rsb->style == WIRE_STYLE_WF)
		return true;
	for (size_t i = 0; i < local->count; i++)
		if (spec_find(spec, &local->flows[i].flow.filter))
			return true;
	return false;
}

void
local_sync(struct rsvp_core *core, struct session *session)
{
	struct local *local;
	struct rsb *rsb, *next;

	TAILQ_FOREACH_SAFE (rsb, &session->rsbs, next, next)
		if (rsb->local && !still_asked(rsb))
			rsb_free(core, rsb);
	TAILQ_FOREACH (local, &session->locals, next) {
		size_t count = local->style == WIRE_STYLE_FF ? local->count : 1;

		for (size_t i = 0; local->reserving && i < count; i++)
			sync_descriptor(core, local, i);
	}
}

void
local_refused(const struct rsb *rsb, const struct spec *spec)
{
	struct local *local = rsb->local;

	for (size_t i = 0; i < local->count; i++)
		if (local->style != WIRE_STYLE_FF ||
			spec_has(spec, &local->flows[i].flow.filter))
			local->flows[i].refused = true;
}

void
local_retry(struct local *local)
{
	for (size_t i = 0; i < local->count; i++)
		local->flows[i].refused = false;
}
