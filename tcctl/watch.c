/* SPDX-License-Identifier: ISC */

/*
 * Is our tree still there?  Asked twice a second for each interface, for a
 * microsecond each: a subscription to the kernel's traffic control events would
 * bring a copy of every class and filter that we ourselves change.
 */

#include "serve_int.h"

int
tc_watch(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));
	uint32_t handle = 0;
	int error;

	if (link->lost)
		return 0;
	error = kernel->root(kernel->arg, link->conf.ifindex, &handle);
	if (error != 0 || handle == TC_ROOT_HANDLE)
		return error;
	link->lost = true;
	text_printf(&t,
		"%s: the tree was removed by another program: %u flows have no "
		"class; the interface must be announced again",
		link->conf.name, (unsigned)HASH_COUNT(link->flows));
	listener->note(listener->arg, buf);
	return 0;
}
