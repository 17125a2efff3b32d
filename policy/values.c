/* SPDX-License-Identifier: ISC */

/*
 * The keys of rules and categories, for policy.conf and for the directory
 * alike, and how the text of a value becomes a condition or a bound.  Names of
 * users and groups become numbers here.
 */

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/source.h"

#define TARGET(type) ((type *)(void *)((char *)target + key->offset))

static bool
no(struct text *why, const char *value, const char *what)
{
	text_add(why, "\"");
	text_add_escaped(why, value, strnlen(value, 80));
	text_printf(why, "\" %s", what);
	return false;
}

/* ---- growing lists of a rule -------------------------------------------- */

/* A larger copy of a list when it is full; NULL and why for no room. */
static void *
one_more(void *at, size_t count, size_t size, struct text *why)
{
	if (count >= POLICY_LIST_MAX) {
		text_printf(why, "more than %d values", POLICY_LIST_MAX);
		return NULL;
	}
	if (count > 0 && (count & (count - 1)) != 0)
		return at; /* room up to the next power of two */

	size_t room = count == 0 ? 1 : count * 2;
	void *p = reallocarray(at, room, size);

	if (!p)
		text_add(why, "no memory");
	return p;
}

static bool
add_span(struct policy_spans *list, uint32_t lo, uint32_t hi, struct text *why)
{
	void *p = one_more(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct policy_span *)p;
	list->at[list->count++] = (struct policy_span){ lo, hi };
	return true;
}

static bool
add_addr_span(struct policy_addr_spans *list,
	const struct policy_addr_span *span, struct text *why)
{
	void *p = one_more(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct policy_addr_span *)p;
	list->at[list->count++] = *span;
	return true;
}

/* ---- numbers ------------------------------------------------------------ */

/* Digits up to the end or the stop character. */
static bool
take_number(const char **s, char stop, uint64_t most, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > most)
			return false;
	}
	if (*p != stop && *p != '\0')
		return false;
	*s = p;
	*ret = v;
	return true;
}

/* "N" or "N-M" */
static bool
parse_span(const char *value, uint64_t most, uint32_t *ret_lo, uint32_t *ret_hi)
{
	uint64_t lo;
	uint64_t hi;
	const char *p = value;

	if (!take_number(&p, '-', most, &lo))
		return false;
	hi = lo;
	if (*p == '-') {
		p++;
		if (!take_number(&p, '\0', most, &hi))
			return false;
	}
	*ret_lo = (uint32_t)lo;
	*ret_hi = (uint32_t)hi;
	return lo <= hi;
}

bool
source_seconds(const char *value, uint32_t *ret_s)
{
	static const struct {
		char unit;
		uint32_t s;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 } };
	char *end;

	if (!isdigit((unsigned char)*value))
		return false;

	unsigned long n = strtoul(value, &end, 10);

	if (*end != '\0' && end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == *end && n <= UINT32_MAX / units[i].s) {
			*ret_s = (uint32_t)n * units[i].s;
			return true;
		}
	return false;
}

static bool
read_rate(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return text_parse_rate(value, TARGET(uint64_t)) ||
	       no(why, value, "is not a rate (write it like \"2 Mbit\")");
}

static bool
read_size(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return text_parse_size(value, TARGET(uint64_t)) ||
	       no(why, value, "is not a size (write it like \"16 kB\")");
}

static bool
read_count(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;

	if (take_number(&p, '\0', key->most, TARGET(uint64_t)) && *p == '\0')
		return true;
	(void)no(why, value, "is not a whole number from 0 to ");
	text_printf(why, "%llu", (unsigned long long)key->most);
	return false;
}

static bool
read_priority(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_rule *r = (struct source_rule *)target;
	bool minus = value[0] == '-';
	const char *p = value + minus;
	uint64_t v;

	(void)key; /* one field */
	if (!take_number(&p, '\0', INT32_MAX, &v) || *p != '\0')
		return no(why, value,
			"is not a whole number of -2147483647 to 2147483647 "
			"(larger is tried first)");
	r->rule->priority = minus ? -(int32_t)v : (int32_t)v;
	return true;
}

/* ---- words -------------------------------------------------------------- */

struct word {
	const char *text;
	uint8_t value;
};

/* Value of the word, or -1 and why, with the words there are. */
static int
find_word(const struct word *words, const char *value, struct text *why)
{
	for (const struct word *w = words; w->text; w++)
		if (strcasecmp(w->text, value) == 0)
			return w->value;
	(void)no(why, value, "is none of:");
	for (const struct word *w = words; w->text; w++)
		text_printf(why, " %s", w->text);
	return -1;
}

