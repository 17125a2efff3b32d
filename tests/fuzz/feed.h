/* SPDX-License-Identifier: ISC */
#ifndef FEED_H
#define FEED_H

/* A fuzzer's input as a source of choices; past its end all of them are 0. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed {
	const uint8_t *at;
	const uint8_t *end;
};

static inline bool
feed_empty(const struct feed *f)
{
	return f->at == f->end;
}

static inline uint8_t
feed_u8(struct feed *f)
{
	return feed_empty(f) ? 0 : *f->at++;
}

static inline uint16_t
feed_u16(struct feed *f)
{
	const uint8_t high = feed_u8(f);

	return (uint16_t)(high << 8 | feed_u8(f));
}

static inline uint32_t
feed_u32(struct feed *f)
{
	const uint32_t high = feed_u16(f);

	return high << 16 | feed_u16(f);
}

/* 0 to n - 1, for n up to 256. */
static inline unsigned
feed_below(struct feed *f, unsigned n)
{
	return feed_u8(f) % n;
}

/* Up to max octets that are left. */
static inline size_t
feed_bytes(struct feed *f, size_t max, const uint8_t **ret_bytes)
{
	const size_t left = (size_t)(f->end - f->at);
	const size_t n = left < max ? left : max;

	*ret_bytes = f->at;
	f->at += n;
	return n;
}

#endif /* FEED_H */
