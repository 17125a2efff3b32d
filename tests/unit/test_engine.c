/* SPDX-License-Identifier: ISC */

/* The engine's start, what the supervisor tells it, and its end:
 * rsvpd/engine.c */

#include "engine_t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define FREED                                                                  \
	"-ctl_server -api_server -core -policy_client -tc_client -rules "      \
	"-marks -account -net_raw -net_link -loop "

/* ---- the start ----------------------------------------------------------- */

static void
ready_after_its_parts(void)
{
	T_STR(et.words, "ignore:2 ignore:1 dumpable:0 "
			"loop core hold account net_link net_raw tc_client "
			"policy_client rules marks api_server ctl_server "
			"signal sync missing api< effects ctl< effects "
			"filter effects run ");
	et_forget();
}

static void
it_makes_its_parts_and_is_ready(void)
{
	struct sup_msg msg;

	et_begin();
	et.script = ready_after_its_parts;
	et_send_fd(SUP_FD_CTL, "");
	et_send_fd(SUP_FD_API, "");
	et_send_fd(SUP_FD_CONF,
		"watchdog = \"2 s\"; control = { group = \"g\"; };");
	et_send_plain(SUP_START, 0);
	T_EQ(engine_run(), EXIT_SUCCESS);
	et_expect(FREED);
	msg = et_hear(SUP_READY);
	T_EQ(msg.watchdog_ms, 2000);
	T_STR(msg.group, "g");
	et_expect_silence();
	et_end();
}

static void
it_waits_for_sockets_before_it_is_ready(void)
{
	static const int roles[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6, SUP_FD_GUARD, SUP_FD_UDP, SUP_FD_UDP_HOST };
	struct sup_msg msg;

	et_begin_with("accounting = { records = true; };");
	et.lacks = ~0u;
	for (size_t i = 0; i < 7; i++)
		et_send_fd(roles[i], i == 1 ? NULL : "");
	et_send_fd(SUP_FD_TC, ""); /* nobody asked for these */
	et_send_fd(SUP_FD_POLICY, "");
	et_send_plain(SUP_PING, 5);
	et_send_fd(SUP_FD_ACCOUNTS, "");
	et_send_fd(SUP_FD_USERS, "");
	et_send_fd(SUP_FD_TC, ""); /* is left for the loop */
	T_EQ(engine_run(), EXIT_SUCCESS);
	T_CHECK(strstr(et.words,
			"sync missing 1 raw< effects 3 raw< effects 8 raw< "
			"effects 9 raw< effects 10 raw< effects 11 raw< "
			"effects tc< effects policy< effects account< effects "
			"users< effects filter effects run "),
		"%s", et.words);
	for (size_t i = 0; i < 7; i++)
		T_EQ(et_hear(SUP_NEED).role, roles[i]);
	T_EQ(et_hear(SUP_NEED).role, SUP_FD_ACCOUNTS);
	T_EQ(et_hear(SUP_NEED).role, SUP_FD_USERS);
	msg = et_hear(SUP_PONG);
	T_EQ(msg.serial, 5);
	(void)et_hear(SUP_READY);
	et_expect_silence();
	et_end();
	/* Without an answer there is no network. */
	et_begin_with(ET_PLAIN);
	et.lacks = 1u << SUP_FD_RAW4;
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "cannot serve: Connection timed out");
	et_end();
}

static void
before_its_start_it_lives_and_keeps_the_latest(void)
{
	et_begin();
	et_send_plain(SUP_PING, 3);
	et_send_fd(SUP_FD_CONF, "no configuration at all");
	et_send_fd(SUP_FD_CONF, ET_PLAIN);
	et_send_fd(SUP_FD_TC, "");
	et_send_fd(SUP_FD_USERS, "");
	et_send_plain(SUP_START, 0);
	T_EQ(engine_run(), EXIT_SUCCESS);
	T_EQ(et_hear(SUP_PONG).serial, 3);
	T_CHECK(strstr(et.words, "missing tc< effects users< effects filter"),
		"%s", et.words);
	et_end();
}

