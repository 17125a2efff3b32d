/* SPDX-License-Identifier: ISC */

/*
 * What a category grants: the table of its numbers, the words for some of
 * them, and what they say together of data traffic.
 */

#include <inttypes.h>
#include <string.h>

#include "rule_int.h"

static const struct policy_grant grants[] = {
#define X(member, key, unit, most)                                             \
	{ key, offsetof(struct policy_category, member), POLICY_UNIT_##unit,   \
		most },
	POLICY_GRANTS(X)
#undef X
};

const struct policy_grant *
policy_grants(size_t *ret_count)
{
	*ret_count = sizeof(grants) / sizeof(grants[0]);
	return grants;
}

uint64_t
policy_grant_get(
	const struct policy_category *c, const struct policy_grant *grant)
{
	uint64_t v;

	memcpy(&v, (const char *)c + grant->offset, sizeof(v));
	return v;
}

void
policy_grant_set(struct policy_category *c, const struct policy_grant *grant,
	uint64_t value)
{
	memcpy((char *)c + grant->offset, &value, sizeof(value));
}

void
policy_category_init(struct policy_category *c)
{
	*c = (struct policy_category){ .pool = POLICY_NO_POOL };
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++)
		policy_grant_set(c, &grants[i], POLICY_UNLIMITED);
}

bool
policy_category_sound(const struct policy_category *c)
{
	bool preempts = c->preemption != POLICY_UNLIMITED;
	bool defends = c->defending != POLICY_UNLIMITED;

	return preempts == defends &&
	       (!preempts || c->defending >= c->preemption);
}

/* ---- words -------------------------------------------------------------- */

/* Of several for one value the first is printed. */
static const struct policy_word services[] = { { "GS", POLICY_SERVICE_GS },
	{ "CL", POLICY_SERVICE_CL }, { "Guaranteed", POLICY_SERVICE_GS },
	{ "ControlledLoad", POLICY_SERVICE_CL }, { NULL, 0 } };

static const struct policy_word excesses[] = { { "mark", POLICY_EXCESS_MARK },
	{ "drop", POLICY_EXCESS_DROP },
	{ "besteffort", POLICY_EXCESS_BEST_EFFORT },
	{ "delay", POLICY_EXCESS_DELAY }, { NULL, 0 } };

static const struct policy_word arbitrations[] = {
	{ "reservation-first", POLICY_RESERVATION_FIRST },
	{ "rule-first", POLICY_RULE_FIRST },
	{ "first-wins", POLICY_FIRST_WINS }, { NULL, 0 }
};

static const struct policy_word exceeds[] = { { "reject", POLICY_REJECT },
	{ "lower", POLICY_LOWER }, { NULL, 0 } };

static const struct policy_word changes[] = { { "keep", POLICY_KEEP },
	{ "renegotiate", POLICY_RENEGOTIATE }, { "tear", POLICY_TEAR },
	{ NULL, 0 } };

static const struct policy_word flags[] = { { "no", 0 }, { "yes", 1 },
	{ "false", 0 }, { "true", 1 }, { NULL, 0 } };

/* RFC 2474, 2597, 3246, 5865, 8622; any other number has no name. */
static const struct policy_word dscps[] = { { "BE", 0 }, { "LE", 1 },
	{ "CS1", 8 }, { "AF11", 10 }, { "AF12", 12 }, { "AF13", 14 },
	{ "CS2", 16 }, { "AF21", 18 }, { "AF22", 20 }, { "AF23", 22 },
	{ "CS3", 24 }, { "AF31", 26 }, { "AF32", 28 }, { "AF33", 30 },
	{ "CS4", 32 }, { "AF41", 34 }, { "AF42", 36 }, { "AF43", 38 },
	{ "CS5", 40 }, { "VA", 44 }, { "EF", 46 }, { "CS6", 48 }, { "CS7", 56 },
	{ "CS0", 0 }, { "DF", 0 }, { NULL, 0 } };

const struct policy_word *
policy_unit_words(enum policy_unit unit)
{
	switch (unit) {
	case POLICY_UNIT_DSCP:
		return dscps;
	case POLICY_UNIT_SERVICE:
		return services;
	case POLICY_UNIT_EXCESS:
		return excesses;
	case POLICY_UNIT_ARBITRATION:
		return arbitrations;
	case POLICY_UNIT_EXCEED:
		return exceeds;
	case POLICY_UNIT_CHANGE:
		return changes;
	case POLICY_UNIT_FLAG:
		return flags;
	case POLICY_UNIT_RATE:
	case POLICY_UNIT_SIZE:
	case POLICY_UNIT_TIME:
	case POLICY_UNIT_COUNT:
		break;
	}
	return NULL;
}

static const char *
word_for(enum policy_unit unit, uint64_t value)
{
	const struct policy_word *w = policy_unit_words(unit);

	for (; w && w->text; w++)
		if (w->value == value)
			return w->text;
	return NULL;
}

bool
policy_grant_valid(const struct policy_grant *grant, uint64_t value)
{
	if (value == POLICY_UNLIMITED || value > grant->most)
		return false;
	return grant->unit <= POLICY_UNIT_DSCP ||
	       word_for(grant->unit, value) != NULL;
}

