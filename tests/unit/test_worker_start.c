/* SPDX-License-Identifier: ISC */

/* policyd's worker: what it begins with. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker_t.h"

#define FOLLOWED T_RULE("fr") T_DIRECTORY("")

static void
what_is_held_is_held_after_a_restart(void)
{
	struct bench b;
	char path[64];

	bench_begin_with_three(&b);
	bench_roll_back(&b, 1);
	(void)bench_order_done(&b);
	t_clock_add_ms(5000);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(t_said("rollback: generation 1 is held"), "mute");
	T_CHECK(bench_news(&b) && b.head.generation == 1, "not held");
	T_EQ(b.w->held.since_unix_s, worker_now_s(CLOCK_REALTIME) - 5);
	T_EQ(b.w->force.generation, 3);
	/* What holds no more is forgotten. */
	(void)snprintf(path, sizeof(path), "%s/policy.history.0", b.state);
	T_EQ(unlink(path), 0);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(t_said("generation 1 cannot be held any longer: it is not "
		       "kept"),
		"mute");
	T_CHECK(bench_news(&b) && b.head.generation == 3, "not the cache");
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(!t_said("cannot be held"), "not removed");
	bench_done(&b);
}

static void
a_damaged_hold_is_removed(void)
{
	struct bench b;
	char path[64];
	FILE *f;

	bench_begin_with_three(&b);
	(void)snprintf(path, sizeof(path), "%s/policy.rollback", b.state);
	f = fopen(path, "we");
	T_CHECK(f && fputs("nonsense", f) > 0 && fclose(f) == 0, "no file");
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(t_said("policy.rollback: damaged; removed\n"), "mute");
	T_CHECK(access(path, F_OK) < 0, "still there");
	T_EQ(mkdir(path, 0700), 0);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(t_said("policy.rollback: not read ("), "mute");
	T_EQ(rmdir(path), 0);
	bench_done(&b);
}

static void
an_old_cache_is_not_handed_over(void)
{
	static const char *const files[] = {
		FOLLOWED,
		T_RULE("fr") T_DIRECTORY("maxAge = 100;"),
		T_RULE("fr")
			T_DIRECTORY("maxAge = 100; staleAction = \"keep\";"),
		T_RULE("fr"),
	};
	static const bool given[] = { true, false, true, true };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct bench b;

		bench_begin_with(&b, true, files[i]);
		T_EQ(worker_save(b.w), 0);
		t_clock_add_ms(100000);
		bench_again(&b);
		bench_resume(&b, NULL);
		T_CHECK(bench_news(&b) && b.handed_over, "%zu: young", i);
		t_clock_add_ms(1000);
		bench_again(&b);
		bench_resume(&b, NULL);
		(void)bench_news(&b);
		if (i != 0)
			T_CHECK(b.handed_over == given[i], "%zu: old", i);
		bench_done(&b);
	}
}

/* A policyd that starts beside an engine with what is in force here. */
static struct worker_found
found_of(const struct bench *b)
{
	struct worker_found found = { 0 };
	struct policy_head head;

	found.snapshot = bench_snapshot(b, &found.len);
	T_CHECK(!policy_head_read(found.snapshot, found.len, &head), "damaged");
	found.generation = head.generation;
	return found;
}

static void
what_the_engine_has_is_gone_on_with(void)
{
	struct bench b;
	struct worker_found found;

	bench_begin_with(&b, true, FOLLOWED);
	found = found_of(&b);
	found.release = 9;
	found.answer_unix_s = worker_now_s(CLOCK_REALTIME) - 30;
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("generation 2: in force already"), "mute");
	(void)bench_news(&b);
	T_CHECK(!b.handed_over, "handed over again");
	T_EQ(b.w->force.generation, 2);
	T_CHECK(bench_has(&b, "dr"), "not gone on with");
	T_CHECK(b.w->force.release_known && b.w->force.release == 9, "release");
	T_EQ(b.w->force.answer_unix_s, worker_now_s(CLOCK_REALTIME) - 30);
	T_EQ(b.w->confirmed_s, worker_now_s(CLOCK_BOOTTIME) - 30);
	T_EQ(b.w->history.count, 1);
	/* Its cache is behind: written with the file, and not before. */
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "too early");
	bench_file(&b, FOLLOWED);
	T_CHECK(b.w->force.save_at.us != MONO_NEVER.us, "not saved");
	T_CHECK(!b.w->force.behind, "still behind");
	T_CHECK(bench_has(&b, "dr"), "gone");
	T_EQ(b.w->force.generation, 2);
	T_EQ(worker_save(b.w), 0);
	/* With the cache it is as before. */
	found = found_of(&b);
	found.release = 10;
	bench_again(&b);
	bench_resume(&b, &found);
	T_EQ(b.w->force.release, 9);
	bench_file(&b, FOLLOWED);
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "saved again");
	bench_done(&b);
}

