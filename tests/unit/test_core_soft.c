/* SPDX-License-Identifier: ISC */

/* Soft state among neighbours that differ: periods, early refreshes, late and
 * repeated messages, hops that contradict each other, and what one of them can
 * use up. */

#include "core_t.h"

static void
set_refresh(struct ct *t, uint32_t ifindex, uint32_t refresh_ms)
{
	struct rsvp_iface conf = ct_iface(t, ifindex);

	conf.refresh_ms = refresh_ms;
	ct_put_iface(t, &conf);
}

/* The time and the period of the next message of that type. */
struct heard {
	struct mono at;
	uint32_t refresh_ms;
};

static struct heard
next_message(struct ct *t, uint8_t type)
{
	struct wire_msg *msg;

	for (int i = 0; i < 100000; i++) {
		const struct ct_sent *s;

		ct_forget(t);
		ct_run(t, 10);
		s = ct_sent(t, type, 0);
		if (s)
			return (struct heard){ t->now, s->msg.refresh_ms };
		if (i % 100 != 0)
			continue;
		msg = ct_path(t);
		msg->refresh_ms = 300000;
		ct_feed(t, UP, msg);
	}
	fail_msg("nothing came");
	return (struct heard){ t->now, 0 };
}

/* ---- periods ------------------------------------------------------------- */

static void
expect_slew(struct ct *t, uint8_t type, uint32_t ifindex)
{
	struct heard last = next_message(t, type), now;
	unsigned steps = 0;

	T_EQ(last.refresh_ms, 2000);
	set_refresh(t, ifindex, 30000);
	while (last.refresh_ms < 30000) {
		now = next_message(t, type);
		T_CHECK(now.refresh_ms * 10 <= last.refresh_ms * 13,
			"from %u to %u", last.refresh_ms, now.refresh_ms);
		T_CHECK(now.refresh_ms >= last.refresh_ms, "it grows");
		T_CHECK(now.at.us - last.at.us <=
				(int64_t)last.refresh_ms * 1500 + 10000,
			"as long as was said");
		last = now;
		T_CHECK(++steps < 60, "it does grow");
	}
	T_CHECK(steps >= 11, "in %u steps", steps); /* 1.3^11 > 15 */
	set_refresh(t, ifindex, 1000);
	(void)next_message(t, type); /* was scheduled before */
	now = next_message(t, type);
	T_EQ(now.refresh_ms, 1000); /* down at once */
}

static void
path_slew(struct ct *t)
{
	set_refresh(t, DOWN, 2000);
	ct_with_path(t);
	expect_slew(t, WIRE_PATH, DOWN);
}

static void
resv_slew(struct ct *t)
{
	struct wire_msg *msg;

	set_refresh(t, UP, 2000);
	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->refresh_ms = 300000;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	expect_slew(t, WIRE_RESV, UP);
}

static void
a_raised_period_grows_by_slew_max(void)
{
	ct_once(path_slew);
	ct_once(resv_slew);
}

/* Raised twice within one period: one step all the same. */
static void
raised_twice(struct ct *t)
{
	struct heard last, now;

	set_refresh(t, DOWN, 10000);
	ct_with_path(t);
	last = next_message(t, WIRE_PATH);
	set_refresh(t, DOWN, 20000);
	now = next_message(t, WIRE_PATH);
	T_EQ(last.refresh_ms, 10000);
	T_EQ(now.refresh_ms, 13000);
	set_refresh(t, DOWN, 30000);
	/* A change is told with what holds now. */
	ct_run(t, 1000);
	{
		struct wire_msg *msg = ct_path(t);

		msg->tspec.b = 6000;
		ct_forget(t);
		ct_feed(t, UP, msg);
	}
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.refresh_ms, 13000);
}

static void
two_changes_are_one_step(void)
{
	ct_once(raised_twice);
}

