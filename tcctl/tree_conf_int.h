/* SPDX-License-Identifier: ISC */
#ifndef TREE_CONF_INT_H
#define TREE_CONF_INT_H

/*
 * Reading a description: tree_conf.c walks over interfaces, qdiscs and classes,
 * tree_conf_filter.c over filters, tree_conf_value.c reads values by the tables
 * of keys.  Reading goes on after an error, so that all are told at once.
 */

#include <libconfig.h>

#include "tree_int.h"

enum tree_type {
	TREE_T_COUNT,
	TREE_T_RATE,
	TREE_T_SIZE,
	TREE_T_BURST,   /* struct tree_burst */
	TREE_T_TIME,    /* us */
	TREE_T_SECONDS, /* whole, from a time */
	TREE_T_BOOL,
	TREE_T_OTHER /* read by whoever walks */
};

struct tree_key {
	const char *name;
	enum tree_type type;
	unsigned kinds; /* who takes it, as bits */
	size_t offset;  /* in struct tree_params */
	uint64_t min, max;
	const char *example;
};

/* A table as one kind of group sees it. */
struct tree_keys {
	const struct tree_key *all;
	size_t count;
	unsigned kind;  /* a bit of tree_key.kinds */
	const char *in; /* what the group is, for messages */
};

struct tree_work;

struct tree_reading {
	struct tree *tree;
	struct tree_faults *faults;
	struct tree_iface *iface; /* the one under way */
	struct tree_work *work;   /* what is still to be read of it */
	size_t work_count;
	size_t work_room;
	bool no_memory;
};

/* ---- tree_conf_value.c --------------------------------------------------- */

unsigned tree_line(const config_setting_t *s);

/* All members of a group that the table has; others are errors, with the
 * nearest key. */
void tree_get_keys(struct tree_reading *r, const config_setting_t *group,
	const struct tree_keys *keys, struct tree_params *ret);

/* The text of a setting; NULL, and the error said, for anything else. */
const char *tree_get_text(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *example);
/* A whole number, or text with one ("0x22"). */
bool tree_get_number(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint64_t max, const char *example, uint64_t *ret);
/* "1:10" or "10:"; false: it is not of that form. */
bool tree_parse_handle(const char *text, uint32_t *ret);
bool tree_get_class(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint32_t *ret);
/* The same, or "missing 1:10": a class that is known not to be there. */
bool tree_get_target(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint32_t *ret, bool *ret_missing);
bool tree_get_bool(struct tree_reading *r, const config_setting_t *s,
	const char *key, bool *ret);
/* A name as interfaces have. */
bool tree_get_name(struct tree_reading *r, const config_setting_t *s,
	const char *key, char ret[TC_NAME]);
/* A list ( ... ) of groups, or the error said. */
bool tree_is_list(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *example);
bool tree_is_group(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *example);
/* The index of the word; -1, and the error said. */
int tree_get_word(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *const *words, size_t count);

/* Room for one more element; NULL: no memory, or more than there may be (the
 * error is said). */
void *tree_grow(struct tree_reading *r, unsigned line, void **array,
	size_t *count, size_t size, const char *what);

/* ---- tree_conf_filter.c -------------------------------------------------- */

/* One member of a list of filters that hang on parent. */
void tree_read_filter(
	struct tree_reading *r, const config_setting_t *group, uint32_t parent);

/* One member of a list of marks. */
void tree_read_mark(struct tree_reading *r, const config_setting_t *group);

#endif /* TREE_CONF_INT_H */
