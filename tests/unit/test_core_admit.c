/* SPDX-License-Identifier: ISC */

/* Decisions: policy, ledger, kernel; their failures; traffic control that dies
 * and comes back. */

#include "core_t.h"

#include <errno.h>

static void
with(void (*run)(struct ct *t))
{
	struct ct *t = ct_new(ADDR_V4);

	run(t);
	ct_free(t);
}

static struct wire_msg *
other_flow(struct ct *t, uint16_t port, struct wire_flowspec spec)
{
	struct wire_msg *msg;

	msg = ct_path(t);
	msg->session.dst_port = port;
	ct_feed(t, UP, msg);
	msg = ct_resv(t, spec);
	msg->session.dst_port = port;
	return msg;
}

static void
expect_err(struct ct *t, unsigned code, unsigned value, unsigned flags)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV_ERR, 0);

	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	assert_non_null(s);
	T_EQ(s->msg.error.code, code);
	T_EQ(s->msg.error.value, value);
	T_EQ(s->msg.error.flags, flags);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_refusal(t).code, code);
	T_EQ(ct_refusal(t).value, value);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static struct rsvp_resv_info
only_resv(struct ct *t)
{
	struct rsvp_session_info session;
	struct rsvp_resv_info info;

	assert_true(rsvp_core_session_after(t->core, 0, &session));
	T_EQ(rsvp_core_resvs(t->core, t->now, session.serial, &info, 1), 1);
	return info;
}

static bool
has_text(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* ---- policy
 * ------------------------------------------------------------------------- */

static void
policy_refuses(struct ct *t)
{
	ct_with_path(t);
	t->deny = true;
	t->deny_value = WIRE_POLICY_EXCEED;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	expect_err(t, WIRE_E_POLICY, WIRE_POLICY_EXCEED, 0);
	T_STR(ct_refusal(t).reason, "denied by the test");
	T_STR(ct_refusal(t).rule, "rule 1");
	T_EQ(ct_refusal(t).ifindex, DOWN);
	T_EQ(ct_refusal(t).session.dst_port, 5004);
	T_EQ(t->flow_count, 0);
	T_EQ(t->claims, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_REFUSED), 1);
}

static void
refused_by_policy_is_code_2(void)
{
	with(policy_refuses);
}

static void
policy_refuses_change(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(100000));
	before = ct_reserved(t, DOWN);
	t->deny = true;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(200000)));
	expect_err(t, WIRE_E_POLICY, WIRE_POLICY_REJECT, WIRE_ERROR_IN_PLACE);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->claims, 1);
	T_EQ(only_resv(t).state, RSVP_RESV_FAILED);
	T_CHECK(only_resv(t).flowspec.tspec.r == 100000, "the old one");
}

static void
refused_change_leaves_the_old_in_place(void)
{
	with(policy_refuses_change);
}

static void
judge_again(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(t->sent_count + t->flow_count, 0); /* allowed still */
	T_EQ(t->asked, 2);
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	expect_err(t, WIRE_E_POLICY, WIRE_POLICY_REJECT, 0);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
change_of_policy_judges_what_runs(void)
{
	with(judge_again);
}

/* ---- ledger
 * ------------------------------------------------------------------------- */

static void
over_capacity(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(950000)));
	T_EQ(t->flow_count, 1); /* Path_Te is smaller: that is what counts */
	ct_answer(t, 0);
	ct_forget(t);
}

static void
admission_uses_the_smaller_of_path_and_resv(void)
{
	with(over_capacity);
}

static void
big_path(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec = ct_cl(900000).tspec;
	ct_feed(t, UP, msg);
	ct_forget(t);
}

static void
no_room(struct ct *t)
{
	struct rsvp_refusal r;

	big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	r = ct_refusal(t);
	T_CHECK(has_text(r.reason, "eth2"), "where: %s", r.reason);
	T_CHECK(has_text(r.reason, "needs"), "what: %s", r.reason);
	T_CHECK(has_text(r.reason, "of 8 Mbit/s free"), "of: %s", r.reason);
	T_EQ(t->flow_count, 0);
	T_EQ(t->claims, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
refused_for_capacity_with_figures(void)
{
	with(no_room);
}

static void
no_room_to_grow(struct ct *t)
{
	uint64_t before;

	big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(300000)));
	ct_answer(t, 0);
	ct_forget(t);
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH,
		WIRE_ERROR_IN_PLACE);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->flow_count, 0);
	T_EQ(t->claims, 1);
	/* the claim speaks of the old request again */
	T_CHECK(t->question.flowspec.tspec.r == 300000, "restored");
	T_EQ(only_resv(t).state, RSVP_RESV_FAILED);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(300000))); /* content with it */
	T_EQ(t->sent_count + t->flow_count, 0);
}

