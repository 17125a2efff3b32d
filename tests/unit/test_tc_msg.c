/* SPDX-License-Identifier: ISC */
#include "t.h"
#include "tcctl/tcctl.h"

enum { SERIAL = 0x01020304, BYTES = 16384 };

/* A generator of its own, so that a failure can be repeated from its seed. */
static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static struct addr
some_addr(uint8_t family, uint8_t from)
{
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(from + i);
	return family == ADDR_V4 ? addr_v4(bytes) : addr_v6(bytes);
}

/* Every member different, so that two swapped fields show. */
static const struct tc_iface iface = { .ifindex = 7,
	.name = "eth0.12345",
	.link_Bps = 0x1122334455667788,
	.best_effort_Bps = 62500,
	.control_Bps = 12500,
	.mtu = 1500,
	.header_bytes = 14,
	.overhead_bytes = 24,
	.min_frame_bytes = 84,
	.timer_us = 200,
	.pool_low = 64,
	.pool_high = 256,
	.take_over = true,
	.classifier = TC_CLASSIFIER_FLOWER,
	.ingress_Bps = 1234567,
	.gso_segs = 21,
	.gro_octets = 30001 };

static struct tc_flow
some_flow(size_t filters)
{
	struct tc_flow flow = { .id = 0xcafe,
		.ifindex = 7,
		.service = TC_SERVICE_CL,
		.rate_Bps = 125000,
		.peak_Bps = 0x100000000,
		.bucket_bytes = 3000,
		.max_packet_bytes = 1538,
		.min_packet_bytes = 84,
		.buffer_bytes = 20000,
		.token_Bps = 90000,
		.filter_count = filters };

	for (size_t i = 0; i < filters; i++) {
		uint8_t family = i % 2 ? ADDR_V6 : ADDR_V4;

		flow.filters[i] = (struct tc_filter){ .dst = some_addr(family,
							      (uint8_t)(1 + i)),
			.src = some_addr(family, (uint8_t)(101 + i)),
			.proto = 17,
			.dst_port = (uint16_t)(5000 + i),
			.src_port = (uint16_t)(6000 + i),
			.by_label = i % 2 != 0,
			.flow_label = (uint32_t)(0xabc00 + i),
			.spi = (uint32_t)(0xdef000 + i) };
		if (i % 3 == 2)
			flow.filters[i].src = (struct addr){ 0 };
	}
	return flow;
}

static const struct tc_done done = { .error = 17,
	.text = "step 2 of 3, add filter: File exists",
	.flow_id = 0xcafe,
	.classid = 0x520100 };

static const struct tc_counter counter = { .flow_id = 0xcafe,
	.ifindex = 7,
	.classid = 0x520100,
	.bytes = 0x1020304050607080,
	.packets = 0x2030405060708090,
	.drops = 3,
	.backlog_bytes = 4242,
	.demoted = true,
	.marks_out = true,
	.hidden_counted = true,
	.hidden_fragments = 0x3040506070809000,
	.hidden_extensions = 0x4050607080900010 };

static const struct tc_flow_mark flow_mark = { .flow_id = 0xcafe,
	.ifindex = 7,
	.as = { .marks = true, .dscp = 46, .marks_out = true, .dscp_out = 8 } };

/* One of each message with a body; returns what was written. */
static size_t
write_message(unsigned which, void *bytes, size_t size)
{
	struct buf_writer w = buf_writer(bytes, size);
	const struct tc_flow flow = some_flow(5);
	const struct tc_counters_query query = { .ifindex = 7, .flow_id = 9 };

	switch (which) {
	case 0:
		tc_put_iface(&w, SERIAL, &iface);
		break;
	case 1:
		tc_put_iface_off(&w, SERIAL, 7);
		break;
	case 2:
		tc_put_flow(&w, TC_MSG_FLOW_ADD, SERIAL, &flow);
		break;
	case 3:
		tc_put_flow(&w, TC_MSG_FLOW_DEL, SERIAL, &flow);
		break;
	case 4:
		tc_put_done(&w, SERIAL, &done);
		break;
	case 5:
		tc_put_counters(&w, SERIAL, &query);
		break;
	case 6:
		tc_put_counter(&w, SERIAL, &counter);
		break;
	case 10:
		tc_put_flow_mark(&w, SERIAL, &flow_mark);
		break;
	case 8:
		tc_put_lost(&w, &(struct tc_lost){ 7, "somebody else's" });
		break;
	case 9:
		tc_put_drift(
			&w, &(struct tc_drift_report){ 7, 4711, 5, "changed" });
		break;
	default:
		tc_put_note(&w, "52: on eth0 was removed");
		break;
	}
	return w.failed ? 0 : buf_written(&w);
}

