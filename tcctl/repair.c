/* SPDX-License-Identifier: ISC */

/*
 * What others changed in our tree, put right.  The unit of repair is what
 * belongs together: the fixed part with the static rules, a flow with its
 * class, leaf and nodes, an idle class, a counter of hidden packets.  Each is
 * compared with what the kernel has now, planned, and run as a transaction of
 * its own, so that one that is refused hinders no other.
 *
 * A filter that comes before ours, or stands in our tables, takes packets from
 * reservations and is removed.  One that comes after ours, and a class that
 * nobody of us made, take nothing by themselves and are left alone.
 */

#include "link_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_MAX = 256, OBJECTS_MAX = TC_RECORD_OBJECTS };

enum owner {
	OWNER_NOBODY,
	OWNER_FIXED,
	OWNER_FLOW,
	OWNER_IDLE,
	OWNER_DRAIN,
	OWNER_HIDDEN
};

struct unit {
	struct tc_suspect *suspect;
	struct tc_record *record;
	uint32_t minor;
	bool fixed;
	bool hidden;
	struct tc_object stranger; /* kind NULL: none */
};

struct repair {
	struct tc_link *link;
	const struct tc_kernel *kernel;
	tc_repaired_fn *tell;
	void *arg;
	struct tc_objects have;       /* sorted */
	struct tc_class_stats *stats; /* by minor; NULL: not asked for */
	bool *known;                  /* which of have are ours */
	struct tc_objects fixed;
	struct tc_objects hidden; /* of the operations that wait */
	struct tc_ops ops;
	size_t count;
	struct unit units[UNITS_MAX];
	struct tc_group groups[UNITS_MAX];
};

/* ---- running ------------------------------------------------------------- */

static void
tell_unit(struct repair *r, const struct unit *unit, enum tc_repair result,
	const char *text)
{
	struct tc_repaired told = { .suspect = unit->suspect,
		.result = result,
		.fixed = unit->fixed,
		.minor = unit->minor,
		.record = unit->record };

	(void)text_copy(told.text, sizeof(told.text), text);
	r->tell(r->arg, &told);
}

static void
tell_done(struct repair *r, const struct unit *unit, const struct tc_group *g)
{
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	if (unit->stranger.kind) { /* whole, so that it can be restored */
		text_add(&t, "delete ");
		tc_object_print(&t, &unit->stranger, r->link->conf.name);
	} else {
		tc_op_print(&t, &r->ops.all[g->first], r->link->conf.name);
	}
	if (g->count > 1)
		text_printf(&t, " and %zu more", g->count - 1);
	tell_unit(r, unit, TC_REPAIR_DONE, buf);
}

/* Run what was planned so far. */
static int
flush(struct repair *r)
{
	int error = 0;

	if (r->ops.failed)
		return -ENOMEM;
	if (r->count > 0)
		error = tc_txn_run(r->kernel, &r->ops, r->groups, r->count,
			r->link->conf.name);
	for (size_t i = 0; i < r->count && error == 0; i++) {
		const struct tc_group *g = &r->groups[i];

		if (g->error == 0)
			tell_done(r, &r->units[i], g);
		else
			tell_unit(r, &r->units[i], TC_REPAIR_FAILED, g->text);
	}
	r->count = 0;
	r->ops.count = 0;
	tc_objects_done(&r->hidden);
	return error;
}

/* Close the unit whose operations began at first. */
static int
add_unit(struct repair *r, const struct unit *unit, size_t first)
{
	if (r->ops.count == first) {
		tell_unit(r, unit, TC_REPAIR_NONE, "");
		return 0;
	}
	if (unit->suspect->repairs >= TC_REPAIRS_MAX) {
		r->ops.count = first;
		tell_unit(r, unit, TC_REPAIR_FAILED,
			"changed more than 5 times a minute");
		return 0;
	}
	r->groups[r->count] = (struct tc_group){ .first = first,
		.count = r->ops.count - first };
	r->units[r->count++] = *unit;
	return r->count == UNITS_MAX ? flush(r) : 0;
}

/* ---- planning ------------------------------------------------------------ */

static const struct tc_object *
find(struct repair *r, const struct tc_object *like)
{
	const struct tc_object *found =
		r->have.count == 0 ? NULL
				   : (const struct tc_object *)bsearch(like,
					     r->have.all, r->have.count,
					     sizeof(*like), tc_object_compare);

	if (found && r->known)
		r->known[found - r->have.all] = true;
	return found;
}

