/* SPDX-License-Identifier: ISC */

/* Routes that change (RFC 2205 3.6; RFC 2209, ROUTE CHANGE): who is told, when,
 * and what becomes of the reservation on the way. */

#include "core_t.h"

#include <errno.h>

/* ---- W ------------------------------------------------------------------- */

static void
each_its_wait(struct ct *t)
{
	ct_with_path(t);
	ct_iface_wait(t, SIDE, 5000);
	ct_reroute(t, SIDE);
	ct_run(t, 4999);
	T_EQ(t->sent_count, 0);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
	ct_forget(t);
	ct_reroute(t, DOWN);
	ct_run(t, 1999);
	T_EQ(t->sent_count, 0);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	ct_forget(t);
	ct_iface_wait(t, SIDE, 0);
	ct_reroute(t, SIDE);
	ct_tick(t);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
}

/* A tree grows a branch: W of those that it has already is no matter. */
static void
grows(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	ct_iface_wait(t, DOWN, 9000);
	msg->session.dst = addr_v4_u32(0xe9010101);
	ct_feed(t, UP, msg);
	ct_forget(t);
	t->also_out = SIDE;
	ct_reroute(t, DOWN);
	ct_run(t, 1999);
	T_EQ(t->sent_count, 0);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
}

/* More changes do not put it off, and afterwards all is as usual. */
static void
waits_no_longer(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_iface_wait(t, SIDE, 5000);
	ct_reroute(t, SIDE);
	ct_run(t, 2500);
	ct_reroute(t, SIDE);
	ct_run(t, 2499);
	T_EQ(t->sent_count + t->flow_count, 0);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL); /* all follows from it */
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_on(t, WIRE_PATH, SIDE) >= 1, "refreshed");
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_on(t, WIRE_PATH, SIDE) >= 1, "and again");
}

static void
w_is_that_of_the_new_interface(void)
{
	ct_both(each_its_wait);
	ct_once(waits_no_longer);
	ct_once(grows);
}

static void
route_returns(struct ct *t)
{
	ct_with_path(t);
	ct_iface_wait(t, SIDE, 5000);
	ct_reroute(t, SIDE);
	ct_run(t, 3000);
	t->out = DOWN;
	ct_run(t, 2500);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 0);
	T_EQ(t->sent_count, 1); /* a refresh on the old one, no more */
	ct_forget(t);
	ct_run(t, 10000);
	T_EQ(t->sent_count, 0);
}

static void
a_route_that_is_back_within_w_is_not_repaired(void)
{
	ct_once(route_returns);
}

/* The Path changes while its repair waits: W is not lost over that. */
static void
changed_while_waiting(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_iface_wait(t, SIDE, 5000);
	ct_reroute(t, SIDE);
	ct_run(t, 3000);
	msg = ct_path(t);
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1); /* forwarded at once */
	ct_run(t, 1999);
	T_EQ(t->sent_count, 1);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
}

static void
a_changed_path_does_not_end_the_wait(void)
{
	ct_once(changed_while_waiting);
}

/* ---- flapping ------------------------------------------------------------ */

