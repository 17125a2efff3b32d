/* SPDX-License-Identifier: ISC */

/*
 * The tree of a managed interface: built, or adopted when there is one of ours.
 * It is never deleted or made again to restart: reserved packets are in it.
 *
 * A tree of an older layout is adopted as one of ours: what it lacks is added,
 * what it has keeps running.  The mark in its root cannot be changed and goes
 * on to tell the version it was made with.  A newer layout may hold what we
 * know nothing of, and is left alone.
 */

#include "offload_int.h"

#include <errno.h>
#include <string.h>

/* ---- what is there ------------------------------------------------------- */

enum found { FOUND_NOTHING, FOUND_OURS, FOUND_OTHER_LAYOUT, FOUND_FOREIGN };

static const struct tc_object *
find_root(const struct tc_objects *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		if (dump->all[i].type == TC_QDISC_ROOT &&
			dump->all[i].handle != 0)
			return &dump->all[i];
	return NULL;
}

static uint32_t
layout_of(const struct tc_object *root)
{
	return root->root.r2q & ~TC_LAYOUT_MASK;
}

static enum found
recognise(const struct tc_objects *dump)
{
	const struct tc_object *root = find_root(dump);

	if (!root) /* handle 0: the kernel's own default */
		return FOUND_NOTHING;
	if (root->handle != TC_ROOT_HANDLE || root->kind != &tc_kind_htb_root ||
		(root->root.r2q & TC_LAYOUT_MASK) != TC_LAYOUT_MARK)
		return FOUND_FOREIGN;
	if (layout_of(root) == 0 || layout_of(root) > TC_LAYOUT_VERSION ||
		root->root.default_minor != TC_MINOR_BEST)
		return FOUND_OTHER_LAYOUT;
	return FOUND_OURS;
}

static void
find_roots(const struct tc_objects *dump, struct tc_roots *ret_roots)
{
	struct tc_roots roots = { 0 };

	for (size_t i = 0; i < dump->count; i++) {
		const struct tc_object *o = &dump->all[i];

		if (o->type != TC_FILTER || o->kind != &tc_kind_u32 ||
			o->u32.divisor == 0 || !tc_u32_is_root(o->handle))
			continue;
		if (o->pref == TC_PREF_V4)
			roots.v4 = o->handle;
		if (o->pref == TC_PREF_V6)
			roots.v6 = o->handle;
		if (o->pref == TC_PREF_ARP)
			roots.arp = o->handle;
	}
	*ret_roots = roots;
}

/* The sums that the classes above the flows show. */
static void
find_sums(const struct tc_objects *dump, uint64_t sums_Bps[TC_SUBTREES])
{
	for (int s = TC_GS; s < TC_SUBTREES; s++)
		sums_Bps[s] = 0;
	for (size_t i = 0; i < dump->count; i++) {
		const struct tc_object *o = &dump->all[i];

		if (o->type != TC_CLASS || o->kind != &tc_kind_htb_class)
			continue;
		if (o->handle == tc_classid(TC_MINOR_GS))
			sums_Bps[TC_GS] = o->htb.rate_Bps;
		if (o->handle == tc_classid(TC_MINOR_CL))
			sums_Bps[TC_CL] = o->htb.rate_Bps;
	}
}

/* The kind of the best-effort leaf that is there; NULL: none. */
static const struct tc_kind *
find_best(const struct tc_objects *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		if (dump->all[i].type == TC_QDISC_LEAF &&
			dump->all[i].handle == tc_leaf_handle(TC_MINOR_BEST) &&
			tc_best_possible(dump->all[i].kind))
			return dump->all[i].kind;
	return NULL;
}

/* Of the layout's fixed part, or a stranger in our tree: not a class of a
 * flow, its leaf or its nodes, and not foreign filters. */
