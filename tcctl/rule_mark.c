/* SPDX-License-Identifier: ISC */

/* What the marker is told of an interface: its rules, the reservations that
 * those behind them leave alone, and those that are marked themselves. */

#include "tc_rule_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link_int.h"

enum {
	REMARK_MS = 10,
	RESERVED_MAX = 1024,
	FLOWS_A_MS = 10,
	LOOK_MS = 1000,
	LOOK_BITS = 6 /* it doubles that often */
};

/* The rule stands behind reservations, and marks what is not theirs. */
static bool
is_kept_off(const struct tc_rule *rule)
{
	return !rule->before && tc_rule_is_marked(rule);
}

static bool
is_covered(const struct tc_mark_set *set, const struct tc_filter *filter)
{
	for (size_t i = 0; i < set->count; i++)
		if (is_kept_off(&set->rules[i]) &&
			tc_rule_covers(&set->rules[i], filter))
			return true;
	return false;
}

/* For one that changes, not against one who would make two alike. */
static uint64_t
digest_of(const struct tc_filter *f)
{
	uint64_t digest = ((uint64_t)f->proto << 32) + f->flow_label + f->spi +
			  ((uint64_t)f->dst_port << 16) + f->src_port;

	for (size_t i = 0; i < sizeof(f->dst.b); i++)
		digest = (digest * 31 + f->dst.b[i]) * 31 + f->src.b[i];
	return digest;
}

/* Filters of reservations that a rule behind them covers, as many as there is
 * room for; returns a digest of them. */
static uint64_t
list_reserved(const struct tc_link *link, struct tc_mark_set *set,
	struct tc_filter *room)
{
	uint64_t digest = 0;

	set->reserved = room;
	for (const struct tc_record *r = link->flows; r;
		r = (const struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count; i++) {
			const struct tc_filter *f = &r->nodes[i].filter;

			if (set->reserved_count == RESERVED_MAX ||
				!is_covered(set, f))
				continue;
			room[set->reserved_count++] = *f;
			digest = digest * 31 + digest_of(f);
		}
	return digest;
}

/* Filters of reservations that are marked, room for all of them; a digest. */
static uint64_t
list_marked(const struct tc_link *link, struct tc_mark_set *set,
	struct tc_mark_flow *room)
{
	uint64_t digest = 0;

	set->flows = room;
	for (const struct tc_record *r = link->flows; r;
		r = (const struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count && r->as.marks; i++) {
			const struct tc_filter *f = &r->nodes[i].filter;

			room[set->flow_count++] =
				(struct tc_mark_flow){ *f, r->as.dscp };
			/* In any order. */
			digest += (digest_of(f) * 31 + r->as.dscp + 1) *
				  UINT64_C(11400714819323198485);
		}
	return digest;
}

static size_t
count_marked(const struct tc_link *link)
{
	size_t n = 0;

	for (const struct tc_record *r = link->flows; r;
		r = (const struct tc_record *)r->hh.next)
		n += r->as.marks ? r->node_count : 0;
	return n;
}

static uint64_t
dscps_of(const struct tc_mark_set *set)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < set->flow_count; i++)
		bits |= UINT64_C(1) << set->flows[i].dscp;
	return bits;
}

static bool
marks_any(const struct tc_mark_set *set)
{
	bool any = set->flow_count > 0;

	for (size_t i = 0; i < set->count && !any; i++)
		any = tc_rule_is_marked(&set->rules[i]);
	return any;
}

int
tc_rules_put_marks(struct tc_link *link, const struct tc_marker *marker,
	struct tc_mark_set *set, bool again, struct tc_done *ret_done)
{
	struct tc_rules *rules = &link->rules;
	struct tc_filter *room = (struct tc_filter *)alloc_get(
		link->alloc, RESERVED_MAX * sizeof(*room));
	struct tc_mark_flow *flows = (struct tc_mark_flow *)alloc_get(
		link->alloc, (count_marked(link) + 1) * sizeof(*flows));
	uint64_t digest;

	if (room && flows) {
		digest = list_reserved(link, set, room);
		digest = digest * 31 + list_marked(link, set, flows);
		set->stale = rules->stale;
		if (!again || digest != rules->reserved_digest) {
			ret_done->error =
				marker->apply(marker->arg, set, ret_done->text);
			rules->reserved_digest = digest;
			if (ret_done->error == 0)
				rules->marked = marker->there && marks_any(set);
			rules->stale = ret_done->error == 0
					       ? dscps_of(set)
					       : rules->stale | dscps_of(set);
		}
	}
	alloc_put(link->alloc, flows);
	alloc_put(link->alloc, room);
	return room && flows ? 0 : -ENOMEM;
}

bool
tc_rules_can_mark(const struct tc_link *link, const struct tc_kernel *kernel)
{
	return tc_rules_full(link) || kernel->marker != NULL;
}

