/* SPDX-License-Identifier: ISC */

/*
 * Path state in detail: what makes one, what of it is told on, who makes room
 * for whom, and what becomes of it when the way changes (RFC 2205 3.1.3, 3.2,
 * 3.6; RFC 2209, PATH MESSAGE ARRIVES).
 */

#include "core_t.h"

#include <errno.h>

static const struct rsvp_who alice = { true, 1001, 100, 42 };

enum { APP = 7 };

/* The n-th path state of the first session. */
static struct rsvp_path_info
path_of(const struct ct *t, size_t n)
{
	struct rsvp_path_info infos[4];
	struct rsvp_session_info session;

	assert_true(rsvp_core_session_after(t->core, 0, &session));
	T_CHECK(rsvp_core_paths(t->core, t->now, session.serial, infos, 4) > n,
		"there are fewer");
	return infos[n];
}

static void
app_open(struct ct *t)
{
	const struct wire_session session = ct_session(t);

	T_EQ(rsvp_local_open(t->core, t->now, APP, &session, &alice),
		RSVP_LOCAL_OK);
	ct_collect(t);
}

static enum rsvp_local_result
app_send(struct ct *t, struct wire_filter filter, uint32_t ifindex)
{
	const struct rsvp_local_sender sender = {
		.sender = filter, .tspec = ct_tspec(), .ifindex = ifindex
	};
	enum rsvp_local_result result =
		rsvp_local_send(t->core, t->now, APP, &sender);

	ct_collect(t);
	return result;
}

static void
feed_sender(struct ct *t, struct wire_filter sender)
{
	struct wire_msg *msg = ct_path(t);

	msg->sender = sender;
	ct_feed(t, UP, msg);
}

/* ---- ports --------------------------------------------------------------- */

/* RFC 2205 3.2: of one host, and of senders that have ports. */
static void
ports_of_others(struct ct *t)
{
	struct wire_filter without = ct_sender(t);

	without.src_port = 0;
	feed_sender(t, without);
	feed_sender(t, ct_second_sender(t)); /* another host */
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 0);
	T_EQ(ct_totals(t).paths, 2);
	feed_sender(t, ct_sender(t));
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.error.code, WIRE_E_SRC_PORTS);
	T_EQ(ct_totals(t).paths, 2);
}

static void
ports_and_labels(bool label_first)
{
	struct ct *t = ct_new(ADDR_V6);
	struct wire_filter label = ct_sender(t);

	label.form = WIRE_FILTER_FLOW_LABEL;
	label.src_port = 0;
	label.flow_label = 0x12345;
	feed_sender(t, label_first ? label : ct_sender(t));
	feed_sender(t, label_first ? ct_sender(t) : label);
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 0);
	T_EQ(ct_totals(t).paths, 2);
	ct_free(t);
}

static void
ports_are_in_conflict_within_one_host_only(void)
{
	ct_both(ports_of_others);
	ports_and_labels(true);
	ports_and_labels(false);
}

/* ---- what is new --------------------------------------------------------- */

static void
no_adspec(struct ct *t)
{
	for (int i = 0; i < 2; i++) {
		struct wire_msg *msg = ct_path(t);

		msg->has &= ~(uint32_t)WIRE_HAS_ADSPEC;
		ct_feed(t, UP, msg);
		T_EQ(t->sent_count, 1); /* the first only */
	}
}

/* RFC 2205 2.3: a refresh that says nothing new is not passed on at once. */
static void
a_refresh_without_an_adspec_is_not_news(void)
{
	ct_once(no_adspec);
}

static void
other_interface(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, SIDE, ct_path(t)); /* the same hop and handle */
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(path_of(t, 0).in_ifindex, SIDE);
	T_EQ(ct_totals(t).paths, 1);
}

static void
through_a_cloud(struct ct *t)
{
	struct wire_msg *msg;
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_sender(t).src,
		.dst = ct_session(t).dst,
		.ttl = 59 };

	ct_with_path(t);
	msg = ct_path(t); /* Send_TTL 60 */
	packet.msg = msg;
	ct_feed_from(t, packet);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_CHECK(ct_sent(t, WIRE_PATH, 0)->msg.adspec.broken, "break bit");
	T_CHECK(path_of(t, 0).non_rsvp_hop, "seen");
	ct_feed_from(t, packet);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

/* RFC 2209, PATH MESSAGE ARRIVES: what is new goes on at once. */
static void
a_path_from_elsewhere_is_news(void)
{
	ct_once(other_interface);
	ct_once(through_a_cloud);
}

/* The kernel would not follow the last one. */
static void
asks_anew(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(150000));
	msg = ct_path(t);
	msg->tspec = ct_cl(140000).tspec;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, ENOBUFS);
	T_CHECK(ct_only_resv(t).stuck, "as it was");
	ct_forget(t);
	msg->tspec = ct_cl(130000).tspec;
	ct_feed(t, UP, msg);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, 0);
	T_CHECK(!ct_only_resv(t).stuck, "it follows");
}

