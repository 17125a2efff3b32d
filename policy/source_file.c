/* SPDX-License-Identifier: ISC */

/*
 * policy.conf: libconfig text to a draft.  The only file that knows libconfig.
 *
 * Every error names file, line and what to do; reading goes on after one, so
 * that all of them are told at once.
 */

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "policy/snapshot_int.h"
#include "policy/source.h"

enum { IDENTITIES_MAX = 4096, NEAR = 4 };

struct identity {
	char name[POLICY_NAME];
	struct source_draft members; /* one rule with users and groups */
};

struct reading {
	const char *file;
	struct source_draft *draft;
	struct source_directory *directory;
	struct source_report *errors;
	struct identity *identities;
	size_t n_identities;
};

static void error_at(struct reading *rd, const config_setting_t *s,
	const char *fmt, ...) TEXT_PRINTF(3, 4);

/* "FILE:LINE"; an included file names itself. */
static void
say_where(const struct reading *rd, const config_setting_t *s,
	char where[SOURCE_WHERE])
{
	const char *file = config_setting_source_file(s);
	struct text t = text_over(where, SOURCE_WHERE);

	text_printf(&t, "%s:%u", file ? file : rd->file,
		config_setting_source_line(s));
}

static void
error_at(struct reading *rd, const config_setting_t *s, const char *fmt, ...)
{
	char where[SOURCE_WHERE];
	char what[512];
	struct text t = text_over(what, sizeof(what));
	va_list ap;

	say_where(rd, s, where);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	source_report_add(rd->errors, where, "%s", what);
}

/* ---- values ------------------------------------------------------------- */

/* The scalar as text; false, and the error said, for anything else. */
static bool
scalar(struct reading *rd, const config_setting_t *s, const char *key,
	char value[SOURCE_VALUE])
{
	struct text t = text_over(value, SOURCE_VALUE);

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		text_add(&t, config_setting_get_string(s));
		break;
	case CONFIG_TYPE_INT:
		text_printf(&t, "%d", config_setting_get_int(s));
		break;
	case CONFIG_TYPE_INT64:
		text_printf(&t, "%lld", config_setting_get_int64(s));
		break;
	default:
		error_at(rd, s, "%s: expected text in quotes or a whole number",
			key);
		return false;
	}
	if (t.cut)
		error_at(rd, s, "%s: longer than %d characters", key,
			SOURCE_VALUE - 1);
	return !t.cut;
}

typedef bool (*value_fn)(struct reading *rd, const config_setting_t *s,
	const char *value, void *arg);

/* Hand over each value of a setting that may be a scalar, array or list. */
static bool
each_value(struct reading *rd, const config_setting_t *s, bool many,
	value_fn take, void *arg)
{
	const char *key = config_setting_name(s);
	char value[SOURCE_VALUE];

	if (!config_setting_is_array(s) && !config_setting_is_list(s))
		return scalar(rd, s, key, value) && take(rd, s, value, arg);
	if (!many) {
		error_at(rd, s, "%s: takes one value, not a list", key);
		return false;
	}

	int n = config_setting_length(s);

	if (n == 0)
		error_at(rd, s,
			"%s: the list is empty and would match nothing (leave "
			"the key out to match anything)",
			key);
	for (int i = 0; i < n; i++) {
		const config_setting_t *e =
			config_setting_get_elem(s, (unsigned)i);

		if (!scalar(rd, e, key, value) || !take(rd, e, value, arg))
			return false;
	}
	return n > 0;
}

/* ---- known keys --------------------------------------------------------- */

/* Keep the name nearest to the word, if it is near. */
static void
nearest(const char *word, const char *name, size_t *best, const char **ret)
{
	size_t d = text_distance(word, name, NEAR);

	if (strcasecmp(word, name) == 0)
		d = 0;
	if (d < *best) {
		*best = d;
		*ret = name;
	}
}

static void
unknown_key(struct reading *rd, const config_setting_t *s, const char *in,
	const char *near)
{
	if (near)
		error_at(rd, s,
			"unknown key \"%s\" in %s (did you mean \"%s\"?)",
			config_setting_name(s), in, near);
	else
		error_at(rd, s, "unknown key \"%s\" in %s",
			config_setting_name(s), in);
}

