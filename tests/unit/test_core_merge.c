/* SPDX-License-Identifier: ISC */

/* Several next hops, shared styles, errors and confirmations through a core. */

#include "core_t.h"

#include <math.h>

/* ---- several next hops on one interface ---------------------------------- */

static void
second_hop(struct ct *t, struct wire_flowspec spec, enum wire_type type)
{
	struct wire_msg *msg =
		type == WIRE_RESV ? ct_resv(t, spec) : ct_resv_tear(t);

	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
}

static void
smaller_request_is_absorbed(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(100000));
	second_hop(t, ct_cl(50000), WIRE_RESV);
	T_EQ(t->flow_count, 0);
	T_EQ(t->sent_count, 0);
	second_hop(t, ct_cl(50000), WIRE_RESV_TEAR);
	T_EQ(t->flow_count, 0);
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

static void
larger_request_wins_and_its_tear_is_a_modified_resv(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(50000));
	second_hop(t, ct_cl(90000), WIRE_RESV);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			90000,
		"the larger");
	ct_forget(t);
	second_hop(t, ct_cl(90000), WIRE_RESV_TEAR);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			50000,
		"the smaller again");
	ct_free(t);
}

/* ---- shared styles ------------------------------------------------------- */

static void
se_makes_one_flow_of_two_senders(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(100000)));
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.style, WIRE_STYLE_SE);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
	ct_forget(t);
	msg = ct_style(ct_resv_tear(t), WIRE_STYLE_SE);
	msg->flows[0].filter.src_port = 99;
	ct_feed(t, DOWN, msg); /* not one of its filters */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	T_EQ(t->sent_count + t->flow_count, 0);
	msg->flows[0].filter.src_port = 4004;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.flow_count, 1);
	ct_free(t);
}

static void
se_leaves_out_filters_without_sender(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(100000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	ct_free(t);
}

static void
wf_matches_every_sender_until_the_last(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF));
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	T_EQ(ct_flow(t)->flow.filters[0].src.family, ADDR_NONE);
	ct_answer(t, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.style, WIRE_STYLE_WF);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(t->flow_count > 0 ? ct_flow(t)->op : RSVP_FLOW_CHANGE,
		RSVP_FLOW_CHANGE);
	ct_answer_all(t);
	T_CHECK(ct_reserved(t, DOWN) > 0, "one sender is left");
	msg = ct_path_tear(t);
	msg->sender = ct_second_sender(t);
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV) + ct_sent_count(t, WIRE_RESV_TEAR), 0);
	ct_expect_empty(t);
	ct_free(t);
}

static void
wf_tear_needs_no_flowspec(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF));
	ct_answer(t, 0);
	ct_forget(t);
	msg = ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF);
	msg->type = WIRE_RESV_TEAR;
	msg->has &= ~(uint32_t)WIRE_HAS_TIME_VALUES;
	msg->flow_count = 0;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_free(t);
}

static void
wf_to_several_previous_hops_has_scope(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	msg = ct_path(t);
	msg->sender = ct_second_sender(t);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF));
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	for (unsigned i = 0; i < 2; i++) {
		s = ct_sent(t, WIRE_RESV, i);
		T_EQ(s->msg.scope_count, 1);
		T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A + i)), "hop");
		T_CHECK(wire_scope_at(&s->msg, 0).b[3] == 8 + i,
			"its own sender");
	}
	ct_free(t);
}

/* ---- ResvErr passing ----------------------------------------------------- */

static void
check_err_passed(struct ct *t)
{
	const struct ct_sent *s;
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_resv_err(t, 1, 2, ct_cl(100000));
	msg->error.flags = WIRE_ERROR_NOT_GUILTY; /* not for us to say */
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	T_EQ(s->msg.error.flags, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_B)), "to the NHOP");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 1)), "our HOP");
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, 7, 7)), "node kept");
	T_EQ(s->msg.error.code, 1);
	T_EQ(s->msg.error.value, 2);
	T_EQ(s->msg.flow_count, 1);
	T_CHECK(ct_reserved(t, DOWN) > 0, "nothing is torn down");
}

