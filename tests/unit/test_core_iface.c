/* SPDX-License-Identifier: ISC */

/* Interfaces that change under what they carry: addresses, names, sizes, and
 * how much may be reserved there. */

#include "core_judged.h"

#include <errno.h>

static void
set_addr(const struct ct *t, struct rsvp_iface *conf, struct addr addr)
{
	if (t->family == ADDR_V4)
		conf->v4 = addr;
	else
		conf->v6 = addr;
}

/* ---- addresses, names ---------------------------------------------------- */

static void
readdressed(struct ct *t)
{
	struct rsvp_iface conf;
	const struct ct_sent *s;

	ct_with_resv(t, ct_cl(50000));
	conf = ct_iface(t, DOWN);
	set_addr(t, &conf, ct_addr(t, DOWN, 100));
	ct_put_iface(t, &conf);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_PATH, 0);
	assert_non_null(s);
	T_EQ(s->send.ifindex, DOWN);
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, DOWN, 100)), "new HOP");
	T_EQ(t->flow_count, 0);
	ct_forget(t);
	conf = ct_iface(t, UP);
	set_addr(t, &conf, ct_addr(t, UP, 100));
	ct_put_iface(t, &conf);
	T_EQ(t->sent_count, 1);
	s = ct_sent(t, WIRE_RESV, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->msg.hop.addr, ct_addr(t, UP, 100)), "new HOP");
	T_CHECK(ct_is(&s->send.dst, ct_addr(t, UP, HOP_A)), "to the PHOP");
	ct_forget(t);
	conf = ct_iface(t, SIDE);
	set_addr(t, &conf, ct_addr(t, SIDE, 100));
	ct_put_iface(t, &conf);
	T_EQ(t->sent_count, 0); /* nothing goes there */
	ct_put_iface(t, &conf);
	conf = ct_iface(t, DOWN);
	ct_put_iface(t, &conf);
	T_EQ(t->sent_count, 0); /* nothing new */
}

static void
a_new_address_is_told_to_both_sides_at_once(void)
{
	ct_both(readdressed);
}

static void
upstream_link_flaps(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_iface_up(t, UP, false);
	T_EQ(t->sent_count, 0);
	T_EQ(t->flow_count, 0);
	ct_iface_up(t, UP, true);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(t->sent_count, 1);
}

static void
an_upstream_link_that_is_back_gets_the_resv_at_once(void)
{
	ct_both(upstream_link_flaps);
}

static void
renamed(struct ct *t)
{
	struct rsvp_iface conf;

	ct_with_resv(t, ct_cl(50000));
	conf = ct_iface(t, DOWN);
	snprintf(conf.name, sizeof(conf.name), "wan0");
	ct_put_iface(t, &conf);
	T_EQ(t->sent_count + t->flow_count, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_STR(ct_iface(t, DOWN).name, "wan0");
}

static void
a_renamed_interface_is_the_same(void)
{
	ct_once(renamed);
}

/* Deleted, and made again under the same name: another interface. */
static void
made_again(struct ct *t)
{
	struct rsvp_iface conf;

	ct_with_resv(t, ct_cl(50000));
	conf = ct_iface(t, DOWN);
	t->out = 0;
	ct_iface_gone(t, DOWN);
	T_EQ(ct_totals(t).resvs, 0);
	ct_forget(t);
	conf.ifindex = 17;
	t->out = 17;
	ct_put_iface(t, &conf);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent[0].msg.hop.lih, 17);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* its old handle */
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_DISABLED), 1);
}

static void
an_interface_made_again_starts_anew(void)
{
	ct_once(made_again);
}

/* An operator who disables an interface means it. */
static void
disabled(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_iface_enabled(t, DOWN, false);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_totals(t).resvs, 0);
}

static void
a_disabled_interface_is_not_waited_for(void)
{
	ct_once(disabled);
}

/* A path moves to where reservations are in force at once. */
static void
moves_to_uncontrolled(struct ct *t)
{
	ct_iface_tc(t, SIDE, false);
	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_cl(50000)));
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->sent_count, 1);
	T_EQ(ct_totals(t).resvs, 1);
}