/* The row of a key, or NULL and the error said. */
static const struct source_key *
find_key(struct reading *rd, const config_setting_t *s,
	const struct source_key *keys, size_t n, const char *in)
{
	const char *name = config_setting_name(s);
	const char *near = NULL;
	size_t best = NEAR;

	for (size_t i = 0; i < n; i++) {
		if (!keys[i].conf)
			continue;
		if (strcmp(keys[i].conf, name) == 0)
			return &keys[i];
		nearest(name, keys[i].conf, &best, &near);
	}
	unknown_key(rd, s, in, near);
	return NULL;
}

struct field {
	const struct source_key *key;
	void *target;
};

static bool
take_field(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	const struct field *f = (const struct field *)arg;
	char why[256];
	struct text t = text_over(why, sizeof(why));

	if (f->key->read(f->key, value, f->target, &t))
		return true;
	error_at(rd, s, "%s: %s", f->key->conf, why);
	return false;
}

/* ---- identities --------------------------------------------------------- */

static bool
add_all(const struct policy_rule *from, const struct source_key *keys, size_t n,
	struct source_rule *target)
{
	char why[128];
	struct text t = text_over(why, sizeof(why));

	for (size_t k = 0; k < n; k++) {
		const struct policy_spans *list = &from->spans[keys[k].offset];

		for (size_t i = 0; i < list->count; i++) {
			char value[32];

			(void)snprintf(value, sizeof(value), "%u-%u",
				list->at[i].lo, list->at[i].hi); /* fits */
			if (!keys[k].read(&keys[k], value, target, &t))
				return false;
		}
	}
	return true;
}

/* who = "NAME": the members of an identity become the rule's. */
static bool
take_identity(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_rule *target = (struct source_rule *)arg;
	const char *near = NULL;
	size_t best = NEAR;
	size_t n;
	const struct source_key *keys = source_identity_keys(&n);

	for (size_t i = 0; i < rd->n_identities; i++) {
		const struct identity *id = &rd->identities[i];

		nearest(value, id->name, &best, &near);
		if (strcmp(id->name, value) != 0)
			continue;
		if (add_all(id->members.rules[0].rule, keys, n, target))
			return true;
		error_at(rd, s, "who: too many users or groups");
		return false;
	}
	error_at(rd, s, "who: there is no identity \"%s\" (%s%s%s)", value,
		near ? "did you mean \"" : "define it in identities",
		near ? near : "", near ? "\"?" : "");
	return false;
}

/* The name key of a group, or "" and the error said. */
static void
read_group_name(struct reading *rd, const config_setting_t *group,
	const char *in, char name[POLICY_NAME])
{
	const config_setting_t *s = config_setting_get_member(group, "name");
	char value[SOURCE_VALUE];

	name[0] = '\0';
	if (!s) {
		error_at(rd, group, "%s without a name (add name = \"...\")",
			in);
		return;
	}
	if (!scalar(rd, s, "name", value))
		return;
	if (policy_name_valid(value))
		(void)text_copy(name, POLICY_NAME, value); /* fits */
	else
		error_at(rd, s,
			"name: \"%s\" is not a name (1 to 63 printable ASCII "
			"characters)",
			value);
}

static void
read_identity(struct reading *rd, const config_setting_t *group)
{
	struct identity *id = &rd->identities[rd->n_identities];
	size_t n;
	const struct source_key *keys = source_identity_keys(&n);
	struct source_rule *r = source_draft_rule(&id->members, "");

	if (!r)
		return;
	read_group_name(rd, group, "identity", id->name);
	rd->n_identities++;
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);

		if (strcmp(config_setting_name(s), "name") == 0)
			continue;

		struct field f = { find_key(rd, s, keys, n, "an identity"), r };

		if (f.key)
			(void)each_value(
				rd, s, true, take_field, &f); /* said */
	}
	if (r->rule->spans[POLICY_SPAN_USER].count == 0 &&
		r->rule->spans[POLICY_SPAN_GROUP].count == 0)
		error_at(rd, group,
			"identity \"%s\" has no members (add users or groups)",
			id->name);
}

/* ---- categories and rules ----------------------------------------------- */

