/* SPDX-License-Identifier: ISC */

/*
 * What notifications of the kernel mean: rsvpd/net_watch.c.  Of what kind one
 * is shows in when it is acted on: each kind waits for the last of its own, so
 * that one is due 100 ms after another of its kind, and at once beside others.
 */

#include "net_link_t.h"

#include <errno.h>

#include "loop_t.h"
#include "rsvpd/net_link.h"

enum { SOON = 90 }; /* of 100 ms, 10 have passed */

/* A link went up or down, and that was acted on, 10 ms ago. */
static struct nt *
new_after_link(void)
{
	struct nt *t = nt_new();

	t->links[0].flags = IFF_UP;
	nt_change(t, &t->links[0]);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_run(t, 10);
	T_EQ(t->readings, 1);
	T_EQ(nt_due(t), -1);
	nt_forget(t);
	return t;
}

/* The second link is as that says now. */
static int64_t
due_after(const struct nt_link *news)
{
	struct nt *t = new_after_link();
	int64_t due;

	nt_change(t, news);
	nt_note(t);
	due = nt_due(t);
	nt_run(t, 100);
	T_EQ(t->readings, 1);
	nt_free(t);
	return due;
}

static struct nt_link
second(void)
{
	struct nt *t = nt_new();
	const struct nt_link link = t->links[1];

	nt_free(t);
	return link;
}

/* ---- links --------------------------------------------------------------- */

static void
a_link_that_is_otherwise_is_news(void)
{
	struct nt_link link;

	link = second();
	link.flags = IFF_UP;
	T_EQ(due_after(&link), SOON);
	link.flags = IFF_LOWER_UP;
	T_EQ(due_after(&link), SOON);
	link.flags = NT_RUNNING | IFF_LOOPBACK;
	T_EQ(due_after(&link), SOON);
	link = second();
	link.name = "eth2";
	T_EQ(due_after(&link), SOON);
	link = second();
	link.mtu = 1400;
	T_EQ(due_after(&link), SOON);
	link = second();
	link.type = ARPHRD_PPP;
	T_EQ(due_after(&link), SOON);
}

/* As after each change of its limits, which tcctl makes. */
static void
what_takes_no_way_from_anybody_delays_no_news(void)
{
	struct nt_link link;

	link = second();
	T_EQ(due_after(&link), 0);
	link.flags |= IFF_PROMISC | IFF_ALLMULTI | IFF_RUNNING;
	T_EQ(due_after(&link), 0);
	link = second();
	link.gso_segs = 7;
	T_EQ(due_after(&link), 0);
	link = second();
	link.gro_octets = 3001;
	link.gso_octets = 3001;
	T_EQ(due_after(&link), 0);
}

static void
it_is_read_all_the_same(void)
{
	struct nt *t = nt_new();
	struct nt_link link = t->links[1];

	nt_section(t, "eth1")->bandwidth_Bps = 0;
	T_EQ(net_link_sync(t->link), 0);
	nt_forget(t);
	link.speed_mbit_s = 10; /* which it cannot say */
	nt_change(t, &link);
	nt_note(t);
	nt_run(t, 0);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.iface.ifindex, 2);
	T_EQ(t->told.iface.link_Bps, 1225000);
	T_EQ(t->told.all_routes, 0);
	nt_free(t);
}

/* One of a bridge about its port has flags and a name, and little more. */
static void
what_a_message_leaves_out_is_as_it_was(void)
{
	struct nt *t = new_after_link();
	const struct nt_link link = {
		.ifindex = 2, .type = ARPHRD_ETHER, .flags = NT_RUNNING
	};

	nt_say_link(t, RTM_NEWLINK, &link);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_free(t);
}

static void
a_link_that_breaks_does_not_wait_for_what_means_nothing(void)
{
	struct nt *t = nt_new();
	struct nt_link link = t->links[0];

	for (int i = 0; i < 5; i++) {
		nt_change(t, &t->links[1]);
		nt_note(t);
		nt_run(t, 30);
	}
	nt_forget(t);
	link.flags = IFF_UP;
	nt_change(t, &link);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_run(t, 0);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.iface.ifindex, 1);
	T_EQ(t->told.iface.up, false);
	T_EQ(t->told.all_routes, 1);
	nt_free(t);
}

