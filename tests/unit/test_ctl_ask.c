/* SPDX-License-Identifier: ISC */

/* rsvpctl: its words, the daemon it asks, and what it says when that fails. */

#include "ctl_t.h"

enum { REFUSED = 1, USAGE = 2, UNREACHABLE = 3 };

/* ---- the daemon ---------------------------------------------------------- */

static void
a_daemon_out_of_reach_has_a_status_of_its_own(void)
{
	ctl_t_expect_fault(
		NULL, "show status", UNREACHABLE, "No such file or directory");
	ctl_t_expect_fault(NULL, "show status", UNREACHABLE,
		"is rsvpd running, may you use it?");
	ctl_t_expect_fault(NULL, "--json show counters", UNREACHABLE, "/s: ");
}

static void
a_path_that_no_socket_can_have_is_refused(void)
{
	char words[256];
	char path[128];

	/* 107 octets and the end of the text: the longest there is. */
	(void)memset(path, 'a', sizeof(path));
	path[107] = '\0';
	(void)snprintf(words, sizeof(words), "--socket %s show status", path);
	ctl_t_expect_fault(
		NULL, words, UNREACHABLE, "No such file or directory");
	path[107] = 'a';
	path[108] = '\0';
	(void)snprintf(words, sizeof(words), "--socket %s show status", path);
	ctl_t_expect_fault(NULL, words, UNREACHABLE, "File name too long");
}

static void
an_answer_in_several_datagrams_is_one(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_HISTORY, "{generation 1 source a}|"
						"{generation 2 source a}"
						"{generation 3 source a}|"),
		"policy history",
		"generation 1, 0 s old, 0 rules from a\n"
		"generation 2, 0 s old, 0 rules from a\n"
		"generation 3, 0 s old, 0 rules from a\n");
}

static void
half_an_answer_is_none(void)
{
	static struct ctl_t_run run;

	ctl_t_expect_fault(CTL_T_ONE(CTL_ASK_SESSIONS, "cut"), "show sessions",
		UNREACHABLE, "the daemon ended the connection");
	ctl_t_expect_fault(CTL_T_ONE(CTL_ASK_SESSIONS,
				   "{dst 10.0.0.1 proto 17 port 1}cut"),
		"--json show sessions", UNREACHABLE,
		"the daemon ended the connection");
	/* What was told as text has been seen. */
	ctl_t_run(CTL_T_ONE(CTL_ASK_SESSIONS,
			  "{dst 10.0.0.1 proto 17 port 1}cut"),
		"show sessions", &run);
	T_STR(run.out, "10.0.0.1:1 protocol 17\n");
	T_EQ(run.status, UNREACHABLE);
}

static void
what_the_daemon_refuses_is_told_in_its_words(void)
{
	ctl_t_expect_fault(CTL_T_ONE(CTL_ASK_SESSIONS, "end{error 'too many'}"),
		"show sessions", REFUSED, "rsvpctl: too many\n");
	ctl_t_expect_fault(CTL_T_ONE(CTL_ASK_COUNTERS, "end{error 'too many'}"),
		"show counters --json", REFUSED, "rsvpctl: too many\n");
	/* What is not an error is no refusal. */
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, "end{name x}"),
		"show sessions", "no sessions\n");
}

static void
another_version_is_not_read(void)
{
	static struct ctl_t_run run;

	ctl_t_run(CTL_T_ONE(CTL_ASK_SESSIONS,
			  "version 9 {dst 10.0.0.1 proto 17 port 1}"),
		"show sessions", &run);
	T_STR(run.out, "");
	T_STR(run.err, "rsvpctl: the daemon speaks version 9, this tool 1\n");
	T_EQ(run.status, UNREACHABLE);
}

/* ---- words --------------------------------------------------------------- */