static void
the_core_has_its_configuration(void)
{
	struct rsvp_policy_query query = { .ifindex = 1 };
	struct rsvp_policy_answer answer;
	struct rsvp_route_query to = { .in_ifindex = 0 };
	struct rsvp_route route;

	et_begin_with("limits = { sessions = 11; sessionsPerNeighbour = 12; "
		      "sessionsPerUser = 13; senders = 14; paths = 15; }; "
		      "protocol = { blockadeMultiple = 16; }; "
		      "trafficControl = { wait = \"170 ms\"; };");
	T_EQ(engine_run(), EXIT_SUCCESS);

	const uint64_t told[] = { et.core.max_sessions,
		et.core.max_sessions_neighbour, et.core.max_sessions_uid,
		et.core.max_senders, et.core.max_paths,
		et.core.blockade_multiple };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		T_EQ(told[i], 11 + i);
	T_EQ(et.core.tc_wait_ms, 170);
	T_EQ(et.core.default_lifetime_ms, 157500);
	T_CHECK(et.core.accounts && et.core.alloc, "no accounts");
	T_EQ(et.core.seed, 0x5a5a5a5a5a5a5a5a);
	T_EQ(memcmp(&et.core.hash_key, &et.core.seed, sizeof(uint64_t)), 0);
	et_forget();
	et_end();
	/* What it asks. */
	et_begin_with(ET_PLAIN);
	T_EQ(engine_run(), EXIT_SUCCESS);
	T_CHECK(et.core.hooks.arg == et.engine, "for another");
	et_forget();
	et.core.hooks.arg = &(struct engine){ .link = NULL };
	et.core.hooks.route(et.core.hooks.arg, &to, &route);
	et.core.hooks.policy(et.core.hooks.arg, &query, &answer);
	et.core.hooks.policy_end(et.core.hooks.arg, 7);
	et_expect("route policy? claim:7 ");
	et_end();
}

/* RFC 2205 3.7: (K + 0.5) * 1.5 * R of the slowest. */
static void
adopted_flows_live_as_long_as_on_the_slowest_interface(void)
{
	static const struct {
		const char *conf;
		uint32_t ms;
	} rows[] = {
		{ "interfaces = ( { name = \"a\"; refresh = \"1 s\"; } );",
			5250 },
		{ "interfaces = ( { name = \"a\"; refresh = \"2 s\"; }, "
		  "{ name = \"b\"; refresh = \"1 s\"; } );",
			10500 },
		{ "interfaces = ( { name = \"a\"; refresh = \"1 s\"; }, "
		  "{ name = \"b\"; refresh = \"1 s\"; lives = 4; } );",
			6750 },
	};

	for (size_t i = 0; i < 3; i++) {
		et_begin_with(rows[i].conf);
		T_EQ(engine_run(), EXIT_SUCCESS);
		T_EQ(et.core.default_lifetime_ms, rows[i].ms);
		et_end();
	}
}

/* ---- what may fail ------------------------------------------------------- */

static void
without_a_supervisor_it_does_not_start(void)
{
	et_begin();
	(void)close(SUP_WORKER_FD);
	T_EQ(engine_run(), EXIT_FAILURE);
	T_CHECK(strstr(et.logged, "start rsvpd instead"), "%s", et.logged);
	et_expect("");
	T_EQ(dup2(et.sock, SUP_WORKER_FD), SUP_WORKER_FD);
	et_end();
	et_begin();
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "no start from the supervisor: Connection timed out");
	et_end();
	et_begin();
	(void)close(et.sock);
	et.sock = -1;
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "no start from the supervisor: Broken pipe");
	et_end();
}

static void
what_it_is_given_has_to_make_sense(void)
{
	et_begin();
	et_send_fd(SUP_FD_COUNT, "");
	et_send_plain(SUP_START, 0);
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "no start from the supervisor: Protocol error");
	et_end();
	et_begin();
	et_send_reload("");
	T_EQ(engine_run(), EXIT_FAILURE);
	et_end();
	et_begin();
	T_EQ(send(et.sock, "x", 1, 0), 1);
	T_EQ(engine_run(), EXIT_FAILURE);
	et_end();
	et_begin();
	et_send_plain(SUP_START, 0);
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "no configuration from the supervisor");
	et_end();
	et_begin_with("nothing = \"known\";");
	T_EQ(engine_run(), SUP_EXIT_CONF);
	T_EQ(strncmp(et.logged, "the.conf:1: ", 12), 0);
	T_CHECK(!strstr(et.words, "loop"), "%s", et.words);
	et_expect_silence();
	et_end();
}

static void
without_one_of_its_parts_it_does_not_serve(void)
{
	static const char *const parts[] = { "loop", "core", "hold", "account",
		"net_link", "net_raw", "tc_client", "policy_client", "rules",
		"marks", "api_server", "ctl_server", "signal" };
	char want[64];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		et_begin_with(ET_PLAIN);
		et.missing = parts[i];
		T_EQ(engine_run(), EXIT_FAILURE);
		T_STR(et.logged, "cannot serve: Cannot allocate memory");
		T_CHECK(!strstr(et.words, "filter"), "%s", et.words);
		(void)snprintf(want, sizeof(want), "-%s(none) ", parts[i]);
		if (i != 2 && i != 12) /* which are nothing to be freed */
			T_CHECK(strstr(et.words, want), "%s", et.words);
		T_CHECK(strstr(et.words, "-net_link"), "%s", et.words);
		et_expect_silence();
		et_end();
	}
}

