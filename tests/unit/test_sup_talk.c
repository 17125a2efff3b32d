/* SPDX-License-Identifier: ISC */

/* Settings, reloads and signs of life of workers: rsvpd/sup_talk.c. */

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "sup_t.h"

enum { TICK_MS = 500 };

static const struct sup_msg ready = { .type = SUP_READY, .fd = -1 };

/* All three run, and the engine is ready. */
static void
begin(void)
{
	sup_t_run();
	sup_t_say(ENGINE, &ready);
}

/* Each of these workers answers what it was asked; how many questions. */
static size_t
answer(int worker)
{
	struct sup_msg msg;
	size_t count = 0;

	while (sup_t_hear(worker, &msg)) {
		sup_close(&msg.fd);
		if (msg.type != SUP_PING)
			continue;
		count++;
		msg = (struct sup_msg){
			.type = SUP_PONG, .serial = msg.serial, .fd = -1
		};
		sup_t_say(worker, &msg);
	}
	return count;
}

static void
answer_all(void)
{
	for (int i = 0; i < WORKERS; i++)
		(void)answer(i);
}

static void
answer_all_but(int silent)
{
	for (int i = 0; i < WORKERS; i++)
		if (i != silent)
			(void)answer(i);
}

/* ---- signs of life ------------------------------------------------------- */

static void
workers_that_answer_are_left_alone(void)
{
	begin();
	answer_all();
	sup_t.watchdogs = 0;
	for (int i = 0; i < 40; i++) {
		sup_t_wait_ms(TICK_MS);
		for (int w = 0; w < WORKERS; w++)
			T_EQ(answer(w), 1);
	}
	/* The service manager hears of it, at each look. */
	T_EQ(sup_t.watchdogs, 40);
	for (int w = 0; w < WORKERS; w++)
		T_EQ(sup_t_process(w)->kills, 0);
	sup_t_end();
}

static void
whoever_is_silent_is_killed(void)
{
	for (int silent = 0; silent < WORKERS; silent++) {
		begin();
		answer_all();
		sup_t.watchdogs = 0;
		/* Asked at 500 ms, it has three quarters of the period. */
		for (int i = 0; i < 8; i++) {
			sup_t_wait_ms(TICK_MS);
			answer_all_but(silent);
			T_EQ(sup_t_process(silent)->kills, 0);
		}
		T_EQ(sup_t.watchdogs, 1); /* before it was asked */
		sup_t_wait_ms(TICK_MS);
		T_EQ(sup_t_process(silent)->signal, SIGKILL);
		for (int w = 0; w < WORKERS; w++)
			T_EQ(sup_t_process(w)->kills, w == silent);
		sup_t_end();
	}
}

/* Answers may wait while it was us who slept. */
static void
what_waits_is_read_before_it_is_judged(void)
{
	struct sup_msg msg;

	begin();
	answer_all();
	sup_t_wait_ms(TICK_MS);
	for (int w = 0; w < WORKERS; w++) {
		while (sup_t_hear(w, &msg))
			;
		msg = (struct sup_msg){ .type = SUP_PONG, .fd = -1 };
		T_EQ(sup_msg_send(sup_t_process(w)->sock, &msg), 0);
	}
	loop_t_go_on(INT64_C(10) * 1000000);
	T_CHECK(loop_t_call_timers(), "no tick");
	for (int w = 0; w < WORKERS; w++)
		T_EQ(sup_t_process(w)->kills, 0);
	sup_t_end();
}

/* It has its own time for that. */
static void
whoever_was_asked_to_end_may_be_silent(void)
{
	begin();
	answer_all();
	sup_stop(&sup_t.sup, 0);
	for (int i = 0; i < 9; i++)
		sup_t_wait_ms(TICK_MS);
	T_EQ(sup_t_process(ENGINE)->signal, SIGTERM);
	sup_t_end();
}

static void
the_service_manager_hears_only_when_all_are_well(void)
{
	sup_t_run(); /* the engine is not ready */
	answer_all();
	sup_t.watchdogs = 0;
	sup_t_wait_ms(TICK_MS);
	T_EQ(sup_t.watchdogs, 0);
	sup_t_say(ENGINE, &ready);
	T_STR(sup_t.notified, "READY=1\nSTATUS=serving");
	answer_all();
	sup_t_wait_ms(TICK_MS);
	T_EQ(sup_t.watchdogs, 1);
	answer_all();
	sup_t_die(POLICYD, SIGKILL);
	loop_t_go_on(TICK_MS * 1000);
	T_CHECK(loop_t_call_timers(), "no tick");
	T_EQ(sup_t.watchdogs, 1);
	sup_t_end();
}

