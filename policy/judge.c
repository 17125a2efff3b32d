/* SPDX-License-Identifier: ISC */

/*
 * Bounds on one reservation, then on all that count together.  The first that
 * is exceeded is told: whose it is, the amount and the bound.
 */

#include "judge_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what is granted ---------------------------------------------------- */

void
policy_granted_init(
	struct policy_granted *granted, const struct policy_set *set)
{
	*granted = (struct policy_granted){ .set = set };
	policy_category_init(&granted->all);
}

void
policy_granted_add(
	struct policy_granted *granted, const struct policy_rule *rule)
{
	const struct policy_category *c;
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);

	if (rule->category == POLICY_NO_CATEGORY)
		return;
	c = &granted->set->categories[rule->category];
	for (size_t i = 0; i < n; i++) {
		uint64_t value = policy_grant_get(c, &grants[i]);

		if (granted->by[i] || value == POLICY_UNLIMITED)
			continue;
		policy_grant_set(&granted->all, &grants[i], value);
		granted->by[i] = rule;
	}
	if (!granted->pool_by && c->pool != POLICY_NO_POOL) {
		granted->all.pool = c->pool;
		granted->pool_by = rule;
	}
}

void
policy_refuse(struct policy_verdict *v, uint16_t value)
{
	v->allowed = false;
	v->value = value;
}

/* The rule that set the bound; the one that decides when none did. */
static const char *
name_of(const struct policy_granted *g, enum policy_grant_index i)
{
	if (g->by[i])
		return g->by[i]->name;
	return g->decides ? g->decides->name : "";
}

/* Begin the reason for a refusal by a bound; false for the caller to
 * return. */
static struct text
blame(struct policy_verdict *v, const struct policy_granted *g,
	enum policy_grant_index i, uint16_t value)
{
	struct text why = text_over(v->reason, sizeof(v->reason));
	size_t n;

	v->limit = policy_grants(&n)[i].key;
	policy_refuse(v, value);
	text_printf(&why, "rule %s: ", name_of(g, i));
	return why;
}

static void
say_rate(struct text *t, uint64_t rate_Bps)
{
	if (rate_Bps == POLICY_UNLIMITED)
		text_add(t, "unlimited");
	else
		text_add_rate(t, (double)rate_Bps);
}

static void
say_size(struct text *t, uint64_t octets)
{
	text_add_size(t, (double)octets);
}

/* ---- bounds of one flow ------------------------------------------------- */

/* What is asked for, to be lowered. */
struct amount {
	uint8_t service;
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint64_t peak_Bps; /* POLICY_UNLIMITED: none */
	uint64_t max_packet;
	bool lowered;
};

static bool
service_fits(const struct policy_granted *g, const struct policy_request *q,
	struct amount *a, struct policy_verdict *v)
{
	if (a->service != POLICY_SERVICE_GS ||
		g->all.max_service != POLICY_SERVICE_CL)
		return true;
	if (g->all.on_exceed == POLICY_LOWER) {
		a->service = POLICY_SERVICE_CL;
		if (q->tspec_rate_Bps != 0)
			a->rate_Bps = q->tspec_rate_Bps;
		a->lowered = true;
		return true;
	}

	struct text why =
		blame(v, g, POLICY_GRANT_max_service, POLICY_VALUE_SERVICE);

	text_add(&why, "service GS exceeds maxService CL");
	return false;
}

/*
 * Less than was asked for is for Controlled Load only: with a lower rate the
 * delay that a guarantee promises would not hold (RFC 2212).
 */
static bool
flow_fits(const struct policy_granted *g, struct amount *a,
	struct policy_verdict *v)
{
	const struct bound {
		const char *what;
		enum policy_grant_index grant;
		void (*say)(struct text *t, uint64_t value);
		uint64_t *value;
		uint64_t limit;
	} bounds[] = {
		{ "rate per flow", POLICY_GRANT_max_rate_Bps, say_rate,
			&a->rate_Bps, g->all.max_rate_Bps },
		{ "bucket", POLICY_GRANT_max_bucket_bytes, say_size,
			&a->bucket_bytes, g->all.max_bucket_bytes },
		{ "peak rate", POLICY_GRANT_max_peak_Bps, say_rate,
			&a->peak_Bps, g->all.max_peak_Bps },
		{ "packet size", POLICY_GRANT_max_packet_bytes, say_size,
			&a->max_packet, g->all.max_packet_bytes },
	};
	bool lower = g->all.on_exceed == POLICY_LOWER &&
		     a->service != POLICY_SERVICE_GS;
	size_t n;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		const struct bound *b = &bounds[i];

