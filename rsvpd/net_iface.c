/* SPDX-License-Identifier: ISC */

/*
 * What a link is to the core and to tcctl: kernel facts and the section of the
 * configuration, made into struct rsvp_iface and struct tc_iface.  Pure.
 */

#include "rsvpd/net_link_int.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <string.h>

#include "base/text.h"
#include "rsvpd/framing.h"

enum {
	ETHERNET_HEADER = 14,
	/* The tree must stay below the wire's rate, or the queue builds up in
	 * the device: percent of a speed that the hardware told. */
	SPEED_PERCENT = 98,
	/* What is handed down as one may take a 4000th of a second. */
	GSO_PER_S = 4000,
	GSO_OCTETS = 65536, /* of kernels that do not tell */
	/* D with all that is handed down as one is at most the time of so many
	 * octets, or that. */
	DELAY_OCTETS = 31250,
	DELAY_US = 5000,
	CONTROL_MIN_BPS = 8000, /* 64 kbit/s */
	CONTROL_PERCENT = 1,
	/* Of an interface without a section. */
	REFRESH_MS = 30000,
	LIVES = 3,
	MIN_PACKET = 128,
	TIMER_US = 200,
	REPAIR_WAIT_MS = 2000,
	SLEW_PERCENT = 30
};

/* Octets of link header that the qdisc counts. */
static uint32_t
header_of_type(uint16_t type)
{
	switch (type) {
	case ARPHRD_PPP:
	case ARPHRD_NONE: /* tun */
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_RAWIP:
		return 0;
	default:
		return ETHERNET_HEADER; /* and too much is safe */
	}
}

static uint64_t
share(uint64_t rate, uint32_t percent)
{
	/* In this order: no overflow, and exact for all multiples of 100. */
	return rate / 100 * percent + rate % 100 * percent / 100;
}

/* Octets of one of the MTU on the wire. */
static uint64_t
full_packet(const struct rsvp_iface *iface)
{
	const uint64_t packet = (uint64_t)iface->mtu + iface->header_bytes +
				iface->overhead_bytes;

	/* Cells, and one that is not full. */
	return iface->atm ? packet * 53 / 48 + 53 : packet;
}

/*
 * The most that guaranteed flows may send at once, when the configuration does
 * not say.  It is the larger part of the advertised delay, which is
 *
 *	D = (budget + largest packet + device queue) / L + timer
 *
 * 4 ms of the link's rate; on slow links, where that would hold hardly a flow,
 * 20 kB as long as that is at most 16 ms, and always room for two flows of one
 * full packet (each counts two of them).  This makes D 17.5 ms at 10 Mbit/s,
 * 4.4 ms at 100 Mbit/s and 4.2 ms at 1 Gbit/s on an Ethernet.
 */
static uint64_t
default_budget(const struct rsvp_iface *iface)
{
	const uint64_t packet = full_packet(iface);
	uint64_t budget = iface->link_Bps / 1000 * 16;

	if (budget > 20000)
		budget = 20000;
	if (budget < iface->link_Bps / 250)
		budget = iface->link_Bps / 250;
	if (budget < 4 * packet)
		budget = 4 * packet;
	return budget;
}

static void
apply_section(struct net_iface *iface, const struct conf_iface *section)
{
	struct rsvp_iface *core = &iface->core;

	core->enabled = section->enabled;
	core->traffic_control = section->enabled && section->traffic_control;
	core->refresh_ms = section->refresh_ms;
	core->lives = section->lives;
	core->link_Bps = section->bandwidth_Bps;
	if (core->link_Bps == 0)
		core->link_Bps = share(iface->facts.speed_Bps, SPEED_PERCENT);
	core->link_Bps = framing_rate(section->link_layer, core->link_Bps);
	core->reservable_Bps =
		share(core->link_Bps, section->reservable_percent);
	core->max_flows = section->max_flows;
	if (section->header_bytes != UINT32_MAX)
		core->header_bytes = section->header_bytes;
	framing_apply(section, core);
	core->assumed_min_packet = section->assumed_min_packet;
	core->timer_us = section->timer_us;
	core->device_bytes = section->device_bytes;
	core->repair_wait_ms = section->repair_wait_ms;
	core->slew_percent = section->slew_percent;
	core->quick_refreshes = section->quick_refreshes;
	core->latency_us = section->latency_us;
	core->use_slack = section->use_slack;
	core->budget_bytes = section->gs_budget_bytes;
	if (core->budget_bytes == 0)
		core->budget_bytes = default_budget(core);
	iface->packets_per_s = section->packets_per_s;
	iface->udp = section->udp;
	if (section->udp_router != 0)
		iface->udp_router = addr_v4_u32(section->udp_router);
	iface->udp_ttl = (uint8_t)section->udp_ttl;
}