static void
resv_err_goes_to_the_next_hop(void)
{
	ct_both(check_err_passed);
}

static void
in_place_error_spares_those_who_asked_for_less(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct ct_sent *s;
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	second_hop(t, ct_cl(90000), WIRE_RESV);
	ct_answer(t, 0);
	ct_forget(t);
	msg = ct_resv_err(t, 1, 2, ct_cl(90000));
	msg->error.flags = WIRE_ERROR_IN_PLACE;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_C)), "guilty");
	T_EQ(s->msg.error.flags, WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(90000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2); /* not in place: all */
	ct_forget(t);
	msg = ct_resv_err(t, 2, 3, ct_cl(90000));
	msg->error.flags = WIRE_ERROR_IN_PLACE;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 2); /* policy: all */
	ct_free(t);
}

static void
resv_err_for_other_filters_stays_here(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_resv_err(t, 1, 2, ct_cl(100000));
	msg->flows[0].filter.src_port = 9;
	ct_feed(t, UP, msg);
	msg = ct_resv_err(t, 1, 2, ct_cl(100000));
	msg->session.dst_port = 9;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	ct_free(t);
}

static void
resv_err_does_not_go_back_where_it_came_from(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(100000));
	ct_feed(t, DOWN, ct_resv_err(t, 1, 2, ct_cl(100000)));
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

/* ---- RESV_CONFIRM -------------------------------------------------------- */

static struct wire_msg *
confirming(struct ct *t, float rate)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(rate));

	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	return msg;
}

static void
check_confirm_once(struct ct *t)
{
	const struct ct_sent *s;

	ct_with_path(t);
	ct_feed(t, DOWN, confirming(t, 100000));
	ct_answer(t, 0);
	s = ct_sent(t, WIRE_RESV, 0);
	T_EQ(t->sent_count, 1);
	T_CHECK((s->msg.has & WIRE_HAS_CONFIRM) != 0, "asked on");
	T_CHECK(ct_is(&s->msg.confirm, ct_addr(t, 9, 9)), "for the receiver");
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) >= 1, "refreshed");
	for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++)
		T_CHECK(!(ct_sent(t, WIRE_RESV, i)->msg.has & WIRE_HAS_CONFIRM),
			"not in a refresh");
}

static void
confirmation_is_asked_for_once(void)
{
	ct_both(check_confirm_once);
}

static void
confirmation_in_a_refresh_goes_on_at_once(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(100000));
	ct_feed(t, DOWN, confirming(t, 100000));
	T_EQ(t->sent_count, 1);
	T_CHECK((ct_sent(t, WIRE_RESV, 0)->msg.has & WIRE_HAS_CONFIRM) != 0,
		"asked on");
	T_EQ(t->flow_count, 0);
	ct_free(t);
}

static void
merging_node_answers_for_the_smaller(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_resv(t, ct_cl(100000));
	msg = confirming(t, 50000);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_RESV_CONF, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, 9, 9)), "to the receiver");
	T_CHECK(s->send.router_alert, "with Router Alert");
	T_CHECK(ct_is(&s->msg.confirm, ct_addr(t, 9, 9)), "a copy");
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, DOWN, 1)), "our address");
	T_EQ(s->msg.error.code, 0);
	T_EQ(s->msg.error.value, 0);
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 50000, "what is confirmed");
	ct_free(t);
}

static void
failed_request_loses_its_confirmation(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_path(t);
	ct_feed(t, DOWN, confirming(t, 100000));
	ct_answer(t, 12);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_free(t);
}

