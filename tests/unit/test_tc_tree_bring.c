/* SPDX-License-Identifier: ISC */
/*
 * From any tree to any other, on a kernel that refuses at step n, for all n:
 * then what there was is there again, or what is left is said.
 */
#include "tc_tree.h"

#define MAJOR 0xffff0000u

/* A kernel of objects alone.  It refuses what the real one refuses for the same
 * reasons, numbers the tables of u32 as it does, and can be told to refuse. */
struct fake {
	struct tc_objects objects;
	uint32_t tables; /* root tables made so far */
	size_t steps;
	size_t refuse_at; /* 1: the first; 0: never */
	bool go_on_refusing;
	/* Another program: comes with the step that is refused, or with that
	 * look at a place after it (from 1 on). */
	void (*intrude)(struct fake *k);
	size_t intrude_look; /* 0: with the step */
	size_t looks;
	size_t came; /* objects that it has put there */
};

static size_t count_foreign(struct fake *k);

static void
intrude(struct fake *k)
{
	k->intrude(k);
	k->came = count_foreign(k);
}

static struct tc_object *
find(struct fake *k, const struct tc_object *like)
{
	for (size_t i = 0; i < k->objects.count; i++) {
		struct tc_object *o = &k->objects.all[i];

		if (like->type == TC_FILTER
				? o->type == TC_FILTER &&
					  o->parent == like->parent &&
					  o->pref == like->pref &&
					  o->handle == like->handle
				: o->type == like->type &&
					  o->handle == like->handle)
			return o;
	}
	return NULL;
}

static struct tc_object *
find_handle(struct fake *k, uint32_t handle)
{
	for (size_t i = 0; i < k->objects.count; i++)
		if (k->objects.all[i].type != TC_FILTER &&
			k->objects.all[i].handle == handle)
			return &k->objects.all[i];
	return NULL;
}

static bool
has_place(struct fake *k, const struct tc_object *o)
{
	const struct tc_object *major = find_handle(k, o->parent & MAJOR);

	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return true;
	if (!major)
		return false;
	/* A class of htb; a band of prio; either side of clsact. */
	return find_handle(k, o->parent) || major->kind == &tc_kind_prio ||
	       major->kind == &tc_kind_clsact;
}

static struct tc_object *
table_of(struct fake *k, const struct tc_object *f)
{
	for (size_t i = 0; i < k->objects.count; i++) {
		struct tc_object *o = &k->objects.all[i];

		if (o->type == TC_FILTER && o->parent == f->parent &&
			o->pref == f->pref && o->kind == &tc_kind_u32 &&
			o->u32.divisor != 0)
			return o;
	}
	return NULL;
}

/* The kernel numbers it; its table comes with the first of a preference. */
static int
number(struct fake *k, struct tc_object *f)
{
	struct tc_object *table = table_of(k, f);
	uint32_t base;

	if (f->kind != &tc_kind_u32)
		return 0;
	if (!table) {
		if (!f->any_handle)
			return EINVAL; /* of a table that is not there */
		table = tc_objects_add(&k->objects);
		table->type = TC_FILTER;
		table->parent = f->parent;
		table->pref = f->pref;
		table->protocol = f->protocol;
		table->kind = &tc_kind_u32;
		table->u32.divisor = 1;
		table->handle = (0x800 + k->tables++) << TC_U32_TABLE_SHIFT;
	}
	if (!f->any_handle)
		return tc_u32_table(f->handle) == tc_u32_table(table->handle)
			       ? 0
			       : EINVAL;
	base = table->handle;
	f->handle = base | 0x800;
	while (find(k, f))
		f->handle++;
	f->any_handle = false;
	return 0;
}

static int
add(struct fake *k, const struct tc_object *want)
{
	struct tc_object o = *want;
	struct tc_object *place;
	int error;

	if (!has_place(k, want))
		return ENOENT;
	for (size_t i = 0; i < k->objects.count; i++) {
		const struct tc_object *there = &k->objects.all[i];

		if (o.type == TC_FILTER && there->type == TC_FILTER &&
			there->parent == o.parent && there->pref == o.pref &&
			(there->protocol != o.protocol ||
				there->kind != o.kind))
			return EINVAL;
		/* A class with classes takes no queue, and the other way. */
		if (o.type == TC_QDISC_LEAF && there->type == TC_CLASS &&
			there->parent == o.parent)
			return EINVAL;
		if (o.type != TC_FILTER && o.type != TC_CLASS &&
			there->type == o.type && there->parent == o.parent)
			return EEXIST;
	}
	error = o.type == TC_FILTER ? number(k, &o) : 0;
	if (error == 0 && find(k, &o))
		error = EEXIST;
	if (error != 0)
		return error;
	t_settle(&o);
	place = tc_objects_copy(&k->objects, &o);
	return place ? 0 : ENOMEM;
}

