/* SPDX-License-Identifier: ISC */

/*
 * What we want in the kernel for the settings of an interface and for a flow:
 * the arithmetic from Tspec and Rspec to HTB.
 *
 * Rates arrive in octets on the wire; the qdisc counts the packet with its link
 * header.  HTB's overhead and mpu make up the difference, so that the kernel
 * charges what the ledger charged.
 */

#include "classifier_int.h"
#include "model_int.h"
#include "rate_int.h"

#include <string.h>

enum {
	SENTINEL_BPS = 1000, /* never carries a packet */
	CONTROL_BUCKET = 16000,
	CONTROL_LIMIT = 65536, /* octets queued of ARP, ND and RSVP */
	DIRECT_QLEN = 1000,
	PRIO_BEST = 7,
	BEST_MS = 100, /* of link rate that best effort may queue */
	BEST_MIN = 50,
	BEST_MAX = 1000, /* packets */
	CODEL_TARGET_US = 5000,
	CODEL_INTERVAL_US = 100000,
	/* The worst that a busy machine's timer was seen to be late is between
	 * 2 and 9 ms.  Nothing leaves a class meanwhile, but what the token
	 * bucket allows goes on arriving. */
	STALL_US = 10000,
	STALL_PACKETS = 2 /* at low rates; at least */
};

#define RATE_MAX_BPS 125000000000u /* 1 Tbit/s */

uint32_t
tc_mtu_octets(const struct tc_iface *iface)
{
	uint32_t octets =
		iface->mtu + iface->header_bytes + iface->overhead_bytes;

	if (octets < iface->min_frame_bytes)
		octets = iface->min_frame_bytes;
	return tc_rate_cells(octets, iface->atm);
}

const char *
tc_iface_problem(const struct tc_iface *iface)
{
	if (iface->ifindex == 0)
		return "no interface number";
	if (iface->link_Bps == 0 || iface->link_Bps > RATE_MAX_BPS)
		return "link rate must be 1 B/s to 1 Tbit/s";
	if (iface->best_effort_Bps > iface->link_Bps ||
		iface->control_Bps > iface->link_Bps)
		return "best effort or control is given more than the link";
	if (iface->mtu < 68 || iface->mtu > 65536 * 16)
		return "MTU out of range";
	if (iface->header_bytes > 256 || iface->overhead_bytes > 1024 ||
		iface->min_frame_bytes > 1024)
		return "link header, overhead or smallest frame out of range";
	if (iface->timer_us > 100000)
		return "timer lateness above 100 ms";
	if (iface->pool_high < iface->pool_low || iface->pool_high > 32000)
		return "pool limits out of order or above 32000";
	return NULL;
}

const char *
tc_flow_problem(const struct tc_iface *iface, const struct tc_flow *flow)
{
	if (flow->service != TC_SERVICE_GS && flow->service != TC_SERVICE_CL)
		return "service is neither GS (2) nor CL (5)";
	if (flow->rate_Bps == 0)
		return "rate is 0";
	if (flow->rate_Bps > iface->link_Bps)
		return "rate is more than the link has";
	if (flow->max_packet_bytes == 0 || flow->max_packet_bytes > 1u << 24)
		return "largest packet must be 1 B to 16 MB";
	if (flow->bucket_bytes > UINT32_MAX || flow->buffer_bytes > UINT32_MAX)
		return "bucket or buffer above 4 GB";
	if (flow->token_Bps != 0 && (flow->service != TC_SERVICE_GS ||
					    flow->token_Bps > flow->rate_Bps))
		return "a token rate above the rate, or without Guaranteed "
		       "Service";
	if (flow->filter_count == 0 || flow->filter_count > TC_FILTERS_MAX)
		return "needs 1 to 64 filters";
	for (size_t i = 0; i < flow->filter_count; i++) {
		const char *problem = tc_filter_problem(&flow->filters[i]);

		if (problem)
			return problem;
	}
	return NULL;
}

/* A class with its buckets in octets. */
static void
make_class(const struct tc_iface *iface, uint32_t minor, uint32_t parent,
	const struct tc_htb_class *c, struct tc_object *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = TC_CLASS;
	ret->ifindex = iface->ifindex;
	ret->handle = tc_classid(minor);
	ret->parent = parent == 0 ? TC_ROOT_HANDLE : tc_classid(parent);
	ret->kind = &tc_kind_htb_class;
	ret->htb = *c;
	ret->htb.overhead = (uint16_t)iface->overhead_bytes;
	ret->htb.mpu = (uint16_t)iface->min_frame_bytes;
	ret->htb.atm = iface->atm;
}

