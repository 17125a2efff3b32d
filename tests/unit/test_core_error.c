/* SPDX-License-Identifier: ISC */

/*
 * Every error of RFC 2205 Appendix B that a node can raise: by what, in which
 * message and to whom; what travels with messages (3.10), and messages that go
 * on to other nodes.
 */

#include "core_t.h"

#include <math.h>

/* ---- the table ----------------------------------------------------------- */

static void
feed_unknown(struct ct *t, const struct wire_msg *msg, enum wire_fault fault)
{
	struct wire_msg copy = *msg;
	const struct rsvp_packet packet = {
		.ifindex = msg->type == WIRE_PATH ? UP : DOWN,
		.src = msg->hop.addr,
		.dst = ct_addr(t, DOWN, 1),
		.ttl = msg->send_ttl,
		.dst_local = true,
		.fault = fault,
		.msg = &copy
	};

	copy.bad_class = 0x77;
	copy.bad_ctype = 3;
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
}

static void
resv_of(struct ct *t, struct wire_flowspec spec)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
}

static void
too_much_burst(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.budget_bytes = 1000;
	ct_put_iface(t, &conf);
	resv_of(t, ct_gs(50000, 60000));
}

static void
too_much_bandwidth(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec.r = msg->tspec.p = 2000000;
	ct_feed(t, UP, msg);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(2000000)));
}

static void
too_large_packets(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(50000);

	spec.tspec.M = 1501;
	resv_of(t, spec);
}

static void
policy_says_no(struct ct *t)
{
	t->deny = true;
	t->deny_value = WIRE_POLICY_EXCEED;
	resv_of(t, ct_cl(50000));
}

static void
no_path(struct ct *t)
{
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
}

static void
no_sender(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->flows[0].filter.src_port = 1;
	ct_feed(t, DOWN, msg);
}

static void
other_style(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_style(ct_resv(t, ct_cl(50000)), WIRE_STYLE_SE);
	ct_feed(t, DOWN, msg);
}

static void
strange_style(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_style(ct_resv(t, ct_cl(50000)), 0x1f);
	ct_feed_as_is(t, DOWN, msg);
}

static void
resv_dst_port(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->session.dst_port = 0;
	msg->flows[0].filter.src_port = 0;
	ct_feed(t, DOWN, msg);
}

static void
path_dst_port(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
}

static void
path_src_port(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_path(t);
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
}

static void
preempted(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	ct_with_resv(t, ct_cl(50000));
	conf.reservable_Bps = 1000;
	ct_put_iface(t, &conf);
	ct_run(t, 5000);
}

static void
path_class(struct ct *t)
{
	feed_unknown(t, ct_path(t), WIRE_UNKNOWN_CLASS);
}

static void
path_ctype(struct ct *t)
{
	feed_unknown(t, ct_path(t), WIRE_UNKNOWN_CTYPE);
}

static void
resv_class(struct ct *t)
{
	ct_with_path(t);
	feed_unknown(t, ct_resv(t, ct_cl(50000)), WIRE_UNKNOWN_CLASS);
}

static void
resv_ctype(struct ct *t)
{
	ct_with_path(t);
	feed_unknown(t, ct_resv(t, ct_cl(50000)), WIRE_UNKNOWN_CTYPE);
}

