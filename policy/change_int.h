/* SPDX-License-Identifier: ISC */
#ifndef CHANGE_INT_H
#define CHANGE_INT_H

/* Two rule sets to a list of what differs, by name.  Pure. */

#include "base/diff.h"
#include "policy/rule_int.h"

enum policy_thing {
	POLICY_THING_DEFAULT, /* what happens where no rule applies */
	POLICY_THING_POOL,
	POLICY_THING_CATEGORY,
	POLICY_THING_RULE,
	POLICY_THING_COUNT
};
const char *policy_thing_text(enum policy_thing thing);

struct policy_change_ops {
	/* One that is on one side only, or not the same on both. */
	void (*thing)(void *arg, enum policy_thing thing, enum diff_kind kind,
		const char *name);
	/* After it, each field that differs; "": not set on that side. */
	void (*field)(
		void *arg, const char *key, const char *have, const char *want);
};

/* False for lack of memory: what was told is not all. */
bool policy_change_list(const struct policy_set *have,
	const struct policy_set *want, const struct policy_change_ops *ops,
	void *arg);

#endif /* CHANGE_INT_H */
