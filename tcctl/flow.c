/* SPDX-License-Identifier: ISC */

/*
 * Flows: which class and nodes each has, and how a request to add, change or
 * remove one becomes a group of operations.  Requests are gathered in a batch
 * so that the kernel is asked once for many.
 */

#include "link_int.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tc_record *
tc_record_new(const struct tc_link *link, size_t node_room, bool acts)
{
	const size_t align = _Alignof(struct tc_extra);
	size_t size =
		sizeof(struct tc_record) + node_room * sizeof(struct tc_node);
	struct tc_record *r;

	size = (size + align - 1) / align * align;
	r = (struct tc_record *)alloc_get(
		link->alloc, acts ? size + sizeof(struct tc_extra) : size);
	if (r && acts)
		r->acts = (struct tc_extra *)((char *)r + size);
	return r;
}

struct tc_record *
tc_record_find(const struct tc_link *link, uint32_t id)
{
	struct tc_record *found;

	HASH_FIND(hh, link->flows, &id, sizeof(id), found);
	return found;
}

void
tc_record_add(struct tc_link *link, struct tc_record *record)
{
	HASH_ADD(hh, link->flows, id, sizeof(record->id), record);
}

void
tc_record_drop(struct tc_link *link, struct tc_record *record)
{
	HASH_DEL(link->flows, record);
}

/* Class and leaf of a record. */
static void
class_objects(const struct tc_link *link, const struct tc_record *r,
	struct tc_object ret[2])
{
	tc_want_class(&link->conf, tc_subtree_of(r->service), r->minor, &r->htb,
		r->limit, ret);
}

static size_t
node_objects(const struct tc_link *link, const struct tc_record *r,
	struct tc_object *ret)
{
	const struct tc_mark mark = { .flow_id = r->id,
		.classid = tc_classid(r->minor),
		.base = r->base };

	bool wants_note = false;
	size_t count = r->node_count;

	for (size_t i = 0; i < r->node_count; i++) {
		const struct tc_node *n = &r->nodes[i];

		n->by->node(link->conf.ifindex, n->handle, &n->filter, &mark,
			&ret[i]);
		ret[i].extra = r->acts;
		wants_note = wants_note || n->by->wants_note;
	}
	if (wants_note)
		tc_note_node(link->conf.ifindex, &mark, &ret[count++]);
	if (count > 1)
		qsort(ret, count, sizeof(*ret), tc_object_compare);
	return count;
}

size_t
tc_record_objects(const struct tc_link *link, const struct tc_record *record,
	struct tc_object ret[TC_RECORD_OBJECTS])
{
	class_objects(link, record, ret);
	return 2 + node_objects(link, record, ret + 2);
}

static const struct tc_node *
find_node(const struct tc_record *r, const struct tc_filter *filter)
{
	for (size_t i = 0; r && i < r->node_count; i++)
		if (tc_filter_equal(&r->nodes[i].filter, filter))
			return &r->nodes[i];
	return NULL;
}

static bool
has_handle(const struct tc_record *r, uint32_t handle, bool v4)
{
	for (size_t i = 0; r && i < r->node_count; i++)
		if (r->nodes[i].handle == handle &&
			(r->nodes[i].filter.dst.family == ADDR_V4) == v4)
			return true;
	return false;
}

/* Give back the numbers of nodes that keep does not have. */
static void
release_nodes(struct tc_link *link, const struct tc_record *r,
	const struct tc_record *keep)
{
	for (size_t i = 0; i < r->node_count; i++) {
		const struct tc_node *n = &r->nodes[i];

		if (!has_handle(
			    keep, n->handle, n->filter.dst.family == ADDR_V4))
			n->by->give(&link->nodes, n->handle);
	}
}

/* A node for each filter: that of old where it has the same one.  When the
 * class is another, only one that can be turned: others hold the counters of
 * the old one. */
static bool
take_nodes(struct tc_job *job, const struct tc_flow *flow)
{
	struct tc_link *link = job->link;
	struct tc_record *next = job->next;

	for (size_t i = 0; i < flow->filter_count; i++) {
		const struct tc_filter *f = &flow->filters[i];
		const struct tc_node *kept = find_node(job->old, f);
		struct tc_node *n = &next->nodes[next->node_count];

		if (find_node(next, f))
			continue; /* the same one twice */
		if (kept && (!job->moved || kept->by->turns)) {
			*n = *kept;
		} else {
			n->filter = *f;
			n->by = tc_classifier_for(link->conf.classifier, f);
			n->handle = n->by->take(&link->nodes, f, flow->id);
		}
		if (n->handle == 0)
			return false;
		next->node_count++;
	}
	return true;
}

