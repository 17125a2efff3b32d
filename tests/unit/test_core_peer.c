/* SPDX-License-Identifier: ISC */

/* What neighbours can do: messages that come back, change their mind, carry too
 * much, or leave out what others expect. */

#include "core_t.h"

#include <math.h>

#include <errno.h>

static struct rsvp_path_info
only_path(struct ct *t)
{
	struct rsvp_session_info session;
	struct rsvp_path_info info;

	assert_true(rsvp_core_session_after(t->core, 0, &session));
	T_EQ(rsvp_core_paths(t->core, t->now, session.serial, &info, 1), 1);
	return info;
}

/* ---- what comes back ----------------------------------------------------- */

static void
own_resv(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->hop.addr = ct_addr(t, DOWN, 1); /* ours */
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count + t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
}

static void
our_own_resv_that_comes_back_is_dropped(void)
{
	ct_both(own_resv);
}

static struct wire_msg *
path_err(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){ .node = ct_addr(t, 7, 7),
		.code = WIRE_E_TC,
		.value = WIRE_TC_TSPEC };
	return msg;
}

static void
feed_path_err(struct ct *t, uint32_t ifindex, struct addr src)
{
	struct rsvp_packet packet = { .ifindex = ifindex,
		.src = src,
		.dst = ct_addr(t, ifindex, 1),
		.ttl = 60,
		.dst_local = true,
		.msg = path_err(t) };

	ct_feed_from(t, packet);
}

static void
path_err_loop(struct ct *t)
{
	ct_with_path(t);
	feed_path_err(t, DOWN, ct_addr(t, DOWN, HOP_B));
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	ct_forget(t);
	/* two nodes that take each other for their previous hop */
	feed_path_err(t, UP, ct_addr(t, UP, HOP_A));
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
}

static void
a_path_err_does_not_go_back_where_it_came_from(void)
{
	ct_both(path_err_loop);
}

static void
multicast_path_err(struct ct *t)
{
	struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, DOWN, 1),
		.ttl = 60,
		.dst_local = true };
	const struct addr group = addr_v4_u32(0xe9010101);
	struct wire_msg *msg;

	msg = ct_path(t);
	msg->session.dst = group;
	msg->hop.addr = ct_addr(t, SIDE, HOP_C);
	ct_feed(t, SIDE, msg); /* routing expects it on UP */
	T_EQ(t->sent_count, 0);
	msg = ct_path(t);
	msg->session.dst = group;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	msg = path_err(t);
	msg->session.dst = group;
	packet.msg = msg;
	ct_feed_from(t, packet);
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_PATH_ERR, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"to whose Path was forwarded");
}

static void
a_multicast_path_err_goes_to_whose_path_was_forwarded(void)
{
	ct_once(multicast_path_err);
}

static void
last_hop_conf(struct ct *t)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(50000));
	struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, 9, 9),
		.ttl = 1,
		.msg = msg };

	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = packet.dst;
	ct_feed_from(t, packet);
	T_EQ(t->sent_count, 0);
	packet.ttl = 2;
	ct_feed_from(t, packet);
	T_EQ(t->sent_count, 1);
	T_EQ(t->sent[0].send.ttl, 1);
}

static void
a_confirmation_ends_with_its_ttl(void)
{
	ct_both(last_hop_conf);
}

/* ---- changes of mind ----------------------------------------------------- */

static void
other_lih(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_path(t);
	msg->hop.lih = 78;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.hop.lih, 78);
}

static void
another_lih_of_the_previous_hop_is_used_at_once(void)
{
	ct_both(other_lih);
}

static void
from_below(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->hop.addr = ct_addr(t, DOWN, HOP_B);
	ct_feed(t, DOWN, msg); /* where we send it */
	T_EQ(t->sent_count, 0);
	T_EQ(only_path(t).out_count, 0);
	msg = ct_path(t);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, DOWN);
}

static void
a_path_from_below_is_not_sent_back_down(void)
{
	ct_both(from_below);
}

static void
gives_in(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec = ct_cl(1200000).tspec;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer(t, 0);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(1200000)));
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(1200000)));
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	ct_answer(t, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
who_gives_in_has_not_failed(void)
{
	ct_once(gives_in);
}

/* A path that grew, and a kernel that would not: then a new request, and one
 * that leaves.  The flow follows again. */
static void
unstuck(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(150000));
	msg = ct_path(t);
	msg->tspec = ct_cl(140000).tspec;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	ct_answer(t, ENOBUFS);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_FAILED);
	msg = ct_resv(t, ct_cl(130000));
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	msg = ct_resv(t, ct_cl(135000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	ct_forget(t);
	msg = ct_resv_tear(t);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
}

static void
a_new_request_ends_what_the_kernel_refused(void)
{
	ct_once(unstuck);
}

static void
other_protocol(struct ct *t)
{
	struct rsvp_totals totals;
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->session.proto = 6;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 2);
}

