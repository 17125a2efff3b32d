/* SPDX-License-Identifier: ISC */

/* What the engine knows, as facts for its tools: rsvpd/ctl_facts.c, ctl_data.c.
 * Each thing is written down whole. */

#include <time.h>

#include "base/text.h"
#include "rsvpd/ctl_facts.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/tc_client.h"
#include "t.h"

enum { ROOM = 16384 };

/* What the rest of the engine says. */
static struct {
	struct net_offloads offloads;
	uint64_t ingress_Bps;
	const char *refused;
	struct net_raw_udp udp;
	struct tc_marking marking;
	bool marked;
	struct policy_history history;
	struct policy_client_file file;
	struct rsvp_totals totals;
} w;

static struct engine engine;

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex == 7 ? "eth0" : ifindex == 8 ? "eth1" : "";
}

uint64_t
net_link_ingress(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	T_EQ(ifindex, 7);
	return w.ingress_Bps;
}

struct net_offloads
net_link_offloads(const struct net_link *link, uint32_t ifindex)
{
	(void)link, (void)ifindex;
	return w.offloads;
}

void
net_raw_udp(const struct net_raw *raw, uint32_t ifindex,
	struct net_raw_udp *ret_udp)
{
	(void)raw;
	T_EQ(ifindex, 7);
	*ret_udp = w.udp;
}

uint64_t
tc_client_drift(const struct tc_client *client, uint32_t ifindex,
	char ret_text[TC_TEXT])
{
	(void)client;
	(void)snprintf(ret_text, TC_TEXT, "class 1:2");
	return ifindex;
}

const char *
tc_client_refused(const struct tc_client *client, uint32_t ifindex)
{
	(void)client, (void)ifindex;
	return w.refused;
}

const struct tc_marking *
marks_of(const struct marks *marks, uint32_t flow_id)
{
	(void)marks;
	return w.marked && flow_id == 20 ? &w.marking : NULL;
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	(void)client;
	return &w.history;
}

const struct policy_client_file *
policy_client_file(const struct policy_client *client)
{
	(void)client;
	return &w.file;
}

const char *
policy_client_sources(const struct policy_client *client)
{
	(void)client;
	return "file /p";
}

uint64_t
rules_settled(const struct rules *rules)
{
	(void)rules;
	return 5;
}

size_t
rules_beyond(const struct rules *rules)
{
	(void)rules;
	return 6;
}

void
rsvp_core_totals(const struct rsvp_core *core, struct rsvp_totals *ret)
{
	(void)core;
	*ret = w.totals;
}

/* ---- facts as text ------------------------------------------------------- */

static uint8_t bytes[ROOM];
static struct buf_writer out;

