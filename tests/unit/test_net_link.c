/* SPDX-License-Identifier: ISC */

/*
 * The table of links and addresses, when it is read, and who is told what of
 * it: rsvpd/net_link.c, net_table.c.
 */

#include "net_link_t.h"

#include <errno.h>

#include "rsvpd/conf.h"
#include "rsvpd/daemon.h"
#include "tcctl/tcctl.h"

static void
set_flags(struct nt *t, size_t i, uint32_t flags)
{
	t->links[i].flags = flags;
	nt_change(t, &t->links[i]);
	nt_note(t);
}

static void
sync_links(struct nt *t)
{
	nt_forget(t);
	T_EQ(net_link_sync(t->link), 0);
}

static struct nt_link
new_link(uint32_t ifindex, const char *name)
{
	return (struct nt_link){ .ifindex = ifindex,
		.name = name,
		.type = ARPHRD_ETHER,
		.flags = NT_RUNNING,
		.mtu = 1500,
		.gso_segs = 1 };
}

/* ---- when ---------------------------------------------------------------- */

static void
the_first_change_is_acted_on_at_once(void)
{
	struct nt *t = nt_new();

	set_flags(t, 0, IFF_UP);
	T_EQ(nt_due(t), 0);
	T_EQ(t->readings, 0); /* but not in the same turn */
	nt_run(t, 0);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.iface.up, false);
	T_EQ(t->told.raws, 1);
	T_CHECK(t->told.effects >= 2, "what follows from links, and routes");
	T_EQ(t->told.all_routes, 1); /* they went unannounced */
	nt_run(t, 1000);
	T_EQ(t->readings, 1);
	nt_free(t);
}

static void
the_first_after_the_start_too(void)
{
	struct nt *t = nt_new();

	nt_begin_failing(t, 0);
	assert_non_null(t->link);
	nt_say_short(t, RTM_NEWRULE);
	nt_note(t);
	T_EQ(nt_due(t), 0);
	nt_free(t);
}

static void
others_within_a_tenth_of_a_second_are_one(void)
{
	struct nt *t = nt_new();

	set_flags(t, 0, IFF_UP);
	nt_run(t, 1);
	set_flags(t, 0, NT_RUNNING);
	T_EQ(nt_due(t), 99);
	nt_run(t, 50);
	set_flags(t, 1, IFF_UP);
	T_EQ(nt_due(t), 49);
	nt_forget(t);
	nt_run(t, 48);
	T_EQ(t->readings, 0);
	nt_run(t, 1);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces, 2);
	T_EQ(t->told.all_routes, 1);
	nt_free(t);
}

/* Of all kinds at once, a thousand of each in a second. */
static void
a_flood_costs_a_bounded_number_of_readings(void)
{
	const struct nt_route route = { .family = AF_INET };
	struct nt *t = nt_new();

	for (uint32_t i = 0; i < 1000; i++) {
		nt_change(t, &t->links[1]); /* as it was */
		nt_say_route(t, RTM_NEWROUTE, &route);
		nt_note(t);
		set_flags(t, 0, i % 2 == 0 ? IFF_UP : NT_RUNNING);
		net_link_read_again(t->link);
		nt_run(t, 1);
	}
	nt_run(t, 1000);
	T_CHECK(t->readings >= 10 && t->readings <= 22, "%zu readings",
		t->readings);
	T_CHECK(t->told.routes + t->told.all_routes <= 33, "%zu walks",
		t->told.routes + t->told.all_routes);
	nt_free(t);
}

static void
nobody_is_told_what_is_as_it_was(void)
{
	struct nt *t = nt_new();

	net_link_read_again(t->link);
	T_EQ(nt_due(t), 0);
	nt_run(t, 1);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces + t->told.gone + t->told.managed, 0);
	T_EQ(t->told.all_routes + t->told.routes + t->told.rules, 0);
	T_EQ(t->told.effects, 0);
	net_link_read_again(t->link);
	T_EQ(nt_due(t), 99);
	nt_run(t, 1000);
	T_EQ(t->readings, 2);
	nt_free(t);
}

