/* SPDX-License-Identifier: ISC */

/*
 * The thread that follows the directory: which server, and when again; and
 * what the worker may ask of it.
 */

#include "dir_try_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/os.h"

enum { RETRY_LEAST_MS = 1000, FAILURES_MOST = 20 };

const char *
dir_mode_text(enum source_mode mode)
{
	static const char *const texts[] = { [SOURCE_MODE_NONE] = "none",
		[SOURCE_MODE_POLL] = "poll",
		[SOURCE_MODE_REFRESH] = "refresh",
		[SOURCE_MODE_PERSIST] = "persist" };

	return texts[mode];
}

void
dir_lock(struct dir *d)
{
	(void)pthread_mutex_lock(&d->lock); /* a plain one: cannot fail */
}

void
dir_unlock(struct dir *d)
{
	(void)pthread_mutex_unlock(&d->lock); /* as above */
}

/* ---- rounds -------------------------------------------------------------- */

static uint64_t
draw(struct dir *d, uint64_t below)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return below == 0 ? 0 : d->random % below;
}

/* Each server once, beginning with the one that answered last.  True: one
 * answered; a persistent search has then ended, with or without a problem. */
static bool
round_of_servers(struct dir *d, const struct source_directory *conf,
	struct text *problem)
{
	for (size_t i = 0; i < conf->n_uris && !dir_interrupted(d); i++) {
		size_t at = (d->at + i) % conf->n_uris;
		char said[DIR_PROBLEM];
		struct text why = text_over(said, sizeof(said));
		bool answered = dir_try(d, conf, at, &why);

		if (answered)
			d->at = at;
		if (why.len > 0)
			text_printf(problem, "%s%s: %s",
				problem->len > 0 ? "; " : "", conf->uris[at],
				said);
		if (answered)
			return true;
	}
	return false;
}

/* How long until the next round. */
static int64_t
pause_ms(struct dir *d, const struct source_directory *conf, bool answered,
	bool failed)
{
	int64_t ms;

	if (failed) {
		int64_t most = (int64_t)conf->retry_s * 1000;

		ms = (int64_t)RETRY_LEAST_MS << d->failures;
		if (d->failures < FAILURES_MOST)
			d->failures++;
		if (ms > most)
			ms = most;
		/* Many hosts lost the same server at the same moment. */
		return ms - (int64_t)draw(d, (uint64_t)ms / 4 + 1);
	}
	if (d->unsettled)
		return conf->quiet_ms;
	if (d->mode == SOURCE_MODE_PERSIST || !answered) /* begin again */
		return (int64_t)draw(d, RETRY_LEAST_MS);
	ms = (int64_t)conf->poll_s * 1000;
	return ms - ms / 20 + (int64_t)draw(d, (uint64_t)ms / 10 + 1);
}

/* Without it a table is slower at worst, or two hosts are in step. */
static void
seed(void *bytes, size_t n)
{
	if (getrandom(bytes, n, GRND_NONBLOCK) < 0)
		log_debug(LOG_POLICY, "directory: no random numbers");
}

static struct mirror *
new_mirror(void)
{
	struct hash_key key = { 0, 0 };

	seed(&key, sizeof(key));
	return mirror_new(&key, SOURCE_ENTRIES_MAX,
		(size_t)SOURCE_ENTRIES_MIB * 1024 * 1024);
}

/* With the lock held: other settings, and if these are for other entries,
 * other entries. */
static void
begin_anew(struct dir *d)
{
	struct mirror *fresh;

	d->changed = false;
	d->unsettled = false;
	d->at = 0;
	for (size_t i = 0; i < SOURCE_URIS; i++)
		d->ceiling[i] = d->next.mode_most;
	if (d->wanted && source_directory_view(&d->now) !=
				 source_directory_view(&d->next)) {
		d->cookie_len = 0;
		d->facts.cookie_unix_s = 0;
		fresh = new_mirror();
		/* Without: a whole refresh puts the old one right. */
		if (fresh) {
			mirror_free(d->mirror);
			d->mirror = fresh;
		}
		if (fresh && d->memory_bytes &&
			mirror_read(fresh, &d->memory.mirror)) {
			memcpy(d->cookie, d->memory.cookie, DIR_COOKIE);
			d->cookie_len = d->memory.cookie_len;
			(void)text_copy(d->cookie_uri, SOURCE_TEXT,
				d->memory.uri); /* fits */
			d->facts.cookie_unix_s = d->memory.cookie_unix_s;
		}
	}
	free(d->memory_bytes);
	d->memory_bytes = NULL;
	if (d->wanted)
		d->now = d->next;
	d->facts.entries = mirror_count(d->mirror);
}

