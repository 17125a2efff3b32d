/* SPDX-License-Identifier: ISC */

/* Accounts whose loop the test turns: when records are written and tried again,
 * and what becomes of them without memory. */

#include "account_t.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "loop_t.h"
#include "t_heap.h"

enum { RETRY_US = 5000000, TURNS_MAX = 100, USERS = 100000 };

static struct {
	struct engine engine;
	struct conf conf;
	struct stats stats;
	struct account *account;
	int fd; /* the records are read from it */
	size_t held;
	size_t errors; /* in the log */
	size_t infos;
	size_t len;
	char text[1 << 21];
} b;

#define NOTE_LINE(name, counter)                                               \
	void name(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3); \
	void name(enum log_area area, const char *fmt, ...)                    \
	{                                                                      \
		(void)area;                                                    \
		(void)fmt;                                                     \
		b.counter++;                                                   \
	}

NOTE_LINE(__wrap_log_err, errors)
NOTE_LINE(__wrap_log_info, infos)

/* ---- a bench ------------------------------------------------------------- */

static void
start(uint32_t interim_ms)
{
	memset(&b, 0, sizeof(b));
	interims = 0;
	memset(counters, 0, sizeof(counters));
	/* What the library takes is ours to count, too. */
	json_set_alloc_funcs(malloc, free);
	account_json_init();
	b.held = t_heap_held;
	t_heap_fail_at = 0;
	b.conf.accounting = true;
	b.conf.accounting_ms = interim_ms;
	b.engine.loop = loop_t_begin((struct mono){ 1000000 });
	b.engine.conf = &b.conf;
	b.engine.stats = &b.stats;
	b.account = account_new(&b.engine);
	T_CHECK(b.account, "no memory");
	b.fd = -1;
}

/* Into a file that takes everything. */
static void
start_with_file(uint32_t interim_ms)
{
	start(interim_ms);
	b.fd = memfd_create("records", 0);
	account_file(b.account, dup(b.fd));
}

static void
finish(void)
{
	t_heap_fail_at = 0;
	account_free(b.account);
	if (b.fd >= 0)
		close(b.fd);
	T_EQ(loop_t_left(), 0);
	T_EQ(t_heap_held, b.held);
}

static void
turn(void)
{
	for (int i = 0; loop_t_call_timers(); i++)
		T_CHECK(i < TURNS_MAX, "no end");
}

static void
begins(uint32_t id)
{
	const struct rsvp_account what = flow(id);

	account_effect(b.account, &what);
}

static void
ends(uint32_t id)
{
	const struct rsvp_account what = end_of(flow(id), RSVP_END_TORN);

	account_effect(b.account, &what);
}

/* A record. */
static void
put(uint32_t id)
{
	begins(id);
	ends(id);
}

/* Lines in the file. */
static size_t
lines(void)
{
	ssize_t n = pread(b.fd, b.text, sizeof(b.text) - 1, 0);
	size_t count = 0;

	T_CHECK(n >= 0, "cannot read");
	b.text[n] = '\0';
	for (const char *s = b.text; (s = strchr(s, '\n')); s++)
		count++;
	return count;
}

static uint64_t
lost(void)
{
	return b.stats.count[STATS_ACCOUNTS_LOST];
}

/* ---- when ---------------------------------------------------------------- */

static void
a_record_is_written_at_once(void)
{
	start_with_file(0);
	turn();
	T_EQ(loop_t_timers(), 0);
	put(1);
	T_EQ(loop_t_timers(), 1);
	turn();
	T_EQ(lines(), 1);
	T_EQ(loop_t_timers(), 0);
	T_EQ(b.stats.count[STATS_ACCOUNTS], 1);
	finish();
}

/* More than is written at a time: a part in each turn, till all of it is. */
static void
many_records_take_several_turns(void)
{
	enum { MANY = 1000 };

	start_with_file(0);
	for (uint32_t i = 0; i < MANY; i++)
		put(i);
	T_EQ(loop_t_call_timers(), true);
	T_CHECK(lines() > 0 && lines() < MANY, "%zu", lines());
	turn();
	T_EQ(lines(), MANY);
	T_EQ(b.stats.count[STATS_ACCOUNTS], MANY);
	/* At the end all at once. */
	for (uint32_t i = 0; i < MANY; i++)
		put(i);
	account_free(b.account);
	b.account = NULL;
	T_EQ(lines(), 2 * MANY);
	finish();
}

