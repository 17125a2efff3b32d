/* SPDX-License-Identifier: ISC */

/* New settings for an open link: tcctl/link_change.c. */

#include "tc_fixture.h"

/* The class of flow 7 with Controlled Load on that interface. */
static const struct tc_htb_class *
class_of(struct fix *f)
{
	const struct tc_record *r = tc_record_find(f->link, 7);
	const struct tc_object *o;

	T_CHECK(r, "no flow");
	o = fix_find(f, TC_CLASS, tc_classid(r->minor));
	T_CHECK(o, "no class");
	return &o->htb;
}

static struct tc_flow
load(uint64_t peak_Bps)
{
	struct tc_flow flow = fix_flow(7, 5004);

	flow.service = TC_SERVICE_CL;
	flow.peak_Bps = peak_Bps;
	return flow;
}

static struct fix *
opened(const struct tc_iface *iface, const struct tc_flow *flow)
{
	struct fix *f = fix_new();

	T_EQ(fix_open(f, iface), 0);
	T_EQ(fix_add(f, flow).error, 0);
	return f;
}

/* After the change it is as if it had been made there. */
static void
expect_as_made_there(const struct tc_iface *to, uint64_t peak_Bps)
{
	const struct tc_iface from = fix_iface();
	const struct tc_flow flow = load(peak_Bps);
	struct fix *changed = opened(&from, &flow);
	struct fix *fresh = opened(to, &flow);
	const struct tc_htb_class *want = class_of(fresh);
	const struct tc_htb_class *got;
	struct tc_done done = { 0 };

	T_EQ(tc_link_change(changed->link, &changed->kernel, to, &done), 0);
	T_EQ(done.error, 0);
	got = class_of(changed);
	T_EQ(got->rate_Bps, want->rate_Bps);
	T_EQ(got->ceil_Bps, want->ceil_Bps);
	T_EQ(got->buffer_ticks, want->buffer_ticks);
	T_EQ(got->cbuffer_ticks, want->cbuffer_ticks);
	T_EQ(got->overhead, want->overhead);
	T_EQ(got->mpu, want->mpu);
	T_EQ(got->atm, want->atm);
	T_EQ(got->prio, want->prio);
	fix_free(changed);
	fix_free(fresh);
}

/* It may borrow up to what the link has now. */
static void
controlled_load_follows_the_rate_of_the_link(void)
{
	struct tc_iface to = fix_iface();

	to.link_Bps *= 2;
	expect_as_made_there(&to, 0);
	to.link_Bps *= 40;
	expect_as_made_there(&to, 0);
	to.link_Bps = fix_iface().link_Bps / 2;
	expect_as_made_there(&to, 0);
}

static void
a_peak_rate_stays_below_the_link(void)
{
	struct tc_iface to = fix_iface();

	to.link_Bps *= 2;
	expect_as_made_there(&to, 300000);
	to.link_Bps = 250000;
	expect_as_made_there(&to, 300000);
}

static void
link_headers_follow(void)
{
	struct tc_iface to = fix_iface();

	to.overhead_bytes += 8;
	expect_as_made_there(&to, 0);
	to.min_frame_bytes += 12;
	expect_as_made_there(&to, 0);
	to.atm = true;
	expect_as_made_there(&to, 0);
}

static struct t_case cases[] = {
	{ "Controlled Load follows the rate of the link",
		controlled_load_follows_the_rate_of_the_link },
	{ "a peak rate stays below the link",
		a_peak_rate_stays_below_the_link },
	{ "link headers follow", link_headers_follow },
};
T_MAIN(cases)
