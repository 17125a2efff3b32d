/* SPDX-License-Identifier: ISC */

/* What becomes of a packet that arrives, by the socket it came in, and of the
 * sockets: rsvpd/net_recv.c, net_raw.c, net_batch.c. */

#include <errno.h>
#include <unistd.h>

#include "net_t.h"
#include "t.h"

enum { HEAD4 = 20, HEAD6 = 40, BODY = 12 };

static const char from4[] = "10.0.0.1";
static const char from6[] = "2001:db8::1";

static void
begin_on(int role)
{
	net_t_begin();
	net_t.msg.type = WIRE_RESV;
	net_t_open(role);
}

/* An IPv4 packet with its header, by an interface. */
static void
arrive4_by(uint32_t ifindex, const char *src, const char *dst, uint8_t ttl)
{
	uint8_t b[HEAD4 + BODY] = { 0x45, 0x20, 0, HEAD4 + BODY, 0, 0, 0, 0,
		ttl, NET_PACKET_PROTO };
	const struct addr s = t_addr(src);
	const struct addr d = t_addr(dst);
	struct net_t_mark mark = { .flags = 0 };

	memcpy(b + 12, s.b, 4);
	memcpy(b + 16, d.b, 4);
	/* The address of the interface, not of the packet. */
	net_t_by4(&mark, ifindex, "10.0.0.9");
	net_t_arrive(SUP_FD_RAW4, &mark, b, sizeof(b));
	net_t_take();
}

static void
arrive4(const char *src, const char *dst)
{
	arrive4_by(NET_T_ETH, src, dst, 60);
}

/* A message to one of our IPv6 addresses. */
static struct net_t_mark
mark6(const char *dst)
{
	struct net_t_mark mark = net_t_from(from6, 0);

	net_t_by6(&mark, NET_T_ETH, dst);
	net_t_hops(&mark, 61);
	return mark;
}

static void
arrive6(const struct net_t_mark *mark)
{
	static const uint8_t body[BODY] = { 1 };

	net_t_arrive(SUP_FD_RAW6, mark, body, sizeof(body));
	net_t_take();
}

/* The same behind its header. */
static size_t
put_head6(uint8_t *b, uint8_t next, size_t len, const char *dst)
{
	const struct addr s = t_addr(from6);
	const struct addr d = t_addr(dst);

	memset(b, 0, HEAD6);
	b[0] = 0x60;
	b[5] = (uint8_t)len;
	b[6] = next;
	b[7] = 62;
	memcpy(b + 8, s.b, 16);
	memcpy(b + 24, d.b, 16);
	return HEAD6;
}

static void
expect_packet(uint32_t ifindex, const char *src, const char *dst, uint8_t ttl)
{
	const struct addr s = t_addr(src);
	const struct addr d = t_addr(dst);
	const struct rsvp_packet *p = &net_t.packet;

	T_EQ(net_t.handed, 1);
	net_t.handed = 0;
	T_EQ(p->ifindex, ifindex);
	T_CHECK(addr_equal(&p->src, &s), "not from %s", src);
	T_CHECK(addr_equal(&p->dst, &d), "not to %s", dst);
	T_EQ(p->ttl, ttl);
	T_EQ(p->len, BODY);
}

/* It was dropped, and counted so. */
static void
expect_dropped(enum stats_counter counter)
{
	T_EQ(net_t.handed, 0);
	T_EQ(net_t.sent, 0);
	T_EQ(net_t_count(counter), 1);
	net_t.stats.count[counter] = 0;
	T_EQ(net_t_count(STATS_RECEIVED), 1);
	net_t.stats.count[STATS_RECEIVED] = 0;
	for (int i = 0; i < STATS_COUNTER_COUNT; i++)
		T_EQ(net_t.stats.count[i], 0);
}

/* ---- the way it came ----------------------------------------------------- */

