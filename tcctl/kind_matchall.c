/* SPDX-License-Identifier: ISC */

/* matchall: every packet.  There is one in a preference, and the kernel cannot
 * change it. */

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include "action_int.h"

static bool
matchall_equal(const struct tc_object *have, const struct tc_object *want)
{
	return have->matchall.classid == want->matchall.classid;
}

static bool
matchall_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return false;
}

static void
matchall_fill(struct buf_writer *w, const struct tc_object *o)
{
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	if (o->matchall.classid != 0)
		nl_put_u32(w, TCA_MATCHALL_CLASSID, o->matchall.classid);
	tc_actions_fill(w, o, TCA_MATCHALL_ACT, 0);
	tc_filter_put_hw(w, TCA_MATCHALL_FLAGS, o);
	nl_end(w, nest);
}

static bool
matchall_parse(const struct nl_view *options, struct tc_object *o)
{
	enum { CLASSID, ACT, FLAGS, WANTS };
	static const struct nl_want wants[WANTS] = {
		[CLASSID] = { TCA_MATCHALL_CLASSID, sizeof(uint32_t) },
		[ACT] = { TCA_MATCHALL_ACT, 0 },
		[FLAGS] = { TCA_MATCHALL_FLAGS, sizeof(uint32_t) },
	};
	static const struct nl_view none = { 0 };
	struct nl_view got[WANTS];

	if (!nl_parse(*options, wants, WANTS, got))
		return false;
	o->matchall.classid = nl_u32(got[CLASSID]);
	o->hw = tc_filter_hw(got[FLAGS]);
	return tc_actions_parse(o, got[ACT], none);
}

static void
matchall_print(struct text *t, const struct tc_object *o)
{
	tc_filter_print_class(t, o->matchall.classid);
	tc_actions_print(t, o->extra);
}

const struct tc_kind tc_kind_matchall = {
	.name = "matchall",
	.equal = matchall_equal,
	.changeable = matchall_changeable,
	.fill = matchall_fill,
	.parse = matchall_parse,
	.print = matchall_print,
};
