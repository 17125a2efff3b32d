/* SPDX-License-Identifier: ISC */
#include "rsvpd/rules_plan.h"

#include "t_addr.h"

static struct rules_link host[] = { { 2, "eth0" }, { 5, "ppp0" },
	{ 9, "ppp1" } };
static const struct rules_links links = { 3, host };

static struct policy_data_rule
empty(void)
{
	return (struct policy_data_rule){
		.name = "r", .category = "c", .active = true
	};
}

static struct tc_rule
planned(const struct policy_data_rule *rule)
{
	struct tc_rule out;
	char reason[RSVP_REASON];

	T_CHECK(rules_plan(rule, 1538, &links, &out, reason), "%s", reason);
	return out;
}

static void
a_rule_without_conditions_matches_both_families(void)
{
	const struct policy_data_rule rule = empty();
	const struct tc_rule out = planned(&rule);

	T_EQ(out.match_count, 2);
	T_EQ(out.matches[0].family, ADDR_V4);
	T_EQ(out.matches[1].family, ADDR_V6);
	for (size_t i = 0; i < 2; i++) {
		T_EQ(out.matches[i].proto, 0);
		T_EQ(out.matches[i].src_first.family, ADDR_NONE);
		T_EQ(out.matches[i].dscp_mask, 0);
		T_EQ(out.matches[i].dst_port_last, 0);
	}
}

static void
blocks_are_the_product_of_the_lists(void)
{
	struct policy_addr_span dst[] = {
		{ t_addr("10.0.0.1"), t_addr("10.0.0.9") },
		{ t_addr("2001:db8::1"), t_addr("2001:db8::2") },
	};
	struct policy_span ports[] = { { 80, 80 }, { 443, 450 } };
	struct policy_span protos[] = { { 6, 6 }, { 16, 17 } };
	struct policy_span dscps[] = { { 10, 11 } };
	struct policy_data_rule rule = empty();
	struct tc_rule out;

	rule.dst = (struct policy_addr_spans){ dst, 2 };
	rule.dst_ports = (struct policy_spans){ ports, 2 };
	rule.protos = (struct policy_spans){ protos, 2 };
	rule.dscps = (struct policy_spans){ dscps, 1 };
	out = planned(&rule);
	T_EQ(out.match_count, 2 * 2 * 3 * 2);
	for (size_t i = 0; i < out.match_count; i++) {
		const struct tc_rule_match *m = &out.matches[i];

		for (size_t k = 0; k < i; k++)
			T_CHECK(memcmp(m, &out.matches[k], sizeof(*m)) != 0,
				"%zu and %zu", i, k);
		T_CHECK(m->proto == 6 || m->proto == 16 || m->proto == 17,
			"protocol %u", m->proto);
		T_CHECK(m->dscp == 10 || m->dscp == 11, "DSCP %u", m->dscp);
		T_EQ(m->dscp_mask, 63);
		T_CHECK((m->dst_port_first == 80 && m->dst_port_last == 80) ||
				(m->dst_port_first == 443 &&
					m->dst_port_last == 450),
			"ports");
		T_EQ(m->dst_first.family, m->family);
		T_EQ(m->dst_last.family, m->family);
	}
}

static void
families_are_not_mixed(void)
{
	struct policy_addr_span src[] = { { t_addr("10.0.0.1"),
		t_addr("10.0.0.1") } };
	struct policy_addr_span dst[] = { { t_addr("10.0.0.2"),
						  t_addr("10.0.0.2") },
		{ t_addr("2001:db8::1"), t_addr("2001:db8::1") } };
	struct policy_data_rule rule = empty();
	struct tc_rule out;
	char reason[RSVP_REASON];

	rule.src = (struct policy_addr_spans){ src, 1 };
	rule.dst = (struct policy_addr_spans){ dst, 2 };
	T_EQ(planned(&rule).match_count, 1);
	rule.dst = (struct policy_addr_spans){ dst + 1, 1 };
	T_CHECK(!rules_plan(&rule, 1538, &links, &out, reason), "accepted");
	T_CHECK(strstr(reason, "two families"), "%s", reason);
}

