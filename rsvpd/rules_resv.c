/* SPDX-License-Identifier: ISC */

/*
 * Rules and reservations that cover the same packets.  All reservations are
 * looked at in slices: ten thousand of them and a thousand rules are a second.
 * What is installed meanwhile is looked at as it comes.
 */

#include "base/log.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/rules_plan.h"

enum { SLICE = 10000 }; /* rules compared with a filter, in one turn */

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

static bool
overlaps(const struct instance *one, const struct wire_session *session,
	const struct wire_filter *filters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules_overlap(&one->rule, session, &filters[i]))
			return true;
	return false;
}

/* Returns how many rules were compared. */
static size_t
look_at_filters(struct rules *rules, uint32_t ifindex,
	const struct wire_session *session, const struct wire_filter *filters,
	size_t count)
{
	struct managed *iface = rules_iface(rules, ifindex);
	size_t rule_count = iface ? iface->plan.count : 0;

	for (size_t i = 0; i < rule_count; i++)
		if (overlaps(iface->plan.all[i], session, filters, count))
			note_violation(iface->plan.all[i], session);
	return rule_count * count;
}

static size_t
look_at_session(struct rules *rules, const struct rsvp_session_info *session)
{
	const size_t shown = sizeof(rules->resvs[0].filters) /
			     sizeof(rules->resvs[0].filters[0]);
	size_t count = rsvp_core_resvs(rules->engine->core, loop_now(),
		session->serial, rules->resvs, RESVS);
	size_t compared = 1;

	for (size_t i = 0; i < count && i < RESVS; i++) {
		const struct rsvp_resv_info *resv = &rules->resvs[i];

		if (resv->flow_id != 0)
			compared += look_at_filters(rules, resv->ifindex,
				&session->session, resv->filters,
				resv->filter_count < shown ? resv->filter_count
							   : shown);
	}
	return compared;
}

static void
forget_others(struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		for (size_t n = 0; n < rules->ifaces[i].plan.count; n++)
			rules->ifaces[i].plan.all[n]->info.other[0] = '\0';
}

/* What covers no reservation any more. */
static void
clear_violations(struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		for (size_t n = 0; n < rules->ifaces[i].plan.count; n++) {
			struct rules_info *info =
				&rules->ifaces[i].plan.all[n]->info;

			if (info->other[0] == '\0')
				info->violation = false;
		}
}

static bool
has_rules(const struct rules *rules)
{
	for (size_t i = 0; i < rules->iface_count; i++)
		if (rules->ifaces[i].plan.count > 0)
			return true;
	return false;
}

void
rules_look_turn(void *arg)
{
	struct rules *rules = (struct rules *)arg;
	struct rsvp_session_info session;

	for (size_t compared = 0; compared < SLICE;) {
		if (!has_rules(rules) ||
			!rsvp_core_session_after(
				rules->engine->core, rules->looked, &session)) {
			clear_violations(rules);
			rules->looking = false;
			rules_looked(rules);
			return;
		}
		rules->looked = session.serial;
		compared += look_at_session(rules, &session);
	}
	loop_timer_set(rules->look, loop_now());
}

void
rules_look(struct rules *rules)
{
	forget_others(rules);
	rules->looking = true;
	rules->looked = 0;
	loop_timer_set(rules->look, loop_now());
}

void
rules_flow(struct rules *rules, const struct rsvp_flow *flow)
{
	const struct wire_session session = { .dst = flow->dst,
		.proto = flow->proto,
		.dst_port = flow->dst_port };

	(void)look_at_filters(rules, flow->ifindex, &session, flow->filters,
		flow->filter_count);
}

void
rules_arbitrate(struct instance *one)
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
