/* SPDX-License-Identifier: ISC */

/* Entries to be converted, and what an attribute is in the other vocabulary. */

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert_int.h"

enum { KILOBIT_OCTETS = 125 };

static bool
grow(void **array, size_t *room, size_t count, size_t size)
{
	size_t more = *room * 2 + 16;
	void *p;

	if (count < *room)
		return true;
	p = reallocarray(*array, more, size);
	if (!p)
		return false;
	*array = p;
	*room = more;
	return true;
}

struct entry *
entries_add(struct entries *list, enum entry_kind kind, unsigned line)
{
	void *array = list->at;

	if (!grow(&array, &list->room, list->count, sizeof(*list->at))) {
		list->no_memory = true;
		return NULL;
	}
	list->at = (struct entry *)array;
	list->at[list->count] = (struct entry){ .kind = kind, .line = line };
	return &list->at[list->count++];
}

void
entry_add(struct entries *list, struct entry *e, const struct source_key *key,
	const char *text, unsigned line)
{
	void *array = e->values;
	struct entry_value *v;
	char *copy = strdup(text);

	if (!copy || !grow(&array, &e->room, e->n_values, sizeof(*e->values))) {
		free(copy);
		list->no_memory = true;
		return;
	}
	e->values = (struct entry_value *)array;
	v = &e->values[e->n_values++];
	v->key = key;
	v->text = copy;
	v->line = line;
}

void
entries_drop_last(struct entries *list)
{
	struct entry *e = &list->at[--list->count];

	for (size_t k = 0; k < e->n_values; k++)
		free(e->values[k].text);
	free(e->values);
}

void
entries_free(struct entries *list)
{
	while (list->count > 0)
		entries_drop_last(list);
	free(list->at);
	list->at = NULL;
}

void
entries_lose(struct entries *list, unsigned line, const char *fmt, ...)
{
	char where[SOURCE_WHERE];
	char what[512];
	struct text w = text_over(where, sizeof(where));
	struct text t = text_over(what, sizeof(what));
	va_list ap;

	text_printf(&w, "%s:%u", list->file, line);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	source_report_add(list->losses, where, "%s", what);
}

/* ---- vocabularies -------------------------------------------------------- */

static const struct source_key *
table(enum entry_kind kind, size_t *ret_count)
{
	return kind == ENTRY_CATEGORY ? source_category_keys(ret_count)
				      : source_rule_keys(ret_count);
}

const struct source_key *
entry_key(enum entry_kind kind, const char *name, bool directory)
{
	size_t n;
	const struct source_key *keys = table(kind, &n);

	for (size_t i = 0; i < n; i++) {
		const char *known = directory ? keys[i].ldap : keys[i].conf;

		if (known && (directory ? strcasecmp(known, name)
					: strcmp(known, name)) == 0)
			return &keys[i];
	}
	return NULL;
}

/* Conditions of which the directory has a classic form of its own. */
static const struct {
	const char *conf;
	const char *ldap;
} pairs[] = {
	{ "protocol", "ProtocolNumber" },
	{ "source", "SourceAddressRange" },
	{ "destination", "DestinationAddressRange" },
	{ "sourcePorts", "SourcePortRange" },
	{ "destPorts", "DestinationPortRange" },
};

static const struct source_key *
pair_of_rule(const struct source_key *key, bool directory)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (directory && key->conf &&
			strcmp(key->conf, pairs[i].conf) == 0)
			return entry_key(ENTRY_RULE, pairs[i].ldap, true);
		if (!directory && key->ldap &&
			strcasecmp(key->ldap, pairs[i].ldap) == 0)
			return entry_key(ENTRY_RULE, pairs[i].conf, false);
	}
	return NULL;
}

const struct source_key *
entry_pair(enum entry_kind kind, const struct source_key *key, bool directory)
{
	size_t n;
	const struct source_key *keys = table(kind, &n);

	if (directory ? key->ldap : key->conf)
		return key;
	if (kind == ENTRY_RULE)
		return pair_of_rule(key, directory);
	for (size_t i = 0; i < n; i++)
		if (keys[i].offset == key->offset &&
			!(directory ? keys[i].conf : keys[i].ldap) &&
			(directory ? keys[i].ldap : keys[i].conf))
			return &keys[i];
	return NULL;
}

const struct entry_value *
entry_find(const struct entry *e, const char *conf_name)
{
	for (size_t i = 0; i < e->n_values; i++) {
		const struct source_key *key =
			entry_pair(e->kind, e->values[i].key, false);

		if (key && strcmp(key->conf, conf_name) == 0)
			return &e->values[i];
	}
	return NULL;
}

/* A row that has one name only, of the table of categories, takes kilobits
 * under the directory's name and octets under the other. */
bool
entry_value_text(enum entry_kind kind, const struct entry_value *v,
	const struct source_key *to, char text[SOURCE_VALUE])
{
	struct text t = text_over(text, SOURCE_VALUE);
	char ignored[200];
	struct text why = text_over(ignored, sizeof(ignored));
	struct source_category scratch = { .tag = 0 };

	text_add(&t, v->text);
	if (kind != ENTRY_CATEGORY || to == v->key ||
		v->text[strspn(v->text, "0123456789")] != '\0')
		return !t.cut;
	if (to->conf)
		text_add(&t, " kbit");
	else if (v->key->read(v->key, "1 kbit/s", &scratch, &why))
		text_add(&t, " B/s");
	else
		text_add(&t, " B");
	return !t.cut;
}
