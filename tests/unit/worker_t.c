/* SPDX-License-Identifier: ISC */

/* The bench of policyd's worker; see worker_t.h. */

#include "worker_t.h"

#include <dirent.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/os.h"

/* ---- the directory ------------------------------------------------------- */

static struct dir *newest;

struct dir *
dir_new(void (*wake)(void *arg), void *arg)
{
	newest = (struct dir *)calloc(1, sizeof(*newest));
	T_CHECK(newest != NULL, "no memory");
	newest->wake = wake;
	newest->arg = arg;
	newest->deadline = MONO_NEVER;
	return newest;
}

uint64_t
dir_follow(struct dir *d, const struct source_directory *directory,
	const struct dir_memory *memory)
{
	d->follows = true;
	d->followed = *directory;
	d->had_memory = memory != NULL;
	d->n_follow++;
	return ++d->asked;
}

void
dir_leave(struct dir *d)
{
	d->follows = false;
	d->n_leave++;
}

void
dir_hurry(struct dir *d)
{
	d->n_hurry++;
}

uint64_t
dir_ask(struct dir *d)
{
	return ++d->asked;
}

bool
dir_take_news(struct dir *d, struct dir_news *ret)
{
	*ret = d->news;
	d->news = (struct dir_news){ 0 };
	return ret->confirmed || ret->failed || ret->changed;
}

struct mono
dir_watch(struct dir *d, struct mono now)
{
	(void)now;
	return d->deadline;
}

uint64_t
dir_release(struct dir *d)
{
	return d->release;
}

bool
dir_read(struct dir *d, struct source_draft *draft,
	struct source_report *skipped, char ret_uri[SOURCE_TEXT])
{
	static struct source_directory ignored;
	struct source_report errors = { 0 };

	d->n_read++;
	if (d->busy)
		return false;
	T_CHECK(source_file_read(d->text ? d->text : "#\n", "dn", draft,
			&ignored, &errors),
		"not a draft");
	for (size_t i = 0; i < draft->n_rules; i++)
		draft->rules[i].rule->origin = POLICY_FROM_DIRECTORY;
	for (size_t i = 0; i < draft->n_categories; i++)
		draft->categories[i].category.origin = POLICY_FROM_DIRECTORY;
	if (d->skipped)
		source_report_add(skipped, "dn", "%s", d->skipped);
	(void)text_copy(ret_uri, SOURCE_TEXT, d->facts.uri);
	return true;
}

bool
dir_remember(struct dir *d, struct dir_memory *ret, uint8_t **ret_bytes)
{
	(void)d;
	*ret_bytes = (uint8_t *)calloc(1, 4);
	*ret = (struct dir_memory){ .mirror = buf_reader(*ret_bytes, 4) };
	return *ret_bytes != NULL;
}

void
dir_facts(struct dir *d, struct dir_facts *ret)
{
	*ret = d->facts;
}

/* ---- the bench ----------------------------------------------------------- */

static void
begin_worker(struct bench *b)
{
	b->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	T_CHECK(b->wake_fd >= 0, "no eventfd: %d", errno);
	b->w = worker_start(
		b->state[0] != '\0' ? b->state : NULL, "p.conf", b->wake_fd);
	T_CHECK(t_keep(b->w) != NULL, "no worker");
	b->dir = newest;
	(void)text_copy(b->dir->facts.uri, SOURCE_TEXT, "ldap://localhost");
	b->dir->text = T_RULE("dr");
}

void
bench_begin(struct bench *b, bool with_state)
{
	memset(b, 0, sizeof(*b));
	t_clock_begin();
	(void)t_said("");
	if (with_state) {
		(void)text_copy(
			b->state, sizeof(b->state), "/tmp/t_worker.XXXXXX");
		T_CHECK(mkdtemp(b->state) != NULL, "no directory: %d", errno);
	}
	begin_worker(b);
}

void
bench_again(struct bench *b)
{
	close(b->wake_fd);
	begin_worker(b);
}

void
bench_done(struct bench *b)
{
	DIR *files = b->state[0] != '\0' ? opendir(b->state) : NULL;

	for (struct dirent *e; files && (e = readdir(files));)
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(files), e->d_name, 0);
	if (files) {
		(void)closedir(files);
		T_EQ(rmdir(b->state), 0);
	}
	close(b->wake_fd);
}