static void
a_link_that_comes_or_goes_is_news(void)
{
	const struct nt_link other = { .ifindex = 3, .name = "eth2" };
	struct nt *t = new_after_link();

	nt_say_link(t, RTM_DELLINK, &other); /* nobody knows it */
	nt_note(t);
	T_EQ(nt_due(t), -1);
	nt_say_link(t, RTM_NEWLINK, &other);
	nt_note(t);
	T_EQ(nt_due(t), SOON);
	nt_free(t);

	t = new_after_link();
	nt_say_link(t, RTM_DELLINK, &t->links[1]);
	nt_note(t);
	T_EQ(nt_due(t), SOON);
	nt_free(t);
}

/* ---- addresses ----------------------------------------------------------- */

/* What is otherwise is known now, and that was long ago. */
static void
read_now(struct nt *t)
{
	net_link_read_again(t->link);
	nt_run(t, 1000);
	T_EQ(t->readings, 1);
	nt_forget(t);
}

/* When something is done about that of the first address; the second is
 * link-local, and both links have it. */
static int64_t
due_for(uint16_t type, const struct nt_addr *news)
{
	struct nt *t = nt_new();
	int64_t due;

	for (uint32_t i = 1; i <= 2; i++, t->addr_count++)
		t->addrs[t->addr_count] = (struct nt_addr){
			.addr = { .family = ADDR_V6, .b = { 0xfe, 0x80, 9 } },
			.ifindex = i,
			.scope = RT_SCOPE_LINK
		};
	read_now(t);
	nt_say_addr(t, type, news);
	nt_note(t);
	due = nt_due(t);
	if (due >= 0) {
		nt_run(t, 0);
		T_EQ(t->told.all_routes, 1);
	}
	nt_free(t);
	return due;
}

static struct nt_addr
own(void)
{
	return (struct nt_addr){ .addr = addr_v4_u32(0x0a000101),
		.local = addr_v4_u32(0x0a000101),
		.ifindex = 1 };
}

static struct nt_addr
link_local(uint32_t ifindex)
{
	return (struct nt_addr){ .addr = { .family = ADDR_V6,
					 .b = { 0xfe, 0x80, 9 } },
		.ifindex = ifindex,
		.scope = RT_SCOPE_LINK };
}

static void
an_address_that_is_as_it_was_means_nothing(void)
{
	struct nt_addr a = own();

	T_EQ(due_for(RTM_NEWADDR, &a), -1);
	a = link_local(1);
	T_EQ(due_for(RTM_NEWADDR, &a), -1);
	a = link_local(2);
	a.flags = IFA_F_PERMANENT; /* or its lifetime, or whatever */
	T_EQ(due_for(RTM_NEWADDR, &a), -1);
}

static void
an_address_that_is_otherwise_is_news(void)
{
	struct nt_addr a = own();

	T_EQ(due_for(RTM_DELADDR, &a), 0);
	a.flags = IFA_F_SECONDARY;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a = own();
	a.scope = RT_SCOPE_LINK;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a = own();
	a.ifindex = 2;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a = own();
	a.local = a.addr = addr_v4_u32(0x0a000102);
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a = own();
	a.local.b[3]++; /* that of the peer is no matter */
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a = link_local(1);
	T_EQ(due_for(RTM_DELADDR, &a), 0);
	a = link_local(2);
	T_EQ(due_for(RTM_DELADDR, &a), 0);
}

/* RFC 4862 5.4 */
static void
an_address_counts_when_it_is_proven(void)
{
	struct nt_addr a = link_local(3);

	a.flags = IFA_F_TENTATIVE;
	T_EQ(due_for(RTM_NEWADDR, &a), -1);
	a.flags = IFA_F_TENTATIVE | IFA_F_DADFAILED;
	T_EQ(due_for(RTM_NEWADDR, &a), -1);
	a.flags = IFA_F_TENTATIVE | IFA_F_OPTIMISTIC;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	T_EQ(due_for(RTM_DELADDR, &a), -1); /* nobody knew it */
	a = link_local(1);
	a.flags = IFA_F_DADFAILED;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
	a.flags = IFA_F_TENTATIVE;
	T_EQ(due_for(RTM_NEWADDR, &a), 0);
}

