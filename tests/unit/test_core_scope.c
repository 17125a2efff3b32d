/* SPDX-License-Identifier: ISC */

/* Several senders in one reservation from the network: SE, WF and its SCOPE. */

#include "core_t.h"

/* ---- shared styles ------------------------------------------------------- */

static void
se_differs(struct ct *t)
{
	const struct ct_sent *s;
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE);
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	msg = ct_style(ct_resv(t, ct_cl(70000)), WIRE_STYLE_SE);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_forget(t);
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	s = ct_sent(t, WIRE_RESV, 0);
	assert_non_null(s);
	T_EQ(s->msg.flow_count, 2);
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 70000, "the larger for");
	T_CHECK(s->msg.flows[1].flowspec.tspec.r == 70000, "both");
}

/* What the senders may send together, RFC 2209's Path_Te. */
static void
se_sum(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9); /* each 100 000 */
	msg = ct_style(ct_resv(t, ct_cl(150000)), WIRE_STYLE_SE);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, DOWN, msg);
	/* 100 octets and 38 on the wire; in IPv6 the same */
	T_EQ(ct_flow(t)->flow.rate_Bps, 150000 * 138 / 100);
}

static void
senders_of_a_shared_reservation_count_together(void)
{
	ct_both(se_sum);
}

/* RFC 2205 3.1.5: no Resv comes of a PathTear, the tear itself tells. */
static void
one_of_two_paths_goes(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_resv(t, ct_cl(50000));
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_path_tear(t);
	ct_feed(t, UP, msg);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->flow_count, 1);
	ct_answer_all(t);
	ct_run(t, 46000);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 1);
}

static void
a_path_tear_of_one_of_two_is_quiet(void)
{
	ct_both(one_of_two_paths_goes);
}

static void
se_upstream_is_the_largest_for_all_filters(void)
{
	ct_both(se_differs);
}

static void
put_scope(const struct ct *t, struct wire_msg *msg, uint8_t *bytes,
	const unsigned *hosts, size_t count)
{
	size_t size = addr_size(t->family);

	for (size_t i = 0; i < count; i++) {
		struct addr a = ct_addr(t, 8, hosts[i]);

		memcpy(bytes + i * size, a.b, size);
	}
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ bytes, count * size };
	msg->scope_count = count;
}

/* RFC 2205 3.4: a wildcard request goes to the senders of its SCOPE only, or
 * requests would keep each other alive around a loop. */
static void
wf_scope(struct ct *t)
{
	static const unsigned first[] = { 8 }, both[] = { 8, 9 };
	uint8_t bytes[32];
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, first, 1);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.scope_count, 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, UP, HOP_A)),
		"to the sender in scope");
	ct_forget(t);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, both, 2);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV, 0)->send.dst,
			ct_addr(t, SIDE, HOP_A)),
		"the other is in scope now");
	ct_forget(t);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, first, 1);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
wf_goes_to_the_senders_in_its_scope(void)
{
	ct_both(wf_scope);
}

static void
wf_scope_of_others(struct ct *t)
{
	static const unsigned hosts[] = { 77 };
	uint8_t bytes[16];
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, hosts, 1);
	ct_feed(t, DOWN, msg);
	ct_expect_err(t, WIRE_E_NO_SENDER, 0, 0);
}

static void
wf_without_a_sender_in_scope_is_code_4(void)
{
	ct_once(wf_scope_of_others);
}

