/* SPDX-License-Identifier: ISC */

/* One turn of `tcctl serve`: what to wait for, and what comes before what. */

#include "serve_int.h"

#include <poll.h>
#include <sched.h>

#include "base/os.h"
#include "life_int.h"
#include "nl_conn.h"

static int
timeout_ms(const struct tc_serve *s)
{
	struct mono next = mono_earlier(s->watch_due, tc_links_next(&s->links));
	struct mono now = os_now();

	if (TAILQ_EMPTY(&s->links.all))
		return -1;
	if (TAILQ_EMPTY(&s->outs)) /* else it is not done */
		next = mono_earlier(next, s->idle_due);
	return mono_reached(next, now) ? 0
				       : (int)mono_ms_between(now, next) + 1;
}

/* Another program did something, or some of what it did is lost. */
static void
on_event(void *arg, const struct tc_event *event)
{
	struct tc_serve *s = (struct tc_serve *)arg;
	struct mono now = os_now();

	if (tc_links_event(&s->links, event, now))
		s->watch_due = now;
}

void
tc_serve_turn(struct tc_serve *s)
{
	const bool waiting = !TAILQ_EMPTY(&s->outs);
	const int timeout = timeout_ms(s);

	/* As long as answers wait nothing more is asked of us. */
	s->fds[TC_SERVE_REQUEST].events = waiting ? POLLOUT : POLLIN;
	tc_life_rest(s->life);
	/* Whom we have just answered may have to wait for this processor, for
	 * as long as a tick of the scheduler, and then ask for more. */
	if (timeout == 0)
		(void)sched_yield();

	const int ready = poll(s->fds, TC_SERVE_FDS, timeout);

	tc_life_go(s->life);
	if (ready < 0)
		return; /* EINTR: again */
	if (s->fds[TC_SERVE_SIGNAL].revents != 0 ||
		s->fds[TC_SERVE_LIFE].revents != 0) {
		s->stopping = true;
		return;
	}
	if ((s->fds[TC_SERVE_REQUEST].revents & POLLIN) != 0 ||
		(s->fds[TC_SERVE_REQUEST].revents & (POLLHUP | POLLERR)) != 0)
		tc_serve_receive(s);
	else if (!waiting)
		tc_serve_idle(s);
	tc_serve_flush(s); /* nobody waits for what is due */
	if (s->error == 0 && s->fds[TC_SERVE_EVENT].revents != 0)
		s->error = nl_watch_read(s->watch, on_event, s);
	if (s->error == 0)
		tc_serve_due(s);
	tc_serve_flush(s);
}
