/* SPDX-License-Identifier: ISC */
#ifndef ACTION_INT_H
#define ACTION_INT_H

/* The actions of a filter as attributes, for the kinds of filters.  Pure. */

#include "model_int.h"
#include "nl_attr.h"

/* Append the filter's actions under its attribute for them, or a single old
 * police under its own (0: the kind has none). */
void tc_actions_fill(struct buf_writer *w, const struct tc_object *filter,
	uint16_t actions, uint16_t police);
/* Take what was found under these two; false: malformed, of a kind that we do
 * not know (noted in the extra), too many, or the filter has no extra to hold
 * them. */
bool tc_actions_parse(struct tc_object *filter, struct nl_view actions,
	struct nl_view police);

/* Append what all actions begin with: the kernel's tc_gen. */
void tc_action_put_gen(struct buf_writer *w, const struct tc_action *a);

/* TCA_CLS_FLAGS of a filter: put if any, and what counts of those read. */
void tc_filter_put_hw(
	struct buf_writer *w, uint16_t type, const struct tc_object *filter);
uint8_t tc_filter_hw(struct nl_view flags);
/* " to 1:10" */
void tc_filter_print_class(struct text *t, uint32_t classid);

#endif /* ACTION_INT_H */
