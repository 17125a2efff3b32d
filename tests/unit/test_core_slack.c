/* SPDX-License-Identifier: ISC */

/* Slack that is spent and kept; what cannot be supported; the edges of
 * capacity. */

#include "core_t.h"

#include <math.h>

/* ---- slack --------------------------------------------------------------- */

/* R = 120000 fits on DOWN (138/100 of it on the wire), and not more. */
static void
make_tight(struct ct *t, bool use_slack)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.reservable_Bps = 165600;
	conf.use_slack = use_slack;
	ct_set_iface(t, &conf);
}

static struct wire_flowspec
with_slack(float R, uint32_t S)
{
	struct wire_flowspec spec = ct_gs(100000, R);

	spec.S = S;
	return spec;
}

static void
check_asked(struct ct *t, float R, uint32_t S)
{
	const struct wire_flowspec *spec = &ct_asked_flow(t)->flowspec;

	T_CHECK(spec->R == R, "R = %g", (double)spec->R);
	T_EQ(spec->S, S);
}

/* (b + C) (1/120000 - 1/150000) s with b = 5000 and C = 1538: 10896.7 us */
static void
spend(struct ct *t)
{
	ct_with_path(t);
	make_tight(t, true);
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 20000)));
	T_EQ(ct_flow(t)->flow.rate_Bps, 165600);
	assert_true(ct_answer(t, 0));
	check_asked(t, 120000, 20000 - 10897);
	T_EQ(ct_reserved(t, DOWN), 165600);
	T_CHECK(ct_only_resv(t).flowspec.R == 150000, "what was asked of us");
	T_CHECK(ct_only_resv(t).forwarded.R == 120000, "what we ask for");
}

static void
a_rate_that_does_not_fit_is_bought_with_slack(void)
{
	ct_both(spend);
}

static void
as_little(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->adspec.services[0].Ctot = 2000; /* 14230.0 us */
	ct_feed(t, UP, msg);
	make_tight(t, true);
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 14229)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 14231)));
	assert_true(ct_answer(t, 0));
	T_CHECK(ct_asked_flow(t)->flowspec.S <= 1, "all of it");
}

static void
slack_is_counted_with_the_terms_of_the_path(void)
{
	ct_once(as_little);
}

static void
not_configured(struct ct *t)
{
	ct_with_path(t);
	make_tight(t, false);
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 20000)));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	/* And what fits is left as it was asked for. */
	make_tight(t, true);
	ct_feed(t, DOWN, ct_resv(t, with_slack(110000, 20000)));
	assert_true(ct_answer(t, 0));
	check_asked(t, 110000, 20000);
}

static void
slack_is_taken_only_when_needed_and_allowed(void)
{
	ct_once(not_configured);
}

static void
refreshed(struct ct *t)
{
	struct rsvp_iface conf;
	struct wire_msg *msg;

	ct_with_path(t);
	make_tight(t, true);
	conf = ct_iface(t, DOWN);
	msg = ct_resv_both(t, with_slack(150000, 20000));
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	assert_true(ct_answer(t, 0));
	check_asked(t, 120000, 9103);
	ct_forget(t);
	/* There is room again: the refresh changes nothing all the same. */
	conf.reservable_Bps = 1000000;
	ct_set_iface(t, &conf);
	msg = ct_resv_both(t, with_slack(150000, 20000));
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count + t->flow_count, 0);
	/* Nor does one more sender in the same request. */
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, with_slack(150000, 20000)));
	ct_answer_all(t);
	check_asked(t, 120000, 9103);
	ct_forget(t);
	/* Another request is judged anew. */
	ct_feed(t, DOWN, ct_resv_both(t, with_slack(150000, 20001)));
	ct_answer_all(t);
	check_asked(t, 150000, 20001);
}

static void
slack_once_taken_is_kept(void)
{
	ct_once(refreshed);
}

static void
increase(struct ct *t)
{
	ct_with_path(t);
	make_tight(t, true);
	ct_feed(t, DOWN, ct_resv(t, with_slack(110000, 20000)));
	assert_true(ct_answer(t, 0));
	ct_forget(t);
	/* What it holds already is room for itself. */
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 20000)));
	T_EQ(ct_flow(t)->flow.rate_Bps, 165600);
	assert_true(ct_answer(t, 0));
	check_asked(t, 120000, 9103);
}

static void
an_increase_counts_what_it_has(void)
{
	ct_once(increase);
}

static void
left_slack(struct ct *t)
{
	ct_make_bare(t, 1000000);
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, with_slack(150000, 10000)));
	/* 1000 + 0.04 (200000 - 150000) + 0.01 * 150000 */
	T_EQ(ct_flow(t)->flow.buffer_bytes, 4500);
}

static void
slack_that_goes_on_needs_queue_here(void)
{
	ct_once(left_slack);
}

/* One sender more makes packets smaller, so that the same rate takes more of
 * the link: it is not bought with yet more slack. */
