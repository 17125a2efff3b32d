/* SPDX-License-Identifier: ISC */

/* Nobody makes a core grow without bound, and it lives through lack of memory.
 */

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
	for (uint16_t port = 1; port <= 2; port++)
		one_more_session(t, port, 2);
	one_more_session(t, 10, 3);
	one_more_session(t, 11, 4); /* one too many for the node */
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 3);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 0);
	ct_free(t);
}

/* A flood of Paths that nobody repeats; each from a neighbour of its own. */
static void
flood(struct ct *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = (uint16_t)(10000 + i);
		msg->sender.src = addr_v4_u32(20u << 24 | i);
		msg->hop.addr = addr_v4_u32(30u << 24 | i);
		ct_feed(t, UP, msg);
		ct_forget(t);
	}
}

static void
a_flood_leaves_room_for_who_means_it(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;
	struct rsvp_totals totals;

	t->conf.max_sessions = 10;
	rsvp_core_reconf(t->core, &t->conf);
	ct_with_resv(t, ct_cl(50000)); /* reserved, the Path heard once */
	one_more_session(t, 4001, 2);  /* heard twice */
	one_more_session(t, 4001, 2);
	flood(t, 50);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 10);
	T_EQ(totals.paths, 10);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 42);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
	msg = ct_resv(t, ct_cl(60000)); /* its path is still there */
	ct_feed(t, DOWN, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_answer_all(t);
	one_more_session(t, 4001, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 42);
	one_more_session(t, 5000, 2); /* somebody new gets in */
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 10);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 43);
	ct_free(t);
}

static void
path_states_are_limited_over_all_sessions(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_paths = 5;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 8; port++)
		for (int again = 0; again < 2; again++) {
			struct wire_msg *msg = ct_path(t);

			msg->sender.src_port = port;
			ct_feed(t, UP, msg);
		}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 5);
	/* The sixth: twice for the first time. */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 6);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 0);
	ct_free(t);
}

/* Objects that nobody here knows go along with a Path, at any size. */
static void
kept_objects_are_limited(void)
{
	static uint8_t bytes[1000] = { 1000 >> 8, 1000 & 0xff, 200, 1 };
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_paths = 8; /* 4096 octets */
	rsvp_core_reconf(t->core, &t->conf);
	for (unsigned i = 0; i < 8; i++)
		for (int again = 0; again < 2; again++) {
			struct wire_msg *msg = ct_path(t);

			msg->session.dst_port = (uint16_t)(100 + i);
			msg->other_count = 1;
			msg->others[0] = (struct wire_view){ bytes, 1000 };
			ct_feed(t, UP, msg);
		}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 3); /* and their Adspecs */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 10);
	ct_run(t, 400000); /* all expire */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EXPIRED), 3);
	for (unsigned i = 0; i < 3; i++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = (uint16_t)(200 + i);
		msg->other_count = 1;
		msg->others[0] = (struct wire_view){ bytes, 1000 };
		ct_feed(t, UP, msg);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 3);
	ct_free(t);
}

static void
one_more_sender(struct ct *t, uint16_t port)
{
	struct wire_msg *msg = ct_path(t);

	msg->sender.src_port = port;
	ct_feed(t, UP, msg);
}

static void
a_session_has_so_many_senders_only(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_senders = 2;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 4; port++)
		for (int again = 0; again < 2; again++)
			one_more_sender(t, port);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 2);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 4);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 0);
	ct_free(t);
}

static bool
has_sender(const struct ct *t, uint16_t port)
{
	struct rsvp_path_info infos[4];
	size_t count = rsvp_core_paths(t->core, t->now, 1, infos, 4);

	for (size_t i = 0; i < count; i++)
		if (infos[i].sender.src_port == port)
			return true;
	return false;
}

/* Senders that somebody made up for the session of others. */
static void
of_a_full_session_who_was_heard_once_makes_room(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct wire_msg *msg;

	t->conf.max_senders = 4;
	rsvp_core_reconf(t->core, &t->conf);
	ct_with_resv(t, ct_cl(50000)); /* reserved for, heard once */
	one_more_sender(t, 1);
	one_more_sender(t, 1); /* heard twice */
	for (uint16_t port = 2; port <= 20; port++)
		one_more_sender(t, port);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 17);
	T_EQ(has_sender(t, ct_sender(t).src_port), true);
	T_EQ(has_sender(t, 1), true);
	T_EQ(has_sender(t, 18), false);
	T_EQ(has_sender(t, 19), true);
	T_EQ(has_sender(t, 20), true);
	/* Whoever is asked for stays as well, before it is admitted. */
	msg = ct_resv(t, ct_cl(40000));
	msg->flows[0].filter.src_port = 19;
	ct_feed(t, DOWN, msg);
	one_more_sender(t, 21);
	one_more_sender(t, 22);
	T_EQ(has_sender(t, 19), true);
	T_EQ(has_sender(t, 21), false);
	T_EQ(has_sender(t, 22), true);
	ct_free(t);
}

