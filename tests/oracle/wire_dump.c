/* SPDX-License-Identifier: ISC */

/*
 * Writes one packet of each kind that the codec can send to a capture file
 * (raw IP), and prints each as the codec sees it: all message types, styles,
 * services, filter forms and both families.  tests/oracle/test_tshark.py
 * compares that with what other dissectors say.
 *
 * usage: wire_dump CAPTURE
 */

#include <stdio.h>
#include <stdlib.h>

#include "rsvpd/wire/wire.h"

enum { IP4_HEADER = 20, IP6_HEADER = 40, PACKET_MAX = 4096, RAW_IP = 101 };

struct dump {
	FILE *capture;
	unsigned count;
};

static void
die(const char *what)
{
	fprintf(stderr, "wire_dump: %s\n", what);
	exit(1);
}

static void
put_ip_header(struct buf_writer *w, uint8_t family, uint8_t ttl, size_t len)
{
	if (family == ADDR_V6) {
		static const uint8_t ends[] = { 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0,
			0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0,
			0, 0, 0, 0, 0, 0, 0, 2 };

		buf_put_u32be(w, 0x6c000000);
		buf_put_u16be(w, (uint16_t)len);
		buf_put_u8(w, 46);
		buf_put_u8(w, ttl);
		buf_put_bytes(w, ends, sizeof(ends));
		return;
	}

	uint8_t *start = w->pos;

	buf_put_u16be(w, 0x45c0);
	buf_put_u16be(w, (uint16_t)(IP4_HEADER + len));
	buf_put_u32be(w, 0);
	buf_put_u8(w, ttl);
	buf_put_u8(w, 46);
	buf_put_u16be(w, 0);
	buf_put_u32be(w, 0x0a020201);
	buf_put_u32be(w, 0x0a020202);

	struct buf_writer field = buf_writer(start + 10, 2);

	buf_put_u16be(&field, wire_checksum(start, IP4_HEADER));
}

static void
put_record(struct dump *d, const void *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, d->capture) != len)
		die("the capture cannot be written");
}

static void
dump(struct dump *d, const struct wire_msg *msg)
{
	uint8_t message[PACKET_MAX];
	uint8_t packet[PACKET_MAX];
	char print[PACKET_MAX];
	uint8_t record[16];
	struct buf_writer m = buf_writer(message, sizeof(message));
	struct buf_writer w = buf_writer(packet, sizeof(packet));
	struct buf_writer r = buf_writer(record, sizeof(record));
	struct text t = text_over(print, sizeof(print));

	if (!wire_msg_encode(&m, msg))
		die("a message was not encoded");
	put_ip_header(
		&w, msg->session.dst.family, msg->send_ttl, buf_written(&m));
	buf_put_bytes(&w, message, buf_written(&m));
	buf_put_u64le(&r, ++d->count); /* seconds, microseconds */
	buf_put_u32le(&r, (uint32_t)buf_written(&w));
	buf_put_u32le(&r, (uint32_t)buf_written(&w));
	put_record(d, record, sizeof(record));
	put_record(d, packet, buf_written(&w));
	wire_msg_print_tree(&t, msg);
	printf("message %u, %zu octets\n%s", d->count, buf_written(&m), print);
}

static struct addr
address(uint8_t family, const char *v4, const char *v6)
{
	struct addr a = { 0 };

	if (!addr_parse(family == ADDR_V4 ? v4 : v6, &a))
		die("an address does not parse");
	return a;
}

/* What every message has; the rest is filled in by its type. */
static struct wire_msg
basic(uint8_t type, uint8_t family)
{
	struct wire_msg msg = { .type = type,
		.send_ttl = (uint8_t)(60 + type),
		.has = WIRE_HAS_SESSION,
		.refresh_ms = 45000 };

	msg.session.dst = address(family, "10.3.3.30", "2001:db8:3::30");
	msg.session.proto = 17;
	msg.session.flags = WIRE_SESSION_E_POLICE;
	msg.session.dst_port = 5004;
	msg.hop.addr = address(family, "10.2.2.1", "2001:db8:2::1");
	msg.hop.lih = 0x08000403;
	msg.error.node = address(family, "10.2.2.9", "2001:db8:2::9");
	msg.confirm = address(family, "10.3.3.31", "2001:db8:3::31");
	msg.sender.src = address(family, "10.1.1.10", "2001:db8:1::10");
	msg.sender.src_port = 5006;
	msg.tspec = (struct wire_tspec){ 125000, 16000, 250000, 64, 1500 };
	return msg;
}

static struct wire_adspec
adspec(void)
{
	struct wire_adspec a = { .general = { WIRE_GENERAL_ALL, 3, 1250000, 250,
					 1400 },
		.service_count = 2 };

	a.services[0] = (struct wire_adspec_service){
		.service = WIRE_SERVICE_GS,
		.gs_terms = true,
		.Ctot = 1501,
		.Dtot = 1202,
		.Csum = 1503,
		.Dsum = 1204,
	};
	a.services[1] =
		(struct wire_adspec_service){ .service = WIRE_SERVICE_CL,
			.broken = true };
	return a;
}

