/* SPDX-License-Identifier: ISC */
#ifndef TC_LAYER_H
#define TC_LAYER_H

/*
 * A kernel in front of another one, to which it passes on everything.  A rig
 * has it as its first member, and puts functions of its own in the place of
 * those that it wants to see, or refuse; all get the rig as arg.
 */

#include "t.h"
#include "tcctl/link_int.h"

struct layer {
	struct tc_kernel behind;
};

static inline const struct tc_kernel *
layer_behind(const void *arg)
{
	return &((const struct layer *)arg)->behind;
}

static inline int
layer_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->run(k->arg, ops, count, ret_results);
}

static inline int
layer_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->dump(k->arg, ifindex, into);
}

static inline int
layer_dump_incoming(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->dump_incoming(k->arg, ifindex, into);
}

static inline int
layer_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->stats(k->arg, ifindex, classids, count, ret_stats);
}

static inline int
layer_stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->stats_all(k->arg, ifindex, tell, tell_arg);
}

static inline int
layer_root(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->root(k->arg, ifindex, ret_handle);
}

static inline int
layer_get(void *arg, const struct tc_object *keys, size_t count,
	struct tc_objects *into)
{
	const struct tc_kernel *k = layer_behind(arg);

	return k->get(k->arg, keys, count, into);
}

/* layer: the first member of the rig. */
static inline struct tc_kernel
layer_over(struct layer *layer, struct tc_kernel behind)
{
	layer->behind = behind;
	return (struct tc_kernel){ .arg = layer,
		.run = layer_run,
		.dump = layer_dump,
		.dump_incoming = layer_dump_incoming,
		.stats = layer_stats,
		.stats_all = layer_stats_all,
		.root = layer_root,
		.get = layer_get };
}

/* One operation, by the kernel behind. */
static inline void
layer_one(const void *arg, const struct tc_op *op, struct tc_result *ret)
{
	const struct tc_kernel *k = layer_behind(arg);

	T_EQ(k->run(k->arg, op, 1, ret), 0);
}

#endif /* TC_LAYER_H */
