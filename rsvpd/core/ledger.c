/* SPDX-License-Identifier: ISC */

/*
 * Who holds how much of each interface.  Sums are kept up by every operation
 * from the charge of the entry before and after it, in integers, so they never
 * drift.  A sum cannot pass 64 bits: what is held fits the interface's limit,
 * and what is entered past the limits is refused before that.
 */

#include "ledger.h"

#include <assert.h>

#include "base/list.h"

enum { CLASS_GS, CLASS_CL, CLASS_OTHER, CLASSES };

struct entry;
LIST_HEAD(entry_list, entry);

/* One interface: its limits and what is charged now. */
struct pool {
	uint32_t ifindex;
	uint64_t limit_Bps;
	uint64_t budget_bytes;
	uint32_t max_flows;
	uint64_t sum_Bps; /* of all classes */
	uint64_t class_Bps[CLASSES];
	uint64_t burst_bytes;
	uint32_t flows;
	struct entry_list entries;
	UT_hash_handle hh;
};

struct entry {
	uint32_t id;
	struct pool *pool;
	bool has_committed;
	bool has_tentative;
	struct ledger_amount committed;
	struct ledger_amount tentative;
	LIST_ENTRY(entry) link;
	UT_hash_handle hh;
};

struct ledger {
	const struct alloc *alloc;
	struct hash_key hash_key;
	struct pool *pools;
	struct entry *entries;
};

/* What an entry costs, or an amount of its own. */
struct charge {
	unsigned class;
	uint64_t rate_Bps;
	uint64_t burst_bytes;
};

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a >= b ? a : b;
}

static uint64_t
excess(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static struct charge
charge_of(const struct ledger_amount *a)
{
	if (a->service == WIRE_SERVICE_GS)
		return (struct charge){ CLASS_GS, a->rate_Bps, a->burst_bytes };
	return (struct charge){ a->service == WIRE_SERVICE_CL ? CLASS_CL
							      : CLASS_OTHER,
		a->rate_Bps, 0 };
}

/* Of an entry that has that tentative amount beside what it has committed. */
static struct charge
charge_with(const struct entry *e, const struct ledger_amount *tentative)
{
	struct charge c = charge_of(tentative);

	if (e->has_committed) {
		const struct charge old = charge_of(&e->committed);

		c.rate_Bps = larger(c.rate_Bps, old.rate_Bps);
		c.burst_bytes = larger(c.burst_bytes, old.burst_bytes);
	}
	return c;
}

static struct charge
charge_now(const struct entry *e)
{
	if (e->has_tentative)
		return charge_with(e, &e->tentative);
	if (e->has_committed)
		return charge_of(&e->committed);
	return (struct charge){ CLASS_OTHER, 0, 0 };
}

static void
charge_add(struct pool *p, struct charge c)
{
	p->sum_Bps += c.rate_Bps;
	p->class_Bps[c.class] += c.rate_Bps;
	p->burst_bytes += c.burst_bytes;
}

static void
charge_remove(struct pool *p, struct charge c)
{
	p->sum_Bps -= c.rate_Bps;
	p->class_Bps[c.class] -= c.rate_Bps;
	p->burst_bytes -= c.burst_bytes;
}

struct ledger *
ledger_new(const struct alloc *alloc, const struct hash_key *hash_key)
{
	struct ledger *ledger =
		(struct ledger *)alloc_get(alloc, sizeof(*ledger));

	if (!ledger)
		return NULL;
	ledger->alloc = alloc;
	ledger->hash_key = *hash_key;
	return ledger;
}

static struct pool *
find_pool(const struct ledger *ledger, uint32_t ifindex)
{
	struct pool *p;

	HASH_FIND_BYHASHVALUE(hh, ledger->pools, &ifindex, sizeof(ifindex),
		hash_bytes(&ledger->hash_key, &ifindex, sizeof(ifindex)), p);
	return p;
}

static struct pool *
make_pool(struct ledger *ledger, uint32_t ifindex)
{
	struct pool *p = (struct pool *)alloc_get(ledger->alloc, sizeof(*p));

	if (!p)
		return NULL;
	p->ifindex = ifindex;
	LIST_INIT(&p->entries);
	HASH_ADD_BYHASHVALUE(hh, ledger->pools, ifindex, sizeof(p->ifindex),
		hash_bytes(&ledger->hash_key, &ifindex, sizeof(ifindex)), p);
	if (hash_added(p->hh))
		return p;
	alloc_put(ledger->alloc, p);
	return NULL;
}

bool
ledger_iface(struct ledger *ledger, const struct rsvp_iface *iface)
{
	struct pool *p = find_pool(ledger, iface->ifindex);

	if (!p)
		p = make_pool(ledger, iface->ifindex);
	if (!p)
		return false;
	p->limit_Bps = iface->reservable_Bps;
	p->budget_bytes = iface->budget_bytes;
	p->max_flows = iface->max_flows;
	return true;
}

static struct entry *
find_entry(const struct ledger *ledger, uint32_t id)
{
	struct entry *e;

	HASH_FIND_BYHASHVALUE(hh, ledger->entries, &id, sizeof(id),
		hash_bytes(&ledger->hash_key, &id, sizeof(id)), e);
	return e;
}

static struct entry *
make_entry(struct ledger *ledger, struct pool *p, uint32_t id)
{
	struct entry *e = (struct entry *)alloc_get(ledger->alloc, sizeof(*e));

	if (!e)
		return NULL;
	e->id = id;
	e->pool = p;
	HASH_ADD_BYHASHVALUE(hh, ledger->entries, id, sizeof(e->id),
		hash_bytes(&ledger->hash_key, &id, sizeof(id)), e);
	if (!hash_added(e->hh)) {
		alloc_put(ledger->alloc, e);
		return NULL;
	}
	LIST_INSERT_HEAD(&p->entries, e, link);
	p->flows++;
	return e;
}

static void
remove_entry(struct ledger *ledger, struct entry *e)
{
	charge_remove(e->pool, charge_now(e));
	e->pool->flows--;
	LIST_REMOVE(e, link);
	assert(ledger->entries); /* e is in it */
	HASH_DEL(ledger->entries, e);
	alloc_put(ledger->alloc, e);
}

static void
remove_pool(struct ledger *ledger, struct pool *p)
{
	struct entry *e;
	struct entry *next;

	LIST_FOREACH_SAFE (e, &p->entries, link, next)
		remove_entry(ledger, e);
	HASH_DEL(ledger->pools, p);
	alloc_put(ledger->alloc, p);
}

void
ledger_iface_gone(struct ledger *ledger, uint32_t ifindex)
{
	struct pool *p = find_pool(ledger, ifindex);

	if (p)
		remove_pool(ledger, p);
}

void
ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	while (ledger->pools)
		remove_pool(ledger, ledger->pools);
	alloc_put(ledger->alloc, ledger);
}

