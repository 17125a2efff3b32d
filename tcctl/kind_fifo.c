/* SPDX-License-Identifier: ISC */

/* bfifo and pfifo: a queue with a limit in octets or packets. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "model_int.h"
#include "nl_attr.h"

static bool
fifo_equal(const struct tc_object *have, const struct tc_object *want)
{
	return want->fifo.limit == 0 || have->fifo.limit == want->fifo.limit;
}

static bool
fifo_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

static void
fifo_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_fifo_qopt opt = { .limit = o->fifo.limit };

	/* Without it the kernel takes the length of the device's queue. */
	if (opt.limit != 0)
		nl_put(w, TCA_OPTIONS, &opt, sizeof(opt));
}

static bool
fifo_parse(const struct nl_view *options, struct tc_object *o)
{
	struct tc_fifo_qopt opt;

	if (options->len < sizeof(opt))
		return false;
	memcpy(&opt, options->data, sizeof(opt));
	o->fifo.limit = opt.limit;
	return true;
}

static void
bfifo_print(struct text *t, const struct tc_object *o)
{
	if (o->fifo.limit != 0)
		text_printf(t, "limit %u B", o->fifo.limit);
}

static void
pfifo_print(struct text *t, const struct tc_object *o)
{
	if (o->fifo.limit != 0)
		text_printf(t, "limit %u packets", o->fifo.limit);
}

const struct tc_kind tc_kind_bfifo = {
	.name = "bfifo",
	.equal = fifo_equal,
	.changeable = fifo_changeable,
	.fill = fifo_fill,
	.parse = fifo_parse,
	.print = bfifo_print,
};

const struct tc_kind tc_kind_pfifo = {
	.name = "pfifo",
	.equal = fifo_equal,
	.changeable = fifo_changeable,
	.fill = fifo_fill,
	.parse = fifo_parse,
	.print = pfifo_print,
};
