/* SPDX-License-Identifier: ISC */

/* A libldap that talks with nobody; see ldap_t.h. */

#include "ldap_t.h"

#include <sys/time.h>

#include "base/text.h"
#include "t.h"

enum { ID = 16 };

struct ldap {
	struct ldap_conncb *callback;
};

struct sockbuf {
	int unused;
};

struct t_ldap t_ldap;
static struct sockbuf the_socket;

void
t_ldap_reset(void)
{
	memset(&t_ldap, 0, sizeof(t_ldap));
	t_ldap.fd = -1;
	t_ldap.referrals = -1;
}

/* The pointers are handed through as they are. */
static LDAPMessage *
message_of(const void *what)
{
	LDAPMessage *m;

	memcpy(&m, &what, sizeof(m));
	return m;
}

static const struct t_entry *
entry_of(LDAPMessage *m)
{
	return (const struct t_entry *)(const void *)m;
}

/* ---- a connection -------------------------------------------------------- */

int
ldap_initialize(LDAP **ret, const char *uri)
{
	if (t_ldap.n_tried < T_CONNECTIONS)
		(void)text_copy(t_ldap.uris[t_ldap.n_tried],
			sizeof(t_ldap.uris[0]), uri);
	t_ldap.n_tried++;
	if (t_ldap.initialize_rc != LDAP_SUCCESS)
		return t_ldap.initialize_rc;
	if (t_ldap.refused_uri && strcmp(t_ldap.refused_uri, uri) == 0)
		return LDAP_SERVER_DOWN;
	*ret = (LDAP *)calloc(1, sizeof(**ret));
	t_ldap.n_open++;
	return LDAP_SUCCESS;
}

int
ldap_set_option(LDAP *ld, int option, const void *value)
{
	if (t_ldap.refused_option != 0 && option == t_ldap.refused_option)
		return LDAP_OPT_ERROR;
	if (option == LDAP_OPT_REFERRALS) {
		t_ldap.referrals = value == LDAP_OPT_OFF ? 0 : 1;
		return LDAP_OPT_SUCCESS;
	}
	T_CHECK(option >= 0 && option < T_OPTIONS, "option %d", option);
	t_ldap.option_set[option] = true;
	switch (option) {
	case LDAP_OPT_CONNECT_CB:
		memcpy(&ld->callback, &value, sizeof(value));
		break;
	case LDAP_OPT_TIMEOUT:
	case LDAP_OPT_NETWORK_TIMEOUT:
		t_ldap.timeout_s = ((const struct timeval *)value)->tv_sec;
		break;
	case LDAP_OPT_X_TLS_CACERTFILE:
		(void)text_copy(t_ldap.ca_file, sizeof(t_ldap.ca_file),
			(const char *)value);
		break;
	case LDAP_OPT_X_TLS_CACERTDIR:
	case LDAP_OPT_X_TLS_CERTFILE:
	case LDAP_OPT_X_TLS_KEYFILE:
		break;
	default:
		t_ldap.options[option] = *(const int *)value;
	}
	return LDAP_OPT_SUCCESS;
}

int
ldap_get_option(LDAP *ld, int option, void *ret)
{
	Sockbuf *sb = &the_socket;
	char *text = t_ldap.diagnostic ? ldap_strdup(t_ldap.diagnostic) : NULL;

	(void)ld;
	if (option == LDAP_OPT_RESULT_CODE)
		memcpy(ret, &t_ldap.result_code, sizeof(int));
	else if (option == LDAP_OPT_SOCKBUF)
		memcpy(ret, &sb, sizeof(sb));
	else if (option == LDAP_OPT_DIAGNOSTIC_MESSAGE)
		memcpy(ret, &text, sizeof(text));
	if (option != LDAP_OPT_DIAGNOSTIC_MESSAGE)
		ldap_memfree(text);
	return LDAP_OPT_SUCCESS;
}

int
ber_sockbuf_ctrl(Sockbuf *sb, int option, void *arg)
{
	T_CHECK(sb == &the_socket, "another socket");
	if (option == LBER_SB_OPT_SET_MAX_INCOMING) {
		memcpy(&t_ldap.most, arg, sizeof(ber_len_t));
		return 1;
	}
	T_EQ(option, LBER_SB_OPT_GET_FD);
	memcpy(arg, &t_ldap.fd, sizeof(t_ldap.fd));
	return t_ldap.no_socket ? 0 : 1;
}

