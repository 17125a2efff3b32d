/* SPDX-License-Identifier: ISC */

/* Local applications: senders, receivers, their events. */

#include "core_t.h"

static const struct rsvp_who alice = { true, 1001, 100, 42 };

/* An application opens the session. */
static enum rsvp_local_result
app_open(struct ct *t, uint64_t id)
{
	struct wire_session session = ct_session(t);
	enum rsvp_local_result result;

	result = rsvp_local_open(t->core, t->now, id, &session, &alice);
	ct_collect(t);
	return result;
}

/* Its sender is an address of ours on UP. */
static struct rsvp_local_sender
sender_spec(const struct ct *t)
{
	return (struct rsvp_local_sender){ .sender = { .src = ct_addr(t, UP, 1),
						   .src_port = 4004 },
		.tspec = ct_tspec() };
}

static enum rsvp_local_result
app_send(struct ct *t, uint64_t id)
{
	struct rsvp_local_sender sender = sender_spec(t);
	enum rsvp_local_result result;

	result = rsvp_local_send(t->core, t->now, id, &sender);
	ct_collect(t);
	return result;
}

static enum rsvp_local_result
app_reserve(struct ct *t, uint64_t id, struct wire_flowspec spec, bool confirm)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = spec,
		.filter = ct_sender(t) };
	struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.confirm = confirm,
		.flow_count = 1,
		.flows = &flow };
	enum rsvp_local_result result;

	result = rsvp_local_reserve(t->core, t->now, id, &request);
	ct_collect(t);
	return result;
}

static void
app_close(struct ct *t, uint64_t id)
{
	rsvp_local_close(t->core, t->now, id);
	ct_collect(t);
}

/* A Resv from hop B for our own sender. */
static struct wire_msg *
resv_for_us(struct ct *t, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_resv(t, spec);

	msg->flows[0].filter = sender_spec(t).sender;
	return msg;
}

/* ---- sending ------------------------------------------------------------- */

static void
check_send(struct ct *t)
{
	const struct ct_sent *s;

	T_EQ(app_open(t, 1), RSVP_LOCAL_OK);
	T_EQ(t->event_count, 0);
	T_EQ(app_send(t, 1), RSVP_LOCAL_OK);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_PATH, 0);
	assert_non_null(s);
	T_EQ(s->send.ifindex, DOWN);
	T_EQ(s->send.ttl, 63); /* not one less */
	T_CHECK(s->send.router_alert, "with Router Alert");
	T_CHECK(ct_is(&s->send.src, ct_addr(t, UP, 1)), "the sender's address");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, 9, 9)), "to the session");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 1)), "our HOP");
	T_EQ(s->msg.hop.lih, DOWN);
	T_CHECK((s->msg.has & WIRE_HAS_ADSPEC) != 0, "a default ADSPEC");
	T_EQ(s->msg.adspec.general.hops, 1);
	T_CHECK(wire_adspec_find(&((struct ct_sent *)(uintptr_t)s)->msg.adspec,
			WIRE_SERVICE_GS) != NULL,
		"that offers GS");
	T_EQ(t->event_count, 0); /* not told to itself */
	T_EQ(t->way.src.family, ADDR_NONE);
	T_EQ(t->way.in_ifindex, 0);
	T_EQ(t->asked, 1);
	T_EQ(t->question.message, WIRE_PATH);
	T_EQ(t->question.role, RSVP_ROLE_SENDER);
	T_EQ(t->question.who.uid, 1001);
	T_EQ(t->question.flowspec.service, WIRE_SERVICE_GENERAL);
	T_CHECK(t->question.flowspec.tspec.r == 100000, "its Tspec");
	ct_forget(t);
	app_close(t, 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	ct_expect_empty(t);
}

static void
sender_becomes_a_path(void)
{
	ct_both(check_send);
}

