/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

#define CORPUS "tests/corpus/"

static struct t_packet packet;
static struct t_packet out;
static struct wire_msg msg;

static void
read_frame(const char *file, unsigned n)
{
	char path[128];

	snprintf(path, sizeof(path), CORPUS "%s", file);
	T_CHECK(t_read_pcap(path, n, &packet), "%s: no frame %u", file, n);
}

static void
expect(enum wire_fault want)
{
	enum wire_fault got = t_decode(&packet, &msg);

	T_CHECK(got == want, "%s", wire_fault_text(got));
}

static void
expect_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT];

	T_STR(addr_format(a, buf), text);
}

static void
a_cisco_path_is_understood(void)
{
	read_frame("cisco-path-resv-resvconf.pcap", 1);
	expect(WIRE_OK);
	T_EQ(msg.type, WIRE_PATH);
	T_EQ(msg.send_ttl, 254);
	expect_addr(&msg.session.dst, "10.1.12.1");
	T_EQ(msg.session.proto, 17);
	T_EQ(msg.session.dst_port, 16388);
	expect_addr(&msg.hop.addr, "10.1.12.2");
	T_EQ(msg.hop.lih, 0x08000403);
	T_EQ(msg.refresh_ms, 30000);
	expect_addr(&msg.sender.src, "10.1.24.4");
	T_EQ(msg.sender.src_port, 16388);
	T_CHECK(msg.tspec.r == 6000.0f && msg.tspec.b == 6000.0f &&
			msg.tspec.p == 6000.0f,
		"token bucket");
	T_EQ(msg.tspec.m, 0); /* untouched, though RFC 2211 wants it positive */
	T_EQ(msg.tspec.M, 2147483647);
	T_EQ(msg.adspec.general.hops, 2);
	T_CHECK(msg.adspec.general.bandwidth_Bps == 1250000.0f, "bandwidth");
	T_EQ(msg.adspec.general.latency_us, 0);
	T_EQ(msg.adspec.general.mtu, 1500);
	T_CHECK(!msg.adspec.broken, "break bit");
	T_EQ(msg.adspec.service_count, 1);
	T_CHECK(!msg.adspec.services[0].broken, "break bit of the service");
	T_CHECK(wire_adspec_find(&msg.adspec, WIRE_SERVICE_CL), "no CL");
	T_CHECK(!wire_adspec_find(&msg.adspec, WIRE_SERVICE_GS), "GS");
}

static void
a_cisco_resv_is_understood(void)
{
	read_frame("cisco-path-resv-resvconf.pcap", 2);
	expect(WIRE_OK);
	T_EQ(msg.type, WIRE_RESV);
	T_EQ(msg.hop.lih, 0x08000403);
	expect_addr(&msg.confirm, "10.1.12.1");
	T_EQ(msg.style, WIRE_STYLE_FF);
	T_EQ(msg.flow_count, 1);
	T_EQ(msg.flows[0].flowspec.service, WIRE_SERVICE_CL);
	T_EQ(msg.flows[0].flowspec.tspec.m, 0);
	T_EQ(msg.flows[0].flowspec.tspec.M, 0);
	expect_addr(&msg.flows[0].filter.src, "10.1.24.4");
	T_CHECK(!msg.flowspec_malformed, "malformed");
	read_frame("cisco-path-resv-resvconf.pcap", 3);
	expect(WIRE_OK);
	T_EQ(msg.type, WIRE_RESV_CONF);
	T_EQ(msg.error.code, WIRE_E_CONFIRM);
	T_EQ(msg.error.value, 0);
	expect_addr(&msg.error.node, "10.1.24.4");
}

static void
cisco_messages_come_back_octet_by_octet(void)
{
	for (unsigned n = 1; n <= 3; n++) {
		read_frame("cisco-path-resv-resvconf.pcap", n);
		expect(WIRE_OK);
		t_encode(&msg, &out);
		T_CHECK(out.len == packet.len &&
				memcmp(out.bytes, packet.bytes, out.len) == 0,
			"frame %u differs", n);
	}
}

