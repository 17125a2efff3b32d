/* SPDX-License-Identifier: ISC */

/* Requests that meet something else while the kernel thinks: a change of
 * policy, the death of traffic control, an interface that goes, a tear. */

#include "core_t.h"

#include <errno.h>

/* The same request from the second neighbour on DOWN. */
static struct wire_msg *
from_hop_c(const struct ct *t, struct wire_msg *msg)
{
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	return msg;
}

/* ---- policy -------------------------------------------------------------- */

static void
denied_in_flight(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	ct_expect_err(t, WIRE_E_POLICY, WIRE_POLICY_REJECT, 0);
	T_EQ(t->claims, 0);
	ct_answer(t, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_request_in_flight_is_judged_by_the_new_policy(void)
{
	ct_both(denied_in_flight);
}

static void
increase_judged_in_flight(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_CHECK(t->question.flowspec.tspec.r == 70000,
		"the claim counts for what is being installed");
	T_EQ(t->claims, 1);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->claims, 1);
}

static void
the_claim_stays_that_of_the_request_in_flight(void)
{
	ct_once(increase_judged_in_flight);
}

static void
increase_denied_in_flight(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	t->deny_value = WIRE_POLICY_EXCEED;
	ct_tick(t);
	/* the increase, and then what was in force */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.flags,
		WIRE_ERROR_IN_PLACE);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_CHECK(ct_reserved(t, DOWN) > before, "the kernel may have it");
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_denied_increase_goes_with_what_it_would_have_replaced(void)
{
	ct_once(increase_denied_in_flight);
}

/* ---- tears and refusals -------------------------------------------------- */

static void
refused_after_tear(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, from_hop_c(t, ct_resv(t, ct_cl(70000))));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_feed(t, DOWN, from_hop_c(t, ct_resv_tear(t)));
	ct_answer(t, ENOBUFS);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(40000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
a_refused_increase_of_one_who_left_is_nobodys_error(void)
{
	ct_once(refused_after_tear);
}

static void
second_waits(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	ct_feed(t, DOWN, from_hop_c(t, ct_resv(t, ct_cl(50000))));
	T_EQ(t->flow_count, 1);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer(t, ENOBUFS); /* of the first, who left */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			50000,
		"the second");
}

static void
second_waits_wild(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(70000)), WIRE_STYLE_WF));
	ct_feed(t, DOWN,
		from_hop_c(
			t, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF)));
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_WF));
	ct_answer(t, 0); /* of the first, who left */
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			50000,
		"the second");
}

static void
one_who_waits_is_not_refused_with_one_who_left(void)
{
	ct_once(second_waits);
	ct_both(second_waits_wild);
}

/* What the kernel may have is charged until it says that it has not. */
static void
claimed_smaller(struct ct *t)
{
	struct wire_msg *msg;
	uint64_t large;

	ct_big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(600000)));
	large = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_reserved(t, DOWN), large);
	msg = ct_path(t);
	msg->session.dst_port = 5006;
	msg->tspec = ct_cl(900000).tspec;
	ct_feed(t, UP, msg);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(500000));
	msg->session.dst_port = 5006;
	ct_feed(t, DOWN, msg);
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
}

static void
a_claimed_flow_costs_what_the_kernel_may_have(void)
{
	ct_once(claimed_smaller);
}

static void
claimed_is_charged_until_changed(struct ct *t)
{
	uint64_t large;

	ct_big_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(600000)));
	large = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer(t, 0); /* the large one was added */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_reserved(t, DOWN), large);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer(t, 0);
	T_EQ(ct_reserved(t, DOWN), ct_flow(t)->flow.rate_Bps);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
a_claimed_flow_is_charged_until_it_is_changed(void)
{
	ct_once(claimed_is_charged_until_changed);
}

