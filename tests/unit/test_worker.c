/* SPDX-License-Identifier: ISC */

/* policyd's worker: what becomes of the file and of what the directory says. */

#include <unistd.h>

#include "base/os.h"
#include "worker_t.h"

/* ---- the file ------------------------------------------------------------ */

static void
a_good_file_is_in_force(void)
{
	struct bench b;
	const char *text = T_RULE("fr");

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, text);
	T_CHECK(bench_woken(&b) == 2, "a snapshot, a status");
	T_CHECK(bench_news(&b), "no news");
	T_CHECK(b.handed_over && b.news.generation == 1, "not handed over");
	T_EQ(b.news.len, b.w->force.len);
	T_EQ(b.head.generation, 1);
	T_STR(b.head.source, "file p.conf");
	T_CHECK(b.news.status_changed, "no status");
	T_STR(b.news.status.text, "file p.conf is in force");
	T_EQ(b.news.status.file.digest, text_digest(text));
	T_EQ(b.news.status.file.generation, 1);
	T_STR(b.news.status.file.problem, "");
	T_CHECK(!b.news.status.directory, "a directory");
	T_EQ(b.dir->n_leave, 1);
	T_EQ(b.dir->n_follow, 0);
	T_CHECK(bench_has(&b, "fr"), "no rule");
	T_CHECK(!bench_news(&b), "told again");
	/* The same: nobody is woken. */
	bench_file(&b, text);
	T_EQ(bench_woken(&b), 0);
	T_CHECK(!bench_news(&b), "told again");
	T_CHECK(worker_next_turn(b.w).us == MONO_NEVER.us, "something is due");
	bench_done(&b);
}

static void
a_bad_file_changes_nothing(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr"));
	(void)bench_news(&b);
	(void)t_said("");
	bench_file(&b, "policy = { rulez = 1; };");
	T_CHECK(t_said("rulez"), "not said");
	T_CHECK(bench_news(&b) && !b.handed_over, "a new policy");
	T_CHECK(strstr(b.news.status.text, "the last good policy stays"), "%s",
		b.news.status.text);
	T_CHECK(strstr(b.news.status.file.problem, "rulez"), "%s",
		b.news.status.file.problem);
	T_EQ(b.news.status.file.digest,
		text_digest("policy = { rulez = 1; };"));
	T_CHECK(bench_has(&b, "fr"), "no rule");
	/* The same is not said again. */
	bench_file(&b, "policy = { rulez = 1; };");
	T_CHECK(!t_said("rulez"), "said again");
	T_EQ(b.w->force.generation, 1);
	bench_done(&b);
}

/* A file that is cut short for a moment takes nobody's rules away. */
static void
an_empty_file_changes_nothing(void)
{
	struct bench b;

	bench_begin(&b, true);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr"));
	(void)bench_news(&b);
	bench_file(&b, "");
	T_CHECK(bench_news(&b) && !b.handed_over, "a new policy");
	T_STR(b.news.status.text,
		"file p.conf has 1 error: the last good policy stays");
	T_STR(b.news.status.file.problem,
		"p.conf: the file is empty, as an editor or a full disk leaves "
		"one (if no rules are meant, remove the file or write a "
		"comment into it)");
	T_EQ(b.w->force.generation, 1);
	T_CHECK(bench_has(&b, "fr"), "gone");
	/* None at all is another thing, and so is a comment. */
	worker_take_file(b.w, worker_no_file());
	T_EQ(b.w->force.generation, 2);
	T_CHECK(!bench_has(&b, "fr"), "still there");
	bench_file(&b, T_RULE("fr"));
	bench_file(&b, "# none\n");
	T_EQ(b.w->force.generation, 4);
	T_CHECK(!bench_has(&b, "fr"), "still there");
	bench_done(&b);
	/* Nothing good was there before. */
	bench_begin_with(&b, false, "");
	T_STR(b.head.source, "nothing that could be read");
	T_CHECK(b.w->force.broken, "in force");
	bench_done(&b);
}

