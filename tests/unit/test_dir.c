/* SPDX-License-Identifier: ISC */

/* How policyd follows a directory: one server by the best way it has, and the
 * thread that goes from one to the next.  Its waits pass at once, and are kept.
 */

#include "base/os.h"
#include "clock_t.h"
#include "ldap_t.h"
#include "policy/dir_try_int.h"
#include "t.h"
#include "wait_t.h"

/* ---- the bench ----------------------------------------------------------- */

struct bench {
	struct dir *dir;
	struct source_directory d;
	char said[DIR_PROBLEM];
	struct text problem;
	struct dir_news news;
	struct dir_facts facts;
};

static unsigned woken;

static void
wake(void *arg)
{
	(void)arg;
	woken++;
}

static const struct t_entry rules[] = {
	T_ENTRY("cn=a", "objectClass=ServicePolicyRules", "PolicyName=a",
		"SelectorTag=all"),
	T_ENTRY("cn=b", "objectClass=ServicePolicyRules", "PolicyName=b",
		"SelectorTag=all"),
};
static const struct t_entry syncs = T_ENTRY(
	"", "supportedControl=" LDAP_CONTROL_SYNC, "namingContexts=o=x");
static const struct t_entry pages =
	T_ENTRY("", "supportedControl=" LDAP_CONTROL_PAGEDRESULTS);
static struct t_entry state = T_ENTRY("o=x", "contextCSN=1");
static struct t_message found[4];

/* A server with one rule, which is searched. */
static void
begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	t_clock_begin();
	t_ldap_reset();
	woken = t_turns = t_n_waits = 0;
	source_directory_defaults(&b->d);
	b->d.present = true;
	b->d.n_uris = b->d.n_tags = 1;
	b->d.timeout_s = 7;
	b->d.poll_s = 100;
	b->d.retry_s = 30;
	b->d.quiet_ms = 2000;
	b->d.starttls = STARTTLS_NEVER;
	(void)text_copy(b->d.tags[0], SOURCE_TAG, "all");
	(void)text_copy(b->d.uris[0], SOURCE_TEXT, "ldap://one");
	(void)text_copy(b->d.uris[1], SOURCE_TEXT, "ldap://two");
	(void)text_copy(b->d.base, SOURCE_TEXT, "o=x");
	state.attrs[0] = "contextCSN=1";
	t_ldap.root = &pages;
	t_ldap.state = &state;
	found[0] = (struct t_message){ .type = LDAP_RES_SEARCH_ENTRY,
		.entry = &rules[0] };
	found[1] = (struct t_message){ .type = LDAP_RES_SEARCH_RESULT };
	t_ldap.messages = found;
	t_ldap.n_messages = 2;
	b->dir = dir_new(wake, NULL);
	T_CHECK(t_keep(b->dir) != NULL, "no memory");
	for (int i = 0; i < SOURCE_URIS; i++)
		b->dir->ceiling[i] = SOURCE_MODE_PERSIST;
	b->dir->now = b->d;
}

/* One attempt by the test itself. */
static bool
try(struct bench *b)
{
	b->problem = text_over(b->said, sizeof(b->said));
	t_ldap.at = 0;
	return dir_try(b->dir, &b->d, 0, &b->problem);
}

static bool
news(struct bench *b)
{
	dir_facts(b->dir, &b->facts);
	return dir_take_news(b->dir, &b->news);
}

static bool
has_rules(struct bench *b, size_t n)
{
	struct source_draft draft = { 0 };
	struct source_report skipped = { 0 };
	char uri[SOURCE_TEXT] = "";
	size_t count;

	T_CHECK(dir_read(b->dir, &draft, &skipped, uri), "busy");
	T_CHECK(skipped.count == 0, "%s", skipped.lines[0]);
	T_STR(uri, b->facts.uri);
	count = draft.n_rules;
	source_draft_done(&draft);
	return count == n;
}

/* ---- whole searches ------------------------------------------------------ */

