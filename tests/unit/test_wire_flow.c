/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

static struct t_packet packet;
static struct t_packet out;
static struct wire_msg msg;
static struct wire_msg again;

enum { NO_STYLE = 0x1f };

/* Adds flow descriptor objects: s FLOWSPEC CL, g FLOWSPEC GS, f FILTER_SPEC
 * whose port is its number, b and c FLOWSPECs with broken framing, n
 * Null Service. */
static void
add_flows(const char *list)
{
	static const uint32_t gs[] = { 10, 0x02000009, 0x7f000005, 0x47f42400,
		0x467a0000, 0x48742400, 64, 1500, 0x82000002, 0x48127c00, 0 };
	static const uint32_t broken[] = { 9, 0x05000006 };
	static const uint32_t null[] = { 3, 0x06000002, 0x80000001, 1500 };

	for (uint32_t n = 0; *list != '\0'; list++)
		switch (*list) {
		case 's':
			t_add(&packet, WIRE_C_FLOWSPEC, 4);
			break;
		case 'g':
			t_words(&packet, WIRE_C_FLOWSPEC, 2, gs, 11);
			break;
		case 'b':
			t_words(&packet, WIRE_C_FLOWSPEC, 2, broken, 2);
			break;
		case 'c':
			t_words(&packet, WIRE_C_FLOWSPEC, 2, broken, 1);
			break;
		case 'n':
			t_words(&packet, WIRE_C_FLOWSPEC, 2, null, 4);
			break;
		default:
			t_words(&packet, WIRE_C_FILTER, 1,
				(const uint32_t[]){ 0x0a010100 + n + 1, n + 1 },
				2);
			n++;
			break;
		}
}

static enum wire_fault
decode(uint8_t type, uint32_t style, const char *list)
{
	t_begin(&packet, type);
	t_add(&packet, WIRE_C_SESSION, 4);
	if (type != WIRE_RESV_CONF)
		t_add(&packet, WIRE_C_HOP, 4);
	if (type == WIRE_RESV)
		t_add(&packet, WIRE_C_TIME_VALUES, 4);
	if (type == WIRE_RESV_ERR || type == WIRE_RESV_CONF)
		t_add(&packet, WIRE_C_ERROR, 4);
	if (type == WIRE_RESV_CONF)
		t_add(&packet, WIRE_C_CONFIRM, 4);
	t_words(&packet, WIRE_C_STYLE, 1, &style, 1);
	add_flows(list);
	t_end(&packet);
	return t_decode(&packet, &msg);
}

/* Encodes what was decoded; what comes of it is the same message. */
static void
expect_round_trip(const char *what)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_CHECK(wire_msg_encode(&w, &msg), "%s: not encoded", what);
	out.len = buf_written(&w);
	T_EQ(wire_msg_decode(out.bytes, out.len, &again), WIRE_OK);
	t_same(&msg, &again);
}

enum { REFUSED = 99 };
enum { WF = WIRE_STYLE_WF, FF = WIRE_STYLE_FF, SE = WIRE_STYLE_SE };