static void
nothing_good_is_all_denied(void)
{
	struct bench b;
	struct buf_reader body;

	bench_begin(&b, true);
	bench_resume(&b, NULL);
	bench_file(&b, "nonsense");
	T_CHECK(bench_news(&b) && b.handed_over, "nothing in force");
	T_CHECK(strstr(b.news.status.text, "all is denied"), "%s",
		b.news.status.text);
	T_STR(b.head.source, "nothing that could be read");
	body = b.head.body;
	T_EQ(buf_get_u8(&body), POLICY_DEFAULT_BROKEN);
	T_CHECK(b.w->force.broken, "not broken");
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "to be saved");
	worker_keep_history(b.w);
	T_EQ(b.w->history.count, 0);
	/* And again, without a new generation. */
	bench_file(&b, "more nonsense");
	T_EQ(b.w->force.generation, 1);
	T_CHECK(bench_news(&b), "no news");
	T_CHECK(strstr(b.news.status.text, "all is denied"), "%s",
		b.news.status.text);
	bench_file(&b, T_RULE("fr"));
	T_CHECK(!b.w->force.broken, "still broken");
	T_EQ(b.w->force.generation, 2);
	bench_done(&b);
}

static void
a_file_that_cannot_be_read_is_told(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	worker_file_unread(b.w);
	T_CHECK(bench_news(&b) && b.handed_over, "nothing in force");
	T_STR(b.news.status.text, "file p.conf cannot be read: all is denied");
	T_STR(b.news.status.file.problem, "it cannot be read");
	T_EQ(b.news.status.file.digest, 0);
	bench_file(&b, T_RULE("fr"));
	(void)bench_news(&b);
	worker_file_unread(b.w);
	T_CHECK(bench_news(&b) && !b.handed_over, "a new policy");
	T_STR(b.news.status.text,
		"file p.conf cannot be read: the last good policy stays");
	T_EQ(b.news.status.file.generation, 2);
	T_CHECK(bench_has(&b, "fr"), "no rule");
	bench_done(&b);
}

static void
many_lines_are_said_up_to_a_number(void)
{
	struct bench b;
	char text[16384];
	struct text t = text_over(text, sizeof(text));

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	text_add(&t, "policy = { rules = (");
	for (int i = 0; i < SOURCE_LINES + 3; i++)
		text_printf(&t, "%s{ name = \"r%d\"; users = \"a b c\"; }",
			i > 0 ? ", " : "", i);
	text_add(&t, "); };");
	bench_file(&b, text);
	T_CHECK(t_said("\n3 more errors\n"), "not counted");
	/* What is odd is counted alike. */
	t = text_over(text, sizeof(text));
	text_add(&t, "policy = { rules = (");
	for (int i = 0; i < SOURCE_LINES + 3; i++)
		text_printf(&t, "%s{ name = \"r%d\"; }", i > 0 ? ", " : "", i);
	text_add(&t, "); };");
	bench_file(&b, text);
	T_CHECK(t_said("\n3 more entries\n"), "not counted");
	bench_file(&b, T_RULE("fr"));
	T_CHECK(!t_said(" more "), "there are none");
	bench_file(&b, "policy = { rulez = 1; };");
	T_CHECK(!t_said(" more "), "there are none");
	bench_done(&b);
}

/* ---- the directory is followed ------------------------------------------- */

static void
the_directory_of_the_file_is_followed(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr") T_DIRECTORY("poll = 77;"));
	T_CHECK(b.dir->follows && !b.dir->had_memory, "not followed");
	T_EQ(b.dir->followed.poll_s, 77);
	T_EQ(b.dir->n_leave, 0);
	T_EQ(b.w->asked, 1);
	T_STR(b.w->directory.base, "o=x");
	T_CHECK(bench_news(&b) && b.news.status.directory, "no directory");
	T_STR(b.news.status.facts.uri, "ldap://localhost");
	T_STR(b.head.source, "file p.conf, no directory");
	/* The command line says how often. */
	worker_poll(b.w, 5);
	bench_file(&b, T_RULE("fr") T_DIRECTORY("poll = 78;"));
	T_EQ(b.dir->followed.poll_s, 5);
	bench_file(&b, T_RULE("fr"));
	T_CHECK(!b.dir->follows, "still followed");
	bench_done(&b);
}

