/* SPDX-License-Identifier: ISC */
#ifndef DIR_LDAP_INT_H
#define DIR_LDAP_INT_H

/*
 * What the files that know libldap share (dir_conn.c, dir_entry.c,
 * dir_search.c, dir_sync.c).  All of it blocks; a dir_cutter lets another
 * thread put an end to that.
 */

#include <ldap.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/mono.h"
#include "base/text.h"
#include "mirror_int.h"
#include "policy/source.h"

/* ---- cutting short (dir_conn.c) ------------------------------------------ */

enum { DIR_CONNECTIONS = 4 };

/* The descriptors in use, and until when. */
struct dir_cutter {
	pthread_mutex_t lock;
	int fds[DIR_CONNECTIONS]; /* -1: free */
	struct mono deadline;
	bool late; /* the deadline passed */
	bool cut;  /* nothing is to be waited for any more */
};

void dir_cutter_init(struct dir_cutter *cutter);
/* What begins now has that long; 0: for ever.  Forgets an older cut. */
void dir_cutter_allow(struct dir_cutter *cutter, int64_t ms);
/* End what waits. */
void dir_cutter_cut(struct dir_cutter *cutter);
/* End what is late; the deadline. */
struct mono dir_cutter_watch(struct dir_cutter *cutter, struct mono now);
bool dir_cutter_is_late(struct dir_cutter *cutter);

/* ---- a connection (dir_conn.c) ------------------------------------------- */

struct dir_conn;

/* Connected, in secret as configured, and bound; or NULL and why. */
struct dir_conn *dir_conn_open(const struct source_directory *directory,
	const char *uri, struct dir_cutter *cutter, struct text *problem);
void dir_conn_close(struct dir_conn *conn); /* NULL is fine */
LDAP *dir_conn_ld(struct dir_conn *conn);

/* What the root DSE says. */
struct dir_offer {
	bool sync;                /* RFC 4533 */
	bool paged;               /* RFC 2696 */
	char suffix[SOURCE_TEXT]; /* that the base is below; "": unknown */
};
bool dir_conn_offer(struct dir_conn *conn,
	const struct source_directory *directory, struct dir_offer *ret_offer,
	struct text *problem);
/* A digest of the suffix' contextCSN, which every change moves; 0 when the
 * server has none or hides it.  False: it does not answer. */
bool dir_conn_state(struct dir_conn *conn, const struct dir_offer *offer,
	uint64_t *ret_state, struct text *problem);

/* Says why, false. */
bool dir_failed(struct text *problem, const char *what, int rc);
/* The same, from the connection: for what ended without a result. */
bool dir_conn_lost(
	struct dir_conn *conn, const char *what, struct text *problem);
/* What a search ended with; the size limit and a missing base in words. */
bool dir_search_failed(struct text *problem,
	const struct source_directory *directory, int rc, size_t entries);

/* ---- entries (dir_entry.c) ----------------------------------------------- */

enum { DIR_ENTRY_MAX = 256 * 1024 }; /* octets that are kept of one */

/* The part of the entry that matters, in the mirror's form.  0: it does not
 * fit; else its length. */
size_t dir_entry_pack(
	LDAP *ld, LDAPMessage *entry, uint8_t bytes[DIR_ENTRY_MAX]);
/* From the attribute entryUUID; of the DN where there is none. */
void dir_entry_id(LDAP *ld, LDAPMessage *entry, uint8_t ret_id[MIRROR_ID]);

/* The filter that every search sends.  False: the tags are too many. */
enum { DIR_FILTER = 8192 };
bool dir_filter(
	const struct source_directory *directory, char filter[DIR_FILTER]);

/* ---- the mirror, which another thread reads ------------------------------ */

struct dir_store {
	struct mirror *mirror;
	pthread_mutex_t *lock; /* for what changes it */
};
/* Why the mirror did not take it; false when it did. */
bool dir_store_refused(enum mirror_answer answer, struct text *problem);

/* ---- whole searches (dir_search.c) --------------------------------------- */

/*
 * Everything that the filter selects into a refresh of the mirror, which is
 * complete but not committed.
 */
bool dir_search(struct dir_conn *conn, const struct source_directory *directory,
	bool paged, struct dir_store *store, struct text *problem);

/* ---- RFC 4533 (dir_sync.c) ----------------------------------------------- */

enum dir_sync_end {
	DIR_SYNC_GOOD,    /* complete; goes on when it persists */
	DIR_SYNC_RELOAD,  /* the cookie is of no use: again without it */
	DIR_SYNC_REFUSED, /* this server does not do that here */
	DIR_SYNC_FAILED
};

struct dir_sync;

/* NULL for lack of memory or too long a filter. */
struct dir_sync *dir_sync_new(struct dir_conn *conn,
	const struct source_directory *directory, struct dir_store *store,
	struct berval *cookie);
void dir_sync_free(struct dir_sync *sync); /* before its connection */
/* GOOD: a refresh of the mirror is complete but not committed. */
enum dir_sync_end dir_sync_refresh(
	struct dir_sync *sync, bool persist, struct text *problem);
/*
 * Take what comes in the next second at most; changes go into the mirror at
 * once.  GOOD: ret_changed says whether there were any.
 */
enum dir_sync_end dir_sync_wait(
	struct dir_sync *sync, bool *ret_changed, struct text *problem);
/* The newest; len 0: none. */
const struct berval *dir_sync_cookie(const struct dir_sync *sync);

#endif /* DIR_LDAP_INT_H */
