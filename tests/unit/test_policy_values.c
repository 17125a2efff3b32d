/* SPDX-License-Identifier: ISC */

/* Values of rules, categories, pools and schedules, key by key: what each text
 * becomes, and the last that is taken and the first that is not. */

#include <unistd.h>

#include "policy/values_int.h"
#include "t_policy.h"

enum { SAID = 1024 };

static const struct source_key *
find_key(const struct source_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if ((keys[i].conf && strcmp(keys[i].conf, name) == 0) ||
			(keys[i].ldap && strcmp(keys[i].ldap, name) == 0))
			return &keys[i];
	T_CHECK(false, "no key %s", name);
	return NULL;
}

/* A value that is refused says why. */
static bool
take(const struct source_key *key, const char *value, void *target)
{
	char said[SAID];
	struct text why = text_over(said, sizeof(said));
	bool good = key->read(key, value, target, &why);

	T_CHECK(good == (why.len == 0), "%s \"%s\": %s", key->conf, value,
		said);
	return good;
}

/* ---- numbers of categories and pools ------------------------------------- */

enum { REFUSED = -1 };

struct number {
	const char *key;
	const char *value;
	int64_t is;
};

static const struct number category_numbers[] = {
	{ "maxFlows", "0", 0 },
	{ "maxFlows", "1000000000", 1000000000 },
	{ "maxFlows", "1000000001", REFUSED },
	{ "maxFlows", "", REFUSED },
	{ "maxFlows", "-1", REFUSED },
	{ "maxFlows", "5x", REFUSED },
	{ "maxFlows", "0009", 9 },
	{ "qosMaxFlowsPerUser", "1000000000", 1000000000 },
	{ "qosMaxFlowsPerUser", "1000000001", REFUSED },
	{ "softLimit", "100", 100 },
	{ "softLimit", "101", REFUSED },
	{ "maxPreemption", "65535", 65535 },
	{ "maxPreemption", "65536", REFUSED },
	{ "preemption", "65536", REFUSED },
	{ "defending", "65535", 65535 },
	{ "defending", "65536", REFUSED },
	{ "admissionPriority", "255", 255 },
	{ "admissionPriority", "256", REFUSED },
	{ "minPolicedUnit", "65535", 65535 },
	{ "minPolicedUnit", "65536", REFUSED },
	{ "maxPacketSize", "65535", 65535 },
	{ "maxPacketSize", "65536", REFUSED },
	{ "MaxRate", "8", 1000 },
	{ "MaxRate", "4294967295", INT64_C(4294967295) * 125 },
	{ "MaxRate", "8 kbit", 1000 },
	{ "MaxRate", "8x", REFUSED },
	{ "MaxTokenBucket", "16", 2000 },
	{ "MaxTokenBucket", "4294967295", INT64_C(4294967295) * 125 },
	{ "MaxTokenBucket", "16 kB", 16000 },
	{ "maxRate", "8", 8 },
	{ "maxTokenBucket", "16", 16 },
	{ "qosMaxRatePerFlow", "8", 1000 },
	{ "maxRatePerFlow", "8", 8 },
	{ "qosPeakRate", "8", 1000 },
	{ "minDelay", "4294967295", 4294967295 },
	{ "minDelay", "4294967296", REFUSED },
	{ "minDelay", "2000us", 2000 },
	{ "minDelay", "20 ms", 20000 },
	{ "minDelay", "20ms", 20000 },
	{ "minDelay", "3s", 3000000 },
	{ "minDelay", "1 S", REFUSED },
	{ "minDelay", "ms", REFUSED },
	{ "minDelay", "", REFUSED },
	{ "minDelay", "1.5 ms", REFUSED },
	{ "minDelay", "00000000000000000000001", 1 },
	{ "minDelay", "000000000000000000000001", REFUSED },
	{ "maxDuration", "1h", 3600 },
	{ "maxDuration", "4294967295", 4294967295 },
	{ "maxDuration", "4294967296", REFUSED },
	{ "maxDuration", "71582788m", 4294967280 },
	{ "maxDuration", "71582789m", REFUSED },
	{ "maxDuration", "h", REFUSED },
	{ "inProfileDscp", "63", 63 },
	{ "inProfileDscp", "64", REFUSED },
	{ "inProfileDscp", "ef", 46 },
	{ "inProfileDscp", "AF41", 34 },
	{ "inProfileDscp", "46x", REFUSED },
	{ "outgoingTos", "101110", 46 },
	{ "outgoingTos", "1", 32 },
	{ "outgoingTos", "00000100", 1 },
	{ "outgoingTos", "101110000", REFUSED },
	{ "outgoingTos", "10111012", REFUSED },
	{ "outgoingTos", "", REFUSED },
	{ "maxService", "GS", POLICY_SERVICE_GS },
	{ "maxService", "ControlledLoad", POLICY_SERVICE_CL },
	{ "maxService", "best", REFUSED },
	{ "share", "yes", 1 },
	{ "share", "perhaps", REFUSED },
	{ "onExceed", "deny", REFUSED },
	{ "outProfileAction", "drop", POLICY_EXCESS_DROP },
	{ "outProfileAction", "burn", REFUSED },
};