static bool
is_fixed(const struct tc_object *o)
{
	uint32_t minor = o->handle & 0xffff;

	switch ((enum tc_type)o->type) {
	case TC_QDISC_ROOT:
		return o->handle == TC_ROOT_HANDLE;
	case TC_CLASS:
		return o->handle >> 16 == TC_MAJOR &&
		       (minor < TC_MINOR_FIRST ||
			       (o->parent != tc_classid(TC_MINOR_GS) &&
				       o->parent != tc_classid(TC_MINOR_CL) &&
				       o->parent !=
					       tc_classid(TC_MINOR_POLICY)));
	case TC_QDISC_LEAF:
		minor = o->parent & 0xffff;
		return o->parent >> 16 == TC_MAJOR && minor < TC_MINOR_FIRST;
	case TC_QDISC_INGRESS:
		return false;
	case TC_FILTER:
		return o->kind == &tc_kind_u32 && o->pref >= TC_PREF_V4 &&
		       o->pref <= TC_PREF_ARP && !tc_is_rule_filter(o) &&
		       !tc_is_note(o) && !tc_is_hidden_node(o) &&
		       !(tc_u32_is_root(o->handle) && o->u32.divisor != 0) &&
		       !tc_hash_is_split(o->handle) &&
		       (o->u32.divisor != 0 || tc_u32_bucket_index(o->handle) ==
						       TC_U32_BUCKETS);
	}
	return false;
}

/* One that somebody put in place of ours: it goes when ours is made. */
static bool
is_other_leaf(const struct tc_object *o)
{
	return o->type == TC_QDISC_LEAF &&
	       o->handle != tc_leaf_handle(o->parent & 0xffff);
}

/* ---- build and repair ---------------------------------------------------- */

/* Bring the fixed part from what the dump shows to what we want. */
static int
repair(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_objects *dump, struct tc_done *ret_done)
{
	struct tc_objects have = { .alloc = link->alloc };
	struct tc_objects want = { .alloc = link->alloc };
	struct tc_ops ops = { .alloc = link->alloc };
	int error = -ENOMEM;

	for (size_t i = 0; i < dump->count; i++) {
		struct tc_object *o =
			is_fixed(&dump->all[i]) && !is_other_leaf(&dump->all[i])
				? tc_objects_add(&have)
				: NULL;

		if (o)
			*o = dump->all[i];
	}
	tc_objects_sort(&have);
	tc_want_tree(&link->conf, &link->shape, &want);
	if (want.count > 0 && want.all[0].type == TC_QDISC_ROOT)
		want.all[0].take_over = link->conf.take_over;
	tc_plan((struct tc_span){ have.all, have.count },
		(struct tc_span){ want.all, want.count }, &ops);
	if (!have.failed && !want.failed)
		error = tc_link_run(link, kernel, &ops, ret_done);
	tc_ops_done(&ops);
	tc_objects_done(&want);
	tc_objects_done(&have);
	return error;
}

static void
refuse(struct tc_done *done, int error, const char *text)
{
	done->error = error;
	(void)text_copy(done->text, sizeof(done->text), text);
}

static void
refuse_foreign(struct tc_done *done, const struct tc_objects *dump)
{
	const struct tc_object *root = find_root(dump);
	struct text t = text_over(done->text, sizeof(done->text));

	done->error = EBUSY;
	text_printf(&t,
		"another program's qdisc is the root of the interface "
		"(%s %x:); remove it, or set take_over",
		root->kind == &tc_kind_other ? root->name : root->kind->name,
		root->handle >> 16);
}

/* False: the tree that is there may not be touched. */
static bool
may_manage(const struct tc_link *link, const struct tc_objects *dump,
	struct tc_done *ret_done)
{
	switch (recognise(dump)) {
	case FOUND_NOTHING:
	case FOUND_OURS:
		return true;
	case FOUND_OTHER_LAYOUT:
		refuse(ret_done, EBUSY,
			"the tree was made by another version; remove it with "
			"tc qdisc del dev IFACE root");
		return false;
	case FOUND_FOREIGN:
		if (!link->conf.take_over)
			refuse_foreign(ret_done, dump);
		return link->conf.take_over;
	}
	return false;
}