/* As is a Hello; as a Path, whose objects are walked, an object of length 0. */
static void
the_endless_loop_ends(void)
{
	for (unsigned n = 1; n <= 5; n++) {
		read_frame("rsvp-infinite-loop.pcap", n);
		T_EQ(packet.len, 20);
		expect(WIRE_UNSUPPORTED_TYPE);
		packet.bytes[1] = WIRE_PATH;
		expect(WIRE_CHECKSUM);
		t_repair(&packet);
		expect(WIRE_LENGTH);
		T_EQ(msg.has, 0);
	}
}

static void
a_wrong_checksum_hides_a_hello(void)
{
	read_frame("rsvp_cap.pcap", 1);
	expect(WIRE_CHECKSUM);
	t_repair(&packet);
	T_EQ(packet.bytes[2] << 8 | packet.bytes[3], 0x7d62);
	expect(WIRE_UNSUPPORTED_TYPE);

	/* As a Path: HELLO is not known, classes 131 and 134 leave no trace. */
	packet.bytes[1] = WIRE_PATH;
	t_repair(&packet);
	expect(WIRE_MISSING);
	T_EQ(msg.bad_class, 22);
	T_EQ(msg.other_count, 0);
}

static void
lengths_beyond_the_packet_are_refused(void)
{
	static const struct {
		const char *file;
		unsigned frame;
		size_t len;
	} rows[] = { { "rsvp-rsvp_obj_print-oobr.pcap", 3, 13 },
		{ "rsvp_fast_reroute-oobr.pcap", 1, 17 },
		{ "rsvp_uni-oobr-1.pcap", 1, 20 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_frame(rows[i].file, rows[i].frame);
		T_EQ(packet.len, rows[i].len);
		expect(WIRE_SHORT);
		t_repair(&packet);
		expect(WIRE_SHORT);
	}
}

static void
frames_of_other_protocols_are_not_rsvp(void)
{
	for (unsigned n = 1; n <= 2; n++)
		T_CHECK(!t_read_pcap(CORPUS "rsvp-rsvp_obj_print-oobr.pcap", n,
				&packet),
			"frame %u", n);
}

static void
empty_forwardable_objects_are_carried(void)
{
	read_frame("rsvp_fast_reroute-oobr.pcap", 1);
	packet.len = 16;
	t_repair_length(&packet);
	expect(WIRE_MISSING); /* it has no SESSION */
	T_EQ(msg.other_count, 2);
	T_EQ(msg.others[0].len, 4);
	T_EQ(msg.others[0].bytes[2], 205);
}

static void
the_inside_of_an_unknown_object_is_not_walked(void)
{
	read_frame("rsvp_uni-oobr-1.pcap", 1);
	t_repair_length(&packet);
	expect(WIRE_UNSUPPORTED_TYPE);
	packet.bytes[1] = WIRE_PATH;
	t_repair(&packet);
	expect(WIRE_MISSING);
	T_EQ(msg.other_count, 1);
	T_EQ(msg.others[0].len, 12);
}

static void
the_rest_of_the_short_message_is_refused_too(void)
{
	read_frame("rsvp-rsvp_obj_print-oobr.pcap", 3);
	t_repair_length(&packet);
	expect(WIRE_UNSUPPORTED_TYPE); /* a Hello */
	packet.bytes[1] = WIRE_PATH;
	t_repair(&packet);
	expect(WIRE_SHORT); /* one octet of an object header */
}

static struct t_case cases[] = {
	{ "a Path by Cisco is understood", a_cisco_path_is_understood },
	{ "a Resv and a ResvConf by Cisco are understood",
		a_cisco_resv_is_understood },
	{ "messages by Cisco come back octet by octet",
		cisco_messages_come_back_octet_by_octet },
	{ "the object of length 0 that made others loop is refused",
		the_endless_loop_ends },
	{ "a wrong checksum is refused before what it hides",
		a_wrong_checksum_hides_a_hello },
	{ "lengths beyond the packet are refused",
		lengths_beyond_the_packet_are_refused },
	{ "frames of other protocols are not RSVP",
		frames_of_other_protocols_are_not_rsvp },
	{ "empty forwardable objects are carried",
		empty_forwardable_objects_are_carried },
	{ "the inside of an unknown object is not walked",
		the_inside_of_an_unknown_object_is_not_walked },
	{ "what is left of a short message is refused too",
		the_rest_of_the_short_message_is_refused_too },
};

T_MAIN(cases)
