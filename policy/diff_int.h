/* SPDX-License-Identifier: ISC */
#ifndef DIFF_INT_H
#define DIFF_INT_H

/* `policyd diff`: what it found, and how that is told. */

#include "effect_int.h"
#include "main_int.h"
#include "policy/change_int.h"

/* One of the two policies. */
struct diff_policy {
	const char *name; /* in messages */
	struct policy_set *set;
	char source[POLICY_REASON]; /* of a snapshot; else the name */
	uint64_t generation;        /* of a snapshot; else 0 */
	uint8_t *bytes;             /* of a snapshot; else NULL */
	size_t len;
	struct source_report errors;
	struct source_report notes;
};

/* Told one after the other while they are found. */
struct diff_out;

struct diff_sum {
	size_t standing; /* reservations that were looked at */
	bool same;
	bool cut; /* memory lacked while it was found: it is not all */
};

struct diff_out_ops {
	struct diff_out *(*begin)(
		const struct diff_policy *have, const struct diff_policy *want);
	struct policy_change_ops change;
	struct effect_ops effect;
	/* Prints and frees.  False: not all could be told, which was said. */
	bool (*end)(struct diff_out *out, const struct diff_sum *sum);
};
extern const struct diff_out_ops diff_text;
extern const struct diff_out_ops diff_json;

/*
 * Reservations as `rsvpctl` has them from the daemon.  False: it is malformed,
 * or too long; ret_problem says where.
 */
bool diff_json_flows(const char *path, int64_t now_unix_s,
	struct effect_flows *flows, struct text *ret_problem);

#endif /* DIFF_INT_H */
