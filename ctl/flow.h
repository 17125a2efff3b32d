/* SPDX-License-Identifier: ISC */
#ifndef FLOW_H
#define FLOW_H

/*
 * What `rsvpctl send` and `rsvpctl reserve` share: options of a flow, a RAPI
 * session, the loop until interrupted, and one line for each event.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ctl/ctl.h"
#include "rapi/rapi.h"

/* What an upcall said, for printing. */
struct flow_event {
	rapi_eventinfo_t kind;
	int code;
	int value;
	unsigned flags;
	const rapi_addr_t *node;
	int filters;
	rapi_filter_t *filter_list;
	int specs;
	rapi_flowspec_t *spec_list;
	int adspecs;
	rapi_adspec_t *adspec_list;
	double bound_us; /* reserve, GS: of the rate asked for; 0: none */
	float R;
};

struct flow;
typedef void flow_hear_fn(struct flow *flow, struct flow_event *event);

enum {
	FLOW_SENDERS_MAX = 16 /* reserved for at once */
};

struct flow {
	const struct ctl_options *options;
	struct sockaddr_storage dst; /* with the port */
	struct sockaddr_storage src; /* send: own address, or any */
	uint8_t proto;
	rapi_qos_Tspec_body tspec;  /* send */
	int ttl;                    /* send; 0: the default */
	rapi_qos_service_t service; /* reserve; send: 0 */
	double bound_s;             /* reserve, GS: queueing delay wanted; 0 */
	double delay_s;             /* the same with the path's latency; 0 */
	float rate_Bps;             /* reserve, GS: R; 0: r of the sender */
	bool confirm;               /* reserve */
	bool once;                  /* reserve: end at the answer */
	/* reserve: the latest request, flowspecs then filters, packed */
	size_t asked_len;
	uint8_t asked[FLOW_SENDERS_MAX *
		      (sizeof(rapi_flowspec_t) + sizeof(rapi_filter_t))];
	rapi_sid_t sid;
	flow_hear_fn *hear;
	bool ended;
	int status;           /* exit status */
	rapi_styleid_t style; /* reserve */
	bool unprinted;       /* an event was not shown */
};

/* One option of a command: "--rate VALUE"; a flag takes none. */
struct flow_option {
	const char *name; /* NULL ends the list */
	bool flag;
	bool (*set)(struct flow *flow, const char *value);
	const char *wants; /* what the value has to be; NULL for a flag */
};

/* DESTINATION PORT and options.  False: reported. */
bool flow_parse(struct flow *flow, int argc, char **argv,
	const struct flow_option *options);

bool flow_set_proto(struct flow *flow, const char *value);
/* A decimal number in [min, max]; false otherwise. */
bool flow_number(
	const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/* Open the session; `hear` is told its events.  False: reported, flow->status
 * is set. */
bool flow_open(struct flow *flow, flow_hear_fn *hear);
/* Dispatch until SIGINT, SIGTERM or flow->ended; then release.  When an event
 * could not be shown the status says so. */
void flow_run(struct flow *flow);

/* The address without its port, "" for another family; returns buf. */
const char *flow_address(const rapi_addr_t *sa, char *buf, size_t size);

/* Is the destination a multicast address? */
bool flow_is_group(const struct flow *flow);

/* One line, or one JSON object on a line. */
void flow_print(struct flow *flow, const struct flow_event *event);

/* ctl/out_event.c: an event as one line of JSON.  False: there was not the
 * memory for it. */
bool out_json_event(const struct flow_event *event, FILE *out);

#endif /* FLOW_H */
