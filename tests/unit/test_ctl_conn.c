/* SPDX-License-Identifier: ISC */

/* Connections to the control socket: what is asked and answered there, and who
 * gives way to whom.  rsvpd/ctl_server.c */

#include "ctl_conn_t.h"

#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CLIENTS = 32, MANY = 5000, STUCK_MS = 10000 };

/* ---- questions ----------------------------------------------------------- */

static void
each_question_has_its_answer(void)
{
	static const struct {
		uint16_t ask;
		const char *answer;
	} rows[] = {
		{ CTL_ASK_SESSIONS,
			"[session 0, {path 0,}, {resv 0,}] [session 0, {path "
			"0,}, {resv 0,}] end " },
		{ CTL_ASK_POLICY, "[policy 3] [rule 0] [rule 1] end " },
		{ CTL_ASK_EXPLAIN, "[refusal 2] [refusal 1] end " },
		{ CTL_ASK_STATUS, "[status 0] end " },
		{ CTL_ASK_DIRECTORY, "[directory 0, held 0] end " },
		{ CTL_ASK_DATA, "[data 0] [data 1] end " },
		{ CTL_ASK_REQUESTS, "[request 0] end " },
		{ CTL_ASK_HISTORY, "[history 0] end " },
		{ CTL_ASK_WHY, "[why 0] end " },
		{ CTL_ASK_REFUSED, "[refused 0] end " },
	};
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.sessions = 2;
	ctl_conn_t.paths = 1;
	ctl_conn_t.generation = 3;
	ctl_conn_t.rules = 2;
	ctl_conn_t.refusals = 2;
	fd = ctl_conn_t_connect_one();
	T_EQ(ctl_conn_t.stats.count[STATS_CTL_CLIENTS], 1);
	ctl_conn_t.server->paths = (struct rsvp_path_info *)calloc(
		2, sizeof(*ctl_conn_t.server->paths));
	ctl_conn_t.server->resvs = (struct rsvp_resv_info *)calloc(
		2, sizeof(*ctl_conn_t.server->resvs));
	/* One after the other by the same connection. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ctl_conn_t_ask(fd, rows[i].ask);
		(void)ctl_conn_t_hear(fd, rows[i].answer);
		T_EQ(ctl_conn_t.dropped, i + 1);
	}
	(void)close(fd);
	ctl_conn_t_turn_all();
	T_EQ(ctl_conn_t.server->client_count, 0);
	ctl_conn_t_end();
}

static void
counters_are_those_of_the_daemon_and_of_the_core(void)
{
	const struct rsvp_core_conf conf = rsvp_core_defaults();
	char want[256];
	static char got[CTL_CONN_T_ANSWER];
	struct text t = text_over(got, sizeof(got));
	size_t count = 0;
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.engine.core = rsvp_core_new(&conf);
	ctl_conn_t.stats.count[0] = 77;
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_COUNTERS);
	T_CHECK(ctl_conn_t_hear_datagram(fd, &t) > 0, "nothing");
	for (const char *p = got; (p = strchr(p, '[')); p++)
		count++;
	T_EQ(count, (size_t)STATS_COUNTER_COUNT + RSVP_COUNTER_COUNT);
	(void)snprintf(
		want, sizeof(want), "[%s, ", stats_name((enum stats_counter)0));
	T_CHECK(strncmp(got, want, strlen(want)) == 0, "%s", got);
	(void)snprintf(want, sizeof(want), "[%s, ",
		stats_name((enum stats_counter)(STATS_COUNTER_COUNT - 1)));
	T_CHECK(strstr(got, want) != NULL, "%s", want);
	(void)snprintf(want, sizeof(want), "[%s, ",
		rsvp_counter_name((enum rsvp_counter)0));
	T_CHECK(strstr(got, want) != NULL, "%s", want);
	(void)snprintf(want, sizeof(want), "[%s, ",
		rsvp_counter_name((enum rsvp_counter)(RSVP_COUNTER_COUNT - 1)));
	T_CHECK(strstr(got, want) != NULL, "%s", want);
	(void)close(fd);
	ctl_conn_t_end();
	rsvp_core_free(ctl_conn_t.engine.core);
}

static void
what_is_not_understood_is_refused(void)
{
	int fd;

	ctl_conn_t_begin();
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, 0);
	(void)ctl_conn_t_hear(fd, "end question not known to this daemon");
	ctl_conn_t_ask(fd, CTL_ASK_REFUSED + 1);
	(void)ctl_conn_t_hear(fd, "end question not known to this daemon");
	ctl_conn_t_ask_as(fd, CTL_ASK_STATUS, 5, MSG_VERSION + 1);
	(void)ctl_conn_t_hear(fd, "end version of the question not supported");
	/* The connection can be used on. */
	ctl_conn_t_ask(fd, CTL_ASK_STATUS);
	(void)ctl_conn_t_hear(fd, "[status 0] end ");
	/* What is no message at all ends it. */
	T_EQ(send(fd, "what", 4, 0), 4);
	ctl_conn_t_turn_all();
	T_CHECK(ctl_conn_t_is_closed(fd), "it goes on");
	(void)close(fd);
	T_EQ(ctl_conn_t.server->client_count, 0);
	ctl_conn_t_end();
}

