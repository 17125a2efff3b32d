/* SPDX-License-Identifier: ISC */

/*
 * policy.conf: libconfig text to a draft.
 *
 * Every error names file, line and what to do; reading goes on after one, so
 * that all of them are told at once.
 */

#include "source_conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lex.h"

enum { IDENTITIES_MAX = 4096, SCHEDULES_MAX = 4096, NEAR = 4 };

struct identity {
	char name[POLICY_NAME];
	struct source_draft members; /* one rule with users and groups */
};

/* "FILE:LINE" */
static void
say_where(const struct reading *rd, const config_setting_t *s,
	char where[SOURCE_WHERE])
{
	struct text t = text_over(where, SOURCE_WHERE);

	text_printf(&t, "%s:%u", rd->file, config_setting_source_line(s));
}

void
conf_error(struct reading *rd, const config_setting_t *s, const char *fmt, ...)
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

/* The conf_scalar as text; false, and the error said, for anything else. */
bool
conf_scalar(struct reading *rd, const config_setting_t *s, const char *key,
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
		conf_error(rd, s,
			"%s: expected text in quotes or a whole number", key);
		return false;
	}
	if (t.cut)
		conf_error(rd, s, "%s: longer than %d characters", key,
			SOURCE_VALUE - 1);
	return !t.cut;
}

/* Hand over each value of a setting that may be a conf_scalar, array or list.
 */
bool
conf_each_value(struct reading *rd, const config_setting_t *s, bool many,
	conf_value_fn take, void *arg)
{
	const char *key = config_setting_name(s);
	char value[SOURCE_VALUE];

	if (!config_setting_is_array(s) && !config_setting_is_list(s))
		return conf_scalar(rd, s, key, value) &&
		       take(rd, s, value, arg);
	if (!many) {
		conf_error(rd, s, "%s: takes one value, not a list", key);
		return false;
	}

	int n = config_setting_length(s);

	if (n == 0)
		conf_error(rd, s,
			"%s: the list is empty and would match nothing (leave "
			"the key out to match anything)",
			key);
	for (int i = 0; i < n; i++) {
		const config_setting_t *e =
			config_setting_get_elem(s, (unsigned)i);

		if (!conf_scalar(rd, e, key, value) || !take(rd, e, value, arg))
			return false;
	}
	return n > 0;
}

static const char TOP[] = "the file";

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
		conf_error(rd, s,
			"unknown key \"%s\" in %s (did you mean \"%s\"?)",
			config_setting_name(s), in, near);
	else
		conf_error(rd, s, "unknown key \"%s\" in %s (%s)",
			config_setting_name(s), in,
			strcmp(in, TOP) == 0 ? "it holds policy = { ... }; and "
					       "directory = { ... };"
					     : "policy.conf(5) lists them");
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
	conf_error(rd, s, "%s: %s", f->key->conf, why);
	return false;
}

/* ---- identities --------------------------------------------------------- */

/* who = "NAME": the members of an identity become the rule's. */
static bool
take_identity(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_rule *target = (struct source_rule *)arg;
	const char *near = NULL;
	size_t best = NEAR;
	char why[128];
	struct text t = text_over(why, sizeof(why));

	for (size_t i = 0; i < rd->n_identities; i++) {
		const struct identity *id = &rd->identities[i];

		nearest(value, id->name, &best, &near);
		if (strcmp(id->name, value) != 0)
			continue;
		if (source_identity_add(
			    id->members.rules[0].rule, target->rule, &t))
			return true;
		conf_error(rd, s, "who: %s", why);
		return false;
	}
	conf_error(rd, s, "who: there is no identity \"%s\" (%s%s%s)", value,
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
		conf_error(rd, group, "%s without a name (add name = \"...\")",
			in);
		return;
	}
	if (!conf_scalar(rd, s, "name", value))
		return;
	if (policy_name_valid(value))
		(void)text_copy(name, POLICY_NAME, value); /* fits */
	else
		conf_error(rd, s,
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
	for (size_t i = 0; i < rd->n_identities; i++)
		if (id->name[0] != '\0' &&
			strcmp(rd->identities[i].name, id->name) == 0)
			conf_error(rd, group,
				"identity \"%s\" is defined twice (rename one)",
				id->name);
	rd->n_identities++;
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);

		if (strcmp(config_setting_name(s), "name") == 0)
			continue;

		struct field f = { find_key(rd, s, keys, n, "an identity"), r };

		if (f.key)
			(void)conf_each_value(
				rd, s, true, take_field, &f); /* said */
	}
	if (!policy_rule_names_somebody(r->rule))
		conf_error(rd, group,
			"identity \"%s\" has no members (add users or groups)",
			id->name);
}

