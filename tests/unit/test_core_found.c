/* SPDX-License-Identifier: ISC */

/* What the fuzzer of the core (tests/fuzz/fuzz_core.c) found. */

#include <errno.h>

#include "core_t.h"

/* The answer is lost with traffic control, although the interface was given up
 * before: the flow must not wait for it for ever. */
static void
a_request_of_an_interface_given_up_is_lost_too(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 1);
	rsvp_core_tc_ready(t->core, t->now, DOWN, ENODEV, "given up");
	ct_tick(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_forget(t);
	ct_tc_ready(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
given_up(void)
{
	ct_both(a_request_of_an_interface_given_up_is_lost_too);
}

static struct t_case cases[] = {
	{ "a request of an interface that was given up is lost too", given_up },
};

T_MAIN(cases)
