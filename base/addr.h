/* SPDX-License-Identifier: ISC */
#ifndef ADDR_H
#define ADDR_H

/*
 * IP addresses and prefixes of both families in one type: a family and 16
 * bytes in network order.  An IPv4 address uses the first four; the others are
 * zero, so that equal addresses are equal byte for byte.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family {
	ADDR_NONE = 0, /* no address */
	ADDR_V4 = 4,
	ADDR_V6 = 6
};

struct addr {
	uint8_t family; /* enum addr_family */
	uint8_t b[16];
};

struct addr_prefix {
	struct addr addr; /* host bits zero; family ADDR_NONE: matches any */
	uint8_t len;      /* 0..32 or 0..128 */
};

/* Long enough for any text of addr_format() and addr_prefix_format(). */
enum { ADDR_TEXT = 56 };

struct addr addr_v4(const uint8_t bytes[4]);
struct addr addr_v6(const uint8_t bytes[16]);
struct addr addr_v4_u32(uint32_t host_order);

/* Octets of an address of that family: 4, 16, or 0 for ADDR_NONE. */
size_t addr_size(uint8_t family);

bool addr_equal(const struct addr *a, const struct addr *b);
/* Order by family, then numerically: <0, 0, >0. */
int addr_compare(const struct addr *a, const struct addr *b);

bool addr_is_zero(const struct addr *a); /* ADDR_NONE, 0.0.0.0 or :: */
bool addr_is_multicast(const struct addr *a);
bool addr_is_loopback(const struct addr *a);
bool addr_is_link_local(const struct addr *a);
/* A node can own it: not zero, multicast, broadcast or ADDR_NONE. */
bool addr_is_unicast(const struct addr *a);

/* Parse "192.0.2.1" or "2001:db8::1".  False, and nothing written, when the
 * text is anything else. */
bool addr_parse(const char *text, struct addr *ret_addr);
/* Parse "ADDR" or "ADDR/LEN"; host bits must be zero. */
bool addr_prefix_parse(const char *text, struct addr_prefix *ret_prefix);

bool addr_in_prefix(const struct addr *a, const struct addr_prefix *prefix);

/* Writes the text into buf (ADDR_TEXT octets) and returns buf. */
const char *addr_format(const struct addr *a, char buf[ADDR_TEXT]);
const char *addr_prefix_format(
	const struct addr_prefix *prefix, char buf[ADDR_TEXT]);

#endif /* ADDR_H */
