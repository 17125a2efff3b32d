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

#include "worker_int.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "force_int.h"
#include "policy/snapshot_int.h"

/* What the directory did last, so that only changes are logged. */
enum answer { ANSWER_NONE, ANSWER_GOOD, ANSWER_FAILED, ANSWER_UNUSABLE };

struct worker {
	const char *name;
	int wake_fd;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	char *conf_new;
	bool conf_unread;
	bool conf_changed;
	bool hurry;
	bool kicked; /* by the directory's thread */
	struct worker_news news;

	_Atomic uint32_t poll_s; /* 0: by the file */

	/* The thread's own. */
	struct dir *dir;
	struct force force;
	char *conf; /* text that compiled last; NULL: none yet */
	struct source_directory directory;
	int64_t confirmed_s;    /* when the directory's part was */
	bool considered;        /* since these settings are followed */
	uint64_t stale_key;     /* of which maxAge passed, and was acted on */
	struct mono switch_at;  /* when it will have been quiet */
	struct mono changed_at; /* the first change of those that wait */
	bool waiting;           /* for the generation entry */
	size_t skipped;
	char uri[SOURCE_TEXT];
	enum answer answer;
	uint64_t said; /* digest of the last report */
	struct worker_file file;
	char file_status[WORKER_STATUS / 3];
	char directory_status[WORKER_STATUS * 2 / 3];
};

static int64_t
now_s(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now); /* cannot fail */
	return now.tv_sec;
}

/* ---- news for the main thread ------------------------------------------- */

static void
wake(struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		log_err(LOG_POLICY, "worker: cannot wake the main thread: %s",
			strerror(errno));
}

static void
tell_status(struct worker *w)
{
	struct worker_status s;
	struct text t;

	memset(&s, 0, sizeof(s)); /* it is compared as a whole */
	t = text_over(s.text, sizeof(s.text));
	text_add(&t, w->file_status);
	if (w->directory_status[0] != '\0')
		text_printf(
			&t, "%s%s", t.len > 0 ? "; " : "", w->directory_status);
	s.directory = w->directory.present;
	if (s.directory)
		dir_facts(w->dir, &s.facts);
	s.skipped = w->skipped;
	s.waiting = w->waiting;
	s.cache_unix_s = w->force.saved_unix_s;
	s.answer_unix_s = w->force.answer_unix_s;
	s.file = w->file;
	(void)pthread_mutex_lock(&w->lock); /* a plain mutex: cannot fail */
	/* NOLINTNEXTLINE(bugprone-suspicious*,cert-*): zeroed whole */
	bool changed = memcmp(&w->news.status, &s, sizeof(s)) != 0;

	if (changed) {
		w->news.status = s;
		w->news.status_changed = true;
	}
	(void)pthread_mutex_unlock(&w->lock); /* as above */
	if (changed)
		wake(w);
}

/* A newer snapshot replaces one that was not fetched yet. */
static void
tell_snapshot(struct worker *w)
{
	uint8_t *copy = (uint8_t *)malloc(w->force.len);

	if (!copy) {
		log_err(LOG_POLICY, "snapshot: no memory to hand it over");
		return;
	}
	memcpy(copy, w->force.snapshot, w->force.len);
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	free(w->news.snapshot);
	w->news.snapshot = copy;
	w->news.len = w->force.len;
	w->news.generation = w->force.generation;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	wake(w);
}

bool
worker_take(struct worker *w, struct worker_news *ret_news)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	*ret_news = w->news;
	w->news.snapshot = NULL;
	w->news.status_changed = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return ret_news->snapshot || ret_news->status_changed;
}

static void
publish(struct worker *w, struct policy_set *set)
{
	if (force_publish(&w->force, set) == FORCE_NEW)
		tell_snapshot(w);
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
	       now_s(CLOCK_BOOTTIME) - w->confirmed_s > d->max_age_s;
}

struct build {
	const char *conf;
	struct source_draft *directory; /* just read; NULL: the last known */
	struct source_directory *ret_directory;
	struct source_report *errors;
	struct source_report *notes;
};

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

/* The directory's part: just read, or the last known, or NULL. */
static struct source_draft *
choose_part(struct worker *w, const struct build *b, struct source_draft *file,
	struct source_draft *known)
{
	const struct source_directory *d = b->ret_directory;

	if (!d->present)
		return NULL;
	if (b->directory)
		return b->directory;

