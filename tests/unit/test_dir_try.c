/* SPDX-License-Identifier: ISC */

/* How policyd follows one server of a directory, by the best way it has. */

#include "base/os.h"
#include "clock_t.h"
#include "dir_fixture.h"
#include "ldap_t.h"
#include "t.h"

/* ---- whole searches ------------------------------------------------------ */

static void
a_read_counts_once_two_agree(void)
{
	struct dt b;

	dt_begin(&b);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(!dt_news(&b), "told of one");
	T_EQ(b.facts.change_unix_s, 0);
	T_EQ(b.facts.entries, 1);
	T_EQ(b.facts.mode, SOURCE_MODE_POLL);
	T_STR(b.facts.uri, "ldap://one");
	T_CHECK(!b.facts.connected, "still connected");
	T_EQ(t_ldap.page_size, 500);
	T_CHECK(b.dir->unsettled, "settled");
	t_clock_add_ms(2000);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b), "not told");
	T_CHECK(b.news.changed && b.news.settled && b.news.confirmed, "what");
	T_EQ(b.news.last_change.us, os_now().us);
	T_CHECK(b.facts.change_unix_s > 0, "no time");
	T_CHECK(!b.dir->unsettled && dt_has_rules(&b, 1), "not settled");
	T_CHECK(dt_woken > 0, "nobody was woken");
	/* Nothing new. */
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b) && b.news.confirmed && !b.news.changed, "what");
	T_EQ(t_ldap.n_held, 0);
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
}

static void
a_read_that_never_agrees_counts_in_the_end(void)
{
	struct dt b;

	dt_begin(&b);
	for (int i = 0; i < 3; i++) {
		dt_found[0].entry = &dt_rules[i % 2];
		T_CHECK(dt_try(&b), "%s", b.said);
		T_CHECK(!dt_news(&b), "told");
		T_EQ(b.dir->failures, 0);
		b.dir->failures = 3;
		t_clock_add_ms(i < 2 ? 2000 : 1000);
	}
	dt_found[0].entry = &dt_rules[1];
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b) && b.news.changed, "not told after 5 s");
	T_EQ(b.dir->failures, 0);
	/* Without a quiet period at once. */
	b.d.quiet_ms = 0;
	dt_found[0].entry = &dt_rules[0];
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b) && b.news.changed, "not told");
}

static void
a_search_that_fails_changes_nothing(void)
{
	struct dt b;

	dt_begin(&b);
	T_CHECK(dt_try(&b) && dt_try(&b) && dt_news(&b), "%s", b.said);
	dt_found[1].rc = LDAP_SIZELIMIT_EXCEEDED;
	dt_found[0].entry = &dt_rules[1];
	T_CHECK(!dt_try(&b), "answered");
	T_CHECK(strstr(b.said, "size limit") != NULL, "%s", b.said);
	T_CHECK(!dt_news(&b), "told by itself");
	T_CHECK(dt_has_rules(&b, 1), "changed");
	dt_found[1].rc = LDAP_SUCCESS;
	T_CHECK(dt_try(&b) && !dt_news(&b) && b.facts.entries == 1, "%s",
		b.said);
	t_ldap.bind_rc = LDAP_BUSY;
	T_CHECK(!dt_try(&b), "answered");
	T_STR(b.said, "bind: Server is busy");
	t_ldap.bind_rc = LDAP_SUCCESS;
	t_ldap.root_rc = LDAP_SERVER_DOWN;
	T_CHECK(!dt_try(&b), "answered");
	t_ldap.root_rc = LDAP_SUCCESS;
	t_ldap.state_rc = LDAP_SERVER_DOWN;
	T_CHECK(!dt_try(&b), "answered");
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
}

static int64_t left_ms[3];

static void
look_at_deadline(void)
{
	struct mono end = dir_watch(dt_looking->dir, os_now());

	left_ms[0] =
		end.us == MONO_NEVER.us ? -1 : mono_ms_between(os_now(), end);
}

static void
look_at_search(void)
{
	struct mono end = dir_watch(dt_looking->dir, os_now());

	left_ms[1] =
		end.us == MONO_NEVER.us ? -1 : mono_ms_between(os_now(), end);
}

static void
each_part_has_its_time(void)
{
	struct dt b;

	dt_begin(&b);
	t_ldap.on_bind = look_at_deadline;
	t_ldap.on_result = look_at_search;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(left_ms[0], 21000);
	T_EQ(left_ms[1], 42000);
}

/* ---- synchronization ----------------------------------------------------- */

