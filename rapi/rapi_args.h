/* SPDX-License-Identifier: ISC */
#ifndef RAPI_ARGS_H
#define RAPI_ARGS_H

/*
 * The arguments of the calls, checked in the order that is documented and
 * turned into the attributes of a request.  All return RAPI_ERR_OK or the error
 * to report, and leave words for rapi_ext_last_error().
 */

#include "rapi_int.h"

int rapi_args_session(const rapi_addr_t *dest, int protid, unsigned flags,
	struct rapi_msg_session *ret_session);

/* The arguments of rapi_sender() that describe a sender. */
struct rapi_sender_args {
	const rapi_addr_t *lhost;
	const rapi_filter_t *template;
	const rapi_tspec_t *tspec;
	const rapi_adspec_t *adspec;
	const rapi_policy_t *policy;
	int ttl;
};

int rapi_args_sender(const struct rapi_msg_session *session,
	const struct rapi_sender_args *args, struct buf_writer *w);

/* The arguments of rapi_reserve() that describe a reservation. */
struct rapi_reserve_args {
	const rapi_addr_t *rhost;
	rapi_styleid_t style;
	const rapi_stylex_t *style_ext;
	const rapi_policy_t *policy;
	int filter_count;
	const rapi_filter_t *filters;
	int flowspec_count;
	const rapi_flowspec_t *flowspecs;
};

int rapi_args_reserve(const struct rapi_msg_session *session,
	const struct rapi_reserve_args *args, struct buf_writer *w);

#endif /* RAPI_ARGS_H */