static void
a_newer_cache_is_handed_over(void)
{
	struct bench b;
	struct worker_found found;

	bench_begin_with(&b, true, T_RULE("r1"));
	found = found_of(&b);
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r2"));
	(void)bench_order_done(&b);
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(bench_news(&b) && b.head.generation == 2, "not handed over");
	bench_done(&b);
}

/* Engine and policyd died before the cache was written. */
static void
what_was_in_force_is_that_without_a_save(void)
{
	struct bench b;
	char path[64];
	char kept[64];
	char command[200];

	bench_begin_with(&b, true, FOLLOWED);
	T_EQ(worker_save(b.w), 0);
	(void)snprintf(path, sizeof(path), "%s/policy.ahead", b.state);
	T_CHECK(access(path, F_OK) < 0, "it is no newer");
	b.dir->release = 9;
	bench_changed(&b, T_RULE("dr2"));
	worker_consider(b.w);
	T_CHECK(bench_has(&b, "dr2"), "not taken");
	T_EQ(b.w->force.generation, 3);
	T_CHECK(b.w->force.save_at.us != MONO_NEVER.us, "saved");
	T_EQ(access(path, F_OK), 0);
	(void)snprintf(kept, sizeof(kept), "%s/kept", b.state);
	(void)snprintf(command, sizeof(command), "cp %s %s", path, kept);
	T_EQ(system(command), 0);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(bench_news(&b) && b.handed_over, "not handed over");
	T_EQ(b.head.generation, 3);
	T_CHECK(bench_has(&b, "dr2"), "gone");
	/* The cache gets it, and is enough then. */
	bench_file(&b, FOLLOWED);
	T_CHECK(b.w->force.save_at.us != MONO_NEVER.us, "not to be saved");
	T_EQ(worker_save(b.w), 0);
	T_CHECK(access(path, F_OK) < 0, "it is no newer");
	/* What is not newer is not used, and goes. */
	(void)snprintf(command, sizeof(command), "cp %s %s", kept, path);
	T_EQ(system(command), 0);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(!b.w->force.behind, "newer than itself");
	T_EQ(worker_save(b.w), 0);
	bench_done(&b);
}

/* policyd dies while it writes that much of it. */
static void
die_writing(struct bench *b, const char *text)
{
	const struct rlimit most = { 64, 64 };
	int status = 0;
	const pid_t child = fork();

	if (child == 0) {
		const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(null, STDERR_FILENO);
		(void)setrlimit(RLIMIT_FSIZE, &most); /* and SIGXFSZ */
		bench_changed(b, text);
		t_clock_add_ms(20000);
		worker_consider(b->w);
		_exit(0);
	}
	T_EQ(waitpid(child, &status, 0), child);
	T_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGXFSZ);
}

static void
what_is_ahead_stays_until_the_next_is_whole(void)
{
	struct bench b;

	bench_begin_with(&b, true, FOLLOWED);
	T_EQ(worker_save(b.w), 0);
	bench_changed(&b, T_RULE("dr2"));
	t_clock_add_ms(20000);
	worker_consider(b.w);
	T_CHECK(bench_has(&b, "dr2"), "not taken");
	die_writing(&b, T_RULE("dr3"));
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(bench_has(&b, "dr2"), "back to the cache");
	/* What is left of the attempt is in nobody's way. */
	bench_file(&b, FOLLOWED);
	bench_confirmed(&b);
	bench_changed(&b, T_RULE("dr3"));
	t_clock_add_ms(20000);
	worker_consider(b.w);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(bench_has(&b, "dr3"), "not written");
	bench_done(&b);
}

/* With a file that leaves so many pages. */
static void
fill_disk(const char *dir, long pages_left)
{
	const long page = sysconf(_SC_PAGESIZE);
	char path[64];
	struct stat st;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/filler", dir);
	f = fopen(path, "we");
	T_CHECK(f != NULL, "no file");
	while (fputc('x', f) != EOF && fflush(f) == 0)
		;
	(void)fclose(f); /* it is full, as it should be */
	T_EQ(stat(path, &st), 0);
	T_EQ(truncate(path, st.st_size - pages_left * page), 0);
}

