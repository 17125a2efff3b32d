/* SPDX-License-Identifier: ISC */

/* What trees of u32 are made of: tables, nodes that lead from one to the next,
 * and what a node looks for. */

#include "classifier_int.h"

#include <linux/if_ether.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"

void
tc_u32_begin(uint32_t ifindex, uint32_t handle, uint8_t family,
	struct tc_object *ret)
{
	memset(ret, 0,
		offsetof(struct tc_object, u32) +
			offsetof(struct tc_u32, keys));
	ret->type = TC_FILTER;
	ret->ifindex = ifindex;
	ret->handle = handle;
	ret->parent = TC_ROOT_HANDLE;
	ret->pref = family == ADDR_V4 ? TC_PREF_V4 : TC_PREF_V6;
	ret->protocol = family == ADDR_V4 ? ETH_P_IP : ETH_P_IPV6;
	ret->kind = &tc_kind_u32;
}

void
tc_u32_match(struct tc_u32 *u, uint32_t mask, uint32_t value, int off)
{
	u->keys[u->key_count++] = (struct tc_key){
		.mask = mask, .value = value, .off = (int16_t)off
	};
}

void
tc_u32_match_addr(struct tc_u32 *u, const struct addr *a, int off)
{
	struct buf_reader r = buf_reader(a->b, addr_size(a->family));

	for (; buf_left(&r) > 0; off += 4)
		tc_u32_match(u, UINT32_MAX, buf_get_u32be(&r), off);
}

struct tc_u32 *
tc_u32_make(const struct tc_u32_maker *m, uint32_t handle)
{
	struct tc_object *o = tc_objects_add(m->into);

	if (!o)
		return NULL;
	tc_u32_begin(m->ifindex, handle, m->family, o);
	if (m->family == ADDR_NONE) {
		o->pref = TC_PREF_ARP;
		o->protocol = ETH_P_ARP;
	}
	return &o->u32;
}

void
tc_u32_make_table(const struct tc_u32_maker *m, uint32_t id, uint16_t buckets)
{
	struct tc_u32 *u = tc_u32_make(m, tc_u32_place(id, 0));

	if (u)
		u->divisor = buckets;
}

struct tc_u32 *
tc_u32_make_link(
	const struct tc_u32_maker *m, uint32_t handle, struct tc_u32_to to)
{
	struct tc_u32 *u = tc_u32_make(m, handle);

	if (!u)
		return NULL;
	u->link = tc_u32_place(to.id, 0);
	u->hoff = to.hoff;
	u->hmask = to.hmask;
	return u;
}
