/* SPDX-License-Identifier: ISC */

/*
 * policyd.conf in the syntax of AIX to a draft.
 *
 * The published table of attributes is followed; what it leaves open is read so
 * that an AIX file means here what it meant there: a rule without PolicyScope
 * governs data traffic, 0.0.0.0-0.0.0.0 and 0-0 are any, ProtocolNumber 0 is
 * none, a kilobit has 1000 bits.  Errors name file, line and remedy, and all of
 * them are told at once.
 */

#include "aix_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"

enum { NEAR = 4, LOGLEVEL_MOST = 65535, LDAP_PORT = 389 };

struct aix_reading {
	const char *file;
	struct stanza_doc doc;
	struct source_draft *draft;
	struct source_directory *directory;
	struct source_report *errors;
	/* enum policy_scope of each category of the draft; 0: not said. */
	uint8_t *category_scopes;
	uint16_t port;
	bool directory_seen;
};

/* ---- messages ------------------------------------------------------------ */

static void
say_where(const struct aix_reading *rd, unsigned line, char *where)
{
	struct text t = text_over(where, SOURCE_WHERE);

	text_printf(&t, "%s:%u", rd->file, line);
}

static void
say(const struct aix_reading *rd, struct source_report *report, unsigned line,
	const char *fmt, va_list ap)
{
	char where[SOURCE_WHERE];
	char what[512];
	struct text t = text_over(what, sizeof(what));

	say_where(rd, line, where);
	text_vprintf(&t, fmt, ap);
	source_report_add(report, where, "%s", what);
}

