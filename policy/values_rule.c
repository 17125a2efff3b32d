/* SPDX-License-Identifier: ISC */

/*
 * The keys of rules: who, what, and which come first.  Names of users and
 * groups become numbers here.
 */

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values_int.h"

static bool
read_priority(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_rule *r = (struct source_rule *)target;
	bool minus = value[0] == '-';
	const char *p = value + minus;
	uint64_t v;

	(void)key; /* one field */
	if (!value_number(&p, '\0', INT32_MAX, &v) || *p != '\0')
		return value_no(why, value,
			"is not a whole number of -2147483647 to 2147483647 "
			"(larger is tried first)");
	r->rule->priority = minus ? -(int32_t)v : (int32_t)v;
	return true;
}

static bool
read_rule_name(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	(void)key; /* one field */
	return value_name(
		((struct source_rule *)target)->rule->name, value, why);
}

static bool
read_permission_rule(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	int v = value_word(value_permissions, value, why);

	(void)key; /* one field */
	((struct source_rule *)target)->rule->deny = v == 1;
	return v >= 0;
}

static bool
read_scope(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = { { "RSVP",
							    POLICY_SCOPE_RSVP },
		{ "DataTraffic", POLICY_SCOPE_DATA },
		{ "Both", POLICY_SCOPE_BOTH }, { NULL, 0 } };
	struct source_rule *r = (struct source_rule *)target;
	int v = value_word(words, value, why);

	(void)key; /* one field */
	if (v < 0)
		return false;
	r->rule->scope = (uint8_t)v;
	r->scope_set = true;
	return true;
}

static bool
read_role(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = {
		{ "sender", 1 << POLICY_SENDER },
		{ "receiver", 1 << POLICY_RECEIVER },
		{ "transit", 1 << POLICY_TRANSIT }, { NULL, 0 }
	};
	struct source_rule *r = (struct source_rule *)target;
	int v = value_word(words, value, why);

	(void)key; /* one field */
	if (v < 0)
		return false;
	r->rule->roles |= (uint8_t)v;
	return true;
}

static bool
read_service(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = { { "GS", POLICY_BIT_GS },
		{ "CL", POLICY_BIT_CL }, { "Guaranteed", POLICY_BIT_GS },
		{ "ControlledLoad", POLICY_BIT_CL }, { NULL, 0 } };
	struct source_rule *r = (struct source_rule *)target;
	int v = value_word(words, value, why);

	(void)key; /* one field */
	if (v < 0)
		return false;
	r->rule->services |= (uint8_t)v;
	return true;
}

/* ---- sets of words, as bits --------------------------------------------- */

static bool
add_bits(const struct policy_word *words, const char *value, uint8_t *bits,
	struct text *why)
{
	int v = value_word(words, value, why);

	if (v < 0)
		return false;
	*bits |= (uint8_t)v;
	return true;
}

static bool
read_style(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = {
		{ "WF", 1 << POLICY_STYLE_WF }, { "FF", 1 << POLICY_STYLE_FF },
		{ "SE", 1 << POLICY_STYLE_SE }, { NULL, 0 }
	};

	(void)key; /* one field */
	return add_bits(words, value,
		&((struct source_rule *)target)->rule->styles, why);
}

static bool
read_message(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = { { "path",
							    1 << POLICY_PATH },
		{ "resv", 1 << POLICY_RESV }, { NULL, 0 } };

	(void)key; /* one field */
	return add_bits(words, value,
		&((struct source_rule *)target)->rule->messages, why);
}

static const struct policy_word answers[] = { { "yes", POLICY_BIT_YES },
	{ "no", POLICY_BIT_NO }, { "true", POLICY_BIT_YES },
	{ "false", POLICY_BIT_NO }, { "any", 0 }, { NULL, 0 } };

static bool
read_multicast(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	(void)key; /* one field */
	return add_bits(answers, value,
		&((struct source_rule *)target)->rule->multicast, why);
}

static bool
read_authenticated(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	(void)key; /* one field */
	return add_bits(answers, value,
		&((struct source_rule *)target)->rule->identified, why);
}

static const struct policy_word truths[] = { { "yes", 1 }, { "no", 0 },
	{ "true", 1 }, { "false", 0 }, { NULL, 0 } };

static bool
read_enabled(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	int v = value_word(truths, value, why);

	(void)key; /* one field */
	((struct source_rule *)target)->rule->disabled = v == 0;
	return v >= 0;
}

static bool
read_continue(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	int v = value_word(truths, value, why);

	(void)key; /* one field */
	((struct source_rule *)target)->rule->goes_on = v == 1;
	return v >= 0;
}

