/* SPDX-License-Identifier: ISC */

/*
 * A turn of the loop with the packets that wait in a socket, under a clock that
 * goes on only while they are taken: rsvpd/net_recv.c, net_batch.c, net_raw.c.
 */

#include "net_t.h"
#include "t.h"

enum { MOST = 256, HEAD = 20, HOST = 1, OTHER = 2, A_BATCH = 64 };

/* The world of one case. */
static struct {
	int64_t cost_us;  /* of a packet, computing */
	int64_t pause_us; /* that somebody else has the processor meanwhile */
	size_t pause_at;  /* for this packet only; 0: for each */
	uint32_t taken[MOST];
	size_t count;
} w;

static void
note_packet(const struct rsvp_packet *packet)
{
	T_EQ(packet->len, sizeof(w.taken[0]));
	T_CHECK(w.count < MOST, "too many");
	memcpy(&w.taken[w.count++], packet->bytes, packet->len);
}

/* What came of it. */
static void
compute(void)
{
	net_t.computed_us += w.cost_us;
	loop_t_go_on(w.cost_us);
	if (w.pause_at == 0 || w.pause_at == w.count)
		loop_t_go_on(w.pause_us);
}

/* ---- scene --------------------------------------------------------------- */

static void
begin(int64_t cost_us)
{
	memset(&w, 0, sizeof(w));
	w.cost_us = cost_us;
	net_t_begin();
	net_t.msg.type = WIRE_RESV_ERR;
	net_t.on_packet = note_packet;
	net_t.on_effects = compute;
	net_t_open(SUP_FD_RAW4);
}

static int
fd_of(void)
{
	return net_t.fds[SUP_FD_RAW4][1];
}

/* Packets from 10.0.0.host to us, numbered. */
static void
arrive(uint8_t host, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		uint8_t bytes[HEAD + sizeof(i)] = { 0x45, 0, 0,
			HEAD + sizeof(i), 0, 0, 0, 0, 63, NET_PACKET_PROTO, 0,
			0, 10, 0, 0, host, 10, 0, 0, 9 };

		struct net_t_mark mark = { .flags = 0 };

		net_t_by4(&mark, NET_T_ETH, "10.0.0.9");
		memcpy(bytes + HEAD, &i, sizeof(i));
		net_t_arrive(SUP_FD_RAW4, &mark, bytes, sizeof(bytes));
	}
}

/* What the loop does next; how many packets were taken.  It does one thing: a
 * socket is not read while some of what it had before is left. */
static size_t
turn(void)
{
	const size_t before = w.count;

	if (loop_t_timers() > 0) {
		T_EQ(loop_t_ready(fd_of()), 0);
		T_CHECK(loop_t_call_timers(), "not at once");
	} else {
		(void)loop_t_call_fds(); /* when there is something */
	}
	return w.count - before;
}

static void
expect_order(void)
{
	for (size_t i = 0; i < w.count; i++)
		T_EQ(w.taken[i], i);
}

/* ---- cases --------------------------------------------------------------- */

static void
cheap_packets_are_taken_together(void)
{
	begin(10);
	arrive(HOST, 0, A_BATCH + 1);
	T_EQ(turn(), A_BATCH);
	T_EQ(loop_t_timers(), 0); /* nothing is left */
	T_EQ(turn(), 1);
	T_EQ(turn(), 0);
	expect_order();
	net_t_end();
}

static void
costly_packets_end_a_turn(void)
{
	begin(LOOP_TURN_MS * 1000 / 4);
	arrive(HOST, 0, 10);
	T_EQ(turn(), 4);
	T_EQ(turn(), 4);
	T_EQ(turn(), 2);
	T_EQ(loop_t_ready(fd_of()), LOOP_READ);
	T_EQ(turn(), 0);
	expect_order();
	net_t_end();
}

/* One that takes longer than a turn may is alone in it. */
static void
a_turn_takes_one_packet_at_least(void)
{
	begin(LOOP_TURN_MS * 1000 * 10);
	arrive(HOST, 0, 3);
	for (int i = 0; i < 3; i++)
		T_EQ(turn(), 1);
	T_EQ(turn(), 0);
	expect_order();
	net_t_end();
}

/* Whoever waits for us waits for the pauses too. */
static void
time_of_others_ends_a_turn(void)
{
	begin(1);
	w.pause_us = LOOP_TURN_MS * 1000;
	arrive(HOST, 0, 3);
	T_EQ(turn(), 1);
	T_EQ(turn(), 1);
	net_t_end();
}

static void
what_is_left_comes_before_what_arrives(void)
{
	begin(LOOP_TURN_MS * 1000);
	arrive(HOST, 0, 2);
	T_EQ(turn(), 1);
	arrive(HOST, 2, 2);
	for (int i = 0; i < 3; i++)
		T_EQ(turn(), 1);
	T_EQ(turn(), 0);
	T_EQ(w.count, 4);
	expect_order();
	net_t_end();
}

