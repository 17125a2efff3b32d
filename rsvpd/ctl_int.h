/* SPDX-License-Identifier: ISC */
#ifndef CTL_INT_H
#define CTL_INT_H

/* A connection to the control socket, and what answers a question there. */

#include "base/list.h"
#include "ctl/ctl_msg.h"
#include "rsvpd/ctl_server.h"
#include "rsvpd/daemon.h"
#include "rsvpd/tc_client.h"

enum { CTL_PER_SESSION = 64 /* paths and reservations in one record */ };

struct ctl_client {
	TAILQ_ENTRY(ctl_client) entry;
	struct ctl_server *server;
	int fd; /* -1: gone, waiting for the last counter */
	struct loop_fd *watch;
	struct mono moved_at; /* a question came, or a datagram went */
	uint16_t ask;         /* enum ctl_type; 0: none */
	uint32_t serial;
	uint64_t cursor;     /* of the next record; meaning by question */
	uint64_t generation; /* of the rules that are listed */
	bool counting;       /* counters of tcctl are on their way */
	struct tc_counter *counters;
	size_t counter_count;
	size_t counter_room;
	struct policy_done *answer; /* of policyd; NULL: none yet */
	struct ctl_why *why;        /* what is explained; NULL: nothing */
	const char *error;          /* the answer ends with it; or NULL */
	int out_fd;     /* goes with the next datagram; owned, -1: none */
	size_t out_len; /* a datagram that the kernel did not take yet */
	uint8_t out[MSG_DATAGRAM_MAX];
};

TAILQ_HEAD(ctl_clients, ctl_client);

struct ctl_server {
	struct engine *engine;
	int fd;
	struct loop_fd *watch;
	struct ctl_clients clients;
	size_t client_count;
	/* One session's state while it is written; grows with the largest. */
	struct rsvp_path_info *paths;
	struct rsvp_resv_info *resvs;
	size_t path_room;
	size_t resv_room;
};

/* One step of a listing: true when a record (or none) was written and the
 * cursor to go on with is in *ret_next; false at the end. */
typedef bool ctl_step_fn(
	struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next);

/* Begin a record of the answer. */
uint8_t *ctl_record(struct ctl_client *client, struct buf_writer *w);

/* ---- one session (ctl_part.c) -------------------------------------------- */

/* All paths of a session, in the server's room; how many. */
size_t ctl_paths_of(struct ctl_server *server, uint64_t serial);

/* A session with its state in the server's room, and which of its parts, paths
 * before reservations, is next. */
struct ctl_part {
	struct rsvp_session_info info;
	size_t paths;
	size_t resvs;
	size_t at;
};
/* All of a session need not fit into one datagram: a cursor has the session,
 * and in its low bits the part that is next; 0: all of it was told.  False: no
 * more. */
bool ctl_part_find(
	struct ctl_server *server, uint64_t cursor, struct ctl_part *ret_part);
uint64_t ctl_part_cursor(const struct ctl_part *part);
/* Puts the part at part->at, or nothing of it. */
typedef void ctl_part_fn(struct ctl_client *client, struct buf_writer *w,
	const struct ctl_part *part);
/* A step of a listing: what is left of a session, as far as there is room. */
bool ctl_part_step(struct ctl_client *client, struct buf_writer *w,
	ctl_part_fn *put, uint64_t *ret_next);

/* Of policy (ctl_policy.c). */
ctl_step_fn ctl_step_snapshot;
ctl_step_fn ctl_step_request;
ctl_step_fn ctl_step_answer;
ctl_step_fn ctl_step_history;
ctl_step_fn ctl_step_why;
ctl_step_fn ctl_step_refused;

/* A question that policyd answers: ask it.  NULL, or why not. */
const char *ctl_policy_begin(struct ctl_client *client, const struct msg *m);
/* A question on a request: read it.  NULL, or why not. */
const char *ctl_why_begin(struct ctl_client *client, const struct msg *m);
/* Of these questions. */
void ctl_policy_drop(struct ctl_client *client);
/* ---- counters of the kernel (ctl_count.c) -------------------------------- */

/* Ask for what the listing tells; ctl_resume() follows, at once or when tcctl
 * has told them, or has not within 2 s.  False: no memory. */
bool ctl_count_begin(struct ctl_client *client);
/* Of a flow, or of best effort on an interface; NULL: not told. */
const struct tc_counter *ctl_count_of(
	const struct ctl_client *client, uint32_t flow_id);
const struct tc_counter *ctl_count_of_iface(
	const struct ctl_client *client, uint32_t ifindex);

/* What was waited for has come. */
void ctl_resume(struct ctl_client *client);

#endif /* CTL_INT_H */
