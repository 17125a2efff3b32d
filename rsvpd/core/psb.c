/* SPDX-License-Identifier: ISC */

/*
 * Path state: one block for each sender of a session (and, for multicast, each
 * interface its Path comes from), RFC 2209 1.
 */

#include "core_int.h"

#include <string.h>

enum { EVICTIONS = 64 /* for one message */ };

struct psb *
psb_find(const struct session *session, const struct wire_filter *sender,
	uint32_t in_ifindex)
{
	struct psb *psb;

	TAILQ_FOREACH (psb, &session->psbs, next) {
		if (!wire_filter_equal(&psb->sender, sender))
			continue;
		if (in_ifindex == 0 || psb->in_ifindex == in_ifindex)
			return psb;
	}
	return NULL;
}

struct psb *
psb_new(struct rsvp_core *core, struct session *session,
	const struct wire_filter *sender)
{
	struct psb *psb;

	if (session->psb_count >= core->conf.max_senders ||
		core->psb_count >= core->conf.max_paths) {
		core_count(core, RSVP_C_DROP_LIMIT);
		return NULL;
	}
	psb = (struct psb *)core_get(core, sizeof(*psb));
	if (!psb)
		return NULL;
	if (session->psb_count == 0 && !session_dest_enter(core, session)) {
		core_put(core, psb);
		return NULL;
	}
	psb->session = session;
	psb->sender = *sender;
	psb->outs = &psb->out_one;
	psb->out_room = 1;
	psb->expiry.kind = TIMER_PATH_EXPIRY;
	psb->refresh.kind = TIMER_PATH_REFRESH;
	TAILQ_INSERT_TAIL(&session->psbs, psb, next);
	session->psb_count++;
	core->psb_count++;
	return psb;
}

static void
set_left(struct psb *psb, uint32_t ifindex)
{
	if (psb->left == 0 && ifindex != 0)
		psb->session->left_count++;
	else if (psb->left != 0 && ifindex == 0)
		psb->session->left_count--;
	psb->left = ifindex;
}

void
psb_free(struct rsvp_core *core, struct psb *psb)
{
	struct session *session = psb->session;

	timer_stop(core, &psb->expiry);
	timer_stop(core, &psb->refresh);
	if (psb->local)
		psb->local->psb = NULL;
	if (psb->claim != 0)
		core->conf.hooks.policy_end(core->conf.hooks.arg, psb->claim);
	TAILQ_REMOVE(&session->psbs, psb, next);
	bsb_purge(core, session);
	session->psb_count--;
	core->psb_count--;
	if (session->psb_count == 0)
		session_dest_leave(core, session);
	psb_heard(core, psb, false);
	set_left(psb, 0);
	/* Emptying cannot fail. */
	(void)blob_set(core, &psb->adspec, NULL, 0);
	(void)blob_set(core, &psb->policies, NULL, 0);
	(void)blob_set(core, &psb->others, NULL, 0);
	if (psb->outs != &psb->out_one)
		core_put(core, psb->outs);
	core_put(core, psb);
}

bool
psb_adspec(const struct psb *psb, struct wire_adspec *ret_adspec)
{
	return psb->adspec &&
	       wire_adspec_decode(blob_view(psb->adspec), ret_adspec);
}

/* ---- room for more ------------------------------------------------------- */

void
psb_heard(struct rsvp_core *core, struct psb *psb, bool first)
{
	if (first)
		TAILQ_INSERT_TAIL(&core->fresh, psb, next_fresh);
	else if (psb->fresh)
		TAILQ_REMOVE(&core->fresh, psb, next_fresh);
	psb->fresh = first;
}

/* Did anybody reserve for it, or opened its session here? */
static bool
is_of_use(const struct psb *psb)
{
	return !TAILQ_EMPTY(&psb->session->rsbs) ||
	       !TAILQ_EMPTY(&psb->session->locals);
}

/* False: there is none that may go. */
static bool
evict_oldest(struct rsvp_core *core)
{
	struct psb *psb;

	while ((psb = TAILQ_FIRST(&core->fresh))) {
		struct session *session = psb->session;

		psb_heard(core, psb, false);
		if (is_of_use(psb))
			continue;
		core_count(core, RSVP_C_PATH_EVICTED);
		psb_free(core, psb);
		session_sync(core, session, SESSION_QUIET);
		return true;
	}
	return false;
}

