/* SPDX-License-Identifier: ISC */

/* policyd's worker: what an operator orders. */

#include <errno.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "worker_t.h"

#define FOLLOWED T_RULE("fr") T_DIRECTORY("")

static bool
nothing_done(struct bench *b)
{
	(void)bench_news(b);
	return TAILQ_EMPTY(&b->news.done);
}

static void
expect(struct bench *b, bool ok, uint64_t generation, const char *text)
{
	const struct worker_done done = bench_order_done(b);

	T_STR(done.text, text);
	T_EQ(done.ok, ok);
	T_EQ(done.generation, generation);
	T_CHECK(!done.candidate, "a candidate");
}

/* ---- load ---------------------------------------------------------------- */

static void
a_load_without_directory_is_done_at_once(void)
{
	struct bench b;

	bench_begin_with(&b, true, T_RULE("fr"));
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("fr2"));
	T_EQ(bench_woken(&b) > 0, true);
	expect(&b, true, 2, "generation 2 is in force");
	T_CHECK(b.handed_over && b.news.generation == 2, "not handed over");
	T_CHECK(bench_has(&b, "fr2"), "not in force");
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "not saved at once");
	T_EQ(b.w->history.count, 2);
	/* No file allows what there is. */
	bench_order(&b, POLICY_ORDER_LOAD, NULL);
	expect(&b, true, 3, "generation 3 is in force");
	/* An empty one is no word of anybody. */
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("fr4"));
	expect(&b, true, 4, "generation 4 is in force");
	bench_order(&b, POLICY_ORDER_LOAD, "");
	expect(&b, false, 4,
		"the file has 1 error; generation 4 stays in force");
	T_CHECK(bench_has(&b, "fr4"), "gone");
	bench_done(&b);
}

static void
a_load_of_a_bad_file_is_refused(void)
{
	struct bench b;
	struct worker_done done;

	bench_begin_with(&b, false, T_RULE("fr"));
	bench_order(&b, POLICY_ORDER_LOAD, "policy = { rulez = 1; };");
	done = bench_order_done(&b);
	T_CHECK(!done.ok && done.generation == 1, "taken");
	T_CHECK(strstr(done.text, "the file has ") == done.text, "%s",
		done.text);
	T_CHECK(strstr(done.text, "; generation 1 stays in force"), "%s",
		done.text);
	T_CHECK(strstr(done.lines, "rulez"), "%s", done.lines);
	T_CHECK(bench_has(&b, "fr"), "gone");
	bench_done(&b);
}

static void
what_came_too_late_or_unread_is_refused(void)
{
	struct bench b;
	struct worker_order *order;

	bench_begin_with(&b, false, T_RULE("fr"));
	order = t_order(POLICY_ORDER_LOAD, T_RULE("fr2"));
	order->begin_by = os_now();
	order_begin(b.w, order);
	expect(&b, false, 1, "it came too late: nothing was done");
	order = t_order(POLICY_ORDER_LOAD, NULL);
	(void)text_copy(order->unread, sizeof(order->unread), "it is odd");
	order_begin(b.w, order);
	expect(&b, false, 1,
		"file p.conf cannot be read: it is odd; generation 1 stays in "
		"force");
	bench_order(&b, POLICY_ORDER_END, T_RULE("fr2"));
	expect(&b, false, 1, "an order that is not known");
	T_CHECK(bench_has(&b, "fr"), "gone");
	bench_done(&b);
}

