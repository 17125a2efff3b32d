/* SPDX-License-Identifier: ISC */

/*
 * What a static rule is in the kernel: class, leaf and nodes.  Pure.
 *
 * Shaped: a class that may send its rate and no more, with a queue for half a
 * second.  Policed: the same with a queue of one packet, so that what exceeds
 * rate and bucket is dropped.  A rate that was admitted is the class' own; one
 * that was not is a bound on what it borrows.
 *
 * A peak rate, and a largest packet, are the token bucket's in front of the
 * queue (tbf): what it lets through the class bounds, as without it.
 */

#include "tc_rule_int.h"

#include <linux/if_ether.h>
#include <string.h>

#include "match_int.h"

enum {
	BORROWER_BPS = 8000, /* by right, of a rate that was not admitted */
	PRIO_RULE = 7,
	QUEUE_DIVIDER = 2 /* of a second */
};

/* Fills the bucket of a packet before the next one can be there. */
#define NO_PEAK_BPS UINT64_C(12500000000)

static struct tc_match
match_of(const struct tc_rule_match *m)
{
	struct tc_match match = { .family = m->family,
		.src = { m->src_first, m->src_last },
		.dst = { m->dst_first, m->dst_last },
		.proto = m->proto,
		.src_ports = { m->src_port_first, m->src_port_last },
		.dst_ports = { m->dst_port_first, m->dst_port_last },
		.dscp = m->dscp,
		.dscp_mask = m->dscp_mask,
		.in_ifindex = m->in_ifindex };

	memcpy(match.in, m->in, sizeof(match.in));
	return match;
}

const char *
tc_rule_problem(const struct tc_iface *iface, const struct tc_rule *rule)
{
	if (rule->match_count == 0 || rule->match_count > TC_RULE_MATCHES_MAX)
		return "a rule needs 1 to 64 matches";
	for (size_t i = 0; i < rule->match_count; i++) {
		const struct tc_match match = match_of(&rule->matches[i]);
		const char *problem = tc_match_problem(&match);

		if (problem)
			return problem;
	}
	if (rule->excess >= TC_EXCESS_COUNT || rule->dscp > 63 ||
		rule->dscp_out > 63)
		return "a DSCP above 63, or an unknown treatment of excess";
	if (rule->before && iface->classifier == TC_CLASSIFIER_FLOWER)
		return "a rule ahead of reservations, and the interface has "
		       "classifier = \"flower\", which is ahead of all rules; "
		       "use u32";
	if (rule->rate_Bps > iface->link_Bps)
		return "the rate is more than the link has";
	if (rule->bucket_bytes > UINT32_MAX)
		return "a bucket above 4 GB";
	if (rule->peak_Bps != 0 && rule->peak_Bps < rule->rate_Bps)
		return "a peak rate below the rate";
	if (rule->min_packet_bytes > UINT16_MAX ||
		rule->max_packet_bytes > UINT16_MAX)
		return "a smallest or largest packet above 65535 octets";
	if (rule->rate_Bps == 0 && (rule->guaranteed || rule->marks_out ||
					   rule->excess != TC_EXCESS_MARK))
		return "a treatment of excess without a rate";
	return NULL;
}

/* What exceeds waits or is dropped in the class. */
static bool
is_bounded(const struct tc_rule *rule, bool actions)
{
	return rule->excess == TC_EXCESS_DELAY ||
	       (rule->excess == TC_EXCESS_DROP && !actions);
}

