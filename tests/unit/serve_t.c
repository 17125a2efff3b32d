/* SPDX-License-Identifier: ISC */

/* A worker for `policyd serve` that does nothing itself; see serve_t.h. */

#include "serve_t.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock_t.h"
#include "policy/sandbox_int.h"
#include "policy/worker_int.h"
#include "t.h"

/* ---- the worker, in the process that serves ------------------------------ */

int serve_say_fd;  /* what it is told, a line each */
int serve_give_fd; /* what it is given */
volatile bool *serve_time_passes;

struct worker {
	pthread_mutex_t lock;
	int wake_fd;
	struct give given;
	bool has;
	struct worker_orders orders;
};

static struct worker the_worker;

__attribute__((format(printf, 1, 2))) static void
say(const char *fmt, ...)
{
	char line[SERVE_LINE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (send(serve_say_fd, line, strlen(line) + 1, 0) < 0)
		_exit(99);
}

static void *
take_gifts(void *arg)
{
	struct worker *w = (struct worker *)arg;
	struct give give;
	const uint64_t one = 1;

	while (recv(serve_give_fd, &give, sizeof(give), 0) == sizeof(give)) {
		(void)pthread_mutex_lock(&w->lock); /* cannot fail */
		w->given = give;
		w->has = true;
		(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
		if (write(w->wake_fd, &one, sizeof(one)) < 0)
			_exit(98);
	}
	return NULL;
}

struct worker *
worker_start(const char *state_dir, const char *name, int wake_fd)
{
	pthread_t thread;

	(void)pthread_mutex_init(&the_worker.lock, NULL); /* cannot fail */
	TAILQ_INIT(&the_worker.orders);
	the_worker.wake_fd = wake_fd;
	say("start %s %s", state_dir ? state_dir : "-", name);
	if (pthread_create(&thread, NULL, take_gifts, &the_worker) != 0)
		_exit(97);
	return &the_worker;
}

void
worker_begin(struct worker *w, const struct worker_found *f)
{
	(void)w;
	say("begin %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64
	    " %.*s",
		f->generation, f->held, f->held_unix_s, f->answer_unix_s,
		f->release, f->snapshot ? (int)f->len : 0,
		f->snapshot ? (const char *)f->snapshot : "");
}

void
worker_conf(struct worker *w, char *text)
{
	(void)w;
	say("conf %s", text ? text : "-");
	free(text);
}

void
worker_unread(struct worker *w)
{
	(void)w;
	say("unread");
}

void
worker_poll(struct worker *w, uint32_t poll_s)
{
	(void)w;
	say("poll %u", poll_s);
}

void
worker_hurry(struct worker *w)
{
	(void)w;
	say("hurry%s", fcntl(5, F_GETFD) < 0 ? "" : ", the file is open");
}

void
worker_end(struct worker *w, int64_t wait_ms)
{
	(void)w;
	say("end %" PRId64 "%s", wait_ms, t_said(SERVE_REFUSAL) ? "!" : "");
}

void
worker_order(struct worker *w, struct worker_order *order)
{
	TAILQ_INSERT_TAIL(&w->orders, order, entry);
	say("order %u %u %s|%s", order->what, order->serial,
		order->text ? order->text : "-", order->unread);
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

static void
give_status(struct worker_status *s, const struct give *g)
{
	(void)text_copy(s->text, sizeof(s->text), g->text);
	s->directory = g->directory;
	(void)text_copy(s->facts.uri, SOURCE_TEXT, "ldap://a");
	s->facts.mode = SOURCE_MODE_POLL;
	s->facts.connected = true;
	s->facts.entries = 11;
	s->facts.cookie_unix_s = 12;
	s->facts.change_unix_s = 13;
	s->facts.retry_unix_s = 14;
	s->skipped = 15;
	s->cache_unix_s = 16;
	s->answer_unix_s = 17;
	s->release = 18;
	s->file = (struct worker_file){ 19, 20, "odd" };
	s->held = 21;
	s->held_unix_s = 22;
	s->n_kept = 2;
	s->kept[0].generation = 23;
	s->kept[0].made_unix_s = 24;
	s->kept[0].rules = 25;
	(void)text_copy(s->kept[0].source, POLICY_REASON, "file");
	s->kept[1].generation = 26;
}

bool
worker_take(struct worker *w, struct worker_news *ret)
{
	struct worker_order *order = TAILQ_FIRST(&w->orders);
	bool has;
	struct give g;

	(void)pthread_mutex_lock(&w->lock); /* cannot fail */
	has = w->has;
	g = w->given;
	w->has = false;
	(void)pthread_mutex_unlock(&w->lock); /* cannot fail */
	*ret = (struct worker_news){ .generation = g.generation,
		.status_changed = g.status };
	TAILQ_INIT(&ret->done);
	if (g.snapshot) {
		ret->snapshot = (uint8_t *)strdup(g.text);
		ret->len = strlen(g.text);
	}
	give_status(&ret->status, &g);
	if (has && g.done && order) {
		TAILQ_REMOVE(&w->orders, order, entry);
		order->done.ok = true;
		order->done.generation = g.generation;
		order->done.candidate =
			(uint8_t *)alloc_get(alloc_heap(), sizeof(g.text));
		memcpy(order->done.candidate, g.text, sizeof(g.text));
		order->done.candidate_len = strlen(g.text);
		TAILQ_INSERT_TAIL(&ret->done, order, entry);
	}
	return has;
}

int
sandbox_enter(void)
{
	say("sandbox");
	return 0;
}

const char *
dir_mode_text(enum source_mode mode)
{
	return mode == SOURCE_MODE_POLL ? "poll" : "?";
}

/* ---- time, which passes when the test says so ---------------------------- */

int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);

int
__wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	int rc;

	do {
		rc = __real_poll(fds, n, ms == 0 ? 0 : 10);
		if (rc == 0 && ms > 0 && *serve_time_passes) {
			*serve_time_passes = false;
			t_clock_add_ms(ms);
			say("waited %d ms", ms);
			return 0;
		}
	} while (rc == 0 && ms != 0);
	return rc;
}

int
serve_t_poll(struct pollfd *fds, unsigned n, int ms)
{
	return __real_poll(fds, n, ms);
}
