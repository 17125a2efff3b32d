/* SPDX-License-Identifier: ISC */
#ifndef TREE_SHOW_H
#define TREE_SHOW_H

/* A tree of the kernel's drawn, and what its parts have counted. */

#include "tree_int.h"

/* Totals of a qdisc or a class since the kernel made it. */
struct tree_count {
	bool is_class;
	uint32_t handle;
	uint32_t parent;
	uint64_t bytes;
	uint64_t packets;
	uint32_t drops;
	uint32_t overlimits;
	uint32_t backlog_bytes;
};

struct tree_counts {
	size_t count;
	struct tree_count *all;
};

/* NULL: it has none, as filters. */
const struct tree_count *tree_count_of(
	const struct tree_counts *counts, const struct tc_object *o);

struct tree_drawing {
	FILE *out;
	const struct tc_objects *objects; /* ranked and sorted */
	const struct tree_counts *counts;
};

/* Two columns deeper for each level; nothing for the kernel's defaults. */
void tree_draw(const struct tree_drawing *d);
/* "1:10 htb rate 5 Mbit/s ...": one line without its end. */
void tree_show_text(const struct tc_object *o, struct text *t);

#endif /* TREE_SHOW_H */