static void
an_ipv4_packet_is_what_its_header_says(void)
{
	begin_on(SUP_FD_RAW4);
	arrive4(from4, "10.0.1.9");
	T_CHECK(net_t.packet.dst_local, "to us");
	expect_packet(NET_T_ETH, from4, "10.0.1.9", 60);
	net_t.msg.type = WIRE_PATH;
	arrive4_by(NET_T_OUT, "10.7.7.7", "10.0.3.3", 3);
	T_CHECK(!net_t.packet.dst_local, "not to us");
	expect_packet(NET_T_OUT, "10.7.7.7", "10.0.3.3", 3);
	T_EQ(net_t_count(STATS_RECEIVED), 2);
	T_EQ(net_t_count(STATS_UDP_RECEIVED), 0);
	net_t_end();
}

static void
an_ipv6_message_is_what_the_kernel_tells_of_it(void)
{
	struct net_t_mark mark;

	begin_on(SUP_FD_RAW6);
	mark = mark6("2001:db8::9");
	arrive6(&mark);
	T_CHECK(net_t.packet.dst_local, "to us");
	expect_packet(NET_T_ETH, from6, "2001:db8::9", 61);
	net_t_end();
}

/* Of another size, of another protocol or of no use. */
static void
what_the_kernel_tells_in_another_form_is_not_read(void)
{
	const struct in_pktinfo info = { .ipi_ifindex = NET_T_OUT };
	const uint8_t hops = 9;
	const int other = 9;
	const struct in6_pktinfo info6 = { .ipi6_ifindex = NET_T_OUT };
	struct net_t_mark mark;

	begin_on(SUP_FD_RAW6);
	mark = mark6("2001:db8::9");
	net_t_control(&mark, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	net_t_control(&mark, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	net_t_control(&mark, IPPROTO_IPV6, IPV6_TCLASS, &other, sizeof(other));
	net_t_control(&mark, IPPROTO_IP, IPV6_HOPLIMIT, &other, sizeof(other));
	arrive6(&mark);
	expect_packet(NET_T_ETH, from6, "2001:db8::9", 61);
	mark = mark6("2001:db8::9");
	net_t_control(&mark, SOL_SOCKET, IPV6_PKTINFO, &info6, sizeof(info6));
	net_t_control(&mark, SOL_SOCKET, IP_PKTINFO, &info, sizeof(info));
	net_t_control(&mark, IPPROTO_IP, IP_TOS, &info, sizeof(info));
	net_t_control(&mark, IPPROTO_IP, IP_PKTINFO, &info6, sizeof(info6));
	arrive6(&mark);
	expect_packet(NET_T_ETH, from6, "2001:db8::9", 61);
	net_t_end();
}

static void
ipv6_in_transit_brings_its_header(void)
{
	uint8_t b[HEAD6 + 8 + BODY] = { 0 };
	struct net_t_mark mark = { .flags = 0 };
	size_t at;

	begin_on(SUP_FD_ALERT6);
	net_t.msg.type = WIRE_PATH;
	net_t_by6(&mark, NET_T_OUT, "2001:db8::9");
	at = put_head6(b, NET_PACKET_PROTO, BODY, "2001:db8:3::3");
	net_t_arrive(SUP_FD_ALERT6, &mark, b, at + BODY);
	net_t_take();
	expect_packet(NET_T_OUT, from6, "2001:db8:3::3", 62);
	net_t_end();
}

/* The packet socket tells the interface by its own address. */
static void
a_group_of_ipv6_comes_by_the_packet_socket(void)
{
	uint8_t b[HEAD6 + BODY] = { 0 };
	struct net_t_mark mark = { .name.ll = { .sll_family = AF_PACKET,
					   .sll_ifindex = NET_T_OUT } };
	struct net_t_mark joined;

	begin_on(SUP_FD_TAP6);
	net_t.msg.type = WIRE_PATH;
	(void)put_head6(b, NET_PACKET_PROTO, BODY, "ff0e::1");
	net_t_arrive(SUP_FD_TAP6, &mark, b, sizeof(b));
	net_t_take();
	expect_packet(NET_T_OUT, from6, "ff0e::1", 62);
	T_EQ(net_t_count(STATS_RECEIVED), 1);
	/* Where somebody has joined the group the raw socket has it as well. */
	net_t_open(SUP_FD_RAW6);
	joined = mark6("ff0e::1");
	arrive6(&joined);
	T_EQ(net_t.handed, 0);
	T_EQ(net_t_count(STATS_RECEIVED), 1);
	joined = mark6("2001:db8::9");
	arrive6(&joined);
	expect_packet(NET_T_ETH, from6, "2001:db8::9", 61);
	net_t_end();
}

static void
without_a_packet_socket_groups_come_by_the_raw_one(void)
{
	struct net_t_mark mark;

	begin_on(SUP_FD_RAW6);
	net_t.msg.type = WIRE_PATH;
	mark = mark6("ff0e::1");
	arrive6(&mark);
	expect_packet(NET_T_ETH, from6, "ff0e::1", 61);
	net_t_end();
}

/* ---- who may pass -------------------------------------------------------- */

static void
nothing_is_taken_where_rsvp_is_off(void)
{
	begin_on(SUP_FD_RAW4);
	arrive4_by(NET_T_OUT + 1, from4, "10.0.0.9", 60);
	expect_dropped(STATS_NO_IFACE);
	net_t.ifaces[0].core.enabled = false;
	arrive4(from4, "10.0.0.9");
	expect_dropped(STATS_NO_IFACE);
	net_t_end();
}

static void
a_source_that_cannot_be_is_refused(void)
{
	static const char *const sources[] = { "225.0.0.1", "0.0.0.0",
		"255.255.255.255", "10.0.1.9", "127.0.0.1" };

	begin_on(SUP_FD_RAW4);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		arrive4(sources[i], "10.0.0.9");
		expect_dropped(STATS_NOT_RSVP);
	}
	net_t_end();
}

static void
an_interface_takes_so_many_packets(void)
{
	begin_on(SUP_FD_RAW4);
	net_t.ifaces[0].packets_per_s = 4;
	for (int i = 0; i < 10; i++)
		arrive4(from4, "10.0.0.9");
	T_CHECK(net_t.handed > 0 && net_t.handed <= 4, "%zu taken",
		net_t.handed);
	T_EQ(net_t_count(STATS_RATE_LIMITED), 10 - net_t.handed);
	/* The others do not pay for it, nor does one that comes in its place.
	 */
	for (int i = 0; i < 10; i++)
		arrive4("10.0.0.2", "10.0.0.9");
	net_t.handed = 0;
	arrive4("10.0.0.3", "10.0.0.9");
	T_EQ(net_t.handed, 0);
	arrive4_by(NET_T_OUT, "10.0.0.3", "10.0.0.9", 60);
	T_EQ(net_t.handed, 1);
	net_raw_iface_gone(net_t.engine.raw, NET_T_ETH);
	arrive4("10.0.0.3", "10.0.0.9");
	T_EQ(net_t.handed, 2);
	net_raw_iface_gone(NULL, NET_T_ETH);
	net_raw_iface(NULL, &net_t.ifaces[0]);
	net_t_end();
}

/* ---- what is not a whole message ----------------------------------------- */

static void
what_is_cut_short_is_dropped(void)
{
	static const uint8_t bytes[HEAD4 - 1] = { 0x45 };
	struct net_t_mark mark;

	begin_on(SUP_FD_RAW6);
	mark = mark6("2001:db8::9");
	mark.flags = MSG_TRUNC;
	arrive6(&mark);
	expect_dropped(STATS_NOT_RSVP);
	mark.flags = MSG_CTRUNC; /* of what is beside it */
	arrive6(&mark);
	T_EQ(net_t.handed, 1);
	net_t_end();
	begin_on(SUP_FD_RAW4);
	mark = (struct net_t_mark){ .flags = 0 };
	net_t_by4(&mark, NET_T_ETH, "10.0.0.9");
	net_t_arrive(SUP_FD_RAW4, &mark, bytes, sizeof(bytes));
	net_t_take();
	expect_dropped(STATS_NOT_RSVP);
	net_t_end();
}

static void
what_the_decoder_refuses_is_counted_by_its_cause(void)
{
	static const struct {
		enum wire_fault fault;
		bool handed;
	} rows[] = { { WIRE_OK, true }, { WIRE_UNKNOWN_CLASS, true },
		{ WIRE_UNKNOWN_CTYPE, true }, { WIRE_CHECKSUM, false },
		{ WIRE_SHORT, false }, { WIRE_SURPLUS, false },
		{ WIRE_VERSION, false }, { WIRE_VALUE, false } };

	begin_on(SUP_FD_RAW4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		net_t.fault = rows[i].fault;
		net_t.stats.count[STATS_RECEIVED] = 0;
		arrive4(from4, "10.0.0.9");
		if (rows[i].handed) {
			T_EQ(net_t.packet.fault, rows[i].fault);
			expect_packet(NET_T_ETH, from4, "10.0.0.9", 60);
		} else {
			expect_dropped(rows[i].fault == WIRE_CHECKSUM
					       ? STATS_CHECKSUM
					       : STATS_MALFORMED);
		}
	}
	net_t_end();
}

static void
put_fragment(uint8_t *b, uint16_t offset, bool more, uint32_t id)
{
	b[HEAD6] = NET_PACKET_PROTO;
	b[HEAD6 + 2] = (uint8_t)(offset >> 8);
	b[HEAD6 + 3] = (uint8_t)((offset & 0xf8) | more);
	memcpy(b + HEAD6 + 4, &id, sizeof(id));
}

static void
arrive_fragment(uint16_t offset, size_t len, bool more, uint32_t id)
{
	uint8_t b[HEAD6 + 8 + BODY] = { 0 };
	struct net_t_mark mark = { .flags = 0 };

	net_t_by6(&mark, NET_T_ETH, "2001:db8::9");
	(void)put_head6(b, 44, 8 + len, "2001:db8:3::3");
	put_fragment(b, offset, more, id);
	net_t_arrive(SUP_FD_ALERT6, &mark, b, HEAD6 + 8 + len);
	net_t_take();
}

static void
fragments_in_transit_are_put_together(void)
{
	begin_on(SUP_FD_ALERT6);
	net_t.msg.type = WIRE_PATH;
	arrive_fragment(0, 8, true, 1);
	T_EQ(net_t.handed, 0);
	arrive_fragment(8, 4, false, 1);
	expect_packet(NET_T_ETH, from6, "2001:db8:3::3", 62);
	T_EQ(net_t_count(STATS_NOT_RSVP), 0);
	/* Those that do not fit are told; so are those that stayed alone. */
	arrive_fragment(0, 7, true, 2);
	T_EQ(net_t.handed, 0);
	T_EQ(net_t_count(STATS_NOT_RSVP), 1);
	arrive_fragment(0, 8, true, 3);
	loop_t_go_on(INT64_C(3600) * 1000000);
	arrive_fragment(0, 8, true, 4);
	T_EQ(net_t_count(STATS_NOT_RSVP), 2);
	net_t_end();
}

/* The kernel puts those of IPv4 together. */
static void
a_fragment_of_ipv4_is_no_message(void)
{
	uint8_t b[HEAD4 + BODY] = { 0x45, 0, 0, HEAD4 + BODY, 0, 1, 0x20, 0, 60,
		NET_PACKET_PROTO, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9 };
	struct net_t_mark mark = { .flags = 0 };

	begin_on(SUP_FD_RAW4);
	net_t_by4(&mark, NET_T_ETH, "10.0.0.9");
	net_t_arrive(SUP_FD_RAW4, &mark, b, sizeof(b));
	net_t_take();
	expect_dropped(STATS_NOT_RSVP);
	net_t_end();
}

/* ---- for somebody else --------------------------------------------------- */

static void
a_message_for_another_node_is_passed_on_as_it_is(void)
{
	static const uint8_t head[] = { 0x45, 0x20 };
	const struct in_addr to = { .s_addr = htonl(0x0a000303) };
	const struct net_t_sent *s = &net_t.out[0];

	begin_on(SUP_FD_RAW4);
	net_t.route = (struct rsvp_route){ .count = 2,
		.out_ifindex = { NET_T_OUT, NET_T_ETH } };
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 60);
	T_EQ(net_t.handed, 0);
	T_EQ(net_t.sent, 1);
	T_EQ(s->role, SUP_FD_RAW4);
	T_EQ(s->ifindex, NET_T_OUT);
	T_EQ(s->name.in.sin_addr.s_addr, to.s_addr);
	T_EQ(memcmp(s->bytes, head, sizeof(head)), 0);
	T_EQ(s->bytes[8], 59);
	T_EQ(s->bytes[12 + 3], 1);
	T_EQ(s->bytes[16 + 2], 3);
	T_EQ(s->len, HEAD4 + BODY);
	/* It is asked for as it goes. */
	T_EQ(net_t.query.in_ifindex, NET_T_ETH);
	T_EQ(net_t.query.src.b[3], 1);
	T_EQ(net_t.query.dst.b[2], 3);
	T_EQ(net_t_count(STATS_SENT), 1);
	net_t_end();
}

