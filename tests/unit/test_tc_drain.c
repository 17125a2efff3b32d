/* SPDX-License-Identifier: ISC */

/* Classes on their way back, with a kernel that tells in its answer to a change
 * what was in the class. */

#include "tc_busy.h"

#include <errno.h>

static struct fix *
telling(struct busy *b)
{
	struct fix *f = opened(b);

	f->kernel.tells = true;
	return f;
}

/* A flow in the class that has the totals. */
static void
add_flow(struct fix *f, struct busy *b, uint64_t rate_Bps)
{
	struct tc_flow flow = fix_flow(7, 5004);

	flow.service = TC_SERVICE_CL;
	flow.rate_Bps = rate_Bps;
	b->classid = fix_add(f, &flow).classid;
	b->looks = 0;
	b->leaves = 0;
}

static uint64_t
rate_of(const struct fix *f, const struct busy *b)
{
	return fix_find(f, TC_CLASS, b->classid)->htb.rate_Bps;
}

static void
step_when_due(struct fix *f)
{
	f->now = tc_drain_next(f->link);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
}

static void
slow_class_returns_unseen(void)
{
	struct busy b;
	struct fix *f = telling(&b);

	add_flow(f, &b, TC_IDLE_BPS - 1);
	b.stats = (struct tc_class_stats){
		.bytes = 4500, .packets = 3, .drops = 2
	};
	T_CHECK(fix_del(f, 7), "not answered");
	T_EQ(b.looks, 0);
	T_EQ(pooled(f), 8);
	T_EQ(rate_of(f, &b), TC_IDLE_BPS);
	T_EQ(fix_find(f, TC_CLASS, b.classid)->htb.ceil_Bps, TC_IDLE_BPS);
	T_EQ(f->ear.last_count, 1);
	T_EQ(f->ear.last_serial, 8);
	T_EQ(f->ear.last.flow_id, 7);
	T_EQ(f->ear.last.classid, b.classid);
	T_EQ(f->ear.last.bytes, 4500);
	T_EQ(f->ear.last.packets, 3);
	T_EQ(f->ear.last.drops, 2);
	fix_free(f);
}

static void
fast_class_is_looked_at_first(void)
{
	struct busy b;
	struct fix *f = telling(&b);

	add_flow(f, &b, TC_IDLE_BPS);
	b.stats.qlen = 3;
	T_CHECK(!fix_del(f, 7), "answered with packets in the queue");
	T_EQ(b.looks, 1);
	T_EQ(fix_find(f, TC_CLASS, b.classid)->htb.ceil_Bps, 1250000);
	b.stats.qlen = 0;
	step_when_due(f);
	T_EQ(f->ear.count, 1);
	T_EQ(rate_of(f, &b), TC_IDLE_BPS);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
what_a_slow_class_has_queued_is_waited_for(void)
{
	struct busy b;
	struct fix *f = telling(&b);

	add_flow(f, &b, 20000);
	b.stats.qlen = 3;
	T_CHECK(!fix_del(f, 7), "answered with packets in the queue");
	T_EQ(f->ear.last_count, 0);
	T_EQ(b.looks, 0);
	/* Faster than it was, and not yet anybody's. */
	T_EQ(rate_of(f, &b), TC_IDLE_BPS);
	T_EQ(pooled(f), 7);
	T_EQ(tc_drain_next(f->link).us, f->now.us + 2000);
	step_when_due(f);
	T_EQ(f->ear.count, 0);
	b.stats = (struct tc_class_stats){ .bytes = 4500, .packets = 3 };
	step_when_due(f);
	T_EQ(f->ear.count, 1);
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(f->ear.last.bytes, 4500);
	T_EQ(f->ear.last.packets, 3);
	T_EQ(b.looks, 2);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
what_a_slow_class_keeps_is_thrown_away(void)
{
	struct busy b;
	struct fix *f = telling(&b);
	const struct mono start = f->now;

	add_flow(f, &b, 20000);
	b.stats.qlen = 3;
	T_CHECK(!fix_del(f, 7), "answered");
	while (f->ear.count == 0) {
		step_when_due(f);
		T_CHECK(mono_ms_between(start, f->now) <= 102, "too late");
	}
	T_CHECK(mono_ms_between(start, f->now) >= 100, "too early");
	T_EQ(f->ear.last.drops, 3);
	T_EQ(f->ear.notes, 1);
	T_EQ(fix_find(f, TC_QDISC_LEAF, b.classid << 16)->fifo.limit,
		FIX_IDLE_LIMIT);
	T_EQ(f->link->pools[TC_CL].count, 4);
	fix_free(f);
}

static void
debts_of_a_slow_class_are_paid(void)
{
	struct busy b;
	struct fix *f = telling(&b);

	add_flow(f, &b, 20000);
	b.stats.tokens_ticks = -15625; /* 1 ms */
	b.stats.ctokens_ticks = -31250;
	T_CHECK(fix_del(f, 7), "the request need not wait for it");
	T_EQ(pooled(f), 7);
	T_EQ(tc_drain_next(f->link).us, f->now.us + 2000);
	step_when_due(f);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
slow_class_that_vanished_is_forgotten(void)
{
	struct busy b;
	struct fix *f = telling(&b);

	add_flow(f, &b, 20000);
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == TC_CLASS &&
			f->dry.objects.all[i].handle == b.classid)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	(void)fix_del(f, 7);
	/* At once: it is asked for by itself. */
	T_CHECK(mono_reached(tc_drain_next(f->link), f->now), "later");
	step_when_due(f);
	T_EQ(f->ear.count, 1);
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(f->ear.notes, 0);
	T_EQ(pooled(f), 7);
	T_CHECK(TAILQ_EMPTY(&f->link->drains), "still draining");
	T_CHECK(tc_minors_claim(&f->link->minors, b.classid & 0xffff),
		"its number is lost");
	fix_free(f);
}

static void
leaf_stays_for_the_next_owner(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(9, 5009);

	flow.service = TC_SERVICE_CL;
	f->link->conf.pool_low = f->link->conf.pool_high = 0;
	fix_idle(f);
	add_flow(f, &b, 100000);
	T_CHECK(fix_del(f, 7), "not answered");
	T_EQ(b.leaves, 0);
	T_EQ(fix_find(f, TC_QDISC_LEAF, b.classid << 16)->fifo.limit, 20000);
	T_EQ(fix_add(f, &flow).classid, b.classid);
	T_EQ(b.leaves, 0);
	T_CHECK(fix_del(f, 9), "not answered");
	/* The next tcctl knows it, too. */
	restart(f);
	T_EQ(f->link->pools[TC_CL].count, 1);
	T_EQ(tc_pool_at(&f->link->pools[TC_CL], 0)->limit, 20000);
	flow.buffer_bytes = 30000;
	T_EQ(fix_add(f, &flow).classid, b.classid);
	T_EQ(b.leaves, 1);
	T_EQ(fix_find(f, TC_QDISC_LEAF, b.classid << 16)->fifo.limit, 30000);
	fix_free(f);
}

static void
remove_leaf(struct fix *f, uint32_t classid)
{
	struct tc_objects *all = &f->dry.objects;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].type == TC_QDISC_LEAF &&
			all->all[i].parent == classid) {
			all->all[i] = all->all[--all->count];
			return;
		}
	T_CHECK(false, "no leaf");
}

