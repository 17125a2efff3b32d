/* SPDX-License-Identifier: ISC */

/*
 * Claims and the counters they hold up.
 *
 * A counter is made when it is first counted for.  Those of rules live as long
 * as a claim or the rule, the others as long as a claim.  A claim is a slot of
 * an array and a round number, so that ending one twice harms nobody:
 *
 *	claim := round (8 bits) | slot + 1 (24 bits)
 */

#include "limits_int.h"

#include <string.h>

#include "base/hash.h"
#include "policy/rule_int.h"

/* "KIND NAME\nUSER": neither part has a line feed. */
enum { KEY = 2 + POLICY_NAME + POLICY_WHO };

struct counter {
	UT_hash_handle hh;
	char key[KEY];
	enum policy_counter kind;
	struct policy_use use;
	struct policy_refusals *refusals; /* as many as reasons were met */
	size_t n_refusals;
};

struct slot {
	struct counter *counters[POLICY_HOLDS_MAX];
	size_t n_counters; /* 0: free */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	struct policy_terms terms;
	uint32_t next_free; /* slot + 1; 0: none */
	uint8_t round;
};

enum { SLOTS_MAX = 0xffffff, SLOTS_FIRST = 64 };

struct policy_limits {
	const struct alloc *alloc;
	struct counter *counters; /* hash by key */
	struct slot *slots;
	uint32_t n_slots;
	uint32_t first_free;   /* slot + 1; 0: none */
	size_t n_timed;        /* claims that end by themselves */
	struct counter *sweep; /* borrowed: looked at next, NULL: none */
};

/* Names of rules are chosen by whoever administers the policy; what a peer
 * can choose of a user's is its address.  Any key will do. */
static unsigned
hash_key_text(const char *key)
{
	static const struct hash_key fixed = { 0 };

	return hash_bytes(&fixed, key, strlen(key));
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
		alloc_put(l->alloc, c->refusals);
		alloc_put(l->alloc, c);
	}
	alloc_put(l->alloc, l->slots);
	alloc_put(l->alloc, l);
}

static void
make_key(char key[KEY], enum policy_counter kind, const char *name,
	const char *user)
{
	struct text t = text_over(key + 1, KEY - 1);

	key[0] = (char)('0' + kind);
	text_add(&t, name);
	text_add(&t, "\n");
	text_add(&t, user);
}

static struct counter *
find_counter(const struct policy_limits *l, const char *key)
{
	struct counter *c;

	HASH_FIND_BYHASHVALUE(
		hh, l->counters, key, strlen(key), hash_key_text(key), c);
	return c;
}

/* Found or made; NULL for lack of memory. */
static struct counter *
need_counter(struct policy_limits *l, enum policy_counter kind,
	const char *name, const char *user)
{
	char key[KEY];
	struct counter *c;

	make_key(key, kind, name, user);
	c = find_counter(l, key);
	if (c)
		return c;
	c = (struct counter *)alloc_get(l->alloc, sizeof(*c));
	if (!c)
		return NULL;
	c->kind = kind;
	memcpy(c->key, key, sizeof(key));
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, l->counters, c->key, strlen(c->key),
		hash_key_text(c->key), c);
	if (!hash_added(c->hh)) {
		alloc_put(l->alloc, c);
		return NULL;
	}
	return c;
}

static void
drop_counter(struct policy_limits *l, struct counter *c)
{
	if (l->sweep == c)
		l->sweep = (struct counter *)c->hh.next;
	HASH_DEL(l->counters, c);
	alloc_put(l->alloc, c->refusals);
	alloc_put(l->alloc, c);
}

/* What nobody counts for is forgotten, but for what rules have decided. */
static void
drop_unused(struct policy_limits *l, struct counter *c)
{
	if (c->use.flows == 0 && c->kind != POLICY_COUNTS_RULE)
		drop_counter(l, c);
}