static void
each_kind_of_message_is_for_routers_or_for_one(void)
{
	static const struct {
		uint8_t type;
		bool routers;
	} rows[] = { { WIRE_PATH, true }, { WIRE_RESV, false },
		{ WIRE_PATH_ERR, false }, { WIRE_RESV_ERR, false },
		{ WIRE_PATH_TEAR, true }, { WIRE_RESV_TEAR, false },
		{ WIRE_RESV_CONF, true } };

	begin_on(SUP_FD_RAW4);
	net_t.route =
		(struct rsvp_route){ .count = 1, .out_ifindex = { NET_T_OUT } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		net_t.handed = net_t.sent = 0;
		net_t.msg.type = rows[i].type;
		arrive4(from4, "10.0.3.3");
		T_EQ(net_t.handed, rows[i].routers);
		T_EQ(net_t.sent, !rows[i].routers);
		/* To us, or to a group, all are for us. */
		net_t.handed = net_t.sent = 0;
		arrive4(from4, "10.0.0.9");
		arrive4(from4, "225.0.0.1");
		T_EQ(net_t.handed, 2);
		T_EQ(net_t.sent, 0);
	}
	net_t_end();
}

static void
what_cannot_go_on_is_dropped(void)
{
	begin_on(SUP_FD_RAW4);
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 60); /* no route */
	expect_dropped(STATS_NOT_RSVP);
	net_t.route =
		(struct rsvp_route){ .count = 1, .out_ifindex = { NET_T_OUT } };
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 1);
	expect_dropped(STATS_NOT_RSVP);
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 0);
	expect_dropped(STATS_NOT_RSVP);
	/* What cannot be trusted is not passed on; what we do not understand
	 * may be understood there. */
	net_t.fault = WIRE_CHECKSUM;
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 60);
	expect_dropped(STATS_CHECKSUM);
	net_t.fault = WIRE_VALUE;
	arrive4_by(NET_T_ETH, from4, "10.0.3.3", 2);
	T_EQ(net_t.sent, 1);
	T_EQ(net_t.out[0].bytes[8], 1);
	net_t_end();
}