static void
read_category(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	char name[POLICY_NAME];
	size_t n;
	const struct source_key *keys = source_category_keys(&n);

	say_where(rd, group, where);

	struct source_category *c = source_draft_category(rd->draft, where);

	if (!c) {
		error_at(rd, group, "no memory");
		return;
	}
	read_group_name(rd, group, "category", name);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		struct field f = { find_key(rd, s, keys, n, "a category"), c };

		if (f.key && strcmp(f.key->conf, "name") != 0)
			(void)each_value(
				rd, s, f.key->many, take_field, &f); /* said */
	}
	(void)text_copy(c->category.name, POLICY_NAME, name); /* fits */
}

static void
read_rule(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	char name[POLICY_NAME];
	size_t n;
	const struct source_key *keys = source_rule_keys(&n);

	say_where(rd, group, where);

	struct source_rule *r = source_draft_rule(rd->draft, where);

	if (!r) {
		error_at(rd, group, "no memory");
		return;
	}
	read_group_name(rd, group, "rule", name);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		struct field f = { find_key(rd, s, keys, n, "a rule"), r };

		if (f.key && !f.key->read)
			(void)each_value(
				rd, s, true, take_identity, r); /* said */
		else if (f.key && strcmp(f.key->conf, "name") != 0)
			(void)each_value(
				rd, s, f.key->many, take_field, &f); /* said */
	}
	(void)text_copy(r->rule->name, POLICY_NAME, name); /* fits */
}

static void
read_groups(struct reading *rd, const config_setting_t *list,
	void (*read)(struct reading *, const config_setting_t *), int most)
{
	const char *key = config_setting_name(list);

	if (!config_setting_is_list(list)) {
		error_at(rd, list, "%s: expected a list of groups: ( { ... } )",
			key);
		return;
	}
	if (config_setting_length(list) > most) {
		error_at(rd, list, "%s: more than %d entries", key, most);
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *e =
			config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(e))
			read(rd, e);
		else
			error_at(rd, e, "%s: expected a group: { ... }", key);
	}
}

static void
read_default(struct reading *rd, const config_setting_t *s)
{
	char value[SOURCE_VALUE];

	if (!scalar(rd, s, "default", value))
		return;
	if (strcasecmp(value, "allow") == 0)
		rd->draft->default_set = SOURCE_DEFAULT_ALLOW;
	else if (strcasecmp(value, "deny") == 0)
		rd->draft->default_set = SOURCE_DEFAULT_DENY;
	else
		error_at(rd, s,
			"default: \"%s\" is neither \"allow\" nor \"deny\"",
			value);
}

static void
read_identities(struct reading *rd, const config_setting_t *list)
{
	int n = config_setting_length(list);

	if (n > 0 && n <= IDENTITIES_MAX)
		rd->identities = (struct identity *)calloc(
			(size_t)n, sizeof(*rd->identities));
	if (n > 0 && n <= IDENTITIES_MAX && !rd->identities)
		error_at(rd, list, "no memory");
	else
		read_groups(rd, list, read_identity, IDENTITIES_MAX);
}

static void
read_categories(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_category, POLICY_CATEGORIES_MAX);
}

static void
read_rules(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_rule, POLICY_RULES_MAX);
}

/* In the order in which they must be read: rules refer to identities. */
static const struct section {
	const char *name;
	void (*read)(struct reading *rd, const config_setting_t *s);
} policy_keys[] = {
	{ "default", read_default },
	{ "identities", read_identities },
	{ "categories", read_categories },
	{ "rules", read_rules },
};

static void
unknown_sections(struct reading *rd, const config_setting_t *group,
	const struct section *known, size_t n, const char *in)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		const char *near = NULL;
		size_t best = NEAR;

		for (size_t k = 0; k < n; k++)
			nearest(config_setting_name(s), known[k].name, &best,
				&near);
		if (!near || strcmp(near, config_setting_name(s)) != 0)
			unknown_key(rd, s, in, near);
	}
}

static void
read_sections(struct reading *rd, const config_setting_t *group,
	const struct section *known, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const config_setting_t *s =
			config_setting_get_member(group, known[k].name);

		if (s)
			known[k].read(rd, s);
	}
}

static void
read_policy(struct reading *rd, const config_setting_t *s)
{
	enum { N = sizeof(policy_keys) / sizeof(policy_keys[0]) };

	if (!config_setting_is_group(s)) {
		error_at(rd, s, "policy: expected a group: policy = { ... };");
		return;
	}
	unknown_sections(rd, s, policy_keys, N, "policy");
	read_sections(rd, s, policy_keys, N);
}

