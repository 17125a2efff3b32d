/* SPDX-License-Identifier: ISC */

/* What the engine knows, as facts for its tools, each thing whole: interfaces,
 * sessions and refusals, rsvpd/ctl_facts.c. */

#include "ctl_facts_t.h"

/* ---- interfaces ---------------------------------------------------------- */

static void
an_interface_is_told_with_its_capacity(void)
{
	struct rsvp_iface_info info = { .conf = { .name = "eth0",
						.ifindex = 7,
						.up = true,
						.traffic_control = true,
						.v4 = t_addr("10.0.0.9"),
						.mtu = 1500,
						.refresh_ms = 30000,
						.link_Bps = 1000,
						.reservable_Bps = 750,
						.budget_bytes = 40,
						.max_flows = 9 },
		.tc_ready = true,
		.tc_problem = "none",
		.reserved_Bps = 3,
		.reserved_gs_Bps = 2,
		.reserved_cl_Bps = 1,
		.budget_used_bytes = 39,
		.flows = 4,
		.gs_C_bytes = 1500,
		.gs_D_us = 12 };

	ctl_facts_t_begin();
	ctl_facts_iface(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name 'eth0' ifindex 7 up yes enabled no traffic_control yes "
		"tc_ready yes tc_problem 'none' v4 10.0.0.9 mtu 1500 "
		"refresh_ms 30000 bandwidth_bps 8000 reservable_bps 6000 "
		"reserved_bps 24 reserved_gs_bps 16 reserved_cl_bps 8 "
		"gs_budget_bytes 40 gs_budget_used_bytes 39 flows 4 max_flows "
		"9 C_bytes 1500 D_us 12");
	info = (struct rsvp_iface_info){ .conf = { .enabled = true,
						 .v6 = t_addr("fe80::1"),
						 .link_Bps = UINT64_MAX / 8 + 1,
						 .reservable_Bps =
							 UINT64_MAX / 8 } };
	ctl_facts_iface(&ctl_facts_t.out, &info);
	ctl_facts_t_expect(
		"name '' ifindex 0 up no enabled yes traffic_control no "
		"tc_ready no tc_problem '' v6 fe80::1 mtu 0 refresh_ms 0 "
		"bandwidth_bps 18446744073709551615 reservable_bps "
		"18446744073709551608 reserved_bps 0 reserved_gs_bps 0 "
		"reserved_cl_bps 0 gs_budget_bytes 0 gs_budget_used_bytes 0 "
		"flows 0 max_flows 0 C_bytes 0 D_us 0");
}

static void
an_interface_is_told_with_what_surrounds_it(void)
{
	const struct tc_counter counted = { .hidden_counted = true,
		.hidden_fragments = 1,
		.hidden_extensions = 2 };
	const struct tc_counter not_counted = { .hidden_fragments = 1 };

	ctl_facts_t_begin();
	ctl_facts_t.udp = (struct net_raw_udp){ CONF_UDP_ON, true, 3 };
	ctl_facts_udp(&ctl_facts_t.out, &ctl_facts_t.engine, 7);
	ctl_facts_t_expect("udp 'on' udp_seen yes udp_neighbours 3");
	ctl_facts_drift(&ctl_facts_t.out, &ctl_facts_t.engine, 7);
	ctl_facts_t_expect("drifts 7 last_drift 'class 1:2'");
	ctl_facts_hidden(&ctl_facts_t.out, &counted);
	ctl_facts_t_expect("hidden_fragments 1 hidden_extensions 2");
	ctl_facts_hidden(&ctl_facts_t.out, &not_counted);
	ctl_facts_hidden(&ctl_facts_t.out, NULL);
	ctl_facts_t_expect("");
	ctl_facts_tc(&ctl_facts_t.out, &ctl_facts_t.engine, 7);
	ctl_facts_t_expect("");
	ctl_facts_t.ingress_Bps = 1;
	ctl_facts_t.refused = "no sfq";
	ctl_facts_t.offloads = (struct net_offloads){ 1, 2, 3, 4 };
	ctl_facts_tc(&ctl_facts_t.out, &ctl_facts_t.engine, 7);
	ctl_facts_t_expect(
		"ingress_bandwidth_bps 8 tc_refused 'no sfq' gso_max_segs 1 "
		"gso_limit 2 gro_max_size 3 gro_limit 4");
}

