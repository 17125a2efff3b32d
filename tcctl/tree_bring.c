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

/* Until one is refused: that is in the outcome. */
static int
run_steps(const struct tree_bring *b, const struct tc_ops *ops,
	struct tree_outcome *outcome)
{
	for (size_t i = 0; i < ops->count; i++) {
		struct tc_result result = { 0 };
		int error = run_step(b, &ops->all[i], &result);

		if (error != 0)
			return error;
		if (result.error != 0) {
			struct text t =
				text_over(outcome->text, sizeof(outcome->text));

			outcome->error = result.error;
			text_printf(&t, "step %zu of %zu: ", i + 1, ops->count);
			explain(&t, b, &ops->all[i], &result);
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
tree_copy_known(const struct tc_objects *from, struct tc_objects *into)
{
	for (size_t i = 0; i < from->count; i++)
		if (!tree_is_automatic(&from->all[i]) &&
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

/* Step by step, past what is refused: the rest may still go. */
static int
run_back(const struct tree_bring *b, struct tc_objects *want, unsigned sides)
{
	const struct tree_bring silent = {
		.kernel = b->kernel, .ifindex = b->ifindex, .name = b->name
	};
	struct tc_objects have = { .alloc = want->alloc };
	struct tc_ops ops = { .alloc = want->alloc };
	int error = plan_from_now(b, want, sides, &have, &ops);

	for (size_t i = 0; i < ops.count && error == 0; i++) {
		struct tc_result result = { 0 };

		error = run_step(&silent, &ops.all[i], &result);
	}
	tc_ops_done(&ops);
	tc_objects_done(&have);
	return error;
}

static void
tell_left(const struct tree_bring *b, const struct tc_ops *left, bool lost,
	struct tree_outcome *outcome)
{
	size_t said = strlen(outcome->text);
	struct text t =
		text_over(outcome->text + said, sizeof(outcome->text) - said);

	outcome->clean = left->count == 0 && !lost;
	if (outcome->clean) {
		text_add(&t, "; undone");
		return;
	}
	if (left->count > 0) {
		text_add(&t, "; not undone, still to be done: ");
		tc_op_print(&t, &left->all[0], b->name);
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
	unsigned sides, struct tree_outcome *outcome)
{
	struct tc_objects want = { .alloc = former->alloc };
	struct tc_objects have = { .alloc = former->alloc };
	struct tc_ops left = { .alloc = former->alloc };
	int error;

	tree_copy_known(former, &want);
	forget_tables(&want);
	error = want.failed ? -ENOMEM : run_back(b, &want, sides);
	if (error == 0) {
		forget_tables(&want);
		error = plan_from_now(b, &want, sides, &have, &left);
	}
	if (error == 0)
		tell_left(b, &left, is_lost(former, &have, sides), outcome);
	tc_ops_done(&left);
	tc_objects_done(&have);
	tc_objects_done(&want);
	return error;
}

int
tree_bring(const struct tree_bring *b, struct tc_objects *want, unsigned sides,
	struct tree_outcome *ret_outcome)
{
	struct tc_objects former = { .alloc = want->alloc };
	struct tc_ops ops = { .alloc = want->alloc };
	int error;

	*ret_outcome = (struct tree_outcome){ .clean = true };
	error = plan_from_now(b, want, sides, &former, &ops);
	if (error == 0)
		error = run_steps(b, &ops, ret_outcome);
	if (error == 0 && ret_outcome->error == 0 && ops.count > 0)
		error = look_again(b, want, sides, ret_outcome);
	if (error == 0 && ret_outcome->error != 0)
		error = tree_bring_back(b, &former, sides, ret_outcome);
	tc_ops_done(&ops);
	tc_objects_done(&former);
	return error;
}