static void
other_service(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(50000));
	msg = ct_resv(t, ct_gs(50000, 60000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
}

static void
strange_service(struct ct *t)
{
	static const uint8_t object[] = { 0, 12, 9, 2, 0, 0, 0, 1, 6, 0, 0,
		0 }; /* the Null Service of RFC 2997, without parameters */
	struct wire_msg *msg;

	ct_with_path(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->flows[0].flowspec.service = 6;
	msg->flows[0].flowspec_view =
		(struct wire_view){ object, sizeof(object) };
	ct_feed(t, DOWN, msg);
}

static void
bad_flowspec(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(50000);

	spec.tspec.r = NAN;
	resv_of(t, spec);
}

static void
bad_tspec(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec.r = -1;
	ct_feed(t, UP, msg);
}

static void
bad_adspec(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->adspec.general.bandwidth_Bps = NAN;
	ct_feed(t, UP, msg);
}

static void
kernel_refuses(struct ct *t)
{
	resv_of(t, ct_cl(50000));
	ct_answer(t, 28);
}

static const struct row {
	const char *what;
	void (*cause)(struct ct *t);
	uint8_t type;
	uint8_t code;
	uint16_t value;
	unsigned hop; /* next hop that is told */
	uint8_t flags;
} rows[] = {
	{ "more burst than the delay allows", too_much_burst, WIRE_RESV_ERR, 1,
		1, HOP_B, 0 },
	{ "more bandwidth than there is", too_much_bandwidth, WIRE_RESV_ERR, 1,
		2, HOP_B, 0 },
	{ "larger packets than the MTU", too_large_packets, WIRE_RESV_ERR, 1, 3,
		HOP_B, 0 },
	{ "policy", policy_says_no, WIRE_RESV_ERR, 2, WIRE_POLICY_EXCEED, HOP_B,
		0 },
	{ "no path", no_path, WIRE_RESV_ERR, 3, 0, HOP_B, 0 },
	{ "no sender", no_sender, WIRE_RESV_ERR, 4, 0, HOP_B, 0 },
	{ "another style", other_style, WIRE_RESV_ERR, 5, WIRE_STYLE_FF, HOP_B,
		0 },
	{ "an unknown style", strange_style, WIRE_RESV_ERR, 6, 0, HOP_B, 0 },
	{ "destination ports in a Resv", resv_dst_port, WIRE_RESV_ERR, 7, 0,
		HOP_B, 0 },
	{ "destination ports in a Path", path_dst_port, WIRE_PATH_ERR, 7, 0, 0,
		0 },
	{ "sender ports", path_src_port, WIRE_PATH_ERR, 8, 0, 0, 0 },
	{ "preemption", preempted, WIRE_RESV_ERR, 12, 0, HOP_B, 0 },
	{ "an unknown class in a Path", path_class, WIRE_PATH_ERR, 13, 0x7703,
		0, 0 },
	{ "an unknown class in a Resv", resv_class, WIRE_RESV_ERR, 13, 0x7703,
		HOP_B, 0 },
	{ "an unknown C-Type in a Path", path_ctype, WIRE_PATH_ERR, 14, 0x7703,
		0, 0 },
	{ "an unknown C-Type in a Resv", resv_ctype, WIRE_RESV_ERR, 14, 0x7703,
		HOP_B, 0 },
	{ "another service", other_service, WIRE_RESV_ERR, 21, 1, HOP_C, 0 },
	{ "a service not offered", strange_service, WIRE_RESV_ERR, 21, 2, HOP_B,
		0 },
	{ "a bad flowspec", bad_flowspec, WIRE_RESV_ERR, 21, 3, HOP_B, 0 },
	{ "a bad Tspec", bad_tspec, WIRE_PATH_ERR, 21, 4, 0, 0 },
	{ "a bad ADSPEC", bad_adspec, WIRE_PATH_ERR, 21, 5, 0, 0 },
	{ "the kernel", kernel_refuses, WIRE_RESV_ERR, 22, 28, HOP_B, 0 },
};

static size_t
errors(const struct ct *t)
{
	return ct_sent_count(t, WIRE_PATH_ERR) +
	       ct_sent_count(t, WIRE_RESV_ERR);
}

static void
check_row(struct ct *t, const struct row *row)
{
	const bool path = row->type == WIRE_PATH_ERR;
	const uint32_t ifindex = path ? UP : DOWN;
	const struct ct_sent *s;

	row->cause(t);
	T_CHECK(errors(t) == 1, "%s: %zu errors", row->what, errors(t));
	s = ct_sent(t, row->type, 0);
	T_CHECK(s != NULL, "%s: the other message", row->what);
	T_CHECK(s->msg.error.code == row->code &&
			s->msg.error.value == row->value &&
			s->msg.error.flags == row->flags,
		"%s: code %u value %u flags %u", row->what, s->msg.error.code,
		s->msg.error.value, s->msg.error.flags);
	T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, ifindex, 1)),
		"%s: our address there", row->what);
	T_CHECK(ct_is(&s->send.dst,
			ct_addr(t, ifindex, path ? HOP_A : row->hop)),
		"%s: to whom", row->what);
	T_CHECK(ct_is(&s->send.src, ct_addr(t, ifindex, 1)), "%s: from us",
		row->what);
	T_CHECK(!s->send.router_alert, "%s: to its address", row->what);
	T_CHECK(ct_sent_count(t, WIRE_RESV) == 0, "%s: not forwarded",
		row->what);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

