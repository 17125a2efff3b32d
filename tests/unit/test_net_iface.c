/* SPDX-License-Identifier: ISC */

/* What a link is to the core and to tcctl: rsvpd/net_iface.c. */

#include "rsvpd/net_link_int.h"

#include <linux/if.h>
#include <linux/if_arp.h>

#include "t.h"

static const struct conf conf = { .pool_low = 11, .pool_high = 22 };

static struct net_iface
link_of(uint32_t flags, uint64_t speed_Bps)
{
	return (struct net_iface){ .facts = { .ifindex = 7,
					   .name = "eth7",
					   .type = ARPHRD_ETHER,
					   .flags = flags,
					   .mtu = 1500,
					   .speed_Bps = speed_Bps,
					   .v4 = addr_v4_u32(0x0a000001),
					   .gso_packets = 1 } };
}

static struct conf_iface
section(uint64_t bandwidth_Bps)
{
	return (struct conf_iface){ .name = "eth7",
		.enabled = true,
		.traffic_control = true,
		.take_over = true,
		.bandwidth_Bps = bandwidth_Bps,
		.reservable_percent = 75,
		.best_effort_percent = 5,
		.max_flows = 100,
		.refresh_ms = 5000,
		.lives = 4,
		.header_bytes = UINT32_MAX,
		.overhead_bytes = 24,
		.min_frame_bytes = 84,
		.assumed_min_packet = 130,
		.timer_us = 201,
		.device_bytes = 77,
		.latency_us = 78,
		.use_slack = true,
		.packets_per_s = 999,
		.udp = CONF_UDP_ON,
		.udp_router = 0x0a000002,
		.udp_ttl = 3 };
}

static void
the_section_and_the_facts_are_put_together(void)
{
	struct net_iface i = link_of(IFF_UP | IFF_LOWER_UP, 0);
	const struct conf_iface s = section(1250000);
	const struct rsvp_iface *c = &i.core;
	const struct addr router = addr_v4_u32(0x0a000002);

	net_iface_settle(&i, &s, &conf);
	T_EQ(c->ifindex, 7);
	T_STR(c->name, "eth7");
	T_EQ(c->up, true);
	T_EQ(c->enabled, true);
	T_EQ(c->traffic_control, true);
	T_EQ(addr_equal(&c->v4, &i.facts.v4), true);
	T_EQ(c->v6.family, ADDR_NONE);
	T_EQ(c->mtu, 1500);
	T_EQ(c->refresh_ms, 5000);
	T_EQ(c->lives, 4);
	T_EQ(c->link_Bps, 1250000);
	T_EQ(c->reservable_Bps, 937500);
	T_EQ(c->max_flows, 100);
	T_EQ(c->header_bytes, 14);
	T_EQ(c->overhead_bytes, 24);
	T_EQ(c->min_frame_bytes, 84);
	T_EQ(c->assumed_min_packet, 130);
	T_EQ(c->timer_us, 201);
	T_EQ(c->device_bytes, 77);
	T_EQ(c->latency_us, 78);
	T_EQ(c->use_slack, true);
	T_EQ(i.packets_per_s, 999);
	T_EQ(i.udp, CONF_UDP_ON);
	T_EQ(addr_equal(&i.udp_router, &router), true);
	T_EQ(i.udp_ttl, 3);
	T_EQ(i.controlled, true);
}

static void
tcctl_hears_the_same(void)
{
	struct net_iface i = link_of(IFF_UP | IFF_LOWER_UP, 0);
	const struct conf_iface s = section(1250000);

	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.ifindex, 7);
	T_STR(i.tc.name, "eth7");
	T_EQ(i.tc.link_Bps, 1250000);
	T_EQ(i.tc.best_effort_Bps, 62500);
	T_EQ(i.tc.control_Bps, 12500);
	T_EQ(i.tc.mtu, 1500);
	T_EQ(i.tc.header_bytes, 14);
	T_EQ(i.tc.overhead_bytes, 24);
	T_EQ(i.tc.min_frame_bytes, 84);
	T_EQ(i.tc.timer_us, 201);
	T_EQ(i.tc.pool_low, 11);
	T_EQ(i.tc.pool_high, 22);
	T_EQ(i.tc.take_over, true);
}

static void
control_traffic_has_64_kbit_s_at_least(void)
{
	struct net_iface i = link_of(IFF_UP, 0);
	struct conf_iface s = section(799900);

	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.control_Bps, 8000);
	s.bandwidth_Bps = 800100;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.control_Bps, 8001);
}

