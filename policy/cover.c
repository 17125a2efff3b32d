/* SPDX-License-Identifier: ISC */

/*
 * Two rules compared: whether the one leaves nothing for the other, and
 * whether they share a request.  In doubt it does not cover, and it overlaps.
 */

#include <string.h>

#include "rule_int.h"

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

/* Each of b's is among a's. */
static bool
globs_cover(const struct policy_globs *a, const struct policy_globs *b)
{
	for (size_t i = 0; i < b->count; i++) {
		bool held = false;

		for (size_t j = 0; j < a->count && !held; j++)
			held = strcmp(a->at[j].text, b->at[i].text) == 0;
		if (!held)
			return false;
	}
	return true;
}

/* Whom b names in any way, a names in the same way. */
static bool
who_covers(const struct policy_rule *a, const struct policy_rule *b)
{
	if (!policy_rule_names_somebody(a))
		return true;
	if (!policy_rule_names_somebody(b))
		return false;
	for (int k = POLICY_SPAN_USER; k <= POLICY_SPAN_GROUP; k++)
		if (b->spans[k].count > 0 &&
			(a->spans[k].count == 0 ||
				!spans_cover(&a->spans[k], &b->spans[k])))
			return false;
	for (int k = 0; k <= POLICY_NAME_WHO_APPLICATION; k++)
		if (!globs_cover(&a->names[k], &b->names[k]))
			return false;
	return b->addrs[POLICY_ADDR_HOST].count == 0 ||
	       (a->addrs[POLICY_ADDR_HOST].count > 0 &&
		       addrs_cover(&a->addrs[POLICY_ADDR_HOST],
			       &b->addrs[POLICY_ADDR_HOST]));
}

static bool
condition_globs_cover(
	const struct policy_globs *a, const struct policy_globs *b)
{
	return a->count == 0 || (b->count > 0 && globs_cover(a, b));
}

/* The same times, or a has none. */
static bool
time_covers(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->own_when != POLICY_NO_WHEN && a->own_when != b->own_when)
		return false;
	if (a->whens.count == 0)
		return true;
	for (size_t i = 0; i < b->whens.count; i++) {
		bool held = false;

		for (size_t j = 0; j < a->whens.count && !held; j++)
			held = a->whens.at[j] == b->whens.at[i];
		if (!held)
			return false;
	}
	return b->whens.count > 0;
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
 * allow (see rule.c). */
static bool
open_requests_cover(const struct policy_rule *a, const struct policy_rule *b)
{
	bool source = a->addrs[POLICY_ADDR_SRC].count > 0 ||
		      a->spans[POLICY_SPAN_SRC_PORT].count > 0;
	bool part = (a->services != 0 && a->services != POLICY_BITS_SERVICE) ||
		    (a->styles != 0 && a->styles != POLICY_BITS_STYLE);

	if (part && a->denies && !b->denies)
		return false;
	return !(source && !a->denies && b->denies);
}

static bool
bits_all_cover(const struct policy_rule *a, const struct policy_rule *b)
{
	return bits_cover(a->services, b->services) &&
	       bits_cover(a->roles, b->roles) &&
	       bits_cover(a->styles, b->styles) &&
	       bits_cover(a->messages, b->messages) &&
	       bits_cover(a->multicast, b->multicast) &&
	       bits_cover(a->identified, b->identified);
}

static const enum policy_span_kind span_kinds[] = { POLICY_SPAN_PROTO,
	POLICY_SPAN_SRC_PORT, POLICY_SPAN_DST_PORT, POLICY_SPAN_DSCP };
static const enum policy_addr_kind addr_kinds[] = { POLICY_ADDR_SRC,
	POLICY_ADDR_DST, POLICY_ADDR_NEIGHBOUR };

enum {
	SPAN_KINDS = sizeof(span_kinds) / sizeof(span_kinds[0]),
	ADDR_KINDS = sizeof(addr_kinds) / sizeof(addr_kinds[0])
};

bool
policy_rule_covers(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->disabled || a->goes_on || (b->scope & ~a->scope) != 0 ||
		!who_covers(a, b) || !bits_all_cover(a, b))
		return false;
	for (size_t i = 0; i < SPAN_KINDS; i++)
		if (!spans_cover(
			    &a->spans[span_kinds[i]], &b->spans[span_kinds[i]]))
			return false;
	for (size_t i = 0; i < ADDR_KINDS; i++)
		if (!addrs_cover(
			    &a->addrs[addr_kinds[i]], &b->addrs[addr_kinds[i]]))
			return false;
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		if (!ifaces_cover(&a->ifaces[k], &b->ifaces[k]))
			return false;
	for (int k = POLICY_NAME_APPLICATION; k < POLICY_NAME_COUNT; k++)
		if (!condition_globs_cover(&a->names[k], &b->names[k]))
			return false;
	return time_covers(a, b) && open_requests_cover(a, b);
}

