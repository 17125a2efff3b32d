/* SPDX-License-Identifier: ISC */
#include "base/msg.h"
#include "t.h"

enum { TYPE = 7, SERIAL = 0x01020304 };

/* One message with a number, a text and an address in a nest. */
static size_t
make(uint8_t *bytes, size_t size)
{
	const uint8_t ten[4] = { 10, 0, 0, 1 };
	const struct addr a = addr_v4(ten);
	struct buf_writer w = buf_writer(bytes, size);
	uint8_t *m = msg_begin(&w, TYPE, SERIAL);

	msg_put_u32(&w, 1, 0xdeadbeef);

	uint8_t *nest = msg_nest(&w, 2);

	msg_put_text(&w, 3, "eth0");
	msg_put_addr(&w, 4, &a);
	msg_nest_end(&w, nest);
	msg_end(&w, m);
	return w.failed ? 0 : buf_written(&w);
}

static void
message_survives(void)
{
	uint8_t bytes[128];
	size_t len = make(bytes, sizeof(bytes));
	struct buf_reader r = buf_reader(bytes, len);
	struct msg m;
	struct msg_attr a;
	char text[8];

	T_EQ(len, 12 + 8 + 4 + 8 + 9);
	T_CHECK(msg_next(&r, &m), "no message");
	T_EQ(m.version, MSG_VERSION);
	T_EQ(m.type, TYPE);
	T_EQ(m.serial, SERIAL);
	T_CHECK(msg_attr_next(&m.body, &a), "no attribute");
	T_EQ(msg_get_u32(&a), 0xdeadbeef);
	T_CHECK(msg_attr_next(&m.body, &a), "no nest");
	T_EQ(a.type, 2);

	struct msg_attr inner;

	T_CHECK(msg_attr_next(&a.body, &inner), "no text");
	msg_get_text(&inner, text, sizeof(text));
	T_STR(text, "eth0");
	T_CHECK(msg_attr_next(&a.body, &inner), "no address");
	T_EQ(msg_get_addr(&inner).b[0], 10);
	T_CHECK(!msg_attr_next(&a.body, &inner) && !a.body.failed, "more");
	T_CHECK(!msg_attr_next(&m.body, &a) && !m.body.failed, "more");
	T_CHECK(!msg_next(&r, &m) && !r.failed, "more messages");
}

static void
every_truncation_is_refused(void)
{
	uint8_t bytes[128];
	size_t len = make(bytes, sizeof(bytes));

	for (size_t n = 1; n < len; n++) {
		struct buf_reader r = buf_reader(bytes, n);
		struct msg m;

		T_CHECK(!msg_next(&r, &m) && r.failed, "%zu octets", n);
	}
}

static void
every_small_buffer_is_refused(void)
{
	uint8_t bytes[128];
	size_t len = make(bytes, sizeof(bytes));

	for (size_t n = 0; n < len; n++)
		T_EQ(make(bytes, n), 0);
}

static void
wrong_sizes_fail_the_attribute(void)
{
	const uint8_t three[] = { 1, 2, 3 };
	char text[3];
	struct msg_attr a = { .body = buf_reader(three, 3) };

	T_EQ(msg_get_u32(&a), 0);
	T_CHECK(a.body.failed, "not failed");
	a.body = buf_reader(three, 3);
	T_EQ(msg_get_u16(&a), 0);
	T_CHECK(a.body.failed, "not failed");
	a.body = buf_reader(three, 3);
	T_EQ(msg_get_addr(&a).family, ADDR_NONE);
	T_CHECK(a.body.failed, "not failed");
	a.body = buf_reader("abc", 3);
	msg_get_text(&a, text, sizeof(text));
	T_CHECK(a.body.failed, "text too long was taken");
	a.body = buf_reader("a\0", 2);
	msg_get_text(&a, text, sizeof(text));
	T_CHECK(a.body.failed, "NUL was taken");
}

static void
attribute_longer_than_message_is_refused(void)
{
	const uint8_t bytes[] = { 20, 0, 0, 0, 1, 0, 7, 0, 0, 0, 0,
		0, /* head */
		1, 0, 9, 0, 1, 2, 3, 4 };
	struct buf_reader r = buf_reader(bytes, sizeof(bytes));
	struct msg m;
	struct msg_attr a;

	T_CHECK(msg_next(&r, &m), "no message");
	T_CHECK(!msg_attr_next(&m.body, &a) && m.body.failed, "taken");
}

static struct t_case cases[] = {
	{ "a message survives writing and reading", message_survives },
	{ "every truncation is refused", every_truncation_is_refused },
	{ "every small buffer is refused", every_small_buffer_is_refused },
	{ "wrong sizes fail the attribute", wrong_sizes_fail_the_attribute },
	{ "an attribute longer than its message is refused",
		attribute_longer_than_message_is_refused },
};

T_MAIN(cases)
