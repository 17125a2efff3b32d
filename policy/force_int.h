/* SPDX-License-Identifier: ISC */
#ifndef FORCE_INT_H
#define FORCE_INT_H

/*
 * The snapshot in force and its copy on disk.  The same rules keep their
 * generation; the disk is written behind, when nobody waits.
 */

#include "base/mono.h"
#include "cache_int.h"
#include "policy/snapshot_int.h"

struct force {
	const char *state_dir; /* NULL: no cache */
	uint8_t *snapshot;
	size_t len;
	uint64_t generation;
	bool broken;      /* nothing good was ever in force: all is denied */
	bool behind;      /* the cache has an older one: to be saved */
	bool unwritten;   /* the last attempt to save it failed */
	bool unsaved;     /* the cache keeps what has become too old */
	uint64_t release; /* of its generation entries */
	bool release_known;
	struct cache cache; /* what was read at start; bytes NULL: nothing */

	struct mono save_at;   /* MONO_NEVER: nothing to save */
	int64_t answer_unix_s; /* when a server confirmed it; 0: never */
	int64_t saved_unix_s;  /* 0: never */
	int64_t save_ms;       /* what the last one took */
	bool ahead;            /* it was written ahead of being saved */
};

/* Why a snapshot, whose head is read, does not load; NULL: it does. */
const char *force_problem(
	const uint8_t *snapshot, size_t len, struct policy_head *ret_head);

/* Read the cache.  True: a snapshot is there, its age in force->cache. */
bool force_start(struct force *force);

enum force_change { FORCE_SAME, FORCE_NEW, FORCE_FAILED };
/* The set becomes what is in force; FORCE_NEW: with a new generation. */
enum force_change force_publish(struct force *force, struct policy_set *set);

/* Keep what is in force where a successor finds it, before anybody hears of it:
 * saving takes its time. */
void force_write_ahead(struct force *force);

/* Where the directory's part of it is from; 0: it has none. */
uint64_t force_source_key(const struct force *force);

/* To be saved soon; not at once, and not while it changes often. */
void force_save_soon(struct force *force);
/* Save it now, with what the directory's conversation stands at.  0 or negative
 * errno. */
int force_save(struct force *force, const struct source_directory *directory,
	struct dir *dir);

#endif /* FORCE_INT_H */