static void
an_unknown_interface_is_disabled(void)
{
	struct net_iface i = link_of(IFF_UP | IFF_LOWER_UP, 1250000);

	net_iface_settle(&i, NULL, &conf);
	T_EQ(i.core.up, true);
	T_EQ(i.core.enabled, false);
	T_EQ(i.core.traffic_control, false);
	T_EQ(i.core.link_Bps, 0);
	T_EQ(i.core.refresh_ms, 30000);
	T_EQ(i.core.lives, 3);
	T_EQ(i.core.assumed_min_packet, 128);
	T_EQ(i.core.timer_us, 200);
	T_EQ(i.core.latency_us, WIRE_LATENCY_UNKNOWN);
	T_EQ(i.core.use_slack, false);
	T_EQ(i.controlled, false);
	T_EQ(i.packets_per_s, 0);
	T_EQ(i.udp, CONF_UDP_OFF);
}

static void
a_disabled_section_controls_nothing(void)
{
	struct net_iface i = link_of(IFF_UP | IFF_LOWER_UP, 0);
	struct conf_iface s = section(1250000);

	s.enabled = false;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.enabled, false);
	T_EQ(i.core.traffic_control, false);
	T_EQ(i.controlled, false);
	s.enabled = true;
	s.traffic_control = false;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.enabled, true);
	T_EQ(i.core.traffic_control, false);
	T_EQ(i.controlled, false);
}

static void
up_means_up_with_a_carrier(void)
{
	static const struct {
		uint32_t flags;
		bool up;
	} rows[] = { { IFF_UP | IFF_LOWER_UP, true }, { IFF_UP, false },
		{ IFF_LOWER_UP, false }, { 0, false } };
	const struct conf_iface s = section(1250000);

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct net_iface i = link_of(rows[n].flags, 0);

		net_iface_settle(&i, &s, &conf);
		T_EQ(i.core.up, rows[n].up);
		/* Its tree stays through a failure of the link. */
		T_EQ(i.controlled, true);
	}
}

static void
the_rate_comes_from_the_device_when_it_is_not_given(void)
{
	struct net_iface i = link_of(IFF_UP, 12500000);
	struct conf_iface s = section(0);

	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.link_Bps, 12250000);
	T_EQ(i.controlled, true);
	s.bandwidth_Bps = 1000;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.link_Bps, 1000);
	/* Neither: nothing can be promised there. */
	i = link_of(IFF_UP, 0);
	s.bandwidth_Bps = 0;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.link_Bps, 0);
	T_EQ(i.core.reservable_Bps, 0);
	T_EQ(i.controlled, false);
}

static void
large_rates_do_not_overflow(void)
{
	struct net_iface i = link_of(IFF_UP, 0);
	struct conf_iface s = section(UINT64_C(1) << 62);

	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.reservable_Bps, (UINT64_C(3) << 60));
}

static void
link_headers_follow_the_type(void)
{
	static const struct {
		uint16_t type;
		uint32_t bytes;
	} rows[] = { { ARPHRD_ETHER, 14 }, { ARPHRD_LOOPBACK, 14 },
		{ ARPHRD_PPP, 0 }, { ARPHRD_NONE, 0 }, { ARPHRD_TUNNEL, 0 },
		{ ARPHRD_TUNNEL6, 0 }, { ARPHRD_SIT, 0 }, { ARPHRD_IPGRE, 0 },
		{ ARPHRD_INFINIBAND, 14 } };
	struct conf_iface s = section(1250000);
	struct net_iface i;

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		i = link_of(IFF_UP, 0);
		i.facts.type = rows[n].type;
		net_iface_settle(&i, &s, &conf);
		T_EQ(i.core.header_bytes, rows[n].bytes);
	}
	s.header_bytes = 18;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.header_bytes, 18);
}

/* Octets on the line for an IP packet, as core and kernel count them. */
static uint32_t
line_octets(const struct rsvp_iface *c, uint32_t ip)
{
	uint32_t octets = ip + c->header_bytes + c->overhead_bytes;

	if (octets < c->min_frame_bytes)
		octets = c->min_frame_bytes;
	return c->atm ? (octets + 47) / 48 * 53 : octets;
}

