/* SPDX-License-Identifier: ISC */

/* ingress and clsact: no queue, only a place for filters.  clsact has one for
 * each way. */

#include <linux/rtnetlink.h>

#include "model_int.h"
#include "nl_attr.h"

static bool
ingress_equal(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* there are no parameters */
	(void)want;
	return true;
}

static void
ingress_fill(struct buf_writer *w, const struct tc_object *o)
{
	(void)o;
	nl_put(w, TCA_OPTIONS, NULL, 0);
}

static bool
ingress_parse(const struct nl_view *options, struct tc_object *o)
{
	(void)options; /* empty */
	(void)o;
	return true;
}

static void
ingress_print(struct text *t, const struct tc_object *o)
{
	text_add(t, o->kind == &tc_kind_clsact ? "both ways" : "incoming");
}

const struct tc_kind tc_kind_ingress = {
	.name = "ingress",
	.equal = ingress_equal,
	.changeable = ingress_equal,
	.fill = ingress_fill,
	.parse = ingress_parse,
	.print = ingress_print,
};

const struct tc_kind tc_kind_clsact = {
	.name = "clsact",
	.equal = ingress_equal,
	.changeable = ingress_equal,
	.fill = ingress_fill,
	.parse = ingress_parse,
	.print = ingress_print,
};