/* Many share an interface: none finds two steps between two refreshes. */
static void
slew_of_many(struct ct *t)
{
	uint32_t last[40] = { 0 };
	size_t grown = 0;

	set_refresh(t, DOWN, 2000);
	for (uint16_t port = 0; port < 40; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = (uint16_t)(100 + port);
		msg->refresh_ms = 300000;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	ct_run(t, 3000);
	ct_forget(t);
	set_refresh(t, DOWN, 30000);
	for (int i = 0; i < 3000; i++) {
		ct_run(t, 100);
		for (size_t k = 0; k < t->sent_count; k++) {
			const struct wire_msg *msg = &t->sent[k].msg;
			uint32_t *of = &last[msg->session.dst_port - 100];

			T_CHECK(*of == 0 || msg->refresh_ms * 10 <= *of * 13,
				"from %u to %u", *of, msg->refresh_ms);
			grown += *of != 0 && msg->refresh_ms > *of;
			*of = msg->refresh_ms;
		}
		ct_forget(t);
	}
	T_CHECK(grown > 40 * 6, "%zu steps", grown);
}

static void
no_state_finds_two_steps_at_a_time(void)
{
	ct_once(slew_of_many);
}

static void
own_slew(struct ct *t)
{
	struct rsvp_iface conf;

	set_refresh(t, DOWN, 2000);
	ct_with_path(t);
	conf = ct_iface(t, DOWN);
	conf.slew_percent = 1000;
	conf.refresh_ms = 20000;
	ct_put_iface(t, &conf);
	T_EQ(next_message(t, WIRE_PATH).refresh_ms, 20000);
}

static void
slew_max_is_that_of_the_interface(void)
{
	ct_once(own_slew);
}

static void
own_period(struct ct *t)
{
	set_refresh(t, DOWN, 2000);
	set_refresh(t, UP, 4000);
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.refresh_ms, 2000);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.refresh_ms, 4000);
	ct_forget(t);
	ct_run(t, 60000);
	T_CHECK(ct_sent_count(t, WIRE_PATH) > 24 &&
			ct_sent_count(t, WIRE_PATH) < 38,
		"%zu Paths", ct_sent_count(t, WIRE_PATH));
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 11 &&
			ct_sent_count(t, WIRE_RESV) < 20,
		"%zu Resvs", ct_sent_count(t, WIRE_RESV));
}

static void
r_is_that_of_the_interface(void)
{
	ct_once(own_period);
}

static void
own_lives(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, UP);

	conf.lives = 5;
	ct_put_iface(t, &conf);
	ct_with_path(t);
	ct_run(t, 247400); /* (5 + 0.5) * 1.5 * 30 s */
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 200);
	T_EQ(ct_totals(t).paths, 0);
	ct_forget(t);
	conf = ct_iface(t, DOWN);
	conf.lives = 1;
	ct_put_iface(t, &conf);
	ct_with_resv(t, ct_cl(50000));
	ct_run(t, 67400); /* 1.5 * 1.5 * 30 s */
	T_EQ(ct_totals(t).resvs, 1);
	ct_run(t, 200);
	T_EQ(ct_totals(t).resvs, 0);
}

static void
k_is_that_of_the_interface(void)
{
	ct_once(own_lives);
}

/* The neighbour changes its period: each message says how long it holds. */
static void
mixed_periods(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->refresh_ms = 2000;
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0); /* no news for anybody */
	ct_run(t, 10400);
	T_EQ(ct_totals(t).paths, 1);
	ct_feed(t, UP, ct_path(t)); /* 30 s again */
	ct_run(t, 157400);
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 200);
	T_EQ(ct_totals(t).paths, 0);
}

static void
each_message_says_how_long_it_holds(void)
{
	ct_once(mixed_periods);
}

/* ---- early refreshes ----------------------------------------------------- */

static void
set_quick(struct ct *t, uint32_t count)
{
	for (uint32_t i = UP; i <= DOWN; i++) {
		struct rsvp_iface conf = ct_iface(t, i);

		conf.quick_refreshes = count;
		ct_put_iface(t, &conf);
	}
}

