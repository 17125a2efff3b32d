/* SPDX-License-Identifier: ISC */

/*
 * How a message leaves: its header, interface and source, or in UDP (RFC 2205
 * Appendix C); and what one in UDP stands for.  rsvpd/net_send.c, net_udp_io.c.
 */

#include <arpa/inet.h>
#include <errno.h>

#include "net_t.h"
#include "t.h"

enum { HEAD4 = 20, ALERT4 = 4, HEAD6 = 40, HOPOPT = 8, LEN = 40 };

static const uint8_t message[NET_T_OCTETS] = { 1, 2, 3 };

static void
begin(void)
{
	net_t_begin();
	net_t_open(SUP_FD_RAW4);
	net_t_open(SUP_FD_ALERT6);
	net_t_open(SUP_FD_UDP);
	net_t.group_count = 0;
}

static struct rsvp_send
to(const char *dst, uint8_t type)
{
	return (struct rsvp_send){ .ifindex = NET_T_OUT,
		.src = t_addr(strchr(dst, ':') ? "2001:db8::7" : "10.9.9.7"),
		.dst = t_addr(dst),
		.ttl = 60,
		.type = type,
		.bytes = message,
		.len = LEN };
}

static int
send_it(const struct rsvp_send *send)
{
	net_t.sent = 0;
	return net_raw_send(net_t.engine.raw, send);
}

static void
expect_name4(const struct net_t_sent *s, const char *dst, uint16_t port)
{
	const struct addr a = t_addr(dst);

	T_EQ(s->name.in.sin_family, AF_INET);
	T_CHECK(memcmp(&s->name.in.sin_addr, a.b, 4) == 0, "not to %s", dst);
	T_EQ(ntohs(s->name.in.sin_port), port);
}

/* ---- in IP packets of its own -------------------------------------------- */

