/* SPDX-License-Identifier: ISC */

/* The list of actions that a filter carries. */

#include "action_int.h"

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <string.h>

_Static_assert((int)TC_VERDICT_CONTINUE == TC_ACT_UNSPEC &&
		       (int)TC_VERDICT_OK == TC_ACT_OK &&
		       (int)TC_VERDICT_RECLASSIFY == TC_ACT_RECLASSIFY &&
		       (int)TC_VERDICT_DROP == TC_ACT_SHOT &&
		       (int)TC_VERDICT_PIPE == TC_ACT_PIPE &&
		       (int)TC_VERDICT_STOLEN == TC_ACT_STOLEN &&
		       (int)TC_VERDICT_GOTO == TC_ACT_GOTO_CHAIN,
	"kernel's verdicts");
_Static_assert((int)TC_HW_SKIP == TCA_CLS_FLAGS_SKIP_HW &&
		       (int)TC_SW_SKIP == TCA_CLS_FLAGS_SKIP_SW,
	"kernel's flags");

enum { ORDER_MAX = 32 }; /* actions that the kernel allows a filter */

const struct tc_action_kind *
tc_action_find(const char *name)
{
	static const struct tc_action_kind *const kinds[] = {
		&tc_action_connmark,
		&tc_action_csum,
		&tc_action_gact,
		&tc_action_mirred,
		&tc_action_pedit,
		&tc_action_police,
		&tc_action_skbedit,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

/* ---- writing ------------------------------------------------------------- */

void
tc_action_put_gen(struct buf_writer *w, const struct tc_action *a)
{
	/* index, capabilities, action, and two counts of references. */
	const uint32_t gen[5] = { 0, 0, (uint32_t)a->control, 0, 0 };

	buf_put_bytes(w, gen, sizeof(gen));
}

static void
fill_one(struct buf_writer *w, uint16_t order, const struct tc_action *a)
{
	uint8_t *start = nl_begin(w, order);
	uint8_t *options;

	nl_put_text(w, TCA_ACT_KIND, a->kind->name);
	options = nl_begin(w, TCA_ACT_OPTIONS);
	a->kind->fill(w, a);
	nl_end(w, options);
	nl_end(w, start);
}

void
tc_actions_fill(struct buf_writer *w, const struct tc_object *filter,
	uint16_t actions, uint16_t police)
{
	const struct tc_extra *extra = filter->extra;
	uint8_t *nest;

	if (!extra || extra->action_count == 0)
		return;
	if (extra->old_police && police != 0) {
		nest = nl_begin(w, police);
		extra->actions[0].kind->fill(w, &extra->actions[0]);
		nl_end(w, nest);
		return;
	}
	nest = nl_begin(w, actions);
	for (size_t i = 0; i < extra->action_count; i++)
		fill_one(w, (uint16_t)(i + 1), &extra->actions[i]);
	nl_end(w, nest);
}

/* ---- reading ------------------------------------------------------------- */

static bool
parse_one(struct nl_view view, struct tc_extra *extra)
{
	static const struct nl_want wants[] = { { TCA_ACT_KIND, 1 },
		{ TCA_ACT_OPTIONS, 0 } };
	struct tc_action *a = &extra->actions[extra->action_count];
	struct nl_view got[2];
	char name[sizeof(extra->unknown)];

	if (!nl_parse(view, wants, 2, got) || !got[0].data)
		return false;
	nl_text(got[0], name, sizeof(name));
	memset(a, 0, sizeof(*a));
	a->kind = tc_action_find(name);
	if (!a->kind || !got[1].data || !a->kind->parse(&got[1], a)) {
		memcpy(extra->unknown, name, sizeof(extra->unknown));
		return false;
	}
	extra->action_count++;
	return true;
}

static bool
parse_list(struct nl_view list, struct tc_extra *extra)
{
	struct nl_want wants[ORDER_MAX];
	struct nl_view got[ORDER_MAX];

	for (size_t i = 0; i < ORDER_MAX; i++)
		wants[i] = (struct nl_want){ (uint16_t)(i + 1), 0 };
	if (!nl_parse(list, wants, ORDER_MAX, got))
		return false;
	for (size_t i = 0; i < ORDER_MAX; i++) {
		if (!got[i].data)
			continue;
		if (extra->action_count == TC_ACTIONS_MAX ||
			!parse_one(got[i], extra))
			return false;
	}
	return true;
}

bool
tc_actions_parse(
	struct tc_object *filter, struct nl_view actions, struct nl_view police)
{
	struct tc_extra *extra = filter->extra;

	if (!actions.data && !police.data)
		return true;
	if (!extra)
		return false;
	if (actions.data)
		return !police.data && parse_list(actions, extra);
	memset(&extra->actions[0], 0, sizeof(extra->actions[0]));
	extra->actions[0].kind = &tc_action_police;
	extra->action_count = 1;
	extra->old_police = true;
	return tc_action_police.parse(&police, &extra->actions[0]);
}

/* ---- words --------------------------------------------------------------- */

void
tc_verdict_print(struct text *t, int32_t verdict)
{
	static const char *const words[] = { "pass", "reclassify", "drop",
		"pipe", "stolen" };

	if (verdict == TC_VERDICT_CONTINUE)
		text_add(t, "continue");
	else if (verdict >= 0 &&
		 (size_t)verdict < sizeof(words) / sizeof(words[0]))
		text_add(t, words[verdict]);
	else if (TC_ACT_EXT_CMP(verdict, TC_VERDICT_GOTO))
		text_printf(t, "goto chain %u",
			(unsigned)verdict & TC_ACT_EXT_VAL_MASK);
	else if (TC_ACT_EXT_CMP(verdict, TC_VERDICT_JUMP))
		text_printf(t, "action %u",
			((unsigned)verdict & TC_ACT_EXT_VAL_MASK) + 1);
	else
		text_printf(t, "verdict %#x", (unsigned)verdict);
}

void
tc_actions_print(struct text *t, const struct tc_extra *extra)
{
	if (!extra)
		return;
	for (size_t i = 0; i < extra->action_count; i++) {
		const struct tc_action *a = &extra->actions[i];

		text_printf(t, "%s%s", i > 0 ? ", then " : " ", a->kind->name);
		a->kind->print(t, a);
	}
}

/* ---- what filters have in common ----------------------------------------- */

void
tc_filter_put_hw(
	struct buf_writer *w, uint16_t type, const struct tc_object *filter)
{
	if (filter->hw != 0)
		nl_put_u32(w, type, filter->hw);
}

uint8_t
tc_filter_hw(struct nl_view flags)
{
	return (uint8_t)(nl_u32(flags) & (TC_HW_SKIP | TC_SW_SKIP));
}

void
tc_filter_print_class(struct text *t, uint32_t classid)
{
	if (classid != 0)
		text_printf(t, "to %x:%x", classid >> 16, classid & 0xffff);
}