static void
failed_increase_keeps_claim_and_bandwidth(void)
{
	with(no_room_to_grow);
}

static void
sold_once(struct ct *t)
{
	struct wire_msg *msg;

	for (uint16_t port = 1; port <= 2; port++) {
		msg = ct_path(t);
		msg->tspec = ct_cl(500000).tspec;
		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
	}
	ct_forget(t);
	for (uint16_t port = 1; port <= 2; port++) {
		msg = ct_resv(t, ct_cl(500000));
		msg->session.dst_port = port;
		ct_feed(t, DOWN, msg);
	}
	T_EQ(t->flow_count, 1); /* the second found the link held */
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
}

static void
the_link_is_sold_once_while_the_kernel_thinks(void)
{
	with(sold_once);
}

static void
too_many_flows(struct ct *t)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, DOWN - 1, &info));
	info.conf.max_flows = 1;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_with_resv(t, ct_cl(10000));
	ct_feed(t, DOWN, other_flow(t, 7, ct_cl(10000)));
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	T_CHECK(has_text(ct_refusal(t).reason, "maximum of 1 flows"), "%s",
		ct_refusal(t).reason);
}

static void
an_interface_carries_so_many_flows(void)
{
	with(too_many_flows);
}

static void
budget(struct ct *t)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, DOWN - 1, &info));
	info.conf.budget_bytes = 3000;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_with_resv(t, ct_gs(10000, 12000));
	ct_feed(t, DOWN, other_flow(t, 7, ct_gs(10000, 12000)));
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_DELAY, 0);
	T_CHECK(has_text(ct_refusal(t).reason, "burst budget"), "%s",
		ct_refusal(t).reason);
}

static void
bursts_beyond_the_advertised_delay_are_code_1_1(void)
{
	with(budget);
}

static void
path_shrinks(struct ct *t)
{
	uint64_t before;
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	before = ct_reserved(t, DOWN);
	msg = ct_path(t);
	msg->tspec = ct_cl(60000).tspec;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_CHECK(ct_reserved(t, DOWN) < before, "follows the Path");
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* the request is as it was */
}

static void
flow_follows_the_path(void)
{
	with(path_shrinks);
}

static void
path_grows_too_much(struct ct *t)
{
	uint64_t before;
	struct wire_msg *msg;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	ct_answer(t, 0);
	before = ct_reserved(t, DOWN);
	ct_forget(t);
	msg = ct_path(t);
	msg->tspec = ct_cl(900000).tspec;
	ct_feed(t, UP, msg);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_reserved(t, DOWN), before);
	ct_answer_all(t);
	T_EQ(only_resv(t).state, RSVP_RESV_FAILED);
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH,
		WIRE_ERROR_IN_PLACE);
}

static void
path_that_grows_too_much_keeps_the_old(void)
{
	with(path_grows_too_much);
}

/* ---- kernel
 * ------------------------------------------------------------------------- */

static void
kernel_refuses(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_answer(t, ENOSPC);
	expect_err(t, WIRE_E_TC_SYSTEM, ENOSPC, 0);
	T_CHECK(has_text(ct_refusal(t).reason, "the test's kernel"), "%s",
		ct_refusal(t).reason);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->claims, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
refused_by_the_kernel_is_code_22(void)
{
	with(kernel_refuses);
}

static void
kernel_refuses_change(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(90000)));
	T_CHECK(ct_reserved(t, DOWN) > before, "held");
	ct_answer(t, EINVAL);
	expect_err(t, WIRE_E_TC_SYSTEM, EINVAL, WIRE_ERROR_IN_PLACE);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->claims, 1);
	T_CHECK(only_resv(t).flowspec.tspec.r == 50000, "the old one");
}

static void
refused_change_keeps_the_flow(void)
{
	with(kernel_refuses_change);
}

static void
changes_queue(struct ct *t)
{
	uint32_t id;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	T_EQ(t->flow_count, 1); /* one request in flight */
	id = ct_flow(t)->flow.id;
	ct_answer(t, 0);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.id, id);
	ct_answer(t, 0);
	T_EQ(t->flow_count, 2);
	T_EQ(only_resv(t).state, RSVP_RESV_INSTALLED);
	T_CHECK(only_resv(t).flowspec.tspec.r == 70000, "the last one");
	T_CHECK(ct_sent(t, WIRE_RESV, ct_sent_count(t, WIRE_RESV) - 1)
				->msg.flows[0]
				.flowspec.tspec.r == 70000,
		"is what upstream hears last");
}