/* How many flow descriptors come of a list in each kind of message. */
static const struct {
	uint32_t style;
	const char *list;
	size_t resv; /* and ResvConf */
	size_t err;
	size_t tear;
} lists[] = {
	{ WF, "", REFUSED, 0, 1 },
	{ WF, "s", 1, 1, 1 },
	{ WF, "ss", REFUSED, REFUSED, REFUSED },
	{ WF, "f", REFUSED, REFUSED, REFUSED },
	{ WF, "sf", REFUSED, REFUSED, REFUSED },
	{ FF, "", REFUSED, 0, REFUSED },
	{ FF, "s", REFUSED, REFUSED, REFUSED },
	{ FF, "f", REFUSED, REFUSED, 1 },
	{ FF, "sf", 1, 1, 1 },
	{ FF, "fs", REFUSED, REFUSED, REFUSED },
	{ FF, "ff", REFUSED, REFUSED, 2 },
	{ FF, "sff", 2, REFUSED, 2 },
	{ FF, "sfgf", 2, REFUSED, 2 },
	{ FF, "fsf", REFUSED, REFUSED, 2 },
	{ FF, "ssf", REFUSED, REFUSED, REFUSED },
	{ FF, "sfs", REFUSED, REFUSED, REFUSED },
	{ FF, "sfssf", REFUSED, REFUSED, REFUSED },
	{ FF, "sffgff", 4, REFUSED, 4 },
	{ SE, "", REFUSED, 0, REFUSED },
	{ SE, "s", REFUSED, REFUSED, REFUSED },
	{ SE, "f", REFUSED, REFUSED, 1 },
	{ SE, "sf", 1, 1, 1 },
	{ SE, "sff", 2, 2, 2 },
	{ SE, "ff", REFUSED, REFUSED, 2 },
	{ SE, "ssf", REFUSED, REFUSED, REFUSED },
	{ SE, "sfs", REFUSED, REFUSED, REFUSED },
	{ SE, "sfsf", REFUSED, REFUSED, REFUSED },
	{ SE, "fs", REFUSED, REFUSED, REFUSED },
	{ SE, "fsf", REFUSED, REFUSED, REFUSED },
};

static void
expect_list(size_t row, uint8_t type, size_t want)
{
	enum wire_fault fault = decode(type, lists[row].style, lists[row].list);
	char what[64];

	snprintf(what, sizeof(what), "%s %s \"%s\"", wire_type_text(type),
		wire_style_text(lists[row].style), lists[row].list);
	if (want == REFUSED) {
		T_CHECK(fault == WIRE_FLOW_COUNT, "%s: %s", what,
			wire_fault_text(fault));
		return;
	}
	T_CHECK(fault == WIRE_OK, "%s: %s", what, wire_fault_text(fault));
	T_CHECK(msg.flow_count == want, "%s: %zu", what, msg.flow_count);
	expect_round_trip(what);
}

static void
lists_fit_their_style(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		expect_list(i, WIRE_RESV, lists[i].resv);
		expect_list(i, WIRE_RESV_CONF, lists[i].resv);
		expect_list(i, WIRE_RESV_ERR, lists[i].err);
		expect_list(i, WIRE_RESV_TEAR, lists[i].tear);
	}
}

static void
ff_fills_in_an_omitted_flowspec(void)
{
	T_EQ(decode(WIRE_RESV, FF, "sffgff"), WIRE_OK);
	for (size_t i = 0; i < 4; i++) {
		const struct wire_flow *flow = &msg.flows[i];

		T_CHECK(flow->has_flowspec && flow->has_filter, "flow %zu", i);
		T_EQ(flow->filter.src_port, i + 1);
		T_EQ(flow->filter.src.b[3], i + 1);
		T_EQ(flow->flowspec.service,
			i < 2 ? WIRE_SERVICE_CL : WIRE_SERVICE_GS);
		T_EQ(flow->flowspec_view.len, 0);
	}
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len);
	T_CHECK(memcmp(out.bytes, packet.bytes, out.len) == 0, "octets differ");
}

static void
ff_leaves_out_a_repeated_flowspec(void)
{
	T_EQ(decode(WIRE_RESV, FF, "sfsf"), WIRE_OK);
	T_EQ(msg.flow_count, 2);
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len - 36);
	msg.flows[1].flowspec.tspec.m++;
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len);
}

static void
se_repeats_its_flowspec(void)
{
	T_EQ(decode(WIRE_RESV, SE, "sfff"), WIRE_OK);
	T_EQ(msg.flow_count, 3);
	for (size_t i = 0; i < 3; i++) {
		T_CHECK(msg.flows[i].has_flowspec, "flow %zu", i);
		T_EQ(msg.flows[i].flowspec.service, WIRE_SERVICE_CL);
		T_EQ(msg.flows[i].filter.src_port, i + 1);
	}
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len);
	msg.flows[2].flowspec.service = WIRE_SERVICE_GS; /* not looked at */
	t_encode(&msg, &out);
	T_EQ(out.len, packet.len);
}

