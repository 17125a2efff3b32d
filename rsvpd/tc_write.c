/* SPDX-License-Identifier: ISC */

/* What travels to tcctl; see tc_write.h. */

#include "rsvpd/tc_write.h"

#include "rsvpd/core/rsvp.h"
#include "rsvpd/tc_flow.h"
#include "tcctl/tcctl.h"

void
tc_write_iface(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_iface(w, serial, (const struct tc_iface *)message);
}

void
tc_write_iface_off(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_iface_off(w, serial, *(const uint32_t *)message);
}

void
tc_write_counters(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_counters(w, serial, (const struct tc_counters_query *)message);
}

void
tc_write_flow_mark(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_flow_mark(w, serial, (const struct tc_flow_mark *)message);
}

void
tc_write_rule(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_rule(w, serial, (const struct tc_rule *)message);
}

void
tc_write_rules(struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_rules(w, TC_MSG_RULES, serial, *(const uint32_t *)message);
}

void
tc_write_rule_counters(
	struct buf_writer *w, uint32_t serial, const void *message)
{
	tc_put_rules(
		w, TC_MSG_RULE_COUNTERS, serial, *(const uint32_t *)message);
}

void
tc_write_flow(struct buf_writer *w, uint32_t serial, const void *message)
{
	static const enum tc_msg_type types[] = { [RSVP_FLOW_ADD] =
							  TC_MSG_FLOW_ADD,
		[RSVP_FLOW_CHANGE] = TC_MSG_FLOW_CHANGE,
		[RSVP_FLOW_DEL] = TC_MSG_FLOW_DEL };
	const struct rsvp_flow_request *request =
		(const struct rsvp_flow_request *)message;
	const struct tc_flow flow = tc_flow_of(&request->flow);

	tc_put_flow(w, types[request->op], serial, &flow);
}