/* Best effort has fq_codel where the kernel knows it, else a pfifo. */
static int
give_best(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	static const struct tc_kind *const kinds[] = { &tc_kind_fq_codel,
		&tc_kind_pfifo };
	int error = 0;

	for (size_t i = 0; i < 2; i++) {
		struct tc_ops ops = { .alloc = link->alloc };
		struct tc_op *op = tc_ops_add(&ops, TC_OP_ADD);

		if (op)
			tc_want_best(&link->conf, kinds[i], &op->want);
		*ret_done = (struct tc_done){ 0 };
		error = tc_link_run(link, kernel, &ops, ret_done);
		tc_ops_done(&ops);
		if (error != 0)
			return error;
		if (ret_done->error == 0) {
			link->shape.best = kinds[i];
			return 0;
		}
	}
	return error;
}

/* The fixed part, in two rounds: the number of a preference's root table is
 * known only when it is there. */
static int
build(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *dump, struct tc_done *ret_done)
{
	const struct tc_roots *roots = &link->shape.roots;
	int error = repair(link, kernel, dump, ret_done);

	if (error != 0 || ret_done->error != 0)
		return error;
	if (roots->v4 == 0 || roots->v6 == 0 || roots->arp == 0) {
		error = tc_link_dump(link, kernel, dump);
		if (error != 0)
			return error;
		find_roots(dump, &link->shape.roots);
		error = repair(link, kernel, dump, ret_done);
	}
	if (error != 0 || ret_done->error != 0 || link->shape.best)
		return error;
	return give_best(link, kernel, ret_done);
}

/* Take away what an attempt at a new tree has left, or say that it stays. */
static int
raze(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_objects want = { .alloc = link->alloc };
	struct tc_op *op = tc_ops_add(&ops, TC_OP_DEL);
	struct tc_done done = { 0 };
	uint32_t root = 0;
	int error = -ENOMEM;

	tc_want_tree(&link->conf, &link->shape, &want);
	if (op && !want.failed) {
		op->have = want.all[0]; /* the root is first in order */
		error = kernel->root(kernel->arg, link->conf.ifindex, &root);
	}
	if (error == 0 && root == TC_ROOT_HANDLE)
		error = tc_link_run(link, kernel, &ops, &done);
	if (error == 0 && done.error != 0) {
		size_t said = strlen(ret_done->text);
		struct text t = text_over(
			ret_done->text + said, sizeof(ret_done->text) - said);

		text_printf(&t, "; undo failed: the tree stays: %s", done.text);
	}
	tc_objects_done(&want);
	tc_ops_done(&ops);
	return error;
}

static int
build_new(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *dump, struct tc_done *ret_done)
{
	int error;

	tc_objects_done(dump); /* a foreign tree is no base of ours */
	error = build(link, kernel, dump, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = tc_link_try_classifier(
			link, kernel, link->conf.classifier, ret_done);
	if (error == 0 && ret_done->error != 0)
		error = raze(link, kernel, ret_done);
	return error;
}

/* ---- adoption ------------------------------------------------------------ */

static void
tell_adopted(const struct tc_link *link, uint32_t serial,
	const struct tc_listener *listener)
{
	const struct tc_record *r;

	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next) {
		struct tc_object objects[TC_RECORD_OBJECTS];
		struct tc_flow flow = { .id = r->id };

		(void)tc_record_objects(link, r, objects);
		tc_flow_of(&link->conf, &objects[0], &objects[1], &flow);
		flow.token_Bps = tc_excess_rate(r);
		flow.filter_count = r->node_count;
		for (size_t i = 0; i < r->node_count; i++)
			flow.filters[i] = r->nodes[i].filter;
		listener->adopted(listener->arg, serial, &flow);
	}
}

/* What the kernel tells of the tree. */
struct view {
	struct tc_objects dump;
	struct tc_class_stats *stats; /* by minor; NULL: not asked for yet */
};

