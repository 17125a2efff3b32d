/* SPDX-License-Identifier: ISC */

/*
 * What other programs do to our tree: noted when the kernel tells of it, looked
 * at a moment later, since who deletes one thing mostly deletes another, and
 * repaired.  The pause doubles with each repair of the same object; after five
 * in a minute whoever does it means it, and we give up and say so.  A flow that
 * cannot be repaired is told to the engine: its reservation is not kept.
 *
 * The first of the suspects is the tree as a whole: it is looked at when events
 * were lost, when a whole preference went, or when there are too many suspects.
 */

#include "link_int.h"

#include <errno.h>
#include <string.h>

enum {
	FIRST_PAUSE_MS = 100,
	WINDOW_MS = 60000,
	DRAIN_PAUSE_MS = 100,
	REST_FACTOR = 10, /* a look at the tree takes a tenth of our time */
	TOLD_MAX = 8      /* lines a step */
};

/* ---- what is suspected --------------------------------------------------- */

static void
suspect(struct tc_suspect *s, struct mono now)
{
	if (mono_ms_between(s->since, now) >= WINDOW_MS) {
		s->since = now;
		s->repairs = 0;
	}
	if (s->pending)
		return;
	s->pending = true;
	s->due = mono_add_ms(now, FIRST_PAUSE_MS << s->repairs);
}

static struct tc_suspect *
tree_of(struct tc_drift *drift)
{
	drift->all[0].tree = true;
	if (drift->count == 0)
		drift->count = 1;
	return &drift->all[0];
}

static bool
is_same(const struct tc_suspect *a, const struct tc_suspect *b)
{
	return !a->tree && a->type == b->type && a->handle == b->handle &&
	       a->pref == b->pref && a->parent == b->parent;
}

/* The entry of that object: the one it has, a new one, or that of one that has
 * been left in peace for a minute; else the tree's. */
static struct tc_suspect *
entry_of(struct tc_drift *drift, const struct tc_suspect *like, struct mono now)
{
	struct tc_suspect *free = NULL;

	(void)tree_of(drift);
	for (size_t i = 1; i < drift->count; i++) {
		struct tc_suspect *s = &drift->all[i];

		if (is_same(s, like))
			return s;
		if (!s->pending && mono_ms_between(s->since, now) >= WINDOW_MS)
			free = s;
	}
	if (!free && drift->count < TC_SUSPECTS_MAX)
		free = &drift->all[drift->count++];
	if (!free)
		return tree_of(drift);
	*free = *like;
	free->since = now;
	return free;
}

/* Kept apart from the suspects: there may be more of them than places, and a
 * look at the whole tree takes the place of all. */
static void
note_removed(struct tc_drift *d, uint32_t minor)
{
	d->removed[minor / 64] |= UINT64_C(1) << minor % 64;
}

bool
tc_drift_was_removed(struct tc_link *link, uint32_t minor)
{
	uint64_t *word = &link->drift.removed[minor / 64];
	uint64_t bit = UINT64_C(1) << minor % 64;
	bool was = (*word & bit) != 0;

	*word &= ~bit;
	return was;
}

/* False: none of our business. */
static bool
key_of(const struct tc_event *event, struct tc_suspect *ret_key)
{
	struct tc_suspect key = { .type = event->type,
		.handle = event->handle,
		.port = event->port };

	switch ((enum tc_type)event->type) {
	case TC_QDISC_ROOT: /* see watch.c */
	case TC_QDISC_INGRESS:
		return false;
	case TC_QDISC_LEAF:
		key.type = TC_CLASS;
		key.handle = event->parent;
		break;
	case TC_CLASS:
		break;
	case TC_FILTER:
		key.pref = event->pref;
		key.parent = event->parent;
		key.tree = event->handle == 0;
		break;
	}
	*ret_key = key;
	return (key.type == TC_FILTER ? key.parent : key.handle) >> 16 ==
	       TC_MAJOR;
}

void
tc_drift_event(
	struct tc_link *link, const struct tc_event *event, struct mono now)
{
	struct tc_suspect key = { .tree = true };
	struct tc_suspect *s;

	if (link->lost || (event && !key_of(event, &key)))
		return;
	s = key.tree ? tree_of(&link->drift)
		     : entry_of(&link->drift, &key, now);
	s->port = key.port;
	if (event && event->type == TC_CLASS && event->gone)
		note_removed(&link->drift, event->handle & 0xffff);
	suspect(s, now);
}

void
tc_drift_unclean(struct tc_link *link, struct mono now)
{
	if (link->unclean)
		tc_drift_event(link, NULL, now);
	link->unclean = false;
}

struct mono
tc_drift_next(const struct tc_link *link)
{
	const struct tc_drift *d = &link->drift;
	struct mono next = MONO_NEVER;

	for (size_t i = 0; i < d->count && !link->lost; i++) {
		struct mono due = d->all[i].due;

		if (!d->all[i].pending)
			continue;
		if (d->all[i].tree && !mono_reached(d->rest, due))
			due = d->rest;
		next = mono_earlier(next, due);
	}
	return next;
}

void
tc_drift_took(struct tc_link *link, struct mono before, struct mono after)
{
	link->drift.rest.us = after.us + REST_FACTOR * (after.us - before.us);
}

/* ---- what came of it ----------------------------------------------------- */

