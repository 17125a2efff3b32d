/* SPDX-License-Identifier: ISC */
#ifndef SUP_STATE_H
#define SUP_STATE_H

/*
 * The supervisor's state, and what its three files of events do for each
 * other: supervisor.c (begin and end), sup_life.c (workers start and die),
 * sup_talk.c (workers say something, or nothing).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mono.h"
#include "rsvpd/loop.h"
#include "rsvpd/sup_int.h"
#include "rsvpd/sup_msg.h"
#include "rsvpd/supervisor.h"

#define SUP_API_SOCKET "rapi.sock"
#define SUP_CTL_SOCKET "control.sock"

enum {
	ENGINE,
	TCCTL,
	POLICYD,
	WORKERS,

	SUP_DEFAULT_WATCHDOG_MS = 5000
};

struct supervisor;

struct worker {
	struct supervisor *sup;
	struct sup_program program;
	pid_t pid;  /* 0: does not run */
	int sock;   /* our end of its descriptor 4; -1 */
	int role;   /* enum sup_fd of the pair that the engine gets; -1 */
	bool asked; /* to end: its death is none to count */
	bool due;   /* to be started as soon as the engine runs */
	uint32_t serial;
	struct mono pinged;  /* the oldest question without an answer */
	struct mono kill_at; /* it was asked to end and has not */
	struct sup_deaths deaths;
	bool ended_well; /* the latest process, with status 0 */
	struct loop_fd *watch;
	struct loop_timer *restart;
};

struct supervisor {
	const struct sup_options *options;
	struct loop *loop;
	struct loop_timer *tick;
	struct worker workers[WORKERS];
	int lock_ns;
	int lock_dir;
	int api_fd;
	int ctl_fd;
	int conf_good; /* sealed; the engine took it */
	int conf_new;  /* sealed; the engine is looking at it; -1: none */
	bool ready;    /* the engine serves */
	bool ever_ready;
	bool reload_wanted; /* as soon as the engine can */
	bool stopping;
	uint32_t watchdog_ms;
	int exit_status;
};

static inline struct worker *
sup_engine(struct supervisor *sup)
{
	return &sup->workers[ENGINE];
}

/* Closes what is open, and marks it closed. */
void sup_close(int *fd);

/* ---- sup_life.c ---------------------------------------------------------- */

/* What each worker is.  False and a log line: a user is missing. */
bool sup_describe_workers(struct supervisor *sup);
/* Start it; a helper waits for the engine.  A failure counts as a death. */
void sup_start_worker(struct worker *w);
/* Ask all workers to end, in order; then the loop stops. */
void sup_stop(struct supervisor *sup, int exit_status);
/* The engine needs a network socket of that role: open it, pass it on. */
void sup_give_socket(struct worker *engine, int role);
/* Callbacks of the loop: SIGCHLD; time to start a worker again. */
void sup_children_ended(void *arg, int signo);
void sup_restart_due(void *arg);

/* ---- sup_talk.c ---------------------------------------------------------- */

/* Send it.  A worker that dies at this moment is no failure to log. */
int sup_tell(struct worker *w, const struct sup_msg *msg);
void sup_pass_fd(struct worker *engine, int role, int fd);
/* Take what a worker said, one bounded batch. */
void sup_drain(struct worker *w);
/* Callback of the loop: a worker said something. */
void sup_readable(void *arg, int fd, unsigned ready);
/* Hand fresh configurations to the engine and policyd, now or as soon as the
 * engine can take one. */
void sup_reload(struct supervisor *sup);
/* Callback of the loop: ask every worker for a sign of life, kill those that
 * gave none. */
void sup_watch_workers(void *arg);

#endif /* SUP_STATE_H */
