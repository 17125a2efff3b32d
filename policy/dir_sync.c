/* SPDX-License-Identifier: ISC */

/*
 * Content synchronization (RFC 4533) through libldap's ldap_sync_*().
 *
 * What that library leaves to us: it tells a refreshPresent from a
 * refreshDelete only in the bytes of the message; it goes on after an error of
 * a callback; a handle must serve no other search meanwhile, or changes that
 * wait behind its answer are delivered one for another; and it waits for the
 * end of a refresh for ever, which the cutter ends.
 */

#include "dir_ldap_int.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_S = 1 };

struct dir_sync {
	struct dir_conn *conn;
	const struct source_directory *directory;
	struct dir_store *store;
	ldap_sync_t ls;
	bool refreshing;
	bool changed;
	bool ended; /* the server ended the search */
	size_t entries;
	struct text why; /* of what a callback could not take */
	char why_text[SOURCE_TEXT];
	uint8_t bytes[DIR_ENTRY_MAX];
};

/* ---- callbacks ----------------------------------------------------------- */

static struct dir_sync *
owner_of(ldap_sync_t *ls)
{
	return (struct dir_sync *)ls->ls_private;
}

static int
taken(struct dir_sync *s, enum mirror_answer answer)
{
	if (answer == MIRROR_CHANGED)
		s->changed = true;
	if (s->why.len == 0 && dir_store_refused(answer, &s->why))
		return LDAP_OTHER;
	return LDAP_SUCCESS;
}

static int
put_entry(struct dir_sync *s, LDAPMessage *m, const uint8_t *id)
{
	struct mirror *mirror = s->store->mirror;
	size_t len = dir_entry_pack(s->ls.ls_ld, m, s->bytes);
	enum mirror_answer answer;

	s->entries++;
	if (len == 0) {
		if (s->why.len == 0)
			text_printf(&s->why, "an entry of more than %d octets",
				DIR_ENTRY_MAX);
		return LDAP_OTHER;
	}
	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	if (s->refreshing)
		answer = mirror_refresh_put(mirror, id, s->bytes, len);
	else
		answer = mirror_put(mirror, id, s->bytes, len);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
	return taken(s, answer);
}

static int
remove_entry(struct dir_sync *s, const uint8_t *id)
{
	enum mirror_answer answer = MIRROR_SAME;

	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	if (s->refreshing)
		mirror_refresh_remove(s->store->mirror, id);
	else
		answer = mirror_remove(s->store->mirror, id);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
	return taken(s, answer);
}

static int
entry_is_present(struct dir_sync *s, const uint8_t *id)
{
	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	mirror_refresh_present(s->store->mirror, id);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
	return LDAP_SUCCESS;
}

static int
bad_uuid(struct dir_sync *s)
{
	if (s->why.len == 0)
		text_add(&s->why, "an entryUUID that is none");
	return LDAP_OTHER;
}

static int
on_entry(ldap_sync_t *ls, LDAPMessage *m, struct berval *uuid,
	ldap_sync_refresh_t phase)
{
	struct dir_sync *s = owner_of(ls);
	uint8_t id[MIRROR_ID];

	if (!uuid || uuid->bv_len != MIRROR_ID)
		return bad_uuid(s);
	memcpy(id, uuid->bv_val, MIRROR_ID);
	if (phase == LDAP_SYNC_CAPI_ADD || phase == LDAP_SYNC_CAPI_MODIFY)
		return put_entry(s, m, id);
	if (phase == LDAP_SYNC_CAPI_DELETE)
		return remove_entry(s, id);
	return entry_is_present(s, id);
}

/* Does this message end a present phase?  The library says DONE for either
 * kind when it is the last. */
static bool
ends_present_phase(ldap_sync_t *ls, LDAPMessage *m)
{
	char *oid = NULL;
	struct berval *data = NULL;
	bool yes;

	if (ldap_parse_intermediate(ls->ls_ld, m, &oid, &data, NULL, 0) !=
		LDAP_SUCCESS)
		return false;
	yes = data && data->bv_len > 0 &&
	      (unsigned char)data->bv_val[0] == LDAP_TAG_SYNC_REFRESH_PRESENT;
	ldap_memfree(oid);
	ber_bvfree(data);
	return yes;
}

static int
on_id_set(struct dir_sync *s, BerVarray ids, bool deleted)
{
	for (size_t i = 0; ids && ids[i].bv_val; i++) {
		uint8_t id[MIRROR_ID];

		if (ids[i].bv_len != MIRROR_ID)
			return bad_uuid(s);
		memcpy(id, ids[i].bv_val, MIRROR_ID);
		if (deleted)
			(void)remove_entry(s, id); /* cannot be refused */
		else
			(void)entry_is_present(s, id); /* as above */
	}
	return LDAP_SUCCESS;
}

static void
present_phase_over(struct dir_sync *s)
{
	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	mirror_refresh_present_end(s->store->mirror);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
}

