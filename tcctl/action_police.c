/* SPDX-License-Identifier: ISC */

/* police: what exceeds a token bucket meets another verdict. */

#include <linux/pkt_cls.h>
#include <string.h>

#include "action_int.h"
#include "rate_int.h"

static struct tc_rate
rate_of(const struct tc_act_police *p, uint64_t Bps)
{
	return (struct tc_rate){ Bps, p->overhead, p->mpu, p->atm };
}

static bool
police_equal(const struct tc_action *a, const struct tc_action *b)
{
	const struct tc_act_police *p = &a->police;
	const struct tc_act_police *q = &b->police;

	return p->rate_Bps == q->rate_Bps && p->peak_Bps == q->peak_Bps &&
	       p->burst_ticks == q->burst_ticks && p->mtu == q->mtu &&
	       p->conform == q->conform && p->overhead == q->overhead &&
	       p->mpu == q->mpu && p->atm == q->atm &&
	       p->packet_rate == q->packet_rate &&
	       p->packet_burst == q->packet_burst &&
	       (b->index == 0 || a->index == b->index);
}

static void
police_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_act_police *p = &a->police;
	const struct tc_rate rate = rate_of(p, p->rate_Bps);
	const struct tc_rate peak = rate_of(p, p->peak_Bps);
	struct tc_police opt = { .index = a->index,
		.action = a->control,
		.burst = p->burst_ticks,
		.mtu = p->mtu };
	uint8_t *head = nl_begin(w, TCA_POLICE_TBF);
	uint8_t *body = buf_reserve(w, sizeof(opt));

	nl_end(w, head);
	/* This action alone insists on the tables. */
	if (rate.Bps != 0) {
		opt.rate = tc_rate_spec(&rate);
		tc_rate_put_table(w, TCA_POLICE_RATE, p->mtu, &rate, &opt.rate);
		tc_rate_put_wide(w, TCA_POLICE_RATE64, &rate);
	}
	if (peak.Bps != 0) {
		opt.peakrate = tc_rate_spec(&peak);
		tc_rate_put_table(
			w, TCA_POLICE_PEAKRATE, p->mtu, &peak, &opt.peakrate);
		tc_rate_put_wide(w, TCA_POLICE_PEAKRATE64, &peak);
	}
	if (body)
		memcpy(body, &opt, sizeof(opt));
	if (p->conform != TC_VERDICT_OK)
		nl_put_u32(w, TCA_POLICE_RESULT, (uint32_t)p->conform);
	if (p->packet_rate != 0) {
		nl_put_u64(w, TCA_POLICE_PKTRATE64, p->packet_rate);
		nl_put_u64(w, TCA_POLICE_PKTBURST64, p->packet_burst);
	}
}

static bool
police_parse(const struct nl_view *options, struct tc_action *a)
{
	enum { TBF, RATE64, PEAK64, RESULT, AVRATE, PACKETS, BURST, WANTS };
	static const struct nl_want wants[WANTS] = {
		[TBF] = { TCA_POLICE_TBF, sizeof(struct tc_police) },
		[RATE64] = { TCA_POLICE_RATE64, sizeof(uint64_t) },
		[PEAK64] = { TCA_POLICE_PEAKRATE64, sizeof(uint64_t) },
		[RESULT] = { TCA_POLICE_RESULT, sizeof(uint32_t) },
		[AVRATE] = { TCA_POLICE_AVRATE, sizeof(uint32_t) },
		[PACKETS] = { TCA_POLICE_PKTRATE64, sizeof(uint64_t) },
		[BURST] = { TCA_POLICE_PKTBURST64, sizeof(uint64_t) },
	};
	struct nl_view got[WANTS];
	struct tc_police opt;
	struct tc_rate rate;
	struct tc_rate peak;

	/* An average rate comes from an estimator, which we do not keep. */
	if (!nl_parse(*options, wants, WANTS, got) || !got[TBF].data ||
		got[AVRATE].data)
		return false;
	memcpy(&opt, got[TBF].data, sizeof(opt));
	rate = tc_rate_of(&opt.rate, got[RATE64]);
	peak = tc_rate_of(&opt.peakrate, got[PEAK64]);
	a->control = opt.action;
	a->index = opt.index;
	a->police = (struct tc_act_police){ .rate_Bps = rate.Bps,
		.peak_Bps = peak.Bps,
		.burst_ticks = opt.burst,
		.mtu = opt.mtu,
		.conform = (int32_t)nl_u32(got[RESULT]),
		.overhead = rate.overhead,
		.mpu = rate.mpu,
		.atm = rate.atm,
		.packet_rate = nl_u64(got[PACKETS]),
		.packet_burst = nl_u64(got[BURST]) };
	return true;
}

static void
police_print(struct text *t, const struct tc_action *a)
{
	const struct tc_act_police *p = &a->police;

	if (p->rate_Bps != 0) {
		text_add(t, " rate ");
		text_add_rate(t, (double)p->rate_Bps);
		text_printf(t, " burst %llu B",
			(unsigned long long)tc_clock_bytes(
				p->burst_ticks, p->rate_Bps));
	}
	if (p->peak_Bps != 0) {
		text_add(t, " peak rate ");
		text_add_rate(t, (double)p->peak_Bps);
	}
	if (p->packet_rate != 0)
		text_printf(t, " packets %llu/s",
			(unsigned long long)p->packet_rate);
	if (p->mtu != 0)
		text_printf(t, " mtu %u B", p->mtu);
	if (p->overhead != 0)
		text_printf(t, " overhead %u", p->overhead);
	if (p->mpu != 0)
		text_printf(t, " mpu %u", p->mpu);
	if (p->atm)
		text_add(t, " atm");
	text_add(t, " conform ");
	tc_verdict_print(t, p->conform);
	text_add(t, " exceed ");
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_police = {
	.name = "police",
	.equal = police_equal,
	.fill = police_fill,
	.parse = police_parse,
	.print = police_print,
};
