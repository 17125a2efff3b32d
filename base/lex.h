/* SPDX-License-Identifier: ISC */
#ifndef LEX_H
#define LEX_H

/*
 * What libconfig takes without a word and we do not: a file that ends in the
 * middle of a comment or a text (all that follows the opening is lost), a NUL
 * (so is all that follows it), a whole number beyond 32 bits (it is cut), and
 * another file.  And what it says is at the end of the file, wherever it began:
 * a bracket that is not closed.
 */

#include <stdbool.h>
#include <stddef.h>

struct lex_fault {
	unsigned line;
	char text[160]; /* "what (remedy)" */
};

/* False and the first fault.  text is terminated behind its len octets. */
bool lex_check(const char *text, size_t len, struct lex_fault *ret_fault);

/* A copy that ends with an end of line, behind which alone libconfig sees the
 * end of a comment; to be free()d.  NULL: the text has no comment in its last
 * line, or there is no memory: it has to do as it is. */
char *lex_ended(const char *text);

#endif /* LEX_H */