static void
fill_tc(struct net_iface *iface, const struct conf_iface *section,
	const struct conf *conf)
{
	const struct rsvp_iface *core = &iface->core;
	struct tc_iface *tc = &iface->tc;

	tc->ifindex = core->ifindex;
	(void)text_copy(tc->name, sizeof(tc->name), core->name);
	tc->link_Bps = core->link_Bps;
	tc->best_effort_Bps =
		share(core->link_Bps, section->best_effort_percent);
	tc->control_Bps = share(core->link_Bps, CONTROL_PERCENT);
	if (tc->control_Bps < CONTROL_MIN_BPS)
		tc->control_Bps = CONTROL_MIN_BPS;
	tc->mtu = core->mtu;
	tc->header_bytes = core->header_bytes;
	tc->overhead_bytes = core->overhead_bytes;
	tc->min_frame_bytes = core->min_frame_bytes;
	tc->atm = core->atm;
	tc->timer_us = core->timer_us;
	tc->pool_low = conf->pool_low;
	tc->pool_high = conf->pool_high;
	tc->take_over = section->take_over;
	tc->classifier = (uint8_t)section->classifier;
	tc->ingress_Bps =
		framing_rate(section->link_layer, section->ingress_Bps);
}

/* ---- packets that are handed down as one --------------------------------- */

/* Octets that the kernel may hand down as one, at most. */
static uint64_t
gso_octets(const struct net_facts *facts)
{
	uint64_t octets = (uint64_t)facts->gso_packets * facts->mtu;

	if (facts->gso_octets != 0 && octets > facts->gso_octets)
		octets = facts->gso_octets;
	return octets != 0 ? octets : GSO_OCTETS;
}

/*
 * How many we allow: what the link sends in a quarter of a millisecond, and one
 * in any case.  0: no limit, as it sends the largest that fast.
 */
static uint32_t
gso_limit(const struct rsvp_iface *core, const struct net_facts *facts)
{
	const uint64_t packet = full_packet(core);
	const uint64_t most =
		packet > 0 ? core->link_Bps / GSO_PER_S / packet : 0;
	const uint64_t octets =
		facts->gso_octets != 0 ? facts->gso_octets : GSO_OCTETS;

	if (most * core->mtu >= octets)
		return 0;
	return most > 1 ? (uint32_t)most : 1; /* fits, being below octets */
}

uint32_t
net_iface_gso_packets(const struct net_iface *iface)
{
	const uint32_t mtu = iface->facts.mtu;
	const uint32_t limit = iface->tc.gso_segs;
	uint64_t packets = 1;

	if (mtu > 0)
		packets = (gso_octets(&iface->facts) + mtu - 1) / mtu;
	if (limit != 0 && limit != iface->gso_answered && packets > limit)
		packets = limit;
	return packets < UINT32_MAX ? (uint32_t)packets : UINT32_MAX;
}

static uint64_t
sending_us(const struct rsvp_iface *core, uint64_t octets)
{
	const uint64_t us = octets * 1000000 / core->link_Bps;

	return us < UINT32_MAX ? us : UINT32_MAX;
}

/*
 * A guaranteed flow may wait for one packet that is sent already, which is in
 * D, and for those that were handed down together with it.  These are part of D
 * as well, unless it would become longer by them than anybody expects of such a
 * link: where they were to be limited and are not it is rather told.
 */
static void
count_gso(struct net_iface *iface)
{
	struct rsvp_iface *core = &iface->core;
	const uint64_t packet = full_packet(core);
	const uint64_t more = (net_iface_gso_packets(iface) - 1) * packet;
	const uint64_t before = sending_us(core, core->budget_bytes + packet +
							 core->device_bytes) +
				core->timer_us;
	uint64_t most = sending_us(core, DELAY_OCTETS);

	if (most < DELAY_US)
		most = DELAY_US;
	if (more > UINT32_MAX - core->device_bytes || /* absurd */
		(iface->limits_offloads && before <= most &&
			before + sending_us(core, more) > most))
		iface->gso_us = (uint32_t)sending_us(core, more);
	else
		core->device_bytes += (uint32_t)more;
}

void
net_iface_settle(struct net_iface *iface, const struct conf_iface *section,
	const struct conf *conf)
{
	const struct net_facts *facts = &iface->facts;
	struct rsvp_iface *core = &iface->core;
	const uint32_t running = IFF_UP | IFF_LOWER_UP;

	memset(core, 0, sizeof(*core));
	memset(&iface->tc, 0, sizeof(iface->tc));
	iface->gso_us = 0;
	iface->limits_offloads = false;
	core->ifindex = facts->ifindex;
	(void)text_copy(core->name, sizeof(core->name), facts->name);
	core->up = (facts->flags & running) == running;
	core->v4 = facts->v4;
	core->v6 = facts->v6;
	core->mtu = facts->mtu;
	core->header_bytes = header_of_type(facts->type);
	core->refresh_ms = REFRESH_MS;
	core->lives = LIVES;
	core->assumed_min_packet = MIN_PACKET;
	core->timer_us = TIMER_US;
	core->repair_wait_ms = REPAIR_WAIT_MS;
	core->slew_percent = SLEW_PERCENT;
	core->latency_us = WIRE_LATENCY_UNKNOWN;
	iface->packets_per_s = 0;
	iface->udp = CONF_UDP_OFF;
	iface->udp_router = (struct addr){ 0 };
	iface->udp_ttl = 1;
	if (section)
		apply_section(iface, section);
	/* An interface that is down keeps its tree: the flows come back. */
	iface->controlled = core->traffic_control && core->link_Bps > 0;
	if (!section || !iface->controlled)
		return;
	fill_tc(iface, section, conf);
	iface->limits_offloads = section->limit_offloads;
	if (iface->limits_offloads)
		iface->tc.gso_segs = gso_limit(core, facts);
	count_gso(iface);
}

