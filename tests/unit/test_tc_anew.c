/* SPDX-License-Identifier: ISC */

/* Counters of classes that another program removes: what is made anew counts
 * from zero, and nothing else does. */

#include "tc_busy.h"
#include "tc_drift_t.h"

/* The totals of a class, and what the kernel has of it. */
struct totals {
	struct counted counted;
	uint32_t classid;
	uint64_t packets;
};

static int
totals_of_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	const struct totals *t = (const struct totals *)arg;
	const struct tc_class_stats stats = { .handle = t->classid,
		.packets = t->packets,
		.bytes = 100 * t->packets };

	(void)ifindex;
	tell(tell_arg, &stats);
	return 0;
}

static void
total_of(struct fix *f, struct totals *t, uint32_t classid, uint64_t packets)
{
	count_on(f, &t->counted);
	f->kernel.stats_all = totals_of_all;
	t->classid = classid;
	t->packets = packets;
}

static void
class_is(struct fix *f, uint32_t minor, bool gone)
{
	tc_drift_event(f->link,
		&(struct tc_event){ .type = TC_CLASS,
			.gone = gone,
			.handle = tc_classid(minor) },
		f->now);
}

/* Somebody removes a class and makes it again before we look: of three flows
 * and idle classes in turn, however many there are to look at. */
static void
removed_classes_count_from_zero(void)
{
	for (int crowd = 0; crowd < 3; crowd++) {
		struct fix *f = with_flows();
		struct tc_record *seven = record(f, 7);
		struct tc_record *eight = record(f, 8);
		struct tc_idle *idle = tc_pool_at(&f->link->pools[TC_GS], 0);
		struct tc_idle *other = tc_pool_at(&f->link->pools[TC_GS], 1);
		const struct tc_base base = { 500, 5, 1 };

		seven->base = eight->base = idle->base = other->base = base;
		for (uint32_t i = 0; crowd == 1 && i < 100; i++)
			class_is(f, 0x1000 + i, true);
		/* Its filter is suspected before it. */
		told_of(f, object(f, TC_FILTER, seven->nodes[0].handle), false);
		class_is(f, seven->minor, true);
		class_is(f, seven->minor, false);
		class_is(f, idle->minor, true);
		if (crowd == 2)
			tc_drift_event(f->link, NULL, f->now);
		settle(f);
		T_EQ(seven->base.packets, 0);
		T_EQ(idle->base.packets, 0);
		/* Where the whole tree is looked at totals tell as well, which
		 * are 0 in this kernel. */
		T_EQ(eight->base.packets, crowd == 0 ? 5 : 0);
		T_EQ(other->base.packets, crowd == 0 ? 5 : 0);
		/* It is done with: the next change is no removal. */
		seven->base = idle->base = base;
		f->now = mono_add_ms(f->now, 61000);
		class_is(f, seven->minor, false);
		class_is(f, idle->minor, false);
		settle(f);
		T_EQ(seven->base.packets, 5);
		T_EQ(idle->base.packets, 5);
		fix_free(f);
	}
}

/* One class that went does not reset the others, also where all is looked at;
 * nor does it later. */
static void
only_the_removed_class_counts_from_zero(void)
{
	struct fix *f = with_flows();
	struct tc_record *seven = record(f, 7);
	struct totals t;

	total_of(f, &t, tc_classid(seven->minor), 9);
	seven->base = (struct tc_base){ 500, 5, 1 };
	for (uint32_t i = 0; i < 100; i++)
		class_is(f, 0x1000 + i, true);
	class_is(f, record(f, 8)->minor, true);
	settle(f);
	T_EQ(t.counted.dumps, 1);
	T_EQ(seven->base.packets, 5);
	/* Nobody told of it, and its totals are less than they were. */
	t.packets = 4;
	tc_drift_event(f->link, NULL, f->now);
	settle(f);
	T_EQ(seven->base.packets, 0);
	/* What was removed in vain is not another's, who gets the number. */
	class_is(f, 0x1234, true);
	T_CHECK(tc_drift_was_removed(f->link, 0x1234), "forgotten");
	T_CHECK(!tc_drift_was_removed(f->link, 0x1234), "kept");
	fix_free(f);
}

