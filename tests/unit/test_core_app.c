/* SPDX-License-Identifier: ISC */

/*
 * What applications ask for (RFC 2205 3.11.1, RESERVE), in detail: which of it
 * goes upstream, in whose name, and how often it is confirmed.
 */

#include "core_t.h"

enum { FIRST = 11, SECOND = 12 };

static void
app_open(struct ct *t, uint64_t id)
{
	ct_app_open(t, id);
	ct_forget(t);
}

static struct wire_flow
flow_for(struct wire_filter filter)
{
	return (struct wire_flow){ .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(50000),
		.filter = filter };
}

static enum rsvp_local_result
ask(struct ct *t, uint64_t id, const struct rsvp_local_reserve *request)
{
	enum rsvp_local_result result =
		rsvp_local_reserve(t->core, t->now, id, request);

	ct_collect(t);
	return result;
}

/* One flow for the first sender, FF. */
static void
ask_one(struct ct *t, uint64_t id, bool confirm, struct addr receiver)
{
	const struct wire_flow flow = flow_for(ct_sender(t));
	const struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.confirm = confirm,
		.receiver = receiver,
		.flow_count = 1,
		.flows = &flow };

	T_EQ(ask(t, id, &request), RSVP_LOCAL_OK);
}

static const struct addr none;

/* ---- in whose name ------------------------------------------------------- */

static void
named_receiver(struct ct *t)
{
	const struct addr receiver = ct_addr(t, SIDE, 1);
	const struct ct_sent *s;

	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	ask_one(t, FIRST, true, receiver);
	s = ct_sent(t, WIRE_RESV, 0);
	assert_non_null(s);
	T_CHECK((s->msg.has & WIRE_HAS_CONFIRM) != 0, "asked for");
	T_CHECK(ct_is(&s->msg.confirm, receiver), "the address it named");
}

/* RFC 2205 3.11.1: the receiver's address is an argument of RESERVE. */
static void
a_confirmation_goes_to_the_address_that_was_named(void)
{
	ct_both(named_receiver);
}

/* The data pass by: there is nothing to receive here. */
static void
in_transit(struct ct *t)
{
	struct rsvp_totals totals;

	ct_with_path(t);
	app_open(t, FIRST);
	ask_one(t, FIRST, false, none);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, 0);
	T_EQ(t->sent_count, 0);
	t->dst_local = true;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2500);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
nothing_is_reserved_for_what_only_passes_by(void)
{
	ct_once(in_transit);
}

/* ---- confirmations ------------------------------------------------------- */

static void
again(struct ct *t)
{
	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	ask_one(t, FIRST, true, none);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	ask_one(t, FIRST, true, none);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK((ct_sent(t, WIRE_RESV, 0)->msg.has & WIRE_HAS_CONFIRM) != 0,
		"one more");
	ct_forget(t);
	ask_one(t, FIRST, false, none);
	T_EQ(t->sent_count + t->event_count, 0);
}

/* The second asks for the same, and is confirmed by what is in force. */
static void
only_who_asked(struct ct *t)
{
	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	app_open(t, SECOND);
	ask_one(t, FIRST, false, none);
	ask_one(t, SECOND, true, none);
	ct_forget(t);
	ask_one(t, SECOND, true, none);
	for (size_t i = 0; i < t->event_count; i++)
		T_EQ(t->events[i].head.id, SECOND);
}

/* Another application has reserved more: this one is confirmed here. */
static void
confirmed_here(struct ct *t)
{
	struct wire_flow flow = flow_for(ct_sender(t));
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};
	const struct ct_event *event;

	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	app_open(t, SECOND);
	flow.flowspec = ct_cl(90000);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	ct_forget(t);
	ask_one(t, SECOND, true, none);
	event = ct_event(t, RSVP_RESV_CONFIRM, 0);
	assert_non_null(event);
	T_EQ(event->head.id, SECOND);
	T_CHECK(ct_is(&event->head.error.node, ct_session(t).dst), "by us");
	T_EQ(event->head.item_count, 1);
	T_CHECK(event->items[0].has_flowspec &&
			event->items[0].flowspec.tspec.r == 50000,
		"what it asked for");
}

/* A ResvConf for both senders. */
static void
confirmed_by_message(struct ct *t)
{
	const struct wire_flow flows[] = { flow_for(ct_sender(t)),
		flow_for(ct_second_sender(t)) };
	const struct rsvp_local_reserve request = { .style = WIRE_STYLE_SE,
		.confirm = true,
		.flow_count = 2,
		.flows = flows };
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_session(t).dst,
		.dst_local = true,
		.ttl = 60 };
	struct wire_msg *msg;
	const struct ct_event *event;

	t->dst_local = true;
	ct_with_path(t);
	ct_with_second_path(t);
	app_open(t, FIRST);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	ct_forget(t);
	msg = ct_resv_both(t, ct_cl(50000));
	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_session(t).dst;
	packet.msg = msg;
	ct_feed_from(t, packet);
	event = ct_event(t, RSVP_RESV_CONFIRM, 0);
	assert_non_null(event);
	T_EQ(event->head.id, FIRST);
	T_CHECK(ct_is(&event->head.error.node, ct_addr(t, 7, 7)), "who did");
	T_EQ(event->head.item_count, 2);
	T_CHECK(event->items[1].has_flowspec, "flowspec");
	T_CHECK(wire_filter_equal(&event->items[1].filter, &flows[1].filter),
		"of the second");
}

/* RFC 2205 2.6: each request is confirmed that wants to be. */
static void
a_request_is_confirmed_as_often_as_it_is_made(void)
{
	ct_both(again);
	ct_once(only_who_asked);
	ct_both(confirmed_here);
	ct_both(confirmed_by_message);
}

