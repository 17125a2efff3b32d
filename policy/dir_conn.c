/* SPDX-License-Identifier: ISC */

/*
 * A connection to a directory server: reached, in secret, bound, and what the
 * server says it can do.  Never plain text where TLS was asked for, no
 * referrals, no configuration but ours.
 */

#include "dir_ldap_int.h"

#include <errno.h>
#include <fcntl.h>
#include <lber.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "policy/snapshot_int.h"

enum {
	ANSWER_MAX = 16 * 1024 * 1024,
	KEEPALIVE_IDLE_S = 30,
	KEEPALIVE_PROBES = 3,
	KEEPALIVE_INTERVAL_S = 10,
	PASSWORD_MAX = 256,
	DIAGNOSTIC_MAX = 160
};

struct dir_conn {
	LDAP *ld;
	struct dir_cutter *cutter;
	struct ldap_conncb callback;
	uint32_t timeout_s;
	int slot; /* of its descriptor in the cutter; -1: none */
};

/* ---- cutting short ------------------------------------------------------- */

void
dir_cutter_init(struct dir_cutter *c)
{
	*c = (struct dir_cutter){ .deadline = MONO_NEVER };
	(void)pthread_mutex_init(&c->lock, NULL); /* a plain one: cannot fail */
	for (int i = 0; i < DIR_CONNECTIONS; i++)
		c->fds[i] = -1;
}

void
dir_cutter_allow(struct dir_cutter *c, int64_t ms)
{
	(void)pthread_mutex_lock(&c->lock); /* cannot fail */
	c->deadline = ms > 0 ? mono_add_ms(os_now(), ms) : MONO_NEVER;
	c->late = false;
	c->cut = false;
	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
}

/* With the lock held: whoever waits gets an end of file. */
static void
cut(struct dir_cutter *c)
{
	c->cut = true;
	for (int i = 0; i < DIR_CONNECTIONS; i++)
		if (c->fds[i] >= 0)
			(void)shutdown(c->fds[i], SHUT_RDWR); /* or is gone */
}

void
dir_cutter_cut(struct dir_cutter *c)
{
	(void)pthread_mutex_lock(&c->lock); /* cannot fail */
	cut(c);
	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
}

struct mono
dir_cutter_watch(struct dir_cutter *c, struct mono now)
{
	struct mono deadline;

	(void)pthread_mutex_lock(&c->lock); /* cannot fail */
	if (mono_reached(c->deadline, now)) {
		c->deadline = MONO_NEVER;
		c->late = true;
		cut(c);
	}
	deadline = c->deadline;
	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
	return deadline;
}

bool
dir_cutter_is_late(struct dir_cutter *c)
{
	(void)pthread_mutex_lock(&c->lock); /* cannot fail */

	bool late = c->late;

	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
	return late;
}

static void
forget_descriptor(struct dir_conn *conn)
{
	struct dir_cutter *c = conn->cutter;

	(void)pthread_mutex_lock(&c->lock); /* cannot fail */
	if (conn->slot >= 0)
		c->fds[conn->slot] = -1;
	conn->slot = -1;
	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
}

/* libldap connected, and is about to speak TLS: the descriptor is known. */
static int
connected(LDAP *ld, Sockbuf *sb, LDAPURLDesc *url, struct sockaddr *address,
	struct ldap_conncb *callback)
{
	struct dir_conn *conn = (struct dir_conn *)callback->lc_arg;
	struct dir_cutter *c = conn->cutter;
	ber_socket_t fd = -1;
	int i = 0;

	(void)ld;
	(void)url;
	(void)address;
	if (!sb || ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) != 1)
		return LDAP_OTHER;
	forget_descriptor(conn);
	(void)pthread_mutex_lock(&c->lock); /* cannot fail */

	bool refused = c->cut;

	while (i < DIR_CONNECTIONS && c->fds[i] >= 0)
		i++;
	if (i < DIR_CONNECTIONS) {
		c->fds[i] = fd;
		conn->slot = i;
	}
	(void)pthread_mutex_unlock(&c->lock); /* cannot fail */
	return refused ? LDAP_TIMEOUT : LDAP_SUCCESS;
}

