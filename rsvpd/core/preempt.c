/* SPDX-License-Identifier: ISC */

/*
 * An interface may carry less than it carries: a reload lowered the limit, or a
 * restart found flows of a larger one.  Those with the lowest defending
 * priority go (RFC 3181), among equals the youngest, until the rest fits, and
 * none that fits beside those that stay.  Whoever asked for them is told with
 * code 12 (RFC 2205 3.11.2, Appendix B).
 */

#include "core_int.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEP = 512,     /* reservations preempted in one tick */
	WAIT_MS = 100,  /* for the kernel's answers ... */
	WAITS_MOST = 20 /* ... which may make it unnecessary */
};

/* A demand that may have to go. */
struct candidate {
	struct demand *demand;
	struct ledger_amount amount; /* what it is charged */
	uint16_t defending;
	bool chosen;
	struct wire_session session; /* when it is revoked */
};

/* Of an interface, or of what may be held there. */
struct load {
	uint64_t rate_Bps;
	uint64_t burst_bytes;
	uint64_t flows;
};

static struct load
limit_of(const struct iface *iface)
{
	return (struct load){ iface->conf.reservable_Bps,
		iface->conf.budget_bytes, iface->conf.max_flows };
}

static bool
fits(const struct load *load, const struct load *limit)
{
	return load->rate_Bps <= limit->rate_Bps &&
	       load->burst_bytes <= limit->burst_bytes &&
	       load->flows <= limit->flows;
}

static void
add(struct load *load, const struct ledger_amount *amount)
{
	load->rate_Bps += amount->rate_Bps;
	load->burst_bytes += amount->burst_bytes;
	load->flows++;
}

static void
take(struct load *load, const struct ledger_amount *amount)
{
	load->rate_Bps -= amount->rate_Bps;
	load->burst_bytes -= amount->burst_bytes;
	load->flows--;
}

/* ---- what there is ------------------------------------------------------- */

/* Without what nobody wants any more: that is on its way out. */
static struct load
load_of(const struct rsvp_core *core, const struct iface *iface)
{
	struct ledger_sums sums = { 0 };
	struct load load;
	const struct demand *demand;
	struct ledger_amount amount;

	/* Without an entry in the ledger nothing is held there. */
	(void)ledger_sums(core->ledger, iface->conf.ifindex, &sums);
	load = (struct load){ sums.gs_Bps + sums.cl_Bps + sums.other_Bps,
		sums.burst_bytes, sums.flows };
	LIST_FOREACH (demand, &iface->demands, of_iface)
		if (!demand->session && !demand->adopted &&
			ledger_charged(core->ledger, demand->id, &amount))
			take(&load, &amount);
	return load;
}

static bool
is_settled(const struct iface *iface)
{
	const struct demand *demand;

	LIST_FOREACH (demand, &iface->demands, of_iface)
		if (demand->session && flowslot_busy(demand->slot))
			return false;
	return true;
}

/* Merged requests defend each other. */
static uint16_t
defending(const struct demand *demand)
{
	uint16_t most = 0;
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &demand->rsbs, of_demand)
		if (rsb->defending > most)
			most = rsb->defending;
	return most;
}

/* In the order in which they have to go. */
static int
compare(const void *a, const void *b)
{
	const struct candidate *x = (const struct candidate *)a;
	const struct candidate *y = (const struct candidate *)b;

	if (x->defending != y->defending)
		return x->defending < y->defending ? -1 : 1;
	if (x->demand->born != y->demand->born)
		return x->demand->born > y->demand->born ? -1 : 1;
	return 0;
}

static size_t
list(const struct rsvp_core *core, const struct iface *iface,
	struct candidate *candidates)
{
	struct demand *demand;
	size_t count = 0;

	LIST_FOREACH (demand, &iface->demands, of_iface) {
		struct candidate *c = &candidates[count];

		if (!demand->session ||
			!ledger_charged(core->ledger, demand->id, &c->amount))
			continue;
		c->demand = demand;
		c->defending = defending(demand);
		count++;
	}
	qsort(candidates, count, sizeof(*candidates), compare);
	return count;
}

/* ---- who goes ------------------------------------------------------------ */

