/* SPDX-License-Identifier: ISC */
#ifndef RULE_INT_H
#define RULE_INT_H

/*
 * Rules and categories in memory: what the sources fill in, what a snapshot
 * carries, and what the engine decides with.  Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/text.h"
#include "policy/policy.h"
#include "policy/when_int.h"

enum {
	POLICY_DSCP_MAX = 63,
	POLICY_GLOB = 128,      /* a name or glob, terminated */
	POLICY_LIST_MAX = 1024, /* entries of one list of one rule */
	POLICY_RULES_MAX = 200000,
	POLICY_CATEGORIES_MAX = 200000,
	POLICY_POOLS_MAX = 4096
};

/* No bound set; larger than any rate or size that can be parsed. */
#define POLICY_UNLIMITED   UINT64_MAX
#define POLICY_NO_CATEGORY UINT32_MAX
#define POLICY_NO_WHEN     UINT32_MAX
#define POLICY_NO_POOL     UINT32_MAX

enum policy_scope {
	POLICY_SCOPE_DATA = 1,
	POLICY_SCOPE_RSVP = 2,
	POLICY_SCOPE_BOTH = 3
};

/* Who wins when all else is equal: larger. */
enum policy_origin { POLICY_FROM_FILE, POLICY_FROM_DIRECTORY };

/* Bits of a set of services. */
enum { POLICY_BIT_GS = 1, POLICY_BIT_CL = 2, POLICY_BITS_SERVICE = 3 };
/* Bits of a set of roles: 1 << enum policy_role. */
enum { POLICY_BITS_ROLE = 7 };
/* Bits of a set of styles: 1 << enum policy_style. */
enum { POLICY_BITS_STYLE = 14 };
/* Bits of a set of messages: 1 << enum policy_message. */
enum { POLICY_BITS_MESSAGE = 3 };
/* Bits of a set of two answers. */
enum { POLICY_BIT_NO = 1, POLICY_BIT_YES = 2, POLICY_BITS_ANSWER = 3 };

/* Why the default is what it is. */
enum policy_default {
	POLICY_DEFAULT_ALLOW,        /* as configured */
	POLICY_DEFAULT_DENY,         /* as configured */
	POLICY_DEFAULT_NO_RULES,     /* none for reservations: allow */
	POLICY_DEFAULT_RULES,        /* there are some: deny */
	POLICY_DEFAULT_NO_DIRECTORY, /* it was never read: deny */
	POLICY_DEFAULT_BROKEN,       /* no policy could be read: deny */
	POLICY_DEFAULT_NOT_YET,      /* nothing was loaded: deny; not sent */
	POLICY_DEFAULT_COUNT
};

enum policy_span_kind {
	POLICY_SPAN_USER,
	POLICY_SPAN_GROUP,
	POLICY_SPAN_PROTO,
	POLICY_SPAN_SRC_PORT,
	POLICY_SPAN_DST_PORT,
	POLICY_SPAN_DSCP,
	POLICY_SPAN_COUNT
};
enum policy_addr_kind {
	POLICY_ADDR_SRC,
	POLICY_ADDR_DST,
	POLICY_ADDR_HOST, /* of an identity: the source of the flow */
	POLICY_ADDR_NEIGHBOUR,
	POLICY_ADDR_COUNT
};
/* The first three tell who asks: it is enough to be in one list of who. */
enum policy_name_kind {
	POLICY_NAME_PRINCIPAL,
	POLICY_NAME_SUBJECT,
	POLICY_NAME_WHO_APPLICATION,
	POLICY_NAME_APPLICATION,
	POLICY_NAME_ISSUER,
	POLICY_NAME_COUNT
};
/* ANY: where it comes from or goes to. */
enum policy_iface_kind {
	POLICY_IFACE_ANY,
	POLICY_IFACE_IN,
	POLICY_IFACE_OUT,
	POLICY_IFACE_COUNT
};

/* What makes a rule more specific, most weighty first. */
enum policy_rank {
	POLICY_RANK_WHO,
	POLICY_RANK_DST,
	POLICY_RANK_SRC,
	POLICY_RANK_PROTO,
	POLICY_RANK_DST_PORT,
	POLICY_RANK_SRC_PORT,
	POLICY_RANK_IFACE,
	POLICY_RANK_SERVICE, /* and style */
	POLICY_RANK_TIME,
	POLICY_RANK_ROLE,
	POLICY_RANK_REST,
	POLICY_RANK_COUNT
};

