/* SPDX-License-Identifier: ISC */

/*
 * One decision about one request: policy, then the ledger, then the kernel.
 * Only when all three have said yes is the request in force; a no at any step
 * puts everything back as it was, and is told to whoever asked (RFC 2205 2.7,
 * 3.1.8; RFC 2209, UPDATE TRAFFIC CONTROL).
 */

#include "core_int.h"

#include <string.h>

#include "link.h"
#include "path_int.h"

/* ---- policy -------------------------------------------------------------- */

static const struct psb *
local_sender(const struct rsb *rsb, const struct spec *spec)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &rsb->session->psbs, next)
		if (psb->local && rsb_matches(rsb, spec, psb))
			return psb;
	return NULL;
}

static void
fill_query(const struct rsb *rsb, const struct spec *spec,
	struct rsvp_policy_query *query)
{
	const struct psb *sender = local_sender(rsb, spec);

	*query = (struct rsvp_policy_query){ .message = WIRE_RESV,
		.role = RSVP_ROLE_TRANSIT,
		.session = session_wire(rsb->session),
		.style = rsb->style,
		.flowspec = spec->flowspec,
		.ifindex = rsb->ifindex,
		.neighbour = rsb->hop.addr,
		.claim = rsb->claim };
	if (spec->count > 0)
		query->sender = spec->filters[0].filter;
	if (rsb->local) {
		query->role = RSVP_ROLE_RECEIVER;
		query->who = rsb->local->who;
	} else if (sender) {
		query->role = RSVP_ROLE_SENDER;
		query->who = sender->local->who;
	}
}

/* Allowed: the claim now counts for this spec. */
static bool
ask_policy(struct rsvp_core *core, struct rsb *rsb, struct spec *spec,
	struct rsvp_policy_answer *answer)
{
	struct rsvp_policy_query query;

	fill_query(rsb, spec, &query);
	*answer = (struct rsvp_policy_answer){ 0 };
	core->conf.hooks.policy(core->conf.hooks.arg, &query, answer);
	if (!answer->allowed)
		return false;
	spec->cut = answer->lowered;
	spec->granted = answer->granted;
	spec->bounds_slack = answer->bounds_slack;
	spec->max_slack_us = answer->max_slack_us;
	rsb->claim = answer->claim;
	rsb->defending = answer->defending;
	rsb_set_why(core, rsb, answer->rule, answer->reason);
	return true;
}

static struct refusal
policy_refusal(const struct rsvp_policy_answer *answer)
{
	return (struct refusal){ WIRE_E_POLICY,
		answer->value != 0 ? answer->value : WIRE_POLICY_REJECT,
		answer->rule, answer->reason };
}

/* The claim counts again for what is in force. */
static void
restore_claim(struct rsvp_core *core, struct rsb *rsb)
{
	struct rsvp_policy_answer answer;

	/* Should policy refuse now what it once allowed, the claim stays too
	 * large until it judges again. */
	if (rsb->now)
		(void)ask_policy(core, rsb, rsb->now, &answer);
}

/* ---- ledger -------------------------------------------------------------- */

static void
explain(const struct iface *iface, enum ledger_result result,
	const struct ledger_figures *f, struct text *t)
{
	if (result == LEDGER_FLOWS) {
		text_printf(t, "%s carries its maximum of %llu flows",
			iface->conf.name, (unsigned long long)f->limit);
		return;
	}
	text_printf(t, "%s on %s: needs ",
		result == LEDGER_BANDWIDTH ? "bandwidth" : "burst budget",
		iface->conf.name);
	if (result == LEDGER_BANDWIDTH) {
		text_add_rate(t, (double)f->needed);
		text_add(t, ", ");
		text_add_rate(t, (double)f->free);
		text_add(t, " of ");
		text_add_rate(t, (double)f->limit);
	} else {
		text_add_size(t, (double)f->needed);
		text_add(t, ", ");
		text_add_size(t, (double)f->free);
		text_add(t, " of ");
		text_add_size(t, (double)f->limit);
	}
	text_add(t, " free");
}

