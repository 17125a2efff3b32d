/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

static struct t_packet packet;
static struct t_packet out;
static struct wire_obj obj;

/* r 125000, b 16000, p 250000, m 64, M 1500; R 150000, S 9 */
#define BUCKET 0x7f000005, 0x47f42400, 0x467a0000, 0x48742400, 64, 1500
#define RSPEC  0x82000002, 0x48127c00, 9
#define GENERAL                                                                \
	0x04000001, 2, 0x06000001, 0x49989680, 0x08000001, 100, 0x0a000001, 1500
#define SUMS 0x85000001, 11, 0x86000001, 12, 0x87000001, 13, 0x88000001, 14

static void
decode(uint8_t class_num, const uint32_t *words, size_t count)
{
	struct buf_reader r;

	packet.len = 0;
	t_words(&packet, class_num, 2, words, count);
	r = buf_reader(packet.bytes, packet.len);
	T_EQ(wire_obj_decode(&r, &obj), WIRE_OK);
}

static bool
encode(void)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	wire_obj_encode(&w, &obj);
	out.len = buf_written(&w);
	return !w.failed;
}

static void
expect_same_octets(void)
{
	T_CHECK(encode(), "not encoded");
	T_CHECK(out.len == packet.len &&
			memcmp(out.bytes, packet.bytes, out.len) == 0,
		"octets differ");
}

static void
expect_float(float got, double want)
{
	T_CHECK((double)got == want, "%g, not %g", (double)got, want);
}

static void
expect_bucket(const struct wire_tspec *t)
{
	expect_float(t->r, 125000);
	expect_float(t->b, 16000);
	expect_float(t->p, 250000);
	T_EQ(t->m, 64);
	T_EQ(t->M, 1500);
}

static void
a_tspec_is_service_1_parameter_127(void)
{
	static const uint32_t words[] = { 7, 0x01000006, BUCKET };

	decode(WIRE_C_TSPEC, words, 8);
	T_CHECK(!obj.malformed, "malformed");
	expect_bucket(&obj.tspec);
	expect_same_octets();
}

static void
a_cl_flowspec_is_service_5(void)
{
	static const uint32_t words[] = { 7, 0x05000006, BUCKET };

	decode(WIRE_C_FLOWSPEC, words, 8);
	T_CHECK(!obj.malformed, "malformed");
	T_EQ(obj.flowspec.service, WIRE_SERVICE_CL);
	expect_bucket(&obj.flowspec.tspec);
	expect_float(obj.flowspec.R, 0);
	expect_same_octets();
}

static void
a_gs_flowspec_is_service_2_with_an_rspec(void)
{
	static const uint32_t words[] = { 10, 0x02000009, BUCKET, RSPEC };

	decode(WIRE_C_FLOWSPEC, words, 11);
	T_CHECK(!obj.malformed, "malformed");
	T_EQ(obj.flowspec.service, WIRE_SERVICE_GS);
	expect_bucket(&obj.flowspec.tspec);
	expect_float(obj.flowspec.R, 150000);
	T_EQ(obj.flowspec.S, 9);
	expect_same_octets();
}

static void
an_unknown_service_is_well_framed(void)
{
	/* Null Service, RFC 2997 4.4. */
	static const uint32_t words[] = { 3, 0x06000002, 0x80000001, 1500 };

	decode(WIRE_C_FLOWSPEC, words, 4);
	T_CHECK(!obj.malformed, "malformed");
	T_EQ(obj.flowspec.service, 6);
	T_CHECK(!encode(), "sent as if it were known");
}

