/* SPDX-License-Identifier: ISC */

/* Path, PathTear and PathErr through a core. */

#include "core_t.h"

#include <math.h>

/* ---- forwarding ---------------------------------------------------------- */

static void
check_forwarded(struct ct *t)
{
	const struct ct_sent *s;
	struct wire_adspec gs;

	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_PATH, 0);
	assert_non_null(s);
	T_EQ(s->send.ifindex, DOWN);
	T_CHECK(ct_is(&s->send.src, ct_addr(t, 8, 8)), "source is the sender");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, 9, 9)), "to the session");
	T_EQ(s->send.ttl, 59);
	T_CHECK(s->send.router_alert, "with Router Alert");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 1)), "our HOP");
	T_EQ(s->msg.hop.lih, DOWN);
	T_EQ(s->msg.refresh_ms, 30000);
	T_CHECK(s->msg.tspec.r == 100000 && s->msg.tspec.M == 1000,
		"Tspec unchanged");
	T_EQ(s->msg.adspec.general.hops, 1);
	T_CHECK(ct_is(&t->way.dst, ct_addr(t, 9, 9)), "route to the session");
	T_CHECK(ct_is(&t->way.src, ct_addr(t, 8, 8)), "from the sender");
	T_EQ(t->way.in_ifindex, UP);
	T_CHECK(!s->msg.adspec.broken, "not broken");
	T_EQ(s->msg.adspec.general.mtu, 1500);
	gs = s->msg.adspec;
	T_CHECK(wire_adspec_find(&gs, WIRE_SERVICE_GS)->Ctot > 0, "our C");
	T_CHECK(wire_adspec_find(&gs, WIRE_SERVICE_GS)->Dtot > 0, "our D");
	T_EQ(rsvp_core_counter(t->core, RSVP_C_SENT), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_IN), 1);
}

static void
path_is_forwarded(void)
{
	ct_both(check_forwarded);
}

static void
check_refresh_quiet(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	T_EQ(t->event_count, 0);
}

static void
refresh_sends_nothing(void)
{
	ct_both(check_refresh_quiet);
}

static void
check_change(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_CHECK(ct_sent(t, WIRE_PATH, 0)->msg.tspec.b == 6000, "new Tspec");
	ct_forget(t);
	msg = ct_path(t);
	msg->tspec.b = 6000;
	msg->adspec.general.hops = 4;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.adspec.general.hops, 5);
}

static void
change_is_forwarded_at_once(void)
{
	ct_both(check_change);
}

static void
non_rsvp_hop_breaks_the_adspec(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9),
		.ttl = 59 }; /* Send_TTL is 60 */
	struct rsvp_path_info info;

	packet.msg = ct_path(t);
	ct_feed_from(t, packet);
	T_CHECK(ct_sent(t, WIRE_PATH, 0)->msg.adspec.broken, "break bit");
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ttl, 58);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, &info, 1), 1);
	T_CHECK(info.non_rsvp_hop, "seen");
	ct_free(t);
}

static void
ttl_one_is_not_forwarded(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);
	struct rsvp_totals totals;

	msg->send_ttl = 1;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1);
	ct_free(t);
}

static void
source_other_than_the_sender_is_fine(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 9),
		.ttl = 60 };

	packet.msg = ct_path(t);
	ct_feed_from(t, packet);
	T_CHECK(ct_is(&ct_sent(t, WIRE_PATH, 0)->send.src, ct_addr(t, 8, 8)),
		"we send from the sender's address");
	ct_free(t);
}

static void
never_back_where_it_came_from(void)
{
	struct ct *t = ct_new(ADDR_V4);

	t->out = UP;
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

static void
no_route_keeps_state(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->out = 0;
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1);
	ct_free(t);
}

static void
multicast_goes_out_of_every_interface(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	t->also_out = SIDE;
	msg->session.dst = addr_v4_u32(0xe8010203); /* 232.1.2.3 */
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.hop.lih, DOWN);
	T_EQ(ct_sent(t, WIRE_PATH, 1)->msg.hop.lih, SIDE);
	T_CHECK(ct_is(&ct_sent(t, WIRE_PATH, 1)->msg.hop.addr,
			ct_addr(t, SIDE, 1)),
		"each with its own HOP");
	ct_free(t);
}

