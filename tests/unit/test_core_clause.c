/* SPDX-License-Identifier: ISC */

/* Statements of RFC 2205 and 2209 that need a case of their own. */

#include "core_t.h"

#include <math.h>

enum { APP = 1 };

/* A second sender, behind the neighbour on an interface. */
static void
second_path(struct ct *t, uint32_t ifindex)
{
	struct wire_msg *msg = ct_path(t);

	msg->sender = ct_second_sender(t);
	msg->hop.addr = ct_addr(t, ifindex, HOP_A);
	ct_feed(t, ifindex, msg);
}

/* ---- Path ---------------------------------------------------------------- */

/* RFC 2205 3.8: the sender's host sets E_Police when it cannot police. */
static void
host_polices(struct ct *t)
{
	ct_app_open(t, APP);
	(void)ct_app_send(t, APP);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags, 0);
	ct_iface_tc(t, DOWN, false);
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags,
		WIRE_SESSION_E_POLICE);
	ct_forget(t);
	rsvp_local_close(t->core, t->now, APP);
	ct_collect(t);
	T_EQ(ct_sent(t, WIRE_PATH_TEAR, 0)->msg.session.flags,
		WIRE_SESSION_E_POLICE);
}

static void
a_host_that_cannot_police_says_so(void)
{
	ct_both(host_polices);
}

/* RFC 2205 3.1.3: the ADSPEC tells of the way that this copy goes. */
static void
branches(struct ct *t)
{
	struct rsvp_iface side = ct_iface(t, SIDE);
	struct wire_msg *msg = ct_path(t);

	side.mtu = 1280;
	side.traffic_control = false;
	ct_set_iface(t, &side);
	t->also_out = SIDE;
	msg->session.dst = ct_group(t);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ct_sent *s = ct_sent(t, WIRE_PATH, i);
		bool plain = s->send.ifindex == SIDE;

		T_EQ(s->msg.adspec.general.mtu, plain ? 1280 : 1500);
		T_EQ(s->msg.adspec.broken, plain);
		T_EQ(s->msg.adspec.general.hops, plain ? 0 : 1);
	}
}

static void
each_branch_has_its_own_adspec(void)
{
	ct_both(branches);
}

/* RFC 2205 3.1.5: of a group, where it came in tells path states apart. */
static void
group_tear(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	t->also_out = SIDE;
	msg->session.dst = ct_group(t);
	ct_feed(t, UP, msg);
	ct_forget(t);
	msg = ct_path_tear(t);
	msg->session.dst = ct_group(t);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 2);
	T_EQ(ct_sent(t, WIRE_PATH_TEAR, 0)->send.ifindex, DOWN);
	T_EQ(ct_sent(t, WIRE_PATH_TEAR, 1)->send.ifindex, SIDE);
	ct_expect_empty(t);
}

static void
a_path_tear_of_a_group_counts_where_its_path_came_in(void)
{
	ct_both(group_tear);
}

static void
senseless_tear(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path_tear(t);
	msg->tspec.r = -1;
	msg->has |= WIRE_HAS_ADSPEC;
	msg->adspec.general.bandwidth_Bps = NAN;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_sent(t, WIRE_PATH_TEAR, 0)->msg.tspec.r == 100000, "ours");
	ct_expect_empty(t);
}

static void
what_a_path_tear_says_of_the_traffic_is_ignored(void)
{
	ct_both(senseless_tear);
}

static void
shared_sender_goes(struct ct *t)
{
	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	T_CHECK(ct_is(&ct_flow(t)->flow.filters[0].src, ct_addr(t, 8, 9)),
		"the other sender stays");
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
}

static void
a_path_tear_takes_its_sender_out_of_what_is_shared(void)
{
	ct_both(shared_sender_goes);
}

/* RFC 2205 3.9: path state from where routing does not expect the sender was
 * not forwarded, nor is its tear. */
static void
local_only(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = ct_group(t);
	ct_feed(t, SIDE, msg);
	T_EQ(ct_totals(t).paths, 1);
	msg = ct_path_tear(t);
	msg->session.dst = ct_group(t);
	ct_feed(t, SIDE, msg);
	T_EQ(t->sent_count, 0);
	ct_expect_empty(t);
}

/* Nor when it was forwarded once: routing expects the sender elsewhere now, and
 * its Path will come from there. */