/* A session of one sender does not end with it. */
static void
the_only_sender_makes_room_too(void)
{
	struct ct *t = ct_new(ADDR_V4);
	struct rsvp_totals totals;

	t->conf.max_senders = 1;
	rsvp_core_reconf(t->core, &t->conf);
	one_more_sender(t, 1);
	one_more_sender(t, 2);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 1);
	T_EQ(totals.paths, 1);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_PATH_EVICTED), 1);
	ct_free(t);
}

static void
so_many_next_hops(struct ct *t)
{
	struct rsvp_totals totals;

	ct_iface_tc(t, DOWN, false);
	ct_with_path(t);
	for (unsigned hop = 1; hop <= 4100; hop++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(50000));

		msg->hop.addr = addr_v4_u32(10u << 24 | 2 << 16 | hop);
		ct_feed(t, DOWN, msg);
		ct_forget(t);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.resvs, 4096);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 4);
}

static void
a_session_has_so_many_next_hops_only(void)
{
	ct_once(so_many_next_hops);
}

static void
open_for(struct ct *t, uint64_t id, uint32_t uid, enum rsvp_local_result want)
{
	const struct rsvp_who who = { .known = true, .uid = uid };
	struct wire_session session = ct_session(t);

	session.dst_port = (uint16_t)(6000 + id);
	T_EQ(rsvp_local_open(t->core, t->now, id, &session, &who), want);
}

/* Wherever memory ends, no session is left without state. */
static void
path_without_memory(void)
{
	for (long nth = 1; nth <= 12; nth++) {
		struct ct *t = ct_new(ADDR_V4);

		/* Enough of them for another table of timers. */
		for (uint16_t port = 1; port <= 40; port++) {
			struct wire_msg *msg = ct_path(t);

			msg->session.dst_port = port;
			t->fail_at = t->allocations + nth;
			ct_feed(t, UP, msg);
			t->fail_at = 0;
			T_EQ(ct_totals(t).sessions, ct_totals(t).paths);
			msg = ct_path(t);
			msg->session.dst_port = port;
			ct_feed(t, UP, msg);
			ct_forget(t);
		}
		ct_free(t);
	}
}

static void
each_user_has_a_limit(void)
{
	struct ct *t = ct_new(ADDR_V4);

	t->conf.max_sessions_uid = 1;
	rsvp_core_reconf(t->core, &t->conf);
	open_for(t, 1, 1000, RSVP_LOCAL_OK);
	open_for(t, 2, 1001, RSVP_LOCAL_OK);
	open_for(t, 3, 1000, RSVP_LOCAL_LIMIT);
	rsvp_local_close(t->core, t->now, 1);
	open_for(t, 3, 1000, RSVP_LOCAL_OK);
	t->conf.max_sessions_uid = 0; /* for nobody else, and nothing is left */
	rsvp_core_reconf(t->core, &t->conf);
	open_for(t, 4, 1002, RSVP_LOCAL_LIMIT);
	ct_free(t);
}

/* Of what is too long for one path state the rest is left out, not all. */
static void
long_lists(struct ct *t)
{
	static uint8_t bytes[2][2600];
	struct wire_msg *msg = ct_path(t);
	struct rsvp_totals totals;

	t->conf.max_paths = 8; /* 4 096 octets */
	rsvp_core_reconf(t->core, &t->conf);
	msg->has &= ~(uint32_t)WIRE_HAS_ADSPEC;
	msg->other_count = 2;
	for (uint8_t i = 0; i < 2; i++) {
		bytes[i][0] = 2600 >> 8;
		bytes[i][1] = 2600 & 0xff;
		bytes[i][2] = (uint8_t)(200 + i);
		bytes[i][3] = 1;
		msg->others[i] = (struct wire_view){ bytes[i], 2600 };
	}
	ct_feed(t, UP, msg);
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->msg.other_count, 1);
}

/* POLICY_DATA and ADSPEC take of the same room as objects that are not known.
 */
