/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

static struct t_packet packet;
static struct t_packet out;
static struct wire_msg msg;
static struct wire_msg again;

static void
read_vector(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/packets/%s.hex", name);
	t_read_hex(path, &packet);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
}

/* What is sent is judged like what is received. */
static void
expect_not_sent(const char *what)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_CHECK(!wire_msg_encode(&w, &msg), "%s: sent", what);
	T_CHECK(w.failed, "%s: the writer goes on", what);
}

static void
read_path(void)
{
	read_vector("01-path-ipv4");
}

static void
messages_that_may_not_be_sent(void)
{
	static const uint8_t framed[12] = { 0, 12, 200, 1 };

	read_path();
	msg.type = 0;
	expect_not_sent("type 0");
	msg.type = 8;
	expect_not_sent("type 8");
	read_path();
	msg.has &= ~(uint32_t)WIRE_HAS_HOP;
	expect_not_sent("no hop");
	read_path();
	msg.has |= WIRE_HAS_STYLE;
	msg.style = WIRE_STYLE_FF;
	expect_not_sent("a style in a Path");
	read_path();
	msg.hop.addr = (struct addr){ .family = ADDR_V6, .b = { 0x20 } };
	expect_not_sent("a hop of the other family");
	read_vector("02-resv-ff-ipv4");
	msg.confirm = (struct addr){ .family = ADDR_V6, .b = { 0x20 } };
	expect_not_sent("a receiver of the other family");
	read_vector("06-resverr-ipv4");
	msg.error.node = (struct addr){ .family = ADDR_V6, .b = { 0x20 } };
	expect_not_sent("an error node of the other family");
	read_path();
	msg.sender.src.family = ADDR_NONE;
	expect_not_sent("a sender without family");
	read_path();
	msg.other_count = 1;
	msg.others[0] = (struct wire_view){ framed, 12 };
	t_encode(&msg, &out);
	msg.others[0].len = 8;
	expect_not_sent("an object cut short");
	msg.others[0] = (struct wire_view){ NULL, 0 };
	expect_not_sent("an empty object");
}

static void
views_that_may_not_be_sent(void)
{
	static const uint8_t two[8] = { 0, 4, 200, 1, 0, 4, 200, 2 };
	static const uint8_t reject[4] = { 0, 4, 100, 1 };
	static const uint8_t drop[4] = { 0, 4, 130, 1 };

	read_path();
	msg.other_count = 1;
	msg.others[0] = (struct wire_view){ two, 8 };
	expect_not_sent("two objects in one view");
	msg.others[0] = (struct wire_view){ reject, 4 };
	expect_not_sent("a class to be rejected");
	msg.others[0] = (struct wire_view){ drop, 4 };
	expect_not_sent("a class to be dropped");
}

static void
a_malformed_body_is_sent_back_under_its_class_only(void)
{
	read_path();
	msg.adspec_malformed = true;
	t_encode(&msg, &out); /* as it came */
	T_EQ(out.len, packet.len);
	msg.adspec_view = (struct wire_view){ packet.bytes + 8, 12 };
	expect_not_sent("a SESSION in place of an ADSPEC");
}

static void
a_message_may_be_as_long_as_its_length_field_says(void)
{
	static uint8_t object[65528];

	read_path();
	msg.has &= ~(uint32_t)WIRE_HAS_ADSPEC;
	msg.adspec = (struct wire_adspec){ 0 };
	t_encode(&msg, &out);

	size_t room = WIRE_MESSAGE_MAX - out.len;

	object[0] = (uint8_t)(room >> 8);
	object[1] = (uint8_t)room;
	object[2] = 200;
	msg.other_count = 1;
	msg.others[0] = (struct wire_view){ object, room };
	t_encode(&msg, &out);
	T_EQ(out.len, WIRE_MESSAGE_MAX);
	T_EQ(wire_msg_decode(out.bytes, out.len, &again), WIRE_OK);
	t_same(&msg, &again);
	object[0] = (uint8_t)((room + 4) >> 8);
	object[1] = (uint8_t)(room + 4);
	msg.others[0].len = room + 4;
	expect_not_sent("65 532 octets");
}

/* The encoder may be asked to go on behind other bytes. */
static void
a_message_may_start_in_the_middle_of_a_buffer(void)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	read_path();
	buf_put_zero(&w, 20);
	T_CHECK(wire_msg_encode(&w, &msg), "not encoded");
	T_EQ(buf_written(&w), 20 + packet.len);
	T_CHECK(memcmp(out.bytes + 20, packet.bytes, packet.len) == 0,
		"octets differ");
}

static struct t_case cases[] = {
	{ "messages that would not be accepted are not sent",
		messages_that_may_not_be_sent },
	{ "octets that are not one forwardable object are not sent",
		views_that_may_not_be_sent },
	{ "a malformed body is sent back under its own class only",
		a_malformed_body_is_sent_back_under_its_class_only },
	{ "a message of the greatest length is handled",
		a_message_may_be_as_long_as_its_length_field_says },
	{ "a message may start in the middle of a buffer",
		a_message_may_start_in_the_middle_of_a_buffer },
};

T_MAIN(cases)
