/* SPDX-License-Identifier: ISC */

/* A look at a configuration before libconfig sees it; see lex.h. */

#include "lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { QUOTE_MAX = 40 };

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

/* One comment, text, word or character, and past it. */
static bool
check_item(const char **p, struct lex_fault *fault)
{
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
	if (!next)
		next = *p + (n > 0 ? n : 1);
	for (; *p < next; ++*p)
		fault->line += **p == '\n';
	return true;
}

bool
lex_check(const char *text, size_t len, struct lex_fault *ret_fault)
{
	const size_t seen = strlen(text);
	const char *p = text;

	*ret_fault = (struct lex_fault){ .line = 1 };
	if (seen != len) {
		for (size_t i = 0; i < seen; i++)
			ret_fault->line += text[i] == '\n';
		return refuse(
			ret_fault, "a NUL character (is it a text file?)");
	}
	while (*p != '\0')
		if (!check_item(&p, ret_fault))
			return false;
	return true;
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