/* ---- sessions ------------------------------------------------------------ */

static void
a_path_is_told_with_where_it_comes_from_and_goes(void)
{
	struct rsvp_path_info info = { .sender = { .src = t_addr("10.0.0.2"),
					       .src_port = 5 },
		.tspec = { .r = 1, .b = 2, .p = 3, .m = 4, .M = 5 },
		.hop = { .addr = t_addr("10.0.0.1"), .lih = 6 },
		.in_ifindex = 7,
		.out_count = 2,
		.out_ifindex = { 8, 7 },
		.to_local = true,
		.ttl = 9,
		.refresh_ms = 30000,
		.expires_ms = -1 };
	const struct wire_session session = {
		.dst = t_addr("10.0.0.9"), .proto = 17, .dst_port = 5004
	};

	ctl_facts_t_begin();
	ctl_facts_session(&ctl_facts_t.out, &session);
	ctl_facts_t_expect("dst 10.0.0.9 proto 17 port 5004");
	ctl_facts_path(&ctl_facts_t.out, &ctl_facts_t.engine, &info);
	ctl_facts_t_expect(
		"sender {src 10.0.0.2 port 5} tspec {r 1 b 2 p 3 m 4 M 5} "
		"local no hop 10.0.0.1 lih 6 in 'eth0' out 'eth1,eth0' "
		"to_local yes ttl 9 non_rsvp_hop no refresh_ms 30000 "
		"expires_ms -1");
	/* Of an application: who it is, and it does not expire. */
	info.local_id = 1;
	info.who = (struct rsvp_who){ .known = true, .uid = 1000, .pid = 77 };
	info.hop = (struct wire_hop){ .lih = 0 };
	info.out_count = 0;
	info.to_local = false;
	info.non_rsvp_hop = true;
	info.sender.src = t_addr("2001:db8::2");
	info.sender.form = WIRE_FILTER_FLOW_LABEL;
	info.sender.flow_label = 12;
	ctl_facts_path(&ctl_facts_t.out, &ctl_facts_t.engine, &info);
	ctl_facts_t_expect(
		"sender {src 2001:db8::2 flow_label 12} tspec {r 1 b 2 p 3 m 4 "
		"M 5} local yes uid 1000 pid 77 lih 0 in 'eth0' out '' "
		"to_local no ttl 9 non_rsvp_hop yes refresh_ms 30000");
}

static struct rsvp_resv_info
resv(void)
{
	return (struct rsvp_resv_info){ .ifindex = 8,
		.hop = { .addr = t_addr("10.0.1.1") },
		.style = WIRE_STYLE_SE,
		.flowspec = { .service = WIRE_SERVICE_GS,
			.tspec = { .r = 1, .b = 2, .p = 3, .m = 4, .M = 5 },
			.R = 6,
			.S = 7 },
		.filter_count = 2,
		.filters = { { .src = t_addr("10.0.0.2"), .src_port = 8 },
			{ .src = t_addr("10.0.0.3"), .src_port = 9 } },
		.state = RSVP_RESV_INSTALLED,
		.flow_id = 20,
		.rate_Bps = 100,
		.rule = "gold",
		.reason = "it fits",
		.refresh_ms = 30000,
		.expires_ms = 5 };
}

#define RESV                                                                   \
	"style 'SE' flowspec {r 1 b 2 p 3 m 4 M 5 R 6 S 7} service 'GS' "      \
	"filters {src 10.0.0.2 port 8} filters {src 10.0.0.3 port 9} "         \
	"state 'installed' flow_id 20 rate_bps 800 rule 'gold' reason 'it "    \
	"fits' refresh_ms 30000"

