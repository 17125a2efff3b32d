/* SPDX-License-Identifier: ISC */

/*
 * Marks of reservations as commands for nft, in the table of their interface
 * (mark_text.c): a set of addresses, protocol and ports for each family and
 * DSCP, which is one look-up for any number of reservations, and a rule of its
 * own for what has no ports or no sender, which says in its comment whose it
 * is.
 */

#include <string.h>

#include "tc_rule_int.h"

enum { V4 = 4, V6 = 6, ELEMENTS = 64, LABEL_MAX = 0xfffff };

static bool
is_element(const struct tc_filter *f)
{
	return f->src.family != ADDR_NONE && f->dst_port != 0 &&
	       f->src_port != 0 && !f->by_label && f->spi == 0;
}

static unsigned
version(const struct tc_filter *f)
{
	return f->dst.family == ADDR_V6 ? V6 : V4;
}

/* "set inet rsvpd_mark_3 f4_2e" after the verb. */
static void
begin(struct text *t, const struct tc_mark_set *set, const char *words)
{
	text_add(t, words);
	text_add(t, " ");
	tc_mark_table(t, set->iface->ifindex);
	text_add(t, " ");
}

static void
add_element(struct text *t, const struct tc_filter *f)
{
	char src[ADDR_TEXT];
	char dst[ADDR_TEXT];

	text_printf(t, "%s . %s . %u . %u . %u", addr_format(&f->src, src),
		addr_format(&f->dst, dst), f->proto, f->src_port, f->dst_port);
}

/* Of that family and DSCP; a few in each command.  Returns how many. */
static size_t
add_elements(struct text *t, const struct tc_mark_set *set, unsigned family,
	unsigned dscp)
{
	size_t count = 0;

	for (size_t i = 0; i < set->flow_count; i++) {
		const struct tc_mark_flow *f = &set->flows[i];

		if (f->dscp != dscp || version(&f->filter) != family ||
			!is_element(&f->filter))
			continue;
		if (count % ELEMENTS == 0) {
			text_add(t, count > 0 ? " }\n" : "");
			begin(t, set, "add element");
			text_printf(t, "f%u_%02x { ", family, dscp);
		} else {
			text_add(t, ", ");
		}
		add_element(t, &f->filter);
		count++;
	}
	text_add(t, count > 0 ? " }\n" : "");
	return count;
}

static void
add_set(struct text *t, const struct tc_mark_set *set, unsigned family,
	unsigned dscp)
{
	const char *addr = family == V6 ? "ipv6_addr" : "ipv4_addr";

	begin(t, set, "add set");
	text_printf(t,
		"f%u_%02x { type %s . %s . inet_proto . inet_service . "
		"inet_service; }\n",
		family, dscp, addr, addr);
	begin(t, set, "flush set");
	text_printf(t, "f%u_%02x\n", family, dscp);
}

static bool
is_used(const struct tc_mark_set *set, unsigned family, unsigned dscp)
{
	for (size_t i = 0; i < set->flow_count; i++)
		if (set->flows[i].dscp == dscp &&
			version(&set->flows[i].filter) == family &&
			is_element(&set->flows[i].filter))
			return true;
	return false;
}

void
tc_mark_flow_sets(struct text *t, const struct tc_mark_set *set)
{
	for (unsigned dscp = 0; dscp <= TC_DSCP_MAX; dscp++)
		for (unsigned family = V4; family <= V6; family += V6 - V4) {
			bool used = is_used(set, family, dscp);

			if (!used && (set->stale >> dscp & 1) == 0)
				continue;
			add_set(t, set, family, dscp);
			if (used) {
				(void)add_elements(t, set, family, dscp);
				continue;
			}
			begin(t, set, "delete set");
			text_printf(t, "f%u_%02x\n", family, dscp);
		}
}

/* A filter in words that take_filter() reads. */
static void
add_comment(struct text *t, const struct tc_mark_flow *flow)
{
	const struct tc_filter *f = &flow->filter;
	char src[ADDR_TEXT];
	char dst[ADDR_TEXT];

	text_printf(t, " comment \"flow %u %s %s %u %u %u ", flow->dscp,
		f->src.family == ADDR_NONE ? "any" : addr_format(&f->src, src),
		addr_format(&f->dst, dst), f->proto, f->src_port, f->dst_port);
	if (f->by_label)
		text_printf(t, "%u", f->flow_label);
	else
		text_add(t, "-");
	text_printf(t, " %u \"\n", f->spi);
}

static void
add_set_rule(struct text *t, const struct tc_mark_set *set, unsigned family,
	unsigned dscp)
{
	const char *ip = family == V6 ? "ip6" : "ip";

	begin(t, set, "add rule");
	text_printf(t,
		"post %s saddr . %s daddr . meta l4proto . th sport . th dport "
		"@f%u_%02x %s dscp set 0x%02x accept\n",
		ip, ip, family, dscp, ip, dscp);
}

