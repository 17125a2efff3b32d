/* SPDX-License-Identifier: ISC */

/* Nobody makes a core grow without bound. */

#include "core_t.h"

static void
one_more_session(struct ct *t, uint16_t port, uint8_t hop)
{
	struct wire_msg *msg = ct_path(t);

	msg->session.dst_port = port;
	msg->hop.addr = ct_addr(t, UP, hop);
	ct_feed(t, UP, msg);
}

static void
a_neighbour_makes_so_many_sessions_only(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_sessions_neighbour = 2;
	t->conf.max_sessions = 3;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 3; port++)
		one_more_session(t, port, 2);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
	one_more_session(t, 10, 3);
	one_more_session(t, 11, 4); /* one too many for the node */
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 3);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 2);
	ct_free(t);
}

static void
a_session_has_so_many_senders_only(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_senders = 2;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 4; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->sender.src_port = port;
		ct_feed(t, UP, msg);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 2);
	ct_free(t);
}

static void
so_many_next_hops(struct ct *t)
{
	struct rsvp_totals totals;
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, DOWN - 1, &info));
	info.conf.traffic_control = false;
	rsvp_core_iface(t->core, t->now, &info.conf);
	ct_tick(t);
	ct_with_path(t);
	for (unsigned hop = 1; hop <= 1100; hop++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		msg->hop.addr = addr_v4_u32(10u << 24 | 2 << 16 | hop);
		ct_feed(t, DOWN, msg);
		ct_forget(t);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, 1024);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 76);
}

static void
a_session_has_so_many_next_hops_only(void)
{
	ct_once(so_many_next_hops);
}

static struct t_case cases[] = {
	{ "neighbour and node have limits on sessions",
		a_neighbour_makes_so_many_sessions_only },
	{ "a session has a limit on senders",
		a_session_has_so_many_senders_only },
	{ "a session has a limit on next hops",
		a_session_has_so_many_next_hops_only },
};
T_MAIN(cases)
