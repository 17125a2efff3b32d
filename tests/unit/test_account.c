/* SPDX-License-Identifier: ISC */

/* Accounts and their records: who, by which name, how much, and how it ended.
 */

#include "account_t.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FILE_TEXT = 16384 };

/* ---- the bench ----------------------------------------------------------- */

struct bench {
	struct engine engine;
	struct conf conf;
	struct stats stats;
	struct account *account;
	int fd; /* of the records */
	char text[FILE_TEXT];
};

static struct bench *
bench_new(uint32_t interim_ms)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));

	T_CHECK(b != NULL, "no memory");
	interims = 0;
	memset(counters, 0, sizeof(counters));
	link_name = "eth7";
	b->conf.accounting = true;
	b->conf.accounting_ms = interim_ms;
	b->engine.loop = loop_new();
	b->engine.conf = &b->conf;
	b->engine.stats = &b->stats;
	b->account = account_new(&b->engine);
	b->fd = memfd_create("t", 0);
	account_file(b->account, dup(b->fd));
	return b;
}

static void
stop(void *arg)
{
	loop_stop(((struct bench *)arg)->engine.loop);
}

/* All that is due by then. */
static void
run(struct bench *b, int64_t ms)
{
	struct loop_timer *end = loop_timer_add(b->engine.loop, stop, b);

	loop_timer_set(end, mono_add_ms(loop_now(), ms));
	T_EQ(loop_run(b->engine.loop), 0);
	loop_timer_del(end);
}

/* The records so far, one in each line. */
static size_t
written(struct bench *b)
{
	ssize_t n;
	size_t lines = 0;

	run(b, 0);
	n = pread(b->fd, b->text, sizeof(b->text) - 1, 0);
	T_CHECK(n >= 0, "cannot read");
	b->text[n] = '\0';
	for (const char *s = b->text; (s = strchr(s, '\n')); s++)
		lines++;
	return lines;
}

static void
wait_written(struct bench *b, size_t lines)
{
	for (int i = 0; written(b) < lines; i++) {
		T_CHECK(i < 2000, "no %zu records in 10 s", lines);
		run(b, 5);
	}
}

static void
expect(struct bench *b, size_t lines, const char *text)
{
	T_EQ(written(b), lines);
	T_CHECK(strstr(b->text, text), "no %s in\n%s", text, b->text);
}

static void
bench_free(struct bench *b)
{
	account_free(b->account);
	loop_free(b->engine.loop);
	close(b->fd);
	free(b);
}

static void
begin(struct bench *b, uint32_t id)
{
	const struct rsvp_account what = flow(id);

	account_effect(b->account, &what);
}

static void
end(struct bench *b, uint32_t id, enum rsvp_end how)
{
	const struct rsvp_account what = end_of(flow(id), how);

	account_effect(b->account, &what);
}

static void
count(struct bench *b, uint32_t id, uint64_t bytes)
{
	const struct tc_counter c = { .flow_id = id,
		.ifindex = 7,
		.bytes = bytes,
		.packets = bytes / 100,
		.drops = 3 };

	account_counter(b->account, &c);
}

/* ---- records ------------------------------------------------------------- */

static void
expect_line(char *line, const char *text)
{
	T_STR(line, text);
	free(line);
}

