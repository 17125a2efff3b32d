/* SPDX-License-Identifier: ISC */

/*
 * A kernel that refuses the n-th operation, for all n, of every kind of request
 * that an open link gets, and one that refuses a step of the undo as well.
 * Afterwards the books hold what the kernel holds: a look at the whole tree
 * finds nothing to repair; what could not be undone was named, and a look at
 * the tree repairs it.
 */

#include "tc_refusing.h"

/* ---- requests ------------------------------------------------------------ */

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
