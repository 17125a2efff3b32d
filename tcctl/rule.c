/* SPDX-License-Identifier: ISC */

/*
 * The static rules of an interface: from a staged set to a transaction, and the
 * books of what is in force.
 */

#include "tc_rule_int.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "link_int.h"

enum { STAGE_ROOM = 8, LOOK_MS = 50, DRAIN_MS = 3000, PAIRS = 4 };

/* A set on its way into the kernel. */
struct change {
	struct tc_link *link;
	const struct tc_kernel *kernel;
	const struct tc_rule *rules;
	size_t count;
	struct tc_rule_slot *slots;
	struct tc_objects want;
	bool unclean; /* something could not be undone */
	const char *problem;
	uint32_t problem_id; /* of the rule, or 0 */
};

void
tc_rules_init(struct tc_rules *rules, const struct alloc *alloc)
{
	memset(rules, 0, sizeof(*rules));
	rules->objects.alloc = alloc;
	rules->due = MONO_NEVER;
}

static void
drop_staged(struct tc_rules *rules)
{
	alloc_put(rules->objects.alloc, rules->staged);
	rules->staged = NULL;
	rules->staged_count = 0;
	rules->staged_room = 0;
	rules->staged_serial = 0;
	rules->staged_error = 0;
}

void
tc_rules_done(struct tc_rules *rules)
{
	const struct alloc *alloc = rules->objects.alloc;

	drop_staged(rules);
	alloc_put(alloc, rules->all);
	tc_objects_done(&rules->objects);
	tc_rules_init(rules, alloc);
}

void
tc_rules_stage_for(struct tc_link *link, uint32_t serial)
{
	if (link->rules.staged_serial != serial)
		drop_staged(&link->rules);
	link->rules.staged_serial = serial;
}

void
tc_rules_spoil(struct tc_link *link, uint32_t serial)
{
	tc_rules_stage_for(link, serial);
	link->rules.staged_error = EBADMSG;
}

void
tc_rules_stage(
	struct tc_link *link, uint32_t serial, const struct tc_rule *rule)
{
	struct tc_rules *r = &link->rules;

	tc_rules_stage_for(link, serial);
	if (r->staged_count == r->staged_room) {
		size_t room =
			r->staged_room > 0 ? 2 * r->staged_room : STAGE_ROOM;
		struct tc_rule *more =
			r->staged_count < TC_RULES_MAX
				? (struct tc_rule *)alloc_get(
					  link->alloc, room * sizeof(*more))
				: NULL;

		if (!more) {
			r->staged_error = ENOMEM;
			return;
		}
		if (r->staged_count > 0)
			memcpy(more, r->staged,
				r->staged_count * sizeof(*more));
		alloc_put(link->alloc, r->staged);
		r->staged = more;
		r->staged_room = room;
	}
	r->staged[r->staged_count++] = *rule;
}

/* ---- what is wanted ------------------------------------------------------ */

static bool
is_class(const struct tc_object *o)
{
	return o->type == TC_CLASS && o->parent == tc_classid(TC_MINOR_POLICY);
}

/* The class that a rule has in the kernel, by its nodes; 0: none. */
uint32_t
tc_rules_minor(const struct tc_objects *objects, uint32_t id)
{
	for (size_t i = 0; i < objects->count; i++) {
		const struct tc_object *o = &objects->all[i];
		uint32_t minor = o->u32.classid & 0xffff;

		if (o->type == TC_FILTER && tc_rule_of(o) == id &&
			minor >= TC_MINOR_FIRST)
			return minor;
	}
	return 0;
}

bool
tc_rules_full(const struct tc_link *link)
{
	return link->rules.kernel == TC_RULES_FULL;
}

static void
want_copy(struct change *c, const struct tc_object *from)
{
	(void)tc_objects_copy(&c->want, from); /* failure stays in the list */
}

static void
want_class(struct change *c, struct tc_rule_slot *slot)
{
	struct tc_link *link = c->link;
	struct tc_object pair[2];

	if (!tc_rule_has_class(slot->rule, tc_rules_full(link)))
		return;
	slot->minor = tc_rules_minor(&link->rules.objects, slot->rule->id);
	if (slot->minor == 0)
		slot->minor = tc_minors_take(&link->minors);
	if (slot->minor == 0) {
		c->problem = "no class number is left on the interface";
		c->problem_id = slot->rule->id;
		return;
	}
	tc_want_rule(&link->conf, slot, tc_rules_full(link), pair);
	want_copy(c, &pair[0]);
	want_copy(c, &pair[1]);
}

