/* SPDX-License-Identifier: ISC */

/*
 * Sources to snapshots, in a thread of its own.
 *
 * What is in force is always a whole snapshot that compiled.  At start that is
 * the cache; then the file, merged with the directory's part of the cache; then
 * whatever the directory says.  While it is silent its last known part stays,
 * up to maxAge.  A file or a directory with an error changes nothing.
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
#include "cache_int.h"
#include "policy/snapshot_int.h"
#include "policy/source.h"

enum { RETRY_MOST_S = 300, FOREVER_S = 365 * 86400 };

/* What the directory did last, so that only changes are logged. */
enum answer { ANSWER_NONE, ANSWER_GOOD, ANSWER_FAILED, ANSWER_UNUSABLE };

struct worker {
	const char *state_dir;
	const char *name;
	int wake_fd;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	char *conf_new;
	bool conf_unread;
	bool conf_changed;
	bool hurry;
	struct worker_news news;

	_Atomic uint32_t poll_s; /* 0: by the file */

	/* The thread's own. */
	char *conf; /* text that compiled last; NULL: none yet */
	struct source_directory directory;
	uint8_t *snapshot; /* in force */
	size_t len;
	uint64_t generation;
	bool broken;         /* nothing good was ever in force: all is denied */
	int64_t confirmed_s; /* when the directory's part was last confirmed */
	char uri[SOURCE_TEXT];
	enum answer answer;
	unsigned failures;
	uint64_t said; /* digest of the last report */
	char file_status[WORKER_STATUS / 3];
	char directory_status[WORKER_STATUS / 3];
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
	char status[WORKER_STATUS];
	struct text t = text_over(status, sizeof(status));

	text_add(&t, w->file_status);
	if (w->directory_status[0] != '\0')
		text_printf(
			&t, "%s%s", t.len > 0 ? "; " : "", w->directory_status);
	(void)pthread_mutex_lock(&w->lock); /* a plain mutex: cannot fail */

	bool changed = strcmp(w->news.status, status) != 0;