/* It is about to be closed; the buffer may be gone already. */
static void
disconnected(LDAP *ld, Sockbuf *sb, struct ldap_conncb *callback)
{
	(void)ld;
	(void)sb;
	forget_descriptor((struct dir_conn *)callback->lc_arg);
}

/* ---- what went wrong ----------------------------------------------------- */

bool
dir_failed(struct text *problem, const char *what, int rc)
{
	text_printf(problem, "%s: %s", what, ldap_err2string(rc));
	return false;
}

/* With what the TLS library or the server added, which is from outside. */
static void
failed_because(
	struct dir_conn *conn, struct text *problem, const char *what, int rc)
{
	char *more = NULL;

	(void)dir_failed(problem, what, rc); /* says so */
	if (dir_cutter_is_late(conn->cutter))
		text_printf(problem, ", no answer in %u s", conn->timeout_s);
	(void)ldap_get_option(
		conn->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more); /* may be none */
	if (more && more[0] != '\0') {
		text_add(problem, ", ");
		text_add_escaped(problem, more, strnlen(more, DIAGNOSTIC_MAX));
	}
	ldap_memfree(more);
}

bool
dir_conn_lost(struct dir_conn *conn, const char *what, struct text *problem)
{
	int rc = LDAP_SERVER_DOWN;

	(void)ldap_get_option(
		conn->ld, LDAP_OPT_RESULT_CODE, &rc); /* keeps the default */
	if (rc == LDAP_SUCCESS)
		rc = LDAP_SERVER_DOWN;
	if (dir_cutter_is_late(conn->cutter))
		text_printf(problem, "%s: not complete in time", what);
	else
		(void)dir_failed(problem, what, rc); /* says so */
	return false;
}

/* ---- options ------------------------------------------------------------- */

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
	for (size_t i = 0;
		d->ca_dir[0] == '\0' && i < sizeof(known) / sizeof(known[0]);
		i++)
		if (access(known[i], R_OK) == 0)
			return known[i];
	return NULL;
}

static const char *
unless_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

struct option {
	int option;
	const void *value; /* NULL: not set */
	const char *what;
};

static bool
set_all(LDAP *ld, const struct option *options, size_t n, struct text *problem)
{
	for (size_t i = 0; i < n; i++)
		if (options[i].value &&
			ldap_set_option(ld, options[i].option,
				options[i].value) != LDAP_OPT_SUCCESS) {
			text_printf(
				problem, "%s: not accepted", options[i].what);
			return false;
		}
	return true;
}

static bool
set_network(LDAP *ld, const struct source_directory *d,
	struct ldap_conncb *callback, struct text *problem)
{
	const struct timeval timeout = { .tv_sec = d->timeout_s };
	const int version = LDAP_VERSION3;
	const int idle = KEEPALIVE_IDLE_S;
	const int probes = KEEPALIVE_PROBES;
	const int interval = KEEPALIVE_INTERVAL_S;
	const unsigned unanswered_ms =
		(KEEPALIVE_IDLE_S + KEEPALIVE_PROBES * KEEPALIVE_INTERVAL_S) *
		1000;
	const struct option options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version, "protocol version" },
		{ LDAP_OPT_NETWORK_TIMEOUT, &timeout, "network timeout" },
		{ LDAP_OPT_TIMEOUT, &timeout, "timeout" },
		{ LDAP_OPT_X_KEEPALIVE_IDLE, &idle, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_PROBES, &probes, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_INTERVAL, &interval, "keepalive" },
		{ LDAP_OPT_TCP_USER_TIMEOUT, &unanswered_ms, "TCP timeout" },
		{ LDAP_OPT_CONNECT_CB, callback, "connection callback" },
	};
	ber_len_t most = ANSWER_MAX;
	Sockbuf *sb = NULL;

	if (!set_all(
		    ld, options, sizeof(options) / sizeof(options[0]), problem))
		return false;
	/* Off is a null pointer.  To follow them would bind as nobody at a
	 * server that somebody named. */
	if (ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) !=
		LDAP_OPT_SUCCESS) {
		text_add(problem, "referrals: not accepted");
		return false;
	}
	/* Memory is bounded by the octets of one answer. */
	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS &&
		sb)
		(void)ber_sockbuf_ctrl(
			sb, LBER_SB_OPT_SET_MAX_INCOMING, &most); /* 0: old */
	return true;
}

