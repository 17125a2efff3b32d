/* SPDX-License-Identifier: ISC */

/*
 * Blockade state beside other senders (RFC 2205 3.5): what failed for one says
 * nothing about another, and what they amount to together may fail again.
 */

#include "core_t.h"

enum { B = 10000 };

static const uint8_t policy[] = { 0, 8, 14, 1, 5, 6, 7, 8 };

static const uint8_t unknown[] = { 0, 8, 0xc1, 1, 1, 2, 3, 4 };

/* A request of that next hop for one sender: the first, second or third. */
static struct wire_msg *
request(struct ct *t, uint8_t style, unsigned hop, unsigned sender,
	struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_style(ct_resv(t, spec), style);

	msg->hop.addr = ct_addr(t, DOWN, hop);
	msg->flows[0].filter.src_port = (uint16_t)(5000 + sender);
	return msg;
}

static void
wants(struct ct *t, uint8_t style, unsigned hop, unsigned sender,
	struct wire_flowspec spec)
{
	ct_feed(t, DOWN, request(t, style, hop, sender, spec));
	ct_answer_all(t);
	ct_forget(t);
}

static void
fails(struct ct *t, uint8_t style, unsigned sender, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_style(ct_resv_err(t, 1, 2, spec), style);

	msg->flows[0].filter.src_port = (uint16_t)(5000 + sender);
	ct_feed(t, UP, msg);
}

static void
senders(struct ct *t, unsigned count)
{
	struct wire_msg *msg;

	for (unsigned i = 1; i <= count; i++) {
		msg = ct_path(t);
		msg->sender.src_port = (uint16_t)(5000 + i);
		ct_feed(t, UP, msg);
	}
	ct_forget(t);
}

static void
hopeless(struct ct *t)
{
	senders(t, 2);
	wants(t, WIRE_STYLE_FF, HOP_B, 1, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 1, ct_cl(2 * B));
	wants(t, WIRE_STYLE_FF, HOP_B, 2, ct_cl(8 * B));
	fails(t, WIRE_STYLE_FF, 1, ct_cl(8 * B));
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* the smaller */
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, 2, ct_cl(8 * B));
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* there is none */
	/* The message would hold both. */
	fails(t, WIRE_STYLE_FF, 1, ct_cl(8 * B));
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
a_message_with_what_failed_is_not_repeated_at_once(void)
{
	ct_both(hopeless);
}

/* Greater in the one, less in the other. */
static struct wire_flowspec
deep(float rate, float depth)
{
	struct wire_flowspec spec = ct_cl(rate);

	spec.tspec.b = depth;
	return spec;
}

static void
together(struct ct *t)
{
	const struct wire_msg *msg;

	senders(t, 2);
	wants(t, WIRE_STYLE_SE, HOP_B, 1, deep(4 * B, 2000));
	wants(t, WIRE_STYLE_SE, HOP_C, 2, deep(2 * B, 9000));
	fails(t, WIRE_STYLE_SE, 1, deep(5 * B, 3000));
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	msg = &ct_sent(t, WIRE_RESV, 0)->msg;
	T_EQ(msg->flow_count, 2);
	for (size_t i = 0; i < 2; i++) {
		T_CHECK(msg->flows[i].flowspec.tspec.r == 4 * B, "what came");
		T_CHECK(msg->flows[i].flowspec.tspec.b == 2000, "first");
	}
}

static void
what_would_fail_together_is_not_asked_for_together(void)
{
	ct_both(together);
}

static void
left_out(struct ct *t)
{
	senders(t, 3);
	wants(t, WIRE_STYLE_SE, HOP_B, 1, ct_cl(2 * B));
	wants(t, WIRE_STYLE_SE, HOP_C, 2, ct_cl(4 * B));
	wants(t, WIRE_STYLE_SE, 4, 3, ct_cl(8 * B));
	fails(t, WIRE_STYLE_SE, 3, ct_cl(3 * B));
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.tspec.r ==
			4 * B,
		"of the two others");
}

static void
what_is_left_out_does_not_limit_the_others(void)
{
	ct_both(left_out);
}

/* Kb times 30 s, although somebody refreshes another sender every 90 s. */
static void
slow_neighbour(struct ct *t)
{
	struct wire_msg *msg;
	float rate = 0;

	senders(t, 2);
	msg = request(t, WIRE_STYLE_FF, 4, 2, ct_cl(B));
	msg->refresh_ms = 90000;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	wants(t, WIRE_STYLE_FF, HOP_B, 1, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 1, ct_cl(2 * B));
	fails(t, WIRE_STYLE_FF, 1, ct_cl(8 * B));
	for (int i = 0; i < 8; i++) {
		ct_forget(t);
		ct_run(t, 20000);
		for (size_t n = 0; n < ct_sent_count(t, WIRE_RESV); n++)
			rate = ct_sent(t, WIRE_RESV, n)
				       ->msg.flows[0]
				       .flowspec.tspec.r;
		senders(t, 2);
		wants(t, WIRE_STYLE_FF, HOP_B, 1, ct_cl(8 * B));
		wants(t, WIRE_STYLE_FF, HOP_C, 1, ct_cl(2 * B));
	}
	T_CHECK(rate == 8 * B, "tried again");
}

static void
a_blockade_lasts_as_those_refresh_whom_it_hits(void)
{
	ct_once(slow_neighbour);
}

