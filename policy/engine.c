/* SPDX-License-Identifier: ISC */

/*
 * The decision.  The first rule whose conditions hold decides; its category
 * bounds what a reservation may have.  A Path reserves nothing: for it the
 * permission alone counts.
 *
 * Refusals carry the Error Values of RFC 2750 Appendix A.
 */

#include <inttypes.h>
#include <string.h>

#include "limits_int.h"
#include "load_int.h"

enum {
	VALUE_REJECT = 3,    /* ERR_REJECT: generic policy rejection */
	VALUE_EXCEED = 4,    /* ERR_EXCEED: quota violation */
	VALUE_NO_RSC = 15,   /* ERR_NO_RSC: out of resources */
	VALUE_SERVICE = 17,  /* ERR_SERVICE: service type rejected */
	VALUE_FLOWSPEC = 19, /* ERR_FL_SPEC: flowspec rejected */
};

struct policy {
	const struct alloc *alloc;
	struct policy_set *set;     /* NULL: no snapshot yet */
	struct policy_index *index; /* of the set */
	struct policy_limits *limits;
};

struct policy *
policy_new(const struct alloc *alloc)
{
	struct policy *p = (struct policy *)alloc_get(alloc, sizeof(*p));

	if (!p)
		return NULL;
	p->alloc = alloc;
	p->limits = policy_limits_new(alloc);
	if (!p->limits) {
		alloc_put(alloc, p);
		return NULL;
	}
	return p;
}

void
policy_free(struct policy *p)
{
	if (!p)
		return;
	policy_index_free(p->index);
	policy_set_free(p->set);
	policy_limits_free(p->limits);
	alloc_put(p->alloc, p);
}

/* ---- per-flow bounds ---------------------------------------------------- */

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

struct bound {
	const char *what;
	const char *key;
	void (*say)(struct text *t, uint64_t value);
	uint64_t value;
	uint64_t limit;
};

/* The first bound that the flow exceeds, or NULL. */
static const struct bound *
exceeded(const struct bound *bounds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bounds[i].value > bounds[i].limit)
			return &bounds[i];
	return NULL;
}

static bool
flow_fits(const struct policy_category *c, const struct policy_request *q,
	struct text *why)
{
	const struct bound bounds[] = {
		{ "rate per flow", "maxRatePerFlow", say_rate, q->rate_Bps,
			c->max_rate_Bps },
		{ "bucket", "maxBucketPerFlow", say_size, q->bucket_bytes,
			c->max_bucket_bytes },
		{ "peak rate", "maxPeakPerFlow", say_rate,
			q->peak_Bps == 0 ? POLICY_UNLIMITED : q->peak_Bps,
			c->max_peak_Bps },
		{ "packet size", "maxPacketPerFlow", say_size, q->max_packet,
			c->max_packet_bytes },
	};
	const struct bound *b =
		exceeded(bounds, sizeof(bounds) / sizeof(bounds[0]));

	if (!b)
		return true;
	text_printf(why, "%s ", b->what);
	b->say(why, b->value);
	text_printf(why, " exceeds %s ", b->key);
	b->say(why, b->limit);
	return false;
}

/* ---- the decision ------------------------------------------------------- */

/* What a rule that denies says it denies: the person, else the flow. */
static void
say_denied(struct text *t, const struct policy_rule *rule,
	const struct policy_request *q)
{
	char dst[ADDR_TEXT];

	if (rule->spans[POLICY_SPAN_USER].count > 0 ||
		rule->spans[POLICY_SPAN_GROUP].count > 0) {
		text_printf(t, "uid %" PRIu32, q->uid);
		if (rule->spans[POLICY_SPAN_GROUP].count > 0)
			text_printf(t, " gid %" PRIu32, q->gid);
		return;
	}
	policy_proto_text(t, q->proto);
	text_printf(
		t, " to %s port %u", addr_format(&q->dst, dst), q->dst_port);
}

static void
refuse(struct policy_verdict *v, uint16_t value)
{
	v->allowed = false;
	v->value = value;
}