		if (*b->value <= b->limit)
			continue;
		if (lower) {
			*b->value = b->limit;
			a->lowered = true;
			continue;
		}

		struct text why = blame(v, g, b->grant, POLICY_VALUE_FLOWSPEC);

		text_printf(&why, "%s ", b->what);
		b->say(&why, *b->value);
		text_printf(
			&why, " exceeds %s ", policy_grants(&n)[b->grant].key);
		b->say(&why, b->limit);
		return false;
	}
	return true;
}

static bool
delay_fits(const struct policy_granted *g, const struct policy_request *q,
	const struct amount *a, struct policy_verdict *v)
{
	if (a->service != POLICY_SERVICE_GS ||
		g->all.min_delay_us == POLICY_UNLIMITED ||
		q->delay_us >= g->all.min_delay_us)
		return true;

	struct text why =
		blame(v, g, POLICY_GRANT_min_delay_us, POLICY_VALUE_FLOWSPEC);

	text_printf(&why,
		"delay %" PRIu64 " us is below minDelay %" PRIu64 " us",
		q->delay_us, g->all.min_delay_us);
	return false;
}

/* A reservation that is held already has lasted some time. */
static bool
duration_fits(const struct policy_granted *g, const struct policy_request *q,
	const struct policy_terms *held, struct policy_verdict *v)
{
	uint64_t lasted;

	if (!held || g->all.max_duration_s == POLICY_UNLIMITED ||
		q->now_unix_s < held->since_s)
		return true;
	lasted = (uint64_t)(q->now_unix_s - held->since_s);
	if (lasted < g->all.max_duration_s)
		return true;

	struct text why =
		blame(v, g, POLICY_GRANT_max_duration_s, POLICY_VALUE_EXCEED);

	text_printf(&why,
		"it has lasted %" PRIu64 " s, maxDuration is %" PRIu64 " s",
		lasted, g->all.max_duration_s);
	return false;
}

/* ---- bounds of all together --------------------------------------------- */

/* Who asks, for counters of each user. */
static void
say_user(char user[POLICY_WHO], const struct policy_request *q)
{
	struct text t = text_over(user, POLICY_WHO);
	char host[ADDR_TEXT];

	if (q->principal)
		text_printf(&t, "principal %s", q->principal);
	else if (q->cert_subject)
		text_printf(&t, "certificate %s", q->cert_subject);
	else if (q->who_known)
		text_printf(&t, "uid %" PRIu32, q->uid);
	else if (q->neighbour.family != ADDR_NONE)
		text_printf(
			&t, "neighbour %s", addr_format(&q->neighbour, host));
	else
		text_add(&t, "nobody");
}

/* Counters in the order in which they are judged. */
struct holds {
	struct policy_hold at[POLICY_HOLDS_MAX];
	size_t n;
};

static struct policy_hold *
need_hold(struct holds *h, enum policy_counter kind, const char *name,
	const char *user)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->at[i].kind == kind && strcmp(h->at[i].name, name) == 0)
			return &h->at[i];

	struct policy_hold *hold = &h->at[h->n++]; /* at most 8, see below */

	*hold = (struct policy_hold){ .kind = kind,
		.name = name,
		.user = user,
		.max_flows = POLICY_UNLIMITED,
		.max_Bps = POLICY_UNLIMITED,
		.max_bucket = POLICY_UNLIMITED,
		.soft_percent = POLICY_UNLIMITED };
	return hold;
}

/* The counter that a bound of that rule counts in: the rule's own, or that of
 * its category when the category is shared.  NULL: nobody set it. */
static struct policy_hold *
hold_of(struct holds *h, const struct policy_granted *g,
	enum policy_grant_index grant, const char *user)
{
	const struct policy_rule *rule = g->by[grant];
	const struct policy_category *c;
	bool one = user[0] != '\0';

	if (!rule)
		return NULL;
	c = &g->set->categories[rule->category];
	if (c->share == 1)
		return need_hold(h,
			one ? POLICY_COUNTS_CATEGORY_USER
			    : POLICY_COUNTS_CATEGORY,
			c->name, user);
	return need_hold(h, one ? POLICY_COUNTS_RULE_USER : POLICY_COUNTS_RULE,
		rule->name, user);
}

