/* SPDX-License-Identifier: ISC */
#include "core_t.h"

/* Static rules and reservations share one ledger. */

static void
a_rule_and_a_reservation_do_not_fit_together(struct ct *t)
{
	uint32_t id = 0;
	uint32_t other = 0;
	char reason[RSVP_REASON];

	ct_tc_ready(t);
	ct_make_bare(t, 150000);
	ct_with_path(t);
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 100000, &id, reason), "%s",
		reason);
	T_CHECK(id != 0, "no id");
	T_EQ(ct_reserved(t, DOWN), 100000);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_expect_err(t, 1, 2, 0);
	/* Nor does another rule. */
	T_CHECK(!rsvp_core_rule_hold(t->core, DOWN, 50001, &other, reason),
		"oversold");
	T_EQ(other, 0);
	T_CHECK(strstr(reason, "bandwidth on "), "%s", reason);
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 50000, &other, reason), "%s",
		reason);
	T_CHECK(other != id, "the same id");
	T_EQ(ct_reserved(t, DOWN), 150000);
	rsvp_core_rule_release(t->core, other);
	rsvp_core_rule_release(t->core, id);
	rsvp_core_rule_release(t->core, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
what_is_reserved_is_not_given_to_a_rule(struct ct *t)
{
	uint32_t id = 0;
	char reason[RSVP_REASON];

	ct_tc_ready(t);
	ct_make_bare(t, 150000);
	ct_with_resv(t, ct_cl(60000));
	T_CHECK(!rsvp_core_rule_hold(t->core, DOWN, 100000, &id, reason),
		"oversold");
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 90000, &id, reason), "%s",
		reason);
	rsvp_core_rule_release(t->core, id);
}

static void
a_new_rate_is_checked_against_the_difference(struct ct *t)
{
	uint32_t id = 0;
	uint32_t held;
	char reason[RSVP_REASON];

	ct_tc_ready(t);
	ct_make_bare(t, 150000);
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 100000, &id, reason), "new");
	held = id;
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 150000, &id, reason),
		"grown");
	T_EQ(id, held);
	T_EQ(ct_reserved(t, DOWN), 150000);
	T_CHECK(!rsvp_core_rule_hold(t->core, DOWN, 150001, &id, reason),
		"too much");
	T_EQ(ct_reserved(t, DOWN), 150000); /* as before */
	T_CHECK(rsvp_core_rule_hold(t->core, DOWN, 10, &id, reason), "less");
	T_EQ(ct_reserved(t, DOWN), 10);
	rsvp_core_rule_release(t->core, id);
	id = 0;
	T_CHECK(!rsvp_core_rule_hold(t->core, 77, 10, &id, reason),
		"no such interface");
	T_CHECK(reason[0] != '\0', "no reason");
}

static void
together(void)
{
	ct_once(a_rule_and_a_reservation_do_not_fit_together);
}

static void
reserved_before(void)
{
	ct_once(what_is_reserved_is_not_given_to_a_rule);
}

static void
difference(void)
{
	ct_once(a_new_rate_is_checked_against_the_difference);
}

static struct t_case cases[] = {
	{ "a rule and a reservation do not fit together", together },
	{ "what is reserved is not given to a rule", reserved_before },
	{ "a new rate is checked against the difference", difference },
};
T_MAIN(cases)