static void
another_protocol_is_another_session(void)
{
	ct_both(other_protocol);
}

static void
no_address(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.v4 = (struct addr){ 0 };
	conf.v6 = (struct addr){ 0 };
	ct_put_iface(t, &conf);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
nothing_is_sent_without_an_address_of_that_family(void)
{
	ct_both(no_address);
}

/* ---- confirmations ------------------------------------------------------- */

static void
equal_requests(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv(t, ct_cl(50000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 1);
}

static void
an_equal_request_is_confirmed_here(void)
{
	ct_both(equal_requests);
}

static struct wire_msg *
confirmed_ff(struct ct *t, unsigned hop, uint16_t port)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(50000));

	msg->hop.addr = ct_addr(t, DOWN, hop);
	msg->flows[0].filter.src_port = port;
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 10, hop);
	return msg;
}

/* Two receivers, each the largest for its sender, in force at one moment. */
static void
two_confirms(struct ct *t)
{
	struct wire_msg *msg;

	for (uint16_t port = 1; port <= 2; port++) {
		msg = ct_path(t);
		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
	}
	ct_forget(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_feed(t, DOWN, confirmed_ff(t, HOP_B, 1));
	ct_feed(t, DOWN, confirmed_ff(t, HOP_C, 2));
	T_EQ(t->sent_count, 0);
	ct_iface_tc(t, DOWN, false);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_CHECK(ct_is(&t->sent[0].msg.confirm, ct_addr(t, 10, HOP_B)), "one");
	T_CHECK(ct_is(&t->sent[1].msg.confirm, ct_addr(t, 10, HOP_C)),
		"and the other");
}

static void
each_of_two_confirmations_goes_up(void)
{
	ct_both(two_confirms);
}

static void
only_opened(struct ct *t)
{
	ct_app_open(t, 1);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_expect_err(t, WIRE_E_NO_PATH, 0, 0);
	rsvp_local_close(t->core, t->now, 1);
}

static void
a_session_without_path_state_is_code_3_even_if_open_here(void)
{
	ct_once(only_opened);
}

/* ---- too much ------------------------------------------------------------ */

static void
many_flows(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->flows_ignored = 3;
	ct_feed_as_is(t, DOWN, msg);
	T_EQ(t->flow_count, 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
}

static void
flow_descriptors_beyond_the_limit_are_counted(void)
{
	ct_once(many_flows);
}

/* One SE request with all senders from so many next hops; the first Resv. */
static void
many_filters(struct ct *t)
{
	enum { SENDERS = 64, HOPS = 64 };
	struct rsvp_totals totals;
	struct wire_msg *msg;

	for (uint16_t port = 1; port <= SENDERS; port++) {
		msg = ct_path(t);
		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	for (unsigned hop = 0; hop <= HOPS; hop++) {
		msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE);
		msg->hop.addr = ct_addr(t, 20, hop + 1);
		msg->flow_count = SENDERS;
		for (uint16_t i = 0; i < SENDERS; i++) {
			msg->flows[i] = msg->flows[0];
			msg->flows[i].filter.src_port = (uint16_t)(i + 1);
		}
		ct_feed_as_is(t, DOWN, msg);
		ct_answer_all(t);
		ct_forget(t);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, HOPS);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
}

static void
a_session_has_a_limit_on_filters(void)
{
	ct_once(many_filters);
}

/* What memory was short for is made up for with the next refresh at last. */
static bool
short_of_memory(struct ct *t, long at)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	t->fail_at = t->allocations + at;
	ct_answer(t, 0);
	t->fail_at = 0;
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "allocation %ld", at);
	return t->failed;
}

static void
a_refresh_makes_up_for_what_memory_was_short_for(void)
{
	bool failed = true;

	for (long at = 1; failed; at++) {
		struct ct *t = ct_new(ADDR_V4);

		failed = short_of_memory(t, at);
		ct_free(t);
	}
}

static uint8_t big_object[6000];

static struct wire_view
object_of(size_t len)
{
	big_object[0] = (uint8_t)(len >> 8);
	big_object[1] = (uint8_t)len;
	big_object[2] = 0xc8; /* 11bbbbbb: forwarded */
	big_object[3] = 1;
	return (struct wire_view){ big_object, len };
}

