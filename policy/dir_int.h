/* SPDX-License-Identifier: ISC */
#ifndef DIR_INT_H
#define DIR_INT_H

/*
 * The directory, followed by a thread of its own that may block in libldap:
 * pushed changes (RFC 4533 refreshAndPersist) where the server offers them,
 * else refreshes, else whole searches in pages.  It keeps a mirror of the
 * entries; the worker makes rules of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mono.h"
#include "policy/source.h"

enum { DIR_PROBLEM = 400, DIR_COOKIE = 1024 };

const char *dir_mode_text(enum source_mode mode);

struct dir;

/* wake is called from the thread when there is news.  NULL: no memory. */
struct dir *dir_new(void (*wake)(void *arg), void *arg);

/* What a cache keeps of the conversation. */
struct dir_memory {
	char uri[SOURCE_TEXT];
	uint8_t cookie[DIR_COOKIE];
	size_t cookie_len; /* 0: none */
	int64_t cookie_unix_s;
	struct buf_reader mirror;
};

/*
 * Follow this directory from now on; starts the thread the first time.  The
 * same settings again are a wish to try now.  memory may be NULL; its bytes
 * are copied.  Returns a number as dir_ask() does.
 */
uint64_t dir_follow(struct dir *dir, const struct source_directory *directory,
	const struct dir_memory *memory);
/* No directory any more. */
void dir_leave(struct dir *dir);
/* Try or look now, whatever the time. */
void dir_hurry(struct dir *dir);
/* The same, by a search that begins after this: news that have heard the number
 * that is returned tell how it ended. */
uint64_t dir_ask(struct dir *dir);

/* Since it was asked last. */
struct dir_news {
	bool confirmed; /* the server answered; what we have is what it has */
	bool failed;
	char problem[DIR_PROBLEM];
	bool changed;
	struct mono first_change;
	struct mono last_change;
	bool settled;   /* it was quiet long enough already */
	uint64_t heard; /* confirmed or failed: all that was asked up to this */
};
bool dir_take_news(struct dir *dir, struct dir_news *ret_news);

/* The other side of a deadline: cut what takes too long.  The next moment to
 * be called, MONO_NEVER: none. */
struct mono dir_watch(struct dir *dir, struct mono now);

/* The digest of the generation entries; 0: there are none. */
uint64_t dir_release(struct dir *dir);
/* The entries as they are now, into a draft.  False while new settings wait
 * for their turn: there are none yet. */
bool dir_read(struct dir *dir, struct source_draft *draft,
	struct source_report *skipped, char ret_uri[SOURCE_TEXT]);
/* What the conversation stands at; ret_bytes, which it has views of, is to be
 * free()d.  False: nothing to keep. */
bool dir_remember(
	struct dir *dir, struct dir_memory *ret_memory, uint8_t **ret_bytes);

struct dir_facts {
	enum source_mode mode;
	bool connected;
	char uri[SOURCE_TEXT];
	size_t entries;
	int64_t cookie_unix_s; /* when it was got; 0: none */
	int64_t change_unix_s; /* last change; 0: none yet */
	int64_t retry_unix_s;  /* next attempt; 0: none is due */
};
void dir_facts(struct dir *dir, struct dir_facts *ret_facts);

/* The kept entries as a draft; what cannot be read is reported by DN. */
struct mirror;
void dir_draft(const struct mirror *mirror,
	const struct source_directory *directory, struct source_draft *draft,
	struct source_report *skipped);
/* The digest of the generation entries; 0: there are none. */
uint64_t dir_draft_release(const struct mirror *mirror);

#endif /* DIR_INT_H */
