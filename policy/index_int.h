/* SPDX-License-Identifier: ISC */
#ifndef INDEX_INT_H
#define INDEX_INT_H

/*
 * Which rules can match a request at all, without looking at each.  Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rule_int.h"

struct policy_index;
struct policy_bucket; /* positions of rules, ascending */

struct policy_cursor {
	const uint32_t *at;
	size_t left;
};

enum { POLICY_CURSORS = 2 * (1 + 129) };

/* Positions that a request's candidates have, ascending, each once. */
struct policy_walk {
	struct policy_cursor cursors[POLICY_CURSORS];
	size_t count;
};

/* NULL for lack of memory. */
struct policy_index *policy_index_new(const struct alloc *alloc);
void policy_index_free(struct policy_index *index);
/* Up to that many entries of it.  True: it is gone. */
bool policy_index_free_some(struct policy_index *index, size_t budget);

/*
 * Add the rule at that position; positions come in ascending order.  Keeps the
 * rule's name.  False: no memory, or (ret_known) the name is there already.
 */
bool policy_index_add(struct policy_index *index,
	const struct policy_rule *rule, uint32_t position, bool *ret_known);
bool policy_index_has(const struct policy_index *index, const char *name);
/* The position of the rule of that name; false: there is none. */
bool policy_index_find(const struct policy_index *index, const char *name,
	uint32_t *ret_position);

void policy_walk_begin(struct policy_walk *walk,
	const struct policy_index *index, const struct policy_request *request);
/* False at the end. */
bool policy_walk_next(struct policy_walk *walk, uint32_t *ret_position);

#endif /* INDEX_INT_H */
