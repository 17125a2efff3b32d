/* SPDX-License-Identifier: ISC */

/*
 * RESV_CONFIRM where several receivers ask at the same time (RFC 2205 2.6): a
 * next hop that merges them sends one message for each, and the kernel may
 * still be busy with the first.
 */

#include "core_t.h"

enum { RECEIVERS = 3 };

static struct wire_msg *
asking(struct ct *t, float rate, unsigned receiver)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(rate));

	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, receiver);
	return msg;
}

static void
asks(struct ct *t, float rate, unsigned receiver)
{
	ct_feed(t, DOWN, asking(t, rate, receiver));
}

/* The n-th Resv asks for the confirmation of that one; 0: of nobody. */
static void
expect_asked(const struct ct *t, size_t n, unsigned receiver)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV, n);

	assert_non_null(s);
	T_CHECK(((s->msg.has & WIRE_HAS_CONFIRM) != 0) == (receiver != 0),
		"Resv %zu: RESV_CONFIRM", n);
	if (receiver != 0)
		T_CHECK(ct_is(&s->msg.confirm, ct_addr(t, 9, receiver)),
			"Resv %zu: for %u", n, receiver);
}

static void
in_flight(struct ct *t)
{
	ct_with_path(t);
	for (unsigned i = 1; i <= RECEIVERS; i++)
		asks(t, 10000, i);
	asks(t, 10000, 1); /* it asks again: that is one confirmation */
	T_EQ(t->sent_count, 0);
	T_EQ(t->flow_count, 1);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), RECEIVERS);
	for (unsigned i = 1; i <= RECEIVERS; i++)
		expect_asked(t, i - 1, i);
	ct_forget(t);
	ct_run(t, 46000);
	for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++)
		expect_asked(t, i, 0);
}

static void
every_receiver_that_asks_before_the_kernel_answers_is_told(void)
{
	ct_both(in_flight);
}

static void
refused(struct ct *t)
{
	ct_with_path(t);
	for (unsigned i = 1; i <= RECEIVERS; i++)
		asks(t, 10000, i);
	ct_answer(t, 12);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	ct_forget(t);
	/* Who asks next is alone. */
	asks(t, 10000, 7);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 7);
}

static void
a_refused_request_takes_all_its_confirmations_with_it(void)
{
	ct_once(refused);
}

/* The second is larger, and waits for the answer to the first. */
static void
later(struct ct *t)
{
	ct_with_path(t);
	asks(t, 10000, 1);
	asks(t, 20000, 2);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 1);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	expect_asked(t, 1, 2);
}

static void
a_request_in_flight_is_not_confirmed_with_the_one_before_it(void)
{
	ct_once(later);
}

