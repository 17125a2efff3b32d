/* SPDX-License-Identifier: ISC */
#ifndef CTL_SHOW_T_H
#define CTL_SHOW_T_H

/* What the control socket tells, as text. */

#include "base/buf.h"
#include "base/text.h"

/* "name 'eth0' mtu 1500 session {proto 17}" */
void ctl_show(struct text *t, struct buf_reader facts);

#endif /* CTL_SHOW_T_H */