static const struct number pool_numbers[] = {
	{ "rate", "8 kbit", 1000 },
	{ "maxFlows", "1000000000", 1000000000 },
	{ "maxFlows", "1000000001", REFUSED },
	{ "headroomPercent", "100", 100 },
	{ "headroomPercent", "101", REFUSED },
	{ "softLimit", "100", 100 },
	{ "softLimit", "101", REFUSED },
};

static void
expect_numbers(const struct source_key *keys, size_t n_keys,
	const struct number *rows, size_t n, void *target)
{
	for (size_t i = 0; i < n; i++) {
		const struct source_key *key =
			find_key(keys, n_keys, rows[i].key);
		uint64_t *at =
			(uint64_t *)(void *)((char *)target + key->offset);
		bool good;

		*at = 4711;
		good = take(key, rows[i].value, target);
		T_CHECK(good == (rows[i].is != REFUSED) &&
				(!good || (int64_t)*at == rows[i].is),
			"%s \"%s\": %lld", rows[i].key, rows[i].value,
			(long long)*at);
	}
}

static void
numbers_have_their_limits(void)
{
	struct source_category c = { 0 };
	struct source_pool p = { 0 };
	size_t n;
	const struct source_key *keys = source_category_keys(&n);

	expect_numbers(keys, n, category_numbers,
		sizeof(category_numbers) / sizeof(category_numbers[0]), &c);
	keys = source_pool_keys(&n);
	expect_numbers(keys, n, pool_numbers,
		sizeof(pool_numbers) / sizeof(pool_numbers[0]), &p);
}

static void
a_tos_of_zero_is_no_mark(void)
{
	struct source_category c = { .category.dscp_in = POLICY_UNLIMITED };
	size_t n;
	const struct source_key *keys = source_category_keys(&n);

	T_CHECK(take(find_key(keys, n, "OutgoingTos"), "00000011", &c), "0");
	T_EQ(c.category.dscp_in, POLICY_UNLIMITED);
	T_CHECK(take(find_key(keys, n, "permission"), "DENY", &c), "deny");
	T_CHECK(c.category.deny, "it denies");
	T_CHECK(take(find_key(keys, n, "permission"), "allow", &c), "allow");
	T_CHECK(!c.category.deny, "it allows");
	T_CHECK(!take(find_key(keys, n, "permission"), "maybe", &c), "maybe");
	T_CHECK(take(find_key(keys, n, "FlowServiceType"), "Guaranteed", &c),
		"GS");
	T_EQ(c.flow_service, POLICY_SERVICE_GS);
	T_CHECK(take(find_key(keys, n, "FlowServiceType"), "ControlledLoad",
			&c),
		"CL");
	T_EQ(c.flow_service, POLICY_SERVICE_CL);
	T_CHECK(!take(find_key(keys, n, "FlowServiceType"), "x", &c), "x");
}

/* ---- values of rules ----------------------------------------------------- */

