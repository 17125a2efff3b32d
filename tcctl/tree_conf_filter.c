/* SPDX-License-Identifier: ISC */

/* The filters of a description: what they match and what they do. */

#include "tree_conf_int.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AT(member)   offsetof(struct tree_params, member)
#define BIT(kind)    (1u << (kind))

enum {
	ALL = 0xffff,
	U32 = BIT(TREE_U32),
	FW = BIT(TREE_FW),
	FLOWER = BIT(TREE_FLOWER),
	RAW_OFF_MAX = 4096,
	BYTE_MAX = 0xff,
	DSCP_MAX = 63,
	PORT_MAX = 0xffff
};

/* clang-format off */
static const struct tree_key filter_keys[] = {
	{ "kind", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "pref", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "protocol", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "class", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "actions", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "police", TREE_T_OTHER, ALL, 0, 0, 0, "" },
	{ "match", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "mark", TREE_T_OTHER, FW, 0, 0, 0, "" },
	{ "mask", TREE_T_OTHER, FW, 0, 0, 0, "" },
};

static const struct tree_key mark_keys[] = {
	{ "match", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "dscp", TREE_T_OTHER, 1, 0, 0, 0, "" },
};

static const struct tree_key match_keys[] = {
	{ "src", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "dst", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "proto", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "sport", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "dport", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "tos", TREE_T_OTHER, U32 | FLOWER, 0, 0, 0, "" },
	{ "mark", TREE_T_OTHER, U32, 0, 0, 0, "" },
	{ "raw", TREE_T_OTHER, U32, 0, 0, 0, "" },
};

static const struct tree_key raw_keys[] = {
	{ "at", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "value", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "mask", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "transport", TREE_T_OTHER, 1, 0, 0, 0, "" },
};

static const struct tree_key police_keys[] = {
	{ "rate", TREE_T_RATE, 1, AT(rate_Bps), 1, 1000000000000ull, "\"2 Mbit/s\"" },
	{ "peak", TREE_T_RATE, 1, AT(peak_Bps), 1, 1000000000000ull, "\"4 Mbit/s\"" },
	{ "burst", TREE_T_BURST, 1, AT(burst), 1, UINT32_MAX, "\"16 kB\"" },
	{ "mtu", TREE_T_SIZE, 1, AT(mtu_bytes), 1, UINT32_MAX, "1514" },
	{ "overhead", TREE_T_SIZE, 1, AT(overhead_bytes), 0, 2047, "24" },
	{ "atm", TREE_T_BOOL, 1, AT(atm), 0, 1, "true" },
	{ "mpu", TREE_T_SIZE, 1, AT(mpu_bytes), 0, 65535, "84" },
	{ "exceed", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "conform", TREE_T_OTHER, 1, 0, 0, 0, "" },
};

/* An action is a group with one of these; some take a second key. */
static const struct tree_key action_keys[] = {
	{ "police", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "redirect", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "mirror", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "connmark", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "dscp", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "mark", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "priority", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "verdict", TREE_T_OTHER, 1, 0, 0, 0, "" },
};
/* clang-format on */

static const char *const classifiers[] = { [TREE_U32] = "u32",
	[TREE_FW] = "fw",
	[TREE_MATCHALL] = "matchall",
	[TREE_FLOWER] = "flower" };

static const struct {
	const char *name;
	uint16_t number;
} protocols[] = {
	{ "ip", ETH_P_IP },
	{ "ipv6", ETH_P_IPV6 },
	{ "arp", ETH_P_ARP },
	{ "all", ETH_P_ALL },
	{ "802.1q", ETH_P_8021Q },
};

static const char *const verdict_names[] = { "continue", "pass", "reclassify",
	"drop", "pipe" };
static const int16_t verdicts[] = { TC_VERDICT_CONTINUE, TC_VERDICT_OK,
	TC_VERDICT_RECLASSIFY, TC_VERDICT_DROP, TC_VERDICT_PIPE };