static void
a_change_waits_for_the_answer_in_flight(void)
{
	with(changes_queue);
}

static void
comes_back(struct ct *t)
{
	uint32_t id;
	struct wire_msg *msg;

	msg = ct_path(t);
	msg->tspec = ct_cl(600000).tspec;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(600000)));
	ct_answer(t, 0);
	id = ct_flow(t)->flow.id;
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	/* more than half of the link: must not be charged twice */
	ct_feed(t, DOWN, ct_resv(t, ct_cl(600000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(t->flow_count, 1);
	ct_answer(t, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_EQ(ct_flow(t)->flow.id, id);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
reserved_again_while_being_removed(void)
{
	with(comes_back);
}

static void
comes_back_early(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	T_EQ(t->flow_count, 1);
	ct_answer(t, 0); /* has 50 000 */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->flow_count, 2);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
reserved_again_before_it_was_added(void)
{
	with(comes_back_early);
}

static void
late_answers(struct ct *t)
{
	struct rsvp_installed result = { .serial = 12345 };

	ct_with_resv(t, ct_cl(100000));
	rsvp_core_installed(t->core, t->now, &result);
	ct_collect(t);
	T_EQ(t->sent_count + t->flow_count, 0);
}

static void
answers_to_nothing_are_ignored(void)
{
	with(late_answers);
}

/* ---- without traffic control
 * ------------------------------------------------------------- */

static void
set_tc(struct ct *t, uint32_t ifindex, bool on)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, ifindex - 1, &info));
	info.conf.traffic_control = on;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_tick(t);
}

static void
no_tc(struct ct *t)
{
	set_tc(t, DOWN, false);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->asked, 1);
	T_EQ(only_resv(t).state, RSVP_RESV_NO_TC);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
without_traffic_control_it_is_forwarded_at_once(void)
{
	with(no_tc);
}

static void
tc_turned_on(struct ct *t)
{
	set_tc(t, DOWN, false);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_forget(t);
	set_tc(t, DOWN, true);
	T_EQ(t->flow_count, 0);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 0);
	T_EQ(only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_forget(t);
	set_tc(t, DOWN, false);
	T_EQ(only_resv(t).state, RSVP_RESV_NO_TC);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->sent_count + t->flow_count, 0);
}

static void
traffic_control_can_be_turned_on_and_off(void)
{
	with(tc_turned_on);
}

/* ---- waiting for traffic control
 * ----------------------------------------------------------- */

static void
waits(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count + t->sent_count, 0);
	ct_run(t, 1900);
	T_EQ(t->flow_count + t->sent_count, 0);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_run(t, 5000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
}

static void
requests_wait_for_traffic_control(void)
{
	with(waits);
}

