/* SPDX-License-Identifier: ISC */

/* How workers start, end and start again: rsvpd/sup_life.c. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "sup_t.h"

enum { KILLED = SIGKILL, FAILED = 1 << 8, REFUSED = SUP_EXIT_CONF << 8 };

static void
expect_fd(int worker, int role, const char *text)
{
	struct sup_msg msg;
	char got[64];

	T_CHECK(sup_t_hear(worker, &msg), "nothing was said");
	T_EQ(msg.type, SUP_FD);
	T_EQ(msg.role, role);
	if (role == SUP_FD_CONF || role == SUP_FD_USERS)
		sup_t_is_at_its_beginning(msg.fd);
	if (text) {
		sup_t_text(msg.fd, got);
		T_STR(got, text);
	} else {
		T_CHECK(msg.fd >= 0, "no descriptor");
		sup_close(&msg.fd);
	}
}

static void
expect_start(int worker)
{
	struct sup_msg msg;

	T_CHECK(sup_t_hear(worker, &msg), "nothing was said");
	T_EQ(msg.type, SUP_START);
	T_STR(msg.text, "rsvpd.conf");
	T_EQ(msg.fd, -1);
}

static void
expect_silence(int worker)
{
	struct sup_msg msg = { .type = 0 };

	T_CHECK(!sup_t_hear(worker, &msg), "message %d", msg.type);
}

static bool
is_running(int worker)
{
	return sup_t.sup.workers[worker].pid != 0;
}

/* What each was told when it started is of no interest. */
static void
forget_what_was_said(void)
{
	struct sup_msg msg;

	for (int i = 0; i < WORKERS; i++)
		while (is_running(i) && sup_t_hear(i, &msg))
			sup_close(&msg.fd);
}

/* ---- starting ------------------------------------------------------------ */

static void
the_engine_is_told_all_that_it_needs(void)
{
	const struct sup_t_process *p;

	sup_t_begin();
	for (int i = 0; i < WORKERS; i++)
		sup_start_worker(&sup_t.sup.workers[i]);
	T_EQ(sup_t.count, 3);
	T_STR(sup_t.processes[0].name, "engine");
	expect_fd(ENGINE, SUP_FD_CONF, "conf");
	expect_fd(ENGINE, SUP_FD_API, "api");
	expect_fd(ENGINE, SUP_FD_CTL, "ctl");
	expect_start(ENGINE);
	expect_fd(ENGINE, SUP_FD_TC, NULL);
	expect_fd(ENGINE, SUP_FD_POLICY, NULL);
	expect_silence(ENGINE);
	/* Descriptor 3 of a helper is its way to the engine, 5 its file. */
	p = sup_t_process(ENGINE);
	T_CHECK(!p->given[0] && p->given[1] && !p->given[2], "the engine");
	T_STR(p->argv[1], "--engine");
	p = sup_t_process(TCCTL);
	T_CHECK(p->given[0] && p->given[1] && !p->given[2], "tcctl");
	T_STR(p->argv[1], "serve");
	T_CHECK(sup_t.sup.workers[TCCTL].program.net_admin, "it may");
	p = sup_t_process(POLICYD);
	T_CHECK(p->given[0] && p->given[1] && p->given[2], "policyd");
	T_STR(p->argv[3], "state");
	T_STR(p->argv[5], "0");
	T_STR(p->argv[6], "-f");
	T_STR(p->argv[7], "policy.conf");
	T_CHECK(!sup_t.sup.workers[POLICYD].program.net_admin &&
			!sup_t.sup.workers[ENGINE].program.net_admin,
		"they may not");
	T_EQ(sup_t.sup.workers[ENGINE].program.death_signal, SIGKILL);
	T_EQ(sup_t.sup.workers[TCCTL].program.death_signal, SIGTERM);
	sup_t_end();
}