/* A flowspec or Tspec with one thing wrong. */
static const struct {
	const char *what;
	uint8_t class_num;
	size_t count;
	uint32_t words[12];
} broken[] = {
	{ "nothing", WIRE_C_TSPEC, 0, { 0 } },
	{ "message header only", WIRE_C_TSPEC, 1, { 0 } },
	{ "version 1", WIRE_C_TSPEC, 8, { 0x10000007, 0x01000006, BUCKET } },
	{ "version 15", WIRE_C_TSPEC, 8, { 0xf0000007, 0x01000006, BUCKET } },
	{ "message a word too long", WIRE_C_TSPEC, 8,
		{ 8, 0x01000006, BUCKET } },
	{ "message a word too short", WIRE_C_TSPEC, 8,
		{ 6, 0x01000006, BUCKET } },
	{ "service a word too long", WIRE_C_TSPEC, 8,
		{ 7, 0x01000007, BUCKET } },
	{ "service a word too short", WIRE_C_TSPEC, 8,
		{ 7, 0x01000005, BUCKET } },
	{ "service of no words", WIRE_C_TSPEC, 8, { 7, 0x01000000, BUCKET } },
	{ "Tspec of service 5", WIRE_C_TSPEC, 8, { 7, 0x05000006, BUCKET } },
	{ "Tspec of service 0", WIRE_C_TSPEC, 8, { 7, 0x00000006, BUCKET } },
	{ "a word behind the service", WIRE_C_TSPEC, 9,
		{ 8, 0x01000006, BUCKET, 0 } },
	{ "a word behind the parameter", WIRE_C_TSPEC, 9,
		{ 8, 0x01000007, BUCKET, 0 } },
	{ "parameter 126", WIRE_C_TSPEC, 8,
		{ 7, 0x01000006, 0x7e000005, 1, 2, 3, 4, 5 } },
	{ "parameter of four words", WIRE_C_TSPEC, 7,
		{ 6, 0x01000005, 0x7f000004, 1, 2, 3, 4 } },
	{ "parameter of six words", WIRE_C_TSPEC, 9,
		{ 8, 0x01000007, 0x7f000006, 1, 2, 3, 4, 5, 6 } },
	{ "parameter says six words", WIRE_C_TSPEC, 8,
		{ 7, 0x01000006, 0x7f000006, 1, 2, 3, 4, 5 } },
	{ "CL with an RSpec", WIRE_C_FLOWSPEC, 11,
		{ 10, 0x05000009, BUCKET, RSPEC } },
	{ "GS without an RSpec", WIRE_C_FLOWSPEC, 8,
		{ 7, 0x02000006, BUCKET } },
	{ "GS with parameter 131", WIRE_C_FLOWSPEC, 11,
		{ 10, 0x02000009, BUCKET, 0x83000002, 1, 2 } },
	{ "RSpec of one word", WIRE_C_FLOWSPEC, 10,
		{ 9, 0x02000008, BUCKET, 0x82000001, 1 } },
	{ "RSpec of three words", WIRE_C_FLOWSPEC, 12,
		{ 11, 0x0200000a, BUCKET, 0x82000003, 1, 2, 3 } },
	{ "RSpec before the bucket", WIRE_C_FLOWSPEC, 11,
		{ 10, 0x02000009, RSPEC, BUCKET } },
	{ "a word behind the RSpec", WIRE_C_FLOWSPEC, 12,
		{ 11, 0x0200000a, BUCKET, RSPEC, 0 } },
	{ "two services", WIRE_C_FLOWSPEC, 9,
		{ 8, 0x05000006, BUCKET, 0x06000000 } },
	{ "unknown service a word too long", WIRE_C_FLOWSPEC, 3,
		{ 2, 0x06000002, 0 } },
};

static void
broken_framing_is_marked(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		decode(broken[i].class_num, broken[i].words, broken[i].count);
		T_CHECK(obj.malformed, "%s: not marked", broken[i].what);
	}
}

static void
floats_are_kept_bit_by_bit(void)
{
	static const uint32_t bits[] = { 0, 0x80000000, 1, 0x80000001,
		0x3f800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
		0x7fa00000, 0xffc00001, 0x7f800001 };

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		uint32_t words[] = { 10, 0x02000009, 0x7f000005, bits[i],
			bits[i], bits[i], 64, 1500, 0x82000002, bits[i], 0 };

		decode(WIRE_C_FLOWSPEC, words, 11);
		T_CHECK(!obj.malformed, "malformed");
		expect_same_octets();
		T_CHECK(wire_flowspec_same(&obj.flowspec, &obj.flowspec),
			"differs from itself");
	}
}