static void
each_error_in_its_message_to_its_node(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ct *t = ct_new(i % 2 == 0 ? ADDR_V4 : ADDR_V6);

		check_row(t, &rows[i]);
		ct_free(t);
	}
}

/* Code 23: the system's own trouble, wherever memory is short. */
static void
lack_of_memory_is_code_23(void)
{
	size_t told = 0;

	for (long nth = 1; nth < 40; nth++) {
		struct ct *t = ct_new(ADDR_V4);

		ct_with_path(t);
		t->fail_at = t->allocations + nth;
		ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
		ct_answer_all(t);
		if (errors(t) > 0) {
			const struct ct_sent *s = ct_sent(t, WIRE_RESV_ERR, 0);

			assert_non_null(s);
			T_EQ(s->msg.error.code, WIRE_E_RSVP_SYSTEM);
			T_CHECK(ct_is(&s->send.dst, ct_addr(t, DOWN, HOP_B)),
				"to whoever asked");
			T_CHECK(ct_is(&s->msg.error.node, ct_addr(t, DOWN, 1)),
				"by us");
			told++;
		}
		ct_free(t);
	}
	T_CHECK(told > 0, "never told");
}

/* RFC 2209: the failing request is new, and yet what it would have increased is
 * in place. */
static void
in_place(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec.r = msg->tspec.p = 2000000;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(2000000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	ct_feed(t, DOWN, msg);
	T_EQ(errors(t), 1);
	T_CHECK(ct_is(&t->sent[0].send.dst, ct_addr(t, DOWN, HOP_C)),
		"whoever asked");
	T_EQ(t->sent[0].msg.error.flags, WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	msg = ct_resv(t, ct_cl(50000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->flows[0].flowspec.tspec.M = 1501;
	ct_feed(t, DOWN, msg);
	T_EQ(errors(t), 1);
	T_EQ(t->sent[0].msg.error.flags, WIRE_ERROR_IN_PLACE);
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
}

static void
an_increase_by_another_next_hop_leaves_it_in_place(void)
{
	ct_both(in_place);
}

/* ---- objects of classes that nobody knows -------------------------------- */

static const uint8_t first[] = { 0, 8, 0xc1, 1, 1, 2, 3, 4 };
static const uint8_t second[] = { 0, 4, 0xff, 9 };

static struct wire_msg *
with_objects(struct wire_msg *msg)
{
	msg->other_count = 2;
	msg->others[0] = (struct wire_view){ first, sizeof(first) };
	msg->others[1] = (struct wire_view){ second, sizeof(second) };
	return msg;
}

static void
expect_objects(const struct ct *t, uint8_t type)
{
	const struct ct_sent *s = ct_sent(t, type, 0);

	assert_non_null(s);
	T_EQ(s->msg.other_count, 2);
	T_EQ(s->msg.others[0].len, sizeof(first));
	T_EQ(memcmp(s->msg.others[0].bytes, first, sizeof(first)), 0);
	T_EQ(s->msg.others[1].len, sizeof(second));
	T_EQ(memcmp(s->msg.others[1].bytes, second, sizeof(second)), 0);
}

static struct wire_msg *
path_err(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->type = WIRE_PATH_ERR;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	msg->hop.addr = ct_addr(t, DOWN, HOP_B); /* IP source */
	msg->error = (struct wire_error){
		.node = ct_addr(t, 7, 7), .code = 21, .value = 4
	};
	return msg;
}

static void
at_once(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, UP, with_objects(ct_resv_err(t, 2, 3, ct_cl(50000))));
	expect_objects(t, WIRE_RESV_ERR);
	ct_forget(t);
	ct_feed(t, DOWN, with_objects(path_err(t)));
	expect_objects(t, WIRE_PATH_ERR);
	ct_forget(t);
	ct_feed(t, DOWN, with_objects(ct_resv_tear(t)));
	expect_objects(t, WIRE_RESV_TEAR);
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, UP, with_objects(ct_path_tear(t)));
	expect_objects(t, WIRE_PATH_TEAR);
	ct_expect_empty(t);
}

static void
tears_and_errors_take_them_along(void)
{
	ct_both(at_once);
}

/* Of a tear they do not stay for the next one. */
static void
not_later(struct ct *t)
{
	ct_with_resv(t, ct_cl(50000));
	ct_feed(t, DOWN, with_objects(ct_resv_tear(t)));
	ct_answer_all(t);
	ct_feed(t, DOWN, ct_resv(t, ct_cl(50000)));
	ct_answer_all(t);
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv_tear(t));
	T_EQ(ct_sent(t, WIRE_RESV_TEAR, 0)->msg.other_count, 0);
}

static void
those_of_a_tear_go_with_it_alone(void)
{
	ct_once(not_later);
}

static void
answers(struct ct *t)
{
	struct wire_msg *msg = with_objects(ct_path(t));

	msg->tspec.r = -1;
	ct_feed(t, UP, msg);
	expect_objects(t, WIRE_PATH_ERR);
	ct_forget(t);
	ct_feed(t, DOWN, with_objects(ct_resv(t, ct_cl(50000)))); /* no Path */
	expect_objects(t, WIRE_RESV_ERR);
	ct_with_path(t);
	t->deny = true;
	ct_feed(t, DOWN, with_objects(ct_resv(t, ct_cl(50000))));
	expect_objects(t, WIRE_RESV_ERR);
}

static void
error_messages_take_along_what_caused_them(void)
{
	ct_both(answers);
}

/* The union is that of the requests merged: what a blockade leaves out brings
 * nothing, nor does the request for another previous hop. */
static void
merged_only(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_feed(t, DOWN, with_objects(ct_resv(t, ct_cl(80000))));
	ct_answer_all(t);
	msg = ct_resv(t, ct_cl(20000));
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->other_count = 1;
	msg->others[0] = (struct wire_view){ second, sizeof(second) };
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 46000);
	expect_objects(t, WIRE_RESV); /* two, of which one came twice */
	ct_forget(t);
	ct_feed(t, UP, ct_resv_err(t, 1, 2, ct_cl(80000)));
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.others[0].len, sizeof(second));
	msg = ct_path(t); /* another sender, behind another hop */
	msg->sender = ct_second_sender(t);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	ct_feed(t, UP, msg);
	msg = ct_resv(t, ct_cl(30000));
	msg->flows[0].filter = ct_second_sender(t);
	ct_forget(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.other_count, 0);
}