static void
a_record_says_who_what_when_and_how_much(void)
{
	struct rsvp_account what = flow(9);
	struct account_flow f = { .what = &what,
		.charged = true,
		.ifname = "eth7",
		.user = "alice",
		.category = "gold",
		.counted = ACCOUNT_COUNTED,
		.counter = { .bytes = 1000, .packets = 10, .drops = 2 },
		.start_unix_ms = 1774746000007,
		.now_unix_ms = 1774746061250 };

	account_json_init();
	what.ended = true;
	what.end = RSVP_END_POLICY;
	expect_line(account_json_flow(&f),
		"{\"schema\":1,\"record\":\"reservation\",\"event\":\"end\","
		"\"how\":\"policy\",\"start\":\"2026-03-29T01:00:00.007Z\","
		"\"end\":\"2026-03-29T01:01:01.250Z\",\"duration_ms\":61243,"
		"\"flow\":9,\"interface\":\"eth7\",\"adopted\":false,"
		"\"who\":{\"uid\":30001,\"gid\":5,\"pid\":6,\"user\":\"alice\","
		"\"neighbour\":\"10.3.3.9\"},\"reservations\":1,"
		"\"session\":{\"destination\":\"10.3.3.2\",\"protocol\":17,"
		"\"port\":5004},\"senders\":[{\"address\":\"10.3.3.1\","
		"\"port\":4}],\"service\":\"GS\",\"style\":\"FF\","
		"\"rate_bps\":1000000.0,\"bucket_bytes\":2000.0,"
		"\"wire_rate_bps\":1040000,\"rule\":\"voice\","
		"\"category\":\"gold\",\"counted\":\"yes\",\"bytes\":1000,"
		"\"packets\":10,\"out_packets\":2}\n");
	/* In between, of a service without R, for somebody else's sender. */
	what.ended = false;
	what.adopted = true;
	what.flow.service = WIRE_SERVICE_CL;
	what.flow.filters[0].src.family = ADDR_NONE;
	what.role = RSVP_ROLE_TRANSIT;
	what.rule[0] = '\0';
	f.category = "";
	f.counted = ACCOUNT_COUNTED_BEFORE;
	expect_line(account_json_flow(&f),
		"{\"schema\":1,\"record\":\"reservation\",\"event\":\"interim\""
		",\"how\":null,\"start\":\"2026-03-29T01:00:00.007Z\","
		"\"end\":\"2026-03-29T01:01:01.250Z\",\"duration_ms\":61243,"
		"\"flow\":9,\"interface\":\"eth7\",\"adopted\":true,"
		"\"who\":{\"neighbour\":\"10.3.3.9\"},\"reservations\":1,"
		"\"session\":{\"destination\":\"10.3.3.2\",\"protocol\":17,"
		"\"port\":5004},\"senders\":[{\"address\":null,\"port\":4}],"
		"\"service\":\"CL\",\"style\":\"FF\",\"rate_bps\":8000.0,"
		"\"bucket_bytes\":2000.0,\"wire_rate_bps\":1040000,"
		"\"rule\":null,\"category\":null,\"counted\":\"before\","
		"\"bytes\":1000,\"packets\":10,\"out_packets\":2}\n");
}

/* Adopted, and nobody asked for it: it is charged to nobody. */
static void
what_nobody_asked_for_is_nobodys(void)
{
	struct rsvp_account what = flow(9);
	const struct account_flow f = { .what = &what,
		.ifname = "eth7",
		.user = "alice",
		.category = "",
		.counted = ACCOUNT_NOT_COUNTED,
		.counter = { .bytes = 1000 },
		.now_unix_ms = 5 };

	what.ended = true;
	what.end = RSVP_END_UNCLAIMED;
	what.reservations = 0;
	what.flow.filter_count = 0;
	expect_line(account_json_flow(&f),
		"{\"schema\":1,\"record\":\"reservation\",\"event\":\"end\","
		"\"how\":\"unclaimed\",\"start\":\"1970-01-01T00:00:00.000Z\","
		"\"end\":\"1970-01-01T00:00:00.005Z\",\"duration_ms\":5,"
		"\"flow\":9,\"interface\":\"eth7\",\"adopted\":false,"
		"\"who\":null,\"reservations\":0,"
		"\"session\":{\"destination\":\"10.3.3.2\",\"protocol\":17,"
		"\"port\":5004},\"senders\":[],\"service\":\"GS\","
		"\"style\":null,\"rate_bps\":null,\"bucket_bytes\":null,"
		"\"wire_rate_bps\":1040000,\"rule\":null,\"category\":null,"
		"\"counted\":\"no\",\"bytes\":null,\"packets\":null,"
		"\"out_packets\":null}\n");
}

static void
every_end_has_a_word(void)
{
	static const char *const words[] = { "torn", "expired", "preempted",
		"policy", "route", "interface", "unclaimed", "stopped",
		"error" };
	size_t found = 0;

	for (int end = 0; end < RSVP_END_COUNT; end++) {
		const char *word = account_end_text((enum rsvp_end)end);

		for (size_t i = 0; word && i < sizeof(words) / sizeof(*words);
			i++)
			found += strcmp(word, words[i]) == 0;
	}
	T_EQ(found, sizeof(words) / sizeof(*words));
}

