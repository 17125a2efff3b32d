/* SPDX-License-Identifier: ISC */

/*
 * A rule's conditions are lists of ranges; traffic control takes blocks, each
 * of one range of every kind.  The blocks of a rule are the product of its
 * lists.
 */

#include "rsvpd/rules_plan.h"

#include <string.h>

#include "base/text.h"

enum { FIELDS = 7, DSCP_ALL = 63, PROTO_ALL = 255, BUCKET_DIVIDER = 10 };

static bool
is_named(const struct policy_ifaces *globs, const char *name)
{
	for (size_t i = 0; i < globs->count; i++)
		if (policy_glob_match(globs->at[i].glob, name))
			return true;
	return false;
}

bool
rules_applies(const struct policy_data_rule *rule, const char *ifname)
{
	return rule->out.count == 0 || is_named(&rule->out, ifname);
}

/* FNV-1a. */
static uint32_t
mix(uint32_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return (hash ^ 0xff) * 16777619u;
}

uint32_t
rules_id(const char *name, const char *ifname, uint32_t salt)
{
	/* Two bits are free for what belongs to a rule, four for whose it is */
	const uint32_t mask = 0x0ffffffc;
	uint32_t id = mix(mix(2166136261u, name), ifname);

	id = (id + 4 * salt) & mask;
	return id != 0 ? id : 4;
}

/* ---- blocks -------------------------------------------------------------- */

/* Where the product stands: which entry of each list. */
struct product {
	const struct policy_data_rule *rule;
	const struct rules_links *links;
	size_t counts[FIELDS];
	size_t at[FIELDS];
};

enum { AT_SRC, AT_DST, AT_PROTO, AT_SRC_PORT, AT_DST_PORT, AT_DSCP, AT_IN };

/* The n-th interface that the rule names as incoming; NULL: no more. */
static const struct rules_link *
link_at(const struct policy_data_rule *rule, const struct rules_links *links,
	size_t n)
{
	for (size_t i = 0; i < links->count; i++)
		if (is_named(&rule->in, links->all[i].name) && n-- == 0)
			return &links->all[i];
	return NULL;
}

static size_t
count_links(
	const struct policy_data_rule *rule, const struct rules_links *links)
{
	size_t n = 0;

	while (link_at(rule, links, n))
		n++;
	return n;
}

static size_t
at_least_one(size_t count)
{
	return count > 0 ? count : 1;
}

/* Protocols and DSCPs are single values in a block. */
static size_t
values(const struct policy_spans *spans, uint32_t all)
{
	size_t count = 0;

	for (size_t i = 0; i < spans->count; i++) {
		if (spans->at[i].lo == 0 && spans->at[i].hi >= all)
			return 1; /* any */
		count += spans->at[i].hi - spans->at[i].lo + 1;
	}
	return at_least_one(count);
}

/* The n-th value; false: any. */
static bool
value_at(const struct policy_spans *spans, uint32_t all, size_t n,
	uint8_t *ret_value)
{
	for (size_t i = 0; i < spans->count; i++)
		if (spans->at[i].lo == 0 && spans->at[i].hi >= all)
			return false;
	for (size_t i = 0; i < spans->count; i++) {
		size_t width = spans->at[i].hi - spans->at[i].lo + 1;

		if (n < width) {
			*ret_value = (uint8_t)(spans->at[i].lo + n);
			return true;
		}
		n -= width;
	}
	return false;
}

static struct product
begin_product(
	const struct policy_data_rule *rule, const struct rules_links *links)
{
	return (struct product){ .rule = rule,
		.links = links,
		.counts = { [AT_SRC] = at_least_one(rule->src.count),
			[AT_DST] = at_least_one(rule->dst.count),
			[AT_PROTO] = values(&rule->protos, PROTO_ALL),
			[AT_SRC_PORT] = at_least_one(rule->src_ports.count),
			[AT_DST_PORT] = at_least_one(rule->dst_ports.count),
			[AT_DSCP] = values(&rule->dscps, DSCP_ALL),
			[AT_IN] = at_least_one(count_links(rule, links)) } };
}