static void
a_reservation_is_told_with_its_class(void)
{
	struct tc_counter c = { .classid = 0x1000f,
		.bytes = 1,
		.packets = 2,
		.drops = 3,
		.backlog_bytes = 4 };
	struct rsvp_resv_info info = resv();

	ctl_facts_t_begin();
	ctl_facts_resv(&ctl_facts_t.out, &ctl_facts_t.engine, &info, NULL);
	ctl_facts_t_expect(
		"interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5");
	ctl_facts_resv(&ctl_facts_t.out, &ctl_facts_t.engine, &info, &c);
	ctl_facts_t_expect(
		"interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
		"classid '1:f' bytes 1 packets 2 drops 3 backlog_bytes 4 "
		"excess 'reshaped'");
	ctl_facts_t.marked = true;
	ctl_facts_t.marking = (struct tc_marking){ true, 46, true, 8 };
	c.demoted = true;
	c.marks_out = true;
	c.hidden_counted = true;
	c.hidden_fragments = 5;
	ctl_facts_resv(&ctl_facts_t.out, &ctl_facts_t.engine, &info, &c);
	ctl_facts_t_expect(
		"interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
		"classid '1:f' bytes 1 packets 2 drops 3 backlog_bytes 4 "
		"hidden_fragments 5 hidden_extensions 0 dscp 46 dscp_out 8 "
		"excess 'demoted'");
}

/* As far as the kernel can, and the rule wants. */
static void
marks_are_told_as_far_as_they_are_made(void)
{
	static const struct {
		struct tc_marking as;
		bool can;
		const char *want;
	} rows[] = { { { true, 46, true, 8 }, false, "dscp 46" },
		{ { false, 46, true, 8 }, true, "dscp_out 8" },
		{ { true, 46, false, 8 }, true, "dscp 46" },
		{ { false, 46, false, 8 }, true, "" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_counter c = { .marks_out = rows[i].can };
		struct rsvp_resv_info info = resv();
		char want[1024];

		ctl_facts_t_begin();
		info.flowspec.service = WIRE_SERVICE_CL; /* nothing of excess */
		ctl_facts_t.marked = true;
		ctl_facts_t.marking = rows[i].as;
		ctl_facts_resv(
			&ctl_facts_t.out, &ctl_facts_t.engine, &info, &c);
		(void)snprintf(want, sizeof(want),
			"interface 'eth1' hop 10.0.1.1 local no style 'SE' "
			"flowspec {r 1 b 2 p 3 m 4 M 5} service 'CL' "
			"filters {src 10.0.0.2 port 8} filters {src 10.0.0.3 "
			"port 9} state 'installed' flow_id 20 rate_bps 800 "
			"rule 'gold' reason 'it fits' refresh_ms 30000 "
			"expires_ms 5 classid '0:0' bytes 0 packets 0 drops "
			"0 backlog_bytes 0%s%s",
			rows[i].want[0] ? " " : "", rows[i].want);
		ctl_facts_t_expect(want);
	}
	/* Nothing is known of what the kernel can. */
	ctl_facts_t_begin();
	ctl_facts_t.marked = true;
	ctl_facts_t.marking = rows[0].as;
	{
		const struct rsvp_resv_info info = resv();

		ctl_facts_resv(
			&ctl_facts_t.out, &ctl_facts_t.engine, &info, NULL);
	}
	ctl_facts_t_expect(
		"interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
		"dscp 46");
}

static void
a_reservation_of_an_application_is_told_with_its_user(void)
{
	static const struct {
		enum rsvp_resv_state state;
		const char *text;
	} states[] = { { RSVP_RESV_LOCAL, "local" },
		{ RSVP_RESV_WAITING, "waiting" },
		{ RSVP_RESV_INSTALLED, "installed" },
		{ RSVP_RESV_NO_TC, "no-traffic-control" },
		{ RSVP_RESV_FAILED, "increase-failed" } };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct rsvp_resv_info info = { .local_id = 1,
			.who = { .known = true, .uid = 3, .pid = 4 },
			.style = 0,
			.state = states[i].state,
			.expires_ms = 9 };
		char want[512];

		ctl_facts_t_begin();
		ctl_facts_resv(
			&ctl_facts_t.out, &ctl_facts_t.engine, &info, NULL);
		(void)snprintf(want, sizeof(want),
			"interface '' local yes uid 3 pid 4 style 'none' "
			"flowspec {r 0 b 0 p 0 m 0 M 0} service 'none' state "
			"'%s' flow_id 0 rate_bps 0 rule '' reason '' "
			"refresh_ms 0",
			states[i].text);
		ctl_facts_t_expect(want);
	}
}