/* The name of a schedule, resolved later. */
static bool
read_schedule(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_names *list = VALUE_TARGET(struct source_names);
	void *p = value_room(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct source_name *)p;
	if (!value_name(list->at[list->count].text, value, why))
		return false;
	list->count++;
	return true;
}

/* ---- who ---------------------------------------------------------------- */

enum { LOOKUP_SIZE = 65536 };

static bool
find_user(const char *name, uint32_t *ret)
{
	char *buf = (char *)malloc(LOOKUP_SIZE);
	struct passwd pw;
	struct passwd *found = NULL;

	if (buf && getpwnam_r(name, &pw, buf, LOOKUP_SIZE, &found) == 0 &&
		found)
		*ret = pw.pw_uid;
	free(buf);
	return found != NULL;
}

static bool
find_group(const char *name, uint32_t *ret)
{
	char *buf = (char *)malloc(LOOKUP_SIZE);
	struct group gr;
	struct group *found = NULL;

	if (buf && getgrnam_r(name, &gr, buf, LOOKUP_SIZE, &found) == 0 &&
		found)
		*ret = gr.gr_gid;
	free(buf);
	return found != NULL;
}

static struct policy_spans *
spans_of(void *target, const struct source_key *key)
{
	return &((struct source_rule *)target)->rule->spans[key->offset];
}

static bool
read_who(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_spans *list = spans_of(target, key);
	bool user = key->offset == POLICY_SPAN_USER;
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (value_span(value, UINT32_MAX, &lo, &hi))
		return value_add_span(list, lo, hi, why);
	if (isdigit((unsigned char)value[0]))
		return value_no(why, value,
			"is neither a number nor a range, lower first "
			"(\"1000-1999\")");
	if (!(user ? find_user(value, &lo) : find_group(value, &lo)))
		return value_no(why, value,
			user ? "is not a user of this host (use a number, or "
			       "create the user)"
			     : "is not a group of this host (use a number, or "
			       "create the group)");
	return value_add_span(list, lo, lo, why);
}

/* A name or pattern of one kind. */
static bool
read_glob(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_globs *list =
		&((struct source_rule *)target)->rule->names[key->offset];
	size_t n = strlen(value);
	void *p;

	for (size_t i = 0; i < n; i++)
		if (value[i] < 0x20 || value[i] > 0x7e)
			n = 0;
	if (n == 0 || n >= POLICY_GLOB)
		return value_no(why, value,
			"is not a name (1 to 127 printable ASCII characters)");
	p = value_room(list->at, list->count, sizeof(*list->at), why);
	if (!p)
		return false;
	list->at = (struct policy_glob *)p;
	return text_copy(list->at[list->count++].text, POLICY_GLOB, value);
}

/* ---- what --------------------------------------------------------------- */

static bool
read_proto(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word words[] = { { "tcp", 6 }, { "udp", 17 },
		{ "icmp", 1 }, { "icmp6", 58 }, { "ipv6-icmp", 58 },
		{ "sctp", 132 }, { "dccp", 33 }, { "udplite", 136 },
		{ NULL, 0 } };
	struct policy_spans *list = spans_of(target, key);
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (!value_span(value, UINT8_MAX, &lo, &hi)) {
		int v = value_word(words, value, why);

		if (v < 0)
			text_add(why, ", nor a number from 0 to 255");
		if (v < 0)
			return false;
		lo = hi = (uint32_t)v;
	}
	return value_add_span(list, lo, hi, why);
}

static bool
read_ports(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (!value_span(value, UINT16_MAX, &lo, &hi))
		return value_no(why, value,
			"is not a port from 0 to 65535 or a range, "
			"lower first (\"5004-5100\")");
	return value_add_span(spans_of(target, key), lo, hi, why);
}

static bool
read_dscps(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint64_t v;
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (value_dscp(value, &v))
		return value_add_span(
			spans_of(target, key), (uint32_t)v, (uint32_t)v, why);
	if (!value_span(value, POLICY_DSCP_MAX, &lo, &hi))
		return value_no(why, value,
			"is neither a code point (a number from 0 to 63, or a "
			"name like EF, AF41, CS1, LE, BE) nor a range");
	return value_add_span(spans_of(target, key), lo, hi, why);
}

static bool
add_addr_span(struct policy_addr_spans *list,
	const struct policy_addr_span *span, struct text *why)
{
	void *p = value_room(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct policy_addr_span *)p;
	list->at[list->count++] = *span;
	return true;
}

/* Set the bits of hi that the prefix leaves open. */
static struct policy_addr_span
prefix_span(const struct addr_prefix *prefix)
{
	struct policy_addr_span s = { prefix->addr, prefix->addr };

	for (size_t i = prefix->len; i < addr_size(s.hi.family) * 8; i++)
		s.hi.b[i / 8] |= (uint8_t)(0x80u >> i % 8);
	return s;
}