static const struct word permissions[] = { { "allow", 0 }, { "deny", 1 },
	{ NULL, 0 } };

static bool
read_permission_rule(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	int v = find_word(permissions, value, why);

	(void)key; /* one field */
	((struct source_rule *)target)->rule->deny = v == 1;
	return v >= 0;
}

static bool
read_permission_category(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	int v = find_word(permissions, value, why);

	(void)key; /* one field */
	((struct source_category *)target)->category.deny = v == 1;
	return v >= 0;
}

static bool
read_scope(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct word words[] = { { "RSVP", POLICY_SCOPE_RSVP },
		{ "DataTraffic", POLICY_SCOPE_DATA },
		{ "Both", POLICY_SCOPE_BOTH }, { NULL, 0 } };
	struct source_rule *r = (struct source_rule *)target;
	int v = find_word(words, value, why);

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
	static const struct word words[] = { { "sender", 1 << POLICY_SENDER },
		{ "receiver", 1 << POLICY_RECEIVER },
		{ "transit", 1 << POLICY_TRANSIT }, { NULL, 0 } };
	struct source_rule *r = (struct source_rule *)target;
	int v = find_word(words, value, why);

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
	static const struct word words[] = { { "GS", POLICY_BIT_GS },
		{ "CL", POLICY_BIT_CL }, { "Guaranteed", POLICY_BIT_GS },
		{ "ControlledLoad", POLICY_BIT_CL }, { NULL, 0 } };
	struct source_rule *r = (struct source_rule *)target;
	int v = find_word(words, value, why);

	(void)key; /* one field */
	if (v < 0)
		return false;
	r->rule->services |= (uint8_t)v;
	return true;
}

/* A number for which words stand. */
static bool
read_word(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const struct policy_word *words =
		policy_unit_words((enum policy_unit)key->most);

	for (const struct policy_word *w = words; w->text; w++)
		if (strcasecmp(w->text, value) == 0) {
			*TARGET(uint64_t) = w->value;
			return true;
		}
	(void)no(why, value, "is none of:");
	for (const struct policy_word *w = words; w->text; w++)
		text_printf(why, " %s", w->text);
	return false;
}

static bool
parse_dscp(const char *value, uint64_t *ret)
{
	const char *p = value;

	for (const struct policy_word *w = policy_unit_words(POLICY_UNIT_DSCP);
		w->text; w++)
		if (strcasecmp(w->text, value) == 0) {
			*ret = w->value;
			return true;
		}
	return take_number(&p, '\0', POLICY_DSCP_MAX, ret) && *p == '\0';
}

static bool
read_dscp(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return parse_dscp(value, TARGET(uint64_t)) ||
	       no(why, value,
		       "is not a code point (a number from 0 to 63, or a name "
		       "like EF, AF41, CS1, LE, BE)");
}

/*
 * OutgoingTOS: up to eight binary digits, from the left of the octet.  The
 * code point is its upper six bits; all zero means no mark.
 */
static bool
read_tos(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	size_t n = strspn(value, "01");
	uint8_t tos = 0;

	if (n == 0 || n > 8 || value[n] != '\0')
		return no(why, value, "is not one to eight binary digits");
	for (size_t i = 0; i < n; i++)
		tos |= (uint8_t)((unsigned)(value[i] - '0') << (7 - i));
	if (tos >> 2 != 0)
		*TARGET(uint64_t) = tos >> 2;
	return true;
}

static bool
read_flow_service(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint64_t service = POLICY_SERVICE_ANY;
	struct source_key one = *key;
	bool good;

	one.offset = 0;
	one.most = POLICY_UNIT_SERVICE;
	good = read_word(&one, value, &service, why);
	((struct source_category *)target)->flow_service = (uint8_t)service;
	return good;
}

static bool
copy_name(char name[POLICY_NAME], const char *value, struct text *why)
{
	if (!policy_name_valid(value))
		return no(why, value,
			"is not a name (1 to 63 printable ASCII characters)");
	return text_copy(name, POLICY_NAME, value);
}

static bool
read_rule_name(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	(void)key; /* one field */
	return copy_name(
		((struct source_rule *)target)->rule->name, value, why);
}

static bool
read_name(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return copy_name(TARGET(char), value, why);
}

/* ---- who ---------------------------------------------------------------- */

