/* SPDX-License-Identifier: ISC */

/*
 * Entries as a policyd.conf that AIX reads: the published attributes and no
 * others.  A rule has one range of each kind there, so one with several becomes
 * several rules; one with a condition that AIX does not know is left out, for
 * without it it would match more.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert_int.h"

enum { KILOBIT_OCTETS = 125, PARTS_MAX = 64, PROTOS_MAX = 8, TOS_SHIFT = 2 };

/* A name as AIX has it: without quotes, which it does not know. */
static void
write_name(struct entries *list, const struct entry *e, const char *name,
	const char *suffix, FILE *out)
{
	const bool plain = strpbrk(name, " \t{}#\"") == NULL;

	if (!plain && suffix[0] == '\0')
		entries_lose(list, e->line,
			"the name \"%s\" is in quotes, which AIX does not know",
			name);
	fprintf(out, plain ? "%s%s" : "\"%s%s\"", name, suffix);
}

/* ---- categories ---------------------------------------------------------- */

/* Attributes that are looked at as numbers below. */
static bool
is_classic(const char *conf_name)
{
	static const char *const names[] = { "maxRate", "maxTokenBucket",
		"inProfileDscp", "outgoingTos", "flowServiceType",
		"outProfileAction" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], conf_name) == 0)
			return true;
	return false;
}

static void
lose_value(struct entries *list, const struct entry *e,
	const struct entry_value *v)
{
	entries_lose(list, v->line, "%s \"%s\": %s = %s is lost",
		e->kind == ENTRY_RULE ? "rule" : "category", e->name,
		v->key->conf ? v->key->conf : v->key->ldap, v->text);
}

/* The values as the other readers have them. */
static void
read_numbers(
	struct entries *list, const struct entry *e, struct source_category *c)
{
	char ignored[200];
	struct text why = text_over(ignored, sizeof(ignored));

	policy_category_init(&c->category);
	for (size_t i = 0; i < e->n_values; i++) {
		const struct entry_value *v = &e->values[i];
		const struct source_key *conf =
			entry_pair(e->kind, v->key, false);

		if (conf && strcmp(conf->conf, "permission") == 0 &&
			strcasecmp(v->text, "allow") == 0)
			continue;
		if (!conf || !is_classic(conf->conf) ||
			!v->key->read(v->key, v->text, c, &why))
			lose_value(list, e, v);
	}
}

/* Kilobits, or a loss of what is over. */
static uint64_t
kilobits(struct entries *list, const struct entry *e, const char *what,
	uint64_t octets)
{
	if (octets % KILOBIT_OCTETS != 0)
		entries_lose(list, e->line,
			"category \"%s\": %s is cut down to whole kilobits",
			e->name, what);
	return octets / KILOBIT_OCTETS;
}

static void
write_tos(struct entries *list, const struct entry *e, uint64_t dscp, FILE *out)
{
	char bits[9] = "00000000";

	if (dscp == POLICY_UNLIMITED)
		return;
	if (dscp == 0)
		entries_lose(list, e->line,
			"category \"%s\": a mark of 0 (there is none in "
			"OutgoingTOS)",
			e->name);
	for (unsigned i = 0; i < 8; i++)
		if ((dscp << TOS_SHIFT >> (7 - i) & 1) != 0)
			bits[i] = '1';
	fprintf(out, "        OutgoingTOS             %s\n", bits);
}

/* What is done beyond the rate is the type's there. */
static void
write_type(struct entries *list, const struct entry *e,
	const struct source_category *c, FILE *out)
{
	const bool rate = c->category.rate_Bps != POLICY_UNLIMITED &&
			  c->category.rate_Bps != 0;
	const uint64_t excess = c->category.excess;
	const bool delays = excess == POLICY_EXCESS_DELAY ||
			    (excess == POLICY_UNLIMITED &&
				    c->flow_service == POLICY_SERVICE_GS);

	if (rate &&
		(excess == POLICY_EXCESS_DROP || excess == POLICY_EXCESS_MARK))
		entries_lose(list, e->line,
			"category \"%s\": packets beyond the rate are sent "
			"with a TOS of 0",
			e->name);
	if (delays || c->flow_service != POLICY_SERVICE_ANY)
		fprintf(out, "        FlowServiceType         %s\n",
			delays ? "Guaranteed" : "ControlledLoad");
}

