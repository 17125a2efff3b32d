/* SPDX-License-Identifier: ISC */

/*
 * A plan carried out.  The kernel's own numbers of filters are only known when
 * they are there, so taking back is not the steps reversed: it is a plan from
 * what there is by then to what there was, and a look at what remains.
 */

#include <errno.h>
#include <string.h>

#include "link_int.h"
#include "tree_int.h"

static int
dump(const struct tree_bring *b, struct tc_objects *into)
{
	int error = b->kernel->dump_tree(b->kernel->arg, b->ifindex, into);

	return error == 0 && into->failed ? -ENOMEM : error;
}

/* ---- beside others ------------------------------------------------------- */

/* Of a root and an ingress each; of ways back, while others go on. */
enum { TOPS = 4, ROUNDS = 8 };

/* The qdiscs on top that there were before, and that we make. */
struct tops {
	const struct tree_bring *b;
	const struct alloc *alloc;
	size_t count;
	const struct tc_object *all[TOPS];
};

static bool
is_qdisc(const struct tc_object *o)
{
	return o->type != TC_CLASS && o->type != TC_FILTER;
}

/* The qdisc at a place is, or is not, what is expected there. */
typedef bool expected_fn(const void *arg, const struct tc_object *found);

static bool
look_at(const struct tops *t, uint32_t parent, expected_fn *expected,
	const void *arg)
{
	const struct tc_kernel *kernel = t->b->kernel;
	struct tc_objects there = { .alloc = t->alloc };
	bool is = true; /* no answer: then the step fails in the same way */

	if (kernel->place(kernel->arg, t->b->ifindex, parent, &there) == 0)
		is = !there.failed &&
		     expected(arg, there.count > 0 && there.all[0].handle != 0
					   ? &there.all[0]
					   : NULL);
	tc_objects_done(&there);
	return is;
}

static bool
is_our_top(const void *arg, const struct tc_object *found)
{
	const struct tops *t = (const struct tops *)arg;

	for (size_t i = 0; i < t->count && found; i++)
		if (t->all[i]->parent == found->parent &&
			t->all[i]->handle == found->handle &&
			tc_object_equal(found, t->all[i]))
			return true;
	return false;
}

static bool
is_meant(const void *arg, const struct tc_object *found)
{
	const struct tc_op *op = (const struct tc_op *)arg;

	if (op->kind == TC_OP_ADD || !found)
		return op->kind == TC_OP_DEL || !found;
	return found->handle == op->have.handle &&
	       tc_object_equal(found, &op->have);
}

/* A node of another chain: the kernel tells it for each that has the
 * preference. */
static bool
is_elsewhere(const struct tc_object *o, const struct tc_object *f)
{
	return tc_u32_is_root(o->handle) &&
	       tc_u32_table(o->handle) != tc_u32_table(f->handle);
}

/* Nobody has put anything there since: what is deleted as a whole has nothing
 * but its root table and the node that was to be its last. */
static bool
is_last(const struct tops *t, const struct tc_object *f)
{
	const struct tc_kernel *kernel = t->b->kernel;
	struct tc_objects there = { .alloc = t->alloc };
	bool is = true; /* no answer: as in look_at() */

	if (kernel->preference &&
		kernel->preference(kernel->arg, f, &there) == 0)
		is = !there.failed;
	for (size_t i = 0; i < there.count && is; i++) {
		const struct tc_object *o = &there.all[i];

		is = o->chain != f->chain || o->handle == f->handle ||
		     tree_is_automatic(o) || is_elsewhere(o, f);
	}
	tc_objects_done(&there);
	return is;
}

/* Others may have come since the plan was made: what it is about to touch is
 * still there, in a tree that is still ours. */
static bool
is_as_planned(const struct tops *t, const struct tc_op *op)
{
	const struct tc_object *o = tc_op_object(op);
	const bool top =
		o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS;

	if (!t->b->kernel->place)
		return true;
	if (is_qdisc(o) && !look_at(t, o->parent, is_meant, op))
		return false;
	if (op->kind == TC_OP_DEL && o->any_handle && !is_last(t, o))
		return false;
	return top ||
	       look_at(t,
		       tree_side_of(o) == TREE_INCOMING ? TC_INGRESS_PARENT
							: TC_PARENT_ROOT,
		       is_our_top, t);
}

static void
find_tops(const struct tc_objects *list, struct tops *t)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];

		if ((o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS) &&
			t->count < TOPS)
			t->all[t->count++] = o;
	}
}

/* ---- forward ------------------------------------------------------------- */

static int
run_step(const struct tree_bring *b, const struct tc_op *op,
	struct tc_result *ret_result)
{
	int error = b->kernel->run(b->kernel->arg, op, 1, ret_result);

