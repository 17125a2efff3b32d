/* SPDX-License-Identifier: ISC */

/* The worker's thread with whatever wakes it: policy/worker_thread.c. */

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "base/os.h"
#include "worker_t.h"

enum { PATIENCE_MS = 20000, CACHE_PATH = 64 };

static void
begin(struct bench *b)
{
	const struct worker_found nothing = { 0 };

	bench_begin(b, true);
	t_clock_go();
	worker_begin(b->w, &nothing);
}

/* The news that follow; the worker is idle when there are none for now. */
static void
wait_for_news(struct bench *b)
{
	struct pollfd p = { .fd = b->wake_fd, .events = POLLIN };
	const struct mono end = mono_add_ms(os_now(), PATIENCE_MS);

	do {
		T_CHECK(!mono_reached(end, os_now()), "no news");
		(void)poll(&p, 1, PATIENCE_MS);
		(void)bench_woken(b);
	} while (!bench_news(b));
}

static void
wait_for_status(struct bench *b, const char *text)
{
	do
		wait_for_news(b);
	while (!strstr(b->news.status.text, text));
}

static struct worker_done
wait_for_order(struct bench *b)
{
	struct worker_order *order;
	struct worker_done done;

	do
		wait_for_news(b);
	while (TAILQ_EMPTY(&b->news.done));
	order = TAILQ_FIRST(&b->news.done);
	done = order->done;
	order->done.candidate = NULL;
	TAILQ_REMOVE(&b->news.done, order, entry);
	worker_order_free(order);
	T_CHECK(TAILQ_EMPTY(&b->news.done), "two are done");
	return done;
}

/* It writes nothing any more. */
static void
end(struct bench *b)
{
	worker_end(b->w, PATIENCE_MS);
	T_CHECK(b->w->ended, "still at it");
	bench_done(b);
}

static void
a_file_is_looked_at(void)
{
	struct bench b;

	begin(&b);
	worker_conf(b.w, strdup(T_RULE("fr")));
	wait_for_status(&b, "file p.conf is in force");
	T_EQ(b.news.status.file.digest, text_digest(T_RULE("fr")));
	worker_unread(b.w);
	wait_for_status(&b, "cannot be read: the last good policy stays");
	T_EQ(b.news.status.file.generation, 1);
	worker_conf(b.w, strdup(""));
	wait_for_status(&b, "has 1 error: the last good policy stays");
	/* None is one without rules. */
	worker_conf(b.w, NULL);
	wait_for_status(&b, "file p.conf is in force");
	T_EQ(b.news.status.file.generation, 2);
	end(&b);
}

static void
orders_are_done_in_turn(void)
{
	struct bench b;
	struct worker_done done;

	begin(&b);
	worker_conf(b.w, strdup(T_RULE("fr")));
	wait_for_status(&b, "in force");
	worker_order(b.w, t_order(POLICY_ORDER_LOAD, T_RULE("fr2")));
	done = wait_for_order(&b);
	T_CHECK(done.ok && done.generation == 2, "%s", done.text);
	worker_order(b.w, t_order(POLICY_ORDER_LOAD, NULL));
	done = wait_for_order(&b);
	T_CHECK(done.ok && done.generation == 3, "%s", done.text);
	end(&b);
}

static void
the_directory_wakes_it(void)
{
	struct bench b;
	struct mono until;

	begin(&b);
	worker_poll(b.w, 17);
	worker_conf(b.w, strdup(T_RULE("fr") T_DIRECTORY("quiet = 0;")));
	wait_for_status(&b, "in force");
	T_EQ(b.dir->followed.poll_s, 17);
	b.dir->news =
		(struct dir_news){ .confirmed = true, .heard = b.dir->asked };
	b.dir->wake(b.dir->arg);
	wait_for_status(&b, "answers");
	T_CHECK(bench_has(&b, "dr"), "not taken");
	T_EQ(b.dir->n_hurry, 0);
	worker_hurry(b.w);
	until = mono_add_ms(os_now(), PATIENCE_MS);
	while (__atomic_load_n(&b.dir->n_hurry, __ATOMIC_ACQUIRE) == 0) {
		T_CHECK(!mono_reached(until, os_now()), "not asked");
		(void)sched_yield();
	}
	end(&b);
	T_EQ(b.dir->n_hurry, 1);
}

static void
nothing_to_hurry_without_a_directory(void)
{
	struct bench b;

	begin(&b);
	worker_conf(b.w, strdup(T_RULE("fr")));
	worker_hurry(b.w);
	worker_order(b.w, t_order(POLICY_ORDER_LOAD, T_RULE("fr2")));
	(void)wait_for_order(&b);
	T_EQ(b.dir->n_hurry, 0);
	end(&b);
}

/* A rule of the file is in force; where its cache is, or will be. */
static void
begin_in_force(struct bench *b, char ret_path[CACHE_PATH])
{
	begin(b);
	(void)snprintf(ret_path, CACHE_PATH, "%s/policy.cache", b->state);
	worker_conf(b->w, strdup(T_RULE("fr")));
	wait_for_status(b, "in force");
}

static void
what_is_due_is_done_unasked(void)
{
	struct bench b;
	char path[CACHE_PATH];

	begin_in_force(&b, path);
	while (b.news.status.cache_unix_s == 0)
		wait_for_news(&b);
	T_EQ(access(path, F_OK), 0);
	end(&b);
}

static void
the_end_leaves_what_is_in_force_on_disk(void)
{
	struct bench b;
	char path[CACHE_PATH];

	begin_in_force(&b, path);
	worker_end(b.w, PATIENCE_MS);
	T_CHECK(b.w->ended, "still at it");
	T_EQ(access(path, F_OK), 0);
	bench_done(&b);
	/* Nobody waits for one that has not begun. */
	bench_begin(&b, false);
	worker_end(b.w, PATIENCE_MS);
	T_CHECK(!b.w->ended, "it has");
	bench_done(&b);
}

static struct t_case cases[] = {
	{ "A file is looked at", a_file_is_looked_at },
	{ "Orders are done in turn", orders_are_done_in_turn },
	{ "The directory wakes it", the_directory_wakes_it },
	{ "Without a directory there is nothing to hurry",
		nothing_to_hurry_without_a_directory },
	{ "What is due is done unasked", what_is_due_is_done_unasked },
	{ "The end leaves what is in force on disk",
		the_end_leaves_what_is_in_force_on_disk },
};
T_MAIN(cases)