static void
check_send_again(struct ct *t)
{
	struct rsvp_local_sender sender = sender_spec(t);

	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	sender.tspec.b = 9000;
	sender.ttl = 5;
	sender.ifindex = SIDE;
	rsvp_local_send(t->core, t->now, 1, &sender);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent[0].send.ifindex, SIDE);
	T_EQ(t->sent[0].send.ttl, 5);
	T_CHECK(t->sent[0].msg.tspec.b == 9000, "the new one");
	T_EQ(t->claims, 1);
	ct_forget(t);
	sender.sender.src_port = 4005;
	rsvp_local_send(t->core, t->now, 1, &sender);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1); /* of the old one */
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->claims, 1);
	ct_forget(t);
	rsvp_local_unsend(t->core, t->now, 1);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->claims, 0);
	rsvp_local_unsend(t->core, t->now, 1);
	ct_forget(t);
	t->out = 0; /* no route: the interface it named will do */
	sender.ifindex = SIDE;
	rsvp_local_send(t->core, t->now, 1, &sender);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent[0].send.ifindex, SIDE);
	app_close(t, 1);
	ct_expect_empty(t);
}

static void
sender_can_be_replaced_and_withdrawn(void)
{
	ct_once(check_send_again);
}

static void
check_send_refused(struct ct *t)
{
	const struct ct_event *e;

	app_open(t, 1);
	t->deny = true;
	t->deny_value = 7;
	T_EQ(app_send(t, 1), RSVP_LOCAL_OK);
	T_EQ(t->sent_count, 0);
	e = ct_event(t, RSVP_PATH_ERROR, 0);
	assert_non_null(e);
	T_EQ(e->head.id, 1);
	T_EQ(e->head.error.code, WIRE_E_POLICY);
	T_EQ(e->head.error.value, 7);
	T_STR(e->head.reason, "denied by the test");
	T_EQ(ct_refusal(t).message, WIRE_PATH);
	T_EQ(ct_refusal(t).who.uid, 1001);
	app_close(t, 1);
	ct_expect_empty(t);
}

static void
sender_refused_by_policy_is_told_why(void)
{
	ct_once(check_send_refused);
}

static void
check_bad_sender(struct ct *t)
{
	struct rsvp_local_sender sender = sender_spec(t);

	app_open(t, 1);
	sender.tspec.r = -1;
	T_EQ(rsvp_local_send(t->core, t->now, 1, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.code, WIRE_E_TC);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.value, WIRE_TC_TSPEC);
	ct_forget(t);
	sender = sender_spec(t);
	sender.adspec_view = (struct wire_view){ (const uint8_t *)"abcd", 4 };
	T_EQ(rsvp_local_send(t->core, t->now, 1, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.value, WIRE_TC_ADSPEC);
	T_EQ(t->sent_count, 0);
	T_EQ(t->asked, 0);
}

static void
sender_without_sense_is_code_21(void)
{
	ct_once(check_bad_sender);
}

static void
check_resv_event(struct ct *t)
{
	const struct ct_event *e;

	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	ct_feed(t, DOWN, resv_for_us(t, ct_cl(90000)));
	T_EQ(t->question.role, RSVP_ROLE_SENDER);
	T_EQ(t->question.who.uid, 1001);
	T_EQ(t->event_count, 0); /* not before it is installed */
	ct_answer(t, 0);
	e = ct_event(t, RSVP_RESV_EVENT, 0);
	assert_non_null(e);
	T_EQ(t->event_count, 1);
	T_EQ(e->head.id, 1);
	T_EQ(e->head.style, WIRE_STYLE_FF);
	T_EQ(e->head.item_count, 1);
	T_CHECK(e->items[0].flowspec.tspec.r == 90000, "what is reserved");
	T_EQ(t->sent_count, 0);
	ct_forget(t);
	ct_feed(t, DOWN, resv_for_us(t, ct_cl(90000)));
	ct_run(t, 20000);
	T_EQ(t->event_count, 0); /* nothing new */
	ct_feed(t, DOWN, resv_for_us(t, ct_cl(80000)));
	ct_answer(t, 0);
	T_EQ(t->event_count, 1);
	ct_forget(t);
	{
		struct wire_msg *msg = resv_for_us(t, ct_cl(80000));

		msg->type = WIRE_RESV_TEAR;
		msg->has &= ~(uint32_t)WIRE_HAS_TIME_VALUES;
		ct_feed(t, DOWN, msg);
	}
	e = ct_event(t, RSVP_RESV_EVENT, 0);
	assert_non_null(e);
	T_EQ(e->head.item_count, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	app_close(t, 1);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
sender_hears_of_reservations(void)
{
	ct_both(check_resv_event);
}

static void
check_confirm_answered(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_sent *s;

	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	msg = resv_for_us(t, ct_cl(90000));
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 0);
	ct_answer(t, 0);
	s = ct_sent(t, WIRE_RESV_CONF, 0);
	T_EQ(t->sent_count, 1);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, 9, 9)), "to the receiver");
	T_CHECK(s->send.router_alert, "with Router Alert");
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, DOWN, 1)), "our address");
	T_CHECK(ct_is(&s->msg.confirm, ct_addr(t, 9, 9)), "a copy");
	T_EQ(s->msg.flow_count, 1);
	app_close(t, 1);
	ct_answer_all(t);
}

