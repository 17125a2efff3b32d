/* SPDX-License-Identifier: ISC */

/* Questions of rsvpd/tc_client.c other than for interfaces: who asked is told
 * the answer, once, whatever becomes of tcctl and of memory. */

#include "tc_client_turn_t.h"

enum { IFINDEX = 7, RULES = 3 };

/* What became of the rules that were asked for. */
static struct {
	size_t count;
	uint32_t ifindex;
	bool answered; /* else tcctl is not there */
	struct tc_done done;
} rules;

static void
note_rules(void *arg, uint32_t ifindex, const struct tc_done *done)
{
	T_CHECK(arg == &rules, "another asker");
	rules.count++;
	rules.ifindex = ifindex;
	rules.answered = done != NULL;
	if (done)
		rules.done = *done;
}

static void
ask_rules(size_t count)
{
	static struct tc_rule all[RULES];
	static const struct tc_rule *const list[RULES] = { &all[0], &all[1],
		&all[2] };

	for (uint32_t i = 0; i < RULES; i++)
		all[i] = (struct tc_rule){ .id = 11 + i,
			.ifindex = IFINDEX,
			.deny = true,
			.match_count = 1 };
	tc_client_rules(b.engine.tc, IFINDEX, list, count, note_rules, &rules);
}

/* What was told of the counters of rules. */
static struct {
	size_t count;
	size_t ends;
	struct tc_rule_counter last;
} counted;

static void
note_rule_counter(void *arg, const struct tc_rule_counter *counter)
{
	T_CHECK(arg == &counted, "another asker");
	counted.count += counter != NULL;
	counted.ends += counter == NULL;
	if (counter)
		counted.last = *counter;
}

static void
start(bool connected)
{
	memset(&rules, 0, sizeof(rules));
	memset(&counted, 0, sizeof(counted));
	begin(connected);
}

/* ---- rules --------------------------------------------------------------- */

static void
rules_are_put_one_by_one_and_then_in_force(void)
{
	start(true);
	for (size_t count = 0; count <= RULES; count++) {
		ask_rules(count);
		T_EQ(hear(), count + 1);
		for (size_t i = 0; i <= count; i++) {
			T_EQ(b.heard[i].serial, b.heard[0].serial);
			T_EQ(b.heard[i].type,
				i < count ? TC_MSG_RULE : TC_MSG_RULES);
			T_EQ(b.heard[i].rule, i < count ? 11 + i : 0);
		}
		T_EQ(b.heard[count].ifindex, IFINDEX);
		T_EQ(rules.count, count);
		say_done(b.heard[0].serial, count == 1 ? EINVAL : 0);
		T_EQ(rules.count, count + 1);
		T_EQ(rules.ifindex, IFINDEX);
		T_CHECK(rules.answered, "no answer");
		T_EQ(rules.done.error, count == 1 ? EINVAL : 0);
		T_STR(rules.done.text, "what it says");
	}
	T_EQ(b.core.lost_count, 0);
	end();
}

static void
who_asked_for_rules_hears_that_there_is_no_tcctl(void)
{
	start(false);
	for (size_t count = 0; count <= RULES; count++) {
		ask_rules(count);
		T_EQ(rules.count, count + 1);
		T_EQ(rules.ifindex, IFINDEX);
		T_CHECK(!rules.answered, "an answer");
	}
	/* Or that it has gone. */
	plug_in();
	rules.count = rules.ifindex = 0;
	ask_rules(RULES);
	T_EQ(hear(), RULES + 1);
	T_EQ(rules.count, 0);
	unplug();
	T_EQ(rules.count, 1);
	T_EQ(rules.ifindex, IFINDEX);
	T_CHECK(!rules.answered, "an answer");
	end();
}

/* A set that is not whole is put in force by nothing. */
static void
without_heap_no_rules_are_in_force(void)
{
	enum { PIECES = 4 }; /* a datagram, the request and two of its table */

	for (size_t n = 1; n <= PIECES; n++) {
		start(true);
		t_heap_fail_at = n;
		ask_rules(RULES);
		T_EQ(t_heap_fail_at, 0);
		T_EQ(rules.count, 1);
		T_CHECK(!rules.answered, "an answer");
		(void)hear();
		for (size_t i = 0; i < b.count; i++)
			T_EQ(b.heard[i].type, TC_MSG_RULE);
		unplug();
		T_EQ(rules.count, 1);
		end();
	}
}

