/* SPDX-License-Identifier: ISC */

/* Which of the kernel's objects a description can say: only those are compared,
 * changed and written; the others are named and left alone. */

#include "tree_int.h"

#include <linux/tc_act/tc_csum.h>

enum {
	PLAIN_FLOWER = TC_FLOWER_ETH_TYPE | TC_FLOWER_PROTO | TC_FLOWER_SRC |
		       TC_FLOWER_DST | TC_FLOWER_SPORT | TC_FLOWER_DPORT |
		       TC_FLOWER_TOS,
	ECN_KEPT = 0xfc
};

/* Who is last lets the packet pass. */
static bool
goes_on(const struct tc_extra *e, size_t i)
{
	return e->actions[i].control ==
	       (i + 1 == e->action_count ? TC_VERDICT_OK : TC_VERDICT_PIPE);
}

static bool
is_pedit_known(const struct tc_object *f, size_t i)
{
	const struct tc_extra *e = f->extra;
	const struct tc_action *next =
		i + 1 < e->action_count ? &e->actions[i + 1] : NULL;
	uint8_t value;
	uint8_t retain;
	bool v6;

	if (!goes_on(e, i) ||
		!tc_pedit_is_dsfield(
			&e->actions[i].pedit, &v6, &value, &retain) ||
		retain != ECN_KEPT)
		return false;
	return v6 ||
	       (next && next->kind == &tc_action_csum && goes_on(e, i + 1) &&
		       next->csum.what == TCA_CSUM_UPDATE_FLAG_IPV4HDR);
}

static bool
is_verdict_known(int32_t v)
{
	return v >= TC_VERDICT_CONTINUE && v <= TC_VERDICT_PIPE;
}

static bool
is_action_known(const struct tc_object *f, size_t i)
{
	const struct tc_action *a = &f->extra->actions[i];

	if (a->kind == &tc_action_police)
		return a->police.packet_rate == 0 && a->police.rate_Bps != 0 &&
		       is_verdict_known(a->control) &&
		       is_verdict_known(a->police.conform);
	if (a->kind == &tc_action_mirred)
		return (a->mirred.way == TC_MIRRED_REDIRECT &&
			       a->control == TC_VERDICT_STOLEN) ||
		       (a->mirred.way == TC_MIRRED_MIRROR &&
			       a->control == TC_VERDICT_PIPE);
	if (a->kind == &tc_action_connmark)
		return a->control == TC_VERDICT_PIPE;
	if (a->kind == &tc_action_skbedit)
		return a->control == TC_VERDICT_PIPE &&
		       !a->skbedit.inherit_dsfield &&
		       a->skbedit.has_mark != a->skbedit.has_priority;
	if (a->kind == &tc_action_gact)
		return is_verdict_known(a->control);
	if (a->kind == &tc_action_pedit)
		return is_pedit_known(f, i);
	return a->kind == &tc_action_csum && i > 0 &&
	       f->extra->actions[i - 1].kind == &tc_action_pedit;
}

static bool
is_filter_known(const struct tc_object *f)
{
	if (f->chain != 0 || f->hw != 0)
		return false;
	for (size_t i = 0; f->extra && i < f->extra->action_count; i++)
		if (!is_action_known(f, i))
			return false;
	if (f->kind == &tc_kind_flower)
		return (f->flower.fields & ~(uint32_t)PLAIN_FLOWER) == 0;
	if (f->kind == &tc_kind_u32 && f->u32.divisor != 0)
		return tree_is_automatic(f);
	return f->kind != &tc_kind_u32 ||
	       ((tc_u32_table(f->handle) == 0 || tc_u32_is_root(f->handle)) &&
		       f->u32.link == 0 && f->u32.in[0] == '\0' &&
		       f->u32.flags == TC_U32_FLAG_TERMINAL);
}

bool
tree_is_known(const struct tc_object *o)
{
	if (o->kind == &tc_kind_other || !o->kind->fill)
		return false;
	if (o->type == TC_FILTER)
		return is_filter_known(o);
	return o->kind != &tc_kind_htb_root || !o->root.offload;
}

bool
tree_is_automatic(const struct tc_object *o)
{
	if (o->type == TC_FILTER)
		return o->kind == &tc_kind_u32 && o->u32.divisor != 0 &&
		       tc_u32_is_root(o->handle);
	return o->handle == 0;
}

uint64_t
tree_pref_key(const struct tc_object *filter)
{
	return (uint64_t)filter->parent << 16 | filter->pref;
}

bool
tree_is_same_preference(const struct tc_object *a, const struct tc_object *b)
{
	return a->type == TC_FILTER && b->type == TC_FILTER &&
	       a->parent == b->parent && a->chain == b->chain &&
	       a->pref == b->pref;
}

bool
tree_is_empty_preference(const struct tc_objects *list, size_t at)
{
	const struct tc_object *o = &list->all[at];

	if (o->type != TC_FILTER || !tree_is_automatic(o))
		return false;
	return (at == 0 || !tree_is_same_preference(o - 1, o)) &&
	       (at + 1 == list->count || !tree_is_same_preference(o, o + 1));
}