/* ---- categories, rules, schedules, pools --------------------------------- */

static bool
is_made(struct reading *rd, const config_setting_t *group, const void *entry)
{
	if (!entry)
		conf_error(rd, group, "no memory");
	return entry != NULL;
}

struct table {
	const struct source_key *keys;
	size_t n;
	const char *in; /* what an error calls it */
};

/* All but its name. */
static void
read_settings(struct reading *rd, const config_setting_t *group,
	const struct table *table, void *target)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		struct field f = { find_key(rd, s, table->keys, table->n,
					   table->in),
			target };

		if (f.key && strcmp(f.key->conf, "name") != 0)
			(void)conf_each_value(rd, s, f.key->many,
				f.key->read ? take_field : take_identity,
				f.key->read ? (void *)&f : f.target); /* said */
	}
}

static void
read_category(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	struct table table = { .in = "a category" };
	struct source_category *c;

	table.keys = source_category_keys(&table.n);
	say_where(rd, group, where);
	c = source_draft_category(rd->draft, where);
	if (!is_made(rd, group, c))
		return;
	read_group_name(rd, group, "category", c->category.name);
	read_settings(rd, group, &table, c);
}

static void
read_rule(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	struct table table = { .in = "a rule" };
	struct source_rule *r;

	table.keys = source_rule_keys(&table.n);
	say_where(rd, group, where);
	r = source_draft_rule(rd->draft, where);
	if (!is_made(rd, group, r))
		return;
	read_group_name(rd, group, "rule", r->rule->name);
	read_settings(rd, group, &table, r);
}

static void
read_schedule(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	struct table table = { .in = "a schedule" };
	struct source_schedule *e;

	table.keys = source_schedule_keys(&table.n);
	say_where(rd, group, where);
	e = source_draft_schedule(rd->draft, where);
	if (!is_made(rd, group, e))
		return;
	read_group_name(rd, group, "schedule", e->name);
	read_settings(rd, group, &table, e);
	if (!e->own.set)
		conf_error(rd, group,
			"schedule \"%s\" says no time (add time, days, "
			"monthDays, months, validFrom or validUntil)",
			e->name);
}

static void
read_pool(struct reading *rd, const config_setting_t *group)
{
	char where[SOURCE_WHERE];
	struct table table = { .in = "a pool" };
	struct source_pool *p;

	table.keys = source_pool_keys(&table.n);
	say_where(rd, group, where);
	p = source_draft_pool(rd->draft, where);
	if (!is_made(rd, group, p))
		return;
	read_group_name(rd, group, "pool", p->pool.name);
	read_settings(rd, group, &table, p);
}

static void
read_groups(struct reading *rd, const config_setting_t *list,
	void (*read)(struct reading *, const config_setting_t *), int most)
{
	const char *key = config_setting_name(list);

	if (!config_setting_is_list(list)) {
		conf_error(rd, list,
			"%s: expected a list of groups: ( { ... } )", key);
		return;
	}
	if (config_setting_length(list) > most) {
		conf_error(rd, list, "%s: more than %d entries", key, most);
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *e =
			config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(e))
			read(rd, e);
		else
			conf_error(rd, e, "%s: expected a group: { ... }", key);
	}
}

static void
read_default(struct reading *rd, const config_setting_t *s)
{
	char value[SOURCE_VALUE];

	if (!conf_scalar(rd, s, "default", value))
		return;
	if (strcasecmp(value, "allow") == 0)
		rd->draft->default_set = SOURCE_DEFAULT_ALLOW;
	else if (strcasecmp(value, "deny") == 0)
		rd->draft->default_set = SOURCE_DEFAULT_DENY;
	else
		conf_error(rd, s,
			"default: \"%s\" is neither \"allow\" nor \"deny\"",
			value);
}

static void
read_identities(struct reading *rd, const config_setting_t *list)
{
	const int n = config_setting_length(list);
	const size_t room = n > IDENTITIES_MAX ? 0 : (size_t)n;

	rd->identities =
		(struct identity *)calloc(room + 1, sizeof(*rd->identities));
	if (is_made(rd, list, rd->identities))
		read_groups(rd, list, read_identity, IDENTITIES_MAX);
}

static void
read_categories(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_category, POLICY_CATEGORIES_MAX);
}

static void
read_pools(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_pool, POLICY_POOLS_MAX);
}

