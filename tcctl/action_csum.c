/* SPDX-License-Identifier: ISC */

/* csum: checksums anew, after a change of what they cover. */

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_csum.h>
#include <string.h>

#include "action_int.h"

static bool
csum_equal(const struct tc_action *a, const struct tc_action *b)
{
	return a->csum.what == b->csum.what;
}

static void
csum_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_csum opt = { .action = a->control,
		.update_flags = a->csum.what };

	nl_put(w, TCA_CSUM_PARMS, &opt, sizeof(opt));
}

static bool
csum_parse(const struct nl_view *options, struct tc_action *a)
{
	static const struct nl_want wants[] = { { TCA_CSUM_PARMS,
		sizeof(struct tc_csum) } };
	struct nl_view got[1];
	struct tc_csum opt;

	if (!nl_parse(*options, wants, 1, got) || !got[0].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	a->control = opt.action;
	a->csum.what = opt.update_flags;
	return true;
}

static void
csum_print(struct text *t, const struct tc_action *a)
{
	static const char *const words[] = { "ip4h", "icmp", "igmp", "tcp",
		"udp", "udplite", "sctp" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((a->csum.what >> i & 1) != 0)
			text_printf(t, " %s", words[i]);
	text_add(t, " ");
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_csum = {
	.name = "csum",
	.equal = csum_equal,
	.fill = csum_fill,
	.parse = csum_parse,
	.print = csum_print,
};