static void
without_traffic_control_a_path_moves_as_well(void)
{
	ct_both(moves_to_uncontrolled);
}

/* ---- MTU ----------------------------------------------------------------- */

static void
smaller_mtu(struct ct *t)
{
	struct rsvp_iface conf;

	ct_with_resv(t, ct_cl(50000)); /* M is 1000 */
	conf = ct_iface(t, DOWN);
	conf.mtu = 800;
	ct_put_iface(t, &conf);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.max_packet_bytes, 800 + 38);
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 100000);
	ct_forget(t);
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000))); /* refreshed as it is */
	T_EQ(t->sent_count, 0);
	ct_run(t, 100000);
	T_EQ(ct_totals(t).resvs, 1);
	ct_forget(t);
	ct_feed(t, DOWN,
		ct_other_flow(t, 5006, ct_cl(50000))); /* a new one is not */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_ADMISSION);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.value, WIRE_ADMISSION_MTU);
}

static void
a_smaller_mtu_is_for_new_reservations(void)
{
	ct_once(smaller_mtu);
}

static void
larger_packets(struct ct *t)
{
	struct rsvp_iface conf;
	struct wire_flowspec spec = ct_cl(50000);

	ct_with_resv(t, spec);
	conf = ct_iface(t, DOWN);
	conf.mtu = 800;
	ct_put_iface(t, &conf);
	ct_answer_all(t);
	ct_forget(t);
	spec.tspec.M = 1100;
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(
		t, WIRE_E_ADMISSION, WIRE_ADMISSION_MTU, WIRE_ERROR_IN_PLACE);
}

static void
larger_packets_than_before_are_refused(void)
{
	ct_once(larger_packets);
}

/* ---- how much may be reserved -------------------------------------------- */

/* The destination port is the defending priority. */
static void
by_port(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct ct *t = (struct ct *)arg;

	*ret = (struct rsvp_policy_answer){ .allowed = true };
	ret->defending = query->session.dst_port;
	if (query->claim == 0)
		t->claims++;
	ret->claim = ++t->last_claim;
}

static void
reserve(struct ct *t, uint16_t port, struct wire_flowspec spec)
{
	ct_feed(t, DOWN, ct_other_flow(t, port, spec));
	ct_answer_all(t);
}

static bool
has(struct ct *t, uint16_t port)
{
	struct rsvp_session_info session = { 0 };

	while (rsvp_core_session_after(t->core, session.serial, &session))
		if (session.session.dst_port == port)
			return session.resvs == 1;
	return false;
}

/* Wire octets a second of one CL reservation. */
static uint64_t
wire_rate(float rate)
{
	return (uint64_t)rate + (uint64_t)rate * 38 / 100;
}

static void
the_lowest_priority_is_preempted_then_the_youngest(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct rsvp_refusal refusal;
	const struct ct_sent *s;

	reserve(t, 7, ct_cl(50000));
	reserve(t, 5, ct_cl(50000));
	reserve(t, 9, ct_cl(50000));
	T_EQ(ct_reserved(t, DOWN), 3 * wire_rate(50000));
	ct_forget(t);
	ct_limit(t, 3 * wire_rate(50000));
	T_EQ(t->sent_count + t->flow_count, 0); /* it fits */
	ct_limit(t, 3 * wire_rate(50000) - 1);
	T_CHECK(has(t, 7) && !has(t, 5) && has(t, 9), "the lowest went");
	s = ct_sent(t, WIRE_RESV_ERR, 0);
	assert_non_null(s);
	T_EQ(s->msg.error.code, 12);
	T_EQ(s->msg.error.value, 0);
	T_EQ(s->msg.error.flags, 0);
	T_EQ(s->msg.session.dst_port, 5);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->sent_count, 2);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	refusal = ct_refusal(t);
	T_EQ(refusal.code, 12);
	T_EQ(refusal.session.dst_port, 5);
	T_STR(refusal.reason,
		"1.656 Mbit/s were reserved on eth2, which may carry "
		"1.656 Mbit/s now; defending priority 5, 552 kbit/s");
	T_CHECK(t->note.remote && t->note.warning, "a warning, not too many");
	T_STR(t->note.text,
		"10.0.9.9/17/5: reservation preempted (code 12), "
		"1.656 Mbit/s were reserved on eth2, which may carry "
		"1.656 Mbit/s now; defending priority 5, 552 kbit/s");
	ct_answer_all(t);
	T_EQ(t->claims, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 1);
	ct_free(t);
}

