/* SPDX-License-Identifier: ISC */

/* Rules, categories and pools field by field, by the names of policy.conf: for
 * whoever compares them. */

#include "rule_int.h"

#include <inttypes.h>

/* ---- values -------------------------------------------------------------- */

static void
comma(struct text *t, size_t i)
{
	text_add(t, i > 0 ? ", " : "");
}

static void
add_spans(struct text *t, const struct policy_spans *list)
{
	for (size_t i = 0; i < list->count; i++) {
		comma(t, i);
		text_printf(t, "%" PRIu32, list->at[i].lo);
		if (list->at[i].hi != list->at[i].lo)
			text_printf(t, "-%" PRIu32, list->at[i].hi);
	}
}

static void
add_addrs(struct text *t, const struct policy_addr_spans *list)
{
	char name[ADDR_TEXT];

	for (size_t i = 0; i < list->count; i++) {
		const struct policy_addr_span *s = &list->at[i];
		int len = policy_addr_span_prefix(s);

		comma(t, i);
		text_add(t, addr_format(&s->lo, name));
		if (len < 0)
			text_printf(t, "-%s", addr_format(&s->hi, name));
		else if (len < (int)addr_size(s->lo.family) * 8)
			text_printf(t, "/%d", len);
	}
}

static void
add_globs(struct text *t, const struct policy_globs *list)
{
	for (size_t i = 0; i < list->count; i++) {
		comma(t, i);
		text_add(t, list->at[i].text);
	}
}

static void
add_ifaces(struct text *t, const struct policy_ifaces *list)
{
	for (size_t i = 0; i < list->count; i++) {
		comma(t, i);
		text_add(t, list->at[i].glob);
	}
}

static void
add_protos(struct text *t, const struct policy_spans *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct policy_span *s = &list->at[i];

		comma(t, i);
		if (s->lo == s->hi)
			policy_proto_text(t, s->lo);
		else
			text_printf(t, "%" PRIu32 "-%" PRIu32, s->lo, s->hi);
	}
}

/* The bits by name; NULL ends the names, "" has none. */
static void
add_words(struct text *t, const char *const *words, uint8_t bits)
{
	const size_t start = t->len;

	for (unsigned i = 0; words[i]; i++)
		if ((bits >> i & 1) != 0) {
			comma(t, t->len - start);
			text_add(t, words[i]);
		}
}

static void
add_answer(struct text *t, uint8_t bits)
{
	if (bits == POLICY_BIT_YES || bits == POLICY_BIT_NO)
		text_add(t, bits == POLICY_BIT_YES ? "yes" : "no");
	else if (bits == POLICY_BITS_ANSWER)
		text_add(t, "any");
}

static void
add_whens(struct text *t, const struct policy_times *times,
	const struct policy_whens *list)
{
	for (size_t i = 0; i < list->count; i++) {
		comma(t, i);
		policy_when_text(t, times, &times->whens[list->at[i]]);
	}
}

/* ---- rules --------------------------------------------------------------- */

static const struct {
	const char *key;
	enum policy_span_kind kind;
} span_fields[] = { { "users", POLICY_SPAN_USER },
	{ "groups", POLICY_SPAN_GROUP },
	{ "sourcePorts", POLICY_SPAN_SRC_PORT },
	{ "destPorts", POLICY_SPAN_DST_PORT }, { "dscp", POLICY_SPAN_DSCP } };

static const struct {
	const char *key;
	enum policy_addr_kind kind;
} addr_fields[] = { { "hosts", POLICY_ADDR_HOST },
	{ "neighbour", POLICY_ADDR_NEIGHBOUR }, { "source", POLICY_ADDR_SRC },
	{ "destination", POLICY_ADDR_DST } };

static const struct {
	const char *key;
	enum policy_name_kind kind;
} name_fields[] = { { "principals", POLICY_NAME_PRINCIPAL },
	{ "certSubjects", POLICY_NAME_SUBJECT },
	{ "applications", POLICY_NAME_WHO_APPLICATION },
	{ "application", POLICY_NAME_APPLICATION },
	{ "certIssuer", POLICY_NAME_ISSUER } };

