/* SPDX-License-Identifier: ISC */
#ifndef LIMITS_INT_H
#define LIMITS_INT_H

/*
 * What reservations count for: flows and rate of each rule, held by claims.
 * Keyed by the rule's name, so that they outlive a snapshot.  Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "policy/policy.h"

struct policy_limits;

struct policy_use {
	uint64_t allowed; /* decisions */
	uint64_t refused;
	uint64_t flows; /* claims now */
	uint64_t rate_Bps;
};

struct policy_ask {
	const char *rule;
	uint64_t rate_Bps;
	uint64_t max_flows; /* POLICY_UNLIMITED: no bound */
	uint64_t aggregate_Bps;
	uint32_t claim; /* to be replaced; 0: none */
};

enum policy_taken {
	POLICY_TAKEN,
	POLICY_TOO_MANY, /* flows */
	POLICY_TOO_MUCH, /* rate */
	POLICY_NO_MEMORY
};

/* NULL for lack of memory. */
struct policy_limits *policy_limits_new(const struct alloc *alloc);
void policy_limits_free(struct policy_limits *limits);

/*
 * Take a claim, or replace the one held.  On refusal nothing changes.
 * ret_would_be: flows and rate of the rule with this claim, on refusal too.
 */
enum policy_taken policy_limits_take(struct policy_limits *limits,
	const struct policy_ask *ask, uint32_t *ret_claim,
	struct policy_use *ret_would_be);
/* Give a claim back; 0 and one that is gone are fine. */
void policy_limits_end(struct policy_limits *limits, uint32_t claim);

/* Count a decision by that rule. */
void policy_limits_note(
	struct policy_limits *limits, const char *rule, bool allowed);
/* Zeroes when nothing was counted. */
struct policy_use policy_limits_use(
	const struct policy_limits *limits, const char *rule);

/* Forget counters of rules that hold no claim and for which known() is
 * false. */
void policy_limits_sweep(struct policy_limits *limits,
	bool (*known)(const void *arg, const char *rule), const void *arg);

#endif /* LIMITS_INT_H */