static void
wf_has_no_filter(void)
{
	T_EQ(decode(WIRE_RESV, WF, "g"), WIRE_OK);
	T_CHECK(msg.flows[0].has_flowspec && !msg.flows[0].has_filter, "flow");
	T_EQ(msg.flows[0].flowspec.service, WIRE_SERVICE_GS);
}

static void
a_tear_may_leave_out_flowspecs(void)
{
	T_EQ(decode(WIRE_RESV_TEAR, FF, "ff"), WIRE_OK);
	T_EQ(msg.flow_count, 2);
	T_CHECK(!msg.flows[0].has_flowspec && !msg.flows[1].has_flowspec,
		"a flowspec appeared");
	T_EQ(decode(WIRE_RESV_TEAR, WF, ""), WIRE_OK);
	T_EQ(msg.flow_count, 1);
	T_CHECK(!msg.flows[0].has_flowspec && !msg.flows[0].has_filter,
		"something appeared");
	T_EQ(decode(WIRE_RESV_TEAR, FF, "fsf"), WIRE_OK);
	T_CHECK(!msg.flows[0].has_flowspec && msg.flows[1].has_flowspec,
		"the first or the second");
}

static void
descriptors_up_to_the_limit_are_kept(void)
{
	static const size_t counts[] = { 1, 2, 3, 16, 63, 64, 65, 66, 255,
		5454 };
	static const uint32_t styles[] = { FF, SE };
	static char list[8192];

	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]);
			i++) {
			size_t n = counts[i];
			size_t kept = n < WIRE_FLOWS_MAX ? n : WIRE_FLOWS_MAX;

			list[0] = 's';
			memset(list + 1, 'f', n);
			list[n + 1] = '\0';
			T_EQ(decode(WIRE_RESV, styles[s], list), WIRE_OK);
			T_EQ(msg.flow_count, kept);
			T_EQ(msg.flows_ignored, n - kept);
			T_EQ(msg.flows[kept - 1].filter.src_port, kept);
			msg.flows_ignored = 0;
			expect_round_trip("many");
		}
}

/* As many as fit in a message, each with a flowspec of its own. */
static void
the_last_descriptor_of_many_is_still_checked(void)
{
	static char list[4096];
	size_t n = 0;

	for (; n < 2 * 1200; n += 2) {
		list[n] = n % 4 != 0 ? 's' : 'g';
		list[n + 1] = 'f';
	}
	list[n] = '\0';
	T_EQ(decode(WIRE_RESV, FF, list), WIRE_OK);
	T_EQ(msg.flow_count + msg.flows_ignored, 1200);
	list[n] = 's';
	T_EQ(decode(WIRE_RESV, FF, list), WIRE_FLOW_COUNT);
	list[n] = 'b';
	list[n + 1] = 'f';
	T_EQ(decode(WIRE_RESV, FF, list), WIRE_OK);
	T_CHECK(msg.flowspec_malformed, "the last one was not looked at");
}

static void
an_unknown_style_takes_any_list(void)
{
	static const char *const any[] = { "", "s", "f", "sf", "ss", "ssf",
		"fs", "sffss" };
	static const size_t want[] = { 0, 1, 1, 1, 2, 2, 2, 4 };

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

		T_EQ(decode(WIRE_RESV, NO_STYLE, any[i]), WIRE_OK);
		T_EQ(msg.style, NO_STYLE);
		T_EQ(msg.flow_count, want[i]);
		T_CHECK(!wire_msg_encode(&w, &msg), "%s: sent", any[i]);
		T_EQ(decode(WIRE_RESV_ERR, NO_STYLE, any[i]), WIRE_OK);
		expect_round_trip(any[i]);
	}
}

static void
reserved_bits_of_a_style_are_masked(void)
{
	T_EQ(decode(WIRE_RESV, 0xffffffe0 | FF, "sff"), WIRE_OK);
	T_EQ(msg.style, FF);
	T_EQ(msg.style_vector, 0xffffe0 | FF);
	T_EQ(msg.flow_count, 2);
	expect_round_trip("reserved bits");
	T_EQ(decode(WIRE_RESV, 0xffffffe0 | FF, "ff"), WIRE_FLOW_COUNT);
	T_EQ(decode(WIRE_RESV, FF, "sff"), WIRE_OK);
	t_encode(&msg, &out);
	T_EQ(wire_msg_decode(out.bytes, out.len, &again), WIRE_OK);
	T_EQ(again.style_vector, FF);
}