static void
multicast_from_a_wrong_interface_is_not_forwarded(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->session.dst = addr_v4_u32(0xe8010203);
	ct_feed(t, SIDE, msg); /* routing expects UP */
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

static void
unknown_objects_travel(void)
{
	static const uint8_t object[] = { 0, 8, 0xc1, 1, 'a', 'b', 'c', 'd' };
	static const uint8_t another[] = { 0, 8, 0xc1, 1, 'e', 'f', 'g', 'h' };
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);
	const struct ct_sent *s;

	msg->other_count = 1;
	msg->others[0] = (struct wire_view){ object, sizeof(object) };
	ct_feed(t, UP, msg);
	s = ct_sent(t, WIRE_PATH, 0);
	T_EQ(s->msg.other_count, 1);
	T_EQ(memcmp(s->msg.others[0].bytes, object, sizeof(object)), 0);
	ct_forget(t);
	for (size_t i = 0; i < 2; i++) { /* new once, then a refresh */
		msg = ct_path(t);
		msg->other_count = 2;
		msg->others[0] = (struct wire_view){ object, sizeof(object) };
		msg->others[1] = (struct wire_view){ another, sizeof(another) };
		ct_feed(t, UP, msg);
	}
	T_EQ(t->sent_count, 1);
	T_EQ(t->sent[0].msg.other_count, 2);
	ct_forget(t);
	msg = ct_path(t);
	msg->other_count = 1;
	msg->others[0] = (struct wire_view){ object, sizeof(object) };
	msg->tspec.r = -1;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.other_count, 1);
	ct_free(t);
}

static void
policing_is_done_by_the_first_that_can(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->session.flags = WIRE_SESSION_E_POLICE;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags, 0);
	ct_iface_tc(t, DOWN, false);
	ct_forget(t);
	msg = ct_path(t);
	msg->session.flags = WIRE_SESSION_E_POLICE;
	msg->tspec.b = 7000;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags,
		WIRE_SESSION_E_POLICE);
	ct_free(t);
}

/* ---- previous hop -------------------------------------------------------- */

static void
changed_previous_hop_gets_the_resv_at_once(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(100000));
	msg = ct_path(t);
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_C), 5 };
	ct_feed(t, SIDE, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, SIDE, HOP_C)),
		"to the new one");
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.hop.lih, 5);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	ct_free(t);
}

static void
own_path_that_comes_back_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->hop.addr = ct_addr(t, DOWN, 1);
	ct_feed(t, SIDE, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	ct_expect_empty(t);
	ct_free(t);
}

/* Every link may have its own fe80::1. */
static void
link_local_hops(struct ct *t)
{
	struct wire_msg *msg;
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct addr own;

	assert_true(addr_parse("fe80::1", &own));
	conf.v6 = own;
	ct_put_iface(t, &conf);
	msg = ct_path(t);
	msg->hop.addr = own; /* the neighbour's, on UP */
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_CHECK(ct_is(&t->sent[0].msg.hop.addr, own), "ours, on DOWN");
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_forget(t);
	ct_answer_all(t);
	T_EQ(t->flow_count, 0);
	msg = ct_path(t);
	msg->hop.addr = own;
	ct_forget(t);
	ct_feed(t, DOWN, msg); /* really our own */
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
}

static void
link_local_addresses_belong_to_their_link(void)
{
	struct ct *t = ct_new(ADDR_V6);

	link_local_hops(t);
	ct_free(t);
}

static void
link_local_resv(void)
{
	struct ct *t = ct_new(ADDR_V6);
	struct wire_msg *msg = ct_path(t);
	struct addr hop;

	assert_true(addr_parse("fe80::2", &hop));
	msg->hop.addr = hop;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->send.ifindex, UP);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst, hop), "to it");
	ct_free(t);
}

static void
previous_hop_must_be_an_address_of_a_node(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9),
		.ttl = 60,
		.msg = msg };

	msg->hop.addr = addr_v4_u32(0xe0000001);
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(t->sent_count, 0);
	ct_expect_empty(t);
	ct_free(t);
}

/* ---- errors -------------------------------------------------------------- */

static void
expect_path_err(struct ct *t, unsigned code, unsigned value)
{
	const struct ct_sent *s = ct_sent(t, WIRE_PATH_ERR, 0);

	T_EQ(t->sent_count, 1);
	assert_non_null(s);
	T_EQ(s->msg.error.code, code);
	T_EQ(s->msg.error.value, value);
	T_EQ(s->msg.error.flags, 0);
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, UP, 1)), "error node");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	T_CHECK(ct_is(&s->send.src, ct_addr(t, UP, 1)), "from us");
	T_CHECK(!s->send.router_alert, "without Router Alert");
	T_CHECK(ct_is(&s->msg.sender.src, ct_addr(t, 8, 8)), "its sender");
	T_EQ(s->msg.tspec.M, 1000);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	ct_forget(t);
}

static void
check_dst_ports(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	expect_path_err(t, WIRE_E_DST_PORTS, 0);
}

static void
mixed_destination_ports_are_code_7(void)
{
	ct_both(check_dst_ports);
}