static void
among_equals_the_youngest_goes(void)
{
	struct ct *t = ct_new(ADDR_V4);

	for (uint16_t port = 1; port <= 4; port++)
		reserve(t, port, ct_cl(50000));
	ct_limit(t, 2 * wire_rate(50000));
	T_CHECK(has(t, 1) && has(t, 2) && !has(t, 3) && !has(t, 4),
		"the first two stay");
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 2 * wire_rate(50000));
	ct_forget(t);
	for (uint16_t port = 1; port <= 2; port++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		msg->session.dst_port = port;
		ct_feed(t, DOWN, msg);
		msg = ct_resv(t, ct_cl(40000));
		msg->session.dst_port = port;
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 2);
	ct_free(t);
}

static void
none_goes_that_fits_beside_the_rest(void)
{
	struct ct *t = ct_judged_by(by_port);

	reserve(t, 1, ct_cl(20000)); /* lowest, and small */
	reserve(t, 2, ct_cl(90000));
	reserve(t, 3, ct_cl(50000));
	ct_limit(t, wire_rate(80000));
	T_CHECK(has(t, 1) && !has(t, 2) && has(t, 3),
		"the large one made room for the small one");
	ct_free(t);
}

static void
a_limit_of_none_takes_all(void)
{
	struct ct *t = ct_judged_by(by_port);

	for (uint16_t port = 1; port <= 3; port++)
		reserve(t, port, ct_cl(50000));
	ct_limit(t, 0);
	T_EQ(ct_totals(t).resvs, 0);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_limit(t, 1000000);
	reserve(t, 1, ct_cl(50000)); /* welcome again */
	T_CHECK(has(t, 1), "admitted");
	ct_free(t);
}

/* Only who sends bursts takes of their budget. */
static void
a_smaller_burst_budget_is_no_matter_of_controlled_load(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct rsvp_iface conf;

	reserve(t, 1, ct_cl(50000));
	reserve(t, 2, ct_gs(50000, 60000));
	reserve(t, 3, ct_gs(50000, 60000));
	conf = ct_iface(t, DOWN);
	conf.budget_bytes = 3000;
	ct_put_iface(t, &conf);
	T_CHECK(has(t, 1) && !has(t, 2) && has(t, 3), "a burst less");
	T_CHECK(strstr(ct_refusal(t).reason, "bursts on eth2 were"), "%s",
		ct_refusal(t).reason);
	ct_free(t);
}

static void
fewer_flows_are_preempted_too(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct rsvp_iface conf;

	for (uint16_t port = 1; port <= 3; port++)
		reserve(t, port, ct_cl(50000));
	conf = ct_iface(t, DOWN);
	conf.max_flows = 2;
	ct_put_iface(t, &conf);
	T_CHECK(!has(t, 1) && has(t, 2) && has(t, 3), "one less");
	T_CHECK(strstr(ct_refusal(t).reason,
			"eth2 carried 3 flows and may carry 2 now"),
		"%s", ct_refusal(t).reason);
	ct_free(t);
}