static bool
is_named(const struct psb *psb)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next) {
		if (rsb->style == WIRE_STYLE_WF)
			continue; /* for whatever sends */
		if (spec_find(rsb->now, &psb->sender) ||
			spec_find(rsb->trying, &psb->sender) ||
			spec_find(rsb->wanted, &psb->sender))
			return true;
	}
	return false;
}

/* Somebody may also send for a session that others are in: of a full one the
 * oldest sender that was heard once and that nobody named goes. */
static void
evict_sender(struct rsvp_core *core, struct session *session)
{
	struct psb *psb;

	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb->fresh && !is_named(psb))
			break;
	if (!psb)
		return;
	core_count(core, RSVP_C_PATH_EVICTED);
	psb_free(core, psb);
	local_path_event(core, session);
	session_sync(core, session, SESSION_QUIET);
}

static bool
has_room(const struct rsvp_core *core, const struct wire_msg *msg)
{
	return core->session_count < core->conf.max_sessions &&
	       core->psb_count < core->conf.max_paths &&
	       core_may_keep(core, msg);
}

void
psb_make_room(struct rsvp_core *core, const struct wire_msg *msg)
{
	struct session *session = session_find(core, &msg->session);

	if (session && session->psb_count >= core->conf.max_senders)
		evict_sender(core, session);
	for (int i = 0; i < EVICTIONS && !has_room(core, msg); i++)
		if (!evict_oldest(core))
			return;
}

/* ---- where it goes ------------------------------------------------------- */

bool
psb_routes_to(const struct psb *psb, uint32_t ifindex)
{
	for (size_t i = 0; i < psb->out_count; i++)
		if (psb->outs[i] == ifindex)
			return true;
	return false;
}

bool
psb_is_reserved(const struct psb *psb)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next)
		if (rsb_reserves_for(rsb, psb))
			return true;
	return false;
}

/* The path state of that sender that is forwarded, of those that there are. */
static bool
has_forwarded(const struct psb *psb)
{
	const struct psb *other;

	TAILQ_FOREACH (other, &psb->session->psbs, next)
		if (!other->local_only &&
			wire_filter_equal(&other->sender, &psb->sender))
			return true;
	return false;
}

bool
psb_serves(const struct psb *psb, uint32_t named)
{
	if (!psb_reaches_local(psb))
		return false;
	if (psb->in_ifindex == named)
		return true;
	if (psb->local_only)
		return !has_forwarded(psb);
	return named == 0 || !psb_find(psb->session, &psb->sender, named);
}

bool
psb_reaches_local(const struct psb *psb)
{
	return psb->to_local || addr_is_multicast(&psb->session->key.dst);
}

static bool
set_outs(struct rsvp_core *core, struct psb *psb, const uint32_t *outs,
	size_t count)
{
	if (count > psb->out_room) {
		uint32_t *fresh =
			(uint32_t *)core_get(core, count * sizeof(*fresh));

		if (!fresh)
			return false;
		if (psb->outs != &psb->out_one)
			core_put(core, psb->outs);
		psb->outs = fresh;
		psb->out_room = count;
	}
	memcpy(psb->outs, outs, count * sizeof(*outs));
	psb->out_count = count;
	return true;
}

static void
ask_route(const struct rsvp_core *core, const struct psb *psb,
	struct rsvp_route *ret_route)
{
	struct rsvp_route_query query = { .dst = psb->session->key.dst,
		.in_ifindex = psb->in_ifindex };

	if (psb->hop.addr.family != ADDR_NONE)
		query.src = psb->sender.src;
	*ret_route = (struct rsvp_route){ 0 };
	core->conf.hooks.route(core->conf.hooks.arg, &query, ret_route);
	/* A sender that names its interface sends there only (RFC 2205 3.9). */
	if (psb->local && psb->local->ifindex != 0) {
		ret_route->count = 1;
		ret_route->out_ifindex[0] = psb->local->ifindex;
	}
}

