/* SPDX-License-Identifier: ISC */

/*
 * Transactions over a kernel that has none: it runs a batch in order and goes
 * on after an error.  What belongs to a refused group is taken back from the
 * same list, last step first.
 */

#include "link_int.h"

#include <errno.h>
#include <string.h>

/* For the name of one more object, and for how many there are besides. */
enum { NAME_ROOM = 64 };

static bool
refused(const struct tc_op *op, const struct tc_result *result)
{
	/* What should go and is not there has gone. */
	if (op->kind == TC_OP_DEL && result->error == ENOENT)
		return false;
	return result->error != 0;
}

static const char *
op_word(const struct tc_op *op)
{
	static const char *const words[] = { "add", "change", "delete" };

	return words[op->kind];
}

static void
explain(struct text *t, const struct tc_op *op, const struct tc_result *result,
	const char *name)
{
	text_printf(t, "%s ", op_word(op));
	tc_object_name(t, tc_op_object(op), name);
	text_printf(t, ": %s", strerror(result->error));
	if (result->text[0] != '\0')
		text_printf(t, " (kernel: %s)", result->text);
}

/* Note the first step that was refused. */
static void
judge(struct tc_group *g, const struct tc_op *ops,
	const struct tc_result *results, const char *name)
{
	g->error = 0;
	g->clean = true;
	g->text[0] = '\0';
	for (size_t i = 0; i < g->count; i++) {
		if (!refused(&ops[g->first + i], &results[g->first + i]))
			continue;

		struct text t = text_over(g->text, sizeof(g->text));

		g->error = results[g->first + i].error;
		text_printf(&t, "step %zu of %zu: ", i + 1, g->count);
		explain(&t, &ops[g->first + i], &results[g->first + i], name);
		return;
	}
}

/* results: NULL, all were. */
static bool
was_done(const struct tc_group *g, const struct tc_result *results, size_t i)
{
	return !results || results[g->first + i].error == 0;
}

/* Append what takes the done steps of a refused group back. */
static void
plan_undo(struct tc_group *g, const struct tc_op *ops,
	const struct tc_result *results, struct tc_ops *undo)
{
	const struct tc_op *first = g->count > 0 ? &ops[g->first] : NULL;
	bool whole_tree = first && first->kind == TC_OP_ADD &&
			  first->want.type == TC_QDISC_ROOT;

	for (size_t i = g->count; i-- > 0;) {
		if (!was_done(g, results, i))
			continue;
		if (whole_tree && i > 0)
			continue; /* goes with its root */

		struct tc_op *op = tc_ops_add(undo, TC_OP_ADD);

		if (op)
			tc_op_reverse(&ops[g->first + i], op);
	}
}

static void
judge_undo(struct tc_group *g, const struct tc_op *undo,
	const struct tc_result *results, size_t count, const char *name)
{
	size_t said = strlen(g->text);
	struct text t = text_over(g->text + said, sizeof(g->text) - said);
	size_t left = 0;
	size_t named = 0;

	for (size_t i = 0; i < count; i++) {
		if (!refused(&undo[i], &results[i]))
			continue;
		if (left++ == 0) {
			text_add(&t, "; undo failed: ");
			explain(&t, &undo[i], &results[i], name);
		} else if (t.size - t.len > NAME_ROOM) {
			text_add(&t, named == 0 ? "; also of " : ", ");
			tc_object_name(&t, tc_op_object(&undo[i]), NULL);
			named++;
		}
	}
	if (left > 1 + named)
		text_printf(&t, " and %zu more", left - 1 - named);
	g->clean = left == 0;
	if (g->clean)
		text_add(&t, count > 0 ? "; undone" : "; nothing was changed");
}

static struct tc_result *
new_results(const struct alloc *alloc, size_t count)
{
	return (struct tc_result *)alloc_get(
		alloc, (count > 0 ? count : 1) * sizeof(struct tc_result));
}

/* No memory even to go back: the steps that were done stand. */
static void
judge_standing(struct tc_group *g, const struct tc_op *ops,
	const struct tc_result *results, const char *name)
{
	size_t said = strlen(g->text);
	struct text t = text_over(g->text + said, sizeof(g->text) - said);
	size_t standing = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct tc_op *op = &ops[g->first + i];

		if (!was_done(g, results, i) || standing++ > 0)
			continue;
		text_printf(
			&t, "; not undone (out of memory): %s ", op_word(op));
		tc_object_name(&t, tc_op_object(op), name);
	}
	if (standing > 1)
		text_printf(&t, " and %zu more", standing - 1);
	g->clean = standing == 0;
	if (g->clean)
		text_add(&t, "; nothing was changed");
}

static int
undo_group(const struct tc_kernel *kernel, const struct tc_ops *ops,
	const struct tc_result *results, struct tc_group *g, const char *name)
{
	struct tc_ops undo = { .alloc = ops->alloc };
	struct tc_result *answers = NULL;
	int error = 0;

	plan_undo(g, ops->all, results, &undo);
	answers = new_results(ops->alloc, undo.count);
	if (undo.failed || !answers) {
		judge_standing(g, ops->all, results, name);
		goto out;
	}
	error = kernel->run(kernel->arg, undo.all, undo.count, answers);
	if (error == 0)
		judge_undo(g, undo.all, answers, undo.count, name);
out:
	alloc_put(ops->alloc, answers);
	tc_ops_done(&undo);
	return error;
}

int
tc_txn_run(const struct tc_kernel *kernel, const struct tc_ops *ops,
	struct tc_group *groups, size_t count, const char *name)
{
	struct tc_result *results = NULL;
	int error = -ENOMEM;

	if (ops->failed)
		return error;
	results = new_results(ops->alloc, ops->count);
	if (!results)
		return error;
	error = kernel->run(kernel->arg, ops->all, ops->count, results);
	for (size_t i = 0; i < count && error == 0; i++) {
		judge(&groups[i], ops->all, results, name);
		if (groups[i].error != 0)
			error = undo_group(
				kernel, ops, results, &groups[i], name);
	}
	alloc_put(ops->alloc, results);
	return error;
}

int
tc_txn_take_back(const struct tc_kernel *kernel, const struct tc_ops *ops,
	struct tc_group *group, const char *name)
{
	return undo_group(kernel, ops, NULL, group, name);
}