/* A pipe that is full. */
static int
full_pipe(void)
{
	static const char bytes[4096];
	int pair[2];

	T_EQ(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	while (write(pair[1], bytes, sizeof(bytes)) > 0)
		continue;
	b.fd = pair[0];
	return pair[1];
}

static void
what_is_refused_is_tried_again_after_a_while(void)
{
	start(0);
	account_file(b.account, full_pipe());
	put(1);
	turn();
	T_EQ(b.errors, 1);
	T_EQ(loop_t_timers(), 1);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()) * 1000, RETRY_US);
	/* Not sooner for what comes then. */
	loop_t_go_on(RETRY_US - 1000000);
	put(2);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 1000);
	turn();
	loop_t_go_on(1000000);
	turn();
	T_EQ(loop_t_timers(), 1);
	T_EQ(b.errors, 1); /* said once */
	T_EQ(b.stats.count[STATS_ACCOUNTS], 0);
	while (read(b.fd, b.text, sizeof(b.text)) > 0)
		continue;
	loop_t_go_on(RETRY_US);
	turn();
	T_EQ(b.stats.count[STATS_ACCOUNTS], 2);
	T_EQ(loop_t_timers(), 0);
	T_EQ(b.infos, 1);
	finish();
}

static void
without_a_file_nothing_is_said_to_be_written(void)
{
	start(0);
	account_file(b.account, open("/dev/full", O_WRONLY | O_CLOEXEC));
	put(1);
	turn();
	T_EQ(b.errors, 1);
	account_file(b.account, -1);
	turn();
	T_EQ(b.infos, 0);
	T_EQ(loop_t_timers(), 0);
	b.fd = memfd_create("records", 0);
	account_file(b.account, dup(b.fd));
	turn();
	T_EQ(b.infos, 1);
	T_EQ(lines(), 1);
	finish();
}

static void
interim_records_come_at_their_time(void)
{
	start_with_file(700);
	begins(1);
	counters[0] = (struct tc_counter){ .flow_id = 1, .bytes = 100 };
	turn();
	for (unsigned n = 1; n <= 3; n++) {
		T_EQ(mono_ms_between(loop_now(), loop_t_next()), 700);
		loop_t_go_on(699999);
		turn();
		T_EQ(interims, n - 1);
		loop_t_go_on(1);
		turn();
		T_EQ(interims, n);
		T_EQ(lines(), n);
	}
	b.conf.accounting_ms = 0;
	account_reconf(b.account);
	T_EQ(loop_t_timers(), 0);
	b.conf.accounting_ms = 1;
	account_reconf(b.account);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 1);
	b.conf.accounting = false;
	account_reconf(b.account);
	T_EQ(loop_t_timers(), 0);
	finish();
}

/* ---- memory -------------------------------------------------------------- */

static void
nothing_is_left_of_it(void)
{
	const size_t fds = t_open_fds();

	account_free(NULL);
	start_with_file(5);
	begins(1);
	begins(2);
	put(3);
	account_counter(b.account, &(struct tc_counter){ .flow_id = 4 });
	b.conf.accounting = false;
	account_reconf(b.account);
	b.conf.accounting = true;
	begins(5);
	finish();
	T_EQ(t_open_fds(), fds);
}

static void
without_room_in_the_loop_there_is_none(void)
{
	start(0);
	loop_t_refuse(true);
	T_CHECK(!account_new(&b.engine), "there is no timer");
	loop_t_refuse(false);
	finish();
}

/* The flow needs three pieces: then its record is lost, and no other. */
static void
an_account_that_finds_no_memory_is_lost(void)
{
	enum { PIECES = 3 };

	for (size_t n = 1; n <= PIECES; n++) {
		start_with_file(0);
		t_heap_fail_at = n;
		begins(1);
		T_EQ(t_heap_fail_at, 0);
		T_EQ(lost(), 1);
		t_heap_fail_at = n;
		account_counter(b.account,
			&(struct tc_counter){ .flow_id = 2, .bytes = 1 });
		T_EQ(t_heap_fail_at, 0);
		put(3);
		turn();
		T_EQ(lines(), 1);
		T_CHECK(strstr(b.text, "\"flow\":3"), "%s", b.text);
		T_EQ(lost(), 1);
		finish();
	}
}

/* A key may be missing; what is missing as a whole is counted. */
static void
a_record_that_finds_no_memory_is_counted(void)
{
	uint64_t all_lost = 0;

	for (size_t n = 1;; n++) {
		bool enough;

		T_CHECK(n < 10000, "no end");
		start_with_file(0);
		begins(1);
		t_heap_fail_at = n;
		ends(1);
		enough = t_heap_fail_at > 0;
		t_heap_fail_at = 0;
		all_lost += lost();
		turn();
		T_EQ(lines() + lost(), 1);
		T_EQ(b.stats.count[STATS_ACCOUNTS], lines());
		T_CHECK(!enough || lost() == 0, "lost");
		finish();
		if (enough)
			break;
	}
	T_CHECK(all_lost > 1, "%u lost", (unsigned)all_lost);
}

