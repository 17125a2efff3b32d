/* SPDX-License-Identifier: ISC */
#include "t_policy.h"

/* ---- conditions: each row is a rule that denies, or allows -------------- */

struct row {
	const char *name;
	void (*rule)(struct policy_rule *r);
	void (*request)(struct policy_request *q);
	bool matches;
};

/* clang-format off */
static void plain(struct policy_rule *r) { (void)r; }
static void as_it_is(struct policy_request *q) { (void)q; }

static void r_user(struct policy_rule *r) { t_span(r, POLICY_SPAN_USER, 1000, 1000); }
static void r_users(struct policy_rule *r) { t_span(r, POLICY_SPAN_USER, 5, 5); t_span(r, POLICY_SPAN_USER, 1000, 1999); }
static void r_group(struct policy_rule *r) { t_span(r, POLICY_SPAN_GROUP, 100, 100); }
static void r_both(struct policy_rule *r) { r_user(r); t_span(r, POLICY_SPAN_GROUP, 7, 7); }
static void r_udp(struct policy_rule *r) { t_span(r, POLICY_SPAN_PROTO, 17, 17); }
static void r_dst(struct policy_rule *r) { t_range(r, POLICY_ADDR_DST, "10.20.0.0", "10.20.255.255"); }
static void r_dst_range(struct policy_rule *r) { t_range(r, POLICY_ADDR_DST, "10.20.0.1", "10.20.0.9"); }
static void r_dst6(struct policy_rule *r) { t_range(r, POLICY_ADDR_DST, "2001:db8:20::", "2001:db8:20:ffff:ffff:ffff:ffff:ffff"); }
static void r_src(struct policy_rule *r) { t_range(r, POLICY_ADDR_SRC, "10.1.0.0", "10.1.0.255"); }
static void r_src_deny(struct policy_rule *r) { r_src(r); r->deny = true; }
static void r_dport(struct policy_rule *r) { t_span(r, POLICY_SPAN_DST_PORT, 5004, 5100); }
static void r_sport(struct policy_rule *r) { t_span(r, POLICY_SPAN_SRC_PORT, 4000, 4000); }
static void r_sport_deny(struct policy_rule *r) { r_sport(r); r->deny = true; }
static void r_cl(struct policy_rule *r) { r->services = POLICY_BIT_CL; }
static void r_gs(struct policy_rule *r) { r->services = POLICY_BIT_GS; }
static void r_gs_deny(struct policy_rule *r) { r_gs(r); r->deny = true; }
static void r_all_deny(struct policy_rule *r) { r->services = POLICY_BITS_SERVICE; r->deny = true; }
static void r_receiver(struct policy_rule *r) { r->roles = 1 << POLICY_RECEIVER; }
static void r_ends(struct policy_rule *r) { r->roles = 1 << POLICY_RECEIVER | 1 << POLICY_SENDER; }
static void r_eth(struct policy_rule *r) { t_iface(r, "eth*"); }
static void r_any_iface(struct policy_rule *r) { t_iface(r, "*"); }
static void r_data(struct policy_rule *r) { r->scope = POLICY_SCOPE_DATA; }
static void r_scopes(struct policy_rule *r) { r->scope = POLICY_SCOPE_BOTH; }

