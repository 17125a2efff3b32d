/* SPDX-License-Identifier: ISC */

/*
 * A plan put in force: what is new or changed asks the ledger for its capacity,
 * then tcctl gets the whole list.  Where it refuses one rule, that rule is left
 * out with the reason and the rest asked for again.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"

enum { RETRY_MS = 5000 };

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

static void send_rules(struct rules *rules, struct managed *iface);

static void
set_installed(const struct managed *iface)
{
	for (size_t i = 0; i < iface->plan.count; i++) {
		struct instance *one = iface->plan.all[i];

		if (one->info.state != RULES_WAITING)
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
	for (size_t i = 0; i < iface->plan.count; i++) {
		struct instance *one = iface->plan.all[i];

		if (one->info.state == RULES_WAITING)
			(void)text_copy(one->info.reason,
				sizeof(one->info.reason), text);
	}
	loop_timer_set(rules->retry, mono_add_ms(loop_now(), RETRY_MS));
}

static void
rules_done(void *arg, uint32_t ifindex, const struct tc_done *done)
{
	struct rules *rules = (struct rules *)arg;
	struct managed *iface = rules_iface(rules, ifindex);
	struct instance *bad = NULL;
	bool wrong = done && done->error != 0;

	if (!iface)
		return; /* given up in the meantime */
	iface->busy = false;
	if (!done || wrong)
		iface->asked = 0;
	if (!done)
		return; /* the next tcctl will be told */
	/* A rule of a newer plan is not the one that was refused. */
	wrong = wrong && !iface->again && !iface->pending;
	if (wrong)
		bad = rules_find(iface, done->flow_id);
	if (bad) {
		refuse(bad, done->text);
		tell_refusal(bad);
		hold(rules, bad);
		iface->again = true;
	} else if (wrong) {
		set_failed(rules, iface, done->text);
	}
	if (iface->again || iface->pending)
		send_rules(rules, iface); /* or it is, once it is ready */
	else if (done->error == 0)
		set_installed(iface);
}

static bool
is_wanted(const struct instance *one)
{
	return one->info.state == RULES_WAITING ||
	       one->info.state == RULES_INSTALLED;
}

static void
send_rules(struct rules *rules, struct managed *iface)
{
	const struct tc_rule **list = NULL;
	uint64_t digest = rules_digest_begin();
	size_t count = 0;

	iface->again = iface->busy;
	if (iface->busy || !iface->ready || iface->pending)
		return;
	list = (const struct tc_rule **)calloc(
		iface->plan.count + 1, sizeof(*list));
	if (!list) {
		set_failed(rules, iface, "no memory");
		return;
	}
	for (size_t i = 0; i < iface->plan.count; i++)
		if (is_wanted(iface->plan.all[i])) {
			list[count] = &iface->plan.all[i]->rule;
			digest = rules_digest(
				&rules->draft, digest, list[count++]);
		}
	if (digest == iface->asked) {
		set_installed(iface); /* has been answered */
	} else {
		iface->asked = digest;
		iface->busy = true;
		tc_client_rules(rules->engine->tc, iface->ifindex, list, count,
			rules_done, rules);
	}
	free(list);
}

/* Once for each number. */
static void
tell_beyond(struct managed *iface)
{
	const struct plan *plan = &iface->plan;

	if (plan->beyond == iface->told)
		return;
	iface->told = plan->beyond;
	if (plan->beyond > 0)
		log_warn(LOG_POLICY,
			"%s: %zu rules on data traffic apply, but no more than "
			"%d are installed: the last %zu are not (say in them "
			"which interface they are for)",
			iface->name, plan->count + plan->beyond, RULES_MAX,
			plan->beyond);
}

void
rules_force(struct rules *rules, struct managed *iface)
{
	tell_beyond(iface);
	for (size_t i = 0; i < iface->plan.count; i++) {
		struct instance *one = iface->plan.all[i];

		rules_arbitrate(one);
		hold(rules, one);
		tell_refusal(one);
	}
	iface->pending = false;
	send_rules(rules, iface);
}