static void
local_only_now(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = ct_group(t);
	ct_feed(t, UP, msg);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst = ct_group(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	t->expects = SIDE;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 3000);
	ct_forget(t);
	msg = ct_path_tear(t);
	msg->session.dst = ct_group(t);
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(ct_totals(t).paths, 0);
}

static void
a_path_for_here_alone_is_torn_here_alone(void)
{
	ct_both(local_only);
	ct_both(local_only_now);
}

/* ---- what a Path sets off ------------------------------------------------ */

/* RFC 2209, PATH MESSAGE ARRIVES: it finds a reservation that it matches. */
static void
new_sender(struct ct *t)
{
	uint64_t before;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(150000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	before = ct_reserved(t, DOWN); /* of 100000: no more was sent */
	ct_forget(t);
	second_path(t, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), before * 3 / 2);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, SIDE, HOP_A)),
		"the new previous hop");
}

static void
a_new_sender_is_reserved_and_asked_for_at_once(void)
{
	ct_both(new_sender);
}

/* RFC 2205 2.3: what comes from an outgoing interface is for the senders whose
 * Path leaves there. */
static void
other_ways(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->sender = ct_second_sender(t);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	t->out = SIDE;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(150000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"to whose Path went there");
	T_EQ(ct_reserved(t, DOWN), 100000 * 138 / 100);
}

static void
senders_whose_path_leaves_elsewhere_are_not_asked(void)
{
	ct_both(other_ways);
}

/* RFC 2205 3.4: without a SCOPE of its own a request is about the senders that
 * route to its interface. */
static void
scope_of_route(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_with_path(t);
	second_path(t, SIDE);
	msg = ct_path(t);
	msg->sender.src = ct_addr(t, 8, 10);
	t->out = SIDE;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) >= 4, "and refreshed");
	for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++) {
		s = ct_sent(t, WIRE_RESV, i);
		T_EQ(s->msg.scope_count, 1);
		T_EQ(wire_scope_at(&s->msg, 0).b[addr_size(t->family) - 1],
			ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)) ? 8 : 9);
	}
}

static void
a_scope_is_made_of_the_senders_that_route_there(void)
{
	ct_both(scope_of_route);
}

static void
no_handle(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->hop.lih = 0;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.hop.lih, 0);
}

static void
a_previous_hop_without_an_lih_is_sent_none(void)
{
	ct_both(no_handle);
}

/* ---- Resv ---------------------------------------------------------------- */

static struct wire_msg *
bucket(struct ct *t, unsigned hop, float r, float b)
{
	struct wire_flowspec spec = ct_cl(r);
	struct wire_msg *msg;

	spec.tspec.b = b;
	spec.tspec.p = 200000;
	msg = ct_resv(t, spec);
	msg->hop.addr = ct_addr(t, DOWN, hop);
	return msg;
}

/* RFC 2205 2.2: each is larger in one respect. */
static void
bound(struct ct *t)
{
	const struct wire_flowspec *asked;

	ct_make_bare(t, 1000000);
	ct_with_path(t);
	ct_feed(t, DOWN, bucket(t, HOP_B, 50000, 5000));
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, DOWN, bucket(t, HOP_C, 90000, 2000));
	T_EQ(ct_flow(t)->flow.rate_Bps, 90000);
	T_EQ(ct_flow(t)->flow.bucket_bytes, 5000);
	ct_answer_all(t);
	asked = &ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec;
	T_CHECK(asked->tspec.r == 90000 && asked->tspec.b == 5000,
		"r = %g, b = %g", (double)asked->tspec.r,
		(double)asked->tspec.b);
}

static void
requests_of_no_order_amount_to_their_least_upper_bound(void)
{
	ct_both(bound);
}

/* RFC 2209, UPDATE TRAFFIC CONTROL: a new filter, the same flowspec. */
static void
new_filter(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv_both(t, ct_cl(50000));
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
}

static void
another_filter_alone_is_news_upstream(void)
{
	ct_both(new_filter);
}

/* RFC 2209, RESV MESSAGE ARRIVES: a filter without a sender is no part of the
 * reservation, and waits to be asked for again. */
static void
late_sender(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	second_path(t, UP);
	T_EQ(t->flow_count, 1); /* as before */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 2);
}

