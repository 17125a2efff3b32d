/* SPDX-License-Identifier: ISC */

/*
 * The engine's side of the conversation with tcctl: rsvpd/tc_client.c, over a
 * real socket pair and the real loop, with a core that only notes what it is
 * told.
 */

#include "tc_client_t.h"

/* ---- cases --------------------------------------------------------------- */

static void
what_is_asked_in_one_turn_travels_in_one_datagram(void)
{
	struct bench *b = new_bench(true);
	static const enum tc_msg_type types[] = { TC_MSG_FLOW_ADD,
		TC_MSG_FLOW_CHANGE, TC_MSG_FLOW_DEL };
	uint32_t serials[3];
	struct buf_reader r;

	for (uint32_t i = 0; i < 3; i++) {
		const struct rsvp_flow_request q =
			request(50 + i, (enum rsvp_flow_op)i);

		tc_client_flow(b->engine.tc, &q);
	}
	r = hear_datagram(b);
	for (uint32_t i = 0; i < 3; i++) {
		struct msg m = next_message(&r, (uint16_t)types[i]);
		struct tc_flow flow;

		serials[i] = m.serial;
		T_CHECK(i == 0 || serials[i] != serials[i - 1], "twice");
		T_EQ(tc_get_flow(&m, &flow), true);
		T_EQ(flow.id, 1050 + i);
		T_EQ(flow.ifindex, 7);
	}
	T_EQ(buf_complete(&r), true);
	T_EQ(b->stats.count[STATS_TC_REQUESTS], 3);
	/* Answers in any order find their questions. */
	say_done(b, serials[2], 0, "");
	say_done(b, serials[0], 16, "class 1:5: busy");
	run_until(b, &b->core.installed_count, 2);
	T_EQ(b->core.installed[0].serial, 52);
	T_EQ(b->core.installed[0].error, 0);
	T_EQ(b->core.installed[1].serial, 50);
	T_EQ(b->core.installed[1].error, 16);
	T_STR(b->core.text, "class 1:5: busy");
	T_EQ(b->stats.count[STATS_TC_REFUSED], 1);
	T_CHECK(b->core.effects >= 2, "effects were not run");
	free_bench(b);
}

static void
a_flow_is_told_in_full(void)
{
	struct bench *b = new_bench(true);
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	struct buf_reader r;
	struct tc_flow f;
	struct msg m;

	tc_client_flow(b->engine.tc, &q);
	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_FLOW_ADD);
	T_EQ(tc_get_flow(&m, &f), true);
	T_EQ(f.service, TC_SERVICE_GS);
	T_EQ(f.rate_Bps, 125000);
	T_EQ(f.peak_Bps, 250000);
	T_EQ(f.bucket_bytes, 3000);
	T_EQ(f.max_packet_bytes, 1538);
	T_EQ(f.min_packet_bytes, 84);
	T_EQ(f.buffer_bytes, 20000);
	T_EQ(f.token_Bps, 100000);
	T_EQ(f.filter_count, 2);
	for (size_t i = 0; i < 2; i++) {
		T_EQ(addr_equal(&f.filters[i].dst, &q.flow.dst), true);
		T_EQ(f.filters[i].proto, 17);
		T_EQ(f.filters[i].dst_port, 5004);
		T_EQ(addr_equal(&f.filters[i].src, &q.flow.filters[i].src),
			true);
	}
	T_EQ(f.filters[0].src_port, 4000);
	T_EQ(f.filters[0].by_label, false);
	T_EQ(f.filters[0].flow_label, 0);
	T_EQ(f.filters[1].by_label, true);
	T_EQ(f.filters[1].flow_label, 0x12345);
	free_bench(b);
}