static void
a_load_waits_for_the_directory(void)
{
	struct bench b;
	uint64_t asked;

	bench_begin_with(&b, false, FOLLOWED);
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("fr2") T_DIRECTORY(""));
	T_CHECK(nothing_done(&b), "too early");
	T_EQ(order_until(b.w).us - os_now().us, 20000000);
	T_EQ(worker_next_turn(b.w).us, order_until(b.w).us);
	/* What was asked before does not count. */
	asked = b.dir->asked--;
	bench_confirmed(&b);
	T_CHECK(nothing_done(&b), "an answer of before");
	b.dir->asked = asked;
	/* A change is taken at once, quiet or not. */
	bench_changed(&b, T_RULE("dr2"));
	bench_confirmed(&b);
	expect(&b, true, 4,
		"generation 4 is in force; directory ldap://localhost answers");
	T_CHECK(bench_has(&b, "dr2") && bench_has(&b, "fr2"), "not taken");
	T_CHECK(order_until(b.w).us == MONO_NEVER.us, "still waits");
	bench_done(&b);
}

static void
a_directory_that_fails_ends_the_load(void)
{
	struct bench b;

	bench_begin_with(&b, false, FOLLOWED);
	bench_order(&b, POLICY_ORDER_LOAD, FOLLOWED);
	bench_failed(&b, "gone");
	expect(&b, false, 2,
		"generation 2 is in force; directory: gone; its last known "
		"rules stay");
	/* And so does one that says nothing. */
	bench_order(&b, POLICY_ORDER_LOAD, FOLLOWED);
	t_clock_add_ms(19999);
	order_check_time(b.w, os_now());
	T_CHECK(nothing_done(&b), "too early");
	t_clock_add_ms(1);
	order_check_time(b.w, os_now());
	expect(&b, false, 2,
		"generation 2 is in force; no server has answered for 20 s");
	bench_done(&b);
}

static void
an_order_is_over_when_the_directory_is(void)
{
	struct bench b;

	bench_begin_with(&b, false, FOLLOWED);
	bench_order(&b, POLICY_ORDER_LOAD, FOLLOWED);
	bench_file(&b, T_RULE("fr2"));
	order_check_time(b.w, os_now());
	expect(&b, true, 3, "generation 3 is in force");
	bench_done(&b);
}

static void
a_load_that_is_of_no_use_fails(void)
{
	struct bench b;
	struct worker_done done;

	bench_begin_with(&b, false, T_RULE("fr") T_DIRECTORY("strict = true;"));
	b.dir->skipped = "odd";
	bench_order(&b, POLICY_ORDER_LOAD,
		T_RULE("fr") T_DIRECTORY("strict = true;"));
	bench_confirmed(&b);
	done = bench_order_done(&b);
	T_CHECK(!done.ok, "taken");
	T_CHECK(strstr(done.text, "and it is strict"), "%s", done.text);
	bench_done(&b);
}

static void
several_wait_side_by_side(void)
{
	struct bench b;
	struct mono first;
	size_t n = 0;

	bench_begin_with(&b, false, FOLLOWED);
	bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	first = order_until(b.w);
	t_clock_add_ms(10);
	for (int i = 1; i < POLICY_ORDERS_MAX; i++)
		bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	T_EQ(order_until(b.w).us, first.us);
	bench_confirmed(&b);
	(void)bench_news(&b);
	for (struct worker_order *o; (o = TAILQ_FIRST(&b.news.done)); n++) {
		TAILQ_REMOVE(&b.news.done, o, entry);
		T_CHECK(o->done.ok && o->done.candidate, "not done");
		worker_order_free(o);
	}
	T_EQ(n, POLICY_ORDERS_MAX);
	bench_done(&b);
}

/* ---- a candidate --------------------------------------------------------- */

static void
expect_candidate(struct bench *b, bool ok, uint64_t generation,
	const char *text, const char *rule)
{
	const struct worker_done done = bench_order_done(b);
	struct policy_head head;

	T_STR(done.text, text);
	T_EQ(done.ok, ok);
	T_EQ(done.generation, generation);
	T_CHECK(done.candidate != NULL, "no candidate");
	T_CHECK(!policy_head_read(done.candidate, done.candidate_len, &head),
		"damaged");
	T_EQ(head.generation, generation);
	T_EQ(head.made_unix_s, worker_now_s(CLOCK_REALTIME));
	T_CHECK(memmem(done.candidate, done.candidate_len, rule,
			strlen(rule)) != NULL,
		"no rule");
	alloc_put(alloc_heap(), done.candidate);
}