static void
node_of_the_sender_confirms(void)
{
	ct_both(check_confirm_answered);
}

static void
check_path_error(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_event *e;

	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	msg = ct_path(t);
	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->sender = sender_spec(t).sender;
	msg->error = (struct wire_error){
		.node = ct_addr(t, 7, 7), .code = 21, .value = 4
	};
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 0);
	e = ct_event(t, RSVP_PATH_ERROR, 0);
	assert_non_null(e);
	T_EQ(e->head.error.code, 21);
	T_EQ(e->head.error.value, 4);
	T_CHECK(ct_is(&e->head.error.node, ct_addr(t, 7, 7)), "who found it");
	T_EQ(e->items[0].filter.src_port, 4004);
	app_close(t, 1);
}

static void
sender_hears_of_path_errors(void)
{
	ct_once(check_path_error);
}

static void
check_impostor(struct ct *t)
{
	struct wire_msg *msg;

	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	msg = ct_path(t);
	msg->sender = sender_spec(t).sender;
	ct_feed(t, UP, msg);
	msg->type = WIRE_PATH_TEAR;
	msg->has &= ~(uint32_t)(WIRE_HAS_TIME_VALUES | WIRE_HAS_ADSPEC);
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count + t->event_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	app_close(t, 1);
}

static void
nobody_speaks_for_our_sender(void)
{
	ct_once(check_impostor);
}

/* ---- receiving ----------------------------------------------------------- */