struct step {
	struct tc_link *link;
	struct mono now;
	const struct tc_listener *listener;
	size_t told;
	size_t untold;
	bool doomed;       /* some flow is */
	bool look_at_tree; /* next */
};

static void
report(struct step *s, const struct tc_repaired *what, const char *word,
	int error)
{
	struct tc_drift_report r = { .ifindex = s->link->conf.ifindex,
		.flow_id = what->record ? what->record->id : 0,
		.error = error };
	struct text t = text_over(r.text, sizeof(r.text));

	if (error == 0 && s->told == TOLD_MAX) {
		s->untold++;
		return;
	}
	s->told++;
	text_printf(&t, "%s: another program", s->link->conf.name);
	if (what->suspect->port != 0)
		text_printf(&t, " (netlink port %u)", what->suspect->port);
	text_printf(&t, " changed the tree: %s", word);
	if (what->record)
		text_printf(&t, " flow %u", what->record->id);
	text_printf(&t, ": %s", what->text);
	s->listener->drift(s->listener->arg, &r);
}

static void
report_rest(struct step *s)
{
	struct tc_drift_report r = { .ifindex = s->link->conf.ifindex };
	struct text t = text_over(r.text, sizeof(r.text));

	if (s->untold == 0)
		return;
	text_printf(&t, "%s: and %zu more like these", s->link->conf.name,
		s->untold);
	s->listener->drift(s->listener->arg, &r);
}

static void
drop_idle(struct tc_link *link, uint32_t minor)
{
	for (int t = TC_GS; t < TC_SUBTREES; t++) {
		struct tc_pool *pool = &link->pools[t];

		for (size_t i = 0; i < pool->count; i++) {
			struct tc_idle *idle = tc_pool_at(pool, i);
			struct tc_idle first;

			if (idle->minor != minor)
				continue;
			*idle = *tc_pool_at(pool, 0);
			(void)tc_pool_take(pool, &first);
			return;
		}
	}
}

/* What is not as it should be and cannot be made so. */
static void
give_up(struct step *s, const struct tc_repaired *what)
{
	struct tc_suspect *suspected = what->suspect;

	if (what->record) {
		what->record->doomed = true;
		s->doomed = true;
		report(s, what, "lost", EIO);
		return;
	}
	if (!suspected->told)
		report(s, what, "not repaired", 0);
	suspected->told = true;
	if (what->minor != 0)
		drop_idle(s->link, what->minor); /* its number stays taken */
	else if (what->fixed && suspected->repairs >= TC_REPAIRS_MAX)
		s->link->lost = true;
	else if (what->fixed) /* perhaps more is missing than we know */
		s->look_at_tree = true;
}

static void
on_repaired(void *arg, const struct tc_repaired *what)
{
	struct step *s = (struct step *)arg;
	struct tc_suspect *suspected = what->suspect;

	switch (what->result) {
	case TC_REPAIR_NONE:
		break;
	case TC_REPAIR_DONE:
		suspected->acted = true;
		report(s, what, "repaired", 0);
		break;
	case TC_REPAIR_FAILED:
		suspected->acted = true;
		give_up(s, what);
		break;
	case TC_REPAIR_LATER:
		suspected->pending = true;
		suspected->due = mono_add_ms(s->now, DRAIN_PAUSE_MS);
		break;
	case TC_REPAIR_FOREIGN:
		if (!suspected->told)
			report(s, what, "left alone", 0);
		suspected->told = !suspected->tree;
		break;
	}
}

/* ---- a step -------------------------------------------------------------- */

/* What is due; alone the tree if it is, since it is all there is. */
static size_t
gather(struct tc_drift *d, struct mono now, struct tc_suspect **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		struct tc_suspect *s = &d->all[i];

		if (!s->pending || !mono_reached(s->due, now) ||
			(s->tree && !mono_reached(d->rest, now)))
			continue;
		s->acted = false;
		ret[n++] = s;
		if (s->tree)
			break;
	}
	return n;
}

static int
abandon_doomed(struct step *s, const struct tc_kernel *kernel)
{
	struct tc_record *r = NULL;
	struct tc_record *after = NULL;
	int error = 0;

	HASH_ITER (hh, s->link->flows, r, after)
		if (error == 0 && r->doomed)
			error = tc_record_abandon(s->link, kernel, r, s->now);
	return error;
}

/* Counted, and done with until the next event. */
static void
settle(struct step *s, struct tc_suspect **suspects, size_t count)
{
	struct tc_drift *d = &s->link->drift;

	for (size_t i = 0; i < count; i++)
		suspects[i]->repairs += suspects[i]->acted;
	if (s->look_at_tree)
		suspect(tree_of(d), s->now);
}

int
tc_drift_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct step s = { .link = link, .now = now, .listener = listener };
	struct tc_suspect *due[TC_SUSPECTS_MAX];
	size_t count = link->lost ? 0 : gather(&link->drift, now, due);
	bool tree = count == 1 && due[0]->tree;
	int error;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < link->drift.count; i++)
		if (tree)
			link->drift.all[i].pending = false;
	for (size_t i = 0; i < count; i++)
		due[i]->pending = false;
	error = tree ? tc_repair_tree(link, kernel, due[0], on_repaired, &s)
		     : tc_repair(link, kernel, due, count, on_repaired, &s);
	if (error == 0 && s.doomed)
		error = abandon_doomed(&s, kernel);
	report_rest(&s);
	settle(&s, due, count);
	return error;
}
