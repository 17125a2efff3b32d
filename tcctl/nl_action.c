/* SPDX-License-Identifier: ISC */

/* Counters of all actions of a kind, whichever filters they hang on. */

#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>
#include <stddef.h>
#include <string.h>

#include "nl_attr.h"
#include "nl_conn.h"

_Static_assert((int)TCA_GACT_PARMS == (int)TCA_MIRRED_PARMS &&
		       offsetof(struct tc_gact, index) == 0 &&
		       offsetof(struct tc_mirred, index) == 0,
	"the number is in the same place");

/* As many in a message as fit, not 32: the kernel walks past those that it has
 * told with each. */
bool
nl_acts_put(struct buf_writer *w, uint32_t seq, const char *kind)
{
	const struct tcamsg head = { .tca_family = 0 };
	const struct nla_bitfield32 flags = { TCA_ACT_FLAG_LARGE_DUMP_ON,
		TCA_ACT_FLAG_LARGE_DUMP_ON };
	struct nlmsghdr h = { .nlmsg_type = RTM_GETACTION,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = seq };
	uint8_t *start = buf_reserve(w, sizeof(h));
	uint8_t *tab;
	uint8_t *first;

	buf_put_bytes(w, &head, sizeof(head));
	tab = nl_begin(w, TCA_ACT_TAB);
	first = nl_begin(w, 1);
	nl_put_text(w, TCA_ACT_KIND, kind);
	nl_end(w, first);
	nl_end(w, tab);
	nl_put(w, TCA_ROOT_FLAGS, &flags, sizeof(flags));
	if (w->failed)
		return false;
	h.nlmsg_len = (uint32_t)(w->pos - start);
	memcpy(start, &h, sizeof(h));
	return true;
}

static void
take_stats(struct nl_view stats, struct tc_gact_count *ret)
{
	static const struct nl_want wants[] = {
		{ TCA_STATS_BASIC, sizeof(uint64_t) + sizeof(uint32_t) },
		{ TCA_STATS_PKT64, sizeof(uint64_t) },
	};
	struct nl_view got[2];

	if (!nl_parse(stats, wants, 2, got))
		return;
	if (got[0].data) {
		uint32_t packets;

		memcpy(&ret->bytes, got[0].data, sizeof(ret->bytes));
		memcpy(&packets, got[0].data + sizeof(ret->bytes),
			sizeof(packets));
		ret->packets = packets;
	}
	if (got[1].data)
		ret->packets = nl_u64(got[1]);
}

static void
take_one(struct nl_view view, tc_gact_fn *tell, void *arg)
{
	static const struct nl_want wants[] = { { TCA_ACT_OPTIONS, 0 },
		{ TCA_ACT_STATS, 0 } };
	static const struct nl_want parms[] = { { TCA_GACT_PARMS,
		sizeof(uint32_t) } };
	struct tc_gact_count count = { 0 };
	struct nl_view got[2];
	struct nl_view options[1];

	if (!nl_parse(view, wants, 2, got) || !got[0].data ||
		!nl_parse(got[0], parms, 1, options) || !options[0].data)
		return;
	memcpy(&count.index, options[0].data, sizeof(count.index));
	if (got[1].data)
		take_stats(got[1], &count);
	tell(arg, &count);
}

void
nl_acts_get(const struct nlmsghdr *h, tc_gact_fn *tell, void *arg)
{
	static const struct nl_want wants[] = { { TCA_ACT_TAB, 0 } };
	const uint8_t *bytes = (const uint8_t *)h;
	struct buf_reader r = buf_reader(bytes, h->nlmsg_len);
	struct nl_view attrs;
	struct nl_view tab[1];
	struct nl_view one;

	(void)buf_take(&r, sizeof(*h) + sizeof(struct tcamsg));
	attrs = (struct nl_view){ r.pos, buf_left(&r) };
	if (h->nlmsg_type != RTM_GETACTION || r.failed ||
		!nl_parse(attrs, wants, 1, tab) || !tab[0].data)
		return;
	while (nl_any(&tab[0], &one))
		take_one(one, tell, arg);
}
