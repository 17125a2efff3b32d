/* SPDX-License-Identifier: ISC */
#ifndef TC_BUSY_H
#define TC_BUSY_H

/* A kernel whose classes have totals, and a link over it. */

#include "tc_fixture.h"
#include "tc_layer.h"

struct busy {
	struct layer layer;
	uint32_t classid; /* that has these totals; 0: all have none */
	struct tc_class_stats stats;
	size_t looks;  /* classes whose totals were asked for */
	size_t leaves; /* operations on leaves */
};

static inline int
busy_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	struct busy *b = (struct busy *)arg;
	int error = layer_stats(b, ifindex, classids, count, ret_stats);

	b->looks += count;
	for (size_t i = 0; i < count; i++)
		if (classids[i] == b->classid && ret_stats[i].handle != 0) {
			ret_stats[i] = b->stats;
			ret_stats[i].handle = b->classid;
		}
	return error;
}

struct busy_tell {
	struct busy *busy;
	tc_stats_fn *tell;
	void *arg;
};

static inline void
busy_tell(void *arg, const struct tc_class_stats *stats)
{
	const struct busy_tell *t = (const struct busy_tell *)arg;
	struct tc_class_stats s = *stats;

	if (s.handle == t->busy->classid) {
		s = t->busy->stats;
		s.handle = t->busy->classid;
	}
	t->tell(t->arg, &s);
}

static inline int
busy_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	struct busy *b = (struct busy *)arg;
	struct busy_tell t = { b, tell, tell_arg };

	return layer_stats_all(b, ifindex, busy_tell, &t);
}

static inline int
busy_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct busy *b = (struct busy *)arg;
	int error;

	/* A leaf that goes takes its queue along. */
	for (size_t i = 0; i < count; i++) {
		T_EQ(tc_op_object(&ops[i])->ifindex, FIX_IFINDEX);
		b->leaves += tc_op_object(&ops[i])->type == TC_QDISC_LEAF;
		if (ops[i].kind == TC_OP_DEL &&
			ops[i].have.type == TC_QDISC_LEAF &&
			ops[i].have.parent == b->classid)
			b->stats.qlen = b->stats.backlog_bytes = 0;
	}
	error = layer_run(b, ops, count, ret_results);
	for (size_t i = 0; i < count; i++) {
		if (!ops[i].told || ret_results[i].error != 0)
			continue;
		if (ops[i].want.handle == b->classid)
			*ops[i].told = b->stats;
		ops[i].told->handle = ops[i].want.handle;
	}
	return error;
}

static inline struct fix *
opened(struct busy *b)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	*b = (struct busy){ .leaves = 0 };
	f->kernel = layer_over(&b->layer, tc_dry_kernel(&f->dry));
	f->kernel.run = busy_run;
	f->kernel.stats = busy_stats;
	f->kernel.stats_all = busy_all;
	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	return f;
}

/* As after the death of one tcctl and the start of the next. */
static inline void
restart(struct fix *f)
{
	const struct tc_iface iface = fix_iface();

	memset(&f->ear, 0, sizeof(f->ear));
	T_EQ(fix_open(f, &iface), 0);
}

static inline size_t
pooled(const struct fix *f)
{
	return f->link->pools[TC_GS].count + f->link->pools[TC_CL].count;
}

#endif /* TC_BUSY_H */