static void
a_filter_without_a_sender_waits_to_be_asked_for_again(void)
{
	ct_both(late_sender);
}

static void
one_hop(struct ct *t)
{
	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.scope_count, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.has & WIRE_HAS_SCOPE, 0);
}

static void
wf_to_a_single_previous_hop_has_no_scope(void)
{
	ct_both(one_hop);
}

/* RFC 2205 2.6: it is larger than what is there, and asks upstream. */
static void
larger_confirm(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv(t, ct_cl(90000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
	msg = &t->sent[0].msg;
	T_EQ(msg->type, WIRE_RESV);
	T_CHECK(msg->flows[0].flowspec.tspec.r == 90000, "the larger");
	T_CHECK((msg->has & WIRE_HAS_CONFIRM) != 0 &&
			ct_is(&msg->confirm, ct_addr(t, 9, 9)),
		"with its RESV_CONFIRM");
}

static void
the_larger_request_takes_its_confirmation_up(void)
{
	ct_both(larger_confirm);
}

/* Nobody is told, but the log (RFC 2205 Appendix B). */
static void
expect_dropped(struct ct *t, const char *why)
{
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	T_EQ(t->note_count, 1);
	T_CHECK(t->note.remote && strstr(t->note.text, why) != NULL, "%s",
		t->note.text);
}

/* RFC 2205 3.2, "Bad Src Ports". */
static void
odd_port_of(struct ct *t, enum wire_type type)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	ct_forget(t);
	msg = type == WIRE_PATH   ? ct_path(t)
	      : type == WIRE_RESV ? ct_resv(t, ct_cl(50000))
				  : ct_resv_tear(t);
	msg->session.dst_port = 0;
	if (type != WIRE_PATH)
		msg->flows[0].filter.src_port = 4004;
	ct_feed(t, DOWN, msg);
	expect_dropped(t, "source port without destination port");
}

static void
odd_path(struct ct *t)
{
	odd_port_of(t, WIRE_PATH);
}

static void
odd_resv(struct ct *t)
{
	odd_port_of(t, WIRE_RESV);
}

static void
odd_resv_tear(struct ct *t)
{
	odd_port_of(t, WIRE_RESV_TEAR);
}

static void
a_source_port_where_there_are_none_is_dropped(void)
{
	ct_both(odd_path);
	ct_both(odd_resv);
	ct_both(odd_resv_tear);
}

static void
odd_handle(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->hop.lih = 99;
	ct_feed(t, DOWN, msg);
	expect_dropped(t, "Resv from");
}

static void
odd_receiver(struct ct *t)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(50000));
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 8),
		.ttl = 60,
		.msg = msg };

	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_addr(t, 9, 9);
	ct_feed_from(t, packet);
	expect_dropped(t, "another receiver");
}

static void
what_was_built_wrong_is_logged_and_dropped(void)
{
	ct_both(odd_handle);
	ct_both(odd_receiver);
}

/* ---- ResvTear ------------------------------------------------------------ */

static void
odd_tear(struct ct *t)
{
	struct wire_msg *msg;
	struct addr nobody = ct_addr(t, 8, 77);

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv_tear(t);
	msg->flows[0].flowspec = ct_gs(7, 8);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_style(ct_resv_tear(t), WIRE_STYLE_WF);
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ nobody.b, addr_size(t->family) };
	msg->scope_count = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
}

static void
how_much_and_for_whom_a_resv_tear_says_is_ignored(void)
{
	ct_both(odd_tear);
}

static void
other_styles(struct ct *t)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_SE,
		WIRE_STYLE_WF };

	ct_with_path(t);
	for (size_t i = 0; i < 3; i++) {
		ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), styles[i]));
		ct_answer_all(t);
		ct_forget(t);
		for (size_t j = 1; j < 3; j++)
			ct_feed(t, DOWN,
				ct_style(ct_resv_tear(t), styles[(i + j) % 3]));
		T_EQ(t->sent_count + t->flow_count, 0);
		ct_feed(t, DOWN, ct_style(ct_resv_tear(t), styles[i]));
		T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
		ct_answer_all(t);
	}
}

static void
a_resv_tear_of_another_style_tears_nothing(void)
{
	ct_both(other_styles);
}