static void
an_adopted_flow_comes_back_in_full(void)
{
	struct bench *b = new_bench(true);
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	struct buf_reader r;
	struct tc_flow f;
	struct msg m;
	uint8_t bytes[4096];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct rsvp_flow *got = &b->core.adopted;

	tc_client_flow(b->engine.tc, &q);
	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_FLOW_ADD);
	T_EQ(tc_get_flow(&m, &f), true);
	tc_put_flow(&w, TC_MSG_ADOPTED, 0, &f);
	say(b, &w);
	run_until(b, &b->core.adopted_count, 1);
	T_EQ(got->id, q.flow.id);
	T_EQ(got->ifindex, q.flow.ifindex);
	T_EQ(got->service, q.flow.service);
	T_EQ(addr_equal(&got->dst, &q.flow.dst), true);
	T_EQ(got->proto, q.flow.proto);
	T_EQ(got->dst_port, q.flow.dst_port);
	T_EQ(got->rate_Bps, q.flow.rate_Bps);
	T_EQ(got->peak_Bps, q.flow.peak_Bps);
	T_EQ(got->bucket_bytes, q.flow.bucket_bytes);
	T_EQ(got->max_packet_bytes, q.flow.max_packet_bytes);
	T_EQ(got->min_packet_bytes, q.flow.min_packet_bytes);
	T_EQ(got->buffer_bytes, q.flow.buffer_bytes);
	T_EQ(got->token_Bps, q.flow.token_Bps);
	T_EQ(got->filter_count, 2);
	T_EQ(addr_equal(&got->filters[0].src, &q.flow.filters[0].src), true);
	T_EQ(got->filters[0].src_port, 4000);
	T_EQ(got->filters[0].form, WIRE_FILTER_PORT);
	T_EQ(got->filters[1].form, WIRE_FILTER_FLOW_LABEL);
	T_EQ(got->filters[1].flow_label, 0x12345);
	free_bench(b);
}

static void
without_tcctl_a_flow_is_refused_at_once(void)
{
	struct bench *b = new_bench(false);
	const struct rsvp_flow_request q = request(9, RSVP_FLOW_ADD);

	tc_client_flow(b->engine.tc, &q);
	T_EQ(b->core.installed_count, 1);
	T_EQ(b->core.installed[0].serial, 9);
	T_EQ(b->core.installed[0].error, ENOTCONN);
	T_EQ(b->stats.count[STATS_TC_REFUSED], 1);
	T_EQ(b->core.effects, 1);
	free_bench(b);
}

static void
every_new_tcctl_hears_of_the_interfaces(void)
{
	struct bench *b = new_bench(false);
	struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000
	};

	tc_client_iface(b->engine.tc, &iface);
	connect_peer(b);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 1);
	T_EQ(b->core.ready_ifindex, 7);
	T_EQ(b->core.ready_error, 0);
	/* New settings. */
	iface.link_Bps = 12500000;
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 12500000), 19, "no such device");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(b->core.ready_error, 19);
	T_STR(b->core.text, "no such device");
	/* A new tcctl takes the place of the old one. */
	connect_peer(b);
	T_EQ(b->core.lost_count, 1);
	(void)hear_iface(b, 7, 12500000);
	free_bench(b);
}

static void
settled_is_what_has_been_answered_for(void)
{
	struct bench *b = new_bench(false);
	struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000
	};
	uint32_t serial;
	size_t calls;

	T_CHECK(tc_client_settled(b->engine.tc), "nothing is waited for");
	tc_client_iface(b->engine.tc, &iface);
	T_CHECK(!tc_client_settled(b->engine.tc), "there is no tcctl");
	connect_peer(b);
	serial = hear_iface(b, 7, 1250000);
	iface.ifindex = 8;
	tc_client_iface(b->engine.tc, &iface);
	T_EQ(b->core.adopted_calls, 0);
	say_done(b, serial, 0, "");
	run_until(b, &b->core.ready_count, 1);
	T_EQ(b->core.adopted_calls, 1);
	T_CHECK(!tc_client_settled(b->engine.tc), "one has no answer");
	/* A refusal is one. */
	say_done(b, hear_iface(b, 8, 1250000), 19, "no such device");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(b->core.adopted_calls, 2);
	T_CHECK(tc_client_settled(b->engine.tc), "both are answered for");
	iface.ifindex = 9;
	tc_client_iface(b->engine.tc, &iface);
	T_CHECK(!tc_client_settled(b->engine.tc), "a third");
	calls = b->core.adopted_calls;
	tc_client_iface_off(b->engine.tc, 9);
	T_CHECK(tc_client_settled(b->engine.tc), "which has gone");
	T_EQ(b->core.adopted_calls, calls + 1);
	/* Another tcctl does not unsettle it. */
	connect_peer(b);
	T_CHECK(tc_client_settled(b->engine.tc), "by another tcctl");
	free_bench(b);
}

