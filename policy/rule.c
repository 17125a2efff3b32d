/* SPDX-License-Identifier: ISC */

/*
 * Rules: whether one applies to a request, and which of two is tried first.
 *
 * The order is total: priority, then the rank (how specific the conditions
 * are, compared as a tuple), then origin, then name.  No two runs and no two
 * hosts can differ.
 *
 * A request may leave things open: a Path names no service yet, a wildcard
 * reservation no source.  Then a rule that allows gets the benefit where more
 * will be known later (service), and a rule that denies where nothing more
 * will be known (source): a Path goes through if some service may be had, and
 * a wildcard does not get around a denied source.
 */

#include "rule_int.h"

#include <string.h>

static bool
spans_hold(const struct policy_spans *list, uint32_t value)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].lo <= value && value <= list->at[i].hi)
			return true;
	return list->count == 0;
}

static bool
addrs_hold(const struct policy_addr_spans *list, const struct addr *a)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct policy_addr_span *s = &list->at[i];

		/* Families come first in this order. */
		if (addr_compare(&s->lo, a) <= 0 &&
			addr_compare(a, &s->hi) <= 0)
			return true;
	}
	return list->count == 0;
}

bool
policy_glob_match(const char *glob, const char *name)
{
	const char *star = NULL;
	const char *retry = NULL;

	while (*name != '\0') {
		if (*glob == '*') {
			star = glob++;
			retry = name;
		} else if (*glob == '?' || *glob == *name) {
			glob++;
			name++;
		} else if (star) {
			glob = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

/* Without an interface no condition on it holds. */
static bool
ifaces_hold(const struct policy_ifaces *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (name[0] != '\0' &&
			policy_glob_match(list->at[i].glob, name))
			return true;
	return list->count == 0;
}

/* A Path is judged where it comes in, a reservation where its data go out. */
static bool
all_ifaces_hold(const struct policy_rule *rule, const struct policy_request *q)
{
	bool path = q->message == POLICY_PATH;

	return ifaces_hold(&rule->ifaces[POLICY_IFACE_ANY], q->iface) &&
	       ifaces_hold(
		       &rule->ifaces[POLICY_IFACE_IN], path ? q->iface : "") &&
	       ifaces_hold(
		       &rule->ifaces[POLICY_IFACE_OUT], path ? "" : q->iface);
}

static bool
names_somebody(const struct policy_rule *rule)
{
	return rule->spans[POLICY_SPAN_USER].count > 0 ||
	       rule->spans[POLICY_SPAN_GROUP].count > 0;
}

/* Users and groups are one set: it is enough to be in either list. */
static enum policy_condition
match_who(const struct policy_rule *rule, const struct policy_request *q)
{
	const struct policy_spans *users = &rule->spans[POLICY_SPAN_USER];
	const struct policy_spans *groups = &rule->spans[POLICY_SPAN_GROUP];

	if (!names_somebody(rule))
		return POLICY_HOLDS;
	if (!q->who_known)
		return POLICY_FAILS_WHO_UNKNOWN;
	if (users->count > 0 && spans_hold(users, q->uid))
		return POLICY_HOLDS;
	if (groups->count > 0 && spans_hold(groups, q->gid))
		return POLICY_HOLDS;
	return POLICY_FAILS_WHO;
}

static bool
service_holds(const struct policy_rule *rule, uint8_t service)
{
	if (rule->services == 0)
		return true;
	if (service == POLICY_SERVICE_GS)
		return (rule->services & POLICY_BIT_GS) != 0;
	if (service == POLICY_SERVICE_CL)
		return (rule->services & POLICY_BIT_CL) != 0;
	return !rule->deny || rule->services == POLICY_BITS_SERVICE;
}

static enum policy_condition
match_source(const struct policy_rule *rule, const struct policy_request *q)
{
	const struct policy_addr_spans *addrs = &rule->addrs[POLICY_ADDR_SRC];
	const struct policy_spans *ports = &rule->spans[POLICY_SPAN_SRC_PORT];
	bool open = q->src.family == ADDR_NONE && rule->deny;

	if (!open && !addrs_hold(addrs, &q->src))
		return POLICY_FAILS_SRC;
	if (!open && !spans_hold(ports, q->src_port))
		return POLICY_FAILS_SRC_PORT;
	return POLICY_HOLDS;
}

enum policy_condition
policy_rule_match(
	const struct policy_rule *rule, const struct policy_request *request)
{
	if ((rule->scope & POLICY_SCOPE_RSVP) == 0)
		return POLICY_FAILS_SCOPE;

	enum policy_condition who = match_who(rule, request);

	if (who != POLICY_HOLDS)
		return who;
	if (rule->roles != 0 && (rule->roles & 1u << request->role) == 0)
		return POLICY_FAILS_ROLE;
	if (!spans_hold(&rule->spans[POLICY_SPAN_PROTO], request->proto))
		return POLICY_FAILS_PROTO;
	if (!addrs_hold(&rule->addrs[POLICY_ADDR_DST], &request->dst))
		return POLICY_FAILS_DST;
	if (!spans_hold(&rule->spans[POLICY_SPAN_DST_PORT], request->dst_port))
		return POLICY_FAILS_DST_PORT;

	enum policy_condition source = match_source(rule, request);

	if (source != POLICY_HOLDS)
		return source;
	if (!service_holds(rule, request->service))
		return POLICY_FAILS_SERVICE;
	if (!all_ifaces_hold(rule, request))
		return POLICY_FAILS_IFACE;
	if (rule->spans[POLICY_SPAN_DSCP].count > 0)
		return POLICY_FAILS_DSCP;
	return POLICY_HOLDS;
}

const char *
policy_condition_text(enum policy_condition condition)
{
	switch (condition) {
#define X(name, text)                                                          \
	case name:                                                             \
		return text;
		POLICY_CONDITIONS(X)
#undef X
	}
	return "?";
}

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

/* Both: as specific as the wider of the two. */
static uint32_t
rank_who(const struct policy_rule *rule)
{
	if (rule->spans[POLICY_SPAN_GROUP].count > 0)
		return 1;
	return rule->spans[POLICY_SPAN_USER].count > 0 ? 2 : 0;
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
policy_rule_settle(struct policy_rule *rule)
{
	enum { PORTS = 65536, PROTOS = 256 };
	uint32_t *rank = rule->rank;
	const struct policy_spans *spans = rule->spans;

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
		rank_bits(rule->services, POLICY_BITS_SERVICE);
	rank[POLICY_RANK_ROLE] = rank_bits(rule->roles, POLICY_BITS_ROLE);
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

static bool
spans_cover(const struct policy_spans *a, const struct policy_spans *b)
{
	if (a->count == 0)
		return true;
	for (size_t i = 0; i < b->count; i++) {
		bool held = false;

		for (size_t j = 0; j < a->count && !held; j++)
			held = a->at[j].lo <= b->at[i].lo &&
			       b->at[i].hi <= a->at[j].hi;
		if (!held)
			return false;
	}
	return b->count > 0;
}

static bool
addrs_cover(
	const struct policy_addr_spans *a, const struct policy_addr_spans *b)
{
	if (a->count == 0)
		return true;
	for (size_t i = 0; i < b->count; i++) {
		bool held = false;

		for (size_t j = 0; j < a->count && !held; j++)
			held = addr_compare(&a->at[j].lo, &b->at[i].lo) <= 0 &&
			       addr_compare(&b->at[i].hi, &a->at[j].hi) <= 0;
		if (!held)
			return false;
	}
	return b->count > 0;
}

static bool
who_covers(const struct policy_rule *a, const struct policy_rule *b)
{
	if (!names_somebody(a))
		return true;
	if (!names_somebody(b))
		return false;
	for (int k = POLICY_SPAN_USER; k <= POLICY_SPAN_GROUP; k++)
		if (b->spans[k].count > 0 &&
			(a->spans[k].count == 0 ||
				!spans_cover(&a->spans[k], &b->spans[k])))
			return false;
	return true;
}

/* The same globs, or b names what a glob of a takes in. */
static bool
ifaces_cover(const struct policy_ifaces *a, const struct policy_ifaces *b)
{
	if (a->count == 0)
		return true;
	for (size_t i = 0; i < b->count; i++) {
		bool held = false;

		for (size_t j = 0; j < a->count && !held; j++)
			held = strcmp(a->at[j].glob, b->at[i].glob) == 0 ||
			       (!strpbrk(b->at[i].glob, "*?") &&
				       policy_glob_match(
					       a->at[j].glob, b->at[i].glob));
		if (!held)
			return false;
	}
	return b->count > 0;
}

static bool
bits_cover(uint8_t a, uint8_t b)
{
	return a == 0 || (b != 0 && (b & ~a) == 0);
}

/* Requests that leave something open tell rules that deny from rules that
 * allow (see the head of the file). */
static bool
open_requests_cover(const struct policy_rule *a, const struct policy_rule *b)
{
	bool source = a->addrs[POLICY_ADDR_SRC].count > 0 ||
		      a->spans[POLICY_SPAN_SRC_PORT].count > 0;

	if (a->services != 0 && a->services != POLICY_BITS_SERVICE && a->deny &&
		!b->deny)
		return false;
	return !(source && !a->deny && b->deny);
}

bool
policy_rule_covers(const struct policy_rule *a, const struct policy_rule *b)
{
	static const enum policy_span_kind kinds[] = { POLICY_SPAN_PROTO,
		POLICY_SPAN_SRC_PORT, POLICY_SPAN_DST_PORT, POLICY_SPAN_DSCP };

	if ((b->scope & ~a->scope) != 0 || !who_covers(a, b))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!spans_cover(&a->spans[kinds[i]], &b->spans[kinds[i]]))
			return false;
	for (int k = 0; k < POLICY_ADDR_COUNT; k++)
		if (!addrs_cover(&a->addrs[k], &b->addrs[k]))
			return false;
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		if (!ifaces_cover(&a->ifaces[k], &b->ifaces[k]))
			return false;
	return bits_cover(a->services, b->services) &&
	       bits_cover(a->roles, b->roles) && open_requests_cover(a, b);
}

void
policy_rule_free(const struct alloc *alloc, struct policy_rule *rule)
{
	if (!rule)
		return;
	for (int k = 0; k < POLICY_SPAN_COUNT; k++)
		alloc_put(alloc, rule->spans[k].at);
	for (int k = 0; k < POLICY_ADDR_COUNT; k++)
		alloc_put(alloc, rule->addrs[k].at);
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		alloc_put(alloc, rule->ifaces[k].at);
	alloc_put(alloc, rule);
}

bool
policy_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= POLICY_NAME || name[0] == ' ' || name[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] < 0x20 || name[i] > 0x7e)
			return false;
	return true;
}

void
policy_set_free(struct policy_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; set->rules && i < set->n_rules; i++)
		policy_rule_free(set->alloc, set->rules[i]);
	alloc_put(set->alloc, set->rules);
	alloc_put(set->alloc, set->data);
	alloc_put(set->alloc, set->categories);
	alloc_put(set->alloc, set);
}
