/* SPDX-License-Identifier: ISC */

/* Time: refreshes, lifetimes, local repair. */

#include "core_t.h"

/* The neighbours keep on refreshing for so long. */
static void
live(struct ct *t, int64_t ms, bool path, bool resv)
{
	for (int64_t at = 0; at < ms; at += 10000) {
		ct_run(t, 10000);
		if (path)
			ct_feed(t, UP, ct_path(t));
		if (resv)
			ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	}
}

/* ---- refreshing ---------------------------------------------------------- */

struct spread {
	int64_t least, most;
	size_t count;
};

/* Times between messages of a type while the neighbours refresh theirs. */
static struct spread
measure(struct ct *t, uint8_t type, struct wire_msg *(*refresh)(struct ct *))
{
	struct spread s = { INT64_MAX, 0, 0 };
	int64_t last = t->now.us;

	for (int i = 0; i < 20000; i++) {
		ct_forget(t);
		ct_run(t, 100);
		if (i % 200 == 0) {
			ct_feed(t, UP, ct_path(t));
			if (refresh)
				ct_feed(t, DOWN, refresh(t));
		}
		if (ct_sent_count(t, type) == 0)
			continue;

		int64_t gap = (t->now.us - last) / 1000;

		last = t->now.us;
		if (s.count++ == 0)
			continue;
		s.least = gap < s.least ? gap : s.least;
		s.most = gap > s.most ? gap : s.most;
	}
	return s;
}

static void
expect_jitter(struct spread s)
{
	T_CHECK(s.count > 50 && s.count < 85, "%zu in 2000 s", s.count);
	T_CHECK(s.least >= 14900 && s.most <= 45100, "%lld to %lld ms",
		(long long)s.least, (long long)s.most);
	T_CHECK(s.least < 20000 && s.most > 40000, "spread %lld to %lld ms",
		(long long)s.least, (long long)s.most);
}

static void
path_jitter(struct ct *t)
{
	ct_with_path(t);
	expect_jitter(measure(t, WIRE_PATH, NULL));
}

static void
path_is_refreshed_with_jitter(void)
{
	ct_once(path_jitter);
}

static struct wire_msg *
resv_again(struct ct *t)
{
	return ct_resv(t, ct_cl(50000));
}

static void
resv_jitter(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	expect_jitter(measure(t, WIRE_RESV, resv_again));
}

static void
resv_is_refreshed_with_jitter(void)
{
	ct_once(resv_jitter);
}

static void
refresh_says_the_same(struct ct *t)
{
	struct ct_sent first;

	ct_feed(t, UP, ct_path(t));
	first = *ct_sent(t, WIRE_PATH, 0);
	ct_forget(t);
	ct_run(t, 46000);
	T_CHECK(ct_sent_count(t, WIRE_PATH) >= 1, "refreshed");
	T_EQ(t->sent[0].send.len, first.send.len);
	T_EQ(memcmp(t->sent[0].bytes, first.bytes, first.send.len), 0);
}

static void
a_refresh_is_the_same_message(void)
{
	ct_once(refresh_says_the_same);
}

/* ---- dying --------------------------------------------------------------- */

static void
path_dies(struct ct *t)
{
	ct_with_path(t);
	ct_run(t, 157400);
	T_EQ(ct_totals(t).paths, 1);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	ct_run(t, 200); /* (3 + 0.5) * 1.5 * 30 s */
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EXPIRED), 1);
	ct_expect_empty(t);
}

static void
path_state_dies_after_its_lifetime(void)
{
	ct_once(path_dies);
}

static void
path_survives(struct ct *t)
{
	ct_with_path(t);
	for (int i = 0; i < 4; i++) {
		ct_run(t, 3 * 45000); /* two refreshes lost, jitter at worst */
		T_EQ(ct_totals(t).paths, 1);
		T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
		ct_forget(t);
		ct_feed(t, UP, ct_path(t));
	}
}

static void
lost_refreshes_do_not_remove_state(void)
{
	ct_once(path_survives);
}

