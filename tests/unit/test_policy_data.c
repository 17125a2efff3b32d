/* SPDX-License-Identifier: ISC */

/* What a rule set says of data traffic. */

#include "t_policy.h"

static const struct policy_times always;

static struct policy_data_rule
data_at(const struct policy *p, size_t i)
{
	struct policy_data_rule d;

	T_CHECK(policy_data_at(p, i, 0, &d), "no rule %zu", i);
	return d;
}

static void
rules_on_data_come_in_the_order_of_decision(void)
{
	struct policy_set *set = t_set();
	struct policy_data_rule d;
	struct policy *p;

	t_rule(set, "reservations", NULL)->priority = 9;
	t_rule(set, "late", NULL)->scope = POLICY_SCOPE_DATA;
	t_rule(set, "both", NULL)->scope = POLICY_SCOPE_BOTH;
	set->rules[2]->priority = 7;
	set->rules[1]->priority = -7;
	p = t_policy(set);
	T_STR(data_at(p, 0).name, "both");
	T_EQ(data_at(p, 0).priority, 7);
	T_STR(data_at(p, 1).name, "late");
	T_EQ(data_at(p, 1).priority, -7);
	T_CHECK(!policy_data_at(p, 2, 0, &d), "a third one");
	policy_free(p);
}

static void
without_rules_there_are_none(void)
{
	struct policy *p = policy_new(alloc_heap());
	struct policy_data_rule d;

	T_CHECK(!policy_data_at(p, 0, 0, &d), "before the first snapshot");
	t_put(p, t_set());
	T_CHECK(!policy_data_at(p, 0, 0, &d), "of an empty snapshot");
	policy_free(p);
}

static void
selectors_are_handed_over(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "r", NULL);
	struct policy_data_rule d;
	struct policy *p;

	r->scope = POLICY_SCOPE_DATA;
	t_range(r, POLICY_ADDR_SRC, "10.0.0.1", "10.0.0.2");
	t_range(r, POLICY_ADDR_DST, "2001:db8::", "2001:db8::ff");
	t_range(r, POLICY_ADDR_DST, "192.0.2.3", "192.0.2.3");
	t_span(r, POLICY_SPAN_SRC_PORT, 1, 2);
	t_span(r, POLICY_SPAN_DST_PORT, 3, 4);
	t_span(r, POLICY_SPAN_PROTO, 17, 17);
	t_span(r, POLICY_SPAN_DSCP, 46, 46);
	t_iface_of(r, POLICY_IFACE_IN, "in*");
	t_iface_of(r, POLICY_IFACE_OUT, "out?");
	p = t_policy(set);
	d = data_at(p, 0);
	T_EQ(d.src.count, 1);
	T_EQ(d.src.at[0].hi.b[3], 2);
	T_EQ(d.dst.count, 2);
	T_EQ(d.dst.at[0].hi.b[15], 0xff);
	T_EQ(d.src_ports.at[0].hi, 2);
	T_EQ(d.dst_ports.at[0].lo, 3);
	T_EQ(d.protos.at[0].lo, 17);
	T_EQ(d.dscps.at[0].lo, 46);
	T_EQ(d.in.count, 1);
	T_STR(d.in.at[0].glob, "in*");
	T_STR(d.out.at[0].glob, "out?");
	T_CHECK(d.active && !d.deny, "in force");
	T_STR(d.category, "");
	policy_free(p);
}

static void
an_interface_is_where_data_go_out(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "r", NULL);
	struct policy *p;

	r->scope = POLICY_SCOPE_DATA;
	t_iface(r, "eth0");
	p = t_policy(set);
	T_EQ(data_at(p, 0).in.count, 0);
	T_STR(data_at(p, 0).out.at[0].glob, "eth0");
	policy_free(p);
}

static void
grants_are_handed_over(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");
	struct policy_data_rule d;
	struct policy *p;

	t_rule(set, "r", "gold")->scope = POLICY_SCOPE_DATA;
	c->rate_Bps = 1001;
	c->bucket_bytes = 1002;
	c->peak_Bps = 1003;
	c->min_unit_bytes = 64;
	c->packet_bytes = 1500;
	c->dscp_in = 46;
	c->dscp_out = 10;
	c->excess = POLICY_EXCESS_DROP;
	c->admit = 1;
	c->arbitration = POLICY_FIRST_WINS;
	p = t_policy(set);
	d = data_at(p, 0);
	T_STR(d.category, "gold");
	T_EQ(d.rate_Bps, 1001);
	T_EQ(d.bucket_bytes, 1002);
	T_EQ(d.peak_Bps, 1003);
	T_EQ(d.min_packet, 64);
	T_EQ(d.max_packet, 1500);
	T_CHECK(d.marks && d.dscp == 46, "marked with %u", d.dscp);
	T_EQ(d.dscp_out, 10);
	T_EQ(d.excess, POLICY_EXCESS_DROP);
	T_CHECK(d.admit, "it counts");
	T_EQ(d.arbitration, POLICY_FIRST_WINS);
	policy_free(p);
}

/* The category as a data rule sees it. */
static struct policy_data_rule
granted(void (*set_up)(struct policy_category *c))
{
	struct policy_category c;
	struct policy_rule r = { .scope = POLICY_SCOPE_DATA,
		.own_when = POLICY_NO_WHEN };
	struct policy_data_rule d;

	policy_category_init(&c);
	set_up(&c);
	T_CHECK(policy_rule_data(&r, &c, &always, 0, &d), "a data rule");
	return d;
}

static void
set_nothing(struct policy_category *c)
{
	(void)c; /* as it is */
}

