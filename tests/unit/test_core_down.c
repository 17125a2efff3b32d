/* SPDX-License-Identifier: ISC */

/* Links that go down under reservations, and come back: local repair (RFC 2205
 * 3.6) without a word upstream. */

#include "core_t.h"

/* The link breaks, and the kernel has done what it is asked for over that;
 * routing knows the other way, 0: none. */
static void
breaks(struct ct *t, uint32_t other)
{
	t->out = other;
	ct_iface_up(t, DOWN, false);
	ct_answer_all(t);
}

/* The next hop there reserves.  That Path is all that was sent: no PathTear on
 * a dead link. */
static void
reserved_on_side(struct ct *t)
{
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_only_resv(t).ifindex, SIDE);
}

/* It is given up. */
static void
torn_upstream(struct ct *t)
{
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_totals(t).resvs, 0);
}

/* The link breaks; routing needs a while; upstream hears nothing of it. */
static void
link_breaks(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_iface_up(t, DOWN, false);
	T_EQ(t->sent_count, 0);
	ct_answer_all(t);
	ct_repair(t, SIDE);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
	reserved_on_side(t);
}

static void
a_broken_link_is_healed_without_a_tear_upstream(void)
{
	ct_both(link_breaks);
}

/* Routing knew another way at once; it has to settle all the same. */
static void
link_breaks_route_known(struct ct *t)
{
	ct_with_path(t);
	breaks(t, SIDE);
	ct_run(t, 1999);
	T_EQ(t->sent_count, 0);
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
}

static void
another_way_is_taken_after_w_only(void)
{
	ct_once(link_breaks_route_known);
}

/* The same of what is reserved: it is not torn upstream for the time of W. */
static void
break_reserved_link(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	breaks(t, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_run(t, 1999);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_reserved(t, DOWN), 0); /* no data flows there */
	ct_run(t, 1);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
}

static void
another_way_is_reserved(struct ct *t)
{
	break_reserved_link(t);
	reserved_on_side(t);
}

static void
a_reservation_takes_the_way_that_is_there_already(void)
{
	ct_both(another_way_is_reserved);
}

static void
link_is_back_within_w(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	breaks(t, SIDE);
	t->out = DOWN;
	ct_forget(t);
	ct_iface_up(t, DOWN, true);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer_all(t);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_run(t, 2000);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 0);
}

static void
a_link_that_is_back_within_w_has_its_reservation(void)
{
	ct_both(link_is_back_within_w);
}

/* Something else has the session looked at before the pass comes to it. */
static void
news_before_the_pass(struct ct *t)
{
	struct rsvp_iface conf;
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	conf = ct_iface(t, DOWN);
	conf.up = false;
	t->out = SIDE;
	rsvp_core_iface(t->core, t->now, &conf);
	msg = ct_path(t);
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	ct_answer_all(t);
	T_EQ(t->sent_count, 0);
	ct_run(t, 2000);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
}

static void
nothing_that_comes_before_the_pass_ends_it(void)
{
	ct_once(news_before_the_pass);
}

/* The next way breaks before anybody there has reserved: what is kept on the
 * first is kept. */
static void
next_way_breaks(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	ct_forget(t);
	t->out = 0;
	ct_iface_up(t, SIDE, false);
	ct_run(t, 2000);
	T_EQ(t->sent_count + t->flow_count, 0);
	ct_repair(t, DOWN);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
what_was_left_first_is_kept_while_others_break(void)
{
	ct_both(next_way_breaks);
}

/* Nothing else leads there: what is reserved times out, and not before. */
static void
no_other_way(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	breaks(t, 0);
	ct_run(t, 100000);
	ct_feed(t, UP, ct_path(t));
	ct_run(t, 57499);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	ct_run(t, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_totals(t).resvs + ct_totals(t).flows, 0);
	ct_forget(t);
	t->out = DOWN;
	ct_iface_up(t, DOWN, true);
	T_EQ(ct_sent_on(t, WIRE_PATH, DOWN), 1);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
without_another_way_it_times_out(void)
{
	ct_once(no_other_way);
}

/* Each of two senders has a way of its own, and one of them breaks. */
static void
one_of_two_ways(struct ct *t)
{
	struct wire_hop side = ct_resv_on_side(t, ct_cl(50000))->hop;
	struct wire_msg *msg;

	ct_with_path(t);
	t->out = SIDE;
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE));
	msg = ct_resv_both(t, ct_cl(50000));
	msg->hop = side;
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_iface_up(t, DOWN, false);
	ct_answer_all(t);
	ct_run(t, 2000);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_reserved(t, DOWN), 0);
	msg = ct_resv_both(t, ct_cl(50000));
	msg->hop = side;
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
}

static void
of_two_senders_the_one_whose_link_broke_moves(void)
{
	ct_both(one_of_two_ways);
}

static void
two_of_shared(struct ct *t, uint8_t style)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_of_both(t, ct_resv(t, ct_cl(50000)), style));
	ct_answer_all(t);
	ct_forget(t);
	breaks(t, SIDE);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(t->sent_count, 0);
	msg = ct_path_tear(t);
	msg->sender = ct_second_sender(t);
	ct_feed(t, UP, msg);
	ct_expect_empty(t);
}

