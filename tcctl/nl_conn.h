/* SPDX-License-Identifier: ISC */
#ifndef NL_CONN_H
#define NL_CONN_H

/*
 * The kernel's traffic control over rtnetlink, as a struct tc_kernel.  Requests
 * go out in batches, each acknowledged by its sequence number; refusals come
 * with the kernel's own text.
 */

#include "link_int.h"

struct nlmsghdr;
struct nl_conn;
struct tc_life;

/* NULL with errno set when the socket cannot be had. */
struct nl_conn *nl_conn_new(void);
void nl_conn_free(struct nl_conn *conn);
/* Tell life, which must outlive conn, of waits for the kernel. */
void nl_conn_live(struct nl_conn *conn, struct tc_life *life);
/* Its functions; arg is conn, which must outlive it. */
struct tc_kernel nl_conn_kernel(struct nl_conn *conn);

/* nl_watch.c: what other programs do to interfaces and their qdiscs. */

struct nl_watch;

/* NULL with errno set when the socket cannot be had.  What goes through conn is
 * not told. */
struct nl_watch *nl_watch_new(const struct nl_conn *conn);
void nl_watch_free(struct nl_watch *watch);
int nl_watch_fd(const struct nl_watch *watch);
typedef void nl_watch_fn(void *arg, const struct tc_event *event);
/* Tell what has happened; event NULL: some of it is lost.  Does not wait, and
 * ends after a while even if there is more. */
int nl_watch_read(struct nl_watch *watch, nl_watch_fn *tell, void *arg);

/* The socket's address. */
uint32_t nl_conn_port(const struct nl_conn *conn);

/* nl_op.c: messages from and to objects. */

/* Append one message; false: no room (nothing is appended). */
bool nl_op_put(struct buf_writer *w, uint32_t seq, const struct tc_op *op);
/* Ask that a message which was put be acknowledged. */
void nl_want_ack(uint8_t *message);
bool nl_get_class_put(
	struct buf_writer *w, uint32_t seq, uint32_t ifindex, uint32_t classid);
bool nl_get_root_put(struct buf_writer *w, uint32_t seq, uint32_t ifindex);
/* Ask for one object; of a leaf: whichever its class has. */
bool nl_get_object_put(
	struct buf_writer *w, uint32_t seq, const struct tc_object *key);
/* Ask for the root table of a u32 filter's preference. */
bool nl_get_filter_root_put(
	struct buf_writer *w, uint32_t seq, const struct tc_object *like);
/* Handle of a filter; 0: of anything else. */
uint32_t nl_filter_get(const struct nlmsghdr *h);
enum nl_dump {
	NL_DUMP_QDISCS,
	NL_DUMP_CLASSES,
	NL_DUMP_FILTERS,
	NL_DUMP_ACTIONS
};
struct nl_query {
	enum nl_dump what;
	uint32_t ifindex;
	uint32_t parent;    /* filters: of which qdisc or class */
	const char *action; /* actions: of which kind */
	uint16_t pref;      /* filters: of this alone; 0: all */
};
bool nl_dump_put(
	struct buf_writer *w, uint32_t seq, const struct nl_query *query);
/* An object of a dump, with what it has besides in scratch; false: malformed,
 * or not of interest. */
bool nl_object_get(const struct nlmsghdr *h, struct tc_extra *scratch,
	struct tc_object *ret_object);
/* Handle of a root qdisc; 0: of anything else. */
uint32_t nl_root_get(const struct nlmsghdr *h);
bool nl_stats_get(const struct nlmsghdr *h, struct tc_class_stats *ret_stats);

/* nl_action.c: the dump of all actions of a kind, and a message of it. */
bool nl_acts_put(struct buf_writer *w, uint32_t seq, const char *kind);
void nl_acts_get(const struct nlmsghdr *h, tc_gact_fn *tell, void *arg);

/* nl_name.c: look up the names of the interfaces that filters of the list send
 * packets to, from its object number first on. */
void nl_name_targets(struct tc_objects *list, size_t first);

#endif /* NL_CONN_H */
