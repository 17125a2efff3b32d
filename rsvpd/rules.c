/* SPDX-License-Identifier: ISC */

/*
 * Rules on interfaces.  A plan is made from the policy in force and the
 * interfaces that tcctl manages, compared with the one before by rule and
 * interface, and put in force: first what goes gives its capacity back, then
 * what is new or changed asks for it, then tcctl gets the whole list.  Where it
 * refuses one rule, that rule is left out with the reason and the rest asked
 * for again.
 *
 * An interface is planned only when tcctl has told what it found there: adopted
 * reservations are in the ledger before any rule.
 */

#include "rsvpd/rules_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diff.h"
#include "base/log.h"
#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules_plan.h"
#include "rsvpd/tc_client.h"

enum {
	LOOK_S = 60, /* at the clock, at least so often */
	RETRY_MS = 5000
};

/* ---- digests ------------------------------------------------------------- */

static uint64_t
digest_begin(void)
{
	return UINT64_C(14695981039346656037);
}

/* FNV-1a over the rule as a message: whatever it says is in it. */
static uint64_t
digest_add(struct rules *rules, uint64_t digest, const struct tc_rule *rule)
{
	struct buf_writer w = buf_writer(rules->bytes, sizeof(rules->bytes));

	tc_put_rule(&w, 0, rule);
	for (size_t i = 0; i < buf_written(&w); i++)
		digest = (digest ^ rules->bytes[i]) * UINT64_C(1099511628211);
	return digest;
}

/* ---- plans --------------------------------------------------------------- */

static void
plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->all[i]);
	free(plan->all);
	*plan = (struct plan){ 0 };
}

/* NULL: out of memory. */
static struct instance *
plan_add(struct plan *plan)
{
	struct instance *one;

	if (plan->count == plan->room) {
		size_t room = plan->room * 2 + 16;
		struct instance **more = (struct instance **)realloc(
			plan->all, room * sizeof(*more));

		if (!more)
			return NULL;
		plan->all = more;
		plan->room = room;
	}
	one = (struct instance *)calloc(1, sizeof(*one));
	if (one)
		plan->all[plan->count++] = one;
	return one;
}

static bool
has_id(const struct plan *plan, uint32_t ifindex, uint32_t id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->all[i]->ifindex == ifindex &&
			plan->all[i]->rule.id == id)
			return true;
	return false;
}

static void
describe(struct instance *one, const struct policy_data_rule *rule,
	const struct managed *iface)
{
	struct rules_info *info = &one->info;

	(void)text_copy(info->name, sizeof(info->name), rule->name);
	(void)text_copy(info->category, sizeof(info->category), rule->category);
	(void)text_copy(info->ifname, sizeof(info->ifname), iface->name);
	info->priority = rule->priority;
	one->ifindex = iface->ifindex;
	one->admit = rule->admit && rule->rate_Bps != 0 && !rule->deny;
	one->arbitration = rule->arbitration;
}

/* One rule on one interface; false: out of memory. */
static bool
add_instance(struct rules *rules, struct plan *plan,
	const struct policy_data_rule *rule, const struct managed *iface)
{
	struct instance *one = plan_add(plan);
	uint32_t salt = 0;
	uint32_t id;
	bool sound;

	if (!one)
		return false;
	describe(one, rule, iface);
	sound = rules_plan(
		rule, iface->mtu, &rules->links, &one->rule, one->info.reason);
	rules->by_incoming = rules->by_incoming || rule->in.count > 0;
	one->info.state = rule->active ? sound ? RULES_WAITING : RULES_REFUSED
				       : RULES_INACTIVE;
	do
		id = rules_id(rule->name, iface->name, salt++);
	while (has_id(plan, iface->ifindex, id));
	one->rule.id = id;
	one->rule.ifindex = iface->ifindex;
	one->digest = digest_add(rules, digest_begin(), &one->rule);
	return true;
}

static bool
make_plan(struct rules *rules, struct plan *plan)
{
	const struct policy *policy =
		policy_client_policy(rules->engine->policy);
	const int64_t now_s = (int64_t)time(NULL);
	struct policy_data_rule rule;

	rules->by_incoming = false;
	if (!rules_list_links(rules))
		return false;
	for (size_t i = 0; i < rules->iface_count; i++)
		for (size_t n = 0; policy_data_at(policy, n, now_s, &rule); n++)
			if (rules_applies(&rule, rules->ifaces[i].name) &&
				!add_instance(
					rules, plan, &rule, &rules->ifaces[i]))
				return false;
	return true;
}

/* ---- the plan before ----------------------------------------------------- */

