/* SPDX-License-Identifier: ISC */

/* policyd.conf and LDIF as entries. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aix_int.h"
#include "convert_int.h"

/* ---- values of the directory --------------------------------------------- */

/* What means anything, in a classic attribute. */
static bool
is_any(const struct source_key *key, const char *value)
{
	if (strstr(key->ldap, "AddressRange"))
		return strcmp(value, "0.0.0.0-0.0.0.0") == 0 ||
		       strcmp(value, "0") == 0 || strcmp(value, "0.0.0.0") == 0;
	if (strstr(key->ldap, "PortRange"))
		return strcmp(value, "0-0") == 0 || strcmp(value, "0") == 0;
	return false;
}

/* One value, or those between its commas. */
static void
add_value(struct entries *list, struct entry *e, const struct source_key *key,
	const char *value, unsigned line)
{
	char copy[SOURCE_VALUE];
	char *rest = copy;
	char *part;
	const bool several =
		e->kind == ENTRY_RULE && !key->conf &&
		(strstr(key->ldap, "PortRange") ||
			strcasecmp(key->ldap, "ProtocolNumber") == 0);

	if (!key->conf && e->kind == ENTRY_RULE && is_any(key, value))
		return;
	if (!several) {
		entry_add(list, e, key, value, line);
		return;
	}
	(void)text_copy(copy, sizeof(copy), value); /* as long as a value */
	while ((part = strsep(&rest, ","))) {
		part += strspn(part, " ");
		part[strcspn(part, " ")] = '\0';
		entry_add(list, e, key, part, line);
	}
}

static void
add_named(struct entries *list, struct entry *e, const char *conf_name,
	const char *value)
{
	const struct source_key *key = entry_key(e->kind, conf_name, false);

	if (key && !entry_find(e, conf_name))
		entry_add(list, e, key, value, e->line);
}

/* ---- policyd.conf -------------------------------------------------------- */

static void
ignore_fault(void *arg, unsigned line, const char *what)
{
	(void)arg; /* the text has been found to be a good one */
	(void)line;
	(void)what;
}

/* Words beside '-' and ',' belong together. */
static void
squeeze(char *value)
{
	char *to = value;

	for (const char *from = value; *from != '\0'; from++)
		if (*from != ' ' && *from != '\t')
			*to++ = *from;
	*to = '\0';
}

static void
read_attribute(struct entries *list, struct entry *e,
	const struct stanza_doc *doc, const struct stanza_attr *a)
{
	char name[64];
	char value[SOURCE_VALUE];
	const struct source_key *key;

	(void)stanza_text(doc, &a->name, name, sizeof(name)); /* known */
	if (!stanza_text(doc, &a->value, value, sizeof(value)))
		return; /* was refused */
	if (strcasecmp(name, "SelectorTag") == 0) {
		entries_lose(list, a->name.line,
			"SelectorTag: of no effect in a file");
		return;
	}
	key = aix_key(e->kind == ENTRY_RULE ? AIX_RULE : AIX_CATEGORY, name);
	if (a->words > 1)
		squeeze(value);
	if (key)
		add_value(list, e, key,
			strcasecmp(value, "Allowed") == 0   ? "allow"
			: strcasecmp(value, "Blocked") == 0 ? "deny"
							    : value,
			a->name.line);
}

/* What the reader of policyd.conf makes of attributes that are not there. */
static void
settle_category(struct entries *list, struct entry *e)
{
	const struct entry_value *rate = entry_find(e, "maxRate");
	const struct entry_value *type = entry_find(e, "flowServiceType");

	if (rate && strspn(rate->text, "0") == strlen(rate->text) &&
		!(type && strcasecmp(type->text, "Guaranteed") == 0)) {
		const size_t i = (size_t)(rate - e->values);

		free(e->values[i].text);
		e->values[i] = e->values[--e->n_values];
		rate = NULL;
	}
	if (rate && !type)
		add_named(list, e, "outProfileAction", "besteffort");
}

static const char *
scope_of(const struct stanza_doc *doc, const struct stanza *s)
{
	const struct stanza_attr *a = stanza_attr(doc, s, "PolicyScope");

	if (!a)
		return NULL;
	return stanza_is(doc, &a->value, "RSVP")   ? "RSVP"
	       : stanza_is(doc, &a->value, "Both") ? "Both"
						   : "DataTraffic";
}