static const struct {
	const char *key;
	enum policy_iface_kind kind;
} iface_fields[] = { { "interface", POLICY_IFACE_ANY },
	{ "inInterface", POLICY_IFACE_IN },
	{ "outInterface", POLICY_IFACE_OUT } };

/* What is one of a kind. */
enum single {
	SINGLE_PERMISSION,
	SINGLE_PRIORITY,
	SINGLE_SCOPE,
	SINGLE_CATEGORY,
	SINGLE_ENABLED,
	SINGLE_CONTINUE,
	SINGLE_ORIGIN,
	SINGLE_PROTO,
	SINGLE_SERVICE,
	SINGLE_STYLE,
	SINGLE_ROLE,
	SINGLE_MESSAGE,
	SINGLE_MULTICAST,
	SINGLE_IDENTIFIED,
	SINGLE_WHEN,
	SINGLE_TIME,
	SINGLE_COUNT
};

static const char *const single_keys[SINGLE_COUNT] = {
	[SINGLE_PERMISSION] = "permission",
	[SINGLE_PRIORITY] = "priority",
	[SINGLE_SCOPE] = "scope",
	[SINGLE_CATEGORY] = "category",
	[SINGLE_ENABLED] = "enabled",
	[SINGLE_CONTINUE] = "continue",
	[SINGLE_ORIGIN] = "from",
	[SINGLE_PROTO] = "protocol",
	[SINGLE_SERVICE] = "service",
	[SINGLE_STYLE] = "style",
	[SINGLE_ROLE] = "role",
	[SINGLE_MESSAGE] = "message",
	[SINGLE_MULTICAST] = "multicast",
	[SINGLE_IDENTIFIED] = "authenticated",
	[SINGLE_WHEN] = "when",
	[SINGLE_TIME] = "time",
};

static void
add_decision(struct text *t, const struct policy_set *set,
	const struct policy_rule *rule, enum single which)
{
	if (which == SINGLE_PERMISSION)
		text_add(t, rule->deny ? "deny" : "allow");
	else if (which == SINGLE_PRIORITY)
		text_printf(t, "%" PRId32, rule->priority);
	else if (which == SINGLE_SCOPE)
		text_add(t, policy_scope_text(rule->scope));
	else if (which == SINGLE_CATEGORY)
		text_add(t, rule->category == POLICY_NO_CATEGORY
				    ? ""
				    : set->categories[rule->category].name);
	else if (which == SINGLE_ENABLED)
		text_add(t, rule->disabled ? "no" : "");
	else if (which == SINGLE_CONTINUE)
		text_add(t, rule->goes_on ? "yes" : "");
	else
		text_add(t, policy_origin_text(rule->origin));
}