/* ---- the sockets --------------------------------------------------------- */

static void
what_cannot_be_received_ends_the_engine_if_it_stays_so(void)
{
	static const int stay[] = { EPERM, ENOSYS, EBADF, ENOTSOCK, EINVAL,
		EFAULT };
	static const int pass[] = { EAGAIN, EINTR, ECONNREFUSED, ENETDOWN,
		EHOSTUNREACH, ENOMEM };
	struct net_port *port;

	begin_on(SUP_FD_RAW4);
	port = &net_t.engine.raw->ports[NET_RAW4];
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++) {
		net_t.receive_error = stay[i];
		net_recv_ready(port, port->fd, LOOP_READ);
		T_CHECK(loop_t_stopped(), "%s", strerror(stay[i]));
	}
	for (size_t i = 0; i < sizeof(pass) / sizeof(pass[0]); i++) {
		net_t.receive_error = pass[i];
		net_recv_ready(port, port->fd, LOOP_READ);
		T_CHECK(!loop_t_stopped(), "%s", strerror(pass[i]));
	}
	T_EQ(net_t_count(STATS_RECEIVED), 0);
	arrive4(from4, "10.0.0.9");
	T_EQ(net_t.handed, 1);
	net_t_end();
}

static void
a_datagram_of_the_largest_size_is_whole(void)
{
	static uint8_t b[65535] = { 0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 60,
		NET_PACKET_PROTO, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9 };
	const int room = 1 << 20;
	struct net_t_mark mark = { .flags = 0 };

	begin_on(SUP_FD_RAW4);
	T_EQ(setsockopt(net_t.fds[SUP_FD_RAW4][0], SOL_SOCKET, SO_SNDBUF, &room,
		     sizeof(room)),
		0);
	net_t_by4(&mark, NET_T_ETH, "10.0.0.9");
	net_t_arrive(SUP_FD_RAW4, &mark, b, sizeof(b));
	net_t_take();
	T_EQ(net_t.handed, 1);
	T_EQ(net_t.packet.len, sizeof(b) - HEAD4);
	net_t_end();
}