static void
link_layers_tell_what_a_packet_takes(void)
{
	static const struct {
		enum conf_link_layer layer;
		uint16_t type;
		uint32_t of_40;
		uint32_t of_1500;
	} rows[] = { { CONF_LINK_NONE, ARPHRD_ETHER, 54, 1514 },
		{ CONF_LINK_NONE, ARPHRD_PPP, 40, 1500 },
		{ CONF_LINK_ETHERNET, ARPHRD_ETHER, 84, 1538 },
		{ CONF_LINK_VLAN, ARPHRD_ETHER, 88, 1542 },
		{ CONF_LINK_PPPOE, ARPHRD_PPP, 86, 1546 },
		{ CONF_LINK_PPPOE_VLAN, ARPHRD_PPP, 90, 1550 },
		{ CONF_LINK_ATM_IPOA, ARPHRD_NONE, 106, 1696 },
		{ CONF_LINK_ATM_PPPOA, ARPHRD_PPP, 106, 1696 },
		{ CONF_LINK_ATM_BRIDGED, ARPHRD_ETHER, 106, 1696 },
		{ CONF_LINK_ATM_PPPOE, ARPHRD_PPP, 106, 1749 },
		{ CONF_LINK_PTM, ARPHRD_ETHER, 68, 1522 },
		{ CONF_LINK_PTM_PPPOE, ARPHRD_PPP, 70, 1530 },
		{ CONF_LINK_TUNNEL_IPIP, ARPHRD_TUNNEL, 98, 1558 },
		{ CONF_LINK_TUNNEL_GRE, ARPHRD_IPGRE, 102, 1562 },
		{ CONF_LINK_TUNNEL_IP6, ARPHRD_TUNNEL6, 118, 1578 },
		{ CONF_LINK_TUNNEL_WIREGUARD, ARPHRD_NONE, 158, 1618 } };
	struct conf_iface s = section(1250000);
	struct net_iface i = link_of(IFF_UP, 0);

	T_EQ(sizeof(rows) / sizeof(rows[0]), CONF_LINK_LAYERS + 1);
	s.overhead_bytes = s.min_frame_bytes = UINT32_MAX;
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		i.facts.type = rows[n].type;
		s.link_layer = rows[n].layer;
		net_iface_settle(&i, &s, &conf);
		T_EQ(line_octets(&i.core, 40), rows[n].of_40);
		T_EQ(line_octets(&i.core, 1500), rows[n].of_1500);
		T_EQ(i.tc.overhead_bytes, i.core.overhead_bytes);
		T_EQ(i.tc.min_frame_bytes, i.core.min_frame_bytes);
		T_EQ(i.tc.atm, i.core.atm);
	}
	/* What is said itself goes first. */
	s.overhead_bytes = 3;
	s.min_frame_bytes = 0;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.overhead_bytes, 3);
	T_EQ(i.core.min_frame_bytes, 0);
	/* A header larger than all there should be leaves no overhead. */
	s.link_layer = CONF_LINK_ATM_IPOA;
	s.overhead_bytes = UINT32_MAX;
	s.header_bytes = 18;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.overhead_bytes, 0);
}

static void
ptm_leaves_64_of_65(void)
{
	struct conf_iface s = section(6500000);
	struct net_iface i = link_of(IFF_UP, 0);

	s.link_layer = CONF_LINK_PTM;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.link_Bps, 6400000);
	T_EQ(i.tc.link_Bps, 6400000);
	s.bandwidth_Bps = UINT64_MAX;
	net_iface_settle(&i, &s, &conf);
	T_CHECK(i.core.link_Bps > UINT64_C(18000000000000000000), "overflow");
}

static void
cells_have_room_in_the_budget(void)
{
	struct conf_iface s = section(125000);
	struct net_iface i = link_of(IFF_UP, 0);

	s.link_layer = CONF_LINK_ATM_PPPOE;
	s.overhead_bytes = s.min_frame_bytes = UINT32_MAX;
	net_iface_settle(&i, &s, &conf);
	T_CHECK(i.core.budget_bytes >= 4 * line_octets(&i.core, 1500),
		"%" PRIu64, i.core.budget_bytes);
}

/* RFC 2212's D of the interface, in microseconds. */
static uint64_t
delay_us(const struct rsvp_iface *c)
{
	uint64_t packet = c->mtu + c->header_bytes + c->overhead_bytes;

	return (c->budget_bytes + packet + c->device_bytes) * 1000000 /
		       c->link_Bps +
	       c->timer_us;
}