static void
later_refused(struct ct *t)
{
	ct_with_path(t);
	asks(t, 10000, 1);
	asks(t, 20000, 2);
	ct_answer(t, 0);
	ct_answer(t, 12);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

static void
the_confirmation_of_the_increase_is_refused_with_it(void)
{
	ct_once(later_refused);
}

static void
first_refused(struct ct *t)
{
	ct_with_path(t);
	asks(t, 20000, 1);
	asks(t, 10000, 2);
	ct_answer(t, 12);
	ct_answer(t, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 2);
}

static void
a_request_that_waits_keeps_its_confirmation(void)
{
	ct_once(first_refused);
}

/* Two more requests come before the kernel has answered for the first. */
static void
replaced(struct ct *t, float second, float third)
{
	ct_with_path(t);
	asks(t, 10000, 1);
	asks(t, second, 2);
	asks(t, third, 3);
	ct_answer(t, 0);
	expect_asked(t, 0, 1);
	ct_answer(t, 0);
}

static void
by_more(struct ct *t)
{
	replaced(t, 20000, 30000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 3);
	expect_asked(t, 1, 2);
	expect_asked(t, 2, 3);
}

static void
by_less(struct ct *t)
{
	replaced(t, 30000, 20000);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	expect_asked(t, 1, 3);
}

static void
a_request_replaced_by_a_larger_one_is_confirmed_with_it(void)
{
	ct_once(by_more);
}

static void
a_request_replaced_by_a_smaller_one_is_not_confirmed(void)
{
	ct_once(by_less);
}

/* More than may be sent at once, and more than are remembered. */
static void
many(struct ct *t)
{
	size_t count;

	ct_with_path(t);
	for (unsigned i = 1; i <= 20; i++)
		asks(t, 10000, i);
	ct_answer_all(t);
	count = ct_sent_count(t, WIRE_RESV);
	T_EQ(count, 8);
	for (unsigned i = 1; i <= count; i++)
		expect_asked(t, i - 1, i);
}

static void
there_is_a_limit_to_the_receivers_of_one_request(void)
{
	ct_once(many);
}

/* Each behind a next hop of its own, for a sender of its own. */
static void
crowd(struct ct *t)
{
	enum { CROWD = 12 };
	struct wire_msg *msg;
	size_t count;

	for (unsigned i = 1; i <= CROWD; i++) {
		msg = ct_path(t);
		msg->sender.src_port = (uint16_t)(6000 + i);
		ct_feed(t, UP, msg);
	}
	for (unsigned i = 1; i <= CROWD; i++) {
		msg = asking(t, 10000, i);
		msg->flows[0].filter.src_port = (uint16_t)(6000 + i);
		ct_feed(t, DOWN, msg);
	}
	ct_answer_all(t);
	for (unsigned i = 1; i <= CROWD; i++) {
		count = 0;
		for (size_t n = 0; n < ct_sent_count(t, WIRE_RESV); n++) {
			const struct ct_sent *s = ct_sent(t, WIRE_RESV, n);

			count += (s->msg.has & WIRE_HAS_CONFIRM) != 0 &&
				 ct_is(&s->msg.confirm, ct_addr(t, 9, i));
		}
		T_CHECK(count == 1, "receiver %u: %zu times", i, count);
	}
}

static void
each_of_many_senders_has_its_receiver_confirmed(void)
{
	ct_once(crowd);
}

static void
to_a_group(struct ct *t)
{
	static const uint8_t g6[16] = { 0xff, 0x1e, [15] = 9 };
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(10000));
	msg = asking(t, 10000, 1);
	msg->confirm =
		t->family == ADDR_V4 ? addr_v4_u32(0xe8010203) : addr_v6(g6);
	ct_feed_as_is(t, DOWN, msg);
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

/* Where the trees of several senders close a circle a request comes round. */
static void
comes_round(struct ct *t)
{
	ct_with_path(t);
	asks(t, 10000, 1);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 1);
	ct_forget(t);
	/* Equal to what is in place: answered here, whoever it is for. */
	for (unsigned i = 1; i <= 3; i++) {
		asks(t, 10000, 1);
		asks(t, 10000, 2);
		T_EQ(ct_sent_count(t, WIRE_RESV), 0);
		T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 2 * i);
	}
	/* A larger one is news. */
	asks(t, 20000, 2);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	expect_asked(t, 0, 2);
	/* After a period it may go all the way again, once. */
	ct_run(t, 46000);
	ct_forget(t);
	asks(t, 20000, 1);
	asks(t, 20000, 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_CONF), 1);
}

static void
a_confirmation_asked_for_again_does_not_go_round_in_circles(void)
{
	ct_both(comes_round);
}

static void
a_group_is_no_receiver_to_confirm_to(void)
{
	ct_both(to_a_group);
}

static struct t_case cases[] = {
	{ "every receiver that asks before the kernel answers is told",
		every_receiver_that_asks_before_the_kernel_answers_is_told },
	{ "a refused request takes all its confirmations with it",
		a_refused_request_takes_all_its_confirmations_with_it },
	{ "a request in flight is not confirmed with the one before it",
		a_request_in_flight_is_not_confirmed_with_the_one_before_it },
	{ "the confirmation of an increase is refused with it",
		the_confirmation_of_the_increase_is_refused_with_it },
	{ "a request that waits keeps its confirmation",
		a_request_that_waits_keeps_its_confirmation },
	{ "a request replaced by a larger one is confirmed with it",
		a_request_replaced_by_a_larger_one_is_confirmed_with_it },
	{ "a request replaced by a smaller one is not confirmed",
		a_request_replaced_by_a_smaller_one_is_not_confirmed },
	{ "there is a limit to the receivers of one request",
		there_is_a_limit_to_the_receivers_of_one_request },
	{ "each of many senders has its receiver confirmed",
		each_of_many_senders_has_its_receiver_confirmed },
	{ "a confirmation asked for again does not go round in circles",
		a_confirmation_asked_for_again_does_not_go_round_in_circles },
	{ "a group is no receiver to confirm to",
		a_group_is_no_receiver_to_confirm_to },
};

T_MAIN(cases)
