/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

/* One object as bytes. */
static struct t_packet packet;
static struct t_packet out;
static struct wire_obj obj;

static void
make_object(const struct t_sample *s)
{
	packet.len = 0;
	t_object(&packet, s->class_num, s->c_type, s->body, s->len);
}

/* Decodes a copy of exactly len octets, so that a sanitizer sees a read past
 * them; views in obj are not to be used. */
static enum wire_fault
decode(size_t len)
{
	uint8_t *copy = (uint8_t *)malloc(len > 0 ? len : 1);
	struct buf_reader r = buf_reader(copy, len);
	enum wire_fault fault;

	T_CHECK(copy, "out of memory");
	memcpy(copy, packet.bytes, len);
	fault = wire_obj_decode(&r, &obj);
	free(copy);
	return fault;
}

static void
decode_in_place(void)
{
	struct buf_reader r = buf_reader(packet.bytes, packet.len);

	T_EQ(wire_obj_decode(&r, &obj), WIRE_OK);
	T_CHECK(buf_complete(&r), "%zu octets left", buf_left(&r));
}

static bool
encode(size_t room)
{
	struct buf_writer w = buf_writer(out.bytes, room);

	wire_obj_encode(&w, &obj);
	out.len = buf_written(&w);
	return !w.failed;
}

static void
expect_same_octets(const char *what)
{
	T_CHECK(out.len == packet.len &&
			memcmp(out.bytes, packet.bytes, out.len) == 0,
		"%s: octets differ", what);
}

static void
each_row_round_trips(void)
{
	for (size_t i = 0; wire_class_at(i); i++) {
		const struct wire_class *cls = wire_class_at(i);

		make_object(t_sample(cls->class_num, cls->c_type, cls->family));
		decode_in_place();
		T_CHECK(obj.cls == cls, "%s: wrong row", cls->name);
		T_CHECK(!obj.malformed, "%s: malformed", cls->name);
		T_EQ(obj.whole.len, packet.len);
		if (cls->encode) {
			T_CHECK(encode(T_PACKET_MAX), "%s", cls->name);
			expect_same_octets(cls->name);
		} else {
			T_CHECK(!encode(T_PACKET_MAX), "%s sent", cls->name);
		}
	}
}

static void
every_truncation_is_refused(void)
{
	for (size_t i = 0; i < t_sample_count; i++) {
		make_object(&t_samples[i]);
		for (size_t len = 0; len < packet.len; len++)
			T_EQ(decode(len), WIRE_SHORT);
		T_EQ(decode(packet.len), WIRE_OK);
	}
}

static void
every_small_buffer_is_refused(void)
{
	for (size_t i = 0; i < t_sample_count; i++) {
		make_object(&t_samples[i]);
		decode_in_place();
		for (size_t room = 0; room < packet.len; room++)
			T_CHECK(!encode(room), "%s: %zu octets were enough",
				obj.cls->name, room);
	}
}

static void
set_length(size_t len)
{
	packet.bytes[0] = (uint8_t)(len >> 8);
	packet.bytes[1] = (uint8_t)len;
}

static void
lengths_below_the_header_and_odd_ones(void)
{
	for (size_t i = 0; i < t_sample_count; i++) {
		make_object(&t_samples[i]);

		size_t whole = packet.len;

		for (size_t len = 0; len < whole + 8; len++) {
			set_length(len);
			if (len < 4 || len % 4 != 0)
				T_EQ(decode(whole + 8), WIRE_LENGTH);
		}
	}
}

/* Classes whose inner lengths decide; their length is wrong, but answerable. */
static bool
is_marked_instead(uint8_t class_num)
{
	return class_num == WIRE_C_FLOWSPEC || class_num == WIRE_C_TSPEC ||
	       class_num == WIRE_C_ADSPEC || class_num == WIRE_C_POLICY;
}

/* Any number of addresses, and any digest, may be there. */
static bool
may_be_longer(const struct t_sample *s)
{
	return (s->class_num == WIRE_C_SCOPE && s->c_type == 1) ||
	       s->class_num == WIRE_C_INTEGRITY;
}