static void
a_read_counts_once_two_agree(void)
{
	struct bench b;

	begin(&b);
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(!news(&b), "told of one");
	T_EQ(b.facts.change_unix_s, 0);
	T_EQ(b.facts.entries, 1);
	T_EQ(b.facts.mode, SOURCE_MODE_POLL);
	T_STR(b.facts.uri, "ldap://one");
	T_CHECK(!b.facts.connected, "still connected");
	T_EQ(t_ldap.page_size, 500);
	T_CHECK(b.dir->unsettled, "settled");
	t_clock_add_ms(2000);
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(news(&b), "not told");
	T_CHECK(b.news.changed && b.news.settled && b.news.confirmed, "what");
	T_EQ(b.news.last_change.us, os_now().us);
	T_CHECK(b.facts.change_unix_s > 0, "no time");
	T_CHECK(!b.dir->unsettled && has_rules(&b, 1), "not settled");
	T_CHECK(woken > 0, "nobody was woken");
	/* Nothing new. */
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(news(&b) && b.news.confirmed && !b.news.changed, "what");
	T_EQ(t_ldap.n_held, 0);
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
}

static void
a_read_that_never_agrees_counts_in_the_end(void)
{
	struct bench b;

	begin(&b);
	for (int i = 0; i < 3; i++) {
		found[0].entry = &rules[i % 2];
		T_CHECK(try(&b), "%s", b.said);
		T_CHECK(!news(&b), "told");
		T_EQ(b.dir->failures, 0);
		b.dir->failures = 3;
		t_clock_add_ms(i < 2 ? 2000 : 1000);
	}
	found[0].entry = &rules[1];
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(news(&b) && b.news.changed, "not told after 5 s");
	T_EQ(b.dir->failures, 0);
	/* Without a quiet period at once. */
	b.d.quiet_ms = 0;
	found[0].entry = &rules[0];
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(news(&b) && b.news.changed, "not told");
}

static void
a_search_that_fails_changes_nothing(void)
{
	struct bench b;

	begin(&b);
	T_CHECK(try(&b) && try(&b) && news(&b), "%s", b.said);
	found[1].rc = LDAP_SIZELIMIT_EXCEEDED;
	found[0].entry = &rules[1];
	T_CHECK(!try(&b), "answered");
	T_CHECK(strstr(b.said, "size limit") != NULL, "%s", b.said);
	T_CHECK(!news(&b), "told by itself");
	T_CHECK(has_rules(&b, 1), "changed");
	found[1].rc = LDAP_SUCCESS;
	T_CHECK(try(&b) && !news(&b) && b.facts.entries == 1, "%s", b.said);
	t_ldap.bind_rc = LDAP_BUSY;
	T_CHECK(!try(&b), "answered");
	T_STR(b.said, "bind: Server is busy");
	t_ldap.bind_rc = LDAP_SUCCESS;
	t_ldap.root_rc = LDAP_SERVER_DOWN;
	T_CHECK(!try(&b), "answered");
	t_ldap.root_rc = LDAP_SUCCESS;
	t_ldap.state_rc = LDAP_SERVER_DOWN;
	T_CHECK(!try(&b), "answered");
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
}

static struct bench *looking;
static int64_t left_ms[3];

static void
look_at_deadline(void)
{
	struct mono end = dir_watch(looking->dir, os_now());

	left_ms[0] =
		end.us == MONO_NEVER.us ? -1 : mono_ms_between(os_now(), end);
}

static void
look_at_search(void)
{
	struct mono end = dir_watch(looking->dir, os_now());

	left_ms[1] =
		end.us == MONO_NEVER.us ? -1 : mono_ms_between(os_now(), end);
}

static void
each_part_has_its_time(void)
{
	struct bench b;

	begin(&b);
	looking = &b;
	t_ldap.on_bind = look_at_deadline;
	t_ldap.on_result = look_at_search;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(left_ms[0], 21000);
	T_EQ(left_ms[1], 42000);
}

/* ---- synchronization ----------------------------------------------------- */

static unsigned n_refresh;
static unsigned n_polls;
static bool persisted;
static int refresh_rc;
static int cookie_rc; /* with a cookie */

static int
refresh_one(ldap_sync_t *ls, bool persist)
{
	n_refresh++;
	persisted = persist;
	if (ls->ls_cookie.bv_len > 0 && cookie_rc != LDAP_SUCCESS)
		return cookie_rc;
	if (refresh_rc != LDAP_SUCCESS)
		return refresh_rc;
	T_EQ(t_sync_entry(ls, &rules[0], 1, LDAP_SYNC_CAPI_ADD), LDAP_SUCCESS);
	t_sync_cookie(ls, "cookie1");
	return LDAP_SUCCESS;
}