/* ---- settings ------------------------------------------------------------ */

static void
say_watchdog(uint32_t ms)
{
	const struct sup_msg msg = {
		.type = SUP_READY, .watchdog_ms = ms, .fd = -1
	};

	sup_t_say(ENGINE, &msg);
}

static void
the_engine_says_how_long_may_be_silent(void)
{
	begin();
	say_watchdog(499);
	T_EQ(sup_t.sup.watchdog_ms, 5000);
	say_watchdog(60001);
	T_EQ(sup_t.sup.watchdog_ms, 5000);
	say_watchdog(60000);
	T_EQ(sup_t.sup.watchdog_ms, 60000);
	sup_t_wait_ms(0);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), TICK_MS);
	/* At once, not when the longer period would have ended. */
	say_watchdog(500);
	T_EQ(sup_t.sup.watchdog_ms, 500);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 0);
	sup_t_wait_ms(0);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 500 / 8);
	/* The same again changes nothing. */
	loop_t_go_on(1000);
	say_watchdog(500);
	T_EQ(loop_t_next().us - loop_now().us,
		500 * 1000 / 8 / 1000 * 1000 - 1000);
	sup_t_end();
}

static void
the_engine_says_whose_the_control_socket_is(void)
{
	const struct sup_msg group = {
		.type = SUP_READY, .group = "operators", .fd = -1
	};

	begin();
	T_STR(sup_t.group, "");
	sup_t_say(ENGINE, &group);
	T_STR(sup_t.group, "operators");
	sup_t_say(ENGINE, &ready); /* as before */
	T_STR(sup_t.group, "operators");
	sup_t_end();
}

static void
only_the_engine_has_a_say_in_it(void)
{
	const struct sup_msg group = { .type = SUP_READY,
		.group = "operators",
		.watchdog_ms = 500,
		.fd = -1 };
	const struct sup_msg need = {
		.type = SUP_NEED, .role = SUP_FD_RAW4, .fd = -1
	};
	const struct sup_msg policy = { .type = SUP_POLICY, .fd = -1 };
	struct sup_msg msg = { .type = 0 };

	sup_t_run();
	answer_all();
	for (int w = TCCTL; w < WORKERS; w++) {
		sup_t_say(w, &group);
		sup_t_say(w, &need);
	}
	T_STR(sup_t.group, "");
	T_EQ(sup_t.sup.watchdog_ms, 5000);
	T_CHECK(!sup_t.sup.ready, "by another");
	T_EQ(sup_t.socket_role, -1);
	sup_t_say(TCCTL, &policy);
	sup_t_say(ENGINE, &policy);
	for (int w = 0; w < WORKERS; w++)
		T_CHECK(!sup_t_hear(w, &msg), "worker %d is told %d", w,
			msg.type);
	sup_t_end();
}

/* ---- reload -------------------------------------------------------------- */

/* That worker is handed a file. */
static void
expect_file(int worker, uint32_t serial, const char *text)
{
	struct sup_msg msg;
	char got[64];

	do
		T_CHECK(sup_t_hear(worker, &msg), "nothing is said");
	while (msg.type == SUP_PING);
	T_EQ(msg.type, SUP_RELOAD);
	T_EQ(msg.serial, serial);
	if (text) {
		sup_t_is_at_its_beginning(msg.fd);
		sup_t_text(msg.fd, got);
		T_STR(got, text);
	} else {
		T_EQ(msg.fd, -1);
	}
}

static void
expect_no_file(int worker)
{
	struct sup_msg msg;

	while (sup_t_hear(worker, &msg))
		T_EQ(msg.type, SUP_PING);
}

static void
say_reloaded(bool ok)
{
	const struct sup_msg msg = {
		.type = SUP_RELOADED, .ok = ok, .watchdog_ms = 2000, .fd = -1
	};

	sup_t_say(ENGINE, &msg);
}