/* What the kernel does after a tear is charged as it does it. */
static void
torn_in_flight(struct ct *t)
{
	uint64_t smaller;

	ct_with_resv(t, ct_cl(70000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	smaller = ct_flow(t)->flow.rate_Bps;
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_CHECK(ct_reserved(t, DOWN) > smaller, "it may have more");
	ct_answer(t, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_reserved(t, DOWN), smaller);
	ct_answer(t, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
increase_torn_in_flight(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer(t, ENOBUFS);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_reserved(t, DOWN), before);
}

static void
a_change_torn_in_flight_is_charged_as_the_kernel_has_it(void)
{
	ct_once(torn_in_flight);
	ct_once(increase_torn_in_flight);
}

static void
removal_refused(struct ct *t)
{
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer(t, EBUSY);
	T_EQ(ct_reserved(t, DOWN), before); /* it is there still */
	T_EQ(t->flow_count, 1);
	ct_run(t, 1001);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, ENOENT); /* somebody else was faster */
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_flow_that_cannot_be_removed_is_charged_and_tried_again(void)
{
	ct_once(removal_refused);
}

static void
removal_refused_wanted_again(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	ct_answer(t, EBUSY);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE); /* it was never gone */
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_run(t, 1001);
	T_EQ(t->flow_count, 2);
}

static void
a_flow_that_was_not_removed_is_changed_when_wanted_again(void)
{
	ct_once(removal_refused_wanted_again);
}

/* Nobody can use it, but it was not removed: it waits for the next change. */
static void
removal_refused_in_session(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, EBUSY);
	T_EQ(t->flow_count, 1);
	T_CHECK(ct_reserved(t, DOWN) > 0, "it is there still");
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_refused_removal_is_not_repeated_at_once(void)
{
	ct_once(removal_refused_in_session);
}

/* It is not known what an interface in trouble still carries. */
static void
removal_refused_then_trouble(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer(t, EBUSY);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EIO, "trouble");
	ct_tick(t);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, ENOENT);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_refused_removal_is_repeated_when_the_interface_recovers(void)
{
	ct_once(removal_refused_then_trouble);
}

/* ---- traffic control dies ------------------------------------------------ */

static void
tc_dies(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	rsvp_core_tc_lost(t->core, t->now);
	ct_run(t, 1999);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_run(t, 1);
	ct_expect_err(t, WIRE_E_TC_SYSTEM, 0, 0);
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
a_request_in_flight_waits_two_seconds_when_it_dies(void)
{
	ct_once(tc_dies);
}

static void
tc_dies_increase(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	rsvp_core_tc_lost(t->core, t->now);
	ct_run(t, 2000);
	ct_expect_err(t, WIRE_E_TC_SYSTEM, 0, WIRE_ERROR_IN_PLACE);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 50000, "the old one");
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(t->claims, 1);
}

static void
an_increase_in_flight_when_it_dies_leaves_the_old_one(void)
{
	ct_once(tc_dies_increase);
}

static struct rsvp_flow
flow_4711(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	flow = ct_flow(t)->flow;
	ct_answer(t, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
	flow.id = 4711;
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_forget(t);
	return flow;
}

static void
adopted_removal(struct ct *t)
{
	struct rsvp_flow flow = flow_4711(t);

	ct_run(t, t->conf.default_lifetime_ms);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_totals(t).adopted_unclaimed, 0);
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow); /* it did not come to it */
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	ct_expect_empty(t);
}

static void
a_removal_after_the_lifetime_is_repeated(void)
{
	ct_once(adopted_removal);
}

static void
adopted_while_away(struct ct *t)
{
	struct rsvp_flow flow = flow_4711(t);

	ct_run(t, t->conf.default_lifetime_ms - 10);
	rsvp_core_tc_lost(t->core, t->now);
	ct_run(t, 1000);
	T_EQ(t->flow_count, 0); /* there is nobody to ask */
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(ct_totals(t).adopted_unclaimed, 1);
	ct_run(t, t->conf.default_lifetime_ms);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	ct_expect_empty(t);
}

static void
a_lifetime_that_ends_without_traffic_control_asks_nobody(void)
{
	ct_once(adopted_while_away);
}

/* The number that our next flow would have is one of an earlier life. */
static void
same_number(struct ct *t)
{
	struct ct *other = ct_new(t->family); /* from the same seed */
	struct rsvp_flow flow;

	ct_with_path(other);
	ct_feed(other, DOWN, ct_resv(other, ct_cl(50000)));
	flow = ct_flow(other)->flow;
	ct_free(other);
	flow.dst_port = 9999;
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_CHECK(ct_flow(t)->flow.id != flow.id, "a number of its own");
}

static void
a_number_in_use_is_not_given_out_again(void)
{
	ct_once(same_number);
}

static void
flow_lost(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	rsvp_core_tc_lost(t->core, t->now);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_WAITING);
	ct_answer(t, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
a_flow_the_kernel_lost_waits_until_it_is_there_again(void)
{
	ct_once(flow_lost);
}

/* ---- interfaces ---------------------------------------------------------- */

static void
iface_goes_while_removing(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_iface_gone(t, DOWN);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_totals(t).flows, 0);
	T_EQ(rsvp_core_next(t->core).us, MONO_NEVER.us);
	ct_answer_all(t); /* too late */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
} /* ct_free() finds what was forgotten */

static void
a_flow_being_removed_goes_with_its_interface(void)
{
	ct_once(iface_goes_while_removing);
}

static void
iface_goes_with_adopted(struct ct *t)
{
	(void)flow_4711(t);
	ct_iface_gone(t, DOWN);
	T_EQ(ct_totals(t).adopted_unclaimed, 0);
	T_EQ(ct_totals(t).flows, 0);
}

static void
an_adopted_flow_goes_with_its_interface(void)
{
	ct_once(iface_goes_with_adopted);
}

static void
iface_goes_while_adding(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_iface_gone(t, DOWN);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_totals(t).flows, 0);
}

static void
a_request_goes_with_its_interface(void)
{
	ct_once(iface_goes_while_adding);
}

/* ---- routes -------------------------------------------------------------- */

/* A route that flaps does not put the repair off for ever (RFC 2205 3.6). */
static void
flapping_route(struct ct *t)
{
	ct_with_path(t);
	ct_reroute(t, SIDE);
	ct_run(t, 1500);
	T_EQ(t->sent_count, 0);
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 500);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, SIDE);
}