static void refuse(struct aix_reading *rd, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static void
refuse(struct aix_reading *rd, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(rd, rd->errors, line, fmt, ap);
	va_end(ap);
}

static void note(struct aix_reading *rd, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static void
note(struct aix_reading *rd, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(rd, &rd->draft->notes, line, fmt, ap);
	va_end(ap);
}

static void
take_fault(void *arg, unsigned line, const char *what)
{
	refuse((struct aix_reading *)arg, line, "%s", what);
}

/* ---- values -------------------------------------------------------------- */

/* "1.2.3.1 - 1.2.3.4" is one value: no blanks beside '-' and ','. */
static void
close_up(char *value)
{
	char *to = value;

	for (const char *from = value; *from != '\0'; from++) {
		const char *next = from + strspn(from, " \t");

		if (isblank((unsigned char)*from) &&
			(strchr("-,", *next) ||
				(to > value && strchr("-,", to[-1]))))
			continue;
		*to++ = *from;
	}
	*to = '\0';
}

/* The value as text; false, and the error said, when it is too long, or has
 * several words where one is wanted. */
static bool
value_of(struct aix_reading *rd, const struct stanza_attr *a, bool words,
	char value[SOURCE_VALUE])
{
	char name[64];

	(void)stanza_text(&rd->doc, &a->name, name, sizeof(name)); /* known */
	if (!stanza_text(&rd->doc, &a->value, value, SOURCE_VALUE)) {
		refuse(rd, a->name.line, "%s: longer than %d characters", name,
			SOURCE_VALUE - 1);
		return false;
	}
	if (a->words < 2 || words)
		return true;
	close_up(value);
	if (!strpbrk(value, " \t"))
		return true;
	refuse(rd, a->name.line,
		"%s: takes one value, not several words (remove the rest of "
		"the line)",
		name);
	return false;
}

/* A whole number, or false and the error said. */
static bool
number_of(struct aix_reading *rd, const struct stanza_word *word,
	const char *what, unsigned long most, unsigned long *ret)
{
	char text[32];
	char *end;
	bool whole = stanza_text(&rd->doc, word, text, sizeof(text));
	unsigned long v = strtoul(text, &end, 10);

	if (whole && isdigit((unsigned char)text[0]) && *end == '\0' &&
		v <= most) {
		*ret = v;
		return true;
	}
	refuse(rd, word->line, "%s: not a whole number from 0 to %lu", what,
		most);
	return false;
}

/* The name behind the keyword; "" and the error said when it is none. */
static void
name_of(struct aix_reading *rd, const struct stanza *s, char name[POLICY_NAME])
{
	bool whole = s->n_args > 0 &&
		     stanza_text(&rd->doc, &s->args[0], name, POLICY_NAME);

	if (whole && policy_name_valid(name))
		return;
	name[0] = '\0';
	if (s->n_args > 0) /* else told */
		refuse(rd, s->keyword.line,
			"the name is not one (1 to 63 printable ASCII "
			"characters)");
}

/* ---- attributes of categories and rules ---------------------------------- */

static void
unknown_attribute(struct aix_reading *rd, const struct stanza *s,
	const struct stanza_attr *a)
{
	struct aix_syntax syntax;
	char name[48];
	char shown[200];
	struct text t = text_over(shown, sizeof(shown));
	const char *near = NULL;
	size_t best = NEAR;

	(void)stanza_text(&rd->doc, &a->name, name, sizeof(name)); /* cut */
	text_add_escaped(&t, name, strlen(name));
	aix_syntax_init(&syntax);
	for (const struct stanza_key *k = syntax.kinds[s->kind].keys; k->name;
		k++) {
		size_t d = text_distance(name, k->name, best);

		if (d < best) {
			best = d;
			near = k->name;
		}
	}
	refuse(rd, a->name.line, "unknown attribute \"%s\" in %s (%s%s%s)",
		shown, syntax.kinds[s->kind].name,
		near ? "did you mean " : "policyd.conf(5) lists them",
		near ? near : "", near ? "?" : "");
}

/* Written twice, where once is enough? */
static bool
is_double(struct aix_reading *rd, const struct stanza *s,
	const struct stanza_attr *a, const char *name)
{
	const struct stanza_attr *first = stanza_attr(&rd->doc, s, name);

	if (!first || first == a)
		return false;
	refuse(rd, a->name.line,
		"%s: a second value (the first is in line %u; "
		"keep one)",
		name, first->name.line);
	return true;
}

/* Values that the file has another word for. */
static const char *
classic_value(const struct source_key *key, const char *value)
{
	if (strcasecmp(key->ldap, "qosPermission") == 0)
		return strcasecmp(value, "Allowed") == 0   ? "allow"
		       : strcasecmp(value, "Blocked") == 0 ? "deny"
							   : value;
	if (strstr(key->ldap, "AddressRange") &&
		(strcmp(value, "0") == 0 || strcmp(value, "0.0.0.0") == 0))
		return "0.0.0.0-0.0.0.0";
	return value;
}

/* The octet of an OutgoingTOS, that ECN has a part of. */
static void
look_at_tos(struct aix_reading *rd, unsigned line, const char *value)
{
	if (strlen(value) < 7 || !strchr(value + 6, '1'))
		return;
	note(rd, line,
		"OutgoingTOS %s: the last two bits belong to ECN (RFC 3168) "
		"and are left as each packet has them",
		value);
}

static void
read_attribute(struct aix_reading *rd, const struct stanza *s,
	const struct stanza_attr *a, void *target)
{
	char name[64];
	char value[SOURCE_VALUE];
	char why[256];
	struct text t = text_over(why, sizeof(why));
	const struct source_key *key = NULL;

	if (stanza_text(&rd->doc, &a->name, name, sizeof(name)))
		key = aix_key((enum aix_kind)s->kind, name);
	if (!key) {
		unknown_attribute(rd, s, a);
		return;
	}
	if (a->words == 0 || (!key->many && is_double(rd, s, a, name)) ||
		!value_of(rd, a, false, value))
		return; /* told */

	const char *v = classic_value(key, value);

	if (!key->read(key, v, target, &t))
		refuse(rd, a->name.line, "%s: %s", name, why);
	else if (strcasecmp(key->ldap, "OutgoingTos") == 0)
		look_at_tos(rd, a->name.line, v);
}

/* enum policy_scope of the section; 0: none, or the error said. */
static uint8_t
read_scope(struct aix_reading *rd, const struct stanza *s)
{
	static const char *const words[] = { [POLICY_SCOPE_DATA] =
						     "DataTraffic",
		[POLICY_SCOPE_RSVP] = "RSVP",
		[POLICY_SCOPE_BOTH] = "Both" };
	const struct stanza_attr *a = stanza_attr(&rd->doc, s, "PolicyScope");

	if (!a || a->words == 0)
		return 0;
	for (unsigned i = POLICY_SCOPE_DATA; i <= POLICY_SCOPE_BOTH; i++)
		if (stanza_is(&rd->doc, &a->value, words[i]))
			return (uint8_t)i;
	refuse(rd, a->name.line,
		"PolicyScope: not one of DataTraffic, RSVP, Both");
	return 0;
}

/* All but those that a section's own code reads. */
static void
read_attributes(struct aix_reading *rd, const struct stanza *s, void *target)
{
	for (size_t i = 0; i < s->n_attrs; i++) {
		const struct stanza_attr *a = &rd->doc.attrs[s->first + i];

		if (stanza_is(&rd->doc, &a->name, "PolicyScope"))
			(void)is_double(rd, s, a, "PolicyScope"); /* told */
		/* It selects entries of a directory; a file is chosen whole. */
		else if (!stanza_is(&rd->doc, &a->name, "SelectorTag"))
			read_attribute(rd, s, a, target);
	}
}

/* ---- categories and rules ------------------------------------------------ */

/* Shaping, with no rate to shape to. */
static void
check_guaranteed(struct aix_reading *rd, const struct stanza *s, uint8_t scope)
{
	const struct stanza_attr *type =
		stanza_attr(&rd->doc, s, "FlowServiceType");

	if (type && stanza_is(&rd->doc, &type->value, "Guaranteed") &&
		!stanza_attr(&rd->doc, s, "MaxRate") &&
		scope != POLICY_SCOPE_RSVP)
		refuse(rd, type->name.line,
			"FlowServiceType Guaranteed shapes, and there is no "
			"MaxRate to shape to (add MaxRate, or take "
			"ControlledLoad)");
}

/* What the published table has as defaults: a rate of 0 is none; beyond a rate
 * packets are sent with a TOS of 0. */
static void
settle_classic(struct source_category *from)
{
	struct policy_category *c = &from->category;

	if (c->rate_Bps == 0 && from->flow_service != POLICY_SERVICE_GS)
		c->rate_Bps = POLICY_UNLIMITED;
	if (c->rate_Bps != POLICY_UNLIMITED && c->excess == POLICY_UNLIMITED &&
		from->flow_service == POLICY_SERVICE_ANY)
		c->excess = POLICY_EXCESS_BEST_EFFORT;
}

static void
read_category(struct aix_reading *rd, const struct stanza *s)
{
	char where[SOURCE_WHERE];
	struct source_category *c;
	uint8_t scope = read_scope(rd, s);
	uint8_t *scopes = (uint8_t *)realloc(
		rd->category_scopes, rd->draft->n_categories + 1);

	say_where(rd, s->keyword.line, where);
	c = scopes ? source_draft_category(rd->draft, where) : NULL;
	if (scopes)
		rd->category_scopes = scopes;
	if (!c) {
		refuse(rd, s->keyword.line, "no memory");
		return;
	}
	name_of(rd, s, c->category.name);
	read_attributes(rd, s, c);
	check_guaranteed(rd, s, scope);
	settle_classic(c);
	scopes[rd->draft->n_categories - 1] = scope;
}

/* No protocol, and protocol 0, match nothing, as on AIX. */
static void
check_protocol(
	struct aix_reading *rd, const struct stanza *s, struct source_rule *r)
{
	const struct stanza_attr *a =
		stanza_attr(&rd->doc, s, "ProtocolNumber");
	const struct source_key *key = aix_key(AIX_RULE, "ProtocolNumber");
	char ignored[64];
	struct text t = text_over(ignored, sizeof(ignored));

	if (a && !stanza_is(&rd->doc, &a->value, "0"))
		return;
	if (!a && !key->read(key, "0", r, &t))
		refuse(rd, s->keyword.line, "no memory");
	note(rd, a ? a->name.line : s->keyword.line,
		"rule \"%s\" %s and matches nothing (name the protocol: "
		"ProtocolNumber 6 is TCP, 17 is UDP)",
		r->rule->name,
		a ? "has ProtocolNumber 0" : "has no ProtocolNumber");
}

static void
read_rule(struct aix_reading *rd, const struct stanza *s)
{
	char where[SOURCE_WHERE];
	struct source_rule *r;
	uint8_t scope = read_scope(rd, s);

	say_where(rd, s->keyword.line, where);
	r = source_draft_rule(rd->draft, where);
	if (!r) {
		refuse(rd, s->keyword.line, "no memory");
		return;
	}
	name_of(rd, s, r->rule->name);
	read_attributes(rd, s, r);
	check_protocol(rd, s, r);
	if (!stanza_attr(&rd->doc, s, "ServiceReference"))
		refuse(rd, s->keyword.line,
			"rule \"%s\" has no ServiceReference (name the service "
			"category that it uses)",
			r->rule->name);
	if (scope != 0)
		r->rule->scope = scope;
	r->scope_set = scope != 0;
}

struct scoped {
	const char *name; /* of a category that says its scope */
	uint8_t scope;
};

static int
compare_scoped(const void *a, const void *b)
{
	return strcmp(((const struct scoped *)a)->name,
		((const struct scoped *)b)->name);
}

/* A rule that does not say its scope has that of its category, else data
 * traffic. */
static void
settle_scopes(struct aix_reading *rd)
{
	const struct source_draft *d = rd->draft;
	struct scoped *list =
		(struct scoped *)calloc(d->n_categories + 1, sizeof(*list));
	size_t n = 0;

	if (!list) {
		refuse(rd, 1, "no memory");
		return;
	}
	for (size_t i = 0; i < d->n_categories; i++)
		if (rd->category_scopes[i] != 0)
			list[n++] =
				(struct scoped){ d->categories[i].category.name,
					rd->category_scopes[i] };
	qsort(list, n, sizeof(*list), compare_scoped);
	for (size_t i = 0; i < d->n_rules; i++) {
		struct source_rule *r = &d->rules[i];
		const struct scoped key = { r->category, 0 };
		const struct scoped *found = NULL;

		if (!r->scope_set)
			found = (const struct scoped *)bsearch(
				&key, list, n, sizeof(*list), compare_scoped);
		if (found)
			r->rule->scope = found->scope;
		r->scope_set = true;
	}
	free(list);
}

/* ---- directory ----------------------------------------------------------- */

static bool
is_uri(const char *server)
{
	return strncasecmp(server, "ldap://", 7) == 0 ||
	       strncasecmp(server, "ldaps://", 8) == 0 ||
	       strncasecmp(server, "ldapi://", 8) == 0;
}

static void
read_server(
	struct aix_reading *rd, const struct stanza_attr *a, const char *value)
{
	struct source_directory *d = rd->directory;
	struct addr addr;
	struct text t;
	bool v6 = addr_parse(value, &addr) && addr.family == ADDR_V6;

	if (d->n_uris == SOURCE_URIS) {
		refuse(rd, a->name.line, "LDAP_Server: at most %d",
			SOURCE_URIS);
		return;
	}
	if (value[strspn(value, "0123456789abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ.:-_/%[]")] !=
		'\0') {
		refuse(rd, a->name.line,
			"LDAP_Server: not the address or name of a host");
		return;
	}
	t = text_over(d->uris[d->n_uris], SOURCE_TEXT);
	if (is_uri(value)) {
		text_add(&t, value);
	} else {
		text_printf(&t, v6 ? "ldap://[%s]:%u" : "ldap://%s:%u", value,
			rd->port);
		if (!source_uri_is_local(d->uris[d->n_uris]))
			note(rd, a->name.line,
				"LDAP_Server %s is asked in clear, as AIX does "
				"(write ldaps://%s for a directory that "
				"proves who it is)",
				value, value);
		d->in_clear[d->n_uris] = true;
	}
	if (t.cut)
		refuse(rd, a->name.line,
			"LDAP_Server: longer than %d characters",
			SOURCE_TEXT - 20);
	d->n_uris++;
}

static void
read_tag(struct aix_reading *rd, const struct stanza_attr *a, const char *value)
{
	struct source_directory *d = rd->directory;

	if (value[0] != '\0' && d->n_tags < SOURCE_TAGS &&
		text_copy(d->tags[d->n_tags], SOURCE_TAG, value))
		d->n_tags++;
	else
		refuse(rd, a->name.line,
			"LDAP_SelectedTag: at most %d of 1 to %d characters",
			SOURCE_TAGS, SOURCE_TAG - 1);
}

static void
read_directory_attribute(struct aix_reading *rd, const struct stanza *s,
	const struct stanza_attr *a)
{
	char value[SOURCE_VALUE];
	bool base = stanza_is(&rd->doc, &a->name, "Base");

	if (a->words == 0 || !value_of(rd, a, base, value))
		return; /* told */
	if (stanza_is(&rd->doc, &a->name, "LDAP_Server")) {
		read_server(rd, a, value);
	} else if (stanza_is(&rd->doc, &a->name, "LDAP_SelectedTag")) {
		read_tag(rd, a, value);
	} else if (base) {
		if (!is_double(rd, s, a, "Base") &&
			!text_copy(rd->directory->base, SOURCE_TEXT, value))
			refuse(rd, a->name.line,
				"Base: longer than %d characters",
				SOURCE_TEXT - 1);
	} else if (!stanza_is(&rd->doc, &a->name, "LDAP_Port")) {
		unknown_attribute(rd, s, a);
	}
}

/* The port counts for the servers, wherever it stands. */
static void
read_port(struct aix_reading *rd, const struct stanza *s)
{
	const struct stanza_attr *a = stanza_attr(&rd->doc, s, "LDAP_Port");
	unsigned long port = LDAP_PORT;

	if (a && a->words > 0 &&
		number_of(rd, &a->value, "LDAP_Port", UINT16_MAX, &port) &&
		port == 0)
		refuse(rd, a->name.line,
			"LDAP_Port: 0 is no port (389 is "
			"usual)");
	rd->port = (uint16_t)port;
}

static void
read_directory(struct aix_reading *rd, const struct stanza *s)
{
	struct source_directory *d = rd->directory;

	if (rd->directory_seen) {
		refuse(rd, s->keyword.line,
			"a second ReadFromDirectory (one is possible; it may "
			"name several LDAP_Server)");
		return;
	}
	rd->directory_seen = true;
	d->present = true;
	read_port(rd, s);
	for (size_t i = 0; i < s->n_attrs; i++)
		read_directory_attribute(rd, s, &rd->doc.attrs[s->first + i]);
	if (!stanza_attr(&rd->doc, s, "LDAP_Server"))
		refuse(rd, s->keyword.line,
			"ReadFromDirectory: LDAP_Server is missing (name the "
			"directory's host)");
	if (!stanza_attr(&rd->doc, s, "Base"))
		refuse(rd, s->keyword.line,
			"ReadFromDirectory: Base is missing (name the entry "
			"that the policy is below)");
	if (d->n_tags == 0)
		source_directory_tags(d);
}

/* ---- the whole ----------------------------------------------------------- */

static void
read_loglevel(struct aix_reading *rd, const struct stanza *s)
{
	unsigned long v;

	if (s->n_args > 0 &&
		number_of(rd, &s->args[0], "loglevel", LOGLEVEL_MOST, &v))
		rd->draft->loglevel = (int32_t)v;
}

static void
read_statement(struct aix_reading *rd, const struct stanza *s)
{
	switch ((enum aix_kind)s->kind) {
	case AIX_LOGLEVEL:
		read_loglevel(rd, s);
		break;
	case AIX_DIRECTORY:
		read_directory(rd, s);
		break;
	case AIX_CATEGORY:
		if (rd->draft->n_categories < POLICY_CATEGORIES_MAX)
			read_category(rd, s);
		else
			refuse(rd, s->keyword.line, "more than %d categories",
				POLICY_CATEGORIES_MAX);
		break;
	case AIX_RULE:
		if (rd->draft->n_rules < POLICY_RULES_MAX)
			read_rule(rd, s);
		else
			refuse(rd, s->keyword.line, "more than %d rules",
				POLICY_RULES_MAX);
		break;
	case AIX_KINDS:
		break;
	}
}

/* 1 to 4 are errors, 8 warnings, 16 to 128 what happens, 256 everything. */
void
source_aix_loglevel(const struct source_draft *draft)
{
	const int32_t mask = draft->loglevel;

	if (mask > 0)
		log_set((mask & 256) != 0   ? LOG_LEVEL_DEBUG
			: (mask & 240) != 0 ? LOG_LEVEL_INFO
			: (mask & 8) != 0   ? LOG_LEVEL_WARN
					    : LOG_LEVEL_ERR,
			0);
}

bool
source_aix_is(const char *text)
{
	struct aix_syntax syntax;

	aix_syntax_init(&syntax);
	return stanza_is_classic(text, syntax.kinds);
}

bool
source_aix_read(const char *text, const char *file, struct source_draft *draft,
	struct source_directory *ret_directory, struct source_report *errors)
{
	struct aix_reading rd = { .file = file,
		.draft = draft,
		.directory = ret_directory,
		.errors = errors };
	struct aix_syntax syntax;
	size_t before = errors->count;

	source_directory_defaults(ret_directory);
	aix_syntax_init(&syntax);
	(void)stanza_parse(
		&rd.doc, text, syntax.kinds, take_fault, &rd); /* told */
	for (size_t i = 0; i < rd.doc.count; i++)
		read_statement(&rd, &rd.doc.at[i]);
	if (errors->count == before)
		settle_scopes(&rd);
	free(rd.category_scopes);
	stanza_free(&rd.doc);
	return errors->count == before;
}
