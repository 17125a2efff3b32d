/* SPDX-License-Identifier: ISC */

/* Rules and categories as text for people. */

#include "rule_int.h"

#include <inttypes.h>

static const struct {
	uint32_t number;
	const char *name;
} protos[] = { { 1, "icmp" }, { 6, "tcp" }, { 17, "udp" }, { 33, "dccp" },
	{ 58, "icmp6" }, { 132, "sctp" }, { 136, "udplite" } };

void
policy_proto_text(struct text *t, uint32_t proto)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].number == proto) {
			text_add(t, protos[i].name);
			return;
		}
	text_printf(t, "protocol %" PRIu32, proto);
}

const char *
policy_scope_text(uint8_t scope)
{
	if (scope == POLICY_SCOPE_BOTH)
		return "Both";
	return scope == POLICY_SCOPE_RSVP ? "RSVP" : "DataTraffic";
}

bool
policy_default_denies(uint8_t why)
{
	return why != POLICY_DEFAULT_ALLOW && why != POLICY_DEFAULT_NO_RULES;
}

const char *
policy_default_text(uint8_t why)
{
	switch ((enum policy_default)why) {
	case POLICY_DEFAULT_ALLOW:
		return "the default is allow";
	case POLICY_DEFAULT_DENY:
		return "the default is deny";
	case POLICY_DEFAULT_NO_RULES:
		return "allowed, as there is no rule for reservations";
	case POLICY_DEFAULT_RULES:
		return "denied, as there are rules for reservations";
	case POLICY_DEFAULT_NO_DIRECTORY:
		return "denied, as the directory has not been read yet";
	case POLICY_DEFAULT_BROKEN:
		return "denied, as the policy could not be read";
	case POLICY_DEFAULT_NOT_YET:
		return "denied, as no rules have been handed over yet";
	case POLICY_DEFAULT_COUNT:
		break;
	}
	return "?";
}

/* "; " between parts, ", " between the entries of a list. */
static void
separate(struct text *t, size_t start)
{
	if (t->len > start)
		text_add(t, "; ");
}

static void
add_span(struct text *t, const struct policy_span *s)
{
	text_printf(t, "%" PRIu32, s->lo);
	if (s->hi != s->lo)
		text_printf(t, "-%" PRIu32, s->hi);
}

static void
add_spans(struct text *t, const char *word, const struct policy_spans *list)
{
	for (size_t i = 0; i < list->count; i++) {
		text_add(t, i == 0 ? word : ",");
		add_span(t, &list->at[i]);
	}
}

static void
add_protos(struct text *t, const struct policy_spans *list)
{
	for (size_t i = 0; i < list->count; i++) {
		text_add(t, i == 0 ? "" : ",");
		if (list->at[i].lo == list->at[i].hi) {
			policy_proto_text(t, list->at[i].lo);
		} else {
			text_add(t, "protocol ");
			add_span(t, &list->at[i]);
		}
	}
}

static void
add_addr_span(struct text *t, const struct policy_addr_span *s)
{
	char lo[ADDR_TEXT];
	char hi[ADDR_TEXT];
	int len = policy_addr_span_prefix(s);

	text_add(t, addr_format(&s->lo, lo));
	if (len < 0)
		text_printf(t, "-%s", addr_format(&s->hi, hi));
	else if (len < (int)addr_size(s->lo.family) * 8)
		text_printf(t, "/%d", len);
}

/* "to ADDRESSES port PORTS" */
static void
add_end(struct text *t, const char *word, const struct policy_addr_spans *addrs,
	const struct policy_spans *ports)
{
	if (addrs->count == 0 && ports->count == 0)
		return;
	text_add(t, word);
	for (size_t i = 0; i < addrs->count; i++) {
		text_add(t, i == 0 ? " " : ",");
		add_addr_span(t, &addrs->at[i]);
	}
	add_spans(t, " port ", ports);
}

static void
add_addrs(
	struct text *t, const char *word, const struct policy_addr_spans *addrs)
{
	static const struct policy_spans none;

	add_end(t, word, addrs, &none);
}

static void
add_ifaces(struct text *t, size_t start, const char *word,
	const struct policy_ifaces *list)
{
	if (list->count > 0)
		separate(t, start);
	for (size_t i = 0; i < list->count; i++)
		text_printf(t, "%s%s", i == 0 ? word : ",", list->at[i].glob);
}

static void
add_dscps(struct text *t, size_t start, const struct policy_spans *list)
{
	if (list->count > 0)
		separate(t, start);
	add_spans(t, "dscp ", list);
}

static void
add_globs(struct text *t, size_t start, const char *before, const char *word,
	const struct policy_globs *list)
{
	if (list->count > 0 && t->len > start)
		text_add(t, before);
	for (size_t i = 0; i < list->count; i++)
		text_printf(t, "%s%s", i == 0 ? word : ",", list->at[i].text);
}

