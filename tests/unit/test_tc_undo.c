/* SPDX-License-Identifier: ISC */

/*
 * A kernel that refuses the n-th operation, for all n, of every kind of request
 * that an open link gets, and one that refuses a step of the undo as well.
 * Afterwards the books hold what the kernel holds: a look at the whole tree
 * finds nothing to repair; what could not be undone was named, and a look at
 * the tree repairs it.
 */

#include "tc_fixture.h"

#include <errno.h>

struct refusing {
	struct tc_kernel behind;
	size_t calls;
	size_t first;  /* refused; counted from 1, 0: none */
	size_t second; /* so many operations after that, too; 0: none */
	size_t refused;
	char text[TC_TEXT]; /* what was told of it */
};

static int
refusing_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct refusing *r = (struct refusing *)arg;

	for (size_t i = 0; i < count; i++) {
		size_t n = ++r->calls;

		if (r->first != 0 &&
			(n == r->first || (r->second != 0 &&
						  n == r->first + r->second))) {
			r->refused++;
			ret_results[i] =
				(struct tc_result){ ENOSPC, "no more room" };
			continue;
		}
		T_EQ(r->behind.run(r->behind.arg, &ops[i], 1, &ret_results[i]),
			0);
	}
	return 0;
}

static int
refusing_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct refusing *r = (const struct refusing *)arg;

	return r->behind.dump(r->behind.arg, ifindex, into);
}

static int
refusing_stats(void *arg, uint32_t ifindex, const uint32_t *classids,
	size_t count, struct tc_class_stats *ret_stats)
{
	const struct refusing *r = (const struct refusing *)arg;

	return r->behind.stats(
		r->behind.arg, ifindex, classids, count, ret_stats);
}

static int
refusing_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	const struct refusing *r = (const struct refusing *)arg;

	return r->behind.stats_all(r->behind.arg, ifindex, tell, tell_arg);
}

static int
refusing_get(void *arg, const struct tc_object *keys, size_t count,
	struct tc_objects *into)
{
	const struct refusing *r = (const struct refusing *)arg;

	return r->behind.get(r->behind.arg, keys, count, into);
}

/* Two flows, and idle classes. */
static struct fix *
busy_link(struct refusing *r)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(7, 5004);

	*r = (struct refusing){ .behind = tc_dry_kernel(&f->dry) };
	f->kernel = (struct tc_kernel){ .arg = r,
		.run = refusing_run,
		.dump = refusing_dump,
		.stats = refusing_stats,
		.stats_all = refusing_all,
		.get = refusing_get };
	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	flow.filter_count = 2;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(8, 5006);
	flow.service = TC_SERVICE_CL;
	T_EQ(fix_add(f, &flow).error, 0);
	fix_idle(f);
	r->calls = 0;
	return f;
}

/* ---- requests ------------------------------------------------------------ */

typedef struct tc_done request_fn(struct fix *f);

static struct tc_done
request_add(struct fix *f)
{
	struct tc_flow flow = fix_flow(9, 5010);

	flow.filter_count = 3;
	flow.filters[1] = fix_filter("2001:db8::3", "2001:db8::1", 5004, 6000);
	flow.filters[2] = fix_filter("10.0.0.3", "", 0, 0);
	return fix_add(f, &flow);
}

static struct tc_done
request_change(struct fix *f)
{
	struct tc_flow flow = fix_flow(7, 5008);

	flow.rate_Bps /= 2;
	flow.buffer_bytes *= 2;
	return fix_add(f, &flow);
}

static struct tc_done
request_move(struct fix *f)
{
	struct tc_flow flow = fix_flow(7, 5004);

	flow.service = TC_SERVICE_CL;
	return fix_add(f, &flow);
}

/* Filters, and then the way of the class back to the pool. */
static struct tc_done
request_del(struct fix *f)
{
	struct tc_done done = { 0 };

	f->ear.count = 0;
	T_EQ(tc_batch_del(f->batch, f->link, 8, 7, done.text), 0);
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 1);
	/* What was refused is tried again a second later. */
	f->now = mono_add_ms(f->now, 1000);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	return f->ear.done[0];
}