static void
each_field_of_a_flowspec_is_compared(void)
{
	static const uint32_t words[] = { 10, 0x02000009, BUCKET, RSPEC };
	struct wire_flowspec a;

	decode(WIRE_C_FLOWSPEC, words, 11);
	a = obj.flowspec;
	for (int field = 0; field < 8; field++) {
		struct wire_flowspec b = a;

		b.service = (uint8_t)(a.service + (field == 0));
		b.tspec.r += (float)(field == 1);
		b.tspec.b += (float)(field == 2);
		b.tspec.p += (float)(field == 3);
		b.tspec.m += field == 4;
		b.tspec.M += field == 5;
		b.R += (float)(field == 6);
		b.S += field == 7;
		T_CHECK(!wire_flowspec_same(&a, &b), "field %d", field);
	}
	T_CHECK(wire_flowspec_same(&a, &a), "differs from itself");
}

static struct wire_adspec *
decode_adspec(const uint32_t *words, size_t count)
{
	decode(WIRE_C_ADSPEC, words, count);
	T_CHECK(!obj.malformed, "malformed");
	return &obj.adspec;
}

static void
a_full_adspec_comes_back(void)
{
	static const uint32_t words[] = { 19, 0x01000008, GENERAL, 0x02000008,
		SUMS, 0x05000000 };
	struct wire_adspec *a = decode_adspec(words, 20);
	struct wire_adspec_service *gs = wire_adspec_find(a, WIRE_SERVICE_GS);

	T_CHECK(!a->broken, "broken");
	T_EQ(a->general.present, WIRE_GENERAL_ALL);
	T_EQ(a->general.hops, 2);
	expect_float(a->general.bandwidth_Bps, 1250000);
	T_EQ(a->general.latency_us, 100);
	T_EQ(a->general.mtu, 1500);
	T_EQ(a->service_count, 2);
	T_CHECK(gs && gs->gs_terms && !gs->broken, "no GS fragment");
	T_EQ(gs->Ctot, 11);
	T_EQ(gs->Dtot, 12);
	T_EQ(gs->Csum, 13);
	T_EQ(gs->Dsum, 14);
	T_EQ(gs->overrides.present, 0);
	T_CHECK(wire_adspec_find(a, WIRE_SERVICE_CL), "no CL fragment");
	T_CHECK(!wire_adspec_find(a, 6), "a service that is not there");
	expect_same_octets();
}

static void
break_bits_are_per_fragment(void)
{
	static const uint32_t words[] = { 19, 0x01800008, GENERAL, 0x02000008,
		SUMS, 0x05800000 };
	struct wire_adspec *a = decode_adspec(words, 20);

	T_CHECK(a->broken, "global break bit");
	T_CHECK(!wire_adspec_find(a, WIRE_SERVICE_GS)->broken, "GS");
	T_CHECK(wire_adspec_find(a, WIRE_SERVICE_CL)->broken, "CL");
	expect_same_octets();
}

static void
an_empty_gs_fragment_has_no_terms(void)
{
	static const uint32_t words[] = { 10, 0x01000008, GENERAL, 0x02800000 };
	struct wire_adspec *a = decode_adspec(words, 11);
	struct wire_adspec_service *gs = wire_adspec_find(a, WIRE_SERVICE_GS);

	T_CHECK(gs && gs->broken && !gs->gs_terms, "not an empty fragment");
	T_CHECK(!wire_adspec_find(a, WIRE_SERVICE_CL), "CL appeared");
	expect_same_octets();
}

static void
an_empty_broken_general_fragment_is_taken(void)
{
	static const uint32_t words[] = { 2, 0x01800000, 0x05800000 };
	struct wire_adspec *a = decode_adspec(words, 3);

	T_CHECK(a->broken, "break bit");
	T_EQ(a->general.present, 0);
	expect_same_octets();
}

static void
services_override_general_parameters(void)
{
	static const uint32_t words[] = { 29, 0x01000008, GENERAL, 0x0200000a,
		SUMS, 0x0a000001, 576, 0x05800008, 0x04000001, 3, 0x06000001,
		0x47f42400, 0x08000001, 0xffffffff, 0x0a000001, 1400 };
	struct wire_adspec *a = decode_adspec(words, 30);
	struct wire_adspec_service *gs = wire_adspec_find(a, WIRE_SERVICE_GS);
	struct wire_adspec_service *cl = wire_adspec_find(a, WIRE_SERVICE_CL);

	T_CHECK(gs->gs_terms, "terms");
	T_EQ(gs->overrides.present, WIRE_GENERAL_MTU);
	T_EQ(gs->overrides.mtu, 576);
	T_EQ(cl->overrides.present, WIRE_GENERAL_ALL);
	T_EQ(cl->overrides.hops, 3);
	expect_float(cl->overrides.bandwidth_Bps, 125000);
	T_EQ(cl->overrides.latency_us, WIRE_LATENCY_UNKNOWN);
	T_EQ(cl->overrides.mtu, 1400);
	T_EQ(a->general.mtu, 1500);
	expect_same_octets();
}