static void
a_merged_resv_carries_the_union_of_its_requests(void)
{
	ct_once(merged_only);
}

/* ---- messages that go on ------------------------------------------------- */

/* Put objects before the n-th one of a message, which is made right again. */
static size_t
insert(uint8_t *bytes, size_t len, size_t n, const uint8_t *extra, size_t more)
{
	size_t at = WIRE_HEADER;
	uint16_t sum;

	while (n-- > 0)
		at += (size_t)(bytes[at] << 8 | bytes[at + 1]);
	memmove(bytes + at + more, bytes + at, len - at);
	memcpy(bytes + at, extra, more);
	len += more;
	bytes[6] = (uint8_t)(len >> 8);
	bytes[7] = (uint8_t)len;
	bytes[2] = bytes[3] = 0;
	sum = wire_checksum(bytes, len);
	bytes[2] = (uint8_t)(sum >> 8);
	bytes[3] = (uint8_t)sum;
	return len;
}

static const uint8_t integrity[] = { 0, 36, 4, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
	9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1 };

/* Encoded, with INTEGRITY in front and an object in the middle. */
static size_t
odd_message(const struct wire_msg *msg, uint8_t *bytes, size_t size)
{
	struct buf_writer w = buf_writer(bytes, size);
	size_t len;

	T_CHECK(wire_msg_encode(&w, msg), "the test's message is wrong");
	len = insert(bytes, buf_written(&w), 1, first, sizeof(first));
	return insert(bytes, len, 0, integrity, sizeof(integrity));
}

