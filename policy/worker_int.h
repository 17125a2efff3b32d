/* SPDX-License-Identifier: ISC */
#ifndef WORKER_INT_H
#define WORKER_INT_H

/*
 * The thread that turns sources into snapshots, and may block on names and the
 * disk; the main thread carries them to the engine and answers the supervisor
 * meanwhile.  A third thread talks with the directory (dir_int.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "dir_int.h"
#include "policy/history_int.h"

enum { WORKER_STATUS = 1000 };

struct worker;

/* What became of the file that was looked at last. */
struct worker_file {
	uint64_t digest;     /* text_digest(); 0: unread */
	uint64_t generation; /* in force with it, or a later one */
	char problem[256];   /* "": it is in force */
};

/* How the sources are. */
struct worker_status {
	char text[WORKER_STATUS]; /* for people */
	bool directory;           /* one is configured */
	struct dir_facts facts;
	size_t skipped;        /* entries that could not be read */
	bool waiting;          /* changes wait for the generation entry */
	int64_t cache_unix_s;  /* when it was written; 0: never */
	int64_t answer_unix_s; /* when a server last confirmed; 0: never */
	uint64_t release;      /* of the generation entries; 0: none */
	struct worker_file file;
	uint64_t held; /* generation that a rollback holds; 0: none */
	int64_t held_unix_s;
	struct history_entry kept[HISTORY_MOST];
	size_t n_kept;
};

struct worker_done {
	bool ok;
	uint64_t generation; /* in force; of a candidate: its own */
	char text[WORKER_STATUS];
	char lines[POLICY_DONE_LINES];
	uint8_t *candidate; /* from alloc_heap(); or NULL */
	size_t candidate_len;
};

/* What an operator wants, and what became of it.  It goes from list to list:
 * whoever has it is its owner. */
struct worker_order {
	TAILQ_ENTRY(worker_order) entry;
	uint8_t what; /* enum policy_order */
	uint32_t serial;
	uint64_t generation;
	struct mono begin_by; /* nobody waits for what begins later */
	char *text;           /* of the file; NULL: there is none */
	char unread[100];     /* why it could not be read; "" */
	struct worker_done done;
};
TAILQ_HEAD(worker_orders, worker_order);

/* NULL: no memory. */
struct worker_order *worker_order_new(void);
void worker_order_free(struct worker_order *order);

struct worker_news {
	uint8_t *snapshot; /* the receiver's, to be free()d; NULL: no new one */
	size_t len;
	uint64_t generation;
	bool status_changed;
	struct worker_status status;
	struct worker_orders done; /* the receiver's */
};

/* What the engine has in force when policyd starts. */
struct worker_found {
	uint64_t generation; /* 0: nothing */
	uint8_t *snapshot; /* from alloc_heap(); NULL: it was not handed over */
	size_t len;
	uint64_t held; /* as a rollback; 0: it is not */
	int64_t held_unix_s;
	int64_t answer_unix_s; /* when a server last confirmed it; 0: never */
	uint64_t release;      /* of its generation entries; 0: none */
};

/*
 * Start the thread.  state_dir may be NULL: no cache.  name is what messages
 * call the file; both pointers are kept.  wake_fd, an eventfd, is written when
 * there is news.  NULL for lack of memory or of a thread.
 */
struct worker *worker_start(
	const char *state_dir, const char *name, int wake_fd);

/* Until then it does nothing.  Takes the snapshot. */
void worker_begin(struct worker *worker, const struct worker_found *found);

/* A new text of policy.conf; takes it.  NULL: there is no file. */
void worker_conf(struct worker *worker, char *text);
/* There is a file that cannot be read: what is known stays, nothing known is
 * nothing allowed. */
void worker_unread(struct worker *worker);
/* Seconds between two questions, whatever the file says; 0: what it says. */
void worker_poll(struct worker *worker, uint32_t poll_s);
/* Takes it; that it is done is news.  At most POLICY_ORDERS_MAX may be under
 * way. */
void worker_order(struct worker *worker, struct worker_order *order);
/* Ask the directory now. */
void worker_hurry(struct worker *worker);
/* The process is about to end: write what is not on disk yet.  Waits that
 * long at most. */
void worker_end(struct worker *worker, int64_t wait_ms);
/* False when there is none; the list of orders is then empty. */
bool worker_take(struct worker *worker, struct worker_news *ret_news);

#endif /* WORKER_INT_H */