static void
the_default_budget_keeps_the_delay_short(void)
{
	static const struct {
		uint64_t link_Bps;
		uint64_t budget;
		uint64_t most_us;
	} rows[] = {
		{ 125000, 6152, 70000 },       /* 1 Mbit/s: two flows */
		{ 250000, 6152, 35000 },       /* 2 Mbit/s: still two */
		{ 625000, 10000, 25000 },      /* 5 Mbit/s: 16 ms */
		{ 1250000, 20000, 18000 },     /* 10 Mbit/s */
		{ 5000000, 20000, 5000 },      /* 40 Mbit/s */
		{ 12500000, 50000, 4500 },     /* 100 Mbit/s: 4 ms */
		{ 125000000, 500000, 4300 },   /* 1 Gbit/s */
		{ 1250000000, 5000000, 4300 }, /* 10 Gbit/s */
	};
	struct conf_iface s = section(0);

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct net_iface i = link_of(IFF_UP, 0);

		s.bandwidth_Bps = rows[n].link_Bps;
		net_iface_settle(&i, &s, &conf);
		T_EQ(i.core.budget_bytes, rows[n].budget);
		T_CHECK(delay_us(&i.core) <= rows[n].most_us, "D is %" PRIu64,
			delay_us(&i.core));
	}
	s.gs_budget_bytes = 12345;
	struct net_iface i = link_of(IFF_UP, 0);

	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.budget_bytes, 12345);
}

/* Each change of what is told must be seen, or it would never be told. */
static void
every_change_is_noticed(void)
{
	static const struct {
		size_t offset;
		size_t size;
		bool tc; /* tcctl hears of it */
	} rows[] = {
#define CORE(field)                                                            \
	{ offsetof(struct net_iface, core.field),                              \
		sizeof(((struct net_iface *)0)->core.field), false }
#define TC(field)                                                              \
	{                                                                      \
		offsetof(struct net_iface, tc.field),                          \
			sizeof(((struct net_iface *)0)->tc.field), true        \
	}
		CORE(ifindex), CORE(name), CORE(up), CORE(enabled),
		CORE(traffic_control), CORE(v4), CORE(v6), CORE(mtu),
		CORE(refresh_ms), CORE(lives), CORE(link_Bps),
		CORE(reservable_Bps), CORE(budget_bytes), CORE(max_flows),
		CORE(header_bytes), CORE(overhead_bytes), CORE(min_frame_bytes),
		CORE(atm), CORE(assumed_min_packet), CORE(timer_us),
		CORE(device_bytes), CORE(repair_wait_ms), CORE(slew_percent),
		CORE(quick_refreshes), CORE(latency_us), CORE(use_slack),
		TC(ifindex), TC(name), TC(link_Bps), TC(best_effort_Bps),
		TC(control_Bps), TC(mtu), TC(header_bytes), TC(overhead_bytes),
		TC(min_frame_bytes), TC(atm), TC(timer_us), TC(pool_low),
		TC(pool_high), TC(take_over), TC(classifier), TC(ingress_Bps),
		TC(gso_segs), TC(gro_octets),
		{ offsetof(struct net_iface, gso_us), sizeof(uint32_t), false },
		{ offsetof(struct net_iface, packets_per_s), sizeof(uint32_t),
			false },
		{ offsetof(struct net_iface, udp), sizeof(enum conf_udp),
			false },
		{ offsetof(struct net_iface, udp_router), sizeof(struct addr),
			false },
		{ offsetof(struct net_iface, udp_ttl), 1, false }
	};
	struct net_iface a = link_of(IFF_UP | IFF_LOWER_UP, 0);
	const struct conf_iface s = section(1250000);

	net_iface_settle(&a, &s, &conf);
	T_EQ(net_iface_equal(&a, &a), true);
	T_EQ(net_iface_tc_equal(&a, &a), true);
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct net_iface b = a;

		((uint8_t *)&b)[rows[n].offset] ^= 1;
		T_CHECK(!net_iface_equal(&a, &b), "row %zu", n);
		T_EQ(net_iface_tc_equal(&a, &b), !rows[n].tc);
	}
}