static void
all_that_is_kept(struct ct *t)
{
	static uint8_t policy[2600] = { 2600 >> 8, 2600 & 0xff, 14, 1, 0, 4 };
	struct rsvp_totals totals;
	struct wire_msg *msg;

	t->conf.max_paths = 8; /* 4 096 octets */
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 2; port++) {
		msg = ct_path(t);
		msg->session.dst_port = port;
		msg->policy_count = 1;
		msg->policies[0] = (struct wire_view){ policy, sizeof(policy) };
		ct_feed(t, UP, msg);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 1); /* the first has made room */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 0);
	T_EQ(ct_sent(t, WIRE_PATH, 1)->msg.policy_count, 1);
}

/* Just too many ADSPECs. */
static void
adspecs_are_kept(struct ct *t)
{
	struct rsvp_totals totals;
	struct wire_view adspec;
	size_t room;

	ct_feed(t, UP, ct_path(t));
	{
		struct rsvp_path_info info;

		T_EQ(rsvp_core_paths(t->core, t->now, 1, &info, 1), 1);
		adspec = info.adspec_view;
	}
	t->conf.max_paths = 1; /* 512 octets */
	rsvp_core_reconf(t->core, &t->conf);
	room = 512 - adspec.len;
	{
		static uint8_t bytes[512];
		struct wire_msg *msg = ct_path(t);

		room = room / 4 * 4 + 4; /* a little more than there is */
		bytes[0] = (uint8_t)(room >> 8);
		bytes[1] = (uint8_t)room;
		bytes[2] = 200;
		bytes[3] = 1;
		msg->session.dst_port = 1;
		msg->other_count = 1;
		msg->others[0] = (struct wire_view){ bytes, room };
		ct_feed(t, UP, msg);
	}
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.paths, 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
}

static void
whatever_is_kept_counts(void)
{
	ct_once(long_lists);
	ct_once(all_that_is_kept);
	ct_once(adspecs_are_kept);
}

/* What a reload cannot change stays, whatever the new configuration says. */
static void
reloaded(struct ct *t)
{
	struct rsvp_core_conf conf = t->conf;
	const unsigned asked = t->asked;

	ct_with_path(t);
	conf.alloc = NULL;
	conf.hooks = rsvp_core_defaults().hooks;
	memset(&conf.hash_key, 0x5a, sizeof(conf.hash_key));
	conf.max_senders = 1;
	rsvp_core_reconf(t->core, &conf);
	ct_feed(t, UP, ct_path(t));
	T_EQ(t->sent_count, 0); /* known */
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	T_EQ(t->asked, asked + 1);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_with_second_path(t);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_LIMIT), 1);
}

static void
a_reload_changes_limits_only(void)
{
	ct_once(reloaded);
}

static void
defaults_are_those_that_are_documented(void)
{
	const struct rsvp_core_conf conf = rsvp_core_defaults();

	T_EQ(conf.max_sessions, 100000);
	T_EQ(conf.max_sessions_neighbour, 20000);
	T_EQ(conf.max_sessions_uid, 1000);
	T_EQ(conf.max_senders, 64);
	T_EQ(conf.blockade_multiple, 2); /* Kb, RFC 2205 3.5 */
	T_EQ(conf.tc_wait_ms, 2000);
	T_EQ(conf.default_lifetime_ms, 157500); /* (3 + 1/2) * 1.5 * 30 s */
}

/* When the first refresh comes, and the number of the first flow. */
static int64_t
first_of(uint64_t seed, uint32_t *ret_id)
{
	struct ct *t = ct_new(ADDR_V4);
	int64_t at = 0;

	t->conf.seed = seed;
	ct_restart(t);
	ct_with_path(t);
	for (; t->sent_count == 0; at += 10)
		ct_run(t, 10);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	*ret_id = ct_flow(t)->flow.id;
	ct_free(t);
	return at;
}

/* RFC 2205 3.7: or neighbours fall into step. */
static void
each_seed_has_its_own_times_and_numbers(void)
{
	uint32_t a, b, c;
	const int64_t x = first_of(1, &a);
	const int64_t y = first_of(2, &b);

	T_CHECK(x != y, "refreshed after %lld ms", (long long)x);
	T_CHECK(a != b, "flow %u", a);
	T_EQ(first_of(1, &c), x);
	T_EQ(c, a);
}

