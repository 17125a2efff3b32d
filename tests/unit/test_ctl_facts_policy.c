/* SPDX-License-Identifier: ISC */

/* The same of policy and of rules on data traffic: rsvpd/ctl_facts.c,
 * ctl_data.c. */

#include <time.h>

#include "ctl_facts_t.h"

/* ---- policy -------------------------------------------------------------- */

static void
the_policy_in_force_is_told_with_its_file(void)
{
	const struct policy_status status = {
		.generation = 1, .source = "file", .allowed = 2, .refused = 3
	};
	struct buf_reader r;
	struct msg_attr a;
	int64_t age = -1;

	ctl_facts_t_begin();
	ctl_facts_t.file = (struct policy_client_file){ 8, 9, "" };
	ctl_facts_policy(&ctl_facts_t.out, &status, NULL, NULL);
	ctl_facts_t_expect(
		"kind 'status' generation 1 source 'file' allowed 2 refused 3 "
		"sources 'file /p' file_digest 8 file_generation 9 "
		"rules_generation 5 rules_not_installed 6");
	(void)snprintf(ctl_facts_t.file.problem,
		sizeof(ctl_facts_t.file.problem), "line 3");
	ctl_facts_policy(&ctl_facts_t.out, &status, NULL, NULL);
	ctl_facts_t_expect(
		"kind 'status' generation 1 source 'file' allowed 2 refused 3 "
		"sources 'file /p' file_digest 8 file_generation 9 "
		"rules_generation 5 rules_not_installed 6 file_problem 'line "
		"3'");
	/* Held by a rollback since a minute ago. */
	ctl_facts_t.history.held = 4;
	ctl_facts_t.history.held_s = (uint64_t)time(NULL) - 60;
	ctl_facts_held(&ctl_facts_t.out, NULL);
	r = ctl_facts_t_written();
	T_CHECK(msg_attr_next(&r, &a) && a.type == CTL_F_HELD &&
			msg_get_u64(&a) == 4,
		"not held");
	T_CHECK(msg_attr_next(&r, &a) && a.type == CTL_F_HELD_AGE, "no age");
	age = ctl_get_signed(&a);
	T_CHECK(age >= 60000 && age < 120000 && age % 1000 == 0,
		"%" PRId64 " ms", age);
	ctl_facts_policy(&ctl_facts_t.out, &status, NULL, NULL);
	r = ctl_facts_t_written();
	age = 0;
	while (msg_attr_next(&r, &a))
		age += a.type == CTL_F_HELD;
	T_EQ(age, 1);
}

static void
the_directory_is_told_with_its_ages(void)
{
	struct policy_directory d = { .known = true,
		.server = "ldap://a",
		.mode = "push",
		.connected = true,
		.entries = 1,
		.skipped = 2,
		.cookie_s = 99,
		.change_s = 98,
		.answer_s = 97,
		.cache_s = 96,
		.retry_s = 105 };

	ctl_facts_t_begin();
	ctl_facts_directory(&ctl_facts_t.out, &d, "ldap", 100);
	ctl_facts_t_expect(
		"sources 'ldap' server 'ldap://a' mode 'push' connected yes "
		"waiting no entries 1 skipped 2 cookie_age_ms 1000 "
		"change_age_ms 2000 answer_age_ms 3000 cache_age_ms 4000 "
		"retry_ms 5000");
	d = (struct policy_directory){
		.known = true, .waiting = true, .retry_s = 100
	};
	ctl_facts_directory(&ctl_facts_t.out, &d, "ldap", 100);
	ctl_facts_t_expect(
		"sources 'ldap' server '' mode '' connected no waiting yes "
		"entries 0 skipped 0");
	d.known = false;
	ctl_facts_directory(&ctl_facts_t.out, &d, "file", 100);
	ctl_facts_t_expect("sources 'file'");
}

static void
a_rule_is_told_with_what_it_decided(void)
{
	struct policy_rule_info info = { .name = "gold",
		.category = "c",
		.conditions = "uid 7",
		.grants = "2 flows",
		.allow = true,
		.priority = -3,
		.allowed = 1,
		.refused = 2,
		.flows = 3,
		.rate_Bps = 4,
		.matched = 5,
		.n_refusals = 2,
		.refusals = { { "maxFlows", 6 }, { "denied", 7 } } };

	ctl_facts_t_begin();
	ctl_facts_rule(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name 'gold' permission 'allow' priority -3 category 'c' "
		"conditions 'uid 7' grants '2 flows' allowed 1 refused 2 flows "
		"3 rate_bps 32 matched 5 refusals {reason 'maxFlows' count 6} "
		"refusals {reason 'denied' count 7}");
	info = (struct policy_rule_info){ .name = "none" };
	ctl_facts_rule(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name 'none' permission 'deny' priority 0 category '' "
		"conditions '' grants '' allowed 0 refused 0 flows 0 rate_bps "
		"0 matched 0");
}