/*
 * The interfaces of a route that this path state may use: enabled, and not the
 * one it came from (RFC 2205 3.3, 3.11.4).  Multicast from an interface that
 * routing does not expect is for local receivers only (3.1.3, 3.9).
 */
static size_t
usable_outs(const struct rsvp_core *core, const struct psb *psb,
	const struct rsvp_route *route, uint32_t outs[RSVP_OIFS_MAX])
{
	size_t count = 0;

	if (route->local)
		return 0;
	for (size_t i = 0; i < route->count && i < RSVP_OIFS_MAX; i++) {
		uint32_t ifindex = route->out_ifindex[i];

		if (ifindex != psb->in_ifindex && iface_usable(core, ifindex))
			outs[count++] = ifindex;
	}
	return count;
}

/* What routing says of a path state. */
struct way {
	bool to_local;
	bool local_only;
	size_t count;
	uint32_t outs[RSVP_OIFS_MAX];
};

/*
 * Routing expects the sender elsewhere, and its Path has not come from there
 * yet: what is reserved on the interfaces that stay is kept until then, or
 * receivers would be without it for a refresh period.  Nothing is forwarded or
 * asked meanwhile.
 */
static void
keep_outs(const struct psb *psb, uint32_t expected, struct way *way)
{
	size_t kept = 0;

	if (!psb_find(psb->session, &psb->sender, expected))
		for (size_t i = 0; i < way->count; i++)
			if (psb_routes_to(psb, way->outs[i]))
				way->outs[kept++] = way->outs[i];
	way->count = kept;
}

static void
find_way(const struct rsvp_core *core, const struct psb *psb, struct way *way)
{
	struct rsvp_route route;

	ask_route(core, psb, &route);
	way->local_only = route.in_ifindex != 0 && psb->in_ifindex != 0 &&
			  route.in_ifindex != psb->in_ifindex;
	way->to_local = route.local;
	way->count = usable_outs(core, psb, &route, way->outs);
	if (way->local_only)
		keep_outs(psb, route.in_ifindex, way);
}

static bool
same_way(const struct psb *psb, const struct way *way)
{
	return way->to_local == psb->to_local &&
	       way->local_only == psb->local_only &&
	       way->count == psb->out_count &&
	       memcmp(way->outs, psb->outs,
		       way->count * sizeof(way->outs[0])) == 0;
}

static bool
leads_to(const struct way *way, uint32_t ifindex)
{
	for (size_t i = 0; i < way->count; i++)
		if (way->outs[i] == ifindex)
			return true;
	return false;
}

static bool
is_reserved_on(const struct psb *psb, uint32_t ifindex)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next)
		if (rsb->ifindex == ifindex && rsb_reserves_for(rsb, psb))
			return true;
	return false;
}

/* An interface that is only down; one that is deleted or disabled does not. */
static bool
comes_back(const struct rsvp_core *core, uint32_t ifindex)
{
	const struct iface *iface = iface_find(core, ifindex);

	return iface && iface->conf.enabled;
}

/* What is reserved there counts until somebody reserves where it goes next. */
static bool
is_waited_for(
	const struct rsvp_core *core, const struct psb *psb, uint32_t ifindex)
{
	struct way way;

	if (comes_back(core, ifindex))
		return true;
	find_way(core, psb, &way);
	return way.count > 0;
}

/* If nobody has reserved there, the one that it left before may still count. */
static void
leave(const struct rsvp_core *core, struct psb *psb, const struct way *way)
{
	const uint32_t old = psb->out_count == 1 ? psb->outs[0] : 0;

	if (leads_to(way, psb->left))
		set_left(psb, 0);
	if (old != 0 && !leads_to(way, old) &&
		addr_is_unicast(&psb->session->key.dst) &&
		is_reserved_on(psb, old) && is_waited_for(core, psb, old))
		set_left(psb, old);
}

static bool
take_way(struct rsvp_core *core, struct psb *psb, const struct way *way)
{
	if (same_way(psb, way))
		return false;
	leave(core, psb, way);
	demand_ask_again(psb->session); /* if only to have it removed */
	psb->to_local = way->to_local;
	psb->local_only = way->local_only;
	return set_outs(core, psb, way->outs, way->count);
}

