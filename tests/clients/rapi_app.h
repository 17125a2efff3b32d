/* SPDX-License-Identifier: ISC */
#ifndef RAPI_APP_H
#define RAPI_APP_H

/*
 * What the two RAPI test applications share: addresses, objects, the loop that
 * lasts until SIGTERM, and one JSON line for each event.
 */

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

#include <jansson.h>

#include "rapi/rapi.h"
#include "rapi/rapi_ext.h"

union rapi_app_addr {
	rapi_addr_t any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Parse an address; ends the program when it is none.  family: 0, 4 or 6. */
union rapi_app_addr rapi_app_addr(const char *text, uint16_t port, int family);

void rapi_app_tspec(rapi_tspec_t *ret_tspec, double r, double b, double p,
	uint32_t m, uint32_t M);

/* The arguments of an upcall, collected. */
struct rapi_app_event {
	rapi_eventinfo_t type;
	rapi_styleid_t style;
	int code;
	int value;
	const rapi_addr_t *node;
	unsigned flags;
	int filters;
	const rapi_filter_t *filter;
	int flowspecs;
	const rapi_flowspec_t *flowspec;
	int adspecs;
	const rapi_adspec_t *adspec;
};

/* A line with what every event has; more may be set before it is printed. */
json_t *rapi_app_line(const struct rapi_app_event *event);
json_t *rapi_app_filter(const rapi_filter_t *filter);
/* Tspec (of a Path event) or flowspec, both in Simplified format. */
json_t *rapi_app_spec(const rapi_flowspec_t *spec, bool is_tspec);
/* Print it at once, and free it. */
void rapi_app_print(json_t *line);
/* {"event": what, "text": text} */
void rapi_app_say(const char *what, const char *text);

/* Open the session, or say why not and end the program. */
rapi_sid_t rapi_app_session(const union rapi_app_addr *dst, int proto,
	rapi_event_rtn_t *event, void *arg);

/* Dispatch until SIGTERM or SIGINT.  Catches them from the call of
 * rapi_app_catch() on. */
void rapi_app_catch(void);
void rapi_app_run(rapi_sid_t sid);

#endif /* RAPI_APP_H */