static uint32_t
bucket_ticks(const struct tc_iface *iface, uint64_t rate_Bps, uint32_t packet)
{
	/* One packet, and what the rate earns while the timer is late. */
	return tc_clock_ticks(
		packet + tc_clock_earned(rate_Bps, iface->timer_us), rate_Bps);
}

static struct tc_htb_class
htb_class(const struct tc_iface *iface, uint64_t rate_Bps, uint64_t ceil_Bps,
	uint32_t packet, uint32_t prio)
{
	return (struct tc_htb_class){ .rate_Bps = rate_Bps,
		.ceil_Bps = ceil_Bps,
		.buffer_ticks = bucket_ticks(iface, rate_Bps, packet),
		.cbuffer_ticks = bucket_ticks(iface, ceil_Bps, packet),
		.quantum = packet,
		.prio = prio };
}

static uint64_t
at_least(uint64_t value, uint64_t least)
{
	return value > least ? value : least;
}

static uint64_t
at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

static void
add_class(struct tc_objects *into, const struct tc_iface *iface, uint32_t minor,
	uint32_t parent, const struct tc_htb_class *c)
{
	struct tc_object *o = tc_objects_add(into);

	if (o)
		make_class(iface, minor, parent, c, o);
}

static void
make_leaf(const struct tc_iface *iface, uint32_t minor,
	const struct tc_kind *kind, struct tc_object *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = TC_QDISC_LEAF;
	ret->ifindex = iface->ifindex;
	ret->handle = tc_leaf_handle(minor);
	ret->parent = tc_classid(minor);
	ret->kind = kind;
}

static void
add_root(const struct tc_iface *iface, uint32_t layout, struct tc_objects *into)
{
	struct tc_object *o = tc_objects_add(into);

	if (!o)
		return;
	o->type = TC_QDISC_ROOT;
	o->ifindex = iface->ifindex;
	o->handle = TC_ROOT_HANDLE;
	o->parent = TC_PARENT_ROOT;
	o->kind = &tc_kind_htb_root;
	o->root = (struct tc_htb_root){ .default_minor = TC_MINOR_BEST,
		.r2q = TC_LAYOUT_MARK |
		       (layout != 0 ? layout : TC_LAYOUT_VERSION),
		.direct_qlen = DIRECT_QLEN,
		/* Nothing uses it while the default class is there. */
		.any_qlen = true };
}

bool
tc_best_possible(const struct tc_kind *kind)
{
	return kind == &tc_kind_fq_codel || kind == &tc_kind_pfifo ||
	       kind == &tc_kind_bfifo;
}

void
tc_want_best(const struct tc_iface *iface, const struct tc_kind *kind,
	struct tc_object *ret_leaf)
{
	uint32_t mtu = tc_mtu_octets(iface);
	uint64_t packets = iface->link_Bps * BEST_MS / 1000 / mtu;

	packets = at_most(at_least(packets, BEST_MIN), BEST_MAX);
	make_leaf(iface, TC_MINOR_BEST, kind, ret_leaf);
	if (kind == &tc_kind_fq_codel)
		ret_leaf->fq_codel = (struct tc_fq_codel){ .limit = BEST_MAX,
			.target_us = CODEL_TARGET_US,
			.interval_us = CODEL_INTERVAL_US,
			.quantum = mtu,
			.ecn = 1 };
	else
		ret_leaf->fifo.limit = (uint32_t)packets;
}

uint32_t
tc_subtree_minor(enum tc_subtree subtree)
{
	static const uint32_t minors[] = { [TC_GS] = TC_MINOR_GS,
		[TC_CL] = TC_MINOR_CL,
		[TC_POLICY] = TC_MINOR_POLICY };

	return minors[subtree];
}

enum tc_subtree
tc_subtree_of(uint8_t service)
{
	return service == TC_SERVICE_GS ? TC_GS : TC_CL;
}

/*
 * Of the leaves below.  What a class may send by right goes before anything
 * that is borrowed, whatever the priorities, so Controlled Load needs none; and
 * what it borrows shall share what is left with best effort (RFC 2211 7).
 */
static uint32_t
leaf_prio(enum tc_subtree subtree)
{
	return subtree == TC_GS ? 0 : PRIO_BEST;
}

void
tc_want_subtree(const struct tc_iface *iface, enum tc_subtree subtree,
	uint64_t rate_Bps, struct tc_object *ret)
{
	uint64_t rate = at_most(
		at_least(rate_Bps, SENTINEL_BPS), at_least(iface->link_Bps, 1));
	const struct tc_htb_class c = htb_class(iface, rate, iface->link_Bps,
		tc_mtu_octets(iface), (uint32_t)subtree);

	make_class(iface, tc_subtree_minor(subtree), TC_MINOR_LINK, &c, ret);
	ret->htb.inner = true;
}