static struct slot *
find_slot(const struct policy_limits *l, uint32_t claim)
{
	uint32_t index = (claim & SLOTS_MAX) - 1;

	if ((claim & SLOTS_MAX) == 0 || index >= l->n_slots)
		return NULL;

	struct slot *s = &l->slots[index];

	return s->n_counters > 0 && s->round == claim >> 24 ? s : NULL;
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

static bool
is_timed(const struct slot *s)
{
	return s->terms.duration_s != POLICY_UNLIMITED;
}

static void
release(struct policy_limits *l, struct slot *s)
{
	for (size_t i = 0; i < s->n_counters; i++) {
		struct policy_use *use = &s->counters[i]->use;

		use->flows--;
		use->rate_Bps -= s->rate_Bps;
		use->bucket_bytes -= s->bucket_bytes;
	}
	l->n_timed -= is_timed(s);
}

static bool
counts_for(const struct slot *s, const struct counter *c)
{
	for (size_t i = 0; s && i < s->n_counters; i++)
		if (s->counters[i] == c)
			return true;
	return false;
}

/* Put an amount in the place of what is held; false: it is over the bound.
 * What is no more than is held is never refused: after a bound was lowered,
 * giving back a part must be possible. */
static bool
exchange(uint64_t *sum, uint64_t held, bool own, uint64_t amount, uint64_t most)
{
	*sum -= held;
	if (__builtin_add_overflow(*sum, amount, sum)) {
		*sum = UINT64_MAX;
		return false;
	}
	return *sum <= most || (own && amount <= held);
}

/* Would the counter stay within its bounds? */
static enum policy_taken
judge(const struct policy_ask *ask, const struct policy_hold *hold,
	const struct slot *own, struct policy_use *would_be)
{
	uint64_t rate_Bps = own ? own->rate_Bps : 0;
	uint64_t bucket = own ? own->bucket_bytes : 0;

	if (!own && ++would_be->flows > hold->max_flows)
		return POLICY_TOO_MANY;
	if (!exchange(&would_be->rate_Bps, rate_Bps, own != NULL, ask->rate_Bps,
		    hold->max_Bps))
		return POLICY_TOO_MUCH;
	if (!exchange(&would_be->bucket_bytes, bucket, own != NULL,
		    ask->bucket_bytes, hold->max_bucket))
		return POLICY_TOO_LARGE;
	return POLICY_TAKEN;
}

/* Up to the percentage before, over it now. */
static bool
passes(uint64_t before, uint64_t now, uint64_t most, uint64_t percent)
{
	double line = (double)most * (double)percent / 100;

	return most != POLICY_UNLIMITED && (double)before <= line &&
	       (double)now > line;
}

static enum policy_taken
passes_soft(const struct policy_hold *hold, const struct policy_use *before,
	const struct policy_use *now)
{
	uint64_t percent = hold->soft_percent;

	if (percent == POLICY_UNLIMITED)
		return POLICY_TAKEN;
	if (passes(before->flows, now->flows, hold->max_flows, percent))
		return POLICY_TOO_MANY;
	if (passes(before->rate_Bps, now->rate_Bps, hold->max_Bps, percent))
		return POLICY_TOO_MUCH;
	return passes(before->bucket_bytes, now->bucket_bytes, hold->max_bucket,
		       percent)
		       ? POLICY_TOO_LARGE
		       : POLICY_TAKEN;
}

/* Every counter of the ask, and whether each stays within its bounds. */
static enum policy_taken
judge_all(struct policy_limits *l, const struct policy_ask *ask,
	const struct slot *old, struct counter *counters[POLICY_HOLDS_MAX],
	struct policy_outcome *ret)
{
	for (size_t i = 0; i < ask->n_holds; i++) {
		const struct policy_hold *h = &ask->holds[i];
		struct policy_use would_be;
		enum policy_taken taken;
		enum policy_taken soft;

		counters[i] = need_counter(l, h->kind, h->name, h->user);
		if (!counters[i])
			return POLICY_NO_MEMORY;
		would_be = counters[i]->use;
		taken = judge(ask, h, counts_for(old, counters[i]) ? old : NULL,
			&would_be);
		soft = passes_soft(h, &counters[i]->use, &would_be);
		if (taken != POLICY_TAKEN ||
			(soft != POLICY_TAKEN && ret->soft == POLICY_TAKEN)) {
			ret->hold = i;
			ret->would_be = would_be;
			ret->soft = soft;
		}
		if (taken != POLICY_TAKEN)
			return taken;
	}
	return POLICY_TAKEN;
}

static void
fill(struct policy_limits *l, struct slot *s, const struct policy_ask *ask,
	struct counter *const counters[POLICY_HOLDS_MAX])
{
	s->n_counters = ask->n_holds;
	s->rate_Bps = ask->rate_Bps;
	s->bucket_bytes = ask->bucket_bytes;
	for (size_t i = 0; i < ask->n_holds; i++) {
		struct policy_use *use = &counters[i]->use;

		s->counters[i] = counters[i];
		use->flows++;
		use->rate_Bps += ask->rate_Bps;
		use->bucket_bytes += ask->bucket_bytes;
	}
	s->terms = ask->terms;
	l->n_timed += is_timed(s);
}

/* Forget what an old claim, or an ask that was refused, leaves unused. */
static void
tidy(struct policy_limits *l, struct counter **counters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (counters[i])
			drop_unused(l, counters[i]);
}

enum policy_taken
policy_limits_take(struct policy_limits *l, const struct policy_ask *ask,
	struct policy_outcome *ret)
{
	struct counter *counters[POLICY_HOLDS_MAX] = { NULL };
	struct slot *old = find_slot(l, ask->claim);
	struct slot *s = old;
	struct slot before = { 0 };
	enum policy_taken taken;

	*ret = (struct policy_outcome){ 0 };
	taken = judge_all(l, ask, old, counters, ret);
	if (taken == POLICY_TAKEN && !s)
		s = take_slot(l);
	if (taken == POLICY_TAKEN && !s)
		taken = POLICY_NO_MEMORY;
	if (taken != POLICY_TAKEN) {
		tidy(l, counters, ask->n_holds);
		return taken;
	}
	if (old) {
		before = *old;
		release(l, old);
	} else {
		s->round++;
	}
	fill(l, s, ask, counters);
	if (old)
		s->terms.since_s = before.terms.since_s;
	tidy(l, before.counters, before.n_counters);
	ret->claim = (uint32_t)s->round << 24 | (uint32_t)(s - l->slots + 1);
	return POLICY_TAKEN;
}

enum policy_taken
policy_limits_try(const struct policy_limits *l, const struct policy_ask *ask,
	bool standing, struct policy_outcome *ret)
{
	*ret = (struct policy_outcome){ 0 };
	for (size_t i = 0; i < ask->n_holds && !standing; i++) {
		const struct policy_hold *h = &ask->holds[i];
		enum policy_taken taken;

		ret->hold = i;
		ret->would_be = policy_limits_use(l, h->kind, h->name, h->user);
		taken = judge(ask, h, NULL, &ret->would_be);
		if (taken != POLICY_TAKEN)
			return taken;
	}
	return POLICY_TAKEN;
}

void
policy_limits_end(struct policy_limits *l, uint32_t claim)
{
	struct slot *s = find_slot(l, claim);

	if (!s)
		return;
	release(l, s);
	tidy(l, s->counters, s->n_counters);
	s->n_counters = 0;
	s->next_free = l->first_free;
	l->first_free = (uint32_t)(s - l->slots) + 1;
}

bool
policy_limits_terms(
	const struct policy_limits *l, uint32_t claim, struct policy_terms *ret)
{
	const struct slot *s = find_slot(l, claim);

	if (s)
		*ret = s->terms;
	return s != NULL;
}

int64_t
policy_limits_next(const struct policy_limits *l, int64_t now_s)
{
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; l->n_timed > 0 && i < l->n_slots; i++) {
		const struct slot *s = &l->slots[i];
		int64_t end_s;

		if (s->n_counters == 0 || !is_timed(s))
			continue;
		end_s = s->terms.since_s + (int64_t)s->terms.duration_s;
		if (end_s > now_s && end_s < first)
			first = end_s;
	}
	return first;
}