/* RFC 2211 5: in range, and still not supported. */
static void
explain_buffer(const struct iface *iface, uint64_t needed, struct text *t)
{
	text_printf(t, "queue on %s: needs ", iface->conf.name);
	text_add_size(t, (double)needed);
	text_add(t, ", a flow may have ");
	text_add_size(t, (double)LINK_BUFFER_MAX_BYTES);
}

bool
admit_hold(struct rsvp_core *core, struct demand *demand,
	const struct image *image, struct admit_figures *ret)
{
	struct ledger_figures figures = { 0 };
	enum ledger_result result = LEDGER_MEMORY;
	struct text t = text_over(ret->reason, sizeof(ret->reason));

	if (image->buffer_bytes > LINK_BUFFER_MAX_BYTES) {
		ret->refusal = (struct refusal){ WIRE_E_TC, WIRE_TC_FLOWSPEC,
			"", ret->reason };
		explain_buffer(demand->iface, image->buffer_bytes, &t);
		return false;
	}
	if (demand_identify(core, demand))
		result = ledger_hold(core->ledger, demand->iface->conf.ifindex,
			demand->id, &image->amount, &figures);
	ret->refusal = (struct refusal){ WIRE_E_ADMISSION,
		WIRE_ADMISSION_BANDWIDTH, "", ret->reason };
	switch (result) {
	case LEDGER_OK:
		return true;
	case LEDGER_BUDGET:
		/* More bursts than the advertised D allows for. */
		ret->refusal.value = WIRE_ADMISSION_DELAY;
		explain(demand->iface, result, &figures, &t);
		return false;
	case LEDGER_BANDWIDTH:
	case LEDGER_FLOWS:
		explain(demand->iface, result, &figures, &t);
		return false;
	case LEDGER_MEMORY:
		ret->refusal.code = WIRE_E_RSVP_SYSTEM;
		ret->refusal.value = 0;
		text_add(&t, "out of memory");
		core_count(core, RSVP_C_DROP_MEMORY);
		return false;
	case LEDGER_NO_IFACE:
		ret->refusal.code = WIRE_E_RSVP_SYSTEM;
		ret->refusal.value = 0;
		text_add(&t, "the interface is not in the ledger");
		core_count(core, RSVP_C_BUG);
		return false;
	}
	return false;
}

/* ---- yes ----------------------------------------------------------------- */

static void
stop_trying(struct rsb *rsb)
{
	if (rsb->demand && rsb->demand->trying == rsb)
		rsb->demand->trying = NULL;
}

void
admit_commit(struct rsvp_core *core, struct rsb *rsb)
{
	if (!spec_keep_confirms(rsb->trying, rsb->now))
		rsb->owed = (struct addr){ 0 };
	core_put(core, rsb->now);
	rsb->now = rsb->trying;
	rsb->trying = NULL;
	rsb->leaving = false;
	stop_trying(rsb);
	rsb->failed = false;
	if (rsb->owed.family == ADDR_NONE)
		rsb->owed = spec_take_confirm(rsb->now);
	core_count(core, RSVP_C_ADMITTED);
}

/* ---- no ------------------------------------------------------------------ */

void
refusal_record(struct rsvp_core *core, const struct rsvp_refusal *refusal)
{
	struct rsvp_refusal *slot =
		&core->refusals[core->next_refusal % CORE_REFUSALS];
	char dst[ADDR_TEXT];

	*slot = *refusal;
	slot->serial = ++core->next_refusal;
	slot->when = core->now;
	core_count(core, RSVP_C_REFUSED);
	if (refusal->code == WIRE_E_PREEMPTED) { /* it was in force */
		core_note(core, NOTE_REMOTE | NOTE_WARNING,
			"%s/%u/%u: reservation preempted (code %u), %s",
			addr_format(&slot->session.dst, dst),
			slot->session.proto, slot->session.dst_port, slot->code,
			slot->reason);
		return;
	}
	core_note(core, NOTE_REMOTE | NOTE_WARNING,
		"%s/%u/%u: %s refused: code %u value %u, %s",
		addr_format(&slot->session.dst, dst), slot->session.proto,
		slot->session.dst_port,
		slot->message == WIRE_PATH ? "sender" : "reservation",
		slot->code, slot->value,
		slot->reason[0] != '\0' ? slot->reason
					: wire_error_text(slot->code));
}

