/* SPDX-License-Identifier: ISC */

/* Answers of the kernel that come together are told upstream once. */

#include "core_t.h"

/* Both senders, each with a flow of its own (FF); the kernel is asked. */
static void
with_two_requests(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	msg = ct_resv(t, ct_cl(100000));
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	T_EQ(t->flow_count, 2);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
kernel_answers(struct ct *t, size_t at)
{
	const struct rsvp_installed result = { .serial = t->flows[at].serial };

	rsvp_core_installed(t->core, t->now, &result);
}

static void
check_together(struct ct *t)
{
	with_two_requests(t);
	kernel_answers(t, 0);
	kernel_answers(t, 1);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
}

static void
answers_together_are_one_message(void)
{
	ct_both(check_together);
}

static void
check_input_between(struct ct *t)
{
	with_two_requests(t);
	kernel_answers(t, 0);
	rsvp_core_tick(t->core, t->now); /* any other input */
	kernel_answers(t, 1);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV, 1)->msg.flow_count, 2);
}

static void
another_input_comes_after_what_was_answered(void)
{
	ct_once(check_input_between);
}

static void
check_gone(struct ct *t)
{
	with_two_requests(t);
	kernel_answers(t, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV, 1)->msg.flow_count, 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 1)->msg.flows[0].filter.src,
			ct_second_sender(t).src),
		"the sender that left");
}

static void
what_was_answered_is_told_before_a_tear(void)
{
	ct_once(check_gone);
}

static struct t_case cases[] = {
	{ "answers together are one message",
		answers_together_are_one_message },
	{ "another input comes after what was answered",
		another_input_comes_after_what_was_answered },
	{ "what was answered is told before a tear",
		what_was_answered_is_told_before_a_tear },
};
T_MAIN(cases)
