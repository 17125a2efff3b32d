/* SPDX-License-Identifier: ISC */

#include "dir_fixture.h"

#include "clock_t.h"
#include "t.h"
#include "wait_t.h"

unsigned dt_woken;

static void
wake(void *arg)
{
	(void)arg;
	dt_woken++;
}

const struct t_entry dt_rules[DT_RULES] = {
	T_ENTRY("cn=a", "objectClass=ServicePolicyRules", "PolicyName=a",
		"SelectorTag=all"),
	T_ENTRY("cn=b", "objectClass=ServicePolicyRules", "PolicyName=b",
		"SelectorTag=all"),
};
static const struct t_entry syncs = T_ENTRY(
	"", "supportedControl=" LDAP_CONTROL_SYNC, "namingContexts=o=x");
static const struct t_entry pages =
	T_ENTRY("", "supportedControl=" LDAP_CONTROL_PAGEDRESULTS);
struct t_entry dt_state = T_ENTRY("o=x", "contextCSN=1");
struct t_message dt_found[DT_FOUND];

void
dt_begin(struct dt *b)
{
	memset(b, 0, sizeof(*b));
	t_clock_begin();
	t_ldap_reset();
	dt_woken = t_turns = t_n_waits = 0;
	source_directory_defaults(&b->d);
	b->d.present = true;
	b->d.n_uris = b->d.n_tags = 1;
	b->d.timeout_s = 7;
	b->d.poll_s = 100;
	b->d.retry_s = 30;
	b->d.quiet_ms = 2000;
	b->d.starttls = STARTTLS_NEVER;
	(void)text_copy(b->d.tags[0], SOURCE_TAG, "all");
	(void)text_copy(b->d.uris[0], SOURCE_TEXT, "ldap://one");
	(void)text_copy(b->d.uris[1], SOURCE_TEXT, "ldap://two");
	(void)text_copy(b->d.base, SOURCE_TEXT, "o=x");
	dt_state.attrs[0] = "contextCSN=1";
	t_ldap.root = &pages;
	t_ldap.state = &dt_state;
	dt_found[0] = (struct t_message){ .type = LDAP_RES_SEARCH_ENTRY,
		.entry = &dt_rules[0] };
	dt_found[1] = (struct t_message){ .type = LDAP_RES_SEARCH_RESULT };
	t_ldap.messages = dt_found;
	t_ldap.n_messages = 2;
	b->dir = dir_new(wake, NULL);
	T_CHECK(t_keep(b->dir) != NULL, "no memory");
	for (int i = 0; i < SOURCE_URIS; i++)
		b->dir->ceiling[i] = SOURCE_MODE_PERSIST;
	b->dir->now = b->d;
	dt_looking = b;
}

bool
dt_try(struct dt *b)
{
	b->problem = text_over(b->said, sizeof(b->said));
	t_ldap.at = 0;
	return dir_try(b->dir, &b->d, 0, &b->problem);
}

bool
dt_news(struct dt *b)
{
	dir_facts(b->dir, &b->facts);
	return dir_take_news(b->dir, &b->news);
}

bool
dt_has_rules(struct dt *b, size_t n)
{
	struct source_draft draft = { 0 };
	struct source_report skipped = { 0 };
	char uri[SOURCE_TEXT] = "";
	size_t count;

	T_CHECK(dir_read(b->dir, &draft, &skipped, uri), "busy");
	T_CHECK(skipped.count == 0, "%s", skipped.lines[0]);
	T_STR(uri, b->facts.uri);
	count = draft.n_rules;
	source_draft_done(&draft);
	return count == n;
}

unsigned dt_refreshes;
unsigned dt_polls;
bool dt_persisted;
int dt_refresh_rc;
int dt_cookie_rc;
unsigned dt_pushes;
const char *dt_cookie;
struct dt *dt_looking;

static int
refresh_one(ldap_sync_t *ls, bool persist)
{
	dt_refreshes++;
	dt_persisted = persist;
	if (ls->ls_cookie.bv_len > 0 && dt_cookie_rc != LDAP_SUCCESS)
		return dt_cookie_rc;
	if (dt_refresh_rc != LDAP_SUCCESS)
		return dt_refresh_rc;
	T_EQ(t_sync_entry(ls, &dt_rules[0], 1, LDAP_SYNC_CAPI_ADD),
		LDAP_SUCCESS);
	t_sync_cookie(ls, dt_cookie);
	return LDAP_SUCCESS;
}

int
dt_poll_down(ldap_sync_t *ls)
{
	(void)ls;
	dt_polls++;
	t_ldap.result_code = LDAP_SERVER_DOWN;
	return LDAP_SERVER_DOWN;
}

void
dt_begin_sync(struct dt *b)
{
	dt_begin(b);
	t_ldap.root = &syncs;
	t_ldap.refresh = refresh_one;
	t_ldap.poll = dt_poll_down;
	dt_refreshes = 0;
	dt_polls = 0;
	dt_refresh_rc = LDAP_SUCCESS;
	dt_cookie_rc = LDAP_SUCCESS;
	dt_cookie = "cookie1";
}

int
dt_poll_moved(ldap_sync_t *ls)
{
	(void)ls;
	if (dt_polls++ == 50)
		dt_state.attrs[0] = "contextCSN=2";
	t_clock_add_ms(1000);
	T_CHECK(dt_polls < 300, "for ever");
	if (dt_pushes == 1 && dt_polls == 60)
		return t_sync_entry(ls, &dt_rules[1], 2, LDAP_SYNC_CAPI_ADD);
	if (dt_pushes == 2 && dt_polls == 101)
		return t_sync_entry(ls, &dt_rules[1], 2, LDAP_SYNC_CAPI_ADD);
	return dt_polls == 250 ? dt_poll_down(ls) : LDAP_SUCCESS;
}
