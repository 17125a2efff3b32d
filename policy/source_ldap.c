/* SPDX-License-Identifier: ISC */

/*
 * The directory: one search over libldap, whole or not at all.  The only file
 * that knows libldap.  It blocks, up to its timeouts; its callers are a worker
 * thread and a command line.
 *
 * What comes from a server is bounded: octets of one answer, entries, octets
 * of one value.  An entry that cannot be read is left out and named; so is one
 * with a qos attribute that is not known here, for ignoring a condition would
 * make a rule apply where it must not.
 */

#include <errno.h>
#include <fcntl.h>
#include <lber.h>
#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "policy/source.h"

enum { ANSWER_MAX = 16 * 1024 * 1024, SEARCH_FACTOR = 6, FILTER_MAX = 8192 };

#define CATEGORY_CLASS "ServiceCategories"
#define RULE_CLASS     "ServicePolicyRules"

/* ---- one entry ---------------------------------------------------------- */

/* A value as terminated text; NULL when it is not printable ASCII or too
 * long. */
static const char *
value_text(const struct berval *v, char text[SOURCE_VALUE])
{
	if (v->bv_len >= SOURCE_VALUE)
		return NULL;
	for (size_t i = 0; i < v->bv_len; i++)
		if (v->bv_val[i] < 0x20 || v->bv_val[i] > 0x7e)
			return NULL;
	memcpy(text, v->bv_val, v->bv_len);
	text[v->bv_len] = '\0';
	return text;
}

static bool
read_values(const struct source_key *key, struct berval **values, void *target,
	struct text *why)
{
	char text[SOURCE_VALUE];

	for (size_t i = 0; values && values[i]; i++) {
		struct text what = { 0 };
		char said[256];

		what = text_over(said, sizeof(said));
		if (i > 0 && !key->many) {
			text_printf(
				why, "%s has more than one value", key->ldap);
			return false;
		}
		if (!value_text(values[i], text)) {
			text_printf(why,
				"%s: a value is not printable ASCII of up to "
				"%d characters",
				key->ldap, SOURCE_VALUE - 1);
			return false;
		}
		if (!key->read(key, text, target, &what)) {
			text_printf(why, "%s: %s", key->ldap, said);
			return false;
		}
	}
	return true;
}

static const struct source_key *
find_key(const struct source_key *keys, size_t n, const char *attr)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].ldap && strcasecmp(keys[i].ldap, attr) == 0)
			return &keys[i];
	return NULL;
}

struct keys {
	const struct source_key *at;
	size_t count;
};

/* Every attribute of the entry into the target. */
static bool
read_attributes(LDAP *ld, LDAPMessage *entry, struct keys keys, void *target,
	struct text *why)
{
	BerElement *ber = NULL;
	bool good = true;

	for (char *a = ldap_first_attribute(ld, entry, &ber); a && good;) {
		const struct source_key *key = find_key(keys.at, keys.count, a);

		if (key) {
			struct berval **values =
				ldap_get_values_len(ld, entry, a);

			good = read_values(key, values, target, why);
			ldap_value_free_len(values);
		} else if (strncasecmp(a, "qos", 3) == 0) {
			text_printf(why,
				"attribute %s is not known to this version", a);
			good = false;
		}
		ldap_memfree(a);
		a = good ? ldap_next_attribute(ld, entry, ber) : NULL;
	}
	if (ber)
		ber_free(ber, 0);
	return good;
}

/* Which tag chose the entry; the first wins. */
static unsigned
tag_rank(LDAP *ld, LDAPMessage *entry, const struct source_directory *d)
{
	struct berval **values = ldap_get_values_len(ld, entry, "SelectorTag");
	unsigned rank = SOURCE_TAGS;

	for (size_t i = 0; values && values[i]; i++)
		for (unsigned t = 0; t < d->n_tags && t < rank; t++)
			if (values[i]->bv_len == strlen(d->tags[t]) &&
				strncasecmp(values[i]->bv_val, d->tags[t],
					values[i]->bv_len) == 0)
				rank = t;
	ldap_value_free_len(values);
	return rank;
}

static bool
has_class(LDAP *ld, LDAPMessage *entry, const char *name)
{
	struct berval **values = ldap_get_values_len(ld, entry, "objectClass");
	bool found = false;

	for (size_t i = 0; values && values[i] && !found; i++)
		found = values[i]->bv_len == strlen(name) &&
			strncasecmp(values[i]->bv_val, name,
				values[i]->bv_len) == 0;
	ldap_value_free_len(values);
	return found;
}

