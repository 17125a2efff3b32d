/* SPDX-License-Identifier: ISC */

/* The bench under the tests of the core: its addresses and interfaces; see
 * core_t.h. */

#include "core_t.h"
#include "t_iface.h"

/* ---- addresses ----------------------------------------------------------- */

struct addr
ct_addr(const struct ct *t, unsigned net, unsigned host)
{
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (t->family == ADDR_V4)
		return addr_v4_u32(10u << 24 | net << 8 | host);
	v6[7] = (uint8_t)net;
	v6[15] = (uint8_t)host;
	return addr_v6(v6);
}

struct addr
ct_group(const struct ct *t)
{
	static const uint8_t g6[16] = { 0xff, 0x1e, [15] = 9 };

	return t->family == ADDR_V4 ? addr_v4_u32(0xe8010203) : addr_v6(g6);
}

struct addr_prefix
ct_host_route(struct addr addr)
{
	return (struct addr_prefix){ addr,
		(uint8_t)(8 * addr_size(addr.family)) };
}

/* ---- interfaces ---------------------------------------------------------- */

void
ct_add_iface(struct ct *t, uint32_t ifindex)
{
	struct rsvp_iface iface = { .ifindex = ifindex,
		.up = true,
		.enabled = true,
		.traffic_control = true,
		.mtu = 1500,
		.refresh_ms = 30000,
		.lives = 3,
		.link_Bps = 1250000,
		.reservable_Bps = 1000000,
		.budget_bytes = 20000,
		.max_flows = 100,
		T_IFACE_ETHERNET,
		.latency_us = WIRE_LATENCY_UNKNOWN };

	snprintf(iface.name, sizeof(iface.name), "eth%u", ifindex);
	if (t->family == ADDR_V4)
		iface.v4 = ct_addr(t, ifindex, 1);
	else
		iface.v6 = ct_addr(t, ifindex, 1);
	rsvp_core_iface(t->core, t->now, &iface);
}

struct rsvp_iface
ct_iface(const struct ct *t, uint32_t ifindex)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, ifindex - 1, &info));
	return info.conf;
}

void
ct_put_iface(struct ct *t, const struct rsvp_iface *conf)
{
	rsvp_core_iface(t->core, t->now, conf);
	ct_tick(t);
}

void
ct_set_iface(struct ct *t, const struct rsvp_iface *conf)
{
	ct_put_iface(t, conf);
	ct_forget(t);
}

#define SET_IFACE(name, type, field)                                           \
	void ct_iface_##name(struct ct *t, uint32_t ifindex, type value)       \
	{                                                                      \
		struct rsvp_iface conf = ct_iface(t, ifindex);                 \
                                                                               \
		conf.field = value;                                            \
		ct_put_iface(t, &conf);                                        \
	}

SET_IFACE(up, bool, up)
SET_IFACE(enabled, bool, enabled)
SET_IFACE(tc, bool, traffic_control)
SET_IFACE(wait, uint32_t, repair_wait_ms)

void
ct_iface_gone(struct ct *t, uint32_t ifindex)
{
	rsvp_core_iface_gone(t->core, t->now, ifindex);
	ct_tick(t);
}

void
ct_make_bare(struct ct *t, uint64_t reservable_Bps)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);

	conf.header_bytes = 0;
	conf.overhead_bytes = 0;
	conf.min_frame_bytes = 0;
	conf.timer_us = 0;
	conf.reservable_Bps = reservable_Bps;
	ct_set_iface(t, &conf);
}

void
ct_tc_ready(struct ct *t)
{
	for (uint32_t i = UP; i <= SIDE; i++)
		rsvp_core_tc_ready(t->core, t->now, i, 0, NULL);
	ct_tick(t);
}

uint64_t
ct_reserved(const struct ct *t, uint32_t ifindex)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, ifindex - 1, &info));
	T_EQ(info.conf.ifindex, ifindex);
	return info.reserved_Bps;
}

/* ---- routes -------------------------------------------------------------- */

void
ct_reroute(struct ct *t, uint32_t out)
{
	t->out = out;
	rsvp_core_routes_changed(t->core, t->now, NULL);
}

void
ct_repair(struct ct *t, uint32_t out)
{
	ct_reroute(t, out);
	ct_run(t, 2000);
}
