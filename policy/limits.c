/* SPDX-License-Identifier: ISC */

/*
 * Claims and the counters they hold up.
 *
 * A counter is made when its rule first decides, found by the rule's name, and
 * lives as long as a claim or the rule.  A claim is a slot of an array and a
 * round number, so that ending one twice harms nobody:
 *
 *	claim := round (8 bits) | slot + 1 (24 bits)
 */

#include "limits_int.h"

#include <string.h>

#include "base/hash.h"
#include "policy/rule_int.h"

struct counter {
	UT_hash_handle hh;
	char rule[POLICY_NAME];
	struct policy_use use;
};

struct slot {
	struct counter *counter; /* NULL: free */
	uint64_t rate_Bps;
	uint32_t next_free; /* slot + 1; 0: none */
	uint8_t round;
};

enum { SLOTS_MAX = 0xffffff, SLOTS_FIRST = 64 };

struct policy_limits {
	const struct alloc *alloc;
	struct counter *counters; /* hash by name */
	struct slot *slots;
	uint32_t n_slots;
	uint32_t first_free; /* slot + 1; 0: none */
};

/* Names of rules are chosen by whoever administers the policy, not by a
 * peer; any key will do. */
static unsigned
hash_name(const char *name)
{
	static const struct hash_key key = { 0 };

	return hash_bytes(&key, name, strlen(name));
}

struct policy_limits *
policy_limits_new(const struct alloc *alloc)
{
	struct policy_limits *l =
		(struct policy_limits *)alloc_get(alloc, sizeof(*l));

	if (l)
		l->alloc = alloc;
	return l;
}

void
policy_limits_free(struct policy_limits *l)
{
	struct counter *c;
	struct counter *next;

	if (!l)
		return;
	HASH_ITER (hh, l->counters, c, next) {
		HASH_DEL(l->counters, c);
		alloc_put(l->alloc, c);
	}
	alloc_put(l->alloc, l->slots);
	alloc_put(l->alloc, l);
}

static struct counter *
find_counter(const struct policy_limits *l, const char *rule)
{
	struct counter *c;

	HASH_FIND_BYHASHVALUE(
		hh, l->counters, rule, strlen(rule), hash_name(rule), c);
	return c;
}

/* Found or made; NULL for lack of memory. */
static struct counter *
need_counter(struct policy_limits *l, const char *rule)
{
	struct counter *c = find_counter(l, rule);

	if (c)
		return c;
	c = (struct counter *)alloc_get(l->alloc, sizeof(*c));
	if (!c)
		return NULL;
	(void)text_copy(c->rule, sizeof(c->rule), rule); /* a valid name fits */
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, l->counters, c->rule, strlen(c->rule),
		hash_name(c->rule), c);
	if (!hash_added(c->hh)) {
		alloc_put(l->alloc, c);
		return NULL;
	}
	return c;
}

static struct slot *
find_slot(const struct policy_limits *l, uint32_t claim)
{
	uint32_t index = (claim & SLOTS_MAX) - 1;

	if ((claim & SLOTS_MAX) == 0 || index >= l->n_slots)
		return NULL;

	struct slot *s = &l->slots[index];

	return s->counter && s->round == claim >> 24 ? s : NULL;
}

static bool
grow_slots(struct policy_limits *l)
{
	uint32_t n = l->n_slots == 0 ? SLOTS_FIRST : l->n_slots * 2;

	if (n > SLOTS_MAX)
		n = SLOTS_MAX;
	if (n == l->n_slots)
		return false;

	struct slot *slots =
		(struct slot *)alloc_get(l->alloc, n * sizeof(*slots));

	if (!slots)
		return false;
	if (l->n_slots > 0)
		memcpy(slots, l->slots, l->n_slots * sizeof(*slots));
	for (uint32_t i = n; i > l->n_slots; i--) {
		slots[i - 1].next_free = l->first_free;
		l->first_free = i;
	}
	alloc_put(l->alloc, l->slots);
	l->slots = slots;
	l->n_slots = n;
	return true;
}

