/* SPDX-License-Identifier: ISC */

/*
 * What the kernel is asked to have, in detail: which difference makes a change,
 * what a change of plan in between leads to, and how long a request waits (RFC
 * 2209, UPDATE TRAFFIC CONTROL).
 */

#include "core_t.h"

#include <errno.h>

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
	struct wire_tspec tspec = ct_tspec();

	tspec.m = 50;
	ct_make_bare(t, 1000000);
	ct_feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_answer(t, 0);
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

/* The delay so far makes the queue of GS as long as that of CL is. */
static void
service_alone(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);
	struct rsvp_flow before;

	msg->adspec.services[0].Dsum = 200000;
	ct_make_bare(t, 1000000);
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	before = ct_flow(t)->flow;
	ct_answer(t, 0);
	T_EQ(told(t, ct_gs(50000, 50000))->flow.service, WIRE_SERVICE_GS);
	T_EQ(ct_flow(t)->flow.buffer_bytes, before.buffer_bytes);
	T_EQ(ct_flow(t)->flow.bucket_bytes, before.bucket_bytes);
	T_EQ(ct_flow(t)->flow.peak_Bps, before.peak_Bps);
}

/* The queue is four packets long in either case. */
static void
bucket_alone(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(5000);
	uint64_t before;

	ct_make_bare(t, 1000000);
	spec.tspec.b = 4000;
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
	before = ct_flow(t)->flow.buffer_bytes;
	ct_answer(t, 0);
	spec.tspec.b = 3000;
	T_EQ(told(t, spec)->flow.bucket_bytes, 3000);
	T_EQ(ct_flow(t)->flow.buffer_bytes, before);
}

static void
each_figure_makes_a_difference(void)
{
	ct_once(bucket_alone);
	ct_once(each_figure);
	ct_once(service_alone);
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
	const struct wire_filter *filters;

	msg->sender = first(t);
	ct_feed(t, UP, msg);
	msg->sender = second(t);
	ct_feed(t, UP, msg);
	T_EQ(ct_totals(t).paths, 2);
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
	ct_feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (128 + 38) / 128);
}

/* More is asked for than the sender sends. */
static void
smallest_packet_of_sender(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(150000);
	struct wire_tspec tspec = ct_cl(64000).tspec;

	tspec.m = 0;
	spec.tspec.m = 0;
	ct_feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (128 + 38) / 128);
}

static void
an_unknown_smallest_packet_is_assumed_for_senders_too(void)
{
	ct_both(smallest_packet_of_sender);
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
	ct_feed_tspec(t, tspec);
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_answer(t, 0);
	ct_forget(t);
	conf.assumed_min_packet = 64;
	ct_put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (64 + 38) / 64);
	ct_answer(t, 0);
	ct_forget(t);
	conf.header_bytes = 18;
	ct_put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * (64 + 42) / 64);
	ct_answer(t, 0);
	ct_forget(t);
	conf.min_frame_bytes = 128;
	ct_put_iface(t, &conf);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.rate_Bps, 64000 * 128 / 64);
	ct_answer(t, 0);
	ct_forget(t);
	conf.timer_us = 500000; /* more than the bucket has */
	ct_put_iface(t, &conf);
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
	ct_feed_tspec(t, ct_cl(140000).tspec);
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
	ct_feed_tspec(t, ct_cl(900000).tspec);
	ct_answer(t, 0);
	ct_answer_all(t);
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(ct_totals(t).resvs, 0);
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

/* A change that could not be asked for: neither held nor wanted any more. */
static bool
change_without_memory(long nth)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_tspec tspec = ct_tspec();
	bool failed;
	uint64_t before;

	ct_with_resv(t, ct_cl(50000));
	before = ct_reserved(t, DOWN);
	t->fail_at = t->allocations + nth;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(80000)));
	failed = t->failed;
	t->fail_at = 0;
	if (failed && t->flow_count == 0) {
		T_EQ(ct_reserved(t, DOWN), before);
		tspec.r = 60000;
		tspec.p = 70000;
		ct_feed_tspec(t, tspec);
		T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
		T_EQ(ct_flow(t)->flow.rate_Bps, before);
		ct_answer_all(t);
		T_CHECK(ct_only_resv(t).flowspec.tspec.r == 50000,
			"allocation %ld: what was in force", nth);
	}
	ct_free(t);
	return failed;
}