void
tc_rules_flows(struct tc_link *link, struct mono now)
{
	struct tc_rules *r = &link->rules;

	if (r->kernel != TC_RULES_SMALL || r->remark)
		return;
	r->marks_flows = r->marks_flows || count_marked(link) > 0;
	r->remark = r->marks_flows;
	for (size_t i = 0; i < r->count && !r->remark; i++)
		r->remark = is_kept_off(&r->all[i]);
	/* All of them are said again: rarely, when there are many. */
	if (r->remark)
		r->due = mono_earlier(r->due,
			mono_add_ms(now,
				REMARK_MS + (int64_t)HASH_COUNT(link->flows) /
						    FLOWS_A_MS));
}

int
tc_rules_remark(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	struct tc_mark_set set = { .iface = &link->conf,
		.rules = link->rules.all,
		.count = link->rules.count };
	struct tc_done done = { 0 };
	int error;

	link->rules.remark = false;
	if (!kernel->marker)
		return 0;
	error = tc_rules_put_marks(link, kernel->marker, &set, true, &done);
	if (error == 0 && done.error != 0)
		listener->note(listener->arg, done.text);
	return error;
}

/* Who flushes nftables' rules again and again finds us slower each time. */
int
tc_rules_look(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	const struct tc_marker *marker = kernel->marker;
	struct tc_rules *r = &link->rules;
	struct tc_mark_set set = {
		.iface = &link->conf, .rules = r->all, .count = r->count
	};
	struct tc_done done = { 0 };
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));
	int error = 0;

	if (!marker || !marker->there || marker->there(marker->arg, set.iface))
		r->mends -= r->mends > 0;
	else {
		r->mends += r->mends < LOOK_BITS;
		error = tc_rules_put_marks(link, marker, &set, false, &done);
		text_printf(&t, "%s: another program removed the marks: %s",
			link->conf.name,
			done.error == 0 ? "made again" : done.text);
		listener->note(listener->arg, buf);
	}
	r->look_at = mono_add_ms(now, (int64_t)LOOK_MS << r->mends);
	return error;
}

/* ---- what there is ------------------------------------------------------- */

/* Flows by one of their filters. */
struct by_filter {
	struct tc_filter filter;
	struct tc_record *record;
};

static int
compare_filters(const void *a, const void *b)
{
	const struct tc_filter *x = &((const struct by_filter *)a)->filter;
	const struct tc_filter *y = &((const struct by_filter *)b)->filter;
	int order = addr_compare(&x->dst, &y->dst);

	if (order == 0)
		order = addr_compare(&x->src, &y->src);
	if (order == 0)
		order = x->proto - y->proto;
	if (order == 0)
		order = x->dst_port - y->dst_port;
	if (order == 0)
		order = x->src_port - y->src_port;
	if (order == 0)
		order = x->by_label - y->by_label;
	if (order == 0)
		order = (x->flow_label > y->flow_label) -
			(x->flow_label < y->flow_label);
	return order != 0 ? order : (x->spi > y->spi) - (x->spi < y->spi);
}

struct marked {
	struct by_filter *all;
	size_t count;
	struct tc_rules *rules;
};

static void
take_marked(void *arg, const struct tc_mark_flow *flow)
{
	struct marked *m = (struct marked *)arg;
	const struct by_filter key = { .filter = flow->filter };
	const struct by_filter *found = (const struct by_filter *)bsearch(
		&key, m->all, m->count, sizeof(key), compare_filters);

	m->rules->marks_flows = true;
	m->rules->stale |= UINT64_C(1) << flow->dscp;
	if (!found)
		return;
	found->record->as.marks = true;
	found->record->as.dscp = flow->dscp;
}

static size_t
list_filters(const struct tc_link *link, struct by_filter *room)
{
	size_t n = 0;

	for (struct tc_record *r = link->flows; r;
		r = (struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count; i++) {
			if (room)
				room[n] =
					(struct by_filter){ r->nodes[i].filter,
						r };
			n++;
		}
	return n;
}

bool
tc_rules_adopt_marks(struct tc_link *link, const struct tc_kernel *kernel)
{
	const struct tc_marker *marker = kernel->marker;
	struct marked m = { .count = list_filters(link, NULL),
		.rules = &link->rules };

	if (!marker || !marker->flows || tc_rules_full(link) || m.count == 0)
		return true;
	m.all = (struct by_filter *)alloc_get(
		link->alloc, m.count * sizeof(*m.all));
	if (!m.all)
		return false;
	(void)list_filters(link, m.all);
	qsort(m.all, m.count, sizeof(*m.all), compare_filters);
	marker->flows(marker->arg, &link->conf, take_marked, &m);
	link->rules.marked = link->rules.marks_flows && marker->there;
	alloc_put(link->alloc, m.all);
	return true;
}
