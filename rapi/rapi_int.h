/* SPDX-License-Identifier: ISC */
#ifndef RAPI_INT_H
#define RAPI_INT_H

/*
 * Private to librapi: objects of the interface to values of the messages and
 * back (rapi_obj.c, rapi_adspec.c), and making an upcall (rapi_event.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/text.h"
#include "rapi.h"
#include "rapi_msg.h"
#include "rsvpd/wire/wire.h"

enum {
	RAPI_OBJ_MAX = 4096, /* octets of one object an application gives us */
	RAPI_OBJ_TAIL = 64,  /* zeroed after the last object of an upcall: a
			      * Tspec is read as a longer flowspec by clients */
	RAPI_ADSPEC_MAX = RAPI_OBJ_MAX /* of the wire object made of one */
};

/* All functions named ..._in return RAPI_ERR_OK or the RAPI_ERR_ to report. */

/* An address with its port (host order) and IPv6 scope.  Reads 16 octets of an
 * AF_INET address, 28 of AF_INET6. */
struct rapi_endpoint {
	struct addr addr;
	uint16_t port;
	uint32_t scope;
};
int rapi_addr_in(const rapi_addr_t *sa, struct rapi_endpoint *ret_endpoint);

/* Is it no object at all: NULL or empty? */
bool rapi_obj_is_empty(const void *object);

int rapi_filter_in(const rapi_filter_t *object, uint8_t family,
	struct wire_filter *ret_filter);
int rapi_tspec_in(const rapi_tspec_t *object, struct wire_tspec *ret_tspec);
int rapi_flowspec_in(
	const rapi_flowspec_t *object, struct wire_flowspec *ret_flowspec);
/* Writes a whole wire object. */
int rapi_adspec_in(const rapi_adspec_t *object, struct buf_writer *w);

/* What becomes of a value in an upcall.  Write one object; intserv chooses the
 * format.  What cannot be expressed is written as an empty object, and false
 * returned. */
void rapi_empty_out(struct buf_writer *w);
void rapi_filter_out(struct buf_writer *w, const struct wire_filter *filter);
void rapi_tspec_out(
	struct buf_writer *w, const struct wire_tspec *tspec, bool intserv);
bool rapi_flowspec_out(struct buf_writer *w,
	const struct wire_flowspec *flowspec, bool intserv);
bool rapi_adspec_out(
	struct buf_writer *w, struct wire_view object, bool intserv);

/*
 * The arguments of one upcall, laid out in a buffer of their own that grows as
 * needed and is used again.
 */
struct rapi_upcall {
	uint8_t *area; /* owned */
	size_t size;
	rapi_eventinfo_t type;
	rapi_styleid_t style;
	int error_code;
	int error_value;
	unsigned error_flags;
	union {
		rapi_addr_t addr;
		struct sockaddr_in6 in6; /* at least 28 readable octets */
	} node;
	int filter_count;
	int flowspec_count;
	int adspec_count;
	rapi_filter_t *filters;
	rapi_flowspec_t *flowspecs;
	rapi_adspec_t *adspecs;
	char text[RAPI_MSG_TEXT];
};

/* RAPI_ERR_OK; RAPI_ERR_INTSERV: made, but an object is empty because its
 * contents have no form here; RAPI_ERR_MEMFULL: not made. */
int rapi_upcall_make(struct rapi_upcall *upcall,
	const struct rapi_msg_answer *answer, bool intserv);
void rapi_upcall_done(struct rapi_upcall *upcall);

/* Why a call failed, for rapi_ext_last_error(). */
void rapi_detail(const char *fmt, ...) TEXT_PRINTF(1, 2);
int rapi_fail(int code, const char *fmt, ...) TEXT_PRINTF(2, 3);

#endif /* RAPI_INT_H */
