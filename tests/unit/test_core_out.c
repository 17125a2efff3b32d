/* SPDX-License-Identifier: ISC */

/*
 * What a message of ours carries and where it goes, in detail (RFC 2205 2.9,
 * 3.1, 3.4, 3.10), and who gets no answer.
 */

#include "core_t.h"

static const uint8_t policy_one[] = { 0, 12, 14, 1, 0, 4, 0, 0, 0, 4, 0, 3 };

static void
way_back(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer(t, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->send.ifindex, 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->send.ttl, 255);
}

/* RFC 2205 2.9: the way back may be another than the one it came. */
static void
a_neighbour_is_reached_as_routing_has_it(void)
{
	ct_both(way_back);
}

/* ---- PathErr ------------------------------------------------------------- */

static void
malformed_tspec(struct ct *t)
{
	/* The length inside is wrong. */
	static const uint8_t tspec[] = { 0, 36, 12, 2, 0, 0, 0, 9, 1, 0, 0, 6,
		127, 0, 0, 5, [35] = 0 };
	struct wire_msg *msg = ct_path(t);
	const struct ct_sent *s;

	msg->tspec_malformed = true;
	msg->tspec_view = (struct wire_view){ tspec, sizeof(tspec) };
	ct_feed(t, UP, msg);
	s = ct_sent(t, WIRE_PATH_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.error.code, WIRE_E_TC);
	T_EQ(s->msg.error.value, WIRE_TC_TSPEC);
	T_CHECK(s->msg.tspec_malformed, "as it came");
	T_EQ(s->msg.tspec_view.len, sizeof(tspec));
	T_EQ(memcmp(s->msg.tspec_view.bytes, tspec, sizeof(tspec)), 0);
}

/* RFC 2205 Appendix B: the sender sees what was wrong. */
static void
a_malformed_tspec_goes_back_as_it_came(void)
{
	ct_both(malformed_tspec);
}

static void
flags_of_others(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->type = WIRE_PATH_ERR;
	msg->flags = 1; /* RFC 2961: between two neighbours */
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){ .node = ct_addr(t, 7, 7),
		.code = WIRE_E_API };
	msg->hop.addr = ct_addr(t, DOWN, HOP_B);
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_PATH_ERR), 1);
	T_EQ(ct_sent(t, WIRE_PATH_ERR, 0)->msg.flags, 0);
}

static void
header_flags_are_those_of_the_neighbour(void)
{
	ct_once(flags_of_others);
}

/* ---- Resv ---------------------------------------------------------------- */

static void
explicit_styles(struct ct *t)
{
	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	for (size_t i = 0; i < 2; i++)
		T_CHECK((ct_sent(t, WIRE_RESV, i)->msg.has & WIRE_HAS_SCOPE) ==
				0,
			"its filters say it");
}

/* One previous hop, and a sender here, whom nobody has to ask. */
static void
sender_here_too(struct ct *t)
{
	ct_app_open(t, 1);
	(void)ct_app_send(t, 1);
	ct_path_of(t, UP, HOP_A, 8);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK((ct_sent(t, WIRE_RESV, 0)->msg.has & WIRE_HAS_SCOPE) == 0,
		"one hop has all of them");
}

/* A next hop has limited it; there is one previous hop. */
static void
limited(struct ct *t)
{
	struct addr src = ct_addr(t, 8, 8);
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ src.b, addr_size(t->family) };
	msg->scope_count = 1;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.scope_count, 1);
}

/* RFC 2205 3.4. */
static void
a_scope_is_sent_where_it_says_something(void)
{
	ct_both(explicit_styles);
	ct_both(sender_here_too);
	ct_both(limited);
}

static void
policy_data(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->policy_count = 1;
	msg->policies[0] = (struct wire_view){ policy_one, sizeof(policy_one) };
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.policy_count, 1);
	T_EQ(memcmp(ct_sent(t, WIRE_RESV, 0)->msg.policies[0].bytes, policy_one,
		     sizeof(policy_one)),
		0);
}

static void
policy_data_of_a_resv_goes_upstream(void)
{
	ct_both(policy_data);
}