static void
a_new_path_is_worth_another_question_to_the_kernel(void)
{
	ct_once(asks_anew);
}

/* RFC 2205 3.7: each next hop keeps it for so many of the R that it is told. */
static void
slow_and_fast(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);

	conf.refresh_ms = 4000;
	ct_set_iface(t, &conf);
	t->also_out = SIDE;
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	ct_forget(t);
	ct_run(t, 6001); /* 1.5 R */
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
}

static void
the_shortest_refresh_period_counts(void)
{
	ct_once(slow_and_fast);
}

static void
note_of_hop(struct ct *t)
{
	struct wire_msg *msg;

	ct_feed(t, UP, ct_path(t));
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->note_count, 0);
	msg = ct_path(t);
	msg->hop.addr = ct_addr(t, UP, 3);
	ct_feed(t, UP, msg);
	T_EQ(t->note_count, 1);
	T_STR(t->note.text, "sender 10.0.8.8 now comes from previous hop "
			    "10.0.1.3, before from 10.0.1.2");
	T_CHECK(t->note.remote && !t->note.warning, "limited in rate");
}

static void
a_new_previous_hop_is_noted(void)
{
	ct_once(note_of_hop);
}

/* ---- who it is not ------------------------------------------------------- */

/* The application sends from an address that no interface of RSVP has. */
static void
pretends(struct ct *t)
{
	app_open(t);
	T_EQ(app_send(t, ct_sender(t), 0), RSVP_LOCAL_OK);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_IN), 0);
	T_EQ(path_of(t, 0).local_id, APP);
	T_EQ(path_of(t, 0).in_ifindex, 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(t->sent_count, 0);
}

static void
nobody_speaks_for_an_application_here(void)
{
	ct_once(pretends);
}

static void
counted(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){ .node = ct_addr(t, 7, 7),
		.code = WIRE_E_API };
	msg->hop.addr = ct_addr(t, DOWN, HOP_B);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_ERROR_IN), 1);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_TEAR_IN), 1);
}

static void
what_is_accepted_is_counted(void)
{
	ct_once(counted);
}

/* ---- room ---------------------------------------------------------------- */

static bool
is_there(const struct ct *t, uint16_t port)
{
	struct wire_session session = ct_session(t);
	struct rsvp_session_info info;

	session.dst_port = port;
	return rsvp_core_session_find(t->core, &session, &info);
}

static void
oldest_first(struct ct *t)
{
	t->conf.max_sessions = 2;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 3; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
	}
	T_CHECK(!is_there(t, 1) && is_there(t, 2) && is_there(t, 3),
		"the oldest goes");
}

static void
room_for_senders(struct ct *t)
{
	t->conf.max_paths = 2;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 3; port++) {
		struct wire_filter sender = ct_sender(t);

		sender.src_port = port;
		feed_sender(t, sender);
	}
	T_EQ(ct_totals(t).paths, 2);
	T_EQ(path_of(t, 0).sender.src_port, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
}

static void
with_object(struct ct *t, uint16_t port, uint16_t len)
{
	static uint8_t bytes[2600];
	struct wire_msg *msg = ct_path(t);

	bytes[0] = (uint8_t)(len >> 8);
	bytes[1] = (uint8_t)len;
	bytes[2] = 200;
	bytes[3] = 1;
	msg->session.dst_port = port;
	msg->has &= ~(uint32_t)WIRE_HAS_ADSPEC;
	msg->other_count = 1;
	msg->others[0] = (struct wire_view){ bytes, len };
	ct_feed(t, UP, msg);
	ct_forget(t);
}

static void
several_for_one(struct ct *t)
{
	t->conf.max_paths = 8; /* 4 096 octets kept */
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 5; port++)
		with_object(t, port, 700);
	T_EQ(ct_totals(t).paths, 5);
	with_object(t, 6, 2600); /* 3 500 + 2 600, less 3 * 700 */
	T_EQ(ct_totals(t).paths, 3);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 3);
	T_CHECK(is_there(t, 6), "it has its room");
}

/* To the octet. */
static void
just_enough(struct ct *t)
{
	t->conf.max_paths = 8;
	rsvp_core_reconf(t->core, &t->conf);
	with_object(t, 1, 2048);
	with_object(t, 2, 2048);
	T_EQ(ct_totals(t).paths, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 0);
	with_object(t, 2, 1000); /* less than it had needs no room */
	with_object(t, 2, 2000);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
}

static void
who_was_heard_once_makes_room_for_newer(void)
{
	ct_once(oldest_first);
	ct_once(room_for_senders);
	ct_once(several_for_one);
	ct_once(just_enough);
}