static void
what_concerns_nobody_is_not_told(void)
{
	struct net_iface a = link_of(IFF_UP | IFF_LOWER_UP, 0);
	struct net_iface b = link_of(IFF_UP | IFF_LOWER_UP | IFF_PROMISC, 0);
	const struct conf_iface s = section(1250000);

	net_iface_settle(&a, &s, &conf);
	net_iface_settle(&b, &s, &conf);
	T_EQ(net_iface_equal(&a, &b), true);
	/* Without traffic control the rest of it is of no account. */
	a.controlled = b.controlled = false;
	b.tc.link_Bps++;
	T_EQ(net_iface_equal(&a, &b), true);
	a.controlled = true;
	T_EQ(net_iface_equal(&a, &b), false);
}

/* ---- packets that are handed down as one --------------------------------- */

enum { FULL = 1538 }; /* octets of one on the wire */

/* At that rate, as the kernel has it, with what tcctl has dealt with. */
static struct net_iface
handed(uint64_t link_Bps, uint32_t packets, bool limited, bool answered)
{
	struct net_iface i = link_of(IFF_UP | IFF_LOWER_UP, 0);
	struct conf_iface s = section(link_Bps);

	s.limit_offloads = limited;
	s.device_bytes = 0;
	i.facts.gso_octets = 65536;
	i.facts.gso_packets = packets;
	net_iface_settle(&i, &s, &conf);
	i.gso_answered = answered ? i.tc.gso_segs : 0;
	net_iface_settle(&i, &s, &conf);
	return i;
}

static void
a_limit_is_what_the_link_sends_in_a_quarter_of_a_millisecond(void)
{
	static const struct {
		uint64_t link_Bps;
		uint32_t limit;
	} rows[] = {
		{ 1250, 1 },
		{ 1250000, 1 },                       /* 10 Mbit/s */
		{ (uint64_t)2 * FULL * 4000 - 1, 1 }, /* all but two */
		{ (uint64_t)2 * FULL * 4000, 2 },
		{ 12500000, 2 },   /* 100 Mbit/s */
		{ 125000000, 20 }, /* 1 Gbit/s */
		{ (uint64_t)44 * FULL * 4000 - 1, 43 },
		{ (uint64_t)44 * FULL * 4000, 0 }, /* more than 64 kB */
		{ 125000000000, 0 },
	};

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct net_iface i =
			handed(rows[n].link_Bps, 65535, true, false);

		T_EQ(i.tc.gso_segs, rows[n].limit);
		i = handed(rows[n].link_Bps, 65535, false, false);
		T_EQ(i.tc.gso_segs, 0);
	}
}

static void
what_is_no_limit_depends_on_the_kernel(void)
{
	struct net_iface i = link_of(IFF_UP, 0);
	struct conf_iface s = section(125000000);

	s.limit_offloads = true;
	net_iface_settle(&i, &s, &conf); /* it tells nothing: 64 kB */
	T_EQ(i.tc.gso_segs, 20);
	i.facts.gso_octets = 30000;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.gso_segs, 0);
	i.facts.gso_octets = 30001;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.gso_segs, 20);
	/* Cells take more, and nothing at all takes nothing. */
	s.link_layer = CONF_LINK_ATM_PPPOE;
	s.overhead_bytes = s.min_frame_bytes = UINT32_MAX;
	i.facts.gso_octets = 65536;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.gso_segs, 17);
	s = section(125000000);
	s.limit_offloads = true;
	s.overhead_bytes = 0;
	i.facts.type = ARPHRD_NONE;
	i.facts.mtu = 0;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.tc.gso_segs, 1);
	T_EQ(net_iface_gso_packets(&i), 1);
}

static void
until_tcctl_has_answered_its_limit_is_expected(void)
{
	struct net_iface i = handed(125000000, 65535, true, false);

	T_EQ(net_iface_gso_packets(&i), 20);
	T_EQ(i.core.device_bytes, 19 * FULL);
	i = handed(125000000, 65535, true, true); /* refused */
	T_EQ(net_iface_gso_packets(&i), 44);      /* of 64 kB */
	T_EQ(i.core.device_bytes, 43 * FULL);
	i = handed(125000000, 20, true, true);
	T_EQ(net_iface_gso_packets(&i), 20);
	i = handed(125000000, 3, true, false); /* less than is asked for */
	T_EQ(net_iface_gso_packets(&i), 3);
	T_EQ(i.core.device_bytes, 2 * FULL);
	/* The answer is to another limit. */
	i = handed(125000000, 65535, true, true);
	i.gso_answered++;
	T_EQ(net_iface_gso_packets(&i), 20);
}