/* As by a reload, which reads them too. */
static void
routes_of_what_was_read_already_are_asked_for_again(void)
{
	struct nt *t = nt_new();

	set_flags(t, 0, IFF_UP);
	sync_links(t);
	nt_run(t, 100);
	T_EQ(t->told.all_routes, 1);
	nt_free(t);
}

/* It takes routes along that nobody says anything of. */
static void
an_address_that_is_missed_before_it_is_said_to_go_is_no_less(void)
{
	struct nt *t = nt_new();
	const struct nt_addr gone = { .addr = addr_v4_u32(0x0a000103),
		.ifindex = 1 };

	t->addrs[t->addr_count++] = gone;
	nt_say_addr(t, RTM_NEWADDR, &gone);
	nt_note(t);
	nt_run(t, 1000);
	nt_forget(t);
	t->addr_count--;
	net_link_read_again(t->link);
	nt_run(t, 10);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces, 0); /* it was not the one for HOP */
	nt_say_addr(t, RTM_DELADDR, &gone);
	nt_note(t);
	nt_run(t, 1000);
	T_EQ(t->told.all_routes, 1);
	nt_free(t);
}

static void
a_reading_that_fails_is_repeated_after_a_second(void)
{
	struct nt *t = nt_new();

	t->dump_fails = 1;
	t->dump_error = ENOMEM;
	set_flags(t, 0, IFF_UP);
	nt_run(t, 0);
	T_EQ(t->readings, 1);
	T_EQ(t->told.ifaces, 0);
	T_EQ(t->told.warnings, 1);
	T_EQ(t->told.all_routes, 1);
	assert_non_null(net_link_find(t->link, 1)); /* what was known is */
	t->dump_fails = 1;
	T_EQ(net_link_sync(t->link), -ENOMEM);
	T_EQ(t->readings, 2);
	nt_run(t, 999);
	T_EQ(t->readings, 2);
	nt_run(t, 1);
	T_EQ(t->readings, 3);
	T_EQ(t->told.ifaces, 1);
	nt_run(t, 5000);
	T_EQ(t->readings, 3);
	nt_free(t);
}

/* ---- a message by a link that is new ------------------------------------- */

static void
a_message_by_a_new_link_does_not_wait(void)
{
	struct nt *t = nt_new();

	set_flags(t, 1, IFF_UP);
	nt_run(t, 10);
	t->links[t->link_count++] = new_link(3, "eth2");
	nt_say_link(t, RTM_NEWLINK, &t->links[2]);
	nt_forget(t);
	assert_non_null(net_link_arrived(t->link, 3));
	T_EQ(t->readings, 1);
	/* Each of many would be one reading. */
	set_flags(t, 1, NT_RUNNING);
	assert_null(net_link_arrived(t->link, 4));
	T_EQ(t->readings, 1);
	nt_run(t, 1);
	T_EQ(t->readings, 1);
	assert_null(net_link_arrived(t->link, 4));
	T_EQ(t->readings, 2);
	nt_run(t, 10);
	assert_null(net_link_arrived(t->link, 4)); /* nothing was noted */
	T_EQ(t->readings, 2);
	nt_free(t);
}

static void
a_message_by_a_link_that_was_down_is_by_one_that_is_up(void)
{
	struct nt *t = nt_new();

	set_flags(t, 0, IFF_UP);
	nt_run(t, 10);
	T_EQ(net_link_arrived(t->link, 1)->core.up, false);
	t->links[0].flags = NT_RUNNING;
	nt_change(t, &t->links[0]);
	T_EQ(net_link_arrived(t->link, 1)->core.up, true);
	nt_free(t);
}

static void
one_by_a_link_that_is_up_asks_for_nothing(void)
{
	struct nt *t = nt_new();

	t->links[1].flags = IFF_UP;
	nt_change(t, &t->links[1]);
	T_EQ(net_link_arrived(t->link, 1)->facts.ifindex, 1);
	T_EQ(t->left, 1);
	T_EQ(t->readings, 0);
	nt_free(t);
}