static void
expect_refused(const struct t_sample *s, size_t len)
{
	set_length(len);

	enum wire_fault fault = decode(packet.len + 4);

	if (is_marked_instead(s->class_num)) {
		T_EQ(fault, WIRE_OK);
		T_CHECK(obj.malformed, "class %u of %zu octets not marked",
			s->class_num, len);
		return;
	}
	T_CHECK(fault == WIRE_LENGTH, "class %u C-Type %u of %zu octets: %s",
		s->class_num, s->c_type, len, wire_fault_text(fault));
}

static void
one_word_more_or_less_is_refused(void)
{
	for (size_t i = 0; i < t_sample_count; i++) {
		const struct t_sample *s = &t_samples[i];

		make_object(s);
		memset(packet.bytes + packet.len, 0, 4);
		expect_refused(s, 4);
		if (!may_be_longer(s)) {
			expect_refused(s, packet.len - 4);
			expect_refused(s, packet.len + 4);
		}
	}
}

static void
lists_have_limits(void)
{
	uint8_t body[88] = { 10, 0, 0, 1 };

	packet.len = 0;
	t_object(&packet, WIRE_C_INTEGRITY, 1, body, 28);
	T_EQ(decode(packet.len), WIRE_LENGTH);
	packet.len = 0;
	t_object(&packet, WIRE_C_INTEGRITY, 1, body, 80);
	T_EQ(decode(packet.len), WIRE_OK);
	packet.len = 0;
	t_object(&packet, WIRE_C_INTEGRITY, 1, body, 84);
	T_EQ(decode(packet.len), WIRE_LENGTH);
	packet.len = 0;
	t_object(&packet, WIRE_C_SCOPE, 1, body, 4);
	T_EQ(decode(packet.len), WIRE_OK);
	packet.len = 0;
	t_object(&packet, WIRE_C_SCOPE, 2, body, 24);
	T_EQ(decode(packet.len), WIRE_LENGTH);
	packet.len = 0;
	t_object(&packet, WIRE_C_SCOPE, 2, body, 32);
	T_EQ(decode(packet.len), WIRE_OK);
}

static void
take_sample(uint8_t class_num, uint8_t c_type)
{
	make_object(t_sample(class_num, c_type, c_type == 1 ? 4 : 6));
	decode_in_place();
}

static void
expect_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT];

	T_STR(addr_format(a, buf), text);
}

static void
expect_session(uint8_t c_type, const char *dst)
{
	take_sample(WIRE_C_SESSION, c_type);
	expect_addr(&obj.session.dst, dst);
	T_EQ(obj.session.proto, 17);
	T_EQ(obj.session.flags, WIRE_SESSION_E_POLICE);
	T_EQ(obj.session.dst_port, 5004);
}

static void
fields_are_where_the_rfc_has_them(void)
{
	expect_session(1, "10.3.3.30");
	expect_session(2, "2001:db8:3::30");
	take_sample(WIRE_C_HOP, 1);
	expect_addr(&obj.hop.addr, "10.2.2.1");
	T_EQ(obj.hop.lih, 3);
	take_sample(WIRE_C_HOP, 2);
	expect_addr(&obj.hop.addr, "2001:db8:2::1");
	T_EQ(obj.hop.lih, 7);
	take_sample(WIRE_C_TIME_VALUES, 1);
	T_EQ(obj.refresh_ms, 30000);
	take_sample(WIRE_C_STYLE, 1);
	T_EQ(obj.style_vector, WIRE_STYLE_FF);
	take_sample(WIRE_C_CONFIRM, 1);
	expect_addr(&obj.confirm, "10.3.3.30");
	take_sample(WIRE_C_CONFIRM, 2);
	expect_addr(&obj.confirm, "2001:db8:3::30");
}

static void
expect_error(uint8_t c_type, const char *node)
{
	make_object(t_sample(WIRE_C_ERROR, c_type, c_type == 1 ? 4 : 6));

	uint8_t *tail = packet.bytes + packet.len - 4;

	tail[0] = WIRE_ERROR_NOT_GUILTY;
	tail[1] = 21;
	tail[2] = 0x12;
	tail[3] = 0x34;
	decode_in_place();
	expect_addr(&obj.error.node, node);
	T_EQ(obj.error.flags, WIRE_ERROR_NOT_GUILTY);
	T_EQ(obj.error.code, 21);
	T_EQ(obj.error.value, 0x1234);
}

