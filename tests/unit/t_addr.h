/* SPDX-License-Identifier: ISC */
#ifndef T_ADDR_H
#define T_ADDR_H

#include "base/addr.h"
#include "t.h"

/* An address as it is written. */
static inline struct addr
t_addr(const char *text)
{
	struct addr a = { 0 };

	T_CHECK(addr_parse(text, &a), "not an address: %s", text);
	return a;
}

#endif /* T_ADDR_H */