static void
an_ipv4_message_has_the_header_that_we_write(void)
{
	struct rsvp_send send;
	const struct net_t_sent *s = &net_t.out[0];
	const struct addr src = t_addr("10.9.9.7");

	begin();
	send = to("10.0.1.5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 1);
	T_EQ(s->role, SUP_FD_RAW4);
	T_EQ(s->ifindex, NET_T_OUT);
	expect_name4(s, "10.0.1.5", 0);
	T_EQ(s->len, HEAD4 + LEN);
	T_EQ(s->bytes[0], 0x45);
	T_EQ(s->bytes[1], NET_PACKET_TOS);
	T_EQ(s->bytes[8], 60);
	T_EQ(s->bytes[9], NET_PACKET_PROTO);
	T_EQ(memcmp(s->bytes + 12, src.b, 4), 0);
	T_EQ(memcmp(s->bytes + HEAD4, message, LEN), 0);
	T_EQ(net_t_count(STATS_SENT), 1);
	T_EQ(net_t_count(STATS_SEND_FAILED), 0);
	/* RFC 2113 */
	send.router_alert = true;
	T_EQ(send_it(&send), 0);
	T_EQ(s->len, HEAD4 + ALERT4 + LEN);
	T_EQ(s->bytes[HEAD4], 0x94);
	net_t_end();
}

static void
an_ipv6_message_leaves_by_the_alert_socket(void)
{
	const struct addr dst = t_addr("2001:db8:1::5");
	const struct addr near = t_addr("fe80::5");
	struct rsvp_send send;
	const struct net_t_sent *s = &net_t.out[0];

	begin();
	send = to("2001:db8:1::5", WIRE_PATH);
	T_EQ(send_it(&send), 0);
	T_EQ(s->role, SUP_FD_ALERT6);
	T_EQ(s->ifindex, NET_T_OUT);
	T_EQ(s->name.in6.sin6_family, AF_INET6);
	T_EQ(memcmp(&s->name.in6.sin6_addr, dst.b, 16), 0);
	T_EQ(s->name.in6.sin6_scope_id, 0);
	T_EQ(s->len, HEAD6 + HOPOPT + LEN);
	T_EQ(memcmp(s->bytes + 24, dst.b, 16), 0);
	/* Its scope is a link: which one has to be said. */
	send.dst = near;
	T_EQ(send_it(&send), 0);
	T_EQ(s->name.in6.sin6_scope_id, NET_T_OUT);
	T_EQ(memcmp(&s->name.in6.sin6_addr, near.b, 16), 0);
	net_t_end();
}

static void
what_is_open_is_filled_in_by_the_route(void)
{
	struct rsvp_send send;
	const struct net_t_sent *s = &net_t.out[0];

	begin();
	send = to("10.0.1.5", WIRE_RESV);
	send.ifindex = 0;
	send.src = (struct addr){ 0 };
	net_t.route =
		(struct rsvp_route){ .count = 1, .out_ifindex = { NET_T_ETH } };
	net_t.source = t_addr("10.0.0.9");
	T_EQ(send_it(&send), 0);
	T_EQ(s->ifindex, NET_T_ETH);
	T_EQ(memcmp(s->bytes + 12, net_t.source.b, 4), 0);
	T_CHECK(addr_equal(&net_t.query.dst, &send.dst), "of another route");
	/* To ourselves: the kernel knows the way. */
	net_t.route = (struct rsvp_route){ .local = true };
	T_EQ(send_it(&send), 0);
	T_EQ(s->ifindex, 0);
	/* What is given stays. */
	send = to("10.0.1.5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(s->ifindex, NET_T_OUT);
	T_EQ(s->bytes[12 + 3], 7);
	net_t_end();
}

static void
what_cannot_be_sent_is_told_and_counted(void)
{
	struct rsvp_send send;

	begin();
	send = to("10.0.1.5", WIRE_RESV);
	send.ifindex = 0;
	T_EQ(send_it(&send), -ENETUNREACH);
	send = to("10.0.1.5", WIRE_RESV);
	send.src = (struct addr){ 0 };
	T_EQ(send_it(&send), -EADDRNOTAVAIL);
	send = to("10.0.1.5", WIRE_RESV);
	net_t.send_error = EPERM;
	T_EQ(send_it(&send), -EPERM);
	send.src = t_addr("2001:db8::7");
	T_EQ(send_it(&send), -EMSGSIZE); /* no header has both */
	T_EQ(net_t_count(STATS_SEND_FAILED), 4);
	T_EQ(net_t_count(STATS_SENT), 0);
	/* A signal is no reason. */
	send = to("10.0.1.5", WIRE_RESV);
	net_t.send_error = EINTR;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 1);
	net_t_end();
	net_t_begin();
	T_EQ(send_it(&send), -ENOTCONN);
	T_EQ(net_t_count(STATS_SEND_FAILED), 1);
	net_t_end();
}

static uint16_t
fragment_id(const struct net_t_sent *s)
{
	return (uint16_t)(s->bytes[4] << 8 | s->bytes[5]);
}

static void
a_long_message_leaves_in_fragments_of_its_interface(void)
{
	struct rsvp_send send;
	size_t whole = 0;
	uint16_t id;

	begin();
	send = to("10.0.1.5", WIRE_RESV);
	send.len = 3000;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 3);
	T_EQ(net_t_count(STATS_SENT), 1);
	id = fragment_id(&net_t.out[0]);
	T_CHECK(id != 0, "none");
	for (size_t i = 0; i < 3; i++) {
		const struct net_t_sent *s = &net_t.out[i];
		const unsigned at = (unsigned)(s->bytes[6] << 8 | s->bytes[7]);

		T_CHECK(s->len <= 1500, "%zu octets", s->len);
		T_EQ((at & 0x1fff) * 8, whole);
		T_EQ(at >> 13, i < 2 ? 1 : 0);
		T_EQ(fragment_id(s), id);
		whole += s->len - HEAD4;
	}
	T_EQ(whole, send.len);
	/* Each message has another number, 0 is none. */
	T_EQ(send_it(&send), 0);
	T_EQ(fragment_id(&net_t.out[0]), (uint16_t)(id + 1) ? id + 1 : 1);
	net_t.engine.raw->fragment_id = 0xffff;
	T_EQ(send_it(&send), 0);
	T_EQ(fragment_id(&net_t.out[0]), 1);
	/* By an interface that is not known nothing is put in pieces. */
	send.ifindex = NET_T_OUT + 1;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 1);
	/* A piece that is refused is the end of it. */
	send.ifindex = NET_T_OUT;
	net_t.send_error = ENOBUFS;
	T_EQ(send_it(&send), -ENOBUFS);
	T_EQ(net_t.sent, 0);
	net_t_end();
}