static void
add_grant(struct text *t, const struct policy_grant *grant, uint64_t value)
{
	const char *word = word_for(grant->unit, value);

	text_printf(t, "%s ", grant->key);
	if (grant->unit == POLICY_UNIT_RATE)
		text_add_rate(t, (double)value);
	else if (grant->unit == POLICY_UNIT_SIZE)
		text_add_size(t, (double)value);
	else if (word)
		text_add(t, word);
	else
		text_printf(t, "%" PRIu64 "%s", value,
			grant->unit == POLICY_UNIT_TIME ? " us" : "");
}

void
policy_category_text(struct text *t, const struct policy_set *set,
	const struct policy_category *c)
{
	size_t start = t->len;

	if (c->deny)
		text_add(t, "deny");
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		uint64_t value = policy_grant_get(c, &grants[i]);

		if (value == POLICY_UNLIMITED)
			continue;
		if (t->len > start)
			text_add(t, "; ");
		add_grant(t, &grants[i], value);
	}
	if (c->pool != POLICY_NO_POOL)
		text_printf(t, "%spool %s", t->len > start ? "; " : "",
			set->pools[c->pool].name);
	if (t->len == start)
		text_add(t, "no limits");
}

/* ---- data traffic ------------------------------------------------------- */

static uint64_t
or_else(uint64_t value, uint64_t otherwise)
{
	return value == POLICY_UNLIMITED ? otherwise : value;
}

/* Beyond the rate, unless it is said: best effort, or marked when there is a
 * mark for it. */
static enum policy_excess
excess_of(const struct policy_category *c)
{
	if (c->excess != POLICY_UNLIMITED)
		return (enum policy_excess)c->excess;
	return c->dscp_out == POLICY_UNLIMITED ? POLICY_EXCESS_BEST_EFFORT
					       : POLICY_EXCESS_MARK;
}

bool
policy_category_marking(
	const struct policy_category *c, struct policy_marking *ret_marking)
{
	*ret_marking = (struct policy_marking){ .marks = c->dscp_in !=
							 POLICY_UNLIMITED,
		.dscp = (uint8_t)or_else(c->dscp_in, 0),
		.excess = excess_of(c),
		.dscp_out = (uint8_t)or_else(c->dscp_out, 0) };
	return ret_marking->marks || ret_marking->excess == POLICY_EXCESS_MARK;
}

static void
data_grants(const struct policy_category *c, struct policy_data_rule *d)
{
	d->category = c->name;
	d->deny = d->deny || c->deny;
	d->admit = or_else(c->admit, 0) != 0;
	d->arbitration = (enum policy_arbitration)or_else(
		c->arbitration, POLICY_RESERVATION_FIRST);
	d->marks = c->dscp_in != POLICY_UNLIMITED;
	d->dscp = (uint8_t)or_else(c->dscp_in, 0);
	d->rate_Bps = or_else(c->rate_Bps, 0);
	d->bucket_bytes = or_else(c->bucket_bytes, 0);
	d->peak_Bps = or_else(c->peak_Bps, 0);
	d->min_packet = or_else(c->min_unit_bytes, 0);
	d->max_packet = or_else(c->packet_bytes, 0);
	d->excess = excess_of(c);
	d->dscp_out = (uint8_t)or_else(c->dscp_out, 0);
}

/* Packets tell neither who sent them nor what a reservation is for. */
static bool
can_be_told(const struct policy_rule *rule)
{
	return !policy_rule_names_somebody(rule) &&
	       rule->names[POLICY_NAME_APPLICATION].count == 0 &&
	       rule->names[POLICY_NAME_ISSUER].count == 0 &&
	       rule->addrs[POLICY_ADDR_NEIGHBOUR].count == 0 &&
	       rule->services == 0 && rule->roles == 0 && rule->styles == 0 &&
	       rule->messages == 0 && rule->identified == 0 &&
	       rule->multicast == 0;
}

bool
policy_rule_data(const struct policy_rule *rule,
	const struct policy_category *category,
	const struct policy_times *times, int64_t now_unix_s,
	struct policy_data_rule *ret_rule)
{
	struct policy_data_rule d = {
		.name = rule->name,
		.category = "",
		.src = rule->addrs[POLICY_ADDR_SRC],
		.dst = rule->addrs[POLICY_ADDR_DST],
		.src_ports = rule->spans[POLICY_SPAN_SRC_PORT],
		.dst_ports = rule->spans[POLICY_SPAN_DST_PORT],
		.protos = rule->spans[POLICY_SPAN_PROTO],
		.dscps = rule->spans[POLICY_SPAN_DSCP],
		.in = rule->ifaces[POLICY_IFACE_IN],
		.out = rule->ifaces[POLICY_IFACE_OUT],
		.priority = rule->priority,
		.deny = rule->deny,
		.active = !rule->disabled && can_be_told(rule) &&
			  policy_rule_is_now(times, rule, now_unix_s),
		.excess = POLICY_EXCESS_BEST_EFFORT,
	};

	if ((rule->scope & POLICY_SCOPE_DATA) == 0)
		return false;
	if (d.out.count == 0)
		d.out = rule->ifaces[POLICY_IFACE_ANY];
	if (category)
		data_grants(category, &d);
	*ret_rule = d;
	return true;
}
