/* SPDX-License-Identifier: ISC */

/*
 * The flow of a demand in the kernel: requests, their answers, adoption, and
 * what happens when traffic control dies.  flowslot.h says which step follows
 * from which event; this file carries the steps out.
 *
 * A flow whose session does not want it any more is an orphan until the kernel
 * has removed it.  An orphan, adopted or on its way out, is claimed by the next
 * reservation that wants the same filters, so that a class is changed in place
 * and not made again.
 */

#include "core_int.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct flow_key) ==
		       sizeof(uint32_t) + sizeof(struct session_key),
	"padding in flow_key");

enum { RETRY_MS = 1000 };

static unsigned
hash_of(const struct rsvp_core *core, const void *key, size_t len)
{
	return hash_bytes(&core->conf.hash_key, key, len);
}

static struct demand *
find_flow(const struct rsvp_core *core, uint32_t id)
{
	struct demand *demand;

	HASH_FIND_BYHASHVALUE(hh, core->flows, &id, sizeof(id),
		hash_of(core, &id, sizeof(id)), demand);
	return demand;
}

/* ---- identity ------------------------------------------------------------ */

static bool
enter_flow(struct rsvp_core *core, struct demand *demand, uint32_t id)
{
	demand->id = id;
	HASH_ADD_BYHASHVALUE(hh, core->flows, id, sizeof(id),
		hash_of(core, &id, sizeof(id)), demand);
	if (hash_added(demand->hh))
		return true;
	core_count(core, RSVP_C_DROP_MEMORY);
	demand->id = 0;
	return false;
}

bool
demand_identify(struct rsvp_core *core, struct demand *demand)
{
	if (demand->id != 0)
		return true;
	do
		core->next_flow++;
	while (core->next_flow == 0 || hold_is_id(core->next_flow) ||
		find_flow(core, core->next_flow));
	return enter_flow(core, demand, core->next_flow);
}

static void
forget_request(struct rsvp_core *core, struct demand *demand)
{
	if (demand->serial != 0)
		HASH_DELETE(hh_serial, core->flow_serials, demand);
	demand->serial = 0;
	core_put(core, demand->sent);
	demand->sent = NULL;
}

static void
set_live(struct rsvp_core *core, struct demand *demand, struct image *image)
{
	if (demand->live && !image)
		account_end(core, demand);
	core_put(core, demand->live);
	demand->live = image;
}

/* Claimed, or on its way out: no different from one of our own. */
static void
end_adoption(struct rsvp_core *core, struct demand *demand)
{
	if (demand->adopted)
		core->adopted_count--;
	demand->adopted = false;
}

static void
leave_orphans(struct rsvp_core *core, struct demand *demand)
{
	if (!demand->orphan)
		return;
	HASH_DELETE(hh_orphan, core->orphans, demand);
	demand->orphan = false;
	end_adoption(core, demand);
}

void
demand_unlink_flow(struct rsvp_core *core, struct demand *demand)
{
	forget_request(core, demand);
	set_live(core, demand, NULL);
	leave_orphans(core, demand);
	if (demand->id == 0)
		return;
	ledger_release(core->ledger, demand->id);
	HASH_DELETE(hh, core->flows, demand);
	demand->id = 0;
}

/* ---- requests ------------------------------------------------------------ */

static bool
take_serial(struct rsvp_core *core, struct demand *demand)
{
	struct demand *other;

	do {
		if (++core->next_serial == 0)
			core->next_serial = 1;
		HASH_FIND_BYHASHVALUE(hh_serial, core->flow_serials,
			&core->next_serial, sizeof(core->next_serial),
			core->next_serial, other);
	} while (other);
	demand->serial = core->next_serial;
	HASH_ADD_BYHASHVALUE(hh_serial, core->flow_serials, serial,
		sizeof(demand->serial), demand->serial, demand);
	if (hash_added(demand->hh_serial))
		return true;
	core_count(core, RSVP_C_DROP_MEMORY);
	demand->serial = 0;
	return false;
}

void
demand_describe(const struct demand *demand, const struct image *image,
	struct rsvp_flow *flow)
{
	flow->id = demand->id;
	flow->ifindex = demand->iface->conf.ifindex;
	if (!image)
		return;
	flow->service = image->service;
	flow->dst = demand->key.dst;
	flow->proto = demand->key.proto;
	flow->dst_port = demand->key.dst_port;
	flow->rate_Bps = image->rate_Bps;
	flow->peak_Bps = image->peak_Bps;
	flow->bucket_bytes = image->bucket_bytes;
	flow->max_packet_bytes = image->max_packet_bytes;
	flow->min_packet_bytes = image->min_packet_bytes;
	flow->buffer_bytes = image->buffer_bytes;
	flow->police = image->police;
	flow->token_Bps = image->token_Bps;
	flow->filter_count = image->count;
	memcpy(flow->filters, image->filters,
		image->count * sizeof(image->filters[0]));
}

