/* SPDX-License-Identifier: ISC */

/*
 * Which of two rules is tried first.
 *
 * The order is total: priority, then the rank (how specific the conditions
 * are, compared as a tuple), then origin, then name.  No two runs and no two
 * hosts can differ.
 */

#include <string.h>

#include "rule_int.h"

int
policy_addr_span_prefix(const struct policy_addr_span *s)
{
	int bits = (int)addr_size(s->lo.family) * 8;
	int len = 0;

	while (len < bits &&
		((s->lo.b[len / 8] ^ s->hi.b[len / 8]) >> (7 - len % 8) & 1) ==
			0)
		len++;
	for (int i = len; i < bits; i++)
		if ((s->lo.b[i / 8] >> (7 - i % 8) & 1) != 0 ||
			(s->hi.b[i / 8] >> (7 - i % 8) & 1) == 0)
			return -1;
	return len;
}

/* Bits that it takes to count the addresses of a span. */
static uint32_t
free_bits(const struct policy_addr_span *s)
{
	uint32_t bits = 0;
	unsigned borrow = 0;

	/* hi - lo, octet by octet from the right; its length in bits is the
	 * smallest n with hi - lo < 2^n.  An IPv4 address stands in the first
	 * four octets. */
	for (size_t i = addr_size(s->lo.family); i-- > 0;) {
		unsigned d = 256u + s->hi.b[i] - s->lo.b[i] - borrow;
		uint32_t at = (uint32_t)(addr_size(s->lo.family) - 1 - i) * 8;

		borrow = d < 256;
		for (d &= 255; d != 0; d >>= 1)
			bits = ++at;
	}
	return bits;
}

/* The longer the prefix, the higher; 0 only without a condition.  A range is
 * as long as the prefix of its size, a list as its shortest entry. */
static uint32_t
rank_addrs(const struct policy_addr_spans *list)
{
	uint32_t rank = UINT32_MAX;

	for (size_t i = 0; i < list->count; i++) {
		const struct policy_addr_span *s = &list->at[i];
		uint32_t bits = (uint32_t)addr_size(s->lo.family) * 8;
		uint32_t r = 1 + bits - free_bits(s);

		if (r < rank)
			rank = r;
	}
	return list->count > 0 ? rank : 0;
}

/* The fewer values the spans admit out of all, the higher. */
static uint32_t
rank_spans(const struct policy_spans *list, uint32_t all)
{
	uint64_t admitted = 0;

	if (list->count == 0)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		admitted += (uint64_t)list->at[i].hi - list->at[i].lo + 1;
	return admitted < all ? all - (uint32_t)admitted : 0;
}

/*
 * Of several ways to name who asks, one of which is enough, the widest counts;
 * of several conditions, all of which must hold, the narrowest.
 */
static uint32_t
rank_who(const struct policy_rule *rule)
{
	enum { AUTHENTICATED = 1, GROUP, APPLICATION, PRINCIPAL, USER };
	const struct policy_globs *names = rule->names;
	uint32_t rank = 0;

	if (rule->spans[POLICY_SPAN_USER].count > 0)
		rank = USER;
	if (names[POLICY_NAME_PRINCIPAL].count > 0 ||
		names[POLICY_NAME_SUBJECT].count > 0)
		rank = PRINCIPAL;
	if (names[POLICY_NAME_WHO_APPLICATION].count > 0)
		rank = APPLICATION;
	if (rule->spans[POLICY_SPAN_GROUP].count > 0 ||
		rule->addrs[POLICY_ADDR_HOST].count > 0)
		rank = GROUP;
	if (names[POLICY_NAME_APPLICATION].count > 0 && rank < APPLICATION)
		rank = APPLICATION;
	if ((rule->identified != 0 || names[POLICY_NAME_ISSUER].count > 0) &&
		rank < AUTHENTICATED)
		rank = AUTHENTICATED;
	return rank;
}

static uint32_t
rank_iface_list(const struct policy_ifaces *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (strpbrk(list->at[i].glob, "*?"))
			return 1;
	return list->count > 0 ? 2 : 0;
}

static uint32_t
rank_ifaces(const struct policy_rule *rule)
{
	uint32_t rank = 0;

	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		rank += rank_iface_list(&rule->ifaces[k]);
	return rank;
}

/* Of a set of bits, 0 meaning all: fewer bits rank higher. */
static uint32_t
rank_bits(uint8_t bits, uint8_t all)
{
	uint32_t left_out = 0;

	for (uint8_t b = (uint8_t)(all & ~bits); bits != 0 && b != 0; b >>= 1)
		left_out += b & 1u;
	return left_out;
}

void
policy_rule_settle(
	struct policy_rule *rule, const struct policy_category *category)
{
	enum { PORTS = 65536, PROTOS = 256 };
	uint32_t *rank = rule->rank;
	const struct policy_spans *spans = rule->spans;

	rule->denies = rule->deny || (category && category->deny);
	rank[POLICY_RANK_WHO] = rank_who(rule);
	rank[POLICY_RANK_DST] = rank_addrs(&rule->addrs[POLICY_ADDR_DST]);
	rank[POLICY_RANK_SRC] = rank_addrs(&rule->addrs[POLICY_ADDR_SRC]);
	rank[POLICY_RANK_PROTO] = rank_spans(&spans[POLICY_SPAN_PROTO], PROTOS);
	rank[POLICY_RANK_DST_PORT] =
		rank_spans(&spans[POLICY_SPAN_DST_PORT], PORTS);
	rank[POLICY_RANK_SRC_PORT] =
		rank_spans(&spans[POLICY_SPAN_SRC_PORT], PORTS);
	rank[POLICY_RANK_IFACE] = rank_ifaces(rule);
	rank[POLICY_RANK_SERVICE] =
		rank_bits(rule->services, POLICY_BITS_SERVICE) +
		rank_bits(rule->styles, POLICY_BITS_STYLE);
	rank[POLICY_RANK_TIME] =
		rule->own_when != POLICY_NO_WHEN || rule->whens.count > 0;
	rank[POLICY_RANK_ROLE] = rank_bits(rule->roles, POLICY_BITS_ROLE);
	rank[POLICY_RANK_REST] =
		rank_bits(rule->messages, POLICY_BITS_MESSAGE) +
		rank_bits(rule->multicast, POLICY_BITS_ANSWER) +
		(rule->addrs[POLICY_ADDR_NEIGHBOUR].count > 0) +
		(spans[POLICY_SPAN_DSCP].count > 0);
}

int
policy_rule_compare(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	for (size_t i = 0; i < POLICY_RANK_COUNT; i++)
		if (a->rank[i] != b->rank[i])
			return a->rank[i] > b->rank[i] ? -1 : 1;
	if (a->origin != b->origin)
		return a->origin > b->origin ? -1 : 1;
	return strcmp(a->name, b->name);
}
