/* SPDX-License-Identifier: ISC */
#ifndef CORE_JUDGED_H
#define CORE_JUDGED_H

/* A core whose policy says who goes before whom, on links that are full. */

#include "core_t.h"

/* What may be reserved on DOWN. */
static inline void
ct_limit(struct ct *t, uint64_t reservable_Bps)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.reservable_Bps = reservable_Bps;
	ct_put_iface(t, &conf);
}

static inline void
ct_no_end(void *arg, uint32_t claim)
{
	struct ct *t = (struct ct *)arg;

	(void)claim;
	t->claims--;
}

/* IPv4, with a policy of the case's own, which tells claims by no number. */
static inline struct ct *
ct_judged_by(void (*policy_fn)(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret))
{
	struct ct *t = ct_new(ADDR_V4);

	t->conf.hooks.policy = policy_fn;
	t->conf.hooks.policy_end = ct_no_end;
	ct_restart(t);
	return t;
}

#endif /* CORE_JUDGED_H */