static void
of_a_session_so_much_is_told_as_fits(void)
{
	enum { MORE = 70, FIT = 64 };
	static char got[CTL_CONN_T_ANSWER];
	struct text t = text_over(got, sizeof(got));
	size_t paths = 0;
	size_t resvs = 0;
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.sessions = 1;
	ctl_conn_t.paths = MORE;
	ctl_conn_t.server->paths = (struct rsvp_path_info *)calloc(
		MORE, sizeof(*ctl_conn_t.server->paths));
	ctl_conn_t.server->resvs = (struct rsvp_resv_info *)calloc(
		MORE, sizeof(*ctl_conn_t.server->resvs));
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_SESSIONS);
	while (ctl_conn_t_hear_datagram(fd, &t) > 0)
		ctl_conn_t_turn_all();
	for (const char *p = got; (p = strchr(p, '{')); p++) {
		paths += strncmp(p, "{path", 5) == 0;
		resvs += strncmp(p, "{resv", 5) == 0;
	}
	T_EQ(paths, FIT);
	T_EQ(resvs, FIT);
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

/* ---- long answers -------------------------------------------------------- */

static void
a_long_answer_is_told_in_datagrams(void)
{
	static char want[CTL_CONN_T_ANSWER];
	struct text t = text_over(want, sizeof(want));
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.rules = MANY;
	for (size_t i = 0; i < MANY; i++)
		text_printf(&t, "[data %zu] ", i);
	text_add(&t, "end ");
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_DATA);
	T_CHECK(ctl_conn_t_hear(fd, want) > 2, "in one");
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

static void
a_record_that_fits_in_no_datagram_ends_the_answer(void)
{
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.rules = 3;
	ctl_conn_t.fat = 40000; /* one a datagram */
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_POLICY);
	T_EQ(ctl_conn_t_hear(fd, "[policy 0] [rule 0] [rule 1] [rule 2] end "),
		3);
	ctl_conn_t.fat = 60000;
	ctl_conn_t_ask(fd, CTL_ASK_POLICY);
	(void)ctl_conn_t_hear(
		fd, "[policy 0] end a record is larger than a message");
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

/* It would be of two policies. */
static void
a_listing_of_rules_ends_when_they_change(void)
{
	static const uint16_t asks[] = { CTL_ASK_POLICY, CTL_ASK_DATA };

	for (size_t i = 0; i < 2; i++) {
		static char got[CTL_CONN_T_ANSWER];
		struct text t = text_over(got, sizeof(got));
		int fd;

		ctl_conn_t_begin();
		ctl_conn_t.rules = MANY;
		fd = ctl_conn_t_connect_one();
		ctl_conn_t_ask(fd, asks[i]);
		ctl_conn_t.generation =
			9; /* while the first of it is under way */
		while (ctl_conn_t_hear_datagram(fd, &t) > 0)
			ctl_conn_t_turn_all();
		T_CHECK(strstr(got, "end the policy has changed meanwhile: "
				    "ask again") != NULL,
			"to its end");
		/* Asked again it is of one. */
		ctl_conn_t.rules = 1;
		ctl_conn_t_ask(fd, asks[i]);
		(void)ctl_conn_t_hear(fd,
			i == 0 ? "[policy 9] [rule 0] end " : "[data 0] end ");
		(void)close(fd);
		ctl_conn_t_turn_all();
		ctl_conn_t_end();
	}
}