static struct wire_msg *
three_senders(struct ct *t, struct wire_msg *msg)
{
	msg->flow_count = 3;
	for (uint16_t i = 0; i < 3; i++) {
		msg->flows[i] = msg->flows[0];
		msg->flows[i].filter.src = ct_addr(t, 8, 8 + i);
	}
	return msg;
}

/* Senders 8 and 9 behind one previous hop, 10 behind another; 9 is wanted by
 * two next hops. */
static void
torn_in_parts(struct ct *t)
{
	struct wire_msg *msg;

	for (unsigned host = 8; host <= 10; host++) {
		const uint32_t in = host == 10 ? SIDE : UP;

		msg = ct_path(t);
		msg->sender.src = ct_addr(t, 8, host);
		msg->hop.addr = ct_addr(t, in, HOP_A);
		ct_feed(t, in, msg);
	}
	ct_feed(t, DOWN, three_senders(t, ct_resv(t, ct_cl(50000))));
	ct_answer_all(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, DOWN, three_senders(t, ct_resv_tear(t)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ct_sent *s = ct_sent(t, WIRE_RESV_TEAR, i);
		const bool up = ct_is(&s->send.dst, ct_addr(t, UP, HOP_A));

		T_CHECK(up || ct_is(&s->send.dst, ct_addr(t, SIDE, HOP_A)),
			"to a previous hop");
		T_EQ(s->msg.flow_count, 1);
		T_CHECK(ct_is(&s->msg.flows[0].filter.src,
				ct_addr(t, 8, up ? 8 : 10)),
			"its own sender, and nobody who is wanted");
	}
	T_CHECK(!ct_is(&ct_sent(t, WIRE_RESV_TEAR, 0)->send.dst,
			ct_sent(t, WIRE_RESV_TEAR, 1)->send.dst),
		"one each");
	T_CHECK(ct_reserved(t, DOWN) > 0, "the one that is wanted");
}

static void
each_previous_hop_has_a_tear_of_what_nobody_wants(void)
{
	ct_both(torn_in_parts);
}

static struct t_case cases[] = {
	{ "a host that cannot police says so",
		a_host_that_cannot_police_says_so },
	{ "each branch has its own ADSPEC", each_branch_has_its_own_adspec },
	{ "a PathTear of a group counts where its Path came in",
		a_path_tear_of_a_group_counts_where_its_path_came_in },
	{ "what a PathTear says of the traffic is ignored",
		what_a_path_tear_says_of_the_traffic_is_ignored },
	{ "a PathTear takes its sender out of what is shared",
		a_path_tear_takes_its_sender_out_of_what_is_shared },
	{ "a Path for here alone is torn here alone",
		a_path_for_here_alone_is_torn_here_alone },
	{ "a new sender is reserved and asked for at once",
		a_new_sender_is_reserved_and_asked_for_at_once },
	{ "senders whose Path leaves elsewhere are not asked",
		senders_whose_path_leaves_elsewhere_are_not_asked },
	{ "a SCOPE is made of the senders that route there",
		a_scope_is_made_of_the_senders_that_route_there },
	{ "a previous hop without an LIH is sent none",
		a_previous_hop_without_an_lih_is_sent_none },
	{ "requests of no order amount to their least upper bound",
		requests_of_no_order_amount_to_their_least_upper_bound },
	{ "another filter alone is news upstream",
		another_filter_alone_is_news_upstream },
	{ "a filter without a sender waits to be asked for again",
		a_filter_without_a_sender_waits_to_be_asked_for_again },
	{ "WF to a single previous hop has no SCOPE",
		wf_to_a_single_previous_hop_has_no_scope },
	{ "the larger request takes its confirmation up",
		the_larger_request_takes_its_confirmation_up },
	{ "a source port where there are none is dropped",
		a_source_port_where_there_are_none_is_dropped },
	{ "what was built wrong is logged and dropped",
		what_was_built_wrong_is_logged_and_dropped },
	{ "how much and for whom a ResvTear says is ignored",
		how_much_and_for_whom_a_resv_tear_says_is_ignored },
	{ "a ResvTear of another style tears nothing",
		a_resv_tear_of_another_style_tears_nothing },
	{ "each previous hop has a tear of what nobody wants",
		each_previous_hop_has_a_tear_of_what_nobody_wants },
};
T_MAIN(cases)
