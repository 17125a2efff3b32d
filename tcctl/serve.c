/* SPDX-License-Identifier: ISC */

/*
 * The helper of the engine: wishes in, acknowledgements out.  One loop, which
 * uses the time without requests for what can wait; the supervisor's question
 * whether we are alive is answered beside it (life.c).
 *
 * When the conversation with the kernel itself fails, nothing is known about
 * what was done: the process ends, and the next one adopts what there is.
 */

#include "serve_int.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "life_int.h"
#include "nl_conn.h"
#include "nl_host.h"

/* The longest call that is taken for one: a tree of 60 000 classes that another
 * program deletes holds the kernel's lock for 25 s. */
enum { CALL_MOST_MS = 60000 };

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Behind open_signals(): they are for the loop. */
static bool
start_life(struct tc_serve *s)
{
	s->fds[TC_SERVE_LIFE] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (!os_is_seqpacket(SERVE_LIFE_FD))
		return true;
	s->life = tc_life_new(SERVE_LIFE_FD, CALL_MOST_MS);
	if (!s->life)
		return false;
	s->fds[TC_SERVE_LIFE].fd = tc_life_fd(s->life);
	nl_conn_live(s->conn, s->life);
	nl_host_live(s->host, s->life);
	return true;
}

static bool
start(struct tc_serve *s)
{
	int signals = open_signals();

	s->fds[TC_SERVE_SIGNAL] =
		(struct pollfd){ .fd = signals, .events = POLLIN };
	s->conn = nl_conn_new();
	s->watch = s->conn ? nl_watch_new(s->conn) : NULL;
	s->batch = (struct tc_batch *)alloc_get(s->alloc, sizeof(*s->batch));
	if (s->batch)
		s->batch->alloc = s->batch->ops.alloc = s->alloc;
	s->host = nl_host_new();
	if (signals < 0 || !s->watch || !s->batch || !s->host ||
		!start_life(s)) {
		log_err(LOG_MAIN, "cannot start: %s", strerror(errno));
		return false;
	}
	s->kernel = nl_conn_kernel(s->conn);
	s->ifbs = nl_host_ifbs(s->host);
	s->offloads = nl_host_offloads(s->host);
	s->kernel.ifbs = &s->ifbs;
	s->kernel.offloads = &s->offloads;
	if (tc_marker_open(&s->marker, s->life))
		s->kernel.marker = &s->marker;
	s->idle_due = MONO_NEVER;
	s->fds[TC_SERVE_REQUEST] = (struct pollfd){ .fd = SERVE_FD };
	s->fds[TC_SERVE_EVENT] = (struct pollfd){ .fd = nl_watch_fd(s->watch),
		.events = POLLIN };
	if (!tc_sandbox()) {
		log_err(LOG_MAIN, "cannot install the system call filter");
		return false;
	}
	return true;
}

/* The kernel stays as it is. */
static void
stop(struct tc_serve *s)
{
	tc_links_done(&s->links);
	tc_serve_answers_done(s);
	if (s->batch)
		tc_batch_done(s->batch);
	alloc_put(s->alloc, s->batch);
	tc_marker_close(&s->marker);
	nl_watch_free(s->watch);
	nl_host_free(s->host);
	nl_conn_free(s->conn);
	tc_life_free(s->life);
	if (s->fds[TC_SERVE_SIGNAL].fd >= 0)
		close(s->fds[TC_SERVE_SIGNAL].fd);
}

int
tc_serve(void)
{
	const struct alloc *alloc = alloc_heap();
	struct tc_serve *s;
	int status = 1;

	if (!os_is_seqpacket(SERVE_FD)) {
		log_err(LOG_MAIN,
			"descriptor %d is not a SOCK_SEQPACKET socket; the "
			"supervisor starts tcctl serve",
			SERVE_FD);
		return 2;
	}
	s = (struct tc_serve *)alloc_get(alloc, sizeof(*s));
	if (!s)
		return 1;
	s->alloc = alloc;
	tc_links_init(&s->links, alloc);
	tc_serve_answers_init(s);
	if (start(s)) {
		while (!s->stopping && s->error == 0)
			tc_serve_turn(s);
		status = s->error == 0 ? 0 : 1;
	}
	if (s->error != 0)
		log_err(LOG_TC,
			"the conversation with the kernel failed (%s); a new "
			"tcctl adopts what there is",
			strerror(-s->error));
	stop(s);
	alloc_put(alloc, s);
	return status;
}