static void
flap(struct ct *t, bool reserved)
{
	size_t paths = 0, flows = 0, others = 0;

	if (reserved)
		ct_with_resv(t, ct_cl(50000));
	else
		ct_with_path(t);
	for (int i = 0; i < 600; i++) { /* 60 s */
		ct_reroute(t, i % 2 == 0 ? SIDE : DOWN);
		ct_run(t, 100);
		if (i % 150 == 0)
			ct_feed(t, UP, ct_path(t));
		ct_answer_all(t);
		paths += ct_sent_count(t, WIRE_PATH);
		others += t->sent_count - ct_sent_count(t, WIRE_PATH) -
			  ct_sent_count(t, WIRE_RESV);
		flows += t->flow_count;
		ct_forget(t);
	}
	T_CHECK(paths <= 60 / 2 + 4, "%zu Paths in 60 s", paths);
	T_EQ(others, 0);
	T_CHECK(flows <= 60 / 2 + 1, "%zu changes of the flow", flows);
	ct_repair(t, DOWN);
	ct_answer_all(t);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(ct_totals(t).resvs, reserved ? 1 : 0);
	if (reserved)
		T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
flap_path(struct ct *t)
{
	flap(t, false);
}

static void
flap_resv(struct ct *t)
{
	flap(t, true);
}

static void
a_flapping_route_costs_a_bounded_rate_of_messages(void)
{
	ct_once(flap_path);
	ct_both(flap_resv);
}

/* Many sessions, and a route that changes faster than one pass over them
 * takes. */
static void
flap_of_many(struct ct *t)
{
	size_t told = 0;

	for (uint16_t port = 1; port <= 600; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	ct_reroute(t, SIDE);
	t->now = mono_add_ms(t->now, 2000);
	for (int step = 0; step < 3; step++, t->now.us++) {
		struct rsvp_effect effect;

		rsvp_core_tick(t->core, t->now);
		while (rsvp_core_take(t->core, &effect))
			told += effect.kind == RSVP_EFFECT_SEND;
		if (step < 2) /* while it is on its way */
			rsvp_core_routes_changed(t->core, t->now, NULL);
	}
	T_EQ(told, 600);
	T_EQ(rsvp_core_next(t->core).us, t->now.us - 3 + 2000000);
}

static void
a_pass_comes_to_its_end_whatever_changes_meanwhile(void)
{
	ct_once(flap_of_many);
}

/* ---- which sessions ------------------------------------------------------ */

static void
few_prefixes(struct ct *t)
{
	struct addr_prefix prefix;

	for (unsigned host = 1; host <= 20; host++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst = ct_addr(t, 9, host);
		ct_feed(t, UP, msg);
	}
	ct_forget(t);
	t->out = SIDE;
	for (unsigned host = 3; host <= 18; host++) { /* 16 */
		prefix = ct_host_route(ct_addr(t, 9, host));
		rsvp_core_routes_changed(t->core, t->now, &prefix);
		rsvp_core_routes_changed(t->core, t->now, &prefix);
	}
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 16);
	ct_forget(t);
	prefix = ct_host_route(ct_addr(t, 9, 2));
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_PATH, 0)->send.dst, prefix.addr),
		"that session alone");
}

static void
sixteen_routes_are_told_apart(void)
{
	ct_both(few_prefixes);
}

/* ---- make before break --------------------------------------------------- */

static void
moves(struct ct *t)
{
	const struct ct_sent *tear;

	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1); /* nothing upstream, nothing torn */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0); /* no data flows there */
	ct_forget(t);
	ct_run(t, 5000);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* does not know yet */
	T_EQ(t->sent_count, 0);
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_EQ(ct_flow(t)->flow.ifindex, SIDE);
	T_EQ(t->sent_count, 0);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 1); /* upstream nothing is new */
	tear = ct_sent(t, WIRE_PATH_TEAR, 0);
	assert_non_null(tear);
	T_CHECK(ct_is(&tear->send.dst, ct_addr(t, DOWN, HOP_B)),
		"to the node itself: the route leads elsewhere");
	T_CHECK(ct_is(&tear->send.src, ct_addr(t, DOWN, 1)), "from us");
	T_CHECK(ct_is(&tear->msg.hop.addr, ct_addr(t, DOWN, 1)), "of there");
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(t->claims, 1);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, DOWN), 0);
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, SIDE), 1);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
the_old_branch_is_torn_when_the_new_one_is_reserved(void)
{
	ct_both(moves);
}

static void
larger_on_the_new(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_cl(40000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			40000,
		"what the new branch asks for");
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
}

static void
the_new_branch_decides_what_is_asked(void)
{
	ct_once(larger_on_the_new);
}

static void
flows_back(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_reroute(t, DOWN);
	ct_forget(t);
	ct_run(t, 2000);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_EQ(t->sent_count, 1);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
a_route_that_returns_finds_its_reservation(void)
{
	ct_both(flows_back);
}

/* Nobody reserves on the new branch: the old request times out, although it is
 * refreshed, and only then the previous hop hears of it. */
static void
times_out(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_reroute(t, SIDE);
	for (int i = 0; i < 15; i++) {
		ct_run(t, 10000);
		ct_answer_all(t);
		ct_feed(t, UP, ct_path(t));
		ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	}
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_CHECK(ct_sent_count(t, WIRE_RESV) >= 3, "refreshed upstream");
	ct_forget(t);
	ct_run(t, 7600);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* that is over */
	/* The tear is first: an error finds nobody there to tell it on. */
	T_EQ(t->sent_count, 2);
	T_EQ(t->sent[0].send.type, WIRE_PATH_TEAR);
	T_CHECK(ct_is(&t->sent[0].send.dst, ct_addr(t, DOWN, HOP_B)), "to it");
	T_EQ(t->sent[1].msg.error.code, WIRE_E_NO_SENDER);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, DOWN), 0);
	ct_expect_empty(t);
}

