/* SPDX-License-Identifier: ISC */
#include "t_policy.h"

static const struct policy_times always;

/* ---- one rule before the other ------------------------------------------ */

static void
on_net(struct policy_rule *r, const char *lo, const char *hi)
{
	t_range(r, POLICY_ADDR_DST, lo, hi);
}

/* clang-format off */
static void none(struct policy_rule *r) { (void)r; }
static void prio(struct policy_rule *r) { r->priority = 1; }
static void minus(struct policy_rule *r) { r->priority = -1; }
static void user(struct policy_rule *r) { t_span(r, POLICY_SPAN_USER, 1, 1); }
static void group(struct policy_rule *r) { t_span(r, POLICY_SPAN_GROUP, 1, 1); }
static void user_or_group(struct policy_rule *r) { user(r); group(r); }
static void dst8(struct policy_rule *r) { on_net(r, "10.0.0.0", "10.255.255.255"); }
static void dst16(struct policy_rule *r) { on_net(r, "10.20.0.0", "10.20.255.255"); }
static void dst_host(struct policy_rule *r) { on_net(r, "10.20.0.1", "10.20.0.1"); }
static void dst_range(struct policy_rule *r) { on_net(r, "10.19.255.255", "10.20.0.0"); }
static void dst_list(struct policy_rule *r) { dst_host(r); dst8(r); }
static void dst_turned(struct policy_rule *r) { dst8(r); dst_host(r); }
static void dst_all(struct policy_rule *r) { on_net(r, "0.0.0.0", "255.255.255.255"); }
static void dst6_64(struct policy_rule *r) { on_net(r, "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"); }
static void src8(struct policy_rule *r) { t_range(r, POLICY_ADDR_SRC, "10.0.0.0", "10.255.255.255"); }
static void src_host(struct policy_rule *r) { t_range(r, POLICY_ADDR_SRC, "10.0.0.1", "10.0.0.1"); }
static void udp(struct policy_rule *r) { t_span(r, POLICY_SPAN_PROTO, 17, 17); }
static void udp_tcp(struct policy_rule *r) { udp(r); t_span(r, POLICY_SPAN_PROTO, 6, 6); }
static void dport(struct policy_rule *r) { t_span(r, POLICY_SPAN_DST_PORT, 5004, 5004); }
static void dports(struct policy_rule *r) { t_span(r, POLICY_SPAN_DST_PORT, 5004, 5005); }
static void dport_all(struct policy_rule *r) { t_span(r, POLICY_SPAN_DST_PORT, 1, 65535); }
static void sport(struct policy_rule *r) { t_span(r, POLICY_SPAN_SRC_PORT, 1, 1); }
static void sports(struct policy_rule *r) { t_span(r, POLICY_SPAN_SRC_PORT, 1, 9); }
static void iface(struct policy_rule *r) { t_iface(r, "eth0"); }
static void glob(struct policy_rule *r) { t_iface(r, "eth*"); }
static void gs(struct policy_rule *r) { r->services = POLICY_BIT_GS; }
static void gs_cl(struct policy_rule *r) { r->services = POLICY_BITS_SERVICE; }
static void role(struct policy_rule *r) { r->roles = 1; }
static void roles(struct policy_rule *r) { r->roles = 3; }
static void principal(struct policy_rule *r) { t_name(r, POLICY_NAME_PRINCIPAL, "a"); }
static void subject(struct policy_rule *r) { t_name(r, POLICY_NAME_SUBJECT, "a"); }
static void member_app(struct policy_rule *r) { t_name(r, POLICY_NAME_WHO_APPLICATION, "a"); }
static void app(struct policy_rule *r) { t_name(r, POLICY_NAME_APPLICATION, "a"); }
static void issuer(struct policy_rule *r) { t_name(r, POLICY_NAME_ISSUER, "a"); }
static void hosts(struct policy_rule *r) { t_range(r, POLICY_ADDR_HOST, "10.0.0.1", "10.0.0.1"); }
static void known(struct policy_rule *r) { r->identified = POLICY_BIT_YES; }
static void user_or_host(struct policy_rule *r) { user(r); hosts(r); }
static void group_app(struct policy_rule *r) { group(r); app(r); }
static void in_iface(struct policy_rule *r) { t_iface_of(r, POLICY_IFACE_IN, "eth0"); }
static void both_ifaces(struct policy_rule *r) { in_iface(r); t_iface_of(r, POLICY_IFACE_OUT, "e*"); }
static void se(struct policy_rule *r) { r->styles = 1 << POLICY_STYLE_SE; }
static void ff_se(struct policy_rule *r) { se(r); r->styles |= 1 << POLICY_STYLE_FF; }
static void own_time(struct policy_rule *r) { r->own_when = 0; }
static void schedule(struct policy_rule *r) { t_whens(r, 0); }
static void resv(struct policy_rule *r) { r->messages = 1 << POLICY_RESV; }
static void group_address(struct policy_rule *r) { r->multicast = POLICY_BIT_YES; }
static void hop(struct policy_rule *r) { t_range(r, POLICY_ADDR_NEIGHBOUR, "10.0.0.1", "10.0.0.1"); }
static void code_point(struct policy_rule *r) { t_span(r, POLICY_SPAN_DSCP, 46, 46); }
static void hop_resv(struct policy_rule *r) { hop(r); resv(r); }
static void dir(struct policy_rule *r) { r->origin = POLICY_FROM_DIRECTORY; }