/* What becomes of a request that exceeds a bound of one flow. */
enum policy_exceed { POLICY_REJECT, POLICY_LOWER };

/* What the number of a grant means. */
enum policy_unit {
	POLICY_UNIT_RATE,  /* octets a second */
	POLICY_UNIT_SIZE,  /* octets */
	POLICY_UNIT_TIME,  /* microseconds */
	POLICY_UNIT_COUNT, /* from here on a word stands for each value */
	POLICY_UNIT_DSCP,
	POLICY_UNIT_SERVICE,
	POLICY_UNIT_EXCESS,
	POLICY_UNIT_ARBITRATION,
	POLICY_UNIT_EXCEED,
	POLICY_UNIT_CHANGE,
	POLICY_UNIT_FLAG
};

/*
 * What a category grants, all of it numbers: member, key, unit, largest value.
 * The order is that of the text and of the snapshot.
 */
#define POLICY_GRANTS(X)                                                       \
	X(max_service, "maxService", SERVICE, 5)                               \
	X(max_rate_Bps, "maxRatePerFlow", RATE, INT64_MAX)                     \
	X(max_bucket_bytes, "maxBucketPerFlow", SIZE, INT64_MAX)               \
	X(max_peak_Bps, "maxPeakPerFlow", RATE, INT64_MAX)                     \
	X(max_packet_bytes, "maxPacketPerFlow", SIZE, INT64_MAX)               \
	X(max_flows, "maxFlows", COUNT, 1000000000)                            \
	X(aggregate_Bps, "aggregateRate", RATE, INT64_MAX)                     \
	X(aggregate_bucket_bytes, "aggregateBucket", SIZE, INT64_MAX)          \
	X(user_flows, "maxFlowsPerUser", COUNT, 1000000000)                    \
	X(user_Bps, "aggregateRatePerUser", RATE, INT64_MAX)                   \
	X(min_delay_us, "minDelay", TIME, INT64_MAX)                           \
	X(max_slack_us, "maxSlack", TIME, INT64_MAX)                           \
	X(max_duration_s, "maxDuration", COUNT, UINT32_MAX)                    \
	X(soft_percent, "softLimit", COUNT, 100)                               \
	X(share, "share", FLAG, 1)                                             \
	X(on_exceed, "onExceed", EXCEED, POLICY_LOWER)                         \
	X(on_change, "onChange", CHANGE, POLICY_TEAR)                          \
	X(grace_s, "grace", COUNT, UINT32_MAX)                                 \
	X(preemption, "preemption", COUNT, 65535)                              \
	X(defending, "defending", COUNT, 65535)                                \
	X(max_preemption, "maxPreemption", COUNT, 65535)                       \
	X(admission_priority, "admissionPriority", COUNT, 255)                 \
	/* Of data traffic. */                                                 \
	X(rate_Bps, "maxRate", RATE, INT64_MAX)                                \
	X(bucket_bytes, "maxTokenBucket", SIZE, INT64_MAX)                     \
	X(peak_Bps, "peakRate", RATE, INT64_MAX)                               \
	X(min_unit_bytes, "minPolicedUnit", SIZE, 65535)                       \
	X(packet_bytes, "maxPacketSize", SIZE, 65535)                          \
	X(dscp_in, "inProfileDscp", DSCP, 63)                                  \
	X(dscp_out, "outProfileDscp", DSCP, 63)                                \
	X(excess, "outProfileAction", EXCESS, POLICY_EXCESS_DELAY)             \
	X(admit, "admit", FLAG, 1)                                             \
	X(arbitration, "arbitration", ARBITRATION, POLICY_FIRST_WINS)

struct policy_category {
	char name[POLICY_NAME];
	bool deny;
	uint8_t origin; /* enum policy_origin */
	uint32_t pool;  /* index in the set, or POLICY_NO_POOL */
#define X(member, key, unit, most) uint64_t member;
	POLICY_GRANTS(X) /* POLICY_UNLIMITED: not set, no bound */
#undef X
};

enum policy_grant_index {
#define X(member, key, unit, most) POLICY_GRANT_##member,
	POLICY_GRANTS(X)
#undef X
		POLICY_GRANT_COUNT
};