/* ---- alone and among others -------------------------------------------- */

static struct wire_msg *
asking(struct ct *t, unsigned hop, float rate)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(rate));

	msg->hop.addr = ct_addr(t, DOWN, hop);
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	return msg;
}

static void
alone(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(8 * B)));
	ct_forget(t);
	ct_feed(t, DOWN, asking(t, HOP_B, 8 * B));
	T_EQ(t->sent_count, 0);
}

static void
a_blockaded_request_that_is_alone_is_not_confirmed_either(void)
{
	ct_both(alone);
}

static void
smallest(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	ct_feed(t, DOWN, asking(t, HOP_C, 4 * B));
	ct_answer_all(t);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(8 * B)));
	ct_forget(t);
	ct_feed(t, DOWN, asking(t, 4, 2 * B));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
beside_a_blockade_the_smaller_request_is_confirmed_here(void)
{
	ct_both(smallest);
}

static void
with_objects(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(8 * B));
	msg->other_count = 1;
	msg->others[0] = (struct wire_view){ unknown, sizeof(unknown) };
	msg->policy_count = 1;
	msg->policies[0] = (struct wire_view){ policy, sizeof(policy) };
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.policy_count, 1);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(8 * B)));
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.policy_count, 1);
}

static void
a_blockaded_request_that_is_alone_keeps_its_objects(void)
{
	ct_both(with_objects);
}

/* M is not known there. */
static void
unknown_size(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(8 * B);

	ct_with_resv(t, ct_cl(8 * B));
	spec.tspec.M = 0;
	ct_feed(t, UP, ct_resv_err(t, 1, 2, spec));
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
}

static void
what_failed_may_have_packets_of_unknown_size(void)
{
	ct_both(unknown_size);
}

/* By then a request of 2 B is asked for again, or not yet. */
static float
asked_after(struct ct *t, int64_t ms)
{
	float rate = 0;

	ct_with_resv(t, ct_cl(8 * B));
	ct_feed(t, DOWN, asking(t, HOP_C, 2 * B));
	ct_answer_all(t);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(8 * B)));
	for (; ms > 0; ms -= 20000) {
		ct_forget(t);
		ct_run(t, 20000);
		ct_feed(t, UP, ct_path(t));
		ct_feed(t, DOWN, ct_resv(t, ct_cl(8 * B)));
		ct_feed(t, DOWN, asking(t, HOP_C, 2 * B));
		for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++)
			rate = ct_sent(t, WIRE_RESV, i)
				       ->msg.flows[0]
				       .flowspec.tspec.r;
	}
	return rate;
}

/* Kb times the longer of the periods: here ours (RFC 2205 3.5). */
static void
long_period(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, UP);

	conf.refresh_ms = 60000;
	ct_set_iface(t, &conf);
	T_EQ((int)asked_after(t, 100000), 2 * B);
}

static void
a_blockade_lasts_as_our_own_refreshes_do(void)
{
	ct_once(long_period);
}

static float
asked_last(const struct ct *t)
{
	const size_t count = ct_sent_count(t, WIRE_RESV);

	T_CHECK(count > 0, "nothing was asked");
	return ct_sent(t, WIRE_RESV, count - 1)->msg.flows[0].flowspec.tspec.r;
}

/* Of two nodes upstream, the one with more room speaks last. */
static void
more_fails(struct ct *t)
{
	senders(t, 1);
	wants(t, WIRE_STYLE_FF, HOP_B, 1, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 1, ct_cl(4 * B));
	wants(t, WIRE_STYLE_FF, HOP_C + 1, 1, ct_cl(2 * B));
	fails(t, WIRE_STYLE_FF, 1, ct_cl(8 * B));
	T_EQ((int)asked_last(t), 4 * B);
	fails(t, WIRE_STYLE_FF, 1, ct_cl(4 * B));
	T_EQ((int)asked_last(t), 2 * B);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, 1, ct_cl(8 * B));
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_run(t, 46000);
	T_EQ((int)asked_last(t), 2 * B);
	ct_forget(t);
	/* Less is news. */
	fails(t, WIRE_STYLE_FF, 1, ct_cl(1 * B));
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
that_more_fails_than_known_is_no_news(void)
{
	ct_both(more_fails);
}

static struct t_case cases[] = {
	{ "that more fails than known is no news",
		that_more_fails_than_known_is_no_news },
	{ "a blockaded request that is alone is not confirmed either",
		a_blockaded_request_that_is_alone_is_not_confirmed_either },
	{ "beside a blockade the smaller request is confirmed here",
		beside_a_blockade_the_smaller_request_is_confirmed_here },
	{ "a blockaded request that is alone keeps its objects",
		a_blockaded_request_that_is_alone_keeps_its_objects },
	{ "what failed may have packets of unknown size",
		what_failed_may_have_packets_of_unknown_size },
	{ "a blockade lasts as our own refreshes do",
		a_blockade_lasts_as_our_own_refreshes_do },
	{ "a message with what failed is not repeated at once",
		a_message_with_what_failed_is_not_repeated_at_once },
	{ "what would fail together is not asked for together",
		what_would_fail_together_is_not_asked_for_together },
	{ "what is left out does not limit the others",
		what_is_left_out_does_not_limit_the_others },
	{ "a blockade lasts as those refresh whom it hits",
		a_blockade_lasts_as_those_refresh_whom_it_hits },
};

T_MAIN(cases)
