/* SPDX-License-Identifier: ISC */

/* A node that leaves nothing behind when it ends. */

#include "core_t.h"

static void
withdraw(struct ct *t)
{
	for (int turns = 1; rsvp_core_withdraw(t->core, t->now); turns++)
		T_CHECK(turns < 10, "it does not end");
	ct_collect(t);
}

static void
check_transit(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	withdraw(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV_TEAR, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"not to the previous hop");
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_PATH_TEAR, 0)->send.ifindex, DOWN);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
transit_state_is_torn_both_ways(void)
{
	ct_both(check_transit);
}

static void
check_local(struct ct *t)
{
	struct rsvp_local_sender sender = { .tspec = ct_tspec(),
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4004 } };
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(100000),
		.filter = ct_sender(t) };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};

	t->dst_local = true;
	ct_app_open(t, 7);
	ct_app_open(t, 8);
	T_EQ(rsvp_local_send(t->core, t->now, 8, &sender), 0);
	ct_collect(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(rsvp_local_reserve(t->core, t->now, 7, &request), 0);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	withdraw(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->event_count, 0);
	T_EQ(rsvp_local_send(t->core, t->now, 8, &sender), RSVP_LOCAL_UNKNOWN);
	ct_expect_empty(t);
}

static void
applications_lose_their_requests_without_a_word(void)
{
	ct_once(check_local);
}

static void
check_adopted(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	flow = ct_flow(t)->flow;
	ct_answer_all(t);
	withdraw(t);
	ct_answer_all(t);
	rsvp_core_tc_lost(t->core, t->now);
	flow.id = 4711;
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_forget(t);
	withdraw(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_flow(t)->flow.id, 4711);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
what_nobody_claimed_goes_too(void)
{
	ct_once(check_adopted);
}

/* More than the log has room for. */
static void
drain(struct ct *t)
{
	struct rsvp_effect effect;

	while (rsvp_core_take(t->core, &effect))
		T_EQ(effect.kind, RSVP_EFFECT_SEND);
}

static void
check_many(struct ct *t)
{
	for (uint16_t port = 1; port <= 600; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	for (unsigned turns = 1; rsvp_core_withdraw(t->core, t->now); turns++) {
		struct rsvp_totals totals;
		size_t left = 600 - turns * 256;

		rsvp_core_totals(t->core, &totals);
		T_EQ(totals.sessions, left);
		drain(t);
	}
	drain(t);
	ct_expect_empty(t);
}

static void
many_sessions_go_in_steps(void)
{
	ct_once(check_many);
}

static void
check_sender(struct ct *t)
{
	ct_app_open(t, 7);
	(void)ct_app_send(t, 7);
	ct_forget(t);
	withdraw(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	ct_expect_empty(t);
}

static void
a_sender_here_is_torn(void)
{
	ct_both(check_sender);
}

enum { ADOPTED = 300 };

static void
check_many_adopted(struct ct *t)
{
	struct rsvp_flow flow;
	struct rsvp_effect effect;
	size_t removed = 0;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(1000)));
	flow = ct_flow(t)->flow;
	ct_answer_all(t);
	withdraw(t);
	ct_answer_all(t);
	rsvp_core_tc_lost(t->core, t->now);
	for (uint16_t i = 1; i <= ADOPTED; i++) {
		flow.id = i;
		flow.dst_port = i;
		rsvp_core_adopt(t->core, t->now, &flow);
	}
	ct_tc_ready(t);
	ct_forget(t);
	T_CHECK(rsvp_core_withdraw(t->core, t->now), "in steps");
	while (rsvp_core_take(t->core, &effect))
		removed++;
	T_EQ(removed, 256);
	/* None of them has been answered yet. */
	T_CHECK(!rsvp_core_withdraw(t->core, t->now), "and no more");
	while (rsvp_core_take(t->core, &effect))
		removed++;
	T_EQ(removed, ADOPTED);
}

static void
many_unclaimed_flows_go_in_steps(void)
{
	ct_once(check_many_adopted);
}

static struct t_case cases[] = {
	{ "transit state is torn both ways", transit_state_is_torn_both_ways },
	{ "applications lose their requests without a word",
		applications_lose_their_requests_without_a_word },
	{ "what nobody claimed goes too", what_nobody_claimed_goes_too },
	{ "many sessions go in steps", many_sessions_go_in_steps },
	{ "a sender here is torn", a_sender_here_is_torn },
	{ "many unclaimed flows go in steps",
		many_unclaimed_flows_go_in_steps },
};
T_MAIN(cases)