	bool old = is_too_old(w, d);
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

/* The file's text and the directory's part into what is in force.  False, and
 * nothing changed, when there is an error. */
static bool
build(struct worker *w, const struct build *b)
{
	struct source_draft file = { 0 };
	struct source_draft known = { 0 };
	struct source_directory *d = b->ret_directory;
	struct policy_set *set = NULL;

	if (source_file_read(b->conf, w->name, &file, d, b->errors)) {
		struct source_draft *directory =
			choose_part(w, b, &file, &known);

		set = source_compile(
			&file, directory, d->present, b->errors, b->notes);
		if (set) {
			source_aix_loglevel(&file);
			set->source_key =
				directory ? source_directory_key(d) : 0;
			describe_source(w, d, b->directory != NULL, set);
			w->force.broken = false;
			w->force.unsaved = d->present && !directory &&
					   is_known_stale(w, d);
			publish(w, set);
		}
	}
	policy_set_free(set);
	source_draft_done(&known);
	source_draft_done(&file);
	return set != NULL;
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
file_refused(struct worker *w, size_t errors)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s has %zu error%s: %s", w->name, errors,
		errors == 1 ? "" : "s", what_stays(w));
	if (!w->force.snapshot)
		publish_broken(w);
}

static void
file_unread(struct worker *w)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s cannot be read: %s", w->name, what_stays(w));
	judge_file(w, 0, "it cannot be read");
	if (!w->force.snapshot)
		publish_broken(w);
	tell_status(w);
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
		dir_follow(w->dir, &w->directory, known ? &c->memory : NULL);
	else
		dir_leave(w->dir);
	free(c->bytes);
	*c = (struct cache){ 0 };
}

/* Takes the text. */
static void
take_conf(struct worker *w, char *text)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct source_directory d;
	struct build b = { text, NULL, &d, &errors, &notes };
	bool good;

	w->directory_status[0] = '\0';
	good = build(w, &b);
	judge_file(w, text_digest(text),
		good                      ? ""
		: errors.lines[0] != NULL ? errors.lines[0]
					  : "no memory");
	say(w, &errors, &notes);
	if (good) {
		struct text t =
			text_over(w->file_status, sizeof(w->file_status));

		free(w->conf);
		w->conf = text;
		w->directory = d;
		text_printf(&t, "file %s is in force", w->name);
		follow(w);
	} else {
		free(text);
		file_refused(w, errors.count);
	}
	source_report_done(&errors);
	source_report_done(&notes);
	tell_status(w);
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
	w->confirmed_s = now_s(CLOCK_BOOTTIME);
	w->force.answer_unix_s = now_s(CLOCK_REALTIME);
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
	struct build b = { w->conf, NULL, &d, &errors, &notes };

	if (!build(w, &b))
		log_err(LOG_POLICY, "file: no longer compiles, see reload");
	source_report_done(&errors);
	source_report_done(&notes);
	tell_status(w);
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
	struct build b = { w->conf, draft, &d, &errors, skipped };
	char said[WORKER_STATUS / 4];
	struct text problem = text_over(said, sizeof(said));
	size_t found = draft->n_rules + draft->n_categories + skipped->count;

	w->skipped = skipped->count;
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

/* It has been quiet: look at what the directory holds now. */
static void
consider(struct worker *w)
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
	tell_status(w);
}

/* Names may be known now that were not, and users were made. */
static bool
is_worth_a_look(const struct worker *w)
{
	return !w->considered || w->skipped > 0 ||
	       w->answer == ANSWER_UNUSABLE || is_known_stale(w, &w->directory);
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

static void
take_news(struct worker *w)
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
				consider(w);
			else
				directory_good(w);
		}
	}
	if (news.failed)
		directory_bad(w, ANSWER_FAILED, news.problem);
	tell_status(w);
}

/* ---- the thread --------------------------------------------------------- */

/* The last good snapshot, in force before anything else is looked at. */
static void
start_from_cache(struct worker *w)
{
	const struct cache *c = &w->force.cache;

	w->confirmed_s = now_s(CLOCK_BOOTTIME);
	if (!force_start(&w->force))
		return;
	w->confirmed_s -= c->age_s;
	w->force.answer_unix_s = now_s(CLOCK_REALTIME) - c->age_s;
	if (force_source_key(&w->force) != 0 && c->max_age_s != 0 &&
		c->age_s > c->max_age_s && c->stale != SOURCE_STALE_KEEP)
		return; /* too old: the file is read first */
	log_info(LOG_POLICY,
		"generation %" PRIu64 ": from the cache, %" PRId64 " s old",
		w->force.generation, c->age_s);
	tell_snapshot(w);
}

