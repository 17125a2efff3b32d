/* SPDX-License-Identifier: ISC */

/* gact: a verdict and nothing else. */

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_gact.h>
#include <string.h>

#include "action_int.h"

static bool
gact_equal(const struct tc_action *a, const struct tc_action *b)
{
	return b->index == 0 || a->index == b->index;
}

static void
gact_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_gact opt = { .index = a->index, .action = a->control };

	nl_put(w, TCA_GACT_PARMS, &opt, sizeof(opt));
}

static bool
gact_parse(const struct nl_view *options, struct tc_action *a)
{
	static const struct nl_want wants[] = {
		{ TCA_GACT_PARMS, sizeof(struct tc_gact) },
		{ TCA_GACT_PROB, 0 },
	};
	struct nl_view got[2];
	struct tc_gact opt;

	/* Now this verdict, now that one: not known here. */
	if (!nl_parse(*options, wants, 2, got) || !got[0].data || got[1].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	a->control = opt.action;
	a->index = opt.index;
	return true;
}

static void
gact_print(struct text *t, const struct tc_action *a)
{
	text_add(t, " ");
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_gact = {
	.name = "gact",
	.equal = gact_equal,
	.fill = gact_fill,
	.parse = gact_parse,
	.print = gact_print,
};
