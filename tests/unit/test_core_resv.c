/* SPDX-License-Identifier: ISC */

/* Resv, ResvTear, ResvErr and ResvConf through a core. */

#include "core_t.h"

#include <math.h>

/* ---- a reservation ------------------------------------------------------- */

static void
check_flow_wanted(struct ct *t)
{
	const struct rsvp_flow *flow;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->sent_count, 0); /* not before the kernel has it */
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	flow = &ct_flow(t)->flow;
	T_CHECK(flow->id != 0, "a number");
	T_EQ(flow->ifindex, DOWN);
	T_EQ(flow->service, WIRE_SERVICE_CL);
	T_CHECK(ct_is(&flow->dst, ct_addr(t, 9, 9)), "destination");
	T_EQ(flow->proto, 17);
	T_EQ(flow->dst_port, 5004);
	T_EQ(flow->filter_count, 1);
	T_CHECK(ct_is(&flow->filters[0].src, ct_addr(t, 8, 8)), "source");
	T_EQ(flow->filters[0].src_port, 4004);
	T_CHECK(flow->rate_Bps > 100000, "wire octets are more");
	T_CHECK(flow->bucket_bytes > 5000, "and so is the bucket");
	T_CHECK(flow->peak_Bps > 200000, "and the peak");
	T_CHECK(flow->max_packet_bytes > 1000, "and the packets");
	T_CHECK(flow->min_packet_bytes > 100, "the small ones too");
	T_CHECK(flow->buffer_bytes > 5000, "with room to queue");
	T_EQ(ct_reserved(t, DOWN), flow->rate_Bps);
	T_EQ(ct_reserved(t, UP), 0);
}

static void
check_forwarded(struct ct *t)
{
	const struct ct_sent *s;

	check_flow_wanted(t);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_RESV, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	T_CHECK(ct_is(&s->send.src, ct_addr(t, UP, 1)), "from us");
	T_CHECK(!s->send.router_alert, "without Router Alert");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, UP, 1)), "our HOP");
	T_EQ(s->msg.hop.lih, 77); /* what the Path said */
	T_EQ(s->msg.refresh_ms, 30000);
	T_EQ(s->msg.style, WIRE_STYLE_FF);
	T_EQ(s->msg.flow_count, 1);
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 100000, "rate");
	T_EQ(s->msg.flows[0].flowspec.service, WIRE_SERVICE_CL);
	T_CHECK(ct_is(&s->msg.flows[0].filter.src, ct_addr(t, 8, 8)), "filter");
	T_CHECK(!(s->msg.has & (WIRE_HAS_CONFIRM | WIRE_HAS_SCOPE)),
		"nothing nobody asked for");
	T_EQ(rsvp_core_counter(t->core, RSVP_C_ADMITTED), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_RESV_IN), 1);
}

static void
resv_is_installed_then_forwarded(void)
{
	ct_both(check_forwarded);
}

static void
check_question(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 150000)));
	T_EQ(t->asked, 1);
	T_EQ(t->question.message, WIRE_RESV);
	T_EQ(t->question.role, RSVP_ROLE_TRANSIT);
	T_EQ(t->question.ifindex, DOWN);
	T_CHECK(ct_is(&t->question.neighbour, ct_addr(t, DOWN, HOP_B)), "NHOP");
	T_CHECK(ct_is(&t->question.sender.src, ct_addr(t, 8, 8)), "sender");
	T_EQ(t->question.style, WIRE_STYLE_FF);
	T_EQ(t->question.session.dst_port, 5004);
	T_CHECK(t->question.flowspec.R == 150000, "R");
	T_EQ(t->question.claim, 0);
	T_CHECK(!t->question.who.known, "nobody known");
}

static void
policy_is_asked_first(void)
{
	ct_both(check_question);
}

static void
resv_refresh_sends_nothing(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(100000));
	for (int i = 0; i < 3; i++)
		ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->sent_count, 0);
	T_EQ(t->flow_count, 0);
	T_EQ(t->asked, 1);
	ct_free(t);
}

