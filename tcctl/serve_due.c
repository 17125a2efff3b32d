/* SPDX-License-Identifier: ISC */

/*
 * What `tcctl serve` does without being asked: what is due, and one step of
 * what can wait when nobody does.
 */

#include "serve_int.h"

#include "base/os.h"
#include "ingress_int.h"

enum { WATCH_MS = 500 };

/* The engine must know when a tree was given up: what it has promised on that
 * interface is not kept.  That an interface has gone it knows by itself. */
static void
tell_lost(struct tc_serve *s, const struct tc_link *link, bool was_lost)
{
	struct tc_lost lost = { .ifindex = link->conf.ifindex };

	if (!link->lost || link->gone || was_lost)
		return;
	(void)text_copy(lost.text, sizeof(lost.text),
		"the tree was removed or changed by another program");
	tc_serve_lost(s, &lost); /* the text fits */
}

/* Is the tree still there? */
static void
watch(struct tc_serve *s, struct tc_link *link, struct mono now)
{
	const bool was_lost = link->lost;

	s->error = tc_watch(link, &s->kernel, now, &s->listener);
	tell_lost(s, link, was_lost);
}

/* What others changed in it. */
static void
repair(struct tc_serve *s, struct tc_link *link, struct mono now)
{
	const bool was_lost = link->lost;

	s->error = tc_drift_step(link, &s->kernel, now, &s->listener);
	tc_drift_took(link, now, os_now());
	tell_lost(s, link, was_lost);
}

/* The watch over a tree, its rules, and classes that drain. */
static void
do_link(struct tc_serve *s, struct tc_link *link, struct mono now, bool due)
{
	if (s->error == 0 && due)
		watch(s, link, now);
	if (s->error == 0 && mono_reached(tc_rules_next(link), now))
		s->error = tc_rules_step(link, &s->kernel, now, &s->listener);
	if (s->error == 0 && mono_reached(tc_hidden_next(link), now))
		s->error = tc_hidden_step(link, &s->kernel, now, &s->listener);
	tc_drift_unclean(link, now);
	if (s->error == 0 && mono_reached(tc_drift_next(link), now))
		repair(s, link, now);
	if (s->error != 0 || !mono_reached(tc_drain_next(link), now))
		return;
	s->error = tc_drain_step(link, &s->kernel, now, &s->listener);
	s->idle_due =
		mono_earlier(s->idle_due, mono_add_ms(now, TC_SERVE_IDLE_MS));
}

void
tc_serve_due(struct tc_serve *s)
{
	struct mono now = os_now();
	bool due = mono_reached(s->watch_due, now);
	struct tc_link *link = NULL;

	if (due) {
		s->watch_due = mono_add_ms(now, WATCH_MS);
		s->idle_due = mono_earlier(s->idle_due, now);
	}
	TAILQ_FOREACH (link, &s->links.all, entry) {
		if (s->error == 0 && mono_reached(tc_ingress_next(link), now))
			s->error = tc_ingress_step(
				link, &s->kernel, now, &s->listener);
		do_link(s, link, now, due);
		if (link->ingress.ifb)
			do_link(s, link->ingress.ifb, now, due);
	}
}

/* There may be many more classes than when the last step was measured. */
static void
step_small(struct tc_serve *s)
{
	struct tc_link *link = NULL;

	TAILQ_FOREACH (link, &s->links.all, entry)
		link->step = 1;
}

/*
 * Nobody waits: one step, of one link.  Whoever asks in the meantime waits for
 * its end, so there is one in a turn; the links take turns.  Shortly after a
 * request, of which more may come, what can wait does.
 */
static void
do_idle(struct tc_serve *s)
{
	struct tc_link *link = NULL;
	struct tc_link *last = NULL;
	struct mono before = os_now();
	struct mono quiet = mono_add_ms(s->asked, TC_SERVE_IDLE_MS);
	bool busy = !mono_reached(quiet, before);
	bool more = false;

	s->idle_due = busy ? quiet : MONO_NEVER;
	if (busy)
		step_small(s);
	TAILQ_FOREACH (link, &s->links.all, entry) {
		last = link;
		link->busy = busy;
		s->error = tc_link_idle(link, &s->kernel, &s->listener, &more);
		if (s->error != 0 || more)
			break;
		link->step = 1;
	}
	if (s->error != 0 || !more)
		return;
	s->idle_due = os_now();
	last->step = tc_pool_pace(last->step, s->idle_due.us - before.us);
	TAILQ_REMOVE(&s->links.all, last, entry);
	TAILQ_INSERT_TAIL(&s->links.all, last, entry);
}

/* Who asks meanwhile waits for a step: for one only, so that it waits while
 * there is something due. */
static bool
is_idle(const struct tc_serve *s, struct mono now)
{
	return mono_reached(s->idle_due, now) &&
	       !mono_reached(tc_links_next(&s->links), now);
}

void
tc_serve_idle(struct tc_serve *s)
{
	if (is_idle(s, os_now()))
		do_idle(s);
}
