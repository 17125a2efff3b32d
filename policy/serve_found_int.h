/* SPDX-License-Identifier: ISC */
#ifndef SERVE_FOUND_INT_H
#define SERVE_FOUND_INT_H

/* What the engine says is in force, once, before all else. */

#include "base/msg.h"
#include "worker_int.h"

/* fd stays the caller's; -1: none came.  What makes no sense is as good as
 * nothing. */
struct worker_found found_read(const struct msg *m, int fd);

#endif /* SERVE_FOUND_INT_H */