enum { MESSAGES = 11 };

/* Read a message as what its type says. */
static bool
read_message(const struct msg *m)
{
	struct tc_iface i;
	uint32_t ifindex;
	struct tc_flow f;
	struct tc_done d;
	struct tc_counters_query q;
	struct tc_counter c;
	struct tc_lost lost;
	struct tc_flow_mark mark;
	struct tc_drift_report drift;
	char text[TC_TEXT];

	switch (m->type) {
	case TC_MSG_IFACE:
		return tc_get_iface(m, &i);
	case TC_MSG_IFACE_OFF:
		return tc_get_iface_off(m, &ifindex);
	case TC_MSG_FLOW_ADD:
	case TC_MSG_FLOW_CHANGE:
	case TC_MSG_FLOW_DEL:
	case TC_MSG_ADOPTED:
		return tc_get_flow(m, &f);
	case TC_MSG_DONE:
		return tc_get_done(m, &d);
	case TC_MSG_COUNTERS:
		return tc_get_counters(m, &q);
	case TC_MSG_COUNTER:
		return tc_get_counter(m, &c);
	case TC_MSG_FLOW_MARK:
		return tc_get_flow_mark(m, &mark);
	case TC_MSG_LOST:
		return tc_get_lost(m, &lost);
	case TC_MSG_DRIFT:
		return tc_get_drift(m, &drift);
	default:
		return tc_get_note(m, text);
	}
}

static struct msg
only_message(const void *bytes, size_t len)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct msg m = { 0 };

	T_CHECK(msg_next(&r, &m), "no message in %zu octets", len);
	T_EQ(m.serial, SERIAL);
	T_EQ(buf_left(&r), 0);
	return m;
}

static void
iface_survives(void)
{
	uint8_t bytes[BYTES];
	struct msg m =
		only_message(bytes, write_message(0, bytes, sizeof(bytes)));
	struct tc_iface got;

	T_EQ(m.type, TC_MSG_IFACE);
	T_CHECK(tc_get_iface(&m, &got), "not read");
	T_EQ(got.ifindex, iface.ifindex);
	T_STR(got.name, iface.name);
	T_EQ(got.link_Bps, iface.link_Bps);
	T_EQ(got.best_effort_Bps, iface.best_effort_Bps);
	T_EQ(got.control_Bps, iface.control_Bps);
	T_EQ(got.mtu, iface.mtu);
	T_EQ(got.header_bytes, iface.header_bytes);
	T_EQ(got.overhead_bytes, iface.overhead_bytes);
	T_EQ(got.min_frame_bytes, iface.min_frame_bytes);
	T_EQ(got.timer_us, iface.timer_us);
	T_EQ(got.pool_low, iface.pool_low);
	T_EQ(got.pool_high, iface.pool_high);
	T_EQ(got.take_over, true);
	T_EQ(got.classifier, TC_CLASSIFIER_FLOWER);
	T_EQ(got.ingress_Bps, 1234567);
	T_EQ(got.gso_segs, 21);
	T_EQ(got.gro_octets, 30001);

	uint32_t ifindex = 0;

	m = only_message(bytes, write_message(1, bytes, sizeof(bytes)));
	T_EQ(m.type, TC_MSG_IFACE_OFF);
	T_CHECK(tc_get_iface_off(&m, &ifindex), "not read");
	T_EQ(ifindex, 7);
}