static void
what_is_left_waits_while_nobody_listens(void)
{
	begin(LOOP_TURN_MS * 1000);
	arrive(HOST, 0, 2);
	T_EQ(turn(), 1);
	net_t.engine.listening = false;
	net_raw_listen(net_t.engine.raw);
	T_EQ(turn(), 0);
	T_EQ(loop_t_ready(fd_of()), 0);
	net_t.engine.listening = true;
	net_raw_listen(net_t.engine.raw);
	T_EQ(turn(), 1);
	T_EQ(loop_t_ready(fd_of()), LOOP_READ);
	expect_order();
	net_t_end();
}

static void
another_socket_begins_anew(void)
{
	begin(LOOP_TURN_MS * 1000);
	arrive(HOST, 7, 2);
	T_EQ(turn(), 1);
	net_t_open(SUP_FD_RAW4);
	T_EQ(loop_t_timers(), 0); /* of the socket before */
	w.count = 0;
	arrive(HOST, 0, 1);
	T_EQ(turn(), 1);
	T_EQ(turn(), 0);
	expect_order();
	net_t_end();
}

static void
a_socket_that_is_none_ends_the_engine(void)
{
	struct net_port *port;

	begin(1);
	port = &net_t.engine.raw->ports[NET_RAW4];
	net_recv_ready(port, -1, LOOP_READ);
	T_CHECK(loop_t_stopped(), "it spins");
	net_recv_ready(port, fd_of(), LOOP_READ); /* nothing there */
	T_CHECK(!loop_t_stopped(), "for no reason");
	T_EQ(w.count, 0);
	T_EQ(net_t.stats.count[STATS_RECEIVED], 0);
	net_t_end();
}

/* A known source pays for its costly packets by itself. */
static size_t
taken_of(uint32_t count)
{
	const size_t before = w.count;

	arrive(HOST, 0, count);
	while (loop_t_call_timers() || loop_t_call_fds())
		;
	return w.count - before;
}

static void
costly_packets_are_charged_to_their_source(void)
{
	enum { COST_US = 50000, MANY = 60 };
	size_t count;

	begin(1);
	T_EQ(taken_of(2), 2); /* known from now on */
	w.cost_us = COST_US;
	count = taken_of(MANY);
	/* Half of the burst, and a quarter of the time since. */
	T_CHECK(count > NET_LIMIT_BURST_US / 2 / COST_US && count < MANY / 2,
		"%zu taken", count);
	T_EQ(net_t.stats.count[STATS_RATE_LIMITED], MANY - count);
	arrive(OTHER, 0, 1);
	T_EQ(turn(), 1);
	net_t_end();
}

/* Several in a turn. */
static void
each_costly_packet_of_a_turn_is_charged(void)
{
	enum { COST_US = 2000, A_TURN = 4, TURNS = 200 };
	size_t count = 0;

	begin(1);
	T_EQ(taken_of(2), 2);
	w.cost_us = COST_US;
	for (int i = 0; i < TURNS; i++) {
		w.count = 0;
		count += taken_of(A_TURN);
	}
	T_CHECK(count > NET_LIMIT_BURST_US / 2 / COST_US &&
			count < TURNS * A_TURN / 2,
		"%zu taken", count);
	net_t_end();
}

/* With little of a processor, too: what comes of a packet holds us up as long
 * as that takes. */
static void
costly_packets_are_charged_what_they_hold_us_up(void)
{
	enum { COST_US = 4000, PAUSE_US = 46000, MANY = 60 };
	size_t count;

	begin(1);
	T_EQ(taken_of(2), 2);
	w.cost_us = COST_US;
	w.pause_us = PAUSE_US;
	count = taken_of(MANY);
	T_CHECK(count > NET_LIMIT_BURST_US / 2 / (COST_US + PAUSE_US) &&
			count < MANY / 2,
		"%zu taken", count);
	net_t_end();
}

/* Many that are cheap, and then one for which we wait. */
static void
time_of_others_is_charged_to_nobody(void)
{
	begin(1);
	T_EQ(taken_of(2), 2);
	for (int i = 0; i < 60; i++) {
		w.cost_us = NET_LIMIT_COSTLY_US / 2;
		arrive(HOST, 0, 4);
		w.pause_at = w.count + 4;
		w.pause_us = 1000000;
		T_EQ(turn(), 4);
	}
	T_EQ(net_t.stats.count[STATS_RATE_LIMITED], 0);
	net_t_end();
}

static struct t_case cases[] = {
	{ "cheap packets are taken together",
		cheap_packets_are_taken_together },
	{ "costly packets end a turn", costly_packets_end_a_turn },
	{ "a turn takes one packet at least",
		a_turn_takes_one_packet_at_least },
	{ "the time of others ends a turn", time_of_others_ends_a_turn },
	{ "what is left comes before what arrives",
		what_is_left_comes_before_what_arrives },
	{ "what is left waits while nobody listens",
		what_is_left_waits_while_nobody_listens },
	{ "another socket begins anew", another_socket_begins_anew },
	{ "a socket that is none ends the engine",
		a_socket_that_is_none_ends_the_engine },
	{ "costly packets are charged to their source",
		costly_packets_are_charged_to_their_source },
	{ "each costly packet of a turn is charged",
		each_costly_packet_of_a_turn_is_charged },
	{ "costly packets are charged what they hold us up",
		costly_packets_are_charged_what_they_hold_us_up },
	{ "the time of others is charged to nobody",
		time_of_others_is_charged_to_nobody },
};
T_MAIN(cases)
