/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

#include <math.h>

static const char *const vectors[] = {
	"01-path-ipv4",
	"02-resv-ff-ipv4",
	"03-resv-se-ipv4",
	"04-resv-wf-ipv4",
	"05-patherr-ipv4",
	"06-resverr-ipv4",
	"07-pathtear-ipv4",
	"08-resvtear-ipv4",
	"09-resvconf-ipv4",
	"10-path-ipv6",
	"11-resv-se-ipv6",
	"12-resverr-ipv6",
};

static struct t_packet packet;
static struct wire_msg msg;
static char got[16384];
static char want[16384];

static struct text
begin(void)
{
	return text_over(got, sizeof(got));
}

/* One line, an empty one, the tree: as in the files. */
static void
print_both(void)
{
	struct text t = begin();

	wire_msg_print(&t, &msg);
	text_add(&t, "\n\n");
	wire_msg_print_tree(&t, &msg);
	T_CHECK(!t.cut, "cut");
}

static void
vectors_print_as_recorded(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char path[128];
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "tests/golden/packets/%s.hex",
			vectors[i]);
		t_read_hex(path, &packet);
		T_EQ(t_decode(&packet, &msg), WIRE_OK);
		print_both();
		snprintf(path, sizeof(path), "tests/golden/packets/%s.ok",
			vectors[i]);
		f = t_open(path);
		len = fread(want, 1, sizeof(want) - 1, f);
		want[len] = '\0';
		fclose(f);
		T_CHECK(strcmp(got, want) == 0, "%s prints as:\n%s", vectors[i],
			got);
	}
}

static void
expect_float(float v, const char *rate)
{
	struct wire_tspec tspec = { .r = v, .b = v, .p = v, .M = UINT32_MAX };
	struct text t = begin();

	wire_tspec_print(&t, &tspec);
	snprintf(want, sizeof(want), "r %s, b ", rate);
	T_CHECK(strncmp(got, want, strlen(want)) == 0, "%g prints as %s",
		(double)v, got);
	T_CHECK(strstr(got, ", m 0, M 4294967295"), "%s", got);
}

static void
floats_of_all_kinds_are_printed(void)
{
	expect_float(0.0f, "0 bit/s");
	expect_float(-0.0f, "-0 bit/s");
	expect_float(125000.0f, "1 Mbit/s");
	expect_float(-125000.0f, "-1 Mbit/s");
	expect_float(INFINITY, "infinite bit/s");
	expect_float(-INFINITY, "infinite bit/s");
	expect_float(NAN, "NaN bit/s");
	expect_float(1e-45f, "1.121e-44 bit/s");
	expect_float(3.4028235e38f, "2.722e+24 Pbit/s");
}

static void
flowspecs_are_printed_by_service(void)
{
	struct wire_flowspec spec = { .service = WIRE_SERVICE_GS,
		.tspec = { 1000, 1500, 2000, 64, 1500 },
		.R = 1500,
		.S = 7 };
	struct text t = begin();

	wire_flowspec_print(&t, &spec);
	T_STR(got, "GS r 8 kbit/s, b 1.5 kB, p 16 kbit/s, m 64, M 1500, "
		   "R 12 kbit/s, S 7 us");
	spec.service = WIRE_SERVICE_CL;
	t = begin();
	wire_flowspec_print(&t, &spec);
	T_STR(got, "CL r 8 kbit/s, b 1.5 kB, p 16 kbit/s, m 64, M 1500");
	spec.service = WIRE_SERVICE_GENERAL;
	t = begin();
	wire_flowspec_print(&t, &spec);
	T_STR(got, "r 8 kbit/s, b 1.5 kB, p 16 kbit/s, m 64, M 1500");
	spec.service = 6;
	t = begin();
	wire_flowspec_print(&t, &spec);
	T_STR(got, "service 6");
}

