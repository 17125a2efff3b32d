/* SPDX-License-Identifier: ISC */

/* Where to, from which address, and whose port: what the kernel is asked, and
 * what its answers say.  rsvpd/net_route.c, net_diag.c. */

#include "t_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "mnl_t.h"
#include "nl_t.h"
#include "rsvpd/net_link_int.h"

enum { ETH = 7, IN = 3, ME = 1000, OTHER = 1001, PORT = 5004 };

static struct net_link link_;
static struct net_iface eth;

/* All that is asked of the links is an address of this one. */
const struct net_iface *
net_link_find(const struct net_link *link, uint32_t ifindex)
{
	T_CHECK(link == &link_, "another link");
	return ifindex == ETH ? &eth : NULL;
}

static void
begin(void)
{
	nl_t_begin();
	memset(&link_, 0, sizeof(link_));
	memset(&eth, 0, sizeof(eth));
	T_EQ(net_nl_open(&link_.route, NETLINK_ROUTE), 0);
	T_EQ(net_nl_open(&link_.diag, NETLINK_SOCK_DIAG), 0);
}

static void
end(void)
{
	T_CHECK(nl_t_silent(), "not all was read");
	net_nl_close(&link_.route);
	net_nl_close(&link_.diag);
}

/* ---- routes -------------------------------------------------------------- */

static struct nlmsghdr *
say_route(uint8_t type)
{
	const struct rtmsg rtm = { .rtm_type = type };

	return nl_t_say(RTM_NEWROUTE, &rtm, sizeof(rtm));
}

static void
say_way(uint8_t type, uint32_t oif)
{
	mnl_attr_put_u32(say_route(type), RTA_OIF, oif);
	nl_t_end(0);
}

static struct rsvp_route
route_of(const char *src, const char *dst, uint32_t in)
{
	struct rsvp_route_query q = { .dst = t_addr(dst), .in_ifindex = in };
	struct rsvp_route route;

	if (src)
		q.src = t_addr(src);
	memset(&route, 0xa5, sizeof(route));
	net_link_route(&link_, &q, &route);
	return route;
}

/* What was asked: the header's prefixes, and an address. */
static void
expect_asked(size_t i, uint8_t family, unsigned dst_bits, unsigned src_bits)
{
	const struct nlmsghdr *h = nl_t_request(i);
	const struct rtmsg *rtm =
		(const struct rtmsg *)mnl_nlmsg_get_payload(h);

	T_EQ(h->nlmsg_type, RTM_GETROUTE);
	T_EQ(h->nlmsg_flags, NLM_F_REQUEST);
	T_EQ(rtm->rtm_family, family);
	T_EQ(rtm->rtm_dst_len, dst_bits);
	T_EQ(rtm->rtm_src_len, src_bits);
}

static void
expect_asked_addr(size_t i, uint16_t type, const char *text)
{
	const struct nlattr *attr = nl_t_attr(i, sizeof(struct rtmsg), type);
	struct addr got;
	struct addr want;

	if (!text) {
		T_CHECK(attr == NULL, "it asks for more");
		return;
	}
	T_CHECK(attr != NULL, "it does not ask for %s", text);
	got = net_nl_addr(attr);
	want = t_addr(text);
	T_CHECK(addr_equal(&got, &want), "not %s", text);
}

static void
expect_asked_number(size_t i, uint16_t type, uint32_t want)
{
	const struct nlattr *attr = nl_t_attr(i, sizeof(struct rtmsg), type);

	T_EQ(attr ? mnl_attr_get_u32(attr) : 0, want);
}

static void
a_flow_in_transit_is_asked_for_as_its_packets_would_go(void)
{
	struct rsvp_route r;

	begin();
	say_way(RTN_UNICAST, ETH);
	r = route_of("10.0.0.2", "10.0.9.9", IN);
	T_EQ(r.count, 1);
	T_EQ(r.out_ifindex[0], ETH);
	T_CHECK(!r.local, "to us");
	expect_asked(0, AF_INET, 32, 32);
	expect_asked_addr(0, RTA_DST, "10.0.9.9");
	expect_asked_addr(0, RTA_SRC, "10.0.0.2");
	expect_asked_number(0, RTA_IIF, IN);

	say_way(RTN_UNICAST, ETH);
	r = route_of("2001:db8::2", "2001:db8::9", IN);
	T_EQ(r.count, 1);
	expect_asked(1, AF_INET6, 128, 128);
	expect_asked_addr(1, RTA_DST, "2001:db8::9");
	expect_asked_addr(1, RTA_SRC, "2001:db8::2");
	end();
}

