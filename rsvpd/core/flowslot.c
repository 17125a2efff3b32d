/* SPDX-License-Identifier: ISC */

/*
 * Life of one flow in the kernel, one request in flight at a time.
 *
 *                  WANT/add            ACKED
 *        ABSENT -------------> ADDING ---------> LIVE <--------+
 *          ^ ^  <------------- | ^                |  |         | ACKED,
 *          | |     REFUSED     | |                |  | OTHER/  | REFUSED
 *          | |          UNWANT | | WANT           |  | change  |
 *          | |                 v |                |  +-----> CHANGING
 *          | +----------- ABANDONED               |            | ^
 *          |    REFUSED        |           UNWANT |     UNWANT | | WANT
 *          |                   | ACKED/    /del   |            v |
 *          |                   |  del             |          DROPPING
 *          |                   v                  |            |
 *          +----------- REMOVING <----------------+------------+
 *             ACKED       | ^                      either answer/del
 *                    WANT | | UNWANT
 *                         v |
 *                      RETURNING -- ACKED/add --> ADDING
 *
 * A removal that the kernel refuses leaves the flow LIVE, wanted or not.
 *
 * When traffic control is lost, what is wanted waits in WAITING and what is not
 * is OFF, since the answer in flight will not come and the kernel may or may
 * not have done it.  The next traffic control says what it found there:
 *
 *	WAITING  found/change -> CHANGING	missing/add -> ADDING
 *	OFF      found/del    -> REMOVING	missing     -> ABSENT
 *
 * The change of a found flow repeats what is wanted, because of a request that
 * was in flight it is not known which parameters the kernel has; a change to
 * what it has already is harmless.  FOUND and MISSING outside OFF and WAITING
 * come when an interface is taken into service again: then a live flow that the
 * kernel lost is added again.
 */

#include "flowslot.h"

/* clang-format off */
#define C(act, next) { FLOWSLOT_##act, FLOWSLOT_##next }

/* Columns:   WANT           WANT_OTHER      UNWANT
 *            ACKED          REFUSED
 *            LOST           FOUND           MISSING */
const struct flowslot_cell
flowslot_table[FLOWSLOT_STATES][FLOWSLOT_EVENTS] = {
[FLOWSLOT_ABSENT] = {
	C(ADD, ADDING),        C(ADD, ADDING),        C(NOTHING, ABSENT),
	C(BUG, ABSENT),        C(BUG, ABSENT),
	C(NOTHING, OFF),       C(DEL, REMOVING),      C(NOTHING, ABSENT) },
[FLOWSLOT_ADDING] = {
	C(NOTHING, ADDING),    C(LATER, ADDING),      C(NOTHING, ABANDONED),
	C(REPORT_UP, LIVE),    C(REPORT_DOWN, ABSENT),
	C(NOTHING, WAITING),   C(NOTHING, ADDING),    C(NOTHING, ADDING) },
[FLOWSLOT_ABANDONED] = {
	C(NOTHING, ADDING),    C(LATER, ADDING),      C(NOTHING, ABANDONED),
	C(DEL, REMOVING),      C(NOTHING, ABSENT),
	C(NOTHING, OFF),       C(NOTHING, ABANDONED), C(NOTHING, ABANDONED) },
[FLOWSLOT_LIVE] = {
	C(NOTHING, LIVE),      C(CHANGE, CHANGING),   C(DEL, REMOVING),
	C(BUG, LIVE),          C(BUG, LIVE),
	C(NOTHING, WAITING),   C(NOTHING, LIVE),      C(ADD, ADDING) },
[FLOWSLOT_CHANGING] = {
	C(NOTHING, CHANGING),  C(LATER, CHANGING),    C(NOTHING, DROPPING),
	C(REPORT_UP, LIVE),    C(REPORT_KEPT, LIVE),
	C(NOTHING, WAITING),   C(NOTHING, CHANGING),  C(NOTHING, CHANGING) },
[FLOWSLOT_DROPPING] = {
	C(NOTHING, CHANGING),  C(LATER, CHANGING),    C(NOTHING, DROPPING),
	C(DEL, REMOVING),      C(DEL, REMOVING),
	C(NOTHING, OFF),       C(NOTHING, DROPPING),  C(NOTHING, DROPPING) },
[FLOWSLOT_REMOVING] = {
	C(NOTHING, RETURNING), C(NOTHING, RETURNING), C(NOTHING, REMOVING),
	C(NOTHING, ABSENT),    C(REPORT_STAYS, LIVE),
	C(NOTHING, OFF),       C(NOTHING, REMOVING),  C(NOTHING, REMOVING) },
[FLOWSLOT_RETURNING] = {
	C(NOTHING, RETURNING), C(NOTHING, RETURNING), C(NOTHING, REMOVING),
	C(ADD, ADDING),        C(NOTHING, LIVE),
	C(NOTHING, WAITING),   C(NOTHING, RETURNING), C(NOTHING, RETURNING) },
[FLOWSLOT_OFF] = {
	C(NOTHING, WAITING),   C(NOTHING, WAITING),   C(NOTHING, OFF),
	C(BUG, OFF),           C(BUG, OFF),
	C(NOTHING, OFF),       C(DEL, REMOVING),      C(NOTHING, ABSENT) },
[FLOWSLOT_WAITING] = {
	C(NOTHING, WAITING),   C(NOTHING, WAITING),   C(NOTHING, OFF),
	C(BUG, WAITING),       C(BUG, WAITING),
	C(NOTHING, WAITING),   C(CHANGE, CHANGING),   C(ADD, ADDING) },
};
#undef C
/* clang-format on */

enum flowslot_act
flowslot_step(enum flowslot_state *state, enum flowslot_event event)
{
	const struct flowslot_cell *cell = &flowslot_table[*state][event];

	*state = cell->next;
	return cell->act;
}

bool
flowslot_busy(enum flowslot_state state)
{
	switch (state) {
	case FLOWSLOT_ADDING:
	case FLOWSLOT_ABANDONED:
	case FLOWSLOT_CHANGING:
	case FLOWSLOT_DROPPING:
	case FLOWSLOT_REMOVING:
	case FLOWSLOT_RETURNING:
		return true;
	case FLOWSLOT_ABSENT:
	case FLOWSLOT_LIVE:
	case FLOWSLOT_OFF:
	case FLOWSLOT_WAITING:
	case FLOWSLOT_STATES:
		return false;
	}
	return false;
}

const char *
flowslot_state_text(enum flowslot_state state)
{
	static const char *const texts[FLOWSLOT_STATES] = {
		[FLOWSLOT_ABSENT] = "absent",
		[FLOWSLOT_ADDING] = "adding",
		[FLOWSLOT_ABANDONED] = "abandoned",
		[FLOWSLOT_LIVE] = "live",
		[FLOWSLOT_CHANGING] = "changing",
		[FLOWSLOT_DROPPING] = "dropping",
		[FLOWSLOT_REMOVING] = "removing",
		[FLOWSLOT_RETURNING] = "returning",
		[FLOWSLOT_OFF] = "off",
		[FLOWSLOT_WAITING] = "waiting",
	};

	return state < FLOWSLOT_STATES ? texts[state] : "?";
}
