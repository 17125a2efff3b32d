/* SPDX-License-Identifier: ISC */

/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"),
 * the keyed function under every table whose keys come from outside.
 */

#include "hash.h"

#include <string.h>

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* The state is returned, not pointed to, so that it stays in registers: this
 * is asked several times for each packet. */
struct sip {
	uint64_t a, b, c, d;
};

static inline struct sip
round_once(struct sip v)
{
	v.a += v.b;
	v.b = rotate(v.b, 13) ^ v.a;
	v.a = rotate(v.a, 32);
	v.c += v.d;
	v.d = rotate(v.d, 16) ^ v.c;
	v.a += v.d;
	v.d = rotate(v.d, 21) ^ v.a;
	v.c += v.b;
	v.b = rotate(v.b, 17) ^ v.c;
	v.c = rotate(v.c, 32);
	return v;
}

static inline struct sip
take_word(struct sip v, uint64_t word)
{
	v.d ^= word;
	v = round_once(v);
	v.a ^= word;
	return v;
}

/* Eight bytes as a little-endian word; written so that it is one load. */
static inline uint64_t
whole_word_at(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* Fewer than eight. */
static inline uint64_t
word_at(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; i++)
		w |= (uint64_t)p[i] << (8 * i);
	return w;
}

unsigned
hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
	const uint8_t *p = (const uint8_t *)bytes;
	struct sip v = { key->k0 ^ 0x736f6d6570736575ULL,
		key->k1 ^ 0x646f72616e646f6dULL,
		key->k0 ^ 0x6c7967656e657261ULL,
		key->k1 ^ 0x7465646279746573ULL };
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8)
		v = take_word(v, whole_word_at(p));
	v = take_word(v, (uint64_t)n << 56 | word_at(p, left));
	v.c ^= 0xff;
	v = round_once(round_once(round_once(v)));

	uint64_t h = v.a ^ v.b ^ v.c ^ v.d;

	return (unsigned)(h ^ h >> 32);
}