/* On its way to the pool: what is told last is of the class that is there, and
 * its next owner begins where that ended; also where nobody told of it. */
static void
draining_class_made_anew_counts_right(void)
{
	for (int told = 0; told < 2; told++) {
		struct busy b;
		struct fix *f = opened(&b);
		const struct tc_flow flow = fix_flow(7, 5004);
		const struct tc_pool *pool = &f->link->pools[TC_GS];
		const struct tc_idle *last;

		b.classid = fix_add(f, &flow).classid;
		record(f, 7)->base = (struct tc_base){ 500, told ? 1 : 4, 1 };
		b.stats = (struct tc_class_stats){ .qlen = 1, .packets = 9 };
		T_CHECK(!fix_del(f, 7), "answered");
		if (told)
			class_is(f, b.classid & 0xffff, true);
		b.stats = (struct tc_class_stats){ .packets = 3, .bytes = 300 };
		f->now = tc_drain_next(f->link);
		T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener),
			0);
		T_EQ(f->ear.last.packets, told ? 3 : 0);
		T_EQ(f->ear.last.bytes, told ? 300 : 0);
		T_EQ(f->ear.last.drops, 0);
		f->kernel = tc_dry_kernel(&f->dry);
		settle(f);
		last = &pool->ring[(pool->head + pool->count - 1) % pool->room];
		T_EQ(tc_classid(last->minor), b.classid);
		T_EQ(last->base.packets, 3);
		fix_free(f);
	}
}

/* Only the filter is told of, and the class has gone as well; and a filter that
 * goes is no class, whatever its number. */
static void
filter_that_goes_is_no_class(void)
{
	struct fix *f = with_flows();
	struct tc_record *seven = record(f, 7);
	struct tc_object o;

	seven->base = (struct tc_base){ 500, 5, 1 };
	tc_drift_event(f->link,
		&(struct tc_event){ .type = TC_FILTER,
			.gone = true,
			.parent = TC_ROOT_HANDLE,
			.pref = TC_PREF_V4,
			.handle = 0x02d00000 | seven->minor },
		f->now);
	class_is(f, seven->minor, false);
	settle(f);
	T_EQ(seven->base.packets, 5);
	o = *object(f, TC_FILTER, seven->nodes[0].handle);
	*object(f, TC_CLASS, class_of(f, 7)) =
		f->dry.objects.all[--f->dry.objects.count];
	told_of(f, &o, false);
	settle(f);
	T_EQ(seven->base.packets, 0);
	fix_free(f);
}

/* A number whose class was removed once is given to a new one. */
static void
new_class_has_no_past(void)
{
	struct fix *f = with_flows();
	uint32_t next = f->link->minors.next;
	struct tc_flow flow = fix_flow(9, 5010);
	struct tc_idle idle;

	for (uint32_t i = 0; i < 4; i++)
		class_is(f, next + i, true);
	/* One by the pool, and where that is empty one for the flow. */
	T_CHECK(tc_pool_take(&f->link->pools[TC_GS], &idle), "no pool");
	fix_idle(f);
	T_CHECK(!tc_drift_was_removed(f->link, next), "of the pool");
	while (tc_pool_take(&f->link->pools[TC_GS], &idle))
		;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(record(f, 9)->minor, next + 1);
	T_CHECK(!tc_drift_was_removed(f->link, next + 1), "of the flow");
	T_CHECK(tc_drift_was_removed(f->link, next + 2), "of nobody");
	fix_free(f);
}

static struct t_case cases[] = {
	{ "removed classes count from zero", removed_classes_count_from_zero },
	{ "a draining class made anew counts right",
		draining_class_made_anew_counts_right },
	{ "a filter that goes is no class", filter_that_goes_is_no_class },
	{ "a new class has no past", new_class_has_no_past },
	{ "only the removed class counts from zero",
		only_the_removed_class_counts_from_zero },
};

T_MAIN(cases)