/* ---- in UDP -------------------------------------------------------------- */

/* A message in UDP arrives by the socket of that port. */
static void
arrive_udp(int role, const char *src, const char *dst)
{
	struct net_t_mark mark = net_t_from(src, 1698);

	net_t_by4(&mark, NET_T_ETH, dst);
	net_t_arrive(role, &mark, message, LEN);
	net_t_take();
}

static void
set_mode(enum conf_udp mode)
{
	for (size_t i = 0; i < 2; i++)
		net_t.ifaces[i].udp = mode;
}

/* A Path of a host without raw sockets, by the first interface. */
static void
hear_host(const char *host)
{
	net_t.msg = (struct wire_msg){ .type = WIRE_PATH,
		.send_ttl = 63,
		.session = { .dst = t_addr("10.5.5.5") },
		.hop = { .addr = t_addr(host) },
		.refresh_ms = 30000 };
	arrive_udp(SUP_FD_UDP, host, "224.0.0.14");
}

static void
a_message_in_udp_is_for_the_end_of_its_path(void)
{
	static const struct {
		uint8_t type;
		const char *dst;
	} rows[] = { { WIRE_PATH, "10.5.5.5" }, { WIRE_PATH_TEAR, "10.5.5.5" },
		{ WIRE_RESV_CONF, "10.6.6.6" }, { WIRE_RESV, "10.0.0.9" },
		{ WIRE_PATH_ERR, "10.0.0.9" } };

	begin();
	set_mode(CONF_UDP_AUTO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct addr dst = t_addr(rows[i].dst);
		const struct addr src = t_addr("10.0.0.1");

		net_t.msg = (struct wire_msg){ .type = rows[i].type,
			.send_ttl = 63,
			.session = { .dst = t_addr("10.5.5.5") },
			.confirm = t_addr("10.6.6.6") };
		arrive_udp(SUP_FD_UDP, "10.0.0.1", "10.0.0.9");
		T_EQ(net_t.handed, i + 1);
		T_CHECK(addr_equal(&net_t.packet.dst, &dst), "%s", rows[i].dst);
		T_CHECK(addr_equal(&net_t.packet.src, &src), "its sender");
		T_EQ(net_t.packet.ttl, 63);
		T_EQ(net_t.packet.len, LEN);
		T_EQ(net_t.packet.ifindex, NET_T_ETH);
	}
	T_EQ(net_t_count(STATS_RECEIVED), 5);
	T_EQ(net_t_count(STATS_UDP_RECEIVED), 5);
	T_EQ(net_t_count(STATS_UDP_IGNORED), 0);
	net_t_end();
}

static void
a_datagram_that_is_not_for_us_is_ignored(void)
{
	begin();
	net_t_open(SUP_FD_UDP_HOST);
	net_t.msg.type = WIRE_RESV;
	set_mode(CONF_UDP_OFF);
	arrive_udp(SUP_FD_UDP, "10.0.0.1", "10.0.0.9");
	T_EQ(net_t_count(STATS_UDP_IGNORED), 1);
	set_mode(CONF_UDP_AUTO);
	/* To a group that is not that of RSVP, whoever sends it. */
	arrive_udp(SUP_FD_UDP, "10.0.0.1", "225.0.0.1");
	T_EQ(net_t_count(STATS_UDP_IGNORED), 2);
	net_t.stats.count[STATS_UDP_IGNORED] = 1;
	/* What is sent to hosts has come to us in an IP packet. */
	arrive_udp(SUP_FD_UDP_HOST, "10.0.0.1", "10.0.0.9");
	T_EQ(net_t_count(STATS_UDP_IGNORED), 2);
	T_EQ(net_t.handed, 0);
	net_t.conf.raw = false;
	arrive_udp(SUP_FD_UDP_HOST, "10.0.0.1", "10.0.0.9");
	T_EQ(net_t.handed, 1);
	T_EQ(net_t_count(STATS_UDP_RECEIVED), 4);
	net_t_end();
}

static struct net_raw_udp
udp_of(uint32_t ifindex)
{
	struct net_raw_udp udp;

	net_raw_udp(net_t.engine.raw, ifindex, &udp);
	return udp;
}