static void
all_protocols_are_any(void)
{
	struct policy_span all[] = { { 0, 255 } };
	struct policy_span every_dscp[] = { { 0, 63 } };
	struct policy_data_rule rule = empty();

	rule.protos = (struct policy_spans){ all, 1 };
	rule.dscps = (struct policy_spans){ every_dscp, 1 };
	T_EQ(planned(&rule).match_count, 2);
	T_EQ(planned(&rule).matches[0].proto, 0);
	T_EQ(planned(&rule).matches[0].dscp_mask, 0);
}

static void
too_many_blocks_are_refused(void)
{
	struct policy_span protos[] = { { 0, 32 } };
	struct policy_data_rule rule = empty();
	struct tc_rule out;
	char reason[RSVP_REASON];

	rule.protos = (struct policy_spans){ protos, 1 };
	T_CHECK(!rules_plan(&rule, 1538, &links, &out, reason), "66 blocks");
	T_CHECK(strstr(reason, "more than 64"), "%s", reason);
	protos[0].hi = 31;
	T_EQ(planned(&rule).match_count, 64);
}

static void
incoming_interfaces_are_those_that_are_there(void)
{
	struct policy_iface in[] = { { "ppp*" }, { "ppp0" }, { "wlan?" } };
	struct policy_addr_span dst = { t_addr("2001:db8::1"),
		t_addr("2001:db8::1") };
	struct policy_data_rule rule = empty();
	struct tc_rule out;

	T_STR(planned(&rule).matches[0].in, "");
	T_EQ(planned(&rule).matches[0].in_ifindex, 0);
	rule.in = (struct policy_ifaces){ in, 3 };
	rule.dst = (struct policy_addr_spans){ &dst, 1 };
	out = planned(&rule);
	T_EQ(out.match_count, 2); /* each once */
	T_STR(out.matches[0].in, "ppp0");
	T_EQ(out.matches[0].in_ifindex, 5);
	T_STR(out.matches[1].in, "ppp1");
	T_EQ(out.matches[1].in_ifindex, 9);
	rule.dst.count = 0; /* both families */
	T_EQ(planned(&rule).match_count, 4);
}

static void
without_an_incoming_interface_there_is_no_rule(void)
{
	struct policy_iface in[] = { { "wlan?" } };
	struct policy_data_rule rule = empty();
	struct tc_rule out;
	char reason[RSVP_REASON];

	rule.in = (struct policy_ifaces){ in, 1 };
	T_CHECK(!rules_plan(&rule, 1538, &links, &out, reason), "accepted");
	T_CHECK(strstr(reason, "no interface is there"), "%s", reason);
}

static void
excess_is_treated_as_told(void)
{
	static const struct {
		enum policy_excess from;
		enum tc_excess to;
		bool marks_out;
		uint8_t dscp_out;
	} rows[] = {
		{ POLICY_EXCESS_MARK, TC_EXCESS_MARK, true, 12 },
		{ POLICY_EXCESS_BEST_EFFORT, TC_EXCESS_MARK, true, 0 },
		{ POLICY_EXCESS_DROP, TC_EXCESS_DROP, false, 0 },
		{ POLICY_EXCESS_DELAY, TC_EXCESS_DELAY, false, 0 },
	};
	struct policy_data_rule rule = empty();

	rule.marks = true;
	rule.dscp = 46;
	rule.dscp_out = 12;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_rule out;

		rule.excess = rows[i].from;
		rule.rate_Bps = 100000;
		rule.bucket_bytes = 5000;
		out = planned(&rule);
		T_EQ(out.excess, rows[i].to);
		T_EQ(out.marks_out, rows[i].marks_out);
		T_EQ(out.dscp_out, rows[i].dscp_out);
		T_EQ(out.marks, true);
		T_EQ(out.dscp, 46);
		T_EQ(out.rate_Bps, 100000);
		T_EQ(out.bucket_bytes, 5000);
		/* Without a rate nothing exceeds. */
		rule.rate_Bps = 0;
		out = planned(&rule);
		T_EQ(out.excess, TC_EXCESS_MARK);
		T_EQ(out.marks_out, false);
		T_EQ(out.bucket_bytes, 0);
	}
}