/* Received SCOPEs may be in any order and may repeat; ours do not. */
static void
scope_unsorted(struct ct *t)
{
	static const unsigned hosts[] = { 9, 8, 9, 8 };
	const struct ct_sent *s;
	uint8_t bytes[64];
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_style(
		ct_resv_err(t, WIRE_E_POLICY, 3, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, hosts, 2);
	ct_feed_as_is(t, UP, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
	ct_forget(t);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	msg->flows[0].flowspec.tspec.r = 0;
	put_scope(t, msg, bytes, hosts, 4);
	ct_feed_as_is(t, DOWN, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
a_scope_in_any_order_is_sent_on_in_ours(void)
{
	ct_both(scope_unsorted);
}

/* A sender that there is, but whose data do not go there. */
static void
scope_elsewhere(struct ct *t)
{
	static const unsigned hosts[] = { 8, 9 };
	const struct ct_sent *s;
	uint8_t bytes[32];
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	t->out = SIDE;
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(
		ct_resv_err(t, WIRE_E_POLICY, 3, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, hosts, 2);
	ct_feed(t, UP, msg);
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 1);
	T_EQ(wire_scope_at(&s->msg, 0).b[addr_size(t->family) - 1], 8);
}

static void
a_scope_names_who_sends_there(void)
{
	ct_both(scope_elsewhere);
}

/* Elsewhere there are other senders behind us; a copy for each of them would go
 * round where their paths make a loop. */
static void
error_without_scope(struct ct *t)
{
	const struct ct_sent *s;
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, UP,
		ct_style(ct_resv_err(t, WIRE_E_POLICY, 3, ct_cl(50000)),
			WIRE_STYLE_WF));
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 1);
	T_EQ(wire_scope_at(&s->msg, 0).b[addr_size(t->family) - 1], 8);
	ct_forget(t);
	msg = ct_style(
		ct_resv_err(t, WIRE_E_POLICY, 3, ct_cl(50000)), WIRE_STYLE_WF);
	msg->hop.addr = ct_addr(t, UP, HOP_C); /* nobody is behind that one */
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
}

/* Nobody reserves for the second one behind that hop. */
static void
error_of_some(struct ct *t)
{
	static const unsigned first[] = { 8 };
	uint8_t bytes[16];
	const struct ct_sent *s;
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
	put_scope(t, msg, bytes, first, 1);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, UP,
		ct_style(ct_resv_err(t, WIRE_E_POLICY, 3, ct_cl(50000)),
			WIRE_STYLE_WF));
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.scope_count, 1);
	T_EQ(wire_scope_at(&s->msg, 0).b[addr_size(t->family) - 1], 8);
}

static void
a_wildcard_error_is_about_those_behind_its_hop(void)
{
	ct_both(error_without_scope);
	ct_both(error_of_some);
}

/* ---- policing flags (RFC 2205 3.8) --------------------------------------- */

static struct wire_msg *
both_senders(const struct ct *t, struct wire_msg *msg)
{
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src = ct_addr(t, 8, 9);
	return msg;
}

static void
entry(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	ct_with_resv(t, ct_cl(50000));
	T_EQ(ct_only_resv(t).police, 0);
	msg = ct_path(t);
	msg->session.flags = WIRE_SESSION_E_POLICE;
	ct_feed(t, UP, msg);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.session.flags, 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE); /* is told */
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_E);
	T_EQ(ct_only_resv(t).police, RSVP_POLICE_E);
}

/* Only the first node demotes, and by the sender's rate, not the reserved. */
static void
excess(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(50000, 60000)));
	T_EQ(ct_flow(t)->flow.police, 0);
	T_EQ(ct_flow(t)->flow.token_Bps, 0);
	ct_answer_all(t);
	msg = ct_path(t);
	msg->session.flags = WIRE_SESSION_E_POLICE;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_CHECK(ct_flow(t)->flow.token_Bps >= 50000 &&
			ct_flow(t)->flow.token_Bps < ct_flow(t)->flow.rate_Bps,
		"r on the wire");
	ct_answer_all(t);
	ct_forget(t);
	/* r alone */
	ct_feed(t, DOWN, ct_resv(t, ct_gs(40000, 60000)));
	T_CHECK(ct_flow(t) != NULL, "r alone changed nothing");
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_CHECK(ct_flow(t)->flow.token_Bps < ct_flow(t)->flow.rate_Bps * 3 / 4,
		"r of before");
	ct_answer_all(t);
}

static void
policed_before(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.flags = WIRE_SESSION_E_POLICE;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(50000, 60000)));
	T_CHECK(ct_flow(t)->flow.token_Bps > 0, "not the first");
	ct_answer_all(t);
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_flow(t)->flow.police, 0);
	T_EQ(ct_flow(t)->flow.token_Bps, 0);
}

/* Where senders merge, what exceeds may have conformed. */
static void
merged(struct ct *t)
{
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_path(t);
	msg->session.flags = WIRE_SESSION_E_POLICE;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN,
		both_senders(t, ct_style(ct_resv(t, ct_gs(50000, 60000)),
					WIRE_STYLE_SE)));
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_E | RSVP_POLICE_M);
	T_EQ(ct_flow(t)->flow.token_Bps, 0);
}

static void
what_exceeds_is_demoted_at_the_first_node(void)
{
	ct_both(excess);
	ct_both(policed_before);
	ct_both(merged);
}

static void
the_first_that_can_police_is_told(void)
{
	ct_both(entry);
}

static void
many_senders(struct ct *t)
{
	ct_path_of(t, UP, HOP_A, 8);
	ct_feed(t, DOWN, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF));
	T_EQ(ct_flow(t)->flow.police, 0);
	ct_answer(t, 0);
	ct_path_of(t, UP, HOP_A, 9);
	T_EQ(ct_only_resv(t).police, RSVP_POLICE_M);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
	T_EQ(ct_only_resv(t).police, 0);
}

static void
se_senders(struct ct *t)
{
	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	ct_feed(t, DOWN,
		both_senders(
			t, ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE)));
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_M);
}