/* Flows and rate of the rule: take the claim or say which bound stands in the
 * way. */
static void
take(struct policy *p, const struct policy_category *c, uint64_t rate_Bps,
	uint32_t claim, struct policy_verdict *v)
{
	struct text why = text_over(v->reason, sizeof(v->reason));
	struct policy_use would_be;
	struct policy_ask ask = { .rule = v->rule,
		.rate_Bps = rate_Bps,
		.max_flows = c->max_flows,
		.aggregate_Bps = c->aggregate_Bps,
		.claim = claim };

	text_printf(&why, "rule %s: ", v->rule);
	switch (policy_limits_take(p->limits, &ask, &v->claim, &would_be)) {
	case POLICY_TAKEN:
		return;
	case POLICY_TOO_MANY:
		text_printf(&why, "%" PRIu64 " flows exceed maxFlows %" PRIu64,
			would_be.flows, c->max_flows);
		refuse(v, VALUE_EXCEED);
		return;
	case POLICY_TOO_MUCH:
		text_add(&why, "aggregate rate ");
		text_add_rate(&why, (double)would_be.rate_Bps);
		text_add(&why, " exceeds aggregateRate ");
		say_rate(&why, c->aggregate_Bps);
		refuse(v, VALUE_EXCEED);
		return;
	case POLICY_NO_MEMORY:
		text_add(&why, "no memory to count the flow");
		refuse(v, VALUE_NO_RSC);
		return;
	}
}

static void
judge_reservation(struct policy *p, const struct policy_category *c,
	const struct policy_request *q, uint32_t claim,
	struct policy_verdict *v)
{
	struct text why = text_over(v->reason, sizeof(v->reason));

	text_printf(&why, "rule %s: ", v->rule);
	if (q->service == POLICY_SERVICE_GS &&
		c->max_service == POLICY_SERVICE_CL) {
		text_add(&why, "service GS exceeds maxService CL");
		refuse(v, VALUE_SERVICE);
		return;
	}
	if (!flow_fits(c, q, &why)) {
		refuse(v, VALUE_FLOWSPEC);
		return;
	}
	take(p, c, q->rate_Bps, claim, v);
}

static void
judge_by_rule(struct policy *p, const struct policy_rule *rule,
	const struct policy_request *q, uint32_t claim,
	struct policy_verdict *v)
{
	struct text why = text_over(v->reason, sizeof(v->reason));
	struct policy_category none;
	const struct policy_category *c = &none;

	policy_category_init(&none);
	if (rule->category != POLICY_NO_CATEGORY)
		c = &p->set->categories[rule->category];
	(void)text_copy(v->rule, sizeof(v->rule), rule->name);
	if (rule->deny || c->deny) {
		text_printf(&why, "rule %s denies ", rule->name);
		say_denied(&why, rule, q);
		refuse(v, VALUE_REJECT);
		return;
	}
	v->allowed = true;
	if (c->preemption != POLICY_UNLIMITED) {
		v->preemption = (uint16_t)c->preemption;
		v->defending = (uint16_t)c->defending;
	}
	if (q->message == POLICY_RESV)
		judge_reservation(p, c, q, claim, v);
	if (!v->allowed)
		return;
	why = text_over(v->reason, sizeof(v->reason));
	text_printf(&why, "rule %s allows", rule->name);
	if (c != &none)
		text_printf(&why, " (category %s)", c->name);
}

static void
judge_by_default(const struct policy *p, struct policy_verdict *v)
{
	struct text why = text_over(v->reason, sizeof(v->reason));
	uint8_t default_why =
		p->set ? p->set->default_why : POLICY_DEFAULT_NOT_YET;

	text_printf(
		&why, "no rule applies: %s", policy_default_text(default_why));
	v->allowed = !policy_default_denies(default_why);
	if (!v->allowed)
		refuse(v, VALUE_REJECT);
}

