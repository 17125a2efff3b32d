/* SPDX-License-Identifier: ISC */

/* skbedit: the packet's priority and mark, as the kernel holds them. */

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_skbedit.h>
#include <string.h>

#include "action_int.h"

static bool
skbedit_equal(const struct tc_action *a, const struct tc_action *b)
{
	const struct tc_act_skbedit *s = &a->skbedit;
	const struct tc_act_skbedit *t = &b->skbedit;

	if (s->has_priority != t->has_priority || s->has_mark != t->has_mark ||
		s->inherit_dsfield != t->inherit_dsfield)
		return false;
	if (s->has_priority && s->priority != t->priority)
		return false;
	return !s->has_mark || (s->mark == t->mark && s->mask == t->mask);
}

static void
skbedit_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_skbedit opt = { .action = a->control };
	const struct tc_act_skbedit *s = &a->skbedit;

	nl_put(w, TCA_SKBEDIT_PARMS, &opt, sizeof(opt));
	if (s->has_priority)
		nl_put_u32(w, TCA_SKBEDIT_PRIORITY, s->priority);
	if (s->has_mark)
		nl_put_u32(w, TCA_SKBEDIT_MARK, s->mark);
	if (s->has_mark && s->mask != UINT32_MAX)
		nl_put_u32(w, TCA_SKBEDIT_MASK, s->mask);
	if (s->inherit_dsfield)
		nl_put_u64(w, TCA_SKBEDIT_FLAGS, SKBEDIT_F_INHERITDSFIELD);
}

static bool
skbedit_parse(const struct nl_view *options, struct tc_action *a)
{
	enum { PARMS, PRIORITY, MARK, MASK, FLAGS, QUEUE, PTYPE, WANTS };
	static const struct nl_want wants[WANTS] = {
		[PARMS] = { TCA_SKBEDIT_PARMS, sizeof(struct tc_skbedit) },
		[PRIORITY] = { TCA_SKBEDIT_PRIORITY, sizeof(uint32_t) },
		[MARK] = { TCA_SKBEDIT_MARK, sizeof(uint32_t) },
		[MASK] = { TCA_SKBEDIT_MASK, sizeof(uint32_t) },
		[FLAGS] = { TCA_SKBEDIT_FLAGS, sizeof(uint64_t) },
		[QUEUE] = { TCA_SKBEDIT_QUEUE_MAPPING, 0 },
		[PTYPE] = { TCA_SKBEDIT_PTYPE, 0 },
	};
	struct nl_view got[WANTS];
	struct tc_skbedit opt;
	uint64_t flags;

	if (!nl_parse(*options, wants, WANTS, got) || !got[PARMS].data)
		return false;
	flags = nl_u64(got[FLAGS]);
	/* Hardware queues and kinds of packets: not known here. */
	if (got[QUEUE].data || got[PTYPE].data ||
		(flags & ~(uint64_t)SKBEDIT_F_INHERITDSFIELD) != 0)
		return false;
	memcpy(&opt, got[PARMS].data, sizeof(opt));
	a->control = opt.action;
	a->skbedit = (struct tc_act_skbedit){
		.has_priority = got[PRIORITY].data != NULL,
		.has_mark = got[MARK].data != NULL,
		.inherit_dsfield = flags != 0,
		.priority = nl_u32(got[PRIORITY]),
		.mark = nl_u32(got[MARK]),
		.mask = got[MASK].data ? nl_u32(got[MASK]) : UINT32_MAX
	};
	return true;
}

static void
skbedit_print(struct text *t, const struct tc_action *a)
{
	const struct tc_act_skbedit *s = &a->skbedit;

	if (s->has_priority)
		text_printf(t, " priority %x:%x", s->priority >> 16,
			s->priority & 0xffff);
	if (s->has_mark)
		text_printf(t, " mark %#x", s->mark);
	if (s->has_mark && s->mask != UINT32_MAX)
		text_printf(t, "/%#x", s->mask);
	if (s->inherit_dsfield)
		text_add(t, " inheritdsfield");
	text_add(t, " ");
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_skbedit = {
	.name = "skbedit",
	.equal = skbedit_equal,
	.fill = skbedit_fill,
	.parse = skbedit_parse,
	.print = skbedit_print,
};