static int
adopt(struct tc_link *link, const struct tc_kernel *kernel, struct view *view,
	struct tc_done *ret_done)
{
	const struct tc_objects *dump = &view->dump;
	struct tc_ops ops = { .alloc = link->alloc };
	int error = 0;

	if (!view->stats)
		view->stats = tc_link_stats(link, kernel, &error);
	if (!view->stats)
		return error;
	if (tc_rules_adopt(link, dump) &&
		tc_adopt(link, dump, view->stats, &ops) &&
		tc_rules_adopt_marks(link, kernel)) {
		tc_hidden_adopt(link, dump, &ops);
		error = tc_link_run(link, kernel, &ops, ret_done);
	} else {
		error = -ENOMEM;
	}
	tc_ops_done(&ops);
	if (error != 0 || ret_done->error != 0)
		return error;
	link->step = 1; /* what one more costs is not known yet */
	return tc_link_reclassify(link, kernel, ret_done);
}

/* A table that nothing leads to, in a preference that has none of its own. */
static bool
add_spare(struct tc_link *link, uint16_t pref, enum tc_op_kind kind,
	struct tc_ops *ops)
{
	struct tc_objects want = { .alloc = link->alloc };
	struct tc_op *op = NULL;

	tc_want_filters(
		link->conf.ifindex, &(const struct tc_roots){ 0 }, &want);
	for (size_t i = 0; i < want.count && !op; i++) {
		struct tc_object *o = &want.all[i];

		if (o->pref != pref || o->u32.divisor == 0)
			continue;
		o->handle = (uint32_t)(TC_U32_SPARE + pref)
			    << TC_U32_TABLE_SHIFT;
		o->u32.divisor = 1;
		op = tc_ops_add(ops, kind);
		if (op)
			op->want = op->have = *o;
	}
	tc_objects_done(&want);
	return op != NULL;
}

/* One in each that has no root, or these away again. */
static int
run_spares(struct tc_link *link, const struct tc_kernel *kernel,
	enum tc_op_kind kind)
{
	const struct tc_roots *roots = &link->shape.roots;
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_group group;
	int error = -ENOMEM;

	/* What is refused shows in what follows. */
	if ((roots->v4 != 0 || add_spare(link, TC_PREF_V4, kind, &ops)) &&
		(roots->v6 != 0 || add_spare(link, TC_PREF_V6, kind, &ops)) &&
		(roots->arp != 0 || add_spare(link, TC_PREF_ARP, kind, &ops)))
		error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	return error;
}

/*
 * Where somebody deleted a preference, its tables are still there as long as
 * another preference lives, with all their nodes: unseen, and in the way of new
 * ones.  They come back to light with any filter of that preference.
 */
int
tc_link_reveal(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *dump)
{
	struct tc_roots *roots = &link->shape.roots;
	int error = 0;

	find_roots(dump, roots);
	if (roots->v4 != 0 && roots->v6 != 0 && roots->arp != 0)
		return 0;
	/* All are there before one goes: the last filter would take all tables
	 * along. */
	error = run_spares(link, kernel, TC_OP_ADD);
	if (error == 0)
		error = run_spares(link, kernel, TC_OP_DEL);
	if (error == 0)
		error = tc_link_dump(link, kernel, dump);
	find_roots(dump, roots);
	return error;
}

/* A tree of ours: repaired, and its flows adopted. */
static int
take_up(struct tc_link *link, const struct tc_kernel *kernel, struct view *view,
	struct tc_done *ret_done)
{
	struct tc_objects *dump = &view->dump;
	int error;

