/* SPDX-License-Identifier: ISC */
#ifndef CONF_INT_H
#define CONF_INT_H

/*
 * The table of configuration keys, shared by reader, printer and diff.  A row
 * tells where a value lives in struct conf or struct conf_iface, what it may
 * be, and what it is when the file says nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "rsvpd/conf.h"

enum conf_type {
	CONF_BOOL,
	CONF_COUNT, /* a whole number */
	CONF_MS,    /* time, kept in milliseconds */
	CONF_US,    /* time, kept in microseconds */
	CONF_RATE,  /* octets a second */
	CONF_SIZE,  /* octets */
	CONF_WORD,  /* one of words, kept as its number */
	CONF_TEXT,  /* a name, in a char array */
	CONF_AREAS, /* list of words, kept as a mask */
	CONF_ADDR4  /* an IPv4 address of a host, kept in host order */
};

/* Which struct a row's offset counts in. */
enum conf_scope { CONF_GLOBAL, CONF_IFACE };

struct conf_key {
	const char *group; /* "": top level */
	const char *name;
	enum conf_type type;
	size_t offset;
	size_t size; /* octets of the member */
	uint64_t min;
	uint64_t max;
	uint64_t value;           /* the default */
	const char *text;         /* default of CONF_TEXT */
	const char *const *words; /* CONF_WORD, CONF_AREAS; ends with NULL */
	const char *special; /* word for the value special_value, or NULL */
	uint64_t special_value;
	const char *help;
};

enum { CONF_VALUE_TEXT = 160 };

/* The i-th row of a scope in the order of printing; NULL: no more. */
const struct conf_key *conf_key_at(enum conf_scope scope, size_t i);
const struct conf_key *conf_key_find(
	enum conf_scope scope, const char *group, const char *name);
/* Name in that group that resembles a wrong one, or NULL.  With group "" the
 * names of groups are candidates too. */
const char *conf_key_nearest(
	enum conf_scope scope, const char *group, const char *name);
bool conf_group_exists(const char *group);

/* All of base (a struct conf or conf_iface) to the defaults of its scope. */
void conf_value_defaults(enum conf_scope scope, void *base);
uint64_t conf_value_get(const struct conf_key *key, const void *base);
void conf_value_set(const struct conf_key *key, void *base, uint64_t value);
bool conf_value_equal(const struct conf_key *key, const void *a, const void *b);

/* Read a time, rate, size or word.  False: it is none; the range is not
 * judged. */
bool conf_value_parse(
	const struct conf_key *key, const char *s, uint64_t *ret_value);

/* A value for people ("30 s"), exact. */
void conf_value_text(
	const struct conf_key *key, const void *base, struct text *t);
void conf_value_number(const struct conf_key *key, uint64_t v, struct text *t);
/* The same as the file has it ("\"30 s\""). */
void conf_value_syntax(
	const struct conf_key *key, const void *base, struct text *t);

/* It can be the name of an interface (conf_file.c): printable, with less than
 * size octets. */
bool conf_name_is_plain(const char *s, size_t size);

/* The classic syntax of AIX (conf_aix.c): judged by the first word; read into a
 * configuration that has its defaults.  False and the reason. */
bool conf_aix_is(const char *text);
bool conf_aix_read(const char *text, const char *name, struct conf *conf,
	struct conf_error *ret_error);

#endif /* CONF_INT_H */
