/* SPDX-License-Identifier: ISC */

/* What rsvpctl shows of interfaces, sessions and reservations, as text. */

#include "ctl_t.h"

#define LINK                                                                   \
	"name eth0 up 1 enabled 1 mtu 1500 v4 10.0.0.1 traffic_control 1 "     \
	"tc_ready 1 bandwidth_bps 10000000 reservable_bps 7500000 "            \
	"reserved_bps 1250000 flows 3 max_flows 100 C_bytes 1500 D_us 12000 "  \
	"gs_budget_used_bytes 700 gs_budget_bytes 20000 "

#define LINK_TEXT                                                              \
	"eth0: up, RSVP enabled, mtu 1500, 10.0.0.1\n"                         \
	"  link 10 Mbit/s, reservable 7.5 Mbit/s, reserved 1.25 Mbit/s in 3 "  \
	"flows (at most 100)\n"

#define BUDGET_TEXT                                                            \
	"  guaranteed service: C 1500 B, D 12000 us, burst budget 700 of "     \
	"20000 B used\n"

static void
expect_link(const char *facts, const char *lines)
{
	char records[2048];
	char out[2048];

	(void)snprintf(records, sizeof(records), "{%s %s}", LINK, facts);
	(void)snprintf(
		out, sizeof(out), "%s%s%s", LINK_TEXT, BUDGET_TEXT, lines);
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_INTERFACES, records), "show interfaces", out);
}

static void
an_interface_is_shown_with_its_capacity(void)
{
	expect_link("", "");
	/* What it does not know it skips. */
	expect_link("unknown ifindex 7 refresh_ms 30000", "");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_INTERFACES, ""), "show interfaces",
		"no interface is known\n");
}

/* Names of interfaces may have any octets. */
static void
a_terminal_obeys_no_name(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_INTERFACES,
			     "{name 'e\x1b[2J' mtu 9 v4 10.0.0.1}"),
		"show interfaces",
		"e [2J: down, RSVP disabled, mtu 9, 10.0.0.1\n"
		"  no traffic control\n");
}

static void
an_interface_without_traffic_control_says_so(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_INTERFACES,
			     "{name lo mtu 65536}"
			     "{name e1 up 1 mtu 9 v6 2001:db8::1}"
			     "{name e2 up 1 enabled 1 v4 10.0.0.1 "
			     "v6 fe80::1 mtu 1}"),
		"show interfaces",
		"lo: down, RSVP disabled, mtu 65536, \n"
		"  no traffic control\n"
		"e1: up, RSVP disabled, mtu 9, 2001:db8::1\n"
		"  no traffic control\n"
		"e2: up, RSVP enabled, mtu 1, 10.0.0.1 fe80::1\n"
		"  no traffic control\n");
}

static void
udp_is_told_where_it_is_on_heard_or_needed(void)
{
	static const struct {
		const char *facts;
		const char *text;
	} rows[] = {
		{ "udp auto udp_seen 0 udp_neighbours 0", "" },
		{ "udp off", "" },
		{ "udp on", "  RSVP in UDP: on, not heard, 0 neighbours need "
			    "it\n" },
		{ "udp auto udp_seen 1",
			"  RSVP in UDP: auto, heard, 0 neighbours need it\n" },
		{ "udp auto udp_neighbours 2",
			"  RSVP in UDP: auto, not heard, 2 neighbours need "
			"it\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char records[256];
		char out[256];

		(void)snprintf(records, sizeof(records), "{name e mtu 1 %s}",
			rows[i].facts);
		(void)snprintf(out, sizeof(out),
			"e: down, RSVP disabled, mtu 1, \n%s"
			"  no traffic control\n",
			rows[i].text);
		ctl_t_expect(CTL_T_ONE(CTL_ASK_INTERFACES, records),
			"show interfaces", out);
	}
}

static void
trouble_of_traffic_control_is_told(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_INTERFACES, "{" LINK "tc_ready 0 ingress_"
					      "bandwidth_bps 5000000}"),
		"show interfaces",
		LINK_TEXT
		"  what comes in is shaped to 5 Mbit/s\n" BUDGET_TEXT);
	expect_link("tc_refused 'no sfq here'",
		"  goes on as before: no sfq here\n");
	expect_link("drifts 1 last_drift 'class 1:2'",
		"  changed by other programs 1 time, the last: class 1:2\n");
	expect_link("drifts 2 last_drift root",
		"  changed by other programs 2 times, the last: root\n");
	expect_link("drifts 0", "");
}