static void
quick(struct ct *t)
{
	set_quick(t, 2);
	ct_with_path(t);
	ct_run(t, 9001); /* twice 1.5 * R / 10 */
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	T_EQ(t->sent[0].msg.refresh_ms, 30000); /* what it may rely on */
	ct_run(t, 14900);
	T_EQ(ct_sent_count(t, WIRE_PATH), 2);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_run(t, 9001);
	T_EQ(ct_sent_count(t, WIRE_RESV), 3);
	ct_run(t, 14000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 3);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t)); /* no news */
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_run(t, 60000);
	T_CHECK(t->sent_count <= 10, "%zu", t->sent_count);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000))); /* news */
	ct_answer_all(t);
	ct_run(t, 9001);
	T_EQ(ct_sent_count(t, WIRE_RESV), 3);
}

static void
news_are_repeated_early_a_few_times(void)
{
	ct_once(quick);
}

/* Each of several interfaces has at least what it asks for. */
static void
quick_on_side(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);

	conf.quick_refreshes = 2;
	ct_put_iface(t, &conf);
	t->also_out = SIDE;
	ct_feed(t, UP, ct_path(t));
	ct_forget(t);
	ct_run(t, 9001); /* twice 1.5 * R / 10 */
	T_EQ(ct_sent_count(t, WIRE_PATH), 4);
}

static void
one_of_several_interfaces_may_want_early_refreshes(void)
{
	ct_once(quick_on_side);
}

/* ---- hops that contradict each other ------------------------------------- */

static struct wire_msg *
path_by(struct ct *t, uint32_t ifindex, unsigned host)
{
	struct wire_msg *msg = ct_path(t);

	msg->hop.addr = ct_addr(t, ifindex, host);
	return msg;
}

static void
two_hops(struct ct *t)
{
	struct wire_msg *tear;

	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, SIDE, path_by(t, SIDE, HOP_C));
	T_EQ(t->note_count, 1);
	T_CHECK(t->note.remote && strstr(t->note.text, "previous hop"), "%s",
		t->note.text);
	ct_forget(t);
	ct_feed(t, UP, ct_path_tear(t)); /* of the one before */
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(ct_totals(t).resvs, 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	tear = ct_path_tear(t);
	tear->hop.addr = ct_addr(t, SIDE, HOP_C);
	ct_feed(t, SIDE, tear);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
a_tear_from_the_hop_before_is_not_forwarded(void)
{
	ct_both(two_hops);
}

static void
hops_in_turn(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	for (int i = 0; i < 20; i++) {
		ct_forget(t);
		ct_feed(t, SIDE, path_by(t, SIDE, HOP_C));
		T_EQ(ct_sent_count(t, WIRE_PATH), 1);
		T_EQ(ct_sent_count(t, WIRE_RESV), 1);
		T_EQ(t->sent_count, 2);
		ct_feed(t, UP, path_by(t, UP, HOP_A));
		T_EQ(t->sent_count, 4); /* what came in times what it causes */
	}
	T_EQ(t->flow_count, 0);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(ct_totals(t).resvs, 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
two_hops_in_turn_leave_one_state(void)
{
	ct_once(hops_in_turn);
}

/* Errors come from who was asked. */
static void
error_of_a_stranger(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv_err(
		t, WIRE_E_NO_SENDER, 0, ct_cl(50000)); /* from hop A */
	msg->hop.addr = ct_addr(t, SIDE, HOP_C);
	ct_feed(t, SIDE, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_STATE), 1);
	ct_feed(t, UP, ct_resv_err(t, WIRE_E_NO_SENDER, 0, ct_cl(50000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
an_error_counts_from_the_previous_hop_only(void)
{
	ct_both(error_of_a_stranger);
}

/* A route loops: our Path comes back, from us, or through another. */
static void
looped(struct ct *t)
{
	struct wire_msg *msg;
	struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, 8, 8),
		.dst = ct_addr(t, 9, 9) };

	ct_with_path(t);
	for (uint8_t ttl = 58; ttl > 0; ttl--) {
		msg = path_by(t, DOWN, 1); /* ours */
		msg->send_ttl = ttl;
		packet.ttl = ttl;
		packet.msg = msg;
		ct_feed_from(t, packet);
	}
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 58);
	T_EQ(ct_totals(t).paths, 1);
	/* Through another: it is not sent back there, so the loop ends. */
	msg = path_by(t, DOWN, HOP_B);
	msg->send_ttl = 50;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	T_EQ(ct_totals(t).paths, 1);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t)); /* and the next refresh puts it right */
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

static void
our_own_path_makes_nothing_grow(void)
{
	ct_both(looped);
}

static void
our_own_sender(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->sender.src = ct_addr(t, SIDE, 1); /* an address of ours */
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	ct_expect_empty(t);
}

static void
nobody_else_sends_from_our_address(void)
{
	ct_both(our_own_sender);
}

/* ---- late, and more than once -------------------------------------------- */

static void
reordered(struct ct *t)
{
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* before its Path */
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_NO_PATH);
	T_EQ(ct_totals(t).resvs, 0);
	ct_forget(t);
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count + t->flow_count, 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, DOWN, ct_resv_tear(t)); /* twice */
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	ct_answer_all(t);
	ct_expect_empty(t);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t)); /* overtaken by its tear: it lives on ... */
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 157600); /* ... for a lifetime */
	ct_expect_empty(t);
}

