/* SPDX-License-Identifier: ISC */

/* mirred: to another interface, or a copy of it; or to nobody, which counts it
 * where the kernel has no other action that does. */

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#include "action_int.h"

_Static_assert((int)TC_MIRRED_REDIRECT == TCA_EGRESS_REDIR &&
		       (int)TC_MIRRED_INGRESS_MIRROR == TCA_INGRESS_MIRROR,
	"kernel's ways");

enum { BLOCKID = 4 }; /* TCA_MIRRED_BLOCKID, of newer headers */

static bool
mirred_equal(const struct tc_action *a, const struct tc_action *b)
{
	return a->mirred.ifindex == b->mirred.ifindex &&
	       a->mirred.way == b->mirred.way &&
	       a->mirred.nobody == b->mirred.nobody &&
	       (!b->mirred.nobody || a->index == b->index);
}

static void
mirred_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_mirred opt = { .index = a->index,
		.action = a->control,
		.eaction = a->mirred.way,
		.ifindex = a->mirred.ifindex };

	nl_put(w, TCA_MIRRED_PARMS, &opt, sizeof(opt));
	if (a->mirred.nobody)
		nl_put_u32(w, BLOCKID, TC_BLOCK_NOBODY);
}

static bool
mirred_parse(const struct nl_view *options, struct tc_action *a)
{
	static const struct nl_want wants[] = {
		{ TCA_MIRRED_PARMS, sizeof(struct tc_mirred) },
		{ BLOCKID, sizeof(uint32_t) },
	};
	struct nl_view got[2];
	struct tc_mirred opt;

	if (!nl_parse(*options, wants, 2, got) || !got[0].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	a->mirred.nobody = nl_u32(got[1]) == TC_BLOCK_NOBODY;
	/* Of another block of interfaces: not known here. */
	if ((opt.ifindex == 0) != a->mirred.nobody ||
		opt.eaction < TC_MIRRED_REDIRECT ||
		opt.eaction > TC_MIRRED_INGRESS_MIRROR)
		return false;
	a->control = opt.action;
	if (a->mirred.nobody)
		a->index = opt.index;
	a->mirred.ifindex = opt.ifindex;
	a->mirred.way = (uint8_t)opt.eaction;
	return true;
}

static void
mirred_print(struct text *t, const struct tc_action *a)
{
	static const char *const words[] = { "?", "redirect to", "mirror to",
		"redirect as received by", "mirror as received by" };

	if (a->mirred.nobody)
		text_add(t, " to nobody ");
	else
		text_printf(t, " %s ",
			words[a->mirred.way <= TC_MIRRED_INGRESS_MIRROR
					? a->mirred.way
					: 0]);
	if (!a->mirred.nobody && a->mirred.name[0] != '\0')
		text_printf(t, "%s ", a->mirred.name);
	else if (!a->mirred.nobody)
		text_printf(t, "interface %u ", a->mirred.ifindex);
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_mirred = {
	.name = "mirred",
	.equal = mirred_equal,
	.fill = mirred_fill,
	.parse = mirred_parse,
	.print = mirred_print,
};
