/* SPDX-License-Identifier: ISC */
#include "tc_fixture.h"
#include "tc_layer.h"

#include <errno.h>

/* A kernel that refuses one step, and perhaps one step of the undo. */
struct stubborn {
	struct layer layer;
	size_t calls;  /* operations so far */
	size_t refuse; /* this one; counted from 1, 0: none */
	size_t again;  /* and this one of the undo */
	bool broken;   /* the conversation fails instead */
	size_t third;  /* and this one */
	size_t undone; /* removals that were asked for */
};

static int
stubborn_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct stubborn *s = (struct stubborn *)arg;

	for (size_t i = 0; i < count; i++) {
		s->calls++;
		s->undone += ops[i].kind == TC_OP_DEL;
		if (s->broken && s->calls == s->refuse)
			return -ENOBUFS;
		if (s->calls == s->refuse || s->calls == s->again ||
			s->calls == s->third) {
			ret_results[i].error = ENOSPC;
			(void)text_copy(ret_results[i].text,
				sizeof(ret_results[i].text), "no more room");
			continue;
		}

		layer_one(s, &ops[i], &ret_results[i]);
	}
	return 0;
}

static struct tc_kernel
stubborn_kernel(struct stubborn *s, struct fix *f)
{
	struct tc_kernel kernel;

	*s = (struct stubborn){ .calls = 0 };
	kernel = layer_over(&s->layer, tc_dry_kernel(&f->dry));
	kernel.run = stubborn_run;
	return kernel;
}

/* Do something with the n-th step refused, for all n, until it succeeds: each
 * time the kernel must be as before, and the reason must be told. */
typedef struct tc_done attempt_fn(struct fix *f);

static size_t
refuse_each_step(struct fix *f, struct stubborn *s, attempt_fn *attempt)
{
	for (size_t n = 1;; n++) {
		char *before = fix_picture(f);
		char step[32];

		s->calls = 0;
		s->refuse = n;
		s->again = 0;

		struct tc_done done = attempt(f);
		char *after = fix_picture(f);

		if (done.error == 0) {
			free(before);
			free(after);
			return n - 1;
		}
		T_EQ(done.error, ENOSPC);
		snprintf(step, sizeof(step), "step %zu of ", n);
		T_CHECK(strstr(done.text, step) == done.text, "%s", done.text);
		T_CHECK(strstr(done.text, "(kernel: no more room)"), "%s",
			done.text);
		T_CHECK(strstr(done.text, n == 1 ? "; undone" : "; undone") ||
				strstr(done.text, "; nothing was changed"),
			"%s", done.text);
		T_STR(after, before);
		free(before);
		free(after);
	}
}

static struct tc_done
attempt_open(struct fix *f)
{
	const struct tc_iface iface = fix_iface();
	struct tc_done done = { 0 };

	tc_link_free(f->link);
	f->link = tc_link_new(alloc_heap(), &iface);
	T_EQ(tc_link_open(f->link, &f->kernel, 1, &f->listener, &done), 0);
	return done;
}

static struct tc_flow
three_filters(uint32_t id)
{
	struct tc_flow flow = fix_flow(id, 5004);

	flow.filter_count = 3;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	flow.filters[2] = fix_filter("10.0.0.2", "", 0, 0);
	return flow;
}

static struct tc_done
attempt_add(struct fix *f)
{
	const struct tc_flow flow = three_filters(7);

	return fix_add(f, &flow);
}

static struct tc_done
attempt_change(struct fix *f)
{
	struct tc_flow flow = three_filters(7);

	flow.rate_Bps *= 2;
	flow.buffer_bytes *= 2;
	flow.filters[0].dst_port++;
	flow.filters[1].dst_port++;
	return fix_add(f, &flow);
}

static struct tc_done
attempt_move(struct fix *f)
{
	struct tc_flow flow = three_filters(7);

	flow.service = TC_SERVICE_CL;
	return fix_add(f, &flow);
}

static struct tc_done
attempt_del(struct fix *f)
{
	struct tc_done done = { 0 };

	T_EQ(tc_batch_del(f->batch, f->link, 8, 7, done.text), 0);
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	return f->ear.count > 0 ? f->ear.done[0] : done;
}

static struct fix *
opened(struct stubborn *s, uint32_t pool)
{
	struct fix *f = fix_new();
	struct tc_iface iface = fix_iface();

	iface.pool_low = pool;
	iface.pool_high = pool;
	f->kernel = stubborn_kernel(s, f);
	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	return f;
}