struct search {
	LDAP *ld;
	const struct source_directory *directory;
	struct source_draft *draft;
	struct source_report *skipped;
	size_t entries;
};

static void
read_category(struct search *s, LDAPMessage *entry, const char *dn)
{
	struct keys keys;
	char said[512];
	struct text why = text_over(said, sizeof(said));
	struct source_category *c = source_draft_category(s->draft, dn);

	keys.at = source_category_keys(&keys.count);
	if (!c) {
		source_report_add(s->skipped, dn, "skipped (no memory)");
		return;
	}
	c->tag = tag_rank(s->ld, entry, s->directory);
	c->category.origin = POLICY_FROM_DIRECTORY;
	if (read_attributes(s->ld, entry, keys, c, &why) &&
		c->category.name[0] != '\0')
		return;
	if (why.len == 0)
		text_add(&why, "it has no serviceName");
	source_report_add(s->skipped, dn, "category skipped (%s)", said);
	source_draft_undo_category(s->draft);
}

static void
read_rule(struct search *s, LDAPMessage *entry, const char *dn)
{
	struct keys keys;
	char said[512];
	struct text why = text_over(said, sizeof(said));
	struct source_rule *r = source_draft_rule(s->draft, dn);

	keys.at = source_rule_keys(&keys.count);
	if (!r) {
		source_report_add(s->skipped, dn, "skipped (no memory)");
		return;
	}
	r->tag = tag_rank(s->ld, entry, s->directory);
	r->rule->origin = POLICY_FROM_DIRECTORY;
	if (read_attributes(s->ld, entry, keys, r, &why) &&
		r->rule->name[0] != '\0')
		return;
	if (why.len == 0)
		text_add(&why, "it has no PolicyName");
	source_report_add(s->skipped, dn, "rule skipped (%s)", said);
	source_draft_undo_rule(s->draft);
}

/* A DN is text from outside: escaped, and cut where it is too long. */
static void
read_entry(struct search *s, LDAPMessage *entry)
{
	char *raw = ldap_get_dn(s->ld, entry);
	char dn[SOURCE_WHERE];
	struct text t = text_over(dn, sizeof(dn));

	text_add_escaped(&t, raw ? raw : "", raw ? strlen(raw) : 0);
	if (has_class(s->ld, entry, CATEGORY_CLASS))
		read_category(s, entry, dn);
	else if (has_class(s->ld, entry, RULE_CLASS))
		read_rule(s, entry, dn);
	ldap_memfree(raw);
}

/* ---- the connection ----------------------------------------------------- */

static bool
failed(struct text *problem, const char *what, int rc)
{
	text_printf(problem, "%s: %s", what, ldap_err2string(rc));
	return false;
}

/* The file's choice, else the first of those that systems have, else NULL. */
static const char *
authorities(const struct source_directory *d)
{
	static const char *const known[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"
	};

	if (d->ca_file[0] != '\0')
		return d->ca_file;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (access(known[i], R_OK) == 0)
			return known[i];
	return NULL;
}

static bool
set_options(LDAP *ld, const struct source_directory *d, struct text *problem)
{
	const struct timeval timeout = { .tv_sec = d->timeout_s };
	const int version = LDAP_VERSION3;
	const int sizelimit = SOURCE_ENTRIES_MAX;
	const int demand = LDAP_OPT_X_TLS_DEMAND;
	const int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const int client = 0;
	ber_len_t most = ANSWER_MAX;
	Sockbuf *sb = NULL;
	const struct {
		int option;
		const void *value;
		const char *what;
	} options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version, "protocol version" },
		{ LDAP_OPT_NETWORK_TIMEOUT, &timeout, "network timeout" },
		{ LDAP_OPT_TIMEOUT, &timeout, "timeout" },
		{ LDAP_OPT_SIZELIMIT, &sizelimit, "size limit" },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF, "referrals" },
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "TLS certificates" },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, &least, "TLS version" },
		{ LDAP_OPT_X_TLS_CACERTFILE, authorities(d), "caFile" },
		{ LDAP_OPT_X_TLS_NEWCTX, &client,
			"TLS (caFile must be readable and hold certificates)" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int rc = LDAP_OPT_SUCCESS;

		if (options[i].value)
			rc = ldap_set_option(
				ld, options[i].option, options[i].value);
		if (rc != LDAP_OPT_SUCCESS) {
			text_printf(
				problem, "%s: not accepted", options[i].what);
			return false;
		}
	}
	/* Memory is bounded by the octets of one answer. */
	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS &&
		sb)
		(void)ber_sockbuf_ctrl(
			sb, LBER_SB_OPT_SET_MAX_INCOMING, &most); /* 0: old */
	return true;
}

