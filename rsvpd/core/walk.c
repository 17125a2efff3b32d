/* SPDX-License-Identifier: ISC */

/*
 * Slow passes over all sessions, a few at a time, so that signalling goes on:
 * after a change of routes or interfaces (RFC 2205 3.6, local repair), and
 * after a change of policy.
 */

#include "core_int.h"

/* ---- routes -------------------------------------------------------------- */

static bool
is_resent(const struct rsvp_core *core, uint32_t ifindex)
{
	const struct iface *iface = iface_find(core, ifindex);

	return iface && iface->resend == core->routes.pass;
}

static bool
goes_out_again(const struct rsvp_core *core, const struct psb *psb)
{
	for (size_t i = 0; i < psb->out_count; i++)
		if (is_resent(core, psb->outs[i]))
			return true;
	return false;
}

/* Path state is told on the new interfaces; what was reserved on those left is
 * found by session_sync(). */
static void
repair(struct rsvp_core *core, struct session *session)
{
	struct mono since = core->routes.now.since;
	struct psb *psb;
	struct ask *ask;
	bool any = false;

	TAILQ_FOREACH (psb, &session->psbs, next) {
		bool moved = psb_repair(core, psb, since);

		if (moved || goes_out_again(core, psb))
			psb_forward(core, psb);
		any = any || moved;
	}
	TAILQ_FOREACH (ask, &session->asks, next)
		if (is_resent(core, ask->ifindex))
			ask_resend(core, ask);
	if (any)
		local_path_event(core, session);
	session_sync(core, session, SESSION_TELL);
}

void
walk_repair(struct rsvp_core *core, struct psb *psb)
{
	bool moved = psb_route(core, psb);

	psb_forward(core, psb);
	if (!moved)
		return;
	local_path_event(core, psb->session);
	session_sync(core, psb->session, SESSION_TELL);
}

/* ---- policy -------------------------------------------------------------- */

/* True: it had to go. */
static bool
judge_sender(struct rsvp_core *core, struct psb *psb)
{
	if (!psb->local || local_sender_stays(core, psb->local))
		return false;
	psb_tear(core, psb);
	return true;
}

static void
judge(struct rsvp_core *core, struct session *session)
{
	struct psb *psb, *next_psb;
	struct rsb *rsb, *next_rsb;
	struct local *local;
	bool any = false;

	TAILQ_FOREACH (local, &session->locals, next) {
		local_retry(local);
		local_resend(core, local);
	}
	TAILQ_FOREACH_SAFE (psb, &session->psbs, next, next_psb)
		if (judge_sender(core, psb))
			any = true;
	if (any)
		local_path_event(core, session);
	TAILQ_FOREACH_SAFE (rsb, &session->rsbs, next, next_rsb)
		admit_judge(core, rsb);
	session_sync(core, session, SESSION_TELL);
}

/* ---- the walk ------------------------------------------------------------ */

struct session *
walk_after(const struct rsvp_core *core, uint64_t serial)
{
	struct session *session;

	HASH_FIND_BYHASHVALUE(hh_serial, core->session_serials, &serial,
		sizeof(serial),
		hash_bytes(&core->conf.hash_key, &serial, sizeof(serial)),
		session);
	if (session)
		return (struct session *)session->hh_serial.next;
	session = core->session_serials;
	while (session && session->serial <= serial)
		session = (struct session *)session->hh_serial.next;
	return session;
}

static bool
concerned(const struct walk_want *want, const struct session *session)
{
	for (size_t i = 0; i < want->count; i++)
		if (addr_in_prefix(&session->key.dst, &want->dsts[i]))
			return true;
	return want->all;
}

static void
arm(struct rsvp_core *core, struct walk *walk, struct mono deadline)
{
	if (!timer_set_at(core, &walk->timer, deadline))
		core_count(core, RSVP_C_DROP_MEMORY);
}

static void
begin_pass(struct walk *walk)
{
	walk->running = true;
	walk->pass++;
	walk->after = 0;
	walk->now = walk->next;
	walk->next = (struct walk_want){ 0 };
	walk->due = MONO_NEVER;
}

void
walk_init(struct walk *walk, uint8_t kind)
{
	walk->timer.kind = kind;
	walk->due = MONO_NEVER;
}

void
walk_step(struct rsvp_core *core, struct walk *walk)
{
	struct session *session;

	if (!walk->running)
		begin_pass(walk);
	session = walk_after(core, walk->after);
	for (int i = 0; session && i < CORE_WALK_SESSIONS; i++) {
		/* The step may free it. */
		struct session *next =
			(struct session *)session->hh_serial.next;

		walk->after = session->serial;
		if (walk->timer.kind == TIMER_POLICY)
			judge(core, session);
		else if (concerned(&walk->now, session))
			repair(core, session);
		session = next;
	}
	walk->running = session != NULL;
	if (session) /* not in this tick: what waits outside has its turn */
		arm(core, walk, (struct mono){ core->now.us + 1 });
	else if (walk->due.us != MONO_NEVER.us)
		arm(core, walk, walk->due);
}

static bool
same_prefix(const struct addr_prefix *a, const struct addr_prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

/* NULL: all. */
static void
add_prefix(struct walk_want *want, const struct addr_prefix *dst)
{
	for (size_t i = 0; dst && i < want->count; i++)
		if (same_prefix(&want->dsts[i], dst))
			return;
	if (dst && want->count < WALK_PREFIXES)
		want->dsts[want->count++] = *dst;
	else
		want->all = true;
}

static void
want_pass(struct rsvp_core *core, struct walk *walk, int64_t in_ms,
	const struct addr_prefix *dst)
{
	if (walk->due.us == MONO_NEVER.us)
		walk->next.since = core->now;
	add_prefix(&walk->next, dst);
	walk->due = mono_earlier(walk->due, mono_add_ms(core->now, in_ms));
	if (!walk->running)
		arm(core, walk, walk->due);
	else if (!heap_queued(&walk->timer.node)) /* it had no memory */
		arm(core, walk, core->now);
}

void
walk_routes(
	struct rsvp_core *core, int64_t in_ms, const struct addr_prefix *dst)
{
	want_pass(core, &core->routes, in_ms, dst);
}

void
walk_policies(struct rsvp_core *core, int64_t in_ms)
{
	want_pass(core, &core->policies, in_ms, NULL);
}

void
walk_resend(struct rsvp_core *core, struct iface *iface)
{
	iface->resend = core->routes.pass + 1;
}

/* The least W; who has a larger one waits in psb_repair(). */
static int64_t
least_wait_ms(const struct rsvp_core *core)
{
	const struct iface *iface;
	uint32_t least = UINT32_MAX;

	for (iface = core->ifaces; iface;
		iface = (const struct iface *)iface->hh.next)
		if (iface->conf.enabled && iface->conf.repair_wait_ms < least)
			least = iface->conf.repair_wait_ms;
	return least == UINT32_MAX ? 0 : least;
}

void
rsvp_core_routes_changed(
	struct rsvp_core *core, struct mono now, const struct addr_prefix *dst)
{
	core_begin(core, now);
	walk_routes(core, least_wait_ms(core), dst);
}

void
rsvp_core_policy_changed(struct rsvp_core *core, struct mono now)
{
	core_begin(core, now);
	want_pass(core, &core->policies, 0, NULL);
}