static void
set_rate(struct policy_category *c)
{
	c->rate_Bps = 1;
}

static void
set_out_mark(struct policy_category *c)
{
	c->rate_Bps = 1;
	c->dscp_out = 0;
}

static void
set_deny(struct policy_category *c)
{
	c->deny = true;
}

static void
what_is_not_granted_is_zero(void)
{
	struct policy_data_rule d = granted(set_nothing);

	T_EQ(d.rate_Bps + d.bucket_bytes + d.peak_Bps + d.min_packet +
			d.max_packet,
		0);
	T_CHECK(!d.marks && !d.admit && !d.deny, "nothing");
	T_EQ(d.arbitration, POLICY_RESERVATION_FIRST);
}

static void
beyond_the_rate_is_best_effort_or_the_mark_for_it(void)
{
	T_EQ(granted(set_rate).excess, POLICY_EXCESS_BEST_EFFORT);
	T_EQ(granted(set_out_mark).excess, POLICY_EXCESS_MARK);
	T_EQ(granted(set_out_mark).dscp_out, 0);
}

static void
a_rule_or_its_category_denies(void)
{
	struct policy_rule r = { .scope = POLICY_SCOPE_DATA,
		.deny = true,
		.own_when = POLICY_NO_WHEN };
	struct policy_category c;
	struct policy_data_rule d;

	T_CHECK(granted(set_deny).deny, "the category");
	policy_category_init(&c);
	T_CHECK(policy_rule_data(&r, &c, &always, 0, &d) && d.deny, "the rule");
	r.scope = POLICY_SCOPE_RSVP;
	T_CHECK(!policy_rule_data(&r, &c, &always, 0, &d), "not on data");
}

/* A rule with that done to it governs packets. */
static bool
governs(void (*set_up)(struct policy_rule *r))
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "r", NULL);
	struct policy *p;
	bool active;

	r->scope = POLICY_SCOPE_BOTH;
	set_up(r);
	p = t_policy(set);
	active = data_at(p, 0).active;
	policy_free(p);
	return active;
}

static void
by_protocol(struct policy_rule *r)
{
	t_span(r, POLICY_SPAN_PROTO, 17, 17);
}

static void
by_user(struct policy_rule *r)
{
	t_span(r, POLICY_SPAN_USER, 1, 1);
}

static void
by_group(struct policy_rule *r)
{
	t_span(r, POLICY_SPAN_GROUP, 1, 1);
}

static void
by_service(struct policy_rule *r)
{
	r->services = POLICY_BIT_GS;
}

static void
by_role(struct policy_rule *r)
{
	r->roles = 1;
}

static void
packets_do_not_tell_who_sent_them(void)
{
	T_CHECK(governs(by_protocol), "a packet has a protocol");
	T_CHECK(!governs(by_user), "no user");
	T_CHECK(!governs(by_group), "no group");
	T_CHECK(!governs(by_service), "no service");
	T_CHECK(!governs(by_role), "no role");
}

static void
reservations_have_no_code_point(void)
{
	struct policy_set *set = t_set();
	struct policy_request q = t_request();
	struct policy *p;

	t_span(t_rule(set, "r", NULL), POLICY_SPAN_DSCP, 0, 63);
	p = t_policy(set);
	T_STR(t_decide(p, &q, 0).rule, "");
	policy_free(p);
}

static void
a_rule_marks_what_it_allows(void)
{
	struct policy_set *set = t_set();
	struct policy_marking m;
	struct policy_category *gold = t_category(set, "gold");
	struct policy_category *out = t_category(set, "out");
	struct policy *p;

	gold->dscp_in = 46;
	out->dscp_out = 8;
	(void)t_category(set, "plain");
	t_rule(set, "a", "gold");
	t_rule(set, "b", "out");
	t_rule(set, "c", "plain");
	t_rule(set, "d", NULL);
	p = t_policy(set);
	T_CHECK(policy_rule_marking(p, "a", &m), "gold");
	T_CHECK(m.marks, "marks");
	T_EQ(m.dscp, 46);
	T_EQ(m.excess, POLICY_EXCESS_BEST_EFFORT);
	T_CHECK(policy_rule_marking(p, "b", &m), "out");
	T_CHECK(!m.marks, "in profile");
	T_EQ(m.excess, POLICY_EXCESS_MARK);
	T_EQ(m.dscp_out, 8);
	T_CHECK(!policy_rule_marking(p, "c", &m), "plain");
	T_CHECK(!policy_rule_marking(p, "d", &m), "no category");
	T_CHECK(!policy_rule_marking(p, "e", &m), "no rule");
	policy_free(p);
}

static struct t_case cases[] = {
	{ "a rule marks what it allows", a_rule_marks_what_it_allows },
	{ "rules on data come in the order of decision",
		rules_on_data_come_in_the_order_of_decision },
	{ "without rules there are none", without_rules_there_are_none },
	{ "selectors are handed over", selectors_are_handed_over },
	{ "an interface is where data go out",
		an_interface_is_where_data_go_out },
	{ "grants are handed over", grants_are_handed_over },
	{ "what is not granted is zero", what_is_not_granted_is_zero },
	{ "beyond the rate is best effort or the mark for it",
		beyond_the_rate_is_best_effort_or_the_mark_for_it },
	{ "a rule or its category denies", a_rule_or_its_category_denies },
	{ "packets do not tell who sent them",
		packets_do_not_tell_who_sent_them },
	{ "reservations have no code point", reservations_have_no_code_point },
};

T_MAIN(cases)