/* TLS by ldaps:// or by StartTLS; never a fall back to plain text. */
static bool
secure(LDAP *ld, const struct source_directory *d, const char *uri,
	struct text *problem)
{
	bool plain = strncasecmp(uri, "ldap://", 7) == 0;
	uint8_t mode = d->starttls;

	if (mode == STARTTLS_UNSET)
		mode = source_uri_is_local(uri) ? STARTTLS_NEVER
						: STARTTLS_DEMAND;
	if (!plain || mode == STARTTLS_NEVER)
		return true;

	int rc = ldap_start_tls_s(ld, NULL, NULL);
	char *more = NULL;

	if (rc == LDAP_SUCCESS)
		return true;
	(void)ldap_get_option(
		ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more); /* may be none */
	text_printf(problem,
		"StartTLS: %s%s%s (does the server offer it, name "
		"itself in its certificate, and match caFile?)",
		ldap_err2string(rc), more && more[0] ? ", " : "",
		more ? more : "");
	ldap_memfree(more);
	return false;
}

/* The file's first line. */
static bool
read_password(
	const char *path, char *password, size_t size, struct text *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, password, size - 1);

	if (n < 0)
		text_printf(problem, "bindPasswordFile %s: %s", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	password[n < 0 ? 0 : n] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	return n >= 0;
}

static bool
bind_to(LDAP *ld, const struct source_directory *d, struct text *problem)
{
	char password[256] = "";
	struct berval credentials = { 0, password };

	if (d->bind_dn[0] != '\0' &&
		!read_password(d->bind_password_file, password,
			sizeof(password), problem))
		return false;
	credentials.bv_len = strlen(password);
	if (d->bind_dn[0] != '\0' && credentials.bv_len == 0) {
		text_printf(problem, "bindPasswordFile %s is empty",
			d->bind_password_file);
		return false;
	}

	int rc = ldap_sasl_bind_s(ld, d->bind_dn[0] != '\0' ? d->bind_dn : NULL,
		LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);

	explicit_bzero(password, sizeof(password));
	return rc == LDAP_SUCCESS || failed(problem, "bind", rc);
}

/* ---- the search --------------------------------------------------------- */

/* Values are escaped by RFC 4515. */
static bool
make_filter(const struct source_directory *d, char *filter, size_t size)
{
	struct text t = text_over(filter, size);

	text_add(&t, "(&(|(objectClass=" CATEGORY_CLASS
		     ")(objectClass=" RULE_CLASS "))(|");
	for (size_t i = 0; i < d->n_tags; i++) {
		char tag[SOURCE_TAG];
		struct berval in = { strlen(d->tags[i]), tag };
		struct berval out = { 0 };

		(void)text_copy(tag, sizeof(tag), d->tags[i]); /* fits */
		if (ldap_bv2escaped_filter_value(&in, &out) != 0)
			return false;
		text_printf(&t, "(SelectorTag=%s)", out.bv_val);
		ldap_memfree(out.bv_val);
	}
	text_add(&t, "))");
	return !t.cut;
}

static bool
finished(struct search *s, LDAPMessage *m, struct text *problem)
{
	int rc = LDAP_OTHER;
	int parse = ldap_parse_result(s->ld, m, &rc, NULL, NULL, NULL, NULL, 0);

	if (parse != LDAP_SUCCESS)
		rc = parse;
	if (rc == LDAP_SIZELIMIT_EXCEEDED) {
		text_printf(problem,
			"search: the server's size limit cut the answer off at "
			"%zu entries (raise the limit for this reader)",
			s->entries);
		return false;
	}
	if (rc == LDAP_NO_SUCH_OBJECT) {
		text_add(problem, "there is no entry \"");
		text_add_escaped(problem, s->directory->base,
			strlen(s->directory->base));
		text_add(problem, "\", or this reader may not see it (check "
				  "base)");
		return false;
	}
	return rc == LDAP_SUCCESS || failed(problem, "search", rc);
}