static void
large_objects(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->others[0] = object_of(1000);
	msg->other_count = 1;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.other_count, 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
	ct_forget(t);
	msg = ct_path(t);
	msg->others[0] = object_of(6000);
	msg->other_count = 1;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.other_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
	ct_forget(t);
	ct_feed(t, UP, msg); /* the same once more is no change */
	T_EQ(t->sent_count, 0);
}

/* One message may have an error for each of its descriptors, and go on to each
 * next hop. */
static void
errors_with_large_objects(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	for (size_t len = 4096; len <= 4100; len += 4) {
		ct_forget(t);
		msg = ct_resv_err(t, WIRE_E_ADMISSION, 0, ct_cl(50000));
		msg->others[0] = object_of(len);
		msg->other_count = 1;
		ct_feed(t, UP, msg);
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
		T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.other_count,
			len == 4096);
	}
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
	ct_forget(t);
	msg = ct_resv(t, ct_gs(NAN, 70000));
	msg->others[0] = object_of(6000);
	msg->other_count = 1;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.other_count, 0);
	ct_forget(t);
	msg->others[0] = object_of(16);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.other_count, 1);
}

static void
an_error_takes_no_large_objects_along(void)
{
	ct_once(errors_with_large_objects);
}

/* A merged Resv carries what several brought, and must still be sent. */
static void
objects_of_many(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	for (unsigned hop = 0; hop < 6; hop++) {
		msg = ct_resv(t, ct_cl((float)(50000 + hop)));
		msg->hop.addr = ct_addr(t, DOWN, HOP_B + hop);
		msg->others[0] = object_of(3800);
		big_object[4] = (uint8_t)hop;
		msg->other_count = 1;
		ct_forget(t);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, 4);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
objects_of_many_next_hops_go_up_as_far_as_they_fit(void)
{
	ct_once(objects_of_many);
}

static void
large_adspec(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->adspec_view = (struct wire_view){ big_object, 5000 };
	ct_feed_as_is(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	T_EQ(t->sent[0].msg.error.code, WIRE_E_TC);
	T_EQ(t->sent[0].msg.error.value, WIRE_TC_ADSPEC);
}

static void
an_adspec_too_large_to_keep_is_refused(void)
{
	ct_once(large_adspec);
}

static void
objects_to_be_forwarded_are_kept_up_to_a_limit(void)
{
	ct_once(large_objects);
}

static struct t_case cases[] = {
	{ "our own Resv that comes back is dropped",
		our_own_resv_that_comes_back_is_dropped },
	{ "a PathErr does not go back where it came from",
		a_path_err_does_not_go_back_where_it_came_from },
	{ "a multicast PathErr goes to whose Path was forwarded",
		a_multicast_path_err_goes_to_whose_path_was_forwarded },
	{ "a confirmation ends with its TTL",
		a_confirmation_ends_with_its_ttl },
	{ "another protocol is another session",
		another_protocol_is_another_session },
	{ "nothing is sent without an address of that family",
		nothing_is_sent_without_an_address_of_that_family },
	{ "another LIH of the previous hop is used at once",
		another_lih_of_the_previous_hop_is_used_at_once },
	{ "a Path from below is not sent back down",
		a_path_from_below_is_not_sent_back_down },
	{ "who gives in has not failed", who_gives_in_has_not_failed },
	{ "a new request ends what the kernel refused",
		a_new_request_ends_what_the_kernel_refused },
	{ "an equal request is confirmed here",
		an_equal_request_is_confirmed_here },
	{ "each of two confirmations goes up",
		each_of_two_confirmations_goes_up },
	{ "a session without path state is code 3, even if open here",
		a_session_without_path_state_is_code_3_even_if_open_here },
	{ "flow descriptors beyond the limit are counted",
		flow_descriptors_beyond_the_limit_are_counted },
	{ "a session has a limit on filters",
		a_session_has_a_limit_on_filters },
	{ "a refresh makes up for what memory was short for",
		a_refresh_makes_up_for_what_memory_was_short_for },
	{ "an error takes no large objects along",
		an_error_takes_no_large_objects_along },
	{ "objects of many next hops go up as far as they fit",
		objects_of_many_next_hops_go_up_as_far_as_they_fit },
	{ "an ADSPEC too large to keep is refused",
		an_adspec_too_large_to_keep_is_refused },
	{ "objects to be forwarded are kept up to a limit",
		objects_to_be_forwarded_are_kept_up_to_a_limit },
};
T_MAIN(cases)