static void
a_link_without_addresses_gets_one(void)
{
	struct nt *t = nt_new();

	t->addr_count = 0;
	read_now(t);
	nt_say_addr(t, RTM_DELADDR, &t->addrs[0]);
	nt_note(t);
	T_EQ(nt_due(t), -1);
	nt_say_addr(t, RTM_NEWADDR, &t->addrs[0]);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_free(t);
}

/* ---- routes -------------------------------------------------------------- */

static struct nt_route
to(uint32_t dst, uint8_t len)
{
	return (struct nt_route){
		.family = AF_INET, .dst_len = len, .dst = addr_v4_u32(dst)
	};
}

static void
say_route(struct nt *t, struct nt_route route)
{
	nt_say_route(t, RTM_NEWROUTE, &route);
}

static void
routes_are_told_one_by_one(void)
{
	const struct addr second = addr_v4_u32(0x0a090200);
	struct nt_route route = to(0x0a090100, 24);
	struct nt *t = nt_new();

	say_route(t, route);
	say_route(t, route);
	route.dst_len = 25;
	say_route(t, route);
	route = to(0x0a090200, 25);
	nt_say_route(t, RTM_DELROUTE, &route);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_run(t, 0);
	T_EQ(t->told.routes, 3);
	T_EQ(t->told.prefixes[0].len, 24);
	T_EQ(t->told.prefixes[1].len, 25);
	T_EQ(t->told.prefixes[2].len, 25);
	T_CHECK(addr_equal(&t->told.prefixes[2].addr, &second), "the prefix");
	T_EQ(t->told.all_routes, 0);
	T_EQ(t->told.ifaces + t->readings, 0);
	T_CHECK(t->told.effects >= 3, "what follows from each");
	nt_run(t, 1000);
	T_EQ(t->told.routes, 3); /* once */
	nt_free(t);
}

static void
routes_of_all_families_are_told(void)
{
	static const struct {
		uint8_t family;
		uint8_t of;
	} rows[] = { { AF_INET, ADDR_V4 }, { RTNL_FAMILY_IPMR, ADDR_V4 },
		{ AF_INET6, ADDR_V6 }, { RTNL_FAMILY_IP6MR, ADDR_V6 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nt *t = nt_new();

		/* The default route has no destination. */
		say_route(t, (struct nt_route){ .family = rows[i].family });
		nt_note(t);
		nt_run(t, 0);
		T_EQ(t->told.routes, 1);
		T_EQ(t->told.prefixes[0].len, 0);
		T_EQ(t->told.prefixes[0].addr.family, rows[i].of);
		nt_free(t);
	}
}

static void
what_is_no_route_of_ours_means_nothing(void)
{
	struct nt_route route = to(0x0a090100, 24);
	struct nt *t = nt_new();

	route.flags = RTM_F_CLONED; /* an exception of one, such as its MTU */
	say_route(t, route);
	route = to(0x0a090100, 33);
	say_route(t, route);
	say_route(t, (struct nt_route){ .family = AF_BRIDGE });
	nt_say_short(t, RTM_NEWROUTE);
	nt_say_short(t, RTM_NEWLINK);
	nt_say_short(t, RTM_NEWADDR);
	nt_say_short(t, RTM_NEWNEIGH);
	nt_note(t);
	T_EQ(t->left, 0);
	T_EQ(nt_due(t), -1);
	nt_free(t);
}

static void
more_routes_than_are_noted_are_all(void)
{
	struct nt *t = nt_new();

	for (uint32_t i = 0; i < NET_ROUTES_PENDING; i++)
		say_route(t, to(0x0a090000 + i, 32));
	nt_note(t);
	nt_run(t, 0);
	T_EQ(t->told.routes, NET_ROUTES_PENDING);
	T_EQ(t->told.all_routes, 0);
	nt_forget(t);
	for (uint32_t i = 0; i <= NET_ROUTES_PENDING; i++)
		say_route(t, to(0x0a090000 + i, 32));
	nt_note(t);
	nt_run(t, 100);
	T_EQ(t->told.routes, 0);
	T_EQ(t->told.all_routes, 1);
	nt_free(t);
}

static void
rules_and_next_hops_may_change_any_route(void)
{
	static const uint16_t types[] = { RTM_NEWRULE, RTM_DELRULE,
		RTM_NEWNEXTHOP, RTM_DELNEXTHOP };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct nt *t = nt_new();

		nt_say_short(t, types[i]);
		nt_note(t);
		nt_run(t, 0);
		T_EQ(t->told.all_routes, 1);
		T_EQ(t->readings, 0);
		nt_free(t);
	}
}

