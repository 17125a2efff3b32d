/* SPDX-License-Identifier: ISC */

/* fq_codel: the best-effort leaf where the kernel has it.  The number of its
 * internal flows is left to the kernel: it cannot be changed afterwards. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "model_int.h"
#include "nl_attr.h"

/* The kernel keeps its times in units of 1.024 us: allow for the rounding. */
static bool
close_to(uint32_t have_us, uint32_t want_us)
{
	uint32_t lower = want_us > 2 ? want_us - 2 : 0;

	return have_us >= lower && have_us <= want_us + 2;
}

static bool
fq_codel_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_fq_codel *a = &have->fq_codel;
	const struct tc_fq_codel *b = &want->fq_codel;

	return a->limit == b->limit && close_to(a->target_us, b->target_us) &&
	       close_to(a->interval_us, b->interval_us) &&
	       a->quantum == b->quantum && a->ecn == b->ecn;
}

static bool
fq_codel_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

static void
fq_codel_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_fq_codel *c = &o->fq_codel;
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	nl_put_u32(w, TCA_FQ_CODEL_LIMIT, c->limit);
	nl_put_u32(w, TCA_FQ_CODEL_TARGET, c->target_us);
	nl_put_u32(w, TCA_FQ_CODEL_INTERVAL, c->interval_us);
	nl_put_u32(w, TCA_FQ_CODEL_QUANTUM, c->quantum);
	nl_put_u32(w, TCA_FQ_CODEL_ECN, c->ecn);
	nl_end(w, nest);
}

static bool
fq_codel_parse(const struct nl_view *options, struct tc_object *o)
{
	static const struct nl_want wants[] = {
		{ TCA_FQ_CODEL_LIMIT, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_TARGET, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_INTERVAL, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_QUANTUM, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_ECN, sizeof(uint32_t) },
	};
	struct nl_view got[5];

	if (!nl_parse(*options, wants, 5, got))
		return false;
	o->fq_codel = (struct tc_fq_codel){ .limit = nl_u32(got[0]),
		.target_us = nl_u32(got[1]),
		.interval_us = nl_u32(got[2]),
		.quantum = nl_u32(got[3]),
		.ecn = nl_u32(got[4]) };
	return true;
}

static void
fq_codel_print(struct text *t, const struct tc_object *o)
{
	const struct tc_fq_codel *c = &o->fq_codel;

	text_printf(t,
		"limit %u packets target %u us interval %u us quantum %u%s",
		c->limit, c->target_us, c->interval_us, c->quantum,
		c->ecn ? " ecn" : "");
}

const struct tc_kind tc_kind_fq_codel = {
	.name = "fq_codel",
	.equal = fq_codel_equal,
	.changeable = fq_codel_changeable,
	.fill = fq_codel_fill,
	.parse = fq_codel_parse,
	.print = fq_codel_print,
};
