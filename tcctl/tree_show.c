/* SPDX-License-Identifier: ISC */

/* Any tree drawn, with its parameters and what it has counted: what `tcctl
 * show` tells of interfaces without reservations. */

#include "tree_show.h"

#include <string.h>

#define MAJOR 0xffff0000u

enum { STEP = 2, LINE = 512 };

const struct tree_count *
tree_count_of(const struct tree_counts *counts, const struct tc_object *o)
{
	for (size_t i = 0; i < counts->count && o->type != TC_FILTER; i++) {
		const struct tree_count *c = &counts->all[i];

		if (c->is_class == (o->type == TC_CLASS) &&
			c->handle == o->handle && c->parent == o->parent)
			return c;
	}
	return NULL;
}

static void
add_handle(struct text *t, uint32_t handle)
{
	text_printf(t, "%x:", handle >> 16);
	if ((handle & ~MAJOR) != 0)
		text_printf(t, "%x", handle & ~MAJOR);
}

void
tree_show_text(const struct tc_object *o, struct text *t)
{
	if (o->type == TC_FILTER)
		text_printf(t, "filter %u", o->pref);
	else
		add_handle(t, o->handle);
	if (o->kind != &tc_kind_other)
		text_printf(t, " %s", o->kind->name);
	text_add(t, " ");
	o->kind->print(t, o);
}

static void
add_count(struct text *t, const struct tree_count *c)
{
	if (!c)
		return;
	text_printf(t, ": %llu packets, ", (unsigned long long)c->packets);
	text_add_size(t, (double)c->bytes);
	text_printf(t, ", %u dropped", c->drops);
	if (c->overlimits > 0)
		text_printf(t, ", %u times over the limit", c->overlimits);
	if (c->backlog_bytes > 0) {
		text_add(t, ", waiting ");
		text_add_size(t, c->backlog_bytes);
	}
}

static void
draw_one(const struct tree_drawing *d, const struct tc_object *o, size_t depth)
{
	char line[LINE];
	struct text t = text_over(line, sizeof(line));

	tree_show_text(o, &t);
	add_count(&t, tree_count_of(d->counts, o));
	text_tame(line); /* kinds and names are whatever others call them */
	fprintf(d->out, "%*s%s\n", (int)(STEP * (depth + 1)), "", line);
}

static bool
has_class(const struct tc_objects *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type == TC_CLASS && list->all[i].handle == id)
			return true;
	return false;
}

/* A class or queue directly below; the bands of a prio are nobody's objects. */
static bool
hangs_on(const struct tc_objects *list, const struct tc_object *o,
	const struct tc_object *on)
{
	if (o->type == TC_FILTER || o->type == TC_QDISC_ROOT ||
		o->type == TC_QDISC_INGRESS)
		return false;
	if (o->parent == on->handle)
		return true;
	return on->type != TC_CLASS && (o->parent & MAJOR) == on->handle &&
	       !has_class(list, o->parent);
}

static bool
is_filter_of(const struct tc_object *o, const struct tc_object *of)
{
	if (o->type != TC_FILTER || tree_is_automatic(o))
		return false;
	return of->type == TC_QDISC_INGRESS ? tree_side_of(o) == TREE_INCOMING
					    : o->parent == of->handle;
}

static void
draw_filters(
	const struct tree_drawing *d, const struct tc_object *of, size_t depth)
{
	for (size_t i = 0; i < d->objects->count; i++) {
		const struct tc_object *o = &d->objects->all[i];

		if (!is_filter_of(o, of))
			continue;
		if (o->parent == TC_CLSACT_INGRESS)
			fprintf(d->out, "%*singress:\n",
				(int)(STEP * (depth + 1)), "");
		if (o->parent == TC_CLSACT_EGRESS)
			fprintf(d->out, "%*segress:\n",
				(int)(STEP * (depth + 1)), "");
		draw_one(d, o, depth);
	}
}

/* With a stack of its own, whose height is bounded. */
static void
draw_from(const struct tree_drawing *d, const struct tc_object *top)
{
	struct {
		const struct tc_object *o;
		size_t next;
	} stack[TREE_DEPTH_MAX] = { { top, 0 } };
	size_t height = 1;

	draw_one(d, top, 0);
	draw_filters(d, top, 1);
	while (height > 0) {
		const struct tc_object *on = stack[height - 1].o;
		size_t i = stack[height - 1].next;

		while (i < d->objects->count &&
			!hangs_on(d->objects, &d->objects->all[i], on))
			i++;
		stack[height - 1].next = i + 1;
		if (i == d->objects->count) {
			height--;
			continue;
		}
		draw_one(d, &d->objects->all[i], height);
		draw_filters(d, &d->objects->all[i], height + 1);
		if (height < TREE_DEPTH_MAX) {
			stack[height].o = &d->objects->all[i];
			stack[height++].next = 0;
		}
	}
}

void
tree_draw(const struct tree_drawing *d)
{
	for (size_t i = 0; i < d->objects->count; i++) {
		const struct tc_object *o = &d->objects->all[i];

		if ((o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS) &&
			o->handle != 0)
			draw_from(d, o);
	}
}