enum { LOOKUP_SIZE = 65536, KILOBIT_OCTETS = 125 };

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

	if (parse_span(value, UINT32_MAX, &lo, &hi))
		return add_span(list, lo, hi, why);
	if (isdigit((unsigned char)value[0]))
		return no(why, value,
			"is neither a number nor a range, lower first "
			"(\"1000-1999\")");
	if (!(user ? find_user(value, &lo) : find_group(value, &lo)))
		return no(why, value,
			user ? "is not a user of this host (use a number, or "
			       "create the user)"
			     : "is not a group of this host (use a number, or "
			       "create the group)");
	return add_span(list, lo, lo, why);
}

/* ---- what --------------------------------------------------------------- */

/* Each part of "a,b,c" in turn. */
static bool
each_part(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	char copy[SOURCE_VALUE];
	char *rest = copy;
	char *part;
	if (!text_copy(copy, sizeof(copy), value))
		return no(why, value, "is too long");
	while ((part = strsep(&rest, ","))) {
		part += strspn(part, " ");
		part[strcspn(part, " ")] = '\0';
		if (!key->read(key, part, target, why))
			return false;
	}
	return true;
}

static bool
read_proto(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct word words[] = { { "tcp", 6 }, { "udp", 17 },
		{ "icmp", 1 }, { "icmp6", 58 }, { "ipv6-icmp", 58 },
		{ "sctp", 132 }, { "dccp", 33 }, { "udplite", 136 },
		{ NULL, 0 } };
	struct policy_spans *list = spans_of(target, key);
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (!parse_span(value, UINT8_MAX, &lo, &hi)) {
		int v = find_word(words, value, why);

		if (v < 0)
			text_add(why, ", nor a number from 0 to 255");
		if (v < 0)
			return false;
		lo = hi = (uint32_t)v;
	}
	return add_span(list, lo, hi, why);
}

static bool
read_ports(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (!parse_span(value, UINT16_MAX, &lo, &hi))
		return no(why, value,
			"is not a port from 0 to 65535 or a range, "
			"lower first (\"5004-5100\")");
	return add_span(spans_of(target, key), lo, hi, why);
}

