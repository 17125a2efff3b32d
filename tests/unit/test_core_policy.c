/* SPDX-License-Identifier: ISC */

/* What policy grants, and how a reservation ends that it allows no more. */

#include "core_t.h"

/* ---- how it ends --------------------------------------------------------- */

/* Policy does not allow any more what is in force. */
static void
deny(struct ct *t, enum rsvp_policy_end ends, uint32_t grace_ms)
{
	ct_with_resv(t, ct_cl(50000));
	t->deny = true;
	t->answer.ends = ends;
	t->answer.grace_ms = grace_ms;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
}

static void
expect_torn(struct ct *t)
{
	const struct ct_sent *err = ct_sent(t, WIRE_RESV_ERR, 0);

	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(err->msg.error.code, WIRE_E_POLICY);
	T_EQ(err->msg.error.flags, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
expect_state(struct ct *t, enum rsvp_resv_state state)
{
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_only_resv(t).state, state);
}

static void
expect_running(struct ct *t)
{
	expect_state(t, RSVP_RESV_INSTALLED);
}

static void
at_once(struct ct *t)
{
	deny(t, RSVP_POLICY_TEAR, 0);
	expect_torn(t);
}

static void
without_a_grace_it_is_torn_at_once(void)
{
	ct_both(at_once);
}

static void
with_grace(struct ct *t)
{
	deny(t, RSVP_POLICY_TEAR, 5000);
	ct_run(t, 4990);
	expect_running(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_forget(t);
	ct_run(t, 20);
	expect_torn(t);
}

static void
a_grace_is_given_once(void)
{
	ct_once(with_grace);
}

static void
told_first(struct ct *t)
{
	deny(t, RSVP_POLICY_TELL, 5000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.flags,
		WIRE_ERROR_IN_PLACE);
	expect_state(t, RSVP_RESV_FAILED);
	ct_forget(t);
	/* Judged again meanwhile, it is neither told again nor given more. */
	ct_run(t, 3000);
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 1990);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	expect_state(t, RSVP_RESV_FAILED);
	ct_forget(t);
	ct_run(t, 20);
	expect_torn(t);
}

static void
who_may_renegotiate_is_told_first(void)
{
	ct_once(told_first);
}

static void
told_without_grace(struct ct *t)
{
	deny(t, RSVP_POLICY_TELL, 0);
	expect_torn(t);
}

static void
without_a_grace_there_is_nothing_to_renegotiate(void)
{
	ct_once(told_without_grace);
}

static void
kept(struct ct *t)
{
	deny(t, RSVP_POLICY_KEEP, 0);
	ct_run(t, 60000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	expect_running(t);
	/* As it is, and no more. */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	ct_expect_err(
		t, WIRE_E_POLICY, WIRE_POLICY_REJECT, WIRE_ERROR_IN_PLACE);
}

static void
what_is_kept_stays_as_it_is(void)
{
	ct_once(kept);
}

static void
allowed_again(struct ct *t)
{
	deny(t, RSVP_POLICY_TEAR, 5000);
	ct_run(t, 3000);
	t->deny = false;
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 10000);
	expect_running(t);
	/* The next grace is whole. */
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 4990);
	expect_running(t);
	ct_forget(t);
	ct_run(t, 20);
	expect_torn(t);
}

static void
told_and_allowed_again(struct ct *t)
{
	deny(t, RSVP_POLICY_TELL, 5000);
	t->deny = false;
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 20000);
	expect_running(t);
}

static void
what_is_allowed_again_stays(void)
{
	ct_once(allowed_again);
	ct_once(told_and_allowed_again);
}

static void
renegotiated(struct ct *t)
{
	deny(t, RSVP_POLICY_TELL, 5000);
	t->deny = false;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(20000)));
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 20000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	expect_running(t);
}

static void
who_asks_for_less_in_time_stays(void)
{
	ct_once(renegotiated);
}

/* ---- what is granted ----------------------------------------------------- */

static void
lowered(struct ct *t)
{
	struct wire_flowspec granted = ct_cl(40000);

	ct_with_path(t);
	t->answer.lowered = true;
	t->answer.granted = granted;
	ct_feed(t, DOWN, ct_resv(t, ct_gs(50000, 60000)));
	T_EQ(ct_flow(t)->flow.service, WIRE_SERVICE_CL);
	T_CHECK(ct_answer(t, 0), "nothing was asked of the kernel");
	T_EQ(ct_asked_flow(t)->flowspec.service, WIRE_SERVICE_CL);
	T_CHECK(ct_asked_flow(t)->flowspec.tspec.r == 40000, "upstream");
	T_CHECK(ct_only_resv(t).flowspec.R == 60000, "what was asked of us");
	T_CHECK(ct_only_resv(t).forwarded.tspec.r == 40000, "what is granted");
	/* The same again is nothing new. */
	t->asked = 0;
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(50000, 60000)));
	T_EQ(t->asked, 0);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_only_resv(t).forwarded.service, WIRE_SERVICE_CL);
}

static void
what_is_granted_is_installed_and_asked_for(void)
{
	ct_both(lowered);
}

/* As "a rate that does not fit is bought with slack" has it: 10897 us buy what
 * fits. */
static void
slack(struct ct *t)
{
	struct rsvp_iface conf;
	struct wire_flowspec spec = ct_gs(100000, 150000);

	ct_with_path(t);
	conf = ct_iface(t, DOWN);
	conf.reservable_Bps = 165600;
	conf.use_slack = true;
	ct_set_iface(t, &conf);
	spec.S = 20000;
	t->answer.bounds_slack = true;
	t->answer.max_slack_us = 10896;
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	t->answer.max_slack_us = 10897;
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_CHECK(ct_answer(t, 0), "it fits");
	T_EQ(ct_asked_flow(t)->flowspec.S, 20000 - 10897);
}

static void
no_more_slack_is_taken_than_policy_lets(void)
{
	ct_once(slack);
}

static struct t_case cases[] = {
	{ "without a grace it is torn at once",
		without_a_grace_it_is_torn_at_once },
	{ "a grace is given once", a_grace_is_given_once },
	{ "who may renegotiate is told first",
		who_may_renegotiate_is_told_first },
	{ "without a grace there is nothing to renegotiate",
		without_a_grace_there_is_nothing_to_renegotiate },
	{ "what is kept stays as it is", what_is_kept_stays_as_it_is },
	{ "what is allowed again stays", what_is_allowed_again_stays },
	{ "who asks for less in time stays", who_asks_for_less_in_time_stays },
	{ "what is granted is installed and asked for",
		what_is_granted_is_installed_and_asked_for },
	{ "no more slack is taken than policy lets",
		no_more_slack_is_taken_than_policy_lets },
};
T_MAIN(cases)