/* The first comes first; the names say the opposite. */
static const struct {
	void (*first)(struct policy_rule *r);
	void (*second)(struct policy_rule *r);
} pairs[] = {
	{ prio, none }, { none, minus }, { prio, user }, { prio, dir },
	{ user, none }, { group, none }, { user, group }, { user, user_or_group },
	{ user, dst_host },
	{ dst16, none }, { dst16, dst8 }, { dst_host, dst16 }, { dst16, dst_list },
	{ dst16, dst_turned },
	{ dst_host, dst_range }, { dst_range, dst16 }, { dst_all, none },
	{ dst6_64, dst_all }, { dst16, src_host },
	{ src8, none }, { src_host, src8 }, { src8, udp },
	{ udp, none }, { udp, udp_tcp }, { udp_tcp, none }, { udp, dport },
	{ dport, none }, { dport, dports }, { dports, dport_all }, { dport_all, none },
	{ dport, sport },
	{ sport, none }, { sport, sports }, { sport, iface },
	{ iface, none }, { iface, glob }, { glob, none }, { iface, gs },
	{ user, principal }, { user, subject }, { principal, member_app },
	{ subject, member_app }, { member_app, group }, { member_app, hosts },
	{ principal, app }, { app, group }, { group, known }, { hosts, issuer },
	{ known, none }, { issuer, none }, { known, dst_host },
	{ user, user_or_host }, { principal, user_or_host }, { group_app, group },
	{ in_iface, none }, { both_ifaces, in_iface }, { in_iface, glob },
	{ se, none }, { se, ff_se }, { se, own_time }, { gs, schedule },
	{ own_time, none }, { schedule, none }, { own_time, role },
	{ resv, none }, { group_address, none }, { hop, none },
	{ code_point, none }, { hop_resv, hop }, { role, hop_resv },
	{ gs, none }, { gs, gs_cl }, { gs, role },
	{ role, none }, { role, roles }, { role, dir },
	{ dir, none },
};
/* clang-format on */

static void
each_part_of_the_order_counts(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct policy_set *set = t_set();
		struct policy_rule *first = t_rule(set, "z", NULL);
		struct policy_rule *second = t_rule(set, "a", NULL);

		pairs[i].first(first);
		pairs[i].second(second);
		policy_rule_settle(first, NULL);
		policy_rule_settle(second, NULL);
		T_CHECK(policy_rule_compare(first, second) < 0, "row %zu", i);
		T_CHECK(policy_rule_compare(second, first) > 0, "row %zu", i);
		policy_set_free(set);
	}
}

static void
names_decide_what_nothing_else_does(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *a = t_rule(set, "a", NULL);
	struct policy_rule *b = t_rule(set, "b", NULL);

	policy_rule_settle(a, NULL);
	policy_rule_settle(b, NULL);
	T_CHECK(policy_rule_compare(a, b) < 0, "a is not before b");
	T_EQ(policy_rule_compare(a, a), 0);
	policy_set_free(set);
}

/* ---- random rules ------------------------------------------------------- */