static void
resv_repeated_while_waiting_asks_once(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_path(t);
	for (int i = 0; i < 3; i++)
		ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 1);
	T_EQ(t->asked, 1);
	ct_free(t);
}

static void
an_increase_changes_the_flow_then_goes_on(void)
{
	struct ct *t = ct_new(ADDR_V4);
	uint64_t before;

	ct_with_resv(t, ct_cl(100000));
	before = ct_reserved(t, DOWN);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_reserved(t, DOWN), before); /* the kernel may still have it */
	ct_answer(t, 0);
	T_CHECK(ct_reserved(t, DOWN) < before, "given back");
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			50000,
		"new rate");
	T_EQ(t->question.claim, 1);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(50000, 60000)));
	ct_answer(t, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.service,
		WIRE_SERVICE_GS);
	ct_free(t);
}

static void
the_handle_names_the_interface(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = SIDE,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, DOWN, 1),
		.ttl = 60,
		.dst_local = true };

	ct_with_path(t);
	packet.msg = ct_resv(t, ct_cl(100000)); /* LIH: DOWN */
	ct_feed_from(t, packet);
	T_EQ(ct_flow(t)->flow.ifindex, DOWN);
	ct_free(t);
}

static void
handle_zero_is_the_interface_addressed(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->hop.lih = 0;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->flow.ifindex, DOWN);
	ct_free(t);
}

static void
a_handle_never_given_out_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->hop.lih = 99;
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	ct_free(t);
}

static void
a_resv_for_another_node_is_passed_on(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, 6, 6),
		.ttl = 60 };

	ct_with_path(t);
	t->unread = true;
	packet.msg = ct_resv(t, ct_cl(100000));
	ct_feed_from(t, packet);
	T_EQ(t->flow_count, 0);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_is(&t->sent[0].send.dst, ct_addr(t, 6, 6)), "where it went");
	T_CHECK(ct_is(&t->sent[0].send.src, ct_addr(t, DOWN, HOP_B)),
		"from whom");
	T_EQ(t->sent[0].send.ttl, 59);
	ct_free(t);
}

/* ---- errors -------------------------------------------------------------- */

static void
expect_resv_err(struct ct *t, unsigned code, unsigned value, unsigned flags)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV_ERR, 0);

	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	assert_non_null(s);
	T_EQ(s->msg.error.code, code);
	T_EQ(s->msg.error.value, value);
	T_EQ(s->msg.error.flags, flags);
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, DOWN, 1)), "error node");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_B)), "to the NHOP");
	T_CHECK(ct_is(&s->send.src, ct_addr(t, DOWN, 1)), "from us");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 1)), "our HOP");
	T_CHECK(!s->send.router_alert, "without Router Alert");
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_refusal(t).code, code);
	T_EQ(ct_refusal(t).value, value);
	ct_forget(t);
}

static void
check_no_path(struct ct *t)
{
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.flow_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.style, WIRE_STYLE_FF);
	expect_resv_err(t, WIRE_E_NO_PATH, 0, 0);
	ct_expect_empty(t);
}

static void
resv_without_path_is_code_3(void)
{
	ct_both(check_no_path);
}

static void
unknown_sender_is_code_4(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flows[0].filter.src_port = 1;
	ct_feed(t, DOWN, msg);
	expect_resv_err(t, WIRE_E_NO_SENDER, 0, 0);
	T_EQ(ct_refusal(t).sender.src_port, 1);
	T_CHECK(ct_refusal(t).flowspec.tspec.r == 100000, "what was asked");
	T_EQ(ct_refusal(t).style, WIRE_STYLE_FF);
	T_EQ(t->flow_count, 0);
	ct_free(t);
}

static void
sender_that_does_not_route_there_is_code_4(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	ct_feed(t, SIDE, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.error.code, WIRE_E_NO_SENDER);
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, SIDE, 1)), "error node");
	ct_free(t);
}