/* Ordinary calls leave the headroom free. */
static uint64_t
without_headroom(const struct policy_pool *pool, uint64_t bound, bool priority)
{
	uint64_t part = 100 - pool->headroom_percent;

	if (bound == POLICY_UNLIMITED || priority)
		return bound;
	return bound / 100 * part + bound % 100 * part / 100;
}

static void
hold_pool(struct holds *h, const struct policy_granted *g)
{
	const struct policy_category *c = &g->all;
	bool priority = c->admission_priority != POLICY_UNLIMITED &&
			c->admission_priority > 0;
	const struct policy_pool *pool;
	struct policy_hold *hold;

	if (c->pool == POLICY_NO_POOL)
		return;
	pool = &g->set->pools[c->pool];
	hold = need_hold(h, POLICY_COUNTS_POOL, pool->name, "");
	hold->max_flows = without_headroom(pool, pool->max_flows, priority);
	hold->max_Bps = without_headroom(pool, pool->rate_Bps, priority);
	hold->soft_percent = pool->soft_percent;
}

/* The rule that decides; those that set bounds on all, at most three, and on
 * each user, at most two; the pool. */
static void
list_holds(struct holds *h, const struct policy_granted *g, const char *user)
{
	const struct policy_category *c = &g->all;
	struct policy_hold *hold;

	h->n = 0;
	if (g->decides)
		(void)need_hold(h, POLICY_COUNTS_RULE, g->decides->name, "");
	hold = hold_of(h, g, POLICY_GRANT_max_flows, "");
	if (hold)
		hold->max_flows = c->max_flows;
	hold = hold_of(h, g, POLICY_GRANT_aggregate_Bps, "");
	if (hold)
		hold->max_Bps = c->aggregate_Bps;
	hold = hold_of(h, g, POLICY_GRANT_aggregate_bucket_bytes, "");
	if (hold)
		hold->max_bucket = c->aggregate_bucket_bytes;
	hold = hold_of(h, g, POLICY_GRANT_user_flows, user);
	if (hold)
		hold->max_flows = c->user_flows;
	hold = hold_of(h, g, POLICY_GRANT_user_Bps, user);
	if (hold)
		hold->max_Bps = c->user_Bps;
	for (size_t i = 0; i < h->n; i++)
		h->at[i].soft_percent = c->soft_percent;
	hold_pool(h, g);
}

/* The key of a bound of a counter. */
static const char *
bound_key(enum policy_counter kind, enum policy_taken taken)
{
	bool user = kind == POLICY_COUNTS_RULE_USER ||
		    kind == POLICY_COUNTS_CATEGORY_USER;

	if (taken == POLICY_TOO_MANY)
		return user ? "maxFlowsPerUser" : "maxFlows";
	if (taken == POLICY_TOO_LARGE)
		return "aggregateBucket";
	if (kind == POLICY_COUNTS_POOL)
		return "rate";
	return user ? "aggregateRatePerUser" : "aggregateRate";
}

static void
say_whose(struct text *t, const struct policy_hold *hold)
{
	switch (hold->kind) {
	case POLICY_COUNTS_RULE:
	case POLICY_COUNTS_RULE_USER:
		text_printf(t, "rule %s: ", hold->name);
		break;
	case POLICY_COUNTS_CATEGORY:
	case POLICY_COUNTS_CATEGORY_USER:
		text_printf(t, "category %s: ", hold->name);
		break;
	case POLICY_COUNTS_POOL:
		text_printf(t, "pool %s: ", hold->name);
		break;
	}
}

/* "rule x: 3 flows of uid 1000 exceed maxFlowsPerUser 2" */
static void
say_bound(struct text *t, const struct policy_hold *hold,
	enum policy_taken taken, const struct policy_use *use)
{
	const char *of = hold->user[0] != '\0' ? " of " : "";
	const char *key = bound_key(hold->kind, taken);

	say_whose(t, hold);
	if (taken == POLICY_TOO_MANY) {
		text_printf(t, "%" PRIu64 " flows%s%s exceed %s %" PRIu64,
			use->flows, of, hold->user, key, hold->max_flows);
		return;
	}
	text_add(t, taken == POLICY_TOO_LARGE ? "aggregate bucket "
					      : "aggregate rate ");
	if (taken == POLICY_TOO_LARGE)
		say_size(t, use->bucket_bytes);
	else
		say_rate(t, use->rate_Bps);
	text_printf(t, "%s%s exceeds %s ", of, hold->user, key);
	if (taken == POLICY_TOO_LARGE)
		say_size(t, hold->max_bucket);
	else
		say_rate(t, hold->max_Bps);
}