/* ---- who is told what ---------------------------------------------------- */

static void
a_new_link_is_told(void)
{
	struct nt *t = nt_new();

	nt_section(t, "eth2");
	t->links[t->link_count++] = new_link(3, "eth2");
	sync_links(t);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.raws, 1);
	T_EQ(t->told.iface.ifindex, 3);
	T_EQ(t->told.iface.enabled, true);
	T_EQ(t->told.managed, 1);
	T_EQ(t->told.tc.ifindex, 3);
	T_EQ(t->told.unmanaged, 0);
	T_EQ(t->told.rules, 1);
	T_CHECK(t->told.effects > 0, "what follows");
	sync_links(t);
	T_EQ(t->told.ifaces + t->told.managed + t->told.rules, 0);
	nt_free(t);
}

static void
a_link_that_is_gone_is_told(void)
{
	struct nt *t = nt_new();

	t->link_count = 1;
	sync_links(t);
	T_EQ(t->told.gone, 1);
	T_EQ(t->told.gone_ifindex, 2);
	T_EQ(t->told.raws_gone, 1);
	T_EQ(t->told.unmanaged, 1);
	T_EQ(t->told.rules, 1);
	T_EQ(t->told.ifaces, 0);
	T_CHECK(t->told.effects > 0, "what follows");
	nt_free(t);
}

static void
one_that_nobody_manages_goes_without_tcctl(void)
{
	struct nt *t = nt_new();

	nt_section(t, "eth1")->traffic_control = false;
	sync_links(t);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.managed, 0);
	T_EQ(t->told.unmanaged, 1);
	T_EQ(t->told.rules, 0);
	t->link_count = 1;
	sync_links(t);
	T_EQ(t->told.gone, 1);
	T_EQ(t->told.unmanaged, 0);
	nt_free(t);
}

static void
tcctl_hears_what_is_its_own(void)
{
	struct nt *t = nt_new();

	nt_section(t, "eth0")->packets_per_s = 77;
	sync_links(t);
	T_EQ(t->told.ifaces, 1);
	T_EQ(t->told.managed + t->told.unmanaged, 0);
	nt_section(t, "eth0")->best_effort_percent = 7;
	sync_links(t);
	T_EQ(t->told.managed, 1);
	T_EQ(t->told.tc.ifindex, 1);
	nt_section(t, "eth0")->traffic_control = false;
	sync_links(t);
	nt_section(t, "eth0")->traffic_control = true;
	sync_links(t);
	T_EQ(t->told.managed, 1);
	nt_free(t);
}

static void
another_name_or_another_link_is_for_rules(void)
{
	struct nt *t = nt_new();

	t->links[1].name = "up0";
	sync_links(t);
	T_EQ(t->told.rules, 1);
	t->links[1].ifindex = t->addrs[1].ifindex = 9;
	sync_links(t);
	T_EQ(t->told.rules, 1);
	t->links[1].mtu = 1400;
	sync_links(t);
	T_EQ(t->told.rules, 0);
	nt_free(t);
}

/* ---- sections ------------------------------------------------------------ */

static const char *
section_of(const struct nt *t, uint32_t ifindex)
{
	return net_link_find(t->link, ifindex)->section;
}

static void
a_renamed_link_keeps_its_section_until_another_has_that_name(void)
{
	struct nt *t = nt_new();

	t->links[1].name = "up0";
	sync_links(t);
	T_STR(section_of(t, 2), "eth1");
	t->links[1].name = "up1"; /* again */
	sync_links(t);
	T_STR(section_of(t, 2), "eth1");
	t->links[t->link_count++] = new_link(3, "eth1");
	sync_links(t);
	T_STR(section_of(t, 2), "");
	T_STR(section_of(t, 3), "eth1");
	t->links[0].name = "eth1"; /* whichever it is */
	t->links[2].name = "up2";
	sync_links(t);
	T_STR(section_of(t, 1), "eth1");
	T_STR(section_of(t, 3), "");
	nt_free(t);
}