static int
poll_down(ldap_sync_t *ls)
{
	(void)ls;
	n_polls++;
	t_ldap.result_code = LDAP_SERVER_DOWN;
	return LDAP_SERVER_DOWN;
}

static void
begin_sync(struct bench *b)
{
	begin(b);
	t_ldap.root = &syncs;
	t_ldap.refresh = refresh_one;
	t_ldap.poll = poll_down;
	n_refresh = 0;
	n_polls = 0;
	refresh_rc = LDAP_SUCCESS;
	cookie_rc = LDAP_SUCCESS;
	looking = b;
}

static void
a_persistent_search_tells_at_once(void)
{
	struct bench b;

	begin_sync(&b);
	T_CHECK(try(&b), "%s", b.said);
	T_STR(b.said, "search: Can't contact LDAP server");
	T_CHECK(persisted && n_refresh == 1 && n_polls == 1, "how");
	T_CHECK(news(&b) && b.news.changed && b.news.confirmed, "not told");
	T_CHECK(!b.news.settled, "it is not quiet");
	T_EQ(b.facts.mode, SOURCE_MODE_PERSIST);
	T_EQ(b.facts.entries, 1);
	T_CHECK(b.facts.cookie_unix_s > 0, "no cookie");
	T_CHECK(!b.facts.connected, "still connected");
	T_CHECK(has_rules(&b, 1), "no rule");
	T_EQ(t_ldap.n_searches, 0);
	/* From the cookie: nothing new, which is no change. */
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(t_ldap.had_cookie, "no cookie");
	T_CHECK(news(&b) && !b.news.changed && b.news.confirmed, "what");
	T_EQ(t_ldap.n_sync, t_ldap.n_sync_freed);
}

static void
a_cookie_is_of_one_server(void)
{
	struct bench b;

	begin_sync(&b);
	T_CHECK(try(&b), "%s", b.said);
	(void)text_copy(b.d.uris[0], SOURCE_TEXT, "ldap://other");
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(!t_ldap.had_cookie, "the cookie of another");
}

static void
a_cookie_of_no_use_is_given_up(void)
{
	static const int rcs[] = { LDAP_SYNC_REFRESH_REQUIRED,
		LDAP_UNWILLING_TO_PERFORM };

	for (size_t i = 0; i < 2; i++) {
		struct bench b;

		begin_sync(&b);
		T_CHECK(try(&b), "%s", b.said);
		cookie_rc = rcs[i];
		n_refresh = 0;
		T_CHECK(try(&b), "%s", b.said);
		T_EQ(n_refresh, 2);
		T_CHECK(!t_ldap.had_cookie, "again with it");
		T_EQ(b.dir->ceiling[0], SOURCE_MODE_PERSIST);
		T_STR(b.said, "search: Can't contact LDAP server");
		T_EQ(t_ldap.n_sync, t_ldap.n_sync_freed);
	}
}

static void
a_server_that_refuses_is_asked_for_less(void)
{
	struct bench b;

	begin_sync(&b);
	refresh_rc = LDAP_UNWILLING_TO_PERFORM;
	T_CHECK(try(&b), "%s", b.said);
	/* Persistent, refreshed, searched. */
	T_EQ(n_refresh, 2);
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_POLL);
	T_EQ(b.dir->ceiling[1], SOURCE_MODE_PERSIST);
	T_STR(b.said, "");
	T_EQ(t_ldap.n_searches, 1);
	T_EQ(t_ldap.page_size, 0);
	/* It stays so. */
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(n_refresh, 2);
	/* Too large to be taken: no reason to ask for less. */
	begin_sync(&b);
	refresh_rc = LDAP_BUSY;
	T_CHECK(!try(&b), "answered");
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_PERSIST);
	T_STR(b.said, "search: Server is busy");
	T_CHECK(!news(&b), "told by itself");
	refresh_rc = LDAP_SYNC_REFRESH_REQUIRED;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_POLL);
}

