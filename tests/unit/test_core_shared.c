/* SPDX-License-Identifier: ISC */

/* Local receivers that share: SE and WF, and odd requests. */

#include "core_t.h"

static const struct rsvp_who nobody;

/* Senders with the ports 1, 2, ... behind hop A. */
static void
with_senders(struct ct *t, uint16_t count)
{
	t->dst_local = true;
	ct_app_open(t, 1);
	for (uint16_t port = 1; port <= count; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
	}
	ct_forget(t);
}

static void
reserve(struct ct *t, uint8_t style, size_t count, float rate)
{
	struct wire_flow flows[4] = { 0 };
	struct rsvp_local_reserve request = {
		.style = style, .flow_count = count, .flows = flows
	};

	for (size_t i = 0; i < count; i++) {
		flows[i] = (struct wire_flow){ .has_flowspec = true,
			.has_filter = style != WIRE_STYLE_WF,
			.flowspec = ct_cl(rate) };
		if (style != WIRE_STYLE_WF) {
			flows[i].filter = ct_sender(t);
			flows[i].filter.src_port = (uint16_t)(i + 1);
		}
	}
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request), RSVP_LOCAL_OK);
	ct_collect(t);
}

static void
close_all(struct ct *t, uint16_t senders)
{
	rsvp_local_close(t->core, t->now, 1);
	ct_collect(t);
	for (uint16_t port = 1; port <= senders; port++) {
		struct wire_msg *msg = ct_path_tear(t);

		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
	}
	ct_expect_empty(t);
}

static void
se(struct ct *t)
{
	with_senders(t, 2);
	reserve(t, WIRE_STYLE_SE, 3, 50000); /* the third is not here yet */
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent[0].msg.style, WIRE_STYLE_SE);
	T_EQ(t->sent[0].msg.flow_count, 2);
	ct_forget(t);
	{
		struct wire_msg *msg = ct_path(t);

		msg->sender.src_port = 3;
		ct_feed(t, UP, msg);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent[0].msg.flow_count, 3);
	ct_forget(t);
	reserve(t, WIRE_STYLE_SE, 2, 50000); /* one less */
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flow_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flows[0].filter.src_port, 3);
	close_all(t, 3);
}

static void
se_follows_its_senders(void)
{
	ct_both(se);
}

static void
wf(struct ct *t)
{
	with_senders(t, 2);
	reserve(t, WIRE_STYLE_WF, 1, 50000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent[0].msg.style, WIRE_STYLE_WF);
	T_EQ(t->sent[0].msg.flow_count, 1);
	T_CHECK(!t->sent[0].msg.flows[0].has_filter, "no filter");
	ct_forget(t);
	reserve(t, WIRE_STYLE_WF, 1, 60000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	close_all(t, 2);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
}

static void
wf_is_for_whoever_sends(void)
{
	ct_both(wf);
}

static void
wf_early(struct ct *t)
{
	with_senders(t, 0);
	reserve(t, WIRE_STYLE_WF, 1, 50000);
	T_EQ(t->sent_count + t->event_count, 0);
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, UP, ct_path_tear(t));
	close_all(t, 0);
}

static void
wf_waits_for_a_sender(void)
{
	ct_once(wf_early);
}

static void
ff_of_several(struct ct *t)
{
	with_senders(t, 2);
	reserve(t, WIRE_STYLE_FF, 2, 50000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent[0].msg.flow_count, 2);
	ct_forget(t);
	reserve(t, WIRE_STYLE_FF, 1, 50000);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flows[0].filter.src_port, 2);
	T_EQ(t->claims, 1);
	ct_forget(t);
	reserve(t, WIRE_STYLE_SE, 2, 50000); /* another style altogether */
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.style, WIRE_STYLE_FF);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.style, WIRE_STYLE_SE);
	close_all(t, 2);
}

static void
ff_of_several_senders_is_one_message(void)
{
	ct_once(ff_of_several);
}

