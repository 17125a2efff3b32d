/* SPDX-License-Identifier: ISC */
#ifndef SNAPSHOT_INT_H
#define SNAPSHOT_INT_H

/*
 * A rule set as bytes and back.  Pure.
 *
 *	snapshot := head body
 *	head     := magic u32 | version u16 | head length u16 | generation u64 |
 *	            made u64 | source key u64 | source text (u16, bytes) |
 *	            body length u64 | body digest u64 | head digest u64
 *	body     := default u8 | zones u32 | times u32 | pools u32 |
 *	            categories u32 | rules u32 |
 *	            zone* | time* | pool* | category* | rule*
 *	                                       (each: length u32, bytes)
 *
 * All little-endian.  Rules stand in the order of decision.  The body alone is
 * what a generation means: two snapshots with one body are the same policy.
 */

#include "base/buf.h"
#include "policy/rule_int.h"

/* FNV-1a, 64 bits: against damage, not against an attacker.  Any one changed
 * octet changes it. */
#define POLICY_DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t policy_digest(uint64_t digest, const void *bytes, size_t n);

/*
 * Write the set.  The bytes are from the set's allocator and the caller's.
 * False for lack of memory, or when the set is over POLICY_SNAPSHOT_MAX.
 */
bool policy_snapshot_write(
	const struct policy_set *set, uint8_t **ret_bytes, size_t *ret_len);

/* Octets begin as those of a snapshot do. */
enum { POLICY_SNAPSHOT_MAGIC_LEN = 4 };
bool policy_snapshot_is(const uint8_t begin[POLICY_SNAPSHOT_MAGIC_LEN]);

struct policy_head {
	uint64_t generation;
	int64_t made_unix_s;
	uint64_t source_key;
	char source[POLICY_REASON];
	uint64_t body_digest;
	struct buf_reader body; /* not looked at yet */
};
/* How many rules the body says it has. */
uint32_t policy_head_rules(const struct policy_head *head);

/* Read the head; NULL when it is sound, else what is wrong. */
const char *policy_head_read(
	const void *bytes, size_t len, struct policy_head *ret_head);

/* One record of the body into a category or a rule; NULL when it is sound. */
const char *policy_category_read(struct buf_reader *body, size_t n_pools,
	struct policy_category *ret_category);
/* What is wrong, or NULL and a new, settled rule, which may refer to what the
 * set has. */
const char *policy_rule_read(struct buf_reader *body,
	const struct policy_set *set, struct policy_rule **ret_rule);
/* Also after a failure the zone is to be ended with its set. */
const char *policy_zone_read(const struct alloc *alloc, struct buf_reader *body,
	struct policy_zone *ret_zone);
const char *policy_when_read(
	struct buf_reader *body, size_t n_zones, struct policy_when *ret_when);
const char *policy_pool_read(
	struct buf_reader *body, struct policy_pool *ret_pool);

#endif /* SNAPSHOT_INT_H */