static bool
has_object(const struct tc_objects *list, enum tc_type type, uint32_t handle)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type == type && list->all[i].handle == handle)
			return true;
	return false;
}

/* Classes without a rule stay until they are empty: see tc_rules_step(). */
static void
want_retired(struct change *c)
{
	const struct tc_objects *have = &c->link->rules.objects;

	for (size_t i = 0; i < have->count; i++) {
		const struct tc_object *o = &have->all[i];

		if ((o->type == TC_CLASS || o->type == TC_QDISC_LEAF) &&
			!has_object(&c->want, (enum tc_type)o->type, o->handle))
			want_copy(c, o);
	}
}

/* ---- lists of nodes ------------------------------------------------------ */

/* One of the four lists of an interface: family and place. */
struct list {
	bool v6;
	enum tc_rule_place place;
	uint32_t link_handle;
	uint32_t table; /* in force; 0: none */
	uint32_t spare;
};

static const struct tc_object *
find_filter(const struct tc_objects *objects, bool v6, uint32_t handle)
{
	for (size_t i = 0; i < objects->count; i++) {
		const struct tc_object *o = &objects->all[i];

		if (o->type == TC_FILTER && o->handle == handle &&
			(o->pref == TC_PREF_V6) == v6)
			return o;
	}
	return NULL;
}

static struct list
list_of(const struct tc_link *link, unsigned n)
{
	struct list l = { .v6 = n % 2 != 0,
		.place = (enum tc_rule_place)(n / 2) };
	uint32_t first = tc_rule_table(l.v6, l.place, 0);
	uint32_t second = tc_rule_table(l.v6, l.place, 1);
	const struct tc_object *turned;

	l.link_handle = tc_rule_link(
		l.v6 ? link->shape.roots.v6 : link->shape.roots.v4, l.place);
	turned = find_filter(&link->rules.objects, l.v6, l.link_handle);
	l.table = turned ? turned->u32.link : 0;
	l.spare = l.table == first ? second : first;
	return l;
}

static bool
is_node_of(const struct tc_object *o, const struct list *l, uint32_t table)
{
	return o->type == TC_FILTER && (o->pref == TC_PREF_V6) == l->v6 &&
	       o->u32.divisor == 0 && table != 0 &&
	       tc_u32_table(o->handle) == tc_u32_table(table);
}

/* Number them in that table. */
static void
number(struct tc_objects *nodes, uint32_t table)
{
	for (size_t i = 0; i < nodes->count; i++)
		nodes->all[i].handle = table | (uint32_t)(i + 1);
}

/* The list in force holds just that. */
static bool
is_in_force(const struct tc_objects *have, const struct list *l,
	const struct tc_objects *nodes)
{
	size_t at = 0;

	for (size_t i = 0; i < have->count; i++) {
		const struct tc_object *o = &have->all[i];

		if (!is_node_of(o, l, l->table))
			continue;
		if (at == nodes->count ||
			!tc_object_equal(o, &nodes->all[at++]))
			return false;
	}
	return at == nodes->count;
}

static void
want_link(struct change *c, const struct list *l, uint32_t table)
{
	struct tc_object link = { .type = TC_FILTER,
		.parent = TC_ROOT_HANDLE,
		.ifindex = c->link->conf.ifindex,
		.handle = l->link_handle,
		.pref = l->v6 ? TC_PREF_V6 : TC_PREF_V4 };

	tc_rule_link_node(l->v6, table, &link);
	want_copy(c, &link);
}

static void
want_list(struct change *c, unsigned n)
{
	const struct list l = list_of(c->link, n);
	const struct tc_objects *have = &c->link->rules.objects;
	struct tc_objects nodes = { .alloc = c->link->alloc };
	const struct tc_rule_list list = { .iface = &c->link->conf,
		.slots = c->slots,
		.count = c->count,
		.v6 = l.v6,
		.place = l.place,
		.actions = tc_rules_full(c->link) };
	uint32_t table = l.table;

	c->problem = tc_want_rule_nodes(&list, &nodes);
	if (nodes.failed)
		c->want.failed = true;
	if (l.table == 0 || !is_in_force(have, &l, &nodes))
		table = l.spare;
	number(&nodes, table);
	for (size_t i = 0; i < nodes.count && !c->problem; i++)
		want_copy(c, &nodes.all[i]);
	if (nodes.count > 0)
		want_link(c, &l, table);
	tc_objects_done(&nodes);
}