static void
a_rule_has_its_record(void)
{
	const struct rules_info rule = { .name = "mark",
		.category = "lead",
		.ifname = "eth7",
		.rate_Bps = 1000,
		.in_bytes = 10,
		.in_packets = 1,
		.out_bytes = 20,
		.out_packets = 2 };
	const struct rules_info free = { .name = "m", .ifname = "eth7" };
	struct bench *b = bench_new(0);

	expect_line(account_json_rule(&rule, "removed", 0, 1500),
		"{\"schema\":1,\"record\":\"rule\",\"event\":\"end\","
		"\"how\":\"removed\",\"start\":\"1970-01-01T00:00:00.000Z\","
		"\"end\":\"1970-01-01T00:00:01.500Z\",\"duration_ms\":1500,"
		"\"interface\":\"eth7\",\"rule\":\"mark\","
		"\"category\":\"lead\",\"wire_rate_bps\":8000,\"bytes\":10,"
		"\"packets\":1,\"out_bytes\":20,\"out_packets\":2}\n");
	account_rule(b->account, &free, account_now_ms(), NULL);
	expect(b, 1, "\"rule\":\"m\",\"category\":null,\"wire_rate_bps\":null");
	T_CHECK(strstr(b->text, "\"event\":\"interim\""), "%s", b->text);
	b->conf.accounting = false;
	account_rule(b->account, &free, account_now_ms(), NULL);
	T_EQ(written(b), 1);
	bench_free(b);
}

/* ---- accounts ------------------------------------------------------------ */

static void
an_account_ends_with_its_last_counters(void)
{
	struct bench *b = bench_new(0);

	begin(b, 1);
	begin(b, 2);
	T_EQ(written(b), 0);
	count(b, 1, 500);
	count(b, 1, 700);
	end(b, 1, RSVP_END_TORN);
	expect(b, 1, "\"how\":\"torn\"");
	expect(b, 1,
		"\"counted\":\"yes\",\"bytes\":700,\"packets\":7,"
		"\"out_packets\":3");
	expect(b, 1, "\"uid\":30001,\"gid\":5,\"pid\":6,\"user\":null");
	expect(b, 1, "\"rule\":\"voice\",\"category\":\"gold\"");
	expect(b, 1, "\"interface\":\"eth7\"");
	/* Not counted: the other one. */
	end(b, 2, RSVP_END_INTERFACE);
	expect(b, 2, "\"how\":\"interface\"");
	expect(b, 2, "\"counted\":\"no\"");
	T_EQ(b->stats.count[STATS_ACCOUNTS], 2);
	T_EQ(b->stats.count[STATS_ACCOUNTS_LOST], 0);
	bench_free(b);
}

/* It is another reservation now, by another rule; the interface goes. */
static void
an_account_follows_its_flow(void)
{
	struct bench *b = bench_new(0);
	struct rsvp_account what = flow(1);

	account_effect(b->account, &what);
	(void)text_copy(what.rule, sizeof(what.rule), "other");
	what.who.uid = 30002;
	what.reservations = 2;
	account_effect(b->account, &what);
	link_name = "";
	end(b, 1, RSVP_END_EXPIRED);
	expect(b, 1, "\"uid\":30002");
	expect(b, 1, "\"reservations\":2");
	expect(b, 1, "\"rule\":\"other\",\"category\":null");
	expect(b, 1, "\"interface\":\"eth7\"");
	expect(b, 1, "\"how\":\"expired\"");
	bench_free(b);
}

static void
what_was_found_in_the_kernel_has_its_record(void)
{
	struct bench *b = bench_new(0);

	/* Its counters come before its end. */
	count(b, 1, 500);
	end(b, 1, RSVP_END_UNCLAIMED);
	expect(b, 1, "\"counted\":\"yes\",\"bytes\":500");
	expect(b, 1, "\"who\":null");
	expect(b, 1, "\"interface\":\"eth7\"");
	/* Nothing is known of it. */
	end(b, 2, RSVP_END_UNCLAIMED);
	expect(b, 2, "\"counted\":\"no\"");
	bench_free(b);
}