static void
a_candidate_changes_nothing(void)
{
	struct bench b;
	struct worker_done done;

	bench_begin_with(&b, false, T_RULE("fr"));
	bench_order(&b, POLICY_ORDER_CANDIDATE, T_RULE("fr2"));
	expect_candidate(&b, true, 2, "", "fr2");
	T_CHECK(bench_has(&b, "fr") && !bench_has(&b, "fr2"), "in force");
	T_EQ(b.w->force.generation, 1);
	T_CHECK(!b.handed_over, "handed over");
	/* What it is already keeps its generation. */
	bench_order(&b, POLICY_ORDER_CANDIDATE, T_RULE("fr"));
	expect_candidate(&b, true, 1, "", "fr");
	bench_order(&b, POLICY_ORDER_CANDIDATE, "policy = { rulez = 1; };");
	done = bench_order_done(&b);
	T_CHECK(!done.ok && !done.candidate && done.generation == 1, "taken");
	T_CHECK(strstr(done.text, "the source has ") == done.text, "%s",
		done.text);
	T_CHECK(strstr(done.lines, "rulez"), "%s", done.lines);
	/* No file is one that says nothing. */
	bench_order(&b, POLICY_ORDER_CANDIDATE, NULL);
	expect_candidate(&b, true, 2, "", "file p.conf");
	bench_done(&b);
}

static void
a_candidate_of_the_directory_needs_a_file(void)
{
	struct bench b;

	bench_begin_with(&b, false, NULL);
	bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	expect(&b, false, 0, "no file has been read yet");
	bench_order(&b, POLICY_ORDER_CANDIDATE, T_RULE("fr"));
	expect_candidate(&b, true, 1, "", "fr");
	/* The text of an order is not that of the file. */
	bench_file(&b, T_RULE("fr"));
	bench_order(&b, POLICY_ORDER_DIRECTORY, T_RULE("other"));
	expect_candidate(&b, true, 1, "", "fr");
	bench_done(&b);
}

static void
a_candidate_has_what_the_directory_has(void)
{
	struct bench b;

	bench_begin_with(&b, false, FOLLOWED);
	bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	T_CHECK(nothing_done(&b), "too early");
	T_EQ(order_until(b.w).us - os_now().us, 20000000);
	b.dir->text = T_RULE("dr2");
	bench_confirmed(&b);
	expect_candidate(&b, true, 3, "", "dr2");
	T_CHECK(!bench_has(&b, "dr2"), "in force");
	/* A failure is told beside what is known. */
	bench_order(&b, POLICY_ORDER_CANDIDATE, T_RULE("fr9") T_DIRECTORY(""));
	bench_failed(&b, "gone");
	expect_candidate(&b, true, 3, "gone", "fr9");
	/* Of another directory nothing is known. */
	bench_order(&b, POLICY_ORDER_CANDIDATE,
		T_RULE("fr") "directory = { uri = \"ldap://localhost\"; "
			     "base = \"o=y\"; };");
	bench_confirmed(&b);
	expect_candidate(
		&b, true, 3, "nothing is known from the directory; ", "fr");
	bench_done(&b);
}

static void
a_strict_candidate_is_told_what_it_lacks(void)
{
	struct bench b;
	struct worker_done done;

	bench_begin_with(&b, false, T_RULE("fr") T_DIRECTORY("strict = true;"));
	b.dir->skipped = "it is odd";
	bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	bench_confirmed(&b);
	done = bench_order_done(&b);
	T_CHECK(!done.ok && done.candidate, "not strict");
	T_CHECK(strstr(done.lines, "dn: it is odd\n"), "%s", done.lines);
	T_STR(done.text, "entries cannot be read, and it is strict; ");
	alloc_put(alloc_heap(), done.candidate);
	/* What is odd in the file is no entry that cannot be read. */
	b.dir->skipped = NULL;
	bench_order(&b, POLICY_ORDER_DIRECTORY, NULL);
	bench_confirmed(&b);
	done = bench_order_done(&b);
	T_CHECK(done.ok, "%s", done.text);
	T_CHECK(strstr(done.lines, "has no scope"), "%s", done.lines);
	alloc_put(alloc_heap(), done.candidate);
	bench_done(&b);
}

