/* SPDX-License-Identifier: ISC */

/*
 * What is asked of the previous hops when many senders, next hops and
 * blockades meet, and what stays as it was.
 */

#include "core_t.h"

enum { REFRESH = 46000 };

static const struct rsvp_who nobody;

static struct wire_msg *
request(struct ct *t, uint8_t style, unsigned hop, float rate, unsigned host)
{
	struct wire_msg *msg = ct_style(ct_resv(t, ct_cl(rate)), style);

	msg->hop.addr = ct_addr(t, DOWN, hop);
	msg->flows[0].filter.src = ct_addr(t, 8, host);
	return msg;
}

static void
wants(struct ct *t, uint8_t style, unsigned hop, float rate, unsigned host)
{
	ct_feed(t, DOWN, request(t, style, hop, rate, host));
	ct_answer_all(t);
}

static void
fails(struct ct *t, uint8_t style, float rate, unsigned host)
{
	struct wire_msg *msg =
		ct_style(ct_resv_err(t, 1, 2, ct_cl(rate)), style);

	msg->flows[0].filter.src = ct_addr(t, 8, host);
	ct_feed(t, UP, msg);
}

static double
rate(const struct ct_sent *s)
{
	return s ? (double)s->msg.flows[0].flowspec.tspec.r : 0;
}

/* ---- many senders -------------------------------------------------------- */

enum { MANY = 70 /* more than one message holds */ };

static void
many(struct ct *t)
{
	struct wire_msg *msg;
	size_t flows = 0;

	ct_iface_tc(t, DOWN, false);
	t->conf.max_senders = MANY;
	rsvp_core_reconf(t->core, &t->conf);
	for (unsigned i = 0; i < MANY; i++)
		ct_path_of(t, UP, HOP_A, i + 1);
	for (unsigned first = 0; first < MANY; first += WIRE_FLOWS_MAX) {
		msg = request(t, WIRE_STYLE_FF, HOP_B, 1000, first + 1);
		for (unsigned i = first; i < MANY && i - first < WIRE_FLOWS_MAX;
			i++) {
			msg->flows[i - first] = msg->flows[0];
			msg->flows[i - first].filter.src = ct_addr(t, 8, i + 1);
			msg->flow_count = i - first + 1;
		}
		msg->has |= WIRE_HAS_CONFIRM;
		msg->confirm = ct_addr(t, 9, 9);
		ct_forget(t);
		ct_feed(t, DOWN, msg);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	for (size_t i = 0; i < 2; i++)
		flows += ct_sent(t, WIRE_RESV, i)->msg.flow_count;
	T_EQ(flows, MANY);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.has & WIRE_HAS_CONFIRM, "once");
	T_EQ(ct_sent(t, WIRE_RESV, 1)->msg.has & WIRE_HAS_CONFIRM, 0);
	ct_forget(t);
	ct_iface_gone(t, DOWN);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 2); /* and so are they torn */
}

static void
more_senders_than_a_message_holds_go_in_several(void)
{
	ct_both(many);
}

/* 64 filters of 64 next hops are as much as there may be. */
static void
full(struct ct *t)
{
	struct rsvp_totals totals;

	ct_iface_tc(t, DOWN, false);
	for (unsigned i = 0; i < WIRE_FLOWS_MAX; i++)
		ct_path_of(t, UP, HOP_A, i + 1);
	for (unsigned hop = 2; hop < 2 + 65; hop++) {
		struct wire_msg *msg = request(t, WIRE_STYLE_SE, hop, 1000, 1);

		for (unsigned i = 1; i < WIRE_FLOWS_MAX; i++) {
			msg->flows[i] = msg->flows[0];
			msg->flows[i].filter.src = ct_addr(t, 8, i + 1);
		}
		msg->flow_count = WIRE_FLOWS_MAX;
		ct_feed(t, DOWN, msg);
		ct_forget(t);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, 64);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
}

static void
a_session_has_so_many_filters_only(void)
{
	ct_once(full);
}

/* Two senders on one host are one address in SCOPE. */
static void
one_host(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	msg = ct_path(t);
	msg->sender.src_port = 9;
	ct_feed(t, UP, msg);
	ct_path_of(t, UP, HOP_C, 9);
	wants(t, WIRE_STYLE_WF, HOP_B, 50000, 8);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	for (size_t i = 0; i < 2; i++)
		T_EQ(ct_sent(t, WIRE_RESV, i)->msg.scope_count, 1);
}

static void
senders_on_one_host_are_one_in_scope(void)
{
	ct_both(one_host);
}