/* A source that is not ours would be refused. */
static void
a_flow_from_here_is_asked_for_by_its_destination(void)
{
	begin();
	say_way(RTN_UNICAST, ETH);
	T_EQ(route_of("10.0.0.2", "10.0.9.9", 0).out_ifindex[0], ETH);
	expect_asked(0, AF_INET, 32, 0);
	expect_asked_addr(0, RTA_SRC, NULL);
	expect_asked_addr(0, RTA_IIF, NULL);
	/* Nor can a source of another family be asked for. */
	say_way(RTN_UNICAST, ETH);
	T_EQ(route_of("2001:db8::2", "10.0.9.9", IN).count, 1);
	expect_asked(1, AF_INET, 32, 0);
	expect_asked_addr(1, RTA_IIF, NULL);
	end();
}

static void
each_kind_of_route_leads_somewhere_or_nowhere(void)
{
	static const struct {
		uint8_t type;
		uint32_t oif;
		bool local;
		size_t count;
	} rows[] = { { RTN_UNICAST, ETH, false, 1 },
		{ RTN_MULTICAST, ETH, false, 1 }, { RTN_LOCAL, ETH, true, 0 },
		{ RTN_BROADCAST, ETH, false, 0 },
		{ RTN_BLACKHOLE, ETH, false, 0 },
		{ RTN_UNREACHABLE, ETH, false, 0 },
		{ RTN_UNICAST, 0, false, 0 } };

	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rsvp_route r;

		say_way(rows[i].type, rows[i].oif);
		r = route_of(NULL, "10.0.9.9", 0);
		T_EQ(r.local, rows[i].local);
		T_EQ(r.count, rows[i].count);
		T_EQ(r.in_ifindex, 0);
	}
	end();
}

static void
without_an_answer_there_is_no_route(void)
{
	const struct rsvp_route_query nothing = { .in_ifindex = IN };
	const struct rtmsg rtm = { .rtm_type = RTN_UNICAST };
	struct rsvp_route r;

	begin();
	nl_t_error(-ENETUNREACH);
	r = route_of(NULL, "10.0.9.9", 0);
	T_EQ(r.count, 0);
	T_CHECK(!r.local, "to us");
	/* What is said beside it counts for nothing. */
	mnl_attr_put_u32(
		nl_t_say(RTM_DELROUTE, &rtm, sizeof(rtm)), RTA_OIF, ETH);
	nl_t_end(0);
	T_EQ(route_of(NULL, "10.0.9.9", 0).count, 0);
	(void)nl_t_say(RTM_NEWROUTE, &rtm, sizeof(rtm) - 4);
	nl_t_end(0);
	T_EQ(route_of(NULL, "10.0.9.9", 0).count, 0);
	mnl_attr_put_u16(say_route(RTN_UNICAST), RTA_OIF, ETH);
	nl_t_end(0);
	T_EQ(route_of(NULL, "10.0.9.9", 0).count, 0);
	/* No destination, no question. */
	T_EQ(nl_t_asked(), 4);
	net_link_route(&link_, &nothing, &r);
	T_EQ(r.count, 0);
	T_EQ(nl_t_asked(), 4);
	end();
}

/* ---- multicast ----------------------------------------------------------- */

static void
put_hops(struct nlmsghdr *h, const uint32_t *ifindexes, size_t count)
{
	struct rtnexthop hops[RSVP_OIFS_MAX + 2];

	memset(hops, 0, sizeof(hops));
	for (size_t i = 0; i < count; i++) {
		hops[i].rtnh_len = sizeof(hops[0]);
		hops[i].rtnh_ifindex = (int)ifindexes[i];
	}
	mnl_attr_put(h, RTA_MULTIPATH, count * sizeof(hops[0]), hops);
}