static void
check_conf_passed(struct ct *t)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(100000));
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 9),
		.ttl = 60 };

	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_addr(t, 9, 9);
	packet.msg = msg;
	ct_feed_from(t, packet);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_is(&t->sent[0].send.dst, ct_addr(t, 9, 9)), "on its way");
	T_CHECK(t->sent[0].send.router_alert, "with Router Alert");
	T_EQ(t->sent[0].send.ttl, 59);
	T_CHECK(ct_is(&t->sent[0].msg.error.node, ct_addr(t, 7, 7)), "kept");
	ct_forget(t);
	packet.dst = ct_addr(t, 9, 8);
	ct_feed_from(t, packet);
	T_EQ(t->sent_count, 0); /* destination is not the receiver */
}

static void
resv_conf_is_passed_to_the_receiver(void)
{
	ct_both(check_conf_passed);
}

static void
both_confirmations_go_on(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = confirming(t, 100000);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 0);
	ct_forget(t);
	/* two receivers behind two hops, a sender each, at the same time */
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer_all(t);
	ct_forget(t);
	msg = confirming(t, 100000);
	ct_feed(t, DOWN, msg);
	msg = confirming(t, 100000);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->confirm = ct_addr(t, 9, 8);
	msg->flows[0].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	s = ct_sent(t, WIRE_RESV, ct_sent_count(t, WIRE_RESV) - 1);
	T_CHECK((s->msg.has & WIRE_HAS_CONFIRM) != 0, "asked on");
	T_CHECK(ct_is(&s->msg.confirm, ct_addr(t, 9, 9)), "for the first");
}

static void
confirmations_for_two_senders_both_go_on(void)
{
	ct_once(both_confirmations_go_on);
}

static void
confirmations_queue(struct ct *t)
{
	struct wire_msg *msg;

	ct_iface_tc(t, DOWN, false);
	ct_with_second_path(t);
	msg = confirming(t, 100000);
	msg->flows[0].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	msg = confirming(t, 100000); /* its Path is not here yet */
	ct_forget(t);
	ct_feed(t, UP, ct_path(t));
	ct_forget(t);
	msg = confirming(t, 100000);
	msg->confirm = ct_addr(t, 9, 8);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* one message for both */
	T_CHECK(ct_is(&t->sent[0].msg.confirm, ct_addr(t, 9, 8)), "receiver");
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 0);
}

static void
one_message_asks_for_all_that_one_receiver_wants(void)
{
	ct_once(confirmations_queue);
}

static void
se_lub(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	ct_answer(t, 0);
	ct_forget(t);
	msg = ct_resv_both(t, ct_cl(90000));
	msg->flow_count = 1; /* the first sender only, but more */
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	s = ct_sent(t, WIRE_RESV, 0);
	T_EQ(s->msg.flow_count, 2);
	for (size_t i = 0; i < 2; i++)
		T_CHECK(s->msg.flows[i].flowspec.tspec.r == 90000, "%zu", i);
}

static void
se_forwards_one_flowspec_for_all(void)
{
	ct_once(se_lub);
}

static void
wf_error_scope(struct ct *t)
{
	struct wire_msg *msg;
	uint8_t scope[8];
	const struct ct_sent *s;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF));
	ct_answer(t, 0);
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(100000)), WIRE_STYLE_WF);
	msg->has |= WIRE_HAS_SCOPE;
	memcpy(scope, ct_addr(t, 8, 8).b, 4);
	memcpy(scope + 4, ct_addr(t, 8, 99).b, 4); /* does not route there */
	msg->scope_view = (struct wire_view){ scope, 8 };
	msg->scope_count = 2;
	ct_feed(t, UP, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 1);
	T_EQ(wire_scope_at(&s->msg, 0).b[3], 8);
	ct_forget(t);
	memcpy(scope, ct_addr(t, 8, 98).b, 4);
	msg->scope_view = (struct wire_view){ scope, 8 };
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0); /* nobody there is concerned */
}

static void
wf_error_goes_where_its_scope_routes(void)
{
	ct_once(wf_error_scope);
}