static void
other_tear(struct ct *t)
{
	ct_with_path(t);
	wants(t, WIRE_STYLE_SE, HOP_B, 50000, 8);
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_WF));
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_SE));
	ct_answer_all(t);
	wants(t, WIRE_STYLE_WF, HOP_B, 50000, 8);
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv_tear(t), WIRE_STYLE_SE));
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 2);
}

static void
a_tear_of_another_style_tears_nothing(void)
{
	ct_both(other_tear);
}

/* ---- who is the largest -------------------------------------------------- */

static void
equals(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = request(t, WIRE_STYLE_FF, HOP_C, 50000, 8);
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 8);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 1);
}

static void
of_two_equal_requests_neither_is_the_largest(void)
{
	ct_both(equals);
}

/* ---- one message, several descriptors ------------------------------------ */

static void
two_services(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = request(t, WIRE_STYLE_FF, HOP_B, 50000, 8);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].flowspec = ct_gs(50000, 60000);
	msg->flows[1].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_TC);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.value, WIRE_TC_CONFLICT);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	ct_forget(t);
	msg = request(t, WIRE_STYLE_FF, HOP_B, 50000, 8);
	msg->flows[0].flowspec = ct_gs(50000, 60000); /* nobody else is left */
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
}

static void
descriptors_of_one_message_must_agree_on_the_service(void)
{
	ct_both(two_services);
}

/* ---- blockades ----------------------------------------------------------- */

/* SE, all blockaded: the least of both senders. */
static void
se_glb(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	wants(t, WIRE_STYLE_SE, HOP_B, 80000, 8);
	wants(t, WIRE_STYLE_SE, HOP_C, 40000, 9);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(20000)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_run(t, REFRESH);
	T_CHECK(rate(ct_sent(t, WIRE_RESV, 0)) == 40000, "the GLB of all");
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
}

static void
senders_that_share_are_refreshed_with_the_glb_of_all(void)
{
	ct_both(se_glb);
}

/* What failed for one sender is old news when another one fails. */
static void
each_at_its_time(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_C, 9);
	for (unsigned host = 8; host <= 9; host++) {
		wants(t, WIRE_STYLE_FF, HOP_B, 80000, host);
		wants(t, WIRE_STYLE_FF, HOP_C, 20000, host);
	}
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, 80000, 8);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(80000)), WIRE_STYLE_FF);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, UP, HOP_C)),
		"the hop that it is about");
}

static void
only_the_hop_that_an_error_is_about_is_asked_at_once(void)
{
	ct_both(each_at_its_time);
}

/* A hop that flaps, with an error from each of its addresses. */
static void
bounded(struct ct *t)
{
	long blocks = 0;

	for (unsigned hop = 2; hop < 60; hop++) {
		struct wire_msg *msg;

		ct_path_of(t, UP, hop, 8);
		wants(t, WIRE_STYLE_WF, HOP_B, 80000, 8);
		msg = ct_style(
			ct_resv_err(t, 1, 2, ct_cl(80000)), WIRE_STYLE_WF);
		msg->hop.addr = ct_addr(t, UP, hop);
		ct_feed(t, UP, msg);
		ct_forget(t);
		if (hop == 10)
			blocks = t->blocks;
	}
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 58);
	T_CHECK(t->blocks <= blocks, "%ld more blocks", t->blocks - blocks);
}

static void
blockades_are_as_many_as_previous_hops(void)
{
	ct_once(bounded);
}

/* ---- applications -------------------------------------------------------- */

static void
send_from_here(struct ct *t, uint64_t id)
{
	const struct rsvp_local_sender sender = { .sender = ct_sender(t),
		.tspec = ct_tspec() };

	ct_app_open(t, id);
	T_EQ(rsvp_local_send(t->core, t->now, id, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
}

static void
sender_here(struct ct *t)
{

	send_from_here(t, 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags, 0); /* done here */
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_E);
	ct_answer_all(t);
	fails(t, WIRE_STYLE_FF, 50000, 8); /* above an application is nobody */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	ct_forget(t);
	ct_iface_tc(t, DOWN, false);
	ct_run(t, REFRESH);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags,
		WIRE_SESSION_E_POLICE); /* the next one shall */
}

static void
an_application_is_before_the_first_that_can_police(void)
{
	ct_both(sender_here);
}

/* A receiver here that takes more is a branch too. */
static void
receiver_here(struct ct *t)
{
	struct wire_session session = ct_session(t);
	struct wire_flow flow = { .has_flowspec = true,
		.flowspec = ct_cl(90000) };
	const struct rsvp_local_reserve reserve = {
		.style = WIRE_STYLE_WF, .flow_count = 1, .flows = &flow
	};
	struct wire_msg *msg = ct_path(t);
	struct rsvp_resv_info infos[2];
	struct rsvp_session_info info;

	session.dst = addr_v4_u32(0xe8010203);
	msg->session = session;
	ct_feed(t, UP, msg);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	msg->session = session;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_only_resv(t).police, 0);
	T_EQ(rsvp_local_open(t->core, t->now, 1, &session, &nobody),
		RSVP_LOCAL_OK);
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &reserve), RSVP_LOCAL_OK);
	ct_collect(t);
	assert_true(rsvp_core_session_after(t->core, 0, &info));
	T_EQ(rsvp_core_resvs(t->core, t->now, info.serial, infos, 2), 2);
	T_EQ(infos[0].police, RSVP_POLICE_B);
}

