/* SPDX-License-Identifier: ISC */
#ifndef NL_ATTR_H
#define NL_ATTR_H

/*
 * Netlink attributes: written with a room check into a bounded buffer, read
 * through a table of what is wanted.  Host byte order, padded to 4.  Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The value of an attribute, or none (data NULL). */
struct nl_view {
	const uint8_t *data;
	size_t len;
};

/* Writing; a lack of room fails the writer. */
void nl_put(struct buf_writer *w, uint16_t type, const void *value, size_t len);
void nl_put_u32(struct buf_writer *w, uint16_t type, uint32_t value);
void nl_put_u64(struct buf_writer *w, uint16_t type, uint64_t value);
void nl_put_text(struct buf_writer *w, uint16_t type, const char *text);
/* Begin an attribute that is filled piece by piece; nl_end() measures it. */
uint8_t *nl_begin(struct buf_writer *w, uint16_t type);
void nl_end(struct buf_writer *w, uint8_t *start);

/* Reading. */
struct nl_want {
	uint16_t type;
	uint16_t min; /* octets at least */
};

/*
 * Find the wanted attributes; ret_views[i] is that of wants[i], data NULL when
 * absent.  Unknown ones are skipped.  False: an attribute is malformed or
 * shorter than wanted.
 */
bool nl_parse(struct nl_view nest, const struct nl_want *wants, size_t count,
	struct nl_view *ret_views);

/* The next attribute of that type of those left, which end behind it; false:
 * there is none, or what is left is malformed. */
bool nl_next(struct nl_view *left, uint16_t type, struct nl_view *ret_view);
/* The same of any type. */
bool nl_any(struct nl_view *left, struct nl_view *ret_view);
/* Each attribute is one of the wanted. */
bool nl_only(struct nl_view nest, const struct nl_want *wants, size_t count);

uint32_t nl_u32(struct nl_view v); /* 0 when absent */
uint64_t nl_u64(struct nl_view v);
/* Copies up to size - 1 octets and terminates. */
void nl_text(struct nl_view v, char *buf, size_t size);

#endif /* NL_ATTR_H */