static void
flow_mark_survives(void)
{
	uint8_t bytes[BYTES];
	struct msg m =
		only_message(bytes, write_message(10, bytes, sizeof(bytes)));
	struct tc_flow_mark got;

	T_EQ(m.type, TC_MSG_FLOW_MARK);
	T_CHECK(tc_get_flow_mark(&m, &got), "not read");
	T_EQ(got.flow_id, flow_mark.flow_id);
	T_EQ(got.ifindex, flow_mark.ifindex);
	T_EQ(got.as.marks, true);
	T_EQ(got.as.dscp, 46);
	T_EQ(got.as.marks_out, true);
	T_EQ(got.as.dscp_out, 8);
}

static void
check_filter(const struct tc_filter *got, const struct tc_filter *want)
{
	T_CHECK(addr_equal(&got->dst, &want->dst), "dst");
	T_CHECK(addr_equal(&got->src, &want->src), "src");
	T_EQ(got->proto, want->proto);
	T_EQ(got->dst_port, want->dst_port);
	T_EQ(got->src_port, want->src_port);
	T_EQ(got->by_label, want->by_label);
	T_EQ(got->flow_label, want->flow_label);
	T_EQ(got->spi, want->spi);
}

static void
flow_survives(void)
{
	static const size_t counts[] = { 1, 5, TC_FILTERS_MAX };
	uint8_t bytes[BYTES];

	for (size_t n = 0; n < 3; n++) {
		const struct tc_flow flow = some_flow(counts[n]);
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct tc_flow got;

		tc_put_flow(&w, TC_MSG_FLOW_CHANGE, SERIAL, &flow);
		T_CHECK(!w.failed, "does not fit");

		struct msg m = only_message(bytes, buf_written(&w));

		T_EQ(m.type, TC_MSG_FLOW_CHANGE);
		T_CHECK(tc_get_flow(&m, &got), "not read");
		T_EQ(got.id, flow.id);
		T_EQ(got.ifindex, flow.ifindex);
		T_EQ(got.service, flow.service);
		T_EQ(got.rate_Bps, flow.rate_Bps);
		T_EQ(got.peak_Bps, flow.peak_Bps);
		T_EQ(got.bucket_bytes, flow.bucket_bytes);
		T_EQ(got.max_packet_bytes, flow.max_packet_bytes);
		T_EQ(got.min_packet_bytes, flow.min_packet_bytes);
		T_EQ(got.buffer_bytes, flow.buffer_bytes);
		T_EQ(got.token_Bps, flow.token_Bps);
		T_EQ(got.filter_count, flow.filter_count);
		for (size_t i = 0; i < flow.filter_count; i++)
			check_filter(&got.filters[i], &flow.filters[i]);
	}
}

static void
removal_names_the_flow_only(void)
{
	uint8_t bytes[BYTES];
	struct msg m =
		only_message(bytes, write_message(3, bytes, sizeof(bytes)));
	struct tc_flow got;

	T_CHECK(tc_get_flow(&m, &got), "not read");
	T_EQ(got.id, 0xcafe);
	T_EQ(got.ifindex, 7);
	T_EQ(got.filter_count, 0);
	m.type = TC_MSG_FLOW_ADD;
	T_CHECK(!tc_get_flow(&m, &got), "an empty flow was taken");
}

static void
answers_survive(void)
{
	uint8_t bytes[BYTES];
	struct tc_done d;
	struct tc_counter c;
	struct tc_counters_query q;
	struct msg m =
		only_message(bytes, write_message(4, bytes, sizeof(bytes)));

	T_CHECK(tc_get_done(&m, &d), "DONE not read");
	T_EQ(d.error, done.error);
	T_STR(d.text, done.text);
	T_EQ(d.flow_id, done.flow_id);
	T_EQ(d.classid, done.classid);
	m = only_message(bytes, write_message(6, bytes, sizeof(bytes)));
	T_CHECK(tc_get_counter(&m, &c), "COUNTER not read");
	T_EQ(c.flow_id, counter.flow_id);
	T_EQ(c.ifindex, counter.ifindex);
	T_EQ(c.classid, counter.classid);
	T_EQ(c.bytes, counter.bytes);
	T_EQ(c.packets, counter.packets);
	T_EQ(c.drops, counter.drops);
	T_EQ(c.backlog_bytes, counter.backlog_bytes);
	T_EQ(c.demoted, counter.demoted);
	T_EQ(c.marks_out, counter.marks_out);
	T_EQ(c.hidden_counted, true);
	T_EQ(c.hidden_fragments, counter.hidden_fragments);
	T_EQ(c.hidden_extensions, counter.hidden_extensions);
	m = only_message(bytes, write_message(5, bytes, sizeof(bytes)));
	T_CHECK(tc_get_counters(&m, &q), "COUNTERS not read");
	T_EQ(q.ifindex, 7);
	T_EQ(q.flow_id, 9);
}

