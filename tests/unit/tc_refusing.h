/* SPDX-License-Identifier: ISC */
#ifndef TC_REFUSING_H
#define TC_REFUSING_H

/* A kernel that refuses the n-th operation, and one of the undo as well, and
 * what has to hold after it. */

#include "tc_fixture.h"
#include "tc_layer.h"

#include <errno.h>

struct refusing {
	struct layer layer;
	size_t calls;
	size_t first;  /* refused; counted from 1, 0: none */
	size_t second; /* so many operations after that, too; 0: none */
	size_t refused;
	char text[TC_TEXT]; /* what was told of it */
};

static inline int
refusing_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct refusing *r = (struct refusing *)arg;

	for (size_t i = 0; i < count; i++) {
		size_t n = ++r->calls;

		if (r->first != 0 &&
			(n == r->first || (r->second != 0 &&
						  n == r->first + r->second))) {
			r->refused++;
			ret_results[i] =
				(struct tc_result){ ENOSPC, "no more room" };
			continue;
		}
		layer_one(r, &ops[i], &ret_results[i]);
	}
	return 0;
}

/* Two flows, and idle classes. */
static inline struct fix *
busy_link(struct refusing *r)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	*r = (struct refusing){ .calls = 0 };
	f->kernel = layer_over(&r->layer, tc_dry_kernel(&f->dry));
	f->kernel.run = refusing_run;
	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	fix_add_two(f);
	r->calls = 0;
	return f;
}

typedef struct tc_done request_fn(struct fix *f);

/* ---- what is left -------------------------------------------------------- */

/* Look at all of the tree; how much there was to repair, without classes that
 * could not be removed and are in nobody's way. */
static inline size_t
look_at_all(struct fix *f)
{
	size_t left = 0;

	f->ear.drift_count = 0;
	tc_drift_event(f->link, NULL, f->now);
	for (int i = 0; tc_drift_next(f->link).us != MONO_NEVER.us; i++) {
		T_CHECK(i < 10, "without end");
		f->now = tc_drift_next(f->link);
		T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	T_CHECK(!f->link->lost, "lost");
	for (size_t i = 0; i < f->ear.drift_count; i++)
		left += !strstr(f->ear.drifts[i].text, "left alone: class");
	return left;
}

/* A class outside the books keeps its number. */
static inline void
expect_numbers_kept(struct fix *f)
{
	for (size_t i = 0; i < f->dry.objects.count; i++) {
		const struct tc_object *o = &f->dry.objects.all[i];

		if (o->type == TC_CLASS && (o->handle & 0xffff) >= 0x100)
			T_CHECK(!tc_minors_claim(
					&f->link->minors, o->handle & 0xffff),
				"class %x can be given twice", o->handle);
	}
}

static inline void
once_refused(request_fn *request, const char *what, size_t least)
{
	for (size_t n = 1;; n++) {
		struct refusing r;
		struct fix *f = busy_link(&r);
		struct tc_done done;
		size_t left;

		r.first = n;
		done = request(f);
		r.first = 0;
		if (r.refused == 0) {
			T_EQ(done.error, 0);
			T_CHECK(n > least, "%s: %zu steps only", what, n - 1);
			T_EQ(look_at_all(f) + f->ear.drift_count, 0);
			fix_free(f);
			return;
		}
		left = look_at_all(f);
		T_CHECK(left + f->ear.drift_count == 0, "%s, step %zu: %s",
			what, n, f->ear.drifts[0].text);
		T_CHECK(done.error == 0 || strstr(done.text, "no more room"),
			"%s, step %zu: %s", what, n, done.text);
		T_CHECK(!f->link->unclean, "%s, step %zu", what, n);
		expect_numbers_kept(f);
		fix_free(f);
	}
}

/* Which step of the undo there is depends on n: all up to a refusal that came
 * too late for it. */
static inline void
twice_refused(request_fn *request, const char *what)
{
	size_t unclean = 0;

	for (size_t n = 2;; n++) {
		bool any = false;

		for (size_t later = 1; later < 24; later++) {
			struct refusing r;
			struct fix *f = busy_link(&r);
			struct tc_done done;

			r.first = n;
			r.second = later;
			done = request(f);
			r.first = 0;
			any = any || r.refused > 0;
			if (f->link->unclean) {
				unclean++;
				T_CHECK(strstr(done.text, "undo failed: ") ||
						strstr(f->ear.note,
							"undo failed: "),
					"%s, %zu + %zu: %s", what, n, later,
					done.text);
				tc_drift_unclean(f->link, f->now);
				T_CHECK(tc_drift_next(f->link).us !=
						MONO_NEVER.us,
					"nobody looks after it");
			}
			(void)look_at_all(f);
			T_EQ(look_at_all(f), 0);
			expect_numbers_kept(f);
			fix_free(f);
		}
		if (!any)
			break;
	}
	T_CHECK(unclean > 0, "%s: every undo worked", what);
}

#endif /* TC_REFUSING_H */