static void
too_many_lines_are_counted(void)
{
	struct bench b;
	struct worker_done done;
	char text[16384];
	struct text t = text_over(text, sizeof(text));
	size_t lines = 0;
	unsigned more = 0;

	bench_begin_with(&b, false, T_RULE("fr"));
	text_add(&t, "policy = { rules = (");
	for (int i = 0; i < SOURCE_LINES - 10; i++)
		text_printf(&t, "%s{ name = \"r%d\"; users = \"a b c\"; }",
			i > 0 ? ", " : "", i);
	text_add(&t, "); };");
	bench_order(&b, POLICY_ORDER_CANDIDATE, text);
	done = bench_order_done(&b);
	for (const char *p = done.lines; (p = strchr(p, '\n')); p++)
		lines++;
	T_CHECK(strstr(done.lines, " more lines\n") != NULL, "not counted");
	for (const char *p = done.lines; *p != '\0'; p = strchr(p, '\n') + 1)
		if (strstr(p, " more lines\n") && !strchr(p, ':'))
			more = (unsigned)strtoul(p, NULL, 10);
	T_EQ(lines - 1 + more, SOURCE_LINES - 10);
	T_CHECK(strlen(done.lines) > sizeof(done.lines) - 200, "little");
	bench_done(&b);
}

/* ---- rollback ------------------------------------------------------------ */

static void
a_rollback_holds_until_a_load(void)
{
	struct bench b;
	uint64_t held = 1;
	int64_t since_s;

	bench_begin_with_three(&b);
	bench_roll_back(&b, 0);
	expect(&b, true, 2,
		"generation 2 is in force until rsvpctl policy load");
	T_CHECK(t_said("rollback: generation 2 in the place of 3"), "mute");
	T_CHECK(b.handed_over && b.news.generation == 2, "not handed over");
	T_EQ(b.head.generation, 2);
	T_EQ(b.news.status.held, 2);
	T_EQ(b.news.status.n_kept, 3);
	T_EQ(b.news.status.kept[0].generation, 3);
	T_EQ(b.news.status.kept[2].generation, 1);
	T_EQ(b.news.status.held_unix_s, worker_now_s(CLOCK_REALTIME));
	T_CHECK(strstr(b.news.status.file.problem,
			"a rollback to generation 2 holds"),
		"%s", b.news.status.file.problem);
	T_STR(b.news.status.text, "file p.conf is good");
	/* A new file waits. */
	bench_file(&b, T_RULE("r4"));
	T_CHECK(bench_news(&b) && !b.handed_over, "in force");
	T_STR(b.news.status.text, "file p.conf is good");
	bench_file(&b, "nonsense");
	T_CHECK(bench_news(&b), "no news");
	T_CHECK(strstr(b.news.status.text, "the rollback stays"), "%s",
		b.news.status.text);
	T_CHECK(!strstr(b.news.status.file.problem, "holds"), "another file");
	bench_roll_back(&b, 0);
	expect(&b, true, 1,
		"generation 1 is in force until rsvpctl policy load");
	bench_roll_back(&b, 0);
	expect(&b, false, 1, "no generation before 1 is kept");
	bench_roll_back(&b, 1);
	expect(&b, false, 1, "generation 1 is in force already");
	bench_roll_back(&b, 77);
	expect(&b, false, 1,
		"generation 77: it is not kept (rsvpctl policy history lists "
		"what is kept); generation 1 stays in force");
	(void)t_said("");
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r4"));
	T_CHECK(t_said("rollback to generation 1: ended, generation 4"),
		"mute");
	expect(&b, true, 4, "generation 4 is in force");
	T_CHECK(b.handed_over && b.head.generation == 4, "not handed over");
	T_EQ(b.news.status.held, 0);
	T_EQ(history_held(&b.w->history, &held, &since_s), 0);
	T_EQ(held, 0);
	T_STR(b.news.status.file.problem, "");
	T_STR(b.news.status.text, "file p.conf is in force");
	bench_done(&b);
}

