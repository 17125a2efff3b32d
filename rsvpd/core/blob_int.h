/* SPDX-License-Identifier: ISC */
#ifndef BLOB_INT_H
#define BLOB_INT_H

/*
 * Objects that are kept as the bytes they came in, to be sent on unread, and
 * the limits of what is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rsvpd/wire/wire.h"

struct rsvp_core;

enum {
	CORE_KEPT_EACH = 512, /* octets of objects kept for a path state */
	CORE_KEPT_MAX = 4096, /* octets kept of a list of objects */
	VIEW_LIST_MAX =
		4 * CORE_KEPT_MAX, /* and sent of what several brought */
};

/* Bytes kept from a message: whole objects, one after the other. */
struct blob {
	size_t len;
	uint8_t bytes[];
};

/* Room for the objects of one more message, within the limit of this node. */
bool core_may_keep(const struct rsvp_core *core, const struct wire_msg *msg);
/* Whole objects as one blob; an empty list is NULL, and frees.  False: no
 * memory or a limit, the old blob stays. */
bool blob_set(struct rsvp_core *core, struct blob **blob,
	const struct wire_view *views, size_t count);
bool blob_equal(
	const struct blob *blob, const struct wire_view *views, size_t count);
/* All of it; NULL: empty. */
struct wire_view blob_view(const struct blob *blob);
/* The objects of a blob as views; returns how many. */
size_t blob_views(const struct blob *blob, struct wire_view *views, size_t max);
/* How many of the objects, from the first, may be kept: what a message brings
 * is bounded by its sender only.  Counts when some are left out. */
size_t blob_fit(
	struct rsvp_core *core, const struct wire_view *views, size_t count);
/* Take over what fits of a list if it differs; true if it did. */
bool blob_update(struct rsvp_core *core, struct blob **blob,
	const struct wire_view *views, size_t count);
/* Objects of several messages that go on in one. */
struct view_list {
	struct wire_view *views;
	size_t max;
	size_t count;
	size_t len;
};
/* Append those of a blob whose bytes are not there already, and that fit. */
void view_list_add(struct view_list *list, const struct blob *blob);

#endif /* BLOB_INT_H */