static void
ff_senders(struct ct *t)
{
	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	ct_feed(t, DOWN, both_senders(t, ct_resv(t, ct_cl(50000))));
	T_EQ(t->flow_count, 2);
	T_EQ(t->flows[0].flow.police, 0);
	T_EQ(t->flows[1].flow.police, 0);
}

static void
senders_that_share_are_told(void)
{
	ct_both(many_senders);
	ct_both(se_senders);
	ct_once(ff_senders);
}

static uint8_t
police_on(const struct ct *t, uint32_t ifindex)
{
	struct rsvp_session_info session;
	struct rsvp_resv_info infos[8];
	size_t count;

	assert_true(rsvp_core_session_after(t->core, 0, &session));
	count = rsvp_core_resvs(t->core, t->now, session.serial, infos, 8);
	for (size_t i = 0; i < count; i++)
		if (infos[i].ifindex == ifindex)
			return infos[i].police;
	T_CHECK(false, "nothing on %u", ifindex);
	return 0;
}

static void
reserve_on(struct ct *t, uint32_t ifindex, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_resv(t, spec);

	msg->hop = (struct wire_hop){ ct_addr(t, ifindex, HOP_B), ifindex };
	ct_feed(t, ifindex, msg);
	ct_answer_all(t);
}

static void
branches(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(50000);
	struct wire_msg *msg;

	t->also_out = SIDE;
	ct_path_of(t, UP, HOP_A, 8);
	reserve_on(t, DOWN, ct_cl(50000));
	reserve_on(t, SIDE, ct_cl(50000));
	T_EQ(police_on(t, DOWN) | police_on(t, SIDE), 0); /* equal */
	ct_forget(t);
	reserve_on(t, SIDE, ct_cl(90000));
	T_EQ(police_on(t, DOWN), RSVP_POLICE_B);
	T_EQ(police_on(t, SIDE), 0);
	T_EQ(ct_flow(t)->flow.ifindex, DOWN); /* traffic control is told */
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_B);
	spec.tspec.b = 9000; /* no order between the two */
	reserve_on(t, DOWN, spec);
	T_EQ(police_on(t, DOWN), RSVP_POLICE_B);
	T_EQ(police_on(t, SIDE), RSVP_POLICE_B);
	/* a second next hop there makes up for it */
	msg = ct_resv(t, ct_cl(90000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(police_on(t, DOWN), 0);
	T_EQ(police_on(t, SIDE), RSVP_POLICE_B);
}

/* What is reserved for other senders does not come here. */
static void
other_branch(struct ct *t)
{
	struct wire_msg *msg;

	t->also_out = SIDE;
	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, UP, HOP_A, 9);
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	msg = ct_style(ct_resv(t, ct_cl(90000)), WIRE_STYLE_SE);
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	msg->flows[0].filter.src = ct_addr(t, 8, 9);
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	T_EQ(police_on(t, DOWN) | police_on(t, SIDE), 0);
	msg = both_senders(
		t, ct_style(ct_resv(t, ct_cl(90000)), WIRE_STYLE_SE));
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	ct_feed(t, SIDE, msg);
	ct_answer_all(t);
	T_EQ(police_on(t, DOWN), RSVP_POLICE_B);
	T_EQ(police_on(t, SIDE), RSVP_POLICE_M);
}

static void
branches_that_take_less_are_told(void)
{
	ct_both(branches);
	ct_once(other_branch);
}

static struct t_case cases[] = {
	{ "what exceeds is demoted at the first node",
		what_exceeds_is_demoted_at_the_first_node },
	{ "the first node that can police is told",
		the_first_that_can_police_is_told },
	{ "a shared reservation of several senders is told",
		senders_that_share_are_told },
	{ "a branch that takes less than another is told",
		branches_that_take_less_are_told },
	{ "senders of a shared reservation count together",
		senders_of_a_shared_reservation_count_together },
	{ "a PathTear of one of two is quiet",
		a_path_tear_of_one_of_two_is_quiet },
	{ "SE upstream is the largest for all filters",
		se_upstream_is_the_largest_for_all_filters },
	{ "WF goes to the senders in its SCOPE",
		wf_goes_to_the_senders_in_its_scope },
	{ "WF without a sender in its SCOPE is code 4",
		wf_without_a_sender_in_scope_is_code_4 },
	{ "a SCOPE in any order is sent on in ours",
		a_scope_in_any_order_is_sent_on_in_ours },
	{ "a SCOPE names who sends there", a_scope_names_who_sends_there },
	{ "a wildcard error is about the senders behind the hop it comes from",
		a_wildcard_error_is_about_those_behind_its_hop },
};
T_MAIN(cases)