static void
a_renamed_link_has_what_is_said_of_its_name(void)
{
	struct nt *t = nt_new();

	nt_section(t, "up0");
	t->links[1].name = "up0";
	sync_links(t);
	T_STR(section_of(t, 2), "up0");
	nt_free(t);
}

static void
a_section_may_be_of_an_address(void)
{
	struct nt *t = nt_new();

	nt_section(t, "10.0.3.1");
	t->links[t->link_count++] = new_link(3, "eth2");
	t->addrs[t->addr_count++] = (struct nt_addr){
		.addr = { .family = ADDR_V6, .b = { 0x20, 1 } }, .ifindex = 3
	};
	t->addrs[t->addr_count++] =
		(struct nt_addr){ .addr = addr_v4_u32(0x0a000301),
			.ifindex = 3 };
	sync_links(t);
	T_STR(section_of(t, 3), "10.0.3.1");
	T_STR(section_of(t, 1), "eth0");
	t->addr_count--; /* unlike a name it is not kept */
	sync_links(t);
	T_STR(section_of(t, 3), "");
	nt_free(t);
}

static void
one_section_may_be_for_all_others(void)
{
	struct nt *t = nt_new();

	nt_section(t, "*");
	t->links[t->link_count++] = new_link(3, "eth2");
	t->links[t->link_count++] = new_link(4, "lo");
	t->links[3].flags |= IFF_LOOPBACK;
	t->links[t->link_count++] = new_link(5, TC_INGRESS_PREFIX "eth0");
	sync_links(t);
	T_STR(section_of(t, 1), "eth0");
	T_STR(section_of(t, 3), "*");
	T_STR(section_of(t, 4), "");
	T_STR(section_of(t, 5), "");
	nt_free(t);
}

static void
the_speed_is_asked_for_where_it_is_needed(void)
{
	struct nt *t = nt_new();

	sync_links(t);
	T_EQ(t->speeds, 0);
	nt_section(t, "eth0")->bandwidth_Bps = 0;
	t->links[t->link_count++] = new_link(3, "eth2");
	sync_links(t);
	T_EQ(t->speeds, 1);
	T_EQ(net_link_find(t->link, 1)->core.link_Bps, 12250000);
	t->links[0].speed_mbit_s = 100000; /* more than 16 bits */
	sync_links(t);
	T_EQ(net_link_find(t->link, 1)->core.link_Bps, UINT64_C(12250000000));
	t->links[0].speed_mbit_s = 0;
	sync_links(t);
	T_EQ(net_link_find(t->link, 1)->core.link_Bps, 0);
	T_EQ(t->told.warnings, 1); /* no reservations possible */
	t->links[0].speed_mbit_s = NT_NO_DRIVER;
	sync_links(t);
	T_EQ(t->speeds, 1);
	T_EQ(net_link_find(t->link, 1)->facts.speed_Bps, 0);
	nt_section(t, "eth0")->enabled = false;
	sync_links(t);
	T_EQ(t->speeds, 0);
	T_EQ(t->told.warnings, 0);
	nt_free(t);
}

static void
sections_without_an_interface_are_named(void)
{
	struct nt *t = nt_new();

	net_link_warn_missing(t->link);
	T_EQ(t->told.warnings, 0);
	nt_section(t, "*");
	nt_section(t, "eth7")->enabled = false;
	net_link_warn_missing(t->link);
	T_EQ(t->told.warnings, 0);
	nt_section(t, "eth8");
	net_link_warn_missing(t->link);
	T_EQ(t->told.warnings, 1);
	assert_non_null(strstr(t->told.warning, "eth8"));
	nt_forget(t);
	t->conf->iface_count = 0;
	net_link_warn_missing(t->link);
	T_EQ(t->told.warnings, 1);
	nt_free(t);
}

