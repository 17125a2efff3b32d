/* SPDX-License-Identifier: ISC */
#ifndef TREE_STATE_H
#define TREE_STATE_H

/*
 * What tcctl has made on an interface and what was there before, kept in a file
 * named after it in the state directory, which is root's alone: a description,
 * with the rest as comments in front.  It holds for one boot and one network
 * namespace.
 */

#include "tree_int.h"

enum { TREE_STATE_MAX = 64 << 20 };

struct tree_record {
	bool found;     /* there is one, and it is of this boot and namespace */
	bool made_link; /* the interface itself: an ifb */
	char ifb[TC_NAME]; /* that goes with it; "": none */
	char outgoing[64]; /* tree_identity() of what we made; "": none */
	char incoming[64];
	uint64_t marks; /* tree_marks_digest() of those we made; 0: none */
	char *former;   /* description; NULL: the kernel's defaults */
};

/* One tcctl at a time changes what that directory is for: a descriptor to
 * close, or -errno.  waits is called before it waits for another. */
int tree_state_lock(const char *dir, void (*waits)(void));
/* Read it; 0, also when there is none, or -errno.  -EXDEV: it is of another
 * namespace of this boot. */
int tree_state_read(
	const char *dir, const char *iface, struct tree_record *ret_record);
/* Write it whole or not at all.  -EFBIG: the description is too long. */
int tree_state_write(
	const char *dir, const char *iface, const struct tree_record *record);
int tree_state_remove(const char *dir, const char *iface);
void tree_record_done(struct tree_record *record);

/* How a qdisc on that side is recognised again; "" where there is none. */
void tree_identity(const struct tc_objects *list, unsigned side, char ret[64]);

#endif /* TREE_STATE_H */
