/* SPDX-License-Identifier: ISC */
#ifndef WISH_H
#define WISH_H

/*
 * What is wanted of the previous hops of a session, merged from its
 * reservations, and the blockade state (RFC 2205 3.5) that leaves some of them
 * out.  Part of core_int.h.
 */

#include "rsvpd/core/rsvp.h"

struct bsb; /* blockade state: bsb.c */
struct psb;
struct rsb;
struct session;

/* What is wanted of one sender, merged. */
struct wish_part {
	const struct psb *psb;
	const struct bsb *bsb;    /* in its way, or NULL */
	struct wish_part *next;   /* of the same previous hop */
	size_t top;               /* free requests that equal their LUB */
	bool reserved;            /* some request is in force */
	bool free;                /* and some is not blockaded */
	struct wire_flowspec lub; /* of those not blockaded */
	struct wire_flowspec glb; /* of all; with a bsb only */
};

/* What is wanted of one previous hop. */
struct wish {
	struct wish_part *first; /* in the order of the session */
	struct addr confirm;     /* of the strictly largest request in it */
	bool present;            /* the request looked at now is in it, */
	bool smaller;            /* is not the strictly largest, */
	bool blockaded;          /* or cannot succeed for now, */
	bool merged;             /* and has a part in what is asked */
	bool hurry;              /* to be sent at once, changed or not */
	bool carries;            /* a RESV_CONFIRM may go on with it */
};

/* ---- bsb.c --------------------------------------------------------------- */

/* A ResvErr tells that admission control failed: remember what, for its senders
 * or its previous hop, as far as there is path state for them. */
void bsb_strike(struct rsvp_core *core, struct session *session,
	const struct wire_msg *msg);
/* What is in the way of requests of that style for a sender, or NULL. */
const struct bsb *bsb_find(const struct psb *psb, uint8_t style);
/* A request cannot succeed while what failed is remembered. */
bool bsb_blockades(const struct wire_flowspec *failed,
	const struct wire_flowspec *request);
/* Forget what no path state is left for. */
void bsb_purge(struct rsvp_core *core, struct session *session);
void bsb_free(struct rsvp_core *core, struct bsb *bsb);
/* Its time is over: all of it is tried again. */
void bsb_expired(struct rsvp_core *core, struct bsb *bsb);

/* ---- wish.c -------------------------------------------------------------- */

/* Merge the reservations in force for each sender of the session, in one pass;
 * what they amount to stays in the core until the next call.  False: no
 * memory. */
bool wish_compute(struct rsvp_core *core, struct session *session);
/* Count for each part how many requests equal their LUB. */
void wish_rank(struct rsvp_core *core, const struct session *session);
/* Say of each previous hop what the request is to it (struct wish). */
void wish_place(struct rsvp_core *core, const struct rsb *rsb);
/* Hand the parts to the previous hops. */
void wish_deal(struct rsvp_core *core, const struct session *session);
/* What to ask of one: flow descriptors, in the core until the next call. */
size_t wish_flows(
	struct rsvp_core *core, const struct wish *wish, uint8_t style);
/* The addresses of its senders, ascending, each once, in SCOPE_BYTES;
 * returns octets. */
size_t wish_scope(
	const struct rsvp_core *core, const struct wish *wish, uint8_t *bytes);
void wish_done(struct rsvp_core *core);

#endif /* WISH_H */