static void
choose(struct candidate *candidates, size_t count, struct load load,
	const struct load *limit)
{
	for (size_t i = 0; i < count && !fits(&load, limit); i++) {
		candidates[i].chosen = true;
		take(&load, &candidates[i].amount);
	}
	/* A large one behind a small one may have made room for both, and some
	 * hold nothing of what there is too little of. */
	for (size_t i = count; i-- > 0;) {
		struct load with = load;

		if (!candidates[i].chosen)
			continue;
		add(&with, &candidates[i].amount);
		if (!fits(&with, limit))
			continue;
		candidates[i].chosen = false;
		load = with;
	}
}

static void
explain(const struct iface *iface, const struct load *load,
	const struct candidate *c, struct text *t)
{
	const struct load limit = limit_of(iface);

	if (load->rate_Bps > limit.rate_Bps) {
		text_add_rate(t, (double)load->rate_Bps);
		text_printf(t, " were reserved on %s, which may carry ",
			iface->conf.name);
		text_add_rate(t, (double)limit.rate_Bps);
	} else if (load->burst_bytes > limit.burst_bytes) {
		text_printf(t, "bursts on %s were ", iface->conf.name);
		text_add_size(t, (double)load->burst_bytes);
		text_add(t, " and may be ");
		text_add_size(t, (double)limit.burst_bytes);
	} else {
		text_printf(t, "%s carried %llu flows and may carry %llu",
			iface->conf.name, (unsigned long long)load->flows,
			(unsigned long long)limit.flows);
	}
	text_printf(t, " now; defending priority %u, ", c->defending);
	text_add_rate(t, (double)c->amount.rate_Bps);
}

static void
revoke(struct rsvp_core *core, const struct iface *iface,
	const struct load *load, struct candidate *c)
{
	char reason[RSVP_REASON];
	struct text t = text_over(reason, sizeof(reason));
	const struct refusal refusal = { WIRE_E_PREEMPTED, 0, "", reason };

	explain(iface, load, c, &t);
	core_count(core, RSVP_C_PREEMPTED);
	c->session = session_wire(c->demand->session);
	demand_revoke(core, c->demand, &refusal);
}

/* What follows may free demands and sessions: all are told before. */
static void
sync_sessions(struct rsvp_core *core, const struct candidate *candidates,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct session *session = NULL;

		if (candidates[i].chosen)
			session = session_find(core, &candidates[i].session);
		if (session)
			session_sync(core, session, SESSION_TELL);
	}
}

/* True: there is more to do. */
static bool
preempt(struct rsvp_core *core, struct iface *iface, const struct load *load)
{
	const struct load limit = limit_of(iface);
	struct candidate *candidates;
	size_t count = 0, done = 0, i;
	const struct demand *demand;

	LIST_FOREACH (demand, &iface->demands, of_iface)
		count++;
	candidates = (struct candidate *)core_get(
		core, (count + 1) * sizeof(*candidates));
	if (!candidates)
		return true;
	count = list(core, iface, candidates);
	choose(candidates, count, *load, &limit);
	for (i = 0; i < count && done < STEP; i++) {
		if (!candidates[i].chosen)
			continue;
		revoke(core, iface, load, &candidates[i]);
		done++;
	}
	sync_sessions(core, candidates, i);
	core_put(core, candidates);
	return done == STEP;
}

static bool
is_too_much(const struct rsvp_core *core, const struct iface *iface)
{
	const struct load limit = limit_of(iface);
	const struct load load = load_of(core, iface);

	return !fits(&load, &limit);
}

static void
arm(struct rsvp_core *core, struct iface *iface, struct mono at)
{
	if (!timer_set_at(core, &iface->preempt, at))
		core_count(core, RSVP_C_DROP_MEMORY);
}

void
preempt_want(struct rsvp_core *core, struct iface *iface, int64_t in_ms)
{
	struct mono at = mono_add_ms(core->now, in_ms);

	if (!is_too_much(core, iface))
		return;
	iface->preempt_waits = 0;
	if (heap_queued(&iface->preempt.node))
		at = mono_earlier(at, iface->preempt.node.deadline);
	arm(core, iface, at);
}

void
preempt_run(struct rsvp_core *core, struct iface *iface)
{
	const struct load limit = limit_of(iface);
	const struct load load = load_of(core, iface);

	if (fits(&load, &limit))
		return;
	if (!is_settled(iface) && iface->preempt_waits < WAITS_MOST) {
		iface->preempt_waits++;
		arm(core, iface, mono_add_ms(core->now, WAIT_MS));
		return;
	}
	if (preempt(core, iface, &load))
		arm(core, iface, (struct mono){ core->now.us + 1 });
}
