/* SPDX-License-Identifier: ISC */

/*
 * Classification by flower: the kernel takes the packet apart and looks the
 * fields up in a hash table, one for each set of fields.  So ports are found
 * behind IPv6 extension headers, and a whole protocol behind a fragment header.
 * It knows no flow label, no SPI in older kernels, and ports of three protocols
 * only; and it may not come before what is ours of the control class.
 */

#include "classifier_int.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

enum {
	PREF_V4_PORTS = TC_PREF_FLOWER,
	PREF_V6_PORTS,
	PREF_V4_ANY,
	PREF_V6_ANY,
	PREF_TRIAL, /* of a filter that is there for a moment */
	PROTO_RSVP = 46
};

_Static_assert((int)PREF_TRIAL == (int)TC_PREF_FLOWER_LAST, "preferences");
_Static_assert((int)PREF_TRIAL < (int)TC_PREF_V4, "before u32");

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP;
}

static bool
flower_takes(const struct tc_filter *f)
{
	/* RSVP and neighbour discovery have the control class, by u32. */
	if (f->by_label || f->spi != 0 || f->proto == PROTO_RSVP ||
		f->proto == IPPROTO_ICMPV6)
		return false;
	return f->dst_port == 0 || has_ports(f->proto);
}

static uint16_t
pref_of(const struct tc_filter *f)
{
	bool v4 = f->dst.family == ADDR_V4;

	if (f->dst_port != 0)
		return v4 ? PREF_V4_PORTS : PREF_V6_PORTS;
	return v4 ? PREF_V4_ANY : PREF_V6_ANY;
}

/* ---- numbers ------------------------------------------------------------- */

static uint32_t
flower_take(struct tc_nodes *nodes, const struct tc_filter *filter,
	uint32_t flow_id)
{
	(void)filter; /* one set of numbers for all preferences */
	(void)flow_id;
	return tc_handles_take(&nodes->flower);
}

static bool
flower_claim(struct tc_nodes *nodes, const struct tc_filter *filter,
	uint32_t handle, uint32_t flow_id)
{
	(void)filter;
	(void)flow_id;
	return tc_handles_claim(&nodes->flower, handle);
}

static void
flower_give(struct tc_nodes *nodes, uint32_t handle)
{
	tc_handles_give(&nodes->flower, handle);
}

/* ---- nodes --------------------------------------------------------------- */

static void
set_addr(struct tc_flower_addr *to, const struct addr *a)
{
	to->value = *a;
	to->mask.family = a->family;
	memset(to->mask.b, UINT8_MAX, addr_size(a->family));
}

static void
make_node(uint32_t ifindex, uint32_t handle, uint16_t pref, bool v4,
	struct tc_object *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = TC_FILTER;
	ret->ifindex = ifindex;
	ret->handle = handle;
	ret->parent = TC_ROOT_HANDLE;
	ret->pref = pref;
	ret->protocol = v4 ? ETH_P_IP : ETH_P_IPV6;
	ret->kind = &tc_kind_flower;
	ret->flower.fields = TC_FLOWER_ETH_TYPE;
	ret->flower.eth_type = ret->protocol;
}

static void
flower_node(uint32_t ifindex, uint32_t handle, const struct tc_filter *filter,
	const struct tc_mark *mark, struct tc_object *ret)
{
	struct tc_flower *f = &ret->flower;

	make_node(ifindex, handle, pref_of(filter),
		filter->dst.family == ADDR_V4, ret);
	f->classid = mark->classid;
	f->fields |= TC_FLOWER_PROTO | TC_FLOWER_DST;
	f->ip_proto = filter->proto;
	set_addr(&f->dst, &filter->dst);
	if (filter->src.family != ADDR_NONE) {
		f->fields |= TC_FLOWER_SRC;
		set_addr(&f->src, &filter->src);
	}
	if (filter->dst_port != 0) {
		f->fields |= TC_FLOWER_DPORT;
		f->dport =
			(struct tc_flower_port){ filter->dst_port, UINT16_MAX };
	}
	if (filter->src_port != 0) {
		f->fields |= TC_FLOWER_SPORT;
		f->sport =
			(struct tc_flower_port){ filter->src_port, UINT16_MAX };
	}
}

static bool
flower_is_node(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->kind == &tc_kind_flower &&
	       o->parent == TC_ROOT_HANDLE && o->chain == 0 &&
	       o->pref >= TC_PREF_FLOWER && o->pref <= TC_PREF_FLOWER_LAST;
}

static bool
flower_decode(const struct tc_object *node, struct tc_filter *ret_filter,
	struct tc_mark *ret_mark)
{
	const struct tc_flower *k = &node->flower;
	const struct tc_mark mark = { .classid = k->classid };
	struct tc_filter f = { 0 };
	struct tc_object again;

	if (!flower_is_node(node))
		return false;
	f.dst = k->dst.value;
	f.src = k->src.value;
	f.proto = k->ip_proto;
	f.dst_port = k->dport.a;
	f.src_port = k->sport.a;
	if (tc_filter_problem(&f) || !flower_takes(&f))
		return false;
	/* Whatever else it may ask for: it must be what we would make. */
	flower_node(node->ifindex, node->handle, &f, &mark, &again);
	if (again.pref != node->pref || again.protocol != node->protocol ||
		node->hw != 0 || !tc_kind_flower.equal(node, &again))
		return false;
	*ret_filter = f;
	*ret_mark = mark;
	return true;
}

void
tc_classifier_trial(uint32_t ifindex, struct tc_object *ret_filter)
{
	static const uint8_t nobody[4] = { 0 };
	const struct addr dst = addr_v4(nobody);
	struct tc_flower *f = &ret_filter->flower;

	make_node(ifindex, 1, PREF_TRIAL, true, ret_filter);
	f->classid = tc_classid(TC_MINOR_BEST);
	f->fields |= TC_FLOWER_DST;
	set_addr(&f->dst, &dst);
}

bool
tc_classifier_is_trial(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->parent == TC_ROOT_HANDLE &&
	       o->pref == PREF_TRIAL && o->kind == &tc_kind_flower;
}

const struct tc_classifier tc_classifier_flower = {
	.name = "flower",
	.takes = flower_takes,
	.take = flower_take,
	.claim = flower_claim,
	.give = flower_give,
	.node = flower_node,
	.decode = flower_decode,
	.is_node = flower_is_node,
	.wants_note = true,
	.turns = true,
};