/* Is the leaf that hangs on the class ours? */
static bool
has_leaf(struct repair *r, const struct tc_object *leaf)
{
	const struct tc_object *have = find(r, leaf);

	return have && have->parent == leaf->parent;
}

/* Append what makes the objects that there are those that we want. */
static void
plan_objects(struct repair *r, struct tc_span want, struct tc_object *scratch)
{
	size_t n = 0;

	for (size_t i = 0; i < want.count; i++) {
		const struct tc_object *o = &want.all[i];
		const struct tc_object *have = find(r, o);

		if (have && (o->type != TC_QDISC_LEAF || has_leaf(r, o)))
			scratch[n++] = *have;
	}
	tc_plan((struct tc_span){ scratch, n }, want, &r->ops);
}

static void
renew_excess(struct repair *r, struct tc_record *record,
	const struct tc_object *nodes)
{
	for (size_t i = 0; record->acts && i < record->node_count; i++) {
		const struct tc_object *have = find(r, &nodes[i]);

		if (have)
			tc_excess_renew(record->acts, have);
	}
}

/* A class that is made again, by us or already by others, counts from 0.  Who
 * lost events knows it by counters that are lower than they were. */
static bool
is_anew(struct repair *r, const struct tc_object *class,
	const struct tc_base *base)
{
	uint32_t minor = class->handle & 0xffff;
	bool removed = tc_drift_was_removed(r->link, minor);

	return !find(r, class) || removed ||
	       (r->stats && r->stats[minor].packets < base->packets);
}

static int
repair_flow(struct repair *r, const struct unit *unit)
{
	struct tc_record *record = unit->record;
	struct tc_object want[OBJECTS_MAX];
	struct tc_object scratch[OBJECTS_MAX];
	struct tc_span span = { want, 0 };
	size_t first = r->ops.count;

	(void)tc_record_objects(r->link, record, want);
	if (is_anew(r, &want[0], &record->base))
		record->base = (struct tc_base){ 0 };
	renew_excess(r, record, want + 2);
	span.count = tc_record_objects(r->link, record, want);
	plan_objects(r, span, scratch);
	return add_unit(r, unit, first);
}

static int
repair_idle(struct repair *r, const struct unit *unit, enum tc_subtree subtree,
	struct tc_idle *idle)
{
	struct tc_object want[2];
	struct tc_object scratch[2];
	size_t first = r->ops.count;

	tc_idle_objects(&r->link->conf, subtree, idle, want);
	if (is_anew(r, &want[0], &idle->base))
		idle->base = (struct tc_base){ 0 };
	plan_objects(r, (struct tc_span){ want, 2 }, scratch);
	return add_unit(r, unit, first);
}

static int
repair_fixed(struct repair *r, struct tc_suspect *suspect)
{
	const struct unit unit = { .suspect = suspect, .fixed = true };
	size_t first = r->ops.count;
	struct tc_object *scratch = (struct tc_object *)alloc_get(
		r->link->alloc, r->fixed.count * sizeof(*scratch));

	if (!scratch)
		return -ENOMEM;
	plan_objects(
		r, (struct tc_span){ r->fixed.all, r->fixed.count }, scratch);
	alloc_put(r->link->alloc, scratch);
	return add_unit(r, &unit, first);
}

static int
repair_hidden(struct repair *r, struct tc_suspect *suspect,
	const struct tc_hidden *hidden)
{
	const struct unit unit = { .suspect = suspect, .hidden = true };
	struct tc_object scratch[TC_HIDDEN_KINDS];
	size_t before = r->hidden.count;
	size_t first = r->ops.count;

	tc_hidden_objects(r->link, hidden, &r->hidden);
	if (r->hidden.failed)
		return -ENOMEM;
	plan_objects(r,
		(struct tc_span){
			r->hidden.all + before, r->hidden.count - before },
		scratch);
	return add_unit(r, &unit, first);
}

/* It may take packets that have a reservation. */
static bool
in_the_way(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->parent == TC_ROOT_HANDLE &&
	       o->pref <= TC_PREF_ARP;
}

