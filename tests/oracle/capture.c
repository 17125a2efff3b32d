/* SPDX-License-Identifier: ISC */
#include "tests/oracle/capture.h"

#include <stdlib.h>

enum { IP4_HEADER = 20, IP6_HEADER = 40, RAW_IP = 101, PRINT_MAX = 65536 };

void
capture_die(const char *what)
{
	fprintf(stderr, "oracle: %s\n", what);
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
put_record(struct capture *c, const void *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, c->file) != len)
		capture_die("the capture cannot be written");
}

void
capture_open(struct capture *c, const char *path)
{
	uint8_t header[24];
	struct buf_writer w = buf_writer(header, sizeof(header));

	c->count = 0;
	c->file = fopen(path, "wb");
	if (!c->file)
		capture_die("the capture cannot be made");
	buf_put_u32le(&w, 0xa1b2c3d4);
	buf_put_u16le(&w, 2);
	buf_put_u16le(&w, 4);
	buf_put_u64le(&w, 0);
	buf_put_u32le(&w, 65535);
	buf_put_u32le(&w, RAW_IP);
	put_record(c, header, sizeof(header));
}

void
capture_close(struct capture *c)
{
	if (fclose(c->file) != 0)
		capture_die("the capture cannot be written");
}

void
capture_print(struct capture *c, const struct wire_msg *msg, size_t len)
{
	static char print[PRINT_MAX];
	struct text t = text_over(print, sizeof(print));

	wire_msg_print_tree(&t, msg);
	if (t.cut)
		capture_die("a message does not fit its print");
	printf("message %u, %zu octets\n%s", ++c->count, len, print);
}

void
capture_message(struct capture *c, const struct wire_msg *msg)
{
	static uint8_t message[WIRE_MESSAGE_MAX];
	static uint8_t packet[WIRE_MESSAGE_MAX + IP6_HEADER];
	uint8_t record[16];
	struct buf_writer m = buf_writer(message, sizeof(message));
	struct buf_writer w = buf_writer(packet, sizeof(packet));
	struct buf_writer r = buf_writer(record, sizeof(record));

	if (!wire_msg_encode(&m, msg))
		capture_die("a message was not encoded");
	put_ip_header(
		&w, msg->session.dst.family, msg->send_ttl, buf_written(&m));
	buf_put_bytes(&w, message, buf_written(&m));
	buf_put_u64le(&r, c->count + 1); /* seconds, microseconds */
	buf_put_u32le(&r, (uint32_t)buf_written(&w));
	buf_put_u32le(&r, (uint32_t)buf_written(&w));
	put_record(c, record, sizeof(record));
	put_record(c, packet, buf_written(&w));
	capture_print(c, msg, buf_written(&m));
}
