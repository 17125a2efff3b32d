/* SPDX-License-Identifier: ISC */
#ifndef WORKER_OWN_INT_H
#define WORKER_OWN_INT_H

/* The worker's own: what its thread has (worker.c), tells (worker_news.c), and
 * does on an operator's order (worker_order.c). */

#include <pthread.h>
#include <time.h>

#include "force_int.h"
#include "policy/history_int.h"
#include "worker_int.h"

enum { WORKER_PROBLEM = 400 };

/* What the directory did last, so that only changes are logged. */
enum answer { ANSWER_NONE, ANSWER_GOOD, ANSWER_FAILED, ANSWER_UNUSABLE };

/* What is in force instead of what the sources say. */
struct held {
	uint64_t generation;
	int64_t since_unix_s;
	uint8_t *snapshot;
	size_t len;
};

/* An order in hand, until the directory has answered or the time is over. */
struct work_order {
	struct worker_order *order; /* owned; NULL: none */
	bool waiting;               /* for the directory */
	uint64_t asked;             /* what it has to hear (dir_ask()) */
	struct mono until;
	struct source_report errors;
	struct source_report notes;
	char *text; /* of a candidate's file, owned; NULL: as it is followed */
	char problem[WORKER_PROBLEM]; /* of the directory */
};

struct worker {
	const char *name;
	int wake_fd;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	char *conf_new;
	bool begun;
	bool ending; /* to be written, and no more */
	bool ended;
	bool conf_unread;
	bool conf_changed;
	bool hurry;
	bool kicked;                 /* by the directory's thread */
	struct worker_orders orders; /* to be begun */
	struct worker_news news;

	_Atomic uint32_t poll_s; /* 0: by the file */

	/* The thread's own. */
	struct worker_found found; /* once it has begun */
	struct dir *dir;
	struct force force;
	char *conf; /* text that compiled last; NULL: none yet */
	struct source_directory directory;
	int64_t confirmed_s;   /* when the directory's part was */
	uint64_t asked;        /* of the directory, when it was last followed */
	bool considered;       /* since these settings are followed */
	uint64_t stale_key;    /* of which maxAge passed, and was acted on */
	struct mono switch_at; /* when it will have been quiet */
	struct mono changed_at; /* the first change of those that wait */
	bool waiting;           /* for the generation entry */
	bool unusable; /* what the directory has was looked at, not taken */
	size_t skipped;
	char uri[SOURCE_TEXT];
	enum answer answer;
	uint64_t said; /* digest of the last report */
	struct worker_file file;
	char file_status[WORKER_STATUS / 3];
	char directory_status[WORKER_STATUS * 2 / 3];
	struct history history;
	struct held held; /* a rollback; its generation 0: none */
	struct work_order work[POLICY_ORDERS_MAX];
};

/* ---- worker_start.c ------------------------------------------------------ */

/* What was in force is that again, before anything else is looked at. */
void worker_resume(struct worker *worker);
/* What a too old directory of that key left in force has instead. */
uint64_t worker_stale_key(uint64_t key);

/* ---- worker_news.c ------------------------------------------------------- */

/* How the sources are, when that changed. */
void worker_tell_status(struct worker *worker);
/* What is in force: what the sources say, or what a rollback holds. */
void worker_tell_snapshot(struct worker *worker);
/* The end of an order; takes it. */
void worker_tell_done(struct worker *worker, struct worker_order *order);

/* ---- worker.c ------------------------------------------------------------ */

/* A text of the file, and the directory, to a set. */
struct worker_build {
	const char *conf;
	struct source_draft *directory; /* just read; NULL: the last known */
	struct source_directory *ret_directory;
	struct source_report *errors;
	struct source_report *notes;
	/* Of a candidate: nothing is remembered, and the directory's part is
	 * what it holds now, read into this; else NULL. */
	struct source_draft *live;
	size_t *ret_skipped; /* of it, entries that cannot be read */
};
/* NULL when there is an error.  *ret_known: the directory's part is there. */
struct policy_set *worker_compile(struct worker *worker,
	const struct worker_build *build, bool *ret_known);
/* Takes the text.  False, and all is as before, when it has an error. */
bool worker_take_conf(struct worker *worker, char *text,
	struct source_report *errors, struct source_report *notes);
/* By the clock of the host. */
int64_t worker_now_s(clockid_t clock);
/* The file that was good is in force, or no more. */
void worker_judge_again(struct worker *worker);
/* Write what is in force to disk, when it is not there yet.  0 or negative
 * errno. */
int worker_save(struct worker *worker);
/* What is in force can be gone back to. */
void worker_keep_history(struct worker *worker);
/* What stands for a file that is not there, which is an empty policy; an empty
 * file is an error.  Owned by the caller; NULL: no memory. */
char *worker_no_file(void);
/* A file to be followed; takes its text. */
void worker_take_file(struct worker *worker, char *text);
/* There is a file that cannot be read. */
void worker_file_unread(struct worker *worker);
/* What the directory's thread has to say. */
void worker_take_news(struct worker *worker);
/* When there is something to do without being told. */
struct mono worker_next_turn(struct worker *worker);
void worker_do_what_is_due(struct worker *worker);
/* Look at what the directory holds now, quiet or not. */
void worker_consider(struct worker *worker);

/* ---- worker_order.c ------------------------------------------------------ */

/* Takes it. */
void order_begin(struct worker *worker, struct worker_order *order);
/* The directory has answered what was asked up to there, or failed (problem).
 */
void order_heard(struct worker *worker, uint64_t heard, const char *problem);
/* When one has waited enough; MONO_NEVER: none waits. */
struct mono order_until(const struct worker *worker);
void order_check_time(struct worker *worker, struct mono now);

#endif /* WORKER_OWN_INT_H */