static int
on_intermediate(ldap_sync_t *ls, LDAPMessage *m, BerVarray ids,
	ldap_sync_refresh_t phase)
{
	struct dir_sync *s = owner_of(ls);

	if (phase == LDAP_SYNC_CAPI_DELETES_IDSET ||
		phase == LDAP_SYNC_CAPI_PRESENTS_IDSET)
		return on_id_set(s, ids, phase == LDAP_SYNC_CAPI_DELETES_IDSET);
	if (s->refreshing && ends_present_phase(ls, m))
		present_phase_over(s);
	return LDAP_SUCCESS;
}

/* The search is over: as it should when it does not persist. */
static int
on_result(ldap_sync_t *ls, LDAPMessage *m, int refresh_deletes)
{
	struct dir_sync *s = owner_of(ls);

	(void)m;
	s->ended = true;
	if (s->refreshing && refresh_deletes == 0)
		present_phase_over(s);
	return LDAP_SUCCESS;
}

/* ---- interface ----------------------------------------------------------- */

struct dir_sync *
dir_sync_new(struct dir_conn *conn, const struct source_directory *directory,
	struct dir_store *store, struct berval *cookie)
{
	struct dir_sync *s = (struct dir_sync *)calloc(1, sizeof(*s));
	char filter[DIR_FILTER];

	if (!s || !dir_filter(directory, filter)) {
		free(s);
		return NULL;
	}
	s->conn = conn;
	s->directory = directory;
	s->store = store;
	s->why = text_over(s->why_text, sizeof(s->why_text));
	ldap_sync_initialize(&s->ls);
	s->ls.ls_base = ldap_strdup(directory->base);
	s->ls.ls_scope = LDAP_SCOPE_SUBTREE;
	s->ls.ls_filter = ldap_strdup(filter);
	s->ls.ls_timeout = WAIT_S;
	s->ls.ls_search_entry = on_entry;
	s->ls.ls_intermediate = on_intermediate;
	s->ls.ls_search_result = on_result;
	s->ls.ls_private = s;
	s->ls.ls_ld = dir_conn_ld(conn);
	if (cookie->bv_len > 0)
		(void)ber_dupbv(&s->ls.ls_cookie, cookie); /* else: whole */
	if (s->ls.ls_base && s->ls.ls_filter)
		return s;
	dir_sync_free(s);
	return NULL;
}

void
dir_sync_free(struct dir_sync *s)
{
	if (!s)
		return;
	s->ls.ls_ld = NULL; /* the connection's */
	ldap_sync_destroy(&s->ls, 0);
	free(s);
}

/* What an LDAP result means for the one who synchronizes. */
static enum dir_sync_end
judge(struct dir_sync *s, int rc, struct text *problem)
{
	if (s->why.len > 0) {
		text_add(problem, s->why_text);
		return DIR_SYNC_FAILED;
	}
	switch (rc) {
	case LDAP_SUCCESS:
		return DIR_SYNC_GOOD;
	case LDAP_SYNC_REFRESH_REQUIRED:
		return DIR_SYNC_RELOAD;
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
	case LDAP_UNWILLING_TO_PERFORM:
	case LDAP_PROTOCOL_ERROR:
	case LDAP_INAPPROPRIATE_MATCHING:
		(void)dir_failed(problem, "synchronization", rc); /* says so */
		return DIR_SYNC_REFUSED;
	default:
		break;
	}
	if (rc < 0)
		(void)dir_conn_lost(s->conn, "search", problem); /* says so */
	else
		(void)dir_search_failed(
			problem, s->directory, rc, s->entries); /* says so */
	return DIR_SYNC_FAILED;
}

enum dir_sync_end
dir_sync_refresh(struct dir_sync *s, bool persist, struct text *problem)
{
	int rc;

	(void)pthread_mutex_lock(s->store->lock); /* cannot fail */
	mirror_refresh_begin(s->store->mirror, s->ls.ls_cookie.bv_len == 0);
	(void)pthread_mutex_unlock(s->store->lock); /* cannot fail */
	s->refreshing = true;
	s->ended = false;
	rc = persist ? ldap_sync_init_refresh_and_persist(&s->ls)
		     : ldap_sync_init_refresh_only(&s->ls);
	s->refreshing = false;
	s->changed = false;
	if (rc == LDAP_SUCCESS && persist && s->ended) {
		text_add(problem, "the server does not persist");
		return DIR_SYNC_REFUSED;
	}
	return judge(s, rc, problem);
}

enum dir_sync_end
dir_sync_wait(struct dir_sync *s, bool *ret_changed, struct text *problem)
{
	int rc = ldap_sync_poll(&s->ls);

	*ret_changed = s->changed;
	s->changed = false;
	if (rc == LDAP_SUCCESS && s->ended) {
		text_add(problem, "the server ended the search");
		return DIR_SYNC_FAILED;
	}
	return judge(s, rc, problem);
}

const struct berval *
dir_sync_cookie(const struct dir_sync *s)
{
	return &s->ls.ls_cookie;
}