static void
why_traffic_control_is_not_ready_is_told(void)
{
	static const char link[] =
		"name e up 1 mtu 1500 traffic_control 1 tc_ready 0 ";
	static const char head[] =
		"e: up, RSVP disabled, mtu 1500, \n"
		"  link 0 bit/s, reservable 0 bit/s, reserved 0 bit/s in 0 "
		"flows (at most 0)\n"
		"  guaranteed service: C 0 B, D 0 us, burst budget 0 of 0 B "
		"used\n";
	char records[256];
	char out[512];

	(void)snprintf(records, sizeof(records), "{%s}", link);
	(void)snprintf(
		out, sizeof(out), "%s  traffic control is not ready\n", head);
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_INTERFACES, records), "show interfaces", out);
	(void)snprintf(
		records, sizeof(records), "{%s tc_problem 'no htb'}", link);
	(void)snprintf(out, sizeof(out),
		"%s  traffic control is not ready: no htb\n", head);
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_INTERFACES, records), "show interfaces", out);
}

static void
what_the_host_puts_together_is_told_where_it_is_limited(void)
{
	expect_link("gso_max_segs 4 gso_limit 4 gro_max_size 3000 gro_limit "
		    "3000",
		"  packets handed down as one: at most 4 (gso_max_segs)\n"
		"  octets put together on receipt: at most 3000 "
		"(gro_max_size)\n");
	expect_link("gso_max_segs 65535 gso_limit 4 gro_max_size 65536 "
		    "gro_limit 3000",
		"  packets handed down as one: at most 65535 (gso_max_segs, "
		"not limited to 4)\n"
		"  octets put together on receipt: at most 65536 "
		"(gro_max_size, not limited to 3000)\n");
	expect_link("gso_max_segs 65535 gro_limit 3000", "");
}

static void
packets_whose_ports_are_hidden_are_told(void)
{
	expect_link("hidden_fragments 0 hidden_extensions 0", "");
	expect_link("hidden_fragments 2 hidden_extensions 0",
		"  ports not seen, so best effort: 2 fragments, 0 packets "
		"with extension headers\n");
	expect_link("hidden_fragments 0 hidden_extensions 5",
		"  ports not seen, so best effort: 0 fragments, 5 packets "
		"with extension headers\n");
}

/* ---- sessions ------------------------------------------------------------ */

static void
a_session_is_shown_with_its_paths_and_reservations(void)
{
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_SESSIONS,
			"{dst 10.0.0.9 proto 6 port 5004 "
			"paths{sender{src 10.0.0.2 port 7} hop 10.0.1.1 in "
			"eth1 out eth0,eth2 }"
			"paths{sender{src 10.0.0.3 port 8} local 1 uid 1000 "
			"to_local 1 non_rsvp_hop 1}"
			"reservations{interface eth0 style FF service CL "
			"flowspec{r 1000 b 2000} state installed hop "
			"10.0.2.1}}"
			"{dst 2001:db8::9 proto 17 port 53}"),
		"show sessions",
		"10.0.0.9:5004 protocol 6\n"
		"  path from 10.0.0.2:7, previous hop 10.0.1.1 on eth1, out "
		"eth0,eth2\n"
		"  path from 10.0.0.3:8, an application here (uid 1000), to "
		"this host, over a hop without RSVP\n"
		"  eth0 FF CL r 1000 B/s b 2000 B, installed, for 10.0.2.1\n"
		"[2001:db8::9]:53 protocol 17\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, ""), "show sessions",
		"no sessions\n");
}

static const char two[] = "{dst 10.0.0.9 proto 17 port 1}"
			  "{dst 10.0.0.9 proto 17 port 2}"
			  "{dst 10.0.0.8 proto 17 port 2}";