static void
what_the_kernel_does_not_tell_may_be_much(void)
{
	struct net_iface i = handed(125000000, 0, true, true);

	i.facts.gso_octets = 0;
	T_EQ(net_iface_gso_packets(&i), 44);
	i.facts.gso_packets = 2;
	T_EQ(net_iface_gso_packets(&i), 2);
	i.facts.gso_octets = i.facts.mtu = UINT32_MAX;
	i.facts.gso_packets = UINT32_MAX;
	T_EQ(net_iface_gso_packets(&i), 1);
	i.facts.mtu = 1;
	T_EQ(net_iface_gso_packets(&i), UINT32_MAX);
}

/* D of the interface, with all that it counts. */
static uint64_t
told_us(uint64_t link_Bps, uint32_t packets, bool limited)
{
	const struct net_iface i = handed(link_Bps, packets, limited, true);

	return delay_us(&i.core);
}

static void
the_delay_has_room_for_what_is_handed_down_as_one(void)
{
	static const struct {
		uint64_t link_Bps;
		uint64_t most_us;
	} rows[] = { { 1250000, 25000 }, { 12500000, 5000 },
		{ 125000000, 5000 }, { 1250000000, 5000 } };

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		const uint64_t rate = rows[n].link_Bps;
		const struct net_iface i = handed(rate, 65535, true, false);
		const uint32_t packets = net_iface_gso_packets(&i);
		const uint64_t none = told_us(rate, 1, true);

		T_CHECK(delay_us(&i.core) <= rows[n].most_us, "D is %" PRIu64,
			delay_us(&i.core));
		T_EQ(i.core.device_bytes, (packets - 1) * FULL);
		T_EQ(i.gso_us, 0);
		T_CHECK(told_us(rate, packets, true) >=
				none + (packets - 1) * FULL *
						UINT64_C(1000000) / rate,
			"not all of it");
	}
	/* A limit of others, as long as it hurts nobody. */
	T_CHECK(told_us(1250000, 5, true) > told_us(1250000, 1, true) + 4800,
		"not counted");
}

/* 25 ms are 31250 octets at 10 Mbit/s, less 20000 of the budget, a packet and
 * 201 us: six packets more. */
static void
a_delay_that_nobody_expects_is_rather_told(void)
{
	struct net_iface i = handed(1250000, 7, true, true);

	T_EQ(i.core.device_bytes, 6 * FULL);
	T_EQ(i.gso_us, 0);
	i = handed(1250000, 8, true, true);
	T_EQ(i.core.device_bytes, 0);
	T_EQ(i.gso_us, 7 * FULL * 8 / 10);
	i = handed(1250000, 65535, true, true);
	T_EQ(i.gso_us, 43 * FULL * 8 / 10);
	/* 5 ms at 100 Mbit/s, of which 4 ms are the budget's. */
	i = handed(12500000, 6, true, true);
	T_EQ(i.gso_us, 0);
	i = handed(12500000, 7, true, true);
	T_EQ(i.gso_us, 6 * FULL * 8 / 100);
	T_EQ(i.core.device_bytes, 0);
	/* Who leaves it to the host is told all of it. */
	i = handed(1250000, 65535, false, true);
	T_EQ(i.core.device_bytes, 43 * FULL);
	T_EQ(i.gso_us, 0);
}

static void
who_has_asked_for_a_long_delay_is_told_all_of_it(void)
{
	struct net_iface i = link_of(IFF_UP, 0);
	struct conf_iface s = section(1250000);

	s.limit_offloads = true;
	s.gs_budget_bytes = 31250;
	i.facts.gso_packets = 65535;
	i.facts.gso_octets = 65536;
	i.gso_answered = 1;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.device_bytes, 77 + 43 * FULL);
	T_EQ(i.gso_us, 0);
	/* By the timer alone. */
	s.gs_budget_bytes = 1500;
	s.timer_us = 25000;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.gso_us, 0);
	/* But not beyond what can be told. */
	s.device_bytes = UINT32_MAX - 43 * FULL;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.device_bytes, UINT32_MAX);
	T_EQ(i.gso_us, 0);
	s.device_bytes++;
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.core.device_bytes, UINT32_MAX - 43 * FULL + 1);
	T_EQ(i.gso_us, 43 * FULL * 8 / 10);
	s.traffic_control = false; /* of no account */
	net_iface_settle(&i, &s, &conf);
	T_EQ(i.gso_us, 0);
	T_EQ(i.tc.gso_segs, 0);
}

