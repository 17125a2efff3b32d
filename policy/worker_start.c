/* SPDX-License-Identifier: ISC */

/*
 * What is in force when policyd starts.  An engine that runs already has a
 * policy, which was that of the policyd before us: we begin with it, since the
 * cache on disk may be older, or not there.  To an engine that has none the
 * cache is handed over, or what a rollback holds, before anything else is
 * looked at.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "worker_own_int.h"

/* Keys of directories are odd, so that this is none. */
uint64_t
worker_stale_key(uint64_t key)
{
	return key & ~UINT64_C(1);
}

static bool
is_stale_key(uint64_t key)
{
	return key != 0 && (key & 1) == 0;
}

/* ---- a rollback ---------------------------------------------------------- */

static void
say_held(const struct worker *w)
{
	log_warn(LOG_POLICY,
		"rollback: generation %" PRIu64
		" is held, until rsvpctl policy load",
		w->held.generation);
}

/* The file says what cannot be, or is no more. */
static void
forget_hold(struct worker *w, const char *why)
{
	const int rc = history_hold(&w->history, 0, 0);

	log_err(LOG_POLICY, "rollback: %s/policy.rollback: %s; %s%s",
		w->history.state_dir, why,
		rc == 0 ? "removed" : "it cannot be removed: ",
		rc == 0 ? "" : strerror(-rc));
}

static struct held
read_hold(struct worker *w)
{
	struct held held = { 0 };
	const int rc =
		history_held(&w->history, &held.generation, &held.since_unix_s);

	if (rc == -EBADMSG)
		forget_hold(w, "damaged");
	else if (rc < 0)
		log_err(LOG_POLICY,
			"rollback: %s/policy.rollback: not read (%s); what it "
			"says is not held",
			w->history.state_dir, strerror(-rc));
	return held;
}

/* What the disk says is held. */
static void
hold_from_disk(struct worker *w, const struct held *wanted)
{
	struct held held = *wanted;
	const char *problem = history_load(
		&w->history, held.generation, &held.snapshot, &held.len);

	if (problem) {
		log_err(LOG_POLICY,
			"rollback: generation %" PRIu64
			" cannot be held any longer: %s",
			held.generation, problem);
		forget_hold(w, "of no use any more");
		return;
	}
	w->held = held;
	say_held(w);
}

/* What the engine has is held, whatever became of our files. */
static void
hold_what_is_found(struct worker *w, const struct held *on_disk)
{
	struct worker_found *e = &w->found;
	int rc = 0;

	w->held = (struct held){ e->generation,
		e->held != 0 ? e->held_unix_s : on_disk->since_unix_s,
		e->snapshot, e->len };
	e->snapshot = NULL;
	if (on_disk->generation != e->generation)
		rc = history_hold(
			&w->history, w->held.generation, w->held.since_unix_s);
	if (rc < 0)
		log_err(LOG_POLICY,
			"rollback: not written (%s); a restart of rsvpd ends "
			"it",
			strerror(-rc));
	say_held(w);
}

/* ---- beside an engine that has nothing ----------------------------------- */

/* The last good snapshot, unless it is too old: then the file is read first. */
static void
start_from_cache(struct worker *w)
{
	const struct cache *c = &w->force.cache;

	if (!w->force.snapshot ||
		(force_source_key(&w->force) != 0 && c->max_age_s != 0 &&
			c->age_s > c->max_age_s &&
			c->stale != SOURCE_STALE_KEEP))
		return;
	log_info(LOG_POLICY,
		"generation %" PRIu64 ": from the cache, %" PRId64 " s old",
		w->force.generation, c->age_s);
	worker_tell_snapshot(w);
	worker_keep_history(w);
}

static void
start_anew(struct worker *w, const struct held *on_disk)
{
	if (on_disk->generation != 0)
		hold_from_disk(w, on_disk);
	if (w->held.generation != 0)
		worker_tell_snapshot(w);
	else
		start_from_cache(w);
}

/* ---- beside an engine that has a policy ---------------------------------- */