/* The class of the job's next record: the old one, one from the pool, or, when
 * that is empty, a new one. */
static bool
take_class(struct tc_job *job)
{
	struct tc_link *link = job->link;
	struct tc_record *next = job->next;
	enum tc_subtree subtree = tc_subtree_of(next->service);
	struct tc_idle *idle = &job->idle;

	if (job->old && job->old->service == next->service) {
		next->minor = job->old->minor;
		next->base = job->old->base;
		return true;
	}
	job->moved = true;
	if (!tc_pool_take(&link->pools[subtree], idle)) {
		job->fresh = true;
		idle->minor = tc_minors_take(&link->minors);
		(void)tc_drift_was_removed(link, idle->minor); /* another's */
	}
	next->minor = idle->minor;
	next->base = idle->base;
	return next->minor != 0;
}

static void
return_class(struct tc_job *job)
{
	if (!job->moved || job->idle.minor == 0)
		return;
	if (job->fresh)
		tc_minors_give(&job->link->minors, job->idle.minor);
	else
		tc_pool_untake(
			&job->link->pools[tc_subtree_of(job->next->service)],
			&job->idle);
}

/* The kernel has the actions that mark. */
static bool
can_act(const struct tc_link *link)
{
	return link->rules.kernel == TC_RULES_FULL;
}

/* Its nodes do something: mark, police. */
static bool
acts(const struct tc_link *link, const struct tc_marking *as,
	const struct tc_flow *flow)
{
	return tc_excess_possible(link, flow) ||
	       (can_act(link) && tc_flow_acts(as));
}

/* Complete with marks and numbers what there is of a policer. */
static void
want_acts(const struct tc_job *job, struct tc_record *next)
{
	const struct tc_link *link = job->link;
	const struct tc_marking none = { 0 };
	const struct tc_extra *old =
		job->moved || !job->old ? NULL : job->old->acts;
	bool demoted = next->service == TC_SERVICE_GS;

	if (!demoted && can_act(link) && tc_flow_acts(&next->as))
		tc_excess_want_cl(&link->conf, &next->htb, next->acts);
	tc_flow_act(can_act(link) ? &next->as : &none, tc_filters_are_v6(next),
		demoted, next->acts);
	tc_excess_number(&link->conf, next->minor, old, next->id, next->acts);
}

/* The record that the flow will have. */
static int
make_next(struct tc_job *job, const struct tc_flow *flow, char text[TC_TEXT])
{
	struct tc_link *link = job->link;
	const struct tc_marking none = { 0 };
	const struct tc_marking *as = job->old ? &job->old->as : &none;
	struct tc_record *next =
		tc_record_new(link, flow->filter_count, acts(link, as, flow));
	struct tc_object class;
	struct tc_object leaf;

	if (!next)
		return ENOMEM;
	job->next = next;
	next->id = flow->id;
	next->service = flow->service;
	next->as = *as;
	if (!take_class(job)) {
		(void)text_copy(text, TC_TEXT, "no class number is left");
		return ENOSPC;
	}
	if (!take_nodes(job, flow)) {
		(void)text_copy(text, TC_TEXT,
			"no filter number is left: all 4079 in the hash "
			"bucket belong to filters that no key tells apart; "
			"or no memory");
		return ENOSPC;
	}
	tc_want_flow(&link->conf, flow, next->minor, &class, &leaf);
	next->htb = class.htb;
	next->limit = leaf.fifo.limit;
	if (next->acts && tc_excess_possible(link, flow))
		tc_excess_want(&link->conf, flow, &next->htb, next->acts);
	if (next->acts)
		want_acts(job, next);
	return 0;
}

static void
forget_next(struct tc_job *job)
{
	if (!job->next)
		return;
	release_nodes(job->link, job->next, job->old);
	return_class(job);
	alloc_put(job->link->alloc, job->next);
}

/* What the kernel has of the flow, and of the class it is going to use. */
static size_t
have_objects(struct tc_batch *batch, const struct tc_job *job)
{
	struct tc_object *have = batch->have;
	size_t n = 0;

	if (!job->moved)
		return tc_record_objects(job->link, job->old, have);
	if (!job->fresh) {
		tc_idle_objects(&job->link->conf,
			tc_subtree_of(job->next->service), &job->idle, have);
		n = 2;
	}
	if (job->old)
		n += node_objects(job->link, job->old, have + n);
	return n;
}

/* Close the group of operations that began at first. */
static int
queue(struct tc_batch *batch, const struct tc_job *job, size_t first)
{
	if (batch->ops.failed) {
		batch->ops.count = first;
		batch->ops.failed = false;
		return ENOMEM;
	}
	batch->groups[batch->count] = (struct tc_group){ .first = first,
		.count = batch->ops.count - first };
	batch->jobs[batch->count++] = *job;
	if (job->old)
		job->old->busy = true;
	return 0;
}