/* ---- putting it in force ------------------------------------------------- */

static void
refuse(struct tc_done *done, int error, const char *text, uint32_t id)
{
	done->error = error;
	done->flow_id = id;
	(void)text_copy(done->text, sizeof(done->text), text);
}

static void
want_all(struct change *c)
{
	for (size_t i = 0; i < c->count && !c->problem; i++) {
		c->slots[i].rule = &c->rules[i];
		c->problem = tc_rule_problem(&c->link->conf, &c->rules[i]);
		if (c->problem)
			c->problem_id = c->rules[i].id;
		else
			want_class(c, &c->slots[i]);
	}
	for (unsigned n = 0; n < PAIRS && !c->problem; n++)
		want_list(c, n);
	want_retired(c);
	tc_objects_sort(&c->want);
}

/* Numbers of classes that were taken for nothing; what could not be removed
 * keeps its own. */
static void
give_minors(struct change *c)
{
	for (size_t i = 0; i < c->count && !c->unclean; i++)
		if (c->slots[i].minor != 0 &&
			!has_object(&c->link->rules.objects, TC_CLASS,
				tc_classid(c->slots[i].minor)))
			tc_minors_give(&c->link->minors, c->slots[i].minor);
}

static int
mark(struct change *c, struct tc_done *ret_done)
{
	const struct tc_marker *marker = c->kernel->marker;
	const struct tc_rule *marked = NULL;
	struct tc_mark_set set = {
		.iface = &c->link->conf, .rules = c->rules, .count = c->count
	};
	int error;

	if (tc_rules_full(c->link))
		return 0; /* the filters do it */
	for (size_t i = 0; i < c->count && !marked; i++)
		if (tc_rule_is_marked(&c->rules[i]))
			marked = &c->rules[i];
	if (!marker && marked) {
		refuse(ret_done, EOPNOTSUPP,
			"marks need nftables, which this kernel or build lacks",
			marked->id);
		return 0;
	}
	if (!marker)
		return 0;
	error = tc_rules_put_marks(c->link, marker, &set, false, ret_done);
	if (!marked)
		ret_done->error = 0; /* it has none of ours, or cannot have */
	return error;
}

/* The marks were refused: filters and classes back to what they were. */
static int
take_back(struct change *c, const struct tc_ops *ops, struct tc_group *group,
	struct tc_done *ret_done)
{
	int error;

	group->error = ret_done->error;
	(void)text_copy(group->text, sizeof(group->text), ret_done->text);
	error = tc_txn_take_back(c->kernel, ops, group, c->link->conf.name);
	(void)text_copy(ret_done->text, sizeof(ret_done->text), group->text);
	return error;
}

/* Filters and classes, then marks; all or nothing, or what is left is said, and
 * looked after as if others had done it. */
static int
put_in_force(struct change *c, struct tc_done *ret_done)
{
	const struct tc_objects *have = &c->link->rules.objects;
	struct tc_ops ops = { .alloc = c->link->alloc };
	struct tc_group group;
	int error;

	tc_plan((struct tc_span){ have->all, have->count },
		(struct tc_span){ c->want.all, c->want.count }, &ops);
	error = tc_link_group(c->link, c->kernel, &ops, &group);
	ret_done->error = group.error;
	(void)text_copy(ret_done->text, sizeof(ret_done->text), group.text);
	if (error == 0 && group.error == 0) {
		if (mark(c, ret_done) != 0)
			refuse(ret_done, ENOMEM, "out of memory for the marks",
				0);
		if (ret_done->error != 0)
			error = take_back(c, &ops, &group, ret_done);
	}
	c->unclean = group.error != 0 && !group.clean;
	c->link->unclean = c->link->unclean || c->unclean;
	tc_ops_done(&ops);
	return error;
}

/* A node that no packet meets, with all the actions that a rule may need. */
static void
make_probe(const struct tc_link *link, struct tc_object *node,
	struct tc_extra *extra)
{
	const struct tc_rule rule = { .id = 1,
		.rate_Bps = 1000000,
		.bucket_bytes = 10000,
		.excess = TC_EXCESS_DROP,
		.marks = true };
	const struct list l = list_of(link, 0);

