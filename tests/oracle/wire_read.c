/* SPDX-License-Identifier: ISC */

/*
 * Prints each RSVP message of a capture (Ethernet or raw IP, unfragmented) as
 * the codec sees it, and says so when one is not decoded.
 *
 * usage: wire_read CAPTURE
 */

#include "tests/oracle/capture.h"

#include <stdlib.h>

enum {
	ETHERNET = 1,
	RAW_IP = 101,
	ETHERNET_HEADER = 14,
	RSVP = 46,
	HOP_BY_HOP = 0,
	FILE_MAX = 64 * 1024 * 1024
};

static struct wire_view
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = (uint8_t *)malloc(FILE_MAX);
	struct wire_view view = { bytes, 0 };

	if (!file || !bytes)
		capture_die("the capture cannot be read");
	view.len = fread(bytes, 1, FILE_MAX, file);
	(void)fclose(file); /* was only read */
	return view;
}

/* What follows the IP headers, if it is RSVP; else empty. */
static struct buf_reader
rsvp_of(struct buf_reader packet)
{
	const struct buf_reader nothing = buf_reader(NULL, 0);
	uint8_t first = buf_get_u8(&packet);

	if (first >> 4 == 4) {
		(void)buf_take(&packet, 1);
		uint16_t total = buf_get_u16be(&packet);
		(void)buf_take(&packet, 5);
		uint8_t proto = buf_get_u8(&packet);
		size_t head = (size_t)(first & 0xf) * 4;

		(void)buf_take(&packet, head - 10);
		return proto == RSVP ? buf_split(&packet, total - head)
				     : nothing;
	}
	(void)buf_take(&packet, 3);
	uint16_t payload = buf_get_u16be(&packet);
	uint8_t next = buf_get_u8(&packet);

	(void)buf_take(&packet, 33);
	if (next == HOP_BY_HOP) {
		next = buf_get_u8(&packet);
		uint8_t words = buf_get_u8(&packet);

		(void)buf_take(&packet, 6 + (size_t)words * 8);
		payload = (uint16_t)(payload - 8 - words * 8);
	}
	return next == RSVP ? buf_split(&packet, payload) : nothing;
}

static void
print(struct capture *c, const struct buf_reader *message)
{
	static struct wire_msg msg;
	enum wire_fault fault =
		wire_msg_decode(message->pos, buf_left(message), &msg);

	if (fault != WIRE_OK)
		printf("not decoded: %s\n", wire_fault_text(fault));
	capture_print(c, &msg, buf_left(message));
}

int
main(int argc, char **argv)
{
	struct capture c = { 0 };

	if (argc != 2)
		capture_die("usage: wire_read CAPTURE");

	struct wire_view all = read_file(argv[1]);
	struct buf_reader r = buf_reader(all.bytes, all.len);

	(void)buf_take(&r, 20);
	uint32_t link = buf_get_u32le(&r);

	if (link != ETHERNET && link != RAW_IP)
		capture_die("neither Ethernet nor raw IP");
	while (buf_left(&r) > 0 && !r.failed) {
		(void)buf_take(&r, 8);
		uint32_t kept = buf_get_u32le(&r);

		(void)buf_take(&r, 4);

		struct buf_reader packet = buf_split(&r, kept);

		if (link == ETHERNET)
			(void)buf_take(&packet, ETHERNET_HEADER);

		struct buf_reader message = rsvp_of(packet);

		if (buf_left(&message) > 0)
			print(&c, &message);
	}
	free((void *)(uintptr_t)all.bytes);
	return 0;
}
