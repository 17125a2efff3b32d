/* SPDX-License-Identifier: ISC */

/* Counters of flows: the totals of their classes since they were installed. */

#include "link_int.h"

static void
tell_counter(const struct tc_link *link, const struct tc_record *r,
	const struct tc_class_stats *s, uint32_t serial,
	const struct tc_listener *listener)
{
	const struct tc_base none = { 0 };
	const struct tc_base *base = r ? &r->base : &none;
	uint64_t hidden[TC_HIDDEN_KINDS];
	bool counted =
		r ? tc_hidden_of(link, r, hidden) : tc_hidden_all(link, hidden);
	const struct tc_counter counter = { .flow_id = r ? r->id : 0,
		.ifindex = link->conf.ifindex,
		.classid = s->handle,
		.bytes = tc_since(s->bytes, base->bytes),
		.packets = tc_since(s->packets, base->packets),
		.drops = tc_since(s->drops, base->drops),
		.backlog_bytes = s->backlog_bytes,
		.demoted = r && tc_excess_rate(r) != 0,
		.marks_out = r && tc_flow_marks_out(r),
		.hidden_counted = counted,
		.hidden_fragments = hidden[TC_HIDDEN_FRAGMENT],
		.hidden_extensions = hidden[TC_HIDDEN_EXTENSION] };

	listener->counter(listener->arg, serial, &counter);
}

/* r NULL: of best effort. */
static int
one_counter(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, const struct tc_record *r,
	const struct tc_listener *listener)
{
	const uint32_t classid = tc_classid(r ? r->minor : TC_MINOR_BEST);
	struct tc_class_stats stats = { 0 };
	int error = kernel->stats(
		kernel->arg, link->conf.ifindex, &classid, 1, &stats);

	if (error == 0 && stats.handle != 0)
		tell_counter(link, r, &stats, serial, listener);
	return error;
}

int
tc_link_counters(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, uint32_t flow_id, const struct tc_listener *listener)
{
	const struct tc_record *r;
	struct tc_class_stats *stats;
	int error = 0;

	if (flow_id != 0 && flow_id != TC_COUNTERS_BEST) {
		r = tc_record_find(link, flow_id);
		return r ? one_counter(link, kernel, serial, r, listener) : 0;
	}
	error = tc_hidden_count(link, kernel);
	if (error == 0 && flow_id == TC_COUNTERS_BEST)
		return one_counter(link, kernel, serial, NULL, listener);
	if (error != 0)
		return error;
	stats = tc_link_stats(link, kernel, &error);
	if (!stats)
		return error;
	if (stats[TC_MINOR_BEST].handle != 0)
		tell_counter(
			link, NULL, &stats[TC_MINOR_BEST], serial, listener);
	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next)
		if (stats[r->minor].handle != 0)
			tell_counter(
				link, r, &stats[r->minor], serial, listener);
	alloc_put(link->alloc, stats);
	return 0;
}