static int
compare_keys(const void *a, const void *b)
{
	const struct instance *x = *(struct instance *const *)a;
	const struct instance *y = *(struct instance *const *)b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return strcmp(x->info.name, y->info.name);
}

static bool
same_rule(const void *have, const void *want)
{
	const struct instance *x = *(struct instance *const *)have;
	const struct instance *y = *(struct instance *const *)want;

	return x->digest == y->digest && x->admit == y->admit &&
	       (x->info.state == RULES_INACTIVE) ==
		       (y->info.state == RULES_INACTIVE);
}

static void
tell_difference(
	void *arg, enum diff_kind kind, const void *have, const void *want)
{
	struct rules *rules = (struct rules *)arg;
	struct instance *old = have ? *(struct instance *const *)have : NULL;
	struct instance *new = want ? *(struct instance *const *)want : NULL;

	if (!old)
		return; /* added */
	if (kind == DIFF_REMOVED || !new) {
		rsvp_core_rule_release(rules->engine->core, old->held);
		rules_end(rules, old, "removed");
		log_info(LOG_POLICY, "%s: rule %s: removed", old->info.ifname,
			old->info.name);
		return;
	}
	new->held = old->held;
	new->settled = old->settled && old->arbitration == new->arbitration;
	new->rule.before = old->rule.before;
	new->info.violation = old->info.violation;
	(void)text_copy(new->told, sizeof(new->told), old->told);
	if (new->info.state == RULES_INACTIVE)
		rules_end(rules, old, "time");
	else if (new->info.state == RULES_REFUSED)
		rules_end(rules, old, "refused");
	else
		new->since_unix_ms = old->since_unix_ms;
	if (kind == DIFF_CHANGED)
		log_info(LOG_POLICY, "%s: rule %s: changed", new->info.ifname,
			new->info.name);
	else if (old->info.state == RULES_INSTALLED)
		new->info.state = RULES_INSTALLED;
}