static int64_t
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return now.tv_sec;
}

/* Entries as they come, until the server says it is done. */
static bool
collect(struct search *s, int id, struct text *problem)
{
	const int64_t end = seconds_now() +
			    (int64_t)s->directory->timeout_s * SEARCH_FACTOR;

	while (seconds_now() < end) {
		struct timeval wait = { .tv_sec = s->directory->timeout_s };
		LDAPMessage *m = NULL;
		int type = ldap_result(s->ld, id, LDAP_MSG_ONE, &wait, &m);

		if (type == LDAP_RES_SEARCH_RESULT) {
			bool good = finished(s, m, problem);

			ldap_msgfree(m);
			return good;
		}
		if (type == LDAP_RES_SEARCH_ENTRY) {
			read_entry(s, m);
			s->entries++;
		}
		ldap_msgfree(m);
		if (type == 0) {
			text_printf(problem, "search: no answer in %u s",
				s->directory->timeout_s);
			return false;
		}
		if (type < 0) {
			int rc = LDAP_SERVER_DOWN;

			(void)ldap_get_option(s->ld, LDAP_OPT_RESULT_CODE,
				&rc); /* keeps the default */
			return failed(problem, "search", rc);
		}
		if (s->entries > SOURCE_ENTRIES_MAX) {
			text_printf(problem, "search: more than %d entries",
				SOURCE_ENTRIES_MAX);
			return false;
		}
	}
	text_printf(problem, "search: not complete after %u s",
		s->directory->timeout_s * SEARCH_FACTOR);
	return false;
}

static bool
search(struct search *s, struct text *problem)
{
	char filter[FILTER_MAX];
	struct timeval wait = { .tv_sec = (time_t)s->directory->timeout_s *
					  SEARCH_FACTOR };
	int id = 0;

	if (!make_filter(s->directory, filter, sizeof(filter))) {
		text_add(problem, "the tags make too long a filter");
		return false;
	}

	int rc = ldap_search_ext(s->ld, s->directory->base, LDAP_SCOPE_SUBTREE,
		filter, NULL, 0, NULL, NULL, &wait, SOURCE_ENTRIES_MAX, &id);

	if (rc != LDAP_SUCCESS)
		return failed(problem, "search", rc);

	bool good = collect(s, id, problem);

	if (!good)
		(void)ldap_abandon_ext(
			s->ld, id, NULL, NULL); /* it is closed next */
	return good;
}

static bool
read_server(const struct source_directory *d, const char *uri,
	struct source_draft *draft, struct source_report *skipped,
	struct text *problem)
{
	struct search s = {
		.directory = d, .draft = draft, .skipped = skipped
	};
	int rc = ldap_initialize(&s.ld, uri);
	bool good = false;

	if (rc != LDAP_SUCCESS)
		return failed(problem, "uri", rc);
	good = set_options(s.ld, d, problem) && secure(s.ld, d, uri, problem) &&
	       bind_to(s.ld, d, problem) && search(&s, problem);
	(void)ldap_unbind_ext_s(s.ld, NULL, NULL); /* frees it in any case */
	return good;
}

/* Place of the URI that answered last, 0 when there is none. */
static size_t
first_uri(const struct source_directory *d, const char *uri)
{
	for (size_t i = 0; i < d->n_uris; i++)
		if (strcmp(d->uris[i], uri) == 0)
			return i;
	return 0;
}

bool
source_ldap_read(const struct source_directory *d, struct source_draft *draft,
	struct source_report *skipped, char ret_uri[SOURCE_TEXT],
	struct text *ret_problem)
{
	size_t first = first_uri(d, ret_uri);

	for (size_t i = 0; i < d->n_uris; i++) {
		const char *uri = d->uris[(first + i) % d->n_uris];
		char said[256];
		struct text why = text_over(said, sizeof(said));

		if (read_server(d, uri, draft, skipped, &why)) {
			(void)text_copy(ret_uri, SOURCE_TEXT, uri); /* fits */
			return true;
		}
		text_printf(
			ret_problem, "%s%s: %s", i > 0 ? "; " : "", uri, said);
		source_draft_done(draft);
		source_report_done(skipped);
	}
	return false;
}
