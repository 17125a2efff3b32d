/* SPDX-License-Identifier: ISC */

/*
 * What the kernel is asked to have, in detail: which difference makes a change,
 * what a change of plan in between leads to, and what traffic control finds and
 * does not find when it returns (RFC 2209, UPDATE TRAFFIC CONTROL).
 */

#include "core_t.h"

#include <errno.h>

static struct rsvp_totals
totals_of(const struct ct *t)
{
	struct rsvp_totals totals;

	rsvp_core_totals(t->core, &totals);
	return totals;
}

/* An interface as it is, and what follows stays in the log. */
static void
put_iface(struct ct *t, const struct rsvp_iface *conf)
{
	rsvp_core_iface(t->core, t->now, conf);
	ct_tick(t);
}

static void
feed_tspec(struct ct *t, struct wire_tspec tspec)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec = tspec;
	ct_feed(t, UP, msg);
}

static void
tc_ready(struct ct *t, uint32_t ifindex, int error)
{
	rsvp_core_tc_ready(
		t->core, t->now, ifindex, error, error != 0 ? "gone" : NULL);
	ct_tick(t);
}

/* ---- what makes a difference --------------------------------------------- */

/* One figure of the request changes, and the kernel is told. */
static const struct rsvp_flow_request *
told(struct ct *t, struct wire_flowspec spec)
{
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	return ct_flow(t);
}

static void
each_figure(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(50000);

	ct_make_bare(t, 1000000);
	ct_with_resv(t, spec);
	spec.tspec.p = 80000;
	T_EQ(told(t, spec)->flow.peak_Bps, 80000);
	ct_answer(t, 0);
	spec.tspec.b = 4000;
	T_EQ(told(t, spec)->flow.bucket_bytes, 4000);
	ct_answer(t, 0);
	spec.tspec.m = 60;
	T_EQ(told(t, spec)->flow.min_packet_bytes, 60);
	ct_answer(t, 0);
	spec.tspec.M = 900;
	T_EQ(told(t, spec)->flow.max_packet_bytes, 900);
	ct_answer(t, 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(t->flow_count, 0);
}

static void
each_figure_makes_a_difference(void)
{
	ct_once(each_figure);
}

/* The queue that the nodes before us make necessary, and nothing else. */
static void
only_the_queue(struct ct *t)
{
	struct wire_msg *msg;
	uint64_t before;

	ct_make_bare(t, 1000000);
	ct_with_resv(t, ct_gs(100000, 150000));
	msg = ct_path(t);
	msg->adspec.services[0].Csum = 3000;
	before = ct_only_resv(t).rate_Bps;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.rate_Bps, before);
}

static void
a_longer_queue_makes_a_difference(void)
{
	ct_once(only_the_queue);
}

static struct wire_filter
labelled(const struct ct *t, uint32_t label)
{
	return (struct wire_filter){ .src = ct_sender(t).src,
		.form = WIRE_FILTER_FLOW_LABEL,
		.flow_label = label };
}

/* SE for two senders of one host. */
static void two_filters(struct wire_filter (*first)(const struct ct *),
	struct wire_filter (*second)(const struct ct *))
{
	struct ct *t = ct_new(ADDR_V6);
	struct wire_msg *msg = ct_path(t);
	const struct rsvp_flow_filter *filters;

	msg->sender = first(t);
	ct_feed(t, UP, msg);
	msg->sender = second(t);
	ct_feed(t, UP, msg);
	T_EQ(totals_of(t).paths, 2);
	msg = ct_resv_both(t, ct_cl(50000));
	msg->flows[0].filter = first(t);
	msg->flows[1].filter = second(t);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
	filters = ct_flow(t)->flow.filters;
	T_EQ(filters[0].form, first(t).form);
	T_EQ(filters[0].flow_label, first(t).flow_label);
	T_EQ(filters[1].form, second(t).form);
	T_EQ(filters[1].flow_label, second(t).flow_label);
	ct_free(t);
}