static void
of_many_filters_the_first_are_told(void)
{
	struct rsvp_resv_info info = { .filter_count = 9 };
	size_t count = 0;
	struct buf_reader r;
	struct msg_attr a;

	ctl_facts_t_begin();
	for (size_t i = 0; i < 8; i++)
		info.filters[i].src = t_addr("10.0.0.2");
	ctl_facts_resv(&ctl_facts_t.out, &ctl_facts_t.engine, &info, NULL);
	r = ctl_facts_t_written();
	while (msg_attr_next(&r, &a))
		count += a.type == CTL_F_FILTERS;
	T_EQ(count, 8);
}

static void
a_refusal_is_told_with_whose_it_was_and_why(void)
{
	const struct rsvp_refusal refusal = { .serial = 4,
		.when = { 1000000 },
		.message = WIRE_RESV,
		.session = { .dst = t_addr("10.0.0.9"),
			.proto = 17,
			.dst_port = 1 },
		.sender = { .src = t_addr("10.0.0.2"), .src_port = 3 },
		.flowspec = { .service = WIRE_SERVICE_CL, .tspec = { .r = 5 } },
		.style = WIRE_STYLE_FF,
		.ifindex = 7,
		.neighbour = t_addr("10.0.0.1"),
		.who = { .known = true, .uid = 6, .pid = 7 },
		.code = 1,
		.value = 2,
		.rule = "gold",
		.reason = "needs 5" };

	ctl_facts_t_begin();
	ctl_facts_refusal(&ctl_facts_t.out, &ctl_facts_t.engine, &refusal,
		(struct mono){ 3500000 });
	ctl_facts_t_expect(
		"session {dst 10.0.0.9 proto 17 port 1} serial 4 age_ms 2500 "
		"message 'Resv' sender {src 10.0.0.2 port 3} flowspec {r 5 b 0 "
		"p 0 m 0 M 0} service 'CL' style 'FF' interface 'eth0' "
		"neighbour 10.0.0.1 uid 6 pid 7 code 1 code_text 'admission "
		"control failure' error_value 2 value 2 error_value_text "
		"'requested bandwidth unavailable' rule 'gold' reason 'needs "
		"5'");
}

/* ---- totals -------------------------------------------------------------- */

static void
totals_are_told_with_the_version(void)
{
	ctl_facts_t_begin();
	ctl_facts_t.totals = (struct rsvp_totals){ .sessions = 1,
		.flows = 2,
		.adopted_unclaimed = 3,
		.memory_bytes = 4 };
	ctl_facts_t.engine.started = (struct mono){ 1000 };
	ctl_facts_status(
		&ctl_facts_t.out, &ctl_facts_t.engine, (struct mono){ 9000 });
	ctl_facts_t_expect(
		"version '" PACKAGE_VERSION "' uptime_ms 8 sessions 1 flows 2 "
		"adopted_unclaimed 3 memory_bytes 4");
}

static struct t_case cases[] = {
	{ "an interface is told with its capacity",
		an_interface_is_told_with_its_capacity },
	{ "an interface is told with what surrounds it",
		an_interface_is_told_with_what_surrounds_it },
	{ "a path is told with where it comes from and goes",
		a_path_is_told_with_where_it_comes_from_and_goes },
	{ "a reservation is told with its class",
		a_reservation_is_told_with_its_class },
	{ "marks are told as far as they are made",
		marks_are_told_as_far_as_they_are_made },
	{ "a reservation of an application is told with its user",
		a_reservation_of_an_application_is_told_with_its_user },
	{ "of many filters the first are told",
		of_many_filters_the_first_are_told },
	{ "a refusal is told with whose it was and why",
		a_refusal_is_told_with_whose_it_was_and_why },
	{ "totals are told with the version",
		totals_are_told_with_the_version },
};
T_MAIN(cases)
