/* SPDX-License-Identifier: ISC */

/* A flow between two words for it: the protocol's and traffic control's. */

#include "rsvpd/tc_flow.h"

_Static_assert((int)RSVP_FLOW_FILTERS_MAX == (int)TC_FILTERS_MAX,
	"a flow fits into a message and back");

static struct tc_filter
filter_to_tc(const struct rsvp_flow *flow, const struct wire_filter *f)
{
	bool by_label = f->form == WIRE_FILTER_FLOW_LABEL;

	return (struct tc_filter){ .dst = flow->dst,
		.src = f->src,
		.proto = flow->proto,
		.dst_port = flow->dst_port,
		.src_port = f->src_port,
		.by_label = by_label,
		.flow_label = by_label ? f->flow_label : 0 };
}

struct tc_flow
tc_flow_of(const struct rsvp_flow *flow)
{
	struct tc_flow out = { .id = flow->id,
		.ifindex = flow->ifindex,
		.service = flow->service,
		.rate_Bps = flow->rate_Bps,
		.peak_Bps = flow->peak_Bps,
		.bucket_bytes = flow->bucket_bytes,
		.max_packet_bytes = flow->max_packet_bytes,
		.min_packet_bytes = flow->min_packet_bytes,
		.buffer_bytes = flow->buffer_bytes,
		.token_Bps = flow->token_Bps,
		.filter_count = flow->filter_count };

	for (size_t i = 0; i < flow->filter_count; i++)
		out.filters[i] = filter_to_tc(flow, &flow->filters[i]);
	return out;
}

struct rsvp_flow
tc_flow_to_rsvp(const struct tc_flow *flow)
{
	struct rsvp_flow out = { .id = flow->id,
		.ifindex = flow->ifindex,
		.service = flow->service,
		.dst = flow->filters[0].dst,
		.proto = flow->filters[0].proto,
		.dst_port = flow->filters[0].dst_port,
		.rate_Bps = flow->rate_Bps,
		.peak_Bps = flow->peak_Bps,
		.bucket_bytes = flow->bucket_bytes,
		.max_packet_bytes = flow->max_packet_bytes,
		.min_packet_bytes = flow->min_packet_bytes,
		.buffer_bytes = flow->buffer_bytes,
		.token_Bps = flow->token_Bps,
		.filter_count = flow->filter_count };

	for (size_t i = 0; i < flow->filter_count; i++) {
		const struct tc_filter *f = &flow->filters[i];

		out.filters[i] = (struct wire_filter){ .src = f->src,
			.form = f->by_label ? WIRE_FILTER_FLOW_LABEL
					    : WIRE_FILTER_PORT,
			.src_port = f->src_port,
			.flow_label = f->flow_label };
	}
	return out;
}
