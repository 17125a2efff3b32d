/* SPDX-License-Identifier: ISC */

/*
 * The decision.  Rules whose conditions hold are taken in their order; those
 * that continue only add what they grant, the first other one decides.  What
 * they grant bounds what a reservation may have (judge.c).  A Path reserves
 * nothing: for it the permission alone counts.
 */

#include <inttypes.h>
#include <string.h>

#include "judge_int.h"
#include "load_int.h"

struct policy {
	const struct alloc *alloc;
	struct policy_set *set;     /* NULL: no snapshot yet */
	struct policy_index *index; /* of the set */
	struct policy_limits *limits;
	/* What was in force before, until it is tidied away; or NULL. */
	struct policy_set *old_set;
	struct policy_index *old_index;
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
	policy_index_free(p->old_index);
	policy_set_free(p->old_set);
	policy_index_free(p->index);
	policy_set_free(p->set);
	policy_limits_free(p->limits);
	alloc_put(p->alloc, p);
}

/* ---- the decision ------------------------------------------------------- */

/* What a rule that denies says it denies: the person, else the flow. */
static void
say_denied(struct text *t, const struct policy_rule *rule,
	const struct policy_request *q)
{
	char dst[ADDR_TEXT];

	if (q->who_known && (rule->spans[POLICY_SPAN_USER].count > 0 ||
				    rule->spans[POLICY_SPAN_GROUP].count > 0)) {
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
judge_denied(const struct policy_rule *rule, const struct policy_request *q,
	struct policy_verdict *v)
{
	struct text why = text_over(v->reason, sizeof(v->reason));

	text_printf(&why, "rule %s denies ", rule->name);
	say_denied(&why, rule, q);
	policy_refuse(v, POLICY_VALUE_REJECT);
}

/* What a message claims for itself counts up to maxPreemption. */
static void
give_priorities(const struct policy_category *c, const struct policy_request *q,
	struct policy_verdict *v)
{
	uint64_t most = c->max_preemption;

	if (c->preemption != POLICY_UNLIMITED) {
		v->preemption = (uint16_t)c->preemption;
		v->defending = (uint16_t)c->defending;
	}
	if (!q->claims_priority || most == POLICY_UNLIMITED)
		return;
	v->preemption = q->preemption < most ? q->preemption : (uint16_t)most;
	v->defending = q->defending < most ? q->defending : (uint16_t)most;
	if (v->defending < v->preemption)
		v->defending = v->preemption;
}

static void
say_allowed(const struct policy_granted *g, struct policy_verdict *v)
{
	const struct policy_rule *rule = g->decides;
	struct text why;

	if (!rule)
		return; /* the default has said why */
	why = text_over(v->reason, sizeof(v->reason));
	/* What is said most often: piece by piece is faster. */
	text_add(&why, "rule ");
	text_add(&why, rule->name);
	text_add(&why, " allows");
	if (rule->category != POLICY_NO_CATEGORY) {
		text_add(&why, " (category ");
		text_add(&why, g->set->categories[rule->category].name);
		text_add(&why, ")");
	}
	if (v->lowered)
		text_add(&why, ", lowered to what it grants");
}

/* The rules that apply, up to the one that decides. */
static void
find_rules(const struct policy *p, const struct policy_request *q,
	struct policy_granted *g)
{
	struct policy_walk walk;
	uint32_t at;

	if (!p->set)
		return;
	policy_walk_begin(&walk, p->index, q);
	while (!g->decides && policy_walk_next(&walk, &at)) {
		const struct policy_rule *rule = p->set->rules[at];

		if (policy_rule_match(&p->set->times, rule, q) != POLICY_HOLDS)
			continue;
		policy_granted_add(g, rule);
		if (!rule->goes_on)
			g->decides = rule;
		else if (!g->weighed)
			policy_limits_pass(p->limits, rule->name);
	}
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
		policy_refuse(v, POLICY_VALUE_REJECT);
}

static void
judge_request(const struct policy *p, const struct policy_granted *g,
	const struct policy_request *q, uint32_t claim,
	struct policy_verdict *v)
{
	v->allowed = true;
	if (!g->decides) {
		judge_by_default(p, v);
	} else {
		(void)text_copy(v->rule, sizeof(v->rule), g->decides->name);
		if (g->decides->denies)
			judge_denied(g->decides, q, v);
	}
	if (v->allowed && q->message == POLICY_RESV)
		policy_judge(p->limits, g, q, claim, v);
	else if (v->allowed)
		v->change = policy_granted_end(g, &v->grace_s);
	if (!v->allowed)
		return;
	give_priorities(&g->all, q, v);
	say_allowed(g, v);
}

/* How a reservation ends that is no longer allowed: as it was told when it was
 * admitted. */
static void
say_how_it_ends(
	const struct policy *p, uint32_t claim, struct policy_verdict *v)
{
	struct policy_terms held;

	v->change = POLICY_TEAR;
	if (!policy_limits_terms(p->limits, claim, &held))
		return;
	v->change = (enum policy_change)held.change;
	v->grace_s = held.grace_s;
}

/* Before anything is decided: what was asked for. */
static struct policy_verdict
undecided(const struct policy_request *request)
{
	return (struct policy_verdict){ .limit = "",
		.service = request->service,
		.rate_Bps = request->rate_Bps,
		.bucket_bytes = request->bucket_bytes,
		.peak_Bps = request->peak_Bps,
		.max_packet = request->max_packet,
		.max_slack_us = POLICY_UNLIMITED,
		.until_unix_s = INT64_MAX };
}

/* For the counters; NULL: it was not. */
static const char *
refused_for(const struct policy_verdict *v)
{
	if (v->allowed)
		return NULL;
	if (v->limit[0] != '\0')
		return v->limit;
	return v->value == POLICY_VALUE_NO_RSC ? "memory" : "denied";
}

void
policy_weigh(const struct policy *policy, const struct policy_request *request,
	const char *held, struct policy_verdict *ret_verdict)
{
	struct policy_granted granted;

	policy_granted_init(&granted, policy->set);
	granted.weighed = true;
	granted.held = held;
	find_rules(policy, request, &granted);
	*ret_verdict = undecided(request);
	judge_request(policy, &granted, request, 0, ret_verdict);
}

void
policy_decide(struct policy *policy, const struct policy_request *request,
	uint32_t claim, struct policy_verdict *ret_verdict)
{
	struct policy_verdict *v = ret_verdict;
	struct policy_granted granted;

	policy_granted_init(&granted, policy->set);
	find_rules(policy, request, &granted);
	*v = undecided(request);
	judge_request(policy, &granted, request, claim, v);
	policy_limits_note(policy->limits,
		granted.decides ? granted.decides->name : "", refused_for(v));
	/* Allowed without a claim: the old one is replaced by none. */
	if (v->allowed && v->claim == 0)
		policy_limits_end(policy->limits, claim);
	if (!v->allowed)
		say_how_it_ends(policy, claim, v);
}

int64_t
policy_next_change(const struct policy *p, int64_t now_unix_s)
{
	int64_t first = policy_limits_next(p->limits, now_unix_s);

	for (size_t i = 0; p->set && i < p->set->times.n_whens; i++) {
		int64_t next = policy_when_next(
			&p->set->times, &p->set->times.whens[i], now_unix_s);

		if (next < first)
			first = next;
	}
	return first;
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
		while (policy_tidy(p, SIZE_MAX))
			; /* of the switch before */
		p->old_index = p->index;
		p->old_set = p->set;
		p->set = policy_load_take_set(load);
		p->index = policy_load_take_index(load);
		policy_limits_sweep_begin(p->limits);
	}
	policy_load_drop(load);
}

bool
policy_tidy(struct policy *p, size_t budget)
{
	/* It keeps the names of the rules. */
	if (p->old_index) {
		if (policy_index_free_some(p->old_index, budget))
			p->old_index = NULL;
		return true;
	}
	if (p->old_set) {
		if (policy_set_free_some(p->old_set, budget))
			p->old_set = NULL;
		return true;
	}
	return policy_limits_sweep(p->limits, budget, rule_known, p->index);
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

	const struct policy_use use =
		policy_limits_use(p->limits, POLICY_COUNTS_RULE, "", "");

	ret->allowed = use.allowed;
	ret->refused = use.refused;
	(void)text_copy(ret->source, sizeof(ret->source), p->set->source);
}

bool
policy_rule_at(
	const struct policy *p, size_t i, struct policy_rule_info *ret_info)
{
	if (!p->set || i >= p->set->n_rules)
		return false;

	const struct policy_rule *rule = p->set->rules[i];
	struct policy_use use = policy_limits_use(
		p->limits, POLICY_COUNTS_RULE, rule->name, "");
	struct policy_rule_info info = {
		.allow = !rule->deny,
		.priority = rule->priority,
		.allowed = use.allowed,
		.refused = use.refused,
		.flows = use.flows,
		.rate_Bps = use.rate_Bps,
		.matched = use.allowed + use.refused + use.passed,
	};
	struct text conditions =
		text_over(info.conditions, sizeof(info.conditions));
	struct text grants = text_over(info.grants, sizeof(info.grants));

	while (info.n_refusals < POLICY_REFUSALS &&
		policy_limits_refusal(p->limits, rule->name, info.n_refusals,
			&info.refusals[info.n_refusals]))
		info.n_refusals++;
	(void)text_copy(info.name, sizeof(info.name), rule->name);
	policy_rule_text(&conditions, &p->set->times, rule);
	if (rule->scope == POLICY_SCOPE_DATA)
		text_add(&conditions, "; data traffic only");
	if (rule->category != POLICY_NO_CATEGORY) {
		const struct policy_category *c =
			&p->set->categories[rule->category];

		(void)text_copy(info.category, sizeof(info.category), c->name);
		policy_category_text(&grants, p->set, c);
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

/* NULL: there is none of that name. */
static const struct policy_rule *
rule_named(const struct policy *p, const char *name)
{
	uint32_t at;

	return p->set && policy_index_find(p->index, name, &at)
		       ? p->set->rules[at]
		       : NULL;
}

bool
policy_rule_category(const struct policy *p, const char *name,
	char ret_category[POLICY_NAME])
{
	const struct policy_rule *rule = rule_named(p, name);

	if (!rule)
		return false;
	(void)text_copy(ret_category, POLICY_NAME,
		rule->category == POLICY_NO_CATEGORY
			? ""
			: p->set->categories[rule->category].name); /* fits */
	return true;
}

bool
policy_rule_marking(const struct policy *p, const char *name,
	struct policy_marking *ret_marking)
{
	const struct policy_rule *rule = rule_named(p, name);

	return rule && rule->category != POLICY_NO_CATEGORY &&
	       policy_category_marking(
		       &p->set->categories[rule->category], ret_marking);
}

bool
policy_pool_at(
	const struct policy *p, size_t i, struct policy_pool_info *ret_info)
{
	if (!p->set || i >= p->set->n_pools)
		return false;

	const struct policy_pool *pool = &p->set->pools[i];
	struct policy_use use = policy_limits_use(
		p->limits, POLICY_COUNTS_POOL, pool->name, "");

	*ret_info = (struct policy_pool_info){ .max_flows = pool->max_flows,
		.max_Bps = pool->rate_Bps,
		.flows = use.flows,
		.rate_Bps = use.rate_Bps };
	(void)text_copy(ret_info->name, sizeof(ret_info->name), pool->name);
	return true;
}

bool
policy_tried_at(const struct policy *p, size_t i,
	const struct policy_request *request, const char **ret_rule,
	const char **ret_why)
{
	enum policy_condition failed;

	if (!p->set || i >= p->set->n_rules)
		return false;
	failed = policy_rule_match(&p->set->times, p->set->rules[i], request);
	*ret_rule = p->set->rules[i]->name;
	*ret_why = failed == POLICY_HOLDS ? "" : policy_condition_text(failed);
	return true;
}

bool
policy_continues_at(const struct policy *p, size_t i)
{
	return p->set && i < p->set->n_rules && p->set->rules[i]->goes_on;
}