static void
note_has_no_serial(void)
{
	uint8_t bytes[BYTES];
	size_t len = write_message(7, bytes, sizeof(bytes));
	struct buf_reader r = buf_reader(bytes, len);
	struct msg m;
	char text[TC_TEXT] = "";

	T_CHECK(msg_next(&r, &m), "no message");
	T_EQ(m.serial, 0);
	T_CHECK(tc_get_note(&m, text), "not read");
	T_STR(text, "52: on eth0 was removed");
}

static void
a_loss_names_its_interface(void)
{
	uint8_t bytes[BYTES];
	size_t len = write_message(8, bytes, sizeof(bytes));
	struct buf_reader r = buf_reader(bytes, len);
	struct tc_lost lost = { 0 };
	struct msg m;

	T_CHECK(msg_next(&r, &m), "no message");
	T_EQ(m.type, TC_MSG_LOST);
	T_EQ(m.serial, 0);
	T_CHECK(tc_get_lost(&m, &lost), "not read");
	T_EQ(lost.ifindex, 7);
	T_STR(lost.text, "somebody else's");
}

static void
a_change_by_others_survives(void)
{
	uint8_t bytes[BYTES];
	size_t len = write_message(9, bytes, sizeof(bytes));
	struct buf_reader r = buf_reader(bytes, len);
	struct tc_drift_report drift = { 0 };
	struct msg m;

	T_CHECK(msg_next(&r, &m), "no message");
	T_EQ(m.type, TC_MSG_DRIFT);
	T_EQ(m.serial, 0);
	T_CHECK(tc_get_drift(&m, &drift), "not read");
	T_EQ(drift.ifindex, 7);
	T_EQ(drift.flow_id, 4711);
	T_EQ(drift.error, 5);
	T_STR(drift.text, "changed");
}

static void
long_text_is_cut(void)
{
	uint8_t bytes[BYTES];
	char text[2 * TC_TEXT];
	char got[TC_TEXT];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;
	struct msg m;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tc_put_note(&w, text);
	r = buf_reader(bytes, buf_written(&w));
	T_CHECK(msg_next(&r, &m) && tc_get_note(&m, got), "not read");
	T_EQ(strlen(got), TC_TEXT - 1);
}

/* The body of a message cut short at any octet, with a head that says so. */
static void
every_truncation_is_refused(void)
{
	uint8_t bytes[BYTES];

	for (unsigned which = 0; which < MESSAGES; which++) {
		size_t len = write_message(which, bytes, sizeof(bytes));
		struct buf_reader r = buf_reader(bytes, len);
		struct msg m;

		T_CHECK(msg_next(&r, &m) && read_message(&m), "whole %u",
			which);
		for (const uint8_t *end = m.body.end; end > m.body.pos;) {
			struct msg cut = m;

			cut.body.end = --end;
			/* A flow that loses whole filters is a smaller flow,
			 * an older tcctl counts less, an older engine limits
			 * nothing. */
			if (read_message(&cut) && m.type != TC_MSG_COUNTER &&
				m.type != TC_MSG_IFACE)
				T_EQ(m.type, TC_MSG_FLOW_ADD);
		}
	}
}

/* A message as a peer writes it that has no word for these attributes. */
static struct msg
without(const struct msg *m, const uint16_t *attrs, size_t count, void *bytes)
{
	struct buf_writer w = buf_writer(bytes, BYTES);
	uint8_t *start = msg_begin(&w, m->type, SERIAL);
	struct buf_reader body = m->body;
	struct msg_attr a;

	while (msg_attr_next(&body, &a)) {
		bool known = true;

		for (size_t i = 0; i < count; i++)
			known = known && a.type != attrs[i];
		if (known)
			msg_put_bytes(
				&w, a.type, a.body.pos, buf_left(&a.body));
	}
	msg_end(&w, start);
	return only_message(bytes, buf_written(&w));
}