void
tc_mark_flow_rules(struct text *t, const struct tc_mark_set *set)
{
	for (unsigned dscp = 0; dscp <= TC_DSCP_MAX; dscp++)
		for (unsigned family = V4; family <= V6; family += V6 - V4)
			if (is_used(set, family, dscp))
				add_set_rule(t, set, family, dscp);
	for (size_t i = 0; i < set->flow_count; i++) {
		const struct tc_mark_flow *f = &set->flows[i];

		if (is_element(&f->filter))
			continue;
		begin(t, set, "add rule");
		text_add(t, "post ");
		tc_mark_match(t, &f->filter);
		text_printf(t, "%s dscp set 0x%02x accept",
			version(&f->filter) == V6 ? "ip6" : "ip", f->dscp);
		add_comment(t, f);
	}
}

/* ---- what there is ------------------------------------------------------- */

/* One word up to a blank; false: none, or too long. */
static bool
take_word(const char **at, char word[ADDR_TEXT])
{
	size_t len = strcspn(*at, " ,}\n\t");

	if (len == 0 || len >= ADDR_TEXT)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	*at += strspn(*at, " .\n\t");
	return true;
}

static bool
take_number(const char **at, uint32_t most, uint32_t *ret)
{
	char word[ADDR_TEXT];
	uint64_t n = 0;

	if (!take_word(at, word))
		return false;
	for (const char *c = word; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || n > most)
			return false;
		n = n * 10 + (uint64_t)(*c - '0');
	}
	*ret = (uint32_t)n;
	return n <= most;
}

static bool
take_element(const char **at, struct tc_filter *ret)
{
	char src[ADDR_TEXT];
	char dst[ADDR_TEXT];
	uint32_t n[3];

	if (!take_word(at, src) || !take_word(at, dst) ||
		!take_number(at, UINT8_MAX, &n[0]) ||
		!take_number(at, UINT16_MAX, &n[1]) ||
		!take_number(at, UINT16_MAX, &n[2]))
		return false;
	*ret = (struct tc_filter){ .proto = (uint8_t)n[0],
		.src_port = (uint16_t)n[1],
		.dst_port = (uint16_t)n[2] };
	return addr_parse(src, &ret->src) && addr_parse(dst, &ret->dst);
}

/* "4_2e {"; false: none of ours. */
static bool
take_name(const char *at, uint8_t *ret_dscp)
{
	static const char digits[] = "0123456789abcdef";
	const char *high;
	const char *low;

	if ((at[0] != '4' && at[0] != '6') || at[1] != '_' || at[2] == '\0' ||
		at[3] == '\0')
		return false;
	high = strchr(digits, at[2]);
	low = strchr(digits, at[3]);
	if (!high || !low || high - digits > TC_DSCP_MAX >> 4)
		return false;
	*ret_dscp = (uint8_t)((high - digits) << 4 | (low - digits));
	return true;
}

void
tc_mark_parse_flows(const char *listing, tc_mark_flow_fn *tell, void *arg)
{
	static const char word[] = "set f";
	static const char elements[] = "elements = { ";
	struct tc_mark_flow flow;

	for (const char *at = strstr(listing, word), *next; at; at = next) {
		const char *name = at + sizeof(word) - 1;
		const char *list = strstr(name, elements);

		next = strstr(name, word);
		if (!list || (next && list > next) ||
			!take_name(name, &flow.dscp))
			continue;
		list += sizeof(elements) - 1;
		while (take_element(&list, &flow.filter)) {
			tell(arg, &flow);
			if (*list != ',')
				break;
			list += 1 + strspn(list + 1, " \n\t");
		}
	}
}

/* What add_comment() writes. */
static bool
take_filter(const char *at, struct tc_mark_flow *ret)
{
	char src[ADDR_TEXT];
	char dst[ADDR_TEXT];
	struct tc_filter *f = &ret->filter;
	char none[ADDR_TEXT];
	uint32_t n[4];

	*ret = (struct tc_mark_flow){ 0 };
	if (!take_number(&at, TC_DSCP_MAX, &n[0]) || !take_word(&at, src) ||
		!take_word(&at, dst) || !take_number(&at, UINT8_MAX, &n[1]) ||
		!take_number(&at, UINT16_MAX, &n[2]) ||
		!take_number(&at, UINT16_MAX, &n[3]))
		return false;
	f->by_label = *at != '-';
	if (!(f->by_label ? take_number(&at, LABEL_MAX, &f->flow_label)
			  : take_word(&at, none)) ||
		!take_number(&at, UINT32_MAX, &f->spi))
		return false;
	ret->dscp = (uint8_t)n[0];
	f->proto = (uint8_t)n[1];
	f->src_port = (uint16_t)n[2];
	f->dst_port = (uint16_t)n[3];
	return addr_parse(dst, &f->dst) &&
	       (strcmp(src, "any") == 0 || addr_parse(src, &f->src));
}

void
tc_mark_parse_rules(const char *listing, tc_mark_flow_fn *tell, void *arg)
{
	static const char word[] = "comment \"flow ";
	struct tc_mark_flow flow;

	for (const char *at = strstr(listing, word); at;
		at = strstr(at, word)) {
		at += sizeof(word) - 1;
		if (take_filter(at, &flow))
			tell(arg, &flow);
	}
}