static void
a_refresh_without_push_is_settled_like_a_search(void)
{
	struct bench b;

	begin_sync(&b);
	b.dir->ceiling[0] = SOURCE_MODE_REFRESH;
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(!persisted && n_polls == 0, "it persists");
	T_CHECK(!news(&b) && b.dir->unsettled, "told of one");
	T_EQ(b.facts.mode, SOURCE_MODE_REFRESH);
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(t_ldap.had_cookie, "no cookie");
	T_CHECK(news(&b) && b.news.changed && b.news.settled, "not told");
}

/* What happens in turn while a search persists. */
static unsigned pushes;

static int
poll_quiet(ldap_sync_t *ls)
{
	(void)ls;
	if (n_polls++ == 120)
		return poll_down(ls);
	t_clock_add_ms(1000);
	look_at_deadline();
	return LDAP_SUCCESS;
}

static void
a_quiet_search_is_checked(void)
{
	struct bench b;

	begin_sync(&b);
	t_ldap.poll = poll_quiet;
	T_CHECK(try(&b), "%s", b.said);
	/* Twice: at the begin, and after 100 s. */
	T_EQ(t_ldap.n_open, 2);
	T_EQ(left_ms[0], -1);
	T_CHECK(news(&b) && b.news.confirmed, "not confirmed");
}

static int
poll_moved(ldap_sync_t *ls)
{
	(void)ls;
	if (n_polls++ == 50)
		state.attrs[0] = "contextCSN=2";
	t_clock_add_ms(1000);
	T_CHECK(n_polls < 300, "for ever");
	if (pushes == 1 && n_polls == 60)
		return t_sync_entry(ls, &rules[1], 2, LDAP_SYNC_CAPI_ADD);
	if (pushes == 2 && n_polls == 101)
		return t_sync_entry(ls, &rules[1], 2, LDAP_SYNC_CAPI_ADD);
	return n_polls == 250 ? poll_down(ls) : LDAP_SUCCESS;
}

static void
a_search_that_is_deaf_is_begun_again(void)
{
	struct bench b;

	begin_sync(&b);
	t_ldap.poll = poll_moved;
	pushes = 0;
	T_CHECK(try(&b), "%s", b.said);
	T_STR(b.said, "");
	T_EQ(n_polls, 101);
	/* What came, or was on its way, is what had moved. */
	for (pushes = 1; pushes <= 2; pushes++) {
		begin_sync(&b);
		t_ldap.poll = poll_moved;
		T_CHECK(try(&b), "%s", b.said);
		T_STR(b.said, "search: Can't contact LDAP server");
		T_EQ(n_polls, 251);
		T_CHECK(news(&b) && b.news.changed, "not told");
		T_EQ(b.facts.entries, 2);
	}
}

static int
poll_asked(ldap_sync_t *ls)
{
	(void)ls;
	if (n_polls == 3)
		(void)dir_ask(looking->dir);
	if (n_polls == 5)
		state.attrs[0] = "contextCSN=2";
	if (n_polls == 6) {
		dir_hurry(looking->dir);
		t_sync_cookie(ls, "cookie2");
		T_EQ(t_sync_entry(ls, &rules[1], 2, LDAP_SYNC_CAPI_ADD),
			LDAP_SUCCESS);
	}
	if (n_polls == 8)
		(void)dir_ask(looking->dir);
	T_CHECK(n_polls++ < 20, "for ever");
	return LDAP_SUCCESS;
}

static void
who_asks_is_answered_by_a_refresh(void)
{
	struct bench b;

	begin_sync(&b);
	t_ldap.poll = poll_asked;
	T_CHECK(try(&b), "%s", b.said);
	T_STR(b.said, "");
	/* The first was answered at once, the second by beginning again. */
	T_EQ(n_polls, 9);
	T_EQ(t_ldap.n_open, 4);
	T_CHECK(b.dir->hurry && b.dir->cookie[6] == '2', "not at once");
	T_CHECK(news(&b) && b.news.heard == 1, "not heard");
}

static int
poll_no_state(ldap_sync_t *ls)
{
	(void)ls;
	if (n_polls == 3)
		(void)dir_ask(looking->dir);
	T_CHECK(n_polls++ < 20, "for ever");
	return LDAP_SUCCESS;
}

