/* SPDX-License-Identifier: ISC */
#ifndef LINKS_INT_H
#define LINKS_INT_H

/* All interfaces that `tcctl serve` manages. */

#include "link_int.h"

struct tc_links {
	const struct alloc *alloc;
	TAILQ_HEAD(tc_links_all, tc_link) all;
	size_t count;
};

/* An interface as the engine wants it. */
struct tc_announcement {
	const struct tc_iface *conf;
	uint32_t serial;
	const struct tc_kernel *kernel;
	const struct tc_listener *listener;
};

void tc_links_init(struct tc_links *links, const struct alloc *alloc);
/* Forgets all; the kernel stays as it is. */
void tc_links_done(struct tc_links *links);
/* NULL: it is not managed. */
struct tc_link *tc_links_find(const struct tc_links *links, uint32_t ifindex);
/* Forget it; the kernel stays as it is. */
void tc_links_drop(struct tc_links *links, struct tc_link *link);
/* Manage it, or with new settings.  Returns as struct tc_kernel. */
int tc_links_announce(struct tc_links *links, const struct tc_announcement *a,
	struct tc_done *ret_done);
/* Take everything of ours away; not managed is fine. */
int tc_links_give_back(struct tc_links *links, const struct tc_kernel *kernel,
	uint32_t ifindex, struct tc_done *ret_done);
/* Another program did something; NULL: perhaps.  True: to the root of a tree,
 * or to an interface. */
bool tc_links_event(
	struct tc_links *links, const struct tc_event *event, struct mono now);
/* When something is due; MONO_NEVER. */
struct mono tc_links_next(const struct tc_links *links);

#endif /* LINKS_INT_H */