static void
a_reload_hands_over_both_files(void)
{
	begin();
	answer_all();
	sup_reload(&sup_t.sup);
	T_STR(sup_t.notified, "RELOADING=1");
	expect_file(ENGINE, 0, "rsvpd.conf");
	expect_file(POLICYD, 0, "policy.conf");
	expect_no_file(TCCTL);
	say_reloaded(true);
	T_STR(sup_t.notified, "READY=1\nSTATUS=serving");
	T_EQ(sup_t.sup.watchdog_ms, 2000);
	expect_no_file(ENGINE);
	sup_t_end();
}

static void
the_next_engine_gets_the_configuration_that_was_taken(void)
{
	for (int ok = 0; ok < 2; ok++) {
		struct sup_msg msg;
		char text[64];

		begin();
		sup_reload(&sup_t.sup);
		say_reloaded(ok == 1);
		T_STR(sup_t.notified,
			ok == 1 ? "READY=1\nSTATUS=serving"
				: "READY=1\nSTATUS=serving; the last reload "
				  "was refused, see the log");
		T_EQ(sup_t.sup.watchdog_ms, ok == 1 ? 2000 : 5000);
		sup_t_die(ENGINE, SIGKILL);
		sup_t_wait_ms(50);
		T_CHECK(sup_t_hear(ENGINE, &msg), "nothing is said");
		T_EQ(msg.role, SUP_FD_CONF);
		sup_t_text(msg.fd, text);
		T_STR(text, ok == 1 ? "rsvpd.conf" : "conf");
		sup_t_end();
	}
}

static void
a_reload_under_way_is_followed_by_one(void)
{
	begin();
	answer_all();
	sup_reload(&sup_t.sup);
	sup_reload(&sup_t.sup);
	sup_reload(&sup_t.sup);
	expect_file(ENGINE, 0, "rsvpd.conf");
	expect_file(POLICYD, 0, "policy.conf");
	expect_no_file(ENGINE);
	expect_no_file(POLICYD);
	say_reloaded(false);
	expect_file(ENGINE, 0, "rsvpd.conf");
	expect_file(POLICYD, 0, "policy.conf");
	say_reloaded(true);
	expect_no_file(ENGINE);
	/* Nobody has asked for the answer to none. */
	sup_t.notified[0] = '\0';
	say_reloaded(true);
	T_STR(sup_t.notified, "");
	sup_t_end();
}

static void
a_reload_waits_for_the_engine(void)
{
	sup_t_run();
	sup_reload(&sup_t.sup);
	expect_no_file(ENGINE);
	expect_no_file(POLICYD);
	sup_t_say(ENGINE, &ready);
	expect_file(ENGINE, 0, "rsvpd.conf");
	expect_file(POLICYD, 0, "policy.conf");
	/* One whose engine dies is over; what it was is not in force. */
	sup_t_die(ENGINE, SIGKILL);
	T_EQ(sup_t.sup.conf_new, -1);
	sup_t_end();
	begin();
	sup_stop(&sup_t.sup, 0);
	answer_all();
	sup_reload(&sup_t.sup);
	expect_no_file(ENGINE);
	sup_t_end();
}

static void
a_file_that_cannot_be_read_is_not_handed_over(void)
{
	begin();
	answer_all();
	sup_t.conf_error = -EACCES;
	sup_t.policy_error = -EACCES;
	sup_t.notified[0] = '\0';
	sup_reload(&sup_t.sup);
	expect_no_file(ENGINE);
	expect_no_file(POLICYD);
	T_STR(sup_t.notified, "");
	/* Each for itself; and a policy that is not there is one. */
	sup_t.policy_error = -ENOENT;
	sup_reload(&sup_t.sup);
	expect_no_file(ENGINE);
	expect_file(POLICYD, 0, NULL);
	sup_t.options.policy_required = true;
	sup_reload(&sup_t.sup);
	expect_no_file(POLICYD);
	sup_t.policy_error = 0;
	sup_t_die(POLICYD, SIGKILL);
	sup_t.conf_error = 0;
	sup_reload(&sup_t.sup);
	expect_file(ENGINE, 0, "rsvpd.conf");
	sup_t_end();
}

/* What it was told of no policy.conf. */
static void
expect_told(uint32_t serial, const char *text)
{
	struct sup_msg msg;

	do
		T_CHECK(sup_t_hear(POLICYD, &msg), "nothing is said");
	while (msg.type == SUP_PING);
	T_EQ(msg.type, SUP_RELOAD);
	T_EQ(msg.serial, serial);
	T_EQ(msg.fd, -1);
	T_STR(msg.text, text);
}

