/* SPDX-License-Identifier: ISC */

/* Who is charged for the flows in the kernel, and how they end: told with
 * RSVP_EFFECT_ACCOUNT to whoever keeps the accounts. */

#include "core_int.h"

#include <string.h>

enum rsvp_end
account_cause(uint8_t code)
{
	switch (code) {
	case WIRE_E_POLICY:
		return RSVP_END_POLICY;
	case WIRE_E_PREEMPTED:
		return RSVP_END_PREEMPTED;
	default:
		return RSVP_END_ERROR;
	}
}

static const struct rsb *
oldest_in_force(const struct demand *demand, uint32_t *ret_count)
{
	const struct rsb *rsb, *oldest = NULL;

	*ret_count = 0;
	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand) {
		if (!rsb->now)
			continue;
		(*ret_count)++;
		if (!oldest)
			oldest = rsb;
	}
	return oldest;
}

static void
charge(const struct rsb *rsb, struct rsvp_account *account)
{
	const struct psb *psb;

	account->style = rsb->style;
	account->neighbour = rsb->hop.addr;
	account->flowspec = spec_forwarded(rsb->now);
	account->role = RSVP_ROLE_TRANSIT;
	(void)text_copy(account->rule, sizeof(account->rule), rsb_rule(rsb));
	TAILQ_FOREACH (psb, &rsb->session->psbs, next) {
		if (!psb->local || !rsb_matches(rsb, rsb->now, psb))
			continue;
		account->role = RSVP_ROLE_SENDER;
		account->who = psb->local->who;
		return;
	}
}

/* NULL: not wanted, or no memory. */
static struct rsvp_account *
push(struct rsvp_core *core, const struct demand *demand)
{
	struct rsvp_account *account;

	if (!core->conf.accounts || !demand->live)
		return NULL;
	account = (struct rsvp_account *)effect_push(
		core, RSVP_EFFECT_ACCOUNT, 0);
	if (!account)
		return NULL;
	account->adopted = demand->found;
	demand_describe(demand, demand->live, &account->flow);
	return account;
}

void
account_flow(struct rsvp_core *core, const struct demand *demand)
{
	uint32_t count;
	const struct rsb *rsb = oldest_in_force(demand, &count);
	struct rsvp_account *account = rsb ? push(core, demand) : NULL;

	if (!account)
		return;
	account->reservations = count;
	charge(rsb, account);
}

void
account_end(struct rsvp_core *core, const struct demand *demand)
{
	struct rsvp_account *account = push(core, demand);

	if (!account)
		return;
	account->ended = true;
	account->end = (enum rsvp_end)demand->end;
}
