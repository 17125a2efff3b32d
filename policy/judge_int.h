/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_INT_H
#define JUDGE_INT_H

/*
 * What the rules that apply grant together, and whether a reservation stays
 * within it.  Pure.
 */

#include "policy/limits_int.h"
#include "policy/rule_int.h"

/* Error Values of RFC 2750 Appendix A. */
enum {
	POLICY_VALUE_REJECT = 3,    /* ERR_REJECT: generic policy rejection */
	POLICY_VALUE_EXCEED = 4,    /* ERR_EXCEED: quota violation */
	POLICY_VALUE_NO_RSC = 15,   /* ERR_NO_RSC: out of resources */
	POLICY_VALUE_SERVICE = 17,  /* ERR_SERVICE: service type rejected */
	POLICY_VALUE_FLOWSPEC = 19, /* ERR_FL_SPEC: flowspec rejected */
};

/* Attribute by attribute what the first rule that sets it says. */
struct policy_granted {
	const struct policy_set *set;
	const struct policy_rule *decides; /* NULL: the default does */
	struct policy_category all;
	const struct policy_rule *by[POLICY_GRANT_COUNT];
	const struct policy_rule *pool_by;
	bool weighed;     /* nothing is taken */
	const char *held; /* weighed: the rule it stands under, or NULL */
};

void policy_granted_init(
	struct policy_granted *granted, const struct policy_set *set);
/* How what they allow ends, when it is allowed no more. */
enum policy_change policy_granted_end(
	const struct policy_granted *granted, uint32_t *ret_grace_s);
/* Add what the rule sets and none before it did. */
void policy_granted_add(
	struct policy_granted *granted, const struct policy_rule *rule);

/*
 * A reservation that is permitted: take its claim, or say in the verdict what
 * stands in the way.  The verdict names the rule already.
 */
void policy_judge(struct policy_limits *limits,
	const struct policy_granted *granted,
	const struct policy_request *request, uint32_t claim,
	struct policy_verdict *v);

void policy_refuse(struct policy_verdict *v, uint16_t value);

#endif /* JUDGE_INT_H */