/* It was made in the place of what could not be read: not to be kept. */
static bool
is_broken(const struct policy_head *head)
{
	struct buf_reader body = head->body;

	return buf_get_u8(&body) == POLICY_DEFAULT_BROKEN;
}

/* What the engine has can be gone on with. */
static bool
is_usable(const struct worker_found *e, struct policy_head *head)
{
	const char *problem = "it was not handed over";

	if (e->snapshot)
		problem = force_problem(e->snapshot, e->len, head);
	if (!problem && head->generation != e->generation)
		problem = "it is another";
	if (problem)
		log_warn(LOG_POLICY,
			"generation %" PRIu64
			": in force, and not gone on with (%s)",
			e->generation, problem);
	return !problem && !is_broken(head);
}

/* Our cache has what was made last, and did not come to be in force. */
static bool
cache_is_newer(const struct force *f, const struct policy_head *found)
{
	struct policy_head cached = { 0 };

	return f->snapshot && !policy_head_read(f->snapshot, f->len, &cached) &&
	       cached.generation > found->generation &&
	       cached.made_unix_s >= found->made_unix_s;
}

static void
go_on_with(struct worker *w, const struct policy_head *found)
{
	struct worker_found *e = &w->found;
	struct force *f = &w->force;
	struct policy_head cached = { 0 };
	const bool is_cached =
		f->snapshot &&
		!policy_head_read(f->snapshot, f->len, &cached) &&
		cached.generation == found->generation &&
		cached.body_digest == found->body_digest;

	alloc_put(alloc_heap(), f->snapshot);
	f->snapshot = e->snapshot;
	f->len = e->len;
	e->snapshot = NULL;
	if (!is_cached) {
		f->release = e->release;
		f->release_known = true;
	}
	if (is_stale_key(found->source_key)) {
		w->stale_key = found->source_key | 1;
		f->unsaved = true; /* the cache has what was too old */
	} else if (!is_cached) {
		f->behind = true;
	}
	log_info(LOG_POLICY, "generation %" PRIu64 ": in force already",
		found->generation);
	worker_keep_history(w);
}

static void
take_answer_time(struct worker *w)
{
	const int64_t at_s = w->found.answer_unix_s;
	const int64_t age_s = worker_now_s(CLOCK_REALTIME) - at_s;

	if (at_s == 0 || at_s <= w->force.answer_unix_s)
		return;
	w->force.answer_unix_s = at_s;
	w->confirmed_s = worker_now_s(CLOCK_BOOTTIME) - (age_s > 0 ? age_s : 0);
}

static void
start_beside_engine(struct worker *w, const struct held *on_disk)
{
	const struct worker_found *e = &w->found;
	struct policy_head head = { 0 };
	const bool usable = is_usable(e, &head);
	const bool newer = usable && cache_is_newer(&w->force, &head);

	if (w->force.generation < e->generation)
		w->force.generation = e->generation;
	take_answer_time(w);
	if (!usable) {
		start_anew(w, on_disk);
		return;
	}
	if (e->held == e->generation || on_disk->generation == e->generation) {
		hold_what_is_found(w, on_disk);
		return;
	}
	if (on_disk->generation != 0)
		forget_hold(w, "another generation is in force");
	if (newer)
		start_from_cache(w);
	else
		go_on_with(w, &head);
}

/* ---- interface ----------------------------------------------------------- */

void
worker_resume(struct worker *w)
{
	struct worker_found *e = &w->found;
	struct held on_disk;
	uint64_t newest;

	w->confirmed_s = worker_now_s(CLOCK_BOOTTIME);
	if (force_start(&w->force)) {
		const int64_t age_s = w->force.cache.age_s;

		w->confirmed_s -= age_s;
		w->force.answer_unix_s = worker_now_s(CLOCK_REALTIME) - age_s;
	}
	newest = history_open(&w->history, w->force.state_dir);
	if (newest > w->force.generation)
		w->force.generation = newest;
	on_disk = read_hold(w);
	if (e->generation != 0)
		start_beside_engine(w, &on_disk);
	else
		start_anew(w, &on_disk);
	alloc_put(alloc_heap(), e->snapshot);
	*e = (struct worker_found){ 0 };
}
