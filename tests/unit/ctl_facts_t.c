/* SPDX-License-Identifier: ISC */

/* What surrounds facts; see ctl_facts_t.h. */

#include "ctl_facts_t.h"

#include "ctl_show_t.h"

enum { ROOM = 16384 };

struct ctl_facts_t ctl_facts_t;

static uint8_t bytes[ROOM];

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex == 7 ? "eth0" : ifindex == 8 ? "eth1" : "";
}

uint64_t
net_link_ingress(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	T_EQ(ifindex, 7);
	return ctl_facts_t.ingress_Bps;
}

struct net_offloads
net_link_offloads(const struct net_link *link, uint32_t ifindex)
{
	(void)link, (void)ifindex;
	return ctl_facts_t.offloads;
}

void
net_raw_udp(const struct net_raw *raw, uint32_t ifindex,
	struct net_raw_udp *ret_udp)
{
	(void)raw;
	T_EQ(ifindex, 7);
	*ret_udp = ctl_facts_t.udp;
}

uint64_t
tc_client_drift(const struct tc_client *client, uint32_t ifindex,
	char ret_text[TC_TEXT])
{
	(void)client;
	(void)snprintf(ret_text, TC_TEXT, "class 1:2");
	return ifindex;
}

const char *
tc_client_refused(const struct tc_client *client, uint32_t ifindex)
{
	(void)client, (void)ifindex;
	return ctl_facts_t.refused;
}

const struct tc_marking *
marks_of(const struct marks *marks, uint32_t flow_id)
{
	(void)marks;
	return ctl_facts_t.marked && flow_id == 20 ? &ctl_facts_t.marking
						   : NULL;
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	(void)client;
	return &ctl_facts_t.history;
}

const struct policy_client_file *
policy_client_file(const struct policy_client *client)
{
	(void)client;
	return &ctl_facts_t.file;
}

const char *
policy_client_sources(const struct policy_client *client)
{
	(void)client;
	return "file /p";
}

uint64_t
rules_settled(const struct rules *rules)
{
	(void)rules;
	return 5;
}

size_t
rules_beyond(const struct rules *rules)
{
	(void)rules;
	return 6;
}

void
rsvp_core_totals(const struct rsvp_core *core, struct rsvp_totals *ret)
{
	(void)core;
	*ret = ctl_facts_t.totals;
}

/* ---- the scene ----------------------------------------------------------- */

void
ctl_facts_t_begin(void)
{
	memset(&ctl_facts_t, 0, sizeof(ctl_facts_t));
	ctl_facts_t.refused = "";
	ctl_facts_t.out = buf_writer(bytes, sizeof(bytes));
}

struct buf_reader
ctl_facts_t_written(void)
{
	const size_t len = buf_written(&ctl_facts_t.out);

	T_CHECK(!ctl_facts_t.out.failed, "it does not fit");
	ctl_facts_t.out = buf_writer(bytes, sizeof(bytes));
	return buf_reader(bytes, len);
}

void
ctl_facts_t_expect(const char *want)
{
	static char got[ROOM];
	struct text t = text_over(got, sizeof(got));

	ctl_show(&t, ctl_facts_t_written());
	T_CHECK(strcmp(got, want) == 0, "got\n%s\nnot\n%s", got, want);
}
