/* SPDX-License-Identifier: ISC */

/* Addresses and prefixes: compare, classify, parse, print. */

#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addr
addr_v4(const uint8_t bytes[4])
{
	struct addr a = { .family = ADDR_V4 };

	memcpy(a.b, bytes, 4);
	return a;
}

struct addr
addr_v6(const uint8_t bytes[16])
{
	struct addr a = { .family = ADDR_V6 };

	memcpy(a.b, bytes, 16);
	return a;
}

struct addr
addr_v4_u32(uint32_t host_order)
{
	const uint8_t bytes[4] = { (uint8_t)(host_order >> 24),
		(uint8_t)(host_order >> 16), (uint8_t)(host_order >> 8),
		(uint8_t)host_order };

	return addr_v4(bytes);
}

size_t
addr_size(uint8_t family)
{
	if (family == ADDR_V4)
		return 4;
	return family == ADDR_V6 ? 16 : 0;
}

int
addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, addr_size(a->family));
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

bool
addr_is_zero(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, addr_size(a->family)) == 0;
}

bool
addr_is_multicast(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return (a->b[0] & 0xf0) == 0xe0;
	return a->family == ADDR_V6 && a->b[0] == 0xff;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == ADDR_V4)
		return a->b[0] == 127;
	return a->family == ADDR_V6 && memcmp(a->b, one, 16) == 0;
}

bool
addr_is_link_local(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return a->b[0] == 169 && a->b[1] == 254;
	return a->family == ADDR_V6 && a->b[0] == 0xfe &&
	       (a->b[1] & 0xc0) == 0x80;
}

bool
addr_is_unicast(const struct addr *a)
{
	/* 224.0.0.0/4 is multicast, 240.0.0.0/4 reserved or broadcast. */
	if (a->family == ADDR_V4 && a->b[0] >= 0xf0)
		return false;
	return !addr_is_zero(a) && !addr_is_multicast(a);
}

bool
addr_parse(const char *text, struct addr *ret_addr)
{
	struct addr a = { .family = ADDR_V4 };

	if (inet_pton(AF_INET, text, a.b) == 1) {
		*ret_addr = a;
		return true;
	}
	memset(&a, 0, sizeof(a));
	a.family = ADDR_V6;
	if (inet_pton(AF_INET6, text, a.b) != 1)
		return false;
	*ret_addr = a;
	return true;
}

static struct addr
network_of(const struct addr *a, uint8_t len)
{
	struct addr net = *a;

	for (size_t i = 0; i < addr_size(a->family); i++) {
		size_t bit = i * 8;

		if (bit >= len)
			net.b[i] = 0;
		else if (len - bit < 8)
			net.b[i] &= (uint8_t)(0xff << (8 - (len - bit)));
	}
	return net;
}

bool
addr_prefix_parse(const char *text, struct addr_prefix *ret_prefix)
{
	char head[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct addr_prefix p;

	if (n >= sizeof(head))
		return false;
	memcpy(head, text, n);
	head[n] = '\0';
	if (!addr_parse(head, &p.addr))
		return false;

	size_t bits = addr_size(p.addr.family) * 8;

	p.len = (uint8_t)bits;
	if (slash) {
		char *end;
		unsigned long len = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' ||
			len > bits)
			return false;
		p.len = (uint8_t)len;
	}

	const struct addr net = network_of(&p.addr, p.len);

	if (!addr_equal(&net, &p.addr))
		return false;
	*ret_prefix = p;
	return true;
}

bool
addr_in_prefix(const struct addr *a, const struct addr_prefix *prefix)
{
	if (prefix->addr.family == ADDR_NONE)
		return true;
	if (prefix->addr.family != a->family)
		return false;

	const struct addr net = network_of(a, prefix->len);

	return addr_equal(&net, &prefix->addr);
}

const char *
addr_format(const struct addr *a, char buf[ADDR_TEXT])
{
	const char *text = NULL;

	if (a->family == ADDR_V4)
		text = inet_ntop(AF_INET, a->b, buf, ADDR_TEXT);
	else if (a->family == ADDR_V6)
		text = inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT);
	if (!text)
		snprintf(buf, ADDR_TEXT, "none");
	return buf;
}

const char *
addr_prefix_format(const struct addr_prefix *prefix, char buf[ADDR_TEXT])
{
	char head[ADDR_TEXT];

	if (prefix->addr.family == ADDR_NONE) {
		snprintf(buf, ADDR_TEXT, "any");
		return buf;
	}
	addr_format(&prefix->addr, head);
	snprintf(buf, ADDR_TEXT, "%.46s/%u", head, prefix->len);
	return buf;
}
