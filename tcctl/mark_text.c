/* SPDX-License-Identifier: ISC */

/*
 * Marks as commands for nft.  Each interface has a table of its own, so that no
 * rule or chain of anybody else is read or written:
 *
 *	table inet rsvpd_mark_IFINDEX
 *		chain post	hook postrouting: a match of each rule, in
 *				order, goes to the rule's chain
 *		chain rID	beyond the rate: marked, dropped or counted
 *		chain rID_in	in profile
 *		counter rID_in, rID_out
 *		set fFAMILY_DSCP	reservations: mark_flow.c
 *
 * A table goes by the name of its interface, so that one whose interface went
 * would mark what the next of that name sends: whoever makes a table, or
 *deletes one, deletes the others of the name.
 *
 * All commands are one transaction of the kernel's.  Counters stay through it,
 * whatever becomes of the chains.  The two ECN bits are nobody's but the
 * endpoints': `ip dscp set` leaves them.
 *
 * nft's limit in octets has a bucket that is one second of the rate larger than
 * asked for: the kernel adds the rate of one unit to the burst, the unit is a
 * second at least and the burst not negative.  `tcctl probe` says so.  So it
 * cannot bound a peak rate, nor count a packet as larger than it is.
 */

#include "tc_rule_int.h"

#include <string.h>

enum { PRIORITY = 200 }; /* behind source NAT: as the packet leaves */

bool
tc_rule_is_marked(const struct tc_rule *rule)
{
	return rule->deny || rule->marks || rule->marks_out ||
	       (rule->rate_Bps != 0 && rule->excess == TC_EXCESS_MARK);
}

void
tc_mark_table(struct text *t, uint32_t ifindex)
{
	text_printf(t, "inet rsvpd_mark_%u", ifindex);
}

static void
begin(struct text *t, const struct tc_iface *iface, const char *words)
{
	text_add(t, words);
	text_add(t, " ");
	tc_mark_table(t, iface->ifindex);
	text_add(t, " ");
}

static void
add_range(struct text *t, const char *family, const char *word,
	const struct addr *first, const struct addr *last)
{
	char a[ADDR_TEXT];
	char b[ADDR_TEXT];

	if (first->family == ADDR_NONE)
		return;
	text_printf(t, "%s %s %s", family, word, addr_format(first, a));
	if (!addr_equal(first, last))
		text_printf(t, "-%s", addr_format(last, b));
	text_add(t, " ");
}

static void
add_ports(struct text *t, const char *word, uint16_t first, uint16_t last)
{
	if (last == 0 || (first == 0 && last == UINT16_MAX))
		return;
	text_printf(t, "th %s %u", word, first);
	if (first != last)
		text_printf(t, "-%u", last);
	text_add(t, " ");
}

static bool
has_ports(const struct tc_rule_match *m)
{
	return (m->src_port_last != 0 &&
		       !(m->src_port_first == 0 &&
			       m->src_port_last == UINT16_MAX)) ||
	       (m->dst_port_last != 0 &&
		       !(m->dst_port_first == 0 &&
			       m->dst_port_last == UINT16_MAX));
}

static void
add_match(struct text *t, const struct tc_rule_match *m)
{
	const char *family = m->family == ADDR_V6 ? "ip6" : "ip";

	text_printf(
		t, "meta nfproto %s ", m->family == ADDR_V6 ? "ipv6" : "ipv4");
	if (m->in[0] != '\0')
		text_printf(t, "iifname \"%s\" ", m->in);
	add_range(t, family, "saddr", &m->src_first, &m->src_last);
	add_range(t, family, "daddr", &m->dst_first, &m->dst_last);
	if (m->dscp_mask != 0)
		text_printf(t, "%s dscp & 0x%02x == 0x%02x ", family,
			m->dscp_mask, m->dscp & m->dscp_mask);
	if (m->proto != 0)
		text_printf(t, "meta l4proto %u ", m->proto);
	else if (has_ports(m))
		text_add(t, "meta l4proto { 6, 17, 33, 132, 136 } ");
	add_ports(t, "sport", m->src_port_first, m->src_port_last);
	add_ports(t, "dport", m->dst_port_first, m->dst_port_last);
}

static void
add_chain(struct text *t, const struct tc_iface *iface, uint32_t id,
	const char *tail)
{
	begin(t, iface, "add chain");
	text_printf(t, "r%x%s\n", id, tail);
	begin(t, iface, "flush chain");
	text_printf(t, "r%x%s\n", id, tail);
}

static void
add_counter(struct text *t, const struct tc_iface *iface, uint32_t id,
	const char *tail)
{
	begin(t, iface, "add counter");
	text_printf(t, "r%x_%s\n", id, tail);
}

static void
add_dscp(struct text *t, const struct tc_iface *iface, uint32_t id,
	const char *tail, uint8_t dscp)
{
	static const char *const families[] = { "ip", "ip6" };

	for (size_t i = 0; i < 2; i++) {
		begin(t, iface, "add rule");
		text_printf(t, "r%x%s %s dscp set 0x%02x\n", id, tail,
			families[i], dscp);
	}
}