/* ---- counters ------------------------------------------------------------ */

static void
ask_rule_counters(void)
{
	tc_client_rule_counters(b.engine.tc, note_rule_counter, &counted);
}

static void
say_rule_counter(uint32_t serial)
{
	const struct tc_rule_counter counter = {
		.rule_id = 12, .ifindex = IFINDEX, .in_bytes = 4711
	};
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	tc_put_rule_counter(&w, serial, &counter);
	say(&w);
}

static void
counters_of_rules_are_told_and_ended(void)
{
	uint32_t serial;

	start(true);
	ask_rule_counters();
	serial = hear_one(TC_MSG_RULE_COUNTERS, 0);
	say_rule_counter(serial);
	say_rule_counter(serial);
	T_EQ(counted.count, 2);
	T_EQ(counted.last.rule_id, 12);
	T_EQ(counted.last.in_bytes, 4711);
	T_EQ(counted.ends, 0);
	say_done(serial, 0);
	T_EQ(counted.ends, 1);
	unplug();
	T_EQ(counted.ends, 1);
	T_EQ(b.core.lost_count, 1);
	/* Nobody is there, or goes before it is done. */
	ask_rule_counters();
	T_EQ(counted.ends, 2);
	plug_in();
	ask_rule_counters();
	T_EQ(hear(), 1);
	T_EQ(counted.ends, 2);
	unplug();
	T_EQ(counted.ends, 3);
	T_EQ(counted.count, 2);
	end();
}

static void
counters_of_flows_are_told_as_they_come(void)
{
	const struct tc_counters_query all = { 0 };
	uint32_t serial;

	start(true);
	tc_client_counters(b.engine.tc, &all, note_counter, &b.core);
	serial = hear_one(TC_MSG_COUNTERS, 0);
	for (uint32_t i = 1; i <= 3; i++) {
		const struct tc_counter counter = { .flow_id = i };
		uint8_t bytes[256];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		tc_put_counter(&w, serial, &counter);
		say(&w);
		T_EQ(b.core.counter_count, i);
		T_EQ(b.core.counter.flow_id, i);
	}
	T_EQ(b.core.lost_count, 0);
	T_EQ(b.core.account_count, 0);
	T_EQ(b.core.counter_ends, 0);
	say_done(serial, 0);
	T_EQ(b.core.counter_ends, 1);
	end();
}

static void
counters_of_another_question_are_nonsense(void)
{
	const struct tc_counter counter = { .flow_id = 1 };
	const struct tc_counters_query all = { 0 };
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	start(true);
	tc_client_counters(b.engine.tc, &all, note_counter, &b.core);
	say_rule_counter(hear_one(TC_MSG_COUNTERS, 0));
	T_EQ(b.core.lost_count, 1);
	T_EQ(b.core.counter_count, 0);
	T_EQ(b.core.counter_ends, 1);
	plug_in();
	ask_rule_counters();
	tc_put_counter(&w, hear_one(TC_MSG_RULE_COUNTERS, 0), &counter);
	say(&w);
	T_EQ(b.core.lost_count, 2);
	T_EQ(counted.count, 0);
	T_EQ(counted.ends, 1);
	/* Nobody asked. */
	plug_in();
	say_rule_counter(99);
	T_EQ(b.core.lost_count, 3);
	end();
}

/* The last of a flow, before it is said to be gone. */
static void
what_a_flow_has_counted_is_charged(void)
{
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_DEL);
	const struct tc_counter counter = { .flow_id = 1001, .bytes = 4711 };
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint32_t serial;

	start(true);
	tc_client_flow(b.engine.tc, &q);
	serial = hear_one(TC_MSG_FLOW_DEL, 0);
	tc_put_counter(&w, serial, &counter);
	say(&w);
	T_EQ(b.core.account_count, 1);
	T_EQ(b.core.account.bytes, 4711);
	T_EQ(b.core.installed_count, 0);
	say_done(serial, 0);
	T_EQ(b.core.installed_count, 1);
	T_EQ(b.stats.count[STATS_TC_REFUSED], 0);
	T_EQ(b.core.lost_count, 0);
	end();
}

/* What it is told makes it ask again: that has no answer either. */
static void
ask_again(void *arg, const struct tc_counter *counter)
{
	const struct tc_counters_query all = { 0 };

	T_CHECK(!counter, "a counter");
	tc_client_counters(b.engine.tc, &all, note_counter, arg);
}