static struct instance **
sorted_copy(const struct plan *plan)
{
	struct instance **copy =
		(struct instance **)calloc(plan->count + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	if (plan->count > 0) {
		memcpy(copy, plan->all, plan->count * sizeof(*copy));
		qsort(copy, plan->count, sizeof(*copy), compare_keys);
	}
	return copy;
}

/* What goes gives back; what stays keeps what it has.  False: no memory. */
static bool
take_over(struct rules *rules, const struct plan *next)
{
	static const struct diff_ops ops = { .compare = compare_keys,
		.equal = same_rule,
		.tell = tell_difference };
	struct instance **have = sorted_copy(&rules->plan);
	struct instance **want = sorted_copy(next);
	const struct diff_side old = { have, rules->plan.count, sizeof(*have) };
	const struct diff_side new = { want, next->count, sizeof(*want) };
	bool ok = have && want;

	if (ok)
		diff_walk(&old, &new, &ops, rules);
	free(have);
	free(want);
	return ok;
}

/* ---- reservations -------------------------------------------------------- */

static void
name_session(const struct wire_session *s, char *buf, size_t size)
{
	char addr[ADDR_TEXT];
	struct text t = text_over(buf, size);

	text_printf(&t, "%s/%u/%u", addr_format(&s->dst, addr), s->proto,
		s->dst_port);
}

/* Both cover the same packets: who has them was decided, everybody may know. */
static void
note_violation(struct instance *one, const struct wire_session *session)
{
	bool fresh = !one->info.violation;

	one->info.violation = true;
	name_session(session, one->info.other, sizeof(one->info.other));
	if (fresh)
		log_warn(LOG_POLICY,
			"%s: rule %s and the reservation for %s cover the same "
			"traffic (the %s has it)",
			one->info.ifname, one->info.name, one->info.other,
			one->rule.before ? "rule" : "reservation");
}

static void
look_at_resv(struct rules *rules, const struct wire_session *session,
	const struct rsvp_resv_info *resv)
{
	const size_t shown = sizeof(resv->filters) / sizeof(resv->filters[0]);

	for (size_t i = 0; i < rules->plan.count; i++) {
		struct instance *one = rules->plan.all[i];
		bool overlap = false;

		if (one->ifindex != resv->ifindex || resv->flow_id == 0)
			continue;
		for (size_t f = 0; f < resv->filter_count && f < shown; f++)
			overlap = overlap || rules_overlap(&one->rule, session,
						     &resv->filters[f]);
		if (overlap)
			note_violation(one, session);
	}
}

/* Which rules cover traffic that is reserved. */
static void
look_at_resvs(struct rules *rules)
{
	struct rsvp_session_info session = { 0 };
	struct rsvp_core *core = rules->engine->core;

	for (size_t i = 0; i < rules->plan.count; i++)
		rules->plan.all[i]->info.other[0] = '\0';
	if (rules->plan.count == 0)
		return;
	while (rsvp_core_session_after(core, session.serial, &session)) {
		size_t count = rsvp_core_resvs(
			core, loop_now(), session.serial, rules->resvs, RESVS);

		for (size_t i = 0; i < count && i < RESVS; i++)
			look_at_resv(rules, &session.session, &rules->resvs[i]);
	}
	for (size_t i = 0; i < rules->plan.count; i++)
		if (rules->plan.all[i]->info.other[0] == '\0')
			rules->plan.all[i]->info.violation = false;
}

void
rules_flow(struct rules *rules, const struct rsvp_flow *flow)
{
	const struct wire_session session = { .dst = flow->dst,
		.proto = flow->proto,
		.dst_port = flow->dst_port };

	for (size_t i = 0; i < rules->plan.count; i++) {
		struct instance *one = rules->plan.all[i];

		if (one->ifindex != flow->ifindex)
			continue;
		for (size_t f = 0; f < flow->filter_count; f++)
			if (rules_overlap(
				    &one->rule, &session, &flow->filters[f])) {
				note_violation(one, &session);
				break;
			}
	}
}

/* Who comes first is decided once, and stays. */
static void
arbitrate(struct instance *one)
{
	bool reserved = one->info.violation;

	if (one->settled)
		return;
	switch (one->arbitration) {
	case POLICY_RESERVATION_FIRST:
		one->rule.before = false;
		break;
	case POLICY_RULE_FIRST:
		one->rule.before = true;
		break;
	case POLICY_FIRST_WINS:
		one->rule.before = !reserved;
		break;
	}
	one->settled = true;
}

/* ---- capacity ------------------------------------------------------------ */

static void
refuse(struct instance *one, const char *reason)
{
	one->info.state = RULES_REFUSED;
	(void)text_copy(one->info.reason, sizeof(one->info.reason), reason);
}

/* Once for each reason. */
static void
tell_refusal(struct instance *one)
{
	struct rules_info *info = &one->info;

	if (info->state != RULES_REFUSED ||
		strcmp(one->told, info->reason) == 0)
		return;
	(void)text_copy(one->told, sizeof(one->told), info->reason);
	log_warn(LOG_POLICY, "%s: rule %s: not in force (%s)", info->ifname,
		info->name, info->reason);
}

static void
hold(struct rules *rules, struct instance *one)
{
	struct rsvp_core *core = rules->engine->core;
	char reason[RSVP_REASON];
	bool wants = one->admit && one->info.state != RULES_INACTIVE &&
		     one->info.state != RULES_REFUSED;

	if (!wants) {
		rsvp_core_rule_release(core, one->held);
		one->held = 0;
	} else if (!rsvp_core_rule_hold(core, one->ifindex, one->rule.rate_Bps,
			   &one->held, reason)) {
		rsvp_core_rule_release(core, one->held);
		one->held = 0;
		refuse(one, reason);
	}
	one->rule.guaranteed = one->held != 0;
}

/* ---- tcctl --------------------------------------------------------------- */

static struct managed *
find_iface(struct rules *rules, uint32_t ifindex)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].ifindex == ifindex)
			return &rules->ifaces[i];
	return NULL;
}

static struct instance *
find_rule(struct rules *rules, uint32_t ifindex, uint32_t id)
{
	for (size_t i = 0; i < rules->plan.count; i++)
		if (rules->plan.all[i]->ifindex == ifindex &&
			rules->plan.all[i]->rule.id == id)
			return rules->plan.all[i];
	return NULL;
}

static void send_rules(struct rules *rules, struct managed *iface);

static void
set_installed(struct rules *rules, const struct managed *iface)
{
	for (size_t i = 0; i < rules->plan.count; i++) {
		struct instance *one = rules->plan.all[i];

		if (one->ifindex != iface->ifindex ||
			one->info.state != RULES_WAITING)
			continue;
		one->info.state = RULES_INSTALLED;
		if (one->since_unix_ms == 0)
			one->since_unix_ms = account_now_ms();
		log_info(LOG_POLICY, "%s: rule %s: in force", one->info.ifname,
			one->info.name);
	}
}

/* All that were waiting: as before stays in the kernel. */
static void
set_failed(struct rules *rules, const struct managed *iface, const char *text)
{
	log_err(LOG_POLICY,
		"%s: the static rules are not in force, those before stay "
		"(%s)",
		iface->name, text);
	for (size_t i = 0; i < rules->plan.count; i++) {
		struct instance *one = rules->plan.all[i];

		if (one->ifindex == iface->ifindex &&
			one->info.state == RULES_WAITING)
			(void)text_copy(one->info.reason,
				sizeof(one->info.reason), text);
	}
	loop_timer_set(rules->retry, mono_add_ms(loop_now(), RETRY_MS));
}