static void
other_app(struct ct *t)
{
	struct wire_session session = ct_session(t);
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(10000),
		.filter = ct_sender(t) };
	struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};

	with_senders(t, 1);
	reserve(t, WIRE_STYLE_WF, 1, 50000);
	ct_forget(t);
	T_EQ(rsvp_local_open(t->core, t->now, 2, &session, &nobody),
		RSVP_LOCAL_OK);
	flow.filter.src_port = 1;
	(void)rsvp_local_reserve(t->core, t->now, 2, &request);
	ct_collect(t);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.id, 2);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.code,
		WIRE_E_STYLE_CONFLICT);
	ct_forget(t);
	request.style = WIRE_STYLE_WF;
	flow.has_filter = false;
	flow.flowspec = ct_gs(10000, 20000);
	(void)rsvp_local_reserve(t->core, t->now, 2, &request);
	ct_collect(t);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.code, WIRE_E_TC);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.value,
		WIRE_TC_CONFLICT);
	T_EQ(t->sent_count, 0);
	ct_forget(t);
	flow.flowspec = ct_cl(70000);
	(void)rsvp_local_reserve(t->core, t->now, 2, &request);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* merged with the first */
	T_CHECK(t->sent[0].msg.flows[0].flowspec.tspec.r == 70000, "larger");
	rsvp_local_close(t->core, t->now, 2);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	close_all(t, 1);
}

static void
applications_of_one_session_must_agree(void)
{
	ct_once(other_app);
}

static void
odd_requests(struct ct *t)
{
	struct wire_flow flow = { .has_flowspec = true, .has_filter = true };
	struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 0, .flows = &flow
	};

	with_senders(t, 1);
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request),
		RSVP_LOCAL_LIMIT);
	request.flow_count = WIRE_FLOWS_MAX + 1;
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request),
		RSVP_LOCAL_LIMIT);
	request.flow_count = 1;
	flow.flowspec = ct_cl(50000);
	flow.flowspec.tspec.m = 0; /* not known, as deployed peers say it */
	flow.flowspec.tspec.M = 0;
	flow.filter = ct_sender(t);
	flow.filter.src_port = 1;
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request), RSVP_LOCAL_OK);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->event_count, 0);
	flow.flowspec.service = 6;
	(void)rsvp_local_reserve(t->core, t->now, 1, &request);
	ct_collect(t);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.value,
		WIRE_TC_UNSUPPORTED);
	rsvp_local_unreserve(t->core, t->now, 1);
	rsvp_local_unreserve(t->core, t->now, 1);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_forget(t);
	{ /* what was withdrawn does not come back by itself */
		struct wire_msg *msg = ct_path(t);

		msg->sender.src_port = 1;
		msg->tspec.b = 9000;
		ct_feed(t, UP, msg);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	close_all(t, 1);
}

static void
odd_requests_are_told_apart(void)
{
	ct_once(odd_requests);
}

/* A list without any of the senders before replaces them all the same. */
static void
se_replaced(struct ct *t)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(50000),
		.filter = ct_sender(t) };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_SE, .flow_count = 1, .flows = &flow
	};

	with_senders(t, 2);
	reserve(t, WIRE_STYLE_SE, 2, 50000);
	ct_forget(t);
	flow.filter.src_port = 7; /* not here yet */
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request), RSVP_LOCAL_OK);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flow_count, 2);
	close_all(t, 2);
}

static void
senders_that_are_not_here_replace_those_that_are(void)
{
	ct_both(se_replaced);
}

/* The same application with another style: first the tear, then the new. */
static void
style_replaced(struct ct *t)
{
	struct rsvp_totals totals;

	with_senders(t, 2);
	reserve(t, WIRE_STYLE_FF, 2, 50000);
	ct_forget(t);
	reserve(t, WIRE_STYLE_SE, 2, 50000);
	T_EQ(t->sent_count, 2);
	T_EQ(t->sent[0].msg.type, WIRE_RESV_TEAR);
	T_EQ(t->sent[0].msg.style, WIRE_STYLE_FF);
	T_EQ(t->sent[1].msg.type, WIRE_RESV);
	T_EQ(t->sent[1].msg.style, WIRE_STYLE_SE);
	T_EQ(t->event_count, 0);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, 1);
	close_all(t, 2);
}

static void
an_application_may_change_its_style(void)
{
	ct_both(style_replaced);
}

static void
ask_confirmed(struct ct *t, float rate, bool confirm)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(rate),
		.filter = ct_sender(t) };
	const struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.confirm = confirm,
		.flow_count = 1,
		.flows = &flow };

	flow.filter.src_port = 1;
	ct_forget(t);
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request), RSVP_LOCAL_OK);
	ct_collect(t);
}