static void
wf_refusal_scope(struct ct *t)
{
	struct wire_msg *msg;
	uint8_t scope[4];

	ct_with_path(t);
	t->deny = true;
	msg = ct_style(ct_resv(t, ct_cl(100000)), WIRE_STYLE_WF);
	msg->has |= WIRE_HAS_SCOPE;
	memcpy(scope, ct_addr(t, 8, 8).b, 4);
	msg->scope_view = (struct wire_view){ scope, 4 };
	msg->scope_count = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.scope_count, 1);
	T_EQ(wire_scope_at(&ct_sent(t, WIRE_RESV_ERR, 0)->msg, 0).b[3], 8);
}

static void
refusal_of_wf_copies_its_scope(void)
{
	ct_once(wf_refusal_scope);
}

static void
union_of_objects(struct ct *t)
{
	static const uint8_t empty[] = { 0, 4, 0xc1, 1 };
	static const uint8_t one[] = { 0, 8, 0xc2, 1, 1, 2, 3, 4 };
	static const uint8_t two[] = { 0, 8, 0xc2, 1, 5, 6, 7, 8 };
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->other_count = 2;
	msg->others[0] = (struct wire_view){ empty, sizeof(empty) };
	msg->others[1] = (struct wire_view){ one, sizeof(one) };
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, 2);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(90000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->other_count = 2;
	msg->others[0] = (struct wire_view){ one, sizeof(one) };
	msg->others[1] = (struct wire_view){ two, sizeof(two) };
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	s = ct_sent(t, WIRE_RESV, 0);
	T_EQ(s->msg.other_count, 3);
	T_EQ(s->msg.others[0].len, 4);
	T_EQ(s->msg.others[1].bytes[4], 1);
	T_EQ(s->msg.others[2].bytes[4], 5);
}

static void
unknown_objects_of_all_hops_go_on_once(void)
{
	ct_once(union_of_objects);
}

static struct t_case cases[] = {
	{ "a smaller request of another hop is absorbed",
		smaller_request_is_absorbed },
	{ "a larger request wins, and its tear is a modified Resv",
		larger_request_wins_and_its_tear_is_a_modified_resv },
	{ "SE makes one flow of two senders",
		se_makes_one_flow_of_two_senders },
	{ "SE leaves out filters without a sender",
		se_leaves_out_filters_without_sender },
	{ "WF lasts until the last sender is gone",
		wf_matches_every_sender_until_the_last },
	{ "a WF ResvTear needs no flowspec", wf_tear_needs_no_flowspec },
	{ "WF to several previous hops carries SCOPE",
		wf_to_several_previous_hops_has_scope },
	{ "a ResvErr goes to the next hop and changes nothing",
		resv_err_goes_to_the_next_hop },
	{ "an InPlace error spares those who asked for less",
		in_place_error_spares_those_who_asked_for_less },
	{ "a ResvErr for other filters or sessions stays here",
		resv_err_for_other_filters_stays_here },
	{ "a ResvErr does not go back where it came from",
		resv_err_does_not_go_back_where_it_came_from },
	{ "a confirmation is asked for once", confirmation_is_asked_for_once },
	{ "a confirmation asked for in a refresh goes on at once",
		confirmation_in_a_refresh_goes_on_at_once },
	{ "a merging node answers for the smaller request",
		merging_node_answers_for_the_smaller },
	{ "a request that fails loses its confirmation",
		failed_request_loses_its_confirmation },
	{ "confirmations for two senders both go on",
		confirmations_for_two_senders_both_go_on },
	{ "one message asks for all that one receiver wants confirmed",
		one_message_asks_for_all_that_one_receiver_wants },
	{ "SE forwards one flowspec for all its senders",
		se_forwards_one_flowspec_for_all },
	{ "a WF ResvErr goes where its SCOPE routes, reduced",
		wf_error_goes_where_its_scope_routes },
	{ "the refusal of a WF Resv copies its SCOPE",
		refusal_of_wf_copies_its_scope },
	{ "objects of unknown classes of all next hops go on, one copy each",
		unknown_objects_of_all_hops_go_on_once },
	{ "a ResvConf is passed to the receiver it names",
		resv_conf_is_passed_to_the_receiver },
};
T_MAIN(cases)