static bool
hangs_on(struct fake *k, const struct tc_object *o, const struct tc_object *on)
{
	if (o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS)
		return false;
	if (o->parent == on->handle)
		return true;
	return on->type != TC_CLASS && on->type != TC_FILTER &&
	       (o->parent & MAJOR) == on->handle &&
	       (o->type != TC_QDISC_LEAF || !find_handle(k, o->parent));
}

static void
drop(struct fake *k, size_t i)
{
	k->objects.all[i] = k->objects.all[--k->objects.count];
}

/* With all that hangs on it, again and again until nothing hangs on nothing. */
static void
drop_orphans(struct fake *k)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < k->objects.count; i++)
			if (!has_place(k, &k->objects.all[i])) {
				drop(k, i);
				again = true;
				break;
			}
	}
}

static uint32_t
class_of(const struct tc_object *f)
{
	return f->kind == &tc_kind_u32  ? f->u32.classid
	       : f->kind == &tc_kind_fw ? f->fw.classid
					: 0;
}

static int
del(struct fake *k, const struct tc_object *have)
{
	struct tc_object *o = find(k, have);
	struct tc_object copy;

	if (!o)
		return ENOENT;
	copy = *o;
	for (size_t i = 0; i < k->objects.count && copy.type == TC_CLASS; i++) {
		const struct tc_object *by = &k->objects.all[i];

		if ((by->type == TC_CLASS && by->parent == copy.handle) ||
			(by->type == TC_FILTER &&
				(by->parent & MAJOR) == (copy.handle & MAJOR) &&
				class_of(by) == copy.handle))
			return EBUSY;
	}
	drop(k, (size_t)(o - k->objects.all));
	if (copy.type == TC_FILTER && copy.kind == &tc_kind_u32) {
		struct tc_object *table = table_of(k, &copy);
		size_t n = 0;

		for (size_t i = 0; i < k->objects.count; i++) {
			o = &k->objects.all[i];
			n += tree_is_same_preference(o, &copy) ||
			     (!have->any_handle && o->parent == copy.parent &&
				     tree_is_automatic(o));
		}
		if (table && n == 1)
			drop(k, (size_t)(table - k->objects.all));
	}
	for (size_t i = k->objects.count; i-- > 0;)
		if (copy.type != TC_FILTER &&
			hangs_on(k, &k->objects.all[i], &copy))
			drop(k, i);
	drop_orphans(k);
	return 0;
}

static int
change(struct fake *k, const struct tc_op *op)
{
	struct tc_object *o = find(k, &op->want);

	if (!o)
		return ENOENT;
	if (!tc_object_changeable(o, &op->want))
		return 0; /* it says yes and does nothing */
	*o = op->want;
	return 0;
}

static int
run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct fake *k = (struct fake *)arg;

	for (size_t i = 0; i < count; i++) {
		bool refuse = ++k->steps == k->refuse_at ||
			      (k->go_on_refusing && k->refuse_at != 0 &&
				      k->steps > k->refuse_at);

		ret_results[i] = (struct tc_result){ 0 };
		if (k->intrude && k->steps == k->refuse_at &&
			k->refuse_at != 0 && k->intrude_look == 0)
			intrude(k);
		if (refuse)
			ret_results[i].error = ENOSPC;
		else if (ops[i].kind == TC_OP_ADD)
			ret_results[i].error = add(k, &ops[i].want);
		else if (ops[i].kind == TC_OP_DEL)
			ret_results[i].error = del(k, &ops[i].have);
		else
			ret_results[i].error = change(k, &ops[i]);
	}
	return 0;
}

static int
dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct fake *k = (struct fake *)arg;

	(void)ifindex; /* there is one */
	for (size_t i = 0; i < k->objects.count; i++)
		(void)tc_objects_copy(into, &k->objects.all[i]);
	tc_objects_rank(into);
	tc_objects_sort(into);
	return 0;
}

