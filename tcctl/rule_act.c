/* SPDX-License-Identifier: ISC */

/*
 * What the filters of a rule do with packets where the kernel has the actions:
 *
 *	in profile	police (what exceeds goes on to the next filter), mark,
 *			count
 *	out of profile	mark, count, perhaps drop
 *
 * A rule has many nodes but one bucket: the police and the two that count have
 * numbers by which all nodes share them.  The number of a counter is the rule's
 * alone, so that it goes on through every change of the rule; that of a police
 * is also that of its rate, since the kernel changes none that it has.  Pure.
 */

#include <linux/tc_act/tc_csum.h>
#include <string.h>

#include "tc_rule_int.h"

enum {
	POLICE_MTU = 65535,
	PEAK_MOST = 131072, /* a super-packet of 64 kB, with all its headers */
	V4_DSCP_SHIFT = 18,
	V6_DSCP_SHIFT = 22,
	DSCP = 0x3f
};

/* FNV-1a of words; never 0. */
static uint32_t
mix(uint32_t hash, uint64_t word)
{
	for (int i = 0; i < 8; i++, word >>= 8)
		hash = (hash ^ (uint8_t)word) * 16777619u;
	return hash != 0 ? hash : 1;
}

uint32_t
tc_rule_counter(uint32_t id, enum tc_rule_part part)
{
	return mix(mix(2166136261u, id), (uint64_t)part + 1);
}

bool
tc_rule_is_judged(const struct tc_rule *rule)
{
	return !rule->deny && rule->rate_Bps != 0 &&
	       rule->excess != TC_EXCESS_DELAY;
}

static struct tc_action *
add(struct tc_extra *extra, const struct tc_action_kind *kind, int32_t control)
{
	struct tc_action *a = &extra->actions[extra->action_count++];

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->control = control;
	return a;
}

uint16_t
tc_rule_mpu(const struct tc_iface *iface, const struct tc_rule *rule)
{
	uint32_t least = iface->min_frame_bytes;
	uint32_t own = rule->min_packet_bytes;

	if (own != 0)
		own += iface->header_bytes + iface->overhead_bytes;
	if (own > least)
		least = own;
	return (uint16_t)(least < UINT16_MAX ? least : UINT16_MAX);
}

uint32_t
tc_rule_largest(const struct tc_iface *iface, const struct tc_rule *rule)
{
	return rule->max_packet_bytes != 0
		       ? rule->max_packet_bytes + iface->header_bytes
		       : 0;
}

/*
 * With a peak rate it is also the bucket of that.  What this host sends, and
 * what it has put together on receipt, comes here in packets of many times the
 * MTU (GSO, GRO), which would all exceed a bucket of one packet.  So half of
 * the token bucket may go at once, and the rest at the peak rate.
 */
static uint32_t
police_mtu(const struct tc_iface *iface, const struct tc_rule *rule)
{
	const uint32_t largest = tc_rule_largest(iface, rule);
	const uint32_t packet = iface->mtu + iface->header_bytes;
	const uint64_t half = rule->bucket_bytes / 2;

	if (largest != 0)
		return largest;
	if (rule->peak_Bps == 0)
		return POLICE_MTU;
	if (half <= packet)
		return packet;
	return half < PEAK_MOST ? (uint32_t)half : PEAK_MOST;
}

static void
add_police(struct tc_extra *extra, const struct tc_iface *iface,
	const struct tc_rule *rule)
{
	struct tc_action *a =
		add(extra, &tc_action_police, TC_VERDICT_CONTINUE);
	struct tc_act_police *p = &a->police;

	p->rate_Bps = rule->rate_Bps;
	p->burst_ticks = tc_clock_ticks(rule->bucket_bytes, rule->rate_Bps);
	p->peak_Bps = rule->peak_Bps;
	p->mtu = police_mtu(iface, rule);
	p->conform = TC_VERDICT_PIPE;
	p->overhead = (uint16_t)iface->overhead_bytes;
	p->mpu = tc_rule_mpu(iface, rule);
	a->index = mix(mix(mix(mix(mix(2166136261u, rule->id), p->rate_Bps),
				   p->burst_ticks),
			       p->overhead),
		p->mpu);
	/* Without either it has the number that it always had. */
	if (p->peak_Bps != 0 || p->mtu != POLICE_MTU)
		a->index = mix(mix(a->index, p->peak_Bps), p->mtu);
}

void
tc_act_dscp(struct tc_extra *extra, bool v6, uint8_t dscp)
{
	const unsigned shift = v6 ? V6_DSCP_SHIFT : V4_DSCP_SHIFT;
	struct tc_action *a = add(extra, &tc_action_pedit, TC_VERDICT_PIPE);

	a->pedit.key_count = 1;
	a->pedit.keys[0].mask = ~((uint32_t)DSCP << shift);
	a->pedit.keys[0].value = (uint32_t)dscp << shift;
	if (v6)
		return;
	a = add(extra, &tc_action_csum, TC_VERDICT_PIPE);
	a->csum.what = TCA_CSUM_UPDATE_FLAG_IPV4HDR;
}

size_t
tc_act_dscp_of(const struct tc_extra *extra, size_t at, uint8_t *ret_dscp)
{
	const struct tc_action *a = &extra->actions[at];
	bool v6;

	if (at >= extra->action_count || a->kind != &tc_action_pedit)
		return 0;
	v6 = a->pedit.keys[0].mask == ~((uint32_t)DSCP << V6_DSCP_SHIFT);
	*ret_dscp = (uint8_t)(a->pedit.keys[0].value >>
				      (v6 ? V6_DSCP_SHIFT : V4_DSCP_SHIFT) &
			      DSCP);
	return v6 ? 1 : 2;
}

static void
add_counter(struct tc_extra *extra, const struct tc_rule *rule,
	enum tc_rule_part part)
{
	struct tc_action *a = add(extra, &tc_action_gact, TC_VERDICT_PIPE);

	a->index = tc_rule_counter(rule->id, part);
}

void
tc_rule_actions(const struct tc_iface *iface, const struct tc_rule *rule,
	enum tc_rule_part part, bool v6, struct tc_extra *extra)
{
	bool in = part == TC_RULE_IN;
	bool drops = rule->deny || (!in && rule->excess == TC_EXCESS_DROP);

	if (in && tc_rule_is_judged(rule))
		add_police(extra, iface, rule);
	if (in && rule->marks && !rule->deny)
		tc_act_dscp(extra, v6, rule->dscp);
	if (!in && rule->marks_out && !drops)
		tc_act_dscp(extra, v6, rule->dscp_out);
	add_counter(extra, rule, rule->deny ? TC_RULE_OUT : part);
	if (drops)
		(void)add(extra, &tc_action_gact, TC_VERDICT_DROP);
}