static void
sessions_are_chosen_by_address_and_port(void)
{
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, two), "show sessions 10.0.0.9",
		"10.0.0.9:1 protocol 17\n10.0.0.9:2 protocol 17\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, two),
		"show sessions 10.0.0.9 2", "10.0.0.9:2 protocol 17\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, two),
		"show sessions 10.0.0.9 0", "no sessions\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_SESSIONS, two), "show sessions 10.0.0.7",
		"no sessions\n");
	/* However it is written. */
	ctl_t_expect(
		CTL_T_ONE(CTL_ASK_SESSIONS, "{dst 2001:db8::1 port 65535}"),
		"show sessions 2001:DB8:0::1 65535",
		"[2001:db8::1]:65535 protocol 0\n");
}

/* Asked in the reservation itself, its session is an object of it. */
static void
reservations_are_chosen_by_their_session(void)
{
	static const char records[] =
		"{session{dst 10.0.0.9 proto 17 port 1} interface e0 style WF "
		"service CL flowspec{r 1} state waiting hop 10.0.0.1}"
		"{session{dst 10.0.0.9 proto 17 port 2} filters{src 10.0.0.5 "
		"port 9} local 1 uid 7 style SE service GS flowspec{r 1 b 2 R "
		"3} state local}";

	ctl_t_expect(CTL_T_ONE(CTL_ASK_RESERVATIONS, records),
		"show reservations 10.0.0.9 1",
		"10.0.0.9:1 protocol 17 from any\n"
		"  e0 WF CL r 1 B/s, waiting, for 10.0.0.1\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_RESERVATIONS, records),
		"show reservations 10.0.0.9 2",
		"10.0.0.9:2 protocol 17 from 10.0.0.5:9\n"
		"  application SE GS r 1 B/s b 2 B R 3 B/s, local, uid 7\n");
	ctl_t_expect(CTL_T_ONE(CTL_ASK_RESERVATIONS, records),
		"show reservations 10.0.0.8", "no reservations\n");
}

#define RESV                                                                   \
	"session{dst 10.0.0.9 proto 17 port 1} interface e0 style FF "         \
	"service GS flowspec{r 1} state installed hop 10.0.0.1 "
#define RESV_TEXT                                                              \
	"10.0.0.9:1 protocol 17 from any\n"                                    \
	"  e0 FF GS r 1 B/s, installed, for 10.0.0.1\n"

static void
expect_resv(const char *facts, const char *lines)
{
	char records[1024];
	char out[1024];

	(void)snprintf(records, sizeof(records), "{%s %s}", RESV, facts);
	(void)snprintf(out, sizeof(out), "%s%s", RESV_TEXT, lines);
	ctl_t_expect(CTL_T_ONE(CTL_ASK_RESERVATIONS, records),
		"show reservations", out);
}

static void
a_reservation_is_shown_with_its_class(void)
{
	expect_resv("classid 1:20 rate_bps 64000 packets 5 bytes 700 drops 1",
		"    class 1:20, 64 kbit/s on the wire; 5 packets, 700 octets, "
		"1 dropped\n");
	expect_resv("classid 1:20 excess demoted dscp 46 dscp_out 8 "
		    "hidden_fragments 2",
		"    class 1:20, 0 bit/s on the wire; 0 packets, 0 octets, 0 "
		"dropped; excess demoted; DSCP 46; beyond the bucket DSCP 8\n"
		"    ports not seen, so best effort: 2 fragments, 0 packets "
		"with extension headers\n");
	/* What has another size is none of the facts. */
	expect_resv("classid 1:20 malformed",
		"    class 1:20, 0 bit/s on the wire; 0 packets, 0 octets, 0 "
		"dropped\n");
	/* Without a class nothing is known of what it does. */
	expect_resv("dscp 46 excess demoted hidden_fragments 2", "");
}

static void
why_a_reservation_stands_is_told(void)
{
	expect_resv("rule voice reason 'rule voice allows'",
		"    rule voice allows\n");
	expect_resv("rule voice reason 'as before'",
		"    rule voice\n    as before\n");
	expect_resv("rule voice", "    rule voice\n");
	expect_resv("reason anyhow", "    anyhow\n");
}

/* ---- refusals ------------------------------------------------------------ */

static const char refused[] =
	"session{dst 10.0.0.9 proto 17 port 1} sender{src 10.0.0.2 port 3} "
	"message Resv age_ms 4999 code 1 error_value 2 code_text 'no room' "
	"interface e0 style FF service CL flowspec{r 9} ";