/* Octets of a packet that may be handed to it as one. */
static uint64_t
gro_limit(const struct net_iface *iface)
{
	const uint64_t octets = (uint64_t)iface->tc.gso_segs * iface->facts.mtu;

	return octets != 0 ? octets : UINT64_MAX;
}

void
net_iface_share_gro(struct net_iface *ifaces, size_t count)
{
	uint64_t least = UINT64_MAX; /* of all, */
	uint64_t next = UINT64_MAX;  /* and of all but one that has that */

	for (size_t i = 0; i < count; i++) {
		const uint64_t limit = gro_limit(&ifaces[i]);

		if (limit < least) {
			next = least;
			least = limit;
		} else if (limit < next) {
			next = limit;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t others =
			gro_limit(&ifaces[i]) == least ? next : least;

		/* The kernel's is one more than there will be. */
		if (ifaces[i].limits_offloads && others < UINT32_MAX)
			ifaces[i].tc.gro_octets = (uint32_t)others + 1;
	}
}

bool
net_facts_same_use(const struct net_facts *a, const struct net_facts *b)
{
	const uint32_t used = IFF_UP | IFF_LOWER_UP | IFF_LOOPBACK;

	return strcmp(a->name, b->name) == 0 && a->type == b->type &&
	       (a->flags & used) == (b->flags & used) && a->mtu == b->mtu;
}

static bool
same_link(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->ifindex == b->ifindex && strcmp(a->name, b->name) == 0 &&
	       a->up == b->up && a->mtu == b->mtu &&
	       addr_equal(&a->v4, &b->v4) && addr_equal(&a->v6, &b->v6);
}

static bool
same_capacity(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->link_Bps == b->link_Bps &&
	       a->reservable_Bps == b->reservable_Bps &&
	       a->budget_bytes == b->budget_bytes &&
	       a->max_flows == b->max_flows && a->timer_us == b->timer_us &&
	       a->device_bytes == b->device_bytes &&
	       a->latency_us == b->latency_us && a->use_slack == b->use_slack;
}

static bool
same_framing(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->header_bytes == b->header_bytes &&
	       a->overhead_bytes == b->overhead_bytes &&
	       a->min_frame_bytes == b->min_frame_bytes && a->atm == b->atm &&
	       a->assumed_min_packet == b->assumed_min_packet;
}

static bool
same_core(const struct rsvp_iface *a, const struct rsvp_iface *b)
{
	return a->enabled == b->enabled &&
	       a->traffic_control == b->traffic_control &&
	       a->refresh_ms == b->refresh_ms && a->lives == b->lives &&
	       a->repair_wait_ms == b->repair_wait_ms &&
	       a->slew_percent == b->slew_percent &&
	       a->quick_refreshes == b->quick_refreshes && same_link(a, b) &&
	       same_capacity(a, b) && same_framing(a, b);
}

static bool
same_tc_rates(const struct tc_iface *a, const struct tc_iface *b)
{
	return a->link_Bps == b->link_Bps &&
	       a->best_effort_Bps == b->best_effort_Bps &&
	       a->control_Bps == b->control_Bps && a->timer_us == b->timer_us &&
	       a->pool_low == b->pool_low && a->pool_high == b->pool_high &&
	       a->take_over == b->take_over && a->classifier == b->classifier &&
	       a->ingress_Bps == b->ingress_Bps && a->gso_segs == b->gso_segs &&
	       a->gro_octets == b->gro_octets;
}

bool
net_iface_tc_equal(const struct net_iface *a, const struct net_iface *b)
{
	const struct tc_iface *x = &a->tc;
	const struct tc_iface *y = &b->tc;

	if (a->controlled != b->controlled || !a->controlled)
		return a->controlled == b->controlled;
	return x->ifindex == y->ifindex && strcmp(x->name, y->name) == 0 &&
	       x->mtu == y->mtu && x->header_bytes == y->header_bytes &&
	       x->overhead_bytes == y->overhead_bytes &&
	       x->min_frame_bytes == y->min_frame_bytes && x->atm == y->atm &&
	       same_tc_rates(x, y);
}

bool
net_iface_equal(const struct net_iface *a, const struct net_iface *b)
{
	return a->packets_per_s == b->packets_per_s && a->udp == b->udp &&
	       addr_equal(&a->udp_router, &b->udp_router) &&
	       a->udp_ttl == b->udp_ttl && a->gso_us == b->gso_us &&
	       same_core(&a->core, &b->core) && net_iface_tc_equal(a, b);
}