static void
check_receive(struct ct *t)
{
	const struct ct_event *e;
	const struct ct_sent *s;

	t->dst_local = true;
	T_EQ(app_open(t, 1), RSVP_LOCAL_OK);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	e = ct_event(t, RSVP_PATH_EVENT, 0);
	assert_non_null(e);
	T_EQ(e->head.id, 1);
	T_EQ(e->head.item_count, 1);
	T_CHECK(ct_is(&e->items[0].filter.src, ct_addr(t, 8, 8)), "the sender");
	T_CHECK(e->items[0].tspec.r == 100000, "its Tspec");
	T_CHECK(e->has_adspec && !e->adspec.broken, "its ADSPEC");
	ct_forget(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->event_count, 0);
	T_EQ(app_reserve(t, 1, ct_cl(90000), false), RSVP_LOCAL_OK);
	T_EQ(t->flow_count, 0);
	T_EQ(t->question.role, RSVP_ROLE_RECEIVER);
	T_EQ(t->question.who.uid, 1001);
	T_EQ(t->question.ifindex, 0);
	T_EQ(t->question.neighbour.family, ADDR_NONE);
	s = ct_sent(t, WIRE_RESV, 0);
	assert_non_null(s);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	T_EQ(s->msg.hop.lih, 77);
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 90000, "rate");
	ct_forget(t);
	T_EQ(app_reserve(t, 1, ct_cl(90000), false), RSVP_LOCAL_OK);
	T_EQ(t->sent_count, 0);
	T_EQ(app_reserve(t, 1, ct_cl(50000), false), RSVP_LOCAL_OK);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	rsvp_local_unreserve(t->core, t->now, 1);
	ct_collect(t);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->claims, 0);
	app_close(t, 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
receiver_hears_of_the_path_and_reserves(void)
{
	ct_both(check_receive);
}

static void
check_early_and_late(struct ct *t)
{
	t->dst_local = true;
	app_open(t, 1);
	T_EQ(app_reserve(t, 1, ct_cl(90000), false), RSVP_LOCAL_OK);
	T_EQ(t->sent_count + t->event_count, 0);
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	app_open(t, 2); /* later: told what there is, alone */
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.id, 2);
	T_EQ(t->events[0].head.kind, RSVP_PATH_EVENT);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(t->event_count, 2);
	T_EQ(t->events[0].head.item_count, 0);
	T_EQ(t->sent_count, 0);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t)); /* the request was kept */
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	app_close(t, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	app_close(t, 2);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
request_waits_for_the_path_and_survives_it(void)
{
	ct_once(check_early_and_late);
}

static void
check_reserve_refused(struct ct *t)
{
	const struct ct_event *e;

	t->dst_local = true;
	app_open(t, 1);
	ct_feed(t, UP, ct_path(t));
	ct_forget(t);
	t->deny = true;
	app_reserve(t, 1, ct_cl(90000), false);
	e = ct_event(t, RSVP_RESV_ERROR, 0);
	assert_non_null(e);
	T_EQ(t->event_count, 1);
	T_EQ(e->head.error.code, WIRE_E_POLICY);
	T_EQ(e->head.error.value, WIRE_POLICY_REJECT);
	T_EQ(e->head.error.flags, 0);
	T_STR(e->head.reason, "denied by the test");
	T_EQ(e->head.item_count, 1);
	T_EQ(ct_refusal(t).who.uid, 1001);
	T_EQ(t->sent_count, 0);
	ct_forget(t);
	{
		struct wire_msg *msg = ct_path(t);

		msg->tspec.b = 8000;
		ct_feed(t, UP, msg);
	}
	T_EQ(t->asked, 1); /* not again and again */
	ct_forget(t);
	t->deny = false;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* but when policy says more */
	ct_forget(t);
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.kind, RSVP_RESV_ERROR);
	app_close(t, 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
receiver_refused_by_policy_is_told_why(void)
{
	ct_once(check_reserve_refused);
}

static void
check_change_refused(struct ct *t)
{
	t->dst_local = true;
	app_open(t, 1);
	ct_feed(t, UP, ct_path(t));
	app_reserve(t, 1, ct_cl(50000), false);
	ct_forget(t);
	t->deny = true;
	app_reserve(t, 1, ct_cl(90000), false);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.flags,
		WIRE_ERROR_IN_PLACE);
	T_EQ(t->sent_count, 0); /* the old one is in force */
	ct_forget(t);
	app_reserve(t, 1, ct_gs(90000, 1), false); /* R < r */
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.code, 21);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.value, 3);
	app_close(t, 1);
}

static void
refused_change_of_a_receiver_keeps_the_old(void)
{
	ct_once(check_change_refused);
}

static void
check_sender_policy_changes(struct ct *t)
{
	app_open(t, 1);
	app_send(t, 1);
	ct_forget(t);
	t->deny = true;
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.code, 2);
	app_close(t, 1);
	ct_expect_empty(t);
}

static void
change_of_policy_judges_senders(void)
{
	ct_once(check_sender_policy_changes);
}