static void
add_who(struct text *t, size_t start, const struct policy_rule *rule)
{
	const struct policy_globs *names = rule->names;

	add_spans(t, "uid ", &rule->spans[POLICY_SPAN_USER]);
	if (rule->spans[POLICY_SPAN_GROUP].count > 0) {
		if (t->len > start)
			text_add(t, " or ");
		add_spans(t, "gid ", &rule->spans[POLICY_SPAN_GROUP]);
	}
	add_globs(
		t, start, " or ", "principal ", &names[POLICY_NAME_PRINCIPAL]);
	add_globs(
		t, start, " or ", "certificate ", &names[POLICY_NAME_SUBJECT]);
	add_globs(t, start, " or ", "application ",
		&names[POLICY_NAME_WHO_APPLICATION]);
	if (rule->addrs[POLICY_ADDR_HOST].count > 0) {
		if (t->len > start)
			text_add(t, " or ");
		add_addrs(t, "host", &rule->addrs[POLICY_ADDR_HOST]);
	}
	add_globs(t, start, "; ", "application ",
		&names[POLICY_NAME_APPLICATION]);
	add_globs(t, start, "; ", "issuer ", &names[POLICY_NAME_ISSUER]);
}

static void
add_answer(struct text *t, size_t start, const char *word, uint8_t bits)
{
	if (bits == 0)
		return;
	separate(t, start);
	text_printf(t, "%s%s", bits == POLICY_BIT_NO ? "not " : "", word);
	if (bits == POLICY_BITS_ANSWER)
		text_add(t, " or not");
}

/* The bits by name, after what they are; NULL ends the names. */
static void
add_words(struct text *t, size_t start, const char *const *words, uint8_t bits)
{
	const char *between = " ";

	if (bits == 0)
		return;
	separate(t, start);
	text_add(t, words[0]);
	for (unsigned i = 0; words[i + 1]; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		text_printf(t, "%s%s", between, words[i + 1]);
		between = ",";
	}
}

static void
add_times(struct text *t, size_t start, const struct policy_times *times,
	const struct policy_rule *rule)
{
	if (rule->own_when != POLICY_NO_WHEN) {
		separate(t, start);
		policy_when_text(t, times, &times->whens[rule->own_when]);
	}
	if (rule->whens.count > 0)
		separate(t, start);
	for (size_t i = 0; i < rule->whens.count; i++) {
		text_add(t, i > 0 ? " or " : "");
		policy_when_text(t, times, &times->whens[rule->whens.at[i]]);
	}
}

static void
add_flow(struct text *t, size_t start, const struct policy_rule *rule)
{
	const struct policy_spans *spans = rule->spans;

	if (spans[POLICY_SPAN_PROTO].count > 0) {
		separate(t, start);
		add_protos(t, &spans[POLICY_SPAN_PROTO]);
	}
	if (rule->addrs[POLICY_ADDR_DST].count > 0 ||
		spans[POLICY_SPAN_DST_PORT].count > 0)
		separate(t, start);
	add_end(t, "to", &rule->addrs[POLICY_ADDR_DST],
		&spans[POLICY_SPAN_DST_PORT]);
	if (rule->addrs[POLICY_ADDR_SRC].count > 0 ||
		spans[POLICY_SPAN_SRC_PORT].count > 0)
		separate(t, start);
	add_end(t, "from", &rule->addrs[POLICY_ADDR_SRC],
		&spans[POLICY_SPAN_SRC_PORT]);
	add_answer(t, start, "multicast", rule->multicast);
}

void
policy_rule_text(struct text *t, const struct policy_times *times,
	const struct policy_rule *rule)
{
	static const char *const services[] = { "service", "GS", "CL", NULL };
	static const char *const styles[] = { "style", "", "WF", "FF", "SE",
		NULL };
	static const char *const roles[] = { "role", "sender", "receiver",
		"transit", NULL };
	static const char *const messages[] = { "message", "path", "resv",
		NULL };
	size_t start = t->len;

	add_who(t, start, rule);
	add_answer(t, start, "authenticated", rule->identified);
	if (rule->addrs[POLICY_ADDR_NEIGHBOUR].count > 0) {
		separate(t, start);
		add_addrs(t, "neighbour", &rule->addrs[POLICY_ADDR_NEIGHBOUR]);
	}
	add_flow(t, start, rule);
	add_words(t, start, services, rule->services);
	add_words(t, start, styles, rule->styles);
	add_words(t, start, roles, rule->roles);
	add_words(t, start, messages, rule->messages);
	add_dscps(t, start, &rule->spans[POLICY_SPAN_DSCP]);
	add_ifaces(t, start, "interface ", &rule->ifaces[POLICY_IFACE_ANY]);
	add_ifaces(t, start, "in ", &rule->ifaces[POLICY_IFACE_IN]);
	add_ifaces(t, start, "out ", &rule->ifaces[POLICY_IFACE_OUT]);
	add_times(t, start, times, rule);
	if (t->len == start)
		text_add(t, "any");
	if (rule->goes_on)
		text_add(t, "; continue");
	if (rule->disabled)
		text_add(t, "; not enabled");
}
