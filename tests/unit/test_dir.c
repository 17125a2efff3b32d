/* SPDX-License-Identifier: ISC */

/* How policyd goes from one server of a directory to the next: the thread,
 * whose waits pass at once, and are kept. */

#include "clock_t.h"
#include "dir_fixture.h"
#include "ldap_t.h"
#include "t.h"
#include "wait_t.h"

/* ---- the thread ---------------------------------------------------------- */

/* Until that many waits have passed. */
static void
run(struct dt *b, unsigned n)
{
	t_turns = n;
	(void)dir_follow(b->dir, &b->d, NULL); /* heard later */
	t_wait_stopped();
}

/* It has been told to go on. */
static void
run_on(unsigned n)
{
	t_turns = n;
	t_wait_stopped();
}

static void
a_server_that_fails_is_tried_less_and_less(void)
{
	static const int64_t most_ms[] = { 1000, 2000, 4000, 8000, 16000, 30000,
		30000, 30000 };
	struct dt b;
	bool jitter = false;

	dt_begin(&b);
	b.d.n_uris = 2;
	t_ldap.bind_rc = LDAP_BUSY;
	run(&b, 25);
	for (size_t i = 0; i < 25; i++) {
		const int64_t most = most_ms[i < 8 ? i : 7];
		const int64_t ms = t_waits_us[i] / 1000;

		T_CHECK(ms <= most && ms >= most * 3 / 4,
			"%zu: %" PRId64 " ms of %" PRId64, i, ms, most);
		jitter = jitter || (i > 8 && t_waits_us[i] != t_waits_us[8]);
	}
	T_CHECK(jitter, "in step");
	T_EQ(t_ldap.n_open, 52);
	T_CHECK(dt_news(&b) && b.news.failed && !b.news.confirmed, "not told");
	T_EQ(b.news.heard, 1);
	T_STR(b.news.problem, "ldap://one: bind: Server is busy; ldap://two: "
			      "bind: Server is busy");
	T_EQ(b.facts.retry_unix_s - (t_waits_us[25] + 500000) / 1000000,
		(int64_t)time(NULL));
	/* Somebody hurries: from the beginning. */
	t_n_waits = 0;
	dir_hurry(b.dir);
	run_on(0);
	T_CHECK(t_waits_us[0] <= 1000000, "%" PRId64, t_waits_us[0]);
	T_STR(t_ldap.uris[0], "ldap://one");
	T_STR(t_ldap.uris[1], "ldap://two");
}

static void
a_poll_comes_about_in_time(void)
{
	struct dt b;
	bool jitter = false;

	dt_begin(&b);
	dt_found[2] = dt_found[0];
	dt_found[0] = dt_found[1]; /* nothing at all */
	t_ldap.n_messages = 1;
	run(&b, 0);
	T_CHECK(dt_news(&b) && b.news.confirmed && b.news.heard == 1,
		"not told");
	for (int i = 0; i < 20; i++) {
		const int64_t ms = t_waits_us[0] / 1000;

		T_CHECK(ms >= 95000 && ms <= 105000, "%" PRId64 " ms", ms);
		jitter = jitter || ms != t_waits_us[1] / 1000;
		t_waits_us[1] = t_waits_us[0];
		t_ldap.at = 0;
		t_n_waits = 0;
		T_EQ(dir_ask(b.dir), (uint64_t)i + 2);
		run_on(0);
		T_CHECK(dt_news(&b) && b.news.heard == (uint64_t)i + 2, "deaf");
	}
	T_CHECK(jitter, "in step");
	T_EQ(b.facts.retry_unix_s, 0);
	/* A change is looked at again after the quiet period. */
	dt_found[0] = dt_found[2];
	t_ldap.n_messages = 2;
	t_ldap.at = t_n_waits = 0;
	dir_hurry(b.dir);
	run_on(0);
	T_EQ(t_waits_us[0], 2000000);
	T_CHECK(!dt_news(&b), "told of one");
}

