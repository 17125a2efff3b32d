/* SPDX-License-Identifier: ISC */

/*
 * How the text of a value becomes a number, for policy.conf and for the
 * directory alike, and the keys of categories.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values_int.h"

enum { KILOBIT_OCTETS = 125 };

bool
value_no(struct text *why, const char *value, const char *what)
{
	text_add(why, "\"");
	text_add_escaped(why, value, strnlen(value, 80));
	text_printf(why, "\" %s", what);
	return false;
}

/* ---- growing lists of a rule -------------------------------------------- */

/* A larger copy of a list when it is full; NULL and why for no room. */
void *
value_room(void *at, size_t count, size_t size, struct text *why)
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

bool
value_add_span(
	struct policy_spans *list, uint32_t lo, uint32_t hi, struct text *why)
{
	void *p = value_room(list->at, list->count, sizeof(*list->at), why);

	if (!p)
		return false;
	list->at = (struct policy_span *)p;
	list->at[list->count++] = (struct policy_span){ lo, hi };
	return true;
}

/* ---- numbers ------------------------------------------------------------ */

/* Digits up to the end or the stop character. */
bool
value_number(const char **s, char stop, uint64_t most, uint64_t *ret)
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
bool
value_span(const char *value, uint64_t most, uint32_t *ret_lo, uint32_t *ret_hi)
{
	uint64_t lo;
	uint64_t hi;
	const char *p = value;

	if (!value_number(&p, '-', most, &lo))
		return false;
	hi = lo;
	if (*p == '-') {
		p++;
		if (!value_number(&p, '\0', most, &hi))
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

/* ---- words and names ---------------------------------------------------- */

/* Value of the word, or -1 and why, with the words there are. */
int
value_word(const struct policy_word *words, const char *value, struct text *why)
{
	for (const struct policy_word *w = words; w->text; w++)
		if (strcasecmp(w->text, value) == 0)
			return (int)w->value;
	(void)value_no(why, value, "is none of:");
	for (const struct policy_word *w = words; w->text; w++)
		text_printf(why, " %s", w->text);
	return -1;
}

bool
value_dscp(const char *value, uint64_t *ret)
{
	const char *p = value;

	for (const struct policy_word *w = policy_unit_words(POLICY_UNIT_DSCP);
		w->text; w++)
		if (strcasecmp(w->text, value) == 0) {
			*ret = w->value;
			return true;
		}
	return value_number(&p, '\0', POLICY_DSCP_MAX, ret) && *p == '\0';
}

bool
value_name(char name[POLICY_NAME], const char *value, struct text *why)
{
	if (!policy_name_valid(value))
		return value_no(why, value,
			"is not a name (1 to 63 printable ASCII characters)");
	return text_copy(name, POLICY_NAME, value);
}

const struct policy_word value_permissions[] = { { "allow", 0 }, { "deny", 1 },
	{ NULL, 0 } };

/* Without the spaces round it; those within are of the part, which makes it
 * none that can be read. */
static char *
trim(char *part)
{
	size_t n;

	part += strspn(part, " ");
	for (n = strlen(part); n > 0 && part[n - 1] == ' '; n--)
		part[n - 1] = '\0';
	return part;
}

bool
value_each_part(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	char copy[SOURCE_VALUE];
	char *rest = copy;
	char *part;

	if (!text_copy(copy, sizeof(copy), value))
		return value_no(why, value, "is too long");
	while ((part = strsep(&rest, ","))) {
		if (!key->read(key, trim(part), target, why))
			return false;
	}
	return true;
}

/* ---- categories --------------------------------------------------------- */

bool
value_read_name(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return value_name(VALUE_TARGET(char), value, why);
}

static bool
read_permission_category(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	int v = value_word(value_permissions, value, why);

	(void)key; /* one field */
	((struct source_category *)target)->category.deny = v == 1;
	return v >= 0;
}

static bool
read_rate(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return text_parse_rate(value, VALUE_TARGET(uint64_t)) ||
	       value_no(why, value, "is not a rate (write it like \"2 Mbit\")");
}

static bool
read_size(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return text_parse_size(value, VALUE_TARGET(uint64_t)) ||
	       value_no(why, value, "is not a size (write it like \"16 kB\")");
}

/* "60", "5m", "1h", "7d" */
static bool
read_seconds(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	uint32_t s = 0;

	if (!source_seconds(value, &s))
		return value_no(why, value,
			"is not a time in seconds (or write it like \"5m\", "
			"\"1h\" or \"7d\")");
	*VALUE_TARGET(uint64_t) = s;
	return true;
}

/* "2000", "2000us", "2ms", "1s" */
static bool
read_microseconds(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	static const struct policy_word units[] = { { "", 1 }, { "us", 1 },
		{ "ms", 1000 }, { "s", 1000000 }, { NULL, 0 } };
	const char *p = value + strspn(value, "0123456789");
	char digits[24] = "";
	const char *d = digits;
	uint64_t v = 0;

	if (p > value && (size_t)(p - value) < sizeof(digits))
		memcpy(digits, value, (size_t)(p - value));
	p += strspn(p, " ");
	for (const struct policy_word *u = units; u->text; u++)
		if (strcmp(u->text, p) == 0 &&
			value_number(&d, '\0', UINT32_MAX, &v)) {
			*VALUE_TARGET(uint64_t) = v * u->value;
			return true;
		}
	return value_no(why, value,
		"is not a time in microseconds (or write it like \"20 ms\" "
		"or \"1 s\")");
}

static bool
read_count(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;

	if (value_number(&p, '\0', key->most, VALUE_TARGET(uint64_t)) &&
		*p == '\0')
		return true;
	(void)value_no(why, value, "is not a whole number from 0 to ");
	text_printf(why, "%llu", (unsigned long long)key->most);
	return false;
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
			*VALUE_TARGET(uint64_t) = w->value;
			return true;
		}
	(void)value_no(why, value, "is none of:");
	for (const struct policy_word *w = words; w->text; w++)
		text_printf(why, " %s", w->text);
	return false;
}

static bool
read_dscp(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return value_dscp(value, VALUE_TARGET(uint64_t)) ||
	       value_no(why, value,
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
		return value_no(
			why, value, "is not one to eight binary digits");
	for (size_t i = 0; i < n; i++)
		tos |= (uint8_t)((unsigned)(value[i] - '0') << (7 - i));
	if (tos >> 2 != 0)
		*VALUE_TARGET(uint64_t) = tos >> 2;
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

/* A bare number is kilobit a second, as for the classic MaxRate. */
static bool
read_kilobit_rate(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;
	uint64_t kilobit;

	if (!value_number(&p, '\0', UINT32_MAX, &kilobit) || *p != '\0')
		return text_parse_rate(value, VALUE_TARGET(uint64_t)) ||
		       value_no(why, value,
			       "is not a rate (write kilobits a second, "
			       "\"2000\", or \"2Mbit\")");
	*VALUE_TARGET(uint64_t) = kilobit * KILOBIT_OCTETS;
	return true;
}

/* A bare number is kilobit, as for the classic MaxTokenBucket. */
static bool
read_kilobit_size(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	const char *p = value;
	uint64_t kilobit;

	if (!value_number(&p, '\0', UINT32_MAX, &kilobit) || *p != '\0')
		return text_parse_size(value, VALUE_TARGET(uint64_t)) ||
		       value_no(why, value,
			       "is not a size (write kilobits, \"128\", or "
			       "\"16kB\")");
	*VALUE_TARGET(uint64_t) = kilobit * KILOBIT_OCTETS;
	return true;
}

/* ---- the tables --------------------------------------------------------- */

#define CATEGORY(member) offsetof(struct source_category, category.member)
/* clang-format off */
static const struct source_key category_keys[] = {
	{ "name", "serviceName", false, value_read_name, CATEGORY(name), 0 },
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
	{ "aggregateBucket", NULL, false, read_size, CATEGORY(aggregate_bucket_bytes), 0 },
	{ NULL, "qosAggregateBucket", false, read_kilobit_size, CATEGORY(aggregate_bucket_bytes), 0 },
	{ "maxFlowsPerUser", "qosMaxFlowsPerUser", false, read_count, CATEGORY(user_flows), 1000000000 },
	{ "aggregateRatePerUser", NULL, false, read_rate, CATEGORY(user_Bps), 0 },
	{ NULL, "qosAggregateRatePerUser", false, read_kilobit_rate, CATEGORY(user_Bps), 0 },
	{ "minDelay", "qosMinDelay", false, read_microseconds, CATEGORY(min_delay_us), 0 },
	{ "maxSlack", "qosMaxSlack", false, read_microseconds, CATEGORY(max_slack_us), 0 },
	{ "maxDuration", "qosMaxDuration", false, read_seconds, CATEGORY(max_duration_s), 0 },
	{ "softLimit", "qosSoftLimit", false, read_count, CATEGORY(soft_percent), 100 },
	{ "share", "qosShared", false, read_word, CATEGORY(share), POLICY_UNIT_FLAG },
	{ "pool", "qosPool", false, value_read_name, offsetof(struct source_category, pool), 0 },
	{ "onExceed", "qosOnExceed", false, read_word, CATEGORY(on_exceed), POLICY_UNIT_EXCEED },
	{ "onChange", "qosOnChange", false, read_word, CATEGORY(on_change), POLICY_UNIT_CHANGE },
	{ "grace", "qosGrace", false, read_seconds, CATEGORY(grace_s), 0 },
	{ "maxPreemption", "qosMaxPreemptionPriority", false, read_count, CATEGORY(max_preemption), UINT16_MAX },
	{ "admissionPriority", "qosAdmissionPriority", false, read_count, CATEGORY(admission_priority), UINT8_MAX },
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

/* clang-format on */

const struct source_key *
source_category_keys(size_t *ret_count)
{
	*ret_count = sizeof(category_keys) / sizeof(category_keys[0]);
	return category_keys;
}

#define POOL(member) offsetof(struct source_pool, pool.member)

/* clang-format off */
static const struct source_key pool_keys[] = {
	{ "name", NULL, false, value_read_name, POOL(name), 0 },
	{ "rate", NULL, false, read_rate, POOL(rate_Bps), 0 },
	{ "maxFlows", NULL, false, read_count, POOL(max_flows), 1000000000 },
	{ "headroomPercent", NULL, false, read_count, POOL(headroom_percent), 100 },
	{ "softLimit", NULL, false, read_count, POOL(soft_percent), 100 },
};
/* clang-format on */

const struct source_key *
source_pool_keys(size_t *ret_count)
{
	*ret_count = sizeof(pool_keys) / sizeof(pool_keys[0]);
	return pool_keys;
}
