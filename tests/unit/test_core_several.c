/* SPDX-License-Identifier: ISC */

/*
 * What shows only with several senders, requests or messages: whom an error
 * concerns, what a request is while another is in the kernel, and what lasts
 * how long.
 */

#include "core_t.h"

enum { B = 10000 };

static const uint8_t policy[] = { 0, 8, 14, 1, 5, 6, 7, 8 };

/* A sender of that host behind the neighbour on an interface, whose data leave
 * by another. */
static void
sender_from_to(struct ct *t, uint32_t in, uint32_t out, unsigned host)
{
	struct wire_msg *msg = ct_path(t);

	t->out = out;
	msg->hop.addr = ct_addr(t, in, HOP_A);
	msg->sender.src = ct_addr(t, 8, host);
	ct_feed(t, in, msg);
	t->out = DOWN;
	ct_forget(t);
}

/* SCOPE of one sender. */
static struct wire_msg *
scoped(const struct ct *t, struct wire_msg *msg, unsigned host,
	uint8_t bytes[16])
{
	const struct addr a = ct_addr(t, 8, host);

	memcpy(bytes, a.b, 16);
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ bytes, addr_size(t->family) };
	msg->scope_count = 1;
	return msg;
}

static void
wild(struct ct *t, float rate)
{
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(rate)), WIRE_STYLE_WF));
	ct_answer_all(t);
	ct_forget(t);
}

static struct wire_msg *
wild_err(struct ct *t, uint32_t from)
{
	struct wire_msg *msg =
		ct_style(ct_resv_err(t, 1, 2, ct_cl(8 * B)), WIRE_STYLE_WF);

	msg->hop.addr = ct_addr(t, from, HOP_A);
	return msg;
}

/* ---- errors -------------------------------------------------------------- */

static void
both_named(struct ct *t)
{
	struct wire_filter second = ct_second_sender(t);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(5 * B)));
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(5 * B)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = second;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	msg = &t->sent[0].msg;
	T_EQ(msg->flow_count, 2);
	T_CHECK(!wire_filter_equal(&msg->flows[0].filter, &second), "first");
	T_CHECK(wire_filter_equal(&msg->flows[1].filter, &second), "second");
	T_EQ(msg->hop.lih, DOWN);
	T_EQ(t->sent[0].send.ifindex, 0); /* as routing has it */
}

static void
an_error_about_two_senders_names_both(void)
{
	ct_both(both_named);
}

static void
policy_goes_on(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(5 * B));
	msg = ct_resv_err(t, 2, 1, ct_cl(5 * B));
	msg->policy_count = 1;
	msg->policies[0] = (struct wire_view){ policy, sizeof(policy) };
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(t->sent[0].msg.policy_count, 1);
}

static void
policy_data_of_an_error_go_on_with_it(void)
{
	ct_both(policy_goes_on);
}