static void
set_up_is_all_or_nothing(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);

	T_EQ(refuse_each_step(f, &s, attempt_add), 5); /* class leaf 3 nodes */
	T_CHECK(tc_record_find(f->link, 7) != NULL, "not there");
	fix_free(f);
	f = opened(&s, 0); /* the class is made now */
	T_EQ(refuse_each_step(f, &s, attempt_add), 5);
	fix_free(f);
}

static void
change_is_all_or_nothing(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);

	T_EQ(attempt_add(f).error, 0);
	T_EQ(refuse_each_step(f, &s, attempt_change), 6);
	T_EQ(tc_record_find(f->link, 7)->htb.rate_Bps, 200000);
	fix_free(f);
}

static void
move_is_all_or_nothing(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);

	T_EQ(attempt_add(f).error, 0);
	T_EQ(refuse_each_step(f, &s, attempt_move), 8);
	fix_free(f);
}

static void
removal_is_all_or_nothing(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);

	T_EQ(attempt_add(f).error, 0);
	T_EQ(refuse_each_step(f, &s, attempt_del), 3);
	T_CHECK(tc_record_find(f->link, 7) == NULL, "still there");
	fix_free(f);
}

/* After each refusal the books are as before: the same numbers are free. */
static void
refusals_cost_no_numbers(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 1);
	struct tc_flow flow = fix_flow(1, 5004);

	for (unsigned i = 0; i < 5000; i++) {
		s.calls = 0;
		s.refuse = 1 + i % 3;
		T_EQ(fix_add(f, &flow).error, ENOSPC);
	}
	s.refuse = 0;

	struct tc_done done = fix_add(f, &flow);

	T_EQ(done.error, 0);
	T_EQ(done.classid, tc_classid(TC_MINOR_FIRST));
	fix_free(f);
}

/* The tree itself: whichever step is refused, nothing stays. */
static void
tree_is_all_or_nothing(void)
{
	struct stubborn s;
	struct fix *f = fix_new();
	size_t refusals = 0;
	size_t as_pfifo = 0;

	f->kernel = stubborn_kernel(&s, f);
	for (size_t n = 1; n < 400; n++) {
		s.calls = 0;
		s.refuse = n;
		s.again = 0;

		struct tc_done done = attempt_open(f);

		if (done.error == 0 && s.calls < n)
			break;
		if (done.error == 0) {
			/* Only the best-effort leaf has a second choice. */
			T_CHECK(fix_find(f, TC_QDISC_LEAF, 0x50000)->kind ==
					&tc_kind_pfifo,
				"step %zu", n);
			tc_objects_done(&f->dry.objects);
			as_pfifo++;
		} else {
			T_EQ(done.error, ENOSPC);
			T_EQ(f->dry.objects.count, 0);
			refusals++;
		}
		f->dry.next_root = 0;
	}
	T_CHECK(refusals > 100, "%zu refusals", refusals);
	T_EQ(as_pfifo, 1);
	T_CHECK(fix_find(f, TC_QDISC_ROOT, TC_ROOT_HANDLE) != NULL, "no tree");
	fix_free(f);
}

static void
failed_undo_says_what_is_left(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);

	s.calls = 0;
	s.refuse = 4; /* the second node */
	s.again = 7;  /* taking the leaf back: nodes 5, node 3 undone, leaf */

	struct tc_done done = attempt_add(f);

	T_EQ(done.error, ENOSPC);
	T_CHECK(strstr(done.text, "; undo failed: "), "%s", done.text);
	T_CHECK(!strstr(done.text, "; undone"), "%s", done.text);
	T_CHECK(tc_record_find(f->link, 7) == NULL, "still known");
	/* Its class is not handed to the next flow. */
	s.refuse = 0;
	s.again = 0;

	const struct tc_flow other = fix_flow(8, 5010);

	done = fix_add(f, &other);
	T_EQ(done.error, 0);
	T_CHECK(done.classid != tc_classid(TC_MINOR_FIRST), "the same class");
	fix_free(f);
}