/* ---- the directory ------------------------------------------------------ */

static bool
take_uri(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_directory *d = rd->directory;

	(void)arg; /* the reading's */
	if (strncasecmp(value, "ldap://", 7) != 0 &&
		strncasecmp(value, "ldaps://", 8) != 0 &&
		strncasecmp(value, "ldapi://", 8) != 0) {
		error_at(rd, s,
			"uri: \"%s\" does not begin with ldap://, ldaps:// or "
			"ldapi://",
			value);
		return false;
	}
	if (d->n_uris == SOURCE_URIS ||
		!text_copy(d->uris[d->n_uris], SOURCE_TEXT, value)) {
		error_at(rd, s, "uri: at most %d of %d characters", SOURCE_URIS,
			SOURCE_TEXT - 1);
		return false;
	}
	d->n_uris++;
	return true;
}

static bool
take_tag(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_directory *d = rd->directory;

	(void)arg; /* the reading's */
	if (value[0] == '\0' || d->n_tags == SOURCE_TAGS ||
		!text_copy(d->tags[d->n_tags], SOURCE_TAG, value)) {
		error_at(rd, s, "tags: at most %d of 1 to %d characters",
			SOURCE_TAGS, SOURCE_TAG - 1);
		return false;
	}
	d->n_tags++;
	return true;
}

struct seconds_key {
	uint32_t least;
	uint32_t most;
	uint32_t *target;
};

static bool
take_seconds(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	const struct seconds_key *k = (const struct seconds_key *)arg;
	uint32_t v;

	if (source_seconds(value, &v) && v >= k->least && v <= k->most) {
		*k->target = v;
		return true;
	}
	error_at(rd, s,
		"%s: \"%s\" is not a time from %u to %u s (write 60, \"5m\", "
		"\"1h\" or \"7d\")",
		config_setting_name(s), value, k->least, k->most);
	return false;
}

static bool
take_text(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	char *target = (char *)arg;

	if (value[0] != '\0' && text_copy(target, SOURCE_TEXT, value))
		return true;
	error_at(rd, s, "%s: takes 1 to %d characters", config_setting_name(s),
		SOURCE_TEXT - 1);
	return false;
}

static bool
take_starttls(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	(void)arg; /* the reading's */
	if (strcasecmp(value, "never") == 0) {
		rd->directory->starttls = STARTTLS_NEVER;
	} else if (strcasecmp(value, "demand") == 0) {
		rd->directory->starttls = STARTTLS_DEMAND;
	} else {
		error_at(rd, s,
			"starttls: \"%s\" is neither \"demand\" nor \"never\"",
			value);
		return false;
	}
	return true;
}

static void
read_uri(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(rd, s, true, take_uri, NULL); /* said */
}

static void
read_base(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(
		rd, s, false, take_text, rd->directory->base); /* said */
}

static void
read_tags(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(rd, s, true, take_tag, NULL); /* said */
}

static void
read_poll(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 1, 86400, &rd->directory->poll_s };

	(void)each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_timeout(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 1, 300, &rd->directory->timeout_s };

	(void)each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_max_age(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 0, UINT32_MAX, &rd->directory->max_age_s };

	(void)each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_starttls(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(rd, s, false, take_starttls, NULL); /* said */
}

static void
read_ca_file(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(
		rd, s, false, take_text, rd->directory->ca_file); /* said */
}

static void
read_bind_dn(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(
		rd, s, false, take_text, rd->directory->bind_dn); /* said */
}

static void
read_password_file(struct reading *rd, const config_setting_t *s)
{
	(void)each_value(rd, s, false, take_text,
		rd->directory->bind_password_file); /* said */
}

static const struct section directory_keys[] = {
	{ "uri", read_uri },
	{ "base", read_base },
	{ "tags", read_tags },
	{ "poll", read_poll },
	{ "timeout", read_timeout },
	{ "maxAge", read_max_age },
	{ "starttls", read_starttls },
	{ "caFile", read_ca_file },
	{ "bindDn", read_bind_dn },
	{ "bindPasswordFile", read_password_file },
};

