/* SPDX-License-Identifier: ISC */

/*
 * Rules on interfaces.  A plan is made from the policy in force and the
 * interfaces that tcctl manages (rules_draft.c), compared with the one before
 * by rule and interface (rules_take.c) and with the reservations
 * (rules_resv.c), and put in force (rules_force.c): first what goes gives its
 * capacity back, then what is new or changed asks for it, then tcctl gets the
 * whole list.  All that is done in turns of the loop, a bit in each.
 *
 * An interface is planned only when tcctl has told what it found there: adopted
 * reservations are in the ledger before any rule.
 */

#include "rsvpd/rules_int.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/tc_client.h"

enum {
	LOOK_S = 60, /* at the clock, at least so often */
	RETRY_MS = 5000
};

/* ---- stages -------------------------------------------------------------- */

static bool
has_rules(const struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].plan.count > 0)
			return true;
	return false;
}

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
	if (has_rules(rules))
		loop_timer_set(
			rules->soon, mono_add_ms(loop_now(), wait_s * 1000));
}

static void
drop_drafts(struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		rules_plan_free(&rules->ifaces[i].draft);
}

static void
give_up(struct rules *rules)
{
	log_err(LOG_POLICY, "static rules: no memory, as before");
	drop_drafts(rules);
	rules->stage = RULES_IDLE;
	loop_timer_set(rules->retry, mono_add_ms(loop_now(), RETRY_MS));
}

static void
begin_stage(struct rules *rules, enum rules_stage stage)
{
	rules->stage = stage;
	rules->turn = 0;
	if (stage == RULES_LOOK)
		rules_look(rules); /* see rules_looked() */
	else
		loop_timer_set(rules->work, loop_now());
}

static void
draft_more(struct rules *rules)
{
	switch (rules_draft(&rules->draft,
		policy_client_policy(rules->engine->policy), rules->ifaces,
		rules->iface_count)) {
	case RULES_MORE:
		loop_timer_set(rules->work, loop_now());
		break;
	case RULES_DONE:
		rules->by_incoming = rules->draft.by_incoming;
		begin_stage(rules, RULES_TAKE);
		break;
	case RULES_NO_MEMORY:
		give_up(rules);
		break;
	}
}

static void
take_one(struct rules *rules, struct managed *iface)
{
	if (!rules_take(rules, iface)) {
		give_up(rules);
		return;
	}
	iface->pending = true;
	loop_timer_set(rules->work, loop_now());
}

static void
finish(struct rules *rules)
{
	struct policy_status status;

	rules->stage = RULES_IDLE;
	policy_status(policy_client_policy(rules->engine->policy), &status);
	rules->planned = status.generation;
	watch_the_time(rules);
}

/* A bit of the stage. */
static void
work(void *arg)
{
	struct rules *rules = (struct rules *)arg;
	struct managed *iface = rules->turn < rules->iface_count
					? &rules->ifaces[rules->turn]
					: NULL;

	switch (rules->stage) {
	case RULES_IDLE:
	case RULES_LOOK:
		break;
	case RULES_DRAFT:
		draft_more(rules);
		break;
	case RULES_TAKE:
		rules->turn++;
		if (iface)
			take_one(rules, iface);
		else
			begin_stage(rules, RULES_LOOK);
		break;
	case RULES_FORCE:
		if (rules->turn++ == 0)
			rules_ask_ended(rules);
		if (!iface) {
			finish(rules);
			break;
		}
		rules_force(rules, iface);
		loop_timer_set(rules->work, loop_now());
		break;
	}
}

static void
replan(void *arg)
{
	struct rules *rules = (struct rules *)arg;
	struct policy_status status;

	/* What was found in the kernel stays until there is a policy. */
	policy_status(policy_client_policy(rules->engine->policy), &status);
	if (status.generation == 0)
		return;
	drop_drafts(rules);
	if (!rules_list_links(rules)) {
		give_up(rules);
		return;
	}
	rules->draft.next = 0;
	rules->draft.now_s = (int64_t)time(NULL);
	rules->draft.links = &rules->links;
	rules->draft.by_incoming = false;
	begin_stage(rules, RULES_DRAFT);
}

