/* SPDX-License-Identifier: ISC */

/*
 * Rules: whether one applies to a request.
 *
 * A request may leave things open: a Path names no service and no style yet, a
 * wildcard reservation no source.  Then a rule that allows gets the benefit
 * where more will be known later (service), and a rule that denies where
 * nothing more will be known (source): a Path goes through if some service may
 * be had, and a wildcard does not get around a denied source.
 */

#include "rule_int.h"

#include <string.h>
#include <strings.h>

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

bool
policy_rule_names_somebody(const struct policy_rule *rule)
{
	return rule->spans[POLICY_SPAN_USER].count > 0 ||
	       rule->spans[POLICY_SPAN_GROUP].count > 0 ||
	       rule->addrs[POLICY_ADDR_HOST].count > 0 ||
	       rule->names[POLICY_NAME_PRINCIPAL].count > 0 ||
	       rule->names[POLICY_NAME_SUBJECT].count > 0 ||
	       rule->names[POLICY_NAME_WHO_APPLICATION].count > 0;
}

static bool
is_member(const struct policy_spans *groups, const struct policy_request *q)
{
	if (groups->count == 0 || !q->who_known)
		return false;
	if (spans_hold(groups, q->gid))
		return true;
	for (size_t i = 0; i < q->n_groups; i++)
		if (spans_hold(groups, q->groups[i]))
			return true;
	return false;
}

static bool
principal_holds(const struct policy_globs *list, const char *principal)
{
	for (size_t i = 0; principal && i < list->count; i++)
		if (policy_glob_match(list->at[i].text, principal))
			return true;
	return false;
}

/* The name is the pattern or lies below it: it ends in it, after a comma. */
static bool
names_lie_below(const struct policy_globs *list, const char *dn)
{
	size_t n = dn ? strlen(dn) : 0;

	for (size_t i = 0; dn && i < list->count; i++) {
		size_t m = strlen(list->at[i].text);

		if (m <= n && strcasecmp(dn + n - m, list->at[i].text) == 0 &&
			(m == n || dn[n - m - 1] == ','))
			return true;
	}
	return false;
}

/* One of the locator's attributes, which commas separate, is as the glob
 * says. */
static bool
attribute_holds(const char *glob, const char *locator)
{
	char part[POLICY_GLOB];

	while (*locator != '\0') {
		size_t n = strcspn(locator, ",");

		if (n < sizeof(part)) {
			memcpy(part, locator, n);
			part[n] = '\0';
			if (policy_glob_match(glob, part))
				return true;
		}
		locator += n + (locator[n] == ',');
	}
	return false;
}

/* Every attribute of the pattern is met by one of the locator (RFC 2872). */
static bool
locator_holds(const char *pattern, const char *locator)
{
	char glob[POLICY_GLOB];

	while (*pattern != '\0') {
		size_t n = strcspn(pattern, ",");

		memcpy(glob, pattern, n); /* of a list, hence short enough */
		glob[n] = '\0';
		if (!attribute_holds(glob, locator))
			return false;
		pattern += n + (pattern[n] == ',');
	}
	return true;
}

static bool
application_holds(const struct policy_globs *list, const char *locator)
{
	for (size_t i = 0; locator && i < list->count; i++)
		if (locator_holds(list->at[i].text, locator))
			return true;
	return false;
}

/* Whoever has proved who it is: the kernel says so of a local process. */
static bool
is_identified(const struct policy_request *q)
{
	return q->who_known || q->principal || q->cert_subject;
}

/* What names somebody is one set: it is enough to be in one of the lists. */
static enum policy_condition
match_who(const struct policy_rule *rule, const struct policy_request *q)
{
	const struct policy_spans *users = &rule->spans[POLICY_SPAN_USER];
	const struct policy_addr_spans *hosts = &rule->addrs[POLICY_ADDR_HOST];
	const struct policy_globs *names = rule->names;

	if (!policy_rule_names_somebody(rule))
		return POLICY_HOLDS;
	if (users->count > 0 && q->who_known && spans_hold(users, q->uid))
		return POLICY_HOLDS;
	if (is_member(&rule->spans[POLICY_SPAN_GROUP], q) ||
		principal_holds(&names[POLICY_NAME_PRINCIPAL], q->principal) ||
		names_lie_below(&names[POLICY_NAME_SUBJECT], q->cert_subject) ||
		application_holds(
			&names[POLICY_NAME_WHO_APPLICATION], q->application))
		return POLICY_HOLDS;
	if (hosts->count > 0 && addrs_hold(hosts, &q->src))
		return POLICY_HOLDS;
	return is_identified(q) ? POLICY_FAILS_WHO : POLICY_FAILS_WHO_UNKNOWN;
}

/* What must hold of who asks besides. */
static enum policy_condition
match_person(const struct policy_rule *rule, const struct policy_request *q)
{
	const struct policy_globs *names = rule->names;
	uint8_t identified = is_identified(q) ? POLICY_BIT_YES : POLICY_BIT_NO;

	if (names[POLICY_NAME_APPLICATION].count > 0 &&
		!application_holds(
			&names[POLICY_NAME_APPLICATION], q->application))
		return POLICY_FAILS_APPLICATION;
	if (names[POLICY_NAME_ISSUER].count > 0 &&
		!names_lie_below(&names[POLICY_NAME_ISSUER], q->cert_issuer))
		return POLICY_FAILS_ISSUER;
	if (rule->identified != 0 && (rule->identified & identified) == 0)
		return POLICY_FAILS_IDENTIFIED;
	if (!addrs_hold(&rule->addrs[POLICY_ADDR_NEIGHBOUR], &q->neighbour))
		return POLICY_FAILS_NEIGHBOUR;
	return POLICY_HOLDS;
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
	return !rule->denies || rule->services == POLICY_BITS_SERVICE;
}

