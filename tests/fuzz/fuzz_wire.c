/* SPDX-License-Identifier: ISC */

/*
 * The codec under octets that nobody meant.  Whatever decodes must print, and
 * encode to a message that decodes to the same; a second encoding gives the
 * same octets.  Each input is also tried with its length and checksum made
 * right, so that the code behind those checks is reached.
 */

#include <stdio.h>
#include <stdlib.h>

#include "rsvpd/wire/wire.h"
#include "tests/unit/wire_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire_msg first;
static struct wire_msg second;
static uint8_t encoded[65536];
static uint8_t encoded_again[65536];
static char print[4096];

static void
give_up(const char *what)
{
	fprintf(stderr, "fuzz_wire: %s\n", what);
	abort();
}

static void
print_both(const struct wire_msg *msg)
{
	struct text t = text_over(print, sizeof(print));

	wire_msg_print(&t, msg);
	t = text_over(print, sizeof(print));
	wire_msg_print_tree(&t, msg);
	t = text_over(print, 16);
	wire_msg_print_tree(&t, msg);
}

static bool
scope_is_ascending(const struct wire_msg *msg)
{
	for (size_t i = 1; i < msg->scope_count; i++) {
		struct addr a = wire_scope_at(msg, i - 1);
		struct addr b = wire_scope_at(msg, i);

		if (addr_compare(&a, &b) >= 0)
			return false;
	}
	return true;
}

/* What is accepted and may not be sent (wire.h, wire_msg_encode()). */
static bool
may_be_sent(const struct wire_msg *msg, size_t size)
{
	if (size > WIRE_MESSAGE_MAX || !scope_is_ascending(msg))
		return false;
	return !(msg->has & WIRE_HAS_STYLE) || msg->type == WIRE_RESV_ERR ||
	       msg->style == WIRE_STYLE_WF || msg->style == WIRE_STYLE_FF ||
	       msg->style == WIRE_STYLE_SE;
}

static void
check_round_trip(size_t size)
{
	struct buf_writer w = buf_writer(encoded, sizeof(encoded));
	bool sent = wire_msg_encode(&w, &first);
	size_t len = buf_written(&w);
	const char *what;

	if (sent != may_be_sent(&first, size))
		give_up(sent ? "sent what may not be" : "not encoded");
	if (!sent)
		return;
	if (wire_msg_decode(encoded, len, &second) != WIRE_OK)
		give_up("refuses its own message");
	first.flags &= 1; /* the only flag that is sent */
	first.has &= ~(uint32_t)WIRE_HAS_INTEGRITY;
	first.flows_ignored = 0;
	what = wire_differs(&first, &second);
	if (what)
		give_up(what);
	w = buf_writer(encoded_again, sizeof(encoded_again));
	if (!wire_msg_encode(&w, &second) || buf_written(&w) != len ||
		memcmp(encoded, encoded_again, len) != 0)
		give_up("a second encoding differs");
}

static void
try_message(const uint8_t *data, size_t size)
{
	struct buf_writer w = buf_writer(encoded, sizeof(encoded));

	if (wire_msg_decode(data, size, &first) == WIRE_OK) {
		print_both(&first);
		check_round_trip(size);
		return;
	}
	print_both(&first);
	(void)wire_msg_encode(&w, &first); /* may fail, may not crash */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *repaired = (uint8_t *)malloc(size > 0 ? size : 1);
	uint16_t checksum;

	if (!repaired)
		return 0;
	try_message(data, size);
	if (size >= WIRE_HEADER && size <= UINT16_MAX) {
		memcpy(repaired, data, size);
		repaired[0] = (uint8_t)(0x10 | (data[0] & 0xf));
		repaired[2] = 0;
		repaired[3] = 0;
		repaired[6] = (uint8_t)(size >> 8);
		repaired[7] = (uint8_t)size;
		checksum = wire_checksum(repaired, size);
		repaired[2] = (uint8_t)(checksum >> 8);
		repaired[3] = (uint8_t)checksum;
		try_message(repaired, size);
	}
	free(repaired);
	return 0;
}
