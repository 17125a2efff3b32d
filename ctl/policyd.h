/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_H
#define POLICYD_H

#include <stdbool.h>
#include <stddef.h>

/* Where the policyd is that belongs to this program; false: nowhere. */
bool policyd_find(char *path, size_t size);

/* The words of a command of policyd's; more than fit are an error. */
enum { POLICYD_WORDS = 160 };
struct policyd_words {
	const char *at[POLICYD_WORDS];
	size_t count;
	bool full;
};
void policyd_word(struct policyd_words *words, const char *word);
/* Become policyd with them.  Returns, with an exit status and a line on
 * stderr, only when that fails. */
int policyd_become(const struct policyd_words *words);

#endif /* POLICYD_H */