static void
a_bucket_is_two_packets_at_least(void)
{
	struct policy_data_rule rule = empty();

	rule.rate_Bps = 100;
	T_EQ(planned(&rule).bucket_bytes, 2 * 1538);
	rule.bucket_bytes = 100;
	T_EQ(planned(&rule).bucket_bytes, 2 * 1538);
	rule.bucket_bytes = 0;
	rule.rate_Bps = 1000000;
	T_EQ(planned(&rule).bucket_bytes, 100000);
	rule.bucket_bytes = UINT64_C(1) << 40;
	T_EQ(planned(&rule).bucket_bytes, UINT32_MAX);
}

static void
packets_are_bounded_as_the_policy_says(void)
{
	struct policy_data_rule rule = empty();

	rule.peak_Bps = 9000; /* bounds nothing without a rate */
	rule.max_packet = 1000;
	T_EQ(planned(&rule).peak_Bps, 0);
	T_EQ(planned(&rule).max_packet_bytes, 0);
	rule.rate_Bps = 5000;
	rule.min_packet = 100;
	T_EQ(planned(&rule).peak_Bps, 9000);
	T_EQ(planned(&rule).min_packet_bytes, 100);
	T_EQ(planned(&rule).max_packet_bytes, 1000);
	rule.peak_Bps = 4000; /* nobody sends slower than that */
	T_EQ(planned(&rule).peak_Bps, 5000);
}

static void
a_denial_grants_nothing(void)
{
	struct policy_data_rule rule = empty();
	struct tc_rule out;

	rule.deny = true;
	rule.marks = true;
	rule.dscp = 46;
	rule.rate_Bps = 1000;
	out = planned(&rule);
	T_EQ(out.deny, true);
	T_EQ(out.marks, false);
	T_EQ(out.dscp, 0);
	T_EQ(out.rate_Bps, 0);
}

static void
interfaces_are_chosen_by_globs(void)
{
	struct policy_iface out[] = { { "ppp*" }, { "eth?" } };
	struct policy_data_rule rule = empty();

	T_CHECK(rules_applies(&rule, "lo"), "no list is all");
	rule.out = (struct policy_ifaces){ out, 2 };
	T_CHECK(rules_applies(&rule, "ppp12"), "first");
	T_CHECK(rules_applies(&rule, "eth1"), "second");
	T_CHECK(!rules_applies(&rule, "eth10"), "neither");
}

static void
ids_are_stable_and_told_apart(void)
{
	const uint32_t id = rules_id("r", "eth0", 0);

	T_EQ(id, rules_id("r", "eth0", 0));
	T_CHECK(id != rules_id("r", "eth1", 0), "interface");
	T_CHECK(id != rules_id("s", "eth0", 0), "name");
	T_CHECK(rules_id("ab", "c", 0) != rules_id("a", "bc", 0), "border");
	T_CHECK(id != rules_id("r", "eth0", 1), "salt");
	for (uint32_t salt = 0; salt < 100; salt++) {
		T_EQ(rules_id("r", "eth0", salt) & 0xf0000003u, 0);
		T_CHECK(rules_id("r", "eth0", salt) != 0, "0");
	}
}

