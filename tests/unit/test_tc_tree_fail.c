/* SPDX-License-Identifier: ISC */
/*
 * From one tree to another while the conversation with the kernel ends, memory
 * runs out, or the kernel does not do what it says; and what is told of it.
 */
#include "t_alloc.h"
#include "tc_bring_fixture.h"
#include "tc_objects_t.h"

enum { HTB = 0, CBQ = 2, OTHER = 3, CALLS_MAX = 4000, ROUNDS = 8 };

/* What is done in the place of that operation, from 1 on. */
enum trick { NO_TRICK, DO_NOTHING, SAY_ABSENT, SAY_WHY };

static struct {
	struct fake k;
	struct t_ration ration;
	struct alloc alloc;
	size_t calls;    /* of the kernel */
	size_t end_at;   /* there the conversation ends; 0: nowhere */
	bool no_answers; /* of places */
	bool no_memory;  /* for places */
	bool blind;      /* no places are looked at */
	bool strangers;  /* at all places, once a step was refused */
	enum trick trick;
	size_t trick_at; /* 0: at each */
	size_t dumps;
	size_t told;
	struct tc_op last; /* that was told */
} b;

/* ---- the kernel ---------------------------------------------------------- */

static bool
ends(void)
{
	T_CHECK(b.end_at == 0 || b.calls < b.end_at, "it is gone on with");
	return ++b.calls == b.end_at;
}

static int
bad_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct fake *k = (struct fake *)arg;
	const bool trick = b.trick_at == 0 || k->steps + 1 == b.trick_at;

	T_EQ(count, 1);
	if (ends())
		return -EPIPE;
	if (trick && b.trick == DO_NOTHING) {
		k->steps++;
		*ret_results = (struct tc_result){ 0 };
		return 0;
	}
	(void)run(arg, ops, count, ret_results);
	if (trick && b.trick == SAY_ABSENT)
		ret_results->error = ENOENT;
	if (ret_results->error != 0 && b.trick == SAY_WHY)
		(void)text_copy(ret_results->text, sizeof(ret_results->text),
			"for a reason");
	return 0;
}

static int
bad_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	b.dumps++;
	return ends() ? -EPIPE : dump_tree(arg, ifindex, into);
}

static int
bad_place(void *arg, uint32_t ifindex, uint32_t parent, struct tc_objects *into)
{
	struct fake *k = (struct fake *)arg;

	into->failed = b.no_memory;
	if (b.no_answers)
		return -EIO;
	if (b.strangers && k->steps >= k->refuse_at) {
		put_object(
			into, TC_QDISC_ROOT, &tc_kind_pfifo, 0x70000, parent);
		return 0;
	}
	return place(arg, ifindex, parent, into);
}

static void
note(void *arg, const struct tc_op *op)
{
	T_CHECK(arg == &b, "another asker");
	b.told++;
	b.last = *op;
}

/* ---- a bench ------------------------------------------------------------- */

static void
begin(void)
{
	memset(&b, 0, sizeof(b));
	b.k.objects.alloc = alloc_heap();
	b.ration.left = SIZE_MAX;
	b.alloc = t_ration_alloc(&b.ration);
}

static void
end(void)
{
	tc_objects_done(&b.k.objects);
}

/* Both sides, with memory of the ration.  0, or what tree_bring() gave. */
static int
bring_want(struct tc_objects *want, struct tree_outcome *ret_outcome)
{
	const struct tc_kernel kernel = { .arg = &b.k,
		.run = bad_run,
		.dump_tree = bad_dump,
		.place = b.blind ? NULL : bad_place };
	const struct tree_bring way = {
		.kernel = &kernel, .name = "eth0", .tell = note, .arg = &b
	};
	const struct alloc *heap = want->alloc;
	int error;

	want->alloc = &b.alloc;
	error = tree_bring(&way, want, both, ret_outcome);
	want->alloc = heap;
	T_EQ(b.ration.held, 0);
	return error;
}

static int
bring_tree(size_t tree, struct tree_outcome *ret_outcome)
{
	struct tc_objects want = { .alloc = alloc_heap() };
	int error;

	load(tree, &want);
	error = bring_want(&want, ret_outcome);
	tc_objects_done(&want);
	return error;
}

static struct tree_outcome
bring_well(size_t tree)
{
	struct tree_outcome outcome;

	T_EQ(bring_tree(tree, &outcome), 0);
	return outcome;
}

/* A kernel with that tree, of which nothing is counted yet. */
static void
begin_with(size_t tree)
{
	begin();
	T_EQ(bring_well(tree).error, 0);
	b.k.steps = 0;
	b.calls = b.dumps = b.told = 0;
}

/* ---- failures ------------------------------------------------------------ */

