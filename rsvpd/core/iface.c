/* SPDX-License-Identifier: ISC */

/*
 * Interfaces as the core knows them: what they are called, which may be used,
 * and whether traffic control is ready there.
 */

#include "core_int.h"

#include "link.h"

static struct iface *
find_any(const struct rsvp_core *core, uint32_t ifindex)
{
	struct iface *iface;

	HASH_FIND_BYHASHVALUE(
		hh, core->ifaces, &ifindex, sizeof(ifindex), ifindex, iface);
	return iface;
}

struct iface *
iface_find(const struct rsvp_core *core, uint32_t ifindex)
{
	struct iface *iface = find_any(core, ifindex);

	return iface && !iface->gone ? iface : NULL;
}

struct iface *
iface_usable(const struct rsvp_core *core, uint32_t ifindex)
{
	struct iface *iface = iface_find(core, ifindex);

	return iface && iface->conf.up && iface->conf.enabled ? iface : NULL;
}

struct addr
iface_addr(const struct iface *iface, uint8_t family)
{
	if (family == ADDR_V4)
		return iface->conf.v4;
	if (family == ADDR_V6)
		return iface->conf.v6;
	return (struct addr){ 0 };
}

static bool
has_addr(const struct iface *iface, const struct addr *addr)
{
	return addr_equal(&iface->conf.v4, addr) ||
	       addr_equal(&iface->conf.v6, addr);
}

struct iface *
iface_of_addr(
	const struct rsvp_core *core, const struct addr *addr, uint32_t ifindex)
{
	struct iface *iface, *next;

	if (addr_is_zero(addr))
		return NULL;
	if (addr_is_link_local(addr)) {
		iface = iface_find(core, ifindex);
		return iface && has_addr(iface, addr) ? iface : NULL;
	}
	HASH_ITER (hh, core->ifaces, iface, next) {
		if (!iface->gone && has_addr(iface, addr))
			return iface;
	}
	return NULL;
}

uint64_t
iface_available_Bps(const struct rsvp_core *core, const struct iface *iface)
{
	struct ledger_sums sums;

	if (!ledger_sums(core->ledger, iface->conf.ifindex, &sums))
		return 0;
	return link_ip_bytes(
		&iface->conf, sums.free_Bps, iface->conf.assumed_min_packet);
}

uint32_t
iface_refresh_ms(const struct rsvp_core *core, struct iface *iface)
{
	uint64_t grown = (uint64_t)iface->refresh_ms *
			 (100 + (uint64_t)iface->conf.slew_percent) / 100;

	if (iface->refresh_ms < iface->conf.refresh_ms &&
		mono_reached(iface->slew_at, core->now)) {
		iface->refresh_ms = grown < iface->conf.refresh_ms
					    ? (uint32_t)grown
					    : iface->conf.refresh_ms;
		/* No state waits longer than that for its next refresh, so none
		 * finds two steps at a time. */
		iface->slew_at = mono_add_ms(
			core->now, (int64_t)iface->refresh_ms * 3 / 2);
	}
	return iface->refresh_ms;
}

uint8_t
iface_quick(const struct rsvp_core *core, uint32_t ifindex)
{
	const struct iface *iface = iface_find(core, ifindex);

	return iface ? (uint8_t)iface->conf.quick_refreshes : 0;
}

void
iface_free(struct rsvp_core *core, struct iface *iface)
{
	timer_stop(core, &iface->preempt);
	ledger_iface_gone(core->ledger, iface->conf.ifindex);
	HASH_DELETE(hh, core->ifaces, iface);
	core_put(core, iface);
}

void
iface_settle(struct rsvp_core *core, struct iface *iface)
{
	if (iface->gone && LIST_EMPTY(&iface->demands))
		iface_free(core, iface);
}

static struct iface *
make(struct rsvp_core *core, uint32_t ifindex)
{
	struct iface *iface = (struct iface *)core_get(core, sizeof(*iface));

	if (!iface)
		return NULL;
	iface->conf.ifindex = ifindex;
	iface->preempt.kind = TIMER_PREEMPT;
	LIST_INIT(&iface->demands);
	HASH_ADD_BYHASHVALUE(hh, core->ifaces, conf.ifindex, sizeof(ifindex),
		ifindex, iface);
	if (!hash_added(iface->hh)) {
		core_count(core, RSVP_C_DROP_MEMORY);
		core_put(core, iface);
		return NULL;
	}
	return iface;
}

/* A flow costs and needs the same. */
static bool
same_charge(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->mtu == b->mtu && a->header_bytes == b->header_bytes &&
	       a->overhead_bytes == b->overhead_bytes &&
	       a->min_frame_bytes == b->min_frame_bytes && a->atm == b->atm &&
	       a->assumed_min_packet == b->assumed_min_packet &&
	       a->timer_us == b->timer_us;
}

