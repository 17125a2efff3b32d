/* SPDX-License-Identifier: ISC */

/* What differs between two rule sets, field by field. */

#include "policy/change_int.h"
#include "t_alloc.h"
#include "t_policy.h"

/* All that was told, a line each. */
struct told {
	char text[8192];
	struct text t;
};

static void
thing(void *arg, enum policy_thing thing, enum diff_kind kind, const char *name)
{
	static const char signs[] = "+-~";

	text_printf(&((struct told *)arg)->t, "%c%s %s\n", signs[kind],
		policy_thing_text(thing), name);
}

static void
field(void *arg, const char *key, const char *have, const char *want)
{
	text_printf(
		&((struct told *)arg)->t, " %s: [%s] [%s]\n", key, have, want);
}

static const struct policy_change_ops ops = { thing, field };

/* Frees both. */
static void
expect(struct policy_set *have, struct policy_set *want, const char *lines)
{
	struct told told = { .text = "" };

	told.t = text_over(told.text, sizeof(told.text));
	t_sort(have);
	t_sort(want);
	T_CHECK(policy_change_list(have, want, &ops, &told), "no memory");
	T_STR(told.text, lines);
	policy_set_free(have);
	policy_set_free(want);
}

static struct policy_set *
one_rule(struct policy_rule **ret)
{
	struct policy_set *set = t_set();

	(void)t_category(set, "gold");
	*ret = t_rule(set, "r", "gold");
	return set;
}

/* ---- cases --------------------------------------------------------------- */

static void
the_same_rules_are_no_change(void)
{
	struct policy_rule *r;
	struct policy_set *have = one_rule(&r);
	struct policy_set *want = one_rule(&r);

	/* Who made them, and when, is no part of it. */
	want->generation = 9;
	want->made_unix_s = 1;
	expect(have, want, "");
}

static void
where_things_stand_in_a_set_is_no_change(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();

	(void)t_pool(have, "p");
	t_category(have, "a")->pool = 0;
	(void)t_category(have, "b");
	(void)t_rule(have, "x", "a");
	(void)t_rule(have, "y", "b");
	(void)t_category(want, "b");
	(void)t_pool(want, "p");
	t_category(want, "a")->pool = 0;
	(void)t_rule(want, "y", "b");
	(void)t_rule(want, "x", "a");
	expect(have, want, "");
}

static void
additions_and_removals_are_told_with_all_that_is_set(void)
{
	struct policy_rule *r;
	struct policy_set *have = t_set();
	struct policy_set *want = one_rule(&r);

	t_span(r, POLICY_SPAN_USER, 1000, 1000);
	want->categories[0].max_flows = 3;
	expect(have, want,
		"+category gold\n maxFlows: [] [3]\n permission: [] [allow]\n"
		" from: [] [file]\n"
		"+rule r\n permission: [] [allow]\n priority: [] [0]\n"
		" scope: [] [RSVP]\n category: [] [gold]\n from: [] [file]\n"
		" users: [] [1000]\n");
	have = one_rule(&r);
	want = t_set();
	expect(have, want,
		"-category gold\n permission: [allow] []\n from: [file] []\n"
		"-rule r\n permission: [allow] []\n priority: [0] []\n"
		" scope: [RSVP] []\n category: [gold] []\n from: [file] []\n");
}

static void
every_condition_of_a_rule_is_a_field(void)
{
	struct policy_rule *old;
	struct policy_rule *r;
	struct policy_set *have = one_rule(&old);
	struct policy_set *want = one_rule(&r);

	(void)t_category(want, "tin");
	(void)t_category(have, "tin");
	r->deny = true;
	r->priority = -5;
	r->scope = POLICY_SCOPE_DATA;
	r->category = 1;
	r->disabled = true;
	r->goes_on = true;
	r->origin = POLICY_FROM_DIRECTORY;
	r->services = POLICY_BIT_CL;
	r->styles = 1 << POLICY_STYLE_WF | 1 << POLICY_STYLE_SE;
	r->roles = 1 << POLICY_RECEIVER | 1 << POLICY_TRANSIT;
	r->messages = 1 << POLICY_PATH;
	r->multicast = POLICY_BIT_YES;
	r->identified = POLICY_BIT_NO;
	t_span(r, POLICY_SPAN_PROTO, 17, 17);
	t_span(r, POLICY_SPAN_PROTO, 50, 51);
	t_span(r, POLICY_SPAN_USER, 1, 2);
	t_span(r, POLICY_SPAN_GROUP, 3, 3);
	t_span(r, POLICY_SPAN_SRC_PORT, 4, 4);
	t_span(r, POLICY_SPAN_DST_PORT, 5, 5);
	t_span(r, POLICY_SPAN_DST_PORT, 7, 9);
	t_span(r, POLICY_SPAN_DSCP, 46, 46);
	t_range(r, POLICY_ADDR_HOST, "10.0.0.1", "10.0.0.1");
	t_range(r, POLICY_ADDR_NEIGHBOUR, "10.0.0.0", "10.0.0.255");
	t_range(r, POLICY_ADDR_SRC, "10.0.0.1", "10.0.0.9");
	t_range(r, POLICY_ADDR_DST, "2001:db8::", "2001:db8::ffff");
	t_name(r, POLICY_NAME_PRINCIPAL, "a@B");
	t_name(r, POLICY_NAME_PRINCIPAL, "*@C");
	t_name(r, POLICY_NAME_SUBJECT, "cn=s");
	t_name(r, POLICY_NAME_WHO_APPLICATION, "APP=w");
	t_name(r, POLICY_NAME_APPLICATION, "APP=x");
	t_name(r, POLICY_NAME_ISSUER, "cn=i");
	t_iface(r, "eth*");
	t_iface_of(r, POLICY_IFACE_IN, "in0");
	t_iface_of(r, POLICY_IFACE_OUT, "out0");
	expect(have, want,
		"~rule r\n permission: [allow] [deny]\n priority: [0] [-5]\n"
		" scope: [RSVP] [DataTraffic]\n category: [gold] [tin]\n"
		" enabled: [] [no]\n continue: [] [yes]\n"
		" from: [file] [directory]\n protocol: [] [udp, 50-51]\n"
		" service: [] [CL]\n style: [] [WF, SE]\n"
		" role: [] [receiver, transit]\n message: [] [path]\n"
		" multicast: [] [yes]\n authenticated: [] [no]\n"
		" users: [] [1-2]\n groups: [] [3]\n sourcePorts: [] [4]\n"
		" destPorts: [] [5, 7-9]\n dscp: [] [46]\n"
		" hosts: [] [10.0.0.1]\n neighbour: [] [10.0.0.0/24]\n"
		" source: [] [10.0.0.1-10.0.0.9]\n"
		" destination: [] [2001:db8::/112]\n principals: [] [a@B, "
		"*@C]\n"
		" certSubjects: [] [cn=s]\n applications: [] [APP=w]\n"
		" application: [] [APP=x]\n certIssuer: [] [cn=i]\n"
		" interface: [] [eth*]\n inInterface: [] [in0]\n"
		" outInterface: [] [out0]\n");
}