static void
the_answer_for_a_mark_is_told(void)
{
	struct bench *b = new_bench(true);
	const struct tc_flow_mark mark = {
		.flow_id = 77, .ifindex = 7, .as = { .marks = true, .dscp = 46 }
	};
	struct tc_flow_mark got;
	struct buf_reader r;
	struct msg m;

	for (size_t i = 1; i <= 2; i++) {
		tc_client_flow_mark(b->engine.tc, &mark);
		r = hear_datagram(b);
		m = next_message(&r, TC_MSG_FLOW_MARK);
		T_EQ(tc_get_flow_mark(&m, &got), true);
		T_EQ(got.flow_id, 77);
		T_EQ(got.as.dscp, 46);
		say_done(b, m.serial, i == 1 ? 95 : 0, "no");
		run_until(b, &b->core.mark_count, i);
		T_EQ(b->core.marked, 77);
		T_EQ(b->core.mark_error, i == 1 ? 95 : 0);
	}
	free_bench(b);
}

static void
say_drift(struct bench *b, const struct tc_drift_report *report)
{
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	tc_put_drift(&w, report);
	T_EQ(send(b->peer, bytes, buf_written(&w), 0), buf_written(&w));
}

/* What others change is counted and shown; a flow that they took away is the
 * core's business. */
static void
changes_by_others_are_kept(void)
{
	struct bench *b = new_bench(true);
	const struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000
	};
	struct tc_drift_report report = { .ifindex = 7, .text = "repaired" };
	char text[TC_TEXT];

	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 1);
	T_EQ(tc_client_drift(b->engine.tc, 7, text), 0);
	T_STR(text, "");
	say_drift(b, &report);
	report.ifindex = 8; /* not ours */
	report.error = 5;
	say_drift(b, &report);
	report = (struct tc_drift_report){ 7, 4711, 5, "given up" };
	say_drift(b, &report);
	run_until(b, &b->core.flow_lost_count, 1);
	T_EQ(b->core.flow_lost, 4711);
	T_EQ(b->core.flow_error, 5);
	T_STR(b->core.text, "given up");
	T_EQ(tc_client_drift(b->engine.tc, 7, text), 2);
	T_STR(text, "given up");
	T_EQ(tc_client_drift(b->engine.tc, 8, text), 0);
	T_EQ(b->core.lost_count, 0);
	free_bench(b);
}

static uint32_t
gso_of(struct bench *b)
{
	return tc_client_gso(b->engine.tc, 7);
}

/* What tcctl did with the limit is read from the kernel, once it has answered
 * and whenever somebody changed something. */
static void
links_are_read_again_when_tcctl_has_limited_one(void)
{
	struct bench *b = new_bench(true);
	struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000, .gso_segs = 3
	};
	const struct tc_drift_report drift = { 7, 4711, 5, "changed" };
	uint32_t serial;

	T_EQ(gso_of(b), 0);
	tc_client_iface(b->engine.tc, &iface);
	serial = hear_iface(b, 7, 1250000);
	T_EQ(gso_of(b), 0); /* not answered yet */
	T_EQ(b->core.read_agains, 0);
	iface.gso_segs = 4;
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, serial, 0, "");
	run_until(b, &b->core.ready_count, 1);
	T_EQ(gso_of(b), 3); /* the answer is to the first */
	T_EQ(b->core.read_agains, 1);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(gso_of(b), 4);
	T_EQ(b->core.read_agains, 2);
	say_drift(b, &drift);
	run_until(b, &b->core.flow_lost_count, 1);
	T_EQ(gso_of(b), 4);
	T_EQ(b->core.read_agains, 3);
	/* It is not limited where it is not managed. */
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 1250000), 16, "foreign");
	run_until(b, &b->core.ready_count, 3);
	T_EQ(gso_of(b), 0);
	T_EQ(b->core.read_agains, 4);
	iface.gso_segs = 0;
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 4);
	say_drift(b, &drift);
	run_until(b, &b->core.flow_lost_count, 2);
	T_EQ(b->core.read_agains, 4); /* nothing is limited, nor was */
	iface.gro_octets = 1501;
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 5);
	T_EQ(b->core.read_agains, 5);
	free_bench(b);
}