/* That of the rule, of its category, or data traffic. */
static const char *
scope_of_rule(const struct stanza_doc *doc, const struct stanza *s)
{
	const struct stanza_attr *ref = stanza_attr(doc, s, "ServiceReference");
	const char *scope = scope_of(doc, s);

	for (size_t i = 0; i < doc->count && ref && !scope; i++) {
		const struct stanza *c = &doc->at[i];

		if (c->kind == AIX_CATEGORY && c->n_args > 0 &&
			c->args[0].len == ref->value.len &&
			memcmp(doc->text + c->args[0].at,
				doc->text + ref->value.at, ref->value.len) == 0)
			scope = scope_of(doc, c);
	}
	return scope ? scope : "DataTraffic";
}

static void
read_section(struct entries *list, const struct stanza_doc *doc,
	const struct stanza *s)
{
	const bool rule = s->kind == AIX_RULE;
	struct entry *e = entries_add(
		list, rule ? ENTRY_RULE : ENTRY_CATEGORY, s->keyword.line);

	if (!e)
		return;
	(void)stanza_text(doc, &s->args[0], e->name, sizeof(e->name));
	for (size_t i = 0; i < s->n_attrs; i++) {
		const struct stanza_attr *a = &doc->attrs[s->first + i];

		if (!stanza_is(doc, &a->name, "PolicyScope"))
			read_attribute(list, e, doc, a);
	}
	if (!rule) {
		settle_category(list, e);
		return;
	}
	add_named(list, e, "scope", scope_of_rule(doc, s));
	add_named(list, e, "protocol", "0");
}

bool
entries_read_aix(struct entries *list, const char *text)
{
	struct stanza_doc doc;
	struct aix_syntax syntax;

	aix_syntax_init(&syntax);
	(void)stanza_parse(
		&doc, text, syntax.kinds, ignore_fault, NULL); /* good */
	for (size_t i = 0; i < doc.count; i++) {
		const struct stanza *s = &doc.at[i];

		if (s->kind == AIX_CATEGORY || s->kind == AIX_RULE)
			read_section(list, &doc, s);
		else
			entries_lose(list, s->keyword.line,
				"%s: not converted (say it anew in the other "
				"file)",
				syntax.kinds[s->kind].name);
	}
	stanza_free(&doc);
	return !list->no_memory;
}

/* ---- LDIF ---------------------------------------------------------------- */

enum { UNKNOWN = 64 };

struct ldif {
	struct entries *list;
	struct source_report *errors;
	struct entry *entry;   /* being read; NULL: none of ours */
	char unknown[UNKNOWN]; /* an attribute of it that may matter, or "" */
	unsigned unknown_line;
	unsigned entry_line;
	unsigned line;
};

static void
ldif_refuse(struct ldif *l, const char *what)
{
	char where[SOURCE_WHERE];
	struct text t = text_over(where, sizeof(where));

	text_printf(&t, "%s:%u", l->list->file, l->line);
	source_report_add(l->errors, where, "%s", what);
}

/* The bytes of base64, in place; false when it is none, or holds a NUL. */
static bool
decode(char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	unsigned n = 0;
	char *to = s;

	for (const char *p = s; *p != '\0' && *p != '='; p++) {
		const char *d = strchr(digits, *p);

		if (!d)
			return false;
		bits = bits << 6 | (unsigned)(d - digits);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		*to = (char)(bits >> n & 0xff);
		if (*to++ == '\0')
			return false;
	}
	*to = '\0';
	return true;
}

static void
ldif_class(struct ldif *l, const char *value)
{
	const bool rule = strcasecmp(value, "ServicePolicyRules") == 0;

	if (l->entry || (!rule && strcasecmp(value, "ServiceCategories") != 0))
		return;
	l->entry = entries_add(
		l->list, rule ? ENTRY_RULE : ENTRY_CATEGORY, l->entry_line);
}

/* A later version's, or known but for an option (";lang-de"): it may be a
 * condition or a bound, as in the directory itself. */
static bool
may_matter(enum entry_kind kind, const char *name)
{
	char known[UNKNOWN];
	struct text t = text_over(known, sizeof(known));

	text_printf(&t, "%.*s", (int)strcspn(name, ";"), name);
	return strncasecmp(name, "qos", 3) == 0 || entry_key(kind, known, true);
}

static void
ldif_unknown(struct ldif *l, const char *name)
{
	if (may_matter(l->entry->kind, name)) {
		(void)text_copy(
			l->unknown, sizeof(l->unknown), name); /* cut is fine */
		l->unknown_line = l->line;
	} else {
		entries_lose(l->list, l->line, "%s: not converted", name);
	}
}

