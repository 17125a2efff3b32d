/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

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
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static struct t_packet packet;
static struct t_packet out;
static struct wire_msg msg;
static struct wire_msg again;

static void
read_vector(size_t i)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/packets/%s.hex", vectors[i]);
	t_read_hex(path, &packet);
}

static void
expect(enum wire_fault want, const char *what)
{
	enum wire_fault got = t_decode(&packet, &msg);

	T_CHECK(got == want, "%s: %s", what, wire_fault_text(got));
}

/* A Path of one family, built without the encoder. */
static void
begin_path(uint8_t family)
{
	t_begin(&packet, WIRE_PATH);
	t_add(&packet, WIRE_C_SESSION, family);
	t_add(&packet, WIRE_C_HOP, family);
	t_add(&packet, WIRE_C_TIME_VALUES, family);
	t_add(&packet, WIRE_C_SENDER, family);
	t_add(&packet, WIRE_C_TSPEC, family);
}

static void
vectors_come_back(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);
		expect(WIRE_OK, vectors[i]);
		t_encode(&msg, &out);
		T_CHECK(out.len == packet.len &&
				memcmp(out.bytes, packet.bytes, out.len) == 0,
			"%s: bytes differ", vectors[i]);
		T_EQ(wire_msg_decode(out.bytes, out.len, &again), WIRE_OK);
		t_same(&msg, &again);
	}
}

static void
every_truncation_is_refused(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);

		size_t whole = packet.len;

		for (packet.len = 0; packet.len < whole; packet.len++)
			expect(WIRE_SHORT, vectors[i]);
	}
}

/* The same with length and checksum of what is left made right: an object is
 * cut, or one is missing at the end. */
static void
every_shortened_message_is_judged(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);

		size_t whole = packet.len;

		for (size_t len = 8; len < whole; len++) {
			read_vector(i);
			packet.len = len;
			t_repair_length(&packet);

			enum wire_fault fault = t_decode(&packet, &msg);

			T_CHECK(len % 4 == 0 || fault == WIRE_SHORT ||
					fault == WIRE_LENGTH,
				"%s cut at %zu: %s", vectors[i], len,
				wire_fault_text(fault));
		}
	}
}

static void
every_small_buffer_is_refused(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);
		expect(WIRE_OK, vectors[i]);
		for (size_t len = 0; len < packet.len; len++) {
			struct buf_writer w = buf_writer(out.bytes, len);

			T_CHECK(!wire_msg_encode(&w, &msg), "%s fits in %zu",
				vectors[i], len);
			T_CHECK(w.failed, "the writer goes on");
		}
	}
}

static void
header_fields_are_where_the_rfc_has_them(void)
{
	begin_path(4);
	packet.bytes[0] = 0x1f; /* all flags: not refused */
	packet.bytes[4] = 62;
	packet.bytes[5] = 0xff; /* reserved */
	t_end(&packet);
	expect(WIRE_OK, "Path");
	T_EQ(msg.type, WIRE_PATH);
	T_EQ(msg.flags, 0xf);
	T_EQ(msg.send_ttl, 62);
	t_encode(&msg, &out);
	T_EQ(out.bytes[0], 0x11); /* version 1, the one flag defined */
	T_EQ(out.bytes[1], WIRE_PATH);
	T_EQ(out.bytes[4], 62);
	T_EQ(out.bytes[5], 0);
	T_EQ(out.bytes[6] << 8 | out.bytes[7], out.len);
}

static void
length_field_and_octets_agree(void)
{
	begin_path(4);
	t_end(&packet);
	packet.bytes[7] += 4;
	t_repair(&packet);
	expect(WIRE_SHORT, "length 4 too large");
	packet.bytes[7] -= 8;
	t_repair(&packet);
	expect(WIRE_SURPLUS, "length 4 too small");
	packet.bytes[6] = 0;
	packet.bytes[7] = 0;
	t_repair(&packet);
	expect(WIRE_SURPLUS, "length 0");
	packet.bytes[6] = 0xff;
	packet.bytes[7] = 0xff;
	t_repair(&packet);
	expect(WIRE_SHORT, "length 65535");
	packet.len = 7;
	expect(WIRE_SHORT, "seven octets");
	packet.len = 0;
	expect(WIRE_SHORT, "nothing");
	t_begin(&packet, WIRE_PATH);
	t_end(&packet);
	expect(WIRE_MISSING, "no object");
}

