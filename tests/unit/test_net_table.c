/* SPDX-License-Identifier: ISC */

/* Links and addresses as the kernel tells them, and how it is asked:
 * rsvpd/net_table.c, net_nl.c. */

#include "t_addr.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/time.h>

#include "mnl_t.h"
#include "nl_t.h"
#include "rsvpd/net_link_int.h"

enum { ETH = 7, PPP = 3, GLOBAL = RT_SCOPE_UNIVERSE };

static struct net_nl nl;

static void
begin(void)
{
	nl_t_begin();
	T_EQ(net_nl_open(&nl, NETLINK_ROUTE), 0);
}

static void
end(void)
{
	net_nl_close(&nl);
	net_nl_close(&nl); /* it was closed */
	T_EQ(mnl_t.opened, 1);
	T_EQ(mnl_t.closed, 1);
}

static struct nlmsghdr *
say_link(int ifindex, const char *name, unsigned flags)
{
	const struct ifinfomsg ifi = { .ifi_index = ifindex,
		.ifi_type = ARPHRD_ETHER,
		.ifi_flags = flags };
	struct nlmsghdr *h = nl_t_say(RTM_NEWLINK, &ifi, sizeof(ifi));

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

static struct nlmsghdr *
say_addr(uint32_t ifindex, const char *text, uint8_t scope, uint8_t flags)
{
	const struct addr a = t_addr(text);
	const struct ifaddrmsg ifa = {
		.ifa_family = a.family == ADDR_V4 ? AF_INET : AF_INET6,
		.ifa_scope = scope,
		.ifa_flags = flags,
		.ifa_index = ifindex
	};
	struct nlmsghdr *h = nl_t_say(RTM_NEWADDR, &ifa, sizeof(ifa));

	mnl_attr_put(h, IFA_ADDRESS, addr_size(a.family), a.b);
	return h;
}

static struct net_table
read_table(void)
{
	struct net_table t;

	T_EQ(net_table_read(&nl, &t), 0);
	T_CHECK(nl_t_silent(), "not all was read");
	return t;
}

static void
expect_addr(const struct addr *got, const char *want)
{
	char text[ADDR_TEXT];

	T_STR(got->family == ADDR_NONE ? "" : addr_format(got, text), want);
}

/* ---- links --------------------------------------------------------------- */

static void
links_are_read_with_what_is_said_of_them(void)
{
	struct net_table t;
	struct nlmsghdr *h;
	const struct net_facts *f;

	begin();
	h = say_link(ETH, "eth0", IFF_UP | IFF_RUNNING);
	mnl_attr_put_u32(h, IFLA_MTU, 1500);
	mnl_attr_put_u32(h, IFLA_GSO_MAX_SIZE, 65536);
	mnl_attr_put_u32(h, IFLA_GSO_MAX_SEGS, 64);
	mnl_attr_put_u32(h, IFLA_GRO_MAX_SIZE, 32768);
	(void)say_link(PPP, "ppp0", 0);
	nl_t_done();
	nl_t_done(); /* no addresses */
	t = read_table();
	T_EQ(t.iface_count, 2);
	T_EQ(t.ifaces[0].facts.ifindex, PPP);
	f = &t.ifaces[1].facts;
	T_EQ(f->ifindex, ETH);
	T_STR(f->name, "eth0");
	T_EQ(f->type, ARPHRD_ETHER);
	T_EQ(f->flags, IFF_UP | IFF_RUNNING);
	T_EQ(f->mtu, 1500);
	T_EQ(f->gso_octets, 65536);
	T_EQ(f->gso_packets, 64);
	T_EQ(f->gro_octets, 32768);
	T_EQ(t.ifaces[0].facts.mtu, 0);
	T_CHECK(net_table_iface(&t, ETH) == &t.ifaces[1] &&
			net_table_iface(&t, PPP) == &t.ifaces[0] &&
			net_table_iface(&t, 5) == NULL,
		"the wrong one");
	net_table_free(&t);
	T_EQ(t.iface_count, 0);
	T_CHECK(net_table_iface(&t, ETH) == NULL, "of an empty table");
	end();
}

static void
links_and_addresses_are_asked_for_once_each(void)
{
	struct net_table t;
	const struct nlattr *mask;

	begin();
	nl_t_done();
	nl_t_done();
	t = read_table();
	T_EQ(nl_t_asked(), 2);
	T_EQ(nl_t_request(0)->nlmsg_type, RTM_GETLINK);
	T_EQ(nl_t_request(1)->nlmsg_type, RTM_GETADDR);
	for (size_t i = 0; i < 2; i++)
		T_EQ(nl_t_request(i)->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	T_CHECK(nl_t_request(0)->nlmsg_seq != nl_t_request(1)->nlmsg_seq,
		"the same question");
	/* Statistics of thousands of links are of no use. */
	mask = nl_t_attr(0, sizeof(struct ifinfomsg), IFLA_EXT_MASK);
	T_CHECK(mask && mnl_attr_get_u32(mask) == RTEXT_FILTER_SKIP_STATS,
		"statistics as well");
	T_EQ(nl_t_request(1)->nlmsg_len,
		NLMSG_ALIGN(NLMSG_LENGTH(sizeof(struct ifaddrmsg))));
	net_table_free(&t);
	end();
}

static void
any_number_of_links_and_addresses_is_read(void)
{
	enum { MANY = 100 };
	struct net_table t;

	begin();
	for (int i = MANY; i > 0; i--) {
		(void)say_link(i, "e", 0);
		if (i % 40 == 0)
			nl_t_end(0);
	}
	nl_t_done();
	for (uint32_t i = 1; i <= MANY; i++)
		(void)say_addr(i, "10.0.0.1", GLOBAL, 0);
	nl_t_done();
	t = read_table();
	T_EQ(t.iface_count, MANY);
	T_EQ(t.addr_count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		T_EQ(t.ifaces[i].facts.ifindex, i + 1);
		T_EQ(t.addrs[i].ifindex, i + 1);
		T_CHECK(net_table_iface(&t, i + 1) == &t.ifaces[i], "%u", i);
	}
	net_table_free(&t);
	end();
}

/* What is cut short or of another kind says nothing. */
static void
what_has_another_form_is_not_read(void)
{
	const struct ifinfomsg ifi = { .ifi_index = 9 };
	const struct ifaddrmsg ifa = { .ifa_index = ETH };
	const struct addr a = t_addr("10.0.0.1");
	struct nlmsghdr *h;
	struct net_table t;

	begin();
	h = say_link(ETH, "eth0", 0);
	mnl_attr_put_u16(h, IFLA_MTU, 1500);
	mnl_attr_put_u16(h, IFLA_GSO_MAX_SIZE, 1);
	mnl_attr_put_u16(h, IFLA_GSO_MAX_SEGS, 1);
	mnl_attr_put_u16(h, IFLA_GRO_MAX_SIZE, 1);
	mnl_attr_put(h, IFLA_IFNAME, 3, "abc"); /* it does not end */
	(void)nl_t_say(RTM_DELLINK, &ifi, sizeof(ifi));
	(void)nl_t_say(RTM_NEWLINK, &ifi, sizeof(ifi) - 4);
	nl_t_done();
	h = nl_t_say(RTM_DELADDR, &ifa, sizeof(ifa));
	mnl_attr_put(h, IFA_ADDRESS, 4, a.b);
	(void)nl_t_say(RTM_NEWADDR, &ifa, sizeof(ifa) - 4);
	h = nl_t_say(RTM_NEWADDR, &ifa, sizeof(ifa));
	mnl_attr_put(h, IFA_ADDRESS, 5, a.b);           /* of no family */
	(void)nl_t_say(RTM_NEWADDR, &ifa, sizeof(ifa)); /* none at all */
	nl_t_done();
	t = read_table();
	T_EQ(t.iface_count, 1);
	T_STR(t.ifaces[0].facts.name, "eth0");
	T_EQ(t.ifaces[0].facts.mtu, 0);
	T_EQ(t.ifaces[0].facts.gso_octets + t.ifaces[0].facts.gso_packets +
			t.ifaces[0].facts.gro_octets,
		0);
	T_EQ(t.addr_count, 0);
	net_table_free(&t);
	end();
}

/* ---- addresses ----------------------------------------------------------- */

/* What is chosen for RSVP_HOP of these, first to last. */
struct choice {
	const char *text;
	uint8_t scope;
	uint8_t flags;
};

static void
expect_choice(const struct choice *all, size_t count, const char *v4,
	const char *v6, uint8_t rank)
{
	struct net_table t;

	begin();
	(void)say_link(ETH, "eth0", 0);
	nl_t_done();
	for (size_t i = 0; i < count; i++)
		(void)say_addr(ETH, all[i].text, all[i].scope, all[i].flags);
	nl_t_done();
	t = read_table();
	expect_addr(&t.ifaces[0].facts.v4, v4);
	expect_addr(&t.ifaces[0].facts.v6, v6);
	T_EQ(v4[0] ? t.ifaces[0].facts.v4_rank : t.ifaces[0].facts.v6_rank,
		rank);
	net_table_free(&t);
	end();
}

static void
the_address_of_widest_scope_is_chosen(void)
{
	static const struct choice v6[] = { { "::2", RT_SCOPE_HOST, 0 },
		{ "fe80::1", RT_SCOPE_LINK, 0 }, { "2001:db8::9", GLOBAL, 0 },
		{ "2001:db8::1", GLOBAL, 0 } };
	static const struct choice v4[] = { { "127.0.0.2", RT_SCOPE_HOST, 0 },
		{ "169.254.0.1", RT_SCOPE_LINK, 0 } };
	static const struct choice nowhere[] = { { "10.0.0.1", RT_SCOPE_NOWHERE,
							 0 },
		{ "10.0.0.2", RT_SCOPE_LINK, IFA_F_DEPRECATED } };

	expect_choice(v6, 1, "", "::2", 8);
	expect_choice(v6, 2, "", "fe80::1", 4);
	expect_choice(v6, 4, "", "2001:db8::9", 0);
	expect_choice(v4, 2, "169.254.0.1", "", 4);
	expect_choice(nowhere, 2, "10.0.0.2", "", 6);
	expect_choice(v6, 0, "", "", 0);
}

static void
an_address_that_lasts_is_chosen(void)
{
	static const struct choice v6[] = {
		{ "2001:db8::3", GLOBAL, IFA_F_DEPRECATED | IFA_F_TEMPORARY },
		{ "2001:db8::2", GLOBAL, IFA_F_DEPRECATED },
		{ "2001:db8::1", GLOBAL, IFA_F_TEMPORARY }
	};
	static const struct choice v4[] = { { "10.0.0.2", GLOBAL,
						    IFA_F_SECONDARY },
		{ "10.0.0.1", GLOBAL, 0 } };

	expect_choice(v6, 1, "", "2001:db8::3", 3);
	expect_choice(v6, 2, "", "2001:db8::2", 2);
	expect_choice(v6, 3, "", "2001:db8::1", 1);
	expect_choice(v4, 1, "10.0.0.2", "", 1);
	expect_choice(v4, 2, "10.0.0.1", "", 0);
}

/* RFC 4862 5.4; RFC 4429. */
static void
an_address_that_is_not_proven_is_not_ours(void)
{
	static const struct choice all[] = {
		{ "2001:db8::1", GLOBAL, IFA_F_TENTATIVE },
		{ "2001:db8::2", GLOBAL, IFA_F_DADFAILED },
		{ "2001:db8::3", GLOBAL, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC },
	};

	expect_choice(all, 2, "", "", 0);
	expect_choice(all, 3, "", "2001:db8::3", 0);
}

static void
flags_that_need_more_bits_are_read_too(void)
{
	struct nlmsghdr *h;
	struct net_table t;

	begin();
	nl_t_done();
	h = say_addr(ETH, "2001:db8::1", GLOBAL, 0);
	mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NOPREFIXROUTE | IFA_F_TENTATIVE);
	h = say_addr(ETH, "2001:db8::2", GLOBAL, IFA_F_DEPRECATED);
	mnl_attr_put_u16(h, IFA_FLAGS, 0); /* not those */
	nl_t_done();
	t = read_table();
	T_EQ(t.addr_count, 1);
	expect_addr(&t.addrs[0].addr, "2001:db8::2");
	T_EQ(t.addrs[0].rank, 2);
	net_table_free(&t);
	end();
}

/* The other is the peer's. */
static void
of_a_point_to_point_link_the_local_address_is_ours(void)
{
	const struct addr local = t_addr("10.0.0.1");
	struct nlmsghdr *h;
	struct net_table t;

	begin();
	(void)say_link(PPP, "ppp0", IFF_POINTOPOINT);
	nl_t_done();
	h = say_addr(PPP, "10.0.0.2", GLOBAL, 0);
	mnl_attr_put(h, IFA_LOCAL, 4, local.b);
	nl_t_done();
	t = read_table();
	T_EQ(t.addr_count, 1);
	expect_addr(&t.addrs[0].addr, "10.0.0.1");
	expect_addr(&t.ifaces[0].facts.v4, "10.0.0.1");
	net_table_free(&t);
	end();
}

static void
an_address_is_found_among_all(void)
{
	static const char *const texts[] = { "10.0.0.5", "2001:db8::1",
		"10.0.0.1", "fe80::1", "10.0.0.3" };
	struct addr a;
	struct net_table t;

	begin();
	nl_t_done();
	for (uint32_t i = 0; i < 5; i++)
		(void)say_addr(ETH + i, texts[i], GLOBAL, 0);
	(void)say_addr(1, "fe80::1", RT_SCOPE_LINK, 0); /* on each link */
	nl_t_done();
	t = read_table();
	for (uint32_t i = 0; i < 5; i++) {
		const struct net_addr *found;

		a = t_addr(texts[i]);
		found = net_table_addr(&t, &a);
		T_CHECK(found && addr_equal(&found->addr, &a), "%s", texts[i]);
		/* Of those that are the same the one of the first link. */
		T_EQ(found->ifindex, i == 3 ? 1 : ETH + i);
	}
	a = t_addr("10.0.0.2");
	T_CHECK(net_table_addr(&t, &a) == NULL, "between two");
	a = t_addr("ff::1");
	T_CHECK(net_table_addr(&t, &a) == NULL, "near the end");
	a = t_addr("ffff::1");
	T_CHECK(net_table_addr(&t, &a) == NULL, "behind all");
	a = t_addr("1.0.0.2");
	T_CHECK(net_table_addr(&t, &a) == NULL, "before all");
	net_table_free(&t);
	end();
}

/* ---- the conversation ---------------------------------------------------- */

static void
a_dump_that_was_interrupted_begins_again(void)
{
	struct net_table t;

	begin();
	(void)say_link(ETH, "old", 0);
	(void)nl_t_say(NLMSG_DONE, &(int){ 0 }, sizeof(int));
	nl_t_end(NLM_F_DUMP_INTR);
	(void)say_link(ETH, "new", 0);
	nl_t_done();
	(void)say_addr(ETH, "10.0.0.1", GLOBAL, 0);
	(void)nl_t_say(NLMSG_DONE, &(int){ 0 }, sizeof(int));
	nl_t_end(NLM_F_DUMP_INTR);
	(void)say_link(ETH, "newer", 0);
	nl_t_done();
	nl_t_done();
	t = read_table();
	T_EQ(nl_t_asked(), 5);
	T_EQ(t.iface_count, 1);
	T_EQ(t.addr_count, 0);
	T_STR(t.ifaces[0].facts.name, "newer");
	net_table_free(&t);
	end();
}

/* Until then the kernel refuses another. */
static void
a_dump_is_read_to_its_end_before_it_begins_again(void)
{
	struct net_table t;

	begin();
	(void)say_link(ETH, "old", 0);
	nl_t_end(NLM_F_DUMP_INTR);
	(void)say_link(ETH + 1, "older", 0);
	nl_t_end(NLM_F_DUMP_INTR);
	(void)say_link(ETH + 2, "oldest", 0);
	nl_t_end(0);
	nl_t_done();
	(void)say_link(ETH, "new", 0);
	nl_t_done();
	nl_t_done();
	t = read_table();
	T_EQ(nl_t_asked(), 3);
	T_EQ(t.iface_count, 1);
	T_STR(t.ifaces[0].facts.name, "new");
	T_CHECK(nl_t_silent(), "not all was read");
	net_table_free(&t);
	end();
}

static void
a_dump_that_was_interrupted_and_broke_off_begins_again(void)
{
	struct net_table t;

	begin();
	(void)say_link(ETH, "old", 0);
	nl_t_end(NLM_F_DUMP_INTR);
	nl_t_fail(EAGAIN); /* nothing more comes of it */
	(void)say_link(ETH, "new", 0);
	nl_t_done();
	nl_t_done();
	t = read_table();
	T_EQ(t.iface_count, 1);
	T_STR(t.ifaces[0].facts.name, "new");
	net_table_free(&t);
	end();
}

static void
a_dump_that_is_always_interrupted_is_given_up(void)
{
	struct net_table t;

	begin();
	for (int i = 0; i < 9; i++) {
		(void)nl_t_say(NLMSG_DONE, &(int){ 0 }, sizeof(int));
		nl_t_end(NLM_F_DUMP_INTR);
	}
	T_EQ(net_table_read(&nl, &t), -EINTR);
	T_EQ(nl_t_asked(), 5);
	net_table_free(&t);
	end();
}

static void
what_the_kernel_refuses_is_told(void)
{
	struct net_table t;

	begin();
	nl_t_error(-EPERM);
	T_EQ(net_table_read(&nl, &t), -EPERM);
	net_table_free(&t);
	nl_t_done();
	nl_t_error(-ENOMEM);
	T_EQ(net_table_read(&nl, &t), -ENOMEM);
	net_table_free(&t);
	mnl_t.send_error = ENOBUFS;
	T_EQ(net_table_read(&nl, &t), -ENOBUFS);
	net_table_free(&t);
	end();
}

static int
count_message(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	++*(int *)arg;
	return MNL_CB_OK;
}

static int
ask_once(int *ret_count)
{
	_Alignas(struct nlmsghdr) char buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	*ret_count = 0;
	return net_nl_ask(&nl, h, count_message, ret_count);
}

static void
answers_to_earlier_questions_are_passed_over(void)
{
	int count;

	begin();
	nl_t_fail(EINTR); /* a signal */
	(void)say_link(1, "late", 0);
	nl_t_end_late();
	(void)say_link(2, "now", 0);
	nl_t_end(0);
	T_EQ(ask_once(&count), 0);
	/* One answer to what is no dump: nothing ends it. */
	T_EQ(count, 1);
	T_CHECK(nl_t_silent(), "not all was read");
	end();
}

static void
an_answer_that_does_not_come_is_given_up(void)
{
	struct timeval limit;
	socklen_t len = sizeof(limit);
	int count;

	begin();
	T_EQ(getsockopt(mnl_socket_get_fd(nl.socket), SOL_SOCKET, SO_RCVTIMEO,
		     &limit, &len),
		0);
	T_EQ(limit.tv_sec, 2);
	nl_t_fail(EAGAIN); /* what the limit becomes */
	T_EQ(ask_once(&count), -EAGAIN);
	T_EQ(count, 0);
	end();
}

static void
without_a_socket_nothing_is_opened(void)
{
	nl_t_begin();
	mnl_t.open_error = EMFILE;
	T_EQ(net_nl_open(&nl, NETLINK_ROUTE), -EMFILE);
	T_CHECK(nl.socket == NULL, "a socket");
	T_EQ(mnl_t.bus, NETLINK_ROUTE);
	mnl_t.open_error = 0;
	mnl_t.fd = 1 << 20; /* it takes no options */
	T_EQ(net_nl_open(&nl, NETLINK_SOCK_DIAG), -EBADF);
	T_CHECK(nl.socket == NULL, "a socket");
	T_EQ(mnl_t.bus, NETLINK_SOCK_DIAG);
	T_EQ(mnl_t.closed, 1);
}

static struct t_case cases[] = {
	{ "links are read with what is said of them",
		links_are_read_with_what_is_said_of_them },
	{ "links and addresses are asked for once each",
		links_and_addresses_are_asked_for_once_each },
	{ "any number of links and addresses is read",
		any_number_of_links_and_addresses_is_read },
	{ "what has another form is not read",
		what_has_another_form_is_not_read },
	{ "the address of widest scope is chosen",
		the_address_of_widest_scope_is_chosen },
	{ "an address that lasts is chosen", an_address_that_lasts_is_chosen },
	{ "an address that is not proven is not ours",
		an_address_that_is_not_proven_is_not_ours },
	{ "flags that need more bits are read too",
		flags_that_need_more_bits_are_read_too },
	{ "of a point-to-point link the local address is ours",
		of_a_point_to_point_link_the_local_address_is_ours },
	{ "an address is found among all", an_address_is_found_among_all },
	{ "a dump that was interrupted begins again",
		a_dump_that_was_interrupted_begins_again },
	{ "a dump is read to its end before it begins again",
		a_dump_is_read_to_its_end_before_it_begins_again },
	{ "a dump that was interrupted and broke off begins again",
		a_dump_that_was_interrupted_and_broke_off_begins_again },
	{ "a dump that is always interrupted is given up",
		a_dump_that_is_always_interrupted_is_given_up },
	{ "what the kernel refuses is told", what_the_kernel_refuses_is_told },
	{ "answers to earlier questions are passed over",
		answers_to_earlier_questions_are_passed_over },
	{ "an answer that does not come is given up",
		an_answer_that_does_not_come_is_given_up },
	{ "without a socket nothing is opened",
		without_a_socket_nothing_is_opened },
};
T_MAIN(cases)