static void
error_fields_are_where_the_rfc_has_them(void)
{
	expect_error(1, "10.2.2.2");
	expect_error(2, "2001:db8:2::1");
}

static void
expect_filter(uint8_t class_num)
{
	take_sample(class_num, 1);
	expect_addr(&obj.filter.src, "10.1.1.10");
	T_EQ(obj.filter.form, WIRE_FILTER_PORT);
	T_EQ(obj.filter.src_port, 5006);
	take_sample(class_num, 2);
	expect_addr(&obj.filter.src, "2001:db8:1::10");
	T_EQ(obj.filter.form, WIRE_FILTER_PORT);
	T_EQ(obj.filter.src_port, 5006);
	take_sample(class_num, 3);
	expect_addr(&obj.filter.src, "2001:db8:1::10");
	T_EQ(obj.filter.form, WIRE_FILTER_FLOW_LABEL);
	T_EQ(obj.filter.flow_label, 0xabcde);
	T_EQ(obj.filter.src_port, 0);
}

static void
filter_fields_are_where_the_rfc_has_them(void)
{
	expect_filter(WIRE_C_FILTER);
	expect_filter(WIRE_C_SENDER);
}

/* Sets bits that are reserved; they change nothing and are not sent. */
static void
expect_ignored(uint8_t class_num, uint8_t c_type, size_t offset, uint8_t bits)
{
	uint8_t clean;

	make_object(t_sample(class_num, c_type, c_type == 1 ? 4 : 6));
	clean = packet.bytes[offset];
	packet.bytes[offset] |= bits;
	T_CHECK(packet.bytes[offset] != clean, "no bit to set");
	decode_in_place();
	T_CHECK(encode(T_PACKET_MAX), "not encoded");
	packet.bytes[offset] = clean;
	expect_same_octets(obj.cls->name);
}

static void
reserved_fields_are_ignored(void)
{
	expect_ignored(WIRE_C_STYLE, 1, 4, 0xff);
	expect_ignored(WIRE_C_STYLE, 1, 5, 0xff);
	expect_ignored(WIRE_C_STYLE, 1, 6, 0xff);
	expect_ignored(WIRE_C_STYLE, 1, 7, 0xe0);
	for (uint8_t c = WIRE_C_FILTER; c <= WIRE_C_SENDER; c++) {
		expect_ignored(c, 1, 8, 0xff);
		expect_ignored(c, 1, 9, 0xff);
		expect_ignored(c, 2, 20, 0xff);
		expect_ignored(c, 2, 21, 0xff);
		expect_ignored(c, 3, 20, 0xff);
		expect_ignored(c, 3, 21, 0xf0);
	}
	expect_ignored(WIRE_C_TSPEC, 2, 4, 0x0f); /* message header */
	expect_ignored(WIRE_C_TSPEC, 2, 5, 0xff);
	expect_ignored(WIRE_C_TSPEC, 2, 9, 0xff);  /* service header */
	expect_ignored(WIRE_C_TSPEC, 2, 13, 0xff); /* parameter flags */
	expect_ignored(WIRE_C_FLOWSPEC, 2, 9, 0xff);
	expect_ignored(WIRE_C_FLOWSPEC, 2, 13, 0xff);
	expect_ignored(WIRE_C_ADSPEC, 2, 9, 0x7f);
	expect_ignored(WIRE_C_ADSPEC, 2, 13, 0xff);
}

/* Writes v over one address or field; the object is then refused. */
static void
expect_value_refused(
	uint8_t class_num, uint8_t c_type, size_t offset, size_t len, uint8_t v)
{
	make_object(t_sample(class_num, c_type, c_type == 1 ? 4 : 6));
	memset(packet.bytes + offset, v, len);
	T_CHECK(decode(packet.len) == WIRE_VALUE,
		"class %u C-Type %u: %u at %zu taken", class_num, c_type, v,
		offset);

	/* What was read is there all the same; it may not be sent either. */
	T_CHECK(!encode(T_PACKET_MAX), "class %u C-Type %u: %u at %zu sent",
		class_num, c_type, v, offset);
}

