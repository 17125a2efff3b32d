/* SPDX-License-Identifier: ISC */

/*
 * Classes on their way back to the pool.  The filters are gone, what is still
 * queued goes out at the old rate: lowering the rate earlier would make it
 * late, replacing the leaf would lose it.  After 100 ms it is thrown away and
 * counted.  A class that an idle one's rate does not slow down gets it without
 * a look at its queue: the kernel tells what was in it in the same answer.
 *
 * HTB keeps what a class has overdrawn as time, whatever its rate becomes; the
 * class rests until that is paid, so that its next owner does not wait.
 */

#include "link_int.h"

#include <errno.h>
#include <string.h>

enum { DRAIN_MS = 100, LOOK_MS = 2, RETRY_MS = 1000, STEP_MAX = 128 };

static struct tc_drain *
add_drain(struct tc_link *link, enum tc_subtree subtree, uint32_t minor)
{
	struct tc_drain *d =
		(struct tc_drain *)alloc_get(link->alloc, sizeof(*d));

	if (!d)
		return NULL;
	d->subtree = subtree;
	d->minor = minor;
	TAILQ_INSERT_TAIL(&link->drains, d, entry);
	return d;
}

static void
drop_drain(struct tc_link *link, struct tc_drain *d)
{
	TAILQ_REMOVE(&link->drains, d, entry);
	alloc_put(link->alloc, d);
}

bool
tc_drain_add(struct tc_link *link, struct tc_record *record, uint32_t serial,
	struct mono now)
{
	struct tc_drain *d =
		add_drain(link, tc_subtree_of(record->service), record->minor);
	struct tc_object objects[2];

	if (!d)
		return false;
	d->serial = serial;
	d->flow_id = record->id;
	d->base = record->base;
	d->due = now;
	d->deadline = mono_add_ms(now, DRAIN_MS);
	d->has_leaf = true;
	tc_want_class(&link->conf, d->subtree, d->minor, &record->htb,
		record->limit, objects);
	d->class = objects[0];
	d->leaf = objects[1];
	return true;
}

bool
tc_drain_orphan(struct tc_link *link, enum tc_subtree subtree,
	const struct tc_object *class, const struct tc_object *leaf)
{
	struct tc_drain *d = add_drain(link, subtree, class->handle & 0xffff);

	if (!d)
		return false;
	d->class = *class;
	d->has_leaf = leaf != NULL;
	if (leaf)
		d->leaf = *leaf;
	/* due and deadline are long past: whoever owned it is gone. */
	return true;
}

struct mono
tc_drain_next(const struct tc_link *link)
{
	struct mono next = MONO_NEVER;
	const struct tc_drain *d;

	TAILQ_FOREACH (d, &link->drains, entry)
		next = mono_earlier(next, d->due);
	return next;
}

/* What is due: first what only rests, then up to STEP_MAX to look at. */
static size_t
gather(struct tc_link *link, struct mono now, struct tc_drain *ret[STEP_MAX])
{
	struct tc_drain *d;
	struct tc_drain *after;
	size_t n = 0;

	TAILQ_FOREACH_SAFE (d, &link->drains, entry, after) {
		if (!mono_reached(d->due, now) || n == STEP_MAX)
			continue;
		if (!d->empty) {
			ret[n++] = d;
		} else {
			/* Without memory the class is lost until restart. */
			(void)tc_pool_put(&link->pools[d->subtree], &d->idle);
			drop_drain(link, d);
		}
	}
	return n;
}

struct drain_step {
	struct tc_link *link;
	bool tells;          /* the kernel */
	size_t first_unseen; /* of drains: from there on nobody has looked */
	struct mono now;
	const struct tc_listener *listener;
	struct tc_ops ops;
	size_t count;
	struct tc_drain *drains[STEP_MAX];
	struct tc_group groups[STEP_MAX];
	struct tc_class_stats stats[STEP_MAX];
};

static void
answer(const struct drain_step *s, struct tc_drain *d)
{
	const struct tc_done done = { .flow_id = d->flow_id };

	if (d->serial != 0)
		s->listener->done(s->listener->arg, d->serial, &done);
	d->serial = 0;
}