static void
a_receiver_here_that_takes_more_is_a_branch(void)
{
	ct_once(receiver_here);
}

/* ---- traffic control ----------------------------------------------------- */

/* A flow that was adopted, and forgotten as traffic control was switched off
 * there, is asked for anew when it is back. */
static void
forgotten(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_resv(t, ct_cl(50000));
	rsvp_core_tc_lost(t->core, t->now);
	ct_collect(t);
	flow = (struct rsvp_flow){ .id = ct_only_resv(t).flow_id,
		.ifindex = DOWN,
		.service = WIRE_SERVICE_CL,
		.dst = ct_session(t).dst,
		.proto = 17,
		.dst_port = 5004,
		.rate_Bps = 1,
		.filter_count = 1,
		.filters = { { .src = ct_sender(t).src, .src_port = 4004 } } };
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	ct_answer_all(t);
	ct_iface_tc(t, DOWN, false);
	ct_forget(t);
	ct_iface_tc(t, DOWN, true);
	ct_tc_ready(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	T_CHECK(ct_flow(t)->flow.id != 0, "a number");
	ct_answer_all(t);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
a_flow_forgotten_with_its_interface_is_made_anew(void)
{
	ct_both(forgotten);
}

/* ---- errors that somebody made up ---------------------------------------- */

/* In the name of the previous hop, from where the data go to: the one who asks
 * for less would have the other's request left out. */
static void
error_from_below(struct ct *t)
{
	ct_path_of(t, UP, HOP_A, 8);
	wants(t, WIRE_STYLE_FF, HOP_B, 80000, 8);
	wants(t, WIRE_STYLE_FF, HOP_C, 20000, 8);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_err(t, 1, 2, ct_cl(80000)));
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	/* From beside it may. */
	ct_feed(t, SIDE, ct_resv_err(t, 1, 2, ct_cl(80000)));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
	T_CHECK(rate(ct_sent(t, WIRE_RESV, 0)) == 20000,
		"the routes may differ");
}

static void
no_error_comes_from_where_the_data_go(void)
{
	ct_once(error_from_below);
}

static void
error_about_others(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	msg = ct_resv_err(t, 1, 2, ct_cl(80000));
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	msg->hop.addr = ct_addr(t, SIDE, HOP_A);
	ct_feed(t, SIDE, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0); /* no request */
	wants(t, WIRE_STYLE_FF, HOP_B, 80000, 9);
	msg = ct_resv_err(t, 1, 2, ct_cl(80000));
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	msg->hop.addr = ct_addr(t, SIDE, HOP_A);
	ct_feed(t, SIDE, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
}

static void
a_hop_blockades_no_sender_behind_another(void)
{
	ct_once(error_about_others);
}

static struct t_case cases[] = {
	{ "more senders than a message holds go in several",
		more_senders_than_a_message_holds_go_in_several },
	{ "a session has so many filters only",
		a_session_has_so_many_filters_only },
	{ "senders on one host are one in SCOPE",
		senders_on_one_host_are_one_in_scope },
	{ "a tear of another style tears nothing",
		a_tear_of_another_style_tears_nothing },
	{ "of two equal requests neither is the largest",
		of_two_equal_requests_neither_is_the_largest },
	{ "descriptors of one message must agree on the service",
		descriptors_of_one_message_must_agree_on_the_service },
	{ "senders that share are refreshed with the GLB of all",
		senders_that_share_are_refreshed_with_the_glb_of_all },
	{ "only the hop that an error is about is asked at once",
		only_the_hop_that_an_error_is_about_is_asked_at_once },
	{ "blockades are as many as previous hops",
		blockades_are_as_many_as_previous_hops },
	{ "an application is before the first that can police",
		an_application_is_before_the_first_that_can_police },
	{ "a receiver here that takes more is a branch",
		a_receiver_here_that_takes_more_is_a_branch },
	{ "a flow forgotten with its interface is made anew",
		a_flow_forgotten_with_its_interface_is_made_anew },
	{ "no error comes from where the data go",
		no_error_comes_from_where_the_data_go },
	{ "a hop blockades no sender behind another",
		a_hop_blockades_no_sender_behind_another },
};
T_MAIN(cases)
