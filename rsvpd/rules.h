/* SPDX-License-Identifier: ISC */
#ifndef RULES_H
#define RULES_H

/*
 * Static rules: which rules of the policy govern the data traffic of which of
 * our interfaces, what they hold in the ledger, and what tcctl makes of them.
 */

#include "policy/policy.h"
#include "rsvpd/core/rsvp.h"

struct engine;
struct rules;

struct rules *rules_new(struct engine *engine);
void rules_free(struct rules *rules);

/* The host has another interface, or one less, or one by another name. */
void rules_links_changed(struct rules *rules);
/* Policy, interfaces or the time have changed: look again, soon. */
void rules_replan(struct rules *rules);
/* A reservation is about to be installed or changed. */
void rules_flow(struct rules *rules, const struct rsvp_flow *flow);

enum rules_state {
	RULES_WAITING,   /* for traffic control */
	RULES_INSTALLED, /* in the kernel */
	RULES_INACTIVE,  /* its time is not now */
	RULES_REFUSED    /* see the reason */
};

/* One rule on one interface. */
struct rules_info {
	char name[POLICY_NAME];
	char category[POLICY_NAME];
	char ifname[POLICY_IFACE];
	int32_t priority;
	enum rules_state state;
	char reason[RSVP_REASON]; /* refused: why; else "" */
	bool before;              /* ahead of reservations */
	bool guaranteed;          /* its rate is in the ledger */
	bool violation;           /* a reservation covers its traffic, too */
	char other[RSVP_REASON];  /* that reservation */
	bool deny;
	bool marks;
	uint8_t dscp;
	bool marks_out;
	uint8_t dscp_out;
	uint8_t excess; /* enum tc_excess, with a rate */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint64_t peak_Bps;         /* 0: none, and so the next two */
	uint32_t min_packet_bytes; /* IP octets */
	uint32_t max_packet_bytes;
	uint32_t classid; /* 0: best effort */
	uint64_t in_bytes;
	uint64_t in_packets;
	uint64_t out_bytes;
	uint64_t out_packets;
	uint32_t backlog_bytes;
};

/* The generation of policy that all interfaces have, as far as they have it: a
 * rule may have been refused.  0: traffic control has not answered yet. */
uint64_t rules_settled(const struct rules *rules);

/* Rules that apply to an interface but are more than it may have: they are not
 * installed. */
size_t rules_beyond(const struct rules *rules);

/* Ask for the counters; done is called once, also when there are none. */
typedef void rules_counted_fn(void *arg);
void rules_count(struct rules *rules, rules_counted_fn *done, void *arg);
/* An accounting record of each that is in force. */
void rules_interim(struct rules *rules);
/* The i-th, in the order of decision on each interface; false: no more. */
bool rules_at(const struct rules *rules, size_t i, struct rules_info *ret);

#endif /* RULES_H */