static void
a_descriptor_goes_with_the_first_datagram(void)
{
	uint8_t bytes[256];
	char control[64];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	size_t before;
	int fd;
	int got;

	ctl_conn_t_begin();
	fd = ctl_conn_t_connect_one();
	before = t_open_fds();
	ctl_conn_t_ask(fd, CTL_ASK_SNAPSHOT);
	T_CHECK(recvmsg(fd, &m, MSG_CMSG_CLOEXEC) > 0, "nothing");
	T_CHECK(CMSG_FIRSTHDR(&m) != NULL, "no descriptor");
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	(void)close(got);
	T_EQ(t_open_fds(), before); /* it is kept no longer */
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

/* ---- what is waited for -------------------------------------------------- */

static void
some_listings_wait_for_counters(void)
{
	static const struct {
		uint16_t ask;
		const char *answer;
	} rows[] = {
		{ CTL_ASK_INTERFACES,
			"[iface 1, udp 1, tc 1, drift 1, hidden 1] [iface 2, "
			"udp 2, tc 2, drift 2, hidden 2] end " },
		{ CTL_ASK_RESERVATIONS, "[{session 0,}, resv 0, counter 0] "
					"end " },
		{ CTL_ASK_RULES, "[installed 0] [installed 1] end " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd;

		ctl_conn_t_begin();
		ctl_conn_t.ifaces = 2;
		ctl_conn_t.sessions = 1;
		ctl_conn_t.paths = 1;
		ctl_conn_t.rules = 2;
		ctl_conn_t.server->resvs = (struct rsvp_resv_info *)calloc(
			1, sizeof(*ctl_conn_t.server->resvs));
		fd = ctl_conn_t_connect_one();
		ctl_conn_t_ask(fd, rows[i].ask);
		(void)ctl_conn_t_hear(fd, "");
		T_CHECK(ctl_conn_t.waiting != NULL, "not for these");
		/* Nothing is read from whoever waits. */
		ctl_conn_t_ask(fd, CTL_ASK_STATUS);
		(void)ctl_conn_t_hear(fd, "");
		ctl_resume(ctl_conn_t.waiting);
		ctl_conn_t_turn_all();
		{
			char want[512];

			(void)snprintf(want, sizeof(want), "%s[status 0] end ",
				rows[i].answer);
			(void)ctl_conn_t_hear(fd, want);
		}
		(void)close(fd);
		ctl_conn_t_turn_all();
		ctl_conn_t_end();
	}
}

static void
without_memory_for_counters_a_listing_says_so(void)
{
	int fd;

	ctl_conn_t_begin();
	ctl_conn_t.rules = 1;
	ctl_conn_t.no_counters = true;
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_RULES);
	(void)ctl_conn_t_hear(
		fd, "[installed 0] end counters are missing: no memory");
	ctl_conn_t.no_counters = false;
	ctl_conn_t_ask(fd, CTL_ASK_STATUS);
	(void)ctl_conn_t_hear(fd, "[status 0] end ");
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

/* The callback still comes. */
static void
whoever_leaves_while_counters_come_is_remembered_until_then(void)
{
	int fd;

	ctl_conn_t_begin();
	fd = ctl_conn_t_connect_one();
	ctl_conn_t_ask(fd, CTL_ASK_RULES);
	ctl_server_socket(ctl_conn_t.server, dup(ctl_conn_t.listener));
	(void)close(fd);
	/* Nothing is watched meanwhile; it is found out by giving way. */
	ctl_server_free(ctl_conn_t.server);
	ctl_resume(ctl_conn_t.waiting);
	ctl_conn_t.server = NULL;
	T_EQ(loop_t_left(), 0);
	T_EQ(t_open_fds(), ctl_conn_t.open_fds);
}

static void
policyd_answers_some_questions(void)
{
	static const uint16_t asks[] = { CTL_ASK_LOAD, CTL_ASK_CANDIDATE,
		CTL_ASK_CANDIDATE_DIRECTORY, CTL_ASK_ROLLBACK };

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		int fd;

		ctl_conn_t_begin();
		fd = ctl_conn_t_connect_one();
		ctl_conn_t_ask(fd, asks[i]);
		(void)ctl_conn_t_hear(fd, "");
		ctl_resume(ctl_conn_t.waiting);
		ctl_conn_t_turn_all();
		(void)ctl_conn_t_hear(fd, "[answer 0] end ");
		/* Or it does not. */
		ctl_conn_t.problem = "nobody listens";
		ctl_conn_t_ask(fd, asks[i]);
		(void)ctl_conn_t_hear(fd, "end nobody listens");
		ctl_conn_t.problem = NULL;
		ctl_conn_t_ask(fd, CTL_ASK_STATUS);
		(void)ctl_conn_t_hear(fd, "[status 0] end ");
		T_CHECK(ctl_conn_t.forgotten == NULL, "forgotten");
		/* Whoever leaves has not to be told. */
		ctl_conn_t_ask(fd, asks[i]);
		ctl_server_free(ctl_conn_t.server);
		T_CHECK(ctl_conn_t.forgotten == ctl_conn_t.waiting,
			"not forgotten");
		ctl_conn_t.server = NULL;
		(void)close(fd);
		T_EQ(loop_t_left(), 0);
		T_EQ(t_open_fds(), ctl_conn_t.open_fds);
	}
}

static void
a_question_that_makes_no_sense_is_answered_so(void)
{
	int fd;

	ctl_conn_t_begin();
	fd = ctl_conn_t_connect_one();
	ctl_conn_t.problem = "no such option";
	ctl_conn_t_ask(fd, CTL_ASK_WHY);
	(void)ctl_conn_t_hear(fd, "end no such option");
	(void)close(fd);
	ctl_conn_t_turn_all();
	ctl_conn_t_end();
}

/* ---- many connections ---------------------------------------------------- */

static void
connect_many(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = ctl_conn_t_connect_one();
}

static void
close_many(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	ctl_conn_t_turn_all();
}

static void
whoever_is_idle_longest_gives_way(void)
{
	int fds[MOST_CLIENTS];
	int more;

	ctl_conn_t_begin();
	connect_many(fds, MOST_CLIENTS);
	T_EQ(ctl_conn_t.server->client_count, MOST_CLIENTS);
	ctl_conn_t_ask(fds[0], CTL_ASK_STATUS); /* not idle as long */
	(void)ctl_conn_t_hear(fds[0], "[status 0] end ");
	more = ctl_conn_t_connect_one();
	T_CHECK(!ctl_conn_t_is_closed(fds[0]) && ctl_conn_t_is_closed(fds[1]) &&
			!ctl_conn_t_is_closed(fds[2]),
		"another");
	T_EQ(ctl_conn_t.server->client_count, MOST_CLIENTS);
	ctl_conn_t_ask(more, CTL_ASK_STATUS);
	(void)ctl_conn_t_hear(more, "[status 0] end ");
	T_EQ(ctl_conn_t.stats.count[STATS_CTL_CLIENTS], MOST_CLIENTS + 1);
	(void)close(more);
	close_many(fds, MOST_CLIENTS);
	ctl_conn_t_end();
}

static void
whoever_waits_for_an_answer_does_not_give_way(void)
{
	int fds[MOST_CLIENTS];
	struct ctl_client *counting;
	int more;

	ctl_conn_t_begin();
	connect_many(fds, MOST_CLIENTS);
	ctl_conn_t_ask(fds[0], CTL_ASK_RULES);
	counting = ctl_conn_t.waiting;
	for (size_t i = 1; i < MOST_CLIENTS; i++)
		ctl_conn_t_ask(fds[i], CTL_ASK_LOAD);
	loop_t_go_on(INT64_C(1000) * STUCK_MS * 10);
	more = ctl_conn_t_connect_one();
	T_CHECK(ctl_conn_t_is_closed(more), "one too many");
	(void)close(more);
	for (size_t i = 0; i < MOST_CLIENTS; i++)
		T_CHECK(!ctl_conn_t_is_closed(fds[i]), "%zu", i);
	T_EQ(ctl_conn_t.server->client_count, MOST_CLIENTS);
	/* None is left that could be told; counters come all the same. */
	ctl_server_free(ctl_conn_t.server);
	ctl_conn_t.server = NULL;
	ctl_resume(counting);
	for (size_t i = 0; i < MOST_CLIENTS; i++)
		(void)close(fds[i]);
	T_EQ(loop_t_left(), 0);
}

/* A socket that is full. */
static void
whoever_does_not_read_gives_way_after_a_while(void)
{
	int fds[MOST_CLIENTS];
	int more;

	ctl_conn_t_begin();
	ctl_conn_t.rules = 1000000;
	connect_many(fds, MOST_CLIENTS);
	for (size_t i = 0; i < MOST_CLIENTS; i++)
		ctl_conn_t_ask(fds[i], CTL_ASK_DATA);
	loop_t_go_on(INT64_C(1000) * STUCK_MS - 1);
	more = ctl_conn_t_connect_one();
	T_CHECK(ctl_conn_t_is_closed(more), "too early");
	(void)close(more);
	/* Who reads some of it has begun anew. */
	{
		char some[CTL_CONN_T_ANSWER];
		struct text t = text_over(some, sizeof(some));

		T_CHECK(ctl_conn_t_hear_datagram(fds[0], &t) > 0, "nothing");
		ctl_conn_t_turn_all();
	}
	loop_t_go_on(1);
	more = ctl_conn_t_connect_one();
	T_CHECK(!ctl_conn_t_is_closed(more), "nobody gave way");
	ctl_conn_t_ask(more, CTL_ASK_STATUS);
	(void)ctl_conn_t_hear(more, "[status 0] end ");
	T_EQ(ctl_conn_t.server->client_count, MOST_CLIENTS);
	(void)close(more);
	ctl_conn_t.rules = 0;
	close_many(fds, MOST_CLIENTS);
	ctl_conn_t_end();
}

static void
what_cannot_be_watched_is_refused(void)
{
	int fd;

	ctl_conn_t_begin();
	loop_t_refuse(true);
	fd = ctl_conn_t_connect_one();
	T_CHECK(ctl_conn_t_is_closed(fd), "it is kept");
	(void)close(fd);
	T_EQ(ctl_conn_t.server->client_count, 0);
	T_EQ(ctl_conn_t.stats.count[STATS_CTL_CLIENTS], 0);
	loop_t_refuse(false);
	ctl_conn_t_end();
}

static struct t_case cases[] = {
	{ "each question has its answer", each_question_has_its_answer },
	{ "counters are those of the daemon and of the core",
		counters_are_those_of_the_daemon_and_of_the_core },
	{ "what is not understood is refused",
		what_is_not_understood_is_refused },
	{ "of a session so much is told as fits",
		of_a_session_so_much_is_told_as_fits },
	{ "a long answer is told in datagrams",
		a_long_answer_is_told_in_datagrams },
	{ "a record that fits in no datagram ends the answer",
		a_record_that_fits_in_no_datagram_ends_the_answer },
	{ "a listing of rules ends when they change",
		a_listing_of_rules_ends_when_they_change },
	{ "a descriptor goes with the first datagram",
		a_descriptor_goes_with_the_first_datagram },
	{ "some listings wait for counters", some_listings_wait_for_counters },
	{ "without memory for counters a listing says so",
		without_memory_for_counters_a_listing_says_so },
	{ "whoever leaves while counters come is remembered until then",
		whoever_leaves_while_counters_come_is_remembered_until_then },
	{ "policyd answers some questions", policyd_answers_some_questions },
	{ "a question that makes no sense is answered so",
		a_question_that_makes_no_sense_is_answered_so },
	{ "whoever is idle longest gives way",
		whoever_is_idle_longest_gives_way },
	{ "whoever waits for an answer does not give way",
		whoever_waits_for_an_answer_does_not_give_way },
	{ "whoever does not read gives way after a while",
		whoever_does_not_read_gives_way_after_a_while },
	{ "what cannot be watched is refused",
		what_cannot_be_watched_is_refused },
};
T_MAIN(cases)
