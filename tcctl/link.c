/* SPDX-License-Identifier: ISC */

/*
 * A managed interface: its life and its books, and the transactions of its own.
 * How its tree is built or adopted is link_open.c, what is done in the
 * background link_idle.c.
 */

#include "link_int.h"

#include <errno.h>
#include <string.h>

enum { FIRST_STEP = 4, MINORS = 65536 };

struct tc_link *
tc_link_new(const struct alloc *alloc, const struct tc_iface *conf)
{
	struct tc_link *link =
		(struct tc_link *)alloc_get(alloc, sizeof(*link));

	if (!link)
		return NULL;
	link->alloc = alloc;
	link->conf = *conf;
	tc_nodes_init(&link->nodes, alloc);
	link->hidden.due = MONO_NEVER;
	link->step = FIRST_STEP;
	for (int i = 0; i < TC_SUBTREES; i++)
		link->pools[i].alloc = alloc;
	TAILQ_INIT(&link->drains);
	tc_rules_init(&link->rules, alloc);
	return link;
}

/* Forget flows, pools and classes on their way. */
static void
forget(struct tc_link *link)
{
	struct tc_record *r = NULL;
	struct tc_record *after = NULL;
	struct tc_drain *d;

	HASH_ITER (hh, link->flows, r, after) {
		tc_record_drop(link, r);
		alloc_put(link->alloc, r);
	}
	while ((d = TAILQ_FIRST(&link->drains))) {
		TAILQ_REMOVE(&link->drains, d, entry);
		alloc_put(link->alloc, d);
	}
	for (int i = 0; i < TC_SUBTREES; i++) {
		tc_pool_done(&link->pools[i]);
		link->reserved_Bps[i] = 0;
	}
	tc_nodes_done(&link->nodes);
	tc_hidden_done(link);
	tc_rules_done(&link->rules);
	memset(&link->minors, 0, sizeof(link->minors));
	memset(&link->shape, 0, sizeof(link->shape));
}

void
tc_link_free(struct tc_link *link)
{
	while (link) {
		struct tc_link *ifb = link->ingress.ifb;

		forget(link);
		alloc_put(link->alloc, link);
		link = ifb;
	}
}

int
tc_link_group(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ops *ops, struct tc_group *ret_group)
{
	int error;

	*ret_group = (struct tc_group){ .count = ops->count };
	if (ops->count == 0 && !ops->failed)
		return 0;
	error = tc_txn_run(kernel, ops, ret_group, 1, link->conf.name);
	if (error == 0 && ret_group->error != 0 && !ret_group->clean)
		link->unclean = true;
	return error;
}

int
tc_link_run(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ops *ops, struct tc_done *ret_done)
{
	struct tc_group group;
	int error = tc_link_group(link, kernel, ops, &group);

	if (ops->count == 0 && !ops->failed)
		return error;
	ret_done->error = group.error;
	(void)text_copy(ret_done->text, sizeof(ret_done->text), group.text);
	return error;
}

static void
keep_stats(void *arg, const struct tc_class_stats *stats)
{
	struct tc_class_stats *by_minor = (struct tc_class_stats *)arg;

	if (stats->handle >> 16 == TC_MAJOR)
		by_minor[stats->handle & 0xffff] = *stats;
}

struct tc_class_stats *
tc_link_stats(
	struct tc_link *link, const struct tc_kernel *kernel, int *ret_error)
{
	struct tc_class_stats *stats = (struct tc_class_stats *)alloc_get(
		link->alloc, MINORS * sizeof(*stats));

	*ret_error = stats ? kernel->stats_all(kernel->arg, link->conf.ifindex,
				     keep_stats, stats)
			   : -ENOMEM;
	if (*ret_error != 0) {
		alloc_put(link->alloc, stats);
		return NULL;
	}
	return stats;
}

static int
finish_dump(struct tc_objects *dump, int error)
{
	tc_objects_sort(dump);
	return error == 0 && dump->failed ? -ENOMEM : error;
}

int
tc_link_dump(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *into)
{
	tc_objects_done(into);
	return finish_dump(
		into, kernel->dump(kernel->arg, link->conf.ifindex, into));
}

int
tc_link_dump_counted(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *into, struct tc_class_stats **ret_stats)
{
	struct tc_class_stats *stats;
	int error;

	*ret_stats = NULL;
	if (!kernel->dump_counted)
		return tc_link_dump(link, kernel, into);
	stats = (struct tc_class_stats *)alloc_get(
		link->alloc, MINORS * sizeof(*stats));
	if (!stats)
		return -ENOMEM;
	tc_objects_done(into);
	error = finish_dump(
		into, kernel->dump_counted(kernel->arg, link->conf.ifindex,
			      into, keep_stats, stats));
	if (error != 0) {
		alloc_put(link->alloc, stats);
		return error;
	}
	*ret_stats = stats;
	return 0;
}

int
tc_link_close(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_objects want = { .alloc = link->alloc };
	struct tc_op *op = tc_ops_add(&ops, TC_OP_DEL);
	int error = -ENOMEM;

	*ret_done = (struct tc_done){ 0 };
	tc_want_tree(&link->conf, &link->shape, &want);
	if (op && !want.failed) {
		op->have = want.all[0]; /* the root is first in order */
		error = tc_link_run(link, kernel, &ops, ret_done);
	}
	if (error == 0 && ret_done->error == 0) {
		tc_rules_close(link, kernel);
		forget(link);
	}
	tc_objects_done(&want);
	tc_ops_done(&ops);
	return error;
}