/* The limit is put back with the tree. */
static void
a_lost_interface_is_not_limited(void)
{
	struct bench *b = new_bench(true);
	const struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000, .gso_segs = 3
	};
	const struct tc_lost lost = { .ifindex = 7, .text = "taken" };
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_iface(b, 7, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 1);
	tc_put_lost(&w, &lost);
	say(b, &w);
	run_until(b, &b->core.ready_count, 2);
	T_EQ(gso_of(b), 0);
	T_EQ(b->core.read_agains, 2);
	free_bench(b);
}

static void
counters_are_told_and_ended(void)
{
	struct bench *b = new_bench(true);
	const struct tc_counters_query query = { .ifindex = 7, .flow_id = 3 };
	const struct tc_counter counter = { .flow_id = 3, .bytes = 4711 };
	struct tc_counters_query got;
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;
	struct msg m;

	tc_client_counters(b->engine.tc, &query, note_counter, &b->core);
	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_COUNTERS);
	T_EQ(tc_get_counters(&m, &got), true);
	T_EQ(got.ifindex, 7);
	T_EQ(got.flow_id, 3);
	tc_put_counter(&w, m.serial, &counter);
	tc_put_done(&w, m.serial, &(struct tc_done){ 0 });
	say(b, &w);
	run_until(b, &b->core.counter_ends, 1);
	T_EQ(b->core.counter_count, 1);
	T_EQ(b->core.counter.bytes, 4711);
	/* That was the end of it. */
	connect_peer(b);
	T_EQ(b->core.lost_count, 1);
	T_EQ(b->core.counter_ends, 1);
	free_bench(b);
}

static void
who_waits_for_counters_hears_of_the_loss(void)
{
	struct bench *b = new_bench(true);
	const struct tc_counters_query query = { 0 };
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);

	tc_client_counters(b->engine.tc, &query, note_counter, &b->core);
	tc_client_flow(b->engine.tc, &q);
	T_EQ(shutdown(b->peer, SHUT_RDWR), 0);
	loop_fd_set(b->watch, 0);
	run_until(b, &b->core.lost_count, 1);
	T_EQ(b->core.counter_ends, 1);
	T_EQ(b->core.counter_count, 0);
	/* The core asks for the flow again by itself. */
	T_EQ(b->core.installed_count, 0);
	tc_client_counters(b->engine.tc, &query, note_counter, &b->core);
	T_EQ(b->core.counter_ends, 2);
	free_bench(b);
}

/* Each is the end of the connection, and of no more than that. */
static void
nonsense_ends_the_connection(void)
{
	static const struct {
		uint8_t bytes[20];
		size_t len;
	} rows[] = { /* a good note, but for its version */
		{ { 17, 0, 0, 0, 2, 0, TC_MSG_NOTE, 0, 0, 0, 0, 0, 97, 0, 5, 0,
			  'x' },
			17 },
		{ { 12, 0, 0, 0, 1, 0, 99, 0, 1, 0, 0, 0 }, 12 }, /* type */
		{ { 12, 0, 0, 0, 1, 0, 65, 0, 9, 9, 9, 9 }, 12 }, /* serial */
		{ { 12, 0, 0, 0, 1, 0, 66, 0, 9, 9, 9, 9 }, 12 }, /* counter */
		{ { 12, 0, 0, 0, 1, 0, 64, 0, 0, 0, 0, 0 }, 12 }, /* no flow */
		{ { 13, 0, 0, 0, 1, 0, 65, 0, 1, 0, 0, 0 }, 12 }, /* length */
		{ { 1, 2, 3 }, 3 }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = new_bench(true);
		const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);

		T_EQ(send(b->peer, rows[i].bytes, rows[i].len, 0), rows[i].len);
		loop_fd_set(b->watch, 0);
		run_until(b, &b->core.lost_count, 1);
		tc_client_flow(b->engine.tc, &q);
		T_EQ(b->core.installed[0].error, ENOTCONN);
		free_bench(b);
	}
}

/* A counter for one who asked for a flow. */
static void
an_answer_to_another_question_ends_the_connection(void)
{
	struct bench *b = new_bench(true);
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	const struct tc_counter counter = { .flow_id = 1 };
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;

	tc_client_flow(b->engine.tc, &q);
	r = hear_datagram(b);
	tc_put_counter(&w, next_message(&r, TC_MSG_FLOW_ADD).serial, &counter);
	say(b, &w);
	loop_fd_set(b->watch, 0);
	run_until(b, &b->core.lost_count, 1);
	T_EQ(b->core.counter_count, 0);
	free_bench(b);
}

