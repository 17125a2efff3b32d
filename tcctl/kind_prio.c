/* SPDX-License-Identifier: ISC */

/* prio: bands, the lower first; and pfifo_fast, a device's own default, which
 * has the same parameters and takes none. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "model_int.h"
#include "nl_attr.h"

_Static_assert((int)TC_PRIO_BANDS_MAX == TCQ_PRIO_BANDS, "kernel's bands");
_Static_assert((int)TC_PRIORITIES == TC_PRIO_MAX + 1, "kernel's priorities");

static bool
prio_equal(const struct tc_object *have, const struct tc_object *want)
{
	return have->prio.bands == want->prio.bands &&
	       memcmp(have->prio.map, want->prio.map, sizeof(have->prio.map)) ==
		       0;
}

static bool
prio_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

static void
prio_fill(struct buf_writer *w, const struct tc_object *o)
{
	struct tc_prio_qopt opt = { .bands = o->prio.bands };

	memcpy(opt.priomap, o->prio.map, sizeof(opt.priomap));
	nl_put(w, TCA_OPTIONS, &opt, sizeof(opt));
}

static bool
prio_parse(const struct nl_view *options, struct tc_object *o)
{
	struct tc_prio_qopt opt;

	if (options->len < sizeof(opt))
		return false;
	memcpy(&opt, options->data, sizeof(opt));
	if (opt.bands < 0 || opt.bands > TC_PRIO_BANDS_MAX)
		return false;
	o->prio.bands = (uint8_t)opt.bands;
	memcpy(o->prio.map, opt.priomap, sizeof(o->prio.map));
	return true;
}

static void
prio_print(struct text *t, const struct tc_object *o)
{
	text_printf(t, "bands %u priomap", o->prio.bands);
	for (size_t i = 0; i < TC_PRIORITIES; i++)
		text_printf(t, " %u", o->prio.map[i]);
}

const struct tc_kind tc_kind_prio = {
	.name = "prio",
	.equal = prio_equal,
	.changeable = prio_changeable,
	.fill = prio_fill,
	.parse = prio_parse,
	.print = prio_print,
};

static bool
never_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* it has no parameters */
	(void)want;
	return false;
}

const struct tc_kind tc_kind_pfifo_fast = {
	.name = "pfifo_fast",
	.equal = prio_equal,
	.changeable = never_changeable,
	.parse = prio_parse,
	.print = prio_print,
};