/* The texts that stay are few, and the same ones each time. */
static void
note_refusal(struct policy_limits *l, struct counter *c, const char *reason)
{
	const size_t n = c->n_refusals;
	struct policy_refusals *more;

	for (size_t i = 0; i < n; i++)
		if (strcmp(c->refusals[i].reason, reason) == 0) {
			c->refusals[i].count++;
			return;
		}
	if (n == POLICY_REFUSALS)
		return;
	more = (struct policy_refusals *)alloc_get(
		l->alloc, (n + 1) * sizeof(*more));
	if (!more)
		return; /* counted among all */
	if (n > 0)
		memcpy(more, c->refusals, n * sizeof(*more));
	more[n] = (struct policy_refusals){ reason, 1 };
	alloc_put(l->alloc, c->refusals);
	c->refusals = more;
	c->n_refusals++;
}

void
policy_limits_note(
	struct policy_limits *l, const char *rule, const char *refused)
{
	struct counter *c = need_counter(l, POLICY_COUNTS_RULE, rule, "");

	if (!c)
		return; /* a decision more or less is not worth a refusal */
	if (!refused) {
		c->use.allowed++;
		return;
	}
	c->use.refused++;
	note_refusal(l, c, refused);
}

void
policy_limits_pass(struct policy_limits *l, const char *rule)
{
	struct counter *c = need_counter(l, POLICY_COUNTS_RULE, rule, "");

	if (c)
		c->use.passed++;
}

bool
policy_limits_refusal(const struct policy_limits *l, const char *rule, size_t i,
	struct policy_refusals *ret)
{
	char key[KEY];
	const struct counter *c;

	make_key(key, POLICY_COUNTS_RULE, rule, "");
	c = find_counter(l, key);
	if (!c || i >= c->n_refusals)
		return false;
	*ret = c->refusals[i];
	return true;
}

struct policy_use
policy_limits_use(const struct policy_limits *l, enum policy_counter kind,
	const char *name, const char *user)
{
	char key[KEY];
	const struct counter *c;

	make_key(key, kind, name, user);
	c = find_counter(l, key);

	return c ? c->use : (struct policy_use){ 0 };
}

void
policy_limits_sweep_begin(struct policy_limits *l)
{
	l->sweep = l->counters;
}

bool
policy_limits_sweep(struct policy_limits *l, size_t budget,
	bool (*known)(const void *arg, const char *rule), const void *arg)
{
	for (size_t i = 0; l->sweep && i < budget; i++) {
		struct counter *c = l->sweep;
		char name[POLICY_NAME];

		l->sweep = (struct counter *)c->hh.next;
		if (c->kind != POLICY_COUNTS_RULE || c->use.flows > 0)
			continue;
		(void)text_copy(name, sizeof(name), c->key + 1);
		name[strcspn(name, "\n")] = '\0';
		if (name[0] != '\0' && !known(arg, name))
			drop_counter(l, c);
	}
	return l->sweep != NULL;
}