static void
write_category(struct entries *list, const struct entry *e, FILE *out)
{
	struct source_category c = { .tag = 0 };

	read_numbers(list, e, &c);
	fprintf(out, "ServiceCategories ");
	write_name(list, e, e->name, "", out);
	fprintf(out, "\n{\n");
	if (c.category.rate_Bps != POLICY_UNLIMITED)
		fprintf(out, "        MaxRate                 %" PRIu64 "\n",
			kilobits(list, e, "maxRate", c.category.rate_Bps));
	if (c.category.bucket_bytes != POLICY_UNLIMITED)
		fprintf(out, "        MaxTokenBucket          %" PRIu64 "\n",
			kilobits(list, e, "maxTokenBucket",
				c.category.bucket_bytes));
	write_tos(list, e, c.category.dscp_in, out);
	write_type(list, e, &c, out);
	fprintf(out, "}\n\n");
}

/* ---- rules --------------------------------------------------------------- */

/* A rule as it was read, to see its conditions as ranges. */
struct ranges {
	struct source_draft draft;
	struct source_rule *rule;
	uint32_t protos[PROTOS_MAX];
	size_t n_protos;
};

/* May the attribute be said there?  Else why the rule is left out. */
static bool
is_sayable(const struct entry_value *v, const char *conf)
{
	static const char *const names[] = { "protocol", "source",
		"destination", "sourcePorts", "destPorts", "priority",
		"category" };

	if (strcmp(conf, "scope") == 0)
		return strcasecmp(v->text, "DataTraffic") == 0;
	if (strcmp(conf, "permission") == 0)
		return strcasecmp(v->text, "allow") == 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], conf) == 0)
			return true;
	return false;
}

static bool
read_ranges(struct entries *list, const struct entry *e, struct ranges *r)
{
	char ignored[200];
	struct text why = text_over(ignored, sizeof(ignored));

	r->rule = source_draft_rule(&r->draft, "");
	for (size_t i = 0; i < e->n_values && r->rule; i++) {
		const struct entry_value *v = &e->values[i];
		const struct source_key *conf =
			entry_pair(e->kind, v->key, false);

		if (!conf || !is_sayable(v, conf->conf)) {
			entries_lose(list, v->line,
				"rule \"%s\" is left out: AIX has no %s = %s",
				e->name, conf ? conf->conf : v->key->ldap,
				v->text);
			return false;
		}
		if (!v->key->read(v->key, v->text, r->rule, &why))
			return false; /* was read before */
	}
	list->no_memory = list->no_memory || !r->rule;
	return r->rule != NULL;
}

/* Protocols one by one: there is no range of them, and no "any". */
static bool
list_protocols(struct entries *list, const struct entry *e, struct ranges *r)
{
	const struct policy_spans *spans =
		&r->rule->rule->spans[POLICY_SPAN_PROTO];

	if (spans->count == 0) {
		entries_lose(list, e->line,
			"rule \"%s\": every protocol; TCP and UDP are written",
			e->name);
		r->protos[r->n_protos++] = 6;
		r->protos[r->n_protos++] = 17;
	}
	for (size_t i = 0; i < spans->count; i++)
		for (uint32_t p = spans->at[i].lo; p <= spans->at[i].hi; p++) {
			if (r->n_protos == PROTOS_MAX) {
				entries_lose(list, e->line,
					"rule \"%s\" is left out: more than "
					"%d protocols",
					e->name, PROTOS_MAX);
				return false;
			}
			r->protos[r->n_protos++] = p;
		}
	return true;
}

/* IPv6 addresses are not known there; nothing left means nothing matches. */
static bool
drop_ipv6(struct entries *list, const struct entry *e,
	struct policy_addr_spans *spans)
{
	const size_t had = spans->count;
	size_t kept = 0;

	for (size_t i = 0; i < had; i++)
		if (spans->at[i].lo.family == ADDR_V4)
			spans->at[kept++] = spans->at[i];
	spans->count = kept;
	if (kept < had)
		entries_lose(list, e->line,
			"rule \"%s\"%s: IPv6 addresses, which AIX does not "
			"have",
			e->name, kept == 0 ? " is left out" : "");
	return had == 0 || kept > 0;
}

static size_t
at_least_one(size_t n)
{
	return n > 0 ? n : 1;
}

static void
write_addrs(FILE *out, const char *name, const struct policy_addr_spans *s,
	size_t i)
{
	char lo[ADDR_TEXT];
	char hi[ADDR_TEXT];

	if (s->count > 0)
		fprintf(out, "        %-23s %s-%s\n", name,
			addr_format(&s->at[i].lo, lo),
			addr_format(&s->at[i].hi, hi));
}