static void
an_older_tcctl_counts_less(void)
{
	static const uint16_t news[] = { 135, 196, 197, 198 };
	static const uint16_t demoted[] = { 73 };
	uint8_t bytes[BYTES];
	uint8_t older[BYTES];
	struct msg m =
		only_message(bytes, write_message(6, bytes, sizeof(bytes)));
	struct msg old = without(&m, news, 4, older);
	struct tc_counter c;

	T_CHECK(tc_get_counter(&old, &c), "not read");
	T_EQ(c.drops, 3);
	T_EQ(c.demoted, true);
	T_EQ(c.marks_out, false);
	T_EQ(c.hidden_counted, false);
	T_EQ(c.hidden_fragments, 0);
	T_EQ(c.hidden_extensions, 0);
	old = without(&m, demoted, 1, older);
	T_CHECK(!tc_get_counter(&old, &c), "what is no news was not missed");
}

static void
an_older_engine_limits_no_interface(void)
{
	static const uint16_t segs[] = { 17, 18 };
	static const uint16_t shaped[] = { 16 };
	uint8_t bytes[BYTES];
	uint8_t older[BYTES];
	struct msg m =
		only_message(bytes, write_message(0, bytes, sizeof(bytes)));
	struct msg old = without(&m, segs, 2, older);
	struct tc_iface got;

	T_CHECK(tc_get_iface(&old, &got), "not read");
	T_EQ(got.ingress_Bps, 1234567);
	T_EQ(got.gso_segs, 0);
	T_EQ(got.gro_octets, 0);
	old = without(&m, shaped, 1, older);
	T_CHECK(!tc_get_iface(&old, &got), "what is no news was not missed");
}

static void
an_older_engine_bounds_no_packets(void)
{
	static const uint16_t bounds[] = { 35, 37, 38 };
	static const uint16_t rate[] = { 34 };
	const struct tc_rule rule = { .id = 4,
		.rate_Bps = 125000,
		.bucket_bytes = 3000,
		.peak_Bps = 250000,
		.min_packet_bytes = 100,
		.max_packet_bytes = 600,
		.match_count = 1,
		.matches = { { .family = ADDR_V4, .proto = 17 } } };
	uint8_t bytes[BYTES];
	uint8_t older[BYTES];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct msg m;
	struct msg old;
	struct tc_rule got;

	tc_put_rule(&w, SERIAL, &rule);
	m = only_message(bytes, buf_written(&w));
	T_CHECK(tc_get_rule(&m, &got), "not read");
	T_EQ(got.peak_Bps, 250000);
	T_EQ(got.min_packet_bytes, 100);
	T_EQ(got.max_packet_bytes, 600);
	old = without(&m, bounds, 3, older);
	T_CHECK(tc_get_rule(&old, &got), "of an older one not read");
	T_EQ(got.rate_Bps, 125000);
	T_EQ(got.peak_Bps, 0);
	T_EQ(got.min_packet_bytes, 0);
	T_EQ(got.max_packet_bytes, 0);
	T_EQ(got.match_count, 1);
	old = without(&m, rate, 1, older);
	T_CHECK(!tc_get_rule(&old, &got), "what is no news was not missed");
}

static void
every_small_buffer_is_refused(void)
{
	uint8_t bytes[BYTES];

	for (unsigned which = 0; which < MESSAGES; which++) {
		size_t len = write_message(which, bytes, sizeof(bytes));

		for (size_t n = 0; n < len; n++)
			T_EQ(write_message(which, bytes, n), 0);
	}
}

static void
malformed_values_are_refused(void)
{
	uint8_t bytes[BYTES];
	struct tc_flow flow = some_flow(1);
	struct tc_flow got_flow;
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	flow.id = 0;
	tc_put_flow(&w, TC_MSG_FLOW_ADD, SERIAL, &flow);

	struct msg m = only_message(bytes, buf_written(&w));

	T_CHECK(!tc_get_flow(&m, &got_flow), "flow 0 was taken");

	struct tc_done negative = done;
	struct tc_done got_done;

	negative.error = -5;
	w = buf_writer(bytes, sizeof(bytes));
	tc_put_done(&w, SERIAL, &negative);
	m = only_message(bytes, buf_written(&w));
	T_CHECK(!tc_get_done(&m, &got_done), "error -5 was taken");
}