/* "LO-HI" */
static bool
parse_addr_range(const char *value, struct policy_addr_span *ret)
{
	char lo[ADDR_TEXT];
	const char *dash = strchr(value, '-');

	if (!dash || (size_t)(dash - value) >= sizeof(lo))
		return false;
	memcpy(lo, value, (size_t)(dash - value));
	lo[dash - value] = '\0';
	return addr_parse(lo, &ret->lo) && addr_parse(dash + 1, &ret->hi) &&
	       ret->lo.family == ret->hi.family &&
	       addr_compare(&ret->lo, &ret->hi) <= 0;
}

static bool
host_bits_set(const char *value)
{
	char addr[ADDR_TEXT];
	struct addr a;
	const char *slash = strchr(value, '/');

	if (!slash || (size_t)(slash - value) >= sizeof(addr))
		return false;
	memcpy(addr, value, (size_t)(slash - value));
	addr[slash - value] = '\0';
	return addr_parse(addr, &a) &&
	       strspn(slash + 1, "0123456789") == strlen(slash + 1) &&
	       slash[1] != '\0' &&
	       strtoul(slash + 1, NULL, 10) <= addr_size(a.family) * 8;
}

static bool
read_addrs(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_addr_spans *list =
		&((struct source_rule *)target)->rule->addrs[key->offset];
	struct addr_prefix prefix;
	struct policy_addr_span span;

	if (addr_prefix_parse(value, &prefix)) {
		span = prefix_span(&prefix);
		return add_addr_span(list, &span, why);
	}
	if (parse_addr_range(value, &span))
		return add_addr_span(list, &span, why);
	if (host_bits_set(value))
		return value_no(why, value,
			"has bits set beyond its length (write the network's "
			"own address, like 10.20.0.0/16)");
	return value_no(why, value,
		"is not an address, prefix (10.20.0.0/16) or range, lower "
		"first (10.0.0.1-10.0.0.9)");
}

static bool
read_iface(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_ifaces *list =
		&((struct source_rule *)target)->rule->ifaces[key->offset];

	if (value[0] == '\0' || strlen(value) >= POLICY_IFACE ||
		!policy_name_valid(value))
		return value_no(why, value,
			"is not an interface name (up to 15 characters, * and "
			"? allowed)");

	void *p = value_room(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct policy_iface *)p;
	return text_copy(list->at[list->count++].glob, POLICY_IFACE, value);
}

/* ---- the classic attributes of the directory ---------------------------- */

/* "0.0.0.0-0.0.0.0" means any. */
static bool
read_classic_addrs(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	if (strcmp(value, "0.0.0.0-0.0.0.0") == 0)
		return true;
	return read_addrs(key, value, target, why);
}

/* "0-0" means any; several, separated by commas, are ours. */
static bool
read_classic_ports(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct source_key one = *key;

	if (strcmp(value, "0-0") == 0 || strcmp(value, "0") == 0)
		return true;
	one.read = read_ports;
	return value_each_part(&one, value, target, why);
}

static bool
read_classic_protos(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct source_key one = *key;

	one.read = read_proto;
	return value_each_part(&one, value, target, why);
}

/* ---- the table ---------------------------------------------------------- */

/* clang-format off */
#define RULE(member) offsetof(struct source_rule, member)

