/* SPDX-License-Identifier: ISC */

/* Entries of the directory: whole searches and synchronization. */

#include <malloc.h>

#include "base/os.h"
#include "clock_t.h"
#include "ldap_t.h"
#include "policy/dir_ldap_int.h"
#include "t.h"

struct bench {
	struct dir_cutter cutter;
	struct source_directory d;
	struct dir_conn *conn;
	pthread_mutex_t lock;
	struct dir_store store;
	struct dir_sync *sync;
	char said[400];
	struct text problem;
};

static struct bench *
begin(void)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));
	const struct hash_key key = { 1, 2 };

	T_CHECK(b != NULL, "no memory");
	t_clock_begin();
	t_ldap_reset();
	dir_cutter_init(&b->cutter);
	source_directory_defaults(&b->d);
	b->d.timeout_s = 7;
	b->d.n_uris = 1;
	b->d.n_tags = 1;
	(void)text_copy(b->d.tags[0], SOURCE_TAG, "all");
	(void)text_copy(b->d.uris[0], SOURCE_TEXT, "ldap://localhost");
	(void)text_copy(b->d.base, SOURCE_TEXT, "o=x");
	b->problem = text_over(b->said, sizeof(b->said));
	b->conn = dir_conn_open(&b->d, b->d.uris[0], &b->cutter, &b->problem);
	T_CHECK(b->conn != NULL, "%s", b->said);
	(void)pthread_mutex_init(&b->lock, NULL); /* cannot fail */
	b->store =
		(struct dir_store){ mirror_new(&key, 10, 1000000), &b->lock };
	return b;
}

static void
done(struct bench *b)
{
	T_EQ(t_ldap.n_held, 0);
	T_EQ(pthread_mutex_trylock(&b->lock), 0);
	dir_sync_free(b->sync);
	dir_conn_close(b->conn);
	mirror_free(b->store.mirror);
	free(b);
}

static void
fresh(struct bench *b)
{
	b->problem = text_over(b->said, sizeof(b->said));
}

/* ---- a whole search ------------------------------------------------------ */

static const struct t_entry rules[] = {
	T_ENTRY("cn=a", "qosX=1"),
	T_ENTRY("cn=b", "qosX=1"),
	T_ENTRY("cn=c", "qosX=1"),
};

#define GOT(n)                                                                 \
	{                                                                      \
		.type = LDAP_RES_SEARCH_ENTRY, .entry = &rules[n]              \
	}

static bool
search(struct bench *b, bool paged, const struct t_message *messages, size_t n)
{
	fresh(b);
	t_ldap.messages = messages;
	t_ldap.n_messages = n;
	t_ldap.at = 0;
	t_ldap.n_searches = 0;
	t_ldap.n_abandoned = 0;
	return dir_search(b->conn, &b->d, paged, &b->store, &b->problem);
}

#define SEARCH(b, paged, ...)                                                  \
	search((b), (paged), (const struct t_message[]){ __VA_ARGS__ },        \
		sizeof((const struct t_message[]){ __VA_ARGS__ }) /            \
			sizeof(struct t_message))

static void
a_search_takes_all_that_comes(void)
{
	struct bench *b = begin();

	T_CHECK(SEARCH(b, false, GOT(0), GOT(1),
			{ .type = LDAP_RES_SEARCH_REFERENCE }, GOT(2),
			{ .type = LDAP_RES_SEARCH_RESULT }),
		"%s", b->said);
	T_EQ(mirror_count(b->store.mirror), 0);
	T_EQ(mirror_refresh_commit(b->store.mirror), MIRROR_CHANGED);
	T_EQ(mirror_count(b->store.mirror), 3);
	T_STR(t_ldap.base, "o=x");
	T_STR(t_ldap.attrs, "* entryUUID");
	T_EQ(t_ldap.scope, LDAP_SCOPE_SUBTREE);
	T_EQ(t_ldap.size_limit, LDAP_NO_LIMIT);
	T_EQ(t_ldap.page_size, 0);
	T_EQ(t_ldap.n_searches, 1);
	T_EQ(t_ldap.n_abandoned, 0);
	T_EQ(t_ldap.wait_s, 7);
	T_CHECK(strstr(t_ldap.filter, "(SelectorTag=all)"), "%s",
		t_ldap.filter);
	/* What does not come again is gone. */
	T_CHECK(SEARCH(b, false, GOT(1), { .type = LDAP_RES_SEARCH_RESULT }),
		"%s", b->said);
	T_EQ(mirror_refresh_commit(b->store.mirror), MIRROR_CHANGED);
	T_EQ(mirror_count(b->store.mirror), 1);
	done(b);
}