static void
a_way_forth_is_kept(void)
{
	struct bench b;

	bench_begin_with_three(&b);
	bench_file(&b, T_RULE("r4"));
	T_CHECK(!history_find(&b.w->history, 4), "already");
	bench_roll_back(&b, 3);
	expect(&b, true, 3,
		"generation 3 is in force until rsvpctl policy load");
	T_CHECK(history_find(&b.w->history, 4) != NULL, "not kept");
	T_EQ(b.w->history.needed, 0);
	bench_roll_back(&b, 4);
	expect(&b, true, 4,
		"generation 4 is in force until rsvpctl policy load");
	T_EQ(b.head.generation, 4);
	/* What is let go of is written, though it is as before. */
	T_EQ(worker_save(b.w), 0);
	t_clock_add_ms(3000);
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r4"));
	T_CHECK(!strstr(bench_order_done(&b).lines, "rollback"),
		"there is none");
	T_EQ(b.w->force.saved_unix_s, worker_now_s(CLOCK_REALTIME));
	bench_done(&b);
}

static void
without_state_there_is_no_way_back(void)
{
	struct bench b;

	bench_begin_with(&b, false, T_RULE("r1"));
	bench_roll_back(&b, 0);
	expect(&b, false, 1,
		"no generations are kept: policyd has no state directory");
	bench_done(&b);
}

static void
a_rollback_that_cannot_be_written_is_refused(void)
{
	struct bench b;
	struct worker_done done;
	char path[64];

	bench_begin_with_three(&b);
	(void)snprintf(path, sizeof(path), "%s/policy.rollback", b.state);
	T_EQ(mkdir(path, 0700), 0);
	bench_roll_back(&b, 1);
	done = bench_order_done(&b);
	T_CHECK(!done.ok && done.generation == 3, "done");
	T_CHECK(strstr(done.text, "policy.rollback: not written ("), "%s",
		done.text);
	T_CHECK(strstr(done.text, "; generation 3 stays in force"), "%s",
		done.text);
	T_EQ(b.w->held.generation, 0);
	/* Nor can a load remove it, which it says. */
	(void)t_said("");
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r3"));
	done = bench_order_done(&b);
	T_CHECK(done.ok, "%s", done.text);
	T_CHECK(strstr(done.lines, "policy.rollback: not removed ("), "%s",
		done.lines);
	T_EQ(rmdir(path), 0);
	bench_done(&b);
}

static void
a_cache_that_cannot_be_written_is_told(void)
{
	struct bench b;
	struct worker_done done;
	char path[64];

	bench_begin_with_three(&b);
	(void)snprintf(path, sizeof(path), "%s/policy.cache", b.state);
	T_EQ(unlink(path), 0);
	T_EQ(mkdir(path, 0700), 0);
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r4"));
	done = bench_order_done(&b);
	T_CHECK(strstr(done.lines, "policy.cache: not written ("), "%s",
		done.lines);
	T_EQ(rmdir(path), 0);
	bench_done(&b);
}

static void
a_rollback_may_come_while_a_load_waits(void)
{
	struct bench b;
	struct worker_done done;

	bench_begin_with(&b, true, T_RULE("r1"));
	bench_order(&b, POLICY_ORDER_LOAD, FOLLOWED);
	T_CHECK(nothing_done(&b), "too early");
	T_EQ(worker_save(b.w), 0);
	bench_roll_back(&b, 1);
	done = bench_order_done(&b);
	T_CHECK(done.ok, "%s", done.text);
	bench_confirmed(&b);
	expect(&b, false, 1,
		"generation 1 is in force, by a rollback that came meanwhile; "
		"directory ldap://localhost answers");
	bench_done(&b);
}