static void
one_error_for_each_faulty_descriptor(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flow_count = 3;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src_port = 1;
	msg->flows[2] = msg->flows[0];
	msg->flows[2].filter.src_port = 2;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	for (size_t i = 0; i < 2; i++) {
		T_EQ(ct_sent(t, WIRE_RESV_ERR, i)->msg.flow_count, 1);
		T_EQ(ct_sent(t, WIRE_RESV_ERR, i)->msg.flows[0].filter.src_port,
			i + 1);
	}
	T_EQ(t->flow_count, 1); /* the good one is worked on */
	ct_free(t);
}

static void
another_style_is_code_5(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_SE);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.style, WIRE_STYLE_SE);
	expect_resv_err(t, WIRE_E_STYLE_CONFLICT, WIRE_STYLE_FF, 0);
	T_EQ(t->flow_count, 0);
	ct_free(t);
}

static void
unknown_style_is_code_6(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, DOWN, 1),
		.dst_local = true,
		.ttl = 60 };
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->style = 0x15; /* our own encoder does not send that */
	msg->style_vector = 0x15;
	packet.msg = msg;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.style, 0x15);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.flow_count, 0);
	expect_resv_err(t, WIRE_E_STYLE_UNKNOWN, 0, 0);
	ct_free(t);
}

static void
resv_with_conflicting_ports_is_code_7(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->session.dst_port = 0;
	msg->flows[0].filter.src_port = 0;
	ct_feed(t, DOWN, msg);
	expect_resv_err(t, WIRE_E_DST_PORTS, 0, 0);
	ct_free(t);
}

static void
flowspecs_without_sense_are_code_21_3(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_flowspec bad[] = { ct_cl(NAN), ct_cl(-5), ct_cl(INFINITY),
		ct_gs(100000, 50000), ct_gs(100000, NAN) };

	ct_with_path(t);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ct_feed(t, DOWN, ct_resv(t, bad[i]));
		expect_resv_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, 0);
	}
	T_EQ(t->flow_count, 0);
	T_EQ(t->asked, 0);
	ct_free(t);
}

static void
unsupported_service_is_code_21_2(void)
{
	static const uint8_t object[] = { 0, 48, 9, 2, 0, 0, 0, 10, 6, 0, 0, 9,
		127, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 130, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flows[0].flowspec.service = 6;
	msg->flows[0].flowspec_view =
		(struct wire_view){ object, sizeof(object) };
	ct_feed(t, DOWN, msg);
	expect_resv_err(t, WIRE_E_TC, WIRE_TC_UNSUPPORTED, 0);
	ct_free(t);
}

static void
service_conflict_is_code_21_1(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_resv(t, ct_gs(100000, 150000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_C)), "to the second");
	T_EQ(s->msg.error.code, 21);
	T_EQ(s->msg.error.value, 1);
	T_EQ(t->flow_count, 0); /* the first is left alone */
	ct_free(t);
}

static void
too_large_packets_are_code_1_3(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_flowspec spec = ct_cl(100000);

	ct_with_path(t);
	spec.tspec.M = 1501;
	ct_feed(t, DOWN, ct_resv(t, spec));
	expect_resv_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_MTU, 0);
	spec.tspec.M = 1500;
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(t->flow_count, 1);
	ct_free(t);
}

static void
deployed_flowspecs_are_accepted(void)
{
	static const uint32_t sizes[] = { 0, INT32_MAX };

	for (size_t i = 0; i < 2; i++) {
		struct ct *t = ct_new(ADDR_V4);
		struct wire_flowspec spec = ct_cl(100000);

		ct_with_path(t);
		spec.tspec.m = 0;
		spec.tspec.M = sizes[i];
		ct_feed(t, DOWN, ct_resv(t, spec));
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
		ct_answer(t, 0);
		T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.M,
			sizes[i]);
		ct_free(t);
	}
}

static void
unknown_object_in_a_resv_is_code_13_or_14(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, DOWN, 1),
		.dst_local = true,
		.ttl = 60,
		.fault = WIRE_UNKNOWN_CLASS };

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->bad_class = 66;
	msg->bad_ctype = 1;
	packet.msg = msg;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	expect_resv_err(t, WIRE_E_CLASS, 66 << 8 | 1, 0);
	packet.fault = WIRE_UNKNOWN_CTYPE;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	expect_resv_err(t, WIRE_E_CTYPE, 66 << 8 | 1, 0);
	T_EQ(t->flow_count, 0);
	ct_free(t);
}

