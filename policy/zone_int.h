/* SPDX-License-Identifier: ISC */
#ifndef ZONE_INT_H
#define ZONE_INT_H

/*
 * Time zones of this host as the list of their changes.  The zone files are
 * read here (RFC 8536) and not through tzset(), which knows one zone for the
 * whole process and is not for threads.
 */

#include <stdbool.h>

#include "base/text.h"
#include "policy/when_int.h"

/* The zone of this host; UTC where none is set. */
#define ZONE_LOCAL "local"

/*
 * Changes from 2000 to 2100 of a zone by its name in the database, "UTC" or
 * ZONE_LOCAL.  The memory is alloc_heap()'s.  False, and why not.
 */
bool zone_load(const char *name, struct policy_zone *ret, struct text *why);

/* The same from the octets of a zone file. */
bool zone_parse(const void *bytes, size_t len, struct policy_zone *ret);

#endif /* ZONE_INT_H */