static void
nothing_named(struct ct *t)
{
	struct wire_msg *msg;

	sender_from_to(t, UP, DOWN, 8);
	wild(t, 5 * B);
	msg = wild_err(t, UP);
	msg->flow_count = 0;
	ct_feed_as_is(t, UP, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
}

static void
an_error_about_nothing_is_dropped(void)
{
	ct_both(nothing_named);
}

static void
elsewhere(struct ct *t)
{
	uint8_t bytes[16];

	sender_from_to(t, UP, DOWN, 8);
	sender_from_to(t, UP, SIDE, 9);
	wild(t, 8 * B);
	ct_feed(t, UP, scoped(t, wild_err(t, UP), 9, bytes));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_feed(t, UP, scoped(t, wild_err(t, UP), 8, bytes));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
an_error_goes_where_the_senders_of_its_scope_go(void)
{
	ct_both(elsewhere);
}

static void
not_asked(struct ct *t)
{
	uint8_t bytes[16];

	sender_from_to(t, UP, DOWN, 8);
	sender_from_to(t, SIDE, DOWN, 9);
	ct_feed(t, DOWN,
		scoped(t, ct_style(ct_resv(t, ct_cl(8 * B)), WIRE_STYLE_WF), 8,
			bytes));
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, SIDE, wild_err(t, SIDE));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_feed(t, UP, wild_err(t, UP));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
an_error_of_a_hop_that_nothing_was_asked_of_goes_nowhere(void)
{
	ct_both(not_asked);
}

/* ---- SCOPE --------------------------------------------------------------- */

static void
unreserved(struct ct *t)
{
	const struct ct_sent *s;
	struct addr eight;

	sender_from_to(t, UP, DOWN, 8);
	sender_from_to(t, UP, SIDE, 9);
	sender_from_to(t, SIDE, DOWN, 10);
	eight = ct_addr(t, 8, 8);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_WF));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	for (size_t i = 0; i < 2; i++) {
		s = ct_sent(t, WIRE_RESV, i);
		T_EQ(s->msg.scope_count, 1);
		T_CHECK(!ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)) ||
				memcmp(s->msg.scope_view.bytes, eight.b,
					addr_size(t->family)) == 0,
			"the one that is reserved for");
	}
}

static void
a_scope_names_those_that_are_reserved_for(void)
{
	ct_both(unreserved);
}

static void
limited(struct ct *t)
{
	uint8_t bytes[16];

	sender_from_to(t, UP, DOWN, 8);
	sender_from_to(t, UP, DOWN, 9);
	ct_feed(t, DOWN,
		scoped(t, ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_WF), 8,
			bytes));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.scope_count, 1);
}

static void
what_a_next_hop_limited_stays_limited(void)
{
	ct_both(limited);
}

static void
no_sender(struct ct *t)
{
	uint8_t bytes[16];

	sender_from_to(t, UP, DOWN, 8);
	sender_from_to(t, UP, SIDE, 9);
	ct_feed(t, DOWN,
		scoped(t, ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_WF), 9,
			bytes));
	ct_expect_err(t, WIRE_E_NO_SENDER, 0, 0);
}

static void
a_scope_of_senders_elsewhere_is_an_error(void)
{
	ct_both(no_sender);
}

/* ---- senders alike ------------------------------------------------------- */

static void
labelled(void)
{
	static const struct wire_filter like[] = {
		{ .form = WIRE_FILTER_PORT },
		{ .form = WIRE_FILTER_FLOW_LABEL, .flow_label = 5 },
		{ .form = WIRE_FILTER_FLOW_LABEL, .flow_label = 7 },
		{ .form = WIRE_FILTER_FLOW_LABEL, .flow_label = 6 },
		{ .form = WIRE_FILTER_FLOW_LABEL },
	};
	enum { COUNT = sizeof(like) / sizeof(like[0]) };
	struct ct *t = ct_new(ADDR_V6);
	struct wire_msg *msg;

	for (size_t i = 0; i < COUNT; i++) {
		msg = ct_path(t);
		msg->session.dst_port = 0;
		msg->sender.form = like[i].form;
		msg->sender.src_port = 0;
		msg->sender.flow_label = like[i].flow_label;
		ct_feed(t, UP, msg);
	}
	msg = ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_SE);
	msg->session.dst_port = 0;
	msg->flow_count = COUNT;
	for (size_t i = 0; i < COUNT; i++) {
		msg->flows[i] = msg->flows[0];
		msg->flows[i].filter.form = like[i].form;
		msg->flows[i].filter.src_port = 0;
		msg->flows[i].filter.flow_label = like[i].flow_label;
	}
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, COUNT);
	ct_free(t);
}

static void
senders_of_one_host_are_told_apart_by_their_flow_labels(void)
{
	labelled();
}

/* ---- while the kernel is asked ------------------------------------------- */

static void
back(struct ct *t)
{
	ct_with_resv(t, ct_cl(5 * B));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(8 * B)));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(5 * B)));
	ct_answer_all(t);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 5 * B, "as asked last");
}