static void
feed_octets(struct ct *t, const uint8_t *bytes, size_t len, struct addr dst)
{
	static struct wire_msg msg;
	const struct rsvp_packet packet = { .ifindex = UP,
		.src = ct_addr(t, UP, HOP_A),
		.dst = dst,
		.ttl = 60,
		.fault = wire_msg_decode(bytes, len, &msg),
		.msg = &msg,
		.bytes = bytes,
		.len = len };

	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
}

/* RFC 2205 2.9: a datagram like any other, INTEGRITY included. */
static void
untouched(struct ct *t)
{
	static const uint8_t strange[] = { 0, 4, 0x77, 1 };
	uint8_t bytes[1000];
	size_t len = odd_message(ct_resv(t, ct_cl(50000)), bytes, 500);

	t->unread = true;
	for (size_t i = 0; i < 2; i++) {
		feed_octets(t, bytes, len, ct_addr(t, 6, 6));
		T_EQ(t->sent_count, i + 1);
		T_EQ(t->sent[i].send.ttl, 59);
		T_EQ(t->sent[i].send.len, len);
		T_EQ(memcmp(t->sent[i].bytes, bytes, len), 0);
		T_CHECK(!t->sent[i].send.router_alert, "as it came");
		/* nor need we understand it */
		len = insert(bytes, len, 2, strange, sizeof(strange));
	}
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 0);
}

static void
what_is_for_another_node_is_not_touched(void)
{
	ct_both(untouched);
}

/* A ResvConf is sent anew by each node: Send_TTL is the TTL, INTEGRITY was for
 * us, 10bbbbbb is dropped; all else as it came, in its order. */
static void
conf_goes_on(struct ct *t)
{
	static const uint8_t strange[] = { 0, 4, 0x77, 1 };
	static const uint8_t dropped[] = { 0, 8, 0xbf, 1, 1, 2, 3, 4 };
	struct wire_msg *msg = ct_resv(t, ct_cl(50000));
	uint8_t bytes[1000], expected[1000];
	struct buf_writer w = buf_writer(expected, sizeof(expected));
	size_t len;

	msg->type = WIRE_RESV_CONF;
	msg->has = WIRE_HAS_SESSION | WIRE_HAS_ERROR | WIRE_HAS_CONFIRM |
		   WIRE_HAS_STYLE;
	msg->error.node = ct_addr(t, 7, 7);
	msg->confirm = ct_addr(t, 9, 9);
	len = insert(bytes, odd_message(msg, bytes, 500), 2, dropped,
		sizeof(dropped));
	feed_octets(t, bytes, len, ct_addr(t, 9, 9));
	msg->send_ttl = 59;
	T_CHECK(wire_msg_encode(&w, msg), "the test's message is wrong");
	len = insert(expected, buf_written(&w), 1, first, sizeof(first));
	T_EQ(t->sent_count, 1);
	T_EQ(t->sent[0].send.ttl, 59);
	T_CHECK(t->sent[0].send.router_alert, "with Router Alert");
	T_EQ(t->sent[0].send.len, len);
	T_EQ(memcmp(t->sent[0].bytes, expected, len), 0);
	len = insert(bytes, odd_message(msg, bytes, 500), 2, strange,
		sizeof(strange));
	feed_octets(t, bytes, len, ct_addr(t, 9, 9));
	T_EQ(t->sent_count, 1); /* refused as a whole (3.10) */
}

