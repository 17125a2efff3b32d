/* SPDX-License-Identifier: ISC */

/*
 * Multicast sessions whose sender is heard on several interfaces: a route that
 * changes, and where applications receive (RFC 2205 3.1.3, 3.6, 3.9).
 */

#include "tests/unit/core_t.h"

enum { REPAIR_MS = 2500, APP = 7 };

static void
feed_path(struct ct *t, uint32_t ifindex)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = ct_group(t);
	msg->hop.addr = ct_addr(t, ifindex, HOP_A);
	ct_feed(t, ifindex, msg);
}

static void
feed_resv(struct ct *t)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(1000));

	msg->session.dst = ct_group(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
}

/* Expected on that interface from now on. */
static void
reroute(struct ct *t, uint32_t in)
{
	t->expects = in;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, REPAIR_MS);
}

static struct addr
asked(const struct ct *t, uint8_t type)
{
	const struct ct_sent *s = ct_sent(t, type, 0);

	return s ? s->send.dst : (struct addr){ 0 };
}

static void
rerouted(struct ct *t)
{
	uint64_t before;

	feed_path(t, UP);
	feed_resv(t);
	before = ct_reserved(t, DOWN);
	T_CHECK(before > 0, "reserved");
	ct_forget(t);
	reroute(t, SIDE);
	/* Upstream is told at once, downstream keeps what it has. */
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV_TEAR, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"ResvTear to the old hop");
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->flow_count, 0);
	ct_forget(t);
	feed_path(t, SIDE);
	{
		struct addr hop = asked(t, WIRE_RESV);

		T_CHECK(ct_is(&hop, ct_addr(t, SIDE, HOP_A)),
			"Resv to the new hop, from the state that was kept");
	}
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_reserved(t, DOWN), before);
	T_EQ(t->flow_count, 0);
}

static void
a_reservation_outlives_the_change_of_its_route(void)
{
	ct_both(rerouted);
}

static void
kept(struct ct *t)
{
	feed_path(t, UP);
	feed_resv(t);
	reroute(t, SIDE);
	ct_forget(t);
	/* It is still heard where it is not expected any more. */
	feed_path(t, UP);
	ct_run(t, 60000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	/* An interface that the new route does not have is given up. */
	ct_reroute(t, 0);
	ct_run(t, REPAIR_MS);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
what_is_kept_is_not_forwarded(void)
{
	ct_both(kept);
}

static void
from_elsewhere(struct ct *t)
{
	feed_path(t, SIDE); /* expected on UP, and never came from there */
	feed_resv(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_NO_SENDER);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
a_sender_from_elsewhere_has_nothing_to_keep(void)
{
	ct_both(from_elsewhere);
}

static void
back_again(struct ct *t)
{
	feed_path(t, UP);
	reroute(t, SIDE);
	feed_path(t, SIDE);
	ct_forget(t);
	reroute(t, UP);
	T_CHECK(ct_sent_count(t, WIRE_PATH) >= 1, "forwarded at once");
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	ct_forget(t);
	feed_path(t, SIDE); /* a refresh */
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
}

static void
a_route_that_comes_back_is_used_again(void)
{
	ct_both(back_again);
}

/* ---- applications -------------------------------------------------------- */

static void
reserve_here(struct ct *t, struct addr receiver)
{
	struct wire_session session = ct_session(t);
	const struct rsvp_who nobody = { .known = false };
	const struct wire_flow flow = { .has_flowspec = true,
		.flowspec = ct_cl(1000),
		.has_filter = true,
		.filter = ct_sender(t) };
	const struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.receiver = receiver,
		.flow_count = 1,
		.flows = &flow };

	session.dst = ct_group(t);
	/* The second time it is open. */
	(void)rsvp_local_open(t->core, t->now, APP, &session, &nobody);
	T_EQ(rsvp_local_reserve(t->core, t->now, APP, &request), RSVP_LOCAL_OK);
	ct_collect(t);
}

static void
check_asked(struct ct *t, uint32_t ifindex)
{
	struct addr hop = asked(t, WIRE_RESV);

	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_is(&hop, ct_addr(t, ifindex, HOP_A)),
		"Resv out of interface %u", ifindex);
	ct_forget(t);
}

static void
receiving(struct ct *t)
{
	const struct addr none = { 0 };

	feed_path(t, UP);
	feed_path(t, SIDE);
	ct_forget(t);
	reserve_here(t, none);
	check_asked(t, UP);
	/* It has joined the group on another interface, where the sender is
	 * heard as well. */
	reserve_here(t, ct_addr(t, SIDE, 1));
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV_TEAR, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"no longer there");
	check_asked(t, SIDE);
	/* Or where it is not: the router hands it over. */
	reserve_here(t, ct_addr(t, DOWN, 1));
	check_asked(t, UP);
}