/* Senders that are not named yet are of the destination's family. */
static bool
may_send(const struct policy_addr_spans *sources, const struct addr *dst)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->at[i].lo.family == dst->family)
			return true;
	return sources->count == 0;
}

static enum policy_condition
match_source(const struct policy_rule *rule, const struct policy_request *q)
{
	const struct policy_addr_spans *addrs = &rule->addrs[POLICY_ADDR_SRC];
	const struct policy_spans *ports = &rule->spans[POLICY_SPAN_SRC_PORT];
	bool open = q->src.family == ADDR_NONE && rule->denies &&
		    may_send(addrs, &q->dst);

	if (!open && !addrs_hold(addrs, &q->src))
		return POLICY_FAILS_SRC;
	if (!open && !spans_hold(ports, q->src_port))
		return POLICY_FAILS_SRC_PORT;
	return POLICY_HOLDS;
}

/* A Path has no style yet. */
static bool
style_holds(const struct policy_rule *rule, uint8_t style)
{
	if (rule->styles == 0)
		return true;
	if (style != POLICY_STYLE_NONE)
		return (rule->styles & 1u << style) != 0;
	return !rule->denies || rule->styles == POLICY_BITS_STYLE;
}

static bool
is_multicast(const struct addr *a)
{
	return a->family == ADDR_V6 ? a->b[0] == 0xff
				    : (a->b[0] & 0xf0) == 0xe0;
}

static enum policy_condition
match_message(const struct policy_rule *rule, const struct policy_request *q)
{
	if (rule->roles != 0 && (rule->roles & 1u << q->role) == 0)
		return POLICY_FAILS_ROLE;
	if (rule->messages != 0 && (rule->messages & 1u << q->message) == 0)
		return POLICY_FAILS_MESSAGE;
	return POLICY_HOLDS;
}

static enum policy_condition
match_flow(const struct policy_rule *rule, const struct policy_request *q)
{
	uint8_t multicast =
		is_multicast(&q->dst) ? POLICY_BIT_YES : POLICY_BIT_NO;

	if (!spans_hold(&rule->spans[POLICY_SPAN_PROTO], q->proto))
		return POLICY_FAILS_PROTO;
	if (!addrs_hold(&rule->addrs[POLICY_ADDR_DST], &q->dst))
		return POLICY_FAILS_DST;
	if (rule->multicast != 0 && (rule->multicast & multicast) == 0)
		return POLICY_FAILS_MULTICAST;
	if (!spans_hold(&rule->spans[POLICY_SPAN_DST_PORT], q->dst_port))
		return POLICY_FAILS_DST_PORT;
	return match_source(rule, q);
}

static enum policy_condition
match_rest(const struct policy_rule *rule, const struct policy_request *q)
{
	if (!service_holds(rule, q->service))
		return POLICY_FAILS_SERVICE;
	if (!style_holds(rule, q->style))
		return POLICY_FAILS_STYLE;
	if (!all_ifaces_hold(rule, q))
		return POLICY_FAILS_IFACE;
	if (rule->spans[POLICY_SPAN_DSCP].count > 0)
		return POLICY_FAILS_DSCP;
	return POLICY_HOLDS;
}

bool
policy_rule_is_now(const struct policy_times *times,
	const struct policy_rule *rule, int64_t now_unix_s)
{
	if (rule->own_when != POLICY_NO_WHEN &&
		!policy_when_holds(
			times, &times->whens[rule->own_when], now_unix_s))
		return false;
	for (size_t i = 0; i < rule->whens.count; i++)
		if (policy_when_holds(times, &times->whens[rule->whens.at[i]],
			    now_unix_s))
			return true;
	return rule->whens.count == 0;
}

enum policy_condition
policy_rule_match(const struct policy_times *times,
	const struct policy_rule *rule, const struct policy_request *request)
{
	static enum policy_condition (*const parts[])(
		const struct policy_rule *rule,
		const struct policy_request *q) = { match_who, match_person,
		match_message, match_flow, match_rest };

	if (rule->disabled)
		return POLICY_FAILS_DISABLED;
	if ((rule->scope & POLICY_SCOPE_RSVP) == 0)
		return POLICY_FAILS_SCOPE;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		enum policy_condition failed = parts[i](rule, request);

		if (failed != POLICY_HOLDS)
			return failed;
	}
	return policy_rule_is_now(times, rule, request->now_unix_s)
		       ? POLICY_HOLDS
		       : POLICY_FAILS_TIME;
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
	for (int k = 0; k < POLICY_NAME_COUNT; k++)
		alloc_put(alloc, rule->names[k].at);
	alloc_put(alloc, rule->whens.at);
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

bool
policy_set_free_some(struct policy_set *set, size_t budget)
{
	for (size_t i = 0; set->rules && set->n_rules > 0 && i < budget; i++)
		policy_rule_free(set->alloc, set->rules[--set->n_rules]);
	if (set->rules && set->n_rules > 0)
		return false;
	alloc_put(set->alloc, set->rules);
	policy_times_done(set->alloc, &set->times);
	alloc_put(set->alloc, set->data);
	alloc_put(set->alloc, set->pools);
	alloc_put(set->alloc, set->categories);
	alloc_put(set->alloc, set);
	return true;
}

void
policy_set_free(struct policy_set *set)
{
	if (set)
		(void)policy_set_free_some(set, SIZE_MAX); /* all of it */
}
