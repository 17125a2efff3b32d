/* SPDX-License-Identifier: ISC */

/* sfq: flows by hash, one packet each in turn.  The kernel cannot change one
 * that is there. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "model_int.h"
#include "nl_attr.h"

enum {
	FLOWS = 128,
	FLOWS_MAX = 65408,
	DIVISOR = 1024,
	DEPTH_MAX = 127,
	LIMIT = 127
};

static uint32_t
at_most(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

/* What the kernel makes of the parameters, each of which bounds others. */
static struct tc_sfq
settle(const struct tc_sfq *s)
{
	struct tc_sfq got = *s;

	got.flows = s->flows != 0 ? at_most(s->flows, FLOWS_MAX) : FLOWS;
	got.divisor = s->divisor != 0 ? s->divisor : DIVISOR;
	if (s->divisor != 0)
		got.flows = at_most(got.flows, s->divisor);
	got.depth = s->depth != 0 ? at_most(s->depth, DEPTH_MAX) : DEPTH_MAX;
	got.limit = LIMIT;
	if (s->limit != 0) {
		got.limit = at_most(s->limit, got.depth * got.flows);
		got.flows = at_most(got.flows, got.limit);
	}
	return got;
}

static bool
sfq_equal(const struct tc_object *have, const struct tc_object *want)
{
	struct tc_sfq a = have->sfq;
	struct tc_sfq b = settle(&want->sfq);

	a.limit = a.limit != 0 ? a.limit : LIMIT;
	a.divisor = a.divisor != 0 ? a.divisor : DIVISOR;
	return (b.quantum == 0 || a.quantum == b.quantum) &&
	       a.perturb_s == b.perturb_s && a.limit == b.limit &&
	       a.divisor == b.divisor && a.flows == b.flows &&
	       a.depth == b.depth && a.headdrop == b.headdrop;
}

static bool
sfq_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return false;
}

static void
sfq_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_sfq *s = &o->sfq;
	const struct tc_sfq_qopt_v1 opt = { .v0 = { .quantum = s->quantum,
						    .perturb_period =
							    (int)s->perturb_s,
						    .limit = s->limit,
						    .divisor = s->divisor,
						    .flows = s->flows },
		.depth = s->depth,
		.headdrop = s->headdrop };

	nl_put(w, TCA_OPTIONS, &opt, sizeof(opt));
}

static bool
sfq_parse(const struct nl_view *options, struct tc_object *o)
{
	struct tc_sfq_qopt_v1 opt;

	if (options->len < sizeof(opt))
		return false;
	memcpy(&opt, options->data, sizeof(opt));
	if (opt.qth_min != 0 || opt.flags != 0)
		return false; /* random early detection: not known here */
	o->sfq = (struct tc_sfq){ .quantum = opt.v0.quantum,
		.perturb_s = (uint32_t)opt.v0.perturb_period,
		.limit = opt.v0.limit,
		.divisor = opt.v0.divisor,
		.flows = opt.v0.flows,
		.depth = opt.depth,
		.headdrop = opt.headdrop != 0 };
	/* What was asked for would have bounded the flows. */
	if (o->sfq.limit == LIMIT && o->sfq.flows > LIMIT)
		o->sfq.limit = 0;
	if (o->sfq.divisor == DIVISOR && o->sfq.flows > DIVISOR)
		o->sfq.divisor = 0;
	return sfq_equal(o, o); /* or it is none that the kernel has */
}

static void
sfq_print(struct text *t, const struct tc_object *o)
{
	const struct tc_sfq *s = &o->sfq;
	const struct {
		const char *word;
		uint32_t value;
	} words[] = { { "limit", s->limit }, { "quantum", s->quantum },
		{ "perturb", s->perturb_s }, { "divisor", s->divisor },
		{ "flows", s->flows }, { "depth", s->depth } };
	const char *gap = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].value == 0)
			continue;
		text_printf(t, "%s%s %u", gap, words[i].word, words[i].value);
		gap = " ";
	}
	if (s->headdrop)
		text_printf(t, "%sheaddrop", gap);
}

const struct tc_kind tc_kind_sfq = {
	.name = "sfq",
	.equal = sfq_equal,
	.changeable = sfq_changeable,
	.fill = sfq_fill,
	.parse = sfq_parse,
	.print = sfq_print,
};
