/* SPDX-License-Identifier: ISC */

/*
 * Slow passes over all sessions, a few at a time, so that signalling goes on:
 * after a change of routes or interfaces (RFC 2205 3.6, local repair), and
 * after a change of policy.
 */

#include "core_int.h"

/* ---- routes -------------------------------------------------------------- */

/* Path state is told on the new interfaces at once; what was reserved on those
 * left is found by session_sync(). */
static void
repair(struct rsvp_core *core, struct session *session)
{
	struct psb *psb;
	bool any = false;

	TAILQ_FOREACH (psb, &session->psbs, next) {
		if (!psb_route(core, psb))
			continue;
		psb_forward(core, psb);
		any = true;
	}
	if (any)
		local_path_event(core, session);
	session_sync(core, session, SESSION_TELL);
}

/* ---- policy -------------------------------------------------------------- */

/* True: it had to go. */
static bool
judge_sender(struct rsvp_core *core, struct psb *psb)
{
	if (!psb->local || local_sender_allowed(core, psb->local))
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

	TAILQ_FOREACH (local, &session->locals, next)
		local_retry(local);
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

/* The first session made after that one. */
static struct session *
after(const struct rsvp_core *core, uint64_t serial)
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

struct session *
walk_after(const struct rsvp_core *core, uint64_t serial)
{
	return after(core, serial);
}

static bool
concerned(const struct walk *walk, const struct session *session)
{
	return walk->dst.addr.family == ADDR_NONE ||
	       addr_in_prefix(&session->key.dst, &walk->dst);
}

void
walk_step(struct rsvp_core *core, struct walk *walk)
{
	struct session *session = after(core, walk->after);

	for (int i = 0; session && i < CORE_WALK_SESSIONS; i++) {
		/* The step may free it. */
		struct session *next =
			(struct session *)session->hh_serial.next;

		walk->after = session->serial;
		if (walk->timer.kind == TIMER_POLICY)
			judge(core, session);
		else if (concerned(walk, session))
			repair(core, session);
		session = next;
	}
	/* Not in this tick: what waits outside has its turn first. */
	if (session && !timer_set_at(core, &walk->timer,
			       (struct mono){ core->now.us + 1 }))
		core_count(core, RSVP_C_DROP_MEMORY);
}

static bool
same_prefix(const struct addr_prefix *a, const struct addr_prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

void
walk_routes(
	struct rsvp_core *core, int64_t in_ms, const struct addr_prefix *dst)
{
	static const struct addr_prefix all;
	struct walk *walk = &core->routes;
	struct mono deadline = mono_add_ms(core->now, in_ms);

	if (!dst)
		dst = &all;
	if (!heap_queued(&walk->timer.node))
		walk->dst = *dst;
	else if (!same_prefix(&walk->dst, dst))
		walk->dst = all;
	if (heap_queued(&walk->timer.node))
		deadline = mono_earlier(deadline, walk->timer.node.deadline);
	walk->after = 0;
	if (!timer_set_at(core, &walk->timer, deadline))
		core_count(core, RSVP_C_DROP_MEMORY);
}

void
rsvp_core_routes_changed(
	struct rsvp_core *core, struct mono now, const struct addr_prefix *dst)
{
	core_begin(core, now);
	walk_routes(core, REPAIR_WAIT_MS, dst);
}

void
rsvp_core_policy_changed(struct rsvp_core *core, struct mono now)
{
	core_begin(core, now);
	core->policies.after = 0;
	if (!timer_set(core, &core->policies.timer, 0))
		core_count(core, RSVP_C_DROP_MEMORY);
}