/* A policy that should be there is not none, which allows everything. */
static void
a_policy_that_cannot_be_read_is_named(void)
{
	static const struct {
		int error;
		bool required;
		bool named;
	} rows[] = { { -ENOENT, false, false }, { -ENOENT, true, true },
		{ -EACCES, false, true }, { -EACCES, true, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sup_t_begin();
		sup_t.policy_error = rows[i].error;
		sup_t.options.policy_required = rows[i].required;
		sup_t.options.poll_s = "30";
		T_CHECK(sup_describe_workers(&sup_t.sup), "users");
		for (int w = 0; w < WORKERS; w++)
			sup_start_worker(&sup_t.sup.workers[w]);
		T_CHECK(!sup_t_process(POLICYD)->given[2], "a file");
		T_STR(sup_t_process(POLICYD)->argv[6],
			rows[i].named ? "-f" : "");
		T_STR(sup_t_process(POLICYD)->argv[7],
			rows[i].named ? "policy.conf" : "");
		T_STR(sup_t_process(POLICYD)->argv[5], "30");
		sup_t_end();
	}
}

static void
each_worker_has_a_user(void)
{
	static const char *const users[] = { ENGINE_USER, TC_USER,
		POLICY_USER };

	sup_t_begin();
	for (int i = 0; i < WORKERS; i++)
		T_STR(sup_t.sup.workers[i].program.user.name, users[i]);
	for (int i = 0; i < WORKERS; i++) {
		(void)snprintf(sup_t.user_missing, sizeof(sup_t.user_missing),
			"%s", users[i]);
		T_CHECK(!sup_describe_workers(&sup_t.sup), "without %s",
			users[i]);
	}
	sup_t_end();
}

static void
helpers_wait_for_the_engine(void)
{
	sup_t_begin();
	sup_t.spawn_error = -EAGAIN;
	for (int i = 0; i < WORKERS; i++)
		sup_start_worker(&sup_t.sup.workers[i]);
	T_EQ(sup_t.count, 0);
	sup_t_wait_ms(49);
	T_EQ(sup_t.count, 0);
	sup_t_wait_ms(1);
	T_EQ(sup_t.count, 3);
	T_STR(sup_t.processes[0].name, "engine");
	/* Whoever runs is not started again. */
	for (int i = 0; i < WORKERS; i++)
		sup_start_worker(&sup_t.sup.workers[i]);
	T_EQ(sup_t.count, 3);
	sup_t_end();
}

static void
a_helper_that_cannot_be_started_is_tried_again(void)
{
	sup_t_run();
	sup_t_die(TCCTL, KILLED);
	sup_t.spawn_error = -ENOMEM;
	sup_t_wait_ms(50);
	T_CHECK(!is_running(TCCTL), "it cannot");
	sup_t_wait_ms(99);
	T_CHECK(!is_running(TCCTL), "as after a death");
	sup_t_wait_ms(1);
	T_CHECK(is_running(TCCTL), "not again");
	T_EQ(sup_t.sup.workers[TCCTL].deaths.count, 2);
	sup_t_end();
}

/* ---- deaths -------------------------------------------------------------- */

static void
a_helper_that_dies_is_started_again_later_each_time(void)
{
	int64_t delay_ms = 50;

	sup_t_run();
	for (size_t i = 0; i < 4; i++, delay_ms *= 2) {
		sup_t_die(TCCTL, KILLED);
		T_CHECK(!is_running(TCCTL), "it is dead");
		sup_t_wait_ms(delay_ms - 1);
		T_CHECK(!is_running(TCCTL), "too early");
		sup_t_wait_ms(1);
		T_CHECK(is_running(TCCTL), "not again");
		forget_what_was_said();
	}
	/* The engine has the other end of a new pair. */
	sup_t_die(POLICYD, FAILED);
	sup_t_wait_ms(50);
	expect_fd(ENGINE, SUP_FD_POLICY, NULL);
	T_CHECK(!sup_t.sup.stopping, "it goes on");
	T_EQ(sup_t_process(ENGINE)->kills, 0);
	sup_t_end();
}

static void
ten_deaths_within_a_minute_are_the_end(void)
{
	sup_t_run();
	for (size_t i = 0; i < 9; i++) {
		T_CHECK(!sup_t.sup.stopping, "after %zu", i);
		sup_t_die(TCCTL, KILLED);
		sup_t_wait_ms(5000);
		forget_what_was_said();
	}
	T_CHECK(is_running(TCCTL), "after nine");
	sup_t_die(TCCTL, KILLED);
	T_CHECK(sup_t.sup.stopping, "after ten");
	T_EQ(sup_t.sup.exit_status, EXIT_FAILURE);
	T_EQ(sup_t_process(ENGINE)->signal, SIGTERM);
	sup_t_end();
}

static void
with_the_engine_all_are_started_anew(void)
{
	sup_t_run();
	sup_t_die(ENGINE, KILLED);
	T_EQ(sup_t_process(TCCTL)->signal, SIGTERM);
	T_EQ(sup_t_process(POLICYD)->signal, SIGTERM);
	/* They wait for the next engine, however quick they are. */
	sup_t_die(TCCTL, 0);
	T_CHECK(!is_running(TCCTL), "before the engine");
	sup_t_wait_ms(50);
	T_EQ(sup_t.count, 5);
	T_STR(sup_t.processes[3].name, "engine");
	T_STR(sup_t.processes[4].name, "tcctl");
	expect_fd(ENGINE, SUP_FD_CONF, "conf");
	expect_fd(ENGINE, SUP_FD_API, "api");
	expect_fd(ENGINE, SUP_FD_CTL, "ctl");
	expect_start(ENGINE);
	expect_fd(ENGINE, SUP_FD_TC, NULL);
	expect_silence(ENGINE);
	/* One that ends after it is started at once: it was asked to. */
	sup_t_die(POLICYD, FAILED);
	T_CHECK(is_running(POLICYD), "not at once");
	expect_fd(ENGINE, SUP_FD_POLICY, NULL);
	/* The next was not. */
	sup_t_die(POLICYD, FAILED);
	T_CHECK(!is_running(POLICYD), "at once");
	sup_t_end();
}

/* It sees the end of the engine before we do, which is not its fault. */
static void
a_helper_that_ends_before_its_engine_is_forgiven(void)
{
	sup_t_run();
	for (int i = 0; i < 12; i++) {
		sup_t_die(TCCTL, 0);
		sup_t_die(ENGINE, KILLED);
		sup_t_die(POLICYD, 0);
		/* An engine in 20 s is not too many. */
		sup_t_wait_ms(20000);
		forget_what_was_said();
		T_CHECK(is_running(TCCTL) && is_running(POLICYD), "%d", i);
	}
	T_CHECK(!sup_t.sup.stopping, "it was counted");
	T_EQ(sup_t.sup.workers[TCCTL].deaths.count, 0);
	/* One that failed is not. */
	sup_t_die(TCCTL, FAILED);
	sup_t_die(ENGINE, KILLED);
	T_EQ(sup_t.sup.workers[TCCTL].deaths.count, 1);
	sup_t_end();
}

static void
an_engine_that_refuses_its_configuration_is_the_end(void)
{
	const struct sup_msg ready = { .type = SUP_READY, .fd = -1 };

	sup_t_run();
	sup_t_die(ENGINE, REFUSED);
	T_CHECK(sup_t.sup.stopping, "again and again");
	T_EQ(sup_t.sup.exit_status, EXIT_FAILURE);
	sup_t_end();
	/* Once it has taken it the reason is another. */
	sup_t_run();
	sup_t_say(ENGINE, &ready);
	sup_t_die(ENGINE, REFUSED);
	T_CHECK(!sup_t.sup.stopping, "it was ready");
	sup_t_wait_ms(50);
	T_CHECK(is_running(ENGINE), "not again");
	sup_t_end();
	sup_t_run();
	sup_t_die(TCCTL, REFUSED);
	T_CHECK(!sup_t.sup.stopping, "only the engine's");
	sup_t_die(ENGINE, SUP_EXIT_CONF); /* a signal of that number */
	T_CHECK(!sup_t.sup.stopping, "only an exit");
	sup_t_end();
}

static void
what_it_said_last_counts_before_its_end(void)
{
	const struct sup_msg ready = { .type = SUP_READY, .fd = -1 };

	sup_t_run();
	T_EQ(sup_msg_send(sup_t_process(ENGINE)->sock, &ready), 0);
	sup_t_die(ENGINE, REFUSED);
	T_CHECK(sup_t.sup.ever_ready && !sup_t.sup.ready, "it was ready");
	T_CHECK(!sup_t.sup.stopping, "refused");
	sup_t_end();
}

/* ---- the end ------------------------------------------------------------- */

static void
workers_are_ended_one_after_the_other(void)
{
	sup_t_run();
	sup_stop(&sup_t.sup, 0);
	T_STR(sup_t.notified, "STOPPING=1");
	T_EQ(sup_t_process(ENGINE)->signal, SIGTERM);
	T_EQ(sup_t_process(TCCTL)->signal, 0);
	sup_stop(&sup_t.sup, 1); /* it is under way */
	T_EQ(sup_t_process(ENGINE)->kills, 1);
	sup_t_die(ENGINE, 0);
	/* With their engine both helpers are asked. */
	T_EQ(sup_t_process(TCCTL)->signal, SIGTERM);
	T_EQ(sup_t_process(TCCTL)->kills, 1);
	T_CHECK(!loop_t_stopped(), "two are left");
	sup_t_die(TCCTL, 0);
	T_EQ(sup_t_process(POLICYD)->signal, SIGTERM);
	T_CHECK(!loop_t_stopped(), "one is left");
	sup_t_die(POLICYD, KILLED);
	T_CHECK(loop_t_stopped(), "all are gone");
	T_EQ(sup_t.sup.exit_status, 0);
	T_EQ(sup_t.count, 3);
	sup_t_end();
}

static void
whoever_waits_to_be_started_is_not_at_the_end(void)
{
	sup_t_run();
	sup_t_die(TCCTL, KILLED);
	sup_stop(&sup_t.sup, 0);
	sup_t_wait_ms(1000);
	T_CHECK(!is_running(TCCTL), "started");
	sup_t_die(ENGINE, 0);
	sup_t_die(POLICYD, 0);
	T_CHECK(loop_t_stopped(), "all are gone");
	sup_start_worker(&sup_t.sup.workers[TCCTL]);
	T_CHECK(!is_running(TCCTL), "started");
	sup_t_end();
}

static void
whoever_does_not_end_is_killed(void)
{
	sup_t_run();
	sup_stop(&sup_t.sup, 0);
	for (int i = 0; i < 9; i++) {
		sup_t_wait_ms(500);
		T_EQ(sup_t_process(ENGINE)->signal, SIGTERM);
	}
	sup_t_wait_ms(500);
	T_EQ(sup_t_process(ENGINE)->signal, SIGKILL);
	T_EQ(sup_t_process(ENGINE)->kills, 2);
	sup_t_wait_ms(500); /* once */
	T_EQ(sup_t_process(ENGINE)->kills, 2);
	sup_t_end();
}

/* ---- sockets for the engine ---------------------------------------------- */

static void
ask(int role)
{
	const struct sup_msg need = {
		.type = SUP_NEED, .role = (uint8_t)role, .fd = -1
	};

	sup_t.socket_role = -1;
	sup_t_say(ENGINE, &need);
}

static void
a_socket_is_opened_when_the_engine_asks_for_it(void)
{
	static const int raw[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6, SUP_FD_GUARD };
	static const int udp[] = { SUP_FD_UDP, SUP_FD_UDP_HOST };

	sup_t_run();
	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
		ask(raw[i]);
		T_EQ(sup_t.socket_role, raw[i]);
		expect_fd(ENGINE, raw[i], "raw");
	}
	for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++) {
		ask(udp[i]);
		T_EQ(sup_t.socket_role, udp[i]);
		expect_fd(ENGINE, udp[i], "udp");
	}
	/* What is none of the network's is not opened. */
	ask(SUP_FD_CONF);
	ask(SUP_FD_TC);
	ask(SUP_FD_COUNT);
	ask(255);
	T_EQ(sup_t.socket_role, -1);
	expect_silence(ENGINE);
	sup_t_end();
}

