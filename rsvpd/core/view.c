/* SPDX-License-Identifier: ISC */

/* Looking in: copies of state for the tools.  Changes nothing. */

#include "core_int.h"

#include <string.h>

#include "link.h"

/* uthash allocates its buckets by itself. */
static size_t
memory_of(const struct rsvp_core *core)
{
	if (!core->conf.alloc->size)
		return 0;
	return sizeof(*core) + core->memory_bytes +
	       HASH_OVERHEAD(hh, core->sessions) +
	       HASH_OVERHEAD(hh_serial, core->session_serials) +
	       HASH_OVERHEAD(hh, core->dests) +
	       HASH_OVERHEAD(hh, core->makers) +
	       HASH_OVERHEAD(hh, core->locals) +
	       HASH_OVERHEAD(hh, core->flows) +
	       HASH_OVERHEAD(hh_serial, core->flow_serials) +
	       HASH_OVERHEAD(hh_orphan, core->orphans);
}

void
rsvp_core_totals(const struct rsvp_core *core, struct rsvp_totals *ret)
{
	*ret = (struct rsvp_totals){ .sessions = core->session_count,
		.paths = core->psb_count,
		.resvs = core->rsb_count,
		.flows = HASH_CNT(hh, core->flows),
		.adopted_unclaimed = core->adopted_count,
		.memory_bytes = memory_of(core) };
}

/* ---- interfaces ---------------------------------------------------------- */

static const struct iface *
next_iface(const struct rsvp_core *core, uint32_t after)
{
	const struct iface *found = NULL;
	const struct iface *iface;

	for (iface = core->ifaces; iface;
		iface = (const struct iface *)iface->hh.next)
		if (!iface->gone && iface->conf.ifindex > after &&
			(!found || iface->conf.ifindex < found->conf.ifindex))
			found = iface;
	return found;
}

bool
rsvp_core_iface_after(const struct rsvp_core *core, uint32_t after,
	struct rsvp_iface_info *ret_info)
{
	const struct iface *iface = next_iface(core, after);
	struct ledger_sums sums = { 0 };

	if (!iface)
		return false;
	/* Without an entry in the ledger nothing is held there. */
	(void)ledger_sums(core->ledger, iface->conf.ifindex, &sums);
	*ret_info = (struct rsvp_iface_info){ .conf = iface->conf,
		.tc_ready = iface->tc_ready,
		.reserved_Bps = sums.gs_Bps + sums.cl_Bps + sums.other_Bps,
		.reserved_gs_Bps = sums.gs_Bps,
		.reserved_cl_Bps = sums.cl_Bps,
		.budget_used_bytes = sums.burst_bytes,
		.flows = sums.flows };
	memcpy(ret_info->tc_problem, iface->tc_problem,
		sizeof(ret_info->tc_problem));
	if (iface->conf.traffic_control && iface->conf.link_Bps > 0)
		link_gs_terms(&iface->conf, &ret_info->gs_C_bytes,
			&ret_info->gs_D_us);
	return true;
}

/* ---- sessions ------------------------------------------------------------ */

static const struct session *
by_serial(const struct rsvp_core *core, uint64_t serial)
{
	const struct session *session;

	HASH_FIND_BYHASHVALUE(hh_serial, core->session_serials, &serial,
		sizeof(serial),
		hash_bytes(&core->conf.hash_key, &serial, sizeof(serial)),
		session);
	return session;
}

static void
session_info(const struct session *session, struct rsvp_session_info *info)
{
	*info = (struct rsvp_session_info){ .serial = session->serial,
		.session = session_wire(session),
		.paths = session->psb_count,
		.resvs = session->rsb_count };
}

bool
rsvp_core_session_find(const struct rsvp_core *core,
	const struct wire_session *session, struct rsvp_session_info *ret_info)
{
	const struct session *found = session_find(core, session);

	if (found)
		session_info(found, ret_info);
	return found != NULL;
}

bool
rsvp_core_session_after(const struct rsvp_core *core, uint64_t after,
	struct rsvp_session_info *ret_info)
{
	const struct session *session = walk_after(core, after);

	if (session)
		session_info(session, ret_info);
	return session != NULL;
}

static int64_t
until(const struct timer *timer, struct mono now)
{
	if (!heap_queued(&timer->node))
		return 0;
	return mono_ms_between(now, timer->node.deadline);
}

static void
path_info(const struct psb *psb, struct mono now, struct rsvp_path_info *info)
{
	const struct rsb *rsb = TAILQ_FIRST(&psb->session->rsbs);
	const struct bsb *bsb;

	*info = (struct rsvp_path_info){ .sender = psb->sender,
		.tspec = psb->tspec,
		.hop = psb->hop,
		.in_ifindex = psb->in_ifindex,
		.out_count = psb->out_count,
		.to_local = psb->to_local,
		.ttl = psb->ttl,
		.non_rsvp_hop = psb->non_rsvp,
		.left_ifindex = psb->left,
		.local_only = psb->local_only,
		.refresh_ms = psb->refresh_ms,
		.expires_ms = until(&psb->expiry, now) };
	memcpy(info->out_ifindex, psb->outs,
		psb->out_count * sizeof(psb->outs[0]));
	if (psb->local) {
		info->local_id = psb->local->id;
		info->who = psb->local->who;
	}
	bsb = rsb ? bsb_find(psb, rsb->style) : NULL;
	info->blockaded = bsb != NULL;
	if (bsb)
		info->blockade = bsb->flowspec;
	info->adspec_view = blob_view(psb->adspec);
}

