/* SPDX-License-Identifier: ISC */

/*
 * From one classifier to another while traffic runs.  The new nodes of all
 * flows are added before the first old one goes: a packet meets one or the
 * other, and both say the same class.  Whoever is killed in between leaves
 * filters that are there twice, of which adoption keeps one.
 */

#include "link_int.h"

#include <errno.h>

int
tc_link_try_classifier(struct tc_link *link, const struct tc_kernel *kernel,
	uint8_t setting, struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct text t = text_over(ret_done->text, sizeof(ret_done->text));
	struct tc_object trial;
	struct tc_group group;
	int error;

	if (setting != TC_CLASSIFIER_FLOWER)
		return 0;
	for (size_t i = 0; i < link->rules.count; i++)
		if (link->rules.told && link->rules.all[i].before) {
			ret_done->error = EINVAL;
			text_printf(&t,
				"%s: classifier = \"flower\" is ahead of all "
				"static rules, and rule %u goes ahead of "
				"reservations; use u32",
				link->conf.name, link->rules.all[i].id);
			return 0;
		}
	tc_classifier_trial(link->conf.ifindex, &trial);
	tc_plan((struct tc_span){ &trial, 0 }, (struct tc_span){ &trial, 1 },
		&ops);
	tc_plan((struct tc_span){ &trial, 1 }, (struct tc_span){ &trial, 0 },
		&ops);
	error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	if (error != 0 || group.error == 0)
		return error;
	ret_done->error = group.error;
	text_printf(&t, "%s: classifier = \"flower\" is refused%s; use u32: %s",
		link->conf.name,
		group.error == ENOENT ? ": this kernel has no cls_flower" : "",
		group.text);
	return 0;
}

/* A node that is not by the classifier of the settings. */
struct turn {
	struct tc_record *record;
	struct tc_node *node;
	struct tc_node next;
};

struct reclass {
	struct tc_link *link;
	const struct tc_kernel *kernel;
	struct turn *turns;
	size_t count;
	struct tc_ops ops;
};

static bool
is_wrong(const struct tc_link *link, const struct tc_node *n)
{
	return n->by != tc_classifier_for(link->conf.classifier, &n->filter);
}

static size_t
count_wrong(const struct tc_link *link)
{
	const struct tc_record *r;
	size_t count = 0;

	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count; i++)
			count += is_wrong(link, &r->nodes[i]);
	return count;
}