/* Of two classes that have to change one could not be: with the next answer. */
static bool
half_without_memory(long nth)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct wire_msg *msg;
	bool failed;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_style(ct_resv_both(t, ct_cl(50000)), WIRE_STYLE_FF);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	conf.header_bytes = 18;
	rsvp_core_iface(t->core, t->now, &conf);
	t->fail_at = t->allocations + nth;
	ct_tick(t);
	failed = t->failed;
	t->fail_at = 0;
	if (t->flow_count == 1) {
		ct_answer(t, 0);
		T_EQ(t->flow_count, 2);
	}
	ct_free(t);
	return failed;
}

/* The same when the answer finds no memory: refreshes make up for it. */
static bool
answer_without_memory(long nth)
{
	struct ct *t = ct_new(ADDR_V4);
	bool failed;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	t->fail_at = t->allocations + nth;
	ct_answer(t, 0);
	failed = t->failed;
	t->fail_at = 0;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_run(t, 46000); /* a message alone is lost until then */
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "allocation %ld", nth);
	ct_free(t);
	return failed;
}

static void
what_could_not_be_asked_for_is_not_held(void)
{
	long n = 1, m = 1, k = 1, l = 1;

	while (answer_without_memory(m))
		m++;
	T_CHECK(m > 2, "%ld allocations", m);
	while (change_without_memory(k))
		k++;
	T_CHECK(k > 4, "%ld allocations", k);
	while (half_without_memory(l))
		l++;
	T_CHECK(l > 4, "%ld allocations", l);

	while (short_of_memory(n))
		n++;
	T_CHECK(n > 4, "%ld allocations", n);
}

/* Flow numbers go round; 0 is none. */
static void
numbers_go_round(void)
{
	struct ct *t = ct_new(ADDR_V4);

	t->conf.seed = 0x74ea08e166c88cc3ULL;
	ct_restart(t);
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
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_feed_tspec(t, ct_cl(90000).tspec);
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
	long before = 0;

	rsvp_core_tc_lost(t->core, t->now);
	for (int again = 0; again < 2; again++) {
		ct_feed(t, UP, ct_path(t));
		before = t->blocks;
		ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
		ct_run(t, 2100);
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
		if (again == 0) /* what is kept for the next one is there now */
			ct_feed(t, UP, ct_path_tear(t));
		ct_forget(t);
	}
	T_EQ(t->blocks, before);
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

/* ---- a flow that the kernel lost ------------------------------------------
 */

static void
flow_lost(struct ct *t)
{
	uint32_t id;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	id = ct_flow(t)->flow.id;
	T_CHECK(ct_answer(t, 0), "no flow was wanted");
	ct_forget(t);
	rsvp_core_flow_lost(t->core, t->now, id + 1, EIO, "another one");
	ct_tick(t);
	T_CHECK(ct_reserved(t, DOWN) > 0, "not reserved");
	rsvp_core_flow_lost(t->core, t->now, id, EIO, "somebody insists");
	ct_tick(t);
	ct_expect_err(t, WIRE_E_TC_SYSTEM, EIO, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->claims, 0);
	T_EQ(t->flow_count, 0); /* nothing is left to be removed */
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	/* The next refresh asks again. */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer(t, 0);
	ct_expect_empty(t);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
lost_flow_is_not_silent(void)
{
	ct_once(flow_lost);
}

/* A request under way brings it back. */
static void
flow_lost_in_change(struct ct *t)
{
	ct_with_resv(t, ct_cl(100000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(90000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	rsvp_core_flow_lost(
		t->core, t->now, ct_flow(t)->flow.id, EIO, "somebody");
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_answer(t, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
lost_flow_that_is_changed_comes_back(void)
{
	ct_once(flow_lost_in_change);
}

static struct t_case cases[] = {
	{ "a lost flow is not silent", lost_flow_is_not_silent },
	{ "a lost flow that is changed comes back",
		lost_flow_that_is_changed_comes_back },
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
};
T_MAIN(cases)
