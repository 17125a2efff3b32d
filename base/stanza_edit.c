/* SPDX-License-Identifier: ISC */

/*
 * Edits of a text in the classic syntax.  Each replaces one run of octets, so
 * that comments, blank lines and order stay as somebody wrote them.
 */

#include "stanza.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* The text with the octets from..to replaced by the parts, which end with
 * NULL. */
static char *
splice(const char *text, size_t from, size_t to, const char *const *parts)
{
	size_t len = strlen(text);
	size_t more = 0;
	char *out;
	char *p;

	for (const char *const *s = parts; *s; s++)
		more += strlen(*s);
	out = (char *)malloc(from + more + (len - to) + 1);
	if (!out)
		return NULL;
	memcpy(out, text, from);
	p = out + from;
	for (const char *const *s = parts; *s; s++) {
		memcpy(p, *s, strlen(*s));
		p += strlen(*s);
	}
	memcpy(p, text + to, len - to + 1);
	return out;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Begin of the line, when only blanks stand before that place; else the
 * place. */
static size_t
before_blanks(const char *text, size_t at)
{
	size_t p = at;

	while (p > 0 && is_blank(text[p - 1]))
		p--;
	return p == 0 || text[p - 1] == '\n' ? p : at;
}

/* Past the end of the line, when only blanks stand behind that place; else the
 * place. */
static size_t
behind_blanks(const char *text, size_t at)
{
	size_t p = at;

	while (is_blank(text[p]))
		p++;
	if (text[p] == '\n')
		return p + 1;
	return text[p] == '\0' ? p : at;
}

/* A value as it must be written. */
static const char *
quote_of(const char *value)
{
	return value[0] == '\0' || strpbrk(value, " \t{}#") ? "\"" : "";
}

/* Past a comment and the end of the line behind that place. */
static size_t
line_end(const char *text, size_t at)
{
	return at + strcspn(text + at, "\n");
}

/* Blanks before a place on its line, as a text to be freed. */
static char *
indent_of(const char *text, size_t at)
{
	size_t from = before_blanks(text, at);

	return from < at || (at > 0 && text[at - 1] == '\n')
		       ? strndup(text + from, at - from)
		       : NULL;
}

/* Behind which the new attribute goes, and how its line begins: NULL where the
 * body stands on one line. */
static char *
insert_own_line(const struct stanza_doc *doc, const struct stanza *s,
	const char *name, const char *value)
{
	const struct stanza_attr *last =
		s->n_attrs > 0 ? &doc->attrs[s->first + s->n_attrs - 1] : NULL;
	const char *text = doc->text;
	const char *quote = quote_of(value);
	size_t at = line_end(text, last ? last->end : s->open + 1);
	char *indent =
		last ? indent_of(text, last->name.at) : strdup("        ");
	char *out = NULL;

	if (indent && at < s->close) {
		const char *parts[] = { "\n", indent, name, " ", quote, value,
			quote, NULL };

		out = splice(text, at, at, parts);
	}
	free(indent);
	return out;
}

char *
stanza_set(const struct stanza_doc *doc, const struct stanza *s,
	const char *name, const char *value)
{
	const struct stanza_attr *a = stanza_attr(doc, s, name);
	const char *quote = quote_of(value);
	char *out;

	if (a && a->words > 0) {
		const char *parts[] = { quote, value, quote, NULL };
		size_t from = a->value.at;

		if (doc->text[from - 1] == '"')
			from--;
		return splice(doc->text, from, a->end, parts);
	}
	if (a) {
		const char *parts[] = { " ", quote, value, quote, NULL };

		return splice(doc->text, a->end, a->end, parts);
	}
	out = insert_own_line(doc, s, name, value);
	if (out)
		return out;

	const char *parts[] = { " ", name, " ", quote, value, quote, " ",
		NULL };
	size_t at = s->close;

	while (at > s->open + 1 && is_blank(doc->text[at - 1]))
		at--;
	return splice(doc->text, at, s->close, parts);
}

/* Begin of the empty line that ends at that place, else the place. */
static size_t
before_empty_line(const char *text, size_t at)
{
	size_t p = at;

	if (p == 0 || text[p - 1] != '\n')
		return at;
	p--;
	while (p > 0 && is_blank(text[p - 1]))
		p--;
	return p == 0 || text[p - 1] == '\n' ? p : at;
}

char *
stanza_remove(const struct stanza_doc *doc, const struct stanza *s)
{
	static const char *const nothing[] = { NULL };
	const char *text = doc->text;
	size_t from = before_blanks(text, s->keyword.at);
	size_t to = behind_blanks(text, s->end);

	/* Its lines only when they are its own at both ends. */
	if (from == s->keyword.at && from > 0 && text[from - 1] != '\n')
		to = s->end;
	/* Of two empty lines that come together, one. */
	else if (to > s->end && (text[to] == '\0' || text[to] == '\n'))
		from = before_empty_line(text, from);
	return splice(text, from, to, nothing);
}

char *
stanza_append(const struct stanza_doc *doc, const char *lines)
{
	size_t len = strlen(doc->text);
	const char *gap = len == 0 || doc->text[len - 1] == '\n' ? "" : "\n";
	const char *parts[] = { gap, lines, NULL };

	return splice(doc->text, len, len, parts);
}
