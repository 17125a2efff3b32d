/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_H
#define LEDGER_H

/*
 * Who holds how much of each interface: the only owner of capacity.  Integers,
 * octets on the wire.
 *
 * An entry (a flow's id) has a committed amount, what the kernel is known to
 * have, and a tentative one, what it was asked for.  While both exist the entry
 * is charged the larger of the two in each respect, so that neither answer of
 * the kernel can find the link sold twice.  Hence an increase needs only the
 * difference, a reduction is never refused (RFC 2211 5, 2212), and roll-back
 * cannot fail.
 *
 *	hold		-> tentative	refused: nothing changes
 *	commit		tentative -> committed
 *	rollback	tentative forgotten; without a committed amount the
 *			entry is gone
 *	enter		committed, whatever the limits (adopted flows, rules)
 *	release		gone
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "rsvpd/core/rsvp.h"

struct ledger;

struct ledger_amount {
	uint8_t service; /* WIRE_SERVICE_GS, _CL, or 0 for a static rule */
	uint64_t rate_Bps;
	uint64_t burst_bytes; /* GS: counts against the budget */
};

enum ledger_result {
	LEDGER_OK,
	LEDGER_BANDWIDTH, /* figures are octets a second */
	LEDGER_BUDGET,    /* GS burst budget; figures are octets */
	LEDGER_FLOWS,     /* figures are flows */
	LEDGER_MEMORY,
	LEDGER_NO_IFACE /* not known here, or the id is on another one */
};

/* Why a hold was refused. */
struct ledger_figures {
	uint64_t needed; /* beyond what the id holds already */
	uint64_t free;
	uint64_t limit;
};

struct ledger_sums {
	uint64_t gs_Bps;
	uint64_t cl_Bps;
	uint64_t other_Bps;
	uint64_t burst_bytes;
	uint32_t flows;
	uint64_t limit_Bps;
	uint64_t free_Bps; /* 0 when the limit was lowered below the sum */
};

/* NULL: no memory.  Keeps alloc. */
struct ledger *ledger_new(
	const struct alloc *alloc, const struct hash_key *hash_key);
void ledger_free(struct ledger *ledger);

/* Add an interface or take over its new limits (reservable_Bps, budget_bytes,
 * max_flows); what is held stays even if it is too much now.  False: no memory,
 * nothing changed. */
bool ledger_iface(struct ledger *ledger, const struct rsvp_iface *iface);
/* Forgets the interface with all its entries. */
void ledger_iface_gone(struct ledger *ledger, uint32_t ifindex);

/* Replaces an earlier tentative amount.  *ret_figures is written for
 * BANDWIDTH, BUDGET and FLOWS; may be NULL. */
enum ledger_result ledger_hold(struct ledger *ledger, uint32_t ifindex,
	uint32_t id, const struct ledger_amount *want,
	struct ledger_figures *ret_figures);
/* These do nothing for an id that is not there. */
void ledger_commit(struct ledger *ledger, uint32_t id);
void ledger_rollback(struct ledger *ledger, uint32_t id);
void ledger_release(struct ledger *ledger, uint32_t id);

/* OK, MEMORY, NO_IFACE, or BANDWIDTH when the sum would not fit 64 bits.
 * Replaces whatever the id had. */
enum ledger_result ledger_enter(struct ledger *ledger, uint32_t ifindex,
	uint32_t id, const struct ledger_amount *amount);

/* The committed amount of an id.  False: none. */
bool ledger_committed(const struct ledger *ledger, uint32_t id,
	struct ledger_amount *ret_amount);
/* What an id is charged now, committed or not.  False: nothing. */
bool ledger_charged(const struct ledger *ledger, uint32_t id,
	struct ledger_amount *ret_amount);
/* False: no such interface. */
bool ledger_sums(const struct ledger *ledger, uint32_t ifindex,
	struct ledger_sums *ret_sums);
/* Entries on all interfaces. */
size_t ledger_count(const struct ledger *ledger);

#endif /* LEDGER_H */