static void
waits_too_long(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_run(t, 2001);
	expect_err(t, WIRE_E_TC_SYSTEM, 0, 0);
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
requests_wait_so_long_only(void)
{
	with(waits_too_long);
}

static void
replaced_while_waiting(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	ct_answer(t, 0);
	T_CHECK(only_resv(t).flowspec.tspec.r == 70000, "the newer");
	T_EQ(t->flow_count, 1);
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->flow_count, 0);
	ct_tc_ready(t); /* the kernel has it not */
	T_EQ(t->flow_count, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
waiting_request_is_replaced_by_change_or_tear(void)
{
	with(replaced_while_waiting);
}

static struct rsvp_flow
installed(const struct ct *t)
{
	return ct_flow(t)->flow;
}

static void
tc_restarts(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	flow = installed(t);
	ct_answer(t, 0);
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE); /* told again */
	T_EQ(ct_flow(t)->flow.id, flow.id);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_tc_ready(t); /* this time the kernel lost it */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
	T_EQ(only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
traffic_control_is_told_again_after_its_restart(void)
{
	with(tc_restarts);
}

static void
tc_dies_with_a_request(struct ct *t)
{
	struct rsvp_installed late = { 0 };

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	late.serial = ct_flow(t)->serial;
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_installed(t->core, t->now, &late);
	ct_collect(t);
	T_EQ(t->sent_count, 0);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_CHECK(ct_flow(t)->serial != late.serial, "asked anew");
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
request_in_flight_is_repeated(void)
{
	with(tc_dies_with_a_request);
}

static void
tc_dies_while_removing(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	flow = installed(t);
	ct_answer(t, 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	T_CHECK(ct_reserved(t, DOWN) > 0, "the kernel may have it");
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
removal_in_flight_is_repeated(void)
{
	with(tc_dies_while_removing);
}

static void
tc_cannot(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EBUSY, "a foreign qdisc");
	ct_tick(t);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	expect_err(t, WIRE_E_TC_SYSTEM, 0, 0);
	T_EQ(t->flow_count, 0);
}

static void
interface_that_cannot_be_managed_refuses(void)
{
	with(tc_cannot);
}

/* ---- adoption
 * ------------------------------------------------------------------------------
 */

/* The flow that a core like this one made in its life before. */
static struct rsvp_flow
earlier_flow(float rate)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(rate)));
	flow = installed(t);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_free(t);
	flow.id = 4711;
	return flow;
}

static void
adopt(struct ct *t, const struct rsvp_flow *flow)
{
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, flow);
	ct_tc_ready(t);
	ct_forget(t);
}

static size_t
unclaimed(const struct ct *t)
{
	struct rsvp_totals totals;

	rsvp_core_totals(t->core, &totals);
	return totals.adopted_unclaimed;
}

static void
adopted_same(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	adopt(t, &flow);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
	T_EQ(unclaimed(t), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_ADOPTED), 1);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 0); /* as good as acknowledged */
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(only_resv(t).flow_id, 4711);
	T_EQ(only_resv(t).state, RSVP_RESV_INSTALLED);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
	T_EQ(unclaimed(t), 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_flow(t)->flow.id, 4711);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
adopted_flow_is_claimed_without_a_request(void)
{
	with(adopted_same);
}

static void
adopted_other(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(50000);

	adopt(t, &flow);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.id, 4711);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_reserved(t, DOWN) > flow.rate_Bps, "the new amount");
}

static void
adopted_flow_is_changed_when_it_differs(void)
{
	with(adopted_other);
}

static void
adopted_nobody(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	adopt(t, &flow);
	flow.filters[0].src_port = 1; /* another sender's */
	ct_with_path(t);
	ct_run(t, 157400);
	T_EQ(t->flow_count, 0);
	ct_run(t, 200);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_flow(t)->flow.id, 4711);
	T_EQ(ct_flow(t)->flow.ifindex, DOWN);
	ct_answer(t, 0);
	T_EQ(unclaimed(t), 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_expect_empty(t);
}

static void
flow_nobody_claims_is_removed(void)
{
	with(adopted_nobody);
}

static void
adopted_counts(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	flow.rate_Bps = 990000;
	adopt(t, &flow);
	ct_feed(t, DOWN, other_flow(t, 7, ct_cl(100000)));
	expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
}

static void
adopted_flows_count_before_anything_is_admitted(void)
{
	with(adopted_counts);
}

static void
adopted_other_filters(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	flow.filters[0].src_port = 1;
	adopt(t, &flow);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_CHECK(ct_flow(t)->flow.id != 4711, "a number of its own");
	T_EQ(unclaimed(t), 1);
}

static void
flow_of_another_sender_is_not_claimed(void)
{
	with(adopted_other_filters);
}

static void
adopted_across_restart(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	adopt(t, &flow);
	ct_run(t, 1000);
	adopt(t, &flow); /* tcctl restarts before anybody claimed it */
	T_EQ(t->flow_count, 0);
	T_EQ(unclaimed(t), 1);
	rsvp_core_tc_lost(t->core, t->now);
	ct_tc_ready(t); /* and now the kernel lost it */
	T_EQ(unclaimed(t), 0);
	ct_expect_empty(t);
}

static void
adopted_flow_outlives_another_restart(void)
{
	with(adopted_across_restart);
}

/* ---- interfaces
 * -------------------------------------------------------------------------------
 */

static void
iface_goes(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	t->out = 0;
	rsvp_core_iface_gone(t->core, t->now, DOWN);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->flow_count, 0); /* went with it */
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(rsvp_core_next(t->core).us, MONO_NEVER.us);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
reservations_go_with_their_interface(void)
{
	with(iface_goes);
}

static void
iface_down(struct ct *t)
{
	struct rsvp_iface_info info;

	ct_with_resv(t, ct_cl(100000));
	assert_true(rsvp_core_iface_after(t->core, DOWN - 1, &info));
	info.conf.up = false;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_forget(t);
	info.conf.up = true;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1); /* the path is told again */
}

