/* SPDX-License-Identifier: ISC */

/* The messages between librapi and rsvpd. */

#include "rapi/rapi_msg.h"
#include "t_addr.h"

static uint8_t buf[MSG_DATAGRAM_MAX];

static const struct wire_tspec tspec = {
	.r = 125000.5f, .b = 3000, .p = 250000, .m = 64, .M = 1500
};

static struct wire_filter
filter4(void)
{
	return (struct wire_filter){ .src = t_addr("192.0.2.1"),
		.form = WIRE_FILTER_PORT,
		.src_port = 5004 };
}

static struct wire_flowspec
gs(void)
{
	return (struct wire_flowspec){ .service = WIRE_SERVICE_GS,
		.tspec = tspec,
		.R = 130000.25f,
		.S = 77 };
}

static struct rapi_msg_reserve
ff_of(size_t n)
{
	struct rapi_msg_reserve r = { .style = WIRE_STYLE_FF, .flow_count = n };

	for (size_t i = 0; i < n; i++) {
		r.flows[i] = (struct wire_flow){ .has_flowspec = true,
			.has_filter = true,
			.flowspec = gs(),
			.filter = filter4() };
		r.flows[i].filter.src_port = (uint16_t)(1000 + i);
	}
	return r;
}

/* ---- helpers: one message in buf ----------------------------------------- */

static struct msg
first(size_t len)
{
	struct buf_reader r = buf_reader(buf, len);
	struct msg m;

	T_CHECK(msg_next(&r, &m), "no message");
	return m;
}

static enum rapi_msg_fault
request_of(size_t len, struct rapi_msg_request *q)
{
	const struct msg m = first(len);

	return rapi_msg_decode_request(&m, q);
}

static enum rapi_msg_fault
answer_of(size_t len, struct rapi_msg_answer *a)
{
	const struct msg m = first(len);

	return rapi_msg_decode_answer(&m, a);
}

static size_t
make_request(enum rapi_msg_type type, const struct rapi_msg_body *body)
{
	struct buf_writer w = buf_writer(buf, sizeof(buf));

	rapi_msg_put_request(&w, type, 0x1122334455667788, body);
	T_CHECK(!w.failed, "too long");
	return buf_written(&w);
}

static size_t
make_open(void)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct rapi_msg_session s = {
		.session = { .dst = t_addr("2001:db8::7"),
			.proto = 6,
			.dst_port = 443 },
		.ifindex = 9,
	};

	rapi_msg_put_session(&w, &s);
	return make_request(RAPI_MSG_OPEN,
		&(struct rapi_msg_body){ bytes, buf_written(&w), false });
}

static size_t
make_sender(void)
{
	static const uint8_t adspec[] = { 0, 8, 13, 2, 1, 2, 3, 4 };
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct rapi_msg_sender s = { .sender = filter4(),
		.tspec = tspec,
		.adspec_view = { adspec, sizeof(adspec) },
		.ttl = 17,
		.ifindex = 3 };

	rapi_msg_put_sender(&w, &s);
	return make_request(RAPI_MSG_SENDER,
		&(struct rapi_msg_body){ bytes, buf_written(&w), false });
}

static size_t
make_reserve(const struct rapi_msg_reserve *r, bool confirm)
{
	uint8_t bytes[16384];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	rapi_msg_put_reserve(&w, r);
	T_CHECK(!w.failed, "too long");
	return make_request(RAPI_MSG_RESERVE,
		&(struct rapi_msg_body){ bytes, buf_written(&w), confirm });
}

static size_t
make_event(size_t items)
{
	static const uint8_t adspec[] = { 0, 8, 13, 2, 1, 2, 3, 4 };
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	const struct rapi_msg_event event = { .handle = 42,
		.kind = 4,
		.style = WIRE_STYLE_SE,
		.error = { .node = t_addr("192.0.2.9"),
			.flags = WIRE_ERROR_IN_PLACE,
			.code = 1,
			.value = 0x1234 },
		.text = "needs 2 Mbit/s, 1.4 free" };
	uint8_t *start = rapi_msg_begin_event(&w, &event);

	for (size_t i = 0; i < items; i++) {
		const struct rapi_msg_item item = { .has_filter = i != 1,
			.filter = filter4(),
			.has_tspec = true,
			.tspec = tspec,
			.has_flowspec = i == 0,
			.flowspec = gs(),
			.adspec_view = { adspec, i == 0 ? 8u : 0u } };

		rapi_msg_put_item(&w, &item);
	}
	rapi_msg_end_event(&w, start);
	T_CHECK(!w.failed, "too long");
	return buf_written(&w);
}