/* Until the time, new settings or a wish to hurry; false: not wanted. */
static bool
wait_for_turn(struct dir *d, int64_t ms, struct source_directory *ret_conf)
{
	struct timespec until;
	struct mono end = mono_add_ms(os_now(), ms);
	int rc = 0;

	until.tv_sec = end.us / 1000000;
	until.tv_nsec = end.us % 1000000 * 1000;
	dir_lock(d);
	while (!d->changed && (!d->wanted || (!d->hurry && rc != ETIMEDOUT))) {
		if (d->wanted)
			rc = pthread_cond_timedwait(&d->cond, &d->lock, &until);
		else
			rc = pthread_cond_wait(&d->cond, &d->lock);
	}
	if (d->changed || d->hurry)
		d->failures = 0;
	if (d->changed)
		begin_anew(d);
	d->hurry = false;
	d->begun = d->asked;
	d->facts.retry_unix_s = 0;
	*ret_conf = d->now;

	bool wanted = d->wanted;

	dir_unlock(d);
	return wanted;
}

static void
set_retry(struct dir *d, int64_t ms)
{
	dir_lock(d);
	d->facts.retry_unix_s = (int64_t)time(NULL) + (ms + 500) / 1000;
	dir_unlock(d);
}

static void *
dir_main(void *arg)
{
	struct dir *d = (struct dir *)arg;
	struct source_directory conf;
	int64_t ms = 0;

	for (;;) {
		char said[DIR_PROBLEM * 2];
		struct text problem = text_over(said, sizeof(said));
		bool answered;

		if (!wait_for_turn(d, ms, &conf))
			continue;
		answered = round_of_servers(d, &conf, &problem);
		if (dir_interrupted(d)) {
			ms = 0;
			continue;
		}
		ms = pause_ms(d, &conf, answered, problem.len > 0);
		if (problem.len > 0)
			set_retry(d, ms);
		if (problem.len > 0)
			dir_tell_failed(d, said);
	}
	return NULL;
}

/* ---- interface ----------------------------------------------------------- */

struct dir *
dir_new(void (*wake)(void *arg), void *arg)
{
	struct dir *d = (struct dir *)calloc(1, sizeof(*d));
	pthread_condattr_t attr;

	if (!d)
		return NULL;
	d->wake = wake;
	d->arg = arg;
	dir_cutter_init(&d->cutter);
	d->mirror = new_mirror();
	d->random = (uint64_t)os_now().us;
	seed(&d->random, sizeof(d->random));
	d->random |= 1;
	if (!d->mirror || pthread_mutex_init(&d->lock, NULL) != 0 ||
		pthread_condattr_init(&attr) != 0)
		goto fail;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* exists */
	if (pthread_cond_init(&d->cond, &attr) == 0)
		return d;
fail:
	mirror_free(d->mirror);
	free(d);
	return NULL;
}

static bool
start(struct dir *d)
{
	pthread_t thread;

	if (d->started)
		return true;
	d->started = pthread_create(&thread, NULL, dir_main, d) == 0;
	if (d->started)
		(void)pthread_detach(thread); /* it ends with the process */
	return d->started;
}

/* With the lock held. */
static void
take_memory(struct dir *d, const struct dir_memory *memory)
{
	size_t len = memory ? buf_left(&memory->mirror) : 0;

	free(d->memory_bytes);
	d->memory_bytes = len > 0 ? (uint8_t *)malloc(len) : NULL;
	if (!d->memory_bytes)
		return; /* a whole refresh will do */
	memcpy(d->memory_bytes, memory->mirror.pos, len);
	d->memory = *memory;
	d->memory.mirror = buf_reader(d->memory_bytes, len);
}

uint64_t
dir_follow(struct dir *d, const struct source_directory *directory,
	const struct dir_memory *memory)
{
	dir_lock(d);

	/* NOLINTBEGIN(bugprone-suspicious-memory*,cert-*): zeroed whole */
	bool other =
		!d->wanted || memcmp(&d->next, directory, sizeof(d->next)) != 0;
	/* NOLINTEND(bugprone-suspicious-memory*,cert-*) */

	if (other) {
		take_memory(d, memory);
		d->next = *directory;
		d->changed = true;
		d->wanted = true;
		d->news = (struct dir_news){ 0 };
	}
	const uint64_t number = ++d->asked;

	d->hurry = true;
	(void)pthread_cond_signal(&d->cond); /* cannot fail */
	dir_unlock(d);
	if (other)
		dir_cutter_cut(&d->cutter);
	if (!start(d)) {
		d->begun = number; /* there is no thread whose own it is */
		dir_tell_failed(d, "no thread to follow it");
	}
	return number;
}

