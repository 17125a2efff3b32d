/* SPDX-License-Identifier: ISC */
#ifndef SUP_T_H
#define SUP_T_H

/*
 * A supervisor (rsvpd/sup_life.c, sup_talk.c) whose processes, files and clock
 * are the test's: a worker is a number and the other end of its socket.  The
 * program is linked with SUP_T_WRAPS of rsvpd.mk.
 */

#include "loop_t.h"
#include "rsvpd/daemon.h"
#include "rsvpd/sup_state.h"
#include "t.h"

enum { SUP_T_PROCESSES = 64, SUP_T_FIRST_PID = 1000 };

/* One that was started. */
struct sup_t_process {
	char name[16];
	char argv[10][128];
	bool given[SUP_GIVEN_FDS];
	int sock;       /* its end */
	int signal;     /* the last that it was sent; 0: none */
	size_t kills;   /* how many */
	bool ended;     /* as waitpid() tells, once */
	bool forgotten; /* it was told */
	int status;
};

struct sup_t {
	struct supervisor sup;
	struct sup_options options;
	struct sup_t_process processes[SUP_T_PROCESSES];
	size_t count;
	int spawn_error; /* of the next start, negative */
	/* What becomes of opening them: negative errno, or 0. */
	int conf_error;
	int policy_error;
	int users_error;
	int accounts_error;
	int socket_error;
	int socket_role; /* that was opened last; -1: none */
	char user_missing[32];
	/* What was told. */
	char notified[128];
	size_t watchdogs; /* WATCHDOG=1 */
	char group[SUP_GROUP];
	size_t open_fds; /* at the beginning */
};

extern struct sup_t sup_t;

/* A supervisor with its files, and no worker yet. */
void sup_t_begin(void);
/* The same with all three, the start told to them and read. */
void sup_t_run(void);
void sup_t_end(void);

/* The latest process of that worker. */
struct sup_t_process *sup_t_process(int worker);
/* It says that, or dies with that status of wait(2). */
void sup_t_say(int worker, const struct sup_msg *msg);
void sup_t_die(int worker, int status);
/* What it is told next; the descriptor is the caller's.  False: nothing. */
bool sup_t_hear(int worker, struct sup_msg *ret_msg);
/* The text in a descriptor; closes it. */
void sup_t_text(int fd, char text[64]);
/* Whoever reads it does so from its beginning. */
void sup_t_is_at_its_beginning(int fd);
/* Time goes by, all that is due is done. */
void sup_t_wait_ms(int64_t ms);

#endif /* SUP_T_H */