static void q_uid(struct policy_request *q) { q->uid = 1001; }
static void q_uid_end(struct policy_request *q) { q->uid = 1999; }
static void q_uid_past(struct policy_request *q) { q->uid = 2000; }
static void q_gid(struct policy_request *q) { q->gid = 101; }
static void q_uid_gid7(struct policy_request *q) { q->uid = 9; q->gid = 7; }
static void q_uid_gid8(struct policy_request *q) { q->uid = 9; q->gid = 8; }
static void q_nobody(struct policy_request *q) { q->who_known = false; }
static void q_tcp(struct policy_request *q) { q->proto = 6; }
static void q_dst(struct policy_request *q) { q->dst = t_addr("10.21.0.1"); }
static void q_dst_last(struct policy_request *q) { q->dst = t_addr("10.20.255.255"); }
static void q_dst_9(struct policy_request *q) { q->dst = t_addr("10.20.0.9"); }
static void q_dst_10(struct policy_request *q) { q->dst = t_addr("10.20.0.10"); }
static void q_dst_0(struct policy_request *q) { q->dst = t_addr("10.20.0.0"); }
static void q_dst6(struct policy_request *q) { q->dst = t_addr("2001:db8:20::1"); }
static void q_dst6_other(struct policy_request *q) { q->dst = t_addr("2001:db8:21::1"); }
/* The same leading octets as 10.20.0.1. */
static void q_dst6_alike(struct policy_request *q) { q->dst = t_addr("a14:1::"); }
static void q_src(struct policy_request *q) { q->src = t_addr("10.1.1.0"); }
static void q_wildcard(struct policy_request *q) { q->src = (struct addr){ 0 }; q->src_port = 0; }
static void q_wildcard6(struct policy_request *q) { q_wildcard(q); q_dst6(q); }
static void q_dport_low(struct policy_request *q) { q->dst_port = 5003; }
static void q_dport_last(struct policy_request *q) { q->dst_port = 5100; }
static void q_dport_past(struct policy_request *q) { q->dst_port = 5101; }
static void q_sport(struct policy_request *q) { q->src_port = 4001; }
static void q_gs(struct policy_request *q) { q->service = POLICY_SERVICE_GS; }
static void q_path(struct policy_request *q) { q->service = POLICY_SERVICE_ANY; q->message = POLICY_PATH; }
static void q_sender(struct policy_request *q) { q->role = POLICY_SENDER; }
static void q_transit(struct policy_request *q) { q->role = POLICY_TRANSIT; }
static void q_wlan(struct policy_request *q) { q->iface[0] = 'w'; }
static void q_no_iface(struct policy_request *q) { q->iface[0] = '\0'; }

static const struct row rows[] = {
	{ "a rule without conditions", plain, as_it_is, true },
	{ "the user", r_user, as_it_is, true },
	{ "another user", r_user, q_uid, false },
	{ "a user whom nobody knows", r_user, q_nobody, false },
	{ "a range of users", r_users, as_it_is, true },
	{ "the end of a range of users", r_users, q_uid_end, true },
	{ "past the end of a range of users", r_users, q_uid_past, false },
	{ "the group", r_group, as_it_is, true },
	{ "another group", r_group, q_gid, false },
	{ "a group, nobody known", r_group, q_nobody, false },
	{ "the user or a group, by the user", r_both, as_it_is, true },
	{ "the user or a group, by the group", r_both, q_uid_gid7, true },
	{ "neither the user nor the group", r_both, q_uid_gid8, false },
	{ "the protocol", r_udp, as_it_is, true },
	{ "another protocol", r_udp, q_tcp, false },
	{ "a destination prefix", r_dst, as_it_is, true },
	{ "its last address", r_dst, q_dst_last, true },
	{ "another destination", r_dst, q_dst, false },
	{ "an IPv4 prefix, an IPv6 destination", r_dst, q_dst6_alike, false },
	{ "a destination range", r_dst_range, as_it_is, true },
	{ "its last address", r_dst_range, q_dst_9, true },
	{ "past its last address", r_dst_range, q_dst_10, false },
	{ "before its first address", r_dst_range, q_dst_0, false },
	{ "an IPv6 prefix", r_dst6, q_dst6, true },
	{ "another IPv6 destination", r_dst6, q_dst6_other, false },
	{ "a source prefix", r_src, as_it_is, true },
	{ "another source", r_src, q_src, false },
	{ "a source that is open, allowing", r_src, q_wildcard, false },
	{ "a source that is open, denying", r_src_deny, q_wildcard, true },
	{ "a source that is open and of another family, denying", r_src_deny, q_wildcard6, false },
	{ "another source, denying", r_src_deny, q_src, false },
	{ "the first port", r_dport, as_it_is, true },
	{ "the last port", r_dport, q_dport_last, true },
	{ "below the first port", r_dport, q_dport_low, false },
	{ "past the last port", r_dport, q_dport_past, false },
	{ "the source port", r_sport, as_it_is, true },
	{ "another source port", r_sport, q_sport, false },
	{ "a source port that is open, allowing", r_sport, q_wildcard, false },
	{ "a source port that is open, denying", r_sport_deny, q_wildcard, true },
	{ "the same with an IPv6 destination", r_sport_deny, q_wildcard6, true },
	{ "another source port, denying", r_sport_deny, q_sport, false },
	{ "the service", r_cl, as_it_is, true },
	{ "another service", r_cl, q_gs, false },
	{ "the other service", r_gs, q_gs, true },
	{ "the other service, not asked for", r_gs, as_it_is, false },
	{ "a Path, some service allowed", r_gs, q_path, true },
	{ "a Path, some service denied", r_gs_deny, q_path, false },
	{ "a Path, every service denied", r_all_deny, q_path, true },
	{ "the role", r_receiver, as_it_is, true },
	{ "another role", r_receiver, q_sender, false },
	{ "one of two roles", r_ends, q_sender, true },
	{ "none of two roles", r_ends, q_transit, false },
	{ "the interface", r_eth, as_it_is, true },
	{ "another interface", r_eth, q_wlan, false },
	{ "no interface", r_eth, q_no_iface, false },
	{ "no interface, any name", r_any_iface, q_no_iface, false },
	{ "any name", r_any_iface, q_wlan, true },
	{ "scope data traffic", r_data, as_it_is, false },
	{ "both scopes", r_scopes, as_it_is, true },
};
/* clang-format on */