size_t
rsvp_core_paths(const struct rsvp_core *core, struct mono now, uint64_t serial,
	struct rsvp_path_info *ret_infos, size_t max)
{
	const struct session *session = by_serial(core, serial);
	const struct psb *psb;
	size_t count = 0;

	if (!session)
		return 0;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		if (count < max)
			path_info(psb, now, &ret_infos[count]);
		count++;
	}
	return count;
}

static enum rsvp_resv_state
state_of(const struct rsb *rsb)
{
	if (rsb->local)
		return RSVP_RESV_LOCAL;
	if (!rsb->now)
		return RSVP_RESV_WAITING;
	if (rsb->failed)
		return RSVP_RESV_FAILED;
	if (!rsb->demand->iface->conf.traffic_control)
		return RSVP_RESV_NO_TC;
	return rsb->demand->live ? RSVP_RESV_INSTALLED : RSVP_RESV_WAITING;
}

static void
resv_info(const struct rsvp_core *core, const struct rsb *rsb, struct mono now,
	struct rsvp_resv_info *info)
{
	const struct spec *spec = rsb->now ? rsb->now : rsb_latest(rsb);
	struct ledger_amount amount;

	*info = (struct rsvp_resv_info){ .ifindex = rsb->ifindex,
		.hop = rsb->hop,
		.style = rsb->style,
		.flowspec = spec->flowspec,
		.forwarded = spec_forwarded(spec),
		.filter_count = spec->count,
		.state = state_of(rsb),
		.refresh_ms = rsb->refresh_ms,
		.expires_ms = until(&rsb->expiry, now),
		.in_force = rsb->now != NULL,
		.stuck = rsb->demand && rsb->demand->stuck };
	for (size_t i = 0; i < spec->count && i < 8; i++)
		info->filters[i] = spec->filters[i].filter;
	if (rsb->local) {
		info->in_ifindex = rsb->local->in_ifindex;
		info->local_id = rsb->local->id;
		info->who = rsb->local->who;
	}
	info->scope_view = blob_view(rsb->scope);
	if (rsb->demand) {
		info->flow_id = rsb->demand->id;
		if (ledger_committed(core->ledger, rsb->demand->id, &amount))
			info->rate_Bps = amount.rate_Bps;
	}
	(void)text_copy(info->rule, sizeof(info->rule), rsb_rule(rsb));
	(void)text_copy(info->reason, sizeof(info->reason), rsb_reason(rsb));
}

/* Once for each flow: it goes through all that reserve it. */
static void
police_info(
	const struct session *session, struct rsvp_resv_info *infos, size_t n)
{
	const struct demand *demand;

	TAILQ_FOREACH (demand, &session->demands, next) {
		const uint8_t flags = police_flags(demand);

		for (size_t i = 0; i < n; i++)
			if (infos[i].flow_id == demand->id)
				infos[i].police = flags;
	}
}

size_t
rsvp_core_resvs(const struct rsvp_core *core, struct mono now, uint64_t serial,
	struct rsvp_resv_info *ret_infos, size_t max)
{
	const struct session *session = by_serial(core, serial);
	const struct rsb *rsb;
	size_t count = 0;

	if (!session)
		return 0;
	TAILQ_FOREACH (rsb, &session->rsbs, next) {
		if (count < max)
			resv_info(core, rsb, now, &ret_infos[count]);
		count++;
	}
	if (max > 0)
		police_info(session, ret_infos, count < max ? count : max);
	return count;
}

static void
ask_info(const struct ask *ask, struct rsvp_ask_info *info)
{
	*info = (struct rsvp_ask_info){ .ifindex = ask->ifindex,
		.hop = ask->hop,
		.local_id = ask->local ? ask->local->id : 0,
		.style = ask->style,
		.flow_count = ask->count };
	for (size_t i = 0; i < ask->count && i < 8; i++)
		info->flows[i] = ask->flows[i];
}

size_t
rsvp_core_asks(const struct rsvp_core *core, uint64_t serial,
	struct rsvp_ask_info *ret_infos, size_t max)
{
	const struct session *session = by_serial(core, serial);
	const struct ask *ask;
	size_t count = 0;

	if (!session)
		return 0;
	TAILQ_FOREACH (ask, &session->asks, next) {
		if (count < max)
			ask_info(ask, &ret_infos[count]);
		count++;
	}
	return count;
}

/* ---- refusals ------------------------------------------------------------ */

bool
rsvp_core_refusal_before(const struct rsvp_core *core, uint64_t before,
	struct rsvp_refusal *ret_refusal)
{
	uint64_t serial = core->next_refusal;

	if (before != 0 && before <= serial)
		serial = before - 1;
	if (serial == 0 || core->next_refusal - serial >= CORE_REFUSALS)
		return false;
	*ret_refusal = core->refusals[(serial - 1) % CORE_REFUSALS];
	return true;
}