/* Takes the image (NULL for DEL).  False: no memory, nothing asked. */
static bool
request(struct rsvp_core *core, struct demand *demand, enum rsvp_flow_op op,
	struct image *image)
{
	struct rsvp_flow_request *body;

	if (!take_serial(core, demand))
		goto fail;
	body = (struct rsvp_flow_request *)effect_push(
		core, RSVP_EFFECT_FLOW, 0);
	if (!body)
		goto fail;
	body->serial = demand->serial;
	body->op = op;
	demand_describe(demand, image, &body->flow);
	demand->sent = image;
	return true;

fail:
	core_put(core, image);
	forget_request(core, demand);
	return false;
}

/* Lack of memory in the middle of a change: as if it had been refused. */
static void
give_up(struct rsvp_core *core, struct demand *demand, enum rsvp_flow_op op)
{
	demand->slot = op == RSVP_FLOW_ADD ? FLOWSLOT_ABSENT : FLOWSLOT_LIVE;
	if (op == RSVP_FLOW_DEL) {
		if (!timer_set(core, &demand->wait, RETRY_MS))
			core_count(core, RSVP_C_DROP_MEMORY);
		return;
	}
	ledger_rollback(core->ledger, demand->id);
	if (demand->trying)
		admit_withdraw(core, demand->trying);
}

/* Do what a step of the slot asks for; takes the image. */
static void
act_on(struct rsvp_core *core, struct demand *demand, enum flowslot_act act,
	struct image *image)
{
	enum rsvp_flow_op op = RSVP_FLOW_DEL;

	switch (act) {
	case FLOWSLOT_ADD:
		op = RSVP_FLOW_ADD;
		break;
	case FLOWSLOT_CHANGE:
		op = RSVP_FLOW_CHANGE;
		break;
	case FLOWSLOT_DEL:
		core_put(core, image);
		image = NULL;
		break;
	case FLOWSLOT_UNSET:
	case FLOWSLOT_BUG:
		core_count(core, RSVP_C_BUG);
		core_put(core, image);
		return;
	case FLOWSLOT_NOTHING:
	case FLOWSLOT_LATER:
	case FLOWSLOT_REPORT_UP:
	case FLOWSLOT_REPORT_DOWN:
	case FLOWSLOT_REPORT_KEPT:
	case FLOWSLOT_REPORT_STAYS:
		core_put(core, image);
		return;
	}
	if (!request(core, demand, op, image))
		give_up(core, demand, op);
}

void
demand_put(struct rsvp_core *core, struct demand *demand, struct image *image)
{
	enum flowslot_event event = demand->slot == FLOWSLOT_LIVE
					    ? FLOWSLOT_WANT_OTHER
					    : FLOWSLOT_WANT;

	act_on(core, demand, flowslot_step(&demand->slot, event), image);
}

/* Nothing has to be carried now; the reservations may come back to it. */
void
demand_remove(struct rsvp_core *core, struct demand *demand)
{
	if (demand->slot == FLOWSLOT_LIVE && !demand->stuck)
		act_on(core, demand,
			flowslot_step(&demand->slot, FLOWSLOT_UNWANT), NULL);
}

/* ---- orphans ------------------------------------------------------------- */

static bool
enter_orphans(struct rsvp_core *core, struct demand *demand)
{
	demand->orphan_key.ifindex = demand->iface->conf.ifindex;
	demand->orphan_key.session = demand->key;
	HASH_ADD_BYHASHVALUE(hh_orphan, core->orphans, orphan_key,
		sizeof(demand->orphan_key),
		hash_of(core, &demand->orphan_key, sizeof(demand->orphan_key)),
		demand);
	demand->orphan = hash_added(demand->hh_orphan);
	return demand->orphan;
}

void
demand_abandon(struct rsvp_core *core, struct demand *demand)
{
	timer_stop(core, &demand->wait);
	end_adoption(core, demand);
	if (demand->slot != FLOWSLOT_ABSENT)
		act_on(core, demand,
			flowslot_step(&demand->slot, FLOWSLOT_UNWANT), NULL);
	if (demand->slot == FLOWSLOT_ABSENT ||
		(demand->slot == FLOWSLOT_OFF && !demand->live)) {
		demand_free(core, demand);
		return;
	}
	if (demand->session)
		TAILQ_REMOVE(&demand->session->demands, demand, next);
	demand->session = NULL;
	/* Without a place in the table it cannot be claimed; it goes all the
	 * same. */
	if (!demand->orphan && !enter_orphans(core, demand))
		core_count(core, RSVP_C_DROP_MEMORY);
}