static void
add_spans(struct text *t, const struct policy_rule *r)
{
	for (int k = 0; k < POLICY_SPAN_COUNT; k++)
		for (size_t i = 0; i < r->spans[k].count; i++)
			text_printf(t, "%u-%u ", r->spans[k].at[i].lo,
				r->spans[k].at[i].hi);
}

static void
add_lists(struct text *t, const struct policy_rule *r)
{
	char one[ADDR_TEXT];

	for (int k = 0; k < POLICY_ADDR_COUNT; k++)
		for (size_t i = 0; i < r->addrs[k].count; i++) {
			text_printf(t, "%s-",
				addr_format(&r->addrs[k].at[i].lo, one));
			text_printf(t, "%s ",
				addr_format(&r->addrs[k].at[i].hi, one));
		}
	for (int k = 0; k < POLICY_NAME_COUNT; k++)
		for (size_t i = 0; i < r->names[k].count; i++)
			text_printf(t, "%s ", r->names[k].at[i].text);
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		for (size_t i = 0; i < r->ifaces[k].count; i++)
			text_printf(t, "%s ", r->ifaces[k].at[i].glob);
}

static void
add_bit(struct text *t, const char *name, unsigned bits)
{
	if (bits != 0)
		text_printf(t, "%s %u ", name, bits);
}

/* What a key has set, in short. */
static void
add_rule(struct text *t, const struct source_rule *s)
{
	const struct policy_rule *r = s->rule;

	add_spans(t, r);
	add_lists(t, r);
	add_bit(t, "scope", s->scope_set ? r->scope : 0);
	add_bit(t, "roles", r->roles);
	add_bit(t, "services", r->services);
	add_bit(t, "styles", r->styles);
	add_bit(t, "messages", r->messages);
	add_bit(t, "multicast", r->multicast);
	add_bit(t, "identified", r->identified);
	add_bit(t, "disabled", r->disabled);
	add_bit(t, "goes on", r->goes_on);
	add_bit(t, "denies", r->deny);
	if (r->priority != 0)
		text_printf(t, "priority %d ", r->priority);
	for (size_t i = 0; i < s->schedules.count; i++)
		text_printf(t, "%s ", s->schedules.at[i].text);
	if (t->len > 0)
		t->buf[--t->len] = '\0';
}