/* Which condition a key is, -1: none. */
static int
field_of(const char *name)
{
	for (size_t i = 0; i < COUNT(match_keys); i++)
		if (strcmp(match_keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* ---- what is matched ----------------------------------------------------- */

static bool
get_prefix(
	struct tree_reading *r, const config_setting_t *s, struct tree_match *m)
{
	const char *key = config_setting_name(s);
	const char *text = tree_get_text(r, s, key, "\"192.0.2.0/24\"");

	if (!text)
		return false;
	if (strcmp(text, "local") == 0) {
		m->local = true;
		return true;
	}
	if (addr_prefix_parse(text, &m->prefix))
		return true;
	tree_error(r->faults, tree_line(s),
		"%s: not a prefix without host bits, nor \"local\" (write for "
		"example: %s = \"192.0.2.0/24\";)",
		key, key);
	return false;
}

/* "tcp" or a number. */
static bool
get_proto(
	struct tree_reading *r, const config_setting_t *s, struct tree_match *m)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "icmp", IPPROTO_ICMP }, { "icmpv6", IPPROTO_ICMPV6 },
		{ "esp", IPPROTO_ESP }, { "rsvp", IPPROTO_RSVP },
		{ "gre", IPPROTO_GRE }, { "sctp", IPPROTO_SCTP } };
	uint64_t v = 0;

	m->mask = BYTE_MAX;
	for (size_t i = 0; i < COUNT(names); i++)
		if (config_setting_type(s) == CONFIG_TYPE_STRING &&
			strcmp(config_setting_get_string(s), names[i].name) ==
				0) {
			m->value = names[i].number;
			return true;
		}
	if (!tree_get_number(r, s, "proto", BYTE_MAX, "\"tcp\"", &v))
		return false;
	m->value = (uint32_t)v;
	return true;
}

/* "VALUE/MASK" */
static bool
parse_masked(const char *text, uint32_t max, struct tree_match *m)
{
	unsigned long value;
	unsigned long mask;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	value = strtoul(text, &end, 0);
	if (end[0] != '/' || end[1] < '0' || end[1] > '9')
		return false;
	mask = strtoul(end + 1, &end, 0);
	if (*end != '\0' || value > max || mask > max)
		return false;
	m->value = (uint32_t)value;
	m->mask = (uint32_t)mask;
	return true;
}

/* A number, or "VALUE/MASK". */
static bool
get_masked(struct tree_reading *r, const config_setting_t *s, uint32_t max,
	struct tree_match *m)
{
	const char *key = config_setting_name(s);
	const char *text = config_setting_type(s) == CONFIG_TYPE_STRING
				   ? config_setting_get_string(s)
				   : NULL;
	uint64_t v = 0;

	if (text && strchr(text, '/')) {
		if (parse_masked(text, max, m))
			return true;
		tree_error(r->faults, tree_line(s),
			"%s: not VALUE/MASK, each up to 0x%x (write for "
			"example: %s = \"0x10/0x1e\";)",
			key, max, key);
		return false;
	}
	if (!tree_get_number(r, s, key, max, "80", &v))
		return false;
	m->value = (uint32_t)v;
	m->mask = max;
	return true;
}

static bool
get_match(
	struct tree_reading *r, const config_setting_t *s, struct tree_match *m)
{
	m->field = (uint8_t)(field_of(config_setting_name(s)));
	switch ((enum tree_field)m->field) {
	case TREE_SRC:
	case TREE_DST:
		return get_prefix(r, s, m);
	case TREE_PROTO:
		return get_proto(r, s, m);
	case TREE_SPORT:
	case TREE_DPORT:
		return get_masked(r, s, PORT_MAX, m);
	case TREE_TOS:
		return get_masked(r, s, BYTE_MAX, m);
	case TREE_MARK:
		return get_masked(r, s, UINT32_MAX, m);
	case TREE_RAW:
		break; /* a list of its own */
	}
	return false;
}