static void
whoever_is_heard_in_udp_needs_it(void)
{
	struct rsvp_send send;
	const struct net_t_sent *s = &net_t.out[0];

	begin();
	set_mode(CONF_UDP_AUTO);
	send = to("10.0.0.1", WIRE_RESV);
	send.ifindex = NET_T_ETH;
	T_EQ(send_it(&send), 0);
	T_EQ(s->role, SUP_FD_RAW4);
	hear_host("10.0.0.1");
	T_EQ(net_t.handed, 1);
	T_EQ(udp_of(NET_T_ETH).mode, CONF_UDP_AUTO);
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	T_CHECK(udp_of(NET_T_ETH).seen, "not seen");
	T_CHECK(!udp_of(NET_T_OUT).seen, "seen elsewhere");
	T_EQ(udp_of(NET_T_OUT).neighbours, 0);
	T_EQ(udp_of(NET_T_OUT + 1).mode, CONF_UDP_OFF);
	/* UDP(H, Pu') and nothing else, from our address. */
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 1);
	T_EQ(s->role, SUP_FD_UDP);
	expect_name4(s, "10.0.0.1", 1699);
	T_EQ(s->ifindex, NET_T_ETH);
	T_CHECK(addr_equal(&s->from, &net_t.ifaces[0].core.v4), "not from us");
	T_EQ(s->ttl, 60);
	T_EQ(s->len, LEN);
	T_EQ(memcmp(s->bytes, message, LEN), 0);
	T_EQ(net_t_count(STATS_UDP_SENT), 1);
	T_EQ(net_t_count(STATS_SENT), 1);
	/* A Path for whoever is behind it, in both ways, for this network. */
	send = to("10.5.5.5", WIRE_PATH);
	send.ifindex = NET_T_ETH;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 2);
	expect_name4(s, "10.5.5.5", 1699);
	T_EQ(s->ttl, 1);
	T_EQ(net_t.out[1].role, SUP_FD_RAW4);
	net_t_end();
}

/* Its refresh period, three of which may be lost. */
static void
what_was_heard_in_udp_lasts_as_long_as_its_state(void)
{
	begin();
	set_mode(CONF_UDP_AUTO);
	hear_host("10.0.0.1");
	loop_t_go_on(INT64_C(89) * 1000000);
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	loop_t_go_on(INT64_C(2) * 1000000);
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	T_CHECK(!udp_of(NET_T_ETH).seen, "seen");
	net_t_end();
}

/* RSVP_HOP of somebody else, or what no hop sends. */
static void
whoever_does_not_name_itself_is_not_remembered(void)
{
	begin();
	set_mode(CONF_UDP_AUTO);
	hear_host("10.0.0.1");
	net_raw_iface_gone(net_t.engine.raw, NET_T_ETH);
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	net_t.msg.hop.addr = t_addr("10.0.0.2");
	arrive_udp(SUP_FD_UDP, "10.0.0.1", "224.0.0.14");
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	net_t.msg.type = WIRE_RESV_TEAR;
	arrive_udp(SUP_FD_UDP, "10.0.0.2", "10.0.0.9");
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	net_t.msg.type = WIRE_RESV;
	arrive_udp(SUP_FD_UDP, "10.0.0.2", "10.0.0.9");
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	T_CHECK(!udp_of(NET_T_ETH).seen, "a Resv asks for no Paths");
	/* Without raw sockets all is in UDP in any case. */
	net_t.conf.raw = false;
	net_raw_iface_gone(net_t.engine.raw, NET_T_ETH);
	arrive_udp(SUP_FD_UDP, "10.0.0.2", "10.0.0.9");
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	net_t_end();
}

/* A Path of its own in an IP packet. */
static void
arrive_raw(uint8_t type)
{
	uint8_t b[HEAD4 + LEN] = { 0x45, 0, 0, HEAD4 + LEN, 0, 0, 0, 0, 60,
		NET_PACKET_PROTO, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9 };
	struct net_t_mark mark = { .flags = 0 };

	net_t.msg.type = type;
	net_t_by4(&mark, NET_T_ETH, "10.0.0.9");
	net_t_arrive(SUP_FD_RAW4, &mark, b, sizeof(b));
	net_t_take();
}

