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
	TAILQ_INIT(&ret_news->done);
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	ret_news->snapshot = w->news.snapshot;
	ret_news->len = w->news.len;
	ret_news->generation = w->news.generation;
	ret_news->status_changed = w->news.status_changed;
	ret_news->status = w->news.status;
	TAILQ_CONCAT(&ret_news->done, &w->news.done, entry);
	w->news.snapshot = NULL;
	w->news.status_changed = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return ret_news->snapshot || ret_news->status_changed ||
	       !TAILQ_EMPTY(&ret_news->done);
}

void
worker_tell_done(struct worker *w, struct worker_order *order)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	TAILQ_INSERT_TAIL(&w->news.done, order, entry);
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	wake(w);
}

struct worker_order *
worker_order_new(void)
{
	return (struct worker_order *)calloc(1, sizeof(struct worker_order));
}

void
worker_order_free(struct worker_order *order)
{
	free(order->text);
	alloc_put(alloc_heap(), order->done.candidate);
	free(order);
}