/* Whole messages as far as we can see, and more than we can. */
static void
a_datagram_that_is_too_long_is_not_taken(void)
{
	enum { EACH = 64 };
	static uint8_t bytes[MSG_DATAGRAM_MAX + EACH];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct bench *b = new_bench(true);

	while (!w.failed && buf_written(&w) < sizeof(bytes))
		tc_put_note(&w, "just so long that so many of them fill "
				"a message");
	T_CHECK(!w.failed, "a note of another size");
	say(b, &w);
	loop_fd_set(b->watch, 0);
	run_until(b, &b->core.lost_count, 1);
	T_EQ(b->core.effects, 1); /* of the loss */
	free_bench(b);
}

/* What waited for one tcctl is not for the next. */
static void
a_new_tcctl_hears_nothing_of_what_the_old_one_was_asked(void)
{
	struct bench *b = new_bench(true);
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	const struct tc_iface iface = { .ifindex = 9, .name = "eth9" };

	tc_client_flow(b->engine.tc, &q);
	connect_peer(b);
	T_EQ(b->core.lost_count, 1);
	tc_client_iface(b->engine.tc, &iface);
	(void)hear_iface(b, 9, 0);
	free_bench(b);
}

/* It does not read: what is beyond the bound is refused, once. */
static void
a_full_queue_refuses(void)
{
	struct bench *b = new_bench(true);
	const struct tc_counters_query query = { 0 };
	struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	size_t waiting = 0;

	q.flow.filter_count = RSVP_FLOW_FILTERS_MAX;
	for (size_t i = 2; i < RSVP_FLOW_FILTERS_MAX; i++)
		q.flow.filters[i] = q.flow.filters[0];
	loop_fd_set(b->watch, 0);
	while (b->core.installed_count == 0)
		tc_client_flow(b->engine.tc, &q);
	T_EQ(b->core.installed[0].error, ENOBUFS);
	T_EQ(b->stats.count[STATS_TC_REFUSED], 1);
	for (;; waiting++) {
		tc_client_counters(
			b->engine.tc, &query, note_counter, &b->core);
		if (b->core.counter_ends > 0)
			break;
	}
	/* Nobody hears of the end of a question that was not asked. */
	b->core.counter_ends = 0;
	one_turn(b);
	tc_client_counters(b->engine.tc, &query, note_counter, &b->core);
	T_EQ(b->core.counter_ends, 0);
	T_EQ(shutdown(b->peer, SHUT_RDWR), 0);
	run_until(b, &b->core.lost_count, 1);
	T_EQ(b->core.lost_count, 1);
	T_EQ(b->core.counter_ends, waiting + 1);
	free_bench(b);
}

/* What the loop waits for on a descriptor: bits of poll(2). */
static unsigned
waited_for(int fd)
{
	unsigned found = 0;

	for (int n = 0; n < 64; n++) {
		char path[64], line[200];
		unsigned events;
		FILE *file;
		int tfd;

		(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", n);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "tfd: %d events: %x", &tfd, &events) ==
					2 &&
				tfd == fd)
				found |= events;
		if (file)
			(void)fclose(file); /* was only read */
	}
	return found;
}

/* Room in the socket is of interest only while something waits for it. */
static void
nobody_waits_for_room_without_need(void)
{
	enum { IN = 1, OUT = 4, FLOWS = 5000 };
	struct bench *b = new_bench(false);
	struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	b->peer = pair[1];
	tc_client_socket(b->engine.tc, pair[0]);
	tc_client_flow(b->engine.tc, &q);
	one_turn(b);
	one_turn(b);
	T_EQ(waited_for(pair[0]) & (IN | OUT), IN);
	for (int i = 0; i < FLOWS; i++)
		tc_client_flow(b->engine.tc, &q);
	one_turn(b);
	one_turn(b);
	T_EQ(waited_for(pair[0]) & (IN | OUT), IN | OUT);
	free_bench(b);
}