/* Octets into the header; what is before it, of the link, is below 0. */
static void
get_at(struct tree_reading *r, const config_setting_t *group,
	struct tree_match *m)
{
	const config_setting_t *s = config_setting_get_member(group, "at");
	long long at;

	if (!s)
		return;
	at = config_setting_get_int64(s);
	if (config_setting_is_number(s) == CONFIG_FALSE || at < -RAW_OFF_MAX ||
		at > RAW_OFF_MAX || at % 4 != 0)
		tree_error(r->faults, tree_line(s),
			"at: not a multiple of 4 from -%d to %d (a key is a "
			"word of 32 bits; write for example: at = 20;)",
			RAW_OFF_MAX, RAW_OFF_MAX);
	else
		m->off = (int16_t)at;
}

/* { at = 20; value = "0x00500000"; mask = "0xffff0000"; } */
static bool
get_raw(struct tree_reading *r, const config_setting_t *group,
	struct tree_match *m)
{
	static const char example[] = "( { at = 0; value = 0; mask = 0; } )";
	static const struct tree_keys keys = { raw_keys, COUNT(raw_keys), 1,
		"raw" };
	const config_setting_t *s;
	struct tree_params unused;
	uint64_t v = 0;

	if (!tree_is_group(r, group, "raw", example))
		return false;
	tree_get_keys(r, group, &keys, &unused);
	m->field = TREE_RAW;
	get_at(r, group, m);
	if ((s = config_setting_get_member(group, "value")) != NULL)
		(void)tree_get_number(/* said */
			r, s, "value", UINT32_MAX, "\"0x00500000\"", &v);
	m->value = (uint32_t)v;
	v = 0;
	if ((s = config_setting_get_member(group, "mask")) != NULL)
		(void)tree_get_number(/* said */
			r, s, "mask", UINT32_MAX, "\"0xffff0000\"", &v);
	m->mask = (uint32_t)v;
	if ((s = config_setting_get_member(group, "transport")) != NULL)
		(void)tree_get_bool(r, s, "transport", &m->floating); /* said */
	if ((m->value & ~m->mask) != 0)
		tree_error(r->faults, tree_line(group),
			"raw: value 0x%08x has bits outside mask 0x%08x and "
			"would never match",
			m->value, m->mask);
	return true;
}

static struct tree_match *
next_match(struct tree_reading *r, const config_setting_t *s,
	struct tree_filter *f)
{
	if (f->match_count < TREE_MATCHES_MAX)
		return &f->matches[f->match_count];
	tree_error(r->faults, tree_line(s),
		"more than %d conditions in one filter", TREE_MATCHES_MAX);
	return NULL;
}

static void
get_raws(struct tree_reading *r, const config_setting_t *list,
	struct tree_filter *f)
{
	if (!tree_is_list(
		    r, list, "raw", "( { at = 0; value = 0; mask = 0; } )"))
		return;
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *e =
			config_setting_get_elem(list, (unsigned)i);
		struct tree_match *m = next_match(r, e, f);

		if (m && get_raw(r, e, m))
			f->match_count++;
	}
}

/* The order of the conditions is that of the file. */
static void
read_match(struct tree_reading *r, const config_setting_t *group,
	struct tree_filter *f)
{
	const struct tree_keys keys = { match_keys, COUNT(match_keys),
		BIT(f->kind),
		f->kind == TREE_U32 ? "a match of u32" : "a match of flower" };
	struct tree_params unused;

	if (!tree_is_group(r, group, "match", "{ dport = 80; }"))
		return;
	tree_get_keys(r, group, &keys, &unused);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(s);
		struct tree_match *m;

		if (strcmp(name, "raw") == 0) {
			get_raws(r, s, f);
			continue;
		}
		m = field_of(name) >= 0 ? next_match(r, s, f) : NULL;
		if (m && get_match(r, s, m))
			f->match_count++;
	}
}