static void
a_resv_conf_goes_on_as_it_came_but_for_its_header(void)
{
	ct_both(conf_goes_on);
}

/* ---- PathErr in a ring --------------------------------------------------- */

enum { NODES = 3 };

/* Three nodes, each the previous hop of the next: what one sends upstream comes
 * to another one from downstream. */
static void
a_path_err_in_a_ring_dies(void)
{
	struct ct *ring[NODES];
	size_t hops = 0, at = 0;
	uint8_t ttl = 255;

	for (size_t i = 0; i < NODES; i++) {
		ring[i] = ct_new(ADDR_V4);
		ct_with_path(ring[i]);
	}
	for (;;) {
		struct ct *t = ring[at];
		struct wire_msg *msg = path_err(t);
		struct rsvp_packet packet = { .ifindex = DOWN,
			.src = ct_addr(t, DOWN, HOP_B),
			.dst = ct_addr(t, DOWN, 1),
			.ttl = ttl,
			.dst_local = true,
			.msg = msg };

		msg->send_ttl = ttl;
		ct_forget(t);
		ct_feed_from(t, packet);
		if (t->sent_count == 0)
			break;
		T_EQ(t->sent_count, 1);
		T_CHECK(t->sent[0].send.ttl < ttl, "it goes on for ever");
		ttl = t->sent[0].send.ttl;
		at = (at + 1) % NODES;
		hops++;
		T_CHECK(hops < 300, "it goes on for ever");
	}
	T_EQ(hops, 254);
	T_EQ(rsvp_core_counter(ring[at]->core, RSVP_C_DROP_BAD), 1);
	for (size_t i = 0; i < NODES; i++)
		ct_free(ring[i]);
}

/* The flow's sender is behind A, another one of the session behind C. */
static void
told_by(struct ct *t)
{
	struct wire_msg *err;

	ct_path_of(t, UP, HOP_C, 44);
	ct_with_resv(t, ct_cl(50000));
	err = ct_resv_err(t, WIRE_E_NO_SENDER, 0, ct_cl(50000));
	err->hop.addr = ct_addr(t, UP, HOP_C);
	ct_feed(t, UP, err);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 0);
	ct_feed(t, UP, ct_resv_err(t, WIRE_E_NO_SENDER, 0, ct_cl(50000)));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
}

/* RFC 2205 3.1.8: errors go the way that the Resv came. */
static void
an_error_for_a_sender_is_taken_from_its_previous_hop_alone(void)
{
	ct_both(told_by);
}

static struct t_case cases[] = {
	{ "each error is raised in its message, to its node",
		each_error_in_its_message_to_its_node },
	{ "lack of memory is code 23", lack_of_memory_is_code_23 },
	{ "an increase by another next hop leaves it in place",
		an_increase_by_another_next_hop_leaves_it_in_place },
	{ "tears and errors take unknown objects along",
		tears_and_errors_take_them_along },
	{ "those of a tear go with it alone",
		those_of_a_tear_go_with_it_alone },
	{ "error messages take along what came with their cause",
		error_messages_take_along_what_caused_them },
	{ "a merged Resv carries the union of its requests",
		a_merged_resv_carries_the_union_of_its_requests },
	{ "what is for another node is not touched",
		what_is_for_another_node_is_not_touched },
	{ "a ResvConf goes on as it came but for its header",
		a_resv_conf_goes_on_as_it_came_but_for_its_header },
	{ "an error for a sender is taken from its previous hop alone",
		an_error_for_a_sender_is_taken_from_its_previous_hop_alone },
	{ "a PathErr in a ring dies", a_path_err_in_a_ring_dies },
};
T_MAIN(cases)