static const struct source_key rule_keys[] = {
	/* The members of an identity. */
	{ "users", "qosUser", true, read_who, POLICY_SPAN_USER, 0 },
	{ "groups", "qosGroup", true, read_who, POLICY_SPAN_GROUP, 0 },
	{ "principals", "qosPrincipal", true, read_glob, POLICY_NAME_PRINCIPAL, 0 },
	{ "certSubjects", "qosCertSubject", true, read_glob, POLICY_NAME_SUBJECT, 0 },
	{ "applications", NULL, true, read_glob, POLICY_NAME_WHO_APPLICATION, 0 },
	{ "hosts", NULL, true, read_addrs, POLICY_ADDR_HOST, 0 },
	/* The rest. */
	{ "name", "PolicyName", false, read_rule_name, 0, 0 },
	{ "enabled", "qosEnabled", false, read_enabled, 0, 0 },
	{ "scope", "PolicyScope", false, read_scope, 0, 0 },
	{ "priority", "PolicyRulePriority", false, read_priority, 0, 0 },
	{ "permission", "qosPermission", false, read_permission_rule, 0, 0 },
	{ "continue", "qosContinue", false, read_continue, 0, 0 },
	{ "category", "ServiceReference", false, value_read_name, RULE(category), 0 },
	{ "who", NULL, true, NULL, 0, 0 },
	{ "application", "qosApplication", true, read_glob, POLICY_NAME_APPLICATION, 0 },
	{ "certIssuer", "qosCertIssuer", true, read_glob, POLICY_NAME_ISSUER, 0 },
	{ "authenticated", "qosAuthenticated", false, read_authenticated, 0, 0 },
	{ "neighbour", "qosNeighbor", true, read_addrs, POLICY_ADDR_NEIGHBOUR, 0 },
	{ "role", "qosRole", true, read_role, 0, 0 },
	{ "message", "qosMessage", true, read_message, 0, 0 },
	{ "protocol", NULL, true, read_proto, POLICY_SPAN_PROTO, 0 },
	{ NULL, "ProtocolNumber", false, read_classic_protos, POLICY_SPAN_PROTO, 0 },
	{ "source", "qosSourcePrefix", true, read_addrs, POLICY_ADDR_SRC, 0 },
	{ "destination", "qosDestinationPrefix", true, read_addrs, POLICY_ADDR_DST, 0 },
	{ NULL, "SourceAddressRange", false, read_classic_addrs, POLICY_ADDR_SRC, 0 },
	{ NULL, "DestinationAddressRange", false, read_classic_addrs, POLICY_ADDR_DST, 0 },
	{ "sourcePorts", NULL, true, read_ports, POLICY_SPAN_SRC_PORT, 0 },
	{ "destPorts", NULL, true, read_ports, POLICY_SPAN_DST_PORT, 0 },
	{ NULL, "SourcePortRange", false, read_classic_ports, POLICY_SPAN_SRC_PORT, 0 },
	{ NULL, "DestinationPortRange", false, read_classic_ports, POLICY_SPAN_DST_PORT, 0 },
	{ "multicast", "qosMulticast", false, read_multicast, 0, 0 },
	{ "service", "qosService", true, read_service, 0, 0 },
	{ "style", "qosStyle", true, read_style, 0, 0 },
	{ "interface", "qosInterface", true, read_iface, POLICY_IFACE_ANY, 0 },
	{ "inInterface", "qosInInterface", true, read_iface, POLICY_IFACE_IN, 0 },
	{ "outInterface", "qosOutInterface", true, read_iface, POLICY_IFACE_OUT, 0 },
	{ "dscp", "qosDscp", true, read_dscps, POLICY_SPAN_DSCP, 0 },
	{ "when", NULL, true, read_schedule, RULE(schedules), 0 },
	{ "time", "qosTimeOfDay", true, value_read_daytimes, RULE(own), 0 },
	{ "days", "qosDaysOfWeek", true, value_read_days, RULE(own), 0 },
	{ "monthDays", "qosDaysOfMonth", true, value_read_month_days, RULE(own), 0 },
	{ "months", "qosMonthsOfYear", true, value_read_months, RULE(own), 0 },
	{ "validFrom", "qosValidFrom", false, value_read_from, RULE(own), 0 },
	{ "validUntil", "qosValidUntil", false, value_read_until, RULE(own), 0 },
	{ "zone", "qosTimeZone", false, value_read_zone, RULE(own), 0 },
};
/* clang-format on */

enum { IDENTITY_ROWS = 6 };

const struct source_key *
source_rule_keys(size_t *ret_count)
{
	*ret_count = sizeof(rule_keys) / sizeof(rule_keys[0]);
	return rule_keys;
}

const struct source_key *
source_identity_keys(size_t *ret_count)
{
	*ret_count = IDENTITY_ROWS;
	return rule_keys;
}

static bool
add_all_globs(const struct policy_globs *from, struct policy_globs *to,
	struct text *why)
{
	for (size_t i = 0; i < from->count; i++) {
		void *p = value_room(to->at, to->count, sizeof(*to->at), why);

		if (!p)
			return false;
		to->at = (struct policy_glob *)p;
		to->at[to->count++] = from->at[i];
	}
	return true;
}

bool
source_identity_add(const struct policy_rule *from, struct policy_rule *to,
	struct text *why)
{
	const struct policy_addr_spans *hosts = &from->addrs[POLICY_ADDR_HOST];

	for (int k = POLICY_SPAN_USER; k <= POLICY_SPAN_GROUP; k++)
		for (size_t i = 0; i < from->spans[k].count; i++)
			if (!value_add_span(&to->spans[k],
				    from->spans[k].at[i].lo,
				    from->spans[k].at[i].hi, why))
				return false;
	for (int k = 0; k <= POLICY_NAME_WHO_APPLICATION; k++)
		if (!add_all_globs(&from->names[k], &to->names[k], why))
			return false;
	for (size_t i = 0; i < hosts->count; i++)
		if (!add_addr_span(
			    &to->addrs[POLICY_ADDR_HOST], &hosts->at[i], why))
			return false;
	return true;
}