/* Flows of several senders of one session share a key. */
static struct demand *
next_with_key(struct demand *demand)
{
	UT_hash_handle *hh = demand->hh_orphan.hh_next;

	for (; hh; hh = hh->hh_next) {
		struct demand *other = (struct demand *)ELMT_FROM_HH(
			demand->hh_orphan.tbl, hh);

		if (memcmp(&other->orphan_key, &demand->orphan_key,
			    sizeof(other->orphan_key)) == 0)
			return other;
	}
	return NULL;
}

static bool
fits(const struct demand *orphan, const struct image *image)
{
	const struct image *have = orphan->sent ? orphan->sent : orphan->live;

	return have && image_same_filters(have, image);
}

struct demand *
demand_claim(struct rsvp_core *core, struct demand *demand,
	const struct image *image)
{
	struct flow_key key = { demand->iface->conf.ifindex, demand->key };
	struct demand *orphan;

	HASH_FIND_BYHASHVALUE(hh_orphan, core->orphans, &key, sizeof(key),
		hash_of(core, &key, sizeof(key)), orphan);
	while (orphan && !fits(orphan, image))
		orphan = next_with_key(orphan);
	if (!orphan)
		return demand;
	leave_orphans(core, orphan);
	timer_stop(core, &orphan->wait);
	orphan->session = demand->session;
	orphan->shared = demand->shared;
	orphan->filter = demand->filter;
	orphan->trying = demand->trying;
	demand->trying = NULL;
	while (!TAILQ_EMPTY(&demand->rsbs))
		rsb_attach(TAILQ_FIRST(&demand->rsbs), orphan);
	TAILQ_INSERT_TAIL(&orphan->session->demands, orphan, next);
	demand_free(core, demand);
	return orphan;
}

bool
demand_awaits_claim(struct rsvp_core *core, uint32_t ifindex,
	const struct session_key *session)
{
	struct flow_key key = { ifindex, *session };
	struct demand *orphan;

	HASH_FIND_BYHASHVALUE(hh_orphan, core->orphans, &key, sizeof(key),
		hash_of(core, &key, sizeof(key)), orphan);
	while (orphan && !orphan->adopted)
		orphan = next_with_key(orphan);
	return orphan != NULL;
}

void
rsvp_core_adopt(
	struct rsvp_core *core, struct mono now, const struct rsvp_flow *flow)
{
	struct iface *iface = iface_find(core, flow->ifindex);
	struct demand *demand = find_flow(core, flow->id);
	struct image *image;

	core_begin(core, now);
	if (!iface || iface->tc_ready || flow->id == 0 ||
		flow->filter_count > RSVP_FLOW_FILTERS_MAX)
		return;
	if (demand && demand->iface != iface)
		return; /* a number used twice: not one of ours */
	image = image_of_flow(core, iface, flow);
	if (!image)
		return;
	image->police = POLICE_UNKNOWN;
	if (!demand) {
		struct session_key key = { flow->dst, flow->proto,
			flow->dst_port };

		demand = demand_new(core, iface, &key);
		if (!demand || !enter_flow(core, demand, flow->id))
			goto fail;
		demand->slot = FLOWSLOT_LIVE;
		if (!enter_orphans(core, demand))
			goto fail;
		demand->adopted = true;
		demand->found = true;
		core->adopted_count++;
		core_count(core, RSVP_C_ADOPTED);
	}
	set_live(core, demand, image);
	demand->seen = true;
	/* Whatever the limits are: it exists. */
	if (ledger_enter(core->ledger, iface->conf.ifindex, demand->id,
		    &image->amount) != LEDGER_OK)
		core_count(core, RSVP_C_DROP_MEMORY);
	return;

fail:
	core_put(core, image);
	if (demand)
		demand_free(core, demand);
}

/* ---- traffic control dies and comes back --------------------------------- */

void
demand_lost(struct rsvp_core *core, struct demand *demand)
{
	demand->seen = false;
	if (demand->adopted)
		return; /* whether it is still there is seen at the return */
	forget_request(core, demand);
	if (demand->trying)
		admit_postpone(core, demand->trying);
	act_on(core, demand, flowslot_step(&demand->slot, FLOWSLOT_LOST), NULL);
	demand_await(core, demand);
}