/* ---- what is done -------------------------------------------------------- */

static void
get_verdict(struct tree_reading *r, const config_setting_t *group,
	const char *key, int16_t *ret)
{
	const config_setting_t *s = config_setting_get_member(group, key);
	int i = s ? tree_get_word(
			    r, s, key, verdict_names, COUNT(verdict_names))
		  : -1;

	if (i >= 0)
		*ret = verdicts[i];
}

static void
read_police(struct tree_reading *r, const config_setting_t *group,
	struct tree_action *a)
{
	static const struct tree_keys keys = { police_keys, COUNT(police_keys),
		1, "police" };

	a->act = TREE_ACT_POLICE;
	a->line = tree_line(group);
	a->exceed = TC_VERDICT_RECLASSIFY; /* as tc has it */
	a->conform = TC_VERDICT_OK;
	memset(&a->p, 0xff, sizeof(a->p)); /* TREE_UNSET, all of it */
	if (!tree_is_group(r, group, "police",
		    "{ rate = \"2 Mbit/s\"; burst = \"20 kB\"; }"))
		return;
	tree_get_keys(r, group, &keys, &a->p);
	get_verdict(r, group, "exceed", &a->exceed);
	get_verdict(r, group, "conform", &a->conform);
	if (!config_setting_get_member(group, "rate") ||
		!config_setting_get_member(group, "burst"))
		tree_error(r->faults, a->line,
			"police: rate or burst is missing (add for example: "
			"rate = \"2 Mbit/s\"; burst = \"20 kB\";)");
}

static bool
get_target(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	const char *key = config_setting_name(s);

	if (config_setting_type(s) == CONFIG_TYPE_STRING &&
		strcmp(config_setting_get_string(s), "ifb") == 0) {
		a->target[0] = '\0'; /* whichever name it has */
		return true;
	}
	return tree_get_name(r, s, key, a->target);
}

static bool
get_dscp(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	static const struct {
		const char *name;
		uint8_t value;
	} names[] = { { "be", 0 }, { "cs1", 8 }, { "af11", 10 }, { "af12", 12 },
		{ "af13", 14 }, { "cs2", 16 }, { "af21", 18 }, { "af22", 20 },
		{ "af23", 22 }, { "cs3", 24 }, { "af31", 26 }, { "af32", 28 },
		{ "af33", 30 }, { "cs4", 32 }, { "af41", 34 }, { "af42", 36 },
		{ "af43", 38 }, { "cs5", 40 }, { "ef", 46 }, { "cs6", 48 },
		{ "cs7", 56 } };
	uint64_t v = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		if (config_setting_type(s) == CONFIG_TYPE_STRING &&
			strcmp(config_setting_get_string(s), names[i].name) ==
				0) {
			a->value = names[i].value;
			return true;
		}
	if (!tree_get_number(r, s, "dscp", DSCP_MAX, "\"af41\"", &v))
		return false;
	a->value = (uint32_t)v;
	return true;
}

static bool
get_mark(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	struct tree_match m = { 0 };

	if (!get_masked(r, s, UINT32_MAX, &m))
		return false;
	a->value = m.value;
	a->mask = m.mask;
	return true;
}

/* true: zone 0 */
static bool
get_zone(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	uint64_t v = 0;

	if (config_setting_type(s) == CONFIG_TYPE_BOOL &&
		config_setting_get_bool(s))
		return true;
	if (!tree_get_number(r, s, "connmark", PORT_MAX, "true", &v))
		return false;
	a->value = (uint32_t)v;
	return true;
}

static bool
get_final(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	int i = tree_get_word(
		r, s, "verdict", verdict_names, COUNT(verdict_names));

	if (i >= 0)
		a->exceed = verdicts[i];
	return i >= 0;
}