/* Wherever it is, forward or on the way back: nothing is asked after it. */
static void
the_end_of_the_conversation_is_the_end(void)
{
	for (size_t refuse_at = 0; refuse_at <= 4; refuse_at += 4) {
		int error = -EPIPE;

		for (size_t n = 1; error != 0; n++) {
			struct tree_outcome outcome;

			T_CHECK(n < CALLS_MAX, "no end");
			begin_with(OTHER);
			b.end_at = n;
			b.k.refuse_at = refuse_at;
			error = bring_tree(HTB, &outcome);
			T_EQ(error, b.calls < n ? 0 : -EPIPE);
			if (error == 0)
				T_EQ(outcome.error, refuse_at ? ENOSPC : 0);
			end();
		}
	}
}

static void
memory_that_runs_out_is_told(void)
{
	for (size_t refuse_at = 0; refuse_at <= 4; refuse_at += 4) {
		char want[T_FILE];
		size_t n = 0;

		begin_with(OTHER);
		b.k.refuse_at = refuse_at;
		(void)bring_well(HTB);
		(void)text_copy(want, sizeof(want), state_of(&b.k));
		end();
		for (;; n++) {
			struct tree_outcome outcome;
			bool enough;
			int error;

			T_CHECK(n < CALLS_MAX, "no end");
			begin_with(OTHER);
			b.k.refuse_at = refuse_at;
			b.ration.left = n;
			error = bring_tree(HTB, &outcome);
			enough = b.ration.left > 0;
			T_CHECK(error == 0 || error == -ENOMEM, "%d", error);
			if (error == 0 && (outcome.error == 0 || enough))
				T_STR(state_of(&b.k), want);
			if (error == 0 && outcome.error != 0 && !enough)
				T_CHECK(outcome.error == EBUSY ||
						outcome.error == ENOSPC,
					"%s", outcome.text);
			end();
			if (enough)
				break;
		}
		T_CHECK(n > 10, "only %zu allocations", n);
	}
}

static void
a_place_that_is_not_told_is_as_it_was(void)
{
	begin();
	b.no_answers = true;
	T_EQ(bring_well(HTB).error, 0);
	T_EQ(bring_well(OTHER).error, 0);
	end();
	/* One that was not told whole is not. */
	begin();
	b.no_memory = true;
	T_EQ(bring_well(HTB).error, EBUSY);
	T_EQ(b.k.steps, 0);
	end();
}

/* They are looked for before each step, and it is not tried for ever. */
static void
others_who_come_again_and_again_are_left_alone(void)
{
	struct tree_outcome outcome;

	begin();
	b.k.refuse_at = 4;
	b.strangers = true;
	outcome = bring_well(HTB);
	T_EQ(outcome.error, ENOSPC);
	T_EQ(b.k.steps, 4);
	T_EQ(b.dumps, 1 + ROUNDS + 1);
	T_STR(outcome.text,
		"step 4 of 10: add class 1:20 on eth0: No space left on device"
		"; not undone, still to be done: delete class 1:10 on eth0 and "
		"2 more");
	T_CHECK(!outcome.clean, "clean");
	end();
}

/* ---- what the kernel says ------------------------------------------------ */

static void
what_was_done_is_told(void)
{
	begin();
	T_EQ(bring_well(HTB).error, 0);
	T_EQ(b.told, b.k.steps);
	T_EQ(b.told, 10);
	T_EQ(b.last.kind, TC_OP_ADD);
	end();
	/* Not what was refused, nor the way back. */
	begin();
	b.k.refuse_at = 4;
	T_EQ(bring_well(HTB).error, ENOSPC);
	T_EQ(b.told, 3);
	end();
}

static void
what_is_to_go_and_is_not_there_has_gone(void)
{
	size_t steps;

	begin_with(HTB);
	T_EQ(bring_well(NOTHING).error, 0);
	steps = b.k.steps;
	end();
	for (size_t n = 1; n <= steps; n++) {
		begin_with(HTB);
		b.trick = SAY_ABSENT;
		b.trick_at = n;
		T_EQ(bring_well(NOTHING).error, 0);
		T_EQ(b.told, steps);
		T_EQ(b.k.objects.count, 0);
		end();
	}
	/* What is to come is another matter. */
	begin();
	b.trick = SAY_ABSENT;
	b.trick_at = 1;
	T_EQ(bring_well(HTB).error, ENOENT);
	T_EQ(b.told, 0);
	end();
}

/* It says yes to a step, or to all, and does nothing. */
static void
a_kernel_that_does_nothing_is_not_believed(void)
{
	struct tree_outcome outcome;

	begin();
	b.blind = true;
	b.trick = DO_NOTHING;
	outcome = bring_well(HTB);
	T_EQ(outcome.error, EIO);
	T_STR(outcome.text,
		"the kernel took all steps, and yet: add qdisc 1: on eth0 htb "
		"default 30 r2q 10 is still to be done; undone");
	T_CHECK(outcome.clean, "%s", outcome.text);
	end();
	begin();
	b.trick = DO_NOTHING;
	b.trick_at = 10; /* the last one */
	outcome = bring_well(HTB);
	T_EQ(outcome.error, EIO);
	T_CHECK(outcome.clean, "%s", outcome.text);
	T_EQ(b.k.objects.count, 0);
	end();
}