static void
random_prefix(struct policy_rule *r, enum policy_addr_kind kind, uint64_t *seed)
{
	static const struct {
		const char *lo;
		const char *hi;
	} nets[] = { { "10.0.0.0", "10.255.255.255" },
		{ "10.20.0.0", "10.20.255.255" }, { "10.20.0.1", "10.20.0.1" },
		{ "10.20.0.2", "10.20.0.2" }, { "10.20.0.1", "10.20.0.3" },
		{ "0.0.0.0", "255.255.255.255" },
		{ "10.20.0.0", "10.20.0.127" },
		{ "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "2001:db8::1", "2001:db8::1" } };
	uint32_t i = t_random(seed, sizeof(nets) / sizeof(nets[0]));

	t_range(r, kind, nets[i].lo, nets[i].hi);
}

static void
random_name(struct policy_rule *r, enum policy_name_kind kind, uint64_t *seed)
{
	static const char *const names[] = { "a*", "ab", "O=x", "CN=b,O=x" };

	if (t_random(seed, 12) == 0)
		t_name(r, kind, names[t_random(seed, 4)]);
}

static void
random_rest(struct policy_rule *r, uint64_t *seed)
{
	for (int k = 0; k < POLICY_NAME_COUNT; k++)
		random_name(r, (enum policy_name_kind)k, seed);
	if (t_random(seed, 10) == 0)
		random_prefix(r, POLICY_ADDR_HOST, seed);
	if (t_random(seed, 10) == 0)
		random_prefix(r, POLICY_ADDR_NEIGHBOUR, seed);
	if (t_random(seed, 6) == 0)
		r->styles = (uint8_t)(t_random(seed, 8) << 1);
	if (t_random(seed, 8) == 0)
		r->messages = (uint8_t)t_random(seed, 4);
	if (t_random(seed, 8) == 0)
		r->multicast = (uint8_t)t_random(seed, 4);
	if (t_random(seed, 8) == 0)
		r->identified = (uint8_t)t_random(seed, 4);
	if (t_random(seed, 8) == 0)
		t_iface_of(r, POLICY_IFACE_IN, "eth0");
	if (t_random(seed, 8) == 0)
		t_iface_of(r, POLICY_IFACE_OUT, "et*");
	r->disabled = t_random(seed, 20) == 0;
}

static void
random_rule(struct policy_rule *r, uint64_t *seed)
{
	r->priority = (int32_t)t_random(seed, 3) - 1;
	r->deny = t_random(seed, 2);
	r->origin = (uint8_t)t_random(seed, 2);
	r->scope = (uint8_t)(1 + t_random(seed, 3));
	if (t_random(seed, 2))
		r->services = (uint8_t)t_random(seed, 4);
	if (t_random(seed, 3) == 0)
		r->roles = (uint8_t)t_random(seed, 8);
	for (uint32_t n = t_random(seed, 3); n > 0; n--)
		t_span(r, POLICY_SPAN_USER, 1000 + n,
			1000 + n + t_random(seed, 2));
	if (t_random(seed, 4) == 0)
		t_span(r, POLICY_SPAN_GROUP, 100, 100 + t_random(seed, 2));
	if (t_random(seed, 2))
		t_span(r, POLICY_SPAN_PROTO, 17, 17);
	for (uint32_t n = t_random(seed, 3); n > 0; n--)
		random_prefix(r, POLICY_ADDR_DST, seed);
	if (t_random(seed, 4) == 0)
		random_prefix(r, POLICY_ADDR_SRC, seed);
	if (t_random(seed, 3) == 0)
		t_span(r, POLICY_SPAN_DST_PORT, 5000, 5000 + t_random(seed, 3));
	if (t_random(seed, 4) == 0)
		t_span(r, POLICY_SPAN_SRC_PORT, 4000, 4000);
	if (t_random(seed, 4) == 0)
		t_iface(r, t_random(seed, 2) ? "eth*" : "eth0");
	random_rest(r, seed);
	policy_rule_settle(r, NULL);
}

static void
random_rules(struct policy_set *set, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		char name[POLICY_NAME];

		(void)snprintf(name, sizeof(name), "rule-%zu", i);
		random_rule(t_rule(set, name, NULL), seed);
	}
}

static void
random_request(struct policy_request *q, uint64_t *seed)
{
	static const char *const dsts[] = { "10.20.0.1", "10.20.0.2",
		"10.20.0.3", "10.20.1.1", "10.9.9.9", "192.0.2.1",
		"2001:db8::1", "2001:db8::2", "2001:db9::1" };
	static const uint8_t services[] = { POLICY_SERVICE_ANY,
		POLICY_SERVICE_GS, POLICY_SERVICE_CL };

	*q = t_request();
	q->who_known = t_random(seed, 4) != 0;
	q->uid = 1000 + t_random(seed, 5);
	q->gid = 99 + t_random(seed, 4);
	q->proto = t_random(seed, 2) ? 17 : 6;
	q->dst = t_addr(dsts[t_random(seed, sizeof(dsts) / sizeof(dsts[0]))]);
	q->dst_port = (uint16_t)(4999 + t_random(seed, 4));
	q->role = (enum policy_role)t_random(seed, 3);
	q->service = services[t_random(seed, 3)];
	if (t_random(seed, 3) == 0)
		q->src = (struct addr){ 0 };
	else
		q->src = t_addr(dsts[t_random(seed, 6)]);
	q->src_port = (uint16_t)(4000 + t_random(seed, 2));
	if (t_random(seed, 3) == 0)
		q->iface[3] = '1';
	if (t_random(seed, 3) == 0)
		q->principal = t_random(seed, 2) ? "ab" : "c";
	if (t_random(seed, 3) == 0)
		q->cert_subject = t_random(seed, 2) ? "CN=b,O=x" : "AB";
	if (t_random(seed, 3) == 0)
		q->cert_issuer = "O=x";
	if (t_random(seed, 3) == 0)
		q->application = t_random(seed, 2) ? "ab,O=x" : "O=x,CN=b";
	if (t_random(seed, 2))
		q->neighbour = t_addr(dsts[t_random(seed, 6)]);
	q->style = (uint8_t)t_random(seed, 4);
	q->message = (enum policy_message)t_random(seed, 2);
}

/* The order is the same from wherever one starts. */
static void
any_shuffle_sorts_alike(void)
{
	uint64_t seed = 1;

	for (int round = 0; round < 20; round++) {
		struct policy_set *set = t_set();
		struct policy_rule *want[T_RULES];

		random_rules(set, 100, &seed);
		t_sort(set);
		memcpy(want, set->rules, 100 * sizeof(want[0]));
		for (uint32_t i = 99; i > 0; i--) {
			uint32_t k = t_random(&seed, i + 1);
			struct policy_rule *r = set->rules[i];

			set->rules[i] = set->rules[k];
			set->rules[k] = r;
		}
		t_sort(set);
		T_EQ(memcmp(want, set->rules, 100 * sizeof(want[0])), 0);
		for (size_t i = 1; i < 100; i++)
			T_CHECK(policy_rule_compare(want[i - 1], want[i]) < 0,
				"%zu", i);
		policy_set_free(set);
	}
}

/* First by trying each rule in turn. */
static const char *
first_match(const struct policy_set *set, const struct policy_request *q)
{
	for (size_t i = 0; i < set->n_rules; i++)
		if (policy_rule_match(&set->times, set->rules[i], q) ==
			POLICY_HOLDS)
			return set->rules[i]->name;
	return "";
}

static void
the_index_finds_what_a_plain_search_finds(void)
{
	uint64_t seed = 2;
	size_t found = 0;

	for (int round = 0; round < 60; round++) {
		struct policy_set *set = t_set();
		struct policy *p = policy_new(alloc_heap());
		uint8_t *bytes = NULL;
		size_t len = 0;

		random_rules(set, 1 + t_random(&seed, 120), &seed);
		t_sort(set);
		T_CHECK(policy_snapshot_write(set, &bytes, &len), "written");
		t_load(p, bytes, len, 1 + t_random(&seed, 50));
		for (int i = 0; i < 300; i++) {
			struct policy_request q;
			const char *want;

			random_request(&q, &seed);
			want = first_match(set, &q);
			T_STR(t_decide(p, &q, 0).rule, want);
			found += want[0] != '\0';
		}
		alloc_put(alloc_heap(), bytes);
		policy_free(p);
		policy_set_free(set);
	}
	T_CHECK(found > 5000, "only %zu decisions by a rule", found);
}

/* A rule that is said to be covered never matches first. */
static void
covered_rules_match_nothing_more(void)
{
	uint64_t seed = 3;
	size_t covered = 0;

	for (int round = 0; round < 12000; round++) {
		struct policy_set *set = t_set();
		struct policy_rule *a = t_rule(set, "a", NULL);
		struct policy_rule *b = t_rule(set, "b", NULL);
		bool covers;

		random_rule(a, &seed);
		random_rule(b, &seed);
		covers = policy_rule_covers(a, b);
		covered += covers;
		for (int i = 0; covers && i < 300; i++) {
			struct policy_request q;

			random_request(&q, &seed);
			T_CHECK(policy_rule_match(&always, b, &q) !=
						POLICY_HOLDS ||
					policy_rule_match(&always, a, &q) ==
						POLICY_HOLDS,
				"round %d", round);
		}
		policy_set_free(set);
	}
	T_CHECK(covered > 50, "only %zu pairs covered", covered);
}

/* A decision looks at few rules, however many there are. */
static void
candidates_are_few(void)
{
	struct policy_index *index = policy_index_new(alloc_heap());
	struct policy_set *set = t_set();
	struct policy_request q = t_request();
	struct policy_walk walk;
	uint32_t position;
	size_t n = 0;
	bool known;

	for (uint32_t i = 0; i < 250; i++) {
		char name[POLICY_NAME];
		char dst[ADDR_TEXT];
		struct policy_rule *r;

		(void)snprintf(name, sizeof(name), "rule-%u", i);
		(void)snprintf(dst, sizeof(dst), "10.20.0.%u", i);
		r = t_rule(set, name, NULL);
		if (i % 2)
			t_span(r, POLICY_SPAN_USER, 1000 + i, 1000 + i);
		else
			t_range(r, POLICY_ADDR_DST, dst, dst);
		T_CHECK(policy_index_add(index, r, i, &known), "no memory");
	}
	/* Another half of the same octet. */
	t_range(t_rule(set, "half", NULL), POLICY_ADDR_DST, "10.20.0.128",
		"10.20.0.255");
	T_CHECK(policy_index_add(index, set->rules[250], 250, &known), "added");
	q.dst = t_addr("10.20.0.2");
	q.uid = 1003;
	policy_walk_begin(&walk, index, &q);
	while (policy_walk_next(&walk, &position))
		T_EQ(position, n++ == 0 ? 2 : 3);
	T_EQ(n, 2);
	policy_index_free(index);
	policy_set_free(set);
}

static void
a_part_is_covered_by_the_whole(void)
{
	struct policy_set *set = t_set();
	struct policy_rule *a = t_rule(set, "a", NULL);
	struct policy_rule *b = t_rule(set, "b", NULL);

	t_range(a, POLICY_ADDR_DST, "10.0.0.0", "10.0.0.255");
	t_range(b, POLICY_ADDR_DST, "10.0.0.0", "10.0.0.255");
	t_span(a, POLICY_SPAN_DST_PORT, 10, 20);
	t_span(b, POLICY_SPAN_DST_PORT, 10, 20);
	T_CHECK(policy_rule_covers(a, b), "the same");
	b->addrs[POLICY_ADDR_DST].at[0].hi.b[3] = 254;
	b->spans[POLICY_SPAN_DST_PORT].at[0].hi = 19;
	T_CHECK(policy_rule_covers(a, b), "from the same on");
	T_CHECK(!policy_rule_covers(b, a), "the whole");
	b->addrs[POLICY_ADDR_DST].at[0].hi.b[3] = 255;
	b->addrs[POLICY_ADDR_DST].at[0].lo.b[3] = 1;
	T_CHECK(policy_rule_covers(a, b), "up to the same");
	t_iface(a, "eth0");
	T_CHECK(!policy_rule_covers(a, b), "on any interface");
	t_iface(b, "eth1");
	T_CHECK(!policy_rule_covers(a, b), "on another");
	t_iface(a, "eth1");
	T_CHECK(policy_rule_covers(a, b), "on one of two");
	t_iface(b, "eth2");
	T_CHECK(!policy_rule_covers(a, b), "on a third");
	t_iface(a, "eth*");
	/* Times by name: all of b's are among a's. */
	t_whens(a, 0);
	T_CHECK(!policy_rule_covers(a, b), "at any time");
	t_whens(b, 1);
	T_CHECK(!policy_rule_covers(a, b), "at another time");
	t_whens(a, 1);
	T_CHECK(policy_rule_covers(a, b), "at one of two times");
	t_whens(b, 2);
	T_CHECK(!policy_rule_covers(a, b), "at a third time");
	policy_set_free(set);
}

/* Two rules that one request meets are said to overlap. */
static void
rules_that_share_a_request_overlap(void)
{
	uint64_t seed = 11;
	size_t shared = 0;

	for (int round = 0; round < 6000; round++) {
		struct policy_set *set = t_set();
		struct policy_rule *a = t_rule(set, "a", NULL);
		struct policy_rule *b = t_rule(set, "b", NULL);

		random_rule(a, &seed);
		random_rule(b, &seed);
		for (int i = 0; i < 100; i++) {
			struct policy_request q;

			random_request(&q, &seed);
			/* A wildcard meets rules whose sources do not. */
			if (q.src.family == ADDR_NONE ||
				q.service == POLICY_SERVICE_ANY ||
				q.style == POLICY_STYLE_NONE ||
				policy_rule_match(&always, a, &q) !=
					POLICY_HOLDS ||
				policy_rule_match(&always, b, &q) !=
					POLICY_HOLDS)
				continue;
			shared++;
			T_CHECK(policy_rule_overlaps(a, b), "round %d", round);
			T_CHECK(policy_rule_overlaps(b, a), "round %d", round);
		}
		policy_set_free(set);
	}
	T_CHECK(shared > 200, "only %zu requests", shared);
}

static void
expect_apart(void (*one)(struct policy_rule *r),
	void (*other)(struct policy_rule *r), bool overlap)
{
	struct policy_set *set = t_set();
	struct policy_rule *a = t_rule(set, "a", NULL);
	struct policy_rule *b = t_rule(set, "b", NULL);

	one(a);
	other(b);
	policy_rule_settle(a, NULL);
	policy_rule_settle(b, NULL);
	T_EQ(policy_rule_overlaps(a, b), overlap);
	T_EQ(policy_rule_overlaps(b, a), overlap);
	policy_set_free(set);
}

/* clang-format off */
static void user2(struct policy_rule *r) { t_span(r, POLICY_SPAN_USER, 2, 2); }
static void tcp(struct policy_rule *r) { t_span(r, POLICY_SPAN_PROTO, 6, 6); }
static void cl(struct policy_rule *r) { r->services = POLICY_BIT_CL; }
static void eth1(struct policy_rule *r) { t_iface(r, "eth1"); }
static void off(struct policy_rule *r) { r->disabled = true; }
static void data(struct policy_rule *r) { r->scope = POLICY_SCOPE_DATA; }
static void path(struct policy_rule *r) { r->messages = 1 << POLICY_PATH; }
static void unicast(struct policy_rule *r) { r->multicast = POLICY_BIT_NO; }
static void anon(struct policy_rule *r) { r->identified = POLICY_BIT_NO; }
static void wf(struct policy_rule *r) { r->styles = 1 << POLICY_STYLE_WF; }
static void receiver(struct policy_rule *r) { r->roles = 2; }
static void dst_9(struct policy_rule *r) { on_net(r, "9.0.0.0", "9.0.0.1"); }
/* clang-format on */

static void
rules_apart_do_not_overlap(void)
{
	expect_apart(user, user2, false);
	expect_apart(user, group, true);
	expect_apart(user2, user_or_host, true);
	expect_apart(udp, tcp, false);
	expect_apart(udp_tcp, tcp, true);
	expect_apart(gs, cl, false);
	expect_apart(gs_cl, cl, true);
	expect_apart(iface, eth1, false);
	expect_apart(glob, eth1, true);
	expect_apart(off, none, false);
	expect_apart(data, none, false);
	expect_apart(path, resv, false);
	expect_apart(unicast, group_address, false);
	expect_apart(anon, known, false);
	expect_apart(wf, ff_se, false);
	expect_apart(role, receiver, false);
	expect_apart(dst_9, dst8, false);
	expect_apart(dst16, dst8, true);
	expect_apart(dst16, dst6_64, false);
}

static struct t_case cases[] = {
	{ "each part of the order counts", each_part_of_the_order_counts },
	{ "names decide what nothing else does",
		names_decide_what_nothing_else_does },
	{ "any shuffle sorts alike", any_shuffle_sorts_alike },
	{ "the index finds what a plain search finds",
		the_index_finds_what_a_plain_search_finds },
	{ "covered rules match nothing more",
		covered_rules_match_nothing_more },
	{ "a part is covered by the whole", a_part_is_covered_by_the_whole },
	{ "rules that share a request overlap",
		rules_that_share_a_request_overlap },
	{ "rules apart do not overlap", rules_apart_do_not_overlap },
	{ "candidates are few", candidates_are_few },
};
T_MAIN(cases)