static void
unknown_services_are_kept(void)
{
	static const uint32_t words[] = { 15, 0x01000008, GENERAL, 0x05000000,
		0x06800000, 0x80000003, 1, 2, 3 };
	struct wire_adspec *a = decode_adspec(words, 16);
	struct wire_adspec_service *s = wire_adspec_find(a, 128);

	T_EQ(a->service_count, 3);
	T_EQ(s->data_view.len, 12);
	T_EQ(s->data_view.bytes[11], 3);
	T_CHECK(!s->broken, "broken");
	T_CHECK(wire_adspec_find(a, 6)->broken, "not broken");
	T_EQ(wire_adspec_find(a, 6)->data_view.len, 0);
	expect_same_octets();
}

static void
parameters_are_taken_in_any_order(void)
{
	static const uint32_t words[] = { 21, 0x01000008, 0x0a000001, 1500,
		0x08000001, 100, 0x06000001, 0x49989680, 0x04000001, 2,
		0x0200000b, 0x63000000, 0x0a000001, 576, 0x88000001, 14,
		0x87000001, 13, 0x86000001, 12, 0x85000001, 11 };
	struct wire_adspec *a = decode_adspec(words, 22);
	struct wire_adspec_service *gs = wire_adspec_find(a, WIRE_SERVICE_GS);

	T_EQ(a->general.hops, 2);
	T_EQ(a->general.mtu, 1500);
	T_EQ(gs->Ctot, 11);
	T_EQ(gs->Dsum, 14);
	T_EQ(gs->overrides.mtu, 576);
	T_CHECK(encode(), "not encoded");
	T_EQ(out.len, packet.len - 4); /* parameter 99 is passed over */
}

static void
guaranteed_sums_are_guaranteeds_only(void)
{
	static const uint32_t words[] = { 12, 0x01000008, GENERAL, 0x05000002,
		0x85000001, 11 };
	struct wire_adspec *a = decode_adspec(words, 13);

	T_CHECK(!a->services[0].gs_terms, "terms of Controlled-Load");
	a->services[0].gs_terms = true;
	T_CHECK(encode(), "not encoded");
	T_EQ(out.len, packet.len - 8);
}

static const struct {
	const char *what;
	size_t count;
	uint32_t words[32];
} bad_adspecs[] = {
	{ "nothing", 0, { 0 } },
	{ "message header only", 1, { 0 } },
	{ "version 2", 10, { 0x20000009, 0x01000008, GENERAL } },
	{ "message a word too long", 10, { 10, 0x01000008, GENERAL } },
	{ "message a word too short", 10, { 8, 0x01000008, GENERAL } },
	{ "no general fragment", 2, { 1, 0x05000000 } },
	{ "general fragment second", 11,
		{ 10, 0x05000000, 0x01000008, GENERAL } },
	{ "general fragment twice", 12,
		{ 11, 0x01000008, GENERAL, 0x01000000, 0 } },
	{ "general fragment empty, not broken", 2, { 1, 0x01000000 } },
	{ "no MTU, not broken", 8,
		{ 7, 0x01000006, 0x04000001, 2, 0x06000001, 0x49989680,
			0x08000001, 100 } },
	{ "fragment past the end", 11,
		{ 10, 0x01000008, GENERAL, 0x05000001 } },
	{ "unknown fragment past the end", 11,
		{ 10, 0x01000008, GENERAL, 0x06000001 } },
	{ "hops of no words", 9,
		{ 8, 0x01000007, 0x04000000, 0x06000001, 0x49989680, 0x08000001,
			100, 0x0a000001, 1500 } },
	{ "hops of two words", 11,
		{ 10, 0x01000009, 0x04000002, 2, 2, 0x06000001, 0x49989680,
			0x08000001, 100, 0x0a000001, 1500 } },
	{ "hops twice", 12, { 11, 0x0100000a, 0x04000001, 2, GENERAL } },
	{ "override twice", 15,
		{ 14, 0x01000008, GENERAL, 0x05000004, 0x0a000001, 576,
			0x0a000001, 576 } },
	{ "parameter past its fragment", 12,
		{ 11, 0x01000008, GENERAL, 0x05000001, 0x0a000001 } },
	{ "unknown parameter past its fragment", 12,
		{ 11, 0x01000008, GENERAL, 0x05000001, 0x63000001 } },
	{ "fragment of half a parameter", 12,
		{ 11, 0x01000008, GENERAL, 0x05000001, 0x0a000002 } },
	{ "three of the four GS sums", 17,
		{ 16, 0x01000008, GENERAL, 0x02000006, 0x85000001, 11,
			0x86000001, 12, 0x87000001, 13 } },
	{ "a GS sum twice", 21,
		{ 20, 0x01000008, GENERAL, 0x0200000a, 0x85000001, 11, SUMS } },
	{ "a GS sum of two words", 20,
		{ 19, 0x01000008, GENERAL, 0x02000009, 0x85000002, 11, 11,
			0x86000001, 12, 0x87000001, 13, 0x88000001, 14 } },
	{ "services in falling order", 12,
		{ 11, 0x01000008, GENERAL, 0x05000000, 0x02800000 } },
	{ "a service twice", 12,
		{ 11, 0x01000008, GENERAL, 0x05000000, 0x05000000 } },
	{ "service 0", 11, { 10, 0x01000008, GENERAL, 0x00000000 } },
};

