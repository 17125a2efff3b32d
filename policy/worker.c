/* SPDX-License-Identifier: ISC */

/*
 * Sources to snapshots, in a thread of its own.
 *
 * What is in force is always a whole snapshot that compiled.  At start that is
 * the cache; then the file, merged with the directory's part of the cache; then
 * whatever the directory says, once it has been quiet for a moment, and where
 * it has a generation entry once that changed.  While it is silent its last
 * known part stays, up to maxAge.  A file or a directory with an error changes
 * nothing.
 */

#include "worker_own_int.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "policy/snapshot_int.h"

int64_t
worker_now_s(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now); /* cannot fail */
	return now.tv_sec;
}

static void
publish(struct worker *w, struct policy_set *set)
{
	if (force_publish(&w->force, set) != FORCE_NEW)
		return;
	force_write_ahead(&w->force);
	if (w->held.generation == 0)
		worker_tell_snapshot(w);
}

/* Say what a report holds, once for each content. */
static void
say(struct worker *w, const struct source_report *errors,
	const struct source_report *notes)
{
	uint64_t digest =
		source_report_digest(errors) ^ source_report_digest(notes) * 3;

	if (digest == w->said)
		return;
	w->said = digest;
	for (size_t i = 0; i < errors->count && i < SOURCE_LINES; i++)
		log_err(LOG_POLICY, "%s",
			errors->lines[i] ? errors->lines[i] : "no memory");
	if (errors->count > SOURCE_LINES)
		log_err(LOG_POLICY, "%zu more errors",
			errors->count - SOURCE_LINES);
	for (size_t i = 0; i < notes->count && i < SOURCE_LINES; i++)
		log_warn(LOG_POLICY, "%s",
			notes->lines[i] ? notes->lines[i] : "no memory");
	if (notes->count > SOURCE_LINES)
		log_warn(LOG_POLICY, "%zu more entries",
			notes->count - SOURCE_LINES);
}

/* ---- building ----------------------------------------------------------- */

static void
describe_source(struct worker *w, const struct source_directory *d,
	bool directory_read, struct policy_set *set)
{
	struct text t = text_over(set->source, sizeof(set->source));

	text_add(&t, "file ");
	text_add_escaped(&t, w->name, strlen(w->name));
	if (!d->present)
		return;
	text_add(&t, set->source_key == 0 ? ", no directory"
		     : directory_read     ? ", directory "
					  : ", last known directory");
	if (directory_read)
		text_add_escaped(&t, w->uri, strlen(w->uri));
}

static bool
is_stale(const struct worker *w, const struct source_directory *d)
{
	return d->max_age_s != 0 &&
	       worker_now_s(CLOCK_BOOTTIME) - w->confirmed_s > d->max_age_s;
}

/* Not what is known of another directory. */
static bool
is_known_stale(const struct worker *w, const struct source_directory *d)
{
	return w->stale_key == source_directory_key(d);
}

/* The last known part is too old; that is said once. */
static bool
is_too_old(struct worker *w, const struct source_directory *d)
{
	static const char *const actions[] = { [SOURCE_STALE_FILE] =
						       "and no longer used",
		[SOURCE_STALE_KEEP] = "and stay all the same",
		[SOURCE_STALE_DENY] = "and all is denied" };
	struct text t =
		text_over(w->directory_status, sizeof(w->directory_status));

	if (is_known_stale(w, d))
		return true;
	if (force_source_key(&w->force) != source_directory_key(d) ||
		!is_stale(w, d))
		return false;
	w->stale_key = source_directory_key(d);
	text_printf(&t,
		"directory: no server has answered for %u s; its last known "
		"rules are too old %s",
		d->max_age_s, actions[d->stale]);
	log_err(LOG_POLICY, "%s", w->directory_status);
	return true;
}

/* Its entries are those that a server has confirmed. */
static bool
is_followed(const struct worker *w, const struct source_directory *d)
{
	return w->directory.present && w->considered &&
	       source_directory_key(&w->directory) == source_directory_key(d);
}

/* The directory's part: just read, or the last known, or NULL. */
static struct source_draft *
choose_part(struct worker *w, const struct worker_build *b,
	struct source_draft *file, struct source_draft *known)
{
	const struct source_directory *d = b->ret_directory;

	if (!d->present)
		return NULL;
	if (b->directory)
		return b->directory;
	if (b->live && is_followed(w, d) &&
		dir_read(w->dir, b->live, b->notes, w->uri)) {
		*b->ret_skipped = b->notes->count; /* others come later */
		return b->live;
	}

