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

static void
round_once(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* Up to eight bytes as a little-endian word. */
static uint64_t
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
	uint64_t v[4] = { key->k0 ^ 0x736f6d6570736575ULL,
		key->k1 ^ 0x646f72616e646f6dULL,
		key->k0 ^ 0x6c7967656e657261ULL,
		key->k1 ^ 0x7465646279746573ULL };
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t w = word_at(p, 8);

		v[3] ^= w;
		round_once(v);
		v[0] ^= w;
	}

	uint64_t last = (uint64_t)n << 56 | word_at(p, left);

	v[3] ^= last;
	round_once(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_once(v);

	uint64_t h = v[0] ^ v[1] ^ v[2] ^ v[3];

	return (unsigned)(h ^ h >> 32);
}
