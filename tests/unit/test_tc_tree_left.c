/* SPDX-License-Identifier: ISC */
/*
 * From one tree to another while another program puts its own there: that is
 * left and named, and nothing is made beside it.
 */
#include "tc_bring_fixture.h"
#include "tc_objects_t.h"

/* ---- another program ----------------------------------------------------- */

static void
remove_outgoing(struct fake *k)
{
	for (size_t i = k->objects.count; i-- > 0;)
		if (tree_side_of(&k->objects.all[i]) == TREE_OUTGOING)
			drop(k, i);
}

static void
put_pfifo(struct fake *k)
{
	remove_outgoing(k);
	put_object(&k->objects, TC_QDISC_ROOT, &tc_kind_pfifo, 0x70000,
		TC_PARENT_ROOT)
		->fifo.limit = 9;
}

/* With the number that ours has, and a class that ours has. */
static void
put_htb(struct fake *k)
{
	remove_outgoing(k);
	put_object(&k->objects, TC_QDISC_ROOT, &tc_kind_htb_root, 0x10000,
		TC_PARENT_ROOT)
		->root.r2q = 77;
	put_object(&k->objects, TC_CLASS, &tc_kind_htb_class, 0x10010, 0x10000)
		->htb.rate_Bps = 4711;
}

static void
put_unknown(struct fake *k)
{
	remove_outgoing(k);
	(void)text_copy(put_object(&k->objects, TC_QDISC_ROOT, &tc_kind_other,
				0x70000, TC_PARENT_ROOT)
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
		put_object(&k->objects, TC_QDISC_LEAF, &tc_kind_pfifo, 0x770000,
			class)
			->fifo.limit = 8;
}

static void
put_filter(struct fake *k)
{
	const struct tc_object *root = find_root(k);
	struct tc_object *f;

	if (!root)
		return;
	f = put_object(&k->objects, TC_FILTER, &tc_kind_fw, 7, root->handle);
	f->pref = 999;
	f->fw.mask = 0xffffffff;
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
		for (size_t from = 0; from <= EXAMPLES; from++)
			for (size_t to = 0; to < EXAMPLES; to++)
				intruded_at_each_step(rows[i],
					from < EXAMPLES ? from : NOTHING, to);
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

/* ---- the way back -------------------------------------------------------- */

/* What is told of a way back from a tree of ours on those sides, when there was
 * something before that nobody can make. */
static const char *
told_of_lost(enum tc_type type, unsigned sides, bool still_there)
{
	static struct tree_outcome outcome;
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tc_objects former = { .alloc = alloc_heap() };
	struct tc_objects made = { .alloc = alloc_heap() };
	const struct tc_kernel kernel = {
		.arg = &k, .run = run, .dump_tree = dump_tree, .place = place
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	const uint32_t handle =
		type == TC_QDISC_INGRESS ? TC_INGRESS_HANDLE : 0x70000;
	const uint32_t parent =
		type == TC_QDISC_INGRESS ? TC_INGRESS_PARENT : TC_PARENT_ROOT;

	put_object(&former, type, &tc_kind_other, handle, parent);
	if (still_there)
		put_object(&k.objects, type, &tc_kind_other, handle, parent);
	outcome = (struct tree_outcome){ .clean = true };
	T_EQ(tree_bring_back(&b, &former, &made, sides, &outcome), 0);
	tc_objects_done(&k.objects);
	tc_objects_done(&former);
	tc_objects_done(&made);
	return outcome.text;
}

/* Of the sides that were touched, and only what is gone. */
static void
what_nobody_can_make_again_is_told(void)
{
	static const char lost[] =
		"what tcctl does not know could not be made again";

	T_CHECK(strstr(told_of_lost(TC_QDISC_ROOT, TREE_OUTGOING, false), lost),
		"not told");
	T_CHECK(strstr(told_of_lost(TC_QDISC_INGRESS, TREE_INCOMING, false),
			lost),
		"not told");
	T_CHECK(strstr(told_of_lost(TC_QDISC_ROOT, both, false), lost),
		"not told");
	T_CHECK(!strstr(told_of_lost(TC_QDISC_ROOT, TREE_INCOMING, false),
			lost),
		"the other side");
	T_CHECK(!strstr(told_of_lost(TC_QDISC_INGRESS, TREE_OUTGOING, false),
			lost),
		"the other side");
	T_CHECK(!strstr(told_of_lost(TC_QDISC_ROOT, TREE_OUTGOING, true), lost),
		"it is there");
}

/* ---- preferences --------------------------------------------------------- */

/* What the kernel says is in the preference besides. */
static struct tc_object in_preference[3];
static size_t in_preference_count;
static int in_preference_error;
static bool in_preference_failed; /* no memory to tell it */

static int
preference(void *arg, const struct tc_object *like, struct tc_objects *into)
{
	(void)arg;
	(void)like;
	into->failed = in_preference_failed;
	for (size_t i = 0; i < in_preference_count; i++)
		(void)tc_objects_copy(into, &in_preference[i]);
	return in_preference_error;
}

/* The end of a preference that holds that besides what is known: 0, or what
 * came of it. */
static int
end_of_preference(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	const struct tc_kernel kernel = { .arg = &k,
		.run = run,
		.dump_tree = dump_tree,
		.place = place,
		.preference = preference };
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	load(0, &want); /* two filters of u32 with pref 1 */
	T_EQ(tree_bring(&b, &want, TREE_OUTGOING, &outcome), 0);
	T_EQ(outcome.error, 0);
	for (size_t i = want.count; i-- > 0;)
		if (want.all[i].type == TC_FILTER)
			want.all[i] = want.all[--want.count];
	tc_objects_sort(&want);
	T_EQ(tree_bring(&b, &want, TREE_OUTGOING, &outcome), 0);
	tc_objects_done(&want);
	tc_objects_done(&k.objects);
	return outcome.error;
}

static void
a_preference_ends_with_its_last_filter_and_no_other(void)
{
	const struct tc_object table = { .type = TC_FILTER,
		.handle = 0x80000000,
		.parent = 0x10000,
		.pref = 1,
		.kind = &tc_kind_u32,
		.u32 = { .divisor = 1 } };
	const struct tc_object node = { .type = TC_FILTER,
		.handle = 0x80000900,
		.parent = 0x10000,
		.pref = 1,
		.kind = &tc_kind_u32 };

	in_preference_error = 0;
	in_preference_count = 0;
	T_EQ(end_of_preference(), 0);
	in_preference_count = 1;
	in_preference[0] = table;
	T_EQ(end_of_preference(), 0);
	in_preference[0] = node; /* of somebody else */
	T_EQ(end_of_preference(), EBUSY);
	in_preference_count = 2;
	in_preference[1] = table;
	T_EQ(end_of_preference(), EBUSY);
	in_preference[0].chain = 3; /* in another chain */
	T_EQ(end_of_preference(), 0);
	in_preference[0] = node;
	in_preference[0].handle = 0x80100900; /* of another chain's table */
	T_EQ(end_of_preference(), 0);
	in_preference[0].handle = 0x12300900; /* of a table that was made */
	T_EQ(end_of_preference(), EBUSY);
	in_preference_error = -EIO; /* no answer says nothing */
	in_preference_count = 0;
	T_EQ(end_of_preference(), 0);
	in_preference_error = 0;
	in_preference_failed = true; /* nor does a part of one */
	T_EQ(end_of_preference(), EBUSY);
}

static struct t_case cases[] = {
	{ "what others put there meanwhile is left",
		what_others_put_there_meanwhile_is_left },
	{ "what is left is named", what_is_left_is_named },
	{ "nothing is made where others have come",
		nothing_is_made_where_others_have_come },
	{ "what nobody can make again is told",
		what_nobody_can_make_again_is_told },
	{ "a preference ends with its last filter and no other",
		a_preference_ends_with_its_last_filter_and_no_other },
};
T_MAIN(cases)