/* As after a death between the two.  What is queued then is in the leaf that
 * the kernel has given it. */
static void
orphan_without_a_leaf_gets_one(void)
{
	for (uint32_t queued = 0; queued <= 3; queued += 3) {
		struct busy b;
		struct fix *f = opened(&b);

		b.classid = tc_classid(
			tc_pool_at(&f->link->pools[TC_CL], 0)->minor);
		remove_leaf(f, b.classid);
		restart(f);
		T_EQ(pooled(f), 7);
		b.stats.qlen = queued;
		b.leaves = 0;
		T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener),
			0);
		T_CHECK(fix_find(f, TC_QDISC_LEAF, b.classid << 16), "no leaf");
		T_EQ(fix_find(f, TC_QDISC_LEAF, b.classid << 16)->fifo.limit,
			FIX_IDLE_LIMIT);
		T_EQ(b.leaves, 1); /* none had to be removed */
		T_EQ(f->ear.notes, queued > 0 ? 1 : 0);
		T_EQ(pooled(f), 8);
		T_CHECK(!f->link->unclean, "something was refused");
		fix_free(f);
	}
}

static int
refuse_all(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	(void)arg;
	(void)ops;
	for (size_t i = 0; i < count; i++)
		ret_results[i] = (struct tc_result){ ENOSPC, "no" };
	return 0;
}

static void
a_refused_return_is_told_once_and_tried_again(void)
{
	struct busy b;
	struct fix *f = telling(&b);
	const struct tc_kernel good = f->kernel;
	char text[TC_TEXT];

	add_flow(f, &b, 500000);
	T_EQ(tc_batch_del(f->batch, f->link, 8, 7, text), 0);
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	f->kernel.run = refuse_all;
	for (int i = 0; i < 3; i++) {
		step_when_due(f);
		T_EQ(f->ear.notes, 1);
		T_EQ(f->ear.count, 1); /* nobody waits for the next attempt */
		T_EQ(pooled(f), 7);
		T_EQ(tc_drain_next(f->link).us, f->now.us + 1000000);
	}
	T_CHECK(strstr(f->ear.note, "no"), "%s", f->ear.note);
	f->kernel = good;
	step_when_due(f);
	T_EQ(pooled(f), 8);
	T_EQ(f->ear.notes, 1);
	fix_free(f);
}

static struct t_case cases[] = {
	{ "a refused return is told once and tried again",
		a_refused_return_is_told_once_and_tried_again },
	{ "a class that an idle one's rate does not slow down returns unseen",
		slow_class_returns_unseen },
	{ "a faster one is looked at first", fast_class_is_looked_at_first },
	{ "what a slow class has queued is waited for",
		what_a_slow_class_has_queued_is_waited_for },
	{ "what a slow class keeps for 100 ms is thrown away",
		what_a_slow_class_keeps_is_thrown_away },
	{ "debts of a slow class are paid", debts_of_a_slow_class_are_paid },
	{ "a slow class that vanished is forgotten",
		slow_class_that_vanished_is_forgotten },
	{ "the leaf stays for the next owner", leaf_stays_for_the_next_owner },
	{ "an orphan without a leaf gets one", orphan_without_a_leaf_gets_one },
};

T_MAIN(cases)