static void
an_increase_in_flight_may_be_taken_back(void)
{
	ct_both(back);
}

static void
torn(struct ct *t)
{
	struct wire_filter second = ct_second_sender(t);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_SE));
	msg = ct_resv_both(t, ct_cl(5 * B));
	ct_feed(t, DOWN, msg);
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_SE));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	msg = &t->sent[t->sent_count - 1].msg;
	T_EQ(msg->type, WIRE_RESV);
	T_EQ(msg->flow_count, 1);
	T_CHECK(wire_filter_equal(&msg->flows[0].filter, &second), "the other");
}

static void
a_sender_torn_in_flight_leaves_the_one_that_waits(void)
{
	ct_both(torn);
}

/* ---- time ---------------------------------------------------------------- */

static void
no_period(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(5 * B));
	msg->refresh_ms = 0;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_run(t, 2000);
	T_CHECK(ct_reserved(t, DOWN) > 0, "not so soon");
	ct_run(t, 10000);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
a_refresh_period_of_nothing_is_a_short_one(void)
{
	ct_once(no_period);
}

/* A change for one sender says nothing about the other. */
static void
by_itself(struct ct *t)
{
	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(5 * B)));
	ct_answer_all(t);
	for (int i = 1; i <= 9; i++) {
		ct_run(t, 20000);
		ct_feed(t, UP, ct_path(t));
		ct_with_second_path(t);
		ct_feed(t, DOWN,
			ct_style(ct_resv(t, ct_cl((float)(5 * B + i))),
				WIRE_STYLE_SE));
		ct_answer_all(t);
		if (i == 5)
			T_EQ(t->sent[t->sent_count - 1].msg.flow_count, 2);
		ct_forget(t);
	}
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
}

static void
a_filter_is_not_kept_by_changes_for_another(void)
{
	ct_once(by_itself);
}

/* It lives for 5.25 s after each of its messages. */
static void
slow_kernel(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	for (int i = 0; i < 2; i++) {
		msg = ct_resv(t, ct_cl(5 * B));
		msg->refresh_ms = 1000;
		ct_feed(t, DOWN, msg);
		ct_run(t, 4000);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

static void
a_request_in_flight_is_refreshed(void)
{
	ct_once(slow_kernel);
}

/* ---- refusals ------------------------------------------------------------ */

static void
flows_of_wild(struct ct *t)
{
	ct_with_resv(t, ct_cl(5 * B));
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(6 * B)), WIRE_STYLE_WF));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(t->sent[0].msg.error.code, WIRE_E_STYLE_CONFLICT);
	T_EQ(t->sent[0].msg.flow_count, 1);
	T_CHECK(t->sent[0].msg.flows[0].flowspec.tspec.r == 6 * B, "which");
}

static void
a_refused_wildcard_request_is_told_whole(void)
{
	ct_both(flows_of_wild);
}

static void
each_refused(struct ct *t)
{
	struct wire_filter second = ct_second_sender(t);
	struct wire_msg *msg = ct_resv(t, ct_cl(5 * B)); /* without a Path */

	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = second;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	for (size_t i = 0; i < 2; i++) {
		T_EQ(t->sent[i].msg.error.code, WIRE_E_NO_PATH);
		T_EQ(t->sent[i].msg.flow_count, 1);
		T_CHECK(wire_filter_equal(&t->sent[i].msg.flows[0].filter,
				&second) == (i == 1),
			"of its own");
	}
}

static void
a_refused_FF_message_has_an_error_for_each_sender(void)
{
	ct_both(each_refused);
}