/* Numbers for the new nodes; false: none is left. */
static bool
take_all(struct reclass *c)
{
	struct tc_record *r;

	for (r = c->link->flows; r; r = (struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count; i++) {
			struct turn *t = &c->turns[c->count];
			struct tc_node *n = &r->nodes[i];

			if (!is_wrong(c->link, n))
				continue;
			t->record = r;
			t->node = n;
			t->next.filter = n->filter;
			t->next.by = tc_classifier_for(
				c->link->conf.classifier, &n->filter);
			t->next.handle = t->next.by->take(
				&c->link->nodes, &n->filter, r->id);
			if (t->next.handle == 0)
				return false;
			c->count++;
		}
	return true;
}

static struct tc_mark
mark_of(const struct tc_record *r)
{
	return (struct tc_mark){ .flow_id = r->id,
		.classid = tc_classid(r->minor),
		.base = r->base };
}

static void
plan_node(struct reclass *c, const struct turn *t, enum tc_op_kind kind)
{
	const struct tc_node *n = kind == TC_OP_ADD ? &t->next : t->node;
	const struct tc_mark mark = mark_of(t->record);
	struct tc_op *op = tc_ops_add(&c->ops, kind);
	struct tc_object *o;

	if (!op)
		return;
	o = kind == TC_OP_ADD ? &op->want : &op->have;
	n->by->node(c->link->conf.ifindex, n->handle, &n->filter, &mark, o);
	o->extra = t->record->acts;
}

/* Of all nodes of the flow, as they will be (next) or are. */
static bool
has_note(const struct tc_link *link, const struct tc_record *r, bool next)
{
	for (size_t i = 0; i < r->node_count; i++) {
		const struct tc_node *n = &r->nodes[i];
		const struct tc_classifier *by =
			next ? tc_classifier_for(
				       link->conf.classifier, &n->filter)
			     : n->by;

		if (by->wants_note)
			return true;
	}
	return false;
}

/* Notes of flows that had none, or need none any more. */
static void
plan_notes(struct reclass *c, enum tc_op_kind kind)
{
	bool add = kind == TC_OP_ADD;
	const struct tc_record *r;

	for (r = c->link->flows; r; r = (const struct tc_record *)r->hh.next) {
		const struct tc_mark mark = mark_of(r);
		struct tc_op *op;

		if (!has_note(c->link, r, add) || has_note(c->link, r, !add))
			continue;
		op = tc_ops_add(&c->ops, kind);
		if (op)
			tc_note_node(c->link->conf.ifindex, &mark,
				add ? &op->want : &op->have);
	}
}

/* All new nodes are added (or taken back), or all old ones removed.  Notes are
 * there whenever a node needs them. */
static int
run_part(struct reclass *c, enum tc_op_kind kind, struct tc_group *ret_group)
{
	c->ops.count = 0;
	if (kind == TC_OP_ADD)
		plan_notes(c, kind);
	for (size_t i = 0; i < c->count; i++)
		plan_node(c, &c->turns[i], kind);
	if (kind == TC_OP_DEL)
		plan_notes(c, kind);
	return tc_link_group(c->link, c->kernel, &c->ops, ret_group);
}

/* What run_part(ADD) did. */
static int
take_back(struct reclass *c, struct tc_group *ret_group)
{
	struct tc_ops back = { .alloc = c->link->alloc };
	int error;

	c->ops.count = 0;
	plan_notes(c, TC_OP_ADD);
	for (size_t i = 0; i < c->count; i++)
		plan_node(c, &c->turns[i], TC_OP_ADD);
	for (size_t i = c->ops.count; i-- > 0;) {
		struct tc_op *op = tc_ops_add(&back, TC_OP_DEL);

		if (op)
			tc_op_reverse(&c->ops.all[i], op);
	}
	back.failed = back.failed || c->ops.failed;
	error = tc_link_group(c->link, c->kernel, &back, ret_group);
	tc_ops_done(&back);
	return error;
}

/* Give back the numbers of the new nodes, or take them for good. */
static void
settle(struct reclass *c, bool turned)
{
	for (size_t i = 0; i < c->count; i++) {
		struct turn *t = &c->turns[i];
		struct tc_node *rest = turned ? t->node : &t->next;

		rest->by->give(&c->link->nodes, rest->handle);
		if (turned)
			*t->node = t->next;
	}
}

static int
run_all(struct reclass *c, struct tc_done *ret_done)
{
	struct tc_group added;
	struct tc_group removed = { 0 };
	struct tc_group back = { .clean = true };
	const struct tc_group *refused = &added;
	int error = run_part(c, TC_OP_ADD, &added);

	if (error == 0 && added.error == 0) {
		error = run_part(c, TC_OP_DEL, &removed);
		refused = &removed;
	}
	if (error == 0 && removed.error != 0)
		error = take_back(c, &back);
	if (error != 0)
		return error;
	ret_done->error = refused->error;
	(void)text_copy(ret_done->text, sizeof(ret_done->text), refused->text);
	if (refused->error == 0)
		settle(c, true);
	else if (added.error != 0 ? added.clean : back.error == 0)
		settle(c, false); /* else what is left keeps its numbers */
	return 0;
}

int
tc_link_reclassify(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct reclass c = {
		.link = link, .kernel = kernel, .ops = { .alloc = link->alloc }
	};
	size_t wrong = count_wrong(link);
	int error = 0;

	if (wrong == 0)
		return 0;
	c.turns =
		(struct turn *)alloc_get(link->alloc, wrong * sizeof(*c.turns));
	if (!c.turns)
		return -ENOMEM;
	if (take_all(&c)) {
		error = run_all(&c, ret_done);
	} else {
		ret_done->error = ENOSPC;
		(void)text_copy(ret_done->text, sizeof(ret_done->text),
			"no filter number is left for another classifier");
		settle(&c, false);
	}
	tc_ops_done(&c.ops);
	alloc_put(link->alloc, c.turns);
	return error;
}
