/* SPDX-License-Identifier: ISC */

/* The whole content by a search, in pages where the server can (RFC 2696). */

#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "dir_ldap_int.h"

enum { SEARCH_FACTOR = 6, PAGE = 500, PAGES_MAX = 10000 };

struct search {
	struct dir_conn *conn;
	LDAP *ld;
	const struct source_directory *directory;
	struct dir_store *store;
	struct text *problem;
	struct mono end;
	size_t entries;
	struct berval cookie; /* of the pages */
	uint8_t bytes[DIR_ENTRY_MAX];
};

static bool
take_entry(struct search *s, LDAPMessage *m)
{
	uint8_t id[MIRROR_ID];
	size_t len = dir_entry_pack(s->ld, m, s->bytes);
	enum mirror_answer answer;

	s->entries++;
	if (len == 0) {
		text_printf(s->problem, "an entry of more than %d octets",
			DIR_ENTRY_MAX);
		return false;
	}
	dir_entry_id(s->ld, m, id);
	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	answer = mirror_refresh_put(s->store->mirror, id, s->bytes, len);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
	return !dir_store_refused(answer, s->problem);
}

/* The result of one page; the cookie of the next is kept. */
static bool
take_result(struct search *s, LDAPMessage *m)
{
	LDAPControl **controls = NULL;
	int rc = LDAP_OTHER;
	int parse = ldap_parse_result(
		s->ld, m, &rc, NULL, NULL, NULL, &controls, 0);
	LDAPControl *page =
		controls ? ldap_control_find(
				   LDAP_CONTROL_PAGEDRESULTS, controls, NULL)
			 : NULL;

	ber_memfree(s->cookie.bv_val);
	s->cookie = (struct berval){ 0 };
	if (parse != LDAP_SUCCESS)
		rc = parse;
	if (page) {
		ber_int_t estimate;

		parse = ldap_parse_pageresponse_control(
			s->ld, page, &estimate, &s->cookie);
		if (parse != LDAP_SUCCESS)
			rc = parse;
	}
	ldap_controls_free(controls);
	if (rc == LDAP_SUCCESS)
		return true;
	return dir_search_failed(s->problem, s->directory, rc, s->entries);
}

/* Entries as they come, until the server says that the page is done. */
static bool
collect(struct search *s, int id)
{
	while (!mono_reached(s->end, os_now())) {
		struct timeval wait = { .tv_sec = s->directory->timeout_s };
		LDAPMessage *m = NULL;
		int type = ldap_result(s->ld, id, LDAP_MSG_ONE, &wait, &m);
		bool good = true;

		if (type == LDAP_RES_SEARCH_RESULT)
			good = take_result(s, m);
		else if (type == LDAP_RES_SEARCH_ENTRY)
			good = take_entry(s, m);
		ldap_msgfree(m);
		if (!good || type == LDAP_RES_SEARCH_RESULT)
			return good;
		if (type == 0) {
			text_printf(s->problem, "search: no answer in %u s",
				s->directory->timeout_s);
			return false;
		}
		if (type < 0)
			return dir_conn_lost(s->conn, "search", s->problem);
	}
	text_printf(s->problem, "search: not complete after %u s",
		s->directory->timeout_s * SEARCH_FACTOR);
	return false;
}

static bool
search_page(struct search *s, const char *filter, bool paged)
{
	char all[] = "*";
	char uuid[] = "entryUUID";
	char *attrs[] = { all, uuid, NULL };
	LDAPControl *page = NULL;
	LDAPControl *controls[2] = { NULL, NULL };
	int id = 0;
	int rc = LDAP_SUCCESS;

	if (paged)
		rc = ldap_create_page_control(s->ld, PAGE,
			s->cookie.bv_val ? &s->cookie : NULL, 0, &page);
	controls[0] = page;
	if (rc == LDAP_SUCCESS)
		rc = ldap_search_ext(s->ld, s->directory->base,
			LDAP_SCOPE_SUBTREE, filter, attrs, 0,
			paged ? controls : NULL, NULL, NULL, LDAP_NO_LIMIT,
			&id);
	ldap_control_free(page);
	if (rc != LDAP_SUCCESS)
		return dir_failed(s->problem, "search", rc);

	bool good = collect(s, id);

	if (!good)
		(void)ldap_abandon_ext(
			s->ld, id, NULL, NULL); /* it is closed next */
	return good;
}

bool
dir_search(struct dir_conn *conn, const struct source_directory *directory,
	bool paged, struct dir_store *store, struct text *problem)
{
	char filter[DIR_FILTER];
	struct search *s = (struct search *)calloc(1, sizeof(*s));
	bool good = false;

	if (!s || !dir_filter(directory, filter)) {
		text_add(problem,
			s ? "the tags make too long a filter" : "no memory");
		free(s);
		return false;
	}
	s->conn = conn;
	s->ld = dir_conn_ld(conn);
	s->directory = directory;
	s->store = store;
	s->problem = problem;
	s->end = mono_add_ms(
		os_now(), (int64_t)directory->timeout_s * SEARCH_FACTOR * 1000);
	(void)pthread_mutex_lock(store->lock); /* cannot fail */
	mirror_refresh_begin(store->mirror, true);
	(void)pthread_mutex_unlock(store->lock); /* cannot fail */
	for (int pages = 0; pages < PAGES_MAX; pages++) {
		good = search_page(s, filter, paged);
		if (!good || s->cookie.bv_len == 0)
			break;
	}
	if (good && s->cookie.bv_len > 0) {
		text_printf(problem, "search: more than %d pages", PAGES_MAX);
		good = false;
	}
	ber_memfree(s->cookie.bv_val);
	free(s);
	return good;
}