/* When there is something to do without being told. */
static struct mono
next_turn(struct worker *w)
{
	struct mono now = os_now();
	struct mono at = mono_earlier(w->switch_at, w->force.save_at);
	const struct source_directory *d = &w->directory;

	if (!d->present)
		return at;
	at = mono_earlier(at, dir_watch(w->dir, now));
	if (!is_known_stale(w, d) && w->answer != ANSWER_GOOD &&
		d->max_age_s != 0 && force_source_key(&w->force) != 0) {
		int64_t left_s = w->confirmed_s + d->max_age_s + 1 -
				 now_s(CLOCK_BOOTTIME);

		at = mono_earlier(
			at, mono_add_ms(now, left_s > 0 ? left_s * 1000 : 0));
	}
	return at;
}

static void
do_what_is_due(struct worker *w)
{
	struct mono now = os_now();
	const struct source_directory *d = &w->directory;

	if (d->present && mono_reached(w->switch_at, now))
		consider(w);
	if (w->conf && d->present && !is_known_stale(w, d) &&
		w->answer != ANSWER_GOOD && force_source_key(&w->force) != 0 &&
		is_stale(w, d))
		expire(w);
	if (mono_reached(w->force.save_at, now)) {
		force_save(&w->force, d, w->dir);
		tell_status(w);
	}
}

struct work {
	bool conf;   /* a new file */
	bool unread; /* which could not be read */
	bool hurry;
	char *text; /* of it, owned; NULL: there is none */
};

/* Wait for a new file, a hint, the directory or the time. */
static struct work
wait_for_work(struct worker *w, struct mono end)
{
	struct timespec until = { .tv_sec = end.us / 1000000,
		.tv_nsec = end.us % 1000000 * 1000 };
	struct work work;
	int rc = 0;

	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	while (!w->conf_changed && !w->hurry && !w->kicked && rc != ETIMEDOUT) {
		if (end.us == MONO_NEVER.us)
			rc = pthread_cond_wait(&w->cond, &w->lock);
		else
			rc = pthread_cond_timedwait(&w->cond, &w->lock, &until);
	}
	work = (struct work){ w->conf_changed, w->conf_unread, w->hurry,
		w->conf_new };
	w->conf_new = NULL;
	w->conf_changed = false;
	w->hurry = false;
	w->kicked = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return work;
}

static void *
worker_main(void *arg)
{
	struct worker *w = (struct worker *)arg;

	start_from_cache(w);
	for (;;) {
		struct work work = wait_for_work(w, next_turn(w));

		if (work.conf && !work.text && !work.unread)
			work.text = strdup("");
		if (work.text)
			take_conf(w, work.text);
		else if (work.conf)
			file_unread(w);
		if (work.hurry && w->directory.present)
			dir_hurry(w->dir);
		take_news(w);
		do_what_is_due(w);
	}
	return NULL;
}

/* From the directory's thread. */
static void
kick(void *arg)
{
	struct worker *w = (struct worker *)arg;

	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->kicked = true;
	(void)pthread_cond_signal(&w->cond);  /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
}

static void
new_conf(struct worker *w, char *text, bool unread)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	free(w->conf_new);
	w->conf_new = text;
	w->conf_unread = unread;
	w->conf_changed = true;
	(void)pthread_cond_signal(&w->cond);  /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
}

void
worker_conf(struct worker *w, char *text)
{
	new_conf(w, text, false);
}

void
worker_unread(struct worker *w)
{
	new_conf(w, NULL, true);
}

void
worker_poll(struct worker *w, uint32_t poll_s)
{
	w->poll_s = poll_s;
}

void
worker_hurry(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->hurry = true;
	(void)pthread_cond_signal(&w->cond);  /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
}

struct worker *
worker_start(const char *state_dir, const char *name, int wake_fd)
{
	struct worker *w = (struct worker *)calloc(1, sizeof(*w));
	pthread_condattr_t attr;
	pthread_t thread;

	if (!w)
		return NULL;
	w->force.state_dir = state_dir;
	w->force.save_at = MONO_NEVER;
	w->switch_at = MONO_NEVER;
	w->name = name;
	w->wake_fd = wake_fd;
	w->dir = dir_new(kick, w);
	if (!w->dir || pthread_mutex_init(&w->lock, NULL) != 0 ||
		pthread_condattr_init(&attr) != 0)
		goto fail;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* exists */
	if (pthread_cond_init(&w->cond, &attr) != 0 ||
		pthread_create(&thread, NULL, worker_main, w) != 0)
		goto fail;
	(void)pthread_detach(thread); /* it ends with the process */
	return w;
fail:
	free(w);
	return NULL;
}