/* False: that was the last. */
static bool
next_product(struct product *p)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (++p->at[i] < p->counts[i])
			return true;
		p->at[i] = 0;
	}
	return false;
}

static void
take_ports(const struct policy_spans *spans, size_t n, uint16_t *ret_first,
	uint16_t *ret_last)
{
	if (spans->count == 0)
		return;
	*ret_first = (uint16_t)spans->at[n].lo;
	*ret_last = (uint16_t)spans->at[n].hi;
}

/* The block at which the product stands; the family is that of its addresses,
 * or any (0).  False: they are of two. */
static bool
block_at(const struct product *p, struct tc_rule_match *ret)
{
	const struct policy_data_rule *r = p->rule;
	const struct rules_link *in = link_at(r, p->links, p->at[AT_IN]);
	struct tc_rule_match m = { 0 };
	uint8_t value = 0;

	if (r->src.count > 0) {
		m.src_first = r->src.at[p->at[AT_SRC]].lo;
		m.src_last = r->src.at[p->at[AT_SRC]].hi;
		m.family = m.src_first.family;
	}
	if (r->dst.count > 0) {
		m.dst_first = r->dst.at[p->at[AT_DST]].lo;
		m.dst_last = r->dst.at[p->at[AT_DST]].hi;
		if (m.family != 0 && m.family != m.dst_first.family)
			return false;
		m.family = m.dst_first.family;
	}
	take_ports(&r->src_ports, p->at[AT_SRC_PORT], &m.src_port_first,
		&m.src_port_last);
	take_ports(&r->dst_ports, p->at[AT_DST_PORT], &m.dst_port_first,
		&m.dst_port_last);
	if (value_at(&r->protos, PROTO_ALL, p->at[AT_PROTO], &value))
		m.proto = value;
	if (value_at(&r->dscps, DSCP_ALL, p->at[AT_DSCP], &value)) {
		m.dscp = value;
		m.dscp_mask = DSCP_ALL;
	}
	if (in) {
		m.in_ifindex = in->ifindex;
		(void)text_copy(m.in, sizeof(m.in), in->name); /* as long */
	}
	*ret = m;
	return true;
}

static bool
add_match(struct tc_rule *rule, const struct tc_rule_match *m, uint8_t family)
{
	if (rule->match_count == TC_RULE_MATCHES_MAX)
		return false;
	rule->matches[rule->match_count] = *m;
	rule->matches[rule->match_count++].family = family;
	return true;
}

static bool
add_blocks(const struct policy_data_rule *from, const struct rules_links *links,
	struct tc_rule *rule, char reason[RSVP_REASON])
{
	struct product p = begin_product(from, links);
	struct tc_rule_match m;
	bool fits = true;

	do {
		if (!block_at(&p, &m))
			continue;
		if (m.family != 0)
			fits = add_match(rule, &m, m.family);
		else
			fits = add_match(rule, &m, ADDR_V4) &&
			       add_match(rule, &m, ADDR_V6);
	} while (fits && next_product(&p));
	if (fits && rule->match_count > 0)
		return true;
	(void)text_copy(reason, RSVP_REASON,
		fits ? "its addresses are of two families: no packet matches"
		     : "more than 64 combinations of addresses, ports, "
		       "protocols and DSCPs; split the rule");
	return false;
}

/* ---- treatment ----------------------------------------------------------- */

static void
treat_excess(const struct policy_data_rule *from, struct tc_rule *rule)
{
	switch (from->excess) {
	case POLICY_EXCESS_MARK:
		rule->excess = TC_EXCESS_MARK;
		rule->marks_out = true;
		rule->dscp_out = from->dscp_out;
		break;
	case POLICY_EXCESS_DROP:
		rule->excess = TC_EXCESS_DROP;
		break;
	case POLICY_EXCESS_BEST_EFFORT:
		rule->excess = TC_EXCESS_MARK;
		rule->marks_out = true;
		break;
	case POLICY_EXCESS_DELAY:
		rule->excess = TC_EXCESS_DELAY;
		break;
	}
}