/* ---- packets that are handed down as one --------------------------------- */

static void
what_delays_guaranteed_flows_is_warned_of_once(void)
{
	struct nt *t = nt_new();

	nt_section(t, "eth0")->limit_offloads = true;
	t->links[0].gso_segs = 60;
	t->gso_answered = 1; /* and could not limit it to that */
	sync_links(t);
	T_EQ(t->told.warnings, 1);
	assert_non_null(strstr(t->told.warning, "gso_max_segs 1"));
	sync_links(t);
	T_EQ(t->told.warnings, 0);
	t->links[0].mtu = 1400; /* something else is otherwise */
	t->links[0].gso_octets = 43 * 1500;
	sync_links(t);
	t->links[0].flags = IFF_UP;
	sync_links(t);
	T_EQ(t->told.warnings, 0);
	t->links[0].flags = NT_RUNNING;
	sync_links(t);
	T_EQ(t->told.warnings, 1); /* it is up again */
	nt_free(t);
}

static void
offloads_are_told_as_they_are_and_shall_be(void)
{
	struct nt *t = nt_new();
	struct net_offloads o;

	nt_section(t, "eth0")->limit_offloads = true;
	nt_section(t, "eth1")->limit_offloads = true;
	t->links[0].gso_segs = 9;
	sync_links(t);
	o = net_link_offloads(t->link, 1);
	T_EQ(o.gso_segs, 9);
	T_EQ(o.gso_limit, 1);
	T_EQ(o.gro_octets, 65536);
	T_EQ(o.gro_limit, 1501);
	o = net_link_offloads(t->link, 7);
	T_EQ(o.gso_segs + o.gso_limit + o.gro_octets + o.gro_limit, 0);
	nt_free(t);
}

/* ---- questions ----------------------------------------------------------- */

static void
addresses_and_names_are_found(void)
{
	const struct addr other = addr_v4_u32(0x0a000301);
	struct nt *t = nt_new();

	nt_section(t, "eth1")->ingress_Bps = 5000000;
	sync_links(t);
	T_EQ(net_link_is_local(t->link, &t->addrs[1].addr), true);
	T_EQ(net_link_owner(t->link, &t->addrs[1].addr), 2);
	T_EQ(net_link_is_local(t->link, &other), false);
	T_EQ(net_link_owner(t->link, &other), 0);
	T_STR(net_link_name(t->link, 2), "eth1");
	T_STR(net_link_name(t->link, 3), "");
	T_EQ(net_link_ingress(t->link, 2), 5000000);
	T_EQ(net_link_ingress(t->link, 3), 0);
	assert_null(net_link_find(t->link, 3));
	nt_free(t);
}

/* Neither proven nor the peer's; and of those that are, the best. */
static void
of_addresses_the_best_is_for_hop(void)
{
	const struct addr peer = addr_v4_u32(0x0a000099);
	const struct addr own = addr_v4_u32(0x0a000098);
	struct nt *t = nt_new();

	t->addrs[0].flags = IFA_F_DEPRECATED;
	t->addrs[t->addr_count++] =
		(struct nt_addr){ .addr = peer, .local = own, .ifindex = 1 };
	t->addrs[t->addr_count++] = (struct nt_addr){
		.addr = { .family = ADDR_V6, .b = { 0x20, 1 } },
		.ifindex = 1,
		.flags = IFA_F_TENTATIVE
	};
	t->addrs[t->addr_count++] = (struct nt_addr){
		.addr = { .family = ADDR_V6, .b = { 0xfe, 0x80 } },
		.ifindex = 1,
		.scope = RT_SCOPE_LINK
	};
	sync_links(t);
	T_CHECK(addr_equal(&net_link_find(t->link, 1)->core.v4, &own), "own");
	T_CHECK(addr_equal(
			&net_link_find(t->link, 1)->core.v6, &t->addrs[4].addr),
		"link-local");
	T_EQ(net_link_is_local(t->link, &peer), false);
	T_EQ(net_link_is_local(t->link, &t->addrs[3].addr), false);
	T_EQ(net_link_is_local(t->link, &t->addrs[0].addr), true);
	nt_free(t);
}