static void
one_malformed(struct ct *t)
{
	static const uint8_t object[] = { 0, 8, 9, 2, 0, 0, 0, 0 };
	struct wire_filter second = ct_second_sender(t);
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv(t, ct_cl(5 * B));
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = second;
	msg->flows[1].flowspec_view =
		(struct wire_view){ object, sizeof(object) };
	msg->flowspec_malformed = true;
	ct_feed_as_is(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
}

static void
a_malformed_flowspec_spoils_its_own_descriptor_only(void)
{
	ct_once(one_malformed);
}

static void
kept_in_place(struct ct *t)
{
	ct_with_resv(t, ct_cl(5 * B));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(-1)));
	ct_expect_err(t, WIRE_E_TC, WIRE_TC_FLOWSPEC, WIRE_ERROR_IN_PLACE);
	T_CHECK(ct_reserved(t, DOWN) > 0, "as it was");
}

static void
what_is_in_force_is_said_to_be_whatever_the_error(void)
{
	ct_both(kept_in_place);
}

/* The first request is still in the kernel: nothing is in force. */
static void
nothing_in_place(struct ct *t)
{
	struct wire_msg *msg;
	struct wire_flowspec spec = ct_cl(6 * B);

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(5 * B)));
	spec.tspec.M = 9000;
	msg = ct_resv(t, spec);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(t->sent[0].msg.error.code, WIRE_E_ADMISSION);
	T_EQ(t->sent[0].msg.error.flags, 0);
}

static void
what_is_in_flight_is_not_said_to_be_in_place(void)
{
	ct_both(nothing_in_place);
}

/* There is nothing stale to be torn where the path comes from, nor with
 * multicast, which may go there for others. */
static void
no_tear(struct ct *t)
{
	static const uint8_t g6[16] = { 0xff, 0x1e, [15] = 9 };
	const struct addr group =
		t->family == ADDR_V4 ? addr_v4_u32(0xe8010203) : addr_v6(g6);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(5 * B));
	msg->hop = (struct wire_hop){ ct_addr(t, UP, HOP_C), UP };
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	msg = ct_path(t);
	msg->session.dst = group;
	ct_feed(t, UP, msg);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(5 * B));
	msg->session.dst = group;
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_C), SIDE };
	ct_feed(t, SIDE, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
}

static void
only_what_a_unicast_path_left_is_torn(void)
{
	ct_both(no_tear);
}

static void
hop_of_all(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(5 * B));
	msg->hop.addr = addr_v4_u32(0xe0000001);
	ct_feed_as_is(t, DOWN, msg);
	T_EQ(t->flow_count, 0);
	T_EQ(t->sent_count, 0);
}

static void
a_group_is_no_next_hop(void)
{
	ct_once(hop_of_all);
}

/* The same link-local address and handle on two links. */
static void
alike(void)
{
	struct ct *t = ct_new(ADDR_V6);
	uint8_t bytes[16] = { 0xfe, 0x80, [15] = 2 };
	struct wire_msg *msg;

	for (uint32_t in = UP; in <= SIDE; in += SIDE - UP) {
		msg = ct_path(t);
		msg->hop = (struct wire_hop){ addr_v6(bytes), 7 };
		msg->sender.src = ct_addr(t, 8, in);
		ct_feed(t, in, msg);
	}
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(5 * B)), WIRE_STYLE_WF));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->send.ifindex !=
			ct_sent(t, WIRE_RESV, 1)->send.ifindex,
		"each on its link");
	ct_free(t);
}

static void
previous_hops_alike_are_told_apart_by_their_links(void)
{
	alike();
}

/* ---- styles ------------------------------------------------------------- */

static void
other_style(struct ct *t)
{
	struct wire_msg *msg;

	sender_from_to(t, UP, DOWN, 8);
	wild(t, 8 * B);
	ct_feed(t, UP, wild_err(t, UP));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_WF));
	ct_answer_all(t);
	for (unsigned i = 0; i < 2; i++) {
		msg = ct_resv(t, ct_cl((float)(i == 0 ? 2 * B : 8 * B)));
		msg->hop.addr = ct_addr(t, DOWN, HOP_B + i);
		msg->flows[0].filter.src = ct_addr(t, 8, 8);
		ct_forget(t);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			8 * B,
		"nothing is in its way");
}