/* An increase is in flight: if the kernel refuses it, nobody has to go. */
static void
answers_are_waited_for(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct wire_msg *msg;

	reserve(t, 1, ct_cl(50000));
	reserve(t, 2, ct_cl(50000));
	ct_forget(t);
	msg = ct_resv(t, ct_cl(90000));
	msg->session.dst_port = 2;
	ct_feed(t, DOWN, msg);
	ct_limit(t, 2 * wire_rate(50000));
	ct_run(t, 90);
	T_EQ(ct_totals(t).resvs, 2);
	ct_answer(t, ENOSPC);
	ct_run(t, 200);
	T_EQ(ct_totals(t).resvs, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PREEMPTED), 0);
	ct_limit(t, wire_rate(50000));
	T_CHECK(!has(t, 1) && has(t, 2), "the lower one");
	ct_free(t);
}

static void
answers_are_not_waited_for_for_ever(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct wire_msg *msg;

	reserve(t, 1, ct_cl(50000));
	reserve(t, 2, ct_cl(50000));
	msg = ct_resv(t, ct_cl(70000));
	msg->session.dst_port = 2;
	ct_feed(t, DOWN, msg);
	ct_limit(t, wire_rate(100000));
	ct_run(t, 1900);
	T_CHECK(has(t, 1) && has(t, 2), "not so soon");
	ct_run(t, 200);
	T_CHECK(!has(t, 1) && has(t, 2), "the lower one went");
	ct_free(t);
}

/* What is on its way out needs no second victim. */
static void
what_goes_anyway_is_not_counted(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct wire_msg *msg;

	reserve(t, 1, ct_cl(50000));
	reserve(t, 2, ct_cl(50000));
	msg = ct_resv_tear(t);
	msg->session.dst_port = 2;
	ct_feed(t, DOWN, msg);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL); /* not answered yet */
	ct_limit(t, wire_rate(50000));
	ct_run(t, 1000);
	T_CHECK(has(t, 1), "it fits");
	ct_free(t);
}

static void
many_at_a_time(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.max_flows = 2000;
	conf.reservable_Bps = 1250000;
	ct_put_iface(t, &conf);
	for (uint16_t port = 1; port <= 700; port++) {
		ct_feed(t, DOWN, ct_other_flow(t, port, ct_cl(1000)));
		ct_answer_all(t);
		ct_forget(t);
	}
	T_EQ(ct_totals(t).resvs, 700);
	conf.reservable_Bps = wire_rate(1000) * 100;
	rsvp_core_iface(t->core, t->now, &conf);
	for (int i = 0; i < 3; i++, t->now.us++) {
		struct rsvp_effect effect;

		rsvp_core_tick(t->core, t->now);
		while (rsvp_core_take(t->core, &effect))
			T_CHECK(effect.kind != RSVP_EFFECT_SEND ||
					effect.send.type != WIRE_RESV,
				"nothing new is asked for");
		T_EQ(ct_totals(t).resvs, i == 0 ? 700 - 512 : 100);
	}
	T_EQ(ct_totals(t).resvs, 100);
}

static void
many_are_preempted_in_steps(void)
{
	ct_once(many_at_a_time);
}

/* Merged requests defend each other; all of them are told. */
static void
merged_requests_go_together(void)
{
	struct ct *t = ct_judged_by(by_port);
	struct wire_msg *msg;

	reserve(t, 1, ct_cl(50000));
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst_port = 1;
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_totals(t).resvs, 2);
	ct_forget(t);
	ct_limit(t, 1000);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(t->flow_count, 1);
	ct_free(t);
}

