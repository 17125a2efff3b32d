/* SPDX-License-Identifier: ISC */

/* Counters of flows, and a kernel that has none to tell. */

#include "tc_fixture.h"

#include <errno.h>

/* The dry kernel, whose counters fail with these errors. */
static struct {
	struct tc_kernel real;
	int stats;
	int stats_all;
	int acts;
	uint32_t hidden_class; /* it has none of this one */
	size_t asked;          /* classes, one by one */
} ill;

static int
ill_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	int error = ill.real.stats(arg, ifindex, classids, count, ret_stats);

	ill.asked += count;
	for (size_t i = 0; i < count; i++)
		if (classids[i] == ill.hidden_class)
			ret_stats[i].handle = 0;
	return ill.stats != 0 ? ill.stats : error;
}

struct teller {
	tc_stats_fn *tell;
	void *arg;
};

static void
on_stats(void *arg, const struct tc_class_stats *stats)
{
	const struct teller *t = (const struct teller *)arg;

	if (stats->handle != ill.hidden_class)
		t->tell(t->arg, stats);
}

static int
ill_stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	struct teller t = { tell, tell_arg };

	if (ill.stats_all != 0)
		return ill.stats_all;
	return ill.real.stats_all(arg, ifindex, on_stats, &t);
}

/* Two flows. */
static struct fix *
fix_ill(void)
{
	struct fix *f = fix_new();
	const struct tc_iface conf = fix_iface();
	const struct tc_flow one = fix_flow(1, 5001);
	const struct tc_flow two = fix_flow(2, 5002);

	T_EQ(fix_open(f, &conf), 0);
	T_EQ(fix_add(f, &one).error, 0);
	T_EQ(fix_add(f, &two).error, 0);
	memset(&ill, 0, sizeof(ill));
	ill.real = f->kernel;
	f->kernel.stats = ill_stats;
	f->kernel.stats_all = ill_stats_all;
	return f;
}

/* How many counters are told when that is asked for. */
static size_t
told(struct fix *f, uint32_t flow_id, int want_error)
{
	f->ear.counter_count = 0;
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, flow_id, &f->listener),
		want_error);
	return f->ear.counter_count;
}

static uint32_t
class_of(const struct fix *f, uint32_t id)
{
	return tc_classid(tc_record_find(f->link, id)->minor);
}

static void
one_flow_is_asked_for_alone(void)
{
	struct fix *f = fix_ill();

	T_EQ(told(f, 2, 0), 1);
	T_EQ(f->ear.counters[0].flow_id, 2);
	T_EQ(f->ear.counters[0].ifindex, FIX_IFINDEX);
	T_EQ(f->ear.counters[0].classid, class_of(f, 2));
	T_EQ(ill.asked, 1);
	T_EQ(told(f, 3, 0), 0); /* there is none */
	T_EQ(ill.asked, 1);
	fix_free(f);
}

static void
best_effort_is_asked_for_alone(void)
{
	struct fix *f = fix_ill();

	T_EQ(told(f, TC_COUNTERS_BEST, 0), 1);
	T_EQ(f->ear.counters[0].flow_id, 0);
	T_EQ(f->ear.counters[0].classid, tc_classid(TC_MINOR_BEST));
	fix_free(f);
}

static void
all_are_told_at_once(void)
{
	struct fix *f = fix_ill();

	T_EQ(told(f, 0, 0), 3);
	T_EQ(f->ear.counters[0].flow_id, 0);
	T_EQ(f->ear.counters[1].flow_id, 1);
	T_EQ(f->ear.counters[1].classid, class_of(f, 1));
	T_EQ(f->ear.counters[2].flow_id, 2);
	T_EQ(ill.asked, 0);
	fix_free(f);
}

static void
a_class_that_has_gone_has_no_counter(void)
{
	struct fix *f = fix_ill();

	ill.hidden_class = class_of(f, 1);
	T_EQ(told(f, 1, 0), 0);
	T_EQ(told(f, 0, 0), 2);
	T_EQ(f->ear.counters[1].flow_id, 2);
	ill.hidden_class = tc_classid(TC_MINOR_BEST);
	T_EQ(told(f, TC_COUNTERS_BEST, 0), 0);
	T_EQ(told(f, 0, 0), 2);
	T_EQ(f->ear.counters[0].flow_id, 1);
	fix_free(f);
}

static void
a_conversation_that_fails_is_told(void)
{
	struct fix *f = fix_ill();

	ill.stats = -EPIPE;
	T_EQ(told(f, 1, -EPIPE), 0);
	T_EQ(told(f, TC_COUNTERS_BEST, -EPIPE), 0);
	ill.stats_all = -EPROTO;
	T_EQ(told(f, 0, -EPROTO), 0);
	fix_free(f);
}

static int
ill_acts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	(void)arg;
	(void)kind;
	(void)tell;
	(void)tell_arg;
	return ill.acts;
}

static void
so_is_one_about_hidden_packets(void)
{
	struct fix *f = fix_ill();

	f->kernel.acts = ill_acts;
	for (int i = 0; i < 10 && !f->link->hidden.all; i++) {
		f->now = mono_add_ms(f->now, 500);
		T_EQ(tc_hidden_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	T_CHECK(f->link->hidden.all != NULL, "no pair");
	T_EQ(told(f, 0, 0), 3);
	ill.acts = -ENETDOWN;
	T_EQ(told(f, 0, -ENETDOWN), 0);
	T_EQ(told(f, TC_COUNTERS_BEST, -ENETDOWN), 0);
	T_EQ(told(f, 1, 0), 1); /* asks for its class alone */
	fix_free(f);
}

static struct t_case all_cases[] = {
	{ "one flow is asked for alone", one_flow_is_asked_for_alone },
	{ "best effort is asked for alone", best_effort_is_asked_for_alone },
	{ "all are told at once", all_are_told_at_once },
	{ "a class that has gone has no counter",
		a_class_that_has_gone_has_no_counter },
	{ "a conversation that fails is told",
		a_conversation_that_fails_is_told },
	{ "so is one about hidden packets", so_is_one_about_hidden_packets },
};
T_MAIN(all_cases)
