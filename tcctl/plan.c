/* SPDX-License-Identifier: ISC */

/*
 * What there is and what we want to ordered operations.  The order of creation
 * is the order of the arrays (tc_object_compare): parents before children,
 * tables before the nodes that link to them, classes before filters.  So a new
 * filter is there before an old one goes, and deletions come last.
 */

#include "model_int.h"

#include "base/diff.h"

struct planner {
	struct tc_ops *ops;
	size_t removed;
	bool removing; /* the second walk */
};

static bool
object_equal(const void *have, const void *want)
{
	return tc_object_equal(
		(const struct tc_object *)have, (const struct tc_object *)want);
}

static void
plan_removal(struct planner *p, const struct tc_object *have)
{
	struct tc_op *op = tc_ops_add(p->ops, TC_OP_DEL);

	if (op)
		op->have = *have;
}

static void
plan_addition(struct planner *p, const struct tc_object *want)
{
	struct tc_op *op = tc_ops_add(p->ops, TC_OP_ADD);

	if (op)
		op->want = *want;
}

static void
plan_change(struct planner *p, const struct tc_object *have,
	const struct tc_object *want)
{
	if (!tc_object_changeable(have, want)) {
		plan_removal(p, have);
		plan_addition(p, want);
		return;
	}

	struct tc_op *op = tc_ops_add(p->ops, TC_OP_CHANGE);

	if (op) {
		op->have = *have;
		op->want = *want;
	}
}

static void
tell(void *arg, enum diff_kind kind, const void *have, const void *want)
{
	struct planner *p = (struct planner *)arg;
	const struct tc_object *old = (const struct tc_object *)have;
	const struct tc_object *new = (const struct tc_object *)want;

	if (p->removing) {
		if (kind == DIFF_REMOVED)
			plan_removal(p, old);
		return;
	}
	switch (kind) {
	case DIFF_ADDED:
		plan_addition(p, new);
		break;
	case DIFF_REMOVED:
		p->removed++;
		break;
	case DIFF_CHANGED:
		plan_change(p, old, new);
		break;
	case DIFF_SAME:
		break;
	}
}

static void
turn_around(struct tc_op *ops, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct tc_op swap = ops[i];

		ops[i] = ops[count - 1 - i];
		ops[count - 1 - i] = swap;
	}
}

void
tc_plan(struct tc_span have, struct tc_span want, struct tc_ops *ops)
{
	static const struct diff_ops records = { .compare = tc_object_compare,
		.equal = object_equal,
		.tell = tell };
	const struct diff_side old = { have.all, have.count,
		sizeof(*have.all) };
	const struct diff_side new = { want.all, want.count,
		sizeof(*want.all) };
	struct planner p = { .ops = ops };

	diff_walk(&old, &new, &records, &p);
	if (p.removed == 0)
		return;

	size_t first = ops->count;

	p.removing = true;
	diff_walk(&old, &new, &records, &p);
	turn_around(ops->all + first, ops->count - first);
}

void
tc_op_reverse(const struct tc_op *op, struct tc_op *ret_reverse)
{
	switch (op->kind) {
	case TC_OP_ADD:
		ret_reverse->kind = TC_OP_DEL;
		ret_reverse->have = op->want;
		break;
	case TC_OP_CHANGE:
		ret_reverse->kind = TC_OP_CHANGE;
		ret_reverse->have = op->want;
		ret_reverse->want = op->have;
		break;
	case TC_OP_DEL:
		ret_reverse->kind = TC_OP_ADD;
		ret_reverse->want = op->have;
		break;
	}
}

const struct tc_object *
tc_op_object(const struct tc_op *op)
{
	return op->kind == TC_OP_DEL ? &op->have : &op->want;
}

void
tc_op_print(struct text *t, const struct tc_op *op, const char *name)
{
	switch (op->kind) {
	case TC_OP_ADD:
		text_add(t, "add ");
		break;
	case TC_OP_CHANGE:
		text_add(t, "change ");
		break;
	case TC_OP_DEL:
		text_add(t, "delete ");
		tc_object_name(t, &op->have, name);
		return;
	}
	tc_object_print(t, &op->want, name);
}
