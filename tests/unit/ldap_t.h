/* SPDX-License-Identifier: ISC */
#ifndef LDAP_T_H
#define LDAP_T_H

/*
 * A libldap that talks with nobody: what a server answers is what the test
 * says, and what was asked is kept.  Names, values and filters are those of the
 * real library.
 */

#include <ldap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An entry: "name=value", equal names in a row. */
enum { T_ATTRS = 2100 };
struct t_entry {
	const char *dn;
	const char *attrs[T_ATTRS];
};
#define T_ENTRY(dn, ...)                                                       \
	{                                                                      \
		dn,                                                            \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* What ldap_result() gives; type 0: nothing came, negative: it failed. */
struct t_message {
	int type;
	const struct t_entry *entry;
	int rc;
	int parse_rc;
	bool has_page; /* a control of RFC 2696 */
	int page_rc;
	const char *cookie; /* of the next page; NULL: none */
};

enum { T_OPTIONS = 0x7000, T_CONNECTIONS = 32 };

struct t_ldap {
	/* How it answers. */
	int initialize_rc;
	const char *refused_uri; /* NULL: none */
	int refused_option;      /* 0: none */
	int tls_rc;
	int bind_rc;
	int result_code;        /* LDAP_OPT_RESULT_CODE */
	const char *diagnostic; /* NULL: none */
	bool no_socket;         /* none is known when it connects */
	int fd;
	void (*on_bind)(void);
	int root_rc;
	const struct t_entry *root; /* NULL: none */
	int state_rc;
	const struct t_entry *state; /* NULL: none */
	int search_rc;
	const struct t_message *messages;
	size_t n_messages;
	void (*on_result)(void);
	/* Of a search that synchronizes. */
	int (*refresh)(ldap_sync_t *ls, bool persist);
	int (*poll)(ldap_sync_t *ls);
	unsigned char intermediate; /* the first octet of such a message */

	/* What was asked. */
	char uris[T_CONNECTIONS][64];
	unsigned n_tried;
	unsigned n_open;
	unsigned n_closed;
	int connected_rc; /* what the callback said */
	int options[T_OPTIONS];
	bool option_set[T_OPTIONS];
	char ca_file[256];
	long timeout_s;
	int referrals; /* 0: off */
	size_t most;   /* octets of an answer */
	unsigned n_tls;
	unsigned n_bind;
	char bind_dn[64];
	char bind_mech[16];
	char password[300];
	char base[64];
	char filter[8200];
	char attrs[64];
	int scope;
	int size_limit;
	long wait_s;
	unsigned n_searches;
	int page_size; /* 0: not in pages */
	char page_cookie[16];
	unsigned n_abandoned;
	size_t at; /* the next message */
	unsigned n_sync;
	unsigned n_sync_freed;
	bool had_cookie;
	int n_held; /* messages, values and controls: not given back */
};

extern struct t_ldap t_ldap;

void t_ldap_reset(void);
/* What the callbacks of a search that synchronizes are given. */
int t_sync_entry(ldap_sync_t *ls, const struct t_entry *entry, uint8_t id,
	ldap_sync_refresh_t phase);
int t_sync_ids(ldap_sync_t *ls, const uint8_t *ids, size_t n, bool deleted);
void t_sync_cookie(ldap_sync_t *ls, const char *cookie);

#endif /* LDAP_T_H */