static const struct policy_rule *
find_rule(const struct policy *p, const struct policy_request *q)
{
	struct policy_walk walk;
	uint32_t at;

	if (!p->set)
		return NULL;
	policy_walk_begin(&walk, p->index, q);
	while (policy_walk_next(&walk, &at))
		if (policy_rule_match(&p->set->times, p->set->rules[at], q) ==
			POLICY_HOLDS)
			return p->set->rules[at];
	return NULL;
}

void
policy_decide(struct policy *policy, const struct policy_request *request,
	uint32_t claim, struct policy_verdict *ret_verdict)
{
	struct policy_verdict *v = ret_verdict;
	const struct policy_rule *rule = find_rule(policy, request);

	*v = (struct policy_verdict){ 0 };
	if (rule) {
		judge_by_rule(policy, rule, request, claim, v);
		policy_limits_note(policy->limits, rule->name, v->allowed);
	} else {
		judge_by_default(policy, v);
	}
	/* Allowed without a claim: the old one is replaced by none. */
	if (v->allowed && v->claim == 0)
		policy_limits_end(policy->limits, claim);
	if (!v->allowed) {
		v->preemption = 0;
		v->defending = 0;
	}
}

void
policy_end(struct policy *p, uint32_t claim)
{
	policy_limits_end(p->limits, claim);
}

/* ---- switching ---------------------------------------------------------- */

static bool
rule_known(const void *arg, const char *name)
{
	return policy_index_has((const struct policy_index *)arg, name);
}

void
policy_load_switch(struct policy *p, struct policy_load *load)
{
	if (policy_load_ready(load)) {
		policy_index_free(p->index);
		policy_set_free(p->set);
		p->set = policy_load_take_set(load);
		p->index = policy_load_take_index(load);
		policy_limits_sweep(p->limits, rule_known, p->index);
	}
	policy_load_drop(load);
}

/* ---- for the tool ------------------------------------------------------- */

void
policy_status(const struct policy *p, struct policy_status *ret)
{
	*ret = (struct policy_status){ 0 };
	if (!p->set)
		return;
	ret->generation = p->set->generation;
	ret->rules = p->set->n_rules;
	ret->categories = p->set->n_categories;
	ret->made_unix_s = p->set->made_unix_s;
	(void)text_copy(ret->source, sizeof(ret->source), p->set->source);
}

bool
policy_rule_at(
	const struct policy *p, size_t i, struct policy_rule_info *ret_info)
{
	if (!p->set || i >= p->set->n_rules)
		return false;

	const struct policy_rule *rule = p->set->rules[i];
	struct policy_use use = policy_limits_use(p->limits, rule->name);
	struct policy_rule_info info = {
		.allow = !rule->deny,
		.priority = rule->priority,
		.allowed = use.allowed,
		.refused = use.refused,
		.flows = use.flows,
		.rate_Bps = use.rate_Bps,
	};
	struct text conditions =
		text_over(info.conditions, sizeof(info.conditions));
	struct text grants = text_over(info.grants, sizeof(info.grants));

	(void)text_copy(info.name, sizeof(info.name), rule->name);
	policy_rule_text(&conditions, &p->set->times, rule);
	if (rule->scope == POLICY_SCOPE_DATA)
		text_add(&conditions, "; data traffic only");
	if (rule->category != POLICY_NO_CATEGORY) {
		const struct policy_category *c =
			&p->set->categories[rule->category];

		(void)text_copy(info.category, sizeof(info.category), c->name);
		policy_category_text(&grants, c);
		info.allow = info.allow && !c->deny;
	}
	*ret_info = info;
	return true;
}

bool
policy_data_at(const struct policy *p, size_t i, int64_t now_unix_s,
	struct policy_data_rule *ret_rule)
{
	if (!p->set || i >= p->set->n_data)
		return false;

	const struct policy_rule *rule = p->set->rules[p->set->data[i]];

	return policy_rule_data(rule,
		rule->category == POLICY_NO_CATEGORY
			? NULL
			: &p->set->categories[rule->category],
		&p->set->times, now_unix_s, ret_rule);
}