static void
many_links_are_in_order(void)
{
	struct nt *t = nt_new();

	t->links[0].ifindex = 900;
	t->addrs[0].ifindex = 900;
	for (uint32_t i = 2; i < NT_MOST; i++)
		t->links[t->link_count++] = new_link(100 - i, "many");
	sync_links(t);
	T_EQ(t->link->table.iface_count, NT_MOST);
	for (size_t i = 0; i < NT_MOST; i++)
		assert_non_null(net_link_find(t->link, t->links[i].ifindex));
	T_EQ(net_link_find(t->link, 900)->core.v4.family, ADDR_V4);
	nt_free(t);
}

/* ---- its beginning ------------------------------------------------------- */

/* Whatever cannot be had, the rest is given back. */
static void
what_cannot_be_opened_leaves_nothing(void)
{
	struct nt *t = nt_new();
	size_t calls = 0;

	do
		nt_begin_failing(t, ++calls);
	while (!t->link);
	T_EQ(t->told.errors, calls - 1);
	T_EQ(calls, 17); /* the sockets and their groups, and all is well */
	nt_free(t);
	net_link_free(NULL);
}

static struct t_case cases[] = {
	{ "the first change is acted on at once",
		the_first_change_is_acted_on_at_once },
	{ "the first after the start too", the_first_after_the_start_too },
	{ "others within a tenth of a second are one",
		others_within_a_tenth_of_a_second_are_one },
	{ "a flood costs a bounded number of readings",
		a_flood_costs_a_bounded_number_of_readings },
	{ "nobody is told what is as it was",
		nobody_is_told_what_is_as_it_was },
	{ "routes of what was read already are asked for again",
		routes_of_what_was_read_already_are_asked_for_again },
	{ "an address that is missed before it is said to go is no less",
		an_address_that_is_missed_before_it_is_said_to_go_is_no_less },
	{ "a reading that fails is repeated after a second",
		a_reading_that_fails_is_repeated_after_a_second },
	{ "a message by a new link does not wait",
		a_message_by_a_new_link_does_not_wait },
	{ "a message by a link that was down is by one that is up",
		a_message_by_a_link_that_was_down_is_by_one_that_is_up },
	{ "one by a link that is up asks for nothing",
		one_by_a_link_that_is_up_asks_for_nothing },
	{ "a new link is told", a_new_link_is_told },
	{ "a link that is gone is told", a_link_that_is_gone_is_told },
	{ "one that nobody manages goes without tcctl",
		one_that_nobody_manages_goes_without_tcctl },
	{ "tcctl hears what is its own", tcctl_hears_what_is_its_own },
	{ "another name or another link is for rules",
		another_name_or_another_link_is_for_rules },
	{ "a renamed link keeps its section until another has that name",
		a_renamed_link_keeps_its_section_until_another_has_that_name },
	{ "a renamed link has what is said of its name",
		a_renamed_link_has_what_is_said_of_its_name },
	{ "a section may be of an address", a_section_may_be_of_an_address },
	{ "one section may be for all others",
		one_section_may_be_for_all_others },
	{ "the speed is asked for where it is needed",
		the_speed_is_asked_for_where_it_is_needed },
	{ "sections without an interface are named",
		sections_without_an_interface_are_named },
	{ "what delays guaranteed flows is warned of once",
		what_delays_guaranteed_flows_is_warned_of_once },
	{ "offloads are told as they are and shall be",
		offloads_are_told_as_they_are_and_shall_be },
	{ "addresses and names are found", addresses_and_names_are_found },
	{ "of addresses the best is for HOP",
		of_addresses_the_best_is_for_hop },
	{ "many links are in order", many_links_are_in_order },
	{ "what cannot be opened leaves nothing",
		what_cannot_be_opened_leaves_nothing },
};
T_MAIN(cases)