static void
a_schedule_that_changes_changes_its_rules(void)
{
	struct policy_rule *old;
	struct policy_rule *r;
	struct policy_set *have = one_rule(&old);
	struct policy_set *want = one_rule(&r);

	(void)t_zone(have, "UTC", 0, 0, 0);
	(void)t_zone(want, "UTC", 0, 0, 0);
	(void)t_when(have, "office");
	t_when(want, "office")->days = 1;
	t_whens(old, 0);
	t_whens(r, 0);
	(void)t_when(have, "");
	t_when(want, "")->months = 2;
	old->own_when = 1;
	r->own_when = 1;
	expect(have, want,
		"~rule r\n when: [office UTC] [office Mon UTC]\n"
		" time: [when UTC] [when Feb UTC]\n");
}

static void
categories_pools_and_the_default_are_compared(void)
{
	struct policy_set *have = t_set();
	struct policy_set *want = t_set();
	struct policy_category *c = t_category(have, "c");
	struct policy_category *d = t_category(want, "c");
	struct policy_pool *p;

	(void)t_pool(have, "p");
	p = t_pool(want, "p");
	p->rate_Bps = 1000;
	p->max_flows = 4;
	p->headroom_percent = 10;
	p->soft_percent = 80;
	want->default_why = POLICY_DEFAULT_ALLOW;
	c->max_rate_Bps = 125000;
	/* What rounds to the same text is told apart. */
	d->max_rate_Bps = 125001;
	c->max_bucket_bytes = 16000;
	d->max_bucket_bytes = 16001;
	d->min_delay_us = 7;
	d->dscp_in = 46;
	d->on_change = POLICY_KEEP;
	d->deny = true;
	d->pool = 0;
	expect(have, want,
		"~default \n default: [the default is deny] "
		"[the default is allow]\n"
		"~pool p\n rate: [] [8 kbit/s]\n maxFlows: [] [4]\n"
		" headroomPercent: [] [10]\n softLimit: [] [80]\n"
		"~category c\n maxRatePerFlow: [1 Mbit/s] [125001 B/s]\n"
		" maxBucketPerFlow: [16 kB] [16001 B]\n minDelay: [] [7 us]\n"
		" onChange: [] [keep]\n inProfileDscp: [] [EF]\n"
		" permission: [allow] [deny]\n pool: [] [p]\n");
}

static void
lack_of_memory_is_told(void)
{
	struct policy_rule *r;
	struct policy_set *have = one_rule(&r);
	struct policy_set *want = one_rule(&r);
	struct told told = { .text = "" };
	bool good = false;

	told.t = text_over(told.text, sizeof(told.text));
	t_sort(have);
	t_sort(want);
	for (size_t n = 0; !good && n < 20; n++) {
		struct t_ration ration = { .left = n };
		const struct alloc alloc = t_ration_alloc(&ration);
		const struct alloc *heap = have->alloc;

		have->alloc = &alloc;
		want->alloc = &alloc;
		good = policy_change_list(have, want, &ops, &told);
		T_CHECK(good || ration.left == 0, "failed by itself");
		T_EQ(ration.held, 0);
		have->alloc = heap;
		want->alloc = heap;
	}
	T_CHECK(good, "never enough");
	policy_set_free(have);
	policy_set_free(want);
}

static struct t_case cases[] = {
	{ "the same rules are no change", the_same_rules_are_no_change },
	{ "where things stand in a set is no change",
		where_things_stand_in_a_set_is_no_change },
	{ "additions and removals are told with all that is set",
		additions_and_removals_are_told_with_all_that_is_set },
	{ "every condition of a rule is a field",
		every_condition_of_a_rule_is_a_field },
	{ "a schedule that changes changes its rules",
		a_schedule_that_changes_changes_its_rules },
	{ "categories, pools and the default are compared",
		categories_pools_and_the_default_are_compared },
	{ "lack of memory is told", lack_of_memory_is_told },
};

T_MAIN(cases)
