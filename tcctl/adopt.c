/* SPDX-License-Identifier: ISC */

/*
 * The books rebuilt from the kernel.  Below the tree of the layout (which is
 * compared and repaired elsewhere) there are classes with their leaves, and
 * filter nodes that say which flow they are of.  A class with nodes of one flow
 * is that flow.  A class without is idle, or the rest of a set-up that was
 * interrupted: it goes to the pool.  Nodes that make no sense go.  Links say
 * which buckets have further tables.
 */

#include "link_int.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

/* What was found of one class number. */
struct slot {
	const struct tc_object *class;
	const struct tc_object *leaf;
	uint32_t flow_id; /* 0: no node yet */
	size_t nodes;
	struct tc_base base;
	bool spoilt; /* nodes of two flows */
};

struct adoption {
	struct tc_link *link;
	const struct tc_objects *dump; /* sorted */
	size_t first_filter;           /* in it; all that follow are some */
	const struct tc_class_stats *stats; /* by minor */
	struct tc_ops *ops;
	struct slot *slots; /* by minor */
};

enum { MINORS = 65536 };

static struct slot *
slot_of(struct adoption *a, uint32_t classid)
{
	uint32_t minor = classid & 0xffff;

	if (classid >> 16 != TC_MAJOR || minor < TC_MINOR_FIRST ||
		minor > TC_MINOR_LAST)
		return NULL;
	return &a->slots[minor];
}

static void
remove_object(struct adoption *a, const struct tc_object *o)
{
	struct tc_op *op = tc_ops_add(a->ops, TC_OP_DEL);

	if (op)
		op->have = *o;
}

static bool
in_subtree(const struct tc_object *class)
{
	return class->kind == &tc_kind_htb_class &&
	       (class->parent == tc_classid(TC_MINOR_GS) ||
		       class->parent == tc_classid(TC_MINOR_CL));
}

static bool
is_u32_node(const struct tc_object *o)
{
	return tc_classifier_u32.is_node(o);
}

/* ---- further tables ------------------------------------------------------ */

/* A link to a further table whose bucket is known.  Any one of eleven tells. */
static bool
adopt_link(struct adoption *a, const struct tc_object *o)
{
	struct tc_hash hash;

	return is_u32_node(o) && tc_hash_decode(o, &hash) &&
	       tc_nodes_split(&a->link->nodes,
		       o->handle & ~(uint32_t)TC_NODE_MAX, o->u32.link,
		       &hash) != NULL;
}

static bool
is_adopted_link(const struct adoption *a, const struct tc_object *o)
{
	const struct tc_split *s =
		tc_nodes_split_of(&a->link->nodes, o->handle);
	struct tc_hash hash;

	return s && s->table == o->u32.link && tc_hash_decode(o, &hash) &&
	       tc_hash_equal(&s->hash, &hash);
}

/* Who was killed when the table was new may have left a part of the links. */
static void
add_missing_links(struct adoption *a)
{
	struct tc_objects want = { .alloc = a->link->alloc };

	tc_nodes_objects(&a->link->nodes, a->link->conf.ifindex, &want);
	for (size_t i = 0; i < want.count; i++) {
		const struct tc_object *o = &want.all[i];
		struct tc_op *op;

		if (a->dump->count > 0 &&
			bsearch(o, a->dump->all, a->dump->count, sizeof(*o),
				tc_object_compare))
			continue;
		op = tc_ops_add(a->ops, TC_OP_ADD);
		if (op)
			op->want = *o;
	}
	a->ops->failed = a->ops->failed || want.failed;
	tc_objects_done(&want);
}

/* Tables in tables: as often as one more is found. */
static bool
adopt_splits(struct adoption *a)
{
	const struct tc_objects *dump = a->dump;
	bool found = true;

	while (found) {
		found = false;
		for (size_t i = a->first_filter; i < dump->count; i++)
			found = adopt_link(a, &dump->all[i]) || found;
	}
	for (size_t i = a->first_filter; i < dump->count; i++) {
		const struct tc_object *o = &dump->all[i];

		if (is_u32_node(o) && o->u32.link != 0 &&
			!is_adopted_link(a, o))
			remove_object(a, o);
		if (o->type == TC_FILTER && o->kind == &tc_kind_u32 &&
			o->u32.divisor != 0 && tc_hash_is_split(o->handle) &&
			!tc_nodes_close(&a->link->nodes, o->handle))
			return false;
	}
	add_missing_links(a);
	return true;
}

/* ---- flows --------------------------------------------------------------- */

/* Killed while a node moved to a further table: it is there twice. */
static bool
has_filter(const struct tc_record *r, const struct tc_filter *filter)
{
	for (size_t i = 0; r && i < r->node_count; i++)
		if (tc_filter_equal(&r->nodes[i].filter, filter))
			return true;
	return false;
}

