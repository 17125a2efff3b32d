/* SPDX-License-Identifier: ISC */

/* connmark: the connection's mark becomes the packet's. */

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_connmark.h>
#include <string.h>

#include "action_int.h"

static bool
connmark_equal(const struct tc_action *a, const struct tc_action *b)
{
	return a->connmark.zone == b->connmark.zone;
}

static void
connmark_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_connmark opt = { .action = a->control,
		.zone = a->connmark.zone };

	nl_put(w, TCA_CONNMARK_PARMS, &opt, sizeof(opt));
}

static bool
connmark_parse(const struct nl_view *options, struct tc_action *a)
{
	static const struct nl_want wants[] = { { TCA_CONNMARK_PARMS,
		sizeof(struct tc_connmark) } };
	struct nl_view got[1];
	struct tc_connmark opt;

	if (!nl_parse(*options, wants, 1, got) || !got[0].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	a->control = opt.action;
	a->connmark.zone = opt.zone;
	return true;
}

static void
connmark_print(struct text *t, const struct tc_action *a)
{
	text_printf(t, " zone %u ", a->connmark.zone);
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_connmark = {
	.name = "connmark",
	.equal = connmark_equal,
	.fill = connmark_fill,
	.parse = connmark_parse,
	.print = connmark_print,
};