static struct tc_done
request_settings(struct fix *f)
{
	struct tc_iface iface = fix_iface();
	struct tc_done done = { 0 };

	iface.link_Bps *= 2;
	iface.overhead_bytes += 4;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	return done;
}

/* What is noted, since nobody asked. */
static struct tc_done
idle_with(struct fix *f, uint32_t low, uint32_t high)
{
	struct tc_done done = { 0 };
	size_t before = f->ear.notes;
	bool more = true;

	f->link->conf.pool_low = low;
	f->link->conf.pool_high = high;
	while (more && f->ear.notes == before)
		T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	if (f->ear.notes > before) {
		done.error = ENOSPC;
		(void)text_copy(done.text, sizeof(done.text), f->ear.note);
	}
	return done;
}

static struct tc_done
request_growth(struct fix *f)
{
	return idle_with(f, 8, 10);
}

static struct tc_done
request_shrinking(struct fix *f)
{
	return idle_with(f, 0, 1);
}

static struct tc_done
request_restart(struct fix *f)
{
	const struct tc_iface iface = fix_iface();
	struct tc_done done = { 0 };

	/* Something to repair at the start. */
	for (size_t i = f->dry.objects.count; i-- > 0;)
		if (f->dry.objects.all[i].handle ==
				tc_classid(TC_MINOR_CONTROL) ||
			f->dry.objects.all[i].handle ==
				tc_leaf_handle(TC_MINOR_CONTROL))
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	f->ear.adopted_count = 0;
	tc_link_free(f->link);
	f->link = tc_link_new(alloc_heap(), &iface);
	T_EQ(tc_link_open(f->link, &f->kernel, 1, &f->listener, &done), 0);
	if (done.error == 0)
		return done;

	const struct tc_done reason = done;

	/* The next tcctl, to look at what this one has left. */
	f->kernel = tc_dry_kernel(&f->dry);
	tc_link_free(f->link);
	f->link = tc_link_new(alloc_heap(), &iface);
	f->ear.adopted_count = 0;
	T_EQ(tc_link_open(f->link, &f->kernel, 1, &f->listener, &done), 0);
	T_EQ(done.error, 0);
	T_EQ(f->ear.adopted_count, 2);
	return reason;
}

/* ---- what is left -------------------------------------------------------- */

/* Look at all of the tree; how much there was to repair, without classes that
 * could not be removed and are in nobody's way. */
