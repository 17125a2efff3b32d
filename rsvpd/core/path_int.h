/* SPDX-License-Identifier: ISC */
#ifndef PATH_INT_H
#define PATH_INT_H

/*
 * Path state, and what goes over all of it when routes, interfaces or policy
 * change.  A part of core_int.h, which has the structures.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mono.h"

struct iface;
struct psb;
struct rsb;
struct rsvp_core;
struct session;
struct walk;
struct wire_adspec;
struct wire_filter;
struct wire_msg;

/* ---- psb.c --------------------------------------------------------------- */

/* ifindex 0: any (unicast has one). */
struct psb *psb_find(const struct session *session,
	const struct wire_filter *sender, uint32_t in_ifindex);
/* NULL: a limit or no memory, counted. */
struct psb *psb_new(struct rsvp_core *core, struct session *session,
	const struct wire_filter *sender);
/* Sends nothing. */
void psb_free(struct rsvp_core *core, struct psb *psb);
/* It was heard for the first time, or again. */
void psb_heard(struct rsvp_core *core, struct psb *psb, bool first);
/*
 * Somebody may send Paths from addresses and for sessions that do not exist,
 * more than this node has room for.  Those are never refreshed and nobody
 * reserves for them: the oldest of them go, also those of a session that has
 * all its senders, so that there is room for whoever means it.
 */
void psb_make_room(struct rsvp_core *core, const struct wire_msg *msg);
/* Ask for the route.  True when the outgoing interfaces changed. */
bool psb_route(struct rsvp_core *core, struct psb *psb);
/* The same after a change of routes that was heard of at that time: a new
 * interface is used when its W is over, by the next refresh if need be. */
bool psb_repair(struct rsvp_core *core, struct psb *psb, struct mono since);
/* That interface cannot be used: unicast path states leave it at once, however
 * long W is.  What is reserved for them there is kept as always if it is only
 * down, or if there is another way. */
void psb_leave_down(
	struct rsvp_core *core, struct session *session, uint32_t ifindex);
/* Its refresh is due. */
void psb_refresh(struct rsvp_core *core, struct psb *psb);
/* Its route left the interface where that reserves for it.  Until a reservation
 * has come from the new one, or this one has timed out, the previous hop keeps
 * what it has. */
bool psb_left(const struct psb *psb, const struct rsb *rsb);
/* PathTear to a next hop on an interface where it does not go any more, unless
 * that node could take it for one of what it has from elsewhere. */
void psb_tear_stale(struct rsvp_core *core, const struct psb *psb,
	uint32_t ifindex, const struct addr *next_hop);
/* The path states of a session that are reserved for where they go now forget
 * what they left: PathTear there.  True: reservation state went with it. */
bool psb_settle(struct rsvp_core *core, struct session *session);
/* The ADSPEC as it was received.  False: there is none. */
bool psb_adspec(const struct psb *psb, struct wire_adspec *ret_adspec);
bool psb_routes_to(const struct psb *psb, uint32_t ifindex);
/* Some reservation in force is for it. */
bool psb_is_reserved(const struct psb *psb);
/* An application here may receive from it. */
bool psb_reaches_local(const struct psb *psb);
/* It is where an application here receives that sender, which may be heard on
 * several interfaces: the one that the application named (0: none), else the
 * one that routing has (RFC 2205 3.9). */
bool psb_serves(const struct psb *psb, uint32_t named);
/* PathTear on every outgoing interface, dependent reservation state away, then
 * the PSB itself (RFC 2205 3.1.5).  The caller syncs the session quietly. */
void psb_tear(struct rsvp_core *core, struct psb *psb);
/* Path on every outgoing interface now, and the next refresh. */
void psb_forward(struct rsvp_core *core, struct psb *psb);

/* ---- preempt.c ----------------------------------------------------------- */

/* The interface may carry less than it does, or may do so soon: look then. */
void preempt_want(struct rsvp_core *core, struct iface *iface, int64_t in_ms);
void preempt_run(struct rsvp_core *core, struct iface *iface);

/* ---- walk.c -------------------------------------------------------------- */

/* kind: enum timer_kind. */
void walk_init(struct walk *walk, uint8_t kind);
/* Ask again for the routes to dst (NULL: all) in so many ms. */
void walk_routes(
	struct rsvp_core *core, int64_t in_ms, const struct addr_prefix *dst);
/* Ask policy about all that is in force in so many ms. */
void walk_policies(struct rsvp_core *core, int64_t in_ms);
/* What goes out of that interface is sent again by the next pass. */
void walk_resend(struct rsvp_core *core, struct iface *iface);
/* One path state whose W is over. */
void walk_repair(struct rsvp_core *core, struct psb *psb);
/* The first session made after that one, or NULL. */
struct session *walk_after(const struct rsvp_core *core, uint64_t serial);
void walk_step(struct rsvp_core *core, struct walk *walk);

#endif /* PATH_INT_H */