static int
place(void *arg, uint32_t ifindex, uint32_t parent, struct tc_objects *into)
{
	struct fake *k = (struct fake *)arg;

	(void)ifindex; /* there is one */
	if (k->intrude && k->steps >= k->refuse_at &&
		++k->looks == k->intrude_look)
		intrude(k);
	for (size_t i = 0; i < k->objects.count; i++) {
		const struct tc_object *o = &k->objects.all[i];

		if (o->type != TC_FILTER && o->type != TC_CLASS &&
			o->parent == parent)
			(void)tc_objects_copy(into, o);
	}
	return 0;
}

/* ---- trees --------------------------------------------------------------- */

/* Of one interface each, by file and number in it. */
static const struct {
	const char *file;
	size_t n;
} trees[] = { { "htb", 0 }, { "cbq", 0 }, { "cbq-defmap", 0 }, { "prio", 0 },
	{ "tbf", 0 }, { "router", 0 }, { "router", 1 }, { "nas", 0 },
	{ "nas-by-address", 0 }, { "dscp-by-port", 0 } };

enum { TREES = sizeof(trees) / sizeof(trees[0]), NOTHING = TREES };

static void
load(size_t i, struct tc_objects *into)
{
	static char text[T_FILE];
	char path[512];

	if (i == NOTHING)
		return;
	(void)snprintf(
		path, sizeof(path), "%s/%s.conf", EXAMPLES_DIR, trees[i].file);
	t_load(path, text);
	t_build(text, trees[i].n, into);
}

/* What the two have in common to see: all but the kernel's own numbers. */
static void
print(const struct tc_objects *list, struct text *t)
{
	for (size_t i = 0; i < list->count; i++) {
		struct tc_object o = list->all[i];

		if (tree_is_automatic(&o) && !tree_is_empty_preference(list, i))
			continue;
		if (o.type == TC_FILTER && o.kind == &tc_kind_u32)
			o.handle = 0;
		o.ifindex = 0;
		tc_object_print(t, &o, "it");
		text_add(t, "\n");
	}
}

static const char *
state_of(struct fake *k)
{
	static char buf[4][T_FILE];
	static size_t turn;
	char *at = buf[turn++ % 4];
	struct text t = text_over(at, T_FILE);
	struct tc_objects list = { .alloc = alloc_heap() };

	dump_tree(k, 0, &list);
	print(&list, &t);
	tc_objects_done(&list);
	return at;
}

static const enum { BOTH = TREE_OUTGOING | TREE_INCOMING } both = BOTH;

/* sides: 0 for those that the tree has. */
static struct tree_outcome
bring(struct fake *k, size_t tree, unsigned sides)
{
	const struct tc_kernel kernel = {
		.arg = k, .run = run, .dump_tree = dump_tree, .place = place
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	load(tree, &want);
	sides = sides != 0 ? sides : tree_sides(&want);
	T_EQ(tree_bring(&b, &want, sides, &outcome), 0);
	tc_objects_done(&want);
	return outcome;
}

static void
from_to(size_t from, size_t to, unsigned sides)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tree_outcome outcome = bring(&k, from, both);
	char before[T_FILE];
	char after[T_FILE];
	size_t steps;

	T_CHECK(outcome.error == 0, "%zu: %s", from, outcome.text);
	(void)text_copy(before, sizeof(before), state_of(&k));
	k.steps = 0;
	outcome = bring(&k, to, sides);
	steps = k.steps;
	T_CHECK(outcome.error == 0, "%zu to %zu: %s", from, to, outcome.text);
	(void)text_copy(after, sizeof(after), state_of(&k));
	/* Once more: nothing. */
	k.steps = 0;
	outcome = bring(&k, to, sides);
	T_EQ(k.steps, 0);
	for (size_t n = 1; n <= steps; n++) {
		k.refuse_at = 0;
		outcome = bring(&k, from, both);
		T_CHECK(outcome.error == 0, "%s", outcome.text);
		k.steps = 0;
		k.refuse_at = n;
		outcome = bring(&k, to, sides);
		T_EQ(outcome.error, ENOSPC);
		T_CHECK(outcome.clean && strstr(outcome.text, "; undone"),
			"%zu to %zu, step %zu: %s", from, to, n, outcome.text);
		T_STR(state_of(&k), before);
	}
	k.refuse_at = 0;
	tc_objects_done(&k.objects);
}