int
tc_batch_flow(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	const struct tc_flow *flow, char text[TC_TEXT])
{
	const char *problem = tc_flow_problem(&link->conf, flow);
	struct tc_job job = { .link = link, .serial = serial };
	size_t first = batch->ops.count;
	struct tc_span have = { batch->have, 0 };
	struct tc_span want = { batch->want, 0 };
	int error;

	assert(batch->count < TC_BATCH_MAX);
	if (problem) {
		(void)text_copy(text, TC_TEXT, problem);
		return EINVAL;
	}
	job.old = tc_record_find(link, flow->id);
	error = make_next(&job, flow, text);
	if (error != 0) {
		forget_next(&job);
		return error;
	}
	have.count = have_objects(batch, &job);
	want.count = tc_record_objects(link, job.next, batch->want);
	tc_plan(have, want, &batch->ops);
	error = queue(batch, &job, first);
	if (error != 0) {
		forget_next(&job);
		return error;
	}
	job.next->busy = true;
	if (!job.old)
		tc_record_add(link, job.next);
	return 0;
}

int
tc_batch_del(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	uint32_t id, char text[TC_TEXT])
{
	const struct tc_job job = {
		.link = link, .serial = serial, .old = tc_record_find(link, id)
	};
	size_t first = batch->ops.count;
	struct tc_span have = { batch->have, 0 };

	assert(batch->count < TC_BATCH_MAX);
	if (!job.old) {
		(void)text_copy(text, TC_TEXT, "no such flow");
		return ENOENT;
	}
	have.count = node_objects(link, job.old, batch->have);
	tc_plan(have, (struct tc_span){ batch->want, 0 }, &batch->ops);
	return queue(batch, &job, first);
}

/* ---- marks --------------------------------------------------------------- */

/* The same flow, marked otherwise; its policer, as what is guaranteed has one,
 * stays. */
static struct tc_record *
marked_record(const struct tc_link *link, const struct tc_record *old,
	const struct tc_marking *as)
{
	bool polices = tc_excess_rate(old) != 0;
	struct tc_record *next = tc_record_new(
		link, old->node_count, polices || tc_flow_acts(as));

	if (!next)
		return NULL;
	next->id = old->id;
	next->minor = old->minor;
	next->service = old->service;
	next->htb = old->htb;
	next->limit = old->limit;
	next->base = old->base;
	next->as = *as;
	next->node_count = old->node_count;
	memcpy(next->nodes, old->nodes,
		old->node_count * sizeof(old->nodes[0]));
	if (polices) {
		next->acts->actions[0] = old->acts->actions[0];
		next->acts->actions[0].index = 0;
		next->acts->action_count = 1;
	}
	return next;
}

static const char *
mark_problem(const struct tc_record *r, const struct tc_marking *as)
{
	if (as->dscp > TC_DSCP_MAX || as->dscp_out > TC_DSCP_MAX)
		return "a DSCP above 63";
	for (size_t i = 1; i < r->node_count; i++)
		if (r->nodes[i].filter.dst.family !=
			r->nodes[0].filter.dst.family)
			return "a flow with filters of two families";
	return NULL;
}

static bool
same_marking(const struct tc_marking *a, const struct tc_marking *b)
{
	return a->marks == b->marks && a->dscp == b->dscp &&
	       a->marks_out == b->marks_out && a->dscp_out == b->dscp_out;
}

static int
queue_mark(struct tc_batch *batch, struct tc_job *job)
{
	struct tc_span have = { batch->have, 0 };
	struct tc_span want = { batch->want, 0 };
	size_t first = batch->ops.count;
	int error;

	if (job->next->acts)
		want_acts(job, job->next);
	have.count = tc_record_objects(job->link, job->old, batch->have);
	want.count = tc_record_objects(job->link, job->next, batch->want);
	tc_plan(have, want, &batch->ops);
	error = queue(batch, job, first);
	if (error == 0)
		job->next->busy = true;
	return error;
}

int
tc_batch_mark(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	const struct tc_flow_mark *mark, bool *ret_done, char text[TC_TEXT])
{
	struct tc_job job = { .link = link,
		.serial = serial,
		.old = tc_record_find(link, mark->flow_id) };
	const char *problem =
		job.old ? mark_problem(job.old, &mark->as) : "no such flow";
	int error;

	assert(batch->count < TC_BATCH_MAX);
	*ret_done = true;
	if (problem) {
		(void)text_copy(text, TC_TEXT, problem);
		return job.old ? EINVAL : ENOENT;
	}
	if (same_marking(&job.old->as, &mark->as))
		return 0;
	if (!can_act(link)) {
		job.old->as = mark->as;
		return 0;
	}
	job.next = marked_record(link, job.old, &mark->as);
	if (!job.next)
		return ENOMEM;
	error = queue_mark(batch, &job);
	if (error != 0)
		alloc_put(link->alloc, job.next);
	*ret_done = error != 0;
	return error;
}