/* Nobody else may read what is secret. */
static bool
is_private(const char *key, const char *path, struct text *problem)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		text_printf(problem, "%s %s: %s", key, path, strerror(errno));
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return true;
	text_printf(problem,
		"%s %s: others may read it (mode %04o; chmod 600 it)", key,
		path, (unsigned)st.st_mode & 07777);
	return false;
}

static bool
is_readable(const char *key, const char *path, struct text *problem)
{
	if (path[0] == '\0' || access(path, R_OK) == 0)
		return true;
	text_printf(problem, "%s %s: %s", key, path, strerror(errno));
	return false;
}

static bool
set_tls(LDAP *ld, const struct source_directory *d, struct text *problem)
{
	const int demand = LDAP_OPT_X_TLS_DEMAND;
	const int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const int client = 0;
	const struct option options[] = {
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "TLS certificates" },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, &least, "TLS version" },
		{ LDAP_OPT_X_TLS_CACERTFILE, authorities(d), "caFile" },
		{ LDAP_OPT_X_TLS_CACERTDIR, unless_empty(d->ca_dir), "caDir" },
		{ LDAP_OPT_X_TLS_CERTFILE, unless_empty(d->cert_file),
			"certFile" },
		{ LDAP_OPT_X_TLS_KEYFILE, unless_empty(d->key_file),
			"keyFile" },
		{ LDAP_OPT_X_TLS_NEWCTX, &client,
			"TLS (caFile, certFile and keyFile must hold "
			"certificates and their key)" },
	};

	if (!is_readable("caFile", d->ca_file, problem) ||
		!is_readable("caDir", d->ca_dir, problem) ||
		!is_readable("certFile", d->cert_file, problem) ||
		!is_readable("keyFile", d->key_file, problem))
		return false;
	if (d->key_file[0] != '\0' &&
		!is_private("keyFile", d->key_file, problem))
		return false;
	return set_all(
		ld, options, sizeof(options) / sizeof(options[0]), problem);
}

/* ---- in secret, and as whom ---------------------------------------------- */

/* It was named the way of AIX, which knows no TLS. */
static bool
is_in_clear(const struct source_directory *d, const char *uri)
{
	for (size_t i = 0; i < d->n_uris; i++)
		if (d->in_clear[i] && strcmp(d->uris[i], uri) == 0)
			return true;
	return false;
}

static bool
starts_tls(const struct source_directory *d, const char *uri)
{
	uint8_t mode = is_in_clear(d, uri) ? STARTTLS_NEVER : d->starttls;

	if (mode == STARTTLS_UNSET)
		mode = source_uri_is_local(uri) ? STARTTLS_NEVER
						: STARTTLS_DEMAND;
	return strncasecmp(uri, "ldap://", 7) == 0 && mode == STARTTLS_DEMAND;
}

/* Reading the authorities takes a while: not for a plain connection. */
static bool
wants_tls(const struct source_directory *d, const char *uri)
{
	return strncasecmp(uri, "ldaps://", 8) == 0 || starts_tls(d, uri);
}

static const char tls_hint[] =
	" (does the server offer TLS, and is its certificate for this name, in "
	"date, and by an authority that caFile or caDir has?)";

/* TLS by ldaps:// or by StartTLS; never a fall back to plain text. */
static bool
secure(struct dir_conn *conn, const struct source_directory *d, const char *uri,
	struct text *problem)
{
	int rc;

	if (!starts_tls(d, uri))
		return true;
	rc = ldap_start_tls_s(conn->ld, NULL, NULL);
	if (rc == LDAP_SUCCESS)
		return true;
	failed_because(conn, problem, "StartTLS", rc);
	text_add(problem, tls_hint);
	return false;
}

