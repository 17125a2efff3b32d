/* SPDX-License-Identifier: ISC */
#ifndef NL_HOST_H
#define NL_HOST_H

/* The host's interfaces and addresses over rtnetlink, and its ifbs. */

#include "link_int.h"
#include "tree_int.h"
#include "tree_show.h"

struct nl_host;
struct tc_life;

/* NULL with errno set when the socket cannot be had. */
struct nl_host *nl_host_new(void);
void nl_host_free(struct nl_host *conn);
/* Tell life, which must outlive conn, of waits in the functions of
 * nl_host_ifbs() and nl_host_offloads(). */
void nl_host_live(struct nl_host *conn, struct tc_life *life);

/* What there is now, to be freed with nl_host_done().  Returns 0 or -errno. */
int nl_host_read(struct nl_host *conn, struct tree_host *ret_host);
void nl_host_done(struct tree_host *host);

/* What the qdiscs and classes of an interface have counted; free() the array.
 * Returns 0 or -errno. */
int nl_host_counts(
	struct nl_host *conn, uint32_t ifindex, struct tree_counts *ret_counts);

/* Make an ifb, or change its queue; it is up afterwards.  mtu 0: the kernel's
 * choice.  Refusals are in ret_result; returns -errno when there is no answer.
 */
int nl_host_put_ifb(struct nl_host *conn, const struct tree_link *link,
	struct tc_result *ret_result);
int nl_host_raise(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result);
int nl_host_del_link(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result);

/* The same as functions; arg is conn, which must outlive them. */
struct tc_ifbs nl_host_ifbs(struct nl_host *conn);
struct tc_offloading nl_host_offloads(struct nl_host *conn);

#endif /* NL_HOST_H */