static void
what_was_left_times_out_if_nobody_reserves(void)
{
	ct_once(times_out);
}

static void
torn_on_the_old(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(t->sent_count, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, DOWN), 0);
	ct_expect_empty(t);
}

static void
a_tear_from_the_old_branch_counts(void)
{
	ct_both(torn_on_the_old);
}

static void
path_torn_meanwhile(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, DOWN), 1);
	T_EQ(ct_sent_on(t, WIRE_PATH_TEAR, SIDE), 1);
	T_EQ(t->sent_count, 2);
	ct_expect_empty(t);
}

static void
a_path_tear_goes_down_both_branches(void)
{
	ct_both(path_torn_meanwhile);
}

static void
shared_moves(struct ct *t, uint8_t style)
{
	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_of_both(t, ct_resv(t, ct_cl(50000)), style));
	ct_answer_all(t);
	ct_forget(t);
	ct_repair(t, SIDE);
	ct_answer_all(t);
	T_EQ(t->sent_count, 2); /* two Paths */
	ct_forget(t);
	ct_feed(t, SIDE,
		ct_of_both(t, ct_resv_on_side(t, ct_cl(50000)), style));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 2);
	T_EQ(t->sent_count, 2);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_totals(t).resvs, 1);
}

/* One of two senders ends while both move. */
static void
one_ends(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN,
		ct_of_both(t, ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_totals(t).resvs, 1); /* for the other */
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) >= 1, "still asked for");
	msg = ct_path_tear(t);
	msg->sender = ct_second_sender(t);
	ct_feed(t, UP, msg);
	ct_expect_empty(t);
}

static void
shared_se(struct ct *t)
{
	shared_moves(t, WIRE_STYLE_SE);
}

static void
shared_wf(struct ct *t)
{
	shared_moves(t, WIRE_STYLE_WF);
}

static void
shared_reservations_move_with_all_their_senders(void)
{
	ct_both(shared_se);
	ct_both(shared_wf);
	ct_once(one_ends);
}

/* The Path of one of two comes from elsewhere now.  What its old hop keeps is
 * not torn: it may be what its sender has until the new way is reserved. */
static void
one_comes_from_elsewhere(struct ct *t, uint8_t style)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_of_both(t, ct_resv(t, ct_cl(50000)), style));
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_path(t);
	msg->sender = ct_second_sender(t);
	msg->hop.addr = ct_addr(t, SIDE, HOP_A);
	ct_feed(t, SIDE, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	ct_forget(t);
	msg = ct_of_both(
		t, ct_resv_tear(t), style); /* of both, by whom asked */
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 2);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flow_count, 1);
}

static void
one_of_se_comes(struct ct *t)
{
	one_comes_from_elsewhere(t, WIRE_STYLE_SE);
}

static void
one_of_ff_comes(struct ct *t)
{
	one_comes_from_elsewhere(t, WIRE_STYLE_FF);
}

static void
the_old_hop_of_one_of_several_is_not_told(void)
{
	ct_both(one_of_se_comes);
	ct_both(one_of_ff_comes);
}

/* The kernel refused the last change of it. */
static void
refused_before(struct ct *t)
{
	struct wire_tspec tspec = ct_tspec();

	tspec.r = 50000;
	ct_feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_answer_all(t);
	tspec.r = 90000;
	ct_feed_tspec(t, tspec);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, ENOMEM);
	T_CHECK(ct_reserved(t, DOWN) > 0, "the old one is in force");
}

