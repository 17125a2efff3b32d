/* SPDX-License-Identifier: ISC */
#ifndef FLOWSLOT_H
#define FLOWSLOT_H

/*
 * Life of one flow in the kernel, one request in flight at a time.  The owner
 * steps the slot with what happened and does what the step returns.
 *
 * Rules for the owner:
 *  - A slot starts in OFF while traffic control is not ready on the interface,
 *    in ABSENT when it is, and in LIVE for a flow that was adopted.
 *  - ADD and CHANGE carry what is wanted at that moment, not at the time of
 *    the event that asked for it.
 *  - LATER: a request is in flight and must be answered first.  Remember that
 *    something else is wanted; at the next REPORT judge it afresh (policy,
 *    ledger) and step WANT_OTHER.  The report is then of the older request.
 *    This is outside because between the two a decision can be No.
 *  - A report can come again after traffic control was lost; it then says
 *    nothing new.
 *  - Whatever the ledger has for the flow is released when, and only when, the
 *    slot reaches ABSENT: until then the kernel may still have it.
 *  - A removal of what the kernel has not is ACKED, whatever it says.  One that
 *    it refuses is to be tried again, but not at once; step UNWANT for it
 *    after LOST, and in place of FOUND and MISSING.
 *  - Forget serials in flight at LOST; when traffic control is ready again step
 *    FOUND for each flow it adopted and MISSING for every other one.
 */

#include <stdbool.h>

enum flowslot_state {
	FLOWSLOT_ABSENT,    /* nothing in the kernel, nothing asked */
	FLOWSLOT_ADDING,    /* add in flight, wanted */
	FLOWSLOT_ABANDONED, /* add in flight, no longer wanted */
	FLOWSLOT_LIVE,      /* in the kernel, nothing asked */
	FLOWSLOT_CHANGING,  /* in the kernel, change in flight, wanted */
	FLOWSLOT_DROPPING,  /* in the kernel, change in flight, not wanted */
	FLOWSLOT_REMOVING,  /* delete in flight, not wanted */
	FLOWSLOT_RETURNING, /* delete in flight, wanted again */
	FLOWSLOT_OFF,       /* no traffic control now; not wanted; the kernel
			     * may have it */
	FLOWSLOT_WAITING,   /* no traffic control now; wanted */
	FLOWSLOT_STATES
};

enum flowslot_event {
	FLOWSLOT_WANT,       /* as the kernel has it or was asked for it */
	FLOWSLOT_WANT_OTHER, /* with another rate or other filters */
	FLOWSLOT_UNWANT,
	FLOWSLOT_ACKED, /* the answer to the request in flight */
	FLOWSLOT_REFUSED,
	FLOWSLOT_LOST,    /* traffic control died */
	FLOWSLOT_FOUND,   /* it is ready and the kernel has the flow */
	FLOWSLOT_MISSING, /* it is ready and the kernel has it not */
	FLOWSLOT_EVENTS
};

enum flowslot_act {
	FLOWSLOT_UNSET, /* zero: a cell nobody wrote; a test forbids it */
	FLOWSLOT_BUG,   /* cannot happen; count it, carry on */
	FLOWSLOT_NOTHING,
	FLOWSLOT_LATER,
	FLOWSLOT_ADD,
	FLOWSLOT_CHANGE,
	FLOWSLOT_DEL,
	FLOWSLOT_REPORT_UP,   /* what was asked for is in force */
	FLOWSLOT_REPORT_DOWN, /* refused, and nothing is in force */
	FLOWSLOT_REPORT_KEPT, /* change refused: the old one stays in force */
	FLOWSLOT_REPORT_STAYS /* removal refused: the kernel has it still */
};

struct flowslot_cell {
	enum flowslot_act act;
	enum flowslot_state next;
};

extern const struct flowslot_cell flowslot_table[FLOWSLOT_STATES]
						[FLOWSLOT_EVENTS];

enum flowslot_act flowslot_step(
	enum flowslot_state *state, enum flowslot_event event);

/* A request is in flight: an answer or LOST will come. */
bool flowslot_busy(enum flowslot_state state);

/* "adding" and so on, for people. */
const char *flowslot_state_text(enum flowslot_state state);

#endif /* FLOWSLOT_H */
