/* SPDX-License-Identifier: ISC */

/* Sections of policyd.conf: found, added, changed, taken out; text to text. */

#include "ctl/qos.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct stanza_key directory_keys[] = {
	{ "LDAP_Server", false },
	{ "LDAP_Port", false },
	{ "Base", false },
	{ "LDAP_SelectedTag", false },
	{ NULL, false },
};
/* Where an attribute ends on a line that has several; policyd knows the rest,
 * all of which begin with "qos". */
static const struct stanza_key service_keys[] = {
	{ "PolicyScope", false },
	{ "SelectorTag", false },
	{ "MaxRate", false },
	{ "MaxTokenBucket", false },
	{ "OutgoingTOS", false },
	{ "FlowServiceType", false },
	{ "Permission", false },
	{ "MaxRatePerFlow", false },
	{ "MaxTokenBucketPerFlow", false },
	{ "MaxFlows", false },
	{ NULL, false },
};
static const struct stanza_key policy_keys[] = {
	{ "PolicyScope", false },
	{ "SelectorTag", false },
	{ "ProtocolNumber", false },
	{ "SourceAddressRange", false },
	{ "DestinationAddressRange", false },
	{ "SourcePortRange", false },
	{ "DestinationPortRange", false },
	{ "PolicyRulePriority", false },
	{ "ServiceReference", false },
	{ "Permission", false },
	{ NULL, false },
};
static const struct stanza_kind kinds[] = {
	[QOS_LOGLEVEL] = { "loglevel", 1, 1, STANZA_BARE, NULL, NULL },
	[QOS_DIRECTORY] = { "ReadFromDirectory", 0, 0, STANZA_MUST,
		directory_keys, NULL },
	[QOS_SERVICE] = { "ServiceCategories", 1, 1, STANZA_MUST, service_keys,
		"qos" },
	[QOS_POLICY] = { "ServicePolicyRules", 1, 1, STANZA_MUST, policy_keys,
		"qos" },
	{ NULL, 0, 0, STANZA_BARE, NULL, NULL },
};

struct faults {
	const struct qos *qos;
};

static void
tell_fault(void *arg, unsigned line, const char *what)
{
	const struct faults *f = (const struct faults *)arg;

	qos_complain(f->qos, "%s:%u: %s", f->qos->file, line, what);
}

bool
qos_parse(const struct qos *qos, const char *text, struct stanza_doc *doc)
{
	struct faults f = { qos };

	return stanza_parse(doc, text, kinds, tell_fault, &f);
}

const char *
qos_kind_word(enum qos_kind kind)
{
	return kind == QOS_SERVICE ? "service" : "policy";
}

static bool
is_named(const struct stanza_doc *doc, const struct stanza *s, const char *name)
{
	return s->n_args > 0 && s->args[0].len == strlen(name) &&
	       memcmp(doc->text + s->args[0].at, name, s->args[0].len) == 0;
}

const struct stanza *
qos_find(const struct stanza_doc *doc, enum qos_kind kind, const char *name)
{
	for (size_t i = 0; i < doc->count; i++)
		if (doc->at[i].kind == (size_t)kind &&
			is_named(doc, &doc->at[i], name))
			return &doc->at[i];
	return NULL;
}

/* What the syntax cannot hold, in quotes or not. */
static bool
is_plain(const struct qos *qos, const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\177') {
			qos_complain(qos,
				"a value with a quote or a control character "
				"cannot be written into the file (leave it "
				"out)");
			return false;
		}
	return true;
}

static bool
are_plain(const struct qos *qos, const char *name,
	const struct qos_value values[QOS_VALUES])
{
	bool plain = is_plain(qos, name);

	for (size_t i = 0; i < QOS_VALUES && plain; i++)
		plain = !values[i].value || is_plain(qos, values[i].value);
	return plain;
}

static char *
no_memory(const struct qos *qos)
{
	qos_complain(qos, "no memory");
	return NULL;
}

/* ---- add ----------------------------------------------------------------- */

static void
add_word(struct text *t, const char *word)
{
	bool quote = word[0] == '\0' || strpbrk(word, " \t{}#") != NULL;

	text_printf(t, quote ? "\"%s\"" : "%s", word);
}

/* The lines of a new section, in the manner of the published sample. */
static bool
write_section(struct text *t, enum qos_kind kind, const char *name,
	const struct qos_value values[QOS_VALUES])
{
	text_printf(t, "%s ", kinds[kind].name);
	add_word(t, name);
	text_add(t, "\n{\n");
	for (size_t i = 0; i < QOS_VALUES; i++) {
		if (!values[i].value)
			continue;
		text_printf(t, "        %-24s", values[i].attribute);
		add_word(t, values[i].value);
		text_add(t, "\n");
	}
	text_add(t, "}\n");
	return !t->cut;
}

