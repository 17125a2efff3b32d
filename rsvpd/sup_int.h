/* SPDX-License-Identifier: ISC */
#ifndef SUP_INT_H
#define SUP_INT_H

/*
 * Private to the supervisor's files: what it opens, how it starts a worker,
 * when it starts it again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mono.h"
#include "rsvpd/priv.h"
#include "rsvpd/supervisor.h"

/* ---- when to start again (sup_backoff.c, pure) --------------------------- */

enum { SUP_DEATHS_MAX = 10, SUP_DEATHS_WINDOW_MS = 60000 };

struct sup_deaths {
	size_t count;                     /* of those still in the window */
	struct mono when[SUP_DEATHS_MAX]; /* oldest first */
};

/* One more death.  Milliseconds to wait before the next start: 50, doubling to
 * 5 000; or -1: the tenth within a minute, give up. */
int sup_deaths_add(struct sup_deaths *deaths, struct mono now);
/* The latest death was not the worker's fault if it is at most a second old:
 * forget it. */
void sup_deaths_forgive(struct sup_deaths *deaths, struct mono now);

/* ---- what only root can open (sup_open.c) ------------------------------- */

/*
 * The locks: one instance in a network namespace, one in a runtime directory.
 * Descriptors that hold them as long as they are open, or a negative errno and
 * a log line.
 */
int sup_lock_namespace(void);
int sup_lock_directory(const char *runtime_dir);

/* Make a directory unless it is there; owned by that user.  0 or a negative
 * errno and a log line. */
int sup_directory(const char *path, uid_t owner);

/* A listening SOCK_SEQPACKET socket of that name and mode in the directory.
 * Descriptor or a negative errno and a log line. */
int sup_listen(const char *runtime_dir, const char *name, mode_t mode);
/* Give the control socket to a group, or to root when there is none of that
 * name. */
void sup_give_to_group(
	const char *runtime_dir, const char *name, const char *group);
void sup_unlink(const char *runtime_dir, const char *name);

/* What the network gives and takes, by role of enum sup_fd.  Descriptor or a
 * negative errno. */
int sup_raw(int role);

/* A socket of a UDP role.  The same. */
int sup_udp(int role);

/* The file as it is now, as a sealed memory descriptor at its beginning; later
 * edits do not reach it.  Descriptor or a negative errno. */
int sup_copy_file(const char *path);
/* A file of that directory to append records to, made if it is missing. */
int sup_append(const char *dir, const char *name);
/* The same descriptor, read from its beginning. */
int sup_rewind(int fd);

/* A connected pair of SOCK_SEQPACKET sockets.  0 or a negative errno. */
int sup_pair(int ret_pair[2]);

/* ---- starting a worker (sup_worker.c) ------------------------------------ */

struct sup_program {
	const char *name;   /* "engine", as in messages */
	const char *file;   /* executable's name; NULL: ourselves */
	const char *folder; /* where it stands in a build tree */
	const char *argv[10];
	struct priv_user user;
	bool net_admin;
	int death_signal;   /* when the supervisor dies */
	uint64_t files_max; /* descriptors */
};

enum { SUP_FIRST_FD = 3, SUP_GIVEN_FDS = 3 };

/*
 * Start it, with fds[i] (-1: none) as its descriptor 3 + i and nothing else
 * open but the standard ones.  Process id or a negative errno.
 */
pid_t sup_spawn(
	const struct sup_program *program, const int fds[SUP_GIVEN_FDS]);

/* Descriptor (O_PATH) of an executable: beside this one, in the build tree of
 * this one, or in the directory of installation.  Or a negative errno. */
int sup_find_program(const char *file, const char *folder);

/* "killed by signal 9 (Killed)" or "exit status 1". */
void sup_describe_end(int status, char *buf, size_t size);

/* ---- the service manager (sup_notify.c, sup_notify_none.c) --------------- */

void sup_notify(const char *state);

#endif /* SUP_INT_H */
