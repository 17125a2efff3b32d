/* SPDX-License-Identifier: ISC */
#ifndef RULES_INT_H
#define RULES_INT_H

/*
 * Private to rules.c: the rules on the interfaces, and how far each interface
 * is.
 */

#include "base/msg.h"
#include "rsvpd/loop.h"
#include "rsvpd/rules.h"
#include "rsvpd/rules_plan.h"
#include "tcctl/tcctl.h"

enum {
	IFACES_MAX = 256,
	RESVS = 64 /* of one session looked at */
};

struct instance {
	struct rules_info info;
	uint32_t ifindex;
	uint32_t held; /* entry in the ledger; 0: none */
	bool admit;
	bool settled;           /* before or behind reservations: stays */
	uint64_t digest;        /* of what the policy says */
	char told[RSVP_REASON]; /* last reason that was logged */
	enum policy_arbitration arbitration;
	struct tc_rule rule;
	int64_t since_unix_ms; /* in force; 0: not yet */
};

/* Rules of all interfaces: by interface, in the order of decision. */
struct plan {
	struct instance **all;
	size_t count;
	size_t room;
};

struct managed {
	uint32_t ifindex;
	char name[RSVP_NAME];
	uint32_t mtu;
	bool ready;     /* tcctl manages it */
	bool busy;      /* tcctl has not answered */
	bool again;     /* it is asked again then */
	uint64_t asked; /* digest of the list it was asked for, or 0 */
};

struct waiter {
	struct waiter *next;
	rules_counted_fn *done;
	void *arg;
};

struct rules {
	struct engine *engine;
	uint64_t planned;         /* generation of policy that the plan is of */
	struct rules_links links; /* of the host, when it was made; owned */
	bool by_incoming;         /* some rule names incoming ones */
	struct loop_timer *soon;
	struct loop_timer *retry;
	struct plan plan;
	struct managed ifaces[IFACES_MAX];
	size_t iface_count;
	struct waiter *waiters;
	struct rsvp_resv_info resvs[RESVS];
	uint8_t bytes[MSG_DATAGRAM_MAX]; /* a rule, to be compared */
	struct rules_ended *ended;       /* to be asked for their counters */
	struct rules_ended *asked_ended;
};

void rules_count_one(
	struct rules_info *info, const struct tc_rule_counter *counter);

/* ---- rules_account.c ----------------------------------------------------- */

/* It is in force no more. */
void rules_end(
	struct rules *rules, const struct instance *one, const char *how);
/* Ask for the counters of those, before tcctl is told anything else. */
void rules_ask_ended(struct rules *rules);
/* Records as they are, for the end of the engine. */
void rules_forget_ended(struct rules *rules);

/* rules_links.c: read what interfaces there are.  False: no memory. */
bool rules_list_links(struct rules *rules);

#endif /* RULES_INT_H */