static void
expect_none(int role)
{
	struct sup_msg msg;

	T_CHECK(sup_t_hear(ENGINE, &msg), "it waits for an answer");
	T_EQ(msg.type, SUP_FD);
	T_EQ(msg.role, role);
	T_EQ(msg.fd, -1);
}

static void
a_socket_that_cannot_be_had_is_told_as_none(void)
{
	static const int roles[] = { SUP_FD_UDP, SUP_FD_UDP_HOST,
		SUP_FD_GUARD };

	sup_t_run();
	sup_t.socket_error = -EPERM;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		ask(roles[i]);
		expect_none(roles[i]);
		T_CHECK(!sup_t.sup.stopping, "role %d", roles[i]);
	}
	sup_t.socket_error = -EAFNOSUPPORT;
	ask(SUP_FD_RAW6);
	expect_none(SUP_FD_RAW6);
	T_CHECK(!sup_t.sup.stopping, "without IPv6");
	/* Without the capability there is no RSVP. */
	sup_t.socket_error = -EPERM;
	ask(SUP_FD_RAW4);
	expect_none(SUP_FD_RAW4);
	T_CHECK(sup_t.sup.stopping, "without sockets");
	T_EQ(sup_t.sup.exit_status, EXIT_FAILURE);
	sup_t_end();
}