static void
other_versions_are_refused(void)
{
	for (unsigned v = 0; v < 16; v++) {
		begin_path(4);
		packet.bytes[0] = (uint8_t)(v << 4);
		t_end(&packet);
		expect(v == 1 ? WIRE_OK : WIRE_VERSION, "version");
	}
}

static void
only_seven_types_are_handled(void)
{
	for (unsigned type = 0; type < 256; type++) {
		t_begin(&packet, (uint8_t)type);
		t_end(&packet);
		expect(type >= 1 && type <= 7 ? WIRE_MISSING
					      : WIRE_UNSUPPORTED_TYPE,
			"type");
		T_EQ(msg.type, type);
	}
}

static void
checksum_is_right_wrong_or_absent(void)
{
	begin_path(4);
	t_end(&packet);
	expect(WIRE_OK, "right");
	T_EQ(wire_checksum(packet.bytes, packet.len), 0);
	packet.bytes[2] ^= 0x10;
	expect(WIRE_CHECKSUM, "wrong");
	packet.bytes[2] = 0;
	packet.bytes[3] = 0;
	expect(WIRE_OK, "absent");
	t_end(&packet);
	for (size_t bit = 0; bit < packet.len * 8; bit++) {
		if (bit / 8 == 6 || bit / 8 == 7 || bit / 8 == 0)
			continue; /* length and version are judged before */
		packet.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect(WIRE_CHECKSUM, "one bit");
		packet.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
checksum_is_ones_complement(void)
{
	static const uint8_t carry[] = { 0xff, 0xff, 0x00, 0x01 };
	static const uint8_t twice[] = { 0xff, 0xff, 0xff, 0xff, 0, 1 };
	static const uint8_t odd[] = { 0x12, 0x34, 0x56 };

	T_EQ(wire_checksum(carry, 4), 0xfffe);
	T_EQ(wire_checksum(twice, 6), 0xfffe);
	T_EQ(wire_checksum(odd, 3), (uint16_t) ~(0x1234 + 0x5600));
	T_EQ(wire_checksum(odd, 0), 0xffff);
	memset(out.bytes, 0xff, T_PACKET_MAX);
	T_EQ(wire_checksum(out.bytes, T_PACKET_MAX), 0);
}

/* The sum of some message is all ones; its checksum must not say "none". */
static void
computed_zero_is_sent_as_all_ones(void)
{
	begin_path(4);
	t_end(&packet);
	expect(WIRE_OK, "Path");
	for (uint32_t lih = 0; lih < 65536; lih++) {
		msg.hop.lih = lih;
		t_encode(&msg, &out);
		T_CHECK(out.bytes[2] != 0 || out.bytes[3] != 0,
			"checksum 0 sent for LIH %u", (unsigned)lih);
		if (out.bytes[2] == 0xff && out.bytes[3] == 0xff) {
			T_EQ(wire_checksum(out.bytes, out.len), 0);
			return;
		}
	}
	T_CHECK(false, "no message of that sum found");
}

static void
objects_tile_the_message(void)
{
	static const struct {
		const char *what;
		size_t len;
		uint8_t tail[8];
		enum wire_fault want;
	} rows[] = {
		{ "one octet", 1, { 0 }, WIRE_SHORT },
		{ "two octets", 2, { 0, 4 }, WIRE_SHORT },
		{ "three octets", 3, { 0, 4, 192 }, WIRE_SHORT },
		{ "length 0", 4, { 0, 0, 192, 1 }, WIRE_LENGTH },
		{ "length 1", 4, { 0, 1, 192, 1 }, WIRE_LENGTH },
		{ "length 2", 4, { 0, 2, 192, 1 }, WIRE_LENGTH },
		{ "length 3", 4, { 0, 3, 192, 1 }, WIRE_LENGTH },
		{ "length 4", 4, { 0, 4, 192, 1 }, WIRE_OK },
		{ "length 5", 8, { 0, 5, 192, 1 }, WIRE_LENGTH },
		{ "length 6", 8, { 0, 6, 192, 1 }, WIRE_LENGTH },
		{ "length 7", 8, { 0, 7, 192, 1 }, WIRE_LENGTH },
		{ "length 8", 8, { 0, 8, 192, 1 }, WIRE_OK },
		{ "length past the end", 8, { 0, 12, 192, 1 }, WIRE_SHORT },
		{ "length 65532", 8, { 255, 252, 192, 1 }, WIRE_SHORT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_path(4);
		memcpy(packet.bytes + packet.len, rows[i].tail, 8);
		packet.len += rows[i].len;
		t_end(&packet);
		expect(rows[i].want, rows[i].what);
	}
}

/* However wrong its objects are, a message that is cut is told as such. */
static void
framing_is_judged_before_contents(void)
{
	static const uint8_t tail[] = { 0, 12, 192, 1 };

	t_begin(&packet, WIRE_PATH);
	t_add(&packet, WIRE_C_STYLE, 4);
	t_object(&packet, 20, 1, tail, 4);
	memcpy(packet.bytes + packet.len, tail, 4);
	packet.len += 4;
	t_end(&packet);
	expect(WIRE_SHORT, "an illegal, an unknown, and a cut object");
	T_EQ(msg.bad_class, 0);
}

/* Every position of a Path gets every short or odd object length. */
static void
bad_lengths_are_refused_at_every_position(void)
{
	size_t at[8];
	size_t count = 0;

	begin_path(6);
	for (size_t pos = 8; pos < packet.len; pos += packet.bytes[pos + 1])
		at[count++] = pos;
	T_EQ(count, 5);
	for (size_t i = 0; i < count; i++)
		for (uint8_t len = 0; len < 8; len++) {
			begin_path(6);
			packet.bytes[at[i] + 1] = len;
			t_end(&packet);

			enum wire_fault fault = t_decode(&packet, &msg);

			T_CHECK(fault != WIRE_OK, "object %zu length %u", i,
				len);
			if (len != 4)
				T_EQ(fault, WIRE_LENGTH);
		}
}

static void
a_path_is_decoded_into_its_fields(void)
{
	read_vector(9);
	expect(WIRE_OK, "Path");
	T_EQ(msg.has, WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
			      WIRE_HAS_SENDER | WIRE_HAS_TSPEC |
			      WIRE_HAS_ADSPEC);
	T_EQ(msg.session.dst.family, ADDR_V6);
	T_EQ(msg.session.dst.b[15], 0x30);
	T_EQ(msg.session.dst_port, 5004);
	T_EQ(msg.hop.addr.b[15], 1);
	T_EQ(msg.hop.lih, 7);
	T_EQ(msg.refresh_ms, 30000);
	T_EQ(msg.sender.src.b[15], 0x10);
	T_EQ(msg.sender.src_port, 5006);
	T_CHECK(msg.tspec.p == 250000.0f, "p");
	T_EQ(msg.adspec.general.mtu, 1500);
	T_EQ(msg.adspec_view.len, 84);
	T_EQ(msg.adspec_view.bytes[2], WIRE_C_ADSPEC);
	T_CHECK(!msg.tspec_malformed && !msg.adspec_malformed, "malformed");
	T_EQ(msg.tspec_view.len, 0);
}

static void
resv_objects_are_decoded_into_their_fields(void)
{
	read_vector(1);
	expect(WIRE_OK, "Resv FF");
	T_EQ(msg.has, WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
			      WIRE_HAS_CONFIRM | WIRE_HAS_STYLE);
	T_EQ(msg.confirm.b[3], 30);
	T_EQ(msg.style, WIRE_STYLE_FF);
	T_EQ(msg.style_vector, WIRE_STYLE_FF);
	read_vector(3);
	expect(WIRE_OK, "Resv WF");
	T_EQ(msg.scope_count, 2);
	T_EQ(wire_scope_at(&msg, 0).b[3], 10);
	T_EQ(wire_scope_at(&msg, 1).b[3], 11);
	T_EQ(wire_scope_at(&msg, 1).family, ADDR_V4);
	read_vector(5);
	expect(WIRE_OK, "ResvErr");
	T_EQ(msg.error.node.b[3], 1);
	T_EQ(msg.error.flags, WIRE_ERROR_IN_PLACE);
	T_EQ(msg.error.code, WIRE_E_ADMISSION);
	T_EQ(msg.error.value, WIRE_ADMISSION_BANDWIDTH);
	T_EQ(msg.hop.addr.b[3], 1);
}

static void
an_ipv6_scope_comes_back(void)
{
	static const uint8_t two[32] = {
		[0] = 0x20, [15] = 1, [16] = 0x20, [31] = 2
	};

	t_begin(&packet, WIRE_RESV);
	t_add(&packet, WIRE_C_SESSION, 6);
	t_add(&packet, WIRE_C_HOP, 6);
	t_add(&packet, WIRE_C_TIME_VALUES, 6);
	t_object(&packet, WIRE_C_SCOPE, 2, two, 32);
	t_words(&packet, WIRE_C_STYLE, 1, (const uint32_t[]){ 0x11 }, 1);
	t_add(&packet, WIRE_C_FLOWSPEC, 6);
	t_end(&packet);
	expect(WIRE_OK, "Resv WF");
	T_EQ(msg.scope_count, 2);
	T_EQ(wire_scope_at(&msg, 1).b[15], 2);
	T_EQ(wire_scope_at(&msg, 1).family, ADDR_V6);
	t_encode(&msg, &out);
	T_CHECK(out.len == packet.len &&
			memcmp(out.bytes, packet.bytes, out.len) == 0,
		"octets differ");
}

static void
unknown_rejecting_classes_are_named(void)
{
	static const uint8_t body[8];

	for (unsigned c = 0; c < 128; c++) {
		if (c == 0 || (c < WIRE_C_KNOWN && c != 2))
			continue;
		begin_path(4);
		t_object(&packet, (uint8_t)c, 9, body, 8);
		t_end(&packet);
		expect(WIRE_UNKNOWN_CLASS, "Path");
		T_EQ(msg.bad_class, c);
		T_EQ(msg.bad_ctype, 9);
		T_CHECK(msg.has & WIRE_HAS_TSPEC, "the rest was not decoded");
	}
}

static void
unknown_droppable_classes_leave_no_trace(void)
{
	static const uint8_t body[8];

	for (unsigned c = 128; c < 192; c++) {
		begin_path(4);
		t_object(&packet, (uint8_t)c, 9, body, 8);
		t_end(&packet);
		expect(WIRE_OK, "Path");
		T_EQ(msg.other_count, 0);
	}
}

static void
unknown_forwardable_classes_are_kept_in_each_message(void)
{
	static const uint8_t body[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	for (size_t i = 0; i < VECTORS; i++)
		for (unsigned c = 192; c < 256; c++) {
			read_vector(i);
			t_object(&packet, (uint8_t)c, 9, body, 8);
			t_object(&packet, (uint8_t)c, 9, body, 0);
			t_end(&packet);
			expect(WIRE_OK, vectors[i]);
			T_EQ(msg.other_count, 2);
			T_EQ(msg.others[0].len, 12);
			T_EQ(msg.others[0].bytes[2], c);
			T_EQ(msg.others[0].bytes[11], 8);
			T_EQ(msg.others[1].len, 4);
			t_encode(&msg, &out);
			T_EQ(wire_msg_decode(out.bytes, out.len, &again),
				WIRE_OK);
			t_same(&msg, &again);
		}
}

static void
a_number_of_others_and_policies_is_kept(void)
{
	static const uint8_t body[8];

	begin_path(4);
	for (unsigned i = 0; i < WIRE_OTHERS_MAX + 3; i++)
		t_object(&packet, 200, (uint8_t)i, body, 8);
	for (unsigned i = 0; i < WIRE_POLICIES_MAX + 2; i++)
		t_add(&packet, WIRE_C_POLICY, 4);
	t_end(&packet);
	expect(WIRE_OK, "Path");
	T_EQ(msg.other_count, WIRE_OTHERS_MAX);
	T_EQ(msg.others_ignored, 3);
	T_EQ(msg.others[WIRE_OTHERS_MAX - 1].bytes[3], WIRE_OTHERS_MAX - 1);
	T_EQ(msg.policy_count, WIRE_POLICIES_MAX);
	T_EQ(msg.policies_ignored, 2);
	T_CHECK(!msg.policy_malformed, "malformed");
	T_EQ(msg.policies[0].len, 20);
}

static void
null_objects_are_ignored_anywhere(void)
{
	static const uint8_t body[8];

	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);
		expect(WIRE_OK, vectors[i]);
		again = msg;
		t_begin(&out, packet.bytes[1]);
		out.bytes[4] = packet.bytes[4];
		for (size_t pos = 8; pos < packet.len;) {
			size_t len = packet.bytes[pos + 1];

			t_object(&out, 0, (uint8_t)pos, body, pos % 12);
			t_object(&out, packet.bytes[pos + 2],
				packet.bytes[pos + 3], packet.bytes + pos + 4,
				len - 4);
			pos += len;
		}
		t_object(&out, 0, 255, body, 0);
		t_end(&out);
		T_EQ(wire_msg_decode(out.bytes, out.len, &again), WIRE_OK);
		t_same(&msg, &again);
	}
}

/* Each object of each vector in turn gets a C-Type that nobody knows. */
static void
unknown_ctypes_are_named(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i);

		size_t whole = packet.len;

		for (size_t pos = 8; pos < whole;) {
			read_vector(i);
			packet.bytes[pos + 3] = 250;
			t_repair(&packet);
			expect(WIRE_UNKNOWN_CTYPE, vectors[i]);
			T_EQ(msg.bad_class, packet.bytes[pos + 2]);
			T_EQ(msg.bad_ctype, 250);
			pos += packet.bytes[pos + 1];
		}
	}
}