static void
who_answered_is_asked_first(void)
{
	struct dt b;

	dt_begin(&b);
	b.d.n_uris = 3;
	(void)text_copy(b.d.uris[2], SOURCE_TEXT, "ldap://three");
	b.d.quiet_ms = 0;
	t_ldap.refused_uri = "ldap://one";
	run(&b, 0);
	T_EQ(t_ldap.n_tried, 2);
	T_STR(t_ldap.uris[1], "ldap://two");
	T_CHECK(dt_news(&b) && b.news.changed, "not told");
	T_STR(b.news.problem, "ldap://one: uri: Can't contact LDAP server");
	T_STR(b.facts.uri, "ldap://two");
	/* Then the others, in a ring. */
	t_ldap.refused_uri = "ldap://two";
	t_ldap.at = 0;
	dir_hurry(b.dir);
	run_on(0);
	T_STR(t_ldap.uris[2], "ldap://two");
	T_STR(t_ldap.uris[3], "ldap://three");
	/* With other settings the first comes first again. */
	t_ldap.at = 0;
	b.d.poll_s++;
	run(&b, 0);
	T_STR(t_ldap.uris[4], "ldap://one");
	T_CHECK(dt_news(&b) && b.facts.retry_unix_s == 0, "not told");
}

static void
what_ended_is_begun_again(void)
{
	struct dt b;

	dt_begin_sync(&b);
	b.d.n_uris = 2;
	/* A persistent search has ended, and not by a failure. */
	t_ldap.poll = dt_poll_moved;
	dt_pushes = 0;
	run(&b, 0);
	T_CHECK(t_waits_us[0] < 1000000, "%" PRId64, t_waits_us[0]);
	T_STR(t_ldap.uris[0], "ldap://one");
}

static void
nobody_hears_of_what_is_not_followed(void)
{
	struct dt b;

	dt_begin(&b);
	t_ldap.bind_rc = LDAP_BUSY;
	run(&b, 0);
	T_CHECK(dt_news(&b) && b.news.failed, "not told");
	dir_hurry(b.dir);
	run_on(0);
	b.dir->facts.entries = 9;
	dir_leave(b.dir);
	T_CHECK(!dt_news(&b) && b.facts.entries == 0, "news of before");
	t_ldap.bind_rc = LDAP_SUCCESS;
	b.d.quiet_ms = 0;
	t_ldap.at = 0;
	run(&b, 0);
	T_CHECK(dt_news(&b) && b.news.confirmed && b.news.changed, "not told");
	T_EQ(b.news.heard, 2);
	t_ldap.at = 0;
	T_EQ(dir_follow(b.dir, &b.d, NULL), 3);
	run_on(0);
	T_CHECK(dt_news(&b) && b.news.confirmed && b.news.heard == 3,
		"not told");
	T_CHECK(!b.news.changed && dt_has_rules(&b, 1), "anew");
	/* Other entries: what is known of these is of no use. */
	t_ldap.bind_rc = LDAP_BUSY;
	(void)text_copy(b.d.base, SOURCE_TEXT, "o=y");
	run(&b, 0);
	T_CHECK(dt_news(&b) && b.facts.entries == 0, "of others");
}

static void
what_is_remembered_is_gone_on_with(void)
{
	static struct dir_memory memory;
	struct dt b;
	uint8_t *bytes = NULL;

	dt_begin_sync(&b);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dir_remember(b.dir, &memory, &bytes), "nothing");
	T_EQ(memory.cookie_len, 7);
	T_STR(memory.uri, "ldap://one");
	T_CHECK(memory.cookie_unix_s > 0, "no time");
	/* Nothing of what waits for its turn. */
	b.dir->changed = true;
	T_CHECK(!dir_remember(
			b.dir, &(struct dir_memory){ 0 }, &(uint8_t *){ NULL }),
		"of before");

	dt_begin_sync(&b);
	b.dir->now = (struct source_directory){ 0 };
	t_ldap.bind_rc = LDAP_BUSY;
	t_turns = 0;
	(void)dir_follow(b.dir, &b.d, &memory);
	run_on(0);
	free(bytes);
	T_CHECK(dt_news(&b), "no news");
	T_EQ(b.facts.entries, 1);
	T_EQ(b.facts.cookie_unix_s, memory.cookie_unix_s);
	t_ldap.bind_rc = LDAP_SUCCESS;
	dir_hurry(b.dir);
	run_on(0);
	T_CHECK(t_ldap.had_cookie, "no cookie");
}

static struct t_case cases[] = {
	{ "A server that fails is tried less and less",
		a_server_that_fails_is_tried_less_and_less },
	{ "A poll comes about in time", a_poll_comes_about_in_time },
	{ "Who answered last is asked first", who_answered_is_asked_first },
	{ "A persistent search that ended is begun again soon",
		what_ended_is_begun_again },
	{ "Nobody hears of what is not followed",
		nobody_hears_of_what_is_not_followed },
	{ "What is remembered is gone on with",
		what_is_remembered_is_gone_on_with },
};

T_MAIN(cases)
