/* SPDX-License-Identifier: ISC */
#ifndef BUF_H
#define BUF_H

/*
 * Bounded views over bytes: the only way this project reads or writes a
 * packet, a message between processes or a stored snapshot.
 *
 * Both views are sticky.  The first access that does not fit marks the view
 * failed; from then on reads yield zero, writes vanish, and buf_left() is 0,
 * so a loop on buf_left() always ends.  Callers therefore decode or encode a
 * whole object and ask once, at the end, whether it worked.
 *
 * A view borrows its buffer.  It owns nothing and needs no release.
 *
 * Suffix be: network byte order (packets).  Suffix le: little-endian (messages
 * between our own processes, and snapshots).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf_reader {
	const uint8_t *pos; /* pos <= end */
	const uint8_t *end;
	bool failed;
};

struct buf_writer {
	uint8_t *start; /* start <= pos <= end */
	uint8_t *pos;
	uint8_t *end;
	bool failed;
};

static inline struct buf_reader
buf_reader(const void *buf, size_t len)
{
	const uint8_t *p = (const uint8_t *)buf;

	/* An empty view may be NULL, which must not be added to. */
	return (struct buf_reader){ .pos = p, .end = len > 0 ? p + len : p };
}

static inline size_t
buf_left(const struct buf_reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->pos);
}

/* Exactly consumed: nothing missing, nothing left over. */
static inline bool
buf_complete(const struct buf_reader *r)
{
	return !r->failed && r->pos == r->end;
}

/* The next n bytes, or NULL (and a failed view) when there are fewer. */
static inline const uint8_t *
buf_take(struct buf_reader *r, size_t n)
{
	const uint8_t *p = r->pos;

	if (r->failed || (size_t)(r->end - r->pos) < n) {
		r->failed = true;
		return NULL;
	}
	r->pos += n;
	return p;
}

/* Copies the next n bytes to dst, or zeroes dst when there are fewer. */
static inline void
buf_get_bytes(struct buf_reader *r, void *dst, size_t n)
{
	const uint8_t *p = buf_take(r, n);

	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

static inline uint8_t
buf_get_u8(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
buf_get_u16be(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 2);

	if (!p)
		return 0;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
buf_get_u32be(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 4);

	if (!p)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t
buf_get_u16le(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 2);

	if (!p)
		return 0;
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
buf_get_u32le(struct buf_reader *r)
{
	const uint8_t *p = buf_take(r, 4);

	if (!p)
		return 0;
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t
buf_get_u64le(struct buf_reader *r)
{
	uint64_t lo = buf_get_u32le(r);
	uint64_t hi = buf_get_u32le(r);

	return hi << 32 | lo;
}

/* A child view of the next n bytes; it cannot see past them. */
static inline struct buf_reader
buf_split(struct buf_reader *r, size_t n)
{
	const uint8_t *p = buf_take(r, n);

	if (!p)
		return (struct buf_reader){ .failed = true };
	return buf_reader(p, n);
}

static inline struct buf_writer
buf_writer(void *buf, size_t len)
{
	uint8_t *p = (uint8_t *)buf;

	return (struct buf_writer){ .start = p, .pos = p, .end = p + len };
}

/* Octets written so far. */
static inline size_t
buf_written(const struct buf_writer *w)
{
	return (size_t)(w->pos - w->start);
}

static inline size_t
buf_room(const struct buf_writer *w)
{
	return w->failed ? 0 : (size_t)(w->end - w->pos);
}

/* Room for n bytes that the caller fills, or NULL (and a failed view). */
static inline uint8_t *
buf_reserve(struct buf_writer *w, size_t n)
{
	uint8_t *p = w->pos;

	if (w->failed || (size_t)(w->end - w->pos) < n) {
		w->failed = true;
		return NULL;
	}
	w->pos += n;
	return p;
}

static inline void
buf_put_bytes(struct buf_writer *w, const void *src, size_t n)
{
	uint8_t *p = buf_reserve(w, n);

	if (p && n > 0)
		memcpy(p, src, n);
}

static inline void
buf_put_zero(struct buf_writer *w, size_t n)
{
	uint8_t *p = buf_reserve(w, n);

	if (p)
		memset(p, 0, n);
}

static inline void
buf_put_u8(struct buf_writer *w, uint8_t v)
{
	uint8_t *p = buf_reserve(w, 1);

	if (p)
		p[0] = v;
}

static inline void
buf_put_u16be(struct buf_writer *w, uint16_t v)
{
	uint8_t *p = buf_reserve(w, 2);

	if (p) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

static inline void
buf_put_u32be(struct buf_writer *w, uint32_t v)
{
	uint8_t *p = buf_reserve(w, 4);

	if (p) {
		p[0] = (uint8_t)(v >> 24);
		p[1] = (uint8_t)(v >> 16);
		p[2] = (uint8_t)(v >> 8);
		p[3] = (uint8_t)v;
	}
}

static inline void
buf_put_u16le(struct buf_writer *w, uint16_t v)
{
	uint8_t *p = buf_reserve(w, 2);

	if (p) {
		p[0] = (uint8_t)v;
		p[1] = (uint8_t)(v >> 8);
	}
}

static inline void
buf_put_u32le(struct buf_writer *w, uint32_t v)
{
	uint8_t *p = buf_reserve(w, 4);

	if (p) {
		p[0] = (uint8_t)v;
		p[1] = (uint8_t)(v >> 8);
		p[2] = (uint8_t)(v >> 16);
		p[3] = (uint8_t)(v >> 24);
	}
}

static inline void
buf_put_u64le(struct buf_writer *w, uint64_t v)
{
	buf_put_u32le(w, (uint32_t)v);
	buf_put_u32le(w, (uint32_t)(v >> 32));
}

#endif /* BUF_H */