/* Several reservations of one session: FF. */
static void
one_session(struct ct *t)
{
	ct_with_path(t);
	ct_with_second_path(t);
	for (int i = 0; i < 2; i++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		if (i == 1)
			msg->flows[0].filter = ct_second_sender(t);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	T_EQ(ct_totals(t).resvs, 2);
	ct_forget(t);
	ct_limit(t, 0);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	ct_answer_all(t);
	ct_feed(t, UP, ct_path_tear(t));
}

static void
all_of_one_session_may_go(void)
{
	ct_once(one_session);
}

/* ---- after a restart ----------------------------------------------------- */

static void
adopted_too_much(struct ct *t)
{
	struct rsvp_flow flow;

	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	flow = ct_flow(t)->flow;
	ct_answer(t, 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer_all(t);
	rsvp_core_tc_lost(t->core, t->now);
	flow.id = 4711;
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_limit(t, wire_rate(50000));
	ct_tc_ready(t);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* claimed */
	for (int i = 0; i < 15; i++) {
		ct_run(t, 10000);
		ct_feed(t, UP, ct_path(t));
		ct_feed(t, DOWN, ct_resv(t, ct_cl(60000)));
	}
	T_EQ(ct_totals(t).resvs, 1);
	ct_forget(t);
	ct_run(t, 7501);
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_PREEMPTED);
	T_EQ(ct_totals(t).resvs, 0);
}

static void
what_a_restart_found_is_too_much_after_the_lifetime(void)
{
	ct_once(adopted_too_much);
}

/* ---- traffic control in trouble ------------------------------------------ */

static void
trouble_in_flight(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(70000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EIO, "trouble");
	ct_tick(t);
	T_EQ(ct_totals(t).resvs, 0); /* all are told */
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.code, WIRE_E_TC_SYSTEM);
	ct_answer_all(t); /* too late, and nobody listens */
	T_EQ(ct_totals(t).resvs, 0);
	ct_forget(t);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(t->flow_count, 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	ct_answer(t, 0);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
removal_in_flight(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EIO, "trouble");
	ct_tick(t);
	ct_forget(t); /* the answer does not come */
	rsvp_core_tc_ready(t->core, t->now, DOWN, 0, NULL);
	ct_tick(t);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer(t, ENOENT);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
adding_in_flight(struct ct *t)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(ct_flow(t)->op, RSVP_FLOW_ADD);
	rsvp_core_tc_ready(t->core, t->now, DOWN, EIO, "trouble");
	ct_tick(t);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_reserved(t, DOWN), 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
an_interface_in_trouble_leaves_nothing_in_flight(void)
{
	ct_both(trouble_in_flight);
	ct_once(removal_in_flight);
	ct_once(adding_in_flight);
}

static struct t_case cases[] = {
	{ "a new address is told to both sides at once",
		a_new_address_is_told_to_both_sides_at_once },
	{ "an upstream link that is back gets the Resv at once",
		an_upstream_link_that_is_back_gets_the_resv_at_once },
	{ "a renamed interface is the same", a_renamed_interface_is_the_same },
	{ "an interface made again starts anew",
		an_interface_made_again_starts_anew },
	{ "a disabled interface is not waited for",
		a_disabled_interface_is_not_waited_for },
	{ "without traffic control a path moves as well",
		without_traffic_control_a_path_moves_as_well },
	{ "a smaller MTU is for new reservations",
		a_smaller_mtu_is_for_new_reservations },
	{ "larger packets than before are refused",
		larger_packets_than_before_are_refused },
	{ "the lowest priority is preempted with code 12 and the figures",
		the_lowest_priority_is_preempted_then_the_youngest },
	{ "among equals the youngest goes", among_equals_the_youngest_goes },
	{ "none goes that fits beside the rest",
		none_goes_that_fits_beside_the_rest },
	{ "a limit of none takes all", a_limit_of_none_takes_all },
	{ "a smaller burst budget is no matter of Controlled-Load",
		a_smaller_burst_budget_is_no_matter_of_controlled_load },
	{ "fewer flows are preempted too", fewer_flows_are_preempted_too },
	{ "answers are waited for", answers_are_waited_for },
	{ "answers are not waited for for ever",
		answers_are_not_waited_for_for_ever },
	{ "what goes anyway is not counted", what_goes_anyway_is_not_counted },
	{ "many are preempted in steps", many_are_preempted_in_steps },
	{ "merged requests go together", merged_requests_go_together },
	{ "all of one session may go", all_of_one_session_may_go },
	{ "what a restart found is too much after the lifetime",
		what_a_restart_found_is_too_much_after_the_lifetime },
	{ "an interface in trouble leaves nothing in flight",
		an_interface_in_trouble_leaves_nothing_in_flight },
};
T_MAIN(cases)