static void
conditions_hold_or_not(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_set *set = t_set();
		struct policy_rule *r = t_rule(set, "the-rule", NULL);
		struct policy_request q = t_request();
		struct policy_verdict v;
		struct policy *p;

		rows[i].rule(r);
		rows[i].request(&q);

		bool deny = r->deny;

		p = t_policy(set);
		v = t_decide(p, &q, 0);
		T_CHECK((strcmp(v.rule, "the-rule") == 0) == rows[i].matches,
			"row %zu, %s: %s", i, rows[i].name, v.reason);
		T_CHECK(v.allowed == (rows[i].matches && !deny),
			"row %zu, %s: %s", i, rows[i].name, v.reason);
		policy_free(p);
	}
}

/* ---- the decision ------------------------------------------------------- */

static void
without_a_snapshot_all_is_refused(void)
{
	struct policy *p = policy_new(alloc_heap());
	struct policy_request q = t_request();
	struct policy_verdict v = t_decide(p, &q, 0);
	struct policy_status status;
	struct policy_rule_info info;

	T_CHECK(!v.allowed, "%s", v.reason);
	T_EQ(v.value, 3);
	T_STR(v.reason,
		"no rule applies: denied, as no rules have been handed over "
		"yet");
	T_STR(v.rule, "");
	T_EQ(v.claim, 0);
	policy_status(p, &status);
	T_EQ(status.generation, 0);
	T_EQ(status.rules, 0);
	T_CHECK(!policy_rule_at(p, 0, &info), "a rule from nowhere");
	policy_free(p);
	policy_free(NULL);
}

static void
the_default_decides_and_says_so(void)
{
	static const struct {
		uint8_t why;
		bool allowed;
		const char *reason;
	} defaults[] = {
		{ POLICY_DEFAULT_ALLOW, true,
			"no rule applies: the default is allow" },
		{ POLICY_DEFAULT_DENY, false,
			"no rule applies: the default is deny" },
		{ POLICY_DEFAULT_NO_RULES, true,
			"no rule applies: allowed, as there is no rule for "
			"reservations" },
		{ POLICY_DEFAULT_RULES, false,
			"no rule applies: denied, as there are rules for "
			"reservations" },
		{ POLICY_DEFAULT_NO_DIRECTORY, false,
			"no rule applies: denied, as the directory has not "
			"been read yet" },
		{ POLICY_DEFAULT_BROKEN, false,
			"no rule applies: denied, as the policy could not be "
			"read" },
	};

	_Static_assert(sizeof(defaults) / sizeof(defaults[0]) ==
			       POLICY_DEFAULT_NOT_YET,
		"every default has its row");
	for (size_t i = 0; i < POLICY_DEFAULT_NOT_YET; i++) {
		struct policy_set *set = t_set();
		struct policy_request q = t_request();
		struct policy *p;
		struct policy_verdict v;

		set->default_why = defaults[i].why;
		p = t_policy(set);
		v = t_decide(p, &q, 0);
		T_EQ(v.allowed, defaults[i].allowed);
		T_EQ(v.value, defaults[i].allowed ? 0 : 3);
		T_STR(v.reason, defaults[i].reason);
		T_STR(v.rule, "");
		policy_free(p);
	}
}