void
bench_resume(struct bench *b, const struct worker_found *found)
{
	if (found)
		b->w->found = *found;
	worker_resume(b->w);
}

void
bench_file(struct bench *b, const char *text)
{
	worker_take_file(b->w, strdup(text));
}

bool
bench_news(struct bench *b)
{
	const bool any = worker_take(b->w, &b->news);
	static uint8_t *kept;

	b->handed_over = b->news.snapshot != NULL;
	if (b->handed_over) {
		const char *problem = policy_head_read(
			b->news.snapshot, b->news.len, &b->head);

		T_CHECK(!problem, "%s", problem);
		free(kept);
		kept = b->news.snapshot; /* the head has views of it */
	}
	b->news.snapshot = NULL;
	return any;
}

unsigned
bench_woken(struct bench *b)
{
	uint64_t count = 0;

	(void)!read(b->wake_fd, &count, sizeof(count)); /* none: 0 */
	return (unsigned)count;
}

void
bench_confirmed(struct bench *b)
{
	b->dir->news.confirmed = true;
	b->dir->news.heard = b->dir->asked;
	worker_take_news(b->w);
}

void
bench_failed(struct bench *b, const char *problem)
{
	b->dir->news.failed = true;
	b->dir->news.heard = b->dir->asked;
	(void)text_copy(b->dir->news.problem, DIR_PROBLEM, problem);
	worker_take_news(b->w);
}

void
bench_changed(struct bench *b, const char *text)
{
	b->dir->text = text;
	b->dir->news.changed = true;
	b->dir->news.first_change = os_now();
	b->dir->news.last_change = os_now();
	worker_take_news(b->w);
}

bool
bench_has(const struct bench *b, const char *rule)
{
	return b->w->force.snapshot &&
	       memmem(b->w->force.snapshot, b->w->force.len, rule,
		       strlen(rule)) != NULL;
}

uint8_t *
bench_snapshot(const struct bench *b, size_t *ret_len)
{
	uint8_t *copy = (uint8_t *)alloc_get(alloc_heap(), b->w->force.len);

	T_CHECK(copy != NULL, "no memory");
	memcpy(copy, b->w->force.snapshot, b->w->force.len);
	*ret_len = b->w->force.len;
	return copy;
}

/* ---- orders -------------------------------------------------------------- */

void
bench_begin_with(struct bench *b, bool with_state, const char *file)
{
	bench_begin(b, with_state);
	bench_resume(b, NULL);
	if (file)
		bench_file(b, file);
	if (b->w->directory.present)
		bench_confirmed(b);
	(void)bench_news(b);
	(void)t_said("");
}

struct worker_order *
t_order(enum policy_order what, const char *text)
{
	struct worker_order *order = worker_order_new();

	T_CHECK(order != NULL, "no memory");
	order->what = (uint8_t)what;
	order->begin_by = MONO_NEVER;
	order->text = text ? strdup(text) : NULL;
	return order;
}

void
bench_order(struct bench *b, enum policy_order what, const char *text)
{
	order_begin(b->w, t_order(what, text));
}

void
bench_roll_back(struct bench *b, uint64_t generation)
{
	struct worker_order *order = t_order(POLICY_ORDER_ROLLBACK, NULL);

	order->generation = generation;
	order_begin(b->w, order);
}

struct worker_done
bench_order_done(struct bench *b)
{
	struct worker_done done = { 0 };
	struct worker_order *order;

	(void)bench_news(b);
	order = TAILQ_FIRST(&b->news.done);
	T_CHECK(order != NULL, "nothing is done");
	done = order->done;
	order->done.candidate = NULL;
	TAILQ_REMOVE(&b->news.done, order, entry);
	worker_order_free(order);
	T_CHECK(TAILQ_EMPTY(&b->news.done), "two are done");
	return done;
}

void
bench_begin_with_three(struct bench *b)
{
	bench_begin_with(b, true, T_RULE("r1"));
	bench_order(b, POLICY_ORDER_LOAD, T_RULE("r2"));
	T_CHECK(bench_order_done(b).ok, "not done");
	bench_order(b, POLICY_ORDER_LOAD, T_RULE("r3"));
	T_CHECK(bench_order_done(b).ok, "not done");
	T_EQ(b->w->force.generation, 3);
	(void)t_said("");
}