static void
check_tspec(const struct wire_tspec *t)
{
	T_CHECK(memcmp(t, &tspec, sizeof(tspec)) == 0, "another Tspec");
}

static void
check_filter(const struct wire_filter *f)
{
	const struct wire_filter want = filter4();

	T_CHECK(wire_filter_equal(f, &want), "another filter");
}

static void
check_gs(const struct wire_flowspec *f)
{
	const struct wire_flowspec want = gs();

	T_EQ(f->service, want.service);
	check_tspec(&f->tspec);
	T_CHECK(f->R == want.R, "R");
	T_EQ(f->S, want.S);
}

/* ---- round trips --------------------------------------------------------- */

static void
hello_round_trips(void)
{
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	struct rapi_msg_request q;

	rapi_msg_put_hello(&w);
	T_EQ(request_of(buf_written(&w), &q), RAPI_MSG_OK);
	T_EQ(q.type, RAPI_MSG_HELLO);
	T_EQ(q.protocol_min, RAPI_MSG_PROTOCOL);
	T_EQ(q.protocol_max, RAPI_MSG_PROTOCOL);
}

static void
open_round_trips(void)
{
	const struct addr dst = t_addr("2001:db8::7");
	struct rapi_msg_request q;

	T_EQ(request_of(make_open(), &q), RAPI_MSG_OK);
	T_EQ(q.type, RAPI_MSG_OPEN);
	T_EQ(q.handle, 0x1122334455667788);
	T_CHECK(addr_equal(&q.session.session.dst, &dst), "address");
	T_EQ(q.session.session.proto, 6);
	T_EQ(q.session.session.dst_port, 443);
	T_EQ(q.session.ifindex, 9);
}

static void
sender_round_trips(void)
{
	struct rapi_msg_request q;

	T_EQ(request_of(make_sender(), &q), RAPI_MSG_OK);
	check_filter(&q.sender.sender);
	check_tspec(&q.sender.tspec);
	T_EQ(q.sender.adspec_view.len, 8);
	T_EQ(q.sender.adspec_view.bytes[7], 4);
	T_EQ(q.sender.ttl, 17);
	T_EQ(q.sender.ifindex, 3);
}

static void
reserve_round_trips(void)
{
	struct rapi_msg_reserve r = ff_of(WIRE_FLOWS_MAX);
	struct rapi_msg_request q;

	r.receiver = t_addr("198.51.100.2");
	T_EQ(request_of(make_reserve(&r, true), &q), RAPI_MSG_OK);
	T_EQ(q.reserve.style, WIRE_STYLE_FF);
	T_CHECK(q.confirm, "confirmation");
	T_CHECK(addr_equal(&q.reserve.receiver, &r.receiver), "receiver");
	T_EQ(q.reserve.flow_count, WIRE_FLOWS_MAX);
	for (size_t i = 0; i < WIRE_FLOWS_MAX; i++) {
		T_EQ(q.reserve.flows[i].filter.src_port, 1000 + i);
		check_gs(&q.reserve.flows[i].flowspec);
	}
	T_EQ(request_of(make_reserve(&r, false), &q), RAPI_MSG_OK);
	T_CHECK(!q.confirm, "no confirmation");
}

static void
withdrawals_round_trip(void)
{
	static const enum rapi_msg_type types[] = { RAPI_MSG_UNSEND,
		RAPI_MSG_UNRESERVE, RAPI_MSG_CLOSE };
	const struct rapi_msg_body nothing = { 0 };
	struct rapi_msg_request q;

	for (size_t i = 0; i < 3; i++) {
		T_EQ(request_of(make_request(types[i], &nothing), &q),
			RAPI_MSG_OK);
		T_EQ(q.type, types[i]);
		T_EQ(q.handle, 0x1122334455667788);
	}
}

static void
event_round_trips(void)
{
	struct rapi_msg_answer a;
	struct rapi_msg_item item;

	T_EQ(answer_of(make_event(3), &a), RAPI_MSG_OK);
	T_EQ(a.event.handle, 42);
	T_EQ(a.event.kind, 4);
	T_EQ(a.event.style, WIRE_STYLE_SE);
	T_EQ(a.event.error.flags, WIRE_ERROR_IN_PLACE);
	T_EQ(a.event.error.code, 1);
	T_EQ(a.event.error.value, 0x1234);
	T_EQ(a.event.error.node.b[3], 9);
	T_STR(a.event.text, "needs 2 Mbit/s, 1.4 free");
	T_EQ(a.item_count, 3);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "first item");
	check_filter(&item.filter);
	check_tspec(&item.tspec);
	check_gs(&item.flowspec);
	T_EQ(item.adspec_view.len, 8);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "second item");
	T_CHECK(!item.has_filter && !item.has_flowspec, "nothing of the first");
	T_EQ(item.adspec_view.len, 0);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "third item");
	T_CHECK(!rapi_msg_next_item(&a.items, &item), "no fourth");
}