static void
the_guard_is_held_and_never_read(void)
{
	begin_on(SUP_FD_GUARD);
	T_EQ(loop_t_left(), 0);
	T_EQ(net_t.engine.raw->ports[NET_GUARD].fd, net_t.fds[SUP_FD_GUARD][1]);
	net_raw_listen(net_t.engine.raw);
	T_EQ(loop_t_ready(net_t.fds[SUP_FD_GUARD][1]), 0);
	net_t_end();
}

/* Each role has its own socket; the next of its role takes its place. */
static void
a_socket_is_of_its_role(void)
{
	static const int roles[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6, SUP_FD_UDP, SUP_FD_UDP_HOST };
	static const enum net_raw_role ports[] = { NET_RAW4, NET_RAW6,
		NET_ALERT6, NET_TAP6, NET_UDP, NET_UDP_HOST };
	const size_t count = sizeof(roles) / sizeof(roles[0]);

	net_t_begin();
	net_t.engine.listening = false;
	for (size_t i = 0; i < count; i++)
		net_t_open(roles[i]);
	for (size_t i = 0; i < count; i++) {
		T_EQ(net_t.engine.raw->ports[ports[i]].fd,
			net_t.fds[roles[i]][1]);
		T_EQ(net_t.engine.raw->ports[ports[i]].role, ports[i]);
		T_EQ(loop_t_ready(net_t.fds[roles[i]][1]), 0);
	}
	net_t.engine.listening = true;
	net_raw_listen(net_t.engine.raw);
	for (size_t i = 0; i < count; i++)
		T_EQ(loop_t_ready(net_t.fds[roles[i]][1]), LOOP_READ);
	T_EQ(loop_t_left(), 2 * count);
	net_t_open(SUP_FD_RAW4);
	T_EQ(loop_t_left(), 2 * count);
	net_t_end();
}