static void
pages_follow_each_other(void)
{
	struct bench *b = begin();

	T_CHECK(SEARCH(b, true, GOT(0),
			{ .type = LDAP_RES_SEARCH_RESULT,
				.has_page = true,
				.cookie = "one" },
			GOT(1),
			{ .type = LDAP_RES_SEARCH_RESULT,
				.has_page = true,
				.cookie = "two" },
			GOT(2),
			{ .type = LDAP_RES_SEARCH_RESULT, .has_page = true }),
		"%s", b->said);
	T_EQ(t_ldap.n_searches, 3);
	T_EQ(t_ldap.page_size, 500);
	T_STR(t_ldap.page_cookie, "two");
	T_EQ(mirror_refresh_commit(b->store.mirror), MIRROR_CHANGED);
	T_EQ(mirror_count(b->store.mirror), 3);
	/* A new search begins with the first page. */
	T_CHECK(SEARCH(b, true, { .type = LDAP_RES_SEARCH_RESULT }), "%s",
		b->said);
	T_STR(t_ldap.page_cookie, "");
	done(b);
}

static void
pages_without_end_are_given_up(void)
{
	static struct t_message messages[10001];
	struct bench *b = begin();

	for (size_t i = 0; i < 10001; i++)
		messages[i] =
			(struct t_message){ .type = LDAP_RES_SEARCH_RESULT,
				.has_page = true,
				.cookie = i < 9999 ? "x" : NULL };
	T_CHECK(search(b, true, messages, 10001), "%s", b->said);
	T_EQ(t_ldap.n_searches, 10000);
	messages[9999].cookie = "x";
	T_CHECK(!search(b, true, messages, 10001), "for ever");
	T_STR(b->said, "search: more than 10000 pages");
	T_EQ(t_ldap.n_searches, 10000);
	done(b);
}

static void
an_error_beside_a_page_is_an_error(void)
{
	struct bench *b = begin();

	T_CHECK(!SEARCH(b, true, GOT(0), GOT(1),
			{ .type = LDAP_RES_SEARCH_RESULT,
				.has_page = true,
				.rc = LDAP_SIZELIMIT_EXCEEDED,
				.cookie = "one" }),
		"complete");
	T_CHECK(strstr(b->said, "cut the answer off at 2 entries"), "%s",
		b->said);
	T_EQ(t_ldap.n_searches, 1);
	T_EQ(t_ldap.n_abandoned, 1);
	T_CHECK(!SEARCH(b, true,
			{ .type = LDAP_RES_SEARCH_RESULT,
				.has_page = true,
				.page_rc = LDAP_DECODING_ERROR }),
		"complete");
	T_STR(b->said, "search: Decoding error");
	T_CHECK(!SEARCH(b, false,
			{ .type = LDAP_RES_SEARCH_RESULT,
				.parse_rc = LDAP_PARAM_ERROR }),
		"complete");
	T_CHECK(strstr(b->said, "search: Bad parameter"), "%s", b->said);
	done(b);
}

static void
pass_two_seconds(void)
{
	t_clock_add_ms(2000);
}

static void
a_search_that_does_not_end_is_ended(void)
{
	static struct t_message messages[40];
	struct bench *b = begin();

	T_CHECK(!SEARCH(b, false, GOT(0), { .type = 0 }), "complete");
	T_STR(b->said, "search: no answer in 7 s");
	T_EQ(t_ldap.n_abandoned, 1);
	t_ldap.result_code = LDAP_SERVER_DOWN;
	T_CHECK(!SEARCH(b, false, { .type = -1 }), "complete");
	T_STR(b->said, "search: Can't contact LDAP server");
	t_ldap.search_rc = LDAP_SERVER_DOWN;
	T_CHECK(!SEARCH(b, false, GOT(0)), "complete");
	T_STR(b->said, "search: Can't contact LDAP server");
	T_EQ(t_ldap.at, 0);
	t_ldap.search_rc = LDAP_SUCCESS;
	/* Something comes, and no end of it: 42 s. */
	for (size_t i = 0; i < 40; i++)
		messages[i] = (struct t_message)GOT(0);
	t_ldap.on_result = pass_two_seconds;
	T_CHECK(!search(b, false, messages, 40), "complete");
	T_STR(b->said, "search: not complete after 42 s");
	T_EQ(t_ldap.at, 21);
	done(b);
}

