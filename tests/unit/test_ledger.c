/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/ledger.h"

#include "t.h"
#include "t_random.h"

/* ---- memory that runs out ------------------------------------------------ */

/* Of the hash tables: every n-th allocation fails; 0: none.  Compilers make one
 * calloc() of a malloc() and a memset(). */
static unsigned tables_fail_every;
static unsigned tables_calls;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool
fails_now(void)
{
	tables_calls++;
	return tables_fail_every != 0 && tables_calls % tables_fail_every == 0;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

/* Of the ledger itself. */
struct scarce {
	int after; /* fails when it is 0; negative: never */
	int live;
};

static void *
scarce_get(void *arg, size_t size)
{
	struct scarce *s = (struct scarce *)arg;
	void *memory;

	if (s->after == 0)
		return NULL;
	if (s->after > 0)
		s->after--;
	memory = __real_calloc(1, size);
	s->live += memory != NULL;
	return memory;
}

static void
scarce_put(void *arg, void *memory)
{
	struct scarce *s = (struct scarce *)arg;

	s->live -= memory != NULL;
	free(memory);
}

/* ---- helpers ------------------------------------------------------------- */

static const struct hash_key key = { 1, 2 };
static const struct rsvp_iface eth = { .ifindex = 3,
	.reservable_Bps = 1000,
	.budget_bytes = 100,
	.max_flows = 5 };

static struct ledger *
new_ledger(void)
{
	struct ledger *l = ledger_new(alloc_heap(), &key);

	T_CHECK(l, "no memory");
	T_CHECK(ledger_iface(l, &eth), "no memory");
	return l;
}

static struct ledger_amount
gs(uint64_t rate, uint64_t burst)
{
	return (struct ledger_amount){ WIRE_SERVICE_GS, rate, burst };
}

static struct ledger_amount
cl(uint64_t rate)
{
	return (struct ledger_amount){ WIRE_SERVICE_CL, rate, 9999999 };
}

static enum ledger_result
hold(struct ledger *l, uint32_t id, struct ledger_amount want)
{
	return ledger_hold(l, 3, id, &want, NULL);
}

static void
check_sums(const struct ledger *l, uint64_t gs_Bps, uint64_t cl_Bps,
	uint64_t burst, uint32_t flows)
{
	struct ledger_sums s;

	T_CHECK(ledger_sums(l, 3, &s), "no interface");
	T_EQ(s.gs_Bps, gs_Bps);
	T_EQ(s.cl_Bps, cl_Bps);
	T_EQ(s.burst_bytes, burst);
	T_EQ(s.flows, flows);
}

/* ---- cases --------------------------------------------------------------- */

static void
the_last_octet_is_given_and_no_more(void)
{
	struct ledger *l = new_ledger();
	struct ledger_figures f;
	const struct ledger_amount more = cl(401);

	T_EQ(hold(l, 1, gs(600, 10)), LEDGER_OK);
	T_EQ(ledger_hold(l, 3, 2, &more, &f), LEDGER_BANDWIDTH);
	T_EQ(f.needed, 401);
	T_EQ(f.free, 400);
	T_EQ(f.limit, 1000);
	check_sums(l, 600, 0, 10, 1);
	T_EQ(hold(l, 2, cl(400)), LEDGER_OK);
	check_sums(l, 600, 400, 10, 2);
	T_EQ(hold(l, 3, cl(1)), LEDGER_BANDWIDTH);
	T_EQ(hold(l, 3, cl(UINT64_MAX)), LEDGER_BANDWIDTH);
	T_EQ(hold(l, 3, cl(0)), LEDGER_OK);
	ledger_free(l);
}

static void
the_burst_budget_is_for_guaranteed_service(void)
{
	struct ledger *l = new_ledger();
	struct ledger_figures f;
	const struct ledger_amount more = gs(1, 41);

	T_EQ(hold(l, 1, gs(1, 60)), LEDGER_OK);
	T_EQ(hold(l, 2, cl(1)), LEDGER_OK);
	T_EQ(ledger_hold(l, 3, 3, &more, &f), LEDGER_BUDGET);
	T_EQ(f.needed, 41);
	T_EQ(f.free, 40);
	T_EQ(f.limit, 100);
	T_EQ(hold(l, 3, gs(1, 40)), LEDGER_OK);
	check_sums(l, 2, 1, 100, 3);
	ledger_free(l);
}

static void
flows_are_counted(void)
{
	struct ledger *l = new_ledger();
	struct ledger_figures f;
	const struct ledger_amount one = cl(1);

	for (uint32_t id = 1; id <= 5; id++)
		T_EQ(hold(l, id, one), LEDGER_OK);
	T_EQ(ledger_hold(l, 3, 6, &one, &f), LEDGER_FLOWS);
	T_EQ(f.needed, 1);
	T_EQ(f.free, 0);
	T_EQ(f.limit, 5);
	T_EQ(hold(l, 5, cl(2)), LEDGER_OK); /* one that is there already */
	ledger_release(l, 1);
	T_EQ(hold(l, 6, one), LEDGER_OK);
	T_EQ(ledger_count(l), 5);
	ledger_free(l);
}

static void
an_increase_needs_only_the_difference(void)
{
	struct ledger *l = new_ledger();
	struct ledger_figures f;
	const struct ledger_amount more = gs(1001, 60);

	T_EQ(hold(l, 1, gs(700, 60)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(ledger_hold(l, 3, 1, &more, &f), LEDGER_BANDWIDTH);
	T_EQ(f.needed, 301);
	T_EQ(f.free, 300);
	check_sums(l, 700, 0, 60, 1);
	T_EQ(hold(l, 1, gs(1000, 100)), LEDGER_OK);
	check_sums(l, 1000, 0, 100, 1);
	T_EQ(hold(l, 1, gs(1000, 101)), LEDGER_BUDGET);
	ledger_commit(l, 1);
	check_sums(l, 1000, 0, 100, 1);
	ledger_free(l);
}

static void
an_increase_that_failed_leaves_the_old_amount(void)
{
	struct ledger *l = new_ledger();
	struct ledger_amount a;

	T_EQ(hold(l, 1, gs(100, 10)), LEDGER_OK);
	T_CHECK(!ledger_committed(l, 1, &a), "committed");
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, gs(200, 20)), LEDGER_OK);
	ledger_rollback(l, 1);
	check_sums(l, 100, 0, 10, 1);
	T_CHECK(ledger_committed(l, 1, &a), "gone");
	T_CHECK(a.rate_Bps == 100 && a.burst_bytes == 10 &&
			a.service == WIRE_SERVICE_GS,
		"changed");
	ledger_rollback(l, 1); /* nothing tentative */
	check_sums(l, 100, 0, 10, 1);
	ledger_free(l);
}

static void
a_hold_that_failed_leaves_nothing(void)
{
	struct ledger *l = new_ledger();

	T_EQ(hold(l, 1, gs(100, 10)), LEDGER_OK);
	ledger_rollback(l, 1);
	check_sums(l, 0, 0, 0, 0);
	T_EQ(ledger_count(l), 0);
	ledger_commit(l, 1);
	ledger_rollback(l, 1);
	ledger_release(l, 1);
	check_sums(l, 0, 0, 0, 0);
	ledger_free(l);
}

/* Until the kernel answers it may have either. */
static void
a_reduction_frees_when_it_is_committed(void)
{
	struct ledger *l = new_ledger();

	T_EQ(hold(l, 1, gs(800, 80)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, gs(300, 30)), LEDGER_OK);
	check_sums(l, 800, 0, 80, 1);
	T_EQ(hold(l, 2, cl(201)), LEDGER_BANDWIDTH);
	ledger_commit(l, 1);
	check_sums(l, 300, 0, 30, 1);
	T_EQ(hold(l, 2, cl(700)), LEDGER_OK);
	ledger_free(l);
}

/* Rate down and burst up: each respect is judged alone. */
static void
rate_and_burst_are_judged_apart(void)
{
	struct ledger *l = new_ledger();

	T_EQ(hold(l, 1, gs(800, 80)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, gs(300, 101)), LEDGER_BUDGET);
	T_EQ(hold(l, 1, gs(300, 100)), LEDGER_OK);
	check_sums(l, 800, 0, 100, 1);
	ledger_rollback(l, 1);
	check_sums(l, 800, 0, 80, 1);
	ledger_free(l);
}

static void
a_reduction_is_never_refused(void)
{
	struct ledger *l = new_ledger();
	struct rsvp_iface less = eth;

	T_EQ(hold(l, 1, gs(600, 60)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 2, gs(400, 40)), LEDGER_OK);
	ledger_commit(l, 2);
	less.reservable_Bps = 500;
	less.budget_bytes = 50;
	less.max_flows = 1;
	T_CHECK(ledger_iface(l, &less), "no memory");
	check_sums(l, 1000, 0, 100, 2);

	struct ledger_sums s;

	T_CHECK(ledger_sums(l, 3, &s), "no interface");
	T_EQ(s.limit_Bps, 500);
	T_EQ(s.free_Bps, 0);
	T_EQ(hold(l, 1, gs(600, 60)), LEDGER_OK);
	T_EQ(hold(l, 1, gs(599, 60)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, gs(600, 60)), LEDGER_BANDWIDTH);
	ledger_free(l);
}

static void
a_second_hold_replaces_the_first(void)
{
	struct ledger *l = new_ledger();

	T_EQ(hold(l, 1, gs(500, 50)), LEDGER_OK);
	T_EQ(hold(l, 1, gs(1001, 50)), LEDGER_BANDWIDTH);
	check_sums(l, 500, 0, 50, 1);
	T_EQ(hold(l, 1, gs(200, 20)), LEDGER_OK);
	check_sums(l, 200, 0, 20, 1);
	ledger_free(l);
}

static void
a_change_of_service_moves_the_charge(void)
{
	struct ledger *l = new_ledger();

	T_EQ(hold(l, 1, gs(500, 50)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, cl(300)), LEDGER_OK);
	check_sums(l, 0, 500, 50, 1);
	ledger_commit(l, 1);
	check_sums(l, 0, 300, 0, 1);
	ledger_free(l);
}

static void
what_is_in_the_kernel_is_entered_whatever_the_limits(void)
{
	struct ledger *l = new_ledger();
	struct ledger_amount a = gs(5000, 500);
	struct ledger_sums s;

	T_EQ(ledger_enter(l, 3, 1, &a), LEDGER_OK);
	check_sums(l, 5000, 0, 500, 1);
	T_CHECK(ledger_committed(l, 1, &a), "not committed");
	T_EQ(hold(l, 2, cl(1)), LEDGER_BANDWIDTH);
	T_EQ(hold(l, 1, gs(4000, 400)), LEDGER_OK);
	a = gs(7000, 700); /* entered again: the hold is forgotten */
	T_EQ(ledger_enter(l, 3, 1, &a), LEDGER_OK);
	check_sums(l, 7000, 0, 700, 1);
	ledger_commit(l, 1);
	check_sums(l, 7000, 0, 700, 1);
	a = gs(UINT64_MAX - 6999, 0);
	T_EQ(ledger_enter(l, 3, 2, &a), LEDGER_BANDWIDTH);
	a = gs(0, UINT64_MAX - 699);
	T_EQ(ledger_enter(l, 3, 2, &a), LEDGER_BANDWIDTH);
	T_EQ(ledger_enter(l, 4, 2, &a), LEDGER_NO_IFACE);
	a = (struct ledger_amount){ 0, 10, 10 }; /* a static rule */
	T_EQ(ledger_enter(l, 3, 2, &a), LEDGER_OK);
	check_sums(l, 7000, 0, 700, 2);
	T_CHECK(ledger_sums(l, 3, &s), "no interface");
	T_EQ(s.other_Bps, 10);
	ledger_free(l);
}

static void
interfaces_are_apart(void)
{
	struct ledger *l = new_ledger();
	struct rsvp_iface other = eth;
	struct ledger_sums s;
	const struct ledger_amount all = cl(1000);

	T_EQ(ledger_hold(l, 4, 1, &all, NULL), LEDGER_NO_IFACE);
	other.ifindex = 4;
	T_CHECK(ledger_iface(l, &other), "no memory");
	T_EQ(hold(l, 1, all), LEDGER_OK);
	T_EQ(ledger_hold(l, 4, 1, &all, NULL), LEDGER_NO_IFACE);
	T_EQ(ledger_enter(l, 4, 1, &all), LEDGER_NO_IFACE);
	T_EQ(ledger_hold(l, 4, 2, &all, NULL), LEDGER_OK);
	ledger_iface_gone(l, 3);
	T_CHECK(!ledger_sums(l, 3, &s), "still there");
	T_EQ(ledger_count(l), 1);
	ledger_commit(l, 1);
	ledger_release(l, 1);
	ledger_iface_gone(l, 3);
	T_CHECK(ledger_sums(l, 4, &s), "the other is gone");
	T_EQ(s.cl_Bps, 1000);
	T_EQ(hold(l, 1, all), LEDGER_NO_IFACE);
	ledger_free(l);
	ledger_free(NULL);
}

/* ---- against a naive ledger ---------------------------------------------- */

enum { IDS = 24, IFACES = 3, OPERATIONS = 1000000 };

struct naive {
	bool committed, tentative;
	uint32_t ifindex;
	struct ledger_amount has, asked;
};

struct naive_sums {
	uint64_t rate[3];
	uint64_t burst;
	uint32_t flows;
};

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void
naive_charge(const struct naive *n, struct naive_sums *sums)
{
	const uint8_t service =
		n->tentative ? n->asked.service : n->has.service;
	const int slot = service == WIRE_SERVICE_GS   ? 0
			 : service == WIRE_SERVICE_CL ? 1
						      : 2;
	uint64_t rate = 0;
	uint64_t burst = 0;

	if (n->committed) {
		rate = n->has.rate_Bps;
		if (n->has.service == WIRE_SERVICE_GS)
			burst = n->has.burst_bytes;
	}
	if (n->tentative) {
		rate = most(rate, n->asked.rate_Bps);
		if (n->asked.service == WIRE_SERVICE_GS)
			burst = most(burst, n->asked.burst_bytes);
	}
	sums->rate[slot] += rate;
	sums->burst += burst;
	sums->flows++;
}

static struct naive_sums
naive_sum(const struct naive *ids, uint32_t ifindex)
{
	struct naive_sums sums = { { 0 }, 0, 0 };

	for (int i = 0; i < IDS; i++)
		if (ids[i].ifindex == ifindex &&
			(ids[i].committed || ids[i].tentative))
			naive_charge(&ids[i], &sums);
	return sums;
}

static uint64_t
rate_of(const struct naive_sums *s)
{
	return s->rate[0] + s->rate[1] + s->rate[2];
}

/* Try it on a copy: nothing may grow past its limit. */
static enum ledger_result
naive_hold(struct naive *ids, const struct rsvp_iface *iface, uint32_t id,
	const struct ledger_amount *want)
{
	struct naive copy[IDS];
	const struct naive_sums before = naive_sum(ids, iface->ifindex);
	struct naive_sums after;

	if ((ids[id].committed || ids[id].tentative) &&
		ids[id].ifindex != iface->ifindex)
		return LEDGER_NO_IFACE;
	memcpy(copy, ids, sizeof(copy));
	copy[id].tentative = true;
	copy[id].asked = *want;
	copy[id].ifindex = iface->ifindex;
	after = naive_sum(copy, iface->ifindex);
	if (rate_of(&after) > rate_of(&before) &&
		rate_of(&after) > iface->reservable_Bps)
		return LEDGER_BANDWIDTH;
	if (after.burst > before.burst && after.burst > iface->budget_bytes)
		return LEDGER_BUDGET;
	if (after.flows > before.flows && after.flows > iface->max_flows)
		return LEDGER_FLOWS;
	memcpy(ids, copy, sizeof(copy));
	return LEDGER_OK;
}

static void
naive_answer(struct naive *n, bool commit)
{
	if (!n->tentative)
		return;
	n->tentative = false;
	if (commit) {
		n->has = n->asked;
		n->committed = true;
	}
}

static struct ledger_amount
any_amount(uint64_t *random)
{
	static const uint8_t services[] = { WIRE_SERVICE_GS, WIRE_SERVICE_GS,
		WIRE_SERVICE_CL, 0 };

	return (struct ledger_amount){ services[t_below(random, 4)],
		t_below(random, 200), t_below(random, 20) };
}

struct game {
	uint64_t random;
	struct ledger *ledger;
	struct naive ids[IDS];
	struct rsvp_iface ifaces[IFACES];
};

static void
play(struct game *g)
{
	const uint32_t id = t_below(&g->random, IDS);
	struct rsvp_iface *iface = &g->ifaces[t_below(&g->random, IFACES)];
	const struct ledger_amount a = any_amount(&g->random);
	struct naive *n = &g->ids[id];
	enum ledger_result want = LEDGER_OK;

	switch (t_below(&g->random, 9)) {
	case 0:
		ledger_release(g->ledger, id);
		*n = (struct naive){ .ifindex = 0 };
		break;
	case 1:
		ledger_rollback(g->ledger, id);
		naive_answer(n, false);
		break;
	case 2:
	case 3:
		ledger_commit(g->ledger, id);
		naive_answer(n, true);
		break;
	case 4:
		if ((n->committed || n->tentative) &&
			n->ifindex != iface->ifindex)
			want = LEDGER_NO_IFACE;
		else
			*n = (struct naive){ .committed = true,
				.ifindex = iface->ifindex,
				.has = a };
		T_EQ(ledger_enter(g->ledger, iface->ifindex, id, &a), want);
		break;
	default:
		want = naive_hold(g->ids, iface, id, &a);
		T_EQ(ledger_hold(g->ledger, iface->ifindex, id, &a, NULL),
			want);
	}
}

static void
compare(const struct game *g, uint32_t ifindex)
{
	const struct naive_sums want = naive_sum(g->ids, ifindex);
	struct ledger_sums got;

	T_CHECK(ledger_sums(g->ledger, ifindex, &got), "no interface");
	T_EQ(got.gs_Bps, want.rate[0]);
	T_EQ(got.cl_Bps, want.rate[1]);
	T_EQ(got.other_Bps, want.rate[2]);
	T_EQ(got.burst_bytes, want.burst);
	T_EQ(got.flows, want.flows);
}

/* Shrink and grow an interface, or take it away and bring it back. */
static void
disturb(struct game *g)
{
	struct rsvp_iface *i = &g->ifaces[t_below(&g->random, IFACES)];

	if (t_below(&g->random, 4) == 0) {
		ledger_iface_gone(g->ledger, i->ifindex);
		for (int id = 0; id < IDS; id++)
			if (g->ids[id].ifindex == i->ifindex)
				g->ids[id] = (struct naive){ .ifindex = 0 };
	}
	i->reservable_Bps = t_below(&g->random, 1000);
	i->budget_bytes = t_below(&g->random, 60);
	i->max_flows = t_below(&g->random, 8);
	T_CHECK(ledger_iface(g->ledger, i), "no memory");
}

static void
a_million_operations_do_not_drift(void)
{
	struct game g = { .random = t_seed() };

	g.ledger = ledger_new(alloc_heap(), &key);
	for (uint32_t i = 0; i < IFACES; i++) {
		g.ifaces[i] = (struct rsvp_iface){ .ifindex = i + 1,
			.reservable_Bps = 800,
			.budget_bytes = 50,
			.max_flows = 6 };
		T_CHECK(ledger_iface(g.ledger, &g.ifaces[i]), "no memory");
	}
	for (int i = 0; i < OPERATIONS; i++) {
		if (i % 500 == 499)
			disturb(&g);
		play(&g);
		if (i % 7 == 0)
			compare(&g, 1 + (uint32_t)i % IFACES);
	}
	for (uint32_t id = 0; id < IDS; id++)
		ledger_release(g.ledger, id);
	memset(g.ids, 0, sizeof(g.ids));
	for (uint32_t i = 0; i < IFACES; i++)
		compare(&g, i + 1);
	T_EQ(ledger_count(g.ledger), 0);
	ledger_free(g.ledger);
}

/* ---- lack of memory ------------------------------------------------------ */

static void
lack_of_memory_changes_nothing(void)
{
	for (int n = 0; n < 4; n++) {
		struct scarce s = { n, 0 };
		const struct alloc alloc = { scarce_get, scarce_put, &s, NULL };
		struct ledger *l = ledger_new(&alloc, &key);
		const struct ledger_amount a = cl(1);

		T_EQ(l != NULL, n > 0);
		if (!l)
			continue;
		T_EQ(ledger_iface(l, &eth), n > 1);
		T_EQ(hold(l, 1, a), n > 2   ? LEDGER_OK
				    : n > 1 ? LEDGER_MEMORY
					    : LEDGER_NO_IFACE);
		T_EQ(ledger_enter(l, 3, 2, &a),
			n > 1 ? LEDGER_MEMORY : LEDGER_NO_IFACE);
		T_EQ(ledger_count(l), n > 2);
		if (n > 1)
			check_sums(l, 0, n > 2, 0, n > 2);
		T_CHECK(n < 2 || ledger_iface(l, &eth), "needs no memory");
		ledger_free(l);
		T_EQ(s.live, 0);
	}
}

static void
lack_of_memory_in_the_tables_changes_nothing(void)
{
	for (unsigned every = 1; every < 5; every++) {
		struct scarce s = { -1, 0 };
		const struct alloc alloc = { scarce_get, scarce_put, &s, NULL };
		struct ledger *l = ledger_new(&alloc, &key);
		struct rsvp_iface big = eth;
		uint32_t held = 0;
		unsigned failed = 0;

		big.max_flows = UINT32_MAX;
		big.reservable_Bps = UINT64_MAX;
		tables_calls = 0;
		tables_fail_every = 1;
		T_CHECK(!ledger_iface(l, &big), "an interface in no table");
		tables_fail_every = 0;
		T_CHECK(ledger_iface(l, &big), "no memory");
		tables_fail_every = every;
		for (uint32_t id = 0; id < 3000; id++) {
			const enum ledger_result r = hold(l, id, cl(2));

			T_CHECK(r == LEDGER_OK || r == LEDGER_MEMORY, "%d", r);
			held += r == LEDGER_OK;
			failed += r == LEDGER_MEMORY;
		}
		tables_fail_every = 0;
		T_CHECK(failed > 0, "nothing failed");
		check_sums(l, 0, 2ull * held, 0, held);
		T_EQ(ledger_count(l), held);
		T_EQ(hold(l, 5000, cl(1)), LEDGER_OK);
		ledger_free(l);
		T_EQ(s.live, 0);
	}
}

static void
a_change_is_charged_as_the_larger_of_both(void)
{
	struct ledger *l = new_ledger();
	struct ledger_amount charged;

	T_CHECK(!ledger_charged(l, 1, &charged), "nothing yet");
	T_EQ(hold(l, 1, cl(300)), LEDGER_OK);
	ledger_commit(l, 1);
	T_EQ(hold(l, 1, gs(200, 20)), LEDGER_OK);
	T_CHECK(ledger_charged(l, 1, &charged), "both");
	T_EQ(charged.service, WIRE_SERVICE_GS); /* what it is to become */
	T_EQ(charged.rate_Bps, 300);
	T_EQ(charged.burst_bytes, 20);
	ledger_commit(l, 1);
	T_CHECK(ledger_charged(l, 1, &charged), "the new one");
	T_EQ(charged.rate_Bps, 200);
	ledger_free(l);
}

static struct t_case cases[] = {
	{ "a change is charged as the larger of both",
		a_change_is_charged_as_the_larger_of_both },
	{ "the last octet a second is given, and no more",
		the_last_octet_is_given_and_no_more },
	{ "the burst budget is for Guaranteed Service",
		the_burst_budget_is_for_guaranteed_service },
	{ "flows are counted", flows_are_counted },
	{ "an increase needs only the difference",
		an_increase_needs_only_the_difference },
	{ "an increase that failed leaves the old amount",
		an_increase_that_failed_leaves_the_old_amount },
	{ "a hold that failed leaves nothing",
		a_hold_that_failed_leaves_nothing },
	{ "a reduction frees when it is committed",
		a_reduction_frees_when_it_is_committed },
	{ "rate and burst are judged apart", rate_and_burst_are_judged_apart },
	{ "a reduction is never refused", a_reduction_is_never_refused },
	{ "a second hold replaces the first",
		a_second_hold_replaces_the_first },
	{ "a change of service moves the charge",
		a_change_of_service_moves_the_charge },
	{ "what is in the kernel is entered whatever the limits",
		what_is_in_the_kernel_is_entered_whatever_the_limits },
	{ "interfaces are apart", interfaces_are_apart },
	{ "a million operations do not drift",
		a_million_operations_do_not_drift },
	{ "lack of memory changes nothing", lack_of_memory_changes_nothing },
	{ "lack of memory in the tables changes nothing",
		lack_of_memory_in_the_tables_changes_nothing },
};

T_MAIN(cases)