/* Does more by needed fit?  Needing nothing always does, even when the limit
 * was lowered below what is held. */
static bool
fits(uint64_t needed, uint64_t used, uint64_t limit,
	struct ledger_figures *ret_figures)
{
	const struct ledger_figures figures = { needed, excess(limit, used),
		limit };

	if (needed <= figures.free)
		return true;
	if (ret_figures)
		*ret_figures = figures;
	return false;
}

static enum ledger_result
check(const struct pool *p, struct charge now, struct charge then,
	struct ledger_figures *ret_figures)
{
	if (!fits(excess(then.rate_Bps, now.rate_Bps), p->sum_Bps, p->limit_Bps,
		    ret_figures))
		return LEDGER_BANDWIDTH;
	if (!fits(excess(then.burst_bytes, now.burst_bytes), p->burst_bytes,
		    p->budget_bytes, ret_figures))
		return LEDGER_BUDGET;
	return LEDGER_OK;
}

static enum ledger_result
hold_new(struct ledger *ledger, struct pool *p, uint32_t id,
	const struct ledger_amount *want, struct ledger_figures *ret_figures)
{
	const struct charge none = { CLASS_OTHER, 0, 0 };
	const enum ledger_result result =
		check(p, none, charge_of(want), ret_figures);

	if (result != LEDGER_OK)
		return result;
	if (!fits(1, p->flows, p->max_flows, ret_figures))
		return LEDGER_FLOWS;

	struct entry *e = make_entry(ledger, p, id);

	if (!e)
		return LEDGER_MEMORY;
	e->has_tentative = true;
	e->tentative = *want;
	charge_add(p, charge_now(e));
	return LEDGER_OK;
}