int
ldap_start_tls_s(LDAP *ld, LDAPControl **server, LDAPControl **client)
{
	(void)ld;
	(void)server;
	(void)client;
	t_ldap.n_tls++;
	return t_ldap.tls_rc;
}

int
ldap_sasl_bind_s(LDAP *ld, const char *dn, const char *mech,
	struct berval *credentials, LDAPControl **server, LDAPControl **client,
	struct berval **ret)
{
	(void)server;
	(void)client;
	(void)ret;
	t_ldap.n_bind++;
	(void)text_copy(t_ldap.bind_dn, sizeof(t_ldap.bind_dn), dn ? dn : "-");
	(void)text_copy(
		t_ldap.bind_mech, sizeof(t_ldap.bind_mech), mech ? mech : "-");
	(void)snprintf(t_ldap.password, sizeof(t_ldap.password), "%.*s",
		(int)credentials->bv_len, credentials->bv_val);
	if (t_ldap.fd >= 0 || t_ldap.no_socket)
		t_ldap.connected_rc = ld->callback->lc_add(
			ld, &the_socket, NULL, NULL, ld->callback);
	if (t_ldap.connected_rc != LDAP_SUCCESS)
		return t_ldap.connected_rc;
	if (t_ldap.on_bind)
		t_ldap.on_bind();
	return t_ldap.bind_rc;
}

int
ldap_unbind_ext_s(LDAP *ld, LDAPControl **server, LDAPControl **client)
{
	(void)server;
	(void)client;
	if (ld->callback)
		ld->callback->lc_del(ld, NULL, ld->callback);
	t_ldap.n_closed++;
	free(ld);
	return LDAP_SUCCESS;
}

/* ---- entries ------------------------------------------------------------- */

static size_t
name_len(const char *attr)
{
	return strcspn(attr, "=");
}

static bool
is_named(const char *attr, const char *name)
{
	return name_len(attr) == strlen(name) &&
	       strncasecmp(attr, name, strlen(name)) == 0;
}

LDAPMessage *
ldap_first_entry(LDAP *ld, LDAPMessage *chain)
{
	(void)ld;
	return entry_of(chain)->dn ? chain : NULL;
}

char *
ldap_get_dn(LDAP *ld, LDAPMessage *m)
{
	(void)ld;
	return ldap_strdup(entry_of(m)->dn);
}

struct berval **
ldap_get_values_len(LDAP *ld, LDAPMessage *m, const char *name)
{
	const char *const *attrs = entry_of(m)->attrs;
	size_t count = 0;
	size_t n = 0;
	struct berval **values;

	(void)ld;
	while (attrs[count])
		count++;
	values = (struct berval **)ber_memcalloc(count + 1, sizeof(*values));
	for (size_t i = 0; i < count; i++)
		if (is_named(attrs[i], name))
			values[n++] =
				ber_bvstrdup(attrs[i] + name_len(attrs[i]) + 1);
	if (n == 0) {
		ber_memfree(values);
		return NULL;
	}
	t_ldap.n_held++;
	return values;
}

static const char *const *cursor;

static char *
name_at_cursor(void)
{
	char name[512];

	if (!*cursor)
		return NULL;
	(void)snprintf(
		name, sizeof(name), "%.*s", (int)name_len(*cursor), *cursor);
	return ldap_strdup(name);
}

char *
ldap_first_attribute(LDAP *ld, LDAPMessage *m, BerElement **ret)
{
	(void)ld;
	*ret = ber_alloc_t(0);
	cursor = entry_of(m)->attrs;
	return name_at_cursor();
}

char *
ldap_next_attribute(LDAP *ld, LDAPMessage *m, BerElement *ber)
{
	const char *before = *cursor;

	(void)ld;
	(void)m;
	(void)ber;
	while (*cursor && name_len(*cursor) == name_len(before) &&
		strncmp(*cursor, before, name_len(before)) == 0)
		cursor++;
	return name_at_cursor();
}

int
ldap_msgfree(LDAPMessage *m)
{
	if (m)
		t_ldap.n_held--; /* it is the test's */
	return 0;
}

void
ldap_value_free_len(struct berval **values)
{
	if (values)
		t_ldap.n_held--;
	ber_bvecfree(values);
}