static bool
read_dscps(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint64_t v;
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (parse_dscp(value, &v))
		return add_span(
			spans_of(target, key), (uint32_t)v, (uint32_t)v, why);
	if (!parse_span(value, POLICY_DSCP_MAX, &lo, &hi))
		return no(why, value,
			"is neither a code point (a number from 0 to 63, or a "
			"name like EF, AF41, CS1, LE, BE) nor a range");
	return add_span(spans_of(target, key), lo, hi, why);
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
		return no(why, value,
			"has bits set beyond its length (write the network's "
			"own address, like 10.20.0.0/16)");
	return no(why, value,
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
		return no(why, value,
			"is not an interface name (up to 15 characters, * and "
			"? allowed)");

	void *p = one_more(list->at, list->count, sizeof(*list->at), why);

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
	return each_part(&one, value, target, why);
}

static bool
read_classic_protos(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct source_key one = *key;

	one.read = read_proto;
	return each_part(&one, value, target, why);
}

/* A bare number is kilobit a second, as for the classic MaxRate. */
static bool
read_kilobit_rate(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;
	uint64_t kilobit;

	if (!take_number(&p, '\0', UINT32_MAX, &kilobit) || *p != '\0')
		return read_rate(key, value, target, why);
	*TARGET(uint64_t) = kilobit * KILOBIT_OCTETS;
	return true;
}

/* A bare number is kilobit, as for the classic MaxTokenBucket. */
static bool
read_kilobit_size(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;
	uint64_t kilobit;

	if (!take_number(&p, '\0', UINT32_MAX, &kilobit) || *p != '\0')
		return read_size(key, value, target, why);
	*TARGET(uint64_t) = kilobit * KILOBIT_OCTETS;
	return true;
}

/* ---- the tables --------------------------------------------------------- */

#define CATEGORY(member) offsetof(struct source_category, category.member)
/* clang-format off */
static const struct source_key category_keys[] = {
	{ "name", "serviceName", false, read_name, CATEGORY(name), 0 },
	{ "permission", "qosPermission", false, read_permission_category, 0, 0 },
	{ "maxService", "qosMaxService", false, read_word, CATEGORY(max_service), POLICY_UNIT_SERVICE },
	{ "maxRatePerFlow", NULL, false, read_rate, CATEGORY(max_rate_Bps), 0 },
	{ NULL, "qosMaxRatePerFlow", false, read_kilobit_rate, CATEGORY(max_rate_Bps), 0 },
	{ "maxBucketPerFlow", NULL, false, read_size, CATEGORY(max_bucket_bytes), 0 },
	{ NULL, "qosMaxBucketPerFlow", false, read_kilobit_size, CATEGORY(max_bucket_bytes), 0 },
	{ "maxPeakPerFlow", NULL, false, read_rate, CATEGORY(max_peak_Bps), 0 },
	{ NULL, "qosMaxPeakPerFlow", false, read_kilobit_rate, CATEGORY(max_peak_Bps), 0 },
	{ "maxPacketPerFlow", "qosMaxPacketPerFlow", false, read_size, CATEGORY(max_packet_bytes), 0 },
	{ "maxFlows", "qosMaxFlows", false, read_count, CATEGORY(max_flows), 1000000000 },
	{ "aggregateRate", NULL, false, read_rate, CATEGORY(aggregate_Bps), 0 },
	{ NULL, "qosAggregateRate", false, read_kilobit_rate, CATEGORY(aggregate_Bps), 0 },
	{ "preemption", "qosPreemptionPriority", false, read_count, CATEGORY(preemption), UINT16_MAX },
	{ "defending", "qosDefendingPriority", false, read_count, CATEGORY(defending), UINT16_MAX },
	{ "maxRate", NULL, false, read_rate, CATEGORY(rate_Bps), 0 },
	{ NULL, "MaxRate", false, read_kilobit_rate, CATEGORY(rate_Bps), 0 },
	{ "maxTokenBucket", NULL, false, read_size, CATEGORY(bucket_bytes), 0 },
	{ NULL, "MaxTokenBucket", false, read_kilobit_size, CATEGORY(bucket_bytes), 0 },
	{ "peakRate", NULL, false, read_rate, CATEGORY(peak_Bps), 0 },
	{ NULL, "qosPeakRate", false, read_kilobit_rate, CATEGORY(peak_Bps), 0 },
	{ "minPolicedUnit", "qosMinPolicedUnit", false, read_count, CATEGORY(min_unit_bytes), UINT16_MAX },
	{ "maxPacketSize", "qosMaxPacketSize", false, read_count, CATEGORY(packet_bytes), UINT16_MAX },
	{ "inProfileDscp", "qosInProfileDscp", false, read_dscp, CATEGORY(dscp_in), 0 },
	{ "outgoingTos", "OutgoingTos", false, read_tos, CATEGORY(dscp_in), 0 },
	{ "flowServiceType", "FlowServiceType", false, read_flow_service, 0, 0 },
	{ "outProfileDscp", "qosOutProfileDscp", false, read_dscp, CATEGORY(dscp_out), 0 },
	{ "outProfileAction", "qosOutProfileAction", false, read_word, CATEGORY(excess), POLICY_UNIT_EXCESS },
	{ "admit", "qosAdmit", false, read_word, CATEGORY(admit), POLICY_UNIT_FLAG },
	{ "arbitration", "qosArbitration", false, read_word, CATEGORY(arbitration), POLICY_UNIT_ARBITRATION },
};

static const struct source_key rule_keys[] = {
	{ "users", "qosUser", true, read_who, POLICY_SPAN_USER, 0 },
	{ "groups", "qosGroup", true, read_who, POLICY_SPAN_GROUP, 0 },
	{ "name", "PolicyName", false, read_rule_name, 0, 0 },
	{ "scope", "PolicyScope", false, read_scope, 0, 0 },
	{ "priority", "PolicyRulePriority", false, read_priority, 0, 0 },
	{ "permission", "qosPermission", false, read_permission_rule, 0, 0 },
	{ "category", "ServiceReference", false, read_name, offsetof(struct source_rule, category), 0 },
	{ "who", NULL, true, NULL, 0, 0 },
	{ "role", "qosRole", true, read_role, 0, 0 },
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
	{ "service", "qosService", true, read_service, 0, 0 },
	{ "interface", "qosInterface", true, read_iface, POLICY_IFACE_ANY, 0 },
	{ "inInterface", "qosInInterface", true, read_iface, POLICY_IFACE_IN, 0 },
	{ "outInterface", "qosOutInterface", true, read_iface, POLICY_IFACE_OUT, 0 },
	{ "dscp", "qosDscp", true, read_dscps, POLICY_SPAN_DSCP, 0 },
};
/* clang-format on */

enum { IDENTITY_ROWS = 2 }; /* users and groups come first */

const struct source_key *
source_rule_keys(size_t *ret_count)
{
	*ret_count = sizeof(rule_keys) / sizeof(rule_keys[0]);
	return rule_keys;
}

const struct source_key *
source_category_keys(size_t *ret_count)
{
	*ret_count = sizeof(category_keys) / sizeof(category_keys[0]);
	return category_keys;
}

const struct source_key *
source_identity_keys(size_t *ret_count)
{
	*ret_count = IDENTITY_ROWS;
	return rule_keys;
}
