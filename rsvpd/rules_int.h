/* SPDX-License-Identifier: ISC */
#ifndef RULES_INT_H
#define RULES_INT_H

/*
 * Private to rules*.c: the rules on the interfaces, and how far each interface
 * is.
 */

#include "base/msg.h"
#include "rsvpd/loop.h"
#include "rsvpd/rules.h"
#include "rsvpd/rules_plan.h"
#include "tcctl/tcctl.h"

enum {
	IFACES_MAX = 256,
	RESVS = 64,      /* of one session looked at */
	RULES_MAX = 1024 /* of one interface; docs/policy.conf.5.in */
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

/* Rules of an interface, in the order of decision. */
struct plan {
	struct instance **all;
	size_t count;
	size_t room;
	size_t beyond; /* apply as well, but are more than RULES_MAX */
};

struct managed {
	uint32_t ifindex;
	char name[RSVP_NAME];
	uint32_t mtu;
	bool ready;     /* tcctl manages it */
	bool busy;      /* tcctl has not answered */
	bool again;     /* it is asked again then */
	bool pending;   /* its plan is new: capacity and tcctl come to it */
	uint64_t asked; /* digest of the list it was asked for, or 0 */
	struct plan plan;
	struct plan draft; /* of the next one, while it is made */
	size_t told;       /* rules beyond the limit, as it was logged */
	size_t hint;       /* where the next counter probably belongs */
};

/* A plan of all interfaces that is being made. */
struct draft {
	size_t next;   /* rule of the policy */
	int64_t now_s; /* by the clock on the wall */
	const struct rules_links *links;
	bool by_incoming;                /* some rule names incoming ones */
	uint8_t bytes[MSG_DATAGRAM_MAX]; /* a rule, to be compared */
};

/* What is done of a new plan, a bit in each turn of the loop. */
enum rules_stage {
	RULES_IDLE,
	RULES_DRAFT, /* which rules apply */
	RULES_TAKE,  /* what changed; an interface a turn */
	RULES_LOOK,  /* which reservations cover the same traffic */
	RULES_FORCE  /* capacity and tcctl; an interface a turn */
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
	struct loop_timer *work; /* the next bit of the stage */
	struct loop_timer *look; /* the next reservations */
	enum rules_stage stage;
	size_t turn; /* interface that is next in the stage */
	struct draft draft;
	struct managed ifaces[IFACES_MAX];
	size_t iface_count;
	bool looking;           /* at the reservations */
	uint64_t looked;        /* serial of the last session */
	bool counting;          /* tcctl was asked for the counters */
	struct waiter *waiters; /* for both */
	struct rsvp_resv_info resvs[RESVS];
	struct rules_ended *ended; /* to be asked for their counters */
	struct rules_ended *asked_ended;
};

void rules_count_one(
	struct rules_info *info, const struct tc_rule_counter *counter);

struct managed *rules_iface(struct rules *rules, uint32_t ifindex);
/* The reservations have been looked at. */
void rules_looked(struct rules *rules);

/* ---- rules_draft.c ------------------------------------------------------- */

uint64_t rules_digest_begin(void);
/* FNV-1a over the rule as a message: whatever it says is in it. */
uint64_t rules_digest(
	struct draft *draft, uint64_t digest, const struct tc_rule *rule);
void rules_plan_free(struct plan *plan);
struct instance *rules_find(struct managed *iface, uint32_t id);

enum rules_drafted { RULES_MORE, RULES_DONE, RULES_NO_MEMORY };

/* Look at some more rules, and note those that apply with each interface. */
enum rules_drafted rules_draft(struct draft *draft, const struct policy *policy,
	struct managed *ifaces, size_t count);

/* ---- rules_take.c -------------------------------------------------------- */

/* The draft is the plan: what goes gives back, what stays keeps what it has.
 * False: no memory. */
bool rules_take(struct rules *rules, struct managed *iface);
/* All of it goes, with the interface. */
void rules_drop(struct rules *rules, struct managed *iface);

/* ---- rules_resv.c -------------------------------------------------------- */

/* Look, in slices, which rules cover traffic that is reserved; rules_looked()
 * is called then. */
void rules_look(struct rules *rules);
void rules_look_turn(void *arg);
/* Who comes first is decided once, and stays. */
void rules_arbitrate(struct instance *one);

/* ---- rules_force.c ------------------------------------------------------- */

/* The plan of the interface asks for capacity and goes to tcctl. */
void rules_force(struct rules *rules, struct managed *iface);

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