static int
repair_stranger(struct repair *r, struct tc_suspect *suspect,
	const struct tc_object *stranger)
{
	const struct unit unit = { .suspect = suspect, .stranger = *stranger };
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));
	size_t first = r->ops.count;
	struct tc_op *op;

	if (!in_the_way(stranger)) {
		if (stranger->type == TC_CLASS)
			(void)tc_minors_claim(
				&r->link->minors, stranger->handle & 0xffff);
		tc_object_print(&t, stranger, r->link->conf.name);
		tell_unit(r, &unit, TC_REPAIR_FOREIGN, buf);
		return 0;
	}
	op = tc_ops_add(&r->ops, TC_OP_DEL);
	if (op)
		op->have = *stranger;
	/* Its preference as a whole, or an empty table stays behind; unless it
	 * stands among ours. */
	if (op && stranger->pref < TC_PREF_V4 &&
		!tc_classifier_flower.is_node(stranger))
		op->have.handle = 0;
	return add_unit(r, &unit, first);
}

/* ---- some objects -------------------------------------------------------- */

/* Whose each suspect is. */
struct owned {
	struct tc_record *record;
	struct tc_idle *idle;
	const struct tc_hidden *hidden;
	enum owner owner;
	enum tc_subtree subtree;
};

static bool
is_of_record(const struct tc_suspect *s, const struct tc_record *record)
{
	if (s->type == TC_CLASS)
		return s->handle == tc_classid(record->minor);
	for (size_t i = 0; i < record->node_count; i++)
		if (record->nodes[i].handle == s->handle)
			return true;
	return tc_is_note_of(s->handle, record->minor);
}

static bool
is_of_fixed(const struct tc_suspect *s, const struct tc_object *o)
{
	if (o->type == TC_QDISC_LEAF)
		return s->type == TC_CLASS && s->handle == o->parent;
	return s->type == o->type && s->handle == o->handle &&
	       s->pref == o->pref;
}

static enum owner
find_idle_owner(
	struct repair *r, const struct tc_suspect *s, struct owned *owned)
{
	const struct tc_drain *d;

	for (int t = TC_GS; t < TC_SUBTREES; t++)
		for (size_t i = 0; i < r->link->pools[t].count; i++) {
			owned->subtree = (enum tc_subtree)t;
			owned->idle = tc_pool_at(&r->link->pools[t], i);
			if (tc_classid(owned->idle->minor) == s->handle)
				return OWNER_IDLE;
		}
	TAILQ_FOREACH (d, &r->link->drains, entry)
		if (tc_classid(d->minor) == s->handle)
			return OWNER_DRAIN;
	return OWNER_NOBODY;
}

static void
find_hidden_owner(
	struct repair *r, const struct tc_suspect *s, struct owned *owned)
{
	if (owned->record || s->type != TC_FILTER)
		return;
	owned->hidden = tc_hidden_at(r->link, s->handle);
	if (owned->hidden)
		owned->owner = OWNER_HIDDEN;
}

static void
find_owners(struct repair *r, struct tc_suspect **suspects, size_t count,
	struct owned *owned)
{
	struct tc_record *record;

	for (record = r->link->flows; record;
		record = (struct tc_record *)record->hh.next)
		for (size_t i = 0; i < count; i++)
			if (!owned[i].record &&
				is_of_record(suspects[i], record))
				owned[i].record = record;
	for (size_t i = 0; i < count; i++) {
		owned[i].owner = owned[i].record ? OWNER_FLOW : OWNER_NOBODY;
		find_hidden_owner(r, suspects[i], &owned[i]);
		for (size_t k = 0; k < r->fixed.count; k++)
			if (is_of_fixed(suspects[i], &r->fixed.all[k]))
				owned[i].owner = OWNER_FIXED;
		if (owned[i].owner == OWNER_NOBODY &&
			suspects[i]->type == TC_CLASS)
			owned[i].owner =
				find_idle_owner(r, suspects[i], &owned[i]);
	}
}

/* Is it dealt with together with one before it? */
static bool
is_repeated(const struct owned *owned, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (owned[k].owner == owned[i].owner &&
			(owned[i].owner == OWNER_FIXED ||
				(owned[i].owner == OWNER_FLOW &&
					owned[k].record == owned[i].record)))
			return true;
	return false;
}

static void
add_keys(struct tc_objects *keys, const struct tc_object *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tc_object *o = tc_objects_add(keys);

		if (o)
			*o = all[i];
	}
}

static void
add_hidden_keys(struct repair *r, const struct tc_hidden *hidden,
	struct tc_objects *keys)
{
	size_t before = r->hidden.count;

	tc_hidden_objects(r->link, hidden, &r->hidden);
	add_keys(keys, r->hidden.all + before, r->hidden.count - before);
}