/* A Path as RSVP-TE sends it: LSP tunnel session and sender (RFC 3209). */
static void
a_traffic_engineering_path_is_answered_or_refused(void)
{
	static const uint8_t body[12] = { 10, 3, 3, 30 };

	t_begin(&packet, WIRE_PATH);
	t_object(&packet, WIRE_C_SESSION, 7, body, 12);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_TIME_VALUES, 4);
	t_object(&packet, 19, 1, body, 4); /* LABEL_REQUEST */
	t_object(&packet, WIRE_C_SENDER, 7, body, 8);
	t_add(&packet, WIRE_C_TSPEC, 4);
	t_end(&packet);
	expect(WIRE_UNKNOWN_CTYPE, "LSP tunnel");
	T_EQ(msg.bad_class, WIRE_C_SESSION); /* the first of three */
	T_EQ(msg.bad_ctype, 7);
	T_CHECK(!(msg.has & (WIRE_HAS_SESSION | WIRE_HAS_SENDER)), "has");
	T_CHECK(msg.has & WIRE_HAS_HOP, "the rest was not decoded");
}

static void
an_unknown_filter_still_has_its_place(void)
{
	static const uint8_t body[8] = { 10, 0, 0, 1 };

	t_begin(&packet, WIRE_RESV);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_TIME_VALUES, 4);
	t_add(&packet, WIRE_C_STYLE, 4);
	t_add(&packet, WIRE_C_FLOWSPEC, 4);
	t_object(&packet, WIRE_C_FILTER, 4, body, 8); /* IPv4/GPI */
	t_add(&packet, WIRE_C_FLOWSPEC, 4);
	t_add(&packet, WIRE_C_FILTER, 4);
	t_end(&packet);
	expect(WIRE_UNKNOWN_CTYPE, "Resv");
	T_EQ(msg.bad_class, WIRE_C_FILTER);
	T_EQ(msg.bad_ctype, 4);
}