/* A worker that has the directory's rule "dr" in force. */
static void
begin_with_directory(struct bench *b, bool with_state, const char *file)
{
	bench_begin(b, with_state);
	bench_resume(b, NULL);
	bench_file(b, file);
	bench_confirmed(b);
	(void)bench_news(b);
	(void)bench_woken(b);
	(void)t_said("");
}

static void
the_first_answer_is_looked_at_once(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr") T_DIRECTORY(""));
	T_CHECK(!bench_has(&b, "dr"), "too early");
	bench_confirmed(&b);
	T_CHECK(t_said("directory: ldap://localhost: answers"), "not said");
	T_CHECK(bench_has(&b, "dr") && bench_has(&b, "fr"), "no rule");
	T_CHECK(bench_news(&b) && b.handed_over, "not told");
	T_STR(b.head.source, "file p.conf, directory ldap://localhost");
	T_STR(b.news.status.text,
		"file p.conf is in force; directory ldap://localhost answers");
	T_EQ(b.news.status.answer_unix_s, worker_now_s(CLOCK_REALTIME));
	T_EQ(b.dir->n_read, 1);
	bench_confirmed(&b);
	T_EQ(b.dir->n_read, 1);
	T_CHECK(!t_said("answers"), "said again");
	/* With something left out there may be more the next time. */
	b.dir->skipped = "user x is not known";
	bench_changed(&b, T_RULE("dr"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(t_said("user x"), "not said");
	T_EQ(b.dir->n_read, 2);
	T_CHECK(bench_news(&b) && b.news.status.skipped == 1, "not told");
	bench_confirmed(&b);
	T_EQ(b.dir->n_read, 3);
	T_CHECK(!t_said("user x"), "said again");
	bench_done(&b);
}

static void
a_change_is_waited_out(void)
{
	struct bench b;
	int64_t begin;

	begin_with_directory(
		&b, false, T_RULE("fr") T_DIRECTORY("quiet = \"2s\";"));
	T_EQ(b.w->directory.quiet_ms, 2000);
	begin = os_now().us;
	bench_changed(&b, T_RULE("dr2"));
	T_EQ(b.w->switch_at.us - begin, 2000000);
	T_EQ(worker_next_turn(b.w).us - begin, 2000000);
	worker_do_what_is_due(b.w);
	/* That it answers is not that it is quiet. */
	bench_confirmed(&b);
	T_CHECK(!bench_has(&b, "dr2"), "too early");
	t_clock_add_ms(1500);
	bench_changed(&b, T_RULE("dr3"));
	T_EQ(b.w->switch_at.us - begin, 3500000);
	/* But not for ever. */
	t_clock_add_ms(1900);
	bench_changed(&b, T_RULE("dr4"));
	T_EQ(b.w->switch_at.us - begin, 5000000);
	t_clock_add_ms(1600);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr4"), "too late");
	T_CHECK(b.w->switch_at.us == MONO_NEVER.us, "still due");
	/* What is settled is taken at once. */
	b.dir->news.settled = true;
	bench_changed(&b, T_RULE("dr5"));
	T_EQ(b.w->switch_at.us, os_now().us);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr5"), "too late");
	bench_done(&b);
}

static void
a_search_has_its_deadline(void)
{
	struct bench b;

	begin_with_directory(&b, false, T_RULE("fr") T_DIRECTORY(""));
	b.dir->deadline = (struct mono){ 4711 };
	T_EQ(worker_next_turn(b.w).us, 4711);
	bench_file(&b, T_RULE("fr"));
	T_CHECK(worker_next_turn(b.w).us == MONO_NEVER.us, "of none");
	bench_done(&b);
}

static void
new_settings_have_to_be_answered_anew(void)
{
	struct bench b;

	begin_with_directory(&b, false, T_RULE("fr") T_DIRECTORY(""));
	bench_changed(&b, T_RULE("dr2"));
	bench_file(&b, T_RULE("fr2") T_DIRECTORY("poll = 99;"));
	T_CHECK(b.w->switch_at.us == MONO_NEVER.us, "a change of before");
	T_CHECK(bench_has(&b, "fr2") && bench_has(&b, "dr"), "not as known");
	T_CHECK(bench_news(&b) && b.handed_over, "not told");
	T_STR(b.head.source, "file p.conf, last known directory");
	bench_confirmed(&b);
	T_CHECK(bench_has(&b, "dr2"), "not looked at");
	/* Of another directory nothing is known. */
	bench_file(&b, T_RULE("fr") "directory = { uri = \"ldap://localhost\"; "
				    "base = \"o=y\"; };");
	T_CHECK(!bench_has(&b, "dr2"), "of another");
	/* They may be busy. */
	b.dir->busy = true;
	bench_confirmed(&b);
	T_CHECK(!b.w->considered && !bench_has(&b, "dr2"), "busy");
	b.dir->busy = false;
	bench_confirmed(&b);
	T_CHECK(b.w->considered && bench_has(&b, "dr2"), "not busy");
	bench_done(&b);
}

static void
news_of_no_directory_are_not_asked_for(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr"));
	bench_changed(&b, T_RULE("dr"));
	T_CHECK(b.dir->news.changed, "taken");
	T_CHECK(b.w->switch_at.us == MONO_NEVER.us, "a change");
	bench_done(&b);
}

/* ---- what is wrong with it ----------------------------------------------- */

static void
a_failure_leaves_what_is_known(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr") T_DIRECTORY(""));
	bench_failed(&b, "cannot connect");
	T_CHECK(t_said("directory: cannot connect; nothing is known from it"),
		"not said");
	T_CHECK(bench_news(&b), "not told");
	T_CHECK(strstr(b.news.status.text, "; directory: cannot connect; "
					   "nothing is known from it"),
		"%s", b.news.status.text);
	bench_failed(&b, "cannot connect");
	T_CHECK(!t_said("directory"), "said again");
	T_EQ(b.w->answer, ANSWER_FAILED);
	bench_confirmed(&b);
	T_CHECK(t_said("answers"), "not said");
	bench_failed(&b, "cannot bind");
	T_CHECK(t_said("directory: cannot bind; its last known rules stay"),
		"not said");
	T_CHECK(bench_has(&b, "dr"), "gone");
	/* Of no directory nothing is said. */
	bench_file(&b, T_RULE("fr"));
	T_CHECK(bench_news(&b), "not told");
	T_STR(b.news.status.text, "file p.conf is in force");
	T_CHECK(!b.news.status.directory, "a directory");
	bench_done(&b);
}

static void
a_strict_one_is_taken_whole_or_not(void)
{
	struct bench b;

	begin_with_directory(
		&b, false, T_RULE("fr") T_DIRECTORY("strict = true;"));
	b.dir->skipped = "it is odd";
	bench_changed(&b, T_RULE("dr2"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(t_said("1 entries cannot be read, and it is strict"), "mute");
	T_CHECK(bench_has(&b, "dr") && !bench_has(&b, "dr2"), "taken");
	T_EQ(b.w->answer, ANSWER_UNUSABLE);
	/* Looked at again, although nothing changed. */
	b.dir->skipped = NULL;
	bench_confirmed(&b);
	T_CHECK(bench_has(&b, "dr2"), "not taken");
	T_EQ(b.w->answer, ANSWER_GOOD);
	bench_done(&b);
}

static void
rules_that_are_not_valid_are_not_taken(void)
{
	struct bench b;

	begin_with_directory(&b, false, T_RULE("fr") T_DIRECTORY(""));
	bench_changed(&b, "policy = { categories = ( { name = \"c\"; "
			  "preemption = 7; defending = 3; } ); };");
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(t_said("directory: ldap://localhost: its rules are not valid "
		       "(dn:1: category \"c\": defending 3 is below"),
		"mute");
	T_EQ(b.w->answer, ANSWER_UNUSABLE);
	T_CHECK(bench_has(&b, "dr"), "gone");
	/* Looked at again with every answer, and said once. */
	bench_confirmed(&b);
	T_EQ(b.dir->n_read, 3);
	T_CHECK(!t_said("not valid"), "said again");
	bench_failed(&b, "gone");
	bench_confirmed(&b);
	T_CHECK(t_said("not valid"), "not said");
	bench_done(&b);
}

static void
nothing_found_is_said(void)
{
	struct bench b;

	begin_with_directory(&b, false, T_RULE("fr") T_DIRECTORY(""));
	bench_changed(&b, "#\n");
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(t_said("ldap://localhost: no entry below o=x has one of the "
		       "tags"),
		"mute");
	T_CHECK(!bench_has(&b, "dr"), "still there");
	bench_changed(&b, "policy = { categories = ( { name = \"c\"; } ); };");
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(!t_said("no entry below"), "there is one");
	b.dir->skipped = "odd";
	bench_changed(&b, "#\n");
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(!t_said("no entry below"), "there is one, and it is odd");
	bench_done(&b);
}

/* ---- the generation entry ------------------------------------------------ */

static void
changes_wait_for_the_generation_entry(void)
{
	struct bench b;

	bench_begin(&b, false);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr") T_DIRECTORY(""));
	b.dir->release = 4;
	bench_confirmed(&b);
	T_CHECK(bench_news(&b) && b.news.status.release == 4, "not told");
	T_CHECK(!b.news.status.waiting, "nothing waits");
	bench_changed(&b, T_RULE("dr2"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(!bench_has(&b, "dr2"), "not held");
	T_CHECK(bench_news(&b) && b.news.status.waiting, "not told");
	T_CHECK(strstr(b.news.status.text,
			"answers; changes wait for the generation entry"),
		"%s", b.news.status.text);
	/* They go on waiting. */
	worker_consider(b.w);
	T_CHECK(b.w->waiting, "forgotten");
	b.dir->release = 5;
	bench_changed(&b, T_RULE("dr2"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr2"), "still held");
	T_CHECK(bench_news(&b) && !b.news.status.waiting, "still waits");
	T_EQ(b.news.status.release, 5);
	/* Nothing new is nothing that waits. */
	worker_consider(b.w);
	T_CHECK(!b.w->waiting, "nothing waits");
	/* Without such an entry nothing is held. */
	b.dir->release = 0;
	bench_changed(&b, T_RULE("dr3"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr3"), "held");
	bench_changed(&b, T_RULE("dr4"));
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr4"), "held");
	bench_done(&b);
}

/* ---- too old ------------------------------------------------------------- */

static void
become_too_old(struct bench *b, const char *file)
{
	begin_with_directory(b, true, file);
	bench_failed(b, "gone");
	(void)t_said("");
	/* The answer was at 0; more than 100 s is too old. */
	T_EQ(worker_next_turn(b->w).us, b->w->force.save_at.us);
	t_clock_add_ms(5000);
	worker_do_what_is_due(b->w);
	T_EQ(b->w->history.count, 1);
	T_EQ(worker_next_turn(b->w).us - os_now().us, 96000000);
	t_clock_add_ms(95000);
	worker_do_what_is_due(b->w);
	T_CHECK(bench_has(b, "dr"), "too early");
	T_EQ(worker_next_turn(b->w).us - os_now().us, 1000000);
	t_clock_add_ms(1000);
	T_EQ(worker_next_turn(b->w).us, os_now().us);
	worker_do_what_is_due(b->w);
	T_CHECK(worker_next_turn(b->w).us != os_now().us, "due again");
	(void)bench_news(b);
}

static void
what_is_too_old_is_not_used(void)
{
	struct bench b;

	become_too_old(&b, T_RULE("fr") T_DIRECTORY(
				   "maxAge = 100; staleAction = \"file\";"));
	T_CHECK(t_said("no server has answered for 100 s; its last known rules "
		       "are too old and no longer used"),
		"mute");
	T_CHECK(bench_has(&b, "fr") && !bench_has(&b, "dr"), "still used");
	T_CHECK(b.w->force.unsaved, "the cache is to keep it");
	T_CHECK(b.w->force.save_at.us == MONO_NEVER.us, "to be saved");
	T_EQ(b.head.source_key & 1, 0);
	T_CHECK(b.head.source_key != 0, "no key");
	T_CHECK(strstr(b.news.status.text, "too old and no longer used"), "%s",
		b.news.status.text);
	bench_failed(&b, "gone still");
	T_CHECK(bench_news(&b), "no news");
	T_CHECK(strstr(b.news.status.text, "its last known rules are too old"),
		"%s", b.news.status.text);
	/* The file again: not told another time. */
	(void)t_said("");
	bench_file(&b, T_RULE("fr2") T_DIRECTORY(
			       "maxAge = 100; staleAction = \"file\";"));
	T_CHECK(!t_said("too old"), "said again");
	T_CHECK(b.w->force.unsaved, "the cache is to keep it");
	/* It answers: they are of use again. */
	bench_confirmed(&b);
	T_CHECK(bench_has(&b, "dr") && bench_has(&b, "fr2"), "not used");
	T_CHECK(!b.w->force.unsaved, "not to be saved");
	T_EQ(b.w->stale_key, 0);
	bench_done(&b);
}

static void
what_is_too_old_may_stay(void)
{
	struct bench b;

	become_too_old(&b, T_RULE("fr") T_DIRECTORY(
				   "maxAge = 100; staleAction = \"keep\";"));
	T_CHECK(t_said("too old and stay all the same"), "mute");
	T_CHECK(bench_has(&b, "fr") && bench_has(&b, "dr"), "gone");
	T_CHECK(!b.w->force.unsaved, "known");
	bench_done(&b);
}

static void
what_is_too_old_may_deny_all(void)
{
	struct bench b;
	struct buf_reader body;

	become_too_old(&b, T_RULE("fr") T_DIRECTORY(
				   "maxAge = 100; staleAction = \"deny\";"));
	T_CHECK(t_said("too old and all is denied"), "mute");
	T_CHECK(!bench_has(&b, "fr") && !bench_has(&b, "dr"), "still used");
	body = b.head.body;
	T_CHECK(buf_get_u8(&body) != POLICY_DEFAULT_BROKEN, "it is not");
	/* Also what the file says anew. */
	bench_file(&b, T_RULE("fr2") T_DIRECTORY("maxAge = 100; staleAction = "
						 "\"deny\";"));
	T_CHECK(!bench_has(&b, "fr2") && !bench_has(&b, "dr"), "used");
	bench_done(&b);
}

static void
an_answer_keeps_it_young(void)
{
	struct bench b;

	begin_with_directory(
		&b, false, T_RULE("fr") T_DIRECTORY("maxAge = 100;"));
	t_clock_add_ms(90000);
	bench_confirmed(&b);
	/* Whoever answers is not waited for. */
	t_clock_add_ms(200000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr"), "gone");
	bench_confirmed(&b);
	bench_failed(&b, "gone");
	t_clock_add_ms(100000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr"), "gone");
	bench_done(&b);

	/* Any age will do. */
	begin_with_directory(
		&b, false, T_RULE("fr") T_DIRECTORY("maxAge = 0;"));
	bench_failed(&b, "gone");
	T_CHECK(worker_next_turn(b.w).us == MONO_NEVER.us, "due");
	t_clock_add_ms(1000000);
	worker_do_what_is_due(b.w);
	T_CHECK(bench_has(&b, "dr"), "gone");
	bench_done(&b);
}

/* ---- the disk ------------------------------------------------------------ */

static void
what_is_in_force_is_written_soon(void)
{
	struct bench b;
	char path[64];

	begin_with_directory(&b, true, T_RULE("fr") T_DIRECTORY(""));
	(void)snprintf(path, sizeof(path), "%s/policy.cache", b.state);
	T_CHECK(access(path, F_OK) < 0, "too early");
	T_EQ(worker_next_turn(b.w).us, b.w->force.save_at.us);
	t_clock_add_ms(60000);
	worker_do_what_is_due(b.w);
	T_CHECK(access(path, F_OK) == 0, "not written");
	T_EQ(b.w->history.count, 1);
	T_CHECK(bench_news(&b), "not told");
	T_EQ(b.news.status.cache_unix_s, worker_now_s(CLOCK_REALTIME));
	T_EQ(b.news.status.n_kept, 1);
	T_EQ(b.news.status.kept[0].generation, 2);
	/* Nothing to write. */
	T_EQ(unlink(path), 0);
	T_EQ(worker_save(b.w), 0);
	T_CHECK(access(path, F_OK) < 0, "written again");
	/* What could not be written is tried again. */
	b.w->force.unwritten = true;
	T_EQ(worker_save(b.w), 0);
	T_CHECK(access(path, F_OK) == 0, "not written");
	bench_done(&b);
}

static void
a_lost_state_directory_is_told(void)
{
	struct bench b;
	char was[32];

	begin_with_directory(&b, true, T_RULE("fr") T_DIRECTORY(""));
	memcpy(was, b.state, sizeof(was));
	bench_done(&b);
	b.wake_fd = dup(STDERR_FILENO);
	T_CHECK(worker_save(b.w) < 0, "saved");
	T_CHECK(t_said("not kept ("), "mute");
	close(b.wake_fd);
}

static void
the_cache_is_gone_on_with(void)
{
	struct bench b;

	begin_with_directory(&b, true, T_RULE("fr") T_DIRECTORY(""));
	T_EQ(worker_save(b.w), 0);
	t_clock_add_ms(10000);
	bench_again(&b);
	bench_resume(&b, NULL);
	T_CHECK(t_said("generation 2: from the cache, 10 s old"), "mute");
	T_CHECK(bench_news(&b) && b.handed_over, "not handed over");
	T_EQ(b.news.generation, 2);
	T_EQ(b.w->confirmed_s, worker_now_s(CLOCK_BOOTTIME) - 10);
	T_EQ(b.w->force.answer_unix_s, worker_now_s(CLOCK_REALTIME) - 10);
	bench_file(&b, T_RULE("fr") T_DIRECTORY(""));
	T_CHECK(b.dir->had_memory, "without memory");
	T_CHECK(bench_has(&b, "dr"), "gone");
	T_CHECK(bench_news(&b), "no news");
	/* What the cache has is of use once. */
	bench_file(&b, T_RULE("fr") T_DIRECTORY(""));
	T_CHECK(!b.dir->had_memory, "memory of before");
	/* And of that directory alone. */
	bench_again(&b);
	bench_resume(&b, NULL);
	bench_file(&b, T_RULE("fr") "directory = { uri = \"ldap://localhost\"; "
				    "base = \"o=y\"; };");
	T_CHECK(!b.dir->had_memory, "memory of another");
	bench_done(&b);
}

static struct t_case cases[] = {
	{ "A good file is in force, and is told once",
		a_good_file_is_in_force },
	{ "A bad file changes nothing", a_bad_file_changes_nothing },
	{ "An empty file changes nothing", an_empty_file_changes_nothing },
	{ "Where nothing good ever was, all is denied",
		nothing_good_is_all_denied },
	{ "A file that cannot be read is told",
		a_file_that_cannot_be_read_is_told },
	{ "Many lines are said up to a number, and the others counted",
		many_lines_are_said_up_to_a_number },
	{ "The directory of the file is followed",
		the_directory_of_the_file_is_followed },
	{ "The first answer is looked at, the next ones only with reason",
		the_first_answer_is_looked_at_once },
	{ "A change is waited out, but not for ever", a_change_is_waited_out },
	{ "The worker wakes for the deadline of a search",
		a_search_has_its_deadline },
	{ "New settings have to be answered anew",
		new_settings_have_to_be_answered_anew },
	{ "Without a directory its news are left alone",
		news_of_no_directory_are_not_asked_for },
	{ "A failure leaves what is known", a_failure_leaves_what_is_known },
	{ "A strict directory is taken whole or not at all",
		a_strict_one_is_taken_whole_or_not },
	{ "Rules that are not valid are not taken",
		rules_that_are_not_valid_are_not_taken },
	{ "That nothing was found is said", nothing_found_is_said },
	{ "Changes wait for the generation entry",
		changes_wait_for_the_generation_entry },
	{ "What is too old is no longer used", what_is_too_old_is_not_used },
	{ "What is too old may stay", what_is_too_old_may_stay },
	{ "What is too old may deny all", what_is_too_old_may_deny_all },
	{ "An answer keeps it young", an_answer_keeps_it_young },
	{ "What is in force is written soon",
		what_is_in_force_is_written_soon },
	{ "A state directory that is lost is told",
		a_lost_state_directory_is_told },
	{ "The cache is gone on with", the_cache_is_gone_on_with },
};

T_MAIN(cases)