static void
one_refused_request_of_a_batch(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	char text[TC_TEXT];

	for (uint32_t id = 1; id <= 3; id++) {
		const struct tc_flow flow = fix_flow(id, (uint16_t)(5000 + id));

		T_EQ(tc_batch_flow(f->batch, f->link, id, &flow, text), 0);
	}
	s.calls = 0;
	s.refuse = 6; /* the node of the second flow */
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 3);
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(f->ear.done[1].error, ENOSPC);
	T_EQ(f->ear.done[1].flow_id, 2);
	T_EQ(f->ear.done[2].error, 0);
	T_CHECK(tc_record_find(f->link, 1) && tc_record_find(f->link, 3) &&
			!tc_record_find(f->link, 2),
		"the books");
	T_EQ(fix_nodes(f, f->ear.done[0].classid), 1);
	T_EQ(fix_nodes(f, f->ear.done[2].classid), 1);
	fix_free(f);
}

static void
removing_what_has_gone_is_no_error(void)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	const struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_open(f, &iface), 0);
	T_EQ(fix_add(f, &flow).error, 0);
	/* Somebody removed the node behind our back. */
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].u32.classid == 0x520100 &&
			f->dry.objects.all[i].type == TC_FILTER)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	T_EQ(fix_nodes(f, 0x520100), 0);
	T_CHECK(fix_del(f, 7), "not answered");
	T_EQ(f->ear.done[0].error, 0);
	fix_free(f);
}

static void
broken_conversation_is_told(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	const struct tc_flow flow = fix_flow(7, 5004);
	char text[TC_TEXT];

	T_EQ(tc_batch_flow(f->batch, f->link, 1, &flow, text), 0);
	s.calls = 0;
	s.refuse = 2;
	s.broken = true;
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener),
		-ENOBUFS);
	T_EQ(f->ear.count, 0);
	fix_free(f);
}

/* What could not be removed is not made again, and what could not be made and
 * could not be taken back neither. */
static void
numbers_of_refused_idle_classes_stay_apart(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	struct tc_flow flow;
	bool more;

	f->link->conf.pool_low = 0;
	f->link->conf.pool_high = 0;
	s.calls = 0;
	s.refuse = 3;
	T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	T_EQ(f->ear.notes, 1);
	fix_idle(f);
	f->link->conf.pool_low = 4;
	s.calls = 0;
	s.refuse = 4; /* a leaf */
	s.again = 9;  /* and one step of the undo */
	T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	T_EQ(f->ear.notes, 2);
	T_CHECK(strstr(f->ear.note, "undo failed") != NULL, "%s", f->ear.note);
	s.refuse = 0;
	s.again = 0;
	f->link->conf.pool_low = 0;
	/* All numbers come round, and each class can be made. */
	f->link->minors.next = TC_MINOR_FIRST;
	for (uint32_t id = 1; id <= 20; id++) {
		struct tc_done done;

		flow = fix_flow(id, (uint16_t)(5000 + id));
		done = fix_add(f, &flow);
		T_CHECK(done.error == 0, "flow %u: %s", id, done.text);
	}
	fix_free(f);
}

/* All others are in use, and 0 is none. */
static void
without_a_number_no_idle_class_is_made(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	bool more;

	for (uint32_t minor = TC_MINOR_FIRST; minor <= TC_MINOR_LAST; minor++)
		(void)tc_minors_claim(&f->link->minors, minor);
	f->link->conf.pool_low = f->link->conf.pool_high = 8;
	s.calls = 0;
	for (int i = 0; i < 3; i++)
		T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	T_EQ(s.calls, 0);
	T_EQ(f->link->pools[TC_GS].count, 4);
	T_EQ(f->link->pools[TC_CL].count, 4);
	fix_free(f);
}

/* A removal names what it was to remove; all that stays is counted. */
static void
texts_name_what_was_refused(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	struct tc_flow flow = three_filters(7);
	struct tc_done done;

	T_EQ(attempt_add(f).error, 0);
	s.calls = 0;
	s.refuse = 1;
	done = attempt_del(f);
	T_EQ(done.error, ENOSPC);
	T_CHECK(strstr(done.text, "delete filter 11 12c:2:") != NULL, "%s",
		done.text);
	T_CHECK(!tc_record_find(f->link, 7)->busy, "busy for ever");
	/* Two steps cannot be taken back. */
	flow.rate_Bps *= 2;
	flow.buffer_bytes *= 2;
	s.calls = 0;
	s.refuse = 6; /* of class, leaf, three new nodes, three old ones */
	flow.filters[0].dst_port++;
	flow.filters[1].dst_port++;
	flow.filters[2].dst = fix_addr("10.0.0.3");
	s.again = 9;
	s.third = 10;
	done = fix_add(f, &flow);
	T_EQ(done.error, ENOSPC);
	T_CHECK(strstr(done.text, "; undo failed: ") != NULL, "%s", done.text);
	T_CHECK(strstr(done.text, "; also of filter 10 2c:2:") != NULL, "%s",
		done.text);
	fix_free(f);
}