static void
rules_done(void *arg, uint32_t ifindex, const struct tc_done *done)
{
	struct rules *rules = (struct rules *)arg;
	struct managed *iface = find_iface(rules, ifindex);
	struct instance *bad = NULL;

	if (!iface)
		return; /* given up in the meantime */
	iface->busy = false;
	if (!done || done->error != 0)
		iface->asked = 0;
	if (!done)
		return; /* the next tcctl will be told */
	if (done->error != 0)
		bad = find_rule(rules, ifindex, done->flow_id);
	if (bad) {
		refuse(bad, done->text);
		tell_refusal(bad);
		hold(rules, bad);
		iface->again = true;
	} else if (done->error != 0) {
		set_failed(rules, iface, done->text);
	}
	if (iface->again)
		send_rules(rules, iface);
	else if (done->error == 0)
		set_installed(rules, iface);
}

static bool
is_wanted(const struct instance *one, const struct managed *iface)
{
	return one->ifindex == iface->ifindex &&
	       (one->info.state == RULES_WAITING ||
		       one->info.state == RULES_INSTALLED);
}

static void
send_rules(struct rules *rules, struct managed *iface)
{
	const struct tc_rule **list = NULL;
	uint64_t digest = digest_begin();
	size_t count = 0;

	iface->again = iface->busy;
	if (iface->busy || !iface->ready)
		return;
	list = (const struct tc_rule **)calloc(
		rules->plan.count + 1, sizeof(*list));
	if (!list) {
		set_failed(rules, iface, "no memory");
		return;
	}
	for (size_t i = 0; i < rules->plan.count; i++)
		if (is_wanted(rules->plan.all[i], iface)) {
			list[count] = &rules->plan.all[i]->rule;
			digest = digest_add(rules, digest, list[count++]);
		}
	if (digest != iface->asked) {
		iface->asked = digest;
		iface->busy = true;
		tc_client_rules(rules->engine->tc, iface->ifindex, list, count,
			rules_done, rules);
	}
	free(list);
}

/* ---- when ---------------------------------------------------------------- */

static void
watch_the_time(struct rules *rules)
{
	const int64_t now_s = (int64_t)time(NULL);
	const int64_t next_s = policy_next_change(
		policy_client_policy(rules->engine->policy), now_s);
	int64_t wait_s = next_s > now_s ? next_s - now_s : 1;

	/* The clock may be set in the meantime. */
	if (wait_s > LOOK_S)
		wait_s = LOOK_S;
	if (rules->plan.count > 0)
		loop_timer_set(
			rules->soon, mono_add_ms(loop_now(), wait_s * 1000));
}

static void
replan(void *arg)
{
	struct rules *rules = (struct rules *)arg;
	struct plan next = { 0 };
	struct policy_status status;

	/* What was found in the kernel stays until there is a policy. */
	policy_status(policy_client_policy(rules->engine->policy), &status);
	if (status.generation == 0)
		return;
	if (!make_plan(rules, &next) || !take_over(rules, &next)) {
		log_err(LOG_POLICY, "static rules: no memory, as before");
		plan_free(&next);
		loop_timer_set(rules->retry, mono_add_ms(loop_now(), RETRY_MS));
		return;
	}
	plan_free(&rules->plan);
	rules->plan = next;
	rules->planned = status.generation;
	look_at_resvs(rules);
	for (size_t i = 0; i < next.count; i++) {
		struct instance *one = next.all[i];

		arbitrate(one);
		hold(rules, one);
		tell_refusal(one);
	}
	rules_ask_ended(rules);
	for (size_t i = 0; i < rules->iface_count; i++)
		send_rules(rules, &rules->ifaces[i]);
	watch_the_time(rules);
}

void
rules_replan(struct rules *rules)
{
	loop_timer_set(rules->soon, loop_now());
}

uint64_t
rules_settled(const struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].busy)
			return 0;
	return rules->planned;
}

static void
forget_iface(struct rules *rules, uint32_t ifindex)
{
	size_t kept = 0;

	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].ifindex != ifindex)
			rules->ifaces[kept++] = rules->ifaces[i];
	rules->iface_count = kept;
	rules_replan(rules);
}

