/* SPDX-License-Identifier: ISC */
#ifndef SERVE_INT_H
#define SERVE_INT_H

/* `tcctl serve` in its parts, and what main.c shares with it. */

#include <poll.h>

#include "ingress_int.h"
#include "links_int.h"

struct nl_conn;
struct nl_host;
struct nl_watch;
struct tc_life;

enum {
	SERVE_FD = 3,     /* requests: SOCK_SEQPACKET to the engine */
	SERVE_LIFE_FD = 4 /* liveness: SOCK_SEQPACKET to the supervisor */
};

/* Bound by the supervisor as long as it runs; abstract, so one a network
 * namespace. */
#define SERVE_LOCK_NAME "rsvpd-engine"

/* Serve until the engine or the supervisor closes its end, or SIGTERM.
 * Returns the exit status. */
int tc_serve(void);

/* Allow only what serving needs; anything else ends the process.  False: the
 * filter could not be installed. */
bool tc_sandbox(void);

/* ---- the loop ------------------------------------------------------------ */

/* After requests, of which more may come. */
enum { TC_SERVE_IDLE_MS = 20 };

enum tc_serve_fd {
	TC_SERVE_REQUEST,
	TC_SERVE_LIFE,
	TC_SERVE_SIGNAL,
	TC_SERVE_EVENT,
	TC_SERVE_FDS
};

/* A datagram that waits for the engine to read. */
struct tc_serve_out {
	TAILQ_ENTRY(tc_serve_out) entry;
	size_t len;
	uint8_t bytes[];
};

struct tc_serve {
	const struct alloc *alloc;
	struct tc_life *life; /* NULL: nobody asks */
	struct nl_conn *conn;
	struct nl_watch *watch;
	struct nl_host *host;
	struct tc_ifbs ifbs;
	struct tc_offloading offloads;
	struct tc_kernel kernel;
	struct tc_marker marker;
	struct tc_listener listener;
	struct tc_links links;
	struct tc_batch *batch;
	struct pollfd fds[TC_SERVE_FDS];
	struct mono watch_due;
	struct mono idle_due; /* work in the background; MONO_NEVER: none */
	struct mono asked;    /* when the last request came */
	bool stopping;
	int error; /* of the conversation with the kernel */
	TAILQ_HEAD(tc_serve_outs, tc_serve_out) outs;
	struct buf_writer w; /* over answers */
	bool untold;         /* there was no memory for some of them */
	uint8_t answers[MSG_DATAGRAM_MAX];
	uint8_t request[MSG_DATAGRAM_MAX];
};

/* Wait for the next thing to do and do it; sets stopping or error when it was
 * the last. */
void tc_serve_turn(struct tc_serve *s);

/* serve_answer.c */

/* Whatever the listener hears is answered. */
void tc_serve_answers_init(struct tc_serve *s);
/* Forgets what was not taken. */
void tc_serve_answers_done(struct tc_serve *s);
/* A request that is not done. */
void tc_serve_refuse(
	struct tc_serve *s, uint32_t serial, int error, const char *text);
/* A tree was given up; the text fits. */
void tc_serve_lost(struct tc_serve *s, const struct tc_lost *lost);
/* Hand over what the engine takes now. */
void tc_serve_flush(struct tc_serve *s);

/* serve_request.c: one datagram, if there is one. */
void tc_serve_receive(struct tc_serve *s);

/* serve_due.c: what is due; one step of what can wait, when nothing is. */
void tc_serve_due(struct tc_serve *s);
void tc_serve_idle(struct tc_serve *s);

/* ---- watch.c ------------------------------------------------------------- */

/*
 * See whether the link's tree is still there.  When it is not, make it again
 * and say so; when that fails, or somebody removes it more than five times a
 * minute, say so and mark the link lost.  Where the interface itself has gone,
 * as that of a ppp session does, nobody is to blame: whoever asked for the tree
 * hears of it from the kernel too.  Returns -errno as struct tc_kernel.
 */
int tc_watch(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);

#endif /* SERVE_INT_H */