static void
what_the_system_refuses_ends_it(void)
{
	et_begin_with(ET_PLAIN);
	et.sync_error = -EBADF;
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "cannot serve: Bad file descriptor");
	T_CHECK(!strstr(et.words, "missing"), "%s", et.words);
	et_end();
	et_begin_with(ET_PLAIN);
	et.filter_error = -EINVAL;
	T_EQ(engine_run(), EXIT_FAILURE);
	T_STR(et.logged, "cannot serve: Invalid argument");
	T_CHECK(!strstr(et.words, "run"), "%s", et.words);
	et_expect_silence(); /* it was never ready */
	et_end();
	for (int i = 1; i <= 2; i++) {
		et_begin_with(ET_PLAIN);
		et.random_error = i;
		T_EQ(engine_run(), EXIT_FAILURE);
		T_CHECK(!strstr(et.words, " core"), "%s", et.words);
		et_end();
	}
}

/* ---- while it serves ----------------------------------------------------- */

static void
give_all(void)
{
	static const int raw[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6, SUP_FD_GUARD, SUP_FD_UDP, SUP_FD_UDP_HOST };
	char want[32];

	(void)et_hear(SUP_READY);
	et_forget();
	for (size_t i = 0; i < 7; i++) {
		et_send_fd(raw[i], "");
		et_turn();
		(void)snprintf(want, sizeof(want), "%d raw< effects ", raw[i]);
		et_expect(want);
	}
	et_send_fd(SUP_FD_API, "");
	et_send_fd(SUP_FD_CTL, "");
	et_send_fd(SUP_FD_TC, "");
	et_send_fd(SUP_FD_POLICY, "");
	et_send_fd(SUP_FD_ACCOUNTS, "");
	et_send_fd(SUP_FD_USERS, "");
	et_turn();
	et_expect("api< effects ctl< effects tc< effects policy< effects "
		  "account< effects users< effects ");
	/* What it does not know is not kept, nor is there always one. */
	et_send_fd(SUP_FD_COUNT, "");
	et_send_fd(SUP_FD_TC, NULL);
	et_send((struct sup_msg){ .type = SUP_READY, .fd = et_file("") });
	et_send_plain(SUP_READY, 0);
	et_turn();
	et_expect("");
	et_expect_silence();
	T_EQ(loop_t_stopped(), false);
}

static void
it_takes_what_it_is_given(void)
{
	et_begin_with(ET_PLAIN);
	et.script = give_all;
	T_EQ(engine_run(), EXIT_SUCCESS);
	et_end();
}

static void
ping_often(void)
{
	(void)et_hear(SUP_READY);
	for (uint32_t i = 0; i < 20; i++)
		et_send_plain(SUP_PING, i);
	et_turn();
	for (uint32_t i = 0; i < 16; i++)
		T_EQ(et_hear(SUP_PONG).serial, i);
	et_expect_silence();
	et_turn();
	T_EQ(et_hear(SUP_PONG).serial, 16);
	et_forget();
	et.on_signal(et.on_signal_arg, SIGTERM);
	et_expect("stop ");
	loop_timer_set(et.engine->tick, (struct mono){ 1 });
	(void)loop_t_call_timers();
	et_expect("tick:1 effects ");
	T_EQ(loop_t_stopped(), false);
}

static void
it_answers_some_at_a_time(void)
{
	et_begin_with(ET_PLAIN);
	et.script = ping_often;
	T_EQ(engine_run(), EXIT_SUCCESS);
	et_end();
}

static void
lose_the_supervisor(void)
{
	(void)close(et.sock);
	et.sock = -1;
	et_forget();
	et_turn();
	et_expect("");
	T_EQ(loop_t_stopped(), true);
}

static void
without_its_supervisor_it_ends(void)
{
	et_begin_with(ET_PLAIN);
	et.script = lose_the_supervisor;
	T_EQ(engine_run(), EXIT_FAILURE);
	et_end();
}

/* ---- reload -------------------------------------------------------------- */

/* What the supervisor is told. */
static void
expect_reloaded(bool ok, uint32_t watchdog_ms, const char *text)
{
	const struct sup_msg msg = et_hear(SUP_RELOADED);

	T_EQ(msg.ok, ok);
	T_EQ(msg.watchdog_ms, watchdog_ms);
	T_CHECK(strstr(msg.text, text), "%s", msg.text);
	T_EQ(msg.text[0] != '\0', text[0] != '\0');
	et_expect_silence();
}