static void
add_judgement(struct text *t, const struct tc_rule *r)
{
	text_printf(t, "r%x ", r->id);
	if (r->max_packet_bytes != 0)
		text_printf(t, "meta length <= %u ", r->max_packet_bytes);
	text_printf(t,
		"limit rate %llu bytes/second burst %llu bytes goto r%x_in\n",
		(unsigned long long)r->rate_Bps,
		(unsigned long long)r->bucket_bytes, r->id);
}

static void
add_rule(struct text *t, const struct tc_iface *iface, const struct tc_rule *r)
{
	bool judged = r->rate_Bps != 0 && r->excess == TC_EXCESS_MARK;

	add_counter(t, iface, r->id, "in");
	add_counter(t, iface, r->id, "out");
	add_chain(t, iface, r->id, "");
	add_chain(t, iface, r->id, "_in");
	begin(t, iface, "add rule");
	text_printf(t, "r%x_in counter name r%x_in\n", r->id, r->id);
	if (r->marks)
		add_dscp(t, iface, r->id, "_in", r->dscp);
	begin(t, iface, "add rule");
	if (judged)
		add_judgement(t, r);
	else if (!r->deny)
		text_printf(t, "r%x goto r%x_in\n", r->id, r->id);
	if (!judged && !r->deny)
		return;
	if (judged)
		begin(t, iface, "add rule");
	text_printf(t, "r%x counter name r%x_out%s\n", r->id, r->id,
		r->deny ? " drop" : "");
	if (!r->deny && r->marks_out)
		add_dscp(t, iface, r->id, "", r->dscp_out);
}

static bool
is_wanted(const struct tc_rule *rules, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].id == id && tc_rule_is_marked(&rules[i]))
			return true;
	return false;
}

static void
forget_rule(struct text *t, const struct tc_iface *iface, uint32_t id)
{
	static const char *const tails[] = { "", "_in" };

	for (size_t i = 0; i < 2; i++)
		add_chain(t, iface, id, tails[i]);
	for (size_t i = 0; i < 2; i++) {
		begin(t, iface, "delete chain");
		text_printf(t, "r%x%s\n", id, tails[i]);
	}
	begin(t, iface, "delete counter");
	text_printf(t, "r%x_in\n", id);
	begin(t, iface, "delete counter");
	text_printf(t, "r%x_out\n", id);
}

/* A rule that is not marked stops the search as well. */
static void
add_matches(struct text *t, const struct tc_mark_set *set, bool before)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tc_rule *r = &set->rules[i];

		for (size_t m = 0; m < r->match_count && r->before == before;
			m++) {
			begin(t, set->iface, "add rule");
			text_add(t, "post ");
			add_match(t, &r->matches[m]);
			if (tc_rule_is_marked(r))
				text_printf(t, "goto r%x\n", r->id);
			else
				text_add(t, "accept\n");
		}
	}
}

void
tc_mark_match(struct text *t, const struct tc_filter *f)
{
	const struct tc_rule_match m = { .family = f->dst.family,
		.src_first = f->src,
		.src_last = f->src,
		.dst_first = f->dst,
		.dst_last = f->dst,
		.proto = f->by_label ? 0 : f->proto,
		.src_port_first = f->src_port,
		.src_port_last = f->src_port,
		.dst_port_first = f->by_label ? 0 : f->dst_port,
		.dst_port_last = f->by_label ? 0 : f->dst_port };

	add_match(t, &m);
	if (f->by_label)
		text_printf(t, "ip6 flowlabel 0x%05x ", f->flow_label);
}

/* Reserved packets are left alone by the rules that stand behind. */
static void
add_reserved(struct text *t, const struct tc_mark_set *set)
{
	for (size_t i = 0; i < set->reserved_count; i++) {
		begin(t, set->iface, "add rule");
		text_add(t, "post ");
		tc_mark_match(t, &set->reserved[i]);
		text_add(t, "accept\n");
	}
}

void
tc_mark_text(struct text *t, const struct tc_mark_set *set,
	const uint32_t *known, size_t known_count)
{
	const struct tc_iface *iface = set->iface;
	bool any = set->flow_count > 0;

	for (size_t i = 0; i < set->count; i++)
		any = any || tc_rule_is_marked(&set->rules[i]);
	if (!any) {
		tc_mark_drop_table(t, iface->ifindex);
		return;
	}
	text_add(t, "add table ");
	tc_mark_table(t, iface->ifindex);
	text_add(t, "\n");
	begin(t, iface, "add chain");
	text_printf(t,
		"post { type filter hook postrouting priority %d; policy "
		"accept; }\n",
		PRIORITY);
	begin(t, iface, "flush chain");
	text_add(t, "post\n");
	for (size_t i = 0; i < set->count; i++)
		if (tc_rule_is_marked(&set->rules[i]))
			add_rule(t, iface, &set->rules[i]);
	begin(t, iface, "add rule");
	text_printf(t, "post oifname != \"%s\" accept\n", iface->name);
	add_matches(t, set, true);
	tc_mark_flow_sets(t, set);
	tc_mark_flow_rules(t, set);
	add_reserved(t, set);
	add_matches(t, set, false);
	for (size_t i = 0; i < known_count; i++)
		if (!is_wanted(set->rules, set->count, known[i]))
			forget_rule(t, iface, known[i]);
}