static struct wire_filter
label_five(const struct ct *t)
{
	return labelled(t, 5);
}

static struct wire_filter
label_six(const struct ct *t)
{
	return labelled(t, 6);
}

static struct wire_filter
label_zero(const struct ct *t)
{
	return labelled(t, 0);
}

static struct wire_filter
port_zero(const struct ct *t)
{
	return (struct wire_filter){ .src = ct_sender(t).src };
}

static void
flow_labels_tell_senders_apart(void)
{
	two_filters(label_five, label_six);
	two_filters(port_zero, label_zero);
}

/* An SE reservation that takes up with another sender: new filters only. */
static void
one_sender_more(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv_both(t, ct_cl(50000));
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
}

static void
a_sender_more_makes_a_difference(void)
{
	ct_once(one_sender_more);
}

/* More senders than a class has filters for: the rest is best effort. */
static void
too_many_senders(struct ct *t)
{
	t->conf.max_senders = 80;
	rsvp_core_reconf(t->core, &t->conf);
	for (unsigned host = 1; host <= 70; host++) {
		struct wire_msg *msg = ct_path(t);

		msg->sender.src = ct_addr(t, 8, host);
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	for (unsigned hop = 0; hop < 2; hop++) {
		struct wire_msg *msg = ct_resv_both(t, ct_cl(50000));

		msg->hop.addr = ct_addr(t, DOWN, HOP_B + hop);
		msg->flow_count = 35;
		for (unsigned i = 0; i < 35; i++) {
			msg->flows[i] = msg->flows[0];
			msg->flows[i].filter.src =
				ct_addr(t, 8, 1 + 35 * hop + i);
		}
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	T_EQ(ct_flow(t)->flow.filter_count, RSVP_FLOW_FILTERS_MAX);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
}

static void
a_class_has_so_many_filters_only(void)
{
	ct_once(too_many_senders);
}

/* m = 0 is read as 128 in a SENDER_TSPEC as well, with 38 more on the wire. */
static void
smallest_packet(struct ct *t)
{
	struct wire_tspec tspec = ct_tspec();
	struct wire_flowspec spec = ct_cl(64000);

	tspec.m = 0;
	spec.tspec.m = 0;
	feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (128 + 38) / 128);
}

static void
an_unknown_smallest_packet_is_assumed_for_senders_too(void)
{
	ct_both(smallest_packet);
}

/* Nothing but the interface's way of counting has changed. */
static void
counts_otherwise(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct wire_tspec tspec = ct_tspec();
	struct wire_flowspec spec = ct_cl(64000);

	tspec.m = 0;
	spec.tspec.m = 0;
	feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_answer(t, 0);
	ct_forget(t);
	conf.assumed_min_packet = 64;
	put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (64 + 38) / 64);
	ct_answer(t, 0);
	ct_forget(t);
	conf.timer_us = 500000; /* more than the bucket has */
	put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
}

static void
an_interface_that_counts_otherwise_changes_flows(void)
{
	ct_once(counts_otherwise);
}

/* What is left for others is told in IP octets of the smallest packets. */
static void
left_over(struct ct *t)
{
	ct_feed(t, UP, ct_path(t));
	T_EQ((int64_t)ct_sent(t, WIRE_PATH, 0)
			->msg.adspec.general.bandwidth_Bps,
		1000000LL * 128 / (128 + 38));
}

static void
the_path_bandwidth_counts_the_smallest_packets(void)
{
	ct_once(left_over);
}

/* ---- a change of plan ---------------------------------------------------- */

/* RFC 2209: only what is installed is forwarded. */
static void
path_grows(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(150000)));
	feed_tspec(t, ct_cl(140000).tspec);
	T_EQ(t->flow_count, 1);
	ct_answer(t, 0);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_only_resv(t).rate_Bps, ct_flow(t)->flow.rate_Bps);
}

