/* SPDX-License-Identifier: ISC */

/*
 * The end of a node that shall leave nothing behind: everything it announced,
 * asked for and installed is withdrawn (RFC 2205 2.4), some sessions a call.
 */

#include "core_int.h"

static void
withdraw_locals(struct rsvp_core *core, struct session *session)
{
	while (!TAILQ_EMPTY(&session->locals)) {
		struct local *local = TAILQ_FIRST(&session->locals);

		if (local->psb)
			psb_tear(core, local->psb);
		local_free(core, local);
	}
}

/* Reservations first: a ResvTear needs the path that it goes back on. */
static void
withdraw(struct rsvp_core *core, struct session *session)
{
	const uint64_t serial = session->serial;

	withdraw_locals(core, session);
	while (!TAILQ_EMPTY(&session->rsbs))
		rsb_free(core, TAILQ_FIRST(&session->rsbs));
	session_sync(core, session, SESSION_TELL);
	session = walk_after(core, serial - 1);
	if (!session || session->serial != serial)
		return;
	while (!TAILQ_EMPTY(&session->psbs))
		psb_tear(core, TAILQ_FIRST(&session->psbs));
	session_sync(core, session, SESSION_QUIET);
}

/* Flows that nobody claimed since the start go too. */
static bool
withdraw_adopted(struct rsvp_core *core)
{
	struct demand *demand, *next;
	int left = CORE_WALK_SESSIONS;

	HASH_ITER (hh_orphan, core->orphans, demand, next) {
		if (!demand->adopted)
			continue;
		if (left-- == 0)
			return true;
		demand->end = RSVP_END_STOPPED;
		demand_abandon(core, demand);
	}
	return false;
}

bool
rsvp_core_withdraw(struct rsvp_core *core, struct mono now)
{
	core_begin(core, now);
	core->cause = RSVP_END_STOPPED;
	for (int i = 0; i < CORE_WALK_SESSIONS; i++) {
		struct session *session = core->session_serials;

		if (!session)
			return withdraw_adopted(core);
		withdraw(core, session);
	}
	return true;
}