static void
refusals_name_rule_limit_and_value(void)
{
	static const struct {
		const char *reason;
		uint16_t value;
		struct policy_category c; /* 0: no bound */
	} refusals[] = {
		{ "rule studio: rate per flow 1 Mbit/s exceeds maxRatePerFlow "
		  "999.9 kbit/s",
			19, { .max_rate_Bps = 124984 } },
		{ "rule studio: bucket 3 kB exceeds maxBucketPerFlow 2.999 kB",
			19, { .max_bucket_bytes = 2999 } },
		{ "rule studio: peak rate 2 Mbit/s exceeds maxPeakPerFlow "
		  "1 Mbit/s",
			19, { .max_peak_Bps = 125000 } },
		{ "rule studio: packet size 1.5 kB exceeds maxPacketPerFlow "
		  "1.499 kB",
			19, { .max_packet_bytes = 1499 } },
		{ "rule studio: aggregate rate 1 Mbit/s exceeds aggregateRate "
		  "800 kbit/s",
			4, { .aggregate_Bps = 100000 } },
		{ "rule studio denies uid 1000", 3, { .deny = true } },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct policy_category *from = &refusals[i].c;
		struct policy_set *set = t_set();
		struct policy_category *c = t_category(set, "gold");
		struct policy_request q = t_request();
		struct policy *p;
		struct policy_verdict v;

		c->deny = from->deny;
		if (from->max_rate_Bps)
			c->max_rate_Bps = from->max_rate_Bps;
		if (from->max_bucket_bytes)
			c->max_bucket_bytes = from->max_bucket_bytes;
		if (from->max_peak_Bps)
			c->max_peak_Bps = from->max_peak_Bps;
		if (from->max_packet_bytes)
			c->max_packet_bytes = from->max_packet_bytes;
		if (from->aggregate_Bps)
			c->aggregate_Bps = from->aggregate_Bps;
		c->preemption = 5;
		c->defending = 5;
		t_span(t_rule(set, "studio", "gold"), POLICY_SPAN_USER, 1000,
			1000);
		p = t_policy(set);
		v = t_decide(p, &q, 0);
		T_STR(v.reason, refusals[i].reason);
		T_EQ(v.value, refusals[i].value);
		T_CHECK(!v.allowed, "%s", v.reason);
		T_STR(v.rule, "studio");
		T_EQ(v.claim, 0);
		T_EQ(v.preemption, 0);
		T_EQ(v.defending, 0);
		policy_free(p);
	}
}

/* What is asked for may be exactly the bound. */
static void
bounds_are_inclusive(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");
	struct policy_request q = t_request();
	struct policy *p;
	struct policy_verdict v;

	c->max_rate_Bps = q.rate_Bps;
	c->max_bucket_bytes = q.bucket_bytes;
	c->max_peak_Bps = q.peak_Bps;
	c->max_packet_bytes = q.max_packet;
	c->aggregate_Bps = q.rate_Bps;
	c->max_flows = 1;
	c->preemption = 4000;
	c->defending = 5000;
	(void)t_rule(set, "studio", "gold");
	p = t_policy(set);
	v = t_decide(p, &q, 0);
	T_STR(v.reason, "rule studio allows (category gold)");
	T_CHECK(v.allowed && v.claim != 0, "%s", v.reason);
	T_EQ(v.value, 0);
	T_EQ(v.preemption, 4000);
	T_EQ(v.defending, 5000);
	policy_free(p);
}

static void
an_unlimited_peak_exceeds_any_bound(void)
{
	struct policy_set *set = t_set();
	struct policy_request q = t_request();
	struct policy *p;
	struct policy_verdict v;

	t_category(set, "gold")->max_peak_Bps = 1000000;
	(void)t_rule(set, "studio", "gold");
	p = t_policy(set);
	q.peak_Bps = 0;
	v = t_decide(p, &q, 0);
	T_STR(v.reason, "rule studio: peak rate unlimited exceeds "
			"maxPeakPerFlow 8 Mbit/s");
	T_EQ(v.value, 19);
	policy_free(p);
}