static void
files_of_accounting_are_ours_by_name(void)
{
	sup_t_run();
	ask(SUP_FD_ACCOUNTS);
	expect_fd(ENGINE, SUP_FD_ACCOUNTS, NULL);
	ask(SUP_FD_USERS);
	expect_fd(ENGINE, SUP_FD_USERS, "/etc/passwd");
	T_EQ(sup_t.socket_role, -1);
	sup_t.accounts_error = -ENOSPC;
	sup_t.users_error = -EACCES;
	ask(SUP_FD_ACCOUNTS);
	expect_none(SUP_FD_ACCOUNTS);
	ask(SUP_FD_USERS);
	expect_none(SUP_FD_USERS);
	expect_silence(ENGINE);
	sup_t_end();
}

static struct t_case cases[] = {
	{ "the engine is told all that it needs",
		the_engine_is_told_all_that_it_needs },
	{ "a policy that cannot be read is named",
		a_policy_that_cannot_be_read_is_named },
	{ "each worker has a user", each_worker_has_a_user },
	{ "helpers wait for the engine", helpers_wait_for_the_engine },
	{ "a helper that cannot be started is tried again",
		a_helper_that_cannot_be_started_is_tried_again },
	{ "a helper that dies is started again, later each time",
		a_helper_that_dies_is_started_again_later_each_time },
	{ "ten deaths within a minute are the end",
		ten_deaths_within_a_minute_are_the_end },
	{ "with the engine all are started anew",
		with_the_engine_all_are_started_anew },
	{ "a helper that ends before its engine is forgiven",
		a_helper_that_ends_before_its_engine_is_forgiven },
	{ "an engine that refuses its configuration is the end",
		an_engine_that_refuses_its_configuration_is_the_end },
	{ "what it said last counts before its end",
		what_it_said_last_counts_before_its_end },
	{ "workers are ended one after the other",
		workers_are_ended_one_after_the_other },
	{ "whoever waits to be started is not, at the end",
		whoever_waits_to_be_started_is_not_at_the_end },
	{ "whoever does not end is killed", whoever_does_not_end_is_killed },
	{ "a socket is opened when the engine asks for it",
		a_socket_is_opened_when_the_engine_asks_for_it },
	{ "a socket that cannot be had is told as none",
		a_socket_that_cannot_be_had_is_told_as_none },
	{ "files of accounting are ours by name",
		files_of_accounting_are_ours_by_name },
};
T_MAIN(cases)