static void
a_flowspec_that_is_not_understood_is_sent_back_as_it_came(void)
{
	static const char *const list[] = { "bf", "nf" };

	for (size_t i = 0; i < 2; i++) {
		T_EQ(decode(WIRE_RESV_ERR, FF, list[i]), WIRE_OK);
		T_EQ(msg.flow_count, 1);
		T_EQ(msg.flowspec_malformed, i == 0);
		T_EQ(msg.flows[0].flowspec.service, i == 0 ? 0 : 6);
		T_EQ(msg.flows[0].flowspec_view.len, i == 0 ? 12 : 20);
		t_encode(&msg, &out);
		T_CHECK(out.len == packet.len &&
				memcmp(out.bytes, packet.bytes, out.len) == 0,
			"octets differ");
	}
	T_EQ(decode(WIRE_RESV, FF, "sfbfnf"), WIRE_OK);
	T_EQ(msg.flows[0].flowspec_view.len, 0);
	T_EQ(msg.flows[1].flowspec_view.len, 12);
	T_EQ(msg.flows[2].flowspec_view.len, 20);
	expect_round_trip("three kinds");
	T_EQ(decode(WIRE_RESV, FF, "bfcf"), WIRE_OK);
	expect_round_trip("two kinds of broken framing");
}

static void
descriptors_that_do_not_fit_are_not_sent(void)
{
	struct buf_writer w = buf_writer(out.bytes, sizeof(out.bytes));

	T_EQ(decode(WIRE_RESV, WF, "s"), WIRE_OK);
	msg.flow_count = 2;
	msg.flows[1] = msg.flows[0];
	T_CHECK(!wire_msg_encode(&w, &msg), "WF with two flowspecs");
	T_EQ(decode(WIRE_RESV, FF, "sf"), WIRE_OK);
	msg.flows[0].has_flowspec = false;
	w = buf_writer(out.bytes, sizeof(out.bytes));
	T_CHECK(!wire_msg_encode(&w, &msg), "FF without a flowspec");
	T_EQ(decode(WIRE_RESV, FF, "sf"), WIRE_OK);
	msg.flows[0].has_filter = false;
	w = buf_writer(out.bytes, sizeof(out.bytes));
	T_CHECK(!wire_msg_encode(&w, &msg), "FF without a filter");
	T_EQ(decode(WIRE_RESV, FF, "sf"), WIRE_OK);
	msg.flow_count = 0;
	w = buf_writer(out.bytes, sizeof(out.bytes));
	T_CHECK(!wire_msg_encode(&w, &msg), "FF without anything");
}

static struct t_case cases[] = {
	{ "a flow descriptor list fits its style and message",
		lists_fit_their_style },
	{ "FF fills in an omitted FLOWSPEC", ff_fills_in_an_omitted_flowspec },
	{ "FF leaves out a FLOWSPEC that repeats the last",
		ff_leaves_out_a_repeated_flowspec },
	{ "SE repeats its FLOWSPEC for each filter", se_repeats_its_flowspec },
	{ "WF has a FLOWSPEC and no filter", wf_has_no_filter },
	{ "a ResvTear may leave out FLOWSPECs",
		a_tear_may_leave_out_flowspecs },
	{ "flow descriptors up to the limit are kept, more are counted",
		descriptors_up_to_the_limit_are_kept },
	{ "the last descriptor of a full message is still checked",
		the_last_descriptor_of_many_is_still_checked },
	{ "an unknown style takes any list and is only sent back",
		an_unknown_style_takes_any_list },
	{ "reserved bits of a style are masked",
		reserved_bits_of_a_style_are_masked },
	{ "a FLOWSPEC that is not understood is sent back as it came",
		a_flowspec_that_is_not_understood_is_sent_back_as_it_came },
	{ "flow descriptors that do not fit the style are not sent",
		descriptors_that_do_not_fit_are_not_sent },
};

T_MAIN(cases)
