/* SPDX-License-Identifier: ISC */
#ifndef CONVERT_INT_H
#define CONVERT_INT_H

/*
 * `policyd convert`: a policy from one syntax to another, attribute by
 * attribute, with the text of each value.  What the other syntax cannot say is
 * reported line by line; a rule that would match more there is left out whole.
 */

#include <stdio.h>

#include "policy/source.h"

enum entry_kind { ENTRY_CATEGORY, ENTRY_RULE };

struct entry_value {
	const struct source_key *key; /* row of the table, by either name */
	char *text;
	unsigned line;
};

struct entry {
	enum entry_kind kind;
	char name[POLICY_NAME];
	unsigned line;
	struct entry_value *values;
	size_t n_values;
	size_t room;
};

struct entries {
	const char *file;
	struct entry *at;
	size_t count;
	size_t room;
	struct source_report *losses;
	bool no_memory;
};

/* ---- the list (convert_entry.c) ------------------------------------------ */

struct entry *entries_add(
	struct entries *list, enum entry_kind kind, unsigned line);
void entry_add(struct entries *list, struct entry *e,
	const struct source_key *key, const char *text, unsigned line);
void entries_drop_last(struct entries *list);
void entries_free(struct entries *list);

/* "FILE:LINE: ..." of something that is lost. */
void entries_lose(struct entries *list, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

/* The row of a name in a vocabulary, or NULL. */
const struct source_key *entry_key(
	enum entry_kind kind, const char *name, bool directory);
/* The same attribute in the other vocabulary: itself when it has both names. */
const struct source_key *entry_pair(
	enum entry_kind kind, const struct source_key *key, bool directory);
/* The first value of the attribute that policy.conf calls so, or NULL. */
const struct entry_value *entry_find(
	const struct entry *e, const char *conf_name);
/* A value as the other vocabulary has it; kilobits get their unit and lose
 * it.  False when it does not fit. */
bool entry_value_text(enum entry_kind kind, const struct entry_value *v,
	const struct source_key *to, char text[SOURCE_VALUE]);

/* ---- readers: the text has been found to be a good one ------------------- */

/* policy.conf (source_conf_entries.c); other parts of it are losses. */
bool entries_read_conf(struct entries *list, const char *text);
/* policyd.conf and LDIF (convert_read.c). */
bool entries_read_aix(struct entries *list, const char *text);
bool entries_read_ldif(
	struct entries *list, const char *text, struct source_report *errors);

/* ---- writers (convert_write.c, convert_aix.c) ---------------------------- */

void entries_write_conf(struct entries *list, FILE *out);
void entries_write_ldif(
	struct entries *list, FILE *out, const char *base, const char *tag);
void entries_write_aix(struct entries *list, FILE *out);

#endif /* CONVERT_INT_H */