/* A prio with a queue that is so long. */
static struct tree_outcome
bring_limit(int limit)
{
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;
	char text[512];

	(void)snprintf(text, sizeof(text),
		"interfaces = ( { name = \"eth0\"; root = { kind = \"prio\"; "
		"handle = \"1:\"; classes = ( { id = \"1:1\"; queue = { kind = "
		"\"bfifo\"; handle = \"30:\"; limit = %d; }; } ); }; } );",
		limit);
	t_build(text, 0, &want);
	T_EQ(bring_want(&want, &outcome), 0);
	tc_objects_done(&want);
	return outcome;
}

static void
a_refusal_says_what_and_why(void)
{
	begin();
	b.trick = SAY_WHY;
	b.trick_at = SIZE_MAX;
	T_EQ(bring_limit(3000).error, 0);
	b.k.steps = 0;
	b.k.refuse_at = 1;
	T_STR(bring_limit(4000).text,
		"step 1 of 1: change qdisc 30: on eth0: No space left on "
		"device (kernel: for a reason); undone");
	b.k.steps = 0;
	T_STR(bring_well(NOTHING).text,
		"step 1 of 2: delete qdisc 30: on eth0: No space left on "
		"device (kernel: for a reason); undone");
	end();
}

/* ---- what is left -------------------------------------------------------- */

/* What is told of a way back on which all is refused, from that step on. */
static const char *
told_of_left(size_t refuse_at)
{
	static struct tree_outcome outcome;
	const char *left;

	begin();
	b.k.refuse_at = refuse_at;
	b.k.go_on_refusing = true;
	outcome = bring_well(HTB);
	T_EQ(outcome.clean, refuse_at == 1);
	end();
	left = strchr(outcome.text, ';');
	return left ? left : "nothing";
}

static void
what_could_not_be_undone_is_counted(void)
{
	T_STR(told_of_left(1), "; undone");
	T_STR(told_of_left(2),
		"; not undone, still to be done: delete qdisc 1: on eth0");
	T_STR(told_of_left(3),
		"; not undone, still to be done: delete class 1:1 on eth0 and "
		"1 more");
}

/* Among others, each by all that it is known by. */
static const char *
told_of_unknown(enum tc_type type, uint32_t handle, uint32_t parent)
{
	static struct tree_outcome outcome;
	const struct tc_kernel kernel = {
		.arg = &b.k, .run = run, .dump_tree = dump_tree, .place = place
	};
	const struct tree_bring way = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects former = { .alloc = alloc_heap() };
	struct tc_objects made = { .alloc = alloc_heap() };

	begin_with(CBQ);
	dump_tree(&b.k, 0, &former);
	put_object(&former, TC_QDISC_LEAF, &tc_kind_other, 0x70000, 0x10002);
	put_object(&b.k.objects, type, &tc_kind_other, handle, parent);
	outcome = (struct tree_outcome){ .clean = false };
	T_EQ(tree_bring_back(&way, &former, &made, both, &outcome), 0);
	tc_objects_done(&former);
	end();
	return outcome.text;
}

static void
what_is_not_known_is_found_among_others(void)
{
	static const char lost[] =
		"what tcctl does not know could not be made again";

	T_STR(told_of_unknown(TC_QDISC_LEAF, 0x70000, 0x10002), "; undone");
	T_CHECK(strstr(told_of_unknown(TC_QDISC_LEAF, 0x70000, 0x10003), lost),
		"at another place");
	T_CHECK(strstr(told_of_unknown(TC_QDISC_LEAF, 0x80000, 0x10002), lost),
		"another one");
	T_CHECK(strstr(told_of_unknown(TC_CLASS, 0x70000, 0x10002), lost),
		"of another type");
}

static struct t_case cases[] = {
	{ "the end of the conversation is the end",
		the_end_of_the_conversation_is_the_end },
	{ "memory that runs out is told", memory_that_runs_out_is_told },
	{ "a place that is not told is as it was",
		a_place_that_is_not_told_is_as_it_was },
	{ "others who come again and again are left alone",
		others_who_come_again_and_again_are_left_alone },
	{ "what was done is told", what_was_done_is_told },
	{ "what is to go and is not there has gone",
		what_is_to_go_and_is_not_there_has_gone },
	{ "a kernel that does nothing is not believed",
		a_kernel_that_does_nothing_is_not_believed },
	{ "a refusal says what and why", a_refusal_says_what_and_why },
	{ "what could not be undone is counted",
		what_could_not_be_undone_is_counted },
	{ "what is not known is found among others",
		what_is_not_known_is_found_among_others },
};
T_MAIN(cases)