static void
without_a_state_who_asks_has_a_refresh(void)
{
	struct bench b;

	begin_sync(&b);
	t_ldap.state = NULL;
	t_ldap.poll = poll_no_state;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(n_polls, 4);
	T_STR(b.said, "");
}

static int
poll_then_lost(ldap_sync_t *ls)
{
	(void)ls;
	t_clock_add_ms(100000);
	t_ldap.bind_rc = LDAP_SERVER_DOWN;
	T_CHECK(n_polls++ < 5, "for ever");
	return LDAP_SUCCESS;
}

static int
poll_reload(ldap_sync_t *ls)
{
	(void)ls;
	n_polls++;
	return LDAP_SYNC_REFRESH_REQUIRED;
}

static int
poll_new_settings(ldap_sync_t *ls)
{
	(void)ls;
	looking->dir->changed = true;
	T_CHECK(n_polls++ < 5, "for ever");
	return LDAP_SUCCESS;
}

static void
a_persistent_search_ends_with_its_server(void)
{
	struct bench b;

	begin_sync(&b);
	t_ldap.poll = poll_then_lost;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(n_polls, 1);
	T_CHECK(strstr(b.said, "bind: Can't contact") != NULL, "%s", b.said);
	begin_sync(&b);
	t_ldap.poll = poll_reload;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(b.dir->cookie_len, 0);
	T_EQ(b.dir->facts.cookie_unix_s, 0);
	T_EQ(n_polls, 1);
	/* And with its settings, of which nobody hears any more. */
	begin_sync(&b);
	t_ldap.poll = poll_new_settings;
	T_CHECK(try(&b), "%s", b.said);
	T_EQ(n_polls, 1);
	T_CHECK(dir_interrupted(b.dir), "not interrupted");
}

/* ---- the thread ---------------------------------------------------------- */

/* Until that many waits have passed. */
static void
run(struct bench *b, unsigned n)
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
	struct bench b;
	bool jitter = false;

	begin(&b);
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
	T_CHECK(news(&b) && b.news.failed && !b.news.confirmed, "not told");
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
	struct bench b;
	bool jitter = false;

	begin(&b);
	found[2] = found[0];
	found[0] = found[1]; /* nothing at all */
	t_ldap.n_messages = 1;
	run(&b, 0);
	T_CHECK(news(&b) && b.news.confirmed && b.news.heard == 1, "not told");
	for (int i = 0; i < 20; i++) {
		const int64_t ms = t_waits_us[0] / 1000;

		T_CHECK(ms >= 95000 && ms <= 105000, "%" PRId64 " ms", ms);
		jitter = jitter || ms != t_waits_us[1] / 1000;
		t_waits_us[1] = t_waits_us[0];
		t_ldap.at = 0;
		t_n_waits = 0;
		T_EQ(dir_ask(b.dir), (uint64_t)i + 2);
		run_on(0);
		T_CHECK(news(&b) && b.news.heard == (uint64_t)i + 2, "deaf");
	}
	T_CHECK(jitter, "in step");
	T_EQ(b.facts.retry_unix_s, 0);
	/* A change is looked at again after the quiet period. */
	found[0] = found[2];
	t_ldap.n_messages = 2;
	t_ldap.at = t_n_waits = 0;
	dir_hurry(b.dir);
	run_on(0);
	T_EQ(t_waits_us[0], 2000000);
	T_CHECK(!news(&b), "told of one");
}

static void
who_answered_is_asked_first(void)
{
	struct bench b;

	begin(&b);
	b.d.n_uris = 3;
	(void)text_copy(b.d.uris[2], SOURCE_TEXT, "ldap://three");
	b.d.quiet_ms = 0;
	t_ldap.refused_uri = "ldap://one";
	run(&b, 0);
	T_EQ(t_ldap.n_tried, 2);
	T_STR(t_ldap.uris[1], "ldap://two");
	T_CHECK(news(&b) && b.news.changed, "not told");
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
	T_CHECK(news(&b) && b.facts.retry_unix_s == 0, "not told");
}