/* ---- users --------------------------------------------------------------- */

static int
passwd(const char *text)
{
	int fd = memfd_create("passwd", 0);

	T_EQ(write(fd, text, strlen(text)), strlen(text));
	T_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Whether the record of that user says this of who it is. */
static bool
is_named(uint32_t uid, const char *user)
{
	struct rsvp_account what = flow(1);
	char want[64];

	what.who.uid = uid;
	account_effect(b.account, &what);
	ends(1);
	T_EQ(ftruncate(b.fd, 0), 0);
	T_EQ(lseek(b.fd, 0, SEEK_SET), 0);
	account_file(b.account, dup(b.fd));
	turn();
	T_EQ(lines(), 1);
	(void)snprintf(want, sizeof(want), "\"user\":%s,", user);
	return strstr(b.text, want) != NULL;
}

static void
start_with_user(void)
{
	start_with_file(0);
	account_users(b.account, passwd("alice:x:30001:5::/:/bin/sh\n"));
	T_CHECK(is_named(ALICE, "\"alice\""), "%s", b.text);
}

static void
users_that_cannot_be_read_leave_what_there_was(void)
{
	size_t fds;

	start_with_user();
	fds = t_open_fds();
	t_heap_fail_at = 1;
	account_users(b.account, passwd("bob:x:30001:5::/:/bin/sh\n"));
	T_EQ(t_heap_fail_at, 0);
	T_CHECK(is_named(ALICE, "\"alice\""), "%s", b.text);
	/* Not to be read. */
	account_users(b.account, open("/dev/null", O_WRONLY | O_CLOEXEC));
	T_CHECK(is_named(ALICE, "\"alice\""), "%s", b.text);
	T_EQ(t_open_fds(), fds);
	/* More room than they need will do. */
	t_heap_fail_at = 2;
	account_users(b.account, passwd("bob:x:30001:5::/:/bin/sh\n"));
	T_EQ(t_heap_fail_at, 0);
	T_CHECK(is_named(ALICE, "\"bob\""), "%s", b.text);
	account_users(b.account, passwd(""));
	T_CHECK(is_named(ALICE, "null"), "%s", b.text);
	T_EQ(t_open_fds(), fds);
	finish();
}

static void
a_name_is_as_long_as_32_characters(void)
{
	start_with_file(0);
	account_users(b.account,
		passwd("a2345678901234567890123456789012:x:1:5::/:/bin/sh\n"
		       "a23456789012345678901234567890123:x:2:5::/:/bin/sh\n"
		       "last:x:3:5::/:/bin/sh\n"));
	T_CHECK(is_named(1, "\"a2345678901234567890123456789012\""), "%s",
		b.text);
	T_CHECK(is_named(2, "null"), "%s", b.text);
	T_CHECK(is_named(3, "\"last\""), "%s", b.text);
	finish();
}

static void
so_many_users_have_names(void)
{
	int fd = memfd_create("passwd", 0);
	FILE *file = fdopen(dup(fd), "w");

	T_CHECK(file, "no file");
	for (int i = 1; i <= USERS + 1; i++)
		(void)fprintf(file, "u%d:x:%d:5::/:/bin/sh\n", i, i);
	T_EQ(fclose(file), 0);
	T_EQ(lseek(fd, 0, SEEK_SET), 0);
	start_with_file(0);
	account_users(b.account, fd);
	T_CHECK(is_named(USERS, "\"u100000\""), "%s", b.text);
	T_CHECK(is_named(USERS + 1, "null"), "%s", b.text);
	finish();
}

static struct t_case cases[] = {
	{ "a record is written at once", a_record_is_written_at_once },
	{ "many records take several turns", many_records_take_several_turns },
	{ "what is refused is tried again after a while",
		what_is_refused_is_tried_again_after_a_while },
	{ "without a file nothing is said to be written",
		without_a_file_nothing_is_said_to_be_written },
	{ "interim records come at their time",
		interim_records_come_at_their_time },
	{ "nothing is left of it", nothing_is_left_of_it },
	{ "without room in the loop there is none",
		without_room_in_the_loop_there_is_none },
	{ "an account that finds no memory is lost",
		an_account_that_finds_no_memory_is_lost },
	{ "a record that finds no memory is counted",
		a_record_that_finds_no_memory_is_counted },
	{ "users that cannot be read leave what there was",
		users_that_cannot_be_read_leave_what_there_was },
	{ "a name is as long as 32 characters",
		a_name_is_as_long_as_32_characters },
	{ "so many users have names", so_many_users_have_names },
};
T_MAIN(cases)