static void
a_group_goes_where_its_entry_says(void)
{
	static const uint32_t hops[] = { ETH, 9, 11 };
	struct nlmsghdr *h;
	struct rsvp_route r;

	begin();
	h = say_route(RTN_MULTICAST);
	put_hops(h, hops, 3);
	mnl_attr_put_u32(h, RTA_IIF, IN);
	nl_t_end(0);
	r = route_of("10.0.0.2", "225.0.0.1", IN);
	T_EQ(r.count, 3);
	for (size_t i = 0; i < 3; i++)
		T_EQ(r.out_ifindex[i], hops[i]);
	T_EQ(r.in_ifindex, IN);
	expect_asked(0, RTNL_FAMILY_IPMR, 32, 32);
	expect_asked_addr(0, RTA_SRC, "10.0.0.2");
	expect_asked_addr(0, RTA_DST, "225.0.0.1");
	expect_asked_number(0, RTA_TABLE, RT_TABLE_DEFAULT);

	h = say_route(RTN_MULTICAST);
	put_hops(h, hops, 1);
	nl_t_end(0);
	T_EQ(route_of("2001:db8::2", "ff0e::1", IN).count, 1);
	expect_asked(1, RTNL_FAMILY_IP6MR, 128, 128);
	expect_asked_number(1, RTA_TABLE, RT_TABLE_MAIN);
	end();
}

static void
the_entry_for_all_sources_is_asked_for_second(void)
{
	static const uint32_t hops[] = { ETH };
	struct nlmsghdr *h;
	struct rsvp_route r;

	begin();
	nl_t_error(-ENOENT);
	h = say_route(RTN_MULTICAST);
	put_hops(h, hops, 1);
	mnl_attr_put_u32(h, RTA_IIF, IN);
	nl_t_end(0);
	r = route_of("10.0.0.2", "225.0.0.1", IN);
	T_EQ(r.count, 1);
	T_EQ(r.in_ifindex, 0); /* any of its interfaces */
	expect_asked(1, RTNL_FAMILY_IPMR, 32, 0);
	expect_asked_addr(1, RTA_SRC, NULL);
	expect_asked_addr(1, RTA_DST, "225.0.0.1");
	/* Of any other answer there is no second question. */
	nl_t_error(-EPERM);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", IN).count, 0);
	T_EQ(nl_t_asked(), 3);
	nl_t_error(-ENOENT);
	nl_t_error(-ENOENT);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", IN).count, 0);
	/* And none where the source cannot be one. */
	T_EQ(route_of("2001:db8::2", "225.0.0.1", IN).count, 0);
	T_EQ(nl_t_asked(), 5);
	end();
}

static void
a_group_from_here_is_an_ordinary_route(void)
{
	begin();
	say_way(RTN_MULTICAST, ETH);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", 0).out_ifindex[0], ETH);
	expect_asked(0, AF_INET, 32, 0);
	end();
}

static void
next_hops_are_read_as_far_as_they_are_whole(void)
{
	struct rtnexthop hops[3] = { { .rtnh_len = sizeof(hops[0]),
					     .rtnh_ifindex = 1 },
		{ .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 2 },
		{ .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 3 } };
	uint32_t many[RSVP_OIFS_MAX + 2];
	struct rsvp_route r;

	begin();
	hops[1].rtnh_len = sizeof(hops[0]) - 1; /* less than itself */
	mnl_attr_put(
		say_route(RTN_MULTICAST), RTA_MULTIPATH, sizeof(hops), hops);
	nl_t_end(0);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", IN).count, 1);
	hops[1].rtnh_len = 2 * sizeof(hops[0]) + 1; /* more than there is */
	mnl_attr_put(
		say_route(RTN_MULTICAST), RTA_MULTIPATH, sizeof(hops), hops);
	nl_t_end(0);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", IN).count, 1);
	hops[1].rtnh_len = 2 * sizeof(hops[0]); /* with the third in it */
	mnl_attr_put(
		say_route(RTN_MULTICAST), RTA_MULTIPATH, sizeof(hops), hops);
	nl_t_end(0);
	r = route_of("10.0.0.2", "225.0.0.1", IN);
	T_EQ(r.count, 2);
	T_EQ(r.out_ifindex[1], 2);
	/* The rest is cut off. */
	mnl_attr_put(say_route(RTN_MULTICAST), RTA_MULTIPATH,
		sizeof(hops[0]) + 4, hops);
	nl_t_end(0);
	T_EQ(route_of("10.0.0.2", "225.0.0.1", IN).count, 1);
	for (uint32_t i = 0; i < RSVP_OIFS_MAX + 2; i++)
		many[i] = 100 + i;
	put_hops(say_route(RTN_MULTICAST), many, RSVP_OIFS_MAX + 2);
	nl_t_end(0);
	r = route_of("10.0.0.2", "225.0.0.1", IN);
	T_EQ(r.count, RSVP_OIFS_MAX);
	T_EQ(r.out_ifindex[RSVP_OIFS_MAX - 1], 99 + RSVP_OIFS_MAX);
	end();
}