static void
an_entry_that_does_not_fit_is_told(void)
{
	static struct t_entry large = { .dn = "cn=large" };
	static char value[SOURCE_VALUE];
	struct bench *b = begin();

	memset(value, 'v', sizeof(value) - 1);
	memcpy(value, "qosX=", 5);
	for (int i = 0; i < 270; i++)
		large.attrs[i] = value;
	T_CHECK(!SEARCH(b, false,
			{ .type = LDAP_RES_SEARCH_ENTRY, .entry = &large },
			{ .type = LDAP_RES_SEARCH_RESULT }),
		"taken");
	T_STR(b->said, "an entry of more than 262144 octets");
	mirror_refresh_drop(b->store.mirror);
	/* Nor do more of them than there is room for. */
	mirror_free(b->store.mirror);
	b->store.mirror = mirror_new(&(struct hash_key){ 1, 2 }, 2, 100000);
	T_CHECK(!SEARCH(b, false, GOT(0), GOT(1), GOT(2),
			{ .type = LDAP_RES_SEARCH_RESULT }),
		"taken");
	T_CHECK(strstr(b->said, "choose fewer by base or tags"), "%s", b->said);
	done(b);
}

/* ---- synchronization ----------------------------------------------------- */

static struct bench *syncing;
static int refresh_ends_with;

static int
refresh_two(ldap_sync_t *ls, bool persist)
{
	(void)persist;
	T_EQ(t_sync_entry(ls, &rules[0], 1, LDAP_SYNC_CAPI_ADD), LDAP_SUCCESS);
	T_EQ(t_sync_entry(ls, &rules[1], 2, LDAP_SYNC_CAPI_MODIFY),
		LDAP_SUCCESS);
	t_sync_cookie(ls, "c1");
	return refresh_ends_with;
}

static void
begin_sync(struct bench *b, const char *cookie)
{
	char octets[8] = "";
	struct berval value = { strlen(cookie), octets };

	(void)text_copy(octets, sizeof(octets), cookie);
	dir_sync_free(b->sync);
	b->sync = dir_sync_new(b->conn, &b->d, &b->store, &value);
	T_CHECK(b->sync != NULL, "no memory");
	refresh_ends_with = LDAP_SUCCESS;
	syncing = b;
	fresh(b);
}

static void
refresh(struct bench *b, bool persist, int (*how)(ldap_sync_t *ls, bool p))
{
	t_ldap.refresh = how;
	T_CHECK(dir_sync_refresh(b->sync, persist, &b->problem) ==
			DIR_SYNC_GOOD,
		"%s", b->said);
	(void)mirror_refresh_commit(b->store.mirror); /* the count tells */
}

static void
a_refresh_fills_the_mirror(void)
{
	struct bench *b = begin();

	begin_sync(b, "");
	T_EQ(dir_sync_cookie(b->sync)->bv_len, 0);
	/* One without octets would be sent. */
	T_CHECK(!dir_sync_cookie(b->sync)->bv_val, "a cookie");
	refresh(b, false, refresh_two);
	T_EQ(mirror_count(b->store.mirror), 2);
	T_CHECK(!t_ldap.had_cookie, "a cookie");
	T_STR(t_ldap.base, "o=x");
	T_EQ(t_ldap.scope, LDAP_SCOPE_SUBTREE);
	T_EQ(t_ldap.wait_s, 1);
	T_CHECK(strstr(t_ldap.filter, "(SelectorTag=all)"), "%s",
		t_ldap.filter);
	T_EQ(dir_sync_cookie(b->sync)->bv_len, 2);
	done(b);
	T_EQ(t_ldap.n_sync, t_ldap.n_sync_freed);
}

static int
refresh_deletes(ldap_sync_t *ls, bool persist)
{
	static const uint8_t gone[] = { 9, 1 };

	(void)persist;
	T_EQ(t_sync_entry(ls, &rules[2], 3, LDAP_SYNC_CAPI_ADD), LDAP_SUCCESS);
	T_EQ(t_sync_ids(ls, gone, 2, true), LDAP_SUCCESS);
	T_EQ(ls->ls_search_result(ls, NULL, 1), LDAP_SUCCESS);
	return LDAP_SUCCESS;
}