static void
add_single(struct text *t, const struct policy_set *set,
	const struct policy_rule *rule, enum single which)
{
	static const char *const services[] = { "GS", "CL", NULL };
	static const char *const styles[] = { "", "WF", "FF", "SE", NULL };
	static const char *const roles[] = { "sender", "receiver", "transit",
		NULL };
	static const char *const messages[] = { "path", "resv", NULL };

	switch (which) {
	case SINGLE_PROTO:
		add_protos(t, &rule->spans[POLICY_SPAN_PROTO]);
		break;
	case SINGLE_SERVICE:
		add_words(t, services, rule->services);
		break;
	case SINGLE_STYLE:
		add_words(t, styles, rule->styles);
		break;
	case SINGLE_ROLE:
		add_words(t, roles, rule->roles);
		break;
	case SINGLE_MESSAGE:
		add_words(t, messages, rule->messages);
		break;
	case SINGLE_MULTICAST:
		add_answer(t, rule->multicast);
		break;
	case SINGLE_IDENTIFIED:
		add_answer(t, rule->identified);
		break;
	case SINGLE_WHEN:
		add_whens(t, &set->times, &rule->whens);
		break;
	case SINGLE_TIME:
		if (rule->own_when != POLICY_NO_WHEN)
			policy_when_text(t, &set->times,
				&set->times.whens[rule->own_when]);
		break;
	case SINGLE_PERMISSION:
	case SINGLE_PRIORITY:
	case SINGLE_SCOPE:
	case SINGLE_CATEGORY:
	case SINGLE_ENABLED:
	case SINGLE_CONTINUE:
	case SINGLE_ORIGIN:
	case SINGLE_COUNT:
		add_decision(t, set, rule, which);
		break;
	}
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *
policy_rule_field(const struct policy_set *set, const struct policy_rule *rule,
	size_t i, struct text *value)
{
	if (i < SINGLE_COUNT) {
		add_single(value, set, rule, (enum single)i);
		return single_keys[i];
	}
	i -= SINGLE_COUNT;
	if (i < COUNT(span_fields)) {
		add_spans(value, &rule->spans[span_fields[i].kind]);
		return span_fields[i].key;
	}
	i -= COUNT(span_fields);
	if (i < COUNT(addr_fields)) {
		add_addrs(value, &rule->addrs[addr_fields[i].kind]);
		return addr_fields[i].key;
	}
	i -= COUNT(addr_fields);
	if (i < COUNT(name_fields)) {
		add_globs(value, &rule->names[name_fields[i].kind]);
		return name_fields[i].key;
	}
	i -= COUNT(name_fields);
	if (i < COUNT(iface_fields)) {
		add_ifaces(value, &rule->ifaces[iface_fields[i].kind]);
		return iface_fields[i].key;
	}
	return NULL;
}

const char *
policy_origin_text(uint8_t origin)
{
	return origin == POLICY_FROM_DIRECTORY ? "directory" : "file";
}

/* ---- categories and pools ------------------------------------------------ */

/* As people write it when that says all, else as it is counted. */
static void
add_rate(struct text *t, uint64_t rate_Bps)
{
	char pretty[32];
	struct text p = text_over(pretty, sizeof(pretty));
	uint64_t back;

	text_add_rate(&p, (double)rate_Bps);
	if (text_parse_rate(pretty, &back) && back == rate_Bps)
		text_add(t, pretty);
	else
		text_printf(t, "%" PRIu64 " B/s", rate_Bps);
}

static void
add_size(struct text *t, uint64_t octets)
{
	char pretty[32];
	struct text p = text_over(pretty, sizeof(pretty));
	uint64_t back;

	text_add_size(&p, (double)octets);
	if (text_parse_size(pretty, &back) && back == octets)
		text_add(t, pretty);
	else
		text_printf(t, "%" PRIu64 " B", octets);
}

static void
add_grant(struct text *t, const struct policy_grant *grant, uint64_t v)
{
	const struct policy_word *w = policy_unit_words(grant->unit);

	if (v == POLICY_UNLIMITED)
		return;
	for (; w && w->text; w++)
		if (w->value == v) {
			text_add(t, w->text);
			return;
		}
	if (grant->unit == POLICY_UNIT_RATE)
		add_rate(t, v);
	else if (grant->unit == POLICY_UNIT_SIZE)
		add_size(t, v);
	else
		text_printf(t, "%" PRIu64 "%s", v,
			grant->unit == POLICY_UNIT_TIME ? " us" : "");
}

const char *
policy_category_field(const struct policy_set *set,
	const struct policy_category *c, size_t i, struct text *value)
{
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);

	if (i < n) {
		add_grant(value, &grants[i], policy_grant_get(c, &grants[i]));
		return grants[i].key;
	}
	switch (i - n) {
	case 0:
		text_add(value, c->deny ? "deny" : "allow");
		return "permission";
	case 1:
		text_add(value, c->pool == POLICY_NO_POOL
					? ""
					: set->pools[c->pool].name);
		return "pool";
	case 2:
		text_add(value, policy_origin_text(c->origin));
		return "from";
	default:
		return NULL;
	}
}

const char *
policy_pool_field(const struct policy_pool *pool, size_t i, struct text *value)
{
	switch (i) {
	case 0:
		if (pool->rate_Bps != POLICY_UNLIMITED)
			add_rate(value, pool->rate_Bps);
		return "rate";
	case 1:
		if (pool->max_flows != POLICY_UNLIMITED)
			text_printf(value, "%" PRIu64, pool->max_flows);
		return "maxFlows";
	case 2:
		if (pool->headroom_percent != 0)
			text_printf(value, "%" PRIu64, pool->headroom_percent);
		return "headroomPercent";
	case 3:
		if (pool->soft_percent != POLICY_UNLIMITED)
			text_printf(value, "%" PRIu64, pool->soft_percent);
		return "softLimit";
	default:
		return NULL;
	}
}