/* Whatever was being made was of something else. */
void
rules_replan(struct rules *rules)
{
	rules->stage = RULES_IDLE;
	drop_drafts(rules);
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

size_t
rules_beyond(const struct rules *rules)
{
	size_t beyond = 0;

	for (size_t i = 0; i < rules->iface_count; i++)
		beyond += rules->ifaces[i].plan.beyond;
	return beyond;
}

/* ---- interfaces ---------------------------------------------------------- */

struct managed *
rules_iface(struct rules *rules, uint32_t ifindex)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].ifindex == ifindex)
			return &rules->ifaces[i];
	return NULL;
}

static void
forget_iface(struct rules *rules, uint32_t ifindex)
{
	struct managed *iface = rules_iface(rules, ifindex);

	rules_replan(rules);
	if (!iface)
		return;
	rules_drop(rules, iface);
	/* Their order means nothing. */
	*iface = rules->ifaces[--rules->iface_count];
}

static void
set_away(struct rules *rules, uint32_t ifindex)
{
	for (size_t i = 0; i < rules->iface_count; i++) {
		struct managed *iface = &rules->ifaces[i];

		if (ifindex != 0 && iface->ifindex != ifindex)
			continue;
		iface->ready = false;
		for (size_t n = 0; n < iface->plan.count; n++)
			if (iface->plan.all[n]->info.state == RULES_INSTALLED)
				iface->plan.all[n]->info.state = RULES_WAITING;
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
	iface = rules_iface(rules, ifindex);
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

/* When reservations and counters are there. */
static void
tell_waiters(struct rules *rules)
{
	struct waiter *waiter = rules->waiters;

	if (rules->looking || rules->counting)
		return;
	rules->waiters = NULL;
	while (waiter) {
		struct waiter *next = waiter->next;

		waiter->done(waiter->arg);
		free(waiter);
		waiter = next;
	}
}

void
rules_looked(struct rules *rules)
{
	if (rules->stage == RULES_LOOK)
		begin_stage(rules, RULES_FORCE);
	tell_waiters(rules);
}

static void
take_counter(void *arg, const struct tc_rule_counter *counter)
{
	struct rules *rules = (struct rules *)arg;
	struct managed *iface =
		counter ? rules_iface(rules, counter->ifindex) : NULL;
	struct instance *one =
		iface ? rules_find(iface, counter->rule_id) : NULL;

	if (one)
		rules_count_one(&one->info, counter);
	if (counter)
		return;
	rules->counting = false;
	tell_waiters(rules);
}

void
rules_count(struct rules *rules, rules_counted_fn *done, void *arg)
{
	struct waiter *waiter = (struct waiter *)calloc(1, sizeof(*waiter));

	if (!waiter) {
		done(arg); /* shown with the counters of the last time */
		return;
	}
	*waiter = (struct waiter){ rules->waiters, done, arg };
	rules->waiters = waiter;
	if (!rules->looking)
		rules_look(rules);
	if (rules->counting)
		return;
	rules->counting = true;
	tc_client_rule_counters(rules->engine->tc, take_counter, rules);
}

/* The i-th of all. */
static const struct instance *
instance_at(const struct rules *rules, size_t i)
{
	for (size_t n = 0; n < rules->iface_count; n++) {
		const struct plan *plan = &rules->ifaces[n].plan;

		if (i < plan->count)
			return plan->all[i];
		i -= plan->count;
	}
	return NULL;
}

bool
rules_at(const struct rules *rules, size_t i, struct rules_info *ret)
{
	const struct instance *one = instance_at(rules, i);

	if (!one)
		return false;
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
	ret->peak_Bps = one->rule.peak_Bps;
	ret->min_packet_bytes = one->rule.min_packet_bytes;
	ret->max_packet_bytes = one->rule.max_packet_bytes;
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
	rules->work = loop_timer_add(engine->loop, work, rules);
	rules->look = loop_timer_add(engine->loop, rules_look_turn, rules);
	if (!rules->soon || !rules->retry || !rules->work || !rules->look) {
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
	loop_timer_del(rules->work);
	loop_timer_del(rules->look);
	rules_forget_ended(rules);
	for (size_t i = 0; i < rules->iface_count; i++) {
		rules_plan_free(&rules->ifaces[i].plan);
		rules_plan_free(&rules->ifaces[i].draft);
	}
	free(rules->links.all);
	free(rules);
}