static int
refresh_present(ldap_sync_t *ls, bool persist)
{
	static const uint8_t three[] = { 3 };

	(void)persist;
	T_EQ(t_sync_ids(ls, three, 1, false), LDAP_SUCCESS);
	T_EQ(ls->ls_search_result(ls, NULL, 0), LDAP_SUCCESS);
	return LDAP_SUCCESS;
}

static void
a_refresh_from_a_cookie_keeps_the_others(void)
{
	struct bench *b = begin();

	begin_sync(b, "");
	refresh(b, false, refresh_two);
	begin_sync(b, "c1");
	refresh(b, false, refresh_deletes);
	T_CHECK(t_ldap.had_cookie, "no cookie");
	/* 2 and 3. */
	T_EQ(mirror_count(b->store.mirror), 2);
	begin_sync(b, "c1");
	refresh(b, false, refresh_present);
	T_EQ(mirror_count(b->store.mirror), 1);
	T_EQ(mirror_entry_id(mirror_next(b->store.mirror, NULL))[0], 3);
	done(b);
}

static int
refresh_intermediate(ldap_sync_t *ls, bool persist)
{
	(void)persist;
	T_EQ(t_sync_entry(ls, &rules[0], 1, LDAP_SYNC_CAPI_PRESENT),
		LDAP_SUCCESS);
	T_EQ(ls->ls_intermediate(ls, NULL, NULL, LDAP_SYNC_CAPI_DONE),
		LDAP_SUCCESS);
	return LDAP_SUCCESS;
}

static void
the_end_of_a_present_phase_is_told_by_its_octets(void)
{
	struct bench *b = begin();

	begin_sync(b, "");
	refresh(b, true, refresh_two);
	begin_sync(b, "c1");
	t_ldap.intermediate = 0xa1; /* refreshDelete */
	refresh(b, true, refresh_intermediate);
	T_EQ(mirror_count(b->store.mirror), 2);
	begin_sync(b, "c1");
	t_ldap.intermediate = 0xa2; /* refreshPresent */
	refresh(b, true, refresh_intermediate);
	T_EQ(mirror_count(b->store.mirror), 1);
	done(b);
}

static int
poll_changes(ldap_sync_t *ls)
{
	static const uint8_t two[] = { 2 };

	/* Not part of a refresh any more. */
	T_EQ(ls->ls_intermediate(ls, NULL, NULL, LDAP_SYNC_CAPI_DONE),
		LDAP_SUCCESS);
	T_EQ(t_sync_entry(ls, &rules[2], 3, LDAP_SYNC_CAPI_ADD), LDAP_SUCCESS);
	T_EQ(mirror_count(syncing->store.mirror), 3);
	T_EQ(t_sync_entry(ls, &rules[0], 1, LDAP_SYNC_CAPI_DELETE),
		LDAP_SUCCESS);
	T_EQ(mirror_count(syncing->store.mirror), 2);
	T_EQ(t_sync_ids(ls, two, 1, true), LDAP_SUCCESS);
	T_EQ(mirror_count(syncing->store.mirror), 1);
	return LDAP_SUCCESS;
}

static int
poll_nothing(ldap_sync_t *ls)
{
	(void)ls;
	return LDAP_SUCCESS;
}

static int
poll_the_same(ldap_sync_t *ls)
{
	return t_sync_entry(ls, &rules[2], 3, LDAP_SYNC_CAPI_MODIFY);
}

static int
poll_the_end(ldap_sync_t *ls)
{
	return ls->ls_search_result(ls, NULL, 1);
}

static void
what_is_pushed_is_taken_at_once(void)
{
	struct bench *b = begin();
	bool changed = false;

	begin_sync(b, "");
	refresh(b, true, refresh_two);
	t_ldap.intermediate = 0xa2;
	t_ldap.poll = poll_nothing;
	T_EQ(dir_sync_wait(b->sync, &changed, &b->problem), DIR_SYNC_GOOD);
	T_CHECK(!changed, "a change");
	t_ldap.poll = poll_changes;
	T_EQ(dir_sync_wait(b->sync, &changed, &b->problem), DIR_SYNC_GOOD);
	T_CHECK(changed, "no change");
	t_ldap.poll = poll_the_same;
	T_EQ(dir_sync_wait(b->sync, &changed, &b->problem), DIR_SYNC_GOOD);
	T_CHECK(!changed, "told again");
	t_ldap.poll = poll_the_end;
	T_EQ(dir_sync_wait(b->sync, &changed, &b->problem), DIR_SYNC_FAILED);
	T_STR(b->said, "the server ended the search");
	done(b);
}