static void
whoever_is_heard_without_udp_may_not_need_it(void)
{
	struct rsvp_send send;

	begin();
	set_mode(CONF_UDP_AUTO);
	send = to("10.0.0.1", WIRE_RESV);
	send.ifindex = NET_T_ETH;
	hear_host("10.0.0.1");
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	/* Others' words say nothing about it. */
	arrive_raw(WIRE_RESV_CONF);
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	set_mode(CONF_UDP_OFF);
	arrive_raw(WIRE_PATH);
	set_mode(CONF_UDP_AUTO);
	T_EQ(udp_of(NET_T_ETH).neighbours, 1);
	/* Doubtful: both ways. */
	arrive_raw(WIRE_RESV);
	T_EQ(udp_of(NET_T_ETH).neighbours, 0);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 2);
	net_t_end();
}

static void
without_raw_sockets_all_is_sent_in_udp(void)
{
	const struct net_t_sent *s = &net_t.out[0];
	struct rsvp_send send;

	begin();
	set_mode(CONF_UDP_AUTO);
	net_t.conf.raw = false;
	send = to("10.0.1.5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t.sent, 1);
	expect_name4(s, "10.0.1.5", 1698);
	T_EQ(s->ttl, 60);
	/* To a destination on our network, and further away. */
	send = to("10.5.5.5", WIRE_PATH);
	T_EQ(send_it(&send), 0);
	expect_name4(s, "10.5.5.5", 1698);
	T_EQ(s->ttl, 1);
	net_t.gateway = t_addr("10.0.1.254");
	net_t.ifaces[1].udp_ttl = 5;
	T_EQ(send_it(&send), 0);
	expect_name4(s, "10.0.1.254", 1698);
	T_EQ(s->ttl, 5);
	net_t.ifaces[1].udp_router = t_addr("10.0.1.253");
	T_EQ(send_it(&send), 0);
	expect_name4(s, "10.0.1.253", 1698);
	/* To a group: all on this network. */
	send = to("225.0.0.1", WIRE_PATH_TEAR);
	T_EQ(send_it(&send), 0);
	expect_name4(s, "224.0.0.14", 1698);
	T_EQ(s->ttl, 1);
	T_EQ(net_t_count(STATS_UDP_SENT), 5);
	T_EQ(net_t_count(STATS_SENT), 0);
	net_t_end();
}

static void
what_udp_cannot_take_is_refused_where_there_is_nothing_else(void)
{
	struct rsvp_send send;

	begin();
	net_t.conf.raw = false;
	set_mode(CONF_UDP_OFF);
	send = to("10.0.1.5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 1);
	set_mode(CONF_UDP_ON);
	send = to("2001:db8::5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 2);
	send = to("10.0.1.5", WIRE_RESV);
	send.ifindex = NET_T_OUT + 1;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 3);
	T_EQ(net_t.sent, 0);
	/* With raw sockets both leave in IP packets. */
	net_t.conf.raw = true;
	T_EQ(send_it(&send), 0);
	send = to("2001:db8::5", WIRE_RESV);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SENT), 2);
	net_t_end();
}

static void
a_datagram_that_fails_is_counted(void)
{
	struct rsvp_send send;

	begin();
	net_t.conf.raw = false;
	set_mode(CONF_UDP_ON);
	send = to("10.0.1.5", WIRE_RESV);
	net_t.send_error = EINTR;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_UDP_SENT), 1);
	net_t.send_error = ENOBUFS;
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 1);
	net_t.ifaces[1].core.v4 = (struct addr){ 0 }; /* it has none */
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 2);
	T_EQ(net_t.sent, 0);
	T_EQ(net_t_count(STATS_UDP_SENT), 1);
	net_t_end();
	net_t_begin(); /* no socket */
	net_t.conf.raw = false;
	set_mode(CONF_UDP_ON);
	T_EQ(send_it(&send), 0);
	T_EQ(net_t_count(STATS_SEND_FAILED), 1);
	net_t_end();
}

/* ---- the group ----------------------------------------------------------- */