bool
psb_route(struct rsvp_core *core, struct psb *psb)
{
	struct way way;

	find_way(core, psb, &way);
	return take_way(core, psb, &way);
}

void
psb_leave_down(
	struct rsvp_core *core, struct session *session, uint32_t ifindex)
{
	static const struct way nowhere; /* nor here, as it was elsewhere */
	struct psb *psb;

	if (!addr_is_unicast(&session->key.dst))
		return;
	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb_routes_to(psb, ifindex))
			(void)take_way(core, psb, &nowhere); /* needs no room */
}

/* When the new interfaces may be used.  One that has just come up is not one
 * that routing has to settle for. */
static struct mono
settled_at(const struct rsvp_core *core, const struct psb *psb,
	const struct way *way, struct mono since)
{
	struct mono latest = core->now;

	for (size_t i = 0; i < way->count; i++) {
		const struct iface *iface = iface_find(core, way->outs[i]);
		struct mono at;

		if (psb_routes_to(psb, way->outs[i]) ||
			iface->resend == core->routes.pass)
			continue;
		at = mono_add_ms(since, iface->conf.repair_wait_ms);
		if (at.us > latest.us)
			latest = at;
	}
	return latest;
}

bool
psb_repair(struct rsvp_core *core, struct psb *psb, struct mono since)
{
	struct way way;
	struct mono at;

	find_way(core, psb, &way);
	if (way.count == 0 && !comes_back(core, psb->left))
		set_left(psb, 0);
	if (same_way(psb, &way))
		return false;
	at = settled_at(core, psb, &way, since);
	if (mono_reached(at, core->now))
		return take_way(core, psb, &way);
	if (psb->repair) /* as soon as it had to before */
		return false;
	psb->repair = timer_set_at(core, &psb->refresh, at);
	if (!psb->repair)
		core_count(core, RSVP_C_DROP_MEMORY);
	return false;
}

bool
psb_left(const struct psb *psb, const struct rsb *rsb)
{
	return psb->left != 0 && rsb->ifindex == psb->left && rsb->now &&
	       (rsb->style == WIRE_STYLE_WF ||
		       spec_has(rsb->now, &psb->sender));
}

/* ---- its messages -------------------------------------------------------- */

static uint32_t
refresh_period(const struct rsvp_core *core, const struct psb *psb)
{
	uint32_t least = 0;

	for (size_t i = 0; i < psb->out_count; i++) {
		struct iface *iface = iface_find(core, psb->outs[i]);
		uint32_t period = iface ? iface_refresh_ms(core, iface) : 0;

		if (period > 0 && (least == 0 || period < least))
			least = period;
	}
	return least;
}

/* As many as the interface that wants most of them. */
static void
be_quick(const struct rsvp_core *core, struct psb *psb)
{
	psb->quick = 0;
	for (size_t i = 0; i < psb->out_count; i++) {
		const uint8_t quick = iface_quick(core, psb->outs[i]);

		if (quick > psb->quick)
			psb->quick = quick;
	}
}

/* The period comes first: what is sent says how long it is. */
static void
send_all(struct rsvp_core *core, struct psb *psb)
{
	uint32_t period =
		timer_quick_ms(refresh_period(core, psb), &psb->quick);

	for (size_t i = 0; i < psb->out_count && !psb->local_only; i++)
		out_path(core, psb, psb->outs[i]);
	if (psb->repair)
		return; /* its time stands */
	if (period == 0)
		timer_stop(core, &psb->refresh);
	else if (!timer_set(core, &psb->refresh, timer_jitter_ms(core, period)))
		core_count(core, RSVP_C_DROP_MEMORY);
}

void
psb_forward(struct rsvp_core *core, struct psb *psb)
{
	be_quick(core, psb);
	send_all(core, psb);
}

void
psb_refresh(struct rsvp_core *core, struct psb *psb)
{
	if (!psb->repair) {
		send_all(core, psb);
		return;
	}
	psb->repair = false;
	walk_repair(core, psb);
}

