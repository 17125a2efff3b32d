/* SPDX-License-Identifier: ISC */
#ifndef SERVE_INT_H
#define SERVE_INT_H

/* `tcctl serve` in its parts, and what main.c shares with it. */

#include "link_int.h"

struct nl_conn;

enum {
	SERVE_FD = 3,     /* requests: SOCK_SEQPACKET to the engine */
	SERVE_LIFE_FD = 4 /* liveness: SOCK_SEQPACKET to the supervisor */
};

/* Bound by the supervisor as long as it runs; abstract, so one a network
 * namespace. */
#define SERVE_LOCK_NAME "rsvpd-engine"

/* Serve until the engine or the supervisor closes its end, or SIGTERM.
 * Returns the exit status. */
int tc_serve(void);

/* Allow only what serving needs; anything else ends the process.  False: the
 * filter could not be installed. */
bool tc_sandbox(void);

/* watch.c */

/*
 * See whether the link's tree is still there.  When it is not, make it again
 * and say so; when that fails, or somebody removes it more than five times a
 * minute, say so and mark the link lost.  Where the interface itself has gone,
 * as that of a ppp session does, nobody is to blame: whoever asked for the tree
 * hears of it from the kernel too.  Returns -errno as struct tc_kernel.
 */
int tc_watch(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);

#endif /* SERVE_INT_H */
