/* SPDX-License-Identifier: ISC */

/* Which classifier a filter is given to, and u32 as one of them: its nodes lie
 * in hash buckets (nodes.c). */

#include "classifier_int.h"

static bool
u32_takes(const struct tc_filter *filter)
{
	(void)filter; /* whatever there can be */
	return true;
}

static uint32_t
u32_take(struct tc_nodes *nodes, const struct tc_filter *filter,
	uint32_t flow_id)
{
	return tc_nodes_take(nodes, tc_nodes_place(nodes, filter), flow_id);
}

static bool
u32_claim(struct tc_nodes *nodes, const struct tc_filter *filter,
	uint32_t handle, uint32_t flow_id)
{
	return tc_nodes_on_way(
		       nodes, filter, handle & ~(uint32_t)TC_NODE_MAX) &&
	       tc_nodes_claim(nodes, handle, flow_id);
}

static bool
u32_is_node(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->kind == &tc_kind_u32 &&
	       (o->pref == TC_PREF_V4 || o->pref == TC_PREF_V6) &&
	       o->u32.divisor == 0 &&
	       (tc_hash_is_split(o->handle) ||
		       tc_u32_bucket_index(o->handle) < TC_U32_BUCKETS);
}

const struct tc_classifier tc_classifier_u32 = {
	.name = "u32",
	.takes = u32_takes,
	.take = u32_take,
	.claim = u32_claim,
	.give = tc_nodes_give,
	.node = tc_u32_node,
	.decode = tc_u32_decode,
	.is_node = u32_is_node,
};

const struct tc_classifier *
tc_classifier_for(uint8_t setting, const struct tc_filter *filter)
{
	/* auto: u32 is in every kernel, and as fast. */
	if (setting == TC_CLASSIFIER_FLOWER &&
		tc_classifier_flower.takes(filter))
		return &tc_classifier_flower;
	return &tc_classifier_u32;
}

const struct tc_classifier *
tc_classifier_of(const struct tc_object *o)
{
	if (tc_classifier_u32.is_node(o))
		return &tc_classifier_u32;
	return tc_classifier_flower.is_node(o) ? &tc_classifier_flower : NULL;
}