static void
malformed_bodies_are_marked_and_sent_back_as_they_came(void)
{
	static const uint8_t bad[8] = { 0, 0, 0, 9, 1, 0, 0, 1 };

	t_begin(&packet, WIRE_PATH_ERR);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_ERROR, 4);
	t_object(&packet, WIRE_C_POLICY, 1, bad, 4);
	t_add(&packet, WIRE_C_SENDER, 4);
	t_object(&packet, WIRE_C_TSPEC, 2, bad, 8);
	t_object(&packet, WIRE_C_ADSPEC, 2, bad, 8);
	t_end(&packet);
	expect(WIRE_OK, "PathErr");
	T_CHECK(msg.tspec_malformed, "Tspec");
	T_CHECK(msg.adspec_malformed, "ADSPEC");
	T_CHECK(msg.policy_malformed, "POLICY_DATA");
	T_EQ(msg.tspec_view.len, 12);
	T_EQ(msg.adspec_view.len, 12);
	t_encode(&msg, &out);
	T_CHECK(out.len == packet.len &&
			memcmp(out.bytes, packet.bytes, out.len) == 0,
		"octets differ");
	msg.tspec_view.len = 0;

	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_CHECK(!wire_msg_encode(&w, &msg), "a malformed Tspec was made up");
}