static void
write_ports(FILE *out, const char *name, const struct policy_spans *s, size_t i)
{
	if (s->count > 0)
		fprintf(out, "        %-23s %u-%u\n", name, s->at[i].lo,
			s->at[i].hi);
}

/* One of the rules that this one is there. */
static void
write_part(struct entries *list, const struct entry *e, const struct ranges *r,
	size_t part, FILE *out)
{
	const struct policy_rule *rule = r->rule->rule;
	const struct policy_addr_spans *src = &rule->addrs[POLICY_ADDR_SRC];
	const struct policy_addr_spans *dst = &rule->addrs[POLICY_ADDR_DST];
	const struct policy_spans *from = &rule->spans[POLICY_SPAN_SRC_PORT];
	const struct policy_spans *to = &rule->spans[POLICY_SPAN_DST_PORT];
	char suffix[24] = "";
	struct text t = text_over(suffix, sizeof(suffix));
	size_t at = part;

	if (part > 0)
		text_printf(&t, "-%zu", part + 1);
	fprintf(out, "ServicePolicyRules ");
	write_name(list, e, e->name, suffix, out);
	fprintf(out, "\n{\n        ProtocolNumber          %u\n",
		r->protos[at % r->n_protos]);
	at /= r->n_protos;
	write_addrs(
		out, "SourceAddressRange", src, at % at_least_one(src->count));
	at /= at_least_one(src->count);
	write_addrs(out, "DestinationAddressRange", dst,
		at % at_least_one(dst->count));
	at /= at_least_one(dst->count);
	write_ports(
		out, "SourcePortRange", from, at % at_least_one(from->count));
	at /= at_least_one(from->count);
	write_ports(out, "DestinationPortRange", to, at);
	if (rule->priority > 0)
		fprintf(out, "        PolicyRulePriority      %" PRId32 "\n",
			rule->priority);
	fprintf(out, "        ServiceReference        ");
	write_name(list, e, r->rule->category, "", out);
	fprintf(out, "\n}\n\n");
}

static void
write_parts(struct entries *list, const struct entry *e, struct ranges *r,
	FILE *out)
{
	const struct policy_rule *rule = r->rule->rule;
	const size_t parts =
		r->n_protos * at_least_one(rule->addrs[POLICY_ADDR_SRC].count) *
		at_least_one(rule->addrs[POLICY_ADDR_DST].count) *
		at_least_one(rule->spans[POLICY_SPAN_SRC_PORT].count) *
		at_least_one(rule->spans[POLICY_SPAN_DST_PORT].count);

	if (parts > PARTS_MAX) {
		entries_lose(list, e->line,
			"rule \"%s\" is left out: it would be %zu rules, more "
			"than %d",
			e->name, parts, PARTS_MAX);
		return;
	}
	if (parts > 1)
		entries_lose(list, e->line,
			"rule \"%s\" becomes %zu rules, each with a bucket and "
			"counters of its own",
			e->name, parts);
	if (rule->priority < 0)
		entries_lose(list, e->line,
			"rule \"%s\": priority %d; there is none below 0",
			e->name, (int)rule->priority);
	for (size_t i = 0; i < parts; i++)
		write_part(list, e, r, i, out);
}

static void
write_rule(struct entries *list, const struct entry *e, FILE *out)
{
	struct ranges r = { .n_protos = 0 };

	if (!read_ranges(list, e, &r))
		; /* said */
	else if (r.rule->category[0] == '\0')
		entries_lose(list, e->line,
			"rule \"%s\" is left out: it has no category", e->name);
	else if (drop_ipv6(list, e, &r.rule->rule->addrs[POLICY_ADDR_SRC]) &&
		 drop_ipv6(list, e, &r.rule->rule->addrs[POLICY_ADDR_DST]) &&
		 list_protocols(list, e, &r))
		write_parts(list, e, &r, out);
	source_draft_done(&r.draft);
}

static void
write_all(struct entries *list, FILE *out)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == ENTRY_CATEGORY)
			write_category(list, &list->at[i], out);
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == ENTRY_RULE)
			write_rule(list, &list->at[i], out);
}

/* A file of 0 octets is taken for one that is being written. */
void
entries_write_aix(struct entries *list, FILE *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *held = open_memstream(&text, &len);

	if (held)
		write_all(list, held);
	if (!held || fclose(held) != 0)
		list->no_memory = true;
	else
		fputs(len > 0 ? text : "# no rules\n", out);
	free(text);
}
