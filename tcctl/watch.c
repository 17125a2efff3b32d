/* SPDX-License-Identifier: ISC */

/*
 * Is our tree still there?  Asked as soon as the kernel tells of a change of
 * the root or the end of the interface, and twice a second, for a microsecond
 * each, whatever it tells: it does not tell of all (gso_max_segs).
 */

#include "serve_int.h"

#include <errno.h>

#include "offload_int.h"

enum { REBUILDS_MAX = 5, WINDOW_MS = 60000 };

/* Not again and again against somebody who wants it otherwise. */
static bool
may_rebuild(struct tc_link *link, struct mono now)
{
	if (link->rebuilds == 0 ||
		mono_ms_between(link->rebuilt, now) >= WINDOW_MS) {
		link->rebuilt = now;
		link->rebuilds = 0;
	}
	return ++link->rebuilds <= REBUILDS_MAX;
}

static void
report(const struct tc_link *link, const struct tc_listener *listener,
	const char *what, const char *why)
{
	struct tc_drift_report r = { .ifindex = link->conf.ifindex };
	struct text t = text_over(r.text, sizeof(r.text));

	text_printf(&t, "%s: the tree was removed by another program: ",
		link->conf.name);
	text_printf(&t, "%s (%u flows%s%s)", what,
		(unsigned)HASH_COUNT(link->flows), why[0] != '\0' ? ", " : "",
		why);
	listener->drift(listener->arg, &r);
}

static void
note_gone(const struct tc_link *link, const struct tc_listener *listener)
{
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "%s: the interface has gone (%u flows)",
		link->conf.name, (unsigned)HASH_COUNT(link->flows));
	listener->note(listener->arg, buf);
}

static int
answer_removal(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct tc_done done = { 0 };
	int error = 0;

	link->lost = !may_rebuild(link, now);
	if (link->lost) {
		report(link, listener, "given up",
			"removed more than 5 times a minute");
		return 0;
	}
	error = tc_link_rebuild(link, kernel, listener, &done);
	link->lost = error == 0 && done.error != 0;
	link->gone = link->lost && done.error == ENODEV;
	if (link->gone)
		note_gone(link, listener);
	else if (error == 0)
		report(link, listener, link->lost ? "given up" : "made again",
			done.text);
	return error;
}

/* What is not of the tree and was ours as well. */
static int
let_go(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	struct tc_done done;
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));
	int error = tc_offload_restore(link, kernel, &done);

	if (error != 0 || done.error == 0)
		return error;
	text_printf(&t, "%s: %s", link->conf.name, done.text);
	listener->note(listener->arg, buf);
	return 0;
}

int
tc_watch(struct tc_link *link, const struct tc_kernel *kernel, struct mono now,
	const struct tc_listener *listener)
{
	uint32_t handle = 0;
	int error;

	if (link->lost)
		return let_go(link, kernel, listener);
	error = kernel->root(kernel->arg, link->conf.ifindex, &handle);
	if (error == 0 && handle != TC_ROOT_HANDLE)
		return answer_removal(link, kernel, now, listener);
	return error == 0 ? tc_offload_look(link, kernel, listener) : error;
}