/* May be made an idle one whatever it has queued. */
static bool
is_slower(const struct drain_step *s, const struct tc_drain *d)
{
	return s->tells && !d->looked && d->has_leaf && d->serial != 0 &&
	       d->class.htb.rate_Bps < TC_IDLE_BPS;
}

/* The kernel lost the class: nothing is left to return. */
static void
vanished(struct drain_step *s, struct tc_drain *d)
{
	answer(s, d);
	tc_minors_give(&s->link->minors, d->minor);
	drop_drain(s->link, d);
}

/* Operations that make the class and its leaf idle ones. */
static void
plan_return(struct drain_step *s, const struct tc_drain *d, bool throw_away)
{
	struct tc_object want[2];
	struct tc_object have[2] = { d->class, d->leaf };
	struct tc_span had = { have, d->has_leaf ? 2 : 1 };

	tc_want_idle(&s->link->conf, d->subtree, d->minor, &want[0], &want[1]);
	if (d->has_leaf && !throw_away)
		want[1].fifo.limit = d->leaf.fifo.limit; /* stays as it is */
	if (throw_away && d->has_leaf) {
		struct tc_op *op = tc_ops_add(&s->ops, TC_OP_DEL);

		if (op)
			op->have = d->leaf;
		had.count = 1;
	}
	tc_plan(had, (struct tc_span){ want, 2 }, &s->ops);
}

static void
note_thrown(const struct drain_step *s, const struct tc_drain *d,
	const struct tc_class_stats *stats)
{
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t,
		"%s: class %x:%x: threw %u packets (%u B) of flow %u away, "
		"still queued %d ms after its removal",
		s->link->conf.name, TC_MAJOR, d->minor, stats->qlen,
		stats->backlog_bytes, d->flow_id, DRAIN_MS);
	s->listener->note(s->listener->arg, buf);
}

static void
add_return(struct drain_step *s, struct tc_drain *d, bool throw_away)
{
	size_t first = s->ops.count;

	plan_return(s, d, throw_away);
	s->groups[s->count] = (struct tc_group){ .first = first,
		.count = s->ops.count - first };
	s->drains[s->count++] = d;
}

/* Decide for each class by what it has queued; those that stay move to the
 * front of the arrays. */
static void
decide(struct drain_step *s, size_t looked)
{
	for (size_t i = 0; i < looked; i++) {
		struct tc_drain *d = s->drains[i];
		const struct tc_class_stats *stats = &s->stats[i];
		bool late = mono_reached(d->deadline, s->now);

		if (stats->handle == 0) {
			vanished(s, d);
			continue;
		}
		if (stats->qlen > 0 && !late) {
			d->due = mono_add_ms(s->now, LOOK_MS);
			continue;
		}
		if (stats->qlen > 0)
			note_thrown(s, d, stats);
		s->stats[s->count] = *stats;
		add_return(s, d, stats->qlen > 0);
	}
}

/* What these had queued is told with the change. */
static void
add_unseen(struct drain_step *s, struct tc_drain *const *unseen, size_t count)
{
	s->first_unseen = s->count;
	for (size_t i = 0; i < count; i++) {
		size_t first = s->ops.count;
		struct tc_class_stats *stats = &s->stats[s->count];

		*stats = (struct tc_class_stats){ 0 };
		add_return(s, unseen[i], false);
		unseen[i]->looked = true;
		if (!s->ops.failed)
			s->ops.all[first].told = stats;
	}
}

static int64_t
debt_us(const struct tc_class_stats *stats)
{
	int64_t tokens = stats->tokens_ticks < stats->ctokens_ticks
				 ? stats->tokens_ticks
				 : stats->ctokens_ticks;

	return tokens < 0 ? tc_clock_us((uint32_t)-tokens) : 0;
}

/* Refused: whoever asked need not wait for the next attempt. */
static void
stays(struct drain_step *s, struct tc_drain *d, const struct tc_group *group)
{
	if (!d->told)
		s->listener->note(s->listener->arg, group->text);
	d->told = true;
	s->link->unclean = s->link->unclean || !group->clean;
	d->due = mono_add_ms(s->now, RETRY_MS);
	answer(s, d);
}