static void
reload(void)
{
	(void)et_hear(SUP_READY);
	et_forget();
	T_EQ(et.level, LOG_LEVEL_INFO);
	et.iface_count = 3;
	for (uint32_t i = 0; i < 3; i++)
		et.ifaces[i] = (struct rsvp_iface_info){
			.conf = { .ifindex = i + 1,
				.name = "eth1",
				.reservable_Bps = 1000 },
			.reserved_Bps = i == 1 ? 2000 : 1000
		};
	et_send_reload("limits = { sessions = 9; }; watchdog = \"3 s\"; "
		       "log = { level = \"warn\"; };");
	et_turn();
	T_CHECK(strstr(et.logged, "reload: eth1: 16 kbit/s are reserved, more "
				  "than the 8 kbit/s"),
		"%s", et.logged);
	et_expect("reconf:9 accounts:0 sync missing tc_again effects ");
	expect_reloaded(true, 3000, "");
	T_EQ(et.level, LOG_LEVEL_WARN);
	T_EQ(et.engine->conf->max_sessions, 9);
	T_EQ(et.engine->stats->count[STATS_RELOADS], 1);
	et.iface_count = 1;
	et.lacks = 1u << SUP_FD_GUARD;
	et_send_reload("limits = { sessions = 8; };");
	et_turn();
	T_STR(et.logged, "");
	T_EQ(et_hear(SUP_NEED).role, SUP_FD_GUARD);
	expect_reloaded(true, 5000, "");
}

static void
a_reload_puts_it_in_force(void)
{
	et_begin_with(ET_PLAIN);
	et.script = reload;
	T_EQ(engine_run(), EXIT_SUCCESS);
	et_end();
}

static void
reload_in_vain(void)
{
	(void)et_hear(SUP_READY);
	et_forget();
	et_send_reload("nothing = \"known\";");
	et_turn();
	T_CHECK(strstr(et.logged, "(reload refused, the configuration before "
				  "stays in force)"),
		"%s", et.logged);
	et_expect("");
	expect_reloaded(false, 4000, "the.conf:1: ");
	et_send_reload(NULL);
	et_turn();
	expect_reloaded(false, 4000, "no file came with the reload");
	et_forget();
	et.sync_error = -ENOBUFS;
	et_send_reload(
		"limits = { sessions = 9; }; log = { level = \"warn\"; };");
	et_turn();
	et_expect("reconf:9 accounts:0 sync "
		  "reconf:7 accounts:0 sync missing effects ");
	expect_reloaded(
		false, 4000, "cannot be applied: No buffer space available");
	T_EQ(et.engine->conf->max_sessions, 7);
	T_EQ(et.level, LOG_LEVEL_INFO);
	T_EQ(et.engine->stats->count[STATS_RELOADS], 0);
}

static void
a_reload_that_fails_changes_nothing(void)
{
	et_begin_with("limits = { sessions = 7; }; watchdog = \"4 s\";");
	et.script = reload_in_vain;
	T_EQ(engine_run(), EXIT_SUCCESS);
	et_end();
}

static struct t_case cases[] = {
	{ "it makes its parts and is ready", it_makes_its_parts_and_is_ready },
	{ "it waits for sockets before it is ready",
		it_waits_for_sockets_before_it_is_ready },
	{ "before its start it lives, and keeps the latest",
		before_its_start_it_lives_and_keeps_the_latest },
	{ "the core has its configuration", the_core_has_its_configuration },
	{ "adopted flows live as long as on the slowest interface",
		adopted_flows_live_as_long_as_on_the_slowest_interface },
	{ "without a supervisor it does not start",
		without_a_supervisor_it_does_not_start },
	{ "what it is given has to make sense",
		what_it_is_given_has_to_make_sense },
	{ "without one of its parts it does not serve",
		without_one_of_its_parts_it_does_not_serve },
	{ "what the system refuses ends it", what_the_system_refuses_ends_it },
	{ "it takes what it is given", it_takes_what_it_is_given },
	{ "it answers some at a time", it_answers_some_at_a_time },
	{ "without its supervisor it ends", without_its_supervisor_it_ends },
	{ "a reload puts it in force", a_reload_puts_it_in_force },
	{ "a reload that fails changes nothing",
		a_reload_that_fails_changes_nothing },
};

int
main(void)
{
	/* Descriptors of whoever started us would be in the way. */
	(void)close_range(3, ~0u, 0);
	return t_main(__FILE__, cases, sizeof(cases) / sizeof(cases[0]));
}