static void
what_failed_in_one_style_is_no_matter_of_another(void)
{
	ct_both(other_style);
}

/* The path grows beyond the capacity; what is in force stays as it is. */
static void
grown_path(struct ct *t)
{
	struct wire_msg *msg;

	ct_make_bare(t, 200000);
	ct_with_resv(t, ct_cl(400000)); /* min(Path_Te, Resv_Te): 100 000 */
	msg = ct_path(t);
	msg->tspec.r = 300000;
	msg->tspec.p = 400000;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_CHECK(ct_only_resv(t).stuck, "it follows");
	ct_forget(t);
}

static void
told_once(struct ct *t)
{
	struct wire_msg *msg;

	grown_path(t);
	for (int i = 0; i < 3; i++) { /* another one fails again and again */
		msg = ct_resv(t, ct_cl(400000 + (float)i));
		msg->hop.addr = ct_addr(t, DOWN, HOP_C);
		ct_feed(t, DOWN, msg);
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
		T_CHECK(ct_is(&ct_sent(t, WIRE_RESV_ERR, 0)->send.dst,
				ct_addr(t, DOWN, HOP_C)),
			"not to whom it concerns");
		ct_forget(t);
	}
}

static void
what_did_not_fit_is_told_once_whoever_fails_besides(void)
{
	ct_both(told_once);
}

static struct t_case cases[] = {
	{ "what did not fit is told once, whoever fails besides",
		what_did_not_fit_is_told_once_whoever_fails_besides },
	{ "an error about two senders names both",
		an_error_about_two_senders_names_both },
	{ "POLICY_DATA of an error go on with it",
		policy_data_of_an_error_go_on_with_it },
	{ "an error about nothing is dropped",
		an_error_about_nothing_is_dropped },
	{ "an error goes where the senders of its SCOPE go",
		an_error_goes_where_the_senders_of_its_scope_go },
	{ "an error of a hop that nothing was asked of goes nowhere",
		an_error_of_a_hop_that_nothing_was_asked_of_goes_nowhere },
	{ "a SCOPE names those that are reserved for",
		a_scope_names_those_that_are_reserved_for },
	{ "what a next hop limited by SCOPE stays limited",
		what_a_next_hop_limited_stays_limited },
	{ "a SCOPE of senders elsewhere is an error",
		a_scope_of_senders_elsewhere_is_an_error },
	{ "senders of one host are told apart by their flow labels",
		senders_of_one_host_are_told_apart_by_their_flow_labels },
	{ "an increase in flight may be taken back",
		an_increase_in_flight_may_be_taken_back },
	{ "a sender torn in flight leaves the one that waits",
		a_sender_torn_in_flight_leaves_the_one_that_waits },
	{ "a refresh period of nothing is a short one",
		a_refresh_period_of_nothing_is_a_short_one },
	{ "a filter is not kept by changes for another",
		a_filter_is_not_kept_by_changes_for_another },
	{ "a refused wildcard request is told whole",
		a_refused_wildcard_request_is_told_whole },
	{ "a refused FF message has an error for each sender",
		a_refused_FF_message_has_an_error_for_each_sender },
	{ "a malformed flowspec spoils its own descriptor only",
		a_malformed_flowspec_spoils_its_own_descriptor_only },
	{ "what is in force is said to be, whatever the error",
		what_is_in_force_is_said_to_be_whatever_the_error },
	{ "what is in flight is not said to be in place",
		what_is_in_flight_is_not_said_to_be_in_place },
	{ "a request in flight is refreshed",
		a_request_in_flight_is_refreshed },
	{ "only what a unicast path left is torn",
		only_what_a_unicast_path_left_is_torn },
	{ "a group is no next hop", a_group_is_no_next_hop },
	{ "previous hops alike are told apart by their links",
		previous_hops_alike_are_told_apart_by_their_links },
	{ "what failed in one style is no matter of another",
		what_failed_in_one_style_is_no_matter_of_another },
};

T_MAIN(cases)
