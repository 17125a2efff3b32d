/* SPDX-License-Identifier: ISC */

/* Traffic control that is not there, comes, dies and comes back; interfaces
 * that go. */

#include "core_t.h"

#include <errno.h>

/* ---- without traffic control --------------------------------------------- */

static void
no_tc(struct ct *t)
{
	ct_iface_tc(t, DOWN, false);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->asked, 1);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_NO_TC);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
without_traffic_control_it_is_forwarded_at_once(void)
{
	ct_once(no_tc);
}

static void
tc_turned_on(struct ct *t)
{
	ct_iface_tc(t, DOWN, false);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_forget(t);
	ct_iface_tc(t, DOWN, true);
	T_EQ(t->flow_count, 0);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_forget(t);
	ct_iface_tc(t, DOWN, false);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_NO_TC);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->sent_count + t->flow_count, 0);
}

static void
traffic_control_can_be_turned_on_and_off(void)
{
	ct_once(tc_turned_on);
}

/* ---- waiting for traffic control ----------------------------------------- */

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
	ct_once(waits);
}

static void
waits_too_long(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_run(t, 2001);
	ct_expect_err(t, WIRE_E_TC_SYSTEM, 0, 0);
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
requests_wait_so_long_only(void)
{
	ct_once(waits_too_long);
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
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 70000, "the newer");
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
	ct_once(replaced_while_waiting);
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
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
traffic_control_is_told_again_after_its_restart(void)
{
	ct_once(tc_restarts);
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
tc_dies_then_tear(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	rsvp_core_tc_lost(t->core, t->now);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	ct_run(t, 5000);
	T_EQ(t->sent_count, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
request_in_flight_can_be_torn(void)
{
	ct_once(tc_dies_then_tear);
}

static void
request_in_flight_is_repeated(void)
{
	ct_once(tc_dies_with_a_request);
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

/* Meanwhile its path went elsewhere: the kernel is told when it can be. */
static void
path_leaves_while_tc_is_away(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	flow = installed(t);
	ct_answer(t, 0);
	rsvp_core_tc_lost(t->core, t->now);
	ct_reroute(t, 0);
	ct_run(t, 3000);
	ct_forget(t);
	rsvp_core_adopt(t->core, t->now, &flow);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_collect(t); /* at once */
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	/* And again, and back before it can be told. */
	ct_reroute(t, DOWN);
	ct_run(t, 3000);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	flow = installed(t);
	ct_answer(t, 0);
	rsvp_core_tc_lost(t->core, t->now);
	for (uint32_t out = 0; out <= DOWN; out += DOWN) {
		ct_reroute(t, out);
		ct_run(t, 3000);
	}
	ct_forget(t);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE); /* repeated: it is wanted */
	ct_answer_all(t);
	T_CHECK(ct_reserved(t, DOWN) > 0, "kept");
}

static void
a_path_that_left_meanwhile_has_its_flow_removed(void)
{
	ct_both(path_leaves_while_tc_is_away);
}

static void
removal_in_flight_is_repeated(void)
{
	ct_once(tc_dies_while_removing);
}

static void
tc_cannot(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EBUSY, "a foreign qdisc");
	ct_tick(t);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_expect_err(t, WIRE_E_TC_SYSTEM, 0, 0);
	T_EQ(t->flow_count, 0);
}

static void
interface_that_cannot_be_managed_refuses(void)
{
	ct_once(tc_cannot);
}

/* ---- adoption ------------------------------------------------------------ */

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
	T_EQ(ct_only_resv(t).flow_id, 4711);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
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
	ct_once(adopted_same);
}

static void
adopted_early(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	adopt(t, &flow);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	/* Once it is claimed and gone again, code 3 is the answer. */
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_feed(t, UP, ct_path_tear(t));
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	ct_answer_all(t);
}

static void
resv_before_path_after_a_restart_is_no_error(void)
{
	ct_once(adopted_early);
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
	ct_once(adopted_other);
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
	ct_once(adopted_nobody);
}

static void
adopted_counts(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(100000);

	flow.rate_Bps = 990000;
	adopt(t, &flow);
	ct_feed(t, DOWN, ct_other_flow(t, 7, ct_cl(100000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
}

static void
adopted_flows_count_before_anything_is_admitted(void)
{
	ct_once(adopted_counts);
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
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
}

/* The number that the next flow would have is taken already. */
static void
adopted_next_number(struct ct *t)
{
	struct rsvp_flow flow = earlier_flow(10000);
	uint32_t next;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(10000)));
	next = ct_flow(t)->flow.id + 1;
	ct_answer(t, 0);
	flow.id = next;
	flow.filters[0].src_port = 1;
	adopt(t, &flow);
	T_EQ(unclaimed(t), 1);
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_other_flow(t, 7, ct_cl(10000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_EQ(ct_flow(t)->flow.id, next + 1);
}

static void
flow_of_another_sender_is_not_claimed(void)
{
	ct_once(adopted_other_filters);
	ct_once(adopted_next_number);
}

static struct wire_msg *
shared_tear(struct ct *t)
{
	struct wire_msg *msg = ct_style(ct_resv_tear(t), WIRE_STYLE_SE);

	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[0].filter.src_port = 1;
	msg->flows[1].filter.src_port = 2;
	return msg;
}

/* Two senders of one shared reservation, in either order. */
static void
adopted_shared(struct ct *t)
{
	struct rsvp_flow flow;
	struct wire_msg *msg;

	for (uint16_t port = 1; port <= 2; port++) {
		msg = ct_path(t);
		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
	}
	msg = ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[0].filter.src_port = 2;
	msg->flows[1].filter.src_port = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
	T_EQ(ct_flow(t)->flow.filters[0].src_port, 1);
	T_EQ(ct_flow(t)->flow.filters[1].src_port, 2);
	flow = ct_flow(t)->flow;
	flow.filters[0].src_port = 2;
	flow.filters[1].src_port = 1;
	flow.id = 4711;
	ct_answer(t, 0);
	ct_feed(t, DOWN, shared_tear(t));
	ct_answer(t, 0);
	adopt(t, &flow);
	msg = ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[0].filter.src_port = 1;
	msg->flows[1].filter.src_port = 2;
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_only_resv(t).flow_id, 4711);
}

static void
order_of_adopted_filters_does_not_matter(void)
{
	ct_once(adopted_shared);
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
	ct_once(adopted_across_restart);
}

/* ---- interfaces ---------------------------------------------------------- */

static void
iface_goes(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	t->out = 0;
	ct_iface_gone(t, DOWN);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->flow_count, 0); /* went with it */
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(rsvp_core_next(t->core).us, MONO_NEVER.us);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
iface_returns(struct ct *t)
{
	struct rsvp_iface_info info, again;

	assert_true(rsvp_core_iface_after(t->core, SIDE - 1, &info));
	rsvp_core_iface(t->core, t->now, &info.conf);
	T_EQ(rsvp_core_next(t->core).us, MONO_NEVER.us); /* nothing new */
	rsvp_core_iface_gone(t->core, t->now, SIDE);
	ct_iface_gone(t, SIDE);
	T_CHECK(!rsvp_core_iface_after(t->core, SIDE - 1, &again), "gone");
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_tick(t);
	assert_true(rsvp_core_iface_after(t->core, SIDE - 1, &again));
	T_STR(again.conf.name, "eth3");
	T_CHECK(!again.tc_ready, "traffic control starts anew");
	rsvp_core_tc_ready(t->core, t->now, SIDE, EBUSY, "foreign qdisc");
	assert_true(rsvp_core_iface_after(t->core, SIDE - 1, &again));
	T_STR(again.tc_problem, "foreign qdisc");
	rsvp_core_tc_ready(t->core, t->now, SIDE, 0, "fine");
	assert_true(rsvp_core_iface_after(t->core, SIDE - 1, &again));
	T_CHECK(again.tc_ready, "at last");
	T_STR(again.tc_problem, "");
	rsvp_core_tc_ready(t->core, t->now, 99, 0, NULL);
	ct_tick(t);
}

static void
an_interface_can_come_back(void)
{
	ct_once(iface_returns);
}

static void
gone_with_state_and_back(struct ct *t)
{
	const struct rsvp_iface conf = ct_iface(t, DOWN);

	ct_with_resv(t, ct_cl(100000));
	rsvp_core_iface_gone(t->core, t->now, DOWN);
	rsvp_core_iface(t->core, t->now, &conf); /* at once */
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
reservations_outlive_a_short_absence(void)
{
	ct_once(gone_with_state_and_back);
}

static void
reservations_go_with_their_interface(void)
{
	ct_once(iface_goes);
}

static void
iface_down(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	ct_iface_up(t, DOWN, false);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0); /* it may come back */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_forget(t);
	ct_iface_up(t, DOWN, true);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1); /* the path is told again */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_EQ(t->sent_count, 1);
}

static void
interface_down_and_up(void)
{
	ct_once(iface_down);
}

static struct t_case cases[] = {
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
	{ "a request in flight when it died can be torn",
		request_in_flight_can_be_torn },
	{ "a path that left meanwhile has its flow removed",
		a_path_that_left_meanwhile_has_its_flow_removed },
	{ "a removal in flight when it died is repeated",
		removal_in_flight_is_repeated },
	{ "an interface that cannot be managed refuses with code 22",
		interface_that_cannot_be_managed_refuses },
	{ "a Resv before its Path is no error after a restart",
		resv_before_path_after_a_restart_is_no_error },
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
	{ "the order of adopted filters does not matter",
		order_of_adopted_filters_does_not_matter },
	{ "an adopted flow outlives another restart",
		adopted_flow_outlives_another_restart },
	{ "reservations go with their interface",
		reservations_go_with_their_interface },
	{ "an interface can come back", an_interface_can_come_back },
	{ "reservations outlive a short absence of their interface",
		reservations_outlive_a_short_absence },
	{ "an interface that goes down loses its flows, and gets Path again",
		interface_down_and_up },
};
T_MAIN(cases)