/* clang-format off */
static const struct {
	const char *key;
	const char *value;
	const char *is; /* NULL: it is refused */
} rule_rows[] = {
	{ "priority", "2147483647", "priority 2147483647" },
	{ "priority", "-2147483647", "priority -2147483647" },
	{ "priority", "2147483648", NULL },
	{ "priority", "--1", NULL },
	{ "priority", "-", NULL },
	{ "priority", "1-", NULL },
	{ "users", "0-4294967295", "0-4294967295" },
	{ "users", "4294967296", NULL },
	{ "users", "2-1", NULL },
	{ "users", "1-1", "1-1" },
	{ "users", "1-", NULL },
	{ "users", "1x", NULL },
	{ "users", "root", "0-0" },
	{ "users", "daemon", "1-1" },
	{ "users", "nobody-has-this", NULL },
	{ "groups", "root", "0-0" },
	{ "groups", "daemon", "1-1" },
	{ "groups", "nobody-has-this", NULL },
	{ "protocol", "255", "255-255" },
	{ "protocol", "256", NULL },
	{ "protocol", "TCP", "6-6" },
	{ "protocol", "udp", "17-17" },
	{ "protocol", "icmp", "1-1" },
	{ "protocol", "icmp6", "58-58" },
	{ "protocol", "ipv6-icmp", "58-58" },
	{ "protocol", "sctp", "132-132" },
	{ "protocol", "dccp", "33-33" },
	{ "protocol", "udplite", "136-136" },
	{ "protocol", "6-17", "6-17" },
	{ "protocol", "tcpx", NULL },
	{ "ProtocolNumber", "6, 17", "6-6 17-17" },
	{ "ProtocolNumber", "6,", NULL },
	{ "sourcePorts", "65535", "65535-65535" },
	{ "sourcePorts", "65536", NULL },
	{ "destPorts", "1-65536", NULL },
	{ "SourcePortRange", "0-0", "" },
	{ "SourcePortRange", "0", "" },
	{ "SourcePortRange", "0-1", "0-1" },
	{ "DestinationPortRange", "5-6,8", "5-6 8-8" },
	{ "DestinationPortRange", "5-6,x", NULL },
	{ "dscp", "63", "63-63" },
	{ "dscp", "10-63", "10-63" },
	{ "dscp", "10-64", NULL },
	{ "dscp", "EF", "46-46" },
	{ "source", "10.1.0.0/16", "10.1.0.0-10.1.255.255" },
	{ "source", "10.1.0.0/15", NULL },
	{ "source", "10.1.0.0/33", NULL },
	{ "source", "10.1.0.0/x", NULL },
	{ "source", "0.0.0.0/0", "0.0.0.0-255.255.255.255" },
	{ "source", "10.0.0.5", "10.0.0.5-10.0.0.5" },
	{ "source", "10.0.0.5-10.0.0.5", "10.0.0.5-10.0.0.5" },
	{ "source", "10.0.0.5-10.0.0.4", NULL },
	{ "source", "10.0.0.5-::1", NULL },
	{ "source", "-10.0.0.5", NULL },
	{ "destination", "2001:db8::/33", "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff" },
	{ "destination", "::1-::ffff", "::1-::ffff" },
	{ "SourceAddressRange", "0.0.0.0-0.0.0.0", "" },
	{ "DestinationAddressRange", "1.2.3.4-1.2.3.9", "1.2.3.4-1.2.3.9" },
	{ "interface", "eth*", "eth*" },
	{ "inInterface", "abcdefghijklmno", "abcdefghijklmno" },
	{ "outInterface", "abcdefghijklmnop", NULL },
	{ "interface", "", NULL },
	{ "interface", "a\tb", NULL },
	{ "principals", "*@EXAMPLE.ORG", "*@EXAMPLE.ORG" },
	{ "certIssuer", "", NULL },
	{ "certIssuer", "a\x1f", NULL },
	{ "certIssuer", "a\x7f", NULL },
	{ "certSubjects", " ~", " ~" },
	{ "scope", "rsvp", "scope 2" },
	{ "scope", "DataTraffic", "scope 1" },
	{ "scope", "Both", "scope 3" },
	{ "scope", "all", NULL },
	{ "role", "sender", "roles 1" },
	{ "role", "receiver", "roles 2" },
	{ "role", "transit", "roles 4" },
	{ "role", "x", NULL },
	{ "message", "path", "messages 1" },
	{ "message", "resv", "messages 2" },
	{ "message", "tear", NULL },
	{ "style", "WF", "styles 2" },
	{ "style", "FF", "styles 4" },
	{ "style", "SE", "styles 8" },
	{ "style", "XX", NULL },
	{ "service", "GS", "services 1" },
	{ "service", "Guaranteed", "services 1" },
	{ "service", "CL", "services 2" },
	{ "service", "ControlledLoad", "services 2" },
	{ "service", "BE", NULL },
	{ "multicast", "yes", "multicast 2" },
	{ "multicast", "false", "multicast 1" },
	{ "multicast", "any", "" },
	{ "multicast", "x", NULL },
	{ "authenticated", "true", "identified 2" },
	{ "authenticated", "no", "identified 1" },
	{ "enabled", "no", "disabled 1" },
	{ "enabled", "true", "" },
	{ "enabled", "x", NULL },
	{ "continue", "yes", "goes on 1" },
	{ "continue", "false", "" },
	{ "continue", "x", NULL },
	{ "permission", "deny", "denies 1" },
	{ "permission", "allow", "" },
	{ "permission", "x", NULL },
	{ "when", "office", "office" },
	{ "when", " office", NULL },
};
/* clang-format on */