static uint64_t
bucket_of(const struct policy_data_rule *from, uint32_t mtu_bytes)
{
	uint64_t bucket = from->bucket_bytes;

	if (bucket == 0)
		bucket = from->rate_Bps / BUCKET_DIVIDER;
	if (bucket < 2 * (uint64_t)mtu_bytes)
		bucket = 2 * (uint64_t)mtu_bytes;
	return bucket > UINT32_MAX ? UINT32_MAX : bucket;
}

static void
bound_packets(const struct policy_data_rule *from, struct tc_rule *rule)
{
	rule->peak_Bps = from->peak_Bps;
	if (rule->peak_Bps != 0 && rule->peak_Bps < rule->rate_Bps)
		rule->peak_Bps = rule->rate_Bps;
	rule->min_packet_bytes = (uint32_t)from->min_packet;
	rule->max_packet_bytes = (uint32_t)from->max_packet;
}

bool
rules_plan(const struct policy_data_rule *from, uint32_t mtu_bytes,
	const struct rules_links *links, struct tc_rule *ret_rule,
	char reason[RSVP_REASON])
{
	memset(ret_rule, 0, sizeof(*ret_rule));
	ret_rule->deny = from->deny;
	if (!from->deny) {
		ret_rule->marks = from->marks;
		ret_rule->dscp = from->marks ? from->dscp : 0;
		ret_rule->rate_Bps = from->rate_Bps;
	}
	if (ret_rule->rate_Bps != 0) {
		ret_rule->bucket_bytes = bucket_of(from, mtu_bytes);
		bound_packets(from, ret_rule);
		treat_excess(from, ret_rule);
	}
	if (from->in.count > 0 && count_links(from, links) == 0) {
		(void)text_copy(reason, RSVP_REASON,
			"no interface is there that inInterface names; it is "
			"looked at again when one appears");
		return false;
	}
	return add_blocks(from, links, ret_rule, reason);
}

/* ---- reservations -------------------------------------------------------- */

struct tc_marking
rules_marking(const struct policy_marking *from)
{
	struct tc_marking as = { .marks = from->marks,
		.dscp = from->marks ? from->dscp : 0 };

	if (from->excess == POLICY_EXCESS_MARK) {
		as.marks_out = true;
		as.dscp_out = from->dscp_out;
	} else if (from->excess == POLICY_EXCESS_BEST_EFFORT) {
		as.marks_out = from->marks; /* not told from the rest */
	}
	return as;
}

static bool
within(const struct addr *a, const struct addr *first, const struct addr *last)
{
	if (first->family == ADDR_NONE || a->family == ADDR_NONE)
		return true;
	return a->family == first->family &&
	       memcmp(a->b, first->b, addr_size(a->family)) >= 0 &&
	       memcmp(a->b, last->b, addr_size(a->family)) <= 0;
}

/* Port 0 of a reservation: any. */
static bool
port_within(uint16_t port, uint16_t first, uint16_t last)
{
	return last == 0 || port == 0 || (port >= first && port <= last);
}

bool
rules_overlap(const struct tc_rule *rule, const struct wire_session *session,
	const struct wire_filter *filter)
{
	const uint16_t src_port =
		filter->form == WIRE_FILTER_PORT ? filter->src_port : 0;

	for (size_t i = 0; i < rule->match_count; i++) {
		const struct tc_rule_match *m = &rule->matches[i];

		if (m->family == session->dst.family &&
			within(&session->dst, &m->dst_first, &m->dst_last) &&
			within(&filter->src, &m->src_first, &m->src_last) &&
			(m->proto == 0 || m->proto == session->proto) &&
			port_within(session->dst_port, m->dst_port_first,
				m->dst_port_last) &&
			port_within(
				src_port, m->src_port_first, m->src_port_last))
			return true;
	}
	return false;
}