static void
broken_adspecs_are_marked(void)
{
	for (size_t i = 0; i < sizeof(bad_adspecs) / sizeof(bad_adspecs[0]);
		i++) {
		struct wire_adspec a;
		struct wire_view view;

		decode(WIRE_C_ADSPEC, bad_adspecs[i].words,
			bad_adspecs[i].count);
		T_CHECK(obj.malformed, "%s: not marked", bad_adspecs[i].what);
		T_EQ(obj.adspec.service_count, 0);
		view = obj.whole;
		T_CHECK(!wire_adspec_decode(view, &a), "%s: decoded",
			bad_adspecs[i].what);
	}
}

static void
surplus_services_read_as_not_to_be_used(void)
{
	uint32_t words[10 + 12] = { 9 + 12, 0x01000008, GENERAL };

	for (uint32_t i = 0; i < 12; i++)
		words[10 + i] = (i + 2) << 24;

	struct wire_adspec *a = decode_adspec(words, 22);

	T_EQ(a->service_count, WIRE_SERVICES_MAX);
	T_CHECK(wire_adspec_find(a, WIRE_SERVICE_GS), "GS");
	T_CHECK(wire_adspec_find(a, WIRE_SERVICE_CL), "CL");
	T_CHECK(wire_adspec_find(a, 9), "the last one");
	T_CHECK(!wire_adspec_find(a, 10), "one too many");
	T_CHECK(encode(), "not encoded");
	T_EQ(out.len, packet.len - 16);
}

static void
a_stored_adspec_is_decoded_alone(void)
{
	static const uint32_t words[] = { 19, 0x01000008, GENERAL, 0x02000008,
		SUMS, 0x05000000 };
	struct wire_adspec a;
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	decode(WIRE_C_ADSPEC, words, 20);
	T_CHECK(wire_adspec_decode(obj.whole, &a), "refused");
	T_CHECK(wire_adspec_encode(&w, &a), "not encoded");
	T_EQ(buf_written(&w), packet.len);
	T_CHECK(memcmp(out.bytes, packet.bytes, packet.len) == 0, "octets");
	for (size_t len = 0; len < packet.len; len++) {
		w = buf_writer(out.bytes, len);
		T_CHECK(!wire_adspec_encode(&w, &a), "fits in %zu", len);
		T_CHECK(!wire_adspec_decode(
				(struct wire_view){ packet.bytes, len }, &a),
			"%zu octets decoded", len);
	}
	T_CHECK(!wire_adspec_decode(
			(struct wire_view){ packet.bytes, packet.len + 4 }, &a),
		"more than an object");
	packet.len = 0;
	t_add(&packet, WIRE_C_TIME_VALUES, 4);
	T_CHECK(!wire_adspec_decode(
			(struct wire_view){ packet.bytes, packet.len }, &a),
		"another class");
}