void
ldap_control_free(LDAPControl *control)
{
	if (!control)
		return;
	t_ldap.n_held--;
	ldap_memfree(control->ldctl_oid);
	ldap_memfree(control);
}

void
ldap_controls_free(LDAPControl **controls)
{
	for (size_t i = 0; controls && controls[i]; i++)
		ldap_control_free(controls[i]);
	ldap_memfree(controls);
}

/* ---- searches ------------------------------------------------------------ */

int
ldap_search_ext_s(LDAP *ld, const char *base, int scope, const char *filter,
	char **attrs, int only, LDAPControl **server, LDAPControl **client,
	struct timeval *timeout, int limit, LDAPMessage **ret)
{
	const bool root = strcmp(attrs[0], "supportedControl") == 0;
	static const struct t_entry none = { 0 };
	const struct t_entry *entry = root ? t_ldap.root : t_ldap.state;

	(void)ld;
	(void)only;
	(void)server;
	(void)client;
	T_STR(filter, "(objectClass=*)");
	T_EQ(scope, LDAP_SCOPE_BASE);
	T_EQ(limit, 1);
	T_STR(attrs[1], "namingContexts");
	T_CHECK(root || strcmp(attrs[0], "contextCSN") == 0, "%s", attrs[0]);
	(void)text_copy(t_ldap.base, sizeof(t_ldap.base), base);
	t_ldap.wait_s = timeout->tv_sec;
	*ret = message_of(entry ? entry : &none);
	t_ldap.n_held++;
	return root ? t_ldap.root_rc : t_ldap.state_rc;
}

int
ldap_search_ext(LDAP *ld, const char *base, int scope, const char *filter,
	char **attrs, int only, LDAPControl **server, LDAPControl **client,
	struct timeval *timeout, int limit, int *ret_id)
{
	(void)ld;
	(void)only;
	(void)client;
	(void)timeout;
	t_ldap.n_searches++;
	if (!server || !server[0])
		t_ldap.page_size = 0;
	(void)text_copy(t_ldap.base, sizeof(t_ldap.base), base);
	(void)text_copy(t_ldap.filter, sizeof(t_ldap.filter), filter);
	(void)snprintf(t_ldap.attrs, sizeof(t_ldap.attrs), "%s %s%s", attrs[0],
		attrs[1], attrs[2] ? " more" : "");
	t_ldap.scope = scope;
	t_ldap.size_limit = limit;
	*ret_id = 77;
	return t_ldap.search_rc;
}

int
ldap_abandon_ext(LDAP *ld, int id, LDAPControl **server, LDAPControl **client)
{
	(void)ld;
	(void)server;
	(void)client;
	T_EQ(id, 77);
	t_ldap.n_abandoned++;
	return LDAP_SUCCESS;
}

int
ldap_result(
	LDAP *ld, int id, int all, struct timeval *timeout, LDAPMessage **ret)
{
	const struct t_message *m;

	(void)ld;
	T_EQ(id, 77);
	T_EQ(all, LDAP_MSG_ONE);
	t_ldap.wait_s = timeout->tv_sec;
	if (t_ldap.on_result)
		t_ldap.on_result();
	T_CHECK(t_ldap.at < t_ldap.n_messages, "asked for more");
	m = &t_ldap.messages[t_ldap.at++];
	if (m->type == LDAP_RES_SEARCH_ENTRY)
		*ret = message_of(m->entry);
	else if (m->type > 0)
		*ret = message_of(m);
	t_ldap.n_held += m->type > 0 ? 1 : 0;
	return m->type;
}

static LDAPControl *
page_control(void)
{
	LDAPControl *page = (LDAPControl *)ber_memcalloc(1, sizeof(*page));

	t_ldap.n_held++;
	page->ldctl_oid = ldap_strdup(LDAP_CONTROL_PAGEDRESULTS);
	return page;
}

int
ldap_parse_result(LDAP *ld, LDAPMessage *m, int *ret_rc, char **matched,
	char **text, char ***referrals, LDAPControl ***ret_controls, int freeit)
{
	const struct t_message *said =
		(const struct t_message *)(const void *)m;

	(void)ld;
	(void)matched;
	(void)text;
	(void)referrals;
	T_EQ(freeit, 0);
	if (said->parse_rc != LDAP_SUCCESS)
		return said->parse_rc;
	*ret_rc = said->rc;
	if (said->has_page) {
		*ret_controls =
			(LDAPControl **)ber_memcalloc(2, sizeof(LDAPControl *));
		(*ret_controls)[0] = page_control();
	}
	return LDAP_SUCCESS;
}