bool
source_uri_is_local(const char *uri)
{
	static const char *const hosts[] = { "127.", "localhost", "[::1]" };
	const char *host = strstr(uri, "://");

	if (!host || strncasecmp(uri, "ldapi", 5) == 0)
		return true;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncasecmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/* The short host name, the full one if it is another, and "all". */
static void
default_tags(struct source_directory *d)
{
	char host[SOURCE_TAG];
	char *dot;

	if (gethostname(host, sizeof(host)) == 0) {
		host[sizeof(host) - 1] = '\0';
		dot = strchr(host, '.');
		if (dot)
			*dot = '\0';
		(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, host);
		if (dot) {
			*dot = '.';
			(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, host);
		}
	}
	(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, "all"); /* fits */
}

/* A password must not cross the network in clear. */
static void
check_bind(struct reading *rd, const config_setting_t *s)
{
	const struct source_directory *d = rd->directory;

	if ((d->bind_dn[0] != '\0') != (d->bind_password_file[0] != '\0'))
		error_at(rd, s,
			"directory: bindDn and bindPasswordFile need each "
			"other");
	if (d->bind_dn[0] == '\0' || d->starttls != STARTTLS_NEVER)
		return;
	for (size_t i = 0; i < d->n_uris; i++)
		if (strncasecmp(d->uris[i], "ldaps", 5) != 0 &&
			!source_uri_is_local(d->uris[i]))
			error_at(rd, s,
				"directory: bindDn would send the password in "
				"clear to %s (use ldaps:// or starttls = "
				"\"demand\")",
				d->uris[i]);
}

static void
read_directory(struct reading *rd, const config_setting_t *s)
{
	enum { N = sizeof(directory_keys) / sizeof(directory_keys[0]) };
	struct source_directory *d = rd->directory;

	if (!config_setting_is_group(s)) {
		error_at(rd, s,
			"directory: expected a group: directory = { ... };");
		return;
	}
	d->present = true;
	unknown_sections(rd, s, directory_keys, N, "directory");
	read_sections(rd, s, directory_keys, N);
	if (!config_setting_get_member(s, "uri"))
		error_at(rd, s,
			"directory: uri is missing (add uri = "
			"\"ldaps://host\")");
	if (!config_setting_get_member(s, "base"))
		error_at(rd, s,
			"directory: base is missing (add base = "
			"\"ou=...,o=...\")");
	if (!config_setting_get_member(s, "tags"))
		default_tags(d);
	check_bind(rd, s);
}

/* ---- the whole ---------------------------------------------------------- */

static const struct section top_keys[] = {
	{ "policy", read_policy },
	{ "directory", read_directory },
};

static void
read_top(struct reading *rd, const config_t *cf)
{
	enum { N = sizeof(top_keys) / sizeof(top_keys[0]) };
	const config_setting_t *root = config_root_setting(cf);

	unknown_sections(rd, root, top_keys, N, "the file");
	read_sections(rd, root, top_keys, N);
}

bool
source_file_read(const char *text, const char *file, struct source_draft *draft,
	struct source_directory *ret_directory, struct source_report *errors)
{
	enum { POLL_S = 60, TIMEOUT_S = 10, MAX_AGE_S = 7 * 86400 };
	struct reading rd = { .file = file,
		.draft = draft,
		.directory = ret_directory,
		.errors = errors };
	size_t before = errors->count;
	config_t cf;

	*ret_directory = (struct source_directory){
		.poll_s = POLL_S, .timeout_s = TIMEOUT_S, .max_age_s = MAX_AGE_S
	};
	config_init(&cf);
	if (config_read_string(&cf, text)) {
		read_top(&rd, &cf);
	} else {
		char where[SOURCE_WHERE];
		struct text t = text_over(where, sizeof(where));

		text_printf(&t, "%s:%d",
			config_error_file(&cf) ? config_error_file(&cf) : file,
			config_error_line(&cf));
		source_report_add(errors, where,
			"%s (a setting is name = value; groups are { }, lists "
			"( ), text is in quotes)",
			config_error_text(&cf));
	}
	config_destroy(&cf);
	for (size_t i = 0; i < rd.n_identities; i++)
		source_draft_done(&rd.identities[i].members);
	free(rd.identities);
	return errors->count == before;
}

uint64_t
source_directory_key(const struct source_directory *d)
{
	uint64_t key = policy_digest(
		POLICY_DIGEST_START, d->base, strlen(d->base) + 1);

	for (size_t i = 0; i < d->n_tags; i++)
		key = policy_digest(key, d->tags[i], strlen(d->tags[i]) + 1);
	return key | 1;
}