static void
a_persistent_search_tells_at_once(void)
{
	struct dt b;

	dt_begin_sync(&b);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_STR(b.said, "search: Can't contact LDAP server");
	T_CHECK(dt_persisted && dt_refreshes == 1 && dt_polls == 1, "how");
	T_CHECK(dt_news(&b) && b.news.changed && b.news.confirmed, "not told");
	T_CHECK(!b.news.settled, "it is not quiet");
	T_EQ(b.facts.mode, SOURCE_MODE_PERSIST);
	T_EQ(b.facts.entries, 1);
	T_CHECK(b.facts.cookie_unix_s > 0, "no cookie");
	T_CHECK(!b.facts.connected, "still connected");
	T_CHECK(dt_has_rules(&b, 1), "no rule");
	T_EQ(t_ldap.n_searches, 0);
	/* From the cookie: nothing new, which is no change. */
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(t_ldap.had_cookie, "no cookie");
	T_CHECK(dt_news(&b) && !b.news.changed && b.news.confirmed, "what");
	T_EQ(t_ldap.n_sync, t_ldap.n_sync_freed);
}

static void
a_cookie_is_of_one_server(void)
{
	struct dt b;

	dt_begin_sync(&b);
	T_CHECK(dt_try(&b), "%s", b.said);
	(void)text_copy(b.d.uris[0], SOURCE_TEXT, "ldap://other");
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(!t_ldap.had_cookie, "the cookie of another");
}

/* When it changed is told; its length says nothing. */
static void
a_cookie_is_as_old_as_its_value(void)
{
	struct dt b;
	int64_t begin_s;

	dt_begin_sync(&b);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b), "not told");
	begin_s = b.facts.cookie_unix_s;
	t_clock_add_ms(10000);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b), "not told");
	T_EQ(b.facts.cookie_unix_s, begin_s);
	dt_cookie = "cookie2";
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b), "not told");
	T_EQ(b.facts.cookie_unix_s, begin_s + 10);
	t_clock_add_ms(10000);
	dt_cookie = "cookie";
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(dt_news(&b), "not told");
	T_EQ(b.facts.cookie_unix_s, begin_s + 20);
}

static void
a_cookie_of_no_use_is_given_up(void)
{
	static const int rcs[] = { LDAP_SYNC_REFRESH_REQUIRED,
		LDAP_UNWILLING_TO_PERFORM };

	for (size_t i = 0; i < 2; i++) {
		struct dt b;

		dt_begin_sync(&b);
		T_CHECK(dt_try(&b), "%s", b.said);
		dt_cookie_rc = rcs[i];
		dt_refreshes = 0;
		T_CHECK(dt_try(&b), "%s", b.said);
		T_EQ(dt_refreshes, 2);
		T_CHECK(!t_ldap.had_cookie, "again with it");
		T_EQ(b.dir->ceiling[0], SOURCE_MODE_PERSIST);
		T_STR(b.said, "search: Can't contact LDAP server");
		T_EQ(t_ldap.n_sync, t_ldap.n_sync_freed);
	}
}

static void
a_server_that_refuses_is_asked_for_less(void)
{
	struct dt b;

	dt_begin_sync(&b);
	dt_refresh_rc = LDAP_UNWILLING_TO_PERFORM;
	T_CHECK(dt_try(&b), "%s", b.said);
	/* Persistent, refreshed, searched. */
	T_EQ(dt_refreshes, 2);
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_POLL);
	T_EQ(b.dir->ceiling[1], SOURCE_MODE_PERSIST);
	T_STR(b.said, "");
	T_EQ(t_ldap.n_searches, 1);
	T_EQ(t_ldap.page_size, 0);
	/* It stays so. */
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(dt_refreshes, 2);
	/* Too large to be taken: no reason to ask for less. */
	dt_begin_sync(&b);
	dt_refresh_rc = LDAP_BUSY;
	T_CHECK(!dt_try(&b), "answered");
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_PERSIST);
	T_STR(b.said, "search: Server is busy");
	T_CHECK(!dt_news(&b), "told by itself");
	dt_refresh_rc = LDAP_SYNC_REFRESH_REQUIRED;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(b.dir->ceiling[0], SOURCE_MODE_POLL);
}

static void
a_refresh_without_push_is_settled_like_a_search(void)
{
	struct dt b;

	dt_begin_sync(&b);
	b.dir->ceiling[0] = SOURCE_MODE_REFRESH;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(!dt_persisted && dt_polls == 0, "it persists");
	T_CHECK(!dt_news(&b) && b.dir->unsettled, "told of one");
	T_EQ(b.facts.mode, SOURCE_MODE_REFRESH);
	T_CHECK(dt_try(&b), "%s", b.said);
	T_CHECK(t_ldap.had_cookie, "no cookie");
	T_CHECK(dt_news(&b) && b.news.changed && b.news.settled, "not told");
}

/* What happens in turn while a search persists. */
static int
poll_quiet(ldap_sync_t *ls)
{
	(void)ls;
	if (dt_polls++ == 120)
		return dt_poll_down(ls);
	t_clock_add_ms(1000);
	look_at_deadline();
	return LDAP_SUCCESS;
}