static void
add_keys_of(struct repair *r, const struct tc_suspect *s,
	const struct owned *owned, struct tc_objects *keys)
{
	struct tc_object objects[OBJECTS_MAX] = { 0 };

	switch (owned->owner) {
	case OWNER_NOBODY:
		objects[0].type = s->type;
		objects[0].ifindex = r->link->conf.ifindex;
		objects[0].handle = s->handle;
		objects[0].parent = s->parent;
		objects[0].pref = s->pref;
		add_keys(keys, objects, 1);
		break;
	case OWNER_FIXED:
		add_keys(keys, r->fixed.all, r->fixed.count);
		break;
	case OWNER_FLOW:
		add_keys(keys, objects,
			tc_record_objects(r->link, owned->record, objects));
		break;
	case OWNER_IDLE:
		tc_idle_objects(
			&r->link->conf, owned->subtree, owned->idle, objects);
		add_keys(keys, objects, 2);
		break;
	case OWNER_HIDDEN:
		add_hidden_keys(r, owned->hidden, keys);
		break;
	case OWNER_DRAIN:
		break;
	}
}

/* A filter of a kind that we do not know has no place in our order. */
static const struct tc_object *
find_stranger(const struct repair *r, const struct tc_suspect *s)
{
	for (size_t i = 0; i < r->have.count; i++) {
		const struct tc_object *o = &r->have.all[i];

		if (o->type == s->type && o->handle == s->handle &&
			o->pref == s->pref)
			return o;
	}
	return NULL;
}

static int
repair_one(
	struct repair *r, struct tc_suspect *suspect, const struct owned *owned)
{
	struct unit unit = { .suspect = suspect, .record = owned->record };
	const struct tc_object *stranger;

	switch (owned->owner) {
	case OWNER_NOBODY:
		stranger = find_stranger(r, suspect);
		if (stranger)
			return repair_stranger(r, suspect, stranger);
		tell_unit(r, &unit, TC_REPAIR_NONE, "");
		return 0;
	case OWNER_FIXED:
		return repair_fixed(r, suspect);
	case OWNER_FLOW:
		unit.minor = owned->record->minor;
		return repair_flow(r, &unit);
	case OWNER_IDLE:
		unit.minor = owned->idle->minor;
		return repair_idle(r, &unit, owned->subtree, owned->idle);
	case OWNER_HIDDEN:
		return repair_hidden(r, suspect, owned->hidden);
	case OWNER_DRAIN:
		tell_unit(r, &unit, TC_REPAIR_LATER, "");
		return 0;
	}
	return 0;
}

/* What is there besides flows and idle classes: the tree of the layout, the
 * further hash tables, the static rules. */
static void
want_fixed(struct repair *r)
{
	const struct tc_link *link = r->link;

	tc_objects_done(&r->fixed);
	tc_want_tree(&link->conf, &link->shape, &r->fixed);
	tc_nodes_objects(&link->nodes, link->conf.ifindex, &r->fixed);
	for (size_t i = 0; i < link->rules.objects.count; i++)
		(void)tc_objects_copy(&r->fixed, &link->rules.objects.all[i]);
	tc_objects_sort(&r->fixed);
}

static struct repair *
begin(struct tc_link *link, const struct tc_kernel *kernel,
	tc_repaired_fn *tell, void *arg)
{
	struct repair *r = (struct repair *)alloc_get(link->alloc, sizeof(*r));

	if (!r)
		return NULL;
	r->link = link;
	r->kernel = kernel;
	r->tell = tell;
	r->arg = arg;
	r->have.alloc = r->fixed.alloc = r->ops.alloc = link->alloc;
	r->hidden.alloc = link->alloc;
	want_fixed(r);
	return r;
}

static void
finish(struct repair *r)
{
	const struct alloc *alloc = r->link->alloc;

	alloc_put(alloc, r->known);
	alloc_put(alloc, r->stats);
	tc_objects_done(&r->have);
	tc_objects_done(&r->fixed);
	tc_objects_done(&r->hidden);
	tc_ops_done(&r->ops);
	alloc_put(alloc, r);
}

static int
ask(struct repair *r, struct tc_suspect **suspects, size_t count,
	const struct owned *owned)
{
	struct tc_objects keys = { .alloc = r->link->alloc };
	int error = -ENOMEM;

	for (size_t i = 0; i < count; i++)
		if (!is_repeated(owned, i))
			add_keys_of(r, suspects[i], &owned[i], &keys);
	if (!keys.failed && !r->fixed.failed)
		error = r->kernel->get(
			r->kernel->arg, keys.all, keys.count, &r->have);
	if (error == 0 && r->have.failed)
		error = -ENOMEM;
	tc_objects_sort(&r->have);
	tc_objects_done(&keys);
	return error;
}