static bool
get_act(struct tree_reading *r, const config_setting_t *s,
	struct tree_action *a)
{
	switch ((enum tree_act)a->act) {
	case TREE_ACT_POLICE:
		read_police(r, s, a);
		return true;
	case TREE_ACT_REDIRECT:
	case TREE_ACT_MIRROR:
		return get_target(r, s, a);
	case TREE_ACT_CONNMARK:
		return get_zone(r, s, a);
	case TREE_ACT_DSCP:
		return get_dscp(r, s, a);
	case TREE_ACT_MARK:
		return get_mark(r, s, a);
	case TREE_ACT_PRIORITY:
		return tree_get_class(r, s, "priority", &a->value);
	case TREE_ACT_VERDICT:
		return get_final(r, s, a);
	}
	return false;
}

/* One group, one action: the order of those in a list is that of the file. */
static void
read_action(struct tree_reading *r, const config_setting_t *group,
	struct tree_filter *f)
{
	static const struct tree_keys keys = { action_keys, COUNT(action_keys),
		1, "an action" };
	static const char example[] = "( { redirect = \"ifb\"; } )";
	struct tree_action *a = &f->actions[f->action_count];
	struct tree_params unused;
	const config_setting_t *s;

	if (!tree_is_group(r, group, "actions", example))
		return;
	tree_get_keys(r, group, &keys, &unused);
	s = config_setting_get_elem(group, 0);
	if (config_setting_length(group) != 1) {
		tree_error(r->faults, tree_line(group),
			"actions: a group is one action (write for example: "
			"actions = ( { connmark = true; }, { redirect = "
			"\"ifb\"; } );)");
		return;
	}
	*a = (struct tree_action){ .line = tree_line(s) };
	for (size_t i = 0; i < COUNT(action_keys); i++) {
		if (strcmp(action_keys[i].name, config_setting_name(s)) != 0)
			continue;
		a->act = (uint8_t)i;
		f->action_count += get_act(r, s, a);
	}
}

static void
read_actions(struct tree_reading *r, const config_setting_t *list,
	struct tree_filter *f)
{
	if (!tree_is_list(r, list, "actions", "( { redirect = \"ifb\"; } )"))
		return;
	if (config_setting_length(list) > TREE_ACTIONS_MAX) {
		tree_error(r->faults, tree_line(list), "actions: more than %d",
			TREE_ACTIONS_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++)
		read_action(r, config_setting_get_elem(list, (unsigned)i), f);
}

/* ---- the filter ---------------------------------------------------------- */

/* "ip", "ipv6", ..., or an ethertype. */
static void
read_protocol(struct tree_reading *r, const config_setting_t *s,
	struct tree_filter *f)
{
	uint64_t v = 0;

	for (size_t i = 0; i < COUNT(protocols); i++)
		if (config_setting_type(s) == CONFIG_TYPE_STRING &&
			strcmp(config_setting_get_string(s),
				protocols[i].name) == 0) {
			f->protocol = protocols[i].number;
			return;
		}
	if (tree_get_number(r, s, "protocol", PORT_MAX,
		    "\"ip\", \"ipv6\", \"arp\" or \"all\"", &v))
		f->protocol = (uint16_t)v;
}

static void
read_fw(struct tree_reading *r, const config_setting_t *group,
	struct tree_filter *f)
{
	const config_setting_t *s = config_setting_get_member(group, "mark");
	uint64_t v = 0;

	if (!s)
		tree_error(r->faults, f->line,
			"a filter of kind fw without mark (add for example: "
			"mark = 5;)");
	else if (tree_get_number(r, s, "mark", UINT32_MAX, "5", &v)) {
		f->mark = (uint32_t)v;
		if (v == 0)
			tree_error(r->faults, f->line,
				"mark: 0 is what packets without a mark have "
				"(use 1 or more)");
	}
	f->mask = UINT32_MAX;
	s = config_setting_get_member(group, "mask");
	if (s && tree_get_number(r, s, "mask", UINT32_MAX, "\"0xff\"", &v))
		f->mask = (uint32_t)v;
}

static void
read_kind(struct tree_reading *r, const config_setting_t *group,
	struct tree_filter *f)
{
	const config_setting_t *s = config_setting_get_member(group, "kind");
	int kind =
		s ? tree_get_word(r, s, "kind", classifiers, COUNT(classifiers))
		  : TREE_U32;

