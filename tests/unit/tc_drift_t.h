/* SPDX-License-Identifier: ISC */
#ifndef TC_DRIFT_T_H
#define TC_DRIFT_T_H

/* A link with flows 7 and 8 whose tree other programs change, and a kernel that
 * counts what it is asked. */

#include "tc_fixture.h"
#include "tc_layer.h"

#include <errno.h>

enum { PORT = 4711 };

static inline struct fix *
with_flows(void)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	fix_add_two(f);
	return f;
}

static inline struct tc_object *
object(struct fix *f, enum tc_type type, uint32_t handle)
{
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == type &&
			f->dry.objects.all[i].handle == handle)
			return &f->dry.objects.all[i];
	T_CHECK(false, "no object %x", handle);
	return NULL;
}

static inline void
told_of(struct fix *f, const struct tc_object *o, bool gone)
{
	const struct tc_event event = { .ifindex = FIX_IFINDEX,
		.gone = gone,
		.type = o->type,
		.handle = o->handle,
		.parent = o->parent,
		.pref = o->pref,
		.protocol = o->protocol,
		.port = PORT };

	tc_drift_event(f->link, &event, f->now);
}

static inline void
somebody_deletes(struct fix *f, enum tc_type type, uint32_t handle)
{
	struct tc_object *o = object(f, type, handle);

	told_of(f, o, true);
	*o = f->dry.objects.all[--f->dry.objects.count];
}

static inline void
somebody_adds(struct fix *f, const struct tc_object *like)
{
	struct tc_object *o = tc_objects_add(&f->dry.objects);

	*o = *like;
	told_of(f, o, false);
}

/* Until nothing is due. */
static inline void
settle(struct fix *f)
{
	for (int i = 0; tc_drift_next(f->link).us != MONO_NEVER.us; i++) {
		T_CHECK(i < 100, "without end");
		f->now = tc_drift_next(f->link);
		T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
}

static inline struct tc_record *
record(struct fix *f, uint32_t id)
{
	struct tc_record *r = tc_record_find(f->link, id);

	T_CHECK(r != NULL, "no flow %u", id);
	return r;
}

static inline uint32_t
class_of(struct fix *f, uint32_t id)
{
	return tc_classid(record(f, id)->minor);
}

/* Counts what is asked of the kernel. */
struct counted {
	struct layer layer;
	size_t ops;
	size_t dumps;
	size_t refuse; /* so many operations */
	int error;     /* with this; 0: ENOSPC */
};

static inline int
counted_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct counted *c = (struct counted *)arg;

	c->ops += count;
	for (size_t i = 0; i < count; i++) {
		if (c->refuse == 0) {
			layer_one(c, &ops[i], &ret_results[i]);
			continue;
		}
		c->refuse--;
		ret_results[i] =
			(struct tc_result){ c->error ? c->error : ENOSPC,
				"no room" };
	}
	return 0;
}

static inline int
counted_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct counted *c = (struct counted *)arg;

	c->dumps++;
	return layer_dump(c, ifindex, into);
}

static inline void
count_on(struct fix *f, struct counted *c)
{
	*c = (struct counted){ .ops = 0 };
	f->kernel = layer_over(&c->layer, tc_dry_kernel(&f->dry));
	f->kernel.run = counted_run;
	f->kernel.dump = counted_dump;
}

#endif /* TC_DRIFT_T_H */