static void
interface_down_and_up(void)
{
	with(iface_down);
}

/* ---- memory
 * --------------------------------------------------------------------------------------
 */

static void
live_a_little(struct ct *t)
{
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(60000, 70000)));
	ct_answer_all(t);
	ct_run(t, 100000);
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	t->fail_at = 0;
	ct_run(t, 400000);
	ct_answer_all(t);
	ct_run(t, 400000);
}

static void
no_memory_leaves_nothing(void)
{
	struct ct *t = ct_new(ADDR_V4);
	long from = t->allocations, to;

	live_a_little(t);
	ct_expect_empty(t);
	to = t->allocations;
	ct_free(t);
	T_CHECK(to - from > 20, "only %ld allocations", to - from);
	for (long n = from + 1; n <= to; n++) {
		t = ct_new(ADDR_V4);
		t->fail_at = n;
		live_a_little(t);
		ct_expect_empty(t);
		ct_free(t);
	}
}

static struct t_case cases[] = {
	{ "refused by policy is code 2 with its value and reason",
		refused_by_policy_is_code_2 },
	{ "a refused change leaves the old reservation in place",
		refused_change_leaves_the_old_in_place },
	{ "a change of policy judges what runs",
		change_of_policy_judges_what_runs },
	{ "the smaller of Path and Resv is what is reserved",
		admission_uses_the_smaller_of_path_and_resv },
	{ "refused for capacity is code 1 value 2 with figures",
		refused_for_capacity_with_figures },
	{ "a failed increase keeps claim and bandwidth of the old",
		failed_increase_keeps_claim_and_bandwidth },
	{ "a link is sold once while the kernel thinks",
		the_link_is_sold_once_while_the_kernel_thinks },
	{ "an interface carries so many flows",
		an_interface_carries_so_many_flows },
	{ "bursts beyond the advertised delay are code 1 value 1",
		bursts_beyond_the_advertised_delay_are_code_1_1 },
	{ "the flow follows a Path that shrinks", flow_follows_the_path },
	{ "a Path that grows too much keeps the old flow",
		path_that_grows_too_much_keeps_the_old },
	{ "refused by the kernel is code 22 with errno and text",
		refused_by_the_kernel_is_code_22 },
	{ "a change the kernel refuses keeps the flow as it was",
		refused_change_keeps_the_flow },
	{ "a change waits for the answer in flight",
		a_change_waits_for_the_answer_in_flight },
	{ "a flow wanted again while it is removed is not charged twice",
		reserved_again_while_being_removed },
	{ "a flow wanted again before it was added is changed",
		reserved_again_before_it_was_added },
	{ "answers to nothing are ignored", answers_to_nothing_are_ignored },
	{ "without traffic control it is forwarded at once",
		without_traffic_control_it_is_forwarded_at_once },
	{ "traffic control can be turned on and off",
		traffic_control_can_be_turned_on_and_off },
	{ "requests wait for traffic control",
		requests_wait_for_traffic_control },
	{ "requests wait two seconds at most, then code 22",
		requests_wait_so_long_only },
	{ "a waiting request is replaced by a change or a tear",
		waiting_request_is_replaced_by_change_or_tear },
	{ "traffic control is told again after its restart",
		traffic_control_is_told_again_after_its_restart },
	{ "a request in flight when it died is repeated",
		request_in_flight_is_repeated },
	{ "a removal in flight when it died is repeated",
		removal_in_flight_is_repeated },
	{ "an interface that cannot be managed refuses with code 22",
		interface_that_cannot_be_managed_refuses },
	{ "an adopted flow is claimed without a request",
		adopted_flow_is_claimed_without_a_request },
	{ "an adopted flow is changed when it differs",
		adopted_flow_is_changed_when_it_differs },
	{ "a flow nobody claims is removed after the lifetime",
		flow_nobody_claims_is_removed },
	{ "adopted flows count before anything is admitted",
		adopted_flows_count_before_anything_is_admitted },
	{ "a flow of another sender is not claimed",
		flow_of_another_sender_is_not_claimed },
	{ "an adopted flow outlives another restart",
		adopted_flow_outlives_another_restart },
	{ "reservations go with their interface",
		reservations_go_with_their_interface },
	{ "an interface that goes down loses its flows, and gets Path again",
		interface_down_and_up },
	{ "whichever allocation fails, nothing is left behind",
		no_memory_leaves_nothing },
};
T_MAIN(cases)