/* ---- our address --------------------------------------------------------- */

static bool
source_is(const char *dst, const char *want)
{
	const struct addr to = t_addr(dst);
	struct addr src = { 0 };
	struct addr wanted;

	if (!net_link_source(&link_, &to, &src))
		return want == NULL;
	if (!want)
		return false;
	wanted = t_addr(want);
	return addr_equal(&src, &wanted);
}

static void
our_address_is_the_preferred_one_or_that_of_the_interface(void)
{
	const struct addr preferred = t_addr("10.0.0.5");
	struct addr none = { 0 };
	struct nlmsghdr *h;

	begin();
	eth.core.v4 = t_addr("10.0.0.1");
	eth.core.v6 = t_addr("2001:db8::1");
	h = say_route(RTN_UNICAST);
	mnl_attr_put_u32(h, RTA_OIF, ETH);
	mnl_attr_put(h, RTA_PREFSRC, 4, preferred.b);
	nl_t_end(0);
	T_CHECK(source_is("10.0.9.9", "10.0.0.5"), "the preferred one");
	say_way(RTN_UNICAST, ETH);
	T_CHECK(source_is("10.0.9.9", "10.0.0.1"), "that of the interface");
	say_way(RTN_UNICAST, ETH);
	T_CHECK(source_is("2001:db8::9", "2001:db8::1"), "of its family");
	/* Preferred for the other family. */
	h = say_route(RTN_UNICAST);
	mnl_attr_put_u32(h, RTA_OIF, ETH);
	mnl_attr_put(h, RTA_PREFSRC, 4, preferred.b);
	nl_t_end(0);
	T_CHECK(source_is("2001:db8::9", "2001:db8::1"), "of its family");
	eth.core.v4 = none;
	say_way(RTN_UNICAST, ETH);
	T_CHECK(source_is("10.0.9.9", NULL), "it has none");
	mnl_attr_put_u32(say_route(RTN_UNICAST), RTA_OIF, ETH + 1);
	nl_t_end(0);
	T_CHECK(source_is("10.0.9.9", NULL), "no such interface");
	nl_t_error(-ENETUNREACH);
	T_CHECK(source_is("10.0.9.9", NULL), "no route");
	T_CHECK(!net_link_source(&link_, &none, &none), "to nowhere");
	T_EQ(nl_t_asked(), 7);
	end();
}

static void
the_next_hop_is_told_where_there_is_one(void)
{
	const struct addr gateway = t_addr("10.0.0.254");
	const struct addr dst = t_addr("10.0.9.9");
	struct nlmsghdr *h;
	struct addr got;

	begin();
	h = say_route(RTN_UNICAST);
	mnl_attr_put(h, RTA_GATEWAY, 4, gateway.b);
	mnl_attr_put_u32(h, RTA_OIF, ETH);
	nl_t_end(0);
	got = net_link_gateway(&link_, &dst);
	T_CHECK(addr_equal(&got, &gateway), "another");
	say_way(RTN_UNICAST, ETH);
	T_EQ(net_link_gateway(&link_, &dst).family, ADDR_NONE);
	nl_t_error(-ENETUNREACH);
	T_EQ(net_link_gateway(&link_, &dst).family, ADDR_NONE);
	end();
}

/* ---- ports --------------------------------------------------------------- */

static struct nlmsghdr *
say_socket(const char *text, uint16_t port, uint32_t uid)
{
	struct inet_diag_msg m = { .idiag_uid = uid };
	const struct addr a = t_addr(text);

	m.idiag_family = a.family == ADDR_V4 ? AF_INET : AF_INET6;
	m.id.idiag_sport = htons(port);
	memcpy(m.id.idiag_src, a.b, addr_size(a.family));
	return nl_t_say(SOCK_DIAG_BY_FAMILY, &m, sizeof(m));
}

