/* SPDX-License-Identifier: ISC */

/*
 * What of a flow exceeds its token bucket, where the flow enters the network:
 * RFC 2212 wants it sent as best effort.  Each node of the flow has the same
 * policer.  What conforms goes to the class, what exceeds on to the next node,
 * and behind the last to best effort.  Where the kernel has no such action it
 * waits in the class (reshaped).
 *
 * The nodes share the policer by its number, and the kernel does not change one
 * that is bound: other parameters are another number, of eight that a class has
 * in turn, since an old one lives on for a moment after its last node.
 */

#include "link_int.h"

#include <linux/if_ether.h>
#include <string.h>

enum {
	PHASES = 8,
	MINOR_SHIFT = 3,
	IFINDEX_SHIFT = 19,
	IFINDEX_MAX = 0x1fff /* above: no number is left, and reshaped */
};

static uint32_t
first_number(uint32_t ifindex, uint32_t minor)
{
	return ifindex << IFINDEX_SHIFT | minor << MINOR_SHIFT;
}

/* What the policer compares with the largest packet: the kernel's octets,
 * without overhead and cells. */
static uint32_t
largest(const struct tc_iface *iface, const struct tc_flow *flow)
{
	uint32_t octets = tc_frame_octets(iface, flow->max_packet_bytes);

	return octets > iface->overhead_bytes ? octets - iface->overhead_bytes
					      : 1;
}

void
tc_excess_want(const struct tc_iface *iface, const struct tc_flow *flow,
	const struct tc_htb_class *class, struct tc_extra *ret)
{
	struct tc_action *a = &ret->actions[0];

	memset(ret, 0, sizeof(*ret));
	ret->action_count = 1;
	a->kind = &tc_action_police;
	a->control = TC_VERDICT_CONTINUE;
	a->police = (struct tc_act_police){ .rate_Bps = flow->token_Bps,
		.burst_ticks =
			tc_clock_ticks(flow->bucket_bytes, flow->token_Bps),
		.mtu = largest(iface, flow),
		.conform = TC_VERDICT_OK,
		.overhead = class->overhead,
		.mpu = class->mpu,
		.atm = class->atm };
}

void
tc_excess_want_cl(const struct tc_iface *iface,
	const struct tc_htb_class *class, struct tc_extra *ret)
{
	const struct tc_flow flow = { .token_Bps = class->rate_Bps,
		.max_packet_bytes = class->quantum };

	tc_excess_want(iface, &flow, class, ret);
	ret->actions[0].police.burst_ticks = class->buffer_ticks;
}

bool
tc_excess_possible(const struct tc_link *link, const struct tc_flow *flow)
{
	return flow->token_Bps != 0 && link->police == TC_POLICE_YES &&
	       link->conf.ifindex <= IFINDEX_MAX;
}

void
tc_excess_number(const struct tc_iface *iface, uint32_t minor,
	const struct tc_extra *old, uint32_t seed, struct tc_extra *extra)
{
	struct tc_action *a = &extra->actions[0];
	uint32_t phase = seed;

	if (extra->action_count == 0 || a->kind != &tc_action_police)
		return;
	if (old && old->action_count > 0 &&
		old->actions[0].kind == &tc_action_police) {
		/* Without a number it is equal to one of any. */
		if (a->kind->equal(&old->actions[0], a) &&
			a->control == old->actions[0].control) {
			a->index = old->actions[0].index;
			return;
		}
		phase = old->actions[0].index + 1;
	}
	a->index = first_number(iface->ifindex, minor) | phase % PHASES;
}

void
tc_excess_renew(struct tc_extra *own, const struct tc_object *have)
{
	const struct tc_extra *x = have->extra;
	const struct tc_action *b = x ? &x->actions[0] : NULL;
	struct tc_action *a = &own->actions[0];

	if (own->action_count == 0 || a->kind != &tc_action_police)
		return;
	if (!x || x->action_count == 0 || b->kind != a->kind ||
		b->index != a->index ||
		(b->control == a->control && a->kind->equal(b, a)))
		return;
	a->index =
		(a->index & ~(uint32_t)(PHASES - 1)) | (a->index + 1) % PHASES;
}

bool
tc_excess_is_ours(const struct tc_object *node)
{
	const struct tc_extra *x = node->extra;
	const struct tc_action *a = x ? &x->actions[0] : NULL;
	uint32_t classid = node->kind == &tc_kind_flower ? node->flower.classid
							 : node->u32.classid;
	struct tc_marking as;

	if (!x || x->action_count == 0)
		return true;
	if (!tc_flow_act_decode(x, node->protocol == ETH_P_IPV6, &as))
		return false;
	return a->kind != &tc_action_police ||
	       (a->police.rate_Bps != 0 &&
		       (a->index & ~(uint32_t)(PHASES - 1)) ==
			       first_number(node->ifindex, classid & 0xffff));
}

uint64_t
tc_excess_rate(const struct tc_record *record)
{
	const struct tc_extra *x = record->acts;

	return record->service == TC_SERVICE_GS && x && x->action_count > 0 &&
			       x->actions[0].kind == &tc_action_police
		       ? x->actions[0].police.rate_Bps
		       : 0;
}

/* A node in a table that is behind all others, so that what meets it is best
 * effort as it would be without. */
static void
make_probe(const struct tc_iface *iface, struct tc_object *ret_node,
	struct tc_extra *ret_extra)
{
	const struct tc_flow flow = { .token_Bps = 1000000,
		.bucket_bytes = 10000,
		.max_packet_bytes = 1500 };
	const struct tc_htb_class class = { 0 };

	tc_excess_want(iface, &flow, &class, ret_extra);
	*ret_node = (struct tc_object){ .type = TC_FILTER,
		.ifindex = iface->ifindex,
		.handle = tc_rule_table(false, TC_RULES_AFTER, 1) | TC_NODE_MAX,
		.parent = TC_ROOT_HANDLE,
		.pref = TC_PREF_V4,
		.protocol = ETH_P_IP,
		.kind = &tc_kind_u32,
		.extra = ret_extra,
		.u32 = { .flags = TC_U32_FLAG_TERMINAL,
			.classid = tc_classid(TC_MINOR_BEST),
			.key_count = 1 } };
}

int
tc_excess_try(struct tc_link *link, const struct tc_kernel *kernel)
{
	struct tc_op ops[2] = { { .kind = TC_OP_ADD }, { .kind = TC_OP_DEL } };
	struct tc_result results[2] = { { 0 } };
	struct tc_extra extra;
	int error;

	if (link->police != TC_POLICE_UNTRIED)
		return 0;
	make_probe(&link->conf, &ops[0].want, &extra);
	ops[1].have = ops[0].want;
	error = kernel->run(kernel->arg, ops, 2, results);
	if (error == 0)
		link->police =
			results[0].error == 0 ? TC_POLICE_YES : TC_POLICE_NO;
	return error;
}