static size_t
look_at_all(struct fix *f)
{
	size_t left = 0;

	f->ear.drift_count = 0;
	tc_drift_event(f->link, NULL, f->now);
	for (int i = 0; tc_drift_next(f->link).us != MONO_NEVER.us; i++) {
		T_CHECK(i < 10, "without end");
		f->now = tc_drift_next(f->link);
		T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	T_CHECK(!f->link->lost, "lost");
	for (size_t i = 0; i < f->ear.drift_count; i++)
		left += !strstr(f->ear.drifts[i].text, "left alone: class");
	return left;
}

/* A class outside the books keeps its number. */
static void
expect_numbers_kept(struct fix *f)
{
	for (size_t i = 0; i < f->dry.objects.count; i++) {
		const struct tc_object *o = &f->dry.objects.all[i];

		if (o->type == TC_CLASS && (o->handle & 0xffff) >= 0x100)
			T_CHECK(!tc_minors_claim(
					&f->link->minors, o->handle & 0xffff),
				"class %x can be given twice", o->handle);
	}
}

static void
once_refused(request_fn *request, const char *what, size_t least)
{
	for (size_t n = 1;; n++) {
		struct refusing r;
		struct fix *f = busy_link(&r);
		struct tc_done done;
		size_t left;

		r.first = n;
		done = request(f);
		r.first = 0;
		if (r.refused == 0) {
			T_EQ(done.error, 0);
			T_CHECK(n > least, "%s: %zu steps only", what, n - 1);
			T_EQ(look_at_all(f) + f->ear.drift_count, 0);
			fix_free(f);
			return;
		}
		left = look_at_all(f);
		T_CHECK(left + f->ear.drift_count == 0, "%s, step %zu: %s",
			what, n, f->ear.drifts[0].text);
		T_CHECK(done.error == 0 || strstr(done.text, "no more room"),
			"%s, step %zu: %s", what, n, done.text);
		T_CHECK(!f->link->unclean, "%s, step %zu", what, n);
		expect_numbers_kept(f);
		fix_free(f);
	}
}

/* Which step of the undo there is depends on n: all up to a refusal that came
 * too late for it. */
static void
twice_refused(request_fn *request, const char *what)
{
	size_t unclean = 0;

	for (size_t n = 2;; n++) {
		bool any = false;

		for (size_t later = 1; later < 24; later++) {
			struct refusing r;
			struct fix *f = busy_link(&r);
			struct tc_done done;

			r.first = n;
			r.second = later;
			done = request(f);
			r.first = 0;
			any = any || r.refused > 0;
			if (f->link->unclean) {
				unclean++;
				T_CHECK(strstr(done.text, "undo failed: ") ||
						strstr(f->ear.note,
							"undo failed: "),
					"%s, %zu + %zu: %s", what, n, later,
					done.text);
				tc_drift_unclean(f->link, f->now);
				T_CHECK(tc_drift_next(f->link).us !=
						MONO_NEVER.us,
					"nobody looks after it");
			}
			(void)look_at_all(f);
			T_EQ(look_at_all(f), 0);
			expect_numbers_kept(f);
			fix_free(f);
		}
		if (!any)
			break;
	}
	T_CHECK(unclean > 0, "%s: every undo worked", what);
}

static const struct {
	request_fn *request;
	const char *what;
	size_t least; /* steps */
	bool undone;  /* by steps of its own */
} requests[] = {
	{ request_add, "a new flow", 5, true },
	{ request_change, "a change", 3, true },
	{ request_move, "another service", 5, true },
	{ request_del, "a removal", 3, true },
	{ request_settings, "new settings", 5, true },
	{ request_growth, "growth of the pool", 8, true },
	{ request_shrinking, "shrinking of the pool", 6, true },
	{ request_restart, "a restart", 2, false },
};

static void
one_refusal_leaves_nothing(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		once_refused(requests[i].request, requests[i].what,
			requests[i].least);
}

static void
refused_undo_is_named_and_repaired(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].undone)
			twice_refused(requests[i].request, requests[i].what);
}

/* All that is left is named, as far as there is room. */
static void
everything_left_is_named(void)
{
	struct refusing r;
	struct fix *f = busy_link(&r);
	struct tc_ops ops = { .alloc = alloc_heap() };
	struct tc_group group = { .count = 3 };

	for (uint32_t i = 0; i < 3; i++) {
		struct tc_op *op = tc_ops_add(&ops, TC_OP_ADD);
		struct tc_object leaf;

		tc_want_idle(
			&f->link->conf, TC_GS, 0x200 + i, &op->want, &leaf);
	}
	r.first = 3;
	r.second = 1; /* 4: taking 201 back */
	T_EQ(tc_txn_run(&f->kernel, &ops, &group, 1, "eth0"), 0);
	T_EQ(group.error, ENOSPC);
	T_EQ(group.clean, false);
	T_CHECK(strstr(group.text, "undo failed: delete class 52:201"), "%s",
		group.text);
	T_CHECK(!strstr(group.text, "also of"), "%s", group.text);
	tc_ops_done(&ops);
	fix_free(f);
}

/* Minor 0 would be a class that bypasses the tree. */
static void
without_numbers_the_pool_rests(void)
{
	struct refusing r;
	struct fix *f = busy_link(&r);
	char *before = fix_picture(f);
	char *after;

	for (uint32_t minor = TC_MINOR_FIRST; minor <= TC_MINOR_LAST; minor++)
		(void)tc_minors_claim(&f->link->minors, minor);
	T_EQ(idle_with(f, 50, 60).error, 0);
	after = fix_picture(f);
	T_STR(after, before);
	T_EQ(r.calls, 0);
	free(before);
	free(after);
	fix_free(f);
}

static struct t_case cases[] = {
	{ "without numbers the pool rests", without_numbers_the_pool_rests },
	{ "one refusal leaves nothing", one_refusal_leaves_nothing },
	{ "a refused undo is named and repaired",
		refused_undo_is_named_and_repaired },
	{ "everything left is named", everything_left_is_named },
};

T_MAIN(cases)