static void
check_dst_ports_reversed(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t));
	expect_path_err(t, WIRE_E_DST_PORTS, 0);
}

static void
mixed_destination_ports_the_other_way(void)
{
	ct_both(check_dst_ports_reversed);
}

static void
another_destination_port_is_another_session(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->session.dst_port = 6000;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 2);
	ct_free(t);
}

static void
mixed_sender_ports_are_code_8(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	expect_path_err(t, WIRE_E_SRC_PORTS, 0);
	msg = ct_path(t);
	msg->sender.src_port = 4005; /* another sender of that host */
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	msg = ct_path(t);
	msg->sender = (struct wire_filter){ .src = ct_addr(t, 8, 9) };
	ct_feed(t, UP, msg); /* another host may do without */
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	ct_free(t);
}

static void
source_port_without_destination_port_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->session.dst_port = 0;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	ct_expect_empty(t);
	ct_free(t);
}

static void
senseless_tspecs_are_code_21_4(void)
{
	static const struct wire_tspec bad[] = {
		{ NAN, 5000, 200000, 100, 1000 },
		{ -1, 5000, 200000, 100, 1000 },
		{ 100000, INFINITY, 200000, 100, 1000 },
		{ 100000, 5000, 50000, 100, 1000 },  /* p < r */
		{ 100000, 5000, 200000, 1200, 1000 } /* m > M */
	};
	struct ct *t = ct_new(ADDR_V4);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wire_msg *msg = ct_path(t);

		msg->tspec = bad[i];
		ct_feed(t, UP, msg);
		T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
		T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.code, 21);
		T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.value, 4);
		ct_forget(t);
	}
	ct_expect_empty(t);
	ct_free(t);
}

static void
deployed_tspecs_are_accepted(void)
{
	static const struct wire_tspec good[] = { { 100000, 5000, 200000, 0,
							  0 },
		{ 100000, 5000, 200000, 0, INT32_MAX },
		{ 100000, 5000, INFINITY, 100, 1000 } };
	struct ct *t = ct_new(ADDR_V4);

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wire_msg *msg = ct_path(t);

		msg->tspec = good[i];
		ct_feed(t, UP, msg);
		T_EQ(ct_sent_count(t, WIRE_PATH), i + 1);
		T_EQ(ct_sent(t, WIRE_PATH, i)->msg.tspec.M, good[i].M);
	}
	ct_free(t);
}

static void
unreasonable_adspec_is_code_21_5(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->adspec.general.bandwidth_Bps = NAN;
	ct_feed(t, UP, msg);
	expect_path_err(t, WIRE_E_TC, WIRE_TC_ADSPEC);
	ct_expect_empty(t);
	ct_free(t);
}

static void
unknown_object_in_a_path_is_code_13_or_14(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9),
		.ttl = 60,
		.fault = WIRE_UNKNOWN_CLASS,
		.msg = msg };

	msg->bad_class = 66;
	msg->bad_ctype = 3;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.code, 13);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.value, 66 << 8 | 3);
	ct_forget(t);
	packet.fault = WIRE_UNKNOWN_CTYPE;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.code, 14);
	ct_expect_empty(t);
	ct_free(t);
}

static void
other_faults_are_not_answered(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9),
		.ttl = 60,
		.msg = ct_path(t) };

	for (int fault = WIRE_SHORT; fault <= WIRE_UNSUPPORTED_TYPE; fault++) {
		packet.fault = (enum wire_fault)fault;
		rsvp_core_packet(t->core, t->now, &packet);
		ct_collect(t);
	}
	T_EQ(t->sent_count, 0);
	ct_expect_empty(t);
	ct_free(t);
}

static void
disabled_interface_is_deaf(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_iface_enabled(t, UP, false);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_DISABLED), 1);
	ct_expect_empty(t);
	ct_free(t);
}

static void
nothing_is_sent_on_a_disabled_interface(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_iface_enabled(t, DOWN, false);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

/* ---- PathTear, PathErr --------------------------------------------------- */

static void
check_tear(struct ct *t)
{
	const struct ct_sent *s;

	ct_with_path(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_PATH_TEAR, 0);
	assert_non_null(s);
	T_EQ(s->send.ifindex, DOWN);
	T_CHECK(ct_is(&s->send.src, ct_addr(t, 8, 8)), "source is the sender");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, 9, 9)), "to the session");
	T_CHECK(s->send.router_alert, "with Router Alert");
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 1)), "our HOP");
	T_EQ(s->msg.hop.lih, DOWN);
	ct_expect_empty(t);
}

static void
path_tear_is_forwarded(void)
{
	ct_both(check_tear);
}