static void
set_away(struct rules *rules, uint32_t ifindex)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (ifindex == 0 || rules->ifaces[i].ifindex == ifindex)
			rules->ifaces[i].ready = false;
	for (size_t i = 0; i < rules->plan.count; i++) {
		struct instance *one = rules->plan.all[i];

		if ((ifindex == 0 || one->ifindex == ifindex) &&
			one->info.state == RULES_INSTALLED)
			one->info.state = RULES_WAITING;
	}
}

static void
set_ready(struct rules *rules, uint32_t ifindex)
{
	struct rsvp_iface_info info;
	struct managed *iface;

	if (!rsvp_core_iface_after(rules->engine->core, ifindex - 1, &info) ||
		info.conf.ifindex != ifindex)
		return;
	iface = find_iface(rules, ifindex);
	if (!iface && rules->iface_count < IFACES_MAX) {
		iface = &rules->ifaces[rules->iface_count++];
		*iface = (struct managed){ .ifindex = ifindex };
	}
	if (!iface)
		return;
	(void)text_copy(iface->name, sizeof(iface->name), info.conf.name);
	iface->mtu = info.conf.mtu + info.conf.header_bytes +
		     info.conf.overhead_bytes;
	iface->ready = true;
	iface->asked = 0;
	marks_ready(rules->engine->marks, ifindex);
	rules_replan(rules);
}

static void
iface_ready(void *arg, uint32_t ifindex, enum tc_client_state state)
{
	struct rules *rules = (struct rules *)arg;

	switch (state) {
	case TC_CLIENT_READY:
		set_ready(rules, ifindex);
		break;
	case TC_CLIENT_AWAY:
		set_away(rules, ifindex);
		break;
	case TC_CLIENT_OFF:
		forget_iface(rules, ifindex);
		break;
	}
}

/* ---- for the tool -------------------------------------------------------- */

void
rules_count_one(struct rules_info *info, const struct tc_rule_counter *counter)
{
	info->classid = counter->classid;
	info->in_bytes = counter->in_bytes;
	info->in_packets = counter->in_packets;
	info->out_bytes = counter->out_bytes;
	info->out_packets = counter->out_packets;
	info->backlog_bytes = counter->backlog_bytes;
}

static void
take_counter(void *arg, const struct tc_rule_counter *counter)
{
	struct rules *rules = (struct rules *)arg;
	struct waiter *waiter = rules->waiters;
	struct instance *one;

	if (counter) {
		one = find_rule(rules, counter->ifindex, counter->rule_id);
		if (!one)
			return;
		rules_count_one(&one->info, counter);
		return;
	}
	rules->waiters = NULL;
	while (waiter) {
		struct waiter *next = waiter->next;

		waiter->done(waiter->arg);
		free(waiter);
		waiter = next;
	}
}

void
rules_count(struct rules *rules, rules_counted_fn *done, void *arg)
{
	struct waiter *waiter = (struct waiter *)calloc(1, sizeof(*waiter));
	bool asked = rules->waiters != NULL;

	look_at_resvs(rules);
	if (!waiter) {
		done(arg); /* shown with the counters of the last time */
		return;
	}
	*waiter = (struct waiter){ rules->waiters, done, arg };
	rules->waiters = waiter;
	if (!asked)
		tc_client_rule_counters(rules->engine->tc, take_counter, rules);
}

bool
rules_at(const struct rules *rules, size_t i, struct rules_info *ret)
{
	const struct instance *one;

	if (i >= rules->plan.count)
		return false;
	one = rules->plan.all[i];
	*ret = one->info;
	ret->before = one->rule.before;
	ret->guaranteed = one->rule.guaranteed;
	ret->deny = one->rule.deny;
	ret->marks = one->rule.marks;
	ret->dscp = one->rule.dscp;
	ret->marks_out = one->rule.marks_out;
	ret->dscp_out = one->rule.dscp_out;
	ret->excess = one->rule.excess;
	ret->rate_Bps = one->rule.rate_Bps;
	ret->bucket_bytes = one->rule.bucket_bytes;
	return true;
}

/* ---- life ---------------------------------------------------------------- */

struct rules *
rules_new(struct engine *engine)
{
	struct rules *rules = (struct rules *)calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->engine = engine;
	rules->soon = loop_timer_add(engine->loop, replan, rules);
	rules->retry = loop_timer_add(engine->loop, replan, rules);
	if (!rules->soon || !rules->retry) {
		rules_free(rules);
		return NULL;
	}
	tc_client_on_ready(engine->tc, iface_ready, rules);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (!rules)
		return;
	loop_timer_del(rules->soon);
	loop_timer_del(rules->retry);
	rules_forget_ended(rules);
	plan_free(&rules->plan);
	free(rules->links.all);
	free(rules);
}