static void
find_classes(struct adoption *a)
{
	for (size_t i = 0; i < a->first_filter; i++) {
		const struct tc_object *o = &a->dump->all[i];
		struct slot *slot = slot_of(a, o->handle);

		if (o->type == TC_CLASS && slot && in_subtree(o))
			slot->class = o;
		if (o->type != TC_QDISC_LEAF)
			continue;
		slot = slot_of(a, o->parent);
		if (slot && o->kind == &tc_kind_bfifo &&
			o->handle == tc_leaf_handle(o->parent & 0xffff))
			slot->leaf = o;
	}
}

/* What a node says; where it does not say whose it is, the note of its class
 * does. */
static bool
read_node(struct adoption *a, const struct tc_object *o,
	struct tc_filter *ret_filter, struct tc_mark *ret_mark)
{
	const struct tc_classifier *by = tc_classifier_of(o);
	const struct slot *slot;

	if (!by || !by->decode(o, ret_filter, ret_mark))
		return false;
	slot = slot_of(a, ret_mark->classid);
	if (by->wants_note && slot) {
		ret_mark->flow_id = slot->flow_id;
		ret_mark->base = slot->base;
	}
	return ret_mark->flow_id != 0;
}

/* Before the nodes. */
static void
find_notes(struct adoption *a)
{
	struct tc_mark mark;

	for (size_t i = a->first_filter; i < a->dump->count; i++) {
		struct slot *slot = tc_note_decode(&a->dump->all[i], &mark)
					    ? slot_of(a, mark.classid)
					    : NULL;

		if (!slot || !slot->class || !slot->leaf)
			continue;
		slot->flow_id = mark.flow_id;
		slot->base = mark.base;
	}
}

/* First pass over the nodes: whose is each class? */
static void
find_owners(struct adoption *a)
{
	struct tc_filter filter;
	struct tc_mark mark;

	for (size_t i = a->first_filter; i < a->dump->count; i++) {
		const struct tc_object *o = &a->dump->all[i];
		struct slot *slot;

		if (!read_node(a, o, &filter, &mark))
			continue;
		slot = slot_of(a, mark.classid);
		if (!slot || !slot->class || !slot->leaf)
			continue;
		slot->nodes++;
		if (slot->flow_id != 0 && slot->flow_id != mark.flow_id)
			slot->spoilt = true;
		slot->flow_id = mark.flow_id;
	}
}

static struct tc_record *
make_record(struct adoption *a, const struct slot *slot,
	const struct tc_object *node)
{
	const struct tc_object *class = slot->class;
	const struct tc_extra *acts = node->extra;
	struct tc_record *r = tc_record_new(
		a->link, slot->nodes, acts && acts->action_count > 0);
	bool gs = class->parent == tc_classid(TC_MINOR_GS);

	if (!r)
		return NULL;
	r->id = slot->flow_id;
	r->minor = class->handle & 0xffff;
	r->service = gs ? TC_SERVICE_GS : TC_SERVICE_CL;
	r->htb = class->htb;
	r->limit = slot->leaf->fifo.limit;
	if (r->acts && acts) {
		tc_extra_copy(r->acts, acts);
		(void)tc_flow_act_decode(/* is_ours */
			acts, node->protocol == ETH_P_IPV6, &r->as);
		if (tc_flow_acts(&r->as))
			a->link->rules.kernel = TC_RULES_FULL;
	}
	a->link->reserved_Bps[tc_subtree_of(r->service)] += r->htb.rate_Bps;
	tc_record_add(a->link, r);
	return r;
}

/* Who is killed in the middle of a change leaves new nodes beside old ones:
 * together they may be more than a flow has room for. */
static bool
is_full(const struct tc_record *r)
{
	return r && r->node_count == TC_FILTERS_MAX;
}

/* Killed in the middle of a change of what becomes of the excess: all nodes of
 * a flow do the same, until the flow is asked for again. */
static void
same_excess(struct adoption *a, const struct tc_object *o,
	const struct tc_record *r)
{
	struct tc_object want = *o;
	struct tc_op *op;

	want.extra = r->acts;
	if (tc_object_equal(o, &want))
		return;
	op = tc_ops_add(a->ops, TC_OP_CHANGE);
	if (op) {
		op->have = *o;
		op->want = want;
	}
}

