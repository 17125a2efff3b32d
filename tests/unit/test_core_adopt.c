/* SPDX-License-Identifier: ISC */

/*
 * What traffic control finds and does not find when it returns, which of it is
 * ours, interfaces that are gone, and when it is looked whether one carries too
 * much.
 */

#include "core_judged.h"

#include <errno.h>

static void
tc_ready(struct ct *t, uint32_t ifindex, int error)
{
	rsvp_core_tc_ready(
		t->core, t->now, ifindex, error, error != 0 ? "gone" : NULL);
	ct_tick(t);
}

/* ---- it is there, it is gone --------------------------------------------- */

static void
ready_twice(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_tc_ready(t);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
to_be_ready_is_no_news_to_who_was(void)
{
	ct_once(ready_twice);
}

/* A new interface cannot be managed; a reload may change that. */
static void
turned_off_and_on(struct ct *t)
{
	tc_ready(t, DOWN, ENODEV);
	ct_iface_tc(t, DOWN, false);
	ct_iface_tc(t, DOWN, true);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(t->sent_count, 0);
	tc_ready(t, DOWN, 0);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

/* The kernel is asked, and then it is none of its business. */
static void
turned_off_in_flight(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_iface_tc(t, DOWN, false);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_NO_TC);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
an_old_problem_is_forgotten_with_its_traffic_control(void)
{
	ct_once(turned_off_in_flight);
	ct_once(turned_off_and_on);
}

static void
given_up_twice(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	tc_ready(t, DOWN, EPERM);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	tc_ready(t, DOWN, EPERM);
	ct_answer(t, 0); /* traffic control is alive, and has done it */
	T_EQ(ct_totals(t).flows, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
given_up_and_lost(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	flow = ct_flow(t)->flow;
	ct_answer(t, 0);
	tc_ready(t, DOWN, EPERM);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_forget(t); /* the answer will not come */
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	tc_ready(t, DOWN, 0);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	T_EQ(ct_totals(t).flows, 0);
}

/* Nobody wants it any more, and the kernel never had it. */
static void
given_up_before_it_was(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(t->flow_count, 1); /* the answer is awaited */
	tc_ready(t, DOWN, EPERM);
	ct_forget(t);
	tc_ready(t, DOWN, 0);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_totals(t).flows, 0);
}

static void
an_interface_that_is_given_up_is_cleared_later(void)
{
	ct_once(given_up_twice);
	ct_once(given_up_and_lost);
	ct_once(given_up_before_it_was);
}

/* What the kernel keeps is a smaller flow than it had. */
static void
changed_while_away(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	flow = ct_flow(t)->flow;
	ct_answer(t, 0);
	rsvp_core_tc_lost(t->core, t->now);
	ct_feed_tspec(t, ct_cl(60000).tspec);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer_all(t);
	T_CHECK(ct_flow(t)->flow.rate_Bps < flow.rate_Bps, "less");
	T_EQ(ct_reserved(t, DOWN), ct_flow(t)->flow.rate_Bps);
}

static void
what_changed_while_it_was_away_is_held_as_it_is(void)
{
	ct_once(changed_while_away);
}

/* The way had left it: it was to be removed, and it has gone by itself. */
static void
gone_while_away(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	rsvp_core_tc_lost(t->core, t->now);
	ct_tc_ready(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
what_is_gone_is_not_held(void)
{
	ct_once(gone_while_away);
}

/* ---- adoption ------------------------------------------------------------ */

static struct rsvp_flow
live_flow(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	flow = ct_flow(t)->flow;
	ct_answer(t, 0);
	ct_forget(t);
	return flow;
}

static void
not_ours(struct ct *t)
{
	struct rsvp_flow flow = live_flow(t);

	flow.id += 1000;
	rsvp_core_adopt(t->core, t->now, &flow); /* in service already */
	T_EQ(ct_totals(t).flows, 1);
	rsvp_core_tc_lost(t->core, t->now);
	flow.id = 0;
	rsvp_core_adopt(t->core, t->now, &flow);
	flow.id = 4711;
	flow.filter_count = RSVP_FLOW_FILTERS_MAX + 1;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(ct_totals(t).flows, 1);
	flow.filter_count = 1;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(ct_totals(t).flows, 2);
	flow.ifindex = SIDE; /* the same number a second time */
	flow.rate_Bps *= 2;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(ct_totals(t).flows, 2);
	T_EQ(ct_reserved(t, SIDE), 0);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps); /* two of the half */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_MEMORY), 0);
}

static void
what_cannot_be_ours_is_not_adopted(void)
{
	ct_once(not_ours);
}

/* As it is after a restart: known to the kernel alone. */
static struct rsvp_flow
unclaimed(struct ct *t)
{
	struct rsvp_flow flow = live_flow(t);

	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_forget(t);
	T_EQ(ct_totals(t).adopted_unclaimed, 1);
	return flow;
}

/* Lost and found again: its lifetime is the first one. */
static void
found_again(struct ct *t)
{
	struct rsvp_flow flow = unclaimed(t);

	ct_run(t, 100000);
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_run(t, 57400);
	T_EQ(t->flow_count, 0);
	ct_run(t, 200);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
}

static void
an_unclaimed_flow_has_one_lifetime(void)
{
	ct_once(found_again);
}

/* Claimed, it has no end of its own, whatever waits then. */
static void
claimed(struct ct *t)
{
	(void)unclaimed(t);
	for (int64_t at = 0; at < 157000; at += 31400) {
		ct_feed(t, UP, ct_path(t));
		ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
		ct_run(t, 31400);
	}
	T_EQ(ct_totals(t).adopted_unclaimed, 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	T_EQ(t->flow_count, 1); /* not answered */
	ct_run(t, 1000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_answer_all(t);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 70000, "the last");
}

static void
a_claimed_flow_has_no_end_of_its_own(void)
{
	ct_once(claimed);
}

/* ---- an interface that is gone ------------------------------------------- */

/* The path has left it, and what is reserved there still counts upstream. */
static void
left(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	T_EQ(ct_totals(t).resvs, 1);
	ct_iface_gone(t, DOWN);
	ct_forget(t);
}

static void
gone_and_address(struct ct *t)
{
	struct wire_msg *msg;

	left(t);
	T_EQ(ct_totals(t).resvs, 1);
	msg = ct_path(t);
	msg->hop.addr = ct_addr(t, DOWN, 1);
	ct_feed(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_IN), 2);
}

static void
gone_and_back(struct ct *t)
{
	const struct rsvp_iface conf = ct_iface(t, DOWN);

	left(t);
	t->out = DOWN;
	rsvp_core_iface(t->core, t->now, &conf);
	T_EQ(rsvp_core_next(t->core).us, t->now.us); /* routes are asked for */
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1); /* it has nothing to settle */
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, DOWN);
}