/* More distinct objects than a message may have. */
static void
many_others(struct ct *t)
{
	static uint8_t bytes[2][WIRE_OTHERS_MAX][4];

	ct_with_path(t);
	for (uint8_t hop = 0; hop < 2; hop++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		msg->hop.addr = ct_addr(t, DOWN, HOP_B + hop);
		msg->other_count = WIRE_OTHERS_MAX;
		for (uint8_t i = 0; i < WIRE_OTHERS_MAX; i++) {
			uint8_t *object = bytes[hop][i];

			object[1] = 4;
			object[2] = 200;
			object[3] = (uint8_t)(1 + 100 * hop + i);
			msg->others[i] = (struct wire_view){ object, 4 };
		}
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, WIRE_OTHERS_MAX);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.policy_count, 0);
}

/* RFC 2205 3.10. */
static void
unknown_objects_are_merged_as_far_as_they_fit(void)
{
	ct_once(many_others);
}

/* ---- who gets no answer -------------------------------------------------- */

/* A class was met that nobody knows, before what is left out here. */
static void
broken_off(struct ct *t, const struct wire_msg *msg, size_t answers)
{
	const struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = ct_addr(t, UP, 1),
		.dst_local = true,
		.ttl = 60,
		.fault = WIRE_UNKNOWN_CLASS,
		.msg = msg };
	const uint64_t bad = rsvp_core_counter(t->core, RSVP_C_DROP_BAD);

	ct_forget(t);
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
	T_EQ(t->sent_count, answers);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), bad + 1);
}

static void
unanswerable(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	broken_off(t, msg, 1);
	msg->has &= ~(uint32_t)WIRE_HAS_SENDER;
	broken_off(t, msg, 0);
	msg = ct_path(t);
	msg->has &= ~(uint32_t)WIRE_HAS_TSPEC;
	broken_off(t, msg, 0);
	msg = ct_path(t);
	msg->has &= ~(uint32_t)WIRE_HAS_SESSION;
	broken_off(t, msg, 0);
	msg = ct_path_tear(t);
	broken_off(t, msg, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

/* RFC 2205 3.10, Appendix B: an error says whose it is. */
static void
what_does_not_say_whose_it_is_gets_no_answer(void)
{
	ct_once(unanswerable);
}

static void
partly_read(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->others_ignored = 1;
	ct_feed_as_is(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
	msg->others_ignored = 0;
	msg->policies_ignored = 1;
	ct_feed_as_is(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_IN), 2);
}

static void
not_read(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);
	struct rsvp_packet packet = { .ifindex = UP, .ttl = 60, .msg = msg };
	uint64_t bad = 0;

	for (int fault = 0; fault < WIRE_FAULT_COUNT; fault++) {
		packet.fault = (enum wire_fault)fault;
		if (fault == WIRE_OK || fault == WIRE_UNKNOWN_CLASS ||
			fault == WIRE_UNKNOWN_CTYPE)
			continue;
		rsvp_core_packet(t->core, t->now, &packet);
		T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), ++bad);
	}
	T_CHECK(bad > 10, "%d faults", (int)bad);
	msg->type = 99; /* and understood, as far as it goes */
	packet.fault = WIRE_OK;
	rsvp_core_packet(t->core, t->now, &packet);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), bad + 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_IN), 0);
}

static void
what_is_left_out_of_a_message_is_counted(void)
{
	ct_once(partly_read);
	ct_once(not_read);
}

static struct t_case cases[] = {
	{ "a neighbour is reached as routing has it",
		a_neighbour_is_reached_as_routing_has_it },
	{ "a malformed TSPEC goes back as it came",
		a_malformed_tspec_goes_back_as_it_came },
	{ "header flags are those of the neighbour",
		header_flags_are_those_of_the_neighbour },
	{ "a SCOPE is sent where it says something",
		a_scope_is_sent_where_it_says_something },
	{ "POLICY_DATA of a Resv goes upstream",
		policy_data_of_a_resv_goes_upstream },
	{ "unknown objects are merged as far as they fit",
		unknown_objects_are_merged_as_far_as_they_fit },
	{ "what does not say whose it is gets no answer",
		what_does_not_say_whose_it_is_gets_no_answer },
	{ "what is left out of a message is counted",
		what_is_left_out_of_a_message_is_counted },
};
T_MAIN(cases)