static void
a_quiet_search_is_checked(void)
{
	struct dt b;

	dt_begin_sync(&b);
	t_ldap.poll = poll_quiet;
	T_CHECK(dt_try(&b), "%s", b.said);
	/* Twice: at the begin, and after 100 s. */
	T_EQ(t_ldap.n_open, 2);
	T_EQ(left_ms[0], -1);
	T_CHECK(dt_news(&b) && b.news.confirmed, "not confirmed");
}

static void
a_search_that_is_deaf_is_begun_again(void)
{
	struct dt b;

	dt_begin_sync(&b);
	t_ldap.poll = dt_poll_moved;
	dt_pushes = 0;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_STR(b.said, "");
	T_EQ(dt_polls, 101);
	/* What came, or was on its way, is what had moved. */
	for (dt_pushes = 1; dt_pushes <= 2; dt_pushes++) {
		dt_begin_sync(&b);
		t_ldap.poll = dt_poll_moved;
		T_CHECK(dt_try(&b), "%s", b.said);
		T_STR(b.said, "search: Can't contact LDAP server");
		T_EQ(dt_polls, 251);
		T_CHECK(dt_news(&b) && b.news.changed, "not told");
		T_EQ(b.facts.entries, 2);
	}
}

static int
poll_asked(ldap_sync_t *ls)
{
	(void)ls;
	if (dt_polls == 3)
		(void)dir_ask(dt_looking->dir);
	if (dt_polls == 5)
		dt_state.attrs[0] = "contextCSN=2";
	if (dt_polls == 6) {
		dir_hurry(dt_looking->dir);
		t_sync_cookie(ls, "cookie2");
		T_EQ(t_sync_entry(ls, &dt_rules[1], 2, LDAP_SYNC_CAPI_ADD),
			LDAP_SUCCESS);
	}
	if (dt_polls == 8)
		(void)dir_ask(dt_looking->dir);
	T_CHECK(dt_polls++ < 20, "for ever");
	return LDAP_SUCCESS;
}

static void
who_asks_is_answered_by_a_refresh(void)
{
	struct dt b;

	dt_begin_sync(&b);
	t_ldap.poll = poll_asked;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_STR(b.said, "");
	/* The first was answered at once, the second by beginning again. */
	T_EQ(dt_polls, 9);
	T_EQ(t_ldap.n_open, 4);
	T_CHECK(b.dir->hurry && b.dir->cookie[6] == '2', "not at once");
	T_CHECK(dt_news(&b) && b.news.heard == 1, "not heard");
}

static int
poll_no_state(ldap_sync_t *ls)
{
	(void)ls;
	if (dt_polls == 3)
		(void)dir_ask(dt_looking->dir);
	T_CHECK(dt_polls++ < 20, "for ever");
	return LDAP_SUCCESS;
}

static void
without_a_state_who_asks_has_a_refresh(void)
{
	struct dt b;

	dt_begin_sync(&b);
	t_ldap.state = NULL;
	t_ldap.poll = poll_no_state;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(dt_polls, 4);
	T_STR(b.said, "");
}

static int
poll_then_lost(ldap_sync_t *ls)
{
	(void)ls;
	t_clock_add_ms(100000);
	t_ldap.bind_rc = LDAP_SERVER_DOWN;
	T_CHECK(dt_polls++ < 5, "for ever");
	return LDAP_SUCCESS;
}

static int
poll_reload(ldap_sync_t *ls)
{
	(void)ls;
	dt_polls++;
	return LDAP_SYNC_REFRESH_REQUIRED;
}

static int
poll_new_settings(ldap_sync_t *ls)
{
	(void)ls;
	dt_looking->dir->changed = true;
	T_CHECK(dt_polls++ < 5, "for ever");
	return LDAP_SUCCESS;
}

static void
a_persistent_search_ends_with_its_server(void)
{
	struct dt b;

	dt_begin_sync(&b);
	t_ldap.poll = poll_then_lost;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(dt_polls, 1);
	T_CHECK(strstr(b.said, "bind: Can't contact") != NULL, "%s", b.said);
	dt_begin_sync(&b);
	t_ldap.poll = poll_reload;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(b.dir->cookie_len, 0);
	T_EQ(b.dir->facts.cookie_unix_s, 0);
	T_EQ(dt_polls, 1);
	/* And with its settings, of which nobody hears any more. */
	dt_begin_sync(&b);
	t_ldap.poll = poll_new_settings;
	T_CHECK(dt_try(&b), "%s", b.said);
	T_EQ(dt_polls, 1);
	T_CHECK(dir_interrupted(b.dir), "not interrupted");
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
	{ "A cookie is as old as its value", a_cookie_is_as_old_as_its_value },
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
};

T_MAIN(cases)