static void
what_ended_is_begun_again(void)
{
	struct bench b;

	begin_sync(&b);
	b.d.n_uris = 2;
	/* A persistent search has ended, and not by a failure. */
	t_ldap.poll = poll_moved;
	pushes = 0;
	run(&b, 0);
	T_CHECK(t_waits_us[0] < 1000000, "%" PRId64, t_waits_us[0]);
	T_STR(t_ldap.uris[0], "ldap://one");
}

static void
nobody_hears_of_what_is_not_followed(void)
{
	struct bench b;

	begin(&b);
	t_ldap.bind_rc = LDAP_BUSY;
	run(&b, 0);
	T_CHECK(news(&b) && b.news.failed, "not told");
	dir_hurry(b.dir);
	run_on(0);
	b.dir->facts.entries = 9;
	dir_leave(b.dir);
	T_CHECK(!news(&b) && b.facts.entries == 0, "news of before");
	t_ldap.bind_rc = LDAP_SUCCESS;
	b.d.quiet_ms = 0;
	t_ldap.at = 0;
	run(&b, 0);
	T_CHECK(news(&b) && b.news.confirmed && b.news.changed, "not told");
	T_EQ(b.news.heard, 2);
	t_ldap.at = 0;
	T_EQ(dir_follow(b.dir, &b.d, NULL), 3);
	run_on(0);
	T_CHECK(news(&b) && b.news.confirmed && b.news.heard == 3, "not told");
	T_CHECK(!b.news.changed && has_rules(&b, 1), "anew");
	/* Other entries: what is known of these is of no use. */
	t_ldap.bind_rc = LDAP_BUSY;
	(void)text_copy(b.d.base, SOURCE_TEXT, "o=y");
	run(&b, 0);
	T_CHECK(news(&b) && b.facts.entries == 0, "of others");
}

static void
what_is_remembered_is_gone_on_with(void)
{
	static struct dir_memory memory;
	struct bench b;
	uint8_t *bytes = NULL;

	begin_sync(&b);
	T_CHECK(try(&b), "%s", b.said);
	T_CHECK(dir_remember(b.dir, &memory, &bytes), "nothing");
	T_EQ(memory.cookie_len, 7);
	T_STR(memory.uri, "ldap://one");
	T_CHECK(memory.cookie_unix_s > 0, "no time");
	/* Nothing of what waits for its turn. */
	b.dir->changed = true;
	T_CHECK(!dir_remember(
			b.dir, &(struct dir_memory){ 0 }, &(uint8_t *){ NULL }),
		"of before");

	begin_sync(&b);
	b.dir->now = (struct source_directory){ 0 };
	t_ldap.bind_rc = LDAP_BUSY;
	t_turns = 0;
	(void)dir_follow(b.dir, &b.d, &memory);
	run_on(0);
	free(bytes);
	T_CHECK(news(&b), "no news");
	T_EQ(b.facts.entries, 1);
	T_EQ(b.facts.cookie_unix_s, memory.cookie_unix_s);
	t_ldap.bind_rc = LDAP_SUCCESS;
	dir_hurry(b.dir);
	run_on(0);
	T_CHECK(t_ldap.had_cookie, "no cookie");
}

static struct t_case cases[] = {
	{ "A read of the whole counts once two agree",
		a_read_counts_once_two_agree },
	{ "A read that never agrees counts in the end",
		a_read_that_never_agrees_counts_in_the_end },
	{ "A search that fails changes nothing",
		a_search_that_fails_changes_nothing },
	{ "Each part has its time", each_part_has_its_time },
	{ "A persistent search tells at once",
		a_persistent_search_tells_at_once },
	{ "A cookie is of one server", a_cookie_is_of_one_server },
	{ "A cookie of no use is given up", a_cookie_of_no_use_is_given_up },
	{ "A server that refuses is asked for less",
		a_server_that_refuses_is_asked_for_less },
	{ "A refresh without push is settled like a search",
		a_refresh_without_push_is_settled_like_a_search },
	{ "A quiet search is checked", a_quiet_search_is_checked },
	{ "A search that is deaf is begun again",
		a_search_that_is_deaf_is_begun_again },
	{ "Who asks is answered by a refresh",
		who_asks_is_answered_by_a_refresh },
	{ "Without a state who asks has a refresh",
		without_a_state_who_asks_has_a_refresh },
	{ "A persistent search ends with its server or its settings",
		a_persistent_search_ends_with_its_server },
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
