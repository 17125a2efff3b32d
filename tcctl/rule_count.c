/* SPDX-License-Identifier: ISC */

/* How much the static rules of an interface have seen: octets of IP, by
 * whatever they are counted. */

#include "tc_rule_int.h"

#include <errno.h>

#include "link_int.h"

struct counting {
	struct tc_link *link;
	struct tc_mark_count *counts; /* one for each rule */
};

/* The tree sees packets with the header of the link. */
static uint64_t
ip_octets(const struct tc_link *link, uint64_t bytes, uint64_t packets)
{
	uint64_t headers = packets * link->conf.header_bytes;

	return bytes > headers ? bytes - headers : 0;
}

static void
take_count(void *arg, const struct tc_mark_count *count)
{
	struct counting *c = (struct counting *)arg;

	for (size_t i = 0; i < c->link->rules.count; i++)
		if (c->link->rules.all[i].id == count->rule_id)
			c->counts[i] = *count;
}

static void
take_gact(void *arg, const struct tc_gact_count *count)
{
	struct counting *c = (struct counting *)arg;
	uint64_t octets = ip_octets(c->link, count->bytes, count->packets);

	for (size_t i = 0; i < c->link->rules.count; i++) {
		uint32_t id = c->link->rules.all[i].id;

		if (count->index == tc_rule_counter(id, TC_RULE_IN)) {
			c->counts[i].in_bytes = octets;
			c->counts[i].in_packets = count->packets;
		}
		if (count->index == tc_rule_counter(id, TC_RULE_OUT)) {
			c->counts[i].out_bytes = octets;
			c->counts[i].out_packets = count->packets;
		}
	}
}

static int
count_all(struct counting *c, const struct tc_kernel *kernel)
{
	const struct tc_marker *marker = kernel->marker;

	if (tc_rules_full(c->link))
		return kernel->acts ? kernel->acts(kernel->arg, &tc_action_gact,
					      take_gact, c)
				    : 0;
	if (marker)
		marker->counts(marker->arg, &c->link->conf, take_count, c);
	return 0;
}

static int
tell_count(struct tc_link *link, const struct tc_kernel *kernel, size_t i,
	const struct tc_mark_count *marked, struct tc_rule_counter *ret)
{
	const struct tc_rule *rule = &link->rules.all[i];
	uint32_t minor = tc_rules_minor(&link->rules.objects, rule->id);
	struct tc_class_stats stats = { 0 };
	uint32_t classid = minor != 0 ? tc_classid(minor) : 0;
	int error = minor == 0 ? 0
			       : kernel->stats(kernel->arg, link->conf.ifindex,
					 &classid, 1, &stats);

	*ret = (struct tc_rule_counter){ .rule_id = rule->id,
		.ifindex = link->conf.ifindex,
		.classid = classid,
		.in_bytes = marked->in_bytes,
		.in_packets = marked->in_packets,
		.out_bytes = marked->out_bytes,
		.out_packets = marked->out_packets,
		.backlog_bytes = stats.backlog_bytes };
	if (!tc_rule_is_judged(rule) ||
		(rule->excess == TC_EXCESS_DROP && !tc_rules_full(link))) {
		if (minor == 0)
			return error;
		/* Shaped or policed by the class: what it let through. */
		ret->in_bytes = ip_octets(link, stats.bytes, stats.packets);
		ret->in_packets = stats.packets;
		ret->out_packets = stats.drops;
	}
	return error;
}

int
tc_rules_counters(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, const struct tc_listener *listener)
{
	const struct tc_rules *r = &link->rules;
	struct counting c = { .link = link };
	int error = 0;

	if (r->count == 0)
		return 0;
	c.counts = (struct tc_mark_count *)alloc_get(
		link->alloc, r->count * sizeof(*c.counts));
	if (!c.counts)
		return -ENOMEM;
	error = count_all(&c, kernel);
	for (size_t i = 0; i < r->count && error == 0; i++) {
		struct tc_rule_counter counter;

		error = tell_count(link, kernel, i, &c.counts[i], &counter);
		if (error == 0)
			listener->rule_counter(listener->arg, serial, &counter);
	}
	alloc_put(link->alloc, c.counts);
	return error;
}
