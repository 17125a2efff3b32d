/* SPDX-License-Identifier: ISC */
#ifndef PRIV_H
#define PRIV_H

/*
 * Privileges: what the supervisor keeps, what a worker becomes before it is
 * executed, and the engine's system-call filter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct priv_user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* Look a user up.  False when there is none of that name. */
bool priv_user_find(const char *name, struct priv_user *ret_user);

/*
 * Is every capability there that the supervisor needs?  NULL, or the name of
 * the first that is missing.
 */
const char *priv_missing(void);

/* Keep those and give up all others, for good.  0 or a negative errno. */
int priv_keep(void);

/*
 * Become that user for good, with no capability but CAP_NET_ADMIN if
 * net_admin (ambient, so that it survives the next execve), no new
 * privileges.  0 or a negative errno.
 */
int priv_become(const struct priv_user *user, bool net_admin);

/* From now on any system call that the engine does not need kills it.  0 or a
 * negative errno. */
int priv_filter_engine(void);

#endif /* PRIV_H */
