/* SPDX-License-Identifier: ISC */
#ifndef DRY_INT_H
#define DRY_INT_H

/*
 * A kernel that only remembers: what `tcctl plan` runs against, and the tests.
 * It refuses what the real one refuses for the same reason (what is there
 * already, what is not there, a parent or a table that is missing, what is
 * still in use), and it makes the root tables of preferences as the real one
 * does.
 */

#include "link_int.h"

struct tc_dry {
	struct tc_objects objects;
	uint32_t next_root; /* number of root tables made */
	void *arg;
	/* Told each operation that was done; may be NULL. */
	void (*tell)(void *arg, const struct tc_op *op);
	/* What the object needs that is not there, written to text; false:
	 * nothing.  May be NULL. */
	bool (*lacks)(void *arg, const struct tc_object *o,
		char text[TC_KERNEL_TEXT]);
};

void tc_dry_init(struct tc_dry *dry, const struct alloc *alloc);
void tc_dry_done(struct tc_dry *dry);
struct tc_kernel tc_dry_kernel(struct tc_dry *dry);

#endif /* DRY_INT_H */