	/* What should go and is not there has gone. */
	if (error == 0 && op->kind == TC_OP_DEL && ret_result->error == ENOENT)
		ret_result->error = 0;
	if (error == 0 && ret_result->error == 0 && b->tell)
		b->tell(b->arg, op);
	return error;
}

static void
explain(struct text *t, const struct tree_bring *b, const struct tc_op *op,
	const struct tc_result *result)
{
	static const char *const words[] = { "add", "change", "delete" };

	text_printf(t, "%s ", words[op->kind]);
	tc_object_name(t, tc_op_object(op), b->name);
	text_printf(t, ": %s", strerror(result->error));
	if (result->text[0] != '\0')
		text_printf(t, " (kernel: %s)", result->text);
}

/* Not where others have come meanwhile. */
static int
try_step(const struct tops *tops, const struct tc_op *op,
	struct tc_result *ret_result)
{
	if (is_as_planned(tops, op))
		return run_step(tops->b, op, ret_result);
	ret_result->error = EBUSY;
	(void)text_copy(ret_result->text, sizeof(ret_result->text),
		"another program has been there meanwhile");
	return 0;
}

/* Until one is refused: that is in the outcome. */
static int
run_steps(const struct tops *tops, const struct tc_ops *ops,
	struct tree_outcome *outcome)
{
	for (size_t i = 0; i < ops->count; i++) {
		struct tc_result result = { 0 };
		int error = try_step(tops, &ops->all[i], &result);

		if (error != 0)
			return error;
		if (result.error != 0) {
			struct text t =
				text_over(outcome->text, sizeof(outcome->text));

			outcome->error = result.error;
			text_printf(&t, "step %zu of %zu: ", i + 1, ops->count);
			explain(&t, tops->b, &ops->all[i], &result);
			return 0;
		}
	}
	return 0;
}

static int
plan_from_now(const struct tree_bring *b, struct tc_objects *want,
	unsigned sides, struct tc_objects *have, struct tc_ops *ops)
{
	int error = dump(b, have);

	if (error == 0)
		tree_plan(have, want, sides, ops);
	return error == 0 && ops->failed ? -ENOMEM : error;
}

/* Does the kernel say that it is as wanted?  It may have said yes and done
 * nothing. */
static int
look_again(const struct tree_bring *b, struct tc_objects *want, unsigned sides,
	struct tree_outcome *outcome)
{
	struct tc_objects have = { .alloc = want->alloc };
	struct tc_ops left = { .alloc = want->alloc };
	int error = plan_from_now(b, want, sides, &have, &left);

	if (error == 0 && left.count > 0) {
		struct text t = text_over(outcome->text, sizeof(outcome->text));

		outcome->error = EIO;
		text_add(&t, "the kernel took all steps, and yet: ");
		tc_op_print(&t, &left.all[0], b->name);
		text_printf(&t, " is still to be done");
	}
	tc_ops_done(&left);
	tc_objects_done(&have);
	return error;
}

void
tree_copy_known(
	const struct tc_objects *from, unsigned sides, struct tc_objects *into)
{
	for (size_t i = 0; i < from->count; i++)
		if ((tree_side_of(&from->all[i]) & sides) != 0 &&
			!tree_is_automatic(&from->all[i]) &&
			tree_is_known(&from->all[i]) &&
			(from->all[i].kind != &tc_kind_u32 ||
				from->all[i].u32.divisor == 0))
			(void)tc_objects_copy(/* a failure is noted */
				into, &from->all[i]);
}

/* The nodes that were in a preference's own table will be in another. */
static void
forget_tables(struct tc_objects *want)
{
	for (size_t i = 0; i < want->count; i++) {
		struct tc_object *o = &want->all[i];

		if (o->type == TC_FILTER && o->kind == &tc_kind_u32)
			o->handle &= TC_NODE_MAX;
	}
}

/* A way back, and what is to be left on it. */
struct way_back {
	const struct tree_bring *b;
	const struct tc_objects *former;
	const struct tc_objects *made;
	unsigned sides;
	struct tc_objects now;
	struct tc_ops ops;
	struct tree_spared spared;
	struct tops tops;
};

static int
find_way(struct way_back *w, struct tc_objects *want)
{
	int error;

	tc_ops_done(&w->ops);
	tc_objects_done(&w->now);
	forget_tables(want);
	error = plan_from_now(w->b, want, w->sides, &w->now, &w->ops);
	if (error == 0 && !tree_spare(&w->now, w->former, w->made, w->sides,
				  &w->ops, &w->spared))
		error = -ENOMEM;
	return error;
}