static void
sessions_and_filters_are_printed(void)
{
	struct wire_session s = { .proto = 17, .dst_port = 5004 };
	struct wire_filter f = { .src_port = 99, .flow_label = 0xbc };
	struct text t = begin();

	T_CHECK(addr_parse("10.0.0.1", &s.dst), "address");
	T_CHECK(addr_parse("2001:db8::1", &f.src), "address");
	wire_session_print(&t, &s);
	s.proto = 6;
	text_add(&t, " ");
	wire_session_print(&t, &s);
	s.proto = 132;
	text_add(&t, " ");
	wire_session_print(&t, &s);
	T_STR(got, "10.0.0.1/udp/5004 10.0.0.1/tcp/5004 10.0.0.1/132/5004");
	t = begin();
	wire_filter_print(&t, &f);
	f.form = WIRE_FILTER_FLOW_LABEL;
	text_add(&t, " ");
	wire_filter_print(&t, &f);
	T_STR(got, "[2001:db8::1]:99 2001:db8::1 flow label 0x000bc");
}

/* What the vectors do not have: a bit of everything that is unusual. */
static void
unusual_objects_are_printed(void)
{
	static const uint32_t adspec[] = { 15, 0x01800002, 0x08000001,
		0xffffffff, 0x02800000, 0x05000006, 0x04000001, 3, 0x06000001,
		0x47f42400, 0x0a000001, 1400, 0x80000003, 1, 2, 3 };
	static const uint8_t body[40] = { 0xab };

	t_begin(&packet, WIRE_PATH);
	packet.bytes[0] = 0x11;
	t_add(&packet, WIRE_C_INTEGRITY, 6);
	t_add(&packet, WIRE_C_SESSION, 6);
	t_add(&packet, WIRE_C_HOP, 6);
	t_add(&packet, WIRE_C_TIME_VALUES, 6);
	t_add(&packet, WIRE_C_POLICY, 6);
	t_object(&packet, 225, 1, body, 40);
	t_object(&packet, 226, 1, body, 28);
	t_object(&packet, WIRE_C_SENDER, 3, t_sample(11, 3, 6)->body, 20);
	t_words(&packet, WIRE_C_TSPEC, 2, NULL, 0);
	t_words(&packet, WIRE_C_ADSPEC, 2, adspec, 16);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
	print_both();
	T_STR(got,
		"Path 2001:db8:3::30/udp/5004 flags 0x01 (E_Police) "
		"hop 2001:db8:2::1 lih 0x00000007 "
		"sender 2001:db8:1::10 flow label 0xabcde tspec malformed "
		"ttl 63\n\n"
		"Path (type 1), flags 0x1, Send_TTL 63\n"
		"  INTEGRITY (4,1): not checked\n"
		"  SESSION (1,2): 2001:db8:3::30/udp/5004 flags 0x01 "
		"(E_Police)\n"
		"  RSVP_HOP (3,2): 2001:db8:2::1 lih 0x00000007\n"
		"  TIME_VALUES (5,1): refresh 30000 ms\n"
		"  POLICY_DATA (14,1): elements 1 (12 octets)\n"
		"  class 225 C-Type 1, 44 octets: "
		"002ce101ab000000000000000000000000000000000000000000000000"
		"000000...\n"
		"  class 226 C-Type 1, 32 octets: "
		"0020e201ab000000000000000000000000000000000000000000000000"
		"000000\n"
		"  SENDER_TEMPLATE (11,3): 2001:db8:1::10 flow label 0xabcde\n"
		"  SENDER_TSPEC (12,2): malformed\n"
		"  ADSPEC (13,2): general broken latency unknown; GS broken; "
		"CL hops 3 bandwidth 1 Mbit/s mtu 1400; "
		"service 128 (12 octets)\n");
}