	bool old = b->live ? is_known_stale(w, d) : is_too_old(w, d);
	if (old && d->stale == SOURCE_STALE_DENY) {
		source_draft_done(file);
		file->default_set = SOURCE_DEFAULT_DENY;
		return NULL;
	}
	if ((!old || d->stale == SOURCE_STALE_KEEP) &&
		source_from_snapshot(w->force.snapshot, w->force.len,
			source_directory_key(d), known))
		return known;
	return NULL;
}

struct policy_set *
worker_compile(struct worker *w, const struct worker_build *b, bool *ret_known)
{
	struct source_draft file = { 0 };
	struct source_draft known = { 0 };
	struct source_directory *d = b->ret_directory;
	struct policy_set *set = NULL;

	*ret_known = false;
	if (source_file_read(b->conf, w->name, &file, d, b->errors)) {
		struct source_draft *directory =
			choose_part(w, b, &file, &known);

		*ret_known = directory != NULL;
		set = source_compile(
			&file, directory, d->present, b->errors, b->notes);
		if (set && !b->live)
			source_aix_loglevel(&file);
		if (set) {
			set->source_key =
				directory ? source_directory_key(d) : 0;
			describe_source(w, d,
				directory != NULL && directory != &known, set);
			if (!directory && is_known_stale(w, d))
				set->source_key = worker_stale_key(
					source_directory_key(d));
		}
	}
	source_draft_done(&known);
	source_draft_done(&file);
	return set;
}

/* The file's text and the directory's part into what is in force.  False, and
 * nothing changed, when there is an error. */
static bool
build(struct worker *w, const struct worker_build *b)
{
	bool known;
	struct policy_set *set = worker_compile(w, b, &known);

	if (!set)
		return false;
	w->force.broken = false;
	w->force.unsaved = b->ret_directory->present && !known &&
			   is_known_stale(w, b->ret_directory);
	publish(w, set);
	policy_set_free(set);
	return true;
}

/* Nothing that compiled is in force: deny rather than allow everything. */
static void
publish_broken(struct worker *w)
{
	struct policy_set set = { .alloc = alloc_heap(),
		.default_why = POLICY_DEFAULT_BROKEN,
		.source = "nothing that could be read" };

	w->force.broken = true;
	publish(w, &set);
}

/* ---- the file ----------------------------------------------------------- */

static const char *
what_stays(const struct worker *w)
{
	if (w->held.generation != 0)
		return "the rollback stays";
	return w->force.snapshot && !w->force.broken
		       ? "the last good policy stays"
		       : "all is denied";
}

/* For whoever wrote the file and waits for what becomes of it. */
static void
judge_file(struct worker *w, uint64_t digest, const char *problem)
{
	memset(&w->file, 0, sizeof(w->file)); /* it is compared as a whole */
	w->file.digest = digest;
	w->file.generation = w->force.generation;
	(void)text_copy(w->file.problem, sizeof(w->file.problem),
		problem); /* cut is fine */
}

static void
file_refused(struct worker *w, const struct source_report *errors)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));
	char wrong[SOURCE_WRONG];

	text_printf(&t, "file %s %s: %s", w->name,
		source_report_wrong(errors, wrong), what_stays(w));
	if (!w->force.snapshot)
		publish_broken(w);
}

void
worker_file_unread(struct worker *w)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s cannot be read: %s", w->name, what_stays(w));
	judge_file(w, 0, "it cannot be read");
	if (!w->force.snapshot)
		publish_broken(w);
	worker_tell_status(w);
}

/* The directory that the file names is followed from now on.  What the cache
 * has of it is of use once. */
static void
follow(struct worker *w)
{
	const uint32_t told_s = w->poll_s;
	struct cache *c = &w->force.cache;
	bool known =
		c->bytes && c->view == source_directory_view(&w->directory);

	w->answer = ANSWER_NONE;
	if (told_s > 0)
		w->directory.poll_s = told_s;
	w->considered = false;
	w->waiting = false;
	w->switch_at = MONO_NEVER;
	if (w->directory.present)
		w->asked = dir_follow(
			w->dir, &w->directory, known ? &c->memory : NULL);
	else
		dir_leave(w->dir);
	free(c->bytes);
	*c = (struct cache){ 0 };
}

/* What compiled waits for the end of a rollback. */
static const char *
why_not_in_force(const struct worker *w, char text[100])
{
	struct text t = text_over(text, 100);

	if (w->held.generation != 0)
		text_printf(&t,
			"a rollback to generation %" PRIu64
			" holds (rsvpctl policy load ends it)",
			w->held.generation);
	return text;
}

static void
say_file(struct worker *w)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s is %s", w->name,
		w->held.generation != 0 ? "good" : "in force");
}

void
worker_judge_again(struct worker *w)
{
	char why[100];

	if (!w->conf || w->file.digest != text_digest(w->conf))
		return; /* another was read since, and refused */
	judge_file(w, w->file.digest, why_not_in_force(w, why));
	say_file(w);
}