static void
values_of_rules_are_taken_or_refused(void)
{
	size_t n;
	const struct source_key *keys = source_rule_keys(&n);

	for (size_t i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]); i++) {
		struct source_draft draft = { 0 };
		struct source_rule *r = source_draft_rule(&draft, "x");
		char got[SAID] = "";
		struct text t = text_over(got, sizeof(got));
		const char *is = rule_rows[i].is;
		bool good = take(find_key(keys, n, rule_rows[i].key),
			rule_rows[i].value, r);

		T_CHECK(good == (is != NULL), "%s \"%s\"", rule_rows[i].key,
			rule_rows[i].value);
		add_rule(&t, r);
		T_CHECK(!is || strcmp(got, is) == 0, "%s \"%s\": %s",
			rule_rows[i].key, rule_rows[i].value, got);
		source_draft_done(&draft);
	}
}

/* Of users, addresses, names, interfaces and schedules alike. */
static void
a_list_has_room_for_so_many(void)
{
	static const char *const names[] = { "users", "source", "principals",
		"interface", "when", "sourcePorts" };
	size_t n;
	const struct source_key *keys = source_rule_keys(&n);

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		struct source_draft draft = { 0 };
		struct source_rule *r = source_draft_rule(&draft, "x");
		const struct source_key *key = find_key(keys, n, names[k]);
		const char *value = k == 1 ? "10.0.0.1" : "7";

		for (int i = 0; i < POLICY_LIST_MAX; i++)
			T_CHECK(take(key, value, r), "%s %d", names[k], i);
		T_CHECK(!take(key, value, r), "%s: one more", names[k]);
		source_draft_done(&draft);
	}
}

static void
names_have_their_length(void)
{
	char name[POLICY_GLOB + 1];
	struct source_draft draft = { 0 };
	struct source_rule *r = source_draft_rule(&draft, "x");
	size_t n;
	const struct source_key *keys = source_rule_keys(&n);

	memset(name, 'a', sizeof(name));
	name[POLICY_GLOB - 1] = '\0';
	T_CHECK(take(find_key(keys, n, "principals"), name, r), "127");
	name[POLICY_GLOB - 1] = 'a';
	name[POLICY_GLOB] = '\0';
	T_CHECK(!take(find_key(keys, n, "principals"), name, r), "128");
	name[POLICY_NAME] = '\0';
	T_CHECK(!take(find_key(keys, n, "name"), name, r), "64");
	T_CHECK(!take(find_key(keys, n, "category"), name, r), "64");
	name[POLICY_NAME - 1] = '\0';
	T_CHECK(take(find_key(keys, n, "name"), name, r), "63");
	T_STR(r->rule->name, name);
	T_CHECK(take(find_key(keys, n, "category"), name, r), "63");
	T_STR(r->category, name);
	source_draft_done(&draft);
}

/* ---- conditions on time -------------------------------------------------- */

enum { MONDAY = 1, JANUARY = 1 };

/* clang-format off */
static const struct {
	const char *key;
	const char *value;
	int64_t is; /* bits, or seconds from and until as one number */
} when_rows[] = {
	{ "time", "08:00-18:30", INT64_C(28800) << 32 | 66600 },
	{ "time", "00:00:01-24:00", INT64_C(1) << 32 | 86400 },
	{ "time", "23:59:59-24:00:00", INT64_C(86399) << 32 | 86400 },
	{ "time", "24:00-08:00", REFUSED },
	{ "time", "08:00-24:00:01", REFUSED },
	{ "time", "08:60-18:00", REFUSED },
	{ "time", "08:00:60-18:00", REFUSED },
	{ "time", "08-18", REFUSED },
	{ "time", "8:00-18:00", REFUSED },
	{ "time", "08:00", REFUSED },
	{ "time", "08:00-18:00 ", REFUSED },
	{ "time", "08:00:-18:00", REFUSED },
	{ "days", "Mon", MONDAY },
	{ "days", "sun", 64 },
	{ "days", "Mon-Fri", 31 },
	{ "days", "Sat-Mon", 97 },
	{ "days", "Mon, Wed", 5 },
	{ "days", "Mon-Mon", MONDAY },
	{ "days", "Monday", REFUSED },
	{ "days", "Mo", REFUSED },
	{ "days", "Mon-", REFUSED },
	{ "days", "-Mon", REFUSED },
	{ "days", "", REFUSED },
	{ "months", "Jan", JANUARY },
	{ "months", "Dec", 0x800 },
	{ "months", "Nov-Feb", 0xc03 },
	{ "months", "Janu", REFUSED },
	{ "monthDays", "1", 1 },
	{ "monthDays", "31", 0x40000000 },
	{ "monthDays", "30-31", 0x60000000 },
	{ "monthDays", "1,3", 5 },
	{ "monthDays", "0", REFUSED },
	{ "monthDays", "0-3", REFUSED },
	{ "monthDays", "32", REFUSED },
	{ "monthDays", "3-2", REFUSED },
	{ "validFrom", "1970-01-01T00:00:05Z", 5 },
	{ "validUntil", "19700101000007Z", 7 },
	{ "validUntil", "1970-01-01T00:00:05", REFUSED },
};
/* clang-format on */