static void
late_messages_leave_nothing_for_long(void)
{
	ct_both(reordered);
}

/* ---- ports --------------------------------------------------------------- */

static void
zero_ports(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* names ports */
	T_EQ(t->flow_count, 0);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_DST_PORTS);
	ct_forget(t);
	msg = ct_path_tear(t);
	ct_feed(t, UP, msg); /* of ports that are not zero */
	T_EQ(t->sent_count, 0);
	T_EQ(ct_totals(t).paths, 1);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst_port = 0;
	msg->flows[0].filter.src_port = 4004; /* a port among zeros */
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_totals(t).resvs, 0);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst_port = 0;
	msg->flows[0].filter.src_port = 0;
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->flow.dst_port, 0);
}

static void
filter_without_port(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->flows[0].filter.src_port = 0; /* the sender's is 4004 */
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 0);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_NO_SENDER);
}

static void
a_zero_port_matches_no_other(void)
{
	ct_both(zero_ports);
	ct_both(filter_without_port);
}

/* ---- POLICY_DATA --------------------------------------------------------- */

static void
policy_data(struct ct *t)
{
	static const uint8_t one[] = { 0, 12, 14, 1, 0, 4, 0, 0, 0, 4, 0, 3 };
	static const uint8_t two[] = { 0, 8, 14, 1, 0, 4, 0, 0 };
	struct wire_msg *msg = ct_path(t);
	const struct ct_sent *s;

	msg->policy_count = 2;
	msg->policies[0] = (struct wire_view){ one, sizeof(one) };
	msg->policies[1] = (struct wire_view){ two, sizeof(two) };
	ct_feed(t, UP, msg);
	s = ct_sent(t, WIRE_PATH, 0);
	assert_non_null(s);
	T_EQ(s->msg.policy_count, 2);
	T_EQ(s->msg.policies[0].len, sizeof(one));
	T_EQ(memcmp(s->msg.policies[0].bytes, one, sizeof(one)), 0);
	T_EQ(s->msg.policies[1].len, sizeof(two));
	T_EQ(memcmp(s->msg.policies[1].bytes, two, sizeof(two)), 0);
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.policy_count, 2);
	ct_forget(t);
	msg = ct_path(t);
	msg->policy_count = 1;
	msg->policies[0] = (struct wire_view){ two, sizeof(two) };
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.policy_count, 1);
}

static void
all_policy_data_of_a_path_go_on(void)
{
	ct_both(policy_data);
}

/* ---- what one neighbour can use up --------------------------------------- */