static void put_all(struct text *t, struct buf_reader facts);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as what was written */
static void
put_value(struct text *t, const struct ctl_fact *f, struct msg_attr *a)
{
	struct addr addr;
	char text[1024];

	switch ((enum ctl_kind)f->kind) {
	case CTL_KIND_TEXT:
		msg_get_text(a, text, sizeof(text));
		text_printf(t, "'%s'", text);
		break;
	case CTL_KIND_NUMBER:
		text_printf(t, "%" PRIu64, msg_get_u64(a));
		break;
	case CTL_KIND_SIGNED:
		text_printf(t, "%" PRId64, ctl_get_signed(a));
		break;
	case CTL_KIND_REAL:
		text_printf(t, "%g", ctl_get_real(a));
		break;
	case CTL_KIND_BOOL:
		text_add(t, msg_get_u8(a) ? "yes" : "no");
		break;
	case CTL_KIND_ADDR:
		addr = msg_get_addr(a);
		text_add(t, addr_format(&addr, text));
		break;
	case CTL_KIND_OBJECT:
	case CTL_KIND_LIST:
		text_add(t, "{");
		put_all(t, a->body);
		text_add(t, "}");
		return;
	}
	T_CHECK(!a->body.failed, "%s has another size", f->name);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as what was written */
static void
put_all(struct text *t, struct buf_reader facts)
{
	const char *between = "";
	struct msg_attr a;

	while (msg_attr_next(&facts, &a)) {
		const struct ctl_fact *f = ctl_fact_find(a.type);

		T_CHECK(f != NULL, "fact %u is not known", a.type);
		text_printf(t, "%s%s ", between, f->name);
		put_value(t, f, &a);
		between = " ";
	}
	T_CHECK(!facts.failed, "facts that are no facts");
}

static void
begin(void)
{
	memset(&w, 0, sizeof(w));
	w.refused = "";
	out = buf_writer(bytes, sizeof(bytes));
}

/* What was written since; what follows begins anew. */
static void
expect(const char *want)
{
	static char got[ROOM];
	struct text t = text_over(got, sizeof(got));

	T_CHECK(!out.failed, "it does not fit");
	put_all(&t, buf_reader(bytes, buf_written(&out)));
	T_CHECK(strcmp(got, want) == 0, "got\n%s\nnot\n%s", got, want);
	out = buf_writer(bytes, sizeof(bytes));
}

static struct addr
address(const char *text)
{
	struct addr a;

	T_CHECK(addr_parse(text, &a), "%s", text);
	return a;
}

/* ---- interfaces ---------------------------------------------------------- */

static void
an_interface_is_told_with_its_capacity(void)
{
	struct rsvp_iface_info info = { .conf = { .name = "eth0",
						.ifindex = 7,
						.up = true,
						.traffic_control = true,
						.v4 = address("10.0.0.9"),
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

	begin();
	ctl_facts_iface(&out, &info);
	expect("name 'eth0' ifindex 7 up yes enabled no traffic_control yes "
	       "tc_ready yes tc_problem 'none' v4 10.0.0.9 mtu 1500 "
	       "refresh_ms 30000 bandwidth_bps 8000 reservable_bps 6000 "
	       "reserved_bps 24 reserved_gs_bps 16 reserved_cl_bps 8 "
	       "gs_budget_bytes 40 gs_budget_used_bytes 39 flows 4 max_flows "
	       "9 C_bytes 1500 D_us 12");
	info = (struct rsvp_iface_info){ .conf = { .enabled = true,
						 .v6 = address("fe80::1"),
						 .link_Bps = UINT64_MAX / 8 + 1,
						 .reservable_Bps =
							 UINT64_MAX / 8 } };
	ctl_facts_iface(&out, &info);
	expect("name '' ifindex 0 up no enabled yes traffic_control no "
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

	begin();
	w.udp = (struct net_raw_udp){ CONF_UDP_ON, true, 3 };
	ctl_facts_udp(&out, &engine, 7);
	expect("udp 'on' udp_seen yes udp_neighbours 3");
	ctl_facts_drift(&out, &engine, 7);
	expect("drifts 7 last_drift 'class 1:2'");
	ctl_facts_hidden(&out, &counted);
	expect("hidden_fragments 1 hidden_extensions 2");
	ctl_facts_hidden(&out, &not_counted);
	ctl_facts_hidden(&out, NULL);
	expect("");
	ctl_facts_tc(&out, &engine, 7);
	expect("");
	w.ingress_Bps = 1;
	w.refused = "no sfq";
	w.offloads = (struct net_offloads){ 1, 2, 3, 4 };
	ctl_facts_tc(&out, &engine, 7);
	expect("ingress_bandwidth_bps 8 tc_refused 'no sfq' gso_max_segs 1 "
	       "gso_limit 2 gro_max_size 3 gro_limit 4");
}

/* ---- sessions ------------------------------------------------------------ */

static void
a_path_is_told_with_where_it_comes_from_and_goes(void)
{
	struct rsvp_path_info info = { .sender = { .src = address("10.0.0.2"),
					       .src_port = 5 },
		.tspec = { .r = 1, .b = 2, .p = 3, .m = 4, .M = 5 },
		.hop = { .addr = address("10.0.0.1"), .lih = 6 },
		.in_ifindex = 7,
		.out_count = 2,
		.out_ifindex = { 8, 7 },
		.to_local = true,
		.ttl = 9,
		.refresh_ms = 30000,
		.expires_ms = -1 };
	const struct wire_session session = {
		.dst = address("10.0.0.9"), .proto = 17, .dst_port = 5004
	};

	begin();
	ctl_facts_session(&out, &session);
	expect("dst 10.0.0.9 proto 17 port 5004");
	ctl_facts_path(&out, &engine, &info);
	expect("sender {src 10.0.0.2 port 5} tspec {r 1 b 2 p 3 m 4 M 5} "
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
	info.sender.src = address("2001:db8::2");
	info.sender.form = WIRE_FILTER_FLOW_LABEL;
	info.sender.flow_label = 12;
	ctl_facts_path(&out, &engine, &info);
	expect("sender {src 2001:db8::2 flow_label 12} tspec {r 1 b 2 p 3 m 4 "
	       "M 5} local yes uid 1000 pid 77 lih 0 in 'eth0' out '' "
	       "to_local no ttl 9 non_rsvp_hop yes refresh_ms 30000");
}

static struct rsvp_resv_info
resv(void)
{
	return (struct rsvp_resv_info){ .ifindex = 8,
		.hop = { .addr = address("10.0.1.1") },
		.style = WIRE_STYLE_SE,
		.flowspec = { .service = WIRE_SERVICE_GS,
			.tspec = { .r = 1, .b = 2, .p = 3, .m = 4, .M = 5 },
			.R = 6,
			.S = 7 },
		.filter_count = 2,
		.filters = { { .src = address("10.0.0.2"), .src_port = 8 },
			{ .src = address("10.0.0.3"), .src_port = 9 } },
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

	begin();
	ctl_facts_resv(&out, &engine, &info, NULL);
	expect("interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5");
	ctl_facts_resv(&out, &engine, &info, &c);
	expect("interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
	       "classid '1:f' bytes 1 packets 2 drops 3 backlog_bytes 4 "
	       "excess 'reshaped'");
	w.marked = true;
	w.marking = (struct tc_marking){ true, 46, true, 8 };
	c.demoted = true;
	c.marks_out = true;
	c.hidden_counted = true;
	c.hidden_fragments = 5;
	ctl_facts_resv(&out, &engine, &info, &c);
	expect("interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
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

		begin();
		info.flowspec.service = WIRE_SERVICE_CL; /* nothing of excess */
		w.marked = true;
		w.marking = rows[i].as;
		ctl_facts_resv(&out, &engine, &info, &c);
		(void)snprintf(want, sizeof(want),
			"interface 'eth1' hop 10.0.1.1 local no style 'SE' "
			"flowspec {r 1 b 2 p 3 m 4 M 5} service 'CL' "
			"filters {src 10.0.0.2 port 8} filters {src 10.0.0.3 "
			"port 9} state 'installed' flow_id 20 rate_bps 800 "
			"rule 'gold' reason 'it fits' refresh_ms 30000 "
			"expires_ms 5 classid '0:0' bytes 0 packets 0 drops "
			"0 backlog_bytes 0%s%s",
			rows[i].want[0] ? " " : "", rows[i].want);
		expect(want);
	}
	/* Nothing is known of what the kernel can. */
	begin();
	w.marked = true;
	w.marking = rows[0].as;
	{
		const struct rsvp_resv_info info = resv();

		ctl_facts_resv(&out, &engine, &info, NULL);
	}
	expect("interface 'eth1' hop 10.0.1.1 local no " RESV " expires_ms 5 "
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

		begin();
		ctl_facts_resv(&out, &engine, &info, NULL);
		(void)snprintf(want, sizeof(want),
			"interface '' local yes uid 3 pid 4 style 'none' "
			"flowspec {r 0 b 0 p 0 m 0 M 0} service 'none' state "
			"'%s' flow_id 0 rate_bps 0 rule '' reason '' "
			"refresh_ms 0",
			states[i].text);
		expect(want);
	}
}

static void
of_many_filters_the_first_are_told(void)
{
	struct rsvp_resv_info info = { .filter_count = 9 };
	size_t count = 0;
	struct buf_reader r;
	struct msg_attr a;

	begin();
	for (size_t i = 0; i < 8; i++)
		info.filters[i].src = address("10.0.0.2");
	ctl_facts_resv(&out, &engine, &info, NULL);
	r = buf_reader(bytes, buf_written(&out));
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
		.session = { .dst = address("10.0.0.9"),
			.proto = 17,
			.dst_port = 1 },
		.sender = { .src = address("10.0.0.2"), .src_port = 3 },
		.flowspec = { .service = WIRE_SERVICE_CL, .tspec = { .r = 5 } },
		.style = WIRE_STYLE_FF,
		.ifindex = 7,
		.neighbour = address("10.0.0.1"),
		.who = { .known = true, .uid = 6, .pid = 7 },
		.code = 1,
		.value = 2,
		.rule = "gold",
		.reason = "needs 5" };

	begin();
	ctl_facts_refusal(&out, &engine, &refusal, (struct mono){ 3500000 });
	expect("session {dst 10.0.0.9 proto 17 port 1} serial 4 age_ms 2500 "
	       "message 'Resv' sender {src 10.0.0.2 port 3} flowspec {r 5 b 0 "
	       "p 0 m 0 M 0} service 'CL' style 'FF' interface 'eth0' "
	       "neighbour 10.0.0.1 uid 6 pid 7 code 1 code_text 'admission "
	       "control failure' error_value 2 value 2 error_value_text "
	       "'requested bandwidth unavailable' rule 'gold' reason 'needs "
	       "5'");
}

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

	begin();
	w.file = (struct policy_client_file){ 8, 9, "" };
	ctl_facts_policy(&out, &status, NULL, NULL);
	expect("kind 'status' generation 1 source 'file' allowed 2 refused 3 "
	       "sources 'file /p' file_digest 8 file_generation 9 "
	       "rules_generation 5 rules_not_installed 6");
	(void)snprintf(w.file.problem, sizeof(w.file.problem), "line 3");
	ctl_facts_policy(&out, &status, NULL, NULL);
	expect("kind 'status' generation 1 source 'file' allowed 2 refused 3 "
	       "sources 'file /p' file_digest 8 file_generation 9 "
	       "rules_generation 5 rules_not_installed 6 file_problem 'line "
	       "3'");
	/* Held by a rollback since a minute ago. */
	w.history.held = 4;
	w.history.held_s = (uint64_t)time(NULL) - 60;
	ctl_facts_held(&out, NULL);
	r = buf_reader(bytes, buf_written(&out));
	T_CHECK(msg_attr_next(&r, &a) && a.type == CTL_F_HELD &&
			msg_get_u64(&a) == 4,
		"not held");
	T_CHECK(msg_attr_next(&r, &a) && a.type == CTL_F_HELD_AGE, "no age");
	age = ctl_get_signed(&a);
	T_CHECK(age >= 60000 && age < 120000 && age % 1000 == 0,
		"%" PRId64 " ms", age);
	out = buf_writer(bytes, sizeof(bytes));
	ctl_facts_policy(&out, &status, NULL, NULL);
	T_CHECK(buf_written(&out) > 0, "nothing");
	r = buf_reader(bytes, buf_written(&out));
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

	begin();
	ctl_facts_directory(&out, &d, "ldap", 100);
	expect("sources 'ldap' server 'ldap://a' mode 'push' connected yes "
	       "waiting no entries 1 skipped 2 cookie_age_ms 1000 "
	       "change_age_ms 2000 answer_age_ms 3000 cache_age_ms 4000 "
	       "retry_ms 5000");
	d = (struct policy_directory){
		.known = true, .waiting = true, .retry_s = 100
	};
	ctl_facts_directory(&out, &d, "ldap", 100);
	expect("sources 'ldap' server '' mode '' connected no waiting yes "
	       "entries 0 skipped 0");
	d.known = false;
	ctl_facts_directory(&out, &d, "file", 100);
	expect("sources 'file'");
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

	begin();
	ctl_facts_rule(&out, &info);
	expect("name 'gold' permission 'allow' priority -3 category 'c' "
	       "conditions 'uid 7' grants '2 flows' allowed 1 refused 2 flows "
	       "3 rate_bps 32 matched 5 refusals {reason 'maxFlows' count 6} "
	       "refusals {reason 'denied' count 7}");
	info = (struct policy_rule_info){ .name = "none" };
	ctl_facts_rule(&out, &info);
	expect("name 'none' permission 'deny' priority 0 category '' "
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

		begin();
		ctl_facts_data_rule(&out, &info);
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
		expect(want);
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

	begin();
	ctl_facts_data_rule(&out, &info);
	expect("name 'r' interface '' category '' priority 0 state 'waiting' "
	       "reason '' permission 'deny' admitted yes before_reservations "
	       "no violation no reservation '' in_profile_bytes 0 "
	       "in_profile_packets 0 out_of_profile_bytes 0 "
	       "out_of_profile_packets 0 backlog_bytes 0");
	info.rate_Bps = 1;
	info.peak_Bps = 0;
	info.marks_out = false;
	info.excess = TC_EXCESS_DROP;
	ctl_facts_data_rule(&out, &info);
	expect("name 'r' interface '' category '' priority 0 state 'waiting' "
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
	struct policy_addr_span src[] = { { .lo = address("10.0.0.1"),
						  .hi = address("10.0.0.2") },
		{ .lo = address("10.0.0.4"), .hi = address("10.0.0.5") } };
	struct policy_addr_span dst[] = { { .lo = address("fe80::1"),
		.hi = address("fe80::2") } };
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

		begin();
		rule.excess = rows[i].excess;
		ctl_facts_data(&out, &rule);
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
		expect(want);
	}
	rule = (struct policy_data_rule){
		.name = "n", .category = "", .deny = true, .bucket_bytes = 2
	};
	ctl_facts_data(&out, &rule);
	expect("name 'n' category '' priority 0 permission 'deny' active no");
	rule.rate_Bps = UINT64_MAX;
	rule.excess = POLICY_EXCESS_DROP;
	ctl_facts_data(&out, &rule);
	expect("name 'n' category '' priority 0 permission 'deny' active no "
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

	begin();
	for (size_t i = 0; i < 100; i++)
		hosts[i].lo = hosts[i].hi = address("10.0.0.1");
	ctl_facts_data(&out, &rule);
	T_CHECK(!out.failed, "it does not fit");
	r = buf_reader(bytes, buf_written(&out));
	while (msg_attr_next(&r, &a)) {
		counts[0] += a.type == CTL_F_FROM;
		counts[1] += a.type == CTL_F_TO_PORTS;
	}
	T_EQ(counts[0], 64);
	T_EQ(counts[1], 64);
}

/* ---- totals -------------------------------------------------------------- */

static void
totals_are_told_with_the_version(void)
{
	begin();
	w.totals = (struct rsvp_totals){ .sessions = 1,
		.flows = 2,
		.adopted_unclaimed = 3,
		.memory_bytes = 4 };
	engine.started = (struct mono){ 1000 };
	ctl_facts_status(&out, &engine, (struct mono){ 9000 });
	expect("version '" PACKAGE_VERSION "' uptime_ms 8 sessions 1 flows 2 "
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
	{ "totals are told with the version",
		totals_are_told_with_the_version },
};
T_MAIN(cases)