static void
every_refusal_is_undone(void)
{
	for (size_t from = 0; from <= NOTHING; from++)
		for (size_t to = 0; to <= NOTHING; to++)
			for (int all = 0; all < 2 && from != to; all++)
				from_to(from, to, all ? both : 0);
}

static void
a_kernel_that_refuses_everything_is_told_of(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() },
		.refuse_at = 4,
		.go_on_refusing = true };
	struct tree_outcome outcome = bring(&k, 0, both);

	T_EQ(outcome.error, ENOSPC);
	T_CHECK(!outcome.clean, "%s", outcome.text);
	T_STR(outcome.text,
		"step 4 of 10: add class 1:20 on eth0: No space left on device"
		"; not undone, still to be done: delete class 1:10 on eth0 and "
		"2 more");
	tc_objects_done(&k.objects);
}

static void
what_is_not_known_is_left_alone(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tc_object *netem;

	(void)bring(&k, 2, both);
	netem = tc_objects_add(&k.objects);
	netem->type = TC_QDISC_LEAF;
	netem->handle = 0x400000;
	netem->parent = 0x10002;
	netem->kind = &tc_kind_other;
	(void)text_copy(netem->name, sizeof(netem->name), "netem");
	k.steps = 0;
	T_EQ(bring(&k, 2, both).error, 0);
	T_EQ(k.steps, 0);
	T_CHECK(find_handle(&k, 0x400000) != NULL, "it was removed");
	/* Its class goes: so does it, and that is no failure. */
	T_EQ(bring(&k, 0, both).error, 0);
	T_CHECK(find_handle(&k, 0x400000) == NULL, "it is still there");
	tc_objects_done(&k.objects);
}