/* A new tree that is refused in the middle goes with its root, at once: not
 * class by class, each of which costs time. */
static void
refused_tree_goes_with_its_root(void)
{
	struct stubborn s;
	struct fix *f = fix_new();

	f->kernel = stubborn_kernel(&s, f);
	s.refuse = 50;
	T_EQ(attempt_open(f).error, ENOSPC);
	T_EQ(f->dry.objects.count, 0);
	/* The tree, its root once more to be sure, and nothing else. */
	T_CHECK(s.undone <= 2, "%zu steps to take it back", s.undone);
	fix_free(f);
}

/* A plan that is not whole is not run. */
static void
plan_without_memory_is_not_run(void)
{
	struct stubborn s;
	struct fix *f = opened(&s, 4);
	struct tc_ops ops = { .alloc = alloc_heap(), .failed = true };
	struct tc_group group = { 0 };

	s.calls = 0;
	T_EQ(tc_txn_run(&f->kernel, &ops, &group, 1, "eth0"), -ENOMEM);
	T_EQ(s.calls, 0);
	fix_free(f);
}

/* Refuses the tenth step, and then all that would take the others back. */
static int
refuse_the_tenth(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		if (ops[i].kind == TC_OP_DEL || i == 9)
			ret_results[i].error = ENOSPC;
	return 0;
}

/* Named as far as there is room, the others counted. */
static void
all_that_stays_is_counted(void)
{
	const struct tc_kernel kernel = { .run = refuse_the_tenth };
	struct tc_ops ops = { .alloc = alloc_heap() };
	struct tc_group group = { .count = 10 };
	size_t named = 1;
	char want[32];

	for (uint32_t i = 0; i < group.count; i++) {
		struct tc_op *op = tc_ops_add(&ops, TC_OP_ADD);

		T_CHECK(op != NULL, "memory");
		op->want = (struct tc_object){ .type = TC_CLASS,
			.kind = &tc_kind_htb_class,
			.handle = 0x10010 + i,
			.parent = 0x10000 };
	}
	T_EQ(tc_txn_run(&kernel, &ops, &group, 1, "eth0"), 0);
	T_EQ(group.error, ENOSPC);
	T_CHECK(!group.clean, "%s", group.text);
	for (const char *at = strstr(group.text, "; also of "); at;
		at = strstr(at + 1, ", "))
		named++;
	T_CHECK(named > 2 && named < 8, "%s", group.text);
	(void)snprintf(want, sizeof(want), " and %zu more", 9 - named);
	T_STR(strstr(group.text, " and "), want);
	tc_ops_done(&ops);
}

static struct t_case cases[] = {
	{ "a set-up is all or nothing", set_up_is_all_or_nothing },
	{ "a change is all or nothing", change_is_all_or_nothing },
	{ "a move to another service is all or nothing",
		move_is_all_or_nothing },
	{ "a removal is all or nothing", removal_is_all_or_nothing },
	{ "refusals cost no numbers", refusals_cost_no_numbers },
	{ "the tree is all or nothing", tree_is_all_or_nothing },
	{ "a failed undo says what is left", failed_undo_says_what_is_left },
	{ "one refused request of a batch hurts no other",
		one_refused_request_of_a_batch },
	{ "removing what has gone is no error",
		removing_what_has_gone_is_no_error },
	{ "numbers of refused idle classes stay apart",
		numbers_of_refused_idle_classes_stay_apart },
	{ "a broken conversation is told", broken_conversation_is_told },
	{ "without a number no idle class is made",
		without_a_number_no_idle_class_is_made },
	{ "texts name what was refused", texts_name_what_was_refused },
	{ "a refused tree goes with its root",
		refused_tree_goes_with_its_root },
	{ "a plan without memory is not run", plan_without_memory_is_not_run },
	{ "all that stays is counted", all_that_stays_is_counted },
};

T_MAIN(cases)
