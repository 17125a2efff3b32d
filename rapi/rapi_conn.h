/* SPDX-License-Identifier: ISC */
#ifndef RAPI_CONN_H
#define RAPI_CONN_H

/*
 * The connection to the daemon as a machine without I/O: bytes in, bytes out,
 * the time as a parameter.
 *
 * It keeps what the application wants (sessions, their sender and reservation)
 * and what the daemon has been told on the present connection; the bytes out
 * are the difference.  A new connection has been told nothing, so that replay
 * is no case of its own.  Since each request replaces the one before, what
 * waits is bounded by the number of sessions, however slow the daemon is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/mono.h"
#include "rapi_msg.h"

enum {
	CONN_SESSIONS_MAX = 16384,
	CONN_RETRY_MIN_MS = 100,
	CONN_RETRY_MAX_MS = 5000
};

enum conn_state {
	CONN_DOWN,
	CONN_GREETING, /* connected; WELCOME not yet seen */
	CONN_UP
};

struct conn_body {
	uint8_t *bytes; /* owned; NULL: nothing wanted */
	size_t len;
};

/* One session of the application. */
struct conn_session {
	TAILQ_ENTRY(conn_session) waiting;
	uint64_t handle; /* generation << 32 | sid */
	void *app;       /* the caller's; borrowed */
	struct conn_body open;
	struct conn_body sender;
	struct conn_body reserve;
	unsigned untold; /* what the daemon must be told; 0: not waiting */
	bool told;       /* the daemon has been sent its OPEN */
	bool confirm;    /* ask for a confirmation */
	bool had_path;   /* the last event of the kind was not "none" */
	bool had_resv;
	bool stale_path; /* and was of an earlier connection */
	bool stale_resv;
};

struct conn_slot {
	struct conn_session *session; /* NULL: free */
	uint32_t generation;
	uint32_t next_free; /* sid of the next free slot, 0: none */
};

TAILQ_HEAD(conn_queue, conn_session);

struct rapi_conn {
	enum conn_state state;
	struct conn_slot *slots; /* by sid - 1; owned */
	uint32_t slot_count;
	uint32_t free_first; /* sids are used again in the order of release */
	uint32_t free_last;
	size_t sessions;
	struct conn_queue queue; /* sessions with something untold */
	bool hello_untold;
	struct buf_reader in; /* what is left of the last datagram */
	struct mono retry;
	uint32_t retry_ms;
	struct mono settle;            /* MONO_NEVER: nothing to settle */
	uint32_t settle_cursor;        /* sids up to here are done */
	struct rapi_msg_answer answer; /* the latest */
};

void rapi_conn_init(struct rapi_conn *conn);
void rapi_conn_done(struct rapi_conn *conn);

/* ---- what the application wants ------------------------------------------ */

/* RAPI_ERR_OK, _MAXSESS or _MEMFULL.  The body is copied. */
int rapi_conn_open(struct rapi_conn *conn, void *app,
	const struct rapi_msg_body *body, struct conn_session **ret_session);
/* NULL when there is none. */
struct conn_session *rapi_conn_find(const struct rapi_conn *conn, uint32_t sid);
static inline uint32_t
rapi_conn_sid(const struct conn_session *session)
{
	return (uint32_t)session->handle;
}

/* Replace, or with body NULL withdraw.  RAPI_ERR_OK or _MEMFULL (then nothing
 * has changed). */
int rapi_conn_sender(struct rapi_conn *conn, struct conn_session *session,
	const struct rapi_msg_body *body);
int rapi_conn_reserve(struct rapi_conn *conn, struct conn_session *session,
	const struct rapi_msg_body *body);
/* Frees the session; nothing of it will come out of rapi_conn_next(). */
void rapi_conn_close(struct rapi_conn *conn, struct conn_session *session);

/* ---- the connection ------------------------------------------------------ */

void rapi_conn_up(struct rapi_conn *conn);
/* Lost, or not to be had. */
void rapi_conn_lost(struct rapi_conn *conn, struct mono now);
bool rapi_conn_retry_due(const struct rapi_conn *conn, struct mono now);
/* When time alone makes something due; MONO_NEVER. */
struct mono rapi_conn_deadline(const struct rapi_conn *conn);

/* The next datagram to send, of whole messages; false: nothing waits.  The
 * caller must send it before the connection is given up. */
bool rapi_conn_output(struct rapi_conn *conn, struct buf_writer *w);
/* A datagram arrived; borrowed until rapi_conn_next() says CONN_NOTHING. */
void rapi_conn_input(struct rapi_conn *conn, const uint8_t *bytes, size_t len);

enum conn_news {
	CONN_NOTHING, /* give me more input */
	CONN_EVENT,   /* conn->answer, for *ret_session */
	CONN_REFUSED, /* conn->answer; the daemon will close */
	CONN_BAD      /* no message that we understand: give up */
};
enum conn_news rapi_conn_next(struct rapi_conn *conn, struct mono now,
	struct conn_session **ret_session);

#endif /* RAPI_CONN_H */