static void
what_is_ahead_takes_no_room_from_the_cache(void)
{
	struct bench b;
	char path[64];

	if (unshare(CLONE_NEWNS) != 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		print_message("skipped: no right to mount a disk to fill\n");
		skip();
	}
	/* With room for two of them, for one, and for none. */
	for (long left = 2; left >= 0; left--) {
		bench_begin(&b, true);
		T_EQ(mount("none", b.state, "tmpfs", 0, "size=64k"), 0);
		bench_resume(&b, NULL);
		bench_file(&b, FOLLOWED);
		bench_confirmed(&b);
		T_EQ(worker_save(b.w), 0);
		(void)snprintf(path, sizeof(path), "%s/policy.ahead", b.state);
		bench_changed(&b, T_RULE("dr2"));
		t_clock_add_ms(20000);
		fill_disk(b.state, left);
		worker_consider(b.w);
		T_CHECK(bench_has(&b, "dr2"), "not taken");
		T_EQ(access(path, F_OK), left > 0 ? 0 : -1);
		T_EQ(worker_save(b.w), left > 0 ? 0 : -ENOSPC);
		T_CHECK(access(path, F_OK) < 0, "it is no newer");
		bench_again(&b);
		bench_resume(&b, NULL);
		T_EQ(bench_has(&b, "dr2"), left > 0);
		T_EQ(umount2(b.state, MNT_DETACH), 0);
		bench_done(&b);
	}
}

/* Not whole, of another directory, or made before by the clock. */
static void
what_is_ahead_of_another_cache_is_not_used(void)
{
	struct bench b;
	char path[64];

	for (size_t i = 0; i < 3; i++) {
		bench_begin_with(&b, true, FOLLOWED);
		T_EQ(worker_save(b.w), 0);
		(void)snprintf(path, sizeof(path), "%s/policy.ahead", b.state);
		if (i == 2)
			t_clock_add_ms(-60000);
		bench_changed(&b, T_RULE("dr2"));
		if (i == 1) {
			bench_file(&b,
				T_RULE("fr") T_DIRECTORY("tags = \"other\";"));
			bench_confirmed(&b);
		}
		worker_consider(b.w);
		T_CHECK(bench_has(&b, "dr2"), "not taken");
		if (i == 0)
			T_EQ(truncate(path, (off_t)b.w->force.len - 1), 0);
		T_EQ(access(path, F_OK), 0);
		bench_again(&b);
		bench_resume(&b, NULL);
		T_CHECK(!bench_has(&b, "dr2"), "%zu: used", i);
		T_CHECK(b.w->force.snapshot != NULL, "%zu: no cache", i);
		bench_done(&b);
	}
}

static void
what_cannot_be_used_is_counted_on_from(void)
{
	struct bench b;
	struct worker_found found = { .generation = 7 };

	bench_begin_with(&b, true, T_RULE("r1"));
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("generation 7: in force, and not gone on with (it was "
		       "not handed over)"),
		"mute");
	T_EQ(b.w->force.generation, 7);
	bench_file(&b, T_RULE("r1"));
	T_CHECK(bench_news(&b) && b.head.generation == 8, "not after it");
	/* Another than it says. */
	found = found_of(&b);
	found.generation = 9;
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("(it is another)"), "mute");
	T_EQ(b.w->force.generation, 9);
	/* Damaged. */
	bench_file(&b, T_RULE("r1"));
	found = found_of(&b);
	found.snapshot[found.len - 1] ^= 1;
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("in force, and not gone on with ("), "mute");
	T_CHECK(!b.w->force.snapshot || !b.w->found.snapshot, "gone on with");
	bench_done(&b);
}

static void
what_was_broken_is_not_gone_on_with(void)
{
	struct bench b;
	struct worker_found found;

	bench_begin_with(&b, true, "nonsense");
	found = found_of(&b);
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(!t_said("not gone on with"), "it is as it should");
	T_CHECK(!b.w->force.snapshot, "gone on with");
	T_EQ(b.w->force.generation, 1);
	bench_done(&b);
}

