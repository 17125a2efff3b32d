/* SPDX-License-Identifier: ISC */

/* Errors, confirmations and what is for other nodes, by RFC 2205. */

#include "core_t.h"

enum { APP = 1 };

static struct wire_msg *
path_err(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){
		.node = ct_addr(t, 7, 7), .code = 21, .value = 4
	};
	msg->hop.addr = ct_addr(t, DOWN, HOP_B); /* IP source */
	return msg;
}

/* RFC 2205 2.9: all that is sent from neighbour to neighbour. */
static void
for_others(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	t->unread = true;
	for (size_t i = 0; i < 4; i++) {
		struct rsvp_packet packet = { .ifindex = i % 2 ? UP : DOWN,
			.src = ct_addr(t, 6, 5),
			.dst = ct_addr(t, 6, 6),
			.ttl = 60 };

		packet.msg = i == 0   ? ct_resv(t, ct_cl(90000))
			     : i == 1 ? ct_resv_err(t, 1, 2, ct_cl(50000))
			     : i == 2 ? ct_resv_tear(t)
				      : path_err(t);
		ct_feed_from(t, packet);
		T_EQ(t->sent_count, i + 1);
		T_EQ(t->sent[i].send.type, packet.msg->type);
		T_CHECK(ct_is(&t->sent[i].send.dst, ct_addr(t, 6, 6)),
			"where it was going");
	}
	T_EQ(t->flow_count, 0);
	T_CHECK(ct_only_resv(t).flowspec.tspec.r == 50000, "nothing changed");
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
}

static void
what_neighbours_say_to_others_is_none_of_our_business(void)
{
	ct_both(for_others);
}

/* RFC 2205 2.5: it only informs. */
static void
path_err_passes(struct ct *t)
{
	struct ct_sent before;

	ct_feed(t, UP, ct_path(t));
	before = *ct_sent(t, WIRE_PATH, 0);
	ct_feed(t, DOWN, path_err(t));
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.len, before.send.len);
	T_EQ(memcmp(ct_sent(t, WIRE_PATH, 0)->bytes, before.bytes,
		     before.send.len),
		0);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t)); /* no news, nor a new lifetime */
	T_EQ(t->sent_count, 0);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"the previous hop");
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.hop.lih, 77);
}

static void
a_path_err_changes_no_path_state(void)
{
	ct_both(path_err_passes);
}

/* RFC 2205 3.1.8: each next hop hears of its own filters. */
static void
error_in_parts(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	for (unsigned hop = HOP_B; hop <= HOP_C; hop++) {
		msg = ct_resv_both(t, ct_cl(50000));
		msg->hop.addr = ct_addr(t, DOWN, hop);
		msg->flows[0] = msg->flows[hop - HOP_B];
		msg->flow_count = 1;
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 2, 3, ct_cl(50000)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ct_sent *s = ct_sent(t, WIRE_RESV_ERR, i);
		const bool b = ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_B));

		T_EQ(s->msg.flow_count, 1);
		T_CHECK(ct_is(&s->msg.flows[0].filter.src,
				ct_addr(t, 8, b ? 8 : 9)),
			"of what it asked for");
	}
}

static void
an_error_goes_on_with_the_filters_of_each_next_hop(void)
{
	ct_both(error_in_parts);
}

/* RFC 2205 3.11.1: unlike events, which are about what changed. */
static void
repeated(struct ct *t)
{
	const struct wire_filter sender = ct_sender(t);
	const struct wire_flow flow = { .has_flowspec = true,
		.flowspec = ct_cl(50000),
		.has_filter = true,
		.filter = sender };
	const struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};
	struct wire_msg *msg;

	ct_app_open(t, APP);
	t->dst_local = true;
	ct_feed(t, UP, ct_path(t));
	T_EQ(rsvp_local_reserve(t->core, t->now, APP, &request), RSVP_LOCAL_OK);
	ct_collect(t);
	ct_forget(t);
	for (int i = 0; i < 2; i++) {
		struct rsvp_packet packet = { .ifindex = UP,
			.src = ct_addr(t, UP, HOP_A),
			.dst = ct_addr(t, 9, 9),
			.dst_local = true,
			.ttl = 60 };

		ct_feed(t, UP, ct_path(t)); /* no event: a refresh */
		ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(50000)));
		msg = ct_resv(t, ct_cl(50000));
		msg->type = WIRE_RESV_CONF;
		msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR |
			   WIRE_HAS_CONFIRM | WIRE_HAS_STYLE;
		msg->error.node = ct_addr(t, 7, 7);
		msg->confirm = ct_addr(t, 9, 9);
		packet.msg = msg;
		ct_feed_from(t, packet);
	}
	T_EQ(t->event_count, 4);
	T_CHECK(ct_event(t, RSVP_RESV_ERROR, 1) != NULL, "both errors");
	T_CHECK(ct_event(t, RSVP_RESV_CONFIRM, 1) != NULL, "both answers");
	rsvp_local_close(t->core, t->now, APP);
}

static void
path_errors_repeated(struct ct *t)
{
	struct wire_filter sender;

	ct_app_open(t, APP);
	sender = ct_app_send(t, APP);
	ct_forget(t);
	for (int i = 0; i < 2; i++) {
		struct wire_msg *msg = path_err(t);

		msg->sender = sender;
		ct_feed(t, DOWN, msg);
	}
	T_EQ(t->event_count, 2);
	T_CHECK(ct_event(t, RSVP_PATH_ERROR, 1) != NULL, "both");
	rsvp_local_close(t->core, t->now, APP);
}

static void
every_error_and_confirmation_is_told(void)
{
	ct_both(repeated);
	ct_both(path_errors_repeated);
}

static struct t_case cases[] = {
	{ "what neighbours say to others is none of our business",
		what_neighbours_say_to_others_is_none_of_our_business },
	{ "a PathErr changes no path state", a_path_err_changes_no_path_state },
	{ "an error goes on with the filters of each next hop",
		an_error_goes_on_with_the_filters_of_each_next_hop },
	{ "every error and confirmation is told",
		every_error_and_confirmation_is_told },
};
T_MAIN(cases)