char *
qos_add_section(const struct qos *qos, const char *text, enum qos_kind kind,
	const char *name, const struct qos_value values[QOS_VALUES])
{
	struct stanza_doc doc;
	char lines[16384];
	struct text t = text_over(lines, sizeof(lines));
	char *out = NULL;
	const size_t len = strlen(text);

	if (!are_plain(qos, name, values))
		return NULL;
	if (!qos_parse(qos, text, &doc)) {
		stanza_free(&doc);
		return NULL;
	}
	/* An empty line before it. */
	if (len > 1 && !(text[len - 1] == '\n' && text[len - 2] == '\n'))
		text_add(&t, "\n");
	if (qos_find(&doc, kind, name))
		qos_complain(qos, "%s %s exists (change it with qosmod)",
			qos_kind_word(kind), name);
	else if (!write_section(&t, kind, name, values))
		qos_complain(qos, "the values are too long");
	else if (!(out = stanza_append(&doc, lines)))
		(void)no_memory(qos); /* NULL */
	stanza_free(&doc);
	return out;
}

/* ---- change -------------------------------------------------------------- */

/* One attribute; takes the text. */
static char *
set_value(const struct qos *qos, char *text, enum qos_kind kind,
	const char *name, const struct qos_value *value)
{
	struct stanza_doc doc;
	const struct stanza *s;
	char *out = NULL;

	if (qos_parse(qos, text, &doc)) {
		s = qos_find(&doc, kind, name);
		if (!s)
			qos_complain(qos,
				"there is no %s %s (add it with qosadd)",
				qos_kind_word(kind), name);
		else if (!value->value)
			out = strdup(text);
		else
			out = stanza_set(
				&doc, s, value->attribute, value->value);
		if (s && !out)
			(void)no_memory(qos); /* NULL */
	}
	stanza_free(&doc);
	free(text);
	return out;
}

char *
qos_mod_section(const struct qos *qos, const char *text, enum qos_kind kind,
	const char *name, const struct qos_value values[QOS_VALUES])
{
	char *out;

	if (!are_plain(qos, name, values))
		return NULL;
	out = strdup(text);
	if (!out)
		return no_memory(qos);
	for (size_t i = 0; i < QOS_VALUES && out; i++)
		if (i == 0 || values[i].value)
			out = set_value(qos, out, kind, name, &values[i]);
	return out;
}

/* ---- remove -------------------------------------------------------------- */

/* Policies that use a service, said by name. */
static bool
is_used(const struct qos *qos, const struct stanza_doc *doc, const char *name)
{
	bool used = false;

	for (size_t i = 0; i < doc->count; i++) {
		const struct stanza *s = &doc->at[i];
		const struct stanza_attr *a =
			s->kind == QOS_POLICY
				? stanza_attr(doc, s, "ServiceReference")
				: NULL;
		char policy[128];

		if (!a || a->value.len != strlen(name) ||
			memcmp(doc->text + a->value.at, name, a->value.len) !=
				0)
			continue;
		if (s->n_args == 0 ||
			!stanza_text(doc, &s->args[0], policy, sizeof(policy)))
			(void)text_copy(policy, sizeof(policy), "one of them");
		qos_complain(qos,
			"service %s is used by policy %s (remove that first)",
			name, policy);
		used = true;
	}
	return used;
}

/* From the last to the first, so that places before stay what they are. */
static char *
remove_sections(struct stanza_doc *doc, enum qos_kind kind, const char *name)
{
	char *out = strdup(doc->text);

	for (size_t i = doc->count; i > 0 && out; i--) {
		const struct stanza *s = &doc->at[i - 1];
		char *before = out;

		if (s->kind != (size_t)kind ||
			(name && !is_named(doc, s, name)))
			continue;
		doc->text = before;
		out = stanza_remove(doc, s);
		free(before);
	}
	return out;
}

/* policyd takes a file of 0 octets for one that is being written; takes the
 * text. */
static char *
without_sections(char *text)
{
	if (!text || text[0] != '\0')
		return text;
	free(text);
	return strdup("# edited by qosadd, qosmod and qosremove\n");
}

char *
qos_remove_section(const struct qos *qos, const char *text, enum qos_kind kind,
	const char *name)
{
	struct stanza_doc doc;
	char *out = NULL;

	if (!qos_parse(qos, text, &doc)) {
		stanza_free(&doc);
		return NULL;
	}
	if (name && !qos_find(&doc, kind, name))
		qos_complain(
			qos, "there is no %s %s", qos_kind_word(kind), name);
	else if (!name || kind != QOS_SERVICE || !is_used(qos, &doc, name))
		out = without_sections(remove_sections(&doc, kind, name));
	stanza_free(&doc);
	return out;
}
