/* SPDX-License-Identifier: ISC */

/* A question of the core in the words of policy. */

#include <math.h>
#include <time.h>

#include "base/intserv.h"
#include "base/text.h"
#include "rsvpd/api_server.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_link.h"
#include "rsvpd/policy_client.h"

/* Octets (a second) as an integer, rounded up; what is not a number in range
 * becomes the largest one, so that no limit lets it pass. */
static uint64_t
whole(float v)
{
	const float most = 9.2e18f;

	if (!(v >= 0.0f && v <= most))
		return UINT64_MAX;
	return (uint64_t)ceilf(v);
}

static uint8_t
service_of(const struct rsvp_policy_query *query)
{
	if (query->message == WIRE_PATH)
		return POLICY_SERVICE_ANY;
	return query->flowspec.service == WIRE_SERVICE_GS ? POLICY_SERVICE_GS
							  : POLICY_SERVICE_CL;
}

/* What a guarantee asks for besides its rate: the delay that R buys for its
 * token bucket, without the hops' error terms, and the slack on top. */
static void
fill_guarantee(const struct wire_flowspec *flowspec, struct policy_request *out)
{
	const struct intserv_flow flow = { flowspec->tspec.r, flowspec->tspec.b,
		flowspec->tspec.p, flowspec->tspec.M };
	double bound_us = intserv_bound_us(&flow, flowspec->R, 0, 0);

	out->tspec_rate_Bps = whole(flowspec->tspec.r);
	out->slack_us = flowspec->S;
	out->delay_us =
		bound_us < 1e15 ? (uint64_t)bound_us + flowspec->S : UINT64_MAX;
}

static uint8_t
style_of(uint8_t style)
{
	switch (style) {
	case WIRE_STYLE_WF:
		return POLICY_STYLE_WF;
	case WIRE_STYLE_FF:
		return POLICY_STYLE_FF;
	case WIRE_STYLE_SE:
		return POLICY_STYLE_SE;
	default:
		return POLICY_STYLE_NONE;
	}
}

struct policy_request
policy_client_request(
	const struct engine *engine, const struct rsvp_policy_query *query)
{
	static const enum policy_role roles[] = { [RSVP_ROLE_SENDER] =
							  POLICY_SENDER,
		[RSVP_ROLE_RECEIVER] = POLICY_RECEIVER,
		[RSVP_ROLE_TRANSIT] = POLICY_TRANSIT };
	const struct wire_tspec *tspec = &query->flowspec.tspec;
	bool gs = query->flowspec.service == WIRE_SERVICE_GS;
	struct policy_request out = { .message = query->message == WIRE_PATH
							 ? POLICY_PATH
							 : POLICY_RESV,
		.role = roles[query->role],
		.who_known = query->who.known,
		.uid = query->who.uid,
		.gid = query->who.gid,
		.proto = query->session.proto,
		.dst = query->session.dst,
		.dst_port = query->session.dst_port,
		.src = query->sender.src,
		.src_port = query->sender.src_port,
		.service = service_of(query),
		.rate_Bps = whole(gs ? query->flowspec.R : tspec->r),
		.bucket_bytes = whole(tspec->b),
		.peak_Bps = whole(tspec->p),
		.max_packet = tspec->M,
		.neighbour = query->neighbour,
		.style = style_of(query->style),
		.now_unix_s = (int64_t)time(NULL) };

	if (out.peak_Bps == UINT64_MAX)
		out.peak_Bps = 0; /* unlimited */
	if (gs && out.message == POLICY_RESV)
		fill_guarantee(&query->flowspec, &out);
	out.n_groups = api_server_groups(engine->api, &query->who, &out.groups);
	(void)text_copy(out.iface, sizeof(out.iface),
		net_link_name(engine->link, query->ifindex));
	return out;
}