static int64_t
when_number(const char *key, const struct policy_when *w)
{
	if (strcmp(key, "time") == 0)
		return (int64_t)w->times[0].from_s << 32 | w->times[0].until_s;
	if (strcmp(key, "days") == 0)
		return w->days;
	if (strcmp(key, "months") == 0)
		return w->months;
	if (strcmp(key, "monthDays") == 0)
		return w->month_days;
	return strcmp(key, "validFrom") == 0 ? w->valid_from_s
					     : w->valid_until_s;
}

static void
times_are_taken_or_refused(void)
{
	size_t n;
	const struct source_key *keys = source_schedule_keys(&n);

	for (size_t i = 0; i < sizeof(when_rows) / sizeof(when_rows[0]); i++) {
		struct source_schedule s = { 0 };
		const char *key = when_rows[i].key;
		bool good =
			take(find_key(keys, n, key), when_rows[i].value, &s);

		T_CHECK(good == (when_rows[i].is != REFUSED), "%s \"%s\"", key,
			when_rows[i].value);
		T_CHECK(!good || (s.own.set && when_number(key, &s.own.when) ==
						       when_rows[i].is),
			"%s \"%s\": %lld", key, when_rows[i].value,
			(long long)when_number(key, &s.own.when));
	}
}

static void
so_many_times_of_day_are_one_condition(void)
{
	struct source_schedule s = { 0 };
	size_t n;
	const struct source_key *keys = source_schedule_keys(&n);
	const struct source_key *key = find_key(keys, n, "time");

	for (int i = 0; i < POLICY_DAYTIMES; i++)
		T_CHECK(take(key, "08:00-09:00", &s), "%d", i);
	T_CHECK(!take(key, "08:00-09:00", &s), "one more");
	T_EQ(s.own.when.n_times, POLICY_DAYTIMES);
}

static void
a_zone_is_named_and_is_no_condition(void)
{
	struct source_schedule s = { 0 };
	size_t n;
	const struct source_key *keys = source_schedule_keys(&n);
	const struct source_key *key = find_key(keys, n, "zone");

	T_CHECK(take(key, "UTC", &s), "UTC");
	T_STR(s.own.zone, "UTC");
	T_CHECK(!s.own.set, "no condition");
	T_CHECK(!take(key, "No/Such", &s), "none");
}

static struct t_case cases[] = {
	{ "numbers have their limits", numbers_have_their_limits },
	{ "a TOS of zero is no mark", a_tos_of_zero_is_no_mark },
	{ "values of rules are taken or refused",
		values_of_rules_are_taken_or_refused },
	{ "a list has room for so many", a_list_has_room_for_so_many },
	{ "names have their length", names_have_their_length },
	{ "times are taken or refused", times_are_taken_or_refused },
	{ "so many times of day are one condition",
		so_many_times_of_day_are_one_condition },
	{ "a zone is named and is no condition",
		a_zone_is_named_and_is_no_condition },
};
T_MAIN(cases)
