/* SPDX-License-Identifier: ISC */
#ifndef STAB_INT_H
#define STAB_INT_H

/* The size table of a qdisc as an attribute; tc_stab_complete() stands with the
 * kinds.  Pure. */

#include "kinds_int.h"
#include "nl_attr.h"

/* Append TCA_STAB. */
void tc_stab_fill(struct buf_writer *w, const struct tc_stab *stab);
/* Read it; false: malformed, or beyond what tc_stab_problem() allows. */
bool tc_stab_parse(struct nl_view view, struct tc_stab *ret_stab);
void tc_stab_print(struct text *t, const struct tc_stab *stab);

#endif /* STAB_INT_H */