static void
a_service_above_the_bound_is_refused(void)
{
	struct policy_set *set = t_set();
	struct policy_request q = t_request();
	struct policy *p;
	struct policy_verdict v;

	t_category(set, "silver")->max_service = POLICY_SERVICE_CL;
	(void)t_rule(set, "studio", "silver");
	p = t_policy(set);
	v = t_decide(p, &q, 0);
	T_CHECK(v.allowed, "%s", v.reason);
	q.service = POLICY_SERVICE_GS;
	v = t_decide(p, &q, 0);
	T_STR(v.reason, "rule studio: service GS exceeds maxService CL");
	T_EQ(v.value, 17);
	policy_free(p);
}

/* A Path reserves nothing: its Tspec may be larger than a reservation may. */
static void
a_path_is_judged_by_permission_alone(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");
	struct policy_request q = t_request();
	struct policy_rule_info info;
	struct policy *p;
	struct policy_verdict v;

	c->max_rate_Bps = 1;
	c->max_flows = 0;
	(void)t_rule(set, "studio", "gold");
	p = t_policy(set);
	q.message = POLICY_PATH;
	q.service = POLICY_SERVICE_ANY;
	v = t_decide(p, &q, 0);
	T_CHECK(v.allowed, "%s", v.reason);
	T_EQ(v.claim, 0);
	T_CHECK(policy_rule_at(p, 0, &info), "no rule");
	T_EQ(info.flows, 0);
	T_EQ(info.allowed, 1);
	policy_free(p);
}

static void
denials_name_who_or_what(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "no-guests", NULL);
	struct policy_request q = t_request();
	struct policy *p;
	struct policy_verdict v;

	r->deny = true;
	t_span(r, POLICY_SPAN_GROUP, 100, 100);
	r = t_rule(set, "no-tcp", NULL);
	r->deny = true;
	t_span(r, POLICY_SPAN_PROTO, 6, 6);
	p = t_policy(set);
	v = t_decide(p, &q, 0);
	T_STR(v.reason, "rule no-guests denies uid 1000 gid 100");
	q.gid = 7;
	q.proto = 6;
	v = t_decide(p, &q, 0);
	T_STR(v.reason, "rule no-tcp denies tcp to 10.20.0.1 port 5004");
	T_EQ(v.value, 3);
	policy_free(p);
}

static void
the_first_rule_that_matches_decides(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *low = t_rule(set, "low", NULL);
	struct policy_rule *high = t_rule(set, "high", NULL);
	struct policy_request q = t_request();
	struct policy *p;

	low->deny = true;
	high->priority = 1;
	t_span(high, POLICY_SPAN_USER, 1000, 1000);
	p = t_policy(set);
	T_STR(t_decide(p, &q, 0).rule, "high");
	q.uid = 1001;
	T_STR(t_decide(p, &q, 0).rule, "low");
	policy_free(p);
}

static void
rules_are_listed_in_the_order_of_decision(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");
	struct policy_rule *r = t_rule(set, "b", "gold");
	struct policy_request q = t_request();
	struct policy_rule_info info;
	struct policy_status status;
	struct policy *p;

	c->max_rate_Bps = 250000;
	c->deny = true;
	r->priority = -5;
	r = t_rule(set, "a", NULL);
	r->scope = POLICY_SCOPE_DATA;
	r->priority = 9;
	t_span(r, POLICY_SPAN_PROTO, 17, 17);
	p = t_policy(set);
	(void)t_decide(p, &q, 0);
	T_CHECK(policy_rule_at(p, 0, &info), "no first rule");
	T_STR(info.name, "a");
	T_STR(info.conditions, "udp; data traffic only");
	T_STR(info.category, "");
	T_EQ(info.priority, 9);
	T_CHECK(info.allow, "it allows");
	T_EQ(info.refused, 0);
	T_CHECK(policy_rule_at(p, 1, &info), "no second rule");
	T_STR(info.name, "b");
	T_STR(info.conditions, "any");
	T_STR(info.category, "gold");
	T_STR(info.grants, "deny; maxRatePerFlow 2 Mbit/s");
	T_EQ(info.priority, -5);
	T_CHECK(!info.allow, "its category denies");
	T_EQ(info.refused, 1);
	T_CHECK(!policy_rule_at(p, 2, &info), "one too many");
	policy_status(p, &status);
	T_EQ(status.generation, 7);
	T_EQ(status.rules, 2);
	T_EQ(status.categories, 1);
	T_EQ(status.made_unix_s, 1234567);
	T_STR(status.source, "test");
	policy_free(p);
}

