/* SPDX-License-Identifier: ISC */

/* rsvpctl send: announce a sender and hold it. */

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ctl/flow.h"
#include "rapi/rapi_ext.h"

static bool
set_src(struct flow *flow, const char *value)
{
	struct addr a;

	if (!addr_parse(value, &a) ||
		(a.family == ADDR_V4) != (flow->dst.ss_family == AF_INET))
		return false;
	if (a.family == ADDR_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)&flow->src;

		memcpy(&in->sin_addr, a.b, 4);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&flow->src;

		memcpy(&in6->sin6_addr, a.b, 16);
	}
	return true;
}

static bool
set_src_port(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 0, 65535, &v))
		return false;
	/* The port stands at the same place in both kinds. */
	((struct sockaddr_in *)&flow->src)->sin_port = htons((uint16_t)v);
	return true;
}

static bool
set_rate(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!text_parse_rate(value, &v) || v == 0)
		return false;
	flow->tspec.spec_Tspec_r = (float)v;
	return true;
}

static bool
set_bucket(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!text_parse_size(value, &v) || v == 0)
		return false;
	flow->tspec.spec_Tspec_b = (float)v;
	return true;
}

static bool
set_peak(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!text_parse_rate(value, &v))
		return false;
	flow->tspec.spec_Tspec_p = v > 0 ? (float)v : INFINITY;
	return true;
}

static bool
set_min(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 0, UINT32_MAX, &v))
		return false;
	flow->tspec.spec_Tspec_m = (uint32_t)v;
	return true;
}

static bool
set_max(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 0, UINT32_MAX, &v))
		return false;
	flow->tspec.spec_Tspec_M = (uint32_t)v;
	return true;
}

static bool
set_ttl(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 1, 255, &v))
		return false;
	flow->ttl = (int)v;
	return true;
}

static const struct flow_option options[] = {
	{ "src", false, set_src, "an address of the destination's family" },
	{ "src-port", false, set_src_port, "a port (0 to 65535)" },
	{ "proto", false, flow_set_proto, "a number from 1 to 255" },
	{ "rate", false, set_rate, "a rate (write it like \"1 Mbit\")" },
	{ "bucket", false, set_bucket, "a size (write it like \"16 kB\")" },
	{ "peak", false, set_peak,
		"a rate (write it like \"2 Mbit\"; 0: unlimited)" },
	{ "min", false, set_min, "a number of octets" },
	{ "max", false, set_max, "a number of octets" },
	{ "ttl", false, set_ttl, "a number from 1 to 255" },
	{ NULL, false, NULL, NULL },
};

static void
hear(struct flow *flow, struct flow_event *event)
{
	flow_print(flow, event);
	if (event->kind == RAPI_PATH_ERROR)
		flow->status = CTL_REFUSED;
	else if (event->kind == RAPI_RESV_EVENT)
		flow->status = CTL_DONE;
}

int
ctl_send(const struct ctl_options *opts, int argc, char **argv)
{
	struct flow flow = { .options = opts,
		.proto = IPPROTO_UDP,
		.tspec = { .spec_Tspec_r = 125000,
			.spec_Tspec_b = 3000,
			.spec_Tspec_p = INFINITY,
			.spec_Tspec_m = 64,
			.spec_Tspec_M = 1500 } };
	rapi_tspec_t tspec = { .len = sizeof(rapi_hdr_t) +
				      sizeof(rapi_qos_tspecx_t),
		.form = RAPI_TSPECTYPE_Simplified };

	if (!flow_parse(&flow, argc, argv, options))
		return CTL_USAGE;
	if (!flow_open(&flow, hear))
		return flow.status;
	tspec.tspecbody_qosx.spec_type = RAPI_QOS_TSPEC;
	tspec.tspecbody_qosx.xtspec_Tspec = flow.tspec;

	const int error =
		rapi_sender(flow.sid, 0, (rapi_addr_t *)(void *)&flow.src, NULL,
			&tspec, NULL, NULL, flow.ttl);

	if (error != RAPI_ERR_OK) {
		fprintf(stderr, "rsvpctl: %s\n", rapi_ext_last_error());
		(void)rapi_release(flow.sid); /* it is gone in any case */
		return CTL_REFUSED;
	}
	flow_run(&flow);
	return flow.status;
}