/* RFC 2209: a failed request takes its RESV_CONFIRM with it. */
static void
refused_confirm(struct ct *t)
{
	with_senders(t, 1);
	ask_confirmed(t, 50000, false);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	t->deny = true;
	ask_confirmed(t, 70000, true);
	T_EQ(t->event_count, 1);
	T_EQ(t->sent_count, 0); /* nothing to be confirmed */
	t->deny = false;
	ask_confirmed(t, 60000, false);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent[0].msg.has & WIRE_HAS_CONFIRM, 0);
	close_all(t, 1);
}

static void
a_refused_request_is_not_confirmed(void)
{
	ct_once(refused_confirm);
}

static struct wire_msg *
conf(struct ct *t, uint8_t style, uint16_t port)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(50000));

	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_addr(t, 9, 9);
	(void)ct_style(msg, style);
	msg->flows[0].has_filter = style != WIRE_STYLE_WF;
	msg->flows[0].filter.src_port = port;
	return msg;
}

static size_t
confirmed(struct ct *t, const struct wire_msg *msg)
{
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 9),
		.dst_local = true,
		.ttl = 60,
		.msg = msg };
	size_t count = 0;

	ct_forget(t);
	ct_feed_from(t, packet);
	while (ct_event(t, RSVP_RESV_CONFIRM, count))
		count++;
	return count;
}

static void
whose_confirmation(struct ct *t)
{
	struct wire_msg *msg;

	with_senders(t, 1);
	reserve(t, WIRE_STYLE_FF, 1, 50000);
	T_EQ(confirmed(t, conf(t, WIRE_STYLE_FF, 1)), 1);
	T_EQ(confirmed(t, conf(t, WIRE_STYLE_FF, 2)), 0);
	T_EQ(confirmed(t, conf(t, WIRE_STYLE_SE, 1)), 0);
	reserve(t, WIRE_STYLE_WF, 1, 50000);
	T_EQ(confirmed(t, conf(t, WIRE_STYLE_WF, 0)), 1);
	msg = conf(t, WIRE_STYLE_WF, 0);
	msg->session.dst_port = 1;
	T_EQ(confirmed(t, msg), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	close_all(t, 1);
}

static void
a_confirmation_finds_its_reservation(void)
{
	ct_once(whose_confirmation);
}

/* RFC 2205 3.5, rule 5: an application is a next hop too. */
static void
spared(struct ct *t)
{
	struct wire_msg *msg;

	with_senders(t, 1);
	reserve(t, WIRE_STYLE_WF, 1, 50000);
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(80000)), WIRE_STYLE_WF);
	msg->error.flags = WIRE_ERROR_IN_PLACE;
	ct_feed(t, UP, msg);
	T_EQ(t->event_count, 0);
	msg->error.flags = 0;
	ct_feed(t, UP, msg);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.flags,
		WIRE_ERROR_NOT_GUILTY);
	ct_forget(t);
	msg->flows[0].flowspec = ct_cl(50000);
	msg->error.flags = WIRE_ERROR_IN_PLACE | WIRE_ERROR_NOT_GUILTY;
	ct_feed(t, UP, msg);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.flags,
		WIRE_ERROR_IN_PLACE); /* whose fault it is, we find */
	close_all(t, 1);
}

static void
an_application_hears_of_its_own_failures_only(void)
{
	ct_both(spared);
}

static struct t_case cases[] = {
	{ "SE follows its senders as they come and are left out",
		se_follows_its_senders },
	{ "WF is for whoever sends", wf_is_for_whoever_sends },
	{ "WF waits for a sender", wf_waits_for_a_sender },
	{ "FF of several senders is one message",
		ff_of_several_senders_is_one_message },
	{ "applications of one session must agree on style and service",
		applications_of_one_session_must_agree },
	{ "odd requests are told apart", odd_requests_are_told_apart },
	{ "senders that are not here replace those that are",
		senders_that_are_not_here_replace_those_that_are },
	{ "an application may change its style",
		an_application_may_change_its_style },
	{ "a refused request is not confirmed",
		a_refused_request_is_not_confirmed },
	{ "an application hears of its own failures only",
		an_application_hears_of_its_own_failures_only },
	{ "a confirmation finds its reservation",
		a_confirmation_finds_its_reservation },
};
T_MAIN(cases)