/* Path, PathErr and PathTear, for a port and for a flow label. */
static void
dump_paths(struct dump *d, uint8_t family)
{
	struct wire_msg msg = basic(WIRE_PATH, family);

	msg.has |= WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	dump(d, &msg);
	msg.has |= WIRE_HAS_ADSPEC;
	msg.adspec = adspec();
	dump(d, &msg);
	msg.adspec.broken = true;
	msg.adspec.services[0].gs_terms = false;
	msg.adspec.services[0].broken = true;
	dump(d, &msg);
	if (family == ADDR_V6) {
		msg.sender.form = WIRE_FILTER_FLOW_LABEL;
		msg.sender.flow_label = 0xabcde;
		dump(d, &msg);
	}

	msg = basic(WIRE_PATH_ERR, family);
	msg.has |= WIRE_HAS_ERROR | WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	msg.error.code = WIRE_E_TC;
	msg.error.value = WIRE_TC_ADSPEC;
	dump(d, &msg);

	msg = basic(WIRE_PATH_TEAR, family);
	msg.has |= WIRE_HAS_HOP | WIRE_HAS_SENDER;
	dump(d, &msg);
}

/* Two flow descriptors, or one for WF and in a ResvErr of FF. */
static void
add_flows(struct wire_msg *msg, uint8_t style, uint8_t service)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = style != WIRE_STYLE_WF,
		.flowspec = { .service = service,
			.tspec = { 250000, 8000, 500000, 128, 1000 } } };
	bool one = style == WIRE_STYLE_WF ||
		   (style == WIRE_STYLE_FF && msg->type == WIRE_RESV_ERR);

	if (service == WIRE_SERVICE_GS) {
		flow.flowspec.R = 375000;
		flow.flowspec.S = 77;
	}
	if (flow.has_filter)
		flow.filter = msg->sender;
	msg->has |= WIRE_HAS_STYLE;
	msg->style = style;
	msg->flows[msg->flow_count++] = flow;
	if (one)
		return;
	flow.filter.src_port++;
	msg->flows[msg->flow_count++] = flow;
}

static void
dump_resvs(struct dump *d, uint8_t family, uint8_t style, uint8_t service)
{
	struct wire_msg msg = basic(WIRE_RESV, family);

	msg.has |= WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES | WIRE_HAS_CONFIRM;
	add_flows(&msg, style, service);
	if (style == WIRE_STYLE_WF) {
		msg.has |= WIRE_HAS_SCOPE;
		msg.scope_view = (struct wire_view){ msg.sender.src.b,
			addr_size(family) };
		msg.scope_count = 1;
	}
	dump(d, &msg);

	msg = basic(WIRE_RESV_ERR, family);
	msg.has |= WIRE_HAS_HOP | WIRE_HAS_ERROR;
	msg.error.flags = WIRE_ERROR_IN_PLACE;
	msg.error.code = WIRE_E_ADMISSION;
	msg.error.value = WIRE_ADMISSION_BANDWIDTH;
	add_flows(&msg, style, service);
	dump(d, &msg);

	msg = basic(WIRE_RESV_TEAR, family);
	msg.has |= WIRE_HAS_HOP;
	add_flows(&msg, style, service);
	dump(d, &msg);
	for (size_t i = 0; i < msg.flow_count; i++)
		msg.flows[i].has_flowspec = false;
	dump(d, &msg);

	msg = basic(WIRE_RESV_CONF, family);
	msg.has |= WIRE_HAS_ERROR | WIRE_HAS_CONFIRM;
	add_flows(&msg, style, service);
	dump(d, &msg);
}

int
main(int argc, char **argv)
{
	static const uint8_t styles[] = { WIRE_STYLE_WF, WIRE_STYLE_FF,
		WIRE_STYLE_SE };
	static const uint8_t services[] = { WIRE_SERVICE_GS, WIRE_SERVICE_CL };
	struct dump d = { 0 };
	uint8_t header[24];
	struct buf_writer w = buf_writer(header, sizeof(header));

	if (argc != 2)
		die("usage: wire_dump CAPTURE");
	d.capture = fopen(argv[1], "wb");
	if (!d.capture)
		die("the capture cannot be made");
	buf_put_u32le(&w, 0xa1b2c3d4);
	buf_put_u16le(&w, 2);
	buf_put_u16le(&w, 4);
	buf_put_u64le(&w, 0);
	buf_put_u32le(&w, 65535);
	buf_put_u32le(&w, RAW_IP);
	put_record(&d, header, sizeof(header));
	for (uint8_t family = ADDR_V4; family <= ADDR_V6; family += 2) {
		dump_paths(&d, family);
		for (size_t i = 0; i < 3; i++)
			for (size_t j = 0; j < 2; j++)
				dump_resvs(&d, family, styles[i], services[j]);
	}
	if (fclose(d.capture) != 0)
		die("the capture cannot be written");
	return 0;
}