/* Second pass: one node to its record.  False: out of memory. */
static bool
adopt_node(struct adoption *a, const struct tc_object *o,
	const struct tc_classifier *by)
{
	struct tc_filter filter;
	struct tc_mark mark;
	struct slot *slot;
	struct tc_record *r;

	if (is_u32_node(o) && o->u32.link != 0)
		return true; /* seen to */
	if (!read_node(a, o, &filter, &mark) || !tc_excess_is_ours(o)) {
		remove_object(a, o);
		return true;
	}
	slot = slot_of(a, mark.classid);
	r = tc_record_find(a->link, mark.flow_id);
	if (!slot || slot->nodes == 0 || slot->spoilt ||
		(r && r->minor != (mark.classid & 0xffff)) || is_full(r) ||
		has_filter(r, &filter) ||
		!by->claim(&a->link->nodes, &filter, o->handle, mark.flow_id)) {
		remove_object(a, o);
		return true;
	}
	if (!r)
		r = make_record(a, slot, o);
	if (!r)
		return false;
	r->base = mark.base;
	same_excess(a, o, r);
	r->nodes[r->node_count++] = (struct tc_node){
		.handle = o->handle, .filter = filter, .by = by
	};
	return true;
}

static bool
adopt_nodes(struct adoption *a)
{
	for (size_t i = a->first_filter; i < a->dump->count; i++) {
		const struct tc_object *o = &a->dump->all[i];
		const struct tc_classifier *by = tc_classifier_of(o);

		if (by && !adopt_node(a, o, by))
			return false;
	}
	return true;
}

static bool
wants_note(const struct tc_record *r)
{
	for (size_t i = 0; i < r->node_count; i++)
		if (r->nodes[i].by->wants_note)
			return true;
	return false;
}

/* Notes that tell nothing. */
static void
drop_notes(struct adoption *a)
{
	for (size_t i = a->first_filter; i < a->dump->count; i++) {
		const struct tc_object *o = &a->dump->all[i];
		const struct tc_record *r = NULL;
		struct tc_mark mark;

		if (!tc_is_note(o))
			continue;
		if (tc_note_decode(o, &mark))
			r = tc_record_find(a->link, mark.flow_id);
		if (!r || r->minor != (mark.classid & 0xffff) || !wants_note(r))
			remove_object(a, o);
	}
}

static bool
is_idle(const struct adoption *a, const struct slot *slot, uint32_t minor,
	enum tc_subtree subtree)
{
	const struct tc_class_stats *s = &a->stats[minor];
	struct tc_object class;
	struct tc_object leaf;

	tc_want_idle(&a->link->conf, subtree, minor, &class, &leaf);
	return slot->leaf && s->qlen == 0 && s->tokens_ticks >= 0 &&
	       s->ctokens_ticks >= 0 && tc_object_equal(slot->class, &class);
}

/* Classes that no flow owns. */
static bool
adopt_idle(struct adoption *a, uint32_t minor)
{
	const struct slot *slot = &a->slots[minor];
	enum tc_subtree subtree =
		slot->class->parent == tc_classid(TC_MINOR_GS) ? TC_GS : TC_CL;
	const struct tc_class_stats *s = &a->stats[minor];
	const struct tc_idle idle = { .minor = minor,
		.limit = slot->leaf ? slot->leaf->fifo.limit : 0,
		.base = { s->bytes, s->packets, s->drops } };

	if (is_idle(a, slot, minor, subtree))
		return tc_pool_put(&a->link->pools[subtree], &idle);
	return tc_drain_orphan(a->link, subtree, slot->class, slot->leaf);
}

static bool
adopt_all(struct adoption *a)
{
	if (!adopt_splits(a))
		return false;
	find_classes(a);
	find_notes(a);
	find_owners(a);
	if (!adopt_nodes(a))
		return false;
	drop_notes(a);
	for (uint32_t minor = TC_MINOR_FIRST; minor <= TC_MINOR_LAST; minor++) {
		const struct slot *slot = &a->slots[minor];
		const struct tc_record *r;

		if (!slot->class)
			continue;
		(void)tc_minors_claim(&a->link->minors, minor);
		r = slot->flow_id != 0 && !slot->spoilt
			    ? tc_record_find(a->link, slot->flow_id)
			    : NULL;
		if ((!r || r->minor != minor) && !adopt_idle(a, minor))
			return false;
	}
	return true;
}

bool
tc_adopt(struct tc_link *link, const struct tc_objects *dump,
	const struct tc_class_stats *stats, struct tc_ops *ops)
{
	struct adoption a = { .link = link,
		.dump = dump,
		.first_filter = tc_first_filter(dump),
		.stats = stats,
		.ops = ops };
	bool complete = false;

	a.slots = (struct slot *)alloc_get(
		link->alloc, MINORS * sizeof(*a.slots));
	if (a.slots)
		complete = adopt_all(&a);
	alloc_put(link->alloc, a.slots);
	return complete && !ops->failed;
}
