/* SPDX-License-Identifier: ISC */

/* Who is charged for a flow, and how it ended. */

#include "core_t.h"

static void
begin(struct ct *t)
{
	struct rsvp_core_conf conf = rsvp_core_defaults();

	conf.accounts = true;
	rsvp_core_reconf(t->core, &conf);
}

static void
ended(struct ct *t, enum rsvp_end how)
{
	ct_answer_all(t);
	T_EQ(t->account_count, 1);
	T_EQ(t->account.ended, true);
	T_EQ(t->account.end, how);
	T_EQ(t->account.flow.ifindex, DOWN);
	T_EQ(t->account.flow.filter_count, 1);
	T_EQ(t->account.adopted, false);
}

static void
check_charge(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(50000));
	ct_collect(t);
	t->account_count = 0;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(80000)));
	T_EQ(t->account_count, 0); /* the kernel has not answered */
	ct_answer_all(t);
	T_EQ(t->account_count, 1);
	T_EQ(t->account.ended, false);
	T_EQ(t->account.role, RSVP_ROLE_TRANSIT);
	T_EQ(t->account.who.known, false);
	T_EQ(t->account.reservations, 1);
	T_EQ(t->account.style, WIRE_STYLE_FF);
	T_CHECK(strncmp(t->account.rule, "rule ", 5) == 0, "%s",
		t->account.rule);
	T_CHECK(ct_is(&t->account.neighbour, ct_addr(t, DOWN, HOP_B)),
		"not the next hop");
	T_EQ(t->account.flowspec.tspec.r, 80000);
	T_EQ(t->account.flow.service, WIRE_SERVICE_CL);
	T_EQ(t->account.flow.dst_port, ct_session(t).dst_port);
}

static void
the_next_hop_is_charged_when_the_kernel_has_it(void)
{
	ct_both(check_charge);
}

static void
check_tear(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	ct_feed(t, DOWN, ct_resv_tear(t));
	ended(t, RSVP_END_TORN);
}

static void
a_tear_ends_it(void)
{
	ct_once(check_tear);
}

static void
check_sender(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	ct_feed(t, UP, ct_path_tear(t));
	ended(t, RSVP_END_TORN);
}

static void
its_sender_ends_it(void)
{
	ct_once(check_sender);
}

static void
check_expiry(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	ct_run(t, 600000);
	ended(t, RSVP_END_EXPIRED);
}

static void
time_ends_it(void)
{
	ct_once(check_expiry);
}

static void
check_policy(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 10);
	ended(t, RSVP_END_POLICY);
}

static void
policy_ends_it(void)
{
	ct_once(check_policy);
}

static void
check_other_rule(struct ct *t)
{
	char before[RSVP_RULE];

	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	(void)text_copy(before, sizeof(before), t->account.rule);
	t->account_count = 0;
	rsvp_core_policy_changed(t->core, t->now);
	ct_run(t, 10);
	T_EQ(t->account_count, 1);
	T_EQ(t->account.ended, false);
	T_CHECK(strcmp(t->account.rule, before) != 0, "%s", before);
}

static void
another_rule_is_told(void)
{
	ct_once(check_other_rule);
}

static void
check_preempted(struct ct *t)
{
	struct rsvp_iface conf;

	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	conf = ct_iface(t, DOWN);
	conf.reservable_Bps = 1000;
	ct_put_iface(t, &conf);
	ct_run(t, 3000);
	ended(t, RSVP_END_PREEMPTED);
}

static void
a_smaller_link_preempts_it(void)
{
	ct_once(check_preempted);
}

static void
check_stop(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	while (rsvp_core_withdraw(t->core, t->now))
		continue;
	ct_collect(t);
	ended(t, RSVP_END_STOPPED);
}

static void
an_orderly_stop_ends_it(void)
{
	ct_once(check_stop);
}

static void
check_lost(struct ct *t)
{
	uint32_t id;

	begin(t);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	id = ct_flow(t)->flow.id;
	ct_answer_all(t);
	t->account_count = 0;
	rsvp_core_flow_lost(t->core, t->now, id, 5, "somebody");
	ct_collect(t);
	T_EQ(t->account_count, 1);
	T_EQ(t->account.ended, true);
	T_EQ(t->account.end, RSVP_END_ERROR);
	T_EQ(t->account.flow.id, id);
}

static void
a_flow_that_the_kernel_lost_has_ended(void)
{
	ct_once(check_lost);
}

static void
check_gone(struct ct *t)
{
	begin(t);
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	rsvp_core_iface_gone(t->core, t->now, DOWN);
	ct_collect(t);
	T_EQ(t->account_count, 1);
	T_EQ(t->account.end, RSVP_END_INTERFACE);
}

static void
an_interface_that_goes_ends_it(void)
{
	ct_once(check_gone);
}

static void
check_unwanted(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	ct_collect(t);
	t->account_count = 0;
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer_all(t);
	T_EQ(t->account_count, 0);
}

static void
nothing_is_told_to_who_keeps_no_accounts(void)
{
	ct_once(check_unwanted);
}

static struct t_case cases[] = {
	{ "the next hop is charged when the kernel has it",
		the_next_hop_is_charged_when_the_kernel_has_it },
	{ "a tear ends it", a_tear_ends_it },
	{ "its sender ends it", its_sender_ends_it },
	{ "time ends it", time_ends_it },
	{ "policy ends it", policy_ends_it },
	{ "another rule is told", another_rule_is_told },
	{ "a smaller link preempts it", a_smaller_link_preempts_it },
	{ "an orderly stop ends it", an_orderly_stop_ends_it },
	{ "a flow that the kernel lost has ended",
		a_flow_that_the_kernel_lost_has_ended },
	{ "an interface that goes ends it", an_interface_that_goes_ends_it },
	{ "nothing is told to who keeps no accounts",
		nothing_is_told_to_who_keeps_no_accounts },
};
T_MAIN(cases)