static void
conditions_read_like_what_they_mean(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *r = t_rule(set, "all", NULL);
	char text[400];
	struct text t = text_over(text, sizeof(text));

	t_span(r, POLICY_SPAN_USER, 1000, 1999);
	t_span(r, POLICY_SPAN_USER, 5, 5);
	t_span(r, POLICY_SPAN_GROUP, 100, 100);
	t_span(r, POLICY_SPAN_PROTO, 17, 17);
	t_span(r, POLICY_SPAN_PROTO, 99, 99);
	t_range(r, POLICY_ADDR_DST, "10.20.0.0", "10.20.255.255");
	t_range(r, POLICY_ADDR_DST, "2001:db8::1", "2001:db8::1");
	t_range(r, POLICY_ADDR_SRC, "10.0.0.1", "10.0.0.2");
	t_range(r, POLICY_ADDR_SRC, "0.0.0.0", "255.255.255.255");
	t_span(r, POLICY_SPAN_SRC_PORT, 1, 2);
	t_span(r, POLICY_SPAN_DST_PORT, 80, 80);
	r->services = POLICY_BIT_GS;
	r->roles = 1 << POLICY_SENDER | 1 << POLICY_TRANSIT;
	t_iface(r, "eth*");
	policy_rule_text(&t, &set->times, r);
	T_STR(text,
		"uid 1000-1999,5 or gid 100; udp,protocol 99; to 10.20.0.0/16,"
		"2001:db8::1 port 80; from 10.0.0.1-10.0.0.2,0.0.0.0/0 port "
		"1-2; service GS; role sender,transit; interface eth*");
	policy_set_free(set);
}

static void
globs_match_names(void)
{
	static const struct {
		const char *glob;
		const char *name;
		bool matches;
	} globs[] = {
		{ "eth0", "eth0", true },
		{ "eth0", "eth1", false },
		{ "eth0", "eth01", false },
		{ "eth?", "eth1", true },
		{ "eth?", "eth", false },
		{ "eth*", "eth", true },
		{ "*", "anything", true },
		{ "*", "", true },
		{ "*0", "eth10", true },
		{ "*0", "eth01", false },
		{ "e*h*0", "eth.eth0", true },
		{ "e*h*0", "eth.eth", false },
		{ "**a**", "bab", true },
		{ "?", "", false },
		{ "", "a", false },
		{ "", "", true },
	};

	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		T_CHECK(policy_glob_match(globs[i].glob, globs[i].name) ==
				globs[i].matches,
			"%s %s", globs[i].glob, globs[i].name);
}

static struct t_case cases[] = {
	{ "conditions hold or not", conditions_hold_or_not },
	{ "without a snapshot all is refused",
		without_a_snapshot_all_is_refused },
	{ "the default decides and says so", the_default_decides_and_says_so },
	{ "refusals name rule, limit and value",
		refusals_name_rule_limit_and_value },
	{ "bounds are inclusive", bounds_are_inclusive },
	{ "an unlimited peak exceeds any bound",
		an_unlimited_peak_exceeds_any_bound },
	{ "a service above the bound is refused",
		a_service_above_the_bound_is_refused },
	{ "a Path is judged by permission alone",
		a_path_is_judged_by_permission_alone },
	{ "denials name who or what", denials_name_who_or_what },
	{ "the first rule that matches decides",
		the_first_rule_that_matches_decides },
	{ "rules are listed in the order of decision",
		rules_are_listed_in_the_order_of_decision },
	{ "conditions read like what they mean",
		conditions_read_like_what_they_mean },
	{ "globs match names", globs_match_names },
};
T_MAIN(cases)