static void
values_that_cannot_be_are_refused(void)
{
	expect_value_refused(WIRE_C_SESSION, 1, 4, 4, 0);
	expect_value_refused(WIRE_C_SESSION, 2, 4, 16, 0);
	expect_value_refused(WIRE_C_SESSION, 1, 8, 1, 0);
	expect_value_refused(WIRE_C_SESSION, 2, 20, 1, 0);
	for (unsigned v = 0; v <= 255; v += 255) { /* zero, multicast */
		uint8_t b = (uint8_t)v;

		expect_value_refused(WIRE_C_HOP, 1, 4, 4, b);
		expect_value_refused(WIRE_C_HOP, 2, 4, 16, b);
		expect_value_refused(WIRE_C_CONFIRM, 1, 4, 4, b);
		expect_value_refused(WIRE_C_CONFIRM, 2, 4, 16, b);
		for (uint8_t c = WIRE_C_FILTER; c <= WIRE_C_SENDER; c++) {
			expect_value_refused(c, 1, 4, 4, b);
			expect_value_refused(c, 2, 4, 16, b);
			expect_value_refused(c, 3, 4, 16, b);
		}
	}
}

static void
unknown_classes_follow_their_top_bits(void)
{
	for (unsigned c = 0; c <= 255; c++) {
		enum wire_unknown want = c < 128   ? WIRE_UNKNOWN_REJECT
					 : c < 192 ? WIRE_UNKNOWN_DROP
						   : WIRE_UNKNOWN_FORWARD;

		T_EQ(wire_unknown_class((uint8_t)c), want);
	}
}

static void
unknown_classes_and_types_are_told_apart(void)
{
	static const uint8_t body[8];

	for (unsigned c = 0; c <= 255; c++) {
		bool known = c < WIRE_C_KNOWN && c != 0 && c != 2;

		for (unsigned t = 0; t <= 255; t++) {
			if (wire_class_find((uint8_t)c, (uint8_t)t))
				continue;
			packet.len = 0;
			t_object(&packet, (uint8_t)c, (uint8_t)t, body, 8);
			T_EQ(decode(packet.len), known ? WIRE_UNKNOWN_CTYPE
						       : WIRE_UNKNOWN_CLASS);
			T_EQ(obj.class_num, c);
			T_EQ(obj.c_type, t);
			T_EQ(obj.whole.len, 12);
		}
	}
}