/* ---- tables of others ---------------------------------------------------- */

size_t
tc_mark_parse_tables(const char *listing, uint32_t *ret_indexes, size_t room)
{
	static const char word[] = "table inet rsvpd_mark_";
	size_t count = 0;

	for (const char *at = strstr(listing, word); at && count < room;
		at = strstr(at, word)) {
		uint32_t index = 0;

		at += sizeof(word) - 1;
		for (; *at >= '0' && *at <= '9'; at++)
			index = index * 10 + (uint32_t)(*at - '0');
		if (*at == '\n' || *at == '\0' || *at == ' ')
			ret_indexes[count++] = index;
	}
	return count;
}

bool
tc_mark_is_of(const char *listing, const char *name)
{
	char line[64];
	struct text t = text_over(line, sizeof(line));

	text_printf(&t, "oifname != \"%s\" accept", name);
	return strstr(listing, line) != NULL;
}

void
tc_mark_drop_table(struct text *t, uint32_t ifindex)
{
	text_add(t, "add table "); /* somebody else may have deleted it */
	tc_mark_table(t, ifindex);
	text_add(t, "\ndelete table ");
	tc_mark_table(t, ifindex);
	text_add(t, "\n");
}

/* ---- reservations -------------------------------------------------------- */

static bool
within(const struct addr *a, const struct addr *first, const struct addr *last)
{
	if (first->family == ADDR_NONE || a->family == ADDR_NONE)
		return true;
	return a->family == first->family &&
	       memcmp(a->b, first->b, addr_size(a->family)) >= 0 &&
	       memcmp(a->b, last->b, addr_size(a->family)) <= 0;
}

static bool
port_within(uint16_t port, uint16_t first, uint16_t last)
{
	return last == 0 || port == 0 || (port >= first && port <= last);
}

bool
tc_rule_covers(const struct tc_rule *rule, const struct tc_filter *f)
{
	for (size_t i = 0; i < rule->match_count; i++) {
		const struct tc_rule_match *m = &rule->matches[i];

		if (m->family == f->dst.family &&
			within(&f->dst, &m->dst_first, &m->dst_last) &&
			within(&f->src, &m->src_first, &m->src_last) &&
			(f->by_label || m->proto == 0 ||
				m->proto == f->proto) &&
			(f->by_label ||
				port_within(f->dst_port, m->dst_port_first,
					m->dst_port_last)) &&
			port_within(f->src_port, m->src_port_first,
				m->src_port_last))
			return true;
	}
	return false;
}

/* ---- counters ------------------------------------------------------------ */

static uint64_t
number_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);
	uint64_t n = 0;

	for (at = at ? at + strlen(word) : ""; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n;
}

/* "rID_in {"; false: none of ours. */
static bool
take_name(const char *at, uint32_t *ret_id, bool *ret_out)
{
	uint32_t id = 0;
	size_t digits = 0;

	for (; digits < 8 && strchr("0123456789abcdef", *at) && *at != '\0';
		digits++, at++)
		id = id << 4 |
		     (uint32_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	if (digits == 0 || id == 0)
		return false;
	*ret_id = id;
	*ret_out = strncmp(at, "_out ", 5) == 0;
	return *ret_out || strncmp(at, "_in ", 4) == 0;
}

static struct tc_mark_count *
find_count(
	struct tc_mark_count *counts, size_t *count, size_t room, uint32_t id)
{
	for (size_t i = 0; i < *count; i++)
		if (counts[i].rule_id == id)
			return &counts[i];
	if (*count == room)
		return NULL;
	counts[*count] = (struct tc_mark_count){ .rule_id = id };
	return &counts[(*count)++];
}

size_t
tc_mark_parse(
	const char *listing, struct tc_mark_count *ret_counts, size_t room)
{
	static const char word[] = "counter r";
	size_t count = 0;
	uint32_t id = 0;
	bool out = false;

	for (const char *at = strstr(listing, word); at;
		at = strstr(at + 1, word)) {
		struct tc_mark_count *c =
			take_name(at + strlen(word), &id, &out)
				? find_count(ret_counts, &count, room, id)
				: NULL;
		uint64_t packets = number_after(at, "packets ");
		uint64_t bytes = number_after(at, "bytes ");

		if (!c)
			continue;
		*(out ? &c->out_packets : &c->in_packets) = packets;
		*(out ? &c->out_bytes : &c->in_bytes) = bytes;
	}
	return count;
}