static void
neighbours_period(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->refresh_ms = 2000;
	ct_feed(t, UP, msg);
	ct_run(t, 10400);
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 200); /* 10.5 s */
	T_EQ(ct_totals(t).paths, 0);
	msg = ct_path(t);
	msg->refresh_ms = 0; /* read as a second */
	ct_feed(t, UP, msg);
	ct_run(t, 5200);
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 100);
	T_EQ(ct_totals(t).paths, 0);
	msg = ct_path(t);
	msg->refresh_ms = UINT32_MAX; /* read as an hour */
	ct_feed(t, UP, msg);
	ct_forget(t);
	for (int i = 0; i < 314; i++) {
		ct_run(t, 60000);
		ct_forget(t);
	}
	T_EQ(ct_totals(t).paths, 1);
	ct_run(t, 120000);
	T_EQ(ct_totals(t).paths, 0);
}

static void
the_neighbours_own_period_counts_within_bounds(void)
{
	ct_once(neighbours_period);
}

static void
resv_dies(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	live(t, 150000, true, false);
	T_EQ(ct_totals(t).resvs, 1);
	ct_forget(t);
	ct_run(t, 7600);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_RESV_EXPIRED), 1);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
	T_EQ(t->claims, 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_expect_empty(t);
}

static void
reservation_dies_after_its_lifetime(void)
{
	ct_once(resv_dies);
}

static void
path_takes_all(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	live(t, 150000, false, true);
	ct_forget(t);
	ct_run(t, 7600);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
path_state_takes_the_reservation_with_it(void)
{
	ct_once(path_takes_all);
}

static struct wire_msg *
se_resv(struct ct *t, size_t senders)
{
	struct wire_msg *msg =
		ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE);

	msg->flow_count = senders;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter.src_port = 1;
	return msg;
}

static void
se_expiry(struct ct *t)
{
	struct wire_msg *msg;

	for (int i = 0; i < 2; i++) {
		msg = ct_path(t);
		msg->refresh_ms = 300000;
		msg->sender.src_port = i == 0 ? 4004 : 1;
		ct_feed(t, UP, msg);
	}
	ct_feed(t, DOWN, se_resv(t, 2));
	ct_answer(t, 0);
	ct_run(t, 100000);
	ct_forget(t);
	ct_feed(t, DOWN, se_resv(t, 1)); /* the other one is not named */
	T_EQ(t->flow_count + t->sent_count, 0);
	ct_run(t, 57600);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_CHANGE);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
	T_EQ(ct_flow(t)->flow.filters[0].src_port, 4004);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_totals(t).resvs, 1);
	ct_answer_all(t);
	ct_run(t, 100000);
	T_EQ(ct_totals(t).resvs, 0);
}

static void
filters_of_se_die_alone(void)
{
	ct_once(se_expiry);
}

static void
wf_expiry(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	for (int i = 0; i < 2; i++) {
		msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_WF);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
		live(t, 100000, true, false);
	}
	T_EQ(ct_totals(t).resvs, 1);
	ct_forget(t);
	live(t, 57000, true, false);
	ct_run(t, 600);
	T_EQ(ct_totals(t).resvs, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 1);
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.style, WIRE_STYLE_WF);
}

static void
wf_dies_after_its_lifetime(void)
{
	ct_once(wf_expiry);
}

/* Calls say when they happen, even when no tick came in between. */
static void
calls_have_a_time(struct ct *t)
{
	struct wire_session session = ct_session(t);
	struct rsvp_who who = { .known = false };
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(1000),
		.filter = ct_sender(t) };
	struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &flow
	};

	t->dst_local = true;
	T_EQ(rsvp_local_open(t->core, t->now, 1, &session, &who),
		RSVP_LOCAL_OK);
	ct_feed(t, UP, ct_path(t));
	t->now = mono_add_ms(t->now, 100000);
	(void)rsvp_local_reserve(t->core, t->now, 1, &request);
	ct_collect(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
	ct_run(t, 14000); /* the first refresh is due after half of R */
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	ct_run(t, 32000);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	rsvp_local_close(t->core, t->now, 1);
	ct_collect(t);
}

static void
a_call_counts_from_its_own_time(void)
{
	ct_once(calls_have_a_time);
}

static void
local_lives(struct ct *t)
{
	struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4 },
		.tspec = ct_tspec()
	};

	ct_app_open(t, 1);
	T_EQ(rsvp_local_send(t->core, t->now, 1, &sender), RSVP_LOCAL_OK);
	ct_run(t, 1000000);
	T_EQ(ct_totals(t).paths, 1);
	T_CHECK(ct_sent_count(t, WIRE_PATH) > 25, "refreshed");
	rsvp_local_close(t->core, t->now, 1);
	ct_forget(t);
	ct_collect(t);
	ct_expect_empty(t);
}

