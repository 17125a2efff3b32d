/* SPDX-License-Identifier: ISC */

/* fq_codel: fair queues, each with controlled delay.  The number of its flows
 * cannot be changed afterwards, nor a threshold for marks be taken away. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "model_int.h"
#include "nl_attr.h"

/* The kernel keeps its times in units of 1.024 us: allow for the rounding. */
static bool
close_to(uint32_t have_us, uint32_t want_us)
{
	return (have_us > want_us ? have_us - want_us : want_us - have_us) <= 2;
}

/* As wanted, or nothing was wanted. */
static bool
same(uint32_t have, uint32_t want)
{
	return want == 0 || have == want;
}

static bool
same_time(uint32_t have_us, uint32_t want_us)
{
	return want_us == 0 || close_to(have_us, want_us);
}

static bool
threshold_equal(const struct tc_fq_codel *a, const struct tc_fq_codel *b)
{
	if (!a->has_ce_threshold || !b->has_ce_threshold)
		return a->has_ce_threshold == b->has_ce_threshold;
	return close_to(a->ce_threshold_us, b->ce_threshold_us) &&
	       a->ce_selector == b->ce_selector && a->ce_mask == b->ce_mask;
}

static bool
fq_codel_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_fq_codel *a = &have->fq_codel;
	const struct tc_fq_codel *b = &want->fq_codel;

	return same(a->limit, b->limit) &&
	       same_time(a->target_us, b->target_us) &&
	       same_time(a->interval_us, b->interval_us) &&
	       same(a->quantum, b->quantum) && a->ecn == b->ecn &&
	       same(a->flows, b->flows) &&
	       same(a->memory_limit_bytes, b->memory_limit_bytes) &&
	       same(a->drop_batch, b->drop_batch) && threshold_equal(a, b);
}

static bool
fq_codel_changeable(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_fq_codel *a = &have->fq_codel;
	const struct tc_fq_codel *b = &want->fq_codel;

	return same(a->flows, b->flows) &&
	       (b->has_ce_threshold || !a->has_ce_threshold);
}

static void
put_chosen(struct buf_writer *w, uint16_t type, uint32_t value)
{
	if (value != 0)
		nl_put_u32(w, type, value);
}

static void
fq_codel_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_fq_codel *c = &o->fq_codel;
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	put_chosen(w, TCA_FQ_CODEL_LIMIT, c->limit);
	put_chosen(w, TCA_FQ_CODEL_TARGET, c->target_us);
	put_chosen(w, TCA_FQ_CODEL_INTERVAL, c->interval_us);
	put_chosen(w, TCA_FQ_CODEL_QUANTUM, c->quantum);
	nl_put_u32(w, TCA_FQ_CODEL_ECN, c->ecn);
	put_chosen(w, TCA_FQ_CODEL_FLOWS, c->flows);
	put_chosen(w, TCA_FQ_CODEL_MEMORY_LIMIT, c->memory_limit_bytes);
	put_chosen(w, TCA_FQ_CODEL_DROP_BATCH_SIZE, c->drop_batch);
	if (c->has_ce_threshold) {
		nl_put_u32(w, TCA_FQ_CODEL_CE_THRESHOLD, c->ce_threshold_us);
		nl_put(w, TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR, &c->ce_selector,
			sizeof(c->ce_selector));
		nl_put(w, TCA_FQ_CODEL_CE_THRESHOLD_MASK, &c->ce_mask,
			sizeof(c->ce_mask));
	}
	nl_end(w, nest);
}

static bool
fq_codel_parse(const struct nl_view *options, struct tc_object *o)
{
	enum { THRESHOLD = 8, SELECTOR, MASK, WANTS };
	static const struct nl_want wants[WANTS] = {
		{ TCA_FQ_CODEL_LIMIT, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_TARGET, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_INTERVAL, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_QUANTUM, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_ECN, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_FLOWS, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_MEMORY_LIMIT, sizeof(uint32_t) },
		{ TCA_FQ_CODEL_DROP_BATCH_SIZE, sizeof(uint32_t) },
		[THRESHOLD] = { TCA_FQ_CODEL_CE_THRESHOLD, sizeof(uint32_t) },
		[SELECTOR] = { TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR, 1 },
		[MASK] = { TCA_FQ_CODEL_CE_THRESHOLD_MASK, 1 },
	};
	struct nl_view got[WANTS];

	if (!nl_parse(*options, wants, WANTS, got))
		return false;
	o->fq_codel = (struct tc_fq_codel){ .limit = nl_u32(got[0]),
		.target_us = nl_u32(got[1]),
		.interval_us = nl_u32(got[2]),
		.quantum = nl_u32(got[3]),
		.ecn = nl_u32(got[4]),
		.flows = nl_u32(got[5]),
		.memory_limit_bytes = nl_u32(got[6]),
		.drop_batch = nl_u32(got[7]),
		.has_ce_threshold = got[THRESHOLD].data != NULL,
		.ce_threshold_us = nl_u32(got[THRESHOLD]) };
	if (got[SELECTOR].data)
		o->fq_codel.ce_selector = got[SELECTOR].data[0];
	if (got[MASK].data)
		o->fq_codel.ce_mask = got[MASK].data[0];
	return true;
}

static void
print_chosen(struct text *t, const char *word, uint32_t value, const char *unit)
{
	if (value != 0)
		text_printf(t, "%s %u%s ", word, value, unit);
}

static void
fq_codel_print(struct text *t, const struct tc_object *o)
{
	const struct tc_fq_codel *c = &o->fq_codel;

	print_chosen(t, "limit", c->limit, " packets");
	print_chosen(t, "flows", c->flows, "");
	print_chosen(t, "target", c->target_us, " us");
	print_chosen(t, "interval", c->interval_us, " us");
	print_chosen(t, "quantum", c->quantum, "");
	print_chosen(t, "memory_limit", c->memory_limit_bytes, " B");
	print_chosen(t, "drop_batch", c->drop_batch, "");
	if (c->has_ce_threshold)
		text_printf(t, "ce_threshold %u us ", c->ce_threshold_us);
	if (c->has_ce_threshold && c->ce_mask != 0)
		text_printf(
			t, "of DS field %#x/%#x ", c->ce_selector, c->ce_mask);
	text_add(t, c->ecn ? "ecn" : "noecn");
}

const struct tc_kind tc_kind_fq_codel = {
	.name = "fq_codel",
	.equal = fq_codel_equal,
	.changeable = fq_codel_changeable,
	.fill = fq_codel_fill,
	.parse = fq_codel_parse,
	.print = fq_codel_print,
};