void
dir_leave(struct dir *d)
{
	dir_lock(d);

	bool cut = d->wanted;

	if (cut) {
		d->changed = true;
		d->wanted = false;
		d->facts = (struct dir_facts){ 0 };
		d->news = (struct dir_news){ 0 };
		(void)pthread_cond_signal(&d->cond); /* cannot fail */
	}
	dir_unlock(d);
	if (cut)
		dir_cutter_cut(&d->cutter);
}

void
dir_hurry(struct dir *d)
{
	dir_lock(d);
	d->hurry = true;
	(void)pthread_cond_signal(&d->cond); /* cannot fail */
	dir_unlock(d);
}

uint64_t
dir_ask(struct dir *d)
{
	dir_lock(d);

	const uint64_t number = ++d->asked;

	d->hurry = true;
	(void)pthread_cond_signal(&d->cond); /* cannot fail */
	dir_unlock(d);
	return number;
}

bool
dir_take_news(struct dir *d, struct dir_news *ret)
{
	dir_lock(d);
	*ret = d->news;
	d->news = (struct dir_news){ 0 };
	dir_unlock(d);
	return ret->confirmed || ret->failed || ret->changed;
}

struct mono
dir_watch(struct dir *d, struct mono now)
{
	return dir_cutter_watch(&d->cutter, now);
}

uint64_t
dir_release(struct dir *d)
{
	dir_lock(d);

	uint64_t release = dir_draft_release(d->mirror);

	dir_unlock(d);
	return release;
}

bool
dir_read(struct dir *d, struct source_draft *draft,
	struct source_report *skipped, char ret_uri[SOURCE_TEXT])
{
	dir_lock(d);

	bool ready = !d->changed;

	if (ready) {
		dir_draft(d->mirror, &d->now, draft, skipped);
		(void)text_copy(ret_uri, SOURCE_TEXT, d->facts.uri); /* fits */
	}
	dir_unlock(d);
	return ready;
}

bool
dir_remember(struct dir *d, struct dir_memory *ret, uint8_t **ret_bytes)
{
	uint8_t *bytes = NULL;

	dir_lock(d);
	if (!d->changed) {
		size_t len = mirror_size(d->mirror);

		bytes = (uint8_t *)malloc(len);
		if (bytes) {
			struct buf_writer w = buf_writer(bytes, len);

			(void)mirror_write(d->mirror, &w); /* that size */
			ret->mirror = buf_reader(bytes, len);
		}
		memcpy(ret->cookie, d->cookie, d->cookie_len);
		ret->cookie_len = d->cookie_len;
		ret->cookie_unix_s = d->facts.cookie_unix_s;
		(void)text_copy(ret->uri, SOURCE_TEXT, d->cookie_uri);
	}
	dir_unlock(d);
	*ret_bytes = bytes;
	return bytes != NULL;
}

void
dir_facts(struct dir *d, struct dir_facts *ret)
{
	dir_lock(d);
	*ret = d->facts;
	dir_unlock(d);
}

/* ---- once, for a command line -------------------------------------------- */

bool
source_ldap_read(const struct source_directory *directory,
	struct source_draft *draft, struct source_report *skipped,
	char ret_uri[SOURCE_TEXT], struct text *ret_problem)
{
	struct dir_cutter cutter;
	pthread_mutex_t none = PTHREAD_MUTEX_INITIALIZER;
	bool answered = false;

	dir_cutter_init(&cutter);
	for (size_t i = 0; i < directory->n_uris && !answered; i++) {
		const char *uri = directory->uris[i];
		char said[DIR_PROBLEM];
		struct text why = text_over(said, sizeof(said));
		struct dir_store store = { new_mirror(), &none };
		struct dir_conn *conn =
			dir_conn_open(directory, uri, &cutter, &why);
		struct dir_offer offer;

		answered = conn && store.mirror &&
			   dir_conn_offer(conn, directory, &offer, &why) &&
			   dir_search(conn, directory, offer.paged, &store,
				   &why) &&
			   !dir_store_refused(
				   mirror_refresh_commit(store.mirror), &why);
		if (answered) {
			dir_draft(store.mirror, directory, draft, skipped);
			(void)text_copy(ret_uri, SOURCE_TEXT, uri); /* fits */
		} else {
			text_printf(ret_problem, "%s%s: %s", i > 0 ? "; " : "",
				uri, said);
		}
		dir_conn_close(conn);
		mirror_free(store.mirror);
	}
	return answered;
}