static bool
saw_empty(const struct drain_step *s, size_t i)
{
	return s->groups[i].error == 0 && s->stats[i].handle != 0 &&
	       s->stats[i].qlen == 0;
}

/* It was changed, or not, without a look at its queue: now that has to be. */
static void
look_later(struct drain_step *s, size_t i)
{
	const struct tc_group *group = &s->groups[i];
	struct tc_drain *d = s->drains[i];
	struct tc_object leaf;

	s->link->unclean =
		s->link->unclean || (group->error != 0 && !group->clean);
	if (group->error == 0)
		tc_want_idle(
			&s->link->conf, d->subtree, d->minor, &d->class, &leaf);
	if (s->stats[i].qlen > 0)
		d->due = mono_add_ms(s->now, LOOK_MS);
}

/* The last word of its counters: nothing can enter the class any more, and what
 * was in it has left or is thrown away. */
static void
tell_last(const struct drain_step *s, const struct tc_drain *d,
	const struct tc_class_stats *stats)
{
	const struct tc_counter last = { .flow_id = d->flow_id,
		.ifindex = s->link->conf.ifindex,
		.classid = stats->handle,
		.bytes = tc_since(stats->bytes, d->base.bytes),
		.packets = tc_since(stats->packets, d->base.packets),
		.drops = tc_since(stats->drops, d->base.drops) + stats->qlen };

	if (d->serial != 0)
		s->listener->counter(s->listener->arg, d->serial, &last);
}

static void
returned(struct drain_step *s, size_t i)
{
	struct tc_drain *d = s->drains[i];
	const struct tc_class_stats *stats = &s->stats[i];
	int64_t debt = debt_us(stats);

	if (i >= s->first_unseen && !saw_empty(s, i)) {
		look_later(s, i);
		return;
	}
	if (s->groups[i].error != 0) {
		stays(s, d, &s->groups[i]);
		return;
	}
	if (tc_drift_was_removed(s->link, d->minor))
		d->base = (struct tc_base){ 0 };
	tell_last(s, d, stats);
	answer(s, d);
	d->idle = (struct tc_idle){ .minor = d->minor,
		.base = { stats->bytes, stats->packets, stats->drops } };
	if (d->has_leaf && stats->qlen == 0)
		d->idle.limit = d->leaf.fifo.limit;
	d->empty = true;
	d->due = (struct mono){ s->now.us + debt };
	if (debt > 0)
		return;
	(void)tc_pool_put(&s->link->pools[d->subtree], &d->idle);
	drop_drain(s->link, d);
}

int
tc_drain_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct drain_step *s;
	struct tc_drain *due[STEP_MAX];
	struct tc_drain *unseen[STEP_MAX];
	uint32_t classids[STEP_MAX];
	size_t looked = 0;
	size_t unseen_count = 0;
	int error = 0;

	if (TAILQ_EMPTY(&link->drains))
		return 0;
	s = (struct drain_step *)alloc_get(link->alloc, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->link = link;
	s->now = now;
	s->listener = listener;
	s->ops.alloc = link->alloc;
	s->tells = kernel->tells;

	size_t count = gather(link, now, due);

	for (size_t i = 0; i < count; i++)
		if (is_slower(s, due[i]))
			unseen[unseen_count++] = due[i];
		else
			s->drains[looked++] = due[i];
	for (size_t i = 0; i < looked; i++)
		classids[i] = tc_classid(s->drains[i]->minor);
	if (looked > 0)
		error = kernel->stats(kernel->arg, link->conf.ifindex, classids,
			looked, s->stats);
	if (error == 0) {
		decide(s, looked);
		add_unseen(s, unseen, unseen_count);
	}
	if (error == 0 && s->count > 0)
		error = tc_txn_run(
			kernel, &s->ops, s->groups, s->count, link->conf.name);
	for (size_t i = 0; i < s->count && error == 0; i++)
		returned(s, i);
	tc_ops_done(&s->ops);
	alloc_put(link->alloc, s);
	return error;
}