static void
users_have_names(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "nonsense\n"
				     "carol:x:40000:5::/:/bin/sh\n"
				     "alice:x:30001:5::/:/bin/sh\n"
				     "bob:x:30002:5::/:/bin/sh\n"
				     "a-name-that-is-too-long-for-a-record"
				     ":x:30003:5::/:/bin/sh\n";
	static const struct {
		uint32_t uid;
		const char *user;
	} rows[] = { { 30001, "\"alice\"" }, { 30002, "\"bob\"" },
		{ 40000, "\"carol\"" }, { 0, "\"root\"" }, { 30003, "null" },
		{ 7, "null" } };
	struct bench *b = bench_new(0);
	char want[64];

	/* Read twice: the second is in force. */
	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("passwd", 0);
		size_t len = i == 0 ? 20 : sizeof(passwd) - 1;

		T_EQ(write(fd, passwd, len), len);
		T_EQ(lseek(fd, 0, SEEK_SET), 0);
		account_users(b->account, fd);
	}
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rsvp_account what = flow(i + 1);

		what.who.uid = rows[i].uid;
		account_effect(b->account, &what);
		end(b, i + 1, RSVP_END_TORN);
		(void)snprintf(want, sizeof(want),
			"\"uid\":%u,\"gid\":5,"
			"\"pid\":6,\"user\":%s",
			rows[i].uid, rows[i].user);
		expect(b, i + 1, want);
	}
	bench_free(b);
}

static void
now_is_that_of_the_wall_clock(void)
{
	int64_t before = account_now_ms();

	for (int i = 0; i < 300; i++) {
		struct timespec now;
		int64_t after;

		(void)clock_gettime(CLOCK_REALTIME, &now);
		after = account_now_ms();
		T_CHECK(before <= (int64_t)now.tv_sec * 1000 +
						now.tv_nsec / 1000000 &&
				after >= (int64_t)now.tv_sec * 1000 +
						 now.tv_nsec / 1000000,
			"%lld is not now", (long long)after);
		before = after;
		(void)poll(NULL, 0, 1); /* through a third of a second */
	}
}

/* ---- in between ---------------------------------------------------------- */

static void
interim_records_come_by_the_clock(void)
{
	struct bench *b = bench_new(5);

	begin(b, 1);
	counters[0] = (struct tc_counter){ .flow_id = 1, .bytes = 100 };
	counters[1] = (struct tc_counter){ .flow_id = 9, .bytes = 1 };
	wait_written(b, 2);
	T_CHECK(strstr(b->text, "\"event\":\"interim\",\"how\":null"), "%s",
		b->text);
	T_CHECK(strstr(b->text, "\"counted\":\"yes\",\"bytes\":100"), "%s",
		b->text);
	T_CHECK(!strstr(b->text, "\"flow\":9"), "%s", b->text);
	T_CHECK(interims >= 2, "%u", interims);
	/* Not once its last counters have come. */
	count(b, 1, 200);
	b->conf.accounting_ms = 0;
	account_reconf(b->account);
	T_CHECK(ftruncate(b->fd, 0) == 0, "cannot empty it");
	interims = 0;
	run(b, 20);
	T_EQ(interims, 0);
	end(b, 1, RSVP_END_TORN);
	run(b, 0);
	bench_free(b);
}

/* An interim figure is the last that is known, and said to be that. */
static void
an_end_without_counters_has_the_last_known(void)
{
	struct bench *b = bench_new(5);

	begin(b, 1);
	counters[0] = (struct tc_counter){ .flow_id = 1, .bytes = 100 };
	wait_written(b, 1);
	b->conf.accounting_ms = 0;
	account_reconf(b->account);
	end(b, 1, RSVP_END_ERROR);
	(void)written(b);
	T_CHECK(strstr(b->text, "\"counted\":\"before\",\"bytes\":100"), "%s",
		b->text);
	bench_free(b);
}

static void
what_is_switched_off_is_forgotten(void)
{
	struct bench *b = bench_new(0);

	begin(b, 1);
	b->conf.accounting = false;
	account_reconf(b->account);
	count(b, 1, 500); /* of nobody */
	b->conf.accounting = true;
	account_reconf(b->account);
	end(b, 1, RSVP_END_TORN);
	expect(b, 1, "\"who\":null");
	expect(b, 1, "\"counted\":\"no\"");
	bench_free(b);
}

/* ---- the file ------------------------------------------------------------ */

