/* SPDX-License-Identifier: ISC */

/* policy.conf as entries to be converted: categories and rules with the text of
 * their values; users and groups of identities become the rule's. */

#include "source_conf_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/lex.h"
#include "convert_int.h"

struct walk {
	struct reading rd; /* for conf_each_value() */
	struct entries *list;
	struct entry *entry;
	const struct source_key *key;
	const config_setting_t *identities;
};

static bool
take_value(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct walk *w = (struct walk *)arg;

	(void)rd; /* the walk's */
	entry_add(w->list, w->entry, w->key, value,
		config_setting_source_line(s));
	return true;
}

static void
take_key(struct walk *w, const config_setting_t *s)
{
	w->key = entry_key(w->entry->kind, config_setting_name(s), false);
	if (w->key)
		(void)conf_each_value(
			&w->rd, s, true, take_value, w); /* was read before */
}

/* who = "NAME" */
static bool
take_identity(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct walk *w = (struct walk *)arg;
	const int n = w->identities ? config_setting_length(w->identities) : 0;

	(void)rd; /* the walk's */
	for (int i = 0; i < n; i++) {
		const config_setting_t *id =
			config_setting_get_elem(w->identities, (unsigned)i);
		const char *name = "";

		(void)config_setting_lookup_string(id, "name", &name);
		if (strcmp(name, value) != 0)
			continue;
		for (int k = 0; k < config_setting_length(id); k++) {
			const config_setting_t *m =
				config_setting_get_elem(id, (unsigned)k);

			if (strcmp(config_setting_name(m), "name") != 0)
				take_key(w, m);
		}
		entries_lose(w->list, config_setting_source_line(s),
			"rule \"%s\": the name of the identity \"%s\"; its "
			"members are written out",
			w->entry->name, value);
	}
	return true;
}

static void
read_entry(struct walk *w, enum entry_kind kind, const config_setting_t *group)
{
	const char *name = "";

	w->entry =
		entries_add(w->list, kind, config_setting_source_line(group));
	if (!w->entry)
		return;
	(void)config_setting_lookup_string(group, "name", &name);
	(void)text_copy(w->entry->name, POLICY_NAME, name); /* fits */
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		const char *key = config_setting_name(s);

		if (strcmp(key, "who") == 0)
			(void)conf_each_value(&w->rd, s, true, take_identity,
				w); /* was read before */
		else if (strcmp(key, "name") != 0)
			take_key(w, s);
	}
}

static void
read_list(struct walk *w, enum entry_kind kind, const config_setting_t *list)
{
	for (int i = 0; list && i < config_setting_length(list); i++)
		read_entry(w, kind, config_setting_get_elem(list, (unsigned)i));
}

/* All but what is converted. */
static void
lose_rest(struct walk *w, const config_t *cf, const config_setting_t *policy)
{
	const config_setting_t *root = config_root_setting(cf);
	static const char *const done[] = { "policy", "identities",
		"categories", "rules" };
	const config_setting_t *const groups[] = { root, policy };

	for (size_t g = 0; g < 2 && groups[g]; g++)
		for (int i = 0; i < config_setting_length(groups[g]); i++) {
			const config_setting_t *s =
				config_setting_get_elem(groups[g], (unsigned)i);
			bool known = false;

			for (size_t k = 0; k < 4; k++)
				known = known || strcmp(config_setting_name(s),
							 done[k]) == 0;
			if (!known)
				entries_lose(w->list,
					config_setting_source_line(s),
					"%s: not converted (say it anew in "
					"the other file)",
					config_setting_name(s));
		}
}

bool
entries_read_conf(struct entries *list, const char *text)
{
	struct source_report ignored = { 0 };
	struct walk w = { .rd = { .file = list->file, .errors = &ignored },
		.list = list };
	char *ended = lex_ended(text);
	config_t cf;
	bool good;

	config_init(&cf);
	good = config_read_string(&cf, ended ? ended : text) == CONFIG_TRUE;
	if (good) {
		const config_setting_t *policy = config_lookup(&cf, "policy");

		w.identities = config_lookup(&cf, "policy.identities");
		read_list(&w, ENTRY_CATEGORY,
			config_lookup(&cf, "policy.categories"));
		read_list(&w, ENTRY_RULE, config_lookup(&cf, "policy.rules"));
		lose_rest(&w, &cf, policy);
	}
	config_destroy(&cf);
	free(ended);
	source_report_done(&ignored);
	return good && !list->no_memory;
}