static void
welcome_and_refusal_round_trip(void)
{
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	struct rapi_msg_answer a;

	rapi_msg_put_welcome(&w, 47000);
	T_EQ(answer_of(buf_written(&w), &a), RAPI_MSG_OK);
	T_EQ(a.protocol, RAPI_MSG_PROTOCOL);
	T_EQ(a.settle_ms, 47000);
	w = buf_writer(buf, sizeof(buf));
	rapi_msg_put_refuse(&w, 67, "go away");
	T_EQ(answer_of(buf_written(&w), &a), RAPI_MSG_OK);
	T_EQ(a.type, RAPI_MSG_REFUSE);
	T_EQ(a.code, 67);
	T_STR(a.event.text, "go away");
}

static void
flow_labels_round_trip(void)
{
	struct rapi_msg_reserve r = ff_of(1);
	struct rapi_msg_request q;

	r.flows[0].filter = (struct wire_filter){ .src = t_addr("2001:db8::1"),
		.form = WIRE_FILTER_FLOW_LABEL,
		.flow_label = 0xfffff };
	T_EQ(request_of(make_reserve(&r, false), &q), RAPI_MSG_OK);
	T_EQ(q.reserve.flows[0].filter.flow_label, 0xfffff);
	T_EQ(q.reserve.flows[0].filter.form, WIRE_FILTER_FLOW_LABEL);
}

/* ---- what is refused ----------------------------------------------------- */

/* Set the length of the message in buf. */
static void
set_length(size_t len)
{
	struct buf_writer w = buf_writer(buf, 4);

	buf_put_u32le(&w, (uint32_t)len);
}

static size_t
make(size_t i)
{
	const struct rapi_msg_reserve r = ff_of(3);
	const struct rapi_msg_body nothing = { 0 };
	struct buf_writer w = buf_writer(buf, sizeof(buf));

	switch (i) {
	case 0:
		rapi_msg_put_hello(&w);
		return buf_written(&w);
	case 1:
		return make_open();
	case 2:
		return make_sender();
	case 3:
		return make_reserve(&r, true);
	case 4:
		return make_request(RAPI_MSG_CLOSE, &nothing);
	case 5:
		rapi_msg_put_welcome(&w, 1);
		return buf_written(&w);
	case 6:
		rapi_msg_put_refuse(&w, 1, "x");
		return buf_written(&w);
	default:
		return make_event(3);
	}
}
enum { KINDS = 8, REQUESTS = 5 };

static enum rapi_msg_fault
decode(size_t i, size_t len)
{
	struct rapi_msg_request q;
	struct rapi_msg_answer a;

	return i < REQUESTS ? request_of(len, &q) : answer_of(len, &a);
}

static void
every_truncated_datagram_is_malformed(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		const size_t len = make(i);

		for (size_t n = 1; n < len; n++) {
			struct buf_reader r = buf_reader(buf, n);
			struct msg m;

			T_CHECK(!msg_next(&r, &m) && r.failed,
				"kind %zu cut to %zu", i, n);
		}
	}
}

/* Cut, and the message's length corrected: then an attribute is cut or
 * missing.  Optional attributes at the end may go. */
static void
every_shortened_message_is_refused_or_lacks_an_option(void)
{
	/* Octets of optional attributes at the end of each kind. */
	static const size_t optional[KINDS] = {
		[1] = 8,          /* interface */
		[2] = 12 + 5 + 8, /* Adspec, TTL, interface */
		[3] = 0,
		[5] = 8, /* settle time */
		[6] = 5, /* text */
	};

	for (size_t i = 0; i < 7; i++) {
		const size_t len = make(i);
		size_t accepted = 0;

		for (size_t n = MSG_HEADER; n < len; n++) {
			(void)make(i);
			set_length(n);
			accepted += decode(i, n) == RAPI_MSG_OK;
			if (n < len - optional[i] && i != 3)
				T_CHECK(decode(i, n) != RAPI_MSG_OK,
					"kind %zu cut to %zu", i, n);
		}
		T_CHECK(accepted <= 4, "kind %zu: %zu", i, accepted);
	}
}

