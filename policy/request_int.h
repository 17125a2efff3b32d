/* SPDX-License-Identifier: ISC */
#ifndef REQUEST_INT_H
#define REQUEST_INT_H

/* What a request as text needs besides what policy.h says of it.  Pure. */

#include "base/text.h"
#include "policy/policy.h"

/* The largest amount that text_parse_rate() and its like take. */
#define POLICY_QUESTION_MOST UINT64_C(9000000000000000000)

#endif /* REQUEST_INT_H */