/* The interface is gone, or is not ours any more: so is what it carried. */
void
demand_forget(struct rsvp_core *core, struct demand *demand)
{
	if (!demand->session) {
		demand_free(core, demand);
		return;
	}
	if (demand->trying)
		admit_postpone(core, demand->trying);
	demand->end = RSVP_END_INTERFACE;
	demand_unlink_flow(core, demand);
	demand->seen = false;
	demand->slot = FLOWSLOT_OFF;
}

static void
resume_adopted(struct rsvp_core *core, struct demand *demand)
{
	if (!demand->seen)
		demand_free(core, demand);
	else if (!heap_queued(&demand->wait.node) &&
		 !timer_set(
			 core, &demand->wait, core->conf.default_lifetime_ms))
		core_count(core, RSVP_C_DROP_MEMORY);
}

static struct image *
copy_of(struct rsvp_core *core, const struct image *image)
{
	const size_t filters = image ? image->count : 0;
	const size_t size =
		sizeof(*image) + filters * sizeof(image->filters[0]);
	struct image *copy =
		image ? (struct image *)core_get(core, size) : NULL;

	if (copy)
		memcpy(copy, image, size);
	return copy;
}

/*
 * Ask again for what is in force.  A smaller limit since then does not take
 * away what is held; where more is wanted by now than was admitted, it is what
 * there was.  Takes the old image, which may be NULL.
 */
static void
repeat(struct rsvp_core *core, struct demand *demand, enum flowslot_act act,
	struct image *old)
{
	struct image *image = NULL;
	struct admit_figures figures;
	bool unwanted = demand_image(core, demand, &image) && !image;

	if (image && !admit_hold(core, demand, image, &figures)) {
		core_put(core, image);
		image = old;
		old = NULL;
		demand->stuck = true;
	}
	core_put(core, old);
	if (image)
		act_on(core, demand, act, image);
	else
		give_up(core, demand,
			act == FLOWSLOT_ADD ? RSVP_FLOW_ADD : RSVP_FLOW_CHANGE);
	if (unwanted) /* its path went elsewhere meanwhile */
		demand_remove(core, demand);
}

void
demand_resume(struct rsvp_core *core, struct demand *demand)
{
	enum flowslot_act act;
	struct image *old;

	if (demand->adopted) {
		resume_adopted(core, demand);
		return;
	}
	if (!demand->session && demand->slot == FLOWSLOT_LIVE) {
		demand_abandon(core, demand); /* could not be removed before */
		return;
	}
	timer_stop(core, &demand->wait);
	old = copy_of(core, demand->live);
	if (!demand->seen) {
		demand->end = RSVP_END_ERROR;
		set_live(core, demand, NULL);
	}
	act = flowslot_step(&demand->slot,
		demand->seen ? FLOWSLOT_FOUND : FLOWSLOT_MISSING);
	if (act == FLOWSLOT_ADD || act == FLOWSLOT_CHANGE) {
		repeat(core, demand, act, old);
	} else {
		core_put(core, old);
		act_on(core, demand, act, NULL);
	}
	if (demand->slot != FLOWSLOT_ABSENT)
		return;
	if (!demand->session)
		demand_free(core, demand);
	else if (demand->id != 0)
		ledger_release(core->ledger, demand->id);
}

/* ---- answers ------------------------------------------------------------- */

/* What was refused is what is wanted still, and not the wish of somebody who
 * has left since. */
static bool
still_wanted(struct rsvp_core *core, const struct demand *demand,
	const struct image *sent)
{
	struct image *image = NULL;
	bool same;

	same = demand_image(core, demand, &image) && image &&
	       image_equal(image, sent);
	core_put(core, image);
	return same;
}

static void
refused(struct rsvp_core *core, struct demand *demand,
	const struct rsvp_installed *result, const struct image *kept)
{
	char reason[RSVP_REASON];
	struct text t = text_over(reason, sizeof(reason));
	struct refusal refusal = { WIRE_E_TC_SYSTEM, (uint16_t)result->error,
		"", reason };

	text_printf(&t, "traffic control: %s",
		result->text ? result->text : strerror(result->error));
	if (demand->trying)
		admit_refuse(core, demand->trying, &refusal);
	else if (!kept)
		demand_revoke(core, demand, &refusal);
	else if (still_wanted(core, demand, kept))
		demand_stick(core, demand, &refusal);
}

