/* SPDX-License-Identifier: ISC */
#ifndef COMPILE_INT_H
#define COMPILE_INT_H

/* Compiling drafts: what its files share. */

#include "policy/source.h"

struct compiling {
	struct policy_set *set;
	const struct source_category **categories; /* by index in the set */
	size_t zones_room;                         /* of the set's lists */
	size_t whens_room;
	struct source_report *errors;
	struct source_report *notes;
};

/* The schedules of the draft into the set; false for lack of memory. */
bool compile_schedules(struct compiling *c, const struct source_draft *draft);
/* When the rule applies; what does not exist is an error. */
bool compile_times(struct compiling *c, const struct source_rule *r);

#endif /* COMPILE_INT_H */