static struct slot *
take_slot(struct policy_limits *l)
{
	if (l->first_free == 0 && !grow_slots(l))
		return NULL;

	struct slot *s = &l->slots[l->first_free - 1];

	l->first_free = s->next_free;
	s->next_free = 0;
	return s;
}

static void
release(struct slot *s)
{
	s->counter->use.flows--;
	s->counter->use.rate_Bps -= s->rate_Bps;
	s->counter = NULL;
	s->rate_Bps = 0;
}

/*
 * Would the counter stay within its bounds?  A change that does not ask for
 * more than it holds is never refused: after a bound was lowered, giving back
 * a part must be possible.
 */
static enum policy_taken
judge(const struct policy_ask *ask, const struct slot *own,
	struct policy_use *would_be)
{
	uint64_t held = own ? own->rate_Bps : 0;

	if (!own) {
		would_be->flows++;
		if (would_be->flows > ask->max_flows)
			return POLICY_TOO_MANY;
	}
	would_be->rate_Bps -= held;
	if (__builtin_add_overflow(
		    would_be->rate_Bps, ask->rate_Bps, &would_be->rate_Bps)) {
		would_be->rate_Bps = UINT64_MAX;
		return POLICY_TOO_MUCH;
	}
	if (would_be->rate_Bps > ask->aggregate_Bps &&
		(!own || ask->rate_Bps > held))
		return POLICY_TOO_MUCH;
	return POLICY_TAKEN;
}

enum policy_taken
policy_limits_take(struct policy_limits *l, const struct policy_ask *ask,
	uint32_t *ret_claim, struct policy_use *ret_would_be)
{
	struct counter *c = need_counter(l, ask->rule);
	struct slot *old = find_slot(l, ask->claim);

	*ret_would_be = (struct policy_use){ 0 };
	if (!c)
		return POLICY_NO_MEMORY;
	*ret_would_be = c->use;

	enum policy_taken taken =
		judge(ask, old && old->counter == c ? old : NULL, ret_would_be);

	if (taken != POLICY_TAKEN)
		return taken;

	struct slot *s = old ? old : take_slot(l);

	if (!s)
		return POLICY_NO_MEMORY;
	if (old)
		release(old);
	else
		s->round++;
	s->counter = c;
	s->rate_Bps = ask->rate_Bps;
	c->use.flows++;
	c->use.rate_Bps += ask->rate_Bps;
	*ret_claim = (uint32_t)s->round << 24 | (uint32_t)(s - l->slots + 1);
	return POLICY_TAKEN;
}

void
policy_limits_end(struct policy_limits *l, uint32_t claim)
{
	struct slot *s = find_slot(l, claim);

	if (!s)
		return;
	release(s);
	s->next_free = l->first_free;
	l->first_free = (uint32_t)(s - l->slots) + 1;
}

void
policy_limits_note(struct policy_limits *l, const char *rule, bool allowed)
{
	struct counter *c = need_counter(l, rule);

	if (!c)
		return; /* a decision more or less is not worth a refusal */
	if (allowed)
		c->use.allowed++;
	else
		c->use.refused++;
}

struct policy_use
policy_limits_use(const struct policy_limits *l, const char *rule)
{
	const struct counter *c = find_counter(l, rule);

	return c ? c->use : (struct policy_use){ 0 };
}

void
policy_limits_sweep(struct policy_limits *l,
	bool (*known)(const void *arg, const char *rule), const void *arg)
{
	struct counter *c = l->counters;

	while (c) {
		const bool unused = c->use.flows == 0 && !known(arg, c->rule);
		struct counter *next = (struct counter *)c->hh.next;

		if (unused) {
			HASH_DEL(l->counters, c);
			alloc_put(l->alloc, c);
		}
		c = next;
	}
}