static void
path_grows_too_much(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(900000)));
	feed_tspec(t, ct_cl(900000).tspec);
	ct_answer(t, 0);
	ct_answer_all(t);
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(totals_of(t).resvs, 0);
}

static void
a_path_that_grows_in_the_meantime_is_followed_first(void)
{
	ct_once(path_grows);
	ct_once(path_grows_too_much);
}

/* The first allocations fail, one after the other: what was not asked for is
 * not held, and the next refresh has it all. */
static bool
short_of_memory(long nth)
{
	struct ct *t = ct_new(ADDR_V4);
	bool failed;

	ct_with_path(t);
	t->fail_at = t->allocations + nth;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	failed = t->failed;
	t->fail_at = 0;
	if (t->flow_count == 0)
		T_EQ(ct_reserved(t, DOWN), 0);
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_EQ(ct_reserved(t, DOWN), ct_flow(t)->flow.rate_Bps);
	ct_free(t);
	return failed;
}

static void
what_could_not_be_asked_for_is_not_held(void)
{
	long n = 1;

	while (short_of_memory(n))
		n++;
	T_CHECK(n > 4, "%ld allocations", n);
}

/* Flow numbers go round; 0 is none. */
static void
numbers_go_round(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_iface confs[3];

	for (uint32_t i = UP; i <= SIDE; i++)
		confs[i - UP] = ct_iface(t, i);
	rsvp_core_free(t->core);
	t->conf.seed = 0x74ea08e166c88cc3ULL;
	t->core = rsvp_core_new(&t->conf);
	assert_non_null(t->core);
	for (size_t i = 0; i < 3; i++)
		rsvp_core_iface(t->core, t->now, &confs[i]);
	ct_tc_ready(t);
	ct_forget(t);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->flow.id, 1);
	ct_free(t);
}

/* ---- waiting ------------------------------------------------------------- */

static void
refreshed_while_waiting(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_run(t, 1500);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_run(t, 600);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
refreshes_do_not_prolong_the_wait(void)
{
	ct_once(refreshed_while_waiting);
}

/* Nothing of what was refused is left, though nothing else happens. */
static void
refused_while_waiting(struct ct *t)
{
	long first = 0;

	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	for (int again = 0; again < 2; again++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		ct_feed(t, DOWN, msg);
		ct_run(t, 2100);
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
		if (again == 0)
			first = t->blocks;
		ct_forget(t);
		ct_feed(t, UP, ct_path(t));
	}
	T_EQ(t->blocks, first);
}

static void
nothing_is_left_of_who_waited_in_vain(void)
{
	ct_once(refused_while_waiting);
}

/* Its time was for traffic control, which is there. */
static void
second_request_waits(struct ct *t)
{
	rsvp_core_tc_lost(t->core, t->now);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_run(t, 1900);
	ct_tc_ready(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_run(t, 1000);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 60000, "the second");
}

static void
the_wait_ends_when_traffic_control_is_there(void)
{
	ct_once(second_request_waits);
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
	struct rsvp_iface conf = ct_iface(t, DOWN);

	tc_ready(t, DOWN, ENODEV);
	conf.traffic_control = false;
	put_iface(t, &conf);
	conf.traffic_control = true;
	put_iface(t, &conf);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(t->sent_count, 0);
	tc_ready(t, DOWN, 0);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
an_old_problem_is_forgotten_with_its_traffic_control(void)
{
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
	T_EQ(totals_of(t).flows, 0);
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
	T_EQ(totals_of(t).flows, 0);
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
	T_EQ(totals_of(t).flows, 0);
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
	feed_tspec(t, ct_cl(60000).tspec);
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
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2000);
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
	T_EQ(totals_of(t).flows, 1);
	rsvp_core_tc_lost(t->core, t->now);
	flow.id = 0;
	rsvp_core_adopt(t->core, t->now, &flow);
	flow.id = 4711;
	flow.filter_count = RSVP_FLOW_FILTERS_MAX + 1;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(totals_of(t).flows, 1);
	flow.filter_count = 1;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(totals_of(t).flows, 2);
	flow.ifindex = SIDE; /* the same number a second time */
	flow.rate_Bps *= 2;
	rsvp_core_adopt(t->core, t->now, &flow);
	T_EQ(totals_of(t).flows, 2);
	T_EQ(ct_reserved(t, SIDE), 0);
	T_EQ(ct_reserved(t, DOWN), flow.rate_Bps); /* two of the half */
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
	T_EQ(totals_of(t).adopted_unclaimed, 1);
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
	T_EQ(totals_of(t).adopted_unclaimed, 0);
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
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2000);
	ct_answer_all(t);
	T_EQ(totals_of(t).resvs, 1);
	rsvp_core_iface_gone(t->core, t->now, DOWN);
	ct_tick(t);
	ct_forget(t);
}

