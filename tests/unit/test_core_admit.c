/* SPDX-License-Identifier: ISC */

/* Decisions: policy, ledger, kernel; their failures; traffic control that dies
 * and comes back. */

#include "core_t.h"

#include <errno.h>

static bool
has_text(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* ---- policy -------------------------------------------------------------- */

static void
policy_refuses(struct ct *t)
{
	ct_with_path(t);
	t->deny = true;
	t->deny_value = WIRE_POLICY_EXCEED;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_expect_err(t, WIRE_E_POLICY, WIRE_POLICY_EXCEED, 0);
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
	ct_once(policy_refuses);
}

static void
policy_refuses_change(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(100000));
	before = ct_reserved(t, DOWN);
	t->deny = true;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(200000)));
	ct_expect_err(
		t, WIRE_E_POLICY, WIRE_POLICY_REJECT, WIRE_ERROR_IN_PLACE);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->claims, 1);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 100000, "the old one");
}

static void
refused_change_leaves_the_old_in_place(void)
{
	ct_once(policy_refuses_change);
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
	ct_expect_err(t, WIRE_E_POLICY, WIRE_POLICY_REJECT, 0);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
change_of_policy_judges_what_runs(void)
{
	ct_once(judge_again);
}

/* ---- ledger -------------------------------------------------------------- */

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
	ct_once(over_capacity);
}

static void
no_room(struct ct *t)
{
	struct rsvp_refusal r;

	ct_big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	r = ct_refusal(t);
	T_STR(r.reason, "bandwidth on eth2: needs 9.936 Mbit/s, 8 Mbit/s of "
			"8 Mbit/s free");
	T_CHECK(t->note.remote && t->note.warning, "a note");
	T_CHECK(has_text(t->note.text, "10.0.9.9/17/5004: reservation "
				       "refused: code 1 value 2, bandwidth"),
		"%s", t->note.text);
	T_EQ(t->flow_count, 0);
	T_EQ(t->claims, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
refused_for_capacity_with_figures(void)
{
	ct_once(no_room);
}

static void
no_room_to_grow(struct ct *t)
{
	uint64_t before;

	ct_big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(300000)));
	ct_answer(t, 0);
	ct_forget(t);
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH,
		WIRE_ERROR_IN_PLACE);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->flow_count, 0);
	T_EQ(t->claims, 1);
	/* the claim speaks of the old request again */
	T_CHECK(t->question.flowspec.tspec.r == 300000, "restored");
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(300000))); /* content with it */
	T_EQ(t->sent_count + t->flow_count, 0);
}

static void
failed_increase_keeps_claim_and_bandwidth(void)
{
	ct_once(no_room_to_grow);
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
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
}

static void
the_link_is_sold_once_while_the_kernel_thinks(void)
{
	ct_once(sold_once);
}