static void
what_is_not_understood_is_not_asked(void)
{
	static const struct {
		const char *words;
		const char *err;
	} rows[] = {
		{ "show interfaces eth0", "unexpected argument eth0" },
		{ "show policy x", "unexpected argument x" },
		{ "policy history x", "unexpected argument x" },
		{ "directory status x", "unexpected argument x" },
		{ "show rules x", "unexpected argument x" },
		{ "show counters x", "unexpected argument x" },
		{ "show status x", "unexpected argument x" },
		{ "show sessions nowhere", "nowhere: not an IP address" },
		{ "show sessions 10.0.0.1 65536", "65536: not a port (0 to "
						  "65535)" },
		{ "show sessions 10.0.0.1 1x", "1x: not a port" },
		{ "explain 10.0.0.1 x", "x: not a port" },
		{ "show reservations 10.0.0.1 1 2", "too many arguments at 2" },
		{ "show sessions --kv", "--kv: options but --json stand before "
					"the command" },
		{ "policy rollback 1 2", "too many arguments at 2" },
		{ "policy rollback 0", "0: not a generation" },
		{ "policy rollback 1x", "1x: not a generation" },
		{ "policy rollback +1", "+1: not a generation" },
		{ "policy rollback 99999999999999999999",
			"not a generation (rsvpctl policy history lists" },
		{ "policy load FILE", "policy load has policyd read its own "
				      "file; with another there is --dry-run" },
		{ "policy load --format native", "policy load has policyd "
						 "read its own file" },
		{ "policy load --wet-run", "--wet-run: not an option here" },
		{ "policy diff --dry-run", "--dry-run is of policy load" },
		{ "policy diff a b", "too many arguments at b" },
		{ "policy diff --format", "--format: not an option here" },
		{ "policy explain nowhere", "nowhere: not an IP address (a "
					    "file is named by --file)" },
		{ "policy explain 10.0.0.1 65536", "65536: not a port" },
		{ "policy explain 10.0.0.1 1 2", "too many arguments at 2" },
		{ "policy explain 10.0.0.1 --port 2",
			"a DESTINATION or options, not both" },
		{ "policy explain --time now", "the daemon decides now" },
		{ "policy explain --port", "--port: which?" },
		{ "policy explain --file", "--file: which?" },
		{ "policy explain --user nobody-here", "no such user" },
		{ "policy explain --a-name-that-is-much-too-long-for-any 1",
			"too long, or too many" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ctl_t_expect_fault(
			CTL_T_NOTHING, rows[i].words, USAGE, rows[i].err);
}

static void
a_command_that_is_none_is_guessed(void)
{
	ctl_t_expect_fault(CTL_T_NOTHING, "show sesions", USAGE,
		"rsvpctl: no command \"show sesions\"; did you mean \"show "
		"sessions\"?\n");
	ctl_t_expect_fault(CTL_T_NOTHING, "shwo polciy", USAGE,
		"rsvpctl: no command \"shwo polciy\"; did you mean \"show "
		"policy\"?\n");
	ctl_t_expect_fault(CTL_T_NOTHING, "quit", USAGE,
		"rsvpctl: no command \"quit\"; rsvpctl --help lists them\n");
	ctl_t_expect_fault(CTL_T_NOTHING, "show", USAGE,
		"rsvpctl: show what? One of: interfaces sessions reservations "
		"policy rules counters status\n");
	ctl_t_expect_fault(CTL_T_NOTHING, "directory", USAGE,
		"rsvpctl: directory what? One of: status\n");
	/* A word that only begins like one. */
	ctl_t_expect_fault(CTL_T_NOTHING, "dire", USAGE, "no command \"dire\"");
	ctl_t_expect_fault(CTL_T_NOTHING, "show statu", USAGE,
		"did you mean \"show status\"?");
	ctl_t_expect_fault(CTL_T_NOTHING, "show statusx", USAGE,
		"did you mean \"show status\"?");
}

static void
help_is_for_all_and_for_each(void)
{
	static struct ctl_t_run run;

	ctl_t_run(CTL_T_NOTHING, "--help", &run);
	T_EQ(run.status, 0);
	T_CHECK(strncmp(run.out, "usage: rsvpctl ", 15) == 0 &&
			strstr(run.out, "\n  show sessions [DESTINATION "
					"[PORT]]\n      sessions with their "
					"path") &&
			strstr(run.out, "\n  show status\n      version, "),
		"%s", run.out);
	ctl_t_expect(CTL_T_NOTHING, "show status --help",
		"usage: rsvpctl show status\n\n  version, uptime and "
		"totals\n\nrsvpctl(1) has more.\n");
	ctl_t_expect(CTL_T_NOTHING, "show sessions 10.0.0.1 --help",
		"usage: rsvpctl show sessions [DESTINATION [PORT]]\n\n  "
		"sessions with their path and reservation state\n\nrsvpctl(1) "
		"has more.\n");
	ctl_t_expect(
		CTL_T_NOTHING, "--version", "rsvpctl " PACKAGE_VERSION "\n");
	/* Without a command the same is a fault. */
	ctl_t_expect_fault(CTL_T_NOTHING, "", USAGE, "usage: rsvpctl [--json]");
	ctl_t_expect_fault(CTL_T_NOTHING, "--json", USAGE, "usage: rsvpctl");
	ctl_t_expect_fault(CTL_T_NOTHING, "--xml show status", USAGE, "xml");
}

static void
commands_are_listed_for_programs(void)
{
	static struct ctl_t_run run;
	size_t lines = 0;

	ctl_t_run(CTL_T_NOTHING, "--list-commands", &run);
	T_EQ(run.status, 0);
	T_CHECK(strncmp(run.out, "show interfaces\nshow sessions\n", 30) == 0 &&
			strstr(run.out, "\npolicy explain\n"),
		"%s", run.out);
	for (const char *p = run.out; *p; p++)
		lines += *p == '\n';
	T_EQ(lines, 20);
}

/* ---- orders -------------------------------------------------------------- */

static void
an_order_is_answered_in_the_words_of_policyd(void)
{
	static struct ctl_t_run run;

	ctl_t_expect(CTL_T_ONE(CTL_ASK_LOAD, "{ok 1 text 'as before'}"),
		"policy load", "as before\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_LOAD, "{ok 1}"), "policy load", "");
	ctl_t_run(
		CTL_T_ONE(CTL_ASK_LOAD, "{ok 0 text 'not a policy' lines{text "
					"'p:1: what?'} lines{text 'p:2: no'}}"),
		"policy load", &run);
	T_EQ(run.status, REFUSED);
	T_STR(run.out, "");
	T_STR(run.err, "p:1: what?\np:2: no\nrsvpctl: not a policy\n");
	/* No answer at all is none that is good. */
	ctl_t_run(CTL_T_ONE(CTL_ASK_LOAD, ""), "policy load", &run);
	T_EQ(run.status, REFUSED);
	ctl_t_run(CTL_T_ONE(CTL_ASK_LOAD, "{ok 0 text no}"),
		"policy load --json", &run);
	T_EQ(run.status, REFUSED);
	T_STR(run.out, "{\n  \"schema\": 1,\n  \"ok\": false,\n  \"text\": "
		       "\"no\"\n}\n");
}

static void
expect_generation(const char *words, uint64_t generation)
{
	static struct ctl_t_run run;
	struct buf_reader r;
	struct msg_attr a;

	ctl_t_run(CTL_T_ONE(CTL_ASK_ROLLBACK, "fd {ok 1 text done}"), words,
		&run);
	T_EQ(run.status, 0);
	T_STR(run.out, "done\n");
	r = buf_reader(run.question, run.question_len);
	T_CHECK(msg_attr_next(&r, &a), "nothing asked");
	T_EQ(a.type, CTL_F_GENERATION);
	T_EQ(msg_get_u64(&a), generation);
}

static void
a_rollback_names_its_generation(void)
{
	expect_generation("policy rollback", 0);
	expect_generation("policy rollback 1", 1);
	expect_generation("policy rollback 18446744073709551615", UINT64_MAX);
}

static void
two_policies_are_compared_when_both_are_there(void)
{
	struct ctl_t_answer answers[] = { { CTL_ASK_SNAPSHOT, "" }, { 0, NULL },
		{ 0, NULL }, { 0, NULL } };

	ctl_t_expect_fault(answers, "policy diff", USAGE,
		"no policy has been put in force yet");
	answers[0].records = "end{error 'not now'}";
	ctl_t_expect_fault(answers, "policy diff", USAGE, "rsvpctl: not now\n");
	answers[0].records = "fd end{}";
	answers[1] =
		(struct ctl_t_answer){ CTL_ASK_REQUESTS, "end{error 'many'}" };
	ctl_t_expect_fault(answers, "policy diff", USAGE, "rsvpctl: many\n");
	answers[1].records = "";
	answers[2] = (struct ctl_t_answer){ CTL_ASK_CANDIDATE,
		"{ok 0 text 'no file'}" };
	ctl_t_expect_fault(answers, "policy diff", USAGE, "rsvpctl: no file\n");
	answers[2].records = "{ok 1}";
	ctl_t_expect_fault(answers, "policy load --dry-run", REFUSED,
		"policyd gave no policy");
	answers[2].question = 0;
	ctl_t_expect_fault(answers, "policy diff --format aix", USAGE,
		"--format is of a FILE");
	ctl_t_expect_fault(answers, "policy diff --format=aix", USAGE,
		"--format is of a FILE");
	answers[2] =
		(struct ctl_t_answer){ CTL_ASK_CANDIDATE_DIRECTORY, "{ok 1}" };
	ctl_t_expect_fault(answers, "policy diff directory", USAGE,
		"policyd gave no policy");
}

static struct t_case cases[] = {
	{ "a daemon out of reach has a status of its own",
		a_daemon_out_of_reach_has_a_status_of_its_own },
	{ "a path that no socket can have is refused",
		a_path_that_no_socket_can_have_is_refused },
	{ "an answer in several datagrams is one",
		an_answer_in_several_datagrams_is_one },
	{ "half an answer is none", half_an_answer_is_none },
	{ "what the daemon refuses is told in its words",
		what_the_daemon_refuses_is_told_in_its_words },
	{ "another version is not read", another_version_is_not_read },
	{ "what is not understood is not asked",
		what_is_not_understood_is_not_asked },
	{ "a command that is none is guessed",
		a_command_that_is_none_is_guessed },
	{ "help is for all and for each", help_is_for_all_and_for_each },
	{ "commands are listed for programs",
		commands_are_listed_for_programs },
	{ "an order is answered in the words of policyd",
		an_order_is_answered_in_the_words_of_policyd },
	{ "a rollback names its generation", a_rollback_names_its_generation },
	{ "two policies are compared when both are there",
		two_policies_are_compared_when_both_are_there },
};
T_MAIN(cases)
