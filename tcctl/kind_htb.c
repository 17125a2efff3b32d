/* SPDX-License-Identifier: ISC */

/* HTB: the root qdisc and its classes. */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "model_int.h"
#include "nl_attr.h"
#include "rate_int.h"

enum { HTB_VERSION = 3 };

static bool
root_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_htb_root *a = &have->root;
	const struct tc_htb_root *b = &want->root;

	return a->default_minor == b->default_minor && a->r2q == b->r2q &&
	       (a->any_qlen || b->any_qlen ||
		       a->direct_qlen == b->direct_qlen) &&
	       a->offload == b->offload;
}

/* The kernel fixes the parameters for the life of the tree. */
static bool
root_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return false;
}

static void
root_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_htb_glob glob = { .version = HTB_VERSION,
		.rate2quantum = o->root.r2q,
		.defcls = o->root.default_minor };
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	nl_put(w, TCA_HTB_INIT, &glob, sizeof(glob));
	if (!o->root.any_qlen || o->root.direct_qlen != 0)
		nl_put_u32(w, TCA_HTB_DIRECT_QLEN, o->root.direct_qlen);
	if (o->root.offload)
		nl_put(w, TCA_HTB_OFFLOAD, NULL, 0);
	nl_end(w, nest);
}

static bool
root_parse(const struct nl_view *options, struct tc_object *o)
{
	static const struct nl_want wants[] = {
		{ TCA_HTB_INIT, sizeof(struct tc_htb_glob) },
		{ TCA_HTB_DIRECT_QLEN, sizeof(uint32_t) },
		{ TCA_HTB_OFFLOAD, 0 },
	};
	struct nl_view got[3];
	struct tc_htb_glob glob;

	if (!nl_parse(*options, wants, 3, got) || !got[0].data)
		return false;
	memcpy(&glob, got[0].data, sizeof(glob));
	o->root.default_minor = glob.defcls;
	o->root.r2q = glob.rate2quantum;
	o->root.direct_qlen = nl_u32(got[1]);
	o->root.offload = got[2].data != NULL;
	return true;
}

static void
root_print(struct text *t, const struct tc_object *o)
{
	text_printf(t, "default %x", o->root.default_minor);
	if (o->root.direct_qlen != 0)
		text_printf(t, " direct_qlen %u", o->root.direct_qlen);
	text_printf(t, o->root.r2q > UINT16_MAX ? " r2q 0x%08x" : " r2q %u",
		o->root.r2q);
	if (o->root.offload)
		text_add(t, " offload");
}

static bool
class_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_htb_class *a = &have->htb;
	const struct tc_htb_class *b = &want->htb;
	bool inner = a->inner || b->inner;

	return a->rate_Bps == b->rate_Bps && a->ceil_Bps == b->ceil_Bps &&
	       a->buffer_ticks == b->buffer_ticks &&
	       a->cbuffer_ticks == b->cbuffer_ticks &&
	       a->overhead == b->overhead && a->mpu == b->mpu &&
	       a->atm == b->atm &&
	       (inner || (a->quantum == b->quantum && a->prio == b->prio));
}

static bool
class_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

static struct tc_rate
rate_of(const struct tc_htb_class *c, uint64_t Bps)
{
	return (struct tc_rate){ Bps, c->overhead, c->mpu, c->atm };
}

static void
class_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_htb_class *c = &o->htb;
	const struct tc_rate rate = rate_of(c, c->rate_Bps);
	const struct tc_rate ceil = rate_of(c, c->ceil_Bps);
	const struct tc_htb_opt opt = { .rate = tc_rate_spec(&rate),
		.ceil = tc_rate_spec(&ceil),
		.buffer = c->buffer_ticks,
		.cbuffer = c->cbuffer_ticks,
		.quantum = c->quantum,
		.prio = c->prio };
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	nl_put(w, TCA_HTB_PARMS, &opt, sizeof(opt));
	tc_rate_put_wide(w, TCA_HTB_RATE64, &rate);
	tc_rate_put_wide(w, TCA_HTB_CEIL64, &ceil);
	nl_end(w, nest);
}

static bool
class_parse(const struct nl_view *options, struct tc_object *o)
{
	static const struct nl_want wants[] = {
		{ TCA_HTB_PARMS, sizeof(struct tc_htb_opt) },
		{ TCA_HTB_RATE64, sizeof(uint64_t) },
		{ TCA_HTB_CEIL64, sizeof(uint64_t) },
	};
	struct nl_view got[3];
	struct tc_htb_opt opt;
	struct tc_rate rate;

	if (!nl_parse(*options, wants, 3, got) || !got[0].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	rate = tc_rate_of(&opt.rate, got[1]);
	o->htb = (struct tc_htb_class){ .rate_Bps = rate.Bps,
		.ceil_Bps = tc_rate_of(&opt.ceil, got[2]).Bps,
		.buffer_ticks = opt.buffer,
		.cbuffer_ticks = opt.cbuffer,
		.quantum = opt.quantum,
		.prio = opt.prio,
		.overhead = rate.overhead,
		.mpu = rate.mpu,
		.inner = opt.level > 0,
		.atm = rate.atm };
	return true;
}

static void
class_print(struct text *t, const struct tc_object *o)
{
	const struct tc_htb_class *c = &o->htb;

	text_add(t, "rate ");
	text_add_rate(t, (double)c->rate_Bps);
	text_add(t, " ceil ");
	text_add_rate(t, (double)c->ceil_Bps);
	text_printf(t, " burst %llu cburst %llu",
		(unsigned long long)tc_clock_bytes(
			c->buffer_ticks, c->rate_Bps),
		(unsigned long long)tc_clock_bytes(
			c->cbuffer_ticks, c->ceil_Bps));
	if (!c->inner)
		text_printf(t, " quantum %u prio %u", c->quantum, c->prio);
	text_printf(t, " overhead %u mpu %u%s", c->overhead, c->mpu,
		c->atm ? " atm" : "");
}

const struct tc_kind tc_kind_htb_root = {
	.name = "htb",
	.equal = root_equal,
	.changeable = root_changeable,
	.fill = root_fill,
	.parse = root_parse,
	.print = root_print,
};

const struct tc_kind tc_kind_htb_class = {
	.name = "htb",
	.equal = class_equal,
	.changeable = class_changeable,
	.fill = class_fill,
	.parse = class_parse,
	.print = class_print,
};
