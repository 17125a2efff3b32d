/* SPDX-License-Identifier: ISC */
#ifndef WORKER_T_H
#define WORKER_T_H

/*
 * A bench for policyd's worker: the directory (dir_int.h) is played by the
 * test, the clocks stand until they are moved, and what is logged is kept.  The
 * worker's thread waits to be begun, so that a case can do its turns itself.
 */

#include "clock_t.h"
#include "policy/worker_own_int.h"
#include "t_policy.h"

/* What the worker has as its directory. */
struct dir {
	void (*wake)(void *arg);
	void *arg;
	bool follows;
	struct source_directory followed;
	bool had_memory;
	unsigned n_follow;
	unsigned n_leave;
	unsigned n_hurry;
	unsigned n_read;
	uint64_t asked;
	struct dir_news news; /* all zero: there is none */
	struct dir_facts facts;
	uint64_t release;
	bool busy;           /* new settings wait */
	const char *text;    /* its rules, as a policy.conf has them */
	const char *skipped; /* what could not be read; NULL: nothing */
	struct mono deadline;
};

struct bench {
	char state[32]; /* "": none */
	int wake_fd;
	struct worker *w;
	struct dir *dir;
	struct worker_news news; /* taken last; its snapshot is gone */
	bool handed_over;        /* it had one */
	struct policy_head head; /* of that */
};

void bench_begin(struct bench *bench, bool with_state);
/* A new worker beside the same state. */
void bench_again(struct bench *bench);
void bench_done(struct bench *bench);
/* What it begins with; NULL: the engine has nothing. */
void bench_resume(struct bench *bench, const struct worker_found *found);
void bench_file(struct bench *bench, const char *text);
/* Take what there is; false: nothing. */
bool bench_news(struct bench *bench);
/* How often it was woken since it was asked last. */
unsigned bench_woken(struct bench *bench);
/* What the directory says now. */
void bench_confirmed(struct bench *bench);
void bench_failed(struct bench *bench, const char *problem);
void bench_changed(struct bench *bench, const char *text);
/* The rule is in what is in force. */
bool bench_has(const struct bench *bench, const char *rule);
/* A copy of what is in force. */
uint8_t *bench_snapshot(const struct bench *bench, size_t *ret_len);

/* Begun, with that file (NULL: none) and what the directory has in force. */
void bench_begin_with(struct bench *bench, bool with_state, const char *file);
/* Generations 1 (rule r1) to 3 (r3), all kept. */
void bench_begin_with_three(struct bench *bench);

struct worker_order *t_order(enum policy_order what, const char *text);
void bench_order(struct bench *bench, enum policy_order what, const char *text);
void bench_roll_back(struct bench *bench, uint64_t generation);
/* What became of the only one that is done. */
struct worker_done bench_order_done(struct bench *bench);

/* ---- files --------------------------------------------------------------- */

#define T_RULE(name) "policy = { rules = ( { name = \"" name "\"; } ); };"
#define T_DIRECTORY(more)                                                      \
	"directory = { uri = \"ldap://localhost\"; base = \"o=x\"; " more " }" \
	";"

#endif /* WORKER_T_H */
