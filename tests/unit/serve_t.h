/* SPDX-License-Identifier: ISC */
#ifndef SERVE_T_H
#define SERVE_T_H

/*
 * A worker for `policyd serve` that only says what it is told, and hands over
 * what the test gives it; and time that passes when the test says so.
 */

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum { SERVE_LINE = 512 };

/* What the engine says of a snapshot in one of the cases; the worker's end is
 * told with a mark when it was logged. */
#define SERVE_REFUSAL "rule 3: offset out of range"

/* What the worker of the test is to hand over. */
struct give {
	bool snapshot;
	bool status;
	bool directory;
	bool done; /* the oldest order; with a candidate */
	uint64_t generation;
	char text[64];
};

extern int serve_say_fd;  /* what the worker is told, a line each */
extern int serve_give_fd; /* what it is given */
/* What serve() waits for next passes, if nothing else comes: shared. */
extern volatile bool *serve_time_passes;

/* As poll(2), in time that goes. */
int serve_t_poll(struct pollfd *fds, unsigned n, int ms);

#endif /* SERVE_T_H */