static void
overlap_is_seen_in_every_field(void)
{
	const struct wire_session session = {
		.dst = t_addr("10.0.0.5"), .proto = 17, .dst_port = 5004
	};
	const struct wire_filter filter = { .src = t_addr("10.1.0.1"),
		.form = WIRE_FILTER_PORT,
		.src_port = 6000 };
	const struct tc_rule fits = { .match_count = 1,
		.matches[0] = { .family = ADDR_V4,
			.src_first = t_addr("10.1.0.1"),
			.src_last = t_addr("10.1.0.1"),
			.dst_first = t_addr("10.0.0.5"),
			.dst_last = t_addr("10.0.0.5"),
			.proto = 17,
			.src_port_first = 6000,
			.src_port_last = 6000,
			.dst_port_first = 5004,
			.dst_port_last = 5004 } };
	struct tc_rule r;

	T_CHECK(rules_overlap(&fits, &session, &filter), "just that");
	r = fits;
	r.matches[0].family = ADDR_V6;
	T_CHECK(!rules_overlap(&r, &session, &filter), "family");
	r = fits;
	r.matches[0].src_first = r.matches[0].src_last = t_addr("10.1.0.2");
	T_CHECK(!rules_overlap(&r, &session, &filter), "source above");
	r.matches[0].src_first = r.matches[0].src_last = t_addr("10.1.0.0");
	T_CHECK(!rules_overlap(&r, &session, &filter), "source below");
	r = fits;
	r.matches[0].dst_first = t_addr("10.0.0.6");
	r.matches[0].dst_last = t_addr("10.0.0.9");
	T_CHECK(!rules_overlap(&r, &session, &filter), "destination");
	r = fits;
	r.matches[0].proto = 6;
	T_CHECK(!rules_overlap(&r, &session, &filter), "protocol");
	r = fits;
	r.matches[0].src_port_first = r.matches[0].src_port_last = 6001;
	T_CHECK(!rules_overlap(&r, &session, &filter), "source port");
	r = fits;
	r.matches[0].dst_port_first = r.matches[0].dst_port_last = 5003;
	T_CHECK(!rules_overlap(&r, &session, &filter), "destination port");
	r = (struct tc_rule){ .match_count = 1,
		.matches[0] = { .family = ADDR_V4 } };
	T_CHECK(rules_overlap(&r, &session, &filter), "all of the family");
	T_CHECK(rules_overlap(&fits, &session,
			&(struct wire_filter){ .form = WIRE_FILTER_PORT }),
		"a wildcard");
}

static void
a_reservation_is_marked_as_its_rule_says(void)
{
	struct policy_marking from = { .marks = true,
		.dscp = 46,
		.excess = POLICY_EXCESS_BEST_EFFORT,
		.dscp_out = 9 };
	struct tc_marking as = rules_marking(&from);

	T_CHECK(as.marks && as.marks_out, "marks");
	T_EQ(as.dscp, 46);
	T_EQ(as.dscp_out, 0);
	from.excess = POLICY_EXCESS_MARK;
	as = rules_marking(&from);
	T_CHECK(as.marks && as.marks_out, "marks");
	T_EQ(as.dscp_out, 9);
	from.excess = POLICY_EXCESS_DELAY;
	as = rules_marking(&from);
	T_CHECK(as.marks && !as.marks_out, "what waits conforms");
	from.excess = POLICY_EXCESS_DROP;
	as = rules_marking(&from);
	T_CHECK(!as.marks_out, "what is dropped has no mark");
	from.marks = false;
	from.excess = POLICY_EXCESS_BEST_EFFORT;
	as = rules_marking(&from);
	T_CHECK(!as.marks && !as.marks_out, "a rule without marks");
	T_EQ(as.dscp, 0);
	from.excess = POLICY_EXCESS_MARK;
	as = rules_marking(&from);
	T_CHECK(!as.marks && as.marks_out, "one beyond the bucket");
}

static struct t_case cases[] = {
	{ "a reservation is marked as its rule says",
		a_reservation_is_marked_as_its_rule_says },
	{ "a rule without conditions matches both families",
		a_rule_without_conditions_matches_both_families },
	{ "blocks are the product of the lists",
		blocks_are_the_product_of_the_lists },
	{ "families are not mixed", families_are_not_mixed },
	{ "all protocols are any", all_protocols_are_any },
	{ "too many blocks are refused", too_many_blocks_are_refused },
	{ "incoming interfaces are those that are there",
		incoming_interfaces_are_those_that_are_there },
	{ "without an incoming interface there is no rule",
		without_an_incoming_interface_there_is_no_rule },
	{ "excess is treated as told", excess_is_treated_as_told },
	{ "a bucket is two packets at least",
		a_bucket_is_two_packets_at_least },
	{ "packets are bounded as the policy says",
		packets_are_bounded_as_the_policy_says },
	{ "a denial grants nothing", a_denial_grants_nothing },
	{ "interfaces are chosen by globs", interfaces_are_chosen_by_globs },
	{ "ids are stable and told apart", ids_are_stable_and_told_apart },
	{ "overlap is seen in every field", overlap_is_seen_in_every_field },
};
T_MAIN(cases)