static void
unusual_reservations_are_printed(void)
{
	static const uint32_t null[] = { 3, 0x06000002, 0x80000001, 1500 };
	static const uint32_t style[] = { 0xf1 };

	t_begin(&packet, WIRE_RESV_ERR);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_HOP, 4);
	t_object(&packet, WIRE_C_ERROR, 1,
		(const uint8_t[]){ 10, 0, 0, 1, 2, 2, 0, 3 }, 8);
	t_object(&packet, WIRE_C_POLICY, 1, (const uint8_t[]){ 0, 4, 0, 0 }, 4);
	t_words(&packet, WIRE_C_STYLE, 1, style, 1);
	t_words(&packet, WIRE_C_FLOWSPEC, 2, null, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
	print_both();
	T_CHECK(strstr(got, " WF flowspec service 6 ttl 63\n"), "%s", got);
	T_CHECK(strstr(got, "code 2 value 3 from 10.0.0.1: policy control "
			    "failure, rejected by policy (NotGuilty)\n"),
		"%s", got);
	T_CHECK(strstr(got, "POLICY_DATA (14,1): malformed\n"), "%s", got);
	msg.error.flags = WIRE_ERROR_IN_PLACE;
	print_both();
	T_CHECK(strstr(got, "rejected by policy (InPlace)\n"), "%s", got);
	msg.style = 0x1f;
	print_both();
	T_CHECK(strstr(got, "STYLE (8,1): unknown style 0x00001f\n"), "%s",
		got);
	msg.flows_ignored = 3;
	print_both();
	T_CHECK(strstr(got, "service 6 and 3 more ttl"), "%s", got);
	T_CHECK(strstr(got, "  3 more flow descriptors ignored\n"), "%s", got);
}

/* Objects are printed though the session is of a kind not known here. */
static void
objects_are_printed_without_their_session(void)
{
	static const uint8_t lsp[12] = { 10, 3, 3, 30 };

	t_begin(&packet, WIRE_RESV_CONF);
	t_object(&packet, WIRE_C_SESSION, 7, lsp, 12);
	t_add(&packet, WIRE_C_ERROR, 4);
	t_add(&packet, WIRE_C_CONFIRM, 4);
	t_add(&packet, WIRE_C_STYLE, 4);
	t_add(&packet, WIRE_C_FLOWSPEC, 4);
	t_add(&packet, WIRE_C_FILTER, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_UNKNOWN_CTYPE);
	print_both();
	T_CHECK(strstr(got, "  ERROR_SPEC (6,1): code 1 value 2 from 10.2.2.2"),
		"%s", got);
	T_CHECK(strstr(got, "  RESV_CONFIRM (15,1): 10.3.3.30\n"), "%s", got);

	t_begin(&packet, WIRE_PATH_TEAR);
	t_object(&packet, WIRE_C_SESSION, 7, lsp, 12);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_SENDER, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_UNKNOWN_CTYPE);
	print_both();
	T_CHECK(strstr(got, "  RSVP_HOP (3,1): 10.2.2.1 lih 0x00000003\n"),
		"%s", got);
}

/* Printing never fails, however little of a message there is. */
static void
a_message_that_was_not_understood_is_printed(void)
{
	msg = (struct wire_msg){ .type = 99, .has = UINT32_MAX };
	print_both();
	T_CHECK(strncmp(got, "unknown type ", 13) == 0, "%s", got);

	char little[20];
	struct text t = text_over(little, sizeof(little));

	wire_msg_print_tree(&t, &msg);
	T_CHECK(t.cut, "not cut");
	T_EQ(strlen(little), sizeof(little) - 1);
}

/* Elements one after the other, and a parameter that is not there, whatever
 * its member holds. */
static void
only_what_is_there_is_printed(void)
{
	static const uint8_t policy[] = { 0, 8, 0, 0, 0, 4, 0, 9, 0, 8, 0, 7, 1,
		2, 3, 4 };

	t_begin(&packet, WIRE_PATH);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_TIME_VALUES, 4);
	t_object(&packet, WIRE_C_POLICY, 1, policy, sizeof(policy));
	t_add(&packet, WIRE_C_SENDER, 4);
	t_add(&packet, WIRE_C_TSPEC, 4);
	t_add(&packet, WIRE_C_ADSPEC, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
	msg.policy_count = 0;
	msg.adspec.general.present = WIRE_GENERAL_HOPS;
	msg.adspec.general.latency_us = WIRE_LATENCY_UNKNOWN;
	print_both();
	T_CHECK(!strstr(got, "latency"), "%s", got);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
	print_both();
	T_CHECK(strstr(got, "POLICY_DATA (14,1): elements 9 (4 octets), 7 (8 "
			    "octets)\n"),
		"%s", got);
}

