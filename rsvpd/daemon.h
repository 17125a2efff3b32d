/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_H
#define DAEMON_H

/*
 * The engine's parts and who owns them: one struct, made in engine.c, handed
 * down.  Each part sees the others only through this.
 */

#include "rsvpd/conf.h"
#include "rsvpd/core/rsvp.h"
#include "rsvpd/loop.h"
#include "rsvpd/refusal_log.h"
#include "rsvpd/stats.h"

/* Descriptors that the supervisor opens and passes (SCM_RIGHTS on the engine's
 * descriptor 4); a role that comes again replaces the one before. */
enum sup_fd {
	SUP_FD_CONF,     /* rsvpd.conf, for reading */
	SUP_FD_RAW4,     /* raw IPv4, protocol 46, router alert */
	SUP_FD_RAW6,     /* raw IPv6, protocol 46 */
	SUP_FD_ALERT6,   /* raw IPv6, IPPROTO_RAW: transit, and for sending */
	SUP_FD_API,      /* listening, rapi.sock */
	SUP_FD_CTL,      /* listening, control.sock */
	SUP_FD_TC,       /* socket pair to tcctl serve */
	SUP_FD_POLICY,   /* socket pair to policyd serve */
	SUP_FD_TAP6,     /* packets: IPv6 multicast RSVP */
	SUP_FD_GUARD,    /* no forwarding of multicast RSVP while it is open */
	SUP_FD_UDP,      /* UDP port 1698 */
	SUP_FD_UDP_HOST, /* UDP port 1699 */
	SUP_FD_ACCOUNTS, /* the file of accounting records, for appending */
	SUP_FD_USERS,    /* a sealed copy of /etc/passwd */
	SUP_FD_COUNT
};

struct engine {
	struct loop *loop;
	struct conf *conf; /* in force; replaced as a whole by a reload */
	struct rsvp_core *core;
	struct net_raw *raw;
	struct net_link *link;
	struct tc_client *tc;
	struct policy_client *policy;
	struct api_server *api;
	struct ctl_server *ctl;
	struct rules *rules;
	struct stats *stats;
	struct loop_timer *tick; /* the core's */
	struct mono started;
	bool in_effects; /* effect_run() is at work */
	bool listening;  /* to neighbours and applications; engine_life.h */
	bool ruled;      /* rules are, or were, in force */
	struct loop_timer *hold;
	struct loop_timer *stop; /* withdrawing before the end, or NULL */
	struct mono stop_by;
	struct marks *marks;
	struct account *account;
	struct refusal_log refusals;
};

/*
 * Give the core its inputs' consequences: take every effect, carry it out, and
 * set the tick.  Call it after each call into the core, from the loop only
 * (never from a hook of the core).
 */
void effect_run(struct engine *engine);

#endif /* DAEMON_H */