static void
record(struct rsvp_core *core, const struct rsb *rsb, const struct spec *spec,
	const struct refusal *why)
{
	struct rsvp_refusal r = { .message = WIRE_RESV,
		.session = session_wire(rsb->session),
		.flowspec = spec->flowspec,
		.style = rsb->style,
		.ifindex = rsb->ifindex,
		.neighbour = rsb->hop.addr,
		.code = why->code,
		.value = why->value };

	if (spec->count > 0)
		r.sender = spec->filters[0].filter;
	if (rsb->local)
		r.who = rsb->local->who;
	(void)text_copy(r.rule, sizeof(r.rule), why->rule); /* for people */
	(void)text_copy(r.reason, sizeof(r.reason), why->reason);
	refusal_record(core, &r);
}

static void
tell(struct rsvp_core *core, const struct rsb *rsb, const struct spec *spec,
	const struct refusal *why, uint8_t flags)
{
	struct wire_flow flows[WIRE_FLOWS_MAX];
	struct wire_view others[WIRE_OTHERS_MAX];
	struct out_error err = { .session = session_wire(rsb->session),
		.ifindex = rsb->ifindex,
		.hop = rsb->hop.addr,
		.error = { .flags = flags,
			.code = why->code,
			.value = why->value },
		.style = rsb->style,
		.count = spec_flows(spec, rsb->style, flows),
		.flows = flows,
		.other_count = blob_views(rsb->others, others, WIRE_OTHERS_MAX),
		.others = others,
		.scope = blob_view(rsb->scope) };

	if (rsb->local)
		local_resv_error(core, rsb, &err, why->reason);
	else
		out_resv_err(core, &err);
}

/* Nothing is wanted of it but what is in force; true: nothing is left. */
static bool
discard(struct rsvp_core *core, struct rsb *rsb, struct spec **spec)
{
	core_put(core, *spec);
	*spec = NULL;
	if (!rsb->trying)
		stop_trying(rsb);
	if (rsb_latest(rsb))
		return false;
	rsb_free(core, rsb);
	return true;
}

/* RFC 2209, UPDATE TRAFFIC CONTROL: what was to be increased is still there,
 * whichever next hop asked for it. */
static bool
is_in_place(const struct rsb *rsb)
{
	return rsb->demand ? demand_in_force(rsb->demand) : rsb->now != NULL;
}

void
admit_refuse(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal)
{
	struct spec **spec = rsb->trying ? &rsb->trying : &rsb->wanted;

	record(core, rsb, *spec, refusal);
	tell(core, rsb, *spec, refusal,
		is_in_place(rsb) ? WIRE_ERROR_IN_PLACE : 0);
	if (rsb->local)
		local_refused(rsb, *spec);
	if (spec == &rsb->trying && refusal->code != WIRE_E_POLICY)
		restore_claim(core, rsb);
	rsb->failed = true;
	/* It takes its RESV_CONFIRMs with it (RFC 2209), and it may be all. */
	(void)discard(core, rsb, spec);
}

void
admit_complain(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal)
{
	if (!rsb->now)
		return;
	record(core, rsb, rsb->now, refusal);
	tell(core, rsb, rsb->now, refusal, WIRE_ERROR_IN_PLACE);
	rsb->failed = true;
}

void
admit_revoke(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal)
{
	const struct spec *spec = rsb->now ? rsb->now : rsb_latest(rsb);
	enum rsvp_end before = core->cause;

	record(core, rsb, spec, refusal);
	tell(core, rsb, spec, refusal, 0);
	if (rsb->local)
		local_refused(rsb, spec);
	core->cause = account_cause(refusal->code);
	rsb_free(core, rsb);
	core->cause = before;
}

void
admit_withdraw(struct rsvp_core *core, struct rsb *rsb)
{
	core_count(core, RSVP_C_DROP_MEMORY);
	restore_claim(core, rsb);
	(void)discard(core, rsb, &rsb->trying); /* it may be gone now */
}