/* It was up all along; RSVP is used there from now on. */
static void
enabled(struct ct *t)
{
	ct_iface_enabled(t, SIDE, false);
	t->out = SIDE;
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	ct_iface_enabled(t, SIDE, true);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

static void
gone_for_good(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);
	const long before = t->blocks;

	conf.ifindex = 9;
	conf.v4 = ct_addr(t, 20, 1);
	ct_put_iface(t, &conf);
	ct_iface_gone(t, 9);
	T_EQ(t->blocks, before);
}

static void
an_interface_that_is_gone_is_forgotten(void)
{
	ct_once(gone_and_address);
	ct_once(gone_and_back);
	ct_once(enabled);
	ct_once(gone_for_good);
}

/* ---- preemption ---------------------------------------------------------- */

/* It is looked at now, whatever else is to be looked at later. */
static void
less_and_ready(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct rsvp_flow flow = live_flow(t);

	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	conf.reservable_Bps = 10000;
	rsvp_core_iface(t->core, t->now, &conf);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	ct_answer_all(t);
	ct_run(t, 200);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 1);
}

static void
a_later_look_does_not_put_off_an_earlier_one(void)
{
	ct_once(less_and_ready);
}

/* A change in flight for each of two limits, and patience for each. */
static void
patient_again(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_limit(t, 10000);
	ct_run(t, 1900);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 0);
	ct_limit(t, 1000000); /* and all is well again */
	ct_limit(t, 20000);
	ct_limit(t, 10000);
	ct_run(t, 1900);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 0);
	ct_run(t, 200);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 1);
}

/* It fits, though answers are awaited still: nothing is to be looked at. */
static void
fits_again(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_limit(t, 10000);
	ct_limit(t, 1000000);
	ct_run(t, 200);
	T_CHECK(rsvp_core_next(t->core).us > t->now.us + 1000000, "no more");
}

static void
each_lower_limit_has_its_patience(void)
{
	ct_once(patient_again);
	ct_once(fits_again);
}

/* The next hop on its link is its priority. */
static void
by_hop(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct ct *t = (struct ct *)arg;

	*ret = (struct rsvp_policy_answer){ .allowed = true };
	ret->defending = query->neighbour.b[3];
	if (query->claim == 0)
		t->claims++;
	ret->claim = ++t->last_claim;
}

static void
reserve(struct ct *t, uint16_t port, unsigned hop)
{
	struct wire_msg *msg = ct_other_flow(t, port, ct_cl(50000));

	msg->hop.addr = ct_addr(t, DOWN, hop);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
}

/* RFC 3181: the highest of them defends what they share. */
static void
merged_requests_defend_each_other(void)
{
	struct ct *t = ct_judged_by(by_hop);
	struct wire_session session = ct_session(t);
	struct rsvp_session_info info;

	reserve(t, 1, 30);
	reserve(t, 1, 2);
	reserve(t, 2, 10);
	ct_limit(t, 70000);
	session.dst_port = 1;
	assert_true(rsvp_core_session_find(t->core, &session, &info));
	T_EQ(info.resvs, 2);
	session.dst_port = 2;
	assert_true(rsvp_core_session_find(t->core, &session, &info));
	T_EQ(info.resvs, 0);
	ct_free(t);
}

static struct t_case cases[] = {
	{ "merged requests defend each other",
		merged_requests_defend_each_other },
	{ "to be ready is no news to who was",
		to_be_ready_is_no_news_to_who_was },
	{ "an old problem is forgotten with its traffic control",
		an_old_problem_is_forgotten_with_its_traffic_control },
	{ "an interface that is given up is cleared later",
		an_interface_that_is_given_up_is_cleared_later },
	{ "what changed while it was away is held as it is",
		what_changed_while_it_was_away_is_held_as_it_is },
	{ "what is gone is not held", what_is_gone_is_not_held },
	{ "what cannot be ours is not adopted",
		what_cannot_be_ours_is_not_adopted },
	{ "an unclaimed flow has one lifetime",
		an_unclaimed_flow_has_one_lifetime },
	{ "a claimed flow has no end of its own",
		a_claimed_flow_has_no_end_of_its_own },
	{ "an interface that is gone is forgotten",
		an_interface_that_is_gone_is_forgotten },
	{ "a later look does not put off an earlier one",
		a_later_look_does_not_put_off_an_earlier_one },
	{ "each lower limit has its patience",
		each_lower_limit_has_its_patience },
};
T_MAIN(cases)
