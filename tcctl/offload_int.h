/* SPDX-License-Identifier: ISC */
#ifndef OFFLOAD_INT_H
#define OFFLOAD_INT_H

/* What a host hands down to, or puts together from, a managed interface as if
 * it were one packet. */

#include "link_int.h"

/* What the notes in a dump say, before its tree is repaired: which of them
 * holds the kernel's own value tells.  Returns as struct tc_kernel. */
int tc_offload_adopt(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_objects *dump);
/* Make it so as the settings of the link say, when its tree stands.  What
 * others have set meanwhile stays; that and a refusal are told once. */
int tc_offload_follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener);
/* Have others set it meanwhile? */
int tc_offload_look(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener);
/* The interface is managed no more: as it was, where it is still as we set it.
 * What is refused is in ret_done. */
int tc_offload_restore(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done);

#endif /* OFFLOAD_INT_H */
