/* SPDX-License-Identifier: ISC */
#ifndef TEXT_H
#define TEXT_H

/*
 * Append-only bounded string builder.  What does not fit is cut off and marked;
 * the text is always terminated.  Borrows its buffer.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TEXT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define TEXT_PRINTF(fmt, args)
#endif

struct text {
	char *buf; /* terminated at buf[len] */
	size_t len;
	size_t size; /* of buf, at least 1 */
	bool cut;
};

struct text text_over(char *buf, size_t size);
void text_add(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) TEXT_PRINTF(2, 3);
void text_vprintf(struct text *t, const char *fmt, va_list ap)
	TEXT_PRINTF(2, 0);
/* Printable ASCII as it is, all else as \xNN: for bytes from outside. */
void text_add_escaped(struct text *t, const void *bytes, size_t n);
/* Control characters, which a terminal would obey, become blanks. */
void text_tame(char *s);

/* Bounded copy; always terminates; false when it was cut. */
bool text_copy(char *dst, size_t size, const char *src);

/* "2 Mbit/s" from octets a second; "1.25 kB", "16 kB" from octets. */
void text_add_rate(struct text *t, double rate_Bps);
void text_add_size(struct text *t, double octets);

/*
 * Parse a number with a unit into octets per second ("2 Mbit", "1.5Mbit/s",
 * "64 kbit", "100 Gbit", "125000 B/s"; no unit: B/s) or octets ("16 kB",
 * "1500", "64 kbit").  Decimal prefixes k M G T.  "Mbps" and "kb" are bits to
 * some and octets to others: not taken.  False for anything else,
 * negative numbers and results above 2^63.
 */
bool text_parse_rate(const char *s, uint64_t *ret_Bps);
bool text_parse_size(const char *s, uint64_t *ret_octets);

/* The same for equal texts, and hardly ever for others; below 2^63.  Nothing to
 * rely on where somebody may choose the text. */
uint64_t text_digest(const char *s);

/* Edit distance of two words, at most limit: for "did you mean". */
size_t text_distance(const char *a, const char *b, size_t limit);

#endif /* TEXT_H */