static void
check_reserve_fault(const struct rapi_msg_reserve *r, enum rapi_msg_fault fault)
{
	struct rapi_msg_request q;

	T_EQ(request_of(make_reserve(r, false), &q), fault);
}

static void
flows_must_fit_the_style(void)
{
	struct rapi_msg_reserve r = ff_of(1);

	r.style = WIRE_STYLE_WF;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r.flows[0].has_filter = false;
	check_reserve_fault(&r, RAPI_MSG_OK);
	r.style = WIRE_STYLE_FF;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r.style = WIRE_STYLE_SE;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r = ff_of(2);
	r.style = WIRE_STYLE_SE;
	check_reserve_fault(&r, RAPI_MSG_OK);
	r.style = 3;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r.style = WIRE_STYLE_WF;
	r.flows[0].has_filter = false;
	r.flows[1].has_filter = false;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r = ff_of(0);
	check_reserve_fault(&r, RAPI_MSG_MISSING);
}

static void
more_flows_than_the_limit_are_refused(void)
{
	struct rapi_msg_reserve r = ff_of(WIRE_FLOWS_MAX);
	uint8_t bytes[16384];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct rapi_msg_request q;

	rapi_msg_put_reserve(&w, &r);
	r.flow_count = 1;
	rapi_msg_put_reserve(&w, &r);
	T_EQ(request_of(make_request(RAPI_MSG_RESERVE,
				&(struct rapi_msg_body){
					bytes, buf_written(&w), false }),
		     &q),
		RAPI_MSG_LIMIT);
}

static void
filters_that_no_form_carries_are_refused(void)
{
	struct rapi_msg_reserve r = ff_of(1);
	struct wire_filter *f = &r.flows[0].filter;

	f->src = (struct addr){ 0 };
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	r = ff_of(1);
	f->form = WIRE_FILTER_FLOW_LABEL; /* of IPv4 */
	f->src_port = 0;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	f->src = t_addr("2001:db8::1");
	f->flow_label = 0x100000;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	f->flow_label = 5;
	f->src_port = 1;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
	f->src_port = 0;
	check_reserve_fault(&r, RAPI_MSG_OK);
	f->form = 2;
	check_reserve_fault(&r, RAPI_MSG_VALUE);
}

static void
other_versions_and_types_are_refused(void)
{
	struct rapi_msg_request q;
	struct rapi_msg_answer a;
	size_t len = make_open();

	buf[4] = MSG_VERSION + 1;
	T_EQ(request_of(len, &q), RAPI_MSG_VERSION);
	T_EQ(answer_of(len, &a), RAPI_MSG_VERSION);
	(void)make_open();
	T_EQ(answer_of(len, &a), RAPI_MSG_UNKNOWN);
	buf[6] = 8;
	T_EQ(request_of(len, &q), RAPI_MSG_UNKNOWN);
	buf[6] = 0;
	T_EQ(request_of(len, &q), RAPI_MSG_UNKNOWN);
	len = make_event(1);
	T_EQ(request_of(len, &q), RAPI_MSG_UNKNOWN);
	buf[6] = 67;
	T_EQ(answer_of(len, &a), RAPI_MSG_UNKNOWN);
}

static void
unknown_attributes_are_skipped(void)
{
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	uint8_t *start = msg_begin(&w, RAPI_MSG_CLOSE, 0);
	struct rapi_msg_request q;

	msg_put_u64(&w, 999, 1);
	msg_put_u64(&w, 7, 5); /* the handle */
	msg_put_text(&w, 31, "of a later version");
	msg_end(&w, start);
	T_EQ(request_of(buf_written(&w), &q), RAPI_MSG_OK);
	T_EQ(q.handle, 5);
}

static void
mandatory_attributes_are_missed(void)
{
	static const uint16_t types[] = { RAPI_MSG_HELLO, RAPI_MSG_OPEN,
		RAPI_MSG_SENDER, RAPI_MSG_RESERVE, RAPI_MSG_UNSEND };
	struct rapi_msg_request q;
	struct rapi_msg_answer a;

	for (size_t i = 0; i < 5; i++) {
		struct buf_writer w = buf_writer(buf, sizeof(buf));

		msg_end(&w, msg_begin(&w, types[i], 0));
		T_EQ(request_of(buf_written(&w), &q), RAPI_MSG_MISSING);
	}
	for (uint16_t type = RAPI_MSG_WELCOME; type <= RAPI_MSG_EVENT; type++) {
		struct buf_writer w = buf_writer(buf, sizeof(buf));

		msg_end(&w, msg_begin(&w, type, 0));
		T_EQ(answer_of(buf_written(&w), &a), RAPI_MSG_MISSING);
	}
}