void
admit_postpone(struct rsvp_core *core, struct rsb *rsb)
{
	if (rsb->wanted) {
		(void)spec_keep_confirms(rsb->wanted, rsb->trying);
		core_put(core, rsb->trying);
	} else {
		rsb->wanted = rsb->trying;
	}
	rsb->trying = NULL;
	stop_trying(rsb);
}

/* ---- deciding ------------------------------------------------------------ */

static bool
allowed(struct rsvp_core *core, struct rsb *rsb)
{
	struct rsvp_policy_answer answer;
	struct refusal refusal;

	rsb->trying = rsb->wanted;
	rsb->wanted = NULL;
	if (ask_policy(core, rsb, rsb->trying, &answer))
		return true;
	refusal = policy_refusal(&answer);
	admit_refuse(core, rsb, &refusal);
	return false;
}

void
admit_local(struct rsvp_core *core, struct rsb *rsb)
{
	if (allowed(core, rsb))
		admit_commit(core, rsb);
}

struct demand *
admit_request(struct rsvp_core *core, struct demand *demand, struct rsb *rsb)
{
	struct admit_figures figures;
	struct image *image;

	if (!allowed(core, rsb))
		return demand;
	demand->trying = rsb;
	if (!demand->iface->conf.traffic_control) {
		admit_commit(core, rsb);
		return demand;
	}
	if (!demand_image(core, demand, &image)) {
		admit_withdraw(core, rsb);
		return demand;
	}
	if (!image) { /* its senders went away in the meantime */
		admit_commit(core, rsb);
		return demand;
	}
	if (demand->id == 0)
		demand = demand_claim(core, demand, image);
	if (flowslot_busy(demand->slot)) {
		/* Of what it was claimed from.  Until the answer comes, the
		 * ledger holds what that asked for. */
		demand_put(core, demand, image);
		admit_postpone(core, rsb);
		return demand;
	}
	if (!admit_hold(core, demand, image, &figures) &&
		!(demand_spend_slack(core, demand, rsb, &image) &&
			admit_hold(core, demand, image, &figures))) {
		core_put(core, image);
		admit_refuse(core, rsb, &figures.refusal);
		return demand;
	}
	demand->stuck = false;
	if (demand->slot == FLOWSLOT_LIVE && image_equal(demand->live, image)) {
		core_put(core, image);
		ledger_commit(core->ledger, demand->id);
		admit_commit(core, rsb);
		account_flow(core, demand);
		return demand;
	}
	demand_put(core, demand, image);
	return demand;
}

/* It has to go when its grace is over; true: that is now. */
static bool
leaves(struct rsvp_core *core, struct rsb *rsb,
	const struct rsvp_policy_answer *answer, const struct refusal *why)
{
	if (answer->ends == RSVP_POLICY_KEEP)
		return false;
	if (!rsb->leaving) {
		rsb->leaving = true;
		rsb->leaves = mono_add_ms(core->now, answer->grace_ms);
		if (answer->ends == RSVP_POLICY_TELL && answer->grace_ms > 0)
			admit_complain(core, rsb, why);
	}
	if (rsb->leaves.us <= core->now.us)
		return true;
	walk_policies(core, (rsb->leaves.us - core->now.us + 999) / 1000);
	return false;
}

void
admit_judge(struct rsvp_core *core, struct rsb *rsb)
{
	struct rsvp_policy_answer answer;
	struct refusal refusal;
	bool in_force = rsb->now != NULL;

	/* The claim is that of the request in flight, if there is one. */
	if (rsb->trying) {
		if (ask_policy(core, rsb, rsb->trying, &answer))
			return;
		refusal = policy_refusal(&answer);
		admit_refuse(core, rsb, &refusal);
	}
	if (!in_force)
		return;
	if (ask_policy(core, rsb, rsb->now, &answer)) {
		rsb->failed = rsb->failed && !rsb->leaving;
		rsb->leaving = false;
		if (rsb->demand) /* another rule may allow it now */
			account_flow(core, rsb->demand);
		return;
	}
	refusal = policy_refusal(&answer);
	if (leaves(core, rsb, &answer, &refusal))
		admit_revoke(core, rsb, &refusal);
}
