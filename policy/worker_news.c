/* SPDX-License-Identifier: ISC */

/* What the worker's thread tells the main one. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "worker_own_int.h"

static void
wake(struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		log_err(LOG_POLICY, "worker: cannot wake the main thread: %s",
			strerror(errno));
}

void
worker_tell_status(struct worker *w)
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
	s.release = w->force.release_known ? w->force.release : 0;
	s.file = w->file;
	s.held = w->held.generation;
	s.held_unix_s = w->held.since_unix_s;
	s.n_kept = w->history.count;
	for (size_t i = 0; i < s.n_kept; i++)
		s.kept[i] = w->history.at[i];
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
void
worker_tell_snapshot(struct worker *w)
{
	const bool held = w->held.generation != 0;
	const uint8_t *bytes = held ? w->held.snapshot : w->force.snapshot;
	const size_t len = held ? w->held.len : w->force.len;
	uint8_t *copy = (uint8_t *)malloc(len);

	if (!copy) {
		log_err(LOG_POLICY, "snapshot: no memory to hand it over");
		return;
	}
	memcpy(copy, bytes, len);
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	free(w->news.snapshot);
	w->news.snapshot = copy;
	w->news.len = len;
	w->news.generation = held ? w->held.generation : w->force.generation;
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
	w->news.is_done = false;
	w->news.candidate = NULL;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return ret_news->snapshot || ret_news->status_changed ||
	       ret_news->is_done;
}

void
worker_tell_done(struct worker *w, const struct worker_done *done,
	uint8_t *candidate, size_t len)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	alloc_put(alloc_heap(), w->news.candidate);
	w->news.is_done = true;
	w->news.done = *done;
	w->news.candidate = candidate;
	w->news.candidate_len = len;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	wake(w);
}