static void
a_socket_that_cannot_be_watched_ends_the_engine(void)
{
	net_t_begin();
	loop_t_refuse(true);
	net_t_open(SUP_FD_RAW4);
	T_CHECK(loop_t_stopped(), "deaf");
	T_EQ(net_t.engine.raw->ports[NET_RAW4].fd, -1);
	net_t_end();
}

static void
sockets_are_wanted_as_the_configuration_needs_them(void)
{
	static struct conf_iface sections[2] = { { .enabled = true,
							 .udp = CONF_UDP_OFF },
		{ .enabled = false, .udp = CONF_UDP_ON } };
	struct net_raw *raw;

	net_t_begin();
	raw = net_t.engine.raw;
	net_t.conf.ifaces = sections;
	net_t.conf.iface_count = 2;
	T_CHECK(net_raw_lacks(raw, SUP_FD_RAW4), "raw is on");
	T_CHECK(!net_raw_lacks(raw, SUP_FD_UDP), "UDP is off where RSVP is on");
	net_t_open(SUP_FD_RAW4);
	T_CHECK(!net_raw_lacks(raw, SUP_FD_RAW4), "it is there");
	T_CHECK(net_raw_lacks(raw, SUP_FD_RAW6), "the other is not");
	sections[0].udp = CONF_UDP_AUTO;
	T_CHECK(net_raw_lacks(raw, SUP_FD_UDP), "UDP may be needed");
	T_CHECK(!net_raw_lacks(raw, SUP_FD_UDP_HOST), "we have raw sockets");
	/* What is needed no more is closed. */
	net_t.conf.raw = false;
	T_CHECK(!net_raw_lacks(raw, SUP_FD_RAW4), "raw is off");
	T_EQ(raw->ports[NET_RAW4].fd, -1);
	T_EQ(loop_t_left(), 0);
	T_CHECK(net_raw_lacks(raw, SUP_FD_UDP_HOST), "hosts hear there");
	T_CHECK(net_raw_lacks(raw, SUP_FD_UDP), "all is sent there");
	sections[0].enabled = false;
	T_CHECK(!net_raw_lacks(raw, SUP_FD_UDP_HOST), "RSVP is off");
	net_t_end();
}