/* Its text is good. */
static void
follow_file(struct worker *w, char *text, const struct source_directory *d)
{
	free(w->conf);
	w->conf = text;
	w->directory = *d;
	say_file(w);
	follow(w);
	/* What the cache had of the directory is in use only now. */
	if (w->force.behind)
		force_save_soon(&w->force);
	w->force.behind = false;
}

bool
worker_take_conf(struct worker *w, char *text, struct source_report *errors,
	struct source_report *notes)
{
	struct source_directory d;
	struct worker_build b = { text, NULL, &d, errors, notes, NULL, NULL };
	char why[100];
	bool good;

	w->directory_status[0] = '\0';
	worker_keep_history(w); /* also when it was in force for a moment */
	good = build(w, &b);
	judge_file(w, text_digest(text),
		good                       ? why_not_in_force(w, why)
		: errors->lines[0] != NULL ? errors->lines[0]
					   : "no memory");
	say(w, errors, notes);
	if (good) {
		follow_file(w, text, &d);
	} else {
		free(text);
		file_refused(w, errors);
	}
	return good;
}

char *
worker_no_file(void)
{
	return strdup("# no file\n");
}

/* Takes the text. */
void
worker_take_file(struct worker *w, char *text)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };

	(void)worker_take_conf(w, text, &errors, &notes); /* it is told */
	source_report_done(&errors);
	source_report_done(&notes);
	worker_tell_status(w);
}

/* ---- the directory ------------------------------------------------------ */

static void
directory_good(struct worker *w)
{
	struct text t =
		text_over(w->directory_status, sizeof(w->directory_status));

	text_printf(&t, "directory %s answers", w->uri);
	if (w->waiting)
		text_add(&t, "; changes wait for the generation entry");
	if (w->answer != ANSWER_GOOD)
		log_info(LOG_POLICY, "directory: %s: answers", w->uri);
	w->answer = ANSWER_GOOD;
}

static void
confirmed(struct worker *w)
{
	w->confirmed_s = worker_now_s(CLOCK_BOOTTIME);
	w->force.answer_unix_s = worker_now_s(CLOCK_REALTIME);
	w->stale_key = 0;
	if (w->force.state_dir)
		(void)cache_confirm(w->force.state_dir); /* saving tells */
}

/* The rules that are known stay. */
static void
directory_bad(struct worker *w, enum answer answer, const char *problem)
{
	struct text t =
		text_over(w->directory_status, sizeof(w->directory_status));
	bool known = force_source_key(&w->force) ==
		     source_directory_key(&w->directory);
	const char *then = is_known_stale(w, &w->directory)
				   ? "its last known rules are too old"
			   : known ? "its last known rules stay"
				   : "nothing is known from it";

	text_printf(&t, "directory: %s; %s", problem, then);
	if (w->answer != answer)
		log_err(LOG_POLICY, "directory: %s; %s", problem, then);
	w->answer = answer;
}

/* The rules that are known have become too old: what staleAction says. */
static void
expire(struct worker *w)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct source_directory d;
	struct worker_build b = { w->conf, NULL, &d, &errors, &notes, NULL,
		NULL };

	if (!build(w, &b))
		log_err(LOG_POLICY, "file: no longer compiles, see reload");
	source_report_done(&errors);
	source_report_done(&notes);
	worker_tell_status(w);
}

/* Do the changes wait for the generation entry to change? */
static bool
is_held(struct worker *w, uint64_t release)
{
	return force_source_key(&w->force) ==
		       source_directory_key(&w->directory) &&
	       release != 0 && w->force.release_known &&
	       release == w->force.release;
}

/* What was read becomes rules, unless something is wrong with it. */
static void
take_content(struct worker *w, struct source_draft *draft,
	struct source_report *skipped, uint64_t release)
{
	struct source_report errors = { 0 };
	struct source_directory d;
	struct worker_build b = { w->conf, draft, &d, &errors, skipped, NULL,
		NULL };
	char said[WORKER_STATUS / 4];
	struct text problem = text_over(said, sizeof(said));
	size_t found = draft->n_rules + draft->n_categories + skipped->count;

	w->skipped = skipped->count;
	w->unusable = true; /* until it is in force */
	if (found == 0)
		source_report_add(skipped, w->uri,
			"no entry below %s has one of the tags",
			w->directory.base);
	if (w->directory.strict && w->skipped > 0) {
		text_printf(&problem,
			"%s: %zu entries cannot be read, and it is strict",
			w->uri, w->skipped);
		directory_bad(w, ANSWER_UNUSABLE, said);
	} else if (build(w, &b)) {
		w->unusable = false;
		w->force.release = release;
		w->force.release_known = true;
		force_save_soon(&w->force);
		directory_good(w);
	} else {
		text_printf(&problem, "%s: its rules are not valid (%s)",
			w->uri, errors.lines[0] ? errors.lines[0] : "");
		directory_bad(w, ANSWER_UNUSABLE, said);
	}
	say(w, &errors, skipped);
	source_report_done(&errors);
}