/* The whole registry of code 2 (RFC 2750 Appendix A, RFC 4495). */
static void
each_policy_value_has_its_words(void)
{
	static const char *const words[] = { "information", "warning",
		"reason unknown", "rejected by policy",
		"quota or limit exceeded", "flow preempted",
		"policy request expired", "policy replaced",
		"policies cannot be merged", "decision point down or refusing",
		"policy server unavailable", "POLICY_DATA malformed",
		"POLICY_DATA integrity failed", "policy element bad",
		"mandatory policy element missing",
		"no resources for the policy", "RSVP object bad",
		"service not allowed", "style not allowed",
		"flowspec not allowed", "" };

	for (uint16_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		T_STR(wire_error_value_text(2, i), words[i]);
	T_STR(wire_error_value_text(1, 1), "delay bound cannot be met");
	T_STR(wire_error_value_text(1, 3),
		"MTU in flowspec larger than interface MTU");
	T_STR(wire_error_value_text(21, 1), "service conflict");
	T_STR(wire_error_value_text(21, 2), "service unsupported");
	T_STR(wire_error_value_text(21, 4), "bad Tspec value");
}

static void
numbers_have_words(void)
{
	T_STR(wire_fault_text(WIRE_OK), "ok");
	T_STR(wire_fault_text(WIRE_UNKNOWN_CTYPE), "unknown C-Type");
	T_STR(wire_fault_text(WIRE_FAULT_COUNT), "unknown fault");
	for (int i = 0; i < WIRE_FAULT_COUNT; i++)
		T_CHECK(wire_fault_text((enum wire_fault)i), "fault %d", i);
	T_STR(wire_type_text(WIRE_PATH), "Path");
	T_STR(wire_type_text(WIRE_RESV_CONF), "ResvConf");
	T_STR(wire_type_text(20), "Hello");
	T_STR(wire_type_text(0), "unknown type");
	T_STR(wire_error_text(1), "admission control failure");
	T_STR(wire_error_text(14), "unknown object C-Type");
	T_STR(wire_error_text(9), "error code");
	T_STR(wire_error_value_text(1, 2), "requested bandwidth unavailable");
	T_STR(wire_error_value_text(1, 4), "");
	T_STR(wire_error_value_text(2, 4), "quota or limit exceeded");
	T_STR(wire_error_value_text(2, 102), "flow partly preempted");
	T_STR(wire_error_value_text(21, 3), "bad flowspec value");
	T_STR(wire_error_value_text(21, 5), "bad ADSPEC value");
	T_STR(wire_error_value_text(3, 1), "");
	T_STR(wire_style_text(WIRE_STYLE_WF), "WF");
	T_STR(wire_style_text(WIRE_STYLE_SE), "SE");
	T_STR(wire_style_text(0), "unknown style");
}

static struct t_case cases[] = {
	{ "each vector prints as recorded", vectors_print_as_recorded },
	{ "floats of all kinds are printed", floats_of_all_kinds_are_printed },
	{ "flowspecs are printed by service",
		flowspecs_are_printed_by_service },
	{ "sessions and filters are printed",
		sessions_and_filters_are_printed },
	{ "unusual objects of a Path are printed",
		unusual_objects_are_printed },
	{ "unusual objects of a ResvErr are printed",
		unusual_reservations_are_printed },
	{ "objects are printed without a session that is understood",
		objects_are_printed_without_their_session },
	{ "a message that was not understood is printed",
		a_message_that_was_not_understood_is_printed },
	{ "only what is there is printed, all of it",
		only_what_is_there_is_printed },
	{ "each policy error value has its words",
		each_policy_value_has_its_words },
	{ "faults, types, styles and errors have words", numbers_have_words },
};

T_MAIN(cases)