/* A flow that nobody wants could not be removed. */
static void
stays(struct rsvp_core *core, struct demand *demand)
{
	core_note(core, NOTE_WARNING, "%s: flow %u could not be removed",
		demand->iface->conf.name, demand->id);
	if (demand->session) /* with the next change of its path */
		demand->stuck = true;
	else if (!timer_set(core, &demand->wait, RETRY_MS))
		core_count(core, RSVP_C_DROP_MEMORY);
}

/* The kernel has what it was asked for; the path may have changed since then.
 */
static void
accepted(struct rsvp_core *core, struct demand *demand)
{
	struct image *image = NULL;
	struct admit_figures figures;

	if (!demand->trying)
		return;
	/* Without memory to compare, demand_run() finds a difference later. */
	if (!demand_image(core, demand, &image) || !image ||
		image_equal(image, demand->live)) {
		core_put(core, image);
		admit_commit(core, demand->trying);
		return;
	}
	if (admit_hold(core, demand, image, &figures)) {
		demand_put(core, demand, image);
		return;
	}
	core_put(core, image);
	admit_refuse(core, demand->trying, &figures.refusal);
}

static void
answer(struct rsvp_core *core, struct demand *demand,
	const struct rsvp_installed *result)
{
	struct image *sent = demand->sent; /* NULL: a removal */
	bool done = result->error == 0 || (!sent && result->error == ENOENT);
	enum flowslot_act act;

	demand->sent = NULL;
	forget_request(core, demand);
	act = flowslot_step(
		&demand->slot, done ? FLOWSLOT_ACKED : FLOWSLOT_REFUSED);
	/* Whether it is wanted still or not: the ledger has what the kernel
	 * has. */
	if (sent && done)
		ledger_commit(core->ledger, demand->id);
	else
		ledger_rollback(core->ledger, demand->id);
	if (done) {
		set_live(core, demand, sent);
		sent = NULL;
	}
	switch (act) {
	case FLOWSLOT_REPORT_UP:
		accepted(core, demand);
		break;
	case FLOWSLOT_REPORT_DOWN:
		refused(core, demand, result, NULL);
		break;
	case FLOWSLOT_REPORT_KEPT:
		refused(core, demand, result, sent);
		break;
	case FLOWSLOT_REPORT_STAYS:
		stays(core, demand);
		break;
	case FLOWSLOT_ADD:
	case FLOWSLOT_CHANGE:
		repeat(core, demand, act, copy_of(core, demand->live));
		break;
	case FLOWSLOT_UNSET:
	case FLOWSLOT_BUG:
	case FLOWSLOT_NOTHING:
	case FLOWSLOT_LATER:
	case FLOWSLOT_DEL:
		act_on(core, demand, act, NULL);
		break;
	}
	core_put(core, sent);
	if (done)
		account_flow(core, demand);
}

void
rsvp_core_installed(struct rsvp_core *core, struct mono now,
	const struct rsvp_installed *result)
{
	struct demand *demand;
	struct session *session;

	core_begin_answer(core, now);
	HASH_FIND_BYHASHVALUE(hh_serial, core->flow_serials, &result->serial,
		sizeof(result->serial), result->serial, demand);
	if (!demand)
		return; /* asked before traffic control was lost */
	session = demand->session;
	answer(core, demand, result);
	if (demand->slot == FLOWSLOT_ABSENT)
		ledger_release(core->ledger, demand->id);
	if (session)
		session_answered(core, session, demand);
	else if (demand->slot == FLOWSLOT_ABSENT)
		demand_free(core, demand);
}

/* As if the kernel had refused it when it was added again.  A request that is
 * under way adds it, and takes what follows of it. */
static void
lose_flow(struct rsvp_core *core, struct demand *demand,
	const struct rsvp_installed *why)
{
	if (demand->slot != FLOWSLOT_LIVE)
		return;
	demand->end = RSVP_END_ERROR;
	if (!demand->session) { /* adopted, or it could not be removed */
		demand_free(core, demand);
		return;
	}
	set_live(core, demand, NULL);
	(void)flowslot_step(&demand->slot, FLOWSLOT_MISSING);
	(void)flowslot_step(&demand->slot, FLOWSLOT_REFUSED);
	refused(core, demand, why, NULL);
	ledger_release(core->ledger, demand->id);
}

void
rsvp_core_flow_lost(struct rsvp_core *core, struct mono now, uint32_t id,
	int error, const char *text)
{
	const struct rsvp_installed why = { .error = error, .text = text };
	struct demand *demand;
	struct session *session;

	core_begin_answer(core, now);
	demand = find_flow(core, id);
	if (!demand)
		return; /* let go in the meantime */
	session = demand->session;
	lose_flow(core, demand, &why);
	if (session)
		session_answered(core, session, demand);
}
