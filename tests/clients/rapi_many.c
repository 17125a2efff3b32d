/* SPDX-License-Identifier: ISC */

/*
 * An application with many flows: it announces one for each port, or reserves
 * for each it hears of (Controlled Load, FF), by the RAPI (C809), and prints
 * what becomes of them, one JSON line an event, until SIGTERM.  What it asked
 * for once it does not ask for again, whatever becomes of the daemon.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rapi_app.h"
#include "traffic.h"

enum { RATE = 1000, BUCKET = 1500, PEAK = 2000, LEAST = 64, MOST = 1500 };

struct flow {
	uint16_t port;
	bool receives;
	bool reserved;
	rapi_sid_t sid;
};

/* For the one sender of a path event. */
static void
reserve(struct flow *flow, const struct rapi_app_event *event)
{
	const rapi_tspec_t *tspec = (const rapi_tspec_t *)event->flowspec;
	rapi_filter_t filter;
	rapi_flowspec_t f;
	rapi_qos_flowspecx_t *x = &f.specbody_qosx;

	memset(&f, 0, sizeof(f));
	f.len = sizeof(f);
	f.form = RAPI_FLOWSTYPE_Simplified;
	x->spec_type = RAPI_QOS_CNTR_LOAD;
	x->xspec_Tspec = tspec->tspecbody_qosx.xtspec_Tspec;
	memset(&filter, 0, sizeof(filter));
	memcpy(&filter, event->filter, event->filter->len);
	filter.len = sizeof(filter);
	flow->reserved = true;
	if (rapi_reserve(flow->sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1,
		    &filter, 1, &f) != RAPI_ERR_OK)
		rapi_app_say("problem", rapi_ext_last_error());
}

static void
on_event(rapi_sid_t sid, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	const struct rapi_app_event event = { type, style, code, value, node,
		flags, filter_count, filters, flowspec_count, flowspecs,
		adspec_count, adspecs };
	struct flow *flow = (struct flow *)arg;
	json_t *line = rapi_app_line(&event);

	json_object_set_new(line, "port", json_integer(flow->port));
	json_object_set_new(line, "flowspecs", json_integer(flowspec_count));
	rapi_app_print(line);
	flow->sid = sid;
	if (flow->receives && !flow->reserved && type == RAPI_PATH_EVENT &&
		filter_count == 1)
		reserve(flow, &event);
}

static void
announce(const struct flow *flow, const char *address)
{
	union rapi_app_addr src = rapi_app_addr(address, flow->port, 0);
	rapi_tspec_t tspec;

	rapi_app_tspec(&tspec, RATE, BUCKET, PEAK, LEAST, MOST);
	if (rapi_sender(flow->sid, 0, &src.any, NULL, &tspec, NULL, NULL, 0) ==
		RAPI_ERR_OK)
		return;
	fprintf(stderr, "rapi_sender: %s\n", rapi_ext_last_error());
	exit(1);
}

int
main(int argc, char **argv)
{
	struct flow *flows;
	uint64_t first;
	uint64_t count;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: rapi_many DST FIRST_PORT COUNT [SRC]\n"
				"SRC: announce flows, from there; without it "
				"reserve\n");
		return 2;
	}
	first = traffic_number("FIRST_PORT", argv[2], 1, 65535);
	count = traffic_number("COUNT", argv[3], 1, 65536 - first);
	flows = (struct flow *)calloc(count, sizeof(*flows));
	if (!flows)
		traffic_die("calloc");
	rapi_app_catch();
	for (uint64_t i = 0; i < count; i++) {
		struct flow *flow = &flows[i];
		const uint16_t port = (uint16_t)(first + i);
		const union rapi_app_addr dst = rapi_app_addr(argv[1], port, 0);

		flow->port = port;
		flow->receives = argc == 4;
		flow->sid = rapi_app_session(&dst, IPPROTO_UDP, on_event, flow);
		if (!flow->receives)
			announce(flow, argv[4]);
	}
	rapi_app_say("registered", "");
	rapi_app_run(flows[0].sid);
	for (uint64_t i = 0; i < count; i++)
		rapi_release(flows[i].sid);
	rapi_app_say("released", "");
	free(flows);
	return 0;
}