/* A bound that several categories share. */
struct policy_pool {
	char name[POLICY_NAME];
	uint64_t rate_Bps; /* POLICY_UNLIMITED: no bound */
	uint64_t max_flows;
	uint64_t headroom_percent; /* for calls with an admissionPriority */
	uint64_t soft_percent;     /* POLICY_UNLIMITED: none */
};

struct policy_grant {
	const char *key;
	size_t offset; /* of the uint64_t in struct policy_category */
	enum policy_unit unit;
	uint64_t most;
};
const struct policy_grant *policy_grants(size_t *ret_count);
uint64_t policy_grant_get(
	const struct policy_category *c, const struct policy_grant *grant);
void policy_grant_set(struct policy_category *c,
	const struct policy_grant *grant, uint64_t value);
/* The grant may be set to that value. */
bool policy_grant_valid(const struct policy_grant *grant, uint64_t value);

/* The words of a unit, ended by one without text; NULL when it has none. */
struct policy_word {
	const char *text;
	uint64_t value;
};
const struct policy_word *policy_unit_words(enum policy_unit unit);

struct policy_glob {
	char text[POLICY_GLOB];
};

struct policy_globs {
	struct policy_glob *at;
	size_t count;
};

/* Positions in the set's list of times. */
struct policy_whens {
	uint32_t *at;
	size_t count;
};

struct policy_rule {
	char name[POLICY_NAME];
	uint32_t category; /* index in the set, or POLICY_NO_CATEGORY */
	int32_t priority;
	bool deny;
	bool disabled;
	bool goes_on;              /* grants, and lets a later rule decide */
	uint8_t origin;            /* enum policy_origin */
	uint8_t scope;             /* enum policy_scope */
	uint8_t services;          /* bits; 0: any */
	uint8_t roles;             /* bits; 0: any */
	uint8_t styles;            /* bits; 0: any */
	uint8_t messages;          /* bits; 0: any */
	uint8_t multicast;         /* bits; 0: any */
	uint8_t identified;        /* bits; 0: any */
	uint32_t own_when;         /* must hold; POLICY_NO_WHEN: none */
	struct policy_whens whens; /* one must hold */
	struct policy_spans spans[POLICY_SPAN_COUNT];
	struct policy_addr_spans addrs[POLICY_ADDR_COUNT];
	struct policy_ifaces ifaces[POLICY_IFACE_COUNT];
	struct policy_globs names[POLICY_NAME_COUNT];
	uint32_t rank[POLICY_RANK_COUNT]; /* by policy_rule_settle() */
	bool denies; /* by itself or by its category, by the same */
};

/* Conditions in the order in which they are tried. */
#define POLICY_CONDITIONS(X)                                                   \
	X(POLICY_HOLDS, "all conditions hold")                                 \
	X(POLICY_FAILS_DISABLED, "it is not enabled")                          \
	X(POLICY_FAILS_SCOPE, "scope: it governs data traffic only")           \
	X(POLICY_FAILS_WHO, "who: somebody else")                              \
	X(POLICY_FAILS_WHO_UNKNOWN, "who: nobody is known to ask")             \
	X(POLICY_FAILS_APPLICATION, "application")                             \
	X(POLICY_FAILS_ISSUER, "certificate issuer")                           \
	X(POLICY_FAILS_IDENTIFIED, "authenticated")                            \
	X(POLICY_FAILS_NEIGHBOUR, "neighbour")                                 \
	X(POLICY_FAILS_ROLE, "role")                                           \
	X(POLICY_FAILS_MESSAGE, "message")                                     \
	X(POLICY_FAILS_PROTO, "protocol")                                      \
	X(POLICY_FAILS_DST, "destination")                                     \
	X(POLICY_FAILS_MULTICAST, "multicast")                                 \
	X(POLICY_FAILS_SRC, "source")                                          \
	X(POLICY_FAILS_DST_PORT, "destination port")                           \
	X(POLICY_FAILS_SRC_PORT, "source port")                                \
	X(POLICY_FAILS_SERVICE, "service")                                     \
	X(POLICY_FAILS_STYLE, "style")                                         \
	X(POLICY_FAILS_IFACE, "interface")                                     \
	X(POLICY_FAILS_DSCP, "dscp: a reservation has none")                   \
	X(POLICY_FAILS_TIME, "time: it is not now")

