/* SPDX-License-Identifier: ISC */

/* What the fuzzer of the core (tests/fuzz/fuzz_core.c) found. */

#include <errno.h>

#include "core_t.h"

/* A message for another node, as the decoder leaves it. */
static void
pass_on(struct ct *t, const struct wire_msg *msg, enum wire_fault fault)
{
	const struct rsvp_packet packet = { .ifindex = DOWN,
		.src = ct_addr(t, DOWN, HOP_B),
		.dst = ct_addr(t, 6, 6),
		.ttl = 60,
		.fault = fault,
		.msg = msg };

	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
}

static void
expect_dropped(struct ct *t)
{
	T_EQ(t->sent_count, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
what_may_not_be_sent_is_not_passed_on(struct ct *t)
{
	const struct addr first = ct_addr(t, 8, 9);
	const struct addr second = ct_addr(t, 8, 8);
	struct wire_msg *msg = ct_resv(t, ct_cl(100000));
	const size_t size = addr_size(t->family);
	uint8_t scope[32];

	memcpy(scope, first.b, size);
	memcpy(scope + size, second.b, size);
	msg->style = WIRE_STYLE_WF;
	msg->style_vector = WIRE_STYLE_WF;
	msg->flows[0].has_filter = false;
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ scope, 2 * size };
	msg->scope_count = 2;
	pass_on(t, msg, WIRE_OK);
	expect_dropped(t);
	memcpy(scope, second.b, size);
	memcpy(scope + size, first.b, size);
	pass_on(t, msg, WIRE_OK);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
}

static void
what_is_not_understood_is_not_passed_on(struct ct *t)
{
	pass_on(t, ct_resv(t, ct_cl(100000)), WIRE_UNKNOWN_CLASS);
	expect_dropped(t);
	pass_on(t, ct_resv(t, ct_cl(100000)), WIRE_OK);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
}

/* The answer is lost with traffic control, although the interface was given up
 * before: the flow must not wait for it for ever. */
static void
a_request_of_an_interface_given_up_is_lost_too(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	T_EQ(t->flow_count, 1);
	rsvp_core_tc_ready(t->core, t->now, DOWN, ENODEV, "given up");
	ct_tick(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_forget(t);
	ct_tc_ready(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(100000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
order(void)
{
	ct_both(what_may_not_be_sent_is_not_passed_on);
}

static void
understood(void)
{
	ct_both(what_is_not_understood_is_not_passed_on);
}

static void
given_up(void)
{
	ct_both(a_request_of_an_interface_given_up_is_lost_too);
}

static struct t_case cases[] = {
	{ "what may not be sent is not passed on either", order },
	{ "what is not understood is not passed on", understood },
	{ "a request of an interface that was given up is lost too", given_up },
};

T_MAIN(cases)