int
tc_repair(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_suspect **suspects, size_t count, tc_repaired_fn *tell,
	void *arg)
{
	struct repair *r = begin(link, kernel, tell, arg);
	struct owned owned[TC_SUSPECTS_MAX] = { 0 };
	int error;

	if (!r)
		return -ENOMEM;
	find_owners(r, suspects, count, owned);
	error = ask(r, suspects, count, owned);
	for (size_t i = 0; i < count && error == 0; i++)
		if (!is_repeated(owned, i))
			error = repair_one(r, suspects[i], &owned[i]);
	if (error == 0)
		error = flush(r);
	finish(r);
	return error;
}

/* ---- everything ---------------------------------------------------------- */

static int
repair_tree_fixed(struct repair *r, struct tc_suspect *suspect)
{
	int error = tc_link_reveal(r->link, r->kernel, &r->have);

	if (error != 0)
		return error;
	want_fixed(r); /* with the roots that there are now */
	r->known = (bool *)alloc_get(r->link->alloc, r->have.count + 1);
	if (!r->known || r->fixed.failed)
		return -ENOMEM;
	return repair_fixed(r, suspect);
}

static int
repair_books(struct repair *r, struct tc_suspect *suspect)
{
	struct tc_record *record;
	int error = 0;

	for (record = r->link->flows; record && error == 0;
		record = (struct tc_record *)record->hh.next) {
		const struct unit unit = { .suspect = suspect,
			.record = record,
			.minor = record->minor };

		error = repair_flow(r, &unit);
	}
	for (int t = TC_GS; t < TC_SUBTREES; t++)
		for (size_t i = 0; i < r->link->pools[t].count && error == 0;
			i++) {
			struct tc_idle *idle =
				tc_pool_at(&r->link->pools[t], i);
			const struct unit unit = { .suspect = suspect,
				.minor = idle->minor };

			error = repair_idle(r, &unit, (enum tc_subtree)t, idle);
		}
	return error;
}

static int
repair_all_hidden(struct repair *r, struct tc_suspect *suspect)
{
	enum { A_TIME = 64 }; /* held in memory */
	const struct tc_hidden *h;
	unsigned n = 0;
	int error = 0;

	for (h = r->link->hidden.all; h && error == 0;
		h = (const struct tc_hidden *)h->hh.next) {
		error = repair_hidden(r, suspect, h);
		if (error == 0 && ++n % A_TIME == 0)
			error = flush(r);
	}
	return error;
}

static void
know_drains(struct repair *r)
{
	const struct tc_drain *d;

	TAILQ_FOREACH (d, &r->link->drains, entry)
		(void)find(r, &d->class);
}

/* Roots of tables belong to the preference, leaves to their class. */
static bool
may_be_stranger(const struct tc_object *o)
{
	switch ((enum tc_type)o->type) {
	case TC_CLASS:
		return o->handle >> 16 == TC_MAJOR;
	case TC_FILTER: /* nor a further table that is about to go */
		return o->kind != &tc_kind_u32 || o->u32.divisor == 0 ||
		       !(tc_u32_is_root(o->handle) ||
			       tc_hash_is_split(o->handle));
	case TC_QDISC_ROOT:
	case TC_QDISC_LEAF:
	case TC_QDISC_INGRESS:
		return false;
	}
	return false;
}

static int
repair_strangers(struct repair *r, struct tc_suspect *suspect)
{
	int error = 0;

	for (size_t i = 0; i < r->have.count && error == 0; i++)
		if (!r->known[i] && may_be_stranger(&r->have.all[i]))
			error = repair_stranger(r, suspect, &r->have.all[i]);
	return error;
}

int
tc_repair_tree(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_suspect *suspect, tc_repaired_fn *tell, void *arg)
{
	struct repair *r = begin(link, kernel, tell, arg);
	int error = 0;

	if (!r)
		return -ENOMEM;
	r->stats = tc_link_stats(link, kernel, &error);
	if (error == 0)
		error = tc_link_dump(link, kernel, &r->have);
	if (error == 0)
		error = repair_tree_fixed(r, suspect);
	if (error == 0)
		error = repair_books(r, suspect);
	if (error == 0)
		error = repair_all_hidden(r, suspect);
	if (error == 0)
		know_drains(r);
	if (error == 0)
		error = repair_strangers(r, suspect);
	if (error == 0)
		error = flush(r);
	finish(r);
	return error;
}
