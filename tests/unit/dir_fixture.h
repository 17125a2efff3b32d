/* SPDX-License-Identifier: ISC */
#ifndef DIR_FIXTURE_H
#define DIR_FIXTURE_H

/* A directory that is followed, and servers that answer as a test has it. */

#include "ldap_t.h"
#include "policy/dir_try_int.h"

enum { DT_RULES = 2, DT_FOUND = 4 };

struct dt {
	struct dir *dir;
	struct source_directory d;
	char said[DIR_PROBLEM];
	struct text problem;
	struct dir_news news;
	struct dir_facts facts;
};

extern const struct t_entry dt_rules[DT_RULES]; /* that a server may have */
extern struct t_entry dt_state;                 /* its contextCSN */
extern struct t_message dt_found[DT_FOUND];     /* by a whole search */
extern unsigned dt_woken;
extern struct dt *dt_looking; /* the latest that began */

/* A server with one rule, which is searched. */
void dt_begin(struct dt *b);
/* One attempt by the test itself. */
bool dt_try(struct dt *b);
bool dt_news(struct dt *b);
bool dt_has_rules(struct dt *b, size_t n);

/* One that synchronizes: what it was asked, and how it answers. */
extern unsigned dt_refreshes;
extern unsigned dt_polls;
extern bool dt_persisted;
extern int dt_refresh_rc;
extern int dt_cookie_rc;      /* with a cookie */
extern const char *dt_cookie; /* that it gives */
extern unsigned dt_pushes;    /* of dt_poll_moved() */

void dt_begin_sync(struct dt *b);
/* While a search persists: it is down; something changes, and it is told or
 * not. */
int dt_poll_down(ldap_sync_t *ls);
int dt_poll_moved(ldap_sync_t *ls);

#endif /* DIR_FIXTURE_H */