/* What a rule's class may send by right it sends whatever this one's rate is;
 * what it borrows is the link's. */
static void
add_policy(const struct tc_iface *iface, struct tc_objects *into)
{
	struct tc_object *o = tc_objects_add(into);

	if (o)
		tc_want_subtree(iface, TC_POLICY, 0, o);
}

static void
add_link_classes(const struct tc_iface *iface,
	const uint64_t sums_Bps[TC_SUBTREES], struct tc_objects *into)
{
	uint64_t link = iface->link_Bps;
	uint32_t mtu = tc_mtu_octets(iface);
	struct tc_htb_class c = htb_class(iface, link, link, mtu, 0);

	c.inner = true;
	add_class(into, iface, TC_MINOR_LINK, 0, &c);
	for (int s = TC_GS; s < TC_SUBTREES; s++) {
		struct tc_object *o = tc_objects_add(into);

		if (o)
			tc_want_subtree(
				iface, (enum tc_subtree)s, sums_Bps[s], o);
	}
	add_policy(iface, into);
	c = htb_class(iface, at_least(iface->best_effort_Bps, SENTINEL_BPS),
		link, mtu, PRIO_BEST);
	add_class(into, iface, TC_MINOR_BEST, TC_MINOR_LINK, &c);
	c = htb_class(iface, at_least(iface->control_Bps, SENTINEL_BPS), link,
		mtu, 0);
	c.buffer_ticks =
		tc_clock_ticks(at_least(CONTROL_BUCKET, mtu), c.rate_Bps);
	add_class(into, iface, TC_MINOR_CONTROL, TC_MINOR_LINK, &c);
	c = htb_class(iface, SENTINEL_BPS, SENTINEL_BPS, mtu, 0);
	add_class(into, iface, TC_MINOR_GS_IDLE, TC_MINOR_GS, &c);
	c.prio = leaf_prio(TC_CL);
	add_class(into, iface, TC_MINOR_CL_IDLE, TC_MINOR_CL, &c);
	add_class(into, iface, TC_MINOR_POLICY_IDLE, TC_MINOR_POLICY, &c);
}

static void
add_notes(const struct tc_iface *iface, const struct tc_shape *shape,
	struct tc_objects *into)
{
	for (int k = 0; k < TC_OFFLOADS; k++) {
		const struct tc_offload *offload = &shape->offloads[k];
		struct tc_object *o =
			offload->original != 0 ? tc_objects_add(into) : NULL;

		if (o)
			tc_offload_note(iface->ifindex, (enum tc_offload_kind)k,
				offload, o);
	}
}

void
tc_want_tree(const struct tc_iface *iface, const struct tc_shape *shape,
	struct tc_objects *into)
{
	struct tc_object *o;

	add_root(iface, shape->layout, into);
	add_link_classes(iface, shape->sums_Bps, into);
	o = tc_objects_add(into);
	if (o) {
		make_leaf(iface, TC_MINOR_CONTROL, &tc_kind_bfifo, o);
		o->fifo.limit = CONTROL_LIMIT;
	}
	o = shape->best ? tc_objects_add(into) : NULL;
	if (o)
		tc_want_best(iface, shape->best, o);
	tc_want_filters(iface->ifindex, &shape->roots, into);
	add_notes(iface, shape, into);
	tc_objects_sort(into);
}

void
tc_want_class(const struct tc_iface *iface, enum tc_subtree subtree,
	uint32_t minor, const struct tc_htb_class *htb, uint32_t limit,
	struct tc_object ret[2])
{
	make_class(iface, minor, tc_subtree_minor(subtree), htb, &ret[0]);
	ret[0].htb = *htb;
	make_leaf(iface, minor, &tc_kind_bfifo, &ret[1]);
	ret[1].fifo.limit = limit;
}

void
tc_want_idle(const struct tc_iface *iface, enum tc_subtree subtree,
	uint32_t minor, struct tc_object *ret_class, struct tc_object *ret_leaf)
{
	enum { IDLE_PACKETS = 16 };
	uint32_t mtu = tc_mtu_octets(iface);
	const struct tc_htb_class c = htb_class(
		iface, TC_IDLE_BPS, TC_IDLE_BPS, mtu, leaf_prio(subtree));

	make_class(iface, minor, tc_subtree_minor(subtree), &c, ret_class);
	make_leaf(iface, minor, &tc_kind_bfifo, ret_leaf);
	ret_leaf->fifo.limit = IDLE_PACKETS * mtu;
}

/* Guaranteed service: reshaped to R, with a bucket of one packet and the
 * lateness of the timer; the flow's own bucket waits in its leaf (RFC 2212). */
static struct tc_htb_class
guaranteed(const struct tc_iface *iface, const struct tc_flow *flow)
{
	return htb_class(iface, flow->rate_Bps, flow->rate_Bps,
		flow->max_packet_bytes, 0);
}