static void
expect_refusal(const char *facts, const char *out)
{
	char records[1024];
	const struct ctl_t_answer answers[] = { { CTL_ASK_EXPLAIN, records },
		{ CTL_ASK_RESERVATIONS, "" }, { 0, NULL } };

	(void)snprintf(records, sizeof(records), "{%s %s}", refused, facts);
	ctl_t_expect(answers, "explain", out);
}

static void
a_refusal_is_told_with_its_figures(void)
{
	expect_refusal("error_value_text 'delay bound' uid 7 neighbour "
		       "10.0.0.3 rule gold reason 'needs 2, has 1'",
		"10.0.0.9:1 protocol 17 from 10.0.0.2:3: Resv refused 4 s ago, "
		"asked by uid 7\n"
		"  code 1 value 2: no room (delay bound)\n"
		"  e0 FF CL r 9 B/s, for 10.0.0.3\n"
		"    rule gold\n"
		"    needs 2, has 1\n");
	/* What the code says is not said again. */
	expect_refusal("reason 'no room'",
		"10.0.0.9:1 protocol 17 from 10.0.0.2:3: Resv refused 4 s "
		"ago\n"
		"  code 1 value 2: no room\n"
		"  e0 FF CL r 9 B/s\n");
	expect_refusal("error_value_text 'of the rule' reason 'of the rule'",
		"10.0.0.9:1 protocol 17 from 10.0.0.2:3: Resv refused 4 s "
		"ago\n"
		"  code 1 value 2: no room (of the rule)\n"
		"  e0 FF CL r 9 B/s\n");
}

static void
an_application_is_refused_without_an_interface_or_a_style(void)
{
	const struct ctl_t_answer answers[] = {
		{ CTL_ASK_EXPLAIN, "{session{dst ::1 proto 17 port 1} message "
				   "Path style none service none "
				   "flowspec{r 5 b 6}}" },
		{ CTL_ASK_RESERVATIONS, "" }, { 0, NULL }
	};

	ctl_t_expect(answers, "explain",
		"[::1]:1 protocol 17 from any: Path refused\n"
		"  code 0 value 0: \n"
		"  application r 5 B/s b 6 B\n");
}

static void
what_stands_is_explained_after_what_was_refused(void)
{
	static const char resv[] = "{" RESV "}";
	struct ctl_t_answer answers[] = { { CTL_ASK_EXPLAIN, "" },
		{ CTL_ASK_RESERVATIONS, resv }, { 0, NULL } };

	ctl_t_expect(answers, "explain", RESV_TEXT);
	ctl_t_expect(answers, "explain 10.0.0.8",
		"nothing was asked for, and nothing refused\n");
	/* When the first half fails the second is not asked for. */
	answers[0].records = "end{error 'not now'}";
	answers[1].question = 0;
	ctl_t_expect_fault(answers, "explain", 1, "rsvpctl: not now\n");
}

static struct t_case cases[] = {
	{ "an interface is shown with its capacity",
		an_interface_is_shown_with_its_capacity },
	{ "an interface without traffic control says so",
		an_interface_without_traffic_control_says_so },
	{ "UDP is told where it is on, heard or needed",
		udp_is_told_where_it_is_on_heard_or_needed },
	{ "trouble of traffic control is told",
		trouble_of_traffic_control_is_told },
	{ "why traffic control is not ready is told",
		why_traffic_control_is_not_ready_is_told },
	{ "what the host puts together is told where it is limited",
		what_the_host_puts_together_is_told_where_it_is_limited },
	{ "a terminal obeys no name", a_terminal_obeys_no_name },
	{ "packets whose ports are hidden are told",
		packets_whose_ports_are_hidden_are_told },
	{ "a session is shown with its paths and reservations",
		a_session_is_shown_with_its_paths_and_reservations },
	{ "sessions are chosen by address and port",
		sessions_are_chosen_by_address_and_port },
	{ "reservations are chosen by their session",
		reservations_are_chosen_by_their_session },
	{ "a reservation is shown with its class",
		a_reservation_is_shown_with_its_class },
	{ "why a reservation stands is told",
		why_a_reservation_stands_is_told },
	{ "a refusal is told with its figures",
		a_refusal_is_told_with_its_figures },
	{ "an application is refused without an interface or a style",
		an_application_is_refused_without_an_interface_or_a_style },
	{ "what stands is explained after what was refused",
		what_stands_is_explained_after_what_was_refused },
};
T_MAIN(cases)