static void
attributes_of_a_wrong_size_are_refused(void)
{
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	uint8_t *start = msg_begin(&w, RAPI_MSG_CLOSE, 0);
	struct rapi_msg_request q;

	msg_put_u32(&w, 7, 5); /* a handle of four octets */
	msg_end(&w, start);
	T_EQ(request_of(buf_written(&w), &q), RAPI_MSG_SIZE);
}

static void
events_outside_their_range_are_refused(void)
{
	struct rapi_msg_event event = { .handle = 1, .kind = 6 };
	struct buf_writer w = buf_writer(buf, sizeof(buf));
	struct rapi_msg_answer a;

	rapi_msg_end_event(&w, rapi_msg_begin_event(&w, &event));
	T_EQ(answer_of(buf_written(&w), &a), RAPI_MSG_VALUE);
	w = buf_writer(buf, sizeof(buf));
	event.kind = 5;
	event.style = 1;
	rapi_msg_end_event(&w, rapi_msg_begin_event(&w, &event));
	T_EQ(answer_of(buf_written(&w), &a), RAPI_MSG_VALUE);
}

/* A small generator with a seed of its own, printed when it matters. */
static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
mutated_messages_never_hurt(void)
{
	uint32_t seed = 20260101;

	for (int round = 0; round < 20000; round++) {
		const size_t kind = next_random(&seed) % KINDS;
		const size_t len = make(kind);
		struct rapi_msg_answer a;
		struct rapi_msg_item item;
		size_t items = 0;

		for (int i = 0; i < 3; i++)
			buf[MSG_HEADER +
				next_random(&seed) % (len - MSG_HEADER)] =
				(uint8_t)next_random(&seed);
		if (decode(kind, len) != RAPI_MSG_OK || kind != 7)
			continue;
		T_EQ(answer_of(len, &a), RAPI_MSG_OK);
		while (rapi_msg_next_item(&a.items, &item))
			items++;
		T_EQ(items, a.item_count);
	}
}

static void
random_bytes_never_hurt(void)
{
	uint32_t seed = 7;

	for (int round = 0; round < 20000; round++) {
		const size_t len = MSG_HEADER + next_random(&seed) % 200;

		for (size_t i = 0; i < len; i++)
			buf[i] = (uint8_t)next_random(&seed);
		set_length(len);
		buf[4] = MSG_VERSION;
		buf[5] = 0;
		buf[6] = (uint8_t)(next_random(&seed) % 68);
		buf[7] = 0;
		(void)decode(0, len);
		(void)decode(7, len);
	}
}

static struct t_case cases[] = {
	{ "HELLO survives encode and decode", hello_round_trips },
	{ "OPEN survives encode and decode", open_round_trips },
	{ "SENDER survives encode and decode", sender_round_trips },
	{ "RESERVE with 64 flows survives", reserve_round_trips },
	{ "withdrawals survive", withdrawals_round_trip },
	{ "EVENT with items survives", event_round_trips },
	{ "WELCOME and REFUSE survive", welcome_and_refusal_round_trip },
	{ "flow labels survive", flow_labels_round_trip },
	{ "every truncated datagram is malformed",
		every_truncated_datagram_is_malformed },
	{ "every shortened message is refused or lacks an option",
		every_shortened_message_is_refused_or_lacks_an_option },
	{ "flows must fit the style", flows_must_fit_the_style },
	{ "more than 64 flows are refused",
		more_flows_than_the_limit_are_refused },
	{ "filters that no form can carry are refused",
		filters_that_no_form_carries_are_refused },
	{ "other versions and types are refused",
		other_versions_and_types_are_refused },
	{ "unknown attributes are skipped", unknown_attributes_are_skipped },
	{ "mandatory attributes are missed", mandatory_attributes_are_missed },
	{ "attributes of a wrong size are refused",
		attributes_of_a_wrong_size_are_refused },
	{ "events outside their range are refused",
		events_outside_their_range_are_refused },
	{ "20 000 mutated messages never hurt", mutated_messages_never_hurt },
	{ "20 000 random messages never hurt", random_bytes_never_hurt },
};
T_MAIN(cases)
