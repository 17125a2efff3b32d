/* SPDX-License-Identifier: ISC */
#ifndef WIRE_SAME_H
#define WIRE_SAME_H

/* Comparison of decoded messages, for unit tests and fuzzers. */

#include "rsvpd/wire/wire.h"

/* NULL, or which field differs.  Views are compared by what they show, floats
 * bit by bit. */
const char *wire_differs(const struct wire_msg *a, const struct wire_msg *b);

#endif /* WIRE_SAME_H */