/* ---- which senders ------------------------------------------------------- */

static void
shared_filters(struct ct *t)
{
	const struct wire_filter stranger = { .src = ct_addr(t, 8, 99),
		.src_port = 1 };
	const struct wire_flow flows[] = { flow_for(ct_sender(t)),
		flow_for(ct_sender(t)), flow_for(stranger) };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_SE, .flow_count = 3, .flows = flows
	};
	struct rsvp_resv_info info;

	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	T_EQ(rsvp_core_resvs(t->core, t->now, 1, &info, 1), 1);
	T_EQ(info.filter_count, 1);
}

/* RFC 2205 3.1.4: each once, and who has sent a Path only. */
static void
a_filter_is_asked_for_once_and_with_a_path(void)
{
	ct_both(shared_filters);
}

static void
as_many_as_fit(struct ct *t)
{
	static struct wire_flow flows[WIRE_FLOWS_MAX + 1];
	struct rsvp_local_reserve request = { .style = WIRE_STYLE_SE,
		.flow_count = WIRE_FLOWS_MAX,
		.flows = flows };

	for (size_t i = 0; i <= WIRE_FLOWS_MAX; i++) {
		flows[i] = flow_for(ct_sender(t));
		flows[i].filter.src_port = (uint16_t)(i + 1);
	}
	app_open(t, FIRST);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	request.flow_count++;
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_LIMIT);
	request.flow_count = 0;
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_LIMIT);
}

static void
a_request_has_as_many_flows_as_a_message(void)
{
	ct_once(as_many_as_fit);
}

/* The second sender comes when policy has changed its mind. */
static void
refused_one(struct ct *t)
{
	const struct wire_flow flows[] = { flow_for(ct_sender(t)),
		flow_for(ct_second_sender(t)) };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 2, .flows = flows
	};
	const struct ct_event *event;

	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	t->deny = true;
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	event = ct_event(t, RSVP_RESV_ERROR, 0);
	assert_non_null(event);
	T_CHECK(ct_is(&event->head.error.node, ct_session(t).dst),
		"it is refused here");
	t->deny = false;
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* not by itself */
	{
		struct wire_msg *msg = ct_path(t);

		msg->sender = ct_second_sender(t);
		ct_feed(t, UP, msg);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	T_CHECK(wire_filter_equal(
			&ct_sent(t, WIRE_RESV, 0)->msg.flows[0].filter,
			&flows[1].filter),
		"the second");
	/* Asked again, both are. */
	ct_forget(t);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
}

/* Nor is policy, when nothing has changed. */
static void
once_only(struct ct *t)
{
	const struct wire_flow flow = { .has_flowspec = true,
		.flowspec = ct_cl(50000) };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_WF, .flow_count = 1, .flows = &flow
	};
	unsigned asked;

	t->dst_local = true;
	ct_with_path(t);
	app_open(t, FIRST);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	asked = t->asked;
	ct_with_second_path(t);
	T_EQ(t->asked, asked);
}

static void
what_is_refused_is_not_asked_for_again(void)
{
	ct_once(refused_one);
	ct_once(once_only);
}

/* ---- what it does not say ------------------------------------------------ */

static void
packets_unknown(struct ct *t)
{
	struct wire_flow flow = flow_for(ct_sender(t));
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};
	struct wire_msg *msg = ct_path(t);

	flow.flowspec.tspec.M = 0;
	t->dst_local = true;
	msg->has &= ~(uint32_t)WIRE_HAS_ADSPEC;
	ct_feed(t, UP, msg);
	app_open(t, FIRST);
	T_EQ(ask(t, FIRST, &request), RSVP_LOCAL_OK);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.M, 0);
}

/* RFC 2210 2.3.2 has it from the ADSPEC. */
static void
without_an_adspec_packet_sizes_stay_unknown(void)
{
	ct_once(packets_unknown);
}

/* One event lists so many senders at most; the rest is there all the same. */
static void
crowd(struct ct *t)
{
	struct rsvp_effect effect;
	size_t most = 0;

	t->conf.max_senders = 80;
	rsvp_core_reconf(t->core, &t->conf);
	for (unsigned host = 1; host <= 70; host++) {
		struct wire_msg *msg = ct_path(t);

		msg->sender.src = ct_addr(t, 8, host);
		ct_feed(t, UP, msg);
	}
	t->dst_local = true;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2500);
	{
		const struct wire_session session = ct_session(t);
		const struct rsvp_who nobody = { .known = false };

		T_EQ(rsvp_local_open(t->core, t->now, FIRST, &session, &nobody),
			RSVP_LOCAL_OK);
	}
	while (rsvp_core_take(t->core, &effect))
		if (effect.kind == RSVP_EFFECT_EVENT)
			most = effect.event.item_count;
	T_EQ(most, 64);
}

static void
an_event_has_so_many_senders_only(void)
{
	ct_once(crowd);
}

static struct t_case cases[] = {
	{ "an event has so many senders only",
		an_event_has_so_many_senders_only },
	{ "a confirmation goes to the address that was named",
		a_confirmation_goes_to_the_address_that_was_named },
	{ "nothing is reserved for what only passes by",
		nothing_is_reserved_for_what_only_passes_by },
	{ "a request is confirmed as often as it is made",
		a_request_is_confirmed_as_often_as_it_is_made },
	{ "a filter is asked for once, and with a Path",
		a_filter_is_asked_for_once_and_with_a_path },
	{ "a request has as many flows as a message",
		a_request_has_as_many_flows_as_a_message },
	{ "what is refused is not asked for again by itself",
		what_is_refused_is_not_asked_for_again },
	{ "without an ADSPEC packet sizes stay unknown",
		without_an_adspec_packet_sizes_stay_unknown },
};
T_MAIN(cases)
