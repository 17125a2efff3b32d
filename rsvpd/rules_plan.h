/* SPDX-License-Identifier: ISC */
#ifndef RULES_PLAN_H
#define RULES_PLAN_H

/*
 * From a policy rule on data traffic to what traffic control is asked for on
 * one interface.  Pure.
 */

#include "policy/policy.h"
#include "rsvpd/core/rsvp.h"
#include "tcctl/tcctl.h"

/* The rule governs what leaves by that interface. */
bool rules_applies(const struct policy_data_rule *rule, const char *ifname);

/* A number for the rule on the interface, the same on every day: by it the
 * rule is known again in the kernel.  Never 0; salt: when another has it. */
uint32_t rules_id(const char *name, const char *ifname, uint32_t salt);

/* The host's interfaces. */
struct rules_link {
	uint32_t ifindex;
	char name[RSVP_NAME];
};
struct rules_links {
	size_t count;
	struct rules_link *all;
};

/*
 * What the rule asks for; not yet decided: before, guaranteed.  mtu_bytes: the
 * least bucket, when it names none, is two of these.  False, with the reason:
 * traffic control cannot tell such packets.
 */
bool rules_plan(const struct policy_data_rule *rule, uint32_t mtu_bytes,
	const struct rules_links *links, struct tc_rule *ret_rule,
	char reason[RSVP_REASON]);

/* How the packets of a reservation are marked that a rule allows. */
struct tc_marking rules_marking(const struct policy_marking *from);

/* Some packet of that reservation may belong to the rule, too. */
bool rules_overlap(const struct tc_rule *rule,
	const struct wire_session *session, const struct wire_filter *filter);

#endif /* RULES_PLAN_H */