static void
too_many_flows(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.max_flows = 1;
	ct_put_iface(t, &conf);
	ct_with_resv(t, ct_cl(10000));
	ct_feed(t, DOWN, ct_other_flow(t, 7, ct_cl(10000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	T_CHECK(has_text(ct_refusal(t).reason, "maximum of 1 flows"), "%s",
		ct_refusal(t).reason);
}

static void
an_interface_carries_so_many_flows(void)
{
	ct_once(too_many_flows);
}

static void
budget(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.budget_bytes = 3000;
	ct_put_iface(t, &conf);
	ct_with_resv(t, ct_gs(10000, 12000));
	ct_feed(t, DOWN, ct_other_flow(t, 7, ct_gs(10000, 12000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_DELAY, 0);
	T_CHECK(has_text(ct_refusal(t).reason, "burst budget"), "%s",
		ct_refusal(t).reason);
}

static void
bursts_beyond_the_advertised_delay_are_code_1_1(void)
{
	ct_once(budget);
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
	ct_once(path_shrinks);
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
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH,
		WIRE_ERROR_IN_PLACE);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1); /* said once */
	ct_feed(t, DOWN, ct_resv(t, ct_cl(200000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE); /* this one fits */
}

/* Traffic control comes back, with the flow or without it. */
static void
back_with_too_little(struct ct *t, bool found)
{
	struct wire_msg *msg;
	struct rsvp_flow flow;

	ct_with_resv(t, ct_cl(900000));
	flow = t->flows[0].flow;
	msg = ct_path(t);
	msg->tspec = ct_cl(900000).tspec;
	ct_feed(t, UP, msg); /* more than there is */
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	if (found)
		rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, found ? RSVP_FLOW_CHANGE : RSVP_FLOW_ADD);
	T_EQ(ct_flow(t)->flow.rate_Bps, flow.rate_Bps);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps);
}

static void
found_with_too_little(struct ct *t)
{
	back_with_too_little(t, true);
}

static void
lost_with_too_little(struct ct *t)
{
	back_with_too_little(t, false);
}

static void
what_was_not_admitted_is_not_asked_for_after_a_restart(void)
{
	ct_once(found_with_too_little);
	ct_once(lost_with_too_little);
}

static void
path_that_grows_too_much_keeps_the_old(void)
{
	ct_once(path_grows_too_much);
}

static void
buffers(struct ct *t)
{
	struct wire_msg *msg;
	uint64_t before;

	msg = ct_path(t);
	msg->has &= ~(uint32_t)WIRE_HAS_ADSPEC; /* works without, too */
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 120000)));
	before = ct_flow(t)->flow.buffer_bytes;
	ct_answer(t, 0);
	msg = ct_path(t);
	wire_adspec_find(&msg->adspec, WIRE_SERVICE_GS)->gs_terms = true;
	wire_adspec_find(&msg->adspec, WIRE_SERVICE_GS)->Csum = 3000;
	wire_adspec_find(&msg->adspec, WIRE_SERVICE_GS)->Ctot = 3000;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_CHECK(ct_flow(t)->flow.buffer_bytes > before + 1000, "%llu",
		(unsigned long long)ct_flow(t)->flow.buffer_bytes);
	ct_answer(t, 0);
	before = ct_flow(t)->flow.buffer_bytes;
	ct_forget(t);
	wire_adspec_find(&msg->adspec, WIRE_SERVICE_GS)->Dsum = 50000;
	wire_adspec_find(&msg->adspec, WIRE_SERVICE_GS)->Dtot = 50000;
	ct_feed(t, UP, msg);
	T_EQ(t->flow_count, 1);
	T_CHECK(ct_flow(t)->flow.buffer_bytes > before + 1000, "%llu",
		(unsigned long long)ct_flow(t)->flow.buffer_bytes);
	ct_answer(t, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer(t, 0);
	ct_expect_empty(t);
}

static void
buffer_grows_with_what_the_path_gathered(void)
{
	ct_once(buffers);
}

/* ---- kernel -------------------------------------------------------------- */

static void
kernel_refuses(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_answer(t, ENOSPC);
	ct_expect_err(t, WIRE_E_TC_SYSTEM, ENOSPC, 0);
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
	ct_once(kernel_refuses);
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
	ct_expect_err(t, WIRE_E_TC_SYSTEM, EINVAL, WIRE_ERROR_IN_PLACE);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->claims, 1);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 50000, "the old one");
}

static void
refused_change_keeps_the_flow(void)
{
	ct_once(kernel_refuses_change);
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
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 70000, "the last one");
	T_CHECK(ct_sent(t, WIRE_RESV, ct_sent_count(t, WIRE_RESV) - 1)
				->msg.flows[0]
				.flowspec.tspec.r == 70000,
		"is what upstream hears last");
}

static void
a_change_waits_for_the_answer_in_flight(void)
{
	ct_once(changes_queue);
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
	ct_once(comes_back);
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
	ct_once(comes_back_early);
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
	ct_once(late_answers);
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
	{ "the buffer grows with what the path has gathered",
		buffer_grows_with_what_the_path_gathered },
	{ "a Path that grows too much keeps the old flow",
		path_that_grows_too_much_keeps_the_old },
	{ "what was not admitted is not asked for after a restart",
		what_was_not_admitted_is_not_asked_for_after_a_restart },
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
};
T_MAIN(cases)