	link->shape.layout = layout_of(find_root(dump));
	error = tc_link_reveal(link, kernel, dump);
	if (error != 0)
		return error;
	find_sums(dump, link->shape.sums_Bps);
	link->shape.best = find_best(dump);
	error = tc_offload_adopt(link, kernel, dump);
	if (error == 0)
		error = build(link, kernel, dump, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = tc_link_try_classifier(
			link, kernel, link->conf.classifier, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = adopt(link, kernel, view, ret_done);
	return error;
}

int
tc_link_open(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, const struct tc_listener *listener,
	struct tc_done *ret_done)
{
	struct view view = { .dump.alloc = link->alloc };
	const char *problem = tc_iface_problem(&link->conf);
	int error = 0;

	*ret_done = (struct tc_done){ 0 };
	if (problem) {
		refuse(ret_done, EINVAL, problem);
		return 0;
	}
	error = tc_link_dump_counted(link, kernel, &view.dump, &view.stats);
	if (error == 0 && may_manage(link, &view.dump, ret_done))
		error = recognise(&view.dump) == FOUND_OURS
				? take_up(link, kernel, &view, ret_done)
				: build_new(link, kernel, &view.dump, ret_done);
	if (error == 0 && ret_done->error == 0)
		tell_adopted(link, serial, listener);
	alloc_put(link->alloc, view.stats);
	tc_objects_done(&view.dump);
	return error;
}

/* What was idle or on its way to the pool has gone with the tree. */
static void
forget_idle(struct tc_link *link, const struct tc_listener *listener)
{
	const struct tc_record *r;
	struct tc_drain *d;

	while ((d = TAILQ_FIRST(&link->drains))) {
		const struct tc_done done = { .flow_id = d->flow_id };

		if (d->serial != 0)
			listener->done(listener->arg, d->serial, &done);
		TAILQ_REMOVE(&link->drains, d, entry);
		alloc_put(link->alloc, d);
	}
	for (int i = 0; i < TC_SUBTREES; i++)
		tc_pool_done(&link->pools[i]);
	memset(&link->minors, 0, sizeof(link->minors));
	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next)
		(void)tc_minors_claim(&link->minors, r->minor);
}

static int
rebuild_flows(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct tc_objects splits = { .alloc = link->alloc };
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_record *r;
	int error;

	tc_nodes_objects(&link->nodes, link->conf.ifindex, &splits);
	tc_objects_sort(&splits);
	tc_plan((struct tc_span){ splits.all, 0 },
		(struct tc_span){ splits.all, splits.count }, &ops);
	ops.failed = ops.failed || splits.failed;
	tc_objects_done(&splits);
	for (r = link->flows; r; r = (struct tc_record *)r->hh.next) {
		struct tc_object objects[TC_RECORD_OBJECTS];
		struct tc_span want = { objects, 0 };

		r->base = (struct tc_base){ 0 };
		want.count = tc_record_objects(link, r, objects);
		tc_plan((struct tc_span){ objects, 0 }, want, &ops);
	}
	error = tc_link_run(link, kernel, &ops, ret_done);
	tc_ops_done(&ops);
	return error;
}

/* Flows and rules in a tree that is new; a tree without them is worse than
 * none: it looks like one. */
static int
populate(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	int error = rebuild_flows(link, kernel, ret_done);

	if (error == 0 && ret_done->error == 0)
		error = tc_rules_again(link, kernel, true, ret_done);
	if (error == 0 && ret_done->error != 0)
		error = raze(link, kernel, ret_done);
	return error;
}

/* But what was made of the interface besides. */
static void
forget_shape(struct tc_link *link)
{
	const struct tc_shape before = link->shape;

	link->shape = (struct tc_shape){ 0 };
	memcpy(link->shape.offloads, before.offloads, sizeof(before.offloads));
}

int
tc_link_rebuild(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, struct tc_done *ret_done)
{
	struct tc_objects dump = { .alloc = link->alloc };
	int error;

	*ret_done = (struct tc_done){ 0 };
	forget_idle(link, listener);
	forget_shape(link);
	tc_hidden_gone(link);
	error = tc_link_dump(link, kernel, &dump);
	if (error == 0 && may_manage(link, &dump, ret_done)) {
		error = build_new(link, kernel, &dump, ret_done);
		if (error == 0 && ret_done->error == 0)
			error = populate(link, kernel, ret_done);
	}
	tc_objects_done(&dump);
	return error;
}
