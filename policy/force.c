/* SPDX-License-Identifier: ISC */

/* What is in force, and its cache; see force_int.h. */

#include "force_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/os.h"
#include "policy/snapshot_int.h"
#include "policy/state_int.h"

#define AHEAD_NAME "policy.ahead"

enum {
	SAVE_LEAST_MS = 50,
	SAVE_SHARE = 20 /* of the time at most goes into saving */
};

static const char *
cache_problem(int rc)
{
	return rc == -EBADMSG ? "damaged, or of another version"
			      : strerror(-rc);
}

const char *
force_problem(const uint8_t *snapshot, size_t len, struct policy_head *head)
{
	struct source_draft ignored = { 0 };
	const char *problem = policy_head_read(snapshot, len, head);

	if (!problem && !source_from_snapshot(
				snapshot, len, head->source_key, &ignored))
		problem = "it does not load";
	source_draft_done(&ignored);
	return problem;
}

static void
use_bytes(struct force *f, uint8_t *bytes, size_t len)
{
	alloc_put(alloc_heap(), f->snapshot);
	f->snapshot = bytes;
	f->len = len;
}

/* What came to be in force behind the cache, whose policyd died before it was
 * saved.  Whatever is wrong with it, the cache is whole. */
static void
take_ahead(struct force *f, const struct policy_head *cached)
{
	struct policy_head head = { 0 };
	uint8_t *bytes = NULL;
	uint8_t *copy;
	size_t len = 0;
	int64_t ignored;

	if (state_read(f->state_dir, AHEAD_NAME, POLICY_SNAPSHOT_MAX, &bytes,
		    &len, &ignored) < 0)
		return;
	f->ahead = true;
	copy = (uint8_t *)alloc_get(alloc_heap(), len);
	if (copy)
		memcpy(copy, bytes, len);
	free(bytes);
	if (copy && !force_problem(copy, len, &head) &&
		head.generation > cached->generation &&
		head.source_key == cached->source_key &&
		head.made_unix_s >= cached->made_unix_s) {
		use_bytes(f, copy, len);
		f->generation = head.generation;
		f->behind = true;
	} else {
		alloc_put(alloc_heap(), copy);
	}
}

bool
force_start(struct force *f)
{
	struct policy_head head = { 0 };
	const char *problem;
	int rc;

	if (!f->state_dir)
		return false;
	rc = cache_load(f->state_dir, &f->cache);
	if (rc == -ENOENT)
		return false;
	problem = rc < 0 ? cache_problem(rc)
			 : force_problem(f->cache.snapshot,
				   f->cache.snapshot_len, &head);
	if (!problem) {
		f->snapshot = (uint8_t *)alloc_get(
			alloc_heap(), f->cache.snapshot_len);
		problem = f->snapshot ? NULL : "no memory";
	}
	if (problem) {
		log_warn(LOG_POLICY, "cache: %s/policy.cache: not used (%s)",
			f->state_dir, problem);
		free(f->cache.bytes);
		f->cache = (struct cache){ 0 };
		return false;
	}
	memcpy(f->snapshot, f->cache.snapshot, f->cache.snapshot_len);
	f->len = f->cache.snapshot_len;
	f->generation = head.generation;
	f->release = f->cache.release;
	f->release_known = true;
	f->saved_unix_s = f->cache.saved_unix_s;
	take_ahead(f, &head);
	return true;
}

static uint64_t
digest_of(const uint8_t *bytes, size_t len, uint64_t *ret_key)
{
	struct policy_head head = { 0 };

	*ret_key = 0;
	if (!bytes || policy_head_read(bytes, len, &head))
		return 0;
	*ret_key = head.source_key;
	return head.body_digest;
}

uint64_t
force_source_key(const struct force *f)
{
	uint64_t key;

	(void)digest_of(f->snapshot, f->len, &key); /* the key is wanted */
	return key;
}

static void
replace(struct force *f, uint8_t *bytes, size_t len)
{
	use_bytes(f, bytes, len);
	if (!f->broken && !f->unsaved)
		force_save_soon(f);
}