/* What the decoder leaves of a list in which one object is of a C-Type that it
 * does not know: descriptors without the FLOWSPEC, or without the filter. */
static void
broken_flow_list_is_answered_without_it(void)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_SE };

	for (unsigned i = 0; i < 4; i++) {
		struct ct *t = ct_new(ADDR_V4);
		struct wire_msg *msg;
		struct rsvp_packet packet = { .ifindex = DOWN,
			.src = ct_addr(t, DOWN, HOP_B),
			.dst = ct_addr(t, DOWN, 1),
			.dst_local = true,
			.ttl = 60,
			.fault = WIRE_UNKNOWN_CTYPE };

		ct_with_path(t);
		msg = ct_resv(t, ct_cl(100000));
		msg->style = styles[i / 2];
		msg->bad_class =
			i % 2 == 0 ? 9 : 10; /* FLOWSPEC, FILTER_SPEC */
		msg->bad_ctype = 99;
		msg->flows[0].has_flowspec = i % 2 != 0;
		msg->flows[0].has_filter = i % 2 == 0;
		packet.msg = msg;
		rsvp_core_packet(t->core, t->now, &packet);
		ct_collect(t);
		expect_resv_err(
			t, WIRE_E_CTYPE, (unsigned)msg->bad_class << 8 | 99, 0);
		T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
		ct_free(t);
	}
}

static void
confirmation_of_an_unknown_style_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg msg = { .type = WIRE_RESV_CONF,
		.has = WIRE_HAS_SESSION | WIRE_HAS_STYLE | WIRE_HAS_CONFIRM |
		       WIRE_HAS_ERROR,
		.session = ct_session(t),
		.confirm = ct_addr(t, 9, 9),
		.error.node = ct_addr(t, 7, 7),
		.style = 0x1f,
		.style_vector = 0x1f };
	const struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 7, 7),
		.dst = msg.confirm,
		.ttl = 60,
		.fault = WIRE_OK,
		.msg = &msg };

	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
	ct_free(t);
}

static void
error_about_a_change_says_in_place(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_flowspec spec = ct_cl(100000);

	ct_with_resv(t, spec);
	spec.tspec.M = 9000;
	ct_feed(t, DOWN, ct_resv(t, spec));
	expect_resv_err(
		t, WIRE_E_ADMISSION, WIRE_ADMISSION_MTU, WIRE_ERROR_IN_PLACE);
	T_EQ(t->flow_count, 0);
	ct_free(t);
}

/* ---- ResvTear ------------------------------------------------------------ */

static void
check_resv_tear(struct ct *t)
{
	const struct ct_sent *s;

	ct_with_resv(t, ct_cl(100000));
	ct_feed(t, DOWN, ct_resv_tear(t));
	s = ct_sent(t, WIRE_RESV_TEAR, 0);
	T_EQ(t->sent_count, 1);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	T_EQ(s->msg.hop.lih, 77);
	T_EQ(s->msg.style, WIRE_STYLE_FF);
	T_EQ(s->msg.flow_count, 1);
	T_CHECK(ct_is(&s->msg.flows[0].filter.src, ct_addr(t, 8, 8)), "filter");
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_CHECK(ct_reserved(t, DOWN) > 0, "until the kernel let go");
	ct_answer(t, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->sent_count, 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
resv_tear_goes_up_at_once(void)
{
	ct_both(check_resv_tear);
}

static void
resv_tear_without_match_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_resv_tear(t);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	msg = ct_resv_tear(t);
	msg->flows[0].filter.src_port = 9;
	ct_feed(t, DOWN, msg);
	msg = ct_style(ct_resv_tear(t), WIRE_STYLE_SE);
	ct_feed(t, DOWN, msg);
	msg = ct_resv_tear(t);
	msg->hop.lih = UP;
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 4);
	ct_free(t);
}

