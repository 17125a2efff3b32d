/* SPDX-License-Identifier: ISC */
#ifndef API_INT_H
#define API_INT_H

/*
 * Private to the RAPI server: clients (api_client.c), what they ask for
 * (api_request.c) and who may (api_auth.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "rapi/rapi_msg.h"
#include "rsvpd/api_server.h"
#include "rsvpd/daemon.h"

enum {
	/* Error values of code 20; rapi.h has the same to the applications. */
	API_INVAL = 1,
	API_MAXSESS = 2,
	API_BADSID = 3,
	API_MEMFULL = 8,
	API_INTSERV = 13,
	API_BADSEND = 21,
	API_BADRECV = 22,
	API_BADSPORT = 23,
	API_PERM = 64,
	API_PROTO = 67,
	API_UNSUPPORTED = 254
};

struct api_client;

/* A message that waits for its client to read. */
struct api_out {
	TAILQ_ENTRY(api_out) entry;
	struct api_session *session; /* whose latest state it is, or NULL */
	size_t len;
	uint8_t bytes[];
};
TAILQ_HEAD(api_queue, api_out);

/* One session of one client. */
struct api_session {
	UT_hash_handle by_handle; /* of its client */
	UT_hash_handle by_id;     /* of the server */
	uint64_t handle;          /* the client's name for it */
	uint64_t id;              /* the core's */
	struct api_client *client;
	struct rapi_msg_session want;
	struct api_out *path_state; /* waiting PATH_EVENT, or NULL */
	struct api_out *resv_state;
};

struct api_client {
	TAILQ_ENTRY(api_client) entry;
	TAILQ_ENTRY(api_client) turn; /* in line, when waiting */
	struct api_server *server;
	int fd;
	struct loop_fd *watch;
	struct rsvp_who who;
	bool greeted;
	bool doomed;  /* cut off as soon as the loop comes round */
	bool waiting; /* in line: it has said something */
	size_t taken; /* octets of its next datagram that are done with */
	struct api_session *sessions;
	struct api_queue queue;
	size_t queue_bytes;
	uint32_t *groups; /* supplementary, of the process that connected */
	size_t n_groups;
};
TAILQ_HEAD(api_clients, api_client);

struct api_server {
	struct engine *engine;
	struct hash_key key;
	int fd;    /* listening; -1: none */
	int spare; /* given up to turn a client away when all are in use */
	struct loop_fd *watch;
	struct loop_timer *reaper; /* of the doomed */
	struct loop_timer *server; /* of the line */
	struct api_clients clients;
	struct api_clients line; /* who has said something, by turns */
	uint32_t client_count;
	struct api_session *sessions; /* by id */
	uint64_t last_id;
	uint8_t in[MSG_DATAGRAM_MAX];
	uint8_t out[MSG_DATAGRAM_MAX];
};

/* ---- api_client.c -------------------------------------------------------- */

/* Serve whoever is first in line for one turn. */
void api_client_serve(struct api_server *api);

/* Takes the descriptor.  NULL for lack of memory; then it is closed. */
struct api_client *api_client_new(
	struct api_server *api, int fd, const struct rsvp_who *who);
/* Tears down, by the core, all that was the client's, and frees it. */
void api_client_close(struct api_client *client);
/* Frees it; the core keeps its state (the daemon stops). */
void api_client_drop(struct api_client *client);

/* Queue a message for the client.  The latest state of a session replaces one
 * that has not been read yet: slot points to the session's, else NULL.  A
 * client that lets too much pile up is doomed. */
void api_client_send(struct api_client *client, const struct buf_writer *w,
	struct api_session *session, struct api_out **slot);

/* Cut the client off: with a last word (code and text) if code is not 0. */
void api_client_doom(struct api_client *client, uint32_t code, const char *why);

/* ---- api_request.c ------------------------------------------------------- */

/* One request of a greeted client.  False: nonsense; *ret_why says which. */
bool api_request(struct api_client *client,
	const struct rapi_msg_request *request, const char **ret_why);
void api_session_close(struct api_session *session);
void api_session_free(struct api_session *session);

/* ---- api_auth.c
 * ---------------------------------------------------------------
 */

/* Why a request is not for this client: value of code 20, and the words. */
struct api_denial {
	uint16_t value; /* 0: allowed */
	char text[RAPI_MSG_TEXT];
};

/* May the client be this sender?  Fills in an address that was left open. */
bool api_auth_sender(const struct api_session *session,
	struct wire_filter *sender, struct api_denial *ret_denial);
/* May the client reserve for this session? */
bool api_auth_receiver(const struct api_session *session,
	const struct addr *receiver, struct api_denial *ret_denial);

#endif /* API_INT_H */
