/* SPDX-License-Identifier: ISC */
#ifndef STANZA_H
#define STANZA_H

/*
 * The classic syntax of policyd.conf and rsvpd.conf: statements of words, some
 * with attributes in braces, and where each stands in the text, so that an
 * edit changes nothing else.
 *
 *	# a comment, anywhere on a line
 *	ServiceCategories premium {
 *		MaxRate 110000	# one attribute, one value
 *	}
 *	interface 1.2.3.4 { trafficControl }
 *
 * Case of keywords does not matter.  Lines matter little: an attribute ends
 * with its line, with a brace, or where the next one that is known begins, so
 * that a section may stand on one line.  A value with blanks, braces or '#'
 * stands in double quotes.  Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* Octets of the text; of a quoted word without its quotes. */
struct stanza_word {
	size_t at;
	size_t len;
	unsigned line;
};

struct stanza_attr {
	struct stanza_word name;
	struct stanza_word value; /* first word to last; len 0: none */
	size_t words;
	size_t end; /* past the value, its quotes included */
};

enum { STANZA_ARGS = 3 };

struct stanza {
	size_t kind; /* row of the kinds it was parsed by */
	struct stanza_word keyword;
	struct stanza_word args[STANZA_ARGS];
	size_t n_args;
	bool body;
	size_t open;  /* the '{' */
	size_t close; /* the '}' */
	size_t end;   /* past the statement */
	size_t first; /* of its attributes */
	size_t n_attrs;
};

struct stanza_doc {
	const char *text; /* borrowed */
	struct stanza *at;
	size_t count;
	size_t room;
	struct stanza_attr *attrs;
	size_t n_attrs;
	size_t attrs_room;
};

enum stanza_body { STANZA_BARE, STANZA_MAY, STANZA_MUST };

struct stanza_key {
	const char *name;
	bool bare; /* the value may be missing */
};

struct stanza_kind {
	const char *name;
	size_t args_min;
	size_t args_max; /* at most STANZA_ARGS */
	enum stanza_body body;
	const struct stanza_key *keys; /* ends with a NULL name */
	const char *prefix; /* of more names that are keys; NULL: none */
};

/* Told of each fault: "what (remedy)". */
typedef void stanza_fault_fn(void *arg, unsigned line, const char *what);

/*
 * Parse.  kinds ends with a NULL name.  Goes on after a fault.  False exactly
 * when there was one; the document is to be freed in any case and borrows the
 * text.
 */
bool stanza_parse(struct stanza_doc *doc, const char *text,
	const struct stanza_kind *kinds, stanza_fault_fn *fault, void *arg);
void stanza_free(struct stanza_doc *doc);

/* Is this text in the classic syntax?  Judged by its first word; a text of
 * comments alone is not. */
bool stanza_is_classic(const char *text, const struct stanza_kind *kinds);

/* The word as text, cut to the size.  False when it was cut. */
bool stanza_text(const struct stanza_doc *doc, const struct stanza_word *word,
	char *buf, size_t size);
/* Equal but for case. */
bool stanza_is(const struct stanza_doc *doc, const struct stanza_word *word,
	const char *name);
/* The statement's attribute of that name, or NULL. */
const struct stanza_attr *stanza_attr(const struct stanza_doc *doc,
	const struct stanza *statement, const char *name);

/* ---- edits (stanza_edit.c): new text, to be freed; NULL for no memory -----
 */

/* Replace the value of an attribute, or add the attribute at the end of the
 * body in the manner of its neighbours. */
char *stanza_set(const struct stanza_doc *doc, const struct stanza *statement,
	const char *name, const char *value);
/* Take the statement out, with its lines when nothing else is on them. */
char *stanza_remove(
	const struct stanza_doc *doc, const struct stanza *statement);
/* Put lines at the end. */
char *stanza_append(const struct stanza_doc *doc, const char *lines);

#endif /* STANZA_H */