static int
refresh_and_end(ldap_sync_t *ls, bool persist)
{
	(void)persist;
	return ls->ls_search_result(ls, NULL, 1);
}

static void
a_server_that_does_not_persist_is_noticed(void)
{
	struct bench *b = begin();

	begin_sync(b, "");
	t_ldap.refresh = refresh_and_end;
	T_EQ(dir_sync_refresh(b->sync, true, &b->problem), DIR_SYNC_REFUSED);
	T_STR(b->said, "the server does not persist");
	begin_sync(b, "");
	T_EQ(dir_sync_refresh(b->sync, false, &b->problem), DIR_SYNC_GOOD);
	done(b);
}

static int
refresh_bad_uuid(ldap_sync_t *ls, bool persist)
{
	char octets[MIRROR_ID] = "";
	struct berval cut = { MIRROR_ID - 1, octets };
	struct berval set[2] = { { MIRROR_ID + 1, octets }, { 0 } };

	(void)persist;
	T_EQ(ls->ls_search_entry(ls, NULL, NULL, LDAP_SYNC_CAPI_PRESENT),
		LDAP_OTHER);
	T_EQ(ls->ls_search_entry(ls, NULL, &cut, LDAP_SYNC_CAPI_PRESENT),
		LDAP_OTHER);
	T_EQ(ls->ls_intermediate(ls, NULL, set, LDAP_SYNC_CAPI_PRESENTS_IDSET),
		LDAP_OTHER);
	return LDAP_SUCCESS;
}

static struct t_entry large_entry = { .dn = "cn=large" };

static int
refresh_large(ldap_sync_t *ls, bool persist)
{
	(void)persist;
	T_EQ(t_sync_entry(ls, &large_entry, 1, LDAP_SYNC_CAPI_ADD), LDAP_OTHER);
	T_EQ(t_sync_entry(ls, &large_entry, 1, LDAP_SYNC_CAPI_ADD), LDAP_OTHER);
	return LDAP_SUCCESS;
}

static int
refresh_many(ldap_sync_t *ls, bool persist)
{
	(void)persist;
	for (uint8_t i = 1; i <= 10; i++)
		T_EQ(t_sync_entry(ls, &rules[0], i, LDAP_SYNC_CAPI_ADD),
			LDAP_SUCCESS);
	T_EQ(t_sync_entry(ls, &rules[0], 11, LDAP_SYNC_CAPI_ADD), LDAP_OTHER);
	return LDAP_SUCCESS;
}

static void
what_a_callback_refuses_ends_the_refresh(void)
{
	static char value[SOURCE_VALUE];
	struct bench *b = begin();

	memset(value, 'v', sizeof(value) - 1);
	memcpy(value, "qosX=", 5);
	for (int i = 0; i < 270; i++)
		large_entry.attrs[i] = value;
	begin_sync(b, "");
	t_ldap.refresh = refresh_bad_uuid;
	T_EQ(dir_sync_refresh(b->sync, true, &b->problem), DIR_SYNC_FAILED);
	T_STR(b->said, "an entryUUID that is none");
	begin_sync(b, "");
	t_ldap.refresh = refresh_large;
	T_EQ(dir_sync_refresh(b->sync, true, &b->problem), DIR_SYNC_FAILED);
	T_STR(b->said, "an entry of more than 262144 octets");
	begin_sync(b, "");
	t_ldap.refresh = refresh_many;
	T_EQ(dir_sync_refresh(b->sync, true, &b->problem), DIR_SYNC_FAILED);
	T_CHECK(strstr(b->said, "choose fewer by base or tags"), "%s", b->said);
	done(b);
}

