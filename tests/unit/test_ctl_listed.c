/* SPDX-License-Identifier: ISC */

/* What rsvpctl shows of rules, policy, the directory and counters. */

#include "ctl_t.h"

/* ---- policy -------------------------------------------------------------- */

static void
policy_is_shown_as_rules_in_order(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_POLICY,
			"{generation 7 source cache sources 'file /p, cache' "
			"allowed 3 refused 4}"
			"{name gold permission allow priority -5 conditions "
			"'uid 7' grants '2 flows' matched 9 allowed 8 refused "
			"3 refusals{reason maxFlows count 2} "
			"refusals{reason denied count 1} flows 6}"
			"{name rest permission deny priority 0 matched 1}"),
		"show policy",
		"generation 7 from cache\n"
		"file /p, cache\n"
		"where no rule applies: allowed 3, refused 4\n"
		"gold: allow, priority -5\n"
		"  if uid 7\n"
		"  grants 2 flows\n"
		"  matched 9, allowed 8, refused 3 (maxFlows 2, denied 1); 6 "
		"flows now\n"
		"rest: deny, priority 0\n"
		"  matched 1, allowed 0, refused 0; 0 flows now\n");
}

static void
a_rollback_and_rules_beyond_the_limit_are_told(void)
{
	static const char out[] =
		"generation 7 from file\n"
		"ROLLBACK to generation 5, 12 s ago: changes wait for rsvpctl "
		"policy load\n"
		"where no rule applies: allowed 0, refused 0\n"
		"2 rules on data traffic are not installed: more than an "
		"interface can have\n";

	ctl_t_expect(CTL_T_ONE(CTL_ASK_POLICY,
			     "{generation 7 source file rollback_generation 5 "
			     "rollback_age_ms 12999 rules_not_installed 2}"),
		"policy show", out);
	ctl_t_expect(CTL_T_ONE(CTL_ASK_POLICY, "{generation 7 source file "
					       "rollback_age_ms 1 "
					       "rules_not_installed 0}"),
		"policy show",
		"generation 7 from file\n"
		"where no rule applies: allowed 0, refused 0\n");
}

static void
generations_are_listed(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_HISTORY,
			"{generation 3 age_ms 4999 rules_count 1 source cache "
			"in_force 0}"
			"{generation 4 rules_count 2 source file in_force 1}"
			"{generation 5 age_ms 1000 source file in_force 1 "
			"rollback_generation 5}"),
		"policy history",
		"generation 3, 4 s old, 1 rule from cache\n"
		"generation 4, 0 s old, 2 rules from file, in force\n"
		"generation 5, 1 s old, 0 rules from file, in force by a "
		"rollback\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_HISTORY, ""), "policy history",
		"no generations are kept\n");
}

static void
the_directory_is_shown_as_it_is_followed(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_DIRECTORY,
			"{sources 'directory' server ldap://a mode push "
			"connected 1 entries 9 skipped 2 waiting 1 "
			"change_age_ms 1000 answer_age_ms 2000 cookie_age_ms "
			"3000 cache_age_ms 4000 retry_ms 5000}"),
		"directory status",
		"directory\n"
		"  server             ldap://a, connected\n"
		"  mode               push\n"
		"  entries            9, 2 of them skipped\n"
		"  changes wait for the generation entry\n"
		"  last change        1 s ago\n"
		"  last confirmed     2 s ago\n"
		"  cookie age         3 s\n"
		"  cache age          4 s\n"
		"  next attempt in    5 s\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_DIRECTORY,
			     "{connected 0 waiting 0 mode poll}"),
		"directory status",
		"policyd has said nothing yet\n"
		"  server             none yet\n"
		"  mode               poll\n"
		"  entries            0, 0 of them skipped\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_DIRECTORY,
			     "{sources file rollback_generation 2 "
			     "rollback_age_ms 1000}"),
		"directory status",
		"file\n"
		"ROLLBACK to generation 2, 1 s ago: changes wait for rsvpctl "
		"policy load\n"
		"no directory is configured\n");
}

/* ---- rules on data traffic ----------------------------------------------- */

static void
a_rule_on_data_traffic_is_shown_with_what_it_grants(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_RULES,
			"{name web interface eth0 state installed dscp 10 "
			"rate_bps 8000 bucket_bytes 500 peak_bps 16000 "
			"min_packet_bytes 64 max_packet_bytes 1500 excess "
			"marked dscp_out 12 in_profile_packets 3 "
			"in_profile_bytes 300 out_of_profile_packets 2 "
			"out_of_profile_bytes 200}"
			"{name all interface eth1 state waiting dscp_out 5 "
			"excess dropped}"
			"{name few interface eth1 state installed rate_bps "
			"8000 bucket_bytes 5 excess dropped "
			"out_of_profile_packets 1}"),
		"show rules",
		"web on eth0: installed, DSCP 10, 8 kbit/s, bucket 500 B, "
		"peak 16 kbit/s, counted as 64 B at least, packets up to 1500 "
		"B, excess marked with DSCP 12\n"
		"  in profile 3 packets, 300 B; out of profile 2 packets, 200 "
		"B\n"
		"all on eth1: waiting\n"
		"  in profile 0 packets, 0 B; out of profile 0 packets, 0 B\n"
		"few on eth1: installed, 8 kbit/s, bucket 5 B, excess "
		"dropped\n"
		"  in profile 0 packets, 0 B; out of profile 1 packets, "
		"octets not counted\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_RULES, ""), "show rules",
		"no rules on data traffic\n");
}