enum force_change
force_publish(struct force *f, struct policy_set *set)
{
	uint64_t old_key;
	uint64_t new_key;
	uint64_t old = digest_of(f->snapshot, f->len, &old_key);
	uint8_t *bytes = NULL;
	size_t len = 0;

	set->made_unix_s = (int64_t)time(NULL);
	set->generation = f->generation + 1;
	if (!policy_snapshot_write(set, &bytes, &len)) {
		log_err(LOG_POLICY, "snapshot: no memory, the old one stays");
		return FORCE_FAILED;
	}
	if (!f->snapshot || digest_of(bytes, len, &new_key) != old) {
		f->generation++;
		replace(f, bytes, len);
		log_info(LOG_POLICY,
			"generation %" PRIu64
			": %zu rules, %zu categories (%s)",
			f->generation, set->n_rules, set->n_categories,
			set->source);
		return FORCE_NEW;
	}
	alloc_put(alloc_heap(), bytes);
	if (new_key == old_key)
		return FORCE_SAME;
	set->generation = f->generation;
	if (policy_snapshot_write(set, &bytes, &len))
		replace(f, bytes, len);
	return FORCE_SAME;
}

/* ---- the disk ------------------------------------------------------------ */

void
force_write_ahead(struct force *f)
{
	if (!f->state_dir || f->broken || f->unsaved)
		return;
	f->ahead = true;
	(void)state_write_quick(f->state_dir, AHEAD_NAME, f->snapshot,
		f->len); /* saving tells */
}

void
force_save_soon(struct force *f)
{
	int64_t wait_ms = f->save_ms * SAVE_SHARE;

	if (f->state_dir && f->save_at.us == MONO_NEVER.us)
		f->save_at = mono_add_ms(os_now(),
			wait_ms > SAVE_LEAST_MS ? wait_ms : SAVE_LEAST_MS);
}

static void
remove_ahead(struct force *f)
{
	if (f->ahead)
		(void)state_remove_quick(f->state_dir, AHEAD_NAME);
	f->ahead = false;
}

/* What was written ahead gives up its room to the cache, where there is no
 * other. */
static int
save_cache(struct force *f, const struct cache *c)
{
	int rc = cache_save(f->state_dir, c);

	if (!f->ahead || (rc != -ENOSPC && rc != -EDQUOT))
		return rc;
	remove_ahead(f);
	rc = cache_save(f->state_dir, c);
	if (rc < 0)
		force_write_ahead(f);
	return rc;
}

int
force_save(struct force *f, const struct source_directory *directory,
	struct dir *dir)
{
	struct mono begin = os_now();
	struct cache c = { .saved_unix_s = (int64_t)time(NULL),
		.max_age_s = directory->present ? directory->max_age_s : 0,
		.stale = directory->stale,
		.release = f->release_known ? f->release : 0,
		.snapshot = f->snapshot,
		.snapshot_len = f->len };
	uint8_t *mirror = NULL;
	bool known = directory->present && force_source_key(f) != 0;
	int rc;

	f->save_at = MONO_NEVER;
	if (f->broken || f->unsaved || !f->snapshot)
		return 0;
	/* A file that is read again makes the directory's part no younger. */
	c.confirmed_unix_s = known ? f->answer_unix_s : c.saved_unix_s;
	if (known && dir_remember(dir, &c.memory, &mirror))
		c.view = source_directory_view(directory);
	rc = save_cache(f, &c);
	free(mirror);
	f->save_ms = mono_ms_between(begin, os_now());
	f->unwritten = rc < 0;
	if (rc == 0) {
		f->saved_unix_s = c.saved_unix_s;
		remove_ahead(f); /* it is no newer */
		return 0;
	}
	log_warn(LOG_POLICY,
		"cache: %s/policy.cache: not written (%s); a restart without "
		"the directory will not know its rules",
		f->state_dir, strerror(-rc));
	return rc;
}