static void
say_soft(struct policy_verdict *v, const struct policy_hold *hold,
	const struct policy_outcome *o)
{
	struct text t = text_over(v->soft, sizeof(v->soft));

	say_whose(&t, hold);
	if (hold->user[0] != '\0')
		text_printf(&t, "%s: ", hold->user);
	text_printf(&t, "over %" PRIu64 " %% of %s", hold->soft_percent,
		bound_key(hold->kind, o->soft));
}

enum policy_change
policy_granted_end(const struct policy_granted *granted, uint32_t *ret_grace_s)
{
	const struct policy_category *c = &granted->all;

	*ret_grace_s =
		c->grace_s == POLICY_UNLIMITED ? 0 : (uint32_t)c->grace_s;
	return c->on_change == POLICY_UNLIMITED
		       ? POLICY_TEAR
		       : (enum policy_change)c->on_change;
}

static struct policy_terms
terms_of(const struct policy_granted *g, const struct policy_request *q)
{
	struct policy_terms terms = { .since_s = q->now_unix_s,
		.duration_s = g->all.max_duration_s };

	terms.change = (uint8_t)policy_granted_end(g, &terms.grace_s);
	return terms;
}

/* Count it, or say which bound stands in the way. */
static void
take(struct policy_limits *limits, const struct policy_granted *g,
	const struct policy_request *q, const struct policy_ask *amount,
	struct policy_verdict *v)
{
	struct text why;
	char user[POLICY_WHO];
	struct holds h;
	struct policy_outcome o;
	struct policy_ask ask = *amount;
	enum policy_taken taken;

	user[0] = '\0';
	if (g->by[POLICY_GRANT_user_flows] || g->by[POLICY_GRANT_user_Bps])
		say_user(user, q);
	list_holds(&h, g, user);
	if (h.n == 0)
		return; /* the default, and nothing to count */
	ask.holds = h.at;
	ask.n_holds = h.n;
	ask.terms = terms_of(g, q);
	if (g->weighed)
		taken = policy_limits_try(limits, &ask,
			g->held && strcmp(v->rule, g->held) == 0, &o);
	else
		taken = policy_limits_take(limits, &ask, &o);
	if (taken == POLICY_TAKEN) {
		v->claim = o.claim;
		if (o.soft != POLICY_TAKEN)
			say_soft(v, &h.at[o.hold], &o);
		return;
	}
	why = text_over(v->reason, sizeof(v->reason));
	if (taken == POLICY_NO_MEMORY) {
		text_printf(
			&why, "rule %s: no memory to count the flow", v->rule);
		policy_refuse(v, POLICY_VALUE_NO_RSC);
		return;
	}
	say_bound(&why, &h.at[o.hold], taken, &o.would_be);
	v->limit = bound_key(h.at[o.hold].kind, taken);
	policy_refuse(v, POLICY_VALUE_EXCEED);
}

void
policy_judge(struct policy_limits *limits, const struct policy_granted *granted,
	const struct policy_request *request, uint32_t claim,
	struct policy_verdict *v)
{
	const struct policy_request *q = request;
	struct policy_terms held;
	bool holding = policy_limits_terms(limits, claim, &held);
	struct amount a = { .service = q->service,
		.rate_Bps = q->rate_Bps,
		.bucket_bytes = q->bucket_bytes,
		.peak_Bps = q->peak_Bps == 0 ? POLICY_UNLIMITED : q->peak_Bps,
		.max_packet = q->max_packet };

	if (!service_fits(granted, q, &a, v) || !flow_fits(granted, &a, v) ||
		!delay_fits(granted, q, &a, v) ||
		!duration_fits(granted, q, holding ? &held : NULL, v))
		return;
	v->lowered = a.lowered;
	v->service = a.service;
	v->rate_Bps = a.rate_Bps;
	v->bucket_bytes = a.bucket_bytes;
	v->peak_Bps = a.peak_Bps == POLICY_UNLIMITED ? 0 : a.peak_Bps;
	v->max_packet = (uint32_t)a.max_packet;
	v->max_slack_us = granted->all.max_slack_us;
	if (granted->all.max_duration_s != POLICY_UNLIMITED)
		v->until_unix_s = (holding ? held.since_s : q->now_unix_s) +
				  (int64_t)granted->all.max_duration_s;

	const struct policy_ask ask = { .rate_Bps = a.rate_Bps,
		.bucket_bytes = a.bucket_bytes,
		.claim = claim };

	take(limits, granted, q, &ask, v);
}