int
ldap_create_page_control(LDAP *ld, ber_int_t size, struct berval *cookie,
	int critical, LDAPControl **ret)
{
	(void)ld;
	T_EQ(critical, 0);
	t_ldap.page_size = size;
	(void)snprintf(t_ldap.page_cookie, sizeof(t_ldap.page_cookie), "%.*s",
		cookie ? (int)cookie->bv_len : 0, cookie ? cookie->bv_val : "");
	*ret = page_control();
	return LDAP_SUCCESS;
}

int
ldap_parse_pageresponse_control(
	LDAP *ld, LDAPControl *page, ber_int_t *estimate, struct berval *cookie)
{
	const struct t_message *said = &t_ldap.messages[t_ldap.at - 1];

	(void)ld;
	(void)page;
	*estimate = 0;
	if (said->cookie)
		(void)ber_str2bv(said->cookie, 0, 1, cookie);
	return said->page_rc;
}

/* ---- synchronization ----------------------------------------------------- */

ldap_sync_t *
ldap_sync_initialize(ldap_sync_t *ls)
{
	memset(ls, 0, sizeof(*ls));
	t_ldap.n_sync++;
	return ls;
}

void
ldap_sync_destroy(ldap_sync_t *ls, int freeit)
{
	T_EQ(freeit, 0);
	T_CHECK(!ls->ls_ld, "the connection would end");
	ber_memfree(ls->ls_base);
	ber_memfree(ls->ls_filter);
	ber_memfree(ls->ls_cookie.bv_val);
	t_ldap.n_sync_freed++;
}

static int
begin_sync(ldap_sync_t *ls, bool persist)
{
	(void)text_copy(t_ldap.base, sizeof(t_ldap.base), ls->ls_base);
	(void)text_copy(t_ldap.filter, sizeof(t_ldap.filter), ls->ls_filter);
	t_ldap.scope = ls->ls_scope;
	t_ldap.wait_s = ls->ls_timeout;
	t_ldap.had_cookie = ls->ls_cookie.bv_len > 0;
	return t_ldap.refresh(ls, persist);
}

int
ldap_sync_init_refresh_only(ldap_sync_t *ls)
{
	return begin_sync(ls, false);
}

int
ldap_sync_init_refresh_and_persist(ldap_sync_t *ls)
{
	return begin_sync(ls, true);
}

int
ldap_sync_poll(ldap_sync_t *ls)
{
	return t_ldap.poll(ls);
}

int
ldap_parse_intermediate(LDAP *ld, LDAPMessage *m, char **ret_oid,
	struct berval **ret_data, LDAPControl ***controls, int freeit)
{
	char octet[2] = { (char)t_ldap.intermediate, '\0' };

	(void)ld;
	(void)m;
	(void)controls;
	T_EQ(freeit, 0);
	*ret_oid = ldap_strdup(LDAP_SYNC_INFO);
	*ret_data = ber_bvstrdup(octet);
	return LDAP_SUCCESS;
}

int
t_sync_entry(ldap_sync_t *ls, const struct t_entry *entry, uint8_t id,
	ldap_sync_refresh_t phase)
{
	char octets[ID] = { (char)id };
	struct berval uuid = { ID, octets };

	return ls->ls_search_entry(ls, message_of(entry), &uuid, phase);
}

int
t_sync_ids(ldap_sync_t *ls, const uint8_t *ids, size_t n, bool deleted)
{
	char octets[8][ID] = { { 0 } };
	struct berval set[9] = { { 0 } };

	for (size_t i = 0; i < n; i++) {
		octets[i][0] = (char)ids[i];
		set[i] = (struct berval){ ID, octets[i] };
	}
	return ls->ls_intermediate(ls, NULL, set,
		deleted ? LDAP_SYNC_CAPI_DELETES_IDSET
			: LDAP_SYNC_CAPI_PRESENTS_IDSET);
}

void
t_sync_cookie(ldap_sync_t *ls, const char *cookie)
{
	ber_memfree(ls->ls_cookie.bv_val);
	(void)ber_str2bv(cookie, 0, 1, &ls->ls_cookie);
}