static void
integrity_is_recognised_and_not_sent(void)
{
	t_begin(&packet, WIRE_PATH_TEAR);
	t_add(&packet, WIRE_C_INTEGRITY, 4);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_SENDER, 4);
	t_end(&packet);
	expect(WIRE_OK, "PathTear");
	T_CHECK(msg.has & WIRE_HAS_INTEGRITY, "not recognised");
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len - 36);
}

static struct t_case cases[] = {
	{ "each vector decodes and encodes to the same octets",
		vectors_come_back },
	{ "every truncation of a message is refused",
		every_truncation_is_refused },
	{ "every shortened message with a right length is judged",
		every_shortened_message_is_judged },
	{ "every small buffer is refused", every_small_buffer_is_refused },
	{ "fields of the common header are where the RFC has them",
		header_fields_are_where_the_rfc_has_them },
	{ "the length field agrees with the octets",
		length_field_and_octets_agree },
	{ "versions other than 1 are refused", other_versions_are_refused },
	{ "seven message types are handled, the others refused",
		only_seven_types_are_handled },
	{ "a right or absent checksum is accepted, a wrong one refused",
		checksum_is_right_wrong_or_absent },
	{ "the checksum is the one's complement of the one's complement sum",
		checksum_is_ones_complement },
	{ "a computed checksum of zero is sent as all ones",
		computed_zero_is_sent_as_all_ones },
	{ "objects tile the message", objects_tile_the_message },
	{ "framing is judged before contents",
		framing_is_judged_before_contents },
	{ "bad object lengths are refused at every position",
		bad_lengths_are_refused_at_every_position },
	{ "a Path is decoded into its fields",
		a_path_is_decoded_into_its_fields },
	{ "the objects of a Resv and a ResvErr are decoded into their fields",
		resv_objects_are_decoded_into_their_fields },
	{ "an IPv6 SCOPE comes back", an_ipv6_scope_comes_back },
	{ "an unknown class 0bbbbbbb is named and refuses the message",
		unknown_rejecting_classes_are_named },
	{ "an unknown class 10bbbbbb leaves no trace",
		unknown_droppable_classes_leave_no_trace },
	{ "an unknown class 11bbbbbb is kept and sent in each message type",
		unknown_forwardable_classes_are_kept_in_each_message },
	{ "a number of forwardable and policy objects is kept, more counted",
		a_number_of_others_and_policies_is_kept },
	{ "NULL objects are ignored anywhere",
		null_objects_are_ignored_anywhere },
	{ "unknown C-Types are named", unknown_ctypes_are_named },
	{ "a traffic engineering Path is refused for its session",
		a_traffic_engineering_path_is_answered_or_refused },
	{ "an unknown filter still has its place in the flow descriptors",
		an_unknown_filter_still_has_its_place },
	{ "malformed bodies are marked and sent back as they came",
		malformed_bodies_are_marked_and_sent_back_as_they_came },
	{ "INTEGRITY is recognised and not sent",
		integrity_is_recognised_and_not_sent },
};

T_MAIN(cases)
