/* SPDX-License-Identifier: ISC */
#ifndef WORKER_INT_H
#define WORKER_INT_H

/*
 * The thread that may block: name look-ups, the directory, the disk.  It turns
 * sources into snapshots; the main thread carries them to the engine and
 * answers the supervisor meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORKER_STATUS = 1000 };

struct worker;

struct worker_news {
	uint8_t *snapshot; /* the receiver's, to be free()d; NULL: no new one */
	size_t len;
	uint64_t generation;
	bool status_changed;
	char status[WORKER_STATUS];
};

/*
 * Start the thread.  state_dir may be NULL: no cache.  name is what messages
 * call the file; both pointers are kept.  wake_fd, an eventfd, is written when
 * there is news.  NULL for lack of memory or of a thread.
 */
struct worker *worker_start(
	const char *state_dir, const char *name, int wake_fd);

/* A new text of policy.conf; takes it.  NULL: there is no file. */
void worker_conf(struct worker *worker, char *text);
/* There is a file that cannot be read: what is known stays, nothing known is
 * nothing allowed. */
void worker_unread(struct worker *worker);
/* Seconds between two questions, whatever the file says; 0: what it says. */
void worker_poll(struct worker *worker, uint32_t poll_s);
/* Ask the directory now. */
void worker_hurry(struct worker *worker);
/* False when there is none. */
bool worker_take(struct worker *worker, struct worker_news *ret_news);

#endif /* WORKER_INT_H */