static void
scope_is_sent_in_ascending_order_only(void)
{
	static const struct {
		uint8_t body[8];
		bool sent;
	} rows[] = { { { 10, 0, 0, 1, 10, 0, 0, 2 }, true },
		{ { 10, 0, 0, 2, 10, 0, 0, 1 }, false },
		{ { 10, 0, 0, 1, 10, 0, 0, 1 }, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		packet.len = 0;
		t_object(&packet, WIRE_C_SCOPE, 1, rows[i].body, 8);
		decode_in_place();
		T_EQ(encode(T_PACKET_MAX), rows[i].sent);
	}
	obj.scope_view.len = 0;
	T_CHECK(!encode(T_PACKET_MAX), "an empty SCOPE was sent");
}

/* The longest list that the length field of a message still holds. */
static void
an_object_longer_than_its_row_allows_is_not_sent(void)
{
	static uint8_t body[70000];
	static uint8_t room[70000];
	size_t most = wire_class_find(WIRE_C_SCOPE, 1)->max_body;

	for (uint32_t i = 0; i < sizeof(body) / 4; i++) {
		struct buf_writer w = buf_writer(body + (size_t)4 * i, 4);

		buf_put_u32be(&w, 0x0a000000 + i);
	}
	obj = wire_obj_make(WIRE_C_SCOPE, ADDR_V4);
	for (size_t len = most; len <= most + 4; len += 4) {
		struct buf_writer w = buf_writer(room, sizeof(room));

		obj.scope_view = (struct wire_view){ body, len };
		wire_obj_encode(&w, &obj);
		T_EQ(w.failed, len > most);
	}
}

static void
policy_framing_is_checked(void)
{
	static const struct {
		const char *what;
		bool malformed;
		size_t len;
		uint8_t body[24];
	} rows[] = {
		{ "no element", false, 4, { 0, 8 } },
		{ "data offset inside the header", true, 4, { 0, 7 } },
		{ "data offset past the end", true, 4, { 0, 12 } },
		{ "data offset at the end", false, 8, { 0, 12, 0, 0, 0, 4 } },
		{ "option of length 0", true, 8, { 0, 12, 0, 0, 0, 0 } },
		{ "option of length 3", true, 8, { 0, 12, 0, 0, 0, 3 } },
		{ "option of length 5", true, 12,
			{ 0, 16, 0, 0, 0, 5, 0, 0, 0, 3 } },
		{ "option over the offset", true, 12,
			{ 0, 12, 0, 0, 0, 8, 3, 1 } },
		{ "element of length 0", true, 8, { 0, 8, 0, 0, 0, 0 } },
		{ "element of length 3", true, 8, { 0, 8, 0, 0, 0, 3 } },
		{ "two elements of length 2", true, 8,
			{ 0, 8, 0, 0, 0, 2, 0, 2 } },
		{ "two options of length 6", true, 16,
			{ 0, 20, 0, 0, 0, 6, 3, 1, 0, 0, 0, 6, 3, 1, 0, 0 } },
		{ "element past the end", true, 8, { 0, 8, 0, 0, 0, 8 } },
		{ "two elements", false, 12,
			{ 0, 8, 0, 0, 0, 4, 0, 1, 0, 4, 0, 2 } },
		{ "two octets left over", true, 12,
			{ 0, 8, 0, 0, 0, 6, 0, 1, 0, 0 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		packet.len = 0;
		t_object(&packet, WIRE_C_POLICY, 1, rows[i].body, rows[i].len);
		decode_in_place();
		T_CHECK(obj.malformed == rows[i].malformed, "%s", rows[i].what);
		T_CHECK(encode(T_PACKET_MAX) != rows[i].malformed, "%s: sent",
			rows[i].what);
	}
}

static void
sessions_are_the_same_whatever_their_flags(void)
{
	struct wire_session a;
	struct wire_session b;

	take_sample(WIRE_C_SESSION, 1);
	a = obj.session;
	b = a;
	b.flags = 0;
	T_CHECK(wire_session_equal(&a, &b), "flags were compared");
	b.dst_port++;
	T_CHECK(!wire_session_equal(&a, &b), "port was not compared");
	b = a;
	b.proto++;
	T_CHECK(!wire_session_equal(&a, &b), "protocol was not compared");
	b = a;
	b.dst.b[3]++;
	T_CHECK(!wire_session_equal(&a, &b), "address was not compared");
}

static void
filters_are_compared_by_form(void)
{
	struct wire_filter a;
	struct wire_filter b;

	take_sample(WIRE_C_FILTER, 2);
	a = obj.filter;
	b = a;
	b.flow_label = 7;
	T_CHECK(wire_filter_equal(&a, &b), "label of a port form");
	b.src_port++;
	T_CHECK(!wire_filter_equal(&a, &b), "port was not compared");
	b = a;
	b.src.b[15]++;
	T_CHECK(!wire_filter_equal(&a, &b), "address was not compared");
	take_sample(WIRE_C_FILTER, 3);
	b = obj.filter;
	T_CHECK(!wire_filter_equal(&a, &b), "form was not compared");
	a = b;
	b.src_port++;
	T_CHECK(wire_filter_equal(&a, &b), "port of a label form");
	b.flow_label++;
	T_CHECK(!wire_filter_equal(&a, &b), "label was not compared");
}

/* Each field counts, the ones before it more. */
static void
filters_have_one_order(void)
{
	const struct wire_filter sorted[] = {
		{ .src = addr_v4_u32(1), .form = 1, .flow_label = 1 },
		{ .src = addr_v4_u32(1), .form = 1, .flow_label = 2 },
		{ .src = addr_v4_u32(1), .form = 1, .src_port = 1 },
		{ .src = addr_v4_u32(1), .form = 2 },
		{ .src = addr_v4_u32(2) },
	};
	const int count = sizeof(sorted) / sizeof(sorted[0]);

	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++) {
			int order = wire_filter_compare(&sorted[i], &sorted[j]);

			T_EQ((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void
a_flow_label_is_twenty_bits_of_ipv6(void)
{
	struct wire_filter f = { .form = WIRE_FILTER_FLOW_LABEL };

	T_CHECK(addr_parse("2001:db8::1", &f.src), "address");
	f.flow_label = 0xfffff;
	obj = wire_obj_make_filter(WIRE_C_FILTER, &f);
	T_CHECK(encode(T_PACKET_MAX), "20 bits refused");
	f.flow_label = 0x100000;
	obj = wire_obj_make_filter(WIRE_C_FILTER, &f);
	T_CHECK(!encode(T_PACKET_MAX), "21 bits sent");
	f.flow_label = 1;
	T_CHECK(addr_parse("10.0.0.1", &f.src), "address");
	obj = wire_obj_make_filter(WIRE_C_FILTER, &f);
	T_CHECK(!encode(T_PACKET_MAX), "IPv4 sent");
}

static void
an_address_of_the_other_family_does_not_fit(void)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		make_object(t_sample(WIRE_C_SESSION, 0, family));
		decode_in_place();
		obj.cls = wire_class_for(
			WIRE_C_SESSION, family == 4 ? ADDR_V6 : ADDR_V4);
		T_CHECK(!encode(T_PACKET_MAX), "family %u sent", family);
	}
}

static void
an_object_without_a_form_is_not_sent(void)
{
	obj = wire_obj_make(WIRE_C_SESSION, ADDR_NONE);
	T_CHECK(!obj.cls, "a SESSION without a family");
	T_CHECK(!encode(T_PACKET_MAX), "sent");
}

static struct t_case cases[] = {
	{ "each row of the table survives decode and encode",
		each_row_round_trips },
	{ "every truncation of an object is refused",
		every_truncation_is_refused },
	{ "every small buffer is refused", every_small_buffer_is_refused },
	{ "lengths below the header or not a multiple of 4 are refused",
		lengths_below_the_header_and_odd_ones },
	{ "an object one word shorter or longer is refused or marked",
		one_word_more_or_less_is_refused },
	{ "objects of variable length have limits", lists_have_limits },
	{ "fields are where the RFC has them",
		fields_are_where_the_rfc_has_them },
	{ "fields of ERROR_SPEC are where the RFC has them",
		error_fields_are_where_the_rfc_has_them },
	{ "fields of filters are where the RFC has them",
		filter_fields_are_where_the_rfc_has_them },
	{ "reserved fields are ignored and sent as zero",
		reserved_fields_are_ignored },
	{ "values that cannot be are refused both ways",
		values_that_cannot_be_are_refused },
	{ "unknown classes follow their two top bits",
		unknown_classes_follow_their_top_bits },
	{ "unknown class and unknown C-Type are told apart",
		unknown_classes_and_types_are_told_apart },
	{ "a SCOPE is taken in any order and sent in ascending order",
		scope_is_sent_in_ascending_order_only },
	{ "an object longer than its row allows is not sent",
		an_object_longer_than_its_row_allows_is_not_sent },
	{ "POLICY_DATA is checked for framing", policy_framing_is_checked },
	{ "sessions are the same whatever their flags",
		sessions_are_the_same_whatever_their_flags },
	{ "filters are compared by their form", filters_are_compared_by_form },
	{ "filters have one order", filters_have_one_order },
	{ "a flow label is twenty bits and IPv6's",
		a_flow_label_is_twenty_bits_of_ipv6 },
	{ "an address of the other family does not fit its object",
		an_address_of_the_other_family_does_not_fit },
	{ "an object without a form for its family is not sent",
		an_object_without_a_form_is_not_sent },
};

T_MAIN(cases)