/* ---- overlaps ----------------------------------------------------------- */

static bool
spans_meet(const struct policy_spans *a, const struct policy_spans *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (a->at[i].lo <= b->at[j].hi &&
				b->at[j].lo <= a->at[i].hi)
				return true;
	return a->count == 0 || b->count == 0;
}

static bool
addrs_meet(const struct policy_addr_spans *a, const struct policy_addr_spans *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (addr_compare(&a->at[i].lo, &b->at[j].hi) <= 0 &&
				addr_compare(&b->at[j].lo, &a->at[i].hi) <= 0)
				return true;
	return a->count == 0 || b->count == 0;
}

/* Longer pairs of globs are said to meet. */
enum { GLOBS_MAX = 2 * POLICY_IFACE };

/* Whether the ends of two globs meet, by where they begin. */
struct globs {
	bool meet[GLOBS_MAX + 1][GLOBS_MAX + 1];
};

/* From those of the ends that begin later. */
static bool
ends_meet(
	const struct globs *g, const char *a, const char *b, size_t i, size_t j)
{
	/* Either may take a character of its own while the other's '*' takes
	 * it in. */
	if (a[i] == '*')
		return g->meet[i + 1][j] || (b[j] != '\0' && g->meet[i][j + 1]);
	if (b[j] == '*')
		return g->meet[i][j + 1] || (a[i] != '\0' && g->meet[i + 1][j]);
	if (a[i] == '\0' || b[j] == '\0')
		return a[i] == b[j];
	return (a[i] == b[j] || a[i] == '?' || b[j] == '?') &&
	       g->meet[i + 1][j + 1];
}

bool
policy_globs_meet(const char *a, const char *b)
{
	const size_t a_len = strlen(a);
	const size_t b_len = strlen(b);
	struct globs g = { 0 };

	if (a_len + b_len > GLOBS_MAX)
		return true;
	for (size_t i = a_len + 1; i-- > 0;)
		for (size_t j = b_len + 1; j-- > 0;)
			g.meet[i][j] = ends_meet(&g, a, b, i, j);
	return g.meet[0][0];
}

static bool
ifaces_meet(const struct policy_ifaces *a, const struct policy_ifaces *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (policy_globs_meet(a->at[i].glob, b->at[j].glob))
				return true;
	return a->count == 0 || b->count == 0;
}

static bool
bits_meet(uint8_t a, uint8_t b)
{
	return a == 0 || b == 0 || (a & b) != 0;
}

static bool
bits_all_meet(const struct policy_rule *a, const struct policy_rule *b)
{
	return bits_meet(a->services, b->services) &&
	       bits_meet(a->roles, b->roles) &&
	       bits_meet(a->styles, b->styles) &&
	       bits_meet(a->messages, b->messages) &&
	       bits_meet(a->multicast, b->multicast) &&
	       bits_meet(a->identified, b->identified);
}

/* Somebody can be a user of the one and a member of the group of the other:
 * only plain users are told apart. */
static bool
who_meets(const struct policy_rule *a, const struct policy_rule *b)
{
	bool plain = a->rank[POLICY_RANK_WHO] == b->rank[POLICY_RANK_WHO] &&
		     a->spans[POLICY_SPAN_USER].count > 0 &&
		     b->spans[POLICY_SPAN_USER].count > 0 &&
		     a->spans[POLICY_SPAN_GROUP].count == 0 &&
		     a->addrs[POLICY_ADDR_HOST].count == 0;

	for (int k = 0; k <= POLICY_NAME_WHO_APPLICATION; k++)
		plain = plain && a->names[k].count == 0 &&
			b->names[k].count == 0;
	return !plain || spans_meet(&a->spans[POLICY_SPAN_USER],
				 &b->spans[POLICY_SPAN_USER]);
}

bool
policy_rule_overlaps(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->disabled || b->disabled || (a->scope & b->scope) == 0 ||
		!bits_all_meet(a, b) || !who_meets(a, b))
		return false;
	for (size_t i = 0; i < SPAN_KINDS; i++)
		if (!spans_meet(
			    &a->spans[span_kinds[i]], &b->spans[span_kinds[i]]))
			return false;
	for (size_t i = 0; i < ADDR_KINDS; i++)
		if (!addrs_meet(
			    &a->addrs[addr_kinds[i]], &b->addrs[addr_kinds[i]]))
			return false;
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		if (!ifaces_meet(&a->ifaces[k], &b->ifaces[k]))
			return false;
	return true;
}
