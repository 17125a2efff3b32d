/* SPDX-License-Identifier: ISC */

/* fw: classification by the packet's mark, which is the filter's handle. */

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include "action_int.h"

static bool
fw_equal(const struct tc_object *have, const struct tc_object *want)
{
	return have->fw.classid == want->fw.classid &&
	       have->fw.mask == want->fw.mask;
}

/* All of a preference have one mask, for good; and a class that is not sent
 * stays as it was. */
static bool
fw_changeable(const struct tc_object *have, const struct tc_object *want)
{
	return have->fw.mask == want->fw.mask &&
	       (have->fw.classid == 0 || want->fw.classid != 0);
}

static void
fw_fill(struct buf_writer *w, const struct tc_object *o)
{
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	if (o->fw.classid != 0)
		nl_put_u32(w, TCA_FW_CLASSID, o->fw.classid);
	if (o->fw.mask != UINT32_MAX)
		nl_put_u32(w, TCA_FW_MASK, o->fw.mask);
	tc_actions_fill(w, o, TCA_FW_ACT, TCA_FW_POLICE);
	nl_end(w, nest);
}

static bool
fw_parse(const struct nl_view *options, struct tc_object *o)
{
	enum { CLASSID, MASK, ACT, POLICE, INDEV, WANTS };
	static const struct nl_want wants[WANTS] = {
		[CLASSID] = { TCA_FW_CLASSID, sizeof(uint32_t) },
		[MASK] = { TCA_FW_MASK, sizeof(uint32_t) },
		[ACT] = { TCA_FW_ACT, 0 },
		[POLICE] = { TCA_FW_POLICE, 0 },
		[INDEV] = { TCA_FW_INDEV, 0 },
	};
	struct nl_view got[WANTS];

	/* By incoming interface: not known here. */
	if (!nl_parse(*options, wants, WANTS, got) || got[INDEV].data)
		return false;
	o->fw.classid = nl_u32(got[CLASSID]);
	o->fw.mask = got[MASK].data ? nl_u32(got[MASK]) : UINT32_MAX;
	return tc_actions_parse(o, got[ACT], got[POLICE]);
}

static void
fw_print(struct text *t, const struct tc_object *o)
{
	text_printf(t, "mark %#x", o->handle);
	if (o->fw.mask != UINT32_MAX)
		text_printf(t, "/%#x", o->fw.mask);
	text_add(t, " ");
	tc_filter_print_class(t, o->fw.classid);
	tc_actions_print(t, o->extra);
}

const struct tc_kind tc_kind_fw = {
	.name = "fw",
	.equal = fw_equal,
	.changeable = fw_changeable,
	.fill = fw_fill,
	.parse = fw_parse,
	.print = fw_print,
};
