/* SPDX-License-Identifier: ISC */
#ifndef LOAD_INT_H
#define LOAD_INT_H

/*
 * What a finished load holds, for the engine and for the reader of the cache.
 */

#include "policy/index_int.h"
#include "policy/policy.h"
#include "policy/rule_int.h"

bool policy_load_ready(const struct policy_load *load);
/* Move the part out of the load; the caller's now.  The rules borrow nothing
 * from the index, but the index keeps the names of the rules. */
struct policy_set *policy_load_take_set(struct policy_load *load);
struct policy_index *policy_load_take_index(struct policy_load *load);

#endif /* LOAD_INT_H */