static void
smaller_packets(struct ct *t)
{
	struct wire_flowspec spec = with_slack(150000, 20000);
	struct wire_msg *msg;

	spec.tspec.M = 1100; /* above that of the senders: neither is smaller */
	ct_with_path(t);
	make_tight(t, true);
	msg = ct_resv_both(t, spec);
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	assert_true(ct_answer(t, 0));
	ct_forget(t);
	msg = ct_path(t);
	msg->sender = ct_second_sender(t);
	msg->tspec.m = 90;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_both(t, spec));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH,
		WIRE_ERROR_IN_PLACE);
	T_EQ(ct_reserved(t, DOWN), 165600);
}

static void
slack_is_taken_once(void)
{
	ct_once(smaller_packets);
}

/* ---- what cannot be supported -------------------------------------------- */

static void
endless_queue(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(100000);
	struct wire_msg *msg = ct_path(t);

	msg->tspec.b = 250e9f;
	msg->tspec.r = 500000;
	msg->tspec.p = INFINITY;
	ct_feed(t, UP, msg);
	ct_forget(t);
	spec.tspec.b = 250e9f;
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, 0);
	T_CHECK(strstr(ct_refusal(t).reason, "queue on eth2: needs ") != NULL,
		"%s", ct_refusal(t).reason);
	T_CHECK(strstr(ct_refusal(t).reason, "may have ") != NULL, "%s",
		ct_refusal(t).reason);
	ct_forget(t);
	/* An hour of slack */
	spec = with_slack(100000, 3600000000u);
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, 0);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->claims, 0);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 100000)));
	T_EQ(t->flow_count, 1);
}

static void
a_queue_beyond_any_memory_is_refused(void)
{
	ct_once(endless_queue);
}

static void
reduction(struct ct *t)
{
	struct wire_flowspec spec = ct_gs(90000, 130000);
	struct wire_msg *msg;

	ct_with_resv(t, ct_gs(100000, 150000));
	/* The path now says that all of it may come late by an hour. */
	msg = ct_path(t);
	msg->adspec.services[0].Dsum = 3600000000u;
	ct_feed(t, UP, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 140000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(ct_flow(t)->flow.rate_Bps, 193200);
	T_EQ(ct_flow(t)->flow.buffer_bytes, 256u << 20);
	ct_answer_all(t);
	check_asked(t, 140000, 0);
	ct_forget(t);
	spec.tspec.b = 9000; /* a lower rate, and a deeper bucket */
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 150000)));
	ct_expect_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, WIRE_ERROR_IN_PLACE);
}

static void
a_reduction_is_not_refused_for_its_queue(void)
{
	ct_once(reduction);
}

/* ---- edges of capacity --------------------------------------------------- */

/* Ask for R for another flow; refused or not. */
static bool
fits(struct ct *t, uint16_t port, float R)
{
	struct wire_flowspec spec = ct_gs(1, R);
	struct wire_msg *msg;

	spec.tspec.p = INFINITY;
	msg = ct_other_flow(t, port, spec);
	ct_forget(t);
	ct_feed(t, DOWN, msg);
	if (t->flow_count == 1)
		return ct_answer(t, 0);
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_BANDWIDTH, 0);
	return false;
}

/* 40e12 as a single is 39999999311872, its neighbour 4194304 less. */
static void
edges(struct ct *t)
{
	const float most = 40e12f;

	ct_make_bare(t, 39999999311871);
	T_CHECK(!fits(t, 6000, most), "one octet a second too much");
	ct_make_bare(t, 39999999311872);
	T_CHECK(fits(t, 6001, most), "exactly what there is");
	T_CHECK(!fits(t, 6002, 1), "one more");
	ct_make_bare(t, 39999999311873);
	T_CHECK(fits(t, 6003, 1), "one more that is there");
	T_CHECK(!fits(t, 6004, 1), "and another");
	T_EQ(ct_reserved(t, DOWN), 39999999311873);
}

static void
neighbours(struct ct *t)
{
	ct_make_bare(t, 39999999311872);
	T_CHECK(fits(t, 6001, nextafterf(40e12f, 0)), "the one below");
	T_CHECK(!fits(t, 6002, 4194305), "one more than the gap");
	T_CHECK(fits(t, 6003, 4194304), "the gap");
	T_CHECK(!fits(t, 6004, 1), "nothing is left");
	T_EQ(ct_reserved(t, DOWN), 39999999311872);
}

static void
forty_terabytes_are_sold_to_the_last_octet(void)
{
	ct_once(edges);
	ct_once(neighbours);
}

static struct t_case cases[] = {
	{ "a rate that does not fit is bought with slack",
		a_rate_that_does_not_fit_is_bought_with_slack },
	{ "slack is counted with the terms of the path",
		slack_is_counted_with_the_terms_of_the_path },
	{ "slack is taken only when needed and allowed",
		slack_is_taken_only_when_needed_and_allowed },
	{ "slack once taken is kept", slack_once_taken_is_kept },
	{ "slack is taken once", slack_is_taken_once },
	{ "an increase counts what it has", an_increase_counts_what_it_has },
	{ "slack that goes on needs queue here",
		slack_that_goes_on_needs_queue_here },
	{ "a queue beyond any memory is refused",
		a_queue_beyond_any_memory_is_refused },
	{ "a reduction is not refused for its queue",
		a_reduction_is_not_refused_for_its_queue },
	{ "forty terabytes are sold to the last octet",
		forty_terabytes_are_sold_to_the_last_octet },
};

T_MAIN(cases)
