/* SPDX-License-Identifier: ISC */

/* The thread that answers the supervisor; see life_int.h. */

#include "life_int.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mono.h"
#include "base/msg.h"
#include "base/os.h"

enum {
	LIFE_PING = 1,
	LIFE_PONG = 2,
	LOOK_MS = 20 /* whether there was a step, while a question is open */
};

/* Values of since: when the wait began, or one of these. */
#define AT_WORK INT64_MIN
#define AT_REST INT64_MAX

struct tc_life {
	int fd;
	int64_t most_ms;
	int gone; /* eventfd: whoever asks has gone */
	int stop; /* eventfd: the thread is to end */
	pthread_t thread;
	sem_t started;
	_Atomic int64_t since; /* microseconds */
	atomic_uint steps;
};

/* The question that has no answer yet. */
struct question {
	bool open;
	uint32_t serial; /* of the last one */
	unsigned steps;  /* when the first one came */
};

/* ---- the thread ---------------------------------------------------------- */

static bool
is_alive(struct tc_life *life, const struct question *q)
{
	const int64_t since = atomic_load(&life->since);

	if (since == AT_WORK)
		return atomic_load(&life->steps) != q->steps;
	return since == AT_REST || mono_ms_between((struct mono){ since },
					   os_now()) < life->most_ms;
}

static void
answer(const struct tc_life *life, struct question *q)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	msg_end(&w, msg_begin(&w, LIFE_PONG, q->serial));
	/* A supervisor that does not read will ask again, or kill us. */
	(void)send(
		life->fd, bytes, buf_written(&w), MSG_DONTWAIT | MSG_NOSIGNAL);
	q->open = false;
}

/* False: nobody asks any more. */
static bool
take_question(struct tc_life *life, struct question *q)
{
	uint8_t bytes[64];
	const ssize_t n = recv(life->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct buf_reader r;
	struct msg m;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	r = buf_reader(bytes, (size_t)n);
	if (!msg_next(&r, &m) || m.type != LIFE_PING)
		return true;
	if (!q->open)
		q->steps = atomic_load(&life->steps);
	q->open = true;
	q->serial = m.serial;
	return true;
}

static void
signal_event(int fd)
{
	(void)eventfd_write(fd, 1); /* a counter that is far from full */
}

static void *
run(void *arg)
{
	struct tc_life *life = (struct tc_life *)arg;
	struct pollfd fds[] = { { .fd = life->fd, .events = POLLIN },
		{ .fd = life->stop, .events = POLLIN } };
	struct question q = { 0 };

	(void)sem_post(&life->started); /* cannot overflow */
	while (fds[1].revents == 0) {
		if (q.open && is_alive(life, &q))
			answer(life, &q);
		if (poll(fds, 2, q.open ? LOOK_MS : -1) <= 0)
			continue;
		if (fds[0].revents != 0 && !take_question(life, &q)) {
			signal_event(life->gone);
			break;
		}
	}
	return NULL;
}

/* ---- the thread that serves ---------------------------------------------- */

static bool
start(struct tc_life *life)
{
	int error;

	life->gone = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	life->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (life->gone < 0 || life->stop < 0 ||
		sem_init(&life->started, 0, 0) != 0)
		return false;
	error = pthread_create(&life->thread, NULL, run, life);
	if (error != 0) {
		(void)sem_destroy(&life->started); /* is one */
		errno = error;
		return false;
	}
	/* What a thread needs to begin with is behind it then. */
	while (sem_wait(&life->started) != 0 && errno == EINTR)
		;
	return true;
}

static void
close_events(struct tc_life *life)
{
	if (life->gone >= 0)
		(void)close(life->gone); /* nothing to be lost */
	if (life->stop >= 0)
		(void)close(life->stop); /* as above */
	free(life);
}

struct tc_life *
tc_life_new(int fd, int64_t most_ms)
{
	struct tc_life *life = (struct tc_life *)malloc(sizeof(*life));

	if (!life)
		return NULL;
	life->fd = fd;
	life->most_ms = most_ms;
	life->gone = -1;
	life->stop = -1;
	atomic_init(&life->since, AT_WORK);
	atomic_init(&life->steps, 0);
	if (start(life))
		return life;

	const int error = errno;

	close_events(life);
	errno = error;
	return NULL;
}

void
tc_life_free(struct tc_life *life)
{
	if (!life)
		return;
	signal_event(life->stop);
	(void)pthread_join(life->thread, NULL); /* it is one, and ends */
	(void)sem_destroy(&life->started);      /* nobody waits */
	close_events(life);
}

int
tc_life_fd(const struct tc_life *life)
{
	return life->gone;
}

static void
step(struct tc_life *life, int64_t since)
{
	if (!life)
		return;
	(void)atomic_fetch_add(&life->steps, 1); /* its value is of no use */
	atomic_store(&life->since, since);
}

void
tc_life_wait(struct tc_life *life)
{
	step(life, life ? os_now().us : 0);
}

void
tc_life_go(struct tc_life *life)
{
	step(life, AT_WORK);
}

void
tc_life_rest(struct tc_life *life)
{
	step(life, AT_REST);
}