static void
two_of_se(struct ct *t)
{
	two_of_shared(t, WIRE_STYLE_SE);
}

static void
two_of_wf(struct ct *t)
{
	two_of_shared(t, WIRE_STYLE_WF);
}

static void
what_is_kept_ends_with_the_last_of_its_senders(void)
{
	ct_once(two_of_se);
	ct_once(two_of_wf);
}

/* One next hop there has what it asked for, and the first request of another
 * is with the kernel. */
static void
first_request_under_way(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv(t, ct_cl(70000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_totals(t).resvs, 2);
	breaks(t, SIDE);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->sent_count, 0);
}

static void
what_is_not_in_force_is_not_kept(void)
{
	ct_once(first_request_under_way);
}

/* ---- deleted, disabled --------------------------------------------------- */

/* Not down before, or down. */
static void
deleted(struct ct *t, bool down)
{
	ct_with_resv(t, ct_cl(50000));
	t->out = SIDE;
	if (down)
		ct_iface_up(t, DOWN, false);
	ct_iface_gone(t, DOWN);
	ct_answer_all(t);
	T_EQ(ct_totals(t).flows, 0);
	ct_run(t, 2000);
	T_EQ(ct_sent_on(t, WIRE_PATH, SIDE), 1);
	T_EQ(t->sent_count, 1);
	reserved_on_side(t);
}

static void
deleted_at_once(struct ct *t)
{
	deleted(t, false);
}

static void
deleted_after_down(struct ct *t)
{
	deleted(t, true);
}

/* The path was elsewhere already; nobody has reserved there yet. */
static void
deleted_after_moving(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_forget(t);
	ct_iface_gone(t, DOWN);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_totals(t).resvs, 1);
	ct_repair(t, 0); /* and nowhere now */
	torn_upstream(t);
}

static void
a_deleted_link_ends_nothing_that_has_another_way(void)
{
	ct_both(deleted_at_once);
	ct_both(deleted_after_down);
	ct_once(deleted_after_moving);
}

static void
down_before(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	breaks(t, 0);
	T_EQ(t->sent_count, 0);
}

static void
deleted_without_a_way(struct ct *t)
{
	down_before(t);
	ct_iface_gone(t, DOWN);
	torn_upstream(t);
}

static void
disabled_without_a_way(struct ct *t)
{
	down_before(t);
	ct_iface_enabled(t, DOWN, false);
	torn_upstream(t);
}

static void
what_does_not_come_back_is_not_waited_for(void)
{
	ct_once(deleted_without_a_way);
	ct_once(disabled_without_a_way);
}

/* A tree loses a branch: routing says which others there are. */
static void
branch_is_down(struct ct *t)
{
	const struct addr group = addr_v4_u32(0xe9010101);
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = group;
	ct_feed(t, UP, msg);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst = group;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	t->out = SIDE;
	ct_iface_up(t, DOWN, false);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_answer_all(t);
	T_EQ(ct_totals(t).resvs, 0);
}

/* The other branches stay, whatever comes before the pass. */
static void
other_branch_stays(struct ct *t)
{
	const struct addr group = addr_v4_u32(0xe9010101);
	struct rsvp_iface conf;
	struct wire_msg *msg = ct_path(t);

	t->also_out = SIDE;
	msg->session.dst = group;
	ct_feed(t, UP, msg);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst = group;
	ct_feed(t, DOWN, msg);
	msg = ct_resv_on_side(t, ct_cl(50000));
	msg->session.dst = group;
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	conf = ct_iface(t, DOWN);
	conf.up = false;
	rsvp_core_iface(t->core, t->now, &conf);
	msg = ct_path(t);
	msg->session.dst = group;
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_CHECK(ct_reserved(t, SIDE) > 0, "it is in force");
}

static void
a_branch_that_is_down_is_pruned(void)
{
	ct_once(other_branch_stays);
	ct_once(branch_is_down);
}

static struct t_case cases[] = {
	{ "a broken link is healed without a tear upstream",
		a_broken_link_is_healed_without_a_tear_upstream },
	{ "another way is taken after W only",
		another_way_is_taken_after_w_only },
	{ "a reservation takes the way that is there already",
		a_reservation_takes_the_way_that_is_there_already },
	{ "a link that is back within W has its reservation",
		a_link_that_is_back_within_w_has_its_reservation },
	{ "nothing that comes before the pass ends a reservation",
		nothing_that_comes_before_the_pass_ends_it },
	{ "what was left first is kept while others break",
		what_was_left_first_is_kept_while_others_break },
	{ "without another way it times out",
		without_another_way_it_times_out },
	{ "of two senders the one whose link broke moves",
		of_two_senders_the_one_whose_link_broke_moves },
	{ "what is kept ends with the last of its senders",
		what_is_kept_ends_with_the_last_of_its_senders },
	{ "what is not in force is not kept",
		what_is_not_in_force_is_not_kept },
	{ "a deleted link ends nothing that has another way",
		a_deleted_link_ends_nothing_that_has_another_way },
	{ "what does not come back is not waited for",
		what_does_not_come_back_is_not_waited_for },
	{ "a branch that is down is pruned", a_branch_that_is_down_is_pruned },
};
T_MAIN(cases)