static void
a_local_sender_does_not_die(void)
{
	ct_once(local_lives);
}

/* ---- local repair -------------------------------------------------------- */

static void
repair(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_reroute(t, SIDE);
	ct_run(t, 1999);
	T_EQ(t->sent_count, 0);
	ct_run(t, 1); /* W */
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent[0].send.ifindex, SIDE);
	T_EQ(ct_flow(t)->op, RSVP_FLOW_DEL); /* nothing flows there now */
	T_EQ(ct_flow(t)->flow.ifindex, DOWN);
	ct_answer_all(t);
	T_EQ(ct_reserved(t, DOWN), 0);
}

static void
a_new_route_is_told_the_path_after_w(void)
{
	ct_once(repair);
}

static void
other_route(struct ct *t)
{
	struct addr_prefix prefix = { ct_addr(t, 5, 0), 24 };

	ct_with_path(t);
	t->out = SIDE;
	t->now = mono_add_ms(t->now, 10000); /* no tick in between */
	rsvp_core_routes_changed(t->core, t->now, NULL);
	T_EQ(rsvp_core_next(t->core).us, t->now.us + 2000000);
	t->out = DOWN;
	ct_run(t, 3000);
	T_EQ(t->sent_count, 0);
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 3000);
	T_EQ(t->sent_count, 0); /* not a route to this session */
	prefix.addr = ct_addr(t, 9, 0);
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 3000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	ct_forget(t);
	t->out = DOWN;
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	prefix.addr = ct_addr(t, 5, 0); /* two at a time: all are asked */
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 3000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	ct_forget(t);
	prefix.addr = ct_addr(t, 9, 9);
	prefix.len = 32;
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	prefix.addr = ct_addr(t, 9, 8);
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 3000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

static void
only_sessions_behind_a_changed_route_are_asked(void)
{
	ct_once(other_route);
}

static void
many_sessions(struct ct *t)
{
	size_t told = 0;

	for (uint16_t port = 1; port <= 600; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	ct_reroute(t, SIDE);
	t->now = mono_add_ms(t->now, 2000);
	for (int step = 0; step < 3; step++, t->now.us++) {
		struct rsvp_effect effect;
		size_t before = told;

		rsvp_core_tick(t->core, t->now);
		while (rsvp_core_take(t->core, &effect))
			if (effect.kind == RSVP_EFFECT_SEND &&
				effect.send.ifindex == SIDE)
				told++;
		T_CHECK(told > before, "step %d tells some", step);
	}
	T_EQ(told, 600);
}

static void
all_sessions_are_repaired_in_steps(void)
{
	ct_once(many_sessions);
}

/* One is in the other; only the larger one leads to the session. */
static void
nested_routes(struct ct *t)
{
	struct addr_prefix prefix = { ct_addr(t, 0, 0), 24 };

	ct_with_path(t);
	t->out = SIDE;
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	prefix.len = 16;
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
}

/* As many as are told apart in a pass, and the session's behind them. */
static void
many_routes(struct ct *t)
{
	struct addr_prefix prefix = { ct_addr(t, 0, 0), 24 };

	ct_with_path(t);
	t->out = SIDE;
	for (unsigned net = 0; net < 16; net++) {
		prefix.addr = ct_addr(t, 100 + net, 0);
		rsvp_core_routes_changed(t->core, t->now, &prefix);
	}
	prefix.addr = ct_addr(t, 9, 0);
	rsvp_core_routes_changed(t->core, t->now, &prefix);
	ct_run(t, 2000);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent[0].send.ifindex, SIDE);
}

static void
of_many_changed_routes_none_is_forgotten(void)
{
	ct_once(nested_routes);
	ct_once(many_routes);
}