bool
tc_rule_has_class(const struct tc_rule *rule, bool actions)
{
	return !rule->deny && rule->rate_Bps != 0 &&
	       (rule->guaranteed || is_bounded(rule, actions));
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One packet and the lateness of the timer at least. */
static uint32_t
bucket_ticks(const struct tc_iface *iface, uint64_t bytes, uint64_t rate_Bps)
{
	uint64_t least = tc_mtu_octets(iface) +
			 tc_clock_earned(rate_Bps, iface->timer_us);

	return tc_clock_ticks(larger(bytes, least), rate_Bps);
}

static uint32_t
queue_limit(
	const struct tc_iface *iface, const struct tc_rule *rule, bool actions)
{
	uint32_t mtu = tc_mtu_octets(iface);

	if (rule->excess == TC_EXCESS_DROP && !actions)
		return mtu;
	return (uint32_t)smaller(
		larger(rule->bucket_bytes + rule->rate_Bps / QUEUE_DIVIDER,
			4 * (uint64_t)mtu),
		UINT32_MAX);
}

/* The kernel takes what the bucket holds for the largest packet. */
static void
want_peak(const struct tc_iface *iface, const struct tc_rule *rule,
	struct tc_object *leaf)
{
	uint32_t limit = leaf->fifo.limit;
	uint64_t peak = rule->peak_Bps != 0 ? rule->peak_Bps : NO_PEAK_BPS;
	uint64_t burst = tc_rule_largest(iface, rule);

	if (burst == 0)
		burst = iface->mtu + iface->header_bytes +
			tc_clock_earned(peak, iface->timer_us);
	leaf->kind = &tc_kind_tbf;
	leaf->tbf = (struct tc_tbf){ .rate_Bps = peak,
		.burst_bytes = (uint32_t)smaller(burst, UINT32_MAX),
		.limit_bytes = (uint32_t)larger(limit, burst),
		.overhead = (uint16_t)iface->overhead_bytes,
		.mpu = tc_rule_mpu(iface, rule),
		.atm = iface->atm };
}

void
tc_want_rule(const struct tc_iface *iface, const struct tc_rule_slot *slot,
	bool actions, struct tc_object ret[2])
{
	const struct tc_rule *rule = slot->rule;
	bool bounded = is_bounded(rule, actions);
	uint64_t rate = rule->guaranteed
				? rule->rate_Bps
				: smaller(rule->rate_Bps, BORROWER_BPS);
	uint64_t ceil = bounded ? rule->rate_Bps : iface->link_Bps;
	const struct tc_htb_class htb = { .rate_Bps = rate,
		.ceil_Bps = ceil,
		.buffer_ticks = bucket_ticks(
			iface, rule->guaranteed ? rule->bucket_bytes : 0, rate),
		.cbuffer_ticks = bucket_ticks(
			iface, bounded ? rule->bucket_bytes : 0, ceil),
		.quantum = tc_mtu_octets(iface),
		.prio = PRIO_RULE,
		.overhead = (uint16_t)iface->overhead_bytes,
		.mpu = tc_rule_mpu(iface, rule),
		.atm = iface->atm };

	tc_want_class(iface, TC_POLICY, slot->minor, &htb,
		queue_limit(iface, rule, actions), ret);
	if (bounded && (rule->peak_Bps != 0 || rule->max_packet_bytes != 0))
		want_peak(iface, rule, &ret[1]);
}

/* A pass over the rules. */
struct pass {
	const struct tc_rule_list *list;
	const struct tc_rule_slot *slot;
	enum tc_rule_part part;
	struct tc_u32 *nodes;
	struct tc_objects *into;
};

static bool
add_node(const struct pass *p, const struct tc_u32 *u)
{
	struct tc_object *o = tc_objects_add(p->into);
	uint32_t minor = p->slot->minor;

	if (!o || u->key_count == TC_U32_KEYS_MAX)
		return false;
	o->type = TC_FILTER;
	o->parent = TC_ROOT_HANDLE;
	o->ifindex = p->slot->rule->ifindex;
	o->pref = p->list->v6 ? TC_PREF_V6 : TC_PREF_V4;
	o->protocol = p->list->v6 ? ETH_P_IPV6 : ETH_P_IP;
	o->kind = &tc_kind_u32;
	o->u32 = *u;
	o->u32.flags = TC_U32_FLAG_TERMINAL;
	o->u32.classid = tc_classid(minor != 0 ? minor : TC_MINOR_BEST);
	o->u32.keys[o->u32.key_count++] =
		(struct tc_key){ .mask = 0, .value = p->slot->rule->id };
	if (!p->list->actions)
		return true;
	if (!tc_objects_extra(p->into, o))
		return false;
	tc_rule_actions(
		p->list->iface, p->slot->rule, p->part, p->list->v6, o->extra);
	return true;
}

/* False: out of memory. */
static bool
add_match(const struct pass *p, const struct tc_rule_match *m)
{
	const struct tc_match match = match_of(m);
	size_t count = tc_u32_match_nodes(&match, p->nodes);

	for (size_t i = 0; i < count; i++)
		if (!add_node(p, &p->nodes[i]))
			return false;
	return true;
}

/* All matches of the rule that are of the family. */
static bool
add_part(const struct pass *p)
{
	const struct tc_rule *rule = p->slot->rule;

	for (size_t i = 0; i < rule->match_count; i++)
		if ((rule->matches[i].family == ADDR_V6) == p->list->v6 &&
			!add_match(p, &rule->matches[i]))
			return false;
	return true;
}

/* What exceeds goes on to the next node that matches. */
static bool
add_rule(struct pass *p)
{
	p->part = TC_RULE_IN;
	if (!add_part(p))
		return false;
	p->part = TC_RULE_OUT;
	return !p->list->actions || !tc_rule_is_judged(p->slot->rule) ||
	       add_part(p);
}

const char *
tc_want_rule_nodes(const struct tc_rule_list *list, struct tc_objects *into)
{
	const size_t room = TC_MATCH_NODES_MAX * sizeof(struct tc_u32);
	struct pass p = { .list = list,
		.into = into,
		.nodes = (struct tc_u32 *)alloc_get(into->alloc, room) };
	const char *problem = p.nodes ? NULL : "no memory";

	for (size_t i = 0; i < list->count && !problem; i++) {
		p.slot = &list->slots[i];
		if (p.slot->rule->before != (list->place == TC_RULES_BEFORE))
			continue;
		if (!add_rule(&p))
			problem = "no memory";
		else if (into->count > TC_NODE_MAX)
			problem = "the rules of the interface take more than "
				  "4095 filter nodes; narrow ranges or make "
				  "prefixes of them";
	}
	alloc_put(into->alloc, p.nodes);
	return problem;
}

void
tc_rule_link_node(bool v6, uint32_t table, struct tc_object *node)
{
	node->protocol = v6 ? ETH_P_IPV6 : ETH_P_IP;
	node->kind = &tc_kind_u32;
	tc_u32_match_link(v6 ? ADDR_V6 : ADDR_V4, table, &node->u32);
}

uint32_t
tc_rule_of(const struct tc_object *node)
{
	const struct tc_u32 *u = &node->u32;

	if (!tc_is_rule_filter(node) || u->key_count == 0 ||
		u->keys[u->key_count - 1].mask != 0)
		return 0;
	return u->keys[u->key_count - 1].value;
}