static void
one_side_leaves_the_other(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	const struct tc_kernel kernel = {
		.arg = &k, .run = run, .dump_tree = dump_tree
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects none = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	(void)bring(&k, 5, both); /* both sides of ppp0 */
	T_CHECK(find_handle(&k, TC_INGRESS_HANDLE) != NULL, "no ingress");
	T_EQ(tree_bring(&b, &none, TREE_OUTGOING, &outcome), 0);
	T_CHECK(find_handle(&k, 0x10000) == NULL, "the root is still there");
	T_CHECK(find_handle(&k, TC_INGRESS_HANDLE) != NULL, "ingress is gone");
	T_EQ(tree_bring(&b, &none, TREE_INCOMING, &outcome), 0);
	T_EQ(k.objects.count, 0);
	tc_objects_done(&k.objects);
}

static struct tree_outcome
bring_text(struct fake *k, const char *text)
{
	const struct tc_kernel kernel = {
		.arg = k, .run = run, .dump_tree = dump_tree
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	t_build(text, 0, &want);
	T_EQ(tree_bring(&b, &want, both, &outcome), 0);
	T_CHECK(outcome.error == 0, "%s", outcome.text);
	tc_objects_done(&want);
	return outcome;
}

/* A prio whose last band is filtered to, with such a queue and protocol. */
static const char *
prio_with(const char *handle, const char *protocol)
{
	static char text[512];

	(void)snprintf(text, sizeof(text),
		"interfaces = ( { name = \"eth0\"; root = { kind = \"prio\"; "
		"handle = \"1:\"; classes = ( { id = \"1:1\"; queue = { kind = "
		"\"bfifo\"; handle = \"%s\"; limit = 3000; }; } ); filters = ( "
		"{ pref = 1; protocol = \"%s\"; class = \"1:3\"; } ); }; } );",
		handle, protocol);
	return text;
}

static void
what_cannot_change_is_made_again(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };

	(void)bring_text(&k, prio_with("30:", "ip"));
	T_CHECK(find_handle(&k, 0x300000) != NULL, "no queue");
	(void)bring_text(&k, prio_with("31:", "ip"));
	T_CHECK(find_handle(&k, 0x300000) == NULL, "the old handle");
	T_CHECK(find_handle(&k, 0x310000) != NULL, "no queue");
	(void)bring_text(&k, prio_with("31:", "ipv6"));
	T_CHECK(strstr(state_of(&k), "u32 to 1:3") != NULL, "%s", state_of(&k));
	k.steps = 0;
	(void)bring_text(&k, prio_with("31:", "ipv6"));
	T_EQ(k.steps, 0);
	tc_objects_done(&k.objects);
}

static void
no_description_has_incoming_interfaces(void)
{
	struct tc_object o = { .type = TC_FILTER,
		.kind = &tc_kind_u32,
		.pref = 7,
		.handle = 0x80000800,
		.u32 = { .flags = TC_U32_FLAG_TERMINAL, .key_count = 1 } };

	T_CHECK(tree_is_known(&o), "any packet");
	(void)text_copy(o.u32.in, sizeof(o.u32.in), "eth1");
	T_CHECK(!tree_is_known(&o), "what came in by eth1");
}

/* ---- another program ----------------------------------------------------- */

static void
remove_outgoing(struct fake *k)
{
	for (size_t i = k->objects.count; i-- > 0;)
		if (tree_side_of(&k->objects.all[i]) == TREE_OUTGOING)
			drop(k, i);
}

static struct tc_object *
put(struct fake *k, enum tc_type type, const struct tc_kind *kind,
	uint32_t handle, uint32_t parent)
{
	struct tc_object *o = tc_objects_add(&k->objects);

	o->type = (uint8_t)type;
	o->kind = kind;
	o->handle = handle;
	o->parent = parent;
	return o;
}

static void
put_pfifo(struct fake *k)
{
	remove_outgoing(k);
	put(k, TC_QDISC_ROOT, &tc_kind_pfifo, 0x70000, TC_PARENT_ROOT)
		->fifo.limit = 9;
}

/* With the number that ours has, and a class that ours has. */
static void
put_htb(struct fake *k)
{
	remove_outgoing(k);
	put(k, TC_QDISC_ROOT, &tc_kind_htb_root, 0x10000, TC_PARENT_ROOT)
		->root.r2q = 77;
	put(k, TC_CLASS, &tc_kind_htb_class, 0x10010, 0x10000)->htb.rate_Bps =
		4711;
}

static void
put_unknown(struct fake *k)
{
	remove_outgoing(k);
	(void)text_copy(
		put(k, TC_QDISC_ROOT, &tc_kind_other, 0x70000, TC_PARENT_ROOT)
			->name,
		TC_NAME, "cake");
}

static const struct tc_object *
find_root(struct fake *k)
{
	for (size_t i = 0; i < k->objects.count; i++)
		if (k->objects.all[i].type == TC_QDISC_ROOT)
			return &k->objects.all[i];
	return NULL;
}

/* In a class of whatever tree there is: a queue, in place of its own. */
static void
put_queue(struct fake *k)
{
	uint32_t class = 0;

	for (size_t i = 0; i < k->objects.count; i++) {
		const struct tc_object *o = &k->objects.all[i];

		if (o->type == TC_CLASS && o->handle > class)
			class = o->handle;
	}
	for (size_t i = k->objects.count; i-- > 0;)
		if (k->objects.all[i].type == TC_QDISC_LEAF &&
			k->objects.all[i].parent == class)
			drop(k, i);
	if (class != 0)
		put(k, TC_QDISC_LEAF, &tc_kind_pfifo, 0x770000, class)
			->fifo.limit = 8;
}

static void
put_filter(struct fake *k)
{
	const struct tc_object *root = find_root(k);
	struct tc_object *f;

	if (!root)
		return;
	f = put(k, TC_FILTER, &tc_kind_fw, 7, root->handle);
	f->pref = 999;
	f->fw.mask = 0xffffffff;
}

/* What it put there, once; 0: nothing yet. */
static size_t
count_foreign(struct fake *k)
{
	static const uint32_t handles[] = { 0x70000, 0x770000 };
	const struct tc_object *class = find_handle(k, 0x10010);
	const struct tc_object *root = find_handle(k, 0x10000);
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		n += find_handle(k, handles[i]) != NULL;
	for (size_t i = 0; i < k->objects.count; i++)
		n += k->objects.all[i].type == TC_FILTER &&
		     k->objects.all[i].pref == 999;
	n += root && root->kind == &tc_kind_htb_root && root->root.r2q == 77;
	n += class && class->kind == &tc_kind_htb_class &&
	     class->htb.rate_Bps == 4711;
	return n;
}

static size_t
count_outgoing(const struct fake *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->objects.count; i++)
		n += tree_side_of(&k->objects.all[i]) == TREE_OUTGOING;
	return n;
}