/* Controlled load: r and b by right, and more when the link has it. */
static struct tc_htb_class
controlled(const struct tc_iface *iface, const struct tc_flow *flow)
{
	uint64_t ceil = flow->peak_Bps == 0
				? iface->link_Bps
				: at_most(flow->peak_Bps, iface->link_Bps);
	struct tc_htb_class c =
		htb_class(iface, flow->rate_Bps, at_least(ceil, flow->rate_Bps),
			flow->max_packet_bytes, leaf_prio(TC_CL));
	uint32_t bucket = tc_clock_ticks(flow->bucket_bytes, flow->rate_Bps);

	if (bucket > c.buffer_ticks)
		c.buffer_ticks = bucket;
	c.quantum = (uint32_t)at_least(
		flow->max_packet_bytes, tc_mtu_octets(iface));
	return c;
}

/*
 * Guaranteed service: room beside the buffer of RFC 2212, which a sender that
 * sends its whole bucket at once fills to the last octet, for what arrives
 * while the timer is later than is advertised.  A packet that waits is late at
 * most, one that finds no room is lost.
 */
static uint64_t
stall_bytes(uint64_t rate_Bps, uint32_t packet)
{
	return at_least(tc_clock_earned(rate_Bps, STALL_US),
		STALL_PACKETS * (uint64_t)packet);
}

static uint32_t
leaf_limit(const struct tc_iface *iface, const struct tc_flow *flow)
{
	uint64_t limit = flow->buffer_bytes;

	if (limit == 0 && flow->service == TC_SERVICE_GS)
		limit = flow->bucket_bytes +
			2 * (uint64_t)flow->max_packet_bytes;
	if (limit == 0)
		limit = at_least(flow->bucket_bytes + flow->rate_Bps / 5,
			4 * (uint64_t)tc_mtu_octets(iface));
	limit = at_least(limit, flow->max_packet_bytes);
	if (flow->service == TC_SERVICE_GS)
		limit += stall_bytes(flow->rate_Bps, flow->max_packet_bytes);
	return (uint32_t)at_most(limit, UINT32_MAX);
}

/* Of a leaf, without the room beside it, which one that was made by an older
 * version does not have. */
static uint64_t
buffer_of(const struct tc_htb_class *class, uint32_t limit, bool gs)
{
	uint64_t beside = gs ? stall_bytes(class->rate_Bps, class->quantum) : 0;

	return limit > beside + class->quantum ? limit - beside
					       : at_most(limit, class->quantum);
}

uint32_t
tc_frame_octets(const struct tc_iface *iface, uint32_t wire_octets)
{
	return iface->atm ? wire_octets / TC_ATM_CELL * TC_ATM_PAYLOAD
			  : wire_octets;
}

void
tc_want_flow(const struct tc_iface *iface, const struct tc_flow *flow,
	uint32_t minor, struct tc_object *ret_class, struct tc_object *ret_leaf)
{
	enum tc_subtree subtree = tc_subtree_of(flow->service);
	const struct tc_htb_class c = subtree == TC_GS
					      ? guaranteed(iface, flow)
					      : controlled(iface, flow);

	make_class(iface, minor, tc_subtree_minor(subtree), &c, ret_class);
	/* A packet smaller than m counts as m (RFC 2211 7, RFC 2212). */
	ret_class->htb.mpu = (uint16_t)at_most(
		at_least(tc_frame_octets(iface, flow->min_packet_bytes),
			iface->min_frame_bytes),
		UINT16_MAX);
	make_leaf(iface, minor, &tc_kind_bfifo, ret_leaf);
	ret_leaf->fifo.limit = leaf_limit(iface, flow);
}

void
tc_flow_of(const struct tc_iface *iface, const struct tc_object *class,
	const struct tc_object *leaf, struct tc_flow *ret_flow)
{
	const struct tc_htb_class *c = &class->htb;
	bool gs = class->parent == tc_classid(TC_MINOR_GS);

	ret_flow->ifindex = iface->ifindex;
	ret_flow->service = gs ? TC_SERVICE_GS : TC_SERVICE_CL;
	ret_flow->rate_Bps = c->rate_Bps;
	ret_flow->peak_Bps =
		gs || c->ceil_Bps >= iface->link_Bps ? 0 : c->ceil_Bps;
	ret_flow->bucket_bytes = tc_clock_bytes(c->buffer_ticks, c->rate_Bps);
	ret_flow->max_packet_bytes = c->quantum;
	ret_flow->min_packet_bytes = tc_rate_cells(c->mpu, iface->atm);
	ret_flow->buffer_bytes = buffer_of(c, leaf->fifo.limit, gs);
}
