/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_CONF_INT_H
#define SOURCE_CONF_INT_H

/*
 * What the readers of policy.conf share.  They and nobody else know libconfig.
 */

#include <libconfig.h>

#include "policy/source.h"

struct identity;

struct reading {
	const char *file;
	struct source_draft *draft;
	struct source_directory *directory;
	struct source_report *errors;
	struct identity *identities;
	size_t n_identities;
};

/* "FILE:LINE: ..." to the report. */
void conf_error(struct reading *rd, const config_setting_t *s, const char *fmt,
	...) TEXT_PRINTF(3, 4);

/* The scalar as text; false, and the error said, for anything else. */
bool conf_scalar(struct reading *rd, const config_setting_t *s, const char *key,
	char value[SOURCE_VALUE]);

typedef bool (*conf_value_fn)(struct reading *rd, const config_setting_t *s,
	const char *value, void *arg);
/* Hand over each value of a setting that may be a scalar, array or list;
 * false, and the error said, when one is not taken. */
bool conf_each_value(struct reading *rd, const config_setting_t *s, bool many,
	conf_value_fn take, void *arg);

/* A key that holds a section or a value of its own kind. */
struct conf_section {
	const char *name;
	void (*read)(struct reading *rd, const config_setting_t *s);
};
/* Say which keys of the group are none of these. */
void conf_unknown(struct reading *rd, const config_setting_t *group,
	const struct conf_section *known, size_t n, const char *in);
/* Read those that are there, in the order of the table. */
void conf_read_sections(struct reading *rd, const config_setting_t *group,
	const struct conf_section *known, size_t n);

void conf_read_directory(struct reading *rd, const config_setting_t *s);
/* NULL past the last. */
const char *conf_directory_key(size_t i);

#endif /* SOURCE_CONF_INT_H */