static void
policyd_asks_for_its_file(void)
{
	struct sup_msg ask = { .type = SUP_POLICY, .serial = 9, .fd = -1 };

	begin();
	answer_all();
	sup_t_say(POLICYD, &ask);
	expect_file(POLICYD, 9, "policy.conf");
	sup_t.policy_error = -ENOENT;
	sup_t_say(POLICYD, &ask);
	expect_told(9, "");
	sup_t.options.policy_required = true;
	sup_t_say(POLICYD, &ask);
	expect_told(9, "No such file or directory");
	sup_t.options.policy_required = false;
	sup_t.policy_error = -EACCES;
	ask.serial = 10;
	sup_t_say(POLICYD, &ask);
	expect_told(10, "Permission denied");
	sup_t_end();
}

/* ---- what makes no sense ------------------------------------------------- */

static void
whoever_makes_no_sense_is_killed(void)
{
	begin();
	T_EQ(send(sup_t_process(TCCTL)->sock, "what?", 5, 0), 5);
	T_CHECK(loop_t_call_fds(), "not heard");
	T_EQ(sup_t_process(TCCTL)->signal, SIGKILL);
	T_CHECK(!loop_t_call_fds(), "it is not heard any more");
	sup_t_end();
}

/* Its signal tells of its end. */
static void
the_end_of_what_it_says_is_not_the_end_of_a_worker(void)
{
	begin();
	sup_close(&sup_t_process(TCCTL)->sock);
	while (loop_t_call_fds())
		;
	T_EQ(sup_t_process(TCCTL)->kills, 0);
	T_CHECK(sup_t.sup.workers[TCCTL].pid != 0, "it runs");
	/* What cannot be told to it is no reason either. */
	T_EQ(sup_tell(&sup_t.sup.workers[TCCTL], &ready), -EPIPE);
	sup_t_end();
}

static void
much_that_is_said_at_once_is_taken_in_turns(void)
{
	enum { MANY = 40, A_TURN = 16 };
	const struct sup_msg need = {
		.type = SUP_NEED, .role = SUP_FD_USERS, .fd = -1
	};
	struct sup_msg msg;
	size_t answered[4] = { 0 };

	begin();
	answer_all();
	for (int i = 0; i < MANY; i++)
		T_EQ(sup_msg_send(sup_t_process(ENGINE)->sock, &need), 0);
	for (int turn = 0; turn < 4; turn++) {
		(void)loop_t_call_fds();
		while (sup_t_hear(ENGINE, &msg)) {
			sup_close(&msg.fd);
			answered[turn]++;
		}
	}
	T_EQ(answered[0], A_TURN);
	T_EQ(answered[1], A_TURN);
	T_EQ(answered[2], MANY - 2 * A_TURN);
	T_EQ(answered[3], 0);
	sup_t_end();
}

static struct t_case cases[] = {
	{ "workers that answer are left alone",
		workers_that_answer_are_left_alone },
	{ "whoever is silent is killed", whoever_is_silent_is_killed },
	{ "what waits is read before it is judged",
		what_waits_is_read_before_it_is_judged },
	{ "whoever was asked to end may be silent",
		whoever_was_asked_to_end_may_be_silent },
	{ "the service manager hears only when all are well",
		the_service_manager_hears_only_when_all_are_well },
	{ "the engine says how long may be silent",
		the_engine_says_how_long_may_be_silent },
	{ "the engine says whose the control socket is",
		the_engine_says_whose_the_control_socket_is },
	{ "only the engine has a say in it", only_the_engine_has_a_say_in_it },
	{ "a reload hands over both files", a_reload_hands_over_both_files },
	{ "the next engine gets the configuration that was taken",
		the_next_engine_gets_the_configuration_that_was_taken },
	{ "a reload under way is followed by one",
		a_reload_under_way_is_followed_by_one },
	{ "a reload waits for the engine", a_reload_waits_for_the_engine },
	{ "a file that cannot be read is not handed over",
		a_file_that_cannot_be_read_is_not_handed_over },
	{ "policyd asks for its file", policyd_asks_for_its_file },
	{ "whoever makes no sense is killed",
		whoever_makes_no_sense_is_killed },
	{ "the end of what it says is not the end of a worker",
		the_end_of_what_it_says_is_not_the_end_of_a_worker },
	{ "much that is said at once is taken in turns",
		much_that_is_said_at_once_is_taken_in_turns },
};
T_MAIN(cases)