static void
resv_tear_before_the_kernel_answers(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(t->sent_count, 0); /* upstream never heard of it */
	ct_answer(t, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	T_EQ(t->sent_count, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
	ct_free(t);
}

static void
ff_rates_are_kept_apart(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	msg->flows[1].flowspec = ct_cl(30000);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	s = ct_sent(t, WIRE_RESV, ct_sent_count(t, WIRE_RESV) - 1);
	T_EQ(s->msg.flow_count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct wire_filter second = ct_second_sender(t);
		bool is_second =
			wire_filter_equal(&s->msg.flows[i].filter, &second);

		T_CHECK(s->msg.flows[i].flowspec.tspec.r ==
				(is_second ? 30000.0f : 100000.0f),
			"each its own");
	}
	ct_free(t);
}

static void
one_sender_of_two_is_torn(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 2);
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 1)->msg.flow_count, 2);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_tear(t)); /* the first one */
	T_EQ(t->flow_count, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flow_count, 1);
	ct_answer_all(t);
	T_CHECK(ct_reserved(t, DOWN) > 0, "the second stays");
	ct_free(t);
}

static struct t_case cases[] = {
	{ "a Resv is installed, and only then forwarded",
		resv_is_installed_then_forwarded },
	{ "policy is asked first, with all it may want to know",
		policy_is_asked_first },
	{ "a refresh sends nothing", resv_refresh_sends_nothing },
	{ "a Resv repeated while the kernel thinks asks once",
		resv_repeated_while_waiting_asks_once },
	{ "a change changes the flow, then goes on",
		an_increase_changes_the_flow_then_goes_on },
	{ "the LIH names the interface, not the arrival",
		the_handle_names_the_interface },
	{ "LIH zero is the interface addressed",
		handle_zero_is_the_interface_addressed },
	{ "an LIH we never gave out is dropped",
		a_handle_never_given_out_is_dropped },
	{ "a Resv for another node is passed on unread",
		a_resv_for_another_node_is_passed_on },
	{ "a Resv without Path is code 3", resv_without_path_is_code_3 },
	{ "a Resv for an unknown sender is code 4", unknown_sender_is_code_4 },
	{ "a sender that does not route there is code 4",
		sender_that_does_not_route_there_is_code_4 },
	{ "each faulty descriptor of FF has a ResvErr of its own",
		one_error_for_each_faulty_descriptor },
	{ "another style is code 5 with the one in force",
		another_style_is_code_5 },
	{ "an unknown style is code 6", unknown_style_is_code_6 },
	{ "conflicting ports in a Resv are code 7",
		resv_with_conflicting_ports_is_code_7 },
	{ "flowspecs without sense are code 21 value 3",
		flowspecs_without_sense_are_code_21_3 },
	{ "a service we do not have is code 21 value 2",
		unsupported_service_is_code_21_2 },
	{ "another service in the session is code 21 value 1",
		service_conflict_is_code_21_1 },
	{ "packets above the MTU are code 1 value 3",
		too_large_packets_are_code_1_3 },
	{ "m = 0 and M = 0 or 2^31-1 are accepted and forwarded as they came",
		deployed_flowspecs_are_accepted },
	{ "an unknown C-Type in a flow list is answered without the list",
		broken_flow_list_is_answered_without_it },
	{ "a confirmation of an unknown style is dropped",
		confirmation_of_an_unknown_style_is_dropped },
	{ "an unknown object in a Resv is code 13 or 14",
		unknown_object_in_a_resv_is_code_13_or_14 },
	{ "an error about a change says InPlace",
		error_about_a_change_says_in_place },
	{ "a ResvTear goes up at once and the flow goes",
		resv_tear_goes_up_at_once },
	{ "a ResvTear that matches nothing is dropped",
		resv_tear_without_match_is_dropped },
	{ "a ResvTear may come before the kernel has answered",
		resv_tear_before_the_kernel_answers },
	{ "FF keeps the rates of its senders apart", ff_rates_are_kept_apart },
	{ "one sender of two can be torn", one_sender_of_two_is_torn },
};
T_MAIN(cases)