/* The file's first line. */
static bool
read_password(
	const char *path, char password[PASSWORD_MAX], struct text *problem)
{
	int fd;
	ssize_t n;

	if (!is_private("bindPasswordFile", path, problem))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, password, PASSWORD_MAX - 1);
	if (n < 0)
		text_printf(problem, "bindPasswordFile %s: %s", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	password[n < 0 ? 0 : n] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	if (n >= 0 && password[0] == '\0')
		text_printf(problem, "bindPasswordFile %s is empty", path);
	return password[0] != '\0';
}

static bool
bind_to(struct dir_conn *conn, const struct source_directory *d,
	const char *uri, struct text *problem)
{
	char password[PASSWORD_MAX] = "";
	struct berval credentials = { 0, password };
	const char *mech = LDAP_SASL_SIMPLE;
	const char *dn = unless_empty(d->bind_dn);
	int rc;

	if (d->bind_mech == SOURCE_BIND_EXTERNAL)
		mech = "EXTERNAL";
	else if (dn && !read_password(d->bind_password_file, password, problem))
		return false;
	credentials.bv_len = strlen(password);
	rc = ldap_sasl_bind_s(
		conn->ld, dn, mech, &credentials, NULL, NULL, NULL);
	explicit_bzero(password, sizeof(password));
	if (rc != LDAP_SUCCESS)
		failed_because(conn, problem, "bind", rc);
	if (rc == LDAP_SERVER_DOWN && strncasecmp(uri, "ldaps://", 8) == 0)
		text_add(problem, tls_hint);
	return rc == LDAP_SUCCESS;
}

struct dir_conn *
dir_conn_open(const struct source_directory *d, const char *uri,
	struct dir_cutter *cutter, struct text *problem)
{
	struct dir_conn *conn = (struct dir_conn *)calloc(1, sizeof(*conn));
	int rc;

	if (!conn) {
		text_add(problem, "no memory");
		return NULL;
	}
	conn->cutter = cutter;
	conn->timeout_s = d->timeout_s;
	conn->slot = -1;
	conn->callback = (struct ldap_conncb){
		.lc_add = connected, .lc_del = disconnected, .lc_arg = conn
	};
	rc = ldap_initialize(&conn->ld, uri);
	if (rc != LDAP_SUCCESS) {
		(void)dir_failed(problem, "uri", rc); /* says so */
		free(conn);
		return NULL;
	}
	if (set_network(conn->ld, d, &conn->callback, problem) &&
		(!wants_tls(d, uri) || set_tls(conn->ld, d, problem)) &&
		secure(conn, d, uri, problem) && bind_to(conn, d, uri, problem))
		return conn;
	dir_conn_close(conn);
	return NULL;
}

void
dir_conn_close(struct dir_conn *conn)
{
	if (!conn)
		return;
	(void)ldap_unbind_ext_s(
		conn->ld, NULL, NULL); /* frees it in any case */
	forget_descriptor(conn);
	free(conn);
}

LDAP *
dir_conn_ld(struct dir_conn *conn)
{
	return conn->ld;
}

/* ---- what the server offers ---------------------------------------------- */

/* One entry by its name; NULL: not answered, rc says why. */
static LDAPMessage *
read_entry(struct dir_conn *conn, const char *dn, const char *attr, int *ret_rc)
{
	char name[64];
	char more[] = "namingContexts";
	char *attrs[] = { name, more, NULL };
	const struct timeval wait = { .tv_sec = conn->timeout_s };
	struct timeval timeout = wait;
	LDAPMessage *found = NULL;

	(void)text_copy(name, sizeof(name), attr); /* fits */
	*ret_rc = ldap_search_ext_s(conn->ld, dn, LDAP_SCOPE_BASE,
		"(objectClass=*)", attrs, 0, NULL, NULL, &timeout, 1, &found);
	if (*ret_rc == LDAP_SUCCESS)
		return found;
	ldap_msgfree(found);
	return NULL;
}

static bool
has_value(struct berval **values, const char *value)
{
	for (size_t i = 0; values && values[i]; i++)
		if (values[i]->bv_len == strlen(value) &&
			memcmp(values[i]->bv_val, value, strlen(value)) == 0)
			return true;
	return false;
}