static void
check_resv_error(struct ct *t)
{
	const struct ct_event *e;
	struct wire_msg *msg;

	t->dst_local = true;
	app_open(t, 1);
	ct_feed(t, UP, ct_path(t));
	app_reserve(t, 1, ct_cl(50000), false);
	ct_forget(t);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(50000)));
	e = ct_event(t, RSVP_RESV_ERROR, 0);
	assert_non_null(e);
	T_EQ(e->head.style, WIRE_STYLE_FF);
	T_EQ(e->head.error.flags, 0);
	T_EQ(e->head.error.code, 1);
	T_CHECK(ct_is(&e->head.error.node, ct_addr(t, 7, 7)), "who refused");
	T_CHECK(e->items[0].flowspec.tspec.r == 50000, "what failed");
	ct_forget(t);
	msg = ct_resv_err(t, 1, 2, ct_cl(80000)); /* somebody wanted more */
	ct_feed(t, UP, msg);
	T_EQ(ct_event(t, RSVP_RESV_ERROR, 0)->head.error.flags,
		WIRE_ERROR_NOT_GUILTY);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	app_close(t, 1);
}

static void
receiver_hears_of_errors_and_whose_fault(void)
{
	ct_once(check_resv_error);
}

static void
check_confirm(struct ct *t)
{
	const struct ct_event *e;
	struct wire_msg *msg;
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 9),
		.dst_local = true,
		.ttl = 60 };

	t->dst_local = true;
	app_open(t, 1);
	app_open(t, 2);
	ct_feed(t, UP, ct_path(t));
	ct_forget(t);
	app_reserve(t, 1, ct_cl(50000), true);
	T_CHECK((t->sent[0].msg.has & WIRE_HAS_CONFIRM) != 0, "asked for");
	T_CHECK(ct_is(&t->sent[0].msg.confirm, ct_addr(t, 9, 9)), "here");
	ct_forget(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_addr(t, 9, 9);
	packet.msg = msg;
	ct_feed_from(t, packet);
	e = ct_event(t, RSVP_RESV_CONFIRM, 0);
	assert_non_null(e);
	T_EQ(t->event_count, 1); /* whoever has not reserved hears nothing */
	T_EQ(e->head.id, 1);
	T_EQ(e->head.error.code, 0);
	T_CHECK(ct_is(&e->head.error.node, ct_addr(t, 7, 7)), "who confirms");
	T_EQ(t->sent_count, 0);
	app_close(t, 1);
	app_close(t, 2);
}

static void
receiver_hears_of_the_confirmation(void)
{
	ct_both(check_confirm);
}

static void
adspec_delivered_shows_a_non_rsvp_hop(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9),
		.ttl = 59,
		.dst_local = true,
		.msg = ct_path(t) };

	t->dst_local = true;
	app_open(t, 1);
	packet.msg = ct_path(t);
	ct_feed_from(t, packet);
	T_CHECK(ct_event(t, RSVP_PATH_EVENT, 0)->adspec.broken, "break bit");
	app_close(t, 1);
	ct_free(t);
}

static void
check_same_host(struct ct *t)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(1000),
		.filter = sender_spec(t).sender };
	struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.confirm = true,
		.flow_count = 1,
		.flows = &flow };

	t->dst_local = true;
	app_open(t, 1);
	app_open(t, 2);
	app_send(t, 1);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.id, 2);
	ct_forget(t);
	rsvp_local_reserve(t->core, t->now, 2, &request);
	ct_collect(t);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_event(t, RSVP_RESV_EVENT, 0)->head.id, 1);
	T_EQ(ct_event(t, RSVP_RESV_CONFIRM, 0)->head.id, 2);
	ct_forget(t);
	t->deny = true; /* policy takes the sender away */
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.id, 1);
	T_EQ(ct_event(t, RSVP_PATH_EVENT, 0)->head.id, 2);
	T_EQ(ct_event(t, RSVP_PATH_EVENT, 0)->head.item_count, 0);
	app_close(t, 1);
	app_close(t, 2);
	T_EQ(t->sent_count, 0);
	ct_expect_empty(t);
}

static void
sender_and_receiver_on_one_host(void)
{
	ct_once(check_same_host);
}

/* ---- what is refused at the call ----------------------------------------- */