static void
expect_group(size_t i, int option, uint32_t ifindex)
{
	T_EQ(net_t.groups[i].option, option);
	T_EQ(net_t.groups[i].ifindex, ifindex);
	T_EQ(ntohl(net_t.groups[i].group.s_addr), NET_UDP_GROUP);
}

static void
the_group_is_joined_where_udp_is_heard(void)
{
	net_t_begin();
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[0]); /* no socket yet */
	T_EQ(net_t.group_count, 0);
	net_t.ifaces[0].udp = CONF_UDP_AUTO;
	net_t.ifaces[1].core.enabled = false;
	net_t.ifaces[1].udp = CONF_UDP_ON;
	net_t_open(SUP_FD_UDP_HOST); /* groups are for the other */
	T_EQ(net_t.group_count, 0);
	net_t_open(SUP_FD_UDP);
	T_EQ(net_t.group_count, 1);
	expect_group(0, IP_ADD_MEMBERSHIP, NET_T_ETH);
	net_t.ifaces[1].core.enabled = true;
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[1]);
	expect_group(1, IP_ADD_MEMBERSHIP, NET_T_OUT);
	/* And left where it is off. */
	net_t.ifaces[1].udp = CONF_UDP_OFF;
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[1]);
	expect_group(2, IP_DROP_MEMBERSHIP, NET_T_OUT);
	net_t.ifaces[0].core.enabled = false;
	net_t.group_error = EADDRNOTAVAIL; /* it never was in */
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[0]);
	expect_group(3, IP_DROP_MEMBERSHIP, NET_T_ETH);
	T_EQ(net_t.warnings, 0);
	net_t_end();
}

static void
a_group_that_cannot_be_joined_is_told(void)
{
	net_t_begin();
	net_t_open(SUP_FD_UDP);
	net_t.ifaces[0].udp = CONF_UDP_ON;
	net_t.group_error = EADDRINUSE; /* it is in already */
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[0]);
	T_EQ(net_t.warnings, 0);
	net_t.group_error = ENODEV;
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[0]);
	T_EQ(net_t.warnings, 1);
	T_CHECK(strstr(net_t.warning, "e7: cannot join 224.0.0.14") &&
			!strstr(net_t.warning, "igmp_max_memberships"),
		"%s", net_t.warning);
	net_t.group_error = ENOBUFS;
	net_raw_iface(net_t.engine.raw, &net_t.ifaces[0]);
	T_CHECK(strstr(net_t.warning, "igmp_max_memberships") != NULL, "%s",
		net_t.warning);
	net_t_end();
}

static struct t_case cases[] = {
	{ "an IPv4 message has the header that we write",
		an_ipv4_message_has_the_header_that_we_write },
	{ "an IPv6 message leaves by the alert socket",
		an_ipv6_message_leaves_by_the_alert_socket },
	{ "what is open is filled in by the route",
		what_is_open_is_filled_in_by_the_route },
	{ "what cannot be sent is told and counted",
		what_cannot_be_sent_is_told_and_counted },
	{ "a long message leaves in fragments of its interface",
		a_long_message_leaves_in_fragments_of_its_interface },
	{ "a message in UDP is for the end of its path",
		a_message_in_udp_is_for_the_end_of_its_path },
	{ "a datagram that is not for us is ignored",
		a_datagram_that_is_not_for_us_is_ignored },
	{ "whoever is heard in UDP needs it",
		whoever_is_heard_in_udp_needs_it },
	{ "what was heard in UDP lasts as long as its state",
		what_was_heard_in_udp_lasts_as_long_as_its_state },
	{ "whoever does not name itself is not remembered",
		whoever_does_not_name_itself_is_not_remembered },
	{ "whoever is heard without UDP may not need it",
		whoever_is_heard_without_udp_may_not_need_it },
	{ "without raw sockets all is sent in UDP",
		without_raw_sockets_all_is_sent_in_udp },
	{ "what UDP cannot take is refused where there is nothing else",
		what_udp_cannot_take_is_refused_where_there_is_nothing_else },
	{ "a datagram that fails is counted",
		a_datagram_that_fails_is_counted },
	{ "the group is joined where UDP is heard",
		the_group_is_joined_where_udp_is_heard },
	{ "a group that cannot be joined is told",
		a_group_that_cannot_be_joined_is_told },
};
T_MAIN(cases)