enum policy_condition {
#define X(name, text) name,
	POLICY_CONDITIONS(X)
#undef X
};

/* The first condition that fails, or POLICY_HOLDS. */
enum policy_condition policy_rule_match(const struct policy_times *times,
	const struct policy_rule *rule, const struct policy_request *request);
/* The rule's time is now. */
bool policy_rule_is_now(const struct policy_times *times,
	const struct policy_rule *rule, int64_t now_unix_s);
const char *policy_condition_text(enum policy_condition condition);

/* Compute the rank; call it when the conditions are complete.  The category is
 * the rule's, or NULL. */
void policy_rule_settle(
	struct policy_rule *rule, const struct policy_category *category);
/* The total order of decision: <0 when a comes first.  Zero only for equal
 * names. */
int policy_rule_compare(
	const struct policy_rule *a, const struct policy_rule *b);
/* Every request that b matches, a matches too. */
bool policy_rule_covers(
	const struct policy_rule *a, const struct policy_rule *b);
/* Some request may match both. */
bool policy_rule_overlaps(
	const struct policy_rule *a, const struct policy_rule *b);
/* The rule names somebody: users, groups or what else tells who asks. */
bool policy_rule_names_somebody(const struct policy_rule *rule);

/* Length of the prefix that the span is, or -1 when it is none. */
int policy_addr_span_prefix(const struct policy_addr_span *span);

/* Frees the lists and the rule; NULL is fine. */
void policy_rule_free(const struct alloc *alloc, struct policy_rule *rule);

/* A category without any bound. */
void policy_category_init(struct policy_category *category);
/* Its numbers fit each other: both priorities or none, in their order. */
bool policy_category_sound(const struct policy_category *category);

/* A name is 1 to 63 printable ASCII characters without blanks at its ends. */
bool policy_name_valid(const char *name);
/* Some name that the one glob matches, the other matches. */
bool policy_globs_meet(const char *a, const char *b);

/* For people.  Conditions: "any" when there is none. */
void policy_rule_text(struct text *t, const struct policy_times *times,
	const struct policy_rule *rule);
const char *policy_scope_text(uint8_t scope);
const char *policy_default_text(uint8_t why); /* enum policy_default */
bool policy_default_denies(uint8_t why);
void policy_proto_text(struct text *t, uint32_t proto);

/* What it says of the DS field; false: nothing. */
bool policy_category_marking(
	const struct policy_category *c, struct policy_marking *ret_marking);
/* What the rule says of data traffic; false when it says nothing. */
bool policy_rule_data(const struct policy_rule *rule,
	const struct policy_category *category,
	const struct policy_times *times, int64_t now_unix_s,
	struct policy_data_rule *ret_rule);

/* A rule set: rules in the order of decision.  Owns all it points to. */
struct policy_set {
	const struct alloc *alloc;
	struct policy_category *categories;
	size_t n_categories;
	struct policy_pool *pools;
	size_t n_pools;
	struct policy_rule **rules;
	size_t n_rules;
	struct policy_times times;
	uint32_t *data; /* positions of those on data traffic, or NULL */
	size_t n_data;
	uint8_t default_why; /* enum policy_default */
	uint64_t generation;
	int64_t made_unix_s;
	uint64_t source_key; /* digest of where the directory part is from */
	char source[POLICY_REASON];
};

void policy_set_free(struct policy_set *set);
/* Up to that many rules of it.  True: it is gone. */
bool policy_set_free_some(struct policy_set *set, size_t budget);

/*
 * The i-th field of it under its name of policy.conf, as text; "": not set.
 * NULL past the last.  Two are the same when all fields are.
 */
const char *policy_rule_field(const struct policy_set *set,
	const struct policy_rule *rule, size_t i, struct text *value);
const char *policy_category_field(const struct policy_set *set,
	const struct policy_category *c, size_t i, struct text *value);
const char *policy_pool_field(
	const struct policy_pool *pool, size_t i, struct text *value);
const char *policy_origin_text(uint8_t origin); /* enum policy_origin */

/* For people. */
void policy_category_text(struct text *t, const struct policy_set *set,
	const struct policy_category *c);

#endif /* RULE_INT_H */
