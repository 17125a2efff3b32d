/* SPDX-License-Identifier: ISC */

/* A rule on data traffic as facts: for tools that show it condition by
 * condition. */

#include "rsvpd/ctl_facts.h"

enum { SHOWN = 64 }; /* of one list; a record must fit in a message */

static void
addresses(struct buf_writer *w, enum ctl_fact_id id,
	const struct policy_addr_spans *list)
{
	for (size_t i = 0; i < list->count && i < SHOWN; i++) {
		uint8_t *nest = msg_nest(w, (uint16_t)id);

		ctl_put_addr(w, CTL_F_FIRST, &list->at[i].lo);
		ctl_put_addr(w, CTL_F_LAST, &list->at[i].hi);
		msg_nest_end(w, nest);
	}
}

static void
numbers(struct buf_writer *w, enum ctl_fact_id id,
	const struct policy_spans *list)
{
	for (size_t i = 0; i < list->count && i < SHOWN; i++) {
		uint8_t *nest = msg_nest(w, (uint16_t)id);

		ctl_put_number(w, CTL_F_LOW, list->at[i].lo);
		ctl_put_number(w, CTL_F_HIGH, list->at[i].hi);
		msg_nest_end(w, nest);
	}
}

static uint64_t
bits(uint64_t rate_Bps)
{
	return rate_Bps > UINT64_MAX / 8 ? UINT64_MAX : rate_Bps * 8;
}

static const char *
excess_text(enum policy_excess excess)
{
	switch (excess) {
	case POLICY_EXCESS_MARK:
		return "mark";
	case POLICY_EXCESS_DROP:
		return "drop";
	case POLICY_EXCESS_BEST_EFFORT:
		return "besteffort";
	case POLICY_EXCESS_DELAY:
		return "delay";
	}
	return "";
}

void
ctl_facts_data(struct buf_writer *w, const struct policy_data_rule *rule)
{
	ctl_put_text(w, CTL_F_NAME, rule->name);
	ctl_put_text(w, CTL_F_CATEGORY, rule->category);
	ctl_put_signed(w, CTL_F_PRIORITY, rule->priority);
	ctl_put_text(w, CTL_F_PERMISSION, rule->deny ? "deny" : "allow");
	ctl_put_bool(w, CTL_F_ACTIVE, rule->active);
	addresses(w, CTL_F_FROM, &rule->src);
	addresses(w, CTL_F_TO, &rule->dst);
	numbers(w, CTL_F_FROM_PORTS, &rule->src_ports);
	numbers(w, CTL_F_TO_PORTS, &rule->dst_ports);
	numbers(w, CTL_F_PROTOS, &rule->protos);
	if (rule->marks)
		ctl_put_number(w, CTL_F_DSCP, rule->dscp);
	if (rule->rate_Bps == 0)
		return;
	ctl_put_number(w, CTL_F_RATE, bits(rule->rate_Bps));
	ctl_put_number(w, CTL_F_BUCKET, rule->bucket_bytes);
	if (rule->peak_Bps > 0)
		ctl_put_number(w, CTL_F_PEAK, bits(rule->peak_Bps));
	if (rule->min_packet > 0)
		ctl_put_number(w, CTL_F_MIN_PACKET, rule->min_packet);
	if (rule->max_packet > 0)
		ctl_put_number(w, CTL_F_MAX_PACKET, rule->max_packet);
	ctl_put_text(w, CTL_F_EXCESS, excess_text(rule->excess));
	if (rule->excess == POLICY_EXCESS_MARK)
		ctl_put_number(w, CTL_F_DSCP_OUT, rule->dscp_out);
}