static void
what_was_too_old_stays_too_old(void)
{
	struct bench b;
	struct worker_found found;
	static const char file[] = T_RULE("fr")
		T_DIRECTORY("maxAge = 100; staleAction = \"file\";");

	bench_begin_with(&b, true, file);
	bench_failed(&b, "gone");
	t_clock_add_ms(101000);
	worker_do_what_is_due(b.w);
	T_CHECK(!bench_has(&b, "dr"), "not too old");
	found = found_of(&b);
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(b.w->force.unsaved, "to be saved");
	bench_file(&b, file);
	T_CHECK(!bench_has(&b, "dr"), "young again");
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "to be saved");
	T_EQ(b.w->stale_key, source_directory_key(&b.w->directory));
	bench_done(&b);
}

static void
what_the_engine_holds_is_held(void)
{
	struct bench b;
	struct worker_found found;

	bench_begin_with_three(&b);
	found = found_of(&b);
	found.held = 3;
	found.held_unix_s = 1234;
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("rollback: generation 3 is held"), "mute");
	(void)bench_news(&b);
	T_CHECK(!b.handed_over, "it has it");
	T_EQ(b.w->held.generation, 3);
	T_EQ(b.w->held.since_unix_s, 1234);
	/* That is on disk now: the engine need not say so. */
	found = found_of(&b);
	bench_again(&b);
	bench_resume(&b, &found);
	T_EQ(b.w->held.generation, 3);
	T_EQ(b.w->held.since_unix_s, 1234);
	/* Another is in force: it holds no more. */
	bench_order(&b, POLICY_ORDER_LOAD, T_RULE("r4"));
	(void)bench_order_done(&b);
	found = found_of(&b);
	T_EQ(found.generation, 4);
	T_EQ(history_hold(&b.w->history, 2, 5), 0);
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("policy.rollback: another generation is in force"),
		"mute");
	T_EQ(b.w->held.generation, 0);
	bench_done(&b);

	/* Without a disk it is held as long as the engine lives. */
	bench_begin_with(&b, false, T_RULE("r1"));
	found = found_of(&b);
	found.held = 1;
	bench_again(&b);
	bench_resume(&b, &found);
	T_CHECK(t_said("rollback: not written ("), "mute");
	T_EQ(b.w->held.generation, 1);
	bench_done(&b);
}

static void
an_older_answer_does_not_count(void)
{
	struct bench b;
	struct worker_found found;
	int64_t now_s;

	bench_begin_with(&b, true, FOLLOWED);
	T_EQ(worker_save(b.w), 0);
	t_clock_add_ms(10000);
	now_s = worker_now_s(CLOCK_REALTIME);
	found = found_of(&b);
	found.answer_unix_s = now_s - 20;
	bench_again(&b);
	bench_resume(&b, &found);
	T_EQ(b.w->force.answer_unix_s, now_s - 10);
	/* Nor one of tomorrow for more than now. */
	found = found_of(&b);
	found.answer_unix_s = now_s + 20;
	bench_again(&b);
	bench_resume(&b, &found);
	T_EQ(b.w->force.answer_unix_s, now_s + 20);
	T_EQ(b.w->confirmed_s, worker_now_s(CLOCK_BOOTTIME));
	bench_done(&b);
}

static struct t_case cases[] = {
	{ "What is held is held after a restart",
		what_is_held_is_held_after_a_restart },
	{ "A damaged hold is removed", a_damaged_hold_is_removed },
	{ "A cache that is too old is not handed over",
		an_old_cache_is_not_handed_over },
	{ "What the engine has is gone on with",
		what_the_engine_has_is_gone_on_with },
	{ "A cache that is newer is handed over",
		a_newer_cache_is_handed_over },
	{ "What was in force is that again without a save",
		what_was_in_force_is_that_without_a_save },
	{ "What is ahead stays until the next is whole",
		what_is_ahead_stays_until_the_next_is_whole },
	{ "What is ahead takes no room from the cache",
		what_is_ahead_takes_no_room_from_the_cache },
	{ "What is ahead of another cache is not used",
		what_is_ahead_of_another_cache_is_not_used },
	{ "After what cannot be used the numbers go on",
		what_cannot_be_used_is_counted_on_from },
	{ "What stood for nothing readable is not gone on with",
		what_was_broken_is_not_gone_on_with },
	{ "What was too old is so after a restart",
		what_was_too_old_stays_too_old },
	{ "What the engine holds is held", what_the_engine_holds_is_held },
	{ "An answer before the last one does not count",
		an_older_answer_does_not_count },
};

T_MAIN(cases)