static void
read_schedules(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_schedule, SCHEDULES_MAX);
}

static void
read_rules(struct reading *rd, const config_setting_t *list)
{
	read_groups(rd, list, read_rule, POLICY_RULES_MAX);
}

/* In the order in which they must be read: rules refer to identities. */
static const struct conf_section policy_keys[] = {
	{ "default", read_default },
	{ "schedules", read_schedules },
	{ "identities", read_identities },
	{ "pools", read_pools },
	{ "categories", read_categories },
	{ "rules", read_rules },
};

void
conf_unknown(struct reading *rd, const config_setting_t *group,
	const struct conf_section *known, size_t n, const char *in)
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

void
conf_read_sections(struct reading *rd, const config_setting_t *group,
	const struct conf_section *known, size_t n)
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
		conf_error(
			rd, s, "policy: expected a group: policy = { ... };");
		return;
	}
	conf_unknown(rd, s, policy_keys, N, "policy");
	conf_read_sections(rd, s, policy_keys, N);
}

/* ---- the whole ---------------------------------------------------------- */

static const struct conf_section top_keys[] = {
	{ "policy", read_policy },
	{ "directory", conf_read_directory },
};

static void
read_top(struct reading *rd, const config_t *cf)
{
	enum { N = sizeof(top_keys) / sizeof(top_keys[0]) };
	const config_setting_t *root = config_root_setting(cf);

	conf_unknown(rd, root, top_keys, N, TOP);
	conf_read_sections(rd, root, top_keys, N);
}

static void
refuse_syntax(struct reading *rd, const config_t *cf)
{
	char where[SOURCE_WHERE];
	struct text t = text_over(where, sizeof(where));

	text_printf(&t, "%s:%d", rd->file, config_error_line(cf));
	source_report_add(rd->errors, where,
		"%s (a setting is name = value; groups are { }, lists ( ), "
		"text is in quotes)",
		config_error_text(cf));
}

/* libconfig ends the whole process when what is included cannot be read, and
 * loses without a word what follows an open comment. */
static bool
is_whole(struct reading *rd, const char *text)
{
	struct lex_fault fault;
	char where[SOURCE_WHERE];
	struct text t = text_over(where, sizeof(where));

	if (lex_check(text, strlen(text), &fault))
		return true;
	text_printf(&t, "%s:%u", rd->file, fault.line);
	source_report_add(rd->errors, where, "%s", fault.text);
	return false;
}

static bool
read_native(const char *text, const char *file, struct source_draft *draft,
	struct source_directory *ret_directory, struct source_report *errors)
{
	struct reading rd = { .file = file,
		.draft = draft,
		.directory = ret_directory,
		.errors = errors };
	size_t before = errors->count;
	char *ended = lex_ended(text);
	config_t cf;

	source_directory_defaults(ret_directory);
	config_init(&cf);
	if (text[0] == '\0')
		source_report_add(rd.errors, file,
			"the file is empty, as an editor or a full disk leaves "
			"one (if no rules are meant, remove the file or write "
			"a comment into it)");
	else if (!is_whole(&rd, text))
		; /* told */
	else if (config_read_string(&cf, ended ? ended : text))
		read_top(&rd, &cf);
	else
		refuse_syntax(&rd, &cf);
	config_destroy(&cf);
	free(ended);
	for (size_t i = 0; i < rd.n_identities; i++)
		source_draft_done(&rd.identities[i].members);
	free(rd.identities);
	return errors->count == before;
}

bool
source_format_valid(const char *format)
{
	return strcmp(format, "auto") == 0 || strcmp(format, "native") == 0 ||
	       strcmp(format, "aix") == 0;
}

bool
source_read(const char *text, const char *file, const char *format,
	struct source_draft *draft, struct source_directory *ret_directory,
	struct source_report *errors)
{
	bool aix = !format || strcmp(format, "auto") == 0
			   ? source_aix_is(text)
			   : strcmp(format, "aix") == 0;

	return (aix ? source_aix_read : read_native)(
		text, file, draft, ret_directory, errors);
}

bool
source_file_read(const char *text, const char *file, struct source_draft *draft,
	struct source_directory *ret_directory, struct source_report *errors)
{
	return source_read(text, file, NULL, draft, ret_directory, errors);
}

const char *
source_section_key(size_t i)
{
	enum { N = sizeof(policy_keys) / sizeof(policy_keys[0]) };

	return i < N ? policy_keys[i].name : conf_directory_key(i - N);
}
