/* SPDX-License-Identifier: ISC */
#ifndef VALUES_INT_H
#define VALUES_INT_H

/*
 * What the readers of values share.  Each takes text from outside, and says
 * why when it is not taken.
 */

#include "policy/source.h"

/* The field that the key names, in the target that a reader was given. */
#define VALUE_TARGET(type) ((type *)(void *)((char *)target + key->offset))

/* Say that the value is wrong; always false. */
bool value_no(struct text *why, const char *value, const char *what);

/* A larger copy of a list when it is full; NULL and why for no room. */
void *value_room(void *at, size_t count, size_t size, struct text *why);
bool value_add_span(
	struct policy_spans *list, uint32_t lo, uint32_t hi, struct text *why);

/* Digits up to the end or the stop character, where *s is then. */
bool value_number(const char **s, char stop, uint64_t most, uint64_t *ret);
/* "N" or "N-M", lower first */
bool value_span(
	const char *value, uint64_t most, uint32_t *ret_lo, uint32_t *ret_hi);
/* Value of the word, or -1 and why, with the words there are. */
int value_word(
	const struct policy_word *words, const char *value, struct text *why);
/* A code point: its number or name. */
bool value_dscp(const char *value, uint64_t *ret);
bool value_name(char name[POLICY_NAME], const char *value, struct text *why);

bool value_read_name(const struct source_key *key, const char *value,
	void *target, struct text *why);
/* Each part of "a,b,c" in turn, by key->read. */
bool value_each_part(const struct source_key *key, const char *value,
	void *target, struct text *why);

extern const struct policy_word value_permissions[];

/* Conditions on time (values_when.c); the target has a struct source_when at
 * the key's offset. */
bool value_read_daytimes(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_days(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_month_days(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_months(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_from(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_until(const struct source_key *key, const char *value,
	void *target, struct text *why);
bool value_read_zone(const struct source_key *key, const char *value,
	void *target, struct text *why);

#endif /* VALUES_INT_H */