static struct t_case cases[] = {
	{ "an IPv4 packet is what its header says",
		an_ipv4_packet_is_what_its_header_says },
	{ "an IPv6 message is what the kernel tells of it",
		an_ipv6_message_is_what_the_kernel_tells_of_it },
	{ "what the kernel tells in another form is not read",
		what_the_kernel_tells_in_another_form_is_not_read },
	{ "IPv6 in transit brings its header",
		ipv6_in_transit_brings_its_header },
	{ "a group of IPv6 comes by the packet socket",
		a_group_of_ipv6_comes_by_the_packet_socket },
	{ "without a packet socket groups come by the raw one",
		without_a_packet_socket_groups_come_by_the_raw_one },
	{ "nothing is taken where RSVP is off",
		nothing_is_taken_where_rsvp_is_off },
	{ "a source that cannot be is refused",
		a_source_that_cannot_be_is_refused },
	{ "an interface takes so many packets",
		an_interface_takes_so_many_packets },
	{ "what is cut short is dropped", what_is_cut_short_is_dropped },
	{ "what the decoder refuses is counted by its cause",
		what_the_decoder_refuses_is_counted_by_its_cause },
	{ "fragments in transit are put together",
		fragments_in_transit_are_put_together },
	{ "a fragment of IPv4 is no message",
		a_fragment_of_ipv4_is_no_message },
	{ "a message for another node is passed on as it is",
		a_message_for_another_node_is_passed_on_as_it_is },
	{ "each kind of message is for routers or for one",
		each_kind_of_message_is_for_routers_or_for_one },
	{ "what cannot go on is dropped", what_cannot_go_on_is_dropped },
	{ "what cannot be received ends the engine if it stays so",
		what_cannot_be_received_ends_the_engine_if_it_stays_so },
	{ "a datagram of the largest size is whole",
		a_datagram_of_the_largest_size_is_whole },
	{ "the guard is held and never read",
		the_guard_is_held_and_never_read },
	{ "a socket is of its role", a_socket_is_of_its_role },
	{ "a socket that cannot be watched ends the engine",
		a_socket_that_cannot_be_watched_ends_the_engine },
	{ "sockets are wanted as the configuration needs them",
		sockets_are_wanted_as_the_configuration_needs_them },
};
T_MAIN(cases)
