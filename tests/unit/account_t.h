/* SPDX-License-Identifier: ISC */
#ifndef ACCOUNT_T_H
#define ACCOUNT_T_H

/* What is around account.c in its tests: what it asks others, and flows. */

#include "rsvpd/account.h"

#include "rsvpd/account_json.h"
#include "rsvpd/conf.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_link.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/stats.h"
#include "rsvpd/tc_client.h"
#include "t_addr.h"

enum { ALICE = 30001 };

/* ---- what it asks others ------------------------------------------------- */

static unsigned interims;             /* the rules were asked for theirs */
static struct tc_counter counters[2]; /* what the kernel tells in between */
static const char *link_name = "eth7";

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex == 7 ? link_name : "";
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

bool
policy_rule_category(const struct policy *policy, const char *name,
	char ret_category[POLICY_NAME])
{
	(void)policy;
	(void)text_copy(ret_category, POLICY_NAME, "gold");
	return strcmp(name, "voice") == 0;
}

void
tc_client_counters(struct tc_client *tc, const struct tc_counters_query *query,
	tc_client_counter_fn *tell, void *arg)
{
	(void)tc;
	(void)query;
	for (size_t i = 0; i < 2; i++)
		if (counters[i].flow_id != 0)
			tell(arg, &counters[i]);
	tell(arg, NULL);
}

void
rules_interim(struct rules *rules)
{
	(void)rules;
	interims++;
}

/* ---- flows --------------------------------------------------------------- */

static inline struct rsvp_account
flow(uint32_t id)
{
	struct rsvp_account what = { .flow = { .id = id,
					     .ifindex = 7,
					     .service = WIRE_SERVICE_GS,
					     .dst = t_addr("10.3.3.2"),
					     .proto = 17,
					     .dst_port = 5004,
					     .rate_Bps = 130000,
					     .filter_count = 1 },
		.reservations = 1,
		.style = WIRE_STYLE_FF,
		.role = RSVP_ROLE_SENDER,
		.who = { .known = true, .uid = ALICE, .gid = 5, .pid = 6 },
		.neighbour = t_addr("10.3.3.9"),
		.flowspec = { .R = 125000, .tspec = { .r = 1000, .b = 2000 } },
		.rule = "voice" };

	what.flow.filters[0] = (struct wire_filter){ .src = t_addr("10.3.3.1"),
		.src_port = 4 };
	return what;
}

static inline struct rsvp_account
end_of(struct rsvp_account what, enum rsvp_end end)
{
	what.ended = true;
	what.end = end;
	what.reservations = 0; /* nothing of who */
	what.who = (struct rsvp_who){ 0 };
	what.rule[0] = '\0';
	return what;
}

#endif /* ACCOUNT_T_H */