/* Another path state that the reservation may be for. */
static bool
other_sender(const struct rsb *rsb, const struct psb *gone, bool same_sender)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &gone->session->psbs, next) {
		if (psb == gone)
			continue;
		if (same_sender &&
			!wire_filter_equal(&psb->sender, &gone->sender))
			continue;
		if (rsb->ifindex == 0 ? psb_reaches_local(psb)
				      : psb_routes_to(psb, rsb->ifindex) ||
						psb->left == rsb->ifindex)
			return true;
	}
	return false;
}

/* Reservations that were for this sender alone go with it; others lose the
 * filter (RFC 2205 3.1.5). */
static void
drop_reservations(struct rsvp_core *core, const struct psb *psb)
{
	struct rsb *rsb, *next;

	TAILQ_FOREACH_SAFE (rsb, &psb->session->rsbs, next, next) {
		bool shared = rsb->style == WIRE_STYLE_WF;

		if (other_sender(rsb, psb, !shared))
			continue;
		if (shared || rsb_drop_filter(core, rsb, &psb->sender))
			rsb_free(core, rsb);
	}
}

/* ---- what it left -------------------------------------------------------- */

/* Its reservation state there, and who reserved. */
static bool
drop_left(struct rsvp_core *core, const struct psb *psb)
{
	struct rsb *rsb, *next;
	bool any = false;

	TAILQ_FOREACH_SAFE (rsb, &psb->session->rsbs, next, next) {
		if (!psb_left(psb, rsb))
			continue;
		any = true;
		core->cause = RSVP_END_ROUTE;
		if (rsb->style == WIRE_STYLE_WF
				? !other_sender(rsb, psb, false)
				: rsb_drop_filter(core, rsb, &psb->sender))
			rsb_free(core, rsb);
	}
	return any;
}

static bool
is_held(const struct psb *psb)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next)
		if (psb_left(psb, rsb))
			return true;
	return false;
}

void
psb_tear_stale(struct rsvp_core *core, const struct psb *psb, uint32_t ifindex,
	const struct addr *next_hop)
{
	const uint8_t family = psb->session->key.dst.family;
	const struct iface *stale = iface_find(core, ifindex);

	if (!stale)
		return;
	for (size_t i = 0; i < psb->out_count; i++) {
		const struct iface *out = iface_find(core, psb->outs[i]);
		struct addr a = iface_addr(stale, family);
		struct addr b = out ? iface_addr(out, family) : a;

		if (addr_equal(&a, &b))
			return;
	}
	out_path_tear_to(core, psb, ifindex, next_hop);
}

/* Who reserved on the interface that it left has the path torn. */
static void
tear_left(struct rsvp_core *core, const struct psb *psb)
{
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &psb->session->rsbs, next)
		if (psb_left(psb, rsb))
			psb_tear_stale(core, psb, psb->left, &rsb->hop.addr);
}

void
psb_tear(struct rsvp_core *core, struct psb *psb)
{
	/* RFC 2205 3.9: routing expects the sender elsewhere, and the Path from
	 * there serves those downstream, or will. */
	for (size_t i = 0; i < psb->out_count && !psb->local_only; i++)
		out_path_tear(core, psb, psb->outs[i]);
	tear_left(core, psb);
	drop_reservations(core, psb);
	psb_free(core, psb);
}

static bool
is_reserved_now(const struct psb *psb)
{
	for (size_t i = 0; i < psb->out_count; i++)
		if (is_reserved_on(psb, psb->outs[i]))
			return true;
	return false;
}

/* True: reservation state went. */
static bool
forget_left(struct rsvp_core *core, struct psb *psb)
{
	bool any = false;

	if (is_reserved_now(psb))
		any = drop_left(core, psb);
	else if (is_held(psb))
		return false;
	set_left(psb, 0);
	return any;
}

bool
psb_settle(struct rsvp_core *core, struct session *session)
{
	struct psb *psb;
	bool any = false;

	if (session->left_count == 0)
		return false;
	/* All are told before a reservation that several share goes. */
	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb->left != 0 && is_reserved_now(psb))
			tear_left(core, psb);
	TAILQ_FOREACH (psb, &session->psbs, next)
		if (psb->left != 0 && forget_left(core, psb))
			any = true;
	return any;
}
