/* SPDX-License-Identifier: ISC */

/* A look at a configuration before libconfig sees it; see lex.h. */

#include "lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { QUOTE_MAX = 40, DEPTH = 32 };

/* Brackets that are open; libconfig says itself where one is closed that is
 * not. */
struct brackets {
	size_t depth;
	bool lost; /* they do not pair, or are too deep: it is said later */
	struct {
		char begin;
		unsigned line;
	} open[DEPTH];
};

/* A look at a text, as far as it came. */
struct look {
	const char *p;
	struct lex_fault *fault;
	struct brackets brackets;
};

static bool
refuse(struct lex_fault *fault, const char *text)
{
	(void)text_copy(
		fault->text, sizeof(fault->text), text); /* ours; fits */
	return false;
}

/* Past a comment that begins here, NULL when none does; *ret_open when it does
 * not end. */
static const char *
skip_comment(const char *p, bool *ret_open)
{
	const char *end;

	if (p[0] == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	if (p[0] != '/' || p[1] != '*')
		return NULL;
	end = strstr(p + 2, "*/");
	*ret_open = end == NULL;
	return end ? end + 2 : p + strlen(p);
}

/* The same for a text in quotes. */
static const char *
skip_string(const char *p, bool *ret_open)
{
	if (*p != '"')
		return NULL;
	for (p++; *p != '\0' && *p != '"'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	*ret_open = *p == '\0';
	return *p == '"' ? p + 1 : p;
}

/* Octets of a word (key, number, directive) that begins here; 0 if none. */
static size_t
word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) ||
		(p[n] != '\0' && strchr("_*@+-.", p[n])))
		n++;
	return n;
}

/* libconfig cuts a whole number down to 32 bits unless it ends with L. */
static bool
is_too_large(const char *word, size_t n)
{
	const char *digits = word + (word[0] == '-' || word[0] == '+');
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	v = strtoull(digits, &end, 0);
	/* With an L it is not the end. */
	return end == word + n && (errno == ERANGE || v > INT32_MAX);
}

static bool
check_word(const char *word, size_t n, struct lex_fault *fault)
{
	struct text t = text_over(fault->text, sizeof(fault->text));

	if (n == 8 && memcmp(word, "@include", 8) == 0)
		return refuse(fault,
			"@include is not supported (put all settings into "
			"this file)");
	if (!is_too_large(word, n))
		return true;
	text_printf(&t, "%.*s is beyond 32 bits (use 2147483647 at most)",
		n < QUOTE_MAX ? (int)n : QUOTE_MAX, word);
	return false;
}

static void
open_bracket(struct brackets *b, char begin, unsigned line)
{
	if (b->depth == DEPTH) {
		b->lost = true;
		return;
	}
	b->open[b->depth].begin = begin;
	b->open[b->depth++].line = line;
}

static void
close_bracket(struct brackets *b, char begin)
{
	if (b->depth == 0 || b->open[b->depth - 1].begin != begin)
		b->lost = true;
	else
		b->depth--;
}

static void
note_bracket(struct brackets *b, char c, unsigned line)
{
	static const char begins[] = "{([";
	static const char ends[] = "})]";
	const char *end = c != '\0' ? strchr(ends, c) : NULL;

	if (end)
		close_bracket(b, begins[end - ends]);
	else if (c != '\0' && strchr(begins, c))
		open_bracket(b, c, line);
}

/* One comment, text, word or character, and past it. */
static bool
check_item(struct look *look)
{
	const char **p = &look->p;
	struct lex_fault *fault = look->fault;
	bool open = false;
	const char *next = skip_comment(*p, &open);
	size_t n;

	if (open)
		return refuse(fault,
			"a comment that begins here does not end (write */)");
	if (!next)
		next = skip_string(*p, &open);
	if (open)
		return refuse(fault,
			"a text that begins here does not end (write a \")");
	n = next ? 0 : word_length(*p);
	if (n > 0 && !check_word(*p, n, fault))
		return false;
	if (!next && n == 0)
		note_bracket(&look->brackets, **p, fault->line);
	if (!next)
		next = *p + (n > 0 ? n : 1);
	for (; *p < next; ++*p)
		fault->line += **p == '\n';
	return true;
}

/* Of the innermost: libconfig has only the end of the file to name. */
static bool
check_end(const struct look *look)
{
	const struct brackets *b = &look->brackets;

	if (b->lost || b->depth == 0)
		return true;
	look->fault->line = b->open[b->depth - 1].line;
	switch (b->open[b->depth - 1].begin) {
	case '{':
		return refuse(look->fault,
			"a group that begins here does not end (write a })");
	case '(':
		return refuse(look->fault,
			"a list that begins here does not end (write a ))");
	default:
		return refuse(look->fault,
			"an array that begins here does not end (write a ])");
	}
}

bool
lex_check(const char *text, size_t len, struct lex_fault *ret_fault)
{
	const size_t seen = strlen(text);
	struct look look = { .p = text, .fault = ret_fault };

	*ret_fault = (struct lex_fault){ .line = 1 };
	if (seen != len) {
		for (size_t i = 0; i < seen; i++)
			ret_fault->line += text[i] == '\n';
		return refuse(
			ret_fault, "a NUL character (is it a text file?)");
	}
	while (*look.p != '\0')
		if (!check_item(&look))
			return false;
	return check_end(&look);
}

char *
lex_ended(const char *text)
{
	const size_t len = strlen(text);
	const char *last = strrchr(text, '\n');
	char *copy = NULL;

	/* Elsewhere a fault at the end would be said to be in the next line. */
	if (strpbrk(last ? last : text, "#/"))
		copy = (char *)malloc(len + 2);
	if (copy) {
		memcpy(copy, text, len);
		memcpy(copy + len, "\n", 2);
	}
	return copy;
}