static void
one_filter_too_many_is_refused(void)
{
	uint8_t bytes[BYTES];
	const struct tc_flow flow = some_flow(TC_FILTERS_MAX);
	const struct tc_flow one = some_flow(1);
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_flow got;

	tc_put_flow(&w, TC_MSG_FLOW_ADD, SERIAL, &flow);

	size_t len = buf_written(&w);
	uint8_t extra[1024];
	struct buf_writer x = buf_writer(extra, sizeof(extra));

	tc_put_flow(&x, TC_MSG_FLOW_ADD, SERIAL, &one);

	/* The filter is what follows the fields: copy the tail of the
	 * one-filter message behind the full one. */
	size_t fields = 8 + 8 + 5 + 12 + 12 + 12 + 8 + 8 + 12;
	size_t tail = buf_written(&x) - MSG_HEADER - fields;

	memcpy(bytes + len, extra + MSG_HEADER + fields, tail);
	x = buf_writer(bytes, 4);
	buf_put_u32le(&x, (uint32_t)(len + tail));

	struct msg m = only_message(bytes, len + tail);

	T_CHECK(!tc_get_flow(&m, &got), "65 filters were taken");
}

static void
doubled_and_unknown_attributes(void)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *m = msg_begin(&w, TC_MSG_IFACE_OFF, SERIAL);
	uint32_t ifindex = 0;

	msg_put_u32(&w, 1, 7);
	msg_put_u32(&w, 999, 1);
	msg_end(&w, m);

	struct msg got = only_message(bytes, buf_written(&w));

	T_CHECK(tc_get_iface_off(&got, &ifindex), "unknown was not skipped");
	T_EQ(ifindex, 7);

	w = buf_writer(bytes, sizeof(bytes));
	m = msg_begin(&w, TC_MSG_IFACE_OFF, SERIAL);
	msg_put_u32(&w, 1, 7);
	msg_put_u32(&w, 1, 8);
	msg_end(&w, m);
	got = only_message(bytes, buf_written(&w));
	T_CHECK(!tc_get_iface_off(&got, &ifindex), "doubled was taken");
}

/* Octets changed at random: never a crash, never a value out of range. */
static void
random_damage_is_survived(void)
{
	uint8_t good[BYTES];
	uint8_t bad[BYTES];
	uint32_t seed = 20240611;

	for (unsigned round = 0; round < 20000; round++) {
		size_t len =
			write_message(round % MESSAGES, good, sizeof(good));
		struct buf_reader r = buf_reader(bad, len);
		struct msg m;

		memcpy(bad, good, len);
		for (unsigned i = 0; i <= next(&seed) % 4; i++)
			bad[next(&seed) % len] = (uint8_t)next(&seed);
		while (msg_next(&r, &m))
			(void)read_message(&m); /* either answer is right */
	}
}

static struct t_case cases[] = {
	{ "an interface survives", iface_survives },
	{ "a flow with its filters survives", flow_survives },
	{ "a mark of a flow survives", flow_mark_survives },
	{ "a removal names the flow only", removal_names_the_flow_only },
	{ "answers survive", answers_survive },
	{ "a note has serial 0", note_has_no_serial },
	{ "a change by others survives", a_change_by_others_survives },
	{ "a loss names its interface", a_loss_names_its_interface },
	{ "a text too long is cut", long_text_is_cut },
	{ "every truncation is refused", every_truncation_is_refused },
	{ "an older tcctl counts less", an_older_tcctl_counts_less },
	{ "an older engine limits no interface",
		an_older_engine_limits_no_interface },
	{ "an older engine bounds no packets",
		an_older_engine_bounds_no_packets },
	{ "every small buffer is refused", every_small_buffer_is_refused },
	{ "malformed values are refused", malformed_values_are_refused },
	{ "one filter too many is refused", one_filter_too_many_is_refused },
	{ "doubled attributes are refused, unknown ones skipped",
		doubled_and_unknown_attributes },
	{ "random damage is survived", random_damage_is_survived },
};

T_MAIN(cases)