void
worker_consider(struct worker *w)
{
	struct source_draft draft = { 0 };
	struct source_report skipped = { 0 };
	uint64_t release = dir_release(w->dir);
	bool changed = w->switch_at.us != MONO_NEVER.us;

	w->switch_at = MONO_NEVER;
	if (is_held(w, release)) {
		w->waiting = w->waiting || changed;
		w->considered = true;
		directory_good(w);
	} else if (dir_read(w->dir, &draft, &skipped, w->uri)) {
		w->waiting = false;
		w->considered = true;
		take_content(w, &draft, &skipped, release);
	}
	source_draft_done(&draft);
	source_report_done(&skipped);
	worker_tell_status(w);
}

/* Names may be known now that were not, and users were made. */
static bool
is_worth_a_look(const struct worker *w)
{
	return !w->considered || w->skipped > 0 || w->unusable ||
	       is_known_stale(w, &w->directory);
}

static void
take_change(struct worker *w, const struct dir_news *news)
{
	struct mono quiet = mono_add_ms(
		news->last_change, news->settled ? 0 : w->directory.quiet_ms);

	if (w->switch_at.us == MONO_NEVER.us)
		w->changed_at = news->first_change;
	w->switch_at = mono_earlier(
		quiet, mono_add_ms(w->changed_at, SOURCE_QUIET_MOST_MS));
}

void
worker_take_news(struct worker *w)
{
	struct dir_facts facts;
	struct dir_news news;

	if (!w->directory.present || !dir_take_news(w->dir, &news))
		return;
	dir_facts(w->dir, &facts);
	if (facts.uri[0] != '\0')
		(void)text_copy(w->uri, SOURCE_TEXT, facts.uri); /* fits */
	if (news.changed)
		take_change(w, &news);
	if (news.confirmed) {
		bool look = is_worth_a_look(w);

		confirmed(w);
		if (w->switch_at.us == MONO_NEVER.us) {
			if (look)
				worker_consider(w);
			else
				directory_good(w);
		}
	}
	if (news.failed)
		directory_bad(w, ANSWER_FAILED, news.problem);
	if (news.confirmed || news.failed)
		order_heard(w, news.heard, news.failed ? news.problem : "");
	worker_tell_status(w);
}

/* ---- the thread --------------------------------------------------------- */

void
worker_keep_history(struct worker *w)
{
	int rc;

	if (w->held.generation != 0 || w->force.broken || w->force.unsaved ||
		!w->force.snapshot)
		return;
	rc = history_keep(&w->history, w->force.snapshot, w->force.len);
	if (rc < 0)
		log_warn(LOG_POLICY,
			"generation %" PRIu64
			": not kept (%s); there is no way back to it",
			w->force.generation, strerror(-rc));
}

int
worker_save(struct worker *w)
{
	int rc;

	if (w->force.save_at.us == MONO_NEVER.us && !w->force.unwritten)
		return 0;
	rc = force_save(&w->force, &w->directory, w->dir);
	worker_keep_history(w);
	worker_tell_status(w);
	return rc;
}

struct mono
worker_next_turn(struct worker *w)
{
	struct mono now = os_now();
	struct mono at = mono_earlier(
		order_until(w), mono_earlier(w->switch_at, w->force.save_at));
	const struct source_directory *d = &w->directory;

	if (!d->present)
		return at;
	at = mono_earlier(at, dir_watch(w->dir, now));
	if (!is_known_stale(w, d) && w->answer != ANSWER_GOOD &&
		d->max_age_s != 0 && force_source_key(&w->force) != 0) {
		int64_t left_s = w->confirmed_s + d->max_age_s + 1 -
				 worker_now_s(CLOCK_BOOTTIME);

		at = mono_earlier(
			at, mono_add_ms(now, left_s > 0 ? left_s * 1000 : 0));
	}
	return at;
}

void
worker_do_what_is_due(struct worker *w)
{
	struct mono now = os_now();
	const struct source_directory *d = &w->directory;

	if (d->present && mono_reached(w->switch_at, now))
		worker_consider(w);
	if (w->conf && d->present && !is_known_stale(w, d) &&
		w->answer != ANSWER_GOOD && force_source_key(&w->force) != 0 &&
		is_stale(w, d))
		expire(w);
	if (mono_reached(w->force.save_at, now))
		(void)worker_save(w); /* it is told */
}