static void
a_repair_is_not_put_off_by_the_next_change(void)
{
	ct_once(flapping_route);
}

static void
two_routes(struct ct *t)
{
	const struct addr_prefix first = ct_host_route(ct_addr(t, 9, 9));
	const struct addr_prefix second = ct_host_route(ct_addr(t, 9, 10));
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->session.dst = ct_addr(t, 9, 10);
	ct_feed(t, UP, msg);
	ct_forget(t);
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, &second);
	rsvp_core_routes_changed(t->core, t->now, &first);
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	ct_forget(t);
	t->out = DOWN;
	rsvp_core_routes_changed(t->core, t->now, &second);
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_PATH, 0)->send.dst, second.addr),
		"of the one that changed");
}

static void
routes_that_change_together_are_repaired_together(void)
{
	ct_both(two_routes);
}

/* A reload says that the link has more overhead. */
static void
more_overhead(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	conf.overhead_bytes += 4;
	ct_put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_CHECK(ct_reserved(t, DOWN) > before, "it costs more");
	T_EQ(t->sent_count, 0);
}

static void
flows_follow_what_the_link_adds_to_packets(void)
{
	ct_once(more_overhead);
}

/* ---- an application's end ------------------------------------------------ */

/* One of two that send to each other on this host. */
static void
open_sender(struct ct *t, uint64_t id)
{
	static const struct rsvp_who nobody;
	struct wire_session session = ct_session(t);
	struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1),
			.src_port = (uint16_t)(4000 + id) },
		.tspec = ct_tspec()
	};

	rsvp_local_open(t->core, t->now, id, &session, &nobody);
	rsvp_local_send(t->core, t->now, id, &sender);
	ct_collect(t);
}

static void
closed_while_it_sends(struct ct *t)
{
	t->dst_local = true;
	open_sender(t, 1);
	open_sender(t, 2);
	T_CHECK(t->event_count >= 2, "each hears of the other");
	ct_forget(t);
	rsvp_local_close(t->core, t->now, 1);
	ct_collect(t);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.id, 2);
	rsvp_local_close(t->core, t->now, 2);
	ct_expect_empty(t);
}

static void
an_application_hears_nothing_after_its_end(void)
{
	ct_once(closed_while_it_sends);
}

static struct t_case cases[] = {
	{ "a request in flight is judged by the new policy",
		a_request_in_flight_is_judged_by_the_new_policy },
	{ "the claim stays that of the request in flight",
		the_claim_stays_that_of_the_request_in_flight },
	{ "a denied increase goes with what it would have replaced",
		a_denied_increase_goes_with_what_it_would_have_replaced },
	{ "a refused increase of one who left is nobody's error",
		a_refused_increase_of_one_who_left_is_nobodys_error },
	{ "one who waits is not refused with one who left",
		one_who_waits_is_not_refused_with_one_who_left },
	{ "a claimed flow costs what the kernel may have",
		a_claimed_flow_costs_what_the_kernel_may_have },
	{ "a claimed flow is charged until it is changed",
		a_claimed_flow_is_charged_until_it_is_changed },
	{ "a change torn in flight is charged as the kernel has it",
		a_change_torn_in_flight_is_charged_as_the_kernel_has_it },
	{ "a flow that cannot be removed is charged, and tried again",
		a_flow_that_cannot_be_removed_is_charged_and_tried_again },
	{ "a flow that was not removed is changed when wanted again",
		a_flow_that_was_not_removed_is_changed_when_wanted_again },
	{ "a refused removal is not repeated at once",
		a_refused_removal_is_not_repeated_at_once },
	{ "a refused removal is repeated when the interface recovers",
		a_refused_removal_is_repeated_when_the_interface_recovers },
	{ "a request in flight waits two seconds when traffic control dies",
		a_request_in_flight_waits_two_seconds_when_it_dies },
	{ "an increase in flight when it dies leaves the old one",
		an_increase_in_flight_when_it_dies_leaves_the_old_one },
	{ "a removal after the lifetime is repeated",
		a_removal_after_the_lifetime_is_repeated },
	{ "a lifetime that ends without traffic control asks nobody",
		a_lifetime_that_ends_without_traffic_control_asks_nobody },
	{ "a number in use is not given out again",
		a_number_in_use_is_not_given_out_again },
	{ "a flow the kernel lost waits until it is there again",
		a_flow_the_kernel_lost_waits_until_it_is_there_again },
	{ "a flow being removed goes with its interface",
		a_flow_being_removed_goes_with_its_interface },
	{ "an adopted flow goes with its interface",
		an_adopted_flow_goes_with_its_interface },
	{ "a request goes with its interface",
		a_request_goes_with_its_interface },
	{ "a repair is not put off by the next change",
		a_repair_is_not_put_off_by_the_next_change },
	{ "routes that change together are repaired together",
		routes_that_change_together_are_repaired_together },
	{ "flows follow what the link adds to packets",
		flows_follow_what_the_link_adds_to_packets },
	{ "an application hears nothing after its end",
		an_application_hears_nothing_after_its_end },
};
T_MAIN(cases)