	f->kind = (uint8_t)(kind < 0 ? TREE_U32 : kind);
}

static struct tree_filter *
add_filter(struct tree_reading *r, unsigned line, uint32_t parent)
{
	void *all = r->iface->filters;
	struct tree_filter *f = (struct tree_filter *)tree_grow(
		r, line, &all, &r->iface->filter_count, sizeof(*f), "filters");

	r->iface->filters = (struct tree_filter *)all;
	if (!f)
		return NULL;
	f->line = line;
	f->parent = parent;
	f->protocol = ETH_P_IP;
	return f;
}

void
tree_read_filter(
	struct tree_reading *r, const config_setting_t *group, uint32_t parent)
{
	struct tree_keys keys = { filter_keys, COUNT(filter_keys), 0, NULL };
	struct tree_filter *f;
	struct tree_params unused;
	const config_setting_t *s;
	uint64_t v = 0;
	char in[40];
	struct text t = text_over(in, sizeof(in));

	if (!tree_is_group(r, group, "filters", "{ match = { dport = 80; }; }"))
		return;
	f = add_filter(r, tree_line(group), parent);
	if (!f)
		return;
	read_kind(r, group, f);
	text_printf(&t, "a filter of kind %s", classifiers[f->kind]);
	keys.kind = BIT(f->kind);
	keys.in = in;
	tree_get_keys(r, group, &keys, &unused);
	if ((s = config_setting_get_member(group, "pref")) != NULL &&
		tree_get_number(r, s, "pref", PORT_MAX, "10", &v))
		f->pref = (uint16_t)v;
	if ((s = config_setting_get_member(group, "protocol")) != NULL)
		read_protocol(r, s, f);
	if ((s = config_setting_get_member(group, "class")) != NULL)
		(void)tree_get_target(/* said */
			r, s, "class", &f->classid, &f->missing);
	if (f->kind == TREE_FW)
		read_fw(r, group, f);
	else if ((s = config_setting_get_member(group, "match")) != NULL &&
		 f->kind != TREE_MATCHALL)
		read_match(r, s, f);
	if ((s = config_setting_get_member(group, "actions")) != NULL)
		read_actions(r, s, f);
	if ((s = config_setting_get_member(group, "police")) != NULL) {
		f->policed = true;
		read_police(r, s, &f->police);
	}
}

void
tree_read_mark(struct tree_reading *r, const config_setting_t *group)
{
	static const struct tree_keys keys = { mark_keys, COUNT(mark_keys), 1,
		"a mark" };
	const config_setting_t *dscp;
	const config_setting_t *match;
	void *all = r->iface->marks;
	struct tree_filter *f;
	struct tree_params unused;

	if (!tree_is_group(r, group, "marks",
		    "( { match = { sport = 5060; }; dscp = \"af41\"; } )"))
		return;
	f = (struct tree_filter *)tree_grow(r, tree_line(group), &all,
		&r->iface->mark_count, sizeof(*f), "marks");
	r->iface->marks = (struct tree_filter *)all;
	if (!f)
		return;
	f->line = tree_line(group);
	f->kind = TREE_FLOWER; /* the same conditions */
	tree_get_keys(r, group, &keys, &unused);
	dscp = config_setting_get_member(group, "dscp");
	match = config_setting_get_member(group, "match");
	if (match)
		read_match(r, match, f);
	if (!dscp)
		tree_error(r->faults, f->line,
			"a mark without dscp (add for example: dscp = "
			"\"af41\";)");
	else
		(void)get_dscp(r, dscp, &f->actions[0]); /* said */
}
