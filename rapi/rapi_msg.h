/* SPDX-License-Identifier: ISC */
#ifndef RAPI_MSG_H
#define RAPI_MSG_H

/*
 * The conversation between librapi and rsvpd: messages of base/msg.h over
 * SOCK_SEQPACKET, their attributes and their decoded forms.  Used by both
 * sides; neither trusts the other.
 *
 *	library                               daemon
 *	HELLO protocol range           ->
 *	                               <-     WELCOME protocol, settle time
 *	                                      or REFUSE code, text; then closes
 *	OPEN handle, session           ->
 *	SENDER, UNSEND, RESERVE,
 *	UNRESERVE, CLOSE handle, ...   ->
 *	                               <-     EVENT handle, kind, error, items
 *
 * The library need not wait for WELCOME before it asks.  A handle is chosen by
 * the library and never used twice on a connection, so that an event under way
 * cannot meet a later session.  All values host order once decoded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/msg.h"
#include "rsvpd/wire/wire.h"

enum {
	RAPI_MSG_PROTOCOL = 1, /* the only one so far */
	RAPI_MSG_TEXT = 256    /* of EVENT and REFUSE, with its terminator */
};

enum rapi_msg_type {
	RAPI_MSG_HELLO = 1,
	RAPI_MSG_OPEN = 2,
	RAPI_MSG_SENDER = 3,
	RAPI_MSG_UNSEND = 4,
	RAPI_MSG_RESERVE = 5,
	RAPI_MSG_UNRESERVE = 6,
	RAPI_MSG_CLOSE = 7,
	RAPI_MSG_WELCOME = 64,
	RAPI_MSG_REFUSE = 65,
	RAPI_MSG_EVENT = 66
};

/* Why a message was not accepted. */
#define RAPI_MSG_FAULTS(X)                                                     \
	X(RAPI_MSG_OK, "ok")                                                   \
	X(RAPI_MSG_VERSION, "message version not known")                       \
	X(RAPI_MSG_UNKNOWN, "message type not known")                          \
	X(RAPI_MSG_FRAMING, "lengths do not add up")                           \
	X(RAPI_MSG_SIZE, "attribute of a wrong size")                          \
	X(RAPI_MSG_VALUE, "attribute value not allowed")                       \
	X(RAPI_MSG_MISSING, "mandatory attribute missing")                     \
	X(RAPI_MSG_LIMIT, "too many flow descriptors")

enum rapi_msg_fault {
#define X(name, text) name,
	RAPI_MSG_FAULTS(X)
#undef X
		RAPI_MSG_FAULT_COUNT
};

const char *rapi_msg_fault_text(enum rapi_msg_fault fault);

/* ---- what the library says ----------------------------------------------- */

struct rapi_msg_session {
	struct wire_session session;
	uint32_t ifindex; /* scope of a link-local or group address; 0: none */
};

struct rapi_msg_sender {
	struct wire_filter sender; /* src may be 0.0.0.0 or ::, to be chosen */
	struct wire_tspec tspec;
	struct wire_view adspec_view; /* whole object; empty: the default */
	uint8_t ttl;                  /* 0: the default */
	uint32_t ifindex;             /* 0: by route */
};

struct rapi_msg_reserve {
	uint8_t style;        /* enum wire_style */
	struct addr receiver; /* ADDR_NONE: to be chosen */
	size_t flow_count;
	struct wire_flow flows[WIRE_FLOWS_MAX];
};

struct rapi_msg_request {
	enum rapi_msg_type type;
	uint64_t handle; /* not of HELLO */
	uint16_t protocol_min;
	uint16_t protocol_max;
	bool confirm; /* of RESERVE */
	union {
		struct rapi_msg_session session;
		struct rapi_msg_sender sender;
		struct rapi_msg_reserve reserve;
	};
};

/* Views borrow the message. */
enum rapi_msg_fault rapi_msg_decode_request(
	const struct msg *msg, struct rapi_msg_request *ret_request);

void rapi_msg_put_hello(struct buf_writer *w);

/* The attributes of a request after its handle, without the message around
 * them. */
void rapi_msg_put_session(
	struct buf_writer *w, const struct rapi_msg_session *session);
void rapi_msg_put_sender(
	struct buf_writer *w, const struct rapi_msg_sender *sender);
void rapi_msg_put_reserve(
	struct buf_writer *w, const struct rapi_msg_reserve *reserve);

/* A whole request: type, handle, attributes as above (len may be 0), and for
 * RESERVE whether a confirmation is asked for. */
struct rapi_msg_body {
	const uint8_t *bytes;
	size_t len;
	bool confirm;
};
void rapi_msg_put_request(struct buf_writer *w, enum rapi_msg_type type,
	uint64_t handle, const struct rapi_msg_body *body);

/* ---- what the daemon says ------------------------------------------------ */

struct rapi_msg_item {
	bool has_filter;
	bool has_tspec;
	bool has_flowspec;
	struct wire_filter filter;
	struct wire_tspec tspec;
	struct wire_flowspec flowspec;
	struct wire_view adspec_view; /* whole object; may be empty */
};

struct rapi_msg_event {
	uint64_t handle;
	uint8_t kind;  /* 1 to 5, numbered as in rapi.h */
	uint8_t style; /* enum wire_style, or 0 */
	struct wire_error error;
	char text[RAPI_MSG_TEXT];
};

struct rapi_msg_answer {
	enum rapi_msg_type type;
	uint16_t protocol;           /* of WELCOME */
	uint32_t settle_ms;          /* of WELCOME: by then state that exists in
				      * the network has been learnt again */
	uint32_t code;               /* of REFUSE: RAPI_ERR_ */
	struct rapi_msg_event event; /* of EVENT; text also of REFUSE */
	size_t item_count;
	struct buf_reader items; /* of EVENT; for rapi_msg_next_item() */
};

/* All items are checked here; later they only need taking. */
enum rapi_msg_fault rapi_msg_decode_answer(
	const struct msg *msg, struct rapi_msg_answer *ret_answer);
/* False at the end. */
bool rapi_msg_next_item(
	struct buf_reader *items, struct rapi_msg_item *ret_item);

void rapi_msg_put_welcome(struct buf_writer *w, uint32_t settle_ms);
void rapi_msg_put_refuse(struct buf_writer *w, uint32_t code, const char *text);

/* An event: begin it, put its items, end it. */
uint8_t *rapi_msg_begin_event(
	struct buf_writer *w, const struct rapi_msg_event *event);
void rapi_msg_put_item(struct buf_writer *w, const struct rapi_msg_item *item);
void rapi_msg_end_event(struct buf_writer *w, uint8_t *start);

#endif /* RAPI_MSG_H */