/* What comes in by one goes out by another, of which the slowest counts. */
static void
each_interface_puts_together_what_the_others_can_take(void)
{
	struct net_iface all[6];

	all[0] = handed(1250000, 65535, true, false);     /* one packet */
	all[1] = handed(12500000, 65535, true, false);    /* two */
	all[2] = handed(125000000, 65535, true, false);   /* 20 */
	all[3] = handed(125000000000, 65535, true, true); /* any number */
	all[4] = handed(1250, 65535, false, false);       /* left alone */
	all[5] = link_of(IFF_UP, 0);                      /* not ours */
	net_iface_settle(&all[5], NULL, &conf);
	net_iface_share_gro(all, 6);
	T_EQ(all[0].tc.gro_octets, 3001);
	for (size_t i = 1; i < 4; i++)
		T_EQ(all[i].tc.gro_octets, 1501);
	T_EQ(all[4].tc.gro_octets, 0);
	T_EQ(all[5].tc.gro_octets, 0);
	net_iface_share_gro(all + 2, 2);
	T_EQ(all[3].tc.gro_octets, 30001);
	T_EQ(all[2].tc.gro_octets, 1501); /* as before: nobody asks for less */
	/* Two that take as little limit each other. */
	all[1] = handed(1250000, 65535, true, false);
	net_iface_share_gro(all, 3);
	for (size_t i = 0; i < 3; i++)
		T_EQ(all[i].tc.gro_octets, 1501);
	/* Alone there is nobody who could be hurt. */
	all[0] = handed(1250000, 65535, true, false);
	net_iface_share_gro(all, 1);
	T_EQ(all[0].tc.gro_octets, 0);
	all[1].tc.gso_segs = all[1].facts.mtu = 65536; /* absurd */
	net_iface_share_gro(all, 2);
	T_EQ(all[0].tc.gro_octets, 0);
	/* What was limited is not when it is left alone. */
	all[2] = handed(1250000, 65535, false, false);
	T_EQ(all[2].limits_offloads, false);
}

static struct t_case cases[] = {
	{ "each interface puts together what the others can take",
		each_interface_puts_together_what_the_others_can_take },
	{ "a limit is what the link sends in a quarter of a millisecond",
		a_limit_is_what_the_link_sends_in_a_quarter_of_a_millisecond },
	{ "what is no limit depends on the kernel",
		what_is_no_limit_depends_on_the_kernel },
	{ "until tcctl has answered its limit is expected",
		until_tcctl_has_answered_its_limit_is_expected },
	{ "what the kernel does not tell may be much",
		what_the_kernel_does_not_tell_may_be_much },
	{ "the delay has room for what is handed down as one",
		the_delay_has_room_for_what_is_handed_down_as_one },
	{ "a delay that nobody expects is rather told",
		a_delay_that_nobody_expects_is_rather_told },
	{ "who has asked for a long delay is told all of it",
		who_has_asked_for_a_long_delay_is_told_all_of_it },
	{ "the section and the facts are put together",
		the_section_and_the_facts_are_put_together },
	{ "tcctl hears the same", tcctl_hears_the_same },
	{ "control traffic has 64 kbit/s at least",
		control_traffic_has_64_kbit_s_at_least },
	{ "an unknown interface is disabled",
		an_unknown_interface_is_disabled },
	{ "a disabled section controls nothing",
		a_disabled_section_controls_nothing },
	{ "up means up with a carrier", up_means_up_with_a_carrier },
	{ "the rate comes from the device when it is not given",
		the_rate_comes_from_the_device_when_it_is_not_given },
	{ "large rates do not overflow", large_rates_do_not_overflow },
	{ "link layers tell what a packet takes",
		link_layers_tell_what_a_packet_takes },
	{ "PTM leaves 64 of 65", ptm_leaves_64_of_65 },
	{ "cells have room in the budget", cells_have_room_in_the_budget },
	{ "link headers follow the type", link_headers_follow_the_type },
	{ "the default budget keeps the delay short",
		the_default_budget_keeps_the_delay_short },
	{ "every change is noticed", every_change_is_noticed },
	{ "what concerns nobody is not told",
		what_concerns_nobody_is_not_told },
};
T_MAIN(cases)