	if (changed) {
		(void)text_copy(w->news.status, sizeof(status), status);
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
	uint8_t *copy = (uint8_t *)malloc(w->len);

	if (!copy) {
		log_err(LOG_POLICY, "snapshot: no memory to hand it over");
		return;
	}
	memcpy(copy, w->snapshot, w->len);
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	free(w->news.snapshot);
	w->news.snapshot = copy;
	w->news.len = w->len;
	w->news.generation = w->generation;
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

/* ---- publishing --------------------------------------------------------- */

static void
save(struct worker *w)
{
	int rc;

	if (!w->state_dir)
		return;
	rc = cache_save(w->state_dir, w->snapshot, w->len);
	if (rc < 0)
		log_warn(LOG_POLICY,
			"cache: %s/policy.cache: not written (%s); a restart "
			"without the directory will not know its rules",
			w->state_dir, strerror(-rc));
}

static uint64_t
digest_of(const uint8_t *bytes, size_t len, uint64_t *ret_key)
{
	struct policy_head head = { 0 };

	*ret_key = 0;
	if (!bytes || policy_head_read(bytes, len, &head))
		return 0;
	*ret_key = head.source_key;
	return head.body_digest;
}

static void
replace(struct worker *w, uint8_t *bytes, size_t len)
{
	alloc_put(alloc_heap(), w->snapshot);
	w->snapshot = bytes;
	w->len = len;
	if (!w->broken)
		save(w);
}

/* The same rules keep their generation. */
static void
publish(struct worker *w, struct policy_set *set)
{
	uint64_t old_key;
	uint64_t new_key;
	uint64_t old = digest_of(w->snapshot, w->len, &old_key);
	uint8_t *bytes = NULL;
	size_t len = 0;

	set->made_unix_s = now_s(CLOCK_REALTIME);
	set->generation = w->generation + 1;
	if (!policy_snapshot_write(set, &bytes, &len)) {
		log_err(LOG_POLICY, "snapshot: no memory, the old one stays");
		return;
	}
	if (!w->snapshot || digest_of(bytes, len, &new_key) != old) {
		w->generation++;
		replace(w, bytes, len);
		log_info(LOG_POLICY,
			"generation %" PRIu64
			": %zu rules, %zu categories (%s)",
			w->generation, set->n_rules, set->n_categories,
			set->source);
		tell_snapshot(w);
		return;
	}
	alloc_put(alloc_heap(), bytes);
	if (new_key == old_key)
		return;
	set->generation = w->generation;
	if (policy_snapshot_write(set, &bytes, &len))
		replace(w, bytes, len);
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
still_usable(const struct worker *w, const struct source_directory *d)
{
	return d->max_age_s == 0 ||
	       now_s(CLOCK_BOOTTIME) - w->confirmed_s <= d->max_age_s;
}

struct build {
	const char *conf;
	struct source_draft *directory; /* just read; NULL: the last known */
	struct source_directory *ret_directory;
	struct source_report *errors;
	struct source_report *notes;
};

/* The file's text and the directory's part into what is in force.  False, and
 * nothing changed, when there is an error. */
static bool
build(struct worker *w, const struct build *b)
{
	struct source_draft file = { 0 };
	struct source_draft known = { 0 };
	struct source_draft *directory = b->directory;
	struct source_directory *d = b->ret_directory;
	struct policy_set *set = NULL;

	if (source_file_read(b->conf, w->name, &file, d, b->errors)) {
		uint64_t key = source_directory_key(d);

		if (!d->present)
			directory = NULL;
		else if (!directory && still_usable(w, d) &&
			 source_from_snapshot(w->snapshot, w->len, key, &known))
			directory = &known;
		set = source_compile(
			&file, directory, d->present, b->errors, b->notes);
		if (set) {
			set->source_key = directory ? key : 0;
			describe_source(w, d, b->directory != NULL, set);
			w->broken = false;
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

	w->broken = true;
	publish(w, &set);
}

/* ---- the file ----------------------------------------------------------- */

static void
file_refused(struct worker *w, size_t errors)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s has %zu error%s: %s", w->name, errors,
		errors == 1 ? "" : "s",
		w->snapshot && !w->broken ? "the last good policy stays"
					  : "all is denied");
	if (!w->snapshot)
		publish_broken(w);
}

static void
file_unread(struct worker *w)
{
	struct text t = text_over(w->file_status, sizeof(w->file_status));

	text_printf(&t, "file %s cannot be read: %s", w->name,
		w->snapshot && !w->broken ? "the last good policy stays"
					  : "all is denied");
	if (!w->snapshot)
		publish_broken(w);
	tell_status(w);
}

/* Takes the text. */
static void
take_conf(struct worker *w, char *text)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct source_directory d;
	struct build b = { text, NULL, &d, &errors, &notes };
	bool good = build(w, &b);

	say(w, &errors, &notes);
	if (good) {
		struct text t =
			text_over(w->file_status, sizeof(w->file_status));

		free(w->conf);
		w->conf = text;
		w->directory = d;
		w->failures = 0;
		w->answer = ANSWER_NONE;
		w->directory_status[0] = '\0';
		text_printf(&t, "file %s is in force", w->name);
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
directory_answered(struct worker *w)
{
	struct text t =
		text_over(w->directory_status, sizeof(w->directory_status));

	text_printf(&t, "directory %s answers", w->uri);
	if (w->answer != ANSWER_GOOD)
		log_info(LOG_POLICY, "directory: %s: answers", w->uri);
	w->answer = ANSWER_GOOD;
	w->failures = 0;
	w->confirmed_s = now_s(CLOCK_BOOTTIME);
	if (w->state_dir)
		(void)cache_confirm(w->state_dir); /* saving has told */
}

/* The rules that are known stay; too old, they go. */
static void
directory_silent(struct worker *w, enum answer answer, const char *problem)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct source_directory d;
	struct build b = { w->conf, NULL, &d, &errors, &notes };
	struct text t =
		text_over(w->directory_status, sizeof(w->directory_status));
	uint64_t key;
	bool known = digest_of(w->snapshot, w->len, &key) != 0 &&
		     key == source_directory_key(&w->directory);
	bool expired = known && !still_usable(w, &w->directory);
	const char *then = !known    ? "nothing is known from it"
			   : expired ? "its last known rules are too old and "
				       "no longer used"
				     : "its last known rules stay";

	text_printf(&t, "directory: %s; %s", problem, then);
	if (w->answer != answer || expired)
		log_err(LOG_POLICY, "directory: %s; %s", problem, then);
	w->answer = answer;
	if (w->failures < 16)
		w->failures++;
	if (expired && !build(w, &b))
		log_err(LOG_POLICY, "file: no longer compiles, see reload");
	source_report_done(&errors);
	source_report_done(&notes);
}

static void
ask_directory(struct worker *w)
{
	struct source_draft draft = { 0 };
	struct source_report errors = { 0 };
	struct source_report skipped = { 0 };
	struct source_directory d;
	struct build b = { w->conf, &draft, &d, &errors, &skipped };
	char said[WORKER_STATUS / 4];
	struct text problem = text_over(said, sizeof(said));

	bool answered = source_ldap_read(
		&w->directory, &draft, &skipped, w->uri, &problem);
	size_t found = draft.n_rules + draft.n_categories + skipped.count;

	if (!answered) {
		directory_silent(w, ANSWER_FAILED, said);
	} else if (build(w, &b)) {
		directory_answered(w);
		if (found == 0)
			source_report_add(&skipped, w->uri,
				"no entry below %s has one of the tags",
				w->directory.base);
		say(w, &errors, &skipped);
	} else {
		say(w, &errors, &skipped);
		text_printf(&problem, "%s: its rules are not valid (%s)",
			w->uri, errors.lines[0] ? errors.lines[0] : "");
		directory_silent(w, ANSWER_UNUSABLE, said);
	}
	source_draft_done(&draft);
	source_report_done(&errors);
	source_report_done(&skipped);
	tell_status(w);
}

/* ---- the thread --------------------------------------------------------- */

/* The last good snapshot, in force before anything else is looked at. */
static void
start_from_cache(struct worker *w)
{
	struct source_draft ignored = { 0 };
	struct policy_head head;
	int64_t age_s = 0;
	int rc;

	w->confirmed_s = now_s(CLOCK_BOOTTIME);
	if (!w->state_dir)
		return;
	rc = cache_load(w->state_dir, &w->snapshot, &w->len, &age_s);
	if (rc < 0) {
		if (rc != -ENOENT)
			log_warn(LOG_POLICY, "cache: %s/policy.cache: %s",
				w->state_dir, strerror(-rc));
		return;
	}

	const char *problem = policy_head_read(w->snapshot, w->len, &head);

	if (!problem && !source_from_snapshot(
				w->snapshot, w->len, head.source_key, &ignored))
		problem = "the cache does not load";
	source_draft_done(&ignored);
	if (problem) {
		log_warn(LOG_POLICY, "cache: %s/policy.cache: not used (%s)",
			w->state_dir, problem);
		free(w->snapshot);
		w->snapshot = NULL;
		return;
	}
	w->generation = head.generation;
	w->confirmed_s -= age_s;
	log_info(LOG_POLICY,
		"generation %" PRIu64 ": from the cache, %" PRId64 " s old",
		w->generation, age_s);
	tell_snapshot(w);
}

/* Seconds until the directory is asked again: a little less or more, so that
 * many hosts do not ask at once. */
static int64_t
next_ask_s(const struct worker *w)
{
	const uint32_t told_s = w->poll_s;
	int64_t s = told_s > 0 ? told_s : w->directory.poll_s;

	if (!w->directory.present)
		return FOREVER_S;
	if (w->failures > 0) {
		int64_t retry_s = INT64_C(1) << (w->failures - 1);

		if (retry_s > RETRY_MOST_S)
			retry_s = RETRY_MOST_S;
		if (retry_s < s)
			s = retry_s;
	}
	return s;
}

struct work {
	bool conf;   /* a new file */
	bool unread; /* which could not be read */
	char *text;  /* of it, owned; NULL: there is none */
};

/* Wait for a new file, a hint or the time. */
static struct work
wait_for_work(struct worker *w, int64_t wait_s)
{
	struct timespec until;
	struct work work;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
	until.tv_sec += wait_s;
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	while (!w->conf_changed && !w->hurry && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->cond, &w->lock, &until);
	work = (struct work){ w->conf_changed, w->conf_unread, w->conf_new };
	w->conf_new = NULL;
	w->conf_changed = false;
	w->hurry = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return work;
}

static void *
worker_main(void *arg)
{
	struct worker *w = (struct worker *)arg;

	start_from_cache(w);
	for (;;) {
		struct work work = wait_for_work(w, next_ask_s(w));

		if (work.conf && !work.text && !work.unread)
			work.text = strdup("");
		if (work.text)
			take_conf(w, work.text);
		else if (work.conf)
			file_unread(w);
		if (w->conf && w->directory.present)
			ask_directory(w);
	}
	return NULL;
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
	w->state_dir = state_dir;
	w->name = name;
	w->wake_fd = wake_fd;
	if (pthread_mutex_init(&w->lock, NULL) != 0 ||
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