static void
check_calls(struct ct *t)
{
	struct wire_session session = ct_session(t);
	struct rsvp_local_sender sender = sender_spec(t);

	T_EQ(app_send(t, 1), RSVP_LOCAL_UNKNOWN);
	T_EQ(app_reserve(t, 1, ct_cl(1), false), RSVP_LOCAL_UNKNOWN);
	T_EQ(app_open(t, 0), RSVP_LOCAL_BUSY);
	T_EQ(app_open(t, 1), RSVP_LOCAL_OK);
	T_EQ(app_open(t, 1), RSVP_LOCAL_BUSY);
	T_EQ(app_open(t, 2), RSVP_LOCAL_OK);
	T_EQ(app_send(t, 1), RSVP_LOCAL_OK);
	T_EQ(app_send(t, 2), RSVP_LOCAL_BUSY); /* the same sender */
	sender.sender.src_port = 0;
	T_EQ(rsvp_local_send(t->core, t->now, 2, &sender), RSVP_LOCAL_PORTS);
	session.dst_port = 0;
	T_EQ(rsvp_local_open(t->core, t->now, 3, &session, &alice),
		RSVP_LOCAL_PORTS);
	session.dst = ct_addr(t, 9, 10);
	T_EQ(rsvp_local_open(t->core, t->now, 3, &session, &alice),
		RSVP_LOCAL_OK);
	sender.sender.src_port = 5;
	T_EQ(rsvp_local_send(t->core, t->now, 3, &sender), RSVP_LOCAL_PORTS);
	t->conf.max_sessions_uid = 3;
	rsvp_core_reconf(t->core, &t->conf);
	T_EQ(app_open(t, 4), RSVP_LOCAL_LIMIT);
	app_close(t, 2);
	T_EQ(app_open(t, 4), RSVP_LOCAL_OK);
	for (uint64_t id = 1; id <= 4; id++)
		app_close(t, id);
	app_close(t, 4);
	ct_collect(t);
	ct_expect_empty(t);
}

static void
calls_that_cannot_be(void)
{
	ct_once(check_calls);
}

static void
core_can_end_with_applications_in_it(void)
{
	struct ct *t = ct_new(ADDR_V4);

	t->dst_local = true;
	app_open(t, 1);
	app_open(t, 2);
	ct_feed(t, UP, ct_path(t));
	app_reserve(t, 2, ct_cl(50000), false);
	app_send(t, 1);
	ct_free(t); /* looks for what is left */
}

static struct t_case cases[] = {
	{ "a sender becomes a Path with its TTL and a default ADSPEC",
		sender_becomes_a_path },
	{ "a sender can be replaced and withdrawn",
		sender_can_be_replaced_and_withdrawn },
	{ "a sender refused by policy is told why",
		sender_refused_by_policy_is_told_why },
	{ "a sender without sense is code 21",
		sender_without_sense_is_code_21 },
	{ "a sender hears of reservations, once each",
		sender_hears_of_reservations },
	{ "the node of the sender answers RESV_CONFIRM",
		node_of_the_sender_confirms },
	{ "a sender hears of path errors", sender_hears_of_path_errors },
	{ "nobody else speaks for our sender", nobody_speaks_for_our_sender },
	{ "a receiver hears of the Path and reserves",
		receiver_hears_of_the_path_and_reserves },
	{ "a request waits for the Path and survives it",
		request_waits_for_the_path_and_survives_it },
	{ "a receiver refused by policy is told why, once",
		receiver_refused_by_policy_is_told_why },
	{ "a refused change of a receiver keeps the old",
		refused_change_of_a_receiver_keeps_the_old },
	{ "a change of policy judges senders",
		change_of_policy_judges_senders },
	{ "a receiver hears of errors, and whether it is guilty",
		receiver_hears_of_errors_and_whose_fault },
	{ "a receiver hears of its confirmation",
		receiver_hears_of_the_confirmation },
	{ "the ADSPEC delivered shows a hop without RSVP",
		adspec_delivered_shows_a_non_rsvp_hop },
	{ "sender and receiver may be on one host",
		sender_and_receiver_on_one_host },
	{ "a core can end while applications use it",
		core_can_end_with_applications_in_it },
	{ "calls that cannot be are refused at once", calls_that_cannot_be },
};
T_MAIN(cases)