/* ---- the way ------------------------------------------------------------- */

static void
to_this_host(struct ct *t)
{
	t->dst_local = true;
	app_open(t);
	T_EQ(app_send(t, ct_sender(t), SIDE), RSVP_LOCAL_OK);
	T_EQ(t->sent_count, 0);
	T_EQ(path_of(t, 0).out_count, 0);
	T_CHECK(path_of(t, 0).to_local, "it stays here");
}

static void
what_is_for_this_host_leaves_by_no_interface(void)
{
	ct_both(to_this_host);
}

/* A wildcard reservation on DOWN, then the way leads to SIDE. */
static void
wildcard_moves(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_reroute(t, SIDE);
	ct_run(t, 2500);
	ct_answer_all(t);
	T_EQ(ct_totals(t).resvs, 1);
	ct_forget(t);
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(ct_totals(t).flows, 1);
	T_EQ(ct_only_resv(t).ifindex, SIDE);
}

/* A second way beside the first leaves what is reserved there alone. */
static void
second_way(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	t->also_out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2500);
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
a_wildcard_reservation_moves_with_its_sender(void)
{
	ct_both(wildcard_moves);
	ct_once(second_way);
}

/* The second sender came when it was for this host already. */
static void
becomes_local(struct ct *t)
{
	app_open(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->event_count, 0);
	t->dst_local = true;
	ct_with_second_path(t);
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2500);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.kind, RSVP_PATH_EVENT);
	T_EQ(t->events[0].head.item_count, 2);
	T_CHECK(t->events[0].items[1].has_tspec &&
			t->events[0].items[1].tspec.r == 100000,
		"what it sends");
}

static void
becomes_local_later(struct ct *t)
{
	app_open(t);
	ct_with_path(t);
	ct_iface_wait(t, SIDE, 5000);
	ct_reroute(t, SIDE);
	ct_run(t, 2500);
	t->dst_local = true; /* and nobody says so */
	ct_run(t, 2500);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.item_count, 1);
}

/* It was local: who has been told that it is gone, is not told again. */
static void
no_longer_local(struct ct *t)
{
	struct wire_msg *msg;

	t->dst_local = true;
	app_open(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->event_count, 1);
	t->dst_local = false;
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 2500);
	T_EQ(t->event_count, 2);
	T_EQ(t->events[1].head.item_count, 0);
	msg = ct_path(t);
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	T_EQ(t->event_count, 2);
}

static void
a_receiver_hears_of_senders_that_a_route_brings(void)
{
	ct_once(no_longer_local);
	ct_once(becomes_local);
	ct_once(becomes_local_later);
}

/* ---- its end ------------------------------------------------------------- */

static void
comes_back(struct ct *t)
{
	struct rsvp_path_info back;
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv_both(t, ct_cl(50000));
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	msg = ct_style(ct_resv_err(t, WIRE_E_ADMISSION, 2, ct_cl(50000)),
		WIRE_STYLE_SE);
	ct_feed(t, UP, msg);
	T_CHECK(path_of(t, 0).blockaded, "refused upstream");
	ct_feed(t, UP, ct_path_tear(t));
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_totals(t).paths, 2);
	back = path_of(t, 1);
	T_CHECK(ct_is(&back.sender.src, ct_sender(t).src), "it again");
	T_CHECK(!back.blockaded, "it knows nothing of before");
}

/* RFC 2205 3.5: blockade state belongs to the path state of a sender. */
static void
a_sender_that_comes_back_is_not_blockaded(void)
{
	ct_once(comes_back);
}

static struct t_case cases[] = {
	{ "ports are in conflict within one host only",
		ports_are_in_conflict_within_one_host_only },
	{ "a refresh without an ADSPEC is not news",
		a_refresh_without_an_adspec_is_not_news },
	{ "a Path from elsewhere is news", a_path_from_elsewhere_is_news },
	{ "a new Path is worth another question to the kernel",
		a_new_path_is_worth_another_question_to_the_kernel },
	{ "the shortest refresh period counts",
		the_shortest_refresh_period_counts },
	{ "a new previous hop is noted", a_new_previous_hop_is_noted },
	{ "nobody speaks for an application here",
		nobody_speaks_for_an_application_here },
	{ "what is accepted is counted", what_is_accepted_is_counted },
	{ "who was heard once makes room for newer ones",
		who_was_heard_once_makes_room_for_newer },
	{ "what is for this host leaves by no interface",
		what_is_for_this_host_leaves_by_no_interface },
	{ "a wildcard reservation moves with its sender",
		a_wildcard_reservation_moves_with_its_sender },
	{ "a receiver hears of senders that a route brings",
		a_receiver_hears_of_senders_that_a_route_brings },
	{ "a sender that comes back is not blockaded",
		a_sender_that_comes_back_is_not_blockaded },
};
T_MAIN(cases)