static void
a_rule_that_is_in_the_way_of_a_reservation_is_told(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_RULES,
			"{name a interface e state refused reason 'no room' "
			"reservation 10.0.0.9 admitted 1}"
			"{name b interface e state installed reservation "
			"10.0.0.8 before_reservations 1}"),
		"show rules",
		"a on e: refused\n"
		"  no room\n"
		"  VIOLATION: the reservation for 10.0.0.9 covers the same "
		"traffic, the reservation is first\n"
		"  in profile 0 packets, 0 B; out of profile 0 packets, 0 B\n"
		"b on e: installed\n"
		"  VIOLATION: the reservation for 10.0.0.8 covers the same "
		"traffic, the rule is first\n"
		"  in profile 0 packets, 0 B; out of profile 0 packets, 0 "
		"B\n");
}

/* ---- counters and totals ------------------------------------------------- */

static const char counters[] = "{name received value 12 help 'packets in'}"
			       "{name odd value 3}"
			       "{name sent value 4 help 'packets out'}";

static void
counters_are_listed_with_what_they_count(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_COUNTERS, counters), "show counters",
		"received                       12  packets in\n"
		"sent                            4  packets out\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_COUNTERS, counters),
		"--json show counters",
		"{\n"
		"  \"schema\": 1,\n"
		"  \"counters\": {\n"
		"    \"received\": 12,\n"
		"    \"odd\": 3,\n"
		"    \"sent\": 4\n"
		"  }\n"
		"}\n");
}

static const char totals[] = "{kind status version 1.0 uptime_ms 61999 "
			     "sessions 7 change_age_ms -3 up 1}";

static void
totals_are_shown_by_their_names(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_STATUS, totals), "show status",
		"kind: status\n"
		"version: 1.0\n"
		"uptime: 61 s\n"
		"sessions: 7\n"
		"change_age_ms: -3\n"
		"up: 1\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_STATUS, totals), "show status --json",
		"{\n"
		"  \"schema\": 1,\n"
		"  \"version\": \"1.0\",\n"
		"  \"uptime_ms\": 61999,\n"
		"  \"sessions\": 7,\n"
		"  \"change_age_ms\": -3,\n"
		"  \"up\": true\n"
		"}\n");
}

/* ---- JSON ---------------------------------------------------------------- */

static void
a_listing_as_json_has_the_name_of_what_it_lists(void)
{
	static const struct {
		enum ctl_type question;
		const char *words;
		const char *name;
	} rows[] = {
		{ CTL_ASK_INTERFACES, "show interfaces", "interfaces" },
		{ CTL_ASK_SESSIONS, "show sessions", "sessions" },
		{ CTL_ASK_RESERVATIONS, "show reservations", "reservations" },
		{ CTL_ASK_POLICY, "show policy", "rules" },
		{ CTL_ASK_RULES, "show rules", "rules" },
		{ CTL_ASK_HISTORY, "policy history", "generations" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char words[64];
		char out[128];

		(void)snprintf(
			words, sizeof(words), "--json %s", rows[i].words);
		(void)snprintf(out, sizeof(out),
			"{\n  \"schema\": 1,\n  \"%s\": []\n}\n", rows[i].name);
		ctl_t_expect(CTL_T_ONE(rows[i].question, ""), words, out);
	}
	ctl_t_expect(CTL_T_ONE(CTL_ASK_DIRECTORY, "{mode push}"),
		"directory status --json",
		"{\n  \"schema\": 1,\n  \"mode\": \"push\"\n}\n");
}

static void
refusals_and_what_stands_are_two_lists(void)
{
	const struct ctl_t_answer answers[] = { { CTL_ASK_EXPLAIN,
							"{session{dst 10.0.0.9 "
							"port 1} code 1}"
							"{session{dst 10.0.0.9 "
							"port 2} code 2}" },
		{ CTL_ASK_RESERVATIONS, "{session{dst 10.0.0.9 port 1}}" },
		{ 0, NULL } };

	ctl_t_expect(answers, "explain --json 10.0.0.9 1",
		"{\n"
		"  \"schema\": 1,\n"
		"  \"refusals\": [\n"
		"    {\n"
		"      \"session\": {\n"
		"        \"dst\": \"10.0.0.9\",\n"
		"        \"port\": 1\n"
		"      },\n"
		"      \"code\": 1\n"
		"    }\n"
		"  ],\n"
		"  \"reservations\": [\n"
		"    {\n"
		"      \"session\": {\n"
		"        \"dst\": \"10.0.0.9\",\n"
		"        \"port\": 1\n"
		"      }\n"
		"    }\n"
		"  ]\n"
		"}\n");
}

static struct t_case cases[] = {
	{ "policy is shown as rules in order",
		policy_is_shown_as_rules_in_order },
	{ "a rollback and rules beyond the limit are told",
		a_rollback_and_rules_beyond_the_limit_are_told },
	{ "generations are listed", generations_are_listed },
	{ "the directory is shown as it is followed",
		the_directory_is_shown_as_it_is_followed },
	{ "a rule on data traffic is shown with what it grants",
		a_rule_on_data_traffic_is_shown_with_what_it_grants },
	{ "a rule that is in the way of a reservation is told",
		a_rule_that_is_in_the_way_of_a_reservation_is_told },
	{ "counters are listed with what they count",
		counters_are_listed_with_what_they_count },
	{ "totals are shown by their names", totals_are_shown_by_their_names },
	{ "a listing as JSON has the name of what it lists",
		a_listing_as_json_has_the_name_of_what_it_lists },
	{ "refusals and what stands are two lists",
		refusals_and_what_stands_are_two_lists },
};
T_MAIN(cases)