static void
account(struct tc_link *link, const struct tc_record *record, bool in)
{
	uint64_t *sum = &link->reserved_Bps[tc_subtree_of(record->service)];

	*sum = in ? *sum + record->htb.rate_Bps : *sum - record->htb.rate_Bps;
}

/* The flow is in the kernel as next says. */
static void
commit_next(
	struct tc_job *job, struct mono now, const struct tc_listener *listener)
{
	struct tc_link *link = job->link;
	struct tc_record *old = job->old;

	job->next->busy = false;
	account(link, job->next, true);
	if (!old)
		return;
	account(link, old, false);
	tc_record_drop(link, old);
	tc_record_add(link, job->next);
	release_nodes(link, old, job->next);
	if (job->moved && !tc_drain_add(link, old, 0, now))
		listener->note(listener->arg,
			"out of memory: a class is lost until the next start");
	alloc_put(link->alloc, old);
}

/* The filters are gone; the class is answered for when it is empty. */
static bool
commit_removal(struct tc_job *job, struct mono now)
{
	struct tc_link *link = job->link;
	struct tc_record *old = job->old;
	bool waits;

	account(link, old, false);
	tc_record_drop(link, old);
	release_nodes(link, old, NULL);
	waits = tc_drain_add(link, old, job->serial, now);
	alloc_put(link->alloc, old);
	return waits;
}

static void
roll_back(struct tc_job *job, const struct tc_group *group)
{
	if (job->old)
		job->old->busy = false;
	job->link->unclean = job->link->unclean || !group->clean;
	if (!job->next)
		return;
	if (!job->old)
		tc_record_drop(job->link, job->next);
	if (group->clean)
		forget_next(job);
	else /* what is left in the kernel keeps its numbers */
		alloc_put(job->link->alloc, job->next);
}

static void
finish(struct tc_job *job, const struct tc_group *group, struct mono now,
	const struct tc_listener *listener)
{
	const struct tc_record *about = job->next ? job->next : job->old;
	struct tc_done done = { .error = group->error, .flow_id = about->id };

	if (group->error != 0) {
		(void)text_copy(done.text, sizeof(done.text), group->text);
		roll_back(job, group);
	} else if (job->next) {
		done.classid = tc_classid(job->next->minor);
		commit_next(job, now, listener);
	} else if (commit_removal(job, now)) {
		return;
	}
	listener->done(listener->arg, job->serial, &done);
}

static const char *
common_name(const struct tc_batch *batch)
{
	for (size_t i = 1; i < batch->count; i++)
		if (batch->jobs[i].link != batch->jobs[0].link)
			return NULL;
	return batch->jobs[0].link->conf.name;
}

int
tc_batch_run(struct tc_batch *batch, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	int error;

	if (batch->count == 0)
		return 0;
	error = tc_txn_run(kernel, &batch->ops, batch->groups, batch->count,
		common_name(batch));
	for (size_t i = 0; i < batch->count && error == 0; i++) {
		finish(&batch->jobs[i], &batch->groups[i], now, listener);
		tc_rules_flows(batch->jobs[i].link, now);
		tc_hidden_flows(batch->jobs[i].link, now);
	}
	for (size_t i = 0; i < batch->count && error == 0; i++)
		error = tc_split_relieve(batch->jobs[i].link, kernel, listener);
	batch->ops.count = 0;
	batch->count = 0;
	return error;
}

void
tc_batch_done(struct tc_batch *batch)
{
	tc_ops_done(&batch->ops);
}

int
tc_record_abandon(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_record *record, struct mono now)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_object have[TC_NODES_MAX];
	struct tc_span nodes = { have, node_objects(link, record, have) };
	struct tc_group group;
	int error;

	tc_plan(nodes, (struct tc_span){ have, 0 }, &ops);
	error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	if (error != 0)
		return error;
	account(link, record, false);
	tc_record_drop(link, record);
	/* What is left in the kernel keeps its numbers. */
	if (group.error == 0) {
		release_nodes(link, record, NULL);
		(void)tc_drain_add(link, record, 0, now);
	}
	alloc_put(link->alloc, record);
	tc_rules_flows(link, now);
	tc_hidden_flows(link, now);
	return 0;
}