	memset(node, 0, sizeof(*node));
	memset(extra, 0, sizeof(*extra));
	node->type = TC_FILTER;
	node->parent = TC_ROOT_HANDLE;
	node->ifindex = link->conf.ifindex;
	node->handle = l.spare | TC_NODE_MAX;
	node->pref = TC_PREF_V4;
	node->protocol = ETH_P_IP;
	node->kind = &tc_kind_u32;
	node->extra = extra;
	node->u32.flags = TC_U32_FLAG_TERMINAL;
	node->u32.classid = tc_classid(TC_MINOR_BEST);
	node->u32.key_count = 1;
	tc_rule_actions(&link->conf, &rule, TC_RULE_IN, false, extra);
}

/* Does the kernel have the actions?  Asked once, in the table that nothing
 * leads to. */
int
tc_rules_try(struct tc_link *link, const struct tc_kernel *kernel)
{
	struct tc_extra extra;
	struct tc_op ops[2] = { { .kind = TC_OP_ADD }, { .kind = TC_OP_DEL } };
	struct tc_result results[2] = { { 0 } };
	int error;

	if (link->rules.kernel != TC_RULES_UNTRIED)
		return 0;
	make_probe(link, &ops[0].want, &extra);
	ops[1].have = ops[0].want;
	error = kernel->run(kernel->arg, ops, 2, results);
	if (error == 0)
		link->rules.kernel =
			results[0].error == 0 ? TC_RULES_FULL : TC_RULES_SMALL;
	return error;
}

static int
run_change(struct change *c, struct tc_done *ret_done)
{
	int error = 0;

	if (c->count > 0)
		error = tc_rules_try(c->link, c->kernel);
	if (error != 0)
		return error;
	c->slots = (struct tc_rule_slot *)alloc_get(
		c->link->alloc, (c->count + 1) * sizeof(*c->slots));
	if (!c->slots)
		return -ENOMEM;
	want_all(c);
	if (c->problem)
		refuse(ret_done, EINVAL, c->problem, c->problem_id);
	else if (c->want.failed)
		error = -ENOMEM;
	else
		error = put_in_force(c, ret_done);
	if (error == 0 && ret_done->error == 0) {
		tc_objects_done(&c->link->rules.objects);
		c->link->rules.objects = c->want;
		c->want = (struct tc_objects){ .alloc = c->link->alloc };
	} else {
		give_minors(c);
	}
	tc_objects_done(&c->want);
	alloc_put(c->link->alloc, c->slots);
	return error;
}

/* A class that no node leads to. */
static bool
is_retired(const struct tc_objects *objects, const struct tc_object *o)
{
	if (!is_class(o))
		return false;
	for (size_t i = 0; i < objects->count; i++)
		if (objects->all[i].type == TC_FILTER &&
			objects->all[i].u32.classid == o->handle)
			return false;
	return true;
}

/* Marks that are to be said again keep their moment. */
static struct mono
due_of_marks(const struct tc_rules *rules)
{
	return rules->remark ? rules->due : MONO_NEVER;
}

static void
look_later(struct tc_rules *rules, struct mono now)
{
	bool any = false;

	for (size_t i = 0; i < rules->objects.count; i++)
		any = any ||
		      is_retired(&rules->objects, &rules->objects.all[i]);
	rules->due = mono_earlier(due_of_marks(rules),
		any ? mono_add_ms(now, LOOK_MS) : MONO_NEVER);
}

int
tc_rules_apply(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, struct tc_done *ret_done)
{
	struct tc_rules *r = &link->rules;
	struct change c = { .link = link,
		.kernel = kernel,
		.rules = r->staged,
		.count = r->staged_count,
		.want = { .alloc = link->alloc } };
	int error = 0;

	*ret_done = (struct tc_done){ 0 };
	if (r->staged_error != 0)
		refuse(ret_done, r->staged_error,
			r->staged_error == EBADMSG
				? "a rule of the set is malformed"
				: "more than 1024 rules on the interface, or "
				  "no memory",
			0);
	else
		error = run_change(&c, ret_done);
	if (error == 0 && ret_done->error == 0) {
		alloc_put(link->alloc, r->all);
		r->all = r->staged;
		r->count = r->staged_count;
		r->staged = NULL;
		r->told = true;
		r->deadline = mono_add_ms(now, DRAIN_MS);
		look_later(r, now);
	}
	drop_staged(r);
	return error;
}

int
tc_rules_again(struct tc_link *link, const struct tc_kernel *kernel,
	bool rebuilt, struct tc_done *ret_done)
{
	struct tc_rules *r = &link->rules;
	struct change c = { .link = link,
		.kernel = kernel,
		.rules = r->all,
		.count = r->count,
		.want = { .alloc = link->alloc } };

	*ret_done = (struct tc_done){ 0 };
	if (rebuilt) {
		tc_objects_done(&r->objects);
		r->due = due_of_marks(r);
	}
	/* Adopted rules are in the kernel as they were; the engine will say. */
	return r->told ? run_change(&c, ret_done) : 0;
}