static void
who_asks_again_when_tcctl_goes_hears_of_it(void)
{
	const struct tc_counters_query all = { 0 };

	start(true);
	for (int i = 0; i < 3; i++)
		tc_client_counters(b.engine.tc, &all, ask_again, &b.core);
	T_EQ(hear(), 3);
	unplug();
	T_EQ(b.core.counter_ends, 3);
	end();
}

/* ---- marks --------------------------------------------------------------- */

static void
answer_mark(int error)
{
	const struct tc_flow_mark mark = { .flow_id = 77,
		.ifindex = IFINDEX,
		.as = { .marks = true, .dscp = 46 } };

	tc_client_flow_mark(b.engine.tc, &mark);
	say_done(hear_one(TC_MSG_FLOW_MARK, 0), error);
	T_EQ(b.core.marked, 77);
	T_EQ(b.core.mark_error, error);
}

/* Until one is set; a flow that has gone is no refusal. */
static void
a_refused_mark_is_said_once(void)
{
	static const struct {
		int error;
		size_t warnings;
	} rows[] = { { 0, 0 }, { ENOENT, 0 }, { ENODEV, 0 }, { 95, 1 },
		{ 95, 1 }, { ENOENT, 1 }, { 95, 2 }, { 0, 2 }, { 1, 3 },
		{ ENODEV, 3 }, { 1, 4 } };

	start(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer_mark(rows[i].error);
		T_EQ(b.warnings, rows[i].warnings);
	}
	T_EQ(b.core.mark_count, sizeof(rows) / sizeof(rows[0]));
	T_EQ(b.errors, 0);
	end();
}

static void
a_mark_that_cannot_be_asked_for_is_said(void)
{
	const struct tc_flow_mark mark = { .flow_id = 77, .ifindex = IFINDEX };

	start(true);
	t_heap_fail_at = 1;
	tc_client_flow_mark(b.engine.tc, &mark);
	T_EQ(b.errors, 1);
	T_STR(b.said, "flow 77: not marked (Cannot allocate memory)");
	tc_client_flow_mark(b.engine.tc, &mark);
	T_EQ(b.errors, 1);
	unplug();
	tc_client_flow_mark(b.engine.tc, &mark);
	T_EQ(b.errors, 1); /* the next one is told */
	end();
}

/* ---- the connection ------------------------------------------------------ */

/* Of each kind, in answer to what it could be an answer to. */
static void
a_malformed_message_of_any_kind_ends_the_connection(void)
{
	static const uint16_t types[] = { TC_MSG_ADOPTED, TC_MSG_DONE,
		TC_MSG_COUNTER, TC_MSG_NOTE, TC_MSG_LOST, TC_MSG_DRIFT,
		TC_MSG_RULE_COUNTER };
	const struct tc_counters_query all = { 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		start(true);
		if (types[i] == TC_MSG_RULE_COUNTER)
			ask_rule_counters();
		else
			tc_client_counters(
				b.engine.tc, &all, note_counter, &b.core);
		T_EQ(hear(), 1);
		say_malformed(types[i], b.heard[0].serial);
		T_EQ(b.core.lost_count, 1);
		T_EQ(b.core.counter_ends + counted.ends, 1);
		T_EQ(b.core.counter_count + counted.count, 0);
		T_EQ(b.core.adopted_count + b.core.ready_count, 0);
		end();
	}
}

static void
a_malformed_last_counter_is_charged_to_nobody(void)
{
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_DEL);

	start(true);
	tc_client_flow(b.engine.tc, &q);
	say_malformed(TC_MSG_COUNTER, hear_one(TC_MSG_FLOW_DEL, 0));
	T_EQ(b.core.account_count, 0);
	T_EQ(b.core.lost_count, 1);
	end();
}