static void
least_wait(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, SIDE);

	conf.enabled = false;
	conf.repair_wait_ms = 1;
	ct_set_iface(t, &conf);
	rsvp_core_routes_changed(t->core, t->now, NULL);
	T_EQ(rsvp_core_next(t->core).us, t->now.us + 2000000);
	ct_run(t, 2000);
	for (uint32_t i = UP; i <= SIDE; i++) {
		ct_iface_enabled(t, i, false);
		ct_forget(t);
	}
	rsvp_core_routes_changed(t->core, t->now, NULL);
	T_EQ(rsvp_core_next(t->core).us, t->now.us); /* who should settle? */
}

static void
w_of_a_disabled_interface_does_not_count(void)
{
	ct_once(least_wait);
}

/* RFC 2205 3.7: L is at least (K + 0.5) * 1.5 * R. */
static void
lifetime_rounded(struct ct *t)
{
	struct rsvp_path_info info;
	struct wire_msg *msg = ct_path(t);

	msg->refresh_ms = 1001; /* 5 255.25 ms */
	ct_feed(t, UP, msg);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, &info, 1), 1);
	T_EQ(info.expires_ms, 5256);
}

static void
a_lifetime_is_rounded_up(void)
{
	ct_once(lifetime_rounded);
}

static void
a_lifetime_is_that_of_a_sane_period(void)
{
	T_EQ(rsvp_lifetime_ms(30000, 3), 157500);
	T_EQ(rsvp_lifetime_ms(2000, 3), 10500);
	T_EQ(rsvp_lifetime_ms(0, 1), 2250);
	T_EQ(rsvp_lifetime_ms(3600000, 3), 18900000);
	T_EQ(rsvp_lifetime_ms(UINT32_MAX, 10), 3600000 * 63LL / 4);
}

static void
drain(struct ct *t)
{
	struct rsvp_effect effect;

	while (rsvp_core_take(t->core, &effect))
		;
}

static void
late_tick(struct ct *t)
{
	for (uint16_t port = 1; port <= 600; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
	t->now = mono_add_ms(t->now, 400000); /* a long sleep */
	rsvp_core_tick(t->core, t->now);
	drain(t);
	T_CHECK(ct_totals(t).paths > 0, "some are for later");
	T_CHECK(mono_reached(rsvp_core_next(t->core), t->now), "at once");
	for (int i = 0; i < 4; i++)
		rsvp_core_tick(t->core, t->now);
	drain(t);
	T_EQ(ct_totals(t).paths, 0);
}

/* The packets that wait outside have their turn in between. */
static void
one_tick_does_so_much_only(void)
{
	ct_once(late_tick);
}

static struct t_case cases[] = {
	{ "Path is refreshed between half and one and a half R",
		path_is_refreshed_with_jitter },
	{ "Resv is refreshed between half and one and a half R",
		resv_is_refreshed_with_jitter },
	{ "a refresh is the same message again",
		a_refresh_is_the_same_message },
	{ "path state dies after (K + 0.5) * 1.5 * R with a PathTear",
		path_state_dies_after_its_lifetime },
	{ "two lost refreshes do not remove state",
		lost_refreshes_do_not_remove_state },
	{ "the neighbour's own R counts, within bounds",
		the_neighbours_own_period_counts_within_bounds },
	{ "a reservation dies after its lifetime with a ResvTear",
		reservation_dies_after_its_lifetime },
	{ "path state that dies takes the reservation with it",
		path_state_takes_the_reservation_with_it },
	{ "filters of SE die one by one", filters_of_se_die_alone },
	{ "WF dies after its lifetime", wf_dies_after_its_lifetime },
	{ "a call counts from its own time", a_call_counts_from_its_own_time },
	{ "a local sender is refreshed and does not die",
		a_local_sender_does_not_die },
	{ "a new route is told the Path after W",
		a_new_route_is_told_the_path_after_w },
	{ "only sessions behind a changed route are asked",
		only_sessions_behind_a_changed_route_are_asked },
	{ "all sessions are repaired in steps",
		all_sessions_are_repaired_in_steps },
	{ "of many changed routes none is forgotten",
		of_many_changed_routes_none_is_forgotten },
	{ "W of a disabled interface does not count",
		w_of_a_disabled_interface_does_not_count },
	{ "a lifetime is rounded up", a_lifetime_is_rounded_up },
	{ "a lifetime is that of a sane period",
		a_lifetime_is_that_of_a_sane_period },
	{ "one tick does so much only", one_tick_does_so_much_only },
};
T_MAIN(cases)
