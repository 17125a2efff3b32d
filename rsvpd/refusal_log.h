/* SPDX-License-Identifier: ISC */
#ifndef REFUSAL_LOG_H
#define REFUSAL_LOG_H

/*
 * Which refusals are worth a line in the log.  A refused reservation is asked
 * for again by every refresh and refused again (RFC 2205 3.5): what has not
 * changed since is said once.  Refusals that are remembered nowhere, for lack
 * of room, are said each time.
 */

#include "rsvpd/core/rsvp.h"

enum {
	REFUSAL_LOG_SETS = 256,
	REFUSAL_LOG_WAYS = 4, /* refusals in a set; the oldest makes room */
	REFUSAL_LOG_ROOM = REFUSAL_LOG_SETS * REFUSAL_LOG_WAYS,
	/* Longer than there may be between two refreshes: refresh.period is
	 * 5 min at most, and jittered by half of it. */
	REFUSAL_LOG_KEEP_MS = 600000
};

/* All zero: nothing was refused. */
struct refusal_log {
	uint64_t serial; /* of the refusal that was looked at last */
	size_t count;    /* in use; what is too old counts until replaced */
	struct refusal_said {
		uint64_t key; /* digest of all that was said; 0: free */
		uint64_t session;
		struct mono when; /* it came last */
	} said[REFUSAL_LOG_ROOM];
};

/* The core has this note.  True: it is to be written, as is every note that is
 * not about a refusal. */
bool refusal_log_note(struct refusal_log *log, const struct rsvp_core *core,
	const struct rsvp_note *note, struct mono now);
/* A reservation is in force: when it is refused again that is news. */
void refusal_log_admitted(
	struct refusal_log *log, const struct rsvp_flow *flow);

#endif /* REFUSAL_LOG_H */