static struct wire_adspec
plain_adspec(void)
{
	return (struct wire_adspec){ .general = {
					     .present = WIRE_GENERAL_ALL } };
}

static void
expect_not_sent(const struct wire_adspec *a, const char *what)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_CHECK(!wire_adspec_encode(&w, a), "%s: sent", what);
}

static void
an_adspec_out_of_order_is_not_sent(void)
{
	struct wire_adspec a = plain_adspec();
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_CHECK(wire_adspec_encode(&w, &a), "the plain one");
	a.general.present = WIRE_GENERAL_ALL & ~WIRE_GENERAL_MTU;
	expect_not_sent(&a, "general fragment without MTU");
	a.general.present = WIRE_GENERAL_ALL;
	a.service_count = 2;
	a.services[0].service = WIRE_SERVICE_CL;
	a.services[1].service = WIRE_SERVICE_GS;
	expect_not_sent(&a, "services in falling order");
	a.services[1].service = WIRE_SERVICE_CL;
	expect_not_sent(&a, "a service twice");
	a.services[0].service = WIRE_SERVICE_GENERAL;
	expect_not_sent(&a, "service 1 again");
}

/* The service's own value, wherever its fragment stands, else the general. */
static void
a_service_has_its_own_mtu_or_the_general_one(void)
{
	struct wire_adspec adspec = { .general = { .present = WIRE_GENERAL_ALL,
					      .mtu = 1500 },
		.service_count = 2,
		.services = { { .service = WIRE_SERVICE_GS,
				      .overrides = { .mtu = 900 } },
			{ .service = WIRE_SERVICE_CL,
				.overrides = { .present = WIRE_GENERAL_MTU,
					.mtu = 1400 } } } };

	T_EQ(wire_adspec_mtu(&adspec, WIRE_SERVICE_CL), 1400);
	T_EQ(wire_adspec_mtu(&adspec, WIRE_SERVICE_GS), 1500);
	adspec.service_count = 1;
	T_EQ(wire_adspec_mtu(&adspec, WIRE_SERVICE_CL), 1500);
}

static struct t_case cases[] = {
	{ "a SENDER_TSPEC is service 1 with parameter 127",
		a_tspec_is_service_1_parameter_127 },
	{ "a Controlled-Load FLOWSPEC is service 5 with parameter 127",
		a_cl_flowspec_is_service_5 },
	{ "a Guaranteed FLOWSPEC is service 2 with parameters 127 and 130",
		a_gs_flowspec_is_service_2_with_an_rspec },
	{ "a FLOWSPEC of an unknown service is well framed and not sent",
		an_unknown_service_is_well_framed },
	{ "broken framing of a Tspec or flowspec is marked",
		broken_framing_is_marked },
	{ "floats of all kinds are kept bit by bit",
		floats_are_kept_bit_by_bit },
	{ "each field of a flowspec is compared",
		each_field_of_a_flowspec_is_compared },
	{ "a full ADSPEC decodes and encodes", a_full_adspec_comes_back },
	{ "break bits are kept for each fragment",
		break_bits_are_per_fragment },
	{ "an empty Guaranteed fragment has no terms",
		an_empty_gs_fragment_has_no_terms },
	{ "an empty general fragment is taken when it is broken",
		an_empty_broken_general_fragment_is_taken },
	{ "services override general parameters",
		services_override_general_parameters },
	{ "fragments of unknown services are kept", unknown_services_are_kept },
	{ "parameters are taken in any order, unknown ones passed over",
		parameters_are_taken_in_any_order },
	{ "sums of Guaranteed in another service are passed over",
		guaranteed_sums_are_guaranteeds_only },
	{ "broken framing of an ADSPEC is marked", broken_adspecs_are_marked },
	{ "surplus services are left out, which says not to use them",
		surplus_services_read_as_not_to_be_used },
	{ "a stored ADSPEC is decoded and encoded alone",
		a_stored_adspec_is_decoded_alone },
	{ "a service has its own MTU or the general one",
		a_service_has_its_own_mtu_or_the_general_one },
	{ "an ADSPEC that is incomplete or out of order is not sent",
		an_adspec_out_of_order_is_not_sent },
};

T_MAIN(cases)
