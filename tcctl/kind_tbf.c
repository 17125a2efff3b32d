/* SPDX-License-Identifier: ISC */

/*
 * tbf: a token bucket in front of a queue.  The kernel takes the bucket in
 * octets and tells it as time, so that octets which come back may be a little
 * more than those sent, never less; equal is what takes the same time.
 */

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "model_int.h"
#include "nl_attr.h"
#include "rate_int.h"

static struct tc_rate
rate_of(const struct tc_tbf *t, uint64_t Bps)
{
	return (struct tc_rate){ Bps, t->overhead, t->mpu, t->atm };
}

static uint32_t
ticks(const struct tc_tbf *t, uint64_t Bps, uint32_t bytes)
{
	const struct tc_rate rate = rate_of(t, Bps);

	return tc_rate_ticks(&rate, bytes);
}

static bool
tbf_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_tbf *a = &have->tbf;
	const struct tc_tbf *b = &want->tbf;

	return a->rate_Bps == b->rate_Bps && a->peak_Bps == b->peak_Bps &&
	       ticks(a, a->rate_Bps, a->burst_bytes) ==
		       ticks(b, b->rate_Bps, b->burst_bytes) &&
	       ticks(a, a->peak_Bps, a->mtu_bytes) ==
		       ticks(b, b->peak_Bps, b->mtu_bytes) &&
	       a->limit_bytes == b->limit_bytes && a->overhead == b->overhead &&
	       a->mpu == b->mpu && a->atm == b->atm;
}

static bool
tbf_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

static void
tbf_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_tbf *t = &o->tbf;
	const struct tc_rate rate = rate_of(t, t->rate_Bps);
	const struct tc_rate peak = rate_of(t, t->peak_Bps);
	struct tc_tbf_qopt opt = { .rate = tc_rate_spec(&rate),
		.limit = t->limit_bytes,
		.buffer = tc_rate_ticks(&rate, t->burst_bytes) };
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	if (peak.Bps != 0) {
		opt.peakrate = tc_rate_spec(&peak);
		opt.mtu = tc_rate_ticks(&peak, t->mtu_bytes);
	}
	nl_put(w, TCA_TBF_PARMS, &opt, sizeof(opt));
	nl_put_u32(w, TCA_TBF_BURST, t->burst_bytes);
	tc_rate_put_wide(w, TCA_TBF_RATE64, &rate);
	if (peak.Bps != 0) {
		nl_put_u32(w, TCA_TBF_PBURST, t->mtu_bytes);
		tc_rate_put_wide(w, TCA_TBF_PRATE64, &peak);
	}
	nl_end(w, nest);
}

static bool
tbf_parse(const struct nl_view *options, struct tc_object *o)
{
	static const struct nl_want wants[] = {
		{ TCA_TBF_PARMS, sizeof(struct tc_tbf_qopt) },
		{ TCA_TBF_RATE64, sizeof(uint64_t) },
		{ TCA_TBF_PRATE64, sizeof(uint64_t) },
		{ TCA_TBF_BURST, sizeof(uint32_t) },
		{ TCA_TBF_PBURST, sizeof(uint32_t) },
	};
	struct nl_view got[5];
	struct tc_tbf_qopt opt;
	struct tc_rate rate;
	struct tc_rate peak;

	if (!nl_parse(*options, wants, 5, got) || !got[0].data)
		return false;
	memcpy(&opt, got[0].data, sizeof(opt));
	rate = tc_rate_of(&opt.rate, got[1]);
	peak = tc_rate_of(&opt.peakrate, got[2]);
	o->tbf = (struct tc_tbf){ .rate_Bps = rate.Bps,
		.peak_Bps = peak.Bps,
		.limit_bytes = opt.limit,
		.overhead = rate.overhead,
		.mpu = rate.mpu,
		.atm = rate.atm };
	/* The kernel counts both rates by the same overhead, if tc(8) or we
	 * asked for them; it leaves the two attributes out of its dumps. */
	o->tbf.burst_bytes =
		got[3].data ? nl_u32(got[3]) : tc_rate_bytes(&rate, opt.buffer);
	if (peak.Bps != 0)
		o->tbf.mtu_bytes = got[4].data ? nl_u32(got[4])
					       : tc_rate_bytes(&peak, opt.mtu);
	return true;
}

static void
tbf_print(struct text *t, const struct tc_object *o)
{
	const struct tc_tbf *b = &o->tbf;

	text_add(t, "rate ");
	text_add_rate(t, (double)b->rate_Bps);
	text_printf(
		t, " burst %u B limit %u B", b->burst_bytes, b->limit_bytes);
	if (b->peak_Bps != 0) {
		text_add(t, " peak rate ");
		text_add_rate(t, (double)b->peak_Bps);
		text_printf(t, " mtu %u B", b->mtu_bytes);
	}
	if (b->overhead != 0)
		text_printf(t, " overhead %u", b->overhead);
	if (b->mpu != 0)
		text_printf(t, " mpu %u", b->mpu);
	if (b->atm)
		text_add(t, " atm");
}

const struct tc_kind tc_kind_tbf = {
	.name = "tbf",
	.equal = tbf_equal,
	.changeable = tbf_changeable,
	.fill = tbf_fill,
	.parse = tbf_parse,
	.print = tbf_print,
};