static void
refused_and_rerouted(struct ct *t)
{
	refused_before(t);
	ct_repair(t, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
refused_and_down(struct ct *t)
{
	refused_before(t);
	t->out = SIDE;
	ct_iface_up(t, DOWN, false);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
what_the_kernel_would_not_change_is_removed_too(void)
{
	ct_once(refused_and_rerouted);
	ct_once(refused_and_down);
}

/* ---- no route, no interface ---------------------------------------------- */

static void
no_route(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_reroute(t, 0);
	ct_run(t, 14000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	ct_answer_all(t);
	ct_run(t, 50000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0); /* no refresh either */
	T_EQ(ct_totals(t).paths, 1);
	ct_forget(t);
	ct_repair(t, DOWN);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
}

static void
without_a_route_state_is_kept_and_waits(void)
{
	ct_both(no_route);
}

/* A link that is unnumbered, or has the address of another: a tear there would
 * be taken for one of the new branch. */
static void
same_address(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);

	conf.v4 = ct_addr(t, DOWN, 1);
	ct_put_iface(t, &conf);
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	T_EQ(ct_totals(t).resvs, 1);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
a_tear_that_could_be_mistaken_is_not_sent(void)
{
	ct_once(same_address);
}

/* The sender is reached from SIDE now; the notification of it is on its way. */
static void
multicast_from_the_new_interface_takes_over(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);
	struct rsvp_path_info info[2];

	msg->session.dst = addr_v4_u32(0xe8010203);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	ct_forget(t);
	t->expects = SIDE;
	msg = ct_path(t);
	msg->session.dst = addr_v4_u32(0xe8010203);
	msg->hop.addr = ct_addr(t, SIDE, HOP_A);
	ct_feed(t, SIDE, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, info, 2), 2);
	T_EQ(info[0].in_ifindex, UP);
	T_EQ(info[0].out_count, 0);
	T_EQ(info[1].in_ifindex, SIDE);
	T_EQ(info[1].out_count, 1);
	ct_free(t);
}

/* A branch of a tree is pruned because nobody is behind it. */
static void
pruned(struct ct *t)
{
	const struct addr group = addr_v4_u32(0xe9010101);
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = group;
	ct_feed(t, UP, msg);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst = group;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	ct_repair(t, SIDE);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
a_pruned_branch_is_not_waited_for(void)
{
	ct_once(pruned);
}

static struct t_case cases[] = {
	{ "W is that of the new interface", w_is_that_of_the_new_interface },
	{ "a route that is back within W is not repaired",
		a_route_that_is_back_within_w_is_not_repaired },
	{ "a changed Path does not end the wait",
		a_changed_path_does_not_end_the_wait },
	{ "a flapping route costs a bounded rate of messages",
		a_flapping_route_costs_a_bounded_rate_of_messages },
	{ "a pass comes to its end whatever changes meanwhile",
		a_pass_comes_to_its_end_whatever_changes_meanwhile },
	{ "sixteen routes are told apart", sixteen_routes_are_told_apart },
	{ "the old branch is torn when the new one is reserved",
		the_old_branch_is_torn_when_the_new_one_is_reserved },
	{ "the new branch decides what is asked upstream",
		the_new_branch_decides_what_is_asked },
	{ "a route that returns finds its reservation",
		a_route_that_returns_finds_its_reservation },
	{ "what was left times out if nobody reserves on the new branch",
		what_was_left_times_out_if_nobody_reserves },
	{ "a tear from the old branch counts",
		a_tear_from_the_old_branch_counts },
	{ "a PathTear goes down both branches",
		a_path_tear_goes_down_both_branches },
	{ "shared reservations move with all their senders",
		shared_reservations_move_with_all_their_senders },
	{ "the old hop of one of several senders is not told",
		the_old_hop_of_one_of_several_is_not_told },
	{ "what the kernel would not change is removed too",
		what_the_kernel_would_not_change_is_removed_too },
	{ "without a route state is kept and waits",
		without_a_route_state_is_kept_and_waits },
	{ "a tear that could be mistaken is not sent",
		a_tear_that_could_be_mistaken_is_not_sent },
	{ "multicast from the interface expected now takes over",
		multicast_from_the_new_interface_takes_over },
	{ "a pruned branch is not waited for",
		a_pruned_branch_is_not_waited_for },
};
T_MAIN(cases)
