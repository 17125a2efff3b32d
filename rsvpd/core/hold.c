/* SPDX-License-Identifier: ISC */

/*
 * Capacity that static rules hold.  Their entries of the ledger have numbers
 * that no flow is given.
 */

#include "core_int.h"

enum { FIRST_ID = 0xfe, ID_SHIFT = 24 };

bool
hold_is_id(uint32_t id)
{
	return id >> ID_SHIFT == FIRST_ID;
}

static void
explain(const struct rsvp_core *core, uint32_t ifindex,
	enum ledger_result result, const struct ledger_figures *f,
	char reason[RSVP_REASON])
{
	const struct iface *iface = iface_find(core, ifindex);
	const char *name = iface ? iface->conf.name : "the interface";
	struct text t = text_over(reason, RSVP_REASON);

	if (result == LEDGER_BANDWIDTH) {
		text_printf(&t, "bandwidth on %s: needs ", name);
		text_add_rate(&t, (double)f->needed);
		text_add(&t, ", ");
		text_add_rate(&t, (double)f->free);
		text_add(&t, " of ");
		text_add_rate(&t, (double)f->limit);
		text_add(&t, " free");
	} else if (result == LEDGER_FLOWS) {
		text_printf(&t, "%s carries its maximum of %llu flows", name,
			(unsigned long long)f->limit);
	} else {
		text_add(&t, result == LEDGER_MEMORY
				     ? "no memory"
				     : "the interface has no capacity");
	}
}

static uint32_t
new_id(const struct rsvp_core *core)
{
	uint32_t id = (uint32_t)FIRST_ID << ID_SHIFT;
	struct ledger_amount amount;

	while (hold_is_id(id) && ledger_charged(core->ledger, id, &amount))
		id++;
	return hold_is_id(id) ? id : 0;
}

bool
rsvp_core_rule_hold(struct rsvp_core *core, uint32_t ifindex, uint64_t rate_Bps,
	uint32_t *id, char reason[RSVP_REASON])
{
	const struct ledger_amount want = { .rate_Bps = rate_Bps };
	const uint32_t held = *id != 0 ? *id : new_id(core);
	struct ledger_figures figures = { 0 };
	enum ledger_result result = LEDGER_MEMORY;

	if (held != 0)
		result = ledger_hold(
			core->ledger, ifindex, held, &want, &figures);
	if (result != LEDGER_OK) {
		explain(core, ifindex, result, &figures, reason);
		return false;
	}
	ledger_commit(core->ledger, held);
	*id = held;
	return true;
}

void
rsvp_core_rule_release(struct rsvp_core *core, uint32_t id)
{
	if (id != 0)
		ledger_release(core->ledger, id);
}