static void
gone_and_address(struct ct *t)
{
	struct wire_msg *msg;

	left(t);
	T_EQ(totals_of(t).resvs, 1);
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
	rsvp_core_iface(t->core, t->now, &conf);
	T_EQ(rsvp_core_next(t->core).us, t->now.us); /* routes are asked for */
}

static void
gone_for_good(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);
	const long before = t->blocks;

	conf.ifindex = 9;
	conf.v4 = ct_addr(t, 20, 1);
	put_iface(t, &conf);
	rsvp_core_iface_gone(t->core, t->now, 9);
	ct_tick(t);
	T_EQ(t->blocks, before);
}

static void
an_interface_that_is_gone_is_forgotten(void)
{
	ct_once(gone_and_address);
	ct_once(gone_and_back);
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

static void
limit_to(struct ct *t, uint64_t Bps)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.reservable_Bps = Bps;
	put_iface(t, &conf);
}

/* A change in flight for each of two limits, and patience for each. */
static void
patient_again(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	limit_to(t, 10000);
	ct_run(t, 1900);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 0);
	limit_to(t, 1000000); /* and all is well again */
	limit_to(t, 20000);
	limit_to(t, 10000);
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
	limit_to(t, 10000);
	limit_to(t, 1000000);
	ct_run(t, 200);
	T_CHECK(rsvp_core_next(t->core).us > t->now.us + 1000000, "no more");
}

static void
each_lower_limit_has_its_patience(void)
{
	ct_once(patient_again);
	ct_once(fits_again);
}

static struct t_case cases[] = {
	{ "each figure makes a difference", each_figure_makes_a_difference },
	{ "a longer queue makes a difference",
		a_longer_queue_makes_a_difference },
	{ "flow labels tell senders apart", flow_labels_tell_senders_apart },
	{ "a sender more makes a difference",
		a_sender_more_makes_a_difference },
	{ "a class has so many filters only",
		a_class_has_so_many_filters_only },
	{ "an unknown smallest packet is assumed for senders too",
		an_unknown_smallest_packet_is_assumed_for_senders_too },
	{ "an interface that counts otherwise changes flows",
		an_interface_that_counts_otherwise_changes_flows },
	{ "the path bandwidth counts the smallest packets",
		the_path_bandwidth_counts_the_smallest_packets },
	{ "a path that grows in the meantime is followed first",
		a_path_that_grows_in_the_meantime_is_followed_first },
	{ "what could not be asked for is not held",
		what_could_not_be_asked_for_is_not_held },
	{ "flow numbers go round", numbers_go_round },
	{ "refreshes do not prolong the wait for traffic control",
		refreshes_do_not_prolong_the_wait },
	{ "nothing is left of who waited in vain",
		nothing_is_left_of_who_waited_in_vain },
	{ "the wait ends when traffic control is there",
		the_wait_ends_when_traffic_control_is_there },
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