/* The DN as libldap writes it, letters small; false: it is none. */
static bool
normal_dn(const char *dn, char *buf, size_t size)
{
	LDAPDN parsed = NULL;
	char *text = NULL;
	bool good = ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) ==
			    LDAP_SUCCESS &&
		    ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3) ==
			    LDAP_SUCCESS &&
		    text && text_copy(buf, size, text);

	for (char *p = buf; good && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	ldap_memfree(text);
	ldap_dnfree(parsed);
	return good;
}

/* The longest naming context that the base is below. */
static void
choose_suffix(
	struct berval **contexts, const char *base, char suffix[SOURCE_TEXT])
{
	char below[SOURCE_TEXT];
	char one[SOURCE_TEXT];

	suffix[0] = '\0';
	if (!normal_dn(base, below, sizeof(below)))
		return;
	for (size_t i = 0; contexts && contexts[i]; i++) {
		size_t len;
		size_t whole = strlen(below);

		if (!normal_dn(contexts[i]->bv_val, one, sizeof(one)))
			continue;
		len = strlen(one);
		if (len <= strlen(suffix) || len > whole ||
			strcmp(below + whole - len, one) != 0 ||
			(len < whole && below[whole - len - 1] != ','))
			continue;
		(void)text_copy(suffix, SOURCE_TEXT, one); /* fits */
	}
}

bool
dir_conn_offer(struct dir_conn *conn, const struct source_directory *d,
	struct dir_offer *ret, struct text *problem)
{
	int rc;
	LDAPMessage *found = read_entry(conn, "", "supportedControl", &rc);
	LDAPMessage *entry = found ? ldap_first_entry(conn->ld, found) : NULL;

	*ret = (struct dir_offer){ 0 };
	if (!found && rc < 0) {
		failed_because(conn, problem, "root DSE", rc);
		return false;
	}
	/* Hidden or empty: a plain search may still be answered. */
	if (entry) {
		struct berval **controls = ldap_get_values_len(
			conn->ld, entry, "supportedControl");
		struct berval **contexts =
			ldap_get_values_len(conn->ld, entry, "namingContexts");

		ret->sync = has_value(controls, LDAP_CONTROL_SYNC);
		ret->paged = has_value(controls, LDAP_CONTROL_PAGEDRESULTS);
		choose_suffix(contexts, d->base, ret->suffix);
		ldap_value_free_len(controls);
		ldap_value_free_len(contexts);
	}
	ldap_msgfree(found);
	return true;
}

bool
dir_conn_state(struct dir_conn *conn, const struct dir_offer *offer,
	uint64_t *ret_state, struct text *problem)
{
	int rc;
	LDAPMessage *found = read_entry(conn, offer->suffix, "contextCSN", &rc);
	LDAPMessage *entry = found ? ldap_first_entry(conn->ld, found) : NULL;

	*ret_state = 0;
	if (!found && rc < 0) {
		failed_because(conn, problem, "contextCSN", rc);
		return false;
	}
	if (entry) {
		struct berval **values =
			ldap_get_values_len(conn->ld, entry, "contextCSN");

		/* In any order. */
		for (size_t i = 0; values && values[i]; i++)
			*ret_state += policy_digest(POLICY_DIGEST_START,
				values[i]->bv_val, values[i]->bv_len);
		ldap_value_free_len(values);
	}
	ldap_msgfree(found);
	return true;
}

bool
dir_search_failed(struct text *problem, const struct source_directory *d,
	int rc, size_t entries)
{
	if (rc == LDAP_SIZELIMIT_EXCEEDED || rc == LDAP_ADMINLIMIT_EXCEEDED) {
		text_printf(problem,
			"search: the server's size limit cut the answer off at "
			"%zu entries (raise the limit for this reader)",
			entries);
		return false;
	}
	if (rc != LDAP_NO_SUCH_OBJECT)
		return dir_failed(problem, "search", rc);
	text_add(problem, "there is no entry \"");
	text_add_escaped(problem, d->base, strlen(d->base));
	text_add(problem, "\", or this reader may not see it (check base)");
	return false;
}