void
tc_rules_close(struct tc_link *link, const struct tc_kernel *kernel)
{
	const struct tc_marker *marker = kernel->marker;
	const struct tc_mark_set none = { .iface = &link->conf };
	char text[TC_TEXT];

	/* What stays goes when marks are made for an interface of the name. */
	if (marker)
		(void)marker->apply(marker->arg, &none, text);
	tc_rules_done(&link->rules);
}

/* ---- adoption ------------------------------------------------------------ */

/* A leaf is of the rule whose class was found before: the dump is sorted. */
static bool
is_rule_object(const struct tc_objects *found, const struct tc_object *o)
{
	if (o->type == TC_QDISC_LEAF) {
		const struct tc_object key = { .type = TC_CLASS,
			.handle = o->parent };

		return found->count > 0 &&
		       bsearch(&key, found->all, found->count, sizeof(key),
			       tc_object_compare) != NULL;
	}
	return (is_class(o) && (o->handle & 0xffff) >= TC_MINOR_FIRST) ||
	       tc_is_rule_filter(o);
}

bool
tc_rules_adopt(struct tc_link *link, const struct tc_objects *dump)
{
	struct tc_rules *r = &link->rules;

	tc_rules_done(r);
	for (size_t i = 0; i < dump->count; i++) {
		const struct tc_object *o = &dump->all[i];

		if (!is_rule_object(&r->objects, o))
			continue;
		(void)tc_objects_copy(&r->objects, o);
		if (o->type == TC_CLASS)
			(void)tc_minors_claim(
				&link->minors, o->handle & 0xffff);
	}
	tc_objects_sort(&r->objects);
	return !r->objects.failed;
}

/* ---- classes without a rule ---------------------------------------------- */

/* Take class and leaf out of the books. */
static void
forget_class(struct tc_objects *objects, uint32_t handle)
{
	size_t kept = 0;

	for (size_t i = 0; i < objects->count; i++) {
		const struct tc_object *o = &objects->all[i];

		if ((o->type == TC_CLASS && o->handle == handle) ||
			(o->type == TC_QDISC_LEAF && o->parent == handle))
			continue;
		objects->all[kept++] = *o;
	}
	objects->count = kept;
}

static int
remove_class(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t handle, const struct tc_listener *listener)
{
	const struct tc_object class = { .type = TC_CLASS,
		.ifindex = link->conf.ifindex,
		.handle = handle,
		.parent = tc_classid(TC_MINOR_POLICY),
		.kind = &tc_kind_htb_class };
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_done done = { 0 };
	struct tc_op *op = tc_ops_add(&ops, TC_OP_DEL);
	int error;

	if (op)
		op->have = class;
	error = tc_link_run(link, kernel, &ops, &done);
	tc_ops_done(&ops);
	if (error != 0)
		return error;
	if (done.error != 0)
		listener->note(listener->arg, done.text);
	else
		tc_minors_give(&link->minors, handle & 0xffff);
	forget_class(&link->rules.objects, handle);
	return 0;
}

int
tc_rules_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct tc_rules *r = &link->rules;
	bool late = mono_reached(r->deadline, now);
	int error = 0;

	if (r->marked && mono_reached(r->look_at, now))
		error = tc_rules_look(link, kernel, now, listener);
	if (error != 0 || !mono_reached(r->due, now))
		return error;
	if (r->remark)
		error = tc_rules_remark(link, kernel, listener);
	for (size_t i = r->objects.count; i-- > 0 && error == 0;) {
		uint32_t handle = r->objects.all[i].handle;
		struct tc_class_stats stats = { 0 };

		if (i >= r->objects.count ||
			!is_retired(&r->objects, &r->objects.all[i]))
			continue;
		error = kernel->stats(
			kernel->arg, link->conf.ifindex, &handle, 1, &stats);
		if (error == 0 && (stats.qlen == 0 || late))
			error = remove_class(link, kernel, handle, listener);
	}
	look_later(r, now);
	return error;
}

struct mono
tc_rules_next(const struct tc_link *link)
{
	const struct tc_rules *r = &link->rules;

	if (link->lost)
		return MONO_NEVER;
	return r->marked ? mono_earlier(r->due, r->look_at) : r->due;
}