static void
one_more(struct ct *t, uint32_t ifindex, uint16_t port)
{
	for (int twice = 0; twice < 2; twice++) {
		struct wire_msg *msg = path_by(t, ifindex, HOP_A);

		msg->session.dst_port = port;
		ct_feed(t, ifindex, msg);
	}
}

/* Somebody on SIDE pretends to be the neighbour on UP. */
static void
forged_hop(struct ct *t)
{
	t->conf.max_sessions_neighbour = 3;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 5; port++) {
		struct wire_msg *msg = path_by(t, UP, HOP_A);

		msg->session.dst_port = port;
		ct_feed(t, SIDE, msg);
	}
	T_EQ(ct_totals(t).sessions, 3);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 2);
	for (uint16_t port = 11; port <= 15; port++)
		one_more(t, UP, port);
	T_EQ(ct_totals(t).sessions, 6); /* it has its own */
}

static void
a_forged_hop_uses_up_nothing_of_the_real_one(void)
{
	ct_both(forged_hop);
}

/* ---- memory -------------------------------------------------------------- */

static void
memory_is_counted(void)
{
	struct ct *t = ct_new(ADDR_V4);
	size_t before = ct_totals(t).memory_bytes, with_one, after;

	T_CHECK(before > 70000, "%zu at the start", before);
	ct_with_resv(t, ct_cl(50000));
	with_one = ct_totals(t).memory_bytes;
	T_CHECK(with_one > before + 1000 && with_one < before + 20000,
		"%zu for a reservation", with_one - before);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
	after = ct_totals(t).memory_bytes;
	for (unsigned host = 10; host < 20; host++)
		ct_path_of(t, UP, HOP_A, host);
	T_CHECK(ct_totals(t).memory_bytes > after + 3000, "of ten senders");
	ct_run(t, 400000); /* they expire */
	ct_forget(t);
	T_CHECK(after < with_one - 1000, "given back");
	for (int i = 0; i < 20; i++) {
		ct_with_path(t);
		ct_feed(t, UP, ct_path_tear(t));
	}
	T_CHECK(ct_totals(t).memory_bytes <= after, "%zu, not %zu",
		ct_totals(t).memory_bytes, after);
	ct_free(t);
	t = ct_new(ADDR_V4);
	t->alloc.size = NULL; /* nobody can tell */
	T_EQ(ct_totals(t).memory_bytes, 0);
	ct_free(t);
}

static struct t_case cases[] = {
	{ "a raised period grows by Slew.Max",
		a_raised_period_grows_by_slew_max },
	{ "two changes of the period are one step", two_changes_are_one_step },
	{ "no state finds two steps of the period at a time",
		no_state_finds_two_steps_at_a_time },
	{ "Slew.Max is that of the interface",
		slew_max_is_that_of_the_interface },
	{ "R is that of the interface", r_is_that_of_the_interface },
	{ "K is that of the interface", k_is_that_of_the_interface },
	{ "each message says how long it holds",
		each_message_says_how_long_it_holds },
	{ "news are repeated early, a few times",
		news_are_repeated_early_a_few_times },
	{ "one of several interfaces may want early refreshes",
		one_of_several_interfaces_may_want_early_refreshes },
	{ "a tear from the hop before is not forwarded",
		a_tear_from_the_hop_before_is_not_forwarded },
	{ "two hops in turn leave one state",
		two_hops_in_turn_leave_one_state },
	{ "an error counts from the previous hop only",
		an_error_counts_from_the_previous_hop_only },
	{ "our own Path makes nothing grow", our_own_path_makes_nothing_grow },
	{ "nobody else sends from our address",
		nobody_else_sends_from_our_address },
	{ "late messages leave nothing for long",
		late_messages_leave_nothing_for_long },
	{ "a zero port matches no other", a_zero_port_matches_no_other },
	{ "all POLICY_DATA of a Path go on", all_policy_data_of_a_path_go_on },
	{ "a forged hop uses up nothing of the real one",
		a_forged_hop_uses_up_nothing_of_the_real_one },
	{ "memory is counted", memory_is_counted },
};
T_MAIN(cases)