static void
a_result_says_what_to_do_next(void)
{
	static const struct {
		int rc;
		enum dir_sync_end end;
		const char *text;
	} rows[] = {
		{ LDAP_SYNC_REFRESH_REQUIRED, DIR_SYNC_RELOAD, "" },
		{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, DIR_SYNC_REFUSED,
			"synchronization: Critical extension is unavailable" },
		{ LDAP_UNWILLING_TO_PERFORM, DIR_SYNC_REFUSED,
			"synchronization: Server is unwilling to perform" },
		{ LDAP_PROTOCOL_ERROR, DIR_SYNC_REFUSED,
			"synchronization: Protocol error" },
		{ LDAP_INAPPROPRIATE_MATCHING, DIR_SYNC_REFUSED,
			"synchronization: Inappropriate matching" },
		{ LDAP_SERVER_DOWN, DIR_SYNC_FAILED,
			"search: Can't contact LDAP server" },
		{ LDAP_BUSY, DIR_SYNC_FAILED, "search: Server is busy" },
		{ LDAP_ADMINLIMIT_EXCEEDED, DIR_SYNC_FAILED,
			"search: the server's size limit cut the answer off at "
			"2 entries (raise the limit for this reader)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = begin();

		begin_sync(b, "");
		refresh_ends_with = rows[i].rc;
		t_ldap.refresh = refresh_two;
		T_EQ(dir_sync_refresh(b->sync, true, &b->problem), rows[i].end);
		T_STR(b->said, rows[i].text);
		done(b);
	}
}

/* ---- memory -------------------------------------------------------------- */

static size_t
in_use(void)
{
	return mallinfo2().uordblks;
}

static void
do_all(struct bench *b)
{
	(void)SEARCH(b, true, GOT(0),
		{ .type = LDAP_RES_SEARCH_RESULT,
			.has_page = true,
			.cookie = "one" },
		GOT(1),
		{ .type = LDAP_RES_SEARCH_RESULT,
			.has_page = true,
			.page_rc = LDAP_BUSY,
			.cookie = "two" }); /* it fails in the end */
	mirror_refresh_drop(b->store.mirror);
	begin_sync(b, "c1");
	t_ldap.intermediate = 0xa2;
	refresh(b, true, refresh_two);
	refresh(b, true, refresh_intermediate);
	dir_sync_free(b->sync);
	b->sync = NULL;
	dir_conn_close(b->conn);
	t_ldap.diagnostic = "more";
	t_ldap.bind_rc = LDAP_BUSY;
	fresh(b);
	b->conn = dir_conn_open(&b->d, b->d.uris[0], &b->cutter, &b->problem);
	T_CHECK(!b->conn, "opened");
	t_ldap.bind_rc = LDAP_SUCCESS;
	b->conn = dir_conn_open(&b->d, b->d.uris[0], &b->cutter, &b->problem);
}

static void
nothing_is_left_behind(void)
{
	struct bench *b = begin();
	size_t before;

	for (int i = 0; i < 20; i++) /* what the allocator keeps is there */
		do_all(b);
	before = in_use();
	for (int i = 0; i < 20; i++)
		do_all(b);
	T_CHECK(in_use() < before + 200, "%zu octets", in_use() - before);
	done(b);
}

static struct t_case cases[] = {
	{ "A search takes all that comes", a_search_takes_all_that_comes },
	{ "Pages follow each other", pages_follow_each_other },
	{ "Pages without an end are given up", pages_without_end_are_given_up },
	{ "An error beside a page is an error",
		an_error_beside_a_page_is_an_error },
	{ "A search that does not end is ended",
		a_search_that_does_not_end_is_ended },
	{ "An entry that does not fit is told",
		an_entry_that_does_not_fit_is_told },
	{ "A refresh fills the mirror", a_refresh_fills_the_mirror },
	{ "A refresh from a cookie keeps what is not named, or is present",
		a_refresh_from_a_cookie_keeps_the_others },
	{ "The end of a present phase is told by its octets",
		the_end_of_a_present_phase_is_told_by_its_octets },
	{ "What is pushed is taken at once", what_is_pushed_is_taken_at_once },
	{ "A server that does not persist is noticed",
		a_server_that_does_not_persist_is_noticed },
	{ "What a callback refuses ends the refresh",
		what_a_callback_refuses_ends_the_refresh },
	{ "A result says what to do next", a_result_says_what_to_do_next },
	{ "Nothing is left behind", nothing_is_left_behind },
};

T_MAIN(cases)