static void
what_is_lost_for_which_reason_is_said(void)
{
	static const uint8_t cut[] = { 1, 2, 3 };
	static const uint8_t long_one[MSG_DATAGRAM_MAX + 1];

	start(true);
	unplug();
	T_CHECK(strstr(b.said, "lost (it has gone)"), "%s", b.said);
	plug_in();
	say_malformed(TC_MSG_NOTE, 0);
	T_CHECK(strstr(b.said, "that makes no sense)"), "%s", b.said);
	plug_in();
	T_EQ(send(b.peer, cut, sizeof(cut), 0), sizeof(cut));
	turn();
	T_CHECK(strstr(b.said, "(a malformed message)"), "%s", b.said);
	plug_in();
	T_EQ(send(b.peer, long_one, sizeof(long_one), 0), sizeof(long_one));
	turn();
	T_CHECK(strstr(b.said, "that is too long)"), "%s", b.said);
	plug_in();
	T_EQ(send(b.peer, cut, sizeof(cut), 0), sizeof(cut));
	b.recv_error = ECONNRESET;
	turn();
	T_CHECK(strstr(b.said, "reset by peer)"), "%s", b.said);
	T_EQ(b.core.lost_count, 5);
	T_EQ(b.warnings, 5);
	end();
}

static void
nothing_is_taken_behind_nonsense(void)
{
	const struct tc_drift_report drift = { IFINDEX, 4711, 5, "changed" };
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *at;

	start(true);
	manage(IFINDEX);
	at = msg_begin(&w, 99, 0);
	msg_end(&w, at);
	tc_put_drift(&w, &drift);
	say(&w);
	T_EQ(b.core.lost_count, 1);
	T_EQ(b.core.flow_lost_count, 0);
	end();
}

static void
an_interrupted_reading_is_no_loss(void)
{
	static const struct {
		int error;
		bool lost;
	} rows[] = { { EINTR, false }, { EAGAIN, false },
		{ ECONNRESET, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[256];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		start(true);
		ask_rules(0);
		tc_put_done(&w, hear_one(TC_MSG_RULES, IFINDEX),
			&(struct tc_done){ 0 });
		post(&w);
		b.recv_error = rows[i].error;
		(void)loop_t_call_fds();
		T_EQ(b.recv_error, 0);
		T_EQ(b.core.lost_count, rows[i].lost);
		T_EQ(rules.count, rows[i].lost);
		turn();
		T_EQ(rules.count, 1);
		T_EQ(rules.answered, !rows[i].lost);
		end();
	}
}

/* What it finds out when it writes, and when it reads, is one loss; and what
 * was to be sent in this turn is not sent any more. */
static void
a_connection_is_lost_once(void)
{
	enum { MANY = 5000 };
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);

	start(true);
	for (int i = 0; i < MANY; i++)
		tc_client_flow(b.engine.tc, &q);
	(void)loop_t_call_timers();
	T_EQ(b.core.lost_count, 0);
	unplug();
	T_EQ(b.core.lost_count, 1);
	plug_in();
	tc_client_flow(b.engine.tc, &q);
	(void)close(b.peer); /* of the test */
	b.peer = -1;
	(void)loop_t_call_fds();
	T_EQ(b.core.lost_count, 2);
	turn();
	T_EQ(b.core.lost_count, 2);
	end();
}

static struct t_case cases[] = {
	{ "rules are put one by one, and then in force",
		rules_are_put_one_by_one_and_then_in_force },
	{ "who asked for rules hears that there is no tcctl",
		who_asked_for_rules_hears_that_there_is_no_tcctl },
	{ "without memory no rules are in force",
		without_heap_no_rules_are_in_force },
	{ "counters of rules are told and ended",
		counters_of_rules_are_told_and_ended },
	{ "counters of flows are told as they come",
		counters_of_flows_are_told_as_they_come },
	{ "counters of another question are nonsense",
		counters_of_another_question_are_nonsense },
	{ "what a flow has counted is charged",
		what_a_flow_has_counted_is_charged },
	{ "who asks again when tcctl goes hears of it",
		who_asks_again_when_tcctl_goes_hears_of_it },
	{ "a refused mark is said once", a_refused_mark_is_said_once },
	{ "a mark that cannot be asked for is said",
		a_mark_that_cannot_be_asked_for_is_said },
	{ "a malformed message of any kind ends the connection",
		a_malformed_message_of_any_kind_ends_the_connection },
	{ "a malformed last counter is charged to nobody",
		a_malformed_last_counter_is_charged_to_nobody },
	{ "what is lost for which reason is said",
		what_is_lost_for_which_reason_is_said },
	{ "nothing is taken behind nonsense",
		nothing_is_taken_behind_nonsense },
	{ "an interrupted reading is no loss",
		an_interrupted_reading_is_no_loss },
	{ "a connection is lost once", a_connection_is_lost_once },
};
T_MAIN(cases)