/* ---- rules on data traffic ----------------------------------------------- */

static void
a_rule_on_an_interface_is_told_with_what_it_has_seen(void)
{
	static const struct {
		enum rules_state state;
		enum tc_excess excess;
		const char *state_text;
		const char *excess_text;
	} rows[] = { { RULES_WAITING, TC_EXCESS_MARK, "waiting", "mark" },
		{ RULES_INSTALLED, TC_EXCESS_DROP, "installed", "drop" },
		{ RULES_INACTIVE, TC_EXCESS_DELAY, "inactive", "delay" },
		{ RULES_REFUSED, TC_EXCESS_COUNT, "refused", "unknown" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rules_info info = { .name = "web",
			.category = "c",
			.ifname = "eth0",
			.priority = 5,
			.state = rows[i].state,
			.reason = "why",
			.before = true,
			.violation = true,
			.other = "10.0.0.9",
			.marks = true,
			.dscp = 10,
			.marks_out = true,
			.dscp_out = 12,
			.excess = (uint8_t)rows[i].excess,
			.rate_Bps = 1,
			.bucket_bytes = 2,
			.peak_Bps = 3,
			.min_packet_bytes = 64,
			.max_packet_bytes = 1500,
			.classid = 0x10020,
			.in_bytes = 4,
			.in_packets = 5,
			.out_bytes = 6,
			.out_packets = 7,
			.backlog_bytes = 8 };
		char want[1024];

		ctl_facts_t_begin();
		ctl_facts_data_rule(&ctl_facts_t.out, &info);
		(void)snprintf(want, sizeof(want),
			"name 'web' interface 'eth0' category 'c' priority 5 "
			"state '%s' reason 'why' permission 'allow' dscp 10 "
			"rate_bps 8 bucket_bytes 2 peak_bps 24 "
			"min_packet_bytes 64 max_packet_bytes 1500 excess "
			"'%s' dscp_out 12 admitted no before_reservations yes "
			"violation yes reservation '10.0.0.9' classid '1:20' "
			"in_profile_bytes 4 in_profile_packets 5 "
			"out_of_profile_bytes 6 out_of_profile_packets 7 "
			"backlog_bytes 8",
			rows[i].state_text, rows[i].excess_text);
		ctl_facts_t_expect(want);
	}
}

/* Without a rate there is nothing beyond it. */
static void
what_a_rule_does_not_grant_is_not_told(void)
{
	struct rules_info info = { .name = "r",
		.deny = true,
		.guaranteed = true,
		.marks_out = true,
		.dscp_out = 12,
		.bucket_bytes = 2,
		.peak_Bps = 3 };

	ctl_facts_t_begin();
	ctl_facts_data_rule(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name 'r' interface '' category '' priority 0 state 'waiting' "
		"reason '' permission 'deny' admitted yes before_reservations "
		"no violation no reservation '' in_profile_bytes 0 "
		"in_profile_packets 0 out_of_profile_bytes 0 "
		"out_of_profile_packets 0 backlog_bytes 0");
	info.rate_Bps = 1;
	info.peak_Bps = 0;
	info.marks_out = false;
	info.excess = TC_EXCESS_DROP;
	ctl_facts_data_rule(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name 'r' interface '' category '' priority 0 state 'waiting' "
		"reason '' permission 'deny' rate_bps 8 bucket_bytes 2 excess "
		"'drop' admitted yes before_reservations no violation no "
		"reservation '' in_profile_bytes 0 in_profile_packets 0 "
		"out_of_profile_bytes 0 out_of_profile_packets 0 "
		"backlog_bytes 0");
}

static void
a_rule_of_the_policy_is_told_condition_by_condition(void)
{
	static const struct {
		enum policy_excess excess;
		const char *text;
	} rows[] = { { POLICY_EXCESS_MARK, "'mark' dscp_out 8" },
		{ POLICY_EXCESS_DROP, "'drop'" },
		{ POLICY_EXCESS_BEST_EFFORT, "'besteffort'" },
		{ POLICY_EXCESS_DELAY, "'delay'" } };
	struct policy_addr_span src[] = { { .lo = t_addr("10.0.0.1"),
						  .hi = t_addr("10.0.0.2") },
		{ .lo = t_addr("10.0.0.4"), .hi = t_addr("10.0.0.5") } };
	struct policy_addr_span dst[] = { { .lo = t_addr("fe80::1"),
		.hi = t_addr("fe80::2") } };
	struct policy_span ports[] = { { 1, 2 }, { 4, 5 } };
	struct policy_span protos[] = { { 6, 6 } };
	struct policy_data_rule rule = { .name = "web",
		.category = "c",
		.src = { src, 2 },
		.dst = { dst, 1 },
		.src_ports = { ports, 1 },
		.dst_ports = { ports, 2 },
		.protos = { protos, 1 },
		.priority = -1,
		.active = true,
		.marks = true,
		.dscp = 10,
		.rate_Bps = 1,
		.bucket_bytes = 2,
		.peak_Bps = 3,
		.min_packet = 64,
		.max_packet = 1500,
		.dscp_out = 8 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[1024];

		ctl_facts_t_begin();
		rule.excess = rows[i].excess;
		ctl_facts_data(&ctl_facts_t.out, &rule);
		(void)snprintf(want, sizeof(want),
			"name 'web' category 'c' priority -1 permission "
			"'allow' active yes from {first 10.0.0.1 last "
			"10.0.0.2} from {first 10.0.0.4 last 10.0.0.5} to "
			"{first fe80::1 last fe80::2} from_ports {low 1 high "
			"2} to_ports {low 1 high 2} to_ports {low 4 high 5} "
			"protocols {low 6 high 6} dscp 10 rate_bps 8 "
			"bucket_bytes 2 peak_bps 24 min_packet_bytes 64 "
			"max_packet_bytes 1500 excess %s",
			rows[i].text);
		ctl_facts_t_expect(want);
	}
	rule = (struct policy_data_rule){
		.name = "n", .category = "", .deny = true, .bucket_bytes = 2
	};
	ctl_facts_data(&ctl_facts_t.out, &rule);
	ctl_facts_t_expect(
		"name 'n' category '' priority 0 permission 'deny' active no");
	rule.rate_Bps = UINT64_MAX;
	rule.excess = POLICY_EXCESS_DROP;
	ctl_facts_data(&ctl_facts_t.out, &rule);
	ctl_facts_t_expect(
		"name 'n' category '' priority 0 permission 'deny' active no "
		"rate_bps 18446744073709551615 bucket_bytes 2 excess 'drop'");
}

/* A record has to fit into a message. */
static void
of_long_conditions_the_first_are_told(void)
{
	static struct policy_span ports[100];
	static struct policy_addr_span hosts[100];
	const struct policy_data_rule rule = { .name = "n",
		.category = "",
		.src = { hosts, 100 },
		.dst_ports = { ports, 100 } };
	size_t counts[2] = { 0 };
	struct buf_reader r;
	struct msg_attr a;

	ctl_facts_t_begin();
	for (size_t i = 0; i < 100; i++)
		hosts[i].lo = hosts[i].hi = t_addr("10.0.0.1");
	ctl_facts_data(&ctl_facts_t.out, &rule);
	r = ctl_facts_t_written();
	while (msg_attr_next(&r, &a)) {
		counts[0] += a.type == CTL_F_FROM;
		counts[1] += a.type == CTL_F_TO_PORTS;
	}
	T_EQ(counts[0], 64);
	T_EQ(counts[1], 64);
}

static struct t_case cases[] = {
	{ "the policy in force is told with its file",
		the_policy_in_force_is_told_with_its_file },
	{ "the directory is told with its ages",
		the_directory_is_told_with_its_ages },
	{ "a rule is told with what it decided",
		a_rule_is_told_with_what_it_decided },
	{ "a rule on an interface is told with what it has seen",
		a_rule_on_an_interface_is_told_with_what_it_has_seen },
	{ "what a rule does not grant is not told",
		what_a_rule_does_not_grant_is_not_told },
	{ "a rule of the policy is told condition by condition",
		a_rule_of_the_policy_is_told_condition_by_condition },
	{ "of long conditions the first are told",
		of_long_conditions_the_first_are_told },
};
T_MAIN(cases)