static void
records_wait_for_a_file_that_takes_them(void)
{
	struct bench *b = bench_new(0);

	account_file(b->account, open("/dev/full", O_WRONLY));
	begin(b, 1);
	end(b, 1, RSVP_END_TORN);
	run(b, 0);
	T_EQ(b->stats.count[STATS_ACCOUNTS], 0);
	begin(b, 2);
	end(b, 2, RSVP_END_TORN);
	account_file(b->account, dup(b->fd));
	T_EQ(written(b), 2);
	T_EQ(b->stats.count[STATS_ACCOUNTS], 2);
	T_EQ(b->stats.count[STATS_ACCOUNTS_LOST], 0);
	/* What waits is written at the end. */
	begin(b, 3);
	end(b, 3, RSVP_END_STOPPED);
	account_free(b->account);
	b->account = NULL;
	T_EQ(written(b), 3);
	bench_free(b);
}

/* How often it has been said so far. */
static size_t
said(int log, const char *what)
{
	char text[FILE_TEXT];
	ssize_t n = pread(log, text, sizeof(text) - 1, 0);
	size_t count = 0;

	T_CHECK(n >= 0, "cannot read");
	text[n] = '\0';
	for (const char *s = text; (s = strstr(s, what)); s++)
		count++;
	return count;
}

static void
write_one(struct bench *b, uint32_t id)
{
	begin(b, id);
	end(b, id, RSVP_END_TORN);
	run(b, 0);
}

/* Each time it is full, once, and each time it takes records again. */
static void
every_full_disk_is_said_once(void)
{
	struct bench *b = bench_new(0);
	int log = memfd_create("log", 0);
	int old = dup(STDERR_FILENO);
	uint32_t id = 1;

	T_CHECK(dup2(log, STDERR_FILENO) >= 0, "no log");
	for (size_t turn = 1; turn < 4; turn++) {
		account_file(b->account, open("/dev/full", O_WRONLY));
		for (int i = 0; i < 3; i++)
			write_one(b, id++);
		account_file(b->account, dup(b->fd));
		for (int i = 0; i < 3; i++)
			write_one(b, id++);
		T_EQ(said(log, "No space left"), turn);
		T_EQ(said(log, "written again, 0 records lost"), turn);
	}
	T_CHECK(dup2(old, STDERR_FILENO) >= 0, "no log");
	close(old);
	close(log);
	bench_free(b);
}

static void
records_beyond_the_room_are_counted_as_lost(void)
{
	struct bench *b = bench_new(0);
	uint64_t *lost = &b->stats.count[STATS_ACCOUNTS_LOST];
	uint32_t id = 1;

	account_file(b->account, open("/dev/full", O_WRONLY));
	for (; *lost == 0; id++) {
		T_CHECK(id < 100000, "all of them wait");
		begin(b, id);
		end(b, id, RSVP_END_TORN);
	}
	for (uint64_t more = 2; more < 5; more++, id++) {
		begin(b, id);
		end(b, id, RSVP_END_TORN);
		T_EQ(*lost, more);
	}
	T_EQ(b->stats.count[STATS_ACCOUNTS], 0);
	bench_free(b);
}

static struct t_case cases[] = {
	{ "a record says who, what, when and how much",
		a_record_says_who_what_when_and_how_much },
	{ "what nobody asked for is nobody's",
		what_nobody_asked_for_is_nobodys },
	{ "every end has a word", every_end_has_a_word },
	{ "a rule has its record", a_rule_has_its_record },
	{ "an account ends with its last counters",
		an_account_ends_with_its_last_counters },
	{ "an account follows its flow", an_account_follows_its_flow },
	{ "what was found in the kernel has its record",
		what_was_found_in_the_kernel_has_its_record },
	{ "users have names", users_have_names },
	{ "now is that of the wall clock", now_is_that_of_the_wall_clock },
	{ "interim records come by the clock",
		interim_records_come_by_the_clock },
	{ "an end without counters has the last known",
		an_end_without_counters_has_the_last_known },
	{ "what is switched off is forgotten",
		what_is_switched_off_is_forgotten },
	{ "records wait for a file that takes them",
		records_wait_for_a_file_that_takes_them },
	{ "every full disk is said once", every_full_disk_is_said_once },
	{ "records beyond the room are counted as lost",
		records_beyond_the_room_are_counted_as_lost },
};
T_MAIN(cases)
