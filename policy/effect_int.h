/* SPDX-License-Identifier: ISC */
#ifndef EFFECT_INT_H
#define EFFECT_INT_H

/*
 * What another rule set would do to the reservations that stand and to data
 * traffic, found by doing it: the rules that are in force admit them all, the
 * others take their place, and each is judged again, as the engine does it.
 */

#include <stdio.h>

#include "policy/rule_int.h"

enum {
	EFFECT_FLOWS_MAX = 400000,
	EFFECT_WHAT = 200 /* a reservation for people, with its terminator */
};

/* A reservation, or the Path of a sender of this host, that stands. */
struct effect_flow {
	struct policy_request request; /* owns what it points to */
	char what[EFFECT_WHAT];
	char rule[POLICY_NAME]; /* the recorded one; "": the default */
	uint32_t claim;
	bool refused; /* already now */
	char before[POLICY_NAME];
	/* What it is granted, now and then. */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint8_t service;
	uint16_t preemption;
	uint16_t defending;
};

struct effect_flows {
	struct effect_flow *at;
	size_t count;
	size_t room;
};

/* A copy of the request with all it points to; NULL: no memory, or too many. */
struct effect_flow *effect_flow_add(
	struct effect_flows *flows, const struct policy_request *request);
void effect_flows_done(struct effect_flows *flows);

enum effect_kind {
	EFFECT_REFUSED,  /* it stands, and would be allowed no more */
	EFFECT_ADMITTED, /* it stands although refused, and would be allowed */
	EFFECT_GOVERNED, /* by another rule */
	EFFECT_REGRANTED /* by the same, but with other grants */
};
const char *effect_kind_text(enum effect_kind kind);

struct effect {
	enum effect_kind kind;
	const struct effect_flow *flow;
	const struct policy_verdict *verdict; /* by the other rules */
	const char *how;                      /* refused: what becomes of it */
	const char *grants; /* "rate 1 Mbit/s -> 500 kbit/s", or "" */
};

/* A rule on data traffic that does something else with its packets. */
struct effect_data {
	const char *rule;
	const char *have; /* what it does; "": there is none */
	const char *want;
	bool marks; /* the mark is another */
};

struct effect_ops {
	void (*flow)(void *arg, const struct effect *effect);
	void (*data)(void *arg, const struct effect_data *effect);
};

/* False for lack of memory: what was told is not all. */
bool effect_judge(const struct policy_set *have, const struct policy_set *want,
	struct effect_flows *flows, int64_t now_unix_s,
	const struct effect_ops *ops, void *arg);

#endif /* EFFECT_INT_H */