static void
routes_and_links_do_not_wait_for_each_other(void)
{
	struct nt *t = new_after_link();

	say_route(t, to(0x0a090100, 24));
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_run(t, 10);
	T_EQ(t->told.routes, 1);
	say_route(t, to(0x0a090100, 24));
	nt_note(t);
	T_EQ(nt_due(t), SOON);
	nt_change(t, &t->links[1]);
	nt_note(t);
	T_EQ(nt_due(t), 0); /* and it takes the route along */
	nt_run(t, 0);
	T_EQ(t->told.routes, 2);
	nt_free(t);
}

/* ---- the socket ---------------------------------------------------------- */

static void
lost_notifications_mean_that_all_is_read_again(void)
{
	static const int errors[] = { ENOBUFS, ENOSPC };

	for (size_t i = 0; i < 2; i++) {
		struct nt *t = new_after_link();

		nt_say_error(t, errors[i]);
		nt_note(t);
		T_EQ(nt_due(t), 0); /* for routes were not told lately */
		nt_run(t, 0);
		T_EQ(t->readings, 1);
		T_EQ(t->told.all_routes, 1);
		nt_free(t);
	}
}

static void
an_interrupted_call_is_made_again(void)
{
	struct nt *t = nt_new();

	nt_say_error(t, EINTR);
	say_route(t, to(0x0a090100, 24));
	nt_note(t);
	nt_run(t, 0);
	T_EQ(t->told.routes, 1);
	T_EQ(loop_t_stopped(), false);
	nt_free(t);
}

static void
a_socket_that_fails_ends_the_engine(void)
{
	struct nt *t = nt_new();

	nt_say_error(t, EBADF);
	say_route(t, to(0x0a090100, 24));
	nt_note(t);
	T_EQ(loop_t_stopped(), true);
	T_EQ(t->told.errors, 1);
	T_EQ(t->left, 1);
	nt_free(t);
}

static void
a_turn_takes_a_bounded_number(void)
{
	struct nt *t = nt_new();

	for (int i = 0; i < 70; i++)
		say_route(t, to(0x0a090100, 24));
	nt_note(t);
	T_EQ(t->left, 6);
	nt_note(t);
	T_EQ(t->left, 0);
	nt_free(t);
}

static struct t_case cases[] = {
	{ "a link that is otherwise is news",
		a_link_that_is_otherwise_is_news },
	{ "what takes no way from anybody delays no news",
		what_takes_no_way_from_anybody_delays_no_news },
	{ "a link of which nothing is new is read all the same",
		it_is_read_all_the_same },
	{ "what a message leaves out is as it was",
		what_a_message_leaves_out_is_as_it_was },
	{ "a link that breaks does not wait for what means nothing",
		a_link_that_breaks_does_not_wait_for_what_means_nothing },
	{ "a link that comes or goes is news",
		a_link_that_comes_or_goes_is_news },
	{ "an address that is as it was means nothing",
		an_address_that_is_as_it_was_means_nothing },
	{ "an address that is otherwise is news",
		an_address_that_is_otherwise_is_news },
	{ "an address counts when it is proven",
		an_address_counts_when_it_is_proven },
	{ "a link without addresses gets one",
		a_link_without_addresses_gets_one },
	{ "routes are told one by one", routes_are_told_one_by_one },
	{ "routes of all families are told", routes_of_all_families_are_told },
	{ "what is no route of ours means nothing",
		what_is_no_route_of_ours_means_nothing },
	{ "more routes than are noted are all",
		more_routes_than_are_noted_are_all },
	{ "rules and next hops may change any route",
		rules_and_next_hops_may_change_any_route },
	{ "routes and links do not wait for each other",
		routes_and_links_do_not_wait_for_each_other },
	{ "lost notifications mean that all is read again",
		lost_notifications_mean_that_all_is_read_again },
	{ "an interrupted call is made again",
		an_interrupted_call_is_made_again },
	{ "a socket that fails ends the engine",
		a_socket_that_fails_ends_the_engine },
	{ "a turn takes a bounded number", a_turn_takes_a_bounded_number },
};
T_MAIN(cases)