static enum ledger_result
hold_more(struct entry *e, const struct ledger_amount *want,
	struct ledger_figures *ret_figures)
{
	const struct charge now = charge_now(e);
	const enum ledger_result result =
		check(e->pool, now, charge_of(want), ret_figures);

	if (result != LEDGER_OK)
		return result;
	charge_remove(e->pool, now);
	e->has_tentative = true;
	e->tentative = *want;
	charge_add(e->pool, charge_now(e));
	return LEDGER_OK;
}

enum ledger_result
ledger_hold(struct ledger *ledger, uint32_t ifindex, uint32_t id,
	const struct ledger_amount *want, struct ledger_figures *ret_figures)
{
	struct pool *p = find_pool(ledger, ifindex);
	struct entry *e = find_entry(ledger, id);

	if (!p || (e && e->pool != p))
		return LEDGER_NO_IFACE;
	if (e)
		return hold_more(e, want, ret_figures);
	return hold_new(ledger, p, id, want, ret_figures);
}

void
ledger_commit(struct ledger *ledger, uint32_t id)
{
	struct entry *e = find_entry(ledger, id);

	if (!e || !e->has_tentative)
		return;
	charge_remove(e->pool, charge_now(e));
	e->committed = e->tentative;
	e->has_committed = true;
	e->has_tentative = false;
	charge_add(e->pool, charge_now(e));
}

void
ledger_rollback(struct ledger *ledger, uint32_t id)
{
	struct entry *e = find_entry(ledger, id);

	if (!e || !e->has_tentative)
		return;
	if (!e->has_committed) {
		remove_entry(ledger, e);
		return;
	}
	charge_remove(e->pool, charge_now(e));
	e->has_tentative = false;
	charge_add(e->pool, charge_now(e));
}

void
ledger_release(struct ledger *ledger, uint32_t id)
{
	struct entry *e = find_entry(ledger, id);

	if (e)
		remove_entry(ledger, e);
}

enum ledger_result
ledger_enter(struct ledger *ledger, uint32_t ifindex, uint32_t id,
	const struct ledger_amount *amount)
{
	struct pool *p = find_pool(ledger, ifindex);
	struct entry *e = find_entry(ledger, id);

	if (!p || (e && e->pool != p))
		return LEDGER_NO_IFACE;

	const struct charge then = charge_of(amount);

	if (then.rate_Bps > UINT64_MAX - p->sum_Bps ||
		then.burst_bytes > UINT64_MAX - p->burst_bytes)
		return LEDGER_BANDWIDTH;
	if (!e)
		e = make_entry(ledger, p, id);
	if (!e)
		return LEDGER_MEMORY;
	charge_remove(p, charge_now(e));
	e->committed = *amount;
	e->has_committed = true;
	e->has_tentative = false;
	charge_add(p, then);
	return LEDGER_OK;
}

bool
ledger_committed(const struct ledger *ledger, uint32_t id,
	struct ledger_amount *ret_amount)
{
	const struct entry *e = find_entry(ledger, id);

	if (!e || !e->has_committed)
		return false;
	*ret_amount = e->committed;
	return true;
}

bool
ledger_charged(const struct ledger *ledger, uint32_t id,
	struct ledger_amount *ret_amount)
{
	const struct entry *e = find_entry(ledger, id);
	struct charge charge;

	if (!e)
		return false;
	charge = charge_now(e);
	*ret_amount = (struct ledger_amount){
		.service = e->has_tentative ? e->tentative.service
					    : e->committed.service,
		.rate_Bps = charge.rate_Bps,
		.burst_bytes = charge.burst_bytes
	};
	return true;
}

bool
ledger_sums(const struct ledger *ledger, uint32_t ifindex,
	struct ledger_sums *ret_sums)
{
	const struct pool *p = find_pool(ledger, ifindex);

	if (!p)
		return false;
	*ret_sums = (struct ledger_sums){
		.gs_Bps = p->class_Bps[CLASS_GS],
		.cl_Bps = p->class_Bps[CLASS_CL],
		.other_Bps = p->class_Bps[CLASS_OTHER],
		.burst_bytes = p->burst_bytes,
		.flows = p->flows,
		.limit_Bps = p->limit_Bps,
		.free_Bps = excess(p->limit_Bps, p->sum_Bps),
	};
	return true;
}

size_t
ledger_count(const struct ledger *ledger)
{
	return HASH_COUNT(ledger->entries);
}