/* ---- memory -------------------------------------------------------------- */

static void
order_all(struct bench *b)
{
	struct worker_order *order;

	bench_order(b, POLICY_ORDER_LOAD, T_RULE("r4"));
	(void)bench_order_done(b);
	bench_order(b, POLICY_ORDER_LOAD, "nonsense");
	(void)bench_order_done(b);
	bench_order(b, POLICY_ORDER_CANDIDATE, T_RULE("r4"));
	(void)bench_news(b);
	order = TAILQ_FIRST(&b->news.done);
	TAILQ_INIT(&b->news.done);
	worker_order_free(order); /* with its candidate */
	bench_order(b, POLICY_ORDER_ROLLBACK, T_RULE("r4"));
	(void)bench_order_done(b);
	bench_order(b, POLICY_ORDER_DIRECTORY, T_RULE("r4"));
	alloc_put(alloc_heap(), bench_order_done(b).candidate);
	bench_order(b, POLICY_ORDER_END, T_RULE("r4"));
	(void)bench_order_done(b);
	bench_order(b, POLICY_ORDER_LOAD, FOLLOWED);
	bench_confirmed(b);
	(void)bench_order_done(b);
	bench_file(b, T_RULE("r4"));
	bench_file(b, "nonsense");
	(void)bench_news(b);
	(void)t_said("");
}

static void
nothing_is_left_behind(void)
{
	struct bench b;
	size_t before;

	bench_begin_with_three(&b);
	for (int i = 0; i < 15; i++) /* what the allocator keeps is there */
		order_all(&b);
	before = mallinfo2().uordblks;
	for (int i = 0; i < 60; i++)
		order_all(&b);
	T_CHECK(mallinfo2().uordblks < before + 1000, "%zu octets",
		mallinfo2().uordblks - before);
	bench_done(&b);
}

static struct t_case cases[] = {
	{ "A load without a directory is done at once",
		a_load_without_directory_is_done_at_once },
	{ "A load of a bad file is refused", a_load_of_a_bad_file_is_refused },
	{ "What came too late, unread or unknown is refused",
		what_came_too_late_or_unread_is_refused },
	{ "A load waits for the directory", a_load_waits_for_the_directory },
	{ "A directory that fails, or is silent, ends the load",
		a_directory_that_fails_ends_the_load },
	{ "An order does not wait for a directory that is no more",
		an_order_is_over_when_the_directory_is },
	{ "A load whose entries are of no use fails",
		a_load_that_is_of_no_use_fails },
	{ "Several orders wait side by side", several_wait_side_by_side },
	{ "A candidate changes nothing", a_candidate_changes_nothing },
	{ "A candidate of the directory needs a file",
		a_candidate_of_the_directory_needs_a_file },
	{ "A candidate has what the directory has",
		a_candidate_has_what_the_directory_has },
	{ "A strict candidate is told what it lacks",
		a_strict_candidate_is_told_what_it_lacks },
	{ "Lines for which there is no room are counted",
		too_many_lines_are_counted },
	{ "A rollback holds until a load", a_rollback_holds_until_a_load },
	{ "A rollback keeps the way forth", a_way_forth_is_kept },
	{ "Without a state directory there is no way back",
		without_state_there_is_no_way_back },
	{ "A rollback that cannot be written is refused",
		a_rollback_that_cannot_be_written_is_refused },
	{ "A cache that cannot be written is told",
		a_cache_that_cannot_be_written_is_told },
	{ "A rollback may come while a load waits",
		a_rollback_may_come_while_a_load_waits },
	{ "Nothing is left behind", nothing_is_left_behind },
};

T_MAIN(cases)