static void
path_tear_of_another_hop_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path_tear(t);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	ct_feed(t, UP, msg);
	msg = ct_path_tear(t);
	msg->sender.src_port = 4;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 2);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1);
	ct_free(t);
}

static void
path_tear_takes_the_reservation_quietly(void)
{
	struct ct *t = ct_new(ADDR_V4);

	ct_with_resv(t, ct_cl(100000));
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->sent_count, 1); /* no ResvTear, no ResvErr, no Resv */
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	T_EQ(t->sent_count, 1);
	ct_expect_empty(t);
	ct_free(t);
}

static void
path_err_goes_to_the_previous_hop_unchanged(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	const struct ct_sent *s;
	struct rsvp_totals totals;

	ct_with_path(t);
	msg = ct_path(t);
	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){
		.node = ct_addr(t, 7, 7), .code = 2, .value = 4
	};
	msg->hop.addr = ct_addr(t, DOWN, HOP_B); /* whom it comes from */
	ct_feed(t, DOWN, msg);
	s = ct_sent(t, WIRE_PATH_ERR, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, 7, 7)), "node kept");
	T_EQ(s->msg.error.code, 2);
	T_EQ(s->msg.error.value, 4);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1);
	ct_free(t);
}

static void
path_err_without_state_is_dropped(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg = ct_path(t);

	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error.node = ct_addr(t, 7, 7);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	ct_free(t);
}

static struct t_case cases[] = {
	{ "a Path is forwarded from the sender's address with our HOP",
		path_is_forwarded },
	{ "a refresh sends nothing", refresh_sends_nothing },
	{ "a change of Tspec or ADSPEC is forwarded at once",
		change_is_forwarded_at_once },
	{ "a TTL unlike Send_TTL sets the break bit",
		non_rsvp_hop_breaks_the_adspec },
	{ "a Path whose TTL is used up stays here", ttl_one_is_not_forwarded },
	{ "a Path from its previous hop's address is accepted",
		source_other_than_the_sender_is_fine },
	{ "a Path does not go back where it came from",
		never_back_where_it_came_from },
	{ "without a route state is kept", no_route_keeps_state },
	{ "multicast goes out of every interface with its own HOP",
		multicast_goes_out_of_every_interface },
	{ "multicast from an interface routing does not name stays here",
		multicast_from_a_wrong_interface_is_not_forwarded },
	{ "objects of unknown classes 11bbbbbb are forwarded",
		unknown_objects_travel },
	{ "E_Police goes on only where nobody polices",
		policing_is_done_by_the_first_that_can },
	{ "a changed previous hop gets the Resv at once",
		changed_previous_hop_gets_the_resv_at_once },
	{ "our own Path that comes back is dropped",
		own_path_that_comes_back_is_dropped },
	{ "link-local addresses belong to their link",
		link_local_addresses_belong_to_their_link },
	{ "a Resv to a link-local hop names the interface", link_local_resv },
	{ "a previous hop must be an address of a node",
		previous_hop_must_be_an_address_of_a_node },
	{ "DstPort zero after non-zero is code 7",
		mixed_destination_ports_are_code_7 },
	{ "DstPort non-zero after zero is code 7",
		mixed_destination_ports_the_other_way },
	{ "another DstPort is another session",
		another_destination_port_is_another_session },
	{ "SrcPort zero and non-zero of one host is code 8",
		mixed_sender_ports_are_code_8 },
	{ "SrcPort without DstPort is dropped without an answer",
		source_port_without_destination_port_is_dropped },
	{ "senseless Tspecs are code 21 value 4",
		senseless_tspecs_are_code_21_4 },
	{ "m = 0 and M = 0 or 2^31-1 are accepted and forwarded as they came",
		deployed_tspecs_are_accepted },
	{ "an unreasonable ADSPEC is code 21 value 5",
		unreasonable_adspec_is_code_21_5 },
	{ "an unknown object in a Path is code 13 or 14",
		unknown_object_in_a_path_is_code_13_or_14 },
	{ "all other faults are dropped without an answer",
		other_faults_are_not_answered },
	{ "an interface that is not enabled is deaf",
		disabled_interface_is_deaf },
	{ "an interface that is not enabled is dumb",
		nothing_is_sent_on_a_disabled_interface },
	{ "a PathTear is forwarded and the state is gone",
		path_tear_is_forwarded },
	{ "a PathTear from another hop or sender is dropped",
		path_tear_of_another_hop_is_dropped },
	{ "a PathTear takes the reservation with it without Resv messages",
		path_tear_takes_the_reservation_quietly },
	{ "a PathErr goes to the previous hop unchanged",
		path_err_goes_to_the_previous_hop_unchanged },
	{ "a PathErr without state is dropped",
		path_err_without_state_is_dropped },
};
T_MAIN(cases)