/* One turn, and what it writes to the log. */
static void
run_until_logged(struct bench *b, char *log, size_t size)
{
	const int saved = dup(STDERR_FILENO);
	int ends[2];
	ssize_t n;

	T_EQ(pipe(ends), 0);
	T_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	run_until(b, &b->core.effects, 1);
	T_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);   /* restored */
	(void)close(ends[1]); /* so that reading ends */
	n = read(ends[0], log, size - 1);
	(void)close(ends[0]); /* of the test */
	log[n > 0 ? n : 0] = '\0';
}

static void
a_note_is_taken(void)
{
	struct bench *b = new_bench(true);
	char log[1024];
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	tc_put_note(&w, "a class was changed by somebody else");
	say(b, &w);
	run_until_logged(b, log, sizeof(log));
	T_CHECK(strstr(log, "warning: tc: a class was changed by somebody "
			    "else\n"),
		"%s", log);
	T_EQ(b->core.lost_count, 0);
	free_bench(b);
}

/* tcctl leaves it to us, also where the interface is none of ours any more. */
static void
what_others_did_is_logged(void)
{
	struct bench *b = new_bench(true);
	const struct tc_drift_report report = { .ifindex = 99,
		.text = "eth9: the tree was removed by another program" };
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	char log[1024];

	tc_put_drift(&w, &report);
	say(b, &w);
	run_until_logged(b, log, sizeof(log));
	T_CHECK(strstr(log, "warning: tc: eth9: the tree was removed"), "%s",
		log);
	free_bench(b);
}

/* More than the socket holds: it waits for room, loses nothing, keeps order. */
static void
a_slow_tcctl_gets_everything_in_order(void)
{
	enum { FLOWS = 20000 };
	struct bench *b = new_bench(true);
	uint32_t heard = 0;

	for (uint32_t i = 0; i < FLOWS; i++) {
		const struct rsvp_flow_request q = request(i, RSVP_FLOW_ADD);

		tc_client_flow(b->engine.tc, &q);
	}
	while (heard < FLOWS) {
		struct buf_reader r;
		struct tc_flow flow;
		struct msg m;

		r = hear_datagram(b);
		for (; msg_next(&r, &m); heard++) {
			T_EQ(tc_get_flow(&m, &flow), true);
			T_EQ(flow.id, 1000 + heard);
		}
		T_EQ(r.failed, false);
	}
	T_EQ(b->core.installed_count, 0);
	free_bench(b);
}

static struct t_case cases[] = {
	{ "what is asked in one turn travels in one datagram",
		what_is_asked_in_one_turn_travels_in_one_datagram },
	{ "a flow is told in full", a_flow_is_told_in_full },
	{ "an adopted flow comes back in full",
		an_adopted_flow_comes_back_in_full },
	{ "without tcctl a flow is refused at once",
		without_tcctl_a_flow_is_refused_at_once },
	{ "settled is what has been answered for",
		settled_is_what_has_been_answered_for },
	{ "the answer for a mark is told", the_answer_for_a_mark_is_told },
	{ "every new tcctl hears of the interfaces",
		every_new_tcctl_hears_of_the_interfaces },
	{ "links are read again when tcctl has limited one",
		links_are_read_again_when_tcctl_has_limited_one },
	{ "a lost interface is not limited", a_lost_interface_is_not_limited },
	{ "changes by others are kept", changes_by_others_are_kept },
	{ "counters are told and ended", counters_are_told_and_ended },
	{ "who waits for counters hears of the loss",
		who_waits_for_counters_hears_of_the_loss },
	{ "nonsense ends the connection", nonsense_ends_the_connection },
	{ "an answer to another question ends the connection",
		an_answer_to_another_question_ends_the_connection },
	{ "a datagram that is too long is not taken",
		a_datagram_that_is_too_long_is_not_taken },
	{ "a new tcctl hears nothing of what the old one was asked",
		a_new_tcctl_hears_nothing_of_what_the_old_one_was_asked },
	{ "a full queue refuses", a_full_queue_refuses },
	{ "nobody waits for room without need",
		nobody_waits_for_room_without_need },
	{ "a note is logged", a_note_is_taken },
	{ "what other programs did is logged", what_others_did_is_logged },
	{ "a slow tcctl gets everything in order",
		a_slow_tcctl_gets_everything_in_order },
};
T_MAIN(cases)
