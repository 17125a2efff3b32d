/* SPDX-License-Identifier: ISC */

/* Entries as policy.conf and as LDIF. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert_int.h"

/* ---- policy.conf --------------------------------------------------------- */

static void
quote(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* The values of an attribute, all of them where the first one stands. */
static void
write_conf_values(
	struct entries *list, const struct entry *e, size_t first, FILE *out)
{
	const struct source_key *to =
		entry_pair(e->kind, e->values[first].key, false);
	const char *before = "";
	char text[SOURCE_VALUE];

	for (size_t i = 0; i < first; i++)
		if (entry_pair(e->kind, e->values[i].key, false) == to)
			return;
	fprintf(out, "\t\t\t%s = %s", to->conf, to->many ? "[ " : "");
	for (size_t i = first; i < e->n_values; i++) {
		const struct entry_value *v = &e->values[i];

		if (entry_pair(e->kind, v->key, false) != to)
			continue;
		(void)entry_value_text(e->kind, v, to, text); /* fits */
		fputs(before, out);
		quote(out, text);
		before = ", ";
	}
	fprintf(out, "%s;\n", to->many ? " ]" : "");
	(void)list; /* nothing is lost this way */
}

static void
write_conf_kind(struct entries *list, enum entry_kind kind, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct entry *e = &list->at[i];

		if (e->kind != kind)
			continue;
		fprintf(out, "%s\t\t{\n\t\t\tname = ", any ? ",\n" : "");
		quote(out, e->name);
		fprintf(out, ";\n");
		any = true;
		for (size_t k = 0; k < e->n_values; k++)
			if (entry_pair(kind, e->values[k].key, false))
				write_conf_values(list, e, k, out);
			else
				entries_lose(list, e->values[k].line,
					"%s \"%s\": %s is none of policy.conf",
					kind == ENTRY_RULE ? "rule"
							   : "category",
					e->name, e->values[k].key->ldap);
		fprintf(out, "\t\t}");
	}
	fprintf(out, "%s", any ? "\n" : "");
}

void
entries_write_conf(struct entries *list, FILE *out)
{
	fprintf(out, "policy = {\n\tcategories = (\n");
	write_conf_kind(list, ENTRY_CATEGORY, out);
	fprintf(out, "\t);\n\trules = (\n");
	write_conf_kind(list, ENTRY_RULE, out);
	fprintf(out, "\t);\n};\n");
}

/* ---- LDIF ---------------------------------------------------------------- */

/* RFC 4514: what has a meaning in a name is escaped. */
static void
write_rdn(FILE *out, const char *value)
{
	for (const char *p = value; *p != '\0'; p++) {
		if (strchr(",+\"\\<>;=", *p) || (p == value && *p == '#'))
			fputc('\\', out);
		fputc(*p, out);
	}
}

static void
write_base64(FILE *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		const size_t n = len - i < 3 ? len - i : 3;
		unsigned bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
			       (k < n ? (unsigned char)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			fputc(k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=',
				out);
	}
}

/* RFC 2849: values are printable ASCII here; only their first and last
 * characters may need base64. */
static void
write_line(FILE *out, const char *name, const char *value)
{
	const size_t n = strlen(value);

	if (n > 0 && (strchr(" :<", value[0]) || value[n - 1] == ' ')) {
		fprintf(out, "%s:: ", name);
		write_base64(out, value);
		fputc('\n', out);
	} else {
		fprintf(out, "%s: %s\n", name, value);
	}
}

static bool
is_extension(const struct source_key *key)
{
	return strncasecmp(key->ldap, "qos", 3) == 0;
}

/* A classic attribute has one value: several are joined. */
static void
write_ldif_value(
	struct entries *list, const struct entry *e, size_t at, FILE *out)
{
	const struct source_key *to =
		entry_pair(e->kind, e->values[at].key, true);
	char joined[SOURCE_VALUE];
	char text[SOURCE_VALUE];
	struct text t = text_over(joined, sizeof(joined));

	for (size_t i = 0; i < at && !to->many; i++)
		if (entry_pair(e->kind, e->values[i].key, true) == to)
			return; /* with the first one */
	for (size_t i = at; i < e->n_values; i++) {
		const struct entry_value *v = &e->values[i];

		if (entry_pair(e->kind, v->key, true) != to)
			continue;
		(void)entry_value_text(e->kind, v, to, text); /* fits */
		text_printf(&t, "%s%s", t.len > 0 ? "," : "", text);
		if (to->many)
			break;
	}
	if (t.cut)
		entries_lose(list, e->values[at].line,
			"\"%s\": %s has more values than fit", e->name,
			to->ldap);
	else
		write_line(out, to->ldap, joined);
}

static void
write_ldif_entry(struct entries *list, const struct entry *e, FILE *out,
	const char *base, const char *tag)
{
	const bool rule = e->kind == ENTRY_RULE;
	const char *naming = rule ? "PolicyName" : "serviceName";
	bool extended = false;

	for (size_t i = 0; i < e->n_values; i++) {
		const struct source_key *to =
			entry_pair(e->kind, e->values[i].key, true);

		if (!to)
			entries_lose(list, e->values[i].line,
				"%s \"%s\": %s is no attribute of the "
				"directory",
				rule ? "rule" : "category", e->name,
				e->values[i].key->conf);
		extended = extended || (to && is_extension(to));
	}
	fprintf(out, "dn: %s=", naming);
	write_rdn(out, e->name);
	fprintf(out, ",%s\nobjectClass: %s\n", base,
		rule ? "ServicePolicyRules" : "ServiceCategories");
	if (extended)
		fprintf(out, "objectClass: %s\n",
			rule ? "qosRuleExt" : "qosCategoryExt");
	write_line(out, naming, e->name);
	write_line(out, "SelectorTag", tag);
	for (size_t i = 0; i < e->n_values; i++)
		if (entry_pair(e->kind, e->values[i].key, true))
			write_ldif_value(list, e, i, out);
	fputc('\n', out);
}

void
entries_write_ldif(
	struct entries *list, FILE *out, const char *base, const char *tag)
{
	for (size_t i = 0; i < list->count; i++)
		write_ldif_entry(list, &list->at[i], out, base, tag);
}