struct intrusion {
	void (*come)(struct fake *k);
	bool whole; /* in place of all: that is looked for before each step */
	size_t step;
	size_t look;
};

/* Whatever it does: it is left, and told.  False: there is no such step. */
static bool
intruded(const struct intrusion *by, size_t from, size_t to)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tree_outcome outcome = bring(&k, from, both);

	k.steps = 0;
	k.refuse_at = by->step;
	k.intrude = by->come;
	k.intrude_look = by->look;
	outcome = bring(&k, to, both);
	T_EQ(count_foreign(&k), k.came);
	if (k.came > 0)
		T_CHECK(!outcome.clean &&
				strstr(outcome.text,
					"; left, as another program has put it "
					"there meanwhile: "),
			"%zu to %zu, step %zu, look %zu: %s\n%s", from, to,
			by->step, by->look, outcome.text, state_of(&k));
	/* Nothing was made beside it, or in it. */
	if (k.came > 0 && by->whole)
		T_CHECK(count_outgoing(&k) == k.came,
			"%zu to %zu, step %zu, look %zu: %s\n%s", from, to,
			by->step, by->look, outcome.text, state_of(&k));
	tc_objects_done(&k.objects);
	return outcome.error != 0;
}

static void
intruded_at_each_step(struct intrusion by, size_t from, size_t to)
{
	bool more = from != to;

	for (by.step = 1; more; by.step++)
		for (by.look = 0; by.look < (by.whole ? 4u : 1u); by.look++)
			more = intruded(&by, from, to);
}

static void
what_others_put_there_meanwhile_is_left(void)
{
	static const struct intrusion rows[] = { { put_pfifo, true, 0, 0 },
		{ put_htb, true, 0, 0 }, { put_unknown, true, 0, 0 },
		{ put_queue, false, 0, 0 }, { put_filter, false, 0, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t from = 0; from <= NOTHING; from++)
			for (size_t to = 0; to < NOTHING; to++)
				intruded_at_each_step(rows[i], from, to);
}

static void
what_is_left_is_named(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() },
		.refuse_at = 5,
		.intrude = put_queue };
	struct tree_outcome outcome = bring(&k, 0, both);

	T_STR(outcome.text,
		"step 5 of 10: add class 1:30 on eth0: No space left on device"
		"; left, as another program has put it there meanwhile: qdisc "
		"77: on eth0 parent 1:20 pfifo limit 8 packets, with what it "
		"is in");
	T_CHECK(find_handle(&k, 0x10020) != NULL, "its class");
	T_CHECK(find_handle(&k, 0x10010) == NULL, "ours alone");
	tc_objects_done(&k.objects);
}

/* Before a step that nobody refuses: it is not done. */
static void
nothing_is_made_where_others_have_come(void)
{
	enum { LOOKS = 13 }; /* of ten steps; three queues have two */

	for (size_t look = 1; look <= LOOKS + 1; look++) {
		struct fake k = { .objects = { .alloc = alloc_heap() },
			.intrude = put_htb,
			.intrude_look = look };
		struct tree_outcome outcome = bring(&k, 0, both);

		T_EQ(k.came > 0, look <= LOOKS);
		T_EQ(outcome.error, look <= LOOKS ? EBUSY : 0);
		T_EQ(count_foreign(&k), k.came);
		if (k.came > 0)
			T_EQ(count_outgoing(&k), k.came);
		tc_objects_done(&k.objects);
	}
}

static struct t_case cases[] = {
	{ "what others put there meanwhile is left",
		what_others_put_there_meanwhile_is_left },
	{ "what is left is named", what_is_left_is_named },
	{ "nothing is made where others have come",
		nothing_is_made_where_others_have_come },
	{ "no description has incoming interfaces",
		no_description_has_incoming_interfaces },
	{ "what cannot change is made again",
		what_cannot_change_is_made_again },
	{ "from any tree to any other, every refusal is undone",
		every_refusal_is_undone },
	{ "a kernel that refuses everything is told of",
		a_kernel_that_refuses_everything_is_told_of },
	{ "what is not known is left alone", what_is_not_known_is_left_alone },
	{ "one side leaves the other", one_side_leaves_the_other },
};
T_MAIN(cases)