/* Step by step, past what is refused: the rest may still go.  False: others
 * have come, another way is to be found. */
static bool
run_way(struct way_back *w, int *ret_error)
{
	const struct tree_bring silent = { .kernel = w->b->kernel,
		.ifindex = w->b->ifindex,
		.name = w->b->name };

	for (size_t i = 0; i < w->ops.count && *ret_error == 0; i++) {
		struct tc_result result = { 0 };

		if (!is_as_planned(&w->tops, &w->ops.all[i]))
			return false;
		*ret_error = run_step(&silent, &w->ops.all[i], &result);
	}
	return true;
}

static int
run_back(struct way_back *w, struct tc_objects *want)
{
	bool done = false;
	int error = 0;

	for (int round = 0; round < ROUNDS && !done && error == 0; round++) {
		error = find_way(w, want);
		done = error != 0 || run_way(w, &error);
	}
	return error;
}

static void
tell_spared(struct text *t, const struct way_back *w)
{
	if (w->spared.count == 0)
		return;
	text_add(t, "; left, as another program has put it there meanwhile: ");
	tc_object_print(t, &w->spared.first, w->b->name);
	if (w->spared.count > 1)
		text_printf(t, " and %zu more", w->spared.count - 1);
	if (w->spared.holding)
		text_add(t, ", with what it is in");
}

static void
tell_left(const struct way_back *w, bool lost, struct tree_outcome *outcome)
{
	const struct tc_ops *left = &w->ops;
	size_t said = strlen(outcome->text);
	struct text t =
		text_over(outcome->text + said, sizeof(outcome->text) - said);

	outcome->clean = left->count == 0 && !lost && w->spared.count == 0;
	if (outcome->clean) {
		text_add(&t, "; undone");
		return;
	}
	tell_spared(&t, w);
	if (left->count > 0) {
		text_add(&t, "; not undone, still to be done: ");
		tc_op_print(&t, &left->all[0], w->b->name);
	}
	if (left->count > 1)
		text_printf(&t, " and %zu more", left->count - 1);
	if (lost)
		text_add(&t, "; what tcctl does not know could not be made "
			     "again");
}

/* Something of the former that is no more, and that we cannot make. */
static bool
is_lost(const struct tc_objects *former, const struct tc_objects *now,
	unsigned sides)
{
	for (size_t i = 0; i < former->count; i++) {
		const struct tc_object *o = &former->all[i];
		bool found = (tree_side_of(o) & sides) == 0 ||
			     tree_is_known(o) || tree_is_automatic(o);

		for (size_t k = 0; k < now->count && !found; k++)
			found = now->all[k].type == o->type &&
				now->all[k].handle == o->handle &&
				now->all[k].parent == o->parent;
		if (!found)
			return true;
	}
	return false;
}

int
tree_bring_back(const struct tree_bring *b, const struct tc_objects *former,
	const struct tc_objects *made, unsigned sides,
	struct tree_outcome *outcome)
{
	struct tc_objects want = { .alloc = former->alloc };
	struct way_back w = { .b = b,
		.former = former,
		.made = made,
		.sides = sides,
		.now = { .alloc = former->alloc },
		.ops = { .alloc = former->alloc },
		.tops = { .b = b, .alloc = former->alloc } };
	int error;

	find_tops(former, &w.tops);
	find_tops(made, &w.tops);
	tree_copy_known(former, sides, &want);
	error = want.failed ? -ENOMEM : run_back(&w, &want);
	if (error == 0)
		error = find_way(&w, &want);
	if (error == 0)
		tell_left(&w, is_lost(former, &w.now, sides), outcome);
	tc_ops_done(&w.ops);
	tc_objects_done(&w.now);
	tc_objects_done(&want);
	return error;
}

int
tree_bring(const struct tree_bring *b, struct tc_objects *want, unsigned sides,
	struct tree_outcome *ret_outcome)
{
	struct tc_objects former = { .alloc = want->alloc };
	struct tc_ops ops = { .alloc = want->alloc };
	struct tops tops = { .b = b, .alloc = want->alloc };
	int error;

	*ret_outcome = (struct tree_outcome){ .clean = true };
	error = plan_from_now(b, want, sides, &former, &ops);
	find_tops(&former, &tops);
	find_tops(want, &tops);
	if (error == 0)
		error = run_steps(&tops, &ops, ret_outcome);
	if (error == 0 && ret_outcome->error == 0 && ops.count > 0)
		error = look_again(b, want, sides, ret_outcome);
	if (error == 0 && ret_outcome->error != 0)
		error = tree_bring_back(b, &former, want, sides, ret_outcome);
	tc_ops_done(&ops);
	tc_objects_done(&former);
	return error;
}