/* What is known would grant more without what is not. */
static void
ldif_leave_out(struct ldif *l)
{
	entries_lose(l->list, l->unknown_line,
		"%s \"%s\" is left out: attribute %s is not known",
		l->entry->kind == ENTRY_RULE ? "rule" : "category",
		l->entry->name, l->unknown);
	entries_drop_last(l->list);
}

static void
ldif_attribute(struct ldif *l, const char *name, const char *value)
{
	const struct source_key *key;

	if (strcasecmp(name, "objectClass") == 0) {
		ldif_class(l, value);
		return;
	}
	if (!l->entry || strcasecmp(name, "dn") == 0)
		return;
	key = entry_key(l->entry->kind, name, true);
	if (!key) {
		ldif_unknown(l, name);
		return;
	}
	if (strcasecmp(name, "serviceName") == 0 ||
		strcasecmp(name, "PolicyName") == 0) {
		if (!text_copy(l->entry->name, sizeof(l->entry->name), value))
			ldif_refuse(l, "a name longer than 63 characters");
	} else if (strlen(value) >= SOURCE_VALUE) {
		ldif_refuse(l, "a value longer than 1023 characters");
	} else {
		add_value(l->list, l->entry, key, value, l->line);
	}
}

/* "name: value", "name:: base64"; two passes, since the classes may come after
 * what they explain. */
static void
ldif_line(struct ldif *l, char *line, bool classes)
{
	char *value = strchr(line, ':');
	bool coded;

	if (!value) {
		if (classes)
			ldif_refuse(l, "neither \"name: value\" nor empty");
		return;
	}
	*value++ = '\0';
	coded = *value == ':';
	value += coded;
	value += strspn(value, " ");
	if (coded && !decode(value)) {
		if (classes)
			ldif_refuse(l, "not base64");
	} else if (classes == (strcasecmp(line, "objectClass") == 0)) {
		ldif_attribute(l, line, value);
	}
}

static void
ldif_pass(struct ldif *l, const char *text, size_t len, bool classes)
{
	char *copy = strndup(text, len);
	char *rest = copy;
	char *line;

	if (!copy)
		l->list->no_memory = true;
	for (l->line = l->entry_line; copy && (line = strsep(&rest, "\n"));
		l->line++)
		if (line[0] != '#' && line[0] != '\0')
			ldif_line(l, line, classes);
	free(copy);
}

/* Lines that begin with a blank go on the one before; their places are kept by
 * empty lines behind it, marked so that they end no entry. */
static char *
unfold(const char *text)
{
	char *out = (char *)calloc(strlen(text) + 2, 1);
	char *to = out;
	size_t gone = 0;

	for (const char *p = text; out && *p != '\0'; p++) {
		if (*p == '\r')
			continue;
		if (*p == '\n' && p[1] == ' ') {
			gone++;
			p++;
			continue;
		}
		*to++ = *p;
		while (*p == '\n' && gone > 0) {
			*to++ = '#';
			*to++ = '\n';
			gone--;
		}
	}
	if (out)
		*to = '\0';
	return out;
}

/* Up to the empty line, or to the name of the next entry. */
static size_t
entry_length(const char *text)
{
	const char *empty = strstr(text, "\n\n");
	const char *next = strstr(text, "\ndn:");

	if (!next || (empty && empty < next))
		next = empty;
	return next ? (size_t)(next - text) : strlen(text);
}

bool
entries_read_ldif(
	struct entries *list, const char *text, struct source_report *errors)
{
	struct ldif l = { .list = list, .errors = errors, .entry_line = 1 };
	char *plain = unfold(text);
	const size_t before = errors->count;

	if (!plain)
		return false;
	for (const char *p = plain; *p != '\0';) {
		const size_t len = entry_length(p);

		l.entry = NULL;
		l.unknown[0] = '\0';
		ldif_pass(&l, p, len, true);
		ldif_pass(&l, p, len, false);
		if (l.entry && l.entry->name[0] == '\0') {
			l.line = l.entry_line;
			ldif_refuse(&l, "an entry without a name");
		}
		if (l.entry && l.unknown[0] != '\0')
			ldif_leave_out(&l);
		for (size_t i = 0; i < len; i++)
			l.entry_line += p[i] == '\n';
		for (p += len; *p == '\n'; p++)
			l.entry_line++;
	}
	free(plain);
	return errors->count == before && !list->no_memory;
}