/* Without an address it receives where routing has it. */
static void
receiving_anywhere(struct ct *t)
{
	t->expects = SIDE;
	feed_path(t, UP);
	feed_path(t, SIDE);
	ct_forget(t);
	reserve_here(t, (struct addr){ 0 });
	check_asked(t, SIDE);
}

static void
an_application_reserves_where_it_receives(void)
{
	ct_both(receiving);
	ct_both(receiving_anywhere);
}

static void
heard_elsewhere_only(struct ct *t)
{
	feed_path(t, SIDE); /* expected on UP */
	T_EQ(t->sent_count, 0);
	reserve_here(t, (struct addr){ 0 });
	check_asked(t, SIDE);
	feed_path(t, UP);
	check_asked(t, UP);
}

static void
local_path_state_serves_until_a_better_one_comes(void)
{
	ct_both(heard_elsewhere_only);
}

/* A PathTear asks nobody again (RFC 2205 3.1.5) but him who has not been asked
 * yet. */
static void
torn(struct ct *t)
{
	struct wire_msg *msg;

	feed_path(t, UP);
	feed_path(t, SIDE);
	reserve_here(t, (struct addr){ 0 });
	ct_forget(t);
	msg = ct_path_tear(t);
	msg->session.dst = ct_group(t);
	ct_feed(t, UP, msg);
	check_asked(t, SIDE);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "and refreshed");
}

static void
the_next_best_hop_is_asked_when_the_best_is_torn(void)
{
	ct_both(torn);
}

/* The kernel has one route for all sources, and takes them from anywhere. */
static void
from_anywhere(struct ct *t)
{
	t->expects = NOWHERE;
	feed_path(t, SIDE);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

static void
without_an_expected_interface_all_are_forwarded(void)
{
	ct_both(from_anywhere);
}

/* What routing expects of others is no matter for who sends from here. */
static void
sends_to_group(struct ct *t)
{
	const struct rsvp_local_sender sender = { .tspec = ct_tspec(),
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4004 } };
	struct wire_session session = ct_session(t);
	const struct rsvp_who nobody = { .known = false };

	session.dst = ct_group(t);
	T_EQ(rsvp_local_open(t->core, t->now, APP, &session, &nobody),
		RSVP_LOCAL_OK);
	T_EQ(rsvp_local_send(t->core, t->now, APP, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, DOWN);
	feed_resv(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1); /* of another sender */
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_PATH) >= 1, "refreshed");
}

static void
an_application_sends_to_a_group(void)
{
	ct_both(sends_to_group);
}

static struct t_case cases[] = {
	{ "a reservation outlives the change of its multicast route",
		a_reservation_outlives_the_change_of_its_route },
	{ "what is kept for another way is not forwarded",
		what_is_kept_is_not_forwarded },
	{ "a sender heard elsewhere only has nothing to keep",
		a_sender_from_elsewhere_has_nothing_to_keep },
	{ "a multicast route that comes back is used again",
		a_route_that_comes_back_is_used_again },
	{ "an application reserves where it receives",
		an_application_reserves_where_it_receives },
	{ "local path state serves until a better one comes",
		local_path_state_serves_until_a_better_one_comes },
	{ "the next best hop is asked when the best is torn",
		the_next_best_hop_is_asked_when_the_best_is_torn },
	{ "without an expected interface all are forwarded",
		without_an_expected_interface_all_are_forwarded },
	{ "an application sends to a group", an_application_sends_to_a_group },
};

T_MAIN(cases)
