/* SPDX-License-Identifier: ISC */
#ifndef LIMITS_INT_H
#define LIMITS_INT_H

/*
 * What reservations count for: flows, rate and buckets of rules, of shared
 * categories, of each of their users, and of pools, held by claims.  Keyed by
 * name, so that they outlive a snapshot.  Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "policy/policy.h"

struct policy_limits;

enum {
	POLICY_HOLDS_MAX = 10, /* counters of one claim */
	POLICY_WHO = 160       /* who asks, as text with its terminator */
};

enum policy_counter {
	POLICY_COUNTS_RULE,
	POLICY_COUNTS_CATEGORY, /* shared by its rules */
	POLICY_COUNTS_RULE_USER,
	POLICY_COUNTS_CATEGORY_USER,
	POLICY_COUNTS_POOL
};

struct policy_use {
	uint64_t allowed; /* decisions */
	uint64_t refused;
	uint64_t flows; /* claims now */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint64_t passed; /* conditions that held, and another rule decided */
};

/* One counter that a claim counts for, and its bounds: POLICY_UNLIMITED. */
struct policy_hold {
	enum policy_counter kind;
	const char *name; /* of the rule, category or pool */
	const char *user; /* "": not of one user */
	uint64_t max_flows;
	uint64_t max_Bps;
	uint64_t max_bucket;
	uint64_t soft_percent; /* of them, to be told */
};

/* What a claim was given on. */
struct policy_terms {
	int64_t since_s;     /* the first claim for the same reservation */
	uint64_t duration_s; /* POLICY_UNLIMITED: for ever */
	uint8_t change;      /* enum policy_change */
	uint32_t grace_s;
};

struct policy_ask {
	const struct policy_hold *holds;
	size_t n_holds; /* up to POLICY_HOLDS_MAX */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	struct policy_terms terms;
	uint32_t claim; /* to be replaced, keeps since_s; 0: none */
};

enum policy_taken {
	POLICY_TAKEN,
	POLICY_TOO_MANY,  /* flows */
	POLICY_TOO_MUCH,  /* rate */
	POLICY_TOO_LARGE, /* bucket */
	POLICY_NO_MEMORY
};

struct policy_outcome {
	uint32_t claim;
	size_t hold;                /* refused: whose bound; taken: see soft */
	struct policy_use would_be; /* of that counter with this claim */
	enum policy_taken soft;     /* taken: a soft limit is passed now */
};

/* NULL for lack of memory. */
struct policy_limits *policy_limits_new(const struct alloc *alloc);
void policy_limits_free(struct policy_limits *limits);

/* Take a claim, or replace the one held.  On refusal nothing changes. */
enum policy_taken policy_limits_take(struct policy_limits *limits,
	const struct policy_ask *ask, struct policy_outcome *ret);
/*
 * What taking it would say, and nothing is taken.  standing: a claim of the
 * same amount under the same counters is held and would be replaced.
 */
enum policy_taken policy_limits_try(const struct policy_limits *limits,
	const struct policy_ask *ask, bool standing,
	struct policy_outcome *ret);
/* Give a claim back; 0 and one that is gone are fine. */
void policy_limits_end(struct policy_limits *limits, uint32_t claim);
/* False: there is no such claim. */
bool policy_limits_terms(const struct policy_limits *limits, uint32_t claim,
	struct policy_terms *ret);
/* When the first claim has lasted its time, after now; INT64_MAX: none. */
int64_t policy_limits_next(const struct policy_limits *limits, int64_t now_s);

/* Count a decision by that rule, "": by the default.  refused: for what, a text
 * that stays; NULL: allowed. */
void policy_limits_note(
	struct policy_limits *limits, const char *rule, const char *refused);
/* Its conditions held, and it let a later rule decide. */
void policy_limits_pass(struct policy_limits *limits, const char *rule);
/* The i-th reason for which it refused, and how often; false: no more. */
bool policy_limits_refusal(const struct policy_limits *limits, const char *rule,
	size_t i, struct policy_refusals *ret);
/* Zeroes when nothing was counted. */
struct policy_use policy_limits_use(const struct policy_limits *limits,
	enum policy_counter kind, const char *name, const char *user);

/* Forget counters of rules that hold no claim and for which known() is false:
 * after a begin, up to that many are looked at in each call.  True: there are
 * more. */
void policy_limits_sweep_begin(struct policy_limits *limits);
bool policy_limits_sweep(struct policy_limits *limits, size_t budget,
	bool (*known)(const void *arg, const char *rule), const void *arg);

#endif /* LIMITS_INT_H */