static void
live_a_little(struct ct *t)
{
	struct rsvp_totals totals;

	ct_feed(t, UP, ct_path(t));
	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, totals.paths); /* no session without state */
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(60000, 70000)));
	ct_answer_all(t);
	ct_run(t, 100000);
	ct_feed(t, UP, ct_path(t));
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	t->fail_at = 0;
	ct_run(t, 400000);
	ct_answer_all(t);
	ct_run(t, 400000);
}

/* Adoption, loss of traffic control, and applications here. */
static void
live_otherwise(struct ct *t)
{
	const struct rsvp_who who = { true, 1, 1, 1 };
	struct wire_session session = ct_session(t);
	struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 5 },
		.tspec = ct_tspec()
	};
	struct rsvp_flow flow = { .id = 4711,
		.ifindex = DOWN,
		.service = WIRE_SERVICE_CL,
		.dst = session.dst,
		.proto = 17,
		.dst_port = 5004,
		.rate_Bps = 1000,
		.filter_count = 1 };
	struct wire_flow want = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(1000),
		.filter = ct_sender(t) };
	struct rsvp_local_reserve request = {
		.style = WIRE_STYLE_FF, .flow_count = 1, .flows = &want
	};

	flow.filters[0].src = sender.sender.src;
	flow.filters[0].src_port = 5;
	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	(void)rsvp_local_open(t->core, t->now, 1, &session, &who);
	(void)rsvp_local_send(t->core, t->now, 1, &sender);
	ct_collect(t);
	want.filter = sender.sender;
	{
		struct wire_msg *msg = ct_resv(t, ct_cl(1000));

		msg->flows[0].filter = sender.sender;
		ct_feed(t, DOWN, msg);
	}
	ct_answer_all(t);
	rsvp_core_tc_lost(t->core, t->now);
	ct_tc_ready(t);
	ct_answer_all(t);
	t->dst_local = true;
	(void)rsvp_local_open(t->core, t->now, 2, &session, &who);
	ct_feed(t, UP, ct_path(t));
	want.filter = ct_sender(t);
	(void)rsvp_local_reserve(t->core, t->now, 2, &request);
	ct_collect(t);
	rsvp_core_policy_changed(t->core, t->now);
	rsvp_core_routes_changed(t->core, t->now, NULL);
	ct_run(t, 3000);
	rsvp_local_close(t->core, t->now, 1);
	rsvp_local_close(t->core, t->now, 2);
	ct_collect(t);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	t->fail_at = 0;
	ct_run(t, 400000);
	ct_answer_all(t);
	ct_run(t, 400000);
}

static void
fail_each(void (*live)(struct ct *t))
{
	struct ct *t = ct_new(ADDR_V4);
	long from = t->allocations, to;

	live(t);
	ct_expect_empty(t);
	to = t->allocations;
	ct_free(t);
	T_CHECK(to - from > 20, "only %ld allocations", to - from);
	for (long n = from + 1; n <= to; n++) {
		t = ct_new(ADDR_V4);
		t->fail_at = n;
		live(t);
		ct_expect_empty(t);
		ct_free(t);
	}
}

static void
no_memory_leaves_nothing(void)
{
	fail_each(live_a_little);
	fail_each(live_otherwise);
}

static struct t_case cases[] = {
	{ "without memory for its path there is no session",
		path_without_memory },
	{ "each user has a limit of his own", each_user_has_a_limit },
	{ "whatever is kept counts", whatever_is_kept_counts },
	{ "a reload changes limits only", a_reload_changes_limits_only },
	{ "defaults are those that are documented",
		defaults_are_those_that_are_documented },
	{ "each seed has its own times and numbers",
		each_seed_has_its_own_times_and_numbers },
	{ "neighbour and node have limits on sessions",
		a_neighbour_makes_so_many_sessions_only },
	{ "a flood of Paths leaves room for who means it",
		a_flood_leaves_room_for_who_means_it },
	{ "path states are limited over all sessions",
		path_states_are_limited_over_all_sessions },
	{ "the objects kept are limited", kept_objects_are_limited },
	{ "a session has a limit on senders",
		a_session_has_so_many_senders_only },
	{ "of a full session who was heard once makes room",
		of_a_full_session_who_was_heard_once_makes_room },
	{ "the only sender makes room too", the_only_sender_makes_room_too },
	{ "a session has a limit on next hops",
		a_session_has_so_many_next_hops_only },
	{ "whichever allocation fails, nothing is left behind",
		no_memory_leaves_nothing },
};
T_MAIN(cases)
