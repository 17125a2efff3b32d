/* SPDX-License-Identifier: ISC */

/* The worker's thread: what wakes it, what it is given, its turns. */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/os.h"
#include "worker_own_int.h"

struct work {
	bool conf;   /* a new file */
	bool unread; /* which could not be read */
	bool hurry;
	char *text; /* of it, owned; NULL: there is none */
	bool ending;
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
	while (!w->ending && !w->conf_changed && !w->hurry && !w->kicked &&
		TAILQ_EMPTY(&w->orders) && rc != ETIMEDOUT) {
		if (end.us == MONO_NEVER.us)
			rc = pthread_cond_wait(&w->cond, &w->lock);
		else
			rc = pthread_cond_timedwait(&w->cond, &w->lock, &until);
	}
	work = (struct work){ w->conf_changed, w->conf_unread, w->hurry,
		w->conf_new, w->ending };
	w->conf_new = NULL;
	w->conf_changed = false;
	w->hurry = false;
	w->kicked = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return work;
}

/* NULL: none is to be begun. */
static struct worker_order *
next_order(struct worker *w)
{
	struct worker_order *order;

	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	order = TAILQ_FIRST(&w->orders);
	if (order)
		TAILQ_REMOVE_HEAD(&w->orders, worker_order, entry);
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	return order;
}

static void
wait_for_begin(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	while (!w->begun)
		(void)pthread_cond_wait(&w->cond, &w->lock); /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock);                /* cannot fail */
}

static void
tell_ended(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->ended = true;
	(void)pthread_cond_broadcast(&w->cond); /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock);   /* cannot fail */
}

static void *
worker_main(void *arg)
{
	struct worker *w = (struct worker *)arg;

	wait_for_begin(w);
	worker_resume(w);
	for (;;) {
		struct work work = wait_for_work(w, worker_next_turn(w));

		if (work.ending) {
			(void)worker_save(w); /* it is told */
			tell_ended(w);
			return NULL;
		}
		if (work.conf && !work.text && !work.unread)
			work.text = worker_no_file();
		if (work.text)
			worker_take_file(w, work.text);
		else if (work.conf)
			worker_file_unread(w);
		if (work.hurry && w->directory.present)
			dir_hurry(w->dir);
		worker_take_news(w);
		for (struct worker_order *o; (o = next_order(w));)
			order_begin(w, o);
		order_check_time(w, os_now());
		worker_do_what_is_due(w);
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
worker_begin(struct worker *w, const struct worker_found *found)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->found = *found;
	w->begun = true;
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
worker_order(struct worker *w, struct worker_order *order)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	TAILQ_INSERT_TAIL(&w->orders, order, entry);
	(void)pthread_cond_signal(&w->cond);  /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
}

void
worker_hurry(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->hurry = true;
	(void)pthread_cond_signal(&w->cond);  /* cannot fail */
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
}

void
worker_end(struct worker *w, int64_t wait_ms)
{
	const struct mono end = mono_add_ms(os_now(), wait_ms);
	const struct timespec until = { .tv_sec = end.us / 1000000,
		.tv_nsec = end.us % 1000000 * 1000 };
	int rc = 0;

	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	w->ending = w->begun;
	(void)pthread_cond_broadcast(&w->cond); /* cannot fail */
	while (w->ending && !w->ended && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->cond, &w->lock, &until);
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
	TAILQ_INIT(&w->orders);
	TAILQ_INIT(&w->news.done);
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