static void
say_mapped_socket(const char *text, uint32_t uid)
{
	struct inet_diag_msg m = { .idiag_uid = uid, .idiag_family = AF_INET6 };
	const struct addr a = t_addr(text);
	uint8_t b[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(b + 12, a.b, 4);
	m.id.idiag_sport = htons(PORT);
	memcpy(m.id.idiag_src, b, sizeof(b));
	(void)nl_t_say(SOCK_DIAG_BY_FAMILY, &m, sizeof(m));
}

static int
owner_of(const char *text, uint32_t *ret_uid)
{
	const struct addr a = t_addr(text);

	*ret_uid = 0;
	return net_link_port_owner(&link_, IPPROTO_UDP, &a, PORT, ret_uid);
}

static void
expect_sockets_asked(size_t i, uint8_t family, uint8_t proto)
{
	const struct nlmsghdr *h = nl_t_request(i);
	const struct inet_diag_req_v2 *q =
		(const struct inet_diag_req_v2 *)mnl_nlmsg_get_payload(h);
	/* Those in which the kernel still tells the user. */
	const uint32_t states = 1 << TCP_ESTABLISHED | 1 << TCP_SYN_SENT |
				1 << TCP_CLOSE_WAIT | 1 << TCP_LISTEN |
				1 << TCP_CLOSE | 1 << 13 /* bound */;

	T_EQ(h->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	T_EQ(h->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	T_EQ(q->sdiag_family, family);
	T_EQ(q->sdiag_protocol, proto);
	T_EQ(q->idiag_states, states);
	T_EQ(ntohs(q->id.idiag_sport), PORT);
}

static void
both_families_are_asked_for_an_ipv4_port(void)
{
	const struct addr v4 = t_addr("10.0.0.1");
	const struct addr v6 = t_addr("2001:db8::1");
	uint32_t uid = 0;

	begin();
	(void)say_socket("10.0.0.1", PORT, ME);
	nl_t_done();
	nl_t_done();
	T_EQ(net_link_port_owner(&link_, IPPROTO_TCP, &v4, PORT, &uid), 1);
	T_EQ(uid, ME);
	T_EQ(nl_t_asked(), 2);
	expect_sockets_asked(0, AF_INET, IPPROTO_TCP);
	expect_sockets_asked(1, AF_INET6, IPPROTO_TCP);
	(void)say_socket("2001:db8::1", PORT, OTHER);
	nl_t_done();
	T_EQ(net_link_port_owner(&link_, IPPROTO_SCTP, &v6, PORT, &uid), 1);
	T_EQ(uid, OTHER);
	T_EQ(nl_t_asked(), 3);
	expect_sockets_asked(2, AF_INET6, IPPROTO_SCTP);
	end();
}

static void
whoever_fits_best_holds_the_port(void)
{
	uint32_t uid;

	begin();
	(void)say_socket("0.0.0.0", PORT, OTHER);
	(void)say_socket("10.0.0.2", PORT, OTHER);
	(void)say_socket("10.0.0.1", PORT, ME);
	(void)say_socket("0.0.0.0", PORT, OTHER);
	nl_t_done();
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	T_EQ(uid, ME);
	/* A socket on all addresses has those that nobody has for itself, and
	 * of two the first. */
	(void)say_socket("0.0.0.0", PORT, ME);
	(void)say_socket("0.0.0.0", PORT, OTHER);
	nl_t_done();
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	T_EQ(uid, ME);
	end();
}

static void
a_socket_elsewhere_holds_nothing(void)
{
	const struct inet_diag_msg cut = { .idiag_uid = OTHER,
		.id.idiag_sport = htons(PORT) };
	uint32_t uid;

	begin();
	(void)say_socket("10.0.0.2", PORT, OTHER);
	(void)say_socket("10.0.0.1", PORT + 1, OTHER);
	(void)nl_t_say(SOCK_DIAG_BY_FAMILY, &cut, sizeof(cut) - 4);
	(void)nl_t_say(SOCK_DIAG_BY_FAMILY + 1, &cut, sizeof(cut));
	nl_t_done();
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 0);
	/* One for IPv4 takes no IPv6. */
	(void)say_socket("0.0.0.0", PORT, OTHER);
	nl_t_done();
	T_EQ(owner_of("2001:db8::1", &uid), 0);
	T_EQ(uid, 0);
	end();
}

static void
a_socket_of_ipv6_may_hold_a_port_of_ipv4(void)
{
	struct nlmsghdr *h;
	uint32_t uid;

	begin();
	nl_t_done();
	mnl_attr_put_u8(say_socket("::", PORT, ME), INET_DIAG_SKV6ONLY, 0);
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	T_EQ(uid, ME);
	/* Unless it said that it does not. */
	nl_t_done();
	h = say_socket("::", PORT, ME);
	mnl_attr_put_u8(h, INET_DIAG_TOS, 0);
	mnl_attr_put_u8(h, INET_DIAG_SKV6ONLY, 1);
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 0);
	/* What has another form says nothing. */
	nl_t_done();
	h = say_socket("::", PORT, ME);
	mnl_attr_put_u32(h, INET_DIAG_SKV6ONLY, 1);
	mnl_attr_put_u8(h, INET_DIAG_TOS, 1);
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	/* Bound to an IPv4 address. */
	nl_t_done();
	say_mapped_socket("10.0.0.2", OTHER);
	say_mapped_socket("10.0.0.1", ME);
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	T_EQ(uid, ME);
	end();
}

static void
a_port_that_cannot_be_held_is_not_asked_for(void)
{
	const struct addr a = t_addr("10.0.0.1");
	const struct addr none = { 0 };
	uint32_t uid = 0;

	begin();
	T_EQ(net_link_port_owner(&link_, IPPROTO_ICMP, &a, PORT, &uid), 0);
	T_EQ(net_link_port_owner(&link_, IPPROTO_UDP, &a, 0, &uid), 0);
	T_EQ(net_link_port_owner(&link_, IPPROTO_UDP, &none, PORT, &uid), 0);
	T_EQ(nl_t_asked(), 0);
	end();
}

static void
a_question_about_ports_is_repeated_when_it_was_interrupted(void)
{
	uint32_t uid;

	begin();
	(void)nl_t_say(NLMSG_DONE, &(int){ 0 }, sizeof(int));
	nl_t_end(NLM_F_DUMP_INTR);
	(void)say_socket("10.0.0.1", PORT, ME);
	nl_t_done();
	nl_t_done();
	T_EQ(owner_of("10.0.0.1", &uid), 1);
	T_EQ(uid, ME);
	T_EQ(nl_t_asked(), 3);
	for (int i = 0; i < 3; i++) {
		(void)nl_t_say(NLMSG_DONE, &(int){ 0 }, sizeof(int));
		nl_t_end(NLM_F_DUMP_INTR);
	}
	T_EQ(owner_of("10.0.0.1", &uid), -EINTR);
	T_EQ(nl_t_asked(), 6);
	nl_t_error(-EPERM);
	T_EQ(owner_of("10.0.0.1", &uid), -EPERM);
	nl_t_done();
	nl_t_error(-EACCES);
	T_EQ(owner_of("10.0.0.1", &uid), -EACCES);
	end();
}

static struct t_case cases[] = {
	{ "a flow in transit is asked for as its packets would go",
		a_flow_in_transit_is_asked_for_as_its_packets_would_go },
	{ "a flow from here is asked for by its destination",
		a_flow_from_here_is_asked_for_by_its_destination },
	{ "each kind of route leads somewhere or nowhere",
		each_kind_of_route_leads_somewhere_or_nowhere },
	{ "without an answer there is no route",
		without_an_answer_there_is_no_route },
	{ "a group goes where its entry says",
		a_group_goes_where_its_entry_says },
	{ "the entry for all sources is asked for second",
		the_entry_for_all_sources_is_asked_for_second },
	{ "a group from here is an ordinary route",
		a_group_from_here_is_an_ordinary_route },
	{ "next hops are read as far as they are whole",
		next_hops_are_read_as_far_as_they_are_whole },
	{ "our address is the preferred one or that of the interface",
		our_address_is_the_preferred_one_or_that_of_the_interface },
	{ "the next hop is told where there is one",
		the_next_hop_is_told_where_there_is_one },
	{ "both families are asked for an IPv4 port",
		both_families_are_asked_for_an_ipv4_port },
	{ "whoever fits best holds the port",
		whoever_fits_best_holds_the_port },
	{ "a socket elsewhere holds nothing",
		a_socket_elsewhere_holds_nothing },
	{ "a socket of IPv6 may hold a port of IPv4",
		a_socket_of_ipv6_may_hold_a_port_of_ipv4 },
	{ "a port that cannot be held is not asked for",
		a_port_that_cannot_be_held_is_not_asked_for },
	{ "a question about ports is repeated when it was interrupted",
		a_question_about_ports_is_repeated_when_it_was_interrupted },
};
T_MAIN(cases)
