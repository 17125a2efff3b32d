/* SPDX-License-Identifier: ISC */
#ifndef DIR_TRY_INT_H
#define DIR_TRY_INT_H

/* The thread that follows the directory (dir.c), and what it does with one
 * server (dir_try.c). */

#include "dir_int.h"
#include "dir_ldap_int.h"

struct dir {
	void (*wake)(void *arg);
	void *arg;
	struct dir_cutter cutter;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	bool wanted;
	bool changed; /* settings, or whether they are wanted */
	bool hurry;
	uint64_t asked; /* the last number that was given out */
	struct source_directory next;
	struct dir_memory memory; /* for next; its bytes are ours */
	uint8_t *memory_bytes;
	struct dir_news news;
	struct dir_facts facts;
	struct source_directory now; /* whose entries the mirror has */
	struct mirror *mirror;
	char cookie_uri[SOURCE_TEXT];
	uint8_t cookie[DIR_COOKIE];
	size_t cookie_len;

	/* The thread's own. */
	uint64_t begun; /* what was asked before the search under way began */
	size_t at;      /* the server that answered last */
	enum source_mode mode;
	enum source_mode ceiling[SOURCE_URIS];
	unsigned failures;
	bool unsettled; /* polling: a change was seen, not told yet */
	struct mono unsettled_since;
	uint64_t random;
};

/* Brief, for the members above. */
void dir_lock(struct dir *dir);
void dir_unlock(struct dir *dir);

/* There are new settings: what is under way is of no use any more. */
bool dir_interrupted(struct dir *dir);
void dir_tell_failed(struct dir *dir, const char *problem);

/*
 * Follow this server by the best way it has, as long as it goes.  True: it
 * answered; a persistent search has then ended, with or without a problem.
 */
bool dir_try(struct dir *dir, const struct source_directory *conf, size_t index,
	struct text *problem);

#endif /* DIR_TRY_INT_H */