static bool
same_use(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->up == b->up && a->enabled == b->enabled &&
	       a->traffic_control == b->traffic_control &&
	       addr_equal(&a->v4, &b->v4) && addr_equal(&a->v6, &b->v6) &&
	       same_charge(a, b);
}

/* Neighbours there have to hear of us anew. */
static bool
is_new_to_neighbours(const struct rsvp_iface *old, const struct rsvp_iface *new)
{
	const bool was = old->up && old->enabled;

	return !was || !addr_equal(&old->v4, &new->v4) ||
	       !addr_equal(&old->v6, &new->v6);
}

static bool
carries_less(const struct rsvp_iface *old, const struct rsvp_iface *new)
{
	return new->reservable_Bps < old->reservable_Bps ||
	       new->budget_bytes < old->budget_bytes ||
	       new->max_flows < old->max_flows;
}

/* The kernel has none of them any more. */
static void
forget_flows(struct rsvp_core *core, struct iface *iface)
{
	struct demand *demand, *next;

	iface->tc_ready = false;
	iface->tc_error = 0;
	LIST_FOREACH_SAFE (demand, &iface->demands, of_iface, next)
		demand_forget(core, demand);
}

/* Take over its settings.  False: no memory, and a new one is gone again. */
static bool
set_conf(struct rsvp_core *core, struct iface *iface,
	const struct rsvp_iface *conf, bool known)
{
	const bool less = carries_less(&iface->conf, conf);

	if (!conf->traffic_control)
		forget_flows(core, iface);
	if (!known || iface->gone || is_new_to_neighbours(&iface->conf, conf))
		walk_resend(core, iface);
	if (!known || conf->refresh_ms < iface->refresh_ms)
		iface->refresh_ms = conf->refresh_ms;
	iface->conf = *conf;
	iface->gone = false;
	if (ledger_iface(core->ledger, conf)) {
		if (less)
			preempt_want(core, iface, 0);
		return true;
	}
	core_count(core, RSVP_C_DROP_MEMORY);
	if (!known)
		iface_free(core, iface);
	return false;
}

void
rsvp_core_iface(
	struct rsvp_core *core, struct mono now, const struct rsvp_iface *iface)
{
	struct iface *old = find_any(core, iface->ifindex);
	bool same = old && !old->gone && same_use(&old->conf, iface);
	struct iface *own;

	core_begin(core, now);
	own = old ? old : make(core, iface->ifindex);
	if (own && set_conf(core, own, iface, old != NULL) && !same)
		walk_routes(core, 0, NULL);
}

void
rsvp_core_iface_gone(struct rsvp_core *core, struct mono now, uint32_t ifindex)
{
	struct iface *iface = iface_find(core, ifindex);

	core_begin(core, now);
	core->cause = RSVP_END_INTERFACE;
	if (!iface)
		return;
	forget_flows(core, iface);
	iface->gone = true;
	iface_settle(core, iface);
	walk_routes(core, 0, NULL);
}

/* ---- traffic control ----------------------------------------------------- */

/* The answers in flight will not come.  What the kernel may have of them is
 * still to be changed or removed. */
static void
lose_requests(struct rsvp_core *core, struct iface *iface)
{
	struct demand *demand;

	LIST_FOREACH (demand, &iface->demands, of_iface) {
		if (!iface->tc_ready || !flowslot_busy(demand->slot))
			continue;
		demand_lost(core, demand);
		demand->seen = demand->live != NULL;
	}
}

void
rsvp_core_tc_ready(struct rsvp_core *core, struct mono now, uint32_t ifindex,
	int error, const char *text)
{
	struct iface *iface = iface_find(core, ifindex);
	struct demand *demand, *next;

	core_begin(core, now);
	if (!iface || (iface->tc_ready && error == 0))
		return;
	if (error != 0)
		lose_requests(core, iface);
	iface->tc_error = error;
	(void)text_copy(iface->tc_problem, sizeof(iface->tc_problem),
		error != 0 && text ? text : ""); /* cut is fine: for people */
	iface->tc_ready = error == 0;
	walk_routes(core, 0, NULL); /* decides what waited */
	if (error != 0)
		return;
	LIST_FOREACH_SAFE (demand, &iface->demands, of_iface, next)
		demand_resume(core, demand);
	/* Who was found too much for the link may be claimed until then. */
	preempt_want(core, iface, (int64_t)core->conf.default_lifetime_ms + 1);
}

void
rsvp_core_tc_lost(struct rsvp_core *core, struct mono now)
{
	struct iface *iface, *next;
	struct demand *demand;

	core_begin(core, now);
	HASH_ITER (hh, core->ifaces, iface, next) {
		const bool was_ready = iface->tc_ready;

		iface->tc_ready = false;
		/* Of one that was given up before answers may be missing. */
		LIST_FOREACH (demand, &iface->demands, of_iface)
			if (was_ready || flowslot_busy(demand->slot))
				demand_lost(core, demand);
	}
}
