/* SPDX-License-Identifier: ISC */

/* Reading the classic syntax; see stanza.h. */

#include "stanza.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

enum { NEAR = 4, QUOTE_MAX = 40, FAULT = 320 };

enum token { TOKEN_END, TOKEN_LINE, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_WORD };

struct parser {
	const struct stanza_kind *kinds;
	struct stanza_doc *doc;
	stanza_fault_fn *fault;
	void *arg;
	size_t at;
	unsigned line;
	bool faulty;
	size_t told; /* faults of characters before this place are told */
	/* The token that was looked at last. */
	struct stanza_word word;
	size_t begin;
	size_t end; /* past it, its quotes included */
};

/* ---- faults -------------------------------------------------------------- */

static void refuse(struct parser *p, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static void
refuse(struct parser *p, unsigned line, const char *fmt, ...)
{
	char what[FAULT];
	struct text t = text_over(what, sizeof(what));
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	p->faulty = true;
	p->fault(p->arg, line, what);
}

/* The same of a token, which may be looked at twice. */
static void
refuse_here(struct parser *p, const char *what)
{
	if (p->at < p->told)
		return;
	p->told = p->at + 1;
	refuse(p, p->line, "%s", what);
}

/* A word for a message: short and printable. */
static const char *
quoted(const struct parser *p, const struct stanza_word *word, char *buf,
	size_t size)
{
	struct text t = text_over(buf, size);

	text_add_escaped(&t, p->doc->text + word->at,
		word->len < QUOTE_MAX ? word->len : QUOTE_MAX);
	if (word->len >= QUOTE_MAX)
		text_add(&t, "...");
	return buf;
}

/* ---- tokens -------------------------------------------------------------- */

static bool
ends_word(char c)
{
	return c == ' ' || iscntrl((unsigned char)c) || strchr("{}#", c);
}

static enum token
take_quoted(struct parser *p)
{
	const char *text = p->doc->text;
	size_t from = p->at + 1;
	size_t n = strcspn(text + from, "\"\n");

	p->word = (struct stanza_word){ from, n, p->line };
	p->at = from + n;
	if (text[p->at] == '"')
		p->at++;
	else
		refuse_here(p,
			"a text that begins here does not end on its line "
			"(write a \")");
	p->end = p->at;
	return TOKEN_WORD;
}

static enum token
take_word(struct parser *p)
{
	size_t from = p->at;

	while (!ends_word(p->doc->text[p->at]))
		p->at++;
	p->word = (struct stanza_word){ from, p->at - from, p->line };
	p->end = p->at;
	return TOKEN_WORD;
}

/* Blanks and comments are no tokens; other control characters are faults. */
static void
skip(struct parser *p)
{
	const char *text = p->doc->text;

	for (;;) {
		p->at += strspn(text + p->at, " \t\r\f\v");
		if (text[p->at] == '#') {
			p->at += strcspn(text + p->at, "\n");
		} else if (text[p->at] != '\n' && text[p->at] != '\0' &&
			   iscntrl((unsigned char)text[p->at])) {
			refuse_here(
				p, "a control character (is it a text file?)");
			while (iscntrl((unsigned char)text[p->at]) &&
				text[p->at] != '\n' && text[p->at] != '\0')
				p->at++;
		} else {
			return;
		}
	}
}

/* The next token. */
static enum token
take(struct parser *p)
{
	const char *text = p->doc->text;

	skip(p);
	p->begin = p->at;
	p->word = (struct stanza_word){ p->at, 0, p->line };
	switch (text[p->at]) {
	case '\0':
		return TOKEN_END;
	case '\n':
		p->at++;
		p->line++;
		return TOKEN_LINE;
	case '{':
		p->end = ++p->at;
		return TOKEN_OPEN;
	case '}':
		p->end = ++p->at;
		return TOKEN_CLOSE;
	case '"':
		return take_quoted(p);
	default:
		return take_word(p);
	}
}

/* Back to where it was; what was told stays told. */
static void
go_back(struct parser *p, const struct parser *before)
{
	const bool faulty = p->faulty;
	const size_t told = p->told;

	*p = *before;
	p->faulty = faulty;
	p->told = told;
}

/* A '{' comes next, maybe on a later line. */
static bool
is_open_next(const struct parser *p)
{
	const char *s = p->doc->text + p->at;

	for (;;) {
		s += strspn(s, " \t\r\f\v\n");
		if (*s != '#')
			return *s == '{';
		s += strcspn(s, "\n");
	}
}

/* The next token that is no end of a line. */
static enum token
take_beyond(struct parser *p)
{
	enum token token = take(p);

	while (token == TOKEN_LINE)
		token = take(p);
	return token;
}

/* ---- growing ------------------------------------------------------------- */

static bool
grow(struct parser *p, void **array, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;

	size_t more = *room == 0 ? 16 : *room * 2;
	void *bigger = reallocarray(*array, more, size);

	if (!bigger) {
		refuse(p, p->line, "no memory");
		return false;
	}
	*array = bigger;
	*room = more;
	return true;
}

static bool
add_attr(struct parser *p, const struct stanza_attr *attr)
{
	struct stanza_doc *doc = p->doc;
	void *array = doc->attrs;

	if (!grow(p, &array, &doc->attrs_room, doc->n_attrs, sizeof(*attr)))
		return false;
	doc->attrs = (struct stanza_attr *)array;
	doc->attrs[doc->n_attrs++] = *attr;
	return true;
}

static bool
add_statement(struct parser *p, const struct stanza *s)
{
	struct stanza_doc *doc = p->doc;
	void *array = doc->at;

	if (!grow(p, &array, &doc->room, doc->count, sizeof(*s)))
		return false;
	doc->at = (struct stanza *)array;
	doc->at[doc->count++] = *s;
	return true;
}

/* ---- names --------------------------------------------------------------- */

static bool
same(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(text, name, len) == 0;
}

static const struct stanza_kind *
find_kind(const struct parser *p, const struct stanza_word *word)
{
	for (const struct stanza_kind *k = p->kinds; k->name; k++)
		if (same(p->doc->text + word->at, word->len, k->name))
			return k;
	return NULL;
}

static const struct stanza_key *
find_key(const struct parser *p, const struct stanza_kind *kind,
	const struct stanza_word *word)
{
	for (const struct stanza_key *k = kind->keys; k && k->name; k++)
		if (same(p->doc->text + word->at, word->len, k->name))
			return k;
	return NULL;
}

/* Begins an attribute there? */
static bool
is_key(const struct parser *p, const struct stanza_kind *kind,
	const struct stanza_word *word)
{
	size_t n = kind->prefix ? strlen(kind->prefix) : 0;

	return find_key(p, kind, word) ||
	       (n > 0 && word->len > n &&
		       strncasecmp(p->doc->text + word->at, kind->prefix, n) ==
			       0);
}

/* Name of the kind that resembles a wrong word, or NULL. */
static const char *
nearest_kind(const struct stanza_kind *kinds, const char *word)
{
	const char *near = NULL;
	size_t best = NEAR;

	for (const struct stanza_kind *k = kinds; k->name; k++) {
		size_t d = text_distance(word, k->name, best);

		if (d < best) {
			best = d;
			near = k->name;
		}
	}
	return near;
}

/* From behind a '{' to behind its '}'. */
static void
skip_braces(struct parser *p)
{
	enum token token = TOKEN_OPEN;

	for (size_t depth = 1; depth > 0 && token != TOKEN_END;) {
		token = take(p);
		depth += token == TOKEN_OPEN;
		depth -= token == TOKEN_CLOSE;
	}
}

/* ---- a body -------------------------------------------------------------- */

/* Words up to the end of the line, a brace, or the next attribute. */
static void
take_value(struct parser *p, const struct stanza_kind *kind,
	struct stanza_attr *attr)
{
	const struct stanza_key *key = find_key(p, kind, &attr->name);

	for (;;) {
		const struct parser before = *p;
		enum token token = take(p);
		bool next =
			token == TOKEN_WORD &&
			(attr->words > 0 || (key && key->bare)) &&
			p->end - p->begin == p->word.len &&
			(is_key(p, kind, &p->word) || find_kind(p, &p->word));

		if (token != TOKEN_WORD || next) {
			go_back(p, &before);
			return;
		}
		if (attr->words++ == 0)
			attr->value = p->word;
		else
			attr->value.len = p->end - attr->value.at;
		attr->end = p->end;
	}
}

static void
take_attr(struct parser *p, const struct stanza_kind *kind)
{
	struct stanza_attr attr = { .name = p->word, .end = p->end };
	const struct stanza_key *key = find_key(p, kind, &attr.name);
	char buf[QUOTE_MAX * 4 + 4];

	take_value(p, kind, &attr);
	if (attr.words == 0 && key && !key->bare)
		refuse(p, attr.name.line,
			"%s has no value (write it behind the name)",
			quoted(p, &attr.name, buf, sizeof(buf)));
	(void)add_attr(p, &attr); /* told */
}

/* From behind the '{' to behind the '}'. */
static void
take_body(struct parser *p, const struct stanza_kind *kind, struct stanza *s)
{
	s->body = true;
	s->open = p->begin;
	s->first = p->doc->n_attrs;
	for (;;) {
		const struct parser before = *p;
		enum token token = take_beyond(p);
		bool statement = token == TOKEN_WORD &&
				 find_kind(p, &p->word) &&
				 !is_key(p, kind, &p->word);

		if (token == TOKEN_CLOSE)
			break;
		if (token == TOKEN_END || statement) {
			refuse(p, s->keyword.line,
				"the { of %s has no } before line %u (add one)",
				kind->name, p->word.line);
			go_back(p, &before);
			p->begin = p->end = before.at;
			break;
		}
		if (token == TOKEN_OPEN) {
			refuse(p, p->word.line,
				"a { inside a section (close the one before "
				"with })");
			skip_braces(p);
		} else {
			take_attr(p, kind);
		}
	}
	s->close = p->begin;
	s->end = p->end;
	s->n_attrs = p->doc->n_attrs - s->first;
}

/* ---- a statement --------------------------------------------------------- */

/* What follows an unknown word: its line and its braces. */
static void
skip_unknown(struct parser *p)
{
	struct parser before = *p;
	enum token token = take(p);

	while (token == TOKEN_WORD && !find_kind(p, &p->word)) {
		before = *p;
		token = take(p);
	}
	go_back(p, &before);
	if (!is_open_next(p))
		return;
	(void)take_beyond(p); /* the { */
	skip_braces(p);
}

static void
unknown(struct parser *p)
{
	char buf[QUOTE_MAX * 4 + 4];
	char list[160];
	struct text t = text_over(list, sizeof(list));
	const char *word = quoted(p, &p->word, buf, sizeof(buf));
	const char *near = nearest_kind(p->kinds, word);

	for (const struct stanza_kind *k = p->kinds; k->name; k++)
		text_printf(&t, "%s%s", k == p->kinds ? "" : ", ", k->name);
	if (near)
		refuse(p, p->word.line,
			"unknown statement \"%s\" (did you mean %s?)", word,
			near);
	else
		refuse(p, p->word.line,
			"unknown statement \"%s\" (there are %s)", word, list);
	skip_unknown(p);
}

static void
take_args(struct parser *p, const struct stanza_kind *kind, struct stanza *s)
{
	bool extra = false;

	for (;;) {
		const struct parser before = *p;
		enum token token = take(p);
		bool next =
			s->n_args >= kind->args_min && find_kind(p, &p->word);

		if (token != TOKEN_WORD || next) {
			go_back(p, &before);
			break;
		}
		if (s->n_args < kind->args_max) {
			s->args[s->n_args++] = p->word;
			s->end = p->end;
		} else {
			extra = true;
		}
	}
	if (extra)
		refuse(p, s->keyword.line,
			"%s: more words on its line than it takes (remove the "
			"rest)",
			kind->name);
	else if (s->n_args < kind->args_min)
		refuse(p, s->keyword.line,
			"%s: a word is missing behind it (say what it is "
			"about)",
			kind->name);
}

static void
take_statement(struct parser *p)
{
	const struct stanza_kind *kind = find_kind(p, &p->word);
	struct stanza s = { .keyword = p->word, .end = p->end };

	if (!kind) {
		unknown(p);
		return;
	}
	s.kind = (size_t)(kind - p->kinds);
	s.first = p->doc->n_attrs;
	take_args(p, kind, &s);

	if (kind->body != STANZA_BARE && is_open_next(p)) {
		(void)take_beyond(p); /* the { */
		take_body(p, kind, &s);
	} else if (kind->body == STANZA_MUST) {
		refuse(p, s.keyword.line,
			"%s: no { behind it (put its attributes into { })",
			kind->name);
	}
	(void)add_statement(p, &s); /* told */
}

bool
stanza_parse(struct stanza_doc *doc, const char *text,
	const struct stanza_kind *kinds, stanza_fault_fn *fault, void *arg)
{
	struct parser p = { .kinds = kinds,
		.doc = doc,
		.fault = fault,
		.arg = arg,
		.line = 1 };
	enum token token;

	*doc = (struct stanza_doc){ .text = text };
	/* A mark of UTF-8 that editors leave. */
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		p.at = 3;
	while ((token = take_beyond(&p)) != TOKEN_END) {
		if (token == TOKEN_WORD)
			take_statement(&p);
		else
			refuse(&p, p.word.line,
				"a %s outside of a section (remove it)",
				token == TOKEN_OPEN ? "{" : "}");
	}
	return !p.faulty;
}

void
stanza_free(struct stanza_doc *doc)
{
	free(doc->at);
	free(doc->attrs);
	*doc = (struct stanza_doc){ 0 };
}

static void
say_nothing(void *arg, unsigned line, const char *what)
{
	(void)arg; /* only the first word is looked at */
	(void)line;
	(void)what;
}

bool
stanza_is_classic(const char *text, const struct stanza_kind *kinds)
{
	struct stanza_doc doc = { .text = text };
	struct parser p = {
		.kinds = kinds, .doc = &doc, .fault = say_nothing, .line = 1
	};
	char word[32];

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		p.at = 3;
	if (take_beyond(&p) != TOKEN_WORD ||
		!stanza_text(&doc, &p.word, word, sizeof(word)))
		return false;

	/* "name =" and "name:" are libconfig's. */
	bool known = find_kind(&p, &p.word) || nearest_kind(kinds, word);
	size_t n = strcspn(word, "=:");

	if (!known || n < strlen(word))
		return false;
	return take_beyond(&p) != TOKEN_WORD || !strchr("=:", text[p.word.at]);
}

/* ---- looking at a document ----------------------------------------------- */

bool
stanza_text(const struct stanza_doc *doc, const struct stanza_word *word,
	char *buf, size_t size)
{
	size_t n = word->len < size ? word->len : size - 1;

	memcpy(buf, doc->text + word->at, n);
	buf[n] = '\0';
	return n == word->len;
}

bool
stanza_is(const struct stanza_doc *doc, const struct stanza_word *word,
	const char *name)
{
	return same(doc->text + word->at, word->len, name);
}

const struct stanza_attr *
stanza_attr(const struct stanza_doc *doc, const struct stanza *statement,
	const char *name)
{
	for (size_t i = 0; i < statement->n_attrs; i++) {
		const struct stanza_attr *a = &doc->attrs[statement->first + i];

		if (stanza_is(doc, &a->name, name))
			return a;
	}
	return NULL;
}
